"""The runway of a seat: days by hand, bounds against every outcome, what to do."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_factory import make_seat
from planner.cli.forecast import _lowest, _sends
from planner.dates import iso_week, resets_after
from planner.domain import CreditEvent, DayCount, EventKind, Seat
from planner.ledger.ahead import knows_hold, outlook, planned_until
from planner.ledger.balance import Balance, credit_terms, fold
from planner.ledger.forecast import Runway, SeatState, Verdict, daily, forecast
from planner.ledger.runs import Run, _seat_record
from planner.params import Parameters

#: A Monday; the next resets of the rule ``month`` are 1 December, January, February.
MONDAY = dt.date(2026, 11, 23)
RESET = dt.date(2026, 12, 1)
PARAMETERS = Parameters()
ALPHA = 0.05
WEEKDAYS = (1.0,) * 5 + (0.0,) * 2


def day(number: int) -> dt.date:
    """Return a day counted from the Monday."""
    return MONDAY + dt.timedelta(days=number)


def seat(name: str = "anna", **changes: Any) -> Seat:
    """Return a seat that works Monday to Friday, with a reserve of 5."""
    values: dict[str, Any] = {
        "seat_id": name,
        "reset_rule": "month",
        "monthly_grant": 50,
        "credit_cap": 150,
        "reserve": 5,
        "max_paid_inmails_per_day": 8,
        "day_shares": WEEKDAYS,
        "away": (),
    }
    return make_seat(**(values | changes))


def known(owner: Seat, credits: float, *unsure: float, alpha: float = ALPHA) -> Balance:
    """Return a balance seen on the Friday before, with unsure InMails on the Saturday."""
    events = [CreditEvent(happened_on="2026-11-20", kind=EventKind.SEEN, credits=credits)]
    events += [
        CreditEvent(happened_on="2026-11-21", kind=EventKind.SPENT, credits=use)
        for use in unsure
    ]
    found = fold(events, credit_terms(owner, PARAMETERS), MONDAY, alpha=alpha)
    assert found is not None
    return found


def state(credits: float, *unsure: float, name: str = "anna", **changes: Any) -> SeatState:
    """Return a seat with a balance; `planned`, `days`, `credit_use` go to the state."""
    own = {
        key: changes.pop(key)
        for key in (
            "planned", "planned_until", "held_until", "pace_factor", "is_hold_planned",
            "days", "credit_use",
        )
        if key in changes
    }  # fmt: skip
    owner = seat(name, **changes)
    return SeatState(seat=owner, balance=known(owner, credits, *unsure), **own)


def run(*states: SeatState, alpha: float = ALPHA) -> tuple[Runway, ...]:
    """Return the forecasts."""
    return forecast(states, as_of=MONDAY, alpha=alpha, parameters=PARAMETERS)


def plan(per_day: int, *days: int, use: float = 1.0) -> tuple[tuple[dt.date, float], ...]:
    """Return a plan of so many InMails on each of the days."""
    return tuple((day(number), use) for number in days for _ in range(per_day))


# --- the days ---------------------------------------------------------------------


def test_sure_inmails_run_down_day_by_day() -> None:
    """20 credits, 4 a day: 16, 12, 8, 4 on Thursday (below 5), 0 on Friday."""
    (found,) = run(state(20, planned=plan(4, 0, 1, 2, 3, 4)))
    pace = found.planned
    assert [row.expected for row in pace.daily[:5]] == [16, 12, 8, 4, 0]
    assert [(row.low, row.high) for row in pace.daily[:5]] == [
        (16, 16), (12, 12), (8, 8), (4, 4), (0, 0),
    ]  # fmt: skip
    assert (pace.below_reserve_on, pace.zero_on) == (day(3), day(4))
    assert (pace.worst_below_reserve_on, pace.worst_zero_on) == (day(3), day(4))
    assert found.verdict is Verdict.RUNS_OUT
    assert found.pace == "planned"
    assert daily(found) == pace.daily
    assert daily(found, "present") == found.present.daily


def test_a_plan_goes_on_at_its_mean() -> None:
    """4 a day on Monday and Tuesday, then 4 on each working day: 30 left of 50 on Friday.

    Monday 30 November takes 4 more; the weekend takes none.
    """
    (found,) = run(state(50, planned=plan(4, 0, 1)))
    assert [row.expected for row in found.planned.daily[:8]] == [
        46, 42, 38, 34, 30, 30, 30, 26,
    ]  # fmt: skip
    assert list(found.planned.before_reset) == [26, 26]
    assert list(found.planned.after_reset) == [76, 76]
    # Four a day on six working days.
    assert found.planned.inmails == 24


def test_after_its_end_a_plan_goes_on_as_far_as_the_reserve_lets_it() -> None:
    """30 credits, 4 a day to Friday: 10 are left, and on Monday 4 more leave 6.

    56 after the grant. 51 above the reserve are 4 on each of 12 working days (Tuesday 1 to
    Wednesday 16 December) and 3 on the next; then nothing goes before January's grant.
    """
    end = day(4)
    (found,) = run(state(30, planned=plan(4, 0, 1, 2, 3, 4), planned_until=end))
    left = {row.date: row.expected for row in found.planned.daily}
    assert (left[end], left[day(7)], left[RESET]) == (10, 6, 52)
    assert left[dt.date(2026, 12, 16)] == 8
    assert left[dt.date(2026, 12, 17)] == left[dt.date(2026, 12, 31)] == 5
    assert min(row.low for row in found.planned.daily) == 5
    assert (found.verdict, found.planned.inmails) == (Verdict.OK, 24)


def test_what_goes_on_keeps_the_reserve_at_worst_too() -> None:
    """20 credits, 20 InMails of use 0.5 to Friday; of Monday's 4 more only 3 go.

    Of 23, 15 are used at most (95.3 %), of 24 it may be 16 (P(<= 15) = 92.4 %), and 15
    leave the reserve of 5. 8.5 are expected.
    """
    planned = plan(4, 0, 1, 2, 3, 4, use=0.5)
    (found,) = run(state(20, planned=planned, planned_until=day(4)))
    monday = found.planned.daily[7]
    assert (monday.low, monday.expected) == (5, 8.5)


def test_to_plan_nothing_is_a_plan() -> None:
    """4 InMails on Monday, none to 4 December: 16 of 20 stay up to the reset.

    Four on ten working days are 0.4 a day after that.
    """
    (found,) = run(state(20, planned=plan(4, 0), planned_until=day(11)))
    assert [row.expected for row in found.planned.daily[:8]] == [16] * 8
    assert found.planned.inmails == 4
    assert found.planned.daily[11].expected == 66
    # 7 to 11 December: 0.4, 0.8, 1.2, 1.6, 2.0 are due, in whole numbers 0, 1, 1, 2, 2.
    assert [row.expected for row in found.planned.daily[14:19]] == [66, 65, 65, 64, 64]
    # Without any InMail, too: it is the plan by which credits are lost.
    (idle,) = run(state(130, planned_until=day(11)))
    assert (idle.pace, idle.verdict) == ("planned", Verdict.FORFEITS)


def test_a_held_seat_sends_nothing_before_its_day_and_less_after_it() -> None:
    """Held until Wednesday, then at half its pace: a plan of 4 a day becomes 0, 0, 2, 2, 2.

    A plan that knew of the hold stands from Wednesday on. 2 a working day were sent in the
    last four weeks: 1 a day from Wednesday on.
    """
    days = tuple(DayCount(date=day(-7 * week), paid_inmails=10) for week in range(1, 5))
    hold: dict[str, Any] = {"held_until": day(2), "pace_factor": 0.5, "days": days}
    planned = plan(4, 0, 1, 2, 3, 4)
    (found,) = run(state(50, planned=planned, **hold))
    assert [row.expected for row in found.planned.daily[:5]] == [50, 50, 48, 46, 44]
    assert [row.expected for row in found.present.daily[:5]] == [50, 50, 49, 48, 47]
    (known,) = run(state(50, planned=planned, is_hold_planned=True, **hold))
    assert [row.expected for row in known.planned.daily[:5]] == [50, 50, 46, 42, 38]
    # Nobody is told to send from it before: 8 a day on 25 to 27 and on 30 November.
    (idle,) = run(state(50, held_until=day(2), planned_until=day(11)))
    assert idle.spare == 32


def test_a_pause_says_nothing_of_the_days_before() -> None:
    """Paused to Tuesday since nobody knows when: 2 a working day went before, and do after.

    40 in the 20 working days of four weeks.
    """
    days = tuple(DayCount(date=day(-7 * week), paid_inmails=10) for week in range(1, 5))
    (found,) = run(state(50, days=days, away=((dt.date.min, day(1)),)))
    assert [row.expected for row in found.present.daily[:5]] == [50, 50, 48, 46, 44]


def test_the_present_pace_is_per_working_day_of_four_weeks() -> None:
    """40 paid InMails in four weeks of five days: 2 a working day, each one a credit."""
    days = tuple(DayCount(date=day(-7 * week - 3), paid_inmails=10) for week in range(1, 4))
    first = DayCount(date=day(-28), paid_inmails=10)
    (found,) = run(state(50, days=(first, *days)))
    assert [row.expected for row in found.present.daily[:8]] == [
        48, 46, 44, 42, 40, 40, 40, 38,
    ]  # fmt: skip
    assert found.planned.inmails == 0
    assert found.pace == "present"


def test_a_seat_that_began_last_week_is_paced_by_last_week() -> None:
    """10 paid InMails since Monday a week ago, of use 0.5: 2 a day, 1 credit a day."""
    days = (DayCount(date=day(-7), paid_inmails=10),)
    (found,) = run(state(50, days=days, credit_use=0.5))
    assert [row.expected for row in found.present.daily[:3]] == [49, 48, 47]


def test_a_day_or_two_are_no_pace() -> None:
    """10 paid InMails on Friday alone, the first day: 2 a day of a week, not 10 a day."""
    days = (DayCount(date=day(-3), paid_inmails=10),)
    (found,) = run(state(50, days=days))
    assert [row.expected for row in found.present.daily[:3]] == [48, 46, 44]


def test_free_inmails_leak() -> None:
    """20 free InMails a day, of which 3 % find the flag closed: 0.6 credits a day."""
    days = tuple(DayCount(date=day(-offset), open_inmails=20) for offset in range(3, 8))
    (found,) = run(state(50, days=days))
    assert found.present.daily[0].expected == pytest.approx(49.4)
    assert found.present.daily[4].expected == pytest.approx(47.0)


def test_nothing_is_sent_on_days_away_and_old_days_do_not_count() -> None:
    """Away until Wednesday, at 2 a day; what was sent five weeks ago is no pace."""
    days = (
        DayCount(date=day(-35), paid_inmails=90),
        *(DayCount(date=day(-offset), paid_inmails=2) for offset in range(3, 8)),
        *(DayCount(date=day(-offset), paid_inmails=2) for offset in range(10, 15)),
        *(DayCount(date=day(-offset), paid_inmails=2) for offset in range(17, 22)),
        *(DayCount(date=day(-offset), paid_inmails=2) for offset in range(24, 29)),
    )
    (found,) = run(state(50, days=days, away=((MONDAY, day(2)),)))
    assert [row.expected for row in found.present.daily[:5]] == [50, 50, 50, 48, 46]


def test_what_the_cap_and_the_calendar_take() -> None:
    """130 seen in November, nothing sent: September's 30 lapse, nothing is forfeited.

    50 of November, 50 of October, 30 of September; September's lapse on 30 November
    (1 September + 90 days), so 100 + 50 = 150 fit on 1 December.
    """
    (found,) = run(state(130))
    assert (found.planned.expired, found.planned.forfeited) == (30, 0)
    assert list(found.planned.before_reset) == [100, 100]
    assert list(found.planned.after_reset) == [150, 150]
    assert found.verdict is Verdict.FORFEITS
    # On 1 December they are gone: the last day to spend them is 29 November.
    assert list(found.planned.lapses) == [(dt.date(2026, 11, 30), 30)]
    assert found.advice == (
        "spend 30 more before 2026-11-30 or lose them: 30 lapse on 2026-11-30"
    )


def test_what_is_lost_at_the_reset_is_to_be_spent_before_it() -> None:
    """128 of 150 in April: the cap takes 28 of May's 50, and no 90 days end before it.

    On 30 April: 50 of April, 50 of March, 28 of February, which lapse on 2 May.
    """
    (found,) = forecast(
        [_in_2027(seat(), dt.date(2027, 4, 20), 128)],
        as_of=dt.date(2027, 4, 20), alpha=ALPHA, parameters=PARAMETERS,
    )  # fmt: skip
    assert not found.planned.lapses
    assert found.advice == (
        "spend 28 more before the reset on 2027-05-01 or lose them: the cap takes 28, "
        "0 lapse"
    )


def test_one_credit_spent_saves_one_from_the_cap_and_one_from_lapsing() -> None:
    """130 on 20 February: on 1 March the cap takes 30 and December's 30 lapse.

    With these 30 spent before, 100 and 50 fit and nothing lapses: 30, not 60.
    """
    (found,) = forecast(
        [_in_2027(seat(), dt.date(2027, 2, 20), 130)],
        as_of=dt.date(2027, 2, 20), alpha=ALPHA, parameters=PARAMETERS,
    )  # fmt: skip
    assert found.advice == (
        "spend 30 more before the reset on 2027-03-01 or lose them: the cap takes 30, "
        "30 lapse"
    )


def test_lapses_and_the_cap_have_a_deadline_each() -> None:
    """130 under a cap of 140: 30 lapse on 30 November, 10 of December's 50 exceed it."""
    owner = seat(credit_cap=140)
    (found,) = run(SeatState(seat=owner, balance=known(owner, 130)))
    # 30 of September lapse on the 30th; 100 and 50 are 10 more than the cap of 140.
    assert (found.planned.expired, found.planned.forfeited) == (30, 10)
    assert found.advice == (
        "spend 30 more before 2026-11-30 or lose them: 30 lapse on 2026-11-30; and 10 more "
        "before the reset on 2026-12-01 or lose them: the cap takes 10, 0 lapse"
    )


