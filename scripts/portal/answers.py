"""How the demo portal sends a file: whole, or in one of the ways that files go wrong.

The broken ways are answers that break their own promise, so they speak the server interface directly instead of using
a ready-made response.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from scripts.portal.content import DemoFile
from scripts.portal.options import Fault, FaultKind
from scripts.portal.pages import login_page, message_page

_MEDIA_TYPES = {"pdf": "application/pdf", "png": "image/png", "zip": "application/zip"}


class BrokenAnswer(Response):
    """Announces `announced` bytes, sends `pieces` with a pause after each, then hangs or closes.

    Args:
        headers: Raw header pairs, without Content-Length.
        announced: Value of Content-Length.
        pieces: What is sent, one by one.
        pause: Seconds after each piece.
        hang: Stay silent until the client leaves, instead of closing.
    """

    def __init__(
        self, headers: Sequence[tuple[bytes, bytes]], announced: int, pieces: Sequence[bytes], pause: float, hang: bool
    ) -> None:
        super().__init__()
        self.raw_headers = [*headers, (b"content-length", str(announced).encode())]
        self._pieces = pieces
        self._pause = pause
        self._hang = hang

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - server interface
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        gone = asyncio.ensure_future(_left(receive))
        try:
            for piece in self._pieces:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.wait((gone,), timeout=self._pause)
            if self._hang:
                await gone
        finally:
            gone.cancel()
        # Returning without the last piece makes the server close the connection: the file is cut off.


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def whole_file(file: DemoFile) -> Response:
    """The file as it is, with the headers of its variant."""
    response = Response(file.content())
    response.raw_headers = [*_headers(file), (b"content-length", str(file.size).encode())]
    return response


def faulty_file(file: DemoFile, fault: Fault) -> Response:
    """The file, or what comes in its place, as `fault` says."""
    content = file.content()
    match fault.kind:
        case FaultKind.FILE_404:
            return HTMLResponse(message_page("Not found", "The page you were looking for doesn't exist"), 404)
        case FaultKind.FILE_500:
            return HTMLResponse(message_page("Error", "We're sorry, but something went wrong."), 500)
        case FaultKind.FILE_503:
            return HTMLResponse(message_page("Busy", "Service unavailable"), 503)
        case FaultKind.FILE_429:
            return HTMLResponse(message_page("Slow down", "Too many requests"), 429, retry_after(fault))
        case FaultKind.FILE_401:
            return HTMLResponse(message_page("Unauthorized", "Sign in first"), 401)
        case FaultKind.FILE_LOGIN:
            return RedirectResponse("/login", 302)
        case FaultKind.FILE_LOGIN_HTML:
            response = Response(login_page().encode())
            response.raw_headers = [*_headers(file), (b"content-length", str(len(response.body)).encode())]
            return response
        case FaultKind.FILE_EMPTY:
            response = Response()
            response.raw_headers = [*_headers(file), (b"content-length", b"0")]
            return response
        case FaultKind.FILE_STALL:
            return BrokenAnswer(_headers(file), file.size, (content[: file.size // 2],), 0.0, hang=True)
        case FaultKind.FILE_DRIP:
            pieces = [content[at : at + 1] for at in range(file.size)]
            return BrokenAnswer(_headers(file), file.size, pieces, fault.pause, hang=True)
        case FaultKind.FILE_TRUNCATED:
            return BrokenAnswer(_headers(file), file.size, (content[: file.size // 2],), 0.0, hang=False)
        case _:
            return whole_file(file)


def retry_after(fault: Fault) -> dict[str, str]:
    """The header that asks to be left alone for the fault's seconds."""
    return {"Retry-After": f"{fault.pause:.0f}"}


def _headers(file: DemoFile) -> list[tuple[bytes, bytes]]:
    escaped = file.name.replace("\\", "\\\\").replace('"', '\\"')
    match file.disposition:
        case "plain":
            # Raw UTF-8 where the name is not plain ASCII: no standard allows it, many portals do it.
            disposition = f'attachment; filename="{escaped}"'.encode()
        case "utf-8":
            fallback = escaped.encode("ascii", "replace").decode().replace("?", "_")
            disposition = f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(file.name, safe='')}".encode()
        case _:
            # Without a disposition a browser would show a PDF or picture; an unknown type makes it save the file.
            return [(b"content-type", b"application/octet-stream")]
    return [(b"content-type", _MEDIA_TYPES[file.kind].encode()), (b"content-disposition", disposition)]
