"""One seat's events in order of time, and what a bookkeeper knew before each.

InMails that share an instant (a plain date is one) stand in the order: grant, balance,
InMails that went out, failures. A seat runs out once and stays out, so on a day with
both, what went out went out first.
"""

from __future__ import annotations

import bisect
import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import groupby

from planner.dates import resets_after
from planner.params import Parameters
from planner.triage.records import Balance, SeatRecord

#: An InMail that more likely than not needs a credit is a paid one.
PAID = 0.5

_HOUR = dt.timedelta(hours=1)
_TENTH = 3.29  # standard deviations between the ends of a 90 % interval
_WEEK, _BASE_WEEKS = 7, 4  # velocity as LinkedIn is known to measure it (14653107)
#: Days before the first failure from which on a seat's events are looked at.
LOOK_BACK_DAYS = _WEEK * (1 + _BASE_WEEKS)
_MONTH_DAYS = 30


class Mark(IntEnum):
    """Kinds of events, in the order in which they stand at one instant."""

    RESET = 0
    SETTLED = 1  # the grant must have come by now
    FOLDED = 2
    SEEN = 3
    SENT = 4
    FAILED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a seat.

    ``index`` is the row of a failure, ``credit`` the chance that an InMail needs a
    credit; ``balance`` belongs to the two kinds of readings. InMails that went out on
    one day with nothing else between them are one event, with their number; those of
    which nobody said that they went out are not ``is_certain``.
    """

    at: str
    mark: Mark
    day: float
    index: int = -1
    credit: float = 0.0
    num: int = 1
    balance: Balance | None = None
    is_certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is known right before an event without looking at it.

    ``exhausted`` is the chance, by the book, that the seat has no credit; ``onset`` the
    least chance that it runs out at this event; ``growth`` the InMails of seven days
    against the weekly mean before (NaN if there is no history), ``block`` the chance of
    a velocity block that follows from it. ``book`` are the credits by the book, NaN if
    no balance is known.
    """

    exhausted: float
    onset: float
    growth: float
    block: float
    book: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A seat's events in order, with the prior before each."""

    events: tuple[Event, ...]
    priors: tuple[Prior, ...]


def day_of(at: str) -> float:
    """Return an ISO date or time as a number of days."""
    day = float(dt.date.fromisoformat(at[:10]).toordinal())
    if len(at) >= 16:
        day += int(at[11:13]) / 24 + int(at[14:16]) / 1440
    return day


def timeline(
    record: SeatRecord,
    failures: Sequence[tuple[str, int, float]],
    as_of: dt.date,
    parameters: Parameters,
) -> Timeline:
    """Return the events of a seat from five weeks before its first failure to `as_of`.

    Parameters
    ----------
    record : SeatRecord
        The seat; its sends and balances may be in any order.
    failures : sequence of (str, int, float)
        Time, row and credit need of each failure; not empty.
    as_of : datetime.date
        Grants up to this day are events.
    parameters : Parameters
        Doubts, cap on growth, delay of a grant.
    """
    first = day_of(min(at for at, _, _ in failures)) - LOOK_BACK_DAYS
    events = [
        Event(at=at, mark=Mark.FAILED, day=day_of(at), index=row, credit=credit)
        for at, row, credit in failures
    ]
    events += [
        Event(
            at=one.happened_on,
            mark=Mark.SENT,
            day=day,
            credit=one.credit_probability,
            is_certain=one.is_certain,
        )
        for one in record.sent
        for day in [day_of(one.happened_on)]
        if day >= first
    ]
    events += [
        Event(
            at=one.happened_on,
            mark=Mark.SEEN if one.is_seen else Mark.FOLDED,
            day=day,
            balance=one,
        )
        for one in record.balances
        for day in [day_of(one.happened_on)]
        if day >= first
    ]
    events += _grants(record, first, as_of, parameters)
    events.sort(key=_order)
    sent = [event.day for event in events if event.mark is Mark.SENT]
    merged = tuple(_merged(events, parameters.credit_proof))
    priors = tuple(_priors(record, merged, sent, parameters))
    return Timeline(events=merged, priors=priors)


def _merged(events: Sequence[Event], proof: float) -> Iterator[Event]:
    """Yield the events with neighbouring sends of a day as one: first paid, then free."""
    for (mark, _), group in groupby(events, key=lambda one: (one.mark, one.at[:10])):
        if mark is not Mark.SENT:
            yield from group
            continue
        sent = list(group)
        # Those that surely used a credit stay apart: their proof must not be diluted.
        sure = [one for one in sent if one.credit >= proof]
        paid = [one for one in sent if PAID <= one.credit < proof]
        free = [one for one in sent if one.credit < PAID]
        parts = [
            [one for one in some if one.is_certain is certain]
            for some in (sure, paid, free)
            for certain in (True, False)
        ]
        for some in parts:
            if some:
                need = math.fsum(one.credit for one in some) / len(some)
                yield replace(some[0], num=len(some), credit=need)


def _order(event: Event) -> tuple[str, Mark, float, float, int, bool]:
    balance = event.balance.expected if event.balance else 0.0
    return event.at, event.mark, event.credit, balance, event.index, event.is_certain


