"""Bounds of a runway on which one more InMail used may leave more credits.

Where the cap takes from a grant and old credits lapse, a credit used before makes room for
the grant; at a later grant that may turn again. No order of the InMails is the worst one
there, so the balance's whole distribution is carried along: every state of the lots with
its probability, from one change (grant or lapse) to the next.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from planner.domain import CreditTerms
from planner.ledger.balance import DUST, Balance, Book, Lot, add_uses, quantile, uses

#: States and numbers of InMails less likely than this are left out, and alpha for them.
RARE = 1e-7

#: Probability of each state of the lots.
States = Mapping[tuple[Lot, ...], float]


class Turning:
    """The distribution of a seat's credits, day by day.

    Of the unsure InMails behind the balance, the first or the last ones used a credit:
    the bounds hold for both, as those of the balance do.

    Parameters
    ----------
    balance : Balance
        Where the runway starts, with the unsure InMails behind it.
    terms : CreditTerms
        Rules of grants, cap and lifetime.
    alpha : float
        Accepted probability that the balance is beyond a bound.
    """

    def __init__(self, balance: Balance, terms: CreditTerms, alpha: float) -> None:
        self._terms = terms
        self._alpha = alpha
        self._since = balance.at
        self._mass: np.ndarray
        self._known: tuple[int, int] | None
        behind = uses(balance.unsure)
        # Without unsure InMails behind both are the same.
        ways = balance.books() if balance.unsure else (balance.books()[0],)
        self._ways: list[States] = [
            _merged(zip(books, behind.tolist(), strict=True)) for books in ways
        ]
        self._start()

    def advance(self, day: dt.date) -> None:
        """Go on to the start of `day`."""
        if day < self._next_change:
            return
        self._ways = [self._carried(states, day) for states in self._ways]
        self._since = day
        self._start()

    def send(self, probabilities: Sequence[float]) -> None:
        """Book InMails of the present day by their probability of using a credit."""
        for use, num in Counter(probabilities).items():
            if use >= 1:
                self._sure += num
            elif use > 0:
                self._mass = add_uses(self._mass, use, num)
        self._known = None

    def bounds(self) -> tuple[int, int]:
        """Return the low and high balance now."""
        if self._known is None:
            every = [self._bounds(states) for states in self._ways]
            low, high = min(low for low, _ in every), max(high for _, high in every)
            self._known = math.floor(low + DUST), math.ceil(high - DUST)
        return self._known

    def _start(self) -> None:
        """Begin the spell that lasts to the next change."""
        #: Sure InMails of this spell, and the mass of the credits that the others use.
        self._sure = 0
        self._mass = np.ones(1)
        self._known = None
        books = (self._book(lots) for states in self._ways for lots in states)
        self._next_change = min(book.next_change for book in books)

    def _book(self, lots: Iterable[Lot]) -> Book:
        return Book(self._terms, lots, self._since)

    def _carried(self, states: States, day: dt.date) -> States:
        """Return the states at the start of `day`, with what this spell used."""
        found = []
        for lots, probability in states.items():
            for num, share in enumerate(self._mass.tolist()):
                if probability * share >= RARE:
                    book = self._book(lots)
                    book.spend(self._sure + num)
                    book.advance(day)
                    found.append((book, probability * share))
        return _merged(found)

    def _bounds(self, states: States) -> tuple[float, float]:
        """Return the balance not undercut and the one not exceeded."""
        by_total: dict[float, float] = defaultdict(float)
        for lots, probability in states.items():
            by_total[round(math.fsum(amount for _, amount in lots), 9)] += probability
        start = np.array(list(by_total))[:, None]
        used = self._sure + np.arange(len(self._mass))
        left = np.maximum(0.0, start - used).ravel()
        mass = np.outer(list(by_total.values()), self._mass).ravel()
        # What was left out may lie anywhere.
        alpha = max(0.0, self._alpha - (1.0 - math.fsum(by_total.values())))
        return quantile(left, mass, alpha), -quantile(-left, mass, alpha)


def _merged(books: Iterable[tuple[Book, float]]) -> States:
    """Return the probability of each state of the lots; equal ones are one."""
    states: dict[tuple[Lot, ...], float] = defaultdict(float)
    for book, probability in books:
        states[tuple((day, round(amount, 9)) for day, amount in book.lots)] += probability
    return states
