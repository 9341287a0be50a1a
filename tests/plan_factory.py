"""A small plan made by hand for the tests of the files out; all names are invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from planner import schemas
from planner.domain import (
    ColumnMapping,
    InputFile,
    Interval,
    OpenShare,
    Plan,
    Route,
    Seat,
    SegmentShare,
)
from planner.errors import Issue, Severity
from planner.params import Parameters

MONDAY = dt.date(2026, 11, 23)
RESET = "2026-12-01"
_GIVEN = ("Alba", "Bertil", "Chiaka", "Dunja", "Emrys", "Fenna", "Zoë", "Hadiya", "Ilmar")
_FAMILY = ("Ashgrove", "Brinkhollow", "Castelmor", "Dunwick", "Østervang", "Farrowby")
_COMPANY = ("Quillbrook Labs", "Tarn & Fell, Inc.", "Nordlume AG", "Pebblewick", "Ossia")
_TITLE = ("Head of Growth", "VP Sales, EMEA", "Chief Revenue Officer", "Founder")
_SEGMENT = ("premium / saas", "premium / other", "no premium / saas", "unknown")
_SENDER = ("Nora Lindqvale", "Piet Vosmaar", "Sanna Korpiluoto", "Tomé Arrabal")
_SHARES = {
    Route.OPEN_INMAIL: 0.28,
    Route.PAID_INMAIL: 0.12,
    Route.CONNECTION_REQUEST: 0.25,
    Route.MESSAGE: 0.03,
    Route.HOLD: 0.26,
    Route.EXCLUDED: 0.06,
}
_REASON = {
    Route.OPEN_INMAIL: "profile is open: a free InMail, no credit used",
    Route.PAID_INMAIL: "worth a credit: priority is high and the seat keeps its reserve",
    Route.CONNECTION_REQUEST: "probably not open and below the price of a credit; a "
    "request costs none and the seat has room in its week",
    Route.MESSAGE: "already connected: a message is free",
    Route.HOLD: "credits are worth more on other leads this week; expected after the reset",
    Route.EXCLUDED: "contacted before by another seat",
}
_RULE = {
    Route.HOLD: ("credits", "pace", "company_limit"),
    Route.EXCLUDED: ("do_not_contact",),
}


def make_plan(  # noqa: PLR0913 -- the tests' one switchboard
    num_leads: int = 400,
    num_seats: int = 8,
    *,
    seed: int = 7,
    cells: Mapping[str, Mapping[int, object]] | None = None,
    issues: Sequence[Issue] | None = None,
    parameters: Mapping[str, object] | None = None,
    seat_ids: Sequence[str] = (),
    run_id: str = "3f9c1a7be02d4455aa10",
) -> Plan:
    """Return a plan whose tables agree with each other.

    Parameters
    ----------
    num_leads, num_seats : int
        Size of the list and of the inventory.
    seed : int
        Seed of the draws; equal arguments give equal plans.
    cells : mapping, optional
        Column of the assignments to {row: value}, put in last: hostile names and such.
    issues : sequence of Issue, optional
        Findings of the run; two by default.
    parameters : mapping, optional
        Parameters that differ from their defaults.
    seat_ids : sequence of str
        Ids of the first seats, where a test needs odd ones.
    run_id : str
        Key of the run.
    """
    rng = np.random.default_rng(seed)
    values = Parameters().override(dict(parameters or {}))
    seats = _seats(num_seats, seat_ids, values)
    assignments = _assignments(num_leads, seats, rng)
    for column, by_row in (cells or {}).items():
        for row, value in by_row.items():
            assignments.loc[row, column] = cast(Any, value)
    days = _days(assignments, seats)
    return Plan(
        run_id=run_id,
        version="0.1.0",
        as_of=MONDAY,
        week="2026-W48",
        week_start=MONDAY,
        week_end=MONDAY + dt.timedelta(days=6),
        horizon_end=MONDAY + dt.timedelta(days=27),
        parameters=values,
        seats=seats,
        assignments=assignments,
        rows=_rows(assignments),
        seat_weeks=_seat_weeks(assignments, days, seats, rng),
        days=days,
        limits=_limits(seats),
        outlook=_outlook(seats),
        runway=_runway(seats),
        open_share=_open_share(num_leads),
        issues=tuple(_default_issues() if issues is None else issues),
        mappings=(
            ColumnMapping(
                file="leads.csv",
                columns={"linkedin_url": ("Profile URL", "Link"), "company": ("Company",)},
                origin={"linkedin_url": "header", "company": "header"},
            ),
        ),
        files=(
            InputFile(file="leads.csv", kind="leads", sha256="ab" * 32, num_rows=num_leads),
            InputFile(
                file="seats.xlsx", kind="seats", sha256="cd" * 32, num_rows=num_seats
            ),
        ),
        totals={"objective": 41.5, "gap": 0.0004, "num_leads": num_leads},
        solver={"solver": "CBC 2.10.3", "status": "optimal", "seconds": 0.8},
    )


def _seats(number: int, seat_ids: Sequence[str], values: Parameters) -> tuple[Seat, ...]:
    ids = [*seat_ids, *(f"seat-{k + 1:02d}" for k in range(len(seat_ids), number))]
    return tuple(
        Seat(
            seat_id=seat_id,
            sender=f"{_SENDER[k % len(_SENDER)]} {k // len(_SENDER) + 1}",
            sender_profile_uuid="",
            credits=18 + 11 * k % 90,
            credits_as_of=MONDAY,
            reset_rule="month",
            monthly_grant=values.monthly_grant,
            credit_cap=values.credit_cap,
            reserve=values.reserve,
            inmails_last_28_days=60,
            max_inmails_per_day=values.max_inmails_per_day,
            max_open_inmails_per_day=values.max_open_inmails_per_day,
            max_paid_inmails_per_day=values.max_paid_inmails_per_day,
            max_open_inmails_per_month=values.max_open_inmails_per_month,
            max_connection_requests_per_day=values.max_connection_requests_per_day,
            max_connection_requests_per_week=values.max_connection_requests_per_week,
            connection_requests_last_7_days=12,
            pending_connection_requests=140,
            day_shares=(1.0, 1.0, 1.0, 1.0, 0.7, 0.0, 0.0),
            time_zone="UTC",
            away=(),
            groups=(),
            inmail_reply_rate=None,
            acceptance_rate=None,
        )
        for k, seat_id in enumerate(ids)
    )


def _pick(words: Sequence[str], draws: np.ndarray) -> np.ndarray:
    picked: np.ndarray = np.array(words, dtype=object)[draws % len(words)]
    return picked


def _assignments(
    number: int, seats: Sequence[Seat], rng: np.random.Generator
) -> pd.DataFrame:
    draws = rng.integers(0, 1 << 30, number)
    routes = list(_SHARES)
    route = rng.choice(len(routes), size=number, p=list(_SHARES.values()))
    sent = route < 4
    seat = np.where(route == 3, -1, draws % max(len(seats), 1))
    days = [(MONDAY + dt.timedelta(days=k)).isoformat() for k in range(5)]
    flag = np.where(route == 0, 0, np.where(route == 1, 1 + draws % 2, 2))
    credit = np.where(
        flag == 0, 0.03, np.where(flag == 1, 1.0, np.round(0.7 + draws % 9 / 50, 4))
    )
    rules = [_RULE.get(name, ("",)) for name in routes]
    serial = np.arange(number)
    slugs = [f"lead-{k:07d}-x{d % 997}" for k, d in enumerate(draws.tolist())]
    frame = pd.DataFrame(
        {
            "lead_id": [f"{k:016x}" for k in serial.tolist()],
            "linkedin_url": [f"https://www.linkedin.com/in/{slug}" for slug in slugs],
            "first_name": _pick(_GIVEN, draws),
            "last_name": _pick(_FAMILY, draws // 11),
            "company": _pick(_COMPANY, draws // 37),
            "route": _pick([str(name) for name in routes], route),
            "seat_id": _named([s.seat_id for s in seats], np.where(sent, seat, -1)),
            "sender": _named([s.sender for s in seats], np.where(sent, seat, -1)),
            "send_on": _named(days, np.where(sent, draws // 5 % 5, -1)),
            "open_flag": _pick(("yes", "no", "unknown"), flag),
            "open_probability": np.where(
                flag == 0, 1.0, np.where(flag == 1, 0.0, 1 - credit)
            ),
            "credit_probability": np.where(route < 2, credit, 0.0),
            "expected_replies": np.where(sent, np.round(0.045 + draws % 100 / 900, 4), 0.0),
            "priority": 50.0 + draws % 6 * 10 - 20,
            "segment": _pick(_SEGMENT, draws // 3),
            "reason": _pick([_REASON[name] for name in routes], route),
            "source_file": _pick(("leads.csv",), draws),
            "source_row": serial + 2,
            "expected_week": np.where(route == 4, "2026-W49", "").astype(object),
            "rule": [
                rules[r][d % len(rules[r])] for r, d in zip(route, draws, strict=True)
            ],
            "sales_navigator_id": [f"ACwAA{k:09d}Qx" for k in serial.tolist()],
            "getsales_uuid": np.full(number, "", dtype=object),
            "email": np.where(draws % 3 == 0, "someone@example.org", "").astype(object),
            "title": _pick(_TITLE, draws // 53),
            "company_key": _pick([name.lower() for name in _COMPANY], draws // 37),
            "owner": np.full(number, "", dtype=object),
            "group": np.full(number, "", dtype=object),
        }
    )
    return frame[schemas.names(schemas.ASSIGNMENTS)]


def _named(words: Sequence[str], index: np.ndarray) -> np.ndarray:
    """Return the word at each index; -1 is blank."""
    named: np.ndarray = np.array([*words, ""], dtype=object)[index]
    return named


def _counts(assignments: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return sends by key and route, one column per sent route."""
    sent = assignments[assignments["send_on"] != ""]
    table = sent.groupby([*keys, "route"]).size().unstack(fill_value=0)
    return table.reindex(columns=list(_SHARES)[:4], fill_value=0)


