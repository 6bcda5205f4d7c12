"""The places a run writes to, as the doctor looks at them: nothing is made, and nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from actors.cli.findings import Finding, Verdict
from actors.cli.output import command_line, printable
from actors.cli.surroundings import require_file_names
from actors.filing.folder import require_own_parts
from actors.filing.labels import lengths_below
from actors.filing.lock import require_own_lock
from actors.folders.folder import NotOursError
from actors.folders.ground import INSIDE, Ground, require_no_foreign_link
from actors.folders.keeping import keeps_nobody_out, untrusted
from actors.folders.names import require_possible
from actors.journal import JournalReader
from actors.processes import resources
from actors.processes.runfile import runs_folder, short_temp_dir
from actors.session.figures import is_worked_in
from actors.session.folder_journal import journal_path
from actors.session.journal_files import require_own_journal_files
from actors.session.journal_places import open_home
from actors.session.saved_logins import STATE_VARIABLE, state_folder
from actors.session.seals import KEY
from actors.session.trust import require_own_journal
from actors.tables import check_target
from contracts.config import Settings
from contracts.errors import ConfigurationError, MachineError

_ELSEWHERE = f"Name a folder that you may write to: {STATE_VARIABLE}=/path/of/a/folder"


def look_at_places(settings: Settings, outputs: Mapping[str, Path | None]) -> Iterator[Finding]:
    """Yield what was found of each place.

    Args:
        settings: Where the folders of orders go, and how much room there must be.
        outputs: Files by their names that are to be written elsewhere; None for those that go to the download folder.
    """
    least, downloads = settings.limits.minimum_free_disk, settings.download_dir
    folder = _folder("download folder", downloads, "Choose a folder that you may write to: --download-dir DIR", least)
    yield folder
    if folder.verdict is Verdict.GOOD and os.path.lexists(downloads):
        yield from _folder_journal(downloads)
    for name, path in outputs.items():
        if path is not None:
            yield _output(name, path)
    yield from _state(least)
    yield _temporary(least)
    yield _names()


def _folder_journal(downloads: Path) -> Iterator[Finding]:
    """Yield what is in the way of a run in a download folder that is there, or that there is nothing."""
    what, elsewhere = "journal in it", "Choose another folder: --download-dir DIR"
    try:
        lengths_below(Path(os.path.realpath(downloads)))
        require_no_foreign_link(downloads)
        if not os.path.lexists(downloads / INSIDE):
            return
        ground = Ground(downloads, make=False)
        require_own_lock(ground.inside)
        require_own_parts(ground)
        journal = journal_path(downloads)
        _require_own_journal_files(journal, ground)
        require_own_journal(journal)
        if is_worked_in(downloads):
            mend = f"Wait until it has ended, or choose another folder. See {command_line('status', downloads)}"
            yield Finding(what, Verdict.BAD, "a run is going on there", mend)
        elif os.path.lexists(journal) and journal.stat().st_size:
            yield _journal(journal, downloads)
    except NotOursError as error:
        yield Finding(what, Verdict.BAD, printable(f"{error.path} {error.why}"), f"Move it away. {elsewhere}")
    except OSError as error:
        yield Finding(what, Verdict.BAD, f"they cannot be looked at: {error.strerror or error}", elsewhere)
    except (ConfigurationError, MachineError) as error:
        yield Finding(what, Verdict.BAD, "they cannot be gone on with", str(error))


def _require_own_journal_files(journal: Path, ground: Ground) -> None:
    """Return when a run would find nothing in the way in its journal. Raises as `require_own_journal_files`."""
    with contextlib.suppress(FileNotFoundError), open_home(journal, ground, make=False) as home:
        require_own_journal_files(ground.inside, home, journal.name)


def _journal(journal: Path, downloads: Path) -> Finding:
    with JournalReader(journal) as reader:
        status = reader.status()
    if status is not None and not status.ended:
        mend = f"A run goes on with it, or: {command_line('resume', downloads)}. --fresh puts it aside."
        return Finding("journal in it", Verdict.POOR, f"an unfinished run of {status.total} orders", mend)
    return Finding("journal in it", Verdict.GOOD, printable(str(journal)))


def _folder(what: str, folder: Path, elsewhere: str, least: int) -> Finding:
    try:
        detail = str(folder.absolute())
    except OSError as error:
        return Finding(
            what, Verdict.BAD, f"the current folder cannot be used: {error.strerror}", "Change into another."
        )
    if not _may_be_written(folder):
        return Finding(what, Verdict.BAD, f"{detail} cannot be written", elsewhere)
    free = resources.usage(folder).disk_free.get(folder, -1)
    if 0 <= free < least:
        return Finding(
            what, Verdict.BAD, f"{detail} has only {free / 2**20:.0f} MB free", f"Free some space. {elsewhere}"
        )
    return Finding(what, Verdict.GOOD, detail)


def _may_be_written(folder: Path) -> bool:
    """Whether a folder can be written, or made. Of what may not even be looked at, pathlib raises; this says no."""
    try:
        require_possible(folder)
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:  # a name that is too long, or none at all
        return False
    places = (folder.absolute(), *folder.absolute().parents)
    existing = next(place for place in places if os.path.lexists(place))
    return os.path.isdir(existing) and os.access(existing, os.W_OK | os.X_OK)  # noqa: PTH112 - as said above


def _output(what: str, path: Path) -> Finding:
    try:
        check_target(path, what)
    except ConfigurationError as error:
        return Finding(what, Verdict.BAD, str(error), "Correct or unset the variable that names it.")
    return Finding(what, Verdict.GOOD, str(path))


def _state(least: int) -> Iterator[Finding]:
    try:
        folder = state_folder()
    except ConfigurationError as error:
        yield Finding("state folder", Verdict.BAD, "this user has no home folder", str(error))
        return
    inner = runs_folder(folder)
    found = _folder("state folder", inner if os.path.lexists(inner) else folder, _ELSEWHERE, least)
    if found.verdict is Verdict.GOOD and os.path.lexists(folder):
        if why := untrusted(folder, folder=True):
            found = Finding("state folder", Verdict.POOR, f"{found.detail} {why}", f"chmod go-w it. {_ELSEWHERE}")
        elif keeps_nobody_out(folder):
            found = Finding("state folder", Verdict.POOR, f"{found.detail} cannot keep others out of it", _ELSEWHERE)
    yield found
    key = folder / KEY
    if found.verdict is not Verdict.BAD and os.path.lexists(key) and (why := untrusted(key)):
        yield Finding("seal of runs", Verdict.BAD, f"{key} {why}", "Remove it; the next run makes a new one.")


def _temporary(least: int) -> Finding:
    mend = "Name one that you may write to: TMPDIR=/path/of/a/folder"
    try:
        return _folder("temporary folder", short_temp_dir(), mend, least)
    except OSError as error:
        return Finding("temporary folder", Verdict.BAD, f"there is none: {error.strerror or error}", mend)


def _names() -> Finding:
    try:
        require_file_names()
    except ConfigurationError as error:
        return Finding("file names", Verdict.BAD, "not every name can be written", str(error))
    return Finding("file names", Verdict.GOOD, sys.getfilesystemencoding())
