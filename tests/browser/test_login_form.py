"""User name and password go into a form of the portal's own, and nowhere else, whatever page and form try."""

from __future__ import annotations

import attrs
import pytest

from actors.browser.chromium import ChromiumBrowser
from contracts.errors import LoginDivertedError, LoginRefusedError, LoginUnclearError, NetworkError
from contracts.ports import Credentials, LoginForm, PageSnapshot
from tests.browser.conftest import Site, Watch

pytestmark = pytest.mark.chromium

PASSWORD = "c4nary-P4ss word&+"
KNOWN = Credentials("ann", PASSWORD)
FORM = LoginForm("input[type=text]", "input[type=password]", "button[type=submit], input[type=submit], button")
FIELDS = "<input type=text name=user><input type=password name=password>"
ELSEWHERE = "@other/stolen"


def form(attributes: str = "method=post action=/in", button: str = "<button>go</button>", fields: str = FIELDS) -> str:
    """Return a form."""
    return f"<form {attributes}>{fields}{button}</form>"


def at(event: str, what: str) -> str:
    """Return a form of the portal's own whose page does something at an event; `form` is the form."""
    script = f"const form = document.querySelector('form'); addEventListener('{event}', () => {what})"
    return f"{form()}<script>{script}</script>"


LATE = f"form.action = '{ELSEWHERE}'"


@attrs.define(eq=False)
class ShortWatch(Watch):
    """A watch whose time is over after some steps."""

    steps: int | None = 25


def log_in(browser: ChromiumBrowser, site: Site, html: str, watch: Watch | None = None) -> PageSnapshot:
    """Open a login page and log in. `@other` in it is the same portal as another host."""
    site.received.clear()
    site.pages["/signin"] = "<!doctype html><title>Sign in</title>" + html.replace("@other", site.url("", "localhost"))
    browser.open(site.url("/signin"))
    return browser.submit_login(FORM, KNOWN, (site.url(""),), watch or Watch())


def at_the_other(site: Site) -> list[tuple[str, str, str]]:
    """Return what the other host got with anything in it."""
    return [one for one in site.received if one[0].startswith("localhost") and (one[2] or "?" in one[1])]


def in_addresses(site: Site) -> list[str]:
    """Return the addresses that hold the password."""
    return [path for _, path, _ in site.received if "c4nary" in path]


REFUSED = {
    "an action elsewhere": form(f"method=post action={ELSEWHERE}"),
    "a button that leads elsewhere": form(button=f"<button formaction={ELSEWHERE}>go</button>"),
    "an input that leads elsewhere": form(button=f"<input type=submit formaction={ELSEWHERE}>"),
    "a button outside": form("id=f method=post action=/in", "") + f"<button form=f formaction={ELSEWHERE}>go</button>",
    "a base elsewhere": "<base href=@other/>" + form("method=post action=stolen"),
    "a new window": form("method=post action=/in target=_blank"),
    "a frame": "<iframe name=f></iframe>" + form("method=post action=/in target=f"),
    "a base target": "<base target=_blank>" + form(),
    "a button that opens a window": form(button="<button formtarget=_blank>go</button>"),
    "a script as action": form("method=post action=javascript:void(0)"),
    "a data address": form("method=post action=data:text/html,x"),
    "another scheme": form("method=post action=ftp://127.0.0.1/in"),
    "an address with a user in it": form("method=post action=http://127.0.0.1@localhost/"),
    "an address that cannot be read": form("method=post action=http://["),
    "a field that hides the action": form(
        f"method=post action={ELSEWHERE}", fields=f"<input name=action value=/in type=hidden>{FIELDS}"
    ),
    "fields of two forms": form(fields="<input type=text>", button="")
    + form(f"method=post action={ELSEWHERE}", fields="<input type=password>"),
    "a field that belongs elsewhere": f"<form id=e method=post action={ELSEWHERE}></form>"
    + form(fields="<input type=text><input type=password form=e>"),
    "several passwords": form(fields=f"{FIELDS}<input type=password name=again>"),
    "a password in the address": form("action=/in"),
    "a button for a password in the address": form(button="<button formmethod=get>go</button>"),
    "an action that changes when a field is entered": at("focusin", LATE),
    "an action that changes before a key": at("keydown", LATE),
    "an action that changes at a key": at("input", LATE),
    "an action that changes at a click": at("click", LATE),
    "an action that changes when it is sent": at("submit", LATE),
    "an action that changes behind the last look": at("click", f"addEventListener('submit', () => {LATE})"),
    "a method that changes when it is sent": at("submit", "form.method = 'get'"),
    "a method that changes behind the last look": at("click", "addEventListener('submit', () => form.method = 'get')"),
    "a form that sends itself elsewhere": at("change", f"{{ {LATE}; form.submit(); }}"),
    "a form that sends itself into an address": at("change", "{ form.method = 'get'; form.submit(); }"),
    "a form that turns to another window": at("click", f"{{ {LATE}; form.target = '_blank'; }}"),
}


