"""A demo portal on loopback, with login, Coupa's page forms and faults on demand.

As a program it prints one line with its address and ends when its standard input closes or on SIGTERM:

    python scripts/demo_portal.py --orders 40 --seed 1 --latency-page-ms 100 --fault PO16928003=page-503:1

From Python, `DemoPortal` runs that program in a child process: `with DemoPortal(orders=40) as portal: portal.url`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import uvicorn

sys.path.append(str(Path(__file__).resolve().parents[1]))  # run as a program, it finds its parts from the root

from scripts.portal.app import build_app
from scripts.portal.child import (
    Counters as Counters,
    DemoPortal as DemoPortal,
    TrueFile as TrueFile,
    TrueOrder as TrueOrder,
)
from scripts.portal.options import (
    Fault as Fault,
    FaultKind as FaultKind,
    PortalConfig as PortalConfig,
    read_plan,
)
from scripts.portal.state import PASSWORD as PASSWORD, USERNAME as USERNAME, PortalState


class _Server(uvicorn.Server):
    """A server that ends at once and without a fuss, whoever is still connected."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the base class's signature
        self.end()

    def end(self) -> None:
        """Stop serving. Safe from any thread."""
        self.force_exit = True
        self.should_exit = True

    def end_with_input(self) -> None:
        """Stop serving when standard input closes."""
        while os.read(0, 4096):
            pass
        self.end()


def serve(config: PortalConfig) -> None:
    """Serve on a port that the system chooses, print the address, and return when told to end."""
    # The protocol is named because asyncio turns off Nagle's delay (40 ms an answer) only on sockets that say TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    server = _Server(
        uvicorn.Config(
            build_app(PortalState(config)),
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=1,
            # The portal breaks its own promises on purpose; what the server thinks of that is of no interest.
            log_config=None,
        )
    )
    threading.Thread(target=server.end_with_input, daemon=True).start()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    server.run(sockets=[listener])


def _arguments(arguments: Sequence[str] | None) -> PortalConfig:
    parser = argparse.ArgumentParser(description="A demo portal on loopback. User name and password are both demo.")
    parser.add_argument("--config", metavar="FILE", help="settings as JSON; - reads one line of standard input")
    parser.add_argument("--orders", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files-per-order", type=int, help="the same count for all orders")
    parser.add_argument("--file-size", type=int, help="bytes of each file")
    parser.add_argument("--latency-page-ms", "--page-latency-ms", type=float, default=0.0, dest="page_latency_ms")
    parser.add_argument("--latency-file-ms", "--file-latency-ms", type=float, default=0.0, dest="file_latency_ms")
    parser.add_argument("--forms", default="1,2,3,4", help="which of Coupa's forms, such as 3,4")
    parser.add_argument("--nasty-names", action="store_true", help="file names that try to do harm")
    parser.add_argument("--no-login", action="store_true", help="show orders to anybody")
    parser.add_argument("--no-floating-bar", action="store_true", help="leave out the bar that swallows clicks")
    parser.add_argument("--expire-at", type=int, action="append", default=[], help="end all logins at that request")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="ORDER=KIND[:TIMES[:SECONDS]]",
        help=f"kinds: {', '.join(kind.value for kind in FaultKind)}",
    )
    given = parser.parse_args(arguments)
    try:
        if given.config is not None:
            text = sys.stdin.readline() if given.config == "-" else Path(given.config).read_text(encoding="utf-8")
            return PortalConfig(**json.loads(text))
        faults: dict[str, list[str]] = {}
        for text in given.fault:
            number, _, kind = text.partition("=")
            faults.setdefault(number, []).append(kind)
        return PortalConfig(
            orders=given.orders,
            seed=given.seed,
            files_per_order=given.files_per_order,
            file_size=given.file_size,
            forms=[int(form) for form in given.forms.split(",")],
            nasty_names=given.nasty_names,
            floating_bar=not given.no_floating_bar,
            page_latency_ms=given.page_latency_ms,
            file_latency_ms=given.file_latency_ms,
            login_required=not given.no_login,
            expire_at_requests=tuple(given.expire_at),
            faults=read_plan(faults),
        )
    except (OSError, TypeError, ValueError) as error:
        parser.error(f"These settings cannot be used: {error}")


if __name__ == "__main__":
    serve(_arguments(None))
