"""What a tab makes of its driver's answers: at a stand-in for the driver, without a browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest
from selenium.common.exceptions import (
    InvalidSessionIdException,
    TimeoutException,
    UnexpectedAlertPresentException,
    WebDriverException,
)
from selenium.webdriver.remote.webdriver import WebDriver
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from actors.browser.faults import PageRefusedError, PageReplacedError, PageTooSlowError
from actors.browser.tab import DownloadEvent, Tab
from contracts.errors import BrowserDiedError, NetworkError, SessionCorruptionError


@attrs.define
class Driver:
    """Answers what the test has written down, one after the other; the last answer stays."""

    answers: list[Any] = attrs.field(factory=list)
    asked: list[Any] = attrs.field(factory=list)
    current_window_handle: str = "home"
    window_handles: list[str] = attrs.field(factory=lambda: ["home"])
    closed: list[str] = attrs.field(factory=list)
    command_executor: Any = attrs.field(factory=lambda: SimpleNamespace(client_config=SimpleNamespace(timeout=60.0)))

    def _answer(self) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def execute(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer a command."""
        self.asked.append(parameters.get("cmd", name))
        return {"value": self._answer()}

    def set_page_load_timeout(self, seconds: float) -> None:
        """Take it."""

    def get(self, url: str) -> None:
        """Navigate."""
        self.asked.append(url)
        self._answer()

    @property
    def switch_to(self) -> Driver:
        """Stand for what switches."""
        return self

    def window(self, handle: str) -> None:
        """Switch."""
        self.current_window_handle = handle

    def frame(self, number: int) -> None:
        """Go into a frame."""
        self.asked.append(f"frame {number}")

    def default_content(self) -> None:
        """Come back."""
        self.asked.append("back")

    def execute_script(self, _script: str) -> str:
        """Say where it ran."""
        return str(self.asked[-1])

    def close(self) -> None:
        """Close the window in hand."""
        self.closed.append(self.current_window_handle)
        self.window_handles.remove(self.current_window_handle)


def tab(*answers: Any) -> tuple[Tab, Driver]:
    """A tab over a driver with these answers."""
    driver = Driver(list(answers))
    return Tab(cast("WebDriver", driver), 45.0), driver


ALERT = UnexpectedAlertPresentException("a dialog")


def test_a_command_that_met_a_dialog_is_sent_again_and_not_for_ever() -> None:
    shown, driver = tab(ALERT, ALERT, {"a": 1})
    assert shown.command("Some.thing", "testing") == {"a": 1}
    assert driver.asked == ["Some.thing"] * 3
    without_end, driver = tab(ALERT)
    with pytest.raises(SessionCorruptionError, match="kept opening dialogs while testing"):
        without_end.command("Some.thing", "testing")
    assert len(driver.asked) == 20
    assert tab(*[ALERT] * 19, {"a": 1})[0].command("Some.thing", "testing") == {"a": 1}


def test_a_driver_that_is_gone_is_no_page_that_keeps_it_busy_though_both_end_a_wait() -> None:
    gone = NewConnectionError(HTTPConnection("127.0.0.1"), "connection refused")
    with pytest.raises(BrowserDiedError):
        tab(gone)[0].evaluate("1", "looking", wait=1.0)
    late = ReadTimeoutError(cast("Any", None), "", "read timed out")
    with pytest.raises(PageTooSlowError):
        tab(late)[0].evaluate("1", "looking", wait=1.0)


def test_an_answer_that_says_nothing_is_an_empty_one() -> None:
    assert tab(None)[0].command("Some.thing", "testing") == {}


