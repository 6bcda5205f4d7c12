"""Answers are told apart: login, redirect, refusal, trouble of the portal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given, strategies as st

from actors.fetch.answers import checked_address, looks_like_login, redirect_target, retry_after_seconds, same_portal
from contracts.errors import AttachmentError, AuthenticationError

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
LOGIN = ("/login", "/sessions/new")
FILE = httpx.URL("https://portal.example/attachment/1/a.pdf")


@pytest.mark.parametrize(
    "location",
    [
        "/login",
        "/login?return_to=/x",
        "/sessions/new",
        "/portal/login/",
        "https://login.microsoftonline.com/common/oauth2",
        "https://acme.okta.com/app/coupa",
        "https://sso.acme.example/start",
        "https://adfs2.acme.example/ls",
        "https://idp.acme.example/go?SAMLRequest=abc",
    ],
)
def test_a_redirect_to_a_login_is_a_missing_login(location: str) -> None:
    with pytest.raises(AuthenticationError):
        redirect_target(FILE, location, LOGIN)


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.example/a.pdf",
        "https://portal.example:8443/a.pdf",
        "http://portal.example/a.pdf",
        "//espresso.example/a.pdf",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user:word@portal.example/a.pdf",
        "https://[broken/a.pdf",
    ],
)
def test_a_redirect_out_of_the_portal_is_not_followed(location: str) -> None:
    with pytest.raises(AttachmentError):
        redirect_target(FILE, location, LOGIN)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("b.pdf", "https://portal.example/attachment/1/b.pdf"),
        ("/login-notes.pdf", "https://portal.example/login-notes.pdf"),
        ("https://PORTAL.example:443/x", "https://portal.example/x"),
    ],
)
def test_a_redirect_within_the_portal_is_followed(location: str, target: str) -> None:
    assert str(redirect_target(FILE, location, LOGIN)) == target


def test_a_redirect_from_http_to_https_stays_within_the_portal() -> None:
    assert same_portal(httpx.URL("http://portal.example/"), httpx.URL("https://portal.example/"))
    assert not same_portal(httpx.URL("http://portal.example:80/"), httpx.URL("http://portal.example:81/"))


@pytest.mark.parametrize("address", ["ftp://portal.example/a", "portal.example/a", "", "http://", "x:y"])
def test_an_address_that_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(AttachmentError):
        checked_address(address)


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """Nothing but the room's own error comes out of a page's odd addresses."""
    try:
        url = checked_address(text)
    except AttachmentError:
        return
    assert url.scheme in ("http", "https")


@given(st.integers(0, 10**8))
def test_retry_after_is_read_as_seconds_and_as_a_date(seconds: int) -> None:
    """Both forms mean the same wait."""
    assert retry_after_seconds(f" {seconds} ", NOW) == seconds
    assert retry_after_seconds(format_datetime(NOW + timedelta(seconds=seconds), usegmt=True), NOW) == seconds


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "٣", "9" * 5000, "Thu, 99 Foo 2024 00:00:00 GMT"])
def test_an_unreadable_retry_after_is_none(value: str) -> None:
    assert retry_after_seconds(value, NOW) is None


def test_a_retry_after_in_the_past_is_no_wait() -> None:
    assert retry_after_seconds("Wed, 01 May 2024 11:00:00 GMT", NOW) == 0.0


@given(st.text())
def test_any_retry_after_is_a_wait_or_none(value: str) -> None:
    """A portal's odd header never raises."""
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("beginning", "disposition", "login"),
    [
        (b"<!DOCTYPE html><form><input type='password'></form>", "", True),
        (b"\n <html><input name=p\ntype=password>", "inline", True),
        (b"<!DOCTYPE html><form><input type='password'></form>", 'attachment; filename="a.html"', False),
        (b"<!DOCTYPE html><p>password</p>", "", False),
        (b"%PDF-1.7 <html><input type=password>", "", False),
        (b"", "", False),
    ],
)
def test_a_login_page_is_known_by_its_password_field(beginning: bytes, disposition: str, login: bool) -> None:
    assert looks_like_login(beginning, disposition) is login
