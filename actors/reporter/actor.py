"""The reporter as an actor: reports about once a second while a batch is in work (contract 18)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from actors.reporter.callback_runner import CallbackRunner
from actors.runtime import Actor, Context
from contracts.messages import ReporterMessage, TimeToTell
from contracts.supervision import ChildChange

log = logging.getLogger("purser.reporter")

SECONDS_BETWEEN_REPORTS = 1.0


class ProgressReporter(Actor):
    """Hands progress to the user's callback, and news of the crew to the log.

    Args:
        context: Its place in the system.
        callbacks: Makes the calls; it outlives this generation.
        make_progress: Returns the progress dictionary, or None while no batch is in work.
    """

    def __init__(
        self, context: Context, callbacks: CallbackRunner, make_progress: Callable[[], dict[str, Any] | None]
    ) -> None:
        super().__init__(context)
        self._callbacks = callbacks
        self._make_progress = make_progress

    def on_start(self) -> None:
        """Begin to report."""
        self.context.set_timer(SECONDS_BETWEEN_REPORTS, TimeToTell())

    def on_receive(self, message: ReporterMessage) -> None:
        """Report, or note what happened to the crew."""
        if isinstance(message, TimeToTell):
            self.context.set_timer(SECONDS_BETWEEN_REPORTS, TimeToTell())
            progress = self._make_progress()
            if progress is not None:
                self._callbacks.offer(lambda: progress)
        elif message.change in (ChildChange.DOWN, ChildChange.RETIRED) and message.reason is not None:
            text = message.reason.text or message.reason.kind.value
            log.info("%s generation %d is %s: %s", message.child, message.generation, message.change.value, text)
