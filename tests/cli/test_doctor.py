"""The doctor finds what is missing, says how to mend it, and never shows a secret."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs
import pytest

from actors.cli.account import ExitCode
from actors.cli.doctor import BrowserVersions, Verdict, examine, find_versions, findings
from actors.processes import resources
from contracts.config import HeadlessConfiguration
from contracts.errors import BrowserNotFoundError
from tests.cli.fakes import Heard


def found(_: HeadlessConfiguration) -> BrowserVersions:
    return BrowserVersions("Chromium 156.0.1.2", "ChromeDriver 156.0.1.9")


def none(_: HeadlessConfiguration) -> BrowserVersions:
    raise BrowserNotFoundError("Install one of three.")


@pytest.fixture(autouse=True)
def _plenty_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "machine", lambda: resources.Machine(cores=2, memory=16 * 2**30, available=2**33))


@pytest.fixture(autouse=True)
def _a_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def healthy(tmp_path: Path) -> dict[str, str]:
    return {"PURSER_USERNAME": "somebody", "PURSER_PASSWORD": "hunter2", "PURSER_DOWNLOAD_DIR": str(tmp_path / "d")}


def test_a_healthy_machine_is_ready(healthy: dict[str, str]) -> None:
    heard = Heard()
    assert examine(healthy, heard.outlets, found) is ExitCode.SUCCESS
    assert "Ready to run." in heard.out
    assert "156.0.1.2" in heard.out


def test_secrets_are_never_shown(healthy: dict[str, str]) -> None:
    heard = Heard()
    examine(healthy, heard.outlets, found)
    assert "hunter2" not in heard.out + heard.err
    assert "somebody" not in heard.out + heard.err


def test_looking_leaves_nothing_behind(healthy: dict[str, str], tmp_path: Path) -> None:
    examine(healthy, Heard().outlets, found)
    assert list(tmp_path.iterdir()) == []


def test_no_browser_exits_2_and_says_how_to_get_one(healthy: dict[str, str]) -> None:
    heard = Heard()
    assert examine(healthy, heard.outlets, none) is ExitCode.UNUSABLE
    assert "-> Install one of three." in heard.out


def test_a_driver_of_another_version_is_a_problem(healthy: dict[str, str]) -> None:
    heard = Heard()
    odd = BrowserVersions("Chromium 156.0.1", "ChromeDriver 120.0.3")
    assert examine(healthy, heard.outlets, lambda _: odd) is ExitCode.UNUSABLE
    assert "do not fit together" in heard.out


@pytest.mark.parametrize(("gib", "verdict"), [(3, Verdict.BAD), (6, Verdict.POOR), (8, Verdict.GOOD)])
def test_memory_is_judged_at_4_and_8_gb(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch, gib: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(resources, "machine", lambda: resources.Machine(cores=2, memory=gib * 2**30, available=1))
    (memory,) = (finding for finding in findings(healthy, found) if finding.what == "memory")
    assert memory.verdict is verdict


def test_a_folder_that_cannot_be_written_is_a_problem(healthy: dict[str, str]) -> None:
    heard = Heard()
    assert examine({**healthy, "PURSER_DOWNLOAD_DIR": "/dev/null/d"}, heard.outlets, found) is ExitCode.UNUSABLE
    assert "--download-dir" in heard.out


@pytest.mark.parametrize("place", ["/dev/null/state", "/proc/state"])
def test_a_state_folder_that_cannot_be_written_is_a_problem(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("PURSER_STATE_DIR", place)
    heard = Heard()
    assert examine(healthy, heard.outlets, found) is ExitCode.UNUSABLE
    assert "missing  state folder" in heard.out
    assert "PURSER_STATE_DIR=" in heard.out


def test_a_user_without_a_home_is_a_problem_unless_a_folder_is_named(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_name: str) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_state_path", nobody)
    assert examine(healthy, Heard().outlets, found) is ExitCode.SUCCESS
    monkeypatch.delenv("PURSER_STATE_DIR")
    heard = Heard()
    assert examine(healthy, heard.outlets, found) is ExitCode.UNUSABLE
    assert "this user has no home folder" in heard.out
    assert "PURSER_STATE_DIR=" in heard.out


@pytest.mark.parametrize("variable", ["PURSER_RESULTS", "PURSER_REPORT"])
def test_an_output_that_cannot_be_written_is_a_problem(healthy: dict[str, str], variable: str) -> None:
    heard = Heard()
    assert examine({**healthy, variable: "/dev/null/x"}, heard.outlets, found) is ExitCode.UNUSABLE
    assert "cannot be written" in heard.out


def test_a_machine_without_a_temporary_folder_has_a_problem(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_usable() -> Path:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("actors.cli.places.short_temp_dir", none_usable)
    heard = Heard()
    assert examine(healthy, heard.outlets, found) is ExitCode.UNUSABLE
    assert "TMPDIR=" in heard.out


def test_a_disk_without_room_is_a_problem_wherever_a_run_writes(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = attrs.evolve(resources.usage())
    monkeypatch.setattr(resources, "usage", lambda *places: attrs.evolve(full, disk_free=dict.fromkeys(places, 2**20)))
    heard = Heard()
    assert examine(healthy, heard.outlets, found) is ExitCode.UNUSABLE
    for what in ("download folder", "state folder", "temporary folder"):
        assert f"missing  {what}" in heard.out
    assert "1 MB free" in heard.out


def test_names_that_the_locale_cannot_write_are_a_problem(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsencode", lambda text: text.encode("ascii"))
    heard = Heard()
    assert examine(healthy, heard.outlets, found) is ExitCode.UNUSABLE
    assert "PYTHONUTF8=1" in heard.out


def test_a_wrong_variable_is_found_and_the_rest_is_looked_at_all_the_same(healthy: dict[str, str]) -> None:
    heard = Heard()
    assert examine({**healthy, "PURSER_WORKERS": "9"}, heard.outlets, found) is ExitCode.UNUSABLE
    assert "PURSER_WORKERS" in heard.out
    assert "memory" in heard.out


@pytest.mark.parametrize("names", [(), ("PURSER_USERNAME",), ("PURSER_PASSWORD",)])
def test_missing_credentials_are_a_warning_with_the_ways_to_give_them(
    healthy: dict[str, str], names: tuple[str, ...]
) -> None:
    """A portal may need none."""
    heard = Heard()
    environment = {name: value for name, value in healthy.items() if name in (*names, "PURSER_DOWNLOAD_DIR")}
    assert examine(environment, heard.outlets, found) is ExitCode.SUCCESS
    assert "warning  credentials" in heard.out
    assert "->" in heard.out


def test_the_real_browser_of_this_machine_is_found_with_its_version(healthy: dict[str, str]) -> None:
    """Programs are only asked for their version; no browser is started."""
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("no Chromium on this machine")
    (browser,) = (finding for finding in findings(healthy, find_versions) if finding.what == "browser")
    assert browser.verdict is Verdict.GOOD
    assert "chromedriver" in browser.detail.lower()


@pytest.mark.parametrize(("kept", "verdict"), [(True, "ok       credentials"), (False, "warning  credentials")])
def test_the_keyring_is_asked_for_the_portal_that_is_set(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch, kept: bool, verdict: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("actors.cli.doctor._is_in_keyring", lambda host: asked.append(host) or kept)
    heard = Heard()
    folder = healthy["PURSER_DOWNLOAD_DIR"]
    examine({"PURSER_BASE_URL": "https://P.example/x", "PURSER_DOWNLOAD_DIR": folder}, heard.outlets, found)
    assert asked == ["p.example"]
    assert verdict in heard.out
