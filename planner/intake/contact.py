"""What a status column says was done to a lead already, in the words that tools use."""

from __future__ import annotations

import re
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.intake import values
from planner.intake.aliases import DONE_HEADERS, normalise
from planner.intake.cells import Cells, fold_text


class Touch(IntEnum):
    """What a status says, the weightier the larger; UNKNOWN where it is not understood."""

    UNKNOWN = -1
    NONE = 0
    CONTACTED = 1
    REPLIED = 2
    REFUSED = 3


# Words are folded: lower case, no accents, every other character a blank.

#: The lead asked to be left alone, or must be.
REFUSED_WORDS = frozenset({
    "blacklisted", "blocked", "client", "cliente", "customer", "dnc", "evangelist",
    "existing customer",
    "kunde", "do not contact", "do not disturb", "excluded",
    "opt out", "opted out", "remove", "removed", "stop", "suppressed", "unsubscribe",
    "unsubscribed", "user blocked by recipient", "userblockedbyrecipient",
})  # fmt: skip

#: The lead answered, or a conversation goes on.
REPLIED_WORDS = frozenset({
    "answered", "bad timing", "beantwortet", "call booked", "closed won",
    "conversation", "demo booked", "engaged", "engaging", "geantwortet",
    "in conversation", "interested", "meeting booked", "meeting scheduled", "meeting",
    "negative", "not interested", "open deal", "opportunity", "positive", "replied",
    "reply received", "reply", "repondu", "responded", "respondido", "risposto",
    "talking", "won",
})  # fmt: skip

#: The lead was approached, or an automation has it.
CONTACTED_WORDS = frozenset({
    "accepted", "active", "approaching", "attempted to contact", "attempted",
    "awaiting reply", "bounced", "campaign", "clicked", "completed", "connected",
    "connection accepted", "connection request sent", "connection request",
    "connection sent", "contactado", "contacte", "contacted", "contattato", "done",
    "email sent", "emailed", "enrolled", "finished", "follow up", "followed up",
    "gecontacteerd", "gesendet", "in campaign", "in progress", "in sequence",
    "inmail sent", "inmail", "invitation sent", "invite sent", "invited", "kontaktiert",
    "message sent", "message", "messaged", "no answer", "no reply", "no response",
    "not replied", "opened", "outreach", "paused", "pending", "reached out", "sent",
    "sequence", "unresponsive", "waiting", "working",
})  # fmt: skip

#: Nothing has reached the lead yet.
UNTOUCHED_WORDS = frozenset({
    "backlog", "bad data", "changed job", "cold", "contact in future", "draft",
    "endorsed", "enriched", "enrichment failed", "failed validation", "failed",
    "follow", "followed", "imported", "lead", "like post", "like", "liked", "n a", "na",
    "need enrichment", "never", "new lead", "new", "no contact data", "no data", "none",
    "not contacted", "not sent", "not started", "ok", "open", "profile view",
    "profile viewed", "prospect", "qualified", "queue", "queued", "raw", "ready",
    "marketing qualified lead", "mql", "noch nicht", "not yet", "other",
    "sales qualified lead", "scheduled", "skipped", "sql", "subscriber", "to contact",
    "to do", "todo", "uncontacted",
    "view profile", "viewed", "visit", "visited",
})  # fmt: skip

YES_WORDS = frozenset({"1", "ja", "oui", "si", "sim", "true", "wahr", "x", "y", "yes"})
NO_WORDS = frozenset({"0", "false", "falsch", "n", "nein", "no", "non", "nee", "nao"})

#: Words of the lists that also stand in columns about accounts, e-mails or tasks.
AMBIGUOUS_WORDS = frozenset({
    "accepted", "active", "blocked", "bounced", "campaign", "completed", "finished",
    "paused", "pending", "positive", "negative", "removed", "stop", "working",
})  # fmt: skip

