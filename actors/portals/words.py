"""The words that portals use, in English, German, Spanish, French and Portuguese, and how texts are compared.

Texts are compared without case and accents, with one kind of space and apostrophe, and by whole words. Every pattern
here is written for such plain texts, and none of them can take more than a few steps for each character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from actors.portals.numbers import tidy

_APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u00b4`]")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


def plain(text: str) -> str:
    """Return `text` ready for comparing: no case, no accents, one space, one kind of apostrophe, nothing invisible."""
    if not text.isascii():
        text = _INVISIBLE.sub("", _APOSTROPHES.sub("'", text))
        text = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return tidy(text.replace("`", "'")).casefold()


def whole_phrases(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds any of `phrases` in a plain text, each as whole words; without any it finds none."""
    known = sorted({plain(phrase) for phrase in phrases} - {""}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)" if known else r"(?!)")


_LABELLED = re.compile(r"(?:\w[\w /#.-]{0,24}): ")
_QUOTATION = frozenset("'\"\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a")
_POLITE_LABELS = re.compile(
    r"(?:error|warning|attention|notice|sorry|oops|fehler|achtung|erro|aviso|erreur|attention)\b"
)


def is_said_by_page(line: str, start: int) -> bool:
    """Whether the words of a plain line from `start` on are the page's, and neither quoted nor behind a label."""
    before = line[:start].rstrip()
    if before[-1:] in _QUOTATION and before:
        return False
    labelled = _LABELLED.match(before + " ")
    return labelled is None or _POLITE_LABELS.match(line) is not None


# What an attachment is called, as a list's name. "item" and "entry" are left out: they are the order's lines.
FILES = (
    r"(?:(?:file |email |e-mail |order |po )?attachments?|attached (?:files?|documents?)|files?|documents?"
    r"|(?:datei)?anhange?|anlagen?|dateien|datei|dokumente?"
    r"|anexos?|arquivos?(?: anexos?)?|ficheiros?|documentos?(?: anexos?| adjuntos?)?"
    r"|(?:archivos? )?adjuntos?|archivos?(?: adjuntos?)?|pieces? jointes?|fichiers?(?: joints?)?|documents? joints?)"
)

# A verb may go on ("Sign in to see order 7"); a noun must be all there is ("Order 7: login terminal" is an order).
_SIGN_IN_STARTS = (
    r"(?:(?:sign|log)[ -](?:in|on)\b|(?:login|logon|signin) (?:to|with|page|required)\b"
    r"|(?:an|ein)melden\b|(?:melden|loggen) sie sich"
    r"|iniciar? sessao\b|inici[ae] sessao\b|fazer login\b|faca (?:o )?login\b|acess[ae] (?:a )?sua conta\b"
    r"|inici(?:ar?|e) sesion\b|acced(?:er|a) a\b|identifi(?:ez|er)[ -]|(?:se |vous )connecter\b|connectez-vous\b)"
)
_SIGN_IN_WHOLE = (
    r"(?:login|log[ -]?in|logon|sign[ -]?in|sso|anmeldung|anmelden|einloggen|login|entrar|acesso|acessar|acceder|acceso"
    r"|ingresar|iniciar sesion|iniciar sessao|connexion|se connecter|authentication|authentifizierung"
    r"|autenticacao|autenticacion|authentification|identification)"
)
_POLITE = r"(?:please |bitte |por favor,? |veuillez |you (?:must|need to|have to) |welcome[,!.]? (?:please )?)?"
_PARTS_OF_A_TITLE = re.compile(r"(?<!\s)\s++[-|:\u2013\u2014\u00b7\u00bb\u203a]\s++|: |\. ")
_SIGN_IN = re.compile(rf"{_POLITE}(?:{_SIGN_IN_STARTS}|{_SIGN_IN_WHOLE}(?: again| now| with sso)?[.!]?$)")


def asks_to_sign_in(text: str) -> bool:
    """Whether a heading, a button or a link is there to log in: one of its parts begins so."""
    return any(_SIGN_IN.match(part) for part in _PARTS_OF_A_TITLE.split(plain(text)))


