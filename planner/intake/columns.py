"""Which column of a file means what: by its header, else by what its cells hold.

``profileUrl`` holds Sales Navigator pages in one tool's export and public profiles in
another's, and ``URL`` may be a company's page. So a header only proposes, for anything
that identifies a person, and the cells decide.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd

from planner.domain import ColumnMapping, RawTable
from planner.errors import Issue, Severity
from planner.intake import aliases, contact, content, name_columns, translations, values
from planner.intake.aliases import MEANINGS as MEANINGS
from planner.intake.aliases import Meaning, normalise, without_prefix
from planner.intake.content import Content

#: Meanings whose columns are judged by their cells, whatever the header says.
_IDENTITY = (
    "profile_url",
    "sales_navigator_url",
    "sales_navigator_id",
    "linkedin_id",
    "member_id",
    "public_slug",
    "getsales_uuid",
)
#: What the cells say -> the meaning they can only have.
_MEANING_OF = {
    Content.PUBLIC_URL: "profile_url",
    Content.HASH_URL: "profile_url",
    Content.SALES_URL: "sales_navigator_url",
    Content.SALES_ID: "sales_navigator_id",
    Content.PROFILE_ID: "linkedin_id",
    Content.MEMBER_URN: "member_id",
}
#: Cells that a meaning of an identity accepts besides its own.
_ALSO: Mapping[str, tuple[Content, ...]] = {
    "profile_url": (Content.OTHER,),
    "sales_navigator_url": (Content.OTHER,),
    "sales_navigator_id": (Content.OTHER, Content.PROFILE_ID),
    "linkedin_id": (Content.OTHER, Content.SALES_ID, Content.NUMBER, Content.DEGREE),
    "member_id": (Content.NUMBER, Content.DEGREE),
    "public_slug": (Content.OTHER, Content.NUMBER, Content.DEGREE, Content.FLAG),
    "getsales_uuid": (Content.UUID,),
}
_URL_ORDER = {
    Content.PUBLIC_URL: 0,
    Content.OTHER: 1,
    Content.HASH_URL: 2,
    Content.SALES_URL: 3,
    Content.BLANK: 4,
}
#: What Outlook keeps under "Title".
_SALUTATIONS = frozenset(
    [
        "mr",
        "mr.",
        "mrs",
        "mrs.",
        "ms",
        "ms.",
        "miss",
        "mx",
        "dr",
        "dr.",
        "prof",
        "prof.",
        "sir",
        "herr",
        "hr",
        "hr.",
        "frau",
        "fr.",
        "herrn",
        "m",
        "m.",
        "mme",
        "mme.",
        "mlle",
        "monsieur",
        "madame",
        "sr",
        "sr.",
        "sra",
        "sra.",
        "srta",
        "senor",
        "senora",
        "señor",
        "señora",
        "dhr",
        "dhr.",
        "mevr",
        "mevr.",
        "mevrouw",
        "sig",
        "sig.",
        "sig.ra",
        "signor",
        "signora",
    ]
) | {"herr dr.", "frau dr.", "prof. dr.", "herr prof.", "frau prof.", "mr & mrs"}
#: Meanings all of whose columns count, not the best alone.
_ALL_COUNT = ("contact_status", "do_not_contact", "last_contacted_on")
_CUSTOMER_HEADERS = frozenset(map(normalise, aliases.CUSTOMER_HEADERS.split(",")))
#: Columns by which an export about e-mails is known: what it says was sent, was an e-mail.
_EMAIL_TOOL = frozenset(("emailopen", "emailsent", "apollocontactid"))
_QUALIFIED = frozenset(("qualified", "disqualified"))
#: Words of an object around a value (``lead.person.first_name``) that change nothing.
_PARENTS = frozenset((
    *aliases.PERSON_PREFIXES, "data", "profile", "profiles", "result", "results", "item",
    "items", "linkedin", "record", "properties", "attributes", "fields", "basic", "info",
    "enriched", "enrichment", "details", "response", "output", "row", "node", "user",
))  # fmt: skip
#: Words of headers that may say that somebody was contacted or must not be.
_CONTACT_WORDS = frozenset(
    [
        "sent",
        "contacted",
        "invited",
        "replied",
        "requested",
        "messaged",
        "customer",
        "customers",
        "client",
        "clients",
        "blacklist",
        "blacklisted",
        "opt",
        "optout",
        "dnc",
        "unsubscribe",
        "unsubscribed",
        "suppressed",
        "never",
    ]
) | frozenset(aliases.words(translations.CONTACTED))
#: Words that say that a column is about something else than the lead.
_NOT_THE_LEAD = frozenset(
    aliases.words(
        "company companies organization organisation account employer school schools "
        "sender owner query search searches post posts comment image photo picture "
        "avatar logo past previous education inviter mutual shared team parent referrer "
        "reporter source original assigned rep user created exporter empresa entreprise "
        "firma unternehmen bedrijf " + translations.NOT_THE_LEAD
    )
)


@dataclass(slots=True, eq=False)
class _Columns:
    """Columns of one table while they are being given their meanings."""

    table: RawTable
    found: dict[str, list[str]] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    contents: dict[str, Content] = field(default_factory=dict)

    def free(self) -> list[str]:
        """Return the headers without a meaning, in the order of the file."""
        return [header for header in self.headers if header not in self.used]

    @property
    def headers(self) -> list[str]:
        """Return all headers."""
        return [str(header) for header in self.table.frame.columns]

    def content(self, header: str) -> Content:
        """Return what a column holds."""
        if header not in self.contents:
            self.contents[header] = content.of_column(self.table.frame[header])
        return self.contents[header]

    def give(self, meaning: str, header: str, origin: str) -> None:
        """Give a column its meaning, after those that the meaning has already."""
        self.found.setdefault(meaning, []).append(header)
        self.origin.setdefault(meaning, origin)
        self.used.add(header)

    def move(self, header: str, meaning: str) -> None:
        """Give a column another meaning than its header proposed."""
        for name, headers in list(self.found.items()):
            if header in headers:
                headers.remove(header)
                if not headers:
                    del self.found[name]
        self.give(meaning, header, "content")


#: What the user says of a meaning: its column, or its columns, best first.
Override: TypeAlias = "str | Sequence[str]"


def _headers(override: Override) -> tuple[str, ...]:
    return (override,) if isinstance(override, str) else tuple(override)


def recognise(
    table: RawTable, overrides: Mapping[str, Override] | None = None
) -> tuple[ColumnMapping, list[Issue]]:
    """Say which columns of a table mean what.

    Parameters
    ----------
    table : RawTable
        Text as it stands in the file.
    overrides : mapping of str to str or sequence of str, optional
        The user's word: meaning, or a short name of it (``open``, ``url``) -> header, or
        headers, best first; a blank header means that no column has this meaning.
        Headers that this table lacks are passed over: `check_overrides` looks for them
        in all tables.

    Returns
    -------
    tuple
        The mapping, best column first, and findings.
    """
    columns = _Columns(table=table)
    closed = _apply_overrides(columns, overrides or {})
    for weak in (False, True):
        for meaning in MEANINGS:
            if meaning.name not in closed:
                _by_header(columns, meaning, weak=weak)
    for meaning in MEANINGS:
        if meaning.name not in closed:
            _by_header(columns, meaning, weak=False, is_nested=True)
    _status(columns, closed)
    _bare_name(columns, closed)
    _by_content(columns, closed)
    _order_urls(columns)
    mapping = ColumnMapping(
        file=table.file,
        columns={
            meaning.name: tuple(columns.found[meaning.name])
            for meaning in MEANINGS
            if columns.found.get(meaning.name)
        },
        origin={
            meaning.name: columns.origin[meaning.name]
            for meaning in MEANINGS
            if columns.found.get(meaning.name)
        },
        unused=tuple(columns.free()),
    )
    return mapping, _ignored(columns)


def check_overrides(
    tables: Sequence[RawTable],
    overrides: Mapping[str, Override],
    *,
    said_in: str = "",
) -> list[Issue]:
    """Return a finding per override of an unknown meaning, or to a header in no table.

    Parameters
    ----------
    said_in : str
        Where they are kept, for the message. What was kept for other lists, too, is only
        warned of; what was said for these with ``--map`` (blank) is an error.
    """
    place = f"{said_in} " if said_in else "--map: "
    severity = Severity.WARNING if said_in else Severity.ERROR
    issues = []
    headers = sorted({str(header) for table in tables for header in table.frame.columns})
    for name, override in overrides.items():
        if find_meaning(name) is None:
            known = [name for meaning in MEANINGS for name in _names(meaning)]
            issues.append(
                _unknown(f"{place}there is no meaning {name[:40]!r}", name, known)
            )
            continue
        wanted = [header for header in _headers(override) if header]
        if wanted and not any(_find(header, headers) for header in wanted):
            key = f"{place}{name}: " if said_in else place
            message = f"{key}no file has a column {wanted[0][:60]!r}"
            issues.append(_unknown(message, wanted[0], headers, severity))
    return issues


def without(
    kept: Mapping[str, tuple[str, ...]], given: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the overrides that are kept for all lists, less those given for these."""
    said = {meaning.name for name in given if (meaning := find_meaning(name))}
    return {
        name: headers
        for name, headers in kept.items()
        if (meaning := find_meaning(name)) is None or meaning.name not in said
    }


