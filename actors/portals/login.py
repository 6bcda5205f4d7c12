"""Whether a page asks for a login: told by its address, its forms and what it says, in this order.

The more is known of a page the more it takes. A page that lists an order's files is that order's, unless it is there to
log in; a field for a password on it may be for a signature. A page nobody knows that asks for a password is a login.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

import attrs
from selectolax.lexbor import LexborNode

from actors.portals.addresses import is_identity_provider, is_under, leads_to_login, path_of
from actors.portals.document import Document, Line, ancestors, attribute, is_form
from actors.portals.proof import has_sections, is_short
from actors.portals.seeing import is_cell, is_frame_work, is_quoting
from actors.portals.sheet import Sheet
from actors.portals.words import NOT_LOGGED_IN, SESSION_OVER, asks_to_sign_in, is_said_by_page, plain

MESSAGE_BOXES = (
    "[role=alert], [role=alertdialog], [class~=alert], [class*=alert-danger], [class*=alert-warning], [class*=flash i]"
    ", [class~=error], [class*=error-message], [class*=error_message], [id=error_explanation], [class~=notice]"
)
_MOST_FIELDS = 20
_HEADINGS = "title, h1, h2"
_SAML_FIELDS = "input[name='SAMLRequest'], input[name='SAMLResponse']"
_PASSWORDS = "input[type=password i]"
_USERS = (
    "input[type=email i], input[type=text i], input[type=tel i], input:not([type]), input[autocomplete~=username i]"
    ", input[name*=user i], input[name*=login i], input[name*=email i], input[name*=identifier i]"
)
_CERTAIN_USERS = (
    "input[autocomplete~=username i], input[name=identifier i], input[name=loginfmt i], input[name=j_username i]"
)
_BUTTONS = "button, input[type=submit i], input[type=button i], a[role=button]"
_WAYS_IN = "a[href], button, input[type=submit i]"
_CODES = "input[autocomplete~=one-time-code i], input[name=otp i]"
_LONGEST = 60
_UNUSED_KINDS = frozenset({"hidden", "password", "submit", "button", "checkbox", "radio", "image", "reset", "file"})
_NO_LOGIN_PURPOSE = re.compile(r"new-password|one-time-code", re.IGNORECASE)
_OTHER_PURPOSE = re.compile(
    r"(?<![a-z])(?:sign(?:ature|ed|s|ing)?(?![ -]?(?:in|on|up|out)(?![a-z]))|approv\w*|confirm\w*|change|new|old"
    r"|pin|otp"
    r"|reset|unterschrift|unterschreiben|genehmig\w*|bestatig\w*|andern|neues|altes|assina\w*|aprova\w*|nova|alterar"
    r"|firma|firmar|aprobar|nueva|cambiar|signer|approuver|nouveau|changer)(?![a-z])"
)


@attrs.frozen
class Known:
    """What is known of a page when a login is looked for.

    Args:
        is_order: Whether titles and headings prove it to be the order asked for.
        lists_files: Whether it lists attachments.
    """

    is_order: bool = False
    lists_files: bool = False


def login_reason(sheet: Sheet, login_paths: tuple[str, ...], known: Known) -> str:
    """Say why a page is a login page, or return an empty text.

    Args:
        sheet: The page.
        login_paths: Path prefixes of the portal's login page.
        known: What else the page is.
    """
    page = sheet.page
    if page.http_status == 401:
        return "the portal answered with HTTP status 401"
    if is_under(page.url, login_paths):
        return "the portal showed its login page"
    if is_identity_provider(page.url, page.requested_url):
        return "the portal sent the browser to its identity provider"
    is_complete = known.is_order and known.lists_files
    if not is_complete:
        was_sent = path_of(page.url).casefold() != path_of(page.requested_url).casefold()
        if was_sent and leads_to_login(page.url) and not leads_to_login(page.requested_url):
            return "the portal sent the browser to an address for logging in"
        if sheet.main.select(_SAML_FIELDS):
            return "the page passes the browser on to an identity provider"
    is_filled = is_complete or (known.is_order and has_sections(sheet))
    return _form_reason(sheet, known, is_filled=is_filled) or _text_reason(sheet, known, is_filled=is_filled)


# ----------------------------------------------------------------------------------------------------------- by form


def _form_reason(sheet: Sheet, known: Known, *, is_filled: bool) -> str:
    for document in sheet.seen:
        in_view = (
            node for node in document.select(_PASSWORDS) if document.is_in_view(node) and document.is_drawn(node)
        )
        for field in islice(in_view, _MOST_FIELDS):
            if _is_for_login(document, field, known, is_filled=is_filled):
                where = " in one of its frames" if document.place else ""
                return f"the page asks for a password{where}"
    if is_filled:
        return ""
    for document in sheet.seen:
        is_for_login = any(asks_to_sign_in(text) for text in document.texts(_HEADINGS))
        certain = {field.mem_id for field in document.select(_CERTAIN_USERS)}
        sends_to_login = functools.partial(_sends_to_login, document)
        for field in document.select(_USERS):
            if attribute(field, "type").lower() in _UNUSED_KINDS or not document.is_in_view(field):
                continue
            if is_for_login or field.mem_id in certain or document.is_within(field, sends_to_login):
                return "the page asks who wants to log in"
        if is_for_login and is_short(sheet) and _WaysIn(document).any:
            return "the page is there to log in"
    return ""


def _sends_to_login(document: Document, node: LexborNode) -> bool:
    """Whether an element is a form that is sent to an address for logging in."""
    action = document.resolve(attribute(node, "action")) if node.tag == "form" else None
    return action is not None and leads_to_login(action)


def _is_for_login(document: Document, field: LexborNode, known: Known, *, is_filled: bool) -> bool:
    """Whether a field for a password that a person sees is there to log in."""
    form = document.nearest(field, is_form)
    is_other = _has_other_purpose(document, form, field)
    if is_filled or (is_other and known.lists_files):
        return not is_other and form is not None and _says_login(document, form)
    return True


def _says_login(document: Document, form: LexborNode) -> bool:
    """Whether a form with a password is the portal's login, and no signature: by where it leads and what it says."""
    action = document.resolve(attribute(form, "action"))
    if action is not None and leads_to_login(action):
        return True
    return any(asks_to_sign_in(_said_by(document, button)) for button in form.css(_BUTTONS))


