"""Where evidence of failed orders lies: `.purser/evidence/<run>/<order>/`, readable by this user alone.

A process that goes on with a run gets `<run>_2`, `<run>_3` …, since it does not know whose is what the one before left.

An order's later visit replaces what the one before left. Two orders of one run whose folders would be the same get a
short hash, so that nobody is shown another order's page.
"""

from __future__ import annotations

from pathlib import Path

from actors.filing.labels import folder_label, hashed_label
from actors.filing.naming import name_key
from actors.folders.folder import Folder
from actors.folders.ground import INSIDE, Ground
from contracts.tasks import TaskHandle

_FOLDER = "evidence"
_LONGEST_TEXT = 2**20


class EvidenceFolder:
    """The evidence of one run. Workers share it; each order is one worker's at a time.

    Args:
        ground: The download folder.
        run: Name of this run, safe as a folder's.
        longest: Characters that an order's folder may have.
    """

    def __init__(self, ground: Ground, run: str, longest: int) -> None:
        self._ground = ground
        self._run = _free(ground.inside, run)
        self._longest = longest
        self._holders: dict[str, TaskHandle] = {}

    def folder(self, task: TaskHandle) -> Path:
        """Where the evidence of one order lies, whether there is any or not."""
        return self._ground.inside.path / _FOLDER / self._run / self._label(task)

    def _label(self, task: TaskHandle) -> str:
        label = folder_label(task.po_number, self._longest)
        if self._holders.setdefault(name_key(label), task) != task:
            label = hashed_label(task.po_number, f"{task.sequence} {task.po_number}", self._longest)
        return label

    def keep(self, task: TaskHandle, text: str, screenshot: bytes) -> tuple[str, ...]:
        """Write the files, the picture only if there is one, and return their paths below the download folder.

        Raises:
            OSError: They cannot be written.
        """
        label = self._label(task)
        files = [("page.txt", text[:_LONGEST_TEXT].encode("utf-8", "replace"))]
        if screenshot:
            files.append(("screenshot.png", screenshot))
        with self._ground.inside.below(_FOLDER, self._run, make=True, mode=0o700) as run:
            run.remove(label)
            run.make(label, 0o700)
            with run.below(label) as folder:
                for name, content in files:
                    folder.put(name, content)
        return tuple(f"{INSIDE}/{_FOLDER}/{self._run}/{label}/{name}" for name, _content in files)


def _free(inside: Folder, name: str) -> str:
    try:
        with inside.below(_FOLDER) as folder:
            free, number = name, 2
            while folder.look(free) is not None:
                free, number = f"{name}_{number}", number + 1
            return free
    except FileNotFoundError:
        return name