def find_meaning(name: str) -> Meaning | None:
    """Return the meaning with this name or short name, in any spelling."""
    wanted = normalise(name)
    for meaning in MEANINGS:
        if wanted in {normalise(known) for known in _names(meaning)}:
            return meaning
    return None


def _names(meaning: Meaning) -> tuple[str, ...]:
    return (meaning.name, *meaning.short_names)


def _unknown(
    message: str, name: str, known: Sequence[str], severity: Severity = Severity.ERROR
) -> Issue:
    by_key = {normalise(text): text for text in known}
    nearest = difflib.get_close_matches(normalise(name), list(by_key), n=3, cutoff=0.5)
    hint = ", ".join(repr(by_key[key][:60]) for key in nearest)
    if hint:
        hint = f"; did you mean {hint}?"
    else:
        hint = "; there are: " + ", ".join(repr(text[:40]) for text in known[:40])
    return Issue(
        code="unknown-column-mapping", message=f"{message}{hint}", severity=severity
    )


def _find(header: str, headers: Sequence[str]) -> str | None:
    """Return the header of the file that was meant, exact spelling first."""
    if header in headers:
        return header
    wanted = normalise(header)
    return next((known for known in headers if normalise(known) == wanted), None)


def _apply_overrides(
    columns: _Columns, overrides: Mapping[str, Override]
) -> frozenset[str]:
    """Give overridden meanings their columns; return the meanings that are settled."""
    closed = set()
    for name, override in overrides.items():
        meaning = find_meaning(name)
        if meaning is None:
            continue
        wanted = [header for header in _headers(override) if header]
        found = [_find(header, columns.headers) for header in wanted]
        headers = dict.fromkeys(header for header in found if header is not None)
        if not wanted:
            closed.add(meaning.name)
        for header in headers:
            target = meaning.name
            # `--map url=...` and `--map id=...`: which kind it is, the cells say.
            by_cells = _MEANING_OF.get(columns.content(header))
            if normalise(name) in {"url", "linkedin", "id"} and by_cells:
                target = by_cells
            columns.give(target, header, "override")
            closed.add(target)
    return frozenset(closed)