def _in_2027(owner: Seat, on: dt.date, credits: int) -> SeatState:
    """Return a seat with a balance seen on a day, without any InMails."""
    events = [CreditEvent(happened_on=on.isoformat(), kind=EventKind.SEEN, credits=credits)]
    balance = fold(events, credit_terms(owner, PARAMETERS), on, alpha=ALPHA)
    assert balance is not None
    return SeatState(seat=owner, balance=balance)


def test_the_runway_ends_before_the_third_reset() -> None:
    """Resets on 1 December, January and February: the last day is 31 January."""
    (found,) = run(state(50))
    assert found.next_reset == RESET
    assert (found.planned.daily[0].date, found.planned.daily[-1].date) == (
        MONDAY,
        dt.date(2027, 1, 31),
    )


# --- bounds -----------------------------------------------------------------------


def test_the_low_bound_is_an_exact_quantile() -> None:
    """Ten InMails of use 0.8 on Monday from 38: all ten may be used (10.7 %), 6 are.

    P(<= 5 used) = 3.3 %, P(<= 6) = 12.1 %: the high bound at 5 % is 32.
    """
    (found,) = run(state(38, planned=plan(10, 0, use=0.8)))
    first = found.planned.daily[0]
    assert first.expected == pytest.approx(30)
    assert (first.low, first.high) == (28, 32)


