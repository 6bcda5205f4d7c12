"""What the demo claims at its end, each line checked against the portal, the disk and the machine."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from contracts.tasks import POResult, TaskStatus
from scripts.portal.child import TrueOrder

_TERMINAL = frozenset(TaskStatus) - {TaskStatus.INTERRUPTED}
_LINES_OF_LOG = 60


@attrs.frozen
class Check:
    """One claim.

    Args:
        what: What is claimed.
        expected: What must be found, for people.
        found: What was found, for people.
        good: Whether it holds.
    """

    what: str
    expected: str
    found: str
    good: bool

    @classmethod
    def equal(cls, what: str, expected: int, found: int) -> Check:
        """Claim that two counts are the same."""
        return cls(what, str(expected), str(found), expected == found)


def check_outcomes(truth: Mapping[str, TrueOrder], hidden: Iterable[str], results: Iterable[POResult]) -> list[Check]:
    """Each order of the portal has ended once, and as it had to.

    Args:
        truth: What the portal serves.
        hidden: Orders that the portal denies.
        results: What the run reported.
    """
    denied = frozenset(hidden)
    found = Counter((result.po_number, result.status) for result in results if result.status in _TERMINAL)
    wanted = Counter((number, _status(number in denied, order)) for number, order in truth.items())
    return [
        Check.equal("orders accepted = orders ended", len(truth), found.total()),
        Check.equal("of these each once, and as the portal has it", len(truth), (wanted & found).total()),
    ]


def _status(is_denied: bool, order: TrueOrder) -> TaskStatus:
    if is_denied:
        return TaskStatus.PO_NOT_FOUND
    return TaskStatus.COMPLETED if order.files else TaskStatus.NO_ATTACHMENTS


def check_files(truth: Mapping[str, TrueOrder], hidden: Iterable[str], folders: Iterable[Path]) -> list[Check]:
    """Every file that the portal lists lies in its order's folder with the portal's own hash, and nothing else does.

    Args:
        truth: What the portal serves.
        hidden: Orders that the portal denies.
        folders: The orders' folders on disk.
    """
    denied = frozenset(hidden)
    listed = Counter((n, f.sha256) for n, order in truth.items() if n not in denied for f in order.files)
    there = Counter(
        (folder.name.removesuffix("_COMPLETED"), hashlib.sha256(file.read_bytes()).hexdigest())
        for folder in folders
        for file in folder.iterdir()
    )
    return [
        Check.equal("files on disk = files the portal lists", listed.total(), there.total()),
        Check.equal("of these with the portal's SHA-256", listed.total(), (listed & there).total()),
    ]


def none_left(what: str, left: Iterable[object]) -> Check:
    """Claim that nothing is left, or name some of it."""
    names = [str(one) for one in left]
    return Check(what, "0", str(len(names)) + (f": {', '.join(names[:3])}" if names else ""), not names)


def table(checks: Iterable[Check]) -> Table:
    """Return the checks as a table."""
    shown = Table(title="checked, not claimed", title_justify="left", title_style="bold")
    shown.add_column("what")
    shown.add_column("expected", justify="right")
    shown.add_column("found", justify="right", overflow="fold")
    shown.add_column("")
    for check in checks:
        verdict = Text("ok", style="green") if check.good else Text("NOT SO", style="bold red")
        shown.add_row(Text(check.what), Text(check.expected), Text(check.found), verdict)
    return shown


def tell_verdict(console: Console, checks: Sequence[Check], what: str, log: Sequence[str]) -> int:
    """Print the checks, and the end of the log if one of them does not hold.

    Args:
        console: Where to.
        checks: What was checked.
        what: What was run and for how long, for people.
        log: The lines of the log.

    Returns:
        The exit code: 0 if all of it holds, else 1.
    """
    console.print(table(checks))
    wrong = sum(not check.good for check in checks)
    if wrong:
        console.print("\n".join(log[-_LINES_OF_LOG:]), markup=False, highlight=False)
    console.print(f"{what}; " + (f"{wrong} of these do not hold." if wrong else "all of it holds."), highlight=False)
    return 1 if wrong else 0
