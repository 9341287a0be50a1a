"""What the draws say, with intervals: of each seat under the plan, and of each policy.

Two kinds of intervals are told apart. That of a *probability* (Wilson's) and that of a
mean difference are about the number of draws: more draws make them narrower. That of a
number (replies, credits) is about the world: so much of it lies between the ends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from planner.estimate.intervals import wilson
from planner.simulate.engine import Outcome, Terms
from planner.simulate.policies import Policy

Bools = NDArray[np.bool_]
Numbers = NDArray[np.int32] | NDArray[np.int64] | NDArray[np.float64]


class Verdict(StrEnum):
    """Whether a probability keeps alpha, as far as so many draws can tell."""

    OK = "ok"
    ABOVE = "above"
    OPEN = "not decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Share of the draws in which something happens, with Wilson's interval."""

    share: float
    low: float
    high: float

    def against(self, alpha: float) -> Verdict:
        """Return whether the interval keeps alpha, breaks it, or neither."""
        if self.high <= alpha:
            return Verdict.OK
        return Verdict.ABOVE if self.low > alpha else Verdict.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Mean of a number over the draws, with a central interval of the number itself."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Mean of paired differences, with the interval of the mean: None with one draw."""

    mean: float
    low: float | None
    high: float | None

    @property
    def sign(self) -> int:
        """Return 1 or -1 where the draws tell it, 0 where it is not decided."""
        if self.low is not None and self.low > 0:
            return 1
        return -1 if self.high is not None and self.high < 0 else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRisk:
    """What becomes of one seat, or of all together.

    Parameters
    ----------
    seat_id : str
        Empty for all seats together.
    credits : int
        Now, the reserve included.
    needs_more : Chance
        That it needs more than credits - reserve before its reset, without any refund:
        what the guarantee counts.
    fails : Chance
        That any lead fails for want of a credit.
    verdict : Verdict
        Of `needs_more` against alpha.
    amounts : mapping of str to Amount
        By name of the field of `Outcome`.
    """

    seat_id: str
    credits: int
    needs_more: Chance
    fails: Chance
    verdict: Verdict
    amounts: Mapping[str, Amount]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyResult:
    """One policy in all, and against the plan (plan less policy) draw by draw.

    ``fails`` is the probability that any seat fails a lead for want of a credit before
    its reset, ``seats_out`` how many seats do on average, ``worst`` the highest
    probability of a single seat, ``num_above`` the seats for which it is above alpha.
    """

    policy: Policy
    amounts: Mapping[str, Amount]
    fails: Chance
    seats_out: float
    worst: float
    num_above: int
    against: Mapping[str, Difference]


#: Numbers of `Outcome` that are reported, in the order of tables.
AMOUNTS = (
    "replies", "weighted", "failed", "no_credit_week", "frozen_week", "off_week",
    "gone_week", "reached", "credits_used", "refunds", "at_reset", "forfeited",
)  # fmt: skip

#: Those that policies are compared in.
COMPARED = ("replies", "weighted", "failed", "reached", "credits_used", "at_reset")


def seat_risks(
    outcome: Outcome, terms: Sequence[Terms], alpha: float, level: float
) -> tuple[SeatRisk, ...]:
    """Return the risk of every seat, and last that of all together."""
    budget = np.array([max(0, own.credits - own.reserve) for own in terms])
    is_over = outcome.needed > budget
    risks = []
    for number, own in enumerate(terms):
        needs_more = chance(is_over[:, number], level)
        risks.append(
            SeatRisk(
                seat_id=own.seat_id,
                credits=own.credits,
                needs_more=needs_more,
                fails=chance(outcome.exhausted[:, number], level),
                verdict=needs_more.against(alpha),
                amounts={
                    name: amount(getattr(outcome, name)[:, number], level)
                    for name in AMOUNTS
                },
            )
        )
    in_all = chance(is_over.any(axis=1), level)
    risks.append(
        SeatRisk(
            seat_id="",
            credits=sum(own.credits for own in terms),
            needs_more=in_all,
            fails=chance(outcome.exhausted.any(axis=1), level),
            verdict=in_all.against(alpha),
            amounts=_amounts(outcome, level),
        )
    )
    return tuple(risks)


def policy_results(
    outcomes: Mapping[Policy, Outcome], alpha: float, level: float
) -> tuple[PolicyResult, ...]:
    """Return every policy's figures, with the plan's differences from it."""
    plan = outcomes[Policy.PLAN]
    return tuple(
        PolicyResult(
            policy=policy,
            amounts=_amounts(outcome, level),
            fails=chance(outcome.exhausted.any(axis=1), level),
            seats_out=float(outcome.exhausted.sum(axis=1).mean()),
            worst=float(outcome.exhausted.mean(axis=0).max(initial=0.0)),
            num_above=sum(
                chance(own, level).against(alpha) is Verdict.ABOVE
                for own in outcome.exhausted.T
            ),
            against={
                name: difference(_total(plan, name) - _total(outcome, name), level)
                for name in COMPARED
            },
        )
        for policy, outcome in outcomes.items()
    )


def chance(events: Bools | np.bool_, level: float) -> Chance:
    """Return the share of draws in which something happens."""
    happens = np.atleast_1d(events)
    low, high = wilson(int(happens.sum()), len(happens), level)
    return Chance(share=float(happens.mean()), low=low, high=high)


def amount(numbers: Numbers, level: float) -> Amount:
    """Return mean and central interval of a number."""
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(numbers, [tail, 1.0 - tail])
    return Amount(mean=float(numbers.mean()), low=float(low), high=float(high))


def difference(numbers: Numbers, level: float) -> Difference:
    """Return the mean of paired differences with its normal interval.

    One draw says nothing of how differences spread: it has none.
    """
    mean = float(numbers.mean())
    if len(numbers) < 2:
        return Difference(mean=mean, low=None, high=None)
    z = NormalDist().inv_cdf((1.0 + level) / 2.0)
    half = z * float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    return Difference(mean=mean, low=mean - half, high=mean + half)


def _amounts(outcome: Outcome, level: float) -> dict[str, Amount]:
    return {name: amount(_total(outcome, name), level) for name in AMOUNTS}


def _total(outcome: Outcome, name: str) -> Numbers:
    numbers: Numbers = getattr(outcome, name).sum(axis=1)
    return numbers
