"""The runner of callbacks: the latest only, one at a time, and nobody waits for long."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import Any

import pytest

from actors.reporter.callback_runner import CallbackRunner
from actors.runtime import ThreadEnvironment

PATIENCE = 20.0


def test_a_callback_gets_what_is_offered_and_a_final_call() -> None:
    got: list[int] = []
    callbacks = CallbackRunner(ThreadEnvironment())
    callbacks.set_callback(lambda progress: got.append(progress["n"]))
    assert callbacks.finish(lambda: {"n": 1}, PATIENCE)
    assert callbacks.finish(lambda: {"n": 2}, PATIENCE)
    assert got == [1, 2]


def test_without_a_callback_nothing_is_made() -> None:
    callbacks = CallbackRunner(ThreadEnvironment())

    def never() -> dict[str, Any]:
        raise AssertionError("nobody asks for it")

    callbacks.offer(never)
    assert callbacks.finish(never, PATIENCE)


def test_a_callback_that_raises_is_counted_and_called_again() -> None:
    callbacks = CallbackRunner(ThreadEnvironment())

    def fail(_progress: object) -> None:
        raise ValueError("the user's own")

    callbacks.set_callback(fail)
    assert callbacks.finish(dict, PATIENCE)
    assert callbacks.finish(dict, PATIENCE)
    assert callbacks.failures == 2


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_callback_that_asks_for_the_end_of_the_program_is_logged_and_called_again(
    raised: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    callbacks = CallbackRunner(ThreadEnvironment())

    def leave(_progress: object) -> None:
        raise raised

    callbacks.set_callback(leave)
    with caplog.at_level(logging.ERROR, logger="purser.reporter"):
        assert callbacks.finish(dict, PATIENCE)
        assert callbacks.finish(dict, PATIENCE)
    assert callbacks.failures == 2
    assert caplog.text.count("The progress callback raised") == 2
    assert type(raised).__name__ in caplog.text


def test_an_asynchronous_callback_in_disguise_is_told_and_leaves_nothing_unawaited(
    caplog: pytest.LogCaptureFixture,
) -> None:
    callbacks = CallbackRunner(ThreadEnvironment())

    async def later(_progress: object) -> None:
        raise AssertionError("nobody awaits it")

    callbacks.set_callback(later)
    with caplog.at_level(logging.ERROR, logger="purser.reporter"):
        assert callbacks.finish(dict, PATIENCE)
    assert callbacks.failures == 1
    assert "Give a plain function" in caplog.text


class _Threadless(ThreadEnvironment):
    """A machine without a thread, for as many times as it is asked."""

    times = 1

    def run_job(self, name: str, job: object) -> None:
        if self.times:
            self.times -= 1
            raise RuntimeError("can't start new thread")
        super().run_job(name, job)  # type: ignore[arg-type]  # it is a job


def test_a_call_for_which_there_is_no_thread_is_left_out_and_the_lane_stays_free() -> None:
    got: list[int] = []
    callbacks = CallbackRunner(_Threadless())
    callbacks.set_callback(lambda progress: got.append(progress["n"]))
    callbacks.offer(lambda: {"n": 1})
    assert callbacks.skipped == 1
    assert callbacks.finish(lambda: {"n": 2}, PATIENCE)
    callbacks = CallbackRunner(_Threadless())
    callbacks.set_callback(lambda progress: got.append(progress["n"]))
    assert callbacks.finish(lambda: {"n": 3}, PATIENCE) is False
    assert callbacks.finish(lambda: {"n": 4}, PATIENCE)
    assert got == [2, 4]


def test_a_callback_that_blocks_delays_nobody_and_reports_in_between_are_left_out() -> None:
    callbacks, entered, leave = CallbackRunner(ThreadEnvironment()), threading.Event(), threading.Event()
    calls: list[int] = []

    def block(progress: dict[str, int]) -> None:
        calls.append(progress["n"])
        entered.set()
        leave.wait(PATIENCE)

    callbacks.set_callback(block)
    callbacks.offer(lambda: {"n": 1})
    assert entered.wait(PATIENCE)
    for number in range(2, 7):
        callbacks.offer(partial(dict, n=number))
    assert callbacks.skipped == 5
    assert callbacks.finish(lambda: {"n": 9}, 0.01) is False, "the final call is left out, and said to be"
    leave.set()
    assert callbacks.finish(lambda: {"n": 10}, PATIENCE)
    assert calls == [1, 10]


def test_two_calls_never_run_at_once() -> None:
    callbacks, inside, most = CallbackRunner(ThreadEnvironment()), [], []

    def call(_progress: object) -> None:
        inside.append(1)
        most.append(len(inside))
        inside.pop()

    callbacks.set_callback(call)
    for _ in range(200):
        callbacks.offer(dict)
    assert callbacks.finish(dict, PATIENCE)
    assert set(most) == {1}
