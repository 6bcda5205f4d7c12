"""Failures are of one kind when their messages differ only in what they quote, name or count."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from actors.session.error_kinds import (
    EXAMPLES_PER_ERROR,
    MOST_KINDS,
    OTHER_KINDS,
    ErrorSummary,
    kind_of,
)
from actors.session.orders import prepare
from actors.session.reports import Totals, add_results, session_report
from contracts.tasks import MissingAttachment, POResult, TaskHandle, TaskStatus


def failure(message: str, number: str = "PO1", code: str = "WORKER_ERROR", **fields: object) -> POResult:
    known = {"status": TaskStatus.FAILED, "error_code": code, "error_message": message, **fields}
    return POResult(TaskHandle(0, number), **known)  # type: ignore[arg-type] # each test's own fields


def kinds(*failures: POResult) -> list[tuple[str, int]]:
    summary = ErrorSummary()
    for one in failures:
        summary.add(one)
    return [(entry["message"], entry["count"]) for entry in summary.as_list()]


def test_two_thousand_bad_addresses_are_one_entry_with_a_few_examples() -> None:
    rows = [{"po_number": f"PO{number}", "url": f"htp://bad {number}/'x'"} for number in range(2000)]
    batch = prepare(rows, "https://portal.example", 0)
    faults = [failure(order.fault, order.po_number) for order in batch.orders]
    assert len({one.error_message for one in faults}) == 2000
    totals = Totals("id", datetime(2025, 1, 1, tzinfo=UTC))
    add_results(totals, faults)
    (entry,) = session_report(totals)["error_summary"]
    assert entry["count"] == 2000
    assert entry["examples"] == [f"PO{number}" for number in range(EXAMPLES_PER_ERROR)]
    assert entry["message"] == faults[0].error_message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Order PO1 is not there.", "Order PO22 is not there."),
        ("The page at https://a.example/1?x=y is empty.", "The page at http://b:8080/2 is empty."),
        ("The folder /tmp/a/1 cannot be written.", "The folder C:\\data\\2 cannot be written."),
        ("It has 12 bytes, not 1,234.", "It has 5 bytes, not 99."),
        ("It lies on another host, a.example. Go.", "It lies on another host, files.b.example:8443. Go."),
        ("It lies on another host, 127.0.0.1:9. Go.", "It lies on another host, b.example. Go."),
        ("Its title is 'one thing'.", 'Its title is "it\'s another".'),
        ("Its title is 'O\\'Brien \"x\"'.", "Its title is 'y'."),
        ("It says “one”.", "It says “quite another thing”."),
        ("It is 'cut of", "It is 'quite another"),
        ("It took 1.5 s, 12% of all.", "It took 300 s, 1.5% of all."),
        ("It took 1 second.", "It took 2 minutes 30 seconds."),
        ("It has 1 byte.", "It has 2.5 MiB."),
        ("invoice-1.pdf is empty.", "order.xlsx is empty."),
    ],
)
def test_what_is_quoted_named_or_counted_makes_no_kind_of_its_own(first: str, second: str) -> None:
    assert kind_of(first) == kind_of(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The portal answered HTTP 404 for it.", "The portal answered HTTP 500 for it."),
        ("Its title is 'a'.", "Its text is 'a'."),
        ("It broke off after 5 bytes.", "It was refused after 5 bytes."),
        ("The portal's page is 'a'.", "The portal's list is 'a'."),
    ],
)
def test_what_says_another_thing_is_another_kind(first: str, second: str) -> None:
    assert kind_of(first) != kind_of(second)


def test_an_orders_own_names_make_no_kind_of_their_own() -> None:
    def missing(name: str) -> tuple[MissingAttachment, ...]:
        return (MissingAttachment(name, f"the link {name}", "WORKER_ERROR", "gone"),)

    first, second = "Angebot Müller", "Plan"
    told = [
        failure(f"{first} is empty; Order ALPHA of Acme", "ALPHA", missing=missing(first), supplier="Acme"),
        failure(f"{second} is empty; Order BETA of Big Co", "BETA", missing=missing(second), supplier="Big Co"),
    ]
    assert kinds(*told) == [(told[0].error_message, 2)]


@given(st.text(), st.text(), st.integers(0), st.from_regex(r"[a-z]{1,9}(\.[a-z]{2,5}){1,3}", fullmatch=True))
def test_any_value_in_quotes_any_number_and_any_host_leave_the_kind_as_it_is(
    quoted: str, other: str, number: int, host: str
) -> None:
    shown = f"{quoted[:40]!r} of {number} at {host} is wrong. Change it."
    assert kind_of(shown) == kind_of(f"{other[:40]!r} of 7 at portal.example is wrong. Change it.")


def test_code_and_status_tell_kinds_apart_and_the_most_frequent_comes_first() -> None:
    assert kinds(
        failure("a"), failure("a", code="NETWORK_ERROR"), failure("b"), failure("b"),
        failure("b", status=TaskStatus.QUARANTINED),
    ) == [("b", 2), ("a", 1), ("a", 1), ("b", 1)]  # fmt: skip


def test_a_failure_without_a_message_is_counted_under_its_status() -> None:
    assert kinds(failure("", status=TaskStatus.PARTIAL)) == [("PARTIAL", 1)]


def test_a_hundred_thousand_messages_of_their_own_keep_no_more_than_can_be_read_and_all_are_counted() -> None:
    summary = ErrorSummary()
    letters = [chr(ord("a") + index) for index in range(26)]
    words = ("".join((a, b, c, d)) for a in letters for b in letters for c in letters for d in letters)
    for _, word in zip(range(100_000), words, strict=False):
        summary.add(failure(f"{word} went wrong"))
    entries = summary.as_list()
    assert len(entries) == MOST_KINDS + 1
    assert sum(entry["count"] for entry in entries) == 100_000
    assert (entries[0]["message"], entries[0]["count"]) == (OTHER_KINDS, 100_000 - MOST_KINDS)
    assert all(len(entry["examples"]) <= EXAMPLES_PER_ERROR for entry in entries)
