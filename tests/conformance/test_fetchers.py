"""Every fetcher keeps the promises of `Fetcher`: the real one, the stub, and those of other tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.fetch import HttpFetcher
from actors.testing import StubFetcher
from actors.testing.conformance import EndlessWatch, FetcherSuite, HttpFetcherSuite
from contracts.config import Timeouts
from contracts.errors import AttachmentError, AttachmentLimitError, NetworkError, PortalError
from contracts.ports import Cookie, DownloadedFile, Fetcher, FileRequest, LeaseWatch
from contracts.tasks import TaskStatus
from tests.conformance.bugs import falls
from tests.crash.world import Portal, TrueOrder
from tests.simulation.outside import SimFetcher
from tests.simulation.threaded import THREAD_SETTINGS
from tests.simulation.threads import ThreadHub
from tests.simulation.world import SimWorld
from tests.worker.fakes import World

URL = "https://portal.example/1/files/a.pdf"
TIMEOUTS = Timeouts(http_connect=5, http_read=5)


class TestHttpFetcher(HttpFetcherSuite):
    """The real one."""

    @pytest.fixture
    def fetcher(self) -> Iterator[Fetcher]:
        """A new one."""
        made = HttpFetcher(TIMEOUTS)
        yield made
        made.close()


class AnyFetcherSuite(FetcherSuite):
    """The suite over a fetcher that goes nowhere."""

    @pytest.fixture
    def file_request(self) -> FileRequest:
        """A file's."""
        return FileRequest(URL, (Cookie("sid", "1", "portal.example"),), "Agent", URL, 10**6)

    @pytest.fixture
    def base_url(self) -> str:
        """A portal's."""
        return "https://portal.example"


class TestStubFetcher(AnyFetcherSuite):
    """The one that fetches nothing."""

    @pytest.fixture
    def fetcher(self) -> Fetcher:
        """A new one."""
        return StubFetcher()


class TestStubFetcherWithFiles(AnyFetcherSuite):
    """The same with something to give."""

    @pytest.fixture
    def fetcher(self) -> Fetcher:
        """A new one."""
        return StubFetcher(lambda request: request.url.encode())


def test_the_stub_brings_what_it_is_given_and_keeps_the_limit(tmp_path: Path) -> None:
    fetcher, watch = StubFetcher(lambda request: request.url.encode()), EndlessWatch()
    asked = FileRequest(URL, (), "Agent", URL, len(URL))
    first, second = fetcher.fetch(asked, tmp_path, watch), fetcher.fetch(asked, tmp_path, watch)
    assert first.path.read_text() == second.path.read_text() == URL
    assert first.path != second.path
    with pytest.raises(AttachmentLimitError):
        fetcher.fetch(FileRequest(URL, (), "Agent", URL, len(URL) - 1), tmp_path, watch)


class TestCrashFetcher(AnyFetcherSuite):
    """The portal of the crash tests gives its files itself."""

    @pytest.fixture(params=[(), ("a.pdf",)], ids=["it comes", "it is refused"])
    def fetcher(self, request: pytest.FixtureRequest, tmp_path: Path) -> Fetcher:
        """A portal with one order."""
        order = TrueOrder("PO1", "1", TaskStatus.COMPLETED, ("a.pdf",), never=request.param)
        return Portal(tmp_path / "notes", (order,))


class TestFetcherOfVisits(AnyFetcherSuite):
    """The one of the worker's tests."""

    @pytest.fixture(params=[b"%PDF-1.4 body", PortalError("trouble")], ids=["it comes", "it is refused"])
    def fetcher(self, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
        """A portal with one file."""
        cookie = Cookie("sid", "2", "portal.example")
        return World(tmp_path, files={URL: request.param}, set_on_the_way=(cookie,))


class TestSimFetcher(AnyFetcherSuite):
    """The one of the simulation."""

    @pytest.fixture
    def fetcher(self) -> Iterator[Fetcher]:
        """One in a world of its own."""
        hub: Any = ThreadHub()
        yield SimFetcher(SimWorld(hub, THREAD_SETTINGS))
        hub.let_go()


# ---------------------------------------------------------------------------------------------- fetchers with a bug


class Wrong(HttpFetcher):
    """A fetcher with a bug, to be closed by the test."""

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        try:
            return super().fetch(request, into, watch)
        except Exception as error:
            raise self.wrong(error, into) from error

    def wrong(self, error: Exception, into: Path) -> Exception:
        """Return what is raised in place of the right thing."""
        return error


class TakesAllForItsOwnFault(Wrong):
    """It blames the file."""

    def wrong(self, error: Exception, into: Path) -> Exception:
        return AttachmentError("no file") if isinstance(error, NetworkError) else error


class BlamesThePortal(Wrong):
    """It takes every trouble for the portal's."""

    def wrong(self, error: Exception, into: Path) -> Exception:
        return PortalError("trouble", http_status=503) if type(error) is NetworkError else error


class LeavesPieces(Wrong):
    """It leaves what half came."""

    def wrong(self, error: Exception, into: Path) -> Exception:
        (into / "part").write_bytes(b"half")
        return error


class HasNoLimit(Wrong):
    """It brings whatever comes."""

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        larger = FileRequest(request.url, request.cookies, request.user_agent, request.referer, 10**9)
        return super().fetch(larger, into, watch)


class IsNeverSaidNo(Wrong):
    """It takes what is too large for something else."""

    def wrong(self, error: Exception, into: Path) -> Exception:
        return AttachmentError("no") if isinstance(error, AttachmentLimitError) else error


class TellsCookiesAgain(Wrong):
    """It tells what it has told."""

    told: tuple[Cookie, ...] = ()

    def take_cookies(self) -> tuple[Cookie, ...]:
        self.told += super().take_cookies()
        return self.told


class KeepsCookiesToItself(Wrong):
    """It tells nobody."""

    def take_cookies(self) -> tuple[Cookie, ...]:
        return ()


class NeverGivesUp(Wrong):
    """It does not look at its lease."""

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        try:
            return super().fetch(request, into, watch)
        except NetworkError as error:
            raise NetworkError("It broke off.") from error


class ProbesByItself(Wrong):
    """It thinks everything is there."""

    def probe(self, base_url: str) -> int | None:
        return super().probe(base_url) or 200


@pytest.mark.parametrize(
    "kind",
    [
        TakesAllForItsOwnFault, BlamesThePortal, LeavesPieces, HasNoLimit, IsNeverSaidNo, TellsCookiesAgain,
        KeepsCookiesToItself, NeverGivesUp, ProbesByItself,
    ],
)  # fmt: skip
def test_a_fetcher_with_a_bug_falls(kind: type[Wrong]) -> None:
    made: list[Wrong] = []

    def make() -> dict[str, object]:
        made.append(kind(TIMEOUTS))
        return {"fetcher": made[-1]}

    try:
        assert falls(HttpFetcherSuite(), make)
    finally:
        for one in made:
            one.close()
