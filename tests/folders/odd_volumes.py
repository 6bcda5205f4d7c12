"""File systems that keep no modes, or give all files to one user, put on over a folder: only what they tell differs."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tells = Callable[[os.stat_result], os.stat_result]

NOBODY = 65534


def keeps_no_modes(found: os.stat_result) -> os.stat_result:
    """As the disks of Windows in Linux, and shares without modes of their own."""
    return os.stat_result((stat.S_IFMT(found.st_mode) | 0o777, *tuple(found)[1:]))


def gives_all_to_nobody(found: os.stat_result) -> os.stat_result:
    """As an NFS share that maps all users to one."""
    return os.stat_result((*tuple(found)[:4], NOBODY, *tuple(found)[5:]))


def put_on(patch: pytest.MonkeyPatch, place: Path, tells: Tells) -> None:
    """Let whatever lies at or below a place be told of as its file system would."""

    def patched(name: str) -> None:
        real: Callable[..., os.stat_result] = getattr(os, name)

        def told(path: Any, **more: Any) -> os.stat_result:
            found = real(path, **more)
            return tells(found) if _path_of(path, more.get("dir_fd")).is_relative_to(place) else found

        patch.setattr(os, name, told)

    for name in ("stat", "lstat", "fstat"):
        patched(name)


def _path_of(path: Any, folder: int | None) -> Path:
    if isinstance(path, int):
        return Path(os.readlink(f"/proc/self/fd/{path}"))  # noqa: PTH115 - Path would ask for its status
    within = os.readlink(f"/proc/self/fd/{folder}") if folder is not None else ""  # noqa: PTH115 - as above
    parts = Path(os.path.abspath(Path(within, os.fsdecode(path)))).parts  # noqa: PTH100 - as above
    if parts[1:2] == ("proc",) and parts[3:4] == ("fd",) and len(parts) > 4:
        return Path(os.readlink(Path(*parts[:5])), *parts[5:])  # noqa: PTH115 - as above
    return Path(*parts)
