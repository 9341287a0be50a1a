"""A seat's credit book: a pure fold over what was seen, spent and refunded.

Between two sightings the balance is carried forward by the rules of `domain.md` 1 and 2.
Credits live in lots, one per grant, and are spent oldest first. At one instant things
happen in this order: grant, expiry, refund, sighting, spend. So a balance seen on a plain
date holds that day's grant and refunds, and none of that day's spends.

What an InMail used may be unsure. The *expected* balance books the probability; the
bounds book whole credits: as many of the unsure InMails as the exact Poisson-binomial
quantile says, and those where they hurt (or help) most. A spend hurts most the later it
is, because what is left over early may lapse, or be forfeited, anyway. Where the cap takes
from a grant and old credits lapse right after, using more may even leave more: there every
number of unsure InMails is looked at.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter

import numpy as np

from planner.dates import next_reset, resets_after
from planner.domain import CreditEvent, CreditTerms, EventKind, Seat
from planner.params import Parameters

#: Amounts below this are dust of adding probabilities, not credits.
DUST = 1e-9

#: A part of a lot: the day of its grant, and credits.
Lot = tuple[dt.date, float]

#: Order of events. At one instant refunds come first, then what was seen, then what was
#: spent, as their names happen to (grants and expiry come before all of them).
_ORDER = attrgetter("happened_on", "kind", "credits", "sent_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A balance that somebody read off LinkedIn."""

    credits: float
    happened_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A seat's credits at the start of a day, with what made them.

    Parameters
    ----------
    at : datetime.date
        The day; its grant is in, none of its spends is.
    expected : float
        Expected credits: ``seen.credits + granted + refunded - spent - forfeited -
        expired``.
    at_least, at_most : int
        Credits that are not undercut, or not exceeded, each with probability
        ``1 - alpha``, given the InMails since the last sighting whose use is unsure.
    lowest, highest : float
        The least and the most credits that those InMails can leave.
    seen : Sighting
        The last sighting.
    lots : tuple of Lot
        Day of the grant and credits left of it, oldest first; they sum to `expected`.
    granted, spent, refunded, forfeited, expired : float
        Credits since the last sighting. `granted` and `refunded` are before the cap;
        what it took of them is in `forfeited`. `spent` is never more than there was.
    unsure : tuple of float
        Probabilities, smallest first, with which each unsure InMail since the last
        sighting took a credit from the book (for a refund: failed to give one back).
    next_reset : datetime.date
        First grant after `at`.
    cycle : _Cycle
        The book since the last sighting, for `unused` and `books`.
    """

    at: dt.date
    expected: float
    at_least: int
    at_most: int
    lowest: float
    highest: float
    seen: Sighting
    lots: tuple[Lot, ...]
    granted: float
    spent: float
    refunded: float
    forfeited: float
    expired: float
    unsure: tuple[float, ...]
    next_reset: dt.date
    cycle: _Cycle = field(repr=False, compare=False)

    def unused(self) -> Book:
        """Return the book at the start of `at` if nothing unsure cost a credit."""
        return self.cycle.unused()

    def books(self) -> tuple[list[Book], list[Book]]:
        """Return the books at the start of `at` for each number of unsure that cost.

        Of that many, those that came first and those that came last, ``n + 1`` each.
        """
        return self.cycle.books()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A sighting held against the book's own figure; what was seen wins.

    ``difference`` is seen less expected; ``agrees`` says whether what was seen lies
    within ``at_least`` and ``at_most``.
    """

    happened_on: str
    seen: float
    expected: float
    difference: float
    at_least: int
    at_most: int
    agrees: bool
    in_words: str


def credit_terms(seat: Seat, parameters: Parameters) -> CreditTerms:
    """Return how the credits of `seat` come and go."""
    return CreditTerms(
        reset_rule=seat.reset_rule,
        monthly_grant=seat.monthly_grant,
        credit_cap=seat.credit_cap,
        lifetime_days=parameters.credit_lifetime_days,
        refund_window_days=parameters.refund_window_days,
    )


