"""A download folder that somebody else set up: only its orders are taken.

No program, no host, no path and no setting of it is used unless this user names it, or agrees to it on a terminal. What
this user wrote down on this machine is gone on with unasked, wherever the folder lies by now.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from actors.cli import resume as resume_command
from actors.cli.status import tell_status
from actors.cli.summary import ExitCode
from actors.session.folder_journal import journal_path, manifest_path
from contracts.config import HeadlessConfiguration
from contracts.errors import JournalError
from tests.cli import fakes
from tests.cli.conftest import Stand, stand as stand
from tests.cli.stub_purser import BASE
from tests.cli.test_resume import stopping_after

EVIL = "http://evil.example:8801"
PO = ("PO1", "PO2", "PO3")
OPEN = list(PO[1:])


class Asked:
    """Somebody at the terminal, with one answer for everything."""

    def __init__(self, answer: bool) -> None:
        self.answer, self.questions = answer, list[str]()

    def __call__(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer


@pytest.fixture
def unfinished(stand: Stand) -> Stand:
    """A run of three orders of which one is done, set up by this user."""
    with stopping_after(stand, 1):
        stand.run(stand.orders(*PO, url=False), sequential=True)
    assert stand.visited() == ["PO1"]
    return stand


@pytest.fixture
def foreign(unfinished: Stand, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """The same folder in the hands of another user, who has a copy of it and owns that."""
    monkeypatch.setenv("PURSER_STATE_DIR", str(unfinished.folder / "another state"))
    return unfinished


def resume(
    stand: Stand,
    environment: Mapping[str, str] | None = None,
    *,
    ask: Callable[[str], bool] | None = None,
    make_session: Any = None,
    **options: Any,
) -> ExitCode:
    """Go on; nobody sits at the terminal unless `ask` does."""
    stand.heard = fakes.Heard()
    return resume_command.resume(
        stand.downloads,
        environment or {},
        stand.heard.output,
        make_session or stand.make_session,
        ask=ask or Asked(False),
        **options,
    )


SENT_ELSEWHERE = "UPDATE tasks SET payload = json_set(payload, '$.base_url', ?, '$.host', 'evil.example:8801')"


def in_journal(stand: Stand, statement: str, *values: object) -> None:
    """Change the journal by hand."""
    with closing(sqlite3.connect(journal_path(stand.downloads))) as db:
        db.execute(statement, values)
        db.commit()


def replanned(stand: Stand, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the journal says of how its run was set up."""
    with closing(sqlite3.connect(journal_path(stand.downloads))) as db:
        told = json.loads(db.execute("SELECT plan FROM runs").fetchone()[0])
        change(told)
        db.execute("UPDATE runs SET plan = ?", (json.dumps(told),))
        db.commit()


def test_an_own_run_is_gone_on_with_unasked_wherever_the_folder_lies(unfinished: Stand) -> None:
    there = unfinished.folder / "moved"
    unfinished.downloads.rename(there)
    asked = Asked(True)
    heard = fakes.Heard()
    assert resume_command.resume(there, {}, heard.output, unfinished.make_session, ask=asked) is ExitCode.SUCCESS
    assert sorted(unfinished.visited()) == OPEN
    assert asked.questions == []


def test_a_copy_of_somebody_elses_folder_visits_nothing_until_the_portal_is_named(foreign: Stand) -> None:
    assert resume(foreign) is ExitCode.UNUSABLE
    assert foreign.visited() == []
    said = foreign.heard.err
    assert f"They would be visited at {BASE}." in said
    assert f"purser resume {foreign.downloads} --base-url URL" in said
    assert said.count("\n") == 1, "one error"
    assert resume(foreign, base_url=BASE) is ExitCode.SUCCESS
    assert sorted(foreign.visited()) == OPEN
    assert "Only its orders are taken" in foreign.heard.out


