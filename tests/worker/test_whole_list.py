"""A success means that the whole list was seen: every page and tab of it, and nothing that says there is more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.worker.process_po import process_po
from contracts.config import Route
from contracts.errors import AuthenticationError, Blame, NetworkError, PortalError
from contracts.messages import HostSession, LoginMet, Visited, VisitFailed, VisitOutcome
from contracts.ports import Control, Cookie, ListedAttachment, LoginPage, OrderPage, PageSnapshot, WrongPage
from contracts.tasks import TaskStatus
from tests.worker.fakes import BASE, COOKIE, HOST, Watch, World, listed, order_page, page, visit

ADDRESS = f"{BASE}/order_headers/1"
SECOND, THIRD = f"{ADDRESS}?page=2", f"{ADDRESS}?page=3"
MORE = Control("button.more", 0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A portal where all is well."""
    return World(tmp_path)


def run(world: World, route: Route = Route.HYBRID, **given: Any) -> VisitOutcome:
    """Visit the order."""
    return process_po(visit(), world.tools(route, **given), Watch(world.log))


def result_of(outcome: VisitOutcome) -> Any:
    """Return the result of a visit that came to its end."""
    assert isinstance(outcome, Visited), outcome
    return outcome.result


def failed(outcome: VisitOutcome) -> VisitFailed:
    """Return the failure that it must be."""
    assert isinstance(outcome, VisitFailed), outcome
    return outcome


def names(outcome: VisitOutcome) -> list[str]:
    """Names of what was brought."""
    return [one.name for one in result_of(outcome).attachments]


# ------------------------------------------------------------------------------------------------------ pages of a list


def test_a_list_with_pages_is_followed_to_its_end(world: World) -> None:
    world.readings = {
        ADDRESS: order_page(listed("a"), listed("b"), next_page=SECOND, stated=5),
        SECOND: order_page(listed("c"), listed("d"), next_page=THIRD, stated=5),
        THIRD: order_page(listed("e"), stated=5),
    }
    outcome = run(world)
    assert (result_of(outcome).status, names(outcome)) == (TaskStatus.COMPLETED, ["a", "b", "c", "d", "e"])
    assert result_of(outcome).attachments_found == 5
    assert result_of(outcome).url == ADDRESS


def test_what_must_be_clicked_is_clicked_on_the_page_that_shows_it(world: World) -> None:
    """Two pages may show controls that look alike; they are different files all the same."""
    item = listed("Download", url=False, control=True)
    other = attrs.evolve(item, control=Control("b", 0))
    world.readings = {ADDRESS: order_page(item, next_page=SECOND), SECOND: order_page(other)}
    assert result_of(run(world)).attachments_found == 2
    assert world.did("open", "click") == [f"open {ADDRESS}", "click a", f"open {SECOND}", "click b"]


@pytest.mark.parametrize(
    "second", [WrongPage("Orders"), order_page(listed("a"), next_page=THIRD)], ids=["another page", "the same again"]
)
def test_a_list_that_cannot_be_followed_is_partial(world: World, second: Any) -> None:
    world.readings = {ADDRESS: order_page(listed("a"), next_page=SECOND), SECOND: second}
    outcome = run(world)
    assert (result_of(outcome).status, names(outcome)) == (TaskStatus.PARTIAL, ["a"])
    assert "next page" in result_of(outcome).error_message


@pytest.mark.parametrize(
    ("reading", "shown", "status"),
    [
        (order_page(listed("a"), next_page=SECOND), page(unsettled="https://portal.example/api"), TaskStatus.PARTIAL),
        (order_page(listed("a"), next_page=SECOND, doubts=("it is loading",)), page(), TaskStatus.PARTIAL),
        (order_page(next_page=SECOND, doubts=("it shows nothing but its title",)), page(), TaskStatus.COMPLETED),
    ],
    ids=["not at rest", "a doubt", "a page that only leads to the list"],
)
def test_what_an_earlier_page_leaves_open_counts_unless_it_only_leads_to_the_list(
    world: World, reading: OrderPage, shown: PageSnapshot, status: TaskStatus
) -> None:
    world.pages[ADDRESS] = shown
    world.readings = {ADDRESS: reading, SECOND: order_page(listed("b"))}
    assert result_of(run(world)).status is status


