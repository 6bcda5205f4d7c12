"""An address that goes out byte for byte. httpx would write parts of it in another way than browsers do."""

from __future__ import annotations

import httpx

from actors.addresses import WebAddress


class ExactUrl(httpx.URL):
    """What httpx takes for an address, and what it sends of it. As a text it is the origin alone.

    It goes through proxies as it is, which httpcore's extension for the same purpose does not: that would also change
    what a proxy is asked.

    Args:
        address: Where the request goes.
    """

    def __init__(self, address: WebAddress) -> None:
        super().__init__(f"{address.origin}/")
        self._exact_host = address.host.strip("[]")
        self._exact_target = address.target.encode("ascii")

    @property
    def host(self) -> str:
        """The host as it is asked for. httpx would translate it back, and refuse names that browsers know."""
        return self._exact_host

    @property
    def raw_path(self) -> bytes:
        """What the request asks its host for."""
        return self._exact_target
