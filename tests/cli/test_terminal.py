"""Nothing that a terminal acts on reaches it, whichever way it comes, and no traceback shows a secret."""

from __future__ import annotations

import io
import logging
import os
import pty
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from rich.table import Table
from rich.text import Text

from actors.cli.logs import set_up_logging
from actors.cli.output import Output, console
from actors.cli.streams import HarmlessStream, SteadyStream, harmless
from actors.evidence import BLACK
from actors.worker.secrets import KnownSecrets
from contracts.ports import Credentials

ODD = {
    "escape": "\x1b[31m",
    "C1 control": "\x9b31m",
    "carriage return": "\r",
    "backspace": "\x08",
    "bell": "\x07",
    "null": "\0",
    "delete": "\x7f",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "bidi override": "\u202e",
    "bidi isolate": "\u2066",
    "direction mark": "\u200f",
    "zero width": "\u200b",
    "zero width joiner": "\u200d",
    "byte order mark": "\ufeff",
    "tag": "\U000e0041",
    "half a character": "\udc9b",
    "private": "\ue000",
}
ALL = "".join(ODD.values())
PASSWORD = "c4nary-P4ssw0rd"


def told(text: str) -> str:
    """Return what of a text a terminal may act on."""
    return "".join(one for one in text if one != "\n" and not one.isprintable())


@given(st.text() | st.text(ALL))
def test_harmless_text_is_printable_but_for_the_ends_of_its_lines(text: str) -> None:
    clean = harmless(text)
    assert told(clean) == ""
    assert clean.count("\n") == text.count("\n")
    assert all(unicodedata.category(one) != "Cf" for one in clean)


def test_ordinary_text_stays_as_it_is() -> None:
    text = "PO16928001: Größe 10\u20ac, 日本, a\u0301\nnext line"
    assert harmless(text) == text
    assert harmless("10\u00a0000\t\u20ac") == "10 000 \u20ac"


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_no_way_to_a_console_lets_it_through(odd: str) -> None:
    stream = io.StringIO()
    output = Output(console(stream), console(stream))
    for say in (output.warn, output.complain, output.tell, output.out.say):
        say(f"PO{odd}1")
    table = Table(title=f"t{odd}")
    table.add_column(f"h{odd}")
    table.add_row(Text(f"c{odd}"))
    output.out.print(table)
    output.out.print(f"plain{odd}")
    assert told(stream.getvalue()) == ""
    assert "PO" in stream.getvalue()


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_nothing_that_is_written_to_the_standard_streams_gets_through(odd: str) -> None:
    raw = io.StringIO()
    stream = HarmlessStream(SteadyStream(raw))
    print(f"error: {odd}", file=stream)
    assert told(raw.getvalue()) == ""
    assert raw.getvalue().startswith("error: ")


def test_colours_of_our_own_reach_a_terminal_and_those_of_others_do_not() -> None:
    raw = io.StringIO()
    stream = HarmlessStream(SteadyStream(raw))
    made = console(stream, force_terminal=True, color_system="standard", no_color=False)  # type: ignore[arg-type]
    made.say("mine \x1b[32mtheirs", "red")
    assert raw.getvalue().startswith("\x1b[31mmine \ufffd[32mtheirs")


WORDS = [
    ["run", "o\x1b[31m.csv"],
    ["run", "--bog\x1b[31mus"],
    ["run", "--workers", "\x1b[31m"],
    ["run", "o.csv", "--portal", "\x9b31m\u202e"],
    ["stat\x1b[31mus"],
    ["status", "no\u202esuch\x1b[31m"],
    ["retry", ".", "--status", "\x1b[31m"],
    ["verify", "\x1b]0;owned\x07"],
    ["resume", "\u2028x"],
    ["run", "o.csv", "--config", "c\x1b[31m.toml"],
]


@pytest.mark.parametrize("words", WORDS, ids=[repr(words) for words in WORDS])
def test_what_was_typed_is_told_harmlessly_on_a_real_terminal(words: list[str], tmp_path: Path) -> None:
    """Options, arguments and names of files, in the errors of the command and of its parser."""
    shown = on_a_terminal([sys.executable, "-m", "actors.cli.entry", *words], tmp_path)
    assert "rror" in shown
    for odd in ("\x1b[31m", "\x1b]", "\x9b", "\u202e", "\x07", "\u2028"):
        assert odd not in shown


@pytest.mark.parametrize("variable", ["PURSER_BASE_URL", "PURSER_BROWSER", "PURSER_WORKERS", "PURSER_LOGIN_HOSTS"])
def test_what_stands_in_a_variable_is_told_harmlessly(variable: str, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("po_number\nPO1\n")
    command = [sys.executable, "-m", "actors.cli.entry", "run", "o.csv"]
    shown = on_a_terminal(command, tmp_path, **{variable: "x\x1b[32my\u202e"})
    assert "error" in shown
    assert "\x1b[32m" not in shown
    assert "\u202e" not in shown


def on_a_terminal(command: list[str], place: Path, **variables: str) -> str:
    """Run a command on a terminal of its own and return what that gets."""
    ours, theirs = pty.openpty()
    try:
        root = Path(__file__).resolve().parents[2]
        environment = os.environ | {"PYTHONPATH": str(root), "PURSER_STATE_DIR": str(place / "state"), "TERM": "xterm"}
        process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=place, env=environment | variables
        )
    finally:
        os.close(theirs)
    parts: list[bytes] = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:
        pass  # the terminal's other end is closed: that is its end
    finally:
        os.close(ours)
    process.wait(60)
    return b"".join(parts).decode("utf-8", "surrogateescape")


# ------------------------------------------------------------------------------------------------------------ secrets


@pytest.fixture
def purser_log() -> Iterator[logging.Logger]:
    """The library's logger, as it was before afterwards."""
    logger = logging.getLogger("purser")
    before = (list(logger.handlers), logger.level, logger.propagate)
    yield logger
    logger.handlers, logger.level, logger.propagate = before


def _type(password: str) -> None:
    raise ValueError(f"the driver was killed over {len(password)} characters")


def test_a_traceback_shows_no_values_of_variables(purser_log: logging.Logger) -> None:
    stream = io.StringIO()
    set_up_logging(Output(console(stream), console(stream)), debug=True)
    credentials = Credentials("ann", PASSWORD)
    try:
        _type(credentials.password)
    except ValueError:
        purser_log.exception("it failed")
    assert "the driver was killed" in stream.getvalue()
    assert "in _type" in stream.getvalue(), "where it was is told"
    assert PASSWORD not in stream.getvalue()


def test_known_secrets_and_keys_in_addresses_are_in_no_record_and_on_no_stream(purser_log: logging.Logger) -> None:
    known = KnownSecrets()
    known.learn(Credentials("ann", PASSWORD))
    raw = io.StringIO()
    stream = HarmlessStream(SteadyStream(raw))
    made = console(stream)  # type: ignore[arg-type]  # a text stream to the console
    output = Output(made, made)
    set_up_logging(output, debug=True)
    purser_log.info("opened %s", f"https://p.example/o?access_token=abc1234&x={PASSWORD}#frag")
    output.complain(f"it says {PASSWORD}")
    output.tell(PASSWORD)
    print(f"Exception in thread: {PASSWORD}", file=stream)
    for secret in (PASSWORD, "abc1234", "frag"):
        assert secret not in raw.getvalue()
    assert raw.getvalue().count(BLACK) == 3
    assert "p.example/o" in raw.getvalue()
