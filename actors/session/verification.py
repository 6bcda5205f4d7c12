"""Checks a download folder against its manifest: the chain of its lines, every file they tell of, and nothing beside.

It ends in bounded memory, and in a time that grows with what must be read, whatever lies in the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import attrs

from actors.evidence.chain import BrokenChainError
from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import BACKUP, INSIDE
from actors.journal import JournalReader
from actors.session.comparing import compare_order, not_fetched
from actors.session.figures import is_worked_in
from actors.session.folder_journal import journal_path, manifest_path
from actors.session.manifest_index import ManifestIndex, Place, read_again, read_manifest
from actors.session.seals import is_own
from actors.session.trust import require_own_journal
from contracts.errors import ConfigurationError, JournalError, MachineError

MOST_TOLD = 10_000
"""Differences that are told one by one; the others are counted."""


@attrs.frozen
class Verification:
    """What was checked and found.

    Args:
        lines: Lines whose chain holds.
        orders: Orders whose files were checked.
        files: Files that are what they were.
        head: Hash of the last line that holds.
        differences: What differs, in words.
    """

    lines: int
    orders: int
    files: int
    head: str
    differences: tuple[str, ...]


def verify_folder(folder: Path, head: str | None = None) -> Verification:
    """Check a download folder. While a run works there, files that it is just adding are no difference.

    Lines that follow a noted head are one: nothing says that they were added by that run.

    Args:
        folder: The download folder.
        head: The hash of the last line as somebody noted it; None compares with the journal's alone.

    Raises:
        JournalError: There is no manifest, or it cannot be read.
    """
    in_use = is_worked_in(folder)
    noted = head.strip().lower() if head is not None else None
    found, of_head = _verified(folder, noted, in_use=in_use)
    if in_use and found.differences:
        # What a run is just doing looks otherwise the second time.
        both = set(found.differences)
        again, of_head = _verified(folder, noted, in_use=True)
        found = attrs.evolve(again, differences=tuple(one for one in again.differences if one in both))
    return attrs.evolve(found, differences=(*of_head, *found.differences))


@attrs.define
class _Differences:
    told: list[str] = attrs.field(factory=list)
    more: int = 0

    def add(self, found: Iterable[str]) -> None:
        for one in found:
            if len(self.told) < MOST_TOLD:
                self.told.append(one)
            else:
                self.more += 1

    def all(self) -> tuple[str, ...]:
        return (*self.told, f"and {self.more} more differences") if self.more else tuple(self.told)


@attrs.frozen
class _Journal:
    """What the journal knows: its head, or why it cannot be asked, and the names of results files in the folder."""

    head: str | None
    trouble: str = ""
    results: frozenset[str] = frozenset()


def _verified(folder: Path, noted: str | None, *, in_use: bool) -> tuple[Verification, list[str]]:
    """Return what was found, and apart from it how the head differs from the one that was noted."""
    journal = _read_journal(folder)  # before the manifest, which is written after it
    manifest = manifest_path(folder)
    differences = _Differences()
    files = 0
    try:
        with Folder.at(Path(os.path.realpath(folder))) as root, _open_manifest(root) as file:
            index = read_manifest(file, frozenset({noted or "", journal.head or ""}))
            differences.add([index.broken] if index.broken else [])
            differences.add(_of_the_journal(index, noted, journal, in_use=in_use))
            for key, place in index.latest.items():
                good, found = _compared(root, file, index.folders[key], place)
                files += good
                differences.add(found)
            differences.add(not_fetched(root, index.folders.values(), journal.results))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise JournalError(f"There is no manifest at {manifest}. Name the download folder of a run.") from error
    except NotOursError as error:
        raise JournalError(f"The manifest {manifest} cannot be read: {error.path} {error.why}.") from error
    except OSError as error:
        raise JournalError(f"The manifest {manifest} cannot be read: {error.strerror or error}.") from error
    checked = Verification(index.lines, len(index.latest), files, index.head, differences.all())
    return checked, _of_the_noted(index, noted, in_use=in_use)


def _open_manifest(root: Folder) -> FileIO:
    with root.below(INSIDE, "evidence") as evidence:
        return evidence.open("manifest.jsonl")


def _of_the_noted(index: ManifestIndex, noted: str | None, *, in_use: bool) -> list[str]:
    """Return how the manifest's head differs from the one that was noted."""
    last = index.head
    if noted is None or noted == last:
        return []
    if noted not in index.seen:
        return [f"The head is {last}, not {noted}: lines were changed or taken out since it was noted."]
    at_work = " A run is at work there and adds lines: look again when it has ended, with its head." if in_use else ""
    return [f"The head is {last}, not {noted}: lines follow the one that was noted.{at_work}"]


def _of_the_journal(index: ManifestIndex, noted: str | None, journal: _Journal, *, in_use: bool) -> list[str]:
    """Return how the manifest's head differs from the journal's."""
    last = index.head
    if journal.head is None and noted is None:
        return [f"The journal cannot be compared with: {journal.trouble}"]
    if journal.head not in (None, last) and not (in_use and journal.head in index.seen):
        return [f"The journal knows the head {journal.head}, the manifest ends with {last}."]
    return []


def _compared(root: Folder, file: FileIO, folder: str, place: Place) -> tuple[int, list[str]]:
    try:
        return compare_order(root, read_again(file, place))
    except BrokenChainError:
        return 0, [f"the line of the manifest that tells of {folder} was changed while it was read"]


def _read_journal(folder: Path) -> _Journal:
    try:
        path = journal_path(folder)
        require_own_journal(path)
        with JournalReader(path) as reader:
            plans = [told["plan"] for told in reader.plans() if is_own(told)]
            return _Journal(reader.head(), results=frozenset().union(*(_names_in(folder, plan) for plan in plans)))
    except (ConfigurationError, MachineError) as error:
        return _Journal(None, str(error))


def _names_in(folder: Path, plan: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of results and report of a run that lie in the folder itself, and of the copies beside them.

    The folder may have been moved since.
    """
    roots = {os.path.realpath(folder), os.path.realpath(plan["settings"]["download_dir"])}
    files = [Path(plan[what]) for what in ("results", "report")]
    names = [file.name for file in files if os.path.realpath(file.parent) in roots]
    return frozenset(name + ending for name in names for ending in ("", BACKUP))
