"""The order of work: ready tasks by (priority, sequence) for each host, delayed ones by time, suspects last and alone.

A requeued task keeps its sequence number, so it goes back to its own place (invariant 6).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from contracts.tasks import Order

_Key = tuple[bool, int, int]


def _key(order: Order, *, last: bool = False) -> _Key:
    return (last, -order.task.priority, order.handle.sequence)


class TaskQueue:
    """Holds the sequence numbers of tasks that wait. Every operation costs at most the logarithm of what waits."""

    def __init__(self) -> None:
        self._ready: dict[str, list[_Key]] = {}
        self._delayed: list[tuple[float, _Key, str]] = []
        self._suspects: list[tuple[_Key, str]] = []

    def add(self, order: Order, *, last: bool = False) -> None:
        """Queue a task in its place, or behind all others."""
        heapq.heappush(self._ready.setdefault(order.host, []), _key(order, last=last))

    def delay(self, order: Order, until: float, *, last: bool = False) -> None:
        """Queue a task in its place or behind all others, but not before `until`."""
        heapq.heappush(self._delayed, (until, _key(order, last=last), order.host))

    def suspect(self, order: Order) -> None:
        """Keep a task for the end, when it runs alone."""
        heapq.heappush(self._suspects, (_key(order), order.host))

    def wake(self, now: float) -> None:
        """Make every task ready whose delay is over."""
        while self._delayed and self._delayed[0][0] <= now:
            _, key, host = heapq.heappop(self._delayed)
            heapq.heappush(self._ready.setdefault(host, []), key)

    def waits_for(self, host: str) -> bool:
        """Whether a task of that host waits."""
        delayed = any(of_host == host for _, _, of_host in self._delayed)
        return host in self._ready or delayed or any(of_host == host for _, of_host in self._suspects)

    def take(self, admits: Callable[[str], bool]) -> int | None:
        """Take the first ready task among the hosts that `admits` lets through; None when there is none."""
        best = min((keys[0], host) for host, keys in self._ready.items() if admits(host)) if self._any(admits) else None
        if best is None:
            return None
        _, host = best
        key = heapq.heappop(self._ready[host])
        if not self._ready[host]:
            del self._ready[host]
        return key[-1]

    def _any(self, admits: Callable[[str], bool]) -> bool:
        return any(admits(host) for host in self._ready)

    def next_suspect(self, admits: Callable[[str], bool]) -> int | None:
        """Return the first suspect, once no other task waits; None before that."""
        if self._ready or self._delayed or not self._suspects or not admits(self._suspects[0][1]):
            return None
        return self._suspects[0][0][-1]

    def drop_suspect(self) -> None:
        """Take the suspect that `next_suspect` returned."""
        heapq.heappop(self._suspects)

    def next_due(self) -> float | None:
        """When the next delayed task becomes ready."""
        return self._delayed[0][0] if self._delayed else None

    def drain(self, of_host: str | None = None) -> Iterator[int]:
        """Take every waiting task, or those of one host, in order."""
        taken: list[_Key] = []
        for host in [host for host in self._ready if of_host in (None, host)]:
            taken += self._ready.pop(host)
        taken += [key for _, key, host in self._delayed if of_host in (None, host)]
        taken += [key for key, host in self._suspects if of_host in (None, host)]
        self._delayed = [entry for entry in self._delayed if of_host not in (None, entry[2])]
        self._suspects = [entry for entry in self._suspects if of_host not in (None, entry[1])]
        heapq.heapify(self._delayed)
        heapq.heapify(self._suspects)
        return (key[-1] for key in sorted(taken))

    def __len__(self) -> int:
        """Count what waits."""
        return sum(map(len, self._ready.values())) + len(self._delayed) + len(self._suspects)