def _by_header(
    columns: _Columns, meaning: Meaning, *, weak: bool, is_nested: bool = False
) -> None:
    """Give a meaning the columns whose headers are among its aliases, in their order.

    Of a nested header (``lead.person.first_name``) only the last part is looked at.
    """
    is_extra = weak or is_nested
    if is_extra and meaning.name in columns.found and meaning.name not in _ALL_COUNT:
        return
    names = meaning.weak_aliases if weak else meaning.aliases
    rank = {normalise(alias): at for at, alias in reversed(list(enumerate(names)))}
    matches = []
    for at, header in enumerate(columns.free()):
        base = _last_part(_base(header)) if is_nested else _base(header)
        key, short = normalise(base), without_prefix(base) if meaning.is_personal else ""
        if key in rank or short in rank:
            matches.append((rank.get(key, rank.get(short, 0)), at, header))
    for _, _, header in sorted(matches):
        target = _target(columns, meaning.name, header)
        if target:
            columns.give(target, header, "header")


def _base(header: str) -> str:
    """Return the header without the number of its copy: ``Email (2)`` -> ``Email``."""
    name, _, copy = header.rpartition(" (")
    return name if name and copy.rstrip(")").isdigit() else header


def _last_part(header: str) -> str:
    """Return what stands behind the last ``.`` or ``/`` of a nested header, or ""."""
    *parents, last = re.split(r"[./]", header)
    around = {word for parent in parents for word in aliases.words(parent)}
    return last if around and around <= _PARENTS else ""


