"""A small whole file of each kind that states its own end, made by hand or by the standard library."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence

from tests.filing.samples import PDF

NOISE = bytes(range(1, 251)) * 4


def archive(comment: bytes = b"", packing: int = zipfile.ZIP_STORED, inside: bytes = NOISE) -> bytes:
    """A ZIP archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as file:
        file.writestr("a.txt", inside)
        file.writestr("b.txt", "x" * 2000)
        file.comment = comment
    return stream.getvalue()


def wide_archive() -> bytes:
    """A ZIP archive whose directory is stated in the wide form alone."""
    plain = archive()
    place = plain.rfind(b"PK\x05\x06")
    entries, size, offset = struct.unpack_from("<10xHLL", plain, place)
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1)
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return plain[:place] + record + locator + end


def old_office(sectors: int = 6) -> bytes:
    """A compound document with one table of sectors."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", head, 0x1E, 9)
    struct.pack_into("<L", head, 0x2C, 1)
    struct.pack_into("<LL", head, 0x44, 0xFFFFFFFE, 0)
    struct.pack_into("<109L", head, 0x4C, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128L", 0xFFFFFFFD, *[0xFFFFFFFE] * (sectors - 1), *[0xFFFFFFFF] * (128 - sectors))
    return bytes(head) + table + NOISE.ljust(512 * (sectors - 1), b"\x11")[: 512 * (sectors - 1)]


def png() -> bytes:
    """A picture of one grey dot, with a long remark."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))

    head = struct.pack(">LLBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pieces = chunk(b"IHDR", head) + chunk(b"tEXt", b"a\0" + NOISE) + chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + pieces + chunk(b"IEND", b"")


def jpeg(preview: bytes = b"\xff\xd8\xff\xdb\x00\x02\xff\xd9") -> bytes:
    """A picture with a preview inside, which has an end of its own."""
    first = b"\xff\xe1" + struct.pack(">H", 2 + len(preview)) + preview
    return b"\xff\xd8" + first + b"\xff\xda\x00\x04\x00\x00" + NOISE + b"\xff\x00\x11\xff\xd0\x22" * 20 + b"\xff\xd9"


def gif() -> bytes:
    """A picture with a table of colours, a remark and two frames, in which the trailer's byte stands."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02" + b"\x08;;;;;;;;" * 30 + b"\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff!\xfe\x03abc\0" + frame * 2 + b";"


def bitmap() -> bytes:
    """A picture of 20 by 20 dots whose stated length is wrong, as many programs write it."""
    head = struct.pack("<LllHHLLllLL", 40, 20, -20, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<LHHL", 0, 0, 0, 54) + head + b"\x7f" * (60 * 20)


def tiff(byte_order: str = "<", pages: int = 2) -> bytes:
    """A picture of several pages, the data of the last page last."""
    data = bytearray((b"II*\x00" if byte_order == "<" else b"MM\x00*") + struct.pack(byte_order + "L", 8))
    for page in range(pages):
        strips = len(data) + 2 + 2 * 12 + 4
        following = 0 if page == pages - 1 else strips + 300
        data += struct.pack(byte_order + "HHHLLHHLLL", 2, 273, 4, 1, strips, 279, 4, 1, 300, following) + b"\x55" * 300
    return bytes(data)


def box(name: bytes, data: bytes) -> bytes:
    """One box of the family of formats that HEIC and MP4 belong to."""
    return struct.pack(">L4s", 8 + len(data), name) + data


def pictures_of_boxes(brand: bytes = b"heic", directory: bytes = b"meta") -> bytes:
    """A picture or film made of boxes."""
    return box(b"ftyp", brand + b"\0\0\0\0mif1" + brand) + box(directory, NOISE) + box(b"mdat", NOISE)


def linearised() -> bytes:
    """A PDF for the web: it states its length at its beginning, and its first part has an end of its own."""
    first = b"1 0 obj\n<</Linearized 1/L %06d>>\nendobj\nstartxref\n0\n%%%%EOF\n"
    rest = b" " * 5000 + b"startxref\n9\n%%EOF\n"
    length = len(b"%PDF-1.5\n" + first % 0 + rest)
    return b"%PDF-1.5\n" + first % length + rest


def updated(pdf: bytes = PDF) -> bytes:
    """A PDF whose second version follows its first."""
    return pdf + b"12 0 obj\n<</Length 900>>stream\n" + b"\x81" * 900 + b"\nendstream\nendobj\nstartxref\n1\n%%EOF"


def tarball() -> bytes:
    """A tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        entry = tarfile.TarInfo("a.bin")
        entry.size = len(NOISE)
        file.addfile(entry, io.BytesIO(NOISE))
    return stream.getvalue().rstrip(b"\0") + b"\0" * 24 + b"\0" * 1024


def mail(parts: Sequence[str] = ("one", "two")) -> bytes:
    """A mail with parts."""
    inside = "".join(f"--frontier\r\nContent-Type: text/plain\r\n\r\n{part}\r\n" for part in parts)
    return (
        "From: a@portal.example\r\nSubject: offer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n"
        f' boundary="frontier"\r\n\r\n{inside}--frontier--\r\n'
    ).encode()


_SEVEN = b"7z\xbc\xaf\x27\x1c\x00\x04\0\0\0\0" + struct.pack("<QQL", len(NOISE), 20, 0) + NOISE + b"\x17" * 20
_XML = '<?xml version="1.0"?>\n<!-- <i> -->\n<Invoice xmlns="urn:x"><Line n="1"/><Line>ü</Line></Invoice>\n'
SIGNED = b"\x30\x82" + struct.pack(">H", 11 + len(NOISE)) + b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + NOISE

WHOLE: dict[str, bytes] = {
    "a.pdf": PDF,
    "linearised.pdf": linearised(),
    "updated.pdf": updated(),
    "a.zip": archive(),
    "packed.docx": archive(packing=zipfile.ZIP_DEFLATED),
    "commented.zip": archive(b"c" * 60_000),
    "nested.zip": archive(inside=archive(inside=archive())),
    "wide.zip": wide_archive(),
    "a.doc": old_office(),
    "a.png": png(),
    "a.jpg": jpeg(),
    "several.jpg": jpeg() + jpeg(),
    "a.gif": gif(),
    "a.bmp": bitmap(),
    "a.tif": tiff(),
    "b.tif": tiff(">"),
    "a.webp": b"RIFF" + struct.pack("<L", 4 + len(NOISE)) + b"WEBP" + NOISE,
    "a.heic": pictures_of_boxes(),
    "a.avif": pictures_of_boxes(b"avif"),
    "a.mp4": pictures_of_boxes(b"isom", b"moov"),
    "a.gz": gzip.compress(NOISE),
    "members.gz": gzip.compress(NOISE) + gzip.compress(NOISE[::-1]),
    "a.bz2": bz2.compress(NOISE),
    "a.xz": lzma.compress(NOISE),
    "a.7z": _SEVEN,
    "a.rar": b"Rar!\x1a\x07\x00" + NOISE + b"\xc4\x3d\x7b\x00\x40\x07\x00",
    "b.rar": b"Rar!\x1a\x07\x01\x00" + NOISE + b"\x1d\x77\x56\x51\x03\x05\x04\x00",
    "a.tar": tarball(),
    "a.xml": _XML.encode(),
    "wide.xml": _XML.encode("utf-16"),
    "empty.xml": b'<?xml version="1.0"?><orders total="0"/>',
    "a.json": b'{"orders": [{"number": 1}, {"number": 2}]}',
    "a.rtf": b"{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}{\\b Offer \\} 1}\\par}\n",
    "a.eml": mail(),
    "a.p7m": SIGNED,
}
"""By the name that each is given."""
