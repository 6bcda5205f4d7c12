"""A journal that the version before wrote, as a killed program leaves it, is read and gone on with as it was meant.

`tests/journal/written_before` was made by running the code before leasing, BrowserHost and `Blame.MACHINE` were there:
eight orders, of which one was being published, one had a verified file, one had cost two browsers, one had met a full
disk, and three had ended.
"""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from actors import ProcessingSession
from actors.filing import DownloadFolder
from actors.journal import JournalReader, SqliteJournal
from actors.session.folder_journal import manifest_path
from actors.session.run_resources import RunRequest
from actors.testing import StubResources
from contracts.config import HeadlessConfiguration
from contracts.errors import Blame
from contracts.tasks import TaskStatus
from tests.session.conftest import TIMEOUTS

WRITTEN_BEFORE = Path(__file__).resolve().parents[1] / "journal" / "written_before"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A download folder with that journal; as private as it was."""
    inside = tmp_path / "dl" / ".purser"
    (inside / "evidence").mkdir(parents=True)
    shutil.copytree(WRITTEN_BEFORE / "staging", inside / "staging")
    shutil.copy(WRITTEN_BEFORE / "journal.db", inside)
    shutil.copy(WRITTEN_BEFORE / "manifest.jsonl", inside / "evidence")
    for path in (inside, *inside.rglob("*")):
        path.chmod(stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR)
    return tmp_path / "dl"


def opened(home: Path) -> SqliteJournal:
    """Open it as a new program does."""
    return SqliteJournal(home / ".purser" / "journal.db", manifest_path(home), home)


def test_all_that_was_charged_kept_and_ended_is_known(home: Path) -> None:
    journal = opened(home)
    state = journal.replay()
    assert (state.batch_total, state.batch_succeeded, state.batch_failed) == (8, 1, 2)
    known = {task.order.po_number: task for task in state.open_tasks}
    assert list(known) == ["PO0", "PO4", "PO5", "PO6", "PO7"]
    assert known["PO0"].order.task.metadata == {"cost_centre": "17"}
    assert known["PO0"].publishing is not None
    assert (known["PO5"].attempts, known["PO5"].crashes) == (1, 2)
    assert [file.attachment.name for file in known["PO6"].kept] == ["offer.txt"]
    assert known["PO7"].order.task.timeout_override == 30.0
    ended = {result.po_number: (result.status, result.blame) for result in journal.results(0, 8)}
    assert ended == {
        "PO1": (TaskStatus.NO_ATTACHMENTS, None),
        "PO2": (TaskStatus.PO_NOT_FOUND, Blame.ITEM),
        "PO3": (TaskStatus.FAILED, Blame.MACHINE),
    }
    journal.close()


def test_status_tells_of_it(home: Path) -> None:
    with JournalReader(home / ".purser" / "journal.db") as reader:
        found = reader.status()
    assert found is not None
    assert (found.total, found.succeeded, found.failed, found.open) == (8, 1, 2, 5)
    assert found.by_blame == {"item": 1, "host": 1}


@pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
def test_it_is_resumed_to_its_end(home: Path, parallel: bool) -> None:
    def with_the_real_folder(asked: RunRequest) -> StubResources:
        resources = StubResources(asked.settings)
        ground = asked.lock.ground if asked.lock is not None else None
        resources.filing = DownloadFolder(home, asked.run_id, ground=ground)  # type: ignore[assignment] # a real one
        return resources

    session = ProcessingSession(
        HeadlessConfiguration(),
        parallel,
        2,
        download_dir=home,
        base_url="https://portal.example",
        timeouts=TIMEOUTS,
        journal=home / ".purser" / "journal.db",
        open_resources=with_the_real_folder,
    )
    successful, failed, report = session.resume()
    assert (successful, failed, report["resumed_pos"]) == (6, 2, 3)
    ended = {result.po_number: result.status for result in session.results}
    assert ended["PO0"] is TaskStatus.COMPLETED, "what was being published is finished"
    assert (home / "Acme" / "PO0_COMPLETED" / "order.txt").read_bytes() == b"an order\n"
    assert (ended["PO2"], ended["PO3"]) == (TaskStatus.PO_NOT_FOUND, TaskStatus.FAILED), "what had ended stays"
    assert [number for number, status in ended.items() if status is TaskStatus.NO_ATTACHMENTS] == [
        "PO1", "PO4", "PO5", "PO6", "PO7"
    ]  # fmt: skip
    assert session.validate_session_state() == []
    assert not list((home / ".purser" / "staging").iterdir()), "nothing is left in staging"
