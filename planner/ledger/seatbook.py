"""Each seat's book: balances seen, InMails, answers, sends by day, holds."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import (
    CreditEvent,
    DayCount,
    EventKind,
    OutcomeKind,
    Route,
    SeatHistory,
)
from planner.ledger.tables import ASSIGNMENTS, BALANCES, OUTCOMES, SEAT_HOLDS
from planner.ledger.touches import View, touches
from planner.params import Parameters

#: Days before the plan's date of which single days are kept: velocity and free InMails
#: look back 30 days at most.
DAYS_KEPT = 35
#: Days of which sends are read at least: sightings of a balance are rarely farther apart.
_DAYS_READ = 49
#: Source of a balance that triage goes on with until somebody reads it.
ASSUMED = "triage"
_INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
_COUNTED = {
    str(Route.OPEN_INMAIL): "open_inmails",
    str(Route.PAID_INMAIL): "paid_inmails",
    str(Route.CONNECTION_REQUEST): "connection_requests",
    str(Route.MESSAGE): "messages",
}


def histories(
    connection: Connection, view: View, parameters: Parameters
) -> dict[str, SeatHistory]:
    """Return the history of every seat that the ledger knows, by its id."""
    seen = _sightings(connection, view)
    since = _since(seen, view, parameters)
    sends = _sends(connection, view, since)
    first = _first_sends(connection, view)
    holds = _holds(connection, view)
    days = _days(sends, view)
    pending = _pending(sends, view, parameters)
    events = _events(sends, seen, view, parameters)
    result = {}
    for seat_id in sorted({*first, *seen, *holds, *days}):
        history = SeatHistory(
            seat_id=seat_id,
            events=tuple(events.get(seat_id, ())),
            days=tuple(days.get(seat_id, ())),
            first_send=first.get(seat_id),
            pending_connection_requests=pending.get(seat_id, 0),
        )
        if seat_id in holds:
            until, factor = holds[seat_id]
            history = replace(history, held_until=until, pace_factor=factor)
        result[seat_id] = history
    return result


def _sightings(connection: Connection, view: View) -> dict[str, list[CreditEvent]]:
    """Return the balances seen of each seat; the last one recorded of an instant counts."""
    found = connection.execute(
        sa.select(BALANCES)
        .where(BALANCES.c.entry < view.upto)
        .order_by(BALANCES.c.happened_on, BALANCES.c.entry)
    )
    books: dict[str, dict[str, CreditEvent]] = defaultdict(dict)
    for row in found:
        # What was read this morning is what the day starts from.
        today = row.happened_on[:10] == view.as_of.isoformat()
        instant = row.happened_on[:10] if today else row.happened_on
        books[row.seat_id][instant] = CreditEvent(
            happened_on=instant, kind=EventKind.SEEN, credits=float(row.credits)
        )
    return {seat_id: list(book.values()) for seat_id, book in books.items()}


def _since(
    seen: Mapping[str, list[CreditEvent]], view: View, parameters: Parameters
) -> dt.date:
    """Return the first day of which sends matter: that of a last sighting but one."""
    since = view.as_of - dt.timedelta(days=_DAYS_READ)
    oldest = view.as_of - dt.timedelta(
        days=parameters.refund_window_days + parameters.pending_lifetime_days
    )
    for book in seen.values():
        days = [dt.date.fromisoformat(event.happened_on[:10]) for event in book[-2:]]
        since = min(since, days[-1], max(days[0], oldest))
    return min(since, view.as_of - dt.timedelta(days=parameters.pending_lifetime_days))


def _sends(connection: Connection, view: View, since: dt.date) -> pd.DataFrame:
    """Return sends since a day, answered ones of before, and what nobody had planned."""
    planned = touches(connection, view, where=f"AND a.send_on >= '{since.isoformat()}'")
    answered = touches(
        connection, view,
        where=(
            f"AND a.send_on < '{since.isoformat()}' AND EXISTS (SELECT 1 FROM outcomes p "
            "WHERE p.assignment = a.entry AND p.person = a.person AND p.kind = 'replied' "
            f"AND p.happened_on >= '{since.isoformat()}')"
        ),
    )  # fmt: skip
    unplanned = connection.execute(
        sa.select(OUTCOMES)
        .where(
            OUTCOMES.c.entry < view.upto, OUTCOMES.c.assignment == 0,
            OUTCOMES.c.kind == str(OutcomeKind.SENT), OUTCOMES.c.seat_id != "",
            OUTCOMES.c.happened_on >= since.isoformat(),
        )
        .order_by(OUTCOMES.c.entry, OUTCOMES.c.line)
    ).all()  # fmt: skip
    extra = pd.DataFrame(
        [
            {
                "entry": 0, "person": row.person, "seat_id": row.seat_id,
                "route": row.route, "date": row.happened_on[:10], "sent": row.happened_on,
                "replied": "", "accepted": "", "failed": "", "undone": False,
                "credit_used": row.credit_used, "credit_probability": 1.0,
            }
            for row in unplanned
        ]
    )  # fmt: skip
    parts = [part for part in (planned, answered, extra) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else planned


def _first_sends(connection: Connection, view: View) -> dict[str, dt.date]:
    planned = connection.execute(
        sa.select(ASSIGNMENTS.c.seat_id, sa.func.min(ASSIGNMENTS.c.send_on))
        .where(ASSIGNMENTS.c.entry < view.upto, ASSIGNMENTS.c.seat_id != "")
        .group_by(ASSIGNMENTS.c.seat_id)
    )
    limit = view.as_of.isoformat()
    return {
        str(seat_id): dt.date.fromisoformat(date)
        for seat_id, date in planned
        if date and date < limit
    }


def _holds(connection: Connection, view: View) -> dict[str, tuple[dt.date, float]]:
    """Return until when each seat is held, and its pace after that, as last decided."""
    found = connection.execute(
        sa.select(SEAT_HOLDS)
        .where(SEAT_HOLDS.c.entry < view.upto)
        .order_by(SEAT_HOLDS.c.entry)
    )
    holds = {
        row.seat_id: (dt.date.fromisoformat(row.until_date), float(row.pace_factor))
        for row in found
    }
    # Four weeks on, the pace of before is out of the velocity window.
    last = view.as_of - dt.timedelta(weeks=4)
    return {seat_id: hold for seat_id, hold in holds.items() if hold[0] > last}


def _days(sends: pd.DataFrame, view: View) -> dict[str, list[DayCount]]:
    first = (view.as_of - dt.timedelta(days=DAYS_KEPT)).isoformat()
    past = sends[
        (sends["date"] >= first)
        & (sends["date"] < view.as_of.isoformat())
        & ~sends["undone"].astype(bool)
        & (sends["seat_id"] != "")
    ]
    counts: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    grouped = past.groupby(["seat_id", "date", "route"]).size().reset_index(name="num")
    for line in grouped.to_dict("records"):
        if name := _COUNTED.get(str(line["route"])):
            counts[str(line["seat_id"])][str(line["date"])][name] = int(line["num"])
    return {
        seat_id: [
            DayCount(date=dt.date.fromisoformat(date), **by_day[date])
            for date in sorted(by_day)
        ]
        for seat_id, by_day in counts.items()
    }


def _pending(sends: pd.DataFrame, view: View, parameters: Parameters) -> dict[str, int]:
    first = view.as_of - dt.timedelta(days=parameters.pending_lifetime_days)
    waiting = sends[
        (sends["route"] == str(Route.CONNECTION_REQUEST))
        & (sends["date"] >= first.isoformat())
        & (sends["date"] < view.as_of.isoformat())
        & (sends["accepted"] == "")
        & (sends["replied"] == "")
        & ~sends["undone"].astype(bool)
    ]
    return {str(seat): int(n) for seat, n in waiting["seat_id"].value_counts().items()}


def _events(
    sends: pd.DataFrame,
    seen: Mapping[str, list[CreditEvent]],
    view: View,
    parameters: Parameters,
) -> dict[str, list[CreditEvent]]:
    """Return each seat's credit book: what was seen, spent and given back."""
    limit = view.as_of.isoformat()
    books: dict[str, list[CreditEvent]] = {
        seat_id: list(book) for seat_id, book in seen.items()
    }
    past = sends[sends["route"].isin(_INMAILS) & (sends["date"] < limit)]
    for send in past.to_dict("records"):
        if send["undone"] and not send["failed"]:
            continue  # skipped: nothing was sent
        book = books.setdefault(str(send["seat_id"]), [])
        use = float(send["credit_probability"])
        if send["credit_used"] >= 0:
            use = float(send["credit_used"])
        elif send["failed"] and send["undone"]:
            use *= parameters.failed_send_credit_loss
        when = str(send["sent"] or send["failed"] or send["date"])
        book.append(CreditEvent(happened_on=when, kind=EventKind.SPENT, credits=use))
        if send["replied"]:
            # An answer with a plain date comes after the send of that day.
            answered = max(str(send["replied"]), when)
            book.append(
                CreditEvent(
                    happened_on=answered, kind=EventKind.REFUNDED,
                    credits=use, sent_on=when,
                )
            )  # fmt: skip
    return books
