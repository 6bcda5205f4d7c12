"""Whatever a portal says a file is called: it ends inside the folder, under a name every system takes.

Here headers of any shape go the whole way to the disk. Proven elsewhere: the rules one by one
(tests/filing/test_names.py), those for folders (tests/filing/test_publishing.py), a hostile portal in a real browser
(tests/system/test_batches.py), sizes and counts (tests/fetch/test_fetcher.py, tests/browser/test_downloads.py,
tests/worker/test_process_po.py), other hosts and schemes (tests/fetch/test_fetcher.py,
tests/worker/test_process_po.py, tests/session/test_orders.py), formulas in output (tests/tables/test_results_csv.py).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path, PureWindowsPath
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from actors.filing.disposition import name_in_disposition
from actors.filing.folder import DownloadFolder
from actors.filing.naming import LONGEST_NAME
from contracts.errors import AttachmentError, AuthenticationError, MachineError
from contracts.ports import ListedAttachment
from contracts.tasks import TaskStatus
from tests.filing.samples import PDF, arrived, lease, result
from tests.filing.test_names import NASTY, is_safe

DOCUMENTED = (AttachmentError, AuthenticationError, MachineError)
"""What `place` and `publish` say that they raise."""

SEPARATORS = ["/", "\\", "..", "../", "..\\", "\x00", "%2e%2e%2f", "%2F", ":", "\r\n", "\u2215", "\uff0f", "\u202e"]
ROOTS = [
    "/etc/passwd",
    "C:\\Windows\\win.ini",
    "\\\\server\\share\\x",
    "file:///etc/passwd",
    "~/.ssh/id_rsa",
    "a.pdf:s",
]
pieces = st.one_of(
    st.sampled_from([*NASTY, *SEPARATORS, *ROOTS]),
    st.text(max_size=30),
    st.text("./\\ %:;=\"'*?<>|~", max_size=12),
)
names = st.lists(pieces, max_size=6).map("".join)
endings = st.sampled_from(
    ["", ".pdf", ".PDF", ".exe", ".pdf.exe", ".php", ".", " ", ".lnk", ".tar.gz", "." + "x" * 300]
)
file_names = st.builds(str.__add__, names, endings)

_latin = st.characters(max_codepoint=0xFF)
extended = st.builds(
    lambda charset, language, name: f"{charset}'{language}'{quote(name.encode('utf-8', 'surrogatepass'))}",
    st.sampled_from(["UTF-8", "utf-8", "iso-8859-1", "utf-7", "idna", "rot13", "", "x" * 50]),
    st.sampled_from(["", "en", "'"]),
    file_names,
)
parameters = st.one_of(
    st.builds('filename="{}"'.format, file_names),
    st.builds("filename={}".format, file_names),
    st.builds("filename*={}".format, st.one_of(extended, file_names)),
    st.builds('filename*0="{0}"; filename*1="{0}"'.format, file_names),
    st.builds("name={}".format, file_names),
    st.builds('filename="=?utf-8?{}?{}?="'.format, st.sampled_from("bqx"), st.text(max_size=40)),
    st.text(_latin, max_size=60),
)
dispositions = st.one_of(
    st.builds(
        lambda kind, found, glue: glue.join([kind, *found]),
        st.sampled_from(["attachment", "inline", "", "ATTACHMENT", ";", "form-data"]),
        st.lists(parameters, max_size=4),
        st.sampled_from(["; ", ";", " ;\t", ";;", ","]),
    ),
    st.text(max_size=200),
)
media_types = st.one_of(
    st.sampled_from(["application/pdf", "text/html", "application/octet-stream", "", "a/b/c", "text/plain\r\nX: y"]),
    st.text(max_size=60),
)
addresses = st.one_of(
    st.builds("https://portal.example/{}".format, file_names),
    st.sampled_from(
        ["", "https://[", "javascript:alert(1)", "https://portal.example/%2e%2e/%2e%2e/x", "//x/..%5c..%5cy"]
    ),
)
contents = st.sampled_from(
    [PDF, b"", b"MZ\x90\x00", b"<html><input type=password>", b"<html>x", b"PK\x03\x04x", b"\xff\xfe<"]
)


def assert_legal(path: Path, root: Path) -> None:
    """Check a file's final path."""
    assert Path(os.path.realpath(path)).is_relative_to(root)
    assert path.is_file()
    assert not path.is_symlink()
    assert len(path.relative_to(root).parts) == 3
    assert is_safe(path.name)
    assert len(path.name) <= LONGEST_NAME
    assert PureWindowsPath(path.name).parts == (path.name,)
    for part in path.relative_to(root).parts:
        assert part not in (".", "..")
        assert not part.startswith((".", " "))
        assert not part.endswith((".", " "))


