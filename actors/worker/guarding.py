"""The portal adapter behind a guard: whatever it raises becomes one `PageReadingError`, which names the adapter.

An adapter is pure code on a page, and may be the user's own. When it stumbles, the browser is innocent and so are the
other orders. Told apart here and not by a traceback later: only here is it known who was asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from contracts.errors import Blame, PageReadingError, ParallelProcessingError, SessionCorruptionError, WorkerError
from contracts.ports import (
    HttpFailure,
    LoginForm,
    LoginPage,
    NotFoundPage,
    OrderPage,
    PageReading,
    PageSnapshot,
    Portal,
    WrongPage,
)

log = logging.getLogger("purser.worker")

T = TypeVar("T")
_READINGS = (LoginPage, HttpFailure, NotFoundPage, WrongPage, OrderPage)


class GuardedPortal:
    """Implements `contracts.ports.Portal` over an adapter that may do anything.

    Args:
        portal: The adapter.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    @property
    def login_paths(self) -> tuple[str, ...]:
        """As `Portal.login_paths`, or `PageReadingError`."""
        return self._asked("login_paths", lambda: _texts(self._portal.login_paths), tuple)

    def recognises(self, page: PageSnapshot) -> bool:
        """As `Portal.recognises`, or `PageReadingError`."""
        return self._asked("recognises", lambda: self._portal.recognises(page), bool)

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """As `Portal.order_addresses`, or `PageReadingError`."""
        return self._asked("order_addresses", lambda: _texts(self._portal.order_addresses(base_url, po_number)), tuple)

    def login_address(self, base_url: str) -> str:
        """As `Portal.login_address`, or `PageReadingError`."""
        return self._asked("login_address", lambda: self._portal.login_address(base_url), str)

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """As `Portal.read`, or `PageReadingError`."""
        return self._asked("read", lambda: self._portal.read(page, po_number), _READINGS)

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """As `Portal.read_requisition`, or `PageReadingError`."""
        return self._asked("read_requisition", lambda: self._portal.read_requisition(page), OrderPage)

    def wants_login(self, page: PageSnapshot) -> str:
        """As `Portal.wants_login`, or `PageReadingError`."""
        return self._asked("wants_login", lambda: self._portal.wants_login(page), str)

    def login_form(self, page: PageSnapshot) -> LoginForm:
        """As `Portal.login_form`, or `PageReadingError`."""
        return self._asked("login_form", lambda: self._portal.login_form(page), LoginForm)

    def visible_text(self, page: PageSnapshot) -> str:
        """As `Portal.visible_text`, or `PageReadingError`."""
        return self._asked("visible_text", lambda: self._portal.visible_text(page), str)

    def _asked(self, method: str, ask: Callable[[], T], kind: type[Any] | tuple[type[Any], ...]) -> T:
        try:
            answer = ask()
        except Exception as error:  # boundary: the adapter
            if _is_meant(error):
                raise
            log.warning("The portal adapter raised %s in %s.", type(error).__name__, method, exc_info=error)
            raise _failure(method, f"raised {type(error).__name__}", error) from error
        if not isinstance(answer, kind):
            raise _failure(method, f"answered with a {type(answer).__name__}")
        return answer


def _texts(answer: Iterable[str]) -> Any:
    """Return texts as a tuple; one text by itself, which is no list of its letters, stays what it is."""
    return answer if isinstance(answer, str) else tuple(answer)


def _failure(method: str, what: str, error: Exception | None = None) -> PageReadingError:
    # Of what others raise only the class is told: the text may hold what the page holds.
    said = f" ({error})" if isinstance(error, ParallelProcessingError) else ""
    return PageReadingError(
        f"The portal adapter {what} in {method}{said}, so this page could not be read. Look at the page; if it is as "
        "it should be, report it with the log of the run, or use another adapter."
    )


def _is_meant(error: Exception) -> bool:
    """Whether an adapter may say this on purpose. That a browser is gone, or a disk full, it cannot know."""
    if isinstance(error, PageReadingError):
        return True
    return (
        isinstance(error, WorkerError)
        and not isinstance(error, SessionCorruptionError)
        and (error.blame is not Blame.BROWSER)
    )
