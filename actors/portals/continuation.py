"""How a list of attachments goes on: a next page, a tab that was not yet opened, a "show more".

Nothing here may do anything but show: what sends a form, or is called by a word for changing something, is never named.
Neither is what leads to another order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs
from selectolax.lexbor import LexborNode

from actors.portals.addresses import last_part, path_of, same_origin
from actors.portals.document import Document, attribute, is_form
from actors.portals.numbers import holds_number, tidy
from actors.portals.paging import CHOSEN, PRESSABLE, is_off, next_controls
from actors.portals.placing import Placing
from actors.portals.seeing import is_frame_work, is_quoting, words_of
from actors.portals.sheet import Sheet
from actors.portals.words import FILES, plain
from contracts.ports import Control

_TABS = (
    "[role=tab], [data-toggle=tab], [data-bs-toggle=tab], [data-toggle=pill]"
    ", [data-bs-toggle=pill]"
    ", [data-toggle=collapse], [data-bs-toggle=collapse], [aria-expanded=false]"
    ", [class~=tabs] a, [class~=tabs] button, [class~=nav-tabs] a"
    ", [class~=nav-tabs] button, [class~=nav-pills] a, [class~=nav-link], [class~=tab], [class~=tab] a"
    ", [class~=tab-link], [class*=tabs-] a, [class*=tab-list] a, [class*=tab-list] button, summary"
)
_LONGEST = 60
_MOST = 60
_NAMES_FILES = re.compile(rf"{FILES}(?: ?[:(\[]? ?(\d{{1,5}}) ?[)\]]?)?")
_ONE = rf"(?: {FILES})?"
_MORE = re.compile(
    rf"(?:(?:show|load|view|see|display|fetch|get)(?: (?:\d+|all|more|the|remaining|rest|other))+{_ONE}"
    rf"|more{_ONE}|expand all"
    rf"|(?:\d+ )?(?:mehr|alle|weitere)(?: \d+)?{_ONE}(?: (?:an)?zeigen| laden)?"
    r"|(?:mostrar|ver|carregar|cargar|exibir) (?:mais|mas|todos|todas|tudo|todo)(?: (?:os|as|los|las))?"
    rf"{_ONE}|(?:voir|afficher|charger) (?:plus|tout|tous|toutes)(?: (?:de|les|des))?{_ONE}|tout (?:afficher|voir)"
    rf"|\+ ?\d+ (?:more|mehr|mais|mas){_ONE}|and \d+ more{_ONE})(?: ?\(\d+\))?[ .\u2026>\u203a\u25be\u25bc]*"
)
_CHANGES = re.compile(
    r"(?<!\w)(?:delete|remove|cancel|approve|submit|reject|edit|upload|add|new|create|save|send|withdraw|close"
    r"|archive|clear"
    r"|loschen|entfernen|abbrechen|stornieren|genehmigen|ablehnen|bearbeiten|hochladen|hinzufugen|neue?r?s?|senden"
    r"|speichern"
    r"|excluir|remover|cancelar|aprovar|aprobar|rejeitar|rechazar|editar|enviar|adicionar|anadir|agregar|nov[oa]"
    r"|nuev[oa]"
    r"|eliminar|subir|carregar arquivo|salvar|guardar|supprimer|annuler|approuver|refuser|modifier|ajouter|nouveau"
    r"|nouvelle"
    r"|envoyer|televerser)(?!\w)"
)


@attrs.frozen
class Continuation:
    """How the list goes on.

    Args:
        next_page: Absolute address of its next page, or empty.
        reveals: Controls that show more of it.
    """

    next_page: str = ""
    reveals: tuple[Control, ...] = ()


def continuation(sheet: Sheet, placings: Mapping[Document, Placing], po_number: str) -> Continuation:
    """Say how the list of attachments on a page goes on.

    Args:
        sheet: The page.
        placings: Where attachments are shown, for each of its documents.
        po_number: The order's number, which an address of its own may hold.
    """
    lists_files = any(placing.files for placing in placings.values())
    next_page, elsewhere = "", ""
    reveals: dict[Control, None] = {}
    for document in sheet.seen:
        placing = placings[document]
        if not document.is_own and not placing.files:
            continue
        for node in next_controls(document, placing, lists_files=lists_files):
            address = _address(document, node)
            if address is None:
                if node.tag != "link" and _is_harmless(document, node):
                    reveals.setdefault(_control(document, node))
            elif not document.place and _is_page_of_list(address, document, po_number):
                next_page = next_page or address
            elif document.place and same_origin(address, document.url) and address != document.url:
                reveals.setdefault(_control(document, node))
        for node in _tabs(document, placing, lists_files=lists_files):
            address = _address(document, node)
            if address is None:
                if not _is_filled(document, node, placing):
                    reveals.setdefault(_control(document, node))
            elif lists_files and not document.place and _is_below(address, document):
                # What is listed here may be the order as a document, and all that is attached to it be there.
                reveals.setdefault(_control(document, node))
            elif not lists_files and not document.place and _is_below(address, document):
                elsewhere = elsewhere or address
        for node in _more(document, placing):
            address = _address(document, node)
            if address is None:
                reveals.setdefault(_control(document, node))
            elif not document.place and _is_page_of_list(address, document, po_number):
                elsewhere = elsewhere or address
    return Continuation(next_page or elsewhere, tuple(reveals))


def _is_page_of_list(address: str, document: Document, po_number: str) -> bool:
    """Whether an address is one more page of this order: its own with another query, or one that names the order."""
    if not same_origin(address, document.url) or address == document.url:
        return False
    is_same = path_of(address).rstrip("/") == path_of(document.url).rstrip("/")
    return is_same or _is_below(address, document) or holds_number(last_part(address), po_number)


def _is_below(address: str, document: Document) -> bool:
    here, there = path_of(document.url).rstrip("/"), path_of(address).rstrip("/")
    if not here or not same_origin(address, document.url) or address == document.url:
        return False
    return there.startswith(f"{here}/") or (there == here and address != document.url)


# ------------------------------------------------------------------------------------------------------------ reveals


def _tabs(document: Document, placing: Placing, *, lists_files: bool) -> Iterator[LexborNode]:
    """Yield the tabs, and where nothing is listed the buttons and links, that name attachments and are not opened."""
    tabs = {node.mem_id for node in document.select(_TABS)}
    seen = 0
    for node in document.select(f"{PRESSABLE}, [data-toggle], [data-bs-toggle]"):
        if seen >= _MOST or node.mem_id in placing.files or (lists_files and node.mem_id not in tabs):
            continue
        found = _NAMES_FILES.fullmatch(_said(document, node))
        if found is None or found[1] == "0" or not document.is_in_view(node):
            continue
        seen += 1
        if document.is_within(node, is_frame_work) or document.is_within(node, is_quoting):
            continue
        if not _is_chosen(node) and not is_off(node) and _is_harmless(document, node):
            yield node


def _more(document: Document, placing: Placing) -> Iterator[LexborNode]:
    """Yield the controls that show more of the list they stand at."""
    seen = 0
    for node in document.select(PRESSABLE):
        if (
            seen >= _MOST
            or node.mem_id in placing.files
            or not _MORE.fullmatch(_said(document, node))
            or _is_open(node)
        ):
            continue
        seen += 1
        if not document.is_in_view(node) or is_off(node) or not _is_harmless(document, node):
            continue
        names_files = re.search(rf"(?<!\w){FILES}(?!\w)", _said(document, node)) is not None
        if attribute(node, "aria-expanded").lower() == "true" or document.is_within(node, is_frame_work):
            continue
        goes_with = placing.is_of_files(node)
        is_theirs = goes_with is not False if _address(document, node) is None else goes_with is True
        if names_files or (is_theirs and not document.is_within(node, is_quoting)):
            yield node


def _is_open(node: LexborNode) -> bool:
    return node.tag == "summary" and node.parent is not None and "open" in node.parent.attributes


def _is_chosen(node: LexborNode) -> bool:
    """Whether a tab is the one that is open."""
    if _is_open(node):
        return True
    for name in ("aria-selected", "aria-expanded", "aria-pressed"):
        if attribute(node, name).lower() == "true":
            return True
    parent = node.parent
    around = words_of(parent) if parent is not None and parent.tag == "li" else frozenset()
    return "aria-current" in node.attributes or bool((words_of(node) | around) & CHOSEN)


def _is_filled(document: Document, node: LexborNode, placing: Placing) -> bool:
    """Whether what a tab opens is there already, drawn or not."""
    if node.tag == "summary" and node.parent is not None:
        around = tidy(node.parent.text()).removeprefix(tidy(node.text()))
        return bool(around.strip()) or bool(placing.inside(node.parent))
    href = attribute(node, "href")
    names = [attribute(node, "aria-controls"), attribute(node, "data-target"), attribute(node, "data-bs-target"), href]
    for given in names:
        name = given.lstrip("#")
        if not name or any(sign in name for sign in '"\\\n:/ '):
            continue
        for panel in document.select(f'[id="{name}"]')[:1]:
            return bool(panel.text().strip()) or bool(placing.inside(panel))
    return False


def _is_harmless(document: Document, node: LexborNode) -> bool:
    """Whether pressing an element sends no form, and no word at it says that it changes anything."""
    if _CHANGES.search(_said(document, node)) or _CHANGES.search(
        plain(f"{attribute(node, 'aria-label')} {attribute(node, 'title')}")
    ):
        return False
    kind = attribute(node, "type").lower()
    if node.tag not in ("button", "input") or kind == "button":
        return True
    is_in_form = "form" in node.attributes or document.is_within(node, is_form)
    return not is_in_form and kind in ("", "submit")


def _said(document: Document, node: LexborNode) -> str:
    text = plain(document.label(node) or attribute(node, "value") or attribute(node, "aria-label"))
    return text if len(text) <= _LONGEST else ""


def _address(document: Document, node: LexborNode) -> str | None:
    """Return where a link leads, or None when it must be pressed."""
    return document.resolve(attribute(node, "href")) if node.tag in ("a", "link") else None


def _control(document: Document, node: LexborNode) -> Control:
    """Name an element by what is most its own, so that the same one has the same name when the page is read again."""
    for name in ("id", "aria-controls", "data-target", "data-bs-target", "aria-label", "href", "class", "role"):
        value = node.attributes.get(name) or ""
        if value and len(value) <= 200 and not any(sign in value for sign in '"\\\n\r\f\0'):
            selector = f'{node.tag}[{name}="{value}"]'
            break
    else:
        selector = node.tag or "*"
    return Control(selector, document.place_of(node, selector), document.place)
