"""Browser profiles and the folder around each: one per worker, private, with a short path, gone at the end.

A base profile that does not exist counts as an empty one: the usual first run has none, and the browser then starts
fresh. Anything else that is wrong with it (a file in its place, no permission, damaged settings) is an error, because
a crew that silently starts without its login would report every order as a login page.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import attrs

from contracts.errors import MachineError, ProfileCorruptionError
from contracts.ports import Owner

LONGEST_TEMPORARY_PATH = 60

# Locks of the browser that owns the base, sockets beside them, and caches that only cost time to copy.
_LEFT_OUT = frozenset({
    "SingletonLock", "SingletonSocket", "SingletonCookie", "lockfile", "LOCK", "DevToolsActivePort",
    "RunningChromeVersion", "Cache", "Code Cache", "GPUCache", "ShaderCache", "GrShaderCache", "GraphiteDawnCache",
    "DawnCache", "DawnGraphiteCache", "DawnWebGPUCache", "CacheStorage", "ScriptCache", "component_crx_cache",
    "extensions_crx_cache", "Crashpad", "Crash Reports", "BrowserMetrics", "optimization_guide_model_store",
    "Safe Browsing", "Sessions", "Current Session", "Current Tabs", "Last Session", "Last Tabs",
})  # fmt: skip
_SETTINGS = ("Local State", "Default/Preferences")


@attrs.frozen
class WorkerFolder:
    """One owner's folder. All of it holds live logins.

    Args:
        path: The folder, mode 0700.
        profile: The browser's profile.
        temporary: What the browser takes for the system's temporary folder.
        config: Where it puts crash dumps.
    """

    path: Path
    profile: Path
    temporary: Path
    config: Path


def folder_of(root: Path, owner: Owner) -> WorkerFolder:
    """Say where an owner's folder lies; nothing is made."""
    path = root / f"{safe_name(owner.worker)}.{owner.generation}"
    return WorkerFolder(path, path / "profile", path / "tmp", path / "config")


def safe_name(name: str) -> str:
    """A short folder name for `name`; a name that had to be changed gets a hash, so that no two become one."""
    clean = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:12]
    if clean == name and name:
        return clean
    return f"{clean[:6]}~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def make_folder(root: Path, owner: Owner, base: Path | None) -> WorkerFolder:
    """Make an owner's folder with a clone of the base profile.

    Args:
        root: The run's temporary folder.
        owner: Whose folder.
        base: The base profile, or None to start empty.

    Raises:
        ProfileCorruptionError: The base profile cannot be read or cloned.
        MachineError: The disk is full, or the root cannot be written or its path is too long.
    """
    folder = folder_of(root, owner)
    if os.name != "nt" and len(str(folder.temporary)) > LONGEST_TEMPORARY_PATH:
        raise MachineError(
            f"The temporary folder {root} has too long a path for a browser's socket. "
            f"Set TMPDIR to a folder with a short one, such as /tmp."
        )
    try:
        for made in (folder.path, folder.temporary, folder.config):
            made.mkdir(mode=0o700)
    except OSError as error:
        raise MachineError(f"The folder {folder.path} cannot be made: {error.strerror}.") from error
    clone(base, folder.profile)
    return folder


def check_base(base: Path) -> bool:
    """Say whether there is a base profile; a path where nothing is counts as an empty one.

    Raises:
        ProfileCorruptionError: There is something, but no readable profile.
    """
    if not os.path.lexists(base):
        return False
    hint = "Choose another folder, or log in again to make a new one."
    if not base.is_dir():
        raise ProfileCorruptionError(f"The base profile {base} is not a folder. {hint}")
    try:
        with os.scandir(base) as entries:
            next(entries, None)
    except OSError as error:
        raise ProfileCorruptionError(f"The base profile {base} cannot be read: {error.strerror}. {hint}") from error
    for name in _SETTINGS:
        settings = base / name
        try:
            if settings.exists():
                json.loads(settings.read_bytes())
        except (OSError, ValueError) as error:
            raise ProfileCorruptionError(
                f"The base profile {base} is damaged: {settings} is unreadable. {hint}"
            ) from error
    return True


def clone(base: Path | None, into: Path) -> None:
    """Copy a base profile to the new folder `into`, without locks and caches; a bad copy is made once more.

    Raises:
        ProfileCorruptionError: The base cannot be read or copied.
        MachineError: The disk is full.
    """
    if base is None or not check_base(base):
        into.mkdir(mode=0o700, parents=True)
        return
    try:
        _copy(base, into)
    except OSError:
        # The browser that owns the base may have been writing; what it renames is there at the second try.
        shutil.rmtree(into, ignore_errors=True)
        try:
            _copy(base, into)
        except OSError as error:
            shutil.rmtree(into, ignore_errors=True)
            if errno.ENOSPC in _codes(error):
                raise MachineError("The disk is full: the base profile cannot be cloned. Free some space.") from error
            raise ProfileCorruptionError(
                f"The base profile {base} cannot be cloned: {error}. Close the browser that uses it and try again."
            ) from error
    into.chmod(0o700)


def _codes(error: OSError) -> set[int]:
    # copytree gathers its failures as texts; the number is only in those of one.
    full = os.strerror(errno.ENOSPC)
    return {errno.ENOSPC} if error.errno == errno.ENOSPC or full in str(error) else set()


def _copy(base: Path, into: Path) -> None:
    # Links are followed, never kept: a clone that writes through a link would write into the user's own profile.
    def unwanted(folder: str, names: list[str]) -> set[str]:
        way = _way(base, Path(folder))
        return {
            name
            for name in names
            if name in _LEFT_OUT or not _is_plain(Path(folder, name)) or _leads_back(Path(folder, name), way)
        }

    shutil.copytree(base, into, ignore=unwanted, ignore_dangling_symlinks=True)


def _way(base: Path, folder: Path) -> tuple[str, ...]:
    """Return where each folder on the way from `base` to `folder` really lies."""
    between = folder.relative_to(base).parts
    return tuple(os.path.realpath(base.joinpath(*between[:depth])) for depth in range(len(between) + 1))


def _leads_back(path: Path, way: tuple[str, ...]) -> bool:
    """Whether a folder is, or holds, one that is just being copied: following it would come to no end."""
    if not path.is_dir():
        return False
    real = os.path.realpath(path)
    return any(before == real or before.startswith(real.rstrip(os.sep) + os.sep) for before in way)


def _is_plain(path: Path) -> bool:
    return path.is_file() or path.is_dir()
