"""The ends of pictures that are made of pieces: PNG, JPEG, GIF, WEBP and its kin, HEIC, AVIF, JPEG 2000, films."""

from __future__ import annotations

import re
import struct

from actors.filing.content import Content
from actors.filing.end import End

_PNG_END = b"IEND\xaeB`\x82"
_WALKED = 64 << 20
_MOST_STEPS = 500_000
_FILL = re.compile(rb"\xff++")
_NO_MARKERS = frozenset({0x00, *range(0xD0, 0xD8)})
_STANDALONE = frozenset({0x01, 0xD8})
_SCAN, _JPEG_END = 0xDA, 0xD9
_JPEG_BEGINNING = b"\xff\xd8\xff"
_DIRECTORIES = frozenset({b"meta", b"moov", b"moof", b"jp2h"})
_DATA = frozenset({b"mdat", b"jp2c"})


def end_of_png(content: Content) -> End:
    """Look for the last chunk, which no other bytes resemble."""
    return End.THERE if _PNG_END in content.tail or content.find(_PNG_END) >= 0 else End.MISSING


def end_of_jpeg(content: Content) -> End:
    """Walk the segments: a preview inside has an end too. Pictures may follow one another."""
    if content.size > _WALKED:
        return End.THERE if b"\xff\xd9" in content.tail[-1024:] else End.MISSING
    data, place = content.at(0, content.size), 0
    while data.startswith(_JPEG_BEGINNING, place):
        place = _behind_jpeg(data, place + 2)
        if place < 0:
            return End.MISSING
    return End.THERE


def _behind_jpeg(data: bytes, place: int) -> int:
    """Return where one picture ends, or -1."""
    for _ in range(_MOST_STEPS):
        place = _next_marker(data, place) + 1
        if not place:
            return -1
        kind = data[place - 1]
        if kind == _JPEG_END:
            return place
        if kind in _STANDALONE:
            continue
        if place + 2 > len(data):
            return -1
        # Behind a scan's header its data follows, in which only a marker is searched for.
        place += int.from_bytes(data[place : place + 2], "big")
    return -1


def _next_marker(data: bytes, place: int) -> int:
    """Return where the next marker's own byte stands, behind any number of fill bytes, or -1."""
    while fill := _FILL.search(data, place):
        if fill.end() == len(data):
            break
        if data[fill.end()] not in _NO_MARKERS:
            return fill.end()
        place = fill.end() + 1
    return -1


def end_of_gif(content: Content) -> End:
    """Walk the blocks to the trailer."""
    if content.size > _WALKED:
        return End.THERE if content.tail.rstrip(b"\0\r\n ").endswith(b"\0;") else End.MISSING
    data = content.at(0, content.size)
    if len(data) < 13:
        return End.MISSING
    place, steps = 13 + _colours(data[10]), 0
    while place < len(data) and steps < _MOST_STEPS:
        steps += 1
        match data[place]:
            case 0x3B:
                return End.THERE
            case 0x21:
                place += 2
            case 0x2C if place + 10 <= len(data):
                place += 11 + _colours(data[place + 9])
            case _:
                return End.MISSING
        while place < len(data) and data[place] and steps < _MOST_STEPS:
            place += 1 + data[place]
            steps += 1
        place += 1
    return End.UNSTATED if steps >= _MOST_STEPS else End.MISSING


def _colours(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def end_of_riff(content: Content) -> End:
    """Judge by the length that the file states."""
    (size,) = struct.unpack_from("<4xL", content.head.ljust(8, b"\0"))
    return End.at_least(content, 8 + size)


def end_of_boxes(content: Content) -> End:
    """Walk the boxes: each says how long it is, and both a directory and data must be among them."""
    place, steps, met = 0, 0, set[bytes]()
    while content.size - place >= 8:
        size, name = struct.unpack(">L4s", content.at(place, 8))
        steps += 1
        if steps > _MOST_STEPS or not name.strip(b"\xa9 ").isalnum():
            return End.UNSTATED
        if size == 1:
            (size,) = struct.unpack(">Q", content.at(place + 8, 8).rjust(8, b"\xff"))
        if size == 0:
            # To the end of the file, wherever that is; a picture of JPEG 2000 has a mark there.
            return End.THERE if name == b"jp2c" and b"\xff\xd9" in content.tail[-16:] else End.UNSTATED
        if size < 8:
            return End.UNSTATED
        if place + size > content.size:
            return End.MISSING
        met.add(name)
        place += size
    return End.THERE if met & _DIRECTORIES and met & _DATA else End.MISSING
