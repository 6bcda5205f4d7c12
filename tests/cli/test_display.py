"""What is shown while a run goes: lines and pictures made from a snapshot, safe for the terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from actors.cli.display import LiveDisplay, NoDisplay, PlainDisplay, choose_display, clock, counts_line
from actors.cli.logs import set_up_logging
from actors.cli.output import printable
from actors.session.reports import remaining
from contracts.status import Progress
from tests.cli.fakes import Heard

HALF = Progress(total=40, completed=9, failed=1, active=4, pending=26)


def test_a_line_tells_counts_time_and_what_is_left() -> None:
    assert counts_line(HALF, 30.0) == "10 of 40 done, 1 failed, 4 active, 0:30 elapsed, about 1:30 left"


def test_nothing_is_promised_before_the_first_order_has_ended() -> None:
    assert remaining(Progress(total=4, pending=4), 10.0) is None
    assert remaining(Progress(total=9, completed=5, pending=4, resumed=5), 10.0) is None
    assert remaining(Progress(total=9, completed=7, pending=2, resumed=5), 10.0) == 10.0
    assert "not known yet" in counts_line(Progress(total=4, pending=4), 10.0)


@given(st.integers(1, 10**6), st.data(), st.floats(0, 10**6))
def test_what_is_left_is_never_negative_and_nothing_at_the_end(total: int, data: st.DataObject, elapsed: float) -> None:
    ended = data.draw(st.integers(1, total))
    left = remaining(Progress(total=total, completed=ended, pending=total - ended), elapsed)
    assert left is not None
    assert left >= 0
    assert (left == 0) or ended < total


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3600, "1:00:00"), (-1, "0:00")])
def test_seconds_are_shown_as_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_plain_lines_come_at_most_every_two_seconds_only_with_news_and_once_at_the_end() -> None:
    heard = Heard()
    display = PlainDisplay(heard.output.err)
    display.open()
    display.show(Progress(), 0.0)
    display.show(HALF, 0.1)
    display.show(Progress(total=40, completed=11, pending=29), 1.0)
    display.show(Progress(total=40, completed=12, pending=28), 2.2)
    display.show(Progress(total=40, completed=12, pending=28), 9.0)
    display.show(Progress(total=40, completed=40), 10.0)
    display.show(Progress(total=40, completed=40), 10.1)
    display.close()
    assert [line.split(",")[0] for line in heard.err.splitlines()] == [
        "10 of 40 done",
        "12 of 40 done",
        "40 of 40 done",
    ]


def test_the_last_line_is_told_however_soon_it_comes() -> None:
    heard = Heard()
    display = PlainDisplay(heard.output.err)
    display.show(HALF, 0.0)
    display.show(Progress(total=40, completed=40), 0.5)
    display.close()
    assert heard.err.splitlines()[-1].startswith("40 of 40 done")


def test_a_pause_is_told_with_its_reason() -> None:
    heard = Heard()
    display = PlainDisplay(heard.output.err)
    display.show(Progress(total=1, pending=1, pauses=("disk full",), circuits_open=("p.example",)), 0.0)
    assert "paused: disk full; waiting until p.example answers again" in heard.err


def test_the_display_fits_where_it_goes() -> None:
    assert isinstance(choose_display(Heard(terminal=True).output), LiveDisplay)
    assert isinstance(choose_display(Heard().output), PlainDisplay)
    assert isinstance(choose_display(Heard(terminal=True, quiet=True).output), NoDisplay)


@given(st.text(), st.integers(1, 50))
def test_nothing_that_a_terminal_acts_on_gets_through(text: str, longest: int) -> None:
    shown = printable(text, longest)
    assert shown.isprintable()
    assert len(shown) <= longest


def test_markup_in_a_message_is_shown_and_not_obeyed() -> None:
    heard = Heard()
    heard.output.complain("[bold]PO1[/nonsense]")
    assert heard.err == "error: [bold]PO1[/nonsense]\n"


@pytest.fixture
def purser_log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("purser")
    before = (list(logger.handlers), logger.level, logger.propagate)
    yield logger
    logger.handlers, logger.level, logger.propagate = before


def _boom() -> None:
    raise ValueError("boom")


def _log_a_failure() -> None:
    try:
        _boom()
    except ValueError:
        logging.getLogger("purser.test").exception("it failed for %s", "PO\x1b[2J1")


def test_a_log_record_is_one_harmless_line_without_a_traceback(purser_log: logging.Logger) -> None:
    heard = Heard()
    set_up_logging(heard.output, debug=False)
    purser_log.info("not told")
    _log_a_failure()
    assert heard.err == "error: it failed for PO\ufffd[2J1\n"


def test_debugging_tells_everything(purser_log: logging.Logger) -> None:
    heard = Heard()
    set_up_logging(heard.output, debug=True)
    purser_log.debug("told")
    _log_a_failure()
    assert "told" in heard.err
    assert "Traceback" in heard.err


def test_a_quiet_run_tells_no_warnings(purser_log: logging.Logger) -> None:
    heard = Heard(quiet=True)
    set_up_logging(heard.output, debug=False)
    purser_log.warning("not told")
    purser_log.error("told")
    assert heard.err == "error: told\n"
