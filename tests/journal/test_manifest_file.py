"""The manifest's file beside the database: brought up to date where it is only behind, refused where it was changed."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.evidence.chain import BEFORE_THE_FIRST
from contracts.errors import Blame, JournalError, MachineError
from contracts.ports import BatchBegun, LeaseEnded, LeaseGranted
from contracts.tasks import TaskStatus
from tests.evidence.chains import read_chain
from tests.journal.entries import Place, accepted, lease, outcome

LINES = 4


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A download folder."""
    return Place(tmp_path)


@pytest.fixture
def used(place: Place) -> Place:
    """A download folder whose manifest has lines."""
    place.write(BatchBegun(0, 10), *accepted(10), *(outcome(number, root=place.root) for number in range(LINES)))
    return place


def test_a_line_tells_what_was_listed_what_is_on_disk_and_each_visit(place: Place) -> None:
    place.write(
        BatchBegun(0, 1),
        *accepted(1),
        LeaseGranted(lease(0)),
        LeaseEnded(lease(0), "it broke off", 1, 0, Blame.NETWORK),
        LeaseGranted(lease(0, 2)),
        outcome(0, TaskStatus.PARTIAL, place.root),
    )
    line = json.loads(place.manifest.read_bytes())
    told = {name: line[name] for name in ("number", "previous", "run", "po_number", "status", "folder", "listed")}
    assert told == {
        "number": 1,
        "previous": BEFORE_THE_FIRST,
        "run": 1,
        "po_number": "PO0",
        "status": "PARTIAL",
        "folder": "Nordwind/PO0_PARTIAL",
        "listed": 2,
    }
    assert [file["name"] for file in line["files"]] == ["a.pdf"]
    assert [file["listed_as"] for file in line["missing"]] == ["b.pdf"]
    assert [(a["attempt"], a["reason"], a.get("blame")) for a in line["attempts"]] == [
        (1, "it broke off", "network"),
        (2, "PARTIAL", None),
    ]


def test_a_line_tells_of_each_file_whether_its_length_was_known_and_its_type_is_another(place: Place) -> None:
    plain = outcome(0, root=place.root)
    (file,) = plain.result.attachments
    odd = attrs.evolve(file, name="b.jpg", length_known=False, type_differs=True)
    result = attrs.evolve(plain.result, attachments=(file, odd))
    place.write(BatchBegun(0, 1), *accepted(1), attrs.evolve(plain, result=result))
    told = json.loads(place.manifest.read_bytes())["files"]
    assert [(one["length_known"], one["type_differs"]) for one in told] == [(True, False), (False, True)]
    (line,) = read_chain([place.manifest.read_bytes()])
    assert [(one.length_known, one.type_differs) for one in line.files] == [(True, False), (False, True)]


def test_an_outcome_with_an_error_says_which_and_whose_fault_it_was_and_another_says_nothing(place: Place) -> None:
    good, bad = outcome(0), outcome(1, TaskStatus.FAILED)
    result = attrs.evolve(bad.result, error_code="NETWORK_ERROR", error_message="it broke off", blame=Blame.NETWORK)
    place.write(BatchBegun(0, 2), *accepted(2), good, attrs.evolve(bad, result=result))
    told = [json.loads(line).get("error") for line in place.manifest.read_bytes().splitlines()]
    assert told == [None, {"code": "NETWORK_ERROR", "message": "it broke off", "blame": "network"}]


def test_the_head_is_what_sha256sum_says_of_the_last_line_without_its_end(used: Place) -> None:
    journal = used.open()
    head = journal.head
    journal.close()
    last = used.manifest.read_bytes().splitlines()[-1]
    sha256sum = shutil.which("sha256sum")
    assert sha256sum is not None
    said = subprocess.run([sha256sum], input=last, capture_output=True, check=True).stdout.split()[0].decode()
    assert head == said == hashlib.sha256(last).hexdigest()


def test_a_journal_without_outcomes_has_the_head_of_no_line(place: Place) -> None:
    journal = place.open()
    assert journal.head == BEFORE_THE_FIRST
    journal.close()
    assert place.manifest.read_bytes() == b""


# ----------------------------------------------------------------------------------------------- behind the database


