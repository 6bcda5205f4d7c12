"""A known secret is found in every form in which it may stand somewhere, and what everybody may see stays."""

from __future__ import annotations

import base64
import html
import json
import re
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, strategies as st

from actors.evidence import BLACK, Finder, secrets as module
from actors.evidence.secrets import LONGEST

PASSWORD = 'c4nary "P4ss"/w0rd+&=<é\'x'
COOKIE = "SESSION0123456789abcdef"


def base64_within(before: bytes, after: bytes = b"") -> str:
    """Return base64 of something that holds the password."""
    return base64.b64encode(before + PASSWORD.encode() + after).decode()


FORMS = {
    "plain": PASSWORD,
    "in an address": quote(PASSWORD),
    "in a query": quote_plus(PASSWORD),
    "in a query of an older page": quote_plus(PASSWORD, encoding="cp1252"),
    "encoded twice": quote(quote(PASSWORD, safe=""), safe=""),
    "lower-case codes": re.sub("%..", lambda code: code[0].lower(), quote(PASSWORD, safe="")),
    "in markup": html.escape(PASSWORD),
    "in markup, by number": html.escape(PASSWORD).replace("&#x27;", "&#39;"),
    "in JSON": json.dumps(PASSWORD)[1:-1],
    "in JSON with letters": json.dumps(PASSWORD, ensure_ascii=False)[1:-1],
    "in a message": repr(PASSWORD)[1:-1],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_secret_is_blackened_in_every_form(form: str) -> None:
    assert Finder([PASSWORD]).blackened(f"before {form} after") == f"before {BLACK} after"


def test_what_an_older_charset_does_not_have_is_sent_as_a_number() -> None:
    assert Finder(["p\u0142ss-w0rd"]).blackened("?q=p%26%23322%3Bss-w0rd&x=1") == f"?q={BLACK}&x=1"


@pytest.mark.parametrize("before", [b"", b"u", b"us", b"user:", b"\x00\x01\x02\x03"])
def test_a_secret_is_blackened_inside_base64(before: bytes) -> None:
    code = base64_within(before, b" and more")
    kept = Finder([PASSWORD]).blackened(code)
    assert BLACK in kept
    assert len(code) - len(kept) > len(PASSWORD)


@pytest.mark.parametrize("length", [12, 16, len(COOKIE) - 1])
def test_the_beginning_of_a_secret_that_was_cut_off_is_blackened(length: int) -> None:
    assert Finder([COOKIE]).blackened(f"its title is '{COOKIE[:length]}'") == f"its title is '{BLACK}'"


def test_more_than_half_of_a_short_secret_is_blackened_and_a_common_word_is_not() -> None:
    finder = Finder(["hunter2-go", "Purchase order 1234567890"])
    assert finder.blackened("'hunter2-'") == f"'{BLACK}'"
    assert finder.blackened("Purchase") == "Purchase"
    assert finder.blackened("hunter") == "hunter"


def test_what_everybody_may_see_is_spared() -> None:
    finder = Finder(["PO16928001", "portal.example"])
    assert finder.blackened("PO16928001 at portal.example", ("PO16928001", "portal.example:8443")) == (
        "PO16928001 at portal.example"
    )
    assert finder.blackened("PO16928001", ()) == BLACK


def test_short_secrets_and_none_change_nothing() -> None:
    assert Finder().blackened(PASSWORD) == PASSWORD
    assert Finder(["short"]).blackened("a short word") == "a short word"


@given(st.lists(st.text("abcdef", min_size=6, max_size=8), max_size=6), st.text("abcdef", max_size=40))
def test_a_secret_that_is_forgotten_is_found_no_more_and_the_others_are(secrets: list[str], text: str) -> None:
    finder = Finder(secrets)
    for secret in secrets[1:]:
        finder.remove(secret)
    assert finder.blackened(text) == Finder(secrets[:1]).blackened(text)
    for secret in secrets[:1]:
        finder.remove(secret)
    assert finder.blackened(text) == text


def test_many_secrets_in_a_large_hostile_text_come_to_an_end() -> None:
    """Beginnings of secrets all over, none of them whole."""
    secrets = [f"{'ab' * 20}{number}" for number in range(200)]
    text = "ab" * 50_000
    assert len(Finder(secrets).blackened(text)) < len(text)
    assert Finder(["abcabcabd", "abcabcx"]).blackened("abcabc " * 50_000) == "abcabc " * 50_000


def test_secrets_with_one_beginning_cost_as_much_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """At each place of the text the neighbours in order alone are looked at, however many begin alike."""
    looks = 0
    compare = module._common

    def counting(one: str, other: str) -> int:
        nonlocal looks
        looks += 1
        return compare(one, other)

    monkeypatch.setattr(module, "_common", counting)
    finder = Finder(f"aaaaaab{number:04}" for number in range(2_000))
    assert finder.blackened("a" * 2_000) == "a" * 2_000
    assert looks < 10 * 2_000
    assert finder.blackened("x aaaaaab0777 y") == f"x {BLACK} y"
    assert finder.blackened("x aaaaaab077 y") == f"x {BLACK} y", "one that was cut off"


def test_of_secrets_that_begin_one_another_the_longest_is_blackened() -> None:
    finder = Finder(["secret", "secret-one", "secret-one-more", "secret-two"])
    assert finder.blackened("secret-one-more secret-one secret secret-on!") == f"{BLACK} {BLACK} {BLACK} {BLACK}-on!"


def test_a_secret_made_of_what_takes_its_place_is_gone_after_one_look() -> None:
    finder = Finder([f"{BLACK}xxxxx"])
    assert finder.blackened(f"{BLACK}{'x' * 100_000}\nrest") == f"{BLACK}\nrest"


TOKEN = "".join(chr(33 + number * 7 % 90) for number in range(4_000))


@pytest.mark.parametrize(
    "form", [TOKEN, quote(TOKEN), json.dumps(TOKEN)[1:-1], base64.b64encode(TOKEN.encode()).decode()], ids=range(4)
)
def test_of_a_long_secret_the_beginning_is_looked_for_and_its_line_is_blackened(form: str) -> None:
    finder = Finder([TOKEN])
    assert finder.blackened(f"before {form} after\nrest") == f"before {BLACK}\nrest"
    assert finder.blackened(f"before {form[:LONGEST]}, {TOKEN[LONGEST:]}\nrest") == f"before {BLACK}\nrest"
    assert finder.blackened(f"before {form[: LONGEST // 2]}, {TOKEN[LONGEST:]}\nrest") == f"before {BLACK}\nrest"


def test_a_secret_and_its_forms_take_no_more_room_the_longer_it_is() -> None:
    finder = Finder()
    finder.add(string.punctuation * 1_000)
    forms = [form for alike in finder._forms.values() for form in alike.forms]
    assert max(map(len, forms)) == LONGEST
    finder.remove(string.punctuation * 1_000)
    assert finder._forms == {}
