"""What the doctor finds: one thing that was looked at, how it was found, and what to do about it."""

from __future__ import annotations

import enum

import attrs


class Verdict(enum.Enum):
    """How one thing was found."""

    GOOD = "ok"
    POOR = "warning"
    BAD = "missing"


@attrs.frozen
class Finding:
    """One thing that was looked at.

    Args:
        what: Its name.
        verdict: How it was found.
        detail: What was found.
        mend: What to do about it; empty when it is good.
    """

    what: str
    verdict: Verdict
    detail: str
    mend: str = ""
