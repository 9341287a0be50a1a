"""What the ledger knows that matters to one plan: a fold over its entries."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
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
    SeatHistory,
)
from planner.ledger import cohorts, packing, people, seatbook
from planner.ledger.store import secret_key
from planner.ledger.tables import ENTRIES, RUNS
from planner.ledger.touches import View, reached, touches
from planner.params import Parameters

#: Days before the first day planned in which people of a company were contacted lately.
_WINDOW = 6 * ONE_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a plan asks of the ledger: its view, and the first day that it plans."""

    view: View
    start: dt.date
    parameters: Parameters


def seat_histories(
    connection: Connection, view: View, parameters: Parameters
) -> dict[str, SeatHistory]:
    """Return what is known of every seat, by its id."""
    return seatbook.histories(connection, view, parameters)


def read(
    connection: Connection,
    table: LeadTable,
    seats: Mapping[str, SeatHistory],
    asked: Asked,
) -> History:
    """Return what the ledger knows of the leads of a table and of their companies.

    Parameters
    ----------
    seats : mapping of str to SeatHistory
        From `seat_histories`, at the same view.
    """
    key = secret_key(connection)
    matched = people.match(connection, table.identities)
    facts = _facts(connection, matched, asked)
    ids = table.leads["lead_id"].to_numpy(dtype=object)
    last = _last_run(connection, asked.view)
    held, scored = _compared(last, key, ids, table.leads, facts, matched)
    leads = _known_leads(
        ids, matched, facts, held,
        people.forgotten(connection, key, table.identities), asked,
    )  # fmt: skip
    owners, lately = _companies(connection, table.leads, matched, asked)
    observed = cohorts.observed_until(connection, asked.view)
    sent, responses = cohorts.read(connection, asked.view, observed)
    parts: list[Iterable[object]] = [
        leads.itertuples(index=False, name=None),
        sorted(owners.items()),
        sorted(lately.items()),
        sent.itertuples(index=False, name=None),
        responses.itertuples(index=False, name=None),
    ]
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
        digest=_digest(parts),
    )


