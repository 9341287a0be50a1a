"""Every number that the program sees, derived by hand for one seat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_factory import (
    MONDAY,
    UNSURE,
    make_class,
    make_classing,
    make_credit_row,
    make_instance,
    make_period,
    make_seat,
)
from planner.domain import Atom, Calendar, Instance, Kind, Period, Seat
from planner.model import instance as build
from planner.model.calendar import seat_calendar
from planner.model.credits import CreditUse
from planner.params import Parameters

DEFAULTS = Parameters()
THURSDAY = dt.date(2026, 11, 26)


def _calendar(seat: Seat, start: dt.date = MONDAY, weeks: int = 6) -> Calendar:
    end = MONDAY + dt.timedelta(weeks=weeks, days=-1)
    return seat_calendar(0, seat, as_of=start, start=start, end=end, parameters=DEFAULTS)


def _periods(seat: Seat, start: dt.date = MONDAY, weeks: int = 6) -> dict[int, Period]:
    return dict(enumerate(_calendar(seat, start, weeks).periods))


# --- credit rows ----------------------------------------------------------------------


def _cycles(count: int) -> Calendar:
    periods = tuple(make_period(week=c, cycle=c) for c in range(count))
    resets = tuple(MONDAY + dt.timedelta(days=30 * c) for c in range(1, count))
    return Calendar(seat=0, periods=periods, resets=resets)


def _rows(
    seat: Seat, cycles: int, parameters: Parameters = DEFAULTS, num_seats: int = 1
) -> dict[tuple[int, int], tuple[int, float]]:
    rows = build.credit_rows(0, seat, _cycles(cycles), parameters, num_seats=num_seats)
    return {(row.first, row.last): (row.budget, row.alpha) for row in rows}


def test_credit_rows_by_hand() -> None:
    """Each run of cycles has what is there at its start, and the grants inside it."""
    # 40 credits, 5 in reserve, 50 granted, at most 150 banked:
    # cycle 0 alone 35; both 85; cycle 1 alone, starting at the cap, 145.
    # Cycle 1 is guarded by two rows, cycle 2 by three: alpha is shared.
    rows = _rows(make_seat(credits=40), 3)
    assert rows == {
        (0, 0): (35, 0.05),
        (0, 1): (85, 0.025),
        (1, 1): (145, 0.025),
        (0, 2): (135, pytest.approx(0.05 / 3)),
        (1, 2): (195, pytest.approx(0.05 / 3)),
        (2, 2): (145, pytest.approx(0.05 / 3)),
    }


def test_seat_below_its_reserve_has_no_budget() -> None:
    """What is missing to the reserve comes off the next grant; no budget is negative."""
    # 2 credits, 5 in reserve: 3 short; after the grant 2 + 50 - 5 = 47.
    rows = _rows(make_seat(credits=2), 2)
    assert {key: budget for key, (budget, _) in rows.items()} == {
        (0, 0): 0,
        (0, 1): 47,
        (1, 1): 145,
    }


def test_joint_alpha_is_shared_over_seats() -> None:
    """With ``joint``, the risk of all seats together is at most alpha."""
    parameters = DEFAULTS.override({"joint": True})
    rows = _rows(make_seat(), 2, parameters, num_seats=10)
    assert [alpha for _, alpha in rows.values()] == pytest.approx([0.005, 0.0025, 0.0025])


def _runs_dry(seat: Seat, uses: Sequence[int]) -> bool:
    """Run the balance forward; a use may not take it below the reserve."""
    balance = seat.credits
    for cycle, use in enumerate(uses):
        if cycle:
            balance = min(balance + seat.monthly_grant, seat.credit_cap)
        if use > max(0, balance - seat.reserve):
            return True
        balance -= use
    return False


@settings(max_examples=600)
@given(
    credits=st.integers(0, 40),
    grant=st.integers(0, 15),
    cap=st.integers(0, 40),
    reserve=st.integers(0, 12),
    uses=st.lists(st.integers(0, 25), min_size=1, max_size=5),
)
def test_credit_rows_are_the_balance_run_forward(
    credits: int, grant: int, cap: int, reserve: int, uses: list[int]
) -> None:
    """All rows hold if and only if the capped balance never falls below the reserve."""
    seat = make_seat(credits=credits, monthly_grant=grant, credit_cap=cap, reserve=reserve)
    rows = _rows(seat, len(uses))
    hold = all(sum(uses[i : j + 1]) <= budget for (i, j), (budget, _) in rows.items())
    assert hold == (not _runs_dry(seat, uses))


# --- velocity -------------------------------------------------------------------------


def test_velocity_by_hand() -> None:
    """1.3 times the mean of four weeks, plus 5; planned weeks replace past ones."""
    # 60 in 28 days are 15 a week. Week 0: 1.3 * 15 + 5 = 24.5.
    # Week 1: 1.3 / 4 = 0.325 for each of three past weeks of 15: 14.625 + 5, plus
    # 0.325 * V_0. Week 4: no past week is left: 5, plus 0.325 of each planned one.
    seat = make_seat()
    periods = _periods(seat)
    limits = build.velocity_limits(0, seat, periods, DEFAULTS, 6, first_weekday=0)
    by_week = {w: [n for n, p in periods.items() if p.week == w] for w in range(6)}
    assert [limit.limit for limit in limits] == pytest.approx(
        [24.5, 19.625, 14.75, 9.875, 5.0, 5.0]
    )
    assert [limit.name for limit in limits] == [f"velocity_{week}" for week in range(6)]
    assert limits[0].terms == dict.fromkeys(by_week[0], 1.0)
    assert limits[5].terms == {
        **dict.fromkeys(by_week[5], 1.0),
        **{n: -0.325 for week in (1, 2, 3, 4) for n in by_week[week]},
    }


def test_velocity_of_a_week_that_has_begun() -> None:
    """The rest of a week gets its share; what is gone of it counts as sent as usual."""
    # Thursday and Friday are 1.7 of 4.7 full days. Week 0: 24.5 * 1.7 / 4.7.
    # Week 1: history 3 * 15 + 15 * 3 / 4.7, times 0.325, plus 5. Week 4 still looks
    # back to week 0: 0.325 * 15 * 3 / 4.7 + 5.
    seat = make_seat()
    limits = build.velocity_limits(
        0, seat, _periods(seat, THURSDAY), DEFAULTS, 6, first_weekday=3
    )
    gone = 15 * 3 / 4.7
    assert [limit.limit for limit in limits] == pytest.approx(
        [
            24.5 * 1.7 / 4.7,
            0.325 * (45 + gone) + 5,
            0.325 * (30 + gone) + 5,
            0.325 * (15 + gone) + 5,
            0.325 * gone + 5,
            5.0,
        ]
    )


def test_velocity_of_a_seat_that_comes_back_midweek() -> None:
    """A seat away on Monday has lost nothing of its velocity: the plan's week is whole."""
    seat = make_seat(away=((MONDAY, dt.date(2026, 11, 25)),))
    limits = build.velocity_limits(0, seat, _periods(seat), DEFAULTS, 2, first_weekday=0)
    # and nothing was sent on the days away: week 1 looks back on three past weeks only
    assert [limit.limit for limit in limits] == pytest.approx([24.5, 19.625])


