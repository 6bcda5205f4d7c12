"""What time, people and the machine do in the world of `world.py`: pauses, groups that close, deadlines."""

from __future__ import annotations

from actors.leasing import KillWorker
from tests.leasing.checks import GROUPS, PAUSES, CheckedWorld


class TimedWorld(CheckedWorld):
    """Moves that no worker makes."""

    def _pause(self, pick: int) -> None:
        key, until = PAUSES[pick // 2 % 2], self.now + pick % 30 if pick % 2 else None
        self.leasing.pause(key, key, until)
        self.pauses[key] = until

    def _resume(self, pick: int) -> None:
        self.leasing.resume(PAUSES[pick % 2])
        self.pauses.pop(PAUSES[pick % 2], None)

    def _stop(self, _pick: int) -> None:
        self.leasing.stopping = "enough"

    def _begin(self, _pick: int) -> None:
        """Begin another batch."""
        self.leasing.stopping = ""
        self.book.begin(self.now)
        self.waits.begin()

    def _close(self, pick: int) -> None:
        self.closed.add(GROUPS[pick % 2])

    def _open(self, pick: int) -> None:
        self.closed.discard(GROUPS[pick % 2])

    def _wait(self, pick: int) -> None:
        times = [time for time in self.leasing.times() if time > self.now]
        before, self.now = self.now, min(times) if times and pick % 2 else self.now + pick % 25
        self.waits.pass_time(self.now - before)
        self.pauses = {key: end for key, end in self.pauses.items() if end is None or end > self.now}
        for charges in self.charges.values():
            charges.until = charges.until if charges.until is not None and charges.until > self.now else None
        for slot in self.slots.values():
            if slot.due is not None and slot.due <= self.now:
                expired = "not done within" if slot.expires_at <= self.now else "no activity for"
                slot.killed = "asking took too long" if slot.duty else expired
                self.seen["overdue duty"] += bool(slot.duty)
                self.owed.append(KillWorker(slot.name, slot.generation, slot.killed))
        self.leasing.pass_time(self.now)
