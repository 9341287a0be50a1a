"""Which row of a table is a person's, and what of it may stay.

The columns of the program's own tables are known by their headers, and so are common ones
that people add. In a person's row everything goes but what a plan says about the send:
route, seat, day, flags, numbers, reason, status. A column that nobody knows goes as well.
A row of somebody else that mentions the person loses the one cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from planner.output.erase_traces import Matcher

#: Stands for the key of an erased lead.
ERASED = "erased"


class Role(Enum):
    """What a column holds, as far as erasing goes."""

    KEEP = auto()
    SOURCE_ROW = auto()
    LEAD_ID = auto()
    LINK = auto()
    SLUG = auto()
    MEMBER = auto()
    MAIL = auto()
    FIRST = auto()
    LAST = auto()
    NAME = auto()
    COMPANY = auto()
    OTHER = auto()


_HEADERS = {
    Role.LEAD_ID: "lead id",
    Role.SOURCE_ROW: "source row, row",
    Role.FIRST: "first name",
    Role.LAST: "last name",
    Role.NAME: "lead, full name, name, contact",
    Role.COMPANY: "company, company name",
    Role.SLUG: "linkedin nickname, nickname, public slug, public identifier, handle, "
    "slug, vanity name, linkedin username",
    Role.MEMBER: "member id, linkedin id, linkedin member id",
    Role.MAIL: "work email, personal email, email, e mail, email address, mail",
    Role.LINK: "linkedin url, linkedin, linkedin profile, linkedin profile url, profile, "
    "profile url, profile link, person linkedin url, sales navigator url, "
    "sales navigator id, system uuid, getsales uuid, uuid, linkedin url public, "
    "linkedin url unique id, url, link, contact uuid, lead uuid",
    Role.KEEP: "route, seat id, seat, sender, send on, day, date, weekday, week, status, "
    "open flag, open profile, open probability, credit probability, uses a credit, "
    "expected replies, priority, segment, reason, why, source file, expected week, rule, "
    "plan run, plan route, plan sender, plan send on, run, run id, cause, probability, "
    "next step, step, wait until, from, new seat, new route, restart on, failed on, "
    "sent on, replied on, accepted on, happened on, sent, replied, accepted, failed, "
    "by, target seat, on, verdict, since, until, held until, evidence, "
    "other causes, second cause, list, file, severity, code, column",
}
_ROLES = {
    word.strip(): role for role, words in _HEADERS.items() for word in words.split(",")
}
_STRONG = frozenset({Role.LEAD_ID, Role.LINK, Role.SLUG, Role.MEMBER})
_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The header of a table: its cells and their roles."""

    words: tuple[str, ...]
    roles: tuple[Role, ...]

    def role(self, index: int) -> Role:
        """Return the role of a column; beyond the header nothing is known."""
        return self.roles[index] if index < len(self.roles) else Role.OTHER

    def cell(self, cells: Sequence[str], wanted: Role) -> str:
        """Return the first filled cell of a role; "" if there is none."""
        for index, text in enumerate(cells):
            if text and self.role(index) is wanted:
                return text.strip()
        return ""

    def name(self, cells: Sequence[str]) -> str:
        """Return the full name in a row."""
        parts = (self.cell(cells, Role.FIRST), self.cell(cells, Role.LAST))
        return " ".join(filter(None, parts)) or self.cell(cells, Role.NAME)

    @property
    def is_import(self) -> bool:
        """Whether the table is imported to GetSales, where a blank row does harm."""
        return "plan run" in self.words


NO_HEADING = Heading(words=(), roles=())


def heading(cells: Sequence[str]) -> Heading:
    """Return a row read as a header."""
    words = tuple(_WORD.sub(" ", text.lower()).strip() for text in cells)
    return Heading(words=words, roles=tuple(_ROLES.get(w, Role.OTHER) for w in words))


def is_heading(cells: Sequence[str]) -> bool:
    """Return whether a row looks like a header: half of its words are known ones."""
    filled = [text for text in cells if text.strip()]
    known = sum(role is not Role.OTHER for role in heading(filled).roles)
    return known >= 2 and 2 * known >= len(filled)


class Whose(Enum):
    """Whose a row is."""

    OTHERS = auto()
    MENTION = auto()
    THEIRS = auto()


def whose(cells: Sequence[str], head: Heading, person: Matcher) -> Whose:
    """Return whether a row is the person's, mentions the person, or neither."""
    hits = [is_hit(text, head.role(k), person) for k, text in enumerate(cells)]
    if not any(hits):
        return Whose.OTHERS
    filled = [
        k
        for k, text in enumerate(cells)
        if head.role(k) in _STRONG and text.strip() not in ("", ERASED)
    ]
    if filled:
        mine = any(hits[k] and not _only_mail(cells[k], person) for k in filled)
        return Whose.THEIRS if mine else Whose.MENTION
    mails = [k for k, text in enumerate(cells) if head.role(k) is Role.MAIL and text]
    if mails:
        return Whose.THEIRS if any(hits[k] for k in mails) else Whose.MENTION
    # No column is known to say who the row is about: a cell that is nothing but an
    # identity says it.
    whole = any(hit and len(cells[k].split()) == 1 for k, hit in enumerate(hits))
    return Whose.THEIRS if whole else Whose.MENTION


def is_hit(text: str, role: Role, person: Matcher) -> bool:
    """Return whether a cell names the person."""
    if not text:
        return False
    if role is Role.SLUG and person.is_slug(text):
        return True
    if role is Role.MEMBER and person.is_member(text):
        return True
    return person.finds(text)


def erased(text: str, role: Role, person: Matcher) -> str:
    """Return what stays of a cell in the person's row."""
    if role is Role.LEAD_ID:
        return ERASED if text else ""
    if role is Role.SOURCE_ROW:  # rows count from 1: it points nowhere, and is a number
        return "0" if text else ""
    return text if role is Role.KEEP and not person.finds(text) else ""


def _only_mail(text: str, person: Matcher) -> bool:
    return person.finds_mail(text) and not person.finds_strong(text)
