"""How good past forecasts of the open share were, once the flags became known.

Two questions (model.md C5). Of leads forecast at 30 %, were 30 % open (Brier, log loss,
reliability)? And did the open leads found in each segment lie inside the interval that
was forecast as often as it said (coverage)? Both come with their own uncertainty, and
an alarm is raised only beyond it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.estimate.intervals import wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of scored forecasts: one row per run and segment, whose leads have one
#: forecast. Of ``num_revealed`` flags that became known ``num_open`` are open.
SCORED_COLUMNS = (
    "run_id", "week", "segment", "open_probability", "beta_a", "beta_b", "num_revealed",
    "num_open",
)  # fmt: skip

MAX_BINS = 10

#: Certainty that an alarm needs: at 90 % every tenth good model would raise one.
ALARM_LEVEL = 0.95

#: Segments below which the skill's noise cannot be told from so few.
MIN_SEGMENTS = 5

#: Forecasts are moved this far off 0 and 1 for the logarithm.
LEAST_PROBABILITY = 1e-6

DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Leads of about the same forecast: its mean, and the share found open with bars."""

    forecast: float
    number: int
    num_open: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many segments' open leads fell inside the forecast interval.

    Counts are whole, so an interval of them holds more than its nominal level:
    ``expected`` is the share of segments that good forecasts would cover, ``low`` and
    ``high`` is Wilson's interval of the share covered. ``pit`` is the histogram of the
    counts' ranks in their forecast: flat if forecasts are good, a hump if they are too
    unsure, a valley if too sure.
    """

    num_segments: int
    num_covered: int
    share: float
    low: float
    high: float
    expected: float
    pit: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Score of past forecasts; scores are None where nothing became known.

    Parameters
    ----------
    level : float
        Nominal level of the forecast intervals, and of the bars.
    brier, log_loss : float or None
        Mean of ``(p - o)²`` and of ``-log`` of the probability given to what came.
    base_rate, base_brier : float or None
        Share found open, and the Brier score of forecasting just that for everybody.
    skill : float or None
        ``1 - brier / base_brier``; None if all or none were open.
    skill_noise : float or None
        Standard error of the skill over segments; None for fewer than `MIN_SEGMENTS`.
    alarms : tuple of str
        What is wrong beyond chance, in words.
    """

    level: float
    number: int
    num_open: int
    brier: float | None
    log_loss: float | None
    base_rate: float | None
    base_brier: float | None
    skill: float | None
    skill_noise: float | None
    bins: tuple[ReliabilityBin, ...]
    coverage: Coverage | None
    alarms: tuple[str, ...]

    @property
    def is_alarm(self) -> bool:
        """Return whether anything is wrong beyond chance."""
        return bool(self.alarms)


class _Counts(NamedTuple):
    """Scored forecasts with any flag known; one entry per run and segment, in order."""

    segment: NDArray[np.intp]
    forecast: Floats
    beta_a: Floats
    beta_b: Floats
    number: Ints
    num_open: Ints

    @property
    def loss(self) -> Floats:
        """Sum of squared errors of each entry's leads."""
        is_closed = self.number - self.num_open
        loss: Floats = self.num_open * (1.0 - self.forecast) ** 2
        return loss + is_closed * self.forecast**2