def test_unsure_inmails_behind_the_balance_are_counted_once() -> None:
    """Five of use 0.8 behind and five ahead are the ten of the test above."""
    (found,) = run(state(38, *[0.8] * 5, planned=plan(5, 0, use=0.8)))
    first = found.planned.daily[0]
    assert (first.low, first.high) == (28, 32)


def test_what_is_behind_and_ahead_is_one_sum() -> None:
    """Ten of use 0.5 behind, ten ahead: P(<= 13 of 20) = 94.2 %, P(<= 14) = 97.9 %.

    So 14 of 38 may be used, though 8 of the first ten alone and all of the last may be.
    """
    (found,) = run(state(38, *[0.5] * 10, planned=plan(10, 0, use=0.5)))
    first = found.planned.daily[0]
    assert (first.low, first.high) == (24, 32)


def test_a_balance_at_the_reserve_is_not_below_it() -> None:
    """9 less 4 is the reserve of 5; nothing more is planned before the reset."""
    (found,) = run(state(9, planned=(*plan(4, 0), (dt.date(2027, 1, 31), 0.0))))
    assert (found.planned.below_reserve_on, found.verdict) == (None, Verdict.OK)


@settings(max_examples=60, deadline=None)
@given(
    credits=st.integers(0, 150),
    behind=st.lists(st.sampled_from([0.1, 0.5, 0.9]), max_size=2),
    ahead=st.lists(
        st.tuples(st.sampled_from([0, 1, 7, 8, 9, 10]), st.sampled_from([0.1, 0.6, 1.0])),
        max_size=6,
    ),
    alpha=st.sampled_from([0.02, 0.1, 0.3]),
)
def test_bounds_hold_over_all_outcomes(
    credits: int, behind: list[float], ahead: list[tuple[int, float]], alpha: float
) -> None:
    """Before and after the reset, at most alpha of the outcomes lies beyond a bound."""
    owner = seat()
    planned = tuple(sorted((day(number), use) for number, use in ahead))
    found = forecast(
        [
            SeatState(
                seat=owner, balance=known(owner, credits, *behind, alpha=alpha),
                # A plan to the end, so that nothing is added to it.
                planned=(*planned, (dt.date(2027, 1, 31), 0.0)),
            )
        ],
        as_of=MONDAY,
        alpha=alpha,
        parameters=PARAMETERS,
    )[0].planned  # fmt: skip
    sends = [("2026-11-21", use) for use in behind]
    sends += [(when.isoformat(), use) for when, use in planned]
    ends = (0, 6, 7, 8, 12)
    below, above = [0.0] * len(ends), [0.0] * len(ends)
    for outcome in itertools.product([0, 1], repeat=len(sends)):
        weight = math.prod(
            use if used else 1 - use for (_, use), used in zip(sends, outcome, strict=True)
        )
        if not weight:
            continue
        events = [
            CreditEvent(happened_on="2026-11-20", kind=EventKind.SEEN, credits=credits)
        ]
        events += [
            CreditEvent(happened_on=when, kind=EventKind.SPENT, credits=used)
            for (when, _), used in zip(sends, outcome, strict=True)
        ]
        for place, end in enumerate(ends):
            row = found.daily[end]
            # At the end of a day: at the next day's start, unless that brings a change.
            truth = fold(
                events,
                credit_terms(owner, PARAMETERS),
                day(end + 1),
                alpha=alpha,
            )
            assert truth is not None
            left = _end_of(truth, day(end + 1))
            below[place] += weight * (left < row.low)
            above[place] += weight * (left > row.high)
    assert max(below) <= alpha + 1e-9
    assert max(above) <= alpha + 1e-9


