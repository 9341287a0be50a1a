"""Reply and acceptance rates from history: delay-adjusted, discounted, pooled.

Of sends that are a days old, the share F(a) of the answers is in; so N sends stand for
an exposure of ``N F(a)`` sends whose answers are all in. Rates drift, so both answers
and exposure are discounted by ``rate_discount_per_week`` per week of age. Sends so young
that not half of the answers are in are left out with their answers. Segments share what
they have in common (`planner.estimate.pooling`); seats get a factor on top (model.md
C6). Without history every rate is the parameter's, to the last bit.

Silence is no answer where nobody records answers: sends of seats without a single one,
where even a poor rate would have brought some, are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.dates import ONE_DAY
from planner.domain import Seat
from planner.estimate import delays, pooling
from planner.estimate.delays import Delays
from planner.estimate.pooling import Estimate
from planner.params import Parameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of the sends and of the answers that are learned from.
COHORT_COLUMNS = ("sent_on", "route", "segment", "seat_id", "num_sent")
RESPONSE_COLUMNS = (
    "sent_on", "route", "segment", "seat_id", "kind", "delay_days", "num",
)  # fmt: skip

#: Segments that get a rate of their own, those with the most exposure first.
MAX_SEGMENTS = 200

#: Decimals of every learned rate. The last bits of a float hang on the numpy build, and
#: among equal optima they would decide: another plan.
DIGITS = 6

#: A rate of 0 or 1 is no prior that data could move; it is drawn in by this much.
LEAST_RATE = 0.001

#: Probability of hearing nothing at all below which nobody can have listened.
LEAST_SILENCE = 0.01

#: What a seat must differ by, beside its interval, to get a rate of its own.
LEAST_DIFFERENCE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRate:
    """Learned rate of one segment, and what it was learned from.

    ``num_sent`` and ``num_responses`` are people; ``effective_sent`` is what these sends
    count for: those whose answers are in, discounted by age.
    """

    segment: str
    rate: Estimate
    num_sent: int
    num_responses: int
    effective_sent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatFactor:
    """How a seat's rate compares with that of all seats for the same segments."""

    seat_id: str
    factor: Estimate
    num_sent: int
    num_responses: int

    @property
    def is_material(self) -> bool:
        """Return whether the seat differs for certain, by more than a trifle."""
        differs = not self.factor.low <= 1.0 <= self.factor.high
        return differs and abs(self.factor.mean - 1.0) >= LEAST_DIFFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedRate:
    """One rate: of a segment without history, of each segment, and factors of seats.

    Parameters
    ----------
    given : float
        The parameter's rate, which is the prior mean.
    overall : Estimate
        Rate of a segment without history. Its interval has the spread between segments.
    segments, seats : tuple
        By name.
    delays : Delays
        How long the answers take.
    num_sent, num_responses : int
        What it was learned from, in people.
    num_young : int
        Sends left out of all of this, because fewer than half of their answers are in.
    num_unheard : int
        Sends left out because no answer to any of them is known, where some must have
        come: nobody records answers.
    unheard_seats : tuple of str
        Whose they are, by name.
    """

    given: float
    overall: Estimate
    segments: tuple[SegmentRate, ...]
    seats: tuple[SeatFactor, ...]
    delays: Delays
    num_sent: int
    num_responses: int
    num_young: int
    num_unheard: int = 0
    unheard_seats: tuple[str, ...] = ()

    @property
    def unheard(self) -> bool:
        """Return whether the rate is the parameter's, as nobody records answers."""
        return self.num_unheard > 0 and not self.num_sent

    def of(self, segment: pd.Series) -> Floats:
        """Return the rate of each lead by its segment key."""
        codes, keys = pd.factorize(segment)
        own = {item.segment: item.rate.mean for item in self.segments}
        by_key = [own.get(str(key), self.overall.mean) for key in keys]
        rates: Floats = np.array([*by_key, self.overall.mean])[codes]
        return rates

    def factor_of(self, seat_id: str) -> float | None:
        """Return a seat's factor where its history shows one, else None."""
        for seat in self.seats:
            if seat.seat_id == seat_id:
                return seat.factor.mean if seat.is_material else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedRates:
    """What history says of answers up to the day before ``as_of``."""

    as_of: dt.date
    level: float
    inmail_reply: LearnedRate
    acceptance: LearnedRate
    reply_after_acceptance: LearnedRate

    @property
    def is_learned(self) -> bool:
        """Return whether there is any send to learn from."""
        rates = (self.inmail_reply, self.acceptance, self.reply_after_acceptance)
        return any(rate.num_sent for rate in rates)


