"""A request for a file leads to the portal and to hosts that were allowed, and a login is told from another host."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, strategies as st

from actors.addresses import WebAddress, web_address
from actors.fetch.reach import Reach, checked_address, same_portal
from contracts.errors import AttachmentError, AuthenticationError

LOGIN = ("/login", "/sessions/new")


def at(address: str) -> WebAddress:
    found = web_address(address)
    assert found is not None
    return found


FILE = at("https://portal.example/attachment/1/a.pdf")
STORE = at("https://store.example/bucket/a.pdf")
REACH = Reach(FILE, ("store.example", "files.example:8443"), LOGIN)


@pytest.mark.parametrize(
    "location",
    [
        b"/login",
        b"/login?return_to=/x",
        b"\\sessions\\new",
        b"/portal/login/",
        b"https://login.microsoftonline.com/common/oauth2",
        b"https://acme.okta.com/app/coupa",
        b"https://sso.acme.example/start",
        b"https://adfs2.acme.example/ls",
        b"https://idp.acme.example/go?SAMLRequest=abc",
    ],
)
def test_a_redirect_to_a_login_is_a_missing_login(location: bytes) -> None:
    with pytest.raises(AuthenticationError):
        REACH.redirect_target(FILE, [location])


@pytest.mark.parametrize(
    "location",
    [
        b"https://elsewhere.example/a.pdf",
        b"https://portal.example:8443/a.pdf",
        b"http://portal.example/a.pdf",
        b"http://store.example/a.pdf",
        b"https://files.example/a.pdf",
        b"https://www.store.example/a.pdf",
        b"//espresso.example/a.pdf",
        b"\\\\espresso.example\\a.pdf",
        b"file:///etc/passwd",
        b"javascript:alert(1)",
        b"https://user:word@portal.example/a.pdf",
        b"https://[broken/a.pdf",
    ],
)
def test_a_redirect_to_a_host_that_was_not_allowed_is_not_followed(location: bytes) -> None:
    with pytest.raises(AttachmentError):
        REACH.redirect_target(FILE, [location])


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"b.pdf", "https://portal.example/attachment/1/b.pdf"),
        (b"..\\b c.pdf#x", "https://portal.example/attachment/b%20c.pdf"),
        (b"/login-notes.pdf", "https://portal.example/login-notes.pdf"),
        (b"https://PORTAL.example:443/x", "https://portal.example/x"),
        ("/für.pdf".encode(), "https://portal.example/f%C3%BCr.pdf"),
        ("/für.pdf?ü".encode("latin-1"), "https://portal.example/f%FCr.pdf?%FC"),
        (b"//store.example/b?sig=%2f|", "https://store.example/b?sig=%2f|"),
        (b"https://store.example:9000/login", "https://store.example:9000/login"),
        (b"https://FILES.example:8443/b", "https://files.example:8443/b"),
    ],
)
def test_a_redirect_to_the_portal_or_an_allowed_host_is_read_as_a_browser_does(location: bytes, target: str) -> None:
    assert REACH.redirect_target(FILE, [location]).href == target


def test_the_message_says_which_host_to_allow_and_how() -> None:
    with pytest.raises(AttachmentError, match=r"another host, elsewhere\.example:81; .* allowed_file_hosts"):
        REACH.redirect_target(FILE, [b"https://elsewhere.example:81/a.pdf?secret"])
    with pytest.raises(AttachmentError, match=r"another host, elsewhere\.example; .* allowed_file_hosts"):
        REACH.check_start(at("https://elsewhere.example/a.pdf"))


def test_a_login_that_another_host_wants_is_not_the_portals() -> None:
    """Logging in to the portal again would change nothing."""
    for location in (b"https://acme.okta.com/app", b"https://elsewhere.example/login"):
        with pytest.raises(AttachmentError):
            REACH.redirect_target(STORE, [location])
    with pytest.raises(AuthenticationError):
        REACH.redirect_target(STORE, [b"https://portal.example/login"])


def test_an_allowed_host_may_be_called_like_an_identity_provider() -> None:
    reach = Reach(FILE, ("sso-files.example",), LOGIN)
    assert reach.redirect_target(FILE, [b"https://sso-files.example/a"]).host == "sso-files.example"


def test_two_addresses_in_one_redirect_are_followed_only_if_they_are_the_same() -> None:
    assert REACH.redirect_target(FILE, [b"/b", b"/b"]).path == "/b"
    with pytest.raises(AttachmentError, match="several addresses"):
        REACH.redirect_target(FILE, [b"/b", b"/c"])


def test_a_file_may_begin_on_an_allowed_host_but_not_with_less_encryption_than_the_portal() -> None:
    REACH.check_start(FILE)
    REACH.check_start(STORE)
    with pytest.raises(AttachmentError, match="without encryption"):
        REACH.check_start(at("http://store.example/a.pdf"))


def test_a_redirect_from_http_to_https_stays_within_the_portal() -> None:
    assert same_portal(at("http://portal.example/"), at("https://portal.example/"))
    assert not same_portal(at("http://portal.example:80/"), at("http://portal.example:81/"))


@pytest.mark.parametrize("address", ["ftp://portal.example/a", "portal.example/a", "", "http://", "x:y", "http://h:0/"])
def test_an_address_that_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(AttachmentError):
        checked_address(address)


@given(st.text(), st.binary())
def test_any_text_is_an_address_or_refused(text: str, location: bytes) -> None:
    """Nothing but the room's own errors comes out of odd addresses."""
    with contextlib.suppress(AttachmentError):
        assert checked_address(text).scheme in ("http", "https")
    try:
        target = REACH.redirect_target(FILE, [location])
    except (AttachmentError, AuthenticationError):
        return
    assert target.target.isascii()
