"""Opening the database: who may write, which version it is, whether it is whole.

A database of a newer version, a damaged one, or one that a live process writes is refused with a word on what to do;
nothing in it is touched.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from actors.folders.folder import Folder, NotOursError
from actors.journal.room import is_full
from actors.journal.rows import DamagedRowError, UnknownKindError
from actors.journal.schemas import schema_at, schema_of
from actors.journal.upgrading import add_functions
from contracts.checks import shown
from contracts.errors import DiskFullError, JournalError, MachineError

APPLICATION_ID = 0x50555253
"""Marks the file as this program's: "PURS"."""
LOCK_ENDING = "-lock"
OLDEST_TO_READ = 2
"""The oldest version that whoever only reads can read: nothing that it asks for has moved since."""
SECONDS_TO_WAIT = 5.0
LARGEST_CELL = 64 * 2**20
"""Bytes. What is larger was not written by this program, and is not read."""
_BESIDE = ("", "-wal", "-shm", "-journal")


def migrations() -> tuple[str, ...]:
    """Return the scripts that lead from an empty database to the present schema, oldest first."""
    folder = resources.files(__package__) / "schema"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(file.read_text(encoding="utf-8") for file in found)


class WriterLock:
    """Held by the one process that writes. The system takes it back when that process ends, however it ends.

    It is a transaction on a database of its own, so that readers of the journal are not kept out.

    Args:
        journal: The journal it protects.
        owner: Whose its files must be; None asks for no owner.

    Raises:
        JournalError: A live process holds it, or a file of it is a link or another user's.
        MachineError: It cannot be written.
    """

    def __init__(self, journal: Path, owner: int | None = None) -> None:
        path = journal.with_name(journal.name + LOCK_ENDING)
        require_own_files(path, owner)
        try:
            _make_private(path)
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        except (sqlite3.OperationalError, OSError) as error:
            raise unwritable(journal, error) from error
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._connection.close()
            if "locked" in str(error):
                raise JournalError(
                    f"The journal {journal} is in use by another process. Wait until it has ended, or choose another "
                    "download folder."
                ) from error
            raise unwritable(journal, error) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self._connection.close()
            raise JournalError(f"{path} is not a lock of this program ({error}). Move it away, then go on.") from error

    def release(self) -> None:
        """Give it back."""
        self._connection.close()


def _make_private(path: Path) -> None:
    """Make the file for this user alone; what SQLite puts beside it gets the same mode.

    One that is there is not opened: closing it again would give up every lock that this process holds on it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def require_own_files(path: Path, owner: int | None) -> None:
    """Return when each file that SQLite opens for a database is missing, or a regular file with one name.

    SQLite opens them by their paths. Of the database it follows a link, and it writes into a file that is there.

    Args:
        path: The database.
        owner: Whose they must be; None asks for no owner.

    Raises:
        JournalError: One of them is a link, has a second name, or is another user's.
        MachineError: They cannot be looked at.
    """
    try:
        with Folder.at(Path(os.path.realpath(path.parent))) as folder:
            folder.owner = owner
            folder.require_own_files(*(path.name + ending for ending in _BESIDE))
    except NotOursError as found:
        raise JournalError(f"{found.path} {found.why}. Nothing was written to it. Move it away, then go on.") from found
    except OSError as error:
        raise unwritable(path, error) from error


def connect(path: Path, owner: int | None = None) -> sqlite3.Connection:
    """Open the journal for writing, making it or bringing it to the present version if need be.

    Args:
        path: Where it lies.
        owner: Whose its files must be; None asks for no owner.

    Raises:
        JournalError: It is of a newer version, is damaged, is something else, or is not the owner's.
        MachineError: It cannot be written.
    """
    require_own_files(path, owner)
    try:
        _make_private(path)
        before = path.lstat()
        is_checked = _check_untouched(path)
        connection = sqlite3.connect(path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False)
    except (sqlite3.OperationalError, OSError) as error:
        raise unwritable(path, error) from error
    try:
        with explained(path):
            connection.row_factory = sqlite3.Row
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_CELL)
            if not is_checked:
                _check(connection, path)
            connection.execute("PRAGMA journal_mode=WAL")
            _require_same(path, before)
            require_own_files(path, owner)
            connection.execute("PRAGMA synchronous=NORMAL")
            _migrate(connection)
            connection.execute("PRAGMA foreign_keys=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _require_same(path: Path, before: os.stat_result) -> None:
    try:
        now = path.lstat()
        is_same = (now.st_dev, now.st_ino) == (before.st_dev, before.st_ino)
    except FileNotFoundError:
        is_same = False
    if not is_same:
        raise JournalError(f"The journal {path} was replaced while it was opened. Look who writes there, then go on.")


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the journal for reading alone, also while another process writes it.

    Raises:
        JournalError: There is none, or as `connect`.
    """
    try:
        is_there = path.is_file()
    except OSError as error:
        raise JournalError(f"The journal {path} cannot be read: {error.strerror or error}.") from error
    if not is_there:
        raise JournalError(f"There is no journal at {path}. Name the download folder of a run.")
    require_own_files(path, None)
    with explained(path):
        try:
            connection = _opened_to_read(path, "mode=ro")
        except sqlite3.OperationalError:
            # A folder that may not be written has no place for the files that readers share; then nobody writes either.
            connection = _opened_to_read(path, "mode=ro&immutable=1")
    try:
        with explained(path):
            connection.row_factory = sqlite3.Row
            _check(connection, path, oldest=OLDEST_TO_READ)
    except BaseException:
        connection.close()
        raise
    return connection