def test_velocity_of_a_new_seat() -> None:
    """A seat without history starts at a quarter of its week and gains a quarter a week."""
    # A full week is 4.7 days of 20: 94. A quarter is 23.5.
    seat = make_seat(inmails_last_28_days=None)
    limits = build.velocity_limits(0, seat, _periods(seat), DEFAULTS, 6, first_weekday=0)
    assert [limit.limit for limit in limits] == pytest.approx([23.5, 47, 70.5, 94, 94, 94])
    assert all(set(limit.terms.values()) == {1.0} for limit in limits)
    parameters = DEFAULTS.override({"new_seat_ramp_weeks": 1})
    limits = build.velocity_limits(0, seat, _periods(seat), parameters, 1, first_weekday=0)
    assert limits[0].limit == pytest.approx(94)


def test_velocity_of_a_cold_seat_is_the_floor() -> None:
    """A seat that sent nothing starts at the floor."""
    seat = make_seat(inmails_last_28_days=0)
    limits = build.velocity_limits(0, seat, _periods(seat), DEFAULTS, 2, first_weekday=0)
    assert [limit.limit for limit in limits] == [5.0, 5.0]


def test_weeks_without_days_have_no_velocity() -> None:
    """A week away has no row, and counts as nothing sent for those after it."""
    away = ((dt.date(2026, 11, 30), dt.date(2026, 12, 6)),)
    seat = make_seat(away=away)
    periods = _periods(seat, weeks=3)
    limits = build.velocity_limits(0, seat, periods, DEFAULTS, 3, first_weekday=0)
    assert [limit.name for limit in limits] == ["velocity_0", "velocity_2"]
    # Two past weeks remain in week 2's window: 0.325 * 30 + 5; then -0.325 of week 0.
    assert limits[1].limit == pytest.approx(14.75)
    assert sorted(set(limits[1].terms.values())) == [-0.325, 1.0]


