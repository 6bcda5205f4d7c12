"""Profiles are private, distinct clones that are gone at the end."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors import ProfileManager
from actors.browser.options import child_environment
from actors.browser.profiles import folder_of, make_folder
from contracts.errors import MachineError, ProfileCorruptionError
from contracts.ports import Owner


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's own is read or written."""
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    (folder / "Default" / "Cache").mkdir(parents=True)
    (folder / "Default" / "Cache" / "data_0").write_text("cached")
    (folder / "Default" / "Cookies").write_text("cookies")
    (folder / "Local State").write_text("{}")
    (folder / "SingletonLock").symlink_to("host-1234")
    return folder


def test_a_clone_holds_the_login_but_no_locks_and_no_caches(base: Path) -> None:
    profiles = ProfileManager(base)
    clone = Path(profiles.create_profile("w1"))
    assert clone != base
    assert sorted(path.name for path in clone.rglob("*")) == ["Cookies", "Default", "Local State"]
    assert stat.S_IMODE(clone.stat().st_mode) == 0o700
    (clone / "Default" / "Cookies").write_text("changed")
    assert (base / "Default" / "Cookies").read_text() == "cookies"
    profiles.cleanup_profile("w1")
    assert not clone.parent.exists()


def test_sockets_and_dangling_links_of_a_live_browser_are_left_out(base: Path) -> None:
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as live:
        os.chdir(base)
        try:
            live.bind("live-socket")
        finally:
            os.chdir(here)
        (base / "dangling").symlink_to("nowhere")
        profiles = ProfileManager(base)
        names = {path.name for path in Path(profiles.create_profile("w1")).iterdir()}
        profiles.cleanup_profile("w1")
    assert names == {"Default", "Local State"}


def test_four_threads_get_four_distinct_clones(base: Path) -> None:
    profiles = ProfileManager(str(base))
    assert profiles.base_profile_path == str(base)
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda name: made.append(profiles.create_profile(name)), args=(f"worker {number}",))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4
    assert all(Path(path).is_dir() for path in made)
    for number in range(4):
        profiles.cleanup_profile(f"worker {number}")
    profiles.cleanup_profile("worker 0")
    assert not any(Path(path).parent.exists() for path in made)


def test_a_base_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    profiles = ProfileManager(tmp_path / "none")
    assert list(Path(profiles.create_profile("w1")).iterdir()) == []
    profiles.cleanup_profile("w1")


def test_a_base_that_is_a_file_or_a_dangling_link_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "link"):
        profiles = ProfileManager(tmp_path / name)
        with pytest.raises(ProfileCorruptionError, match="not a folder"):
            profiles.create_profile("w1")
        assert profiles._file is None


def test_a_base_with_damaged_settings_is_corrupt(base: Path) -> None:
    (base / "Local State").write_text('{"profile": ')
    with pytest.raises(ProfileCorruptionError, match="damaged"):
        ProfileManager(base).create_profile("w1")


@pytest.mark.parametrize("failures", [1, 2])
def test_a_bad_clone_is_made_once_more(base: Path, monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
    real, calls = shutil.copytree, []

    def copytree(*args: Any, **options: Any) -> Any:
        calls.append(args)
        if len(calls) <= failures:
            raise shutil.Error([("a", "b", "vanished")])
        return real(*args, **options)

    monkeypatch.setattr(shutil, "copytree", copytree)
    profiles = ProfileManager(base)
    if failures == 2:
        with pytest.raises(ProfileCorruptionError, match="cannot be cloned"):
            profiles.create_profile("w1")
        assert profiles._file is None
    else:
        assert (Path(profiles.create_profile("w1")) / "Default" / "Cookies").exists()
        profiles.cleanup_profile("w1")


def test_a_root_with_a_long_path_is_refused_before_the_browser_would_fail(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="TMPDIR"):
        make_folder(tmp_path / ("x" * 60), Owner("w1", 1), None)


@given(st.text(), st.text(), st.integers(0, 10**6))
def test_no_two_workers_share_a_folder_whatever_they_are_called(one: str, other: str, generation: int) -> None:
    root = Path("/tmp/purser-12345678")
    first, second = folder_of(root, Owner(one, generation)), folder_of(root, Owner(other, generation))
    assert (first == second) == (one == other)
    assert first.path.parent == root
    assert len(str(first.temporary)) <= 60


def test_a_browser_gets_no_secret_and_only_its_own_folders() -> None:
    folder = folder_of(Path("/tmp/purser-12345678"), Owner("w1", 1))
    variables = {
        "PATH": "/bin",
        "PURSER_USERNAME": "ann",
        "PURSER_PASSWORD": "x",
        "SE_CHROMEDRIVER": "y",
        "TMPDIR": "/t",
    }
    environment = child_environment(variables, folder, "nonce")
    assert "PURSER_PASSWORD" not in environment
    assert "PURSER_USERNAME" not in environment
    assert "SE_CHROMEDRIVER" not in environment
    assert environment["PATH"] == "/bin"
    assert environment["TMPDIR"] == str(folder.temporary)
    assert environment["PURSER_NONCE"] == "nonce"


def test_clones_lie_in_the_systems_temporary_folder(base: Path) -> None:
    profiles = ProfileManager(base)
    assert Path(profiles.create_profile("w1")).parent.parent == Path(tempfile.gettempdir())
    profiles.cleanup_profile("w1")
