"""How a download is waited for, given up and cleared up after: at a stand-in for the tab, without a browser."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from contracts.errors import NetworkError
from contracts.ports import Control
from tests.browser.standins import ORDER, STALL, Screen, all_of, document

LINK = Control(".file", 0)
LIMIT = 1000


@pytest.fixture
def screen() -> Screen:
    """A tab that shows an order."""
    return Screen()


def whole(screen: Screen, into: Path, content: bytes = b"whole", name: str = "a.pdf") -> None:
    """Let a file come at once, and the browser tell its end."""
    screen.happens += [
        all_of(
            screen.writes(into / name, content),
            screen.tells("g", "began", name=name, url="https://portal.example/a"),
            screen.tells("g", "completed", total=len(content)),
        )
    ]


def test_a_file_that_came_whole_is_told_with_all_that_is_known_of_it(screen: Screen, tmp_path: Path) -> None:
    whole(screen, tmp_path)
    file = screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)
    assert (file.path, file.size, file.sha256) == (tmp_path / "a.pdf", 5, hashlib.sha256(b"whole").hexdigest())
    assert (file.suggested_name, file.url, file.declared_size) == ("a.pdf", "https://portal.example/a", 5)
    assert not file.ended_by_close
    assert screen.did[-3:] == ["Browser.setDownloadBehavior deny", "stop agreeing", "close others"]
    assert f"go {ORDER}" not in screen.did, "the order's page is still there"


def test_after_a_file_that_the_browser_showed_the_orders_page_comes_back(screen: Screen, tmp_path: Path) -> None:
    screen.step = 0.05  # it looks at the page only now and then
    downloads = screen.downloads()
    downloads.expect(1.0)

    def show() -> None:
        screen.shown = document("https://portal.example/a.txt", 2.0, media_type="text/plain")
        screen.origins = 2.0

    screen.happens = [show, *[lambda: None] * 19]
    whole(screen, tmp_path, name="a.txt")
    assert downloads.by_click(LINK, tmp_path, screen, LIMIT).size == 5
    assert screen.did[-1] == f"go {ORDER}"
    assert (screen.shown.url, downloads.expected) == (ORDER, 3.0), "the next click is made in it"


def test_a_download_that_keeps_coming_may_take_longer_than_the_limit_for_silence(
    screen: Screen, tmp_path: Path
) -> None:
    part = tmp_path / "a.pdf.crdownload"
    screen.step = STALL * 0.9
    screen.happens = [all_of(screen.tells("g", "began", name="a.pdf"), screen.writes(part, b"x"))]
    screen.happens += [screen.writes(part, b"x")] * 5
    screen.happens += [
        all_of(lambda: part.rename(tmp_path / "a.pdf"), screen.tells("g", "completed", total=6)),
    ]
    assert screen.downloads().by_click(LINK, tmp_path, screen, LIMIT).size == 6
    assert screen.touches >= 6


def test_a_download_that_is_given_up_is_broken_off_in_the_browser_and_leaves_nothing(
    screen: Screen, tmp_path: Path
) -> None:
    part = tmp_path / "a.pdf.crdownload"
    screen.happens = [
        all_of(screen.tells("g", "began"), screen.tells("g", "inProgress", total=9), screen.writes(part, b"x"))
    ]
    with pytest.raises(NetworkError, match="stood still"):
        screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)
    assert "Browser.cancelDownload g" in screen.did
    assert screen.did.index("Browser.cancelDownload g") < screen.did.index("Browser.setDownloadBehavior deny")
    assert list(tmp_path.iterdir()) == []
