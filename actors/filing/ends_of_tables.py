"""The ends of pictures that are made of tables, TIFF and BMP: everything that a table points to must be there."""

from __future__ import annotations

import struct

from actors.filing.content import Content
from actors.filing.end import End

_MOST_PAGES = 10_000
_MOST_PLACES = 1_000_000
_PLACES_AND_SIZES = ((273, 279), (324, 325), (513, 514))
_WIDTHS = {3: "H", 4: "L", 13: "L", 16: "Q"}
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

_Values = dict[int, tuple[int, ...]]


class _CutError(Exception):
    """Something points behind the end."""


class _UnclearError(Exception):
    """The file is not as the format has it."""


def end_of_tiff(content: Content) -> End:
    """Follow every page's table, and see that its strips or tiles are there."""
    byte_order = "<" if content.head[:1] == b"I" else ">"
    wide = content.head[2:4] in (b"+\x00", b"\x00+")
    try:
        (place,) = _unpacked(content, 8 if wide else 4, byte_order + ("Q" if wide else "L"))
        met: set[int] = set()
        while place and place not in met and len(met) < _MOST_PAGES:
            met.add(place)
            values, place = _page(content, place, byte_order, wide=wide)
            _check_data(content, values)
    except _CutError:
        return End.MISSING
    except _UnclearError:
        return End.UNSTATED
    return End.THERE if met else End.MISSING


def _page(content: Content, place: int, byte_order: str, *, wide: bool) -> tuple[_Values, int]:
    """Return the values of a page's table that tell where its data lies, and where the next table is."""
    count_form, entry_form, inline = ("Q", "HHQ8s", 8) if wide else ("H", "HHL4s", 4)
    count_form, entry_form = byte_order + count_form, byte_order + entry_form
    (count,) = _unpacked(content, place, count_form)
    place += struct.calcsize(count_form)
    size = struct.calcsize(entry_form)
    if count > _MOST_PAGES:
        raise _UnclearError
    entries = content.at(place, count * size)
    if len(entries) < count * size:
        raise _CutError
    wanted = {tag for pair in _PLACES_AND_SIZES for tag in pair}
    values: _Values = {}
    for tag, kind, number, held in struct.iter_unpack(entry_form, entries):
        length = number * _BYTES.get(kind, 1)
        offset = int.from_bytes(held, "little" if byte_order == "<" else "big")
        if length > inline and offset + length > content.size:
            raise _CutError
        if tag in wanted and kind in _WIDTHS:
            if number > _MOST_PLACES:
                raise _UnclearError
            raw = held[:length] if length <= inline else content.at(offset, length)
            values[tag] = struct.unpack(f"{byte_order}{number}{_WIDTHS[kind]}", raw)
    place += count * size
    # Some programs end the last table without saying that none follows.
    form = byte_order + ("Q" if wide else "L")
    following = content.at(place, struct.calcsize(form))
    return values, struct.unpack(form, following)[0] if len(following) == struct.calcsize(form) else 0


def _check_data(content: Content, values: _Values) -> None:
    for places, sizes in _PLACES_AND_SIZES:
        for place, size in zip(values.get(places, ()), values.get(sizes, ()), strict=False):
            if place + size > content.size:
                raise _CutError


def _unpacked(content: Content, place: int, form: str) -> tuple[int, ...]:
    raw = content.at(place, struct.calcsize(form))
    if len(raw) < struct.calcsize(form):
        raise _CutError
    return struct.unpack(form, raw)


def end_of_bmp(content: Content) -> End:
    """Compute the length from width, height and depth; the length that the file states is often wrong."""
    if len(content.head) < 54:
        return End.MISSING
    offset, header = struct.unpack_from("<10xLL", content.head)
    if header < 40:
        return End.UNSTATED
    width, height, depth, packing, stated = struct.unpack_from("<18xll2xHLL", content.head)
    size = stated if packing not in (0, 3) else (abs(width) * depth + 31) // 32 * 4 * abs(height)
    return End.at_least(content, offset + size)
