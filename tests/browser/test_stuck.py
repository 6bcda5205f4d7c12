"""What is still on its way when a download is given up, and a page that keeps its browser from answering.

No browser is needed: the tab, the page and the driver are made up.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from urllib3.exceptions import ReadTimeoutError

from actors.browser.downloads import Downloads
from actors.browser.faults import PageTooSlowError
from actors.browser.page import Counts, Document
from actors.browser.tab import DownloadEvent, Tab
from contracts.errors import BrowserDiedError, NetworkError
from contracts.ports import Control
from tests.worker.fakes import Watch

SHOWN = Document("http://portal/1", 200, 1.0, "complete", "text/html", False)


class _Page:
    """A page on whose links clicks ask for files."""

    def __init__(self) -> None:
        self.files = 0
        self.ways = 0
        self.clicks: Callable[[], None] = lambda: None

    def look(self, _doing: str) -> Document:
        return SHOWN

    def click(self, *_given: Any, **_named: Any) -> str:
        self.clicks()
        return ""

    def stop_agreeing(self, _doing: str) -> Counts:
        return Counts(SHOWN.time_origin, self.files, self.ways)


class _Tab:
    """A tab that tells of downloads."""

    def __init__(self) -> None:
        self.events: list[DownloadEvent] = []

    def download_events(self) -> tuple[DownloadEvent, ...]:
        told, self.events = tuple(self.events), []
        return told

    def command(self, *_given: Any, **_named: Any) -> dict[str, Any]:
        return {}

    def others(self) -> list[str]:
        return []

    def close_others(self) -> None:
        pass


class _World:
    """Downloads over a made-up tab and page, whose clock goes on with every look at it."""

    def __init__(self, into: Path) -> None:
        self.into, self.page, self.tab, self.time = into, _Page(), _Tab(), 0.0
        self.downloads = Downloads(self.tab, self.page, 2.0, lambda: True, self._tick)  # type: ignore[arg-type] # fakes

    def _tick(self) -> float:
        self.time += 0.1
        return self.time

    def click(self) -> None:
        self.downloads.by_click(Control("a", 0), self.into, Watch([]), 1000)

    def bring(self, files: int, ways: int = 0) -> Callable[[], None]:
        """Return a click that asks for files and sets out for pages so often, of which one brings a file at once."""

        def clicked() -> None:
            self.page.files += files
            self.page.ways += ways
            (self.into / "a.pdf").write_bytes(b"abc")
            self.tab.events += [
                DownloadEvent("1", "began", name="a.pdf"),
                DownloadEvent("1", "completed", received=3, total=3),
            ]

        return clicked


@pytest.fixture
def world(tmp_path: Path) -> _World:
    """A folder to download into, and what does it."""
    (tmp_path / "into").mkdir()
    return _World(tmp_path / "into")


@pytest.mark.parametrize(("files", "ways"), [(0, 0), (1, 0), (0, 1), (0, 3)])
def test_after_a_file_that_came_more_may_be_downloaded(world: _World, files: int, ways: int) -> None:
    world.page.clicks = world.bring(files, ways)
    world.click()
    assert world.downloads.spent == ""
    (world.into / "a.pdf").unlink()
    world.click()
    assert world.downloads.spent == "", "what was asked for before is not counted twice"


def test_a_file_that_was_asked_for_and_did_not_begin_ends_the_use_of_its_browser(world: _World) -> None:
    """It may come yet, into the next order's folder."""

    def asks() -> None:
        world.page.files += 1

    world.page.clicks = asks
    with pytest.raises(NetworkError, match="stood still"):
        world.click()
    assert "may yet come" in world.downloads.spent
    world.page.clicks = world.bring(0)
    with pytest.raises(NetworkError, match="Nothing more is downloaded in this browser"):
        world.click()


@pytest.mark.parametrize(("files", "ways"), [(2, 0), (1, 1)])
def test_a_click_that_asks_twice_leaves_one_outstanding(world: _World, files: int, ways: int) -> None:
    world.page.clicks = world.bring(files, ways)
    world.click()
    assert "may yet come" in world.downloads.spent


