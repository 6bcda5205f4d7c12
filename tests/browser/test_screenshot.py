"""A picture is one of the page that is shown, whatever stands before it; and a no of the browser is not its death."""

from __future__ import annotations

import os
import signal
import struct
from types import SimpleNamespace
from typing import Any

import pytest
from selenium.common.exceptions import InvalidArgumentException, WebDriverException

from actors.browser.chromium import ChromiumBrowser
from actors.browser.faults import is_refusal
from actors.browser.launch import ChromiumLauncher
from actors.browser.tab import Tab
from actors.processes.ledger import ProcessLedger
from contracts.errors import BrowserDiedError, SessionCorruptionError
from contracts.ports import Browser, Owner
from tests.browser.conftest import Site
from tests.browser.test_launch import clean_up, kill_kind


@pytest.mark.chromium
def test_a_picture_is_a_png_of_the_page_that_is_shown(browser: ChromiumBrowser, site: Site) -> None:
    typed: Browser = browser
    page = typed.open(site.url("/orders/1"))
    picture = typed.screenshot()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 1000
    assert height > 500
    assert browser.screenshot() == picture
    assert browser.read().time_origin == page.time_origin, "the page is left as it is"
    browser.open(site.url("/orders/two"))
    assert browser.screenshot() != picture


@pytest.mark.chromium
@pytest.mark.parametrize("path", ["/popup", "/dialog", "/status/500", "/nothing"])
def test_neither_another_tab_nor_a_dialog_nor_an_empty_answer_holds_it_up(
    browser: ChromiumBrowser, site: Site, path: str
) -> None:
    browser.open(site.url(path))
    assert browser.screenshot()
    browser._tab.close_others()


@pytest.mark.chromium
def test_a_crashed_tab_and_a_dead_browser_are_told_apart_from_a_no(
    launcher: ChromiumLauncher, ledger: ProcessLedger, site: Site
) -> None:
    owner = Owner("picture", 1)
    browser = launcher.launch(owner)
    browser.open(site.url("/orders/1"))
    group = ledger._entries[owner].record.pid
    kill_kind(group, b"renderer")
    with pytest.raises(SessionCorruptionError, match="crashed"):
        browser.screenshot()
    os.killpg(group, signal.SIGKILL)
    with pytest.raises(BrowserDiedError):
        browser.screenshot()
    clean_up(launcher, ledger, owner, browser)


INSPECTOR = "unknown error: unhandled inspector error: "


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (WebDriverException(INSPECTOR + '{"code":-32000,"message":"Unable to capture screenshot"}'), True),
        (WebDriverException(INSPECTOR + '{"code":-32000,"message":"Cannot take screenshot with 0 width."}'), True),
        (WebDriverException(INSPECTOR + '{"code":-32000,"message":"Target crashed"}'), False),
        (WebDriverException("disconnected: " + INSPECTOR), False),
        (WebDriverException("tab crashed"), False),
        (InvalidArgumentException("invalid argument: Invalid image format"), False),
    ],
)
def test_only_a_no_to_the_picture_itself_makes_it_empty(error: WebDriverException, refused: bool) -> None:
    class Driver:
        current_window_handle = "home"
        command_executor = SimpleNamespace(client_config=SimpleNamespace(timeout=20.0))

        def set_page_load_timeout(self, seconds: float) -> None:
            pass

        def execute(self, _command: str, parameters: dict[str, Any]) -> dict[str, Any]:
            if parameters["cmd"] == "Page.captureScreenshot":
                raise error
            return {"value": {}}

    assert is_refusal(error) is refused
    tab = Tab(Driver(), 5)  # type: ignore[arg-type]  # all of a driver that is asked for
    if refused:
        assert tab.picture("taking a picture") == b""
    else:
        with pytest.raises(SessionCorruptionError):
            tab.picture("taking a picture")
