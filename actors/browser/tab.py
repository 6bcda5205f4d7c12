"""The one tab of a browser: commands to it with errors that say what they mean, and the page read in one call."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
from selenium.common.exceptions import NoSuchElementException, TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from actors.browser.faults import explained, is_between_pages, is_refusal
from contracts.errors import NetworkError, SessionCorruptionError

_READ = """(() => {
  const entry = performance.getEntriesByType('navigation')[0];
  const root = document.documentElement;
  return [location.href, entry ? entry.responseStatus || 0 : 0, performance.timeOrigin, root ? root.outerHTML : ''];
})()"""
_LOOK = """(() => {
  const entry = performance.getEntriesByType('navigation')[0];
  return [location.href, entry ? entry.responseStatus || 0 : 0, performance.timeOrigin, document.readyState,
          document.contentType, document.querySelector('input[type=password]') !== null];
})()"""
_TRIES = 5


@attrs.frozen
class Document:
    """What a tab shows, without its text.

    Args:
        url: Its address.
        status: HTTP status; 0 when there was no answer.
        time_origin: When it began, milliseconds; no two documents share it.
        state: `loading`, `interactive` or `complete`.
        media_type: Its content type.
        has_password: Whether it asks for a password.
    """

    url: str
    status: int
    time_origin: float
    state: str
    media_type: str
    has_password: bool

    @property
    def is_error_page(self) -> bool:
        """Whether the browser shows its own page instead of an answer."""
        return self.url.startswith("chrome-error:")


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
    """

    def __init__(self, driver: WebDriver) -> None:
        self._driver = driver
        with explained("starting"):
            self._home = driver.current_window_handle

    def command(self, name: str, doing: str, **parameters: Any) -> dict[str, Any]:
        """Send one command of the browser's own protocol and return its answer."""
        with explained(doing):
            answer = self._driver.execute("executeCdpCommand", {"cmd": name, "params": parameters})["value"]
        return answer if isinstance(answer, dict) else {}

    def evaluate(self, expression: str, doing: str) -> Any:
        """Return the value of a JavaScript expression in the page, trying again while pages change."""
        for attempt in range(_TRIES):
            with explained(doing):
                try:
                    answer = self._driver.execute(
                        "executeCdpCommand",
                        {"cmd": "Runtime.evaluate", "params": {"expression": expression, "returnByValue": True}},
                    )["value"]
                except WebDriverException as error:
                    if is_between_pages(error) and attempt < _TRIES - 1:
                        continue
                    raise
            if "exceptionDetails" in answer:
                told = str(answer["exceptionDetails"].get("exception", {}).get("description", "unknown"))
                raise SessionCorruptionError(f"The page refused while {doing}: {told.partition(chr(10))[0]}")
            return answer["result"].get("value")
        raise SessionCorruptionError(f"The page did not settle while {doing}.")

    def go(self, url: str, doing: str) -> None:
        """Navigate. Returns normally although nothing was loaded when the answer was no page.

        Raises:
            NetworkError: No answer within the page-load limit.
            BrowserDiedError: The browser is gone.
            SessionCorruptionError: The tab crashed.
        """
        with explained(doing):
            try:
                self._driver.get(url)
            except TimeoutException as error:
                raise NetworkError(f"The portal did not answer in time while {doing}.") from error
            except WebDriverException as error:
                # An answer that is a download or empty breaks the navigation off; what is shown then tells.
                if "ERR_ABORTED" not in (error.msg or ""):
                    raise

    def read(self, doing: str) -> tuple[str, int, float, str]:
        """Return address, HTTP status, time origin and the whole HTML, in one call."""
        url, status, origin, html = self.evaluate(_READ, doing)
        return str(url), int(status), float(origin), str(html)

    def look(self, doing: str) -> Document:
        """Return what is shown, without its text."""
        return Document(*self.evaluate(_LOOK, doing))

    def picture(self, doing: str) -> bytes:
        """Return what the window shows as a PNG; empty when the browser will not draw it."""
        # A tab behind one that its page opened may never be drawn, and the command would wait for it.
        self.command("Page.bringToFront", doing)
        with explained(doing):
            try:
                answer = self._driver.execute(
                    "executeCdpCommand", {"cmd": "Page.captureScreenshot", "params": {"format": "png"}}
                )["value"]
            except WebDriverException as error:
                if is_refusal(error):
                    return b""
                raise
        return base64.b64decode(answer["data"])

    def time_origin(self, doing: str) -> float:
        """Return when the shown document began."""
        return float(self.evaluate("performance.timeOrigin", doing))

    def download_events(self) -> tuple[DownloadEvent, ...]:
        """Return what the browser told of downloads since the last call."""
        with explained("asking for downloads"):
            entries = self._driver.execute("getLog", {"type": "performance"})["value"]
        messages = (json.loads(entry["message"])["message"] for entry in entries)
        return tuple(_download_events(messages))

    def others(self) -> list[str]:
        """Return the handles of tabs that the page opened."""
        with explained("looking for new tabs"):
            return [handle for handle in self._driver.window_handles if handle != self._home]

    @contextmanager
    def visiting(self, handle: str) -> Iterator[None]:
        """Let the commands inside go to another tab."""
        with explained("looking at a new tab"):
            self._driver.switch_to.window(handle)
        try:
            yield
        finally:
            with explained("leaving a new tab"):
                self._driver.switch_to.window(self._home)

    def close_others(self) -> None:
        """Close the tabs that the page opened."""
        for handle in self.others():
            with self.visiting(handle), explained("closing a new tab"):
                self._driver.close()

    def field(self, selector: str, doing: str) -> WebElement | None:
        """Return the first visible element that matches a CSS selector, or None."""
        with explained(doing):
            try:
                found = self._driver.find_elements(By.CSS_SELECTOR, selector)
                return next((element for element in found if element.is_displayed()), None)
            except NoSuchElementException:
                return None

    def close(self) -> None:
        """Let go of the connection. The browser itself is ended by the ledger, never by asking it."""
        with explained("closing the connection"):
            self._driver.command_executor.close()  # type: ignore[union-attr] # never a plain address here


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
