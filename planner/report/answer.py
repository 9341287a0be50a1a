"""The answer in five figures, each against GetSales' even split of the same list."""

from __future__ import annotations

import pandas as pd

from planner.estimate.learned import LearnedRates
from planner.output import breaches
from planner.pipeline import Worked
from planner.report.blocks import Figure, count, decimal, percent, plural
from planner.simulate import simulation
from planner.simulate.policies import Policy
from planner.simulate.simulation import Setup, Simulation

#: Draws of the world that the page is made from: intervals of replies settle by then.
NUM_DRAWS = 200
SEED = 1


def played(worked: Worked, learned: LearnedRates | None) -> Simulation:
    """Return the plan and an even split, played in the same draws.

    The same plan gives the same draws: nothing but the run decides them.
    """
    names = ["lead_id", "route", "seat_id", "send_on"]
    assignments: pd.DataFrame = worked.plan.assignments[names].astype("str")
    return simulation.simulate(
        worked.problem,
        worked.shares.segments,
        assignments,
        learned,
        Setup(num_draws=NUM_DRAWS, seed=SEED, num_bounds=0, policies=(Policy.EVEN_SPLIT,)),
    )


def figures(worked: Worked, played: Simulation) -> tuple[Figure, ...]:
    """Return the five figures.

    The plan's counts and its chance are exact; intervals, and what the even split comes
    to, are of the draws.
    """
    total = worked.plan.totals
    own, other = played.policies
    even = played.sent[Policy.EVEN_SPLIT]
    free, paid = int(total["open_inmail"]), int(total["paid_inmail"])
    requests, hold = int(total["connection_request"]), int(total["hold"])
    # Every lead is held, sent to, excluded or a connection, whoever deals them out.
    even_hold = hold + free + paid + requests - even.inmails - even.requests
    replies, level = own.amounts["replies"], played.level
    return (
        Figure(
            label="InMails",
            value=count(free + paid),
            remark=f"{count(free)} of them free, to open profiles",
            against=f"{count(even.inmails)}, {count(even.open_inmails)} of them free",
        ),
        Figure(
            label="Connection requests",
            value=count(requests),
            remark=f"and {plural(int(total['message']), 'message')} to connections",
            against=count(even.requests),
        ),
        Figure(
            label="On hold",
            value=count(hold),
            remark="leads that wait for a later week",
            against=f"{count(even_hold)}, and {_failed(other.amounts['failed'].mean)}",
        ),
        Figure(
            label="Expected replies",
            value=decimal(float(total["expected_replies"])),
            remark=f"{level:.0%} interval {replies.low:.0f} to {replies.high:.0f}",
            against=_replies(played),
        ),
        Figure(
            label="Chance that any seat runs out",
            value=percent(float(total["any_seat_exhaustion_probability"])),
            remark=f"before its reset; accepted: {_accepted(worked)}",
            against=percent(other.fails.share),
        ),
    )


def sentences(worked: Worked, played: Simulation) -> tuple[str, ...]:
    """Return what the figures come to, in words."""
    own, other = played.policies
    lost = other.against["failed"]
    told = []
    if lost.low is not None and lost.sign < 0:
        told.append(
            f"An even split of the same list would fail {abs(lost.mean):.0f} more leads "
            f"this week, and {other.seats_out:.1f} of {len(played.terms)} seats would run "
            f"out before their reset ({own.seats_out:.2f} under the plan)."
        )
    replies = other.against["replies"]
    if replies.sign < 0:
        ahead = other.against["at_reset"].mean
        told.append(
            f"It would bring {abs(replies.mean):.1f} more replies this week; the plan "
            f"looks further ahead and has {decimal(ahead, 0)} more credits at the resets "
            "(`planner simulate --weeks 12` compares over the weeks)."
        )
    elif replies.sign > 0:
        told.append(f"The plan brings {replies.mean:.1f} more replies this week.")
    return (*told, _guarantee(worked))


def _guarantee(worked: Worked) -> str:
    """Return the promise on credits in words, with the plan's own figures."""
    total = worked.plan.totals
    worst = percent(float(total["worst_exhaustion_probability"]))
    if loose := breaches.guarantee(worked.plan):
        return f"{loose[0].upper()}{loose[1:]}. The highest chance of a seat is {worst}."
    if worked.plan.parameters.joint:
        return f"The guarantee holds for all seats together: {_accepted(worked)}."
    return (
        f"Every seat keeps the guarantee: it runs out before its reset with at most "
        f"{percent(worked.plan.parameters.alpha, 0)}; the highest chance is {worst} "
        f"({total['worst_seat']})."
    )


def _failed(mean: float) -> str:
    return f"{mean:.0f} fail" if mean >= 0.5 else "none fails"


def _replies(played: Simulation) -> str:
    """Return the even split's replies, against the plan's in the same draws."""
    other = played.policies[1].amounts["replies"]
    return f"{other.mean:.1f} ({other.low:.0f} to {other.high:.0f})"


def _accepted(worked: Worked) -> str:
    given = worked.plan.parameters
    scope = "for all seats together" if given.joint else "a seat"
    return f"{percent(given.alpha, 0)} {scope}"
