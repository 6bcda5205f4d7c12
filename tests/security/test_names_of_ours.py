"""A supplier or an order that is called like a file of ours takes none of our places."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from actors.filing.folder import DownloadFolder
from actors.filing.lock import FolderLock
from actors.folders.ground import OWN_NAMES, Ground
from actors.tables import read_orders, write_report, write_results
from tests.filing.samples import arrived, lease, listed, result

WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(ord("!"), ord("~") + 1)})
OTHERS = (
    "lock",
    "lock.json",
    "journal.db",
    "journal.path",
    ".results.csv.0123abcd.new",
    "results.csv.new",
    "RESULT~1.CSV",
)
FORMS = (
    str,
    str.upper,
    str.title,
    lambda name: name + ".",
    lambda name: name + " . ",
    lambda name: " " + name,
    lambda name: name.translate(WIDE),
    lambda name: name.replace("s", "\u017f"),
    lambda name: name.replace("e", "e\u200d"),
    lambda name: "./" + name,
)


@pytest.mark.parametrize("form", range(len(FORMS)))
@pytest.mark.parametrize("name", [*OWN_NAMES, *OTHERS])
def test_results_and_report_are_written_whatever_a_supplier_or_an_order_is_called(
    tmp_path: Path, name: str, form: int
) -> None:
    called, root = FORMS[form](name), tmp_path / "dl"
    (tmp_path / "orders.csv").write_text("po_number\nPO1\n")
    with FolderLock(root) as lock:
        folder = DownloadFolder(root, "run", ground=lock.ground)
        for attempt, (number, supplier) in enumerate([("PO1", called), (called, "Acme"), (called, called)], start=1):
            of = lease(number, attempt=attempt, sequence=attempt)
            attachment = folder.place(of, arrived(folder.stage(of) / "x"), listed(title=called))
            filed = folder.publish(of, result(of, attachment, supplier=supplier))
            assert filed.parent.parent == root
            folder.keep_evidence(of, "text", b"")
        for _ in range(2):  # with the copy of the one before
            write_results(root / "results.csv", read_orders(tmp_path / "orders.csv"), (), datetime.now(UTC))
            write_report(root / "report.json", {})
    for own in OWN_NAMES[1:]:
        assert (root / own).is_file()
    with FolderLock(root):
        assert (root / ".purser").is_dir()


@pytest.mark.parametrize("name", ["Acme", "outcome.csv", "outcome.csv.bak"])
def test_files_that_the_user_named_take_their_places_too(tmp_path: Path, name: str) -> None:
    ground = Ground(tmp_path)
    ground.reserve(tmp_path / name.removesuffix(".bak"), tmp_path.parent / "elsewhere.csv")
    folder = DownloadFolder(tmp_path, "run", ground=ground)
    of = lease()
    filed = folder.publish(
        of, result(of, folder.place(of, arrived(folder.stage(of) / "x"), listed()), supplier=name.upper())
    )
    assert filed.parent.name.startswith(f"{name.upper()}~")
    assert not (tmp_path / name).exists()


def test_a_supplier_keeps_its_own_name_where_it_is_none_of_ours(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    for name in ("Acme", "purser", "results", "report.pdf", "Results_GmbH"):
        assert not ground.is_reserved(name)
