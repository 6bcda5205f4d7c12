"""Volumes that keep no modes or give all files to one user are worked on again and again; an ordinary disk is no such.

What such a volume tells is tried out with a file: tests/folders/test_keeping.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.cli.places import look_at_places
from actors.cli.summary import ExitCode
from actors.session import folder_journal, seals
from actors.session.folder_journal import FolderJournal, journal_path
from contracts.config import Settings
from contracts.errors import JournalError
from tests.cli.conftest import Stand, stand as stand
from tests.cli.test_resume import stopping_after
from tests.cli.test_status import tell
from tests.cli.test_verify import ask
from tests.folders.odd_volumes import NOBODY, Tells, gives_all_to_nobody, keeps_no_modes, put_on

PO = ("PO1", "PO2", "PO3")
ODD: dict[str, Tells] = {
    "no modes": keeps_no_modes,
    "one owner": gives_all_to_nobody,
    "neither": lambda found: keeps_no_modes(gives_all_to_nobody(found)),
}
only_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.mark.parametrize("is_share", [False, True])
@pytest.mark.parametrize("tells", ODD.values(), ids=ODD)
def test_a_run_on_an_odd_volume_is_told_of_gone_on_with_and_followed_by_another(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, tells: Tells, is_share: bool
) -> None:
    """On a share the journal lies in the state folder, on a disk of this machine, whose owner is this user."""
    monkeypatch.setattr(folder_journal, "is_network_share", lambda _: is_share)
    stand.downloads.mkdir()
    put_on(monkeypatch, stand.downloads, tells)
    with stopping_after(stand, 1):
        stand.run(stand.orders(*PO), sequential=True)
    stand.visited()
    assert journal_path(stand.downloads).is_relative_to(stand.downloads) is not is_share
    assert tell(stand.downloads)[0] is ExitCode.NOT_FINISHED
    found = look_at_places(Settings(download_dir=stand.downloads), {})
    assert [one.detail for one in found if one.what == "journal in it"] == ["an unfinished run of 3 orders"]
    assert stand.resume() is ExitCode.SUCCESS
    assert sorted(stand.visited()) == ["PO2", "PO3"]
    assert ask(stand.downloads)[0] is ExitCode.SUCCESS
    assert stand.run(stand.orders(*PO)) is ExitCode.SUCCESS


@pytest.mark.parametrize("tells", ODD.values(), ids=ODD)
def test_a_state_folder_on_an_odd_volume_is_warned_of_and_used(
    own_state: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tells: Tells
) -> None:
    seals._warn.cache_clear()
    own_state.mkdir()
    put_on(monkeypatch, own_state, tells)
    assert seals.seal_of("text") == seals.seal_of("text")
    warned = [record for record in caplog.records if "cannot keep others out" in record.getMessage()]
    assert len(warned) == (0 if tells is gives_all_to_nobody else 1)
    found = look_at_places(Settings(download_dir=own_state.parent / "dl"), {})
    verdicts = {one.what: one.verdict.name for one in found}
    assert verdicts["state folder"] == ("GOOD" if tells is gives_all_to_nobody else "POOR")
    assert "seal of runs" not in verdicts


SPOILT: dict[str, Callable[[Path], object]] = {
    "the journal": lambda inside: (inside / "journal.db").chmod(0o666),
    "the list": lambda inside: next((inside / "input").iterdir()).chmod(0o666),
}


@pytest.mark.parametrize("mode", [0o700, 0o777])
@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_others_may_write_on_an_ordinary_disk_is_refused_whatever_the_folders_mode(
    stand: Stand, spoil: Callable[[Path], object], mode: int
) -> None:
    """That everybody may write a folder does not say that its file system keeps no modes."""
    with stopping_after(stand, 1):
        stand.run(stand.orders(*PO), sequential=True)
    stand.visited()
    inside = stand.downloads / ".purser"
    spoil(inside)
    for folder in (inside, inside / "input"):
        folder.chmod(mode)
    if inside.joinpath("journal.db").stat().st_mode & 0o022:
        code, _ = tell(stand.downloads)
        assert code is ExitCode.UNUSABLE
    assert stand.resume() is ExitCode.UNUSABLE
    assert "may be written by others (mode 0666)" in stand.heard.err
    assert stand.visited() == []


@only_root
def test_a_folder_that_another_user_set_up_on_an_ordinary_disk_is_refused_however_open_it_is(
    stand: Stand,
) -> None:
    inside = stand.downloads / ".purser"
    inside.mkdir(parents=True)
    inside.chmod(0o777)
    os.chown(inside, NOBODY, NOBODY)
    assert stand.run(stand.orders(*PO)) is ExitCode.UNUSABLE
    assert f"belongs to another user (uid {NOBODY})" in stand.heard.err
    assert list(inside.iterdir()) == []


def test_a_pointer_that_is_refused_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with FolderJournal(tmp_path / "dl", tmp_path / "mine" / "journal.db"):
        pointer = tmp_path / "dl" / ".purser" / "journal.path"
        pointer.chmod(0o666)
        with pytest.raises(JournalError, match=r"^The file \S+ names a journal and is not believed, since"):
            journal_path(tmp_path / "dl")
