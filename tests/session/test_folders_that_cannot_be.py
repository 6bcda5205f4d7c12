"""Download folders that cannot be used: one clear error from whatever needs them, none from what only looks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import MainApp, ProcessingSession
from contracts.config import HeadlessConfiguration
from contracts.errors import DownloadFolderError, JournalError
from contracts.tasks import TaskStatus
from tests.session.conftest import BASE, Ground, MakeSession, orders

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
CASES = {
    "long name": "its name is too long",
    "below a long name": "its name is too long",
    "long path": "its name is too long",
    "surrogate": "characters that no file name",
    "null": "a null in it",
    "below a null": "a null in it",
    "file": "something else than a folder",
    "below a file": "not a folder",
    "loop": "something else than a folder",
    "below a loop": "in a circle",
    "locked": "Permission denied",
    "below locked": "Permission denied",
}


def _place(case: str, base: Path) -> Path:
    (base / "file").write_text("")
    (base / "one").symlink_to(base / "two")
    (base / "two").symlink_to(base / "one")
    (base / "locked" / "in" / ".purser").mkdir(parents=True)
    (base / "locked").chmod(0)
    return {
        "long name": base / ("x" * 300),
        "below a long name": base / ("x" * 300) / "y",
        "long path": base.joinpath(*["x" * 200] * 25),
        "surrogate": base / "a\ud800b",
        "null": base / "a\0b",
        "below a null": base / "a\0b" / "c",
        "file": base / "file",
        "below a file": base / "file" / "x",
        "loop": base / "one",
        "below a loop": base / "one" / "x",
        "locked": base / "locked",
        "below locked": base / "locked" / "in",
    }[case]


@pytest.fixture(params=CASES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A place where no download folder can be, and what is said of it."""
    if IS_ROOT and "locked" in request.param:
        pytest.skip("nothing is locked for root")
    base = tmp_path / "places"
    base.mkdir()
    yield _place(request.param, base), CASES[request.param]
    (base / "locked").chmod(0o700)


def journals(place: Path, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """A session without a journal, with one in the folder, and with one elsewhere."""
    inside, outside = place / ".purser" / "journal.db", tmp_path / "books" / "journal.db"
    return {"none": {}, "inside": {"journal": inside}, "outside": {"journal": outside}}


def real_session(place: Path, parallel: bool, **options: Any) -> ProcessingSession:
    """A session that would use real browsers."""
    return ProcessingSession(HeadlessConfiguration(), parallel, 2, download_dir=place, base_url=BASE, **options)


def refusal(doing: Callable[[], object]) -> str:
    """What is said when something refuses the folder."""
    with pytest.raises(DownloadFolderError) as caught:
        doing()
    text = str(caught.value)
    text.encode()  # any stream may print it
    assert len(text) < 500
    return text


@both_modes
@pytest.mark.parametrize("journal", ["none", "inside", "outside"])
def test_whatever_needs_the_folder_says_what_is_wrong_with_it(
    folder: tuple[Path, str], tmp_path: Path, parallel: bool, journal: str
) -> None:
    place, why = folder
    session = real_session(place, parallel, **journals(place, tmp_path)[journal])
    first = real_session(place, parallel, **journals(place, tmp_path)[journal])
    calls = [
        lambda: session.process_pos(orders(2)),
        lambda: session.process_pos(orders(1)),
        lambda: session._handle_parallel_failure(RuntimeError("the crew"), orders(2), (0, 0)),
        lambda: first._handle_parallel_failure(RuntimeError("the crew"), orders(2), (0, 0)),
    ]
    if journal != "none":
        calls.append(session.resume)
    for call in calls:
        text = refusal(call)
        assert why in text
        assert "choose another one" in text
    with session:
        assert why in refusal(lambda: session.process_pos(orders(2)))


@both_modes
def test_what_only_looks_raises_nothing_before_and_after_the_refusal(folder: tuple[Path, str], parallel: bool) -> None:
    session = real_session(folder[0], parallel)
    for tried in range(2):
        assert session.get_progress()["completed_tasks"] == 0
        assert session.get_session_report()["successful_pos"] == 0
        assert session.get_processing_mode(5) == ("parallel" if parallel else "sequential")
        assert session.auto_configure_workers(5) >= 1
        assert session._monitor_resources()["disk_free_downloads"] >= -1
        assert session.validate_session_state() == []
        assert [one.status for one in session.results] == [TaskStatus.CANCELLED] * (2 * tried)
        assert session.snapshot().finished
        assert session.stop_processing() is True
        refusal(lambda: session.process_pos(orders(2)))


@both_modes
def test_the_session_works_after_a_refusal(folder: tuple[Path, str], ground: Ground, parallel: bool) -> None:
    session = real_session(folder[0], parallel)
    refusal(lambda: session.process_pos(orders(2)))
    session.enable_test_mode(mock_workers=True, fixed_timing=True)
    assert session.process_pos(orders(2))[:2] == (2, 0)


def test_the_application_says_it_too(folder: tuple[Path, str]) -> None:
    place, why = folder
    app = MainApp(HeadlessConfiguration(), download_dir=place, base_url=BASE)
    assert why in refusal(lambda: app.process_single_po(orders(1)[0]))
    assert why in refusal(lambda: app._process_po_entries(orders(2)))


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_journal_that_no_file_can_be_is_not_blamed_on_the_folder(tmp_path: Path, name: str) -> None:
    session = real_session(tmp_path / "dl", True, journal=tmp_path / name)
    with pytest.raises(JournalError, match="cannot be a journal"):
        session.process_pos(orders(2))


def test_a_working_folder_that_is_gone_is_told_and_looks_raise_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_session: MakeSession
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    session = real_session(Path("dl"), True)
    kept = real_session(Path("dl"), True, journal=tmp_path / "journal.db")
    gone.rmdir()
    refusal(lambda: session.process_pos(orders(2)))
    refusal(lambda: kept.process_pos(orders(2)))
    assert session.get_processing_mode(5) == "parallel"
    assert session._monitor_resources()["disk_free_downloads"] >= -1
