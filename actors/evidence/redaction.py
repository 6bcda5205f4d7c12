"""Blackens secrets in a text: those that are known, and what looks like one.

All rules are applied again and again until nothing changes, since what one leaves may be another's business. That comes
to an end because each change takes away characters that were not black. A page may be large and hostile, so every
pattern here takes time in proportion to the text: none starts twice within one run of characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from actors.evidence.secrets import BLACK, Finder

_BLACK_RUN = re.compile("█{4,}")

_RUN = re.compile(r"\S+")
_USER_INFO = re.compile(r"(?<=://)[^\s/?#@]+(?=@)")
_TAIL = re.compile(r"[?#]")
_QUERY = re.compile(r"(\?)[\w.\[\]%~-]++=\S*")

_BEARER = re.compile(r"\b(bearer[ \t]++)([\w.~+/=-]++)", re.IGNORECASE | re.ASCII)
_BASIC = re.compile(r"\b(basic[ \t]++)([\w.~+/=-]{8,})", re.IGNORECASE | re.ASCII)
_SHORT_WORD = re.compile(r"[A-Z]?[a-z]{1,5}\.?")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,}+\.[\w.-]++", re.ASCII)

_KEY = re.compile(r"""(?<![\w.\[\]-])([\w.\[\]-]++)(["']?)[ \t]*+(=>?|:)[ \t]*+""")
_SMELL = re.compile(
    r"token|csrf|xsrf|sess|sid|auth|passw|passphrase|pwd|secret|key|cookie|credential|signature|nonce|otp|jwt|saml",
    re.IGNORECASE,
)
_PLAIN_NAME = re.compile(
    r"(?:.*[._-])?(?:token|password|passwd|passphrase|secret|api[._-]?key|authorization|cookie)", re.IGNORECASE
)
_VALUE = re.compile(r""""[^"\n]*+"?|'[^'\n]*+'?|[^\s&;<>"'](?:[^\s&;<>]*[^\s&;<>,.)}\]])?""")

_UUID = re.compile(r"(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])", re.IGNORECASE)
_LONG = re.compile(r"[A-Za-z0-9_-]{32,}+")
_DIGIT_AND_LETTER = re.compile(r"[^0-9]*+[0-9].*[A-Za-z]|[^A-Za-z]*+[A-Za-z].*[0-9]")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
_SPOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]{1,15}|(?:[A-Z]?[a-z]{0,15}|[A-Z]{1,5})\d{1,12}")


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with everything in it blackened that is a secret or looks like one.

    Blackened are: every known secret, also as an address would encode it; query and fragment of addresses; what follows
    `Bearer` and `Basic`; JSON web tokens; the value of a key that smells of a secret; long runs of letters and digits
    that nobody would write. Doing it twice changes nothing more.

    Args:
        text: What is to be kept.
        secrets: Known secrets, such as the values of cookies. Those below `SHORTEST_SECRET` characters are passed over.
    """
    finder = Finder(secrets)
    while True:
        before = text
        text = finder.blackened(text)
        for rule in _RULES:
            text = rule(text)
        if text == before:
            return text


def without_secrets(text: str) -> str:
    """Return a short text, such as a message, with everything blackened that looks like a secret; addresses stay."""
    for rule in (_blacken_credentials, _blacken_pairs, _blacken_long, _join_black):
        text = rule(text)
    return text


# --------------------------------------------------------------------------------------------------------------- rules


def _blacken_addresses(text: str) -> str:
    text = _USER_INFO.sub(BLACK, text)
    text = _RUN.sub(lambda run: _without_tail(run[0]), text)
    return _QUERY.sub(rf"\1{BLACK}", text)


def _without_tail(run: str) -> str:
    scheme = run.find("://")
    tail = _TAIL.search(run, scheme) if scheme > 0 else None
    return run[: tail.end()] + BLACK if tail is not None and tail.end() < len(run) else run


def _blacken_credentials(text: str) -> str:
    text = _BEARER.sub(lambda found: found[0] if _SHORT_WORD.fullmatch(found[2]) else found[1] + BLACK, text)
    text = _BASIC.sub(lambda found: found[0] if is_spoken(found[2]) else found[1] + BLACK, text)
    return _JWT.sub(BLACK, text)


def _blacken_pairs(text: str) -> str:
    pieces: list[str] = []
    end = 0
    place = 0
    while key := _KEY.search(text, place):
        place = key.end()
        value = _VALUE.match(text, place) if _smells(*key.groups()) else None
        if value is not None:
            pieces += (text[end:place], BLACK)
            end = place = value.end()
    return "".join((*pieces, text[end:]))


def _smells(key: str, quote_mark: str, sign: str) -> bool:
    """Whether a key announces a secret. Before a colon words of ordinary text stand too, so there fewer do."""
    if sign == ":" and not quote_mark:
        return _PLAIN_NAME.fullmatch(key) is not None
    return _SMELL.search(key) is not None


def _blacken_long(text: str) -> str:
    text = _UUID.sub(BLACK, text)
    return _LONG.sub(lambda found: BLACK if _looks_random(found[0]) else found[0], text)


def _looks_random(run: str) -> bool:
    return _DIGIT_AND_LETTER.match(run) is not None and not is_spoken(run)


def is_spoken(run: str) -> bool:
    """Whether a run is made of words, numbers and numbers with a prefix, as the name of a file is."""
    return all(_SPOKEN.fullmatch(part) for part in _SEPARATORS.split(run) if part)


def _join_black(text: str) -> str:
    return _BLACK_RUN.sub(BLACK, text)


_RULES: tuple[Callable[[str], str], ...] = (
    _blacken_addresses,
    _blacken_credentials,
    _blacken_pairs,
    _blacken_long,
    _join_black,
)
