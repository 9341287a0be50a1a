"""From an atom of seats to one seat: companies whole first, then everyone else evenly.

People of one company are contacted from one seat. A company whose people were picked
for several seats goes to the seat of its best lead; those whom that seat cannot take
this week are held. Everyone else is dealt out so that no seat gets all the best leads.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from planner.assign.growth import Growth
from planner.assign.pick import Picked
from planner.assign.slots import Slots
from planner.domain import Instance

#: Column of connection requests in the table of open slots, after the tiers.
REQUEST = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadCodes:
    """What placing needs to know of each lead, as arrays over all leads.

    ``kind`` is the tier, ``pool`` the pool of seats, ``value`` orders leads, and
    ``company`` is a code per company (-1: none).
    """

    kind: np.ndarray
    pool: np.ndarray
    value: np.ndarray
    company: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """The seat of each lead this week (-1: none), its route, lost company conflicts.

    ``slots`` are the sends booked, with what placing added.
    """

    seat: np.ndarray
    by_inmail: np.ndarray
    company_conflict: np.ndarray
    slots: Slots


@dataclass(slots=True, kw_only=True)
class Companies:
    """Who is contacted where this week, by company code.

    Parameters
    ----------
    seat : dict of int to int
        Seat that a company belongs to this week: a message goes from there, or a lead
        was placed there.
    count : Counter
        People who count against the week's limit already.
    most : int
        People of a company per week.
    one_seat : bool
        Whether a company is contacted from one seat only.
    """

    seat: dict[int, int]
    most: int
    one_seat: bool
    count: Counter[int] = field(default_factory=Counter)

    def add(self, company: int, seat: int) -> None:
        """Count one more person of a company."""
        if company >= 0:
            self.seat.setdefault(company, seat)
            self.count[company] += 1

    def allows(self, company: int, seat: int) -> bool:
        """Return whether a seat may contact one more person of a company."""
        if company < 0:
            return True
        if self.one_seat and self.seat.get(company, seat) != seat:
            return False
        return self.count[company] < self.most


def place(
    instance: Instance,
    slots: Slots,
    picked: Picked,
    codes: LeadCodes,
    companies: Companies,
    eligible: np.ndarray,
) -> Placed:
    """Return the seat of every lead that goes this week.

    Parameters
    ----------
    companies : Companies
        What messages and recent touches have taken; placing adds to it.
    eligible : numpy.ndarray
        Leads that may be sent to at all; open slots may be given to them.
    """
    board = _Board(
        growth=Growth(instance, slots),
        room=_room(instance, slots),
        seat=np.full(len(picked.atom), -1, dtype=np.int64),
        column=np.where(picked.by_inmail, codes.kind, REQUEST),
    )
    conflict = np.zeros(len(picked.atom), dtype=bool)
    chosen = np.flatnonzero(picked.atom >= 0)
    chosen = chosen[np.lexsort((chosen, -np.round(codes.value[chosen], 12)))]
    bound = np.zeros(len(picked.atom), dtype=bool)
    if companies.one_seat:
        for members in _companies(chosen, codes.company, companies.seat):
            wanted = companies.seat.get(int(codes.company[members[0]]))
            candidates = (
                instance.atoms[int(picked.atom[members[0]])].seats
                if wanted is None
                else (wanted,)
            )
            _place_company(instance, board, candidates, members, codes.pool)
            bound[members] = True
            conflict[members] = board.seat[members] < 0
    _deal(instance, board, chosen[~bound[chosen]], picked.atom)
    waiting = np.flatnonzero((board.seat < 0) & ~conflict & eligible)
    waiting = waiting[np.lexsort((waiting, -np.round(codes.value[waiting], 12)))]
    for lead in np.flatnonzero(board.seat >= 0):
        companies.add(int(codes.company[lead]), int(board.seat[lead]))
    _top_up(instance, board, codes, waiting, companies, picked.planned & picked.by_inmail)
    return Placed(
        seat=board.seat,
        by_inmail=board.column != REQUEST,
        company_conflict=conflict & (board.seat < 0),
        slots=board.growth.slots,
    )


@dataclass(slots=True, kw_only=True, eq=False)
class _Board:
    """The state of placing: open slots, and each lead's seat and column so far."""

    growth: Growth
    room: np.ndarray
    seat: np.ndarray
    column: np.ndarray

    def put(self, lead: int, seat: int) -> None:
        """Give a lead one of a seat's slots of its column."""
        self.seat[lead] = seat
        self.room[seat, self.column[lead]] -= 1

    def grow(self, seat: int, column: int, *, make_room: bool) -> bool:
        """Open one more slot of a seat if its limits allow; return whether they do."""
        if not self.growth.add(seat, column, make_room=make_room):
            return False
        self.room[seat, column] += 1
        return True


def _room(instance: Instance, slots: Slots) -> np.ndarray:
    """Return this week's open slots, shape ``(num_seats, num_tiers + 1)``."""
    room = np.zeros((instance.num_seats, len(instance.tiers) + 1), dtype=np.int64)
    for number, period in enumerate(instance.periods):
        if period.week == 0:
            room[period.seat, :-1] += slots.inmails[number]
            room[period.seat, REQUEST] += slots.connections[number]
    return room


