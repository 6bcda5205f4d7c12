"""What a visit says holds no secret that the run has come to know, and says all the rest."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from actors.evidence import BLACK
from actors.worker.cleaning import cleaned, cleaned_errors, cleaned_login
from actors.worker.process_po import process_po
from actors.worker.secrets import KnownSecrets, hidden_by_all
from contracts.errors import AttachmentError, PortalError, SessionCorruptionError
from contracts.messages import HostSession, LoginEnded, LoginMet, LoginResult, Visited, VisitFailed, VisitOrder
from contracts.ports import Cookie, Credentials, Lease, NotFoundPage, WrongPage
from contracts.tasks import Order, POTask, TaskHandle
from tests.worker.fakes import BASE, HOST, Watch, World, listed, order_page, page

PASSWORD = "c4nary-P4ssw0rd"
SESSION = "SESSION0123456789abcdef"
SID = Cookie("sid", SESSION, HOST)
NUMBER = "PO1"
ADDRESS = f"{BASE}/order_headers/1"


@pytest.fixture
def secrets() -> KnownSecrets:
    """A password and a session are known."""
    known = KnownSecrets()
    known.learn(Credentials("ann", PASSWORD))
    known.learn_cookies((SID,))
    return known


def visit(url: str = "", supplier: str = "") -> VisitOrder:
    """Return a visit of an order."""
    handle = TaskHandle(0, NUMBER)
    order = Order(POTask(NUMBER, url=url, supplier=supplier), url, BASE, HOST)
    return VisitOrder(Lease(handle, 1, "w", 1, 1), order, HostSession(HOST), 60.0)


def outcome_of(world: World, secrets: KnownSecrets, told: VisitOrder | None = None) -> Visited | VisitFailed | LoginMet:
    """Visit the order and clean what came of it."""
    visited = told or visit()
    tools = attrs.evolve(world.tools(), secrets=secrets)
    return cleaned(process_po(visited, tools, Watch(world.log)), visited, secrets)


@pytest.mark.parametrize(
    "reading",
    [WrongPage(f"Hello {SESSION} {PASSWORD}"), NotFoundPage(f"Access denied for {PASSWORD} in session {SESSION}")],
)
def test_what_a_page_echoes_is_in_no_message(
    tmp_path: Path, secrets: KnownSecrets, reading: WrongPage | NotFoundPage
) -> None:
    world = World(tmp_path)
    world.readings[ADDRESS] = reading
    failed = outcome_of(world, secrets)
    assert isinstance(failed, VisitFailed)
    assert failed.message.count(BLACK) == 2
    assert PASSWORD not in failed.message
    assert SESSION not in failed.message


def test_names_and_addresses_of_files_hold_no_secret(tmp_path: Path, secrets: KnownSecrets) -> None:
    world = World(tmp_path)
    address = f"{BASE}/files/{SESSION}/a.pdf?access_token={SESSION}"
    file = attrs.evolve(listed("a.pdf"), url=address, label=f"{SESSION}.pdf", title=f"{PASSWORD}.pdf")
    gone = attrs.evolve(listed("b.pdf"), url=f"{BASE}/gone/b.pdf", label="b.pdf")
    world.files[f"{BASE}/gone/b.pdf"] = AttachmentError(f"The portal does not give out {BASE}/gone/b.pdf.")
    world.readings[ADDRESS] = attrs.evolve(order_page(file, gone), supplier=f"Acme {PASSWORD}")
    visited = outcome_of(world, secrets)
    assert isinstance(visited, Visited)
    text = repr(visited) + repr(world.files_kept)
    for secret in (PASSWORD, SESSION, "access_token", "/gone/"):
        assert secret not in text
    (lost,) = visited.result.missing
    assert lost.source.startswith(f"{BASE} sha256:")
    assert "b.pdf: " in visited.result.error_message
    assert visited.result.supplier == f"Acme {BLACK}"


@pytest.mark.parametrize("tail", [f";jsessionid={SESSION}", f"?session_token={SESSION}", f"?k={SESSION}", "#t=1"])
def test_an_address_that_holds_a_session_gives_way_to_the_one_that_was_asked_for(
    tmp_path: Path, secrets: KnownSecrets, tail: str
) -> None:
    world = World(tmp_path)
    world.pages[ADDRESS] = attrs.evolve(page(ADDRESS), url=f"{ADDRESS}{tail}")
    visited = outcome_of(world, secrets)
    assert isinstance(visited, Visited)
    assert visited.result.url == ADDRESS


def test_what_the_user_gave_passes_unchanged(tmp_path: Path, secrets: KnownSecrets) -> None:
    own = f"{BASE}/order_headers/1?session_token={SESSION}"
    world = World(tmp_path, readings={own: order_page()})
    visited = outcome_of(world, secrets, visit(own, f"Acme {PASSWORD}"))
    assert isinstance(visited, Visited)
    assert (visited.result.url, visited.result.supplier) == (own, f"Acme {PASSWORD}")


def test_a_login_met_and_a_login_that_ended_say_no_secret(secrets: KnownSecrets) -> None:
    met = cleaned(LoginMet(1, f"the page says 'Session {SESSION} has expired'"), visit(), secrets)
    assert met == LoginMet(1, f"the page says 'Session {BLACK} has expired'")
    fresh = Cookie("sid", "FRESH0123456789abcdef", HOST)
    ended = cleaned_login(LoginEnded(HOST, LoginResult.FAILED, f"{PASSWORD}?", (fresh,)), secrets)
    assert ended.text == f"{BLACK}?"
    assert secrets.hidden(fresh.value) == BLACK


def test_errors_that_end_a_browser_say_no_secret_and_keep_what_they_are(secrets: KnownSecrets) -> None:
    with pytest.raises(SessionCorruptionError, match=f"refused: {BLACK}"), cleaned_errors(secrets):
        raise SessionCorruptionError(f"The page refused: {PASSWORD}")
    with pytest.raises(PortalError) as raised, cleaned_errors(secrets):
        raise PortalError(f"{SESSION}", http_status=503, retry_after=3.0)
    assert (str(raised.value), raised.value.http_status, raised.value.retry_after) == (BLACK, 503, 3.0)


def test_a_message_keeps_what_people_need(secrets: KnownSecrets) -> None:
    text = (
        f"PO16928001: The page at {BASE}/order_headers/1?po=PO16928001 says 'Offer_2024-05-01.pdf' is gone (HTTP 404)."
    )
    assert secrets.told(text, "PO16928001") == text


@pytest.mark.parametrize(
    "cookie",
    [
        Cookie("locale", "english-german", HOST),
        Cookie("last_page", "/order_headers/16928001", HOST),
        Cookie("return_to", "https%3A%2F%2Fportal.example%2Forders", HOST, http_only=True),
        Cookie("sid", "short", HOST, http_only=True),
    ],
)
def test_cookies_that_let_nobody_in_blacken_no_message(cookie: Cookie) -> None:
    known = KnownSecrets()
    known.learn_cookies((cookie,))
    assert known.hidden(f"see {cookie.value}") == f"see {cookie.value}"


def test_the_latest_cookies_are_known_however_many_there_were() -> None:
    known = KnownSecrets()
    values = [f"SESSION{number:020d}x" for number in range(1200)]
    for value in values:
        known.learn_cookies((Cookie("sid", value, HOST),))
    assert known.hidden(values[-1]) == BLACK
    assert len(known._cookies) <= 500


def test_what_any_session_knows_is_hidden_from_log_and_screen(secrets: KnownSecrets) -> None:
    assert hidden_by_all(f"{PASSWORD} {SESSION}") == f"{BLACK} {BLACK}"


def test_no_picture_is_kept_of_a_page_that_shows_a_secret(tmp_path: Path, secrets: KnownSecrets) -> None:
    world = World(tmp_path)
    for html, pictures in ((f"your password is {PASSWORD}", 0), ("nothing here", 1)):
        world.readings[ADDRESS] = WrongPage("x")
        world.pages[ADDRESS] = attrs.evolve(page(ADDRESS), html=html)
        outcome_of(world, secrets)
        assert len(world.did("screenshot")) == pictures
        assert PASSWORD not in world.kept[-1][0]
