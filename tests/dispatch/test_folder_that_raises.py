"""A download folder that raises what nobody expects costs the visit, never one dispatcher after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from actors.dispatch.effects import DiscardStaging, Publish
from actors.dispatch.performer import Performer
from actors.dispatch.recovery import finish_publishes
from actors.dispatch.submissions import Submissions
from actors.journal import MemoryJournal
from contracts.errors import AttachmentError, MachineError
from contracts.messages import Published, PublishFailed
from contracts.ports import Filing, Lease, PublishStarted
from contracts.tasks import POResult, TaskStatus
from tests.dispatch.driving import FILE, Drive, orders

UNEXPECTED = (ValueError, OSError, KeyError, RecursionError)


class Folder:
    """Raises, or files everything below one path."""

    def __init__(self, raises: type[Exception] | None) -> None:
        self._raises = raises

    def publish(self, lease: Lease, result: POResult) -> Path:
        """Raise, if it is to."""
        self.discard(lease)
        return Path("there")

    def discard(self, lease: Lease) -> None:
        """The same."""
        if self._raises is not None:
            raise self._raises("nobody expects this")


def performer(raises: type[Exception] | None) -> Performer:
    """A performer over such a folder; it tells nobody anything."""

    def nobody(*_told: Any) -> None:
        return None

    return Performer(
        epoch=1,
        journal=MemoryJournal(),
        filing=cast("Filing", Folder(raises)),
        submissions=Submissions(),
        tell_worker=nobody,
        tell_login_broker=nobody,
        ask_portal=nobody,
        note_answered=nobody,
        kill=nobody,
        recycle=nobody,
        order_ended=nobody,
        loss_excused=nobody,
        wake_at=nobody,
    )


def in_work() -> tuple[Drive, Lease, POResult]:
    """An order in work, and what its visit will have brought."""
    drive = Drive()
    drive.begin(orders(1))
    drive.ready("w1")
    lease = drive.visit("w1").lease
    return drive, lease, POResult(lease.task, TaskStatus.COMPLETED, attachments=(FILE,))


@pytest.mark.parametrize("raises", UNEXPECTED)
def test_a_publish_that_raises_is_answered_as_one_whose_files_are_lost(raises: type[Exception]) -> None:
    _, lease, result = in_work()
    answer = performer(raises)._perform(Publish(lease, result))
    assert isinstance(answer, PublishFailed)
    assert answer.files_lost, "so the visit is charged, and there is an end to it"
    assert raises.__name__ in answer.text
    assert "nobody expects" not in answer.text
    assert isinstance(performer(None)._perform(Publish(lease, result)), Published)


@pytest.mark.parametrize("raises", UNEXPECTED)
def test_staging_that_cannot_be_deleted_ends_nobody(raises: type[Exception]) -> None:
    _, lease, _ = in_work()
    assert performer(raises)._perform(DiscardStaging(lease)) is None


@pytest.mark.parametrize("raises", UNEXPECTED)
def test_a_publish_that_raises_while_it_is_finished_later_gives_its_order_back(raises: type[Exception]) -> None:
    drive, lease, result = in_work()
    drive.journal.append(drive.epoch, (PublishStarted(lease, result),))
    epoch = drive.journal.open_epoch()
    finish_publishes(drive.journal, cast("Filing", Folder(raises)), epoch)
    (task,) = drive.journal.replay().open_tasks
    assert task.publishing is None, "the next dispatcher does not meet it again"


class Trouble:
    """Fails to file as the real folder does."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def publish(self, lease: Lease, result: POResult) -> Path:
        """Raise it."""
        raise self._error


@pytest.mark.parametrize(
    ("error", "lost"), [(AttachmentError("the files are gone"), True), (MachineError("the disk is full"), False)]
)
def test_files_that_are_gone_are_told_from_a_full_disk(error: Exception, lost: bool) -> None:
    _, lease, result = in_work()
    made = attrs.evolve(performer(None), filing=cast("Filing", Trouble(error)))
    assert made._perform(Publish(lease, result)) == PublishFailed(lease, str(error), files_lost=lost)
