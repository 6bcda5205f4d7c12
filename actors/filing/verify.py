"""Whether a downloaded file is what it must be: there, whole, and of the kind its name or type says.

A login page or an error page served where a document was expected arrives with status 200 and a plausible name; only
its first bytes tell.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable
from pathlib import Path

from actors.filing.endings import has_end
from actors.filing.naming import ending_of
from contracts.errors import AttachmentError, AuthenticationError
from contracts.ports import DownloadedFile, ListedAttachment
from contracts.tasks import Attachment

_HEAD = 4096
_TAIL = 64 * 1024 + 22
_MOST_HTML = 512 * 1024

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+", b"GIF8", b"BM")
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|script)\b",
    re.IGNORECASE | re.DOTALL,
)
_OFFICE_MARKUP = re.compile(rb"urn:schemas-microsoft-com:office", re.IGNORECASE)
_PASSWORD_FIELD = re.compile(rb"<input\b[^>]*\btype\s*=\s*[\"']?password", re.IGNORECASE)
_HTML_ENDINGS = frozenset({".html", ".htm", ".xhtml", ".mht", ".shtml"})
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})


def _is_pdf(head: bytes) -> bool:
    return b"%PDF-" in head[:1024]


def _is_zip(head: bytes) -> bool:
    return head.startswith(_ZIP)


def _is_open_office(head: bytes) -> bool:
    # An encrypted document of the newer formats is wrapped in the older container.
    return head.startswith((*_ZIP, _OLE))


def _is_message(head: bytes) -> bool:
    return head.startswith(_OLE)


def _is_old_office(head: bytes) -> bool:
    # Programs save newer documents, rich text and office markup under the old endings, and open them so.
    return (
        head.startswith((_OLE, *_ZIP, *_BIFF, b"{\\rtf"))
        or b"<?mso-application" in head
        or _OFFICE_MARKUP.search(head) is not None
    )


def _is_image(head: bytes) -> bool:
    # A picture under another picture's ending still opens.
    return head.startswith(_IMAGES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _is_table(head: bytes) -> bool:
    return not is_html(head)


_Check = Callable[[bytes], bool]
_BY_ENDING: dict[str, tuple[str, _Check]] = {
    ".pdf": ("a PDF", _is_pdf),
    ".zip": ("a ZIP archive", _is_zip),
    **dict.fromkeys((".docx", ".xlsx", ".pptx", ".docm", ".xlsm", ".pptm"), ("an office document", _is_open_office)),
    **dict.fromkeys((".odt", ".ods", ".odp"), ("an office document", _is_zip)),
    **dict.fromkeys((".doc", ".xls", ".ppt"), ("an office document", _is_old_office)),
    ".msg": ("a mail message", _is_message),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp"), ("an image", _is_image)),
    ".csv": ("a table", _is_table),
}
_ENDING_BY_TYPE = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.ms-outlook": ".msg",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}


def is_html(head: bytes) -> bool:
    """Whether a file that begins so is an HTML page."""
    return _HTML.match(_as_bytes_of_ascii(head)) is not None


def verify(file: DownloadedFile, listed: ListedAttachment, name: str) -> None:
    """Check a downloaded file that is to be called `name`.

    Raises:
        AttachmentError: It is missing, empty, truncated, or not what its name and type say. The message says which.
        AuthenticationError: It is the portal's login page.
        OSError: It cannot be read.
    """
    size = _size_on_disk(file.path, name)
    for stated, by in ((file.size, "were counted while it arrived"), (file.declared_size, "were announced")):
        _check_size(name, size, stated, by)
    _check_size(name, size, listed.declared_size, "are stated on the page")
    with file.path.open("rb") as opened:
        head = opened.read(_HEAD)
        if is_html(head):
            _check_html(file, name, head + opened.read(_MOST_HTML))
            return
    kind, is_kind = _expected(file, name)
    if not is_kind(head):
        raise AttachmentError(f"{name} should be {kind}, but its content is not. Open it in the portal by hand.")
    if file.ended_by_close and not has_end(head, _tail(file.path)):
        raise AttachmentError(f"{name} was cut off: it has a beginning and no end. Run the order again.")


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return file.read()


def _size_on_disk(path: Path, name: str) -> int:
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise AttachmentError(f"{name} was downloaded, but the file is gone. Run the order again.") from None
    if not stat.S_ISREG(status.st_mode):
        raise AttachmentError(f"{name} was downloaded, but is no ordinary file. Run the order again.")
    if status.st_size == 0:
        raise AttachmentError(f"{name} is empty. Open it in the portal by hand; if it has content there, run again.")
    return status.st_size


def _check_size(name: str, size: int, stated: int | None, by: str) -> None:
    if stated is not None and size != stated:
        raise AttachmentError(f"{name} has {size} bytes, but {stated} {by}. Run the order again.")


def _expected(file: DownloadedFile, name: str) -> tuple[str, _Check]:
    """Return what the file must be by its ending, else by its content type; anything goes for unknown ones."""
    known = _BY_ENDING.get(ending_of(name))
    if known is None and not ending_of(name):
        media_type = file.media_type
        ending = ".docx" if ".openxmlformats-officedocument." in media_type else _ENDING_BY_TYPE.get(media_type, "")
        known = _BY_ENDING.get(ending)
    return known if known is not None else ("a file", lambda _head: True)


def _check_html(file: DownloadedFile, name: str, html: bytes) -> None:
    text = _as_bytes_of_ascii(html)
    if _PASSWORD_FIELD.search(text):
        message = f"The portal sent its login page instead of {name}. Log in and run the order again."
        # Sent as an attachment, it may be somebody's saved page; otherwise the login has expired.
        if file.disposition.lstrip().lower().startswith("attachment"):
            raise AttachmentError(message)
        raise AuthenticationError(message)
    ending = ending_of(name)
    if ending in _HTML_ENDINGS or (not ending and file.media_type in _HTML_TYPES):
        return
    kind, is_kind = _expected(file, name)
    if not is_kind(html):
        raise AttachmentError(
            f"The portal sent a web page instead of {kind} for {name}. Open it in the portal by hand."
        )


def _as_bytes_of_ascii(raw: bytes) -> bytes:
    """Return text of any Unicode encoding with a byte-order mark as something ASCII patterns match."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "ignore").encode("ascii", "ignore")
    return raw.removeprefix(b"\xef\xbb\xbf")


def is_as_recorded(path: Path, attachment: Attachment) -> bool:
    """Whether a regular file lies at `path` with the recorded size and hash.

    Raises:
        OSError: It is there and cannot be read.
    """
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != attachment.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == attachment.sha256
    except FileNotFoundError:
        return False
