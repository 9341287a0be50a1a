"""What happened, read from files: sends, failures, replies, acceptances, flags, balances.

A row of a file may say several things of one person (sent and accepted and replied) or
one of a seat (a balance). Nothing is matched to a run here, and nothing is inferred: a
reply without a send is a reply alone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from planner import schemas
from planner.domain import ColumnMapping, OutcomeKind, RawTable, Route
from planner.errors import Issue, Severity
from planner.intake import identity, lead_rows, outcome_columns, outcome_words, values
from planner.intake.aliases import normalise
from planner.intake.cells import Cells, Mask, blank, filled
from planner.intake.lead_rows import LeadRows
from planner.intake.outcome_file import OutcomeFile, first
from planner.intake.outcome_told import Told, tell
from planner.intake.outcome_words import INMAIL as INMAIL
from planner.intake.outcome_words import KINDS, Said, Steps

#: What became of an input row (`planner.schemas.OUTCOME_ROWS`).
OUTCOME, NOTHING, ISSUE = "outcome", "nothing", "issue"

_LEAD_ID = re.compile(r"[0-9a-f]{16}")
_INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
_NOT_SENT = (str(Route.HOLD), str(Route.EXCLUDED))
#: Numbers of a row that says nothing of them.
_BLANKS: Mapping[str, int] = {
    "open_flag": -1, "inmail_flag": -1, "premium_flag": -1, "credit_used": -1,
    "credits": -1, "degree": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutcomeTable:
    """Outcomes of one or several files, what became of every row, and the findings.

    ``outcomes`` follows `planner.schemas.OUTCOMES`, ``rows`` follows
    `planner.schemas.OUTCOME_ROWS`: one line per input row, so rows in = rows out.
    """

    outcomes: pd.DataFrame
    rows: pd.DataFrame
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Outcomes of one kind: which rows have it, when it happened, and facts by column."""

    kind: OutcomeKind
    rows: Mask
    on: Cells
    facts: Mapping[str, np.ndarray] = field(default_factory=dict)


def read(
    table: RawTable,
    mapping: ColumnMapping,
    *,
    as_of: dt.date,
    what: OutcomeKind | None = None,
    seat: str = "",
    on: dt.date | None = None,
) -> OutcomeTable:
    """Read one file of outcomes.

    Parameters
    ----------
    table, mapping : RawTable, ColumnMapping
        The file as text, and `outcome_columns.recognise` of it.
    as_of : datetime.date
        Today; a date after it keeps its row out.
    what : OutcomeKind, optional
        What every row of the file is; its status columns are then not looked at.
    seat : str
        Seat of the rows that do not name one.
    on : datetime.date, optional
        Date of what has none in the file.

    Returns
    -------
    OutcomeTable
        One line per (row, outcome), in the order of the rows, then of the kinds. Every
        row has outcomes, or nothing to say (yet), or an issue that says why not. All
        findings of severity error are about rows (beyond `lead_file.MAX_LISTED` of a
        kind: about their number, without a row).
    """
    file = OutcomeFile(table=table, mapping=mapping, as_of=as_of, what=what, on=on)
    seats = file.seats(seat)
    if _is_of_balances(file):
        parts = [_balances(file, seats)]
    else:
        planned = _planned_days(file)
        parts = [_on_planned_day(part, planned) for part in _personal(file)]
    return _finished(file, parts, seats)


def concatenate(parts: Sequence[OutcomeTable]) -> OutcomeTable:
    """Return the outcomes of several files as one, in the order given."""
    none = pd.DataFrame()
    outcomes = [part.outcomes for part in parts] or [none]
    rows = [part.rows for part in parts] or [none]
    return OutcomeTable(
        outcomes=_typed(pd.concat(outcomes, ignore_index=True), schemas.OUTCOMES),
        rows=_typed(pd.concat(rows, ignore_index=True), schemas.OUTCOME_ROWS),
        issues=tuple(issue for part in parts for issue in part.issues),
    )


