"""What comes out of a file of orders: every row, whatever the encoding, separator and header, and nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.tables import BadRow, OrderFile, OrderRow, create_po_tasks_from_csv, read_orders
from contracts.errors import InputFileError


def read(tmp_path: Path, content: str | bytes) -> OrderFile:
    file = tmp_path / "orders.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_orders(file)


def good(orders: OrderFile) -> list[OrderRow]:
    return [row for row in orders.rows if isinstance(row, OrderRow)]


def test_the_quick_start_header_gives_number_supplier_url_and_amount(tmp_path: Path) -> None:
    """Contract 53."""
    orders = read(
        tmp_path,
        "po_number,supplier,url,amount\nPO-001,Supplier A,https://example.com/po1,1000.00\n",
    )
    (row,) = good(orders)
    assert row.task.po_number == "PO-001"
    assert row.task.supplier == "Supplier A"
    assert row.task.url == "https://example.com/po1"
    assert row.task.amount == 1000.0
    assert row.line == 2


@pytest.mark.parametrize("header", ["PO_NUMBER", "Po Number", '"""po_number"""', "'PO-Number'", "\ufeff PO_NUMBER "])
def test_the_number_column_is_found_without_regard_to_case_quotes_and_marks(tmp_path: Path, header: str) -> None:
    orders = read(tmp_path, f"note,{header},COUPA_URL\nx,PO1,https://p.example/1\n")
    assert good(orders)[0].po_number == "PO1"
    assert good(orders)[0].task.url == "https://p.example/1"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_separator_is_told_from_the_header(tmp_path: Path, delimiter: str) -> None:
    orders = read(tmp_path, delimiter.join(["PO_NUMBER", "Supplier", "note"]) + "\nPO1" + delimiter + "A" + delimiter)
    assert orders.delimiter == delimiter
    assert good(orders)[0].task.supplier == "A"


def test_a_comma_inside_a_header_text_does_not_win_over_the_real_separator(tmp_path: Path) -> None:
    orders = read(tmp_path, "po_number;amount (a,b,c,d);supplier\nPO1;2;A\n")
    assert orders.delimiter == ";"
    assert orders.other_columns == ("amount (a,b,c,d)",)


def test_the_separator_line_of_spreadsheets_is_no_header(tmp_path: Path) -> None:
    orders = read(tmp_path, "sep=;\r\nPO_NUMBER;supplier\r\nPO1;A\r\n")
    assert (good(orders)[0].po_number, good(orders)[0].line) == ("PO1", 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_accents_survive_in_every_supported_encoding(tmp_path: Path, encoding: str) -> None:
    orders = read(tmp_path, "po_number,supplier\nPO1,Müller São José\n".encode(encoding))
    assert good(orders)[0].task.supplier == "Müller São José"


def test_a_single_stray_byte_in_a_western_text_falls_back_to_latin_1(tmp_path: Path) -> None:
    orders = read(tmp_path, b"po_number,supplier\nPO1," + b"\xe9" * 40 + b"\x81\n")
    assert orders.encoding == "latin-1"


@pytest.mark.parametrize(
    "content",
    [
        "po_number\nPO1\n".encode("utf-16"),
        "po_number\nPO1\n".encode("utf-16-le"),
        b"po_number\nPO1\x00\n",
        b"PK\x03\x04\x14\x06\x08",
        "po_number,supplier\nPO1,請求書表示一覧".encode("shift_jis"),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputFileError, match="Save it as UTF-8"):
        read(tmp_path, content)


def test_a_character_cut_by_the_end_of_the_file_is_not_taken_for_utf_8(tmp_path: Path) -> None:
    assert read(tmp_path, b"po_number\nPO\xc3").encoding == "cp1252"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"po_number,url\n", "header but no rows"),
        (b"po_number,url\n,\n\n", "header but no rows"),
        (b"number,url\n1,x\n", "no column with the PO number.*'number', 'url'.*PO_NUMBER"),
    ],
)
def test_a_file_without_orders_says_what_it_needs(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        read(tmp_path, content)


def test_a_missing_file_a_folder_and_an_impossible_path_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="does not exist"):
        read_orders(tmp_path / "nothing.csv")
    with pytest.raises(InputFileError, match="is a folder"):
        read_orders(tmp_path)
    with pytest.raises(InputFileError, match=r"cannot be looked at|does not exist"):
        read_orders("a\x00b")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (",A,https://p.example/1", "no PO number"),
        ("PO9,A,ftp://p.example/1", "http or https"),
        ("PO9,A,javascript:alert(1)", "http or https"),
        ("PO9,A,not a url", "http or https"),
        ("PO9,A,https://", "http or https"),
        ("PO9,A,https://p.example:99999/", "http or https"),
        ("PO9,A,https://user:secret@p.example/", "user name or password"),
        ("PO9,A,B,https://p.example/1", "4 cells, but the header has 3"),
        ('"PO\n9",A,https://p.example/1', "line break"),
    ],
)
def test_a_bad_row_says_why_and_spoils_no_other(tmp_path: Path, cells: str, message: str) -> None:
    orders = read(tmp_path, f"po_number,supplier,url\nPO1,A,\n{cells}\nPO2,A,\n")
    (bad,) = orders.bad
    assert message in bad.message
    assert "secret" not in bad.message
    assert bad.line == 3
    assert [row.po_number for row in good(orders)] == ["PO1", "PO2"]


def test_rows_keep_the_order_of_the_file_and_blank_ones_are_no_rows(tmp_path: Path) -> None:
    orders = read(tmp_path, "po_number,url\n\nPO2,\n,,\nPO1,bad\nPO3,\n")
    assert [(row.po_number, row.line, isinstance(row, BadRow)) for row in orders.rows] == [
        ("PO2", 3, False),
        ("PO1", 5, True),
        ("PO3", 6, False),
    ]


def test_lines_are_counted_over_texts_that_span_several(tmp_path: Path) -> None:
    orders = read(tmp_path, 'po_number,supplier\nPO1,"A\nB"\nPO2,C\n')
    assert [row.line for row in orders.rows] == [2, 4]


@pytest.mark.parametrize("rows", ['PO1,"A\nPO2,B\nPO3,C\n', 'PO1,"A\n' + "PO2,B\n" * 30_000])
def test_a_quotation_mark_that_never_closes_is_refused_instead_of_swallowing_the_rows(
    tmp_path: Path, rows: str
) -> None:
    with pytest.raises(InputFileError, match=r"line 2 on\. A quotation mark opens there"):
        read(tmp_path, "po_number,supplier\n" + rows)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1000", 1000.0), ("1,234.56", 1234.56), ("1.234,56", 1234.56), ("12,5", 12.5), ("-3.5", -3.5), ("$ 7", 7.0)],
)
def test_amounts_are_read_as_people_write_them(tmp_path: Path, text: str, amount: float) -> None:
    (row,) = good(read(tmp_path, f'po_number,amount\nPO1,"{text}"\n'))
    assert row.task.amount == amount
    assert row.warnings == ()


@pytest.mark.parametrize("text", ["about ten", "nan", "inf", "1e999999", "0x10", "1_000"])
def test_an_amount_that_is_no_number_is_only_a_warning(tmp_path: Path, text: str) -> None:
    orders = read(tmp_path, f"po_number,amount\nPO1,{text}\n")
    assert good(orders)[0].task.amount is None
    assert orders.warnings[0].startswith(f"line 2: the amount '{text}'")
    assert good(orders)[0].others == (text,)


def test_a_priority_is_read_and_a_bad_one_counts_as_none(tmp_path: Path) -> None:
    orders = read(tmp_path, "po_number,priority\nPO1,-7\nPO2,soon\n")
    assert [row.task.priority for row in good(orders)] == [-7, 0]
    assert len(orders.warnings) == 1


def test_unknown_columns_travel_in_the_metadata_even_when_two_have_one_name(tmp_path: Path) -> None:
    orders = read(tmp_path, "Cost Center,po_number,note,note,\n 42 ,PO1,a,b,c\n")
    assert dict(good(orders)[0].task.metadata) == {
        "Cost Center": " 42 ",
        "note": "a",
        "note (column 4)": "b",
        "column 5": "c",
    }
    assert orders.other_columns == ("Cost Center", "note", "note", "")


def test_duplicates_stay_rows_and_name_the_first_one(tmp_path: Path) -> None:
    orders = read(tmp_path, "po_number,url\nPO1,\nPO1,https://p.example/1\nPO1,\n")
    assert [row.duplicate_of for row in good(orders)] == [None, None, 2]


def test_finished_rows_of_a_results_file_are_marked_and_the_others_are_to_be_visited(tmp_path: Path) -> None:
    orders = read(
        tmp_path,
        "PO_NUMBER,STATUS,LAST_PROCESSED\nPO1,COMPLETED,t\nPO2,no_attachments,t\nPO3,FAILED,t\nPO4,PARTIAL,t\nPO5,,\n",
    )
    assert [row.po_number for row in orders.already_done] == ["PO1", "PO2"]
    assert [row.po_number for row in orders.to_visit] == ["PO3", "PO4", "PO5"]


def test_the_status_column_of_an_export_skips_nothing(tmp_path: Path) -> None:
    """An order that is COMPLETED in the books of the buyer still has attachments to bring."""
    orders = read(tmp_path, "po_number,status\nPO1,COMPLETED\n")
    assert not orders.is_results_file
    assert len(orders.to_visit) == 1
    assert orders.other_columns == ("status",)


def test_tasks_are_the_rows_to_visit_in_order(tmp_path: Path) -> None:
    """Contract 107."""
    file = tmp_path / "orders.csv"
    file.write_text("po_number,url\nPO2,\n,\nPO1,bad\nPO3,\n")
    assert [task.po_number for task in create_po_tasks_from_csv(str(file))] == ["PO2", "PO3"]


def test_a_hundred_thousand_rows_are_read_whole_and_the_input_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    rows = (
        f"PO{number},Supplier {number % 50},https://p.example/{number},{number}.50,x\n" for number in range(100_000)
    )
    file.write_text("po_number,supplier,url,amount,note\n" + "".join(rows))
    before = file.read_bytes()
    orders = read_orders(file)
    assert len(orders.to_visit) == 100_000
    assert file.read_bytes() == before
