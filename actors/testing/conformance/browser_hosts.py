"""What every `BrowserHost` keeps: a browser lives until it is killed, and what lives is not forgotten."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from actors.testing.conformance.beside import Beside
from actors.testing.conformance.raising import raised
from actors.testing.conformance.watch import EndlessWatch
from contracts.errors import BrowserDiedError
from contracts.ports import Browser, BrowserHost, Control, Cookie, Credentials, LoginForm, Owner


@attrs.frozen
class HeldPage:
    """A page that a browser is held at, until it is killed.

    Args:
        url: Its address.
        wait_asked: Waits up to so many seconds until a browser is held there; whether one is.
    """

    url: str
    wait_asked: Callable[[float], bool]


def calls(browser: Browser, page: str, into: Path) -> Mapping[str, Callable[[], object]]:
    """Return every call that is of no use without a browser, by its name.

    Args:
        browser: Whose calls.
        page: An address.
        into: An empty folder.
    """
    control, watch = Control("a", 0), EndlessWatch()
    form, credentials = LoginForm("#user", "#password", "#go"), Credentials("ann", "sesame")
    return {
        "open": lambda: browser.open(page),
        "read": browser.read,
        "press": lambda: browser.press(control),
        "make_ready": browser.make_ready,
        "screenshot": browser.screenshot,
        "cookies": browser.cookies,
        "adopt_cookies": lambda: browser.adopt_cookies((Cookie("version", "1", "portal.example"),)),
        "download_by_click": lambda: browser.download_by_click(control, into, watch, 1000),
        "download_by_address": lambda: browser.download_by_address(page, into, watch, 1000),
        "submit_login": lambda: browser.submit_login(form, credentials, (page,), watch),
    }


class BrowserHostSuite:
    """Tests of a `contracts.ports.BrowserHost`. They launch five browsers in all.

    Fixtures to give:
        host: The host, new for each test and without a browser. Close it when the test has ended.
        page: An address that its browsers can open, as text.
        held_page: A `HeldPage` of it.
    """

    owner = Owner("conformance-1", 1)
    other = Owner("conformance-2", 1)
    patience = 30.0
    """Seconds after which anything that was waited for has failed."""
    knows_memory = True
    """Whether the host can know what a browser takes. Where it cannot, as with stubs, it says 0."""

    def test_an_owner_that_is_unknown_is_gone_and_nothing_happens_to_it(self, host: BrowserHost) -> None:
        host.kill(self.owner)
        assert host.wait_gone(self.owner, 0.0), "nobody of that name was ever started"
        host.forget(self.owner)
        assert host.memory(self.owner) == 0
        assert host.live_owners() == ()

    def test_a_browser_lives_until_it_is_killed_and_its_next_generation_does_after_it(
        self, host: BrowserHost, page: str
    ) -> None:
        browser = host.launch(self.owner)
        assert browser.open(page).is_new, "a browser is ready for its first page"
        self._lives(host, browser)
        assert not host.wait_gone(self.owner, 0.0), "it lives, so it is not gone"
        self._lives(host, browser)
        host.forget(self.owner)
        self._lives(host, browser)
        assert browser.open(page).is_new, "what lives is not forgotten, and works as before"
        self._kill(host, self.owner)
        assert not browser.is_alive(), "it was killed"
        assert host.memory(self.owner) == 0, "what is gone takes no memory"
        assert host.live_owners() == (), "it was killed"
        self._raises_in_every_call(browser, page)
        host.kill(self.owner)  # nothing happens
        assert host.wait_gone(self.owner, 0.0)
        host.forget(self.owner)
        host.forget(self.owner)  # nothing happens
        later = Owner(self.owner.worker, self.owner.generation + 1)
        successor = host.launch(later)
        for _ in range(2):
            host.kill(self.owner)
            host.forget(self.owner)
        assert host.live_owners() == (later,), "a kill is for one generation"
        assert successor.open(page).is_new, "a kill is for one generation"
        self._kill(host, later)
        host.forget(later)

    def test_a_kill_frees_whoever_is_in_a_call_of_the_browser(self, host: BrowserHost, held_page: HeldPage) -> None:
        browser = host.launch(self.owner)
        caller = Beside(lambda: browser.open(held_page.url))
        assert held_page.wait_asked(self.patience), "the page was not asked for"
        host.kill(self.owner)
        error = caller.error(self.patience)
        assert isinstance(error, BrowserDiedError), f"a killed browser's call raises BrowserDiedError, not {error!r}"
        assert host.wait_gone(self.owner, self.patience)
        host.forget(self.owner)

    def test_browsers_are_told_in_the_order_of_their_starts_and_end_one_by_one_or_all_together(
        self, host: BrowserHost, page: str
    ) -> None:
        second, first = host.launch(self.other), host.launch(self.owner)
        assert host.live_owners() == (self.other, self.owner)
        self._kill(host, self.other)
        assert host.live_owners() == (self.owner,), "another's kill ends nobody else"
        assert first.open(page).is_new, "another's kill ends nobody else"
        assert host.close() == (), "nothing lives on"
        assert host.live_owners() == ()
        assert host.wait_gone(self.owner, 0.0)
        assert not first.is_alive()
        assert not second.is_alive()
        self._starts_nothing(host)

    def test_a_host_that_was_closed_starts_nothing(self, host: BrowserHost) -> None:
        assert host.close() == (), "nothing was started"
        self._starts_nothing(host)

    # ------------------------------------------------------------------------------------------------------- helpers

    def _lives(self, host: BrowserHost, browser: Browser) -> None:
        assert browser.is_alive()
        assert host.live_owners() == (self.owner,)
        memory = host.memory(self.owner)
        assert (memory > 0) is self.knows_memory, f"a browser that lives takes memory, where that is known: {memory}"

    def _kill(self, host: BrowserHost, owner: Owner) -> None:
        host.kill(owner)
        assert host.wait_gone(owner, self.patience), f"{owner} was killed, and lives on"

    def _raises_in_every_call(self, browser: Browser, page: str) -> None:
        with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
            for name, call in calls(browser, page, Path(folder)).items():
                raised(BrowserDiedError, call, f"{name} of a browser that was killed")

    def _starts_nothing(self, host: BrowserHost) -> None:
        later = Owner(self.owner.worker, self.owner.generation + 9)
        raised(BrowserDiedError, lambda: host.launch(later), "launch after close")
        assert host.live_owners() == (), "a host that was closed starts nothing"
