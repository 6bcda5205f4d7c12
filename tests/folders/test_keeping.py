"""What a file system keeps is told by itself, with a file that is gone at once, and never by a folder's own mode."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from actors.folders.folder import Folder
from actors.folders.keeping import Keeping, keeping_of, keeps_nobody_out, owner_in, untrusted
from actors.folders.ownership import this_user
from tests.folders.odd_volumes import NOBODY, Tells, gives_all_to_nobody, keeps_no_modes, put_on

only_root = pytest.mark.skipif(this_user() != 0, reason="only root gives files away")


@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_an_ordinary_disk_keeps_both_whatever_the_folders_mode_and_is_left_as_it_was(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with Folder.at(tmp_path) as folder:
        assert keeping_of(folder) == Keeping(this_user(), modes=True)
        assert owner_in(folder) == this_user()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("tells", "keeps"),
    [
        (keeps_no_modes, Keeping(this_user(), modes=False)),
        (gives_all_to_nobody, Keeping(NOBODY, modes=True)),
        (lambda found: keeps_no_modes(gives_all_to_nobody(found)), Keeping(NOBODY, modes=False)),
    ],
)
def test_an_odd_volume_tells_what_it_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tells: Tells, keeps: Keeping
) -> None:
    (tmp_path / "own").touch()
    put_on(monkeypatch, tmp_path, tells)
    with Folder.at(tmp_path) as folder:
        assert keeping_of(folder) == keeps
        assert owner_in(folder) == keeps.owner
    assert untrusted(tmp_path / "own") == untrusted(tmp_path, folder=True) == ""
    assert keeps_nobody_out(tmp_path / "own") == keeps_nobody_out(tmp_path) == (not keeps.modes)
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_links_and_second_names_are_not_believed_on_an_odd_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").touch()
    (tmp_path / "link").symlink_to("own")
    (tmp_path / "second").hardlink_to(tmp_path / "own")
    put_on(monkeypatch, tmp_path, keeps_no_modes)
    assert untrusted(tmp_path / "link") == "is a link"
    assert untrusted(tmp_path / "own") == "has a second name (a hard link)"


def test_another_users_file_is_not_believed_where_no_modes_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").touch()
    real = os.lstat(tmp_path / "other").st_ino
    put_on(
        monkeypatch,
        tmp_path,
        lambda found: keeps_no_modes(gives_all_to_nobody(found) if found.st_ino == real else found),
    )
    assert untrusted(tmp_path / "other") == f"belongs to another user (uid {NOBODY})"


def test_where_nothing_can_be_tried_out_it_is_an_ordinary_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "own").touch()
    (tmp_path / "own").chmod(0o666)
    monkeypatch.setattr(Folder, "create", deny)
    assert untrusted(tmp_path / "own") == "may be written by others (mode 0666)"


def test_nothing_is_tried_out_where_all_is_as_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").touch(mode=0o600)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(Folder, "create", lambda *_: pytest.fail("a file was made"))
    assert untrusted(tmp_path / "own") == untrusted(tmp_path, folder=True) == ""
    with Folder.at(tmp_path) as folder:
        assert owner_in(folder) == this_user()


@only_root
@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_another_users_folder_on_an_ordinary_disk_is_not_believed_whatever_its_mode(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    os.chown(tmp_path, NOBODY, NOBODY)
    assert untrusted(tmp_path, folder=True) == f"belongs to another user (uid {NOBODY})"
    with Folder.at(tmp_path) as folder:
        assert owner_in(folder) == this_user()
