"""Share of open profiles among leads whose flag is unknown, with its uncertainty.

The model (model.md C2, with the Premium level added, C8). Segment k has N leads; of n
the flag came with the export and y of these are open; of na more it was looked up later
and ya are open; u are still unknown. Its Premium level is g. ::

    theta_k ~ Normal(m_g + b x_k, s²)         x_k = labelling effort
    y_k     ~ Binomial(n_k,  sigma(theta_k))
    ya_k    ~ Binomial(na_k, sigma(theta_k - d))
    T_k     ~ Binomial(u_k,  sigma(theta_k - d))     wanted
    m_g ~ N(logit(prior_g), 1)   s ~ half-N(0.8)   b ~ N(0, 0.35²)   d ~ N(0, tau²)

`d` is the log odds ratio of being labelled for open against closed leads of the same
segment: without look-ups nothing in the data tells it, so it widens the answer instead.

How it is computed. Given (s, b, d) the Premium levels are independent, and given m_g
the segments are. So each segment's theta and each level's m are integrated one by one,
on nodes placed around the mode and scaled by the curvature there: a segment with
100,000 labels is as well resolved as one with none. (s, b, d) run over a grid that is
narrowed to where the posterior is. No Markov chain, no random error but that of the
final joint draws, whose seed is fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from planner.estimate.segments import PREMIUM_LEVELS
from planner.params import Parameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Decimals of what goes on to plans and sheets: the last bits hang on the processor.
DIGITS = 12

#: Prior standard deviations of model.md C2: of a Premium level's mean, of the spread
#: between segments (half-normal) and of the slope on labelling effort.
MEAN_SD, SPREAD_SD, EFFORT_SD = 1.0, 0.8, 0.35

#: Premium levels in the order of `segments.PREMIUM_LEVELS`.
LEVELS = tuple(name for _, name, _ in PREMIUM_LEVELS)

#: Spread that stands for none; 0 would divide by 0.
NO_SPREAD = 0.01

NUM_DRAWS = 2000

# Grids. The spread is laid out in its square root, dense near 0 where small changes
# matter; the ends are beyond what the priors allow.
ROOT_SPREAD_RANGE = (0.15, 1.65)
EFFORT_RANGE = (-1.2, 1.2)
BIAS_RANGE_SDS = 4.0
NUM_SPREADS, NUM_EFFORTS, NUM_BIASES = 11, 9, 11
MAX_ZOOMS = 6
ZOOM_LOG_WEIGHT = 9.0  # grid points e^-9 below the best may go
MEAN_NODES = np.linspace(-5.4, 5.4, 13)
THETA_NODES = np.linspace(-7.0, 7.0, 15)
DRAW_NODES = np.linspace(-9.0, 9.0, 61)
MAX_STEPS = 60
MAX_STEP = 1.5  # log odds; keeps Newton's method from leaping off a flat tail


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """What is known of each segment; every array has one entry per segment.

    ``labelled`` flags came with the export, ``checked`` ones were looked up. ``level``
    is the index of the Premium level, ``effort`` the x of the model.
    """

    leads: Ints
    labelled: Ints
    labelled_open: Ints
    checked: Ints
    checked_open: Ints
    level: Ints
    effort: Floats

    @property
    def unknown(self) -> Ints:
        """Leads whose flag is still unknown."""
        return self.leads - self.labelled - self.checked

    def of(self, index: Ints) -> Counts:
        """Return the counts of some of the segments."""
        return Counts(
            leads=self.leads[index],
            labelled=self.labelled[index],
            labelled_open=self.labelled_open[index],
            checked=self.checked[index],
            checked_open=self.checked_open[index],
            level=self.level[index],
            effort=self.effort[index],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Every combination of spread, effort slope and bias: one entry per grid point."""

    axes: tuple[Floats, Floats, Floats]  # root of the spread, slope, bias

    @property
    def points(self) -> tuple[Floats, Floats, Floats]:
        """Spread, slope and bias of every grid point, bias running fastest."""
        root, slope, bias = np.meshgrid(*self.axes, indexing="ij")
        return root.ravel() ** 2, slope.ravel(), bias.ravel()

    def log_prior(self, bias_sd: float) -> Floats:
        """Return the log prior of every point, up to a constant."""
        spread, slope, bias = self.points
        # d(spread) = 2 root d(root): the density per step of the grid.
        result = 0.5 * np.log(spread) - 0.5 * (spread / SPREAD_SD) ** 2
        result -= 0.5 * (slope / EFFORT_SD) ** 2
        if bias_sd > 0:
            result -= 0.5 * (bias / bias_sd) ** 2
        return result


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Level:
    """Posterior of a Premium level's mean at every grid point.

    ``centre`` and ``scale`` place `MEAN_NODES`; ``log_weight`` is (point, node).
    """

    segments: Ints
    centre: Floats
    scale: Floats
    log_weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Posterior:
    """Weights of the grid points, and the Premium levels' means given each."""

    grid: _Grid
    log_weight: Floats
    levels: tuple[_Level, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws:
    """Joint posterior draws (draw, segment) of p = sigma(theta - d), and its moments.

    ``typical`` is sigma(theta) of the same draws: the share if d were 0.
    """

    share: Floats
    typical: Floats
    mean: Floats
    variance: Floats


def labelling_effort(num_leads: Ints, labelled: Ints, level: Ints) -> Floats:
    """Return x of the model: centred, scaled log share of leads that were labelled.

    People label where it pays, so effort and open share go together; the slope on x
    takes that out (model.md C3: without it a total covers 60 % instead of 90 %).
    Centred within each Premium level, whose mean would take up the rest anyway.
    """
    if not labelled.any():
        return np.zeros(num_leads.size)
    effort = np.log((labelled + 0.5) / (num_leads + 1.0))
    for index in np.unique(level):
        effort[level == index] -= effort[level == index].mean()
    spread = float(np.sqrt(np.mean(effort**2)))
    return effort / spread if spread > 1e-9 else effort


# --- posterior of the parameters that segments share --------------------------------


def _fit(counts: Counts, priors: Floats, bias_sd: float) -> _Posterior:
    """Return the posterior of (s, b, d) on a grid narrowed to where it is.

    Without look-ups the likelihood does not depend on d, so d is left at 0 here and
    drawn from its prior later.
    """
    has_bias = bias_sd > 0 and bool(counts.checked.any())
    bias_end = BIAS_RANGE_SDS * bias_sd if has_bias else 0.0
    effort_range = EFFORT_RANGE if counts.effort.any() else (0.0, 0.0)
    sizes = (NUM_SPREADS, NUM_EFFORTS, NUM_BIASES)
    box: tuple[tuple[float, float], ...]
    box = (ROOT_SPREAD_RANGE, effort_range, (-bias_end, bias_end))
    for _ in range(MAX_ZOOMS):
        axes = [_axis(ends, size) for ends, size in zip(box, sizes, strict=True)]
        grid = _Grid(axes=(axes[0], axes[1], axes[2]))
        levels = tuple(
            _fit_level(counts, grid, np.flatnonzero(counts.level == index), priors[index])
            for index in np.unique(counts.level)
        )
        log_weight = grid.log_prior(bias_sd)
        for level in levels:
            log_weight = log_weight + _log_sum(level.log_weight)
        log_weight = log_weight - log_weight.max()
        smaller = _narrowed(grid, log_weight)
        if all(
            _length(new) >= 0.7 * _length(old)
            for new, old in zip(smaller, box, strict=True)
        ):
            break
        box = smaller
    return _Posterior(grid=grid, log_weight=log_weight, levels=levels)


def _axis(ends: tuple[float, float], size: int) -> Floats:
    return np.linspace(*ends, size if ends[0] < ends[1] else 1)


def _length(ends: tuple[float, float]) -> float:
    return ends[1] - ends[0]


def _narrowed(grid: _Grid, log_weight: Floats) -> tuple[tuple[float, float], ...]:
    """Return the ends of each axis between which the posterior is not negligible."""
    cube = log_weight.reshape([axis.size for axis in grid.axes])
    ends = []
    for number, axis in enumerate(grid.axes):
        others = tuple(other for other in range(3) if other != number)
        is_likely = np.flatnonzero(cube.max(axis=others) > -ZOOM_LOG_WEIGHT)
        first, last = max(is_likely[0] - 1, 0), min(is_likely[-1] + 1, axis.size - 1)
        ends.append((float(axis[first]), float(axis[last])))
    return tuple(ends)


def _fit_level(counts: Counts, grid: _Grid, segments: Ints, prior: float) -> _Level:
    """Integrate one Premium level's mean, and its segments' theta, at every grid point."""
    cells = counts.of(segments)
    spread, slope, bias = (axis[:, None] for axis in grid.points)
    spread = _spread_within(spread, segments)
    offset = slope * cells.effort
    centre, scale, theta = _level_mode(cells, spread, offset, bias, prior)
    mean = centre + scale * MEAN_NODES
    log_weight = -0.5 * ((mean - prior) / MEAN_SD) ** 2 + np.log(scale)
    # One node at a time: the arrays stay small enough for the processor's cache.
    for node in range(MEAN_NODES.size):
        at_node = mean[:, [node]] + offset
        log_weight[:, node] += _log_integral(cells, at_node, spread, bias, theta).sum(
            axis=1
        )
    return _Level(
        segments=segments, centre=centre[:, 0], scale=scale[:, 0], log_weight=log_weight
    )


def _spread_within(spread: Floats, segments: Ints) -> Floats:
    """Return the spread between the segments of a level: none where it is not cut.

    Then the segment's theta is the level's mean, whose prior is wide enough already;
    adding a spread would make the same list less certain for being cut less.
    """
    return spread if segments.size > 1 else np.full_like(spread, NO_SPREAD)


def _level_mode(
    cells: Counts, spread: Floats, offset: Floats, bias: Floats, prior: float
) -> tuple[Floats, Floats, Floats]:
    """Return mode and scale of a level's mean, and the thetas there, by Newton's method.

    The log posterior of (m, theta_1, ...) is concave. With g and c the slope and
    negative curvature of a segment's log likelihood, eliminating theta leaves a normal
    problem for m in which segment k has precision ``c / (1 + s² c)``.
    """
    variance = spread**2
    known, known_open = (
        cells.labelled + cells.checked,
        cells.labelled_open + cells.checked_open,
    )
    theta = np.log((known_open + 0.5) / (known - known_open + 0.5)) + 0.0 * offset
    for _ in range(MAX_STEPS):
        slope, curvature = _slopes(cells, theta, bias)
        shrink = 1.0 + variance * curvature
        evidence = (curvature * theta + slope - curvature * offset) / shrink
        precision = MEAN_SD**-2 + (curvature / shrink).sum(axis=1, keepdims=True)
        mean = (prior * MEAN_SD**-2 + evidence.sum(axis=1, keepdims=True)) / precision
        target = (variance * (curvature * theta + slope) + mean + offset) / shrink
        step = np.clip(target - theta, -MAX_STEP, MAX_STEP)
        theta = theta + step
        if np.abs(step).max() < 1e-6:
            break
    return mean, precision**-0.5, theta


def _log_integral(
    cells: Counts, mean: Floats, spread: Floats, bias: Floats, start: Floats
) -> Floats:
    """Return log of the integral of N(theta; mean, s²) times the likelihood.

    Trapezoids in steps of the integrand's own width, which for a smooth bump is
    exact to many digits.
    """
    theta, width = _theta_mode(cells, mean, spread, bias, start)
    peak = _log_density(cells, theta, mean, spread, bias)
    total = np.zeros_like(theta)
    for node in THETA_NODES:
        value = _log_density(cells, theta + node * width, mean, spread, bias)
        total += np.exp(value - peak)
    return peak + np.log(total * width / spread)


def _theta_mode(
    cells: Counts, mean: Floats, spread: Floats, bias: Floats, start: Floats
) -> tuple[Floats, Floats]:
    """Return mode and scale of theta given its mean, by Newton's method."""
    variance = spread**2
    theta = start
    for _ in range(MAX_STEPS):
        slope, curvature = _slopes(cells, theta, bias)
        shrink = 1.0 + variance * curvature
        step = (variance * slope + mean - theta) / shrink
        width = spread / np.sqrt(shrink)
        theta = theta + np.clip(step, -MAX_STEP, MAX_STEP)
        # Only the nodes hang on the mode: a hundredth of the width is close enough.
        if (np.abs(step) < 0.01 * width).all():
            break
    return theta, width


def _log_density(
    cells: Counts, theta: Floats, mean: Floats, spread: Floats, bias: Floats
) -> Floats:
    """Return log likelihood plus log prior of theta, up to constants."""
    result = cells.labelled_open * theta - cells.labelled * _softplus(theta)
    if cells.checked.any():
        shifted = theta - bias
        result = result + cells.checked_open * shifted - cells.checked * _softplus(shifted)
    result -= 0.5 * ((theta - mean) / spread) ** 2
    return result


def _slopes(cells: Counts, theta: Floats, bias: Floats) -> tuple[Floats, Floats]:
    """Return slope and negative curvature of each segment's log likelihood."""
    share = _sigmoid(theta)
    slope = cells.labelled_open - cells.labelled * share
    curvature = cells.labelled * share * (1.0 - share)
    if cells.checked.any():
        share = _sigmoid(theta - bias)
        slope = slope + cells.checked_open - cells.checked * share
        curvature = curvature + cells.checked * share * (1.0 - share)
    return slope, curvature


def _softplus(x: Floats) -> Floats:
    """Return log(1 + e^x) without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def _sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + e^-x); beyond +-700 it is 0 or 1 without overflow."""
    share: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -700.0, 700.0)))
    return share


