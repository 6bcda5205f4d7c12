"""Runs a room's tests over one bug after the other, in a copy of the project that goes with the trial."""

from __future__ import annotations

import contextlib
import enum
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from scripts.mutation.bugs import Bug

PROJECT = Path(__file__).resolve().parents[2]
_ALL_GREEN, _SOME_RED, _NO_TESTS = 0, 1, 5


class Verdict(enum.Enum):
    """What the tests made of a bug."""

    CAUGHT = "caught"
    HANGS = "caught, by hanging"
    BROKEN = "caught, by not running"
    LIVES = "LIVES"


@attrs.frozen
class Trial:
    """How one bug fared.

    Args:
        verdict: What the tests made of it.
        by: The first test that failed, or empty.
        seconds: How long they took.
    """

    verdict: Verdict
    by: str
    seconds: float


class TestsFailError(Exception):
    """The tests fail without any bug, so that they can tell nothing."""


@attrs.frozen
class Ground:
    """A copy of the project, and the tests to run in it.

    Args:
        tree: The copy.
        words: What pytest is told: paths, and perhaps `-m`.
    """

    tree: Path
    words: tuple[str, ...]

    def is_green(self, deadline: float) -> float:
        """Run the tests without a bug; return how long they took, in seconds.

        Raises:
            TestsFailError: They fail or do not end.
        """
        trial = self._run(deadline)
        if trial.verdict is not Verdict.LIVES:
            raise TestsFailError(f"The tests fail without any bug ({trial.verdict.value}): {trial.by or self.words}")
        return trial.seconds

    def try_out(self, bug: Bug, deadline: float) -> Trial:
        """Put a bug in, run the tests for at most so many seconds, and take it out again."""
        path = self.tree / bug.file
        source = path.read_bytes()
        path.write_bytes(bug.put_into(source))
        try:
            return self._run(deadline)
        finally:
            path.write_bytes(source)

    def _run(self, deadline: float) -> Trial:
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *self.words]
        # No compiled files: two bugs of one length in one second would look the same.
        known = {"PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            command,
            cwd=self.tree,
            env={"PURSER_SIMULATION": "quick", **os.environ, **known},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            told, _ = process.communicate(timeout=deadline)
        except subprocess.TimeoutExpired:
            return Trial(Verdict.HANGS, "", time.monotonic() - began)
        finally:
            _end(process)
        seconds = time.monotonic() - began
        first = next((line for line in told.splitlines() if line.startswith(("FAILED ", "ERROR "))), "")
        match process.returncode:
            case 0:
                return Trial(Verdict.LIVES, "", seconds)
            case 1:
                return Trial(Verdict.CAUGHT, first.split(" ")[1] if first else "", seconds)
            case _:
                return Trial(Verdict.BROKEN, first or told.strip().rpartition("\n")[2], seconds)


def _end(process: subprocess.Popen[str]) -> None:
    """End the tests and all in their group; nothing happens when they are gone."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@contextlib.contextmanager
def ground(words: Sequence[str]) -> Iterator[Ground]:
    """Copy the project, as it is now and without what git ignores, and delete the copy in the end."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - whichever git there is
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="purser-mutants-") as scratch:
        tree = Path(scratch, "project")
        for name in filter(None, listed.stdout.split("\0")):
            if (PROJECT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, tree / name)
        yield Ground(tree, tuple(words))
