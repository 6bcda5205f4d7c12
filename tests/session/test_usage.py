"""Processors and network: what this session uses, as means, and nobody's question changes another's answer (22)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

from actors.fetch.traffic import Traffic
from actors.session.run_resources import RunRequest
from actors.session.usage import LEAST_SECONDS, Rates, Reading, UsageMeter, rates_between
from tests.session.conftest import Beside, GatedResources, Ground, MakeSession, orders, until

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])


class Machine:
    """A clock, and what a session has used at each time: one processor here, half of one in a browser, and bytes."""

    def __init__(self) -> None:
        self.now = 100.0
        self.readings = 0

    def read(self) -> Reading:
        self.readings += 1
        used, half, whole = self.now, self.now / 2, int(self.now)
        return Reading(at=self.now, own=used, browsers={"1/1": half}, received=10 * whole, sent=2 * whole)


WANTED = Rates(processors=1.5, own_processors=1.0, received=10.0, sent=2.0)


def test_rates_are_means_since_the_reading_before() -> None:
    machine = Machine()
    meter = UsageMeter(machine.read, lambda: machine.now)
    machine.now += 60
    assert meter.rates() == WANTED
    machine.now += 4
    assert meter.rates() == WANTED


def test_who_asks_often_sees_the_same_and_shortens_nobodys_mean() -> None:
    machine = Machine()
    meter = UsageMeter(machine.read, lambda: machine.now)
    machine.now += 2
    before = meter.rates()
    taken = machine.readings
    assert [meter.rates() for _ in range(1000)] == [before] * 1000
    machine.now += LEAST_SECONDS / 2
    assert meter.rates() == before
    assert machine.readings == taken


def test_the_first_question_is_answered_for_the_time_since_the_beginning() -> None:
    machine = Machine()
    meter = UsageMeter(machine.read, lambda: machine.now)
    machine.now += 50
    meter.begin()
    assert meter.rates() == Rates()
    machine.now += 0.5
    assert (meter.rates().own_processors, meter.rates().processors) == (1.0, 1.5)


def test_a_question_amid_another_waits_for_nobody() -> None:
    machine, asked = Machine(), []
    meter = UsageMeter(machine.read, lambda: machine.now)
    machine.now += 5
    read = machine.read

    def interrupted() -> Reading:
        asked.append(meter.rates())
        return read()

    meter._read = interrupted
    assert meter.rates() == WANTED
    assert asked == [Rates()]


def test_a_browser_that_ended_takes_nothing_back_and_a_new_one_counts() -> None:
    before = Reading(at=0.0, browsers={"1/1": 100.0, "2/2": 4.0})
    now = Reading(at=10.0, browsers={"2/2": 6.0, "3/3": 3.0})
    assert rates_between(before, now).processors == 0.5


@given(*[st.builds(Reading, at=st.floats(0, 1e6), own=st.floats(0, 1e6), received=st.integers(0, 10**12))] * 2)
def test_rates_are_never_below_nothing(before: Reading, now: Reading) -> None:
    rates = rates_between(before, now)
    assert min(rates.processors, rates.own_processors, rates.received, rates.sent) >= 0


def test_bytes_are_counted_from_many_threads_and_none_is_lost() -> None:
    traffic = Traffic()

    def count() -> None:
        for _ in range(2000):
            traffic.receive(2)
            traffic.send(1)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(count)
    assert (traffic.received, traffic.sent) == (32_000, 16_000)


@both_modes
def test_processor_and_network_of_the_session_are_told_and_not_the_machine_s(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    used = {"7/7": 0.0}
    traffic = Traffic()

    def open_counted(asked: RunRequest) -> GatedResources:
        opened: Any = ground.open(asked)
        opened.browsers.processor_seconds = lambda: dict(used)
        opened.traffic = traffic
        return cast("GatedResources", opened)

    monkeypatch.setattr("actors.processes.resources.machine", _machine_of_two)
    session = make_session(parallel, open_resources=open_counted)
    machine = Machine()
    session._resources._clock = _Clock(machine)  # type: ignore[assignment] # all that is asked of it
    session._usage._monotonic = lambda: machine.now
    monkeypatch.setattr("actors.processes.resources.own_processor_seconds", lambda: machine.now / 4)
    ground.gate.clear()
    batch = Beside(session, orders(3))
    until(lambda: session.get_progress()["active_tasks"] > 0, "an order is in work")
    machine.now += 100
    used["7/7"] = 50.0
    traffic.receive(5000)
    traffic.send(300)
    told = session._monitor_resources()
    assert (told["cpu_percent"], told["own_cpu_percent"]) == (37.5, 12.5)
    assert (told["network_received_per_second"], told["network_sent_per_second"]) == (50.0, 3.0)
    assert (told["network_bytes_received"], told["network_bytes_sent"]) == (5000, 300)
    ground.gate.set()
    batch.result()
    assert session._monitor_resources()["network_bytes_received"] == 5000


class _Clock:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def monotonic(self) -> float:
        return self._machine.now


def _machine_of_two() -> Any:
    from actors.processes.resources import Machine as Cores

    return Cores(cores=2, memory=2**34, available=2**33)


@both_modes
def test_many_who_ask_at_once_disturb_neither_one_another_nor_the_batch(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    session = make_session(parallel)
    over, told = threading.Event(), []

    def ask() -> None:
        while not over.is_set():
            told.append(session._monitor_resources())

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        assert session.process_pos(orders(10))[:2] == (10, 0)
    finally:
        over.set()
        for asker in askers:
            asker.join()
    keys = ("cpu_percent", "own_cpu_percent", "machine_cpu_percent")
    assert all(0 <= one[key] <= 100 for one in told for key in keys)
    assert {one["network_bytes_received"] for one in told} == {0}
