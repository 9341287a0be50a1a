"""Which column of a file of outcomes means what: its own meanings beside those of leads.

Who a person is, is recognised as for leads; what happened, when, from which seat and on
which route has meanings of its own, because ``Sent at`` or ``Sender`` say other things of
a lead than of a send.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from planner.domain import ColumnMapping, OutcomeKind, RawTable
from planner.errors import Issue, Severity
from planner.intake import aliases, columns, content, identity, outcome_words, values
from planner.intake.aliases import Meaning, normalise, without_prefix
from planner.intake.cells import column
from planner.intake.content import Content
from planner.intake.outcome_aliases import MEANINGS as MEANINGS
from planner.intake.outcome_words import Said
from planner.words import counted

#: Meanings of leads that say who a person is and what was seen on the profile.
PERSON = (
    *identity.FORMS, "first_name", "last_name", "full_name", "title", "company",
    "open_flag", "premium_flag", "inmail_flag", "inmail_restriction", "degree", "tags",
    "list",
)  # fmt: skip


#: Meanings that name an outcome by their header.
KIND_OF: Mapping[str, Said] = {
    "sent": Said.SENT,
    "failed": Said.FAILED,
    "skipped": Said.SKIPPED,
    "replied": Said.REPLIED,
    "accepted": Said.ACCEPTED,
}
#: Columns without which the user's word for a whole file says nothing.
_NEEDED = {OutcomeKind.BALANCE_SEEN: "credits", OutcomeKind.FLAG_SEEN: "open_flag"}
#: Meanings that say that something happened to a person.
TELLING = ("status", *KIND_OF, "error_text", "error_code")
_BY_NAME = {
    normalise(name): meaning
    for meaning in reversed(MEANINGS)
    for name in (*meaning.short_names, meaning.name)
}
#: Columns of this program's own sheets that are forecasts, not what anybody saw.
_FORECASTS = frozenset(map(normalise, ("runs out", "balance at reset", "worst credits")))
_PARENTS = frozenset(
    aliases.words(
        "data task tasks item items row rows result results record records fields "
        "attributes properties message messages payload event body"
    )
)
#: Sheets that one note names; the others are counted.
_MAX_NAMED = 15
_LEAD_ID = re.compile(r"[0-9a-f]{16}")
#: Content that no column about an outcome has, but for seats.
_ELSEWHERE = (*content.PERSON_URLS, Content.EMAIL, Content.UUID, Content.COMPANY_URL)


@dataclass(slots=True, eq=False)
class _Found:
    """Columns of one table while they are being given their meanings."""

    table: RawTable
    columns: dict[str, list[str]] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    no_dates: list[str] = field(default_factory=list)

    @property
    def used(self) -> set[str]:
        return {header for headers in self.columns.values() for header in headers}

    def give(self, meaning: str, header: str, origin: str) -> None:
        self.columns.setdefault(meaning, []).append(header)
        self.origin.setdefault(meaning, origin)


def recognise(
    table: RawTable,
    overrides: Mapping[str, str] | None = None,
    *,
    what: OutcomeKind | None = None,
) -> tuple[ColumnMapping, list[Issue]]:
    """Say which columns of a file of outcomes mean what.

    Parameters
    ----------
    table : RawTable
        Text as it stands in the file.
    overrides : mapping of str to str, optional
        The user's word: a meaning of `MEANINGS` or of a lead, or a short name -> header;
        a blank header means that no column has this meaning. `check_overrides` tells
        what is wrong with them.
    what : OutcomeKind, optional
        What the user says of every row of the file.

    Returns
    -------
    tuple
        The mapping (meanings of `MEANINGS` and of `PERSON`), and findings about the file
        as a whole: an error if nothing in it, and nobody, says what happened.
    """
    own, others = _split(overrides or {})
    found = _Found(table=table)
    closed = _apply(found, own)
    for weak in (False, True):
        for meaning in MEANINGS:
            if meaning.name not in closed and not (weak and meaning.name in found.columns):
                _by_header(found, meaning, weak=weak)
    person, _ = columns.recognise(
        replace(table, frame=table.frame.drop(columns=[*found.used, *_subjects(table)])),
        _own_flag(found) | others,
    )
    known = {name: person.columns[name] for name in PERSON if name in person.columns}
    used = found.used | {header for headers in known.values() for header in headers}
    mapping = ColumnMapping(
        file=table.file,
        columns={**known, **_ordered(found)},
        origin={**_origins(found, person, known), **found.origin},
        unused=tuple(str(h) for h in table.frame.columns if str(h) not in used),
    )
    return mapping, _findings(found, mapping, what)


def check_overrides(
    tables: Sequence[RawTable], overrides: Mapping[str, str]
) -> list[Issue]:
    """Return an error per override of an unknown meaning, or to a header in no table."""
    headers = {str(header) for table in tables for header in table.frame.columns}
    issues = []
    _, others = _split(overrides)
    for name, header in overrides.items():
        if name in others and columns.find_meaning(name) is None:
            names = [name for one in MEANINGS for name in (one.name, *one.short_names)]
            nearest = difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.5)
            hint = f"did you mean {', '.join(nearest)}?" if nearest else "there are: "
            if not nearest:
                hint += ", ".join(meaning.name for meaning in MEANINGS)
            issues.append(_unknown(f"there is no meaning {name[:40]!r}; {hint}"))
        elif header and _find(header, sorted(headers)) is None:
            near = difflib.get_close_matches(header, sorted(headers), n=3, cutoff=0.5)
            hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
            issues.append(_unknown(f"no file has a column {header[:60]!r}{hint}"))
    return issues


def known_headers() -> frozenset[str]:
    """Return every header that a file of outcomes may have, for `read.tables`."""
    names = {name for m in MEANINGS for name in (*m.aliases, *m.weak_aliases)}
    names |= {"day", "why", "lead", "profile", "company", "title", "send on"}  # own sheets
    return frozenset(map(normalise, names)) | aliases.lead_headers()


def worth_reading(
    tables: Sequence[RawTable], found: Sequence[Issue]
) -> tuple[list[RawTable], list[Issue]]:
    """Return the tables without those sheets of our own workbooks that nobody fills in.

    A ``plan.xlsx`` given back holds many lists of the same people; only sheets with a
    status say what became of them. A ``seats.xlsx`` has sheets that explain it. Of what
    the reader has `found`, the notes on their titles go, for they are ours; in their
    place comes a note for each workbook of what was passed over.
    """
    sheets = [table for table in tables if sheet_of(table)]
    ours = {_book(table) for table in sheets if is_plan(table) or _is_inventory(table)}
    titled = {table.file for table in sheets if _book(table) in ours}
    issues = [one for one in found if one.code != "preamble" or one.file not in titled]
    kept: list[RawTable] = []
    passed_over: dict[str, list[str]] = {}
    for table in tables:
        keys = set(map(normalise, map(str, table.frame.columns)))
        is_told = "status" in keys or _is_inventory(table)
        if table.file in titled and not is_told:
            passed_over.setdefault(_book(table), []).append(sheet_of(table))
        else:
            kept.append(table)
    issues += [_passed_over(book, names) for book, names in passed_over.items()]
    return kept, issues


def _is_inventory(table: RawTable) -> bool:
    return {"seat_id", "credits"} <= set(map(str, table.frame.columns))


def _book(table: RawTable) -> str:
    return table.file.rpartition("[")[0]


def is_telling(mapping: ColumnMapping) -> bool:
    """Whether a file can say by itself that anything happened or was seen."""
    has = mapping.columns
    balances = "credits" in has
    return balances or any(name in has for name in (*TELLING, "stage", "open_flag", "step"))


def is_plan(table: RawTable) -> bool:
    """Whether a table is one that this program wrote: what it holds was planned."""
    keys = set(map(normalise, map(str, table.frame.columns)))
    return "expectedreplies" in keys and bool(keys & {"why", "reason"})


def sheet_of(table: RawTable) -> str:
    """Return the sheet that a table of a workbook with several stood on, or ""."""
    book, _, sheet = table.file.rpartition("[")
    return sheet.removesuffix("]") if book and table.file.endswith("]") else ""


def is_seat_sheet(table: RawTable) -> bool:
    """Whether a table is the sheet of one seat, as this program hands it to its owner."""
    keys = set(map(normalise, map(str, table.frame.columns)))
    return {"day", "lead", "route", "why", "status"} <= keys


# --- headers ----------------------------------------------------------------------


def _split(overrides: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Part the overrides of outcomes from those of leads."""
    own = {
        name: header for name, header in overrides.items() if normalise(name) in _BY_NAME
    }
    return own, {name: header for name, header in overrides.items() if name not in own}


