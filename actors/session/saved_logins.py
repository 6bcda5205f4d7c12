"""Logins that a person made with `purser login`: one folder a host, in the user's state folder, mode 0700.

A folder holds the browser's profile, and its cookies beside it, since a profile does not keep those that end with the
browser.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from pathlib import Path

import attrs
import platformdirs

from actors.addresses import authority_of
from actors.filing.labels import folder_label
from actors.processes.runfile import runs_folder
from contracts.errors import ConfigurationError
from contracts.ports import Cookie

log = logging.getLogger("purser.session")

STATE_VARIABLE = "PURSER_STATE_DIR"
COOKIES = "cookies.json"
PROFILE = "profile"


def state_folder() -> Path:
    """Return the folder where this user's runs and logins are kept: `PURSER_STATE_DIR`, else the system's place.

    Raises:
        ConfigurationError: The user has no home, as in a container that runs under a number without a name.
    """
    chosen = os.environ.get(STATE_VARIABLE)
    if chosen:
        return Path(chosen)
    nameless = (
        "This user has no home folder to keep runs and logins in. "
        f"Name a folder for them: {STATE_VARIABLE}=/path/of/a/folder"
    )
    try:
        usual = Path(platformdirs.user_state_path("purser"))
    except (RuntimeError, KeyError) as error:
        raise ConfigurationError(nameless) from error
    if not usual.is_absolute():  # some versions hand back the tilde, and a folder of that name would be made
        raise ConfigurationError(nameless)
    return usual


def require_state_folder() -> Path:
    """Return the state folder, made if it is missing and tried out.

    Raises:
        ConfigurationError: There is none, or it cannot be written; the message names the way out.
    """
    folder = state_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in (folder, runs_folder(folder)):  # another user's earlier run may own the inner one
            if place.is_dir():
                trial = place / f".{secrets.token_hex(4)}.trial"
                os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
                trial.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"The folder {str(folder)!r}, where runs and logins are kept, cannot be written: "
            f"{error.strerror or error}. Name another one: {STATE_VARIABLE}=/path/of/a/folder"
        ) from error
    return folder


def login_folder(host: str) -> Path:
    """Return where the login of a host is kept, whether or not there is one yet."""
    return state_folder() / "logins" / folder_label(host.lower(), 80)


def host_of(base_url: str) -> str:
    """Return host and port of an address."""
    return authority_of(base_url)


def save_cookies(folder: Path, cookies: tuple[Cookie, ...]) -> None:
    """Write cookies down for this user alone."""
    with os.fdopen(os.open(folder / COOKIES, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)  # one that is there already keeps the mode it has
        json.dump([attrs.asdict(cookie) for cookie in cookies], file)


def load_cookies(host: str) -> tuple[Cookie, ...]:
    """Return the cookies kept for a host; none when there are none or they cannot be read."""
    try:
        kept = json.loads((login_folder(host) / COOKIES).read_text())
        return tuple(Cookie(**cookie) for cookie in kept)
    except (FileNotFoundError, ConfigurationError):
        return ()
    except (OSError, ValueError, TypeError) as error:
        log.warning("The saved login of %s cannot be read (%s). Run `purser login` again.", host, type(error).__name__)
        return ()
