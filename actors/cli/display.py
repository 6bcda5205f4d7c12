"""How a run looks while it goes: a live picture on a terminal, a plain line now and then anywhere else.

Everything shown comes from one frozen `Progress`; nothing here asks an actor.
"""

from __future__ import annotations

from typing import Protocol

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from actors.cli.output import Output, SteadyConsole, printable
from actors.session.reports import remaining
from contracts.status import Progress, WorkerHealth, WorkerState

_PLAIN_EVERY = 2.0
_STATE_STYLES = {
    WorkerState.WORKING: "green",
    WorkerState.STARTING: "cyan",
    WorkerState.RESTARTING: "yellow",
    WorkerState.LOGGING_IN: "magenta",
    WorkerState.PROBING: "magenta",
    WorkerState.RETIRED: "red",
}


class Display(Protocol):
    """Shows a run."""

    def open(self) -> None:
        """Begin."""
        ...

    def show(self, progress: Progress, elapsed: float) -> None:
        """Show the run as it is after `elapsed` seconds. Called several times a second."""
        ...

    def close(self) -> None:
        """End, leaving the last picture."""
        ...


def clock(seconds: float) -> str:
    """Return seconds as `m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counts_line(progress: Progress, elapsed: float) -> str:
    """Return the run in one line."""
    left = remaining(progress, elapsed)
    ended = progress.completed + progress.failed
    return (
        f"{ended} of {progress.total} done, {progress.failed} failed, {progress.active} active, "
        f"{clock(elapsed)} elapsed, " + (f"about {clock(left)} left" if left is not None else "time left not known yet")
    )


def notes(progress: Progress) -> list[str]:
    """Return why the run waits, a line each."""
    paused = [f"paused: {printable(reason)}" for reason in progress.pauses]
    return paused + [f"waiting until {printable(host)} answers again" for host in progress.circuits_open]


def picture(progress: Progress, elapsed: float) -> RenderableType:
    """Return the live picture: the bar, the counts, a line a worker and what the run waits for."""
    ended = progress.completed + progress.failed
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=max(1, progress.total), completed=ended, width=40),
        Text(counts_line(progress, elapsed)),
    )
    parts: list[RenderableType] = [bar]
    if progress.workers:
        parts.append(_workers(progress.workers))
    parts.extend(Text(note, style="yellow") for note in notes(progress))
    return Group(*parts)


def _workers(workers: tuple[WorkerHealth, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading, side in (("worker", "left"), ("state", "left"), ("order", "left"), ("doing", "left")):
        table.add_column(heading, justify="left" if side == "left" else "right", no_wrap=True, overflow="ellipsis")
    for heading in ("memory", "done", "restarts"):
        table.add_column(heading, justify="right", no_wrap=True)
    for worker in workers:
        table.add_row(
            Text(printable(worker.worker_id, 20)),
            Text(worker.state.value, style=_STATE_STYLES.get(worker.state, "")),
            Text(printable(worker.po_number, 24)),
            Text(printable(worker.activity, 32)),
            Text(f"{worker.memory_mb:.0f} MB" if worker.memory_mb else "-"),
            Text(str(worker.processed_count)),
            Text(str(worker.restarts), style="yellow" if worker.restarts else ""),
        )
    return table


class LiveDisplay:
    """A picture that is redrawn in place."""

    def __init__(self, console: SteadyConsole) -> None:
        self._live = Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)

    def open(self) -> None:
        """Begin to draw."""
        self._live.start()

    def show(self, progress: Progress, elapsed: float) -> None:
        """Redraw."""
        self._live.update(picture(progress, elapsed), refresh=True)

    def close(self) -> None:
        """Leave the last picture and give the cursor back."""
        self._live.stop()


class PlainDisplay:
    """A line when something has changed, at most every two seconds, for logs and pipes."""

    def __init__(self, console: SteadyConsole) -> None:
        self._console = console
        self._last = Progress()
        self._said: tuple[object, ...] = ()
        self._said_at = -_PLAIN_EVERY
        self._elapsed = 0.0

    def open(self) -> None:
        """Nothing to prepare."""

    def show(self, progress: Progress, elapsed: float) -> None:
        """Print a line if there is news and the last one is long enough ago."""
        self._last, self._elapsed = progress, elapsed
        if progress.total and elapsed - self._said_at >= _PLAIN_EVERY:
            self._say()

    def close(self) -> None:
        """Print the last line, unless it has been printed."""
        if self._last.total:
            self._say()

    def _say(self) -> None:
        last = self._last
        news = (last.completed, last.failed, last.pauses, last.circuits_open)
        if news == self._said:
            return
        self._said, self._said_at = news, self._elapsed
        self._console.say("; ".join([counts_line(last, self._elapsed), *notes(last)]))


class NoDisplay:
    """Shows nothing."""

    def open(self) -> None:
        """Nothing."""

    def show(self, progress: Progress, elapsed: float) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def choose_display(output: Output) -> Display:
    """Return the display that fits where stderr goes."""
    if output.quiet:
        return NoDisplay()
    return LiveDisplay(output.err) if output.err.is_terminal else PlainDisplay(output.err)
