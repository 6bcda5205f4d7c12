"""The worker's shell serves any work whose process can be killed by its owner; here it is one that reads documents."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import attrs
import pytest

from actors.worker.shell import Reports, Shell
from contracts.errors import SessionCorruptionError


@attrs.frozen
class Page:
    """A duty: read this page of a document."""

    number: int


@attrs.frozen
class PageRead:
    """What came of it."""

    number: int
    text: str


class Reader:
    """Reads with a process of its own, which answers each line with itself, as long as it lives."""

    def __init__(self) -> None:
        echo = "import sys\nfor line in sys.stdin: print(line.strip(), flush=True)"
        self.process = subprocess.Popen(
            [sys.executable, "-c", echo], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.closed = 0

    def perform(self, duty: Page, tell: Callable[[PageRead], object]) -> bool:
        """Have the process read it; an empty page proves nothing."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(f"text of {duty.number}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise SessionCorruptionError("The reader is gone.") from None
        text = self.process.stdout.readline().strip()
        if not text:
            raise SessionCorruptionError("The reader is gone.")
        tell(PageRead(duty.number, text))
        return duty.number > 0

    def check_alive(self) -> None:
        """Look at the process."""
        if self.process.poll() is not None:
            raise SessionCorruptionError("The reader ended by itself.")

    def close(self) -> None:
        """Count it."""
        self.closed += 1


@attrs.define(eq=False)
class Heard:
    """What a shell reported, in its order."""

    all: list[object] = attrs.field(factory=list)

    def reports(self) -> Reports[PageRead]:
        """Return what notes it."""
        return Reports(lambda: self.all.append("ready"), lambda: self.all.append("stable"), self.all.append)


def test_it_reports_ready_what_comes_of_each_duty_and_once_that_it_is_of_use() -> None:
    heard, reader = Heard(), Reader()
    shell: Shell[Page, PageRead] = Shell(lambda: reader, heard.reports())
    shell.start()
    for number in (0, 1, 2):
        shell.perform(Page(number))
    shell.look()
    assert heard.all == [
        "ready", PageRead(0, "text of 0"), PageRead(1, "text of 1"), "stable", PageRead(2, "text of 2"),
    ]  # fmt: skip
    reader.process.kill()
    reader.process.communicate()


def test_a_kill_by_whoever_owns_the_process_ends_the_generation_idle_or_at_work() -> None:
    heard, reader = Heard(), Reader()
    shell: Shell[Page, PageRead] = Shell(lambda: reader, heard.reports())
    shell.start()
    reader.process.kill()
    reader.process.wait()
    with pytest.raises(SessionCorruptionError, match="ended by itself"):
        shell.look()
    with pytest.raises(SessionCorruptionError, match="gone"):
        shell.perform(Page(1))
    assert heard.all == ["ready"]
    shell.close()
    assert reader.closed == 1
    reader.process.communicate()


def test_one_that_did_not_start_reports_nothing_takes_no_duty_and_has_nothing_to_close() -> None:
    heard = Heard()

    def fail() -> Reader:
        raise OSError("no reader")

    shell: Shell[Page, PageRead] = Shell(fail, heard.reports())
    with pytest.raises(OSError, match="no reader"):
        shell.start()
    with pytest.raises(SessionCorruptionError, match="before it had started"):
        shell.perform(Page(1))
    shell.look()
    shell.close()
    assert heard.all == []


def test_it_knows_no_portals_and_no_browsers() -> None:
    """Beside the contracts it imports nothing of ours."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import actors.worker.shell, sys; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    ours = {name for name in loaded.stdout.split() if name.split(".")[0] == "actors"}
    assert ours == {"actors", "actors.worker", "actors.worker.shell"}
