"""Seals: what this user wrote down on this machine is told from what somebody else prepared.

A download folder may be copied, lent and prepared by anybody, and afterwards belong to whoever has the copy. So what a
run wrote down about itself carries a keyed hash of its text. The key lies in the user's state folder, for this user
alone. Whoever has the folder without the key can change nothing that still counts as this user's own word.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actors.filing.lock import alone
from actors.folders.keeping import keeps_nobody_out, untrusted
from actors.session.saved_logins import STATE_VARIABLE, state_folder
from contracts.errors import ConfigurationError

log = logging.getLogger("purser.session")

KEY = "seal.key"
_BYTES = 32


def seal_of(text: str) -> str:
    """Return the seal of a text, as hex digits. The first one makes the key.

    Raises:
        ConfigurationError: The key cannot be made or read, or is not this user's own.
    """
    path = state_folder() / KEY
    try:
        if not os.path.lexists(path):
            _make(path)
        why = untrusted(path)
        key = b"" if why else path.read_bytes()
        if not why and keeps_nobody_out(path):
            _warn(path)
    except OSError as error:
        raise ConfigurationError(
            f"The file {path}, by which this user's runs are known again, cannot be written: "
            f"{error.strerror or error}. Name another folder: {STATE_VARIABLE}=/path/of/a/folder"
        ) from error
    if len(key) != _BYTES:
        raise ConfigurationError(
            f"The file {path} {why or 'holds no key'}. Remove it; then name your portal once more when you go on "
            "with a run."
        )
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@functools.cache
def _warn(path: Path) -> None:
    """Warn once: of what stands there everybody may make his own word."""
    log.warning(
        "%s lies on a file system that cannot keep others out of it. Name another folder: %s=/path/of/a/folder",
        path,
        STATE_VARIABLE,
    )


def is_sealed(text: str, seal: str) -> bool:
    """Whether a seal is this user's own, of just this text. Makes no key."""
    try:
        if not os.path.lexists(state_folder() / KEY):
            return False
        return hmac.compare_digest(seal_of(text).encode(), seal.encode("utf-8", "surrogatepass"))
    except ConfigurationError:
        return False


def sealed(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told, in terms of JSON, with its seal. Raises as `seal_of`."""
    return {**told, "seal": seal_of(_as_text(told))}


def is_own(told: object) -> bool:
    """Whether this is something that `sealed` returned to this user."""
    if not isinstance(told, dict) or not isinstance(told.get("seal"), str):
        return False
    return is_sealed(_as_text({key: value for key, value in told.items() if key != "seal"}), told["seal"])


def _as_text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def _make(path: Path) -> None:
    """Make the key, unless another program of this user's was quicker: then its key is everybody's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(path.with_name(f"{KEY}.lock")):
        if os.path.lexists(path):
            return
        draft = path.with_name(f"{KEY}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
