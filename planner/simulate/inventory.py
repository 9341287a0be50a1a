"""What a team reads off its seats on a morning of simulated weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from planner.dates import ONE_DAY
from planner.domain import OutcomeKind, Seat
from planner.simulate.field import INMAILS, REQUEST, Field, SeatBook

#: Days behind the plan's date whose InMails set the pace, and whose requests count.
_PACE_DAYS, _REQUEST_DAYS = 28, 7


def inventory(now: Field, day: dt.date) -> tuple[Seat, ...]:
    """Return the seats as their owners would state them on a morning.

    Credits are read off LinkedIn. Pace, requests and what is pending are the true
    ones, too; they count as stated while there is something in them from before the
    first day: later on, the ledger knows all of it.
    """
    return tuple(_stated(now, book, day) for book in now.books.values())


def _stated(now: Field, book: SeatBook, day: dt.date) -> Seat:
    seat, age = book.seat, (day - now.start).days
    stated = {*seat.stated, "credits", "credits_as_of"}
    if not age:
        return replace(seat, stated=tuple(sorted(stated)))
    requests, lifetime = (REQUEST,), now.parameters.pending_lifetime_days
    spans = {
        "inmails_last_28_days": (_PACE_DAYS, _sent(now, book, INMAILS, day)),
        "connection_requests_last_7_days": (
            _REQUEST_DAYS, _sent(now, book, requests, day, _REQUEST_DAYS),
        ),
        "pending_connection_requests": (lifetime, _pending(now, book, day)),
    }  # fmt: skip
    changes: dict[str, Any] = {}
    for name, (days, own) in spans.items():
        before, left = getattr(seat, name), max(0, days - age)
        stated.discard(name)
        if before is None and left:
            continue  # a new seat, on its ramp
        changes[name] = own + (before or 0) * left // days
        if before and left:
            stated.add(name)
    return replace(
        seat, credits=book.credits, credits_as_of=day, ahead=(), grant_unseen="",
        recent_requests=None, recent_open_inmails=None,
        weeks_active=seat.weeks_active + age // 7, stated=tuple(sorted(stated)),
        **changes,
    )  # fmt: skip


def _sent(
    now: Field, book: SeatBook, routes: Sequence[str], day: dt.date, days: int = _PACE_DAYS
) -> int:
    """Return a seat's sends of the last days that reached somebody."""
    first = (day - days * ONE_DAY).isoformat()
    return sum(
        one.task.seat_id == book.seat.seat_id and not one.cause
        and one.task.route in routes and one.at >= first
        for one in now.attempts
    )  # fmt: skip


def _pending(now: Field, book: SeatBook, day: dt.date) -> int:
    """Return a seat's requests that nobody has accepted, and that are not old."""
    lifetime = now.parameters.pending_lifetime_days
    seat_id = book.seat.seat_id
    accepted = {
        one.lead_id
        for one in now.answers
        if one.kind is OutcomeKind.ACCEPTED and one.seat_id == seat_id
    }
    first = (day - lifetime * ONE_DAY).isoformat()
    return sum(
        one.task.seat_id == seat_id and not one.cause and one.at >= first
        and one.task.route == REQUEST and one.task.lead_id not in accepted
        for one in now.attempts
    )  # fmt: skip
