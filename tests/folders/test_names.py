"""Paths that no system can have become one kind of error, and are shown so that any stream can print them."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from actors.folders.names import real_path, require_possible, shown


@pytest.mark.parametrize(("name", "why"), [("a\0b", "a null in it"), ("a\ud800b", "characters that no file name")])
def test_an_impossible_name_is_an_error_of_the_system(tmp_path: Path, name: str, why: str) -> None:
    for ask in (require_possible, real_path):
        with pytest.raises(OSError, match=why) as caught:
            ask(tmp_path / name / "below")
        assert caught.value.errno == errno.EINVAL


def test_bytes_that_are_no_text_are_a_possible_name(tmp_path: Path) -> None:
    place = tmp_path / "a\udcff"
    require_possible(place)
    assert real_path(place) == place


def test_links_are_followed_and_what_is_missing_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert real_path(tmp_path / "link" / "missing") == tmp_path / "missing"


@given(st.text(st.characters()))
def test_what_is_shown_can_be_printed_and_is_no_longer_than_a_line_or_two(name: str) -> None:
    text = shown(Path("/place") / name)
    text.encode()
    assert "\0" not in text
    assert len(text) <= 201


def test_a_usual_path_is_shown_as_it_is(tmp_path: Path) -> None:
    assert shown(tmp_path) == str(tmp_path)
