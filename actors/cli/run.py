"""`purser run`: from a CSV of orders to files, results and report, in steps that each fail with a clear word."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actors.cli.batch import BatchEnd, Session, SessionFactory, StopSignals, run_batch
from actors.cli.display import choose_display
from actors.cli.logs import debugging, set_up_logging
from actors.cli.options import RunOptions, RunPlan, make_plan, require_addresses
from actors.cli.output import Output, command_line
from actors.cli.summary import (
    ExitCode,
    Summary,
    draw_up,
    empty_report,
    error_document,
    explain,
    full_report,
    present,
)
from actors.cli.surroundings import require_file_names
from actors.evidence.addresses import in_text
from actors.folders.ground import INSIDE, Ground, ReplacedError
from actors.runtime.threads import SystemClock
from actors.tables import (
    OrderFile,
    OrderRow,
    holds_results,
    read_orders,
    report_text,
    was_visited,
    write_report,
    write_results,
)
from contracts.errors import ConfigurationError, FolderReplacedError, InputFileError, MachineError
from contracts.tasks import POResult, TaskStatus

if TYPE_CHECKING:  # it brings in the actors' libraries, which bad input never needs
    from actors.session.folder_journal import FolderJournal


def run(
    options: RunOptions, environment: Mapping[str, str], output: Output, make_session: SessionFactory | None = None
) -> ExitCode:
    """Run the whole job.

    Args:
        options: The command line.
        environment: `os.environ`, or anything like it.
        output: Where to talk to.
        make_session: Makes the session; `ProcessingSession` when None.

    Returns:
        What to tell the caller.
    """
    set_up_logging(output, debug=debugging(environment))
    with StopSignals() as signals:
        try:
            require_file_names()
            plan = make_plan(options, environment)
            orders = read_orders(plan.csv_path)
            require_addresses(orders, plan.settings)
            _tell_about_the_input(orders, plan, output)
            if not orders.to_visit:
                return _finish(draw_up(orders, (), BatchEnd()), plan, orders, (), BatchEnd(), None, None, output)
            if signals.count:
                return _give_up(KeyboardInterrupt("Interrupted before the first order."), ExitCode.INTERRUPTED, output)
            with open_folder_journal(plan.settings.download_dir, afresh=options.fresh) as folder_journal:
                # Before the plan is noted: a list that is refused must not take the place of the one to go on with.
                folder_journal.journal.take_up()
                require_own_list(plan, orders, folder_journal)
                _tell_about_the_journal(folder_journal, output)
                if not folder_journal.is_own:
                    folder_journal.take_orders_alone()  # before the plan is this user's own, with all it holds
                note_plan(plan, plan.csv_path, folder_journal)
                return work(plan, orders, folder_journal, signals, output, make_session, debug=debugging(environment))
        except (ConfigurationError, MachineError) as error:
            return _give_up(error, ExitCode.UNUSABLE, output)


def work(
    plan: RunPlan,
    orders: OrderFile,
    folder_journal: FolderJournal,
    signals: StopSignals,
    output: Output,
    make_session: SessionFactory | None,
    *,
    debug: bool,
) -> ExitCode:
    """Work through the orders and write results and report.

    Args:
        plan: How.
        orders: What was read.
        folder_journal: The open journal of the download folder.
        signals: Entered by the caller.
        output: Where to talk to.
        make_session: Makes the session; `ProcessingSession` when None.
        debug: Whether an error's traceback is told.

    Raises:
        ConfigurationError: The session cannot be made.
    """
    folder_journal.ground.reserve(plan.results, plan.report)
    session = _session(plan, folder_journal, make_session)
    end = run_batch(
        session, [row.task for row in orders.to_visit], choose_display(output), signals, plan.settings.timeouts
    )
    outcomes = session.results
    summary = draw_up(orders, outcomes, end)
    if end.error is not None and debug:
        output.err.say(in_text("".join(traceback.format_exception(end.error))))
    if summary.code is ExitCode.UNUSABLE and end.error is not None:
        # Nothing was visited: the results of an earlier run must not give way to a list of nothing.
        return _give_up(end.error, summary.code, output)
    return _finish(summary, plan, orders, outcomes, end, session, folder_journal, output)


def open_folder_journal(download_dir: Path, *, afresh: bool = False) -> FolderJournal:
    """Open the journal of a download folder. Raises as `FolderJournal`, and as `require_own_journal`."""
    # Imported here because it brings in the actors' libraries, which bad input never needs.
    from actors.session.folder_journal import FolderJournal, journal_path  # noqa: PLC0415 - see above
    from actors.session.trust import require_own_journal  # noqa: PLC0415 - see above

    # A link is refused when the journal is opened. Where no path can be there is none, of which pathlib would raise.
    if not afresh and not os.path.islink(download_dir / INSIDE):  # noqa: PTH114 - see above
        require_own_journal(journal_path(download_dir))
    folder_journal = FolderJournal(download_dir, afresh=afresh)
    try:
        require_own_journal(folder_journal.journal.path)
    except BaseException:
        folder_journal.close()
        raise
    return folder_journal


def note_plan(plan: RunPlan, file: Path, folder_journal: FolderJournal) -> None:
    """Write down how a run is set up, and keep a copy of its file of orders: `resume` goes by both.

    The plan comes first. It names the file itself, too, for whoever is killed between the two.

    Raises:
        ConfigurationError: The file cannot be read or kept.
        MachineError: The journal cannot be written.
    """
    from actors.cli.plans import digest_of, kept_plan  # noqa: PLC0415 - as in open_folder_journal

    try:
        digest = digest_of(file)
    except OSError as error:
        raise InputFileError(f"The orders file {str(file)!r} cannot be read: {error.strerror or error}.") from error
    folder_journal.journal.note_plan(kept_plan(plan, digest))
    folder_journal.keep_input(file)


def require_own_list(plan: RunPlan, orders: OrderFile, folder_journal: FolderJournal) -> None:
    """Return when a list may go on with what the journal holds.

    Raises:
        JournalError: It may not.
    """
    from actors.session.adapters import adapter_of  # noqa: PLC0415 - as in open_folder_journal
    from actors.session.orders import addresses_of, require_common  # noqa: PLC0415 - as in open_folder_journal

    addresses = addresses_of(adapter_of(plan.settings, tell=lambda _text: None))  # what the run works with tells it
    tasks = [row.task for row in orders.rows if isinstance(row, OrderRow)]
    require_common(tasks, folder_journal.journal.tasks_in_hand(), plan.settings.base_url, addresses)


def _tell_about_the_journal(folder_journal: FolderJournal, output: Output) -> None:
    if folder_journal.put_aside is not None:
        output.tell(f"Starting anew. The journal of earlier runs is kept in {folder_journal.put_aside}.")
    state = folder_journal.journal.replay()
    done = state.batch_succeeded + state.batch_failed
    if state.batch_total > done:
        output.tell(
            f"{folder_journal.download_dir} holds an unfinished run of {state.batch_total} orders, {done} of them "
            "done. Going on with it. (--fresh starts anew and keeps its journal.)"
        )


def _session(plan: RunPlan, folder_journal: FolderJournal, make_session: SessionFactory | None) -> Session:
    if make_session is None:
        # Imported here because it brings in the browser's and the actors' libraries, which bad input never needs.
        from actors import ProcessingSession  # noqa: PLC0415 - see above

        make_session = ProcessingSession
    return make_session(plan.browser, plan.parallel, plan.workers, settings=plan.settings, journal=folder_journal)


def _tell_about_the_input(orders: OrderFile, plan: RunPlan, output: Output) -> None:
    for warning in (*plan.warnings, *orders.warnings):
        output.warn(warning)
    for row in orders.bad:
        output.complain(f"{orders.path.name}, line {row.line}: {row.message}")
    repeated = sum(row.duplicate_of is not None for row in orders.to_visit)
    if repeated:
        output.warn(f"{repeated} rows repeat an earlier one; each order is visited once and every row reported.")


def _give_up(error: BaseException, code: ExitCode, output: Output) -> ExitCode:
    output.complain(explain(error))
    if output.json:
        output.document(report_text(error_document(error, code)))
    return code


def _finish(
    summary: Summary,
    plan: RunPlan,
    orders: OrderFile,
    outcomes: Sequence[POResult],
    end: BatchEnd,
    session: Session | None,
    folder_journal: FolderJournal | None,
    output: Output,
) -> ExitCode:
    """Write the files before a word is said: the words may fail, and what is said should be true."""
    now = SystemClock().now()
    code = summary.code
    ground = folder_journal.ground if folder_journal is not None else None
    report = end.report or (session.get_session_report() if session is not None else empty_report(now))
    document = full_report(report, summary, orders, plan)
    keeps = not _has_news(orders, outcomes) and holds_results(plan.results)
    try:
        if not keeps:
            write_results(plan.results, orders, outcomes, now, ground)
            write_report(plan.report, document, ground)
            if folder_journal is not None:
                folder_journal.journal.note_reported()
        if ground is not None:
            _require_the_same_folder(ground)
    except MachineError as error:
        output.complain(str(error))
        code = ExitCode.INTERRUPTED if code is ExitCode.INTERRUPTED else ExitCode.NOT_FINISHED
        document["run"]["exit_code"] = int(code)
    if summary.stopped_early:
        output.complain(summary.stopped_early)
    if keeps:
        output.warn(f"No order was visited. The results of an earlier run in {plan.results} are left as they are.")
    interrupted = "Interrupted. " if code is ExitCode.INTERRUPTED else ""
    left = sum(outcome.status is TaskStatus.INTERRUPTED for outcome in outcomes)
    if left or end.abandoned:
        output.warn(f"{interrupted}To go on with what is left: {command_line('resume', plan.settings.download_dir)}")
    elif interrupted:
        output.warn("Interrupted. No order is left open.")
    present(summary, plan, end, output)
    if output.json:
        output.document(report_text(document))
    return code


def _require_the_same_folder(ground: Ground) -> None:
    try:
        ground.check()
    except ReplacedError as error:
        raise FolderReplacedError(
            f"{error}. What this run has written lies in {ground.root.present_path}. Put the folder back, then go on "
            "with: purser resume"
        ) from error


def _has_news(orders: OrderFile, outcomes: Sequence[POResult]) -> bool:
    """Whether the results say more than that nothing was visited. A list that is done already says so."""
    return any(map(was_visited, outcomes)) or (not orders.to_visit and bool(orders.already_done))
