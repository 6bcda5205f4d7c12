"""Who is alive under which name.

A name may have two living generations for a while: one that was given up or whose supervisor died, and the one in its
place. The newest answers to the name; an older one is found by its number, so that it can still be told to end.
"""

from __future__ import annotations

import threading
from typing import Any

import attrs
import pykka

from contracts.errors import ConfigurationError


@attrs.frozen
class Entry:
    """One living generation."""

    name: str
    generation: int
    parent: str | None
    ref: pykka.ActorRef[Any]


class Directory:
    """All living generations of one system. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._living: dict[str, dict[int, Entry]] = {}
        self._last: dict[str, int] = {}

    def last_generation(self, name: str) -> int:
        """Return the highest generation that was ever started under `name`, 0 for none."""
        with self._lock:
            return self._last.get(name, 0)

    def count(self, name: str, generation: int | None) -> int:
        """Return the number of a generation that is about to start: the one given, or the next."""
        with self._lock:
            last = self._last.get(name, 0)
            number = generation if generation is not None else last + 1
            self._last[name] = max(number, last)
            return number

    def enter(self, entry: Entry) -> None:
        """Let a generation be found.

        Raises:
            ConfigurationError: Somebody else's living child has that name.
        """
        with self._lock:
            others = self._living.setdefault(entry.name, {})
            for other in others.values():
                if other.parent != entry.parent:
                    text = f"The name {entry.name} is taken: a child of {other.parent or 'nobody'} lives under it."
                    raise ConfigurationError(text)
            others[entry.generation] = entry

    def leave(self, name: str, generation: int) -> Entry | None:
        """Take a generation out; return it, if it was there."""
        with self._lock:
            others = self._living.get(name, {})
            entry = others.pop(generation, None)
            if not others:
                self._living.pop(name, None)
            return entry

    def find(self, name: str, generation: int | None = None) -> Entry | None:
        """Return the newest living generation of a name, or the one with this number."""
        with self._lock:
            living = self._living.get(name)
            if not living:
                return None
            return living[max(living)] if generation is None else living.get(generation)

    def below(self, parent: str) -> tuple[Entry, ...]:
        """Return every living child of that name."""
        with self._lock:
            return tuple(one for living in self._living.values() for one in living.values() if one.parent == parent)

    def names(self) -> tuple[str, ...]:
        """Names of all living actors, sorted."""
        with self._lock:
            return tuple(sorted(name for name, living in self._living.items() if living))