#: For words of no list, in this order.
_PATTERNS: tuple[tuple[re.Pattern[str], Touch], ...] = (
    (re.compile(r"unsubscri|opted? out|do not|blocked by|blacklist"), Touch.REFUSED),
    (re.compile(r"\b(?:not|never|un|to be|yet to)\b.*(?:contact|sent|start)"), Touch.NONE),
    (
        re.compile(r"\b(?:no|not|await\w*|wait\w*|without)\b.*(?:repl|respon|answer)"),
        Touch.CONTACTED,
    ),
    (
        re.compile(r"\brepl(?:y|ied)|\brespon[ds]|\banswer|interested|meeting"),
        Touch.REPLIED,
    ),
    (
        re.compile(
            r"\b(?:sent|contacted|messaged?|inmail|invit\w+|request\w*|sequence|campaign"
            r"|accepted|connected|follow(?:ed)? up|emailed)\b"
        ),
        Touch.CONTACTED,
    ),
)  # fmt: skip
#: Characters of a status that count; longer cells are notes.
MAX_STATUS = 200
_NOT_WORD = re.compile(r"[\W_]+")
_REPLY_HEADER = re.compile(r"repl|respon|answer", re.IGNORECASE)
_DONE_HEADERS = frozenset(normalise(name) for name in DONE_HEADERS.split(","))
_NUMBER = re.compile(r"(\d{1,5})(?:[.,]0+)?")
_TICKS = frozenset("\u2713\u2714\u2705\u2611")
#: Longer texts below ``Message sent`` are the message itself, not a status.
_MAX_WORDS = 40


def touch(status: str, header: str = "") -> Touch:
    """Return what a status says.

    Parameters
    ----------
    status : str
        Cell of a status column.
    header : str
        Its header: *yes* below ``Replied`` is a reply, below ``Contacted`` a contact.
    """
    text = fold_text(status[:MAX_STATUS]).strip()
    words = _NOT_WORD.sub(" ", text).strip()
    yes = Touch.REPLIED if is_reply_header(header) else Touch.CONTACTED
    number = _NUMBER.fullmatch(text)
    if number and int(number[1]) == 0:
        return Touch.NONE
    if is_yes(text) or (number and is_done_header(header)):
        return yes
    if is_done_header(header):
        return _said_below_done(text, words, yes)
    return _said(words)


def is_done_header(header: str) -> bool:
    """Whether a header alone says what was done: ``Is_Sent``, ``Replied?``."""
    return normalise(header) in _DONE_HEADERS


def is_reply_header(header: str) -> bool:
    """Whether *yes* below this header is an answer of the lead."""
    return bool(_REPLY_HEADER.search(header))


def is_yes(cell: str) -> bool:
    """Whether a cell says yes in so many words, or with a tick."""
    text = fold_text(cell[:MAX_STATUS]).strip()
    return _NOT_WORD.sub(" ", text.removesuffix(".0")).strip() in YES_WORDS or bool(
        _TICKS & set(text[:1])
    )


def is_status_word(cell: str) -> bool:
    """Whether a cell is a word for a touch that hardly stands for anything else."""
    words = _NOT_WORD.sub(" ", fold_text(cell[:MAX_STATUS])).strip()
    return words not in AMBIGUOUS_WORDS and words not in YES_WORDS and _said(words) > 0


def _said_below_done(text: str, words: str, yes: Touch) -> Touch:
    """Whatever fills a cell below ``Contacted`` counts as yes, but words for no."""
    if text in values.UNKNOWN:
        return Touch.NONE
    said = _said(words)
    if said == Touch.UNKNOWN or (said == Touch.NONE and len(words) > _MAX_WORDS):
        return yes
    return said


def _said(words: str) -> Touch:
    """Return what folded words say wherever they stand."""
    if not words or words in NO_WORDS or words in UNTOUCHED_WORDS:
        return Touch.NONE
    for known, meaning in (
        (REFUSED_WORDS, Touch.REFUSED),
        (REPLIED_WORDS, Touch.REPLIED),
        (CONTACTED_WORDS, Touch.CONTACTED),
    ):
        if words in known:
            return meaning
    for pattern, meaning in _PATTERNS:
        if pattern.search(words):
            return meaning
    return Touch.UNKNOWN


def touches(cells: Cells, header: str = "") -> npt.NDArray[np.int8]:
    """Return `touch` of every cell of a column."""
    codes, uniques = pd.factorize(cells)
    said = np.fromiter((touch(text, header) for text in uniques), np.int8, len(uniques))
    result: npt.NDArray[np.int8] = said[codes]
    return result
