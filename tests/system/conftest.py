"""A portal on loopback, sessions and programs with real browsers, and a look after each test at what is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import psutil
import pytest

from actors import ProcessingSession
from contracts.config import HeadlessConfiguration, RetryPolicy, Timeouts
from contracts.tasks import POResult, TaskStatus
from scripts.demo_portal import DemoPortal

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds after which a wait in these tests has failed."""
TIMEOUTS = Timeouts(
    page_load=20,
    driver_command=30,
    http_read=1.5,
    download_stall=2,
    inactivity=40,
    task=90,
    worker_ready=60,
    circuit_probe_first=0.1,
    circuit_probe_max=0.2,
    restart_verdict=5,
    root_silence=30,
)
RETRY = RetryPolicy(base_delay=0.05, max_delay=0.2)


def until(
    happened: Callable[[], bool], what: str, seconds: float = PATIENCE, instead: Callable[[], object] = str
) -> None:
    """Wait until something is so. A look that is dear, as at every process there is, comes less often.

    Args:
        happened: Says whether it is so.
        what: What is waited for, in words.
        seconds: How long.
        instead: Asked when it did not happen: what is to be told of how things stand.
    """
    pulse, end = threading.Event(), time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if happened():
            return
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}; {instead()}")
        pulse.wait(max(0.02, 4 * (time.monotonic() - began)))


# --------------------------------------------------------------------------------------------------------- processes


@attrs.frozen
class Sandbox:
    """The place of one test. Every browser's command line names `temp`, which tells ours from all others.

    Args:
        temp: What the system's folder for temporary files is here; short, as Chromium's sockets need it.
        state: The user's state folder.
        downloads: The download folder.
    """

    temp: Path
    state: Path
    downloads: Path

    def processes(self) -> list[psutil.Process]:
        """Return every living process that names the sandbox or carries a browser's mark from it."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            if any(str(self.temp) in word for word in process.cmdline()):
                return True
            marks = process.environ()
        except psutil.Error:
            return False
        return "PURSER_NONCE" in marks and any(str(self.temp) in value for value in marks.values())

    def browsers(self, kind: str = "browser") -> list[psutil.Process]:
        """Return drivers, browsers or renderers, told by their command lines."""
        return [process for process in self.processes() if kind_of(process) == kind]

    def folders(self) -> list[Path]:
        """Return what is left in the folder for temporary files."""
        return list(self.temp.iterdir())


def kind_of(process: psutil.Process) -> str:
    """Say what a process of a worker is: driver, browser, renderer or something else."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return ""
    if not words:
        return ""
    if "chromedriver" in Path(words[0]).name:
        return "driver"
    # Chromium writes the switches of its children as one word.
    line = " ".join(words)
    if "--type=renderer" in line:
        return "renderer"
    return "browser" if "--user-data-dir=" in line and "--type=" not in line and "crashpad" not in line else ""


@pytest.fixture(autouse=True)
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Give each test its own folders and login, and check afterwards that no process and no folder is left."""
    temp = Path(tempfile.mkdtemp(prefix="ps-", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(temp))
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PURSER_USERNAME", DemoPortal.username)
    monkeypatch.setenv("PURSER_PASSWORD", DemoPortal.password)
    monkeypatch.delenv("PURSER_DEBUG", raising=False)
    before = set(psutil.Process().children(recursive=True))
    place = Sandbox(temp, tmp_path / "state", tmp_path / "downloads")
    try:
        yield place
        until(lambda: not place.processes(), "no process is left", 10)
        until(lambda: not set(psutil.Process().children(recursive=True)) - before, "no child is left", 10)
        assert place.folders() == []
        assert list((place.state / "runs").glob("*")) == []
        assert not list((place.downloads / ".purser" / "staging").glob("*"))
    finally:
        for process in place.processes():
            process.kill()
        shutil.rmtree(temp, ignore_errors=True)


# ------------------------------------------------------------------------------------------------------------ portal

StartPortal = Callable[..., DemoPortal]


@pytest.fixture
def start_portal(sandbox: Sandbox) -> Iterator[StartPortal]:
    """Start portals with settings of the test's own."""
    started: list[DemoPortal] = []

    def start(**settings: Any) -> DemoPortal:
        portal = DemoPortal(**settings)
        portal.__enter__()
        started.append(portal)
        return portal

    yield start
    for portal in started:
        portal.__exit__(None, None, None)


# ----------------------------------------------------------------------------------------------------------- sessions


