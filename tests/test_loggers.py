"""One rule for loggers: a room logs to `purser.<room>`, and each of its modules calls that `log`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = [path for package in ("actors", "contracts") for path in sorted((ROOT / package).rglob("*.py"))]


def named(path: Path) -> list[tuple[str, str]]:
    """Return what a module calls each logger that it keeps, and that logger's own name."""
    found = []
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=variable)], value=ast.Call(function, [ast.Constant(value=name)])) if (
                ast.unparse(function) == "logging.getLogger"
            ):
                found.append((variable, str(name)))
    return found


KEEPERS = [path for path in MODULES if named(path)]


def test_loggers_are_found() -> None:
    assert len(KEEPERS) > 30


@pytest.mark.parametrize("path", KEEPERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_calls_its_logger_log_and_it_is_its_rooms(path: Path) -> None:
    room = path.relative_to(ROOT).parts[1]
    assert named(path) == [("log", f"purser.{room}")]


@pytest.mark.parametrize("path", KEEPERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_that_keeps_a_logger_logs(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert any(isinstance(node, ast.Attribute) and ast.unparse(node.value) == "log" for node in ast.walk(tree))


def test_no_module_gets_a_logger_of_purser_otherwise() -> None:
    """But for the command, which is where all of them end."""
    for path in MODULES:
        asked = path.read_text(encoding="utf-8").count('getLogger("purser')
        assert asked == (1 if path.name == "logs.py" and path.parent.name == "cli" else len(named(path))), path