def _days(assignments: pd.DataFrame, seats: Sequence[Seat]) -> pd.DataFrame:
    counts = _counts(assignments[assignments["seat_id"] != ""], ["seat_id", "send_on"])
    sender = {seat.seat_id: seat.sender for seat in seats}
    keys = counts.index.to_frame(index=False)
    frame = pd.DataFrame(
        {
            "seat_id": keys["seat_id"].to_numpy(dtype=object),
            "sender": [sender[key] for key in keys["seat_id"]],
            "date": keys["send_on"].to_numpy(dtype=object),
        }
    )
    plural = ("open_inmails", "paid_inmails", "connection_requests", "messages")
    for name, column in zip(plural, counts.columns, strict=True):
        frame[name] = counts[column].to_numpy(dtype=np.int64)
    return _ordered(frame, schemas.DAYS)


def _seat_weeks(
    assignments: pd.DataFrame,
    days: pd.DataFrame,
    seats: Sequence[Seat],
    rng: np.random.Generator,
) -> pd.DataFrame:
    ids = [seat.seat_id for seat in seats]
    week = (
        days.drop(columns=["sender", "date"])
        .groupby("seat_id")
        .sum()
        .reindex(ids, fill_value=0)
    )
    days = days.assign(inmails=days["open_inmails"] + days["paid_inmails"])
    top = days.groupby("seat_id")[["inmails", "connection_requests"]].max()
    top = top.reindex(ids, fill_value=0)
    balance = np.array([seat.credits for seat in seats], dtype=float)
    paid = week["paid_inmails"].to_numpy()
    use = paid * 0.82 + week["open_inmails"].to_numpy() * 0.03
    replies = (
        assignments.groupby("seat_id")["expected_replies"].sum().reindex(ids, fill_value=0)
    )
    frame = pd.DataFrame(
        {
            "seat_id": np.array(ids, dtype=object),
            "sender": np.array([seat.sender for seat in seats], dtype=object),
            "credits": balance.astype(np.int64),
            "reserve": np.array([seat.reserve for seat in seats], dtype=np.int64),
            "next_reset": np.full(len(seats), RESET, dtype=object),
            "open_inmails": week["open_inmails"].to_numpy(dtype=np.int64),
            "paid_inmails": paid.astype(np.int64),
            "connection_requests": week["connection_requests"].to_numpy(dtype=np.int64),
            "messages": week["messages"].to_numpy(dtype=np.int64),
            "expected_credits_week": use,
            "worst_credits_week": np.ceil(use * 1.25).astype(np.int64),
            "expected_credits_to_reset": use * 1.1,
            "exhaustion_probability": rng.uniform(0, 0.05, len(seats)).round(4),
            "expected_balance_at_reset": np.maximum(balance - use * 1.1, 0),
            "expected_forfeit": np.maximum(balance - use * 1.1 + 50 - 150, 0),
            "inmail_limit": np.full(len(seats), 85, dtype=np.int64),
            "connection_limit": np.full(len(seats), 68, dtype=np.int64),
            "load": np.minimum(week.sum(axis=1).to_numpy() / 153.0, 1.0),
            "max_inmails_on_a_day": top["inmails"].to_numpy(dtype=np.int64),
            "max_connections_on_a_day": top["connection_requests"].to_numpy(dtype=np.int64),
            "credit_price": rng.uniform(0, 0.04, len(seats)).round(4),
            "connection_price": rng.uniform(0, 0.02, len(seats)).round(4),
            "inmail_price": rng.uniform(0, 0.03, len(seats)).round(4),
            "expected_replies": replies.to_numpy(dtype=float),
            "note": np.full(len(seats), "", dtype=object),
        }
    )
    return _ordered(frame, schemas.SEAT_WEEKS)


