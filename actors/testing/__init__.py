"""Stubs of the ports, for the test mode (contract 25) and for tests of adapters of your own.

Every report of a session in test mode carries `test_mode`, so that nobody takes its figures for real ones.
"""

from __future__ import annotations

from actors.testing.browsers import StubBrowser as StubBrowser, StubBrowserHost as StubBrowserHost
from actors.testing.failures import FailingBrowserHost as FailingBrowserHost, FailingPortal as FailingPortal
from actors.testing.resources import StubResources as StubResources
from actors.testing.stubs import StubFetcher as StubFetcher, StubFolder as StubFolder, StubPortal as StubPortal

__all__ = [
    "FailingBrowserHost",
    "FailingPortal",
    "StubBrowser",
    "StubBrowserHost",
    "StubFetcher",
    "StubFolder",
    "StubPortal",
    "StubResources",
]
