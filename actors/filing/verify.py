"""Whether a downloaded file is what it must be: there, whole, and of the kind its name or type says.

A login page or an error page served where a document was expected arrives with status 200 and a plausible name; only
its content tells. A document of another kind than its name says is somebody's all the same: it is kept, and said.
"""

from __future__ import annotations

import hashlib
import os
import stat
from io import FileIO
from pathlib import Path

import attrs

from actors.filing.content import Content
from actors.filing.end import End
from actors.filing.end_markers import end_of
from actors.filing.expected import Expected, Tolerance, expected, is_named_as_page
from actors.filing.impostors import is_document, is_failed_answer, is_failure, was_sent_as_file
from actors.filing.kinds import LATEST_START, Found, Kind
from actors.filing.naming import ending_of
from actors.filing.recognising import kind_of, late_pdf
from actors.filing.webpage import read_page
from actors.folders.folder import opened
from contracts.errors import AttachmentError, AuthenticationError
from contracts.ports import DownloadedFile, ListedAttachment
from contracts.tasks import Attachment

_MOST_HTML = 512 * 1024
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_BY_HAND = "Open it in the portal by hand."


@attrs.frozen
class Verified:
    """What was found out about a file that is kept.

    Args:
        differs: What its content is when its name says otherwise, for people; else empty.
        length_known: Whether it is known where it ends: its length was announced, or it has the end of its kind.
        lacks_end: Whether it has not the end of its kind, although it has the length that was announced.
    """

    differs: str = ""
    length_known: bool = True
    lacks_end: bool = False


def verify(file: DownloadedFile, listed: ListedAttachment, name: str, *, strict: bool = False) -> Verified:
    """Check a downloaded file that is to be called `name`.

    Args:
        file: The file.
        listed: What the page says of it.
        name: What it will be called.
        strict: Whether content of another kind than the name says is refused.

    Raises:
        AttachmentError: It is missing, empty, truncated, or not what its name and type say. The message says which.
        AuthenticationError: It is the portal's login page.
        OSError: It cannot be read.
    """
    size = _size_on_disk(file.path, name)
    for stated, by in ((file.size, "were counted while it arrived"), (file.declared_size, "were announced")):
        _check_size(name, size, stated, by)
    _check_size(name, size, listed.declared_size, "are stated on the page")
    wanted = expected(name, file.media_type)
    with opened(file.path) as there:
        content = Content(there, size)
        found = kind_of(content)
        if found.kind in (Kind.UNKNOWN, Kind.TEXT) and wanted.kinds == {Kind.PDF}:
            found = late_pdf(content) or found
        if found.kind in (Kind.HTML, Kind.OFFICE_MARKUP):
            _check_page(file, name, content, found, wanted)
        _check_answer(name, content, found, wanted)
        differs = _differs(found, wanted)
        if differs and (strict or _proves_nothing(found, wanted)):
            raise AttachmentError(f"{name} should be {wanted.words}, but its content is not. {_BY_HAND}")
        end = end_of(content, found, ending_of(name))
    announced = not file.ended_by_close or listed.declared_size is not None
    if end is End.MISSING and not announced:
        raise AttachmentError(f"{name} was cut off: it has a beginning and no end. Run the order again.")
    return Verified(found.words if differs else "", announced or end is End.THERE, end is End.MISSING)


def _size_on_disk(path: Path, name: str) -> int:
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise AttachmentError(f"{name} was downloaded, but the file is gone. Run the order again.") from None
    if not stat.S_ISREG(status.st_mode):
        raise AttachmentError(f"{name} was downloaded, but is not an ordinary file. Run the order again.")
    if status.st_size == 0:
        raise AttachmentError(f"{name} is empty. Open it in the portal by hand; if it has content there, run again.")
    return status.st_size


def _check_size(name: str, size: int, stated: int | None, by: str) -> None:
    if stated is not None and size != stated:
        raise AttachmentError(f"{name} has {size} bytes, but {stated} {by}. Run the order again.")


def _check_page(file: DownloadedFile, name: str, content: Content, found: Found, wanted: Expected) -> None:
    page = read_page(content.at(0, _MOST_HTML))
    if page.has_password_field:
        message = f"The portal sent its login page instead of {name}. Log in and run the order again."
        # Sent as an attachment, it may be somebody's saved page; otherwise the login has expired.
        if file.disposition.lstrip().lower().startswith("attachment"):
            raise AttachmentError(message)
        raise AuthenticationError(message)
    if is_named_as_page(name):
        return
    match wanted.tolerance:
        case Tolerance.ANY:
            was_page = file.media_type in _PAGE_TYPES and ending_of(name) != ""
            refused = not was_sent_as_file(file) and (was_page or is_failure(page))
        case Tolerance.TEXTS:
            refused = found.kind is Kind.HTML and not is_document(page, file)
        case Tolerance.SIGNATURES | Tolerance.BINARY:
            refused = True
    if refused:
        raise AttachmentError(f"The portal sent a web page instead of {wanted.words} for {name}. {_BY_HAND}")


def _check_answer(name: str, content: Content, found: Found, wanted: Expected) -> None:
    if wanted.tolerance in (Tolerance.SIGNATURES, Tolerance.TEXTS) and is_failed_answer(content, found):
        raise AttachmentError(
            f"{name} should be {wanted.words}, but its content is an error message of the portal. {_BY_HAND}"
        )


def _differs(found: Found, wanted: Expected) -> bool:
    if found.kind is Kind.UNKNOWN and wanted.tolerance in (Tolerance.BINARY, Tolerance.ANY):
        return False  # what nobody knows proves no difference
    return found.kind not in wanted.kinds or found.start >= LATEST_START


def _proves_nothing(found: Found, wanted: Expected) -> bool:
    """Whether content of another kind is not evidence that somebody attached it: answers of programs look like that."""
    if found.kind is Kind.UNKNOWN or (found.kind is Kind.JSON and Kind.TEXT not in wanted.kinds):
        return wanted.tolerance in (Tolerance.SIGNATURES, Tolerance.TEXTS)
    return wanted.tolerance is Tolerance.SIGNATURES and found.kind in (Kind.TEXT, Kind.XML)


def has_recorded_content(file: FileIO, attachment: Attachment) -> bool:
    """Whether an open file has the recorded size and hash.

    Raises:
        OSError: It cannot be read.
    """
    if os.fstat(file.fileno()).st_size != attachment.size:
        return False
    return hashlib.file_digest(file, "sha256").hexdigest() == attachment.sha256
