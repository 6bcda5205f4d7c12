"""Proves that an order's folder appears whole, at its place, once, and that nothing of anybody's is ever lost."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.evidence.addresses import located
from actors.filing import DownloadFolder
from actors.filing.staging import Staging
from actors.folders.folder import Folder
from actors.folders.ground import Ground
from contracts.errors import AttachmentError, DownloadFolderError, MachineError
from contracts.ports import Filing, Lease
from contracts.tasks import POResult, TaskStatus
from tests.filing.samples import PDF, URL, arrived, lease, listed, result, visible


def bring(folder: DownloadFolder, of: Lease, *names: str, **facts: str) -> POResult:
    """Stage an order with files of these names and return its result."""
    staging = folder.stage(of)
    files = [
        folder.place(of, arrived(staging / f"get-{number}" / "f", PDF + name.encode()), listed(title=name))
        for number, name in enumerate(names)
    ]
    return result(of, *files, **facts)  # type: ignore[arg-type] # supplier, status and url


def file_order(folder: DownloadFolder, po: str, *names: str, sequence: int = 0, **facts: str) -> Path:
    """Bring and publish an order."""
    of = lease(po, sequence=sequence)
    return folder.publish(of, bring(folder, of, *(names or ("a.pdf",)), **facts))


def test_files_appear_under_supplier_order_and_status(tmp_path: Path) -> None:
    folder: Filing = DownloadFolder(tmp_path, "run-1")
    of = lease("PO1")
    staging = folder.stage(of)
    assert list(staging.iterdir()) == []
    first = folder.place(of, arrived(staging / "1" / "x", PDF), listed(title="Offer.pdf", url=URL))
    second = folder.place(of, arrived(staging / "2" / "x", PDF + b"2"), listed(title="offer.PDF"))
    (staging / "3").mkdir()
    (staging / "3" / "half.crdownload").write_bytes(b"x")
    assert visible(tmp_path) == []
    assert folder.publish(of, result(of, first, second)) == tmp_path / "Nordwind" / "PO1_COMPLETED"
    assert visible(tmp_path) == ["Nordwind/PO1_COMPLETED/Offer.pdf", "Nordwind/PO1_COMPLETED/offer_2.PDF"]
    assert (first.source, first.size, first.listed_as) == (located(URL), len(PDF), "listed.pdf")
    assert first.source == f"https://portal.example sha256:{hashlib.sha256(URL.encode()).hexdigest()}"
    assert not staging.exists()


def test_an_order_without_a_supplier_is_filed_under_unknown(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    assert file_order(folder, "PO1", supplier="").parent.name == "Unknown"
    assert file_order(folder, "PO2", supplier=" .. ", sequence=1).parent.name == "Unknown"


def test_a_folder_of_the_same_order_is_moved_away_whatever_its_status(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    file_order(folder, "PO1", "old.pdf", status=TaskStatus.PARTIAL)  # type: ignore[arg-type] # a status
    others = ["PO1_X_COMPLETED", "PO10_COMPLETED", "PO1_COMPLETED_COMPLETED", "PO1"]
    for name in others:
        (tmp_path / "Nordwind" / name).mkdir()
    (tmp_path / "Nordwind" / "PO1_FAILED").mkdir()
    file_order(folder, "PO1", "new.pdf")
    assert sorted(path.name for path in (tmp_path / "Nordwind").iterdir()) == sorted([*others, "PO1_COMPLETED"])
    assert visible(tmp_path) == ["Nordwind/PO1_COMPLETED/new.pdf"]
    kept = tmp_path / ".purser" / "superseded" / "r" / "Nordwind"
    assert (kept / "PO1_PARTIAL" / "old.pdf").exists()
    assert (kept / "PO1_FAILED").exists()
    file_order(folder, "PO1", "newer.pdf")
    file_order(folder, "PO1", "newest.pdf")
    assert (kept / "PO1_COMPLETED" / "new.pdf").exists()
    assert (kept / "PO1_COMPLETED_2" / "newer.pdf").exists()


@pytest.mark.parametrize(
    ("one", "other"), [("PO1", "po1"), ("a b", "a_b"), ("PO1", "PO1_COMPLETED"), ("a/b", "a:b"), ("x" * 300, "x" * 299)]
)
def test_two_orders_never_share_a_folder(tmp_path: Path, one: str, other: str) -> None:
    folder = DownloadFolder(tmp_path, "r")
    paths = [file_order(folder, one), file_order(folder, other, sequence=1)]
    assert paths[0].name.casefold() != paths[1].name.casefold()
    assert len(visible(tmp_path)) == 2
    again = DownloadFolder(tmp_path, "r2")
    assert [file_order(again, other), file_order(again, one, sequence=1)] == paths[::-1]
    assert len(visible(tmp_path)) == 2


def test_two_suppliers_never_share_a_folder(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    names = ["Acme Tools", "ACME tools", "Acme_Tools", "Acme/Tools", ".purser", "CON", "../..", "A" * 300, "A" * 299]
    parents = [file_order(folder, "PO1", sequence=place, supplier=name).parent for place, name in enumerate(names)]
    assert len({parent.name.casefold() for parent in parents}) == len(names)
    assert parents[0].name == "Acme_Tools"
    assert {parent.parent for parent in parents} == {tmp_path}
    assert len(visible(tmp_path)) == len(names)


def test_one_run_never_replaces_an_order_by_its_namesake_from_another_address(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    first = file_order(folder, "PO1", url="https://one.example/1")
    second = file_order(folder, "PO1", url="https://two.example/1", sequence=1)
    third = file_order(folder, "PO1", url="https://one.example/1?again", sequence=2)
    assert len({first, second, third}) == 3
    assert len(visible(tmp_path)) == 3
    assert file_order(DownloadFolder(tmp_path, "r2"), "PO1", url="https://one.example/7") == first


@pytest.mark.parametrize("visited", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_namesakes_of_one_run_keep_their_folders_in_every_later_run_whoever_comes_first(
    tmp_path: Path, visited: tuple[int, ...]
) -> None:
    """What differs in the query is another page; each supersedes its own earlier folder and no other."""
    urls = [f"https://one.example/1{query}" for query in ("", "?version=1", "?version=2")]
    folder = DownloadFolder(tmp_path, "r")
    first = [file_order(folder, "PO1", url=url, sequence=place) for place, url in enumerate(urls)]
    assert len(set(first)) == 3
    assert not (tmp_path / ".purser" / "superseded").exists()
    again = DownloadFolder(tmp_path, "r2")
    for place in visited:
        assert file_order(again, "PO1", f"{place}.pdf", url=urls[place], sequence=place) == first[place]
    assert [(path / f"{place}.pdf").exists() for place, path in enumerate(first)] == [True] * 3
    moved = list((tmp_path / ".purser" / "superseded").rglob("*.pdf"))
    assert {path.parts[-4] for path in moved} == {"r2"}
    assert [path.name for path in moved] == ["a.pdf"] * 3


@pytest.mark.parametrize(
    "po", ["../../x", "CON", "a/b", "x" * 300, "=cmd()", "", "...", "x ", "/etc/passwd", "..\\..\\x"]
)
def test_whatever_the_number_the_files_stay_inside(tmp_path: Path, po: str) -> None:
    root = tmp_path / "download"
    path = file_order(DownloadFolder(root, "r"), po, po + ".pdf", supplier=po)
    assert path.parent.parent == root
    assert len(list(path.iterdir())) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["download"]
    assert max(len(str(entry)) for entry in path.iterdir()) < 250


def test_a_link_planted_at_a_suppliers_place_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "download", tmp_path / "outside"
    outside.mkdir()
    root.mkdir()
    (root / "Nordwind").symlink_to(outside)
    folder = DownloadFolder(root, "r")
    path = file_order(folder, "PO1")
    assert path.parent.name.startswith("Nordwind~")
    assert list(outside.iterdir()) == []
    path.parent.rename(root / "kept")
    path.parent.symlink_to(outside)
    with pytest.raises(MachineError, match="Remove them"):
        file_order(folder, "PO1")


def test_a_link_from_one_supplier_to_another_is_not_followed(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    file_order(folder, "PO1", supplier="Südwind")
    (tmp_path / "Nordwind").symlink_to(tmp_path / "Südwind")
    assert file_order(folder, "PO1", sequence=1).parent.name.startswith("Nordwind~")


def test_a_link_planted_at_the_orders_place_is_moved_away_itself(tmp_path: Path) -> None:
    root, outside = tmp_path / "download", tmp_path / "outside"
    outside.mkdir()
    (root / "Nordwind").mkdir(parents=True)
    (root / "Nordwind" / "PO1_COMPLETED").symlink_to(outside)
    file_order(DownloadFolder(root, "r"), "PO1")
    assert visible(root) == ["Nordwind/PO1_COMPLETED/a.pdf"]
    assert list(outside.iterdir()) == []


def test_links_in_place_of_the_inner_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".purser").mkdir()
    (tmp_path / ".purser" / "staging").symlink_to(tmp_path)
    with pytest.raises(DownloadFolderError, match="leads elsewhere"):
        DownloadFolder(tmp_path, "r")


class InterruptionError(Exception):
    """Stands for the end of the program at one step."""


def _interrupt_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> Callable[[], int]:
    """Let `steps` renames happen, then raise before the next one."""
    real, done = Folder.move, [0]

    def move(self: Folder, name: str, into: Folder, new_name: str) -> None:
        if done[0] == steps:
            raise InterruptionError
        done[0] += 1
        real(self, name, into, new_name)

    monkeypatch.setattr(Folder, "move", move)
    return lambda: done[0]


# The mark and the claim are in their places by then.
@pytest.mark.parametrize("steps", [2, 3])
@pytest.mark.parametrize("by_sweep", [False, True])
def test_a_publish_interrupted_before_its_last_rename_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, by_sweep: bool
) -> None:
    file_order(DownloadFolder(tmp_path, "r1"), "PO1", "old.pdf")
    folder = DownloadFolder(tmp_path, "r2")
    of = lease("PO1", sequence=4)
    outcome = bring(folder, of, "new.pdf")
    with monkeypatch.context() as patch:
        _interrupt_after(patch, steps)
        with pytest.raises(InterruptionError):
            folder.publish(of, outcome)
    later = DownloadFolder(tmp_path, "r3")
    if by_sweep:
        assert later.sweep() == 1
    assert later.publish(of, outcome) == tmp_path / "Nordwind" / "PO1_COMPLETED"
    assert visible(tmp_path) == ["Nordwind/PO1_COMPLETED/new.pdf"]
    assert len(list((tmp_path / ".purser" / "superseded").rglob("old.pdf"))) == 1
    assert len(list((tmp_path / ".purser" / "superseded").rglob("new.pdf"))) == 0


def test_a_publish_interrupted_after_its_rename_is_recognised_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DownloadFolder(tmp_path, "r")
    of = lease("PO1")
    outcome = bring(folder, of, "a.pdf")

    def die(_self: Staging, _name: str) -> None:
        raise InterruptionError

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "remove", die)
        with pytest.raises(InterruptionError):
            folder.publish(of, outcome)
    for _ in range(2):
        assert folder.publish(of, outcome) == tmp_path / "Nordwind" / "PO1_COMPLETED"
    assert not (tmp_path / ".purser" / "superseded").exists()
    assert list((tmp_path / ".purser" / "staging").iterdir()) == []


def test_what_is_not_staged_is_not_published(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    of = lease("PO1")
    outcome = bring(folder, of, "a.pdf", "b.pdf")
    (tmp_path / ".purser" / "staging" / of.folder_name / "files" / "b.pdf").write_bytes(b"short")
    with pytest.raises(AttachmentError, match="Run the order again"):
        folder.publish(of, outcome)
    folder.discard(of)
    folder.discard(of)
    with pytest.raises(AttachmentError, match="Run the order again"):
        folder.publish(of, outcome)
    assert visible(tmp_path) == []


def test_a_files_of_an_earlier_lease_are_not_taken_for_this_one(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    file_order(folder, "PO1", "a.pdf")
    later = lease("PO1", attempt=2)
    outcome = bring(folder, later, "a.pdf")
    folder.discard(later)
    with pytest.raises(AttachmentError):
        folder.publish(later, outcome)


def test_only_complete_and_partial_orders_get_a_folder(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    with pytest.raises(ValueError, match="NO_ATTACHMENTS"):
        folder.publish(lease(), result(lease(), status=TaskStatus.NO_ATTACHMENTS))


def test_staging_again_starts_empty_and_a_bad_file_is_not_placed(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    of = lease()
    staging = folder.stage(of)
    bad = arrived(staging / "1" / "f", b"<html><p>no document")
    with pytest.raises(AttachmentError):
        folder.place(of, bad, listed(title="a.pdf"))
    assert list(folder.stage(of).iterdir()) == []


def test_a_file_from_another_volume_is_copied_then_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DownloadFolder(tmp_path / "d", "r")
    of = lease()
    folder.stage(of)
    file = arrived(tmp_path / "elsewhere" / "f")
    real = Folder.move

    def move(self: Folder, name: str, into: Folder, new_name: str) -> None:
        if self.path == file.path.parent:
            raise OSError(errno.EXDEV, "other volume")
        real(self, name, into, new_name)

    monkeypatch.setattr(Folder, "move", move)
    placed = folder.place(of, file, listed(title="a.pdf"))
    assert not file.path.exists()
    assert folder.publish(of, result(of, placed)).joinpath("a.pdf").read_bytes() == PDF


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_full_or_unwritable_disk_is_the_hosts_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    folder = DownloadFolder(tmp_path, "r")
    of = lease()
    outcome = bring(folder, of, "a.pdf")
    extra = arrived(tmp_path / "x" / "f")

    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "move", fail)
        patch.setattr(Folder, "make", fail)
        for act in (
            lambda: folder.publish(of, outcome),
            lambda: folder.place(of, extra, listed()),
            lambda: folder.stage(lease("PO2", sequence=2)),
            lambda: folder.keep_evidence(of, "text", b"picture"),
        ):
            with pytest.raises(MachineError, match=r"Cannot .*: .*\. Free disk space"):
                act()
    assert folder.publish(of, outcome).is_dir()


def test_the_sweep_clears_what_dead_runs_left_and_keeps_what_a_journal_needs(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    dead, needed = lease("PO1", sequence=1), lease("PO2", sequence=2)
    bring(folder, dead, "a.pdf")
    kept = bring(folder, needed, "b.pdf")
    (tmp_path / ".purser" / "staging" / "stray").write_bytes(b"x")
    assert folder.sweep(keep={needed.folder_name}) == 2
    assert visible(tmp_path) == []
    assert folder.publish(needed, kept).name == "PO2_COMPLETED"
    assert DownloadFolder(tmp_path / "new", "r").sweep() == 0


@pytest.mark.parametrize(
    "target", ["../outside/PO1_COMPLETED", "Nordwind/../../x_COMPLETED", "/x/PO1_COMPLETED", "x", "Nordwind/PO1"]
)
def test_a_forged_mark_moves_nothing(tmp_path: Path, target: str) -> None:
    root = tmp_path / "download"
    (tmp_path / "outside").mkdir()
    folder = DownloadFolder(root, "r")
    (root / "Nordwind").mkdir(parents=True)
    bring(folder, lease(), "a.pdf")
    Staging(Ground(root)).mark(lease(), target)
    assert folder.sweep() == 1
    assert visible(root) == []
    assert list((tmp_path / "outside").iterdir()) == []


def test_the_free_space_of_the_volume_is_told(tmp_path: Path) -> None:
    assert DownloadFolder(tmp_path, "r").free_bytes() > 0


def test_a_publish_whose_folder_was_emptied_since_is_not_taken_for_done(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    of = lease("PO1")
    outcome = bring(folder, of, "a.pdf", "b.pdf")
    target = folder.publish(of, outcome)
    assert folder.publish(of, outcome) == target
    (target / "b.pdf").unlink()
    with pytest.raises(AttachmentError, match="Run the order again"):
        folder.publish(of, outcome)
