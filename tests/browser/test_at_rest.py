"""A page is read when it has come to rest, and whole: what scripts fill in, frames, shadow roots."""

from __future__ import annotations

from time import monotonic

import pytest

from actors.browser.chromium import BLOCKED_SECONDS, ChromiumBrowser
from contracts.errors import AttachmentError, NetworkError, PageReadingError
from contracts.ports import Control, PageSnapshot
from tests.browser.conftest import Site, Watch

pytestmark = pytest.mark.chromium

LATE = "<a class=file href=/late.pdf>late</a>"
SHOWN = '.pdf">late</a>'
"""As the browser writes it out: the text of the script that makes it has no quotation marks."""
FILL = "document.getElementById('list').innerHTML = "
ALL = f'{FILL}"{LATE}"'

LATE_LISTS = {
    "a request after the load event": "addEventListener('load', async () => { const names = await (await"
    f" fetch('/slow/list')).json(); {FILL} names.map((name) => `<a class=file href=/${{name}}>late</a>`).join('') }})",
    "an XMLHttpRequest": "const x = new XMLHttpRequest(); x.open('GET', '/slow/list');"
    f" x.onload = () => {{ {ALL} }}; x.send()",
    "a timer after the load event": f"addEventListener('load', () => setTimeout(() => {{ {ALL} }}, 600))",
    "a chain of timers": f"setTimeout(() => setTimeout(() => setTimeout(() => {{ {ALL} }}, 150), 150), 150)",
    "many timers, one after the other": "(async () => { for (let n = 0; n < 7; n++) await new Promise((go) =>"
    f" setTimeout(go, 200)); {ALL} }})()",
    "a longer chain of timers": "(function next(n) { if (n < 7) setTimeout(next, 150 + n, n + 1);"
    f" else {{ {ALL} }} }})(0)",
    "many requests to one address": "(async () => { for (let n = 0; n < 5; n++) await (await"
    f" fetch('/slow/list?question=' + n)).json(); {ALL} }})()",
    "onload of the body": f"window.onload = () => setTimeout(() => {{ {ALL} }}, 300)",
    "an animation frame": f"requestAnimationFrame(() => requestAnimationFrame(() => {{ {ALL} }}))",
    "a worker": 'const w = new Worker(URL.createObjectURL(new Blob(["setTimeout(() => postMessage(1), 40)"])));'
    f" w.onmessage = () => {{ {ALL} }}",
    "a module": f"</script><script type=module>await new Promise((go) => setTimeout(go, 200)); {ALL}",
    "being scrolled to": "document.body.insertAdjacentHTML('beforeend', '<p style=margin-top:5000px id=end>.</p>');"
    f" new IntersectionObserver((seen) => {{ if (seen[0].isIntersecting) {ALL} }}).observe(window.end)",
    "a document that is written anew": f"setTimeout(() => {{ document.open(); document.write(`<p>{LATE}</p>`);"
    " document.close() }, 200)",
    "an interval": f"const i = setInterval(() => {{ clearInterval(i); {ALL} }}, 400)",
    "a script that is added later": "const s = document.createElement('script'); s.src = '/filler.js';"
    " document.head.append(s)",
}


def opened(browser: ChromiumBrowser, site: Site, body: str, path: str = "/made") -> PageSnapshot:
    """Open a page with this body."""
    site.pages[path] = f"<!doctype html><title>Order 1</title><h1>Order 1</h1><div id=list></div>{body}"
    return browser.open(site.url(path))


def everything(page: PageSnapshot) -> str:
    """All HTML of a page."""
    return page.html + "".join(part.html for part in page.parts)


@pytest.mark.parametrize("way", LATE_LISTS)
def test_a_list_that_scripts_fill_in_late_is_read(browser: ChromiumBrowser, site: Site, way: str) -> None:
    site.pages["/filler.js"] = ALL
    page = opened(browser, site, f"<script>{LATE_LISTS[way]}</script>")
    assert SHOWN in page.html
    assert page.unsettled == ""


