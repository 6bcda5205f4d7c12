"""Which failures are of one kind: those whose messages differ only in what they quote, name or count.

Pure, and bounded: a batch of 100,000 failures with messages all their own keeps no more than `MOST_KINDS` of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs

from contracts.tasks import POResult

EXAMPLES_PER_ERROR = 5
MOST_KINDS = 200
"""More kinds than these are counted together, by code and status."""
OTHER_KINDS = "Other messages of this code; results.csv has them all."

_LOOKED_AT = 500
"""Characters of a message that tell its kind."""
_SHORTEST_NAME = 3
_MOST_NAMES = 20
_VARYING = "…"
_PARTS = re.compile(
    r"""
    (?P<kept>\bHTTP\ \d{3}\b)                               # another answer is another kind
    | (?<!\w)'(?:[^'\\]|\\.|'(?=\w))*(?:'|\\?$)              # what is quoted, an apostrophe within it included
    | (?<!\w)"(?:[^"\\]|\\.|"(?=\w))*(?:"|\\?$)
    | “[^”]*(?:”|$)
    | (?<!\S)[^\s'"/\\]*[/\\][^\s'"]*                        # addresses and paths
    | (?<![\w-])[\w-]+(?:\.[\w-]+)+(?::\d+)?%?               # hosts and names of files
    | (?<![\w-])(?:[^\W\d]|-)*\d\w*(?:[.,:-]\w+)*%?          # numbers, and numbers of orders
    """,
    re.VERBOSE | re.DOTALL,
)
_UNIT = re.compile(rf"{_VARYING}\s(?:(?:day|hour|minute|second|byte)s?|[KMG]i?B)\b")
"""Told in another unit, a duration or a size is not an other kind."""
_IN_A_ROW = re.compile(rf"{_VARYING}(?:\s+{_VARYING})+")


def kind_of(message: str, names: Iterable[str] = ()) -> str:
    """Return a message without what varies from order to order; an ellipsis stands in its place.

    Args:
        message: What went wrong.
        names: What is the order's own in it: its number, its supplier, the names of its files.
    """
    text = message[:_LOOKED_AT]
    known = sorted({name for name in names if len(name) >= _SHORTEST_NAME}, key=len, reverse=True)
    for name in known[:_MOST_NAMES]:
        text = text.replace(name, _VARYING)
    text = _PARTS.sub(lambda found: found["kept"] or _VARYING, text)
    return _IN_A_ROW.sub(_VARYING, _UNIT.sub(_VARYING, text)).strip()


@attrs.define
class _Kind:
    message: str
    count: int = 0
    examples: list[str] = attrs.field(factory=list)
    evidence: list[str] = attrs.field(factory=list)


@attrs.define
class ErrorSummary:
    """Failures by code, status and kind of message, with a few orders of each as examples."""

    _kinds: dict[tuple[str, str, str], _Kind] = attrs.field(factory=dict)

    def add(self, result: POResult) -> None:
        """Count a failure."""
        message = result.error_message or result.status.value
        key = (result.error_code, result.status.value, kind_of(message, _own_names(result)))
        if key not in self._kinds and len(self._kinds) >= MOST_KINDS:
            key, message = (result.error_code, result.status.value, ""), OTHER_KINDS
        kind = self._kinds.setdefault(key, _Kind(message))
        kind.count += 1
        if len(kind.examples) < EXAMPLES_PER_ERROR:
            kind.examples.append(result.po_number)
            kind.evidence.extend(result.evidence)

    def copy(self) -> ErrorSummary:
        """Return a summary that can be added to while others look at this one."""
        lists = {
            key: attrs.evolve(kind, examples=list(kind.examples), evidence=list(kind.evidence))
            for key, kind in self._kinds.items()
        }
        return ErrorSummary(lists)

    def as_list(self) -> list[dict[str, Any]]:
        """Return the kinds, the most frequent first; each with the message of its first failure."""
        return [
            {
                "error_code": code,
                "status": status,
                "message": kind.message,
                "count": kind.count,
                "examples": list(kind.examples),
                "evidence": list(kind.evidence),
            }
            for (code, status, _), kind in sorted(self._kinds.items(), key=lambda one: -one[1].count)
        ]


def _own_names(result: POResult) -> tuple[str, ...]:
    missing = result.missing[:_MOST_NAMES]
    return (result.po_number, result.supplier, *(one.listed_as for one in missing), *(one.source for one in missing))