# --- free messages of a month ---------------------------------------------------------


def test_open_month_by_hand() -> None:
    """Past InMails leave the 30 days evenly; what is planned takes their place."""
    # 60 in 28 days. By Friday 27 November five days are gone: 60 * 25 / 30 = 50 are
    # still inside, so 350 of 400 are free. The first week can use 4 * 20 + 14 = 94.
    # By Tuesday 1 December nine days: 60 * 21 / 30 = 42: 358; by Friday the 4th twelve
    # days: 36: 364.
    seat = make_seat()
    limits = build.open_month_limits(0, seat, _periods(seat, weeks=2))
    assert [limit.limit for limit in limits] == pytest.approx([94.0, 358.0, 364.0])
    assert [limit.terms for limit in limits] == [
        {0: 1.0},
        {0: 1.0, 1: 1.0},
        {0: 1.0, 1: 1.0, 2: 1.0},
    ]


def test_open_month_forgets_planned_weeks() -> None:
    """A period leaves the window 30 days after its last day."""
    # Week 5 ends on Friday 1 January, 35 days after week 0's Friday, 28 after week 1's.
    seat = make_seat(reset_rule="date:2027-06-01")
    limits = build.open_month_limits(0, seat, _periods(seat))
    assert sorted(limits[5].terms) == [1, 2, 3, 4, 5]


def test_open_month_in_the_first_week_is_filled_in_turn() -> None:
    """If the month is nearly full, the first week can send only what rolls out of it."""
    # Cap 80, past 90, 3 a day roll out: by the end of Monday 87 are still inside, then
    # 84, 81, 78, 75 on Friday. So 0, 0, 0, 2, 5 may be sent in all.
    seat = make_seat(inmails_last_28_days=90, max_open_inmails_per_month=80)
    days = [MONDAY + dt.timedelta(days=k) for k in range(5)]
    assert build.open_room(seat, days) == pytest.approx([0, 0, 0, 2, 5])
    limits = build.open_month_limits(0, seat, _periods(seat, weeks=1))
    assert limits[0].limit == pytest.approx(5)
    # With 2 free ones a day, Friday (0.7 of a day) adds only 1 to Thursday's 2.
    slow = make_seat(
        inmails_last_28_days=90, max_open_inmails_per_month=80, max_open_inmails_per_day=2
    )
    limits = build.open_month_limits(0, slow, _periods(slow, weeks=1))
    assert limits[0].limit == pytest.approx(3)


def test_a_seat_without_days_has_no_limits() -> None:
    """A seat that is away throughout needs no limits on its volumes."""
    seat = make_seat()
    assert build.open_month_limits(0, seat, {}) == []
    assert build.connection_limits(0, seat, {}) == []
    assert build.pending_limits(0, seat, {}, DEFAULTS) == []
    assert build.velocity_limits(0, seat, {}, DEFAULTS, 3, first_weekday=0) == []


