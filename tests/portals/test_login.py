"""Proves what tells a login page from an order's: its address, the forms a person sees, and what it says itself."""

from __future__ import annotations

import pytest

from actors.portals import portal_for
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import LoginPage, OrderPage, PageReading, PageSnapshot, WrongPage
from tests.portals.pages import ATTACHMENT, NONE, plain_order

portal = portal_for(PortalKind.GENERIC, GenericPortalSettings())
OVER = [
    "Your session has expired",
    "Your session timed out.",
    "You have been logged out because you are signed in on another device",
    "You were signed out due to inactivity",
    "Sua sess\u00e3o expirou. Fa\u00e7a login novamente.",
    "Su sesi\u00f3n ha caducado",
    "Ihre Sitzung ist abgelaufen.",
    "Bitte melden Sie sich erneut an",
    "Votre session a expire\u0301",
]
CHANGE = "<form action=/password><input type=password name=old><input type=password name=new></form>"


def read(shown: PageSnapshot) -> PageReading:
    return portal.read(shown, "PO7")


@pytest.mark.parametrize("text", OVER)
def test_a_page_that_says_the_login_is_over_is_a_login_page_whatever_its_title_says(text: str) -> None:
    assert isinstance(read(plain_order(f"<p>{text}</p>", title="Portal")), LoginPage)
    assert isinstance(read(plain_order(f"<p>{text} <a href=/login>Log in</a></p>")), LoginPage)
    assert isinstance(read(plain_order(f"<div role=alert>{text}</div>{NONE}")), LoginPage)


@pytest.mark.parametrize("text", OVER)
def test_a_comment_that_says_so_ends_no_login(text: str) -> None:
    for around in ("<div class=comment>{}</div>", "<table><tr><td>{}</td></tr></table>", "<blockquote>{}</blockquote>"):
        assert isinstance(read(plain_order(NONE + around.format(text))), OrderPage)


@pytest.mark.parametrize(
    "dialog",
    [
        "<div hidden>{}</div>",
        "<div style='display:none'>{}</div>",
        "<div aria-hidden=true>{}</div>",
        "<div class='modal fade'>{}</div>",
        "<dialog>{}</dialog>",
        "<template>{}</template>",
        "<div style='width:0;height:0;overflow:hidden'>{}</div>",
        "<style>.later, #x {{ display : none }}</style><div class=later>{}</div>",
    ],
)
def test_what_nobody_sees_asks_for_no_login(dialog: str) -> None:
    warning = "<div role=alertdialog>Your session has expired. <a href=/login>Log in</a><input type=password></div>"
    for body in (ATTACHMENT, NONE):
        assert isinstance(read(plain_order(body + dialog.format(warning))), OrderPage)
    assert portal.wants_login(plain_order(dialog.format(CHANGE), title="Portal", path="/")) == ""


def test_a_rule_for_print_hides_no_login() -> None:
    style = "<style>@media print { form { display: none } }</style>"
    assert portal.wants_login(plain_order(style + "<form><input type=password></form>", title="Portal"))


@pytest.mark.parametrize(
    "form",
    [
        CHANGE,
        "<form><input type=password autocomplete=new-password></form>",
        "<form><input name=user><input type=password name=signature><button>Approve</button></form>",
        "<form><label>PIN</label><input type=password name=pin></form>",
    ],
)
def test_a_password_for_something_else_on_a_proven_order_is_no_login(form: str) -> None:
    for body in (ATTACHMENT, NONE):
        assert isinstance(read(plain_order(body + form)), OrderPage)


def test_a_form_that_logs_in_makes_a_login_page_even_under_an_orders_title() -> None:
    form = "<form action=/login method=post><input name=user><input type=password><button>Log in</button></form>"
    for body in (NONE, "", "<a href='/manual.pdf'>Manual</a>"):
        assert isinstance(read(plain_order(body + form)), LoginPage)


@pytest.mark.parametrize(
    "heading", ["Sign in to see order PO7", "Log in - PO7", "Anmelden", "Iniciar sesi\u00f3n", "Entrar"]
)
def test_the_first_of_two_steps_is_a_login_page_though_its_title_carries_the_number(heading: str) -> None:
    form = "<form><input type=email name=email><button>Next</button></form>"
    assert isinstance(read(plain_order(form, title=heading)), LoginPage)


def test_a_field_for_an_identifier_is_a_login_whatever_the_title() -> None:
    form = "<form><input type=email autocomplete=username><button>Next</button></form>"
    assert isinstance(read(plain_order(form, title="Portal")), LoginPage)


@pytest.mark.parametrize(
    "path", ["/account/login?next=/orders/PO7", "/user/SignIn.aspx", "/auth/sso/start", "/oauth2/authorize"]
)
def test_an_address_for_logging_in_that_was_not_asked_for_is_one(path: str) -> None:
    assert isinstance(read(plain_order("<p>PO7</p>", title="Portal", path=path)), LoginPage)


def test_an_address_that_was_asked_for_is_no_login_for_its_words() -> None:
    own = "/sso/orders/PO7"
    assert isinstance(read(plain_order(ATTACHMENT, path=own, requested=own)), OrderPage)
    assert isinstance(read(plain_order(ATTACHMENT, title="Order PO7: login terminals")), OrderPage)


def test_a_page_that_goes_on_by_itself_is_not_yet_the_orders() -> None:
    for body in (
        "<p>Please wait, you are being redirected</p>",
        "<meta http-equiv=refresh content='2;url=/x'><p>PO7</p>",
    ):
        assert isinstance(read(plain_order(body)), WrongPage)
    assert isinstance(read(plain_order("<meta http-equiv=refresh content=5>" + NONE)), OrderPage)
