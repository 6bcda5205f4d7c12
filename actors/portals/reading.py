"""What every portal's reading has in common: the order of the checks.

Login first, since an expired login looks like anything else; then the HTTP status, the not-found texts, the title, and
only on a page proven to be the order's the attachments. An adapter fills in how its portal shows each of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import attrs

from actors.portals.addresses import is_identity_provider, is_under
from actors.portals.document import Document, attribute
from actors.portals.numbers import tidy
from contracts.ports import (
    HttpFailure,
    ListedAttachment,
    LoginForm,
    LoginPage,
    NotFoundPage,
    OrderPage,
    PageReading,
    PageSnapshot,
    WrongPage,
)

_LONGEST_MESSAGE = 200
_HEADINGS = "title, h1"
_SAML_FIELDS = "input[name='SAMLRequest'], input[name='SAMLResponse']"


@attrs.frozen
class Proof:
    """What title and headings say about whose page it is.

    Args:
        title: The text that decided, or the page's title.
        proven: Whether it is the page of the order asked for.
        is_another: Whether it is the page of another order.
    """

    title: str
    proven: bool
    is_another: bool = False


def _plain(text: str) -> str:
    """Return `text` ready for comparing: one space, one kind of apostrophe, no case."""
    return tidy(text.replace("\u2019", "'").replace("\u2018", "'").replace("\u02bc", "'")).casefold()


class HtmlPortal(ABC):
    """The reading that all adapters share; each says what is particular to its portal."""

    _login_paths: tuple[str, ...]
    _not_found_texts: tuple[str, ...]
    _message_boxes: str = ""

    @abstractmethod
    def _proof(self, document: Document, po_number: str) -> Proof:
        """Say whether title and headings carry the order's number."""

    @abstractmethod
    def _attachments(self, document: Document) -> tuple[ListedAttachment, ...]:
        """List the attachments, each once."""

    @abstractmethod
    def _supplier(self, document: Document) -> str:
        """Return the supplier's name, or an empty text."""

    @abstractmethod
    def _requisitions(self, document: Document) -> tuple[str, ...]:
        """Return addresses of requisitions."""

    @abstractmethod
    def login_form(self, page: PageSnapshot) -> LoginForm:
        """Where to type on a login page."""

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what `page` is, checked in this order: login, HTTP status, not found, title, attachments."""
        document = Document(page.html, page.url)
        reason = self._login_reason(page, document)
        if reason:
            return LoginPage(reason)
        if page.http_status in (404, 410):
            message = self._message(document, Proof("", proven=False), lists_files=False)
            return NotFoundPage(message or f"HTTP status {page.http_status}")
        if page.http_status >= 400 or page.http_status <= 0:
            return HttpFailure(page.http_status)
        proof = self._proof(document, po_number)
        attachments = self._attachments(document) if proof.proven else ()
        message = self._message(document, proof, lists_files=bool(attachments))
        if message:
            return NotFoundPage(message)
        if not proof.proven:
            return WrongPage(proof.title)
        return OrderPage(proof.title, self._supplier(document), attachments, self._requisitions(document))

    def read_requisition(self, page: PageSnapshot) -> tuple[ListedAttachment, ...]:
        """List the attachments of a requisition that a proven order's page pointed to.

        A login page or an HTTP failure lists nothing; ask `wants_login` first.
        """
        document = Document(page.html, page.url)
        if not 200 <= page.http_status < 400 or self._login_reason(page, document):
            return ()
        return self._attachments(document)

    def wants_login(self, page: PageSnapshot) -> str:
        """Why `page` is a login page, or empty when it is none."""
        return self._login_reason(page, Document(page.html, page.url))

    def visible_text(self, page: PageSnapshot) -> str:
        """Title and text of `page` as a person sees them, line by line, without what stands in form fields."""
        document = Document(page.html, page.url)
        return "\n".join(line for line in (document.title, *document.lines()) if line)

    def _login_reason(self, page: PageSnapshot, document: Document) -> str:
        if page.http_status == 401:
            return "the portal answered with HTTP status 401"
        if is_under(page.url, self._login_paths):
            return "the portal showed its login page"
        if is_identity_provider(page.url, page.requested_url):
            return "the portal sent the browser to its identity provider"
        if any(attribute(node, "type").lower() == "password" for node in document.select("input[type]")):
            return "the page asks for a password"
        if document.select(_SAML_FIELDS):
            return "the page passes the browser on to an identity provider"
        return ""

    def _message(self, document: Document, proof: Proof, *, lists_files: bool) -> str:
        """Return the portal's "no such order, or not for you" message, or an empty text.

        A heading that says so always counts. On a page with the order's title and its files nothing else does: there
        a comment may well say "access denied". A message box with any other text counts only where no title says which
        order the page is.
        """
        headings = document.texts(_HEADINGS)
        for text in headings:
            if self._says_not_found(text):
                return text[:_LONGEST_MESSAGE]
        if proof.proven and lists_files:
            return ""
        boxes = document.texts(self._message_boxes) if self._message_boxes else ()
        for text in boxes:
            if self._says_not_found(text):
                return text[:_LONGEST_MESSAGE]
        phrase = self._says_not_found(document.whole_text())
        if phrase:
            return phrase
        is_named = proof.proven or proof.is_another
        return boxes[0][:_LONGEST_MESSAGE] if boxes and not is_named else ""

    def _says_not_found(self, text: str) -> str:
        """Return the known phrase that `text` holds, or an empty text."""
        plain = _plain(text)
        return next((phrase for phrase in self._not_found_texts if phrase.strip() and _plain(phrase) in plain), "")