def _has_other_purpose(document: Document, form: LexborNode | None, field: LexborNode) -> bool:
    """Whether a password is for a signature or to be changed."""
    if _NO_LOGIN_PURPOSE.search(attribute(field, "autocomplete")):
        return True
    named = [attribute(field, name) for name in ("name", "id", "placeholder", "aria-label")]
    if form is not None:
        if len(form.css(_PASSWORDS)) > 1:
            return True
        named += [attribute(form, "action"), attribute(form, "id")]
        named += [_said_by(document, button) for button in form.css(_BUTTONS)]
    return any(_OTHER_PURPOSE.search(plain(text)) for text in named)


def _said_by(document: Document, button: LexborNode) -> str:
    return document.label(button) or attribute(button, "value") or attribute(button, "aria-label")


class _WaysIn:
    """The links and buttons of a document that lead to the login. What is told of them is found out once."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def any(self) -> bool:
        """Whether a person sees one."""
        nodes = (node for node in self.document.select(_WAYS_IN) if self.document.is_in_view(node))
        return any(_is_way_in(self.document, node) for node in nodes)

    @cached_property
    def words(self) -> frozenset[str]:
        """What is written on links and buttons."""
        return frozenset(plain(_said_by(self.document, node)) for node in self.document.select(_WAYS_IN))

    @cached_property
    def _around(self) -> frozenset[int]:
        around: set[int] = set()
        for node in self.document.select(_WAYS_IN):
            if not _is_way_in(self.document, node):
                continue
            for one in ancestors(node):
                if one.mem_id in around:
                    break
                around.add(one.mem_id)
        return frozenset(around)

    def are_in(self, block: LexborNode) -> bool:
        """Whether one lies in a block."""
        return block.mem_id in self._around


def _is_way_in(document: Document, node: LexborNode) -> bool:
    """Whether a link or button leads to the login."""
    address = document.resolve(attribute(node, "href"))
    return (address is not None and leads_to_login(address)) or asks_to_sign_in(_said_by(document, node))


# ----------------------------------------------------------------------------------------------------------- by text


def _text_reason(sheet: Sheet, known: Known, *, is_filled: bool) -> str:
    for document in sheet.own:
        for text in document.texts("title, h1"):
            if SESSION_OVER.search(plain(text)):
                return f"the page says {text[:80]!r}"
    if known.is_order and known.lists_files:
        return ""
    for document in sheet.own:
        for node in document.select(MESSAGE_BOXES):
            is_seen = document.is_in_view(node) and document.is_drawn(node)
            if is_seen and not document.is_within(node, is_quoting):
                text = document.label(node)
                if _ends_session(text, weak=not is_filled):
                    return f"the page says {text[:80]!r}"
        ways = _WaysIn(document)
        for line in document.lines_in_view:
            if _is_session_line(sheet, ways, line, is_order=known.is_order, is_filled=is_filled):
                return f"the page says {line.text[:80]!r}"
    return ""


def _is_session_line(sheet: Sheet, ways: _WaysIn, line: Line, *, is_order: bool, is_filled: bool) -> bool:
    """Whether a line of text is what the page is there to say, and it says that the login has ended."""
    document = ways.document
    ends = _ends_session(line.text, weak=not is_filled)
    if not ends and (is_filled or not is_order or not _invites(line, ways) or not is_short(sheet)):
        return False
    if not document.is_drawn(line.block) or document.is_within(line.block, is_quoting):
        return False
    if not ends:
        return not document.is_within(line.block, is_frame_work)
    is_strong = is_filled or _ends_session(line.text, weak=False)
    if not is_order:
        return is_short(sheet) or (is_strong and ways.any)
    if document.is_within(line.block, is_cell):
        return False
    found = SESSION_OVER.search(line.text) or NOT_LOGGED_IN.search(line.text)
    is_said = found is not None and is_said_by_page(line.text, found.start())
    return is_said and (is_filled or is_short(sheet) or ways.are_in(line.block))


def _invites(line: Line, ways: _WaysIn) -> bool:
    """Whether a line says to log in, and is no mere link or button."""
    return len(line.text) <= _LONGEST and asks_to_sign_in(line.text) and line.text not in ways.words


def login_doubts(sheet: Sheet) -> Iterator[str]:
    """Yield what speaks for an expired login on a page that is called an order's and lists nothing."""
    for document in sheet.own:
        for line in document.lines_in_view:
            if _ends_session(line.text, weak=True) and not document.is_within(line.block, is_quoting):
                yield f"the page says {line.text[:_LONGEST]!r}"
        offered = (node for node in document.select(_WAYS_IN) if _is_way_in(document, node))
        for node in (*offered, *document.select(_CODES)):
            if document.is_in_view(node) and not document.is_within(node, is_frame_work):
                said = _said_by(document, node)
                yield f"the page offers {said[:_LONGEST]!r}" if said else "the page asks for a login"
                break


def _ends_session(text: str, *, weak: bool) -> bool:
    known = plain(text)
    return SESSION_OVER.search(known) is not None or (weak and NOT_LOGGED_IN.search(known) is not None)
