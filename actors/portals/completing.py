"""An adapter from outside made whole: what it leaves out of `Portal`, the generic adapter answers for it."""

from __future__ import annotations

import attrs

from actors.portals.generic import GenericPortal
from contracts.config import GenericPortalSettings
from contracts.ports import LoginPage, OrderPage, PageReading, PageSnapshot, PortalAdapter


class CompletedPortal:
    """Implements `contracts.ports.Portal` over an adapter that need not have all of it.

    Args:
        adapter: Says what is its own. It is asked for everything that it has.
        settings: How the generic adapter answers the rest; the login paths are the adapter's.

    Raises:
        ConfigurationError: A selector of the settings cannot be understood.
    """

    def __init__(self, adapter: PortalAdapter, settings: GenericPortalSettings) -> None:
        self._adapter = adapter
        self._generic = generic = GenericPortal(attrs.evolve(settings, login_paths=adapter.login_paths))
        self._knows_logins = hasattr(adapter, "wants_login")
        self.login_paths = adapter.login_paths
        self.recognises = adapter.recognises
        self.order_addresses = adapter.order_addresses
        self.login_address = getattr(adapter, "login_address", generic.login_address)
        self.read_requisition = getattr(adapter, "read_requisition", generic.read_requisition)
        self.wants_login = getattr(adapter, "wants_login", generic.wants_login)
        self.login_form = getattr(adapter, "login_form", generic.login_form)
        self.visible_text = getattr(adapter, "visible_text", generic.visible_text)

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what `page` is. An adapter that knows nothing of logins need not look for one: what it does not prove is
        looked at for that."""
        reading = self._adapter.read(page, po_number)
        if self._knows_logins or isinstance(reading, OrderPage | LoginPage):
            return reading
        reason = self._generic.wants_login(page)
        return LoginPage(reason) if reason else reading
