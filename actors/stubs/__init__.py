"""The test mode of contract 25: stub browsers, and failures for whatever browsers there are.

Reached only through `ProcessingSession.enable_test_mode`.

Every report of a session in test mode carries `test_mode`, so that nobody takes its figures for real ones.
"""

from __future__ import annotations

from actors.stubs.failures import FailingLauncher as FailingLauncher, FailingPortal as FailingPortal
from actors.stubs.resources import StubResources as StubResources
