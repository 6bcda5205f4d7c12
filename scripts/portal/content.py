"""The demo portal's orders and files, made from a seed: the same seed gives the same names, bytes and hashes.

Files carry the real structure of their type, so that a check of their first bytes is worth something.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import attrs

from scripts.portal.options import PortalConfig

SMALLEST_FILE = 512


class Form(enum.IntEnum):
    """How an order's page offers a file: Coupa's four forms, by their usual numbers."""

    BUTTON = 1
    DATA_ADDRESS = 2
    COMMENT_LINK = 3
    PLAIN_LINK = 4


@attrs.frozen
class DemoFile:
    """One attachment. `key` names it in addresses, `name` is what the portal calls it."""

    key: str
    order: str
    name: str
    kind: str
    size: int
    form: Form
    disposition: str
    seed: int

    def content(self) -> bytes:
        """The file's bytes; the same at every call."""
        return _content(self.kind, f"{self.seed}:{self.key}", self.size)

    def sha256(self) -> str:
        """Lower-case hex digest of the bytes."""
        return _digest(self.kind, f"{self.seed}:{self.key}", self.size)


@attrs.frozen
class DemoOrder:
    """One order. Its files lie on its own page, or on that of its requisition when it has one."""

    number: str
    supplier: str
    files: tuple[DemoFile, ...]
    requisition: str = ""


SUPPLIERS = (
    "Acme Metals-0051468190",
    "Blue Harbour Logistics-0051468233",
    "Cortina & Figli S.p.A.-0051470021",
    "Dörfler Maschinenbau GmbH-0051470388",
    "Estrela Papéis Ltda.-0051471904",
)

_ORDINARY_NAMES = (
    ("Quote {n}.pdf", "pdf"),
    ("delivery-note_{n}.zip", "zip"),
    ("drawing {n} rev B.png", "png"),
    ("Angebot Größe {n}.pdf", "pdf"),
    ("nota fiscal nº {n}.pdf", "pdf"),
    ("terms-and-conditions-{n}.pdf", "pdf"),
)

_NASTY_NAMES = (
    "../../outside {n}.pdf",
    "CON.pdf",
    "a/b\\c {n}.pdf",
    "n" * 300 + "{n}.pdf",
    "=cmd() {n}.pdf",
    "same name.pdf",
    "same name.pdf",
    "Same Name.pdf",
    " spaces   and. .pdf",
)


def build_orders(config: PortalConfig) -> dict[str, DemoOrder]:
    """Make the portal's orders, in the order of their numbers.

    Unless the configuration says otherwise, of every ten orders one has no attachments, one has them on its
    requisition, and the others have one to four in forms that take turns.
    """
    orders: dict[str, DemoOrder] = {}
    for index in range(config.orders):
        number = f"{config.prefix}{config.first_number + index}"
        chance = random.Random(f"{config.seed}:{number}")
        has_none = config.files_per_order is None and index % 10 == 5
        on_requisition = config.files_per_order is None and index % 10 == 7
        count = chance.randint(1, 4) if config.files_per_order is None else config.files_per_order
        files = tuple(_file(config, number, index, place, chance) for place in range(0 if has_none else count))
        orders[number] = DemoOrder(
            number=number,
            supplier=SUPPLIERS[index % len(SUPPLIERS)],
            files=files,
            requisition=str(500_000 + index) if on_requisition else "",
        )
    return orders


def _file(config: PortalConfig, number: str, index: int, place: int, chance: random.Random) -> DemoFile:
    turn = index + place
    if config.nasty_names:
        pattern, kind = _NASTY_NAMES[turn % len(_NASTY_NAMES)], "pdf"
    else:
        pattern, kind = _ORDINARY_NAMES[turn % len(_ORDINARY_NAMES)]
    wanted = chance.randint(3 * 1024, 64 * 1024) if config.file_size is None else config.file_size
    return DemoFile(
        key=f"{number}-{place + 1}",
        order=number,
        name=pattern.format(n=f"{index + 1}-{place + 1}"),
        kind=kind,
        size=max(wanted, SMALLEST_FILE),
        form=Form(config.forms[turn % len(config.forms)]),
        disposition=config.dispositions[turn % len(config.dispositions)],
        seed=config.seed,
    )


def _pdf(payload: Callable[[int], bytes], size: int) -> bytes:
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n<< >>\nstream\n"
    tail = b"\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    return head + payload(size - len(head) - len(tail)) + tail


def _png(payload: Callable[[int], bytes], size: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    tail = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    filler = payload(size - len(head) - len(tail) - len(chunk(b"raNd", b"")))
    return head + chunk(b"raNd", filler) + tail


def _zip(payload: Callable[[int], bytes], size: int) -> bytes:
    def packed(data: bytes) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo("content.bin", date_time=(2024, 1, 1, 0, 0, 0)), data)
        return target.getvalue()

    return packed(payload(size - len(packed(b""))))


_MAKERS = {"pdf": _pdf, "png": _png, "zip": _zip}


@functools.lru_cache(maxsize=512)
def _content(kind: str, seed: str, size: int) -> bytes:
    return _MAKERS[kind](random.Random(seed).randbytes, size)


@functools.cache
def _digest(kind: str, seed: str, size: int) -> str:
    return hashlib.sha256(_content(kind, seed, size)).hexdigest()