def _target(columns: _Columns, meaning: str, header: str) -> str:
    """Return the meaning that the cells leave to a column; blank if none."""
    if meaning == "contact_status" and contact.is_done_header(meant(header)):
        return _done_target(columns, header)
    return _target_by_content(columns, meaning, header)


def _target_by_content(columns: _Columns, meaning: str, header: str) -> str:
    holds = columns.content(header)
    if holds is Content.BLANK:
        return meaning
    if meaning in _IDENTITY:
        return _identity_target(columns, meaning, header, holds)
    if meaning == "company_url" and holds is not Content.COMPANY_URL:
        return "company_domain" if holds is Content.OTHER_URL else _unless_person(holds)
    if holds in _MEANING_OF or holds is Content.COMPANY_URL:
        # A page or an id of LinkedIn under another header, e.g. Website.
        if meaning in ("company_domain", "company"):
            return "company_url" if holds is Content.COMPANY_URL else ""
        return meaning if meaning in ("company_id", "company_url", "owner") else ""
    return meaning if _fits(columns, meaning, header) else ""


def meant(header: str) -> str:
    """Return the header without the number of its copy and what it is nested in."""
    base = _base(header)
    return _last_part(base) or base


def _done_target(columns: _Columns, header: str) -> str:
    """Return what a column is that says by its header that something was done."""
    if contact.is_reply_header(header):
        # A reply stays one, whatever its date; but an answer to an e-mail is none.
        is_mail = _EMAIL_TOOL & set(map(normalise, columns.headers))
        return "" if is_mail and "linkedin" not in normalise(header) else "contact_status"
    cells = content.sample(columns.table.frame[header])
    if cells:
        days, _ = values.dates(np.array(cells, dtype=object))
        if np.count_nonzero(~np.isnat(days)) > 0.5 * len(cells):
            return "last_contacted_on"
    return "contact_status"


def _status(columns: _Columns, closed: frozenset[str]) -> None:
    """Read a plain ``Status`` by its cells: other tools mean e-mails or employment."""
    for header in columns.free():
        if normalise(meant(header)) not in ("status", "state"):
            continue
        cells = content.sample(columns.table.frame[header])
        folded = {cell.casefold().strip() for cell in cells}
        if folded and folded <= _QUALIFIED:
            if "matches_filters" not in closed:
                columns.give("matches_filters", header, "content")
        elif "contact_status" not in closed and any(map(contact.is_status_word, folded)):
            known = sum(contact.touch(cell) >= 0 for cell in folded)
            if known >= 0.5 * len(folded):
                columns.give("contact_status", header, "content")


def _bare_name(columns: _Columns, closed: frozenset[str]) -> None:
    """Read a plain ``Name`` by what stands beside it, unless the user has said."""
    if closed & {"first_name", "last_name", "full_name"}:
        return
    settled = name_columns.settled(columns.table.frame, columns.found, columns.free())
    if settled is not None:
        columns.move(*settled)


def _ignored(columns: _Columns) -> list[Issue]:
    """Warn of columns without a meaning that may say who must not be contacted."""
    issues = []
    for header in columns.free():
        words = set(aliases.words(header))
        if not (words & _CONTACT_WORDS or {"do", "not"} <= words) or words & {"id", "name"}:
            continue
        cells = columns.table.frame[header].unique()
        filled = np.array([cell for cell in cells if cell], dtype=object)
        days, _ = values.dates(filled)
        if any(map(contact.is_yes, filled)) or not np.isnat(days).all():
            issues.append(
                Issue(
                    code="ignored-contact-column",
                    message="the column was not used, though it may say who was contacted "
                    "or must not be; if it does, name it: --map contact_status=HEADER, "
                    "last_contacted_on=HEADER or do_not_contact=HEADER",
                    severity=Severity.WARNING,
                    file=columns.table.file,
                    column=header,
                )
            )
    return issues


