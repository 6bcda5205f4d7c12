"""Asking a person on the terminal. Where nobody can answer, nothing is agreed to."""

from __future__ import annotations

import sys
from collections.abc import Callable

Ask = Callable[[str], bool]


def ask(question: str) -> bool:
    """Put a question; say whether it was answered with yes. Without a terminal it was not."""
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
