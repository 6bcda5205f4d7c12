"""What a run writes back: the contract's columns, a row for each input row, harmless in a spreadsheet, rereadable."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from actors.tables import pair_outcomes, read_orders, write_results
from actors.tables.cells import escape_cell, unescape_cell
from actors.tables.characters import bare
from actors.tables.numbers import read_number
from actors.tables.replacing import backup_path, check_target, replacing
from actors.tables.rows import OrderFile, OrderRow
from contracts.errors import ConfigurationError, MachineError
from contracts.tasks import Attachment, POResult, POTask, TaskHandle, TaskStatus

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def outcome(number: str, status: TaskStatus = TaskStatus.COMPLETED, **more: object) -> POResult:
    return POResult(handle=TaskHandle(0, number), status=status, finished_at=NOW, **more)  # type: ignore[arg-type]


def orders_of(tmp_path: Path, content: str) -> OrderFile:
    file = tmp_path / "orders.csv"
    file.write_text(content, encoding="utf-8", newline="")
    return read_orders(file)


def cells_of(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter))


def test_the_result_columns_come_in_the_contracts_order_then_the_inputs_others(tmp_path: Path) -> None:
    orders = orders_of(tmp_path, "note,po_number,supplier,url,amount\nhello,PO1,A,https://p.example/1,12.50\n")
    files = tuple(Attachment(name, 1, "0" * 64, "s") for name in ("a.pdf", "b.pdf"))
    result = outcome("PO1", attachments=files, attachments_found=2, supplier="Filed", folder=Path("d/A/PO1_COMPLETED"))
    write_results(tmp_path / "r.csv", orders, [result], NOW)
    header, row = cells_of(tmp_path / "r.csv")
    assert header == [
        "PO_NUMBER", "STATUS", "SUPPLIER", "ATTACHMENTS_FOUND", "ATTACHMENTS_DOWNLOADED", "AttachmentName",
        "LAST_PROCESSED", "ERROR_MESSAGE", "DOWNLOAD_FOLDER", "COUPA_URL", "note", "amount",
    ]  # fmt: skip
    assert row == [
        "PO1", "COMPLETED", "Filed", "2", "2", "a.pdf; b.pdf",
        "2026-01-02T03:04:05+00:00", "", "d/A/PO1_COMPLETED", "https://p.example/1", "hello", "12.50",
    ]  # fmt: skip


def test_every_input_row_gets_one_row_in_the_inputs_order(tmp_path: Path) -> None:
    """Good, bad, finished earlier, duplicate and never reached."""
    orders = orders_of(
        tmp_path,
        "PO_NUMBER,STATUS,LAST_PROCESSED,COUPA_URL,x\n"
        "PO1,FAILED,t,,1\n,,,,2\nPO2,COMPLETED,before,,3\nPO3,,,gopher://x,4\nPO1,FAILED,t,,5\nPO4,,,,6\n",
    )
    write_results(tmp_path / "r.csv", orders, [outcome("PO1"), outcome("PO1")], NOW)
    rows = cells_of(tmp_path / "r.csv")[1:]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("PO1", "COMPLETED", "1"),
        ("", "FAILED", "2"),
        ("PO2", "COMPLETED", "3"),
        ("PO3", "FAILED", "4"),
        ("PO1", "COMPLETED", "5"),
        ("PO4", "CANCELLED", "6"),
    ]
    assert rows[2][6] == "before"
    assert rows[3][9] == "gopher://x"
    assert "line 5: the URL must be an http or https address" in rows[3][7]


def test_the_file_is_utf_8_with_a_mark_and_separated_like_the_input(tmp_path: Path) -> None:
    orders = orders_of(tmp_path, "po_number;supplier\nPO1;Müller\n")
    write_results(tmp_path / "r.csv", orders, [outcome("PO1")], NOW)
    assert (tmp_path / "r.csv").read_bytes().startswith(b"\xef\xbb\xbfPO_NUMBER;STATUS;")
    assert cells_of(tmp_path / "r.csv", ";")[1][2] == "Müller"


def test_the_one_before_stays_as_a_backup_and_nothing_else_is_left(tmp_path: Path) -> None:
    orders = orders_of(tmp_path, "po_number\nPO1\n")
    target = tmp_path / "out" / "r.csv"
    for status in (TaskStatus.FAILED, TaskStatus.PARTIAL, TaskStatus.COMPLETED):
        write_results(target, orders, [outcome("PO1", status)], NOW)
    assert cells_of(target)[1][1] == "COMPLETED"
    assert cells_of(backup_path(target))[1][1] == "PARTIAL"
    assert sorted(path.name for path in target.parent.iterdir()) == ["r.csv", "r.csv.bak"]


def test_a_file_that_breaks_off_leaves_the_one_before(tmp_path: Path) -> None:
    target = tmp_path / "r.csv"
    target.write_text("old")
    with pytest.raises(TypeError), replacing(target, encoding="utf-8") as stream:
        stream.writelines(["half", None])  # type: ignore[list-item]  # the break
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]


def test_a_place_that_cannot_be_written_is_an_error_of_the_host(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(MachineError, match="could not be written"),
        replacing(tmp_path / "file" / "r", encoding="utf-8"),
    ):
        pass


def test_a_target_is_checked_without_making_anything(tmp_path: Path) -> None:
    check_target(tmp_path / "a" / "b" / "r.csv", "results file")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="is a folder"):
        check_target(tmp_path, "results file")
    with pytest.raises(ConfigurationError, match="not a folder that you may write to"):
        check_target(tmp_path / "file" / "r.csv", "results file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_link_is_followed_instead_of_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "r.csv").symlink_to(tmp_path / "real.csv")
    with replacing(tmp_path / "r.csv", encoding="utf-8") as stream:
        stream.write("new")
    assert (tmp_path / "r.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


@pytest.mark.parametrize(
    "text", ["=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "'=1", "-", "=1"]
)
def test_what_a_spreadsheet_would_run_is_escaped(text: str) -> None:
    assert escape_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["-12.5", "+7", "-1,5", "", "PO-1", "a=b", "'quoted'", " =1"])
def test_what_it_would_not_run_stays(text: str) -> None:
    assert escape_cell(text) == text


def test_control_characters_of_a_page_cannot_make_the_file_unreadable(tmp_path: Path) -> None:
    orders = orders_of(tmp_path, "po_number\nPO1\n")
    bad = outcome("PO1", TaskStatus.FAILED, error_message="a\x00b\x1b[31m\ud800\nc", supplier="x\x07")
    write_results(tmp_path / "r.csv", orders, [bad], NOW)
    (row,) = read_orders(tmp_path / "r.csv").rows
    assert isinstance(row, OrderRow)
    assert row.previous["ERROR_MESSAGE"] == "a\ufffdb\ufffd[31m\\ud800 c"


hostile = st.text(st.sampled_from("'=+-@\t\r\n,;\"PO1 \ufeff\u00e9\uff1d\u2028"), max_size=12)
anything = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(hostile | anything)
def test_escaping_is_undone_exactly(text: str) -> None:
    assert unescape_cell(escape_cell(text)) == text


@given(hostile | anything)
def test_no_escaped_cell_begins_with_a_formula(text: str) -> None:
    escaped = escape_cell(text)
    if escaped[:1] in tuple("=+-@\t\r\n"):
        assert float(escaped.replace(",", "."))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round-trip")


@given(
    rows=st.lists(st.tuples(hostile | anything, hostile | anything), min_size=1, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_results_read_again_give_the_same_numbers_and_the_same_file(
    folder: Path, rows: list[tuple[str, str]], delimiter: str
) -> None:
    """However hostile the numbers, a second and a third run see what the first one saw."""
    rows = [(number if bare(number) else "PO", note) for number, note in rows]
    with (folder / "in.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(["po_number", "=note"])
        writer.writerows([escape_cell(number), note] for number, note in rows)
    first = read_orders(folder / "in.csv")
    assert [row.po_number for row in first.rows] == [read_number(escape_cell(number)).number for number, _ in rows]
    contents = []
    orders = first
    for name in ("one.csv", "two.csv"):
        failed = [outcome(row.po_number, TaskStatus.FAILED) for row in orders.to_visit]
        write_results(folder / name, orders, failed, NOW)
        orders = read_orders(folder / name)
        assert [row.po_number for row in orders.rows] == [row.po_number for row in first.rows]
        assert [row.others[:1] for row in orders.rows] == [row.others for row in first.rows]
        contents.append([row[:1] + row[10:] for row in cells_of(folder / name, delimiter)])
    assert contents[0] == contents[1]


def test_a_number_written_in_a_way_of_its_own_keeps_that_cell_in_a_last_column(tmp_path: Path) -> None:
    """The first column says what was visited, and a list can still be joined by what its own cells hold."""
    orders = orders_of(tmp_path, 'po_number,note\n"=""00123""",a\n4500\u200b,b\nPO1,c\n"4,5E+09",d\n')
    done = [outcome("00123"), outcome("4500", TaskStatus.FAILED), outcome("PO1")]
    write_results(tmp_path / "r.csv", orders, done, NOW)
    header, *rows = cells_of(tmp_path / "r.csv")
    assert header[10:] == ["note", "PO_NUMBER (as written)"]
    assert [(row[0], row[1], row[11]) for row in rows] == [
        ("00123", "COMPLETED", '\'="00123"'),
        ("4500", "FAILED", "4500\u200b"),
        ("PO1", "COMPLETED", "PO1"),
        ("4,5E+09", "FAILED", "4,5E+09"),
    ]
    again = read_orders(tmp_path / "r.csv")
    assert [row.po_number for row in again.already_done] == ["00123", "PO1"]
    assert [row.po_number for row in again.to_visit] == ["4500"]
    (note,) = again.notes
    assert "rounded 1 PO number (line 5)" in note
    write_results(tmp_path / "r2.csv", again, [outcome("4500")], NOW)
    header, *rows = cells_of(tmp_path / "r2.csv")
    assert header[10:] == ["note", "PO_NUMBER (as written)"]
    assert [row[11] for row in rows] == ['\'="00123"', "4500\u200b", "PO1", "4,5E+09"]


@given(st.lists(st.tuples(st.sampled_from("AB"), st.booleans()), max_size=8))
def test_outcomes_are_paired_in_order_when_some_are_missing(rows: list[tuple[str, bool]]) -> None:
    """Every outcome finds a row of its own number, none is lost and none is used twice."""
    order_rows = [OrderRow(line=place, task=POTask(number)) for place, (number, _) in enumerate(rows)]
    outcomes = [outcome(number) for number, ended in rows if ended]
    paired = pair_outcomes(order_rows, outcomes)
    assert [found for found in paired if found] == outcomes
    assert all(found is None or found.po_number == row.po_number for row, found in zip(order_rows, paired, strict=True))
