"""The places a run writes to, as the doctor looks at them: nothing is made, and nothing is left behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from actors.cli.findings import Finding, Verdict
from actors.cli.surroundings import require_file_names
from actors.intake import RunSettings, check_target
from actors.processes import resources
from actors.processes.runfile import runs_folder, short_temp_dir
from actors.session.saved_logins import STATE_VARIABLE, state_folder
from contracts.errors import ConfigurationError

_ELSEWHERE = f"Name a folder that you may write to: {STATE_VARIABLE}=/path/of/a/folder"


def look_at_places(download_dir: Path, outputs: Mapping[str, Path | None]) -> Iterator[Finding]:
    """Yield what was found of each place.

    Args:
        download_dir: Where the folders of orders go.
        outputs: Files by their names that are to be written elsewhere; None for those that go to the download folder.
    """
    yield _folder("download folder", download_dir, "Choose a folder that you may write to: --download-dir DIR")
    for name, path in outputs.items():
        if path is not None:
            yield _output(name, path)
    yield _state()
    yield _temporary()
    yield _names()


def _folder(what: str, folder: Path, elsewhere: str) -> Finding:
    try:
        detail = str(folder.absolute())
    except OSError as error:
        return Finding(
            what, Verdict.BAD, f"the current folder cannot be used: {error.strerror}", "Change into another."
        )
    if not _may_be_written(folder):
        return Finding(what, Verdict.BAD, f"{detail} cannot be written", elsewhere)
    free = resources.usage(folder).disk_free.get(folder, -1)
    if 0 <= free < RunSettings().settings().limits.minimum_free_disk:
        return Finding(
            what, Verdict.BAD, f"{detail} has only {free / 2**20:.0f} MB free", f"Free some space. {elsewhere}"
        )
    return Finding(what, Verdict.GOOD, detail)


def _may_be_written(folder: Path) -> bool:
    """Whether a folder can be written, or made. Of what may not even be looked at, pathlib raises; this says no."""
    places = (folder.absolute(), *folder.absolute().parents)
    existing = next(place for place in places if os.path.lexists(place))
    return os.path.isdir(existing) and os.access(existing, os.W_OK | os.X_OK)  # noqa: PTH112 - as said above


def _output(what: str, path: Path) -> Finding:
    try:
        check_target(path, what)
    except ConfigurationError as error:
        return Finding(what, Verdict.BAD, str(error), "Correct or unset the variable that names it.")
    return Finding(what, Verdict.GOOD, str(path))


def _state() -> Finding:
    try:
        folder = state_folder()
    except ConfigurationError as error:
        return Finding("state folder", Verdict.BAD, "this user has no home folder", str(error))
    inner = runs_folder(folder)
    return _folder("state folder", inner if os.path.lexists(inner) else folder, _ELSEWHERE)


def _temporary() -> Finding:
    mend = "Name one that you may write to: TMPDIR=/path/of/a/folder"
    try:
        return _folder("temporary folder", short_temp_dir(), mend)
    except OSError as error:
        return Finding("temporary folder", Verdict.BAD, f"there is none: {error.strerror or error}", mend)


def _names() -> Finding:
    try:
        require_file_names()
    except ConfigurationError as error:
        return Finding("file names", Verdict.BAD, "not every name can be written", str(error))
    return Finding("file names", Verdict.GOOD, sys.getfilesystemencoding())