def test_a_page_whose_scripts_do_nothing_more_is_told_as_one_that_stays(browser: ChromiumBrowser, site: Site) -> None:
    page = opened(browser, site, "<script>function later() {}</script><a href=/a.pdf onclick='later()'>a</a>")
    assert (page.unsettled, page.may_change, page.parts, page.unread) == ("", False, (), ())


@pytest.mark.parametrize(
    "busy",
    [
        "setInterval(() => { document.getElementById('list').textContent = Date() }, 50)",
        "(function again() { setTimeout(again, 200) })()",
        "(function again() { fetch('/poll').then(() => setTimeout(again, 50)) })()",
        "new EventSource('/drip')",
    ],
    ids=["a clock", "a timer that sets itself again", "a poll", "an open stream"],
)
def test_a_page_that_is_never_quite_still_is_at_rest_all_the_same(
    browser: ChromiumBrowser, site: Site, busy: str
) -> None:
    assert opened(browser, site, f"<script>{busy}</script>").unsettled == ""


def test_a_request_that_is_never_answered_is_told(browser: ChromiumBrowser, site: Site) -> None:
    """The list may be in that answer, so nobody may take the page for complete."""
    page = opened(browser, site, "<script>fetch('/hang')</script>")
    assert site.url("/hang") in page.unsettled


def test_a_trackers_request_that_is_never_answered_does_not_matter(browser: ChromiumBrowser, site: Site) -> None:
    page = opened(browser, site, f"<script>fetch('{site.url('/hang', 'localhost')}', {{mode: 'no-cors'}})</script>")
    assert page.unsettled == ""


@pytest.mark.parametrize(
    "needless",
    [
        "<img src='{0}'>",
        "<script async src='{0}'></script>",
        "<link rel=stylesheet href='{0}'><script>1</script>",
        "<script src='{0}'></script>",
        "<script>document.write(`<script src='{0}?${{Math.random()}}'></` + `script>`)</script>",
        "<iframe hidden src='{0}'></iframe>",
        "<style>@font-face {{font-family: f; src: url('{0}')}} h1 {{font-family: f}}</style>",
        "<img src='{0}'><script>addEventListener('load', () => 1)</script>",
        "<video src='{0}' autoplay></video>",
    ],
)
def test_what_another_host_never_delivers_holds_no_page_up(browser: ChromiumBrowser, site: Site, needless: str) -> None:
    page = opened(browser, site, needless.format(site.url("/hang", "localhost")) + LATE)
    assert (page.is_new, page.unsettled, page.http_status) == (True, "", 200)
    assert SHOWN in page.html
    again = opened(browser, site, needless.format(site.url("/hang", "localhost")) + LATE)
    assert SHOWN in again.html


def test_what_was_blocked_is_asked_for_again_after_a_while(browser: ChromiumBrowser, site: Site) -> None:
    """The host may only have been down for a moment, and what it serves be what draws the page."""
    address = site.url("/filler-of-another.js", "localhost")
    site.pages["/filler-of-another.js"] = ALL
    time, browser._monotonic = [0.0], lambda: time[0]
    browser._block((address,), "testing")
    assert SHOWN not in opened(browser, site, f"<script src='{address}'></script>").html
    time[0] = BLOCKED_SECONDS + 1
    assert SHOWN in opened(browser, site, f"<script src='{address}'></script>").html
    browser._monotonic = monotonic


# --------------------------------------------------------------------------------------------- frames and shadow roots

INNER = "<a class=file href=inner.pdf>inner</a>"


