"""Kills `purser run` at its crash points, and looks whether `purser status` and `purser resume` tell the truth then.

    python -m tests.crash.command FOLDER SHARE SHARES

A program of its own, because only a process with one thread is forked safely. Prints what it found as one line of JSON.
The session and its files are real, the browsers are not.
"""

from __future__ import annotations

import csv
import gc
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import attrs

from actors import ProcessingSession
from actors.cli import resume as resume_command
from actors.cli.options import RunOptions
from actors.cli.run import run
from actors.cli.status import tell_status
from actors.cli.summary import ExitCode
from actors.session import figures
from tests.cli import fakes
from tests.cli.stub_purser import BASE, ROOM, Script, scripted_session
from tests.crash.points import KILLED, CrashPoints

ORDERS = ("PO1", "PO2")
NO_RUN = ("Give the file again: purser run", "No run has kept a journal", "There is no journal")


@attrs.frozen
class Told:
    """What a command came to.

    Args:
        code: Its exit code, or `KILLED`.
        words: Everything that it said.
        points: The crash points that it passed.
    """

    code: int
    words: str
    points: int


@attrs.frozen
class Place:
    """The folders of one run."""

    folder: Path

    @property
    def downloads(self) -> Path:
        """The download folder."""
        return self.folder / "download"

    @property
    def visits(self) -> Counter[str]:
        """How often each order was visited."""
        log = self.folder / "log"
        return Counter(log.read_text().split()[1::2]) if log.exists() else Counter()

    def statuses(self) -> list[str]:
        """What the results say of each order."""
        results = self.downloads / "results.csv"
        if not results.exists():
            return []
        with results.open(encoding="utf-8-sig", newline="") as file:
            return [row["STATUS"] for row in csv.DictReader(file)]


def command(place: Place, act: Callable[[fakes.Heard], ExitCode], kill_at: int | None = None) -> Told:
    """Give a command in a child process that is killed at a crash point, or at none."""
    told = place.folder / "told"
    told.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        try:
            figures.machine = lambda: ROOM
            points, heard = CrashPoints(str(place.downloads), kill_at), fakes.Heard()
            points.watch()
            code = act(heard)
            points.last = None
            told.write_text(json.dumps([int(code), heard.out + heard.err, points.passed]), encoding="utf-8")
        except BaseException:  # noqa: BLE001 - the boundary of the child process
            traceback.print_exc()
        finally:
            os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended == KILLED:
        return Told(KILLED, "", 0)
    return Told(*json.loads(told.read_text(encoding="utf-8"))) if told.exists() else Told(-1, "it raised", 0)


def _session(place: Place) -> Callable[..., ProcessingSession]:
    return scripted_session(Script(place.folder / "log"))


def begin(place: Place, kill_at: int | None = None) -> Told:
    """`purser run`, of which one browser is enough."""
    options = RunOptions(file=place.folder / "orders.csv", base_url=BASE, download_dir=place.downloads, sequential=True)
    return command(place, lambda heard: run(options, {}, heard.output, _session(place)), kill_at)


def status(place: Place) -> Told:
    """`purser status`."""
    return command(place, lambda heard: tell_status(place.downloads, heard.output))


def resume(place: Place, kill_at: int | None = None) -> Told:
    """`purser resume`."""
    return command(
        place, lambda heard: resume_command.resume(place.downloads, {}, heard.output, _session(place)), kill_at
    )


def prepared(folder: Path) -> Place:
    """Make the folder that every run begins with."""
    place = Place(folder)
    folder.mkdir(parents=True)
    (folder / "orders.csv").write_text("PO_NUMBER\n" + "".join(f"{number}\n" for number in ORDERS))
    os.environ["PURSER_STATE_DIR"] = str(folder / "state")
    tempfile.tempdir = str(folder)  # what a killed process leaves goes with it
    return place


def is_complete(place: Place) -> bool:
    """Whether the results tell of every order that it is done."""
    return place.statuses() == ["NO_ATTACHMENTS"] * len(ORDERS)


def untruths(place: Place) -> list[str]:
    """Say what the killed run's folder is told to be, and was not; then bring it to its end."""
    before, complete = status(place), is_complete(place)
    after = resume(place)
    wrong = []
    if after.code == ExitCode.UNUSABLE and any(text in after.words for text in NO_RUN):
        if place.visits or before.code not in (ExitCode.UNUSABLE, ExitCode.NOT_FINISHED):
            wrong.append(f"status says {before.code}, and resume {after.words!r}")
        after = begin(place)
    elif "Nothing to go on with" in after.words:
        if not complete or before.code != ExitCode.SUCCESS:
            wrong.append(f"nothing to go on with, though status said {before.code} and results were {complete}")
    elif before.code != ExitCode.NOT_FINISHED:
        wrong.append(f"status says {before.code}: {before.words!r}, and there was something to go on with")
    if after.code != ExitCode.SUCCESS or not is_complete(place):
        wrong.append(f"it ends with {after.code}: {after.words!r}, {place.statuses()}")
    if status(place).code != ExitCode.SUCCESS:
        wrong.append("status does not say that all is done")
    if max(place.visits.values(), default=0) > 2:
        wrong.append(f"an order was visited again and again: {place.visits}")
    return wrong


def main() -> None:
    """Take every point of this share; print what there was and what was wrong."""
    gc.freeze()  # what is there already is shared with the children
    folder, share, shares = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    whole = prepared(folder / "whole")
    told = begin(whole)
    assert told.code == ExitCode.SUCCESS, told.words
    assert is_complete(whole)
    wrong, kills = [], 0
    for point in range(1 + share, told.points + 1, shares):
        place = prepared(folder / f"point-{point}")
        code = begin(place, point).code
        wrong += [f"killed at {point}: {text}" for text in untruths(place)]
        kills += code == KILLED
        shutil.rmtree(place.folder)
    sys.stdout.write(json.dumps({"points": told.points, "kills": kills, "wrong": wrong}) + "\n")


if __name__ == "__main__":
    main()
