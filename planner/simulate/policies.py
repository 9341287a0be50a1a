"""Other ways to send to the same list from the same seats, within the same limits.

Each policy fills this week and, up to every seat's next reset, the weeks after it with
leads of the list. All keep to daily limits, velocity, the cap on free InMails, rolling
and pending requests and the company throttle: at most so many people of a company in a
week (a calendar week, where the plan looks at any seven days), from one seat. Messages to
connections are the plan's under all of them. Leads whom the list says to refuse InMails
get none. What the policies differ in is who gets what, and whether credits are looked at.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from planner.assign.place import Companies
from planner.domain import Route
from planner.errors import InputError, did_you_mean
from planner.simulate.deck import Deck
from planner.simulate.room import Channel, Room, Weeks
from planner.simulate.sends import Send

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: A week's sends of each seat by route, by seat id.
Volumes: TypeAlias = Mapping[str, Mapping[str, int]]


class Policy(StrEnum):
    """Ways to send, the plan first."""

    PLAN = "plan"
    EVEN_SPLIT = "even_split"
    EVEN_SPLIT_FREE = "even_split_free"
    GREEDY = "greedy"
    LAST_WEEK = "last_week"
    CLAIRVOYANT = "clairvoyant"


#: What each policy does, in words.
POLICY_WORDS: Mapping[Policy, str] = {
    Policy.PLAN: "the plan as written",
    Policy.EVEN_SPLIT: "GetSales' even split, InMails first, blind to credits",
    Policy.EVEN_SPLIT_FREE: "even split, InMails to known open profiles only",
    Policy.GREEDY: "by value, best channel, least-loaded seat with expected credits",
    Policy.LAST_WEEK: "last week's volumes, filled with this list by value",
    Policy.CLAIRVOYANT: "all flags and answers known in advance: a bound",
}


def policy(name: str) -> Policy:
    """Return the policy of this name.

    Raises
    ------
    InputError
        If there is none; the nearest one is named.
    """
    names = [str(item) for item in Policy]
    wanted = name.strip().casefold().replace("-", "_").replace(" ", "_")
    if wanted in names:
        return Policy(wanted)
    hint = did_you_mean(wanted, names, likeness=0.4)
    raise InputError(
        f"there is no policy {name[:60]!r}{hint} (there are: {', '.join(names)})"
    )


def even_split(cards: Deck, *, free_only: bool) -> list[Send]:
    """Deal the list out evenly; each seat sends in order, InMails first, then requests.

    Parameters
    ----------
    free_only : bool
        Whether only known open profiles get an InMail; else anybody does, blind to
        credits, which is what GetSales does with a list and several senders.
    """
    queues = _dealt(cards)
    may_inmail = cards.takes_inmail & (cards.is_free | (not free_only))

    def fill(week: _Week) -> None:
        for seat, queue in enumerate(queues):
            room = week.rooms[seat]
            waiting = queues[seat] = queue[~week.is_sent[queue]]
            channels = {Channel.FREE, Channel.PAID}
            for lead in waiting[may_inmail[waiting]].tolist():
                channel = cards.inmail_channel(lead)
                if channel not in channels:
                    continue
                if not week.send(lead, channel, room) and not room.has_room(channel):
                    channels.discard(channel)
                    if not channels:
                        break
            for lead in waiting.tolist():
                if room.requests < 1:
                    break
                week.send(lead, Channel.REQUEST, room)

    return _run(cards, fill)


def _dealt(cards: Deck) -> list[Ints]:
    """Return each seat's leads: every lead goes to the sender with the fewest so far.

    People of a company follow the first of them. Seats that send nothing get nothing.
    """
    problem = cards.problem
    active = np.array([bool(item.periods) for item in problem.calendars])
    pools = [seats[active[seats]].tolist() for seats in cards.seats]
    members = [frozenset(pool) for pool in pools]
    fewest = _Fewest(pools, len(problem.seats))
    queues: list[list[int]] = [[] for _ in problem.seats]
    owner = dict(cards.company_seat)
    follows = problem.parameters.one_seat_per_company
    company = problem.classing.lead_company[cards.in_list].tolist()
    pool_of = problem.classing.lead_pool[cards.in_list].tolist()
    for lead, firm, pool in zip(cards.in_list.tolist(), company, pool_of, strict=True):
        if not pools[pool]:
            continue
        wanted = owner.get(firm) if follows else None
        seat = fewest.of(pool) if wanted is None else wanted
        if seat not in members[pool]:
            continue
        if firm >= 0:
            owner.setdefault(firm, seat)
        fewest.add(seat)
        queues[seat].append(lead)
    return [np.array(queue, dtype=np.int64) for queue in queues]


class _Fewest:
    """The seat of each pool with the fewest leads so far, the first among equals."""

    def __init__(self, pools: Sequence[Sequence[int]], num_seats: int) -> None:
        self._counts = [0] * num_seats
        # Counts only grow, so an entry that is behind is mended when it comes to the top.
        self._heaps = [[(0, seat) for seat in sorted(pool)] for pool in pools]

    def of(self, pool: int) -> int:
        """Return that seat of a pool."""
        heap = self._heaps[pool]
        while (count := self._counts[heap[0][1]]) != heap[0][0]:
            heapq.heapreplace(heap, (count, heap[0][1]))
        return heap[0][1]

    def add(self, seat: int) -> None:
        """Count one more lead of a seat."""
        self._counts[seat] += 1


def greedy(cards: Deck) -> list[Send]:
    """Give each lead, best first, its best channel from the least-loaded seat.

    An InMail goes out only from seats with expected credits left above the reserve.
    """
    left = np.array([float(seat.credits - seat.reserve) for seat in cards.problem.seats])
    return _run(cards, lambda week: _by_value(week, left))


def last_week(cards: Deck, volumes: Volumes) -> list[Send]:
    """Repeat last week's volumes by seat and route, filled by value, week after week."""

    def fill(week: _Week) -> None:
        for room, seat in zip(week.rooms, cards.problem.seats, strict=True):
            own = volumes.get(seat.seat_id, {})
            num_paid = own.get(str(Route.PAID_INMAIL), 0)
            room.free = min(room.free, own.get(str(Route.OPEN_INMAIL), 0))
            room.requests = min(room.requests, own.get(str(Route.CONNECTION_REQUEST), 0))
            for period in room.periods:
                paid = min(period.left[Channel.PAID], num_paid)
                period.left[Channel.PAID] = paid
                num_paid -= paid
        _by_value(week, np.full(len(week.rooms), np.inf))

    return _run(cards, fill)


