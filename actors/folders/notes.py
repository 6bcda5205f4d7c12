"""Small notes in JSON that one process leaves for the next. Whatever stands there instead is not a note."""

from __future__ import annotations

import json
from typing import Any

from actors.folders.folder import Folder, NotOursError

_LARGEST = 64 * 1024


def read_note(folder: Folder, name: str) -> dict[str, Any] | None:
    """Return a note, or None when there is none, or something that no note can be.

    Raises:
        OSError: It is there, and cannot be read.
    """
    try:
        found = json.loads(folder.read(name, _LARGEST))
    except (FileNotFoundError, NotOursError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def write_note(folder: Folder, name: str, note: dict[str, Any]) -> None:
    """Write a note in one step. Raises as `Folder.write`."""
    folder.write(name, json.dumps(note).encode())
