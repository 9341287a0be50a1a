"""Sends onto days: even pace, every daily limit kept, best leads first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.domain import Period, Seat, SeatDay
from planner.model.instance import connection_room, open_room


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounts:
    """What one seat sends on one day."""

    date: dt.date
    open_inmails: int
    paid_inmails: int
    connection_requests: int


def spread(
    counts: Sequence[int],
    total: int,
    capacity: Sequence[int],
    room: Sequence[int] | None = None,
) -> list[int]:
    """Return `total` units on days, one by one onto the day that is least full.

    Parameters
    ----------
    counts : sequence of int
        Units already on each day; they count as filling it.
    capacity : sequence of int
        Most units that each day may hold, those in `counts` included.
    room : sequence of int, optional
        Most units that may be added in all by the end of each day.

    Returns
    -------
    list of int
        Units added to each day; fewer than `total` in all if the days are full.
    """
    added = [0] * len(capacity)
    for _ in range(total):
        fullness = [
            ((counts[d] + added[d] + 1) / capacity[d], d)
            for d in range(len(capacity))
            if counts[d] + added[d] < capacity[d]
            and (room is None or _has_room(added, room, d))
        ]
        if not fullness:
            break
        added[min(fullness)[1]] += 1
    return added


def _has_room(added: Sequence[int], room: Sequence[int], day: int) -> bool:
    """Return whether one more on `day` keeps the totals of that day and all later ones."""
    totals = np.cumsum(added)
    return bool(np.all(totals[day:] + 1 <= np.array(room[day:])))


def lay_out_inmails(
    days: Sequence[SeatDay],
    num_open: int,
    num_paid: int,
    room: Sequence[int] | None = None,
) -> tuple[list[int], list[int]]:
    """Return free and paid InMails by day within the limits on each and on both.

    An even pace first; if the free ones do not fit then, paid ones move to days on
    which they take no room from free ones, which fits whenever anything does, but for
    `room`: the most free InMails in all by the end of each day.
    """
    none = [0] * len(days)
    paid = spread(none, num_paid, [day.max_paid_inmails for day in days])
    free = _free_after(days, paid, num_open, room)
    if sum(free) < num_open:
        paid = none
        harmless = [
            min(day.max_paid_inmails, day.max_inmails - day.max_open_inmails)
            for day in days
        ]
        paid = spread(none, min(num_paid, sum(harmless)), harmless)
        rest = spread(paid, num_paid - sum(paid), [day.max_paid_inmails for day in days])
        paid = [a + b for a, b in zip(paid, rest, strict=True)]
        free = _free_after(days, paid, num_open, room)
    return free, paid


def _free_after(
    days: Sequence[SeatDay],
    paid: Sequence[int],
    num_open: int,
    room: Sequence[int] | None,
) -> list[int]:
    capacity = [
        min(day.max_open_inmails, day.max_inmails - used)
        for day, used in zip(days, paid, strict=True)
    ]
    if room is not None and all(
        allowed >= min(num_open, sum(capacity[: index + 1]))
        for index, allowed in enumerate(room)
    ):
        room = None  # the usual case: the month is far from full
    return spread([0] * len(days), num_open, capacity, room)


def lay_out_requests(seat: Seat, days: Sequence[SeatDay], num_requests: int) -> list[int]:
    """Return connection requests by day within daily and rolling weekly limits."""
    room = connection_room(seat, [day.date.toordinal() for day in days])
    share = [day.max_connection_requests for day in days]
    whole = max(1, sum(share))
    added = [0] * len(days)
    sent = 0
    for index, day in enumerate(days):
        # Even pace: what is due by the end of this day, or more if later days lack room.
        due = -(-num_requests * sum(share[: index + 1]) // whole)
        later = sum(share[index + 1 :])
        wanted = max(due, num_requests - later) - sent
        allowed = int(room[index] + 1e-9) - sent
        added[index] = max(0, min(wanted, allowed, day.max_connection_requests))
        sent += added[index]
    for index in range(len(days)):  # what an even pace left over, as early as it fits
        while sent < num_requests and added[index] < share[index]:
            totals = np.cumsum(added)
            if np.any(totals[index:] + 1 > np.array(room[index:]) + 1e-9):
                break
            added[index] += 1
            sent += 1
    return added


def lay_out(
    seat: Seat,
    periods: Sequence[Period],
    inmails: Sequence[tuple[int, int]],
    num_requests: int,
) -> list[DayCounts]:
    """Return one seat's week, day by day.

    Parameters
    ----------
    periods : sequence of Period
        The seat's periods of the planned week.
    inmails : sequence of (int, int)
        Free and paid InMails of each period.
    num_requests : int
        Connection requests of the week.
    """
    days = [day for period in periods for day in period.days]
    free: list[int] = []
    paid: list[int] = []
    month = [int(most + 1e-9) for most in open_room(seat, [day.date for day in days])]
    for period, (num_open, num_paid) in zip(periods, inmails, strict=True):
        room = [most - sum(free) for most in month[len(free) :][: len(period.days)]]
        free_days, paid_days = lay_out_inmails(period.days, num_open, num_paid, room)
        free += free_days
        paid += paid_days
    requests = lay_out_requests(seat, days, num_requests)
    return [
        DayCounts(date=day.date, open_inmails=a, paid_inmails=b, connection_requests=c)
        for day, a, b, c in zip(days, free, paid, requests, strict=True)
    ]
