"""A portal nobody wrote an adapter for, read by settings: which links are attachments, what the title must hold."""

from __future__ import annotations

from urllib.parse import quote

from actors.portals.addresses import absolute, below, last_part
from actors.portals.document import Document, attribute, is_selector
from actors.portals.listing import Candidate, candidate, refused
from actors.portals.numbers import holds_number, tidy
from actors.portals.proof import Proof, can_prove, names_an_order
from actors.portals.reading import HtmlPortal
from contracts.config import GenericPortalSettings
from contracts.errors import ConfigurationError
from contracts.ports import Control, LoginForm, PageSnapshot

_ANY_LINK = "a[href]"
_MADE_BY_SCRIPT = ("javascript:", "blob:", "data:", "#")


class GenericPortal(HtmlPortal):
    """Reads the pages of any portal that the settings describe.

    Raises:
        ConfigurationError: A selector of the settings cannot be understood.
    """

    def __init__(self, settings: GenericPortalSettings) -> None:
        self._settings = settings
        self._login_paths = settings.login_paths
        self._not_found_texts = settings.not_found_texts
        for name, selectors in (
            ("attachment_selectors", settings.attachment_selectors),
            ("title_selectors", settings.title_selectors),
            ("supplier_selector", (settings.supplier_selector,) if settings.supplier_selector else ()),
        ):
            for selector in selectors:
                if not is_selector(selector):
                    raise ConfigurationError(
                        f"{name} holds {selector!r}, which is no CSS selector. Write it as in a style sheet."
                    )
        self._endings = tuple(ending.casefold() for ending in settings.document_endings if ending)

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """The one address that the settings' `order_path` gives for an order."""
        number = tidy(po_number)
        address = below(base_url, self._settings.order_path.replace("{number}", quote(number, safe="")))
        return (address,) if address and number else ()

    def login_address(self, base_url: str) -> str:
        """Address of the login page: the first of the settings' login paths."""
        return below(base_url, next(iter(self._settings.login_paths), "/login"))

    def login_form(self, page: PageSnapshot) -> LoginForm:  # noqa: ARG002 - other portals look at the page
        """Where to type on a login page, as the settings say."""
        return LoginForm(self._settings.username_field, self._settings.password_field, self._settings.submit_button)

    def _proof(self, document: Document, po_number: str) -> Proof:
        proving = [
            (selector, text)
            for selector in self._settings.title_selectors
            for text in document.texts(selector)
            if holds_number(text, po_number) and can_prove(text)
        ]
        if not proving:
            return Proof(document.title, proven=False)
        return Proof(
            proving[0][1],
            proven=True,
            is_bare=not any(names_an_order(text) for _, text in proving),
            is_heading=any(selector.strip().lower() != "title" for selector, _ in proving),
        )

    def _candidates(self, document: Document, page_url: str) -> list[Candidate]:
        controls = {
            node.mem_id: Control(selector, index, document.place)
            for selector in reversed(self._settings.attachment_selectors)
            for index, node in enumerate(document.select(selector))
        }
        own = absolute(page_url, "/")
        links = {node.mem_id: index for index, node in enumerate(document.select(_ANY_LINK))}
        found: list[Candidate] = []
        for node in document.select(", ".join([*self._settings.attachment_selectors, _ANY_LINK])):
            chosen = controls.get(node.mem_id)
            given = attribute(node, "href")
            url = document.resolve(given)
            if chosen is not None and url is not None:
                found.append(candidate(document, node, url=url, control=chosen))
            elif chosen is not None and (not given or given.casefold().startswith(_MADE_BY_SCRIPT)):
                found.append(candidate(document, node, url=None, control=chosen))
            elif chosen is not None:
                found.append(refused(document, node, given))
            elif url is not None and own is not None and url.startswith(own) and self._is_document(url):
                control = Control(_ANY_LINK, links[node.mem_id], document.place)
                found.append(candidate(document, node, url=url, control=control))
        return found

    def _is_document(self, url: str) -> bool:
        return last_part(url).casefold().endswith(self._endings)

    def _supplier(self, document: Document) -> str:
        selector = self._settings.supplier_selector
        return next(iter(document.texts(selector)), "") if selector else ""

    def _requisitions(self, document: Document) -> tuple[str, ...]:  # noqa: ARG002 - the settings know of none
        return ()
