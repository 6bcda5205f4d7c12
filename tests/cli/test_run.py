"""What `purser run` does with a session that behaves, fails, stops early or is interrupted."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.cli.options import RunOptions
from actors.cli.run import run
from actors.cli.summary import ExitCode
from contracts.config import PortalKind, Route
from contracts.errors import (
    AuthenticationError,
    BrowserNotFoundError,
    CrewFailedError,
    DownloadFolderError,
    InsufficientResourcesError,
    PortalUnreachableError,
)
from contracts.tasks import TaskStatus
from tests.cli import fakes


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    file.write_text("po_number,supplier,url\nPO1,A,https://p.example/1\nPO2,A,https://p.example/2\n")
    return file


@pytest.fixture(autouse=True)
def _handlers_are_put_back() -> Iterator[None]:
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    before = [signal.getsignal(getattr(signal, name)) for name in names]
    yield
    assert [signal.getsignal(getattr(signal, name)) for name in names] == before


def options(orders: Path, **more: Any) -> RunOptions:
    return RunOptions(file=orders, download_dir=orders.parent / "download", **more)


def go(orders: Path, session: Any, heard: Any = None, /, **more: Any) -> ExitCode:
    heard = heard or fakes.Heard()
    return run(options(orders, **more), {}, heard.output, session.factory)


def statuses(orders: Path) -> list[tuple[str, str]]:
    text = (orders.parent / "download" / "results.csv").read_text(encoding="utf-8-sig")
    return [tuple(line.split(",")[:2]) for line in text.splitlines()[1:]]  # type: ignore[misc]  # two cells each


def test_success_exits_0_and_says_the_totals_and_where_the_files_lie(orders: Path) -> None:
    heard = fakes.Heard()
    assert go(orders, fakes.FakeSession(), heard) is ExitCode.SUCCESS
    assert "successful: 2\nfailed:     0\ntotal:      2\nelapsed:    0:00\n" in heard.out
    assert str(orders.parent / "download" / "results.csv") in heard.out
    assert statuses(orders) == [("PO1", "COMPLETED"), ("PO2", "COMPLETED")]
    report = json.loads((orders.parent / "download" / "report.json").read_text())
    assert report["session_id"] == "s1"
    assert report["run"]["exit_code"] == 0


def test_some_failed_exits_1_with_a_table_of_reasons(orders: Path) -> None:
    heard = fakes.Heard()
    assert go(orders, fakes.FakeSession({"PO2": TaskStatus.FAILED}), heard) is ExitCode.SOME_FAILED
    assert "Why orders failed" in heard.out
    assert "NETWORK_ERROR" in heard.out
    assert "PO2" in heard.out
    assert statuses(orders) == [("PO1", "COMPLETED"), ("PO2", "FAILED")]


def test_a_bad_row_is_told_once_and_counts_as_failed_while_the_others_are_visited(orders: Path) -> None:
    orders.write_text("po_number,url\nPO1,ftp://x\nPO2,https://p.example/2\n,\n,https://p.example/3\n")
    heard, session = fakes.Heard(), fakes.FakeSession()
    assert go(orders, session, heard) is ExitCode.SOME_FAILED
    assert [task.po_number for task in session.tasks] == ["PO2"]
    assert heard.err.count("line 2: the URL must be an http or https address") == 1
    assert heard.err.count("line 5: the row has no PO number") == 1
    assert statuses(orders) == [("PO1", "FAILED"), ("PO2", "COMPLETED"), ("", "FAILED")]


def test_without_one_good_row_no_session_is_made(orders: Path) -> None:
    orders.write_text("po_number,url\nPO1,ftp://x\n")
    session = fakes.FakeSession()
    assert go(orders, session) is ExitCode.SOME_FAILED
    assert session.made_with == {}
    assert statuses(orders) == [("PO1", "FAILED")]


def test_a_rerun_visits_only_what_is_left_and_never_writes_over_its_input(orders: Path) -> None:
    go(orders, fakes.FakeSession({"PO2": TaskStatus.FAILED}))
    first = orders.parent / "download" / "results.csv"
    before = first.read_bytes()
    heard, session = fakes.Heard(), fakes.FakeSession()
    code = run(
        RunOptions(file=first, download_dir=first.parent, base_url="https://p.example"),
        {},
        heard.output,
        session.factory,
    )
    assert code is ExitCode.SUCCESS
    assert [task.po_number for task in session.tasks] == ["PO2"]
    assert first.read_bytes() == before
    assert "COMPLETED" in (first.parent / "results-2.csv").read_text(encoding="utf-8-sig").splitlines()[2]
    assert "skipped:    1" in heard.out


def test_when_all_is_done_already_nothing_is_visited_and_it_is_a_success(orders: Path) -> None:
    orders.write_text("PO_NUMBER,STATUS,LAST_PROCESSED\nPO1,COMPLETED,t\n")
    session = fakes.FakeSession()
    assert go(orders, session) is ExitCode.SUCCESS
    assert session.made_with == {}


@pytest.mark.parametrize(
    "error",
    [
        BrowserNotFoundError("No browser. Get one."),
        DownloadFolderError("The folder is in use."),
        PortalUnreachableError("The portal does not answer."),
        AuthenticationError("The password was refused."),
    ],
)
def test_what_is_wrong_before_the_first_order_exits_2_and_leaves_no_files(orders: Path, error: Exception) -> None:
    heard = fakes.Heard()
    assert go(orders, fakes.FakeSession(error=error), heard) is ExitCode.UNUSABLE
    assert f"error: {error}" in heard.err
    assert [path.name for path in orders.parent.iterdir()] == ["orders.csv"]


@pytest.mark.parametrize(
    "error", [CrewFailedError("All are gone."), InsufficientResourcesError("No memory."), KeyError("x")]
)
def test_what_could_not_finish_exits_3_and_still_writes_the_results(orders: Path, error: Exception) -> None:
    heard = fakes.Heard()
    assert go(orders, fakes.FakeSession(error=error), heard) is ExitCode.NOT_FINISHED
    assert statuses(orders) == [("PO1", "CANCELLED"), ("PO2", "CANCELLED")]
    assert "Traceback" not in heard.err


def test_an_unforeseen_error_is_called_by_its_name_and_shown_whole_only_when_asked(orders: Path) -> None:
    heard = fakes.Heard()
    session = fakes.FakeSession(error=KeyError("x"))
    run(options(orders), {"PURSER_DEBUG": "1"}, heard.output, session.factory)
    assert "KeyError" in heard.err
    assert "Traceback" in heard.err


def test_a_session_that_stopped_early_exits_3(orders: Path) -> None:
    heard = fakes.Heard()
    assert go(orders, fakes.FakeSession(stopped_early="The circuit was open."), heard) is ExitCode.NOT_FINISHED
    assert "The circuit was open." in heard.err


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_one_signal_drains_and_exits_130(orders: Path, name: str) -> None:
    number = getattr(signal, name)
    session = fakes.FakeSession(
        {"PO1": TaskStatus.COMPLETED}, on_start=lambda: signal.raise_signal(number), waits_for_stop=True
    )
    heard = fakes.Heard()
    assert go(orders, session, heard) is ExitCode.INTERRUPTED
    assert session.stops == [False]
    assert statuses(orders) == [("PO1", "COMPLETED"), ("PO2", "INTERRUPTED")]
    assert f"purser resume {orders.parent / 'download'}" in heard.err


def test_a_second_signal_forces(orders: Path) -> None:
    session = fakes.FakeSession(waits_for_stop=True, ignores_drain=True)
    drained = session.request_stop

    def request_stop(force: bool = False) -> None:
        drained(force)
        if not force:
            signal.raise_signal(signal.SIGTERM)

    session.request_stop = request_stop  # type: ignore[method-assign]  # it signals as well
    session.on_start = lambda: signal.raise_signal(signal.SIGINT)
    assert go(orders, session) is ExitCode.INTERRUPTED
    assert session.stops == [False, True]


def test_a_drain_that_takes_too_long_is_forced(orders: Path) -> None:
    session = fakes.FakeSession(waits_for_stop=True, ignores_drain=True)
    session.on_start = lambda: signal.raise_signal(signal.SIGINT)
    code = run(options(orders), {"PURSER_TIMEOUTS_SHUTDOWN": "0"}, fakes.Heard().output, session.factory)
    assert code is ExitCode.INTERRUPTED
    assert session.stops == [False, True]


def test_json_puts_one_document_on_stdout_and_all_else_on_stderr(orders: Path) -> None:
    heard = fakes.Heard(json=True)
    go(orders, fakes.FakeSession({"PO2": TaskStatus.FAILED}), heard)
    document = json.loads(heard.out)
    assert (document["run"]["exit_code"], document["run"]["successful"], document["run"]["failed"]) == (1, 1, 1)
    assert document["run"]["reasons"][0]["code"] == "NETWORK_ERROR"
    assert document["start_time"].startswith("2026-01-02")
    assert "successful: 1" in heard.err


@pytest.mark.parametrize(
    ("error", "code"),
    [(BrowserNotFoundError("None."), "CONFIG_ERROR"), (PortalUnreachableError("None."), "NETWORK_ERROR")],
)
def test_json_has_a_document_for_an_error_too(orders: Path, error: Exception, code: str) -> None:
    heard = fakes.Heard(json=True)
    go(orders, fakes.FakeSession(error=error), heard)
    assert json.loads(heard.out) == {"run": {"exit_code": 2}, "error": {"code": code, "message": "None."}}


def test_quiet_says_nothing_when_all_is_well_and_what_is_wrong_otherwise(orders: Path) -> None:
    heard = fakes.Heard(quiet=True)
    go(orders, fakes.FakeSession(), heard)
    assert (heard.out, heard.err) == ("", "")
    go(orders, fakes.FakeSession(error=BrowserNotFoundError("None.")), heard)
    assert heard.err == "error: None.\n"


def test_options_win_over_the_environment_and_that_over_the_file(orders: Path) -> None:
    config = orders.parent / "purser.toml"
    config.write_text('workers = 2\nportal = "coupa"\nroute = "browser"\nheadless = true\n')
    session = fakes.FakeSession()
    run(
        options(orders, config=config, workers=5, headed=True, sequential=True),
        {"PURSER_WORKERS": "3", "PURSER_PORTAL": "generic"},
        fakes.Heard().output,
        session.factory,
    )
    settings = session.made_with["settings"]
    assert (session.made_with["workers"], session.made_with["headless"], session.made_with["parallel"]) == (
        5,
        False,
        False,
    )
    assert (settings.portal, settings.route) == (PortalKind.GENERIC, Route.BROWSER)


def test_defaults_are_four_workers_in_parallel_without_a_window(orders: Path) -> None:
    session = fakes.FakeSession()
    go(orders, session)
    made = session.made_with
    assert (made["workers"], made["parallel"], made["headless"]) == (4, True, True)


def test_the_file_of_orders_may_come_from_the_settings(orders: Path) -> None:
    session = fakes.FakeSession()
    code = run(
        RunOptions(download_dir=orders.parent / "d"), {"INPUT_CSV": str(orders)}, fakes.Heard().output, session.factory
    )
    assert code is ExitCode.SUCCESS


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"workers": 0}, "--workers must be a whole number from 1 to 8, not 0"),
        ({"workers": 9}, "--workers must be a whole number from 1 to 8, not 9"),
        ({"base_url": "portal"}, "base_url must be an http or https address"),
        ({"profile": Path("/nonexistent/profile")}, "is not a folder"),
        ({"config": Path("/nonexistent/c.toml")}, "settings file"),
        ({"results": Path("/")}, "is a folder"),
        ({"results": Path("/dev/null/r.csv")}, "cannot be written"),
    ],
)
def test_a_wrong_option_exits_2_and_makes_nothing(orders: Path, more: dict[str, Any], message: str) -> None:
    heard, session = fakes.Heard(), fakes.FakeSession()
    assert go(orders, session, heard, **more) is ExitCode.UNUSABLE
    assert message in heard.err
    assert session.made_with == {}
    assert [path.name for path in orders.parent.iterdir()] == ["orders.csv"]


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("place", [Path("x" * 300), Path(*["x" * 200] * 25), Path("a\ud800b"), Path("a\0b")])
def test_a_download_folder_that_cannot_be_exits_2_and_makes_nothing(orders: Path, place: Path, fresh: bool) -> None:
    heard, session = fakes.Heard(), fakes.FakeSession()
    told = attrs.evolve(options(orders, fresh=fresh), download_dir=orders.parent / place)
    assert run(told, {}, heard.output, session.factory) is ExitCode.UNUSABLE
    assert "cannot be" in heard.err
    assert "choose another" in heard.err.lower()
    assert session.made_with == {}
    assert [path.name for path in orders.parent.iterdir()] == ["orders.csv"]


def test_input_results_and_report_must_be_three_files(orders: Path) -> None:
    for more in ({"results": orders}, {"report": orders}, {"results": Path("x"), "report": Path("x")}):
        heard = fakes.Heard()
        assert go(orders, fakes.FakeSession(), heard, **more) is ExitCode.UNUSABLE
        assert "the same file" in heard.err


def test_orders_without_addresses_need_a_base_url(orders: Path) -> None:
    orders.write_text("po_number\nPO1\n")
    heard = fakes.Heard()
    assert go(orders, fakes.FakeSession(), heard) is ExitCode.UNUSABLE
    assert "--base-url" in heard.err
    assert go(orders, fakes.FakeSession(), base_url="https://p.example") is ExitCode.SUCCESS


def test_results_that_cannot_be_written_at_the_end_exit_3(orders: Path) -> None:
    """The folder was fine at the start."""
    results = orders.parent / "download" / "results.csv"
    session = fakes.FakeSession(on_start=lambda: results.mkdir(parents=True))
    heard = fakes.Heard()
    assert go(orders, session, heard) is ExitCode.NOT_FINISHED
    assert "could not be written" in heard.err


def test_a_terminal_that_goes_away_does_not_end_the_run(orders: Path) -> None:
    """SIGHUP means just that."""
    heard = fakes.Heard(terminal=True)

    def gone(_text: str) -> int:
        raise OSError(5, "Input/output error")

    for stream in (heard._err, heard._out):
        stream.write = gone  # type: ignore[method-assign]  # what is behind it is gone
    assert go(orders, fakes.FakeSession(), heard) is ExitCode.SUCCESS
    assert statuses(orders)[0] == ("PO1", "COMPLETED")


def test_the_live_display_shows_workers_as_they_are_named(orders: Path) -> None:
    heard = fakes.Heard(terminal=True)
    go(orders, fakes.FakeSession(), heard)
    assert "2 of 2 done" in heard.err
    for text in ("worker-1", "working", "PO[red]1", "228 MB"):
        assert text in heard.err
