"""Is this sender out of credits? Each seat's runway to its resets, expected and at worst.

A runway starts from the balance at the start of a day and books the InMails to come: at
the *planned* pace (what runs in force plan up to their horizon, and after it their mean,
as far as the reserve lets it), and at the *present* pace (what the seat sent in the last
four weeks). Whether an InMail uses a credit is
unsure, so the low and high bounds hold day by day at confidence ``1 - alpha``, by the
exact Poisson-binomial distribution of the credits used so far, the unsure InMails behind
the balance included; see `planner.ledger.balance` for which of them are booked.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, partial
from itertools import islice

from planner.dates import ONE_DAY, ONE_WEEK, resets_after
from planner.domain import DayCount, Seat
from planner.ledger.balance import DUST, Balance, credit_terms
from planner.ledger.projection import Pace, Projection, RunwayDay, Sends
from planner.params import Parameters
from planner.words import counted

#: Resets ahead that a runway looks on for; later than that, no plan holds.
NUM_RESETS = 3

#: Days behind that the present pace is taken from (`Seat.inmails_last_28_days`).
PACE_DAYS = 28


class Verdict(StrEnum):
    """How a seat stands before its next reset, worst first."""

    OUT = "out"
    RUNS_OUT = "runs out"
    TIGHT = "tight"
    FORFEITS = "forfeits"
    OK = "ok"


#: Verdicts that leave credits to spare.
_SPARING = (Verdict.OK, Verdict.FORFEITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatState:
    """What a forecast knows of one seat.

    Parameters
    ----------
    seat : Seat
        Its limits, days and reset rule.
    balance : Balance
        The fold of its credit book at the start of the forecast's first day.
    planned : tuple of (datetime.date, float)
        Day and probability of using a credit of each InMail planned from that day on,
        free ones included, in runs in force and their outlook.
    planned_until : datetime.date, optional
        Last day that they say anything of; without it, the last InMail's.
    held_until : datetime.date, optional
        First day after a hold by triage: it sends nothing before.
    pace_factor : float
        Share of its pace at which it starts after the hold.
    is_hold_planned : bool
        Whether `planned` was planned with the hold in mind.
    days : tuple of DayCount
        What it sent, on any days before.
    credit_use : float
        Mean probability that one of its past paid InMails used a credit.
    """

    seat: Seat
    balance: Balance
    planned: tuple[tuple[dt.date, float], ...] = ()
    planned_until: dt.date | None = None
    held_until: dt.date | None = None
    pace_factor: float = 1.0
    is_hold_planned: bool = False
    days: tuple[DayCount, ...] = ()
    credit_use: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Runway:
    """A seat's forecast: both paces, the verdict, and what to do.

    Where the plan speaks of all days up to the reset (``is_plan_whole``), it alone says
    how the seat stands. Else ``verdict`` takes a shortage from whichever pace has the
    worse one (`pace` names it), and credits about to be lost from the plan, or without
    one from the present pace. ``spare`` is how many credits the low bound leaves above
    the reserve until the reset, as far as the seat's daily limits let it spend them.
    ``planned_until`` is the last day that the plan says anything of; None without one.
    """

    seat_id: str
    balance: Balance
    reserve: int
    next_reset: dt.date
    planned_until: dt.date | None
    is_plan_whole: bool
    planned: Pace
    present: Pace
    pace: str
    verdict: Verdict
    spare: int
    advice: str


def forecast(
    seats: Sequence[SeatState], *, as_of: dt.date, alpha: float, parameters: Parameters
) -> tuple[Runway, ...]:
    """Return the runway of each seat, in the order given.

    Parameters
    ----------
    seats : sequence of SeatState
        Each with its balance at `as_of`.
    as_of : datetime.date
        First day of the runways; none of its sends has happened.
    alpha : float
        Accepted probability that the balance is below the low bound, day by day. The
        balances should be folded with the same.
    parameters : Parameters
        Lifetime of credits and leak of open flags.
    """
    runs = [_Run(state, as_of, alpha, parameters) for state in seats]
    helpers = _Helpers(runs)
    # Who has least time asks first.
    advice = {
        run.seat.seat_id: _advice(run, helpers)
        for run in sorted(runs, key=lambda run: (run.resets[0], run.seat.seat_id))
    }
    return tuple(
        Runway(
            seat_id=run.seat.seat_id,
            balance=run.state.balance,
            reserve=run.seat.reserve,
            next_reset=run.resets[0],
            planned_until=run.state.planned_until,
            is_plan_whole=run.is_plan_whole,
            planned=run.planned,
            present=run.present,
            pace=run.pace_name,
            verdict=run.verdict,
            spare=run.spare() if run.verdict in _SPARING else 0,
            advice=advice[run.seat.seat_id],
        )
        for run in runs
    )


def daily(runway: Runway, pace: str = "planned") -> tuple[RunwayDay, ...]:
    """Return the series that a chart draws, at the ``planned`` or ``present`` pace."""
    return (runway.present if pace == "present" else runway.planned).daily


# --- InMails to come --------------------------------------------------------------


def _share(seat: Seat, day: dt.date) -> float:
    """Return which part of a full day's sends the seat does on `day`."""
    if any(first <= day <= last for first, last in seat.away):
        return 0.0
    return seat.day_shares[day.weekday()]


