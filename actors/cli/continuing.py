"""`purser resume` and `purser retry`: go on with what a download folder knows, set up as it was before."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import attrs

from actors.cli.account import ExitCode, error_document, explain
from actors.cli.batch import SessionFactory, StopSignals
from actors.cli.logs import debugging, set_up_logging
from actors.cli.outlets import Outlets
from actors.cli.plans import plan_again
from actors.cli.run import open_books, work
from actors.intake import read_orders, report_text
from contracts.errors import Blame, ConfigurationError, HostResourceError, JournalError
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
            f"{option} does not know {', '.join(unknown)}. It knows {', '.join(str(member.value) for member in kind)}."
        )
    return tuple(known[word] for word in words)


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
            _require_books(folder)
            statuses = members(again[0], TaskStatus, "--status") if again is not None else ()
            blames = members(again[1], Blame, "--blame") if again is not None else ()
            with open_books(folder) as books:
                kept = books.journal.plan()
                if again is None and not books.journal.tasks_in_hand():
                    outlets.tell(f"Nothing to go on with: there is no unfinished run in {folder}.")
                    return ExitCode.SUCCESS
                plan, kept_input = plan_again(kept, folder)
                orders = attrs.evolve(read_orders(kept_input), path=plan.csv_path)
                if again is not None:
                    if books.journal.tasks_in_hand():
                        raise JournalError(
                            f"The last run in {folder} is not finished. Finish it first: purser resume {folder}"
                        )
                    count = books.journal.reopen(statuses, blames)
                    if not count:
                        outlets.tell(f"No order of the last run in {folder} ended so. Nothing was done.")
                        return ExitCode.SUCCESS
                    outlets.tell(f"{count} orders are visited again.")
                return work(plan, orders, books, signals, outlets, make_session, debug=debugging(environment))
        except (ConfigurationError, HostResourceError) as error:
            outlets.complain(explain(error))
            if outlets.json:
                outlets.document(report_text(error_document(error, ExitCode.UNUSABLE)))
            return ExitCode.UNUSABLE


def _require_books(folder: Path) -> None:
    """Return when a run has been here. A folder that was misspelled must not become a download folder.

    Raises:
        JournalError: There has been none.
    """
    if not (folder / ".purser").is_dir():
        raise JournalError(f"No run has used {str(folder)!r}. Name the download folder of a run.")
