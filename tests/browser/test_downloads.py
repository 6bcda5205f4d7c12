"""A download is one whole file or a plain error, and an abandoned one ends in the browser too."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from actors.browser.chromium import ChromiumBrowser
from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AuthenticationError,
    NetworkError,
    PageReadingError,
    PortalError,
)
from contracts.ports import Control
from tests.browser.conftest import FILE, Site, Watch

pytestmark = pytest.mark.chromium

HASH = hashlib.sha256(FILE).hexdigest()
LIMIT = 10**7


@pytest.fixture(autouse=True)
def _order(browser: ChromiumBrowser, site: Site) -> None:
    browser.open(site.url("/links"))


def test_clicked_downloads_arrive_whole_one_after_the_other(
    browser: ChromiumBrowser, site: Site, watch: Watch, tmp_path: Path
) -> None:
    """The second has no address, and a bar covers both."""
    for index, name in enumerate(["first.pdf", "second.msg"]):
        into = tmp_path / str(index)
        into.mkdir()
        file = browser.download_by_click(Control(".file", index), into, watch, LIMIT)
        assert (file.path, file.suggested_name) == (into / name, name)
        assert (file.size, file.sha256, file.declared_size) == (len(FILE), HASH, len(FILE))
        assert file.url == site.url(f"/file/{name}")
        assert file.path.read_bytes() == FILE
    assert browser.read().url == site.url("/links")
    assert watch.touches > 0


@pytest.mark.parametrize(("selector", "name"), [(".newtab", "third.bin"), (".opens", "fourth.bin")])
def test_a_link_that_opens_a_tab_brings_its_file_and_leaves_no_tab(
    browser: ChromiumBrowser, into: Path, watch: Watch, selector: str, name: str
) -> None:
    file = browser.download_by_click(Control(selector, 0), into, watch, LIMIT)
    assert (file.path.name, file.sha256) == (name, HASH)
    assert browser._tab.others() == []


def test_an_address_is_downloaded_by_the_browser(
    browser: ChromiumBrowser, site: Site, into: Path, watch: Watch
) -> None:
    file = browser.download_by_address(site.url("/file/direct.xlsx"), into, watch, LIMIT)
    assert (file.path.name, file.sha256) == ("direct.xlsx", HASH)


def test_a_name_longer_than_file_systems_take_loses_no_file(
    browser: ChromiumBrowser, site: Site, into: Path, watch: Watch
) -> None:
    file = browser.download_by_address(site.url(f"/file/{'n' * 300}.pdf"), into, watch, LIMIT)
    assert (file.suggested_name, file.sha256) == (f"{'n' * 300}.pdf", HASH)
    assert list(into.iterdir()) == [file.path]
    assert browser.read().url == site.url("/links")


def test_a_file_that_the_browser_would_show_is_downloaded_all_the_same(
    browser: ChromiumBrowser, site: Site, into: Path, watch: Watch
) -> None:
    file = browser.download_by_click(Control(".inline", 0), into, watch, LIMIT)
    assert (file.path.name, file.sha256) == ("inline.txt", HASH)
    assert browser.read().url == site.url("/links")


def test_nothing_is_clicked_on_a_page_that_going_back_has_set_to_its_beginning(
    browser: ChromiumBrowser, site: Site, into: Path, watch: Watch
) -> None:
    """The page in its place shows the first part of the list again: the same control is another file's."""
    site.pages["/turned"] = (
        "<!doctype html><title>Order 1</title><a id=file href=/file/1.pdf>1</a><button id=next>next</button>"
        "<script>next.onclick = () => { file.href = '/status/404' }</script>"
    )
    browser.open(site.url("/turned"))
    browser.press(Control("#next", 0))
    with pytest.raises(AttachmentError, match="404"):
        browser.download_by_click(Control("#file", 0), into, watch, LIMIT)
    with pytest.raises(AttachmentError, match="the page has changed"):
        browser.download_by_click(Control("#file", 0), into, watch, LIMIT)
    with pytest.raises(PageReadingError, match="the page has changed"):
        browser.press(Control("#next", 0))
    browser.open(site.url("/turned"))
    assert 'href="/status/404"' in browser.press(Control("#next", 0)).html


