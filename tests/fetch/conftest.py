"""Fixtures of the fetch tests: raw servers that end with the test, and a fetcher with short limits."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.fetch import HttpFetcher
from contracts.config import Timeouts
from tests.fetch.rawserver import RawServer, Script


@pytest.fixture
def serve() -> Iterator[Callable[[Script], RawServer]]:
    """Start raw servers that end with the test."""
    servers: list[RawServer] = []

    def start(script: Script) -> RawServer:
        servers.append(RawServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def fetcher() -> Iterator[HttpFetcher]:
    running = HttpFetcher(Timeouts(http_connect=5, http_read=0.3), wall_clock=lambda: 1_700_000_000.0)
    yield running
    running.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An existing folder that must be empty after every failure."""
    return tmp_path


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, held for the test so that nobody else gets it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
