"""How long responses take, from responses that had only so much time to come.

A reply is seen only if it came before the data ends: of yesterday's InMails only quick
replies are known. Each response therefore is compared with those that could have been
as late as it was, and no other (right truncation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Longest delay told apart, in days. LinkedIn refunds a reply up to day 90 (help 75),
#: and requests are withdrawn long before; what is later counts as this late.
MAX_DELAY = 120

#: Weight of the exponential start against observed delays, in responses.
PRIOR_RESPONSES = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Distribution of the days from a send to its response, whole calendar days.

    Parameters
    ----------
    cdf : tuple of float
        Share of all responses that have come after 0, 1, ... `MAX_DELAY` days.
    num_responses : int
        Responses that it was learned from.
    """

    cdf: tuple[float, ...]
    num_responses: int

    @property
    def median(self) -> int:
        """Return the first day by which half of the responses have come."""
        return next(day for day, share in enumerate(self.cdf) if share >= 0.5)

    @property
    def mean(self) -> float:
        """Return the mean delay in days: the sum of P(delay > day)."""
        return sum(1.0 - share for share in self.cdf)

    def share(self, age: Ints) -> Floats:
        """Return the share of responses that have come by each age in days (>= 0)."""
        reached: Floats = np.array(self.cdf)[np.minimum(age, MAX_DELAY)]
        return reached


def prior_cdf(mean: float) -> Floats:
    """Return the start: an exponential time with this mean, in calendar days.

    A time T from a moment that is uniform over a day is seen as D days, with
    ``P(D > d) = m (e^(1/m) - 1) e^(-(d + 1) / m)``, so that ``E D = E T = m``. Cut off
    at `MAX_DELAY`.
    """
    days = np.arange(MAX_DELAY + 1)
    beyond = mean * -math.expm1(-1.0 / mean) * np.exp(-days / mean)
    cdf = (1.0 - beyond) / (1.0 - beyond[-1])
    result: Floats = np.clip(cdf, 0.0, 1.0)
    return result


def estimate(delay: Ints, age: Ints, number: Ints, prior_mean: float) -> Delays:
    """Estimate the distribution from responses, each seen because its delay <= age.

    The reversed hazard ``r_d = P(D = d | D <= d)`` is the share of delay d among the
    responses with ``delay <= d <= age``; then ``F(d) = prod_(j > d) (1 - r_j)``, which
    is the likelihood's maximum (D. Lynden-Bell, MNRAS 155, 1971). `PRIOR_RESPONSES`
    responses of the exponential, seen in full, join each count.

    Parameters
    ----------
    delay, age, number : numpy.ndarray
        Days to the response, days from the send to the end of the data, and how many
        responses there are like that, shape ``(num_rows,)``.
    prior_mean : float
        Mean of the exponential in days.
    """
    start = prior_cdf(prior_mean)
    size = MAX_DELAY + 1
    delay, age = np.minimum(delay, MAX_DELAY), np.minimum(age, MAX_DELAY)
    at = np.bincount(delay, weights=number, minlength=size)
    come = np.cumsum(at)
    # Responses whose time was over before day d, at ages below d, cannot be compared.
    gone = np.cumsum(np.bincount(age + 1, weights=number, minlength=size))[:size]
    at_risk = come - gone + PRIOR_RESPONSES * start
    hazard = (at + PRIOR_RESPONSES * np.diff(start, prepend=0.0)) / at_risk
    later = np.append(np.cumprod((1.0 - np.clip(hazard, 0.0, 1.0))[:0:-1])[::-1], 1.0)
    # Nine digits: what hangs on the numpy build must not decide on a plan.
    cdf = tuple(float(share) for share in np.round(later, 9))
    return Delays(cdf=cdf, num_responses=int(number.sum()))
