"""What brings a page's parts in other ways than by requests and timers of its own, and what only looks as if it did."""

from __future__ import annotations

import pytest

from actors.browser.chromium import ChromiumBrowser
from contracts.ports import PageSnapshot
from tests.browser.conftest import Site

pytestmark = pytest.mark.chromium

LATE = "<a class=file href=/late.pdf>late</a>"
ALL = f"list.innerHTML = '{LATE}'"
SHOWN = '.pdf">late</a>'
"""As the browser writes it out: the text of the script that makes it has no quotation marks."""
ROWS = (
    "let rows = 0; const add = () => { for (let i = 0; i < 10 && rows < 30; i++) list.insertAdjacentHTML('beforeend',"
    " `<p style='height:80px'><a class=file href=/${++rows}.pdf>${rows}</a></p>`) }; add()"
)
BOX = "document.getElementById('list').style = 'height:300px;overflow:auto'"


def opened(browser: ChromiumBrowser, site: Site, body: str) -> PageSnapshot:
    """Open a page with this body."""
    site.pages["/made"] = (
        f"<!doctype html><title>Order 1</title><h1>Order 1</h1><div id=list></div>"
        f"<script>const list = document.getElementById('list')</script>{body}"
    )
    return browser.open(site.url("/made"))


@pytest.mark.parametrize(
    "way",
    [
        (
            "addEventListener('load', () => { const s = document.createElement('script'); s.src = '/slow/list';"
            f" s.onload = () => {{ {ALL} }}; document.head.append(s) }})"
        ),
        (
            "const w = new Worker(URL.createObjectURL(new Blob([`fetch('${location.origin}/slow/list',"
            f" {{mode: 'no-cors'}}).then(() => postMessage(1), () => postMessage(1))`])));"
            f" w.onmessage = () => {{ {ALL} }}"
        ),
        f"addEventListener('load', () => scheduler.postTask(() => {{ {ALL} }}, {{delay: 500}}))",
        (
            "addEventListener('load', () => { const f = document.createElement('iframe'); f.style.display = 'none';"
            f" f.src = '/slow/list'; f.onload = () => {{ {ALL} }}; document.body.append(f) }})"
        ),
        (
            "(async () => { const r = (await fetch('/slow/list')).body.getReader(); while (!(await r.read()).done);"
            f" {ALL} }})()"
        ),
    ],
    ids=["a script", "a worker", "a task", "a frame that nobody sees", "a stream"],
)
def test_what_the_pages_own_scripts_wait_for_is_waited_for(browser: ChromiumBrowser, site: Site, way: str) -> None:
    page = opened(browser, site, f"<script>{way}</script>")
    assert (SHOWN in page.html, page.unsettled) == (True, "")


def test_a_frame_that_nobody_sees_is_waited_for_between_its_answer_and_its_content(
    browser: ChromiumBrowser, site: Site
) -> None:
    """For a moment its document has an address of its own and not one element."""
    page = opened(browser, site, f'<iframe hidden src=/slow/frame onload="{ALL}"></iframe>')
    assert (SHOWN in page.html, page.unsettled) == (True, "")


@pytest.mark.parametrize(
    "idle",
    [
        "(function draw() { requestAnimationFrame(draw) })()",
        "setInterval(() => { list.innerHTML = `<li>${Math.random()}</li>` }, 60)",
        "new Worker(URL.createObjectURL(new Blob(['1'])))",
        "list.innerHTML = '<script src=/never.js><' + '/script>'",
        "setInterval(() => 1, 500)",
        "(function tick() { list.textContent = Date(); setTimeout(tick, 1000) })()",
        "fetch('/hang/notifications/poll'); fetch('/hang/signalr/connect')",
        "document.body.insertAdjacentHTML('beforeend', '<iframe hidden src=/hang></iframe>')",
    ],
)
def test_what_brings_nothing_is_hardly_waited_for(
    browser: ChromiumBrowser, site: Site, monkeypatch: pytest.MonkeyPatch, idle: str
) -> None:
    """Each of these once took three to ten seconds, which this bound would tell as a page that was not at rest."""
    monkeypatch.setattr(browser._page, "_settle", 2.8)
    page = opened(browser, site, f"<script>{idle}</script>")
    assert (page.unsettled, page.unread) == ("", ())