def _end_of(balance: Balance, next_day: dt.date) -> float:
    """Return the balance without what the next day's start brought."""
    granted = 50.0 if next_day == RESET else 0.0
    total = balance.expected
    if granted:
        # Forfeits of the one grant since the sighting undo with it.
        total = total - balance.granted + balance.forfeited
    if next_day == dt.date(2026, 11, 30):
        total += balance.expired
    return total


def test_a_reset_at_the_cap_forgets_what_was_unsure() -> None:
    """From 150, twenty unsure InMails before the reset: 150 after it in any case."""
    (found,) = run(state(150, planned=(*plan(20, 0, use=0.5), (dt.date(2027, 1, 31), 0.0))))
    assert list(found.planned.after_reset) == [150, 150]
    assert (found.planned.daily[8].low, found.planned.daily[8].high) == (150, 150)


def test_bounds_where_using_more_may_leave_more() -> None:
    """61 on 18 January, then 40 InMails of 0.25: on 1 March 144 to 150 are left.

    61 are 11 of 1 December and 50 of January; 50 of February come. With k used, 111 - k
    meet March's grant; the cap leaves 150, of which December's last 11 - k lapse at once
    (90 days): 139 + k for k up to 11, then 161 - k. P(k <= 4) + P(k >= 18) = 0.02 leave
    143 or less, P(k <= 5) + P(k >= 17) = 0.055 leave 144 or less; 150 is the most. The
    expected book has 10 used: 149. No matter how many of the 40 are still to come.
    """
    owner = seat()
    start, end = dt.date(2027, 1, 18), dt.date(2027, 3, 1)
    stop = (dt.date(2027, 3, 31), 0.0)
    for as_of, num_behind in ((start, 0), (dt.date(2027, 1, 19), 15), (end, 40)):
        events = [CreditEvent(happened_on="2027-01-18", kind=EventKind.SEEN, credits=61)]
        events += [
            CreditEvent(happened_on="2027-01-18", kind=EventKind.SPENT, credits=0.25)
        ] * num_behind
        balance = fold(events, credit_terms(owner, PARAMETERS), as_of, alpha=ALPHA)
        assert balance is not None
        ahead = ((as_of, 0.25),) * (40 - num_behind)
        one = SeatState(seat=owner, balance=balance, planned=(*ahead, stop))
        (found,) = forecast([one], as_of=as_of, alpha=ALPHA, parameters=PARAMETERS)
        row = next(row for row in daily(found) if row.date == end)
        assert (row.low, row.high) == (144, 150), as_of
        assert row.expected == pytest.approx(149)


