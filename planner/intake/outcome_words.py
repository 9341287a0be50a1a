"""What cells say was done to a lead: words of status, step, route and balance columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import pandas as pd

from planner.domain import OutcomeKind, Route
from planner.intake import contact, values
from planner.intake.cells import Cells, column, fold_text


class Said(IntEnum):
    """What a cell says; `CLOSED` and `PENDING` mean different things in different files."""

    UNKNOWN = -1
    NOTHING = 0
    SENT = 1
    FAILED = 2
    SKIPPED = 3
    REPLIED = 4
    ACCEPTED = 5
    REFUSED = 6
    CLOSED = 7
    PENDING = 8


#: Words -> the outcome of a row.
KINDS: Mapping[Said, OutcomeKind] = {
    Said.SENT: OutcomeKind.SENT,
    Said.FAILED: OutcomeKind.FAILED,
    Said.SKIPPED: OutcomeKind.SKIPPED,
    Said.REPLIED: OutcomeKind.REPLIED,
    Said.ACCEPTED: OutcomeKind.ACCEPTED,
}
#: Stands for an InMail of which the file does not say whether it used a credit.
INMAIL = "inmail"

# Words are folded: lower case, no accents, every other character a blank.

SENT_WORDS = frozenset({
    "sent", "contacted", "delivered", "done", "completed", "finished", "opened", "seen",
    "read", "invited", "messaged", "reached out", "inmail sent", "message sent",
    "invitation sent", "invite sent", "connection request sent", "connection sent",
    "request sent", "successfully sent", "success", "succeeded", "successful", "no reply",
    "no response", "no answer", "not replied", "not yet replied", "not answered",
    "awaiting reply", "awaiting response", "waiting for reply", "sent no reply",
    "not accepted", "not yet accepted", "awaiting acceptance", "unresponsive",
    "gesendet", "versendet", "verschickt", "abgeschickt", "kontaktiert", "zugestellt",
    "erledigt", "eingeladen", "keine antwort", "nicht beantwortet",
    "envoye", "envoyee", "contacte", "contactee", "livre", "invite", "pas de reponse",
    "sans reponse", "enviado", "enviada", "contactado", "contactada", "entregado",
    "invitado", "sin respuesta", "verzonden", "gecontacteerd", "inviato", "inviata",
    "contattato",
})  # fmt: skip
FAILED_WORDS = frozenset({
    "failed", "fail", "failure", "error", "errored", "unsuccessful", "undelivered",
    "not delivered", "bounced", "send failed", "inmail failed", "message failed",
    "fehlgeschlagen", "fehler", "gescheitert", "nicht zugestellt", "misslungen",
    "echoue", "echouee", "echec", "erreur", "fallido", "fallida", "fallo", "fallado",
    "no entregado", "mislukt", "fallito", "falhou",
})  # fmt: skip
SKIPPED_WORDS = frozenset({
    "skipped", "skip", "canceled", "cancelled", "cancel", "ignored", "uebersprungen",
    "ubersprungen", "ausgelassen", "abgebrochen", "storniert", "ignore", "ignoree",
    "saute", "sautee", "passe", "annule", "annulee", "omitido", "omitida", "saltado",
    "cancelado", "cancelada", "overgeslagen", "geannuleerd", "saltato", "annullato",
})  # fmt: skip
REPLIED_WORDS = frozenset({
    "replied", "reply", "reply received", "responded", "response received", "answered",
    "in conversation", "conversation", "interested", "not interested", "declined",
    "call booked", "demo booked", "meeting", "meeting booked", "meeting scheduled",
    "talking", "bad timing", "geantwortet", "hat geantwortet", "beantwortet", "antwort",
    "antwort erhalten", "interessiert", "kein interesse", "nicht interessiert",
    "abgelehnt", "termin vereinbart", "repondu", "a repondu", "reponse", "reponse recue",
    "interesse", "interessee", "pas interesse", "respondido", "respondio", "ha respondido",
    "respuesta recibida", "interesado", "interesada", "no interesado", "no interesada",
    "contestado", "risposto", "ha risposto",
})  # fmt: skip
ACCEPTED_WORDS = frozenset({
    "accepted", "connected", "connection accepted", "invitation accepted",
    "invite accepted", "request accepted", "connection request accepted", "angenommen",
    "akzeptiert", "vernetzt", "verbunden", "einladung angenommen", "accepte", "acceptee",
    "invitation acceptee", "connecte", "connectee", "aceptado", "aceptada", "conectado",
    "conectada", "invitacion aceptada", "geaccepteerd", "verbonden", "accettato",
    "accettata", "collegato", "aceita", "aceito",
})  # fmt: skip
#: Nothing has happened yet, or nothing that a seat does.
NOTHING_WORDS = frozenset({
    "todo", "to do", "open", "new", "ready", "in progress", "progress", "queued", "queue",
    "scheduled", "planned", "waiting", "waiting enrichment", "paused", "pause", "draft",
    "delegated", "restarted", "not sent", "not yet sent", "not started", "not contacted",
    "not yet", "never", "none", "n a", "na", "on hold", "hold", "to contact", "backlog",
    "offen", "neu", "geplant", "in bearbeitung", "in arbeit", "ausstehend", "pausiert",
    "nicht gesendet", "noch nicht gesendet", "nicht kontaktiert", "zu erledigen",
    "a faire", "en cours", "en attente", "planifie", "prevu", "non envoye", "en pause",
    "por hacer", "pendiente", "en curso", "en espera", "planificado", "no enviado",
    "no contactado", "te doen", "bezig", "gepland", "da fare",
})  # fmt: skip
#: The lead wants no contact: no outcome of a send, and a matter for an exclusion list.
REFUSED_WORDS = frozenset({
    "blacklisted", "blocked", "dnc", "do not contact", "do not disturb", "opt out",
    "opted out", "remove me", "suppressed", "unsubscribe", "unsubscribed", "stop",
    "nicht kontaktieren", "abgemeldet", "gesperrt", "ne pas contacter", "desabonne",
    "no contactar", "dado de baja",
})  # fmt: skip
_WORDS: Mapping[str, Said] = {
    word: said
    for said, words in (
        (Said.SENT, SENT_WORDS),
        (Said.FAILED, FAILED_WORDS),
        (Said.SKIPPED, SKIPPED_WORDS),
        (Said.REPLIED, REPLIED_WORDS),
        (Said.ACCEPTED, ACCEPTED_WORDS),
        (Said.NOTHING, NOTHING_WORDS),
        (Said.REFUSED, REFUSED_WORDS),
        (Said.CLOSED, frozenset({"closed"})),
        (Said.PENDING, frozenset({"pending"})),
    )
    for word in words
}
#: A failure told by its reason: the status is then the text of the error, too.
_REASON = re.compile(
    r"\bcredits?\b|\binmails? (?:is |are )?(?:off|disabled|closed|not allowed)\b"
    r"|\blimit (?:was )?reached\b|\bprofile (?:was )?(?:not found|gone|deleted)\b"
    r"|\balready (?:messaged|connected|contacted|in conversation)\b"
    r"|\b(?:cannot|can not|could not|unable to|not possible to|failed to) "
    r"|\b(?:fail\w*|error) .|^kein guthaben|^keine credits"
)
#: A sentence with one of these says something else than the word for an outcome in it.
_HEDGE = re.compile(
    r"\b(?:not|no|never|un|to be|will|should|must|may|might|if|before|wait\w*|await\w*"
    r"|nicht|kein\w*|noch|nie|pas|non|sans|jamais|sin|nunca)\b"
)
_PATTERNS: tuple[tuple[re.Pattern[str], Said], ...] = (
    (
        re.compile(r"\b(?:unsubscri\w+|opted? out|do not (?:contact|disturb))\b"),
        Said.REFUSED,
    ),
    (re.compile(r"\b(?:replied|responded|answered|geantwortet|repondu)\b"), Said.REPLIED),
    (re.compile(r"\b(?:accepted|angenommen|acceptee?|aceptad[ao])\b"), Said.ACCEPTED),
    (re.compile(r"\b(?:skipped|cancell?ed)\b"), Said.SKIPPED),
    (re.compile(r"\b(?:sent|delivered|gesendet|envoyee?|enviad[ao])\b"), Said.SENT),
)
_NOT_WORD = re.compile(r"[\W_]+")
#: Longer cells are notes, and below *Replied* or *Sent* the message itself.
MAX_WORDS = 60


def words(text: str) -> str:
    """Return a cell folded: lower case, no accents, every other character a blank."""
    return _NOT_WORD.sub(" ", fold_text(text[: contact.MAX_STATUS])).strip()


def status(text: str) -> Said:
    """Return what a status says; a blank one says nothing."""
    folded = words(text)
    if not folded or text.strip().casefold() in values.UNKNOWN:
        return Said.NOTHING
    known = _WORDS.get(folded)
    return _sentence(folded) if known is None else known


def _sentence(folded: str) -> Said:
    """Return what more than a word of the lists says, if that is beyond doubt."""
    if len(folded) > MAX_WORDS:
        return Said.UNKNOWN
    if _REASON.search(folded):
        return Said.FAILED
    hedged = bool(_HEDGE.search(folded))
    for pattern, said in _PATTERNS:
        if pattern.search(folded) and (said is Said.REFUSED or not hedged):
            return said
    return Said.UNKNOWN


def tags(text: str) -> Said:
    """Return what a pipeline stage, or a list of tags, says of a reply or acceptance.

    Only whole words count: nobody writes a stage for this program to read.
    """
    found = {_WORDS.get(words(part)) for part in re.split(r"[,;|\n]", text)}
    for said in (Said.REPLIED, Said.ACCEPTED):
        if said in found:
            return said
    return Said.NOTHING


def reason(text: str) -> str:
    """Return a status that says why something failed, blank if it is any other."""
    return "" if words(text) in _WORDS or status(text) is not Said.FAILED else text


def below(kind: Said, text: str) -> Said:
    """Return what a cell says below a header that names an outcome, dates aside.

    *Yes*, a tick or a count is that outcome; so is a message below *Replied* or *Sent*.
    """
    folded = fold_text(text[: contact.MAX_STATUS]).strip()
    if text.strip().casefold() in values.UNKNOWN or words(text) in contact.NO_WORDS:
        return Said.NOTHING
    number = re.fullmatch(r"(\d{1,5})(?:[.,]0+)?", folded)
    if number:
        return kind if int(number[1]) else Said.NOTHING
    if contact.is_yes(text):
        return kind
    found = status(text)
    if found is Said.PENDING:
        return Said.NOTHING
    if found is Said.UNKNOWN and (kind is Said.REPLIED or len(words(text)) > MAX_WORDS):
        return kind
    return found


# --- steps and routes -------------------------------------------------------------


class Step(NamedTuple):
    """What a task, a message or an event is about.

    ``kind`` is what has happened once it is done (`Said.SENT` for a send); an event
    (``is_event``) says so by being there, a task needs its status.
    """

    route: str = ""
    kind: Said = Said.UNKNOWN
    is_event: bool = False


#: Steps of automations that reach nobody, or not over LinkedIn.
OTHER_STEP = Step(kind=Said.NOTHING)
_REQUEST = str(Route.CONNECTION_REQUEST)
_MESSAGE = str(Route.MESSAGE)
_STEPS: Mapping[str, Step] = {
    "linkedin send inmail": Step(INMAIL, Said.SENT),
    "linkedin send connection request": Step(_REQUEST, Said.SENT),
    "linkedin send message": Step(_MESSAGE, Said.SENT),
    "trigger linkedin connection request accepted": Step(_REQUEST, Said.ACCEPTED),
    "trigger message replied": Step("", Said.REPLIED),
    "sender profile sent linkedin inmail": Step(INMAIL, Said.SENT, True),
    "sender profile sent linkedin message": Step(_MESSAGE, Said.SENT, True),
    "sender profile sent linkedin connection request": Step(_REQUEST, Said.SENT, True),
    "contact replied linkedin inmail": Step(INMAIL, Said.REPLIED, True),
    "contact replied linkedin message": Step("", Said.REPLIED, True),
    "contact accepted linkedin connection request": Step(_REQUEST, Said.ACCEPTED, True),
    "inbox": Step("", Said.REPLIED, True),
    "outbox": Step("", Said.SENT),
    "connection note": Step(_REQUEST, Said.SENT),
}
_OTHER = re.compile(
    r"^(?:gs|util|rule|ai rule|end|trigger|account|sender profile issue)\b"
    r"|^contact (?:exported|enriched|created|updated|deleted|opened|clicked|tag)\b"
    r"|\b(?:visit|view|lik|comment|endors|unfollow|withdr[ae]w|enrich|e ?mail|sms|whatsapp"
    r"|telegram|phone)\w*|^call\b|\bfollow(?:ed|ing)?\b(?! up)"
)
_ROUTES: Mapping[str, str] = {
    **{words(route): str(route) for route in Route},
    "inmail": INMAIL, "inmails": INMAIL, "send inmail": INMAIL, "linkedin inmail": INMAIL,
    "sales navigator inmail": INMAIL, "sn inmail": INMAIL, "free inmail": "open_inmail",
    "inmail open": "open_inmail", "inmail free": "open_inmail",
    "open profile inmail": "open_inmail", "inmail paid": "paid_inmail",
    "credit inmail": "paid_inmail", "premium inmail": "paid_inmail",
    "open profile": "open_inmail", "connection requests": _REQUEST, "connect": _REQUEST,
    "connection": _REQUEST, "connection invite": _REQUEST, "connect request": _REQUEST,
    "send connection request": _REQUEST, "send invitation": _REQUEST,
    "invitation": _REQUEST, "invite": _REQUEST, "invitations": _REQUEST,
    "connection request": _REQUEST, "kontaktanfrage": _REQUEST,
    "vernetzungsanfrage": _REQUEST, "einladung": _REQUEST, "invitacion": _REQUEST,
    "demande de connexion": _REQUEST, "solicitud de conexion": _REQUEST,
    "messages": _MESSAGE, "send message": _MESSAGE, "linkedin message": _MESSAGE,
    "nachricht": _MESSAGE, "mensaje": _MESSAGE, "bericht": _MESSAGE, "dm": _MESSAGE,
    "direct message": _MESSAGE,
}  # fmt: skip


def route(text: str) -> str:
    """Return the route that a cell names: `planner.domain.Route`, `INMAIL`, or blank."""
    return _ROUTES.get(words(text), "")


def step(text: str) -> Step:
    """Return what a task type, an event or an action is; ``Step()`` if not understood."""
    folded = words(text)
    if folded in _STEPS:
        return _STEPS[folded]
    if folded in _ROUTES:
        return Step(_ROUTES[folded], Said.SENT)
    if _OTHER.search(folded):
        return OTHER_STEP
    hint = hinted_route(folded)
    return Step(hint, Said.SENT) if hint else Step()


def hinted_route(text: str) -> str:
    """Return the route that a header or a status tells by the way: ``InMail sent at``."""
    folded = f" {words(text)} "
    if " inmail" in folded:
        return INMAIL
    if re.search(r"\b(?:invit\w+|connection|connect|einladung|connexion)\b", folded):
        return _REQUEST
    return ""


# --- balances ---------------------------------------------------------------------

#: Larger balances than LinkedIn grants in a lifetime are typing errors or ids.
MAX_CREDITS = 100_000
NO_BALANCE, BAD_BALANCE = -1, -2
_WHOLE = re.compile(r"\d{1,6}(?:[.,]0{1,2})?|\d{1,3}[ ,.\u00a0']\d{3}")


def balance(text: str) -> int:
    """Parse a whole number of credits; -1 if blank, -2 if it is none.

    >>> balance("41"), balance("41.0"), balance(""), balance("41.5"), balance("-3")
    (41, 41, -1, -2, -2)
    """
    folded = text.strip().casefold()
    if folded in values.UNKNOWN:
        return NO_BALANCE
    if not _WHOLE.fullmatch(folded):
        return BAD_BALANCE
    whole = re.sub(r"[.,]0{1,2}$", "", folded)
    number = int(re.sub(r"\D", "", whole))
    return number if number <= MAX_CREDITS else BAD_BALANCE


# --- columns ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """`Step` of every row, one array per field."""

    route: Cells
    kind: np.ndarray
    is_event: np.ndarray


def each(cells: Cells, parse: Callable[[str], int]) -> np.ndarray:
    """Return `parse` of every cell, called once for each distinct one."""
    codes, uniques = pd.factorize(cells)
    parsed = np.fromiter((parse(text) for text in uniques), np.int64, len(uniques))
    result: np.ndarray = parsed[codes]
    return result


def each_text(cells: Cells, parse: Callable[[str], str]) -> Cells:
    """Return `parse` of every cell, called once for each distinct one."""
    codes, uniques = pd.factorize(cells)
    result: Cells = column([parse(text) for text in uniques])[codes]
    return result


def steps(cells: Cells) -> Steps:
    """Return `step` of every cell."""
    codes, uniques = pd.factorize(cells)
    found = [step(text) for text in uniques]
    return Steps(
        route=column([one.route for one in found])[codes],
        kind=np.array([int(one.kind) for one in found], dtype=np.int64)[codes],
        is_event=np.array([one.is_event for one in found], dtype=np.bool_)[codes],
    )