# --- connection requests --------------------------------------------------------------


def _ordinals(start: dt.date, count: int) -> list[int]:
    return [start.toordinal() + k for k in range(count)]


def test_connection_room_by_hand() -> None:
    """Requests of the last 7 days leave the window on the day they were sent."""
    # 47 requests over 4.7 days: 10 on each of Monday to Thursday, 7 on Friday. At the
    # end of Monday last week's Monday is out: 37 remain, 43 of 80 are free; and so on.
    seat = make_seat(connection_requests_last_7_days=47)
    assert build.connection_room(seat, _ordinals(MONDAY, 5)) == pytest.approx(
        [43, 53, 63, 73, 80]
    )
    # From Thursday: Thursday to Wednesday lie behind; on Thursday last Thursday is out.
    assert build.connection_room(seat, _ordinals(THURSDAY, 2)) == pytest.approx([43, 50])


def test_connection_room_of_a_seat_without_days() -> None:
    """A seat with no usual sending days spreads its past over the whole week."""
    seat = make_seat(connection_requests_last_7_days=70, day_shares=(0.0,) * 7)
    assert build.connection_room(seat, _ordinals(MONDAY, 2)) == pytest.approx([20, 30])
    assert build.connection_room(seat, []) == []


def test_connection_limits_by_hand() -> None:
    """The first week is filled in turn within the room; later weeks have the full limit."""
    # 94 requests: 20 a day and 14 on Friday. Room: 80 - 74 = 6, 26, 46, 66, 80. With 15
    # a day and 10 on Friday, in turn: 6, 21, 36, 51, 61.
    seat = make_seat(connection_requests_last_7_days=94)
    limits = build.connection_limits(0, seat, _periods(seat, weeks=2))
    assert [limit.name for limit in limits] == ["connections_0", "connections_1"]
    assert [limit.limit for limit in limits] == pytest.approx([61, 80])
    # Week 1 has two periods, before and after the reset; both count.
    assert [limit.terms for limit in limits] == [{0: 1.0}, {1: 1.0, 2: 1.0}]


def test_connection_limit_without_history_is_the_days() -> None:
    """With no requests behind, the first week's limit is what its days hold."""
    # 4 * 15 + 10 = 70, below 80.
    seat = make_seat()
    limits = build.connection_limits(0, seat, _periods(seat, weeks=1))
    assert limits[0].limit == pytest.approx(70)


def test_pending_limits_by_hand() -> None:
    """Pending requests are withdrawn evenly over their 21 days; planned ones add up."""
    # 490 of 500: 10 free in week 0. A third is gone each week: 490 * 2/3 and 490 / 3
    # remain, then none. Requests of week 0 are withdrawn by week 3.
    seat = make_seat(pending_connection_requests=490, reset_rule="date:2027-06-01")
    limits = build.pending_limits(0, seat, _periods(seat, weeks=4), DEFAULTS)
    assert [limit.limit for limit in limits] == pytest.approx(
        [10, 500 - 490 * 2 / 3, 500 - 490 / 3, 500]
    )
    assert [sorted(limit.terms) for limit in limits] == [[0], [0, 1], [0, 1, 2], [1, 2, 3]]


def test_too_many_pending_requests_stop_new_ones() -> None:
    """Above the cap nothing may be sent; no limit is negative."""
    seat = make_seat(pending_connection_requests=600)
    limits = build.pending_limits(0, seat, _periods(seat, weeks=1), DEFAULTS)
    assert limits[0].limit == 0.0