@pytest.mark.parametrize("html", REFUSED.values(), ids=REFUSED.keys())
def test_a_form_that_does_not_stay_at_the_portal_gets_nothing(browser: ChromiumBrowser, site: Site, html: str) -> None:
    with pytest.raises(LoginRefusedError, match=r"Nothing was sent|purser login") as refused:
        log_in(browser, site, html)
    assert PASSWORD not in str(refused.value)
    assert at_the_other(site) == []
    assert in_addresses(site) == []
    assert not [body for _, _, body in site.received if "c4nary" in body]


INVISIBLE = {
    "display": "style='display:none'",
    "visibility": "style='visibility:hidden'",
    "opacity": "style='opacity:0'",
    "size": "style='width:0;height:0;border:0;padding:0'",
    "place": "style='position:absolute;left:-9999px'",
}


@pytest.mark.parametrize("how", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_what_nobody_sees_is_not_filled_in(browser: ChromiumBrowser, site: Site, how: str) -> None:
    hidden = (
        f'<form method=post action="/trap"><div {how}><input type=text {how}><input type=password {how}></div></form>'
    )
    page = log_in(browser, site, f'{hidden}<form method=post action="/in">{FIELDS}<button>go</button></form>')
    assert page.url == site.url("/welcome")
    assert [path for _, path, body in site.received if body] == ["/in"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_page_that_is_not_the_portals_own_gets_nothing(browser: ChromiumBrowser, site: Site, host: str) -> None:
    """Another host, and the same host on another port."""
    site.received.clear()
    own = site.url("") if host == "localhost" else "http://127.0.0.1:9"
    browser.open(site.url("/login", host))
    with pytest.raises(LoginRefusedError, match=f"another host: http://{host}.*login_hosts"):
        browser.submit_login(FORM, KNOWN, (own,), Watch())
    assert not [one for one in site.received if one[2]]


def test_a_page_that_swaps_itself_after_it_was_read_gets_nothing(browser: ChromiumBrowser, site: Site) -> None:
    """What counts is the page that is shown in the moment of typing."""
    site.received.clear()
    site.pages["/signin"] = form()
    site.pages["/phish"] = form("method=post action=/stolen")
    browser.open(site.url("/signin"))
    browser.open(site.url("/phish", "localhost"))
    with pytest.raises(LoginRefusedError, match="another host"):
        browser.submit_login(FORM, KNOWN, (site.url(""),), Watch())
    assert not [one for one in site.received if one[2]]


@pytest.mark.parametrize("code", [302, 303, 307, 308])
def test_an_answer_that_passes_the_login_on_to_another_host_is_not_followed(
    browser: ChromiumBrowser, site: Site, code: int
) -> None:
    with pytest.raises(LoginDivertedError, match="login_hosts"):
        log_in(browser, site, form(f"method=post action=/divert/{code}"))
    assert at_the_other(site) == []
    assert not [one for one in site.received if one[0].startswith("localhost")]


def test_a_provider_that_was_named_gets_it(browser: ChromiumBrowser, site: Site) -> None:
    origins = (site.url(""), site.url("", "localhost"))
    for host, action in (("127.0.0.1", ELSEWHERE), ("localhost", "/in"), ("localhost", site.url("/in"))):
        site.received.clear()
        other = site.url("", "localhost")
        site.pages["/signin"] = form(f"method=post action={action}").replace("@other", other)
        browser.open(site.url("/signin", host))
        browser.submit_login(FORM, KNOWN, origins, Watch())
        assert len([body for _, _, body in site.received if "c4nary" in body]) == 1


GOOD = {
    "a search field before it": "<form action=/find><input type=text name=q><button>find</button></form>" + form(),
    "fields named like what the form knows": form(
        "method=post", fields=f"<input type=hidden name=action><input type=hidden name=submit>{FIELDS}"
    ),
    "names that hide the document's own": "<img name=querySelectorAll><img name=head>" + form("name=body method=post"),
    "a button elsewhere that belongs to it": form("id=f method=post action=/in", "") + "<button form=f>go</button>",
    "no button": form(button=""),
    "a button that is switched on for what was typed": at(
        "input", "setTimeout(() => document.querySelector('button').disabled = false, 200)"
    ).replace("<button", "<button disabled"),
    "a form that sends itself after the last key": at("change", "form.elements[1].value && form.submit()"),
    "the whole window": form("method=post action=/in target=_top"),
}


@pytest.mark.parametrize("html", GOOD.values(), ids=GOOD.keys())
def test_a_form_of_the_portals_own_is_sent_once(browser: ChromiumBrowser, site: Site, html: str) -> None:
    assert log_in(browser, site, html).url == site.url("/welcome")
    assert len([body for _, _, body in site.received if "c4nary" in body]) == 1


BY_SCRIPT = {
    "a form that a script sends": ("<form onsubmit='go(event)'>", "<button>go</button></form>"),
    "fields without a form": ("<div>", "<button type=button onclick='go(event)'>go</button></div>"),
}


def test_a_password_that_is_a_word_of_the_pages_own_address_is_sent_all_the_same(
    browser: ChromiumBrowser, site: Site
) -> None:
    site.received.clear()
    site.pages["/signin"] = f"<!doctype html><title>Sign in</title>{form()}"
    browser.open(site.url("/signin"))
    page = browser.submit_login(FORM, Credentials("ann", "in"), (site.url(""),), Watch())
    assert page.url == site.url("/welcome")
    assert [body for _, path, body in site.received if path == "/in"] == ["user=ann&password=in"]


@pytest.mark.parametrize(("before", "after"), BY_SCRIPT.values(), ids=BY_SCRIPT.keys())
def test_a_page_that_logs_in_by_script_and_swaps_its_content(
    browser: ChromiumBrowser, site: Site, before: str, after: str
) -> None:
    script = """<script>async function go(event) {
      event.preventDefault();
      const [user, password] = [...document.querySelectorAll('input')].map((one) => one.value);
      await fetch('/api', { method: 'POST', redirect: 'manual', body: JSON.stringify({ user, password }) });
      document.body.innerHTML = '<h1>Welcome</h1>';
    }</script>"""
    page = log_in(browser, site, f"{before}{FIELDS}{after}{script}")
    assert "Welcome" in page.html
    assert len([body for _, _, body in site.received if "c4nary" in body]) == 1


def test_a_login_page_that_stays_as_it_was_is_neither_accepted_nor_sent_again(
    browser: ChromiumBrowser, site: Site
) -> None:
    with pytest.raises(LoginUnclearError, match="not sent again"):
        log_in(browser, site, form("onsubmit='return false'"), ShortWatch())


@pytest.mark.parametrize("way", ["hang", "cut"])
def test_a_login_without_an_answer_is_the_portals_trouble(browser: ChromiumBrowser, site: Site, way: str) -> None:
    with pytest.raises(NetworkError):
        log_in(browser, site, form(f"method=post action=/{way}"), ShortWatch())


@pytest.mark.parametrize("code", [502, 503])
def test_an_error_in_place_of_an_answer_is_told_with_its_status(
    browser: ChromiumBrowser, site: Site, code: int
) -> None:
    page = log_in(browser, site, form(f"method=post action=/status/{code}"))
    assert page.http_status == code
