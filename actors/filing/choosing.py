"""Chooses a file's name from what the portal says: what it sends, what the page shows, what the address ends with.

A browser that is told no name makes one up, from the address or from nothing. Such a name says less than the page.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from actors.filing.disposition import name_in_disposition
from actors.filing.naming import LONGEST_NAME, ending_of, name_key, sanitised, shortened, tidy
from contracts.ports import DownloadedFile, ListedAttachment

_SCRIPT_ENDINGS = frozenset({".php", ".asp", ".aspx", ".ashx", ".jsp", ".jspx", ".do", ".cgi"})
_COUNTER = re.compile(r"(?<![\s_])[\s_]*+\(\d{1,3}\)$")
_MADE_UP = re.compile(
    r"""(?:
        downloads? | unnamed | untitled | unknown | unbekannt | unbenannt | herunterladen | descargas? | descargar
        | t[eé]l[eé]charge(?:ment|r) | sans[ _]nom | sem[ _](?:nome|t[ií]tulo) | sin[ _](?:nombre|t[ií]tulo) | baixar
        | index
        | \{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}? | [0-9a-f]{32}
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_INVITATION = re.compile(
    r"""(?:
        click(?:[ _]here)?(?:[ _]to[ _]\w+)? | here | open | view | show | save | get | link | attachment | download
        | (?:download|open|view|show|save)[ _](?:file|attachment|document) | file[ _]attachment
        | [oö]ffnen | anzeigen | speichern | anhang | hier | herunterladen | abrir | ver | guardar | descargar | aqu[ií]
        | anexo | baixar | visualizar | salvar | aqui | adjunto | ouvrir | voir | afficher | enregistrer | ici
        | t[eé]l[eé]charger | pi[eè]ce[ _]jointe
    )[.…!]*""",
    re.IGNORECASE | re.VERBOSE,
)
_SAID_BESIDE = re.compile(
    r"""(?<![\s,;:|\u2013-])[\s,;:|\u2013-]*+(?:
        \b(?:file[ ]attachment|attachment|attached[ ]file|dateianhang|anhang|pi[eè]ce[ ]jointe|fichier[ ]joint
        |archivo[ ]adjunto|anexo(?:[ ]de[ ]arquivo)?|arquivo[ ]anexo)
        | [(\[]?\b\d+(?:[.,]\d+)?[ ]?(?:bytes?|[kmg]i?b|octets|[kmg]o)\b[)\]]?
    )\s*+$""",
    re.IGNORECASE | re.VERBOSE,
)
_ARIA_SUFFIX = re.compile(r"(?<![ ,-])[ ,-]*+file attachment$", re.IGNORECASE)
_LONGEST = 1000
_ASKED_FOR = re.compile(
    r"^(?:download|open|view|show|save|herunterladen|[oö]ffnen|baixar|abrir|descargar|t[eé]l[eé]charger|ouvrir)"
    r"(?:[ ](?:the[ ])?(?:file|attachment|document))?(?:\s*+:)?+\s++(?=\S)",
    re.IGNORECASE,
)
_ENDING_OF_TYPE = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.ms-outlook": ".msg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "text/csv": ".csv",
    "text/plain": ".txt",
    "message/rfc822": ".eml",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}


def file_name(file: DownloadedFile, listed: ListedAttachment, most: int = LONGEST_NAME) -> str:
    """Choose a safe name for a downloaded file.

    The header's name comes first, then the name the browser took from it, then what the page says: of title,
    aria-label, text and address the first that ends like a file, else the first that is more than an invitation to
    click. A name without an ending gets the one that the browser, the address or the content type tells.
    """
    addresses = [part for part in (_last_part(listed.url or ""), _last_part(file.url)) if part]
    from_browser = "" if _is_made_up(file.suggested_name, addresses) else file.suggested_name
    sent = [sanitised(name) for name in (name_in_disposition(file.disposition), from_browser)]
    on_page = (listed.title, _without_asking(listed.aria_label), listed.text)
    shown = [sanitised(name) for name in (*(_bare(name) for name in on_page), *addresses, _bare(listed.label))]
    candidates = [name for name in sent if name]
    candidates += [name for name in shown if _is_file_ending(ending_of(name))]
    candidates += [name for name in shown if name and not _INVITATION.fullmatch(name)]
    candidates += [name for name in (*shown, sanitised(file.suggested_name)) if name]
    name = candidates[0] if candidates else "attachment"
    if not _is_file_ending(ending_of(name)):
        known = (ending_of(part) for part in (file.suggested_name, *addresses))
        ending = next((one for one in known if _is_file_ending(one)), _ENDING_OF_TYPE.get(file.media_type, ""))
        name = (name[: -len(ending_of(name))] if ending_of(name) and ending else name) + ending
    return shortened(sanitised(name) or "attachment", most)


def _is_made_up(suggested: str, addresses: list[str]) -> bool:
    """Whether a name is a browser's own: a word for "download", a random number, or the address's last part."""
    stem = _stem(suggested)
    return _MADE_UP.fullmatch(stem) is not None or name_key(stem) in {name_key(_stem(part)) for part in addresses}


def _stem(name: str) -> str:
    plain = sanitised(name)
    ending = ending_of(plain)
    return _COUNTER.sub("", plain[: len(plain) - len(ending)])


def _bare(text: str) -> str:
    """Return what the page says of a file without its size, or that it is an attachment, behind its name."""
    plain = tidy(text[:_LONGEST])
    bare = _SAID_BESIDE.sub("", plain)
    return bare if _is_file_ending(ending_of(bare)) else plain


def _without_asking(label: str) -> str:
    """Return the file in a label for screen readers such as "Download offer.pdf"."""
    bare = _ARIA_SUFFIX.sub("", _bare(label))
    asked = _ASKED_FOR.sub("", bare)
    return asked if _is_file_ending(ending_of(asked)) else bare


def _is_file_ending(ending: str) -> bool:
    return bool(ending) and ending not in _SCRIPT_ENDINGS


def _last_part(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return tidy(unquote(path.rstrip("/").rpartition("/")[2]))