SESSION_OVER = re.compile(
    r"(?<!\w)(?:"
    r"session (?:has |was |is |has been )?(?:already |now )?"
    r"(?:expired|timed[ -]?out|ended|terminated|closed|invalid(?:ated)?|no longer (?:valid|active))"
    r"|session (?:time-?out|expiration|expiry)|(?:expired|invalid) session"
    r"|(?:login|access token|token) (?:has )?expired"
    r"|you are no longer (?:logged|signed) (?:in|on)|re-?authenticate"
    r"|sessione (?:e )?(?:gia )?(?:scaduta|terminata|chiusa)|acced(?:i|ere) (?:di nuovo|nuovamente)"
    r"|sessie (?:is )?(?:verlopen|beeindigd)|log opnieuw in|opnieuw (?:inloggen|aanmelden)|meld u opnieuw aan"
    r"|sesja (?:wygas[l\u0142]a|zosta[l\u0142]a zako[n\u0144]czona)|zaloguj si[e\u0119] ponownie"
    r"|you(?:'ve| have| were| are| had)(?: been)?(?: now)?(?: automatically)? (?:logged|signed) (?:out|off)"
    r"|(?:logged|signed) (?:you )?(?:out|off) (?:due|because|after|for|automatically)"
    r"|(?:logged|signed)[ -]?(?:in|on) (?:elsewhere|(?:from|on|in|at|with|to) (?:another|a different|an other))"
    r"|(?:account|user|user name) is (?:already |being |currently )*(?:used|logged in|signed in"
    r"|in use) (?:elsewhere|(?:on|from|by) an)"
    r"|(?:log|sign)[ -]?(?:in|on) (?:again|once more)"
    r"|sessao (?:ja )?(?:expirou|expirada|foi (?:encerrada|terminada)|encerrada|terminou|caducou|invalida)"
    r"|(?:faca (?:o )?login|inicie (?:a )?sessao|entre|autentique-se) (?:novamente|outra vez|de novo)"
    r"|(?:foi|esta) desconectado|sessao (?:aberta|iniciada) (?:em|noutro) (?:outro )?(?:dispositivo|lugar)"
    r"|sesion (?:se )?(?:ha )?(?:expiro|expirado|expirada|caducado|caducada|caduco|finalizado|terminado|cerrada"
    r"|invalida)"
    r"|(?:vuelva a iniciar|inicie) (?:la )?sesion(?: de nuevo| nuevamente| otra vez)"
    r"|vuelva a iniciar (?:la )?sesion|se ha cerrado (?:la|su) sesion|sesion (?:iniciada )?en otro (?:dispositivo"
    r"|lugar)"
    r"|sitzung (?:ist |wurde )?(?:leider |inzwischen |bereits )?(?:abgelaufen|beendet|ungultig)"
    r"|abgelaufene sitzung|(?:wurden|sind) (?:automatisch |wegen inaktivitat )?abgemeldet"
    r"|(?:melden|loggen) sie sich (?:bitte )?(?:erneut|wieder|neu|noch einmal|nochmals) (?:an|ein)"
    r"|(?:erneut|wieder|neu) (?:anmelden|anzumelden|einloggen|einzuloggen)"
    r"|an einem anderen (?:gerat|ort|rechner) angemeldet|auf einem anderen gerat angemeldet"
    r"|session (?:a |est |a ete )?(?:expiree?|terminee?|fermee|invalide)|vous avez ete deconnecte"
    r"|(?:reconnectez-vous|(?:veuillez )?vous reconnecter|connecte (?:sur|depuis) un autre)"
    r")(?!\w)"
)
"""What a portal says in place of a page when the login has ended."""

NOT_LOGGED_IN = re.compile(
    r"(?<!\w)(?:please (?:log|sign)[ -]?(?:in|on)|you (?:must|need to|have to) (?:be )?(?:log|sign)(?:ged"
    r"|ed)?[ -]?(?:in|on)"
    r"|(?:you are |you're )?not (?:logged|signed)[ -]?(?:in|on)|(?:login|authentication|sign-in) (?:is )?required"
    r"|401 unauthori[sz]ed|verify (?:your identity|that (?:it is|it's) you)"
    r"|accedi per|inloggen vereist|zaloguj si[e\u0119]"
    r"|bitte (?:melden|loggen) sie sich|nicht angemeldet|anmeldung erforderlich"
    r"|(?:por favor,? )?faca (?:o )?login|nao esta (?:logado|autenticado)|inicie (?:a )?sessao"
    r"|(?:por favor,? )?inicie (?:la )?sesion|no ha iniciado sesion|debe iniciar sesion"
    r"|veuillez vous (?:connecter|identifier)|vous n'etes pas connecte|connectez-vous)(?!\w)"
)
"""What a portal says to someone without a login. Weaker: an order's page may say it of something else."""

