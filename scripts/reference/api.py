"""Tables of the public Python names: what they are, and what the methods of the main classes take."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import attrs

import actors
import actors.testing
import actors.testing.conformance
import contracts
from contracts.errors import ParallelProcessingError
from scripts.reference.tables import arguments_of, code, first_line, table


def public_names(package: ModuleType) -> tuple[str, ...]:
    """Return the names a package root promises: those of its `__all__`, in that order."""
    return tuple(package.__all__)


def error_classes() -> tuple[type[ParallelProcessingError], ...]:
    """Return every error class, in the order of the tree."""

    def below(kind: type[ParallelProcessingError]) -> Iterator[type[ParallelProcessingError]]:
        yield kind
        for child in kind.__subclasses__():
            if child.__module__ == "contracts.errors":
                yield from below(child)

    return tuple(dict.fromkeys(below(ParallelProcessingError)))


def _names(package: ModuleType) -> str:
    rows = []
    for name in public_names(package):
        thing = getattr(package, name)
        if inspect.isclass(thing) and issubclass(thing, BaseException):
            continue
        described = first_line(thing) if callable(thing) else "Which code an error class has; use `error_code`."
        rows.append((code(name), described))
    return table(("name", "what it is"), rows)


def _offered(package: Any) -> str:
    rows = [(code(name), first_line(getattr(package, name))) for name in package.__all__]
    return table(("name", "what it is"), rows)


def _signature(function: Callable[..., Any]) -> str:
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    text = str(inspect.Signature([one.replace(annotation=inspect.Parameter.empty) for one in parameters]))
    return re.sub(r"<(\w+)\.(\w+): [^>]*>", r"\1.\2", text)


def _methods(kind: type[Any], *, is_made_by_users: bool = True) -> str:
    rows = [(code(f"{kind.__name__}{_signature(kind)}"), first_line(kind))] if is_made_by_users else []
    own = [one for one in kind.__mro__ if one.__module__.startswith("actors.")]  # what it has of bases comes last
    for name, member in (item for one in own for item in vars(one).items()):
        if name.startswith("_") and name not in ("_process_po_entries", "_monitor_resources"):
            continue
        if isinstance(member, property):
            rows.append((code(name), first_line(member)))
        elif inspect.isfunction(member):
            rows.append((code(f"{name}{_signature(member)}"), first_line(member)))
    return table(("call", "what it does"), rows)


def _members(kind: type[Any]) -> str:
    rows = []
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            rows.append((code(name), first_line(member)))
        elif inspect.isfunction(member):
            rows.append((code(f"{name}{_signature(member)}"), first_line(member)))
    return table(("member", "what it is"), rows)


def _fields(kind: type[Any]) -> str:
    told = arguments_of(kind)
    return table(("field", "what it is"), [(code(field.name), told[field.name]) for field in attrs.fields(kind)])


API_TABLES: Mapping[str, Callable[[], str]] = {
    "names-actors": lambda: _names(actors),
    "names-contracts": lambda: _names(contracts),
    "names-actors-testing": lambda: _offered(actors.testing),
    "names-actors-testing-conformance": lambda: _offered(actors.testing.conformance),
    "session-methods": lambda: _methods(actors.ProcessingSession),
    "open-batch-methods": lambda: _methods(actors.OpenBatch, is_made_by_users=False),
    "run-request": lambda: _fields(actors.RunRequest),
    "run-resources": lambda: _members(actors.RunResources),
    "main-app-methods": lambda: _methods(actors.MainApp),
    "profile-manager-methods": lambda: _methods(actors.ProfileManager),
}
"""Name of each table, and what makes it."""