@pytest.mark.parametrize(
    ("selector", "index", "error", "text"),
    [
        (".login", 0, AuthenticationError, "login page"),
        (".opens", 1, AuthenticationError, "login page"),
        (".page", 0, AttachmentError, "a page"),
        (".gone", 0, AttachmentError, "404"),
        (".broken", 0, PortalError, "503"),
        (".stall", 0, NetworkError, "stood still"),
        (".dead", 0, NetworkError, "stood still"),
        (".cut", 0, NetworkError, "broke off"),
        (".missing", 0, AttachmentError, "no longer"),
    ],
)
def test_what_is_no_whole_file_is_an_error_and_leaves_nothing(
    browser: ChromiumBrowser, into: Path, watch: Watch, selector: str, index: int, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        browser.download_by_click(Control(selector, index), into, watch, LIMIT)
    assert list(into.iterdir()) == []
    assert browser._tab.others() == []


def test_a_download_over_the_limit_is_broken_off_in_the_browser_too(
    browser: ChromiumBrowser, site: Site, into: Path, watch: Watch
) -> None:
    with pytest.raises(AttachmentLimitError, match="70000"):
        browser.download_by_click(Control(".drip", 0), into, watch, 70_000)
    assert list(into.iterdir()) == []
    assert site.broken_off.wait(10)


def test_a_deadline_ends_a_download(browser: ChromiumBrowser, into: Path) -> None:
    with pytest.raises(NetworkError, match="deadline"):
        browser.download_by_click(Control(".stall", 0), into, Watch(steps=20), LIMIT)
    assert list(into.iterdir()) == []


def test_a_navigation_that_answers_with_a_file_writes_nowhere(
    browser: ChromiumBrowser, site: Site, into: Path, watch: Watch
) -> None:
    """After a download its folder must be shut again."""
    browser.download_by_address(site.url("/file/one.bin"), into, watch, LIMIT)
    browser.open(site.url("/file/two.bin"))
    assert [path.name for path in into.iterdir()] == ["one.bin"]


def test_an_empty_file_of_which_nothing_was_told_is_the_place_of_one_that_comes(
    browser: ChromiumBrowser, into: Path
) -> None:
    """As in a window that the page opened: the browser tells nothing of downloads there."""

    class Arriving(Watch):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            path = into / "late.pdf"
            path.write_bytes(FILE if path.exists() else b"")

    file = browser.download_by_click(Control(".dead", 0), into, Arriving(), LIMIT)
    assert (file.path.name, file.sha256) == ("late.pdf", HASH)


def test_an_empty_file_that_stays_empty_is_one(browser: ChromiumBrowser, into: Path) -> None:
    class Placing(Watch):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            (into / "empty.txt").touch()

    assert browser.download_by_click(Control(".dead", 0), into, Placing(), LIMIT).size == 0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only there a folder has a path that nobody can take")
def test_a_link_put_in_place_of_the_folder_leads_no_file_out(
    browser: ChromiumBrowser, site: Site, into: Path, watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser writes by a path; it is one that leads to the folder itself, whatever is put in its place."""
    outside, moved = tmp_path / "outside", tmp_path / "moved"
    outside.mkdir()
    click = browser._page.click

    def swap_then_click(*given: Any, **more: Any) -> str:
        into.rename(moved)
        into.symlink_to(outside)
        return click(*given, **more)

    monkeypatch.setattr(browser._page, "click", swap_then_click)
    file = browser.download_by_click(Control(".file", 0), into, watch, LIMIT)
    assert file.sha256 == HASH
    assert [path.name for path in moved.iterdir()] == ["first.pdf"]
    assert list(outside.iterdir()) == []
