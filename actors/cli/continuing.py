"""`purser resume` and `purser retry`: go on with what a download folder knows, set up as it was before."""

from __future__ import annotations

import enum
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import attrs

from actors.cli.account import ExitCode, error_document, explain
from actors.cli.batch import SessionFactory, StopSignals
from actors.cli.logs import debugging, set_up_logging
from actors.cli.outlets import Outlets, command_line, printable
from actors.cli.plans import plan_again
from actors.cli.run import open_books, work
from actors.cli.surroundings import require_file_names
from actors.intake import OrderFile, read_orders, report_text
from actors.journal import SqliteJournal
from actors.session.books import journal_path
from contracts.errors import Blame, ConfigurationError, HostResourceError, IntakeError, JournalError
from contracts.tasks import TaskStatus

Word = TypeVar("Word", bound=enum.Enum)


def resume(
    folder: Path, environment: Mapping[str, str], outlets: Outlets, make_session: SessionFactory | None = None
) -> ExitCode:
    """Go on with the unfinished run of a download folder.

    Args:
        folder: The download folder.
        environment: `os.environ`, or anything like it.
        outlets: Where to talk to.
        make_session: Makes the session; `ProcessingSession` when None.
    """
    return _again(folder, None, environment, outlets, make_session)


def retry(
    folder: Path,
    statuses: str,
    blames: str,
    environment: Mapping[str, str],
    outlets: Outlets,
    make_session: SessionFactory | None = None,
) -> ExitCode:
    """Visit again the orders of the last run that ended in one of these ways.

    Args:
        folder: The download folder.
        statuses: How they ended, separated by commas.
        blames: Whose fault it was, the same; anybody's, when empty.
        environment: `os.environ`, or anything like it.
        outlets: Where to talk to.
        make_session: Makes the session; `ProcessingSession` when None.
    """
    return _again(folder, (statuses, blames), environment, outlets, make_session)


def members(text: str, kind: type[Word], option: str) -> tuple[Word, ...]:
    """Return the words of a list that was typed, as members of an enumeration.

    Raises:
        ConfigurationError: One of them is unknown; the message names those that are known.
    """
    known = {str(member.value).casefold(): member for member in kind}
    words = [word.strip().casefold() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ConfigurationError(
            f"{option} does not know {printable(', '.join(unknown))}. It knows {known_words(kind)}."
        )
    return tuple(known[word] for word in words)


def _statuses(text: str) -> tuple[TaskStatus, ...]:
    found = members(text, TaskStatus, "--status")
    if not found:
        raise ConfigurationError(f"--status names no status. It knows {known_words(TaskStatus)}.")
    return found


def known_words(kind: type[enum.Enum]) -> str:
    """Return the words of an enumeration, for a message."""
    return ", ".join(str(member.value) for member in kind)


def _again(
    folder: Path,
    again: tuple[str, str] | None,
    environment: Mapping[str, str],
    outlets: Outlets,
    make_session: SessionFactory | None,
) -> ExitCode:
    set_up_logging(outlets, debug=debugging(environment))
    with StopSignals() as signals:
        try:
            require_file_names()
            _require_books(folder)
            statuses = _statuses(again[0]) if again is not None else ()
            blames = members(again[1], Blame, "--blame") if again is not None else ()
            with open_books(folder) as books:
                unfinished = _is_unfinished(books.journal)
                if again is None and not unfinished:
                    return _nothing_to_do(f"Nothing to go on with: there is no unfinished run in {folder}.", outlets)
                if again is not None and unfinished:
                    raise JournalError(
                        f"The last run in {folder} is not finished. Finish it first: {command_line('resume', folder)}"
                    )
                if books.journal.is_empty():
                    return _nothing_to_do(f"No run has begun in {folder} yet.", outlets)
                plan, kept_input = plan_again(books.journal.plan(), folder)
                orders = attrs.evolve(_kept_orders(kept_input, folder), path=plan.csv_path)
                if again is not None:
                    count = books.journal.reopen(statuses, blames)
                    if not count:
                        text = f"No order of the last run in {folder} ended so. Nothing was done."
                        return _nothing_to_do(text, outlets)
                    outlets.tell(f"{count} orders are visited again.")
                return work(plan, orders, books, signals, outlets, make_session, debug=debugging(environment))
        except (ConfigurationError, HostResourceError) as error:
            outlets.complain(explain(error))
            if outlets.json:
                outlets.document(report_text(error_document(error, ExitCode.UNUSABLE)))
            return ExitCode.UNUSABLE


def _kept_orders(kept_input: Path, folder: Path) -> OrderFile:
    try:
        return read_orders(kept_input)
    except IntakeError as error:
        again = f"{command_line('run', Path('FILE.csv'))} --download-dir {shlex.quote(str(folder))}"
        raise JournalError(f"{error} It is the copy of the file of orders. Give the file again: {again}") from error


def _require_books(folder: Path) -> None:
    """Return when there is a journal. A folder that was misspelled must not become a download folder.

    Raises:
        JournalError: There is none.
    """
    if not journal_path(folder).is_file():
        raise JournalError(f"No run has kept a journal in {str(folder)!r}. Name the download folder of a run.")


def _is_unfinished(journal: SqliteJournal) -> bool:
    state = journal.replay()
    return state.batch_total > state.batch_succeeded + state.batch_failed


def _nothing_to_do(text: str, outlets: Outlets) -> ExitCode:
    outlets.tell(text)
    if outlets.json:
        outlets.document(report_text({"run": None, "message": text}))
    return ExitCode.SUCCESS
