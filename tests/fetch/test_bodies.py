"""A packed body is undone as a browser does it, and one that could be cut never counts as whole."""

from __future__ import annotations

import gzip
import socket
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it brings no types
import pytest
from hypothesis import given, strategies as st

from actors.fetch import HttpFetcher
from actors.fetch.decoding import Decoder
from contracts.errors import AttachmentError, AttachmentLimitError, NetworkError
from tests.fetch.rawserver import FakeWatch, RawServer, Script, answer, ask

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Serve = Callable[[Script], RawServer]
BODY = b"%PDF-1.7 " + bytes(range(256)) * 3000
HALF = len(BODY) // 2
MEMBERS = gzip.compress(BODY[:HALF]) + gzip.compress(b"") + gzip.compress(BODY[HALF:])


def without_frame(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


FRAMES = zstd.compress(BODY[:HALF]) + zstd.compress(BODY[HALF:])
WHOLE = [
    ("gzip", gzip.compress(BODY)),
    (" GZip ", gzip.compress(BODY)),
    ("x-gzip", gzip.compress(BODY)),
    ("gzip", MEMBERS),
    ("gzip", MEMBERS + b"what follows is none"),
    ("gzip", MEMBERS + bytes(512)),
    ("gzip", gzip.compress(BODY) + b"\x1f\x8b" + b"x" * 30),
    ("deflate", zlib.compress(BODY)),
    ("deflate", zlib.compress(BODY) + b"behind"),
    ("deflate", without_frame(BODY)),
    ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
    ("gzip,deflate", zlib.compress(gzip.compress(BODY))),
    ("deflate, gzip", gzip.compress(zlib.compress(BODY))),
    ("gzip, identity", gzip.compress(BODY)),
    ("identity,,gzip,", gzip.compress(BODY)),
    ("br", brotli.compress(BODY, quality=1)),
    ("zstd", zstd.compress(BODY)),
    ("zstd", FRAMES),
    *[(name, BODY) for name in ("", "identity", "utf-8", "UTF-8", "none", "binary", "base64", "7bit", "compress", ",")],
    ("gzip, utf-8", BODY),
]


def unpacked(encoding: str, data: bytes, step: int) -> bytes:
    decoder = Decoder(encoding, 10 * len(BODY))
    kept = b"".join(
        piece for start in range(0, len(data), step) for piece in decoder.decode(data[start : start + step])
    )
    decoder.finish()
    return kept


@pytest.mark.parametrize(("encoding", "sent"), WHOLE)
@pytest.mark.parametrize("step", [1, 1000, 10**7])
def test_a_body_is_undone_however_it_travels(encoding: str, sent: bytes, step: int) -> None:
    assert unpacked(encoding, sent, max(step, len(sent) // 5000)) == BODY


@pytest.mark.parametrize(("encoding", "sent"), WHOLE)
def test_a_body_arrives_as_the_portal_meant_it(
    serve: Serve, fetcher: HttpFetcher, folder: Path, encoding: str, sent: bytes
) -> None:
    file = fetcher.fetch(ask(serve(answer(sent, "200 OK", f"Content-Encoding: {encoding}")).url), folder, FakeWatch())
    assert file.path.read_bytes() == BODY
    assert file.declared_size == (len(BODY) if sent == BODY else None)
    assert not file.ended_by_close


def test_two_headers_count_as_one_list(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    twice = answer(gzip.compress(gzip.compress(BODY)), "200 OK", "Content-Encoding: gzip", "Content-Encoding: gzip")
    assert fetcher.fetch(ask(serve(twice).url), folder, FakeWatch()).size == len(BODY)


def test_a_packed_body_that_is_empty_is_an_empty_file(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    assert fetcher.fetch(ask(serve(answer(b"", "200 OK", "Content-Encoding: gzip")).url), folder, FakeWatch()).size == 0


def test_a_packed_archive_is_undone_once_as_in_a_browser(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    """Neither the name nor the type of an archive keeps a browser from undoing what the header says."""
    archive = gzip.compress(BODY)
    kind = ("Content-Type: application/x-gzip", 'Content-Disposition: attachment; filename="a.tar.gz"')
    server = serve(answer(gzip.compress(archive), "200 OK", "Content-Encoding: gzip", *kind))
    assert fetcher.fetch(ask(server.url), folder, FakeWatch()).path.read_bytes() == archive


@given(cut=st.integers(min_value=1), which=st.sampled_from([*WHOLE[:4], *WHOLE[7:8], *WHOLE[9:13], *WHOLE[15:18]]))
def test_a_body_that_is_cut_anywhere_is_not_whole(cut: int, which: tuple[str, bytes]) -> None:
    """Except right between two members or frames, where only the length of the answer can tell."""
    encoding, sent = which
    left = sent[: 1 + cut % (len(sent) - 1)]
    between = {len(gzip.compress(BODY[:HALF])), len(gzip.compress(BODY[:HALF]) + gzip.compress(b""))} | {
        len(zstd.compress(BODY[:HALF]))
    }
    if (sent in (MEMBERS, FRAMES)) and len(left) in between:
        return
    with pytest.raises(NetworkError, match="too early"):
        unpacked(encoding, left, 10**7)


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", b"no gzip at all"),
        ("gzip", zlib.compress(BODY)),
        ("deflate", b"no deflate"),
        ("deflate", zlib.compress(BODY)[:-4] + b"abcd"),
        ("gzip", gzip.compress(BODY)[:-8] + bytes(8)),
        ("gzip", gzip.compress(BODY) + b"\x1f\x8b\x08" + b"\xff" * 30),
        ("gzip, gzip", gzip.compress(BODY)),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(
    serve: Serve, fetcher: HttpFetcher, folder: Path, encoding: str, sent: bytes
) -> None:
    with pytest.raises(NetworkError):
        fetcher.fetch(ask(serve(answer(sent, "200 OK", f"Content-Encoding: {encoding}")).url), folder, FakeWatch())
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "encoding", ["gzip;q=1", '"gzip"', "gzip x", "charset; utf-8", "br", "zstd", ",".join(["gzip"] * 9)]
)
def test_a_header_that_no_browser_would_accept_is_the_files_own_fault(
    serve: Serve, fetcher: HttpFetcher, folder: Path, encoding: str
) -> None:
    with pytest.raises(AttachmentError, match=encoding[:4]):
        fetcher.fetch(ask(serve(answer(BODY, "200 OK", f"Content-Encoding: {encoding}")).url), folder, FakeWatch())


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", gzip.compress(bytes(50_000_000))),
        ("br", brotli.compress(bytes(50_000_000), quality=1)),
        ("zstd", zstd.compress(bytes(50_000_000))),
        ("gzip, gzip", gzip.compress(gzip.compress(b"") * 2_000_000, 1)),
    ],
)
def test_a_small_body_that_swells_is_broken_off_piece_by_piece(encoding: str, sent: bytes) -> None:
    """Also between two layers, where nothing would ever reach the disk."""
    pieces: list[bytes] = []
    with pytest.raises(AttachmentLimitError):
        pieces.extend(Decoder(encoding, 1_000_000).decode(sent))
    assert sum(map(len, pieces)) <= 1_000_000


@pytest.mark.parametrize(
    ("headers", "body", "whole", "by_close"),
    [
        ((f"Content-Length: {len(BODY)}", f"Content-Length: {len(BODY)}"), BODY, True, False),
        ((f"Content-Length: {len(BODY)}, {len(BODY)}",), BODY, True, False),
        ((), BODY, True, True),
        (("Content-Encoding: gzip",), gzip.compress(BODY), True, False),
        (("Content-Encoding: gzip",), gzip.compress(BODY)[:-1], False, False),
        (("Transfer-Encoding: chunked",), b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY), True, False),
        (
            ("Transfer-Encoding: chunked", "Content-Length: 5"),
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
            True,
            False,
        ),
        (("Transfer-Encoding: chunked",), b"%x\r\n%b\r\n" % (len(BODY), BODY), False, False),
        (("Transfer-Encoding: gzip, chunked",), b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY), False, False),
        (("Transfer-Encoding: identity",), BODY, False, False),
        ((f"Content-Length: {len(BODY)}\r\n",), BODY + b"\r\n", True, False),
        ((f"Content-Length: {len(BODY) - 1}",), BODY, False, False),
        ((f"Content-Length: {HALF}",), BODY, False, False),
        ((f"Content-Length: {len(BODY) + 1}",), BODY, False, False),
        ((f"Content-Length: {len(BODY)}", f"Content-Length: {HALF}"), BODY, False, False),
        ((f"Content-Length: {HALF}, {len(BODY)}",), BODY, False, False),
        ((f"Content-Length: +{len(BODY)}",), BODY, False, False),
        ((f"Content-Length: {len(BODY):#x}",), BODY, False, False),
        ((f"Content-Length: {len(BODY)}.0",), BODY, False, False),
        (("Content-Length: -5",), BODY, False, False),
        (("Content-Length: ",), BODY, False, False),
        (("Content-Encoding: gzip", f"Content-Length: {len(BODY)}"), gzip.compress(BODY), True, False),
        (("Content-Encoding: gzip", f"Content-Length: {len(MEMBERS)}"), gzip.compress(BODY[:HALF]), False, False),
        (("Content-Encoding: gzip", "Content-Length: 40"), gzip.compress(BODY), False, False),
    ],
)
def test_a_length_is_kept_believed_or_refused(
    serve: Serve,
    fetcher: HttpFetcher,
    folder: Path,
    headers: tuple[str, ...],
    body: bytes,
    whole: bool,
    by_close: bool,
) -> None:
    """What could be cut is never a file, and what only the end of the connection ended says so."""
    head = "".join(f"{header.strip()}\r\n" for header in ("HTTP/1.1 200 OK", "Connection: close", *headers))
    server = serve(lambda connection: connection.sendall(head.encode() + b"\r\n" + body))
    if whole:
        file = fetcher.fetch(ask(server.url), folder, FakeWatch())
        assert file.path.read_bytes() == BODY
        assert file.ended_by_close is by_close
    else:
        with pytest.raises((NetworkError, AttachmentError)):
            fetcher.fetch(ask(server.url), folder, FakeWatch())
        assert list(folder.iterdir()) == []


def test_what_comes_behind_an_answer_is_not_taken_for_the_next(
    fetcher: HttpFetcher, serve: Serve, folder: Path
) -> None:
    """A kept connection would give the rest of one file as the answer for another one."""
    planted = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"

    def keep(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood" + planted)
        connection.recv(1)  # the connection stays open until the other side closes it

    server = serve(keep)
    for _ in range(2):
        with pytest.raises(AttachmentError, match="sent more"):
            fetcher.fetch(ask(server.url), folder, FakeWatch())
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "deflate", "br", "zstd"])
def test_a_body_of_which_nothing_has_come_has_not_ended(encoding: str) -> None:
    assert Decoder(encoding, 1000).has_ended is False
