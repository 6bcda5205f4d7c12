"""The order of work: ready tasks by (priority, sequence) for each group, delayed ones by time, suspects last and alone.

A requeued task keeps its sequence number, so it goes back to its own place (invariant 6).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from actors.leasing.tasks import Task

_Key = tuple[bool, int, int]


def _key(task: Task, *, last: bool = False) -> _Key:
    return (last, -task.priority, task.key)


class TaskQueue:
    """Holds the keys of tasks that wait. Every operation costs at most the logarithm of what waits.

    A task that is taken out where it stands stays in its heap until its turn comes, and is passed over then.
    """

    def __init__(self) -> None:
        self._ready: dict[str, list[_Key]] = {}
        self._delayed: list[tuple[float, _Key, str]] = []
        self._suspects: list[tuple[_Key, str]] = []
        self._removed: set[int] = set()

    def add(self, task: Task, *, last: bool = False) -> None:
        """Queue a task in its place, or behind all others."""
        heapq.heappush(self._ready.setdefault(task.group, []), _key(task, last=last))

    def delay(self, task: Task, until: float, *, last: bool = False) -> None:
        """Queue a task in its place or behind all others, but not before `until`."""
        heapq.heappush(self._delayed, (until, _key(task, last=last), task.group))

    def suspect(self, task: Task) -> None:
        """Keep a task for the end, when it runs alone."""
        heapq.heappush(self._suspects, (_key(task), task.group))

    def remove(self, task: Task) -> None:
        """Take a task that waits out of the line."""
        self._removed.add(task.key)
        self._trim()

    def wake(self, now: float) -> None:
        """Make every task ready whose delay is over."""
        while self._delayed and self._delayed[0][0] <= now:
            _, key, group = heapq.heappop(self._delayed)
            heapq.heappush(self._ready.setdefault(group, []), key)
        self._trim()

    def _trim(self) -> None:
        """Drop what was taken out and stands first; whatever is looked at first is then really there."""
        if not self._removed:
            return
        for group in list(self._ready):
            while self._ready[group] and self._ready[group][0][-1] in self._removed:
                self._removed.discard(heapq.heappop(self._ready[group])[-1])
            if not self._ready[group]:
                del self._ready[group]
        while self._delayed and self._delayed[0][1][-1] in self._removed:
            self._removed.discard(heapq.heappop(self._delayed)[1][-1])
        while self._suspects and self._suspects[0][0][-1] in self._removed:
            self._removed.discard(heapq.heappop(self._suspects)[0][-1])

    def waits_for(self, group: str) -> bool:
        """Whether a task of that group waits."""
        gone = self._removed
        delayed = any(of_group == group and key[-1] not in gone for _, key, of_group in self._delayed)
        suspected = any(of_group == group and key[-1] not in gone for key, of_group in self._suspects)
        return group in self._ready or delayed or suspected

    def take(self, admits: Callable[[str], bool]) -> int | None:
        """Take the first ready task among the groups that `admits` lets through; None when there is none."""
        best = min(((keys[0], group) for group, keys in self._ready.items() if admits(group)), default=None)
        if best is None:
            return None
        _, group = best
        key = heapq.heappop(self._ready[group])
        if not self._ready[group]:
            del self._ready[group]
        self._trim()
        return key[-1]

    def next_suspect(self, admits: Callable[[str], bool]) -> int | None:
        """Return the first suspect, once no other task waits; None before that."""
        if self._ready or self._delayed or not self._suspects or not admits(self._suspects[0][1]):
            return None
        return self._suspects[0][0][-1]

    def drop_suspect(self) -> None:
        """Take the suspect that `next_suspect` returned."""
        heapq.heappop(self._suspects)
        self._trim()

    def next_due(self) -> float | None:
        """When the next delayed task becomes ready."""
        return self._delayed[0][0] if self._delayed else None

    def drain(self, of_group: str | None = None) -> Iterator[int]:
        """Take every waiting task, or those of one group, in order."""
        taken: list[_Key] = []
        for group in [group for group in self._ready if of_group in (None, group)]:
            taken += self._ready.pop(group)
        taken += [key for _, key, group in self._delayed if of_group in (None, group)]
        taken += [key for key, group in self._suspects if of_group in (None, group)]
        self._delayed = [entry for entry in self._delayed if of_group not in (None, entry[2])]
        self._suspects = [entry for entry in self._suspects if of_group not in (None, entry[1])]
        heapq.heapify(self._delayed)
        heapq.heapify(self._suspects)
        removed = self._removed.intersection(key[-1] for key in taken)
        self._removed -= removed
        self._trim()  # what stood behind the taken ones may stand first now
        return (key[-1] for key in sorted(taken) if key[-1] not in removed)

    def __len__(self) -> int:
        """Count what waits."""
        waiting = sum(map(len, self._ready.values())) + len(self._delayed) + len(self._suspects)
        return waiting - len(self._removed)
