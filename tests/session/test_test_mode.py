"""Each switch of the test mode does what it says by itself, and every report says which are on (contract 25)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from actors import ProcessingSession
from actors.session.resources import FIXED_SEED
from actors.session.run_resources import RunRequest, open_resources
from actors.testing import FailingBrowserHost, FailingPortal, StubResources
from actors.testing.failures import is_missing, loses_browser
from contracts.config import HeadlessConfiguration, Settings
from contracts.tasks import TaskStatus
from tests.session.conftest import BASE, TIMEOUTS, Beside, Ground, MakeSession, orders, until

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
SWITCHES = ("mock_workers", "simulate_failures", "fixed_timing")
COUNT = 20
MISSING = {f"PO{number}" for number in range(1, COUNT + 1) if is_missing(f"PO{number}")}


class RealOnes(StubResources):
    """Stands in for resources with real browsers, which take time by chance and fail of themselves in nothing."""

    opened = 0
    ground: Ground
    portal: Any
    browsers: Any

    def __init__(self, settings: Settings, *_given: Any) -> None:
        super().__init__(settings, simulate_failures=False, fixed=True)
        type(self).opened += 1

    @classmethod
    def open(cls, asked: RunRequest) -> Any:
        """Open the stubs of the ground in their place where stubs are asked for."""
        if asked.test_mode.mock_workers:
            return cls.ground.open(asked)
        return open_resources(asked, local=cls)

    def simulate_failures(self) -> None:
        """As `LocalResources.simulate_failures`."""
        self.portal = FailingPortal(self.portal)
        self.browsers = FailingBrowserHost(self.browsers)


@pytest.fixture
def real(ground: Ground) -> type[RealOnes]:
    """Counts how often resources with real browsers were opened."""
    return type("Real", (RealOnes,), {"opened": 0, "ground": ground})


def session_of(real: type[RealOnes], tmp_path: Path, parallel: bool, **options: Any) -> ProcessingSession:
    known = {
        "base_url": BASE,
        "download_dir": tmp_path / "dl",
        "timeouts": TIMEOUTS,
        "open_resources": real.open,
        **options,
    }
    return ProcessingSession(HeadlessConfiguration(), parallel, 2, **known)


@both_modes
def test_without_stub_workers_failures_are_simulated_in_the_real_ones_and_say_so(
    real: type[RealOnes], ground: Ground, tmp_path: Path, parallel: bool
) -> None:
    session = session_of(real, tmp_path, parallel)
    session.enable_test_mode(simulate_failures=True)
    successful, failed, report = session.process_pos(orders(COUNT))
    assert (real.opened, ground.opened) == (1, 0)
    assert (successful, failed) == (COUNT - len(MISSING), len(MISSING))
    lost = [one for one in session.results if not one.status.is_success]
    assert {one.po_number for one in lost} == MISSING
    assert {one.status for one in lost} == {TaskStatus.PO_NOT_FOUND}
    assert all("simulated by the test mode" in one.error_message for one in lost)
    taken = [number for number in range(1, COUNT + 1) if loses_browser(f"{BASE}/PO{number}")]
    assert report["performance_metrics"]["browser_crashes"] == len(taken) > 0
    assert report["simulated_pos"] == COUNT


@both_modes
def test_the_same_orders_fail_in_stub_workers_and_in_real_ones(
    real: type[RealOnes], ground: Ground, make_session: MakeSession, tmp_path: Path, parallel: bool
) -> None:
    told = []
    for stubs in (True, False):
        session = session_of(real, tmp_path, parallel)
        session.enable_test_mode(mock_workers=stubs, simulate_failures=True)
        session.process_pos(orders(COUNT))
        told.append({one.po_number: one.error_message for one in session.results})
    assert told[0] == told[1]
    assert ground.opened == real.opened == 1


@both_modes
def test_stub_workers_alone_fail_in_nothing(
    ground: Ground, real: type[RealOnes], tmp_path: Path, parallel: bool
) -> None:
    session = session_of(real, tmp_path, parallel)
    session.enable_test_mode(mock_workers=True)
    assert session.process_pos(orders(COUNT))[:2] == (COUNT, 0)
    assert (ground.opened, real.opened) == (1, 0)


@both_modes
def test_fixed_timing_alone_keeps_the_browsers_and_seeds_all_jitter_alike(
    real: type[RealOnes], ground: Ground, tmp_path: Path, parallel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[Any] = []
    made = random.Random

    def noted(*seed: Any) -> random.Random:
        seeds.extend(seed)
        return made(*seed)

    monkeypatch.setattr(random, "Random", noted)
    session = session_of(real, tmp_path, parallel)
    session.enable_test_mode(fixed_timing=True)
    assert session.process_pos(orders(4))[:2] == (4, 0)
    assert (real.opened, ground.opened) == (1, 0)
    assert FIXED_SEED in seeds
    assert set(seeds) <= {FIXED_SEED, None}
    assert session.get_session_report()["simulated_pos"] == 0


@both_modes
def test_where_failures_cannot_be_simulated_what_was_opened_is_closed(
    real: type[RealOnes], tmp_path: Path, parallel: bool
) -> None:
    """An adapter's own code may raise when failures are put over it."""
    closed = []

    class Broken(real):  # type: ignore[misc, valid-type] # made by the fixture
        def simulate_failures(self) -> None:
            raise RuntimeError("the adapter raised")

        def close(self) -> tuple[str, ...]:
            closed.append(self.temporary_root)
            return tuple(super().close())

    session = session_of(Broken, tmp_path, parallel)
    session.enable_test_mode(simulate_failures=True)
    with pytest.raises(RuntimeError, match="the adapter raised"):
        session.process_pos(orders(2))
    assert len(closed) == Broken.opened > 0
    assert not any(root.exists() for root in closed)


