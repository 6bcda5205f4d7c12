"""`purser verify` over whatever may lie in a download folder: it ends with 0, 1 or 2, soon and without much memory.

And it names whatever is there and was not fetched, wherever it lies.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from actors import FolderJournal
from actors.cli import resume
from actors.cli.status import tell_status
from actors.cli.summary import ExitCode
from actors.cli.verifying import verify
from actors.session import verification
from actors.session.folder_journal import journal_path, manifest_path
from tests.cli import fakes
from tests.cli.test_verify import bring_home

FEW = settings(max_examples=settings().max_examples * 2 // 5)
GOOD = "3 lines, 3 orders with files, 6 files as they were"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A download folder with three orders of two files each."""
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    with FolderJournal(tmp_path / "dl") as folder_journal:
        bring_home(folder_journal, 3)
    return tmp_path / "dl"


@contextmanager
def little_memory(more: int = 512 * 2**20) -> Iterator[None]:
    """Let this process have so many bytes more of addresses, and no more."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def ask(home: Path, head: str | None = None) -> tuple[ExitCode, str]:
    """Verify; return exit code and everything that was said."""
    heard, as_json = fakes.Heard(), fakes.Heard(json=True)
    code = verify(home, head, heard.output)
    assert code in (ExitCode.SUCCESS, ExitCode.SOME_FAILED, ExitCode.UNUSABLE)
    assert verify(home, head, as_json.output) is code
    json.loads(as_json.out)
    return code, heard.out + heard.err


def put(path: Path, content: bytes) -> None:
    """Put a file in place of whatever is there."""
    remove(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def remove(path: Path) -> None:
    """Remove whatever is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------- what was not fetched

PLANTED: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "a folder of an order": (
        lambda home: put(home / "Acme" / "PO9_COMPLETED" / "a.pdf", b"evil"),
        ("Acme/PO9_COMPLETED is", "Acme/PO9_COMPLETED/a.pdf is"),
    ),
    "a folder of a supplier": (
        lambda home: put(home / "Other" / "PO1_COMPLETED" / "a.pdf", b"evil"),
        ("Other is", "Other/PO1_COMPLETED is", "Other/PO1_COMPLETED/a.pdf is"),
    ),
    "an empty folder": (lambda home: (home / "Other").mkdir(), ("Other is",)),
    "a second folder of an order": (
        lambda home: put(home / "Acme" / "PO1_PARTIAL" / "a.pdf", b"evil"),
        ("Acme/PO1_PARTIAL is", "Acme/PO1_PARTIAL/a.pdf is"),
    ),
    "a file beside suppliers": (lambda home: put(home / "invoice.pdf", b"evil"), ("invoice.pdf is",)),
    "a hidden file": (lambda home: put(home / ".invoice.pdf", b"evil"), (".invoice.pdf is",)),
    "a file beside orders": (lambda home: put(home / "Acme" / "invoice.pdf", b"evil"), ("Acme/invoice.pdf is",)),
    "a file beside files": (
        lambda home: put(home / "Acme" / "PO1_COMPLETED" / "sub" / "c.pdf", b"evil"),
        ("Acme/PO1_COMPLETED/sub is", "Acme/PO1_COMPLETED/sub/c.pdf is"),
    ),
    "a link beside suppliers": (lambda home: (home / "Acme2").symlink_to("Acme"), ("Acme2 is",)),
    "a link beside orders": (
        lambda home: (home / "Acme" / "PO8_COMPLETED").symlink_to("PO1_COMPLETED"), ("Acme/PO8_COMPLETED is",),
    ),
    "a link that leads to itself": (lambda home: (home / "loop").symlink_to("loop"), ("loop is",)),
    "a pipe": (lambda home: os.mkfifo(home / "Acme" / "pipe"), ("Acme/pipe is",)),
    "a folder called like the results": (lambda home: (home / "results.csv").mkdir(), ("results.csv is",)),
    "a link called like the copy of the results": (
        lambda home: (home / "results.csv.bak").symlink_to("x"), ("results.csv.bak is",),
    ),
    "something among the program's own": (
        lambda home: put(home / ".purser" / "invoices" / "a.pdf", b"evil"), (".purser/invoices is",),
    ),
    "a name that is not text": (lambda home: put(home / os.fsdecode(b"\xff\xfe.pdf"), b"evil"), ("is not in the",)),
    "a name with control characters": (lambda home: put(home / "\x1b[31m\n", b"evil"), ("is not in the",)),
}  # fmt: skip