def fold(
    events: Sequence[CreditEvent], terms: CreditTerms, at: dt.date, *, alpha: float
) -> Balance | None:
    """Return the balance at the start of `at`; None if none was seen by then.

    Parameters
    ----------
    events : sequence of CreditEvent
        The seat's events, in any order. Those after the start of `at` do not count:
        spends of that day, and whatever carries a time of that day.
    terms : CreditTerms
        Rules of grants, cap, lifetime and refunds.
    at : datetime.date
        Day whose start is meant; a grant on that day counts as received.
    alpha : float
        Accepted probability that fewer credits than ``at_least`` are there.
    """
    cycles = _cycles(events, terms, at)
    if not cycles:
        return None
    last = cycles[-1]
    book = last.book
    at_least, at_most = last.bounds(alpha)
    lowest, highest = last.extremes()
    return Balance(
        at=at,
        expected=book.total,
        at_least=at_least,
        at_most=at_most,
        lowest=lowest,
        highest=highest,
        seen=last.seen,
        lots=tuple(book.lots),
        granted=book.granted,
        spent=book.spent,
        refunded=book.refunded,
        forfeited=book.forfeited,
        expired=book.expired,
        unsure=last.unsure,
        next_reset=next_reset(terms.reset_rule, at),
        cycle=last,
    )


def assertions(
    events: Sequence[CreditEvent],
    terms: CreditTerms,
    *,
    alpha: float,
    on: str | None = None,
) -> tuple[Assertion, ...]:
    """Return each sighting after the first against what the book expected just before.

    Parameters
    ----------
    on : str, optional
        Only sightings of this instant: a year of them takes long to judge.
    """
    return tuple(
        _assertion(before, after.seen, alpha)
        for before, after in pairwise(_cycles(events, terms, None))
        if on is None or after.seen.happened_on == on
    )


def uses(probabilities: Iterable[float]) -> np.ndarray:
    """Return the probability mass of the credits used, exact by convolution.

    Parameters
    ----------
    probabilities : iterable of float
        Probability of each InMail to use a credit, independent of the others.

    Returns
    -------
    numpy.ndarray
        ``P(credits = k)`` for k = 0 ... n, shape ``(n + 1,)``.
    """
    mass = np.ones(1)
    # Sorted, so that the last bits do not hang on the order of the events.
    for probability in sorted(probabilities):
        mass = add_use(mass, probability)
    return mass


def add_use(mass: np.ndarray, probability: float) -> np.ndarray:
    """Return the mass of the credits used with one more InMail, shape ``(n + 2,)``."""
    longer = np.zeros(len(mass) + 1)
    longer[:-1] = mass * (1 - probability)
    longer[1:] += mass * probability
    return longer


def add_uses(mass: np.ndarray, probability: float, num: int) -> np.ndarray:
    """Return the mass of the credits used with `num` more InMails of one probability."""
    if num == 1:
        return add_use(mass, probability)
    sure = 1 - probability
    alike = [math.comb(num, k) * probability**k * sure ** (num - k) for k in range(num + 1)]
    return np.convolve(mass, alike)


def most_used(mass: np.ndarray, alpha: float) -> int:
    """Return the least k with ``P(credits <= k) >= 1 - alpha``."""
    return int(np.searchsorted(np.cumsum(mass), 1 - alpha - 1e-12))


def least_used(mass: np.ndarray, alpha: float) -> int:
    """Return the greatest k with ``P(credits >= k) >= 1 - alpha``."""
    return len(mass) - 1 - most_used(mass[::-1], alpha)