# --- balances ---------------------------------------------------------------------


def _is_of_balances(file: OutcomeFile) -> bool:
    """Whether the rows are seats with their credits, not people."""
    if file.what is not None:
        return file.what is OutcomeKind.BALANCE_SEEN
    has = file.mapping.columns
    if "credits" not in has or any(name in has for name in outcome_columns.TELLING):
        return False
    # A seat may have an e-mail as well; nobody else's id stands in a list of seats.
    person = [name for name in identity.FORMS if name in has and "email" not in name]
    narrow = replace(file.mapping, columns={name: has[name] for name in person})
    return not lead_rows.read_keys(file.table, narrow).known.any()


def _balances(file: OutcomeFile, seats: Cells) -> _Part:
    numbers = outcome_words.each(file.text("credits"), outcome_words.balance)
    file.refuse(
        numbers == outcome_words.BAD_BALANCE,
        "bad-credits",
        "the cell is no number of credits: enter what LinkedIn shows, such as 41",
        file.header("credits"),
    )
    stated = numbers >= 0
    file.refuse(
        stated & ~filled(seats),
        "no-seat",
        "the row does not say whose credits these are; name the seat",
        file.header("seat"),
    )
    on = file.dates(("seen_on", "happened_on"), stated)
    return _Part(
        kind=OutcomeKind.BALANCE_SEEN,
        rows=stated,
        on=first(on, np.full(file.num_rows, file.default_date, dtype=object)),
        facts={"credits": numbers},
    )


# --- people -----------------------------------------------------------------------


def _personal(file: OutcomeFile) -> list[_Part]:
    person, lead_id = _person(file)
    steps = outcome_words.steps(file.text("step"))
    told = tell(file, steps)
    flags = _flags(file, person)
    nobody = (told.any | flags) & ~person.keys.known & ~filled(lead_id)
    _refuse_nobody(file, nobody, person.keys.mangled)
    _note_balances(file)
    facts = {**_facts(file, person), "lead_id": lead_id}
    on_row = _row_dates(file, told, flags)
    default = np.full(file.num_rows, file.default_date, dtype=object)
    parts = []
    request = np.full(file.num_rows, str(Route.CONNECTION_REQUEST), dtype=object)
    told.route[Said.ACCEPTED] = first(told.route[Said.ACCEPTED], request)
    for word, kind in KINDS.items():
        more = {"route": _routes(file, steps, told.route[word], facts["credit_used"])}
        if word is Said.FAILED:
            more["error_text"] = told.error
        rows = told.said[word]
        if word is Said.ACCEPTED:
            rows = _of_requests(file, rows, more["route"])
        on = first(told.on[word], on_row, default)
        parts.append(_Part(kind=kind, rows=rows, on=on, facts={**facts, **more}))
    on_flag = file.dates(("seen_on",), flags & ~file.kept_out)
    on_flag = first(on_flag, np.where(told.any, "", on_row), default)
    parts.append(_Part(kind=OutcomeKind.FLAG_SEEN, rows=flags, on=on_flag, facts=facts))
    return parts


def _of_requests(file: OutcomeFile, accepted: Mask, route: Cells) -> Mask:
    """Return the acceptances without those of InMails, which have no invitation."""
    of_inmail = accepted & np.isin(route, (*_INMAILS, INMAIL))
    file.warn(
        of_inmail,
        "accepted-inmail",
        "an InMail has no invitation that could be accepted: left out; write replied if "
        "the lead answered",
        file.header("status"),
    )
    return accepted & ~of_inmail


def _planned_days(file: OutcomeFile) -> Cells:
    """Return the day that our own files plan a send for, if it has come."""
    names = {"plansendon", "sendon"}
    if outcome_columns.is_seat_sheet(file.table):
        names.add("day")
    result = blank(file.num_rows)
    for header in map(str, file.table.frame.columns):
        if normalise(header) in names:
            days = file.moments(header).texts
            result = first(result, np.where(days <= file.as_of.isoformat(), days, ""))
    return result


