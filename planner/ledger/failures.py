"""Failed InMails with all that the ledger knows around them, for triage; and its update."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.dates import ONE_DAY, ONE_WEEK, VELOCITY_WEEKS, monday
from planner.domain import Flag, NextStep, OutcomeKind, Route, Seat, SeatHistory
from planner.errors import Issue, Severity
from planner.intake import identity
from planner.ledger import outcomes as book
from planner.ledger import people, runs, seatbook
from planner.ledger.balance import credit_terms, fold
from planner.ledger.store import append, append_entry
from planner.ledger.tables import (
    ASSIGNMENTS,
    BALANCES,
    ENTRIES,
    SEAT_HOLDS,
    TRIAGES,
)
from planner.ledger.touches import View, reached, touches
from planner.params import Parameters
from planner.schemas import names
from planner.triage.records import FAILURES, Balance, SeatRecord, SentInMail, Triage

_INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
#: Days behind the first failure from which sends tell the pace of a seat.
_PACE_DAYS = 70
_SENT_STEPS = tuple(
    str(step) for step in (NextStep.RESTART, NextStep.CONNECTION_REQUEST, NextStep.MESSAGE)
)
_COPIED = (
    "linkedin_url", "sales_navigator_id", "getsales_uuid", "email", "first_name",
    "last_name", "title", "company", "source_file", "source_row", "premium_flag",
    "inmail_flag", "degree", "error_text",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Failed:
    """Failed InMails as triage takes them, and whom and what each of them is about.

    ``failures`` follow `planner.triage.records.FAILURES`; ``person``, ``assignment`` and
    ``outcome`` (a line of what was read) go with its rows.
    """

    failures: pd.DataFrame
    person: np.ndarray
    assignment: np.ndarray
    outcome: np.ndarray
    issues: tuple[Issue, ...]


def digest(told: pd.DataFrame, seats: Sequence[Seat], parameters: Parameters) -> str:
    """Return what two triages of the same failures and seats share."""
    keys = ["happened_on", "seat", "error_text", *book.SPACES]
    failed = told.loc[told["kind"] == str(OutcomeKind.FAILED), keys]
    lines = sorted(failed.astype(str).itertuples(index=False, name=None))
    text = repr((lines, sorted(map(repr, seats)), sorted(parameters.as_dict().items())))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def standing(connection: Connection, key: str, as_of: dt.date) -> int | None:
    """Return the entry of an applied triage of the same failures; None if there is none."""
    found = connection.scalar(
        sa.select(sa.func.max(ENTRIES.c.entry)).where(
            ENTRIES.c.kind == "triage", ENTRIES.c.digest == key,
            ENTRIES.c.as_of == as_of.isoformat(),
        )
    )  # fmt: skip
    return None if found is None else int(found)


# --- failures ---------------------------------------------------------------------


def read(
    connection: Connection, told: pd.DataFrame, seat_names: Mapping[str, str], view: View
) -> Failed:
    """Return the failed InMails among outcomes, with what is known of their leads.

    Failures of other routes, and those that an earlier triage has dealt with, are left
    out and reported.
    """
    failed = told[told["kind"] == str(OutcomeKind.FAILED)].reset_index()
    seat = book.seat_ids(failed, seat_names)
    lines = book.matched(connection, failed, seat, view)
    of_inmail = lines["route"].isin([*_INMAILS, "inmail", ""]).to_numpy()
    done = _dealt_with(connection, lines, view)
    issues = [
        *_left_out(failed[~of_inmail], "not-an-inmail", (
            "this failure is not of an InMail: triage leaves it out"
        )),
        *_left_out(failed[of_inmail & done], "triaged-before", (
            "an earlier triage has dealt with this failure: it is left as it is"
        )),
    ]  # fmt: skip
    kept = np.flatnonzero(of_inmail & ~done)
    failed, lines = failed.iloc[kept].reset_index(drop=True), lines.iloc[kept]
    lines = lines.reset_index(drop=True)
    planned = _planned(connection, lines)
    facts = _facts(connection, lines, view)
    failures = pd.DataFrame({name: failed[name] for name in _COPIED})
    failures["lead_id"] = _lead_ids(failed)
    failures["seat_id"] = lines["seat_id"].to_numpy()
    stated = failed["happened_on"].to_numpy(dtype=object)
    failures["failed_on"] = np.where(stated != "", stated, planned["send_on"])
    inmail = lines["route"].where(lines["route"].isin(_INMAILS), str(Route.PAID_INMAIL))
    failures["route"] = inmail.to_numpy()
    flag = failed["open_flag"].to_numpy()
    failures["open_flag"] = np.where(flag != Flag.UNKNOWN, flag, planned["open_flag"])
    for name in ("send_on", "credit_probability", "priority", "owner", "company_key"):
        failures[name] = planned[name].to_numpy()
    failures["group"] = planned["group_name"].to_numpy()
    failures["degree_seat"] = lines["seat_id"].to_numpy()
    failures = failures.join(facts)
    return Failed(
        failures=_typed(failures),
        person=lines["person"].to_numpy(),
        assignment=lines["assignment"].to_numpy(),
        outcome=failed["index"].to_numpy(),
        issues=tuple(issues),
    )


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {"text": "str", "number": "float64", "integer": "int64", "flag": "int8"}
    typed = {column.name: kinds[column.kind] for column in FAILURES}
    return frame[names(FAILURES)].astype(typed)


def _left_out(rows: pd.DataFrame, code: str, message: str) -> list[Issue]:
    return [
        Issue(code=code, message=message, severity=Severity.NOTE, file=str(f), row=int(r))
        for f, r in zip(rows["source_file"], rows["source_row"], strict=True)
    ]


def _dealt_with(connection: Connection, lines: pd.DataFrame, view: View) -> np.ndarray:
    found = connection.execute(
        sa.select(TRIAGES.c.person, TRIAGES.c.assignment, TRIAGES.c.failed_on).where(
            TRIAGES.c.entry < view.upto
        )
    )
    # A failure that nobody had planned is known by its day.
    known = {(p, a) if a else (p, str(on)[:10]) for p, a, on in found}
    return np.array(
        [
            ((p, a) if a else (p, str(on)[:10])) in known
            for p, a, on in zip(
                lines["person"], lines["assignment"], lines["happened_on"], strict=True
            )
        ],
        dtype=bool,
    )


def _planned(connection: Connection, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the assignment of each line; blanks where there is none."""
    keys = [
        (int(p), int(a))
        for p, a in zip(lines["person"], lines["assignment"], strict=True)
        if a
    ]
    people.load(connection, "failing", "person INTEGER, entry INTEGER", keys)
    found = connection.exec_driver_sql(
        "SELECT a.* FROM failing f JOIN assignments a "
        "ON a.person = f.person AND a.entry = f.entry"
    )
    by_key = {(row.person, row.entry): row for row in found}
    blank = {
        "send_on": "", "open_flag": int(Flag.UNKNOWN), "credit_probability": np.nan,
        "priority": np.nan, "owner": "", "group_name": "", "company_key": "",
    }  # fmt: skip
    rows = []
    for p, a in zip(lines["person"], lines["assignment"], strict=True):
        row = by_key.get((int(p), int(a)))
        rows.append(blank if row is None else {name: getattr(row, name) for name in blank})
    return pd.DataFrame(rows, columns=list(blank))


