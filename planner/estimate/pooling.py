"""Rates of groups that are alike but not the same, each told by its own small counts.

Group k answered ``y_k`` times in ``e_k`` sends; both may be fractions, because old sends
are discounted and the answers of young ones are not all in. ::

    y_k ~ Binomial(e_k, p_k)
    p_k ~ Beta(m c, (1 - m) c)       c = 1 / (s² m (1 - m))
    m   ~ Beta(r n, (1 - r) n)       r the parameter's rate, n its strength in sends
    s   ~ half-Normal(0.8)           about the spread of the groups in log odds

Given (m, s) every integral is a beta function, so the posterior is a mixture of betas
over a grid of (m, s) that is narrowed to where the posterior is: exact, no Markov chain.
The mean of m before any data is r itself. Likewise, what seats differ in is a factor on
the expected answers E, ``y ~ Poisson(f E)``, ``f ~ Gamma(1/v², 1/v²)``, and the posterior
a mixture of gammas over v.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Prior standard deviations: spread between segments in log odds, and of seat factors.
SPREAD_SD, FACTOR_SD = 0.8, 0.25

# Grids. The mean is laid out in log odds, the spread in its root: dense near 0, where
# small changes matter. The ends are beyond what the priors allow.
MEAN_RANGE, ROOT_SPREAD_RANGE = (-10.0, 10.0), (0.05, 1.65)
NUM_MEANS, NUM_SPREADS = 31, 17
MAX_ZOOMS = 10
ZOOM_LOG_WEIGHT = 12.0  # grid points e^-12 below the best may go
FACTOR_SPREADS = (np.arange(25) + 0.5) / 25  # midpoints of 0 to 1

#: Nodes on which a mixture is cumulated, in its own standard deviations; parts of it
#: that weigh less than this are left out of the ends (not of the mean).
NODES = np.linspace(-9.0, 9.0, 201)
LEAST_WEIGHT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Posterior mean of a rate or a factor, with its central interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Betas given each grid point, and the points' log weights."""

    a: Floats
    b: Floats
    log_weight: Floats


def pool(
    answers: Floats, sends: Floats, rate: float, strength: float, level: float
) -> tuple[Estimate, tuple[Estimate, ...]]:
    """Return the rate of a group not seen, and that of each group.

    Parameters
    ----------
    answers, sends : numpy.ndarray
        Discounted answers and exposed sends of each group, shape ``(num_groups,)``.
    rate, strength : float
        Prior mean of the groups' mean, in (0, 1), and its weight in sends.
    level : float
        Probability of the intervals.
    """
    grid = _fit(answers, np.maximum(sends - answers, 0.0), rate, strength)
    weight = np.exp(grid.log_weight - grid.log_weight.max())
    weight /= weight.sum()
    seen = [
        _beta_mixture(weight, grid.a + yes, grid.b + no, level)
        for yes, no in zip(answers, np.maximum(sends - answers, 0.0), strict=True)
    ]
    return _beta_mixture(weight, grid.a, grid.b, level), tuple(seen)


def factors(answers: Floats, expected: Floats, level: float) -> tuple[Estimate, ...]:
    """Return the factor by which each seat's answers exceed the expected ones.

    Expected answers are scaled to the sum of the answers first: what all seats have in
    common is not a matter of seats. A single seat has the factor 1.
    """
    if answers.sum() <= 0 or expected.sum() <= 0:
        return tuple(Estimate(mean=1.0, low=1.0, high=1.0) for _ in answers)
    expected = expected * (answers.sum() / expected.sum())
    shape = FACTOR_SPREADS**-2.0
    log_weight = -0.5 * (FACTOR_SPREADS / FACTOR_SD) ** 2
    a, b = shape + answers[:, None], shape + expected[:, None]
    evidence = shape * np.log(shape) - log_gamma(shape) + log_gamma(a) - a * np.log(b)
    log_weight = log_weight + evidence.sum(axis=0)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    return tuple(
        _gamma_mixture(weight, own_a, own_b, level)
        for own_a, own_b in zip(a, b, strict=True)
    )


def _fit(yes: Floats, no: Floats, rate: float, strength: float) -> _Grid:
    """Return the grid of (m, s) on the box that holds all but a trace of the posterior."""
    box = (MEAN_RANGE, ROOT_SPREAD_RANGE)
    for _ in range(MAX_ZOOMS):
        odds = np.linspace(*box[0], NUM_MEANS)
        root = np.linspace(*box[1], NUM_SPREADS)
        grid = _evaluate(odds, root, (yes, no), (rate, strength))
        smaller = _narrowed(odds, root, grid.log_weight)
        if all(
            new[1] - new[0] > 0.7 * (old[1] - old[0])
            for new, old in zip(smaller, box, strict=True)
        ):
            break
        box = smaller
    return grid


