"""Dates and times of outcomes: ISO, in UTC where the cell says a time of day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from planner.intake import values
from planner.intake.cells import Cells, Mask, column

_TIME = re.compile(
    r"(?:^|[t\s,])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?!\d)"
    r"(?:\s*(am|pm|a\.m\.|p\.m\.)(?![a-z]))?"
)
#: What may follow a time: hours from Greenwich, or a word for them.
_OFFSET = re.compile(r"(?:(?:z|utc?|gmt)\s*)?([+-])(\d{2}):?(\d{2})?(?!\d)")
_SHORT_OFFSET = re.compile(r"(?:utc?|gmt)\s*([+-])(\d):?(\d{2})?(?!\d)")
_ZONE_WORD = re.compile(r"[(\[]?([a-z]{1,5})(?=$|[\W\d_])")
#: What else may name a zone, such as Europe/Berlin and Eastern Time.
_ZONE_PHRASE = re.compile(r"[(\[]?([a-z_]+(?:/[a-z_+-]+)+|[a-z ]+ time)[)\]]?")
#: Words for hours.
_HOURS = frozenset(("h", "hr", "hrs", "uhr", "ora", "ore", "uur", "klo", "hod", "godz"))
#: Hours of common zones from Greenwich: for America as RFC 5322 (section 4.3) has them,
#: else as the IANA time zone database has Lisbon, London, Berlin, Athens and Moscow.
_ZONES: Mapping[str, int] = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0,
    "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2,
    "eest": 3, "msk": 3,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
    "pdt": -7,
}  # fmt: skip
#: CST is China's zone, too, unless the column has others of America.
_TWOFOLD = "cst"
_AMERICAN = frozenset(("est", "edt", "cdt", "mst", "mdt", "pst", "pdt"))
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
    ``doubtful`` are words for a time zone that is not known for certain, blank elsewhere.
    """

    texts: Cells
    unreadable: Mask
    late: Mask
    doubtful: Cells


def moments(cells: Cells, as_of: dt.date) -> Moments:
    """Read dates in the forms that exports use, with their times.

    A time with a zone is converted to UTC; one without, or with one that is not known, is
    taken as UTC, so that it keeps its date and its place in the day. Midnight without a
    zone is a date alone. Whole numbers between 36526 and 73050 are the days of a
    spreadsheet. Whether the day or the month comes first is decided for the whole column,
    as `values.dates` does.

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
    folded = [str(text).casefold().strip(" '\"\u00a0") for text in distinct]
    zones = [_zone(text) for text in folded]
    is_american = any(zone.word in _AMERICAN for zone in zones)
    texts, late, doubtful = [], [], []
    for at, (text, zone) in enumerate(zip(folded, zones, strict=True)):
        day = None if np.isnat(days[at]) else days[at].astype("datetime64[D]").item()
        moment, is_zoned = _moment(text, day, zone.offset)
        is_sure = zone.offset is not None and (zone.word != _TWOFOLD or is_american)
        doubtful.append(zone.word if "T" in moment and not is_sure else "")
        unreadable[at] &= not moment
        texts.append(moment)
        late.append(moment > end if is_zoned else moment[:10] > as_of.isoformat())
    return Moments(
        texts=column(texts)[codes],
        unreadable=unreadable[codes],
        late=np.array(late, dtype=np.bool_)[codes],
        doubtful=column(doubtful)[codes],
    )


def doubt(word: str) -> str:
    """Return what was assumed of a zone in `Moments.doubtful`, and what to do."""
    taken = (
        "may be that of America or of China, and was taken as America's"
        if word == _TWOFOLD
        else "is not known, and the time was taken as UTC"
    )
    return (
        f"the time zone {word.upper()[:40]} {taken}: write its hours from Greenwich "
        "instead, such as 2026-11-23 14:05 +01:00"
    )


class _Zone(NamedTuple):
    """What a cell says of its time zone: a word, if it has one, and what that means."""

    word: str
    offset: dt.timedelta | None


def _zone(text: str) -> _Zone:
    clock = _TIME.search(text)
    rest = text[clock.end() :].strip() if clock else ""
    if match := _OFFSET.match(rest) or _SHORT_OFFSET.match(rest):
        offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return _Zone("", -offset if match[1] == "-" else offset)
    if phrase := _ZONE_PHRASE.fullmatch(rest):
        return _Zone(phrase[1], None)
    found = _ZONE_WORD.match(rest)
    if found is None or found[1] in _HOURS:
        return _Zone("", None)
    word = found[1]
    if word in _ZONES:
        return _Zone(word, dt.timedelta(hours=_ZONES[word]))
    is_alone = found.end() == len(rest.rstrip(")]"))
    return _Zone(word if is_alone and len(word) > 1 else "", None)


def _moment(
    text: str, day: dt.date | None, offset: dt.timedelta | None
) -> tuple[str, bool]:
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
    if offset is None and not after:
        return day.isoformat(), False
    moment = start + after - (offset or dt.timedelta())
    return moment.strftime(_FORMAT), offset is not None


def _since_midnight(clock: re.Match[str]) -> dt.timedelta | None:
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if clock[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock[4].startswith("p") else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return dt.timedelta(hours=hour, minutes=minute, seconds=second)


def _serial(text: str) -> str:
    match = _SERIAL.fullmatch(text)
    if match is None or not _FIRST_SERIAL <= int(match[1]) <= _LAST_SERIAL:
        return ""
    seconds = round(float(f"0.{match[2] or 0}") * 86_400)
    moment = _DAY_ZERO + dt.timedelta(days=int(match[1]), seconds=seconds)
    return moment.strftime(_FORMAT) if seconds else moment.date().isoformat()
