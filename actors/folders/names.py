"""Paths that no system can have: with a null in them, or with characters that the file system's encoding does not know.

Python raises `ValueError` for those, from almost any call, and the operating system `OSError` for all others that it
refuses. Here both become `OSError`, so that whoever asks for a folder has one kind of error to expect.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_LONGEST_SHOWN = 200


def require_possible(path: Path) -> None:
    """Return when a path may be the name of something.

    Raises:
        OSError: It may not; the text says why.
    """
    try:
        name = os.fsencode(str(path))
    except UnicodeEncodeError:
        raise OSError(errno.EINVAL, "its name has characters that no file name here can have") from None
    if b"\0" in name:
        raise OSError(errno.EINVAL, "its name has a null in it")


def real_path(path: Path) -> Path:
    """Return a path without the links in it, whether anything is there or not.

    Raises:
        OSError: As `require_possible`; or the working folder, which it is relative to, is gone.
    """
    require_possible(path)
    return Path(os.path.realpath(path))


def shown(path: Path) -> str:
    """Return a path as a text that any stream can print; of a very long one the middle is left out."""
    text = str(path).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    if len(text) <= _LONGEST_SHOWN:
        return text
    half = _LONGEST_SHOWN // 2
    return f"{text[:half]}\u2026{text[-half:]}"
