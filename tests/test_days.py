"""Sends onto days: limits kept, an even pace, nothing left over that would fit."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_factory import MONDAY, make_day, make_seat
from planner.assign.days import lay_out, lay_out_inmails, lay_out_requests, spread
from planner.domain import Period, Seat, SeatDay
from planner.model.calendar import seat_calendar
from planner.model.instance import (
    connection_limits,
    connection_room,
    open_month_limits,
    open_room,
)
from planner.params import Parameters


def _week(**limits: int) -> list[SeatDay]:
    """Return Monday to Friday with the same limits."""
    return [make_day(offset, **limits) for offset in range(5)]


# --- spread ---------------------------------------------------------------------------


def test_spread_by_hand() -> None:
    """Units go one by one to the day that is least full for its capacity."""
    # A unit fills 1/20 of Monday to Thursday and 1/14 of Friday: the first four go to
    # Monday to Thursday (.05 each), the fifth to Friday (.071 against .10).
    week = [20, 20, 20, 20, 14]
    assert spread([0] * 5, 4, week) == [1, 1, 1, 1, 0]
    assert spread([0] * 5, 5, week) == [1, 1, 1, 1, 1]
    assert spread([0] * 5, 94, week) == week
    assert spread([0] * 5, 200, week) == week  # the rest does not fit
    assert spread([], 3, []) == []


def test_spread_counts_what_is_there() -> None:
    """Days that hold something already are filled later."""
    assert spread([3, 0], 3, [5, 5]) == [0, 3]
    assert spread([3, 0], 9, [5, 5]) == [2, 5]


def test_spread_with_room_by_hand() -> None:
    """Where only so many may go by the end of each day, later days take the rest."""
    # None by Tuesday, two by Wednesday, five by Friday.
    assert spread([0] * 5, 9, [4] * 5, [0, 0, 2, 2, 5]) == [0, 0, 1, 1, 3]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=7), st.integers(0, 50))
def test_spread_is_even(capacity: list[int], total: int) -> None:
    """No day is fuller than another would be with one unit more."""
    added = spread([0] * len(capacity), total, capacity)
    assert sum(added) == min(total, sum(capacity))
    for mine, most in zip(added, capacity, strict=True):
        assert 0 <= mine <= most
        for other, room in zip(added, capacity, strict=True):
            if mine and other < room:
                assert mine / most <= (other + 1) / room + 1e-12
    if len(set(capacity)) == 1:
        assert max(added) - min(added) <= 1


# --- InMails ----------------------------------------------------------------------------


def test_free_and_paid_share_a_day() -> None:
    """An even pace of both, within the limit on both together."""
    # 5 days of 6: 10 paid are 2 a day, 20 free are 4 a day: every day is full.
    assert lay_out_inmails(_week(inmails=6), 20, 10) == ([4] * 5, [2] * 5)


def test_paid_ones_make_way_for_free_ones() -> None:
    """If free ones do not fit beside an even pace of paid ones, those move."""
    # Monday takes 1 free one and 1 in all, Tuesday 0 free ones and 1 in all. One of each:
    # an even pace puts the paid one on Monday, where the free one must go.
    days = [make_day(0, inmails=1, free=1, paid=1), make_day(1, inmails=1, free=0, paid=1)]
    assert lay_out_inmails(days, 1, 1) == ([1, 0], [0, 1])


def _layouts(days: Sequence[SeatDay]) -> set[tuple[int, int]]:
    """Return every pair of totals that some layout on the days has."""
    choices = [
        [
            (free, paid)
            for free in range(day.max_open_inmails + 1)
            for paid in range(day.max_paid_inmails + 1)
            if free + paid <= day.max_inmails
        ]
        for day in days
    ]
    return {
        (sum(free for free, _ in layout), sum(paid for _, paid in layout))
        for layout in itertools.product(*choices)
    }


@st.composite
def _days(draw: st.DrawFn) -> list[SeatDay]:
    days = []
    for offset in range(draw(st.integers(1, 3))):
        free, paid = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        inmails = draw(st.integers(max(free, paid), free + paid))
        days.append(make_day(offset, inmails=inmails, free=free, paid=paid))
    return days


@settings(max_examples=80)
@given(_days())
def test_whatever_fits_is_laid_out(days: list[SeatDay]) -> None:
    """Every pair of totals that any layout has is laid out in full, within all limits."""
    feasible = _layouts(days)
    most = (
        sum(day.max_open_inmails for day in days),
        sum(day.max_paid_inmails for day in days),
    )
    for totals in itertools.product(range(most[0] + 1), range(most[1] + 1)):
        free, paid = lay_out_inmails(days, *totals)
        for day, a, b in zip(days, free, paid, strict=True):
            assert 0 <= a <= day.max_open_inmails
            assert 0 <= b <= day.max_paid_inmails
            assert a + b <= day.max_inmails
        assert ((sum(free), sum(paid)) == totals) == (totals in feasible)
    # The limits on sums, which are all that the program knows, are enough.
    total = sum(day.max_inmails for day in days)
    assert feasible == {
        (a, b)
        for a, b in itertools.product(range(most[0] + 1), range(most[1] + 1))
        if a + b <= total
    }


@settings(max_examples=60)
@given(_days(), st.lists(st.integers(0, 6), min_size=3, max_size=3), st.integers(0, 9))
def test_free_ones_keep_the_room_of_the_month(
    days: list[SeatDay], steps: list[int], total: int
) -> None:
    """Free InMails never run ahead of the room, and as many go as any layout has."""
    room = sorted(steps)[: len(days)]
    free, _ = lay_out_inmails(days, total, 0, room)
    sent = list(itertools.accumulate(free))
    assert all(a <= b for a, b in zip(sent, room, strict=True))
    best = max(
        sum(layout)
        for layout in itertools.product(*(range(d.max_open_inmails + 1) for d in days))
        if all(a <= b for a, b in zip(itertools.accumulate(layout), room, strict=True))
    )
    assert sum(free) == min(total, best)


# --- connection requests ------------------------------------------------------------------


def test_requests_go_out_evenly() -> None:
    """Without requests behind, a week's requests are spread by each day's limit."""
    # 4 * 15 + 10 = 70 fit; 35 are half of each day: 8, 15, 23, 30, 35 are due by the
    # end of each day, rounded up.
    days = [*_week(requests=15)[:4], make_day(4, requests=10)]
    assert lay_out_requests(make_seat(), days, 35) == [8, 7, 8, 7, 5]
    assert lay_out_requests(make_seat(), days, 0) == [0] * 5
    assert lay_out_requests(make_seat(), [], 0) == []


def test_requests_wait_for_last_weeks_to_leave() -> None:
    """What was sent in the last 7 days leaves room day by day."""
    # 94 behind, 20 on each full day: room for 6, 26, 46, 66, 80 in all.
    seat = make_seat(connection_requests_last_7_days=94)
    days = [*_week(requests=15)[:4], make_day(4, requests=10)]
    assert lay_out_requests(seat, days, 61) == [6, 15, 15, 15, 10]


@st.composite
def _request_weeks(draw: st.DrawFn) -> tuple[Seat, list[SeatDay]]:
    seat = make_seat(
        connection_requests_last_7_days=draw(st.integers(0, 14)),
        max_connection_requests_per_week=draw(st.integers(0, 10)),
        day_shares=tuple(
            draw(st.lists(st.sampled_from([0.0, 0.7, 1.0]), min_size=7, max_size=7))
        ),
    )
    offsets = sorted(draw(st.sets(st.integers(0, 6), min_size=1, max_size=4)))
    return seat, [make_day(o, requests=draw(st.integers(0, 4))) for o in offsets]


@settings(max_examples=120)
@given(_request_weeks())
def test_as_many_requests_as_any_layout(week: tuple[Seat, list[SeatDay]]) -> None:
    """Up to the most that any layout has, all requests find a day; none breaks a limit."""
    seat, days = week
    room = connection_room(seat, [day.date.toordinal() for day in days])
    most = max(
        sum(layout)
        for layout in itertools.product(
            *(range(day.max_connection_requests + 1) for day in days)
        )
        if all(
            sent <= allowed + 1e-9 or sent == 0
            for sent, allowed in zip(itertools.accumulate(layout), room, strict=True)
        )
    )
    for total in range(most + 3):
        laid = lay_out_requests(seat, days, total)
        assert sum(laid) == min(total, most)
        for day, count in zip(days, laid, strict=True):
            assert 0 <= count <= day.max_connection_requests
        for sent, allowed in zip(itertools.accumulate(laid), room, strict=True):
            assert sent == 0 or sent <= allowed + 1e-9


# --- a whole week -------------------------------------------------------------------------


@st.composite
def _seats(draw: st.DrawFn) -> Seat:
    return make_seat(
        inmails_last_28_days=draw(st.sampled_from([None, 0, 60, 119, 390])),
        max_open_inmails_per_month=draw(st.sampled_from([50, 101, 400])),
        max_open_inmails_per_day=draw(st.sampled_from([2, 20])),
        connection_requests_last_7_days=draw(st.integers(0, 110)),
        max_connection_requests_per_week=draw(st.sampled_from([30, 80])),
        day_shares=draw(
            st.sampled_from(
                [
                    (1.0, 1.0, 1.0, 1.0, 0.7, 0.0, 0.0),
                    (1.0,) * 7,
                    (0.0, 0.7, 0.0, 1.0, 0, 0, 0),
                ]
            )
        ),
    )


def _first_week(seat: Seat, start: dt.date) -> tuple[Period, ...]:
    calendar = seat_calendar(
        0, seat, as_of=start, start=start, end=start + dt.timedelta(days=20),
        parameters=Parameters(),
    )  # fmt: skip
    return tuple(period for period in calendar.periods if period.week == 0)


@settings(max_examples=100)
@given(_seats(), st.integers(0, 11))
def test_the_programs_limits_of_the_week_find_their_days(seat: Seat, offset: int) -> None:
    """What the weekly limits allow, rounded down, is laid out in full, day by day."""
    # Starts from 23 November to 4 December: with and without the reset in the week.
    periods = _first_week(seat, MONDAY + dt.timedelta(days=offset))
    own = dict(enumerate(periods))
    if not own:
        return
    (requests,) = (limit.limit for limit in connection_limits(0, seat, own))
    # Free ones of each period in turn, as far as its own limit goes.
    free: list[tuple[int, int]] = []
    for limit in open_month_limits(0, seat, own):
        so_far = sum(count for count, _ in free)
        free.append((int(limit.limit + 1e-9) - so_far, 0))
    free = [
        (min(n, p.max_open_inmails), 0) for (n, _), p in zip(free, periods, strict=True)
    ]
    counts = lay_out(seat, periods, free, int(requests + 1e-9))
    days = [day for period in periods for day in period.days]
    assert [count.date for count in counts] == [day.date for day in days]
    assert sum(count.open_inmails for count in counts) == sum(n for n, _ in free)
    assert sum(count.connection_requests for count in counts) == int(requests + 1e-9)
    room = open_room(seat, [day.date for day in days])
    sent = itertools.accumulate(count.open_inmails for count in counts)
    assert all(a <= b + 1e-9 or a == 0 for a, b in zip(sent, room, strict=True))
    for count, day in zip(counts, days, strict=True):
        assert count.open_inmails <= day.max_open_inmails
        assert count.connection_requests <= day.max_connection_requests


def test_periods_of_a_week_keep_their_own_inmails() -> None:
    """InMails of each credit cycle stay on that cycle's days; requests use all days."""
    # Monday 30 November is cycle 0, the 1st has no InMails, the 2nd to 4th are cycle 1.
    seat = make_seat()
    periods = _first_week(seat, dt.date(2026, 11, 30))
    assert [period.cycle for period in periods] == [0, 1]
    counts = lay_out(seat, periods, [(3, 2), (6, 9)], 70)
    found = [(c.open_inmails, c.paid_inmails, c.connection_requests) for c in counts]
    # 6 free over 20, 20, 14: 2 each. 9 paid over 8, 8, 5: fractions of 1/8 and 1/5.
    assert found[0] == (3, 2, 15)
    assert found[1] == (0, 0, 15)
    assert [a for a, _, _ in found[2:]] == [2, 2, 2]
    assert sum(b for _, b, _ in found[2:]) == 9
    assert sum(c for _, _, c in found) == 70


@pytest.mark.parametrize("total", [0, 1, 5, 37, 94])
def test_even_pace_over_a_week(total: int) -> None:
    """On days of equal limits no day has more than one InMail above another."""
    free, _ = lay_out_inmails(_week(inmails=20), total, 0)
    assert sum(free) == total
    assert max(free) - min(free) <= 1
