"""The dates at which cookies expire, read as browsers read them (RFC 6265, 5.1.1): almost any order and spelling. Pure.

Own code, since the library's readers of dates take only the proper forms, and refuse what browsers obey.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_PARTS = re.compile(r"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)", re.ASCII)
_DAY = re.compile(r"(\d{1,2})(?!\d)", re.ASCII)
_YEAR = re.compile(r"(\d{2,4})(?!\d)", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def cookie_date(text: str) -> float | None:
    """Return the seconds since 1970 that an Expires attribute names, or None when it names no date."""
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for part in _PARTS.findall(text):
        if clock is None and (found := _TIME.match(part)):
            clock = int(found[1]), int(found[2]), int(found[3])
        elif day is None and (found := _DAY.match(part)):
            day = int(found[1])
        elif month is None and part[:3].lower() in _MONTHS:
            month = _MONTHS.index(part[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(part)):
            year = _whole_year(found[1])
    if clock is None or day is None or month is None or year is None or year < 1601:
        return None
    try:
        return datetime(year, month, day, *clock, 0, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _whole_year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= 70 else 2000)