@pytest.fixture
def make_session(sandbox: Sandbox) -> Callable[..., ProcessingSession]:
    """Make sessions over real browsers, with short deadlines."""

    def make(portal: DemoPortal, workers: int = 2, /, *, parallel: bool = True, **options: Any) -> ProcessingSession:
        settings: dict[str, Any] = {
            "base_url": portal.url, "download_dir": sandbox.downloads, "timeouts": TIMEOUTS, "retry": RETRY, "seed": 7,
        } | options  # fmt: skip
        return ProcessingSession(HeadlessConfiguration(), parallel, workers, **settings)

    return make


MakeSession = Callable[..., ProcessingSession]


def orders(numbers: Iterable[str]) -> list[dict[str, Any]]:
    """Orders as the contract writes them."""
    return [{"po_number": number, "supplier": "", "url": "", "amount": 1.0} for number in numbers]


class Beside:
    """Runs a batch on a thread of its own, so that the test can disturb it."""

    def __init__(self, session: ProcessingSession, po_list: list[dict[str, Any]]) -> None:
        self._answer: tuple[int, int, dict[str, Any]] | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(session, po_list), daemon=True)
        self._thread.start()

    def _run(self, session: ProcessingSession, po_list: list[dict[str, Any]]) -> None:
        try:
            self._answer = session.process_pos(po_list)
        except BaseException as error:  # noqa: BLE001 - handed over to the test's own thread
            self._error = error

    @property
    def is_over(self) -> bool:
        """Whether the batch has ended."""
        return not self._thread.is_alive()

    def result(self) -> tuple[int, int, dict[str, Any]]:
        """Wait for the end."""
        self._thread.join(PATIENCE * 1.5)
        assert self.is_over, "the batch did not end"
        if self._error is not None:
            raise self._error
        assert self._answer is not None
        return self._answer


# -------------------------------------------------------------------------------------------------------------- truth


def assert_files_are_true(portal: DemoPortal, results: Iterable[POResult], downloads: Path) -> None:
    """Check every outcome against the portal's truth, and that the folder holds nothing else."""
    truth = portal.truth()
    expected: set[Path] = set()
    for result in results:
        files = truth[result.po_number].files
        assert result.status is (TaskStatus.COMPLETED if files else TaskStatus.NO_ATTACHMENTS), result
        assert result.attachments_found == len(files)
        if not files:
            assert result.folder is None
            continue
        assert result.folder is not None
        assert result.folder.is_relative_to(downloads)
        on_disk = {path.name: path for path in result.folder.iterdir()}
        hashes = {name: sha256(path.read_bytes()).hexdigest() for name, path in on_disk.items()}
        assert Counter(hashes.values()) == Counter(file.sha256 for file in files), result
        assert {file.name: file.sha256 for file in result.attachments} == hashes
        expected.add(result.folder)
    assert set(published(downloads)) == expected


def published(downloads: Path) -> list[Path]:
    """Every order's folder there is."""
    suppliers = [path for path in downloads.iterdir() if path.is_dir() and path.name != ".purser"]
    return [folder for supplier in suppliers for folder in supplier.iterdir()]


def superseded(downloads: Path) -> list[Path]:
    """Every folder that was published a second time."""
    return list((downloads / ".purser" / "superseded").glob("*/*/*"))


# ----------------------------------------------------------------------------------------------------------- programs


class Program:
    """A child process: `purser`, or a few lines of Python. Not stopped by a signal meant for the test."""

    def __init__(self, words: list[str], tmp_path: Path) -> None:
        self.out, self.err = tmp_path / "stdout.txt", tmp_path / "stderr.txt"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=ROOT, start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    def code(self, seconds: float = PATIENCE) -> int:
        """Wait for the exit code."""
        return self.process.wait(seconds)

    def told(self) -> str:
        """What it said on both streams."""
        return self.out.read_text() + self.err.read_text()

    def end(self) -> None:
        """Kill it if it still runs, and let its watchdog tidy up."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


StartProgram = Callable[..., Program]


@pytest.fixture
def start_program(tmp_path: Path, sandbox: Sandbox) -> Iterator[StartProgram]:
    """Start child processes: `start("run", file)` is the command, `start(code="...")` is Python."""
    started: list[Program] = []

    def start(*words: object, code: str = "") -> Program:
        purser = [str(Path(sysconfig.get_path("scripts")) / "purser")]
        folder = tmp_path / f"program-{len(started)}"
        folder.mkdir()
        program = Program([*([sys.executable, "-c", code] if code else purser), *map(str, words)], folder)
        started.append(program)
        return program

    yield start
    for program in started:
        program.end()
