"""Proves which files are what they say they are, which are somebody's all the same, and which are nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.filing.verify import verify
from contracts.errors import AttachmentError, AuthenticationError
from tests.filing.samples import PDF, arrived, listed
from tests.filing.whole_files import WHOLE

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


TABLE = b"<table border=1><tr><th>Pos</th><th>Amount</th></tr>" + b"<tr><td>1</td><td>9,00</td></tr>" * 9 + b"</table>"
LETTER = b"<html><head><title>Terms</title></head><body>" + b"<p>Delivery within thirty days of the order.</p>" * 9
ARCHIVE = (
    b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<html><body>Terms</body></html>\r\n--x--\r\n"
)
MISNAMED = {
    "heic.jpg": WHOLE["a.heic"],
    "avif.png": WHOLE["a.avif"],
    "pdf.jpg": PDF,
    "picture.pdf": WHOLE["a.jpg"],
    "archive.pdf": WHOLE["a.zip"],
    "late.pdf": b"\0" * 1500 + PDF,
    "after a warning.pdf": b"Warning: something in line 3\n" * 60 + PDF,
    "drawing.pdf": b"%!PS-Adobe-3.0\n0 0 moveto\n%%EOF\n",
    "autocad.pdf": b"AC1027\0\0\0\0" + b"\x07" * 400,
    "letter.pdf": b"{\\rtf1 offer}",
    "7z.zip": WHOLE["a.7z"],
    "rar.zip": WHOLE["a.rar"],
    "packed.zip": WHOLE["a.gz"],
    "table.xls": TABLE,
    "page.xls": b"<html><head><meta charset=utf-8></head><body>" + TABLE + b"</body></html>",
    "tabs.xls": b"Pos\tAmount\r\n" + b"1\t9,00\r\n" * 9,
    "tabs.xlsx": "Pos\tAmount\r\n1\t9,00\r\n".encode("utf-16"),
    "table of errors.xls": b"line\terror\r\n1\t404\r\n",
    "maintenance.doc": b"<html><title>Maintenance contract 500</title><h1>Model 404, errata</h1>" + TABLE,
    "archive.doc": ARCHIVE,
    "letter.doc": LETTER,
    "text.doc": b"plain text terms\r\n" * 40,
    "pdf.doc": PDF,
    "mail.msg": b"From: a@portal.example\r\nSubject: offer\r\n\r\nhello\r\n",
    "book.csv": WHOLE["a.zip"],
    "data.docx": b"<?xml version='1.0'?><Invoice><Line/></Invoice>",
    "zip.7z": WHOLE["a.zip"],
    "pdf.txt": PDF,
}


@pytest.mark.parametrize("name", MISNAMED)
@pytest.mark.parametrize("facts", [{"disposition": "attachment"}, {"suggested_name": "a"}], ids=["http", "browser"])
def test_somebodys_file_under_a_neighbouring_ending_is_kept_and_that_is_said(
    tmp_path: Path, name: str, facts: dict[str, str]
) -> None:
    file = arrived(tmp_path / "f", MISNAMED[name], **facts)
    assert verify(file, listed(), name).differs
    with pytest.raises(AttachmentError):
        verify(file, listed(), name, strict=True)


@pytest.mark.parametrize("name", ["a.pdf", "a.zip", "a.jpg", "a.png", "a.tif", "a.7z", "a.heic", "a.gz"])
@pytest.mark.parametrize("content", [TABLE, LETTER, b"<div>Loading</div>"])
def test_a_web_page_is_never_what_such_a_name_promises(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(AttachmentError, match="web page instead"):
        verify(arrived(tmp_path / "f", content, disposition="attachment"), listed(), name)


def page(title: str, body: str = "", heading: str = "") -> bytes:
    """A page of a portal."""
    return f"<html><head><title>{title}</title></head><body><h1>{heading}</h1>{body}</body></html>".encode()


FAILURES = {
    "English": page("Portal", "<p>" + "Please try again. " * 40, "Session expired"),
    "a status": page("404", "<table>" + "<tr><td>1</td></tr>" * 9 + "</table>"),
    "German": page("Zugriff verweigert", TABLE.decode()),
    "Portuguese": page("Portal", TABLE.decode(), "Sess\u00e3o expirada"),
    "French": page("Acc\u00e8s refus\u00e9", LETTER.decode()),
    "Spanish": page("P\u00e1gina no encontrada", TABLE.decode()),
    "Latin": "<html><title>P\u00e1gina n\u00e3o encontrada</title>".encode("latin-1") + TABLE,
    "a first step": page("Welcome", "<form><input name=username></form>" + TABLE.decode()),
    "a detour": page("Portal", "<form method=post><input type=hidden name=SAMLRequest></form>" + TABLE.decode()),
    "on its way": b"<html><meta http-equiv=refresh content='0;url=/login'>" + TABLE,
    "tiny": page("Portal", "<p>Something</p>"),
    "a login's title": page("Connexion - Portail", TABLE.decode()),
    "a table around it": b"<html><table><tr><td>Access denied</td></tr><tr><td>Portal</td></tr></table>",
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("name", ["a.xls", "a.doc", "a.docx", "a.msg", "a.csv", "a.pdf"])
def test_a_portals_own_page_is_nobodys_document_even_if_it_is_sent_as_one(
    tmp_path: Path, name: str, failure: str
) -> None:
    with pytest.raises(AttachmentError, match="web page instead"):
        verify(arrived(tmp_path / "f", FAILURES[failure], disposition="attachment"), listed(), name)


@pytest.mark.parametrize("content", [TABLE, LETTER])
def test_a_page_that_was_not_sent_as_a_file_is_none(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(AttachmentError, match="web page instead"):
        verify(arrived(tmp_path / "f", content, media_type="text/html"), listed(), "a.xls")
    assert verify(arrived(tmp_path / "f", content, media_type="application/vnd.ms-excel"), listed(), "a.xls").differs


@pytest.mark.parametrize("name", ["a.pdf", "a.zip", "a.jpg", "a.docx", "a.xls", "a.msg"])
@pytest.mark.parametrize(
    "content",
    [
        b'{"error": {"code": 403}}',
        b'[{"errors": ["gone"]}]',
        b'{"type": "about:blank", "title": "Not Found", "status": 404}',
        b'{"success": false, "message": "no such attachment"}',
        b'{"data": {"id": 7}}',
        b"{}",
        b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        b"<Error><Code>NoSuchKey</Code></Error>",
        b"<ows:ExceptionReport xmlns:ows='u'><ows:Exception/></ows:ExceptionReport>",
        b"<s:Envelope xmlns:s='u'><s:Body><s:Fault/></s:Body></s:Envelope>",
        b"Not found",
        b"403 Forbidden\n",
        b"Internal Server Error",
        b"Datei nicht gefunden",
        "Arquivo n\u00e3o encontrado".encode(),
        "Acc\u00e8s refus\u00e9".encode(),
        "Sesi\u00f3n caducada".encode(),
        b"null",
        b"java.lang.NullPointerException\n" + b"\tat portal.Files.open(Files.java:7)\n" * 30,
        b"HTTP/1.1 502 Bad\r\n" + b"X-Trace: 1\r\n" * 60,
    ],
)
def test_an_error_message_is_nobodys_document(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(AttachmentError, match=r"should be an?"):
        verify(arrived(tmp_path / "f", content, disposition="attachment"), listed(), name)


def test_a_table_may_hold_pages_in_its_cells(tmp_path: Path) -> None:
    content = b'number;text\n1;"\n<html><body>two</body></html>"\n'
    assert not verify(arrived(tmp_path / "f", content), listed(), "a.csv").differs


def test_a_sound_under_a_pictures_ending_differs(tmp_path: Path) -> None:
    assert verify(arrived(tmp_path / "f", b"RIFF\x04\0\0\0WAVE"), listed(), "a.jpg").differs
    assert not verify(arrived(tmp_path / "f", b"RIFF\x04\0\0\0WEBP"), listed(), "a.jpg").differs


@pytest.mark.parametrize("name", ["a.dwg", "a.xml", "a.txt"])
def test_a_page_that_came_as_a_page_is_no_file_of_another_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(AttachmentError, match="web page instead"):
        verify(arrived(tmp_path / "f", LETTER, media_type="text/html"), listed(), name)


@pytest.mark.parametrize("name", ["a.pdf", "a.zip", "a.jpg", "a.doc", "a.msg"])
def test_bytes_that_nobody_knows_are_not_what_the_name_says(tmp_path: Path, name: str) -> None:
    with pytest.raises(AttachmentError, match=r"should be an?"):
        verify(arrived(tmp_path / "f", b"\x00\x8f\x03" * 300, disposition="attachment"), listed(), name)


def test_an_error_page_under_a_name_without_a_known_ending_is_refused_unless_it_was_sent_as_a_file(
    tmp_path: Path,
) -> None:
    content = FAILURES["English"]
    for name in ("offer", "a.xyz", "a.txt"):
        with pytest.raises(AttachmentError, match="web page instead"):
            verify(arrived(tmp_path / "f", content, media_type="text/html"), listed(), name)
        verify(arrived(tmp_path / "f", content, media_type="text/html", disposition="attachment"), listed(), name)


@pytest.mark.parametrize(
    "content",
    [
        b"<!---->" * 585 + b"x",
        b"<input " * 70_000,
        b"<" * 500_000,
        b"<script>" * 60_000,
        b"<!--" * 120_000,
        b"<h1>" * 120_000,
    ],
    ids=["remarks", "fields", "angles", "scripts", "open remarks", "headings"],
)
def test_no_page_takes_longer_than_its_length_deserves(tmp_path: Path, content: bytes) -> None:
    """A page that makes a search start anew at each of its signs would hold the worker for hours."""
    with pytest.raises(AttachmentError):
        verify(arrived(tmp_path / "f", b"<html>" + content), listed(), "a.pdf")
    with pytest.raises(AttachmentError):
        verify(arrived(tmp_path / "f", content), listed(), "a.pdf")


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
    with pytest.raises(AttachmentError, match="not an ordinary file"):
        verify(file, listed(), "a.pdf")
