"""Writes the tables and pictures of the docs from the code, so that no default there can drift from the truth.

    python scripts/docs_reference.py           # write what has changed
    python scripts/docs_reference.py --check   # write nothing, exit 1 when something would change

A table or a picture stands between two marks, `<!-- table: NAME -->` and `<!-- end -->`. Everything else on a page is
written by hand. What a setting or a status means is written in `scripts/reference/`; a new one without a word there is
an error.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # run as a program, it finds its parts from the root

from scripts.reference.api import API_TABLES  # noqa: E402 - after the path
from scripts.reference.settings import SETTING_TABLES  # noqa: E402 - the same
from scripts.reference.supervise import SUPERVISE_TABLES  # noqa: E402 - the same
from scripts.reference.words import WORD_TABLES  # noqa: E402 - the same

TABLES = {**SETTING_TABLES, **WORD_TABLES, **API_TABLES, **SUPERVISE_TABLES}
REFERENCE = ROOT / "docs" / "reference"
PAGES = (*sorted(REFERENCE.glob("*.md")), ROOT / "docs" / "explanation" / "a-child.md")

_BLOCK = re.compile(r"(<!-- table: ([a-z0-9-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(page: str) -> str:
    """Return a page with every table made anew.

    Raises:
        KeyError: The page asks for a table that nobody makes.
    """
    return _BLOCK.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", page)


def wanted_tables(page: str) -> tuple[str, ...]:
    """Return the names of the tables a page holds."""
    return tuple(found[2] for found in _BLOCK.finditer(page))


def main(arguments: list[str]) -> int:
    """Write or check all pages; return the exit code."""
    stale = False
    for path in PAGES:
        old = path.read_text(encoding="utf-8")
        new = rendered(old)
        if new != old:
            stale = True
            print(f"{path.relative_to(ROOT)} {'is out of date' if '--check' in arguments else 'written'}")
            if "--check" not in arguments:
                path.write_text(new, encoding="utf-8")
    return int(stale and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