class _Stream(NamedTuple):
    """What was sent and what came back, each (segment, seat_id, age, [delay,] num)."""

    sent: pd.DataFrame
    answers: pd.DataFrame


class _Prior(NamedTuple):
    """Where a rate starts from: the parameter's rate, and the mean delay in days."""

    rate: float
    delay: float


def learn(
    cohorts: pd.DataFrame,
    responses: pd.DataFrame,
    parameters: Parameters,
    *,
    as_of: dt.date,
    seen_until: dt.date | None = None,
) -> LearnedRates:
    """Learn reply and acceptance rates from what was sent and what came back.

    Parameters
    ----------
    cohorts : pandas.DataFrame
        `COHORT_COLUMNS`: ``sent_on`` is an ISO date (a time after it is cut off),
        ``route`` ``inmail`` or ``connection_request`` (others are left aside),
        ``segment`` the key of `planner.estimate.rates.rate_segment`, ``num_sent`` people.
    responses : pandas.DataFrame
        `RESPONSE_COLUMNS`. ``kind`` is ``replied`` (route ``inmail``), ``accepted`` or
        ``replied`` (route ``connection_request``). ``delay_days`` counts from
        ``sent_on``. For replies after an acceptance both count from the acceptance:
        ``sent_on`` is the day of the acceptance.
    parameters : Parameters
        Group *rates*, and ``interval``.
    as_of : datetime.date
        The plan's date. Only whole days before it count.
    seen_until : datetime.date, optional
        Last whole day whose answers are all recorded; the day before `as_of` if not
        given. Answers after it are left out, and sends are no older than it says.
    """
    until = as_of - ONE_DAY
    if seen_until is not None:
        until = min(until, seen_until)
    sent = _aged(cohorts, "num_sent", until)
    answers = _aged(responses, "num", until)
    answers["delay"] = answers.pop("delay_days").to_numpy(dtype=np.int64)
    answers["delay"] = answers["delay"].clip(lower=0)
    answers = answers[answers["delay"] <= answers["age"]]
    accepted = _of(answers, "connection_request", "accepted")
    lag = (as_of - until).days

    def rate(stream: _Stream, prior: _Prior) -> LearnedRate:
        return _learn_one(stream, prior, parameters, lag)

    return LearnedRates(
        as_of=as_of,
        level=parameters.interval,
        inmail_reply=rate(
            _Stream(_of(sent, "inmail"), _of(answers, "inmail", "replied")),
            _Prior(parameters.inmail_reply_rate, parameters.inmail_reply_delay_days),
        ),
        acceptance=rate(
            _Stream(_of(sent, "connection_request"), accepted),
            _Prior(parameters.acceptance_rate, parameters.acceptance_delay_days),
        ),
        reply_after_acceptance=rate(
            _Stream(
                # Acceptances are what these replies answer, from their own day on.
                accepted.assign(age=accepted["age"] - accepted["delay"]),
                _of(answers, "connection_request", "replied"),
            ),
            _Prior(
                parameters.reply_rate_after_acceptance,
                parameters.reply_after_acceptance_delay_days,
            ),
        ),
    )


def seat_rates(
    learned: LearnedRates, seats: Sequence[Seat]
) -> tuple[tuple[float | None, float | None], ...]:
    """Return InMail reply rate and acceptance rate to put into each seat.

    None where the seat has its own, or where its history shows no difference: every
    level of seat rates multiplies the columns of the program. A seat's rate is read as a
    factor on the parameter's (`planner.model.classes.seat_factors`), so that is what it
    is here: the learned factor times the parameter's rate, to 3 digits.
    """
    pairs = (
        (learned.inmail_reply, [seat.inmail_reply_rate for seat in seats]),
        (learned.acceptance, [seat.acceptance_rate for seat in seats]),
    )
    columns = [
        [
            None if own is not None else _seat_rate(rate, seat.seat_id)
            for seat, own in zip(seats, given, strict=True)
        ]
        for rate, given in pairs
    ]
    return tuple(zip(*columns, strict=True))


