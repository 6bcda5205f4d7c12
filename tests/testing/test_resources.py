"""Stub resources read pages with the adapter of the settings, bring what they are given, and say what they cannot."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors import ProcessingSession
from actors.portals import portal_for
from actors.session.run_resources import RunRequest
from actors.testing import FailingPortal, StubBrowserHost, StubFetcher, StubPortal, StubResources
from actors.testing.failures import is_missing
from contracts.config import GenericPortalSettings, HeadlessConfiguration, PortalChoice, PortalKind, Settings
from contracts.errors import ConfigurationError
from contracts.ports import FileRequest, ListedAttachment, NotFoundPage, OrderPage, PageReading, PageSnapshot, WrongPage
from tests.portals.pages import page

BASE = "https://portal.example"
OFFER = b"the offer\n"
both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])


class Own:
    """A user's own adapter, with no more than it must have: an order's page holds its number, and names one file."""

    login_paths = ("/account/login",)

    def recognises(self, page: PageSnapshot) -> bool:
        return True

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        return (f"{base_url}/own/{po_number}",)

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        if f"own {po_number}" not in page.html:
            return WrongPage("")
        return OrderPage(po_number, "Acme", (ListedAttachment("offer.txt", f"{BASE}/files/{po_number}"),))


def show(url: str) -> tuple[int, str]:
    """Its portal, which has every order but PO3."""
    number = url.rpartition("/")[2]
    return 200, f"<p>own {number}</p>" if number != "PO3" else "<p>another page</p>"


def session_of(parallel: bool, portal: PortalChoice, **given: Any) -> ProcessingSession:
    """A session over stub resources that are told nothing of the adapter but the settings."""

    def opened(asked: RunRequest) -> StubResources:
        return StubResources(asked.settings, browsers=StubBrowserHost(show=show), **given)

    return ProcessingSession(
        HeadlessConfiguration(), parallel, 2, portal=portal, base_url=BASE, open_resources=opened, seed=1
    )


def orders(count: int) -> list[dict[str, str]]:
    return [{"po_number": f"PO{number}"} for number in range(1, count + 1)]


def give(request: FileRequest) -> bytes:
    assert request.url.startswith(f"{BASE}/files/PO")
    return OFFER


@both_modes
def test_the_adapter_of_the_session_reads_the_pages_and_a_fetcher_brings_what_it_lists(parallel: bool) -> None:
    session = session_of(parallel, Own(), make_fetcher=lambda: StubFetcher(give))
    with session:
        successful, failed, report = session.process_pos(orders(3))
        statuses = [one.status.value for one in session.results]
        folder = session.results[0].folder
        assert folder is not None
        assert (folder / "offer.txt").read_bytes() == OFFER
    assert (successful, failed) == (2, 1)
    assert statuses[:2] == ["COMPLETED", "COMPLETED"]
    assert statuses[2] not in ("COMPLETED", "NO_ATTACHMENTS"), "the adapter did not prove the third one's page"
    assert not folder.exists(), "it went with the session"
    assert "test_mode" not in report, "a session that is given stubs is in no test mode"


@both_modes
def test_without_a_fetcher_no_file_comes(parallel: bool) -> None:
    session = session_of(parallel, Own())
    assert session.process_pos(orders(1))[:2] == (0, 1)


def test_each_worker_gets_a_fetcher_of_its_own() -> None:
    made = []

    def make() -> StubFetcher:
        made.append(StubFetcher(give))
        return made[-1]

    with closing(StubResources(Settings(), make_fetcher=make)) as resources:
        fetchers = [resources.make_fetcher(), resources.make_fetcher(), resources.make_prober()]
        assert fetchers == made
        assert len({id(one) for one in fetchers}) == 3
        assert fetchers[2].probe(BASE) == 200


def test_an_adapter_that_is_given_counts_more_than_that_of_the_settings_and_need_not_have_all() -> None:
    with closing(StubResources(Settings(portal="coupa"), portal=Own())) as resources:
        assert resources.portal.order_addresses(BASE, "PO7") == (f"{BASE}/own/PO7",)
        assert resources.portal.login_address(BASE) == f"{BASE}/account/login"


@pytest.mark.parametrize("kind", [PortalKind.COUPA, PortalKind.GENERIC])
def test_a_built_in_adapter_that_the_settings_name_is_asked_too(kind: PortalKind) -> None:
    generic = GenericPortalSettings(order_path="/purchasing/{number}")
    with closing(StubResources(Settings(portal=kind, generic=generic))) as resources:
        asked = resources.portal.order_addresses(BASE, "PO7")
    assert asked == portal_for(kind, generic).order_addresses(BASE, "PO7")


def test_under_auto_any_page_is_the_orders_own() -> None:
    with closing(StubResources(Settings())) as resources:
        assert isinstance(resources.portal, StubPortal)


def test_failures_are_simulated_with_the_adapter_of_the_settings_as_well() -> None:
    missing, there = (next(f"PO{n}" for n in range(99) if is_missing(f"PO{n}") is gone) for gone in (True, False))
    with closing(StubResources(Settings(portal=Own()), simulate_failures=True)) as resources:
        assert isinstance(resources.portal, FailingPortal)
        assert isinstance(resources.portal.read(page(f"own {missing}"), missing), NotFoundPage)
        assert isinstance(resources.portal.read(page(f"own {there}"), there), OrderPage)


def test_an_installed_adapter_that_the_settings_name_is_refused_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ConfigurationError, match="load no installed adapter: give that of 'acme' itself"):
        StubResources(Settings(portal="acme"))
    assert list(tmp_path.iterdir()) == []


@both_modes
def test_in_test_mode_the_made_up_pages_are_the_stub_adapters_whatever_the_settings_name(
    parallel: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path))
    for portal in (Own(), "coupa"):
        session = ProcessingSession(HeadlessConfiguration(), parallel, 2, portal=portal, base_url=BASE, seed=1)
        session.enable_test_mode(mock_workers=True, fixed_timing=True)
        successful, failed, report = session.process_pos(orders(3))
        assert (successful, failed) == (3, 0)
        assert report["test_mode"]["mock_workers"]