def test_the_value_of_an_expression_is_returned_and_what_is_none_is_told() -> None:
    assert tab({"result": {"value": 7}})[0].evaluate("3 + 4", "adding") == 7
    assert tab({"result": {}})[0].evaluate("undefined", "adding") is None
    with pytest.raises(SessionCorruptionError, match="no answer while adding"):
        tab({})[0].evaluate("3 + 4", "adding")
    for thrown in ({"description": "Error: no\n at line 1"}, {"value": "Error: no"}):
        with pytest.raises(PageRefusedError, match=r"refused while adding: Error: no$"):
            tab({"exceptionDetails": {"exception": thrown}, "result": {}})[0].evaluate("no()", "adding")
    with pytest.raises(PageRefusedError, match="unknown"):
        tab({"exceptionDetails": "?"})[0].evaluate("no()", "adding")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (TimeoutException("slow"), PageTooSlowError),
        (WebDriverException("net::ERR_CONNECTION_REFUSED"), NetworkError),
        (InvalidSessionIdException("gone"), BrowserDiedError),
        (WebDriverException("Cannot find context with specified id"), PageReplacedError),
        (WebDriverException("tab crashed"), SessionCorruptionError),
        (WebDriverException("disconnected: not connected to DevTools"), BrowserDiedError),
        (WebDriverException("what nobody knows"), SessionCorruptionError),
        (ConnectionResetError("the driver is gone"), BrowserDiedError),
    ],
)
def test_a_navigation_that_fails_is_told_for_what_it_is(error: Exception, meaning: type[Exception]) -> None:
    with pytest.raises(meaning) as raised:
        tab(error)[0].go("https://portal.example", "opening")
    assert type(raised.value) is meaning


@pytest.mark.parametrize("error", [ALERT, WebDriverException("unknown error: net::ERR_ABORTED")])
def test_a_dialog_and_an_answer_that_is_no_page_end_a_navigation_like_any_other(error: Exception) -> None:
    shown, driver = tab(error)
    shown.go("https://portal.example", "opening")
    assert driver.asked == ["https://portal.example"]


def test_a_picture_that_the_browser_will_not_draw_is_empty() -> None:
    picture = {"data": base64.b64encode(b"png").decode()}
    shown, driver = tab(picture)
    assert shown.picture("looking") == b"png"
    assert driver.asked == ["Page.captureScreenshot"]
    refused = WebDriverException("unhandled inspector error: cannot draw")
    assert tab(refused)[0].picture("looking") == b""
    with pytest.raises(BrowserDiedError):
        tab(WebDriverException("disconnected"))[0].picture("looking")


def told(method: str, **params: Any) -> dict[str, str]:
    """One entry of the driver's log."""
    return {"message": json.dumps({"message": {"method": method, "params": params}})}


def test_downloads_are_told_and_everything_else_is_passed_over() -> None:
    log = [
        told("Page.downloadWillBegin", guid="g", suggestedFilename="a.pdf", url="https://portal.example/a"),
        told("Page.frameNavigated"),
        told("Page.downloadProgress", guid="g", state="inProgress", totalBytes=9, receivedBytes=4.0),
        told("Page.downloadProgress", guid="g", state="completed"),
    ]
    assert tab(log)[0].download_events() == (
        DownloadEvent("g", "began", name="a.pdf", url="https://portal.example/a"),
        DownloadEvent("g", "inProgress", received=4, total=9),
        DownloadEvent("g", "completed"),
    )


@pytest.mark.parametrize("log", [[{}], [{"message": "{"}], [told("Page.downloadProgress")], [None]])
def test_a_log_that_cannot_be_read_is_the_browsers_fault(log: list[Any]) -> None:
    with pytest.raises(SessionCorruptionError, match="cannot be read"):
        tab(log)[0].download_events()


def test_tabs_that_the_page_opened_are_visited_and_closed_and_the_own_one_is_come_back_to() -> None:
    shown, driver = tab({})
    driver.window_handles += ["one", "two"]
    assert shown.others() == ["one", "two"]

    def fail() -> None:
        with shown.visiting("one"):
            assert (shown.window, driver.current_window_handle) == ("one", "one")
            raise ValueError("amid it")

    with pytest.raises(ValueError, match="amid it"):
        fail()
    assert (shown.window, driver.current_window_handle) == ("home", "home")
    shown.close_others()
    assert driver.closed == ["one", "two"]
    assert (shown.others(), driver.current_window_handle) == ([], "home")


def test_scripts_in_a_frame_run_there_and_the_page_is_come_back_to() -> None:
    shown, driver = tab({})

    def inside(run: Callable[..., Any]) -> Any:
        return run("return location.href")

    with shown.in_frame(2, "reading") as run:
        assert inside(run) == "frame 2"
    assert driver.asked[-1] == "back"
