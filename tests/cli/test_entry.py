"""How the command begins: quickly, and with an end in good order even before it has begun."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

from actors.cli import entry


def test_ctrl_c_while_the_command_is_loaded_exits_130_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(**_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "actors.cli.app", types.SimpleNamespace(app=interrupted))
    with pytest.raises(SystemExit) as left:
        entry.entry_point()
    assert left.value.code == 130
    assert capsys.readouterr().err == "error: Interrupted before anything was begun.\n"


def test_the_way_in_loads_neither_browser_nor_actors() -> None:
    loaded = "import sys, actors.cli.entry; print(sorted({'selenium', 'pykka', 'httpx', 'typer'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"
