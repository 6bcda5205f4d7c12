"""Whether a file ends as files of its kind do, for those whose length nobody announced.

Only kinds that state their own end are judged. A real file may have something behind its end, so that the mark is
looked for near it, not at it.
"""

from __future__ import annotations

from collections.abc import Callable

_NEAR = 4096


def _in_the_last_bytes(mark: bytes) -> Callable[[bytes], bool]:
    return lambda tail: mark in tail[-_NEAR:]


# The comment behind a ZIP archive's directory may be 64 KiB long.
_BY_BEGINNING: tuple[tuple[bytes, Callable[[bytes], bool]], ...] = (
    (b"%PDF-", _in_the_last_bytes(b"%%EOF")),
    (b"PK\x03\x04", lambda tail: b"PK\x05\x06" in tail),
    (b"\x89PNG\r\n\x1a\n", _in_the_last_bytes(b"IEND")),
    (b"\xff\xd8\xff", _in_the_last_bytes(b"\xff\xd9")),
    (b"GIF8", _in_the_last_bytes(b"\x3b")),
)


def has_end(head: bytes, tail: bytes) -> bool:
    """Say whether a file that begins with `head` and ends with `tail` has its end; True for kinds that state none.

    Args:
        head: Its first bytes, at least 1024 where there are so many.
        tail: Its last bytes, at least 64 KiB and 22 where there are so many.
    """
    for beginning, ends in _BY_BEGINNING:
        if head.startswith(beginning) or (beginning == b"%PDF-" and beginning in head[:1024]):
            return ends(tail)
    return True
