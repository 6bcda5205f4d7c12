"""The demo portal's web application: login, orders in two flavours, files, and the control addresses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from scripts.portal import pages
from scripts.portal.answers import faulty_file, retry_after, whole_file
from scripts.portal.content import DemoOrder
from scripts.portal.options import Fault, FaultKind, read_plan
from scripts.portal.state import COOKIE, PortalState

_NOT_FOUND = "Oops! We couldn't find what you wanted"
_NOT_AUTHORISED = "You are not authorized to access this page."
_LATENCIES = (FaultKind.PAGE_LATENCY, FaultKind.PAGE_SLOW, FaultKind.FILE_LATENCY)

Endpoint = Callable[[Request], Awaitable[Response]]


class PortalPages:
    """What people and browsers ask the portal for."""

    def __init__(self, state: PortalState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Every address but the control ones."""
        return [
            Route("/", self._home),
            Route("/generic", self._home),
            Route("/generic/", self._home),
            Route("/login", self._login_form),
            Route("/sessions/new", self._login_form),
            Route("/generic/login", self._login_form),
            Route("/sessions", self._log_in, methods=["POST"]),
            Route("/order_headers/{number}", self._guarded(self._order)),
            Route("/requisition_headers/{number}", self._guarded(self._requisition)),
            Route("/attachments/{key}", self._guarded(self._attachment_history)),
            Route("/attachment/attachment_file/{form}/{key}/{name}", self._guarded(self._file)),
            Route("/generic/orders/{number}", self._guarded(self._order)),
            Route("/generic/files/{key}/{name}", self._guarded(self._file)),
        ]

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            self._state.count_protected()
            if not self._state.is_logged_in(request.cookies.get(COOKIE)):
                return RedirectResponse("/login", 302)
            return await endpoint(request)

        return answer

    async def _home(self, _request: Request) -> Response:
        return HTMLResponse(pages.document("Demo portal", '<h1>Demo portal</h1><a href="/login">Sign in</a>'))

    async def _login_form(self, _request: Request) -> Response:
        return HTMLResponse(pages.login_page())

    async def _log_in(self, request: Request) -> Response:
        async with request.form() as form:
            session = self._state.log_in(str(form.get("username", "")), str(form.get("password", "")))
        if session is None:
            return HTMLResponse(pages.login_page("The user name or password is wrong."))
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, session, path="/", httponly=True, samesite="lax")
        return response

    async def _order(self, request: Request) -> Response:
        order = self._state.find_order(request.path_params["number"])
        if order is None:
            return HTMLResponse(pages.message_page("Not found", _NOT_FOUND), 404)
        self._state.count_page(order.number)
        faults = self._state.strike(order.number, page=True)
        await asyncio.sleep(self._state.latency(faults, page=True))
        generic = request.url.path.startswith("/generic/")
        for fault in faults:
            if fault.kind not in _LATENCIES:
                return self._faulty_page(order, fault, generic)
        return HTMLResponse(self._page(order, generic))

    def _page(self, order: DemoOrder, generic: bool) -> str:
        lines = self._state.config.lines
        if generic:
            return pages.generic_page(order, lines=lines)
        return pages.order_page(order, lines=lines, floating_bar=self._state.config.floating_bar)

    def _faulty_page(self, order: DemoOrder, fault: Fault, generic: bool) -> Response:
        match fault.kind:
            case FaultKind.PAGE_404:
                return HTMLResponse(pages.message_page("Not found", _NOT_FOUND), 404)
            case FaultKind.PAGE_NOT_FOUND_200:
                return HTMLResponse(pages.message_page("Not found", _NOT_FOUND))
            case FaultKind.PAGE_NOT_AUTHORISED:
                return HTMLResponse(pages.message_page("Access", _NOT_AUTHORISED))
            case FaultKind.PAGE_500:
                return HTMLResponse(pages.message_page("Error", "We're sorry, but something went wrong."), 500)
            case FaultKind.PAGE_503:
                return HTMLResponse(pages.message_page("Busy", "Service unavailable"), 503)
            case FaultKind.PAGE_429:
                return HTMLResponse(pages.message_page("Slow down", "Too many requests"), 429, retry_after(fault))
            case FaultKind.PAGE_204:
                return Response(status_code=204)
            case FaultKind.PAGE_LOGIN:
                return RedirectResponse("/login", 302)
            case FaultKind.PAGE_WRONG_TITLE:
                return HTMLResponse(self._page(self._neighbour(order), generic))
            case _:
                return HTMLResponse(self._page(order, generic))

    def _neighbour(self, order: DemoOrder) -> DemoOrder:
        numbers = list(self._state.orders)
        return self._state.orders[numbers[(numbers.index(order.number) + 1) % len(numbers)]]

    async def _requisition(self, request: Request) -> Response:
        order = self._state.requisitions.get(request.path_params["number"])
        if order is None:
            return HTMLResponse(pages.message_page("Not found", _NOT_FOUND), 404)
        await asyncio.sleep(self._state.latency([], page=True))
        return HTMLResponse(pages.requisition_page(order))

    async def _attachment_history(self, request: Request) -> Response:
        return HTMLResponse(pages.document("Attachment history", f"<h1>History of {request.path_params['key']}</h1>"))

    async def _file(self, request: Request) -> Response:
        file = self._state.files.get(request.path_params["key"])
        if file is None:
            return HTMLResponse(pages.message_page("Not found", _NOT_FOUND), 404)
        self._state.count_file(file.key)
        faults = self._state.strike(file.order, page=False)
        await asyncio.sleep(self._state.latency(faults, page=False))
        for fault in faults:
            if fault.kind not in _LATENCIES:
                return faulty_file(file, fault)
        return whole_file(file)


