"""Proves which files are taken for what they say they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.filing.verify import verify
from contracts.errors import AttachmentError, AuthenticationError
from tests.filing.samples import PDF, arrived, listed

LOGIN = b"<!DOCTYPE html><html><body><form><input name=u><input type='password'></form></body></html>"
HTML = b"\xef\xbb\xbf \n<html><body>Something went wrong</body></html>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"
ZIP = b"PK\x03\x04rest"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", PDF),
        ("a.PDF", b"\n\n" + PDF),
        ("a.zip", ZIP),
        ("a.docx", ZIP),
        ("a.xlsx", OLE),
        ("a.msg", OLE),
        ("a.doc", OLE),
        ("a.doc", b"{\\rtf1"),
        ("a.xls", b"<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table>"),
        ("a.xls", b"\x09\x08\x10\x00"),
        ("a.png", b"\x89PNG\r\n\x1a\n"),
        ("a.jpg", b"\xff\xd8\xff\xe0"),
        ("a.jpg", b"\x89PNG\r\n\x1a\n"),
        ("a.tif", b"II*\x00"),
        ("a.tiff", b"MM\x00*"),
        ("a.csv", b"x;y\n"),
        ("a.txt", b"<html> is a tag"),
        ("a.html", HTML),
        ("a.xyz", b"\x00\x01"),
        ("noending", b"anything"),
    ],
)
def test_a_file_that_is_what_its_name_says_passes(tmp_path: Path, name: str, content: bytes) -> None:
    verify(arrived(tmp_path / "f", content), listed(), name)


@pytest.mark.parametrize(
    "name", ["a.pdf", "a.zip", "a.docx", "a.xls", "a.msg", "a.doc", "a.png", "a.jpg", "a.tif", "a.csv"]
)
@pytest.mark.parametrize("content", [HTML, HTML.decode("utf-8-sig").encode("utf-16")])
def test_a_web_page_is_no_document(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(AttachmentError, match=r"page instead"):
        verify(arrived(tmp_path / "f", content), listed(), name)


@pytest.mark.parametrize("name", ["a.pdf", "a.zip", "a.docx", "a.xls", "a.msg", "a.doc", "a.png", "a.jpg", "a.tif"])
def test_a_document_of_another_kind_is_not_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(AttachmentError, match=r"should be an?"):
        verify(arrived(tmp_path / "f", b'{"error": "no"}'), listed(), name)


@pytest.mark.parametrize("name", ["a.html", "a.xyz", "noending", "a.txt", "a.pdf", "a.zip", "a.doc", "a.csv"])
def test_a_login_page_is_never_a_file(tmp_path: Path, name: str) -> None:
    """It means that the login has expired, unless the portal sent it as an attachment on purpose."""
    with pytest.raises(AuthenticationError, match="login page"):
        verify(arrived(tmp_path / "f", LOGIN, media_type="text/html"), listed(), name)
    with pytest.raises(AttachmentError, match="login page"):
        verify(arrived(tmp_path / "f", LOGIN, disposition='attachment; filename="a"'), listed(), name)


def test_without_an_ending_the_content_type_decides(tmp_path: Path) -> None:
    with pytest.raises(AttachmentError, match="a PDF"):
        verify(arrived(tmp_path / "f", b"oops", media_type="application/pdf"), listed(), "offer")
    verify(arrived(tmp_path / "f", PDF, media_type="application/pdf"), listed(), "offer")


def test_empty_missing_and_truncated_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(AttachmentError, match="empty"):
        verify(arrived(tmp_path / "f", b""), listed(), "a.pdf")
    with pytest.raises(AttachmentError, match="announced"):
        verify(arrived(tmp_path / "f", PDF, declared_size=len(PDF) + 1), listed(), "a.pdf")
    with pytest.raises(AttachmentError, match="counted"):
        verify(arrived(tmp_path / "f", PDF, size=1), listed(), "a.pdf")
    file = arrived(tmp_path / "f", PDF)
    file.path.unlink()
    with pytest.raises(AttachmentError, match="gone"):
        verify(file, listed(), "a.pdf")
    file.path.symlink_to(tmp_path)
    with pytest.raises(AttachmentError, match="no ordinary file"):
        verify(file, listed(), "a.pdf")
