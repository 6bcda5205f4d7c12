"""Strategies for everything that a journal must be able to keep: orders, results, files with any text in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from contracts.errors import Blame
from contracts.tasks import Attachment, MissingAttachment, Order, POResult, POTask, TaskHandle, TaskStatus

TEXTS = st.one_of(
    st.sampled_from(["", "PO1", "a\x00b", "naïve '\"; --", "\U0001f4ce\n\t", "no\udcffUnicode"]), st.text(max_size=12)
)
COUNTS = st.integers(0, 4)
SECONDS = st.one_of(st.none(), st.floats(0.1, 1e6))
_PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False), TEXTS)
_METADATA: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    TEXTS, st.one_of(_PLAIN, st.lists(_PLAIN, max_size=2), st.dictionaries(TEXTS, _PLAIN, max_size=2)), max_size=2
)
_ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-3, minutes=-30))])
_TIMES = st.one_of(st.none(), st.datetimes(timezones=_ZONES))
_DIGESTS = st.sampled_from(["ab" * 32, "0" * 64])
ATTACHMENTS = st.builds(
    Attachment, TEXTS, st.integers(0, 2**62), _DIGESTS, TEXTS, TEXTS, TEXTS, st.booleans(), st.booleans()
)


@st.composite
def facts_of_orders(draw: st.DrawFn) -> dict[str, Any]:
    """Everything of an order but its place."""
    task = POTask(
        draw(TEXTS),
        draw(st.integers(-5, 5)),
        draw(SECONDS),
        draw(COUNTS),
        draw(_METADATA),
        supplier=draw(TEXTS),
        url=draw(TEXTS),
        amount=draw(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))),
    )
    return {"task": task, "base_url": draw(TEXTS), "host": draw(TEXTS), "fault": draw(st.sampled_from(["", "no URL"]))}


def order_of(facts: dict[str, Any]) -> Order:
    """Make an order, as `actors.session.orders` does: one with a fault has no address."""
    task: POTask = facts["task"]
    return Order(url="" if facts["fault"] else task.url, **facts)


@st.composite
def facts_of_results(draw: st.DrawFn) -> dict[str, Any]:
    """Everything of a result but whose it is."""
    return {
        "status": draw(st.sampled_from([one for one in TaskStatus if one.is_terminal])),
        "supplier": draw(TEXTS),
        "url": draw(TEXTS),
        "attachments_found": draw(COUNTS),
        "attachments": tuple(draw(st.lists(ATTACHMENTS, max_size=2))),
        "missing": tuple(draw(st.lists(st.builds(MissingAttachment, TEXTS, TEXTS, TEXTS, TEXTS), max_size=1))),
        "folder": draw(st.sampled_from([None, Path("/elsewhere/PO1_COMPLETED"), Path("näh/x")])),
        "error_code": draw(TEXTS),
        "error_message": draw(TEXTS),
        "blame": draw(st.one_of(st.none(), st.sampled_from(Blame))),
        "attempts": draw(COUNTS),
        "worker_id": draw(TEXTS),
        "started_at": draw(_TIMES),
        "finished_at": draw(_TIMES),
        "duration": draw(st.floats(0, 1e6)),
        "evidence": tuple(draw(st.lists(TEXTS, max_size=2))),
    }


RESULTS: st.SearchStrategy[dict[str, Any]] = facts_of_results()
ORDERS: st.SearchStrategy[dict[str, Any]] = facts_of_orders()


def result_of(handle: TaskHandle, facts: dict[str, Any]) -> POResult:
    """Make the result of a task."""
    return POResult(handle, **facts)