def _log_sum(values: Floats) -> Floats:
    """Return log of the sum of exp over the last axis, shifted against underflow."""
    top = values.max(axis=-1, keepdims=True)
    total: Floats = top + np.log(np.exp(values - top).sum(axis=-1, keepdims=True))
    return total[..., 0]


# --- joint draws --------------------------------------------------------------------


def posterior_draws(
    counts: Counts, parameters: Parameters, seed: int = 0
) -> tuple[Draws, Floats]:
    """Return draws of the share among unknown leads, and those if labels are typical."""
    priors = np.log(_prior_shares(parameters) / (1.0 - _prior_shares(parameters)))
    bias_sd = parameters.labelling_bias_sd
    draws = _draw(counts, _fit(counts, priors, bias_sd), bias_sd, [seed])
    if not counts.checked.any() or bias_sd == 0:
        return draws, draws.typical
    # With look-ups "typical" is another model: they count like any other label.
    return draws, _draw(counts, _fit(counts, priors, 0.0), 0.0, [seed]).share


def many_shares(
    counts: Counts, parameters: Parameters, num_draws: int, seed: int
) -> Floats:
    """Return at least so many joint draws of the share, none of them twice.

    They come in batches of `NUM_DRAWS`. The first batch is that of `posterior_draws`,
    whatever the seed; those after it are the seed's own.
    """
    priors = np.log(_prior_shares(parameters) / (1.0 - _prior_shares(parameters)))
    bias_sd = parameters.labelling_bias_sd
    posterior = _fit(counts, priors, bias_sd)
    num_batches = max(1, -(-num_draws // NUM_DRAWS))
    seeds = [[0], *([seed, batch] for batch in range(1, num_batches))]
    return np.concatenate([_draw(counts, posterior, bias_sd, own).share for own in seeds])


def _prior_shares(parameters: Parameters) -> Floats:
    """Return the prior median of each of `LEVELS`."""
    return np.array(
        [
            parameters.open_share_prior_premium,
            parameters.open_share_prior_not_premium,
            parameters.open_share_prior,
        ]
    )


def _draw(
    counts: Counts, posterior: _Posterior, bias_sd: float, seed: Sequence[int]
) -> Draws:
    """Draw (s, b, d), then each level's mean, then each segment's theta."""
    rng = np.random.default_rng([*seed, counts.leads.size])
    point = _pick(np.exp(posterior.log_weight)[None, :], _strata(rng))
    spread, slope, on_grid = (axis[point] for axis in posterior.grid.points)
    bias = _bias_draws(posterior, on_grid, bias_sd, rng)
    shape = (NUM_DRAWS, counts.leads.size)
    share, typical, first, second = (np.empty(shape) for _ in range(4))
    for level in posterior.levels:
        mean = _mean_draws(level, point, rng)
        within = _spread_within(spread, level.segments)
        for segment in level.segments:
            cell = counts.of(np.array([segment]))
            at = mean + slope * counts.effort[segment]
            theta, weight = _theta_density(cell, at, within, bias)
            p = _sigmoid(theta - bias[:, None])
            first[:, segment] = (weight * p).sum(axis=1)
            second[:, segment] = (weight * p * p).sum(axis=1)
            drawn = _inverse(theta, weight, rng.permutation(_strata(rng)))
            share[:, segment], typical[:, segment] = _sigmoid(drawn - bias), _sigmoid(drawn)
    average = first.mean(axis=0)
    variance = second.mean(axis=0) - average**2
    return Draws(
        share=share, typical=typical,
        mean=np.round(average, DIGITS), variance=np.round(variance, DIGITS),
    )  # fmt: skip


def _strata(rng: np.random.Generator) -> Floats:
    """Return one number from each of `NUM_DRAWS` equal parts of (0, 1), in order."""
    return (np.arange(NUM_DRAWS) + rng.random(NUM_DRAWS)) / NUM_DRAWS


def _pick(weight: Floats, uniform: Floats) -> Ints:
    """Return an index for each uniform number, by its row's (or the one row's) weight."""
    cumulated = np.cumsum(weight, axis=1)
    limit = uniform[:, None] * cumulated[:, -1:]
    if weight.shape[0] == 1:
        return np.searchsorted(cumulated[0], limit[:, 0]).astype(np.int64)
    picked: Ints = (cumulated < limit).sum(axis=1)
    return picked


def _bias_draws(
    posterior: _Posterior, on_grid: Floats, bias_sd: float, rng: np.random.Generator
) -> Floats:
    """Return d for each draw: from its prior where nothing was looked up."""
    axis = posterior.grid.axes[2]
    if axis.size > 1:
        step = float(axis[1] - axis[0])
        return _smoothed(on_grid, step, float(on_grid.mean()), float(on_grid.var()), rng)
    if bias_sd == 0:
        return np.zeros(NUM_DRAWS)
    normal = NormalDist(0.0, bias_sd)
    quantiles = (np.arange(NUM_DRAWS) + 0.5) / NUM_DRAWS
    return rng.permutation(np.array([normal.inv_cdf(quantile) for quantile in quantiles]))


def _mean_draws(level: _Level, point: Ints, rng: np.random.Generator) -> Floats:
    """Return the level's mean for each draw, given its grid point."""
    log_weight = level.log_weight[point]
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    node = _pick(weight, rng.permutation(_strata(rng)))
    centre = weight @ MEAN_NODES
    variance = weight @ MEAN_NODES**2 - centre**2
    step = float(MEAN_NODES[1] - MEAN_NODES[0])
    drawn = _smoothed(MEAN_NODES[node], step, centre, variance, rng)
    return level.centre[point] + level.scale[point] * drawn


def _smoothed(
    values: Floats,
    step: float,
    mean: Floats | float,
    variance: Floats | float,
    rng: np.random.Generator,
) -> Floats:
    """Spread draws from a grid over its cells, keeping their mean and variance.

    Uniform noise over a cell adds step² / 12 to the variance; shrinking towards the
    mean takes it back.
    """
    noisy = values + step * (rng.random(values.size) - 0.5)
    shrink: Floats = np.sqrt(np.asarray(variance / (variance + step**2 / 12.0)))
    return mean + (noisy - mean) * shrink


def _theta_density(
    cell: Counts, mean: Floats, spread: Floats, bias: Floats
) -> tuple[Floats, Floats]:
    """Return nodes of theta (draw, node) and their probabilities given each draw."""
    mean, spread, bias = mean[:, None], spread[:, None], bias[:, None]
    theta, width = _theta_mode(cell, mean, spread, bias, mean)
    nodes = theta + width * DRAW_NODES
    log_density = _log_density(cell, nodes, mean, spread, bias)
    weight = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    return nodes, weight / weight.sum(axis=1, keepdims=True)


def _inverse(nodes: Floats, weight: Floats, uniform: Floats) -> Floats:
    """Return one theta per draw, by the inverse of its cumulated density.

    Each node's mass is spread evenly over the cell around it.
    """
    cumulated = np.cumsum(weight, axis=1)
    index = np.minimum((cumulated < uniform[:, None]).sum(axis=1), nodes.shape[1] - 1)
    row = np.arange(nodes.shape[0])
    mass = weight[row, index]
    inside = (uniform - cumulated[row, index] + mass) / np.maximum(mass, 1e-300)
    step = nodes[:, 1] - nodes[:, 0]
    theta: Floats = nodes[row, index] + step * (np.clip(inside, 0.0, 1.0) - 0.5)
    return theta
