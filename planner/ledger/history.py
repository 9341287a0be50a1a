"""What the ledger knows that matters to one plan: a fold over its entries."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.dates import ONE_DAY
from planner.domain import (
    Cause,
    Exclusion,
    Flag,
    History,
    LeadTable,
    NextStep,
    OutcomeKind,
    Route,
    SeatHistory,
)
from planner.ledger import cohorts, columns, packing, people, seatbook, triages
from planner.ledger.store import read_document, secret_key
from planner.ledger.tables import ENTRIES, RUNS, TRIAGES
from planner.ledger.touches import Folded, View, folded
from planner.params import Parameters

#: Days before the first day planned in which people of a company were contacted lately.
_WINDOW = 6 * ONE_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a plan asks of the ledger: its view, and the first day that it plans."""

    view: View
    start: dt.date
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """What takes longest to draw from the ledger for a list, drawn once for all uses.

    ``marks`` are the keyed hashes of the leads' ids.
    """

    seen: people.LookUp
    touches: Folded
    marks: npt.NDArray[np.uint64]


def draw(connection: Connection, table: LeadTable, view: View) -> Drawn:
    """Look up the leads of a table, and fold all touches."""
    ids = table.leads["lead_id"].to_numpy(dtype=object)
    return Drawn(
        seen=people.look_up(connection, table.identities, ids),
        touches=folded(connection, view),
        marks=packing.marks(secret_key(connection), ids),
    )


def seat_histories(
    connection: Connection, view: View, parameters: Parameters, drawn: Drawn | None = None
) -> dict[str, SeatHistory]:
    """Return what is known of every seat, by its id."""
    found = None if drawn is None else drawn.touches
    return seatbook.histories(connection, view, parameters, found)


def read(
    connection: Connection,
    table: LeadTable,
    seats: Mapping[str, SeatHistory],
    asked: Asked,
    drawn: Drawn | None = None,
) -> History:
    """Return what the ledger knows of the leads of a table and of their companies.

    Parameters
    ----------
    seats : mapping of str to SeatHistory
        From `seat_histories`, at the same view.
    drawn : Drawn, optional
        From `draw`, at the same view, if it is there already.
    """
    drawn = drawn or draw(connection, table, asked.view)
    found = drawn.touches
    matched = people.pairs(connection, table.identities, drawn.seen.person)
    facts = _facts(connection, found, matched, asked)
    ids = table.leads["lead_id"].to_numpy(dtype=object)
    last = _last_run(connection, asked.view)
    held, scored = _compared(last, drawn.marks, table.leads, facts, matched)
    leads = _known_leads(ids, matched, facts, held, drawn.seen.forgotten, asked)
    companies = pd.unique(table.leads["company_key"].to_numpy(dtype=object))
    keys = [str(key) for key in companies.tolist() if key != ""]
    marks = columns.companies(connection, keys)
    owners, lately = _companies(found, keys, marks, matched, asked)
    observed = cohorts.observed_until(connection, asked.view)
    sent, responses = cohorts.read(found, asked.view, observed)
    digest = _digest([
        leads,
        _table(owners, "seat"),
        _table(lately, "people"),
        sent,
        responses,
        pd.DataFrame({"observed_until": [str(observed)]}),
    ])  # fmt: skip
    return History(
        leads=leads,
        company_seats=owners,
        company_touches=lately,
        seats=seats,
        cohorts=sent,
        responses=responses,
        observed_until=observed,
        scored=pd.concat(
            [_scored_before(connection, asked.view), scored], ignore_index=True
        ),
        newly_scored=scored,
        digest=digest,
    )


def _table(by_company: Mapping[str, object], name: str) -> pd.DataFrame:
    """Return what is known by company as a table, in the order of the companies."""
    keys = sorted(by_company)
    values = [by_company[key] for key in keys]
    # As they are: to look for the best type of so many texts takes longer than all else.
    return pd.DataFrame(
        {"company": pd.Series(keys, dtype=object), name: np.array(values)}, copy=False
    )


