"""What the dispatcher knows of each portal: its login and its circuit.

A circuit opens when the portal itself is in trouble. While it is open nobody is charged and nothing is handed out for
that host; one probe of the base address at a time finds out when to go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from actors.dispatch.first_answer import FirstAnswer
from contracts.backoff import backoff
from contracts.config import Timeouts
from contracts.durations import spoken
from contracts.errors import Blame
from contracts.messages import HostSession, LoginNeeded
from contracts.ports import Cookie

FAILURES_THAT_OPEN = 5
"""Different orders in a row that must fail before a circuit opens although the base answers."""
SECONDS_BETWEEN_LOGIN_QUESTIONS = 5.0
"""The login broker is asked again after this time; it may have died over the question."""


@attrs.define(eq=False)
class HostState:
    """One portal. Times are monotonic seconds.

    Args:
        host: Host and port.
        base_url: Its root, the target of probes.
        timeouts: Limits of probing.
    """

    host: str
    base_url: str
    timeouts: Timeouts
    first_answer: FirstAnswer = attrs.field(init=False)
    session: HostSession = attrs.field(init=False)
    failing: set[int] = attrs.field(factory=set, init=False)
    held_until: float = 0.0
    opened_at: float | None = None
    next_probe: float = 0.0
    probes: int = 0
    """Which wait for a probe this is since the circuit opened."""
    prober: str = ""
    login_pending: bool = False
    login_trouble_since: float | None = None
    ask_again_at: float = float("inf")
    first_login: int | None = None
    """Version of the first session that a login of this run brought, as far as this dispatcher knows."""
    proved_version: int = 0
    refused: str = ""
    refused_for: tuple[str, Blame] = ("AUTH_ERROR", Blame.AUTH)
    """Code and blame of the refusal."""
    is_unreachable: bool = False
    """Whether it was refused because it never answered, so that its orders have failed."""

    def __attrs_post_init__(self) -> None:
        self.session = HostSession(self.host)
        self.first_answer = FirstAnswer(self.timeouts.unreachable)

    @property
    def circuit_is_open(self) -> bool:
        """Whether the portal is in trouble."""
        return self.opened_at is not None

    @property
    def is_silent(self) -> bool:
        """Whether its orders wait because it has answered nothing in this run."""
        return self.first_answer.is_waited_for and not self.refused

    def admits(self, now: float, *, in_work: bool = False) -> bool:
        """Whether an order of this host may be handed out; `in_work` says whether one is in work."""
        if self.circuit_is_open or self.login_pending or self.refused or now < self.held_until:
            return False
        return self.first_answer.admits(in_work=in_work)

    def why_unreachable(self) -> str:
        """Say what was tried before it was given up, and what to do."""
        times = self.first_answer.times_asked
        seen = f"{self.first_answer.visit.rstrip('.')}. " if self.first_answer.visit else ""
        asked = "once" if times == 1 else f"{times} times"
        return (
            f"{self.host} did not answer anything within {spoken(self.timeouts.unreachable)}. {seen}"
            f"No answer came from {self.base_url}, which was asked {asked}. "
            "Check the address; if it is right, run `purser retry` when the portal can be reached."
        )

    def begin_batch(self) -> None:
        """Forget why it was given up: it may be back. A rejected login is remembered by the login broker."""
        self.refused, self.is_unreachable, self.login_trouble_since = "", False, None
        self.first_answer.begin()

    def open(self, session: HostSession) -> None:
        """Go on with a session, unless it is older than the one in hand."""
        if session.version < self.session.version:
            return
        if session.verified and session.version > 0 and self.first_login is None:
            # A login broker that came back may give a number again that a saved login had.
            shared = session.version == self.session.version and not self.session.verified
            self.first_login = session.version + shared
        known = (session.version, session.verified) == (self.session.version, self.session.verified)
        if not known or session.renewals >= self.session.renewals:
            self.session = session  # otherwise the login broker has not heard yet of what was renewed
        self.login_pending, self.login_trouble_since = False, None

    def renew(self, given: HostSession, renewed: tuple[Cookie, ...], now: float) -> bool:
        """Lay renewed cookies over those of the login in hand.

        Args:
            given: The login of the visit that brought them. Of an older login nothing is kept.
            renewed: What the portal set anew. One that has expired is dropped.
            now: The wall clock, seconds since the epoch.

        Returns:
            Whether anything is new.
        """
        if (given.version, given.verified) != (self.session.version, self.session.verified):
            return False
        before = {(one.name, one.domain, one.path): one for one in self.session.cookies}
        cookies = dict(before)
        for one in renewed:
            key = (one.name, one.domain, one.path)
            if one.expires is not None and one.expires <= now:
                cookies.pop(key, None)
            else:
                cookies[key] = one
        if cookies == before:
            return False
        self.session = attrs.evolve(self.session, cookies=tuple(cookies.values()), renewals=self.session.renewals + 1)
        return True

    def has_logged_in_for(self, version: int) -> bool:
        """Whether a login of this run brought that version; what a profile or a saved login brought may be old."""
        return self.first_login is not None and version >= self.first_login

    def note_success(self) -> None:
        """An order was read: the portal works."""
        self.failing.clear()

    def note_failure(self, sequence: int, portal_up: bool | None, now: float) -> bool:
        """An order failed by the portal's or the network's fault. Return whether the order is to be charged.

        It is not when the circuit is, or now becomes, open.
        """
        self.failing.add(sequence)
        if self.circuit_is_open:
            return False
        if portal_up is not True or len(self.failing) >= FAILURES_THAT_OPEN:
            self._open_circuit(now)
            return False
        return True

    def note_login_trouble(self, now: float) -> bool:
        """The portal was in trouble over a login, which is asked for again when its circuit is closed.

        Returns:
            Whether this has gone on for longer than anybody wants to wait, although the portal's base answers.
        """
        self.login_pending = False
        self.login_trouble_since = now if self.login_trouble_since is None else self.login_trouble_since
        if not self.circuit_is_open:
            self._open_circuit(now)
        return now - self.login_trouble_since >= self.timeouts.circuit_open

    def _open_circuit(self, now: float) -> None:
        self.opened_at = now
        self.probes = 0
        self._put_probe_off(now)

    def _put_probe_off(self, now: float) -> None:
        self.probes += 1
        times = self.timeouts
        self.next_probe = now + backoff(self.probes, first=times.circuit_probe_first, most=times.circuit_probe_max)

    def wants_probe(self, now: float) -> bool:
        """Whether it is time to ask the base address."""
        return self.circuit_is_open and not self.prober and now >= self.next_probe

    def note_probe(self, status: int | None, now: float) -> None:
        """The base address answered with `status`, or (None) not at all."""
        self.prober = ""
        if not self.circuit_is_open:
            return
        if status is not None and status < 500:
            self.opened_at = None
            self.failing.clear()
            return
        self._put_probe_off(now)

    def ask_for_login(self, now: float) -> LoginNeeded:
        """Return the question to the login broker, and note when to ask it again should it die over it."""
        self.login_pending = True
        self.ask_again_at = now + SECONDS_BETWEEN_LOGIN_QUESTIONS
        return LoginNeeded(self.host, self.session.version)

    def is_lost(self, now: float) -> bool:
        """Whether the circuit has been open for longer than anybody wants to wait."""
        return self.opened_at is not None and now - self.opened_at >= self.timeouts.circuit_open

    def next_due(self, now: float) -> float | None:
        """When this host needs a look."""
        times = [self.held_until] if self.held_until > now else []
        if not self.refused:
            times += [time for time in self.first_answer.times() if time > now]
        if self.login_pending:
            times.append(self.ask_again_at)
        if self.opened_at is not None:
            times.append(self.opened_at + self.timeouts.circuit_open)
            if not self.prober:
                times.append(self.next_probe)
        return min(times, default=None)


def reasons_to_wait(pauses: Mapping[str, str], hosts: Iterable[HostState], now: float) -> dict[str, str]:
    """Return every reason for which dispatch waits now, as a whole or for one host, by its key."""
    reasons = dict(pauses)
    for host in hosts:
        if host.login_pending:
            reasons[f"login {host.host}"] = f"logging in to {host.host}"
        if host.circuit_is_open:
            reasons[f"circuit {host.host}"] = f"{host.host} is in trouble; it is asked now and then whether it is back"
        if host.is_silent:
            reasons[f"silence {host.host}"] = f"{host.host} has not answered yet; it is asked every few seconds"
        if now < host.held_until:
            reasons[f"hold {host.host}"] = f"{host.host} asked to be left alone for a while"
    return reasons