def _limits(seats: Sequence[Seat]) -> pd.DataFrame:
    first = seats[0].seat_id if seats else ""
    records: list[tuple[object, ...]] = [
        ("credits to the reset", first, 31.0, 31.0, 0.034, 0,
         f"Seat {first}: one more credit before {RESET} would bring 0.034 replies."),
        ("connection requests per week", first, 68.0, 68.0, 0.012, 0,
         f"Seat {first}: all 68 connection requests of the week are used."),
        ("people per company", "", np.nan, np.nan, np.nan, 22,
         "22 leads wait because two colleagues are contacted this week."),
        ("one seat per company", "", np.nan, np.nan, np.nan, 9,
         "9 leads wait for the seat that already writes to their company."),
    ]  # fmt: skip
    return pd.DataFrame(records, columns=schemas.names(schemas.LIMITS))


def _outlook(seats: Sequence[Seat]) -> pd.DataFrame:
    records = [
        (
            s.seat_id,
            f"2026-W{48 + week}",
            int(week > 0),
            22.5,
            7.25,
            6.1,
            40.0,
            30.0 - 4 * week,
        )
        for s in seats
        for week in range(3)
    ]
    return pd.DataFrame(records, columns=schemas.names(schemas.OUTLOOK))


def _runway(seats: Sequence[Seat]) -> pd.DataFrame:
    """Two credits a day for five days, then the grant on the eighth."""
    records = []
    for seat in seats:
        balance = float(seat.credits)
        for number in range(12):
            granted = float(seat.monthly_grant) if number == 8 else 0.0
            balance += granted - (2.0 if number < 5 else 0.0)
            day = MONDAY + dt.timedelta(days=number)
            records.append(
                (
                    seat.seat_id, day.isoformat(), balance, max(0.0, balance - 3),
                    balance + 2, 3.0 if number < 5 else 0.0, granted, 0.0,
                )
            )  # fmt: skip
    return pd.DataFrame(records, columns=schemas.names(schemas.RUNWAY))


