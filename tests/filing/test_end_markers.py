"""Files that end where the connection did: those whose kind has an end of its own must have it."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.filing import ends_of_archives
from actors.filing.content import Content
from actors.filing.end import End
from actors.filing.end_markers import end_of
from actors.filing.naming import ending_of
from actors.filing.recognising import kind_of
from actors.filing.verify import verify
from contracts.errors import AttachmentError
from tests.filing.samples import PDF, arrived, listed
from tests.filing.whole_files import NOISE, WHOLE, archive, gif, jpeg, linearised, png, tiff


def judged(data: bytes, name: str = "a") -> End:
    """What is said of these bytes."""
    content = Content(io.BytesIO(data), len(data))
    return end_of(content, kind_of(content), ending_of(name))


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_taken_and_a_part_of_it_is_not(tmp_path: Path, name: str) -> None:
    """Nobody announced a length, so that its own end is all there is; it proves the whole one."""
    whole = attrs.evolve(arrived(tmp_path / "whole", WHOLE[name]), ended_by_close=True)
    assert verify(whole, listed(), name).length_known
    half = attrs.evolve(arrived(tmp_path / "half", WHOLE[name][: len(WHOLE[name]) * 3 // 5]), ended_by_close=True)
    with pytest.raises(AttachmentError, match="cut off"):
        verify(half, listed(), name)


@pytest.mark.parametrize("name", WHOLE)
def test_no_beginning_of_a_file_passes_for_the_whole_of_it(name: str) -> None:
    """Wherever it is cut: previews, inner archives and first versions have ends of their own, and prove nothing."""
    data = WHOLE[name]
    kind = kind_of(Content(io.BytesIO(data), len(data))).kind
    last = len(data.rstrip(b"\r\n\0")) - 1
    for length in {*range(40, last, max(1, len(data) // 300)), *range(max(40, last - 40), last + 1)}:
        cut = data[:length]
        if name == "members.gz" and length == len(gzip.compress(NOISE)):
            continue  # exactly between two members nothing is missing that could be known
        if name == "several.jpg" and len(jpeg()) <= length < len(jpeg()) + 3:
            continue  # the same, between two pictures
        if kind_of(Content(io.BytesIO(cut), len(cut))).kind is kind:
            assert judged(cut, name) is End.MISSING, length


@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.jpg", "a.gif", "a.tif", "a.zip", "a.gz", "a.webp", "a.7z"])
@pytest.mark.parametrize("behind", [b"\n", b"\0" * 600, b"<!-- served in 3 ms -->"])
def test_something_behind_the_end_is_no_harm(name: str, behind: bytes) -> None:
    assert judged(WHOLE[name] + behind) is End.THERE


def test_a_pdf_that_begins_late_has_its_stated_length_counted_from_there(tmp_path: Path) -> None:
    late = b"\0" * 1500 + linearised()
    whole = attrs.evolve(arrived(tmp_path / "a", late), ended_by_close=True)
    assert verify(whole, listed(), "a.pdf").length_known
    with pytest.raises(AttachmentError, match="cut off"):
        verify(attrs.evolve(arrived(tmp_path / "b", late[:2000]), ended_by_close=True), listed(), "a.pdf")


def test_a_program_before_an_archive_is_no_harm() -> None:
    """Archives that unpack themselves are such files; what they are is not judged by the archive's beginning."""
    content = Content(io.BytesIO(b"MZ" + NOISE + archive()), 0)
    content.size = 2 + len(NOISE) + len(archive())
    assert end_of(content, attrs.evolve(kind_of(Content(io.BytesIO(archive()), len(archive()))))) is End.THERE


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.xyz"])
def test_of_a_kind_that_states_no_end_it_is_said_that_nothing_is_known(tmp_path: Path, name: str) -> None:
    table = attrs.evolve(arrived(tmp_path / "a", b"position;amount\r\n1;9,00\r\n"), ended_by_close=True)
    assert not verify(table, listed(), name).length_known
    assert verify(attrs.evolve(table, ended_by_close=False), listed(), name).length_known


def test_the_length_that_the_page_states_is_something_too(tmp_path: Path) -> None:
    table = attrs.evolve(arrived(tmp_path / "a", b"a;b\n"), ended_by_close=True)
    assert verify(table, attrs.evolve(listed(), declared_size=4), "a.csv").length_known


@pytest.mark.parametrize("name", ["a.pdf", "a.zip", "a.doc", "a.jpg", "a.xml"])
def test_a_file_of_the_announced_length_is_kept_without_its_end_and_that_is_said(tmp_path: Path, name: str) -> None:
    """It is what the portal has: perhaps it was cut before it came there, and odd files are real."""
    half = arrived(tmp_path / "odd", WHOLE[name][: len(WHOLE[name]) * 2 // 3])
    verified = verify(half, listed(), name)
    assert verified.length_known
    assert verified.lacks_end
    assert not verify(arrived(tmp_path / "whole", WHOLE[name]), listed(), name).lacks_end


def test_what_unpacks_to_more_than_is_reasonable_is_not_unpacked_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"\0" * (3 << 20))
    assert judged(packed) is End.THERE
    monkeypatch.setattr(ends_of_archives, "_MOST_UNPACKED", 1 << 20)
    assert judged(packed) is End.UNSTATED


@given(st.binary(max_size=200))
def test_a_kind_that_states_no_end_is_never_judged(content: bytes) -> None:
    assert judged(b"plain " + content.replace(b"%PDF-", b"").replace(b"<", b"")) in (End.UNSTATED, End.THERE)


@given(st.sampled_from(sorted(WHOLE)), st.binary(max_size=60), st.integers(0, 400), st.integers(0, 60))
def test_no_bytes_whatever_make_the_judgement_raise(name: str, noise: bytes, place: int, taken: int) -> None:
    data = WHOLE[name]
    judged(data[:place] + noise + data[place + taken :], name)


def test_small_files_of_every_kind_are_judged_without_trouble() -> None:
    for data in (PDF, png(), gif(), tiff(), archive()):
        for length in range(1, 40):
            judged(data[:length])


def test_an_archive_with_the_longest_comment_there_is_is_whole() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        zipped.writestr("a.txt", "hello")
        zipped.comment = b"c" * 65535
    assert judged(made.getvalue()) is End.THERE
    assert judged(made.getvalue()[:-1]) is End.MISSING
