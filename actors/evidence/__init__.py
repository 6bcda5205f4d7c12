"""What may be kept of a page: its words, with everything blackened that could open a door. Pure."""

from __future__ import annotations

from actors.evidence.redaction import BLACK as BLACK, SHORTEST_SECRET as SHORTEST_SECRET, redacted as redacted
