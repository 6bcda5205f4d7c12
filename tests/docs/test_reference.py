"""The reference agrees with the code: its tables are made from it, and everything public stands in them."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import actors
import contracts
from actors.browser.options import NONCE_VARIABLE
from actors.supervise.transitions import TRANSITIONS, Event, Phase
from actors.tables.run_settings import GROUPS
from scripts.docs_reference import PAGES, REFERENCE, ROOT, TABLES, rendered, wanted_tables
from scripts.reference.api import error_classes

DOCS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_table_of_the_reference_is_as_the_code_says(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert rendered(page) == page, "Run: .venv/bin/python scripts/docs_reference.py"


def test_every_table_stands_on_some_page() -> None:
    shown = [name for path in PAGES for name in wanted_tables(path.read_text(encoding="utf-8"))]
    assert sorted(shown) == sorted(TABLES)


def listed(table: str) -> list[str]:
    """Return the names in the first column of a table."""
    return [found[1] for found in re.finditer(r"^\| `(\w+)` \|", TABLES[table](), re.MULTILINE)]


@pytest.mark.parametrize("package", [actors, contracts], ids=lambda package: package.__name__)
def test_the_python_reference_lists_the_public_names_and_no_others(package: ModuleType) -> None:
    """An error stands in the table of errors; whatever else is public stands in its package's own."""
    errors = listed("errors")
    found = [*listed(f"names-{package.__name__}"), *(name for name in errors if hasattr(package, name))]
    assert sorted(found) == sorted(package.__all__)
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    assert {"ProcessingSession", "Mapping"} & set(found) == ({"ProcessingSession"} if package is actors else set())


def test_what_a_package_root_offers_is_what_it_promises() -> None:
    offered = {name for name in vars(contracts) if not name.startswith("_") and name != "annotations"}
    own = {name for name in offered if not inspect.ismodule(getattr(contracts, name))}
    assert own == set(contracts.__all__)
    assert list(actors._HOMES) == actors.__all__


def test_every_public_name_of_the_errors_is_in_the_tree() -> None:
    assert {kind.__name__ for kind in error_classes()} == set(listed("errors"))
    assert set(listed("errors")) <= set(contracts.__all__)


def test_a_changed_default_would_be_noticed() -> None:
    page = (REFERENCE / "configuration.md").read_text(encoding="utf-8")
    drifted = page.replace("| `page_load` | `45` |", "| `page_load` | `44` |")
    assert drifted != page
    assert rendered(drifted) == page


def test_a_changed_row_of_a_childs_table_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture is drawn from the table that the supervisor goes by."""
    page = (ROOT / "docs" / "explanation" / "a-child.md").read_text(encoding="utf-8")
    assert "    killed --> ended" not in page
    changed = {**TRANSITIONS, (Phase.KILLED, Event.DOWN): Phase.ENDED}
    monkeypatch.setattr("scripts.reference.supervise.TRANSITIONS", changed)
    assert rendered(page) != page
    assert "    killed --> ended: its actor ends" in rendered(page)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path) -> None:
    """Files exist, and headings that are named exist in them."""
    for target in _LINK.findall(_FENCED.sub("", path.read_text(encoding="utf-8"))):
        if target.startswith(("http:", "https:")):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.is_file(), target
        if anchor:
            headings = _HEADING.findall(_FENCED.sub("", file.read_text(encoding="utf-8")))
            assert anchor in [re.sub(r"[^\w -]", "", text).strip().lower().replace(" ", "-") for text in headings]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_docs_for_users_cite_no_internal_numbers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bcontract \d|\binvariant \d|\bS[0-4]\b", text)


def test_every_image_asks_no_other_host_for_anything() -> None:
    for path in (ROOT / "docs" / "images").glob("*.svg"):
        assert not re.search(r"url\(.?http|href=.http|@import", path.read_text(encoding="utf-8")), path


def test_the_floors_of_the_tree_are_those_that_are_checked() -> None:
    page = (ROOT / "docs" / "explanation" / "the-tree.md").read_text(encoding="utf-8")
    told = [sorted(re.findall(r"`(\w+)`", rooms)) for rooms in re.findall(r"^\| \d \| (.*) \|$", page, re.MULTILINE)]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = [one["layers"] for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    checked = [sorted(layer.split(" | ")) for layer in layers]
    assert told == [*checked, ["contracts"]], "from the top to the ground"
    assert re.findall(r"^\| (\d) \|", page, re.MULTILINE) == [str(floor) for floor in range(len(checked), -1, -1)]


_VARIABLE = re.compile(r"\bPURSER_[A-Z0-9_]+")
_OF_THE_TESTS = {"PURSER_SIMULATION"}
"""Said in the docs for developers alone."""


def test_every_variable_that_is_named_to_people_is_one_that_is_read() -> None:
    """In docs and in messages: whoever follows a word that was misspelled sets a variable that nobody reads."""
    table = (REFERENCE / "configuration.md").read_text(encoding="utf-8")
    known = {*_VARIABLE.findall(table), NONCE_VARIABLE, *_OF_THE_TESTS}
    sources = [*DOCS, *(ROOT / "actors").rglob("*.py"), *(ROOT / "contracts").rglob("*.py")]
    named = {name for path in sources for name in _VARIABLE.findall(path.read_text(encoding="utf-8"))}
    groups = tuple(f"PURSER_{name.upper()}_" for name in GROUPS)
    assert {name for name in named - known if not name.startswith(groups)} == set()
