"""Intervals and distributions of one share, in closed form or from draws."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from planner.domain import Interval

Floats = NDArray[np.float64]

#: Bounds of a fitted beta's parameters: what the credit rows can tabulate.
BETA_LOW, BETA_HIGH = 0.05, 1e6

#: Futures played through for one figure of `width_after_checks`.
NUM_FUTURES = 64


def wilson(num_open: int, num_known: int, level: float) -> tuple[float, float]:
    """Return Wilson's interval of a share.

    With ``p = y / n`` and ``z`` the normal quantile of the level, the ends are
    ``(p + z²/2n ± z sqrt(p (1 - p) / n + z² / 4n²)) / (1 + z² / n)``. Its coverage stays
    near the level down to five observations, which Wald's does not (E. B. Wilson, JASA
    22, 1927; model.md C1). Without observations nothing is known: 0 to 1.
    """
    if num_known == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = num_open / num_known
    shrink = 1 + z * z / num_known
    centre = (share + z * z / (2 * num_known)) / shrink
    spread = share * (1 - share) / num_known + (z / (2 * num_known)) ** 2
    half = z * math.sqrt(spread) / shrink
    # At 0 and n the ends are 0 and 1 exactly; rounding would leave them a hair off.
    low = 0.0 if num_open == 0 else max(0.0, centre - half)
    high = 1.0 if num_open == num_known else min(1.0, centre + half)
    return low, high


def central(draws: Floats, level: float) -> Interval:
    """Return median and central interval of `draws`."""
    tail = (1 - level) / 2
    low, median, high = np.quantile(draws, [tail, 0.5, 1 - tail])
    return Interval(low=float(low), median=float(median), high=float(high))


def beta_by_moments(mean: float, variance: float) -> tuple[float, float]:
    """Return (a, b) of the beta distribution with this mean and variance.

    ``a = mean * c`` and ``b = (1 - mean) * c`` with
    ``c = mean (1 - mean) / variance - 1``. Where that leaves [0.05, 1e6], `c` is moved
    as little as needed, so that the mean stays; only a mean beyond what the bounds
    allow is given up.
    """
    mean = min(max(mean, 1e-9), 1 - 1e-9)
    concentration = mean * (1 - mean) / max(variance, 1e-15) - 1
    concentration = max(concentration, BETA_LOW / min(mean, 1 - mean))
    concentration = min(concentration, BETA_HIGH / max(mean, 1 - mean))
    a, b = mean * concentration, (1 - mean) * concentration
    return min(max(a, BETA_LOW), BETA_HIGH), min(max(b, BETA_LOW), BETA_HIGH)


def width_after_checks(
    shares: Floats, num_unknown: int, num_checks: int, level: float, seed: int
) -> float:
    """Return the expected width, in leads, of the interval of open unknown leads.

    `shares` are posterior draws of the open share among all unknown leads. A future is
    played through as: one of them, P, is the truth, ``y ~ Bin(num_checks, P)`` look-ups
    find an open profile, every draw is weighted by the probability of that `y`, and the
    interval is the weighted one of ``Bin(num_unknown - num_checks, P)``. The look-ups
    are taken as random over the list and only their sum is used. Against look-ups
    really drawn and re-estimated by segment (25 lists, 12 segments, 400 labels): 14.0,
    9.0 and 5.5 points expected, 14.4, 9.1 and 5.5 found, for 50, 150 and 400.
    """
    if num_checks >= num_unknown:
        return 0.0
    rng = np.random.default_rng([seed, num_checks])
    order = np.sort(np.clip(shares, 1e-9, 1 - 1e-9))
    # Evenly spaced quantiles instead of random truths: less noise for the same work.
    picks = ((np.arange(NUM_FUTURES) + 0.5) / NUM_FUTURES * order.size).astype(np.int64)
    found = rng.binomial(num_checks, order[picks])[:, None]
    left = rng.binomial(num_unknown - num_checks, order)
    log_weight = found * np.log(order) + (num_checks - found) * np.log1p(-order)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    by_value = np.argsort(left, kind="stable")
    cumulated = np.cumsum(weight[:, by_value], axis=1)
    cumulated = (cumulated - 0.5 * weight[:, by_value]) / cumulated[:, -1:]
    tail = (1 - level) / 2
    values = left[by_value].astype(np.float64)
    widths = [
        float(np.diff(np.interp([tail, 1 - tail], row, values))[0]) for row in cumulated
    ]
    return float(np.mean(widths))