class PortalControls:
    """What tests, demo and benchmark ask the portal for: the truth, the counters, and trouble."""

    def __init__(self, state: PortalState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """The addresses below `/_control/`."""
        return [
            Route("/_control/truth", self._truth),
            Route("/_control/counters", self._counters),
            Route("/_control/expire", self._expire, methods=["POST"]),
            Route("/_control/faults", self._faults, methods=["POST"]),
            Route("/_control/set", self._set, methods=["POST"]),
        ]

    async def _truth(self, _request: Request) -> Response:
        return JSONResponse(self._state.truth())

    async def _counters(self, _request: Request) -> Response:
        return JSONResponse(self._state.counters())

    async def _expire(self, _request: Request) -> Response:
        return JSONResponse({"expired": self._state.expire_logins()})

    async def _faults(self, request: Request) -> Response:
        try:
            wanted = await request.json()
            plan = read_plan(wanted["orders"])
        except (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            return JSONResponse({"error": f"These faults cannot be read: {error}"}, 400)
        unknown = sorted(set(plan) - set(self._state.orders))
        if unknown:
            return JSONResponse({"error": f"There are no such orders: {', '.join(unknown)}"}, 400)
        self._state.set_faults(plan, replace=bool(wanted.get("replace", False)))
        return JSONResponse({"orders": sorted(plan)})

    async def _set(self, request: Request) -> Response:
        wanted: dict[str, Any] = await request.json()
        allowed = {"down": bool, "page_latency_ms": float, "file_latency_ms": float}
        if not wanted.keys() <= allowed.keys():
            return JSONResponse({"error": f"Only these can be set: {', '.join(allowed)}"}, 400)
        for name, value in wanted.items():
            setattr(self._state, name, allowed[name](value))
        return JSONResponse(wanted)


class _FrontDoor:
    """Counts every request and turns them all away while the portal is down; control requests pass untouched."""

    def __init__(self, app: ASGIApp, state: PortalState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_control/"):
            await self._app(scope, receive, send)
            return
        self._state.count_request()
        if self._state.down:
            down = HTMLResponse(pages.message_page("Down", "The portal is down for maintenance."), 503)
            await down(scope, receive, send)
            return
        await self._app(scope, receive, send)


def build_app(state: PortalState) -> ASGIApp:
    """The whole application over `state`."""
    routes = [*PortalControls(state).routes(), *PortalPages(state).routes()]
    return _FrontDoor(Starlette(routes=routes), state)