def _full_days(seat: Seat, first: dt.date, end: dt.date) -> float:
    """Return the sending days of `seat` from `first` to before `end`, in full ones."""
    return sum(
        _share(seat, first + offset * ONE_DAY) for offset in range((end - first).days)
    )


def _steady(seat: Seat, per_day: float, use: float, first: dt.date, end: dt.date) -> Sends:
    """Return `per_day` InMails a full day, each of `use`, from `first` to before `end`.

    Days get whole numbers; what is rounded off a day is made up for on a later one.
    """
    sends: Sends = {}
    due, done = 0.0, 0
    for offset in range((end - first).days):
        day = first + offset * ONE_DAY
        due += per_day * _share(seat, day)
        num = math.floor(due + 0.5) - done
        done += num
        if num and use > 0:
            sends[day] = [use] * num
    return sends


def _under_hold(state: SeatState, as_of: dt.date) -> SeatState:
    """Return the seat as a hold by triage leaves it.

    Nothing goes before the hold ends. A plan that does not know of it is slowed down
    after that, as the next one will be.
    """
    # A pause whose start is not known says nothing of the days behind.
    away = [
        (as_of if first == dt.date.min else first, last) for first, last in state.seat.away
    ]
    planned = sorted(state.planned)
    if (until := state.held_until) is not None:
        away.append((as_of, until - ONE_DAY))
        planned = [(day, use) for day, use in planned if day >= until]
        if not state.is_hold_planned:
            factor = state.pace_factor
            planned = [
                one
                for k, one in enumerate(planned)
                if math.floor((k + 1) * factor + 0.5) > math.floor(k * factor + 0.5)
            ]
    return replace(
        state, seat=replace(state.seat, away=tuple(away)), planned=tuple(planned)
    )


def _planned_sends(state: SeatState, as_of: dt.date, end: dt.date) -> tuple[Sends, Sends]:
    """Return what is planned, and what would follow the plan's end.

    That is the plan's mean per full sending day, each InMail of its mean use.
    """
    sends: Sends = {}
    for day, use in sorted(state.planned):
        if as_of <= day < end:
            sends.setdefault(day, []).append(use)
    if not sends:
        return {}, {}
    last = max(max(sends), state.planned_until or as_of)
    after = min(last + ONE_DAY, end)
    every = [use for day in sorted(sends) for use in sends[day]]
    full_days = _full_days(state.seat, as_of, after) or float(len(sends))
    mean = math.fsum(every) / len(every)
    return sends, _steady(state.seat, len(every) / full_days, mean, after, end)


