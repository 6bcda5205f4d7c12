"""Typing a user name and a password into a login form, and sending it, where nobody else can get them.

The script `scripts/login.js` looks and types in one step, so that no page can put itself in between. What it finds
wrong it says in a word; what the words mean is said here.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from actors.browser.faults import PageReplacedError
from actors.browser.tab import Tab
from contracts.errors import AuthenticationError, LoginDivertedError, LoginRefusedError, SessionCorruptionError
from contracts.ports import Credentials, LeaseWatch, LoginForm

_WORLD = "purser-login"
_TRIES = 3
"""Documents in a row that may go away before anything is typed."""
_STEP = 0.05
_STEPS_TO_WAIT = 60
"""Looks at a button that the page has yet to switch on, for what was typed."""

_BY_HAND = "Log in by hand with `purser login`"
_REFUSALS = {
    "page": "it is on another host: {0}. If that is the identity provider of your company, name its host in "
    "login_hosts (https only)",
    "action": "its form would send what is typed elsewhere: {0}. If that is the identity provider of your company, "
    "name its host in login_hosts (https only)",
    "target": "its form opens another window or frame",
    "get": "its form would put the password into an address",
    "several": "its form asks for more than one password, as pages to register or to change a password do",
    "apart": "the fields for user name and password are not in one form",
    "changed": "it changed while the form was filled in",
}


class FormLogin:
    """One login with the form that a tab shows.

    Args:
        tab: The tab.
    """

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._world = 0

    def type(self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...]) -> None:
        """Type both into the form, if page and form belong to one of these origins.

        Args:
            form: Where to type.
            credentials: What to type.
            origins: Who may get it, each as `https://host:port`, the usual port left out.

        Raises:
            LoginRefusedError: It would go elsewhere. Nothing was sent.
            AuthenticationError: The fields are not on the page.
        """
        names = {"user": form.username_field, "password": form.password_field, "button": form.submit_button}
        typed = {"user": credentials.username, "password": credentials.password}
        given = ", ".join(json.dumps(one) for one in (list(origins), names, typed))
        for tries_left in reversed(range(_TRIES)):
            try:
                self._world = self._enter()
                self._tab.evaluate(_script(), "logging in", world=self._world)
                told = self._ask(f"type({given})")
                break
            except PageReplacedError:
                if not tries_left:
                    raise
        self._policy(told)

    def send(self, watch: LeaseWatch) -> None:
        """Send the form that was filled in, after another look at it.

        Raises:
            LoginRefusedError: It would go elsewhere by now. Nothing was sent.
            NetworkError: The watch's time is over.
        """
        for _ in range(_STEPS_TO_WAIT):
            try:
                told = self._ask("send()", gesture=True)
            except PageReplacedError:
                return  # the form sent itself after the last key
            if told[0] != "wait":
                self._policy(told)
                return
            watch.wait(_STEP)
        raise AuthenticationError(
            f"The login page does not let its form be sent: its button stays switched off. {_BY_HAND}."
        )

    def check(self) -> bool:
        """Say whether the page has set out for another one since.

        Raises:
            LoginRefusedError: The browser was kept from sending the form elsewhere.
            LoginDivertedError: The form's answer would have led elsewhere, and was not followed.
        """
        try:
            told = self._ask("told()")
        except PageReplacedError:
            return True
        self._policy(told)
        return told[0] == "leaving"

    # ------------------------------------------------------------------------------------------------- asking the page

    def _enter(self) -> int:
        answer = self._tab.command("Page.createIsolatedWorld", "logging in", frameId=self._tab.window, worldName=_WORLD)
        world = answer.get("executionContextId")
        if not isinstance(world, int):
            raise SessionCorruptionError("The driver gave no way into the login page.")
        return world

    def _ask(self, call: str, *, gesture: bool = False) -> tuple[str, str]:
        told: Any = self._tab.evaluate(f"purserLogin.{call}", "logging in", world=self._world, gesture=gesture)
        match told:
            case None:
                return "", ""
            case [str(kind), str(detail)]:
                return kind, detail
            case _:
                raise SessionCorruptionError("The driver gave an answer that cannot be read while logging in.")

    @staticmethod
    def _policy(told: tuple[str, str]) -> None:
        kind, detail = told
        match kind:
            case "" | "leaving":
                return
            case "fields":
                raise AuthenticationError(
                    "The login page has no field for the user name or the password where they were expected. "
                    f"{_BY_HAND}, or name the fields in the settings."
                )
            case "diverted":
                raise LoginDivertedError(
                    "The portal answered the login with a redirect to another host, which was not followed. If that "
                    f"host belongs to the login, name it in login_hosts (https only). Otherwise: {_BY_HAND.lower()}."
                )
            case _:
                why = _REFUSALS.get(kind, _REFUSALS["changed"]).format(detail)
                raise LoginRefusedError(
                    f"The login page gets neither user name nor password, since {why}. Nothing was sent. {_BY_HAND} if "
                    "the page is as it should be."
                )


def _script() -> str:
    return resources.files("actors.browser").joinpath("scripts", "login.js").read_text("utf-8").rstrip()
