"""What can be said of a file's end."""

from __future__ import annotations

import enum

from actors.filing.content import Content


class End(enum.Enum):
    """Whether a file has the end of its kind."""

    THERE = enum.auto()
    MISSING = enum.auto()
    UNSTATED = enum.auto()
    """Files of its kind, or this one, do not say where they end."""

    @staticmethod
    def at_least(content: Content, size: int) -> End:
        """Judge by the size that the file says it has; it may have more."""
        return End.THERE if content.size >= size else End.MISSING
