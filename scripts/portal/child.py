"""Runs the demo portal in a child process and speaks to its control addresses.

The child's work is not counted as the caller's, and it ends with its parent, however the parent ends: it watches its
standard input.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from scripts.portal.options import PortalConfig, plan_as_json, read_plan
from scripts.portal.state import PASSWORD, USERNAME

_PROGRAM = Path(__file__).resolve().parents[1] / "demo_portal.py"

_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_ANSWER_SECONDS = 30.0


@attrs.frozen
class TrueFile:
    """One file as the portal serves it. `key` names it in the counters, `form` is its form on Coupa's pages."""

    name: str
    size: int
    sha256: str
    form: int
    key: str


@attrs.frozen
class TrueOrder:
    """One order as the portal serves it. `requisition` is not empty when its files lie on a requisition."""

    supplier: str
    files: tuple[TrueFile, ...]
    requisition: str = ""


@attrs.frozen
class Counters:
    """What the portal has counted.

    Args:
        requests: Requests of any kind but control.
        protected: Requests for pages and files, logged in or not.
        logins: Logins that worked.
        failed_logins: Logins with a wrong name or password.
        turned_away: Requests for pages and files that were sent to the login page.
        sessions: Logins that are valid now.
        pages: Requests for each order's page.
        files: Requests for files, by order.
        file_keys: Requests for each file, by its key.
    """

    requests: int
    protected: int
    logins: int
    failed_logins: int
    turned_away: int
    sessions: int
    pages: Mapping[str, int]
    files: Mapping[str, int]
    file_keys: Mapping[str, int]


class DemoPortal:
    """The portal in a child process, from `with` to the end of the block.

    Args:
        config: The settings; or leave it out and give them by name, as for `PortalConfig`.
        **settings: Settings of `PortalConfig`.
    """

    username = USERNAME
    password = PASSWORD

    def __init__(self, config: PortalConfig | None = None, **settings: Any) -> None:
        if config is not None and settings:
            raise TypeError("Give the portal either a configuration or settings by name, not both.")
        self.config = config if config is not None else PortalConfig(**settings)
        self.password = self.config.password
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def __enter__(self) -> Self:
        process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), "--config", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._process = process
        try:
            self._port = self._start(process)
        finally:
            if not self._port:
                self._end()
        return self

    def _start(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdin is not None
        assert process.stdout is not None
        too_late = threading.Timer(_START_SECONDS, process.kill)
        too_late.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended already, and the empty answer says so
                process.stdin.write(json.dumps(self.config.as_json()).encode() + b"\n")
                process.stdin.flush()
            line = process.stdout.readline().decode().strip()
        finally:
            too_late.cancel()
        if not line.startswith("http://127.0.0.1:"):
            raise RuntimeError("The demo portal did not start; its own message stands on standard error.")
        return int(line.rpartition(":")[2])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        self._port = 0
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it ended before it read everything
            process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    # ------------------------------------------------------------------------------------------------------- addresses

    @property
    def pid(self) -> int:
        """Process id of the portal."""
        if self._process is None:
            raise RuntimeError("The demo portal is not running; use it in a `with` block.")
        return self._process.pid

    @property
    def url(self) -> str:
        """The portal's address, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def generic_url(self) -> str:
        """The base address of the flavour that no adapter was written for."""
        return f"{self.url}/generic"

    def order_url(self, number: str) -> str:
        """Address of an order's page."""
        return f"{self.url}/order_headers/{number}"

    # --------------------------------------------------------------------------------------------------------- control

    def truth(self) -> dict[str, TrueOrder]:
        """What the portal serves, by order number, in the order of the numbers."""
        return {
            number: TrueOrder(
                supplier=order["supplier"],
                files=tuple(TrueFile(**file) for file in order["files"]),
                requisition=order["requisition"],
            )
            for number, order in self._control("GET", "truth").items()
        }

    def numbers(self) -> list[str]:
        """Every order's number."""
        return list(self.truth())

    def counters(self) -> Counters:
        """What the portal has counted so far."""
        return Counters(**self._control("GET", "counters"))

    def expire_logins(self) -> int:
        """End every login now and return how many there were."""
        return int(self._control("POST", "expire", {})["expired"])

    def set_faults(self, faults: Mapping[str, Any], *, replace: bool = False) -> None:
        """Set faults by order number, such as `{"PO16928003": "page-503:1"}`.

        Args:
            faults: For each order one fault or several: text `kind:times:seconds`, a `FaultKind` or a `Fault`. An
                empty list makes the order healthy.
            replace: Make every other order healthy.
        """
        self._control("POST", "faults", {"orders": plan_as_json(read_plan(faults)), "replace": replace})

    def set_down(self, down: bool = True) -> None:
        """Make everything answer 503, or end that."""
        self._control("POST", "set", {"down": down})

    def set_latency(self, *, page_ms: float, file_ms: float) -> None:
        """Set the milliseconds before each page and each file."""
        self._control("POST", "set", {"page_latency_ms": page_ms, "file_latency_ms": file_ms})

    def _control(self, method: str, name: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_SECONDS)
        try:
            connection.request(
                method,
                f"/_control/{name}",
                body=None if body is None else json.dumps(body),
                headers={"Content-Type": "application/json", "Connection": "close"},
            )
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(answer.get("error", f"The demo portal answered {response.status} to {name}."))
        return answer
