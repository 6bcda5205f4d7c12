"""A password and a cookie that stand nowhere, whatever goes wrong: one run of the whole program, searched to the end.

What only parts of the program could get wrong is proven beside those parts: no password in a log or an exception
(tests/browser/test_chromium.py, tests/fetch/test_fetcher.py, tests/session/test_credentials.py), none for another host
(tests/session/test_credentials.py, tests/logins), none in evidence (tests/evidence, tests/worker/test_evidence.py),
cookies for their own host alone (tests/fetch/test_cookies.py), a refused password (tests/system/test_command.py).
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

import psutil
import pytest

from scripts.demo_portal import DemoPortal
from tests.system.conftest import Program, Sandbox, StartPortal, StartProgram, kind_of, until

pytestmark = pytest.mark.chromium

PASSWORD = "c4nary-P4ss/w0rd+&=x"
COOKIE = "c4naryC00kie"
SECRETS = {"password": PASSWORD, "cookie": COOKIE}


def forms(secret: str) -> set[bytes]:
    """Every form in which a secret might be written down."""
    raw = secret.encode()
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    return {
        raw,
        secret.encode("utf-16-le"),
        base64.b64encode(raw).rstrip(b"=")[:-1],
        *(text.encode() for text in texts),
    }


def secrets_in(content: bytes) -> set[str]:
    """Name the secrets that stand in some bytes."""
    return {name for name, secret in SECRETS.items() if any(form in content for form in forms(secret))}


def found_in(files: Iterable[Path]) -> dict[str, set[str]]:
    """Name the files that hold a secret, and which."""
    found = {str(path): secrets_in(path.read_bytes()) | secrets_in(bytes(path)) for path in files if path.is_file()}
    return {path: secrets for path, secrets in found.items() if secrets}


class Watcher:
    """Reads command line and environment of everything a program starts, again and again."""

    def __init__(self, program: Program) -> None:
        self._program = psutil.Process(program.process.pid)
        self.seen: set[int] = set()
        self._forked: set[int] = set()
        self.kinds: set[str] = set()
        self.found: set[str] = set()

    def look(self) -> None:
        """Look at every process there is now; the program's own environment is where the password comes from."""
        with contextlib.suppress(psutil.Error):
            own = self._program.cmdline()
            self._note("the program", "command line", "\0".join(own).encode())
            for process in self._program.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    command = process.cmdline()
                    if command == own and process.pid not in self._forked:
                        self._forked.add(process.pid)
                        continue  # the program itself, between its fork and the start of the other program
                    name = Path(command[0]).name if command else process.name()
                    self._note(name, "command line", "\0".join(command).encode())
                    entries = process.environ()
                    self._note(name, "environment", "\0".join(f"{k}={v}" for k, v in entries.items()).encode())
                    self.seen.add(process.pid)
                    self.kinds.add(kind_of(process))

    def _note(self, who: str, what: str, content: bytes) -> None:
        self.found |= {f"{secret} in the {what} of {who}" for secret in secrets_in(content)}


def test_the_search_finds_what_it_searches_for(tmp_path: Path) -> None:
    for name, secret in SECRETS.items():
        for form in forms(secret):
            (tmp_path / "x").write_bytes(b"before" + form + b"after")
            assert found_in(tmp_path.iterdir()) == {str(tmp_path / "x"): {name}}
    (tmp_path / "x").write_text("demo")
    assert found_in(tmp_path.iterdir()) == {}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("route", ["hybrid", "browser"])
def test_password_and_cookie_stand_nowhere_after_a_run_in_which_everything_goes_wrong(
    start_portal: StartPortal,
    start_program: StartProgram,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    route: str,
) -> None:
    """Successes, every kind of failure, an expired login and a killed browser, with all logging switched on."""
    monkeypatch.setenv("PURSER_PASSWORD", PASSWORD)
    monkeypatch.setenv("PURSER_DEBUG", "1")
    monkeypatch.setenv("PURSER_RETRY_BASE_DELAY", "0.05")
    portal: DemoPortal = start_portal(
        orders=12, files_per_order=1, page_latency_ms=150, password=PASSWORD, session_mark=COOKIE,
        expire_at_requests=[8], forms=[2, 3],
    )  # fmt: skip
    numbers = portal.numbers()
    faults = [
        "page-404",
        "page-500",
        "page-wrong-title",
        "page-login:1",
        "file-404",
        "file-login-html",
        "file-truncated",
    ]
    portal.set_faults(dict(zip(numbers[3:], faults, strict=False)))
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(["po_number", *numbers, "NOPE"]) + "\n")
    words = ["run", file, "--base-url", portal.url, "--download-dir", sandbox.downloads, "--workers", "2"]
    program = start_program(*words, "--route", route)
    watcher = Watcher(program)
    killed = False

    def is_over() -> bool:
        nonlocal killed
        watcher.look()
        browsers = sandbox.browsers() if not killed and portal.counters().logins else []
        if browsers and sum(portal.counters().pages.values()) >= 2:
            browsers[0].kill()
            killed = True
        return program.process.poll() is not None

    until(is_over, "the run is over", 200)
    assert program.code() == 1, program.told()
    assert killed
    assert portal.counters().logins >= 2
    assert watcher.kinds >= {"driver", "browser", "renderer"}
    assert watcher.found == set()
    report = json.loads((sandbox.downloads / "report.json").read_text())
    assert report["successful_pos"] >= 3
    assert report["failed_pos"] >= 5
    assert list((sandbox.downloads / ".purser" / "evidence").rglob("page.txt"))
    more = [
        start_program("status", sandbox.downloads, "--json"),
        start_program("verify", sandbox.downloads, "--json"),
        start_program("retry", sandbox.downloads, "--status", "PO_NOT_FOUND", "--json"),
    ]
    for one in more:
        assert one.code(120) in (0, 1), one.told()
    assert "debug" in program.told(), "everything was logged"
    assert found_in(tmp_path.rglob("*")) == {}, "downloads, journal, manifest, evidence, state, both streams of each"
    assert found_in(sandbox.temp.rglob("*")) == {}, "and nothing is left where the profiles were"
