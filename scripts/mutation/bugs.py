"""Small plausible bugs, found in a source file by its syntax tree: each replaces a few bytes and leaves the rest.

Nothing is changed that no test can hold: docstrings, annotations, decorators, texts for people, and what is logged. Nor
is anything in a function that itself sends signals or deletes folders: there a bug could strike what is somebody's.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence

import attrs

_EDGES: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_OTHER_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_DANGEROUS = frozenset({"os.kill", "os.killpg", "shutil.rmtree"})
_LOGS = frozenset({"log", "logging", "warnings"})


@attrs.frozen
class Bug:
    """One bug.

    Args:
        file: The file, relative to the project.
        line: Its line, counted from 1.
        kind: What is done to it, in a word or two.
        start: Where the replaced bytes begin.
        end: Where they end.
        text: What stands there instead.
        before: What stood there, in one line and cut, for people.
    """

    file: str
    line: int
    kind: str
    start: int
    end: int
    text: str
    before: str

    def put_into(self, source: bytes) -> bytes:
        """Return the source with this bug in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    @property
    def key(self) -> str:
        """What tells this bug from any other, as long as the lines above it and its own stay as they are."""
        return f"{self.file}:{self.line}:{self.kind}:{self.start}:{self.before}:{self.text}"


def bugs_in(file: str, source: str) -> list[Bug]:
    """Return every bug that can be put into a file, in the order of its text.

    Args:
        file: Its path, for the bugs.
        source: Its text.

    Raises:
        SyntaxError: It is not Python.
    """
    found = _Finder(file, source).bugs()
    return sorted(found, key=lambda bug: (bug.start, bug.kind, bug.text))


