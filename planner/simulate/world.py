"""The truth that a plan meets: flags, failures and answers, drawn lead by lead.

A *draw* is one way in which everything may turn out. Two kinds of numbers make it up:

* what all leads share: the open share of each segment, joint over segments and from the
  same posterior as the plan's estimate, and the general rates of answers;
* what is a lead's own: whether its profile is open, closes before the send, takes no
  InMails or is gone, whether and when it answers.

A lead's numbers are a hash of the seed, the draw, the lead and what the number is for.
They hang on nothing else: not on who else is on the list, not on how the draws are cut
into chunks, and not on what a policy does. So two policies that treat a lead alike get
the same answer from it (common random numbers), and nothing has to be kept in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.domain import Flag
from planner.estimate import open_share
from planner.estimate.learned import LearnedRates
from planner.estimate.rates import priority_weight
from planner.params import Parameters
from planner.simulate import answers, numbers
from planner.simulate.answers import DelayCdfs, Rates

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Purpose(IntEnum):
    """What a random number of a lead (or a seat) is for."""

    OPEN = 1
    CLOSES = 2
    OFF = 3
    GONE = 4
    BURNS = 5
    INMAIL_REPLY = 6
    INMAIL_DELAY = 7
    ACCEPTANCE = 8
    ACCEPTANCE_DELAY = 9
    REPLY = 10
    REPLY_DELAY = 11
    FREEZE = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InmailTruth:
    """What happens to InMails, each array of shape ``(num_draws, num_leads)``.

    Parameters
    ----------
    is_open : numpy.ndarray
        Whether the profile is open when the list is looked at.
    is_free : numpy.ndarray
        Whether it is still open at the send, so that no credit is needed.
    is_off : numpy.ndarray
        Whether the lead takes no InMails: the send fails though credits are there.
    is_gone : numpy.ndarray
        Whether the profile is gone by the time of the send.
    burns : numpy.ndarray
        Whether a failed send that needs a credit burns it.
    answers_from : numpy.ndarray
        An InMail from a seat whose rate is at least this many times the general one is
        answered: seats differ, the lead's number does not.
    delay : numpy.ndarray
        Whole days from the send to the answer.
    """

    is_open: Bools
    is_free: Bools
    is_off: Bools
    is_gone: Bools
    burns: Bools
    answers_from: NDArray[np.float32]
    delay: NDArray[np.int16]

    @property
    def fails(self) -> Bools:
        """Return whether the InMail fails whatever credits there are."""
        return np.asarray(self.is_off | self.is_gone)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RequestTruth:
    """What happens to connection requests, of shape ``(num_draws, num_leads)``.

    ``accepts_from`` is as `InmailTruth.answers_from`; ``acceptance_delay`` counts days
    from the request, ``reply_delay`` from the acceptance.
    """

    is_gone: Bools
    accepts_from: NDArray[np.float32]
    acceptance_delay: NDArray[np.int16]
    answers: Bools
    reply_delay: NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """All draws of the truth about the leads of one list.

    Parameters
    ----------
    seed, num_draws : int
        Which draws these are, and how many.
    key : numpy.ndarray
        Hash of each lead's id, shape ``(num_leads,)``, as all arrays of leads.
    open_flag, inmail_flag : numpy.ndarray
        `planner.domain.Flag` as the list knows it.
    segment : numpy.ndarray
        Column of `share` of each lead.
    rate_segment : numpy.ndarray
        Column of the rates of each lead.
    weight : numpy.ndarray
        Priority weight of a reply.
    share : numpy.ndarray
        Open share among unknown leads, shape ``(num_draws, num_segments)``.
    rates, cdfs : Rates, DelayCdfs
        Of the answers.
    parameters : Parameters
        Shares of failures, and what flips.
    """

    seed: int
    num_draws: int
    key: numbers.Keys
    open_flag: Ints
    inmail_flag: Ints
    segment: Ints
    rate_segment: Ints
    weight: Floats
    share: Floats
    rates: Rates
    cdfs: DelayCdfs
    parameters: Parameters

    def inmails(self, leads: Ints, draws: slice) -> InmailTruth:
        """Return what happens to an InMail to each of `leads`, in each of `draws`."""
        key, given = self.key[leads], self.parameters

        def below(purpose: Purpose, limit: Floats | float) -> Bools:
            return np.asarray(self.uniform(key, draws, purpose) < limit)

        open_flag, inmail_flag = self.open_flag[leads], self.inmail_flag[leads]
        is_open = below(Purpose.OPEN, self.share[draws][:, self.segment[leads]])
        is_open = np.where(open_flag == Flag.UNKNOWN, is_open, open_flag == Flag.YES)
        is_free = is_open & ~below(Purpose.CLOSES, given.open_flag_leak)
        may_be_off = ~is_free & (inmail_flag == Flag.UNKNOWN)
        is_off = may_be_off & below(Purpose.OFF, given.inmail_off_share)
        rate = self.rates.inmail_reply[draws][:, self.rate_segment[leads]]
        return InmailTruth(
            is_open=is_open,
            is_free=is_free,
            is_off=is_off | (inmail_flag == Flag.NO),
            is_gone=below(Purpose.GONE, given.profile_gone_share),
            burns=below(Purpose.BURNS, given.failed_send_credit_loss),
            answers_from=_least_factor(
                self.uniform(key, draws, Purpose.INMAIL_REPLY), rate
            ),
            delay=self._days(key, draws, Purpose.INMAIL_DELAY, self.cdfs.inmail_reply),
        )

    def requests(self, leads: Ints, draws: slice) -> RequestTruth:
        """Return what happens to a connection request to each of `leads`."""
        key, cdfs = self.key[leads], self.cdfs
        column = self.rate_segment[leads]
        gone = self.uniform(key, draws, Purpose.GONE) < self.parameters.profile_gone_share
        reply = self.rates.reply_after_acceptance[draws][:, column]
        return RequestTruth(
            is_gone=gone,
            accepts_from=_least_factor(
                self.uniform(key, draws, Purpose.ACCEPTANCE),
                self.rates.acceptance[draws][:, column],
            ),
            acceptance_delay=self._days(
                key, draws, Purpose.ACCEPTANCE_DELAY, cdfs.acceptance
            ),
            answers=self.uniform(key, draws, Purpose.REPLY) < reply,
            reply_delay=self._days(
                key, draws, Purpose.REPLY_DELAY, cdfs.reply_after_acceptance
            ),
        )

    def freezes(self, seat_ids: Sequence[str], draws: slice) -> Bools:
        """Return whether LinkedIn stops a seat's free InMails, too, at no credits.

        Drawn once per seat and draw, shape ``(num_draws, num_seats)``.
        """
        drawn = self.uniform(numbers.keys_of(seat_ids), draws, Purpose.FREEZE)
        return np.asarray(drawn < self.parameters.zero_balance_freeze)

    def uniform(
        self, key: numbers.Keys, draws: slice, purpose: Purpose
    ) -> NDArray[np.float32]:
        """Return numbers in [0, 1), of shape ``(num_draws, num_keys)``."""
        return numbers.uniform(self.seed, np.arange(self.num_draws)[draws], key, purpose)

    def extended(
        self, *, key: numbers.Keys, open_flag: Ints, segment: Ints, share: Floats
    ) -> World:
        """Return the world with more leads, of whom the list knows nothing but a tier.

        Parameters
        ----------
        segment : numpy.ndarray
            Columns of `share`, counted from 0.
        share : numpy.ndarray
            Their open shares, shape ``(num_draws, num_new_segments)``.
        """
        unknown = np.full(len(key), int(Flag.UNKNOWN), dtype=np.int64)
        overall = np.full(len(key), self.rates.acceptance.shape[1] - 1, dtype=np.int64)
        return replace(
            self,
            key=np.concatenate([self.key, key]),
            open_flag=np.concatenate([self.open_flag, open_flag]),
            inmail_flag=np.concatenate([self.inmail_flag, unknown]),
            segment=np.concatenate([self.segment, segment + self.share.shape[1]]),
            rate_segment=np.concatenate([self.rate_segment, overall]),
            weight=np.concatenate([self.weight, np.ones(len(key))]),
            share=np.concatenate([self.share, share], axis=1),
        )

    def _days(
        self, key: numbers.Keys, draws: slice, purpose: Purpose, cdf: Floats
    ) -> NDArray[np.int16]:
        drawn = self.uniform(key, draws, purpose)
        return np.searchsorted(cdf.astype(np.float32), drawn).astype(np.int16)


def build(
    leads: pd.DataFrame,
    parameters: Parameters,
    learned: LearnedRates | None = None,
    *,
    num_draws: int,
    seed: int,
) -> World:
    """Return the draws of the truth about a list.

    Parameters
    ----------
    leads : pandas.DataFrame
        `planner.schemas.LEADS`, as planned: flags that are known stay known.
    learned : LearnedRates, optional
        What history says of answers, as the plan had it; else the parameters' rates.
    num_draws, seed : int
        The same seed and number of draws give the same numbers.
    """
    rng = np.random.default_rng([seed, num_draws])
    segment, shares = open_share.share_draws(
        leads, parameters, num_draws=num_draws, seed=seed
    )
    picked = rng.permutation(len(shares))[:num_draws]
    rate_segment, rates, cdfs = answers.draw(leads, parameters, learned, rng, num_draws)
    return World(
        seed=seed,
        num_draws=num_draws,
        key=numbers.keys_of(leads["lead_id"].tolist()),
        open_flag=leads["open_flag"].to_numpy(dtype=np.int64),
        inmail_flag=leads["inmail_flag"].to_numpy(dtype=np.int64),
        segment=segment,
        rate_segment=rate_segment,
        weight=priority_weight(leads["priority"], parameters),
        share=shares[picked],
        rates=rates,
        cdfs=cdfs,
        parameters=parameters,
    )


def _least_factor(drawn: NDArray[np.float32], rate: Floats) -> NDArray[np.float32]:
    """Return ``drawn / rate``: the least factor on the rate that makes a yes of it."""
    safe = np.maximum(rate, 1e-12).astype(np.float32)
    return np.asarray(drawn / safe, dtype=np.float32)
