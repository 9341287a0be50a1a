"""Send by send, over all draws at once: credits, failures, answers, refunds, resets.

What GetSales and LinkedIn do, seat by seat: an InMail that turns out to need a credit
takes one, and with none left it fails and stays failed; at no credits free InMails may
be frozen too; an answer brings the credit of its InMail back. Not played: velocity
blocks, credits that lapse, and errors without a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from planner.domain import Calendar, Seat
from planner.params import Parameters
from planner.simulate.sends import Sends
from planner.simulate.world import InmailTruth, World

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Counts = NDArray[np.int32]
Floats = NDArray[np.float64]

#: Numbers held at a time, draws times sends of a seat: they fit the processor's cache.
MAX_NUMBERS = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the engine needs to know of a seat.

    Parameters
    ----------
    credits, reserve, grant, cap : int
        Now; to be left; at each reset; at most.
    resets : tuple of int
        Ordinals of the resets ahead, oldest first.
    horizon : int
        Ordinal of the day after the last one played, where no reset comes before it.
    inmail_factor, request_factor : float
        The seat's own rates over the general ones.
    refund_window : int
        Days within which an answer gives the credit back.
    """

    seat_id: str
    credits: int
    reserve: int
    grant: int
    cap: int
    resets: tuple[int, ...]
    horizon: int
    inmail_factor: float
    request_factor: float
    refund_window: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What became of the sends, each array of shape ``(num_draws, num_seats)``.

    "This week" is what the run exports; the rest goes up to each seat's next reset.

    Parameters
    ----------
    counted, needed : numpy.ndarray
        Credits that InMails before the reset need, whether or not they reach anybody
        and without any refund: as the guarantee counts them; and with every flip
        (`InmailTruth.is_counted`).
    no_credit, frozen : numpy.ndarray
        InMails that failed for want of a credit; free ones that were frozen; up to the
        reset, and this week's after it.
    no_credit_week, frozen_week, off_week, gone_week : numpy.ndarray
        This week's failures by cause; recipients who take no InMails, profiles gone.
    replies, weighted, reached, credits_used : numpy.ndarray
        Of this week's sends: answers (whenever they come), the same times the leads'
        priority weight, sends that went out, and credits taken.
    refunds : numpy.ndarray
        Credits given back by the reset, whether or not the cap lets all of them in.
    at_reset, forfeited : numpy.ndarray
        Credits just before the reset (or at the end of a horizon without one), and what
        the cap takes of the grant.
    """

    counted: Counts
    needed: Counts
    no_credit: Counts
    frozen: Counts
    no_credit_week: Counts
    frozen_week: Counts
    off_week: Counts
    gone_week: Counts
    replies: Counts
    weighted: Floats
    reached: Counts
    credits_used: Counts
    refunds: Counts
    at_reset: Counts
    forfeited: Counts

    @property
    def failed(self) -> Counts:
        """Sends of this week that did not go out, whatever the cause."""
        return self.no_credit_week + self.frozen_week + self.off_week + self.gone_week

    @property
    def exhausted(self) -> Bools:
        """Whether any lead failed for want of a credit."""
        return (self.no_credit + self.frozen) > 0

    @classmethod
    def blank(cls, num_draws: int, num_seats: int) -> Outcome:
        """Return an outcome of nothing, to be filled in."""
        shape = (num_draws, num_seats)
        names = [item.name for item in fields(cls) if item.name != "weighted"]
        counts = {name: np.zeros(shape, np.int32) for name in names}
        return cls(weighted=np.zeros(shape), **counts)


def seat_terms(
    seats: Sequence[Seat], calendars: Sequence[Calendar], parameters: Parameters
) -> tuple[Terms, ...]:
    """Return what the engine needs of each seat."""
    last = max(
        (c.periods[-1].days[-1].date.toordinal() for c in calendars if c.periods), default=0
    )
    return tuple(
        Terms(
            seat_id=seat.seat_id,
            credits=seat.credits,
            reserve=seat.reserve,
            grant=seat.monthly_grant,
            cap=seat.credit_cap,
            resets=tuple(day.toordinal() for day in calendar.resets),
            horizon=last + 1,
            inmail_factor=_factor(seat.inmail_reply_rate, parameters.inmail_reply_rate),
            request_factor=_factor(seat.acceptance_rate, parameters.acceptance_rate),
            refund_window=parameters.refund_window_days,
        )
        for seat, calendar in zip(seats, calendars, strict=True)
    )


def _factor(own: float | None, general: float) -> float:
    return 1.0 if own is None or general <= 0 else own / general


def play(world: World, sends: Sends, terms: Sequence[Terms]) -> Outcome:
    """Return what becomes of the sends in every draw."""
    outcome = Outcome.blank(world.num_draws, len(terms))
    bounds = np.searchsorted(sends.seat, np.arange(len(terms) + 1))
    frozen = world.freezes([own.seat_id for own in terms], slice(None))
    for number, own in enumerate(terms):
        mine = sends.of(np.arange(bounds[number], bounds[number + 1]))
        step = max(1, MAX_NUMBERS // max(1, len(mine.lead)))
        for start in range(0, world.num_draws, step):
            draws = slice(start, min(start + step, world.num_draws))
            sums = _inmails(world, mine, own, draws, frozen[draws, number])
            for name, counts in _requests(world, mine, own, draws).items():
                sums[name] = sums[name] + counts
            for name, counts in sums.items():
                getattr(outcome, name)[draws, number] = counts
    return outcome


def _requests(
    world: World, sends: Sends, own: Terms, draws: slice
) -> dict[str, NDArray[np.int64] | Floats]:
    """Return replies, sends that went out and profiles gone, by draw."""
    requests = sends.of(np.flatnonzero(~sends.is_inmail & sends.is_this_week))
    truth = world.requests(requests.lead, draws)
    accepted = ~truth.is_gone & (truth.accepts_from < own.request_factor)
    answered = accepted & truth.answers
    return {
        "replies": answered.sum(axis=1),
        "weighted": answered @ world.weight[requests.lead],
        "gone_week": truth.is_gone.sum(axis=1),
        "reached": (~truth.is_gone).sum(axis=1),
    }


def _inmails(
    world: World, sends: Sends, own: Terms, draws: slice, frozen: Bools
) -> dict[str, NDArray[np.int64] | Floats]:
    """Return the sums of `Outcome` over one seat's InMails, by draw."""
    inmails = sends.of(np.flatnonzero(sends.is_inmail))
    truth = world.inmails(inmails.lead, draws)
    book = _Book.opened(own, inmails.day, len(frozen))
    answered = truth.answers_from < own.inmail_factor
    taken, short, stuck = _one_by_one(book, inmails, truth, answered, frozen)
    went = ~truth.fails & ~short & ~stuck
    week, before = inmails.is_this_week, inmails.cycle == 0
    replied = (answered & went)[:, week]
    return {
        "counted": truth.is_counted[:, before].sum(axis=1),
        "needed": (~truth.is_free)[:, before].sum(axis=1),
        "no_credit": short.sum(axis=1),
        "frozen": stuck.sum(axis=1),
        "no_credit_week": short[:, week].sum(axis=1),
        "frozen_week": stuck[:, week].sum(axis=1),
        "off_week": (truth.is_off & ~truth.is_gone)[:, week].sum(axis=1),
        "gone_week": truth.is_gone[:, week].sum(axis=1),
        "replies": replied.sum(axis=1),
        "weighted": replied @ world.weight[inmails.lead[week]],
        "reached": went[:, week].sum(axis=1),
        "credits_used": taken[:, week].sum(axis=1),
        "refunds": book.refunds,
        "at_reset": book.at_reset,
        "forfeited": book.forfeited,
    }


