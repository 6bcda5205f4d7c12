"""No text meets an expression whose time explodes: every pattern of the program is tried with texts made against it.

What is counted are the steps of a matcher like Python's own. Four times the text may take a little more than four times
the steps; where an expression only ever meets short texts, the square of that.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import actors
import contracts
from actors.portals.messages import Denials
from actors.portals.words import FILES
from tests.security.steps import Counter, TooManyStepsError, attacks, deep_enough

Key = tuple[str | bytes, int]
_METHODS = frozenset({"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
_ANCHORED = frozenset({"match", "fullmatch"})
SHORT = {
    "actors.browser.find._VERSION": "what a browser says of its own version",
    "actors.cli.doctor": "what a browser says of its own version",
}
MADE_ON_THE_WAY = {
    "whole phrases": Denials.of(("not here", "no way")).phrases,
    "files by name": re.compile(rf"(?<!\w){FILES}(?!\w)"),
}
"""Patterns that no module holds by name; what varies in them is escaped."""


def modules() -> list[ModuleType]:
    packages = (actors, contracts)
    infos = [one for package in packages for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [importlib.import_module(info.name) for info in infos]


def patterns() -> dict[str, tuple[re.Pattern[Any], bool]]:
    """Every pattern by its name, and whether it is only ever tried at the beginning of a text."""
    named: dict[Key, tuple[str, re.Pattern[Any]]] = {}
    used: dict[Key, set[str]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                named.setdefault((value.pattern, value.flags), (f"{module.__name__}.{name}", value))
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
                continue
            owner = getattr(module, node.value.id, None)
            if isinstance(owner, re.Pattern) and node.attr in _METHODS:
                used.setdefault((owner.pattern, owner.flags), set()).add(node.attr)
    found = {name: (value, used.get(key, {"search"}) <= _ANCHORED) for key, (name, value) in named.items()}
    return found | {name: (value, False) for name, value in MADE_ON_THE_WAY.items()} | inline_patterns()


def inline_patterns() -> dict[str, tuple[re.Pattern[Any], bool]]:
    """Patterns that are written where they are used."""
    found = {}
    for module in modules():
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{name}" for name in _METHODS}:
                given = node.args[0]
                if isinstance(given, ast.Constant) and isinstance(given.value, str | bytes):
                    pattern: re.Pattern[Any] = re.compile(given.value)
                    found[f"{module.__name__}:{node.lineno}"] = (pattern, ast.unparse(node.func)[3:] in _ANCHORED)
    return found


PATTERNS = patterns()


def test_all_patterns_are_found() -> None:
    assert len(PATTERNS) > 150
    assert "actors.evidence.redaction._KEY" in PATTERNS


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_steps_as_its_text_grows(name: str) -> None:
    deep_enough()
    pattern, is_anchored = PATTERNS[name]
    is_short = any(name.startswith(one) for one in SHORT)
    counter = Counter(pattern, budget=400_000)
    try:
        for few, many in zip(attacks(counter, 10), attacks(counter, 40), strict=True):
            before, after = (counter.steps_over(text, once=is_anchored) for text in (few, many))
            assert after <= (17 if is_short else 5.5) * before + 300, (many[:40], before, after)
    except TooManyStepsError:
        pytest.fail(f"{pattern.pattern!r} explodes")


@pytest.mark.parametrize(
    "bad",
    [
        *(r"(a+)+$", r"(a|a)*b", r"(?:<!--.*?-->\s*)*<html", r"\s+$", r"\s*,?\s*x", r"(\w+\s?)*!", r"(a*)*b"),
        *(r"[ab]*a[ab]*c$", r"\bx[ab]*[ac]*d", r"(?:a|ab|b)*c", r"<[^>]*x", r"\d+[.,]\d+$"),
    ],
)
def test_patterns_that_are_known_to_explode_are_recognised(bad: str) -> None:
    deep_enough()
    counter = Counter(re.compile(bad, re.DOTALL), budget=100_000)
    grew = []
    try:
        for few, many in zip(attacks(counter, 10), attacks(counter, 40), strict=True):
            before, after = (counter.steps_over(text) for text in (few, many))
            grew.append(after > 5.5 * before + 300)
    except TooManyStepsError:
        grew.append(True)
    assert any(grew)


def test_the_counter_finds_what_pythons_own_matcher_finds() -> None:
    for pattern, text in (
        (r"(?<!\w)ab?c*+(?=\s)", "xabcc abc ac "),
        (r"(?:a|bc){2,3}?d", "abcabcd aad"),
        (r"(['\"]).*?\1", 'x\'a"b\' "c"'),
        (r"[^a-c]+(?!x)\b", "abcxyz abd"),
        (r"(?i)straße|[K-M]", "STRASSE straße l"),
        (r"^a$", "a\n"),
        (r"(?m)^\d+$", "1\n22\n3x"),
    ):
        compiled = re.compile(pattern)
        assert Counter(compiled, 10**6).found(text) == [match.span() for match in compiled.finditer(text)]
