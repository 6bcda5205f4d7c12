"""`purser status`: how the last run of a download folder stands, also while it is going on. It takes no lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from actors.cli.account import ExitCode, error_document, explain
from actors.cli.outlets import Outlets, command_line, printable
from actors.cli.plans import give_again
from actors.durations import spoken
from actors.intake import report_text
from actors.journal import JournalReader, RunStanding
from actors.session.books import journal_path
from actors.session.figures import is_worked_in
from actors.session.trust import require_own_journal
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
        journal = journal_path(folder)
        require_own_journal(journal)
        with JournalReader(journal) as reader:
            found = _read(reader, is_worked_in(folder))
    except (ConfigurationError, HostResourceError) as error:
        outlets.complain(explain(error))
        if outlets.json:
            outlets.document(report_text(error_document(error, ExitCode.UNUSABLE)))
        return ExitCode.UNUSABLE
    if outlets.json:
        outlets.document(report_text(_document(found)))
    else:
        for line in _lines(found, folder):
            outlets.out.say(line)
    return ExitCode.NOT_FINISHED if found.is_left else ExitCode.SUCCESS


@attrs.frozen(kw_only=True)
class _Found:
    """What was found.

    Args:
        standing: The last run, or None.
        announced: Whether another one is about to begin, or was when the program ended.
        owes_results: Whether the last run has ended and its results are not written.
        running: Whether somebody works there.
        head: The manifest's.
    """

    standing: RunStanding | None
    announced: bool
    owes_results: bool
    running: bool
    head: str

    @property
    def is_left(self) -> bool:
        """Whether somebody must go on with it."""
        if self.running:
            return False
        return self.standing is None or not self.standing.ended or self.announced or self.owes_results

    @property
    def state(self) -> str:
        """How the last run stands, in words."""
        if self.standing is not None and self.standing.ended:
            return "finished"
        return "going on" if self.running else "not finished"


def _read(reader: JournalReader, running: bool) -> _Found:
    standing = reader.standing()
    return _Found(
        standing=standing,
        announced=reader.is_announced(),
        owes_results=standing is not None and reader.owes_results(standing),
        running=running,
        head=reader.head(),
    )


def _document(found: _Found) -> dict[str, Any]:
    standing = found.standing
    about = {"running": found.running, "manifest_head": found.head}
    if standing is None:
        return {"run": None, "announced": found.announced, **about}
    told = attrs.asdict(standing, filter=lambda field, _value: field.name != "plan")
    run = {**told, "open": standing.open, "state": found.state, "results_written": not found.owes_results}
    return {"run": run, "announced": found.announced, **about}


def _lines(found: _Found, folder: Path) -> Iterator[str]:
    standing, running = found.standing, found.running
    if standing is not None:
        yield from _lines_of_run(standing, found)
    elif running or found.announced:
        yield f"No run has begun in {folder} yet."
    else:
        yield f"No run has begun in {folder}: the program ended before it had written down what to do."
        yield give_again(folder)
        return
    if found.announced:
        yield "A new run begins." if running else "A new run was set up, and the program ended before its first order."
    elif found.owes_results and not running:
        yield "Its results are not written: the program ended before."
    if found.is_left:
        yield f"To go on:   {command_line('resume', folder)}"


def _lines_of_run(standing: RunStanding, found: _Found) -> Iterator[str]:
    running = found.running
    yield f"run {standing.number}:      begun {standing.began}, {found.state} {standing.ended}".rstrip()
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
        yield f"waited:     {spoken(seconds)}: {printable(text)}"
    yield f"manifest:   {found.head}"
