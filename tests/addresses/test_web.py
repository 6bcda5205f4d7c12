"""Addresses are read as browsers read them; tests with a real browser hold this room against it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from actors.addresses import on_one_of, web_address
from actors.portals.addresses import absolute

PAGE = "http://portal.example/orders/PO1/view?x=1#part"


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("\\files\\offer.pdf", "http://portal.example/files/offer.pdf"),
        (" \tof\nfer.pdf\x00", "http://portal.example/orders/PO1/offer.pdf"),
        ("a b|{1}.pdf?a|b{c}", "http://portal.example/orders/PO1/a%20b%7C%7B1%7D.pdf?a|b{c}"),
        ("%2e%2E/a%2eb", "http://portal.example/orders/a%2eb"),
        ("HTTPS://BÜCHER.example:443/ä?ö", "https://xn--bcher-kva.example/%C3%A4?%C3%B6"),
        ("http:///x", "http://x/"),
        ("?", "http://portal.example/orders/PO1/view?"),
        ("a\ud83d.pdf", "http://portal.example/orders/PO1/a%EF%BF%BD.pdf"),
        ("a\ud83d\ude00", "http://portal.example/orders/PO1/a%F0%9F%98%80"),
        ("//user:p%40ss@h:8080/x#y", "http://user:p%40ss@h:8080/x"),
        ("//[::1]:80/", "http://[::1]/"),
    ],
)
def test_an_address_on_a_page_becomes_what_a_browser_requests(address: str, whole: str) -> None:
    assert absolute(PAGE, address) == whole


@pytest.mark.parametrize(
    "address",
    [None, "", " \t", "#", " \n#top", "mailto:a@b", "javascript:x()", "//", "http://a b", "//h:0/", "//h:99999"],
)
def test_an_address_that_leads_to_no_file_is_none(address: str | None) -> None:
    assert absolute(PAGE, address) is None


@given(st.text(), st.text())
def test_no_text_raises_and_what_comes_out_stays_as_it_is(base: str, address: str) -> None:
    """A page holds anything, and what was read once is read the same again."""
    for known in (base, PAGE):
        found = web_address(address, known)
        if found is not None:
            assert found.href.isascii()
            assert web_address(found.href) == found


@pytest.mark.parametrize(
    ("address", "host", "is_on"),
    [
        ("https://files.example/x", "files.example", True),
        ("https://files.example:8443/x", "FILES.example", True),
        ("https://files.example/x", "files.example:443", True),
        ("http://files.example/x", "files.example:443", False),
        ("https://files.example:8443/x", "files.example:443", False),
        ("https://a.files.example/x", "files.example", False),
        ("https://files.example.evil.example/x", "files.example", False),
        ("https://xn--bcher-kva.example/x", "bücher.example", True),
        ("http://[::1]:9000/x", "[::1]", True),
        ("http://[::1]:9000/x", "[::1]:9000", True),
        ("http://[::1]:9000/x", "[::1]:9001", False),
        ("http://127.0.0.1/x", "not a host", False),
    ],
)
def test_a_bare_host_means_any_of_its_ports_and_no_host_below(address: str, host: str, is_on: bool) -> None:
    found = web_address(address)
    assert found is not None
    assert on_one_of(found, [host]) is is_on