def _evaluate(
    odds: Floats,
    root: Floats,
    counts: tuple[Floats, Floats],
    prior: tuple[float, float],
) -> _Grid:
    rate, strength = prior
    log_odds, root_spread = (
        axis.ravel() for axis in np.meshgrid(odds, root, indexing="ij")
    )
    mean, spread = 1.0 / (1.0 + np.exp(-log_odds)), root_spread**2
    other = 1.0 / (1.0 + np.exp(log_odds))
    a, b = 1.0 / (spread**2 * other), 1.0 / (spread**2 * mean)
    # Densities per step of the grid: dm = m (1 - m) d(log odds), ds = 2 root d(root).
    log_weight = strength * (rate * np.log(mean) + (1.0 - rate) * np.log(other))
    log_weight += 0.5 * np.log(spread) - 0.5 * (spread / SPREAD_SD) ** 2
    yes, no = (part[:, None] for part in counts)
    evidence = log_beta(a + yes, b + no) - log_beta(a, b)
    return _Grid(a=a, b=b, log_weight=log_weight + evidence.sum(axis=0))


def _narrowed(
    odds: Floats, root: Floats, log_weight: Floats
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ends of both axes between which the posterior is not negligible."""
    square = log_weight.reshape(odds.size, root.size)
    is_likely = square > square.max() - ZOOM_LOG_WEIGHT
    return _ends(odds, is_likely.any(axis=1)), _ends(root, is_likely.any(axis=0))


def _ends(axis: Floats, is_likely: NDArray[np.bool_]) -> tuple[float, float]:
    likely = np.flatnonzero(is_likely)
    first, last = max(likely[0] - 1, 0), min(likely[-1] + 1, axis.size - 1)
    return float(axis[first]), float(axis[last])


# --- mixtures -----------------------------------------------------------------------


def _beta_mixture(weight: Floats, a: Floats, b: Floats, level: float) -> Estimate:
    """Return mean and interval of a mixture of betas, cumulated in log odds."""
    total = a + b
    mean = float(weight @ (a / total))
    second = float(weight @ (a * (a + 1.0) / (total * (total + 1.0))))
    spread = math.sqrt(max(second - mean**2, 1e-16))
    width = min(spread / (mean * (1.0 - mean)), 3.0)
    nodes = math.log(mean / (1.0 - mean)) + width * NODES
    kept = weight > LEAST_WEIGHT * weight.max()
    a, b, total = (part[kept, None] for part in (a, b, total))
    log_density = a * nodes - total * np.logaddexp(0.0, nodes) - log_beta(a, b)
    low, high = _central(nodes, weight[kept] @ np.exp(log_density), level)
    return Estimate(
        mean=mean,
        low=min(1.0 / (1.0 + math.exp(-low)), mean),
        high=max(1.0 / (1.0 + math.exp(-high)), mean),
    )


def _gamma_mixture(weight: Floats, a: Floats, b: Floats, level: float) -> Estimate:
    """Return mean and interval of a mixture of gammas, cumulated in logarithms."""
    mean = float(weight @ (a / b))
    second = float(weight @ (a * (a + 1.0) / b**2))
    width = math.sqrt(max(second - mean**2, 1e-16)) / mean
    nodes = math.log(mean) + min(width, 3.0) * NODES
    kept = weight > LEAST_WEIGHT * weight.max()
    a, b = a[kept, None], b[kept, None]
    log_density = a * (nodes + np.log(b)) - b * np.exp(nodes) - log_gamma(a)
    low, high = _central(nodes, weight[kept] @ np.exp(log_density), level)
    return Estimate(mean=mean, low=min(math.exp(low), mean), high=max(math.exp(high), mean))


def _central(nodes: Floats, density: Floats, level: float) -> tuple[float, float]:
    """Return the ends of the central interval of a density on evenly spaced nodes."""
    steps = (density[1:] + density[:-1]) / 2.0
    cumulated = np.concatenate([[0.0], np.cumsum(steps)])
    tail = (1.0 - level) / 2.0
    low, high = np.interp([tail, 1.0 - tail], cumulated / cumulated[-1], nodes)
    return float(low), float(high)


def log_gamma(x: Floats) -> Floats:
    """Return log of the gamma function of x > 0: Stirling's series at x + 8.

    ``ln G(z) = (z - 1/2) ln z - z + ln(2 pi) / 2 + 1/12z - 1/360z³ + 1/1260z⁵ - ...``;
    the first term left out is below 3e-10. numpy has no such function.
    """
    z = x + 8.0
    product = np.ones_like(x)
    for step in range(8):
        product = product * (x + step)
    series = (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / z**2) / z**2) / z
    half_log = 0.5 * math.log(2.0 * math.pi)
    result: Floats = (z - 0.5) * np.log(z) - z + half_log + series - np.log(product)
    return result


def log_beta(a: Floats, b: Floats) -> Floats:
    """Return log of the beta function of a, b > 0."""
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)
