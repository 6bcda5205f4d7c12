"""Who waits for which task: told once, by the latest dispatcher alone, also when the one before it ended over it."""

from __future__ import annotations

from actors.dispatch.submissions import Submission, Submissions
from actors.journal import MemoryJournal
from contracts.messages import Cancel, Submit
from contracts.ports import BatchBegun, OutcomeRecorded, SubmissionAccepted
from contracts.tasks import POResult, TaskHandle, TaskStatus
from tests.dispatch.driving import Drive, accepted, order, orders

HANDLE = TaskHandle(0, "PO0")
DONE = POResult(HANDLE, TaskStatus.COMPLETED)


class Waiting:
    """One order that was submitted."""

    def __init__(self) -> None:
        self.submissions = Submissions()
        self.heard: list[POResult] = []
        self.submission = Submission("key", orders(1), self.heard.append)
        self.submissions.put(self.submission)


def test_handles_are_told_and_then_each_outcome_once() -> None:
    waiting = Waiting()
    assert waiting.submissions.untold() == (Submit("key", orders(1)),)
    waiting.submissions.accept(1, "key", (HANDLE,))
    waiting.submissions.accept(1, "key", (HANDLE,))
    assert waiting.submission.handles == (HANDLE,)
    assert waiting.submissions.untold() == ()
    waiting.submissions.end(1, DONE)
    waiting.submissions.end(1, DONE)
    assert waiting.heard == [DONE]


def test_whoever_waits_for_handles_is_woken() -> None:
    woken: list[str] = []
    submissions = Submissions(lambda: woken.append("once"))
    submissions.put(Submission("key", orders(1), lambda _result: None))
    submissions.accept(1, "another", ())
    assert woken == []
    submissions.accept(1, "key", (HANDLE,))
    assert woken == ["once"]


def test_a_dispatcher_whose_time_is_over_is_not_listened_to() -> None:
    waiting = Waiting()
    waiting.submissions.begin_epoch(2)
    waiting.submissions.accept(1, "key", (HANDLE,))
    assert waiting.submission.handles is None
    waiting.submissions.accept(2, "key", (HANDLE,))
    waiting.submissions.begin_epoch(3)
    waiting.submissions.end(2, DONE)
    assert waiting.heard == []
    waiting.submissions.end(3, DONE)
    assert waiting.heard == [DONE]


def test_a_dispatcher_that_begins_tells_what_the_one_before_wrote_and_did_not_tell() -> None:
    waiting, journal = Waiting(), MemoryJournal()
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 1), accepted(0), SubmissionAccepted("key", 0, 1)))
    journal.append(epoch, (OutcomeRecorded(DONE),))
    waiting.submissions.catch_up(epoch, journal, journal.replay())
    assert waiting.submission.handles == (HANDLE,)
    assert waiting.heard == [DONE]


def test_of_what_is_open_nothing_is_told_by_catching_up() -> None:
    waiting, journal = Waiting(), MemoryJournal()
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 1), accepted(0), SubmissionAccepted("key", 0, 1)))
    waiting.submissions.catch_up(epoch, journal, journal.replay())
    assert waiting.submission.handles == (HANDLE,)
    assert waiting.heard == []


def test_what_is_cancelled_is_wanted_until_it_has_ended() -> None:
    waiting = Waiting()
    assert waiting.submissions.cancel((HANDLE,), "not wanted") == Cancel((), "not wanted"), "nobody waits for it yet"
    waiting.submissions.accept(1, "key", (HANDLE,))
    told = waiting.submissions.cancel((HANDLE, TaskHandle(7, "PO7")), "not wanted")
    assert told == Cancel((0,), "not wanted")
    assert waiting.submissions.untold() == (told,)
    waiting.submissions.end(1, DONE)
    assert waiting.submissions.untold() == ()


def test_a_submission_that_was_withdrawn_is_not_told_and_may_come_again() -> None:
    waiting = Waiting()
    waiting.submissions.withdraw()
    assert waiting.submissions.untold() == ()
    waiting.submissions.put(waiting.submission)
    waiting.submissions.accept(1, "key", (HANDLE,))
    waiting.submissions.put(waiting.submission)
    assert waiting.submissions.untold() == (), "it has its handles"


def test_the_next_batch_knows_nothing_of_this_one() -> None:
    waiting = Waiting()
    waiting.submissions.accept(1, "key", (HANDLE,))
    waiting.submissions.cancel((HANDLE,), "not wanted")
    waiting.submissions.end(1, POResult(HANDLE, TaskStatus.INTERRUPTED))
    assert waiting.submissions.given_back == {0}
    waiting.submissions.clear()
    assert waiting.submissions.given_back == {0}, "no dispatcher may work on it before another batch begins"
    waiting.submissions.begin_batch()
    assert waiting.submissions.given_back == frozenset()
    assert waiting.submissions.untold() == ()


def test_an_order_that_was_given_back_is_not_worked_on_by_the_next_dispatcher() -> None:
    drive = Drive(resumes=True)
    drive.begin(orders(2))
    drive.ready("w1")
    drive.send(drive.submissions.cancel((TaskHandle(7, "PO7"),), "of none"))
    drive.submissions.end(drive.epoch, POResult(TaskHandle(1, "PO1"), TaskStatus.INTERRUPTED))
    after = Drive(journal=drive.journal, resumes=True, submissions=drive.submissions)
    assert (after.progress.total, after.progress.failed, after.progress.pending) == (2, 1, 1)
    after.ready("w1")
    assert after.number("w1") == 0
    after.complete("w1")
    assert after.progress.finished
    assert [task.handle.sequence for task in after.journal.replay().open_tasks] == [1], "another run goes on with it"


def test_a_stop_tells_at_once_what_is_left_for_another_run() -> None:
    from contracts.messages import Drain

    drive = Drive(resumes=True)
    drive.begin((order(0), order(1)))
    drive.send(Drain("the end"))
    assert [(one.handle.sequence, one.status, one.error_message) for one in drive.heard] == [
        (0, TaskStatus.INTERRUPTED, "the end"),
        (1, TaskStatus.INTERRUPTED, "the end"),
    ]
    assert drive.submissions.given_back == {0, 1}
