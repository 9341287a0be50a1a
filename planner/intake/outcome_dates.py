"""Dates and times of outcomes: ISO, in UTC where the cell says a time of day."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from planner.intake import values
from planner.intake.cells import Cells, Mask, column

_TIME = re.compile(
    r"(?:^|[t\s,])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(am|pm|a\.m\.|p\.m\.)?"
    r"\s*(z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?(?=$|\W)"
)
_EPOCH = re.compile(r"(\d{10}|\d{13})(?:\.0+)?")
_SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?")
#: Day 0 of a spreadsheet, and the serials of 2000-01-01 and 2099-12-31.
_DAY_ZERO = dt.datetime(1899, 12, 30, tzinfo=dt.UTC)
_FIRST_SERIAL, _LAST_SERIAL = 36_526, 73_050
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class Moments(NamedTuple):
    """When things happened, one element per cell.

    ``texts`` are ISO dates, or times ``2026-11-23T14:05:00Z``, blank where there is no
    date; ``unreadable`` are filled cells that are no date; ``late`` lie in the future.
    """

    texts: Cells
    unreadable: Mask
    late: Mask


def moments(cells: Cells, as_of: dt.date) -> Moments:
    """Read dates in the forms that exports use, with their times.

    A time with a zone is converted to UTC; one without is taken as UTC, so that it keeps
    its date and its place in the day. Midnight without a zone is a date alone. Whole
    numbers between 36526 and 73050 are the days of a spreadsheet. Whether the day or
    the month comes first is decided for the whole column, as `values.dates` does.

    Parameters
    ----------
    cells : array of str
        Tidy cells.
    as_of : datetime.date
        Today, wherever the reader is: a date after it is late, and so is a time at
        which that day is over everywhere (12:00 UTC of the next).
    """
    codes, uniques = pd.factorize(cells)
    distinct = np.asarray(uniques, dtype=object)
    days, unreadable = values.dates(distinct)
    end = f"{(as_of + dt.timedelta(days=1)).isoformat()}T12:00:00Z"
    texts, late = [], []
    for at, text in enumerate(distinct):
        day = None if np.isnat(days[at]) else days[at].astype("datetime64[D]").item()
        moment, is_zoned = _moment(str(text).casefold().strip(" '\"\u00a0"), day)
        unreadable[at] &= not moment
        texts.append(moment)
        late.append(moment > end if is_zoned else moment[:10] > as_of.isoformat())
    return Moments(
        texts=column(texts)[codes],
        unreadable=unreadable[codes],
        late=np.array(late, dtype=np.bool_)[codes],
    )


def _moment(text: str, day: dt.date | None) -> tuple[str, bool]:
    """Return the moment in ISO form, and whether its zone is known."""
    if epoch := _EPOCH.fullmatch(text):
        seconds = int(epoch[1]) / (1000 if len(epoch[1]) == 13 else 1)
        return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).strftime(_FORMAT), True
    if day is None:
        return _serial(text), False
    start = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
    clock = _TIME.search(text)
    if clock is None or (after := _since_midnight(clock)) is None:
        return day.isoformat(), False
    zone = clock[5] or ""
    if not zone and not after:
        return day.isoformat(), False
    return (start + after - _offset(zone)).strftime(_FORMAT), bool(zone)


def _since_midnight(clock: re.Match[str]) -> dt.timedelta | None:
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if clock[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock[4].startswith("p") else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return dt.timedelta(hours=hour, minutes=minute, seconds=second)


def _offset(zone: str) -> dt.timedelta:
    if not zone.startswith(("+", "-")):
        return dt.timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone.startswith("-") else offset


def _serial(text: str) -> str:
    match = _SERIAL.fullmatch(text)
    if match is None or not _FIRST_SERIAL <= int(match[1]) <= _LAST_SERIAL:
        return ""
    seconds = round(float(f"0.{match[2] or 0}") * 86_400)
    moment = _DAY_ZERO + dt.timedelta(days=int(match[1]), seconds=seconds)
    return moment.strftime(_FORMAT) if seconds else moment.date().isoformat()
