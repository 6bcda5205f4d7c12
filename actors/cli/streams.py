"""The three standard streams, made to outlive whatever the shell did with them. Needs the standard library alone.

What is written to `sys.stdout` and `sys.stderr`, by whomever, is made harmless here: no terminal acts on it. Only the
consoles of `output.py` write past that, whose colours a terminal is to act on, and they make harmless what they show.

A stream that the shell closed gets a place of its own: else the next file that is opened takes its number, and what a
browser says on stderr is written into a journal. That nobody reads any longer is not an error. A disk that is
full is one: what was to be told is lost.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import unicodedata
from collections.abc import Callable
from typing import Any, TextIO, cast

# The reader has gone, or there was none: a closed pipe, a terminal that was hung up, a stream closed by the shell.
_NOBODY_READS = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO, errno.ECONNRESET})


def harmless(text: str) -> str:
    """Return `text` without anything that a terminal acts on or that nobody sees, but for the ends of its lines.

    That are control characters of both kinds, marks that turn the direction of what follows, separators of lines and
    paragraphs, characters without width, halves of characters. Spaces of other widths become plain ones.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(one if one == "\n" or one.isprintable() else _stand_in(one) for one in text)


def _stand_in(character: str) -> str:
    return " " if character == "\t" or unicodedata.category(character) == "Zs" else "\ufffd"


class SteadyStream:
    """A text stream that takes everything for good, whatever becomes of what is behind it.

    A closed terminal or pipe must end no run: the files matter more than the words.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None
        """Why words were lost that somebody waits for."""

    def write(self, text: str) -> int:
        """Write, or do nothing."""
        try:
            self._stream.write(text)
        except OSError as error:
            self._note(error)
        return len(text)

    def flush(self) -> None:
        """Flush, or do nothing."""
        try:
            self._stream.flush()
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        if error.errno not in _NOBODY_READS:
            self.lost = self.lost or error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _as_it_is(text: str) -> str:
    return text


class HarmlessStream:
    """A text stream that makes harmless what is written to it.

    Args:
        behind: Where it goes.
    """

    def __init__(self, behind: SteadyStream) -> None:
        self.behind = behind
        self.clean: Callable[[str], str] = _as_it_is
        """Takes out what must not be shown; set once there is something to hide."""

    def write(self, text: str) -> int:
        """Write what is left of it."""
        self.behind.write(harmless(self.clean(text)))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


class StandardStreams:
    """stdin, stdout and stderr of this process while a command runs. `settle` gives back what was there before."""

    def __init__(self) -> None:
        _fill_closed_numbers()
        self._before = (sys.stdout, sys.stderr)
        if sys.stdin is None:
            with contextlib.suppress(OSError):
                sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for good
        self.out = SteadyStream(_usable(sys.stdout, 1))
        self.err = SteadyStream(_usable(sys.stderr, 2))
        sys.stdout = cast("TextIO", HarmlessStream(self.out))
        sys.stderr = cast("TextIO", HarmlessStream(self.err))

    def settle(self) -> str:
        """Let go of both streams and return why words on stdout were lost, or nothing.

        Python would try once more at its end to write what could not be written, and spoil the exit code.
        """
        self.out.flush()
        lost = f"The output could not be written: {self.out.lost.strerror}." if self.out.lost else ""
        if lost:
            self.err.write(f"error: {lost} What went into files is whole.\n")
        self.err.flush()
        sys.stdout, sys.stderr = self._before
        for stream in self._before:
            _let_go(stream)
        return lost


def _fill_closed_numbers() -> None:
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):  # without a null device the stream stays closed
                opened = os.open(os.devnull, os.O_RDWR)
                if opened != number:
                    os.dup2(opened, number)
                    os.close(opened)
                os.set_inheritable(number, True)  # a browser must not find it closed either


def _usable(stream: TextIO | None, number: int) -> TextIO:
    """Return a stream that takes every character, also one that a terminal of another alphabet does not know."""
    if stream is None:
        try:
            return open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        except OSError:
            return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - kept to the end of the process
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream


def _let_go(stream: TextIO | None) -> None:
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
