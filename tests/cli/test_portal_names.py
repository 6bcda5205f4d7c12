"""The command takes an installed adapter by its name, keeps it in the run's plan, and says what is wrong with one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.cli.doctor import findings
from actors.cli.findings import Finding, Verdict
from actors.cli.options import RunOptions, make_plan
from actors.cli.plans import KeptPlan, kept_plan, plan_again
from actors.cli.run import run
from actors.cli.summary import ExitCode
from actors.session.adapters import adapter_of
from contracts.config import HeadlessConfiguration, PortalKind, Settings
from contracts.errors import ConfigurationError
from tests.cli import fakes
from tests.cli.conftest import Stand
from tests.cli.test_doctor import found
from tests.cli.test_resume import TEN, stopping_after
from tests.offering import ADAPTER, offer

SAYS = "No portal adapter is called 'acme'. There are: auto, coupa, generic"


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    file.write_text("po_number\nPO1\n")
    return file


def started(orders: Path, environment: dict[str, str], heard: fakes.Heard, **options: Any) -> tuple[ExitCode, Any]:
    """Run the command over a fake session; return its exit code and the portal that the session got."""
    session = fakes.FakeSession()
    given = RunOptions(file=orders, base_url="https://p.example", download_dir=orders.parent / "d", **options)
    code = run(given, environment, heard.output, session.factory)
    return code, session.made_with["settings"].portal if session.made_with else None


@pytest.mark.parametrize("source", ["option", "variable", "file"])
def test_a_name_is_taken_from_the_option_the_variable_and_the_settings_file(
    orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """And refused from each of them, before anything is written, as long as nobody offers it."""
    config = tmp_path / "purser.toml"
    config.write_text('portal = "acme"\n' if source == "file" else "")
    environment = {"PURSER_PORTAL": "acme"} if source == "variable" else {}
    options = {"config": config, **({"portal": "acme"} if source == "option" else {})}
    heard = fakes.Heard()
    assert started(orders, environment, heard, **options) == (ExitCode.UNUSABLE, None)
    assert SAYS in heard.err
    assert not (tmp_path / "d").exists()
    offer(monkeypatch, tmp_path / "site", {"acme": ":Adapter"})
    assert started(orders, environment, fakes.Heard(), **options) == (ExitCode.SUCCESS, "acme")


def test_a_name_that_nobody_offers_is_refused_also_where_there_is_nothing_to_visit(orders: Path) -> None:
    """As any setting that is wrong."""
    orders.write_text("po_number,url\nPO1,ftp://x\n")
    assert started(orders, {}, fakes.Heard(), portal="acme") == (ExitCode.UNUSABLE, None)
    assert started(orders, {}, fakes.Heard(), portal="coupa") == (ExitCode.SOME_FAILED, None)


def test_an_option_wins_over_a_name_in_the_environment(orders: Path) -> None:
    """Nobody asks whether a name that is not used is one."""
    code, portal = started(orders, {"PURSER_PORTAL": "nobodys"}, fakes.Heard(), portal="coupa")
    assert (code, portal) == (ExitCode.SUCCESS, PortalKind.COUPA)


def test_a_broken_adapter_is_told_in_one_sentence_to_who_names_it(
    orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, tmp_path / "site", {"acme": ":Adapter"}, "class Adapter:\n    login_paths = ()\n")
    heard = fakes.Heard()
    assert started(orders, {}, heard, portal="acme") == (ExitCode.UNUSABLE, None)
    assert heard.err.count("\n") == 1
    assert "of acme-purser 1.0 (entry point acme = acme_purser:Adapter) is none: it has no recognises" in heard.err


def test_a_name_that_nobody_offers_puts_no_earlier_journal_aside(stand: Stand) -> None:
    file = stand.orders("PO1")
    assert stand.run(file) is ExitCode.SUCCESS
    before = sorted(path.name for path in (stand.downloads / ".purser").iterdir())
    assert stand.run(file, fresh=True, portal="acme") is ExitCode.UNUSABLE
    assert SAYS in stand.heard.err
    assert sorted(path.name for path in (stand.downloads / ".purser").iterdir()) == before


# ------------------------------------------------------------------------------------------------ what a journal keeps


@pytest.mark.parametrize("portal", ["acme", PortalKind.AUTO, PortalKind.COUPA, PortalKind.GENERIC])
def test_a_plan_keeps_one_word_for_the_portal_and_gives_it_back(
    orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portal: Any
) -> None:
    """The same word as plans had before there were names."""
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    offer(monkeypatch, tmp_path / "site", {"acme": ":Adapter"})
    plan = make_plan(RunOptions(file=orders, portal=portal, download_dir=tmp_path), {})
    kept = kept_plan(plan, "0" * 64)["plan"]
    assert kept["settings"]["portal"] == (portal if isinstance(portal, str) else portal.value)
    told = KeptPlan(plan=kept, list_file=orders, is_copy=True, is_own=True, named_programs=False)
    assert plan_again(told, tmp_path, HeadlessConfiguration()).settings.portal == portal


@attrs.define
class Opened:
    """The adapters that runs were opened with."""

    portals: list[Any] = attrs.field(factory=list)


@pytest.fixture
def opened(stand: Stand) -> Opened:
    """Note how each run's resources are opened, which open the adapter as the real ones do."""
    noted = Opened()

    def opening(settings: Settings) -> None:
        adapter_of(settings)
        noted.portals.append(settings.portal)

    stand.script.opening = opening
    return noted


