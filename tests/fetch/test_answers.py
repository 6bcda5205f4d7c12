"""Answers are told apart: login, refusal, trouble of the portal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st

from actors.addresses import web_address
from actors.fetch.answers import looks_like_login, refuse_failure, retry_after_seconds
from contracts.errors import AttachmentError, AuthenticationError, NetworkError, PortalError

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


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


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (199, AttachmentError), (200, None), (201, None), (203, None), (204, AttachmentError), (205, AttachmentError),
        (206, AttachmentError), (299, None), (300, AttachmentError), (304, AttachmentError), (400, AttachmentError),
        (401, AuthenticationError), (403, AttachmentError), (404, AttachmentError), (407, NetworkError),
        (408, PortalError), (410, AttachmentError), (429, PortalError), (499, AttachmentError), (500, PortalError),
        (503, PortalError), (599, PortalError),
    ],
)  # fmt: skip
def test_a_status_that_brings_no_whole_file_is_told_for_whose_fault_it_is(
    status: int, error: type[Exception] | None
) -> None:
    address = web_address("https://portal.example/a.pdf")
    assert address is not None
    if error is None:
        refuse_failure(address, status, {}, NOW)
        return
    with pytest.raises(error) as raised:
        refuse_failure(address, status, {"retry-after": "70"}, NOW)
    assert type(raised.value) is error
    if isinstance(raised.value, PortalError):
        assert (raised.value.http_status, raised.value.retry_after) == (status, 70.0)
