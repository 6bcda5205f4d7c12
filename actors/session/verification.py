"""Checks a download folder against its manifest: the chain of its lines, and every file they tell of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from actors.evidence.chain import BEFORE_THE_FIRST, BrokenChainError, ListedFile, ManifestLine, read_chain
from actors.filing.verify import is_as_recorded
from actors.journal import JournalReader
from actors.session.books import journal_path, manifest_path
from actors.session.figures import is_worked_in
from contracts.errors import ConfigurationError, HostResourceError, JournalError
from contracts.tasks import Attachment, TaskStatus


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
    """Check a download folder. While a run works there, lines and files that it adds meanwhile are no difference.

    Args:
        folder: The download folder.
        head: The hash of the last line as somebody noted it; None compares with the journal's alone.

    Raises:
        JournalError: There is no manifest, or it cannot be read.
    """
    in_use = is_worked_in(folder)
    known, trouble = _head_of_the_journal(folder)  # read before the manifest, which is written after it
    lines, differences = _read(manifest_path(folder))
    last = lines[-1].hash if lines else BEFORE_THE_FIRST
    wanted = head.strip().lower() if head is not None else None
    if wanted is not None and wanted != last and not (in_use and _holds(lines, wanted)):
        differences.append(
            f"The head is {last}, not {wanted}: lines were added, changed or taken out since it was noted."
        )
    if known is None and wanted is None:
        differences.append(f"The journal cannot be compared with: {trouble}")
    elif known not in (None, last) and not (in_use and _holds(lines, str(known))):
        differences.append(f"The journal knows the head {known}, the manifest ends with {last}.")
    files = 0
    filed = _filed(lines)
    for line in filed:
        good, found = _compare(folder, line)
        files += good
        differences += found
    return Verification(len(lines), len(filed), files, last, tuple(differences))


def _read(manifest: Path) -> tuple[list[ManifestLine], list[str]]:
    """Return the lines up to where the chain breaks, and the break in words."""
    lines: list[ManifestLine] = []
    try:
        with manifest.open("rb") as file:
            for line in read_chain(file):
                lines.append(line)  # noqa: PERF402 - what was read before the chain broke is kept
    except FileNotFoundError as error:
        raise JournalError(f"There is no manifest at {manifest}. Name the download folder of a run.") from error
    except OSError as error:
        raise JournalError(f"The manifest {manifest} cannot be read: {error.strerror or error}.") from error
    except BrokenChainError as error:
        return lines, [str(error)]
    return lines, []


def _head_of_the_journal(folder: Path) -> tuple[str | None, str]:
    """Return the head as the journal knows it, or None and why not."""
    try:
        with JournalReader(journal_path(folder)) as reader:
            return reader.head(), ""
    except (ConfigurationError, HostResourceError) as error:
        return None, str(error)


def _holds(lines: list[ManifestLine], head: str) -> bool:
    return head == BEFORE_THE_FIRST or any(line.hash == head for line in lines)


def _filed(lines: list[ManifestLine]) -> list[ManifestLine]:
    """Return the lines whose folders must be there: the last one of each order that has files."""
    latest = {_without_status(line.folder): line for line in lines if line.folder}
    return sorted(latest.values(), key=lambda line: line.number)


def _without_status(folder: str) -> str:
    for status in TaskStatus:
        if folder.endswith(f"_{status.value}"):
            return folder.removesuffix(f"_{status.value}")
    return folder


def _compare(root: Path, line: ManifestLine) -> tuple[int, list[str]]:
    """Return how many files of a line are what they were, and what differs."""
    folder = root / line.folder
    if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root)):
        return 0, [f"{line.po_number}: its folder {line.folder} leads out of the download folder"]
    found = [_difference(folder, file) for file in line.files]
    differences = [f"file {line.folder}/{what} (order {line.po_number})" for what in found if what]
    return found.count(""), [*differences, *_additional(folder, line)]


def _difference(folder: Path, file: ListedFile) -> str:
    path = folder / file.name
    if path.parent != folder or file.name in ("", ".", ".."):
        return f"{file.name} has a name that no file of an order has"
    try:
        if is_as_recorded(path, Attachment(file.name, file.size, file.sha256, "")):
            return ""
    except OSError as error:
        return f"{file.name} cannot be read: {error.strerror or error}"
    return f"{file.name} is not what it was" if os.path.lexists(path) else f"{file.name} is missing"


def _additional(folder: Path, line: ManifestLine) -> Iterator[str]:
    known = {file.name for file in line.files}
    try:
        entries = sorted(entry.name for entry in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return  # its files have been told missing
    except OSError as error:
        yield f"the folder {line.folder} cannot be read: {error.strerror or error}"
        return
    yield from (f"{line.folder}/{name} is not in the manifest" for name in entries if name not in known)
