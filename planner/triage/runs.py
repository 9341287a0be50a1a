"""Runs of failures on one seat, and what stands around each failure.

A run is a maximal series of failures of a seat with no proof of a credit between them:
no grant, no balance of one or more that somebody saw, no paid InMail that went out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.params import Parameters
from planner.triage.records import Balance
from planner.triage.timeline import PAID, Event, Mark, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Consecutive failures of a seat.

    ``positions`` are their places in the timeline. ``ended_by`` is the first proof of a
    credit after them (None while there is none), ``resumed_by`` the first InMail, free
    or paid, that surely went out after them. ``is_seen_empty`` says whether somebody
    read a balance of zero from the first of them on, before that proof.
    """

    positions: tuple[int, ...]
    since: str
    last: str
    ended_by: Event | None
    resumed_by: Event | None
    is_seen_empty: bool
    num_sent_inside: int
    num_planned_inside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around one failure on its seat.

    ``number`` is its place in its run, from 1. ``paid_after`` and ``free_after`` are
    InMails that went out after it, before the next grant.
    """

    run: Run
    number: int
    before: Balance | None
    seen_after: Balance | None
    paid_after: int
    free_after: int
    growth: float


def is_proof(event: Event, parameters: Parameters) -> bool:
    """Return whether an event shows that the seat had a credit."""
    if event.mark is Mark.SENT:
        return event.is_certain and event.credit >= parameters.credit_proof
    if event.mark is Mark.SEEN:
        return event.balance is not None and event.balance.expected >= 1
    return event.mark is Mark.RESET


def runs(line: Timeline, parameters: Parameters) -> tuple[Run, ...]:
    """Return the runs of failures of a seat, oldest first."""
    found: list[Run] = []
    inside: list[int] = []
    for position, event in enumerate(line.events):
        if event.mark is Mark.FAILED:
            inside.append(position)
        elif inside and is_proof(event, parameters):
            found.append(_run(line.events, inside, position))
            inside = []
    if inside:
        found.append(_run(line.events, inside, len(line.events)))
    return tuple(found)


def _run(events: Sequence[Event], inside: Sequence[int], end: int) -> Run:
    between = [one for one in events[inside[0] : inside[-1]] if one.mark is Mark.SENT]
    after = (
        one for one in events[inside[-1] :] if one.mark is Mark.SENT and one.is_certain
    )
    return Run(
        positions=tuple(inside),
        since=events[inside[0]].at,
        last=events[inside[-1]].at,
        ended_by=events[end] if end < len(events) else None,
        resumed_by=next(after, None),
        is_seen_empty=any(event.mark is Mark.SEEN for event in events[inside[0] : end]),
        num_sent_inside=sum(one.num for one in between if one.is_certain),
        num_planned_inside=sum(one.num for one in between if not one.is_certain),
    )


def surroundings(line: Timeline, of_seat: Sequence[Run]) -> dict[int, Surroundings]:
    """Return what stands around each failure, by its row."""
    before = list(_before(line.events))
    after = list(_after(line.events))
    found = {}
    for run in of_seat:
        for number, position in enumerate(run.positions, start=1):
            seen, paid, free = after[position]
            found[line.events[position].index] = Surroundings(
                run=run,
                number=number,
                before=before[position],
                seen_after=seen,
                paid_after=paid,
                free_after=free,
                growth=line.priors[position].growth,
            )
    return found


def _before(events: Sequence[Event]) -> Iterator[Balance | None]:
    """Yield the last balance up to each event; a grant makes the older ones void."""
    last = None
    for event in events:
        if event.mark is Mark.RESET:
            last = None
        last = event.balance or last
        yield last


def _after(events: Sequence[Event]) -> Iterator[tuple[Balance | None, int, int]]:
    """Yield what follows each event up to the next grant: balance seen, paid, free."""
    found: list[tuple[Balance | None, int, int]] = []
    seen, paid, free = None, 0, 0
    for event in reversed(events):
        found.append((seen, paid, free))
        if event.mark is Mark.RESET:
            seen, paid, free = None, 0, 0
        elif event.mark is Mark.SEEN:
            seen = event.balance
        elif event.mark is Mark.SENT and event.is_certain:
            is_paid = event.credit >= PAID
            paid, free = paid + event.num * is_paid, free + event.num * (not is_paid)
    yield from reversed(found)
