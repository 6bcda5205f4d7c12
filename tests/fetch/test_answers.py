"""Answers are told apart: login, refusal, trouble of the portal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st

from actors.fetch.answers import looks_like_login, retry_after_seconds

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
