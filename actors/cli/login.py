"""`purser login`: a visible window in which a person logs in once, with a profile that later runs may use."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from actors.cli.logs import debugging, set_up_logging
from actors.cli.output import Output
from actors.cli.summary import ExitCode, explain
from actors.tables import read_environment
from contracts.checks import check_web_address
from contracts.config import HeadlessConfiguration
from contracts.durations import spoken
from contracts.errors import ConfigurationError, ParallelProcessingError

PATIENCE = 600.0
"""Seconds a person has to log in."""

InteractiveLogin = Callable[[str, HeadlessConfiguration, Path | None, float], Path]


def log_in(
    base_url: str | None,
    profile: Path | None,
    environment: Mapping[str, str],
    output: Output,
    interactive_login: InteractiveLogin | None = None,
) -> ExitCode:
    """Open a window and wait until the person has logged in.

    Args:
        base_url: The portal.
        profile: Where the profile goes; None keeps one for each host in the user's state folder.
        environment: `os.environ`, or anything like it.
        output: Where to talk to.
        interactive_login: Opens the window; the session's own when None.
    """
    set_up_logging(output, debug=debugging(environment))
    try:
        stated = read_environment(environment)
        settings = stated.settings()
        portal = _portal(base_url or settings.base_url)
        require_display(environment)
        windowed = stated.headless_configuration()
        browser = HeadlessConfiguration(
            False, windowed.browser, windowed.binary, windowed.driver, user_agent=windowed.user_agent
        )
        if interactive_login is None:
            # Imported here because it brings in the browser's libraries, which a wrong argument never needs.
            from actors.session.login import interactive_login as session_login  # noqa: PLC0415 - see above
            from actors.session.saved_logins import require_state_folder  # noqa: PLC0415 - see above

            require_state_folder()
            interactive_login = session_login
        output.tell(f"Log in to {portal} in the window that opens. You have {spoken(PATIENCE)}.")
        with _Ending():
            kept = interactive_login(portal, browser, profile or settings.profile, PATIENCE)
    except ConfigurationError as error:
        output.complain(str(error))
        return ExitCode.UNUSABLE
    except ParallelProcessingError as error:
        output.complain(explain(error))
        return ExitCode.NOT_FINISHED
    except KeyboardInterrupt:
        output.complain("Interrupted before the login was complete. Nothing is kept that a run could use.")
        return ExitCode.INTERRUPTED
    output.tell(f"Logged in. The login is kept in {kept}")
    if profile is None and settings.profile is None:
        output.tell(f"`purser run FILE.csv --base-url {portal}` uses it by itself.")
    else:
        output.tell(f"Use it with: purser run FILE.csv --base-url {portal} --profile {kept}")
    return ExitCode.SUCCESS


def _portal(stated: str | None) -> str:
    if not stated:
        raise ConfigurationError("No portal is given. Name it: purser login --base-url https://portal.example")
    return check_web_address(stated, "--base-url")


def require_display(environment: Mapping[str, str]) -> None:
    """Return when a window can be shown.

    Raises:
        ConfigurationError: There is no display.
    """
    if sys.platform in ("win32", "darwin"):
        return
    if not any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        raise ConfigurationError(
            "A login in a window needs a display, and there is none. Run it on a desktop and copy the profile, or set "
            "PURSER_USERNAME and PURSER_PASSWORD."
        )


class _Ending:
    """Makes SIGTERM and SIGHUP end the wait as Ctrl-C does, so that the browser is ended with it."""

    def __enter__(self) -> None:
        names = ("SIGTERM", "SIGHUP") if os.name == "posix" else ("SIGTERM",)
        self._before = {number: signal.getsignal(number) for number in (getattr(signal, name) for name in names)}
        for number in self._before:
            signal.signal(number, self._interrupt)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    @staticmethod
    def _interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
