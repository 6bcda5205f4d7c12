"""`purser status`: how the last run of a download folder stands, also while it is going on. It takes no lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from actors.cli.account import ExitCode, error_document, explain
from actors.cli.outlets import Outlets, command_line, printable
from actors.intake import report_text
from actors.journal import JournalReader, RunStanding
from actors.session.books import journal_path
from actors.session.figures import is_worked_in
from contracts.errors import ConfigurationError, HostResourceError


def tell_status(folder: Path, outlets: Outlets) -> ExitCode:
    """Tell how the last run stands. Nothing in the folder is touched.

    Args:
        folder: The download folder.
        outlets: Where to talk to.

    Returns:
        SUCCESS when it is finished or going on, NOT_FINISHED when it waits for somebody to go on with it.
    """
    try:
        with JournalReader(journal_path(folder)) as reader:
            standing, head = reader.standing(), reader.head()
    except (ConfigurationError, HostResourceError) as error:
        outlets.complain(explain(error))
        if outlets.json:
            outlets.document(report_text(error_document(error, ExitCode.UNUSABLE)))
        return ExitCode.UNUSABLE
    running = is_worked_in(folder)
    if outlets.json:
        outlets.document(report_text(_document(standing, running, head)))
    else:
        for line in _lines(standing, folder, running, head):
            outlets.out.say(line)
    left = standing is not None and not standing.ended and not running
    return ExitCode.NOT_FINISHED if left else ExitCode.SUCCESS


def _document(standing: RunStanding | None, running: bool, head: str) -> dict[str, Any]:
    if standing is None:
        return {"run": None, "running": running, "manifest_head": head}
    told = attrs.asdict(standing, filter=lambda field, _value: field.name != "plan")
    state = _state(standing, running)
    return {"run": {**told, "open": standing.open, "state": state}, "running": running, "manifest_head": head}


def _state(standing: RunStanding, running: bool) -> str:
    if standing.ended:
        return "finished"
    return "going on" if running else "not finished"


def _lines(standing: RunStanding | None, folder: Path, running: bool, head: str) -> Iterator[str]:
    if standing is None:
        yield f"No run has begun in {folder} yet."
        return
    yield f"run {standing.number}:      begun {standing.began}, {_state(standing, running)} {standing.ended}".rstrip()
    yield f"orders:     {standing.total}"
    yield f"successful: {standing.succeeded}"
    yield f"failed:     {standing.failed}"
    yield f"open:       {standing.open}"
    for title, counts in (("status", standing.by_status), ("blame", standing.by_blame)):
        for name, count in counts.items():
            yield f"{title:<8}    {count:>6}  {name}"
    if standing.interrupted:
        yield f"interrupted: {standing.interrupted} open orders were in work when the program ended before"
    for lease in standing.in_hand:
        since = f"since {lease.granted}" if running else f"from {lease.granted} until the program ended"
        yield f"{lease.worker:<10}  {printable(lease.po_number, 60)}, {since}"
    for text in standing.pauses if running else ():
        yield f"waits:      {printable(text)}"
    for text, seconds in standing.waited_for.items():
        yield f"waited:     {seconds:g} s: {printable(text)}"
    yield f"manifest:   {head}"
    if not standing.ended and not running:
        yield f"To go on:   {command_line('resume', folder)}"
