"""`ProfileManager`: clones of a base profile for workers of one's own (contract 42 to 47).

Clones hold logins, so none outlives its program: they lie in a folder of the kind that each run has, named in the state
folder before it is made. It goes with the last clone, at the latest when the interpreter ends; what a killed program
leaves is removed by the next start of a run or of a manager, and named by `purser doctor --leaks`.
"""

from __future__ import annotations

import atexit
import os
import shutil
import threading
from pathlib import Path

from actors.browser.profiles import clone, safe_name
from actors.processes.leftovers import delete_tree
from actors.processes.reaper import reap
from actors.processes.runfile import RunFile
from actors.session.saved_logins import state_folder
from contracts.checks import path_of, path_without_null

TURNS = 64
"""Workers whose clones are made at once, at most. Those of one worker are made one after the other."""


class ProfileManager:
    """Clones of one base profile, one per worker (contract 42 to 47). Thread-safe.

    Args:
        base_profile_path: The base profile; if nothing is there, clones are empty.

    Raises:
        ConfigurationError: It is not a path, an empty one, or holds a null character.
    """

    def __init__(self, base_profile_path: str | Path) -> None:
        path_without_null(path_of(base_profile_path, "base_profile_path"), "base_profile_path")
        self.base_profile_path = base_profile_path
        self._lock = threading.Lock()
        self._file: RunFile | None = None
        self._clones: dict[str, Path] = {}
        self._turns = tuple(threading.Lock() for _ in range(TURNS))
        self._made = 0

    def create_profile(self, worker_id: str) -> str:
        """Clone the base profile for a worker and return the clone's path; an earlier clone of it is removed.

        Args:
            worker_id: Any name. Two threads that ask for the same one get a clone each, one after the other.

        Raises:
            TypeError: `worker_id` is not text.
            ProfileCorruptionError: The base profile cannot be read or cloned.
            MachineError: The disk is full, or there is no place for clones.
            ConfigurationError: There is no folder to note down what must be removed.
        """
        if not isinstance(worker_id, str):
            raise TypeError(f"worker_id must be a text, not {type(worker_id).__name__}.")
        with self._turn_of(worker_id):
            self._remove(worker_id)
            path = self._new_place(worker_id)
            try:
                clone(Path(self.base_profile_path), path)
            except BaseException:
                self._remove(worker_id)
                raise
        return str(path)

    def cleanup_profile(self, worker_id: str) -> None:
        """Delete a worker's clone. Nothing happens if it has none."""
        with self._turn_of(worker_id):
            self._remove(worker_id)

    def _turn_of(self, worker_id: str) -> threading.Lock:
        return self._turns[hash(worker_id) % TURNS]

    def _new_place(self, worker_id: str) -> Path:
        with self._lock:
            if self._file is None:
                state = state_folder()
                reap(state)
                file = RunFile(state, None)
                file.create()
                self._file = file
                atexit.register(self._at_exit, os.getpid())
            self._made += 1
            path = self._file.root / f"{safe_name(worker_id)}.{self._made}"
            self._clones[worker_id] = path
            return path

    def _remove(self, worker_id: str) -> None:
        with self._lock:
            path = self._clones.pop(worker_id, None)
            if path is None:
                return
            file = None
            if not self._clones:
                file, self._file = self._file, None
        shutil.rmtree(path, ignore_errors=True)
        if file is not None:
            atexit.unregister(self._at_exit)
            _remove_root(file)

    def _at_exit(self, process: int) -> None:
        if os.getpid() != process:
            return  # a child that was forked must not take its parent's clones
        with self._lock:
            file, self._file = self._file, None
            self._clones.clear()
        if file is not None:
            _remove_root(file)


def _remove_root(file: RunFile) -> None:
    """Delete a manager's folder, and its note once it is gone; what cannot be deleted is left to the next start."""
    if delete_tree(file.root, threading.Event().wait):
        file.remove()
    else:
        file.close()
