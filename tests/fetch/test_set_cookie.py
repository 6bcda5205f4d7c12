"""A Set-Cookie header is taken, bounded and refused as a browser does it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from actors.addresses import WebAddress, web_address
from actors.fetch.cookie_dates import cookie_date
from actors.fetch.set_cookie import LONG_AGO, cookie_set_by
from contracts.ports import Cookie

NOW = 1_700_000_000.0


def at(address: str) -> WebAddress:
    found = web_address(address)
    assert found is not None
    return found


def taken(header: str, address: str = "https://app.portal.co.uk/files/x/a.pdf") -> Cookie | None:
    return cookie_set_by(header.encode(), at(address), NOW)


@pytest.mark.parametrize(
    ("header", "name", "value"),
    [
        ("a=b", "a", "b"),
        ("  a  =  b c  ; Path=/", "a", "b c"),
        ('q="a b"', "q", '"a b"'),
        ("eq=a=b=c", "eq", "a=b=c"),
        ("empty=", "empty", ""),
        ("=bare", "", "bare"),
        ("bare", "", "bare"),
        ('json={"a": [1,2]}', "json", '{"a": [1,2]}'),
        ("ü=ö", "ü", "ö"),
        ("a=" + "x" * 4095, "a", "x" * 4095),
    ],
)
def test_names_and_values_are_kept_as_they_came(header: str, name: str, value: str) -> None:
    cookie = taken(header)
    assert cookie is not None
    assert (cookie.name, cookie.value) == (name, value)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "=",
        "; Path=/",
        "a=b\tc",
        "a=" + "x" * 4096,
        "a=b; SameSite=None",
        "a=b; Domain=other.example",
        "a=b; Domain=co.uk",
        "a=b; Domain=uk",
        "a=b; Domain=.",
        "a=b; Domain=ortal.co.uk",
        "a=b; Domain=x.app.portal.co.uk",
        "a=b; Domain=portal.co.uk/x",
        "a=b; Domain=portal.co.uk:443",
        "__Secure-a=b",
        "__Host-a=b; Path=/",
        "__host-a=b; Secure; Path=/files",
        "__Host-a=b; Secure; Path=/; Domain=app.portal.co.uk",
        "=__Host-a=b; Secure; Path=/",
    ],
)
def test_what_a_browser_refuses_is_refused(header: str) -> None:
    assert taken(header) is None


@pytest.mark.parametrize(
    ("said", "address", "domain"),
    [
        ("", "https://app.portal.co.uk/", "app.portal.co.uk"),
        ("; Domain=", "https://app.portal.co.uk/", "app.portal.co.uk"),
        ("; Domain=portal.co.uk", "https://app.portal.co.uk/", ".portal.co.uk"),
        ("; domain=.Portal.CO.uk", "https://app.portal.co.uk/", ".portal.co.uk"),
        ("; Domain=app.portal.co.uk", "https://app.portal.co.uk/", ".app.portal.co.uk"),
        ("; Domain=bücher.example; Path=/", "https://www.bücher.example/", ".xn--bcher-kva.example"),
        ("; Domain=co.uk", "https://co.uk/", "co.uk"),
        ("; Domain=localhost", "http://localhost:8000/", "localhost"),
        ("; Domain=127.0.0.1", "http://127.0.0.1:8000/", "127.0.0.1"),
        ("; Domain=[::1]", "http://[::1]:8000/", "[::1]"),
        ("; Domain=one.example; Domain=portal.co.uk", "https://app.portal.co.uk/", ".portal.co.uk"),
    ],
)
def test_a_cookie_belongs_to_its_host_alone_unless_it_names_a_domain_that_is_no_public_suffix(
    said: str, address: str, domain: str
) -> None:
    cookie = taken(f"a=b{said}", address)
    assert cookie is not None
    assert (cookie.domain, cookie.host_only) == (domain, not domain.startswith("."))


def test_part_of_a_number_is_no_domain() -> None:
    assert taken("a=b; Domain=0.0.1", "http://127.0.0.1/") is None


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("", "/files/x"),
        ("; Path=", "/files/x"),
        ("; Path=rel", "/files/x"),
        ("; Path = /y ", "/y"),
        ("; Path=/a; Path=/", "/"),
    ],
)
def test_without_a_path_a_cookie_belongs_to_the_folder_of_the_request(said: str, path: str) -> None:
    cookie = taken(f"a=b{said}")
    assert cookie is not None
    assert cookie.path == path


@pytest.mark.parametrize(
    ("said", "expires"),
    [
        ("", None),
        ("; Max-Age=5", NOW + 5),
        ("; Max-Age=+5", NOW + 5),
        ("; Max-Age=0", LONG_AGO),
        ("; Max-Age=-1", LONG_AGO),
        ("; Max-Age=99999999999999999999", NOW + 400 * 86_400),
        ("; Max-Age=1.5", None),
        ('; Max-Age="5"', None),
        ("; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NOW + 5),
        ("; Max-Age=no; Expires=Thu, 01 Jan 1970 00:00:00 GMT", LONG_AGO),
        ("; Expires=Wed, 09 Jun 2055 10:18:14 GMT", NOW + 400 * 86_400),
        ("; Expires=Tue, 14 Nov 2023 22:13:30 GMT", NOW + 10),
        ("; expires=never", None),
    ],
)
def test_the_age_counts_before_the_date_and_neither_lasts_for_ever(said: str, expires: float | None) -> None:
    cookie = taken(f"a=b{said}")
    assert cookie is not None
    assert cookie.expires == expires
    assert cookie.raw.get("expires") == expires


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Wed, 09 Jun 2021 10:18:14 GMT", 1_623_233_894.0),
        ("Wednesday, 09-Jun-21 10:18:14 GMT", 1_623_233_894.0),
        ("Wed Jun  9 10:18:14 2021", 1_623_233_894.0),
        ("9 june 21 10:18:14", 1_623_233_894.0),
        ('"Wed, 09 Jun 2021 10:18:14 GMT"', 1_623_233_894.0),
        ("Thu, 01 Jan 70 00:00:00", 0.0),
        ("Thu, 31 Feb 2021 10:18:14 GMT", None),
        ("Wed, 09 Jun 2021", None),
        ("Wed, 09 Jun 2021 25:00:00 GMT", None),
        ("09 Jun 1600 10:18:14", None),
        ("0", None),
        ("", None),
    ],
)
def test_dates_are_read_in_any_order_and_spelling(text: str, seconds: float | None) -> None:
    assert cookie_date(text) == seconds


@pytest.mark.parametrize(
    ("header", "address", "is_taken"),
    [
        ("a=b; Secure", "http://portal.example/", False),
        ("a=b; Secure", "https://portal.example/", True),
        ("a=b; Secure; SameSite=None", "http://127.0.0.1:8000/", True),
        ("__Host-a=b; Secure; Path=/", "http://localhost/", True),
        ("__Secure-a=b; Secure", "http://[::1]/", True),
        ("a=b; Secure", "http://127.evil.example/", False),
    ],
)
def test_secure_cookies_come_over_https_or_from_this_machine(header: str, address: str, is_taken: bool) -> None:
    assert (taken(header, address) is not None) is is_taken


def test_all_that_a_browser_must_know_is_carried() -> None:
    cookie = taken("a=b; Path=/; secure; HTTPONLY; samesite=lax; Max-Age=9; Partitioned; Priority=High")
    assert cookie is not None
    assert cookie.raw == {
        "name": "a",
        "value": "b",
        "domain": "app.portal.co.uk",
        "path": "/",
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
        "expires": NOW + 9,
        "partitionKey": {"topLevelSite": "https://portal.co.uk", "hasCrossSiteAncestor": False},
    }


@given(st.binary())
def test_any_header_is_a_cookie_or_none(header: bytes) -> None:
    """Portals send anything; nothing raises, and nothing leaves the host."""
    cookie = cookie_set_by(header, at("https://app.portal.co.uk/x"), NOW)
    assert cookie is None or cookie.domain.endswith("portal.co.uk")


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    """The same for dates."""
    assert cookie_date(text) is None or isinstance(cookie_date(text), float)
