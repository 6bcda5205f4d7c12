"""Proves that every name from outside becomes a safe one, and that two owners never get one folder name."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given, settings, strategies as st

from actors.filing.choosing import file_name
from actors.filing.disposition import name_in_disposition
from actors.filing.labels import folder_label, hashed_label, lengths_below
from actors.filing.naming import LONGEST_NAME, distinct, name_key, sanitised, shortened
from contracts.errors import DownloadFolderError
from contracts.ports import DownloadedFile
from tests.filing.samples import PDF, listed

NASTY = [
    *("../../x", "..", ".", "", "   ", "CON", "con.txt", "a/b", "a\\b", "x" * 300, "x" * 300 + ".pdf", "=cmd()"),
    *("NUL .pdf", "x.", "x ", ".purser", "COM1.tar.gz", "a\x00b", "\u202egpj.exe", "\ud800", "é" * 200 + ".docx"),
    *("\U0001f600" * 200, "CONIN$", "a\nb", "a:b", "~1234abcd", "lpt1 .txt"),
]
any_name = st.one_of(st.sampled_from(NASTY), st.text(max_size=200), st.text("aA_ .~-/", max_size=12))


def is_safe(name: str) -> bool:
    """Whether every system stores `name` as one visible, ordinary entry."""
    stem = name.partition(".")[0].rstrip().upper()
    reserved = {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "CONIN$",
        "CONOUT$",
        *(f"{p}{n}" for p in ("COM", "LPT") for n in range(1, 10)),
    }
    return (
        bool(name)
        and Path(name).name == name == PureWindowsPath(name).name
        and not set(name) & set('<>:"/\\|?*')
        and name.isprintable()
        and name[0] not in ". "
        and name[-1] not in ". "
        and stem not in reserved
        and len(name) <= LONGEST_NAME
        and len(name.encode()) <= 255
    )


def downloaded(**facts: str) -> DownloadedFile:
    return DownloadedFile(path=Path("x"), size=len(PDF), sha256="", **facts)  # type: ignore[arg-type] # texts only


@given(header=any_name, title=any_name, text=any_name, url=any_name, media=any_name)
@settings(max_examples=200, deadline=None)
def test_whatever_the_portal_says_the_file_name_is_safe(
    header: str, title: str, text: str, url: str, media: str
) -> None:
    file = downloaded(disposition=f'attachment; filename="{header}"', url=url, suggested_name=text, media_type=media)
    assert is_safe(file_name(file, listed(title=title, aria_label=text, text=title, url=url)))
    assert is_safe(file_name(downloaded(url=url), listed(title=title, label=text)))


@given(any_name)
def test_sanitising_twice_changes_nothing_more(name: str) -> None:
    once = sanitised(name)
    assert sanitised(once) == once
    assert once == "" or is_safe(once[:LONGEST_NAME].rstrip(". ") or "x")


@given(any_name, st.integers(20, 60))
def test_a_folder_name_is_safe_short_and_the_same_each_time(original: str, most: int) -> None:
    label = folder_label(original, most)
    assert is_safe(label)
    assert len(label) <= most
    assert is_safe(f"{label}_COMPLETED")
    assert label == folder_label(original, most)


@given(any_name, any_name)
def test_two_names_share_a_folder_name_only_by_case_and_white_space(one: str, other: str) -> None:
    labels = folder_label(one, 60), folder_label(other, 60)
    if name_key(labels[0]) == name_key(labels[1]):
        alike = [name_key(" ".join(sanitised(text).replace("_", " ").split())) for text in (one, other)]
        assert alike[0] == alike[1]
    if labels[0] == labels[1] and one.strip() and other.strip():
        assert sanitised(one) == sanitised(other)


def test_a_hash_appears_when_sanitising_changed_more_than_white_space() -> None:
    assert folder_label("PO16928033", 60) == "PO16928033"
    assert folder_label(" Nordwind  Tools ", 60) == "Nordwind_Tools"
    for changed in ("a/b", "a:b", "CON", "x.", "../../x", "x" * 300, ".purser", ""):
        assert "~" in folder_label(changed, 60), changed
    assert folder_label("a~12345678", 60).count("~") == 2
    assert folder_label("a/b", 60) != folder_label("a:b", 60)
    assert hashed_label("Acme", "Acme", 60) != hashed_label("ACME", "ACME", 60)


@given(st.lists(any_name, max_size=8), st.integers(20, 150))
def test_no_two_files_of_an_order_have_one_name(names: list[str], most: int) -> None:
    taken: set[str] = set()
    for name in names:
        chosen = distinct(sanitised(name) or "attachment", taken, most)
        assert name_key(chosen) not in taken
        assert len(chosen) <= most
        taken.add(name_key(chosen))


def test_a_taken_name_counts_up_before_its_ending_whatever_its_case() -> None:
    assert distinct("Offer.PDF", {"offer.pdf"}, 150) == "Offer_2.PDF"
    assert distinct("Offer.pdf", {"offer.pdf", "offer_2.pdf"}, 150) == "Offer_3.pdf"
    long = distinct("x" * 150 + ".pdf", {"x" * 146 + ".pdf"}, 150)
    assert long == "x" * 144 + "_2.pdf"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ""),
        ("attachment", ""),
        ("attachment; filename=offer.pdf", "offer.pdf"),
        ('attachment; filename="a \\"b\\"; c.pdf"; size=3', 'a "b"; c.pdf'),
        ("attachment; filename=\"plain.pdf\"; filename*=UTF-8''Angebot%20%C3%BC.pdf", "Angebot ü.pdf"),
        ("attachment; FileName*=iso-8859-1'de'%FCber.pdf; filename=x.pdf", "über.pdf"),
        ("attachment; filename*=rot13''nop; filename=x.pdf", "x.pdf"),
        ("attachment; filename*=UTF-8''; filename=x.pdf", "x.pdf"),
        ("attachment; filename*=broken; filename=x.pdf", "x.pdf"),
        ('attachment; filename="=?UTF-8?B?w7xiZXIucGRm?="', "über.pdf"),
        ('attachment; filename="%C3%BCber%20uns.pdf"', "über uns.pdf"),
        ('attachment; filename="100% sure.pdf"', "100% sure.pdf"),
        ('attachment; filename="\u00c3\u00bcber.pdf"', "über.pdf"),
        ('attachment; filename="C:\\offers\\a.pdf"', "C:\\offers\\a.pdf"),
        ("filename=a.pdf", "a.pdf"),
        ('attachment; filename="open', "open"),
        ("inline; name=x; filename = spaced.pdf ", "spaced.pdf"),
    ],
)
def test_the_header_is_read_as_the_standards_and_the_servers_have_it(header: str, expected: str) -> None:
    assert name_in_disposition(header) == expected


@given(st.text(max_size=80), st.text("ab;=\"\\'*%?filenameUTF-8 ", max_size=80))
def test_reading_a_header_never_raises(noise: str, structured: str) -> None:
    name_in_disposition(noise)
    name_in_disposition(f"attachment; filename={structured}; filename*={noise}")


@pytest.mark.parametrize(
    ("file", "attachment", "expected"),
    [
        ({"disposition": "attachment; filename=h.pdf", "suggested_name": "s.pdf"}, {"title": "t.pdf"}, "h.pdf"),
        ({"suggested_name": "s.pdf", "url": "https://p.example/a/u.pdf"}, {"title": "t.pdf"}, "s.pdf"),
        ({"suggested_name": "u.pdf", "url": "https://p.example/a/u.pdf"}, {"title": "t.pdf"}, "t.pdf"),
        ({}, {"title": "Click to open", "aria_label": "a.pdf file attachment", "text": "b.pdf"}, "a.pdf"),
        ({}, {"title": "Click", "text": "b.pdf", "url": "https://p.example/c.pdf"}, "b.pdf"),
        ({}, {"title": "Click", "text": "here", "url": "https://p.example/c%20d.pdf?x=1"}, "c_d.pdf"),
        ({"media_type": "application/pdf"}, {"title": "Offer June", "label": "x"}, "Offer_June.pdf"),
        ({"media_type": "application/pdf"}, {"text": "x", "label": "x", "url": "https://p.example/a.php"}, "x.pdf"),
        ({"disposition": "attachment; filename=offer", "media_type": "image/png"}, {}, "offer.png"),
        ({"disposition": "attachment; filename=..", "media_type": "image/png"}, {"label": ""}, "attachment.png"),
        ({}, {"label": "Rev 1.2"}, "Rev_1.2"),
        ({}, {"text": "Offer.pdf (12,5 KB)", "url": "https://p.example/7"}, "Offer.pdf"),
        ({}, {"aria_label": "Download Offer 2.pdf", "text": "Download"}, "Offer_2.pdf"),
        (
            {"media_type": "application/pdf"},
            {"aria_label": "Download", "text": "Offer June", "label": ""},
            "Offer_June.pdf",
        ),
        ({}, {"text": "Open", "label": "Open", "title": "Click here"}, "Click_here"),
    ],
)
def test_the_best_name_wins(file: dict[str, str], attachment: dict[str, str], expected: str) -> None:
    assert file_name(downloaded(**file), listed(**attachment)) == expected


DOWNLOAD = "https://p.example/attachments/7/download"


@pytest.mark.parametrize(
    ("suggested", "url"),
    [
        ("download.pdf", DOWNLOAD),
        ("download (1).pdf", DOWNLOAD),
        ("download", DOWNLOAD),
        ("7.pdf", "https://p.example/attachments/7"),
        ("7 (2).pdf", "https://p.example/attachments/7/"),
        ("getFile.pdf", "https://p.example/getFile.aspx?id=7"),
        ("getfile.aspx", "https://p.example/getFile.aspx?id=7"),
        ("a_b.pdf", "https://p.example/a%7Cb"),
        ("unnamed.pdf", ""),
        ("index.html", "https://p.example/"),
        ("T\u00e9l\u00e9chargement.pdf", ""),
        ("descarga.pdf", "https://p.example/?id=7"),
        ("0b0f7a30-2f4e-4c4e-9d0a-1f2e3d4c5b6a.pdf", "blob:https://p.example/0b0f7a30-2f4e-4c4e-9d0a-1f2e3d4c5b6a"),
        ("d41d8cd98f00b204e9800998ecf8427e.pdf", ""),
    ],
)
def test_a_name_that_a_browser_made_up_says_less_than_the_page(suggested: str, url: str) -> None:
    labels = listed(aria_label="Offer 2024-Q1.pdf file attachment", text="Offer 2024-Q1.pdf", label="x")
    assert file_name(downloaded(suggested_name=suggested, url=url), labels) == "Offer_2024-Q1.pdf"


@pytest.mark.parametrize("suggested", ["20240117.pdf", "downloads 2024.pdf", "Download list.xlsx", "document.pdf"])
def test_a_name_that_only_the_portal_can_have_given_wins(suggested: str) -> None:
    assert file_name(downloaded(suggested_name=suggested, url=DOWNLOAD), listed(text="b.pdf")) == sanitised(suggested)


def test_a_name_that_a_browser_made_up_is_better_than_none_and_knows_the_ending() -> None:
    made_up = downloaded(suggested_name="download.pdf", url=DOWNLOAD)
    assert file_name(made_up, listed(label="")) == "download.pdf"
    assert file_name(made_up, listed(text="Offer June", label="x")) == "Offer_June.pdf"


@given(st.integers(1, 160), any_name, any_name)
def test_every_full_path_stays_under_250_characters(root_length: int, supplier: str, number: str) -> None:
    root = Path("/" + "r" * root_length)
    lengths = lengths_below(root)
    order = folder_label(number, lengths.order)
    most = lengths.file(order)
    assert most >= 20
    for label in (order, hashed_label(number, "x", lengths.order)):
        path = root / folder_label(supplier, lengths.supplier) / f"{label}_COMPLETED" / ("f" * most)
        assert len(str(path)) < 250


def test_a_root_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(DownloadFolderError, match="shorter path"):
        lengths_below(Path("/" + "r" * 180))


@pytest.mark.parametrize("cut", [". ", ".", " .", "..."])
def test_a_name_that_is_cut_where_a_dot_or_a_space_is_ends_in_neither(cut: str) -> None:
    """Windows takes neither at a name's end."""
    for most in (60, LONGEST_NAME, 300):
        long = "a" * (most - len(cut)) + cut + "b" * 300
        assert is_safe(distinct(sanitised(long), (), min(most, LONGEST_NAME)))
        assert shortened(long, most)[-1] not in ". "
        assert sanitised(long)[-1] not in ". "
