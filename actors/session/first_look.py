"""Before the first browser: whether any portal of a batch answers at all. All are asked at once, and one is enough."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from actors.dispatch.questions import answer_of
from actors.runtime import Notifier
from contracts.errors import PortalUnreachableError
from contracts.ports import Fetcher

log = logging.getLogger("purser.session")

HOSTS_ASKED_FIRST = 32
"""Hosts of a batch of which one must answer before a browser is started. Where there are more, none is asked."""
_GRACE = 5.0
"""Seconds beyond its own limits that a question may take, as when a name is looked up for long."""


class FirstLook:
    """Asks the portals of one batch, each on a thread of its own.

    Args:
        make_fetcher: Makes one fetcher a portal.
        run_job: Runs a question beside the caller.
        notifier: Notified whenever one comes back.
    """

    def __init__(
        self,
        make_fetcher: Callable[[], Fetcher],
        run_job: Callable[[str, Callable[[], None]], None],
        notifier: Notifier,
    ) -> None:
        self._make_fetcher = make_fetcher
        self._run_job = run_job
        self._notifier = notifier
        self._answers: dict[str, int | None] = {}

    def require_an_answer(
        self, roots: Mapping[str, str], seconds: float, is_stopped: Callable[[], bool]
    ) -> frozenset[str]:
        """Return the hosts that have answered; as `hosts_that_answer`, or none when nothing is known.

        Raises:
            PortalUnreachableError: No portal answers at all.
        """
        answered = self.hosts_that_answer(roots, seconds, is_stopped)
        if answered is not None and not answered:
            names = ", ".join(roots.values())
            raise PortalUnreachableError(f"The portal does not answer: {names}. Check the address and the network.")
        return answered or frozenset()

    def hosts_that_answer(
        self, roots: Mapping[str, str], seconds: float, is_stopped: Callable[[], bool]
    ) -> frozenset[str] | None:
        """Ask, and wait until one answers, none can any more, or somebody wants the end.

        Args:
            roots: The address of each portal by its host.
            seconds: How long one question may take by itself.
            is_stopped: Whether somebody wants the end.

        Returns:
            The hosts that have answered by then; None when nothing is known, since somebody wanted the end before or
            there was no thread to ask on.
        """
        put = 0
        for host, root in roots.items():
            try:
                self._run_job(f"ask-{host}", self._question(host, root))
            except RuntimeError as error:  # the machine has no thread left; the dispatcher asks again
                log.warning("%s could not be asked whether it answers: %s", host, error)
            else:
                put += 1
        self._notifier.wait_for(
            lambda: bool(self._answered()) or len(self._answers) == put or is_stopped(), seconds + _GRACE
        )
        answered = self._answered()
        return None if not answered and (is_stopped() or put < len(roots)) else answered

    def _question(self, host: str, root: str) -> Callable[[], None]:
        def job() -> None:
            self._answers[host] = answer_of(self._make_fetcher, root)
            self._notifier.notify()

        return job

    def _answered(self) -> frozenset[str]:
        return frozenset(host for host, status in tuple(self._answers.items()) if status is not None)