def _present_sends(state: SeatState, as_of: dt.date, end: dt.date, leak: float) -> Sends:
    """Return the last four weeks' pace: paid InMails, and free ones whose flag leaks.

    A seat that began less than four weeks ago is taken from its first day on, but over a
    week at least: a day or two are no pace. What was sent before a hold counts as far as
    the pace starts again after it.
    """
    start = as_of - PACE_DAYS * ONE_DAY
    days = [count for count in state.days if start <= count.date < as_of]
    inmails = [count for count in days if count.paid_inmails or count.open_inmails]
    if not inmails:
        return {}
    began = min([as_of - ONE_WEEK, *(count.date for count in state.days)])
    full_days = _full_days(state.seat, max(start, began), as_of) or float(len(inmails))
    until, factor = state.held_until or dt.date.min, state.pace_factor
    shares = [factor if count.date < until else 1.0 for count in inmails]
    counted_days = list(zip(inmails, shares, strict=True))
    paid = math.fsum(count.paid_inmails * share for count, share in counted_days)
    free = math.fsum(count.open_inmails * share for count, share in counted_days)
    sends = _steady(state.seat, paid / full_days, state.credit_use, as_of, end)
    for day, leaks in _steady(state.seat, free / full_days, leak, as_of, end).items():
        sends.setdefault(day, []).extend(leaks)
    return sends


# --- one seat ---------------------------------------------------------------------


