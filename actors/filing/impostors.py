"""Tells a portal's own answer (an error, a login, a refusal) from a document that a person attached.

The answer has status 200 and a plausible name; only what it says gives it away.
"""

from __future__ import annotations

import json
import re

from actors.filing.content import Content
from actors.filing.disposition import name_in_disposition
from actors.filing.kinds import Found, Kind
from actors.filing.markup import as_ascii
from actors.filing.webpage import WebPage
from contracts.ports import DownloadedFile

_MOST = 64 * 1024
_SHORT_TEXT = 512
_REAL_TEXT = 200
_BEGINNING = 600
_FEW_ROWS = 4
_MOST_HEADLINES = 100

# English, Portuguese, German, French, Spanish.
_FAILURE = re.compile(
    r"""\b(?:
        errors? | oops | not\ found | no\ longer\ (?:available|exists?) | does\ not\ exist | doesn.t\ exist
        | (?:access|permission|request)\ (?:is\ |was\ )?(?:denied|rejected) | forbidden | (?:un|not\ )authori[sz]ed
        | session\ (?:has\ |is\ )?(?:expired|ended|timed\ out|invalid) | (?:has|have)\ expired | time[d-]?\ ?out
        | logged\ (?:out|off|in\ elsewhere) | (?:sign|log)\ ?-?(?:in|on) | (?:cannot|can.t|could\ not|couldn.t)\ be
        | (?:service|temporarily)\ unavailable | bad\ (?:request|gateway) | went\ wrong | redirecting
        | not\ (?:allowed|permitted|available) | (?:under|in|down\ for|scheduled)\ maintenance
        | no\ ?such\ ?\w+ | access\ ?denied
        | invalid\ (?:token|link|request|id|file) | captcha | are\ you\ (?:a\ )?human | too\ many\ requests
        | erros? | n[aã]o\ (?:foi\ )?(?:encontrad[oa]|autorizad[oa]|dispon[ií]vel|existe) | acesso\ negado | proibido
        | sess[aã]o\ (?:foi\ )?(?:expir\w+|encerrada|terminou) | iniciar\ sess[aã]o | indispon[ií]vel
        | fehler\w* | nicht\ (?:gefunden|verf[uü]gbar|berechtigt|vorhanden|autorisiert)
        | zugriff\ (?:wurde\ )?verweigert
        | sitzung\ (?:ist\ )?(?:abgelaufen|beendet) | verboten | wartungs(?:arbeiten|modus)
        | erreurs? | introuvable | acc[eè]s\ (?:refus[eé]|interdit) | (?:se|vous)\ connecter | interdit
        | session\ (?:a\ |est\ )?expir[eé]e? | non\ autoris[eé]e? | indisponible | n.existe\ p(?:as|lus)
        | no\ (?:se\ )?(?:ha\ )?(?:encontr\w+|autorizad[oa]|disponible|existe) | acceso\ (?:denegado|prohibido)
        | prohibido | sesi[oó]n\ (?:ha\ )?(?:expir\w+|caducad[oa]|finalizad[oa]) | iniciar\ sesi[oó]n
        | (?:http|status|code|error)\W{0,3}[45]\d\d
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_STATUS = re.compile(r"\W*(?:http\W*)?(?:40\d|50[0-4])\W*(?:$|[|:\u2013-])", re.IGNORECASE)
_LOGIN_TITLES = frozenset({"anmeldung", "anmelden", "connexion", "entrar", "acesso", "acceso", "authentication", "sso"})
_PARTS_OF_TITLE = re.compile(r"[|:\u00b7\u2013\u2014-]")
_TRACE = re.compile(
    r"(?:Traceback\ \(most | (?:PHP\ )?(?:Fatal|Parse)\ error | Uncaught\ | [\w.$]{1,200}(?:Exception|Error)\b | ORA-\d"
    r"| HTTP/[\d.]+\ [45]\d\d )",
    re.VERBOSE,
)
_NOTHING = frozenset({"", "null", "none", "undefined", "nil", "false", "true", "ok", "[]", "{}", "-1", "0"})
_SEPARATOR = re.compile(r"[\t;,|]")
_ERROR_KEYS = frozenset({"error", "errors", "error_message", "errormessage", "error_description", "exception", "fault"})
_MESSAGE_KEYS = frozenset({"message", "detail", "title", "msg", "reason"})
_STATUS_KEYS = frozenset({"status", "code", "statuscode", "status_code", "success", "type", "instance", "errorcode"})
_ERROR_ELEMENT = re.compile(
    rb"<(?:[\w.-]+:)?(?:[\w.-]*(?:Errors?|ErrorResponse|Exception|ExceptionReport|Fault|Problem))[\s>/]", re.IGNORECASE
)
_FIRST_ELEMENT = re.compile(rb"<[A-Za-z_][\w.:-]*")
_FAULT = re.compile(rb"<(?:[\w.-]+:)?Fault[\s>/]", re.IGNORECASE)


def says_failure(text: str) -> bool:
    """Whether a short text says that something failed, is missing, is forbidden or wants a login."""
    return _FAILURE.search(text) is not None or _STATUS.match(text) is not None


def _is_failing_headline(headline: str) -> bool:
    parts = {part.strip().lower() for part in _PARTS_OF_TITLE.split(headline)}
    return says_failure(headline) or not parts.isdisjoint(_LOGIN_TITLES)


def was_sent_as_file(file: DownloadedFile) -> bool:
    """Whether the portal meant its answer to be saved: it said so, named it, or gave it another type than a page's."""
    if file.disposition.lstrip().lower().startswith("attachment") or name_in_disposition(file.disposition):
        return True
    # A browser saves nothing that it can show.
    came_by_browser = not file.disposition and not file.media_type and bool(file.suggested_name)
    return came_by_browser or not (file.media_type in ("", "text/plain") or file.media_type.endswith(("html", "+xml")))


def is_document(page: WebPage, file: DownloadedFile) -> bool:
    """Whether a web page is evidently somebody's document: sent as a file, with a table or a real text, no failure."""
    if is_failure(page) or not was_sent_as_file(file):
        return False
    if page.rows > 1:
        return page.rows >= _FEW_ROWS or not says_failure(page.text[:_BEGINNING])
    return len(page.text) >= _REAL_TEXT and not says_failure(page.text[:_BEGINNING])


def is_failure(page: WebPage) -> bool:
    """Whether a web page is evidently the portal's own: its headlines say what failed, or it asks who is there."""
    return page.has_password_field or page.asks_who or any(map(_is_failing_headline, page.headlines[:_MOST_HEADLINES]))


def is_failed_answer(content: Content, found: Found) -> bool:
    """Whether a text, JSON or XML is an error message and no document."""
    match found.kind:
        case Kind.JSON:
            return _is_error_json(content.at(0, _MOST))
        case Kind.XML:
            return _is_error_xml(as_ascii(content.at(0, _MOST)))
        case Kind.TEXT:
            text = as_ascii(content.head).decode("utf-8", "replace")
            return _TRACE.match(text.lstrip()) is not None or (content.size <= _SHORT_TEXT and _is_short_failure(text))
        case _:
            return False


def _is_short_failure(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(_SEPARATOR.search(line) for line in lines):
        return False  # a table may have a column of errors
    return text.strip().lower().strip('"') in _NOTHING or says_failure(text)


def _is_error_json(raw: bytes) -> bool:
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    first = told[0] if isinstance(told, list) and len(told) == 1 else told
    if not isinstance(first, dict):
        return not first
    keys = {str(key).lower() for key, value in first.items() if value not in (None, "", [], {})}
    return not keys or bool(keys & _ERROR_KEYS) or bool(keys & _MESSAGE_KEYS and keys & _STATUS_KEYS)


def _is_error_xml(raw: bytes) -> bool:
    first = _FIRST_ELEMENT.search(raw)
    if first is None:
        return True
    if _ERROR_ELEMENT.match(raw, first.start()):
        return True
    return first[0].lower().endswith(b"envelope") and _FAULT.search(raw) is not None
