"""What every portal's reading has in common: the order of the checks.

Login first, since an expired login looks like anything else; then the HTTP status, the not-found texts, the title,
and only on a page proven to be the order's the attachments, and what speaks against these being all. An adapter
fills in how its portal shows each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import attrs

from actors.portals.continuation import continuation
from actors.portals.counting import counted
from actors.portals.document import Document
from actors.portals.doubts import Findings, doubts_about, goes_on_by_itself
from actors.portals.listing import Candidate, list_once
from actors.portals.login import Known, login_reason
from actors.portals.messages import Denials
from actors.portals.placing import Placing
from actors.portals.proof import Proof, has_sections, is_searched_for, is_short, only_repeats
from actors.portals.sheet import Sheet, parsed
from actors.portals.words import is_echo
from contracts.ports import (
    HttpFailure,
    LoginForm,
    LoginPage,
    NotFoundPage,
    OrderPage,
    PageReading,
    PageSnapshot,
    WrongPage,
)


class HtmlPortal(ABC):
    """The reading that all adapters share; each says what is particular to its portal."""

    login_paths: tuple[str, ...]
    _not_found_texts: tuple[str, ...]
    _message_boxes: str = ""

    @abstractmethod
    def _proof(self, document: Document, po_number: str) -> Proof:
        """Say whether title and headings of one document carry the order's number."""

    @abstractmethod
    def _candidates(self, document: Document, page_url: str) -> list[Candidate]:
        """List the elements of one document that show an attachment, in document order."""

    @abstractmethod
    def _supplier(self, document: Document) -> str:
        """Return the supplier's name, or an empty text."""

    @abstractmethod
    def _requisitions(self, document: Document) -> tuple[str, ...]:
        """Return addresses of requisitions."""

    @abstractmethod
    def login_form(self, page: PageSnapshot) -> LoginForm:
        """Where to type on a login page."""

    @cached_property
    def _denials(self) -> Denials:
        return Denials.of(self._not_found_texts, self._message_boxes)

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what `page` is, checked in this order: login, HTTP status, not found, title, attachments."""
        return self.read_sheet(parsed(page), po_number)

    def read_sheet(self, sheet: Sheet, po_number: str) -> PageReading:
        """Say what a parsed page is. The same as `read`."""
        status = sheet.page.http_status
        proof = self._proof_of(sheet, po_number) if 200 <= status < 400 else Proof("", proven=False)
        found = self._found(sheet) if proof.proven else {}
        shown = [one for candidates in found.values() for one in candidates]
        reason = login_reason(sheet, self.login_paths, Known(is_order=proof.proven, lists_files=bool(shown)))
        if reason:
            return LoginPage(reason)
        if status in (404, 410):
            message = self._denials.message(sheet, proof, lists_files=False)
            return NotFoundPage(message or f"HTTP status {status}")
        if status >= 400 or status <= 0:
            return HttpFailure(status)
        message = self._denials.message(sheet, proof, lists_files=bool(shown))
        if message:
            return NotFoundPage(message)
        if not proof.proven or (not shown and _is_only_passed_through(sheet, proof, po_number)):
            return WrongPage(proof.title)
        return self._order(sheet, proof, found, po_number)

    def _order(self, sheet: Sheet, proof: Proof, found: dict[Document, list[Candidate]], po_number: str) -> OrderPage:
        shown = [one for candidates in found.values() for one in candidates]
        listed = list_once(shown)
        placings = {
            document: Placing(document, frozenset(one.node_id for one in candidates))
            for document, candidates in found.items()
        }
        more = continuation(sheet, placings, po_number)
        count = counted(sheet, placings, len(shown))
        frame = "" if listed else self._denials.broken_frame(sheet)
        findings = Findings(sheet, proof, count, len(listed), bool(more.next_page or more.reveals), frame)
        return OrderPage(
            title=proof.title,
            supplier=next(filter(None, map(self._supplier, sheet.own)), ""),
            attachments=listed,
            requisitions=tuple(dict.fromkeys(one for document in sheet.own for one in self._requisitions(document))),
            # One file may be shown twice, and the portal counts both.
            stated=count.stated if count.stated > len(shown) else min(count.stated, len(listed)),
            next_page=more.next_page,
            reveals=more.reveals,
            doubts=doubts_about(findings, po_number),
        )

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """Read a requisition that a proven order's page pointed to, as a list. Ask `wants_login` first."""
        return self.read_requisition_sheet(parsed(page))

    def read_requisition_sheet(self, sheet: Sheet) -> OrderPage:
        """Read a requisition's parsed page. The same as `read_requisition`."""
        found = self._found(sheet)
        reason = login_reason(sheet, self.login_paths, Known(lists_files=any(found.values())))
        if not reason and not 200 <= sheet.page.http_status < 400:
            reason = f"the portal answered with HTTP status {sheet.page.http_status}"
        if reason:
            return OrderPage(sheet.main.title, "", (), doubts=(reason,))
        proof = Proof(sheet.main.title, proven=True, is_bare=True)
        order = attrs.evolve(self._order(sheet, proof, found, ""), requisitions=())
        message = "" if order.attachments else self._denials.message(sheet, proof, lists_files=False)
        return attrs.evolve(order, doubts=(*order.doubts, f"the requisition says {message!r}")) if message else order

    def wants_login(self, page: PageSnapshot) -> str:
        """Why `page` is a login page, or empty when it is none."""
        return self.login_reason(parsed(page))

    def login_reason(self, sheet: Sheet) -> str:
        """Why a parsed page is a login page, whatever order it may be of. The same as `wants_login`."""
        lists_files = any(self._found(sheet).values())
        return login_reason(sheet, self.login_paths, Known(lists_files=lists_files))

    def visible_text(self, page: PageSnapshot) -> str:
        """Title and text of `page` and its parts as a person sees them, line by line, without what stands in fields."""
        lines = (line for document in parsed(page).seen for line in (document.title, *document.lines()))
        return "\n".join(line for line in lines if line)

    def _found(self, sheet: Sheet) -> dict[Document, list[Candidate]]:
        return {document: self._candidates(document, sheet.page.url) for document in sheet.documents}

    def _proof_of(self, sheet: Sheet, po_number: str) -> Proof:
        """Say whose page it is: what the page itself says, or else what a part says that speaks for the portal."""
        own, *parts = [self._proof(document, po_number) for document in sheet.own]
        proof = own if own.proven or own.is_another else next((one for one in parts if one.proven), own)
        if proof.proven and not proof.is_heading and any(map(is_echo, sheet.headings)):
            return attrs.evolve(proof, proven=False)
        return proof


def _is_only_passed_through(sheet: Sheet, proof: Proof, po_number: str) -> bool:
    """Whether a page that carries the number is not an order's: a search, or a page on the way to another."""
    if proof.is_bare and not proof.is_heading and is_searched_for(sheet, po_number):
        return True
    return not has_sections(sheet) and is_short(sheet) and (goes_on_by_itself(sheet) or only_repeats(sheet))
