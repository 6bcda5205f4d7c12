"""Runs a test's own server on a thread, and ends it with every request that still hangs."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

Server = TypeVar("Server", bound=http.server.HTTPServer)


@contextmanager
def serving(server: Server, over: threading.Event | None = None) -> Iterator[Server]:
    """Run a server.

    Args:
        server: It is listening, and is closed at the end.
        over: Set at the end: what requests that hang on purpose wait for.
    """
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        if over is not None:
            over.set()
        server.shutdown()
        server.server_close()
        thread.join()
