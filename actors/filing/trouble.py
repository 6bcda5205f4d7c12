"""How the room speaks of a disk that is full or a folder that cannot be written: never as an order's fault."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from contracts.errors import HostResourceError


@contextlib.contextmanager
def host_trouble(doing: str, path: Path) -> Iterator[None]:
    """Turn every `OSError` inside into a `HostResourceError` that says what could not be done.

    Args:
        doing: What is done to `path`, as in "cannot <doing> <path>".
        path: The file or folder it is done to.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise HostResourceError(
            f"Cannot {doing} {path}: {reason}. Free disk space or make the folder writable; the work goes on by itself."
        ) from error