class Book:
    """Credits of one seat, lot by lot, moving forward in time.

    Parameters
    ----------
    terms : CreditTerms
        Rules of grants, cap and lifetime.
    lots : iterable of Lot
        What there is, oldest first.
    since : datetime.date
        Day on which that holds; its grant is in.
    """

    __slots__ = (
        "_next_reset", "_terms", "expired", "forfeited", "granted", "lots", "refunded",
        "spent",
    )  # fmt: skip

    def __init__(self, terms: CreditTerms, lots: Iterable[Lot], since: dt.date) -> None:
        self._terms = terms
        self._next_reset = next_reset(terms.reset_rule, since)
        self.lots = list(lots)
        self.granted = self.spent = self.refunded = self.forfeited = self.expired = 0.0

    @property
    def total(self) -> float:
        """Credits there are."""
        # Exactly rounded, so that what a sighting set comes out as it was seen.
        return math.fsum(amount for _, amount in self.lots)

    @property
    def next_change(self) -> dt.date:
        """Day of the next grant or lapse."""
        if self.lots and self._terms.lifetime_days:
            return min(self._next_reset, self._lapse(self.lots[0][0]))
        return self._next_reset

    def advance(self, day: dt.date) -> None:
        """Book all grants, then lapses, of each day up to and with `day`."""
        while (today := self.next_change) <= day:
            if today == self._next_reset:
                self._grant(today)
                self._next_reset = next_reset(self._terms.reset_rule, today)
            if self._terms.lifetime_days:
                while self.lots and self._lapse(self.lots[0][0]) <= today:
                    self.expired += self.lots.pop(0)[1]

    def spend(self, amount: float) -> list[Lot]:
        """Take `amount` from the oldest lots, as far as they go; return what was taken."""
        if amount > DUST and self.lots and self.lots[0][1] - amount > DUST:
            # The oldest lot has it, as it mostly does.
            granted_on, there = self.lots[0]
            self.spent += amount
            self.lots[0] = (granted_on, there - amount)
            return [(granted_on, amount)]
        taken: list[Lot] = []
        while amount > DUST and self.lots:
            granted_on, there = self.lots[0]
            part = min(there, amount)
            amount -= part
            self.spent += part
            taken.append((granted_on, part))
            if there - part > DUST:
                self.lots[0] = (granted_on, there - part)
            else:
                self.lots.pop(0)
        return taken

    def refund(self, parts: Iterable[Lot], today: dt.date) -> None:
        """Give `parts` back to their lots; what has lapsed or exceeds the cap is lost."""
        for granted_on, amount in parts:
            self.refunded += amount
            if self._terms.lifetime_days and self._lapse(granted_on) <= today:
                self.expired += amount
                continue
            room = max(0.0, self._terms.credit_cap - self.total)
            self.forfeited += max(0.0, amount - room)
            self._add(granted_on, min(amount, room))

    def see(self, credits: float, today: dt.date) -> None:
        """Replace the balance by what was seen; lots are as FIFO would have left them.

        Fewer than expected: the oldest are spent. More: the newest lot is filled up to
        one grant, then the one before, and so on; the rest goes to the oldest.
        """
        more = credits - self.total
        if more <= 0:
            kept: list[Lot] = []
            for granted_on, amount in reversed(self.lots):
                part = min(amount, credits)
                credits -= part
                if part > DUST:
                    kept.append((granted_on, part))
            self.lots = kept[::-1]
            return
        grants = live_grants(self._terms, today)
        there = dict(self.lots)
        for granted_on in reversed(grants):
            room = max(0.0, self._terms.monthly_grant - there.get(granted_on, 0.0))
            self._add(granted_on, min(room, more))
            more -= min(room, more)
        self._add(min([*there, grants[0]]), more)

    def _lapse(self, granted_on: dt.date) -> dt.date:
        return granted_on + dt.timedelta(days=self._terms.lifetime_days)

    def _grant(self, today: dt.date) -> None:
        grant = float(self._terms.monthly_grant)
        self.granted += grant
        surplus = max(0.0, self.total + grant - self._terms.credit_cap)
        self.forfeited += surplus
        self._add(today, max(0.0, grant - surplus))
        # A balance seen above the cap is trimmed too: the newest, to stay conservative.
        surplus -= grant
        while surplus > DUST and self.lots:
            granted_on, there = self.lots.pop()
            if there - surplus > DUST:
                self.lots.append((granted_on, there - surplus))
            surplus -= there

    def _add(self, granted_on: dt.date, amount: float) -> None:
        if amount <= DUST:
            return
        place = bisect_left(self.lots, (granted_on, -1.0))
        if place < len(self.lots) and self.lots[place][0] == granted_on:
            self.lots[place] = (granted_on, self.lots[place][1] + amount)
        else:
            self.lots.insert(place, (granted_on, amount))


