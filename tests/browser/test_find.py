"""Browsers are found where they are named or usually lie; otherwise one message says how to get one."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException

from actors.browser import find
from actors.browser.find import BrowserKind, find_browser
from contracts.config import HeadlessConfiguration
from contracts.errors import BrowserNotFoundError, ConfigurationError


@pytest.fixture(autouse=True)
def _no_usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_DRIVER_FOLDERS", ())


def program(folder: Path, name: str, version: str = "1.2.3") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho Program {version}\n")
    path.chmod(0o755)
    return path


def test_named_paths_win(tmp_path: Path) -> None:
    program(tmp_path, "google-chrome")
    program(tmp_path, "chromedriver")
    binary, driver = program(tmp_path, "my-chromium"), program(tmp_path, "my-driver")
    found = find_browser(HeadlessConfiguration(binary=binary, driver=driver), {"PATH": str(tmp_path)})
    assert (found.binary, found.driver, found.kind) == (binary, driver, BrowserKind.CHROMIUM)


def test_the_environment_may_name_them(tmp_path: Path) -> None:
    binary, driver = program(tmp_path, "msedge-dev"), program(tmp_path, "edge-driver")
    variables = {"PURSER_BROWSER_BINARY": str(binary), "PURSER_DRIVER": str(driver)}
    found = find_browser(HeadlessConfiguration(), variables)
    assert (found.binary, found.kind) == (binary, BrowserKind.EDGE)


def test_edge_comes_before_chrome_before_chromium(tmp_path: Path) -> None:
    for name in ("chromium", "chromedriver"):
        program(tmp_path, name)
    assert find_browser(HeadlessConfiguration(), {"PATH": str(tmp_path)}).kind is BrowserKind.CHROMIUM
    program(tmp_path, "google-chrome")
    assert find_browser(HeadlessConfiguration(), {"PATH": str(tmp_path)}).kind is BrowserKind.CHROME
    program(tmp_path, "microsoft-edge")
    assert find_browser(HeadlessConfiguration(), {"PATH": str(tmp_path)}).kind is BrowserKind.CHROME
    program(tmp_path, "msedgedriver")
    assert find_browser(HeadlessConfiguration(), {"PATH": str(tmp_path)}).kind is BrowserKind.EDGE
    wanted = HeadlessConfiguration(browser="chromium")
    assert find_browser(wanted, {"PATH": str(tmp_path)}).kind is BrowserKind.CHROMIUM


def test_a_driver_of_another_version_is_not_used_while_a_matching_pair_is_there(tmp_path: Path) -> None:
    program(tmp_path, "google-chrome", "140.0.1")
    program(tmp_path, "chromium", "156.0.1")
    program(tmp_path, "chromedriver", "156.0.9")
    assert find_browser(HeadlessConfiguration(), {"PATH": str(tmp_path)}).kind is BrowserKind.CHROMIUM


def test_without_any_the_three_ways_to_get_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(BrowserNotFoundError) as raised:
        find_browser(HeadlessConfiguration(), {"PATH": str(tmp_path)}, may_fetch=False)
    assert isinstance(raised.value, ConfigurationError)
    for way in ("apt install chromium chromium-driver", "Edge or Google Chrome", "PURSER_BROWSER_BINARY"):
        assert way in str(raised.value)


def test_a_named_path_that_is_not_there_is_named_back(tmp_path: Path) -> None:
    with pytest.raises(BrowserNotFoundError, match="nowhere"):
        find_browser(HeadlessConfiguration(binary=tmp_path / "nowhere"), {"PATH": ""})


def test_a_browser_without_a_driver_is_said_to_lack_one(tmp_path: Path) -> None:
    binary = program(tmp_path, "chromium")
    with pytest.raises(BrowserNotFoundError, match="driver for"):
        find_browser(HeadlessConfiguration(binary=binary), {"PATH": ""})


class Manager:
    """Stands for Selenium Manager: offers a browser, or fails as the test says."""

    answer: dict[str, str] | Exception = {}  # noqa: RUF012 - replaced by each test
    asked: list[str] = []  # noqa: RUF012 - the same

    def binary_paths(self, arguments: list[str]) -> dict[str, str]:
        """Answer."""
        type(self).asked = arguments
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_what_selenium_manager_offers_is_taken_and_the_first_kind_it_knows_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(find, "SeleniumManager", Manager)
    monkeypatch.setattr(Manager, "answer", {"browser_path": "/b", "driver_path": "/d"})
    found = find._fetch((BrowserKind.CHROMIUM, BrowserKind.CHROME, BrowserKind.EDGE))
    assert found == find.FoundBrowser(BrowserKind.CHROME, Path("/b"), Path("/d"))
    assert Manager.asked[:2] == ["--browser", BrowserKind.CHROME.value]


@pytest.mark.parametrize("error", [OSError("no network"), WebDriverException("no such browser")])
def test_a_browser_that_cannot_be_fetched_is_none(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(find, "SeleniumManager", Manager)
    monkeypatch.setattr(Manager, "answer", error)
    assert find._fetch((BrowserKind.EDGE,)) is None
    monkeypatch.setattr(Manager, "answer", {"browser_path": "/b"})
    assert find._fetch((BrowserKind.EDGE,)) is None
    assert find._fetch((BrowserKind.CHROMIUM,)) is None, "nobody offers one"
