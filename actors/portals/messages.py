"""Whether a page says "no such order, or not for you", and where on it that has to stand to be the page's own word.

A heading always is. A message box is, where no files are listed. Any other line is only where nothing proves the
page to be this order's, or where it is all that the page says: people write "access denied" into comments, too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from actors.portals.document import Document, Line
from actors.portals.login import MESSAGE_BOXES
from actors.portals.proof import Proof, has_sections, is_short
from actors.portals.seeing import is_cell, is_frame_work, is_quoting
from actors.portals.sheet import Sheet
from actors.portals.words import is_said_by_page, plain, whole_phrases

_LONGEST_MESSAGE = 200
_LONGEST_LINE = 160
_HEADINGS = "title, h1"
# "You are not authorized to edit this order" is said of an order that may well be seen.
_OTHER_RIGHT = re.compile(
    r" (?:to|zum|zur|para|a) (?:edit|change|modify|update|approve|delete|cancel|submit|add|upload|create|comment"
    r"|print|export"
    r"|receive|close|reopen|editar|alterar|modificar|aprovar|aprobar|excluir|eliminar|modifier|approuver|supprimer"
    r"|bearbeiten|andern|genehmigen)"
    # Nor may something beside the order be seen, such as its prices.
    r"| to (?:view|see|access) (?!.{0,40}?(?<!\w)(?:orders?|po|pages?|documents?|records?|resources?|contents?|files?"
    r"|attachments?|this|it|area|site)(?!\w))\w"
)
# "The old part number does not exist any more" is said of something else than the page.
_NEEDS_SUBJECT = re.compile(
    r"(?:not (?:be )?found|not exist|n't exist|existiert nicht|nicht gefunden|no existe|nao existe|n'existe pas"
    r"|introuvable)"
)
_SUBJECT = re.compile(
    r"(?<!\w)(?:order|page|document|record|resource|object|url|address you|request(?:ed)?|purchase"
    r"|seite|bestellung|auftrag|dokument|datensatz|pedido|pagina|recurso|documento|orden|registro|ordem|commande"
    r"|ressource"
    r"|enregistrement)(?!\w)"
)

COMMON_DENIALS = (
    *("access denied", "access is denied", "access forbidden", "permission denied", "not authorized", "not authorised"),
    *("you are unauthorized", "you do not have permission", "you don't have permission", "insufficient permissions"),
    *("you do not have access", "you don't have access", "page not found", "page doesn't exist", "order not found"),
    *("record not found", "document not found", "resource not found", "purchase order not found"),
    *("zugriff verweigert", "zugriff nicht erlaubt", "keine berechtigung", "nicht berechtigt", "seite nicht gefunden"),
    *("seite existiert nicht", "bestellung nicht gefunden", "wurde nicht gefunden", "konnte nicht gefunden werden"),
    *("acceso denegado", "no está autorizado", "no tiene permiso", "no tiene acceso", "página no encontrada"),
    *("no se encontró la página", "la página no existe", "pedido no encontrado", "no se ha encontrado el pedido"),
    *("accès refusé", "accès interdit", "vous n'êtes pas autorisé", "page introuvable", "page non trouvée"),
    *("commande introuvable", "n'existe pas", "acesso negado", "acesso não autorizado", "você não tem permissão"),
    *("não está autorizado", "não tem acesso", "página não encontrada", "pedido não encontrado"),
    *("não encontramos o que você procurava", "a página que você procurava não existe"),
)
"""What portals of every kind say, beside what an adapter knows of its own."""


@attrs.frozen(eq=False)
class Denials:
    """Finds a portal's "no such order, or not for you".

    Args:
        phrases: Matches what means it, in plain text.
        boxes: A CSS selector of boxes any text in which means it; empty for none.
    """

    phrases: re.Pattern[str]
    boxes: str = ""

    @classmethod
    def of(cls, phrases: tuple[str, ...], boxes: str = "") -> Denials:
        """Return what finds any of `phrases`, and of what all portals say."""
        return cls(whole_phrases((*phrases, *COMMON_DENIALS)), boxes)

    def message(self, sheet: Sheet, proof: Proof, *, lists_files: bool) -> str:
        """Return the message, or an empty text.

        Args:
            sheet: The page.
            proof: Whose page it is.
            lists_files: Whether it lists attachments.
        """
        # A frame without its page is a doubt about the list, not a word about an order that the page itself proves.
        documents = (sheet.main,) if proof.proven else tuple(sheet.own)
        for document in documents:
            for text in document.texts(_HEADINGS):
                if self._says_no(text):
                    return text[:_LONGEST_MESSAGE]
        if proof.proven and lists_files:
            return ""
        for document in documents:
            for text in _boxed(document, f"{MESSAGE_BOXES}, {self.boxes}" if self.boxes else MESSAGE_BOXES):
                if self._says_no(text):
                    return text[:_LONGEST_MESSAGE]
        is_named = proof.proven or proof.is_another
        if not is_named or (not proof.is_another and is_short(sheet) and not has_sections(sheet)):
            for document in documents:
                for line in document.lines_in_view:
                    if self._is_denial(document, line, is_named=is_named):
                        return line.text[:_LONGEST_MESSAGE]
        if is_named or not self.boxes:
            return ""
        return next((text[:_LONGEST_MESSAGE] for one in documents for text in _boxed(one, self.boxes)), "")

    def broken_frame(self, sheet: Sheet) -> str:
        """Return what a frame of the page says in place of its content, or an empty text."""
        for document in sheet.own:
            for text in document.texts(_HEADINGS) if document.place else ():
                if self._says_no(text):
                    return text[:_LONGEST_MESSAGE]
        return ""

    def _says_no(self, text: str) -> bool:
        known = plain(text)
        found = self.phrases.search(known)
        return found is not None and _OTHER_RIGHT.match(known, found.end()) is None

    def _is_denial(self, document: Document, line: Line, *, is_named: bool) -> bool:
        found = self.phrases.search(line.text)
        if found is None or _OTHER_RIGHT.match(line.text, found.end()) or document.is_within(line.block, is_quoting):
            return False
        if not document.is_drawn(line.block):
            return False
        if not is_named:
            return True
        return (
            len(line.text) <= _LONGEST_LINE
            and not document.is_within(line.block, is_cell)
            and not document.is_within(line.block, is_frame_work)
            and is_said_by_page(line.text, found.start())
            and (_NEEDS_SUBJECT.search(found[0]) is None or _SUBJECT.search(line.text[: found.end()]) is not None)
        )


def _boxed(document: Document, boxes: str) -> Iterator[str]:
    for node in document.select(boxes):
        if document.is_in_view(node) and document.is_drawn(node) and not document.is_within(node, is_quoting):
            text = document.label(node)
            if text:
                yield text