@pytest.mark.parametrize(("plant", "names"), PLANTED.values(), ids=PLANTED)
def test_whatever_was_not_fetched_is_named(home: Path, plant: Callable[[Path], object], names: tuple[str, ...]) -> None:
    head = json.loads(ask_json(home))["verification"]["head"]
    assert ask(home, head)[0] is ExitCode.SUCCESS
    plant(home)
    for given_head in (None, head):
        code, said = ask(home, given_head)
        assert code is ExitCode.SOME_FAILED
        assert GOOD in said, "and everything that was fetched is good as before"
        for name in names:
            assert name in said
    assert "\x1b" not in said


def ask_json(home: Path) -> str:
    heard = fakes.Heard(json=True)
    verify(home, None, heard.output)
    return heard.out


def test_the_programs_own_files_and_results_are_no_difference(home: Path) -> None:
    for name in ("results.csv", "results.csv.bak", "results-2.csv", "report.json", "report.json.bak"):
        put(home / name, b"x")
    (home / "results.csv").unlink()
    (home / "results.csv").symlink_to("/somewhere/else.csv")  # a person may let results lie elsewhere
    for folder in ("staging", "claims", "superseded", "input"):
        put(home / ".purser" / folder / "x", b"x")
    for name in ("lock", "lock.json.new", "journal.db-wal.new"):
        put(home / ".purser" / name, b"x")
    assert ask(home) == (ExitCode.SUCCESS, ask(home)[1])


def test_a_folder_behind_a_link_is_not_taken_for_the_orders(home: Path) -> None:
    order = home / "Acme" / "PO1_COMPLETED"
    order.rename(home / ".purser" / "x")
    order.symlink_to("../.purser/x")
    code, said = ask(home)
    assert code is ExitCode.SOME_FAILED
    assert "PO1: its folder Acme/PO1_COMPLETED is a link" in said
    assert ".purser/x is not in the manifest" in said


def test_many_differences_are_counted_when_they_are_too_many_to_tell(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "MOST_TOLD", 5)
    for number in range(9):
        put(home / f"{number}.pdf", b"x")
    found = verification.verify_folder(home)
    assert len(found.differences) == 6
    assert found.differences[-1] == "and 4 more differences"


# ------------------------------------------------------------------------------------------------------ any file at all


def _hole(path: Path) -> None:
    path.touch(mode=0o600)
    os.truncate(path, 10 * 2**30)