def test_an_inmail_that_hardly_costs_may_leave_a_credit_more() -> None:
    """150 on 1 March, one InMail of use 0.1: on 28 March 100 are left, or 101.

    50 each of 28 December, January and February. Unused, March's grant finds no room and
    December's 50 lapse the same day (90 days): 100. Used, one credit of the grant fits and
    49 lapse: 101, with 10 % and so within 95 %. The expected book has 100.1.
    """
    owner = seat(reset_rule="day:28")
    as_of = dt.date(2027, 3, 1)
    events = [CreditEvent(happened_on="2027-03-01", kind=EventKind.SEEN, credits=150)]
    balance = fold(events, credit_terms(owner, PARAMETERS), as_of, alpha=ALPHA)
    assert balance is not None
    planned = ((as_of, 0.1), (dt.date(2027, 5, 27), 0.0))
    one = SeatState(seat=owner, balance=balance, planned=planned)
    (found,) = forecast([one], as_of=as_of, alpha=ALPHA, parameters=PARAMETERS)
    row = next(row for row in daily(found) if row.date == found.next_reset)
    assert found.next_reset == dt.date(2027, 3, 28)
    assert (row.low, row.high) == (100, 101)
    assert row.expected == pytest.approx(100.1)
    assert list(found.planned.after_reset) == [pytest.approx(100.1), 100]


def test_where_it_turns_twice_the_inmails_between_leave_most() -> None:
    """One InMail each on 28 February, 1 March and 1 April: at most 101 are left, of 99.

    105 on 28 February are 5 of December, 50 of January and of February. Unused, March's
    grant finds room for 45 and December's 5 lapse: 145. April's finds room for 5, and
    January's 50 lapse: 100. One used in February is 46 in March and 4 in April: 100 again.
    One used on 1 March, of January's, is 6 in April and 49 lapsed: 101. One used on 1
    April leaves 99. With 3 % each: P(the second only) = 2.8 %, P(the third only) = 2.8 %,
    so at 98 % the bounds are 99 and 101.
    """
    owner = seat()
    days = (dt.date(2027, 2, 28), dt.date(2027, 3, 1), dt.date(2027, 4, 1))
    events = [CreditEvent(happened_on="2027-02-28", kind=EventKind.SEEN, credits=105)]
    balance = fold(events, credit_terms(owner, PARAMETERS), days[0], alpha=0.02)
    assert balance is not None
    planned = (*((day, 0.03) for day in days), (dt.date(2027, 4, 30), 0.0))
    one = SeatState(seat=owner, balance=balance, planned=planned)
    (found,) = forecast([one], as_of=days[0], alpha=0.02, parameters=PARAMETERS)
    row = next(row for row in daily(found) if row.date == days[2])
    assert (row.low, row.high) == (99, 101)


def test_a_mean_beyond_a_quantile_is_within_the_bounds() -> None:
    """Of 20, an InMail of use 0.03 leaves 20 with 97 %, 19.97 expected: low is 19.

    One of use 0.97 leaves 19 with 97 %, 19.03 expected: high is 20.
    """
    stop = (dt.date(2027, 1, 31), 0.0)
    for use in (0.03, 0.97):
        (found,) = run(state(20, planned=((MONDAY, use), stop)))
        first = found.planned.daily[0]
        assert first.expected == pytest.approx(20 - use)
        assert (first.low, first.high) == (19, 20)


