"""When a seat may send how much: periods, resets and the days around them."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_factory import MONDAY, make_seat
from planner.dates import monday
from planner.domain import Calendar, Seat, SeatDay
from planner.errors import InputError
from planner.model.calendar import horizon_end, planned_week, seat_calendar
from planner.params import Parameters

DEFAULTS = Parameters()
#: Sunday of the second week: the reset of 1 December is inside.
END = dt.date(2026, 12, 6)


def _calendar(
    seat: Seat,
    *,
    start: dt.date = MONDAY,
    as_of: dt.date | None = None,
    end: dt.date = END,
    parameters: Parameters = DEFAULTS,
) -> Calendar:
    return seat_calendar(
        0, seat, as_of=as_of or start, start=start, end=end, parameters=parameters
    )


def _shape(calendar: Calendar) -> list[tuple[int, int, str]]:
    return [
        (period.week, period.cycle, " ".join(f"{day.date:%d}" for day in period.days))
        for period in calendar.periods
    ]


def _without_inmails(calendar: Calendar) -> list[str]:
    days = (day for period in calendar.periods for day in period.days)
    return [day.date.isoformat() for day in days if day.max_inmails == 0]


# --- periods ------------------------------------------------------------------------


def test_periods_are_cut_at_weeks_and_resets() -> None:
    """A period ends with its ISO week or its credit cycle, whichever is first."""
    # Monday 30 November is in cycle 0. On Tuesday 1 December in UTC the day opens at
    # 8:00, before 00:00 + 24 h: no InMail, still booked on cycle 0. From the 2nd on the
    # grant is there.
    calendar = _calendar(make_seat())
    assert _shape(calendar) == [
        (0, 0, "23 24 25 26 27"),
        (1, 0, "30 01"),
        (1, 1, "02 03 04"),
    ]
    assert calendar.resets == (dt.date(2026, 12, 1),)
    assert _without_inmails(calendar) == ["2026-12-01"]


def test_mid_week_start() -> None:
    """A plan made on a Thursday starts on that Thursday, still in week 0."""
    calendar = _calendar(make_seat(), start=dt.date(2026, 11, 26))
    assert _shape(calendar)[0] == (0, 0, "26 27")
    assert calendar.periods[1].week == 1


def test_horizon_end_is_the_last_day() -> None:
    """The last day of the horizon is planned, the day after is not."""
    seat = make_seat(day_shares=(1.0,) * 7)
    days = [d.date for p in _calendar(seat).periods for d in p.days]
    assert days == [MONDAY + dt.timedelta(days=k) for k in range(14)]


def test_a_reset_before_the_first_planned_day_has_passed() -> None:
    """Where planning starts after a reset that the balance has not seen, cycle 1 opens."""
    # Balance of Monday 30 November; the seat is away until Friday 4 December.
    seat = make_seat(away=((dt.date(2026, 11, 30), dt.date(2026, 12, 3)),))
    calendar = _calendar(seat, start=dt.date(2026, 11, 30))
    assert _shape(calendar) == [(0, 1, "04")]


def test_a_grant_of_today_is_in_the_balance() -> None:
    """On the day of a reset its grant counts as received: the next one is a month off."""
    calendar = _calendar(make_seat(), start=dt.date(2026, 12, 1))
    assert calendar.resets == ()
    assert _shape(calendar) == [(0, 0, "01 02 03 04")]
    assert _without_inmails(calendar) == []


@st.composite
def _seats(draw: st.DrawFn) -> Seat:
    shares = draw(st.lists(st.sampled_from([0.0, 0.5, 0.7, 1.0]), min_size=7, max_size=7))
    first = MONDAY + dt.timedelta(days=draw(st.integers(-3, 40)))
    return make_seat(
        day_shares=tuple(shares),
        reset_rule=draw(st.sampled_from(["month", "day:17", "day:31", "date:2026-12-09"])),
        time_zone=draw(
            st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
        ),
        away=((first, first + dt.timedelta(days=draw(st.integers(0, 12)))),),
    )


@settings(max_examples=60)
@given(_seats(), st.integers(0, 6), st.integers(10, 56), st.integers(0, 72))
def test_working_days_are_partitioned(
    seat: Seat, offset: int, length: int, delay: int
) -> None:
    """Each working day is in exactly one period, in order; cycles never decrease."""
    start = MONDAY + dt.timedelta(days=offset)
    end = start + dt.timedelta(days=length)
    parameters = DEFAULTS.override({"grant_delay_hours": delay})
    calendar = _calendar(seat, start=start, end=end, parameters=parameters)
    expected = [
        day
        for day in (start + dt.timedelta(days=k) for k in range(length + 1))
        if seat.day_shares[day.weekday()] > 0
        and not seat.away[0][0] <= day <= seat.away[0][1]
    ]
    assert [day.date for p in calendar.periods for day in p.days] == expected
    for period in calendar.periods:
        assert {monday(day.date) for day in period.days} == {
            monday(start) + dt.timedelta(weeks=period.week)
        }
    for before, after in pairwise(calendar.periods):
        # strictly later in (week, cycle): so each is maximal and none is empty
        assert (before.week, before.cycle) < (after.week, after.cycle)
        assert before.cycle <= after.cycle
    assert all(start < reset <= end for reset in calendar.resets)
    assert all(p.cycle <= len(calendar.resets) for p in calendar.periods)


@settings(max_examples=60)
@given(_seats(), st.integers(0, 72))
def test_every_inmail_is_on_a_sure_side_of_each_reset(seat: Seat, delay: int) -> None:
    """On days with InMails the whole sending day is before a reset or after the delay."""
    parameters = DEFAULTS.override({"grant_delay_hours": delay})
    calendar = _calendar(seat, end=MONDAY + dt.timedelta(days=55), parameters=parameters)
    # Offset by hand from UTC; none of these zones changes its clock in these weeks.
    hours = {"UTC": 0, "Asia/Tokyo": 9, "America/New_York": -5, "Pacific/Kiritimati": 14}
    for period in calendar.periods:
        for day in period.days:
            if day.max_inmails == 0:
                continue
            utc = dt.datetime.combine(day.date, dt.time()) - dt.timedelta(
                hours=hours[seat.time_zone]
            )
            for number, reset in enumerate(calendar.resets):
                instant = dt.datetime.combine(reset, dt.time())
                if period.cycle <= number:
                    assert utc + dt.timedelta(hours=18) <= instant
                else:
                    assert utc + dt.timedelta(hours=8) >= instant + dt.timedelta(
                        hours=delay
                    )


# --- around a reset -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "delay", "blocked"),
    [
        # 00:00 UTC on 1 December is 01:00 in Berlin: 8:00 to 18:00 there is 7:00 to
        # 17:00 UTC. With no delay the 30th closes and the 1st opens clear of it.
        ("Europe/Berlin", 0, []),
        # With 24 h the grant is sure from 00:00 UTC on the 2nd: the 1st is out.
        ("Europe/Berlin", 24, ["2026-12-01"]),
        # In New York it is 19:00 on 30 November, after closing at 18:00 (23:00 UTC).
        ("America/New_York", 0, []),
        # Sure from 19:00 on the 1st, after that day has closed.
        ("America/New_York", 24, ["2026-12-01"]),
        # In Tokyo it is 9:00 on 1 December: the day has begun at 8:00, so part of it is
        # before the reset even without a delay.
        ("Asia/Tokyo", 0, ["2026-12-01"]),
        # Sure from 9:00 on the 2nd: that day opens at 8:00, an hour too early.
        ("Asia/Tokyo", 24, ["2026-12-01", "2026-12-02"]),
        # 72 h in UTC: sure from the 4th at 00:00.
        ("UTC", 72, ["2026-12-01", "2026-12-02", "2026-12-03"]),
    ],
)
def test_days_without_inmails_around_a_reset(
    zone: str, delay: int, blocked: list[str]
) -> None:
    """No InMail on a day that is neither wholly before a reset nor after its delay."""
    parameters = DEFAULTS.override({"grant_delay_hours": delay})
    calendar = _calendar(make_seat(time_zone=zone), parameters=parameters)
    assert _without_inmails(calendar) == blocked


def test_a_day_that_opens_at_the_grant_is_in_the_new_cycle() -> None:
    """The bounds themselves are safe: closing at the reset, opening when it is sure."""
    # In UTC+0 with hours 0 to 24 and no delay, 30 November closes at the reset and
    # 1 December opens at it.
    parameters = DEFAULTS.override(
        {"send_hour_start": 0, "send_hour_end": 24, "grant_delay_hours": 0}
    )
    calendar = _calendar(make_seat(), parameters=parameters)
    assert _without_inmails(calendar) == []
    assert _shape(calendar) == [
        (0, 0, "23 24 25 26 27"),
        (1, 0, "30"),
        (1, 1, "01 02 03 04"),
    ]


def test_connection_requests_go_on_around_a_reset() -> None:
    """A day without InMails keeps its connection requests."""
    calendar = _calendar(make_seat())
    (blocked,) = [
        day for p in calendar.periods for day in p.days if day.date == dt.date(2026, 12, 1)
    ]
    assert blocked == SeatDay(
        date=dt.date(2026, 12, 1),
        max_inmails=0,
        max_open_inmails=0,
        max_paid_inmails=0,
        max_connection_requests=15,
    )


# --- limits of a day ----------------------------------------------------------------


def test_friday_gets_its_share() -> None:
    """Friday's limits are 0.7 of a full day's, rounded down."""
    # 0.7 * (20, 20, 8, 15) = (14, 14, 5.6, 10.5)
    days = _calendar(make_seat()).periods[0].days
    assert (days[0].max_inmails, days[0].max_connection_requests) == (20, 15)
    friday = days[4]
    assert friday == SeatDay(
        date=dt.date(2026, 11, 27),
        max_inmails=14,
        max_open_inmails=14,
        max_paid_inmails=5,
        max_connection_requests=10,
    )


def test_scaling_does_not_lose_one_to_floating_point() -> None:
    """0.58 of 50 is 29, although in binary the product is a little less."""
    seat = make_seat(
        max_connection_requests_per_day=50, day_shares=(0.58, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0)
    )
    days = _calendar(seat).periods[0].days
    assert days[0].max_connection_requests == 29


def test_all_inmails_of_a_day_are_no_more_than_free_and_paid() -> None:
    """Where free and paid limits are tight, the limit on all follows them."""
    seat = make_seat(max_open_inmails_per_day=3, max_paid_inmails_per_day=4)
    day = _calendar(seat).periods[0].days[0]
    assert (day.max_inmails, day.max_open_inmails, day.max_paid_inmails) == (7, 3, 4)
    few = _calendar(make_seat(max_inmails_per_day=5)).periods[0].days[0]
    assert (few.max_inmails, few.max_open_inmails, few.max_paid_inmails) == (5, 5, 5)


# --- days off -----------------------------------------------------------------------


def test_away_days_are_closed_ranges() -> None:
    """First and last day away are days off; the days next to them are not."""
    seat = make_seat(away=((dt.date(2026, 11, 24), dt.date(2026, 11, 25)),))
    assert _shape(_calendar(seat))[0] == (0, 0, "23 26 27")


def test_paused_seat_has_no_periods() -> None:
    """A seat paused without end has no period; paused until a day, it starts there."""
    never = make_seat(away=((dt.date.min, dt.date.max),))
    assert _calendar(never).periods == ()
    back = make_seat(away=((dt.date.min, dt.date(2026, 11, 26)),))
    assert _shape(_calendar(back))[0] == (0, 0, "27")


# --- the planned week and the horizon -------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "start"),
    [
        ("2026-11-23", "2026-11-23"),  # Monday
        ("2026-11-26", "2026-11-26"),  # Thursday: the rest of its week
        ("2026-11-28", "2026-11-30"),  # Saturday: the next Monday
        ("2026-11-29", "2026-11-30"),  # Sunday: the next Monday
    ],
)
def test_planned_week(as_of: str, start: str) -> None:
    """A week without a working day left is skipped; else planning starts today."""
    day = planned_week([make_seat()], dt.date.fromisoformat(as_of))
    assert day == dt.date.fromisoformat(start)


def test_planned_week_asks_every_seat() -> None:
    """A week with half of the seats at work is planned; one Sunday shift is not enough."""
    office, sunday = make_seat(), make_seat(day_shares=(0.0,) * 6 + (1.0,))
    day = dt.date(2026, 11, 29)
    assert planned_week([office, sunday], day) == day
    assert planned_week([office, office, sunday], day) == dt.date(2026, 11, 30)
    # If nobody else works in the next four weeks, that Sunday is better than nothing.
    last = make_seat(
        day_shares=(0.0,) * 6 + (1.0,), away=((dt.date(2026, 11, 30), dt.date.max),)
    )
    assert planned_week([last], day) == day


def test_planned_week_skips_a_closed_week_to_its_monday() -> None:
    """If all are away till a Wednesday, the week of that Wednesday is planned whole."""
    seat = make_seat(away=((MONDAY, dt.date(2026, 12, 1)),))
    assert planned_week([seat], MONDAY) == dt.date(2026, 11, 30)


def test_no_working_day_in_four_weeks_is_refused() -> None:
    """Nothing can be planned if nobody works; the message names the columns."""
    seat = make_seat(away=((dt.date.min, dt.date.max),))
    with pytest.raises(InputError, match="working_days, away and paused"):
        planned_week([seat], MONDAY)


@pytest.mark.parametrize(
    ("rules", "end"),
    [
        # Next reset Tuesday 1 December, in the week that ends on the 6th; a week more.
        (["month"], "2026-12-13"),
        # The later of two: 17 December is a Thursday, its week ends on the 20th.
        (["month", "day:17"], "2026-12-27"),
        # 22 December is in the fifth week; the one after it is the sixth and last.
        (["day:22"], "2027-01-03"),
        # The longest horizon: six weeks from Monday 23 November.
        (["date:2027-02-01"], "2027-01-03"),
        # A typing error must not run past the last date there is.
        (["date:9999-12-31"], "2027-01-03"),
    ],
)
def test_horizon_ends_a_week_after_the_last_next_reset(rules: list[str], end: str) -> None:
    """The horizon is whole weeks, past every seat's next reset, at most six weeks."""
    seats = [make_seat(reset_rule=rule) for rule in rules]
    found = horizon_end(seats, MONDAY, MONDAY, DEFAULTS)
    assert found == dt.date.fromisoformat(end)


def test_horizon_has_two_weeks_at_least() -> None:
    """Where planning starts after the last reset's week, two weeks are planned still."""
    start = dt.date(2026, 12, 14)
    assert horizon_end([make_seat()], MONDAY, start, DEFAULTS) == dt.date(2026, 12, 27)
