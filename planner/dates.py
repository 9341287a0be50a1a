"""Weeks and resets: plain date arithmetic, shared by every layer above the nouns."""

from __future__ import annotations

import calendar as month_lengths
import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

ONE_DAY = dt.timedelta(days=1)
ONE_WEEK = dt.timedelta(weeks=1)

#: Weeks over which velocity looks back, and days over which free InMails are counted.
VELOCITY_WEEKS = 4
OPEN_MONTH_DAYS = 30


def monday(day: dt.date) -> dt.date:
    """Return the Monday of the ISO week of `day`."""
    return day - dt.timedelta(days=day.weekday())


def iso_week(day: dt.date) -> str:
    """Return the ISO week of `day` as people write it: ``2026-W48``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def resets_after(rule: str, after: dt.date) -> Iterator[dt.date]:
    """Yield the dates (UTC) of all grants after `after`, oldest first, without end.

    Parameters
    ----------
    rule : str
        ``month`` (the 1st), ``day:N`` (billing anniversary, clamped to the length of
        the month) or ``date:YYYY-MM-DD`` (that day, then its monthly anniversary).
    after : datetime.date
        Grants on this day count as received.
    """
    kind, _, value = rule.partition(":")
    first = dt.date.fromisoformat(value) if kind == "date" else dt.date.min
    day_of_month = {"month": 1, "date": first.day}.get(kind) or int(value)
    year, month = after.year, after.month
    while True:
        last_day = month_lengths.monthrange(year, month)[1]
        reset = dt.date(year, month, min(day_of_month, last_day))
        if reset > after and reset >= first:
            yield reset
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


@lru_cache(maxsize=10_000)
def next_reset(rule: str, after: dt.date) -> dt.date:
    """Return the first date that `resets_after` yields."""
    # Books of a year ask for the same few again and again.
    return next(resets_after(rule, after))


def previous_reset(rule: str, day: dt.date) -> dt.date | None:
    """Return the date of the last grant on or before `day`; None if there was none."""
    start = day - dt.timedelta(days=62)
    last = None
    for reset in resets_after(rule, start):
        if reset > day:
            return last
        last = reset
    return last
