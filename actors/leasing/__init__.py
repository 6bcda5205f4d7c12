"""Who works on what, how often, and what a failure costs: pure, and for any kind of task.

A task is known by a key and a kind, stands in line with a group (what may be held back as one) and a priority, and is
worked on under a *lease*: the right of one owner, a generation of a worker slot, to work on it once. Whatever comes
back names its lease whole; a lease that is not in hand any more changes nothing. That is the fence.

A failure carries a blame, and each blame has a budget of its own: what is the task's or the outside's fault costs an
attempt, a browser that was lost costs a crash, the machine's trouble costs nothing. A task that cost two browsers runs
alone and last, one that cost three is quarantined, so that a poisoned task cannot burn the crew.

Nothing here does I/O or knows the time: it comes with each call. What is to be done is handed to `emit`, in order. A
policy stands over this for each kind of work: it says what a task's end means and when a group may be worked on.
"""

from __future__ import annotations

from actors.leasing.effects import (
    ExcuseLoss as ExcuseLoss,
    KillWorker as KillWorker,
    LeasingEffect as LeasingEffect,
    NoteTaskEnded as NoteTaskEnded,
    RecycleWorker as RecycleWorker,
)
from actors.leasing.leases import Leasing as Leasing, Loss as Loss
from actors.leasing.pauses import PauseBook as PauseBook
from actors.leasing.queue import TaskQueue as TaskQueue
from actors.leasing.tasks import Budgets as Budgets, Grant as Grant, Spent as Spent, Task as Task
from actors.leasing.workers import CrewView as CrewView, LeaseState as LeaseState, WorkerView as WorkerView