def _on_planned_day(part: _Part, planned: Cells) -> _Part:
    """Date what became of a send by its planned day, where nothing else does.

    So a lead that failed twice has failed on two days, whoever fills in the sheets.
    """
    if part.kind not in (OutcomeKind.SENT, OutcomeKind.FAILED, OutcomeKind.SKIPPED):
        return part
    return replace(part, on=first(part.on, planned))


def _person(file: OutcomeFile) -> tuple[LeadRows, Cells]:
    """Return who the rows are about, and their keys in this program's own files."""
    has = file.mapping.columns
    narrow = {name: has[name] for name in outcome_columns.PERSON if name in has}
    person, issues = lead_rows.read(
        file.table, replace(file.mapping, columns=narrow), scraped_by="", as_of=file.as_of
    )
    file.issues += issues
    _, unreadable = values.flags(file.text("open_flag"))
    file.code = np.where(unreadable, "unreadable-flag", file.code).astype(object)
    ids = outcome_words.each_text(
        file.text("lead_id"), lambda text: text if _LEAD_ID.fullmatch(text) else ""
    )
    return person, ids


def _refuse_nobody(file: OutcomeFile, nobody: Mask, mangled: Mask) -> None:
    file.refuse(
        nobody & mangled,
        "id-mangled",
        "a spreadsheet has changed the id of the person; export the file again and do "
        "not save it from a spreadsheet",
    )
    file.refuse(
        nobody & ~mangled,
        "no-identity",
        "the row does not say who the person is; give a profile URL, an id, a GetSales "
        "UUID, an e-mail or the lead id of the plan",
    )


def _note_balances(file: OutcomeFile) -> None:
    """Say that a balance beside a send is not recorded: it may be from before or after."""
    header = file.header("credits")
    if header:
        file.issues.append(
            Issue(
                code="balance-beside-send",
                message="balances in a list of people are not recorded, as nothing tells "
                "whether they are from before or after the send; give them in a file of "
                "seat, credits and date",
                severity=Severity.NOTE,
                file=file.table.file,
                column=header,
            )
        )


def _facts(file: OutcomeFile, person: LeadRows) -> dict[str, np.ndarray]:
    keys = person.keys
    mails = [
        np.where(identity.is_personal(mail), mail, "").astype(object)
        for mail in (keys.email, keys.personal_email)
    ]
    used, free = file.flags("credit_used"), file.flags("free")
    credits = outcome_words.each(file.text("credits"), outcome_words.balance)
    return {
        "open_flag": person.open_flag,
        "inmail_flag": person.inmail_flag,
        "premium_flag": person.premium_flag,
        "degree": person.degree,
        "credit_used": np.where(used >= 0, used, np.where(free >= 0, 1 - free, -1)).astype(
            np.int64
        ),
        "credits": np.maximum(credits, -1),
        "slug": keys.slug,
        "sales_navigator_id": keys.sales_id,
        "profile_id": keys.profile_id,
        "member_id": keys.member,
        "getsales_uuid": keys.uuid,
        "email": first(*mails),
        "plan_run": file.text("plan_run"),
        "linkedin_url": identity.urls(keys.slug, keys.hash),
        **{
            name: person.texts[name]
            for name in ("first_name", "last_name", "title", "company")
        },
    }


def _routes(
    file: OutcomeFile, steps: Steps, hints: Cells, credit_used: np.ndarray
) -> Cells:
    """Return what was done: the step's route, told more exactly by the plan's.

    A step of another kind than the plan's counts: an automation may end in a request.
    """
    planned = file.planned_routes()
    planned = np.where(np.isin(planned, _NOT_SENT), "", planned).astype(object)
    agrees = (steps.route == INMAIL) & np.isin(planned, _INMAILS)
    done = first(np.where(agrees, "", steps.route).astype(object), planned, hints)
    exact = np.array([INMAIL, *_INMAILS], dtype=object)  # unknown, free, paid
    return np.where(done == INMAIL, exact[credit_used + 1], done).astype(object)


