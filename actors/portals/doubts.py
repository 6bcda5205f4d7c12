"""Why a list of attachments may not be all there is, in words for people.

That an order has no attachments needs more proof than that it has some: a page that shows none may only not yet show
them. That it has a certain number is doubted where the page itself names a larger one, or says that it is not done.
What the browser knows (a page not at rest, a frame not read), and what further pages and tabs show, is for whoever
reads the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs
from selectolax.lexbor import LexborNode

from actors.portals.addresses import last_part, path_of
from actors.portals.counting import Count
from actors.portals.document import Document, attribute
from actors.portals.login import login_doubts
from actors.portals.proof import Proof, has_sections, is_searched_for
from actors.portals.seeing import hides_itself, is_dormant, is_quoting
from actors.portals.sheet import Sheet
from actors.portals.words import INTERSTITIAL, IS_LOADING_LAST, LOADING, NOT_LOADED

_LONGEST = 60
_UNFILLED = re.compile(r"\{\{[^{}]{0,80}\}\}|\$\{[^{}]{0,80}\}|<%[^%]{0,80}%>|\[\[[^\[\]]{0,80}\]\]|%\{[^{}]{0,80}\}")
_LOADING_HINT = re.compile(
    r"(?<!\w)(?:loading|fetching|geladen|lade|ladt|laden|bitte warten|carregando|carregar|aguarde"
    rf"|cargando|espere|chargement"
    rf"|{INTERSTITIAL.pattern})"
)
_BUSY = "[aria-busy=true i]"
_SHOWN_INSIDE = "iframe[src], embed[src], object[data], area[href]"
_EMPTY_LISTS = ", ".join(
    f"{tag}[{name}*={word} i]"
    for tag in ("ul", "ol", "table", "tbody", "div", "section")
    for name in ("id", "class")
    for word in ("attachment", "file", "document", "anexo", "anhang", "adjunto", "archivo", "fichier")
)
_LIST_NAME = re.compile(
    r"(?:^|[\s_-])(?:attachments?|attached-?files?|files?|documents?|anexos?|anhaenge|adjuntos?|archivos?|fichiers?)"
    r"(?:[_-]?(?:list|table|container|panel|section|tab|pane|items|rows|body))?(?:$|\s)",
    re.IGNORECASE,
)
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|csv|zip|msg|eml|txt|tiff?|xml|jpe?g|png)$", re.IGNORECASE)
_FILE_NAME = re.compile(r"(?!www\.)[\w()\[\]][^/\\:]{0,150}\.(?:pdf|docx?|xlsx?|pptx?|zip|msg|eml|tiff?)")
_REFRESH = re.compile(r"\s*+(\d{1,3})(?:\.\d*+)?+\s*+(?:[;,]\s*+(?:url\s*+=\s*+)?\S.*)?$", re.IGNORECASE)


@attrs.frozen(eq=False)
class Findings:
    """What was found out about a page that is proven to be the order's.

    Args:
        sheet: The page.
        proof: What proves it.
        count: What it says of its attachments' number.
        listed: How many attachments these are.
        goes_on: Whether it leads to more of its list.
        broken_frame: What a frame of it says in place of its content.
    """

    sheet: Sheet
    proof: Proof
    count: Count
    listed: int
    goes_on: bool = False
    broken_frame: str = ""


def doubts_about(found: Findings, po_number: str) -> tuple[str, ...]:
    """Return the reasons to doubt that a list is complete, or that an order has no attachments at all."""
    reasons = [
        *_not_read(found.sheet),
        *_not_loaded(found.sheet),
        *_loading(found.sheet, lists_files=bool(found.listed)),
    ]
    if found.count.more_pages and not found.goes_on:
        reasons.append(f"the page says {found.count.more_pages!r}, and leads to no other")
    if not found.listed:
        reasons += _none_unproven(found, po_number)
    return tuple(dict.fromkeys(reasons))


def _not_read(sheet: Sheet) -> Iterator[str]:
    if any(document.is_too_deep for document in sheet.documents):
        yield "the page is nested too deep to be read exactly"


def _not_loaded(sheet: Sheet) -> Iterator[str]:
    for document in sheet.own:
        for line in document.lines_in_view if NOT_LOADED.search(document.rough_text) else ():
            is_said = document.is_drawn(line.block) and not document.is_within(line.block, is_quoting)
            if is_said and NOT_LOADED.search(line.text):
                yield f"the page says {line.text[:_LONGEST]!r}"


def _loading(sheet: Sheet, *, lists_files: bool) -> Iterator[str]:
    for document in sheet.own:
        busy = (node for node in document.select(_BUSY) if not lists_files or _may_hold_files(document, node))
        if any(document.is_in_view(node) and document.is_drawn(node) for node in busy):
            yield "the page says that a part of it is still busy"
        if not _LOADING_HINT.search(document.rough_text):
            continue
        for line in document.lines_in_view:
            is_said = document.is_drawn(line.block) and not document.is_within(line.block, is_quoting)
            if len(line.text) <= _LONGEST and is_said:
                is_waiting = LOADING.fullmatch(line.text) or IS_LOADING_LAST.fullmatch(line.text)
                if is_waiting or (not lists_files and INTERSTITIAL.search(line.text)):
                    yield f"the page says {line.text!r}"


def _may_hold_files(document: Document, node: LexborNode) -> bool:
    """Whether a busy part may be the list of attachments, and not what the portal shows beside it."""
    is_named = _LIST_NAME.search(f"{attribute(node, 'id')} {attribute(node, 'class')}") is not None
    return is_named or node.tag in ("body", "main") or document.holds(node, "a[href]")


def _none_unproven(found: Findings, po_number: str) -> Iterator[str]:
    """Yield why a page without attachments does not prove that its order has none."""
    sheet = found.sheet
    if found.proof.is_bare and (is_searched_for(sheet, po_number) or not has_sections(sheet)):
        yield "the page repeats the order's number, but shows nothing else of an order"
    elif not found.proof.is_heading and not any(document.lines_in_view for document in sheet.own):
        yield "the page shows nothing but its title"
    for document in sheet.seen:
        if not document.is_own and any(_FILE.search(path_of(one)) for one in _links(document)):
            yield f"a frame of another host, {document.url}, shows documents"
    yield from login_doubts(sheet)
    yield from _shown_inside(sheet)
    if found.broken_frame:
        yield f"a frame of the page says {found.broken_frame!r}"
    if not found.count.is_none:
        for document in sheet.own:
            yield from _unfilled(document)
    for document in sheet.own:
        for line in document.lines_in_view:
            if _FILE_NAME.fullmatch(line.text) and not document.is_within(line.block, is_quoting):
                yield f"the page shows {line.text[:_LONGEST]!r}, which nothing lists as an attachment"
                return


def _links(document: Document) -> Iterator[str]:
    return (attribute(node, "href") for node in document.select("a[href]"))


def _shown_inside(sheet: Sheet) -> Iterator[str]:
    """Yield the documents that the page shows in itself, and that nothing lists."""
    for document in sheet.own:
        for node in document.select(_SHOWN_INSIDE):
            address = attribute(node, "data") or attribute(node, "src") or attribute(node, "href")
            if _FILE.search(path_of(address)) and (node.parent is None or document.is_in_view(node.parent)):
                yield f"the page shows {last_part(address)[:_LONGEST]!r}, which nothing lists as an attachment"
                return


def _unfilled(document: Document) -> Iterator[str]:
    for line in document.lines_in_view:
        if _UNFILLED.search(line.text) and not document.is_within(line.block, is_quoting):
            yield f"the page shows a place that was not filled in: {line.text[:_LONGEST]!r}"
    for node in document.select(_EMPTY_LISTS):
        named = f"{attribute(node, 'id')} {attribute(node, 'class')}"
        is_away = _LIST_NAME.search(named) and (hides_itself(node) or is_dormant(node))
        if is_away and not document.beginning(node, 1) and not document.holds(node, "input, button"):
            around = node.parent
            if around is None or document.is_in_view(around):
                yield f"a list that is called {named.strip()!r} is hidden and empty"


def goes_on_by_itself(sheet: Sheet) -> bool:
    """Whether the page leads on to another by itself, within ten seconds, or says that it does."""
    for node in sheet.main.select("meta[http-equiv=refresh i]"):
        found = _REFRESH.match(attribute(node, "content"))
        if found is not None and int(found[1]) <= 10:
            return True
    return any(INTERSTITIAL.search(line.text) for line in sheet.main.lines_in_view)
