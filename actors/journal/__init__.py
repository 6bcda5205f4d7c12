"""The journal: what was accepted, leased, verified, published, ended. The only home of sqlite3.

`MemoryJournal` lives as long as the program. `SqliteJournal` outlives it, and writes the manifest beside it.
"""

from __future__ import annotations

from actors.journal.memory import MemoryJournal as MemoryJournal
from actors.journal.reading import JournalReader as JournalReader, RunStatus as RunStatus
from actors.journal.sqlite import SqliteJournal as SqliteJournal