@pytest.mark.parametrize(
    "body",
    [
        "<iframe src=/frames/inner></iframe>",
        f'<iframe srcdoc="{INNER}"></iframe>',
        "<iframe loading=lazy style='margin-top:9000px' src=/frames/inner></iframe>",
        "<script>inner = `" + INNER + "`</script><iframe src='javascript:parent.inner'></iframe>",
        "<iframe srcdoc='<iframe src=/frames/inner></iframe>'></iframe>",
        f"<div id=host></div><script>host.attachShadow({{mode: 'open'}}).innerHTML = '{INNER}'</script>",
        f"<div id=host></div><script>host.attachShadow({{mode: 'closed'}}).innerHTML = '{INNER}'</script>",
        f"<div><template shadowrootmode=open>{INNER}</template></div>",
        (
            "<div id=host></div><script>host.attachShadow({mode: 'open'}).innerHTML = '<p id=p></p>';"
            f" host.shadowRoot.getElementById('p').attachShadow({{mode: 'open'}}).innerHTML = '{INNER}'</script>"
        ),
        (
            "<my-list></my-list><script>customElements.define('my-list', class extends HTMLElement {"
            f" connectedCallback() {{ this.attachShadow({{mode: 'open'}}).innerHTML = '{INNER}' }} }})</script>"
        ),
    ],
)
def test_frames_and_shadow_roots_are_parts_of_the_page(browser: ChromiumBrowser, site: Site, body: str) -> None:
    site.pages["/frames/inner"] = INNER
    page = opened(browser, site, body)
    assert any("inner.pdf" in part.html and part.place for part in page.parts), page.parts
    assert (page.unread, page.unsettled) == ((), "")


def test_a_frame_of_another_host_is_read_too(browser: ChromiumBrowser, site: Site) -> None:
    site.pages["/frames/inner"] = INNER
    address = site.url("/frames/inner", "localhost")
    page = opened(browser, site, f"<iframe src='{address}'></iframe>")
    (part,) = page.parts
    assert (part.url, "inner.pdf" in part.html, page.unread) == (address, True, ())


def test_a_frame_that_a_person_would_see_and_that_never_comes_is_told(browser: ChromiumBrowser, site: Site) -> None:
    for host in ("127.0.0.1", "localhost"):
        page = opened(browser, site, f"<iframe src='{site.url('/hang', host)}'></iframe>")
        assert page.unread == (site.url("/hang", host),)


@pytest.mark.parametrize("style", ["display:none", "width:1px;height:1px", "visibility:hidden"])
def test_a_frame_that_nobody_sees_need_not_come(browser: ChromiumBrowser, site: Site, style: str) -> None:
    page = opened(browser, site, f"<iframe style='{style}' src='{site.url('/hang')}'></iframe>")
    assert (page.unread, page.unsettled) == ((), "")


@pytest.mark.parametrize(
    "body",
    [
        "<iframe srcdoc='<a class=file href=/file/a.pdf>a</a>'></iframe>",
        (
            "<div id=host></div><script>host.attachShadow({mode: 'closed'}).innerHTML ="
            " '<a class=file href=/file/a.pdf>a</a>'</script>"
        ),
    ],
)
def test_a_control_in_a_part_is_clicked_where_it_is(
    browser: ChromiumBrowser, site: Site, into: object, watch: Watch, body: str
) -> None:
    page = opened(browser, site, body)
    (part,) = page.parts
    file = browser.download_by_click(Control("a.file", 0, part.place), into, watch, 10**7)  # type: ignore[arg-type]  # a path
    assert file.suggested_name == "a.pdf"


def test_a_control_in_a_frame_of_another_host_is_clicked_too(
    browser: ChromiumBrowser, site: Site, into: object, watch: Watch
) -> None:
    site.pages["/frames/files"] = "<a class=file href=/file/a.pdf>a</a>"
    page = opened(browser, site, f"<iframe src='{site.url('/frames/files', 'localhost')}'></iframe>")
    (part,) = page.parts
    file = browser.download_by_click(Control("a.file", 0, part.place), into, watch, 10**7)  # type: ignore[arg-type]  # a path
    assert file.suggested_name == "a.pdf"


# ------------------------------------------------------------------------------------------ pages that take others down

