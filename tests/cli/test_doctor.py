"""The doctor finds what is missing, says how to mend it, and never shows a secret."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from actors import FolderJournal
from actors.cli.doctor import BrowserVersions, examine, find_versions, findings
from actors.cli.findings import Verdict
from actors.cli.summary import ExitCode
from actors.filing import DownloadFolder
from actors.processes import resources
from actors.session.orders import prepare
from contracts.config import HeadlessConfiguration
from contracts.errors import BrowserDiedError, BrowserNotFoundError, ConfigurationError
from contracts.ports import BatchBegun, TaskAccepted
from contracts.tasks import TaskHandle
from tests.cli.fakes import Heard
from tests.cli.test_verify import bring_home
from tests.session.conftest import BASE, orders


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
    assert examine(healthy, heard.output, found) is ExitCode.SUCCESS
    assert "Ready to run." in heard.out
    assert "156.0.1.2" in heard.out


def test_secrets_are_never_shown(healthy: dict[str, str]) -> None:
    heard = Heard()
    examine(healthy, heard.output, found)
    assert "hunter2" not in heard.out + heard.err
    assert "somebody" not in heard.out + heard.err


def test_looking_leaves_nothing_behind(healthy: dict[str, str], tmp_path: Path) -> None:
    examine(healthy, Heard().output, found)
    assert list(tmp_path.iterdir()) == []


def test_no_browser_exits_2_and_says_how_to_get_one(healthy: dict[str, str]) -> None:
    heard = Heard()
    assert examine(healthy, heard.output, none) is ExitCode.UNUSABLE
    assert "-> Install one of three." in heard.out


def test_a_driver_of_another_version_is_a_problem(healthy: dict[str, str]) -> None:
    heard = Heard()
    odd = BrowserVersions("Chromium 156.0.1", "ChromeDriver 120.0.3")
    assert examine(healthy, heard.output, lambda _: odd) is ExitCode.UNUSABLE
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
    assert examine({**healthy, "PURSER_DOWNLOAD_DIR": "/dev/null/d"}, heard.output, found) is ExitCode.UNUSABLE
    assert "--download-dir" in heard.out


@pytest.mark.parametrize("place", ["/dev/null/state", "/proc/state"])
def test_a_state_folder_that_cannot_be_written_is_a_problem(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("PURSER_STATE_DIR", place)
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    assert "missing  state folder" in heard.out
    assert "PURSER_STATE_DIR=" in heard.out


def test_a_user_without_a_home_is_a_problem_unless_a_folder_is_named(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_name: str) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_state_path", nobody)
    assert examine(healthy, Heard().output, found) is ExitCode.SUCCESS
    monkeypatch.delenv("PURSER_STATE_DIR")
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    assert "this user has no home folder" in heard.out
    assert "PURSER_STATE_DIR=" in heard.out


@pytest.mark.parametrize("name", ["x" * 300, "a\ud800b", "a\0b"])
def test_a_download_folder_that_cannot_be_is_a_problem(healthy: dict[str, str], tmp_path: Path, name: str) -> None:
    heard = Heard()
    assert examine(healthy, heard.output, found, download_dir=tmp_path / name) is ExitCode.UNUSABLE
    assert "cannot be written" in heard.out


@pytest.mark.parametrize("variable", ["PURSER_RESULTS", "PURSER_REPORT"])
def test_an_output_that_cannot_be_written_is_a_problem(healthy: dict[str, str], variable: str) -> None:
    heard = Heard()
    assert examine({**healthy, variable: "/dev/null/x"}, heard.output, found) is ExitCode.UNUSABLE
    assert "cannot be written" in heard.out


def test_a_machine_without_a_temporary_folder_has_a_problem(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_usable() -> Path:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("actors.cli.places.short_temp_dir", none_usable)
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    assert "TMPDIR=" in heard.out


def test_a_disk_without_room_is_a_problem_wherever_a_run_writes(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = attrs.evolve(resources.usage())
    monkeypatch.setattr(resources, "usage", lambda *places: attrs.evolve(full, disk_free=dict.fromkeys(places, 2**20)))
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    for what in ("download folder", "state folder", "temporary folder"):
        assert f"missing  {what}" in heard.out
    assert "1 MB free" in heard.out


def test_names_that_the_locale_cannot_write_are_a_problem(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsencode", lambda text: text.encode("ascii"))
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    assert "PYTHONUTF8=1" in heard.out


def test_a_wrong_variable_is_found_and_the_rest_is_looked_at_all_the_same(healthy: dict[str, str]) -> None:
    heard = Heard()
    assert examine({**healthy, "PURSER_WORKERS": "9"}, heard.output, found) is ExitCode.UNUSABLE
    assert "PURSER_WORKERS" in heard.out
    assert "memory" in heard.out


@pytest.mark.parametrize("names", [(), ("PURSER_USERNAME",), ("PURSER_PASSWORD",)])
def test_missing_credentials_are_a_warning_with_the_ways_to_give_them(
    healthy: dict[str, str], names: tuple[str, ...]
) -> None:
    """A portal may need none."""
    heard = Heard()
    environment = {name: value for name, value in healthy.items() if name in (*names, "PURSER_DOWNLOAD_DIR")}
    assert examine(environment, heard.output, found) is ExitCode.SUCCESS
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

    def is_in_keyring(host: str) -> bool:
        asked.append(host)
        return kept

    monkeypatch.setattr("actors.cli.doctor._is_in_keyring", is_in_keyring)
    heard = Heard()
    folder = healthy["PURSER_DOWNLOAD_DIR"]
    examine({"PURSER_BASE_URL": "https://P.example/x", "PURSER_DOWNLOAD_DIR": folder}, heard.output, found)
    assert asked == ["p.example"]
    assert verdict in heard.out


# ------------------------------------------------------------------------------- what a run would refuse, known ahead


def test_a_browser_that_does_not_start_is_a_problem(healthy: dict[str, str]) -> None:
    def dies(_: HeadlessConfiguration) -> BrowserVersions:
        raise BrowserDiedError("The driver ended while starting: it said nothing")

    heard = Heard()
    assert examine(healthy, heard.output, dies) is ExitCode.UNUSABLE
    assert "missing  browser: it does not start: The driver ended" in heard.out


def test_a_program_that_is_no_driver_is_found_out_by_starting_it(
    healthy: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_driver = shutil.which("false")
    if shutil.which("chromium") is None or no_driver is None:
        pytest.skip("no Chromium on this machine")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    heard = Heard()
    assert examine({**healthy, "PURSER_DRIVER": no_driver}, heard.output) is ExitCode.UNUSABLE
    assert "missing  browser: it does not start" in heard.out
    assert not (tmp_path / "state").exists()


@pytest.mark.chromium
def test_the_browser_of_this_machine_is_started_and_nothing_of_it_is_left(
    healthy: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("no Chromium on this machine")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    heard = Heard()
    assert examine(healthy, heard.output) is ExitCode.SUCCESS
    assert "ok       browser: Chromium" in heard.out
    assert [path.name for path in tmp_path.iterdir()] == []


WRONG_FILES = {
    "no file": None,
    "no TOML": "base_url = ",
    "a wrong value": 'base_url = "ftp://portal.example"',
    "a number out of range": "workers = 99",
    "a contradiction": "[limits]\nmemory_threshold = 7",
}


@pytest.mark.parametrize("content", WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_settings_file_that_a_run_would_refuse_is_a_problem(
    healthy: dict[str, str], tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "purser.toml"
    if content is not None:
        file.write_text(content)
    heard = Heard()
    assert examine(healthy, heard.output, found, config=file) is ExitCode.UNUSABLE
    assert "missing  settings" in heard.out
    assert str(file) in heard.out
    assert "memory" in heard.out, "and the rest is looked at all the same"


def test_a_good_settings_file_is_gone_by(healthy: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "purser.toml"
    file.write_text(f'profile = "{tmp_path / "nothing"}"\n')
    heard = Heard()
    assert examine(healthy, heard.output, found, config=file) is ExitCode.UNUSABLE
    assert "missing  profile" in heard.out
    assert "purser login" in heard.out
    (tmp_path / "nothing").mkdir()
    assert examine(healthy, Heard().output, found, config=file) is ExitCode.SUCCESS


@pytest.mark.parametrize("content", [None, "", "NAME\nx\n", "PO_NUMBER\n"])
def test_a_list_that_a_run_would_refuse_is_a_problem(
    healthy: dict[str, str], tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "orders.csv"
    if content is not None:
        file.write_text(content)
    heard = Heard()
    assert examine({**healthy, "PURSER_INPUT_CSV": str(file)}, heard.output, found) is ExitCode.UNUSABLE
    assert "missing  file of orders" in heard.out


def _used(folder: Path) -> Path:
    """Make a download folder in which a run has been."""
    with FolderJournal(folder) as folder_journal:
        bring_home(folder_journal, 1)
    return folder / ".purser" / "journal.db"


def a_folder(journal: Path) -> None:
    journal.unlink()
    journal.mkdir()


def a_link(journal: Path) -> None:
    journal.unlink()
    journal.symlink_to("x")


def a_folder_that_is_a_link(journal: Path) -> None:
    journal.parent.rename(journal.parents[2] / "x")
    journal.parent.symlink_to("../x")


def a_folder_that_is_a_file(journal: Path) -> None:
    shutil.rmtree(journal.parent)
    journal.parent.touch()


JOURNALS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a journal that others may write": (lambda journal: journal.chmod(0o666), "may be written by others"),
    "a damaged journal": (lambda journal: journal.write_bytes(b"x" * 5000), "is damaged"),
    "a journal that is a folder": (a_folder, "is not a regular file"),
    "a journal that is a link": (a_link, "is a link"),
    "a folder of the journal that is a link": (
        a_folder_that_is_a_link,
        "is a link",
    ),
    "a folder of the journal that is a file": (
        a_folder_that_is_a_file,
        "is not a folder",
    ),
}


@pytest.mark.parametrize(("spoil", "says"), JOURNALS.values(), ids=JOURNALS)
def test_books_that_a_run_would_refuse_are_a_problem(
    healthy: dict[str, str], tmp_path: Path, spoil: Callable[[Path], object], says: str
) -> None:
    folder = tmp_path / "d"
    journal = _used(folder)
    assert examine(healthy, Heard().output, found) is ExitCode.SUCCESS
    spoil(journal)
    heard = Heard()
    assert examine(healthy, heard.output, found, download_dir=folder) is ExitCode.UNUSABLE
    assert "missing  journal in it" in heard.out
    assert says in heard.out


PLACES = (
    "lock", "journal.db-wal", "journal.db-lock", "journal.db-lock-journal", "evidence", "evidence/manifest.jsonl",
    "input", "claims", "staging", "superseded",
)  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_a_link_that_a_run_would_refuse_is_a_problem(healthy: dict[str, str], tmp_path: Path, name: str) -> None:
    """Wherever it lies, and whatever it leads to."""
    place = _used(tmp_path / "d").parent / name
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    place.symlink_to(tmp_path / "elsewhere")
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    assert "missing  journal in it" in heard.out
    assert "link" in heard.out
    with pytest.raises(ConfigurationError), FolderJournal(tmp_path / "d") as folder_journal:
        DownloadFolder(tmp_path / "d", "run", ground=folder_journal.ground)


def test_a_journal_elsewhere_with_a_link_beside_it_is_a_problem(healthy: dict[str, str], tmp_path: Path) -> None:
    with FolderJournal(tmp_path / "d", tmp_path / "mine" / "journal.db") as folder_journal:
        bring_home(folder_journal, 1)
    assert examine(healthy, Heard().output, found) is ExitCode.SUCCESS
    lock = tmp_path / "mine" / "journal.db-lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "elsewhere")
    assert examine(healthy, Heard().output, found) is ExitCode.UNUSABLE


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives links away")
def test_a_download_folder_that_is_another_users_link_is_a_problem(healthy: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "d").symlink_to("x")
    os.chown(tmp_path / "d", 65534, 65534, follow_symlinks=False)
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    assert "is a link of another user" in heard.out


def test_a_folder_in_which_a_run_is_going_on_is_a_problem(healthy: dict[str, str], tmp_path: Path) -> None:
    heard = Heard()
    with FolderJournal(tmp_path / "d"):
        assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    assert "a run is going on there" in heard.out


def test_an_unfinished_run_is_told_of(healthy: dict[str, str], tmp_path: Path) -> None:
    with FolderJournal(tmp_path / "d") as folder_journal:
        journal = folder_journal.journal
        batch = prepare(orders(2), BASE)
        tasks = (TaskAccepted(TaskHandle(place, one.po_number), one) for place, one in enumerate(batch.orders))
        journal.append(journal.open_epoch(), (BatchBegun(0, 2), *tasks))
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.SUCCESS
    assert "an unfinished run of 2 orders" in heard.out
    assert "purser resume" in heard.out


def test_a_state_folder_that_others_may_write_is_told_of(healthy: dict[str, str], tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.SUCCESS
    assert "warning  state folder" in heard.out
    assert "may be written by others" in heard.out
    state.chmod(0o700)
    (state / "seal.key").write_bytes(bytes(32))
    (state / "seal.key").chmod(0o666)
    heard = Heard()
    assert examine(healthy, heard.output, found) is ExitCode.UNUSABLE
    assert "missing  seal of runs" in heard.out


def test_the_room_that_the_settings_ask_for_must_be_there(healthy: dict[str, str], tmp_path: Path) -> None:
    heard = Heard()
    wants = {**healthy, "PURSER_LIMITS_MINIMUM_FREE_DISK": str(2**60)}
    assert examine(wants, heard.output, found) is ExitCode.UNUSABLE
    assert "MB free" in heard.out