class _Run:
    """One seat's projections and what follows from them."""

    def __init__(
        self, state: SeatState, as_of: dt.date, alpha: float, parameters: Parameters
    ) -> None:
        if state.balance.at != as_of:
            raise ValueError(f"balance at {state.balance.at}, forecast from {as_of}")
        self.state = state = _under_hold(state, as_of)
        self.seat = state.seat
        self.as_of = as_of
        terms = credit_terms(state.seat, parameters)
        self.resets = list(islice(resets_after(terms.reset_rule, as_of), NUM_RESETS))
        self._projection = Projection(state.balance, terms, self.resets, alpha)
        end = self.resets[-1]
        planned = self._sparing(*_planned_sends(state, as_of, end))
        present = _present_sends(state, as_of, end, parameters.open_flag_leak)
        reserve = state.seat.reserve
        self.planned = self._projection.pace(planned, reserve)
        self.present = self._projection.pace(present, reserve)
        # To send nothing is a plan, too.
        until = state.planned_until or dt.date.min
        is_planned = bool(planned) or until >= as_of
        self.is_plan_whole = until >= self.resets[0] - ONE_DAY
        verdicts = {
            "planned": self._verdict(self.planned, has_say=is_planned),
            "present": self._verdict(self.present, has_say=not is_planned),
        }
        severity = list(Verdict).index
        # The plan where both are equally bad; without a plan, the present pace. A plan of
        # all the days knows more of them than the weeks behind do.
        names = ("planned", "present") if is_planned else ("present", "planned")
        self.pace_name = min(
            names[:1] if self.is_plan_whole else names,
            key=lambda name: severity(verdicts[name]),
        )
        self.verdict = verdicts[self.pace_name]
        self.sends = planned if self.pace_name == "planned" else present
        self.pace = self.planned if self.pace_name == "planned" else self.present

    def _sparing(self, sends: Sends, later: Sends) -> Sends:
        """Return `sends` and, cycle by cycle, what the reserve leaves of `later`.

        The plans to come keep the reserve, as this one does: InMails after its end go on
        only as far as neither the expected balance nor the low bound falls below it.
        """
        start = self.as_of
        for end in self.resets:
            queue = [
                (day, use)
                for day in sorted(later)
                if start <= day < end
                for use in later[day]
            ]
            if queue:
                holds = partial(self._is_spared, sends, queue, end)
                sends = _with(sends, queue[: _greatest(len(queue), holds)])
            start = end
        return sends

    def _is_spared(
        self, sends: Sends, queue: Sequence[tuple[dt.date, float]], end: dt.date, num: int
    ) -> bool:
        """Return whether the reserve is kept to `end` with `num` of the queue sent."""
        longer = _with(sends, queue[:num])
        lowest = self._projection.lowest(longer, end, queue[0][0])
        return lowest >= self.seat.reserve

    def _verdict(self, pace: Pace, *, has_say: bool) -> Verdict:
        """Return how one pace leaves the seat; `has_say` on credits about to be lost."""
        if self.state.balance.expected - self.seat.reserve < 1 - DUST:
            return Verdict.OUT
        if self._runs_out_on(pace):
            return Verdict.RUNS_OUT
        if _is_before(pace.worst_below_reserve_on or pace.worst_zero_on, self.resets[0]):
            return Verdict.TIGHT
        if has_say and pace.forfeited + pace.expired >= 1 - DUST:
            return Verdict.FORFEITS
        return Verdict.OK

    def _runs_out_on(self, pace: Pace) -> dt.date | None:
        """Return the day before the next reset that is expected to be the first short."""
        first = pace.below_reserve_on or pace.zero_on
        return first if _is_before(first, self.resets[0]) else None

    @property
    def unplanned_shortage(self) -> dt.date | None:
        """Day on which the present pace would run out, where the plan says otherwise."""
        if not self.is_plan_whole or self.verdict is Verdict.OUT:
            return None
        return self._runs_out_on(self.present)

    @property
    def coming(self) -> Sends:
        """InMails that may use a credit, before the next reset."""
        return {
            day: [use for use in every if use > 0]
            for day, every in self.sends.items()
            if day < self.resets[0]
        }

    @property
    def is_held(self) -> bool:
        """Whether triage holds the seat on the first day of the forecast."""
        return self.state.held_until is not None and self.state.held_until > self.as_of

    def spare(self, before: dt.date | None = None) -> int:
        """Return credits above the reserve at worst, as far as daily limits let it send.

        That is up to its reset; on days before `before` only, where that is earlier.
        """
        end = min(self.resets[0], before or self.resets[0])
        return max(0, min(self._above_reserve, self._rooms[(end - self.as_of).days]))

    @cached_property
    def _above_reserve(self) -> int:
        """The low bound's smallest distance from the reserve up to the next reset."""
        lowest = self._projection.lowest(self.sends, self.resets[0])
        return lowest - self.seat.reserve

    @cached_property
    def _rooms(self) -> list[int]:
        """InMails that daily limits leave room for in the first 0, 1, 2 ... days."""
        rooms = [0]
        coming = self.coming
        for offset in range((self.resets[0] - self.as_of).days):
            day = self.as_of + offset * ONE_DAY
            most = int(self.seat.max_paid_inmails_per_day * _share(self.seat, day) + 1e-9)
            rooms.append(rooms[-1] + max(0, most - len(coming.get(day, ()))))
        return rooms

    def fewer(self) -> int:
        """Return the most InMails a day that keep the low bound at the reserve.

        Of each day's InMails, those that are likeliest to use a credit are left out.
        """
        most = max((len(every) for every in self.coming.values()), default=0)
        return _greatest(most, self._holds)

    def kept(self, per_day: int) -> int:
        """Return how many InMails remain at `per_day`."""
        return sum(min(len(every), per_day) for every in self.coming.values())

    def _holds(self, per_day: int) -> bool:
        sends = {day: sorted(every)[:per_day] for day, every in self.coming.items()}
        return self._projection.lowest(sends, self.resets[0]) >= self.seat.reserve


def _with(sends: Sends, more: Sequence[tuple[dt.date, float]]) -> Sends:
    """Return `sends` with further InMails."""
    longer = {day: list(every) for day, every in sends.items()}
    for day, use in more:
        longer.setdefault(day, []).append(use)
    return longer


def _greatest(most: int, holds: Callable[[int], bool]) -> int:
    """Return the greatest number up to `most` that holds, as all below it do; or 0."""
    if holds(most):
        return most
    low, high = 0, max(0, most - 1)
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _is_before(day: dt.date | None, reset: dt.date) -> bool:
    return day is not None and day < reset


# --- what to do -------------------------------------------------------------------


