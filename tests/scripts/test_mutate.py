"""The bugs that `scripts/mutate.py` makes: each a small change that still compiles, the same ones every time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from scripts.mutate import Results, bugs_of
from scripts.mutation.bugs import Bug, bugs_in
from scripts.mutation.trial import PROJECT, Trial, Verdict

SOURCE = '''"""A room."""

from __future__ import annotations

LIMIT = 3


class Counter:
    """Counts."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, one: int, other: int, log: list[str]) -> int:
        """Count on."""
        log.append(f"{one + 1}")
        if one < LIMIT and other:
            return max(one, other)
        try:
            self.count += one - other
            self.last = one
        finally:
            self.close()
        return self.count

    def close(self) -> None:
        """Close."""

    def power(self, one: int, other: int) -> int:
        """Raise one to the other."""
        return pow(one, other)
'''

DANGEROUS = """
import os

def kill(pid: int) -> None:
    if pid > 1:
        os.kill(pid, 9)
"""


def made(source: str = SOURCE) -> set[tuple[str, str, str]]:
    """Kind, what stood there, and what stands there now."""
    return {(bug.kind, bug.before, " ".join(bug.text.split())) for bug in bugs_in("room.py", source)}


@pytest.mark.parametrize(
    "bug",
    [
        ("condition negated", "one < LIMIT and other", "(not (one < LIMIT and other))"),
        ("part of a condition dropped", "one < LIMIT and other", "((other))"),
        ("comparison's edge moved", "one < LIMIT", "(one <= LIMIT)"),
        ("constant changed", "3", "4"),
        ("max made min", "max", "min"),
        ("arguments exchanged", "one, other", "other, one"),
        ("early return dropped", "return max(one, other)", "pass"),
        ("plus and minus exchanged", "one - other", "(one + other)"),
        ("assignment dropped", "self.count += one - other", "pass"),
        ("assignment dropped", "self.last = one", "pass"),
        ("steps swapped", "self.count += one - other self.last = one", "self.last = one; self.count += one - other"),
        ("cleanup dropped", "self.close()", "pass"),
        ("call dropped", "self.close()", "pass"),
    ],
)
def test_each_kind_of_bug_is_found(bug: tuple[str, str, str]) -> None:
    assert bug in made()


def test_what_no_test_can_hold_is_left_as_it_is() -> None:
    kinds = made()
    assert ("assignment dropped", "self.count = 0", "pass") not in kinds, "its first use would tell"
    assert not [before for _, before, _ in kinds if "log.append" in before or "one + 1" in before]
    assert made(DANGEROUS) == set(), "what sends signals is not touched"


@pytest.mark.parametrize("room", ["supervise", "dispatch", "processes", "fetch", "browser", "session", "journal"])
def test_every_bug_of_a_room_compiles_and_changes_what_it_says(room: str) -> None:
    bugs = bugs_of(room, 1, "")
    assert len({bug.key for bug in bugs}) == len(bugs) > 100
    for bug in bugs[:60]:
        source = (PROJECT / bug.file).read_bytes()
        changed = bug.put_into(source)
        assert changed != source
        ast.parse(changed)


def test_the_seed_decides_which_bugs_come_first() -> None:
    assert [bug.key for bug in bugs_of("supervise", 7, "")] == [bug.key for bug in bugs_of("supervise", 7, "")]
    assert bugs_of("supervise", 7, "")[0] != bugs_of("supervise", 8, "")[0]
    assert {bug.file for bug in bugs_of("supervise", 7, "children.py")} == {"actors/supervise/children.py"}
    with pytest.raises(FileNotFoundError, match="no room called nowhere"):
        bugs_of("nowhere", 1, "")


def test_what_was_tried_is_known_to_the_next_call(tmp_path: Path) -> None:
    bug = Bug("a.py", 1, "constant changed", 0, 1, "4", "3")
    results = Results(tmp_path / "kept" / "a.jsonl")
    assert results.verdict(bug) is None
    results.note(bug, Trial(Verdict.LIVES, "", 1.0))
    results.note(bug, Trial(Verdict.CAUGHT, "a test", 1.0))
    assert Results(tmp_path / "kept" / "a.jsonl").verdict(bug) is Verdict.CAUGHT