_ECHO = re.compile(
    r"(?:^|(?<!\w))(?:search(?:ed)?(?= results?| for|ing|:|$)|results? (?:for|of)|(?:no|0|\d+) (?:search )?results?"
    r"|did you mean"
    r"|no (?:matches|matching|orders?|records?|entries|data)|0 (?:orders?|records?|entries|matches|hits|items)"
    r"|nothing (?:was )?found|\d+ (?:orders?|matches|hits|records?) found|suchergebnis\w*|ergebnisse? fur|suche nach"
    r"|(?:keine|\d+) (?:treffer|ergebnisse|bestellung\w*|auftrage|eintrage)|busqueda|resultados? (?:de|da|para)"
    r"|no se (?:encontraron|encontro|han encontrado)|(?:ningun|nenhum|0) (?:pedido|resultado|registro)s?"
    r"|resultats? (?:de|pour)|(?:aucune?|0) (?:commande|resultat)s?|recherche (?:de|pour)|pesquisa (?:de|por))(?!\w)"
    r"|^(?:order |advanced |quick )?(?:search|results?|suche|ergebnisse?|buscar?|resultados?|recherche|resultats?"
    r"|pesquisar?)$"
)


def is_echo(text: str) -> bool:
    """Whether a title or heading only repeats what was searched for."""
    return any(_ECHO.search(part) for part in _PARTS_OF_A_TITLE.split(plain(text)))


ORDER_WORDS = re.compile(
    r"(?<!\w)(?:(?:purchase|sales|work)? ?orders?|p\.?o\.?|bestell(?:ung|auftrag|nummer)|(?:einkaufs)?auftrag"
    r"|pedidos?|ordem"
    r"|orden|encomendas?|commandes?|contract|vertrag)(?!\w)"
)
"""What an order's page calls itself."""

INTERSTITIAL = re.compile(
    r"(?<!\w)(?:you (?:are|will) be(?:ing)? redirected|redirecting|just a moment|checking (?:your|the) browser"
    r"|verifying (?:you are|your)|one moment,? please|please wait|sie werden (?:weitergeleitet|umgeleitet)"
    r"|einen moment|bitte warten|voce sera redirecionado|aguarde|sera redirigido|espere"
    r"|vous allez etre redirige|redirection en cours|veuillez patienter)(?!\w)"
)
"""What a page says that goes on by itself."""

LOADING = re.compile(
    r"(?:please wait[,.]? ?)?(?:(?:is |are )?(?:still )?loading|fetching|please wait|(?:daten )?(?:werden"
    r"|wird) geladen|lade|ladt"
    r"|laden|bitte warten|carregando|a carregar|aguarde|cargando|espere|chargement|veuillez patienter)"
    rf"(?: (?:en cours|more|data|page|content|list|the|your|de|des|von|os|los|las|les|der|die|{FILES}))*[ .\u2026]*"
)
"""A line that says nothing but that something is still to come. To be matched whole."""

NOT_LOADED = re.compile(
    rf"(?<!\w)(?:(?:failed|unable|error|not able) (?:to )?(?:load|loading|fetch|fetching|retrieve|retrieving|display)"
    rf"(?: the| your| all)? {FILES}"
    rf"|(?:could not|couldn't|cannot|can't|can not) (?:be )?(?:load|fetch|retrieve|display)(?: the| your| all)? {FILES}"
    rf"|{FILES} (?:could not|couldn't|cannot|can't|can not) be (?:loaded|fetched|retrieved|displayed|shown)"
    rf"|{FILES} (?:konnten?|konnen|kann) nicht (?:geladen|angezeigt|abgerufen) werden"
    rf"|(?:nao foi possivel carregar|no se (?:pudo|pudieron) cargar|impossible de charger)"
    rf"(?: os| o| los| el| les| le)? {FILES})(?!\w)"
)
"""What a page says whose list did not come."""

IS_LOADING_LAST = re.compile(rf"{FILES} (?:is |are )?(?:still )?(?:loading|(?:werden|wird) geladen)[ .\u2026]*")
"""The same with the verb at its end. To be matched whole."""
