"""A portal nobody wrote an adapter for, read by settings: which links are attachments, what the title must hold."""

from __future__ import annotations

from urllib.parse import quote, unquote

from actors.portals.addresses import below, host_of, last_part
from actors.portals.document import Document, attribute, is_selector
from actors.portals.listing import Candidate, candidate, refused
from actors.portals.numbers import holds_number, tidy
from actors.portals.proof import Proof, can_prove, names_an_order
from actors.portals.reading import HtmlPortal
from actors.portals.seeing import is_frame_work
from contracts.config import GenericPortalSettings
from contracts.errors import ConfigurationError
from contracts.ports import Control, LoginForm, PageSnapshot

_ANY_LINK = "a[href]"
_MADE_BY_SCRIPT = ("javascript:", "blob:", "data:", "#")
_NO_FILES = ("javascript:", "#", "mailto:", "tel:", "sms:")


class GenericPortal(HtmlPortal):
    """Reads the pages of any portal that the settings describe.

    Raises:
        ConfigurationError: A selector of the settings cannot be understood.
    """

    def __init__(self, settings: GenericPortalSettings) -> None:
        self._settings = settings
        self.login_paths = settings.login_paths
        self._not_found_texts = settings.not_found_texts
        for name, selectors in (
            ("attachment_selectors", settings.attachment_selectors),
            ("title_selectors", settings.title_selectors),
            ("supplier_selector", (settings.supplier_selector,) if settings.supplier_selector else ()),
        ):
            for selector in selectors:
                if not is_selector(selector):
                    raise ConfigurationError(
                        f"{name} holds {selector!r}, which is not a CSS selector. Write it as in a style sheet."
                    )
        self._endings = tuple(ending.casefold() for ending in settings.document_endings if ending)

    def recognises(self, page: PageSnapshot) -> bool:  # noqa: ARG002 - it is the last resort
        """Whatever the page is: its settings say nothing of that."""
        return True

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
        links = {node.mem_id: index for index, node in enumerate(document.select(_ANY_LINK))}
        host = host_of(page_url)
        found: list[Candidate] = []
        elsewhere: set[int] = set()
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
            elif self._is_document(url, given) and not given.casefold().startswith(_NO_FILES):
                if url is None:
                    found.append(refused(document, node, given))
                else:
                    control = Control(_ANY_LINK, links[node.mem_id], document.place)
                    found.append(candidate(document, node, url=url, control=control))
                leads_away = url is None or host_of(url) != host
                if leads_away and (url is None or _names_a_host(given) or not document.is_own):
                    elsewhere.add(node.mem_id)
        return _of_the_order(found, elsewhere)

    def _is_document(self, url: str | None, given: str) -> bool:
        # What is not an address is judged as it is written.
        name = last_part(url) if url is not None else unquote(given.partition("?")[0].partition("#")[0])
        return name.casefold().endswith(self._endings)

    def _supplier(self, document: Document) -> str:
        selector = self._settings.supplier_selector
        return next(iter(document.texts(selector)), "") if selector else ""

    def _requisitions(self, document: Document) -> tuple[str, ...]:  # noqa: ARG002 - the settings know of none
        return ()


def _names_a_host(address: str) -> bool:
    """Whether an address says itself which host it leads to; any other leads to the page's own, or to its base's."""
    return address[:2].replace("\\", "/") == "//" or ":" in address.partition("/")[0]


def _of_the_order(found: list[Candidate], elsewhere: set[int]) -> list[Candidate]:
    """Leave out documents on other hosts that the page does not list as the order's.

    Those that stand in a list with others of the order are; where there are no others, those that the page itself
    shows, and not the portal's frame around it. Pages link to terms and manuals, too.
    """
    own = [one for one in found if one.node_id not in elsewhere]
    lists = {one.list_id for one in own if one.stands_in_narrow_list}
    return [
        one
        for one in found
        if one.node_id not in elsewhere
        or one.list_id in lists
        or (not own and one.document.is_own and not one.document.is_within(one.node, is_frame_work))
    ]
