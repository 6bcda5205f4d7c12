"""The queue against a list that is sorted anew each time, whatever is added, delayed, suspected and taken out."""

from __future__ import annotations

import random

import pytest

from actors.leasing import Task, TaskQueue
from contracts.tasks import TaskHandle

GROUPS = ("red", "blue")
OPEN = (frozenset(GROUPS), frozenset({"red"}), frozenset({"blue"}), frozenset[str]())

KINDS = ("add", "delay", "suspect", "remove", "wake", "take", "drain")
WEIGHTS = (2, 2, 2, 3, 1, 1, 1)


def _task(number: int, pick: int) -> Task:
    return Task(handle=TaskHandle(number, f"T{number}"), kind="letter", group=GROUPS[pick % 2], priority=pick // 2 % 3)


class Model:
    """The same, told plainly."""

    def __init__(self) -> None:
        self.ready: list[tuple[bool, int, int, str]] = []
        self.delayed: list[tuple[float, tuple[bool, int, int, str]]] = []
        self.suspects: list[tuple[bool, int, int, str]] = []

    def in_order(self) -> list[tuple[bool, int, int, str]]:
        """Return all that waits, in order."""
        return sorted([*self.ready, *(key for _, key in self.delayed), *self.suspects])

    def drop(self, gone: set[int]) -> None:
        """Forget these."""
        self.ready = [key for key in self.ready if key[2] not in gone]
        self.delayed = [one for one in self.delayed if one[1][2] not in gone]
        self.suspects = [key for key in self.suspects if key[2] not in gone]


@pytest.mark.parametrize("tens", range(10))
def test_the_queue_is_what_a_sorted_list_would_be(tens: int) -> None:
    for seed in range(40 * tens, 40 * tens + 40):
        play_queue(seed)


def play_queue(seed: int) -> None:
    """Play steps by chance, and compare after each."""
    chance = random.Random(seed)
    steps = [(what, chance.randrange(1000)) for what in chance.choices(KINDS, WEIGHTS, k=40)]
    queue, model = TaskQueue(), Model()
    tasks: dict[int, Task] = {}
    now = 0.0
    for what, pick in steps:
        task = _task(len(tasks), pick)
        last = pick % 5 == 0
        key = (last, -task.priority, task.key, task.group)
        match what:
            case "add":
                queue.add(task, last=True) if last else queue.add(task)
                model.ready.append(key)
            case "delay":
                queue.delay(task, now + pick % 7, **({"last": True} if last else {}))
                model.delayed.append((now + pick % 7, key))
            case "suspect":
                queue.suspect(task)
                model.suspects.append((False, *key[1:]))
            case "remove" if model.in_order():
                gone = model.in_order()[pick % len(model.in_order())][2]
                queue.remove(tasks[gone])
                model.drop({gone})
            case "wake":
                now += pick % 5
                queue.wake(now)
                model.ready += [one for until, one in model.delayed if until <= now]
                model.delayed = [one for one in model.delayed if one[0] > now]
            case "take":
                admitted = OPEN[pick % 4]
                first = min((one for one in model.ready if one[3] in admitted), default=None)
                assert queue.take(admitted.__contains__) == (first[2] if first is not None else None)
                model.drop({first[2]} if first is not None else set())
            case "drain":
                group = (None, *GROUPS)[pick % 3]
                expected = [one[2] for one in model.in_order() if group in (None, one[3])]
                assert list(queue.drain(group)) == expected
                model.drop(set(expected))
        if what in ("add", "delay", "suspect"):
            tasks[task.key] = task
        _compare(queue, model)


def _compare(queue: TaskQueue, model: Model) -> None:
    assert len(queue) == len(model.in_order())
    assert queue.next_due() == min((until for until, _ in model.delayed), default=None)
    for group in GROUPS:
        assert queue.waits_for(group) == any(key[3] == group for key in model.in_order())
    for admitted in OPEN:
        first = min(model.suspects, default=None)
        is_due = first is not None and not model.ready and not model.delayed and first[3] in admitted
        assert queue.next_suspect(admitted.__contains__) == (first[2] if first is not None and is_due else None)
