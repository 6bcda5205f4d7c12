"""The staging folders of leases, on the download folder's own volume: work happens here, and nothing else sees it.

`<lease>/files/` holds finished files under their final names, and it alone is published, by one rename. Everything else
in a lease's folder (downloads under way, the mark of a publish under way) goes when the lease ends.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from actors.filing.naming import distinct, name_key
from contracts.ports import Lease

_log = logging.getLogger("purser.filing")

_FILES = "files"
_MARK = "publish.json"


class Staging:
    """All staging folders of one download folder.

    Args:
        folder: Where they lie; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, lease: Lease) -> Path:
        """The folder of one lease, whether it exists or not."""
        return self._folder / lease.folder_name

    def files_of(self, lease: Lease) -> Path:
        """Where the lease's finished files lie."""
        return self.of(lease) / _FILES

    def make(self, lease: Lease) -> Path:
        """Make the lease's folder and return it empty."""
        path = self.of(lease)
        if os.path.lexists(path):
            self.remove(lease.folder_name)
        path.mkdir(parents=True)
        return path

    def add(self, lease: Lease, source: Path, name: str, most: int) -> str:
        """Move a file among the lease's finished ones, under `name` or the next free one; return the name it got."""
        files = self.files_of(lease)
        files.mkdir(parents=True, exist_ok=True)
        chosen = distinct(name, {name_key(taken) for taken in os.listdir(files)}, most)  # noqa: PTH208 - names, not paths
        target = files / chosen
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # From another volume: the copy is complete before it gets its name.
            draft = self.of(lease) / "arriving"
            shutil.copyfile(source, draft)
            draft.rename(target)
            source.unlink()
        return chosen

    def mark(self, lease: Lease, target: str) -> None:
        """Note in the lease's folder where its files are about to go."""
        (self.of(lease) / _MARK).write_text(json.dumps({"target": target}), encoding="utf-8")

    def leftovers(self) -> Iterator[str]:
        """Yield the names of all staging folders there are."""
        if self._folder.is_dir():
            yield from sorted(entry.name for entry in os.scandir(self._folder))

    def interrupted(self, name: str) -> tuple[Path, str] | None:
        """Return the finished files of a leftover folder and where they were about to go, or None."""
        files = self._folder / name / _FILES
        try:
            noted = json.loads((self._folder / name / _MARK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        target = noted.get("target") if isinstance(noted, dict) else None
        return (files, target) if isinstance(target, str) and files.is_dir() else None

    def remove(self, name: str) -> None:
        """Delete a lease's folder; what cannot be deleted stays for the next sweep, with a warning."""
        path = self._folder / name
        try:
            if path.is_symlink() or path.is_file():
                path.unlink()
            else:
                shutil.rmtree(path)
        except FileNotFoundError:
            return
        except OSError as error:
            _log.warning("Cannot delete the staging folder %s: %s. The next run tries again.", path, error)
