"""An expired login is a login, or at least no proof of "none", whatever number its title carries."""

from __future__ import annotations

import pytest

from actors.portals.auto import AutoPortal
from actors.portals.coupa import CoupaPortal
from actors.portals.generic import GenericPortal
from contracts.config import GenericPortalSettings
from contracts.ports import LoginPage, OrderPage, PageSnapshot, Portal

TITLE = "Purchase Order #PO1"
URL = "https://portal.example/orders/PO1"
SECTIONS = "<h2>Lines</h2><table>" + "<tr><td>item</td><td>1</td></tr>" * 30 + "</table>"
PORTALS: list[Portal] = [GenericPortal(GenericPortalSettings()), AutoPortal(GenericPortalSettings()), CoupaPortal()]
EXPIRED = [
    "<p>Your session has expired. <a href='/login'>Log in again</a>.</p>",
    "<p>Session timeout. Please reload the page.</p>",
    "<p>For your security, we logged you out due to inactivity.</p>",
    "<p>You are no longer logged in.</p>",
    "<p>Your access token has expired.</p>",
    "<p>Please re-authenticate to continue.</p>",
    "<p>Please verify your identity.</p>",
    "<p>401 Unauthorized</p>",
    "<p>Sign in to continue</p><a href='/auth'>Continue</a>",
    "<form action='/login'><input type=text name=email><button>Next</button></form>",
    "<h2>Lines</h2><div role=dialog><h2>Session expired</h2><button>Log in</button></div>",
    f"{SECTIONS}<div class=banner>Your session has expired. <a href='/login'>Sign in</a></div>",
    f"{SECTIONS}<p>Your session has expired.</p>",
    "<p>La sessione è scaduta. Accedi di nuovo.</p>",
    "<p>Uw sessie is verlopen.</p>",
    "<p>Sesja wygasła. Zaloguj się ponownie.</p>",
]
DOUBTFUL = [
    "<a href='/sso/start'>Continue</a>",
    "<button>Sign in</button>",
    "<p>Enter the code we sent you</p><form><input name=otp autocomplete=one-time-code><button>Go</button></form>",
    "<table><tr><td>Your session has expired. Please log in.</td></tr></table>",
]


def snapshot(body: str) -> PageSnapshot:
    html = f"<html><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1>{body}</body></html>"
    return PageSnapshot(URL, URL, 200, 1.0, html)


@pytest.mark.parametrize("portal", PORTALS, ids=["generic", "auto", "coupa"])
@pytest.mark.parametrize("body", EXPIRED)
def test_an_expired_login_under_an_orders_title_is_a_login(portal: Portal, body: str) -> None:
    assert isinstance(portal.read(snapshot(body), "PO1"), LoginPage)


@pytest.mark.parametrize("portal", PORTALS, ids=["generic", "auto", "coupa"])
@pytest.mark.parametrize("body", DOUBTFUL)
def test_what_may_be_an_expired_login_proves_nothing(portal: Portal, body: str) -> None:
    reading = portal.read(snapshot(body), "PO1")
    assert isinstance(reading, LoginPage) or (isinstance(reading, OrderPage) and reading.doubts)


@pytest.mark.parametrize("portal", PORTALS, ids=["generic", "auto", "coupa"])
def test_an_order_without_files_below_the_portals_own_frame_is_one(portal: Portal) -> None:
    frame = "<nav><a href='/login'>Log in as somebody else</a></nav><footer><a href='/login'>Login</a></footer>"
    reading = portal.read(snapshot(f"{frame}{SECTIONS}<h2>Attachments</h2><p>None</p>"), "PO1")
    assert isinstance(reading, OrderPage)
    assert reading.doubts == ()


def test_an_order_with_files_may_speak_of_sessions() -> None:
    body = f"{SECTIONS}<p>Your session has expired.</p><a class=attachment href='/files/a.pdf'>a.pdf</a>"
    assert isinstance(GenericPortal(GenericPortalSettings()).read(snapshot(body), "PO1"), OrderPage)