def _one_by_one(
    book: _Book, inmails: Sends, truth: InmailTruth, answered: Bools, frozen: Bools
) -> tuple[Bools, Bools, Bools]:
    """Send one after the other; return which took a credit, lacked one, were frozen."""
    # A send's draws lie side by side here: the loop goes over sends.
    needs, reaches = (~truth.is_free).T.copy(), (~truth.fails).T.copy()
    uses = needs & (reaches | truth.burns.T)
    due = truth.delay.T + inmails.day[:, None]
    is_refunded = needs & reaches & answered.T
    is_refunded &= book.terms.refund_window >= truth.delay.T
    taken, short, stuck = (np.zeros(needs.shape, dtype=np.bool_) for _ in range(3))
    for number, (day, cycle) in enumerate(zip(inmails.day, inmails.cycle, strict=True)):
        book.turn_to(int(day), int(cycle))
        empty = book.balance <= 0
        short[number] = needs[number] & reaches[number] & empty
        stuck[number] = ~needs[number] & reaches[number] & empty & frozen
        taken[number] = uses[number] & ~empty
        book.balance -= taken[number]
        book.expect(is_refunded[number] & taken[number], due[number])
    book.close()
    return taken.T, short.T, stuck.T


@dataclass(slots=True, kw_only=True, eq=False)
class _Book:
    """One seat's credits while it sends: one entry per draw.

    ``due`` are refunds by day from ``first_day`` on; ``booked`` is the first of these
    days whose refunds are not in the balance yet.
    """

    terms: Terms
    first_day: int
    balance: NDArray[np.int64]
    due: NDArray[np.int64]
    refunds: NDArray[np.int64]
    at_reset: NDArray[np.int64]
    forfeited: NDArray[np.int64]
    booked: int = 0
    cycle: int = 0

    @classmethod
    def opened(cls, terms: Terms, days: Ints, num_draws: int) -> _Book:
        """Return the book before the first send."""
        first = int(days.min()) if len(days) else terms.horizon
        last = max([terms.horizon, *terms.resets[:1], *days.tolist()])
        nothing = np.zeros(num_draws, dtype=np.int64)
        return cls(
            terms=terms,
            first_day=first,
            balance=nothing + terms.credits,
            due=np.zeros((last - first + 1, num_draws), dtype=np.int64),
            refunds=nothing.copy(),
            at_reset=nothing.copy(),
            forfeited=nothing.copy(),
        )

    def turn_to(self, day: int, cycle: int) -> None:
        """Book what happens before a send on `day`, after so many resets."""
        while self.cycle < cycle:
            self._reset()
        self._book_until(day)

    def expect(self, is_refunded: Bools, due: Ints) -> None:
        """Note the refunds of one send; they can be used from the day after they come."""
        draws = np.flatnonzero(is_refunded)
        days = due[draws] - self.first_day
        inside = days < len(self.due)
        self.due[days[inside], draws[inside]] += 1

    def close(self) -> None:
        """Book what is left up to the first reset, or to the end of the horizon."""
        if self.cycle:
            return
        if self.terms.resets:
            self._reset()
        else:
            self._book_until(self.terms.horizon)
            self.at_reset = self.balance.copy()

    def _book_until(self, day: int) -> None:
        end = day - self.first_day
        if end <= self.booked:
            return
        come = self.due[self.booked : end].sum(axis=0)
        self.booked = end
        if self.cycle == 0:
            self.refunds += come
        self._add(come)

    def _reset(self) -> None:
        self._book_until(self.terms.resets[self.cycle])
        if self.cycle == 0:
            self.at_reset = self.balance.copy()
            over = self.balance + self.terms.grant - self.terms.cap
            self.forfeited = np.clip(over, 0, self.terms.grant)
        self._add(self.terms.grant)
        self.cycle += 1

    def _add(self, credits: NDArray[np.int64] | int) -> None:
        """Add credits as far as the cap allows; what is above it already stays."""
        capped = np.minimum(self.balance + credits, self.terms.cap)
        self.balance = np.maximum(self.balance, capped)