def test_a_list_whose_pages_lead_in_a_circle_ends(world: World) -> None:
    world.readings = {
        ADDRESS: order_page(listed("a"), next_page=SECOND),
        SECOND: order_page(listed("b"), next_page=ADDRESS),
    }
    assert names(run(world)) == ["a", "b"]


def test_a_login_page_in_place_of_the_next_page_is_a_login_met(world: World) -> None:
    world.readings = {ADDRESS: order_page(listed("a"), next_page=SECOND), SECOND: LoginPage("a password field")}
    assert isinstance(run(world), LoginMet)


@pytest.mark.parametrize("error", [NetworkError("reset"), PortalError("HTTP 503", http_status=503)])
def test_a_next_page_that_does_not_come_is_the_portals_fault(world: World, error: NetworkError) -> None:
    world.readings[ADDRESS] = order_page(listed("a"), next_page=SECOND)
    world.pages[SECOND] = error
    assert failed(run(world)).blame is error.blame


def test_the_limit_of_files_holds_for_all_pages_together(world: World) -> None:
    world.readings = {ADDRESS: order_page(listed("a"), next_page=SECOND), SECOND: order_page(listed("b"))}
    assert failed(run(world, max_count=1)).blame is Blame.ITEM


# ------------------------------------------------------------------------------------------------- tabs and "show more"


def pressed(world: World, reading: OrderPage, url: str = f"{ADDRESS}#more") -> None:
    """Let the control show this."""
    world.pages[f"press {MORE.selector}"] = page(url)
    world.readings[url] = reading


