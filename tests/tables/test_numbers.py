"""What a cell of the number column means, however a spreadsheet, a web page or a program has dressed it up."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from actors.tables import OrderFile, OrderRow, read_orders
from actors.tables.characters import bare, is_invisible, without_invisible
from actors.tables.columns import plain_name
from actors.tables.numbers import read_number
from contracts.errors import InputFileError

INVISIBLE = (
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202e\u2066\u2069\u00a0\u202f\u3000\u180e\ufe0f\u0090"
)


def read(tmp_path: Path, content: str) -> OrderFile:
    file = tmp_path / "orders.csv"
    file.write_text(content, encoding="utf-8", newline="")
    return read_orders(file)


def numbers(orders: OrderFile) -> list[str]:
    return [row.po_number for row in orders.rows if isinstance(row, OrderRow)]


@pytest.mark.parametrize(
    "cell",
    [
        '="00123"', '=""00123""', '= "00123" ', "'00123", '"00123"', "'00123'", "\u201900123", "'=\"00123\"",
        '\u200b="00123"', '="\u200b00123"', "\uff10\uff10\uff11\uff12\uff13", "\u0660\u0660\u0661\u0662\u0663",
        "\uff1d\uff0200123\uff02",
    ],
)  # fmt: skip
def test_signs_that_only_keep_the_zeros_are_no_part_of_the_number(cell: str) -> None:
    found = read_number(cell)
    assert (found.number, found.problem) == ("00123", "")


@pytest.mark.parametrize("cell", ['="00123"', '"=""00123"""', "'00123", "00123"])
def test_a_file_as_a_spreadsheet_writes_it_keeps_its_zeros(tmp_path: Path, cell: str) -> None:
    orders = read(tmp_path, f"po_number,supplier\n{cell},Acme\n")
    assert numbers(orders) == ["00123"]
    assert orders.warnings == ()


@pytest.mark.parametrize("character", INVISIBLE)
def test_invisible_characters_in_and_around_a_number_are_removed(character: str) -> None:
    found = read_number(f"{character}45{character}00{character}")
    assert (found.number, found.problem, found.invisible) == ("4500", "", 3)


def test_one_warning_counts_the_invisible_characters_of_a_file(tmp_path: Path) -> None:
    orders = read(tmp_path, "po_number\n45\u200b00\n4501\n\ufeff\u00a04502\n")
    assert numbers(orders) == ["4500", "4501", "4502"]
    (warning,) = orders.warnings
    assert warning == "3 invisible characters were removed from 2 PO numbers (the first in line 2)."


def test_numbers_that_differ_by_nothing_visible_are_duplicates(tmp_path: Path) -> None:
    orders = read(tmp_path, "po_number\n4500\n45\u200b00\n")
    assert [row.duplicate_of for row in orders.to_visit] == [None, 2]


def test_a_row_of_nothing_visible_is_no_row(tmp_path: Path) -> None:
    orders = read(tmp_path, "po_number,note\n4500,\n\u200b,\u00a0\n\ufeff,\n")
    assert numbers(orders) == ["4500"]
    assert orders.bad == ()


def test_invisible_characters_around_the_other_cells_cost_nothing(tmp_path: Path) -> None:
    mark = "\u200b"
    orders = read(
        tmp_path, f"po_number,supplier,url,amount\nP,{mark}Acme,{mark}https://p.example/1{mark},1{mark}2.50\n"
    )
    (row,) = orders.to_visit
    assert (row.task.supplier, row.task.url, row.task.amount) == ("Acme", "https://p.example/1", 12.5)
    assert row.others == (f"1{mark}2.50",), "what is passed through is as it was"


