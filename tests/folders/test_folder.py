"""An open folder is reached by its descriptor: links are refused, and who is swapped away is still the one."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from actors.folders.folder import Folder, NotOursError, make_folder, opened
from actors.folders.ground import Ground, ReplacedError
from actors.folders.moving import carry
from actors.folders.notes import read_note, write_note


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "own").mkdir()
    return Folder.at(tmp_path / "own")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Somebody else's folder, with something in it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("precious")
    return tmp_path / "outside"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../outside", "/etc", "a\x00b"])
def test_a_name_is_one_part_of_a_path(folder: Folder, name: str) -> None:
    for act in (
        lambda: folder.below(name),
        lambda: folder.make(name),
        lambda: folder.put(name, b""),
        lambda: folder.read(name, 1),
        lambda: folder.remove(name),
    ):
        with pytest.raises(NotOursError):
            act()


def test_a_link_is_never_gone_through(folder: Folder, outside: Path) -> None:
    (folder.path / "link").symlink_to(outside)
    (folder.path / "file").symlink_to(outside / "precious")
    for act in (
        lambda: folder.below("link"),
        lambda: folder.below("link", "inner", make=True),
        lambda: folder.open("file"),
        lambda: folder.append("file"),
        lambda: Folder.walked(folder.path / "link"),
        lambda: Folder.at(folder.path / "link"),
        lambda: make_folder(folder.path / "link" / "inner"),
    ):
        with pytest.raises(NotOursError, match="is a link"):
            act()
    with pytest.raises(FileExistsError):
        folder.create("file")
    with pytest.raises(NotOursError), opened(folder.path / "link" / "precious"):
        pass
    folder.write("file", b"own")
    assert not (folder.path / "file").is_symlink()
    folder.remove("link")
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert (outside / "precious").read_text() == "precious"


def test_a_link_amid_a_way_is_not_gone_through_either(folder: Folder, outside: Path) -> None:
    (outside / "deep").mkdir()
    (outside / "deep" / "file").write_text("precious")
    (folder.path / "link").symlink_to(outside)
    deep = folder.path / "link" / "deep"
    for act in (
        lambda: Folder.walked(deep),
        lambda: make_folder(deep / "inner"),
        lambda: opened(deep / "file").__enter__(),
    ):
        with pytest.raises(NotOursError, match="link is a link"):
            act()
    assert [path.name for path in (outside / "deep").iterdir()] == ["file"]
    assert Folder.walked(outside / "deep").names() == ["file"]


def test_removing_a_tree_follows_no_link_in_it(folder: Folder, outside: Path) -> None:
    (folder.path / "tree" / "deep").mkdir(parents=True)
    (folder.path / "tree" / "deep" / "link").symlink_to(outside)
    folder.remove("tree")
    folder.remove("tree")
    assert folder.names() == []
    assert (outside / "precious").read_text() == "precious"


def test_a_tree_that_is_too_deep_is_an_error_and_no_end(folder: Folder) -> None:
    descriptors = [os.open(folder.path, os.O_RDONLY)]
    for _ in range(1500):
        os.mkdir("d", dir_fd=descriptors[-1])
        descriptors.append(os.open("d", os.O_RDONLY, dir_fd=descriptors[-1]))
        os.close(descriptors.pop(-2))
    os.close(descriptors.pop())
    try:
        with pytest.raises(OSError, match="too deep"):
            folder.remove("d")
    finally:  # or pytest itself could not remove it
        while folder.is_folder("d"):
            inner = folder
            for _ in range(200):
                if not inner.is_folder("d"):
                    break
                inner = inner.below("d")
            if inner.is_folder("d"):
                inner.move("d", folder, "rest")
            folder.remove("d")
            if folder.is_folder("rest"):
                folder.move("rest", folder, "d")


def test_a_pipe_and_a_device_are_not_waited_for(folder: Folder) -> None:
    os.mkfifo(folder.path / "pipe")
    (folder.path / "device").symlink_to("/dev/zero")
    for name in ("pipe", "device"):
        with pytest.raises(NotOursError):
            folder.read(name, 10)
        with pytest.raises(NotOursError):
            folder.append(name)


def test_no_more_is_read_than_is_asked_for(folder: Folder) -> None:
    folder.put("file", b"12345")
    assert folder.read("file", 5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        folder.read("file", 4)


def test_a_second_name_is_not_written_into(folder: Folder, outside: Path) -> None:
    (folder.path / "file").hardlink_to(outside / "precious")
    with pytest.raises(NotOursError, match="hard link"):
        folder.append("file")
    folder.write("file", b"own")
    assert (outside / "precious").read_text() == "precious"


def test_who_is_moved_away_is_still_the_one(folder: Folder, outside: Path, tmp_path: Path) -> None:
    folder.path.rename(tmp_path / "moved")
    folder.path.symlink_to(outside)
    assert not folder.is_in_place
    assert folder.present_path == tmp_path / "moved"
    assert folder.lies_at(folder.steady_path)
    folder.write("file", b"own")
    folder.below("inner", make=True).close()
    assert sorted(path.name for path in (tmp_path / "moved").iterdir()) == ["file", "inner"]
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_nothing_is_done_in_a_folder_that_was_closed(folder: Folder) -> None:
    folder.close()
    folder.close()
    with pytest.raises(OSError, match="descriptor"):
        folder.make("inner")


def test_a_file_is_carried_within_a_volume_and_across(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Folder.move

    def across(self: Folder, name: str, into: Folder, new_name: str) -> None:
        if self is not into:
            raise OSError(18, "Invalid cross-device link")
        real(self, name, into, new_name)

    (tmp_path / "other").mkdir()
    other = Folder.at(tmp_path / "other")
    folder.put("a", b"content")
    carry(folder, "a", other, "b")
    monkeypatch.setattr(Folder, "move", across)
    carry(other, "b", folder, "c")
    assert (folder.names(), other.names()) == (["c"], [])
    assert folder.read("c", 10) == b"content"


@pytest.mark.parametrize("text", [b"no json", b"[1]", b"[" * 60_000, b"{" + b" " * 70_000, b"\xff\xfe"])
def test_what_is_no_note_is_none(folder: Folder, text: bytes) -> None:
    write_note(folder, "note", {"a": "b"})
    assert read_note(folder, "note") == {"a": "b"}
    folder.write("note", text)
    assert read_note(folder, "note") is None


def test_the_ground_notices_what_is_put_in_its_place(tmp_path: Path, outside: Path) -> None:
    ground = Ground(tmp_path / "dl")
    ground.check()
    for path in (tmp_path / "dl" / ".purser", tmp_path / "dl"):
        path.rename(tmp_path / "away")
        for put in (partial(path.symlink_to, outside), path.mkdir):
            put()
            with pytest.raises(ReplacedError, match="another folder"):
                ground.check()
            path.unlink() if path.is_symlink() else path.rmdir()
        (tmp_path / "away").rename(path)
        ground.check()


def test_a_link_to_the_ground_may_not_be_turned_elsewhere(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "dl").symlink_to(tmp_path / "real")
    ground = Ground(tmp_path / "dl")
    ground.check()
    assert ground.parts_of(tmp_path / "dl" / "a" / "b") == ground.parts_of(tmp_path / "real" / "a" / "b") == ("a", "b")
    assert ground.parts_of(tmp_path / "dl" / ".." / "b") is None
    (tmp_path / "dl").unlink()
    (tmp_path / "dl").symlink_to(outside)
    with pytest.raises(ReplacedError, match="another folder"):
        ground.check()


def test_the_inner_folder_lets_nobody_else_in(tmp_path: Path) -> None:
    (tmp_path / ".purser").mkdir()
    (tmp_path / ".purser").chmod(0o777)
    Ground(tmp_path)
    assert (tmp_path / ".purser").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives folders away")
def test_an_inner_folder_of_another_user_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".purser").mkdir()
    (tmp_path / ".purser").chmod(0o777)
    os.chown(tmp_path / ".purser", 65534, 65534)
    with pytest.raises(NotOursError, match=r"belongs to another user \(uid 65534\)"):
        Ground(tmp_path)
    assert (tmp_path / ".purser").stat().st_mode & 0o777 == 0o777
    assert [path.name for path in tmp_path.iterdir()] == [".purser"], "nothing is left of looking"
