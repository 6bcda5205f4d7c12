"""What journal and portal say: what had been asked for at a kill of the program, and how an order came to its end."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import attrs

from contracts.tasks import TaskStatus
from scripts.portal.child import Counters, DemoPortal


@attrs.frozen
class Moment:
    """One end of the program.

    Args:
        ended: Orders that had an outcome, with the requests for page and files that the portal had counted.
        verified: Verified files of open orders, as (order, name), with the requests for them.
    """

    ended: dict[str, int]
    verified: dict[tuple[str, str], int]


def remember(journal: Path, portal: DemoPortal) -> Moment:
    """Take down what is done, right after the program was killed."""
    counters, keys = portal.counters(), _keys(portal)
    database = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)
    try:
        ended = [row[0] for row in database.execute("SELECT po_number FROM tasks WHERE status IS NOT NULL")]
        files = database.execute(
            "SELECT po_number, json_extract(file, '$.attachment.name') FROM files JOIN tasks USING (sequence)"
        ).fetchall()
    finally:
        database.close()
    return Moment(
        {number: _asked(counters, number) for number in ended},
        {(po, name): counters.file_keys.get(keys[po, name], 0) for po, name in files if (po, name) in keys},
    )


def asked_again(moments: list[Moment], portal: DemoPortal) -> tuple[list[str], list[str]]:
    """Return the orders and the files that were asked for after they had been done."""
    counters, keys = portal.counters(), _keys(portal)
    orders = [n for moment in moments for n, before in moment.ended.items() if _asked(counters, n) > before]
    files = [
        f"{po}/{name}"
        for moment in moments
        for (po, name), before in moment.verified.items()
        if counters.file_keys.get(keys[po, name], 0) > before
    ]
    return orders, files


def browsers_lost(journal: Path) -> int:
    """Return how many browsers the open order has lost that has lost most."""
    database = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)
    try:
        row = database.execute("SELECT max(crashes) FROM tasks WHERE status IS NULL").fetchone()
    finally:
        database.close()
    return row[0] or 0


def failed_orders(journal: Path) -> list[str]:
    """Return the orders that ended as no success, each with its status and how every visit to it ended."""
    if not journal.exists():
        return []
    database = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)
    try:
        ended = database.execute("SELECT sequence, po_number, status FROM tasks WHERE status IS NOT NULL").fetchall()
        return [
            f"{number} ended as {status}: {'; '.join(_visits(database, sequence))}"
            for sequence, number, status in ended
            if not TaskStatus(status).is_success
        ]
    finally:
        database.close()


def _visits(database: sqlite3.Connection, sequence: int) -> list[str]:
    leases = database.execute(
        "SELECT worker, generation, ended, reason, blame FROM leases WHERE sequence = ? ORDER BY lease", (sequence,)
    )
    return [
        f"{worker}.{generation} until {ended}: {reason} ({blame})"
        for worker, generation, ended, reason, blame in leases
    ]


def _asked(counters: Counters, number: str) -> int:
    return counters.pages.get(number, 0) + counters.files.get(number, 0)


def _keys(portal: DemoPortal) -> dict[tuple[str, str], str]:
    """Return the portal's key of each file, for those whose form has an address."""
    return {
        (number, file.name): file.key
        for number, order in portal.truth().items()
        for file in order.files
        if file.form != 1
    }