def live_grants(terms: CreditTerms, day: dt.date) -> list[dt.date]:
    """Return the days of the grants whose credits may be alive on `day`, oldest first.

    Credits that never lapse are put into as many lots as the cap holds grants. Before
    the first grant that a rule names, its monthly anniversaries count; a day without
    any live grant stands for itself.
    """
    return list(_live_grants(terms, day))


@lru_cache(maxsize=10_000)
def _live_grants(terms: CreditTerms, day: dt.date) -> tuple[dt.date, ...]:
    rule = terms.reset_rule
    if rule.startswith("date:"):
        rule = f"day:{dt.date.fromisoformat(rule[5:]).day}"
    num_lots = max(1, math.ceil(terms.credit_cap / max(1, terms.monthly_grant)))
    days_back = terms.lifetime_days or 31 * num_lots
    found = []
    for grant in resets_after(rule, day - dt.timedelta(days=days_back)):
        if grant > day:
            break
        found.append(grant)
    if not terms.lifetime_days:
        found = found[-num_lots:]
    return tuple(found) or (day,)


# --- from one sighting to the next ------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Cycle:
    """The book from one sighting to the next, or to the end.

    ``lots`` are those right after the sighting, ``parts`` what each refund gave back
    (None for a spend), ``book`` is where it ends.
    """

    terms: CreditTerms
    seen: Sighting
    lots: tuple[Lot, ...]
    end: dt.date
    events: list[CreditEvent]
    parts: list[list[Lot] | None]
    book: Book

    @property
    def unsure(self) -> tuple[float, ...]:
        """Probabilities of a credit less for each unsure event, smallest first."""
        return tuple(sorted(probability for _, probability in self._unsure()))

    def bounds(self, alpha: float) -> tuple[int, int]:
        """Return credits not undercut and credits not exceeded, each at 1 - alpha."""
        unsure = self._unsure()
        if not unsure:
            total = self.book.total
            return math.floor(total + DUST), math.ceil(total - DUST)
        places = [place for place, _ in unsure]
        mass = uses(probability for _, probability in unsure)
        if may_turn(self.unused()):
            low, high = endings(*self.books())
            lowest, highest = quantile(low, mass, alpha), -quantile(-high, mass, alpha)
            return math.floor(lowest + DUST), math.ceil(highest - DUST)
        latest = places[len(places) - most_used(mass, alpha) :]
        earliest = places[: least_used(mass, alpha)]
        lowest = self._ending(set(places), set(latest))
        highest = self._ending(set(places), set(earliest))
        return math.floor(lowest + DUST), math.ceil(highest - DUST)

    def extremes(self) -> tuple[float, float]:
        """Return the least and the most that the unsure can leave at the end."""
        places = [place for place, _ in self._unsure()]
        if not places:
            return self.book.total, self.book.total
        if may_turn(self.unused()):
            low, high = endings(*self.books())
            return float(low.min()), float(high.max())
        every = set(places)
        return self._ending(every, every), self._ending(every, set())

    def unused(self) -> Book:
        """Return the book at the end if nothing unsure cost a credit."""
        return self._played({place for place, _ in self._unsure()}, set())

    def books(self) -> tuple[list[Book], list[Book]]:
        """Return the books at the end for each number of unsure that cost a credit.

        Of that many, those that came first and those that came last, ``n + 1`` each.
        """
        places = [place for place, _ in self._unsure()]
        every, size = set(places), len(places)
        first = [self._played(every, set(places[:k])) for k in range(size + 1)]
        last = [self._played(every, set(places[size - k :])) for k in range(size + 1)]
        return first, last

    def _unsure(self) -> list[tuple[int, float]]:
        """Return place and probability of each event that may cost the book a credit.

        An unsure InMail whose refund is booked costs nothing, used or not: both stay at
        their probability. An unsure refund of an older InMail costs a credit if it gives
        none.
        """
        answered = Counter(
            (event.sent_on, event.credits)
            for event, parts in zip(self.events, self.parts, strict=True)
            if parts
        )
        found = []
        for place, event in enumerate(self.events):
            if event.kind is EventKind.SPENT and 0 < event.credits < 1:
                key = (event.happened_on, event.credits)
                if answered[key]:
                    answered[key] -= 1
                else:
                    found.append((place, event.credits))
        for place in reversed(range(len(self.events))):
            event = self.events[place]
            key = (event.sent_on, event.credits)
            if self.parts[place] and event.credits < 1 and answered[key]:
                answered[key] -= 1
                found.append((place, 1 - event.credits))
        return sorted(found)

    def _ending(self, unsure: set[int], lost: set[int]) -> float:
        """Return the balance at the end if of `unsure` events just `lost` cost a credit."""
        return self._played(unsure, lost).total

    def _played(self, unsure: set[int], lost: set[int]) -> Book:
        """Return the book at the end if of `unsure` events just `lost` cost a credit."""
        book = Book(self.terms, self.lots, _day(self.seen.happened_on))
        change = book.next_change.isoformat()
        for place, event in enumerate(self.events):
            # As text: a plain date stands before every time of that day.
            if event.happened_on >= change:
                book.advance(_day(event.happened_on))
                change = book.next_change.isoformat()
            parts = self.parts[place]
            if parts is None:
                book.spend(float(place in lost) if place in unsure else event.credits)
                continue
            today = _day(event.happened_on)
            if place not in unsure:
                book.refund(parts, today)
            elif place not in lost:
                book.refund([(lot, part / event.credits) for lot, part in parts], today)
            # It may have come back to a lot older than all others.
            change = book.next_change.isoformat()
        book.advance(self.end)
        return book


