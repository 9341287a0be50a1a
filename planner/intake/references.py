"""What one cell says about who a person is: every spelling of a reference, one key.

Kinds of key and their canonical value:

=========  =====================================================================
slug       handle of the public profile: percent-decoded, NFC, lower case
hash       opaque id ``ACoAA...`` (profile) or ``ACwAA...`` (Sales Navigator), as is
member     numeric member id
uuid       GetSales System UUID, lower case
email      lower case
mangled    no key: an id that a spreadsheet has rounded or a tool has lower-cased
=========  =====================================================================

Company, school, post and search addresses, other sites and look-alike hosts name no
person. Nothing is looked up on the network.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from planner.intake.cells import tidy_text


class Kind(IntEnum):
    """Kind of key that a reference gives."""

    NONE = 0
    SLUG = 1
    HASH = 2
    MEMBER = 3
    UUID = 4
    EMAIL = 5
    MANGLED = 6


class Form(IntEnum):
    """What a column may hold."""

    ANY = 0
    LINK = 1  # as ANY, but a bare word is no handle
    SLUG = 2
    MEMBER = 3
    UUID = 4
    EMAIL = 5


class Reference(NamedTuple):
    """A key: its kind and canonical value."""

    kind: Kind
    value: str


NOTHING = Reference(Kind.NONE, "")
MANGLED = Reference(Kind.MANGLED, "")

#: Paths below /in/ that are nobody's handle.
RESERVED_SLUGS = frozenset({
    "me", "edit", "unavailable", "unknown", "null", "none", "nan", "undefined", "in",
    "profile", "na", "n-a",
})  # fmt: skip
#: Words that stand in a column of links where the link itself got lost.
NOT_HANDLES = RESERVED_SLUGS | frozenset({
    "link", "links", "url", "view", "view-profile", "open", "click", "here", "linkedin",
    "website", "yes", "no", "true", "false", "tbd", "todo", "missing", "error", "ref",
    "value", "private", "hidden", "not-found", "notfound", "blank", "empty", "test",
    "lien", "profil", "perfil", "profilo", "ja", "nein", "oui", "non", "unbekannt",
})  # fmt: skip

#: Characters of a cell that are looked at; no reference is longer.
MAX_CELL = 2000

_EDGES = " \t<>()[]{}\"'`,;"
_HASH = re.compile(r"AC[a-z]A[A-Za-z0-9_-]{4,}")
_LOST_CASE = re.compile(r"ac[a-z]aa[a-z0-9_-]{34}")
_SALES_HASH = re.compile(r"AC[A-Za-z][A-Za-z0-9_-]{4,}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
NIL_UUID = "00000000-0000-0000-0000-000000000000"
_EMAIL = re.compile(r"[^@\s,;:<>()\"\\/]{1,64}@(?:[\w-]+\.)+[^\W\d_][\w-]+")
_DIGITS = re.compile(r"(\d{1,15})(?:[.,]0+)?")
_ROUNDED = re.compile(r"\d+(?:[.,]\d+)?e\+?\d+|\d{16,}(?:[.,]0+)?", re.IGNORECASE)
_URN = re.compile(r"urn:li:(\w+):(.+)", re.IGNORECASE)
_PERSON_URNS = frozenset({
    "fs_salesprofile", "fsd_salesprofile", "fs_saleslead", "fsd_profile", "fs_profile",
    "fs_miniprofile", "fsd_miniprofile", "fsd_profilecard", "member",
    "fs_normalized_profile", "fsd_connection", "profile", "salesprofile",
})  # fmt: skip
_LINKEDIN = re.compile(
    r"(?:https?[:/\\]*)*/{0,2}(?:[a-z0-9-]+\.)*linkedin\.com\.?(?::\d+)?/+(.*)",
    re.IGNORECASE | re.DOTALL,
)
_RELATIVE = re.compile(r"/*((?:in|sales|pub|people|mwlite|comm)/.*)", re.IGNORECASE)
_PROFILE_VIEW_ID = re.compile(r"[?&]id=([^&#]+)")
_SLUG = re.compile(r"[^\s/?#%&=,;:@\"<>\\|(){}\[\]\x00-\x1f\x7f\u2026]{1,150}")
_PUB_PART = re.compile(r"[0-9a-f]{1,3}", re.IGNORECASE)
_WRAPPING_PATHS = frozenset({"mwlite", "comm", "m", "mobile"})


# --- one cell ---------------------------------------------------------------------


def parse(text: str, form: Form = Form.ANY) -> Reference:
    """Return the key that a cell gives, `NOTHING` if it names no person."""
    text = tidy_text(text[:MAX_CELL]).strip(_EDGES)
    if not text:
        return NOTHING
    if form is Form.EMAIL:
        return _email(text)
    if form is Form.UUID:
        return _uuid(text)
    return _identifier(text, form) or _link(text) or _handle(text, form)


def _identifier(text: str, form: Form) -> Reference | None:  # noqa: PLR0911 -- one a kind
    """Ids that are no address: None if it is something else."""
    if _ROUNDED.fullmatch(text):
        return MANGLED
    if digits := _DIGITS.fullmatch(text):
        if form is Form.SLUG:
            return Reference(Kind.SLUG, digits[1])
        long_enough = form is Form.MEMBER or len(digits[1]) >= 6
        return _member(digits[1]) if long_enough else NOTHING
    if _UUID.fullmatch(text):
        return _uuid(text)
    if "@" in text and (mail := _email(text)):
        return mail if mail.kind else None
    head = text.partition(",")[0]
    if _HASH.fullmatch(head):
        return Reference(Kind.HASH, head)
    if _LOST_CASE.fullmatch(head):
        return MANGLED
    decoded = _decode(text)
    if urn := _URN.match(decoded):
        return _urn(urn[1], urn[2])
    return None


def _email(text: str) -> Reference:
    for part in re.split(r"[\s,;<>|]+", text.lower().replace("mailto:", "")):
        if _EMAIL.fullmatch(part):
            return Reference(Kind.EMAIL, unicodedata.normalize("NFC", part))
    return NOTHING


def _uuid(text: str) -> Reference:
    text = text.lower()
    if not _UUID.fullmatch(text) or text == NIL_UUID:
        return NOTHING
    return Reference(Kind.UUID, text)


def _member(digits: str) -> Reference:
    number = digits.lstrip("0")
    return Reference(Kind.MEMBER, number) if number else NOTHING


def _urn(kind: str, rest: str) -> Reference:
    if kind.lower() not in _PERSON_URNS:
        return NOTHING
    return _token(rest.strip(_EDGES).partition(",")[0])


def _token(token: str) -> Reference:
    """Return the key of an id inside a Sales Navigator address or a urn."""
    token = token.strip(_EDGES)
    if _SALES_HASH.fullmatch(token):
        return Reference(Kind.HASH, token)
    if _LOST_CASE.fullmatch(token) or _ROUNDED.fullmatch(token):
        return MANGLED
    return _member(token) if _DIGITS.fullmatch(token) and token.isdigit() else NOTHING


def _link(text: str) -> Reference | None:
    """Address on LinkedIn; NOTHING for other addresses; None if it is no address."""
    text = re.split(r"[\s|]|;\s*http", text, maxsplit=1)[0] if "/" in text else text
    match = _LINKEDIN.fullmatch(text) or _RELATIVE.fullmatch(text)
    if match is None:
        if text.lower().startswith("in/"):
            return _path(text)
        return NOTHING if "/" in text or "@" in text[1:] or ":" in text else None
    return _path(match[1])


def _path(rest: str) -> Reference:  # noqa: PLR0911 -- one for each kind of page
    path = re.split(r"[?#]", rest, maxsplit=1)[0]
    parts = [part for part in path.split("/") if part]
    while parts and parts[0].lower() in _WRAPPING_PATHS:
        parts = parts[1:]
    match [parts[0].lower() if parts else "", *parts[1:]]:
        case ["in", token, *_] | ["profile", "in", token, *_]:
            return _profile(token)
        case ["sales", page, token, *_] if page.lower() in {"lead", "people", "profile"}:
            token = _decode(token)
            if urn := _URN.match(token):
                return _urn(urn[1], urn[2])
            return _token(token.strip(_EDGES).partition(",")[0])
        case ["people", token, *_]:
            return _token(_decode(token).partition(",")[0])
        case ["pub", name, first, second, third, *_] if name.lower() != "dir":
            return _old_public_profile(name, first, second, third)
        case ["profile", "view"] if found := _PROFILE_VIEW_ID.search(rest):
            return _token(_decode(found[1]))
        case _:
            return NOTHING


def _profile(token: str) -> Reference:
    decoded = _decode(token)
    head = decoded.partition(",")[0]
    if _HASH.fullmatch(head):
        return Reference(Kind.HASH, head)
    if _LOST_CASE.fullmatch(head):
        return MANGLED
    slug = _slug(decoded)
    if not slug or slug in RESERVED_SLUGS:
        return NOTHING
    return Reference(Kind.SLUG, slug)


def _old_public_profile(name: str, first: str, second: str, third: str) -> Reference:
    """Turn ``/pub/name/a7/576/b50`` into today's slug ``name-b50576a7``."""
    parts = (first, second, third)
    if not all(_PUB_PART.fullmatch(part) for part in parts):
        return NOTHING
    slug = _slug(f"{_decode(name)}-{third:0>3}{second:0>3}{first}")
    return Reference(Kind.SLUG, slug) if slug else NOTHING


