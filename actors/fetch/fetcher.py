"""Brings files over HTTP as the browser would, with limits that hold against a portal that stalls, drips or lies.

A thread inside a read cannot be interrupted, so each read has a short limit of its own and the lease is asked between
any two of them. What an answer may take in all before anything of use has come is bounded as well (`patience.py`).
"""

from __future__ import annotations

import functools
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import TypeVar

import httpx

from actors.addresses import WebAddress, web_address
from actors.fetch.ahead import Ahead
from actors.fetch.answers import looks_like_login, media_type, refuse_failure
from actors.fetch.cookies import cookie_header
from actors.fetch.decoding import Decoder
from actors.fetch.exact import ExactUrl
from actors.fetch.framing import announced_size, refusal_of, refuse_other_length
from actors.fetch.patience import Patience, heard, make_patient, waiting_with
from actors.fetch.reach import Reach, checked_address, shown
from actors.fetch.renewals import RenewedCookies
from actors.fetch.sink import FileSink, too_large
from actors.fetch.traffic import Traffic
from contracts.config import GenericPortalSettings, Timeouts
from contracts.durations import spoken
from contracts.errors import AttachmentError, AuthenticationError, NetworkError
from contracts.ports import Cookie, DownloadedFile, FileRequest, LeaseWatch, PageEnd

T = TypeVar("T")

# As many as Chromium follows.
MAX_REDIRECTS = 20

log = logging.getLogger("purser.fetch")
_BEGINNING = 64 * 1024
_LEAST_SECONDS = 0.05
_ENCODINGS_OF_BROWSERS = b"gzip, deflate, br, zstd"
_END_OF_PAGE = 1024
_PATIENCE = 2
"""How many times as long as between two bytes it may take until something of use has come."""
_PROBE_AGENT = b"Mozilla/5.0 (compatible; po-purser)"
# Servers drop idle connections after five seconds or more; ours go before that, so that none breaks under a request.
_KEEP_ALIVE_SECONDS = 2.0


# At their finer levels these write down whole addresses, and the cookies that answers set.
for _name in ("httpx", "httpcore"):
    if logging.getLogger(_name).level == logging.NOTSET:
        logging.getLogger(_name).setLevel(logging.WARNING)


@functools.cache
def _shared_ssl_context() -> ssl.SSLContext:
    """One context for the process: each costs 20 ms, and it may be used by any thread."""
    context = httpx.create_ssl_context()
    context.load_default_certs()  # a company's own certificates are known to the system, as the browser expects
    return context


