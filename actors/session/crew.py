"""The crew as an engine: builds the tree, feeds it, watches over its root, and takes it down."""

from __future__ import annotations

import logging
import time
from typing import Any

import pykka

from actors.dispatch.submissions import Submission
from actors.runtime import Notifier, System, ThreadEnvironment
from actors.session.tree import DISPATCHER, ROOT, TreeParts, root_spec
from actors.supervise import Supervisor
from contracts.durations import spoken
from contracts.errors import CrewFailedError, ParallelProcessingError
from contracts.messages import BeginBatch, CloseBatch, Drain, GiveUp
from contracts.status import Progress
from contracts.supervision import CountChildren, Down, Exit
from contracts.tasks import TaskHandle

log = logging.getLogger("purser.session")

SECONDS_BETWEEN_PINGS = 1.0
_ANSWER_WITHIN = 10.0
_TREE_SHARE = 0.9
"""Of the seconds a forced end may take, what the tree may share out; the rest is for the root's own end."""


class CrewEngine:
    """Implements `Engine` with the actor tree.

    Args:
        parts: What the tree is built from.
        environment: Threads and time of the tree; closed with it.
        notifier: Notified when the batch ends or the tree does.
    """

    def __init__(self, parts: TreeParts, environment: ThreadEnvironment, notifier: Notifier) -> None:
        self._parts = parts
        self._environment = environment
        self._notifier = notifier
        self._ended: Down | None = None
        self._stop_text = ""
        self._force = False
        self._stop_asked_at: float | None = None
        self._closed: bool | None = None
        self._stop_told = False
        self._is_closed = False
        self.system = System(environment, on_end=self._on_end)
        spec = root_spec(parts)
        self.system.spawn(ROOT, lambda context: Supervisor(context, spec))

    def _on_end(self, down: Down) -> None:
        self._ended = down
        self._notifier.notify()

    # ----------------------------------------------------------------------------------------------------- the batch

    def begin(self, total: int | None, *, continues: bool = False) -> None:
        """Begin a batch."""
        self._stop_text, self._force, self._stop_asked_at, self._stop_told = "", False, None, False
        self._is_closed = False
        self._ask(BeginBatch(total, continues))

    def put(self, submission: Submission) -> None:
        """Hand over orders. A dispatcher that ends over them has a successor, which finds them where they were left."""
        self._parts.submissions.put(submission)
        self.system.tell(DISPATCHER, submission.message)

    def close_batch(self) -> None:
        """Say that nothing more will be put. The session's thread tells the dispatcher, as soon as it looks."""
        self._is_closed = True
        self._notifier.notify()

    def cancel(self, handles: tuple[TaskHandle, ...], text: str) -> None:
        """Take tasks out."""
        self.system.tell(DISPATCHER, self._parts.submissions.cancel(handles, text))

    def _ask(self, message: BeginBatch) -> Any:
        """Ask the dispatcher, once more if it is just being restarted."""
        deadline = time.monotonic() + self._parts.settings.timeouts.worker_ready
        while True:
            self._check_tree()
            try:
                if self._notifier.wait_for(self._dispatcher_or_end, SECONDS_BETWEEN_PINGS) and self._ended is None:
                    return self.system.ask(DISPATCHER, message, _ANSWER_WITHIN)
            except ParallelProcessingError:
                raise
            except Exception as error:  # noqa: BLE001 - boundary: whatever ended it, its supervisor starts another
                log.info("The dispatcher did not answer (%s); asking again.", type(error).__name__)
            if time.monotonic() > deadline:
                raise CrewFailedError("The dispatcher does not answer. The batch goes on without the crew.")

    def _dispatcher_or_end(self) -> bool:
        return self._ended is not None or self.system.is_alive(DISPATCHER)

    def wait(self) -> None:
        """Wait until the batch has ended, pinging the root and passing on a stop."""
        while not self._notifier.wait_for(self._has_news, SECONDS_BETWEEN_PINGS):
            self._ping()
            self._pass_on()
        self._pass_on()
        while not self.progress().finished:
            self._check_tree()
            self._pass_on()
            self._ping()
            self._notifier.wait_for(
                lambda: self.progress().finished or self._ended is not None, SECONDS_BETWEEN_PINGS / 5
            )

    def _has_news(self) -> bool:
        is_to_close = self._is_closed and self.progress().is_open
        return self.progress().finished or self._ended is not None or bool(self._stop_text) or is_to_close

    def _check_tree(self) -> None:
        if self._ended is not None:
            reason = self._ended.reason
            raise CrewFailedError(f"The crew could not be kept alive: {reason.text or reason.kind.value}.")

    def _ping(self) -> None:
        heartbeat_timeout = self._parts.settings.timeouts.root_silence
        try:
            self.system.ask(ROOT, CountChildren(), heartbeat_timeout)
        except pykka.Timeout as error:
            raise CrewFailedError(f"The root supervisor has not answered for {spoken(heartbeat_timeout)}.") from error
        except pykka.ActorDeadError:
            self._notifier.wait_for(lambda: self._ended is not None, heartbeat_timeout)
            self._check_tree()

    def _pass_on(self) -> None:
        """Tell the dispatcher what was left here for it. At each look again: one that was restarted does not know."""
        if self._is_closed and self.progress().is_open:
            self.system.tell(DISPATCHER, CloseBatch())
        if not self._stop_text:
            return
        timeouts = self._parts.settings.timeouts
        now = time.monotonic()
        if self._stop_asked_at is None:
            self._stop_asked_at = now
        if now - self._stop_asked_at >= timeouts.shutdown:
            self._force = True
        self._tell_stop()

    def _tell_stop(self) -> None:
        self.system.tell(DISPATCHER, GiveUp(self._stop_text) if self._force else Drain(self._stop_text))
        self._stop_told = True

    def request_stop(self, text: str, *, force: bool = False) -> None:
        """Drain, or with `force` end now. The session's thread tells the dispatcher, as soon as it looks."""
        self._stop_text = self._stop_text or text
        self._force = self._force or force
        self._notifier.notify()

    @property
    def is_stopping(self) -> bool:
        """Whether the dispatcher has been told to stop."""
        return self._stop_told

    @property
    def was_forced(self) -> bool:
        """Whether the batch was ended without waiting for what was in hand."""
        return self._force

    def progress(self) -> Progress:
        """Return the dispatcher's last snapshot."""
        return self._parts.progress.read()

    # ---------------------------------------------------------------------------------------------------- the end

    def close(self) -> bool:
        """Stop the tree in reverse order, at last through the process ledger; name what is left."""
        if self._closed is None:
            self._closed = self._close()
        return self._closed

    def _close(self) -> bool:
        timeouts = self._parts.settings.timeouts
        graceful = not self._force
        if self._ended is None and graceful:
            self.system.tell(ROOT, Exit("the session ends"))
            graceful = self._notifier.wait_for(lambda: self._ended is not None, timeouts.shutdown)
        if self._ended is None:
            self.system.tell(ROOT, Exit("the session ends now", force=True, timeout=timeouts.force * _TREE_SHARE))
            self._notifier.wait_for(lambda: self._ended is not None, timeouts.force)
        in_time = self._ended is not None
        self._environment.close()
        self._parts.browsers.kill_all()
        if not in_time:
            log.error("These actors did not end within %s: %s.", spoken(timeouts.force), ", ".join(self.system.names()))
        letters = self.system.dead_letters
        if letters.total:
            log.debug("dead letters: %s", dict(letters.by_kind))
        return graceful and in_time