def _apply(found: _Found, overrides: Mapping[str, str]) -> frozenset[str]:
    headers = [str(header) for header in found.table.frame.columns]
    closed = set()
    for name, wanted in overrides.items():
        header = _find(wanted, headers) if wanted else None
        if wanted and header is None:
            continue  # of another file
        meaning = _BY_NAME[normalise(name)].name
        closed.add(meaning)
        if header is not None:
            found.give(meaning, header, "override")
    return frozenset(closed)


def _by_header(found: _Found, meaning: Meaning, *, weak: bool) -> None:
    names = meaning.weak_aliases if weak else meaning.aliases
    rank = {normalise(name): at for at, name in reversed(list(enumerate(names)))}
    matches = []
    used = found.used
    for at, header in enumerate(map(str, found.table.frame.columns)):
        if header in used:
            continue
        keys = _keys(header)
        place = min((rank[key] for key in keys if key in rank), default=None)
        if place is not None:
            matches.append((place, at, header))
    for _, _, header in sorted(matches):
        if _fits(found, meaning.name, header, weak=weak):
            found.give(meaning.name, header, "header")
        elif meaning.name == "status" and not weak:
            found.refused.append(header)
        elif meaning.name == "happened_on":
            found.no_dates.append(header)


def _keys(header: str) -> set[str]:
    """Return the spellings under which a header is looked for."""
    name, _, copy = header.rpartition(" (")
    base = name if name and copy.rstrip(")").isdigit() else header
    *parents, last = re.split(r"[./]", base)
    around = {word for parent in parents for word in aliases.words(parent)}
    keys = {normalise(base), without_prefix(base)}
    if around and around <= _PARENTS:
        keys.add(normalise(last))
    return keys - {""}


