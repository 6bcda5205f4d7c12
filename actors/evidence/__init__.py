"""Evidence that can be checked without this program: what may be kept of a page, and the manifest's chain. Pure."""

from __future__ import annotations

from actors.evidence.redaction import redacted as redacted, without_secrets as without_secrets
from actors.evidence.secrets import BLACK as BLACK, SHORTEST_SECRET as SHORTEST_SECRET, Finder as Finder
