"""Supervised crews of real browsers that bring home every purchase order's attachments, verified.

The public names; everything else is a room that may change.
"""

from __future__ import annotations

from actors.browser.profiles import ProfileManager as ProfileManager
from actors.intake.orders_csv import create_po_tasks_from_csv as create_po_tasks_from_csv
from actors.session.books import Books as Books
from actors.session.main_app import MainApp as MainApp
from actors.session.session import ProcessingSession as ProcessingSession
