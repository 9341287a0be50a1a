"""The answer in five figures, each against GetSales' even split of the same list."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.estimate.learned import LearnedRates
from planner.output import promise
from planner.pipeline import Worked
from planner.report.blocks import Figure, command, count, decimal, percent
from planner.simulate import simulation
from planner.simulate.policies import Policy
from planner.simulate.report import PolicyResult
from planner.simulate.simulation import Setup, Simulation
from planner.words import counted

#: Draws of the world that the page is made from: intervals of replies settle by then.
NUM_DRAWS = 200
SEED = 1


def play(worked: Worked, learned: LearnedRates | None) -> Simulation:
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

    Counts and the plan's own chance are exact; replies, failures and what the even split
    comes to are of the draws, in which sends fail and leads answer.
    """
    total = worked.plan.totals
    own, other = played.policies
    even = played.sent[Policy.EVEN_SPLIT]
    free, paid = int(total["open_inmail"]), int(total["paid_inmail"])
    requests, hold = int(total["connection_request"]), int(total["hold"])
    # Every lead is held, sent to, excluded or a connection, whoever deals them out.
    even_hold = hold + free + paid + requests - even.inmails - even.requests
    replies, level = own.amounts["replies"], played.level
    exact = decimal(float(total["expected_replies"]))
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
            remark=f"and {counted(int(total['message']), 'message')} to connections",
            against=count(even.requests),
        ),
        Figure(
            label="On hold",
            value=count(hold),
            remark=f"wait for a later week; of those sent to, {_failed(own)}",
            against=f"{count(even_hold)}; {_failed(other)}",
        ),
        Figure(
            label="Expected replies",
            value=decimal(replies.mean),
            remark=(
                f"{level:.0%} interval {replies.low:.0f} to {replies.high:.0f}; {exact} if "
                "no send fails"
            ),
            against=_replies(other),
        ),
        Figure(
            label="Chance that any seat runs out",
            value=percent(float(total["any_seat_exhaustion_probability"])),
            remark=f"of credits above its reserve; accepted: {_accepted(worked)}",
            against=percent(float(_short(played, Policy.EVEN_SPLIT).any(axis=1).mean())),
        ),
    )


def sentences(worked: Worked, played: Simulation) -> tuple[str, ...]:
    """Return what the figures come to, in words."""
    return (_failures(played), *_difference(played), _guarantee(worked))


def _failures(played: Simulation) -> str:
    """Return how many leads and seats fail under both."""
    own, other = (result.amounts["failed"].mean for result in played.policies)
    plan, even = (
        _short(played, policy).sum(axis=1).mean()
        for policy in (Policy.PLAN, Policy.EVEN_SPLIT)
    )
    return (
        f"Under an even split of the same list, {other:.0f} sends of this week would fail, "
        f"and {even:.1f} of {counted(len(played.terms), 'seat')} would need more credits "
        f"than they have above their reserves; under the plan {own:.0f} sends and "
        f"{plan:.1f} seats."
    )


def _difference(played: Simulation) -> list[str]:
    """Return which of the two brings more replies this week, as far as draws can tell."""
    other = played.policies[1]
    replies, ahead = other.against["replies"], other.against["at_reset"]
    if not replies.sign:
        return ["The draws do not tell which of the two brings more replies this week."]
    if replies.sign > 0:
        return [f"The plan brings {replies.mean:.1f} more replies this week."]
    text = f"The even split would bring {abs(replies.mean):.1f} more replies this week"
    if ahead.sign > 0:
        text += f"; the plan has {decimal(ahead.mean, 0)} more credits left at the resets"
    weeks = command("planner simulate --weeks 12")
    return [f"{text}. {weeks} compares the two over the weeks."]


def _short(played: Simulation, policy: Policy) -> NDArray[np.bool_]:
    """Return where a seat needs more than it has above its reserve, by draw and seat.

    This is what the guarantee counts: InMails before the reset, no refund among them.
    """
    budget = np.array([max(0, own.credits - own.reserve) for own in played.terms])
    return np.asarray(played.outcomes[policy].needed > budget)


def _guarantee(worked: Worked) -> str:
    """Return the promise on credits in words, with the plan's own figures."""
    total = worked.plan.totals
    worst = percent(float(total["worst_exhaustion_probability"]))
    if loose := promise.not_promised(worked.plan):
        return f"{loose}. The highest chance of a seat is {worst}."
    most = f"at most {percent(worked.plan.parameters.alpha, 0)}"
    if worked.plan.parameters.joint:
        any_seat = percent(float(total["any_seat_exhaustion_probability"]))
        words = promise.promised(worked.plan, most)
        return f"The plan keeps its guarantee: {words}; it is {any_seat}."
    words = promise.promised(worked.plan, most, seat="it")
    return (
        f"Every seat keeps the guarantee: {words}; the highest chance is {worst} "
        f"({total['worst_seat']})."
    )


def _failed(result: PolicyResult) -> str:
    mean = result.amounts["failed"].mean
    return f"{mean:.0f} fail" if mean >= 0.5 else "none fails"


def _replies(result: PolicyResult) -> str:
    """Return a policy's replies with their interval."""
    replies = result.amounts["replies"]
    return f"{decimal(replies.mean)} ({replies.low:.0f} to {replies.high:.0f})"


def _accepted(worked: Worked) -> str:
    given = worked.plan.parameters
    scope = f"for {promise.scope(worked.plan)}" if given.joint else "a seat"
    return f"{percent(given.alpha, 0)} {scope}"
