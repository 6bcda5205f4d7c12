"""`purser resume` and `purser retry`: go on with what a download folder knows, set up as it was before."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from actors.cli.asking import Ask, ask as ask_person
from actors.cli.batch import SessionFactory, StopSignals
from actors.cli.logs import debugging, set_up_logging
from actors.cli.output import Output, command_line, printable
from actors.cli.plans import give_again, read_plan
from actors.cli.recalling import Stated, recall
from actors.cli.run import note_plan, open_folder_journal, require_own_list, work
from actors.cli.summary import ExitCode, error_document, explain
from actors.cli.surroundings import require_file_names
from actors.session.folder_journal import journal_path
from actors.session.trust import require_own_journal
from actors.tables import report_text
from contracts.errors import Blame, ConfigurationError, JournalError, MachineError
from contracts.tasks import TaskStatus

Word = TypeVar("Word", bound=enum.Enum)


def resume(
    folder: Path,
    environment: Mapping[str, str],
    output: Output,
    make_session: SessionFactory | None = None,
    *,
    base_url: str | None = None,
    config: Path | None = None,
    ask: Ask = ask_person,
) -> ExitCode:
    """Go on with the unfinished run of a download folder.

    Args:
        folder: The download folder.
        environment: `os.environ`, or anything like it.
        output: Where to talk to.
        make_session: Makes the session; `ProcessingSession` when None.
        base_url: The portal; None goes by what the run was begun with, if this user began it.
        config: A settings file, or None.
        ask: Puts a question to a person.
    """
    stated = Stated(environment=environment, base_url=base_url, config=config)
    return _again(folder, None, stated, output, make_session, ask)


def retry(
    folder: Path,
    statuses: str,
    blames: str,
    environment: Mapping[str, str],
    output: Output,
    make_session: SessionFactory | None = None,
    *,
    base_url: str | None = None,
    config: Path | None = None,
    ask: Ask = ask_person,
) -> ExitCode:
    """Visit again the orders of the last run that ended in one of these ways.

    Args:
        folder: The download folder.
        statuses: How they ended, separated by commas.
        blames: Whose fault it was, the same; anybody's, when empty.
        environment: `os.environ`, or anything like it.
        output: Where to talk to.
        make_session: Makes the session; `ProcessingSession` when None.
        base_url: As `resume`.
        config: As `resume`.
        ask: Puts a question to a person.
    """
    stated = Stated(environment=environment, base_url=base_url, config=config, command="retry")
    return _again(folder, (statuses, blames), stated, output, make_session, ask)


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
    stated: Stated,
    output: Output,
    make_session: SessionFactory | None,
    ask: Ask,
) -> ExitCode:
    debug = debugging(stated.environment)
    set_up_logging(output, debug=debug)
    with StopSignals() as signals:
        try:
            require_file_names()
            _require_journal_files(folder)
            statuses = _statuses(again[0]) if again is not None else ()
            blames = members(again[1], Blame, "--blame") if again is not None else ()
            with open_folder_journal(folder) as folder_journal:
                journal = folder_journal.journal
                unfinished = journal.is_unfinished()
                if not unfinished and journal.is_empty():
                    raise _never_begun(folder)
                if again is None and not unfinished:
                    return _nothing_to_do(f"Nothing to go on with: there is no unfinished run in {folder}.", output)
                if again is not None and unfinished:
                    raise JournalError(
                        f"The last run in {folder} is not finished. Finish it first: {command_line('resume', folder)}"
                    )
                announced = journal.announced_plan()
                kept = read_plan(
                    announced if announced is not None else journal.plan(), folder, announced=announced is not None
                )
                with signals.suspended():  # a person who is asked may break off
                    plan, orders = recall(kept, folder, stated, output, ask)
                if again is not None:
                    count = journal.reopen(statuses, blames)
                    if not count:
                        text = f"No order of the last run in {folder} ended so. Nothing was done."
                        return _nothing_to_do(text, output)
                    output.tell(f"{count} orders are visited again.")
                journal.take_up()
                require_own_list(plan, orders, folder_journal)
                if not kept.is_own:
                    folder_journal.take_orders_alone()  # before the plan is this user's own, with all it holds
                if not (kept.is_own and kept.is_copy):
                    note_plan(plan, kept.list_file, folder_journal)
                return work(plan, orders, folder_journal, signals, output, make_session, debug=debug)
        except (ConfigurationError, MachineError) as error:
            output.complain(explain(error))
            if output.json:
                output.document(report_text(error_document(error, ExitCode.UNUSABLE)))
            return ExitCode.UNUSABLE


def _require_journal_files(folder: Path) -> None:
    """Return when there is a journal. A folder that was misspelled must not become a download folder.

    Raises:
        JournalError: There is none, or it is not this user's own.
    """
    journal = journal_path(folder)
    require_own_journal(journal)
    if not journal.is_file():
        raise JournalError(f"No run has kept a journal in {str(folder)!r}. Name the download folder of a run.")


def _never_begun(folder: Path) -> JournalError:
    return JournalError(
        f"The program ended in {folder} before it had written down what to do; no order was visited. "
        f"{give_again(folder)}"
    )


def _nothing_to_do(text: str, output: Output) -> ExitCode:
    output.tell(text)
    if output.json:
        output.document(report_text({"run": None, "message": text}))
    return ExitCode.SUCCESS
