"""What a status column says was done to a lead already, in the words that tools use."""

from __future__ import annotations

import re
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

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
    "blacklisted", "blocked", "dnc", "do not contact", "do not disturb", "excluded",
    "opt out", "opted out", "remove", "removed", "stop", "suppressed", "unsubscribe",
    "unsubscribed", "user blocked by recipient", "userblockedbyrecipient",
})  # fmt: skip

#: The lead answered, or a conversation goes on.
REPLIED_WORDS = frozenset({
    "answered", "bad timing", "beantwortet", "call booked", "closed won",
    "conversation", "customer", "demo booked", "engaged", "engaging", "geantwortet",
    "in conversation", "interested", "meeting booked", "meeting scheduled", "meeting",
    "negative", "not interested", "open deal", "positive", "replied", "reply received",
    "reply", "repondu", "responded", "respondido", "risposto", "talking", "won",
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
    "scheduled", "skipped", "to contact", "to do", "todo", "uncontacted", "unqualified",
    "view profile", "viewed", "visit", "visited",
})  # fmt: skip

YES_WORDS = frozenset({"1", "ja", "oui", "si", "sim", "true", "wahr", "x", "y", "yes"})
NO_WORDS = frozenset({"0", "false", "falsch", "n", "nein", "no", "non", "nee", "nao"})

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


def touch(status: str, header: str = "") -> Touch:
    """Return what a status says.

    Parameters
    ----------
    status : str
        Cell of a status column.
    header : str
        Its header: *yes* below ``Replied`` is a reply, below ``Contacted`` a contact.
    """
    words = _NOT_WORD.sub(" ", fold_text(status[:MAX_STATUS])).strip()
    if not words or words in NO_WORDS or words in UNTOUCHED_WORDS:
        return Touch.NONE
    if words in YES_WORDS:
        return Touch.REPLIED if _REPLY_HEADER.search(header) else Touch.CONTACTED
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
