"""The one tab of a browser: commands to it with errors that say what they mean. What a page is, `page.py` says."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
from selenium.common.exceptions import (
    TimeoutException,
    UnexpectedAlertPresentException,
    WebDriverException,
)
from selenium.webdriver.remote.webdriver import WebDriver
from urllib3.exceptions import NewConnectionError, TimeoutError as NoAnswerError

from actors.browser.faults import (
    PageRefusedError,
    PageTooSlowError,
    explained,
    is_refusal,
)
from contracts.errors import SessionCorruptionError

_MOST_DIALOGS = 20
_SECONDS_TO_DRAW = 10.0


@attrs.frozen
class DownloadEvent:
    """One thing the browser told of a download.

    Args:
        guid: Which download.
        state: `began`, `inProgress`, `completed` or `canceled`.
        received: Bytes so far.
        total: Bytes announced, 0 when unknown.
        name: The name it will get; only when it began.
        url: Where it comes from; only when it began.
    """

    guid: str
    state: str
    received: int = 0
    total: int = 0
    name: str = ""
    url: str = ""


class Tab:
    """One tab. Used by one thread at a time.

    Args:
        driver: The browser's session.
        page_load: Seconds that a page may take to load. Commands wait as long for a page that is busy.
    """

    def __init__(self, driver: WebDriver, page_load: float) -> None:
        self._driver = driver
        self._limit = page_load
        with explained("starting"):
            driver.set_page_load_timeout(page_load)
            self._home = driver.current_window_handle
        self._shown = self._home
        self.is_stuck = False

    @property
    def window(self) -> str:
        """The window that commands go to; its main frame has the same name."""
        return self._shown

    def command(self, name: str, doing: str, *, timeout: float | None = None, **parameters: Any) -> dict[str, Any]:
        """Send one command of the browser's own protocol and return its answer.

        A dialog that opened meanwhile has been dismissed by the driver, so the command is sent again.

        Args:
            name: The command.
            doing: What is being done, for messages.
            timeout: Seconds after which it is the page that does not answer; None leaves it to the driver's own limit,
                after which the browser counts as lost.
            parameters: The command's own.

        Raises:
            PageTooSlowError: There was no answer in time. The driver still has the command in hand, so that
                nothing more can be asked: the tab is stuck.
        """
        for _ in range(_MOST_DIALOGS):
            with explained(doing):
                try:
                    answer = self._sent(name, parameters, doing, timeout)
                except UnexpectedAlertPresentException:
                    continue
            return answer if isinstance(answer, dict) else {}
        raise SessionCorruptionError(f"The page kept opening dialogs while {doing}.")

    def _sent(self, name: str, parameters: dict[str, Any], doing: str, timeout: float | None) -> Any:
        self._check_not_stuck(doing)
        config = self._driver.command_executor.client_config  # type: ignore[union-attr] # never a plain address here
        usual = config.timeout
        if timeout is not None:
            config.timeout = min(timeout, usual)
        try:
            return self._driver.execute("executeCdpCommand", {"cmd": name, "params": parameters})["value"]
        except NoAnswerError as error:
            # A driver that is gone is none that a page keeps busy, though urllib3 calls that a timeout, too.
            if timeout is None or isinstance(error, NewConnectionError):
                raise
            self.is_stuck = True
            raise PageTooSlowError(f"The page kept the browser from answering while {doing}.") from error
        finally:
            config.timeout = usual

    def _check_not_stuck(self, doing: str) -> None:
        if self.is_stuck:
            raise PageTooSlowError(f"The browser no longer answers since a page held it up; it was {doing}.")

    def answer(self, name: str, doing: str, **parameters: Any) -> dict[str, Any] | None:
        """Send one command of the browser's own protocol and return its answer; None when the browser refuses."""
        with explained(doing):
            try:
                told = self._sent(name, parameters, doing, None)
            except WebDriverException as error:
                if is_refusal(error):
                    return None
                raise
        return told if isinstance(told, dict) else None

    def evaluate(
        self, expression: str, doing: str, *, world: int | None = None, gesture: bool = False, wait: float = 0.0
    ) -> Any:
        """Return the value of a JavaScript expression.

        Args:
            expression: What to evaluate.
            doing: What is being done, for messages.
            world: The execution context; None is the page's own.
            gesture: Whether it counts as done by the user.
            wait: Seconds to wait for the promise that the value is; 0 when it is none.

        Raises:
            PageReplacedError: The document went away meanwhile.
            PageTooSlowError: The promise did not come true in time.
            SessionCorruptionError: It raised, or the driver answered with something else.
            BrowserDiedError: The browser is gone.
        """
        where = {} if world is None else {"contextId": world}
        answer = self.command(
            "Runtime.evaluate",
            doing,
            expression=expression,
            returnByValue=True,
            userGesture=gesture,
            awaitPromise=wait > 0,
            timeout=wait or None,
            **where,
        )
        if details := answer.get("exceptionDetails"):
            raise PageRefusedError(f"The page refused while {doing}: {_first_line_of(details)}")
        result = answer.get("result")
        if not isinstance(result, dict):
            raise SessionCorruptionError(f"The driver gave no answer while {doing}.")
        return result.get("value")

    def go(self, url: str, doing: str) -> None:
        """Navigate, and return when the document has been parsed. Nothing need have been loaded: see `page.py`.

        Raises:
            PageTooSlowError: That took longer than the page-load limit; what was still loading has been stopped.
            NetworkError: The portal could not be reached.
            BrowserDiedError: The browser is gone.
            SessionCorruptionError: The tab crashed.
        """
        with explained(doing):
            try:
                self._driver.get(url)
            except TimeoutException as error:
                raise PageTooSlowError(f"The portal did not answer in time while {doing}.") from error
            except UnexpectedAlertPresentException:
                pass  # the driver has dismissed it; what is shown then tells
            except WebDriverException as error:
                # An answer that is a download or empty breaks the navigation off; what is shown then tells.
                if "ERR_ABORTED" not in (error.msg or ""):
                    raise

    @contextmanager
    def hurried(self, seconds: float) -> Iterator[None]:
        """Let a page, and a command to a busy one, take no longer than so many seconds."""
        self._check_not_stuck("setting a limit")
        usual, self._limit = self._limit, min(seconds, self._limit)
        try:
            with explained("setting a limit"):
                self._driver.set_page_load_timeout(self._limit)
            yield
        finally:
            self._limit = usual
            if not self.is_stuck:
                with explained("setting a limit"):
                    self._driver.set_page_load_timeout(usual)

    @contextmanager
    def in_frame(self, number: int, doing: str) -> Iterator[Callable[..., Any]]:
        """Give scripts in a frame of another host, by its number in the page's body, and come back.

        Yields:
            Runs a script's text with arguments in the frame's own world and returns what it returns.
        """
        with explained(doing):
            self._driver.switch_to.frame(number)
        try:
            yield self._driver.execute_script
        finally:
            with explained(doing):
                self._driver.switch_to.default_content()

    def picture(self, doing: str) -> bytes:
        """Return what the window shows as a PNG; empty when the browser will not draw it, or not within seconds."""
        with explained(doing):
            try:
                answer = self._sent("Page.captureScreenshot", {"format": "png"}, doing, _SECONDS_TO_DRAW)
            except WebDriverException as error:
                if is_refusal(error):
                    return b""
                raise
            except PageTooSlowError:
                return b""
        return base64.b64decode(answer["data"])

    def to_front(self, doing: str) -> None:
        """Show this tab, since one that is behind another may never be drawn."""
        self.command("Page.bringToFront", doing)

    def download_events(self) -> tuple[DownloadEvent, ...]:
        """Return what the browser told of downloads since the last call."""
        with explained("asking for downloads"):
            entries = self._driver.execute("getLog", {"type": "performance"})["value"]
        try:
            return tuple(_download_events(json.loads(entry["message"])["message"] for entry in entries))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise SessionCorruptionError("The driver told of downloads in a way that cannot be read.") from error

    def others(self) -> list[str]:
        """Return the handles of tabs that the page opened."""
        with explained("looking for new tabs"):
            return [handle for handle in self._driver.window_handles if handle != self._home]

    @contextmanager
    def visiting(self, handle: str) -> Iterator[None]:
        """Let the commands inside go to another tab."""
        with explained("looking at a new tab"):
            self._driver.switch_to.window(handle)
        self._shown = handle
        try:
            yield
        finally:
            self._shown = self._home
            with explained("leaving a new tab"):
                self._driver.switch_to.window(self._home)

    def close_others(self) -> None:
        """Close the tabs that the page opened."""
        for handle in self.others():
            with self.visiting(handle), explained("closing a new tab"):
                self._driver.close()

    def close(self) -> None:
        """Let go of the connection. The browser itself is ended by the ledger, never by asking it."""
        with explained("closing the connection"):
            self._driver.command_executor.close()  # type: ignore[union-attr] # never a plain address here


def _first_line_of(details: Any) -> str:
    thrown = details.get("exception", {}) if isinstance(details, dict) else {}
    told = thrown.get("description") or thrown.get("value") if isinstance(thrown, dict) else None
    return str(told or "unknown").partition("\n")[0]


def _download_events(messages: Iterator[dict[str, Any]]) -> Iterator[DownloadEvent]:
    for message in messages:
        told = message.get("params", {})
        match message.get("method"):
            case "Page.downloadWillBegin":
                yield DownloadEvent(
                    told["guid"], "began", name=told.get("suggestedFilename", ""), url=told.get("url", "")
                )
            case "Page.downloadProgress":
                total, received = int(told.get("totalBytes", 0)), int(told.get("receivedBytes", 0))
                yield DownloadEvent(told["guid"], told["state"], received, total)
            case _:
                continue
