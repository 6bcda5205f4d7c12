"""What dispatch waits for: told to people while it lasts, written down when it begins and ends, and added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from actors.dispatch.hosts import HostState
from contracts.ports import JournalEntry, PauseBegan, PauseEnded
from contracts.status import PauseRecord


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


@attrs.define
class _Pause:
    text: str
    times: int = 0
    seconds: float = 0.0
    since: float | None = None


class PauseBook:
    """The account of one batch's pauses."""

    def __init__(self) -> None:
        self._known: dict[str, _Pause] = {}

    def begin(self, now: float) -> None:
        """Begin a new account; what lasts counts from now."""
        self._known = {key: _Pause(one.text, 1, 0.0, now) for key, one in self._known.items() if one.since is not None}

    def note(self, reasons: Mapping[str, str], now: float) -> tuple[JournalEntry, ...]:
        """Take in what dispatch waits for now; return what is to be written down."""
        changes: list[JournalEntry] = []
        for key, one in self._known.items():
            if one.since is not None and key not in reasons:
                one.seconds += now - one.since
                one.since = None
                changes.append(PauseEnded(key))
        for key, text in reasons.items():
            one = self._known.setdefault(key, _Pause(text))
            if one.since is None:
                one.text, one.since = text, now
                one.times += 1
                changes.append(PauseBegan(key, text))
        return tuple(changes)

    def lasting(self) -> tuple[str, ...]:
        """Return the texts of what dispatch waits for now."""
        return tuple(one.text for one in self._known.values() if one.since is not None)

    def records(self, now: float) -> tuple[PauseRecord, ...]:
        """Return the account as it stands."""
        return tuple(
            PauseRecord(
                text=one.text, times=one.times, seconds=one.seconds + (now - one.since if one.since is not None else 0)
            )
            for one in self._known.values()
        )
