"""The account of a run: totals, reasons of failures, exit code, and the one JSON document of `--json`."""

from __future__ import annotations

import enum
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
from rich.table import Table
from rich.text import Text

from actors.cli.batch import BatchEnd
from actors.cli.display import clock
from actors.cli.options import RunPlan
from actors.cli.output import Output, printable
from actors.tables import OrderFile, pair_outcomes
from contracts.errors import (
    AuthenticationError,
    ConfigurationError,
    ParallelProcessingError,
    PortalUnreachableError,
    ProfileCorruptionError,
    error_code,
)
from contracts.tasks import POResult

_SET_UP_ERRORS = (ConfigurationError, AuthenticationError, PortalUnreachableError, ProfileCorruptionError)
_BAD_ROW = "BAD_ROW"
_NOT_REACHED = "NOT_REACHED"


class ExitCode(enum.IntEnum):
    """What the command tells its caller."""

    SUCCESS = 0
    SOME_FAILED = 1
    UNUSABLE = 2
    NOT_FINISHED = 3
    INTERRUPTED = 130


@attrs.frozen(kw_only=True)
class Reason:
    """Why orders failed, how many, and one of them."""

    code: str
    count: int
    example: str
    message: str


@attrs.frozen(kw_only=True)
class Summary:
    """What came of every row of the input. successful + failed + skipped = total."""

    successful: int
    failed: int
    skipped: int
    reasons: tuple[Reason, ...]
    stopped_early: str
    code: ExitCode

    @property
    def total(self) -> int:
        """Rows of the input."""
        return self.successful + self.failed + self.skipped


def draw_up(orders: OrderFile, outcomes: Sequence[POResult], end: BatchEnd) -> Summary:
    """Count the rows of the input and decide about the exit code.

    Args:
        orders: What was read.
        outcomes: The session's results.
        end: How the batch came back.
    """
    failures = [(_BAD_ROW, row.po_number or f"line {row.line}", row.message) for row in orders.bad]
    successful = 0
    for row, outcome in zip(orders.to_visit, pair_outcomes(orders.to_visit, outcomes), strict=True):
        if outcome is None:
            failures.append((_NOT_REACHED, row.po_number, "The run ended before this order."))
        elif outcome.status.is_success:
            successful += 1
        else:
            code = outcome.error_code or outcome.status.value
            failures.append((code, row.po_number, outcome.error_message or outcome.status.value))
    stopped_early = str((end.report or {}).get("stopped_early") or "")
    if end.error is not None:
        stopped_early = explain(end.error)
    elif end.abandoned:
        stopped_early = "The session did not end in time and was left behind; its browsers are ended with this program."
    return Summary(
        successful=successful,
        failed=len(failures),
        skipped=len(orders.already_done),
        reasons=_reasons(failures),
        stopped_early=stopped_early,
        code=_exit_code(end, outcomes, stopped_early, len(failures)),
    )


def explain(error: BaseException) -> str:
    """Return an error as people should read it; what nobody foresaw is called by its name."""
    if isinstance(error, ParallelProcessingError | KeyboardInterrupt):
        return str(error)
    return (
        f"Something went wrong that should not ({type(error).__name__}: {error}). "
        "Set PURSER_DEBUG=1 to see where, and report it."
    )


def _exit_code(end: BatchEnd, outcomes: Sequence[POResult], stopped_early: str, failed: int) -> ExitCode:
    if end.interrupted:
        return ExitCode.INTERRUPTED
    if isinstance(end.error, _SET_UP_ERRORS) and not any(outcome.status.is_success for outcome in outcomes):
        return ExitCode.UNUSABLE
    if end.error is not None or stopped_early:
        return ExitCode.NOT_FINISHED
    return ExitCode.SOME_FAILED if failed else ExitCode.SUCCESS


def _reasons(failures: Sequence[tuple[str, str, str]]) -> tuple[Reason, ...]:
    counts = Counter(code for code, _, _ in failures)
    first = {code: (number, message) for code, number, message in reversed(failures)}
    return tuple(
        Reason(code=code, count=count, example=first[code][0], message=first[code][1])
        for code, count in counts.most_common()
    )


def present(summary: Summary, plan: RunPlan, end: BatchEnd, output: Output) -> None:
    """Tell people how it went: totals, time, where the files lie, and the reasons of failures."""
    skipped = f"skipped:    {summary.skipped} (done by an earlier run)" if summary.skipped else ""
    lines = (
        f"successful: {summary.successful}",
        f"failed:     {summary.failed}",
        *([skipped] if skipped else []),
        f"total:      {summary.total}",
        f"elapsed:    {clock(end.elapsed)}",
        f"files:      {plan.settings.download_dir}",
        f"results:    {plan.results}",
        f"report:     {plan.report}",
    )
    for line in lines:
        output.tell(line)
    if summary.reasons and not output.quiet:
        table = Table(title="Why orders failed", title_justify="left", header_style="dim")
        for heading in ("reason", "orders", "for example", "message"):
            table.add_column(heading, justify="right" if heading == "orders" else "left", overflow="fold")
        for reason in summary.reasons:
            example = Text(printable(reason.example, 40))
            table.add_row(Text(reason.code), Text(str(reason.count)), example, Text(printable(reason.message)))
        (output.err if output.json else output.out).print(table)


def empty_report(now: datetime) -> dict[str, Any]:
    """Return the report of a run that had nothing to visit, with the keys of contract 19."""
    return {
        "session_id": str(uuid.uuid4()),
        "start_time": now,
        "end_time": now,
        "processing_mode": "sequential",
        "total_pos": 0,
        "successful_pos": 0,
        "failed_pos": 0,
        "performance_metrics": {},
        "worker_performance": {},
        "error_summary": [],
    }


def full_report(report: dict[str, Any], summary: Summary, orders: OrderFile, plan: RunPlan) -> dict[str, Any]:
    """Return the session's report with what the command alone knows: the rows that never reached the session."""
    run = {
        "exit_code": int(summary.code),
        "successful": summary.successful,
        "failed": summary.failed,
        "skipped": summary.skipped,
        "total": summary.total,
        "stopped_early": summary.stopped_early,
        "input": str(orders.path),
        "download_dir": plan.settings.download_dir,
        "results": plan.results,
        "report": plan.report,
        "bad_rows": [{"line": row.line, "po_number": row.po_number, "message": row.message} for row in orders.bad],
        "reasons": summary.reasons,
    }
    return {**report, "run": run}


def error_document(error: BaseException, code: ExitCode) -> dict[str, Any]:
    """Return what `--json` prints when there was no run."""
    match error:
        case ParallelProcessingError():
            word = error_code(error)
        case KeyboardInterrupt():
            word = "INTERRUPTED"
        case _:
            word = "INTERNAL_ERROR"
    return {"run": {"exit_code": int(code)}, "error": {"code": word, "message": explain(error)}}
