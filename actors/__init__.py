"""Supervised crews of real browsers that bring home every purchase order's attachments, verified.

The public names; everything else is a room that may change. Each is loaded when it is first asked for, so that a wrong
argument of the command does not wait for the browser's libraries.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors.session.folder_journal import FolderJournal as FolderJournal
    from actors.session.main_app import MainApp as MainApp
    from actors.session.open_batch import OpenBatch as OpenBatch
    from actors.session.profile_manager import ProfileManager as ProfileManager
    from actors.session.run_resources import RunRequest as RunRequest, RunResources as RunResources
    from actors.session.session import ProcessingSession as ProcessingSession
    from actors.tables.orders_csv import create_po_tasks_from_csv as create_po_tasks_from_csv

_HOMES: Mapping[str, str] = MappingProxyType(
    {
        "FolderJournal": "actors.session.folder_journal",
        "MainApp": "actors.session.main_app",
        "OpenBatch": "actors.session.open_batch",
        "ProcessingSession": "actors.session.session",
        "ProfileManager": "actors.session.profile_manager",
        "RunRequest": "actors.session.run_resources",
        "RunResources": "actors.session.run_resources",
        "create_po_tasks_from_csv": "actors.tables.orders_csv",
    }
)

__all__ = [
    "FolderJournal",
    "MainApp",
    "OpenBatch",
    "ProcessingSession",
    "ProfileManager",
    "RunRequest",
    "RunResources",
    "create_po_tasks_from_csv",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'actors' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