def _socket(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(os.path.relpath(path))


KINDS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a socket": _socket,
    "ten gigabytes of nothing": _hole,
    "nothing": Path.touch,
    "zeros": lambda path: path.write_bytes(bytes(4096)),
}
FILES = (
    ".purser", ".purser/evidence", ".purser/evidence/manifest.jsonl", ".purser/journal.db", ".purser/journal.db-wal",
    ".purser/journal.path", ".purser/lock.json", ".purser/lock", "Acme", "Acme/PO1_COMPLETED",
    "Acme/PO1_COMPLETED/a.pdf", "results.csv", "report.json",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("name", FILES)
def test_any_kind_of_file_in_any_place_ends_it_soon(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: Callable[[Path], object]
) -> None:
    """Within the time that any test has; nothing waits for a writer, and nothing is read that cannot be right."""
    place = home / name
    remove(place)
    monkeypatch.chdir(place.parent)  # a socket's path must be short
    kind(place)
    with little_memory():
        code, _ = ask(home)
        heard = fakes.Heard()
        tell_status(home, heard.output)
    if name.startswith("Acme"):
        assert code is ExitCode.SOME_FAILED
    elif name in (".purser", ".purser/evidence"):
        assert code is ExitCode.UNUSABLE


def test_a_file_that_grows_while_it_is_read_is_read_no_further_than_its_size(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, read_in_all = os.read, []

    def growing(fd: int, count: int) -> bytes:
        piece = read(fd, count)
        read_in_all.append(len(piece))
        return piece or b"more and more"

    monkeypatch.setattr(os, "read", growing)
    assert verification.verify_folder(home).files == 0
    assert len(read_in_all) < 100


# ----------------------------------------------------------------------------------------------------- any bytes at all

LINES: dict[str, bytes] = {
    "deep": b"[" * 200_000,
    "deep tables": b'{"a":' * 100_000,
    "not a number": b'{"number":NaN,"previous":"","po_number":"","status":"","folder":"","files":[]}',
    "an infinite size": b'{"number":1,"previous":"' + b"0" * 64 + b'","po_number":"","status":"","folder":"a/b",'
    b'"files":[{"name":"x","size":1e999,"sha256":""}]}',
    "a long number": b'{"number":' + b"9" * 20_000 + b"}",
    "a size with many digits": b'{"number":1,"previous":"' + b"0" * 64 + b'","po_number":"","status":"","folder":"a/b",'
    b'"files":[{"name":"x","size":' + b"9" * 4000 + b',"sha256":""}]}',
    "true for one": b'{"number":true,"previous":"'
    + b"0" * 64
    + b'","po_number":"","status":"","folder":"","files":[]}',
    "a list": b"[]",
    "null": b"null",
    "half of a letter": b'"\xc3"',
    "files that are none": b'{"number":1,"previous":"' + b"0" * 64
    + b'","po_number":"","status":"","folder":"","files":7}',
    "a file that is a text": b'{"number":1,"previous":"' + b"0" * 64
    + b'","po_number":"","status":"","folder":"","files":["abc"]}',
    "a byte-order mark": b"\xef\xbb\xbf{}",
    "a zero": b"\0" * 1000,
}  # fmt: skip


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_of_anything_breaks_the_chain_and_nothing_else(home: Path, line: bytes, end: bytes) -> None:
    manifest_path(home).write_bytes(line + end)
    code, said = ask(home)
    assert code is ExitCode.SOME_FAILED
    assert "Line 1 is" in said
    with manifest_path(home).open("ab") as file:
        file.write(b"\n")


def test_a_line_without_an_end_is_read_no_further_than_a_line_can_be_long(home: Path) -> None:
    whole = manifest_path(home).read_bytes()
    with manifest_path(home).open("ab") as file:
        file.truncate(len(whole) + 20 * 2**30)
    with little_memory():
        code, said = ask(home)
    assert code is ExitCode.SOME_FAILED
    assert "Line 4 is not a line of a manifest (it is longer than" in said


NAMES = (
    "\ud800", "a\0b", "../PO2_COMPLETED/a.pdf", "", ".", "..", "/etc/passwd", "a" * 100_000, "\udcff", "a/b", "\n",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize("what", ["name", "folder", "po_number", "sha256"])
def test_names_that_no_file_system_has_are_differences(home: Path, name: str, what: str) -> None:
    """Only in the last line; the chain holds."""
    lines = manifest_path(home).read_bytes().splitlines()
    told = json.loads(lines[-1])
    told["files"][0 if what != "sha256" else 1][what if what in ("name", "sha256") else "name"] = (
        name if what in ("name", "sha256") else "a.pdf"
    )
    if what in ("folder", "po_number"):
        told[what] = name
    put(manifest_path(home), b"\n".join([*lines[:-1], json.dumps(told).encode()]) + b"\n")
    assert ask(home)[0] is ExitCode.SOME_FAILED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("0" * 64),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["number", "previous", "po_number", "status", "folder", "files", "at"])


class Fuzzed:
    """One folder for all examples of a test; each finds it as it was brought home."""

    def __init__(self, folder: Path) -> None:
        with FolderJournal(folder) as folder_journal:
            bring_home(folder_journal, 3)
        self.folder = folder
        self.manifest = manifest_path(folder).read_bytes()
        with closing(sqlite3.connect(journal_path(folder))) as db:
            db.execute("PRAGMA journal_mode=DELETE")
        self.journal = journal_path(folder).read_bytes()

    def reset(self) -> None:
        """Bring back what examples change."""
        for name in ("journal.db-wal", "journal.db-shm", "journal.path", "lock.json", "journal.db-journal"):
            remove(self.folder / ".purser" / name)
        put(manifest_path(self.folder), self.manifest)
        put(journal_path(self.folder), self.journal)
        journal_path(self.folder).chmod(0o600)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PURSER_STATE_DIR", str(folder / "state"))
        yield Fuzzed(folder / "dl")


@FEW
@given(content=st.binary(max_size=400), cut=st.integers(0, 5000))
def test_a_manifest_of_any_bytes(fuzzed: Fuzzed, content: bytes, cut: int) -> None:
    fuzzed.reset()
    put(manifest_path(fuzzed.folder), fuzzed.manifest[:cut] + content)
    code, _ = ask(fuzzed.folder)
    as_it_was = fuzzed.manifest[:cut] + content == fuzzed.manifest
    assert (code is ExitCode.SUCCESS) is as_it_was


@FEW
@given(key=KEYS, value=JSON, line=st.integers(0, 2), rechained=st.booleans())
def test_a_manifest_with_any_value_in_any_line(
    fuzzed: Fuzzed, key: str, value: Any, line: int, rechained: bool
) -> None:
    """Also with a chain that somebody mended: the journal knows its head."""
    fuzzed.reset()
    told = [json.loads(one) for one in fuzzed.manifest.splitlines()]
    before = told[line].get(key)
    told[line][key] = value
    lines: list[bytes] = []
    for one in told:
        if rechained and lines and one is not told[line]:
            one["previous"] = sha256(lines[-1]).hexdigest()
        lines.append(json.dumps(one, separators=(",", ":")).encode())
    put(manifest_path(fuzzed.folder), b"".join(one + b"\n" for one in lines))
    same = type(before) is type(value) and before == value
    assert (ask(fuzzed.folder)[0] is ExitCode.SUCCESS) is same


@FEW
@given(at=st.integers(0, 60_000), content=st.binary(min_size=1, max_size=64))
def test_a_journal_with_any_bytes_anywhere(fuzzed: Fuzzed, at: int, content: bytes) -> None:
    """It is left as it is, and told of in one sentence by every command that reads it."""
    fuzzed.reset()
    at %= len(fuzzed.journal)
    damaged = fuzzed.journal[:at] + content + fuzzed.journal[at + len(content) :]
    put(journal_path(fuzzed.folder), damaged)
    journal_path(fuzzed.folder).chmod(0o600)
    ask(fuzzed.folder)
    heard = fakes.Heard()
    assert tell_status(fuzzed.folder, heard.output) in tuple(ExitCode)
    code = resume.resume(fuzzed.folder, {}, heard.output)
    if code is ExitCode.UNUSABLE:
        assert heard.err.startswith("error: ")


@FEW
@given(content=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_notes_of_any_bytes(fuzzed: Fuzzed, content: bytes) -> None:
    fuzzed.reset()
    for name in ("lock.json", "journal.path"):
        put(fuzzed.folder / ".purser" / name, content)
        ask(fuzzed.folder)
        tell_status(fuzzed.folder, fakes.Heard().output)
