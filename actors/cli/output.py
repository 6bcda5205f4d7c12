"""Where the command's words go: results for programs and people on stdout, everything else on stderr.

What comes from files and pages is made harmless before a terminal sees it, and a terminal that goes away ends no run.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TextIO, cast

import attrs
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from actors.cli.streams import HarmlessStream, SteadyStream, harmless
from actors.evidence.addresses import in_text
from actors.worker.secrets import hidden_by_all

_LONGEST = 200
_NARROWEST = 40


class SteadyConsole(Console):
    """A console that prints what it is given as it is, but for what a terminal would act on and for known secrets."""

    def say(self, text: str, style: str = "") -> None:
        """Print one piece of text: no markup, no emphasis, no breaking of lines."""
        self.print(Text(hidden_by_all(text), style=style), soft_wrap=True)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the pieces of whatever is shown. Everything passes here: lines, tables and the live picture."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(harmless(piece.text), piece.style)


def printable(text: str, longest: int = _LONGEST) -> str:
    """Return `text` as one line without anything that a terminal would act on, cut to `longest` characters."""
    clean = harmless(text).replace("\n", "\ufffd")
    return clean if len(clean) <= longest else clean[: longest - 1] + "\u2026"


def command_line(command: str, folder: Path) -> str:
    """Return a command that a person may copy: `purser resume 'my orders'`."""
    return shlex.join(["purser", command, str(folder)])


def console(stream: TextIO, **more: Any) -> SteadyConsole:
    """Return a console on `stream` that outlives its reader. `more` goes to rich's `Console`."""
    behind = SteadyStream(stream)
    if isinstance(stream, HarmlessStream):
        stream.clean, behind = hidden_by_all, stream.behind
    made = SteadyConsole(file=cast("IO[str]", behind), highlight=False, **more)
    if made.width < _NARROWEST:
        # A terminal or a variable that says 0 columns would have every word cut off.
        made.width = _NARROWEST
    return made


@attrs.frozen(eq=False)
class Output:
    """The two consoles of a command.

    Args:
        out: stdout.
        err: stderr.
        quiet: Only what is wrong is told.
        json: stdout gets one JSON document and nothing else.
    """

    out: SteadyConsole
    err: SteadyConsole
    quiet: bool = False
    json: bool = False

    @classmethod
    def standard(cls, *, quiet: bool = False, json: bool = False) -> Output:
        """Return the output of this process."""
        return cls(console(sys.stdout), console(sys.stderr), quiet, json)

    def warn(self, text: str) -> None:
        """Tell something odd on stderr."""
        self.err.say(f"warning: {in_text(text)}", "yellow")

    def complain(self, text: str) -> None:
        """Tell what is wrong on stderr."""
        self.err.say(f"error: {in_text(text)}", "bold red")

    def tell(self, text: str) -> None:
        """Tell how it went: on stdout for people, on stderr when stdout is for a program, nowhere when quiet."""
        if not self.quiet:
            (self.err if self.json else self.out).say(text)

    def document(self, text: str) -> None:
        """Print the one JSON document."""
        self.out.file.write(text + "\n")
        self.out.file.flush()