def _unless_person(holds: Content) -> str:
    return "" if holds in _MEANING_OF else "company_url"


def _identity_target(columns: _Columns, meaning: str, header: str, holds: Content) -> str:
    target = _MEANING_OF.get(holds, "")
    if target:
        return target
    if holds is Content.COMPANY_URL:
        return "company_url"
    if holds in _ALSO[meaning]:
        if meaning == "linkedin_id" and holds in (Content.NUMBER, Content.DEGREE):
            # LinkedIn's own number of the member, unless it is some tool's row number.
            return "member_id" if "linkedin" in normalise(header) else ""
        if meaning in ("profile_url", "sales_navigator_url"):
            # Free text under "Profile": only if there are some people in it.
            people = (*content.PERSON_URLS, Content.SALES_ID, Content.PROFILE_ID)
            some = content.share(columns.table.frame[header], people) >= 0.05
            strong = "linkedin" in normalise(header)
            return meaning if some or strong else ""
        return meaning
    return ""


def _fits(columns: _Columns, meaning: str, header: str) -> bool:
    """Whether the cells can have a meaning that more than one kind of column claims."""
    cells = columns.table.frame[header]
    if meaning in ("email", "personal_email"):
        return content.share(cells, (Content.EMAIL,)) >= 0.2
    if meaning == "degree":
        return content.share(cells, (Content.DEGREE,)) >= 0.3 or _are_degrees(cells)
    if meaning == "title" and content.share_of(cells, _SALUTATIONS) > 0.3:
        return False
    if meaning == "do_not_contact" and normalise(meant(header)) in _CUSTOMER_HEADERS:
        # Customer may as well hold the name of one.
        return content.share_of(cells, contact.YES_WORDS | contact.NO_WORDS) > 0.5
    if meaning in ("first_name", "last_name", "full_name", "company", "title"):
        return columns.content(header) not in (Content.EMAIL, Content.OTHER_URL)
    return True


def _are_degrees(cells: pd.Series) -> bool:
    """Whether enough cells can be read as degrees, in whatever language."""
    degrees, _ = values.degrees(np.array(content.sample(cells), dtype=object))
    return float(np.mean(degrees > 0)) >= 0.3 if len(degrees) else False


def _by_content(columns: _Columns, closed: frozenset[str]) -> None:
    """Give columns that no header explains the meaning that their cells can only have."""
    for header in columns.free():
        if _NOT_THE_LEAD & set(aliases.words(header)):
            continue
        meaning = _content_meaning(columns, header)
        if meaning and meaning not in closed and meaning not in columns.found:
            columns.give(meaning, header, "content")


def _content_meaning(columns: _Columns, header: str) -> str:
    holds = columns.content(header)
    words = set(aliases.words(header))
    if holds in _MEANING_OF:
        return _MEANING_OF[holds]
    is_unnamed = header.startswith("column ")
    cells = columns.table.frame[header]
    if holds is Content.EMAIL and content.is_mostly_distinct(cells):
        return "email"
    if holds is Content.UUID and "uuid" in words:
        return "getsales_uuid"
    if holds is Content.COMPANY_URL and is_unnamed:
        return "company_url"
    if holds is Content.DEGREE and _has_ordinals(columns, header):
        return "degree"
    return ""


def _has_ordinals(columns: _Columns, header: str) -> bool:
    """Whether the cells say 2nd, not 2: a bare number can be anything."""
    cells: pd.Series = columns.table.frame[header]
    sample = {cell for cell in cells.head(2000) if cell}
    return bool(sample) and not any(cell.isdigit() for cell in sample)


def _order_urls(columns: _Columns) -> None:
    """Put public profiles before hash forms, which are worse for people to read."""
    headers = columns.found.get("profile_url")
    if headers and columns.origin["profile_url"] != "override":
        headers.sort(key=lambda header: _URL_ORDER.get(columns.content(header), 5))
