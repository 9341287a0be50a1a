"""Credits of each seat by day: worked out by hand, and against the plan's own figures.

There is one seat, Anna: 50 credits a month on the 1st, a cap of 150, a reserve of 5; the
plan is for Monday, 23 November 2026, so the grant comes on Tuesday of the week after.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads_factory import make_leads, plan_for
from model_factory import MONDAY, make_seat
from planner.assign.audit import exceedance
from planner.assign.runway import Book, Shared, whole
from planner.domain import Plan, Tier
from planner.model.credits import CreditUse

GRANT = dt.date(2026, 12, 1)


def days_of(plan: Plan, seat_id: str = "anna") -> dict[dt.date, dict[str, Any]]:
    """Return a seat's runway by day."""
    own = plan.runway[plan.runway["seat_id"] == seat_id].to_dict("records")
    return {
        dt.date.fromisoformat(str(line["date"])): {str(k): v for k, v in line.items()}
        for line in own
    }


def test_closed_profiles_use_their_credit_on_their_day() -> None:
    """3 closed leads take 3 of 40 credits: no doubt, so the band is as thin as a line."""
    plan = plan_for(make_leads(3, flag="no"), [make_seat(credits=40)])
    days = days_of(plan)
    sent = plan.days.set_index("date")["paid_inmails"]
    left = 40
    for day, line in days.items():
        if day >= GRANT:
            break
        left -= int(sent.get(day.isoformat(), 0))
        assert (line["expected"], line["low"], line["high"]) == (left, left, left)
    assert left == 37


def test_the_cap_takes_what_does_not_fit() -> None:
    """130 credits less 3 sent are 127; of the grant of 50 the cap of 150 lets in 23."""
    plan = plan_for(make_leads(3, flag="no"), [make_seat(credits=130)])
    grant = days_of(plan)[GRANT]
    assert (grant["granted"], grant["forfeited"]) == (23.0, 27.0)
    assert grant["expected"] == 150.0
    # The plan says the same of the forfeit in its table of seats.
    assert plan.seat_weeks["expected_forfeit"].tolist() == [27.0]


def test_credits_above_the_cap_stay() -> None:
    """160 credits with a cap of 150: the grant adds nothing and takes nothing away."""
    plan = plan_for(make_leads(1, flag="yes"), [make_seat(credits=160)], open_flag_leak=0.0)
    grant = days_of(plan)[GRANT]
    assert (grant["expected"], grant["granted"], grant["forfeited"]) == (160.0, 0.0, 50.0)
    assert plan.seat_weeks["expected_forfeit"].tolist() == [50.0]


def test_the_days_end_a_week_after_the_grant() -> None:
    """From the plan's date to 8 December, a week after the grant, no day left out."""
    days = list(days_of(plan_for(make_leads(1), [make_seat()])))
    assert days == [MONDAY + dt.timedelta(days=n) for n in range(16)]


def test_the_low_bound_is_the_guarantee() -> None:
    """Just before the grant, the low bound is where the audit's own tail crosses alpha.

    All leads fit into this week, so the audit sees every InMail before the grant.
    """
    plan = plan_for(make_leads(30), [make_seat(credits=25)], alpha=0.1)
    low = days_of(plan)[GRANT - dt.timedelta(days=1)]["low"]
    sent = plan.assignments[plan.assignments["route"].isin(["open_inmail", "paid_inmail"])]
    assert len(sent) > 5
    later = plan.outlook[(plan.outlook["cycle"] == 0) & (plan.outlook["week"] > plan.week)]
    assert not later[["open_inmails", "paid_inmails"]].to_numpy().any()
    shares = {s.segment: (s.beta_a, s.beta_b) for s in plan.open_share.segments}
    leak = plan.parameters.open_flag_leak

    def tail(budget: int) -> float:
        return exceedance(sent, budget, shares, leak)

    used = int(25 - low)
    assert tail(used) <= 0.1 + 1e-4
    assert tail(used - 1) > 0.1 - 1e-4


@pytest.mark.parametrize(("count", "use"), [(4, 0.012), (2, 0.02), (5, 0.01), (12, 0.2)])
def test_the_band_holds_after_a_grant_too(count: int, use: float) -> None:
    """20 credits, as many InMails before a grant of 50 as after it: wrong with 5 % at most.

    Binomial numbers of credits, convolved by hand; the cap of 150 does not bind.
    """
    tiers = [Tier(use=use, beta_a=None, beta_b=None)]
    shared = Shared(use=CreditUse(tiers), mean_use=np.array([use]), alpha=0.05)
    book = Book(make_seat(credits=20), shared)
    book.spend(np.array([float(count)]))
    book.grant()
    book.spend(np.array([float(count)]))
    expected, low, high = book.balance()
    once = np.array(
        [math.comb(count, k) * use**k * (1 - use) ** (count - k) for k in range(count + 1)]
    )
    both = np.convolve(once, once)
    balance = 70 - np.arange(len(both))
    assert expected == pytest.approx(70 - 2 * count * use)
    assert both[balance < low].sum() <= 0.05
    assert both[balance > high].sum() <= 0.05


def test_parts_of_tiers_are_rounded_together() -> None:
    """Five tiers with 0.6 InMails each are three InMails: two tiers get none."""
    assert whole(np.full(5, 0.6)).tolist() == [1, 1, 1, 0, 0]
    assert whole(np.array([2.0, 0.0])).tolist() == [2, 0]


@given(
    flags=st.lists(st.sampled_from(["yes", "no", "unknown"]), min_size=1, max_size=60),
    credits=st.integers(0, 150),
    alpha=st.sampled_from([0.01, 0.05, 0.2]),
)
@settings(max_examples=15, deadline=None)
def test_the_band_holds_the_expected_balance_and_the_table_of_seats(
    flags: list[str], credits: int, alpha: float
) -> None:
    """Expected lies in the band, starts from the credits and meets the seats' table."""
    leads = [
        lead for n, flag in enumerate(flags) for lead in make_leads(1, n + 1, flag=flag)
    ]
    plan = plan_for(leads, [make_seat(credits=credits)], alpha=alpha)
    days = days_of(plan)
    for line in days.values():
        assert 0 <= line["low"] <= line["expected"] + 1e-6
        assert line["expected"] <= line["high"] + 1e-6
    (seat,) = plan.seat_weeks.to_dict("records")
    before = days[GRANT - dt.timedelta(days=1)]
    assert before["expected"] == pytest.approx(seat["expected_balance_at_reset"], abs=1e-3)
    # The reserve is what the low bound keeps, where there was more than that at all.
    assert before["low"] >= min(credits, 5)