def with_rates(learned: LearnedRates, seats: Sequence[Seat]) -> tuple[Seat, ...]:
    """Return the seats with their learned rates.

    A rate that the inventory states is a rate, but counts as a factor on the
    parameter's: it is put in proportion to what all seats were learned to have.
    """
    own = seat_rates(learned, seats)
    return tuple(
        replace(
            seat,
            inmail_reply_rate=_stated(seat.inmail_reply_rate, reply, learned.inmail_reply),
            acceptance_rate=_stated(seat.acceptance_rate, accept, learned.acceptance),
        )
        for seat, (reply, accept) in zip(seats, own, strict=True)
    )


def _stated(
    stated: float | None, from_history: float | None, rate: LearnedRate
) -> float | None:
    if stated is None or rate.overall.mean <= 0:
        return from_history if stated is None else stated
    return round(min(stated * rate.given / rate.overall.mean, 1.0), 3)


def _seat_rate(rate: LearnedRate, seat_id: str) -> float | None:
    factor = rate.factor_of(seat_id)
    if factor is None or rate.given <= 0:
        return None
    own = round(min(factor * rate.given, 1.0), 3)
    return None if own == round(rate.given, 3) else own


# --- one rate -----------------------------------------------------------------------


def _aged(frame: pd.DataFrame, number: str, until: dt.date) -> pd.DataFrame:
    """Return rows up to `until` with their age in days and their number as ``num``."""
    codes, texts = pd.factorize(frame["sent_on"])
    ages = [(until - dt.date.fromisoformat(str(text)[:10])).days for text in texts]
    aged = frame.drop(columns=["sent_on", number]).reset_index(drop=True)
    aged["age"] = np.array([*ages, -1], dtype=np.int64)[codes]
    aged["num"] = frame[number].to_numpy(dtype=np.int64)
    return aged[aged["age"] >= 0]


def _of(frame: pd.DataFrame, route: str, kind: str | None = None) -> pd.DataFrame:
    """Return the rows of one route and, of answers, one kind."""
    is_wanted = frame["route"] == route
    return frame[is_wanted if kind is None else is_wanted & (frame["kind"] == kind)]


def _learn_one(
    stream: _Stream, prior: _Prior, parameters: Parameters, lag: int
) -> LearnedRate:
    """Learn one rate; ages are days to the end of the data, `lag` days before as_of."""
    timing = delays.estimate(
        stream.answers["delay"].to_numpy(dtype=np.int64),
        stream.answers["age"].to_numpy(dtype=np.int64),
        stream.answers["num"].to_numpy(dtype=np.int64),
        prior.delay,
    )
    every = _cells(stream, timing, parameters.rate_discount_per_week, lag)
    unheard = _unheard(every, prior.rate)
    is_heard = ~every["seat_id"].isin(unheard)
    cells, silent = every[is_heard], every[~is_heard]
    segments = _by(cells, "segment")
    if len(segments) > MAX_SEGMENTS:
        most = segments.sort_values("sends", ascending=False, kind="stable")
        segments = most.head(MAX_SEGMENTS).sort_index()
    given = prior.rate
    overall, by_segment = pooling.pool(
        segments["answers"].to_numpy(dtype=np.float64),
        segments["sends"].to_numpy(dtype=np.float64),
        min(max(given, LEAST_RATE), 1.0 - LEAST_RATE),
        parameters.rate_prior_strength,
        parameters.interval,
    )
    is_young = stream.sent["age"] < timing.median
    return LearnedRate(
        given=given,
        overall=_rounded(overall, mean=given if cells.empty else None),
        segments=tuple(
            SegmentRate(
                segment=str(name),
                rate=_rounded(rate),
                num_sent=sent,
                num_responses=came,
                effective_sent=round(exposed, DIGITS),
            )
            for name, sent, came, exposed, rate in zip(
                segments.index, segments["num_sent"].tolist(),
                segments["num_responses"].tolist(), segments["sends"].tolist(),
                by_segment, strict=True,
            )
        ),
        seats=_seats(cells, segments, by_segment, overall, parameters.interval),
        delays=timing,
        num_sent=int(cells["num_sent"].sum()),
        num_responses=int(cells["num_responses"].sum()),
        num_young=int(stream.sent.loc[is_young, "num"].sum()),
        num_unheard=int(silent["num_sent"].sum()),
        unheard_seats=tuple(str(seat) for seat in unheard),
    )  # fmt: skip


