"""A seat's credits to come at one pace: day by day, as expected and within bounds."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from planner.dates import ONE_DAY
from planner.domain import CreditTerms
from planner.ledger.balance import (
    DUST,
    Balance,
    Book,
    Lot,
    add_uses,
    least_used,
    live_grants,
    most_used,
    uses,
)

#: Credit probabilities of the InMails of each day ahead; a day without any is missing.
Sends = dict[dt.date, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunwayDay:
    """Credits at the end of one day; low and high each hold with ``1 - alpha``."""

    date: dt.date
    expected: float
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What becomes of a seat's credits at one pace.

    Parameters
    ----------
    inmails : int
        InMails that may use a credit, up to the next reset.
    below_reserve_on, zero_on : datetime.date or None
        First day that ends below the reserve, or at zero, as expected; None if none
        does within three resets.
    worst_below_reserve_on, worst_zero_on : datetime.date or None
        The same for the low bound.
    before_reset, after_reset : (float, int)
        Expected and low balance just before and just after the next reset.
    forfeited, expired : float
        Expected credits that the cap takes and that lapse, up to and at that reset.
    daily : tuple of RunwayDay
        The runway, from the forecast's first day to the day before the third reset.
    """

    inmails: int
    below_reserve_on: dt.date | None
    zero_on: dt.date | None
    worst_below_reserve_on: dt.date | None
    worst_zero_on: dt.date | None
    before_reset: tuple[float, int]
    after_reset: tuple[float, int]
    forfeited: float
    expired: float
    daily: tuple[RunwayDay, ...]


