"""Where the journal of a download folder lies: in it, or where its pointer says, if the pointer may be believed.

The program itself points to nothing but this user's state folder. A journal elsewhere was named by the user, in a
program of his own; that is noted in the state folder too, where nobody else can write.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from actors.filing.os_errors import unusable
from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import INSIDE, Ground
from actors.folders.keeping import owner_in, why_unbelieved
from actors.folders.names import real_path
from actors.session.journal_files import MANIFEST
from actors.session.saved_logins import state_folder
from contracts.errors import ConfigurationError, DownloadFolderError, JournalError

JOURNAL = "journal.db"
POINTER = "journal.path"
OF = "folder.path"
"""Beside a journal in the state folder: the download folder that it was last used for."""
_JOURNALS = "journals"
_LONGEST_PATH = 16 * 1024


def manifest_path(download_dir: Path) -> Path:
    """Return where the manifest of a download folder lies."""
    return download_dir / INSIDE / MANIFEST


def journal_path(download_dir: Path) -> Path:
    """Return where the journal of a download folder lies: in it, or where its pointer says.

    Raises:
        DownloadFolderError: The folder cannot be entered, or no folder can have its name.
        JournalError: The pointer cannot be read, or must not be believed.
    """
    usual, pointer = download_dir / INSIDE / JOURNAL, download_dir / INSIDE / POINTER
    try:
        with _opened(download_dir) as root, root.below(INSIDE) as inside:
            found = inside.look(POINTER)
            if found is None:
                return usual
            _require_believed(inside, found)
            named = _decoded(inside.read(POINTER, _LONGEST_PATH))
    except NotOursError as link:
        raise JournalError(f"{link.path} {link.why}. Remove it, or choose another download folder.") from link
    except (FileNotFoundError, NotADirectoryError):
        return usual
    except (DownloadFolderError, JournalError):
        raise
    except (OSError, ValueError) as error:
        raise JournalError(f"The file {pointer}, which names the journal, cannot be read: {error}.") from error
    if not named:
        return usual
    if not Path(named).is_absolute():
        raise JournalError(f"The file {pointer} must hold the whole path of a journal. Correct or remove it.")
    if Path(named) != usual and not is_this_users(Path(named), download_dir):
        raise JournalError(_why_not_its_own(pointer, Path(named)))
    return Path(named)


def _opened(download_dir: Path) -> Folder:
    try:
        return Folder.at(real_path(download_dir))
    except (FileNotFoundError, NotADirectoryError, NotOursError):
        raise
    except OSError as error:
        raise unusable(download_dir, error, to_read=True) from error


def _why_not_its_own(pointer: Path, named: Path) -> str:
    if _is_kept(named):
        return (
            f"The file {pointer} names the journal of another download folder, {named}, which is in use there. If this "
            "one is a copy, remove the file."
        )
    return (
        f"The file {pointer} names the journal {named}, which is neither in this user's state folder nor one that "
        "this user named. Remove the file, or name the journal yourself."
    )


def _require_believed(inside: Folder, pointer: os.stat_result) -> None:
    for path, why in (
        (inside.path, why_unbelieved(inside.status(), inside, folder=True)),
        (inside.path / POINTER, why_unbelieved(pointer, inside)),
    ):
        if why:
            raise JournalError(
                f"The file {inside.path / POINTER} names a journal and is not believed, since {path} {why}. Remove it, "
                "or choose another download folder."
            )


def place_in_state_folder(download_dir: Path) -> Path:
    """Return where the journal of a download folder lies when it must not lie in the folder itself."""
    return _own_folder(download_dir) / JOURNAL


def note_named_by_user(download_dir: Path, journal: Path) -> None:
    """Note in the state folder that the user has named this journal for that download folder.

    Raises:
        OSError: It cannot be written.
    """
    own = _own_folder(download_dir)
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Folder.at(own) as folder:
        folder.write(POINTER, str(journal).encode("utf-8", "surrogateescape"))


def forget_named_by_user(download_dir: Path) -> None:
    """Remove what `note_named_by_user` wrote, if anything."""
    own = _own_folder(download_dir)
    with contextlib.suppress(OSError):
        with Folder.at(own) as folder:
            folder.remove(POINTER)
        own.rmdir()


def is_this_users(named: Path, download_dir: Path) -> bool:
    """Whether a journal may be used for a download folder that points to it: it is the program's own, or the user's."""
    try:
        if os.path.realpath(named) == os.path.realpath(place_in_state_folder(download_dir)):
            return True
        if _is_kept(named):
            return _has_moved(named)
        with Folder.at(_own_folder(download_dir)) as folder:
            found = folder.look(POINTER)
            if found is None or why_unbelieved(found, folder):
                return False
            return Path(_decoded(folder.read(POINTER, _LONGEST_PATH))) == named
    except (OSError, ConfigurationError):
        return False


def _is_kept(named: Path) -> bool:
    return Path(os.path.realpath(named)).is_relative_to(os.path.realpath(state_folder() / _JOURNALS))


def _has_moved(named: Path) -> bool:
    """Whether the folder that a kept journal was last used for names it no longer: it is mounted elsewhere by now."""
    with Folder.at(named.parent) as home:
        found = home.look(OF)
        if found is None or why_unbelieved(found, home):
            return False
        last = Path(_decoded(home.read(OF, _LONGEST_PATH)))
    try:
        with Folder.at(last) as root, root.below(INSIDE) as inside:
            return _decoded(inside.read(POINTER, _LONGEST_PATH)) != str(named)
    except (FileNotFoundError, NotADirectoryError):
        return True


def note_use(named: Path, home: Folder, download_dir: Path) -> None:
    """Note for which download folder a journal in the state folder is used.

    Raises:
        OSError: It cannot be written.
    """
    text = os.path.realpath(download_dir).encode("utf-8", "surrogateescape")
    if _is_kept(named) and (home.look(OF) is None or home.read(OF, _LONGEST_PATH) != text):
        home.write(OF, text)


def _own_folder(download_dir: Path) -> Path:
    real = os.path.realpath(download_dir)
    name = hashlib.sha256(real.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return state_folder() / _JOURNALS / name


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape").strip()


def open_home(journal: Path, ground: Ground, *, make: bool = True) -> Folder:
    """Open the folder of a journal, following no link below the download folder.

    Args:
        journal: Where it lies.
        ground: The download folder.
        make: Whether the folder is made when it is missing.

    Raises:
        OSError: It cannot be made or opened.
    """
    parts = ground.parts_of(journal.parent)
    if parts is not None:
        home = ground.root.below(*parts, make=make, mode=0o700)
        home.owner = ground.inside.owner
        return home
    if make:
        journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = Folder.at(Path(os.path.realpath(journal.parent)))
    home.owner = owner_in(home)
    return home
