"""A seat's credits to come at one pace: day by day, as expected and within bounds."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

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
    may_turn,
    most_used,
    uses,
)
from planner.ledger.turning import Turning

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
    lapses : tuple of (datetime.date, float)
        Of these, what lapses before that reset, by day.
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
    lapses: tuple[tuple[dt.date, float], ...]
    daily: tuple[RunwayDay, ...]


class Projection:
    """A seat's credits to come, as expected and within bounds."""

    def __init__(
        self, balance: Balance, terms: CreditTerms, resets: Sequence[dt.date], alpha: float
    ) -> None:
        self._balance = balance
        self._terms = terms
        self._resets = tuple(resets)
        self._alpha = alpha
        self._spells = _Spells(balance, terms, resets)

    def pace(self, sends: Sends, reserve: int) -> Pace:
        """Return what becomes of the credits if `sends` are sent."""
        reset = self._resets[0]
        rows, after, lost = self._runway(sends, self._resets[-1])
        before = rows[(reset - ONE_DAY - self._balance.at).days]
        return Pace(
            inmails=sum(
                use > 0 for day, every in sends.items() if day < reset for use in every
            ),
            below_reserve_on=_first(rows, lambda row: row.expected < reserve - DUST),
            zero_on=_first(rows, lambda row: row.expected <= DUST),
            worst_below_reserve_on=_first(rows, lambda row: row.low < reserve),
            worst_zero_on=_first(rows, lambda row: row.low <= 0),
            before_reset=(before.expected, before.low),
            after_reset=(after.expected, after.low),
            forfeited=lost.forfeited,
            expired=lost.expired,
            lapses=tuple(lost.lapses),
            daily=tuple(rows),
        )

    def lowest(self, sends: Sends, end: dt.date, first: dt.date = dt.date.min) -> int:
        """Return the smallest low bound of the days from `first` to before `end`."""
        return min(row.low for row in self._runway(sends, end)[0] if row.date >= first)

    def _runway(
        self, sends: Sends, end: dt.date
    ) -> tuple[list[RunwayDay], RunwayDay, _Lost]:
        """Return the days before `end`, and the next reset before that day's sends.

        And what is lost up to and at it. Where it is not before `end`, both are those of
        the last day.
        """
        at, reset = self._balance.at, self._resets[0]
        bounds: _Quantiles | Turning
        if self._may_turn(sends, end):
            bounds = Turning(self._balance, self._terms, self._alpha)
        else:
            bounds = _Quantiles(self._spells, self._balance, self._alpha)
        book = Book(self._terms, self._balance.lots, at)
        rows: list[RunwayDay] = []
        lost = _Lost()
        after: RunwayDay | None = None
        for day in (at + offset * ONE_DAY for offset in range((end - at).days)):
            book.advance(day)
            bounds.advance(day)
            if after is None:
                lost.note(day, book, is_reset=day == reset)
            if day == reset:
                after = _row(day, book.total, bounds.bounds())
            if uses_of_day := sends.get(day, ()):
                book.spend(math.fsum(uses_of_day))
                bounds.send(uses_of_day)
            rows.append(_row(day, book.total, bounds.bounds()))
        return rows, after or rows[-1], lost

    def _may_turn(self, sends: Sends, end: dt.date) -> bool:
        """Return whether one more InMail used may leave more on a day before `end`."""
        book = self._balance.unused()
        for day in sorted(sends):
            if day < end:
                book.advance(day)
                book.spend(sum(use >= 1 for use in sends[day]))
        book.advance(end - ONE_DAY)
        return may_turn(book)


@dataclass(slots=True)
class _Lost:
    """Expected credits that the cap takes and that lapse."""

    forfeited: float = 0.0
    expired: float = 0.0
    lapses: list[tuple[dt.date, float]] = field(default_factory=list)

    def note(self, day: dt.date, book: Book, *, is_reset: bool) -> None:
        """Note what `book` has lost at the start of `day`."""
        lapsed = book.expired - self.expired
        if lapsed > DUST and not is_reset:
            self.lapses.append((day, lapsed))
        self.forfeited, self.expired = book.forfeited, book.expired


def _row(day: dt.date, expected: float, bounds: tuple[int, int]) -> RunwayDay:
    """Return a day; what hardly ever happens may leave its mean beyond a quantile."""
    low, high = bounds
    return RunwayDay(
        date=day,
        expected=expected,
        low=min(low, math.floor(expected + DUST)),
        high=max(high, math.ceil(expected - DUST)),
    )