def test_what_a_control_shows_is_brought_too(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a"), reveals=(MORE,))
    pressed(world, order_page(listed("a"), listed("b")))
    assert names(run(world)) == ["a", "b"]
    assert world.did("press") == ["press button.more"]


def test_a_control_that_shows_nothing_more_is_pressed_once(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a"), reveals=(MORE,))
    pressed(world, order_page(listed("a"), reveals=(MORE,)))
    assert result_of(run(world)).status is TaskStatus.COMPLETED
    assert world.did("press") == ["press button.more"]


def test_a_control_that_leads_elsewhere_makes_the_order_partial(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a"), reveals=(MORE,))
    world.pages[f"press {MORE.selector}"] = page(f"{BASE}/help")
    world.readings[f"{BASE}/help"] = WrongPage("Help")
    assert result_of(run(world)).status is TaskStatus.PARTIAL


def test_nothing_is_pressed_on_a_page_that_a_control_led_to_instead(world: World) -> None:
    """What is named like a tab of the order may approve something there."""
    tab = Control("button.tab", 0)
    world.readings[ADDRESS] = order_page(listed("a"), reveals=(MORE, tab))
    world.pages[f"press {MORE.selector}"] = page(f"{BASE}/help")
    world.readings[f"{BASE}/help"] = WrongPage("Help")
    world.pages[f"press {tab.selector}"] = page(f"{ADDRESS}#tab")
    world.readings[f"{ADDRESS}#tab"] = order_page(listed("a"), listed("b"))
    outcome = run(world)
    assert (result_of(outcome).status, names(outcome)) == (TaskStatus.PARTIAL, ["a", "b"])
    assert world.did("open", "press")[:4] == [
        f"open {ADDRESS}",
        "press button.more",
        f"open {ADDRESS}",
        "press button.tab",
    ]


def test_tabs_that_lead_to_one_another_are_opened_once_and_once_more(world: World) -> None:
    one, two = Control("button.one", 0), Control("button.two", 0)
    for control, name, other in ((one, "a", two), (two, "b", one)):
        world.pages[f"press {control.selector}"] = page(f"{ADDRESS}#{name}")
        world.readings[f"{ADDRESS}#{name}"] = order_page(listed(name), reveals=(other,))
    world.readings[ADDRESS] = order_page(listed("a"), reveals=(two,))
    outcome = run(world)
    assert (result_of(outcome).status, names(outcome)) == (TaskStatus.COMPLETED, ["a", "b"])
    assert len(world.did("press")) <= 4


@pytest.mark.parametrize(
    ("files", "text", "status"),
    [
        (3, "<p>d</p><p>e</p><p>f</p>", TaskStatus.PARTIAL),
        (1, "<p>d</p>", TaskStatus.PARTIAL),
        (4, "<p>d</p><p>e</p><p>f</p><p>g</p>", TaskStatus.PARTIAL),
        (3, "<p>a</p><p>b</p><p>c</p>", TaskStatus.COMPLETED),
        (5, "<p>a</p><p>b</p><p>c</p><p>d</p><p>e</p>", TaskStatus.COMPLETED),
    ],
    ids=["as many others", "fewer", "more others", "the same", "the same and more"],
)
def test_controls_without_names_on_a_page_that_was_swapped_may_be_other_files(
    world: World, files: int, text: str, status: TaskStatus
) -> None:
    """A list that a button turns over shows "Download" three times, and then three times again."""

    def buttons(count: int) -> tuple[ListedAttachment, ...]:
        return tuple(ListedAttachment("Download", None, Control("button.load", place)) for place in range(count))

    world.pages[ADDRESS] = page(ADDRESS, html="<p>a</p>\n<p>b</p>\n<p>c</p>")
    world.pages[f"press {MORE.selector}"] = page(f"{ADDRESS}#2", html=text.replace("><", ">\n<"))
    world.readings[ADDRESS] = order_page(*buttons(3), reveals=(MORE,))
    world.readings[f"{ADDRESS}#2"] = order_page(*buttons(files))
    assert result_of(run(world)).status is status


def test_no_control_is_clicked_on_a_page_that_was_opened_again_and_shows_the_first_part(world: World) -> None:
    """To see whether the login has ended the page is opened anew, and then it shows the list's beginning."""
    refused, button = listed("b"), ListedAttachment("c", None, Control("button.c", 0))
    world.readings[ADDRESS] = order_page(listed("a"), reveals=(MORE,))
    pressed(world, order_page(refused, button))
    assert refused.url is not None
    world.files[refused.url] = AuthenticationError("wants a login")
    outcome = run(world)
    assert (result_of(outcome).status, names(outcome)) == (TaskStatus.PARTIAL, ["a"])
    assert world.did("click") == []
    assert "opened again amid its list" in result_of(outcome).missing[-1].message


def test_files_behind_a_tab_are_no_missing_files(world: World) -> None:
    """Without files the order would end as one that has none, so the tab is opened first."""
    world.readings[ADDRESS] = order_page(reveals=(MORE,))
    pressed(world, order_page(listed("a")))
    assert names(run(world)) == ["a"]


# ------------------------------------------------------------------------------------------------- proof that it is all


@pytest.mark.parametrize(
    ("reading", "shown"),
    [
        (order_page(doubts=("it says that it is loading",)), page()),
        (order_page(stated=3), page()),
        (order_page(), page(unsettled="https://portal.example/api")),
        (order_page(), page(unread=("https://portal.example/frame",))),
    ],
    ids=["a doubt", "a counter", "not at rest", "a frame"],
)
def test_no_attachments_without_proof_is_a_failure_that_says_so_and_is_looked_at_again(
    world: World, reading: OrderPage, shown: PageSnapshot
) -> None:
    world.readings[ADDRESS], world.pages[ADDRESS] = reading, shown
    failure = failed(run(world))
    assert (failure.blame, failure.look_again, failure.not_found) == (Blame.ITEM, True, False)
    assert "not proven that there is none" in failure.message
    assert failure.evidence


@pytest.mark.parametrize(
    ("reading", "shown"),
    [
        (order_page(listed("a"), doubts=("it says that it is loading",)), page()),
        (order_page(listed("a"), stated=3), page()),
        (order_page(listed("a")), page(unsettled="https://portal.example/api")),
        (order_page(listed("a")), page(unread=("https://portal.example/frame",))),
    ],
    ids=["a doubt", "a counter", "not at rest", "a frame"],
)
def test_some_attachments_and_a_sign_of_more_are_partial(world: World, reading: OrderPage, shown: PageSnapshot) -> None:
    world.readings[ADDRESS], world.pages[ADDRESS] = reading, shown
    outcome = run(world)
    assert (result_of(outcome).status, names(outcome)) == (TaskStatus.PARTIAL, ["a"])
    assert "there may be more than is listed" in result_of(outcome).error_message


def test_a_requisition_must_prove_that_it_has_none_too(world: World) -> None:
    address = f"{BASE}/requisition_headers/9"
    world.readings[ADDRESS] = order_page(requisitions=(address,))
    world.requisitions[address] = order_page(stated=2)
    assert failed(run(world)).look_again


def test_a_requisitions_list_is_followed_to_its_end(world: World) -> None:
    first, second = f"{BASE}/requisition_headers/9", f"{BASE}/requisition_headers/9?page=2"
    world.readings[ADDRESS] = order_page(requisitions=(first,))
    world.requisitions = {first: order_page(listed("a"), next_page=second), second: order_page(listed("b"))}
    assert names(run(world)) == ["a", "b"]


# ------------------------------------------------------------------------------------------------------------- patience


def test_a_page_that_goes_on_by_itself_is_waited_for(world: World) -> None:
    world.pages[ADDRESS] = page(f"{BASE}/wait", may_change=True)
    world.readings[f"{BASE}/wait"] = WrongPage("One moment")
    world.later = [page(ADDRESS)]
    assert result_of(run(world)).status is TaskStatus.COMPLETED


def test_a_page_that_stays_the_same_is_waited_for_once(world: World) -> None:
    world.pages[ADDRESS] = page(may_change=True)
    world.readings[ADDRESS] = WrongPage("Orders")
    assert failed(run(world)).code == "WORKER_ERROR"
    assert len([line for line in world.log if line.startswith("look ")]) == 1


def test_an_order_that_lists_nothing_is_looked_at_a_moment_longer_before_it_counts_as_one_without_any(
    world: World,
) -> None:
    """What brings its list may leave no trace until it is there, such as a module that is loaded by another."""
    world.pages[ADDRESS] = page(may_change=True)
    world.readings[ADDRESS] = order_page()
    world.later = [page(f"{ADDRESS}?filled", may_change=True)]
    world.readings[f"{ADDRESS}?filled"] = order_page(listed("a"))
    assert names(run(world)) == ["a"]
    assert "look 1" in world.log


@pytest.mark.parametrize(("may_change", "files"), [(True, (listed("a"),)), (False, ())])
def test_an_order_that_lists_files_or_whose_page_cannot_change_is_not_looked_at_longer(
    world: World, may_change: bool, files: tuple[ListedAttachment, ...]
) -> None:
    world.pages[ADDRESS], world.readings[ADDRESS] = page(may_change=may_change), order_page(*files)
    run(world)
    assert not [line for line in world.log if line.startswith("look ")]


def test_a_page_without_scripts_is_not_waited_for(world: World) -> None:
    world.readings[ADDRESS] = WrongPage("Orders")
    run(world)
    assert not [line for line in world.log if line.startswith("look ")]


# ---------------------------------------------------------------------------------------------------------- other hosts

STORE = "https://store.example/offer.pdf"


@pytest.mark.parametrize("route", list(Route))
def test_a_file_on_another_host_is_missing_with_the_reason(world: World, route: Route) -> None:
    world.readings[ADDRESS] = order_page(listed("a"), ListedAttachment("offer.pdf", STORE, Control("a", 0)))
    outcome = run(world, route)
    assert (result_of(outcome).status, names(outcome)) == (TaskStatus.PARTIAL, ["a"])
    (lost,) = result_of(outcome).missing
    assert "store.example" in lost.message
    assert "allowed_file_hosts" in lost.message
    assert isinstance(outcome, Visited)
    assert not outcome.retry_worthwhile


@pytest.mark.parametrize("hosts", [("store.example",), ("other.example", "store.example")])
def test_a_file_on_a_host_that_was_allowed_is_fetched(world: World, hosts: tuple[str, ...]) -> None:
    world.readings[ADDRESS] = order_page(ListedAttachment("offer.pdf", STORE))
    assert names(run(world, hosts=hosts)) == ["offer.pdf"]
    assert world.requests[0].allowed_hosts == hosts


def test_a_button_whose_file_comes_from_another_host_is_treated_as_a_link_to_it(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a", url=False, control=True))
    world.came_from["a"] = STORE
    assert result_of(run(world)).status is TaskStatus.FAILED
    assert world.did("place") == []
    assert result_of(run(world, hosts=("store.example",))).status is TaskStatus.COMPLETED


@pytest.mark.parametrize("made", [f"blob:{BASE}/1-2-3", "data:application/pdf;base64,AA"])
def test_a_file_that_the_page_makes_itself_is_the_portals(world: World, made: str) -> None:
    world.readings[ADDRESS] = order_page(listed("a", url=False, control=True))
    world.came_from["a"] = made
    assert result_of(run(world)).status is TaskStatus.COMPLETED


def test_an_attachment_whose_address_cannot_be_used_is_missing_with_the_reason(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a"), ListedAttachment("b", refused="its address is of the kind ftp"))
    result = result_of(run(world))
    assert (result.status, result.missing[0].message) == (TaskStatus.PARTIAL, "its address is of the kind ftp")


# -------------------------------------------------------------------------------------------------------------- cookies


def test_cookies_that_came_with_the_files_go_to_the_browser(world: World) -> None:
    world.set_on_the_way = (Cookie("gate", "1", HOST),)
    run(world)
    assert world.did("adopt") == ["adopt gate"]


def test_a_login_that_the_portal_renewed_is_told_and_other_cookies_are_not(world: World) -> None:
    work = attrs.evolve(visit(), session=HostSession(HOST, 3, (attrs.evolve(COOKIE, value="old"),)))
    world.set_on_the_way = (Cookie("gate", "1", HOST),)
    outcome = process_po(work, world.tools(), Watch(world.log))
    assert isinstance(outcome, Visited)
    assert outcome.renewed == (COOKIE,)


def test_a_view_without_addresses_tells_no_older_value_of_a_cookie(world: World) -> None:
    """Its files are clicked, so the cookies are not read for it, and those of the view before are stale by then."""
    world.readings = {
        ADDRESS: order_page(listed("a"), next_page=SECOND),
        SECOND: order_page(listed("b", url=False, control=True)),
    }
    world.set_on_the_way = (attrs.evolve(COOKIE, value="newest"),)
    work = attrs.evolve(visit(), session=HostSession(HOST, 3, (attrs.evolve(COOKIE, value="oldest"),)))
    outcome = process_po(work, world.tools(), Watch(world.log))
    assert isinstance(outcome, Visited)
    assert [one.value for one in outcome.renewed] == ["newest"]


def test_the_last_value_of_a_cookie_counts(world: World) -> None:
    work = attrs.evolve(visit(), session=HostSession(HOST, 3, (COOKIE,)))
    world.set_on_the_way = (attrs.evolve(COOKIE, value="newer"),)
    outcome = process_po(work, world.tools(), Watch(world.log))
    assert isinstance(outcome, Visited)
    assert [one.value for one in outcome.renewed] == ["newer"]
