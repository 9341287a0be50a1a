"""Chance constraint on credits: what a mix of InMails may need, and a line that bounds it.

Credits used by ``n_k`` InMails of tier k are binomial with use probability ``u_k``,
which is itself uncertain and shared by all leads of the tier. The tiers are taken to be
wrong together (their use probabilities sit at the same quantile): the worst case of
dependence, and close to the truth, because the labelling bias is common to all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from planner.domain import Tier

#: Decimals of every number that the linear program sees. The last bits of a float hang
#: on the numpy build, and among equal optima they would decide: another plan.
DIGITS = 9

#: Standard normal scores at which the shared uncertainty is evaluated. The integrand is
#: smooth, so equal steps of 0.3 are accurate to 1e-6 (checked against steps of 0.02).
SCORES = np.linspace(-4.0, 5.0, 31)

#: InMails of one tier over which its worst average is sought; it lies at the first few.
MAX_FEW = 40


def _normal_cdf(scores: np.ndarray) -> np.ndarray:
    return np.array([0.5 * math.erfc(-score / math.sqrt(2)) for score in scores])


def normal_quantile(probability: float) -> float:
    """Return z with ``P(Z <= z) = probability`` for a standard normal Z, by bisection."""
    low, high = -10.0, 10.0
    for _ in range(80):
        middle = (low + high) / 2
        if 0.5 * math.erfc(-middle / math.sqrt(2)) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def score_weights() -> np.ndarray:
    """Return the weight of each of `SCORES`: the trapezoidal rule on the normal density.

    For smooth integrands its error falls faster than any power of the step.
    """
    density = np.exp(-(SCORES**2) / 2)
    return np.asarray(density / density.sum())


@lru_cache(maxsize=256)
def _use_quantiles(
    use: float, beta_a: float | None, beta_b: float | None, leak: float
) -> np.ndarray:
    """Return the use probability of a tier at each of `SCORES`."""
    if beta_a is None or beta_b is None:
        return np.full(len(SCORES), use)
    # Log odds resolve both ends of (0, 1); their density falls like exp(-a x) below and
    # exp(-b x) above, so that 40 / a and 40 / b hold all of it, however flat it is.
    odds = np.concatenate(
        [
            -np.geomspace(max(31.0, 40.0 / beta_a), 30.0, 2000, endpoint=False),
            np.linspace(-30.0, 30.0, 24001),
            np.geomspace(max(31.0, 40.0 / beta_b), 30.0, 2000, endpoint=False)[::-1],
        ]
    )
    log_density = -beta_a * np.logaddexp(0.0, -odds) - beta_b * np.logaddexp(0.0, odds)
    density = np.exp(log_density - log_density.max())
    cdf = np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(odds))
    quantiles = np.interp(_normal_cdf(SCORES), np.r_[0.0, cdf] / cdf[-1], odds)
    closed = 1 / (1 + np.exp(-np.clip(quantiles, -700.0, 700.0)))
    return np.asarray(leak + (1 - leak) * closed)


def use_quantiles(tiers: Sequence[Tier]) -> np.ndarray:
    """Return use probabilities at each of `SCORES`, shape ``(num_tiers, num_scores)``."""
    return np.stack([_use_quantiles(t.use, t.beta_a, t.beta_b, t.leak) for t in tiers])


@lru_cache(maxsize=4096)
def _binomial(count: int, use: float) -> np.ndarray:
    """Return the probability mass of the credits of `count` InMails of known use."""
    if use <= 0 or use >= 1:
        mass = np.zeros(count + 1)
        mass[count if use >= 1 else 0] = 1.0
        return mass
    k = np.arange(count)
    # log C(n, k) grows by log((n - k) / (k + 1)) from k to k + 1.
    choose = np.concatenate([[0.0], np.cumsum(np.log((count - k) / (k + 1.0)))])
    k = np.arange(count + 1)
    return np.asarray(np.exp(choose + k * math.log(use) + (count - k) * math.log1p(-use)))


class CreditUse:
    """Distribution of the credits that a mix of InMails uses.

    Parameters
    ----------
    tiers : sequence of Tier
        Credit use of each kind of lead.
    """

    def __init__(self, tiers: Sequence[Tier]) -> None:
        self._uncertain = np.array([t.beta_a is not None for t in tiers], dtype=bool)
        self._use = [tier.use for tier in tiers]
        self._quantiles = use_quantiles(tiers)[self._uncertain]
        self._weights = score_weights()
        self._logs: dict[int, np.ndarray] = {}
        self._averages: dict[tuple[int, float], float] = {}

    def _log(self, length: int) -> np.ndarray:
        """Return the log characteristic function of one InMail: tier x score x angle."""
        if length not in self._logs:
            angles = 2 * np.pi * np.arange(length // 2 + 1) / length
            step = np.exp(-1j * angles)[None, None, :] - 1
            factor = 1 + self._quantiles[:, :, None] * step
            # A use of exactly one half vanishes at one angle; 0 * log 0 must stay 0.
            self._logs[length] = np.log(np.where(np.abs(factor) < 1e-300, 1e-300, factor))
        return self._logs[length]

    def cdf(self, counts: np.ndarray) -> np.ndarray:
        """Return ``P(credits <= m)`` for m = 0, 1, ... given InMails by tier.

        The probability mass of the uncertain tiers is the inverse Fourier transform of
        the product of their characteristic functions, averaged over the shared
        uncertainty; tiers of known use are convolved with it.
        """
        counts = np.asarray(np.round(counts), dtype=np.int64)
        unsure = counts[self._uncertain]
        length = 1 << max(4, int(unsure.sum() + 1).bit_length())
        log = self._log(length)
        exponent = np.zeros(log.shape[1:], dtype=complex)
        for tier in np.flatnonzero(unsure):
            exponent += int(unsure[tier]) * log[tier]
        mass = np.fft.irfft(self._weights @ np.exp(exponent), n=length)
        mass = np.clip(mass[: int(unsure.sum()) + 1], 0.0, None)
        for tier in np.flatnonzero(~self._uncertain & (counts > 0)):
            mass = np.convolve(mass, _binomial(int(counts[tier]), self._use[tier]))
        return np.cumsum(mass)

    def exceedance(self, counts: np.ndarray, budget: int) -> float:
        """Return the probability that InMails by tier need more than `budget` credits."""
        if budget < 0:
            return 1.0 if counts.sum() > 0 else 0.0
        if counts.sum() <= budget:
            return 0.0
        cdf = self.cdf(counts)
        return float(max(0.0, 1.0 - cdf[min(budget, len(cdf) - 1)]))

    def quantile(self, counts: np.ndarray, alpha: float) -> float:
        """Return the interpolated (1 - alpha) quantile of the credits used.

        Between whole numbers the distribution function is taken to be linear, so the
        quantile moves smoothly with the mix; at a whole budget it is exact.
        """
        if counts.sum() == 0:
            return 0.0
        cdf = self.cdf(counts)
        upper = int(np.searchsorted(cdf, 1 - alpha - 1e-12))
        upper = min(upper, int(counts.sum()))
        below = cdf[upper - 1] if upper > 0 else 0.0
        mass = max(cdf[upper] - below, 1e-300)
        return max(0.0, upper - 1 + (1 - alpha - below) / mass) if upper > 0 else 0.0

    def largest_average(self, tier: int, alpha: float) -> float:
        """Return the largest quantile per InMail of a few InMails of one tier alone."""
        if (tier, alpha) not in self._averages:
            counts = np.zeros((MAX_FEW, len(self._use)), dtype=np.int64)
            counts[:, tier] = np.arange(1, MAX_FEW + 1)
            most = max(self.quantile(own, alpha) / own[tier] for own in counts)
            self._averages[tier, alpha] = round(
                min(1.0, max(self._use[tier], float(most))), DIGITS
            )
        return self._averages[tier, alpha]


@lru_cache(maxsize=4)
def use_of(tiers: tuple[Tier, ...]) -> CreditUse:
    """Return the credit use of the tiers: one that remembers, as a plan asks it often."""
    return CreditUse(tiers)


def line(
    tiers: Sequence[Tier], mix: np.ndarray, alpha: float, use: CreditUse
) -> tuple[tuple[float, ...], float]:
    """Return weights w and hold-back R with ``w n + R`` a bound on the credit quantile.

    The (1 - alpha) quantile of the credits that mix n needs is close to
    ``q n + z sqrt((t n)^2 + s n)`` with, by tier, mean use q, standard deviation t of
    the use probability, and mean binomial variance s. Its tangent at `mix` gives the
    weights; the hold-back is set so that the line meets the exact quantile there.

    Parameters
    ----------
    mix : numpy.ndarray
        InMails by tier that the line should be tight for, shape ``(num_tiers,)``.
    alpha : float
        Accepted probability of needing more than the budget.

    Returns
    -------
    weights : tuple of float
        Credits booked per InMail of each tier, at most 1.
    held_back : float
        Credits kept aside whatever the mix.
    """
    mean, spread, variance = moments(tiers)
    z = normal_quantile(1 - alpha)
    anchor = np.maximum(mix, 0.0)
    shared = float(spread @ anchor)
    binomial = float(variance @ anchor)
    width = math.sqrt(shared**2 + binomial)
    if width < 1e-9:
        # Nothing unsure in the mix, so no tangent. Each tier is booked by its worst
        # average, not by its mean: the next mix may well have unsure leads.
        return tuple(use.largest_average(t, alpha) for t in range(len(tiers))), 0.0
    weights = mean + z * (2 * shared * spread + variance) / (2 * width)
    weights = np.clip(weights, mean, 1.0)
    whole = np.round(anchor)
    exact = use.quantile(whole, alpha) + float(weights @ (anchor - whole))
    held_back = max(0.0, exact - float(weights @ anchor))
    return tuple(round(float(w), DIGITS) for w in weights), round(held_back, DIGITS)


def moments(tiers: Sequence[Tier]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean use, its standard deviation and the mean binomial variance by tier."""
    mean = np.array([tier.use for tier in tiers])
    spread = np.zeros(len(tiers))
    for index, tier in enumerate(tiers):
        if tier.beta_a is not None and tier.beta_b is not None:
            strength = tier.beta_a + tier.beta_b
            closed = tier.beta_a / strength
            deviation = math.sqrt(closed * (1 - closed) / (strength + 1))
            spread[index] = (1 - tier.leak) * deviation
    return mean, spread, mean * (1 - mean) - spread**2