def _digest(parts: Iterable[pd.DataFrame]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for name in part.columns:
            values = part[name].to_numpy()
            digest.update(f"{name} {len(values)}:".encode())
            if pd.api.types.is_numeric_dtype(values.dtype):
                digest.update(values.astype("<f8").tobytes())
            else:
                # No text has a zero byte in it: no two columns look alike.
                digest.update("\0".join(values.tolist()).encode())
        digest.update(b"|")
    return digest.hexdigest()


# --- leads ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facts:
    """What is known of the people of the list; by person, but for the triages.

    ``number`` is the place of each of the list's persons, in order; the arrays have one
    entry for each: ordinal of the last touch (0 for none), whether one replied, the open
    flag as last seen, how many InMails failed, and the seat that one is connected to.
    """

    person: np.ndarray
    last_touch: np.ndarray
    replied: np.ndarray
    open_flag: np.ndarray
    num_failed: np.ndarray
    connected_to: np.ndarray
    triages: pd.DataFrame

    def of(self, values: np.ndarray, persons: np.ndarray) -> np.ndarray:
        """Return the value of each of some persons of the list."""
        return values[np.searchsorted(self.person, persons)]


def _facts(
    connection: Connection, found: Folded, matched: pd.DataFrame, asked: Asked
) -> _Facts:
    person = np.unique(matched["person"].to_numpy())
    told, sends = found.told, found.sends
    last = np.zeros(len(person), dtype=np.int64)
    number = _numbered(person, sends.person, told.person)
    place = number[sends.person]
    reached = np.flatnonzero((place >= 0) & ~found.undone)
    np.maximum.at(last, place[reached], found.date[reached])
    failed = (found.at[str(OutcomeKind.FAILED)] >= 0) & ~found.happened
    failed &= found.routes([str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL)])
    num_failed = np.bincount(place[failed & (place >= 0)], minlength=len(person))
    place = number[told.person]
    proofs = (OutcomeKind.SENT, OutcomeKind.REPLIED, OutcomeKind.ACCEPTED)
    proven = columns.among(told.kind, found.words, map(str, proofs))
    unplanned = np.flatnonzero((place >= 0) & proven & (told.assignment == 0))
    np.maximum.at(last, place[unplanned], columns.day_of(told.at[unplanned]))
    replied = np.zeros(len(person), dtype=np.bool_)
    is_reply = told.kind == found.code(str(OutcomeKind.REPLIED))
    replied[place[(place >= 0) & is_reply]] = True
    flag = np.full(len(person), int(Flag.UNKNOWN), dtype=np.int64)
    seen = np.flatnonzero((place >= 0) & (told.open_flag != Flag.UNKNOWN))
    # Outcomes come by entry and line: of one instant, the last one recorded stays.
    seen = seen[np.argsort(told.at[seen], kind="stable")]
    flag[place[seen]] = told.open_flag[seen]
    return _Facts(
        person=person,
        last_touch=last,
        replied=replied,
        open_flag=flag,
        num_failed=num_failed,
        connected_to=_connected_to(found, number, len(person)),
        triages=_triages(connection, person, asked),
    )


def _connected_to(found: Folded, number: np.ndarray, count: int) -> np.ndarray:
    """Return the seat whose invitation each person accepted last; blank if none.

    Parameters
    ----------
    number : numpy.ndarray
        By person, which of the `count` persons it is; -1 if none.
    """
    told, sends = found.told, found.sends
    at = found.at[str(OutcomeKind.ACCEPTED)]
    planned = np.flatnonzero(at >= 0)
    is_accepted = told.kind == found.code(str(OutcomeKind.ACCEPTED))
    unplanned = np.flatnonzero(is_accepted & (told.assignment == 0))
    whose = np.concatenate([sends.person[planned], told.person[unplanned]])
    place = number[whose]
    listed = place >= 0
    place = place[listed]
    when = np.concatenate([at[planned], told.at[unplanned]])[listed]
    codes = np.concatenate([sends.seat[planned], told.seat[unplanned]])[listed]
    seat = np.asarray(found.words[codes], dtype=object).astype(str)
    # Of one instant, the last seat by name.
    order = np.lexsort((seat, when))
    order = order[seat[order] != ""]
    result = np.full(count, "", dtype=object)
    result[place[order]] = seat[order]
    return result


def _numbered(person: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """Return by person which of the sorted `person` each is; -1 for all others."""
    size = int(max(persons.max(initial=0) for persons in (person, *others))) + 1
    number: np.ndarray = np.full(size, -1, dtype=np.int32)
    number[person] = np.arange(len(person))
    return number


def _triages(connection: Connection, person: np.ndarray, asked: Asked) -> pd.DataFrame:
    """Return the last triage of each person of the list."""
    result = connection.execute(
        sa.select(TRIAGES.c.person, TRIAGES.c.cause, TRIAGES.c.step, TRIAGES.c.probability)
        .where(triages.in_force(TRIAGES, asked.view.upto))
        .order_by(TRIAGES.c.entry)
    )
    frame = pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()))
    frame = frame[frame["person"].isin(person)]
    return frame.drop_duplicates("person", keep="last")


