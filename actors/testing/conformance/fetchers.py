"""What every `Fetcher` keeps: a file comes whole or not at all, whose fault it is is told, and cookies stay at home.

`FetcherSuite` holds for all of them, `HttpFetcherSuite` for those that really go out.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from actors.testing.conformance.raising import Error, raised
from actors.testing.conformance.site import FILE, Site, closed_address
from actors.testing.conformance.watch import EndlessWatch
from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AuthenticationError,
    MachineError,
    NetworkError,
    PortalError,
    WorkerError,
)
from contracts.ports import Cookie, Fetcher, FileRequest

_ROOM = 10**7


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Give an existing, empty folder."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        yield Path(folder)


class EndedWatch(EndlessWatch):
    """A watch whose lease ends at the third look."""

    looks = 0

    def check(self) -> None:
        """Let two looks pass."""
        self.looks += 1
        if self.looks > 2:
            raise NetworkError("The step's deadline has passed.")


class FetcherSuite:
    """Tests of any `contracts.ports.Fetcher`, also of one that fetches nothing.

    Fixtures to give:
        fetcher: The fetcher, new for each test. Close it when the test has ended.
        file_request: A `contracts.ports.FileRequest` that it can do something with.
        base_url: The address of a portal that it can look for.
    """

    def test_it_brings_a_file_into_the_folder_or_says_why_not(
        self, fetcher: Fetcher, file_request: FileRequest
    ) -> None:
        with empty_folder() as folder:
            try:
                file = fetcher.fetch(file_request, folder, EndlessWatch())
            except (WorkerError, MachineError):
                assert list(folder.iterdir()) == [], "nothing is left of a file that did not come"
            else:
                assert file.path.parent == folder, "a file lies in the folder that was given"
                assert 0 <= file.size <= file_request.max_size, "a file keeps the limit"

    def test_cookies_are_taken_once(self, fetcher: Fetcher, file_request: FileRequest) -> None:
        with empty_folder() as folder, suppress(WorkerError, MachineError):
            fetcher.fetch(file_request, folder, EndlessWatch())
        fetcher.take_cookies()
        assert fetcher.take_cookies() == (), "what was taken is not told again"

    def test_a_probe_tells_a_status_or_nothing(self, fetcher: Fetcher, base_url: str) -> None:
        status = fetcher.probe(base_url)
        assert status is None or 100 <= status < 600, f"{status} is no HTTP status"


class HttpFetcherSuite:
    """Tests of a `contracts.ports.Fetcher` that really goes out, at a portal of the suite's own on loopback.

    Fixtures to give:
        fetcher: The fetcher, new for each test. Close it when the test has ended.
    """

    def test_a_file_comes_whole_with_what_was_told_of_it(self, fetcher: Fetcher) -> None:
        with Site() as site, empty_folder() as folder:
            for path in ("/moved/a.pdf", "/file/b.pdf"):
                file = fetcher.fetch(_ask(site.url(path)), folder, EndlessWatch())
                name = path.rpartition("/")[2]
                assert file.path.parent == folder, "a file lies in the folder that was given"
                assert file.path.read_bytes() == FILE, "a file comes byte by byte"
                assert (file.size, file.sha256) == (len(FILE), hashlib.sha256(FILE).hexdigest())
                assert file.media_type == "application/pdf", "without parameters, in lower case"
                assert file.disposition == f'attachment; filename="{name}"', "as it came"
                assert file.declared_size == len(FILE)
                assert not file.ended_by_close
                assert file.url == site.url(f"/file/{name}"), "where it finally came from"
            assert len(list(folder.iterdir())) == 2, "two files do not meet"

    def test_cookies_that_answers_set_count_at_once_and_are_taken_once(self, fetcher: Fetcher) -> None:
        with Site() as site, empty_folder() as folder:
            assert fetcher.take_cookies() == ()
            fetcher.fetch(_ask(site.url("/cookie/renewed")), folder, EndlessWatch())
            fetcher.fetch(_ask(site.url("/file/a.pdf")), folder, EndlessWatch())
            sent = site.headers_of("/file/a.pdf").get("cookie", "")
            assert "sid=renewed" in sent, "what an answer has set takes part in the next request"
            assert "sid=old" not in sent, "it takes the place of the one before"
            taken = [(cookie.name, cookie.value, cookie.http_only) for cookie in fetcher.take_cookies()]
            assert taken == [("sid", "renewed", True)]
            assert fetcher.take_cookies() == (), "what was taken is not told again"

    def test_a_probe_tells_the_status_and_sends_no_cookies(self, fetcher: Fetcher) -> None:
        with Site() as site, closed_address() as closed:
            assert fetcher.probe(site.url("/")) == 200
            assert fetcher.probe(site.url("/status/503")) == 503
            assert fetcher.probe(site.url("/cookie/1")) == 200
            assert fetcher.probe(site.url("/")) == 200
            assert all("cookie" not in headers for _, headers in site.asked), "a probe has no cookies"
            assert fetcher.probe(closed) is None, "who cannot be reached has no status"

    def test_a_request_is_the_browsers_own_and_its_cookies_go_to_their_host_alone(self, fetcher: Fetcher) -> None:
        with Site() as site, empty_folder() as folder:
            fetcher.fetch(_ask(site.url("/file/a.pdf"), referer=site.url("/orders/1")), folder, EndlessWatch())
            headers = site.headers_of("/file/a.pdf")
            assert headers.get("user-agent") == "Conformance/1"
            assert headers.get("referer") == site.url("/orders/1")
            assert headers.get("cookie") == "sid=old", "only cookies that match the address are sent"
            with_another_host = _ask(site.url("/away/c.pdf"), allowed_hosts=(f"localhost:{site.server_port}",))
            fetcher.fetch(with_another_host, folder, EndlessWatch())
            assert "cookie" not in site.headers_of("/file/c.pdf"), "no other host gets the portal's cookies"

    def test_a_login_in_place_of_a_file_is_a_missing_login(self, fetcher: Fetcher) -> None:
        with Site() as site:
            for path in ("/login", "/status/401"):
                _fails(fetcher, site.url(path), AuthenticationError)

    def test_trouble_of_the_portal_is_told_with_its_status(self, fetcher: Fetcher) -> None:
        with Site() as site:
            for status in (408, 429, 500, 503):
                error = _fails(fetcher, site.url(f"/status/{status}"), PortalError)
                assert error.http_status == status

    def test_a_refusal_is_the_attachments_own(self, fetcher: Fetcher) -> None:
        with Site() as site:
            for path in ("/status/403", "/status/404", "/status/410", "/round", "/away/a.pdf"):
                error = _fails(fetcher, site.url(path), AttachmentError)
                assert not isinstance(error, AttachmentLimitError), f"{path} is not too large"
            assert not [path for path, _ in site.asked if path == "/file/a.pdf"], "no other host is asked for a file"

    def test_what_cannot_be_reached_or_breaks_off_is_the_networks_fault(self, fetcher: Fetcher) -> None:
        with Site() as site, closed_address() as closed:
            for address in (f"{closed}/a.pdf", site.url("/short")):
                error = _fails(fetcher, address, NetworkError)
                assert not isinstance(error, PortalError), "the portal did not say that it is in trouble"

    def test_a_file_above_the_limit_is_broken_off(self, fetcher: Fetcher) -> None:
        with Site() as site, empty_folder() as folder:
            for path in ("/file/a.pdf", "/unannounced"):
                _fails(fetcher, site.url(path), AttachmentLimitError, max_size=len(FILE) - 1)
            file = fetcher.fetch(_ask(site.url("/file/a.pdf"), max_size=len(FILE)), folder, EndlessWatch())
            assert file.size == len(FILE), "what is just as large as the limit keeps it"

    def test_a_file_whose_length_nobody_told_says_so(self, fetcher: Fetcher) -> None:
        with Site() as site, empty_folder() as folder:
            file = fetcher.fetch(_ask(site.url("/unannounced")), folder, EndlessWatch())
            assert (file.declared_size, file.ended_by_close) == (None, True)

    def test_a_drip_is_activity_and_ends_with_the_lease(self, fetcher: Fetcher) -> None:
        with Site() as site, empty_folder() as folder:
            watch = EndedWatch()
            request = _ask(site.url("/drip"), max_size=10**9)
            error = raised(NetworkError, lambda: fetcher.fetch(request, folder, watch), "a fetch after its lease")
            assert "deadline" in str(error), "what the watch raises goes on to the caller"
            assert watch.touches, "bytes that come are activity"
            assert list(folder.iterdir()) == [], "nothing is left of a file that did not come"


def _ask(url: str, *, max_size: int = _ROOM, referer: str = "", allowed_hosts: tuple[str, ...] = ()) -> FileRequest:
    cookies = (Cookie("sid", "old", "127.0.0.1"), Cookie("other", "hidden", "elsewhere.example"))
    return FileRequest(url, cookies, "Conformance/1", referer or url, max_size, allowed_hosts)


def _fails(fetcher: Fetcher, url: str, kind: type[Error], max_size: int = _ROOM) -> Error:
    with empty_folder() as folder:
        watch, request = EndlessWatch(), _ask(url, max_size=max_size)
        error = raised(kind, lambda: fetcher.fetch(request, folder, watch), f"fetching {url}")
        assert list(folder.iterdir()) == [], "nothing is left of a file that did not come"
        return error
