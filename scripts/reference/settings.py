"""Tables of settings, options and environment variables. Defaults and names come from the code, units from here."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_type_hints

import attrs
import typer

from actors.cli import app as cli
from actors.tables.run_settings import DEFAULT_WORKERS, GROUPS, SESSION_SETTINGS, RunSettings
from actors.tables.settings_file import _ENVIRONMENT, _LEGACY_UNUSED
from contracts.config import HeadlessConfiguration, PoolConfig, Settings
from scripts.reference.tables import arguments_of, code, table

_TIMEOUTS: Mapping[str, str] = {
    "page_load": "The document of one page may take this long to come.",
    "settle": "After that, the page may take this long to come to rest: its scripts' requests, its frames.",
    "driver_command": "One command to the browser's driver.",
    "http_connect": "Connecting, when a file comes over HTTP.",
    "http_read": "Between two pieces of such a file.",
    "download_stall": "A download in the browser may stand still this long.",
    "inactivity": "An order may go this long without any sign of work; then its browser is killed.",
    "task": "One visit of one order in all; then its browser is killed. Never renewed.",
    "worker_ready": "A worker's start.",
    "login": "One login.",
    "shutdown": "After a stop, the orders in hand may take this long to finish.",
    "force": "After that, what is left is killed and may take this long to be gone.",
    "unreachable": "A portal that has answered nothing in the run is given up after this long; its orders fail.",
    "circuit_open": "A portal in trouble is waited for this long; then the run ends.",
    "circuit_probe_first": "The first look whether it answers again.",
    "circuit_probe_max": "The longest wait between two such looks.",
    "restart_verdict": "The monitor's answer whether a worker may restart.",
    "root_silence": "The root supervisor may be silent this long; then the crew is torn down.",
}

_CLEARER: Mapping[str, str] = {"limits.restart_window": "The time over which `max_restart_attempts` counts."}

_UNITS: Mapping[str, str] = {
    "limits.memory_threshold": "fraction, 0.50 to 0.90",
    "limits.max_restart_attempts": "browsers",
    "limits.restart_window": "seconds",
    "limits.recycle_after_tasks": "orders",
    "limits.recycle_after_seconds": "seconds",
    "limits.minimum_free_disk": "bytes",
    "limits.check_interval": "seconds",
    "attachments.max_size": "bytes",
    "attachments.max_count": "files",
    "retry.max_attempts": "visits",
    "retry.backoff_factor": "factor",
    "retry.base_delay": "seconds",
    "retry.max_delay": "seconds",
    "retry.jitter": "true or false",
    "intensity.max_restarts": "restarts",
    "intensity.window": "seconds",
    "intensity.first_delay": "seconds",
    "intensity.max_delay": "seconds",
    "intensity.stable_after": "seconds",
    "pool.worker_count": "workers, 1 to 8",
    "pool.headless_mode": "true or false",
    "pool.base_profile_path": "path",
    "pool.memory_threshold": "fraction, 0.50 to 0.90",
    "pool.max_restart_attempts": "browsers",
    "pool.task_timeout": "seconds",
    "pool.shutdown_timeout": "seconds",
}

_LEGACY_MEANING: Mapping[str, str] = {
    "PROC_WORKERS": "`workers`; more than 8 count as 8",
    "COUPA_MAX_WORKERS": "`workers`; more than 8 count as 8",
    "USE_PERSISTENT_POOL": "`parallel`",
    "COUPA_ENABLE_PARALLEL": "`parallel`",
    "HEADLESS": "`headless`",
    "INPUT_CSV": "`csv_path`",
    "DOWNLOAD_FOLDER": "`download_dir`",
    "LOGIN_TIMEOUT": "`timeouts.login`",
}


def value(given: Any) -> str:
    """Return a default as a settings file would hold it."""
    match given:
        case None:
            return "none"
        case enum.Enum():
            return code(str(given.value))
        case bool():
            return code(str(given).lower())
        case float() if given.is_integer():
            return code(str(int(given)))
        case int() if given >= 2**20 and given % 2**20 == 0:
            return f"{code(str(given))} ({given // 2**20} MiB)"
        case tuple():
            return ", ".join(code(str(item)) for item in given) or "none"
        case "":
            return "empty"
        case _:
            return code(str(given))


def _options(command: Callable[..., Any]) -> str:
    rows = []
    hints = get_type_hints(command, include_extras=True)
    for name in inspect.signature(command).parameters:
        if hints[name] is typer.Context:
            continue  # the command's own, and no option
        kind, info = get_args(hints[name])[:2]
        flag = info.param_decls[0] if info.param_decls else f"--{name.replace('_', '-')}"
        choices = [one for one in get_args(kind) if isinstance(one, type) and issubclass(one, enum.Enum)]
        shown = "|".join(member.value for member in choices[0]) if choices else (info.metavar or "")
        is_argument = type(info).__name__ == "ArgumentInfo"
        rows.append((code(shown if is_argument else f"{flag} {shown}".strip()), info.help))
    return table(("option", "meaning"), rows)


def _plain_settings() -> str:
    browser, settings = HeadlessConfiguration(), Settings()
    defaults = {
        "csv_path": "none; the command line's `FILE.csv`",
        "results": "`results.csv` in the download folder",
        "report": "`report.json` in the download folder",
        "workers": value(DEFAULT_WORKERS),
        "parallel": value(True),
        **{name: value(getattr(browser, name)) for name in ("headless", "browser", "binary", "driver", "user_agent")},
        **{name: value(getattr(settings, name)) for name in SESSION_SETTINGS},
    }
    meanings = arguments_of(RunSettings) | arguments_of(Settings)
    own = [field.name for field in attrs.fields(RunSettings) if field.name not in {"session", "unknown", "warnings"}]
    names = [*own, *SESSION_SETTINGS]
    variables = {key: name for name, key in _ENVIRONMENT.items() if name.startswith("PURSER_")}
    return table(
        ("key", "default", "variable", "meaning"),
        [(code(name), defaults[name], code(variables[name]), meanings[name]) for name in names],
    )


def _group(group: str, kind: type[Any], *, variables: bool = True) -> str:
    meanings = _TIMEOUTS if group == "timeouts" else arguments_of(kind)
    rows = []
    for field in attrs.fields(kind):
        key = f"{group}.{field.name}"
        unit = "seconds" if group == "timeouts" else _UNITS[key]
        default = "required" if field.default is attrs.NOTHING else value(field.default)
        cells = (code(field.name), default, unit)
        rows.append((*cells, _CLEARER.get(key, meanings[field.name])) if variables else cells)
    return table(("key", "default", "unit") + (("meaning",) if variables else ()), rows)


def _generic() -> str:
    kind = GROUPS["generic"]
    meanings = arguments_of(kind)
    return table(
        ("key", "default", "meaning"),
        [(code(field.name), value(field.default), meanings[field.name]) for field in attrs.fields(kind)],
    )


def _browser() -> str:
    config = HeadlessConfiguration()
    meanings = arguments_of(HeadlessConfiguration)
    return table(
        ("argument", "default", "meaning"),
        [(code(field.name), value(getattr(config, field.name)), meanings[field.name])
         for field in attrs.fields(HeadlessConfiguration)],
    )  # fmt: skip


def _legacy_variables() -> str:
    names = [name for name in _ENVIRONMENT if not name.startswith("PURSER_")]
    return table(("variable", "sets"), [(code(name), _LEGACY_MEANING[name]) for name in names])


def _legacy_keys() -> str:
    return ", ".join(code(name) for name in sorted(_LEGACY_UNUSED))


_COMMANDS: Mapping[str, Callable[..., Any]] = {
    "run": cli.run_command,
    "resume": cli.resume_command,
    "retry": cli.retry_command,
    "status": cli.status_command,
    "verify": cli.verify_command,
    "login": cli.login_command,
    "doctor": cli.doctor_command,
}
SETTING_TABLES: Mapping[str, Callable[[], str]] = {
    **{f"{name}-options": lambda command=command: _options(command)  # type: ignore[misc] # bound in the loop
       for name, command in _COMMANDS.items()},
    "plain-settings": _plain_settings,
    **{f"group-{name}": lambda name=name, kind=kind: _group(name, kind)  # type: ignore[misc] # bound in the loop
       for name, kind in GROUPS.items() if name != "generic"},
    "group-generic": _generic,
    "browser": _browser,
    "pool-config": lambda: _group("pool", PoolConfig, variables=False),
    "legacy-variables": _legacy_variables,
    "legacy-keys": _legacy_keys,
}  # fmt: skip
"""Name of each table, and what makes it."""
