"""When a seat may send how much: days, weeks, resets.

A seat's days from the plan's date to the horizon are cut into periods: maximal runs of
days in one ISO week and one credit cycle. No InMail is planned on a day whose sending
hours are not wholly before a reset or wholly after the grant has surely arrived, so a
send can always be booked on one cycle.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from planner.dates import ONE_DAY, ONE_WEEK, monday, resets_after
from planner.domain import Calendar, DayCount, Period, Seat, SeatDay
from planner.errors import InputError
from planner.params import Parameters


def planned_week(seats: Sequence[Seat], as_of: dt.date) -> dt.date:
    """Return the first day that is planned: `as_of`, or a Monday after it.

    A week is planned from `as_of` on if at least half of the seats that work in the
    fortnight to come still work in it: one seat with a Sunday shift must not make a
    plan of that Sunday. Else the next week with work is planned.

    Raises
    ------
    InputError
        If no seat works on any of the next 28 days.
    """

    def at_work(first: dt.date, num_days: int) -> int:
        days = [first + dt.timedelta(days=offset) for offset in range(num_days)]
        return sum(any(_works(seat, day) for day in days) for seat in seats)

    rest_of_week = 7 - as_of.weekday()
    now = at_work(as_of, rest_of_week)
    if now and 2 * now >= at_work(as_of, rest_of_week + ONE_WEEK.days):
        return as_of
    start = monday(as_of) + ONE_WEEK
    for offset in range(4):
        week = start + offset * ONE_WEEK
        if at_work(week, ONE_WEEK.days):
            return week
    if now:
        return as_of
    raise InputError(
        "no usable seat: none works in the next four weeks; check the columns "
        "working_days, away and paused of the seat inventory"
    )


def horizon_end(
    seats: Sequence[Seat], as_of: dt.date, start: dt.date, parameters: Parameters
) -> dt.date:
    """Return the last day of the horizon: the Sunday a week after the last next reset."""
    longest = monday(start) + parameters.max_horizon_weeks * ONE_WEEK - ONE_DAY
    last_reset = max(next(resets_after(seat.reset_rule, as_of)) for seat in seats)
    end = monday(min(last_reset, longest)) + 2 * ONE_WEEK - ONE_DAY
    return min(max(end, monday(start) + 2 * ONE_WEEK - ONE_DAY), longest)


def seat_calendar(
    index: int,
    seat: Seat,
    *,
    as_of: dt.date,
    start: dt.date,
    end: dt.date,
    parameters: Parameters,
) -> Calendar:
    """Return the periods and resets of one seat from `start` to `end`.

    Parameters
    ----------
    index : int
        Position of the seat in the inventory, kept in the periods.
    as_of : datetime.date
        Day on which the balance holds: grants after it are still to come.
    start, end : datetime.date
        First and last day planned.
    """
    resets = []
    for reset in resets_after(seat.reset_rule, as_of):
        if reset > end:
            break
        resets.append(reset)
    first_monday = monday(start)
    days = []
    day = start
    while day <= end:
        if _works(seat, day):
            cycle, inmails_allowed = _cycle(day, resets, seat, parameters)
            key = ((monday(day) - first_monday).days // 7, cycle)
            days.append((key, _seat_day(seat, day, inmails_allowed)))
        day += ONE_DAY
    periods = tuple(
        Period(seat=index, week=week, cycle=cycle, days=tuple(item for _, item in run))
        for (week, cycle), run in groupby(days, key=lambda pair: pair[0])
    )
    return Calendar(seat=index, periods=periods, resets=tuple(resets))


def capacity(calendar: Calendar, week: int | None = None) -> int:
    """Return the most sends of a seat, of all routes: over the horizon or in a week."""
    return sum(
        period.max_inmails + period.max_connection_requests
        for period in calendar.periods
        if week is None or period.week == week
    )


def _works(seat: Seat, day: dt.date) -> bool:
    if seat.day_shares[day.weekday()] <= 0:
        return False
    return not any(first <= day <= last for first, last in seat.away)


def _cycle(
    day: dt.date, resets: Sequence[dt.date], seat: Seat, parameters: Parameters
) -> tuple[int, bool]:
    """Return the credit cycle of `day` and whether InMails may be sent on it.

    A grant that is counted but was never seen may be as late as one still to come.
    """
    zone = ZoneInfo(seat.time_zone)
    midnight = dt.datetime.combine(day, dt.time(), zone)
    opens = midnight + dt.timedelta(hours=parameters.send_hour_start)
    closes = midnight + dt.timedelta(hours=parameters.send_hour_end)
    delay = dt.timedelta(hours=parameters.grant_delay_hours)
    granted = True
    if seat.grant_unseen:
        unseen = dt.date.fromisoformat(seat.grant_unseen)
        granted = opens >= dt.datetime.combine(unseen, dt.time(), dt.UTC) + delay
    cycle = 0
    for reset in resets:
        instant = dt.datetime.combine(reset, dt.time(), dt.UTC)
        if closes <= instant:
            return cycle, granted
        if opens < instant + delay:
            return cycle, False
        cycle += 1
    return cycle, granted


def _seat_day(seat: Seat, day: dt.date, inmails_allowed: bool) -> SeatDay:
    share = seat.day_shares[day.weekday()]

    def scaled(limit: int) -> int:
        # A tiny allowance: 0.7 * 10 must not become 6.
        return int(limit * share + 1e-9)

    settled = next((item for item in seat.ahead if item.date == day), DayCount(date=day))
    taken = settled.open_inmails + settled.paid_inmails
    inmails = max(0, scaled(seat.max_inmails_per_day) - taken) if inmails_allowed else 0
    free = scaled(seat.max_open_inmails_per_day) - settled.open_inmails
    free = min(inmails, max(0, free))
    paid = scaled(seat.max_paid_inmails_per_day) - settled.paid_inmails
    paid = min(inmails, max(0, paid))
    requests = scaled(seat.max_connection_requests_per_day) - settled.connection_requests
    return SeatDay(
        date=day,
        max_inmails=min(inmails, free + paid),
        max_open_inmails=free,
        max_paid_inmails=paid,
        max_connection_requests=max(0, requests),
    )
