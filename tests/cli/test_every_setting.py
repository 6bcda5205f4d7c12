"""Every field of `Settings`, the newest too, can be set by each door: file, variable, keyword, plan of a journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest

from actors import MainApp, ProcessingSession
from actors.cli.options import RunOptions, make_plan
from actors.cli.plans import kept_plan, plan_again, read_plan
from actors.session.options import SettingsOptions
from actors.tables import read_environment, read_settings_file
from actors.tables.run_settings import GROUPS, SESSION_SETTINGS
from contracts.config import (
    AttachmentLimits,
    GenericPortalSettings,
    HeadlessConfiguration,
    PortalKind,
    ResourceLimits,
    RestartIntensity,
    RetryPolicy,
    Route,
    Settings,
    Timeouts,
)
from scripts.docs_reference import REFERENCE

OTHER: dict[str, tuple[Any, Any]] = {
    "portal": ("generic", PortalKind.GENERIC),
    "base_url": ("https://portal.example", "https://portal.example"),
    "download_dir": ("elsewhere", Path("elsewhere")),
    "route": ("browser", Route.BROWSER),
    "profile": ("profiles", Path("profiles")),
    "timeouts": ({"task": 77.0}, Timeouts(task=77.0)),
    "limits": ({"recycle_after_tasks": 7}, ResourceLimits(recycle_after_tasks=7)),
    "attachments": ({"max_count": 7}, AttachmentLimits(max_count=7)),
    "retry": ({"max_attempts": 7}, RetryPolicy(max_attempts=7)),
    "intensity": ({"max_restarts": 7}, RestartIntensity(max_restarts=7)),
    "generic": ({"order_path": "/po/{number}"}, GenericPortalSettings(order_path="/po/{number}")),
    "seed": (7, 7),
    "screenshots": (False, False),
    "allowed_file_hosts": (["files.example"], ("files.example",)),
    "login_hosts": (["login.example"], ("login.example",)),
    "strict_types": (True, True),
}
"""For each field, something else than its default: as a file holds it, and as the session has it."""

FIELDS = [field.name for field in attrs.fields(Settings)]


def test_each_field_is_tried_with_another_value_than_its_default() -> None:
    assert list(OTHER) == FIELDS
    assert [name for name in FIELDS if OTHER[name][1] == getattr(Settings(), name)] == []


@pytest.mark.parametrize("name", FIELDS)
def test_a_settings_file_sets_it(tmp_path: Path, name: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({name: OTHER[name][0]}))
    read = read_settings_file(file)
    assert read.settings() == attrs.evolve(Settings(), **{name: OTHER[name][1]})
    assert read.warnings == ()


@pytest.mark.parametrize("name", FIELDS)
def test_a_variable_sets_it(name: str) -> None:
    written, wanted = OTHER[name]
    ((key, said),) = written.items() if isinstance(written, dict) else ((None, written),)
    variable = "_".join(part.upper() for part in ("PURSER", name, key) if part)
    text = ",".join(said) if isinstance(said, list) else str(said)
    assert read_environment({variable: text}).settings() == attrs.evolve(Settings(), **{name: wanted})


@pytest.mark.parametrize("name", FIELDS)
def test_a_keyword_sets_it(name: str) -> None:
    given: Any = {name: OTHER[name][1]}
    wanted = attrs.evolve(Settings(), **given)
    assert ProcessingSession(HeadlessConfiguration(), **given)._settings == wanted
    assert MainApp(**given)._session._settings == wanted


def test_the_keywords_that_a_type_checker_knows_are_the_fields() -> None:
    assert list(get_type_hints(SettingsOptions)) == FIELDS


@pytest.mark.parametrize("name", FIELDS)
def test_the_plan_in_a_journal_keeps_it(tmp_path: Path, name: str) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("po_number\n1\n")
    plan = make_plan(RunOptions(file=orders, base_url="https://first.example", download_dir=tmp_path), {})
    settings = attrs.evolve(plan.settings, **{name: OTHER[name][1]})
    told = json.loads(json.dumps(kept_plan(attrs.evolve(plan, settings=settings), "0" * 64)))
    kept = read_plan(told, tmp_path, announced=True)
    again = plan_again(kept, tmp_path, HeadlessConfiguration()).settings
    # A path is kept so that it holds from any folder; the download folder is where it was found.
    wanted = {"download_dir": tmp_path, "profile": Path("profiles").absolute()}.get(name, OTHER[name][1])
    assert again == attrs.evolve(plan.settings, **{name: wanted})


@pytest.mark.parametrize("name", FIELDS)
def test_the_reference_tells_of_it(name: str) -> None:
    page = (REFERENCE / "configuration.md").read_text(encoding="utf-8")
    if name in GROUPS:
        assert f"<!-- table: group-{name} -->" in page
        assert [key for key in attrs.fields_dict(GROUPS[name]) if f"| `{key}` |" not in page] == []
    else:
        assert f"| `{name}` |" in page


def test_an_option_of_the_command_that_is_named_like_a_setting_sets_it() -> None:
    shared = [name for name in SESSION_SETTINGS if name in attrs.fields_dict(RunOptions)]
    assert {"portal", "base_url", "download_dir", "route", "profile"} == set(shared)
    said = RunOptions(**{name: OTHER[name][1] for name in shared}).patch().session
    assert said == {name: OTHER[name][1] for name in shared}
