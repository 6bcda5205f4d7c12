"""`purser status`: how the last run of a download folder stands, also while it is going on. It takes no lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from actors.cli.output import Output, command_line, printable
from actors.cli.plans import give_again
from actors.cli.summary import ExitCode, error_document, explain
from actors.journal import JournalReader, RunStatus
from actors.session.figures import is_worked_in
from actors.session.folder_journal import journal_path
from actors.session.trust import require_own_journal
from actors.tables import report_text
from contracts.durations import spoken
from contracts.errors import ConfigurationError, MachineError


def tell_status(folder: Path, output: Output) -> ExitCode:
    """Tell how the last run stands. Nothing in the folder is touched.

    Args:
        folder: The download folder.
        output: Where to talk to.

    Returns:
        SUCCESS when it is finished or going on, NOT_FINISHED when it waits for somebody to go on with it.
    """
    try:
        journal = journal_path(folder)
        require_own_journal(journal)
        with JournalReader(journal) as reader:
            found = _read(reader, is_worked_in(folder))
    except (ConfigurationError, MachineError) as error:
        output.complain(explain(error))
        if output.json:
            output.document(report_text(error_document(error, ExitCode.UNUSABLE)))
        return ExitCode.UNUSABLE
    if output.json:
        output.document(report_text(_document(found)))
    else:
        for line in _lines(found, folder):
            output.out.say(line)
    return ExitCode.NOT_FINISHED if found.is_left else ExitCode.SUCCESS


@attrs.frozen(kw_only=True)
class _Found:
    """What was found.

    Args:
        status: The last run, or None.
        announced: Whether another one is about to begin, or was when the program ended.
        owes_results: Whether the last run has ended and its results are not written.
        running: Whether somebody works there.
        head: The manifest's.
    """

    status: RunStatus | None
    announced: bool
    owes_results: bool
    running: bool
    head: str

    @property
    def is_left(self) -> bool:
        """Whether somebody must go on with it."""
        if self.running:
            return False
        return self.status is None or not self.status.ended or self.announced or self.owes_results

    @property
    def state(self) -> str:
        """How the last run stands, in words."""
        if self.status is not None and self.status.ended:
            return "finished"
        return "going on" if self.running else "not finished"


def _read(reader: JournalReader, running: bool) -> _Found:
    status = reader.status()
    return _Found(
        status=status,
        announced=reader.is_announced(),
        owes_results=status is not None and reader.owes_results(status),
        running=running,
        head=reader.head(),
    )


def _document(found: _Found) -> dict[str, Any]:
    status = found.status
    about = {"running": found.running, "manifest_head": found.head}
    if status is None:
        return {"run": None, "announced": found.announced, **about}
    told = attrs.asdict(status, filter=lambda field, _value: field.name != "plan")
    run = {**told, "open": status.open, "state": found.state, "results_written": not found.owes_results}
    return {"run": run, "announced": found.announced, **about}


def _lines(found: _Found, folder: Path) -> Iterator[str]:
    status, running = found.status, found.running
    if status is not None:
        yield from _lines_of_run(status, found)
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


def _lines_of_run(status: RunStatus, found: _Found) -> Iterator[str]:
    running = found.running
    yield f"run {status.number}:      begun {status.began}, {found.state} {status.ended}".rstrip()
    yield f"orders:     {status.total}"
    yield f"successful: {status.succeeded}"
    yield f"failed:     {status.failed}"
    yield f"open:       {status.open}"
    for title, counts in (("status", status.by_status), ("blame", status.by_blame)):
        for name, count in counts.items():
            yield f"{title:<8}    {count:>6}  {name}"
    if status.interrupted:
        yield f"interrupted: {status.interrupted} open orders were in work when the program ended before"
    for lease in status.in_hand:
        since = f"since {lease.granted}" if running else f"from {lease.granted} until the program ended"
        yield f"{lease.worker:<10}  {printable(lease.po_number, 60)}, {since}"
    for text in status.pauses if running else ():
        yield f"waits:      {printable(text)}"
    for text, seconds in status.waited_for.items():
        yield f"waited:     {spoken(seconds)}: {printable(text)}"
    yield f"manifest:   {found.head}"
