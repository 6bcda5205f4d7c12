"""The set-up scripts are sound, and the pinned set fits what the project asks for and names no package index."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("scripts/setup", "scripts/demo", "scripts/test", ".ci/run")
PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.+!]*)")


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements" / "pins.txt").read_text(encoding="utf-8").splitlines()
    matches = [PIN.fullmatch(line) for line in lines]
    return {canonicalize_name(match[1]): match[2] for match in matches if match is not None}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_can_be_run_and_is_sound_bash(name: str) -> None:
    script = ROOT / name
    assert os.access(script, os.X_OK)
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run([bash, "-n", script], check=True, timeout=30)


def test_every_line_of_the_pins_is_a_name_and_a_version() -> None:
    lines = (ROOT / "requirements" / "pins.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not PIN.fullmatch(line)] == []
    assert len(pins()) == len(lines)


def test_every_requirement_of_the_project_is_pinned_to_a_version_it_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    known = pins()
    assert [str(one) for one in wanted if known.get(canonicalize_name(one.name)) not in (None, "")] == [
        str(one) for one in wanted
    ]
    assert [str(one) for one in wanted if not one.specifier.contains(known[canonicalize_name(one.name)])] == []


@pytest.mark.parametrize("name", [*SCRIPTS, "requirements/pins.txt", "pyproject.toml"])
def test_no_file_of_the_set_up_names_a_package_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"index-url|find-links|https?://", text) == []


def test_every_library_that_the_packages_import_is_named_as_one_they_need() -> None:
    """One that another brings along today, or that lies here by chance, is missing on a new machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {canonicalize_name(Requirement(one).name) for one in project["dependencies"]}
    imported = {
        name
        for room in ("actors", "contracts")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported_by(node)
    }
    whose = packages_distributions()
    outside = imported - sys.stdlib_module_names - {"actors", "contracts"}
    missing = {name for name in outside if not named & {canonicalize_name(one) for one in whose.get(name, ())}}
    # Selenium's connections raise urllib3's errors, and Selenium alone says which version fits.
    # From Python 3.14 on, `compression` is its own.
    assert missing - {"urllib3", "compression"} == set()


def _imported_by(node: ast.AST) -> list[str]:
    """Return the outermost packages that one statement imports."""
    if isinstance(node, ast.Import):
        return [one.name.partition(".")[0] for one in node.names]
    return [(node.module or "").partition(".")[0]] if isinstance(node, ast.ImportFrom) else []
