"""What LinkedIn and GetSales do with what is sent, day by day, in simulated weeks.

Credits are granted at a reset and capped, an InMail to somebody who is not open takes
one, an answer gives it back. An InMail that finds none fails and stays failed: GetSales
neither tries again nor sends it from another seat (15587500). What a lead would do is
settled beforehand (`Fate`), so that every policy meets the same people.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from planner.dates import ONE_DAY, resets_after
from planner.domain import Cause, OutcomeKind, Route, Seat
from planner.params import Parameters

INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
_REQUEST = str(Route.CONNECTION_REQUEST)
#: Days behind the plan's date whose InMails set the pace, and whose requests count.
_PACE_DAYS, _REQUEST_DAYS = 28, 7
#: A send every five minutes from eight o'clock on.
_FIRST_MINUTE, _MINUTES = 8 * 60, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is true of one lead, whoever sends: the same under every policy.

    ``burns`` says whether an InMail that needs a credit and does not reach the lead uses
    it all the same. A seat whose reply rate is at least ``answers_from`` times the
    general one is answered, likewise ``accepts_from``. Delays are days: from the InMail
    to its reply, from the request to its acceptance, and from that to the reply.
    """

    needs_credit: bool
    is_off: bool
    is_gone: bool
    burns: bool
    answers_from: float
    delay: int
    accepts_from: float
    acceptance_delay: int
    answers: bool
    reply_delay: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A line of a plan: who is contacted by which seat, how, and on which day."""

    lead_id: str
    seat_id: str
    route: str
    on: dt.date
    is_restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A send that was tried: ``cause`` is blank where it reached the lead."""

    at: str
    send: Send
    cause: str
    credits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply or an acceptance."""

    at: str
    kind: OutcomeKind
    seat_id: str
    lead_id: str
    refunds: int


@dataclass(slots=True, kw_only=True)
class Cycle:
    """A seat's credits from one reset to the next: the unit that alpha is about.

    ``num_short`` InMails needed a credit and found none. ``num_into_reserve`` needed one
    that the reserve was kept for: they used it, or found none. ``ends`` is the reset.
    """

    seat_id: str
    starts: dt.date
    ends: dt.date
    credits: int
    num_needed: int = 0
    num_short: int = 0
    num_into_reserve: int = 0
    refunded: int = 0
    forfeited: int = 0
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is true of a seat all the time.

    ``freezes``: LinkedIn stops its free InMails, too, when it has no credits. The factors
    are what its rates are against the general ones.
    """

    freezes: bool = False
    inmail_factor: float = 1.0
    acceptance_factor: float = 1.0


@dataclass(slots=True, kw_only=True)
class SeatBook:
    """A seat as it really is."""

    seat: Seat
    credits: int
    cycle: Cycle
    next_reset: dt.date
    terms: Terms
    held_until: dt.date = dt.date.min


