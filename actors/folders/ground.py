"""The ground a run works on: the download folder and its `.purser`, opened once and held until the end.

The download folder may be anybody's. `.purser` must be this user's own, and lets nobody else in. Both are looked at
again while the run works: whoever puts something else in their place gets nothing written, and is noticed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import unicodedata
from pathlib import Path

from actors.folders.folder import Folder, NotOursError
from actors.folders.keeping import keeping_of
from actors.folders.names import real_path, require_possible
from actors.folders.ownership import is_link_of_another, this_user

log = logging.getLogger("purser.folders")

INSIDE = ".purser"
"""The folder for everything but the orders' files."""
BACKUP = ".bak"
"""What is behind the name of the file that results or a report have replaced."""
OWN_NAMES = (INSIDE, "results.csv", f"results.csv{BACKUP}", "report.json", f"report.json{BACKUP}")
"""What lies in a download folder beside the suppliers' folders."""
# Windows gives every long name a second one, such as RESULT~1.CSV.
_SHORT_NAME = re.compile(r"[^.~]{1,6}~\d{1,6}(?:\.[^.]{0,3})?")


class ReplacedError(OSError):
    """The download folder, or its `.purser`, is no longer the one that was opened."""


class Ground:
    """The two folders, open as long as this object lives.

    Args:
        root: The download folder. It may be a link of this user's or root's, or lie behind anybody's; that is resolved
            here and never again.
        make: Whether what is missing is made.

    Attributes:
        root: The download folder.
        inside: Its `.purser`.

    Raises:
        NotOursError: `.purser` is a link, no folder, or another user's; or the download folder is another user's link.
        OSError: One of them is not there, or cannot be opened or made, or has an impossible name.
    """

    def __init__(self, root: Path, *, make: bool = True) -> None:
        require_possible(root)
        self.stated = root.absolute()
        require_no_foreign_link(self.stated)
        real = real_path(root)
        if make:
            real.mkdir(parents=True, exist_ok=True)
        self.root = Folder.at(real)
        self.inside = self.root.below(INSIDE, make=make, mode=0o700)
        user = this_user()
        if user is not None and self.inside.status().st_uid != user:
            user = keeping_of(self.root).owner
        self.inside.owner = user
        self.inside.require_own()
        if make and not self.inside.make_private():
            log.warning("%s lies on a file system that cannot keep others out of it.", self.inside.path)
        self._reserved = {reserved_key(name) for name in OWN_NAMES}

    def check(self) -> None:
        """Return when both still are where they were.

        Raises:
            ReplacedError: Something else is there.
        """
        is_in_place = self.root.is_in_place and (self.stated == self.root.path or self.root.lies_at(self.stated))
        if not is_in_place:
            raise ReplacedError(f"{self.stated} is another folder than when the run began")
        if not self.inside.is_in_place:
            raise ReplacedError(f"{self.inside.path} is another folder than when the run began")

    def reserve(self, *paths: Path) -> None:
        """Keep the names of files that are going to lie in the download folder from becoming folders there."""
        for path in paths:
            parts = self.parts_of(path)
            if parts:
                self._reserved |= {reserved_key(parts[0]), reserved_key(f"{parts[0]}{BACKUP}")}

    def is_reserved(self, name: str) -> bool:
        """Whether a name in the download folder is one of ours, or one that a file system may take for it."""
        return reserved_key(name) in self._reserved or _SHORT_NAME.fullmatch(name) is not None

    def parts_of(self, path: Path) -> tuple[str, ...] | None:
        """Return the parts of a path below the download folder, or None when it lies elsewhere. No link is followed."""
        plain = Path(os.path.normpath(path.absolute()))
        for root in (self.stated, self.root.path):
            with contextlib.suppress(ValueError):
                return plain.relative_to(os.path.normpath(root)).parts
        return None


def require_no_foreign_link(path: Path) -> None:
    """Return unless a download folder's own place is another user's link.

    Raises:
        NotOursError: It is.
        OSError: It cannot be looked at.
    """
    # Whose a link further up is, is the business of whoever may write there.
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        found = path.lstat()
        if is_link_of_another(found):
            raise NotOursError(path, f"is a link of another user (uid {found.st_uid})")


def reserved_key(name: str) -> str:
    """Return what is equal for two names of which somebody may take one for the other."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).rstrip(". ")