class _Helpers:
    """The seats that may carry InMails of others; each credit is offered once.

    A seat that triage holds is none: nobody knows yet how it sends again.
    """

    def __init__(self, runs: Sequence[_Run]) -> None:
        self._runs = {
            run.seat.seat_id: run
            for run in runs
            if run.verdict in _SPARING and not run.is_held
        }
        self._given = dict.fromkeys(self._runs, 0)

    def take(self, num: int, before: dt.date) -> list[tuple[str, int]]:
        """Return who takes how many of `num` InMails on days before `before`.

        What was taken earlier is off: all of it goes before `before`, too, as long as
        those with the earliest reset ask first.
        """
        left = {
            name: run.spare(before) - self._given[name] for name, run in self._runs.items()
        }
        taken = []
        for name in sorted(left, key=lambda name: (-left[name], name)):
            share = min(num, left[name])
            if share > 0:
                taken.append((name, share))
                self._given[name] += share
                num -= share
        return taken


def _advice(run: _Run, helpers: _Helpers) -> str:
    """Return one sentence; InMails to move are taken by `helpers`."""
    what = _step(run, helpers)
    if (on := run.unplanned_shortage) is None:
        return what
    return f"{what}; at the pace of the last weeks it would run out on {on}"


def _step(run: _Run, helpers: _Helpers) -> str:
    """Return what to do, at the pace that decides."""
    reset = run.resets[0].isoformat()
    if run.verdict is Verdict.OUT:
        left_over = round(run.state.balance.expected, 1)
        there = f"{left_over:g} credits, {run.seat.reserve} in reserve"
        return f"pause InMails until the reset on {reset} ({there}){_move(run, 0, helpers)}"
    if run.verdict in (Verdict.RUNS_OUT, Verdict.TIGHT):
        if not run.coming:
            return f"send nothing that may need a credit before the reset on {reset}"
        per_day = run.fewer()
        most = max(len(every) for every in run.coming.values())
        opening = (
            f"send at most {counted(per_day, 'InMail')} a day instead of {most} until "
            f"the reset on {reset}"
            if per_day
            else f"pause InMails until the reset on {reset}"
        )
        return opening + _move(run, per_day, helpers)
    if run.verdict is Verdict.FORFEITS:
        return _spend(run.pace, reset)
    return f"carry on: about {run.pace.before_reset[0]:.0f} left at the reset on {reset}"


def _spend(pace: Pace, reset: str) -> str:
    """Return how many credits to spend, and before which days, so as not to lose them."""
    lapsed = math.fsum(amount for _, amount in pace.lapses)
    late = pace.expired - lapsed
    # What would lapse at the reset makes room under the cap where it is spent before.
    rest = math.floor(max(pace.forfeited, late) + DUST)
    at_reset = (
        f"before the reset on {reset} or lose them: the cap takes "
        f"{round(pace.forfeited, 1):g}, {round(late, 1):g} lapse"
    )
    if lapsed < 1 - DUST:
        return f"spend {max(1, rest)} more {at_reset}"
    # The oldest credits go first, so each is saved by what is spent before its own day.
    early = math.floor(lapsed + DUST)
    days = ", ".join(f"{round(amount, 1):g} lapse on {day}" for day, amount in pace.lapses)
    words = f"spend {early} more before {pace.lapses[0][0]} or lose them: {days}"
    return f"{words}; and {rest} more {at_reset}" if rest else words


def _move(run: _Run, per_day: int, helpers: _Helpers) -> str:
    """Return where the InMails beyond `per_day` may go, as the end of a sentence."""
    excess = sum(len(every) for every in run.coming.values()) - run.kept(per_day)
    taken = helpers.take(excess, run.resets[0])
    if not taken:
        none = "; no other seat has spare credits"
        return none if excess else ""
    moved = sum(share for _, share in taken)
    over = f"; {excess - moved} find no seat" if moved < excess else ""
    names = ", ".join(f"{share} to {name}" for name, share in taken)
    return f", or move {counted(moved, 'InMail')}: {names}{over}"
