"""Which leads with an unknown open flag are worth looking up first."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from planner.domain import Degree, Flag
from planner.params import Parameters

Floats = NDArray[np.float64]

#: Random look-ups that a list should get over its life, so that its total can be told
#: from one whose known flags are not typical (model.md C3, C7).
MIN_RANDOM_LOOKUPS = 50


def expected_gain(
    open_probability: ArrayLike,
    inmail_value: ArrayLike,
    connection_value: ArrayLike,
    credit_price: ArrayLike,
    open_flag_leak: float = 0.0,
) -> Floats:
    """Return what knowing the flag of a lead is worth, in expected replies.

    With p the open probability, v the value of an InMail, c that of the connection
    request, l the price of a credit, k the leak (an open profile may close before the
    send) and ``d = c - (v - l)``, the value of knowing is
    ``min((1 - p) d, p (v - k l - c))`` (model.md C7, with the leak): a look-up saves
    either the credit wasted on a closed profile or the InMail to an open one missed.
    Where ``d <= 0`` the InMail is worth a credit anyway, and where ``v - k l <= c`` it is
    never sent: 0.
    """
    p = np.asarray(open_probability, dtype=np.float64)
    inmail = np.asarray(inmail_value, dtype=np.float64)
    connection = np.asarray(connection_value, dtype=np.float64)
    price = np.asarray(credit_price, dtype=np.float64)
    regret = connection - (inmail - price)
    gain = np.minimum((1 - p) * regret, p * (inmail - open_flag_leak * price - connection))
    clipped: Floats = np.maximum(gain, 0.0)
    return clipped


def rank(  # noqa: PLR0913 - what a look-up is worth hangs on all of these
    leads: pd.DataFrame,
    open_probability: Floats,
    inmail_value: Floats,
    connection_value: Floats,
    credit_price: float | Floats,
    parameters: Parameters,
    budget: int,
    *,
    num_random_before: int = 0,
) -> pd.DataFrame:
    """Return at most `budget` leads to look up, in the order to do it.

    Random ones come first: max(`lookup_random_share` of the budget, what is missing to
    `MIN_RANDOM_LOOKUPS` given `num_random_before`), uniformly over the unknown leads
    that may be sent to, by the hash of their id: no random state, any order of rows.
    They are what keeps the estimate of the total honest. The rest go by
    `expected_gain`, ties by lead id; leads with nothing to gain are left out.

    Returns
    -------
    pandas.DataFrame
        ``lead_id``, ``open_probability``, ``expected_gain``, ``chosen_by`` (``random``
        or ``value``).
    """
    rows = np.flatnonzero(_is_candidate(leads))
    gain = np.broadcast_to(
        expected_gain(
            open_probability,
            inmail_value,
            connection_value,
            credit_price,
            parameters.open_flag_leak,
        ),
        (len(leads),),
    )[rows]
    ids = leads["lead_id"].iloc[rows].reset_index(drop=True)
    num_random = _num_random(min(budget, rows.size), num_random_before, parameters)
    hashes = pd.util.hash_pandas_object(ids, index=False, categorize=False).to_numpy()
    at_random = _first(num_random, hashes, ids)
    is_left = gain > 0
    is_left[at_random] = False
    left = np.flatnonzero(is_left)
    num_by_value = max(min(budget, rows.size) - num_random, 0)
    by_value = left[_first(num_by_value, -gain[left], ids.iloc[left])]
    chosen = np.concatenate([at_random, by_value])
    return pd.DataFrame(
        {
            "lead_id": ids.to_numpy()[chosen],
            "open_probability": np.asarray(open_probability)[rows[chosen]],
            "expected_gain": gain[chosen],
            "chosen_by": ["random"] * at_random.size + ["value"] * by_value.size,
        }
    )


def _is_candidate(leads: pd.DataFrame) -> NDArray[np.bool_]:
    """Unknown flag, no rule against sending, and no connection, whose message is free."""
    is_candidate: NDArray[np.bool_] = (
        (leads["open_flag"].to_numpy() == Flag.UNKNOWN)
        & (leads["exclusion"] == "").to_numpy()
        & (leads["degree"].to_numpy() != Degree.FIRST)
    )
    return is_candidate


def _num_random(budget: int, before: int, parameters: Parameters) -> int:
    if parameters.lookup_random_share == 0:  # switched off
        return 0
    share = math.ceil(parameters.lookup_random_share * budget)
    return min(budget, max(share, MIN_RANDOM_LOOKUPS - before))


def _first(count: int, keys: NDArray[np.generic], ids: pd.Series) -> NDArray[np.intp]:
    """Return the positions of the `count` smallest keys, ties by id, in that order.

    Only what can be among them is sorted: ids of a million leads are slow to compare.
    """
    if count <= 0 or keys.size == 0:
        return np.empty(0, dtype=np.intp)
    count = min(count, keys.size)
    limit = np.partition(keys, count - 1)[count - 1]
    near = np.flatnonzero(keys <= limit)
    order = np.lexsort((ids.iloc[near].to_numpy(dtype=str), keys[near]))
    return near[order][:count]
