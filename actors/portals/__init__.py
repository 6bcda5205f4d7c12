"""What a portal's pages say: HTML in, values out. Pure, and the only home of the HTML parser.

Which adapters are installed is no business of this room: whoever opens a run's resources looks them up.
"""

from __future__ import annotations

from typing import assert_never

from actors.portals.auto import AutoPortal as AutoPortal
from actors.portals.completing import CompletedPortal as CompletedPortal
from actors.portals.coupa import CoupaPortal
from actors.portals.generic import GenericPortal
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import Portal


def portal_for(kind: PortalKind, settings: GenericPortalSettings) -> Portal:
    """Return the adapter of one kind of portal.

    Args:
        kind: Which adapter reads the pages.
        settings: How the generic adapter finds its way; Coupa's needs none.

    Raises:
        ConfigurationError: A selector of the settings cannot be understood.
    """
    match kind:
        case PortalKind.COUPA:
            return CoupaPortal()
        case PortalKind.GENERIC:
            return GenericPortal(settings)
        case PortalKind.AUTO:
            return AutoPortal(settings)
        case _:
            assert_never(kind)
