"""Coupa's pages: four forms of attachments, the supplier's section, the requisition, and its ways to say no."""

from __future__ import annotations

import re
from urllib.parse import quote

from selectolax.lexbor import LexborNode

from actors.portals.addresses import below, host_of, last_part, path_of
from actors.portals.document import Document, attribute
from actors.portals.listing import Candidate, candidate, refused
from actors.portals.numbers import bare_number, starts_with_number, tidy
from actors.portals.proof import Proof, can_prove
from actors.portals.reading import HtmlPortal
from actors.portals.sheet import Sheet, parsed
from contracts.ports import Control, LoginForm, PageSnapshot

# Classes are matched with [class~=], whose case counts in every mode a browser may show the page in.
_BUTTON = 'span[role="button"][aria-label*="file attachment" i]'
_DATA_URL = 'span[class~="attachment-file"][data-url]'
_LINK = 'a[href*="attachment/attachment_file/"]'
_FORMS = f"{_BUTTON}, {_DATA_URL}, {_LINK}"
_SUPPLIER = 'section#supplier span[class~="supplier-name"]'
_REQUISITION = 'a[href*="/requisition_headers/"]'
_FLOATING_BAR = "orderHeaderShowFloatingSection"
_MADE_BY_SCRIPT = ("javascript:", "blob:", "data:", "#")

_FILE_PATH = re.compile(r"/attachment/attachment_file/(?:file|type)/([^/]+)(?:/|$)")
_ATTACHMENT_PAGE = re.compile(r"^/attachments/[^/]+/?$")
_REQUISITION_PATH = re.compile(r"/requisition_headers/[A-Za-z]*\d+/?$")
_ORDER_TITLE = re.compile(r"\b(?:purchase order|pedido de compra|ordem de compra|orden de compra)\s*#", re.IGNORECASE)

_USER_FIELDS = (
    "#user_login",
    "input[name='user[login]']",
    "input[name='username']",
    "input[autocomplete='username']",
    "input[type='email']",
    "input[name*='user' i]:not([type='hidden']):not([type='password'])",
    "input[name*='login' i]:not([type='hidden']):not([type='password'])",
    "input[type='text']",
)
_PASSWORD_FIELDS = ("#user_password", "input[type='password']")
_BUTTONS = (
    "form[action*='sessions'] button[type='submit']",
    "form[action*='login'] button[type='submit']",
    "button[type='submit']",
    "input[type='submit']",
    "form button",
)


class CoupaPortal(HtmlPortal):
    """Reads the pages of a Coupa portal."""

    login_paths = ("/sessions/new", "/login", "/sessions")
    _not_found_texts = (
        "Oops! We couldn't find what you wanted",
        "You are not authorized",
        "Access denied",
        "The page you were looking for doesn't exist",
        "Desculpe, não encontramos o que você procurava",
    )
    _message_boxes = "div.flash_error, div.flash-error, div#error_explanation"

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """Addresses to try for an order, the number as given first, then without its PO or PM."""
        numbers = dict.fromkeys((tidy(po_number), bare_number(po_number)))
        addresses = (below(base_url, f"/order_headers/{quote(number, safe='')}") for number in numbers if number)
        return tuple(address for address in addresses if address)

    def login_address(self, base_url: str) -> str:
        """Address of the login page."""
        return below(base_url, "/sessions/new")

    def login_form(self, page: PageSnapshot) -> LoginForm:
        """Where to type on a login page: of the ways Coupa's forms are written, the ones this page uses."""
        document = Document(page.html, page.url)
        return LoginForm(
            username_field=_first_used(document, _USER_FIELDS),
            password_field=_first_used(document, _PASSWORD_FIELDS),
            submit_button=_first_used(document, _BUTTONS),
        )

    def recognises(self, page: PageSnapshot) -> bool:
        """Whether `page` is one of Coupa's: by its host, its address or what is on it."""
        return self.recognises_sheet(parsed(page))

    def recognises_sheet(self, sheet: Sheet) -> bool:
        """Whether a parsed page is one of Coupa's. The same as `recognises`."""
        url = sheet.page.url
        if "coupa" in host_of(url) or path_of(url).startswith(("/order_headers/", "/requisition_headers/")):
            return True
        return any(document.select(f"{_FORMS}, {_SUPPLIER}, {_REQUISITION}") for document in sheet.own)

    def _proof(self, document: Document, po_number: str) -> Proof:
        proven = ""
        for text in document.texts("title, h1"):
            stated = _ORDER_TITLE.search(text)
            if stated is None or not can_prove(text):
                continue
            if not starts_with_number(text[stated.end() :], po_number):
                return Proof(text, proven=False, is_another=True)
            proven = proven or text
        return Proof(proven or document.title, proven=bool(proven))

    def _candidates(self, document: Document, page_url: str) -> list[Candidate]:  # noqa: ARG002 - each form names files
        controls = {
            (selector, node.mem_id): Control(selector, index, document.place)
            for selector in (_BUTTON, _DATA_URL, _LINK)
            for index, node in enumerate(document.select(selector))
        }
        found: list[Candidate] = []
        for node in document.select(_FORMS):
            button = controls.get((_BUTTON, node.mem_id))
            addressed = controls.get((_DATA_URL, node.mem_id)) or controls.get((_LINK, node.mem_id))
            one = _describe(document, node, button, addressed)
            if one is not None and not document.is_within(node, _is_floating_bar):
                found.append(one)
        return found

    def _supplier(self, document: Document) -> str:
        # The code at the end of the name stays: it is what tells two suppliers of one name apart.
        return next(iter(document.texts(_SUPPLIER)), "")

    def _requisitions(self, document: Document) -> tuple[str, ...]:
        resolved = (document.resolve(attribute(node, "href")) for node in document.select(_REQUISITION))
        addresses = dict.fromkeys(address for address in resolved if address is not None)
        host = host_of(document.url)
        return tuple(
            address for address in addresses if host_of(address) == host and _REQUISITION_PATH.search(path_of(address))
        )


def _describe(
    document: Document, node: LexborNode, button: Control | None, addressed: Control | None
) -> Candidate | None:
    """Return what one element shows, or None when it leads to no file."""
    if addressed is None:
        return candidate(document, node, url=None, control=button) if button is not None else None
    given = attribute(node, "href") if node.tag == "a" else attribute(node, "data-url")
    url = document.resolve(given)
    if url is None:
        # An address that was left empty is filled in by the page's script at the click.
        clickable = button or (addressed if not given or given.casefold().startswith(_MADE_BY_SCRIPT) else None)
        if clickable is not None:
            return candidate(document, node, url=None, control=clickable)
        return refused(document, node, given) if node.tag != "a" or _FILE_PATH.search(given) else None
    path = path_of(url)
    if _ATTACHMENT_PAGE.match(path) or (node.tag == "a" and _FILE_PATH.search(path) is None):
        return None
    return candidate(document, node, url=url, control=button or addressed, key=_key(url))


def _key(url: str) -> str:
    """Return what is equal for two addresses of one file: its id and name where Coupa's form shows them."""
    match = _FILE_PATH.search(path_of(url))
    return f"{host_of(url)} {match[1]} {last_part(url)}" if match else url


def _is_floating_bar(node: LexborNode) -> bool:
    return _FLOATING_BAR in attribute(node, "class").split()


def _first_used(document: Document, selectors: tuple[str, ...]) -> str:
    """Return the first selector whose first match can be typed into or clicked, or the last one when none can."""
    for selector in selectors:
        matches = document.select(selector)
        if matches and attribute(matches[0], "type").lower() != "hidden":
            return selector
    return selectors[-1]
