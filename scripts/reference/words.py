"""Tables of words a program may meet: statuses, blames, error codes, exit codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.cli.summary import ExitCode
from contracts.errors import ERROR_MAPPING, Blame, error_code
from contracts.status import SessionStatus, WorkerState
from contracts.tasks import TaskStatus
from scripts.reference.api import error_classes
from scripts.reference.tables import code, first_line, table

_TASKS: Mapping[TaskStatus, str] = {
    TaskStatus.COMPLETED: "All that the page lists is on disk and verified, and nothing says that there is more.",
    TaskStatus.NO_ATTACHMENTS: "The login was valid, and the order's page proved that it has none.",
    TaskStatus.PARTIAL: "Some attachments are on disk and verified, others could not be had or seen: see the message.",
    TaskStatus.FAILED: "The order could not be visited or read, or none of its attachments could be brought.",
    TaskStatus.PO_NOT_FOUND: "The portal says that there is no such order, or that you may not see it.",
    TaskStatus.CANCELLED: "The run ended before this order, or while it was in hand.",
    TaskStatus.QUARANTINED: "Three browsers ended while at work on it, the third time with no other at work.",
    TaskStatus.INTERRUPTED: "As CANCELLED, but a journal remembers it and a later run goes on with it.",
}
_SESSIONS: Mapping[SessionStatus, str] = {
    SessionStatus.INITIALIZING: "No batch was started yet.",
    SessionStatus.RUNNING: "A batch is in work.",
    SessionStatus.STOPPING: "It was asked to end and finishes what is in hand.",
    SessionStatus.COMPLETED: "The last batch came to its end. Single orders may have failed.",
    SessionStatus.FAILED: "The last batch could not be finished.",
    SessionStatus.CANCELLED: "The last batch was stopped.",
}
_WORKERS: Mapping[WorkerState, str] = {
    WorkerState.STARTING: "Its browser is being started.",
    WorkerState.IDLE: "It waits for an order.",
    WorkerState.WORKING: "It visits an order.",
    WorkerState.LOGGING_IN: "It logs in for all.",
    WorkerState.PROBING: "It looks whether a portal answers again.",
    WorkerState.DRAINING: "It finishes its order and then gets a fresh browser or ends.",
    WorkerState.RESTARTING: "Its browser is gone and is being replaced.",
    WorkerState.RETIRED: "It may not start again.",
    WorkerState.STOPPED: "It has ended in order.",
}
_EXITS: Mapping[ExitCode, tuple[str, str]] = {
    ExitCode.SUCCESS: ("All orders succeeded.", "Nothing."),
    ExitCode.SOME_FAILED: (
        "The run came to its end, and some orders failed.",
        "Read `results.csv`; then `purser retry`.",
    ),
    ExitCode.UNUSABLE: (
        "Nothing could be started. The cause may be usage, settings, input, password, browser, folder or portal.",
        "Do what the message says.",
    ),
    ExitCode.NOT_FINISHED: ("The run could not be finished.", "Mend what the message names; then `purser resume`."),
    ExitCode.INTERRUPTED: ("A signal ended it (Ctrl-C, SIGTERM, SIGHUP).", "`purser resume` to go on."),
}
_BLAMES: Mapping[Blame, str] = {
    Blame.ITEM: "the order itself",
    Blame.PORTAL: "the portal",
    Blame.NETWORK: "the way to the portal",
    Blame.AUTH: "the login",
    Blame.BROWSER: "the browser",
    Blame.PROGRAM: "this program",
    Blame.MACHINE: "this machine",
}


def _tasks() -> str:
    rows = [
        (
            code(status.value),
            "yes" if status.is_success else "no",
            "yes" if status.is_terminal else "no",
            _TASKS[status],
        )
        for status in TaskStatus
    ]
    return table(("status", "success", "final", "meaning"), rows)


def _codes() -> str:
    words: dict[str, list[str]] = {word: [] for word in ERROR_MAPPING.values()}
    for kind in error_classes():
        words[error_code(kind)].append(code(kind.__name__))
    return table(("code", "errors"), [(code(word), ", ".join(kinds)) for word, kinds in words.items()])


def _errors() -> str:
    rows = [
        (
            code(kind.__name__),
            code(kind.__mro__[1].__name__),
            code(error_code(kind)),
            _BLAMES[kind.blame],
            first_line(kind),
        )
        for kind in error_classes()
    ]
    return table(("error", "is a", "code", "whose fault", "meaning"), rows)


WORD_TABLES: Mapping[str, Callable[[], str]] = {
    "task-statuses": _tasks,
    "session-statuses": lambda: table(
        ("status", "meaning"), [(code(one.value), _SESSIONS[one]) for one in SessionStatus]
    ),
    "worker-states": lambda: table(("state", "meaning"), [(code(one.value), _WORKERS[one]) for one in WorkerState]),
    "blames": lambda: table(("blame", "whose fault"), [(code(one.value), _BLAMES[one]) for one in Blame]),
    "exit-codes": lambda: table(
        ("code", "meaning", "what to do"), [(code(str(int(one))), *_EXITS[one]) for one in ExitCode]
    ),
    "error-codes": _codes,
    "errors": _errors,
}
"""Name of each table, and what makes it."""
