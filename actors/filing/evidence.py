"""Where evidence of failed orders lies: `.purser/evidence/<run>/<order>/`, readable by this user alone.

A process that goes on with a run gets `<run>_2`, `<run>_3` …, since it does not know whose is what the one before left.

An order's later visit replaces what the one before left. Two orders of one run whose folders would be the same get a
short hash, so that nobody is shown another order's page.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from actors.filing.labels import folder_label, hashed_label
from actors.filing.naming import name_key
from contracts.tasks import TaskHandle

_LONGEST_TEXT = 2**20


class EvidenceFolder:
    """The evidence of one run. Workers share it; each order is one worker's at a time.

    Args:
        root: The download folder.
        run: Name of this run, safe as a folder's.
        longest: Characters that an order's folder may have.
    """

    def __init__(self, root: Path, run: str, longest: int) -> None:
        self._root = root
        self._folder = _free(root / ".purser" / "evidence", run)
        self._longest = longest
        self._holders: dict[str, TaskHandle] = {}

    def folder(self, task: TaskHandle) -> Path:
        """Where the evidence of one order lies, whether there is any or not."""
        label = folder_label(task.po_number, self._longest)
        if self._holders.setdefault(name_key(label), task) != task:
            label = hashed_label(task.po_number, f"{task.sequence} {task.po_number}", self._longest)
        return self._folder / label

    def keep(self, task: TaskHandle, text: str, screenshot: bytes) -> tuple[str, ...]:
        """Write the files, the picture only if there is one, and return their paths below the download folder.

        Raises:
            OSError: They cannot be written.
        """
        folder = self.folder(task)
        _remove(folder)
        folder.parents[2].mkdir(parents=True, exist_ok=True)
        for part in (folder.parents[1], folder.parent, folder):
            part.mkdir(mode=0o700, exist_ok=True)
        files = [(folder / "page.txt", text[:_LONGEST_TEXT].encode("utf-8", "replace"))]
        if screenshot:
            files.append((folder / "screenshot.png", screenshot))
        for path, content in files:
            path.touch(mode=0o600, exist_ok=False)
            path.write_bytes(content)
        return tuple(path.relative_to(self._root).as_posix() for path, _content in files)


def _free(parent: Path, name: str) -> Path:
    path, number = parent / name, 2
    while os.path.lexists(path):
        path, number = parent / f"{name}_{number}", number + 1
    return path


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
