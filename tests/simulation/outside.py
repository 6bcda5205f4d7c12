"""What a simulated worker works with: its browser, its fetcher, and the portal's pages as an adapter reads them."""

from __future__ import annotations

import re
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from actors.testing.browsers import PICTURE_OF_NOTHING
from contracts.errors import BrowserDiedError, NetworkError, SessionCorruptionError
from contracts.ports import (
    Control,
    Cookie,
    Credentials,
    DownloadedFile,
    FileRequest,
    HttpFailure,
    LeaseWatch,
    ListedAttachment,
    LoginForm,
    LoginPage,
    NotFoundPage,
    OrderPage,
    Owner,
    PageReading,
    PageSnapshot,
    WrongPage,
)
from tests.simulation.faults import Fault, Step
from tests.simulation.hub import Nap

if TYPE_CHECKING:
    from tests.simulation.world import SimWorld

BASE = "http://portal.test"
REFUSING = "refusing.test"
"""A host at which every connection is refused at once."""
MUTE = "mute.test"
"""A host that swallows whatever is sent."""
FILES_PER_ORDER = 2


@attrs.define(eq=False)
class SimProcess:
    """One simulated process group, and what its browser shows."""

    owner: Owner
    alive: bool = True
    ready: bool = False
    naps: list[Nap] = attrs.field(factory=list)
    page: str = ""
    origin: float = 0.0


class DispatcherDeath(BaseException):
    """Raised inside the dispatcher to end it, past everything that handles errors."""


class SimBrowser:
    user_agent = "simulated"

    def __init__(self, world: SimWorld, process: SimProcess) -> None:
        self._world = world
        self._process = process

    def open(self, url: str) -> PageSnapshot:
        world, process = self._world, self._process
        if MUTE in url:
            world.pass_step(Step.OPEN, process, 45.0)
        if REFUSING in url or MUTE in url or world.struck(Step.OPEN, Fault.REFUSED):
            raise NetworkError("simulated: the connection is refused")
        before = process.page
        world.pass_step(Step.OPEN, process, 0.2)
        if url.rpartition("/")[2] in world.poisoned:
            world.die(process)
            raise BrowserDiedError("simulated: this page kills browsers")
        if world.struck(Step.OPEN, Fault.STALE_PAGE):
            return PageSnapshot(url, url, 200, process.origin, before, is_new=False)
        process.page = "login" if url.endswith("/login") else world.answer(url, process)
        process.origin = world.new_origin()
        world.pass_step(Step.READ, process, 0.01)
        return self._shown(url)

    def read(self, patience: float = 0.0) -> PageSnapshot:
        self._world.check_alive(self._process)
        return self._shown("")

    def press(self, control: Control) -> PageSnapshot:
        self._world.check_alive(self._process)
        return self._shown("")

    def _shown(self, url: str) -> PageSnapshot:
        process = self._process
        status = int(process.page.split()[1]) if process.page.startswith("http ") else 200
        return PageSnapshot(url, url or BASE, status, process.origin, process.page)

    def wear(self) -> str:
        """It never wears out."""
        return ""

    def make_ready(self) -> None:
        """It is, while it lives."""
        self._world.check_alive(self._process)

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """It is quick anyway."""
        return nullcontext()

    def screenshot(self) -> bytes:
        self._world.pass_step(Step.SCREENSHOT, self._process, 0.1)
        return PICTURE_OF_NOTHING + self._process.page.encode()

    def cookies(self) -> tuple[Cookie, ...]:
        self._world.pass_step(Step.COOKIES, self._process, 0.01)
        version = self._world.cookie_version(self._process.owner)
        return (Cookie("version", str(version), "portal.test"),)

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        self._world.pass_step(Step.ADOPT, self._process, 0.05)
        for cookie in cookies:
            self._world.take_cookies(self._process, int(cookie.value))

    def download_by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        self._world.check_alive(self._process)
        raise SessionCorruptionError("the simulated portal has no controls")

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        self._world.check_alive(self._process)
        raise SessionCorruptionError("the simulated run fetches over HTTP")

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        world = self._world
        if world.struck(Step.LOGIN, Fault.REFUSED):
            raise NetworkError("simulated: the connection is refused")
        world.pass_step(Step.LOGIN, self._process, 0.5)
        world.log_in(self._process)
        self._process.page = "welcome"
        self._process.origin = world.new_origin()
        return self._shown(BASE)

    def is_alive(self) -> bool:
        self._world.stumble(Step.ALIVE)
        return self._process.alive