def score(scored: pd.DataFrame, level: float) -> Calibration:
    """Score forecasts against the flags that became known.

    Parameters
    ----------
    scored : pandas.DataFrame
        `SCORED_COLUMNS`: the forecast of each lead of the segment, the beta posterior of
        its open share, and what became known. A flag should count once, against the last
        forecast before it was known: repeated ones are not independent.
    level : float
        Nominal level of the forecast intervals (parameter ``interval``).
    """
    counts = _counts(scored)
    covered = _coverage(counts, level)
    number, num_open = int(counts.number.sum()), int(counts.num_open.sum())
    if number == 0:
        return Calibration(
            level=level, number=0, num_open=0, brier=None, log_loss=None,
            base_rate=None, base_brier=None, skill=None, skill_noise=None, bins=(),
            coverage=None, alarms=(),
        )  # fmt: skip
    base, brier = num_open / number, float(counts.loss.sum()) / number
    base_brier = base * (1.0 - base)
    skill = 1.0 - brier / base_brier if base_brier > 0 else None
    noise = _noise(counts)
    skill_noise = None if noise is None or base_brier == 0 else noise / base_brier
    return Calibration(
        level=level,
        number=number,
        num_open=num_open,
        brier=round(brier, DIGITS),
        log_loss=round(_log_loss(counts), DIGITS),
        base_rate=round(base, DIGITS),
        base_brier=round(base_brier, DIGITS),
        skill=None if skill is None else round(skill, DIGITS),
        skill_noise=None if skill_noise is None else round(skill_noise, DIGITS),
        bins=_reliability(counts, level),
        coverage=covered,
        alarms=(*_coverage_alarms(covered, level), *_skill_alarms(skill, skill_noise)),
    )


def _counts(scored: pd.DataFrame) -> _Counts:
    """Sort the rows, so that sums come out the same in any order of them."""
    known = scored[scored["num_revealed"].to_numpy(dtype=np.int64) > 0]
    columns = [known[name].to_numpy(dtype=np.float64) for name in SCORED_COLUMNS[3:]]
    order = np.lexsort((*columns, known["segment"].to_numpy(dtype=str)))
    forecast, beta_a, beta_b, number, num_open = (column[order] for column in columns)
    return _Counts(
        segment=pd.factorize(known["segment"].iloc[order])[0],
        forecast=forecast,
        beta_a=beta_a,
        beta_b=beta_b,
        number=number.astype(np.int64),
        num_open=num_open.astype(np.int64),
    )


