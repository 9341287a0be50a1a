"""Rates and delays of answers, drawn once for all leads of a draw."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.estimate import delays, rates
from planner.estimate.intervals import beta_by_moments
from planner.estimate.learned import LearnedRate, LearnedRates
from planner.estimate.pooling import Estimate
from planner.params import Parameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Rates(NamedTuple):
    """General rates by draw and rate segment, of shape ``(num_draws, num_segments)``.

    The last column is the rate of leads of no known segment.
    """

    inmail_reply: Floats
    acceptance: Floats
    reply_after_acceptance: Floats


class DelayCdfs(NamedTuple):
    """Share of the answers that have come by each whole day, from day 0 on."""

    inmail_reply: Floats
    acceptance: Floats
    reply_after_acceptance: Floats


def draw(
    leads: pd.DataFrame,
    parameters: Parameters,
    learned: LearnedRates | None,
    rng: np.random.Generator,
    num_draws: int,
) -> tuple[Ints, Rates, DelayCdfs]:
    """Return the rate segment of each lead, the rates drawn, and the delays."""
    if learned is None or not learned.is_learned:
        given, strength = parameters, parameters.rate_prior_strength
        betas = [
            (rate * strength, (1.0 - rate) * strength)
            for rate in (
                given.inmail_reply_rate,
                given.acceptance_rate,
                given.reply_rate_after_acceptance,
            )
        ]
        means = (
            given.inmail_reply_delay_days,
            given.acceptance_delay_days,
            given.reply_after_acceptance_delay_days,
        )
        return (
            np.zeros(len(leads), dtype=np.int64),
            Rates(*(_drawn([pair], rng, num_draws) for pair in betas)),
            DelayCdfs(*(delays.prior_cdf(mean) for mean in means)),
        )
    codes, names = pd.factorize(rates.rate_segment(leads), sort=True)
    every = (learned.inmail_reply, learned.acceptance, learned.reply_after_acceptance)
    columns = [_betas(rate, [str(name) for name in names], learned.level) for rate in every]
    return (
        np.asarray(codes, dtype=np.int64),
        Rates(*(_drawn(own, rng, num_draws) for own in columns)),
        DelayCdfs(*(np.array(rate.delays.cdf) for rate in every)),
    )


def _betas(
    rate: LearnedRate, names: Sequence[str], level: float
) -> list[tuple[float, float]]:
    """Return a beta for each segment's learned rate, and for leads of none of them.

    With the mean of the estimate, and the width of its interval as a normal's.
    """
    own = {item.segment: item.rate for item in rate.segments}
    width = 2.0 * NormalDist().inv_cdf((1.0 + level) / 2.0)

    def beta(estimate: Estimate) -> tuple[float, float]:
        spread = (estimate.high - estimate.low) / width
        return beta_by_moments(estimate.mean, spread**2)

    return [beta(own.get(name, rate.overall)) for name in [*names, ""]]


def _drawn(
    betas: Sequence[tuple[float, float]], rng: np.random.Generator, num_draws: int
) -> Floats:
    """Return a rate by draw and segment.

    Segments are wrong together: each draw takes the same quantile of all of them. What
    moves answers in general moves them everywhere, and it is the worse case of the two.
    """
    order = rng.permutation(num_draws)
    columns = [
        np.sort(rng.beta(a, b, num_draws))[order]
        if min(a, b) > 0
        else np.full(num_draws, a / (a + b))
        for a, b in betas
    ]
    return np.stack(columns, axis=1)
