"""What a call raises, without pytest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Error = TypeVar("Error", bound=BaseException)


def raised(kind: type[Error], call: Callable[[], object], what: str) -> Error:
    """Make a call that must raise, and return what it raised.

    Args:
        kind: What it must raise. Anything else goes on to the caller.
        call: The call.
        what: What it is, for the message.
    """
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"{what} must raise {kind.__name__}; it returned {answer!r}")
