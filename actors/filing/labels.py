"""Names of folders: of suppliers and of orders. Never one folder for two owners.

A name that needs more than an underscore for white space (a forbidden character, a reserved name, a cut) carries a
short hash of the original, so that it depends on nothing else. What is then still equal to another's when case and
white space are ignored gets a hash too, from whoever asks the claims (`claims.py`): a hash on every name that has a
capital letter would be the price of doing without them.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import attrs

from actors.filing.naming import LONGEST_NAME, MOST_BYTES, sanitised, tidy
from contracts.errors import DownloadFolderError

_LONGEST_PATH = 249
_LONGEST_LABEL = 60
_SHORTEST_BUDGET = 80
_STATUS_ROOM = len("_COMPLETED")
_HASH_ROOM = len("~12345678")
_HASHED = re.compile(r"~[0-9a-f]{8}$", re.IGNORECASE)


@attrs.frozen
class Lengths:
    """How long the parts of a path may be so that the whole stays under 250 characters."""

    supplier: int
    order: int
    below: int

    def file(self, order_label: str) -> int:
        """Characters that a file of this order may have, whatever its supplier and status."""
        order = min(self.order, len(order_label) + _HASH_ROOM)
        return min(LONGEST_NAME, self.below - self.supplier - order - _STATUS_ROOM)


def lengths_below(root: Path) -> Lengths:
    """Divide what a download folder's own path leaves.

    Raises:
        DownloadFolderError: It leaves too little.
    """
    below = _LONGEST_PATH - len(str(root)) - 3
    if below < _SHORTEST_BUDGET:
        most = _LONGEST_PATH - 3 - _SHORTEST_BUDGET
        raise DownloadFolderError(
            f"The path of the download folder has {len(str(root))} characters, at most {most} are possible: {root}. "
            "Choose a folder with a shorter path."
        )
    label = min(_LONGEST_LABEL, below // 4)
    return Lengths(supplier=label, order=label, below=below)


def short_hash(original: str) -> str:
    """Return eight hex digits that stand for `original`."""
    return hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def folder_label(original: str, most: int) -> str:
    """Return a folder's name for `original`, with a short hash when it had to be changed beyond white space."""
    wanted = tidy(original)
    safe = sanitised(wanted)
    unchanged = safe == wanted.replace(" ", "_") and _shortened(safe, most) == safe
    return safe if safe and unchanged and not _HASHED.search(safe) else hashed_label(original, wanted, most)


def hashed_label(original: str, told_apart_by: str, most: int) -> str:
    """Return a folder's name for `original` that ends in the short hash of what tells it apart."""
    stem = _shortened(sanitised(original) or "_", most - _HASH_ROOM)
    return f"{stem}~{short_hash(told_apart_by)}"


def _shortened(text: str, most: int) -> str:
    """Cut a folder's name to `most` characters, and to what file systems store."""
    cut = text[:most]
    while len(cut.encode("utf-8")) > MOST_BYTES - _HASH_ROOM - _STATUS_ROOM:
        cut = cut[:-1]
    return cut.rstrip(". ")
