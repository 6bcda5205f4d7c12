"""Where settings come from: a file, the environment, and which of them wins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.tables import RunSettings, read_environment, read_settings_file
from contracts.config import PortalKind, Route, Settings, Timeouts
from contracts.errors import ConfigurationError, InputFileError


def from_toml(tmp_path: Path, text: str) -> RunSettings:
    file = tmp_path / "purser.toml"
    file.write_text(text)
    return read_settings_file(file)


def from_json(tmp_path: Path, content: object) -> RunSettings:
    file = tmp_path / "myscript_config.json"
    file.write_text(json.dumps(content))
    return read_settings_file(file)


def test_a_toml_file_sets_plain_values_and_groups(tmp_path: Path) -> None:
    patch = from_toml(
        tmp_path,
        'portal = "coupa"\nbase_url = "https://p.example"\nworkers = 2\nheadless = false\nroute = "browser"\n'
        '[timeouts]\ntask = 12\n[generic]\ntitle_selectors = ["h2"]\n[retry]\njitter = false\n',
    )
    settings = patch.settings()
    assert (settings.portal, settings.route, settings.base_url) == (
        PortalKind.COUPA,
        Route.BROWSER,
        "https://p.example",
    )
    assert settings.timeouts.task == 12.0
    assert settings.generic.title_selectors == ("h2",)
    assert settings.retry.jitter is False
    assert patch.workers == 2
    assert patch.headless_configuration().headless is False
    assert patch.warnings == ()


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert from_toml(tmp_path, "").settings() == Settings()


def test_the_old_apps_file_is_honoured_and_its_other_keys_are_kept_with_a_warning(tmp_path: Path) -> None:
    """Contract 120."""
    content = {
        "excel_path": "a.xlsx", "csv_path": "in.csv", "download_dir": "d", "num_windows": 2, "max_tabs_per_window": 3,
        "max_workers": 3, "headless": False, "profile_mode": "full", "batch_size": 5, "mine": {"a": 1},
    }  # fmt: skip
    patch = from_json(tmp_path, content)
    assert (patch.csv_path, patch.workers, patch.headless) == (Path("in.csv"), 3, False)
    assert patch.session == {"download_dir": Path("d")}
    assert patch.unknown == {key: content[key] for key in patch.unknown}
    assert set(patch.unknown) == {
        "excel_path", "num_windows", "max_tabs_per_window", "profile_mode", "batch_size", "mine",
    }  # fmt: skip
    assert len(patch.warnings) == 6
    assert any("'mine'" in warning and "not known" in warning for warning in patch.warnings)


def test_more_workers_than_there_may_be_are_cut_in_an_old_file_and_refused_in_a_new_one(tmp_path: Path) -> None:
    patch = from_json(tmp_path, {"max_workers": 16})
    assert patch.workers == 8
    assert "16" in patch.warnings[0]
    with pytest.raises(ConfigurationError, match="workers must be a whole number from 1 to 8, not 16"):
        from_toml(tmp_path, "workers = 16")
    with pytest.raises(ConfigurationError, match="max_workers must be"):
        from_json(tmp_path, {"max_workers": 0})


def test_a_value_of_an_unknown_key_is_never_told(tmp_path: Path) -> None:
    """Somebody will put a password there."""
    patch = from_json(tmp_path, {"password": "hunter2"})
    assert "hunter2" not in repr(patch) + "".join(patch.warnings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("workers = true", "workers must be a whole number, not 'True'"),
        ("workers = 2.5", "workers must be a whole number"),
        ('headless = "maybe"', "headless must be true or false"),
        (
            'portal = "s a p"',
            "portal must be one of auto, coupa, generic, or the name of an installed adapter, not 's a p'",
        ),
        ("portal = 5", "portal must be one of auto, coupa, generic, or the name of an installed adapter, not '5'"),
        ("download_dir = 5", "download_dir must be a path"),
        ('base_url = "portal"', "base_url must be an http or https address"),
        ('browser = "lynx"', "browser must be one of"),
        ("timeouts = 5", "'timeouts' must be a table"),
        ('[timeouts]\ntask = "long"', "timeouts.task must be a number, not 'long'"),
        ("[timeouts]\npage_load = -1", "timeouts.page_load must be a number of at least 0.05"),
        ("[limits]\nmemory_threshold = 75", "limits.memory_threshold must be a number from 0.5 to 0.9"),
        ('allowed_file_hosts = "files.example"', "allowed_file_hosts must be a list of texts"),
        ('allowed_file_hosts = ["https://files.example/"]', "allowed_file_hosts must hold hosts such as"),
        ('strict_types = "perhaps"', "strict_types must be true or false"),
        ("[generic]\ntitle_selectors = [1]", "generic.title_selectors must be a list of texts"),
    ],
)
def test_a_wrong_value_names_the_file_and_the_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_toml(tmp_path, text)
    assert message in str(caught.value)
    assert "purser.toml" in str(caught.value)


def test_a_misspelt_key_of_a_group_is_warned_about(tmp_path: Path) -> None:
    assert "'timeouts.tsk'" in from_toml(tmp_path, "[timeouts]\ntsk = 5").warnings[0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", b"workers = ", "not valid TOML"),
        ("a.json", b"{", "not valid JSON"),
        ("a.json", b"[]", "must hold one object"),
        ("a.toml", b"\xff\xfe", "not UTF-8"),
        ("a.json", b"[" * 100_000, "not valid JSON"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFileError, match=message):
        read_settings_file(tmp_path / name)


def test_a_missing_settings_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"settings file .* does not exist"):
        read_settings_file(tmp_path / "none.toml")


def test_the_old_apps_variables_work() -> None:
    """Contract 122, 126."""
    patch = read_environment(
        {
            "DOWNLOAD_FOLDER": "d", "HEADLESS": "false", "COUPA_MAX_WORKERS": "12", "INPUT_CSV": "in.csv",
            "LOGIN_TIMEOUT": "60", "USE_PERSISTENT_POOL": "0", "PAGE_DELAY": "3", "PATH": "x",
        }
    )  # fmt: skip
    assert (patch.session["download_dir"], patch.headless, patch.workers) == (Path("d"), False, 8)
    assert (patch.csv_path, patch.parallel, patch.session["timeouts"]) == (Path("in.csv"), False, {"login": 60.0})


def test_our_own_variables_reach_every_setting_and_win_over_the_old_ones() -> None:
    patch = read_environment(
        {
            "PURSER_WORKERS": "2", "COUPA_MAX_WORKERS": "3", "PURSER_PORTAL": "generic", "PURSER_TIMEOUTS_LOGIN": "7",
            "LOGIN_TIMEOUT": "60", "PURSER_TIMEOUTS_TASK": "9", "PURSER_RETRY_JITTER": "no", "PURSER_BASE_URL": "",
        }
    )  # fmt: skip
    assert (patch.workers, patch.session["portal"]) == (2, PortalKind.GENERIC)
    assert patch.session["timeouts"] == {"login": 7.0, "task": 9.0}
    assert patch.settings().retry.jitter is False
    assert "base_url" not in patch.session


@pytest.mark.parametrize("value", ["nine", "9", "0", "-1", "2.5"])
def test_a_wrong_variable_is_named(value: str) -> None:
    with pytest.raises(ConfigurationError, match="PURSER_WORKERS"):
        read_environment({"PURSER_WORKERS": value})


def test_the_layer_above_wins_key_by_key() -> None:
    below = RunSettings(
        workers=1, headless=False, session={"timeouts": {"task": 1.0, "login": 2.0}, "seed": 3}, warnings=("a",)
    )
    above = RunSettings(workers=5, session={"timeouts": {"task": 9.0}}, warnings=("b",))
    merged = above.over(below)
    assert (merged.workers, merged.headless, merged.warnings) == (5, False, ("a", "b"))
    assert merged.session == {"timeouts": {"task": 9.0, "login": 2.0}, "seed": 3}


@pytest.mark.parametrize(("written", "read"), [("false", False), ("true", True), ("off", False), ("1", True)])
def test_screenshots_are_switched_by_file_and_by_variable(tmp_path: Path, written: str, read: bool) -> None:
    assert read_environment({"PURSER_SCREENSHOTS": written}).settings().screenshots is read
    assert from_toml(tmp_path, f'screenshots = "{written}"').settings().screenshots is read
    assert Settings().screenshots
    with pytest.raises(ConfigurationError, match=r"PURSER_SCREENSHOTS: .* true or false"):
        read_environment({"PURSER_SCREENSHOTS": "maybe"})


@pytest.mark.parametrize("name", ["allowed_file_hosts", "login_hosts"])
def test_other_hosts_are_a_list_in_a_file_and_have_commas_between_in_a_variable(tmp_path: Path, name: str) -> None:
    wanted, variable = ("files.example", "store.example:8443"), f"PURSER_{name.upper()}"

    def said(patch: RunSettings) -> object:
        return getattr(patch.settings(), name)

    in_file = from_toml(tmp_path, f'{name} = ["Files.example", "store.example:8443"]')
    in_variable = read_environment({variable: " files.example, store.example:8443 ,"})
    assert said(in_file) == said(in_variable) == wanted
    assert said(in_variable.over(in_file)) == wanted
    assert said(from_toml(tmp_path, f"{name} = []").over(in_variable)) == ()
    assert said(RunSettings()) == ()
    with pytest.raises(ConfigurationError, match=rf"{variable}: .* must hold hosts"):
        read_environment({variable: "files.example,a/b"})


@pytest.mark.parametrize(("written", "read"), [("false", False), ("true", True)])
def test_strictness_about_types_is_switched_by_file_and_by_variable(tmp_path: Path, written: str, read: bool) -> None:
    assert read_environment({"PURSER_STRICT_TYPES": written}).settings().strict_types is read
    assert from_toml(tmp_path, f"strict_types = {written}").settings().strict_types is read
    assert not Settings().strict_types


def test_a_setting_that_is_gone_costs_a_warning_that_says_so_and_nothing_else(tmp_path: Path) -> None:
    """Files of the version before name them."""
    in_file = from_toml(tmp_path, "pipeline_depth = 1\n[timeouts]\nrecovery = 15\ntask = 12\n")
    in_variables = read_environment(
        {"PURSER_PIPELINE_DEPTH": "1", "PURSER_TIMEOUTS_RECOVERY": "15", "PURSER_TIMEOUTS_TASK": "12"}
    )
    for patch in (in_file, in_variables):
        assert patch.settings() == Settings(timeouts=Timeouts(task=12))
        assert len(patch.warnings) == 2
        for key in ("pipeline_depth", "timeouts.recovery"):
            (said,) = [warning for warning in patch.warnings if f"'{key}'" in warning]
            assert "not a setting any more" in said
            assert "Take it out" in said
    assert "purser.toml" in in_file.warnings[0]
    assert "PURSER_TIMEOUTS_RECOVERY" in " ".join(in_variables.warnings)
