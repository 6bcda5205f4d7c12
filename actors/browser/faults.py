"""One place that says what an error of Selenium, of its connection or of the browser means for the order at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from selenium.common.exceptions import (
    InvalidSessionIdException,
    NoSuchWindowException,
    SessionNotCreatedException,
    TimeoutException,
    WebDriverException,
)
from urllib3.exceptions import HTTPError, NewConnectionError, TimeoutError as NoAnswerError

from contracts.errors import BrowserDiedError, NetworkError, SessionCorruptionError, WorkerError

_NET_ERROR = re.compile(r"net::(ERR_[A-Z0-9_]+)")
_GONE = ("disconnected", "not reachable", "session deleted", "target window already closed", "devtoolsactiveport")
_CONTEXT_LOST = (
    "context was destroyed",
    "cannot find context",
    "inspected target navigated",
    "cannot find execution",
    "promise was collected",
    "no such execution context",
)


class PageTooSlowError(NetworkError):
    """The page's document was not complete within the page-load limit."""


class PageReplacedError(SessionCorruptionError):
    """The document went away while it was asked something; the one in its place may be asked instead."""


class PageRefusedError(SessionCorruptionError):
    """A script of ours raised in the page."""


def is_refusal(error: WebDriverException) -> bool:
    """Whether the browser answered a command of its own protocol with a no, and is well otherwise."""
    lowered = _first_line(error).lower()
    return "inspector error" in lowered and not any(text in lowered for text in ("crashed", *_GONE, *_CONTEXT_LOST))


def _first_line(error: WebDriverException) -> str:
    return (error.msg or type(error).__name__).strip().partition("\n")[0]


def meaning(error: WebDriverException, doing: str) -> WorkerError:
    """Return what a driver's error means.

    Args:
        error: What was raised.
        doing: What was being done, for the message.
    """
    told = _first_line(error)
    lowered = told.lower()
    if isinstance(error, InvalidSessionIdException | NoSuchWindowException | SessionNotCreatedException):
        return BrowserDiedError(f"The browser ended while {doing}: {told}")
    # The driver calls a world that went away with its page a timeout, and says the reason in its second line.
    if any(text in (error.msg or "").lower() for text in _CONTEXT_LOST):
        return PageReplacedError(f"The page was replaced while {doing}.")
    if "tab crashed" in lowered:
        return SessionCorruptionError(f"The browser's tab crashed while {doing}.")
    if any(text in lowered for text in _GONE):
        return BrowserDiedError(f"The browser ended while {doing}: {told}")
    if found := _NET_ERROR.search(told):
        return NetworkError(f"The portal could not be reached while {doing}: {found[1]}.")
    if isinstance(error, TimeoutException):
        return NetworkError(f"The portal did not answer in time while {doing}.")
    return SessionCorruptionError(f"The browser refused while {doing}: {told}")


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn whatever the driver raises inside into one of the contract's errors."""
    try:
        yield
    except WebDriverException as error:
        raise meaning(error, doing) from error
    except NewConnectionError as error:  # which urllib3 calls a timeout, too
        raise BrowserDiedError(f"The browser's driver ended while {doing}.") from error
    except NoAnswerError as error:
        # Its command may still be running; whatever comes next would answer for it. So it counts as gone.
        raise BrowserDiedError(f"The browser did not answer while {doing}.") from error
    except (HTTPError, OSError) as error:
        raise BrowserDiedError(f"The browser's driver ended while {doing}.") from error
