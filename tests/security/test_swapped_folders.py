"""Something is put in the place of a folder of ours while a run works: nothing outside is written, emptied or deleted.

Each part of the download folder is swapped for a link to somebody else's folder, in which everything that the program
looks for is there too. Then all that a run does is done. The run is told, and ends.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.fetch.sink import FileSink
from actors.filing.folder import DownloadFolder
from actors.filing.lock import FolderLock
from actors.folders.folder import make_folder
from actors.session.folder_journal import FolderJournal
from contracts.errors import AttachmentError, FolderReplacedError, JournalError, MachineError
from contracts.ports import DownloadedFile, KeptFile
from contracts.tasks import Attachment
from tests.filing.samples import PDF, arrived, lease, listed, result
from tests.security.test_links import everything, outside as outside

PARTS = (
    "",
    ".purser",
    ".purser/staging",
    f".purser/staging/{lease().folder_name}",
    f".purser/staging/{lease().folder_name}/files",
    ".purser/claims",
    ".purser/superseded",
    ".purser/superseded/run",
    ".purser/evidence",
    ".purser/evidence/run",
    ".purser/evidence/run/PO1",
    "Nordwind",
)
OTHER = lease("PO2", sequence=2)
STAGED = Attachment("listed.pdf", len(PDF), hashlib.sha256(PDF).hexdigest(), "listed.pdf")


def swap(place: Path, target: Path) -> None:
    """Put a link in place of a folder, which goes elsewhere."""
    place.rename(place.with_name(place.name + ".moved"))
    place.symlink_to(target)


def filled(root: Path, outside: Path) -> DownloadFolder:
    """A run amid its work: one order filed twice, one staged, evidence kept; and the same names elsewhere."""
    folder = DownloadFolder(root, "run")
    for attempt in (5, 6):
        of = lease(attempt=attempt)
        folder.publish(of, result(of, folder.place(of, arrived(folder.stage(of) / "x"), listed())))
    folder.place(lease(), arrived(folder.stage(lease()) / "x"), listed())
    folder.keep_evidence(lease(), "text", b"picture")
    names = ("files", "run", "1", "PO1", "PO1_COMPLETED", "Nordwind", "staging", "claims", "superseded", "evidence")
    for name in (lease().folder_name, OTHER.folder_name, *names):
        (outside / name / "files").mkdir(parents=True)
        for file in ("listed.pdf", "page.txt", "x", "journal.db"):
            (outside / name / file).write_text("precious")
            (outside / name / "files" / file).write_text("precious")
    return folder


def download(into: Path) -> DownloadedFile:
    """Bring a file as the fetcher does."""
    make_folder(into)
    with FileSink(into, 1000) as sink:
        sink.write(PDF)
        digest = sink.keep()
    return DownloadedFile(sink.path, len(PDF), digest)


def everything_a_run_does(folder: DownloadFolder, root: Path) -> None:
    """Do it all, in turn, whatever goes wrong."""
    of, staged = lease(), root / ".purser" / "staging" / lease().folder_name

    def bring() -> None:
        placed = folder.place(of, download(folder.stage(of) / "1"), listed())
        folder.publish(of, result(of, placed))

    def broken_off() -> None:
        with FileSink(staged / "1", 100) as sink:
            sink.write(b"x" * 101)

    acts: tuple[Callable[[], object], ...] = (
        lambda: folder.keep_evidence(of, "text", b"picture"),
        lambda: folder.place(of, download(staged / "1"), listed()),
        lambda: folder.publish(of, result(of, STAGED)),
        lambda: folder.adopt(OTHER, KeptFile(of, STAGED, "address")),
        broken_off,
        lambda: folder.stage(OTHER),
        bring,
        lambda: folder.discard(of),
        folder.free_bytes,
        folder.sweep,
    )
    for act in acts:
        with contextlib.suppress(AttachmentError, MachineError, OSError):
            act()


@pytest.mark.parametrize("part", PARTS)
def test_what_is_swapped_for_a_link_while_a_run_works_leads_nothing_out(
    tmp_path: Path, outside: Path, part: str
) -> None:
    root = tmp_path / "dl"
    folder = filled(root, outside)
    swap(root / part, outside)
    before = everything(outside)
    everything_a_run_does(folder, root)
    assert everything(outside) == before


@pytest.mark.parametrize("part", ["", ".purser", ".purser/staging"])
def test_the_run_is_told_and_ends(tmp_path: Path, outside: Path, part: str) -> None:
    root = tmp_path / "dl"
    folder = filled(root, outside)
    swap(root / part, outside)
    with pytest.raises(FolderReplacedError, match="purser resume"):
        folder.stage(lease("PO2"))
    with pytest.raises(FolderReplacedError, match="purser resume"):
        folder.publish(lease(), result(lease(), STAGED))


def test_a_claims_draft_is_not_written_through(tmp_path: Path, outside: Path) -> None:
    """Its name can be foreseen."""
    root = tmp_path / "dl"
    filled(root, outside)
    names = [path.name for path in (root / ".purser" / "claims").iterdir()]
    for name in names:
        (root / ".purser" / "claims" / f"{name}.new").symlink_to(outside / "precious")
        (root / ".purser" / "claims" / name.replace(".json", ".draft")).symlink_to(outside / "precious")
    before = everything(outside)
    folder = DownloadFolder(root, "later")
    folder.publish(lease(), result(lease(), folder.place(lease(), arrived(folder.stage(lease()) / "x"), listed())))
    assert everything(outside) == before


def test_the_lock_and_the_books_end_where_they_began(tmp_path: Path, outside: Path) -> None:
    """SQLite deletes files by their paths when it closes; the lock deletes its note."""
    root = tmp_path / "dl"
    for name in ("journal.db", "journal.db-wal", "journal.db-shm", "journal.db-lock", "lock", "lock.json"):
        (outside / name).write_text("precious")
    (outside / "evidence").mkdir()
    (outside / "input").mkdir()
    folder_journal = FolderJournal(root)
    (tmp_path / "orders.csv").write_text("po_number\nPO1\n")
    swap(root / ".purser", outside)
    before = everything(outside)
    folder_journal.journal.open_epoch()
    folder_journal.keep_input(tmp_path / "orders.csv")
    with contextlib.suppress(JournalError, MachineError):
        folder_journal.close()
    assert everything(outside) == before
    assert not folder_journal.lock.is_held


def test_a_lock_with_a_second_name_is_refused(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "dl" / ".purser").mkdir(parents=True)
    (tmp_path / "dl" / ".purser" / "lock").hardlink_to(outside / "precious")
    mode = (outside / "precious").stat().st_mode
    with pytest.raises(ValueError, match="hard link"):
        FolderLock(tmp_path / "dl").acquire()
    assert (outside / "precious").read_text() == "precious"
    assert (outside / "precious").stat().st_mode == mode
