"""The supervisor in the docs: its public names, and the life of a child, drawn as Mermaid text from its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import actors.supervise
from actors.supervise.transitions import FINAL, TRANSITIONS, Choice, Event, Phase
from scripts.reference.tables import code, first_line, table


def _node(row: Choice) -> str:
    return row.by.rpartition(".")[2].strip("_")


def _child_picture() -> str:
    """Draw the phases of a supervised child: rows between the same two phases share an arrow."""
    choices = {_node(row): row for row in TRANSITIONS.values() if isinstance(row, Choice)}
    labels: dict[tuple[str, str], list[Event]] = {}
    for (before, event), row in TRANSITIONS.items():
        after = _node(row) if isinstance(row, Choice) else row.value
        labels.setdefault((before.value, after), []).append(event)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    state {name} <<choice>>" for name in choices]
    lines += [f"    [*] --> {Phase.IDLE.value}"]
    lines += [
        f"    {before} --> {after}: {' / '.join(event.value for event in events)}"
        for (before, after), events in labels.items()
    ]
    lines += [
        f"    {name} --> {phase.value}: {why}" for name, row in choices.items() for phase, why in row.when.items()
    ]
    lines += [f"    {phase.value} --> [*]" for phase in Phase if phase in FINAL]
    return "\n".join([*lines, "```"])


def _child_rows() -> str:
    """Return the same as a table, for those who search for a phase."""
    rows = []
    for (before, event), row in TRANSITIONS.items():
        after = {row: ""} if isinstance(row, Phase) else row.when
        said = "; ".join(code(phase.value) + (f" when {why}" if why else "") for phase, why in after.items())
        rows.append((code(before.value), event.value, said))
    return table(("phase", "what happens", "then"), rows)


def _names() -> str:
    """Return the public names, as they are grouped in `__all__`."""
    names = actors.supervise.__all__
    return table(("name", "what it is"), [(code(name), first_line(getattr(actors.supervise, name))) for name in names])


SUPERVISE_TABLES: Mapping[str, Callable[[], str]] = {
    "names-supervise": _names,
    "child-picture": _child_picture,
    "child-rows": _child_rows,
}
"""Name of each table and picture, and what makes it."""
