"""What a lead is worth by each route: reply rates and the weight of its priority."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.domain import Flag
from planner.params import Parameters

Floats = NDArray[np.float64]


def lead_values(
    leads: pd.DataFrame, parameters: Parameters
) -> tuple[Floats, Floats, Floats]:
    """Return reply rate by InMail, reply rate by connection request, and weight.

    One entry per lead. Replies of a connection request are acceptances times replies
    after acceptance. The rates are the same for all leads, but that who refuses InMails
    replies to none; what seats differ in comes on top as a factor of the seat.
    """
    refuses = leads["inmail_flag"].to_numpy() == Flag.NO
    inmail = np.where(refuses, 0.0, parameters.inmail_reply_rate)
    connection = np.full(
        len(leads), parameters.acceptance_rate * parameters.reply_rate_after_acceptance
    )
    return inmail, connection, priority_weight(leads["priority"], parameters)


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