class _Finder:
    """Walks one file."""

    def __init__(self, file: str, source: str) -> None:
        self._file = file
        self._tree = ast.parse(source)
        self._source = source.encode()
        starts = itertools.accumulate(map(len, self._source.splitlines(keepends=True)), initial=0)
        self._line_starts = list(starts)

    def bugs(self) -> Iterator[Bug]:
        """Yield them in no order."""
        for node in self._worth_changing(self._tree):
            yield from self._in_expression(node)
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list):
                    yield from self._in_block(node, [one for one in block if not _is_dangerous(one)])
            if isinstance(node, ast.Try) and node.finalbody:
                yield self._replaced("cleanup dropped", node.finalbody[0], node.finalbody[-1], "pass")

    def _worth_changing(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield a node and all below it, but for what no test can hold."""
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "exc", "msg", "bases"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_for_people(child) and not _is_dangerous(child):
                    yield from self._worth_changing(child)

    # -------------------------------------------------------------------------------------------------- expressions

    def _in_expression(self, node: ast.AST) -> Iterator[Bug]:
        match node:
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                if not _is_true(test):
                    yield self._replaced("condition negated", test, test, f"(not ({self._text(test)}))")
            case ast.BoolOp(values=values):
                joint = " and " if isinstance(node.op, ast.And) else " or "
                for dropped in values:
                    rest = joint.join(f"({self._text(one)})" for one in values if one is not dropped)
                    yield self._replaced("part of a condition dropped", node, node, f"({rest})")
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _EDGES:
                sign = _EDGES[type(op)][1]
                text = f"({self._text(left)} {sign} {self._text(right)})"
                yield self._replaced("comparison's edge moved", node, node, text)
            case ast.Constant(value=bool() as value):
                yield self._replaced("constant changed", node, node, str(not value))
            case ast.Constant(value=int() | float() as value):
                yield self._replaced("constant changed", node, node, repr(value + 1))
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                if not any(isinstance(one, ast.Constant | ast.JoinedStr) and _is_text(one) for one in (left, right)):
                    sign = "-" if isinstance(op, ast.Add) else "+"
                    text = f"({self._text(left)} {sign} {self._text(right)})"
                    yield self._replaced("plus and minus exchanged", node, node, text)
            case ast.Call(func=ast.Name(id=name) as func) if name in _OTHER_NAMES:
                yield self._replaced(f"{name} made {_OTHER_NAMES[name]}", func, func, _OTHER_NAMES[name])
            case ast.Call(args=[first, second, *_]) if _are_alike(first, second):
                text = f"{self._text(second)}, {self._text(first)}"
                yield self._replaced("arguments exchanged", first, second, text)

    # --------------------------------------------------------------------------------------------------- statements

    def _in_block(self, owner: ast.AST, block: Sequence[ast.stmt]) -> Iterator[Bug]:
        for one in block:
            match one:
                case ast.Expr(value=ast.Call()) if not _is_for_people(one):
                    yield self._replaced("call dropped", one, one, "pass")
                case ast.AugAssign() | ast.Delete():
                    yield self._replaced("assignment dropped", one, one, "pass")
                case ast.Assign(targets=targets) if not _is_init(owner) and any(map(_is_kept_elsewhere, targets)):
                    yield self._replaced("assignment dropped", one, one, "pass")
                case ast.Return() if isinstance(owner, ast.If):
                    yield self._replaced("early return dropped", one, one, "pass")
                case ast.Break() | ast.Continue():
                    yield self._replaced("loop's step exchanged", one, one, _other_step(one))
                case ast.Raise() if isinstance(owner, ast.If):
                    yield self._replaced("error not raised", one, one, "pass")
        for one, other in itertools.pairwise(block):
            if _does_something(one) and _does_something(other):
                text = f"{self._text(other)}; {self._text(one)}"
                yield self._replaced("steps swapped", one, other, text)

    # -------------------------------------------------------------------------------------------------------- bytes

    def _place(self, line: int, column: int) -> int:
        return self._line_starts[line - 1] + column

    def _span(self, first: ast.AST, last: ast.AST) -> tuple[int, int]:
        start = self._place(first.lineno, first.col_offset)  # type: ignore[attr-defined]  # statements, expressions
        end = self._place(last.end_lineno, last.end_col_offset)  # type: ignore[attr-defined]
        return start, end

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node, node)
        return self._source[start:end].decode()

    def _replaced(self, kind: str, first: ast.AST, last: ast.AST, text: str) -> Bug:
        start, end = self._span(first, last)
        before = " ".join(self._source[start:end].decode().split())
        line: int = first.lineno  # type: ignore[attr-defined]
        return Bug(self._file, line, kind, start, end, text, before if len(before) <= 90 else f"{before[:87]}...")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _are_alike(one: ast.expr, other: ast.expr) -> bool:
    """Whether two arguments may be of one kind, so that a slip of the hand could exchange them."""
    match one, other:
        case ast.Name(id=first), ast.Name(id=second):
            return first != second
        case ast.Attribute(), ast.Attribute():
            return ast.dump(one) != ast.dump(other)
        case ast.Constant(value=first), ast.Constant(value=second):
            return type(first) is type(second) and first != second
    return False


def _is_init(node: ast.AST) -> bool:
    """Whether it makes an object: without one of its parts the first use of it would tell."""
    return isinstance(node, ast.FunctionDef) and node.name in ("__init__", "__attrs_post_init__")


def _is_dangerous(node: ast.AST) -> bool:
    """Whether it is a function that sends signals or deletes folders."""
    if not isinstance(node, ast.FunctionDef):
        return False
    calls = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
    return any(ast.unparse(called) in _DANGEROUS for called in calls)


def _is_true(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_for_people(node: ast.AST) -> bool:
    """Whether a node only tells people something, or is never run."""
    match node:
        case ast.JoinedStr():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(value=ast.Call(func=func)):
            root = func.value if isinstance(func, ast.Attribute) else func
            return isinstance(root, ast.Name) and (root.id in _LOGS or root.id == "assert_never")
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
    return False


def _is_kept_elsewhere(target: ast.expr) -> bool:
    """Whether an assignment to it outlives the function: dropping one to a plain name only breaks the next line."""
    if isinstance(target, ast.Tuple):
        return any(map(_is_kept_elsewhere, target.elts))
    return isinstance(target, ast.Attribute | ast.Subscript)


def _does_something(statement: ast.stmt) -> bool:
    if _is_for_people(statement):
        return False
    match statement:
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            return True
        case ast.Assign(targets=targets):
            return any(map(_is_kept_elsewhere, targets))
    return False


def _other_step(statement: ast.stmt) -> str:
    return "continue" if isinstance(statement, ast.Break) else "break"
