"""File names that are safe on every file system.

The characters `<>:"/\\|?*`, control characters and runs of white space become `_`; at most 150 characters, the
ending kept; no names that Windows reserves; `_2`, `_3` where a name is taken, whatever its case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache

from pathvalidate import sanitize_filename

LONGEST_NAME = 150
MOST_BYTES = 240

_WHITE_SPACE = re.compile(r"\s+")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_RESERVED_TOO = re.compile(r"^(?:CONIN\$|CONOUT\$|CLOCK\$)(?=\.|$)", re.IGNORECASE)
_ENDING = re.compile(r"(?<=.)\.(?=\d*[A-Za-z])[A-Za-z0-9]{1,5}$")


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


# One file's name comes as sent, as shown, as a title and in its address, and is asked about each time.
@lru_cache(maxsize=1024)
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
