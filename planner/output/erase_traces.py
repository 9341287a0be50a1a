"""Whether a text names a person: every spelling of an identity, and no namesake.

Identities are looked for inside addresses and by whole words: ``/in/jane-doe`` is not
found in ``/in/jane-doe-2``. A handle alone (``jane-doe``) is a name like any other, so it
counts only in an address or in a column of handles, unless it holds digits as LinkedIn
adds them. A member id counts in an address, a urn, inside an opaque id, and in a column
of ids. Names decide nothing. In the records of a ledger's file, a key stands right after
its kind and right before whatever follows: there its stated length decides.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

_MEMBER_BYTES = 6
_ID_LENGTH = 39  # characters of an opaque id whose shape is known
_HEAD_LENGTH = 12  # of them, those that hold type and member id
_TYPES = (b"\x00\x2a", b"\x00\x2c")  # of a profile, of Sales Navigator
_DISTINCT_SLUG = re.compile(r"(?=.*\d).{8,}")

# What may follow a handle in an address or a text: nothing that a handle could hold.
_SLUG_END = r"(?=$|[\s/?#&\"'<>()\[\]{},;:|\\!*`=]|\.(?:$|\s))"
_NEVER = r"(?!)"
_URL_SLUG = re.compile(r"(?:^|/)in/+([^/?#\s]+)", re.IGNORECASE)
_URL_ID = re.compile(r"/(?:lead|people|profile)/+([^/?#,\s]+)", re.IGNORECASE)
_OLD_PUBLIC = re.compile(r"(.+)-([0-9a-f]{3})([0-9a-f]{3})([0-9a-f]{1,3})")
_OPAQUE = re.compile(r"ac[a-z][a-z0-9_-]{5,}", re.IGNORECASE)
# Of a record of SQLite: a text of n bytes has the type 13 + 2 n, written 7 bits a byte.
_TEXT_TYPE, _TYPE_BITS = 13, 7
#: Most bytes of types and numbers between the type of a key and its kind.
_RECORD_GAP = 12
_ENCODED = re.compile(r"%[0-9a-fA-F]{2}(?:%[0-9a-fA-F]{2})*")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_SHEET_ESCAPE = re.compile(r"_x([0-9a-fA-F]{4})_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Everything that identifies one person; names are no part of it.

    Parameters
    ----------
    lead_ids : tuple of str
        Keys of the lead (16 hexadecimal digits), one for each identity that led it.
    urls : tuple of str
        Profile and Sales Navigator addresses.
    slugs : tuple of str
        Handles of the public profile.
    opaque_ids : tuple of str
        ``ACo...`` and ``ACw...``.
    member_ids : tuple of str
        Numeric member ids; those inside opaque ids are read from there as well.
    uuids : tuple of str
        System UUIDs in GetSales.
    emails : tuple of str
        Mailboxes that are this person's alone.
    """

    lead_ids: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    slugs: tuple[str, ...] = ()
    opaque_ids: tuple[str, ...] = ()
    member_ids: tuple[str, ...] = ()
    uuids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    @classmethod
    def of(cls, identities: Iterable[tuple[str, str]]) -> Traces:
        """Return the traces of a ledger's identity rows.

        Parameters
        ----------
        identities : iterable of (str, str)
            Space (slug, member, hash, uuid, email, lead) and value.
        """
        fields = {
            "lead": "lead_ids", "slug": "slugs", "hash": "opaque_ids",
            "member": "member_ids", "uuid": "uuids", "email": "emails",
        }  # fmt: skip
        found: dict[str, set[str]] = {name: set() for name in fields.values()}
        for space, value in identities:
            found[fields[space]].add(value)
        return cls(**{name: tuple(sorted(values)) for name, values in found.items()})


def plain(text: str) -> str:
    """Return a text with its encodings undone: markup, percent, escapes."""
    if "_x" in text:
        text = _SHEET_ESCAPE.sub(_character, text)
    if "\\" in text:
        text = _JSON_ESCAPE.sub(_character, text).replace("\\/", "/")
    for _ in range(2):  # an address inside an address, a text escaped twice
        if "&" in text:
            text = html.unescape(text)
        if "%" in text:
            text = _ENCODED.sub(_unquoted, text)
    return text


