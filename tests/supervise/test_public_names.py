"""The one public place of supervisor and runtime: what it promises, and that it knows nothing of the work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import actors.supervise
from scripts.docs_reference import ROOT

PROMISED = {
    "Actor", "AddChild", "AutoShutdown", "ChildChange", "ChildCounts", "ChildEvent", "ChildInfo", "ChildSpec", "Clock",
    "ConfigurationError", "Context", "CountChildren", "DeadLetters", "Decision", "Down", "Environment", "Exit",
    "ExitKind", "Inbox", "KillChild", "Latest", "Notifier", "Reason", "RecycleChild", "RemoveChild", "Restart",
    "RestartAsked", "RestartIntensity", "Revocation", "Strategy", "Supervisor", "SupervisorSpec", "System",
    "SystemClock", "ThreadEnvironment", "Timer", "Verdict", "WhichChildren", "supervisor",
}  # fmt: skip
"""A name may join. One that is to leave waits for a major version."""

FOREIGN = {
    "attachment", "browser", "chromium", "coupa", "dispatcher", "download", "driver", "login", "order", "portal",
    "profile", "purchase", "selenium", "supplier", "tab", "visit", "worker",
}  # fmt: skip
SOURCES = [
    *sorted((ROOT / "actors" / "supervise").glob("*.py")),
    *sorted((ROOT / "actors" / "runtime").glob("*.py")),
    ROOT / "contracts" / "supervision.py",
    ROOT / "contracts" / "clock.py",
]

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def words_of(text: str) -> set[str]:
    """Return the words of a source in the singular, those inside names too: `WorkerReady` is `worker` and `ready`."""
    return {word.lower().removesuffix("s") for word in _WORD.findall(text)}


def test_every_promised_name_is_there() -> None:
    assert set(actors.supervise.__all__) >= PROMISED
    assert len(actors.supervise.__all__) == len(set(actors.supervise.__all__))
    for name in actors.supervise.__all__:
        assert (getattr(actors.supervise, name).__doc__ or "").strip(), f"{name} does not say what it is"


def test_what_is_written_for_users_needs_nothing_else() -> None:
    """The how-to imports from the public place alone."""
    page = (ROOT / "docs" / "how-to" / "supervise-your-own-actors.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^(?:from|import) ([\w.]+)", page, re.MULTILINE)) == {"actors.supervise"}


def test_importing_it_loads_nothing_of_the_rest() -> None:
    """Nor does it load what the rest stands on."""
    script = "import sys, actors.supervise; print(*sys.modules)"
    run = [sys.executable, "-c", script]
    loaded = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("actors.")}
    assert rooms == {"runtime", "supervise"}
    assert not {"selenium", "httpx", "psutil", "sqlite3", "selectolax"} & set(loaded)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_has_a_word_of_the_work(path: Path) -> None:
    assert words_of(path.read_text(encoding="utf-8")) & FOREIGN == set()


def test_a_word_is_found_wherever_it_hides() -> None:
    assert words_of("class WorkerReady: _by_orders = 'Browsers'") >= {"worker", "order", "browser"}