def test_what_was_named_once_is_this_users_own_from_then_on(foreign: Stand) -> None:
    with stopping_after(foreign, 1):
        assert resume(foreign, base_url=BASE) is ExitCode.INTERRUPTED
    assert len(foreign.visited()) >= 1
    asked = Asked(False)
    resume(foreign, ask=asked)
    assert asked.questions == []
    assert set(foreign.statuses().values()) == {"NO_ATTACHMENTS"}


@pytest.mark.parametrize("how", ["environment", "config"])
def test_the_portal_may_be_named_by_the_users_own_settings(foreign: Stand, how: str) -> None:
    config = foreign.folder / "mine.toml"
    config.write_text(f'base_url = "{BASE}"\n')
    named = {"PURSER_BASE_URL": BASE} if how == "environment" else {}
    assert resume(foreign, named, config=config if how == "config" else None) is ExitCode.SUCCESS
    assert sorted(foreign.visited()) == OPEN


def test_a_person_may_agree_on_the_terminal(foreign: Stand) -> None:
    no, yes = Asked(False), Asked(True)
    assert resume(foreign, ask=no) is ExitCode.UNUSABLE
    assert foreign.visited() == []
    assert resume(foreign, ask=yes) is ExitCode.SUCCESS
    assert sorted(foreign.visited()) == OPEN
    assert no.questions == yes.questions
    assert f"visited at {BASE}." in yes.questions[0]


def evil_plan(told: dict[str, Any]) -> None:
    told["plan"]["settings"].update(base_url=EVIL, allowed_file_hosts=["evil.example"], profile="/home/evil")
    told["plan"]["browser"].update(binary="/home/evil/browser", driver="/home/evil/driver", extra_arguments=["--evil"])
    told["plan"].update(results="/home/evil/results.csv", report="/home/evil/report.json")


def test_no_program_no_path_and_no_setting_of_it_is_used(foreign: Stand) -> None:
    """Also when everything was agreed to: what was shown were addresses."""
    replanned(foreign, evil_plan)
    in_journal(foreign, SENT_ELSEWHERE, EVIL)
    session = fakes.FakeSession()
    asked = Asked(True)
    seen: dict[str, Any] = {}
    resume(foreign, {"PURSER_DRIVER": "/mine/driver"}, ask=asked, make_session=_with(session, seen))
    assert EVIL in asked.questions[0]
    settings, browser = session.made_with["settings"], seen["browser"]
    assert settings.base_url == EVIL
    assert (settings.allowed_file_hosts, settings.profile) == ((), None)
    assert (browser.binary, browser.driver, browser.extra_arguments) == (None, Path("/mine/driver"), ())
    assert (foreign.downloads / "results.csv").exists()
    assert not Path("/home/evil").exists()


def _with(session: fakes.FakeSession, seen: dict[str, Any]) -> Any:
    def factory(headless: HeadlessConfiguration, *more: Any, **named: Any) -> fakes.FakeSession:
        seen["browser"] = headless
        return session.factory(headless, *more, **named)

    return factory


