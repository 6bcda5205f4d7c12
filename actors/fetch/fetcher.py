"""Brings files over HTTP as the browser would, with limits that hold against a portal that stalls, drips or lies.

A thread inside a read cannot be interrupted, so each read has a short limit of its own and the lease is asked between
any two of them.
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

import httpx

from actors.fetch.ahead import Ahead
from actors.fetch.answers import (
    checked_address,
    looks_like_login,
    media_type,
    redirect_target,
    refuse_failure,
    same_portal,
    shown,
)
from actors.fetch.cookies import cookie_header
from actors.fetch.decoding import Decoder
from actors.fetch.sink import FileSink, too_large
from contracts.config import GenericPortalSettings, Timeouts
from contracts.errors import AttachmentError, AuthenticationError, NetworkError
from contracts.ports import DownloadedFile, FileRequest, LeaseWatch

MAX_REDIRECTS = 5

_LOG = logging.getLogger("purser.fetch")
_BEGINNING = 64 * 1024
_LEAST_SECONDS = 0.05
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
        timeouts: `http_connect` and `http_read` are used.
        login_paths: Paths that a redirect to means "log in first".
        wall_clock: Seconds since 1970, for cookies that expire and for Retry-After dates.
        run_job: Runs a fetch that is begun ahead beside the one in hand; None fetches each in its turn.
    """

    def __init__(
        self,
        timeouts: Timeouts,
        *,
        login_paths: tuple[str, ...] = GenericPortalSettings().login_paths,
        wall_clock: Callable[[], float] = time.time,
        run_job: Callable[[str, Callable[[], None]], None] | None = None,
    ) -> None:
        self._timeouts = timeouts
        self._run_job = run_job
        self._begun: dict[tuple[str, Path], Ahead] = {}
        self._login_paths = login_paths
        self._wall_clock = wall_clock
        self._client = httpx.Client(
            verify=_shared_ssl_context(),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=_KEEP_ALIVE_SECONDS),
            # Cookies come with each request from the browser. What answers set is the browser's business, not ours.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            # No browser sends loopback addresses to a proxy.
            mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")},
        )

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        """Stream one file into the existing folder `into`. An empty file is returned as such, with size 0.

        Raises:
            AuthenticationError: The portal answered with its login page or 401.
            PortalError: It answered 408, 429 or 5xx.
            NetworkError: It could not be reached, broke off, stalled, or sent less than it announced.
            AttachmentLimitError: The file is larger than allowed.
            AttachmentError: It answered any other 4xx, redirected away or too often, or the address is unusable.
            HostResourceError: The disk is full or the folder cannot be written.
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

    def _fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        address = checked_address(request.url)
        portal = _portal_of(request.referer) or address
        for _ in range(MAX_REDIRECTS + 1):
            watch.check()
            with self._answer(address, self._headers(address, portal, request), watch) as answer:
                watch.touch()
                if answer.has_redirect_location:
                    address = redirect_target(address, answer.headers["location"], self._login_paths)
                    continue
                refuse_failure(address, answer.status_code, answer.headers, self._now())
                return self._receive(answer, address, request.max_size, into, watch)
        raise AttachmentError(f"The portal redirected more than {MAX_REDIRECTS} times, last to {shown(address)}.")

    def probe(self, base_url: str) -> int | None:
        """GET the portal's base address without cookies; return its HTTP status, or None when it cannot be reached."""
        limits = httpx.Timeout(self._timeouts.http_read, connect=self._timeouts.http_connect)
        try:
            request = self._client.build_request(
                "GET", base_url, headers=[(b"User-Agent", _PROBE_AGENT)], timeout=limits
            )
            answer = self._client.send(request, stream=True)
            answer.close()
        except (httpx.TransportError, httpx.InvalidURL, UnicodeError) as error:
            _LOG.debug("probe failed: %s", type(error).__name__)
            return None
        return answer.status_code

    def close(self) -> None:
        """Close kept connections."""
        self.drop_begun()
        self._client.close()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall_clock(), UTC)

    def _headers(self, address: httpx.URL, portal: httpx.URL, request: FileRequest) -> list[tuple[bytes, bytes]]:
        agent = request.user_agent.encode("utf-8", "replace") or _PROBE_AGENT
        # The size on disk can be compared with the announced one only if nothing is compressed on the way.
        headers = [(b"User-Agent", agent), (b"Accept", b"*/*"), (b"Accept-Encoding", b"identity")]
        if same_portal(address, portal):
            if _portal_of(request.referer):
                headers.append((b"Referer", str(portal.copy_with(fragment=None)).encode()))
            if cookies := cookie_header(request.cookies, address, self._wall_clock()):
                headers.append((b"Cookie", cookies))
        return headers

    @contextmanager
    def _answer(
        self, address: httpx.URL, headers: list[tuple[bytes, bytes]], watch: LeaseWatch
    ) -> Iterator[httpx.Response]:
        """Send a GET and yield its open answer; whatever the network does until the end becomes one of our errors."""
        left = max(watch.remaining(), _LEAST_SECONDS)
        read, connect = min(self._timeouts.http_read, left), min(self._timeouts.http_connect, left)
        request = self._client.build_request(
            "GET", address, headers=headers, timeout=httpx.Timeout(read, connect=connect)
        )
        try:
            answer = self._client.send(request, stream=True)
            try:
                yield answer
            finally:
                answer.close()
        except httpx.ConnectTimeout:
            raise NetworkError(
                f"No connection to {address.host} within {connect:g} s. Check the network and the portal's address."
            ) from None
        except httpx.TimeoutException:
            raise NetworkError(f"No byte of {shown(address)} came for {read:g} s. Try again later.") from None
        except httpx.LocalProtocolError:
            # The library's own words quote the header, and with it a cookie.
            raise NetworkError(f"The request for {shown(address)} could not be written.") from None
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise NetworkError(
                f"The connection for {shown(address)} failed or broke off: {reason}. Try again."
            ) from error

    def _receive(
        self, answer: httpx.Response, address: httpx.URL, max_size: int, into: Path, watch: LeaseWatch
    ) -> DownloadedFile:
        encoding = answer.headers.get("content-encoding", "")
        disposition = answer.headers.get("content-disposition", "")
        announced = _announced_size(answer.headers)
        if announced is not None and announced > max_size:
            raise too_large(max_size)
        decoder = Decoder(encoding)
        beginning = bytearray()
        received = 0
        with FileSink(into, max_size) as sink:
            for data in answer.iter_raw():
                watch.check()
                watch.touch()
                received += len(data)
                for piece in decoder.decode(data):
                    beginning += piece[: _BEGINNING - len(beginning)]
                    sink.write(piece)
            for piece in decoder.finish():
                sink.write(piece)
            watch.check()
            if announced is not None and received != announced:
                raise NetworkError(
                    f"{shown(address)} broke off after {received} of {announced} announced bytes. Try again."
                )
            if looks_like_login(bytes(beginning), disposition):
                raise AuthenticationError(f"The portal sent its login page in place of {shown(address)}.")
            digest = sink.keep()
        return DownloadedFile(
            path=sink.path,
            size=sink.size,
            sha256=digest,
            media_type=media_type(answer.headers.get("content-type", "")),
            disposition=disposition,
            declared_size=announced if encoding.strip().lower() in ("", "identity") else None,
            url=str(address),
            ended_by_close=announced is None and "transfer-encoding" not in answer.headers,
        )


def _announced_size(headers: httpx.Headers) -> int | None:
    """Raw bytes the answer announced; a chunked answer announces none."""
    value = headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and "transfer-encoding" not in headers else None


def _portal_of(referer: str) -> httpx.URL | None:
    """The order's page as an address; None when there is none, which is no reason to refuse its files."""
    try:
        return checked_address(referer)
    except AttachmentError:
        return None
