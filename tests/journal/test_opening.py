"""What is opened as a journal: an older version is brought up to date, what is not ours is left alone."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from actors.journal import JournalReader, database
from contracts.errors import JournalError, MachineError
from contracts.ports import BatchBegun, LeaseGranted
from contracts.tasks import TaskStatus
from tests.journal.entries import Place, accepted, lease, outcome

PRESENT = len(database.migrations())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A download folder."""
    return Place(tmp_path)


@pytest.fixture
def used(place: Place) -> Place:
    """A download folder with a journal that was closed in order."""
    place.write(BatchBegun(0, 60), *accepted(60), LeaseGranted(lease(0)), *map(outcome, range(40)))
    return place


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def set_version(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={number}")


# ------------------------------------------------------------------------------------------------------------ versions


def test_a_new_journal_has_the_present_version_and_this_program_s_mark(used: Place) -> None:
    with closing(sqlite3.connect(used.database)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == PRESENT
        assert connection.execute("PRAGMA application_id").fetchone()[0] == database.APPLICATION_ID
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def make_schema_1(path: Path) -> None:
    """Make a journal as the first version left it: a batch of three, one ended, one in work, one waiting."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"PRAGMA application_id={database.APPLICATION_ID}; {database.migrations()[0]}; PRAGMA user_version=1;"
        )
        connection.execute("INSERT INTO meta VALUES ('epoch', '7')")
        connection.execute("INSERT INTO runs VALUES (1, 0, 3, 1, 0, '2025-01-01', NULL, '{\"csv\": \"a.csv\"}')")
        row = "INSERT INTO tasks VALUES (?, 1, ?, 0, NULL, 0, '{}', 'Nordwind', '', NULL, ?, 'h', '', ?, 0, 0, NULL, "
        base = "https://portal.example"
        text = '{"handle":{"sequence":0,"po_number":"PO0"},"status":"COMPLETED"}'
        connection.execute(row + "'COMPLETED', NULL, ?)", (0, "PO0", base, 1, text))
        for sequence in (1, 2):
            connection.execute(row + "NULL, NULL, NULL)", (sequence, f"PO{sequence}", base, sequence))
        connection.execute("INSERT INTO leases VALUES (1, 1, 1, 'w1', 1, 7, '2025-01-01', NULL, NULL, NULL)")
        connection.commit()


def test_a_journal_of_the_first_version_is_brought_to_the_present_one_with_all_it_holds(place: Place) -> None:
    make_schema_1(place.database)
    journal = place.open()
    try:
        state = journal.replay()
        assert [task.order.po_number for task in state.open_tasks] == ["PO1", "PO2"]
        assert [(task.attempts, task.interruptions) for task in state.open_tasks] == [(1, 1), (2, 0)]
        assert (state.batch_total, state.batch_succeeded, state.next_sequence) == (3, 1, 3)
        assert [result.status for result in journal.results(0, 3)] == [TaskStatus.COMPLETED]
        assert journal.plan() == {"csv": "a.csv"}
        journal.append(journal.open_epoch(), (outcome(1), outcome(2)))
        assert journal.tasks_in_hand() == ()
    finally:
        journal.close()
    assert version(place.database) == PRESENT
    assert len(place.manifest.read_bytes().splitlines()) == 2


def test_a_new_epoch_is_newer_than_those_of_the_first_version(place: Place) -> None:
    make_schema_1(place.database)
    journal = place.open()
    assert journal.open_epoch() == 8
    journal.close()


def test_a_migration_that_is_broken_off_leaves_the_version_before_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_schema_1(place.database)
    scripts = (*database.migrations()[:-1], f"{database.migrations()[-1]}; DROP TABLE nowhere;")
    monkeypatch.setattr(database, "migrations", lambda: scripts)
    with pytest.raises(JournalError, match="damaged"):
        place.open()
    monkeypatch.undo()
    assert version(place.database) == 1
    place.open().close()
    assert version(place.database) == PRESENT


def test_a_reader_sends_an_older_version_to_the_command_that_brings_it_up_to_date(place: Place) -> None:
    make_schema_1(place.database)
    with pytest.raises(JournalError, match=r"older version.*purser resume"):
        JournalReader(place.database)
    assert version(place.database) == 1


# ------------------------------------------------------------------------------------------- what is refused, untouched


def newer(path: Path) -> None:
    set_version(path, PRESENT + 1)


def another_program_s(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Blue in Green');")


def marked_by_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id=1")


def no_database(path: Path) -> None:
    path.write_bytes(b"po_number,supplier\nPO1,Nordwind\n" * 40)


def beginning_overwritten(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def middle_overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 3 * 4096 + 100])


def cut_to_its_first_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096])


def cut_within_its_heading(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])


def a_table_gone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("DROP TABLE meta;")


REFUSED: list[tuple[Callable[[Path], None], str]] = [
    (newer, r"newer version.*--fresh"),
    (another_program_s, "another program's database.*Move it away"),
    (marked_by_another_program, "another program's database.*Move it away"),
    (no_database, r"damaged.*--fresh"),
    (beginning_overwritten, r"damaged.*--fresh"),
    (middle_overwritten, r"damaged.*--fresh"),
    (cut_short, r"damaged.*--fresh"),
    (cut_to_its_first_page, r"damaged.*--fresh"),
    (cut_within_its_heading, r"damaged.*--fresh"),
    (a_table_gone, r"damaged.*--fresh"),
]


@pytest.mark.parametrize(("harm", "said"), REFUSED, ids=[harm.__name__ for harm, _ in REFUSED])
def test_what_cannot_be_used_is_refused_with_a_word_on_what_to_do_and_stays_byte_for_byte(
    used: Place, harm: Callable[[Path], None], said: str
) -> None:
    harm(used.database)
    before = used.content()
    for _ in range(2):
        with pytest.raises(JournalError, match=said):
            used.open()
    assert used.content() == before


@pytest.mark.parametrize(
    ("harm", "said"),
    [one for one in REFUSED if one[0] is not a_table_gone],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_reader_refuses_the_same(used: Place, harm: Callable[[Path], None], said: str) -> None:
    harm(used.database)
    before = used.content()
    with pytest.raises(JournalError, match=said):
        JournalReader(used.database)
    assert used.content() == before


def test_a_newer_version_that_was_killed_keeps_what_is_in_its_log_alone(used: Place) -> None:
    with closing(sqlite3.connect(f"file:{used.database}?mode=ro", uri=True)) as held:
        held.execute("SELECT count(*) FROM tasks").fetchone()
        set_version(used.database, PRESENT + 1)  # it goes into the log, and the open reader keeps it there
        left = used.content()
    for name, content in left.items():
        (used.root / name).write_bytes(content)
    before = used.content()
    assert ".purser/journal.db-wal" in before
    with pytest.raises(JournalError, match="newer"):
        used.open()
    assert used.content() == before


def test_an_empty_file_is_a_new_journal(place: Place) -> None:
    place.database.touch()
    place.write(BatchBegun(0, 1), *accepted(1))
    assert version(place.database) == PRESENT


def test_an_empty_file_beside_a_manifest_with_lines_is_no_new_journal(used: Place) -> None:
    used.database.write_bytes(b"")
    lines = used.manifest.read_bytes()
    with pytest.raises(JournalError, match="--fresh"):
        used.open()
    assert used.manifest.read_bytes() == lines


def test_there_is_nothing_to_read_where_no_journal_is(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal"):
        JournalReader(tmp_path / "journal.db")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------- folders in the way


def test_a_folder_in_place_of_the_journal_is_refused(place: Place) -> None:
    place.database.mkdir()
    with pytest.raises((JournalError, MachineError), match=r"journal\.db"):
        place.open()
    with pytest.raises(JournalError, match="no journal"):
        JournalReader(place.database)


@pytest.mark.parametrize("ending", ["-lock", "-wal"])
def test_a_folder_in_place_of_a_file_beside_the_journal_is_refused(used: Place, ending: str) -> None:
    used.database.with_name(used.database.name + ending).unlink(missing_ok=True)
    used.database.with_name(used.database.name + ending).mkdir()
    before = used.content()
    with pytest.raises(MachineError, match="make the folder writable"):
        used.open()
    assert used.content() == before


def test_a_folder_in_place_of_the_manifest_is_refused(place: Place) -> None:
    place.manifest.mkdir()
    with pytest.raises(MachineError, match="manifest"):
        place.open()


def test_a_missing_folder_is_said_to_be_so(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.manifest.parent.rmdir()
    (tmp_path / ".purser").rmdir()
    with pytest.raises(MachineError, match="No such file"):
        place.open()


def test_a_lock_file_that_is_something_else_is_refused_and_left(used: Place) -> None:
    lock = used.database.with_name("journal.db-lock")
    lock.write_bytes(b"what is this? " * 100)
    with pytest.raises(JournalError, match="Move it away"):
        used.open()
    assert lock.read_bytes() == b"what is this? " * 100


# ------------------------------------------------------------------------------------------------------- one writer

SECOND = """
import sys
from pathlib import Path
from contracts.errors import JournalError
from tests.journal.entries import Place
try:
    Place(Path(sys.argv[1])).open().close()
except JournalError as error:
    print(error)
"""
HOLDER = """
import sys
from pathlib import Path
from tests.journal.entries import Place
journal = Place(Path(sys.argv[1])).open()
print("open", flush=True)
sys.stdin.read()
"""
ROOT = Path(__file__).resolve().parents[2]


def tried_by_another_process(place: Place) -> str:
    """Let another process open the journal; return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", SECOND, str(place.root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_another_process_is_refused_while_the_journal_is_open_and_let_in_afterwards(used: Place) -> None:
    journal = used.open()
    try:
        assert "in use by another process" in tried_by_another_process(used)
    finally:
        journal.close()
    assert tried_by_another_process(used) == ""


def test_a_second_try_in_the_same_process_does_not_give_the_lock_away(used: Place) -> None:
    journal = used.open()
    try:
        with pytest.raises(JournalError, match="in use"):
            used.open()
        assert "in use by another process" in tried_by_another_process(used)
    finally:
        journal.close()


def test_the_lock_of_a_killed_process_is_free(used: Place) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(used.root)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(JournalError, match="in use by another process"):
            used.open()
        holder.kill()
    used.open().close()


# ------------------------------------------------------------------------------------------------------------- modes


def test_everything_the_journal_writes_is_readable_by_its_user_alone(place: Place) -> None:
    before = os.umask(0o022)
    try:
        journal = place.open()
        try:
            journal.append(journal.open_epoch(), (BatchBegun(0, 1), *accepted(1), outcome(0)))
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in place.root.rglob("*") if p.is_file()}
        finally:
            journal.close()
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert set(modes) > {"journal.db", "journal.db-lock", "journal.db-wal", "journal.db-shm", "manifest.jsonl"}