def _facts(connection: Connection, lines: pd.DataFrame, view: View) -> pd.DataFrame:
    """Return what else happened to the lead of each line."""
    every = touches(connection, view, join="JOIN matched m ON m.person = a.person")
    restarts = connection.exec_driver_sql(
        "SELECT t.person, COUNT(*) FROM triages t JOIN matched m ON m.person = t.person "
        f"WHERE t.entry < {int(view.upto)} AND t.step = 'restart' GROUP BY t.person"
    )
    num_restarts = {int(person): int(count) for person, count in restarts}
    by_person = {int(str(p)): own for p, own in every.groupby("person")}
    rows = []
    for person, assignment, seat_id in zip(
        lines["person"], lines["assignment"], lines["seat_id"], strict=True
    ):
        own = by_person.get(int(person), every.iloc[:0])
        went = own[own["route"].isin(_INMAILS) & own["happened"]]
        went = went[went["entry"] != assignment].sort_values("date").tail(1)
        accepted = own[own["accepted"] != ""].tail(1)
        rows.append(
            {
                "inmail_on": _first(went["date"]), "inmail_seat": _first(went["seat_id"]),
                "accepted_by": _first(accepted["seat_id"]),
                "replied_on": str(own["replied"].max()) if len(own) else "",
                "num_restarts": num_restarts.get(int(person), 0),
                "company_seat": seat_id,
            }
        )  # fmt: skip
    columns = [
        "inmail_on", "inmail_seat", "accepted_by", "replied_on", "num_restarts",
        "company_seat",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _first(values: pd.Series) -> str:
    return str(values.iloc[0]) if len(values) else ""


def _lead_ids(failed: pd.DataFrame) -> list[str]:
    """Return the lead id of each line: the file's own, else that of its best key."""
    kinds = {
        "slug": "slug", "member": "member_id", "hash": "sales_navigator_id",
        "uuid": "getsales_uuid", "email": "email",
    }  # fmt: skip
    ids = []
    for line in failed.to_dict("records"):
        known = [
            identity.lead_id(kind, str(line[kinds[kind]]))
            for kind in identity.LEAD_ID_ORDER
            if line[kinds[kind]]
        ]
        if not known and line["profile_id"]:
            known = [identity.lead_id("hash", str(line["profile_id"]))]
        ids.append(str(line["lead_id"]) or (known[0] if known else ""))
    return ids


# --- seats ------------------------------------------------------------------------


def seat_records(
    connection: Connection,
    seats: Sequence[Seat],
    histories: Mapping[str, SeatHistory],
    failed: Failed,
    view: View,
    parameters: Parameters,
) -> dict[str, SeatRecord]:
    """Return every seat with what happened on it and what it has room for.

    A planned InMail without an outcome counts as sent: had it failed, it would be among
    the failures.
    """
    days = sorted({str(on)[:10] for on in failed.failures["failed_on"] if on})
    first = dt.date.fromisoformat(days[0]) if days else view.as_of
    since = (min(first, view.as_of) - dt.timedelta(days=_PACE_DAYS)).isoformat()
    frame = reached(touches(connection, view, where=f"AND a.send_on >= '{since}'"))
    inmails = frame[frame["route"].isin(_INMAILS)]
    past = inmails[(inmails["date"] < view.as_of.isoformat()) | inmails["happened"]]
    use = past["credit_probability"].where(past["credit_used"] < 0, past["credit_used"])
    sent: dict[str, list[SentInMail]] = {}
    when = past["sent"].where(past["sent"] != "", past["date"])
    for seat_id, on, probability in zip(past["seat_id"], when, use, strict=True):
        sent.setdefault(str(seat_id), []).append(
            SentInMail(happened_on=str(on), credit_probability=float(probability))
        )
    ahead = runs.planned_inmails(connection, view.as_of)
    requests = _requests_ahead(connection, view)
    return {
        seat.seat_id: _seat_record(
            seat, histories.get(seat.seat_id, SeatHistory(seat_id=seat.seat_id)),
            tuple(sent.get(seat.seat_id, ())), ahead.get(seat.seat_id, []),
            requests.get(seat.seat_id, 0), days, view.as_of, parameters,
        )
        for seat in seats
    }  # fmt: skip


def _requests_ahead(connection: Connection, view: View) -> dict[str, int]:
    """Return the connection requests planned in the 7 days to come, by seat."""
    last = (view.as_of + ONE_WEEK).isoformat()
    frame = reached(
        touches(
            connection, view,
            where=f"AND a.send_on >= '{view.as_of.isoformat()}' AND a.send_on < '{last}'",
        )
    )  # fmt: skip
    frame = frame[frame["route"] == str(Route.CONNECTION_REQUEST)]
    return {str(s): int(n) for s, n in frame["seat_id"].value_counts().items()}


def _seat_record(  # noqa: PLR0913, PLR0917 - the seat and its whole surroundings
    seat: Seat,
    history: SeatHistory,
    sent: tuple[SentInMail, ...],
    ahead: Sequence[tuple[dt.date, float]],
    requests_ahead: int,
    days: Sequence[str],
    as_of: dt.date,
    parameters: Parameters,
) -> SeatRecord:
    terms = credit_terms(seat, parameters)
    balances = [
        Balance(
            happened_on=event.happened_on, expected=event.credits, low=event.credits,
            high=event.credits, is_seen=True,
        )
        for event in history.events
        if event.kind == "seen"
    ]  # fmt: skip
    for day in days:
        found = fold(
            history.events, terms, dt.date.fromisoformat(day), alpha=parameters.alpha
        )
        if found is not None:
            balances.append(
                Balance(
                    happened_on=day, expected=found.expected, low=float(found.at_least),
                    high=float(found.at_most), is_seen=False,
                )
            )  # fmt: skip
    now = fold(history.events, terms, as_of, alpha=parameters.alpha)
    credits = 0 if now is None else now.at_least
    before = [use for day, use in ahead if now is not None and day < now.next_reset]
    spare = max(0, credits - seat.reserve - math.ceil(sum(before)))
    after = min(credits + seat.monthly_grant, seat.credit_cap) - seat.reserve
    working = not any(first <= as_of <= last for first, last in seat.away)
    return SeatRecord(
        seat=seat,
        sent=sent,
        balances=tuple(balances),
        spare_credits=spare if working else 0,
        spare_inmails=_inmail_room(seat, history, ahead, as_of, parameters),
        spare_requests=_request_room(seat, history, requests_ahead, as_of, parameters),
        spare_after_reset=max(0, after - math.ceil(sum(use for _, use in ahead))),
    )


def _inmail_room(
    seat: Seat,
    history: SeatHistory,
    ahead: Sequence[tuple[dt.date, float]],
    as_of: dt.date,
    parameters: Parameters,
) -> int:
    """Return the InMails that days and velocity leave this week beside what is planned."""
    end = monday(as_of) + ONE_WEEK
    days = [as_of + k * ONE_DAY for k in range((end - as_of).days)]
    open_days = [
        day for day in days if not any(first <= day <= last for first, last in seat.away)
    ]
    most = sum(
        int(seat.max_inmails_per_day * seat.day_shares[day.weekday()] + 1e-9)
        for day in open_days
    )
    planned = sum(day < end for day, _ in ahead)
    first = as_of - dt.timedelta(weeks=VELOCITY_WEEKS)
    past = [day for day in history.days if day.date >= first]
    counts = sum(day.open_inmails + day.paid_inmails for day in past)
    this_week = sum(
        day.open_inmails + day.paid_inmails for day in past if day.date >= monday(as_of)
    )
    if seat.inmails_last_28_days is not None:
        counts = max(counts, seat.inmails_last_28_days)
    pace = parameters.velocity_growth * counts / VELOCITY_WEEKS + parameters.velocity_floor
    return max(0, min(most - planned, int(pace) - this_week - planned))


def _request_room(
    seat: Seat,
    history: SeatHistory,
    requests_ahead: int,
    as_of: dt.date,
    parameters: Parameters,
) -> int:
    """Return the connection requests that the limits leave beside what is planned."""
    if any(first <= as_of <= last for first, last in seat.away):
        return 0
    first = as_of - 6 * ONE_DAY
    recent = sum(day.connection_requests for day in history.days if day.date >= first)
    recent = max(recent, seat.connection_requests_last_7_days)
    pending = max(history.pending_connection_requests, seat.pending_connection_requests)
    return max(
        0,
        min(
            seat.max_connection_requests_per_week - recent - requests_ahead,
            parameters.max_pending_connection_requests - pending - requests_ahead,
        ),
    )


# --- the ledger's own update ------------------------------------------------------


def apply(
    connection: Connection,
    told: pd.DataFrame,
    failed: Failed,
    triage: Triage,
    *,
    as_of: dt.date,
    key: str,
) -> int:
    """Append what triage decided: causes, restarts, seats on hold, balances to assume."""
    entry = append_entry(connection, "triage", as_of=as_of, digest=key)
    person = _registered(connection, entry, told, failed)
    findings = triage.findings
    rows = pd.DataFrame({"person": person, "assignment": failed.assignment})
    rows["latest"] = findings["is_latest"].to_numpy()
    rows["at"] = np.arange(len(rows))
    # A person is judged once, by the last failure.
    chosen = rows.sort_values(["latest", "at"]).drop_duplicates("person", keep="last")
    lines, planned = [], []
    for at, who, was in zip(
        chosen["at"], chosen["person"], chosen["assignment"], strict=True
    ):
        found = {str(k): v for k, v in findings.iloc[int(at)].to_dict().items()}
        lines.append(
            {
                "entry": entry, "person": int(who), "seat_id": str(found["seat_id"]),
                "failed_on": str(found["failed_on"]), "cause": str(found["cause"]),
                "probability": float(found["cause_probability"]),
                "step": str(found["next_step"]), "assignment": int(was),
            }
        )  # fmt: skip
        if found["next_step"] in _SENT_STEPS:
            planned.append(_assignment(connection, entry, int(who), int(was), found))
    append(connection, TRIAGES, lines)
    append(connection, ASSIGNMENTS, planned)
    _append_verdicts(connection, entry, triage, as_of)
    return entry


def _registered(
    connection: Connection, entry: int, told: pd.DataFrame, failed: Failed
) -> np.ndarray:
    """Return the person of each failure; those whom no run planned are made known."""
    person = failed.person.copy()
    strangers = np.flatnonzero(person < 0)
    if len(strangers):
        keys = book.identities_of(told.reset_index(drop=True))
        own = people.only(keys, failed.outcome[strangers])
        group = people.same_person(own, len(strangers))
        made = people.register(
            connection, entry, people.grouped(own, group), int(group.max()) + 1
        )
        person[strangers] = made[group]
    return person


def _assignment(
    connection: Connection, entry: int, person: int, was: int, found: Mapping[str, Any]
) -> dict[str, object]:
    """Return the planned send of a lead that goes on: its old one, on the new path."""
    before = connection.execute(
        sa.select(ASSIGNMENTS).where(
            ASSIGNMENTS.c.entry == was, ASSIGNMENTS.c.person == person
        )
    ).first()
    route = str(found["next_route"])
    known = found["credit_probability"]
    uses = route in _INMAILS
    return {
        "entry": entry,
        "person": person,
        "seat_id": str(found["next_seat"]),
        "route": route,
        "send_on": str(found["next_on"]),
        "company_key": str(found["company_key"]),
        "segment": "" if before is None else before.segment,
        "open_flag": int(found["open_flag"]),
        "open_probability": 0.0 if before is None else before.open_probability,
        "credit_probability": (1.0 if pd.isna(known) else float(known)) if uses else 0.0,
        "expected_replies": 0.0 if before is None else before.expected_replies,
        "owner": str(found["owner"]),
        "group_name": str(found["group"]),
        "priority": None if pd.isna(found["priority"]) else float(found["priority"]),
    }


def _append_verdicts(
    connection: Connection, entry: int, triage: Triage, as_of: dt.date
) -> None:
    append(
        connection, SEAT_HOLDS,
        [
            {
                "entry": entry, "seat_id": one.seat_id, "from_date": as_of.isoformat(),
                "until_date": one.held_until, "pace_factor": one.pace_factor,
            }
            for one in triage.verdicts
            if one.held_until
        ],
    )  # fmt: skip
    append(
        connection, BALANCES,
        [
            {
                "entry": entry, "seat_id": one.seat_id, "happened_on": as_of.isoformat(),
                "credits": one.assumed_credits, "source": seatbook.ASSUMED,
            }
            for one in triage.verdicts
            if one.assumed_credits is not None
        ],
    )  # fmt: skip
