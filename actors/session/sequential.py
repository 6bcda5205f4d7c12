"""Sequential mode: the cores of the crew and its worker's shell, with one browser and no actors.

Everything is driven by the session's thread, which does nothing that may block: what asks the browser or the portal is
an errand on a thread of its own. So no page holds up the orders after it, and a stop is taken up between two events,
never amid one. This file is the loop; the browser and who stands around it are in `crew_of_one.py`.
"""

from __future__ import annotations

from actors.dispatch.submissions import Submission
from actors.runtime import Notifier, ThreadEnvironment
from actors.session.crew_of_one import CrewOfOne
from actors.session.tree import TreeParts
from contracts.errors import CrewFailedError, MachineError, ParallelProcessingError
from contracts.messages import BeginBatch, CloseBatch, DispatchEvent, Drain, GiveUp, Wake
from contracts.status import Progress
from contracts.tasks import TaskHandle

SECONDS_BETWEEN_TICKS = 0.5
_TICKS_BETWEEN_REPORTS = 2


class SequentialEngine:
    """Implements `Engine` with one browser.

    Args:
        parts: The same parts the tree is built from.
        environment: Where the errands' threads come from.
        notifier: Notified to wake the session's thread.
    """

    def __init__(self, parts: TreeParts, environment: ThreadEnvironment, notifier: Notifier) -> None:
        self._parts = parts
        self._environment = environment
        self._notifier = notifier
        self._now = environment.clock.monotonic
        self._crew = crew = CrewOfOne(parts, environment, notifier, self._feed)
        self._browser, self._dispatcher, self._calls, self._looks = (
            crew.browser,
            crew.dispatcher,
            crew.calls,
            crew.looks,
        )
        self._is_broken_off = False
        self._batch = 0
        """Counts the batches."""
        self._stop_text = ""
        self._force = False
        self._stop_asked_at: float | None = None
        self._gave_up = False
        self._next_tick = 0.0
        self._ticks = 0

    # ------------------------------------------------------------------------------------------------------- the batch

    def begin(self, total: int | None, *, continues: bool = False) -> None:
        """Begin a batch."""
        self._stop_text, self._force, self._stop_asked_at, self._gave_up = "", False, None, False
        self._batch += 1
        self._feed(BeginBatch(total, continues))
        for event in self._parts.submissions.untold():  # left to a crew that has ended
            self._feed(event)

    def put(self, submission: Submission) -> None:
        """Leave orders for the session's thread."""
        self._parts.submissions.put(submission)
        self._leave(submission.message)

    def close_batch(self) -> None:
        """Leave word for the session's thread that nothing more will be put."""
        self._leave(CloseBatch())

    def cancel(self, handles: tuple[TaskHandle, ...], text: str) -> None:
        """Leave word for the session's thread that tasks are to be taken out."""
        self._leave(self._parts.submissions.cancel(handles, text))

    def _leave(self, event: DispatchEvent) -> None:
        """Leave an event for the session's thread. A batch that ends before it is taken up has no use for it."""
        batch = self._batch
        self._calls.put(lambda: self._feed(event) if self._batch == batch else None)

    def wait(self) -> None:
        """Work until every order of the batch has ended."""
        self._is_broken_off = False
        try:
            while not self._is_done():
                self._notifier.wait_for(self._has_news, self._patience())
        except BaseException as error:
            # What is in hand stays open in the journal then, which counts this against it; on a full disk, what ends
            # now cannot be written down either.
            is_told = isinstance(error, ParallelProcessingError)
            self._is_broken_off = isinstance(error, MachineError) or not is_told
            raise

    def _is_done(self) -> bool:
        """Do all that can be done now; say whether the batch has ended, and all that was in hand with it."""
        self._look_around()
        self._look()
        if self._browser.is_busy:
            return False
        if self.progress().finished:
            return self._calls.is_empty
        if self._browser.why_it_ended:
            raise CrewFailedError(f"The browser could not be kept alive: {self._browser.why_it_ended}.")
        self._browser.want()
        return False

    def _look(self) -> None:
        self._take_up_stop()
        self._calls.make_all()
        if self._dispatcher.wake is not None and self._now() >= self._dispatcher.wake:
            self._feed(Wake())
        self._browser.look()

    def _look_around(self) -> None:
        """Look at the shutdown, the memory and the callback, now and then."""
        now = self._now()
        if now < self._next_tick:
            return
        self._next_tick = now + SECONDS_BETWEEN_TICKS
        shutdown = self._parts.settings.timeouts.shutdown
        if self._stop_asked_at is not None and now - self._stop_asked_at >= shutdown:
            self._force = True
        self._looks.look(now)
        self._ticks += 1
        if self._ticks % _TICKS_BETWEEN_REPORTS == 0 and (progress := self._parts.make_progress()) is not None:
            known = progress
            self._parts.callbacks.offer(lambda: known)

    def _has_news(self) -> bool:
        """Whether there is something to take up."""
        stop = (self._stop_text and self._stop_asked_at is None) or (self._force and not self._gave_up)
        return bool(stop) or not self._calls.is_empty or self._browser.has_news

    def _patience(self) -> float:
        """Seconds until something is due, or this thread looks up anyway."""
        wake = self._dispatcher.wake if self._dispatcher.wake is not None else float("inf")
        return max(0.0, min(SECONDS_BETWEEN_TICKS, min(wake, self._browser.next_time()) - self._now()))

    def progress(self) -> Progress:
        """Return the last snapshot."""
        return self._parts.progress.read()

    # -------------------------------------------------------------------------------------------------- stop and close

    def request_stop(self, text: str, *, force: bool = False) -> None:
        """Drain, or with `force` end now. The session's thread takes it up before the next event."""
        self._stop_text = self._stop_text or text
        self._force = self._force or force
        self._notifier.notify()

    @property
    def is_stopping(self) -> bool:
        """Whether the core has been told to stop."""
        return self._stop_asked_at is not None

    @property
    def was_forced(self) -> bool:
        """Whether the batch was ended without waiting for what was in hand."""
        return self._force

    def _take_up_stop(self) -> None:
        """Tell the core of a stop that was asked for meanwhile, and end what is in hand if it is not to be waited for.

        Asked for once its batch is over, it is forgotten with the next one.
        """
        if self._stop_text and self._stop_asked_at is None:
            self._stop_asked_at = self._now()
            self._tell_core(Drain(self._stop_text))
        if self._force and not self._gave_up:
            self._gave_up = True
            self._tell_core(GiveUp(self._stop_text))
            self._crew.kill_what_is_in_hand(self._stop_text)

    def close(self) -> bool:
        """End the browser, whatever is in hand; False when something had to be forced or is left."""
        self._browser.close("the session ends", self._parts.settings.timeouts.force if self._force else None)
        while not self._browser.is_closed:
            self._look()
            self._notifier.wait_for(lambda: self._has_news() or self._browser.is_closed, self._patience())
        self._environment.close()
        return not self._force and not self._browser.is_left

    # -------------------------------------------------------------------------------------------------------- the core

    def _feed(self, event: DispatchEvent) -> None:
        """Give the core an event, and before it the stop that somebody has asked for since the last one."""
        self._take_up_stop()
        self._tell_core(event)

    def _tell_core(self, event: DispatchEvent) -> None:
        if not self._is_broken_off:
            self._dispatcher.tell(event)
