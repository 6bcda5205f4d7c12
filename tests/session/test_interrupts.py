"""Ctrl-C at any instant drains, closes everything and is raised again: at each line of the program, in both modes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from actors import ProcessingSession
from actors.session.batch import BatchRun
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import GatedResources, Ground, MakeSession, orders, until
from tests.session.interrupting import Line, Lines, interrupt_main, traced

COUNT = 3
TRIES = 5
"""Whether the caller's thread waits at all depends on who is faster: a line of waiting is not passed each time."""
STEP = 20 if os.environ.get("PURSER_CRASH") == "quick" else 1
"""In the whole suite each twentieth line is struck; `pytest tests/session/test_interrupts.py` strikes them all."""
WORKING = ("session", "dispatch", "logins/core.py", "monitor/core.py")
WAITING = ("session/apart.py",)
"""The caller's own thread runs little else."""


@pytest.fixture(autouse=True)
def python_s_own_handler() -> Iterator[None]:
    """A shell's background job starts with interrupts ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _check(session: ProcessingSession, ground: Ground, raised: bool) -> None:
    """All is closed and told, and the session works on."""
    until(lambda: session._running is None, "the batch has ended")
    assert raised, "the interrupt was swallowed"
    assert session.get_progress()["session_status"] is not SessionStatus.RUNNING
    assert {one.status for one in session.results} <= {TaskStatus.NO_ATTACHMENTS, TaskStatus.CANCELLED}
    assert len(session.results) in (0, COUNT)
    assert session.validate_session_state() == []
    assert ground.opened == ground.closed
    assert session.process_pos(orders(2, 50))[:2] == (2, 0)
    assert session.validate_session_state() == []
    assert ground.opened == ground.closed


def _work(session: ProcessingSession) -> bool:
    """Run a batch; say whether an interrupt was raised."""
    try:
        session.process_pos(orders(COUNT))
    except KeyboardInterrupt:
        return True
    return False


def _lines_of(make_session: MakeSession, parallel: bool, *, here: bool) -> list[Line]:
    passed: dict[Line, None] = {}
    lines = Lines(passed.setdefault, *(("session",) if here else WORKING), but=() if here else WAITING)
    session = make_session(parallel)
    with traced(lines, here=here, elsewhere=not here):
        assert not _work(session)
    return list(passed)


@pytest.mark.timeout(900)  # at each line it takes some minutes
@pytest.mark.parametrize("parallel", [True, False])
def test_an_interrupt_while_any_line_is_worked_on_drains_and_is_raised_again(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    noted = threading.Event()
    interrupt = BatchRun.interrupt

    def note(batch: BatchRun) -> None:
        interrupt(batch)
        noted.set()

    monkeypatch.setattr(BatchRun, "interrupt", note)
    lines = _lines_of(make_session, parallel, here=False)
    assert len(lines) > 300
    struck_at = 0
    for target in lines[parallel::STEP]:
        noted.clear()
        struck: list[Line] = []

        def act(line: Line, target: Line = target, struck: list[Line] = struck) -> None:
            if line == target and not struck:
                struck.append(line)
                interrupt_main(noted)

        session = make_session(parallel)
        with traced(Lines(act, *WORKING, but=WAITING), here=False, elsewhere=True):
            raised = _work(session)
        if struck:  # not every line is passed each time
            struck_at += 1
            _check(session, ground, raised)
    assert struck_at > 0.8 * len(lines) / STEP


@pytest.mark.parametrize("second", [None, *range(10)])
@pytest.mark.parametrize("parallel", [True, False])
def test_an_interrupt_at_any_line_of_the_caller_s_own_thread_drains_and_is_raised_again(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool, second: int | None
) -> None:
    """The waiting itself is struck, and struck again so many lines later."""
    lines = _lines_of(make_session, parallel, here=True)
    assert len(lines) > 20
    interrupt, tracers = BatchRun.interrupt, list[Lines]()

    def go_on(batch: BatchRun) -> None:
        if second is not None and len(struck) == 1:
            tracers[-1].go_on(sys._getframe(1))
        interrupt(batch)

    monkeypatch.setattr(BatchRun, "interrupt", go_on)
    twice = struck_at = 0
    for target in lines:
        struck: list[Line] = []
        left = [second]

        def act(line: Line, target: Line = target, struck: list[Line] = struck, left: list[int | None] = left) -> None:
            if not struck and line == target:
                struck.append(line)
                raise KeyboardInterrupt
            if len(struck) == 1 and left[0] is not None:
                left[0] -= 1
                if left[0] < 0:
                    struck.append(line)
                    raise KeyboardInterrupt

        for _ in range(TRIES):
            session = make_session(parallel)
            tracers.append(Lines(act, "session"))
            with traced(tracers[-1], here=True, elsewhere=False):
                raised = _work(session)
            if struck:
                break
        if struck:
            struck_at += 1
            twice += len(struck) == 2
            _check(session, ground, raised)
    assert struck_at > 0.8 * len(lines)
    assert bool(twice) is (second is not None)


@pytest.mark.parametrize("parallel", [True, False])
def test_an_interrupt_at_any_line_that_leaves_the_block_closes_everything_and_is_raised_again(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """All but the very first step of leaving it, at which nothing of the program's own has begun."""

    def leave(lines: Lines) -> tuple[ProcessingSession, bool]:
        session = make_session(parallel).__enter__()
        assert session.process_pos(orders(COUNT))[:2] == (COUNT, 0)
        with traced(lines, here=True, elsewhere=False):
            try:
                session.__exit__(None, None, None)
            except KeyboardInterrupt:
                return session, True
        return session, False

    passed: dict[Line, None] = {}
    assert leave(Lines(passed.setdefault, "session"))[1] is False
    assert len(passed) > 10
    struck_at = 0
    for target in list(passed)[1:]:
        struck: list[Line] = []

        def act(line: Line, target: Line = target, struck: list[Line] = struck) -> None:
            if line == target and not struck:
                struck.append(line)
                raise KeyboardInterrupt

        for _ in range(TRIES):
            session, raised = leave(Lines(act, "session"))
            if struck:
                break
        if struck:
            struck_at += 1
            _check(session, ground, raised)
    assert struck_at > 0.8 * len(passed)


def test_an_interrupt_while_the_engine_is_closed_waits_for_it(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a batch is not broken off: the folder's lock, the threads and the browsers go with it."""
    close = GatedResources.close
    noted = threading.Event()
    interrupt = BatchRun.interrupt

    def note(batch: BatchRun) -> None:
        interrupt(batch)
        noted.set()

    def close_amid_an_interrupt(run_resources: GatedResources) -> tuple[str, ...]:
        interrupt_main(noted)
        return close(run_resources)

    monkeypatch.setattr(BatchRun, "interrupt", note)
    monkeypatch.setattr(GatedResources, "close", close_amid_an_interrupt)
    for parallel in (True, False):
        session = make_session(parallel)
        with pytest.raises(KeyboardInterrupt):
            session.process_pos(orders(COUNT))
        assert ground.opened == ground.closed
        assert session.validate_session_state() == []
        assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
        assert [one.status for one in session.results] == [TaskStatus.NO_ATTACHMENTS] * COUNT