NAMES = [
    "var performance = {onTime: 0.93}",
    "function performance() {}",
    "const performance = 0.93",
    "Object.defineProperty(Performance.prototype, 'timeOrigin', {get() { return 'abc' }})",
    "JSON = {}; Promise = null; fetch = null; URL = 1; Math = 0; Date = 0",
    "Array.prototype.toJSON = () => 'x'; Object.prototype.toJSON = () => 'x'",
    "Document.prototype.querySelectorAll = () => { throw 1 }; Element.prototype.querySelectorAll = null",
    "Object.defineProperty(Element.prototype, 'outerHTML', {get() { return '' }})",
    "setTimeout = setInterval = requestAnimationFrame = () => { throw 'no' }",
    "Array.prototype.push = Array.prototype.join = () => { throw 1 }; Array.prototype[Symbol.iterator] = null",
    "document.title = 'Order \\ud83d 1'",
    "CustomEvent = Event = null; EventTarget.prototype.dispatchEvent = () => { throw 1 }",
    "window.purser = {read: 1}; Reflect.apply = Object.keys = null",
    "Object.freeze(document); Object.freeze(window.constructor.prototype)",
    "XMLHttpRequest = class {}; Response = undefined; WeakMap = 0; Proxy = 0",
]


@pytest.mark.parametrize("script", NAMES)
def test_a_page_may_give_the_browsers_names_other_meanings(browser: ChromiumBrowser, site: Site, script: str) -> None:
    page = opened(browser, site, f"<a class=file href=/a.pdf>a</a><script>{script}</script>")
    assert (page.is_new, page.http_status, page.unsettled) == (True, 200, "")
    assert "a.pdf" in page.html
    page.html.encode()


DIALOGS = [
    "alert(1)",
    "if (confirm('Delete this order?')) document.body.append('deleted')",
    "if (prompt('Reason?', 'audit') !== null) document.body.append('deleted')",
    "for (let i = 0; i < 50; i++) alert(i)",
    "print()",
    "setTimeout(() => { alert(1); confirm(2) }, 100)",
    "onbeforeunload = (event) => { event.preventDefault(); return 'stay' }",
    "addEventListener('beforeunload', (event) => { event.returnValue = 'stay' })",
    "navigator.geolocation.getCurrentPosition(() => 1); Notification.requestPermission()",
    "navigator.mediaDevices && navigator.mediaDevices.getUserMedia({audio: true}).catch(() => 1)",
    "const f = document.createElement('iframe'); document.body.append(f); f.contentWindow.alert(1)",
    "location.href = 'mailto:a@b.example'",
    "open('/second'); open('/third', '_blank', 'width=200,height=100')",
]


@pytest.mark.parametrize("script", DIALOGS)
def test_no_dialog_popup_or_question_of_a_page_holds_anything_up(
    browser: ChromiumBrowser, site: Site, script: str
) -> None:
    for path in ("/made", "/made/again"):
        page = opened(browser, site, f"<a class=file href=/a.pdf>a</a><script>{script}</script>", path)
        assert (page.url, page.is_new) == (site.url(path), True)
        assert "a.pdf" in page.html
        assert ">deleted" not in page.html
    assert browser._tab.others() == []


def test_a_window_that_a_click_opened_is_gone_before_the_next_page(
    browser: ChromiumBrowser, site: Site, into: object, watch: Watch
) -> None:
    opened(browser, site, "<span class=file onclick=\"window.open('/second'); location='/file/a.pdf'\">a</span>")
    browser.download_by_click(Control("span.file", 0), into, watch, 10**7)  # type: ignore[arg-type]  # a path
    opened(browser, site, "next")
    assert browser._tab.others() == []


@pytest.mark.parametrize(
    "script",
    [
        "if (confirm('Download?')) location.href = '/file/a.pdf'",
        "alert('Your download starts'); location.href = '/file/a.pdf'",
        "if (prompt('Reason?', 'audit') === 'audit') location.href = '/file/a.pdf'",
        "setTimeout(() => { if (confirm('Download?')) location.href = '/file/a.pdf' }, 300)",
        "window.open('/file/a.pdf')",
        "const w = window.open('about:blank'); setTimeout(() => { w.location = '/file/a.pdf' }, 500)",
    ],
)
def test_a_dialog_before_a_download_that_we_clicked_is_answered_with_ok(
    browser: ChromiumBrowser, site: Site, into: object, watch: Watch, script: str
) -> None:
    opened(browser, site, f"<a class=file href='#' onclick=\"{script}; return false\">a</a>")
    file = browser.download_by_click(Control("a.file", 0), into, watch, 10**7)  # type: ignore[arg-type]  # a path
    assert file.suggested_name == "a.pdf"


