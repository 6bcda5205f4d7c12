"""A password goes to its own host and to no other."""

from __future__ import annotations

from pathlib import Path

import keyring
import keyring.errors
import pytest
from keyring.credentials import SimpleCredential

from actors.session.credentials import SystemCredentials
from actors.session.saved_logins import state_folder
from contracts.errors import ConfigurationError
from contracts.ports import Credentials

OWN = "portal.example"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str | None]]:
    """A keyring that knows one other host, credentials in the environment, and the questions asked."""
    questions: list[tuple[str, str | None]] = []

    def get_credential(service: str, username: str | None) -> SimpleCredential | None:
        questions.append((service, username))
        return SimpleCredential("ann", "kept") if service == "purser:other.example" else None

    monkeypatch.setattr(keyring, "get_credential", get_credential)
    monkeypatch.setenv("PURSER_USERNAME", "user")
    monkeypatch.setenv("PURSER_PASSWORD", "secret")
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path))
    return questions


def test_the_environments_password_is_for_the_own_host(asked: list[tuple[str, str | None]]) -> None:
    assert SystemCredentials(OWN).credentials(OWN) == Credentials("user", "secret")
    assert SystemCredentials("PORTAL.example").credentials("portal.EXAMPLE") == Credentials("user", "secret")
    assert asked == []


@pytest.mark.parametrize(
    "host",
    ["stranger.example", f"{OWN}.stranger.example", f"sub.{OWN}", f"{OWN}:8443", "ortal.example", ""],
)
def test_no_other_host_gets_the_environments_password(asked: list[tuple[str, str | None]], host: str) -> None:
    assert SystemCredentials(OWN).credentials(host) is None


def test_without_an_own_host_nobody_gets_it(asked: list[tuple[str, str | None]]) -> None:
    assert SystemCredentials("").credentials(OWN) is None
    assert SystemCredentials("").credentials("") is None


def test_other_hosts_are_looked_up_in_the_keyring(asked: list[tuple[str, str | None]]) -> None:
    assert SystemCredentials(OWN).credentials("other.example") == Credentials("ann", "kept")
    assert [service for service, _ in asked] == ["purser:other.example"]


@pytest.mark.parametrize("missing", ["PURSER_USERNAME", "PURSER_PASSWORD"])
def test_half_a_login_in_the_environment_is_none(
    asked: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)
    assert SystemCredentials(OWN).credentials(OWN) is None


def test_a_machine_without_a_keyring_has_no_login(
    asked: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(service: str, username: str | None) -> None:
        raise keyring.errors.NoKeyringError("none here")

    monkeypatch.setattr(keyring, "get_credential", refuse)
    assert SystemCredentials(OWN).credentials("other.example") is None


def test_a_secret_is_never_shown() -> None:
    assert "secret" not in repr(Credentials("user", "secret"))
    assert "user" not in repr(Credentials("user", "secret")).replace("username", "")


def test_a_host_without_a_saved_login_has_no_cookies(asked: list[tuple[str, str | None]]) -> None:
    assert SystemCredentials(OWN).saved_cookies(OWN) == ()


@pytest.mark.parametrize("told", ["~/.local/state/purser", RuntimeError("No home."), KeyError("HOME")], ids=repr)
def test_a_user_without_a_home_is_told_to_name_a_folder(told: str | Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def user_state_path(_name: str) -> str:
        if isinstance(told, Exception):
            raise told
        return told

    monkeypatch.delenv("PURSER_STATE_DIR")
    monkeypatch.setattr("platformdirs.user_state_path", user_state_path)
    with pytest.raises(ConfigurationError, match="PURSER_STATE_DIR="):
        state_folder()
