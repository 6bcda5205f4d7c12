"""How long something took or may take, in the words of people. Pure."""

from __future__ import annotations

import math

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
_TENTHS_BELOW = 10
"""Seconds below which a fraction of one is told."""


def spoken(seconds: float) -> str:
    """Say a duration: "0.3 seconds", "10 seconds", "1 minute", "1 minute 30 seconds", "2 hours 5 minutes".

    Args:
        seconds: How long; less than nothing counts as nothing.

    Returns:
        Its two largest units, rounded to the smaller one.
    """
    if math.isinf(seconds) and seconds > 0:
        return "an unlimited time"
    left = max(0.0, seconds)
    if left < _TENTHS_BELOW:
        return _counted(float(f"{left:.2g}"), "second")
    for place, (unit, length) in enumerate(_UNITS):
        smaller_unit, smaller = _UNITS[min(place + 1, len(_UNITS) - 1)]
        rounded = round(left / smaller) * smaller
        if rounded >= length:
            whole, rest = divmod(rounded, length)
            parts = [_counted(whole, unit)]
            return " ".join([*parts, _counted(rest // smaller, smaller_unit)] if rest else parts)
    return _counted(round(left), "second")


def _counted(number: float, unit: str) -> str:
    return f"{number:g} {unit}" if number == 1 else f"{number:g} {unit}s"
