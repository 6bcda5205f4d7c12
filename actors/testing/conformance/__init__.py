"""What every implementation of a port must keep, as tests to inherit from: one suite a port.

Subclass a suite in a test file of your own, under a name that begins with `Test`, and give it the fixtures that its
docstring names; pytest collects the rest. Nothing here needs pytest itself. Each promise is one that the port's own
docstrings in `contracts.ports` make.
"""

from __future__ import annotations

from actors.testing.conformance.browser_hosts import BrowserHostSuite as BrowserHostSuite, HeldPage as HeldPage
from actors.testing.conformance.browsers import BrowserSuite as BrowserSuite, WebBrowserSuite as WebBrowserSuite
from actors.testing.conformance.fetchers import FetcherSuite as FetcherSuite, HttpFetcherSuite as HttpFetcherSuite
from actors.testing.conformance.journals import JournalSuite as JournalSuite
from actors.testing.conformance.portals import PortalSuite as PortalSuite
from actors.testing.conformance.site import Site as Site
from actors.testing.conformance.watch import EndlessWatch as EndlessWatch

__all__ = [
    "BrowserHostSuite",
    "BrowserSuite",
    "EndlessWatch",
    "FetcherSuite",
    "HeldPage",
    "HttpFetcherSuite",
    "JournalSuite",
    "PortalSuite",
    "Site",
    "WebBrowserSuite",
]
