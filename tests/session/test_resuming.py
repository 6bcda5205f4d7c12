"""Sessions with a journal on disk: what one did not finish, the next one goes on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors import FolderJournal, ProcessingSession
from actors.journal import MemoryJournal
from contracts.config import HeadlessConfiguration
from contracts.errors import ConfigurationError, DownloadFolderError, JournalError, PortalUnreachableError
from contracts.ports import BatchBegun, JournalEntry
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import BASE, TIMEOUTS, Beside, Ground, accepted, orders, until

Make = Callable[..., ProcessingSession]


@pytest.fixture
def make(tmp_path: Path, ground: Ground) -> Make:
    """Make sessions with a journal on disk over gated stub browsers that count as real ones."""

    def session(parallel: bool = True, workers: int = 2, **options: Any) -> ProcessingSession:
        options = {
            "base_url": BASE, "download_dir": tmp_path / "dl", "timeouts": TIMEOUTS, "seed": 1,
            "journal": tmp_path / "dl" / ".purser" / "journal.db", "open_resources": ground.open, **options,
        }  # fmt: skip
        return ProcessingSession(HeadlessConfiguration(), parallel, workers, **options)

    return session


def stop_in_the_middle(session: ProcessingSession, ground: Ground, rows: list[dict[str, Any]]) -> set[str]:
    """Stop a batch while its first orders are in work; return the numbers that were done."""
    ground.gate.clear()
    batch = Beside(session, rows)
    until(lambda: session.get_progress()["active_tasks"] >= 1, "somebody at work")
    session.request_stop()
    until(lambda: session.get_progress()["session_status"] is SessionStatus.STOPPING, "the stop is known")
    ground.gate.set()
    batch.result()
    return {result.po_number for result in session.results if result.status.is_success}


def visited(ground: Ground) -> list[str]:
    """Return the numbers that were visited since the last look."""
    found = [url.rpartition("/")[2] for url in ground.visits]
    ground.visits.clear()
    return found


@pytest.mark.parametrize("again", ["resume", "process_pos"])
@pytest.mark.parametrize("parallel", [True, False])
def test_a_stopped_batch_is_interrupted_and_another_session_goes_on_with_it(
    make: Make, ground: Ground, parallel: bool, again: str
) -> None:
    session = make(parallel)
    done = stop_in_the_middle(session, ground, orders(20))
    assert {result.status for result in session.results} == {TaskStatus.NO_ATTACHMENTS, TaskStatus.INTERRUPTED}
    assert session.get_session_report()["failed_pos"] == 20 - len(done)
    assert set(visited(ground)) == done
    other = make(parallel)
    ok, failed, report = other.resume() if again == "resume" else other.process_pos(orders(20))
    assert (ok, failed, report["resumed_pos"], report["total_pos"]) == (20, 0, len(done), 20)
    assert sorted([*done, *visited(ground)]) == sorted(row["po_number"] for row in orders(20))
    assert [result.po_number for result in other.results] == [row["po_number"] for row in orders(20)]
    assert len(report["manifest_head"]) == 64
    progress = other.get_progress()
    assert (progress["total_tasks"], progress["completed_tasks"], progress["failed_tasks"]) == (20, 20, 0)
    assert other.validate_session_state() == []


def test_without_a_journal_on_disk_what_a_stop_leaves_is_cancelled(make: Make, ground: Ground) -> None:
    for journal in (None, MemoryJournal()):
        session = make(journal=journal)
        stop_in_the_middle(session, ground, orders(20))
        assert {result.status for result in session.results} == {TaskStatus.NO_ATTACHMENTS, TaskStatus.CANCELLED}
        with pytest.raises(ConfigurationError, match="give the session a journal"):
            session.resume()


@pytest.mark.parametrize("parallel", [True, False])
def test_a_warm_session_goes_on_with_what_it_left_itself(make: Make, ground: Ground, parallel: bool) -> None:
    with make(parallel) as session:
        done = stop_in_the_middle(session, ground, orders(12))
        visited(ground)
        ok, failed, report = session.resume()
        assert (ok, failed, report["resumed_pos"]) == (12, 0, len(done))
        assert len(visited(ground)) == 12 - len(done)
        assert session.process_pos(orders(4, 50))[:2] == (4, 0)
        assert session.resume()[:2] == (0, 0), "nothing is unfinished any more"
    assert ground.opened == ground.closed
    assert session.get_session_report()["resumed_pos"] == len(done)


def test_progress_starts_with_what_was_done_and_never_loses_count(make: Make, ground: Ground) -> None:
    done = stop_in_the_middle(make(), ground, orders(12))
    ground.gate.clear()
    other = make()
    batch = Beside(other, orders(12))
    until(lambda: other.get_progress()["active_tasks"] >= 1, "somebody at work")
    progress = other.get_progress()
    assert (progress["total_tasks"], progress["completed_tasks"]) == (12, len(done))
    assert progress["estimated_remaining"] is None, "what was done before says nothing about the pace"
    parts = ("completed_tasks", "failed_tasks", "active_tasks", "pending_tasks")
    assert sum(progress[part] for part in parts) == 12
    ground.gate.set()
    assert batch.result()[:2] == (12, 0)


def test_a_changed_list_is_compared_row_by_row(make: Make, ground: Ground) -> None:
    done = stop_in_the_middle(make(False), ground, orders(4))
    assert done == {"PO1"}
    visited(ground)
    changed = [*orders(2, 3), *orders(1), *orders(1), *orders(2, 70)]
    session = make(False)
    ok, failed, report = session.process_pos(changed)
    assert visited(ground) == ["PO3", "PO4", "PO70", "PO71"]
    assert (ok, failed) == (6, 0), "the order that is repeated counts for each of its rows"
    assert (report["removed_pos"], report["resumed_pos"], report["total_pos"]) == (["PO2"], 2, 6)
    progress = session.get_progress()
    assert (progress["total_tasks"], progress["failed_tasks"]) == (6, 1), "the one taken out is counted as it ended"


def test_a_list_of_other_orders_is_refused_and_changes_nothing(make: Make, ground: Ground) -> None:
    stop_in_the_middle(make(), ground, orders(6))
    with pytest.raises(JournalError, match=r"unfinished run of 6 other orders.*resume.*--fresh"):
        make().process_pos(orders(3, 50))
    assert make().resume()[:2] == (6, 0)


def test_an_empty_list_does_nothing_and_leaves_the_unfinished_run(make: Make, ground: Ground) -> None:
    stop_in_the_middle(make(), ground, orders(6))
    assert make().process_pos([])[:2] == (0, 0)
    assert make().resume()[:2] == (6, 0)


def test_a_list_that_was_only_partly_taken_over_must_be_given_again(make: Make, ground: Ground, tmp_path: Path) -> None:
    """The program was killed between two chunks of the list: what is not in the journal cannot be resumed from it."""
    done = stop_in_the_middle(make(), ground, orders(6))
    with FolderJournal(tmp_path / "dl") as folder_journal:
        folder_journal.journal.append(folder_journal.journal.open_epoch(), (BatchBegun(0, 9),))
    with pytest.raises(JournalError, match=r"6 of 9 orders\. Give the list again"):
        make().resume()
    visited(ground)
    assert make().process_pos(orders(9))[:2] == (9, 0)
    assert len(visited(ground)) == 9 - len(done)


def test_resuming_a_finished_run_starts_nothing(make: Make, ground: Ground) -> None:
    assert make().process_pos(orders(3))[:2] == (3, 0)
    opened = ground.opened
    ok, failed, report = make().resume()
    assert (ok, failed, report["total_pos"]) == (0, 0, 0)
    assert ground.opened == opened


def test_a_finished_run_is_followed_by_a_new_one(make: Make, ground: Ground) -> None:
    for _ in range(2):
        assert make().process_pos(orders(3))[2]["resumed_pos"] == 0
    assert len(visited(ground)) == 6


def test_the_journal_may_lie_anywhere_and_the_folder_tells_where(make: Make, ground: Ground, tmp_path: Path) -> None:
    elsewhere = tmp_path / "books" / "orders.db"
    stop_in_the_middle(make(journal=str(elsewhere)), ground, orders(6))
    assert elsewhere.is_file()
    assert not (tmp_path / "dl" / ".purser" / "journal.db").exists()
    with FolderJournal(tmp_path / "dl") as folder_journal:
        assert folder_journal.journal.path == elsewhere
        assert len(folder_journal.journal.tasks_in_hand()) == 6


def test_books_that_the_caller_holds_stay_open(make: Make, ground: Ground, tmp_path: Path) -> None:
    with FolderJournal(tmp_path / "dl") as folder_journal:
        done = stop_in_the_middle(make(journal=folder_journal), ground, orders(6))
        assert make(journal=folder_journal).resume()[2]["resumed_pos"] == len(done)
        assert folder_journal.journal.head
        with pytest.raises(DownloadFolderError, match="This process already works"):
            FolderJournal(tmp_path / "dl")
    FolderJournal(tmp_path / "dl").close()


def test_two_sessions_on_one_journal_are_one_too_many(make: Make, ground: Ground) -> None:
    session = make()
    ground.gate.clear()
    batch = Beside(session, orders(4))
    until(lambda: session.get_progress()["active_tasks"] >= 1, "somebody at work")
    with pytest.raises(DownloadFolderError, match="already works in the download folder"):
        make().process_pos(orders(4))
    ground.gate.set()
    assert batch.result()[:2] == (4, 0)


def test_a_portal_that_does_not_answer_leaves_nothing_when_nothing_was_there(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.testing.StubFetcher.probe", lambda *_: None)
    with pytest.raises(PortalUnreachableError):
        make().process_pos(orders(4))
    assert not (tmp_path / "dl").exists()


def test_a_portal_that_does_not_answer_costs_an_unfinished_run_nothing(
    make: Make, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = stop_in_the_middle(make(), ground, orders(6))
    with monkeypatch.context() as patch:
        patch.setattr("actors.testing.StubFetcher.probe", lambda *_: None)
        session = make()
        with pytest.raises(PortalUnreachableError):
            session.resume()
        assert {result.po_number for result in session.results if result.status.is_success} == done
    assert make().resume()[2]["resumed_pos"] == len(done)


def test_the_test_mode_after_a_real_batch_has_books_of_its_own(make: Make, ground: Ground) -> None:
    """The journal on disk holds nothing that was made up."""
    session = make()
    assert session.process_pos(orders(3))[:2] == (3, 0)
    head = session.get_session_report()["manifest_head"]
    session.enable_test_mode(mock_workers=True, fixed_timing=True)
    assert session.process_pos(orders(3, 20))[:2] == (3, 0)
    session.enable_test_mode()
    assert session.process_pos([])[2]["manifest_head"] == head


def test_metadata_and_priority_of_resumed_orders_are_those_of_the_first_list(
    make: Make, ground: Ground, tmp_path: Path
) -> None:
    rows = [{**row, "priority": number, "cost_centre": "17"} for number, row in enumerate(orders(5))]
    done = stop_in_the_middle(make(False), ground, rows)
    assert done == {"PO5"}
    visited(ground)
    with FolderJournal(tmp_path / "dl") as folder_journal:
        assert {one.order.task.metadata["cost_centre"] for one in folder_journal.journal.tasks_in_hand()} == {"17"}
    assert make(False).resume()[:2] == (5, 0)
    assert visited(ground) == ["PO4", "PO3", "PO2", "PO1"]


def test_an_order_taken_out_whose_files_were_on_their_way_is_finished_not_cancelled(
    make: Make, ground: Ground, tmp_path: Path
) -> None:
    """Its files would lie in their place, and the journal would say that it was cancelled."""
    from actors.session.orders import prepare
    from contracts.ports import Lease, LeaseGranted, PublishStarted
    from contracts.tasks import POResult, TaskHandle

    with FolderJournal(tmp_path / "dl") as folder_journal:
        batch = prepare(orders(3), BASE)
        lease = Lease(TaskHandle(1, "PO2"), 1, "worker-1", 1, folder_journal.journal.open_epoch())
        result = POResult(lease.task, TaskStatus.COMPLETED, supplier="Acme", url=f"{BASE}/PO2")
        entries: tuple[JournalEntry, ...] = (
            BatchBegun(0, 3),
            *accepted(batch.orders),
            LeaseGranted(lease),
            PublishStarted(lease, result),
        )
        folder_journal.journal.append(lease.epoch, entries)
    # The stub's own folder has none of the files: the publish is given up, the order visited and not cancelled.
    session = make(False)
    ok, failed, report = session.process_pos([*orders(1), *orders(1, 3)])
    assert (ok, failed, report["removed_pos"]) == (2, 0, [])
    with FolderJournal(tmp_path / "dl") as folder_journal:
        assert folder_journal.journal.tasks_in_hand() == ()
        (second,) = folder_journal.journal.results(1, 1)
        assert second.status is not TaskStatus.CANCELLED
