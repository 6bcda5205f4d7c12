"""Counts the steps that a backtracking matcher takes, and makes the texts at which an expression may explode.

Time says little on a busy machine, and Python's own matcher counts nothing. This one goes through the same parsed
expression in the same order, slowly, and stops at a budget.
"""

from __future__ import annotations

import importlib
import re
import string
import sys
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

# The parts of `re` that read an expression: they are its own, and no type checker is told of them.
codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

Next = Callable[[int], bool]
_ALPHABET = string.ascii_letters[:6] + "pPoOxXzZ019 \t\n\r\"'<>()[]{}=:;,.!?*+-_/\\|#%&@~$^`" + "\x00\u00e9\u2028"


class TooManyStepsError(Exception):
    """The budget is spent."""


class Counter:
    """Matches one expression, counting.

    Args:
        pattern: The expression.
        budget: Steps after which `TooManyStepsError` is raised.
    """

    def __init__(self, pattern: re.Pattern[Any], budget: int) -> None:
        text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
        flags = pattern.flags & ~(re.UNICODE | re.ASCII | re.LOCALE) | (pattern.flags & re.ASCII)
        self.tree = parser.parse(text, flags)
        self.flags = pattern.flags
        self.budget = budget
        self.steps = 0
        self._sets: dict[tuple[int, str], bool] = {}

    def found(self, text: str) -> list[tuple[int, int]]:
        """Return where the expression is found, as `finditer` does."""
        return list(self._through(text, once=False))

    def steps_over(self, text: str, *, once: bool = False) -> int:
        """Return the steps that a search through the whole text takes, or with `once` a try at its beginning."""
        self.steps = 0
        for _ in self._through(text, once=once):
            pass
        return self.steps

    def _through(self, text: str, *, once: bool) -> Iterator[tuple[int, int]]:
        start = 0
        while start <= len(text):
            end = self._first(self.tree, text, start, {})
            if end is not None:
                yield start, end
            start = start + 1 if end is None or end == start else end
            if once:
                return

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self.budget:
            raise TooManyStepsError

    def _sequence(self, items: Any, place: int, text: str, at: int, groups: dict[int, str], then: Next) -> bool:
        if place == len(items):
            return then(at)
        self._step()
        op, argument = items[place]

        def rest(end: int) -> bool:
            return self._sequence(items, place + 1, text, end, groups, then)

        if op in (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN):
            return at < len(text) and self._fits(op, argument, text[at]) and rest(at + 1)
        if op is codes.AT:
            return self._is_at(argument, text, at) and rest(at)
        if op is codes.SUBPATTERN:
            number, _, _, inside = argument

            def keep(end: int) -> bool:
                if number is not None:
                    groups[number] = text[at:end]
                return rest(end)

            return self._sequence(inside, 0, text, at, groups, keep)
        if op is codes.BRANCH:
            return any(self._sequence(one, 0, text, at, groups, rest) for one in argument[1])
        if op is codes.GROUPREF:
            known = groups.get(argument, "")
            return text.startswith(known, at) and rest(at + len(known))
        if op in (codes.ASSERT, codes.ASSERT_NOT):
            return self._looks(op, argument, text, at, groups) and rest(at)
        if op is codes.ATOMIC_GROUP:
            end = self._first(argument, text, at, groups)
            return end is not None and rest(end)
        return self._repeat(op, argument, text, at, groups, rest)

    def _first(self, inside: Any, text: str, at: int, groups: dict[int, str]) -> int | None:
        ends: list[int] = []

        def over(end: int) -> bool:
            ends.append(end)
            return True

        return ends[0] if self._sequence(inside, 0, text, at, groups, over) else None

    def _looks(self, op: Any, argument: Any, text: str, at: int, groups: dict[int, str]) -> bool:
        direction, inside = argument
        if direction < 0:
            width = inside.getwidth()[0]
            found = at >= width and self._first(inside, text, at - width, groups) is not None
        else:
            found = self._first(inside, text, at, groups) is not None
        return found == (op is codes.ASSERT)

    def _repeat(self, op: Any, argument: Any, text: str, at: int, groups: dict[int, str], rest: Next) -> bool:
        least, most, inside = argument
        if len(inside) == 1 and inside[0][0] in (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN):
            end = at
            limit = len(text) if most is codes.MAXREPEAT else min(len(text), at + most)
            while end < limit and self._fits(inside[0][0], inside[0][1], text[end]):
                self._step()
                end += 1
            if end - at < least:
                return False
            if op is codes.POSSESSIVE_REPEAT:
                return rest(end)
            ends = range(end, at + least - 1, -1) if op is codes.MAX_REPEAT else range(at + least, end + 1)
            return any(self._counted(rest, one) for one in ends)
        if op is codes.POSSESSIVE_REPEAT:
            count, end = 0, at
            while most is codes.MAXREPEAT or count < most:
                after = self._first(inside, text, end, groups)
                if after is None or after == end:
                    break
                count, end = count + 1, after
            return count >= least and rest(end)

        def again(count: int, begin: int) -> bool:
            def more(end: int) -> bool:
                return (end > begin or count < least) and again(count + 1, end)

            may_go_on = most is codes.MAXREPEAT or count < most
            if op is codes.MAX_REPEAT:
                if may_go_on and self._sequence(inside, 0, text, begin, groups, more):
                    return True
                return count >= least and rest(begin)
            if count >= least and rest(begin):
                return True
            return may_go_on and self._sequence(inside, 0, text, begin, groups, more)

        return again(0, at)

    def _counted(self, rest: Next, at: int) -> bool:
        self._step()
        return rest(at)

    def _is_at(self, where: Any, text: str, at: int) -> bool:
        before, after = text[at - 1 : at] if at else "", text[at : at + 1]
        if where in (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING):
            return at == 0 or (where is codes.AT_BEGINNING and bool(self.flags & re.MULTILINE) and before == "\n")
        if where in (codes.AT_END, codes.AT_END_STRING):
            is_line = where is codes.AT_END and (after == "\n" if self.flags & re.MULTILINE else at == len(text) - 1)
            return at == len(text) or (is_line and after == "\n")
        is_edge = _is_word(before) != _is_word(after)
        return is_edge == (where is codes.AT_BOUNDARY)

    def _fits(self, op: Any, argument: Any, character: str) -> bool:
        if op is codes.ANY:
            return bool(self.flags & re.DOTALL) or character != "\n"
        key = (id(argument) if op is codes.IN else hash((op, argument)), character)
        if key not in self._sets:
            self._sets[key] = self._fits_any(op, argument, character)
        return self._sets[key]

    def _fits_any(self, op: Any, argument: Any, character: str) -> bool:
        shapes = {character, character.lower(), character.upper()} if self.flags & re.IGNORECASE else {character}
        if op is codes.LITERAL:
            return any(ord(one) == argument for one in shapes if len(one) == 1)
        if op is codes.NOT_LITERAL:
            return all(ord(one) != argument for one in shapes if len(one) == 1)
        negates = argument[0][0] is codes.NEGATE
        found = any(_in_set(item, one) for one in shapes if len(one) == 1 for item in argument)
        return found != negates


