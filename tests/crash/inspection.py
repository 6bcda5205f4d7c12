"""Checks a finished run against the truth: journal, manifest and disk say the same, and each order is there once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from actors.journal import SqliteJournal
from actors.session.folder_journal import manifest_path
from actors.session.verification import verify_folder
from contracts.tasks import POResult
from tests.crash.world import EARLIER, ORDERS, SUPPLIER, TrueOrder
from tests.evidence.chains import read_chain


def differences(root: Path, journal: SqliteJournal) -> list[str]:
    """Return what is not as it must be, in words."""
    state = journal.replay()
    first, total = state.batch_first, len(ORDERS)
    results = journal.results(first, total)
    found = [*_of_the_counts(journal), *_of_the_manifest(root, journal)]
    if [result.handle.sequence for result in results] != list(range(first, first + total)):
        return [*found, f"the journal has outcomes of {[result.handle for result in results]}"]
    for order, result in zip(ORDERS, results, strict=True):
        found += _of_an_order(root, order, result)
    found += _of_the_disk(root, results)
    return found


def _of_the_counts(journal: SqliteJournal) -> Iterator[str]:
    state = journal.replay()
    good = sum(order.status.is_success for order in ORDERS)
    counts = (state.batch_total, state.batch_succeeded, state.batch_failed, len(state.open_tasks))
    if counts != (len(ORDERS), good, len(ORDERS) - good, 0):
        yield f"the counts are {counts}"
    if journal.tasks_in_hand() or state.batch_is_open:
        yield "the run has not ended"


def _of_the_manifest(root: Path, journal: SqliteJournal) -> Iterator[str]:
    with manifest_path(root).open("rb") as file:
        lines = list(read_chain(file))
    if lines[-1].hash != journal.head:
        yield "the manifest does not end with the journal's head"
    told = Counter((line.po_number, line.status) for line in lines)
    wanted = Counter((order.po_number, order.status.value) for order in (EARLIER, *ORDERS))
    if told != wanted:
        yield f"the manifest tells of {told}"
    yield from verify_folder(root).differences


def _of_an_order(root: Path, order: TrueOrder, result: POResult) -> Iterator[str]:
    if (result.po_number, result.url, result.status) != (order.po_number, order.url, order.status):
        yield f"{order.url} ended as {result.status}"
    there = {} if result.folder is None else {path.name: path.read_bytes() for path in result.folder.iterdir()}
    if there != order.arriving:
        yield f"{order.url} has {sorted(there)} in {result.folder}, or other content"
    if not order.status.is_success:
        texts = [(root / path).read_text(encoding="utf-8") for path in result.evidence if (root / path).is_file()]
        if len(texts) != 1 or f"{order.url}\n" not in texts[0]:
            yield f"{order.url} has no evidence of its own: {texts}"


def _of_the_disk(root: Path, results: tuple[POResult, ...]) -> Iterator[str]:
    folders = [result.folder for result in results if result.folder is not None]
    filed = sorted((root / SUPPLIER).iterdir())
    if sorted(folders) != filed:
        yield f"outcomes tell of {len(folders)} folders, on disk there are {[path.name for path in filed]}"
    if sorted(path.name for path in root.iterdir()) != [".purser", SUPPLIER]:
        yield f"there is more in the download folder: {list(root.iterdir())}"
    inside = root / ".purser"
    superseded = [path.relative_to(inside).parts[2:] for path in (inside / "superseded").rglob("*") if path.is_file()]
    if superseded != [(SUPPLIER, "PO1_PARTIAL", "old.pdf")]:
        yield f"superseded is {superseded}"
    if list((inside / "staging").iterdir()):
        yield "something is left in staging"
    if any(path.suffix != ".json" for path in (inside / "claims").iterdir()):
        yield "a draft of a claim is left"
