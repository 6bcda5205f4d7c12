"""Stubs of the ports, for the test mode (contract 25) and for tests of adapters of your own.

Reports say `test_mode` where `enable_test_mode` was called, so that nobody takes its figures for real ones. A session
that is given stubs by its argument `open_resources` is in no test mode, and its reports look like any others. The
folders that it reports are temporary: they go with its `with` block, or else with the call of `process_pos`.
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
