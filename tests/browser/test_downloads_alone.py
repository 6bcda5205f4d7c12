"""How a download is waited for, given up and cleared up after: at a stand-in for the tab, without a browser."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AuthenticationError,
    BrowserDiedError,
    MachineError,
    NetworkError,
    PortalError,
)
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


@pytest.mark.parametrize(
    ("shown", "error", "says"),
    [
        ({"has_password": True}, AuthenticationError, "login page"),
        ({"status": 401}, AuthenticationError, "login page"),
        ({"status": 408}, PortalError, "408"),
        ({"status": 429}, PortalError, "429"),
        ({"status": 500}, PortalError, "500"),
        ({"status": 503, "media_type": "text/plain"}, PortalError, "503"),
        ({"status": 0, "url": "chrome-error://x"}, NetworkError, "could not be reached"),
        ({"status": 400, "media_type": "text/plain"}, AttachmentError, "HTTP 400"),
        ({"status": 404, "media_type": "text/plain"}, AttachmentError, "HTTP 404"),
        ({"status": 200}, AttachmentError, "HTTP 200"),
    ],
)
@pytest.mark.parametrize("where", ["here", "in a new tab"])
def test_a_page_that_came_instead_is_told_for_what_it_is(
    screen: Screen, tmp_path: Path, shown: dict[str, Any], error: type[Exception], says: str, where: str
) -> None:
    screen.step = 0.05
    came = document(origin=2.0, **shown)

    def come() -> None:
        if where == "here":
            screen.shown = came
        else:
            screen.tabs["new"] = came

    screen.happens = [come]
    with pytest.raises(error, match=says):
        screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)
    assert (f"go {ORDER}" in screen.did) is (where == "here"), "the order's page comes back where it was replaced"
    assert screen.tabs == {}


@pytest.mark.parametrize("shown", [{"state": "loading", "status": 404}, {"url": "about:blank", "status": 404}])
def test_a_page_that_has_not_come_yet_is_waited_for(screen: Screen, tmp_path: Path, shown: dict[str, Any]) -> None:
    screen.step = 0.05
    screen.happens = [lambda: screen.tabs.update(new=document(origin=2.0, **shown)), *[lambda: None] * 60]
    whole(screen, tmp_path)
    assert screen.downloads().by_click(LINK, tmp_path, screen, LIMIT).size == 5


def test_a_page_may_come_first_and_its_download_a_moment_later(screen: Screen, tmp_path: Path) -> None:
    screen.step = 0.05
    screen.happens = [lambda: screen.tabs.update(new=document(origin=2.0)), *[lambda: None] * 30]
    whole(screen, tmp_path)
    assert screen.downloads().by_click(LINK, tmp_path, screen, LIMIT).size == 5


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_over_the_limit_is_broken_off_as_soon_as_it_is_known(
    screen: Screen, tmp_path: Path, announced: bool
) -> None:
    part = tmp_path / "a.pdf.crdownload"
    size = 1 if announced else LIMIT + 1
    told = screen.tells("g", "inProgress", total=LIMIT + 1) if announced else screen.tells("g", "inProgress")
    screen.step = 0.01
    screen.happens = [all_of(screen.tells("g", "began"), told, screen.writes(part, b"x" * size))]
    with pytest.raises(AttachmentLimitError, match="larger than the limit of 1000 bytes"):
        screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_just_the_limit_is_taken(screen: Screen, tmp_path: Path) -> None:
    whole(screen, tmp_path, b"x" * LIMIT)
    assert screen.downloads().by_click(LINK, tmp_path, screen, LIMIT).size == LIMIT


def test_two_files_of_one_click_are_none(screen: Screen, tmp_path: Path) -> None:
    screen.happens = [all_of(screen.writes(tmp_path / "a.pdf", b"a"), screen.writes(tmp_path / "b.pdf", b"b"))]
    with pytest.raises(AttachmentError, match="brought 2 files"):
        screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)


def test_a_browser_that_ends_amid_a_download_is_told_before_the_download_stands_still(
    screen: Screen, tmp_path: Path
) -> None:
    screen.step, screen.alive = 0.01, False
    with pytest.raises(BrowserDiedError, match="ended amid a download"):
        screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)


def test_a_control_that_cannot_be_clicked_is_said_with_the_reason(screen: Screen, tmp_path: Path) -> None:
    screen.clicked = "it is no longer on the page"
    with pytest.raises(AttachmentError, match="could not be clicked: it is no longer on the page"):
        screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)
    assert screen.did[-3:] == ["Browser.setDownloadBehavior deny", "stop agreeing", "close others"]


@pytest.mark.parametrize(("name", "tries"), [("a.pdf", 1), ("n" * 200, 1), ("n" * 201, 2)])
def test_a_download_that_breaks_off_is_tried_again_under_another_name_where_its_own_may_be_the_reason(
    screen: Screen, tmp_path: Path, name: str, tries: int
) -> None:
    screen.step = 0.05
    broken = all_of(screen.tells("g", "began", name=name), screen.tells("g", "canceled"))
    screen.happens = [broken, *[lambda: None] * 19]
    screen.happens += [all_of(screen.tells("h", "began", name=name), screen.tells("h", "canceled"))] * (tries - 1)
    with pytest.raises(NetworkError, match="broke off before its end"):
        screen.downloads().by_address("https://portal.example/a", tmp_path, screen, LIMIT)
    allowed = [line for line in screen.did if line.startswith("Browser.setDownloadBehavior allow")]
    assert len(allowed) == tries
    assert "Browser.cancelDownload g" not in screen.did, "it has ended"


def test_a_page_that_still_loads_is_stopped_before_anything_is_clicked(screen: Screen, tmp_path: Path) -> None:
    screen.shown = document(state="interactive")
    whole(screen, tmp_path)
    screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)
    assert screen.did[0] == "run window.stop"


def test_the_next_click_is_made_in_the_document_that_was_read_and_no_other(screen: Screen, tmp_path: Path) -> None:
    downloads = screen.downloads()
    downloads.expect(7.0)
    whole(screen, tmp_path)
    downloads.by_click(LINK, tmp_path, screen, LIMIT)
    assert "click .file in 7 agreeing" in screen.did


@pytest.mark.parametrize(("turned", "read"), [(False, 1.0), (True, 1.0), (False, 5.0)])
def test_going_back_shows_what_was_read_only_where_no_click_had_turned_it(
    screen: Screen, tmp_path: Path, turned: bool, read: float
) -> None:
    screen.step = 0.05
    downloads = screen.downloads()
    downloads.expect(read)
    downloads.note_turned(turned=turned)

    def replaced() -> None:
        screen.shown = document("https://portal.example/404", 2.0, status=404)

    screen.happens = [replaced]
    with pytest.raises(AttachmentError):
        downloads.by_click(LINK, tmp_path, screen, LIMIT)
    is_known = not turned and read == 1.0
    assert downloads.expected == (screen.shown.time_origin if is_known else read)


def test_an_empty_file_is_one_when_nothing_has_come_for_two_seconds(screen: Screen, tmp_path: Path) -> None:
    """Of a download in another window nothing is told, and an empty file may hold its place."""
    screen.happens = [screen.writes(tmp_path / "a.txt", b"")]
    began = screen.now
    file = screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)
    assert (file.size, file.suggested_name, screen.now - began) == (0, "a.txt", 3.0)


@pytest.mark.parametrize(("free", "error"), [(2**20 - 1, MachineError), (2**20, NetworkError)])
def test_a_download_that_breaks_off_on_a_full_disk_is_the_machines_trouble(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, error: type[Exception]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))
    screen.step = 0.05
    screen.happens = [all_of(screen.tells("g", "began", name="a.pdf"), screen.tells("g", "canceled"))]
    with pytest.raises(error):
        screen.downloads().by_click(LINK, tmp_path, screen, LIMIT)
