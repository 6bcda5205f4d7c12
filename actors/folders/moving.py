"""Moving a file from one open folder to another, also when they lie on different volumes."""

from __future__ import annotations

import errno
import os
import shutil
import stat

from actors.folders.folder import Folder


def carry(origin: Folder, name: str, into: Folder, new_name: str, *, by: Folder | None = None) -> None:
    """Move a file; from another volume the copy is complete before it gets its name.

    Args:
        origin: Where it lies.
        name: Its name there.
        into: Where it goes.
        new_name: Its name there.
        by: Where a copy lies while it arrives, on the volume of `into`; `into` itself when None.

    Raises:
        OSError: It cannot be moved.
    """
    try:
        origin.move(name, into, new_name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        draft, place = f"{new_name[:80]}.arriving", by or into
        place.remove(draft)
        with origin.open(name) as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            with place.create(draft, mode & 0o666) as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
        place.move(draft, into, new_name)
        origin.remove(name)
