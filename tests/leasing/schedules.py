"""Schedules for the world of `world.py`: lists of moves, each with a number that picks whom it strikes.

So Hypothesis can shorten one, and a bug can be hunted with seeded ones.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.leasing.world import World

Move = tuple[str, int]

_WEIGHTS = {
    "accept": 6, "start": 6, "ready": 4, "grant": 10, "touch": 3, "finish": 1, "prove": 1, "fail": 2, "die": 1,
    "poison": 4, "sicken": 2, "vanish": 1, "retire": 0.3, "old_news": 1, "cancel": 0.5, "take_back": 0.5, "stale": 2,
    "duty": 1, "dutied": 1, "recycle": 1, "pause": 1, "resume": 3, "stop": 0.2, "begin": 1, "close": 1, "open": 2,
    "wait": 4, "drain": 0.15,
}  # fmt: skip
_NO_ENDS: dict[str, float] = dict.fromkeys(("finish", "fail", "duty", "pause", "close", "stop", "vanish", "retire"), 0)
_THEMES: tuple[dict[str, float], ...] = (
    {},
    {"fail": 12, "grant": 16, "poison": 1, "close": 0, "stop": 0},  # the portal is in trouble
    _NO_ENDS | {"prove": 0, "drain": 0, "poison": 14, "start": 14, "accept": 12},  # all are lost, and no task ends
    {"cancel": 4, "drain": 1, "fail": 6, "poison": 6, "finish": 0.3},  # what waits, and what is in work, is taken out
    {
        "accept": 1,
        "poison": 7,
        "finish": 0.3,
        "fail": 5,
        "recycle": 2,
        "start": 3,
        "grant": 14,
    },  # a few bad ones, and nothing else
)
MOVES = tuple(_WEIGHTS)


def play(moves: Sequence[Move]) -> World:
    """Play a schedule, then let the faults cease."""
    world = World()
    for name, pick in moves:
        world.move(name, pick)
    world.settle()
    return world


_LINE = tuple(("accept", pick) for pick in (1, 2, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17))
_WELL = (("start", 6), ("grant", 0), ("grant", 0), ("finish", 0))
"""The first worker ends what it has."""
_SICK = (("start", 6), *[("grant", 0)] * 3, ("sicken", 0), ("prove", 0), ("grant", 0), ("prove", 0))
"""The first worker is lost over what it has, and another ends just that."""
_LONG = (("start", 6), *[("grant", 0)] * 3, ("touch", 0), ("touch", 1), ("touch", 2), ("wait", 12))
"""Work goes on and on, and is heard of."""


def schedule(seed: int, length: int = 150) -> list[Move]:
    """Return a schedule by chance; each has the theme of its number, or is a story with some chance in it."""
    chance = random.Random(seed)
    theme = seed % (len(_THEMES) + 2)
    if theme >= len(_THEMES):
        parts = (_SICK, _SICK, _SICK, _SICK, _WELL) if theme == len(_THEMES) else (_LONG,)
        moves = [*_LINE, ("start", 7), ("start", 8)]
        for _ in range(7):
            moves += chance.choice(parts)
        for _ in range(seed % 3 * 4):
            moves.insert(chance.randrange(len(moves)), (chance.choice(MOVES), chance.randrange(100)))
        return moves
    names = chance.choices(MOVES, tuple((_WEIGHTS | _THEMES[theme]).values()), k=length)
    return [(name, chance.randrange(100)) for name in names]