def _handle(text: str, form: Form) -> Reference:
    """Return the key of a bare word, such as the LinkedIn nickname in GetSales."""
    if form not in (Form.ANY, Form.SLUG):
        return NOTHING
    slug = _slug(_decode(text.removeprefix("@")))
    dotted = "." in slug and form is Form.ANY
    if len(slug) < 3 or dotted or slug in NOT_HANDLES:
        return NOTHING
    return Reference(Kind.SLUG, slug) if any(map(str.isalpha, slug)) else NOTHING


def _slug(text: str) -> str:
    text = text.strip().rstrip(".,")
    for _ in range(4):  # lower-casing may decompose, composing may leave a capital
        folded = unicodedata.normalize("NFC", text.lower())
        if folded == text:
            break
        text = folded
    if not _SLUG.fullmatch(text) or not any(map(str.isalnum, text)):
        return ""
    return text


def _decode(text: str) -> str:
    """Undo percent-encoding, also where a tool encoded twice or as Latin-1."""
    for _ in range(3):
        if "%" not in text:
            break
        try:
            decoded = unquote(text, errors="strict")
        except UnicodeDecodeError:
            decoded = unquote_to_bytes(text).decode("latin-1")
        if decoded == text:
            break
        text = decoded
    return tidy_text(text)
