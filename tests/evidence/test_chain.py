"""No line of a manifest is changed, taken out, put in or moved without the chain or the head telling."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from actors.evidence.chain import BEFORE_THE_FIRST, BrokenChainError, hash_of, line_of
from tests.evidence.chains import read_chain

TEXTS = st.text(max_size=8)
FILES = st.lists(st.fixed_dictionaries({"name": TEXTS, "size": st.integers(0, 2**40), "sha256": TEXTS}), max_size=2)
ENTRIES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.fixed_dictionaries({"po_number": TEXTS, "status": TEXTS, "folder": TEXTS, "files": FILES}),
    min_size=1,
    max_size=5,
)


def written(entries: list[dict[str, Any]]) -> list[bytes]:
    """Return the lines of a manifest, as they lie in the file."""
    lines: list[bytes] = []
    previous = BEFORE_THE_FIRST
    for number, entry in enumerate(entries, start=1):
        line = line_of(entry, number, previous).encode("ascii")
        previous = hash_of(line)
        lines.append(line + b"\n")
    return lines


def head_of(lines: list[bytes]) -> str:
    """Read a whole file of lines and return its head."""
    found = list(read_chain(b"".join(lines).splitlines(keepends=True)))
    return found[-1].hash if found else BEFORE_THE_FIRST


def is_found_out(lines: list[bytes], head: str) -> bool:
    """Whether the chain or the head tells that these are not the lines that the head belongs to."""
    try:
        return head_of(lines) != head
    except BrokenChainError:
        return True


@given(entries=ENTRIES)
def test_what_was_written_is_read_again(entries: list[dict[str, Any]]) -> None:
    lines = list(read_chain(written(entries)))
    assert [(line.number, line.po_number, line.status, line.folder) for line in lines] == [
        (number, one["po_number"], one["status"], one["folder"]) for number, one in enumerate(entries, start=1)
    ]
    assert [[(f.name, f.size, f.sha256) for f in line.files] for line in lines] == [
        [(f["name"], f["size"], f["sha256"]) for f in one["files"]] for one in entries
    ]


@given(entries=ENTRIES, at=st.integers(0, 10**6), by=st.integers(1, 255))
def test_any_change_of_any_byte_is_found_out(entries: list[dict[str, Any]], at: int, by: int) -> None:
    lines = written(entries)
    content = bytearray(b"".join(lines))
    content[at % len(content)] ^= by
    assert is_found_out(bytes(content).splitlines(keepends=True), head_of(lines))


@given(entries=ENTRIES, at=st.integers(0, 10**6), some=st.binary(min_size=1, max_size=3))
def test_any_bytes_put_in_anywhere_are_found_out(entries: list[dict[str, Any]], at: int, some: bytes) -> None:
    lines = written(entries)
    content = b"".join(lines)
    place = at % (len(content) + 1)
    assert is_found_out((content[:place] + some + content[place:]).splitlines(keepends=True), head_of(lines))


@given(entries=ENTRIES, at=st.integers(0, 10**6), count=st.integers(1, 10**4))
def test_any_bytes_taken_out_anywhere_are_found_out(entries: list[dict[str, Any]], at: int, count: int) -> None:
    lines = written(entries)
    content = b"".join(lines)
    place = at % len(content)
    assert is_found_out((content[:place] + content[place + count :]).splitlines(keepends=True), head_of(lines))


@given(entries=ENTRIES, data=st.data())
def test_lines_in_another_order_are_found_out(entries: list[dict[str, Any]], data: st.DataObject) -> None:
    lines = written(entries)
    other = data.draw(st.permutations(lines))
    assume(other != lines)
    with pytest.raises(BrokenChainError):
        head_of(other)


@given(entries=ENTRIES, data=st.data())
def test_a_line_written_anew_to_fit_its_place_breaks_the_chain_behind_it_or_changes_the_head(
    entries: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = written(entries)
    place = data.draw(st.integers(0, len(lines) - 1))
    told = json.loads(lines[place])
    told["po_number"] += "!"
    forged = line_of({k: v for k, v in told.items() if k not in ("number", "previous")}, place + 1, told["previous"])
    assert is_found_out([*lines[:place], forged.encode() + b"\n", *lines[place + 1 :]], head_of(lines))


@given(entries=ENTRIES)
def test_a_hash_is_that_of_the_line_s_bytes_without_its_end(entries: list[dict[str, Any]]) -> None:
    lines = written(entries)
    assert [line.hash for line in read_chain(lines)] == [hashlib.sha256(line[:-1]).hexdigest() for line in lines]


@given(entries=ENTRIES)
def test_a_line_is_one_line_of_ascii_whatever_it_tells(entries: list[dict[str, Any]]) -> None:
    for line in written(entries):
        assert line.isascii()
        assert line.count(b"\n") == 1
        assert b"\r" not in line


def test_a_line_before_which_others_were_taken_out_is_named() -> None:
    lines = written([{"po_number": f"PO{n}", "status": "FAILED", "folder": "", "files": []} for n in range(4)])
    read = read_chain([lines[0], *lines[2:]])
    assert next(read).po_number == "PO0", "what comes before it can be read"
    with pytest.raises(BrokenChainError, match="Line 2 says that it is line 3"):
        next(read)


@pytest.mark.parametrize("line", [b"", b"no JSON", b"[]", b"1", b"{}", b'{"number":1}', b"\xff\xfe"])
def test_what_is_no_line_of_a_manifest_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(BrokenChainError, match="Line 1 is not a line of a manifest"):
        list(read_chain([line + b"\n"]))


def test_a_line_without_an_end_is_torn() -> None:
    with pytest.raises(BrokenChainError, match="torn"):
        list(read_chain([b"{}"]))


def test_a_file_of_an_older_manifest_counts_as_of_known_length_and_as_what_its_name_says() -> None:
    """Nothing else was filed when lines did not say it."""
    file = {"name": "a.pdf", "size": 3, "sha256": "ab"}
    odd = file | {"length_known": False, "type_differs": True}
    entry = {"po_number": "PO1", "status": "COMPLETED", "folder": "A/PO1_COMPLETED", "files": [file, odd]}
    (line,) = read_chain(written([entry]))
    assert [(one.length_known, one.type_differs) for one in line.files] == [(True, False), (False, True)]
