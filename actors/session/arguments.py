"""What a session is given, checked before anything is made of it: the types of all that is not a setting."""

from __future__ import annotations

import inspect
from pathlib import Path

from actors.session.folder_journal import FolderJournal
from contracts.checks import path_of, shown
from contracts.config import HeadlessConfiguration, Settings

_OF_CREDENTIALS = ("credentials", "saved_cookies")
_OF_A_JOURNAL = ("resumes", "open_epoch", "append", "replay", "tasks_in_hand", "results")


def check_headless(config: object) -> None:
    """Return when it is a `HeadlessConfiguration` (contract 4); raise TypeError otherwise."""
    if not isinstance(config, HeadlessConfiguration):
        raise TypeError(f"headless_config must be a HeadlessConfiguration, not {type(config).__name__}.")


def check_switch(value: object, name: str) -> bool:
    """Return True or False; raise TypeError for what only looks like one, such as "false"."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {shown(value)}.")
    return value


def check_callback(callback: object) -> None:
    """Return when it can be called and says at once what it has to say, or is None; raise TypeError otherwise."""
    if callback is None:
        return
    if not callable(callback):
        raise TypeError(f"progress_callback must be something to call, not {shown(callback)}.")
    called = getattr(callback, "__call__", None)  # noqa: B004 - its kind is asked for
    if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(called):
        raise TypeError("progress_callback must be a plain function: nothing here awaits an asynchronous one.")


def check_credentials(credentials: object) -> None:
    """Return when it is a source of credentials, or None; raise TypeError otherwise."""
    if credentials is not None and not _has(credentials, _OF_CREDENTIALS):
        raise TypeError(f"credentials must have the methods {' and '.join(_OF_CREDENTIALS)}.")


def check_opener(opener: object) -> None:
    """Return when it can be called, or is None; raise TypeError otherwise."""
    if opener is not None and not callable(opener):
        raise TypeError(f"open_resources must be something to call, not {shown(opener)}.")


def check_settings(settings: object) -> None:
    """Return when they are `Settings`, or None; raise TypeError otherwise."""
    if settings is not None and not isinstance(settings, Settings):
        raise TypeError(f"settings must be a Settings of contracts, not {type(settings).__name__}.")


def check_journal(journal: object) -> None:
    """Return when it is a path, a folder's journal, a journal, or None.

    Raises:
        TypeError: It is something else.
        ConfigurationError: It is an empty path.
    """
    if journal is None or isinstance(journal, FolderJournal) or _has(journal, _OF_A_JOURNAL):
        return
    if not isinstance(journal, str | Path):
        raise TypeError(f"journal must be a path, a journal or None, not {type(journal).__name__}.")
    path_of(journal, "journal")


def _has(given: object, names: tuple[str, ...]) -> bool:
    return not isinstance(given, type) and all(hasattr(given, name) for name in names)
