"""Files that lie ready in a folder which somebody else set up: none is filed, whatever its journal says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from actors.cli.summary import ExitCode
from actors.dispatch.recovery import finish_publishes
from actors.filing import DownloadFolder
from actors.filing.staging import Staging
from actors.session.folder_journal import FolderJournal, journal_path
from actors.session.verification import verify_folder
from contracts.ports import FileVerified, JournalEntry, KeptFile, Lease, LeaseGranted, PublishStarted
from contracts.tasks import Attachment, POResult, TaskHandle, TaskStatus
from tests.cli import fakes
from tests.cli.conftest import Stand, stand as stand
from tests.cli.stub_purser import BASE
from tests.security.test_foreign_folders import foreign as foreign, resume, unfinished as unfinished

DATA = b"%PDF-1.4 fetched by nobody"
FILE = Attachment(
    "invoice.pdf", len(DATA), hashlib.sha256(DATA).hexdigest(), "127.0.0.1:9", "application/pdf", "invoice.pdf"
)
LEASE = Lease(TaskHandle(1, "PO2"), 1, "w1", 1, 1)
RESULT = POResult(
    TaskHandle(1, "PO2"), TaskStatus.COMPLETED, supplier="Acme", url=f"{BASE}/PO2", attachments_found=1,
    attachments=(FILE,),
)  # fmt: skip


def lay_ready(stand: Stand, *entries: JournalEntry, mark: str = "") -> None:
    """Put a file into the staging folder of a lease, as a run would that had fetched it, and write entries of it."""
    with FolderJournal(stand.downloads) as folder_journal:
        folder = DownloadFolder(stand.downloads, "r1", ground=folder_journal.ground)
        path = folder.stage(LEASE) / "x"
        path.write_bytes(DATA)
        folder._staging.add(LEASE, path, FILE.name, 100)
        if mark:
            folder._staging.mark(LEASE, mark)
        if entries:
            folder_journal.journal.append(folder_journal.journal.open_epoch(), (LeaseGranted(LEASE), *entries))


class Begun:
    """A session that does what each one does first: sweep the folder, and finish what had begun."""

    def __init__(self) -> None:
        self.session = fakes.FakeSession(on_start=self._begin)
        self.kept: list[Attachment] = []

    def _begin(self) -> None:
        folder_journal: FolderJournal = self.session.made_with["journal"]
        folder = DownloadFolder(folder_journal.download_dir, "r2", ground=folder_journal.ground)
        known = folder_journal.journal.replay().open_tasks
        wanted = {one.lease.folder_name for task in known for one in task.kept}
        folder.sweep(wanted | {task.publishing.lease.folder_name for task in known if task.publishing is not None})
        finish_publishes(folder_journal.journal, folder, folder_journal.journal.open_epoch())
        self.kept = [one.attachment for task in folder_journal.journal.replay().open_tasks for one in task.kept]


READY: dict[str, Callable[[Stand], None]] = {
    "a publish that had begun": lambda s: lay_ready(s, PublishStarted(LEASE, RESULT)),
    "a file that was verified": lambda s: lay_ready(s, FileVerified(KeptFile(LEASE, FILE, f"{BASE}/invoice.pdf", 1))),
    "a mark in the staging folder": lambda s: lay_ready(s, mark="Acme/PO2_COMPLETED"),
}


def filed(stand: Stand) -> list[str]:
    """Return which files lie anywhere in the download folder."""
    return [path.name for path in stand.downloads.rglob("*.pdf")]


@pytest.mark.parametrize("ready", READY.values(), ids=READY)
@pytest.mark.parametrize("again", ["resume", "run"])
def test_nothing_that_lay_ready_in_somebody_elses_folder_is_filed(
    foreign: Stand, ready: Callable[[Stand], None], again: str
) -> None:
    ready(foreign)
    (foreign.downloads / "Acme").mkdir(exist_ok=True)
    begun = Begun()
    if again == "resume":
        resume(foreign, base_url=BASE, make_session=begun.session.factory)
    else:
        foreign.run(foreign.folder / "orders.csv", make_session=begun.session.factory)
    assert begun.session.tasks, "it has begun"
    assert filed(foreign) == []
    assert begun.kept == []
    with FolderJournal(foreign.downloads) as folder_journal:
        assert [task.order.task.po_number for task in folder_journal.journal.replay().open_tasks] == ["PO2", "PO3"]
    assert verify_folder(foreign.downloads).files == 0


def test_a_marked_file_in_a_folder_without_a_journal_is_not_filed(stand: Stand) -> None:
    READY["a mark in the staging folder"](stand)
    assert not journal_path(stand.downloads).exists()
    (stand.downloads / "Acme").mkdir()
    begun = Begun()
    stand.run(stand.orders("PO1"), make_session=begun.session.factory)
    assert begun.session.tasks, "it has begun"
    assert filed(stand) == []


def test_what_an_own_run_had_fetched_is_filed_without_another_visit(unfinished: Stand) -> None:
    READY["a publish that had begun"](unfinished)
    begun = Begun()
    resume(unfinished, make_session=begun.session.factory)
    assert filed(unfinished) == ["invoice.pdf"]
    assert verify_folder(unfinished.downloads).files == 1


def test_what_cannot_be_deleted_of_a_stranger_is_named_and_nothing_begins(
    foreign: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    READY["a mark in the staging folder"](foreign)

    def denied(_: Staging) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Staging, "clear", denied)
    begun = Begun()
    assert resume(foreign, base_url=BASE, make_session=begun.session.factory) is ExitCode.UNUSABLE
    assert begun.session.tasks == []
    assert "were not fetched by a run of yours, and cannot be deleted: Permission denied" in foreign.heard.err
    assert resume(foreign) is ExitCode.UNUSABLE, "nor is it this user's own by now"