def may_turn(unused: Book) -> bool:
    """Return whether using more may leave more.

    What the cap takes at a grant is gone, although old credits lapse right after it: with
    some of these used before, the grant would have had room. Without both, more used is
    less left; there is most of both in the book where the unsure used nothing.
    """
    return unused.forfeited > DUST and unused.expired > DUST


def endings(first: Sequence[Book], last: Sequence[Book]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lesser and the greater balance for each number of unsure that cost.

    Of that many, those that came first or those that came last, shape ``(n + 1,)``.
    """
    of_first = np.array([book.total for book in first])
    of_last = np.array([book.total for book in last])
    return np.minimum(of_first, of_last), np.maximum(of_first, of_last)


def quantile(values: np.ndarray, mass: np.ndarray, alpha: float) -> float:
    """Return the greatest value that is undercut with probability `alpha` at most."""
    order = np.argsort(values, kind="stable")
    undercut = np.cumsum(mass[order])
    place = int(np.searchsorted(undercut, alpha + 1e-12, side="right"))
    return float(values[order[min(place, len(order) - 1)]])


def _cycles(
    events: Sequence[CreditEvent], terms: CreditTerms, at: dt.date | None
) -> list[_Cycle]:
    """Return the book cut at its sightings, up to the start of `at` or to its last."""
    entries, seen = _in_order(events, at), EventKind.SEEN
    places = [place for place, entry in enumerate(entries) if entry.kind is seen]
    if not places:
        return []
    cycles: list[_Cycle] = []
    taken: dict[str, list[Lot]] = {}
    lots: Sequence[Lot] = ()
    for place, following in zip(places, [*places[1:], len(entries)], strict=True):
        sighting = entries[place]
        today = _day(sighting.happened_on)
        opening = Book(terms, lots, today)
        opening.see(sighting.credits, today)
        if following < len(entries):
            end = _day(entries[following].happened_on)
        else:
            end = at or today
        cycle = _Cycle(
            terms=terms,
            seen=Sighting(credits=sighting.credits, happened_on=sighting.happened_on),
            lots=tuple(opening.lots),
            end=end,
            events=entries[place + 1 : following],
            parts=[],
            book=opening,
        )
        # The last sighting ends what is asked for if no day is.
        if at is not None or following < len(entries):
            _carry(cycle, taken)
        lots = cycle.book.lots
        cycles.append(cycle)
    return cycles


def _in_order(events: Sequence[CreditEvent], at: dt.date | None) -> list[CreditEvent]:
    """Return the events up to the start of `at` in order of their instants."""
    if at is not None:
        start = at.isoformat()
        events = [
            event
            for event in events
            if event.happened_on < start
            or (event.happened_on == start and event.kind is not EventKind.SPENT)
        ]
    return sorted(events, key=_ORDER)


def _carry(cycle: _Cycle, taken: dict[str, list[Lot]]) -> None:
    """Carry the cycle's book to its end; note in `taken` what each instant's sends took."""
    book, spent = cycle.book, EventKind.SPENT
    change = book.next_change.isoformat()
    for event in cycle.events:
        # As text: a plain date stands before every time of that day.
        if event.happened_on >= change:
            book.advance(_day(event.happened_on))
            change = book.next_change.isoformat()
        if event.kind is spent:
            took = book.spend(event.credits)
            if event.happened_on in taken:
                taken[event.happened_on] += took
            else:
                taken[event.happened_on] = took
            cycle.parts.append(None)
        else:
            parts = _given_back(event, cycle.terms, taken)
            book.refund(parts, _day(event.happened_on))
            cycle.parts.append(parts)
            # It may have come back to a lot older than all others.
            change = book.next_change.isoformat()
    book.advance(cycle.end)


def _given_back(
    event: CreditEvent, terms: CreditTerms, taken: dict[str, list[Lot]]
) -> list[Lot]:
    """Return the parts of lots that a refund gives back, oldest first.

    No more than the sends of that instant took, where the book knows them; the credit
    of an InMail from before the first sighting comes from the oldest lot that lived.
    """
    sent_on = event.sent_on or event.happened_on
    days = (_day(event.happened_on) - _day(sent_on)).days
    if event.credits <= DUST or not 0 <= days <= terms.refund_window_days:
        return []
    if sent_on not in taken:
        return [(live_grants(terms, _day(sent_on))[0], event.credits)]
    parts: list[Lot] = []
    amount, lots = event.credits, taken[sent_on]
    while amount > DUST and lots:
        granted_on, there = lots[0]
        part = min(there, amount)
        amount -= part
        parts.append((granted_on, part))
        if there - part > DUST:
            lots[0] = (granted_on, there - part)
        else:
            lots.pop(0)
    return parts


def _assertion(before: _Cycle, sighting: Sighting, alpha: float) -> Assertion:
    expected = before.book.total
    at_least, at_most = before.bounds(alpha)
    difference = sighting.credits - expected
    opening = f"{sighting.credits:g} seen on {sighting.happened_on}, "
    agrees = at_least <= sighting.credits <= at_most
    if abs(difference) <= DUST:
        words = f"{opening}as expected"
    elif agrees:
        words = (
            f"{opening}{_shown(expected)} expected: agrees within the unsure InMails "
            f"({at_least} to {at_most})"
        )
    else:
        too = "few" if difference < 0 else "many"
        words = f"{opening}{_shown(expected)} expected: {_shown(abs(difference))} too {too}"
    return Assertion(
        happened_on=sighting.happened_on,
        seen=sighting.credits,
        expected=expected,
        difference=difference,
        at_least=at_least,
        at_most=at_most,
        agrees=agrees,
        in_words=words,
    )


def _day(instant: str) -> dt.date:
    """Return the day (UTC) of an ISO date, or date and time."""
    return dt.date.fromisoformat(instant[:10])


def _shown(credits: float) -> str:
    """Return credits in words: whole if they are, else with one decimal."""
    return f"{round(credits, 1):g}"
