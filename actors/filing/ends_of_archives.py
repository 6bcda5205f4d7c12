"""The ends of containers: ZIP with all that is built on it, the older office documents, 7z, RAR, gzip and its kin.

Directories are not read whole, since a hostile one could be as large as the file: what their frames say suffices.
"""

from __future__ import annotations

import bz2
import lzma
import re
import struct
import zlib

from actors.filing.content import Content
from actors.filing.end import End

_ZIP_END = b"PK\x05\x06"
_ZIP64_PLACE = b"PK\x06\x07"
_ZIP64_END = b"PK\x06\x06"
_ZIP_ENTRY = b"PK\x01\x02"
_MOST_UNPACKED = 256 << 20
_UNPACKED_AT_ONCE = 1 << 20
_LONGEST_BEGINNING = 6
_FREE = 0xFFFFFFFF
_NO_SECTOR = 0xFFFFFFFA
_IN_HEADER = 109
_RAR_END = re.compile(rb"..\x7b.[\x00-\xff][\x07-\x0f]\x00|\x1d\x77\x56\x51\x03\x05\x04\x00", re.DOTALL)


def end_of_zip(content: Content) -> End:
    """Judge by the end record at the file's end, and by the directory that it points to."""
    tail = content.tail
    place = tail.rfind(_ZIP_END)
    if place < 0 or len(tail) - place < 22:
        return End.MISSING
    entries, size, offset, comment = struct.unpack_from("<10xHLLH", tail, place)
    end = content.size - len(tail) + place
    if content.size < end + 22 + comment:
        return End.MISSING
    if 0xFFFFFFFF in (size, offset) or entries == 0xFFFF:
        wide = _wide_directory(content, end)
        if wide is not None:
            entries, size, offset, end = wide
    if not entries and not size:
        return End.THERE
    # An archive inside the archive has such an end too; what it points to does not lie where it says.
    if offset + size > end or content.at(offset, 4) != _ZIP_ENTRY:
        before = end - size - offset
        prefixed = before > 0 and content.head[:4] != b"PK\x03\x04" and content.at(offset + before, 4) == _ZIP_ENTRY
        return End.THERE if prefixed else End.MISSING
    return End.THERE


def _wide_directory(content: Content, end: int) -> tuple[int, int, int, int] | None:
    """Return entries, size and place of a ZIP64 directory, and where its end record begins; None without one."""
    locator = content.at(end - 20, 20)
    if len(locator) < 20 or not locator.startswith(_ZIP64_PLACE):
        return None
    (place,) = struct.unpack_from("<8xQ", locator)
    record = content.at(place, 56)
    if len(record) < 56 or not record.startswith(_ZIP64_END):
        return None
    entries, size, offset = struct.unpack_from("<32xQQQ", record)
    return entries, size, offset, place


def end_of_ole(content: Content) -> End:
    """Judge by the last sector that the allocation table has in use."""
    if content.size < 512:
        return End.MISSING
    (shift,) = struct.unpack_from("<H", content.head, 0x1E)
    (tables,) = struct.unpack_from("<L", content.head, 0x2C)
    if shift not in (9, 12) or not tables:
        return End.UNSTATED
    sector = 1 << shift
    places = _table_places(content, sector, tables)
    if len(places) < tables or any((place + 2) * sector > content.size for place in places):
        return End.MISSING
    for number in range(tables - 1, -1, -1):
        table = content.at((places[number] + 1) * sector, sector)
        used = [at for at, (entry,) in enumerate(struct.iter_unpack("<L", table)) if entry != _FREE]
        if used:
            last = number * (sector // 4) + used[-1]
            return End.at_least(content, (last + 2) * sector)
    return End.UNSTATED


def _table_places(content: Content, sector: int, tables: int) -> list[int]:
    """Return the sectors that hold the allocation table, as far as the file says."""
    if tables > content.size // sector + 1:
        return []
    places = list(struct.unpack_from(f"<{_IN_HEADER}L", content.at(0, 512), 0x4C))
    (following,) = struct.unpack_from("<L", content.head, 0x44)
    while len(places) < tables and following < _NO_SECTOR:
        more = content.at((following + 1) * sector, sector)
        if len(more) < sector:
            break
        *listed, following = struct.unpack(f"<{sector // 4}L", more)
        places += listed
    return [place for place in places[:tables] if place < _NO_SECTOR]


def end_of_seven_zip(content: Content) -> End:
    """Judge by where the beginning says that the directory lies."""
    if len(content.head) < 32:
        return End.MISSING
    offset, size = struct.unpack_from("<12xQQ", content.head)
    return End.at_least(content, 32 + offset + size)


def end_of_rar(content: Content) -> End:
    """Judge by the block that says "end of archive"; very old archives have none."""
    return End.THERE if _RAR_END.search(content.tail[-64:]) else End.MISSING


class _Gzip:
    """zlib's unpacker with the manner of its kin: what was not yet unpacked is kept inside."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


_UNPACKERS: tuple[tuple[bytes, type[_Gzip | bz2.BZ2Decompressor | lzma.LZMADecompressor]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
)


def _unpacker(beginning: bytes) -> _Gzip | bz2.BZ2Decompressor | lzma.LZMADecompressor | None:
    """Return what unpacks the member that begins so, even if it is cut in its very beginning; None for none."""
    first = beginning[:_LONGEST_BEGINNING]
    for mark, kind in _UNPACKERS:
        if first and (first.startswith(mark) or mark.startswith(first)):
            return kind()
    return None


def end_of_packed(content: Content) -> End:
    """Unpack gzip, bzip2 or xz, member by member, up to a bound, and see whether the last one came to its end."""
    pieces, unpacked = content.pieces(), 0
    data = next(pieces, b"")
    try:
        while (unpacker := _unpacker(data)) is not None:
            while not unpacker.eof:
                if unpacker.needs_input and not data:
                    data = next(pieces, b"")
                given, data = (data, b"") if unpacker.needs_input else (b"", data)
                came = unpacker.decompress(given, _UNPACKED_AT_ONCE)
                if not given and not came and not unpacker.eof:
                    return End.MISSING
                unpacked += len(came)
                if unpacked > _MOST_UNPACKED:
                    return End.UNSTATED
            data = unpacker.unused_data
            if len(data) < _LONGEST_BEGINNING:
                data += next(pieces, b"")
    except (zlib.error, OSError, EOFError, lzma.LZMAError):
        return End.MISSING
    return End.THERE  # what follows, if anything, is not a member
