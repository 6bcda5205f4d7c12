"""Limits a container or a service manager puts on us: memory and processor time of control groups, versions 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import attrs

_MOUNT = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self/cgroup")


@attrs.frozen
class MemoryLimit:
    """A control group's memory limit and what it uses without its file cache, in bytes."""

    limit: int
    used: int


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    # "max" means no limit; version 1 says so with a number close to 2**63.
    return int(text) if text.isdigit() and int(text) < 2**60 else None


def _inactive_file(folder: Path, key: str) -> int:
    try:
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(value) for name, _, value in (line.partition(" ") for line in lines) if name == key), 0)


def _folders(controller: str, mount: Path, listing: Path) -> Iterator[tuple[bool, Path]]:
    """Our control groups for one controller, innermost first, each with whether it is version 2."""
    try:
        lines = listing.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        modern = controllers == ""
        if not modern and controller not in controllers.split(","):
            continue
        root = mount if modern else mount / controllers
        if not modern and not root.is_dir():
            root = mount / controller
        own = PurePosixPath("/" + path.strip("/"))
        # In a container the listed path may lie outside what is mounted; then only the root exists, and it is ours.
        yield from ((modern, root / str(step).lstrip("/")) for step in (own, *own.parents))


def memory_limit(mount: Path = _MOUNT, listing: Path = _SELF) -> MemoryLimit | None:
    """Return the tightest memory limit above us, or None when there is none."""
    found = []
    for modern, folder in _folders("memory", mount, listing):
        limit = _number(folder / ("memory.max" if modern else "memory.limit_in_bytes"))
        used = _number(folder / ("memory.current" if modern else "memory.usage_in_bytes"))
        if limit is not None and used is not None:
            cache = _inactive_file(folder, "inactive_file" if modern else "total_inactive_file")
            found.append(MemoryLimit(limit, max(used - cache, 0)))
    return min(found, key=lambda one: one.limit, default=None)


def processor_limit(mount: Path = _MOUNT, listing: Path = _SELF) -> float | None:
    """Return how many cores' worth of time we may use, or None when there is no limit."""
    found = []
    for modern, folder in _folders("cpu", mount, listing):
        if modern:
            try:
                quota, _, period = (folder / "cpu.max").read_text(encoding="ascii").partition(" ")
            except OSError:
                continue
            if quota.isdigit():
                found.append(int(quota) / int(period))
        else:
            slice_, period_ = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
            if slice_ is not None and period_:
                found.append(slice_ / period_)
    return min(found, default=None)
