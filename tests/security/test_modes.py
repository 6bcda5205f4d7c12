"""What holds a live login or tells of orders is readable by this user alone, whatever the umask.

Proven elsewhere: a worker's folder (tests/browser/test_launch.py), the journal and the copy of the list
(tests/session/test_folder_journal.py), evidence (tests/filing/test_evidence.py).
"""

from __future__ import annotations

import logging
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.browser.profiles import folder_of
from actors.cli import logs
from actors.cli.summary import ExitCode, error_document
from actors.session import login
from actors.session.saved_logins import COOKIES, load_cookies, login_folder, save_cookies
from actors.tables import report_text
from contracts.ports import Cookie, Credentials
from contracts.tasks import POTask
from tests.cli import fakes

COOKIE = Cookie("session", "s3cret-cookie", "portal.example", "/", secure=True, http_only=True)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run under each umask."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))


def mode(path: Path) -> int:
    """Return who may do what."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_kept_profile_is_private_before_the_first_cookie_is_in_it(
    tmp_path: Path, umask: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = folder_of(tmp_path, login._OWNER).profile
    profile.mkdir(parents=True)
    profile.chmod(0o755)
    (profile / "Cookies").write_text("live")
    target, copy, seen = tmp_path / "state" / "logins" / "portal" / "profile", shutil.copytree, []

    def watched(*given: Any, **more: Any) -> Any:
        seen.append(mode(target))
        return copy(*given, **more)

    monkeypatch.setattr(shutil, "copytree", watched)
    for _ in range(2):
        login._keep(tmp_path, target)
        assert (target / "Cookies").read_text() == "live"
        assert mode(target) == 0o700
        assert mode(target.parent) == 0o700
    assert seen == [0o700, 0o700]


def test_kept_cookies_are_private_and_come_back(umask: None) -> None:
    folder = login_folder("portal.example")
    folder.mkdir(parents=True)
    save_cookies(folder, (COOKIE,))
    assert mode(folder / COOKIES) == 0o600
    assert load_cookies("portal.example") == (COOKIE,)


def test_a_kept_login_that_cannot_be_read_is_told_without_what_stands_in_it(caplog: pytest.LogCaptureFixture) -> None:
    folder = login_folder("portal.example")
    folder.mkdir(parents=True)
    (folder / COOKIES).write_text('[{"name": "session", "value": "s3cret-cookie", "unknown": 1}]')
    assert load_cookies("portal.example") == ()
    assert "s3cret-cookie" not in caplog.text
    assert "purser login" in caplog.text


def test_secrets_show_in_no_text_of_a_value_or_an_exception() -> None:
    """What a debugger, a log line or a report would print."""
    credentials = Credentials("me", "s3cret-password")
    for value in (COOKIE, credentials):
        told = f"{value!r} {value} {[value]} {report_text({'value': value})}"
        assert "s3cret" not in told
    error = ValueError(f"cannot use {credentials} and {COOKIE}")
    assert "s3cret" not in report_text(error_document(error, ExitCode.NOT_FINISHED))


def test_a_log_at_debug_level_tells_no_secret_of_a_value() -> None:
    heard = fakes.Heard()
    handler = logs.set_up_logging(heard.output, debug=True)
    logging.getLogger("purser.security").debug("%s %r", COOKIE, Credentials("me", "s3cret-password"))
    logging.getLogger("purser").removeHandler(handler)
    assert "purser.security" in heard.err or "Cookie" in heard.err
    assert "s3cret" not in heard.err


def test_no_value_of_an_order_or_a_plan_has_a_place_for_a_password() -> None:
    """What is written into the journal is made of these."""
    fields = {field.name for field in attrs.fields(POTask)}
    assert not {name for name in fields if "pass" in name or "secret" in name or "cookie" in name}
