"""Portals that have answered nothing yet: asked beside all work as long as something waits for them, or given up."""

from __future__ import annotations

from actors.dispatch.effects import AskPortal
from actors.dispatch.lease_book import LeaseBook
from contracts.messages import PortalAsked
from contracts.ports import JournalledTask, JournalState

MOST_QUESTIONS = 64
"""Hosts that are asked at once."""


class SilentHosts:
    """Looks after them.

    Args:
        book: Every open task and lease.
    """

    def __init__(self, book: LeaseBook) -> None:
        self._book = book

    def on_asked(self, event: PortalAsked, now: float) -> None:
        """A question came back, with or without an answer."""
        host = self._book.hosts.get(event.host)
        if host is not None and event.status is not None:
            self._book.note_answer(host)
        elif host is not None:
            host.first_answer.note_answer(event.question, None, now)

    def look(self, now: float) -> None:
        """Ask those whose time it is, and give up those that were silent for too long."""
        if self._book.leasing.stopping:
            return
        silent = [host for host in self._book.hosts.values() if not (host.first_answer.has_come or host.refused)]
        asked = sum(host.first_answer.is_asked for host in silent)
        for host in silent:
            host.first_answer.pass_time(now)
            if host.first_answer.is_given_up(now):
                self._book.give_up_silent(host)
            elif (
                asked < MOST_QUESTIONS
                and host.first_answer.wants_question(now)
                and self._book.leasing.queue.waits_for(host.host)
            ):
                asked += 1
                self._book.effects.append(AskPortal(host.host, host.base_url, host.first_answer.ask(now)))


def answered_in(state: JournalState) -> frozenset[str]:
    """Return the hosts of open tasks that have answered: a visit was charged, or a file was kept."""
    return frozenset(known.order.host for known in state.open_tasks if _was_answered(known))


def _was_answered(known: JournalledTask) -> bool:
    return bool(known.attempts > known.order.task.retry_count or known.kept or known.publishing)