def _in_set(item: Any, character: str) -> bool:
    op, argument = item
    if op is codes.LITERAL:
        return bool(ord(character) == argument)
    if op is codes.RANGE:
        return bool(argument[0] <= ord(character) <= argument[1])
    if op is codes.CATEGORY:
        name = str(argument)
        kind = name.removeprefix("CATEGORY_").removeprefix("NOT_")
        found = {"DIGIT": str.isdigit, "SPACE": str.isspace, "WORD": _is_word}[kind](character)
        return found != ("_NOT_" in name)
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


# ------------------------------------------------------------------------------------------------------ texts


def attacks(counter: Counter, size: int) -> Iterator[str]:
    """Yield texts of about `size` repetitions at which the expression may take many steps."""
    letters = _kinds(counter)
    beginnings = list(dict.fromkeys(["", *_beginnings(counter)]))[:4]
    pairs = ("".join(two) for two in product(letters[:4], repeat=2))
    pumps = list(dict.fromkeys([*letters, *list(_bodies(counter))[:8], *pairs]))
    for beginning, pump in product(beginnings, pumps):
        yield beginning + pump * size + "\x00"
        if beginning:
            yield (beginning + pump) * (size // 2) + "\x00"


def _kinds(counter: Counter) -> list[str]:
    """One character of each kind that the expression tells apart."""
    tests = [(op, argument) for op, argument in _leaves(counter.tree)]
    kinds: dict[tuple[bool, ...], str] = {}
    for character in _ALPHABET:
        kinds.setdefault(tuple(counter._fits(op, argument, character) for op, argument in tests), character)
    return list(kinds.values())[:12]


def _leaves(items: Any) -> Iterator[tuple[Any, Any]]:
    for op, argument in items:
        if op in (codes.LITERAL, codes.NOT_LITERAL, codes.IN):
            yield op, argument
        for inside in _inner(op, argument):
            yield from _leaves(inside)


def _inner(op: Any, argument: Any) -> list[Any]:
    if op is codes.SUBPATTERN:
        return [argument[3]]
    if op is codes.BRANCH:
        return list(argument[1])
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        return [argument[2]]
    if op is codes.ATOMIC_GROUP:
        return [argument]
    return [argument[1]] if op in (codes.ASSERT, codes.ASSERT_NOT) else []


def _beginnings(counter: Counter) -> Iterator[str]:
    """What must stand before each repetition for the matcher to come to it."""

    def walk(items: Any, before: str) -> Iterator[str]:
        for op, argument in items:
            if op in (codes.MAX_REPEAT, codes.MIN_REPEAT) and argument[1] is codes.MAXREPEAT:
                yield before
            for inside in _inner(op, argument):
                yield from walk(inside, before)
            before += _sample(counter, op, argument)

    return walk(counter.tree, "")


def _bodies(counter: Counter) -> Iterator[str]:
    """What a repetition repeats, and with it what stands around."""

    def walk(items: Any) -> Iterator[str]:
        for op, argument in items:
            if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
                yield _samples(counter, argument[2])
            for inside in _inner(op, argument):
                yield from walk(inside)

    return (body for body in [*walk(counter.tree), _samples(counter, counter.tree)] if body)


def _samples(counter: Counter, items: Any) -> str:
    return "".join(_sample(counter, op, argument) for op, argument in items)


def _sample(counter: Counter, op: Any, argument: Any) -> str:
    if op is codes.LITERAL:
        return chr(argument)
    if op in (codes.NOT_LITERAL, codes.IN, codes.ANY):
        return next((one for one in _ALPHABET if counter._fits(op, argument, one)), "")
    if op is codes.SUBPATTERN:
        return _samples(counter, argument[3])
    if op is codes.ATOMIC_GROUP:
        return _samples(counter, argument)
    if op is codes.BRANCH:
        return _samples(counter, argument[1][0])
    if op in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        times: int = min(max(argument[0], 1), 3)
        return _samples(counter, argument[2]) * times
    return ""


def deep_enough() -> None:
    """Let the counter go as deep as its texts are long."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))
