"""Writes a file beside its place and puts it there in one step; the one before stays as `.bak`."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from contracts.errors import ConfigurationError, HostResourceError


def backup_path(path: Path) -> Path:
    """Return where the file that `path` held before is kept."""
    return path.with_name(path.name + ".bak")


def check_target(path: Path, what: str) -> None:
    """Return when a file can be written at `path`, without creating anything.

    Args:
        path: Where it will be written; its folders may be missing.
        what: What it is, for the message: "results file".

    Raises:
        ConfigurationError: It is a folder, or its folder cannot be written.
    """
    if os.path.isdir(path):  # noqa: PTH112 - of a place that may not be looked at, pathlib raises
        raise ConfigurationError(f"The {what} {str(path)!r} is a folder. Give the path of a file.")
    folder = path.absolute().parent
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not (os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)):  # noqa: PTH112 - as above
        raise ConfigurationError(
            f"The {what} {str(path)!r} cannot be written: {str(folder)!r} is no folder that you may write to. "
            "Choose another place."
        )


@contextlib.contextmanager
def replacing(path: Path, *, encoding: str, newline: str | None = None, keeps_backup: bool = False) -> Iterator[TextIO]:
    """Yield a stream whose text becomes the file at `path` when the block ends, and nothing when it raises.

    Args:
        path: Where the file goes. Missing folders are made. A link is followed.
        encoding: How the text is encoded. What it cannot hold is written as an escape.
        newline: As in `open`.
        keeps_backup: Leave a `.bak` that is there as it is; the file before is then gone for good.

    Raises:
        HostResourceError: The disk is full or the folder cannot be written.
    """
    target = Path(os.path.realpath(path))
    mark = secrets.token_hex(4)
    fresh = target.with_name(f".{target.name[:80]}.{mark}.new")
    old = target.with_name(f".{target.name[:80]}.{mark}.old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("x", encoding=encoding, errors="backslashreplace", newline=newline) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists() and not (keeps_backup and backup_path(target).exists()):
            # The old file keeps its own name until the new one takes it: no instant is without a file.
            _second_name(target, old)
            old.replace(backup_path(target))
        fresh.replace(target)
    except OSError as error:
        raise HostResourceError(
            f"The file {str(path)!r} could not be written: {error.strerror or error}. "
            "Check free space and who may write there."
        ) from error
    finally:
        for rest in (fresh, old):
            with contextlib.suppress(OSError):
                rest.unlink(missing_ok=True)


def _second_name(existing: Path, other: Path) -> None:
    try:
        other.hardlink_to(existing)
    except OSError:
        # Some file systems know no hard links.
        shutil.copy2(existing, other)
