"""The suite of browser hosts notices a host that breaks a promise."""

from __future__ import annotations

import threading

import pytest

from actors.testing import StubBrowser, StubBrowserHost
from actors.testing.conformance import BrowserHostSuite, HeldPage
from contracts.errors import BrowserDiedError
from contracts.ports import Browser, Owner, PageSnapshot
from tests.conformance.bugs import falls

HELD = "https://portal.example/held"


class Sound(StubBrowserHost):
    """A host without a bug."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        super().__init__(self._at)

    def _at(self, owner: Owner, url: str) -> None:
        if url == HELD:
            self.asked.set()
            self.hold_there(owner)

    def hold_there(self, owner: Owner) -> None:
        """Hold it."""
        self.hold(owner)

    def memory(self, owner: Owner) -> int:
        """Each browser takes some."""
        return 1000 if self.is_alive(owner) else 0


class KillDoesNothing(Sound):
    """It ends nobody."""

    def kill(self, owner: Owner) -> None:
        pass


class KillsTheSlot(Sound):
    """It ends whatever generation there is."""

    def kill(self, owner: Owner) -> None:
        for one in self.live_owners():
            if one.worker == owner.worker:
                super().kill(one)


class SaysGoneAtOnce(Sound):
    """It proves nothing."""

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        return True


class KillsWhileItWaits(Sound):
    """It ends what is only asked after."""

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        self.kill(owner)
        return super().wait_gone(owner, timeout)


class ForgetsTheLiving(Sound):
    """It loses sight of what lives."""

    def forget(self, owner: Owner) -> None:
        self._live.pop(owner, None)


class StumblesOverStrangers(Sound):
    """It expects to know everybody."""

    def forget(self, owner: Owner) -> None:
        self._killed.remove(owner)


class LeavesThemHanging(Sound):
    """It frees nobody."""

    def hold_there(self, owner: Owner) -> None:
        threading.Event().wait(2.0)
        super().hold_there(owner)


class Undead(StubBrowser):
    """Its calls go on."""

    def read(self, patience: float = 0.0) -> PageSnapshot:
        return self._shown


class LaunchesTheUndead(Sound):
    """Its browsers answer when they are gone."""

    def launch(self, owner: Owner) -> StubBrowser:
        super().launch(owner)
        return Undead(owner, self)


class StartsAfterTheEnd(Sound):
    """It is never closed."""

    def close(self) -> tuple[Owner, ...]:
        super().close()
        self._closed = False
        return ()


class LeavesThemAlone(Sound):
    """It ends nobody when it is closed."""

    def close(self) -> tuple[Owner, ...]:
        self._closed = True
        return ()


class MixesThemUp(Sound):
    """It tells them by name."""

    def live_owners(self) -> tuple[Owner, ...]:
        return tuple(sorted(super().live_owners(), key=lambda one: one.worker))


class WeighsNothing(Sound):
    """It looks at the memory of nobody."""

    def memory(self, owner: Owner) -> int:
        return 0


class WeighsTheDead(Sound):
    """It goes on counting what is gone."""

    def memory(self, owner: Owner) -> int:
        return 1000


class WrongError(Sound):
    """It raises what nobody expects."""

    def launch(self, owner: Owner) -> Browser:  # type: ignore[override]  # the port's own type
        try:
            return super().launch(owner)
        except BrowserDiedError as error:
            raise RuntimeError(str(error)) from error


def run(kind: type[Sound], *, knows_memory: bool = True) -> list[str]:
    """Run the suite over a host."""
    suite = BrowserHostSuite()
    suite.patience = 0.3
    suite.knows_memory = knows_memory

    def make() -> dict[str, object]:
        host = kind()
        return {"host": host, "page": "https://portal.example/1", "held_page": HeldPage(HELD, host.asked.wait)}

    return falls(suite, make)


def test_a_sound_host_passes() -> None:
    assert run(Sound) == []


@pytest.mark.parametrize(
    "kind",
    [
        KillDoesNothing, KillsTheSlot, SaysGoneAtOnce, KillsWhileItWaits, ForgetsTheLiving, StumblesOverStrangers,
        LeavesThemHanging, LaunchesTheUndead, StartsAfterTheEnd, LeavesThemAlone, MixesThemUp,
        WeighsNothing, WeighsTheDead, WrongError,
    ],
)  # fmt: skip
def test_a_host_with_a_bug_falls(kind: type[Sound]) -> None:
    assert run(kind)


def test_a_host_that_cannot_know_what_its_browsers_take_says_so_to_the_suite() -> None:
    assert run(WeighsNothing, knows_memory=False) == []
    assert run(Sound, knows_memory=False), "it does know"
