"""File names that are safe on every file system, chosen from what the portal says about an attachment.

The characters `<>:"/\\|?*`, control characters and runs of white space become `_`; at most 150 characters, the
ending kept; no names that Windows reserves; `_2`, `_3` where a name is taken, whatever its case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from urllib.parse import unquote, urlsplit

from pathvalidate import sanitize_filename

from actors.filing.disposition import name_in_disposition
from contracts.ports import DownloadedFile, ListedAttachment

LONGEST_NAME = 150
MOST_BYTES = 240

_WHITE_SPACE = re.compile(r"\s+")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_RESERVED_TOO = re.compile(r"^(?:CONIN\$|CONOUT\$|CLOCK\$)(?=\.|$)", re.IGNORECASE)
_ENDING = re.compile(r"(?<=.)\.(?=\d*[A-Za-z])[A-Za-z0-9]{1,5}$")
_SCRIPT_ENDINGS = frozenset({".php", ".asp", ".aspx", ".ashx", ".jsp", ".do", ".cgi"})
_ARIA_SUFFIX = re.compile(r"[\s,-]*file attachment\s*$", re.IGNORECASE)
_ENDING_OF_TYPE = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.ms-outlook": ".msg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "text/csv": ".csv",
    "text/plain": ".txt",
    "message/rfc822": ".eml",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}


def tidy(text: str) -> str:
    """Return `text` in one line, composed, without outer white space: two texts equal after it are the same name."""
    return _WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def name_key(name: str) -> str:
    """Return what is equal for two names that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def ending_of(name: str) -> str:
    """Return the ending of a file name in lower case, with its dot; empty when it has none."""
    match = _ENDING.search(name)
    return match[0].lower() if match else ""


def sanitised(text: str) -> str:
    """Return `text` as one safe part of a path, as long as file systems allow; empty when nothing is left."""
    spaced = _WHITE_SPACE.sub("_", tidy(text))
    printable = "".join("_" if unicodedata.category(character) in _UNPRINTABLE else character for character in spaced)
    plain = _FORBIDDEN.sub("_", printable).strip(". ")
    if not plain:
        return ""
    # Cut first, with the ending kept: pathvalidate would cut a long name at its end.
    safe = sanitize_filename(shortened(plain, MOST_BYTES), replacement_text="_", platform="universal")
    return shortened(_RESERVED_TOO.sub(lambda match: match[0] + "_", safe), MOST_BYTES).strip(". ")


def shortened(name: str, most: int) -> str:
    """Cut `name` to `most` characters, and to what file systems store, keeping its ending."""
    ending = _ENDING.search(name)
    suffix = ending[0] if ending else ""
    stem = name[: len(name) - len(suffix)][: max(1, most - len(suffix))]
    while len(stem) > 1 and len((stem + suffix).encode("utf-8")) > MOST_BYTES:
        stem = stem[:-1]
    return (stem if suffix else stem.rstrip(". ") or "_") + suffix


def distinct(name: str, taken: Container[str], most: int) -> str:
    """Return `name`, or `name` with `_2`, `_3` … before its ending, whose key is not in `taken`."""
    chosen, number = shortened(name, most), 2
    ending = _ENDING.search(chosen)
    suffix = ending[0] if ending else ""
    while name_key(chosen) in taken:
        mark = f"_{number}"
        stem = shortened(name, most - len(mark))
        chosen = f"{stem[: len(stem) - len(suffix)]}{mark}{suffix}"
        number += 1
    return chosen


def file_name(file: DownloadedFile, listed: ListedAttachment, most: int = LONGEST_NAME) -> str:
    """Choose a safe name for a downloaded file.

    The header's name comes first, then the name the browser took from it, then what the page says: of title,
    aria-label, text and address the first that ends like a file, else the first there is. A name without an ending gets
    the one that the address or the content type tells.
    """
    in_address = _last_part(listed.url or "") or _last_part(file.url)
    from_browser = file.suggested_name if tidy(file.suggested_name) != in_address else ""
    sent = [sanitised(name) for name in (name_in_disposition(file.disposition), from_browser)]
    shown = [
        sanitised(name)
        for name in (
            listed.title,
            _ARIA_SUFFIX.sub("", listed.aria_label),
            listed.text,
            in_address,
            _last_part(file.url),
            listed.label,
        )
    ]
    candidates = [name for name in sent if name]
    candidates += [name for name in shown if _is_file_ending(ending_of(name))]
    candidates += [name for name in shown if name]
    name = candidates[0] if candidates else "attachment"
    if not _is_file_ending(ending_of(name)):
        known = (ending_of(part) for part in (file.suggested_name, in_address, _last_part(file.url)))
        ending = next((one for one in known if _is_file_ending(one)), _ENDING_OF_TYPE.get(file.media_type, ""))
        name = (name[: -len(ending_of(name))] if ending_of(name) and ending else name) + ending
    return shortened(sanitised(name) or "attachment", most)


def _is_file_ending(ending: str) -> bool:
    return bool(ending) and ending not in _SCRIPT_ENDINGS


def _last_part(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return tidy(unquote(path.rstrip("/").rpartition("/")[2]))