@pytest.mark.parametrize(
    "cell", ["4,5E+09", "4.5E+09", "4,50E+9", "4.50012E+11", "5E+09", "4.5e+09", "4.5E9", '="4,5E+09"', "4,5\u00a0E+09"]
)
def test_a_number_that_a_spreadsheet_has_rounded_is_refused_with_the_way_out(tmp_path: Path, cell: str) -> None:
    with (tmp_path / "orders.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([["po_number", "note"], ["PO1", ""], [cell, "x"], ["PO2", ""]])
    orders = read_orders(tmp_path / "orders.csv")
    assert numbers(orders) == ["PO1", "PO2"], "the other rows go on"
    (bad,) = orders.bad
    assert "rounded by a spreadsheet" in bad.message
    assert "as text" in bad.message
    assert bad.line == 3
    assert any("has rounded 1 PO number (line 3)" in warning for warning in orders.warnings)


@pytest.mark.parametrize(
    "cell", ["5E9", "12E-5", "PO4.5E", "E+09", "4500E", "2024E-0001", "#4500", "PO#1", "4500-1", "a b"]
)
def test_numbers_that_only_look_a_little_alike_are_left_alone(cell: str) -> None:
    found = read_number(cell)
    assert (found.number, found.problem, found.formatted) == (cell, "", False)


@pytest.mark.parametrize("cell", ["####", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#WERT!", "#NV", "#N/D"])
def test_the_errors_of_a_spreadsheet_are_no_numbers(cell: str) -> None:
    assert "error" in read_number(cell).problem


@pytest.mark.parametrize("cell", ["4500000001.0", "4500000001,00", "4,500,000,001", "4.500.000.001", "4'500'000'001"])
def test_a_quantity_is_visited_as_it_stands_with_one_warning(tmp_path: Path, cell: str) -> None:
    """It may be the order's number all the same; nothing is guessed."""
    orders = read(tmp_path, f'po_number\n"{cell}"\n"{cell}"\n')
    assert numbers(orders) == [cell, cell]
    (warning,) = orders.warnings
    assert "2 PO numbers (the first in line 2)" in warning


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "header",
    [
        '"PO\nNumber"', '"PO\r\nNumber"', '"PO\rNumber"', "PO\u00a0Number", "PO\u200b_NUMBER", "\u200ePO_NUMBER\u200f",
        "PO Num\u00adber",
        '"\nPO-\nNumber\n"', '"PO_x000D_\nNumber"', '"PO\u2028Number"', "\uff30\uff2f Number",
        "PO Number:", "PO Number*", '"PO\n\n\nNumber"',
    ],
)  # fmt: skip
def test_a_header_is_known_however_it_is_broken_and_marked(tmp_path: Path, delimiter: str, header: str) -> None:
    first = '"Supplier\nname (a,b;c)"'
    orders = read(tmp_path, f"{first}{delimiter}{header}{delimiter}Amount\nAcme{delimiter}4500{delimiter}7\n")
    assert orders.delimiter == delimiter
    assert numbers(orders) == ["4500"]
    assert orders.other_columns[-1] == "Amount"


def test_a_tab_within_a_header_is_a_space(tmp_path: Path) -> None:
    assert numbers(read(tmp_path, '"PO\tNumber";x\n4500;1\n')) == ["4500"]


def test_lines_are_counted_behind_a_header_of_several(tmp_path: Path) -> None:
    orders = read(tmp_path, '"PO\nNumber";"a\nb"\n4500;x\n;y\n')
    assert [row.line for row in orders.rows] == [4, 5]
    assert orders.other_columns == ("a\nb",)


def test_a_file_of_one_broken_header_is_refused_without_reading_on_for_ever(tmp_path: Path) -> None:
    with pytest.raises(InputFileError):
        read(tmp_path, '"PO Number\n' + "4500;x\n" * 50_000)


anything = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(INVISIBLE + "'\"=#E+.,0123456789 "), max_size=14
)


@given(anything)
def test_what_a_number_is_read_as_is_read_as_itself(cell: str) -> None:
    """A results file holds it, and the next run reads that."""
    once = read_number(cell)
    again = read_number(once.number)
    assert (again.number, again.problem, again.rounded) == (once.number, once.problem, once.rounded)
    assert again.invisible == 0


@given(st.text("0123456789ABCpo-_/", min_size=1, max_size=12), st.data())
def test_a_number_is_the_same_whatever_invisible_is_put_into_it(number: str, data: st.DataObject) -> None:
    marks = data.draw(st.lists(st.text(INVISIBLE, max_size=3), min_size=len(number) + 1, max_size=len(number) + 1))
    cell = "".join(mark + character for mark, character in zip(marks, [*number, ""], strict=True))
    found, plain = read_number(cell), read_number(number)
    assert (found.number, found.problem) == (plain.number, plain.problem)
    assert found.invisible == sum(map(len, marks))


@given(anything)
def test_nothing_visible_is_ever_lost_by_taking_the_invisible_out(text: str) -> None:
    kept = without_invisible(text)
    assert [character for character in text if not is_invisible(character)] == list(kept)
    assert bare(bare(text)) == bare(text)
    assert bare(text) in text


@given(st.sampled_from(["PO Number", "po_number", "PO-NUMBER"]), st.data())
def test_a_header_is_the_same_whatever_invisible_is_put_into_it(header: str, data: st.DataObject) -> None:
    marks = data.draw(
        st.lists(
            st.text("\u200b\u200d\ufeff\u00ad\u200e\u2060", max_size=2), min_size=len(header), max_size=len(header)
        )
    )
    cell = "".join(character + mark for character, mark in zip(header, marks, strict=True))
    assert plain_name(cell) == "po_number"