def _fits(found: _Found, name: str, header: str, *, weak: bool) -> bool:
    """Whether the cells of a column can have the meaning that its header proposes."""
    series = found.table.frame[header]
    cells = content.sample(series)
    if name == "credits" and _FORECASTS & set(map(normalise, found.table.frame.columns)):
        return False
    if not cells:
        return not weak
    words = name in (*KIND_OF, "status", "stage", "step", "plan_route")
    if words and content.share(series, _ELSEWHERE) > 0.5:
        return False
    check = _mostly_dates if weak and name == "happened_on" else _CHECKS.get(name)
    return check is None or check(cells)


def _any_status(cells: Sequence[str]) -> bool:
    return any(outcome_words.status(cell) is not Said.UNKNOWN for cell in set(cells))


def _any_route(cells: Sequence[str]) -> bool:
    return any(outcome_words.route(cell) for cell in set(cells))


def _any_step(cells: Sequence[str]) -> bool:
    return any(outcome_words.step(c).kind is not Said.UNKNOWN for c in set(cells))


def _any_balance(cells: Sequence[str]) -> bool:
    return any(outcome_words.balance(cell) >= 0 for cell in cells)


def _mostly_dates(cells: Sequence[str]) -> bool:
    days, _ = values.dates(column(list(cells)))
    return int(np.count_nonzero(~np.isnat(days))) > 0.5 * len(cells)


def _mostly_lead_ids(cells: Sequence[str]) -> bool:
    return sum(bool(_LEAD_ID.fullmatch(cell)) for cell in cells) > 0.5 * len(cells)


def _mostly_flags(cells: Sequence[str]) -> bool:
    _, unreadable = values.flags(column(list(cells)))
    return int(np.count_nonzero(~unreadable)) > 0.5 * len(cells)