def test_nothing_is_clicked_on_a_page_that_took_the_orders_place(
    browser: ChromiumBrowser, site: Site, into: object, watch: Watch
) -> None:
    site.pages["/other"] = "<title>Order 2</title><a class=file href=/file/other.pdf>a</a>"
    opened(browser, site, "<a class=file href=/file/a.pdf>a</a>")
    browser._page.run("location.assign('/other')", "going on")
    with pytest.raises(AttachmentError, match="changed"):
        browser.download_by_click(Control("a.file", 0), into, watch, 10**7)  # type: ignore[arg-type]  # a path


# --------------------------------------------------------------------------------------- pages that go on by themselves


@pytest.mark.parametrize(
    "way",
    [
        "<meta http-equiv=refresh content='1;url=/arrived'>",
        "<script>setTimeout(() => { location.replace('/arrived') }, 700)</script>",
        "<body onload='document.forms[0].submit()'><form action=/arrived></form>",
    ],
)
def test_a_page_that_goes_on_by_itself_is_waited_for(browser: ChromiumBrowser, site: Site, way: str) -> None:
    site.pages["/arrived"] = "<title>Order 1</title>here"
    page = opened(browser, site, f"One moment please.{way}")
    assert (page.url.partition("?")[0], "here" in page.html) == (site.url("/arrived"), True)


def test_pages_that_go_on_for_ever_cost_their_order_and_no_browser(browser: ChromiumBrowser, site: Site) -> None:
    site.pages["/made/2"] = "<script>location.replace('/made/1?' + Math.random())</script>"
    site.pages["/made/1"] = "<script>location.replace('/made/2?' + Math.random())</script>"
    # The driver may lose its patience first, and says then that the portal does not answer.
    with pytest.raises((PageReadingError, NetworkError)):
        browser.open(site.url("/made/1"))
    assert opened(browser, site, "next").is_new


def test_a_patient_look_sees_what_comes_later_than_usual(browser: ChromiumBrowser, site: Site) -> None:
    page = opened(browser, site, f"<script>setTimeout(() => {{ {ALL} }}, 4500)</script>")
    assert page.may_change
    assert SHOWN in everything(browser.read(6.0))


# ------------------------------------------------------------------------------------------------------------- pressing


def test_a_press_shows_more_and_agrees_to_nothing(browser: ChromiumBrowser, site: Site) -> None:
    opened(
        browser,
        site,
        "<button onclick='if (!confirm()) setTimeout(more, 200)'>more</button>"
        f"<script>function more() {{ {ALL} }}</script>",
    )
    assert SHOWN in browser.press(Control("button", 0)).html


def test_what_a_press_brings_is_waited_for_however_often_the_same_was_asked(
    browser: ChromiumBrowser, site: Site
) -> None:
    """The pages of a list come from one address. What looks like a poll would be read before it has come."""
    opened(
        browser,
        site,
        "<button onclick=show()>Next</button><script>let n = 0; const show = async () => { n += 1; await (await"
        " fetch('/slow/list?page=' + n)).json(); document.getElementById('list').textContent = `page ${n} of it` };"
        " show()</script>",
    )
    shown = [browser.press(Control("button", 0)).html for _ in range(8)]
    assert [f"page {n} of it" in html for n, html in enumerate(shown, start=2)] == [True] * 8


def test_a_press_downloads_nothing(browser: ChromiumBrowser, site: Site) -> None:
    opened(browser, site, "<a class=more href=/file/a.pdf>more</a>")
    assert "Order 1" in browser.press(Control("a.more", 0)).html