def test_a_seed_of_the_user_s_own_stays(real: type[RealOnes], tmp_path: Path) -> None:
    session = session_of(real, tmp_path, parallel=True, seed=77)
    session.enable_test_mode(fixed_timing=True)
    assert session._resources._seed(session._settings) == 77


@pytest.mark.parametrize("on", [(), ("mock_workers",), ("simulate_failures",), ("fixed_timing",), SWITCHES])
@both_modes
def test_reports_say_which_switches_are_on_also_while_a_batch_runs(
    real: type[RealOnes], ground: Ground, tmp_path: Path, on: tuple[str, ...], parallel: bool
) -> None:
    session = session_of(real, tmp_path, parallel)
    session.enable_test_mode(**dict.fromkeys(on, True))
    wanted = {name: name in on for name in SWITCHES} if on else None
    assert session.get_session_report().get("test_mode") == wanted
    if "mock_workers" in on:
        ground.gate.clear()
    batch = Beside(session, orders(2))
    until(lambda: session.get_progress()["total_tasks"] == 2, "the batch has begun")
    assert session.get_session_report().get("test_mode") == wanted
    ground.gate.set()
    assert batch.result()[2].get("test_mode") == wanted
    session.enable_test_mode()
    assert "test_mode" not in session.get_session_report()


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("value", ["yes", 1, 0, None, []])
def test_a_switch_that_is_neither_true_nor_false_is_refused_and_changes_nothing(
    make_session: MakeSession, name: str, value: Any
) -> None:
    session = make_session()
    before = session.get_session_report()
    with pytest.raises(TypeError, match=f"{name} must be True or False, not"):
        session.enable_test_mode(**{name: value})
    assert session.get_session_report() == before


def test_switched_off_the_next_batch_has_real_browsers_again(
    real: type[RealOnes], ground: Ground, tmp_path: Path
) -> None:
    session = session_of(real, tmp_path, parallel=True)
    with session:
        for stubs in (True, False, True):
            session.enable_test_mode(mock_workers=stubs)
            assert session.process_pos(orders(3))[:2] == (3, 0)
    assert (ground.opened, real.opened) == (2, 1)
    assert session.get_session_report()["simulated_pos"] == 6


@pytest.mark.parametrize("on", ["mock_workers", "simulate_failures"])
def test_what_is_made_up_goes_into_no_journal_on_disk(
    real: type[RealOnes], ground: Ground, tmp_path: Path, on: str
) -> None:
    session = session_of(real, tmp_path, parallel=False, journal=tmp_path / "journal.sqlite")
    session.enable_test_mode(**{on: True})
    session.process_pos(orders(3))
    assert not (tmp_path / "journal.sqlite").exists()
    assert session.get_session_report()["manifest_head"] == ""