def _known_leads(
    ids: np.ndarray,
    matched: pd.DataFrame,
    facts: _Facts,
    held: np.ndarray,
    forgotten: np.ndarray,
    asked: Asked,
) -> pd.DataFrame:
    """Return one line per lead of which anything is known, by lead id."""
    lead, person = matched["lead"].to_numpy(), matched["person"].to_numpy()
    place = np.searchsorted(facts.person, person)
    size = len(ids)

    def spread(by_person: np.ndarray, blank: int) -> np.ndarray:
        """Give each lead its person's value; the largest where it has two persons."""
        result = np.full(size, blank, dtype=np.int64)
        np.maximum.at(result, lead, by_person[place])
        return result

    contacted = spread(facts.last_touch, 0)
    replied = spread(facts.replied.astype(np.int64), 0)
    last = facts.triages
    steps = last.loc[last["step"] == str(NextStep.DROP), "person"]
    dropped = spread(np.isin(facts.person, steps).astype(np.int64), 0)
    wait = asked.parameters.recontact_after_days
    since = asked.view.as_of.toordinal() - wait
    too_soon = (contacted > 0) & ((wait == 0) | (contacted > since))
    seats, number = np.unique(facts.connected_to.astype(str), return_inverse=True)
    # Plain texts: the digest of the history is made from how they are written.
    connected_to = np.array(["", *seats.tolist()], dtype=object)[spread(number + 1, 0)]
    exclusion = np.full(size, "", dtype=object)
    # Two leads of the list that are one person: the first of them stands for both.
    first = np.full(len(facts.person), size, dtype=np.int64)
    np.minimum.at(first, place, lead)
    exclusion[lead[lead != first[place]]] = str(Exclusion.SAME_PERSON)
    exclusion[too_soon] = str(Exclusion.CONTACTED_BEFORE)
    exclusion[dropped == 1] = str(Exclusion.DROPPED)
    exclusion[replied == 1] = str(Exclusion.REPLIED_BEFORE)
    exclusion[forgotten] = str(Exclusion.DO_NOT_CONTACT)
    open_flag = spread(facts.open_flag, int(Flag.UNKNOWN))
    sure = last["probability"] >= asked.parameters.inmail_off_evidence
    off = last.loc[(last["cause"] == str(Cause.INMAIL_OFF)) & sure, "person"]
    # Whoever's fault it is, a failed InMail may have cost a credit each time.
    tried = facts.num_failed > asked.parameters.max_restarts
    refuses = np.isin(facts.person, off) | tried
    refusing = np.where(refuses, int(Flag.NO), int(Flag.UNKNOWN))
    inmail_flag = spread(refusing, int(Flag.UNKNOWN))
    known = (contacted > 0) | (exclusion != "") | (open_flag != Flag.UNKNOWN) | held
    known |= inmail_flag != Flag.UNKNOWN
    at = np.flatnonzero(known)
    return pd.DataFrame(
        {
            "lead_id": pd.Series(ids[at], dtype="str"),
            "exclusion": pd.Series(exclusion[at], dtype="str"),
            "last_contacted_on": pd.Series(_iso(contacted[at]), dtype="str"),
            "open_flag": open_flag[at].astype("int8"),
            "inmail_flag": inmail_flag[at].astype("int8"),
            "connected_to": pd.Series(connected_to[at], dtype="str"),
            "held": held[at],
        }
    )


def _iso(days: np.ndarray) -> np.ndarray:
    """Return ordinals as ISO dates; blank for 0."""
    distinct, place = np.unique(days, return_inverse=True)
    texts = [
        dt.date.fromordinal(day).isoformat() if day else "" for day in distinct.tolist()
    ]
    return np.array([*texts, ""], dtype=object)[place]


# --- companies --------------------------------------------------------------------