def _companies(
    chosen: np.ndarray, company: np.ndarray, company_seat: dict[int, int]
) -> list[list[int]]:
    """Return the leads of each company with several, or with a seat already."""
    members: dict[int, list[int]] = defaultdict(list)
    codes = company[chosen]
    counts = np.bincount(codes[codes >= 0]) if (codes >= 0).any() else np.zeros(0)
    several = (codes >= 0) & (np.r_[counts, 0][codes] > 1)
    owned = np.isin(codes, list(company_seat))
    for lead in chosen[several | owned]:
        members[int(company[lead])].append(int(lead))
    return list(members.values())


def _place_company(
    instance: Instance,
    board: _Board,
    candidates: Sequence[int],
    members: Sequence[int],
    pool: np.ndarray,
) -> None:
    """Put as many members as possible, best first, onto one of the candidate seats."""
    atom_of_seat = {s: a for a, item in enumerate(instance.atoms) for s in item.seats}

    def allowed(lead: int, seat: int) -> bool:
        return atom_of_seat.get(seat, -1) in instance.pools[int(pool[lead])].atoms

    def fit(seat: int) -> tuple[int, float, int]:
        left = board.room[seat].copy()
        placed = 0
        for lead in members:
            if allowed(lead, seat) and left[board.column[lead]] > 0:
                left[board.column[lead]] -= 1
                placed += 1
        return placed, float(board.room[seat].sum()), -seat

    best = max(candidates, key=fit)
    for lead in members:
        if not allowed(lead, best):
            continue
        column = int(board.column[lead])
        if board.room[best, column] > 0 or board.grow(best, column, make_room=True):
            board.put(lead, best)


def _top_up(
    instance: Instance,
    board: _Board,
    codes: LeadCodes,
    waiting: np.ndarray,
    companies: Companies,
    later_inmail: np.ndarray,
) -> None:
    """Give what the week still has room for to the best leads that wait.

    Slots may be left open by company conflicts, and seats may be idle because places of
    a company went to people who are not contacted after all. No connection request goes
    to a lead that is planned for an InMail later: that is worth more.
    """
    by_tier = _by_pool_and_tier(codes, waiting, codes.kind[waiting])
    patient = np.flatnonzero(~later_inmail[waiting])
    by_request = _by_pool_and_tier(codes, waiting, np.full(len(waiting), REQUEST), patient)
    for a, item in enumerate(instance.atoms):
        pools = [p for p, pool in enumerate(instance.pools) if a in pool.atoms]
        for tier in (*range(len(instance.tiers)), REQUEST):
            places = by_request if tier == REQUEST else by_tier
            alive = list(item.seats)
            # Best first over all pools of the atom, no further than seats have room.
            for place_in_line in heapq.merge(*(places.get((p, tier), ()) for p in pools)):
                if not alive:
                    break
                lead = int(waiting[place_in_line])
                if board.seat[lead] >= 0:
                    continue
                company = int(codes.company[lead])
                seat = _seat_with_room(board, alive, tier, company, companies)
                if seat is not None:
                    board.column[lead] = tier
                    board.put(lead, seat)
                    companies.add(company, seat)


def _by_pool_and_tier(
    codes: LeadCodes,
    waiting: np.ndarray,
    tier: np.ndarray,
    among: np.ndarray | None = None,
) -> dict[tuple[int, int], np.ndarray]:
    """Return places in the line of waiting leads by pool and tier, best first."""
    line = np.arange(len(waiting)) if among is None else among
    if not len(line):
        return {}
    pool, own = codes.pool[waiting[line]], tier[line]
    line = line[np.lexsort((line, own, pool))]
    pool, own = codes.pool[waiting[line]], tier[line]
    cuts = np.flatnonzero(np.diff(pool) | np.diff(own)) + 1
    return {
        (int(codes.pool[waiting[part[0]]]), int(tier[part[0]])): part
        for part in np.split(line, cuts)
    }


def _seat_with_room(
    board: _Board, alive: list[int], column: int, company: int, companies: Companies
) -> int | None:
    """Return a seat that may send to a company, one with an open slot first.

    Seats that can open no slot either are taken out of `alive`.
    """
    for seat in sorted(alive, key=lambda s: (-int(board.room[s, column]), s)):
        if not companies.allows(company, seat):
            continue
        if board.room[seat, column] > 0 or board.grow(seat, column, make_room=False):
            return seat
        alive.remove(seat)
    return None


def _deal(instance: Instance, board: _Board, leads: np.ndarray, atom: np.ndarray) -> None:
    """Deal leads to the seats of their atom, interleaved in proportion to open slots."""
    for a, item in enumerate(instance.atoms):
        seats = np.array(item.seats)
        for tier in (*range(len(instance.tiers)), REQUEST):
            own = leads[(atom[leads] == a) & (board.column[leads] == tier)]
            open_slots = board.room[seats, tier]
            if not len(own) or not open_slots.sum():
                continue
            owner = np.repeat(seats, open_slots)
            position = np.concatenate(
                [(np.arange(count) + 0.5) / count for count in open_slots if count]
            )
            order = np.lexsort((owner, position))
            dealt = owner[order][: len(own)]
            board.seat[own[: len(dealt)]] = dealt
            np.subtract.at(board.room[:, tier], dealt, 1)
