"""Open share of a list and of its segments: counts in, estimates with intervals out.

The model and its integration are in `planner.estimate.posterior`.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.domain import Flag, Interval, OpenShare, SegmentShare
from planner.estimate.intervals import beta_by_moments, central, width_after_checks
from planner.estimate.posterior import (
    LEVELS,
    NUM_DRAWS,
    Counts,
    Draws,
    Floats,
    Ints,
    labelling_effort,
    many_shares,
    posterior_draws,
)
from planner.estimate.segments import Segmentation, assign_segments
from planner.params import Parameters

#: Look-up numbers for which the expected width is shown.
CHECKS_SHOWN = (50, 150, 400)


def estimate(
    leads: pd.DataFrame,
    parameters: Parameters,
    *,
    checks: Collection[str] | None = None,
    seed: int = 0,
) -> tuple[Floats, Ints, OpenShare]:
    """Estimate the open share of `leads`, by segment and for the whole list.

    Parameters
    ----------
    leads : pandas.DataFrame
        Columns of `planner.schemas.LEADS`, in any order of rows.
    parameters : Parameters
        Group *open share*.
    checks : collection of str, optional
        ``lead_id`` of leads whose flag did not come with the export but was looked up
        because it was unknown; they tell how typical the exported flags are.
    seed : int
        Of the joint draws; the same input and seed give the same numbers.

    Returns
    -------
    open_probability : numpy.ndarray
        Per lead: 1 or 0 where the flag is known, else its segment's posterior mean.
    segment : numpy.ndarray
        Per lead: index into ``OpenShare.segments``.
    shares : OpenShare
        Estimates with intervals.
    """
    segmentation = assign_segments(leads, parameters)
    counts = count(leads, segmentation, checks)
    draws, typical = posterior_draws(counts, parameters, seed)
    shares = _record(segmentation, counts, draws, typical, parameters, seed)
    flag = leads["open_flag"].to_numpy()
    by_segment = draws.mean[segmentation.codes]
    probability = np.where(flag == Flag.UNKNOWN, by_segment, flag == Flag.YES)
    return probability, segmentation.codes, shares


def share_draws(
    leads: pd.DataFrame,
    parameters: Parameters,
    *,
    num_draws: int = NUM_DRAWS,
    seed: int = 0,
) -> tuple[Ints, Floats]:
    """Return the segment of each lead, and joint draws of the segments' open shares.

    At least `num_draws` of them, of shape ``(num_draws, num_segments)``: of the share
    among the leads whose flag is unknown. The first are those behind `estimate`; where
    these are too few, more follow by the seed.
    """
    segmentation = assign_segments(leads, parameters)
    shares = many_shares(count(leads, segmentation), parameters, num_draws, seed)
    return segmentation.codes, shares


def count(
    leads: pd.DataFrame,
    segmentation: Segmentation,
    checks: Collection[str] | None = None,
) -> Counts:
    """Count flags by segment; a flag in `checks` counts as looked up."""
    flag = leads["open_flag"].to_numpy()
    is_known = flag != Flag.UNKNOWN
    is_check = np.zeros(len(leads), dtype=np.bool_)
    if checks:
        is_check = leads["lead_id"].isin(list(checks)).to_numpy() & is_known

    def by_segment(mask: NDArray[np.bool_]) -> Ints:
        return np.bincount(segmentation.codes[mask], minlength=len(segmentation.labels))

    num_leads = np.bincount(segmentation.codes, minlength=len(segmentation.labels))
    labelled = by_segment(is_known & ~is_check)
    level = np.array([LEVELS.index(name) for name in segmentation.premium], dtype=np.int64)
    return Counts(
        leads=num_leads,
        labelled=labelled,
        labelled_open=by_segment((flag == Flag.YES) & ~is_check),
        checked=by_segment(is_check),
        checked_open=by_segment((flag == Flag.YES) & is_check),
        level=level,
        effort=labelling_effort(num_leads, labelled, level),
    )


# --- the record ---------------------------------------------------------------------


def _record(
    segmentation: Segmentation,
    counts: Counts,
    draws: Draws,
    typical: Floats,
    parameters: Parameters,
    seed: int,
) -> OpenShare:
    """Turn draws of shares into draws of open leads, and these into intervals."""
    level = parameters.interval
    rng = np.random.default_rng([seed, NUM_DRAWS])
    num_open = rng.binomial(counts.unknown, draws.share)
    num_open_typical = rng.binomial(counts.unknown, typical)
    known_open = int((counts.labelled_open + counts.checked_open).sum())
    num_leads = int(counts.leads.sum())
    num_unknown = int(counts.unknown.sum())
    average = draws.share @ counts.unknown / max(num_unknown, 1)
    return OpenShare(
        segments=tuple(
            _segment(segmentation, counts, draws, num_open[:, index], index, level)
            for index in range(len(segmentation.labels))
        ),
        share=_share_of_list(known_open + num_open.sum(axis=1), num_leads, level),
        share_if_typical=_share_of_list(
            known_open + num_open_typical.sum(axis=1), num_leads, level
        ),
        num_leads=num_leads,
        num_known=num_leads - num_unknown,
        num_open=known_open,
        # An approximation: more than three decimals would be noise.
        width_after_checks={
            checks: round(
                width_after_checks(average, num_unknown, checks, level, seed)
                / max(num_leads, 1),
                3,
            )
            for checks in CHECKS_SHOWN
        },
    )


def _share_of_list(num_open: Ints, num_leads: int, level: float) -> Interval:
    return central(num_open / max(num_leads, 1), level)


def _segment(
    segmentation: Segmentation,
    counts: Counts,
    draws: Draws,
    num_open: Ints,
    index: int,
    level: float,
) -> SegmentShare:
    num_known = int(counts.labelled[index] + counts.checked[index])
    known_open = int(counts.labelled_open[index] + counts.checked_open[index])
    num_unknown = int(counts.unknown[index])
    mean = float(draws.mean[index])
    if num_unknown:
        shares = central(num_open / num_unknown, level)
        low, high = min(shares.low, mean), max(shares.high, mean)
    else:  # nothing left to estimate: what is known is the answer
        mean = low = high = known_open / num_known
    a, b = beta_by_moments(float(draws.mean[index]), float(draws.variance[index]))
    return SegmentShare(
        segment=segmentation.labels[index],
        premium=segmentation.premium[index],
        num_leads=int(counts.leads[index]),
        num_known=num_known,
        num_open=known_open,
        num_unknown=num_unknown,
        mean=mean,
        low=low,
        high=high,
        beta_a=a,
        beta_b=b,
    )
