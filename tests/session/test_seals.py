"""The key by which this user's own runs are known: made once, whoever is first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from actors.session import seals

MANY = 8


def test_many_first_runs_at_once_agree_on_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = Barrier(MANY)
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))

    def sealed(_number: int) -> str:
        begun.wait()
        return seals.seal_of("text")

    with ThreadPoolExecutor(MANY) as pool:
        made = set(pool.map(sealed, range(MANY)))
    assert made == {seals.seal_of("text")}
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["seal.key", "seal.key.lock"]


def test_a_draft_that_a_killed_program_left_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path))
    (tmp_path / "seal.key.new").write_bytes(b"half")
    seal = seals.seal_of("text")
    assert seals.is_sealed("text", seal)
    assert not seals.is_sealed("another text", seal)
