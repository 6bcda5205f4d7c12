"""What a run writes down about itself: one line for the run, then one for each change to its process groups.

The same lines go to the run's file, for the next start, and down the watchdog's pipe, for the very moment the program
dies. Both readers are here. Only the standard library is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

MARKER = ".purser-run"
ROOT_PREFIX = "purser-"


class RunHeader(NamedTuple):
    """Who a run is: the program's process, and the temporary folder that all its workers' folders lie in."""

    run: str
    pid: int
    start: int
    boot: str
    root: str
    file: str


class GroupRecord(NamedTuple):
    """One owner's process group. Before its driver exists `pid` is 0, and only the nonce can find it."""

    owner: str
    folder: str
    nonce: str
    pid: int = 0
    start: int = 0
    browser: int = 0


class RunRecord:
    """A run as its lines tell it."""

    def __init__(self) -> None:
        self.header: RunHeader | None = None
        self.groups: dict[str, GroupRecord] = {}

    def apply(self, line: bytes) -> None:
        """Take in one line. A torn or foreign line is passed over: the last one may have been cut off by a crash."""
        try:
            entry = json.loads(line)
        except ValueError:
            return
        if not isinstance(entry, dict):
            return
        try:
            self._apply(entry)
        except (KeyError, TypeError):
            return

    def _apply(self, entry: dict[str, Any]) -> None:
        if "run" in entry:
            self.header = RunHeader(**entry["run"])
        elif "group" in entry:
            record = GroupRecord(**entry["group"])
            self.groups[record.owner] = record
        elif "gone" in entry:
            self.groups.pop(entry["gone"], None)


def read_run(lines: Iterable[bytes]) -> RunRecord:
    """Return the run that these lines tell of."""
    record = RunRecord()
    for line in lines:
        record.apply(line)
    return record


def header_line(header: RunHeader) -> bytes:
    """The first line of a run."""
    return json.dumps({"run": header._asdict()}).encode() + b"\n"


def group_line(record: GroupRecord) -> bytes:
    """The line that says that a group is there, or what is newly known of it."""
    return json.dumps({"group": record._asdict()}).encode() + b"\n"


def gone_line(owner: str) -> bytes:
    """The line that says that a group is gone."""
    return json.dumps({"gone": owner}).encode() + b"\n"


def is_run_folder(root: Path, run: str) -> bool:
    """Whether `root` is that run's temporary folder and nothing else: its name, its marker, no link, this user's."""
    if not root.is_absolute() or not root.name.startswith(ROOT_PREFIX) or root.is_symlink() or not root.is_dir():
        return False
    try:
        if hasattr(os, "geteuid") and root.lstat().st_uid != os.geteuid():
            return False  # somebody else has made one of that name since
        return (root / MARKER).read_text(encoding="utf-8") == run
    except OSError:
        # The program may have died between making the folder and marking it; an empty one holds nothing of anybody.
        return not any(root.iterdir())