def _unheard(cells: pd.DataFrame, given: float) -> list[str]:
    """Return the seats whose answers nobody records, by name.

    A rate of r leaves N sends without any answer with probability (1 - r)^N. Where no
    seat has an answer, r is the given rate and N the sends of all. Else each silent seat
    is asked by itself, with the rate of the seats that are heard if that is lower: what
    is rare everywhere may well be missing from one.
    """
    seats = cells.groupby("seat_id", sort=True)[["num_responses", "exposed"]].sum()
    is_silent = seats["num_responses"] == 0
    exposed, rate = seats["exposed"], given
    if is_silent.all():
        exposed = exposed * 0.0 + exposed.sum()
    else:
        heard = seats[~is_silent]
        rate = min(rate, heard["num_responses"].sum() / heard["exposed"].sum())
    is_unheard = is_silent & ((1.0 - rate) ** exposed < LEAST_SILENCE)
    return [str(seat) for seat in seats.index[is_unheard]]


def _cells(stream: _Stream, timing: Delays, discount: float, lag: int) -> pd.DataFrame:
    """Return discounted answers and exposed sends by segment and seat.

    Whole numbers are summed by age first and in order, so that neither the order of
    rows nor how they were cut changes the last bit. Answers to sends that nobody
    recorded, or more of them than sends, count for nothing. ``exposed`` are the exposed
    sends without the discount.
    """
    keys = ["segment", "seat_id", "age"]
    sent = stream.sent.groupby(keys, sort=True, observed=True)["num"].sum()
    answers = stream.answers.groupby(keys, sort=True, observed=True)["num"].sum()
    both = sent.to_frame("num_sent")
    known = answers.reindex(both.index, fill_value=0)
    both["num_responses"] = np.minimum(known, both["num_sent"])
    both = both.reset_index()
    both = both[both["age"] >= timing.median]
    age = both["age"].to_numpy(dtype=np.int64)
    weight = discount ** ((age + lag) / 7.0)
    both["answers"] = weight * both["num_responses"]
    both["exposed"] = both["num_sent"] * timing.share(age)
    both["sends"] = weight * both["exposed"]
    return both.drop(columns="age")


def _by(cells: pd.DataFrame, key: str) -> pd.DataFrame:
    columns = ["num_sent", "num_responses", "answers", "sends"]
    return cells.groupby(key, sort=True, observed=True)[columns].sum()


def _seats(
    cells: pd.DataFrame,
    segments: pd.DataFrame,
    by_segment: Sequence[Estimate],
    overall: Estimate,
    level: float,
) -> tuple[SeatFactor, ...]:
    """Compare each seat's answers with those that its segments' rates let expect."""
    rates = dict(
        zip(segments.index, (estimate.mean for estimate in by_segment), strict=True)
    )
    rate = cells["segment"].map(rates).fillna(overall.mean).to_numpy(dtype=np.float64)
    expected = (cells["sends"] * rate).groupby(cells["seat_id"], sort=True).sum()
    seats = _by(cells, "seat_id")
    found = pooling.factors(
        seats["answers"].to_numpy(dtype=np.float64),
        expected.to_numpy(dtype=np.float64),
        level,
    )
    return tuple(
        SeatFactor(
            seat_id=str(name), factor=_rounded(factor), num_sent=sent, num_responses=came
        )
        for name, sent, came, factor in zip(
            seats.index, seats["num_sent"].tolist(), seats["num_responses"].tolist(),
            found, strict=True,
        )
    )  # fmt: skip


def _rounded(estimate: Estimate, mean: float | None = None) -> Estimate:
    """Return an estimate to `DIGITS`, with another mean where one is given."""
    return Estimate(
        mean=round(estimate.mean, DIGITS) if mean is None else mean,
        low=round(estimate.low, DIGITS),
        high=round(estimate.high, DIGITS),
    )
