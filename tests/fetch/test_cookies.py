"""Cookies go where a browser would send them and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from actors.addresses import WebAddress, web_address
from actors.fetch.cookies import belongs_to, cookie_header, domain_matches, path_matches
from contracts.ports import Cookie

NOW = 1_700_000_000.0
labels = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
hosts = st.lists(labels, min_size=1, max_size=4).map(".".join)
segments = st.lists(st.from_regex(r"[a-z]{1,4}", fullmatch=True), min_size=0, max_size=3)


def to(address: str) -> WebAddress:
    found = web_address(address)
    assert found is not None
    return found


@given(domain=hosts, host=hosts, host_only=st.booleans(), dot=st.booleans())
def test_a_cookie_is_only_ever_sent_to_its_domain_or_below(domain: str, host: str, host_only: bool, dot: bool) -> None:
    """Whatever the labels, the host must end with the whole labels of the domain."""
    sent = domain_matches("." * dot + domain, host_only=host_only, host=host)
    below = host.split(".")[-len(domain.split(".")) :] == domain.split(".")
    if sent:
        assert below
        assert not host_only or host == domain
    if host == domain:
        assert sent


@given(domain=st.lists(labels, min_size=2, max_size=3).map(".".join), below=labels)
def test_a_domain_cookie_reaches_hosts_below_and_a_host_only_cookie_does_not(domain: str, below: str) -> None:
    """The one difference between the two kinds."""
    assert domain_matches(f".{domain}", host_only=False, host=f"{below}.{domain}")
    assert not domain_matches(domain, host_only=True, host=f"{below}.{domain}")
    assert not domain_matches(f".{domain}", host_only=False, host=f"{below}{domain}")


@given(folder=segments, below=segments, extra=st.from_regex(r"[a-z]{1,3}", fullmatch=True))
def test_a_cookies_path_covers_folders_below_but_no_longer_name(
    folder: list[str], below: list[str], extra: str
) -> None:
    """`/foo` covers `/foo/bar`, not `/foobar`."""
    path = "/" + "/".join(folder)
    assert path_matches(path, "/" + "/".join([*folder, *below]))
    if folder:
        assert not path_matches(path, path + extra)
        assert not path_matches(path, "/" + "/".join(folder[:-1]))


@given(
    host=hosts,
    secure=st.booleans(),
    scheme=st.sampled_from(["http", "https"]),
    expires=st.none() | st.floats(NOW - 10, NOW + 10),
)
def test_secure_cookies_need_encryption_and_old_cookies_stay_home(
    host: str, secure: bool, scheme: str, expires: float | None
) -> None:
    """Both rules hold at once and independently."""
    cookie = Cookie("a", "b", host, secure=secure, expires=expires)
    expected = (scheme == "https" or not secure) and (expires is None or expires > NOW)
    assert belongs_to(cookie, to(f"{scheme}://{host}/"), NOW) is expected


@pytest.mark.parametrize(
    ("domain", "host_only", "address"),
    [
        (".0.0.1", False, "http://127.0.0.1/"),
        ("com", False, "http://portal.com/"),
        ("portal.example", True, "http://www.portal.example/"),
        ("portal.example", False, "http://portal.example.evil.test/"),
        ("", False, "http://portal.example/"),
        ("::1", False, "http://[::2]/"),
    ],
)
def test_a_cookie_of_another_host_is_not_sent(domain: str, host_only: bool, address: str) -> None:
    assert not belongs_to(Cookie("a", "b", domain, host_only=host_only), to(address), NOW)


@pytest.mark.parametrize(
    ("domain", "host_only", "address"),
    [
        ("localhost", True, "http://localhost:8000/"),
        ("127.0.0.1", True, "http://127.0.0.1:8000/"),
        ("[::1]", True, "http://[::1]:8000/"),
        (".Portal.Example", False, "http://files.PORTAL.example/"),
        ("xn--bcher-kva.example", True, "http://bücher.example/"),
    ],
)
def test_a_cookie_of_the_host_is_sent(domain: str, host_only: bool, address: str) -> None:
    assert belongs_to(Cookie("a", "b", domain, host_only=host_only), to(address), NOW)


def test_the_longest_path_comes_first_and_equal_names_are_all_sent() -> None:
    cookies = [
        Cookie("a", "root", "portal.example"),
        Cookie("a", "deep", "portal.example", path="/files/x"),
        Cookie("b", "mid", "portal.example", path="/files"),
        Cookie("c", "elsewhere", "portal.example", path="/other"),
    ]
    assert cookie_header(cookies, to("http://portal.example/files/x/y.pdf"), NOW) == b"a=deep; b=mid; a=root"


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a;b", "\x00"])
def test_a_cookie_that_would_break_the_header_is_left_out(value: str) -> None:
    assert cookie_header([Cookie("a", value, "portal.example")], to("http://portal.example/"), NOW) == b""


@given(st.text())
def test_any_cookie_value_gives_a_header_of_one_line(value: str) -> None:
    """Not even odd text raises or starts another header."""
    header = cookie_header([Cookie("a", value, "portal.example")], to("http://portal.example/"), NOW)
    assert b"\r" not in header
    assert b"\n" not in header
