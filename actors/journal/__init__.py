"""The books: what was accepted, who worked on it, how it ended."""

from __future__ import annotations

from actors.journal.memory import MemoryJournal as MemoryJournal
