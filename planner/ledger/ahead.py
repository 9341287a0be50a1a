"""What runs in force expect of the weeks after their own: InMails by seat and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import takewhile

from planner.dates import ONE_DAY, ONE_WEEK, iso_week, resets_after
from planner.domain import Seat
from planner.ledger.runs import Run, planned_seats
from planner.params import Parameters

#: Day and credit use of an InMail.
InMail = tuple[dt.date, float]


def outlook(standing: Sequence[Run], as_of: dt.date) -> dict[str, list[InMail]]:
    """Return, by seat, the InMails of weeks ahead that no run in force plans yet.

    Of each week, what the run of the latest week up to it expects: a run takes the place
    of what those before it expected.

    Parameters
    ----------
    standing : sequence of Run
        Runs in force, as they were recorded.
    as_of : datetime.date
        First day that is asked for.
    """
    by_week = {run.week: run for run in standing}  # the last one recorded
    ahead: dict[str, list[InMail]] = {}
    for week, run in by_week.items():
        for seat_id, day, use in _inmails(run):
            own = max(w for w in by_week if w <= iso_week(day)) == week
            if own and day >= as_of:
                ahead.setdefault(seat_id, []).append((day, use))
    return ahead


def planned_until(standing: Sequence[Run]) -> dt.date | None:
    """Return the last day that runs in force say anything of, if there are any."""
    latest = max(standing, key=lambda run: (run.week, run.entry), default=None)
    if latest is None:
        return None
    weeks = [latest.week, *(str(line[1]) for line in _lines(latest))]
    return _monday(max(weeks)) + ONE_WEEK - ONE_DAY


def knows_hold(run: Run, seat_id: str, held_until: dt.date) -> bool:
    """Return whether a run was planned with the hold of a seat in mind."""
    away = (dt.date.min, held_until - ONE_DAY)
    return run.as_of >= held_until or any(
        seat.seat_id == seat_id and away in seat.away for seat in planned_seats(run)
    )


def _lines(run: Run) -> list[list[object]]:
    lines = run.document.get("outlook")
    return list(lines) if isinstance(lines, list) else []


def _inmails(run: Run) -> Iterator[tuple[str, dt.date, float]]:
    """Yield seat, day and credit use of the InMails of the weeks after a run's own.

    The program plans them by week and credit cycle; here they are spread over the days
    of these. Older runs do not say the cycle, nor which InMails are free.
    """
    seats = {seat.seat_id: seat for seat in planned_seats(run)}
    changed, leak = run.document.get("parameters"), Parameters().open_flag_leak
    if isinstance(changed, dict):
        leak = float(changed.get("open_flag_leak", leak))
    for seat_id, week, *rest in _lines(run):
        seat, start = seats[str(seat_id)], _monday(str(week))
        values = [float(str(value)) for value in rest]
        if len(values) == 2:
            days = _days(seat, start, run.as_of, None)
            parts = [(values[0], values[1])]
        else:
            cycle, free, paid, credits = values
            days = _days(seat, start, run.as_of, int(cycle))
            parts = [(free, free * leak), (paid, credits - free * leak)]
        for inmails, credits in parts:
            count = round(inmails)
            for k in range(count if days else 0):
                use = min(1.0, max(0.0, credits / count))
                yield seat.seat_id, days[k * len(days) // count], use


def _days(
    seat: Seat, start: dt.date, planned_on: dt.date, cycle: int | None
) -> list[dt.date]:
    """Return the days of a week on which the seat works, those of a cycle if one is given.

    A grant may be late: nothing is planned on its day if there is another.
    """
    end = start + ONE_WEEK
    resets = list(
        takewhile(lambda reset: reset < end, resets_after(seat.reset_rule, planned_on))
    )
    week = [start + k * ONE_DAY for k in range(7)]
    days = [
        day
        for day in week
        if seat.day_shares[day.weekday()] > 0
        and not any(first <= day <= last for first, last in seat.away)
        and (cycle is None or sum(reset <= day for reset in resets) == cycle)
    ]
    if cycle is None:
        return days
    return [day for day in days if day not in resets] or days


def _monday(week: str) -> dt.date:
    return dt.date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
