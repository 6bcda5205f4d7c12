"""Checks a download folder against its manifest: the chain of its lines, and every file they tell of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from actors.evidence.chain import BEFORE_THE_FIRST, BrokenChainError, ManifestLine, read_chain
from actors.filing.verify import is_as_recorded
from actors.journal import JournalReader
from actors.session.books import journal_path, manifest_path
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
    """Check a download folder.

    Args:
        folder: The download folder.
        head: The hash of the last line as somebody noted it; None compares with the journal's alone.

    Raises:
        JournalError: There is no manifest, or it cannot be read.
    """
    path = manifest_path(folder)
    differences: list[str] = []
    lines: list[ManifestLine] = []
    try:
        with path.open("rb") as file:
            for line in read_chain(file):
                lines.append(line)  # noqa: PERF402 - what was read before the chain broke is kept
    except FileNotFoundError as error:
        raise JournalError(f"There is no manifest at {path}. Name the download folder of a run.") from error
    except OSError as error:
        raise JournalError(f"The manifest {path} cannot be read: {error.strerror or error}.") from error
    except BrokenChainError as error:
        differences.append(str(error))
    last = lines[-1].hash if lines else BEFORE_THE_FIRST
    if head is not None and head != last:
        differences.append(
            f"The head is {last}, not {head}: lines were added, changed or taken out since it was noted."
        )
    differences += _against_the_journal(folder, last)
    files = 0
    filed = _filed(lines)
    for line in filed:
        found = list(_differences_of(folder, line))
        files += len(line.files) - sum(one.startswith("file ") for one in found)
        differences += found
    return Verification(len(lines), len(filed), files, last, tuple(differences))


def _against_the_journal(folder: Path, head: str) -> Iterator[str]:
    try:
        with JournalReader(journal_path(folder)) as reader:
            known = reader.head()
    except (ConfigurationError, HostResourceError) as error:
        yield f"The journal cannot be compared with: {error}"
        return
    if known != head:
        yield f"The journal knows the head {known}, the manifest ends with {head}."


def _filed(lines: list[ManifestLine]) -> list[ManifestLine]:
    """Return the lines whose folders must be there: the last one of each order that has files."""
    latest = {_without_status(line.folder): line for line in lines if line.folder}
    return sorted(latest.values(), key=lambda line: line.number)


def _without_status(folder: str) -> str:
    for status in TaskStatus:
        if folder.endswith(f"_{status.value}"):
            return folder.removesuffix(f"_{status.value}")
    return folder


def _differences_of(root: Path, line: ManifestLine) -> Iterator[str]:
    folder = root / line.folder
    if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root)):
        yield f"{line.po_number}: its folder {line.folder} leads out of the download folder"
        return
    for file in line.files:
        path = folder / file.name
        try:
            good = is_as_recorded(path, Attachment(file.name, file.size, file.sha256, ""))
        except OSError as error:
            yield f"file {line.folder}/{file.name} of {line.po_number} cannot be read: {error.strerror or error}"
            continue
        if not good:
            what = "is not what it was" if os.path.lexists(path) else "is missing"
            yield f"file {line.folder}/{file.name} of {line.po_number} {what}"
    known = {file.name for file in line.files}
    if folder.is_dir():
        yield from (
            f"{line.folder}/{entry.name} is not in the manifest"
            for entry in sorted(folder.iterdir())
            if entry.name not in known
        )
