"""Browsers lost over orders: whose fault that is, the order's or the slot's, and orders that end the program itself."""

from __future__ import annotations

import random

import attrs
import pytest

from actors.dispatch.core import DispatchCore
from actors.dispatch.effects import DispatchEffect
from actors.leasing import ExcuseLoss
from actors.leasing.workers import LOSSES_DISPROVED, LOSSES_EXCUSED
from contracts.errors import Blame
from contracts.messages import HostRefused, LoginWanted
from contracts.ports import Credentials, OutcomeRecorded
from contracts.supervision import ExitKind
from contracts.tasks import TaskStatus
from tests.dispatch.driving import HOST, Drive, orders


class Counting(Drive):
    """Counts the losses that are excused."""

    def __init__(self, **options: object) -> None:
        self.excused: list[tuple[str, int]] = []
        super().__init__(**options)  # type: ignore[arg-type]  # passed on as given

    def check(self, effects: list[DispatchEffect]) -> None:
        """Count."""
        self.excused += [(one.worker, one.generation) for one in effects if isinstance(one, ExcuseLoss)]


def driven(count: int, *workers: str) -> Counting:
    """A core with `count` orders and ready workers."""
    drive = Counting()
    drive.begin(orders(count))
    drive.ready(*(workers or ("w1",)))
    return drive


def play(drive: Counting, bad: set[int]) -> None:
    """Let one worker work; orders in `bad` cost a browser at each visit."""
    for _ in range(200):
        if drive.progress.finished:
            return
        if drive.is_idle("w1"):
            assert drive.recycles, "nothing to do, and nobody is replaced"
            drive.down("w1", ExitKind.SHUTDOWN, requested=True)
            drive.ready("w1")
        elif drive.number("w1") in bad:
            drive.crash("w1")
        else:
            drive.complete("w1")
    raise AssertionError("it does not end")


def test_three_orders_that_cost_every_browser_are_quarantined_and_those_behind_them_are_done() -> None:
    """All nine losses are laid at the orders' door, so no slot is given up for them."""
    drive = driven(5)
    play(drive, {0, 1, 2})
    assert [drive.outcomes[number].status for number in range(3)] == [TaskStatus.QUARANTINED] * 3
    assert [drive.outcomes[number].status for number in (3, 4)] == [TaskStatus.COMPLETED] * 2
    assert len(drive.excused) == drive.progress.crashes == 9


def test_a_slot_that_loses_browsers_over_more_orders_than_that_in_a_row_is_excused_no_longer() -> None:
    drive = driven(LOSSES_EXCUSED + 5)
    for _ in range(LOSSES_EXCUSED):
        drive.crash("w1")
        drive.crash("w1")
    assert len(drive.excused) == 2 * LOSSES_EXCUSED, "two for each order"
    drive.crash("w1")
    assert len(drive.excused) == 2 * LOSSES_EXCUSED


def test_an_order_that_ends_clears_a_slot_of_the_losses_before_it() -> None:
    drive = driven(3 * LOSSES_EXCUSED)
    for _ in range(2):
        for _ in range(LOSSES_EXCUSED - 1):
            drive.crash("w1")
            drive.crash("w1")
        drive.complete("w1")
    assert len(drive.excused) == 4 * (LOSSES_EXCUSED - 1)


def test_a_slot_whose_lost_orders_are_done_elsewhere_is_excused_no_longer() -> None:
    """Then it was not the orders that cost it its browsers."""
    drive = driven(20, "w1", "w2")
    for _ in range(LOSSES_DISPROVED):
        lost = drive.number("w1")
        drive.touch("w1")
        drive.down("w1")
        drive.complete("w2")
        assert drive.number("w2") == lost, "it went back to its place"
        drive.complete("w2")
        drive.ready("w1")
    before = len(drive.excused)
    drive.crash("w1")
    assert (before, len(drive.excused)) == (LOSSES_DISPROVED, LOSSES_DISPROVED)


@pytest.mark.parametrize(("touched", "requested"), [(False, False), (True, True)])
def test_a_loss_that_no_order_is_charged_for_is_excused_by_none(touched: bool, requested: bool) -> None:
    drive = driven(1)
    if touched:
        drive.touch("w1")
    drive.down("w1", requested=requested)
    assert drive.excused == []


@pytest.mark.parametrize("overdue", [True, False])
def test_a_browser_lost_at_a_login_is_laid_at_the_host_s_door(overdue: bool) -> None:
    drive = driven(1)
    drive.meet_login("w1")
    drive.send(LoginWanted(HOST, Credentials("user", "secret")))
    if overdue:
        drive.advance(100.0)
    drive.down("w1", requested=overdue)
    assert drive.excused == [("w1", 1)]


def resumed(interruptions: int, count: int = 3) -> Drive:
    """A run that goes on, whose first order has seen the program end so often."""
    before = Drive()
    before.begin(orders(count))
    state = before.journal.replay()
    first, *others = state.open_tasks
    known = attrs.evolve(state, open_tasks=(attrs.evolve(first, interruptions=interruptions), *others))
    after = Drive(journal=before.journal, resumes=True)
    after.core = DispatchCore(
        epoch=after.epoch,
        state=known,
        resumes=True,
        retry=after.retry,
        timeouts=after.timeouts,
        chance=random.Random(1),
    )
    return after


@pytest.mark.parametrize("interruptions", [3, 4, 5])
def test_an_order_that_ends_the_program_each_time_waits_until_all_others_are_done(interruptions: int) -> None:
    drive = resumed(interruptions)
    drive.ready("w1")
    for expected in (1, 2, 0):
        assert drive.number("w1") == expected
        drive.complete("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED


def test_an_order_that_has_seen_six_ends_of_the_program_is_quarantined_and_the_run_goes_on_without_it() -> None:
    drive = resumed(6)
    drive.ready("w1")
    assert (drive.outcomes[0].status, drive.outcomes[0].blame) == (TaskStatus.QUARANTINED, Blame.PROGRAM)
    assert "6 times" in drive.outcomes[0].error_message
    assert isinstance(drive.entries[0], OutcomeRecorded)
    for _ in range(2):
        drive.complete("w1")
    assert drive.progress.finished


def test_an_order_behind_all_others_is_still_behind_them_after_a_delay() -> None:
    drive = resumed(3, count=2)
    drive.ready("w1", "w2")
    last = "w1" if drive.number("w1") == 0 else "w2"
    other = "w2" if last == "w1" else "w1"
    drive.fail(last)
    drive.fail(other)
    drive.advance(30.0)
    drive.down("w2", ExitKind.SHUTDOWN, requested=True)
    drive.down("w1", ExitKind.SHUTDOWN, requested=True)
    drive.ready("w1")
    assert drive.number("w1") == 1


def test_a_loss_over_an_order_whose_host_was_given_up_meanwhile_is_no_end_of_an_order() -> None:
    """Only an order that was ended there, or quarantined at last, shows that the browsers before were innocent."""
    drive = driven(1)
    drive.touch("w1")
    drive.send(HostRefused(HOST, "no login"))
    drive.down("w1")
    assert drive.progress.finished
    assert drive.core._leasing.crew._lost_over == {0}, "the loss still counts"
