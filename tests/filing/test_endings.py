"""Files that end where the connection did: those whose kind has an end of its own must have it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.filing.endings import has_end
from actors.filing.verify import verify
from contracts.errors import AttachmentError
from tests.filing.samples import PDF, arrived, listed


def archive(comment: bytes = b"") -> bytes:
    """A ZIP archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("a.txt", "x" * 2000)
        file.comment = comment
    return stream.getvalue()


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200 + b"\0\0\0\0IEND\xaeB\x60\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 200 + b"\xff\xd9"
WHOLE = {"a.pdf": PDF, "a.zip": archive(), "b.zip": archive(b"c" * 60_000), "a.png": PNG, "a.jpg": JPEG}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_taken_and_the_first_half_of_it_is_not(tmp_path: Path, name: str) -> None:
    whole = attrs.evolve(arrived(tmp_path / "whole", WHOLE[name]), ended_by_close=True)
    verify(whole, listed(), name)
    half = WHOLE[name][: len(WHOLE[name]) // 2] if name != "b.zip" else archive(b"c" * 60_000)[:100]
    with pytest.raises(AttachmentError, match="cut off"):
        verify(attrs.evolve(arrived(tmp_path / "half", half), ended_by_close=True), listed(), name)


def test_a_file_whose_length_was_announced_may_end_as_it_likes(tmp_path: Path) -> None:
    """Its length is checked, and odd files are real."""
    verify(arrived(tmp_path / "odd", b"%PDF-1.7 without an end"), listed(), "a.pdf")


@given(st.binary(max_size=200))
def test_a_kind_that_states_no_end_is_never_judged(content: bytes) -> None:
    text = b"plain " + content.replace(b"%PDF-", b"")
    assert has_end(text, text)