class HttpFetcher:
    """A `Fetcher` that keeps its connections. One per worker, used by one thread at a time.

    Args:
        timeouts: `http_connect`, `http_read` and `inactivity` are used.
        login_paths: Paths that a redirect to means "log in first".
        wall_clock: Seconds since 1970, for cookies that expire and for Retry-After dates.
        run_job: Runs a fetch that is begun ahead beside the one in hand; None fetches each in its turn.
        traffic: Where the bytes of its connections are counted, or None.
    """

    def __init__(
        self,
        timeouts: Timeouts,
        *,
        login_paths: tuple[str, ...] = GenericPortalSettings().login_paths,
        wall_clock: Callable[[], float] = time.time,
        run_job: Callable[[str, Callable[[], None]], None] | None = None,
        traffic: Traffic | None = None,
    ) -> None:
        self._timeouts = timeouts
        # Well before the lease counts as silent, which would cost the browser.
        self._longest = min(timeouts.http_read * _PATIENCE, timeouts.inactivity / 2)
        self._renewed = RenewedCookies(wall_clock)
        self._run_job = run_job
        self._begun: dict[tuple[str, Path], Ahead] = {}
        self._login_paths = login_paths
        self._wall_clock = wall_clock
        self._client = httpx.Client(
            verify=_shared_ssl_context(),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=_KEEP_ALIVE_SECONDS),
            # Cookies come with each request from the browser, and what answers set is noted as a browser would do it.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            # No browser sends loopback addresses to a proxy.
            mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")},
        )
        transports = (self._client._transport, *self._client._mounts.values())  # noqa: SLF001 - see there
        make_patient(transports, traffic)

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        """Stream one file into the existing folder `into`. An empty file is returned as such, with size 0.

        Raises:
            AuthenticationError: The portal answered with its login page or 401.
            PortalError: It answered 408, 429 or 5xx.
            NetworkError: It could not be reached, broke off, stalled, or sent less than it announced.
            AttachmentLimitError: The file is larger than allowed.
            AttachmentError: It answered any other 4xx, redirected away or too often, or the address is unusable.
            MachineError: The disk is full or the folder cannot be written.
        """
        begun = self._begun.pop((request.url, into), None)
        return begun.result(watch) if begun is not None else self._fetch(request, into, watch)

    def begin(self, request: FileRequest, into: Path, watch: LeaseWatch) -> None:
        """Begin to fetch a file that `fetch` will ask for soon, with the same address and folder."""
        if self._run_job is None:
            return
        self._begun[request.url, into] = ahead = Ahead(lambda quiet: self._fetch(request, into, quiet), watch)
        self._run_job("fetch", ahead.run)

    def drop_begun(self) -> None:
        """Give up what was begun and never asked for."""
        begun, self._begun = self._begun, {}
        for ahead in begun.values():
            ahead.drop()

    def take_cookies(self) -> tuple[Cookie, ...]:
        """Return the cookies that the portal's answers have set since the last call, as a browser would hold them now.

        They take part in the requests between two calls. A cookie that was deleted comes with an `expires` in the past.
        """
        return self._renewed.take()

    def end_of(self, request: FileRequest, watch: LeaseWatch) -> PageEnd:
        """Read a page to its end; see `contracts.ports.ReadsPages`."""

        def receive(answer: httpx.Response, address: WebAddress) -> PageEnd:
            decoder = Decoder(answer.headers.get("content-encoding", ""), request.max_size, asked=True)
            end, size = b"", 0
            for piece in self._pieces(answer, address, decoder, request.max_size, watch):
                end, size = (end + piece)[-_END_OF_PAGE:], size + len(piece)
            return PageEnd(end, size, is_certain=_says_its_end(answer, decoder))

        return self._follow(request, watch, receive, _ENCODINGS_OF_BROWSERS)

    def _fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        def receive(answer: httpx.Response, address: WebAddress) -> DownloadedFile:
            return self._receive(answer, address, request.max_size, into, watch)

        # The size on disk can be compared with the announced one only if nothing is compressed on the way.
        return self._follow(request, watch, receive, b"identity")

    def _follow(
        self,
        request: FileRequest,
        watch: LeaseWatch,
        receive: Callable[[httpx.Response, WebAddress], T],
        encodings: bytes,
    ) -> T:
        address = checked_address(request.url)
        reach = Reach(_page_of(request) or address, request.allowed_hosts, self._login_paths)
        reach.check_start(address)
        for _ in range(MAX_REDIRECTS + 1):
            watch.check()
            headers = [*self._headers(address, reach, request), (b"Accept-Encoding", encodings)]
            with self._answer(address, headers, watch) as answer:
                watch.touch()
                if reach.is_portal(address):
                    watch.check()  # what answers to nobody any more sets nothing: a login may have ended meanwhile
                    self._renewed.note(_each(answer, b"set-cookie"), address, request.cookies)
                if answer.has_redirect_location and (locations := _each(answer, b"location")):
                    address = reach.redirect_target(address, locations)
                    continue
                try:
                    refuse_failure(address, answer.status_code, answer.headers, self._now())
                    return receive(answer, address)
                except AuthenticationError:
                    if reach.is_portal(address):
                        raise
                    raise AttachmentError(
                        f"{shown(address)} wants a login of its own, which is not given. Open the order by hand."
                    ) from None
        raise AttachmentError(
            f"The portal redirected more than {MAX_REDIRECTS} times, as in a circle, last to {shown(address)}."
        )

    def probe(self, base_url: str) -> int | None:
        """GET the portal's base address without cookies; return its HTTP status, or None when it cannot be reached."""
        limits = httpx.Timeout(self._timeouts.http_read, connect=self._timeouts.http_connect)
        try:
            request = self._client.build_request(
                "GET", base_url, headers=[(b"User-Agent", _PROBE_AGENT)], timeout=limits
            )
            with waiting_with(Patience(self._longest)):
                answer = self._client.send(request, stream=True)
            answer.close()
        except (httpx.TransportError, httpx.InvalidURL, UnicodeError) as error:
            log.debug("probe failed: %s", type(error).__name__)
            return None
        return answer.status_code

    def close(self) -> None:
        """Close kept connections."""
        self.drop_begun()
        self._client.close()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall_clock(), UTC)

    def _headers(self, address: WebAddress, reach: Reach, request: FileRequest) -> list[tuple[bytes, bytes]]:
        agent = request.user_agent.encode("utf-8", "replace") or _PROBE_AGENT
        headers = [(b"User-Agent", agent), (b"Accept", b"*/*")]
        page, at_portal = _page_of(request), reach.is_portal(address)
        if page is not None and (at_portal or page.scheme == "http" or address.scheme == "https"):
            # Another host learns from where it is asked, as from a browser, and not for which order.
            headers.append((b"Referer", (page.href if at_portal else f"{page.origin}/").encode()))
        if at_portal:
            cookies = self._renewed.on_top_of(request.cookies)
            if value := cookie_header(cookies, address, self._wall_clock()):
                headers.append((b"Cookie", value))
        return headers

    @contextmanager
    def _answer(
        self, address: WebAddress, headers: list[tuple[bytes, bytes]], watch: LeaseWatch
    ) -> Iterator[httpx.Response]:
        """Send a GET and yield its open answer; whatever the network does until the end becomes one of our errors."""
        left = max(watch.remaining(), _LEAST_SECONDS)
        read, connect = min(self._timeouts.http_read, left), min(self._timeouts.http_connect, left)
        patience = Patience(self._longest, check=watch.check)
        try:
            with waiting_with(patience):
                answer = self._send(address, headers, httpx.Timeout(read, connect=connect))
                heard()
                try:
                    yield answer
                finally:
                    answer.close()
        except httpx.ConnectTimeout:
            raise NetworkError(
                f"No connection to {address.host} within {spoken(connect)}. Check the network and the portal's address."
            ) from None
        except httpx.TimeoutException:
            if patience.is_over:
                text = f"{shown(address)} sent nothing of use for {spoken(patience.seconds)}."
                raise NetworkError(f"{text} Try again later.") from None
            raise NetworkError(f"No byte of {shown(address)} came for {spoken(read)}. Try again later.") from None
        except httpx.LocalProtocolError:
            # The library's own words quote the header, and with it a cookie.
            raise NetworkError(f"The request for {shown(address)} could not be written.") from None
        except httpx.RemoteProtocolError as error:
            raise refusal_of(error, address) from error
        except httpx.TransportError as error:
            reason = str(error)[:200] or type(error).__name__
            raise NetworkError(
                f"The connection for {shown(address)} failed or broke off: {reason}. Try again."
            ) from error

    def _send(self, address: WebAddress, headers: list[tuple[bytes, bytes]], limits: httpx.Timeout) -> httpx.Response:
        try:
            request = self._client.build_request("GET", f"{address.origin}/", headers=headers, timeout=limits)
            request.url = ExactUrl(address)
            return self._client.send(request, stream=True)
        except (httpx.InvalidURL, UnicodeError):
            raise AttachmentError(f"The host of {shown(address)} has a name that cannot be looked up.") from None

    def _receive(
        self, answer: httpx.Response, address: WebAddress, max_size: int, into: Path, watch: LeaseWatch
    ) -> DownloadedFile:
        disposition = answer.headers.get("content-disposition", "")
        announced = announced_size(answer.headers)
        decoder = Decoder(answer.headers.get("content-encoding", ""), max_size)
        beginning = bytearray()
        with FileSink(into, max_size) as sink:
            for piece in self._pieces(answer, address, decoder, max_size, watch):
                beginning += piece[: _BEGINNING - len(beginning)]
                sink.write(piece)
            if looks_like_login(bytes(beginning), disposition):
                raise AuthenticationError(f"The portal sent its login page in place of {shown(address)}.")
            digest = sink.keep()
        return DownloadedFile(
            path=sink.path,
            size=sink.size,
            sha256=digest,
            media_type=media_type(answer.headers.get("content-type", "")),
            disposition=disposition,
            declared_size=None if decoder.unpacks else announced,
            url=address.href,
            ended_by_close=not _says_its_end(answer, decoder),
        )

    def _pieces(
        self,
        answer: httpx.Response,
        address: WebAddress,
        decoder: Decoder,
        max_size: int,
        watch: LeaseWatch,
    ) -> Iterator[bytes]:
        """Yield what a body holds, as it comes. Raises as `fetch` when it is not whole."""
        announced = announced_size(answer.headers)
        if announced is not None and announced > max_size:
            raise too_large(max_size)
        received = unpacked = 0
        for data in answer.iter_raw():
            heard()
            watch.check()
            watch.touch()
            received += len(data)
            for piece in decoder.decode(data):
                unpacked += len(piece)
                yield piece
            if decoder.has_ended and unpacked == announced:
                break  # some portals announce the size that the file has unpacked, and nothing more will come
        else:
            refuse_other_length(answer, received, announced, address)
        watch.check()
        decoder.finish()


def _says_its_end(answer: httpx.Response, decoder: Decoder) -> bool:
    """Whether an answer says by more than the end of its connection where its body ends."""
    return announced_size(answer.headers) is not None or "transfer-encoding" in answer.headers or decoder.has_ended


def _page_of(request: FileRequest) -> WebAddress | None:
    """The order's page; None when its address cannot be read, which is no reason to refuse its files."""
    page = web_address(request.referer)
    return None if page is None or page.login else page


def _each(answer: httpx.Response, name: bytes) -> list[bytes]:
    """Every header of that name, as it came; empty ones say nothing."""
    return [value for key, value in answer.headers.raw if key.lower() == name and value]
