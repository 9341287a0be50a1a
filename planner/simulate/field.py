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
from dataclasses import dataclass, field

from planner.dates import ONE_DAY, resets_after
from planner.domain import Cause, OutcomeKind, Route, Seat
from planner.params import Parameters
from planner.simulate.engine import Terms

INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
REQUEST = str(Route.CONNECTION_REQUEST)
#: A send every five minutes from eight o'clock on.
_FIRST_MINUTE, _MINUTES = 8 * 60, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is true of one lead, whoever sends: the same under every policy.

    ``burns`` says whether an InMail that needs a credit and does not reach the lead uses
    it all the same. A seat whose reply rate is at least ``answers_from`` times the
    general one is answered, likewise ``accepts_from``. Delays are days: from the InMail
    to its reply, from the request to its acceptance, and from that to the reply;
    ``weight`` is the priority weight of a reply.
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
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A send as GetSales has it: who is contacted by which seat, how and when."""

    lead_id: str
    seat_id: str
    route: str
    on: dt.date
    is_restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A send that was tried: ``cause`` is blank where it reached the lead."""

    at: str
    task: Task
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
    is_over: bool = False


@dataclass(slots=True, kw_only=True)
class SeatBook:
    """A seat as it really is.

    ``freezes``: LinkedIn stops its free InMails, too, when it has no credits.
    """

    seat: Seat
    credits: int
    cycle: Cycle
    next_reset: dt.date
    terms: Terms
    freezes: bool
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
    canceled: list[tuple[dt.date, Task]] = field(default_factory=list)
    forfeits: list[tuple[dt.date, str, int]] = field(default_factory=list)
    cycles: list[Cycle] = field(default_factory=list)
    _queue: dict[dt.date, list[Task]] = field(default_factory=dict)
    _due: dict[dt.date, list[Answer]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        seats: Sequence[Seat],
        start: dt.date,
        parameters: Parameters,
        terms: Sequence[Terms],
        freezes: Sequence[bool],
    ) -> Field:
        """Return the field on its first morning.

        Parameters
        ----------
        terms, freezes : sequence
            By seat, in the order of `seats`: of `engine.seat_terms` the rates only.
        """
        books = {}
        for seat, own, is_frozen in zip(seats, terms, freezes, strict=True):
            reset = next(resets_after(seat.reset_rule, start))
            cycle = Cycle(
                seat_id=seat.seat_id, starts=start, ends=reset, credits=seat.credits
            )
            books[seat.seat_id] = SeatBook(
                seat=seat, credits=seat.credits, cycle=cycle, next_reset=reset,
                terms=own, freezes=is_frozen,
            )  # fmt: skip
        return cls(
            start=start, parameters=parameters, books=books,
            cycles=[book.cycle for book in books.values()],
        )  # fmt: skip

    # --- what comes in ----------------------------------------------------------------

    def enqueue(self, tasks: Iterable[Task]) -> None:
        """Import a plan's sends into GetSales."""
        for task in tasks:
            self._queue.setdefault(task.on, []).append(task)

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
            self._forfeit(day, book, granted - book.credits)
            book.cycle.is_over = True
            book.next_reset = next(resets_after(book.seat.reset_rule, day))
            book.cycle = Cycle(
                seat_id=book.seat.seat_id, starts=day, ends=book.next_reset,
                credits=book.credits,
            )  # fmt: skip
            self.cycles.append(book.cycle)

    def live(self, day: dt.date) -> None:
        """Send what is planned for the day, then let the answers of the day come in."""
        minute: dict[str, int] = defaultdict(lambda: _FIRST_MINUTE)
        for task in sorted(self._queue.pop(day, []), key=_order):
            if day < self.books[task.seat_id].held_until:
                self.canceled.append((day, task))
                continue
            hour, minutes = divmod(minute[task.seat_id], 60)
            minute[task.seat_id] += _MINUTES
            self._try(task, day, f"{day}T{hour:02d}:{minutes:02d}:00Z")
        for answer in self._due.pop(day, []):
            self.answers.append(answer)
            book = self.books[answer.seat_id]
            back = book.credits + answer.refunds
            book.credits = min(back, max(book.seat.credit_cap, book.credits))
            self._forfeit(day, book, back - book.credits)

    def _forfeit(self, day: dt.date, book: SeatBook, credits: int) -> None:
        if credits:
            self.forfeits.append((day, book.seat.seat_id, credits))

    def _try(self, task: Task, day: dt.date, at: str) -> None:
        """Try one send as LinkedIn would take it."""
        fate, book = self.fates[task.lead_id], self.books[task.seat_id]
        cause, credits = "", 0
        if task.route in INMAILS:
            cause, credits = _inmail(book, fate)
            book.credits -= credits
        elif fate.is_gone:
            cause = str(Cause.PROFILE_GONE)
        self.attempts.append(Attempt(at=at, task=task, cause=cause, credits=credits))
        if not cause:
            self._expect(task, fate, day, credits)

    def _expect(self, task: Task, fate: Fate, day: dt.date, credits: int) -> None:
        """Note what the lead is going to answer, and when."""
        terms = self.books[task.seat_id].terms
        replied, accepted = OutcomeKind.REPLIED, OutcomeKind.ACCEPTED
        if task.route in INMAILS:
            if fate.answers_from < terms.inmail_factor:
                self._later(task, day, fate.delay, replied, credits)
        elif task.route == REQUEST and fate.accepts_from < terms.request_factor:
            self._later(task, day, fate.acceptance_delay, accepted, 0)
            if fate.answers:
                delay = fate.acceptance_delay + fate.reply_delay
                self._later(task, day, delay, replied, 0)

    def _later(
        self, task: Task, day: dt.date, delay: int, kind: OutcomeKind, refunds: int
    ) -> None:
        on = day + delay * ONE_DAY
        if delay > self.parameters.refund_window_days:
            refunds = 0
        self._due.setdefault(on, []).append(
            Answer(
                at=f"{on}T20:00:00Z", kind=kind, seat_id=task.seat_id,
                lead_id=task.lead_id, refunds=refunds,
            )
        )  # fmt: skip


def _order(task: Task) -> tuple[bool, bool, str]:
    """Order of a day's tasks, as in the sheets: free InMails first, then by lead."""
    paid = task.route == str(Route.PAID_INMAIL)
    return task.route not in INMAILS, paid, task.lead_id


def _inmail(book: SeatBook, fate: Fate) -> tuple[str, int]:
    """Return why an InMail fails, if it does, and the credits that it uses.

    As in `engine`: to a profile that is gone or takes no InMails it fails whatever
    credits there are, and may use one all the same.
    """
    has_credits = book.credits > 0
    if fate.is_gone or fate.is_off:
        lost = str(Cause.PROFILE_GONE if fate.is_gone else Cause.INMAIL_OFF)
        used = int(fate.needs_credit and fate.burns and has_credits)
        _count(book, used)
        return lost, used
    if not fate.needs_credit:
        stops = book.freezes and not has_credits
        return (str(Cause.CREDITS_EXHAUSTED) if stops else ""), 0
    _count(book, 1)
    if has_credits:
        return "", 1
    book.cycle.num_short += 1
    return str(Cause.CREDITS_EXHAUSTED), 0


def _count(book: SeatBook, needed: int) -> None:
    book.cycle.num_needed += needed
    if needed and book.credits <= book.seat.reserve:
        book.cycle.num_into_reserve += 1
