"""The command as a shell sees it: exit codes, stdout and stderr of a real process, for all that needs no browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actors.cli.app import app

PROGRAM = [sys.executable, "-c", "from actors.cli.entry import entry_point; entry_point()"]
ROOT = Path(__file__).resolve().parents[2]


def purser(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT")}
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def good(tmp_path: Path) -> str:
    (tmp_path / "good.csv").write_text("po_number,url\nPO1,https://p.example/1\n")
    return "good.csv"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"a,b\n1,2\n", "no column with the PO number"),
        (b"po_number\n", "header but no rows"),
        ("po_number\nPO1\n".encode("utf-16"), "Save it as UTF-8"),
    ],
    ids=["missing", "empty", "no PO column", "header only", "UTF-16"],
)
def test_an_unusable_file_exits_2_with_one_message_and_leaves_nothing(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "in.csv").write_bytes(content)
    before = sorted(tmp_path.iterdir())
    done = purser("run", "in.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: The orders file 'in.csv'")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0"], "from 1 to 8"),
        (["--workers", "9"], "from 1 to 8"),
        (["--workers", "many"], "--workers"),
        (["--portal", "sap"], "auto"),
        (["--route", "pigeon"], "hybrid"),
        (["--base-url", "portal"], "http or https"),
        (["--base-url", "ftp://p.example"], "http or https"),
        (["--unheard-of"], "--unheard-of"),
    ],
)
def test_bad_usage_exits_2_and_names_what_is_wrong(
    tmp_path: Path, good: str, arguments: list[str], message: str
) -> None:
    done = purser("run", good, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [good]


def test_with_json_stdout_holds_one_document_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("po_number,url\nPO1,ftp://x\n")
    done = purser("run", "in.csv", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["run"]["bad_rows"][0]["line"] == 2
    assert "line 2" in done.stderr
    assert (tmp_path / "download" / "results.csv").is_file()


def test_with_json_an_error_is_a_document_too(tmp_path: Path) -> None:
    done = purser("run", "none.csv", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "CONFIG_ERROR"


def test_the_exit_code_survives_a_reader_that_went_away(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("po_number,url\nPO1,ftp://x\n")
    # What is buffered is tried once more when Python ends, which would make it exit with 120.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    buffered["PYTHONPATH"] = str(ROOT)
    for arguments in (["--json"], []):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as nobody:
            done = subprocess.run(
                [*PROGRAM, "run", "in.csv", *arguments],
                cwd=tmp_path,
                env=buffered,
                stdout=nobody,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr


def test_a_variable_that_is_wrong_is_named(tmp_path: Path, good: str) -> None:
    done = purser("run", good, cwd=tmp_path, PURSER_WORKERS="9")
    assert done.returncode == 2
    assert "PURSER_WORKERS" in done.stderr


def test_help_names_every_option_and_the_exit_codes() -> None:
    shown = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}).output
    for option in (
        "--portal", "--base-url", "--download-dir", "--workers", "--sequential", "--route", "--headed", "--profile",
        "--results", "--report", "--config", "--quiet", "--json",
    ):  # fmt: skip
        assert option in shown
    assert "130" in shown


def test_the_version_is_told() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert shown.exit_code == 0
    assert shown.output.startswith("purser ")


def test_an_unforeseen_error_is_a_sentence_and_exits_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("actors.cli.app.run", broken)
    monkeypatch.delenv("PURSER_DEBUG", raising=False)
    done = CliRunner().invoke(app, ["run", "x.csv", "--json"])
    assert done.exit_code == 3
    assert json.loads(done.stdout)["error"]["code"] == "INTERNAL_ERROR"
    assert "ZeroDivisionError: oops" in done.stderr
    assert "Traceback" not in done.stderr
