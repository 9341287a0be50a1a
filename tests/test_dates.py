"""Weeks and resets: plain date arithmetic."""

from __future__ import annotations

import datetime as dt
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.dates import iso_week, monday, previous_reset, resets_after

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))
RULES = st.one_of(
    st.just("month"),
    st.integers(1, 31).map("day:{}".format),
    DAYS.map("date:{}".format),
)


def _resets(rule: str, after: str, count: int) -> list[str]:
    found = islice(resets_after(rule, dt.date.fromisoformat(after)), count)
    return [day.isoformat() for day in found]


def test_monday_and_week_across_a_year() -> None:
    """The first days of January may belong to the last ISO week of the old year."""
    # 1 January 2027 is a Friday: its week began on Monday 28 December 2026, week 53.
    assert monday(dt.date(2027, 1, 1)) == dt.date(2026, 12, 28)
    assert iso_week(dt.date(2027, 1, 1)) == "2026-W53"
    assert iso_week(dt.date(2027, 1, 4)) == "2027-W01"


def test_month_is_the_first() -> None:
    """Rule ``month`` grants on the 1st; a grant on the day itself counts as received."""
    assert _resets("month", "2026-11-23", 3) == ["2026-12-01", "2027-01-01", "2027-02-01"]
    assert _resets("month", "2026-12-01", 1) == ["2027-01-01"]
    assert _resets("month", "2026-11-30", 1) == ["2026-12-01"]


def test_day_of_month_is_clamped() -> None:
    """A billing day that a month does not have falls on the month's last day."""
    # 2028 is a leap year.
    assert _resets("day:31", "2028-01-31", 4) == [
        "2028-02-29",
        "2028-03-31",
        "2028-04-30",
        "2028-05-31",
    ]
    assert _resets("day:29", "2027-01-30", 2) == ["2027-02-28", "2027-03-29"]
    assert _resets("day:17", "2026-11-17", 1) == ["2026-12-17"]


def test_date_names_the_first_grant() -> None:
    """Rule ``date:`` has no grant before its day, then one on each monthly anniversary."""
    assert _resets("date:2027-01-31", "2026-11-23", 3) == [
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
    ]


@pytest.mark.parametrize(
    ("rule", "day", "last"),
    [
        ("month", "2026-12-01", "2026-12-01"),
        ("month", "2026-11-30", "2026-11-01"),
        ("day:31", "2026-03-30", "2026-02-28"),
        ("day:31", "2026-12-31", "2026-12-31"),
        ("date:2026-12-04", "2026-12-03", None),
        ("date:2026-12-04", "2026-12-04", "2026-12-04"),
        ("date:2026-12-04", "2027-03-03", "2027-02-04"),
    ],
)
def test_previous_reset(rule: str, day: str, last: str | None) -> None:
    """The last grant on or before a day is found; before the first one there is none."""
    expected = dt.date.fromisoformat(last) if last else None
    assert previous_reset(rule, dt.date.fromisoformat(day)) == expected


@given(RULES, DAYS)
def test_resets_come_monthly(rule: str, after: dt.date) -> None:
    """All grants lie after the day, in order, one in each month from the first one on."""
    found = list(islice(resets_after(rule, after), 14))
    assert found[0] > after
    months = [12 * day.year + day.month for day in found]
    assert months == list(range(months[0], months[0] + 14))


@given(RULES, DAYS)
def test_previous_and_next_reset_meet(rule: str, day: dt.date) -> None:
    """The grant after the previous one is the next one: none is skipped between."""
    last = previous_reset(rule, day)
    following = next(resets_after(rule, day))
    if last is None:
        assert rule == f"date:{following}"
    else:
        assert last <= day < following
        assert next(resets_after(rule, last)) == following
