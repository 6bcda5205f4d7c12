"""Compares what lies in a download folder with what its manifest tells: file by file, and nothing beside.

No link is followed, nothing but regular files is opened, and a file whose size is another one is not read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from actors.evidence.chain import ListedFile, ManifestLine
from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import INSIDE, OWN_NAMES
from actors.session.manifest_index import parts_of

_PIECE = 2**20
_LARGEST = 2**40
"""Bytes that no file of an order has."""
_RESULTS = re.compile(r"results(?:-\d+)?\.csv(?:\.bak)?|report\.json(?:\.bak)?")
_LINKS_OF_THE_USER = ("results.csv", "report.json")
_INSIDE_NAMES = re.compile(
    r"lock|lock\.json|journal\.db(?:-wal|-shm|-journal|-lock|-lock-journal)?|journal\.path|input|staging|claims|"
    r"superseded|evidence|.*\.new|\..*\.trial"
)
_DEPTH = 16
"""Folders in folders that are looked into to name what was not fetched."""
_NOT_FETCHED = "is not in the manifest: it was not fetched"


def compare_order(root: Folder, line: ManifestLine) -> tuple[int, list[str]]:
    """Return how many files of a line are what they were, and what differs.

    Args:
        root: The download folder.
        line: The last one of its order.
    """
    parts = parts_of(line.folder)
    if parts is None or parts[0] == INSIDE:
        return 0, [f"{line.po_number}: its folder {line.folder} leads out of the download folder"]
    try:
        with _open(root, parts) as folder:
            found = [_difference(folder, file) for file in line.files]
            more = list(_additional(folder, line))
    except NotOursError as error:
        return 0, [_misplaced(root, line, error)]
    except FileNotFoundError:
        found, more = [f"{file.name} is missing" for file in line.files], []
    except (OSError, ValueError) as error:
        return 0, [f"the folder {line.folder} cannot be read: {_why(error)}"]
    differences = [f"file {line.folder}/{what} (order {line.po_number})" for what in found if what]
    return found.count(""), [*differences, *more]


def _misplaced(root: Folder, line: ManifestLine, error: NotOursError) -> str:
    inside = Path(os.path.realpath(error.path)).is_relative_to(os.path.realpath(root.path))
    where = error.why if inside else "leads out of the download folder"
    return f"{line.po_number}: its folder {line.folder} {where}"


def _open(root: Folder, parts: tuple[str, ...]) -> Folder:
    for part in parts:
        part.encode(errors="surrogateescape")  # a name that no file system has raises here, not somewhere inside
    return root.below(*parts)


def _difference(folder: Folder, file: ListedFile) -> str:
    try:
        file.name.encode(errors="surrogateescape")
        with folder.open(file.name) as opened:
            return "" if _is_as_recorded(opened.fileno(), file) else f"{file.name} is not what it was"
    except FileNotFoundError:
        return f"{file.name} is missing"
    except NotOursError:
        is_name = file.name not in ("", ".", "..") and "/" not in file.name and "\0" not in file.name
        return f"{file.name} {'is not what it was' if is_name else 'has a name that no file of an order has'}"
    except ValueError:
        return f"{file.name} has a name that no file of an order has"
    except OSError as error:
        return f"{file.name} cannot be read: {_why(error)}"


def _is_as_recorded(opened: int, file: ListedFile) -> bool:
    """Whether an open file has size and hash. It is read no further than its size: it may grow while it is read."""
    if os.fstat(opened).st_size != file.size or file.size > _LARGEST:
        return False
    digest, left = hashlib.sha256(), file.size
    while left and (piece := os.read(opened, min(left, _PIECE))):
        digest.update(piece)
        left -= len(piece)
    return not left and not os.read(opened, 1) and digest.hexdigest() == file.sha256


def _additional(folder: Folder, line: ManifestLine) -> Iterator[str]:
    known = {file.name for file in line.files}
    for name in folder.names():
        if name not in known:
            yield from _planted(folder, name, line.folder)


def _planted(parent: Folder, name: str, above: str, depth: int = _DEPTH) -> Iterator[str]:
    """Yield something that was not fetched, and what is in it."""
    place = f"{above}/{name}" if above else name
    yield f"{place} {_NOT_FETCHED}"
    if not _is(parent, name, stat.S_ISDIR):
        return
    if not depth:
        yield f"what is in {place} is too deep to be named"
        return
    try:
        with parent.below(name) as folder:
            for inner in folder.names():
                yield from _planted(folder, inner, place, depth - 1)
    except OSError as error:
        yield f"the folder {place} cannot be read: {_why(error)}"


def not_fetched(root: Folder, folders: Collection[str], results: Collection[str]) -> Iterator[str]:
    """Yield everything in the download folder that no line tells of, but for the program's own files.

    Args:
        root: The download folder.
        folders: The orders' folders that lines tell of.
        results: Names of further files of results in it.
    """
    suppliers: dict[str, set[str]] = {}
    for folder in folders:
        parts = parts_of(folder)
        if parts is not None:
            suppliers.setdefault(parts[0], set()).update(parts[1:2])
    for name in root.names():
        if name == INSIDE:
            yield from _inside(root)
        elif name not in suppliers:
            if not (_is_own_file(root, name) or (name in results and _is(root, name, stat.S_ISREG))):
                yield from _planted(root, name, "")
        else:
            yield from _of_supplier(root, name, suppliers[name])


def _of_supplier(root: Folder, name: str, known: Collection[str]) -> Iterator[str]:
    try:
        with root.below(name) as supplier:
            for inner in supplier.names():
                if inner not in known:
                    yield from _planted(supplier, inner, name)
    except OSError as error:
        yield f"the folder {name} cannot be read: {_why(error)}"


def _inside(root: Folder) -> Iterator[str]:
    try:
        with root.below(INSIDE) as inside:
            unknown = [name for name in inside.names() if not _INSIDE_NAMES.fullmatch(name)]
    except OSError as error:
        yield f"the folder {INSIDE} cannot be read: {_why(error)}"
        return
    yield from (f"{INSIDE}/{name} {_NOT_FETCHED}" for name in unknown)


def _is_own_file(root: Folder, name: str) -> bool:
    if name not in OWN_NAMES and not _RESULTS.fullmatch(name):
        return False
    return _is(root, name, stat.S_ISREG) or (name in _LINKS_OF_THE_USER and _is(root, name, stat.S_ISLNK))


def _is(folder: Folder, name: str, is_kind: Callable[[int], bool]) -> bool:
    found = None
    with contextlib.suppress(OSError):
        found = folder.look(name)
    return found is not None and is_kind(found.st_mode)


def _why(error: Exception) -> str:
    if isinstance(error, NotOursError):
        return f"it {error.why}"
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
