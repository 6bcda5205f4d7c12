"""What is seen of a portal: pages, cookies, forms, listed attachments, downloaded files. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs


@attrs.frozen
class Cookie:
    """One cookie of the portal. `raw` is what the browser gave, kept verbatim for the next browser."""

    name: str
    value: str = attrs.field(repr=False)
    domain: str
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    host_only: bool = True
    expires: float | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False, hash=False)


@attrs.frozen
class PagePart:
    """What a frame or a shadow root of a page shows, which the page's own HTML does not hold.

    Args:
        place: Where it is on the page, in the browser's own words; a `Control` in it carries the same.
        url: The frame's address; relative addresses in it start there. A shadow root's is its document's.
        html: All of it.
    """

    place: str
    url: str
    html: str = attrs.field(repr=False)


@attrs.frozen
class Unproven:
    """A document that may have been cut on its way: it came packed, and the browser knows of no end.

    Args:
        url: Its address.
        size: Bytes of its text, unpacked.
        is_open: Whether its text is known to have no end. Else nothing is known of it.
    """

    url: str
    size: int
    is_open: bool


@attrs.frozen
class PageSnapshot:
    """A page as read in one call, once it had settled.

    Args:
        requested_url: What was asked for.
        url: Where the browser is now.
        http_status: Status of the document; 0 when there was no answer.
        time_origin: When this document began, milliseconds; differs between any two documents.
        html: The whole document.
        is_new: Whether the document differs from the one shown before the request.
        parts: Its frames and shadow roots, in page order.
        unsettled: What the page was still waiting for when it was read, for people; empty when it had settled.
        unread: Frames that a person sees and that could not be read, by address.
        may_change: Whether scripts of the page may yet change it, so that a longer look can show more.
        unproven: Its documents that may have been cut on their way.
    """

    requested_url: str
    url: str
    http_status: int
    time_origin: float
    html: str = attrs.field(repr=False)
    is_new: bool = True
    parts: tuple[PagePart, ...] = attrs.field(default=(), repr=False)
    unsettled: str = ""
    unread: tuple[str, ...] = ()
    may_change: bool = False
    unproven: tuple[Unproven, ...] = ()


@attrs.frozen
class Control:
    """A control on the page that must be clicked.

    Args:
        selector: A CSS selector.
        index: Which of its matches, counted from 0.
        place: The part of the page it is in; empty for the page itself.
    """

    selector: str
    index: int
    place: str = ""


@attrs.frozen
class Credentials:
    """A user name and a password. Neither is ever shown by `repr`, logged or journalled."""

    username: str = attrs.field(repr=False)
    password: str = attrs.field(repr=False)


@attrs.frozen
class LoginForm:
    """Where to type on a login page, as CSS selectors."""

    username_field: str
    password_field: str
    submit_button: str


@attrs.frozen
class DownloadedFile:
    """A file that arrived completely, in a staging folder.

    Args:
        path: Where it lies.
        size: Bytes on disk.
        sha256: Lower-case hex digest of those bytes.
        media_type: Content type without parameters, lower case; empty when unknown.
        disposition: The raw Content-Disposition header, or empty.
        suggested_name: The name the browser gave it, or empty.
        declared_size: Bytes the portal announced, or None.
        url: The address it finally came from, or empty.
        ended_by_close: Whether nothing but the end of the connection said that it was whole. Then only the file's own
            end can tell.
    """

    path: Path
    size: int
    sha256: str
    media_type: str = ""
    disposition: str = ""
    suggested_name: str = ""
    declared_size: int | None = None
    url: str = ""
    ended_by_close: bool = False


@attrs.frozen
class ListedAttachment:
    """An attachment as the order's page lists it. It has an address or a control, or both, or was refused.

    Args:
        label: The best name the page gives, for people.
        url: Absolute address, or None when it must be clicked.
        control: What to click, or None.
        title: The element's title attribute, or empty.
        aria_label: Its aria-label, or empty.
        text: Its visible text, or empty.
        declared_size: Bytes the page states, or None.
        refused: Why it cannot be fetched at all, for people; empty when it can. Such a one is missing from the start.
    """

    label: str
    url: str | None = None
    control: Control | None = None
    title: str = ""
    aria_label: str = ""
    text: str = ""
    declared_size: int | None = None
    refused: str = ""


@attrs.frozen
class LoginPage:
    """The portal wants a login; whether the order exists is unknown."""

    reason: str


@attrs.frozen
class HttpFailure:
    """The portal answered with an HTTP status that is not a success."""

    status: int


@attrs.frozen
class NotFoundPage:
    """The portal says that there is no such order, or that it may not be seen."""

    text: str


@attrs.frozen
class WrongPage:
    """A page, but not proven to be this order's."""

    title: str


@attrs.frozen
class OrderPage:
    """The order's own page, proven by its title.

    Args:
        title: The text that carried the number.
        supplier: Supplier's name on the page, or empty.
        attachments: What it lists, in page order, each once, wherever the addresses lead.
        requisitions: Absolute addresses of requisitions that may hold attachments of an order without any.
        stated: The largest number of attachments that the page itself names; 0 when it names none.
        next_page: Absolute address of the next page of its list, or empty.
        reveals: Controls that show more of the list: tabs not yet opened, "show more", a next page without an address.
        doubts: Why, for people, the list may not be all there is; without attachments, why that is not proven. Not what
            the snapshot itself tells, nor what `next_page` and `reveals` lead to.
    """

    title: str
    supplier: str
    attachments: tuple[ListedAttachment, ...]
    requisitions: tuple[str, ...] = ()
    stated: int = 0
    next_page: str = ""
    reveals: tuple[Control, ...] = ()
    doubts: tuple[str, ...] = ()


@attrs.frozen
class FileRequest:
    """One file to fetch over HTTP.

    Args:
        url: Absolute address.
        cookies: Every cookie of the browser; only those that match the address are sent.
        user_agent: What the browser calls itself.
        referer: Address of the order's page.
        max_size: Bytes above which the answer is broken off.
        allowed_hosts: Other hosts that may serve it, as `host` or `host:port`; they never get the portal's cookies.
    """

    url: str
    cookies: tuple[Cookie, ...]
    user_agent: str
    referer: str
    max_size: int
    allowed_hosts: tuple[str, ...] = ()


@attrs.frozen
class PageEnd:
    """How a page ends that was read outside of the browser.

    Args:
        text: Its last KiB.
        size: Bytes of its text, unpacked.
        is_certain: Whether more than the end of the connection said that it was all.
    """

    text: bytes
    size: int
    is_certain: bool


PageReading = LoginPage | HttpFailure | NotFoundPage | WrongPage | OrderPage
"""What a page turned out to be. Closed: match it with `assert_never`."""