def test_a_part_that_stays_busy_for_ever_is_waited_for_three_seconds(browser: ChromiumBrowser, site: Site) -> None:
    assert opened(browser, site, "<p aria-busy=true>News</p><script>setTimeout(() => 1)</script>").unsettled == ""


def test_a_page_that_was_waited_for_in_vain_is_not_waited_for_twice(browser: ChromiumBrowser, site: Site) -> None:
    """A second look as long as the first would see what the page shows after seven seconds."""
    assert opened(browser, site, f"<script>fetch('/hang'); setTimeout(() => {{ {ALL} }}, 7000)</script>").unsettled
    page = browser.read()
    assert (page.unsettled != "", SHOWN in page.html) == (True, False)


@pytest.mark.parametrize(
    "scroller",
    [
        f"{ROWS}; addEventListener('scroll', add)",
        f"{ROWS}; window.onscroll = add",
        f"{BOX}; {ROWS}; list.addEventListener('scroll', add)",
        f"{BOX}; {ROWS}; list.onscroll = add",
        (
            f"{BOX}; {ROWS}; list.insertAdjacentHTML('afterend', '<i id=end></i>'); list.append(end);"
            " new IntersectionObserver((s) => { if (s[0].isIntersecting) { add(); list.append(end) } }, {root: list})"
            ".observe(end)"
        ),
    ],
)
def test_a_list_that_grows_when_it_is_scrolled_is_read_to_its_end(
    browser: ChromiumBrowser, site: Site, scroller: str
) -> None:
    page = opened(browser, site, f"<script>{scroller}</script>")
    assert (page.html.count('class="file"'), page.unsettled) == (30, "")


def test_a_list_that_only_ever_shows_what_is_scrolled_to_is_told(browser: ChromiumBrowser, site: Site) -> None:
    """Its other rows were on the page for a moment only, so nothing could be clicked in them."""
    page = opened(
        browser,
        site,
        f"<script>{BOX}; const draw = () => {{ const at = Math.floor(list.scrollTop / 50); let rows = '';"
        " for (let i = at; i < at + 6 && i < 40; i++) rows += `<a style='position:absolute;top:${i * 50}px'"
        " href=/${i}.pdf>${i}</a>`;"
        " list.innerHTML = `<div style='height:2000px;position:relative'>${rows}</div>` }; draw();"
        " list.addEventListener('scroll', draw)</script>",
    )
    assert "scrolled to" in page.unsettled


def test_a_page_within_an_object_is_a_part(browser: ChromiumBrowser, site: Site) -> None:
    site.pages["/inner"] = "<a class=file href=/inner.pdf>inner</a>"
    page = opened(browser, site, "<object data=/inner type=text/html width=300 height=200></object>")
    (part,) = page.parts
    assert ("inner.pdf" in part.html, page.unread) == (True, ())


def test_what_is_not_drawn_is_marked_and_the_page_itself_is_not(browser: ChromiumBrowser, site: Site) -> None:
    page = opened(
        browser,
        site,
        "<style>.later{display:none}</style><div class=later><p>Loading</p></div><p class=now>x</p>"
        "<script>new MutationObserver(() => { list.textContent = 'touched' }).observe(document, {attributes: true,"
        " subtree: true})</script>",
    )
    assert page.html.count("purser-not-drawn") == 1
    assert '<div class="later" purser-not-drawn=""><p>Loading</p></div>' in page.html
    assert "touched" not in browser.read().html.replace("textContent = 'touched'", "")
