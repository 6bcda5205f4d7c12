"""No secret survives in what is kept of a page, and what a person wrote on it does."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, strategies as st

from actors.evidence import BLACK, SHORTEST_SECRET, redacted

# Few characters, so that secrets overlap, hold each other, and hold what stands in for them.
TIGHT = "abAB01%=+/-_.\"█ \n?&#:'é"
SECRETS = st.text(TIGHT, min_size=SHORTEST_SECRET, max_size=14) | st.text(min_size=SHORTEST_SECRET, max_size=20)
RANDOM = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

WORDS = st.sampled_from(
    ["Order", "Supplier", "Nordwind Metals", "not found", "Basic materials", "the bearer of this", "Authorised by:",
     "Session: 2 days", "Key: 7", "Author", "Side: left", "Considerations: none", "10 pcs, 2 left.", "\u20ac", "A&B"]
)  # fmt: skip
NUMBERS = st.integers(1, 99_999_999).flatmap(
    lambda number: st.sampled_from([f"PO{number}", f"PM{number}", f"#{number}", f"{number}-2", f"REQ-{number}"])
)
DATES = st.dates().flatmap(
    lambda day: st.sampled_from([day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%d.%m.%y}", f"{day:%d %b %Y}"])
)
AMOUNTS = st.decimals(0, 10**9, places=2).flatmap(
    lambda sum_: st.sampled_from([f"{sum_:,} EUR", f"${sum_}", f"{sum_:,}".replace(",", " "), f"(1 = {sum_})"])
)
NAMES = st.sampled_from(
    ["Quote_for_PO16928001_Acme_Metals_2024-05-01.pdf", "delivery-note-of-the-second-part_1-2.zip", "a.b@acme.example",
     "https://portal.example/order_headers/16928001", "/order_headers/16928001", "Donaudampfschifffahrtsgesellschaft",
     "11111111111111111111111111111111111111"]
)  # fmt: skip
ORDINARY = st.lists(WORDS | NUMBERS | DATES | AMOUNTS | NAMES, max_size=20).flatmap(
    lambda parts: st.sampled_from([" ".join(parts), "\n".join(parts), " | ".join(parts)])
)


def _mixes(run: str) -> bool:
    """Whether it has a digit before a letter in one part, as random runs do and names of words and numbers do not."""
    parts = run.replace("_", "-").split("-")
    return any(one.isdigit() and other.isalpha() for part in parts for one, other in pairwise(part))


@given(st.lists(SECRETS, max_size=5), st.data())
def test_no_known_secret_survives_anywhere(secrets: list[str], data: st.DataObject) -> None:
    forms = [*secrets, *(encode(secret) for secret in secrets for encode in (_quoted, _plus))]
    pieces = st.sampled_from(forms) if forms else st.nothing()
    text = "".join(data.draw(st.lists(pieces | st.text(TIGHT, max_size=6), max_size=8)))
    kept = redacted(text, secrets)
    for form in forms:
        assert form not in kept


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _plus(text: str) -> str:
    encoded = quote_plus(text, errors="surrogatepass")
    return re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), encoded)


@given(st.text(TIGHT + "htps:/token=BearerBasic ey") | st.text(), st.lists(SECRETS, max_size=3))
def test_doing_it_twice_changes_nothing_more(text: str, secrets: list[str]) -> None:
    once = redacted(text, secrets)
    assert redacted(once, secrets) == once


@given(ORDINARY)
def test_what_a_person_writes_is_left_alone(text: str) -> None:
    assert redacted(text, ("a-cookie-of-the-portal", "", "PO", "EUR")) == text


@given(ORDINARY, st.text(RANDOM, min_size=32, max_size=80).filter(_mixes), ORDINARY)
def test_a_long_random_token_goes_and_the_words_around_it_stay(before: str, token: str, after: str) -> None:
    kept = redacted(f"{before}\n{token}\n{after}", ())
    assert kept == f"{before}\n{BLACK}\n{after}"


@given(st.text(RANDOM + "/", min_size=1).map(lambda query: query + "="), st.text(RANDOM, min_size=1))
def test_query_and_fragment_of_every_address_go(query: str, fragment: str) -> None:
    for tail in (f"?{query}", f"#{fragment}", f"?{query}#{fragment}"):
        assert redacted(f"see (https://portal.example/x{tail}", ()) == f"see (https://portal.example/x{tail[0]}{BLACK}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://ann:pass@portal.example/x", f"https://{BLACK}@portal.example/x"),
        ("GET /x?code=abc HTTP/1.1", f"GET /x?{BLACK} HTTP/1.1"),
        ("Is it there? No", "Is it there? No"),
        ("bearer abc.def-1", f"bearer {BLACK}"),
        ("the bearer of this", "the bearer of this"),
        ("Basic dXNlcjpwYXNz", f"Basic {BLACK}"),
        ("Basic materials, Basic 2024-05-01", "Basic materials, Basic 2024-05-01"),
        ("Authorization: Digest abc", f"Authorization: {BLACK} abc"),
        ("it is eyJhbGciOiJI.eyJzdWIi.c2ln!", f"it is {BLACK}!"),
        ("authenticity_token=a%2Bb; path", f"authenticity_token={BLACK}; path"),
        ("JSESSIONID = 12AB", f"JSESSIONID = {BLACK}"),
        ("a=token=abc", f"a=token={BLACK}"),
        ('{"csrfToken": "a b", "count": 2}', f'{{"csrfToken": {BLACK}, "count": 2}}'),
        ("password: hunter2", f"password: {BLACK}"),
        ("X-Api-Key: k", f"X-Api-Key: {BLACK}"),
        ("'apiKey' => 'a b'", f"'apiKey' => {BLACK}"),
        ("connect.sid='s:1 2' next", f"connect.sid={BLACK} next"),
        ("user[password]=x", f"user[password]={BLACK}"),
        ("id 123e4567-e89b-12d3-a456-426614174000.", f"id {BLACK}."),
        ("amount=12.50, PO_NUMBER=PO1", "amount=12.50, PO_NUMBER=PO1"),
        ("token=", "token="),
    ],
)
def test_what_looks_like_a_secret_goes(text: str, kept: str) -> None:
    assert redacted(text, ()) == kept


def test_a_known_secret_goes_in_every_form_an_address_gives_it() -> None:
    secret = 'a b/c=="é'
    forms = [secret, "a%20b%2Fc%3D%3D%22%C3%A9", "a+b%2fc%3d%3d%22%c3%a9", "a%2520b%252Fc%253D%253D%2522%25C3%25A9"]
    assert redacted(" | ".join(forms), (secret,)) == " | ".join([BLACK] * 4)
    assert redacted("it is ab cd/e!", ("ab%20cd%2Fe",)) == f"it is {BLACK}!"
    assert redacted("session-one!", ('"session-one"',)) == f"{BLACK}!"


@pytest.mark.parametrize(
    "piece", ["key", "a://", "eyJ", "?a", "bearer ", "=", "token:", "x@", "0a-", '"', "token=a", "\u2588", " ", "."]
)
def test_a_hostile_page_takes_time_in_proportion_to_its_size(piece: str) -> None:
    """What takes the square of its size would take hours here."""
    text = piece * (400_000 // len(piece))
    began = time.process_time()
    redacted(text, ("some-secret",))
    assert time.process_time() - began < 20