def _companies(
    found: Folded,
    keys: Sequence[str],
    marks: np.ndarray,
    matched: pd.DataFrame,
    asked: Asked,
) -> tuple[dict[str, str], dict[str, int]]:
    """Return the seat of each company of the list, and its people contacted lately."""
    sends, parameters = found.sends, asked.parameters
    oldest = asked.start - max(dt.timedelta(days=parameters.company_seat_days), _WINDOW)
    at = np.flatnonzero((sends.day >= oldest.toordinal()) & ~found.undone)
    company = pd.Index(marks).get_indexer(pd.Index(sends.company[at])).astype(np.int64)
    listed = company >= 0
    at, company = at[listed], company[listed]
    # Sends come by entry and person.
    by_date = np.argsort(found.date[at], kind="stable")
    at, company = at[by_date], company[by_date]
    owners: dict[str, str] = {}
    if parameters.one_seat_per_company and parameters.company_seat_days:
        owned = np.flatnonzero(sends.seat[at] != found.code(""))
        seat = np.full(len(keys), -1, dtype=np.int64)
        seat[company[owned]] = sends.seat[at[owned]]
        of = np.flatnonzero(seat >= 0)
        owners = {
            keys[number]: str(found.words[code])
            for number, code in zip(of.tolist(), seat[of].tolist(), strict=True)
        }
    start = asked.start.toordinal()
    # A send at the end of the week looks six days both ways.
    recent = found.date[at] >= start - _WINDOW.days
    recent &= found.date[at] <= start + 2 * _WINDOW.days
    recent &= ~np.isin(sends.person[at], matched["person"].to_numpy())
    pairs = np.unique((company[recent] << 32) | sends.person[at[recent]])
    number, count = np.unique(pairs >> 32, return_counts=True)
    lately = {
        keys[of]: num for of, num in zip(number.tolist(), count.tolist(), strict=True)
    }
    return owners, lately


# --- the last run -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _LastRun:
    """What the last run before this week said of the leads."""

    run_id: str
    week: str
    segments: list[dict[str, object]]
    leads: packing.PackedLeads


def _last_run(connection: Connection, view: View) -> _LastRun | None:
    # The entry alone: to sort whole runs would read a megabyte of each.
    last = (
        sa.select(RUNS.c.entry)
        .where(RUNS.c.entry < view.upto, RUNS.c.week < view.week)
        .order_by(RUNS.c.week.desc(), RUNS.c.entry.desc())
        .limit(1)
    )
    entry = connection.scalar(last)
    found = connection.execute(sa.select(RUNS).where(RUNS.c.entry == entry)).first()
    if found is None:
        return None
    document = read_document(found.document)
    return _LastRun(
        run_id=found.run_id,
        week=found.week,
        segments=document["segments"],
        leads=packing.unpack(found.leads),
    )


def _compared(
    last: _LastRun | None,
    marks: npt.NDArray[np.uint64],
    leads: pd.DataFrame,
    facts: _Facts,
    matched: pd.DataFrame,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return which leads the last run held, and its forecasts of flags known by now."""
    held = np.zeros(len(marks), dtype=bool)
    if last is None:
        return held, _scores([])
    place = packing.find(last.leads, marks)
    known = place >= 0
    held[known] = last.leads.held[place[known]]
    flag = leads["open_flag"].to_numpy().astype("int64")
    seen = facts.of(facts.open_flag, matched["person"].to_numpy())
    lead = matched["lead"].to_numpy()
    blank = flag[lead] == Flag.UNKNOWN
    np.maximum.at(flag, lead[blank], seen[blank])
    revealed = known & (flag != Flag.UNKNOWN)
    revealed[known] &= last.leads.unknown[place[known]]
    at = np.flatnonzero(revealed)
    segment = last.leads.segment[place[at]]
    rows = []
    for number in np.unique(segment):
        of = last.segments[int(number)]
        flags = flag[at[segment == number]]
        rows.append(
            (
                last.run_id, last.week, of["segment"], of["mean"], of["beta_a"],
                of["beta_b"], len(flags), int(flags.sum()),
            )
        )  # fmt: skip
    return held, _scores(rows)


#: Columns of scored forecasts: one line per run and segment.
SCORED = (
    "run_id", "week", "segment", "open_probability", "beta_a", "beta_b", "num_revealed",
    "num_open",
)  # fmt: skip


def _scores(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    kinds = ["str"] * 3 + ["float64"] * 3 + ["int64"] * 2
    frame = pd.DataFrame(rows, columns=list(SCORED))
    return frame.astype(dict(zip(SCORED, kinds, strict=True)))


def _scored_before(connection: Connection, view: View) -> pd.DataFrame:
    """Return what earlier runs scored; a voided run's scores hold all the same."""
    found = connection.scalars(
        sa.select(RUNS.c.document)
        .join(ENTRIES, ENTRIES.c.entry == RUNS.c.entry)
        .where(RUNS.c.entry < view.upto, RUNS.c.week != view.week)
        .order_by(RUNS.c.entry)
    )
    rows = [tuple(line) for text in found for line in read_document(text)["scored"]]
    # Two runs of one week compared with the same run before it: the last one counts.
    frame = _scores(rows)
    return frame.drop_duplicates(["run_id", "segment"], keep="last", ignore_index=True)
