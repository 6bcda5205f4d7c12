"""The dates of cookies at their edges: the first year there is, years of two digits, each month."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actors.fetch.cookie_dates import cookie_date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@pytest.mark.parametrize(("number", "name"), list(enumerate(MONTHS, start=1)))
def test_each_month_is_known_by_its_first_letters(number: int, name: str) -> None:
    expected = datetime(2031, number, 9, 23, 59, 58, tzinfo=UTC).timestamp()
    assert cookie_date(f"Wed, 09-{name}-2031 23:59:58 GMT") == expected
    assert cookie_date(f"{name.upper()}uary 09 23:59:58 2031") == expected


@pytest.mark.parametrize(
    ("year", "meant"),
    [("00", 2000), ("69", 2069), ("70", 1970), ("99", 1999), ("1601", 1601), ("1600", None), ("100", None),
     ("9999", 9999), ("0", None)],
)  # fmt: skip
def test_a_year_is_read_as_browsers_read_it(year: str, meant: int | None) -> None:
    expected = datetime(meant, 5, 9, 1, 2, 3, tzinfo=UTC).timestamp() if meant is not None else None
    assert cookie_date(f"09 May {year} 01:02:03") == expected


@pytest.mark.parametrize("text", ["", "09 May 2031", "May 2031 01:02:03", "09 2031 01:02:03", "31 Feb 2031 01:02:03"])
def test_what_names_no_whole_date_names_none(text: str) -> None:
    assert cookie_date(text) is None
