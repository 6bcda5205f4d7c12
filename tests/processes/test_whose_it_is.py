"""Whose a process or a run is: by whole paths, by what was ordered, by who still lives. No process is started."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from actors.processes import groups, leftovers, records
from actors.processes.ledger import ProcessLedger
from actors.processes.reaper import Reaped, reap
from actors.processes.runfile import runs_folder
from contracts.errors import BrowserDiedError
from contracts.ports import Owner

SOURCE: Any = vars(groups)["source"]
"""Where processes are read from on this system."""
FOLDER = "/tmp/purser-1/w1"


@pytest.mark.parametrize(
    ("argument", "names"),
    [
        (f"--user-data-dir={FOLDER}", True),
        (f"--user-data-dir={FOLDER}/profile", True),
        (FOLDER, True),
        (f'--extra="{FOLDER}/a"', True),
        (f"--paths=/a,{FOLDER},/b", True),
        (f"run {FOLDER} now", True),
        (f"--user-data-dir={FOLDER}1", False),
        (f"--user-data-dir={FOLDER}-2/profile", False),
        (f"/home/somebody{FOLDER}", False),
        ("--user-data-dir=/tmp/purser-1", False),
        ("", False),
    ],
)
def test_a_folder_is_named_as_a_whole_path_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, argument: str, names: bool
) -> None:
    monkeypatch.setattr(SOURCE, "command_line", lambda _pid: [b"driver", argument.encode()])
    monkeypatch.setattr(SOURCE, "environment", lambda _pid: [f"TMPDIR={argument}".encode()])
    assert groups.mentions(1, FOLDER) is names
    if "=" not in argument and not argument.startswith("run") and argument:
        assert groups.in_environment(1, FOLDER) is names


NOBODY = groups.Process(pid=2**30, group=2**30, start=7, living=True)
"""A process that can be seen and not killed; no system gives such a number."""


@pytest.fixture
def immortal(ledger: ProcessLedger, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The owner's driver is seen whatever is done to it. Returns whom it was tried to kill."""
    killed: list[int] = []
    monkeypatch.setattr(groups, "kill_group", killed.append)
    monkeypatch.setattr(groups, "is_running", lambda pid, start: (pid, start) == (NOBODY.pid, NOBODY.start))
    monkeypatch.setattr(leftovers, "owned_members", lambda record, _machine=None: (NOBODY,) if record.pid else ())
    monkeypatch.setattr(leftovers, "strays", lambda _records: ())
    monkeypatch.setattr("actors.processes.ledger._CLOSE_SECONDS", 0.0)
    ledger.announce(owner, ledger.root / "w1", "nonce")
    ledger._entries[owner].record = records.GroupRecord("w1/1", "folder", "nonce", NOBODY.pid, NOBODY.start)
    return killed


def test_a_browser_that_was_killed_a_moment_ago_is_not_alive_though_it_can_still_be_seen(
    ledger: ProcessLedger, owner: Owner, immortal: list[int]
) -> None:
    assert ledger.is_alive(owner)
    ledger.kill(owner)
    assert immortal == [NOBODY.pid]
    assert not ledger.is_alive(owner)


def test_the_file_of_a_run_of_which_something_lives_stays_for_the_next_start(
    ledger: ProcessLedger, owner: Owner, immortal: list[int]
) -> None:
    assert ledger.close() == (owner,)
    assert not ledger.root.exists()
    assert ledger._file.path.exists()


def test_a_live_run_whose_lock_cannot_be_seen_is_left_alone(tmp_path: Path) -> None:
    """As where the state folder lies on a share that knows no locks."""
    own = groups.look(os.getpid())
    assert own is not None
    root = tmp_path / f"{records.ROOT_PREFIX}live"
    root.mkdir()
    (root / records.MARKER).write_text("live", encoding="utf-8")
    runs_folder(tmp_path).mkdir()
    path = runs_folder(tmp_path) / "live.jsonl"
    header = records.RunHeader("live", own.pid, own.start, groups.boot_id(), str(root), str(path))
    path.write_bytes(records.header_line(header))
    assert reap(tmp_path) == Reaped()
    assert path.exists()
    assert root.exists()


def test_the_folders_of_a_run_are_its_users_alone_and_made_where_nothing_is(tmp_path: Path) -> None:
    state = tmp_path / "not" / "there"
    for _ in range(2):
        with ProcessLedger(state, watchdog=False) as ledger:
            assert stat.S_IMODE(runs_folder(state).stat().st_mode) == 0o700
            assert stat.S_IMODE(ledger.root.stat().st_mode) == 0o700
            assert (ledger.root / records.MARKER).read_text(encoding="utf-8") == ledger._file.run
    assert list(runs_folder(state).iterdir()) == []


