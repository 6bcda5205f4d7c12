"""Verified files that outlive their lease: remembered, offered to the next lease, dropped with the order's end."""

from __future__ import annotations

from typing import Any

from contracts.errors import Blame
from contracts.messages import FileArrived, PublishFailed
from contracts.ports import FileVerified, KeptFile, Lease
from contracts.tasks import Attachment, TaskStatus
from tests.dispatch.driving import Drive, orders


def kept(lease: Lease, name: str = "order.pdf") -> KeptFile:
    """A verified file in the lease's staging folder."""
    return KeptFile(lease, Attachment(name, 3, "ab" * 32, "", listed_as=name), f"address of {name}")


def at_work(**settings: Any) -> tuple[Drive, KeptFile]:
    """A dispatcher with one order in work, of which one file has arrived."""
    drive = Drive(**settings)
    drive.ready("w1")
    drive.begin(orders(1))
    file = kept(drive.visit("w1").lease)
    drive.send(FileArrived(file))
    return drive, file


def test_a_file_that_arrived_is_written_down_at_once() -> None:
    drive, file = at_work()
    assert drive.entries[-1] == FileVerified(file)


def test_the_next_lease_after_a_crash_is_told_of_the_files_that_had_arrived() -> None:
    drive, file = at_work()
    drive.crash("w1")
    assert drive.visit("w1").kept == (file,)
    assert drive.discarded == [], "the staging folder is needed still"


def test_a_copy_that_the_next_lease_adopted_takes_the_place_of_the_first() -> None:
    drive, first = at_work()
    drive.crash("w1")
    moved = kept(drive.visit("w1").lease)
    drive.send(FileArrived(moved))
    assert [effect.lease for effect in drive.discarded] == [first.lease], "nothing lies there any more"
    drive.crash("w1")
    assert drive.visit("w1").kept == (moved,)


def test_a_file_of_a_lease_that_is_not_in_hand_any_more_is_nobody_s() -> None:
    drive, _file = at_work()
    old = drive.visit("w1").lease
    drive.crash("w1")
    before = len(drive.entries)
    drive.send(FileArrived(kept(old, "late.pdf")))
    assert len(drive.entries) == before


def test_the_staging_of_every_lease_with_files_goes_when_the_order_has_ended() -> None:
    drive, first = at_work()
    drive.crash("w1")
    second = kept(drive.visit("w1").lease, "other.pdf")
    drive.send(FileArrived(second))
    drive.complete("w1")
    assert {effect.lease for effect in drive.discarded} == {first.lease, second.lease}


def test_a_lease_without_files_leaves_no_staging_behind() -> None:
    drive = Drive()
    drive.ready("w1")
    drive.begin(orders(1))
    lease = drive.visit("w1").lease
    drive.crash("w1")
    assert [effect.lease for effect in drive.discarded] == [lease]


def test_a_new_dispatcher_knows_the_files_from_the_journal() -> None:
    drive, file = at_work()
    after = Drive(journal=drive.journal, now=drive.now)
    after.ready("w1")
    assert after.visit("w1").kept == (file,)


def test_files_that_are_gone_when_they_are_published_are_offered_to_nobody() -> None:
    drive, file = at_work()
    drive.publish_failures.append(PublishFailed(file.lease, "a file is gone", files_lost=True))
    drive.complete("w1")
    drive.advance(60)
    assert drive.visit("w1").kept == ()
    assert file.lease in {effect.lease for effect in drive.discarded}


def test_an_order_given_back_at_the_end_of_a_resumable_run_keeps_its_files() -> None:
    drive, _file = at_work(resumes=True)
    drive.core._book.resumes = True
    drive.fail("w1", Blame.NETWORK, portal_up=False)
    drive.advance(drive.timeouts.circuit_open + 1)
    assert drive.progress.failed == 1
    assert drive.outcomes == {}
    assert drive.discarded == []


def test_an_order_that_fails_for_good_leaves_no_staging_behind() -> None:
    drive, file = at_work()
    drive.fail("w1", Blame.ITEM)
    assert drive.outcomes[0].status is TaskStatus.FAILED
    assert file.lease in {effect.lease for effect in drive.discarded}