def _opened_to_read(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=SECONDS_TO_WAIT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_CELL)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_untouched(path: Path) -> bool:
    """Refuse what is not ours, or not whole, before it is opened for writing: even that would tidy up in it.

    Returns:
        Whether it could be looked at so.
    """
    with explained(path):
        try:
            connection = _opened_to_read(path, "mode=ro")
        except sqlite3.OperationalError:
            return False  # a change was broken off that only a writer can take back
        with contextlib.closing(connection):
            _check(connection, path)
        return True


def _check(connection: sqlite3.Connection, path: Path, *, oldest: int = 0) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if mark != APPLICATION_ID and (mark or tables):
        raise JournalError(f"{path} is another program's database. Move it away, or choose another download folder.")
    if version > len(migrations()):
        raise JournalError(
            f"The journal {path} was written by a newer version of purser (schema {version}, this one knows "
            f"{len(migrations())}). Use that version to go on, or start anew with --fresh, which keeps it aside."
        )
    if version < oldest and not tables:
        raise JournalError(
            f"The journal {path} is empty: the program ended before it had written anything down; no order was "
            "visited. Give the file again: purser run."
        )
    if version < oldest:
        raise JournalError(f"The journal {path} is of an older version. Go on with it once: purser resume.")
    if tables and schema_of(connection) != schema_at(migrations()[:version]):
        raise damaged(path, "its tables are not those that this program makes")
    told = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if told != "ok":
        raise damaged(path, told)


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute("PRAGMA foreign_keys=OFF")  # a script may put another table in the place of one
    add_functions(connection)
    if scripts := migrations()[version:]:
        connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id={APPLICATION_ID}; {'; '.join(scripts)}; "
            f"PRAGMA user_version={version + len(scripts)}; COMMIT;"
        )


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what sqlite3 raises into errors that say what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR:
            raise damaged(path, str(error)) from error  # a table or a column is not there, or a text is none
        raise unwritable(path, error) from error
    except UnknownKindError as error:
        raise JournalError(
            f"The journal {path} was written by a newer version of purser (it has tasks of the kind "
            f"{shown(error.args[0])}, which this one does not know). Use that version to go on, or start anew with "
            "--fresh, which keeps it aside."
        ) from error
    except (sqlite3.Error, DamagedRowError, UnicodeDecodeError) as error:  # even a message of SQLite's may be no text
        raise damaged(path, str(error)) from error


def unwritable(path: Path, error: Exception) -> MachineError:
    """Return the error for a journal that cannot be written."""
    kind = DiskFullError if is_full(path.parent, error) else MachineError
    return kind(
        f"The journal {path} cannot be written: {error}. Free some disk space or make the folder writable, then go on "
        "with: purser resume. Nothing that it holds is lost."
    )


def damaged(path: Path, what: str) -> JournalError:
    """Return the error for a journal that is not whole."""
    return JournalError(
        f"The journal {path} is damaged ({' '.join(what.split())}). It is left as it is. Put a copy of it back, or "
        "start anew with --fresh, which keeps it aside."
    )
