"""What is not to be believed: another user's, open to others, a link, a second name, the wrong kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from actors.folders.keeping import untrusted
from actors.folders.ownership import this_user, why_untrusted


def _own(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    own.write_text("mine")
    own.chmod(0o600)
    return own


def test_what_is_ours_alone_is_believed(tmp_path: Path) -> None:
    assert untrusted(_own(tmp_path)) == ""
    tmp_path.chmod(0o700)
    assert untrusted(tmp_path, folder=True) == ""


def test_what_belongs_to_another_user_is_not(tmp_path: Path) -> None:
    own = _own(tmp_path)
    assert why_untrusted(own.lstat(), own.lstat().st_uid + 1).startswith("belongs to another user")


@pytest.mark.skipif(this_user() != 0, reason="only root gives files away")
def test_what_was_given_to_another_user_is_not_believed_by_root(tmp_path: Path) -> None:
    own = _own(tmp_path)
    os.chown(own, 65534, 65534)
    assert untrusted(own) == "belongs to another user (uid 65534)"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_write_is_not(tmp_path: Path, mode: int) -> None:
    own = _own(tmp_path)
    own.chmod(mode)
    assert untrusted(own) == f"may be written by others (mode {mode:04o})"


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_is_not(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    assert untrusted(tmp_path, folder=True).startswith("may be written by others")


def test_links_and_second_names_are_not(tmp_path: Path) -> None:
    own = _own(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(own)
    assert untrusted(link) == untrusted(link, folder=True) == "is a link"
    (tmp_path / "second").hardlink_to(own)
    assert untrusted(own) == "has a second name (a hard link)"


def test_the_wrong_kind_is_not(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert untrusted(tmp_path / "pipe") == untrusted(tmp_path) == "is not a regular file"
    assert untrusted(_own(tmp_path), folder=True) == "is not a folder"


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        untrusted(tmp_path / "none")
