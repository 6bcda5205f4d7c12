"""`purser run` and `purser resume` after a run that came to no end: nothing twice, nothing lost, all reported."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors import ProcessingSession
from actors.cli.options import RunOptions, make_plan
from actors.cli.run import note_plan
from actors.cli.status import tell_status
from actors.cli.summary import ExitCode
from actors.dispatch.core import DispatchCore
from actors.dispatch.effects import DispatchEffect
from actors.session.seals import sealed
from contracts.errors import AuthenticationError, BrowserNotFoundError, MachineError
from contracts.messages import DispatchEvent, Drain
from tests.cli import fakes
from tests.cli.conftest import Stand
from tests.cli.stub_purser import BASE, PATIENCE, program
from tests.session.conftest import until

TEN = tuple(f"PO{number}" for number in range(1, 11))


@contextmanager
def stopping_after(stand: Stand, visits: int, *, crew: bool = False) -> Iterator[None]:
    """Have the program interrupted when that many visits have begun; those in hand are finished."""
    visit, request_stop, handle = stand.script.visit, ProcessingSession.request_stop, DispatchCore.handle
    stopped = threading.Event()

    def interrupting(number: str) -> int:
        answer = visit(number)
        if len(stand.script.visits) == visits:
            signal.raise_signal(signal.SIGINT)
        if len(stand.script.visits) >= visits:
            assert stopped.wait(PATIENCE)
        return answer

    def noted(session: ProcessingSession, force: bool = False) -> None:
        request_stop(session, force)
        if not crew:
            stopped.set()

    def handled(core: DispatchCore, event: DispatchEvent, now: float) -> list[DispatchEffect]:
        effects = handle(core, event, now)
        if crew and isinstance(event, Drain):
            stopped.set()
        return effects

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stand.script, "visit", interrupting)
        patch.setattr(ProcessingSession, "request_stop", noted)
        patch.setattr(DispatchCore, "handle", handled)
        yield


def killed(stand: Stand, file: Path, visits: int, *more: object) -> list[str]:
    """Run the command as a program, kill it while it holds a visit, and return what it had visited."""
    log = stand.folder / "log"
    child = program(
        "run", file, "--base-url", BASE, "--download-dir", stand.downloads, *more,
        cwd=stand.folder, STUB_LOG=str(log), STUB_STOP_AFTER=str(visits),
    )  # fmt: skip
    with child:
        try:
            until(lambda: log.exists() and "held" in log.read_text(), "the program is in the middle")
        finally:
            child.kill()
    lines = log.read_text().splitlines()
    log.unlink()
    return [line.removeprefix("visited ") for line in lines if line.startswith("visited")]


def in_the_journal(stand: Stand) -> dict[str, str]:
    """Return status by order number as the journal has it; open orders have none."""
    with closing(sqlite3.connect(stand.downloads / ".purser" / "journal.db")) as db:
        return dict(db.execute("SELECT po_number, coalesce(status, '') FROM tasks ORDER BY sequence"))


@pytest.mark.parametrize("sequential", [False, True])
def test_an_interrupted_run_is_gone_on_with_and_the_report_covers_every_row(stand: Stand, sequential: bool) -> None:
    file = stand.orders(*TEN)
    with stopping_after(stand, 4, crew=not sequential):
        assert stand.run(file, sequential=sequential) is ExitCode.INTERRUPTED
    first = stand.visited()
    statuses = stand.statuses()
    assert {number for number, status in statuses.items() if status == "NO_ATTACHMENTS"} == set(first)
    assert set(statuses.values()) == {"NO_ATTACHMENTS", "INTERRUPTED"}
    assert f"purser resume {stand.downloads}" in stand.heard.err
    assert stand.resume() is ExitCode.SUCCESS
    assert sorted([*first, *stand.visited()]) == sorted(TEN)
    assert set(stand.statuses().values()) == {"NO_ATTACHMENTS"}
    report = stand.report()
    assert (report["total_pos"], report["successful_pos"], report["resumed_pos"]) == (10, 10, len(first))
    assert report["processing_mode"] == ("sequential" if sequential else "parallel")
    last = (stand.downloads / ".purser" / "evidence" / "manifest.jsonl").read_bytes().splitlines()[-1]
    assert json.loads(last)["number"] == 10
    assert len(report["manifest_head"]) == 64


@pytest.mark.parametrize("again", ["resume", "run"])
@pytest.mark.parametrize("more", [(), ("--sequential",)])
def test_a_killed_run_is_gone_on_with_by_resume_and_by_run(stand: Stand, again: str, more: tuple[str, ...]) -> None:
    file = stand.orders(*TEN)
    first = killed(stand, file, 4, "--workers", "2", *more)
    assert not (stand.downloads / "results.csv").exists()
    code = stand.resume() if again == "resume" else stand.run(file)
    assert code is ExitCode.SUCCESS
    ended = {number for number in first if number not in stand.script.visits}
    assert len(ended) >= 3, "those that had an outcome are not visited again"
    assert sorted([*ended, *stand.visited()]) == sorted(TEN), "every other order is visited once"
    assert stand.statuses() == dict.fromkeys(TEN, "NO_ATTACHMENTS")
    assert stand.report()["resumed_pos"] == len(ended)
    if again == "run":
        assert f"unfinished run of 10 orders, {len(ended)} of them done" in stand.heard.out


def test_a_run_that_is_killed_again_and_again_comes_to_its_end(stand: Stand) -> None:
    file = stand.orders(*TEN)
    for _ in range(3):
        killed(stand, file, 2, "--workers", "2")
    before = {number for number, status in in_the_journal(stand).items() if status}
    assert 3 <= len(before) < 10
    assert stand.resume() is ExitCode.SUCCESS
    assert set(stand.visited()) == set(TEN) - before
    assert stand.statuses() == dict.fromkeys(TEN, "NO_ATTACHMENTS")


def test_a_run_that_was_planned_with_settings_that_are_gone_is_gone_on_with(stand: Stand) -> None:
    """The plan in a journal holds every setting of the version that began the run."""
    with stopping_after(stand, 2):
        stand.run(stand.orders(*TEN), sequential=True)
    first = stand.visited()
    with closing(sqlite3.connect(stand.downloads / ".purser" / "journal.db")) as db, db:
        ((text,),) = db.execute("SELECT plan FROM runs")
        told = json.loads(text)
        told["plan"]["settings"]["pipeline_depth"] = 1
        told["plan"]["settings"]["timeouts"]["recovery"] = 15.0
        del told["seal"]
        db.execute("UPDATE runs SET plan = ?", (json.dumps(sealed(told)),))
    assert stand.resume() is ExitCode.SUCCESS
    assert sorted([*first, *stand.visited()]) == sorted(TEN)
    assert stand.report()["processing_mode"] == "sequential", "the plan was this user's own, and was believed"


def test_every_row_of_the_file_is_reported_also_bad_ones_and_repeated_ones(stand: Stand) -> None:
    file = stand.orders("PO1", "PO2", "PO1", "", "PO3")
    with stopping_after(stand, 1):
        stand.run(file, sequential=True)
    assert stand.visited() == ["PO1"]
    assert stand.resume() is ExitCode.SOME_FAILED
    assert stand.visited() == ["PO2", "PO3"]
    assert stand.report()["run"]["total"] == 5
    assert (stand.report()["total_pos"], stand.report()["resumed_pos"]) == (4, 2)
    rows = (stand.downloads / "results.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["PO1", "PO2", "PO1", "", "PO3"]


# ------------------------------------------------------------------------------------------------------ a changed list


def test_a_changed_list_adds_its_new_orders_and_cancels_those_taken_out(stand: Stand) -> None:
    with stopping_after(stand, 2):
        stand.run(stand.orders("PO1", "PO2", "PO3", "PO4"), sequential=True)
    assert stand.visited() == ["PO1", "PO2"]
    assert stand.run(stand.orders("PO8", "PO4", "PO1", "PO9"), sequential=True) is ExitCode.SUCCESS
    assert stand.visited() == ["PO4", "PO8", "PO9"], "what is known goes first, what is done is done"
    assert stand.statuses() == dict.fromkeys(("PO8", "PO4", "PO1", "PO9"), "NO_ATTACHMENTS")
    assert "1 orders of the unfinished run are no longer in the list and are cancelled: PO3" in stand.heard.err
    report = stand.report()
    assert (report["removed_pos"], report["resumed_pos"], report["total_pos"]) == (["PO3"], 1, 4)
    assert in_the_journal(stand) == {
        "PO1": "NO_ATTACHMENTS", "PO2": "NO_ATTACHMENTS", "PO3": "CANCELLED", "PO4": "NO_ATTACHMENTS",
        "PO8": "NO_ATTACHMENTS", "PO9": "NO_ATTACHMENTS",
    }  # fmt: skip
    assert stand.resume() is ExitCode.SUCCESS
    assert stand.visited() == [], "that run has come to its end"


def test_a_list_of_which_everything_is_done_ends_the_run(stand: Stand) -> None:
    with stopping_after(stand, 2):
        stand.run(stand.orders("PO1", "PO2", "PO3"), sequential=True)
    stand.visited()
    assert stand.run(stand.orders("PO1", "PO2")) is ExitCode.SUCCESS
    assert stand.visited() == []
    assert in_the_journal(stand)["PO3"] == "CANCELLED"
    assert stand.run(stand.orders("PO7"), sequential=True) is ExitCode.SUCCESS
    assert stand.visited() == ["PO7"], "the next list is a new run"


def test_a_list_with_nothing_in_common_is_refused_and_the_unfinished_run_stays_as_it_was(stand: Stand) -> None:
    """The refused list must not become the one that resume goes on with."""
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True)
    before = (stand.downloads / "results.csv").read_bytes()
    assert stand.run(stand.orders("PO7", "PO8", name="others.csv")) is ExitCode.UNUSABLE
    assert "unfinished run of 2 other orders" in stand.heard.err
    assert "purser resume" in stand.heard.err
    assert "--fresh" in stand.heard.err
    assert "Going on" not in stand.heard.out
    assert (stand.downloads / "results.csv").read_bytes() == before
    stand.visited()
    assert stand.resume() is ExitCode.SUCCESS
    assert stand.visited() == ["PO2"]
    assert stand.statuses() == dict.fromkeys(("PO1", "PO2"), "NO_ATTACHMENTS")


def test_the_results_of_an_interrupted_run_are_a_list_that_goes_on_with_it(stand: Stand) -> None:
    """They name addresses where the first list named none."""
    file = stand.orders("PO1", "PO2", "PO3", url=False)
    with stopping_after(stand, 1):
        stand.run(file, sequential=True)
    assert stand.visited() == ["PO1"]
    assert stand.run(stand.downloads / "results.csv", sequential=True) is ExitCode.SUCCESS
    assert stand.visited() == ["PO2", "PO3"]
    assert stand.statuses(stand.downloads / "results-2.csv") == dict.fromkeys(("PO1", "PO2", "PO3"), "NO_ATTACHMENTS")


# ----------------------------------------------------------------------------------------------------- beginning anew


def test_a_run_after_a_finished_one_is_a_new_one(stand: Stand) -> None:
    file = stand.orders("PO1", "PO2")
    for _ in range(2):
        assert stand.run(file, sequential=True) is ExitCode.SUCCESS
        assert stand.visited() == ["PO1", "PO2"]
        assert stand.report()["resumed_pos"] == 0


def test_fresh_puts_the_books_aside_and_loses_nothing(stand: Stand) -> None:
    file = stand.orders("PO1", "PO2", "PO3")
    with stopping_after(stand, 1):
        stand.run(file, sequential=True)
    manifest = (stand.downloads / ".purser" / "evidence" / "manifest.jsonl").read_bytes()
    stand.visited()
    assert stand.run(file, sequential=True, fresh=True) is ExitCode.SUCCESS
    assert stand.visited() == ["PO1", "PO2", "PO3"]
    (aside,) = (stand.downloads / ".purser" / "superseded").iterdir()
    assert str(aside) in stand.heard.out
    assert (aside / "manifest.jsonl").read_bytes() == manifest
    with closing(sqlite3.connect(aside / "journal.db")) as db:
        assert db.execute("SELECT count(*), count(status) FROM tasks").fetchone() == (3, 1)
    assert aside.stat().st_mode & 0o777 == 0o700


def test_fresh_before_a_run_that_cannot_begin_brings_the_old_books_back(stand: Stand) -> None:
    file = stand.orders("PO1", "PO2")
    with stopping_after(stand, 1):
        stand.run(file, sequential=True)
    session = fakes.FakeSession(error=AuthenticationError("The password was refused."))
    assert stand.run(file, fresh=True, make_session=session.factory) is ExitCode.UNUSABLE
    assert not (stand.downloads / ".purser" / "superseded").exists()
    stand.visited()
    assert stand.resume() is ExitCode.SUCCESS
    assert stand.visited() == ["PO2"]


def test_fresh_is_the_way_out_of_a_damaged_journal(stand: Stand) -> None:
    file = stand.orders("PO1")
    stand.run(file)
    journal = stand.downloads / ".purser" / "journal.db"
    journal.write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    kept = journal.read_bytes()
    assert stand.run(file) is ExitCode.UNUSABLE
    assert "--fresh" in stand.heard.err
    assert journal.read_bytes() == kept
    assert stand.run(file, fresh=True) is ExitCode.SUCCESS
    (aside,) = (stand.downloads / ".purser" / "superseded").iterdir()
    assert (aside / "journal.db").read_bytes() == kept


# -------------------------------------------------------------------------------------------------- what cannot be done


def test_nothing_to_go_on_with_is_said_and_is_a_success(stand: Stand) -> None:
    stand.run(stand.orders("PO1"))
    before = {path: path.stat().st_mtime_ns for path in stand.downloads.iterdir() if path.is_file()}
    assert stand.resume() is ExitCode.SUCCESS
    assert "Nothing to go on with" in stand.heard.out
    assert {path: path.stat().st_mtime_ns for path in stand.downloads.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("command", ["resume", "retry"])
def test_a_folder_that_was_never_used_exits_2_and_gets_nothing(stand: Stand, command: str) -> None:
    for folder in (stand.downloads, stand.folder):
        before = sorted(folder.rglob("*"))
        code = stand.resume(folder) if command == "resume" else stand.retry()
        assert code is ExitCode.UNUSABLE
        assert "No run has kept a journal" in stand.heard.err
        assert sorted(folder.rglob("*")) == before


def test_a_kept_list_that_is_gone_is_said_plainly_and_giving_it_again_helps(stand: Stand) -> None:
    file = stand.orders("PO1", "PO2")
    with stopping_after(stand, 1):
        stand.run(file, sequential=True)
    shutil.rmtree(stand.downloads / ".purser" / "input")
    assert stand.resume() is ExitCode.UNUSABLE
    assert "Give the file again: purser run FILE.csv --download-dir" in stand.heard.err
    stand.visited()
    assert stand.run(file) is ExitCode.SUCCESS
    assert stand.visited() == ["PO2"]


def test_a_run_begun_from_python_is_not_resumed_by_the_command(stand: Stand) -> None:
    with closing(_folder_journal(stand)) as folder_journal:
        session = stand.make_session(
            _headless(), False, 1, base_url=BASE, download_dir=stand.downloads, journal=folder_journal
        )
        visit = stand.script.visit

        def stopping(number: str) -> int:
            session.request_stop()
            return visit(number)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stand.script, "visit", stopping)
            session.process_pos([{"po_number": "PO1"}, {"po_number": "PO2"}])
    assert stand.resume() is ExitCode.UNUSABLE
    assert "not begun by purser run" in stand.heard.err


def _folder_journal(stand: Stand) -> Any:
    from actors import FolderJournal

    return FolderJournal(stand.downloads)


def _headless() -> Any:
    from contracts.config import HeadlessConfiguration

    return HeadlessConfiguration()


# ------------------------------------------------------------------------------------------------------------ the rest


def test_a_download_folder_that_was_moved_is_gone_on_with_where_it_lies_now(stand: Stand) -> None:
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True)
    stand.visited()
    there = stand.folder / "elsewhere" / "orders of May"
    there.parent.mkdir()
    stand.downloads.rename(there)
    assert stand.resume(there) is ExitCode.SUCCESS
    assert stand.visited() == ["PO2"]
    assert stand.statuses(there / "results.csv") == dict.fromkeys(("PO1", "PO2"), "NO_ATTACHMENTS")
    assert json.loads((there / "report.json").read_text())["run"]["download_dir"] == str(there)
    assert not stand.downloads.exists()


def test_results_that_were_to_lie_elsewhere_stay_there_when_the_folder_is_moved(stand: Stand) -> None:
    results = stand.folder / "mine.csv"
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True, results=results)
    there = stand.folder / "moved"
    stand.downloads.rename(there)
    assert stand.resume(there) is ExitCode.SUCCESS
    assert stand.statuses(results) == dict.fromkeys(("PO1", "PO2"), "NO_ATTACHMENTS")


def test_a_run_that_was_killed_before_its_first_order_is_gone_on_with(stand: Stand) -> None:
    """The number of its orders is written before the orders are."""
    file = stand.orders("PO1", "PO2")
    with stopping_after(stand, 1):
        stand.run(file, sequential=True)
    with closing(sqlite3.connect(stand.downloads / ".purser" / "journal.db")) as db:
        db.executescript(
            "DELETE FROM leases; DELETE FROM files; DELETE FROM tasks; DELETE FROM manifest;"
            "UPDATE runs SET succeeded = 0, failed = 0"
        )
    (stand.downloads / ".purser" / "evidence" / "manifest.jsonl").write_bytes(b"")
    stand.visited()
    assert stand.resume() is ExitCode.SUCCESS
    assert stand.visited() == ["PO1", "PO2"]


def test_a_wrong_password_before_the_first_order_exits_2_and_the_next_run_is_the_first(stand: Stand) -> None:
    session = fakes.FakeSession(error=AuthenticationError("The password was refused."))
    assert stand.run(stand.orders("PO1"), make_session=session.factory) is ExitCode.UNUSABLE
    assert not stand.downloads.exists()


@pytest.mark.parametrize("command", ["resume", "retry"])
def test_json_is_one_document_whatever_came_of_it(stand: Stand, command: str) -> None:
    def call() -> ExitCode:
        return stand.resume(json=True) if command == "resume" else stand.retry(json=True)

    assert call() is ExitCode.UNUSABLE
    assert json.loads(stand.heard.out)["run"]["exit_code"] == 2
    file = stand.orders("PO1", "PO2")
    stand.run(file)
    assert call() is ExitCode.SUCCESS
    assert json.loads(stand.heard.out)["run"] is None
    stand.visited()
    if command == "resume":
        with stopping_after(stand, 1):
            assert stand.run(file, sequential=True) is ExitCode.INTERRUPTED
    else:
        stand.script.answers = {"PO1": 500}
        stand.run(file)
        stand.script.answers = {}
    assert call() is ExitCode.SUCCESS
    assert json.loads(stand.heard.out)["run"]["successful"] == 2


def test_a_second_program_in_the_folder_is_refused_while_the_first_works(stand: Stand) -> None:
    file, log = stand.orders(*TEN), stand.folder / "log"
    child = program(
        "run", file, "--base-url", BASE, "--download-dir", stand.downloads,
        cwd=stand.folder, STUB_LOG=str(log), STUB_STOP_AFTER="2",
    )  # fmt: skip
    with child:
        try:
            until(lambda: log.exists() and "held" in log.read_text(), "the program is in the middle")
            for code in (stand.resume(), stand.retry(), stand.run(file), stand.run(file, fresh=True)):
                assert code is ExitCode.UNUSABLE
                assert f"process {child.pid}" in stand.heard.err
        finally:
            child.kill()


@pytest.mark.parametrize("sequential", [False, True])
def test_sigterm_to_a_program_leaves_a_run_that_another_program_finishes(stand: Stand, sequential: bool) -> None:
    """What is in hand is held for ever here, so it is drained in vain, and then forced."""
    file, log = stand.orders(*TEN), stand.folder / "log"
    more = ["--sequential"] if sequential else ["--workers", "2"]
    child = program(
        "run", file, "--base-url", BASE, "--download-dir", stand.downloads, "--json", *more,
        cwd=stand.folder, STUB_LOG=str(log), STUB_STOP_AFTER="3", PURSER_TIMEOUTS_SHUTDOWN="0.2",
    )  # fmt: skip
    until(lambda: log.exists() and "held" in log.read_text(), "the program is in the middle")
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, err
    assert json.loads(out)["run"]["exit_code"] == 130
    assert "purser resume" in err
    again = program("resume", stand.downloads, "--json", cwd=stand.folder)
    out, err = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, err
    document = json.loads(out)
    assert (document["successful_pos"], document["total_pos"]) == (10, 10)
    assert document["resumed_pos"] >= 1


# ----------------------------------------------------------------------------------------- results that are still owed


def test_results_that_found_no_room_are_written_by_resume_and_nothing_is_visited(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise MachineError("The file could not be written: No space left on device.")

    with monkeypatch.context() as patch:
        patch.setattr("actors.cli.run.write_results", full)
        assert stand.run(stand.orders("PO1", "PO2")) is ExitCode.NOT_FINISHED
    assert sorted(stand.visited()) == ["PO1", "PO2"]
    assert not (stand.downloads / "results.csv").exists()
    heard = fakes.Heard()
    assert tell_status(stand.downloads, heard.output) is ExitCode.NOT_FINISHED
    assert "Its results are not written" in heard.out
    assert "purser resume" in heard.out
    assert stand.resume() is ExitCode.SUCCESS
    assert stand.visited() == []
    assert stand.statuses() == dict.fromkeys(("PO1", "PO2"), "NO_ATTACHMENTS")
    assert tell_status(stand.downloads, fakes.Heard().output) is ExitCode.SUCCESS
    assert stand.resume() is ExitCode.SUCCESS
    assert "Nothing to go on with" in stand.heard.out


def test_giving_the_file_again_writes_results_that_are_owed(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise MachineError("The file could not be written: No space left on device.")

    file = stand.orders("PO1", "PO2")
    with monkeypatch.context() as patch:
        patch.setattr("actors.cli.run.write_report", full)
        assert stand.run(file) is ExitCode.NOT_FINISHED
    stand.visited()
    assert stand.run(file) is ExitCode.SUCCESS
    assert stand.visited() == []
    assert stand.run(file) is ExitCode.SUCCESS
    assert sorted(stand.visited()) == ["PO1", "PO2"], "and the next one is a new run"


def test_a_run_that_could_not_begin_is_not_what_the_next_resume_goes_on_with(stand: Stand) -> None:
    """Neither where nothing was before, nor beside a run that has ended."""
    none = fakes.FakeSession(error=BrowserNotFoundError("Install one."))
    assert stand.run(stand.orders("PO1"), make_session=none.factory) is ExitCode.UNUSABLE
    assert not stand.downloads.exists()
    assert stand.run(stand.orders("PO1")) is ExitCode.SUCCESS
    assert stand.run(stand.orders("PO2", name="other.csv"), make_session=none.factory) is ExitCode.UNUSABLE
    assert stand.resume() is ExitCode.SUCCESS
    assert "Nothing to go on with" in stand.heard.out
    assert tell_status(stand.downloads, fakes.Heard().output) is ExitCode.SUCCESS
    assert stand.visited() == ["PO1"]


def test_what_was_set_up_stays_so_when_going_on_with_it_does_not_begin_either(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The portal is down, say: later it is gone on with all the same."""
    file = stand.orders("PO1", "PO2")
    with monkeypatch.context() as killed, closing(_folder_journal(stand)) as folder_journal:
        plan = make_plan(RunOptions(file=file, base_url=BASE, download_dir=stand.downloads), {})
        note_plan(plan, file, folder_journal)
        # It leaves without a word.
        killed.setattr(folder_journal.journal, "_has_announced", False)
        killed.setattr(folder_journal, "_take_back", lambda: None)
    none = fakes.FakeSession(error=BrowserNotFoundError("Install one."))
    assert stand.resume(make_session=none.factory) is ExitCode.UNUSABLE
    assert stand.resume() is ExitCode.SUCCESS
    assert sorted(stand.visited()) == ["PO1", "PO2"]
    assert stand.report()["run"]["input"] == str(file)