# --- weeks --------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True, eq=False)
class _Week:
    """One week being filled: who has been sent to so far, and each seat's room."""

    cards: Deck
    rooms: list[Room]
    companies: Companies
    is_sent: NDArray[np.bool_]

    def send(self, lead: int, channel: Channel, room: Room, cycle: int = 0) -> bool:
        """Send if the lead waits, its company allows it and there is room."""
        company = int(self.cards.problem.classing.lead_company[lead])
        if self.is_sent[lead] or not self.companies.allows(company, room.seat):
            return False
        if not room.add(lead, channel, cycle):
            return False
        self.is_sent[lead] = True
        self.companies.add(company, room.seat)
        return True


def _run(cards: Deck, fill: Callable[[_Week], None]) -> list[Send]:
    """Fill one week after the other and return all sends."""
    problem = cards.problem
    weeks = Weeks(problem)
    is_sent = np.zeros(len(problem.leads), dtype=np.bool_)
    owner, touches = dict(cards.company_seat), Counter(cards.touches)
    sends: list[Send] = []
    for number in range(weeks.num_weeks):
        week = _Week(
            cards=cards,
            rooms=weeks.begin(number),
            companies=Companies(
                seat=owner,
                count=touches,
                most=problem.parameters.max_new_leads_per_company,
                one_seat=problem.parameters.one_seat_per_company,
            ),
            is_sent=is_sent,
        )
        fill(week)
        sends += weeks.end(number, week.rooms)
        touches = Counter()
    return sends


def _by_value(week: _Week, left: Floats) -> None:
    """Go through the leads, best first: best channel, else the other one.

    Parameters
    ----------
    left : numpy.ndarray
        Expected credits that each seat may still use; lowered by what is sent. What a
        reset inside the week grants is there from that day on.
    """
    cards = week.cards
    load = np.zeros(len(week.rooms))
    grant = np.array([float(seat.monthly_grant) for seat in cards.problem.seats])
    last = np.array(
        [max((p.period.cycle for p in room.periods), default=0) for room in week.rooms]
    )
    # Seats found to have no room on a channel are not asked again.
    has_room = {channel: np.ones(len(week.rooms), dtype=np.bool_) for channel in Channel}
    for lead in cards.by_value[~week.is_sent[cards.by_value]].tolist():
        for channel in cards.channels(lead):
            seats = cards.seats[cards.problem.classing.lead_pool[lead]]
            seats = seats[has_room[channel][seats]]
            use, cycle = 0.0, np.zeros(len(left))
            if channel is not Channel.REQUEST:
                use = float(cards.use[lead])
                cycle = _first_cycles(left, grant, use)
            seats = seats[cycle[seats] <= last[seats]]
            if not len(seats):
                continue
            order = np.argsort(load[seats], kind="stable")
            seat = _placed(week, lead, channel, (seats[order], cycle), has_room)
            if seat is not None:
                load[seat] += 1.0 / max(1, week.rooms[seat].capacity)
                left[seat] -= use
                break


def _first_cycles(left: Floats, grant: Floats, use: float) -> Floats:
    """Return the first cycle in which each seat expects to have so many credits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        resets = np.ceil((use - left) / grant)
    return np.where(left >= use, 0.0, resets)


def _placed(
    week: _Week,
    lead: int,
    channel: Channel,
    seats_from: tuple[Ints, Floats],
    has_room: Mapping[Channel, NDArray[np.bool_]],
) -> int | None:
    """Send from the first of the seats that can; return it, or None if none can.

    An InMail goes out in the cycle from which on its seat has the credits, or later.
    """
    seats, cycle = seats_from
    for seat in seats.tolist():
        room = week.rooms[seat]
        if not room.has_room(channel):
            has_room[channel][seat] = False
        elif week.send(lead, channel, room, int(cycle[seat])):
            return int(seat)
    return None