@settings(max_examples=80, deadline=None)
@given(
    rule=st.sampled_from(["month", "day:28", "day:30", "day:31"]),
    credits=st.sampled_from([0, 7, 55, 61, 99, 111, 128, 150]),
    behind=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from([0.03, 0.5, 0.9, 1.0])), max_size=3
    ),
    ahead=st.lists(
        st.tuples(st.integers(0, 50), st.sampled_from([0.03, 0.25, 0.6, 1.0])), max_size=4
    ),
    gap=st.integers(1, 41),
    grant=st.sampled_from([5, 50]),
    alpha=st.sampled_from([0.02, 0.1, 0.3]),
)
def test_bounds_hold_where_cap_and_lapses_meet(
    rule: str,
    credits: int,
    behind: list[tuple[int, float]],
    ahead: list[tuple[int, float]],
    gap: int,
    grant: int,
    alpha: float,
) -> None:
    """Against every outcome in plain arithmetic, at the end of every day of the runway.

    From 18 January 2027 a month's grant and the lapse of an older one meet on one day
    for each of the rules (90 days are three months there, or nearly).
    """
    owner = seat(reset_rule=rule, monthly_grant=grant, credit_cap=3 * grant, reserve=0)
    seen_on = dt.date(2027, 1, 18)
    as_of = seen_on + dt.timedelta(days=gap)
    events = [
        CreditEvent(happened_on=seen_on.isoformat(), kind=EventKind.SEEN, credits=credits)
    ]
    terms = credit_terms(owner, PARAMETERS)
    opening = fold(events, terms, seen_on, alpha=alpha)
    past = [(seen_on + dt.timedelta(days=min(k, gap - 1)), use) for k, use in behind]
    events += [
        CreditEvent(happened_on=when.isoformat(), kind=EventKind.SPENT, credits=use)
        for when, use in past
    ]
    balance = fold(events, terms, as_of, alpha=alpha)
    assert opening is not None
    assert balance is not None
    *_, third = itertools.islice(resets_after(rule, as_of), 3)
    stop = third - dt.timedelta(days=1)
    coming = [(as_of + dt.timedelta(days=k), use) for k, use in ahead]
    (found,) = forecast(
        [
            SeatState(
                seat=owner, balance=balance,
                # A plan to the end, so that nothing is added to it.
                planned=(*coming, (stop, 0.0)),
            )
        ],
        as_of=as_of, alpha=alpha, parameters=PARAMETERS,
    )  # fmt: skip
    sends = [*past, *coming]
    ends = [row.date for row in daily(found)]
    below: dict[dt.date, float] = defaultdict(float)
    above: dict[dt.date, float] = defaultdict(float)
    for outcome in itertools.product([0, 1], repeat=len(sends)):
        pairs = list(zip(sends, outcome, strict=True))
        weight = math.prod(use if used else 1 - use for (_, use), used in pairs)
        if not weight:
            continue
        spent = Counter[dt.date]()
        for (when, _), used in pairs:
            spent[when] += used
        left = dict(_ends(opening.lots, owner, spent, seen_on, ends[-1]))
        for row in daily(found):
            below[row.date] += weight * (left[row.date] < row.low)
            above[row.date] += weight * (left[row.date] > row.high)
    assert max(below.values()) <= alpha + 1e-9
    assert max(above.values()) <= alpha + 1e-9
    for pace in (found.planned, found.present):
        assert all(row.low <= row.expected + 1e-9 for row in pace.daily)
        assert all(row.expected <= row.high + 1e-9 for row in pace.daily)
    assert found.spare <= balance.expected


def _ends(
    lots: tuple[tuple[dt.date, float], ...],
    owner: Seat,
    spent: Mapping[dt.date, int],
    first: dt.date,
    last: dt.date,
) -> Iterator[tuple[dt.date, float]]:
    """Yield each day and what is left at its end: grant, lapses, then what was spent."""
    life = dt.timedelta(days=PARAMETERS.credit_lifetime_days)
    there = dict(lots)
    resets = set(itertools.takewhile(
        lambda reset: reset <= last, resets_after(owner.reset_rule, first)
    ))  # fmt: skip
    for today in (first + dt.timedelta(days=k) for k in range((last - first).days + 1)):
        if today in resets:
            room = owner.credit_cap - sum(there.values())
            there[today] = min(float(owner.monthly_grant), room)
        there = {lot: left for lot, left in there.items() if lot + life > today}
        due = float(spent.get(today, 0))
        for lot in sorted(there):
            took = min(due, there[lot])
            there[lot] -= took
            due -= took
        yield today, sum(there.values())


# --- verdicts and advice ----------------------------------------------------------


def test_out_of_credits_pauses_and_moves_to_those_with_spare() -> None:
    """5 credits, all of them reserve: 12 planned InMails go to anna, who can take them."""
    poor = state(5, name="joris", planned=plan(2, 0, 1, 2, 3, 4, 7))
    rich = state(60, name="anna", planned=plan(1, 0))
    out, spare = run(poor, rich)
    assert out.verdict is Verdict.OUT
    # Two a day on six working days (Monday to Friday, and Monday).
    assert out.advice == (
        "pause InMails until the reset on 2026-12-01 (5 credits, 5 in reserve), "
        "or move 12 InMails: 12 to anna"
    )
    # 60 - 6 - 5 = 49 above the reserve; 8 a day less 1 on six days is 42.
    assert (spare.spare, out.spare) == (42, 0)


def test_helpers_are_told_once() -> None:
    """Two seats without credits share the one helper's 8 credits: 6, then 2."""
    first = state(5, name="a", planned=plan(1, 0, 1, 2, 3, 4, 7))
    second = state(5, name="b", planned=plan(1, 0, 1, 2, 3, 4, 7))
    helper = state(13, name="c")
    one, two, _ = run(first, second, helper)
    assert one.advice.endswith("or move 6 InMails: 6 to c")
    assert two.advice.endswith("or move 2 InMails: 2 to c; 4 find no seat")


def test_a_seat_that_triage_holds_is_no_helper() -> None:
    """Held until Wednesday, joris could send 8 a day on four days; nobody is sent to him.

    A hold that ends as the forecast begins is none.
    """
    poor = state(5, name="anna", planned=plan(1, 0, 1, 2, 3, 4, 7))
    asking, helper = run(poor, state(60, name="joris", held_until=day(2)))
    assert asking.advice.endswith("; no other seat has spare credits")
    assert helper.spare == 32
    asking, _ = run(poor, state(60, name="joris", held_until=MONDAY))
    assert asking.advice.endswith("or move 6 InMails: 6 to joris")


