"""Where the bytes of one download go: a new file, hashed and measured while it is written."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from actors.folders.folder import Folder
from contracts.errors import AttachmentLimitError, MachineError


class FileSink:
    """Writes one new file below `folder`. The file stays only if `keep` was called before the block ends.

    Args:
        folder: An existing folder, by a path in which no part is a link.
        max_size: Bytes above which writing is refused.

    Raises:
        MachineError: The file cannot be made or written.
    """

    def __init__(self, folder: Path, max_size: int) -> None:
        self._max_size = max_size
        self._digest = hashlib.sha256()
        self._kept = False
        self.size = 0
        self.path = folder / f"{secrets.token_hex(8)}.part"
        try:
            self._folder = Folder.walked(folder)
            self._file = self._folder.create(self.path.name, 0o666)
        except OSError as error:
            raise _host_error(self.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if not self._kept:
            with contextlib.suppress(OSError):  # the staging folder goes as a whole, and this is not a new failure
                self._folder.remove(self.path.name)
        self._folder.close()

    def write(self, data: bytes) -> None:
        """Append `data`.

        Raises:
            AttachmentLimitError: The file would grow past the limit.
            MachineError: The disk is full or the folder cannot be written.
        """
        self.size += len(data)
        if self.size > self._max_size:
            raise too_large(self._max_size)
        self._digest.update(data)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise _host_error(self.path, error) from error

    def keep(self) -> str:
        """Close the file for good and return the SHA-256 of what was written, in lower-case hex."""
        try:
            self._file.close()
        except OSError as error:
            raise _host_error(self.path, error) from error
        self._kept = True
        return self._digest.hexdigest()


def too_large(max_size: int) -> AttachmentLimitError:
    """The error for a file above the limit."""
    return AttachmentLimitError(
        f"The attachment is larger than the limit of {max_size} bytes. Raise the limit or fetch it by hand."
    )


def _host_error(path: Path, error: OSError) -> MachineError:
    return MachineError(
        f"{path.parent} cannot be written: {error.strerror or error}. Free some space or choose another folder."
    )
