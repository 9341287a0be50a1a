"""Cells of the seat inventory: one parser each; a ValueError says what was expected."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: Years of dates; resets are counted on from them.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def whole(text: str) -> int:
    """Parse a whole number from 0; ``50.0`` is 50, but ``1,000`` is not 1."""
    match = re.fullmatch(r"(\d{1,6})(?:[.,]0{1,2})?", text)
    if not match:
        raise ValueError(f"expected a whole number from 0, got {text[:20]!r}")
    return int(match[1])


def rate(text: str) -> float:
    """Parse a share: ``0.12`` or ``12 %``."""
    try:
        number = float(text.rstrip("% ").replace(",", "."))
    except ValueError:
        number = -1.0
    rate = number / 100 if text.rstrip().endswith("%") else number
    if not 0 <= rate <= 1:
        raise ValueError(f"expected a share such as 0.12 or 12 %, got {text[:20]!r}")
    return rate


def date(text: str) -> dt.date:
    """Parse an ISO date, with or without a time, or ``22.11.2026``."""
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?", text)
    german = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    found = None
    try:
        if iso:
            found = dt.date(int(iso[1]), int(iso[2]), int(iso[3]))
        if german:
            found = dt.date(int(german[3]), int(german[2]), int(german[1]))
    except ValueError:
        pass  # such as 2026-02-30
    if found is not None and _FIRST_YEAR <= found.year <= _LAST_YEAR:
        return found
    raise ValueError(f"expected a date such as 2026-12-01, got {text[:20]!r}")


def date_ranges(text: str) -> tuple[tuple[dt.date, dt.date], ...]:
    """Parse ``2026-12-24..2027-01-02; 2027-02-03`` into closed ranges."""
    ranges = []
    for part in _split(text):
        first, _, last = re.sub(r"\s+(?:to|bis|-)\s+", "..", part).partition("..")
        start = date(first.strip())
        end = date(last.strip()) if last else start
        if end < start:
            raise ValueError(f"{part[:30]!r} ends before it starts")
        ranges.append((start, end))
    return tuple(ranges)


def paused(text: str) -> dt.date | None:
    """Return the last day of the pause, `date.max` if it is open-ended, None if none."""
    folded = text.casefold()
    if folded in {"no", "n", "false", "0", "nein", "non"}:
        return None
    if folded in {"yes", "y", "true", "1", "x", "ja", "oui"}:
        return dt.date.max
    kind, _, value = folded.partition(":")
    if kind.strip() != "until":
        raise ValueError(f"expected yes, no or until:2026-12-01, got {text[:20]!r}")
    return date(value.strip()) - dt.timedelta(days=1)


def reset_rule(text: str) -> str:
    """Parse ``month``, ``day:17`` or ``date:2026-12-04``."""
    folded = re.sub(r"\s+", "", text.casefold())
    if folded in {"month", "monthly", "1st"}:
        return "month"
    match = re.fullmatch(r"(?:day:?)?(\d{1,2})", folded)
    if match and 1 <= int(match[1]) <= 31:
        return f"day:{int(match[1])}"
    if folded.startswith("date:"):
        return f"date:{date(folded[5:])}"
    raise ValueError(f"expected month, day:17 or date:2026-12-04, got {text[:20]!r}")


def time_zone(text: str) -> str:
    """Check an IANA time zone name."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"expected an IANA name such as Europe/Berlin, got {text[:30]!r}"
        ) from None
    return text


def groups(text: str) -> tuple[str, ...]:
    """Parse ``dach; fintech`` into sorted, case-folded names."""
    return tuple(sorted({part.casefold() for part in _split(text)}))


def _split(text: str) -> Sequence[str]:
    return [part.strip() for part in re.split(r"[;,|\n]", text) if part.strip()]


def working_days(text: str) -> frozenset[int]:
    """Parse ``Mon-Fri`` or ``Mon, Wed-Thu`` into weekday numbers, Monday 0."""
    days: set[int] = set()
    for part in _split(text):
        ends = [end.strip().casefold()[:3] for end in re.split("[-\u2013]", part)]
        if len(ends) > 2 or any(end not in WEEKDAYS for end in ends):
            raise ValueError(f"expected days such as Mon-Fri, got {text[:30]!r}")
        first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
        span = (last - first) % 7
        days.update((first + step) % 7 for step in range(span + 1))
    return frozenset(days)
