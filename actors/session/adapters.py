"""From the setting `portal` to the adapter that a run's pages are read with: built in, installed, or the user's own."""

from __future__ import annotations

import logging
from collections.abc import Callable

from actors.portals import AutoPortal, CompletedPortal, portal_for
from actors.session.installed import installed_adapter, installed_adapters, require_offered
from actors.worker.guarding import GuardedPortal
from contracts.config import PortalChoice, PortalKind, Settings
from contracts.errors import WorkerError
from contracts.ports import PageSnapshot, Portal

log = logging.getLogger("purser.session")


def adapter_of(settings: Settings, tell: Callable[[str], None] | None = None) -> Portal:
    """Return the adapter that the settings name.

    Args:
        settings: `portal` and `generic` are used.
        tell: Hears of each installed adapter that `auto` passes over because it cannot be used; None logs a warning.

    Raises:
        ConfigurationError: No package offers that name, its adapter cannot be used, or a selector is none.
    """
    chosen = settings.portal
    if chosen is PortalKind.AUTO:
        return AutoPortal(settings.generic, _all_installed(settings, tell or log.warning))
    if isinstance(chosen, PortalKind):
        return portal_for(chosen, settings.generic)
    if isinstance(chosen, str):
        found = installed_adapter(chosen)
        assert found.adapter is not None  # noqa: S101 - else it has raised
        chosen = found.adapter
    return CompletedPortal(chosen, settings.generic)


def check_choice(portal: PortalChoice) -> None:
    """Return when the setting names an adapter that there is. Nothing of an installed one is loaded.

    Raises:
        ConfigurationError: No package offers that name.
    """
    if isinstance(portal, str):
        require_offered(portal)


def _all_installed(settings: Settings, tell: Callable[[str], None]) -> tuple[Portal, ...]:
    usable: list[Portal] = []
    for found in installed_adapters():
        if found.adapter is None:
            tell(f"{found.fault} It is passed over.")
        else:
            usable.append(_PassedOver(CompletedPortal(found.adapter, settings.generic), found.name))
    return tuple(usable)


class _PassedOver(GuardedPortal):
    """An installed adapter under `auto`: where it stumbles over the question whose page it is, the next is asked."""

    def __init__(self, portal: Portal, name: str) -> None:
        super().__init__(portal)
        self._name = name

    def recognises(self, page: PageSnapshot) -> bool:
        """As the adapter, and no when it cannot say."""
        try:
            return super().recognises(page)
        except WorkerError as error:
            log.warning("The installed portal adapter %r is passed over for one page. %s", self._name, error)
            return False
