"""Addresses tell where something is, and are no key to it."""

from __future__ import annotations

import hashlib

import pytest

from actors.evidence.addresses import in_text, located, shown, without_paths

PLAIN = [
    "https://portal.example/order_headers/16928001",
    "https://portal.example:8443/po/view?id=16928001&lang=en",
    "http://127.0.0.1:8080/",
]


@pytest.mark.parametrize("address", PLAIN)
def test_an_ordinary_address_is_shown_as_it_is(address: str) -> None:
    assert shown(address) == address
    assert in_text(f"The page at {address}, it says.") == f"The page at {address}, it says."


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://u:p4ssw0rd@portal.example/x", "https://portal.example/x"),
        ("https://portal.example/o/1;jsessionid=A1B2C3", "https://portal.example/o/1"),
        ("https://portal.example/o/1;a=1/x;b=2?c=3", "https://portal.example/o/x?c=3".replace("/o/x", "/o/1/x")),
        ("https://portal.example/o/1#access_token=abc", "https://portal.example/o/1"),
        ("https://portal.example/o?session_token=abc&n=1", "https://portal.example/o?session_token=redacted&n=1"),
        ("https://portal.example/o?k=x7Gh2kQ9", "https://portal.example/o?k=redacted"),
        ("https://portal.example/o?code=1&t=2", "https://portal.example/o?code=redacted&t=2"),
    ],
)
def test_what_lets_somebody_in_is_not_shown(address: str, expected: str) -> None:
    assert shown(address) == expected
    assert in_text(f"see ({address}).") == f"see ({expected})."


def test_a_long_random_part_of_a_path_is_blackened() -> None:
    assert "9f86d081884c7d659a2feaa0c55ad015" not in shown("https://p.example/s/9f86d081884c7d659a2feaa0c55ad015/a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The portal answered 404 for http://p.example:81/gone/a.pdf?sig=1.", "The portal answered 404 for http://p.example:81/…."),
        ("http://u:p@p.example/a and HTTPS://q.example", "http://p.example/… and HTTPS://q.example"),
        ("no address at all: //x/y", "no address at all: //x/y"),
    ],
)  # fmt: skip
def test_a_files_address_is_told_by_its_host_alone(text: str, expected: str) -> None:
    assert without_paths(text) == expected


def test_where_a_file_lies_is_told_by_host_and_hash() -> None:
    address = "HTTP://u:p@p.example:81/files/secret/a.pdf?sig=1"
    digest = hashlib.sha256(address.encode()).hexdigest()
    assert located(address) == f"http://p.example:81 sha256:{digest}"
    assert located("Offer.pdf") == "Offer.pdf"


@pytest.mark.parametrize("text", ["http://" * 100_000, "http://a" + "/" * 400_000, "https://a;" + ";=" * 200_000])
def test_hostile_texts_come_to_an_end(text: str) -> None:
    in_text(text)
    without_paths(text)
