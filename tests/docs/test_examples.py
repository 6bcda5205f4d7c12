"""What the docs print runs: every Python block, and the tutorial's commands from its first run to its last.

`https://portal.example` stands for the user's portal; here it is a demo portal.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from actors import FolderJournal
from scripts.demo_portal import DemoPortal
from scripts.docs_reference import ROOT
from tests.cli.test_verify import bring_home

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PORTAL = "https://portal.example"


@attrs.frozen
class Block:
    """One block of code in the docs."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def blocks(language: str, path: Path) -> list[Block]:
    """Return a page's blocks in one language."""
    page = path.read_text(encoding="utf-8")
    found = [match for match in _FENCE.finditer(page) if match[1] == language]
    return [Block(path, page.count("\n", 0, match.start()) + 1, match[2]) for match in found]


def named_file(page: str, name: str) -> str:
    """Return the block of a how-to that carries a file's name."""
    text = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
    found = re.search(rf"^```\w+ {re.escape(name)}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page} prints no {name}"
    return found[1]


PYTHON = [
    block for path in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]) for block in blocks("python", path)
]
WITHOUT_BROWSER = [block for block in PYTHON if _PORTAL not in block.text]
WITH_BROWSER = [block for block in PYTHON if _PORTAL in block.text]


def environment(state: Path) -> dict[str, str]:
    """Return what the examples are run with: the demo portal's login, and a state folder of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PURSER_")}
    return {
        **kept,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", ""))),
        "PURSER_STATE_DIR": str(state),
        "PURSER_USERNAME": "demo",
        "PURSER_PASSWORD": "demo",
    }


def run(command: list[str], folder: Path) -> str:
    """Run a command in a folder of its own and return what it printed; it must end well."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    with subprocess.Popen(
        command, cwd=work, env=environment(folder / "state"), text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        try:
            out, err = program.communicate(timeout=100)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)  # what a shell that failed has left in the background
    assert program.returncode == 0, out + err
    return out


def test_there_are_examples_of_both_kinds() -> None:
    assert WITHOUT_BROWSER
    assert WITH_BROWSER


@pytest.mark.parametrize("block", WITHOUT_BROWSER, ids=str)
def test_a_python_example_without_a_portal_runs_and_prints_what_it_says(block: Block, tmp_path: Path) -> None:
    said = run([sys.executable, "-c", block.text], tmp_path)
    promised = re.findall(r"^ *print\(.*\)  # (.*)$", block.text, re.MULTILINE)
    assert said.splitlines() == promised or not promised


def test_the_example_of_a_suite_passes_with_the_adapter_that_the_docs_print_and_notices_one_that_needs_no_proof(
    tmp_path: Path,
) -> None:
    """The how-to's own adapter has the four members that it must have, and no more."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme.py"]
    work = tmp_path / "work"
    work.mkdir()
    adapter = named_file("another-portal.md", "acme_purser.py")
    (work / "acme_purser.py").write_text(adapter)
    (work / "test_acme.py").write_text(named_file("test-your-own-adapter.md", "test_acme.py"))
    assert re.search(r"^12 passed, 1 skipped", run(command, tmp_path), re.MULTILINE)
    proof = 'data.get("number") != po_number:'
    assert proof in adapter
    (work / "acme_purser.py").write_text(adapter.replace(proof, '"number" not in data:'))
    with pytest.raises(AssertionError, match="test_an_orders_page_proves_no_other_order"):
        run(command, tmp_path)


@pytest.mark.chromium
@pytest.mark.parametrize("block", WITH_BROWSER, ids=str)
def test_a_python_example_runs_and_leaves_verified_files(block: Block, tmp_path: Path) -> None:
    with DemoPortal(orders=3) as portal:
        said = run([sys.executable, "-c", block.text.replace(_PORTAL, portal.url)], tmp_path)
    assert said
    assert (tmp_path / "work" / "download").is_dir()
    assert list((tmp_path / "work" / "download").glob("*/PO16928001_COMPLETED/*"))


@pytest.mark.chromium
def test_the_tutorial_runs_as_printed(tmp_path: Path) -> None:
    """All blocks after the set-up, in one shell, in a copy of the checkout's outline."""
    work = tmp_path / "work"
    work.mkdir()
    for name in ("scripts", "actors", "contracts", ".venv"):
        (work / name).symlink_to(ROOT / name)
    commands = [block.text for block in blocks("bash", ROOT / "docs" / "tutorial.md")]
    assert commands[0].startswith("bash scripts/setup")
    said = run(["bash", "-c", "set -e\n" + "".join(commands[1:])], tmp_path)
    assert said.count("exit code 1") == 3
    assert re.search(r"skipped: +6 ", said)
    assert said.count("successful: 6") == 2
    assert "(1, 0)" in said
    assert list((work / "demo-output").iterdir()) == []


def test_the_proof_of_what_was_fetched_runs_as_printed(tmp_path: Path) -> None:
    """With purser, with sha256sum, and in a shell: all three agree, and all three notice a changed file or line."""
    work = tmp_path / "work"
    work.mkdir()
    with FolderJournal(work / "download") as folder_journal:
        bring_home(folder_journal, 3)
        head = folder_journal.journal.head
    script = "set -e\n" + "".join(
        block.text for block in blocks("bash", ROOT / "docs/how-to/prove-what-was-fetched.md")
    )
    said = run(["bash", "-c", script], tmp_path)
    assert said.count("3 lines, 3 orders with files, 6 files as they were") == 2
    assert "all files are as they were" in said
    assert said.endswith(f"head {head}\n")
    (work / "download" / "Acme" / "PO1_COMPLETED" / "a.pdf").write_bytes(b"changed")
    parts = [block.text for block in blocks("bash", ROOT / "docs/how-to/prove-what-was-fetched.md")]
    with pytest.raises(AssertionError, match=re.escape("PO1_COMPLETED/a.pdf is not what it was")):
        run(["bash", "-c", parts[0]], tmp_path)
    said = run(["bash", "-c", parts[2]], tmp_path)
    assert "PO1_COMPLETED/a.pdf: FAILED" in said
    assert "all files are as they were" not in said
    manifest = work / "download" / ".purser" / "evidence" / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace("PO2", "PO9", 1))
    assert "broken before" in run(["bash", "-c", parts[3]], tmp_path)


def test_every_test_that_the_page_on_security_names_is_there() -> None:
    page = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) >= 15
    missing = [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")]
    assert missing == []
