"""An http or https address, read by the URL standard that browsers follow (WHATWG), and where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterable

import ada_url
import attrs

_USUAL_PORTS = {"http": 80, "https": 443}


@attrs.frozen
class WebAddress:
    """An http or https address. Every part is as a browser writes it: ASCII, with the host in lower case.

    Args:
        scheme: `http` or `https`.
        host: The host; an IPv6 address stands in brackets.
        port: The port, also when it is the scheme's usual one.
        path: The path, beginning with a slash.
        query: The query with its question mark, or empty.
        login: User name and password as they stand in the address, or empty.
    """

    scheme: str
    host: str
    port: int
    path: str = attrs.field(default="/", repr=False)
    query: str = attrs.field(default="", repr=False)
    login: str = attrs.field(default="", repr=False)

    @property
    def authority(self) -> str:
        """Host and port, the usual port left out."""
        return self.host if self.port == _USUAL_PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def target(self) -> str:
        """What a request asks its host for, byte for byte."""
        return self.path + self.query

    @property
    def href(self) -> str:
        """The whole address, without a fragment."""
        login = f"{self.login}@" if self.login else ""
        return f"{self.scheme}://{login}{self.authority}{self.target}"

    @property
    def is_usual_port(self) -> bool:
        """Whether the port is the scheme's own."""
        return self.port == _USUAL_PORTS[self.scheme]


def web_address(text: str, base: str | None = None) -> WebAddress | None:
    """Read an address as a browser does.

    Args:
        text: The address; relative ones need a `base`.
        base: Absolute address of the page on which it stands.

    Returns:
        The address, or None when a browser could not request it over http or https.
    """
    try:
        url = ada_url.URL(_whole_characters(text), None if base is None else _whole_characters(base))
    except ValueError:
        return None
    scheme = url.protocol[:-1]
    if scheme not in _USUAL_PORTS or url.port == "0":
        return None
    # The attribute for the query hides a lone question mark, which browsers send.
    before, mark, query = url.href.partition("#")[0].partition("?")
    login, at, _ = before.split("/", 3)[2].rpartition("@")
    return WebAddress(
        scheme=scheme,
        host=url.hostname,
        port=int(url.port) if url.port else _USUAL_PORTS[scheme],
        # The standard leaves a bar in a path as it is; Chromium does not, and what it requests is what counts.
        path=url.pathname.replace("|", "%7C"),
        query=mark + query,
        login=login if at else "",
    )


_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def page_key(text: str) -> str:
    """Return what is the same for every spelling of a page's address, or an empty text when it is none.

    Left out are the fragment, the usual port and slashes at the path's end; the host is as a browser writes it, and so
    are escapes. What differs in the query is another page.
    """
    found = web_address(text)
    if found is None:
        return ""
    return f"{found.origin}{_ESCAPED.sub(_plain, found.path).rstrip('/')}{_ESCAPED.sub(_plain, found.query)}"


def authority_of(text: str) -> str:
    """Return host and port of an address as a browser writes them, the usual port left out; empty when it is none."""
    found = web_address(text)
    return found.authority if found else ""


def origin_of(text: str) -> str:
    """Return scheme, host and port of an address as a browser writes them; empty when it is none."""
    found = web_address(text)
    return found.origin if found else ""


def _plain(escaped: re.Match[str]) -> str:
    character = chr(int(escaped[1], 16))
    return character if character in _UNRESERVED else escaped[0].upper()


def on_one_of(address: WebAddress, hosts: Iterable[str]) -> bool:
    """Whether `address` is on one of `hosts`.

    Args:
        address: Where something leads.
        hosts: Each `host:port`, or `host` alone, which means any port of it. `files.example` does not name the hosts
            below it.
    """
    return any(_names(host, address) for host in hosts)


def _names(host: str, address: WebAddress) -> bool:
    named = web_address(f"{address.scheme}://{host}/")
    if named is None or named.host != address.host:
        return False
    has_port = host.rpartition(":")[2].isdigit() and not host.endswith("]")
    return not has_port or named.port == address.port


def _whole_characters(text: str) -> str:
    """Replace halves of characters as browsers do; Python holds them apart, and the library takes none."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
