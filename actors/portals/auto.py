"""The adapter for users who do not say which portal they have: it decides for each page by what the page is."""

from __future__ import annotations

from actors.portals.addresses import host_of
from actors.portals.coupa import CoupaPortal
from actors.portals.generic import GenericPortal
from actors.portals.sheet import Sheet, parsed
from contracts.config import GenericPortalSettings
from contracts.ports import LoginForm, OrderPage, PageReading, PageSnapshot, Portal, WrongPage


class AutoPortal:
    """Reads Coupa's pages as Coupa's and every other page by the generic settings."""

    def __init__(self, settings: GenericPortalSettings) -> None:
        self._coupa = CoupaPortal()
        self._generic = GenericPortal(settings)
        self._has_own_path = settings.order_path != GenericPortalSettings().order_path

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """Addresses to try for an order.

        An `order_path` of the user's own and a host that is Coupa's by name are followed alone. Elsewhere Coupa's
        addresses come first and the generic one last.
        """
        generic = self._generic.order_addresses(base_url, po_number)
        if self._has_own_path:
            return generic
        coupa = self._coupa.order_addresses(base_url, po_number)
        return coupa if "coupa" in host_of(base_url) else coupa + generic

    def login_address(self, base_url: str) -> str:
        """Address of the login page: Coupa's on Coupa's hosts, the generic one elsewhere."""
        chosen: Portal = self._coupa if "coupa" in host_of(base_url) else self._generic
        return chosen.login_address(base_url)

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what `page` is. A page that is nothing by the generic settings is looked at as Coupa's, too."""
        sheet = parsed(page)
        reading = self._choose(sheet).read_sheet(sheet, po_number)
        return self._coupa.read_sheet(sheet, po_number) if isinstance(reading, WrongPage) else reading

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """Read a requisition that a proven order's page pointed to, as a list of attachments."""
        sheet = parsed(page)
        return self._choose(sheet).read_requisition_sheet(sheet)

    def wants_login(self, page: PageSnapshot) -> str:
        """Why `page` is a login page by either adapter, or empty when it is none."""
        sheet = parsed(page)
        return self._coupa.login_reason(sheet) or self._generic.login_reason(sheet)

    def login_form(self, page: PageSnapshot) -> LoginForm:
        """Where to type on a login page."""
        return self._choose(parsed(page)).login_form(page)

    def visible_text(self, page: PageSnapshot) -> str:
        """Title and text of `page` as a person sees them; no adapter differs in that."""
        return self._generic.visible_text(page)

    def _choose(self, sheet: Sheet) -> CoupaPortal | GenericPortal:
        return self._coupa if self._coupa.recognises_sheet(sheet) else self._generic