def test_a_browser_that_never_was_need_not_be_asked_to_end(ledger: ProcessLedger, owner: Owner) -> None:
    assert ledger.terminate(owner, 0.0) is True
    ledger.announce(owner, ledger.root / "w1", "nonce")
    assert ledger.terminate(owner, 0.0) is True


@attrs.define
class Driver:
    """A driver that was started a moment too late."""

    waited: int = 0

    def wait(self) -> int:
        """Reap it."""
        self.waited += 1
        return -9


def test_a_driver_that_comes_too_late_is_killed_and_its_group_waited_for(
    tmp_path: Path, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    left = [(NOBODY,), (NOBODY,), ()]
    monkeypatch.setattr(groups, "kill_group", killed.append)
    monkeypatch.setattr(groups, "members", lambda _pid: left.pop(0))
    waits: list[float] = []
    driver = Driver()
    with ProcessLedger(tmp_path, watchdog=False, wait=waits.append, monotonic=lambda: 0.0) as ledger:
        with pytest.raises(BrowserDiedError, match="stopped while it was starting"):
            ledger.record(owner, NOBODY.pid, tmp_path, "nonce", cast("subprocess.Popen[bytes]", driver))
        assert (killed, driver.waited, len(waits), left) == ([NOBODY.pid], 1, 2, [])


@pytest.mark.parametrize(("looks", "in_time"), [(1, True), (3, True), (9, False)])
def test_a_browser_that_is_asked_to_end_is_waited_for_and_no_longer_than_it_may_take(
    tmp_path: Path, owner: Owner, monkeypatch: pytest.MonkeyPatch, looks: int, in_time: bool
) -> None:
    lives = iter([True] * looks + [False] * 9)
    asked: list[int] = []
    now = [0.0]
    monkeypatch.setattr(groups, "is_running", lambda _pid, _start: next(lives))
    monkeypatch.setattr(groups, "ask_to_end", asked.append)
    monkeypatch.setattr(leftovers, "owned_members", lambda _record, _machine=None: ())
    monkeypatch.setattr(leftovers, "strays", lambda _records: ())

    def wait(_seconds: float) -> None:
        now[0] += 1.0

    with ProcessLedger(tmp_path, watchdog=False, wait=wait, monotonic=lambda: now[0]) as ledger:
        ledger.announce(owner, tmp_path, "nonce")
        ledger._entries[owner].record = records.GroupRecord("w1/1", "folder", "nonce", NOBODY.pid, 7, NOBODY.pid)
        assert ledger.terminate(owner, 5.0) is in_time
    assert asked == [NOBODY.pid]


@pytest.mark.parametrize("stray", [False, True])
def test_what_a_dead_run_left_is_killed_until_nothing_of_it_is_seen(
    monkeypatch: pytest.MonkeyPatch, stray: bool
) -> None:
    left = [(NOBODY,), (NOBODY,), ()]
    killed: list[int] = []
    waits: list[float] = []

    def seen(*_arguments: object) -> tuple[groups.Process, ...]:
        return left.pop(0)

    def none(*_arguments: object) -> tuple[groups.Process, ...]:
        return ()

    monkeypatch.setattr(groups, "living", none)
    monkeypatch.setattr(groups, "kill_group", killed.append)
    monkeypatch.setattr(groups, "kill_process", lambda process: killed.append(process.pid))
    monkeypatch.setattr(leftovers, "owned_members", none if stray else seen)
    monkeypatch.setattr(leftovers, "strays", seen if stray else none)
    record = records.GroupRecord("w1/1", "folder", "nonce", NOBODY.pid, NOBODY.start)
    assert leftovers._kill((record,), waits.append) == (0 if stray else 1, 1, True)
    assert (killed, len(waits)) == ([NOBODY.pid] * 2, 2)


def test_what_does_not_die_is_told_as_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "living", tuple)
    monkeypatch.setattr(groups, "kill_group", lambda _group: None)
    monkeypatch.setattr(leftovers, "owned_members", lambda _record, _machine=None: (NOBODY,))
    monkeypatch.setattr(leftovers, "strays", lambda _records: ())
    record = records.GroupRecord("w1/1", "folder", "nonce", NOBODY.pid, NOBODY.start)
    assert leftovers._kill((record,), lambda _seconds: None) == (1, 1, False)
