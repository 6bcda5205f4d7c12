"""What work waits for: told to people while it lasts, written down when it begins and ends, and added up."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from contracts.ports import JournalEntry, PauseBegan, PauseEnded
from contracts.status import PauseRecord


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
        """Take in what work waits for now; return what is to be written down."""
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
        """Return the texts of what work waits for now."""
        return tuple(one.text for one in self._known.values() if one.since is not None)

    def records(self, now: float) -> tuple[PauseRecord, ...]:
        """Return the account as it stands."""
        return tuple(
            PauseRecord(
                text=one.text, times=one.times, seconds=one.seconds + (now - one.since if one.since is not None else 0)
            )
            for one in self._known.values()
        )
