"""A file that is begun ahead comes beside the one in hand, and gives up when nobody wants it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.fetch import HttpFetcher
from actors.runtime import ThreadEnvironment
from contracts.config import Timeouts
from contracts.errors import PortalError
from contracts.ports import ReadsAhead
from tests.fetch.rawserver import FakeWatch, RawServer, Script, answer, ask

Serve = Callable[[Script], RawServer]


@pytest.fixture
def ahead() -> Iterator[HttpFetcher]:
    running = HttpFetcher(Timeouts(http_connect=5, http_read=5), run_job=ThreadEnvironment().run_job)
    yield running
    running.close()


def folders(folder: Path) -> tuple[Path, Path]:
    made = folder / "1", folder / "2"
    for one in made:
        one.mkdir()
    return made


def test_the_next_file_is_under_way_while_the_first_is_still_coming(
    serve: Serve, ahead: HttpFetcher, folder: Path
) -> None:
    """Neither answer is sent before both questions have arrived, so one after the other would never end."""
    both = threading.Barrier(2)
    reply = answer(b"hello")

    def script(connection: socket.socket) -> None:
        both.wait(5)
        reply(connection)

    server = serve(script)
    first, second = folders(folder)
    ahead.begin(ask(f"{server.url}/b"), second, FakeWatch())
    files = [
        ahead.fetch(ask(f"{server.url}/a"), first, FakeWatch()),
        ahead.fetch(ask(f"{server.url}/b"), second, FakeWatch()),
    ]
    assert [file.path.read_bytes() for file in files] == [b"hello", b"hello"]


def test_what_went_wrong_ahead_is_raised_where_the_file_is_wanted(
    serve: Serve, ahead: HttpFetcher, folder: Path
) -> None:
    server = serve(answer(b"", "503 Busy"))
    _, second = folders(folder)
    ahead.begin(ask(f"{server.url}/b"), second, FakeWatch())
    with pytest.raises(PortalError):
        ahead.fetch(ask(f"{server.url}/b"), second, FakeWatch())


def test_a_file_that_nobody_asks_for_is_fetched_anew_when_it_is_wanted_later(
    serve: Serve, ahead: HttpFetcher, folder: Path
) -> None:
    server = serve(answer(b"hello"))
    _, second = folders(folder)
    ahead.begin(ask(f"{server.url}/b"), second, FakeWatch())
    ahead.drop_begun()
    assert ahead.fetch(ask(f"{server.url}/b"), second, FakeWatch()).size == 5


def test_without_a_place_to_run_jobs_each_file_waits_for_its_turn(
    serve: Serve, fetcher: HttpFetcher, folder: Path
) -> None:
    server = serve(answer(b"hello"))
    first, _ = folders(folder)
    assert isinstance(fetcher, ReadsAhead)
    fetcher.begin(ask(f"{server.url}/a"), first, FakeWatch())
    assert fetcher.fetch(ask(f"{server.url}/a"), first, FakeWatch()).size == 5


def test_a_file_begun_ahead_carries_the_cookies_set_before_it_and_sets_its_own(
    serve: Serve, ahead: HttpFetcher, folder: Path
) -> None:
    """All fetches of one fetcher share what the portal has set, whichever thread they run on."""
    server = serve(answer(b"hello", "200 OK", "Set-Cookie: step=1; Path=/"))
    first, second = folders(folder)
    ahead.fetch(ask(f"{server.url}/a"), first, FakeWatch())
    server.script = answer(b"hello", "200 OK", "Set-Cookie: step=2; Path=/")
    ahead.begin(ask(f"{server.url}/b"), second, FakeWatch())
    ahead.fetch(ask(f"{server.url}/b"), second, FakeWatch())
    assert "step=1" in server.requests[1]
    assert [cookie.value for cookie in ahead.take_cookies()] == ["2"]


def test_an_answer_to_nobody_any_more_sets_no_cookie(serve: Serve, ahead: HttpFetcher, folder: Path) -> None:
    """The login had ended when it was asked for. Its cookie would lie over those of the login that follows."""
    asked, dropped, answered = threading.Event(), threading.Event(), threading.Event()
    reply = answer(b"", "302 Found", "Location: /login", "Set-Cookie: session=nobody")

    def script(connection: socket.socket) -> None:
        asked.set()
        dropped.wait(5)
        reply(connection)
        answered.set()

    server = serve(script)
    _, second = folders(folder)
    ahead.begin(ask(f"{server.url}/b", referer=f"{server.url}/"), second, FakeWatch())
    assert asked.wait(5)
    ahead.drop_begun()
    dropped.set()
    assert answered.wait(5)
    time.sleep(0.2)  # the dropped thread may still take in the answer, and tells nobody when it has
    assert ahead.take_cookies() == ()
