"""Clones hold logins: none outlives its program, whatever became of it; and links in a base lead to no end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from actors import ProfileManager
from actors.processes.leaks import runs_on_machine
from actors.processes.reaper import reap
from contracts.errors import ConfigurationError, ProfileCorruptionError
from tests.session.conftest import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base profile with a login in it."""
    folder = tmp_path / "base"
    (folder / "Default").mkdir(parents=True)
    (folder / "Default" / "Cookies").write_text("cookies")
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder of the test."""
    return tmp_path / "state"


def left_over(state: Path) -> list[str]:
    """Notes of runs that are left."""
    return sorted(path.name for path in (state / "runs").glob("*")) if state.is_dir() else []


@pytest.mark.parametrize("wrong", ["", None, 3, b"/tmp/x", [], True, "a\0b"])
def test_a_base_that_is_no_path_is_refused_by_its_name(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="base_profile_path"):
        ProfileManager(wrong)
    with pytest.raises(ConfigurationError, match="base_profile_path"):
        ProfileManager(base_profile_path=wrong)


def test_what_was_given_can_be_read(base: Path) -> None:
    """Contract 43."""
    assert ProfileManager(str(base)).base_profile_path == str(base)
    assert ProfileManager(base_profile_path=base).base_profile_path == base


def test_a_clone_is_noted_before_it_is_made_and_nothing_is_left_after_the_last(base: Path, state: Path) -> None:
    """Contract 44, 46, 47; and the manager can be used again."""
    profiles = ProfileManager(base)
    for _ in range(2):
        one, other = Path(profiles.create_profile("w1")), Path(profiles.create_profile("w2"))
        (run,) = runs_on_machine(state)
        assert (run.program, run.is_live, run.folder) == (os.getpid(), True, str(one.parent))
        assert reap(state).runs == 0, "a manager that is at work is not reaped"
        profiles.cleanup_profile("w1")
        assert (one.exists(), other.exists()) == (False, True)
        profiles.cleanup_profile("w2")
        assert not one.parent.exists()
        assert left_over(state) == []


@pytest.mark.parametrize("worker", ["", "a/b", "../x", "w" * 500, "\ud800", "w 1", "CON", "."])
def test_whatever_a_worker_is_called_its_clone_lies_inside_and_goes(base: Path, state: Path, worker: str) -> None:
    profiles = ProfileManager(base)
    clone = Path(profiles.create_profile(worker))
    assert (clone / "Default" / "Cookies").read_text() == "cookies"
    assert clone.parent.name.startswith("purser-")
    profiles.cleanup_profile(worker)
    assert not clone.parent.exists()


@pytest.mark.parametrize("wrong", [None, 3, b"w1"])
def test_a_worker_that_is_no_text_is_refused_and_nothing_is_made(base: Path, state: Path, wrong: Any) -> None:
    with pytest.raises(TypeError, match="worker_id must be a text"):
        ProfileManager(base).create_profile(wrong)
    assert left_over(state) == []


def test_threads_that_ask_for_one_worker_get_a_path_each_and_the_last_one_stands(base: Path, state: Path) -> None:
    """Contract 45."""
    profiles = ProfileManager(base)
    made: list[str] = []
    go = threading.Barrier(4)

    def ask() -> None:
        go.wait(PATIENCE)
        made.extend(profiles.create_profile("w1") for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(set(made)) == 20
    standing = [path for path in made if Path(path).exists()]
    assert len(standing) == 1
    assert sorted(one.name for one in Path(standing[0]).parent.iterdir()) == [".purser-run", Path(standing[0]).name]
    profiles.cleanup_profile("w1")
    assert left_over(state) == []


@pytest.mark.parametrize("target", [".", "..", "../..", "../base", "/", "Default", "Default/.."])
@pytest.mark.parametrize("place", ["loop", "Default/loop"])
def test_a_link_that_leads_back_is_left_out_and_the_rest_is_copied(base: Path, place: str, target: str) -> None:
    link = base / place
    link.symlink_to(target)
    profiles = ProfileManager(base)
    clone = Path(profiles.create_profile("w1"))
    assert (clone / "Default" / "Cookies").read_text() == "cookies"
    assert len(list(clone.rglob("*"))) <= 5
    profiles.cleanup_profile("w1")


def test_links_that_lead_to_one_another_come_to_an_end(base: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (base / one).mkdir()
        (base / one / "file").write_text(one)
        (base / one / "link").symlink_to(base / other)
    (base / "self").symlink_to("self")
    (base / "ring").symlink_to("gnir")
    (base / "gnir").symlink_to("ring")
    profiles = ProfileManager(base)
    clone = Path(profiles.create_profile("w1"))
    assert {path.relative_to(clone).as_posix() for path in clone.rglob("file")} == {
        "a/file",
        "a/link/file",
        "b/file",
        "b/link/file",
    }
    profiles.cleanup_profile("w1")


def test_a_base_that_is_a_ring_of_links_is_corrupt_and_leaves_nothing(tmp_path: Path, state: Path) -> None:
    (tmp_path / "ring").symlink_to("ring")
    with pytest.raises(ProfileCorruptionError, match="not a folder"):
        ProfileManager(tmp_path / "ring").create_profile("w1")
    assert left_over(state) == []


def test_after_an_interrupt_amid_a_clone_nothing_is_left(
    base: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots: list[Path] = []

    def strike(_base: Path, into: Path) -> None:
        into.mkdir()
        roots.append(into.parent)
        raise KeyboardInterrupt

    monkeypatch.setattr("actors.session.profile_manager.clone", strike)
    with pytest.raises(KeyboardInterrupt):
        ProfileManager(base).create_profile("w1")
    assert not roots[0].exists()
    assert left_over(state) == []


_PROGRAM = """
import os, sys
from actors import ProfileManager
profiles = ProfileManager(sys.argv[1])
others = ProfileManager(sys.argv[1])
print(profiles.create_profile("w1"), profiles.create_profile("w2"), others.create_profile("w1"), flush=True)
others.cleanup_profile("w1")
if sys.argv[2] == "forks" and os.fork() == 0:
    sys.exit(0)
