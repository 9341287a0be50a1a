"""Failures and seats made by hand for the tests of triage; all names are invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from planner.domain import Seat, SeatDay
from planner.params import Parameters
from planner.schemas import names
from planner.triage.judge import triage
from planner.triage.records import (
    FAILURES,
    Balance,
    SeatRecord,
    SeatVerdict,
    SentInMail,
    Triage,
)

#: A Tuesday; the next grant of every seat is on 1 December.
TODAY = dt.date(2026, 11, 24)


def make_day(
    date: str, inmails: int = 20, requests: int = 15, *, paid: int | None = None
) -> SeatDay:
    """Return what a day has left."""
    return SeatDay(
        date=dt.date.fromisoformat(date),
        max_inmails=inmails,
        max_open_inmails=inmails,
        max_paid_inmails=inmails if paid is None else paid,
        max_connection_requests=requests,
    )


#: What is left of the week: Tuesday to Friday.
WEEK = tuple(make_day(f"2026-11-{day}") for day in (24, 25, 26, 27))

_BLANK: Mapping[str, Any] = {
    "text": "", "flag": -1, "integer": 0, "number": float("nan"), "bool": False,
}  # fmt: skip
_USUAL: Mapping[str, Any] = {
    "route": "paid_inmail", "open_flag": 0, "degree": 3, "first_name": "Fenna",
    "last_name": "Farrowby", "company": "Quillbrook Labs", "source_file": "failed.csv",
}  # fmt: skip


def make_failures(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return failures with the given cells, everything else as usual or blank.

    Leads are numbered; each has a profile and a closed flag unless told otherwise.
    """
    records = []
    for number, given in enumerate(rows):
        usual = {
            **_USUAL,
            "lead_id": f"lead-{number:05d}",
            "linkedin_url": f"https://www.linkedin.com/in/invented-{number:05d}",
            "source_row": number + 2,
        }
        blank = {column.name: _BLANK[column.kind] for column in FAILURES}
        assert set(given) <= set(blank)
        records.append({**blank, **usual, **given})
    frame = pd.DataFrame(records, columns=names(FAILURES))
    return frame.astype(
        {column.name: "float64" for column in FAILURES if column.kind == "number"}
    )


def make_seat(seat_id: str = "seat-01", **changes: Any) -> Seat:
    """Return a seat of the inventory."""
    usual: dict[str, Any] = {
        "sender": f"Sender of {seat_id}",
        "sender_profile_uuid": "",
        "credits": 20,
        "credits_as_of": TODAY,
        "reset_rule": "month",
        "monthly_grant": 50,
        "credit_cap": 150,
        "reserve": 5,
        "inmails_last_28_days": 80,
        "max_inmails_per_day": 20,
        "max_open_inmails_per_day": 20,
        "max_paid_inmails_per_day": 8,
        "max_open_inmails_per_month": 400,
        "max_connection_requests_per_day": 15,
        "max_connection_requests_per_week": 80,
        "connection_requests_last_7_days": 0,
        "pending_connection_requests": 0,
        "day_shares": (1.0, 1.0, 1.0, 1.0, 0.7, 0.0, 0.0),
        "time_zone": "UTC",
        "away": (),
        "groups": (),
        "inmail_reply_rate": None,
        "acceptance_rate": None,
    }
    return Seat(seat_id=seat_id, **{**usual, **changes})


def make_record(
    seat_id: str = "seat-01",
    *,
    sent: Sequence[tuple[str, float]] = (),
    seen: Sequence[tuple[str, float]] = (),
    folded: Sequence[tuple[str, float, float]] = (),
    seat: Mapping[str, Any] | None = None,
    **room: Any,
) -> SeatRecord:
    """Return a seat with InMails sent (time, credit), balances seen and folded.

    ``room`` are the fields of a seat's record that say what it has to spare.
    """
    balances = [
        Balance(happened_on=at, expected=credits, low=credits, high=credits, is_seen=True)
        for at, credits in seen
    ]
    balances += [
        Balance(
            happened_on=at, expected=(low + high) / 2, low=low, high=high, is_seen=False
        )
        for at, low, high in folded
    ]
    room.setdefault("days", WEEK)
    return SeatRecord(
        seat=make_seat(seat_id, **(seat or {})),
        sent=tuple(SentInMail(happened_on=at, credit_probability=p) for at, p in sent),
        balances=tuple(balances),
        **room,
    )


def judge(
    failures: pd.DataFrame,
    *records: SeatRecord,
    as_of: dt.date = TODAY,
    **parameters: object,
) -> Triage:
    """Return what triage makes of the failures on these seats."""
    return triage(
        failures,
        {record.seat.seat_id: record for record in records},
        as_of=as_of,
        parameters=Parameters().override(parameters),
    )


def verdict_of(found: Triage, seat_id: str = "seat-01") -> SeatVerdict:
    """Return the verdict on one seat."""
    (verdict,) = [one for one in found.verdicts if one.seat_id == seat_id]
    return verdict


def daily(first: str, days: int, per_day: int, credit: float) -> list[tuple[str, float]]:
    """Return InMails sent on consecutive days, an hour apart."""
    start = dt.date.fromisoformat(first)
    return [
        (f"{start + dt.timedelta(days=day)}T{8 + hour:02d}:00:00Z", credit)
        for day in range(days)
        for hour in range(per_day)
    ]
