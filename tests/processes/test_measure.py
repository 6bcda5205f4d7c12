"""Memory and processor limits, read from made-up control groups and from this machine."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import psutil
import pytest
from hypothesis import given, strategies as st

from actors.processes import cgroups, measure, records, resources
from actors.processes.cgroups import MemoryLimit


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


def listing(folder: Path, text: str) -> Path:
    path = folder / "cgroup"
    path.write_text(text + "\n")
    return path


def test_a_version_2_limit_counts_without_the_file_cache(tmp_path: Path) -> None:
    write(tmp_path / "a/b", memory__max="1000", memory__current="700", memory__stat="anon 5\ninactive_file 200")
    found = cgroups.memory_limit(tmp_path, listing(tmp_path, "0::/a/b"))
    assert found == MemoryLimit(limit=1000, used=500)


def test_the_tightest_limit_above_us_counts(tmp_path: Path) -> None:
    write(tmp_path / "a/b", memory__max="max", memory__current="10")
    write(tmp_path / "a", memory__max="500", memory__current="20")
    write(tmp_path, memory__max="900", memory__current="30")
    assert cgroups.memory_limit(tmp_path, listing(tmp_path, "0::/a/b")) == MemoryLimit(500, 20)


def test_a_version_1_limit_is_found_where_a_container_sees_it(tmp_path: Path) -> None:
    """The listed path is the host's and does not exist inside."""
    write(tmp_path / "memory", memory__limit_in_bytes="800", memory__usage_in_bytes="300")
    found = cgroups.memory_limit(tmp_path, listing(tmp_path, "4:memory:/docker/abc\n1:cpu:/x"))
    assert found == MemoryLimit(800, 300)


def test_no_limit_is_no_limit(tmp_path: Path) -> None:
    write(tmp_path / "memory", memory__limit_in_bytes=str(2**63 - 4096), memory__usage_in_bytes="300")
    assert cgroups.memory_limit(tmp_path, listing(tmp_path, "4:memory:/")) is None
    assert cgroups.memory_limit(tmp_path, tmp_path / "missing") is None
    assert cgroups.processor_limit(tmp_path, tmp_path / "missing") is None


@pytest.mark.parametrize(("text", "cores"), [("150000 100000", 1.5), ("max 100000", None)])
def test_a_processor_quota_is_read_in_cores(tmp_path: Path, text: str, cores: float | None) -> None:
    write(tmp_path, cpu__max=text)
    assert cgroups.processor_limit(tmp_path, listing(tmp_path, "0::/")) == cores


def test_a_version_1_processor_quota_is_read_in_cores(tmp_path: Path) -> None:
    write(tmp_path / "cpu,cpuacct", cpu__cfs_quota_us="200000", cpu__cfs_period_us="100000")
    assert cgroups.processor_limit(tmp_path, listing(tmp_path, "2:cpu,cpuacct:/")) == 2.0


def test_the_machine_has_cores_and_memory_within_its_limits() -> None:
    machine = resources.machine()
    assert machine.cores >= 1
    assert 0 < machine.available <= machine.memory


def test_usage_is_told_in_percent_and_bytes(tmp_path: Path) -> None:
    usage = resources.usage(tmp_path, tmp_path / "not yet there")
    assert 0 < usage.memory_percent <= 100
    here, later = usage.disk_free[tmp_path], usage.disk_free[tmp_path / "not yet there"]
    assert here > 0
    assert later == pytest.approx(here, rel=0.05), "the same volume, which others use as well"
    assert usage.own_memory > 2**20


def test_own_memory_grows_with_what_is_allocated_and_is_0_for_nobody() -> None:
    before = measure.own_memory(os.getpid())
    # Pages of its own: an ordinary allocation may be served from what earlier tests freed, and then nothing grows.
    with mmap.mmap(-1, 2**26, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as block:
        block.write(b"x" * 2**26)
        assert measure.own_memory(os.getpid()) - before > 2**25
    assert measure.own_memory(2**22 + 1) == 0


@given(
    st.lists(st.sampled_from(["a/1", "b/1", "a/2"]).flatmap(lambda owner: st.tuples(st.just(owner), st.integers(0, 9))))
)
def test_a_run_file_read_back_tells_the_last_word_on_each_group(steps: list[tuple[str, int]]) -> None:
    expected: dict[str, records.GroupRecord] = {}
    lines = []
    for owner, pid in steps:
        if pid == 9:
            expected.pop(owner, None)
            lines.append(records.gone_line(owner))
        else:
            expected[owner] = records.GroupRecord(owner, "/f", "n", pid)
            lines.append(records.group_line(expected[owner]))
    assert records.read_run(lines).groups == expected


@given(st.binary())
def test_no_line_can_break_the_reader(line: bytes) -> None:
    assert records.read_run([line]).header is None


def test_a_process_that_began_later_has_only_inherited_the_number() -> None:
    began = psutil.Process().create_time()
    assert resources.ran_at(os.getpid(), began + 60)
    assert not resources.ran_at(os.getpid(), began - 60)
    assert not resources.ran_at(2**22 + 1, began)
