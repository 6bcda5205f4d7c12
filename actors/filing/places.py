"""Where an order's folder belongs, and making room for it: suppliers' folders, orders' names, superseded folders."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

from actors.filing.claims import Claim, Claims
from actors.filing.labels import Lengths, folder_label, hashed_label, short_hash
from actors.filing.naming import sanitised, tidy
from contracts.errors import HostResourceError
from contracts.ports import Lease
from contracts.tasks import POResult, TaskStatus

_log = logging.getLogger("purser.filing")

_UNKNOWN_SUPPLIER = "Unknown"


class Places:
    """The places of one download folder.

    Args:
        root: The download folder, with links resolved.
        claims: Who owns which name.
        lengths: How long names may be.
        run: Name of this run, safe as a folder's.
        superseded: Where folders go that are replaced.
    """

    def __init__(self, root: Path, claims: Claims, lengths: Lengths, run: str, superseded: Path) -> None:
        self._root = root
        self._claims = claims
        self._lengths = lengths
        self._run = run
        self._superseded = superseded

    def supplier_folder(self, supplier: str) -> Path:
        """Make sure of the supplier's folder, its own and a real one inside the root, and return it.

        Raises:
            HostResourceError: Every name it could have is taken by a link, a file or another supplier.
            OSError: It cannot be made.
        """
        original = tidy(supplier) if sanitised(supplier) else _UNKNOWN_SUPPLIER
        label = folder_label(original, self._lengths.supplier)
        other = hashed_label(original, original, self._lengths.supplier)
        for name in (label, other):
            path = self._root / name
            if not self._claims.hold(name, original):
                continue
            if not os.path.lexists(path):
                path.mkdir()
            if path.is_dir() and not path.is_symlink() and Path(os.path.realpath(path)).parent == self._root:
                return path
            _log.warning("%s is a link or a file. The files of %s go elsewhere.", path, original)
        raise HostResourceError(
            f"Neither {label} nor {other} in {self._root} can be the folder of {original}: both are links, files or "
            "another supplier's. Remove them; the work goes on by itself."
        )

    def order_label(self, supplier: Path, lease: Lease, result: POResult) -> tuple[str, Claim]:
        """Return the folder's name without status, and the claim to it that this publish makes.

        Another order's folder is never taken, nor that of an order with the same number that this run brought from
        another address.
        """
        number = tidy(result.po_number)
        owner = json.dumps([number, _host(result.url)])
        claim = Claim(owner, run=self._run, lease=lease.folder_name, page=short_hash(result.url))
        label = folder_label(number, self._lengths.order)
        held = self._claims.read(f"{supplier.name}/{label}")
        if held is None or (held.owner == owner and (held.run != self._run or held.page in ("", claim.page))):
            return label, claim
        return hashed_label(number, json.dumps([number, claim.page]), self._lengths.order), claim

    def move_in(self, files: Path, supplier: Path, label: str, target: Path) -> None:
        """Move away every folder of the order and put the new one in its place."""
        for status in TaskStatus:
            old = supplier / f"{label}_{status.value}"
            if os.path.lexists(old):
                old.rename(self._free_place(supplier.name, old.name))
        files.rename(target)

    def _free_place(self, supplier: str, name: str) -> Path:
        folder = self._superseded / supplier
        folder.mkdir(parents=True, exist_ok=True)
        path, number = folder / name, 2
        while os.path.lexists(path):
            path, number = folder / f"{name}_{number}", number + 1
        return path


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