class Projection:
    """A seat's credits to come, as expected and within bounds.

    The bounds of a day take the least favourable of all ways to use the quantile's
    number of credits: the latest InMails for the low one, the earliest for the high one.
    Between two changes (grants, lapses) it does not matter when, so InMails are counted
    by such spells.
    """

    def __init__(
        self, balance: Balance, terms: CreditTerms, resets: Sequence[dt.date], alpha: float
    ) -> None:
        self._balance = balance
        self._terms = terms
        self._resets = tuple(resets)
        self._alpha = alpha
        lapses: set[dt.date] = set()
        if terms.lifetime_days:
            life = dt.timedelta(days=terms.lifetime_days)
            lots = [granted_on for granted_on, _ in balance.lots]
            lots += live_grants(terms, balance.at)
            lapses = {day + life for day in [*lots, *resets]}
        #: First day of each spell after the first.
        self._changes = sorted(
            day for day in {*resets, *lapses} if balance.at < day <= resets[-1]
        )
        self._mass = uses(balance.unsure)
        # Lots at the start of a spell, by the credits at the start of the forecast and
        # what each spell before used: days of one spell share them.
        self._lots: dict[tuple[float, ...], list[Lot]] = {}
        self._purse = Book(terms, (), balance.at)

    def pace(self, sends: Sends, reserve: int) -> Pace:
        """Return what becomes of the credits if `sends` are sent."""
        reset = self._resets[0]
        series, bounds, low_after = self._bounds(sends, self._resets[-1])
        expected = self._book(self._balance.expected)
        means, before = [], self._balance.expected
        forfeited = expired = 0.0
        after = 0.0
        for day in series:
            expected.advance(day)
            if day == reset:
                after = expected.total
                forfeited, expired = expected.forfeited, expected.expired
            expected.spend(math.fsum(sends.get(day, ())))
            means.append(expected.total)
            if day < reset:
                before = expected.total
        rows = tuple(
            RunwayDay(date=day, expected=mean, low=low, high=high)
            for day, mean, (low, high) in zip(series, means, bounds, strict=True)
        )
        low_before = bounds[series.index(reset - ONE_DAY)][0]
        return Pace(
            inmails=sum(
                use > 0 for day, every in sends.items() if day < reset for use in every
            ),
            below_reserve_on=_first(rows, lambda row: row.expected < reserve - DUST),
            zero_on=_first(rows, lambda row: row.expected <= DUST),
            worst_below_reserve_on=_first(rows, lambda row: row.low < reserve),
            worst_zero_on=_first(rows, lambda row: row.low <= 0),
            before_reset=(before, low_before),
            after_reset=(after, low_after),
            forfeited=forfeited,
            expired=expired,
            daily=rows,
        )

    def lowest(self, sends: Sends, end: dt.date) -> int:
        """Return the smallest low bound of the days before `end`."""
        return min(low for low, _ in self._bounds(sends, end)[1])

    def _bounds(
        self, sends: Sends, end: dt.date
    ) -> tuple[list[dt.date], list[tuple[int, int]], int]:
        """Return the days before `end`, the low and high balance at their ends.

        And the low balance just after the next reset, before that day's sends; 0 if that
        is not before `end`.
        """
        days = [
            self._balance.at + offset * ONE_DAY
            for offset in range((end - self._balance.at).days)
        ]
        mass, used = self._mass, self._used(self._mass)
        counts = _Counts(len(self._changes) + 1)
        bounds: list[tuple[int, int]] = []
        before, after = -1, 0
        for day in days:
            spell = bisect_right(self._changes, day)
            if day == self._resets[0]:
                after = self._bound(counts, used, spell)[0]
            uses_of_day = sends.get(day, ())
            for use in uses_of_day:
                counts.add(spell, use)
            for use, num in Counter(uses_of_day).items():
                if 0 < use < 1:
                    mass = add_uses(mass, use, num)
            if uses_of_day:
                used = self._used(mass)
            # A day on which nothing is sent, granted or lost ends as the one before.
            same = spell == before and not uses_of_day
            bounds.append(bounds[-1] if same else self._bound(counts, used, spell))
            before = spell
        return days, bounds, after

    def _used(self, mass: np.ndarray) -> tuple[int, int]:
        """Return the most and the least credits used, each with its confidence."""
        return most_used(mass, self._alpha), least_used(mass, self._alpha)

    def _bound(self, counts: _Counts, used: tuple[int, int], spell: int) -> tuple[int, int]:
        """Return the low and high balance in a spell, with what is counted so far."""
        most, least = used
        num_past = len(self._balance.unsure)
        # Of the InMails behind the balance, this many used a credit.
        late = counts.latest(most)
        past_late, past_early = most - sum(late), min(least, num_past)
        early = counts.earliest(least - past_early)
        # One more used costs a credit or none: this holds whatever cap and lapses took.
        balance = self._balance
        start_low = max(float(balance.at_least), balance.highest - past_late)
        start_high = min(float(balance.at_most), balance.lowest + num_past - past_early)
        low = self._ending(start_low, late, counts, spell)
        high = self._ending(start_high, early, counts, spell)
        return math.floor(low + DUST), math.ceil(high - DUST)

    def _ending(
        self, start: float, unsure: Sequence[int], counts: _Counts, spell: int
    ) -> float:
        """Return the balance in a spell, from `start` credits on."""
        spent = [float(counts.sure[k] + unsure[k]) for k in range(spell + 1)]
        purse = self._purse
        purse.lots = list(self._lots_at((max(0.0, start), *spent[:spell])))
        purse.spend(spent[spell])
        return purse.total

    def _lots_at(self, before: tuple[float, ...]) -> list[Lot]:
        """Return the lots at the start of a spell, its grant or lapse booked.

        Parameters
        ----------
        before : tuple of float
            Credits at the start of the forecast, then those used in each spell before.
        """
        known = self._lots.get(before)
        if known is None:
            if len(before) == 1:
                known = self._book(before[0]).lots
            else:
                since = [self._balance.at, *self._changes][len(before) - 2]
                book = Book(self._terms, self._lots_at(before[:-1]), since)
                book.spend(before[-1])
                book.advance(self._changes[len(before) - 2])
                known = book.lots
            self._lots[before] = known
        return known

    def _book(self, start: float) -> Book:
        """Return a book of the balance's lots, with `start` credits in all."""
        book = Book(self._terms, self._balance.lots, self._balance.at)
        if abs(start - self._balance.expected) > DUST:
            book.see(start, self._balance.at)
        return book


class _Counts:
    """Sure and unsure InMails by spell."""

    def __init__(self, num_spells: int) -> None:
        self.sure = [0] * num_spells
        self.unsure = [0] * num_spells

    def add(self, spell: int, use: float) -> None:
        """Count one InMail; one that uses no credit does not count."""
        if use >= 1:
            self.sure[spell] += 1
        elif use > 0:
            self.unsure[spell] += 1

    def latest(self, num: int) -> list[int]:
        """Return by spell the latest `num` unsure InMails, or all."""
        return _fill(self.unsure[::-1], num)[::-1]

    def earliest(self, num: int) -> list[int]:
        """Return by spell the earliest `num` unsure InMails, or all."""
        return _fill(self.unsure, num)


def _fill(room: Sequence[int], num: int) -> list[int]:
    filled = []
    for there in room:
        filled.append(min(there, num))
        num -= filled[-1]
    return filled


def _first(
    rows: Sequence[RunwayDay], is_met: Callable[[RunwayDay], bool]
) -> dt.date | None:
    return next((row.date for row in rows if is_met(row)), None)
