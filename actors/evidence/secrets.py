"""Finds known secrets in a text, in every form in which pages, addresses and messages may hold them. Pure.

A text may be large and hostile, and secrets may be many. So the text is walked through once, and the first characters
of each form say whether it may begin at a place: that takes the same time for one secret as for thousands.
"""

from __future__ import annotations

import base64
import bisect
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

BLACK = "███"
SHORTEST_SECRET = 6
"""Characters a known secret must have: shorter ones would blacken ordinary words. More than `BLACK` has."""

LONGEST = 256
"""Characters of a secret, and of each of its forms, that are looked for. What begins so is blackened with all that
follows in its line: portals may set thousands of cookies, and each may be long."""

_PERCENT_CODE = re.compile(r"%[0-9A-F]{2}")
_KEPT = ("", "/", "!~*'()")
"""What is left as it is: in a query by the standard, in a path, in a query by a page's script."""
_ANY = "surrogatepass"
"""A page may hold characters that no encoding has."""
_SURELY_A_PART = 12
"""Characters of a secret's beginning that are no chance: a message may have been cut within it."""
_PROBABLY_A_PART = 8
"""The same, when they are more than half of it."""


class Finder:
    """Blackens known secrets. Adding and taking away may happen on one thread while others blacken.

    Args:
        secrets: What is known at first.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: dict[str, _Alike] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Know one more secret; one below `SHORTEST_SECRET` characters is passed over."""
        for form in _forms(secret):
            start = form[:SHORTEST_SECRET]
            known = self._forms.get(start, _Alike((), 0))
            at = bisect.bisect(known.forms, form)
            forms = (*known.forms[:at], form, *known.forms[at:])
            self._forms[start] = _Alike(forms, max(known.longest, len(form)))

    def remove(self, secret: str) -> None:
        """Forget a secret that was added."""
        for form in _forms(secret):
            start = form[:SHORTEST_SECRET]
            known = self._forms[start]
            at = bisect.bisect_left(known.forms, form)
            if left := known.forms[:at] + known.forms[at + 1 :]:
                self._forms[start] = _Alike(left, known.longest)
            else:
                del self._forms[start]

    def blackened(self, text: str, spared: Iterable[str] = ()) -> str:
        """Return `text` with every known secret blackened, and the beginning of one that was cut off.

        Args:
            text: What is to be shown or kept.
            spared: Texts that everybody may see, such as an order's number; what stands in them is no secret.
        """
        if not self._forms:
            return text
        known = self._forms
        pieces: list[str] = []
        place = done = 0
        last = len(text) - SHORTEST_SECRET
        while place <= last:
            alike = known.get(text[place : place + SHORTEST_SECRET])
            length, form = _found_in(text[place : place + alike.longest], alike.forms) if alike is not None else (0, "")
            if length and not any(text[place : place + length] in one for one in spared):
                pieces += (text[done:place], BLACK)
                place = done = _end_of(text, place, length, form)
            else:
                place += 1
        return "".join((*pieces, text[done:])) if pieces else text


def _end_of(text: str, place: int, length: int, form: str) -> int:
    """Return where what is blackened ends: behind it, or with its line.

    With its line if the secret may go on, or what takes its place may begin it again.
    """
    end = place + length
    if len(form) < LONGEST and BLACK[0] not in text[place:end]:
        return end
    line = text.find("\n", end)
    return line if line >= 0 else len(text)


class _Alike(NamedTuple):
    """Forms that begin alike, in order, and a length that none of them exceeds."""

    forms: tuple[str, ...]
    longest: int


def _found_in(rest: str, forms: tuple[str, ...]) -> tuple[int, str]:
    """Return how many characters a secret, or the beginning of one, takes at the beginning of a text, and which form.

    Args:
        rest: What stands there, as far as the longest form goes.
        forms: What begins like it, in order: what has most in common with it is next to where it would be.
    """
    at = bisect.bisect_right(forms, rest)
    part = max((_part(rest, form), form) for form in forms[max(at - 1, 0) : at + 1])
    while at:
        form = forms[at - 1]
        common = _common(rest, form)
        if common == len(form):
            return common, form
        if common < SHORTEST_SECRET:
            break
        at = bisect.bisect_right(forms, rest[:common], hi=at - 1)
    return part


def _part(rest: str, form: str) -> int:
    common = _common(rest, form)
    is_part = common >= _SURELY_A_PART or (common >= _PROBABLY_A_PART and 2 * common > len(form))
    return common if is_part else 0


def _common(one: str, other: str) -> int:
    return next(
        (place for place, (mine, its) in enumerate(zip(one, other, strict=False)) if mine != its),
        min(len(one), len(other)),
    )


def _forms(secret: str) -> set[str]:
    if len(secret) < SHORTEST_SECRET:
        return set()
    return {form[:LONGEST] for form in _encodings(secret) if len(form) >= SHORTEST_SECRET}


def _encodings(secret: str) -> Iterator[str]:
    whole = {secret, secret.strip('"'), unquote(secret), unquote_plus(secret), " ".join(secret.split())}
    for plain in {one[:LONGEST] for one in whole}:
        yield plain
        once = {quote(plain, safe, errors=_ANY) for safe in _KEPT} | {quote_plus(plain, errors=_ANY)}
        if not plain.isascii():  # a form on a page of an older charset sends it so
            once.add(quote_plus(plain, encoding="cp1252", errors="xmlcharrefreplace"))
        for form in once | {quote(one, safe="") for one in once}:
            yield form
            yield _PERCENT_CODE.sub(lambda code: code[0].lower(), form)
        yield from _escaped(plain)
        yield from _in_base64(plain)


def _escaped(plain: str) -> Iterator[str]:
    """Yield a text as markup, JSON, scripts and messages hold it."""
    yield from (html.escape(plain), html.escape(plain, quote=False), html.escape(plain).replace("&#x27;", "&#39;"))
    yield from (json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1])
    yield json.dumps(plain)[1:-1].replace("/", "\\/")


def _in_base64(plain: str) -> Iterator[str]:
    """Yield what of a text's base64 does not depend on what stands before and behind it."""
    data = plain.encode("utf-8", _ANY)
    for before in range(3):
        code = base64.b64encode(b"\0" * before + data)
        begin, end = (8 * before + 5) // 6, 8 * (before + len(data)) // 6
        sure = code[begin:end].decode()
        if len(sure) >= _PROBABLY_A_PART:
            yield sure
            yield sure.replace("+", "-").replace("/", "_")
