"""`MainApp` keeps its contract (27 to 39) over stub browsers: counts, modes, and one memory for all its calls."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from actors import MainApp
from actors.testing import StubBrowser, StubFetcher
from contracts.config import HeadlessConfiguration
from contracts.ports import Cookie, Credentials, PageSnapshot
from tests.session.conftest import BASE, TIMEOUTS, Ground, NoEntry, orders


@pytest.fixture
def app(tmp_path: Path, ground: Ground) -> MainApp:
    """An app over stub browsers."""
    return _app(tmp_path, open_resources=ground.open)


def _app(tmp_path: Path, **options: Any) -> MainApp:
    made = MainApp(base_url=BASE, download_dir=tmp_path / "dl", timeouts=TIMEOUTS, seed=1, **options)
    made._session.enable_test_mode(mock_workers=True, fixed_timing=True)
    return made


def test_27_to_31_it_can_be_made_as_documented(caplog: pytest.LogCaptureFixture) -> None:
    """Contract 27 to 31, 38, 39."""
    assert (MainApp().max_workers, MainApp().enable_parallel) == (4, False)
    config = HeadlessConfiguration(headless=False)
    assert MainApp(headless_config=config).headless_config is config
    assert MainApp(max_workers=8).max_workers == 8
    with caplog.at_level(logging.WARNING, logger="purser"):
        assert MainApp(max_workers=16, enable_parallel=True).max_workers == 16
    assert "16 workers were asked for; 8 are used" in caplog.text
    for wrong in (0, "4", 2.0, True):
        with pytest.raises(ValueError, match="max_workers"):
            MainApp(max_workers=wrong)  # type: ignore[arg-type]  # that is what is tried


def test_32_one_order_is_worked_on_sequentially_and_told_as_a_bool(app: MainApp, ground: Ground) -> None:
    """Contract 32, also where parallel work is switched on."""
    app.enable_parallel = True
    assert app.process_single_po(orders(1)[0]) is True
    assert app.process_single_po({"po_number": "", "url": "invalid-url"}) is False
    assert {owner.worker for owner in ground.launches} == {"sequential"}


@pytest.mark.parametrize(("parallel", "workers"), [(False, 4), (True, 4), (True, 16)])
def test_33_to_39_a_list_is_counted_whole_in_the_mode_that_was_chosen(
    app: MainApp, ground: Ground, parallel: bool, workers: int
) -> None:
    """Contract 33 to 36, 39."""
    app.enable_parallel, app.max_workers = parallel, workers
    rows = [*orders(19), {"po_number": "PO20", "url": "invalid-url"}]
    assert app._process_po_entries(rows) == (19, 1)
    assert app._process_po_entries([]) == (0, 0)
    assert any(owner.worker.startswith("worker-") for owner in ground.launches) is parallel
    assert len({owner.worker for owner in ground.launches}) <= 8


class _Changing:
    """Credentials that the user may put right."""

    password = "wrong"

    def credentials(self, host: str) -> Credentials | None:
        return Credentials("demo", self.password)

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        return ()


@pytest.mark.parametrize("parallel", [True, False])
def test_a_rejected_password_is_not_sent_again_by_any_later_call_and_another_one_is(
    tmp_path: Path, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    ground.portal = NoEntry()
    sent: list[str] = []

    def submit(
        browser: StubBrowser, form: Any, credentials: Credentials, origins: tuple[str, ...], watch: Any
    ) -> PageSnapshot:
        sent.append(credentials.password)
        return browser.read()

    monkeypatch.setattr(StubBrowser, "submit_login", submit)
    known = _Changing()
    app = _app(tmp_path, enable_parallel=parallel, credentials=known, open_resources=ground.open)
    assert app._process_po_entries(orders(3)) == (0, 3)
    assert app.process_single_po(orders(1)[0]) is False
    assert app._process_po_entries(orders(3)) == (0, 3)
    assert sent == ["wrong"]
    known.password = "other"
    assert app.process_single_po(orders(1)[0]) is False
    assert app._process_po_entries(orders(3)) == (0, 3)
    assert sent == ["wrong", "other"]


def test_a_portal_that_does_not_answer_is_counted_and_the_next_list_is_worked_on(
    app: MainApp, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(StubFetcher, "probe", lambda _self, _base: None)
        assert app._process_po_entries(orders(3)) == (0, 3)
        assert app.process_single_po(orders(1)[0]) is False
    assert app._process_po_entries(orders(3)) == (3, 0)
