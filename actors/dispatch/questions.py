"""Asks portals that have answered nothing yet, on threads of their own: no worker waits for one that is not there."""

from __future__ import annotations

import logging
from collections.abc import Callable

import attrs

from contracts.messages import PortalAsked
from contracts.ports import Fetcher

log = logging.getLogger("purser.dispatch")


def answer_of(make_fetcher: Callable[[], Fetcher], base_url: str) -> int | None:
    """Ask a portal's base once.

    Args:
        make_fetcher: Makes what asks; it is closed again.
        base_url: The portal's root.

    Returns:
        The HTTP status of its answer, or None when none came.
    """
    try:
        fetcher = make_fetcher()
        try:
            return fetcher.probe(base_url)
        finally:
            fetcher.close()
    except Exception as error:  # boundary: the fetcher; a question that could not be put counts as no answer
        log.warning("Asking whether %s answers raised %s.", base_url, type(error).__name__, exc_info=error)
        return None


@attrs.frozen
class PortalQuestions:
    """Puts questions to portals.

    Args:
        make_fetcher: Makes one fetcher a question.
        run_job: Runs one beside all work.
        tell: Told how each came back.
    """

    make_fetcher: Callable[[], Fetcher]
    run_job: Callable[[str, Callable[[], None]], None]
    tell: Callable[[PortalAsked], object]

    def ask(self, host: str, base_url: str, question: int) -> None:
        """Ask a portal's base; return at once."""

        def job() -> None:
            self.tell(PortalAsked(host, question, answer_of(self.make_fetcher, base_url)))

        try:
            self.run_job(f"ask-{host}", job)
        except RuntimeError as error:  # no thread can be started just now; the dispatcher asks again
            log.warning("%s could not be asked whether it answers: %s", host, error)