def test_helpers_help_before_the_reset_of_the_seat_that_asks() -> None:
    """Lea's reset is on Wednesday: joris can send 2 on Monday and 2 on Tuesday for her.

    She has 4 InMails a day on two days. Of his 12 on six days up to 1 December, 8 are left
    for kai, whose 12 have the time until then. Lea asks before him: her reset is earlier.
    """
    early = state(5, name="lea", planned=plan(4, 0, 1), reset_rule="day:25")
    late = state(5, name="kai", planned=plan(2, 0, 1, 2, 3, 4, 7))
    helper = state(60, name="joris", max_paid_inmails_per_day=2)
    first, second, spare = run(early, late, helper)
    assert first.advice.endswith("or move 4 InMails: 4 to joris; 4 find no seat")
    assert second.advice.endswith("or move 8 InMails: 8 to joris; 4 find no seat")
    assert spare.spare == 12


def test_running_out_asks_for_fewer_a_day() -> None:
    """20 credits, 15 above the reserve, 6 working days: 2 a day (12), not 3 (18)."""
    (found,) = run(state(20, planned=plan(4, 0, 1, 2, 3, 4, 7)))
    assert found.advice == (
        "send at most 2 InMails a day instead of 4 until the reset on 2026-12-01; "
        "no other seat has spare credits"
    )


def test_tight_if_only_the_worst_case_falls_short() -> None:
    """12 of use 0.5 from 13: 7 expected, but 9 may be used (P(>= 9) = 7.3 %)."""
    planned = (*plan(12, 0, use=0.5), (dt.date(2027, 1, 31), 0.0))
    (found,) = run(state(13, planned=planned))
    assert found.verdict is Verdict.TIGHT
    assert found.planned.below_reserve_on is None
    assert found.planned.worst_below_reserve_on == MONDAY
    # Quantile at 95 % of Bin(12, 0.5) is 9: 13 - 9.
    assert found.planned.daily[0].low == 4


def test_ok_says_what_is_left() -> None:
    """50 less 4 on each of six days."""
    (found,) = run(state(50, planned=plan(4, 0, 1)))
    assert found.verdict is Verdict.OK
    assert found.advice == "carry on: about 26 left at the reset on 2026-12-01"


def test_a_shortage_at_the_present_pace_counts_where_the_plan_ends_before_it() -> None:
    """One InMail planned, to Sunday 29 November, but 8 a day sent by hand.

    20 less 8 and 8 is 4 on Tuesday: the seat runs out before 1 December, and it says so.
    """
    (found,) = run(_by_hand(day(6)))
    assert not found.is_plan_whole
    assert (found.verdict, found.pace) == (Verdict.RUNS_OUT, "present")
    assert found.planned.below_reserve_on is None
    assert found.present.below_reserve_on == day(1)
    assert "at the pace of the last weeks" not in found.advice


def test_a_plan_up_to_the_reset_alone_decides() -> None:
    """The same seat with a plan to 30 November: 19 are left, and the other pace is told."""
    (found,) = run(_by_hand(day(7)))
    assert found.is_plan_whole
    assert (found.verdict, found.pace) == (Verdict.OK, "planned")
    assert found.advice == (
        "carry on: about 19 left at the reset on 2026-12-01; at the pace of the last weeks "
        "it would run out on 2026-11-24"
    )
    # 8 in a week are 1.6 a day: 9.6, so 10 in six days leave 10, which is no shortage.
    slow = replace(_by_hand(day(7)), days=(DayCount(date=day(-3), paid_inmails=8),))
    assert run(slow)[0].advice == "carry on: about 19 left at the reset on 2026-12-01"


def test_fail_under_looks_at_the_paces_that_count() -> None:
    """20 at 8 a day are 0 on Wednesday; a plan to 30 November leaves 19 of them.

    Where that plan sends nothing, the seat is passed over, however few credits it has.
    """
    (part,), (whole,) = run(_by_hand(day(6))), run(_by_hand(day(7)))
    assert (_lowest(part), _lowest(whole)) == (0, 19)
    assert _sends(whole)
    (idle,) = run(replace(_by_hand(day(7)), planned=()))
    assert idle.present.inmails
    assert not _sends(idle)


def _by_hand(until: dt.date) -> SeatState:
    """Return a seat that sent 8 a day last week, with a plan of one InMail."""
    days = tuple(DayCount(date=day(-offset), paid_inmails=8) for offset in range(3, 8))
    planned = ((MONDAY, 1.0), (dt.date(2027, 1, 31), 0.0))
    return state(20, planned=planned, planned_until=until, days=days)


def test_seats_keep_their_order_and_do_not_change_each_other() -> None:
    """Only the advice to move InMails knows the other seats."""
    states = [state(20, name="b", planned=plan(4, 0)), state(50, name="a")]
    there, back = run(*states), run(*reversed(states))
    assert [one.seat_id for one in there] == ["b", "a"]
    assert there == back[::-1]


def test_the_balance_must_be_that_of_the_first_day() -> None:
    """A balance of another day would count sends twice, or not at all."""
    later = replace(known(seat(), 20), at=day(1))
    with pytest.raises(ValueError, match="balance at 2026-11-24, forecast from 2026-11-23"):
        run(SeatState(seat=seat(), balance=later))


