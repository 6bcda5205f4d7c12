"""Evidence that can be checked without this program: what may be kept of a page, and the manifest's chain. Pure."""

from __future__ import annotations

from actors.evidence.redaction import BLACK as BLACK, SHORTEST_SECRET as SHORTEST_SECRET, redacted as redacted
