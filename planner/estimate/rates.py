"""What a lead is worth by each route: reply rates and the weight of its priority."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.domain import Flag
from planner.estimate.learned import LearnedRates
from planner.params import Parameters

Floats = NDArray[np.float64]


def lead_values(
    leads: pd.DataFrame, parameters: Parameters, learned: LearnedRates | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return reply rate by InMail, reply rate by connection request, and weight.

    One entry per lead. Replies of a connection request are acceptances times replies
    after acceptance. Without history the rates are the same for all leads, but that who
    refuses InMails replies to none; with it they are those of the lead's segment
    (`rate_segment`). What seats differ in comes on top as a factor of the seat.
    """
    if learned is None or not learned.is_learned:
        inmail = np.full(len(leads), parameters.inmail_reply_rate)
        connection = np.full(
            len(leads), parameters.acceptance_rate * parameters.reply_rate_after_acceptance
        )
    else:
        segment = rate_segment(leads)
        inmail = learned.inmail_reply.of(segment)
        accepted = learned.acceptance.of(segment)
        connection = accepted * learned.reply_after_acceptance.of(segment)
    refuses = leads["inmail_flag"].to_numpy() == Flag.NO
    return (
        np.where(refuses, 0.0, inmail),
        connection,
        priority_weight(leads["priority"], parameters),
    )


def rate_segment(leads: pd.DataFrame) -> pd.Series:
    """Return the key under which a lead's answers are learned; blank if it has none.

    The team's own segment if given, else the seniority level. It hangs on the lead
    alone, not on the list around it, so it is the same next week; case and spaces do
    not matter.

    Returns
    -------
    pandas.Series
        Text, with the index of `leads`.
    """
    own, own_names = _folded(leads["segment"])
    level, level_names = _folded(leads["seniority"])
    names = np.array([*own_names, *level_names], dtype=object)
    codes = np.where(own_names[own] != "", own, level + own_names.size)
    return pd.Series(names[codes], index=leads.index, dtype="str", name="rate_segment")


def _folded(texts: pd.Series) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Return codes and names of texts without case and spare spaces."""
    codes, uniques = pd.factorize(texts)
    names = [" ".join(str(text).casefold().split()) for text in uniques]
    return codes, np.array([*names, ""], dtype=object)


def priority_weight(priority: pd.Series, parameters: Parameters) -> Floats:
    """Return the weight of a reply: ``w ** ((priority - 50) / 50)``.

    `w` is ``priority_weight_at_100``, so the weight is `w` at 100, 1 at 50 and 1 / w at
    0: equal steps of priority change it by equal factors. A lead without a priority has
    ``default_priority``.
    """
    points = priority.to_numpy(dtype=np.float64, na_value=np.nan)
    points = np.where(np.isnan(points), parameters.default_priority, points)
    weight: Floats = parameters.priority_weight_at_100 ** ((points - 50.0) / 50.0)
    return weight