# --- the command ------------------------------------------------------------------


def planned(
    week: str,
    entry: int,
    *later: tuple[str, int] | tuple[object, ...],
    voided: bool = False,
) -> Run:
    """Return a run that expects so many InMails of anna in later weeks, all of a credit.

    As older runs have it (week and InMails); or as runs have it now: week, cycle, free
    InMails, others, credits.
    """
    record = _seat_record(seat())
    return Run(
        entry=entry,
        run_id=f"{entry:016x}",
        name=f"{week}-{entry}",
        folder="",
        week=week,
        as_of=MONDAY,
        recorded_at="2026-11-23T08:00:00Z",
        version="1",
        document={
            "seats": [record],
            "outlook": [
                ["anna", *line, float(str(line[1]))] if len(line) == 2 else ["anna", *line]
                for line in later
            ],
        },
        voided_from="" if voided else None,
    )


def expected(*runs: Run) -> dict[str, int]:
    """Return, by week, the InMails that the outlooks of runs in force expect of anna."""
    days = outlook([run for run in runs if run.in_force], MONDAY).get("anna", [])
    return dict(Counter(iso_week(on) for on, _ in days))


def test_each_week_counts_once_by_the_latest_run_up_to_it() -> None:
    """A run of week 49 takes the place of what week 48 expected of 50; 49 is planned."""
    first = planned("2026-W48", 1, ("2026-W49", 20), ("2026-W50", 30))
    second = planned("2026-W49", 2, ("2026-W50", 7), ("2026-W51", 9))
    assert expected(first) == {"2026-W49": 20, "2026-W50": 30}
    assert expected(first, second) == {"2026-W50": 7, "2026-W51": 9}


def test_a_week_planned_again_late_does_not_end_the_outlook() -> None:
    """Week 48, superseded after week 49 was planned, is the last entry, not the latest."""
    old = planned("2026-W48", 1, ("2026-W49", 20), ("2026-W50", 30), voided=True)
    second = planned("2026-W49", 2, ("2026-W50", 7))
    again = planned("2026-W48", 3, ("2026-W49", 18), ("2026-W50", 28))
    assert expected(old, second, again) == {"2026-W50": 7}
    # Where week 49 is voided, what week 48 expected of it holds again.
    gone = planned("2026-W49", 2, ("2026-W50", 7), voided=True)
    assert expected(gone, again) == {"2026-W49": 18, "2026-W50": 28}


def test_a_week_cut_by_a_reset_keeps_each_part_to_its_days() -> None:
    """Nothing on Monday 30 November; 16 after the grant of Tuesday, on the days after it.

    On the day of the grant nothing is planned (it may be late), so 16 go onto Wednesday to
    Friday: 6, 5, 5. An older run does not say it: 16 onto five days, 4 of them on Monday.
    """
    made = planned(
        "2026-W48", 1, ("2026-W49", 0, 0.0, 0.0, 0.0), ("2026-W49", 1, 0.0, 16.0, 16.0)
    )
    found = Counter(on for on, _ in outlook([made], MONDAY)["anna"])
    assert found == {day(9): 6, day(10): 5, day(11): 5}
    old = planned("2026-W48", 1, ("2026-W49", 16))
    assert Counter(on for on, _ in outlook([old], MONDAY)["anna"])[day(7)] == 4


def test_free_inmails_of_the_outlook_leak_and_others_cost() -> None:
    """10 free InMails leak 3 % each: of 2.3 credits the other 2 use 1.0 each."""
    made = planned("2026-W48", 1, ("2026-W50", 1, 10.0, 2.0, 2.3))
    uses = Counter(round(use, 9) for _, use in outlook([made], MONDAY)["anna"])
    assert uses == {0.03: 10, 1.0: 2}


def test_days_of_the_outlook_that_are_gone_are_not_caught_up() -> None:
    """20 InMails on five days are 4 a day; on Thursday 8 of them are still to come."""
    made = planned("2026-W48", 1, ("2026-W49", 20))
    thursday = day(10)
    assert len(outlook([made], thursday)["anna"]) == 8


def test_a_plan_reaches_to_the_last_week_that_it_speaks_of() -> None:
    """Also where nothing is planned in it; a run of a later week takes its place."""
    first = planned(
        "2026-W48", 1, ("2026-W49", 1, 0.0, 3.0, 3.0), ("2026-W52", 1, 0.0, 0.0, 0.0)
    )
    second = planned("2026-W49", 2)
    assert planned_until([first]) == dt.date(2026, 12, 27)
    assert planned_until([first, second]) == dt.date(2026, 12, 6)
    assert planned_until([]) is None


def test_a_plan_knows_of_a_hold_that_its_inventory_had() -> None:
    """A held seat is away to the day before; a plan made after a hold follows its pace."""
    made = planned("2026-W48", 1)
    away = (dt.date.min, day(8))
    held = replace(made, document={"seats": [_seat_record(seat(away=(away,)))]})
    assert not knows_hold(made, "anna", day(9))
    assert knows_hold(held, "anna", day(9))
    assert not knows_hold(held, "anna", day(10))
    assert knows_hold(made, "anna", MONDAY)
