"""How many attachments a page itself says there are: "Attachments (23)", "3 files", "Showing 1-10 of 23".

Only a short text of its own counts: a heading, a tab, a badge, a line with nothing else in it. A number within a
sentence is somebody's word about something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import attrs
from selectolax.lexbor import LexborNode

from actors.portals.document import Document
from actors.portals.placing import Placing
from actors.portals.seeing import is_frame_work, is_quoting
from actors.portals.sheet import Sheet
from actors.portals.words import FILES, plain

_LONGEST = 60
_PARTS_OF_A_TITLE = 8
_TITLES = (
    "h1, h2, h3, h4, h5, h6, caption, legend, summary, th, dt, label, button, [role=tab], [role=heading]"
    ", [class*=tab] a, [class~=badge], [data-toggle], [data-bs-toggle], a[aria-controls]"
)
_MANY = r"(\d{1,5})"
_TOTAL = (
    r"(?:total(?: number)?(?: of| de| des)?|number of|no\.? of|anzahl(?: der)?|gesamt|numero de|nombre de|all|there are"
    r"|you have|this (?:purchase )?order (?:has|contains|includes))?:? ?"
)
_NAMED = re.compile(rf"{_TOTAL}{FILES} ?(?:[:\-\u2013] ?{_MANY}|[(\[] ?{_MANY} ?(?:{FILES}|total|in total)? ?[)\]])\.?")
_COUNTED = re.compile(
    rf"{_TOTAL}{_MANY} (?:of {_MANY} )?{FILES}"
    r"(?: (?:attached|in total|total|found|available|uploaded|anexados?|adjuntos?|disponiveis|vorhanden|gefunden"
    r"|joints?))?\.?"
)
_BADGED = re.compile(rf"{FILES} ?{_MANY}")
_RANGE = re.compile(
    rf"(?:showing|displaying|viewing|results?|items?|entries|zeige|anzeige|eintrage|mostrando|exibindo"
    rf"|affichage(?: de)?)?:? ?"
    rf"{_MANY} ?(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|to|bis|a|ate|hasta) ?{_MANY} ?(?:of|out of|von"
    rf"|de um total de|de|sur|/) ?{_MANY}"
    rf"(?: ({FILES}))?(?: (?:items?|entries|results?|records?|total|eintragen?|registros?|resultados?))?(?![\w])"
)
_MOVES = re.compile(
    r"(?:\W|\d|next|previous|prev|first|last|page|weiter|zuruck|nachste|vorherige|seite|seguinte|proxim[ao]"
    r"|anterior|pagina"
    r"|siguiente|suivante?|precedente?)*"
)

_PAGE = re.compile(rf"(?:page|seite|pagina|pag\.) ?{_MANY} ?(?:of|out of|von|de|sur|/) ?{_MANY}(?!\d)")
_NONE = re.compile(
    rf"(?:there are |es gibt )?(?:currently )?(?:no|keine?|nenhum|sem|sin|ningun|aucune?|pas de|nao ha|no hay) {FILES}"
    r"(?: (?:yet|found|attached|available|uploaded|vorhanden|gefunden|encontrados?|have been (?:added|uploaded)))?\.?"
    rf"|{FILES}: ?(?:none|keine|nenhum|ninguno|aucune?|-|n/a)\.?"
)
_LABEL = re.compile(rf"{_TOTAL}(?!(?:file|document|datei|dokument|documento|archivo|arquivo|fichier):?$){FILES}:?")
_IS_NUMBER = re.compile(r"\d{1,5}|\(\d{1,5}\)|\[\d{1,5}\]")
_WORD = re.compile(rf"(?<!\w)(?=[adefop]){FILES}(?!\w)")
_ANY_RANGE = re.compile(r"\d ?(?:(?:out )?of|von|de(?: um total de)?|sur|/) ?\d")
_ANY_NAME = re.compile(rf"(?=[adefop]){FILES}")
_BEFORE = re.compile(r"(?:\d\W{0,3}|(?:no|keine?|nenhum|sem|sin|ningun|aucune?|pas de|nao ha) )$")
_AFTER = re.compile(r"\W{0,6}\d|: ?[nka-]")
_NEAR = 8


@attrs.frozen
class Count:
    """What the page says of its attachments' number.

    Args:
        stated: The largest number; 0 when there is none.
        is_none: Whether it says that there are none.
        more_pages: What it says of pages that come after the one it shows, such as "page 1 of 3"; empty when nothing.
    """

    stated: int = 0
    is_none: bool = False
    more_pages: str = ""


def counted(sheet: Sheet, placings: Mapping[Document, Placing], listed: int) -> Count:
    """Return what the page says of its attachments' number.

    Args:
        sheet: The page.
        placings: Where attachments are shown, for each of its documents.
        listed: How many elements of it show an attachment.
    """
    stated, is_none, more_pages = 0, False, ""
    for document in sheet.seen:
        placing = placings[document]
        # A frame of another origin may be anybody's advertisement, unless it is where the list is.
        if not (document.is_own or placing.files) or not _may_count(document.rough_text):
            continue
        for text, block in _short_texts(document):
            number = _number_in(text, block, placing, listed)
            is_none = is_none or number == 0 or _NONE.fullmatch(text) is not None
            stated = max(stated, number or 0)
            paged = _PAGE.match(text)
            if paged and int(paged[1]) < int(paged[2]) and _MOVES.fullmatch(text, paged.end()):
                more_pages = text if placing.is_of_files(block) else more_pages
    return Count(stated, is_none=is_none and not stated, more_pages=more_pages)


def _may_count(text: str) -> bool:
    """Whether a text may state a number of attachments at all. Most pages say nothing of the kind."""
    return _ANY_RANGE.search(text) is not None or any(
        _BEFORE.search(text[max(0, found.start() - _NEAR) : found.start()]) or _AFTER.match(text, found.end())
        for found in _WORD.finditer(text)
    )


def _short_texts(document: Document) -> Iterator[tuple[str, LexborNode]]:
    titles = set()
    for node in document.select(_TITLES):
        titles.add(node.mem_id)
        if document.is_in_view(node) and not document.is_within(node, is_frame_work):
            text = plain(document.label(node))
            if len(text) <= _LONGEST:
                yield text, node
                badged = _BADGED.fullmatch(text)
                if badged and any(
                    plain(document.label(one)) == badged[1] for one in document.inside(node, _PARTS_OF_A_TITLE)
                ):
                    yield f"{badged[1]} files", node
    yield from _labelled_counts(document)
    for line in document.lines_in_view:
        is_short = len(line.text) <= _LONGEST and line.block.mem_id not in titles
        # Of the many lines of an order hardly any is of this kind, and where one stands is dear to find out.
        may_count = is_short and (_ANY_NAME.search(line.text) or _ANY_RANGE.search(line.text))
        if may_count and not any(document.is_within(line.block, rule) for rule in (is_quoting, is_frame_work)):
            yield line.text, line.block


def _labelled_counts(document: Document) -> Iterator[tuple[str, LexborNode]]:
    """Yield what a label and a number beside it say together: cells of one row, a term and what is said of it."""
    for label, count in pairwise(document.lines_in_view):
        if not _IS_NUMBER.fullmatch(count.text) or not _LABEL.fullmatch(label.text):
            continue
        one, other = label.block.parent, count.block.parent
        is_beside = one is not None and other is not None and one.mem_id == other.mem_id
        if is_beside and not any(document.is_within(label.block, rule) for rule in (is_quoting, is_frame_work)):
            yield f"files: {count.text.strip('()[]')}", label.block


def _number_in(text: str, block: LexborNode, placing: Placing, listed: int) -> int | None:
    """Return the number of attachments that a short text states, if any."""
    for pattern in (_NAMED, _COUNTED):
        if found := pattern.fullmatch(text):
            return max(int(one) for one in found.groups() if one is not None)
    shown = _RANGE.match(text)
    if shown is None or not _MOVES.fullmatch(text, shown.end()):
        return None
    first, last, all_of_them = int(shown[1]), int(shown[2]), int(shown[3])
    if not first <= last <= all_of_them:
        return None
    is_theirs = shown[4] or (listed and last - first + 1 == listed) or placing.is_of_files(block)
    return all_of_them if is_theirs else None
