"""The demo checks what it says, and says no where a check fails."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from actors.session.run_resources import LocalResources
from contracts.tasks import POResult, TaskHandle, TaskStatus
from scripts.demo_supervision import check_mischief, read_arguments
from scripts.portal.child import TrueFile, TrueOrder
from scripts.supervision.checks import check_files, check_outcomes, none_left
from scripts.supervision.mischief import Found
from scripts.supervision.pretence import PRETENDED, PretendedMemory

ROOT = Path(__file__).resolve().parents[2]
CONTENT = b"content"
TRUTH = {
    "PO1": TrueOrder("Acme", (TrueFile("a.pdf", 7, hashlib.sha256(CONTENT).hexdigest(), 3, "k"),)),
    "PO2": TrueOrder("Acme", ()),
    "PO3": TrueOrder("Acme", (TrueFile("b.pdf", 7, "0" * 64, 3, "k"),)),
}
HIDDEN = ["PO3"]
ENDS = {"PO1": TaskStatus.COMPLETED, "PO2": TaskStatus.NO_ATTACHMENTS, "PO3": TaskStatus.PO_NOT_FOUND}


def results(**ends: TaskStatus) -> list[POResult]:
    return [POResult(TaskHandle(place, number), status) for place, (number, status) in enumerate(ends.items())]


def verdicts(truth_of: list[POResult]) -> list[bool]:
    return [check.good for check in check_outcomes(TRUTH, HIDDEN, truth_of)]


def test_outcomes_are_right_only_if_each_order_ended_once_and_as_the_portal_has_it() -> None:
    assert verdicts(results(**ENDS)) == [True, True]
    assert verdicts(results(**ENDS)[:2]) == [False, False]
    assert verdicts(results(**ENDS | {"PO1": TaskStatus.INTERRUPTED})) == [False, False]
    assert verdicts(results(**ENDS | {"PO1": TaskStatus.NO_ATTACHMENTS})) == [True, False]
    assert verdicts(results(**ENDS) + results(PO1=TaskStatus.COMPLETED)) == [False, True]


@pytest.mark.parametrize(
    ("files", "good"),
    [
        ({"PO1_COMPLETED/a.pdf": CONTENT}, [True, True]),
        ({"PO1_COMPLETED/a.pdf": b"another"}, [True, False]),
        ({"PO2_COMPLETED/a.pdf": CONTENT}, [True, False]),
        ({}, [False, False]),
        ({"PO1_COMPLETED/a.pdf": CONTENT, "PO1_COMPLETED/b.pdf": CONTENT}, [False, True]),
    ],
)
def test_files_are_right_only_with_the_portals_hashes_in_their_orders_folders(
    tmp_path: Path, files: dict[str, bytes], good: list[bool]
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert [check.good for check in check_files(TRUTH, HIDDEN, tmp_path.iterdir())] == good


def test_what_is_left_is_named() -> None:
    check = none_left("folders", [Path("left-over")])
    assert not check.good
    assert "left-over" in check.found


def test_each_deed_that_nobody_acted_on_is_told() -> None:
    good = Found(kills=1, victim_of_memory="worker-1", stopped_gone_after=4.2)
    assert all(check.good for check in check_mischief(good, epoch=2, logins=2))
    assert not any(check.good for check in check_mischief(Found(), epoch=1, logins=1))
    too_late = check_mischief(Found(1, "worker-1", 60.0), epoch=2, logins=2)
    assert [check.what for check in too_late if not check.good] == ["stopped browser gone after"]


def test_memory_is_pretended_only_while_it_is_asked_for() -> None:
    resources = LocalResources.__new__(LocalResources)  # nothing of it needs to be open for this
    with PretendedMemory() as memory:
        assert resources.machine_memory() != PRETENDED
        memory.short = True
        assert resources.machine_memory() == PRETENDED
    assert resources.machine_memory() != PRETENDED


def test_so_few_orders_that_the_mischief_comes_too_late_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        read_arguments(["--orders", "8", "--workers", "4"])
    assert end.value.code == 2
    assert "--orders must be 8 a worker" in capsys.readouterr().err


def test_a_folder_with_somebodys_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(SystemExit):
        read_arguments(["--output", str(tmp_path)])
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.chromium
def test_the_demo_holds_with_real_browsers(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "scripts" / "demo_supervision.py"),
            *("--orders", "16", "--output", tmp_path / "out"),
        ],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it holds." in done.stdout
    assert done.stdout.count(" ok ") == len([line for line in done.stdout.splitlines() if line.startswith("│")])
    assert done.stderr == ""