def _log_loss(counts: _Counts) -> float:
    p = np.clip(counts.forecast, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    is_closed = counts.number - counts.num_open
    loss = counts.num_open * -np.log(p) + is_closed * -np.log1p(-p)
    return float(loss.sum()) / float(counts.number.sum())


def _noise(counts: _Counts) -> float | None:
    """Return the standard error of Brier score less that of the plain share.

    A segment's leads share the error of its forecast, so segments are what is sampled,
    and one with most of the leads may be all there is. Hence the jackknife: with d_g the
    difference without segment g, ``(G - 1) / G sum (d_g - mean d)²``.
    """

    def without(values: Floats | Ints) -> Floats:
        left: Floats = values.sum() - np.bincount(counts.segment, weights=values)
        return left

    num_segments = int(counts.segment.max()) + 1
    if num_segments < MIN_SEGMENTS:
        return None
    left = without(counts.number)
    share = without(counts.num_open) / left
    difference = without(counts.loss) / left - share * (1.0 - share)
    factor = (num_segments - 1) / num_segments
    return math.sqrt(factor * float(((difference - difference.mean()) ** 2).sum()))


# --- reliability --------------------------------------------------------------------


def _reliability(counts: _Counts, level: float) -> tuple[ReliabilityBin, ...]:
    """Return at most `MAX_BINS` bins of about equal size; equal forecasts stay together."""
    values, inverse = np.unique(counts.forecast, return_inverse=True)
    leads = np.bincount(inverse, weights=counts.number)
    middle = np.cumsum(leads) - leads / 2.0
    bin_of_value = (MAX_BINS * middle / leads.sum()).astype(np.int64)
    bins = []
    for index in np.unique(bin_of_value):
        own = (bin_of_value == index)[inverse]
        number, num_open = int(counts.number[own].sum()), int(counts.num_open[own].sum())
        low, high = wilson(num_open, number, level)
        inside = bin_of_value == index
        bins.append(
            ReliabilityBin(
                forecast=round(float(values[inside] @ leads[inside]) / number, DIGITS),
                number=number,
                num_open=num_open,
                share=round(num_open / number, DIGITS),
                low=round(low, DIGITS),
                high=round(high, DIGITS),
            )
        )
    return tuple(bins)


# --- coverage -----------------------------------------------------------------------


def _coverage(counts: _Counts, level: float) -> Coverage | None:
    """Return how many segments' counts lie in their forecast interval; None of none."""
    num_rows = counts.number.size
    if num_rows == 0:
        return None
    num_covered, expected, pit = 0, 0.0, np.zeros(MAX_BINS)
    for a, b, number, num_open in zip(
        counts.beta_a.tolist(), counts.beta_b.tolist(), counts.number.tolist(),
        counts.num_open.tolist(), strict=True,
    ):  # fmt: skip
        mass = beta_binomial(number, a, b)
        cdf = np.minimum(np.cumsum(mass), 1.0)
        low, high = central_counts(cdf, level)
        num_covered += low <= num_open <= high
        expected += float(mass[low : high + 1].sum())
        before = float(cdf[num_open - 1]) if num_open > 0 else 0.0
        pit += _spread_over_bins(before, float(mass[num_open]))
    bars = wilson(num_covered, num_rows, ALARM_LEVEL)
    return Coverage(
        num_segments=num_rows,
        num_covered=num_covered,
        share=round(num_covered / num_rows, DIGITS),
        low=round(bars[0], DIGITS),
        high=round(bars[1], DIGITS),
        expected=round(min(expected / num_rows, 1.0), DIGITS),
        pit=tuple(round(float(height), DIGITS) for height in pit / num_rows),
    )


def beta_binomial(number: int, a: float, b: float) -> Floats:
    """Return the probabilities of 0..number open leads if the share is Beta(a, b).

    By ``P(y + 1) / P(y) = (n - y) (a + y) / ((y + 1) (b + n - y - 1))``.
    """
    y = np.arange(number)
    ratio = np.log((number - y) * (a + y)) - np.log((y + 1) * (b + number - y - 1))
    log_mass = np.concatenate([[0.0], np.cumsum(ratio)])
    mass = np.exp(log_mass - log_mass.max())
    result: Floats = mass / mass.sum()
    return result


def central_counts(cdf: Floats, level: float) -> tuple[int, int]:
    """Return the first and last count of the central interval of a count.

    The smallest counts whose cumulated probability reaches the lower and the upper
    tail; a hair is allowed for rounding.
    """
    tail = (1.0 - level) / 2.0
    low, high = np.searchsorted(cdf, [tail - 1e-12, 1.0 - tail - 1e-12])
    return int(low), int(min(high, cdf.size - 1))


def _spread_over_bins(before: float, mass: float) -> Floats:
    """Return which part of the ranks [before, before + mass] lies in each PIT bin.

    For counts the rank is a range, spread evenly (C. Czado, T. Gneiting, L. Held,
    Biometrics 65, 2009): flat in expectation, without random numbers.
    """
    edges = np.linspace(0.0, 1.0, MAX_BINS + 1)
    if mass < 1e-12:
        at = min(int(before * MAX_BINS), MAX_BINS - 1)
        whole: Floats = np.eye(MAX_BINS)[at]
        return whole
    inside = np.clip((edges - before) / mass, 0.0, 1.0)
    inside[-1] = 1.0  # rounding must not lose the last bit of a rank near 1
    parts: Floats = np.diff(inside)
    return parts


# --- alarms -------------------------------------------------------------------------


def _coverage_alarms(found: Coverage | None, level: float) -> tuple[str, ...]:
    if found is None or found.low <= found.expected <= found.high:
        return ()
    too_sure = found.expected > found.high
    verdict = "too sure: widen labelling_bias_sd" if too_sure else "wider than need be"
    words = (
        f"{level:.0%} intervals of the open share held {found.num_covered} of "
        f"{found.num_segments} times ({found.share:.0%}, likely {found.low:.0%} to "
        f"{found.high:.0%}) where {found.expected:.0%} was to be expected: they are "
        f"{verdict}"
    )
    return (words,)


def _skill_alarms(skill: float | None, noise: float | None) -> tuple[str, ...]:
    if skill is None or noise is None:
        return ()
    if skill >= -NormalDist().inv_cdf(ALARM_LEVEL) * noise:
        return ()
    words = (
        "forecasts of single leads are worse than the plain share of all: skill "
        f"{skill:+.1%}, with a standard error of {noise:.1%}"
    )
    return (words,)
