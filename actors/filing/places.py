"""Where an order's folder belongs, and making room for it: suppliers' folders, orders' names, superseded folders."""

from __future__ import annotations

import json
import logging

from actors.addresses import page_key, web_address
from actors.filing.claims import Claim, Claims
from actors.filing.labels import Lengths, folder_label, hashed_label, short_hash
from actors.filing.naming import sanitised, tidy
from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import Ground
from contracts.errors import MachineError
from contracts.ports import Lease
from contracts.tasks import POResult, TaskStatus

log = logging.getLogger("purser.filing")

_UNKNOWN_SUPPLIER = "Unknown"
_ANOTHERS = 3
"""The rank of a name that another order has, or another page of this run."""


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
            MachineError: Every name it could have is ours, or taken by a link, a file or another supplier.
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
                log.warning("%s %s. The files of %s go elsewhere.", found.path, found.why, original)
        raise MachineError(
            f"Neither {label} nor {other} in {self._root.path} can be the folder of {original}: they are links, files, "
            "another supplier's, or names of our own. Remove them; the work goes on by itself."
        )

    def order_label(self, supplier: Folder, lease: Lease, result: POResult) -> tuple[str, Claim]:
        """Return the folder's name without status, and the claim to it that this publish makes.

        Another order's folder is never taken, nor that of an order with the same number that this run brought from
        another address. A name that this page had before is its name again, whoever else is in the run; else the first
        one that is free, or that an earlier run gave to the order.
        """
        number, most = tidy(result.po_number), self._lengths.order
        asked = _hash_of(lease.address) if lease.address else ""
        owner, page = json.dumps([number, _host(result.url)]), _hash_of(result.url)
        claim = Claim(owner, run=self._run, lease=lease.folder_name, page=page, asked=asked)
        labels = [folder_label(number, most), hashed_label(number, json.dumps([number, page]), most)]
        if asked:
            labels.append(hashed_label(number, json.dumps([number, page, asked]), most))
        ranks = [_rank(self._claims.read(f"{supplier.path.name}/{label}"), claim) for label in labels]
        best = min(ranks)
        return labels[ranks.index(best) if best < _ANOTHERS else -1], claim

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


def _rank(held: Claim | None, claim: Claim) -> int:
    """Return how well a name suits a claim, 0 best, by who holds it now."""
    if held is None:
        return 2
    if held.is_of(claim):
        return 0
    if held.owner != claim.owner or held.run == claim.run:
        return _ANOTHERS
    return 1 if held.page == claim.page else 2


def _host(url: str) -> str:
    address = web_address(url)
    return address.host.strip("[]") if address is not None else ""


def _hash_of(address: str) -> str:
    """Return what stands for the page of an address, however it is written."""
    return short_hash(page_key(address) or address)
