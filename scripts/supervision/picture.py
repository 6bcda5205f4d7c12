"""How the demo looks while it runs: the supervision tree, the bar and the last events; or plain lines in a pipe."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from contracts.status import Progress, WorkerHealth, WorkerState
from scripts.supervision.events import Event, Events

_PLAIN_EVERY = 2.0
_MOST_EVENTS = 18
_FEWEST_EVENTS = 3
_OTHER_LINES = 13
_STYLES = {
    WorkerState.WORKING: "green",
    WorkerState.IDLE: "green",
    WorkerState.STARTING: "cyan",
    WorkerState.LOGGING_IN: "magenta",
    WorkerState.PROBING: "magenta",
    WorkerState.RESTARTING: "bold yellow",
    WorkerState.RETIRED: "bold red",
}


class View(Protocol):
    """Shows the demo."""

    def open(self) -> None:
        """Begin."""
        ...

    def show(self, progress: Progress, logins: int, elapsed: float) -> None:
        """Show it as it is after `elapsed` seconds."""
        ...

    def close(self) -> None:
        """End."""
        ...


def choose_view(console: Console, events: Events) -> View:
    """Return what fits the console."""
    return LiveView(console, events) if console.is_terminal else PlainView(console, events)


class LiveView:
    """The whole picture, redrawn in place."""

    def __init__(self, console: Console, events: Events) -> None:
        self._console = console
        self._events = events
        self._live = Live(console=console, auto_refresh=False)

    def open(self) -> None:
        """Begin to draw."""
        self._live.start()

    def show(self, progress: Progress, logins: int, elapsed: float) -> None:
        """Redraw."""
        room = max(_FEWEST_EVENTS, min(_MOST_EVENTS, self._console.height - _OTHER_LINES - len(progress.workers)))
        events: list[Event | None] = [*self._events.last()[-room:]]
        events += [None] * (room - len(events))
        self._live.update(picture(progress, logins, elapsed, events), refresh=True)

    def close(self) -> None:
        """Leave the last picture."""
        self._live.stop()


class PlainView:
    """A line for each event, and one for the progress now and then."""

    def __init__(self, console: Console, events: Events) -> None:
        self._console = console
        self._events = events
        self._said_at = 0.0
        self._said = ""

    def open(self) -> None:
        """Nothing to prepare."""

    def show(self, progress: Progress, logins: int, elapsed: float) -> None:
        """Print what is new."""
        del logins
        for event in self._events.unsaid():
            self._console.print(Text(str(event)), soft_wrap=True)
        if progress.total and (elapsed - self._said_at >= _PLAIN_EVERY or progress.finished):
            line = counts(progress)
            if line != self._said:
                self._console.print(Text(f"{elapsed:5.1f} s  progress   {line}"), soft_wrap=True)
                self._said = line
            self._said_at = elapsed

    def close(self) -> None:
        """Nothing to end."""


def counts(progress: Progress) -> str:
    """Return the progress in one line."""
    ended = progress.completed + progress.failed
    return f"{ended} of {progress.total} orders ended, {progress.active} in work, {progress.pending} waiting"


def picture(progress: Progress, logins: int, elapsed: float, events: Iterable[Event | None]) -> RenderableType:
    """Return everything; None stands for an empty line of the log."""
    bar = Table.grid(padding=(0, 1))
    ended = progress.completed + progress.failed
    bar.add_row(
        ProgressBar(total=max(1, progress.total), completed=ended, width=36),
        Text(f"{counts(progress)}, {elapsed:.0f} s"),
    )
    lines = [_event_line(event) if event is not None else Text() for event in events]
    return Group(
        Panel(_tree(progress, logins), title="supervision tree", title_align="left", border_style="dim"),
        bar,
        Panel(Group(*lines), title="log", title_align="left", border_style="dim"),
    )


def _event_line(event: Event) -> Text:
    style = "bold red" if event.room == "demo" else "yellow" if event.level >= logging.WARNING else ""
    return Text(str(event), style=style, no_wrap=True, overflow="ellipsis")


def _tree(progress: Progress, logins: int) -> Tree:
    alive = {thread.name for thread in threading.enumerate()}

    def actor(name: str, note: str = "") -> Text:
        lives = f"purser-{name}" in alive
        line = Text.assemble(("● " if lives else "○ ", "green" if lives else "dim"), (name, "bold" if lives else "dim"))
        return line.append(f"  {note}", style="dim") if note else line

    living = [worker for worker in progress.workers if f"purser-{worker.worker_id}" in alive]
    memory = sum(worker.memory_mb for worker in living)
    restarts = sum(worker.restarts for worker in progress.workers)
    ended = progress.completed + progress.failed
    root = Tree(actor("root", "one_for_one"), guide_style="dim")
    root.add(actor("reporter"))
    root.add(actor("login-broker", f"logins so far: {logins}"))
    engine = root.add(actor("engine", "rest_for_one"))
    engine.add(actor("dispatcher", "; ".join([f"{ended} ended, {progress.active} leased", *progress.pauses])))
    crew = engine.add(actor("crew", f"one_for_one, restarts: {restarts}"))
    for worker in progress.workers:
        crew.add(_worker(worker, actor(worker.worker_id)))
    engine.add(actor("monitor", f"{memory:.0f} MB in {len(living)} browsers"))
    return root


def _worker(worker: WorkerHealth, name: Text) -> Table:
    row = Table.grid(padding=(0, 2, 0, 0))
    for width in (12, 11, 13, 30, 7, 9):
        row.add_column(width=width, no_wrap=True, overflow="ellipsis")
    row.add_row(
        name,
        Text(worker.state.value, style=_STYLES.get(worker.state, "dim")),
        Text(f"generation {worker.generation}", style="yellow" if worker.generation > 1 else ""),
        Text(worker.activity if worker.po_number in worker.activity else f"{worker.po_number} {worker.activity}"),
        Text(f"{worker.memory_mb:.0f} MB" if worker.memory_mb else ""),
        Text(f"{worker.processed_count} ended"),
    )
    return row