class SimFetcher:
    """Fetches over HTTP: killing the browser does not free it."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._history: deque[str] = deque(maxlen=5)

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        world = self._world
        world.stumble(Step.FETCH)
        fault = world.struck(Step.FETCH, Fault.REFUSED, Fault.SERVER_ERROR)
        if fault is not None:
            world.hub.sleep(0.1)
            raise NetworkError(f"simulated: {fault.value}")
        fault = world.struck(Step.FETCH, Fault.HANG, Fault.HANG_FOR_EVER, Fault.SLOW, Fault.LATE_REPLY, Fault.CRASH)
        if fault in (Fault.HANG, Fault.CRASH):
            for _ in range(1000):  # a server that drips: each byte may be interrupted, none says that it is the last
                world.hub.sleep(1.0)
                watch.check()
        elif fault is Fault.HANG_FOR_EVER:
            world.lost_threads += 1
            world.hub.sleep(1e15)
        elif fault is Fault.SLOW:
            world.hub.sleep(20.0)
        elif fault is Fault.LATE_REPLY:
            world.hub.sleep(120.0)
        else:
            world.hub.sleep(0.1)
        watch.touch()
        self._history.append(request.url)
        parts = request.url.split("/")
        return DownloadedFile(into / parts[-1], 10, f"{parts[-2]}/{parts[-1]}", url=request.url)

    def take_cookies(self) -> tuple[Cookie, ...]:
        return ()

    def probe(self, base_url: str) -> int | None:
        world = self._world
        world.stumble(Step.PROBE)
        if MUTE in base_url:
            world.hub.sleep(10.0)
        if REFUSING in base_url or MUTE in base_url:
            return None
        if world.struck(Step.PROBE, Fault.REFUSED):
            return None
        slow = world.struck(Step.PROBE, Fault.SLOW)
        hang = world.struck(Step.PROBE, Fault.HANG)
        world.hub.sleep(20.0 if slow else 1000.0 if hang else 0.05)
        if world.struck(Step.PROBE, Fault.CRASH):
            raise BrowserDiedError("simulated: the worker ends while it probes")
        return 503 if world.portal_down else 200

    def close(self) -> None:
        return None


class SimPortal:
    """Reads the simulated pages."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world

    login_paths = ("/login",)

    def recognises(self, page: PageSnapshot) -> bool:
        return True

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        self._world.stumble(Step.ADDRESSES)
        return (f"{base_url}/{po_number}",)

    def login_address(self, base_url: str) -> str:
        return f"{base_url}/login"

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        self._world.stumble(Step.ADAPTER)
        text = page.html
        if text == "login":
            return LoginPage("the login page")
        if not 200 <= page.http_status < 400:
            return HttpFailure(page.http_status)
        if text == "not found":
            return NotFoundPage(text)
        if text != f"order {po_number}":
            return WrongPage(text)
        files = tuple(
            ListedAttachment(f"{po_number}-{index}", f"{BASE}/{po_number}/{po_number}-{index}")
            for index in range(FILES_PER_ORDER)
        )
        return OrderPage(po_number, "Acme", files)

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        return OrderPage("", "", ())

    def wants_login(self, page: PageSnapshot) -> str:
        self._world.stumble(Step.LOOK_FOR_LOGIN)
        return "the login page" if page.html == "login" else ""

    def login_form(self, page: PageSnapshot) -> LoginForm:
        self._world.stumble(Step.LOGIN_FORM)
        return LoginForm("u", "p", "s")

    def visible_text(self, page: PageSnapshot) -> str:
        self._world.stumble(Step.TEXT)
        return re.sub("<[^>]*>", "", page.html)