_CHECKS: Mapping[str, Callable[[Sequence[str]], bool]] = {
    "status": _any_status,
    "plan_route": _any_route,
    "step": _any_step,
    "credits": _any_balance,
    "lead_id": _mostly_lead_ids,
    "credit_used": _mostly_flags,
    "free": _mostly_flags,
}


def _ordered(found: _Found) -> dict[str, tuple[str, ...]]:
    return {
        meaning.name: tuple(found.columns[meaning.name])
        for meaning in MEANINGS
        if found.columns.get(meaning.name)
    }


def _subjects(table: RawTable) -> list[str]:
    """Return the column of a seat's sheet in which its owner writes whatever they like."""
    if not is_seat_sheet(table):
        return []
    return [str(h) for h in table.frame.columns if normalise(str(h)) == "subject"]


def _origins(
    found: _Found, person: ColumnMapping, known: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Return how the columns about people were recognised."""
    ours = set(_own_flag(found).values())
    return {
        name: "header" if ours & set(headers) else person.origin[name]
        for name, headers in known.items()
    }


def _own_flag(found: _Found) -> dict[str, str]:
    """Return the open flag by the name that our own files give it."""
    for header in map(str, found.table.frame.columns):
        if normalise(header) == "openflag" and header not in found.used:
            return {"open_flag": header}
    return {}


def _find(header: str, headers: Sequence[str]) -> str | None:
    if header in headers:
        return header
    wanted = normalise(header)
    return next((known for known in headers if normalise(known) == wanted), None)


def _unknown(message: str) -> Issue:
    return Issue(code="unknown-column-mapping", message=f"--map: {message}")


# --- findings ---------------------------------------------------------------------


def _findings(
    found: _Found, mapping: ColumnMapping, what: OutcomeKind | None
) -> list[Issue]:
    issues = [
        Issue(
            code="status-not-understood",
            message="no cell of this column is a status that is understood, so it was not "
            "used; write sent, failed, replied, accepted, skipped or todo",
            severity=Severity.WARNING,
            file=found.table.file,
            column=header,
        )
        for header in found.refused
        if header not in found.used and what is None
    ]
    issues += [
        Issue(
            code="no-dates",
            message="most cells of this column are no dates that are understood, so it was "
            "not used, and its rows count for the day of recording; correct them, or say "
            f"that it is the date: --map date={header[:40]!r}, which reports each bad cell",
            severity=Severity.WARNING,
            file=found.table.file,
            column=header,
        )
        for header in found.no_dates
        if header not in found.used
        and "happened_on" not in mapping.columns
        and content.sample(found.table.frame[header])
    ]
    if what is None and not is_telling(mapping):
        issues.append(_silent(found.table))
    needed = _NEEDED.get(what, "") if what else ""
    if needed and needed not in mapping.columns:
        issues.append(
            Issue(
                code="no-column",
                message=f"no column holds what was seen; name it: --map {needed}=HEADER",
                file=found.table.file,
            )
        )
    if what not in (None, OutcomeKind.BALANCE_SEEN) and _is_unmarked_plan(found):
        issues.append(
            Issue(
                code="plan-without-status",
                message="these are all leads of a plan, whatever became of them: what "
                "happened cannot be said for the whole file; add a column status",
                file=found.table.file,
            )
        )
    return issues


def _is_unmarked_plan(found: _Found) -> bool:
    return is_plan(found.table) and not any(name in found.columns for name in TELLING)


def _passed_over(book: str, names: Sequence[str]) -> Issue:
    shown = ", ".join(names[:_MAX_NAMED])
    more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    return Issue(
        code="sheet-without-outcome",
        message=f"passed over, because no column says what happened: "
        f"{counted(len(names), 'sheet')} ({shown}{more})",
        severity=Severity.NOTE,
        file=book,
    )


def _silent(table: RawTable) -> Issue:
    if sheet_of(table):
        message = "no column of this sheet says what happened; it was passed over"
        return Issue(
            code="sheet-without-outcome",
            message=message,
            severity=Severity.NOTE,
            file=table.file,
        )
    return Issue(
        code="no-outcome-column",
        message="no column says what happened; name one (--map status=HEADER), or say "
        "what the whole file is a list of (sent, failed, replied, accepted, skipped)",
        file=table.file,
    )