def _open_share(number: int) -> OpenShare:
    segments = tuple(
        SegmentShare(
            segment=name,
            premium=name.split(" /")[0],
            num_leads=number // 4,
            num_known=number // 10,
            num_open=number // 20,
            num_unknown=number // 4 - number // 10,
            mean=0.5 - k * 0.11,
            low=0.41 - k * 0.1,
            high=0.6 - k * 0.1,
            beta_a=9.0,
            beta_b=9.0 + 4 * k,
        )
        for k, name in enumerate(_SEGMENT)
    )
    return OpenShare(
        segments=segments,
        share=Interval(low=0.31, median=0.36, high=0.42),
        share_if_typical=Interval(low=0.33, median=0.37, high=0.41),
        num_leads=number,
        num_known=number // 10 * 4,
        num_open=number // 20 * 4,
        width_after_checks={50: 0.09, 100: 0.07, 200: 0.05},
    )


def _rows(assignments: pd.DataFrame) -> pd.DataFrame:
    frame = assignments[["source_file", "source_row", "lead_id"]].copy()
    frame["outcome"] = "lead"
    frame["code"] = ""
    return _ordered(frame, schemas.ROWS)


def _ordered(frame: pd.DataFrame, columns: tuple[schemas.Column, ...]) -> pd.DataFrame:
    return frame[schemas.names(columns)]


def _default_issues() -> tuple[Issue, ...]:
    return (
        Issue(
            code="no-identity",
            message="no profile URL, id or e-mail: add one, or the row stays out",
            file="leads.csv",
            row=17,
        ),
        Issue(
            code="odd-flag",
            message="'maybe' is neither yes nor no: read as unknown",
            severity=Severity.WARNING,
            file="leads.csv",
            row=31,
            column="Free InMail?",
        ),
    )