def _grants(
    record: SeatRecord, first: float, as_of: dt.date, parameters: Parameters
) -> Iterator[Event]:
    """Yield grants, and the hours by which the late ones must have come."""
    if not record.seat.monthly_grant:
        return
    delay = _HOUR * parameters.grant_delay_hours
    for reset in resets_after(record.seat.reset_rule, dt.date.fromordinal(int(first))):
        if reset > as_of:
            return
        midnight = dt.datetime.combine(reset, dt.time())
        settled = f"{(midnight + delay).isoformat(timespec='seconds')}Z"
        yield Event(at=reset.isoformat(), mark=Mark.RESET, day=day_of(reset.isoformat()))
        if delay and settled[:10] <= as_of.isoformat():
            yield Event(at=settled, mark=Mark.SETTLED, day=day_of(settled))


# --- priors -----------------------------------------------------------------------


@dataclass(slots=True)
class _Book:
    """Mean and variance of a seat's credits as the events go by."""

    mean: float = math.nan
    variance: float = 0.0
    seen_on: float = -math.inf
    granted_on: float = -math.inf

    def take(self, event: Event, record: SeatRecord, parameters: Parameters) -> None:
        """Book one event."""
        if event.balance is not None:
            one = event.balance
            self.mean = one.expected
            self.variance = ((one.high - one.low) / _TENTH) ** 2
            if one.is_seen:
                self.seen_on = event.day
        elif event.mark is Mark.RESET:
            self.granted_on = event.day
            self.mean = min(
                self.mean + record.seat.monthly_grant, float(record.seat.credit_cap)
            )
        elif event.mark in (Mark.SENT, Mark.FAILED):
            used = event.credit
            if event.mark is Mark.FAILED:
                used *= parameters.failed_send_credit_loss
            if self.is_known:
                self.mean = max(self.mean - event.num * used, 0.0)
            self.variance += event.num * used * (1 - used)

    @property
    def is_known(self) -> bool:
        """Whether any balance was read or folded so far."""
        return not math.isnan(self.mean)

    def exhausted(self, day: float, parameters: Parameters) -> tuple[float, float]:
        """Return the chance that nothing is left, and the doubt that is part of it.

        Of a balance that nobody knows, it grows from a grant on, evenly over a month.
        """
        if not self.is_known:
            share = parameters.exhausted_share
            if math.isinf(self.granted_on):
                return share, share
            # Its mean over the month is the share.
            month = min((day - self.granted_on) / _MONTH_DAYS, 1.0)
            return min(2 * share * month, parameters.balance_trust), share
        score = (0.5 - self.mean) / math.sqrt(self.variance + parameters.balance_sd**2)
        nothing = 0.5 * math.erfc(-score / math.sqrt(2))
        age = min(max(day - self.seen_on, 1.0) / parameters.balance_doubt_days, 1.0)
        doubt = parameters.balance_doubt * age
        return min(doubt + (1 - doubt) * nothing, parameters.balance_trust), doubt


def _priors(
    record: SeatRecord,
    events: Sequence[Event],
    sent: Sequence[float],
    parameters: Parameters,
) -> Iterator[Prior]:
    book = _Book()
    for event in events:
        exhausted, doubt = book.exhausted(event.day, parameters)
        is_attempt = event.mark in (Mark.SENT, Mark.FAILED)
        onset = doubt * parameters.balance_doubt_per_inmail
        growth = _growth(sent, event.day, record, parameters) if is_attempt else math.nan
        yield Prior(
            exhausted=exhausted,
            onset=_any(onset, event.num) if is_attempt else 0.0,
            growth=growth,
            block=_any(_block(growth, parameters), event.num) if is_attempt else 0.0,
            book=book.mean,
        )
        book.take(event, record, parameters)


def _any(chance: float, num: int) -> float:
    """Return the chance that something happens at one of `num` InMails."""
    return chance if num == 1 else 1 - (1 - chance) ** num


def _growth(
    sent: Sequence[float], day: float, record: SeatRecord, parameters: Parameters
) -> float:
    """Return InMails of the seven days up to `day` against the weekly mean before.

    NaN if that is not known: the first days of a record are no weeks.
    """
    if not record.is_pace_known:
        return math.nan
    stop = bisect.bisect_right(sent, day)
    recent = bisect.bisect_right(sent, day - _WEEK)
    base = bisect.bisect_right(sent, day - _WEEK * (1 + _BASE_WEEKS))
    weekly = (recent - base) / _BASE_WEEKS
    stated = record.seat.inmails_last_28_days
    if not recent - base and stated is None:
        return math.nan
    # Our own history may begin in the middle of these weeks: the larger figure counts.
    weekly = max(weekly, (stated or 0) / _BASE_WEEKS)
    return (stop - recent) / max(weekly, float(parameters.velocity_floor), 1.0)


def _block(growth: float, parameters: Parameters) -> float:
    """Return the chance of a velocity block at one InMail.

    Log-linear in the growth from `velocity_growth` up; below it, it falls with the square
    of what the week is above an ordinary one, to next to nothing.
    """
    low, high = parameters.velocity_growth, parameters.velocity_block_growth
    span = parameters.velocity_block_span
    least = parameters.velocity_block_share / span
    if math.isnan(growth):
        return float(least)
    if growth < low:
        above = max((growth - 1) / (low - 1), 0.0)
        return float(max(least * above**2, parameters.velocity_block_ordinary))
    share = min((growth - low) / (high - low), 1.0) if high > low else 0.0
    return float(least * span**share)
