"""Where an order's folder belongs, and making room for it: suppliers' folders, orders' names, superseded folders."""

from __future__ import annotations

import json
import logging
from urllib.parse import urlsplit

from actors.filing.claims import Claim, Claims
from actors.filing.labels import Lengths, folder_label, hashed_label, short_hash
from actors.filing.naming import sanitised, tidy
from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import Ground
from contracts.errors import HostResourceError
from contracts.ports import Lease
from contracts.tasks import POResult, TaskStatus

_log = logging.getLogger("purser.filing")

_UNKNOWN_SUPPLIER = "Unknown"


class Places:
    """The places of one download folder.

    Args:
        ground: The download folder.
        claims: Who owns which name.
        lengths: How long names may be.
        run: Name of this run, safe as a folder's.
    """

    def __init__(self, ground: Ground, claims: Claims, lengths: Lengths, run: str) -> None:
        self._ground = ground
        self._root = ground.root
        self._claims = claims
        self._lengths = lengths
        self._run = run

    def supplier_folder(self, supplier: str) -> Folder:
        """Make sure of the supplier's folder, its own and a real one inside the root, and open it.

        Raises:
            HostResourceError: Every name it could have is ours, or taken by a link, a file or another supplier.
            OSError: It cannot be made.
        """
        original = tidy(supplier) if sanitised(supplier) else _UNKNOWN_SUPPLIER
        label = folder_label(original, self._lengths.supplier)
        other = hashed_label(original, original, self._lengths.supplier)
        for name in (label, other):
            if self._ground.is_reserved(name) or not self._claims.hold(name, original):
                continue
            try:
                return self._root.below(name, make=True)
            except NotOursError as found:
                _log.warning("%s %s. The files of %s go elsewhere.", found.path, found.why, original)
        raise HostResourceError(
            f"Neither {label} nor {other} in {self._root.path} can be the folder of {original}: they are links, files, "
            "another supplier's, or names of our own. Remove them; the work goes on by itself."
        )

    def order_label(self, supplier: Folder, lease: Lease, result: POResult) -> tuple[str, Claim]:
        """Return the folder's name without status, and the claim to it that this publish makes.

        Another order's folder is never taken, nor that of an order with the same number that this run brought from
        another address. An address whose files had to go beside a namesake's once goes there in every run.
        """
        number = tidy(result.po_number)
        owner = json.dumps([number, _host(result.url)])
        claim = Claim(owner, run=self._run, lease=lease.folder_name, page=short_hash(result.url))
        label = folder_label(number, self._lengths.order)
        beside = hashed_label(number, json.dumps([number, claim.page]), self._lengths.order)
        before = self._claims.read(f"{supplier.path.name}/{beside}")
        if before is not None and (before.owner, before.page) == (owner, claim.page):
            return beside, claim
        held = self._claims.read(f"{supplier.path.name}/{label}")
        if held is None or (held.owner == owner and (held.run != self._run or held.page in ("", claim.page))):
            return label, claim
        return beside, claim

    def make_room(self, supplier: Folder, label: str) -> None:
        """Move away every folder of the order that is there."""
        for status in TaskStatus:
            old = f"{label}_{status.value}"
            if supplier.look(old) is None:
                continue
            with self._ground.inside.below("superseded", self._run, supplier.path.name, make=True) as superseded:
                free, number = old, 2
                while superseded.look(free) is not None:
                    free, number = f"{old}_{number}", number + 1
                supplier.move(old, superseded, free)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