@dataclass(slots=True, kw_only=True, eq=False)
class Field:
    """Everything that is true, whether anybody knows it or not.

    Parameters
    ----------
    start : datetime.date
        First day; the credits of the seats hold at its beginning.
    fates : dict of str to Fate
        By lead id; leads that arrive later are added.
    """

    start: dt.date
    parameters: Parameters
    books: dict[str, SeatBook]
    fates: dict[str, Fate] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    canceled: list[tuple[dt.date, Send]] = field(default_factory=list)
    cycles: list[Cycle] = field(default_factory=list)
    _queue: dict[dt.date, list[Send]] = field(default_factory=dict)
    _due: dict[dt.date, list[Answer]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        seats: Sequence[Seat],
        start: dt.date,
        parameters: Parameters,
        terms: Mapping[str, Terms],
    ) -> Field:
        """Return the field on its first morning; `terms` are by seat id."""
        books = {}
        for seat in seats:
            reset = next(resets_after(seat.reset_rule, start))
            cycle = Cycle(
                seat_id=seat.seat_id, starts=start, ends=reset, credits=seat.credits
            )
            books[seat.seat_id] = SeatBook(
                seat=seat, credits=seat.credits, cycle=cycle, next_reset=reset,
                terms=terms.get(seat.seat_id, Terms()),
            )  # fmt: skip
        return cls(
            start=start, parameters=parameters, books=books,
            cycles=[book.cycle for book in books.values()],
        )  # fmt: skip

    # --- what comes in ----------------------------------------------------------------

    def enqueue(self, sends: Iterable[Send]) -> None:
        """Import a plan's sends into GetSales."""
        for send in sends:
            self._queue.setdefault(send.on, []).append(send)

    def hold(self, held: Mapping[str, dt.date]) -> None:
        """Let seats send nothing before a day."""
        for seat_id, until in held.items():
            self.books[seat_id].held_until = until

    # --- a day ------------------------------------------------------------------------

    def morning(self, day: dt.date) -> None:
        """Grant what is due; what exceeds the cap is forfeited."""
        for book in self.books.values():
            if day != book.next_reset:
                continue
            granted = book.credits + book.seat.monthly_grant
            book.credits = min(granted, max(book.seat.credit_cap, book.credits))
            book.cycle.forfeited += granted - book.credits
            book.cycle.is_over = True
            book.next_reset = next(resets_after(book.seat.reset_rule, day))
            book.cycle = Cycle(
                seat_id=book.seat.seat_id, starts=day, ends=book.next_reset,
                credits=book.credits,
            )  # fmt: skip
            self.cycles.append(book.cycle)

    def live(self, day: dt.date) -> None:
        """Let answers come in, then send what is planned for the day."""
        for answer in self._due.pop(day, []):
            self.answers.append(answer)
            book = self.books[answer.seat_id]
            before = book.credits
            most = max(book.seat.credit_cap, before)
            book.credits = min(before + answer.refunds, most)
            book.cycle.refunded += book.credits - before
            book.cycle.forfeited += before + answer.refunds - book.credits
        minute: dict[str, int] = defaultdict(lambda: _FIRST_MINUTE)
        for send in sorted(self._queue.pop(day, []), key=lambda one: one.lead_id):
            if day < self.books[send.seat_id].held_until:
                self.canceled.append((day, send))
                continue
            hour, minutes = divmod(minute[send.seat_id], 60)
            minute[send.seat_id] += _MINUTES
            self._try(send, day, f"{day}T{hour:02d}:{minutes:02d}:00Z")

    def _try(self, send: Send, day: dt.date, at: str) -> None:
        """Try one send as LinkedIn would take it."""
        fate, book = self.fates[send.lead_id], self.books[send.seat_id]
        cause, credits = "", 0
        if send.route in INMAILS:
            cause, credits = _inmail(book, fate)
            book.credits -= credits
        elif fate.is_gone:
            cause = str(Cause.PROFILE_GONE)
        self.attempts.append(Attempt(at=at, send=send, cause=cause, credits=credits))
        if not cause:
            self._expect(send, fate, day, credits)

    def _expect(self, send: Send, fate: Fate, day: dt.date, credits: int) -> None:
        """Note what the lead is going to answer, and when."""
        terms = self.books[send.seat_id].terms
        replied, accepted = OutcomeKind.REPLIED, OutcomeKind.ACCEPTED
        if send.route in INMAILS:
            if terms.inmail_factor >= fate.answers_from:
                self._later(send, day, fate.delay, replied, credits)
        elif send.route == _REQUEST:
            if terms.acceptance_factor >= fate.accepts_from:
                self._later(send, day, fate.acceptance_delay, accepted, 0)
                if fate.answers:
                    delay = fate.acceptance_delay + fate.reply_delay
                    self._later(send, day, delay, replied, 0)
        elif fate.answers:
            self._later(send, day, fate.reply_delay, replied, 0)

    def _later(
        self, send: Send, day: dt.date, delay: int, kind: OutcomeKind, refunds: int
    ) -> None:
        on = day + max(1, delay) * ONE_DAY  # seen on the morning after, at the earliest
        if delay > self.parameters.refund_window_days:
            refunds = 0
        self._due.setdefault(on, []).append(
            Answer(
                at=f"{on}T07:00:00Z", kind=kind, seat_id=send.seat_id,
                lead_id=send.lead_id, refunds=refunds,
            )
        )  # fmt: skip

    # --- what a team reads ------------------------------------------------------------

    def inventory(self, day: dt.date) -> tuple[Seat, ...]:
        """Return the seats as their owners would state them on a morning.

        Credits are read off LinkedIn. Pace, requests and what is pending are stated
        while there is something in them from before the first day; later on, the ledger
        knows all of it.
        """
        return tuple(self._stated(book, day) for book in self.books.values())

    def _stated(self, book: SeatBook, day: dt.date) -> Seat:
        seat, age = book.seat, (day - self.start).days
        stated = {*seat.stated, "credits", "credits_as_of"}
        if not age:
            return replace(seat, stated=tuple(sorted(stated)))
        changes: dict[str, Any] = {
            "credits": book.credits, "credits_as_of": day, "ahead": (), "grant_unseen": "",
            "recent_requests": None, "recent_open_inmails": None,
        }  # fmt: skip
        lifetime = self.parameters.pending_lifetime_days
        spans = {
            "inmails_last_28_days": (_PACE_DAYS, INMAILS),
            "connection_requests_last_7_days": (_REQUEST_DAYS, (_REQUEST,)),
            "pending_connection_requests": (lifetime, (_REQUEST,)),
        }
        for name, (days, routes) in spans.items():
            before = getattr(seat, name)
            stated.discard(name)
            if before and age < days:
                own = self._sent(seat.seat_id, routes, day - days * ONE_DAY)
                if name == "pending_connection_requests":
                    own = max(0, own - self._accepted(seat.seat_id))
                changes[name] = own + before * (days - age) // days
                stated.add(name)
        return replace(seat, stated=tuple(sorted(stated)), **changes)

    def _sent(self, seat_id: str, routes: Sequence[str], since: dt.date) -> int:
        """Return a seat's sends that reached somebody since a day."""
        first = since.isoformat()
        return sum(
            one.send.seat_id == seat_id and not one.cause and one.send.route in routes
            and one.at >= first
            for one in self.attempts
        )  # fmt: skip

    def _accepted(self, seat_id: str) -> int:
        return sum(
            one.seat_id == seat_id and one.kind is OutcomeKind.ACCEPTED
            for one in self.answers
        )


def _inmail(book: SeatBook, fate: Fate) -> tuple[str, int]:
    """Return why an InMail fails, if it does, and the credits that it uses."""
    exhausted = str(Cause.CREDITS_EXHAUSTED)
    is_lost = fate.is_gone or fate.is_off
    lost = str(Cause.PROFILE_GONE if fate.is_gone else Cause.INMAIL_OFF)
    if not fate.needs_credit:
        is_frozen = book.terms.freezes and book.credits < 1
        return (lost if is_lost else exhausted if is_frozen else ""), 0
    if is_lost and not fate.burns:
        return lost, 0
    book.cycle.num_needed += 1
    book.cycle.num_into_reserve += int(book.credits <= book.seat.reserve)
    if book.credits < 1:
        book.cycle.num_short += 1
        return (lost if is_lost else exhausted), 0
    return (lost if is_lost else ""), 1
