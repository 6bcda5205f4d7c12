"""The demo's own ground: folders with short paths, the orders' CSV, and what may be left of it all at the end."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path

import attrs

from scripts.portal.child import TrueOrder


def short_base() -> str | None:
    """Return where to make a folder for browsers: their sockets' path may not be long, and the usual place often is."""
    return "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108 - a private folder is made in it


@attrs.frozen
class Place:
    """Where one demo runs.

    Args:
        scratch: Everything that must be gone or empty at the end.
        output: The CSV, the downloads and the log, for people to look at.
    """

    scratch: Path
    output: Path

    @classmethod
    def make(cls, output: Path) -> Place:
        """Make the folders. `output` must be empty or not there yet."""
        output.mkdir(parents=True, exist_ok=True)
        place = cls(Path(tempfile.mkdtemp(prefix="pd-", dir=short_base())).resolve(), output.resolve())
        place.temporary.mkdir()
        return place

    @property
    def temporary(self) -> Path:
        """Where temporary folders are made."""
        return self.scratch / "t"

    @property
    def state(self) -> Path:
        """Where the run's state is kept."""
        return self.scratch / "state"

    @property
    def orders(self) -> Path:
        """The orders' CSV."""
        return self.output / "orders.csv"

    @property
    def downloads(self) -> Path:
        """The download folder."""
        return self.output / "download"

    @property
    def log(self) -> Path:
        """Everything the run said."""
        return self.output / "purser.log"

    def use(self, environment: MutableMapping[str, str]) -> None:
        """Make this process and its children use these folders."""
        environment["TMPDIR"] = str(self.temporary)
        environment["PURSER_STATE_DIR"] = str(self.state)
        tempfile.tempdir = str(self.temporary)

    def remove(self) -> None:
        """Delete the scratch folder; the output stays."""
        tempfile.tempdir = None
        shutil.rmtree(self.scratch)

    def write_orders(self, truth: Mapping[str, TrueOrder]) -> None:
        """Write the CSV that a finance team would have."""
        with self.orders.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["PO_NUMBER", "SUPPLIER"])
            writer.writerows([number, order.supplier] for number, order in truth.items())

    def left_folders(self) -> list[Path]:
        """Temporary folders, staged files and files of unfinished runs that are still there."""
        return [
            *_entries(self.temporary),
            *_entries(self.state / "runs"),
            *_entries(self.downloads / ".purser" / "staging"),
        ]

    def replaced_folders(self) -> list[Path]:
        """Folders of orders that were published more than once."""
        return [path for run in _entries(self.downloads / ".purser" / "superseded") for path in _entries(run)]

    def order_folders(self) -> list[Path]:
        """Every folder that an order has on disk."""
        return [order for supplier in _entries(self.downloads) for order in _entries(supplier)]


def _entries(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.iterdir() if path.name != ".purser") if folder.is_dir() else []