def test_a_run_with_an_adapter_by_name_is_gone_on_with_by_that_name(
    stand: Stand, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, tmp_path / "site", {"acme": ":Adapter"})
    with stopping_after(stand, 4, crew=True):
        assert stand.run(stand.orders(*TEN, url=False), portal="acme") is ExitCode.INTERRUPTED
    first = stand.visited()
    assert stand.resume() is ExitCode.SUCCESS
    assert opened.portals == ["acme", "acme"]
    assert sorted([*first, *stand.visited()]) == sorted(TEN)


def test_a_run_whose_adapter_is_gone_waits_until_it_is_there_again(
    stand: Stand, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither `resume` nor `retry` changes anything before it has asked for the adapter."""
    site = tmp_path / "site"
    file = stand.orders(*TEN)
    stand.script.answers = {"PO3": 500}
    with monkeypatch.context() as while_it_is_there:
        offer(while_it_is_there, site, {"acme": ":Adapter"})
        with stopping_after(stand, 4, crew=True):
            assert stand.run(file, portal="acme") is ExitCode.INTERRUPTED
    assert stand.resume() is ExitCode.UNUSABLE
    assert SAYS in stand.heard.err
    shutil.rmtree(site)
    with monkeypatch.context() as while_it_is_there:
        offer(while_it_is_there, site, {"acme": ":Adapter"})
        assert stand.resume() is ExitCode.SOME_FAILED
    assert stand.retry() is ExitCode.UNUSABLE
    assert SAYS in stand.heard.err
    shutil.rmtree(site)
    stand.visited()
    stand.script.answers = {}
    offer(monkeypatch, site, {"acme": ":Adapter"})
    assert stand.retry() is ExitCode.SUCCESS, "the run is still one that has come to its end"
    assert stand.visited() == ["PO3"]
    assert opened.portals == ["acme"] * 3


# ---------------------------------------------------------------------------------------------------------- the doctor


def look(folder: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[Finding]:
    """Return what the doctor finds about adapters."""
    monkeypatch.setenv("PURSER_STATE_DIR", str(folder / "state"))
    told = {"PURSER_DOWNLOAD_DIR": str(folder / "d"), **environment}
    return [finding for finding in findings(told, found) if finding.what == "portal adapter"]


def test_the_doctor_looks_at_the_adapter_that_a_run_would_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (missing,) = look(tmp_path, monkeypatch, PURSER_PORTAL="acme")
    assert (missing.verdict, SAYS in missing.detail) == (Verdict.BAD, True)
    offer(monkeypatch, tmp_path / "site", {"acme": ":Adapter"})
    (good,) = look(tmp_path, monkeypatch, PURSER_PORTAL="acme")
    assert good.verdict is Verdict.GOOD
    assert good.detail == "acme of acme-purser 1.0 (entry point acme = acme_purser:Adapter)"


def test_the_doctor_tells_which_installed_adapters_auto_would_ask_and_which_it_passes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look(tmp_path, monkeypatch) == []
    offer(monkeypatch, tmp_path / "site", {"zeta": ":Adapter"}, ADAPTER, "zeta-purser")
    offer(monkeypatch, tmp_path / "site", {"acme": ":Adapter"}, "1 / 0")
    broken, good = look(tmp_path, monkeypatch)
    assert (broken.verdict, good.verdict) == (Verdict.POOR, Verdict.GOOD)
    assert "cannot be loaded: ZeroDivisionError" in broken.detail
    assert look(tmp_path, monkeypatch, PURSER_PORTAL="coupa") == []


def test_a_word_that_can_be_no_name_is_refused_where_it_stands() -> None:
    with pytest.raises(ConfigurationError, match="PURSER_PORTAL: portal must be one of auto, coupa, generic"):
        make_plan(RunOptions(), {"PURSER_PORTAL": "s a p"})