def fold(text: str) -> str:
    """Return a text in lower case, composed, as handles are compared."""
    lower = text.lower()
    return lower if lower.isascii() else unicodedata.normalize("NFC", lower)


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _unquoted(match: re.Match[str]) -> str:
    data = unquote_to_bytes(match[0])
    try:
        return data.decode()
    except UnicodeDecodeError:  # some tools encode as Latin-1
        return data.decode("latin-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """What finds one person in texts; made by `matcher`.

    ``cores`` and ``heads`` are words of which at least one stands in every text that
    names the person: nothing else is searched with patterns, which take far longer.
    """

    strong: re.Pattern[str]
    mail: re.Pattern[str]
    opaque: re.Pattern[str]
    stored: re.Pattern[bytes]
    cores: tuple[str, ...]
    heads: tuple[str, ...]
    slugs: frozenset[str]
    members: frozenset[str]

    def may_find(self, text: str) -> bool:
        """Return whether a text may name the person, also in its columns; no means no."""
        return self._has_core(plain(text)) if text else False

    def finds(self, text: str) -> bool:
        """Return whether the person is named anywhere in a text."""
        return self.may_find(text) and (self.finds_strong(text) or self.finds_mail(text))

    def finds_strong(self, text: str) -> bool:
        """Return whether anything but an e-mail names the person."""
        text = plain(text)
        if not self._has_core(text):
            return False
        return bool(self.strong.search(fold(text)) or self.opaque.search(text))

    def finds_mail(self, text: str) -> bool:
        """Return whether an e-mail names the person."""
        text = plain(text)
        return self._has_core(text) and bool(self.mail.search(fold(text)))

    def finds_stored(self, content: bytes) -> bool:
        """Return whether the bytes of a database hold a ledger's record of the person."""
        return bool(self.stored.search(content))

    def is_slug(self, text: str) -> bool:
        """Return whether a cell of a column of handles names the person."""
        return fold(plain(text)).strip().strip("@/.,") in self.slugs

    def is_member(self, text: str) -> bool:
        """Return whether a cell of a column of member ids names the person."""
        return text.strip().removesuffix(".0").lstrip("0") in self.members

    def _has_core(self, text: str) -> bool:
        if any(head in text for head in self.heads):
            return True
        text = fold(text)
        return any(core in text for core in self.cores)


def matcher(person: Traces) -> Matcher:
    """Return what finds a person."""
    opaque = {value.strip() for value in person.opaque_ids}
    slugs = {_slug(value) for value in person.slugs}
    others = set()
    for url in map(plain, person.urls):
        if found := _URL_ID.search(url):
            opaque.add(found[1].strip("()"))
        elif (found := _URL_SLUG.search(url)) and not _OPAQUE.fullmatch(found[1]):
            slugs.add(_slug(found[1]))
        elif found:
            opaque.add(found[1])
        else:
            others.add(fold(url).strip().rstrip("/"))
    opaque.discard("")
    slugs.discard("")
    members = {value.strip().lstrip("0") for value in person.member_ids} - {""}
    members |= {member for value in opaque if (member := _member_of(value))}
    heads = [head for member in sorted(members) for head in _heads(member)]
    uuids = {fold(value.strip()).replace("-", "") for value in person.uuids} - {""}
    leads, mails = _folded(person.lead_ids), _folded(person.emails)
    strong = (
        *(rf"(?<![0-9a-z]){re.escape(word)}(?![0-9a-z])" for word in leads),
        *map(_uuid_pattern, sorted(uuids)),
        *(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in _folded(opaque)),
        *_slug_patterns(sorted(slugs)),
        *_member_patterns(sorted(members)),
        *(re.escape(url) + _SLUG_END for url in sorted(others - {""})),
    )
    olds = [old[1] for slug in slugs if (old := _OLD_PUBLIC.fullmatch(slug))]
    cores = {*leads, *mails, *(word[:8] for word in uuids), *_folded(opaque)}
    cores |= {*slugs, *members, *others, *olds} - {""}
    return Matcher(
        strong=_either(strong),
        mail=_either([rf"(?<![\w.+-]){re.escape(m)}(?![\w-]|\.\w)" for m in mails]),
        opaque=_either([_opaque_pattern(head) for head in heads]),
        stored=_stored_pattern(
            {
                "slug": slugs,
                "hash": opaque,
                "member": members,
                "lead": leads,
                "email": mails,
                "uuid": {fold(value.strip()) for value in person.uuids},
            }
        ),
        cores=tuple(sorted(cores)),
        heads=tuple(heads),
        slugs=frozenset(slugs),
        members=frozenset(members),
    )


# --- patterns ---------------------------------------------------------------------


def _either(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or _NEVER)


def _slug(text: str) -> str:
    return fold(plain(text)).strip().strip("/")


def _folded(values: Iterable[str]) -> list[str]:
    return sorted({fold(value.strip()) for value in values} - {""})


def _uuid_pattern(digits: str) -> str:
    """Pattern of a UUID, with and without hyphens."""
    return rf"(?<![0-9a-z]){'-?'.join(map(re.escape, digits))}(?![0-9a-z])"


def _slug_patterns(slugs: Sequence[str]) -> list[str]:
    patterns = []
    for slug in slugs:
        patterns.append(rf"(?<![a-z0-9])in/+{re.escape(slug)}{_SLUG_END}")
        if _DISTINCT_SLUG.fullmatch(slug):
            patterns.append(rf"(?<![\w.@/-]){re.escape(slug)}{_SLUG_END}")
        if old := _OLD_PUBLIC.fullmatch(slug):  # /pub/name/a7/576/b50
            name, third, second, first = old.groups()
            path = (f"0*{part.lstrip('0') or '0'}" for part in (first, second, third))
            patterns.append(rf"pub/+{re.escape(name)}/+{'/+'.join(path)}(?![0-9a-z])")
    return patterns


def _member_patterns(members: Sequence[str]) -> list[str]:
    return [
        rf"(?:urn:li:\w+:\(?0*{number}|[?&](?:id|memberid)=0*{number}"
        rf"|/(?:lead|people|profile)/+0*{number})(?!\d)"
        for number in members
    ]


def _heads(member: str) -> list[str]:
    """Return the beginnings of the opaque ids that hold a member id."""
    number = int(member) if member.isascii() and member.isdigit() else -1
    if not 0 <= number < 256**_MEMBER_BYTES:
        return []
    middle = number.to_bytes(_MEMBER_BYTES, "big") + b"\x01"
    return [base64.urlsafe_b64encode(kind + middle).decode() for kind in _TYPES]


def _opaque_pattern(head: str) -> str:
    rest = _ID_LENGTH - _HEAD_LENGTH
    return rf"(?<![\w-]){re.escape(head)}[\w-]{{{rest}}}(?![\w-])"


def _stored_pattern(keys: Mapping[str, Iterable[str]]) -> re.Pattern[bytes]:
    """Pattern of a ledger's records of keys, by kind: types, kind, key, in this order."""
    records = [
        re.escape(_text_type(kind) + _text_type(key))
        + b".{1,%d}" % _RECORD_GAP
        + re.escape(kind.encode() + key.encode())
        for kind, values in keys.items()
        for key in sorted(set(values) - {""})
    ]
    return re.compile(b"|".join(records) or _NEVER.encode(), re.DOTALL)


def _text_type(text: str) -> bytes:
    """Return how a record of SQLite says that a text of this length follows."""
    number = _TEXT_TYPE + 2 * len(text.encode())
    written = [number % 2**_TYPE_BITS]
    while number := number >> _TYPE_BITS:
        written.insert(0, number % 2**_TYPE_BITS | 2**_TYPE_BITS)
    return bytes(written)


def _member_of(opaque: str) -> str:
    """Return the member id inside an opaque id; "" where it cannot be read."""
    if len(opaque) != _ID_LENGTH or not _OPAQUE.fullmatch(opaque):
        return ""
    head = base64.urlsafe_b64decode(opaque[:_HEAD_LENGTH])
    number = int.from_bytes(head[2:8], "big")
    is_sound = head[0] == 0 and head[8] == 1 and 0 < number < 2**40
    return str(number) if is_sound else ""
