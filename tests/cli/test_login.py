"""`purser login` opens a visible window for one portal and says what it kept, or why it could not."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from actors.cli.login import PATIENCE, log_in
from actors.cli.summary import ExitCode
from contracts.config import HeadlessConfiguration
from contracts.errors import AuthenticationError, BrowserNotFoundError
from tests.cli.fakes import Heard

DESKTOP = {"DISPLAY": ":0"}


class Window:
    """Stands for the window; keeps what it was asked."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.asked: tuple[Any, ...] = ()

    def __call__(self, base_url: str, headless: HeadlessConfiguration, profile: Path | None, timeout: float) -> Path:
        self.asked = (base_url, headless.headless, profile, timeout)
        if self.error:
            raise self.error
        return profile or Path("/state/p.example")


def test_the_window_is_visible_and_the_kept_profile_is_named() -> None:
    heard, window = Heard(), Window()
    assert log_in("https://p.example", None, DESKTOP, heard.output, window) is ExitCode.SUCCESS
    assert window.asked == ("https://p.example", False, None, PATIENCE)
    assert "/state/p.example" in heard.out
    assert "uses it by itself" in heard.out


def test_a_profile_of_ones_own_is_handed_on() -> None:
    window = Window()
    log_in("https://p.example", Path("/mine"), DESKTOP, Heard().output, window)
    assert window.asked[2] == Path("/mine")


@pytest.mark.parametrize(
    ("url", "environment", "message"),
    [
        (None, DESKTOP, "--base-url"),
        ("portal", DESKTOP, "http or https"),
        ("https://me:secret@p.example", DESKTOP, "must not carry"),
        ("https://p.example", {}, "needs a display"),
    ],
)
def test_what_is_missing_exits_2_and_opens_nothing(url: str | None, environment: dict[str, str], message: str) -> None:
    heard, window = Heard(), Window()
    assert log_in(url, None, environment, heard.output, window) is ExitCode.UNUSABLE
    assert message in heard.err
    assert "secret" not in heard.err
    assert window.asked == ()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BrowserNotFoundError("None."), ExitCode.UNUSABLE),
        (AuthenticationError("Nobody logged in within 10 minutes."), ExitCode.NOT_FINISHED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
    ],
)
def test_a_login_that_does_not_come_about_says_so(error: BaseException, code: ExitCode) -> None:
    heard = Heard()
    assert log_in("https://p.example", None, DESKTOP, heard.output, Window(error)) is code
    assert heard.err.startswith("error: ")
    assert "Logged in" not in heard.out


def test_sigterm_ends_the_wait_as_ctrl_c_does_and_the_handler_is_put_back() -> None:
    """So that the window's owner gets to end it."""
    before = signal.getsignal(signal.SIGTERM)

    def window(*_: object) -> Path:
        signal.raise_signal(signal.SIGTERM)
        return Path("/never")

    assert log_in("https://p.example", None, DESKTOP, Heard().output, window) is ExitCode.INTERRUPTED
    assert signal.getsignal(signal.SIGTERM) is before
