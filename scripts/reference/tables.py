"""Markdown tables, and the meanings that stand in docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence

_ARGUMENT = re.compile(r"(\w+): (.*)")


def code(text: str) -> str:
    """Return text as code, safe inside a table."""
    return "`" + text.replace("|", "\\|") + "`"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def first_line(thing: object) -> str:
    """Return the first sentence of a docstring, without references for developers."""
    text = inspect.getdoc(thing) or ""
    return without_references(" ".join(text.partition("\n\n")[0].split()))


def without_references(text: str) -> str:
    """Return text without `(contract ...)`, which means something to developers alone."""
    return re.sub(r" ?\(contract [^)]*\)", "", text)


def arguments_of(kind: type[object]) -> dict[str, str]:
    """Return what the `Args:` of a class's docstring say, by name."""
    _, _, listed = (inspect.getdoc(kind) or "").partition("Args:\n")
    found: dict[str, str] = {}
    last = ""
    for line in listed.splitlines():
        if not line.strip() or not line.startswith("    "):
            break
        match = _ARGUMENT.fullmatch(line.strip())
        if match and not line.startswith("     "):
            last = match[1]
            found[last] = match[2]
        else:
            found[last] += " " + line.strip()
    return {name: without_references(text) for name, text in found.items()}