@given(length=st.integers(0, 5000))
def test_a_file_that_is_behind_wherever_it_was_torn_is_written_to_its_end(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    place = Place(tmp_path_factory.mktemp("torn"))
    place.write(BatchBegun(0, LINES), *accepted(LINES), *map(outcome, range(LINES)))
    whole = place.manifest.read_bytes()
    place.manifest.write_bytes(whole[: min(length, len(whole))])
    place.open().close()
    assert place.manifest.read_bytes() == whole


def test_a_file_that_was_deleted_is_written_again(used: Place) -> None:
    whole = used.manifest.read_bytes()
    used.manifest.unlink()
    used.open().close()
    assert used.manifest.read_bytes() == whole


def test_lines_that_follow_a_mended_one_go_on_with_the_chain(used: Place) -> None:
    used.manifest.write_bytes(used.manifest.read_bytes()[:-20])
    used.write(outcome(LINES))
    with used.manifest.open("rb") as file:
        assert len(list(read_chain(file))) == LINES + 1


# ------------------------------------------------------------------------------------------------- changed by somebody


def change_of_a_byte(lines: list[bytes], place: int) -> list[bytes]:
    line = bytearray(lines[place])
    line[20] ^= 1
    return [*lines[:place], bytes(line), *lines[place + 1 :]]


def without_a_line(lines: list[bytes], place: int) -> list[bytes]:
    return [*lines[:place], *lines[place + 1 :]]


def with_a_line_twice(lines: list[bytes], place: int) -> list[bytes]:
    return [*lines[:place], lines[place], *lines[place:]]


def with_a_longer_line(lines: list[bytes], place: int) -> list[bytes]:
    return [*lines[:place], lines[place].replace(b"PO", b"PO-"), *lines[place + 1 :]]


def with_two_lines_swapped(lines: list[bytes], place: int) -> list[bytes]:
    other = place - 1 if place else LINES - 1
    swapped = list(lines)
    swapped[place], swapped[other] = lines[other], lines[place]
    return swapped


def with_windows_line_ends(lines: list[bytes], place: int) -> list[bytes]:
    return [line.replace(b"\n", b"\r\n") for line in lines]


CHANGES: list[Callable[[list[bytes], int], list[bytes]]] = [
    change_of_a_byte,
    without_a_line,
    with_a_line_twice,
    with_a_longer_line,
    with_two_lines_swapped,
    with_windows_line_ends,
]


@pytest.mark.parametrize(
    ("change", "at"),
    [(change, at) for change in CHANGES for at in range(LINES) if (change, at) != (without_a_line, LINES - 1)],
)
def test_a_file_that_somebody_changed_is_refused_and_stays_as_it_is(
    used: Place, change: Callable[[list[bytes], int], list[bytes]], at: int
) -> None:
    used.manifest.write_bytes(b"".join(change(used.manifest.read_bytes().splitlines(keepends=True), at)))
    before = used.content()
    for _ in range(2):
        with pytest.raises(JournalError, match=rf"purser verify {used.root}\. .*--fresh"):
            used.open()
    assert used.content() == before


@pytest.mark.parametrize("more", [b"\n", b"x", b"{}\n", b"\0" * 64])
def test_a_file_to_which_something_was_added_is_refused_and_stays_as_it_is(used: Place, more: bytes) -> None:
    used.manifest.write_bytes(used.manifest.read_bytes() + more)
    before = used.content()
    with pytest.raises(JournalError, match="changed by something else"):
        used.open()
    assert used.content() == before


def test_a_refused_manifest_counts_no_end_of_the_program(used: Place) -> None:
    used.write(LeaseGranted(lease(8)))
    whole = used.manifest.read_bytes()
    used.manifest.write_bytes(whole + b"x")
    with pytest.raises(JournalError):
        used.open()
    used.manifest.write_bytes(whole)
    journal = used.open()
    assert [task.interruptions for task in journal.replay().open_tasks].count(1) == 1
    journal.close()


# --------------------------------------------------------------------------------------------------------- a full disk


class FullDisk:
    """A file on a disk that has room for so many bytes, then for none."""

    def __init__(self, file: Any, room: int) -> None:
        self._file = file
        self.room = room

    def write(self, data: bytes) -> int:
        """Write what there is room for."""
        fits = data[: self.room]
        if not fits:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(fits)
        return int(self._file.write(fits))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 1, 250, 350])
def test_what_a_full_disk_kept_out_of_the_file_is_written_as_soon_as_there_is_room(used: Place, room: int) -> None:
    journal = used.open()
    epoch = journal.open_epoch()
    disk = FullDisk(journal._manifest._file, room)
    journal._manifest._file = disk  # type: ignore[assignment] # stands in for the file
    with pytest.raises(MachineError, match="Free some disk space"):
        journal.append(epoch, (outcome(LINES), outcome(LINES + 1)))
    assert len(journal.results(0, 10)) == LINES + 2, "the database has them"
    disk.room = 10**6
    journal.append(epoch, (outcome(LINES + 2),))
    with used.manifest.open("rb") as file:
        lines = list(read_chain(file))
    assert len(lines) == LINES + 3
    assert lines[-1].hash == journal.head
    journal.close()
