"""Where a host's user name and password come from: the environment, then the system's keyring. Never an argument."""

from __future__ import annotations

import logging
import os

import keyring
import keyring.errors

from actors.session.saved_logins import load_cookies
from actors.worker.secrets import KnownSecrets
from contracts.ports import Cookie, Credentials, CredentialSource

log = logging.getLogger("purser.session")

USERNAME_VARIABLE = "PURSER_USERNAME"
PASSWORD_VARIABLE = "PURSER_PASSWORD"  # noqa: S105 - a variable's name
KEYRING_SERVICE = "purser"


class SystemCredentials:
    """Implements `contracts.ports.CredentialSource`.

    The variables belong to one host: the base URL's, or the only host of the batch. A password never goes to a host
    that merely happens to stand in the CSV. For other hosts the keyring is asked, with service `purser:<host>`.

    Args:
        own_host: The host the variables belong to; empty when there is no such host.
    """

    def __init__(self, own_host: str) -> None:
        self._own_host = own_host.lower()

    def belong_to(self, own_host: str) -> None:
        """Say whose the variables are from now on; empty when nobody's."""
        self._own_host = own_host.lower()

    def credentials(self, host: str) -> Credentials | None:
        """Return what to log in to `host` with, or None."""
        username = os.environ.get(USERNAME_VARIABLE, "")
        password = os.environ.get(PASSWORD_VARIABLE, "")
        if username and password and self._own_host and host.lower() == self._own_host:
            return Credentials(username, password)
        try:
            found = keyring.get_credential(f"{KEYRING_SERVICE}:{host}", username or None)
        except keyring.errors.KeyringError as error:
            log.debug("no keyring: %s", error)
            return None
        return Credentials(found.username, found.password) if found is not None else None

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        """Return the cookies that `purser login` kept for `host`."""
        return load_cookies(host)


class NotedCredentials:
    """Implements `contracts.ports.CredentialSource`: another source, whose answers are shown nowhere from then on.

    Args:
        source: Who answers.
        secrets: Where it is noted. The environment's password is from the beginning.
    """

    def __init__(self, source: CredentialSource, secrets: KnownSecrets) -> None:
        self._source = source
        self._secrets = secrets
        if password := os.environ.get(PASSWORD_VARIABLE):
            secrets.learn(Credentials("", password))

    def credentials(self, host: str) -> Credentials | None:
        """Return what to log in to `host` with, or None."""
        found = self._source.credentials(host)
        self._secrets.learn(found)
        return found

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        """Return the cookies of a login made by hand, or none."""
        found = self._source.saved_cookies(host)
        self._secrets.learn_cookies(found)
        return found