def _row_dates(file: OutcomeFile, told: Told, flags: Mask) -> Cells:
    """Return the date of the row as a whole, judged only where something needs it."""
    needs = flags & ~told.any
    for word in KINDS:
        needs = needs | (told.said[word] & ~filled(told.on[word]))
    return file.dates(("happened_on",), needs & ~file.kept_out)


def _flags(file: OutcomeFile, person: LeadRows) -> Mask:
    """Return rows with an open flag that somebody saw, not one that a plan repeats."""
    seen: Mask = np.asarray(person.open_flag >= 0, dtype=np.bool_)
    if not outcome_columns.is_plan(file.table):
        return seen
    headers = [
        header
        for header in map(str, file.table.frame.columns)
        if normalise(header) == "openprobability"
    ]
    if not headers:
        return file.none()
    # The plan's own word: 1 or 0 where it knew the flag.
    knew = outcome_words.each(file.column(headers[0]), _certainty)
    return np.asarray(seen & (knew != person.open_flag), dtype=np.bool_)


def _certainty(text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        return -1
    return int(number) if number in (0.0, 1.0) else -1


# --- result -----------------------------------------------------------------------


def _finished(file: OutcomeFile, parts: list[_Part], seats: Cells) -> OutcomeTable:
    counts = np.zeros(file.num_rows, dtype=np.int64)
    order, frames = [], []
    for number, part in enumerate(parts):
        at = np.flatnonzero(part.rows & ~file.kept_out)
        counts[at] += 1
        order.append(at * len(parts) + number)
        frames.append(_frame(file, part, seats, at))
    outcomes = pd.concat(frames, ignore_index=True)
    outcomes = outcomes.iloc[np.argsort(np.concatenate(order), kind="stable")]
    is_silent = counts == 0
    became = np.where(filled(file.code), ISSUE, NOTHING)
    rows = pd.DataFrame(
        {
            "source_file": np.full(file.num_rows, file.table.file, dtype=object),
            "source_row": file.table.rows,
            "became": np.where(is_silent, became, OUTCOME),
            "num_outcomes": counts,
            "code": np.where(is_silent, file.code, ""),
        }
    )
    return OutcomeTable(
        outcomes=_typed(outcomes.reset_index(drop=True), schemas.OUTCOMES),
        rows=_typed(rows, schemas.OUTCOME_ROWS),
        issues=tuple(file.issues),
    )


def _frame(file: OutcomeFile, part: _Part, seats: Cells, at: np.ndarray) -> pd.DataFrame:
    """Return the outcomes of one part, a column per column of the schema."""
    blanks = blank(file.num_rows)
    known: dict[str, np.ndarray] = {
        **part.facts,
        "source_file": np.full(file.num_rows, file.table.file, dtype=object),
        "source_row": file.table.rows,
        "kind": np.full(file.num_rows, str(part.kind), dtype=object),
        "happened_on": part.on,
        "seat": seats,
    }
    columns = {}
    for name in schemas.names(schemas.OUTCOMES):
        found = known.get(name)
        if found is None:
            number = _BLANKS.get(name)
            found = blanks if number is None else np.full(file.num_rows, number)
        columns[name] = found[at]
    return pd.DataFrame(columns)


def _typed(frame: pd.DataFrame, columns: tuple[schemas.Column, ...]) -> pd.DataFrame:
    """Return a table with the columns and types of a schema, however few its rows."""
    if frame.empty:
        frame = pd.DataFrame({column.name: [] for column in columns})
    types = {c.name: "str" if c.kind == "text" else "int64" for c in columns}
    return frame[schemas.names(columns)].astype(types)
