"""The adapter for users who do not say which portal they have: it decides for each page by what the page is.

They are asked in this order, and the first that recognises a page reads it: the installed adapters by name, then
Coupa's, then the generic one, which takes whatever is left. Nothing is remembered, so one page has one reader.
"""

from __future__ import annotations

from actors.portals.addresses import host_of
from actors.portals.coupa import CoupaPortal
from actors.portals.generic import GenericPortal
from actors.portals.sheet import Sheet, parsed
from contracts.config import GenericPortalSettings
from contracts.ports import LoginForm, OrderPage, PageReading, PageSnapshot, Portal, WrongPage


class AutoPortal:
    """Reads a page as the installed adapter that recognises it, else Coupa's as Coupa's and the rest generically.

    Args:
        settings: How the generic adapter finds its way.
        installed: Adapters from outside, in the order in which they are asked. Their `recognises` must not raise.
    """

    def __init__(self, settings: GenericPortalSettings, installed: tuple[Portal, ...] = ()) -> None:
        self._installed = installed
        self._coupa = CoupaPortal()
        self._generic = GenericPortal(settings)
        self._has_own_path = settings.order_path != GenericPortalSettings().order_path

    @property
    def login_paths(self) -> tuple[str, ...]:
        """Those of all adapters: which of them a file's page was read by is not known where it is fetched."""
        adapters: tuple[Portal, ...] = (*self._installed, self._coupa, self._generic)
        return tuple(dict.fromkeys(path for one in adapters for path in one.login_paths))

    def recognises(self, page: PageSnapshot) -> bool:
        """Whatever the page is: the last one that is asked takes it."""
        return self._generic.recognises(page)

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """Addresses to try for an order.

        An `order_path` of the user's own is followed alone; so is an installed adapter that recognises the portal's
        address, and a host that is Coupa's by name. Elsewhere Coupa's addresses come first and the generic one last.
        """
        generic = self._generic.order_addresses(base_url, po_number)
        if self._has_own_path:
            return generic
        if (own := self._installed_at(base_url)) is not None:
            return own.order_addresses(base_url, po_number)
        coupa = self._coupa.order_addresses(base_url, po_number)
        return coupa if "coupa" in host_of(base_url) else coupa + generic

    def login_address(self, base_url: str) -> str:
        """Address of the login page: an installed adapter's at its portal, Coupa's on its hosts, else the generic."""
        own = self._installed_at(base_url)
        chosen: Portal = own or (self._coupa if "coupa" in host_of(base_url) else self._generic)
        return chosen.login_address(base_url)

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what `page` is. A page that is nothing by the generic settings is looked at as Coupa's, too."""
        if (own := self._installed_for(page)) is not None:
            return own.read(page, po_number)
        sheet = parsed(page)
        reading = self._choose(sheet).read_sheet(sheet, po_number)
        return self._coupa.read_sheet(sheet, po_number) if isinstance(reading, WrongPage) else reading

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """Read a requisition that a proven order's page pointed to, as a list of attachments."""
        if (own := self._installed_for(page)) is not None:
            return own.read_requisition(page)
        sheet = parsed(page)
        return self._choose(sheet).read_requisition_sheet(sheet)

    def wants_login(self, page: PageSnapshot) -> str:
        """Why `page` is a login page, or empty: by the installed adapter that recognises it, or by either other."""
        if (own := self._installed_for(page)) is not None:
            return own.wants_login(page)
        sheet = parsed(page)
        return self._coupa.login_reason(sheet) or self._generic.login_reason(sheet)

    def login_form(self, page: PageSnapshot) -> LoginForm:
        """Where to type on a login page."""
        own = self._installed_for(page)
        chosen: Portal = own or self._choose(parsed(page))
        return chosen.login_form(page)

    def visible_text(self, page: PageSnapshot) -> str:
        """Title and text of `page` as a person sees them; the two built-in adapters do not differ in that."""
        chosen: Portal = self._installed_for(page) or self._generic
        return chosen.visible_text(page)

    def _installed_for(self, page: PageSnapshot) -> Portal | None:
        return next((one for one in self._installed if one.recognises(page)), None)

    def _installed_at(self, base_url: str) -> Portal | None:
        """Return the installed adapter that knows a portal by its address alone."""
        empty = PageSnapshot(requested_url=base_url, url=base_url, http_status=0, time_origin=0.0, html="")
        return self._installed_for(empty) if base_url else None

    def _choose(self, sheet: Sheet) -> CoupaPortal | GenericPortal:
        return self._coupa if self._coupa.recognises_sheet(sheet) else self._generic
