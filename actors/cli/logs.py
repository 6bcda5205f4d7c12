"""Logging of the command: structlog gives the library's records a readable form and prints them above the live display.

Without `PURSER_DEBUG` only warnings are told, a line each and without tracebacks. With it everything is, but for known
secrets and what opens a door in an address; and no traceback shows the values of variables, which hold passwords.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from actors.cli.output import Output, printable
from actors.evidence.addresses import in_text
from actors.worker.secrets import hidden_by_all


def debugging(environment: Mapping[str, str]) -> bool:
    """Whether `PURSER_DEBUG` asks for everything."""
    return environment.get("PURSER_DEBUG", "").strip().lower() not in ("", "0", "false", "no", "off")


class _OutputHandler(logging.Handler):
    """Prints records through stderr's console, so that they do not tear the live display."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        lines = in_text(hidden_by_all(self.format(record))).split("\n")
        self._output.err.say("\n".join(printable(line, 2000) for line in lines), _STYLES.get(record.levelno, ""))


_STYLES = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "bold red"}


def _in_one_line(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
    extras = "".join(f" {key}={value}" for key, value in event.items() if key not in ("event", "level", "exc_info"))
    return f"{event.get('level', 'info')}: {event['event']}{extras}"


def set_up_logging(output: Output, *, debug: bool) -> logging.Handler:
    """Send the records of `purser` to stderr. Returns the handler, for whoever wants to take it away again.

    Args:
        output: Where to print.
        debug: Tell everything, with times and tracebacks.
    """
    shared: list[structlog.typing.Processor] = [structlog.stdlib.add_log_level]
    last: structlog.typing.Processor = _in_one_line
    if debug:
        shared += [structlog.stdlib.add_logger_name, structlog.processors.TimeStamper(fmt="iso", utc=True)]
        last = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    chain = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    handler = _OutputHandler(output)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=chain))
    logger = logging.getLogger("purser")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if debug else logging.ERROR if output.quiet else logging.WARNING)
    return handler