def _digest(parts: Iterable[Iterable[object]]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for item in part:
            digest.update(repr(item).encode())
        digest.update(b"|")
    return digest.hexdigest()


# --- leads ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facts:
    """What is known of persons: touches, outcomes and triages, one line each."""

    touches: pd.DataFrame
    outcomes: pd.DataFrame
    triages: pd.DataFrame


def _facts(connection: Connection, matched: pd.DataFrame, asked: Asked) -> _Facts:
    rows = [(int(person),) for person in pd.unique(matched["person"])]
    people.load(connection, "matched", "person INTEGER PRIMARY KEY", rows)
    join = "JOIN matched m ON m.person = a.person"
    upto = int(asked.view.upto)
    outcomes = connection.exec_driver_sql(
        "SELECT o.entry, o.line, o.person, o.kind, o.happened_on, o.open_flag, "
        "o.assignment FROM outcomes o JOIN matched m ON m.person = o.person "
        f"WHERE o.entry < {upto} ORDER BY o.entry, o.line"
    )
    triages = connection.exec_driver_sql(
        "SELECT t.entry, t.person, t.cause, t.step, t.probability FROM triages t "
        f"JOIN matched m ON m.person = t.person WHERE t.entry < {upto} ORDER BY t.entry"
    )
    return _Facts(
        touches=touches(connection, asked.view, join=join),
        outcomes=pd.DataFrame(
            [tuple(row) for row in outcomes], columns=list(outcomes.keys())
        ),
        triages=pd.DataFrame([tuple(row) for row in triages], columns=list(triages.keys())),
    )


def _known_leads(
    ids: np.ndarray,
    matched: pd.DataFrame,
    facts: _Facts,
    held: np.ndarray,
    forgotten: np.ndarray,
    asked: Asked,
) -> pd.DataFrame:
    """Return one line per lead of which anything is known, by lead id."""
    lead = matched["lead"].to_numpy()
    person = matched["person"]
    size = len(ids)

    def spread(by_person: Mapping[int, object], blank: object) -> np.ndarray:
        """Give each lead its person's value; the largest where it has two persons."""
        values = person.map(by_person)
        known = values.notna().to_numpy()
        result = np.full(size, blank, dtype=object)
        for at, value in zip(lead[known], values[known], strict=True):
            result[at] = value if result[at] == blank else max(result[at], value)
        return result

    last = _last_touch(facts)
    contacted = spread(last, "")
    replied = spread(dict.fromkeys(_persons(facts.outcomes, OutcomeKind.REPLIED), 1), 0)
    dropped = spread(dict.fromkeys(_dropped(facts.triages), 1), 0)
    wait = asked.parameters.recontact_after_days
    since = (asked.view.as_of - dt.timedelta(days=wait)).isoformat()
    too_soon = (contacted != "") & ((wait == 0) | (contacted > since))
    exclusion = np.full(size, "", dtype=object)
    exclusion[too_soon] = str(Exclusion.CONTACTED_BEFORE)
    exclusion[dropped == 1] = str(Exclusion.DROPPED)
    exclusion[replied == 1] = str(Exclusion.REPLIED_BEFORE)
    exclusion[forgotten] = str(Exclusion.DO_NOT_CONTACT)
    open_flag = spread(_flags_seen(facts.outcomes), int(Flag.UNKNOWN))
    inmail_flag = spread(
        _refusing(facts.triages, asked.parameters), int(Flag.UNKNOWN)
    )
    known = (contacted != "") | (exclusion != "") | (open_flag != Flag.UNKNOWN) | held
    known |= inmail_flag != Flag.UNKNOWN
    at = np.flatnonzero(known)
    return pd.DataFrame(
        {
            "lead_id": pd.Series(ids[at], dtype="str"),
            "exclusion": pd.Series(exclusion[at], dtype="str"),
            "last_contacted_on": pd.Series(contacted[at], dtype="str"),
            "open_flag": open_flag[at].astype("int8"),
            "inmail_flag": inmail_flag[at].astype("int8"),
            "held": held[at],
        }
    )


def _last_touch(facts: _Facts) -> dict[int, str]:
    """Return the date of the last touch of each person, planned or recorded."""
    planned = reached(facts.touches)[["person", "date"]]
    proofs = [OutcomeKind.SENT, OutcomeKind.REPLIED, OutcomeKind.ACCEPTED]
    proven = facts.outcomes["kind"].isin([str(kind) for kind in proofs])
    unplanned = facts.outcomes[proven & (facts.outcomes["assignment"] == 0)]
    recorded = pd.DataFrame(
        {"person": unplanned["person"], "date": unplanned["happened_on"].str[:10]}
    )
    every = pd.concat([planned, recorded], ignore_index=True)
    last = every.groupby("person")["date"].max().reset_index()
    return dict(zip(last["person"].tolist(), last["date"].tolist(), strict=True))


def _persons(outcomes: pd.DataFrame, kind: OutcomeKind) -> list[int]:
    return [int(p) for p in outcomes.loc[outcomes["kind"] == str(kind), "person"].unique()]


def _dropped(triages: pd.DataFrame) -> list[int]:
    last = triages.drop_duplicates("person", keep="last")
    return [int(p) for p in last.loc[last["step"] == str(NextStep.DROP), "person"]]


def _refusing(triages: pd.DataFrame, parameters: Parameters) -> dict[int, int]:
    """Return the persons whose InMail surely failed because they take none."""
    last = triages.drop_duplicates("person", keep="last")
    sure = last["probability"] >= parameters.inmail_off_evidence
    found = last.loc[(last["cause"] == str(Cause.INMAIL_OFF)) & sure, "person"]
    return {int(person): int(Flag.NO) for person in found}


def _flags_seen(outcomes: pd.DataFrame) -> dict[int, int]:
    """Return the open flag of each person, as last seen."""
    seen = outcomes[outcomes["open_flag"] != Flag.UNKNOWN]
    last = seen.sort_values(["happened_on", "entry", "line"]).drop_duplicates(
        "person", keep="last"
    )
    return {int(p): int(f) for p, f in zip(last["person"], last["open_flag"], strict=True)}


# --- companies --------------------------------------------------------------------


def _companies(
    connection: Connection, leads: pd.DataFrame, matched: pd.DataFrame, asked: Asked
) -> tuple[dict[str, str], dict[str, int]]:
    """Return the seat of each company of the list, and its people contacted lately."""
    keys = [(str(key),) for key in pd.unique(leads["company_key"]) if key != ""]
    people.load(connection, "companies", "company_key TEXT PRIMARY KEY", keys)
    join = "JOIN companies c ON c.company_key = a.company_key"
    parameters = asked.parameters
    oldest = asked.start - max(dt.timedelta(days=parameters.company_seat_days), _WINDOW)
    found = reached(
        touches(
            connection, asked.view, join=join,
            where=f"AND a.send_on >= '{oldest.isoformat()}'",
        )
    )  # fmt: skip
    ordered = found.sort_values(["date", "entry", "person"])
    last = ordered[ordered["seat_id"] != ""].drop_duplicates("company_key", keep="last")
    owners = dict(zip(last["company_key"], last["seat_id"], strict=True))
    if not parameters.one_seat_per_company or not parameters.company_seat_days:
        owners = {}
    first, start = (asked.start - _WINDOW).isoformat(), asked.start.isoformat()
    recent = ordered[(ordered["date"] >= first) & (ordered["date"] <= start)]
    others = recent[~recent["person"].isin(matched["person"])]
    counts = others.drop_duplicates(["company_key", "person"])["company_key"].value_counts()
    return owners, {str(key): int(count) for key, count in counts.items()}


# --- the last run -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _LastRun:
    """What the last run before this week said of the leads."""

    run_id: str
    week: str
    segments: list[dict[str, object]]
    leads: packing.PackedLeads


def _last_run(connection: Connection, view: View) -> _LastRun | None:
    found = connection.execute(
        sa.select(RUNS)
        .where(RUNS.c.entry < view.upto, RUNS.c.week < view.week)
        .order_by(RUNS.c.week.desc(), RUNS.c.entry.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    document = json.loads(found.document)
    return _LastRun(
        run_id=found.run_id,
        week=found.week,
        segments=document["segments"],
        leads=packing.unpack(found.leads),
    )


def _compared(
    last: _LastRun | None,
    key: bytes,
    ids: np.ndarray,
    leads: pd.DataFrame,
    facts: _Facts,
    matched: pd.DataFrame,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return which leads the last run held, and its forecasts of flags known by now."""
    held = np.zeros(len(ids), dtype=bool)
    if last is None:
        return held, _scores([])
    place = packing.find(last.leads, packing.marks(key, ids))
    known = place >= 0
    held[known] = last.leads.held[place[known]]
    flag = leads["open_flag"].to_numpy().astype("int64")
    seen = matched["person"].map(_flags_seen(facts.outcomes)).fillna(Flag.UNKNOWN)
    blank = flag[matched["lead"].to_numpy()] == Flag.UNKNOWN
    flag[matched["lead"].to_numpy()[blank]] = seen.to_numpy()[blank].astype("int64")
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
    rows = [tuple(line) for text in found for line in json.loads(text)["scored"]]
    # Two runs of one week compared with the same run before it: the last one counts.
    frame = _scores(rows)
    return frame.drop_duplicates(["run_id", "segment"], keep="last", ignore_index=True)