class _Spells:
    """A seat's lots from change to change, by what is used before each of them.

    Between two changes (grants, lapses) it does not matter when, so InMails are counted
    by such spells.
    """

    def __init__(
        self, balance: Balance, terms: CreditTerms, resets: Sequence[dt.date]
    ) -> None:
        self._balance = balance
        self._terms = terms
        lapses: set[dt.date] = set()
        if terms.lifetime_days:
            life = dt.timedelta(days=terms.lifetime_days)
            lots = [granted_on for granted_on, _ in balance.lots]
            lots += live_grants(terms, balance.at)
            lapses = {day + life for day in [*lots, *resets]}
        #: First day of each spell after the first.
        self.changes = sorted(
            day for day in {*resets, *lapses} if balance.at < day <= resets[-1]
        )
        # Lots at the start of a spell, by the credits at the start of the forecast and
        # what each spell before used: days of one spell share them.
        self._lots: dict[tuple[float, ...], list[Lot]] = {}
        self._purse = Book(terms, (), balance.at)

    def ending(self, start: float, spent: Sequence[float]) -> float:
        """Return the balance if `spent` is used spell by spell, from `start` credits on."""
        purse = self._purse
        purse.lots = list(self._lots_at((max(0.0, start), *spent[:-1])))
        purse.spend(spent[-1])
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
                since = [self._balance.at, *self.changes][len(before) - 2]
                book = Book(self._terms, self._lots_at(before[:-1]), since)
                book.spend(before[-1])
                book.advance(self.changes[len(before) - 2])
                known = book.lots
            self._lots[before] = known
        return known

    def _book(self, start: float) -> Book:
        """Return a book of the balance's lots, with `start` credits in all."""
        book = Book(self._terms, self._balance.lots, self._balance.at)
        if abs(start - self._balance.expected) > DUST:
            book.see(start, self._balance.at)
        return book


class _Quantiles:
    """Bounds where one more InMail used costs a credit or none; see `Turning` else.

    They take the least favourable of all ways to use the quantile's number of credits:
    the latest InMails for the low one, the earliest for the high one.
    """

    def __init__(self, spells: _Spells, balance: Balance, alpha: float) -> None:
        self._spells = spells
        self._balance = balance
        self._alpha = alpha
        self._mass = uses(balance.unsure)
        self._counts = _Counts(len(spells.changes) + 1)
        self._spell = 0
        self._used = self._most_and_least()
        self._known: tuple[int, int] | None = None

    def advance(self, day: dt.date) -> None:
        """Go on to the start of `day`."""
        spell = bisect_right(self._spells.changes, day)
        if spell != self._spell:
            self._spell, self._known = spell, None

    def send(self, probabilities: Sequence[float]) -> None:
        """Book InMails of the present day by their probability of using a credit."""
        for use in probabilities:
            self._counts.add(self._spell, use)
        for use, num in Counter(probabilities).items():
            if 0 < use < 1:
                self._mass = add_uses(self._mass, use, num)
        self._used, self._known = self._most_and_least(), None

    def bounds(self) -> tuple[int, int]:
        """Return the low and high balance now."""
        # A day on which nothing is sent, granted or lost ends as the one before.
        if self._known is None:
            self._known = self._bounds()
        return self._known

    def _most_and_least(self) -> tuple[int, int]:
        """Return the most and the least credits used, each with its confidence."""
        return most_used(self._mass, self._alpha), least_used(self._mass, self._alpha)

    def _bounds(self) -> tuple[int, int]:
        most, least = self._used
        balance, counts = self._balance, self._counts
        num_past = len(balance.unsure)
        # Of the InMails behind the balance, this many used a credit.
        late = counts.latest(most)
        past_late, past_early = most - sum(late), min(least, num_past)
        early = counts.earliest(least - past_early)
        # One more used costs a credit or none, so this holds whatever the cap took.
        start_low = max(float(balance.at_least), balance.highest - past_late)
        start_high = min(float(balance.at_most), balance.lowest + num_past - past_early)
        low, high = self._ending(start_low, late), self._ending(start_high, early)
        return math.floor(low + DUST), math.ceil(high - DUST)

    def _ending(self, start: float, unsure: Sequence[int]) -> float:
        sure = self._counts.sure
        spent = [float(sure[k] + unsure[k]) for k in range(self._spell + 1)]
        return self._spells.ending(start, spent)


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