if sys.argv[2] == "forks":
    os.wait()
    mine = profiles.create_profile("w3")
    print(os.path.exists(mine), len(os.listdir(os.path.dirname(mine))))
if sys.argv[2] == "raises":
    raise SystemExit(3)
if sys.argv[2] == "waits":
    sys.stdin.read()
"""


def start(base: Path, state: Path, how: str) -> tuple[subprocess.Popen[str], list[Path]]:
    """Start a program with two clones that it does not clean up; return it and where they lie."""
    child = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(base), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PURSER_STATE_DIR": str(state)},
    )
    assert child.stdout is not None
    clones = [Path(path) for path in child.stdout.readline().split()]
    assert len(clones) == 3
    return child, clones


@pytest.mark.parametrize("how", ["ends", "raises", "forks"])
def test_a_program_that_ends_leaves_no_clone_that_it_did_not_clean_up(base: Path, state: Path, how: str) -> None:
    child, clones = start(base, state, how)
    rest, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == (3 if how == "raises" else 0)
    if how == "forks":
        assert rest.split() == ["True", "4"], "the child that was forked took its parent's clones"
    assert not any(path.parent.exists() for path in clones)
    assert left_over(state) == []


def test_what_a_killed_program_leaves_is_named_and_removed_by_the_next_start(base: Path, state: Path) -> None:
    child, clones = start(base, state, "waits")
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=PATIENCE)
    assert clones[0].exists()
    told = subprocess.run(
        [sys.executable, "-m", "actors.cli.entry", "doctor", "--leaks"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PURSER_STATE_DIR": str(state)},
        timeout=PATIENCE,
        check=False,
    )
    assert told.returncode != 0
    assert str(clones[0].parent) in told.stdout.replace("\n", "")
    assert f"run of process {child.pid} (dead)" in told.stdout
    profiles = ProfileManager(base)
    mine = profiles.create_profile("w1")
    assert not clones[0].parent.exists()
    assert Path(mine).exists()
    profiles.cleanup_profile("w1")
    assert left_over(state) == []