def test_programs_come_from_no_folder_even_of_this_users_own(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was told of a driver by a setting is told again, and hears of it when it is left out."""
    seen: dict[str, Any] = {}
    config = stand.folder / "mine.toml"
    config.write_text('driver = "/mine/driver"\n')
    with stopping_after(stand, 1):
        stand.run(stand.orders(*PO), sequential=True, config=config)
    kept = json.dumps(_plan(stand))
    assert "/mine/driver" not in kept
    resume(stand, make_session=_with(fakes.FakeSession(), seen))
    assert seen["browser"].driver is None
    assert "Programs are taken from no folder" in stand.heard.err
    again: dict[str, Any] = {}
    resume(stand, config=config, make_session=_with(fakes.FakeSession(), again))
    assert again["browser"].driver == Path("/mine/driver")
    assert "Programs are taken" not in stand.heard.err


def _plan(stand: Stand) -> Any:
    with closing(sqlite3.connect(journal_path(stand.downloads))) as db:
        return json.loads(db.execute("SELECT plan FROM runs ORDER BY run DESC").fetchone()[0])


CHANGES: dict[str, Callable[[Stand], object]] = {
    "the portal": lambda s: replanned(s, lambda told: told["plan"]["settings"].update(base_url=EVIL)),
    "everything": lambda s: replanned(s, evil_plan),
    "the seal": lambda s: replanned(s, lambda told: told.update(seal="0" * 64)),
    "no seal": lambda s: replanned(s, lambda told: told.pop("seal")),
    "a seal that is not text": lambda s: replanned(s, lambda told: told.update(seal=[1])),
    "the list": lambda s: next((s.downloads / ".purser" / "input").iterdir()).write_text("PO_NUMBER\nPO1\nPO2\n"),
    "a key that is thrown away": lambda s: (s.folder / "state" / "seal.key").unlink(),
    "a key that others may read and write": lambda s: (s.folder / "state" / "seal.key").chmod(0o666),
    "a key that is none": lambda s: (s.folder / "state" / "seal.key").write_bytes(b"short"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_own_run_in_which_somebody_changed_anything_is_own_no_more(
    unfinished: Stand, change: Callable[[Stand], object]
) -> None:
    change(unfinished)
    assert resume(unfinished) is ExitCode.UNUSABLE
    assert unfinished.visited() == []
    assert "was not written by you on this machine" in unfinished.heard.err


@pytest.mark.parametrize(
    "change",
    [
        ("UPDATE tasks SET payload = json_set(payload, '$.base_url', ?)", EVIL),
        (SENT_ELSEWHERE, EVIL),
        ("UPDATE tasks SET payload = json_set(payload, '$.url', ?)", f"{EVIL}/orders/1"),
        ("UPDATE tasks SET payload = json_set(payload, '$.host', ?)", "evil.example"),
        ("UPDATE tasks SET payload = json_set(payload, '$.base_url', ?)", BASE.replace("http:", "ftp:")),
        ("UPDATE tasks SET payload = json_set(payload, '$.base_url', ?)", "nonsense"),
    ],
)
@pytest.mark.parametrize("again", ["resume", "run"])
def test_orders_that_the_journal_sends_elsewhere_than_the_list_are_not_visited(
    unfinished: Stand, change: tuple[str, str], again: str
) -> None:
    in_journal(unfinished, *change)
    file = unfinished.folder / "orders.csv"
    assert (resume(unfinished) if again == "resume" else unfinished.run(file)) is ExitCode.UNUSABLE
    assert unfinished.visited() == []
    assert "would visit order" in unfinished.heard.err or "other orders" in unfinished.heard.err


def test_other_hosts_in_the_list_of_a_foreign_folder_are_agreed_to_one_and_all_or_not_at_all(stand: Stand) -> None:
    file = stand.folder / "orders.csv"
    file.write_text(f"PO_NUMBER,url\nPO1,{BASE}/PO1\nPO2,http://a.example/PO2\nPO3,https://b.example/PO3\n")
    with stopping_after(stand, 1):
        stand.run(file, sequential=True)
    stand.visited()
    (stand.folder / "state" / "seal.key").unlink()
    asked = Asked(False)
    assert resume(stand, base_url=BASE, ask=asked) is ExitCode.UNUSABLE
    assert "http://a.example, https://b.example." in asked.questions[0]
    assert BASE not in asked.questions[0], "that one was named"
    assert "agree to them on a terminal" in stand.heard.err
    assert stand.visited() == []
    assert resume(stand, base_url=BASE, ask=Asked(True)) is ExitCode.SUCCESS
    assert sorted(stand.visited()) == ["PO2", "PO3"]


def test_retry_asks_as_resume_does(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.script.answers = {"PO2": 404}
    stand.run(stand.orders(*PO, url=False))
    stand.visited()
    monkeypatch.setenv("PURSER_STATE_DIR", str(stand.folder / "another state"))
    cases: list[tuple[dict[str, Any], ExitCode]] = [
        ({}, ExitCode.UNUSABLE), ({"base_url": BASE}, ExitCode.SOME_FAILED),
    ]  # fmt: skip
    for options, code in cases:
        heard = fakes.Heard()
        got = resume_command.retry(
            stand.downloads, "PO_NOT_FOUND", "", {}, heard.output, stand.make_session, ask=Asked(False), **options
        )
        assert got is code
        assert stand.visited() == ([] if code is ExitCode.UNUSABLE else ["PO2"])


def _with_input(where: str, told: dict[str, Any]) -> None:
    told["input"] = where


def test_a_list_elsewhere_is_not_read_for_a_foreign_folder(unfinished: Stand) -> None:
    for where in ("/etc/passwd", "../../orders.csv", ".purser/input/../../../orders.csv"):
        replanned(unfinished, partial(_with_input, where))
        assert resume(unfinished, base_url=BASE) is ExitCode.UNUSABLE
        assert "is not a copy of a file of orders" in unfinished.heard.err
    assert unfinished.visited() == []


# ------------------------------------------------------------------------------------------------- whose the files are

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def _everyone(path: Path) -> None:
    path.chmod(0o666)


def _nobody(path: Path) -> None:
    os.chown(path, 65534, 65534)


@pytest.mark.parametrize("spoil", [_everyone, pytest.param(_nobody, marks=needs_root)])
@pytest.mark.parametrize("again", ["resume", "run", "retry", "status"])
def test_a_journal_that_is_anothers_or_that_others_may_write_is_not_believed(
    unfinished: Stand, spoil: Callable[[Path], None], again: str
) -> None:
    journal = journal_path(unfinished.downloads)
    spoil(journal)
    before = journal.read_bytes()
    heard = unfinished.heard
    match again:
        case "resume":
            code = resume(unfinished, base_url=BASE, ask=Asked(True))
        case "run":
            code = unfinished.run(unfinished.folder / "orders.csv")
        case "retry":
            code = unfinished.retry()
        case _:
            heard = unfinished.heard = fakes.Heard()
            code = tell_status(unfinished.downloads, heard.output)
    assert code is ExitCode.UNUSABLE
    assert unfinished.visited() == []
    assert str(journal) in unfinished.heard.err
    assert journal.read_bytes() == before


@needs_root
@pytest.mark.parametrize("what", ["journal.db", "journal.db-wal", "journal.db-lock", "lock", "evidence/manifest.jsonl"])
def test_empty_files_that_another_user_planted_are_not_used(stand: Stand, what: str) -> None:
    planted = stand.downloads / ".purser" / what
    planted.parent.mkdir(parents=True)
    planted.touch()
    planted.chmod(0o666)
    _nobody(planted)
    assert stand.run(stand.orders(*PO)) is ExitCode.UNUSABLE
    assert stand.visited() == []
    assert planted.name in stand.heard.err
    assert (planted.stat().st_size, planted.stat().st_uid) == (0, 65534)


def test_everything_that_holds_orders_is_readable_by_this_user_alone(stand: Stand) -> None:
    stand.run(stand.orders(*PO))
    inside = stand.downloads / ".purser"
    for path in (journal_path(stand.downloads), manifest_path(stand.downloads), *(inside / "input").iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (stand.folder / "state" / "seal.key").stat().st_mode & 0o077 == 0


def test_a_journal_that_lies_to_python_about_its_hosts_is_refused_too(unfinished: Stand) -> None:
    from actors import ProcessingSession

    in_journal(unfinished, SENT_ELSEWHERE, EVIL)
    session = ProcessingSession(
        HeadlessConfiguration(), False, 1, base_url=BASE, download_dir=unfinished.downloads,
        journal=journal_path(unfinished.downloads),
    )  # fmt: skip
    with pytest.raises(JournalError, match="would visit order"):
        session.process_pos([{"po_number": number, "supplier": "Acme"} for number in PO])
    assert unfinished.visited() == []


def test_a_folder_of_another_machine_is_proven_all_the_same(foreign: Stand, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(foreign.downloads, copy)
    heard = fakes.Heard()
    assert tell_status(copy, heard.output) is ExitCode.NOT_FINISHED
