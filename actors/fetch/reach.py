"""Where one request for a file may lead: to the portal, to hosts that the user allowed, and nowhere else. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import attrs

from actors.addresses import WebAddress, on_one_of, web_address
from contracts.errors import AttachmentError, AuthenticationError

_IDENTITY_HOST = re.compile(r"(?:^|[.-])(?:sso\d*|saml\w*|adfs\d*|okta\w*|microsoftonline)(?:[.-]|$)")


def checked_address(text: str, base: str | None = None) -> WebAddress:
    """Read a file's address as a browser does.

    Raises:
        AttachmentError: It is not a http or https address with a host, or carries a user name or password.
    """
    address = web_address(text, base)
    if address is None:
        raise AttachmentError(
            "The attachment's address is none that can be fetched over http or https. Open the order by hand."
        )
    if address.login:
        raise AttachmentError("The attachment's address carries a user name or password; it is not fetched.")
    return address


def shown(address: WebAddress) -> str:
    """The address for messages: its host alone, since path and query may be the key to the file."""
    return f"{address.origin}/\u2026" if address.target != "/" else address.origin


def same_portal(first: WebAddress, second: WebAddress) -> bool:
    """Whether both addresses are of one server: host and port agree, or both ports are their scheme's usual one."""
    ports_agree = first.port == second.port or (first.is_usual_port and second.is_usual_port)
    return first.host == second.host and ports_agree


@attrs.frozen
class Reach:
    """The hosts that one request may come to.

    Args:
        portal: An address of the portal.
        allowed_hosts: Other hosts that may serve files, as `host`, whatever the port, or `host:port`.
        login_paths: Paths of the portal's login page.
    """

    portal: WebAddress
    allowed_hosts: tuple[str, ...] = ()
    login_paths: tuple[str, ...] = ()

    def is_portal(self, address: WebAddress) -> bool:
        """Whether `address` is on the portal's own server: nobody else gets its cookies or may set any."""
        return same_portal(self.portal, address)

    def check_start(self, address: WebAddress) -> None:
        """Return when a file may be asked for at `address`.

        Raises:
            AttachmentError: It is on a host that was not allowed, or on another host without the portal's encryption.
        """
        if self.is_portal(address):
            return
        if not on_one_of(address, self.allowed_hosts):
            raise AttachmentError(f"{shown(address)} is on another host, {_not_allowed(address)}")
        _refuse_less_encryption(self.portal, address)

    def redirect_target(self, current: WebAddress, locations: list[bytes]) -> WebAddress:
        """Say where a redirect leads, if it may be followed.

        Args:
            current: The address that answered with the redirect.
            locations: Its Location headers, as they came.

        Raises:
            AuthenticationError: The portal wants a login: it leads to its login page or to an identity provider.
            AttachmentError: It leads to a host that was not allowed, from https to http, or nowhere.
        """
        told = set(locations)
        if len(told) != 1:
            raise AttachmentError(f"{shown(current)} redirects to several addresses at once; none is followed.")
        target = checked_address(_text(told.pop()), current.href)
        at_portal = self.is_portal(target)
        allowed = at_portal or on_one_of(target, self.allowed_hosts)
        if self._wants_login(current, target, at_portal=at_portal, allowed=allowed):
            raise AuthenticationError(f"The portal wants a login: {shown(current)} redirects to {shown(target)}.")
        if not allowed:
            raise AttachmentError(f"{shown(current)} redirects to another host, {_not_allowed(target)}")
        _refuse_less_encryption(current, target)
        return target

    def _wants_login(self, current: WebAddress, target: WebAddress, *, at_portal: bool, allowed: bool) -> bool:
        # The login that another host wants is none that the portal's could bring.
        if at_portal:
            return self._is_login_path(target.path)
        return (
            not allowed
            and self.is_portal(current)
            and (_is_identity_provider(target) or self._is_login_path(target.path))
        )

    def _is_login_path(self, path: str) -> bool:
        # The portal may live below a folder, so the login path may also be the end of the address.
        return any(
            path == login or path.startswith(f"{login}/") or path.rstrip("/").endswith(login)
            for login in self.login_paths
        )


def _text(location: bytes) -> str:
    # Browsers keep bytes beyond ASCII as they came, whatever encoding they were meant in.
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in location)


def _not_allowed(address: WebAddress) -> str:
    return (
        f"{address.authority}; it is not fetched. If that host is to be trusted, name it in allowed_file_hosts, "
        "or open the order by hand."
    )


def _refuse_less_encryption(current: WebAddress, target: WebAddress) -> None:
    if current.scheme == "https" and target.scheme == "http":
        raise AttachmentError(f"{shown(current)} leads to an address without encryption; it is not followed.")


def _is_identity_provider(address: WebAddress) -> bool:
    return bool(_IDENTITY_HOST.search(address.host)) or "SAMLRequest" in parse_qs(
        address.query[1:], keep_blank_values=True
    )