# --- forfeits -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credits", "expected"),
    [
        (120, {1: 20.0, 2: 70.0}),  # 120 + 50 - 150, 120 + 100 - 150
        (100, {2: 50.0}),  # exactly at the cap after the first grant
        (40, {}),
    ],
)
def test_forfeits_by_hand(credits: int, expected: dict[int, float]) -> None:
    """What a seat would hold above the cap at each reset if it sent nothing."""
    limits = build.forfeit_limits(0, make_seat(credits=credits), _cycles(3))
    assert {int(n): limit.limit for limit in limits for n in limit.terms} == expected


# --- the whole ------------------------------------------------------------------------


def _build(seats: Sequence[Seat], sizes: Sequence[int]) -> Instance:
    template = make_instance(
        [],
        [make_class(kind=k, size=size) for k, size in enumerate(sizes)],
        tiers=UNSURE,
        atoms=(
            Atom(seats=tuple(range(len(seats))), inmail_factor=1.0, connection_factor=1.0),
        ),
    )
    classing = make_classing(template)
    calendars = [
        seat_calendar(
            k, seat, as_of=MONDAY, start=MONDAY, end=MONDAY + dt.timedelta(days=13),
            parameters=DEFAULTS,
        )
        for k, seat in enumerate(seats)
    ]  # fmt: skip
    return build.build(seats, calendars, classing, DEFAULTS, num_weeks=2)


def test_periods_are_numbered_over_all_seats() -> None:
    """Limits of the second seat refer to its own periods."""
    built = _build([make_seat(), make_seat(seat_id="bert")], [10, 10, 10])
    assert [period.seat for period in built.periods] == [0, 0, 0, 1, 1, 1]
    for family in (built.velocity, built.open_month, built.connections, built.pending):
        for limit in family:
            assert {built.periods[p].seat for p in limit.terms} == {limit.seat}
    assert {row.seat for row in built.credit_rows} == {0, 1}
    assert built.num_seats == 2


def test_built_rows_are_fitted() -> None:
    """Every credit row has a weight for every tier, no less than its mean use."""
    built = _build([make_seat()], [200, 50, 100])
    for row in built.credit_rows:
        assert len(row.weights) == 3
        assert row.weights[Kind.OPEN] >= 0.03
        assert row.weights[Kind.CLOSED] == 1.0
        assert row.weights[Kind.UNKNOWN] >= 0.8
        assert row.held_back >= 0


def test_refit_draws_rows_tight_at_the_given_volumes() -> None:
    """At the volumes of the fit, a row books the exact quantile of its own cycles."""
    periods = [
        make_period(week=0, cycle=0),
        make_period(week=1, cycle=0),
        make_period(week=1, cycle=1),
    ]
    rows = tuple(
        make_credit_row(50, weights=(), first=first, last=last, alpha=alpha)
        for first, last, alpha in ((0, 0, 0.05), (0, 1, 0.025), (1, 1, 0.025))
    )
    plain = make_instance(periods, [], tiers=UNSURE, credit_rows=rows)
    inmails = np.array([[10, 2, 5], [0, 3, 10], [20, 1, 8]])
    fitted = build.refit(plain, inmails)
    # Cycle 0 is the first two periods, cycle 1 the third.
    mixes = [[10, 5, 15], [30, 6, 23], [20, 1, 8]]
    use = CreditUse(UNSURE)
    for row, mix in zip(fitted.credit_rows, mixes, strict=True):
        booked = float(np.array(row.weights) @ np.array(mix)) + row.held_back
        assert booked == pytest.approx(use.quantile(np.array(mix), row.alpha))


def test_volumes_by_cycle_adds_periods() -> None:
    """Periods of one seat and cycle are added, whatever their week."""
    periods = [
        make_period(week=0, cycle=0),
        make_period(week=1, cycle=0),
        make_period(week=1, cycle=1),
        make_period(seat=1, week=0, cycle=0),
    ]
    totals = build.volumes_by_cycle(
        make_instance(periods, []), np.array([[1, 2], [10, 20], [5, 5], [7, 7]])
    )
    assert {key: value.tolist() for key, value in totals.items()} == {
        (0, 0): [11, 22],
        (0, 1): [5, 5],
        (1, 0): [7, 7],
    }