@given(
    disposition=dispositions,
    media_type=media_types,
    url=addresses,
    suggested=file_names,
    label=file_names,
    title=file_names,
    number=file_names,
    supplier=file_names,
    content=contents,
)
def test_whatever_comes_in_the_file_ends_inside_the_folder_under_a_legal_name_or_a_documented_error_is_raised(
    disposition: str,
    media_type: str,
    url: str,
    suggested: str,
    label: str,
    title: str,
    number: str,
    supplier: str,
    content: bytes,
) -> None:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as base:
        root = Path(os.path.realpath(base)) / "dl"
        folder, of = DownloadFolder(root, "run"), lease(number)
        staged = folder.stage(of)
        file = arrived(
            staged / "arriving", content,
            disposition=disposition, media_type=media_type, url=url, suggested_name=suggested,
        )  # fmt: skip
        try:
            attachment = folder.place(of, file, ListedAttachment(label=label, title=title, aria_label=title, url=url))
            filed = folder.publish(of, result(of, attachment, supplier=supplier))
        except DOCUMENTED:
            filed = None
        outside = {path.name for path in root.parent.iterdir()} - {"dl"}
        assert outside == set()
        visible = [path for path in root.rglob("*") if path.is_file() and ".purser" not in path.parts]
        assert len(visible) == (filed is not None)
        for path in visible:
            assert_legal(path, root)
            assert path.parent == filed
            assert path.read_bytes() == content


@given(dispositions)
def test_reading_any_header_gives_text_and_never_raises(header: str) -> None:
    assert isinstance(name_in_disposition(header), str)


@given(st.lists(st.tuples(dispositions, file_names), min_size=2, max_size=5))
def test_files_of_one_order_never_replace_one_another(files: list[tuple[str, str]]) -> None:
    """Also when their names differ only in case, or in nothing."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as base:
        root = Path(os.path.realpath(base)) / "dl"
        folder, of = DownloadFolder(root, "run"), lease()
        staged = folder.stage(of)
        kept = []
        for place, (disposition, label) in enumerate(files):
            content = PDF + str(place).encode()
            file = arrived(staged / f"arriving-{place}", content, disposition=disposition)
            try:
                kept.append((folder.place(of, file, ListedAttachment(label=label)), content))
            except DOCUMENTED:
                continue
        if kept:
            filed = folder.publish(of, result(of, *(one for one, _ in kept), status=TaskStatus.PARTIAL))
            assert {path.name.casefold() for path in filed.iterdir()} == {one.name.casefold() for one, _ in kept}
            for one, content in kept:
                assert_legal(filed / one.name, root)
                assert (filed / one.name).read_bytes() == content


@pytest.mark.parametrize(
    "disposition",
    [
        'attachment; filename="../../../../.bashrc"',
        'attachment; filename="..\\..\\..\\Startup\\run.bat"',
        "attachment; filename=/etc/cron.d/x",
        "attachment; filename*=UTF-8''..%2F..%2F..%2Fetc%2Fpasswd",
        "attachment; filename*=UTF-8''%00..%2F",
        'attachment; filename="=?utf-8?b?Li4vLi4vLi4veA==?="',
        'attachment; filename="C:\\Windows\\System32\\x.dll"',
        'attachment; filename="a.pdf:hidden"',
        'attachment; filename=".purser"',
        'attachment; filename="CON.pdf"',
        'attachment; filename="' + "x" * 5000 + '.pdf"',
        'attachment; filename="\u202efdp.exe"',
        'attachment; filename="a\r\nSet-Cookie: x=y.pdf"',
    ],
)
def test_a_header_that_wants_to_lead_elsewhere_names_a_file_in_its_folder(tmp_path: Path, disposition: str) -> None:
    folder, of = DownloadFolder(tmp_path / "dl", "run"), lease()
    file = arrived(folder.stage(of) / "x", disposition=disposition)
    attachment = folder.place(of, file, ListedAttachment(label="listed.pdf"))
    filed = folder.publish(of, result(of, attachment))
    assert_legal(filed / attachment.name, tmp_path / "dl")
    assert [path.name for path in tmp_path.iterdir()] == ["dl"]