def test_a_file_that_a_page_asked_for_by_itself_ends_the_use_of_its_browser_unless_it_began(world: _World) -> None:
    world.tab.events += [DownloadEvent("1", "began", name="a.pdf"), DownloadEvent("1", "canceled")]
    world.downloads.note_counts(Counts(SHOWN.time_origin, 1, 0))
    assert world.downloads.spent == ""
    world.downloads.note_counts(Counts(SHOWN.time_origin, 1, 2))
    assert world.downloads.spent == "", "nothing more was asked for"
    world.downloads.note_counts(Counts(SHOWN.time_origin + 1, 1, 0))
    assert "may yet come" in world.downloads.spent, "the next document's first"


def test_a_click_that_asks_for_nothing_is_no_reason_to_part_with_a_browser(world: _World) -> None:
    with pytest.raises(NetworkError, match="stood still"):
        world.click()
    assert world.downloads.spent == ""


# --------------------------------------------------------------------------------------------- a driver without answer


class _Driver:
    """A driver that answers, or does not."""

    current_window_handle = "home"

    def __init__(self) -> None:
        self.command_executor = SimpleNamespace(client_config=SimpleNamespace(timeout=60.0))
        self.limits: list[float] = []
        self.waited: list[float] = []
        self.answers = True

    def set_page_load_timeout(self, seconds: float) -> None:
        self.limits.append(seconds)

    def execute(self, _command: str, _parameters: dict[str, Any]) -> dict[str, Any]:
        self.waited.append(self.command_executor.client_config.timeout)
        if not self.answers:
            raise ReadTimeoutError(None, "", "no answer")  # type: ignore[arg-type] # there is no pool
        return {"value": {"result": {"value": 7}}}


def test_a_page_that_does_not_answer_in_its_time_is_at_fault_and_the_tab_is_asked_nothing_more() -> None:
    driver = _Driver()
    tab = Tab(driver, 45.0)  # type: ignore[arg-type] # all of a driver that is asked for
    assert tab.evaluate("1", "asking", wait=5.0) == 7
    driver.answers = False
    with pytest.raises(PageTooSlowError):
        tab.evaluate("1", "asking", wait=5.0)
    assert (driver.waited, driver.command_executor.client_config.timeout) == ([5.0, 5.0], 60.0)
    assert tab.is_stuck
    for again in (lambda: tab.command("Page.bringToFront", "asking"), lambda: tab.hurried(3.0).__enter__()):
        with pytest.raises(PageTooSlowError, match="no longer answers"):
            again()
    assert len(driver.waited) == 2


def test_a_browser_that_does_not_answer_any_command_is_lost() -> None:
    driver = _Driver()
    driver.answers = False
    tab = Tab(driver, 45.0)  # type: ignore[arg-type] # all of a driver that is asked for
    with pytest.raises(BrowserDiedError):
        tab.evaluate("1", "asking")
    assert (driver.waited, tab.is_stuck) == ([60.0], False)


def test_a_picture_that_does_not_come_is_none_and_leaves_the_tab_stuck() -> None:
    driver = _Driver()
    driver.answers = False
    tab = Tab(driver, 45.0)  # type: ignore[arg-type] # all of a driver that is asked for
    assert tab.picture("taking a picture") == b""
    assert tab.is_stuck
    assert driver.waited[0] < 60.0


def test_in_a_hurry_a_page_gets_less_time_and_afterwards_its_own_again() -> None:
    driver = _Driver()
    tab = Tab(driver, 45.0)  # type: ignore[arg-type] # all of a driver that is asked for
    with tab.hurried(3.0):
        assert driver.limits == [45.0, 3.0]
    with pytest.raises(ValueError, match="any"), tab.hurried(90.0):
        raise ValueError("any")
    assert driver.limits == [45.0, 3.0, 45.0, 45.0, 45.0]
