"""How an answer says where its body ends, and whether that can be believed."""

from __future__ import annotations

from typing import Any

import httpx

from actors.addresses import WebAddress
from actors.fetch.reach import shown
from contracts.errors import AttachmentError, NetworkError

_LONGEST_REASON = 200
# Where the transport keeps the state of a connection. It tells nobody what came after the end of an answer.
_TO_THE_CONNECTION = ("_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state")


def announced_size(headers: httpx.Headers) -> int | None:
    """Raw bytes the answer announced; a chunked answer announces none."""
    value = headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and "transfer-encoding" not in headers else None


def refuse_other_length(answer: httpx.Response, received: int, announced: int | None, address: WebAddress) -> None:
    """Return when as many bytes came as were announced, or none were.

    Raises:
        NetworkError: Fewer came, or more than the transport should have given.
        AttachmentError: More came behind them, so that the file may go on there.
    """
    if announced is None:
        return
    if received != announced:
        raise NetworkError(f"{shown(address)} broke off after {received} of {announced} announced bytes. Try again.")
    surplus = bytes_behind(answer)
    if surplus:
        # The next request on this connection would take them for its answer.
        answer.extensions["network_stream"].close()
    # Some servers end every answer with a line break too many.
    if surplus.strip(b"\r\n"):
        raise AttachmentError(
            f"The portal announced {announced} bytes for {shown(address)} and sent more, so the file may be cut there. "
            "Open the order by hand."
        )


def bytes_behind(answer: httpx.Response) -> bytes:
    """Return what has come behind an answer that has been read to its end, as far as it is known."""
    state: Any = answer.stream
    for name in _TO_THE_CONNECTION:
        state = getattr(state, name, None)
    behind = getattr(state, "trailing_data", (b"",))
    return bytes(behind[0])


def refusal_of(error: httpx.RemoteProtocolError, address: WebAddress) -> AttachmentError | NetworkError:
    """Say what a broken answer means: a length that nobody can believe stays so, however often it is asked for."""
    told = str(error)[:_LONGEST_REASON]  # it may quote what came
    if "Content-Length" in told or "Transfer-Encoding" in told:
        return AttachmentError(
            f"The portal says in a way that cannot be relied on how long {shown(address)} is ({told}). "
            "Use the browser route."
        )
    return NetworkError(f"The connection for {shown(address)} failed or broke off: {told}. Try again.")
