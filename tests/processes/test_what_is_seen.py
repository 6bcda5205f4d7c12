"""What is seen of the machine and of its runs, where something is missing: a process, a marker, a network card."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from actors.processes import cgroups, groups, measure, records, resources
from actors.processes.leaks import runs_on_machine
from actors.processes.runfile import runs_folder
from contracts.ports import MachineMemory

SOURCE: Any = vars(groups)["source"]
"""Where processes are read from on this system."""


def test_whoever_carries_a_nonce_and_lives_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = b"PURSER_NONCE=mine", b"PURSER_NONCE=other"
    environments = {1: [b"A=b", mine], 2: [other], 3: [mine], 4: [mine], 5: [b"X=PURSER_NONCE=mine"], 6: []}
    seen = {1: (1, 1, 5, True), 2: (2, 2, 5, True), 3: (3, 3, 5, False), 5: (5, 5, 5, True), 6: (6, 6, 5, True)}
    monkeypatch.setattr(SOURCE, "pids", lambda: list(environments))
    monkeypatch.setattr(SOURCE, "environment", environments.__getitem__)
    monkeypatch.setattr(SOURCE, "stat", seen.get)
    assert [process.pid for process in groups.holders(["mine"])] == [1], "3 is a zombie, and 4 has just gone"
    assert [process.pid for process in groups.holders(["mine", "other"])] == [1, 2]
    assert groups.holders([]) == ()


@pytest.mark.parametrize(
    ("limit", "cores"), [(None, 3), (8.0, 3), (2.5, 2), (0.5, 1)], ids=["none", "more", "fewer", "a part of one"]
)
def test_there_are_as_many_cores_as_this_process_may_use(
    monkeypatch: pytest.MonkeyPatch, limit: float | None, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", {0: {0, 1, 2}, 1: {0}}.__getitem__, raising=False)
    monkeypatch.setattr(cgroups, "processor_limit", lambda: limit)
    monkeypatch.setattr(measure, "machine_memory", lambda: MachineMemory(limit=10, used=12))
    assert resources.machine() == resources.Machine(cores=cores, memory=10, available=0)


def run_folder(parent: Path, marker: str | None, *names: str, name: str = "purser-1") -> Path:
    """A folder as a run makes it."""
    folder = parent / name
    folder.mkdir()
    for one in names:
        (folder / one).write_text("something", encoding="utf-8")
    if marker is not None:
        (folder / records.MARKER).write_text(marker, encoding="utf-8")
    return folder


def test_a_folder_is_a_runs_by_its_marker_or_while_it_is_empty(tmp_path: Path) -> None:
    marked = run_folder(tmp_path, "run", "profile")
    assert records.is_run_folder(marked, "run")
    assert not records.is_run_folder(marked, "another run")
    assert records.is_run_folder(run_folder(tmp_path, None, name="purser-2"), "run"), "it died before it could mark it"
    assert not records.is_run_folder(run_folder(tmp_path, None, "letter", name="purser-3"), "run")
    assert not records.is_run_folder(run_folder(tmp_path, "run", name="holiday"), "run")
    assert not records.is_run_folder(tmp_path / "purser-none", "run")
    (tmp_path / "purser-4").symlink_to(marked)
    assert not records.is_run_folder(tmp_path / "purser-4", "run")
    assert not records.is_run_folder(Path("purser-1"), "run")


def test_every_run_on_the_machine_is_told_whatever_lies_beside_their_files(tmp_path: Path) -> None:
    own = groups.look(os.getpid())
    assert own is not None
    root = run_folder(tmp_path, "live")
    runs_folder(tmp_path).mkdir()
    (runs_folder(tmp_path) / "a-foreign.jsonl").write_bytes(b"nothing that is known\n")
    for name, header in (
        ("b-live", records.RunHeader("live", own.pid, own.start, groups.boot_id(), str(root), "")),
        ("c-dead", records.RunHeader("dead", own.pid, own.start + 1, "another boot", str(tmp_path / "purser-9"), "")),
    ):
        (runs_folder(tmp_path) / f"{name}.jsonl").write_bytes(records.header_line(header))
    told = runs_on_machine(tmp_path)
    assert [(one.program, one.is_live, one.processes, one.folder) for one in told] == [
        (own.pid, True, (), str(root)),
        (own.pid, False, (), ""),
    ]
