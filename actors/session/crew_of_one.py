"""Who stands around the one browser of the sequential mode: dispatcher, monitor, login broker, as in a crew's tree.

They are the same cores, without actors. Each is told in the session's thread; what one of them says amid an event of
the dispatcher's is left for later, so that no event comes amid another.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.logins.core import LoginBrokerCore
from actors.runtime import Notifier, ThreadEnvironment
from actors.session.call_queue import CallQueue
from actors.session.errand_worker import Threads
from actors.session.memory_looks import MemoryLooks
from actors.session.one_browser import OneBrowser
from actors.session.own_dispatcher import Neighbours, OwnDispatcher
from actors.session.own_monitor import OwnMonitor
from actors.session.tree import TreeParts, crew_spec, worker_tools
from actors.worker.duties import Duty, PortalVisits, Told, doing, portal_visits
from contracts.messages import DispatchEvent, LoginBrokerMessage, LoginEnded, LossExcused, MemoryRead, Wake
from contracts.ports import Owner
from contracts.supervision import ChildChange, ChildEvent, Decision, RestartAsked, Verdict

WORKER = "sequential"


class CrewOfOne:
    """A browser and its neighbours, wired to one another. It is the browser's `BrowserUser`.

    Args:
        parts: The same parts the tree is built from.
        environment: Where the errands' threads and the time come from.
        notifier: Notified to wake the session's thread.
        feed: Gives the dispatcher an event, in the session's thread.
    """

    def __init__(
        self,
        parts: TreeParts,
        environment: ThreadEnvironment,
        notifier: Notifier,
        feed: Callable[[DispatchEvent], object],
    ) -> None:
        self._parts = parts
        self._clock = environment.clock
        self._feed = feed
        self._tools = worker_tools(parts)
        self._login_broker = LoginBrokerCore(parts.credentials, parts.logins)
        self.calls = CallQueue(notifier)
        threads = Threads(environment, notifier, self.calls, parts.settings.timeouts.worker_ready)
        self.browser: OneBrowser[Duty, Told] = OneBrowser(crew_spec(parts, (WORKER,)), self, threads)
        self._monitor = OwnMonitor(parts.settings.limits, self._feed_later, self.browser.tell)
        self.looks = MemoryLooks(parts, environment, self._hear_reading)
        neighbours = Neighbours(
            work=self.browser.give,
            login_broker=self._ask_login_broker,
            supervisor=self.browser.tell,
            monitor=lambda event: self._monitor.take(event, self._clock.monotonic()),
            dispatcher=self._feed_later,
        )
        self.dispatcher = OwnDispatcher(parts, environment, neighbours)

    def _feed_later(self, event: DispatchEvent) -> None:
        self.calls.put(lambda: self._feed(event))

    def _hear_reading(self, read: MemoryRead) -> None:
        self.calls.put(lambda: self._monitor.take(read, self._clock.monotonic()))

    def _ask_login_broker(self, message: LoginBrokerMessage) -> None:
        for answer in self._login_broker.handle(message):
            self._feed_later(answer)

    def kill_what_is_in_hand(self, text: str) -> None:
        """Take the browser away from whatever is at work with it. It was wanted, so nobody's slot pays for it."""
        generation = self.browser.kill_what_is_in_hand(text)
        if generation is not None:
            self._monitor.take(LossExcused(WORKER, generation), self._clock.monotonic())

    # ------------------------------------------------------------------------------- what the browser asks of its user

    def visits(self, owner: Owner) -> Callable[[], PortalVisits]:
        """Return what starts a generation, on a thread of its own."""
        return portal_visits(self._tools, owner, self._clock)

    def name_of(self, duty: Duty) -> str:
        """Say what a duty asks for."""
        return doing(duty)

    def on_told(self, told: Told) -> None:
        """Pass on what came of a duty."""
        if isinstance(told, LoginEnded):
            self._ask_login_broker(told)
        else:
            self._feed(told)

    def on_child_event(self, event: ChildEvent) -> None:
        """Pass on what has become of it."""
        self._monitor.take(event, self._clock.monotonic())
        if event.change is ChildChange.DOWN:
            self._feed(Wake())  # so that the core sees first that a deadline has passed, if that is why
        self._feed(event)

    def may_restart(self, asked: RestartAsked) -> Verdict:
        """Let the monitor judge; while there is no work nothing is started."""
        verdict = self._monitor.judge(asked, self._clock.monotonic())
        if verdict.decision is Decision.LET_GO and self._parts.progress.read().finished:
            return Verdict(asked.child, asked.generation, Decision.HOLD, "there is no work")
        return verdict
