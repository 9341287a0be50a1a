"""From an atom of seats to one seat: companies whole first, then everyone else evenly.

People of one company are contacted from one seat. A company whose people were picked
for several seats goes to the seat of its best lead; those whom that seat cannot take
this week are held. Everyone else is dealt out so that no seat gets all the best leads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    """The seat of each lead this week (-1: none), its route, lost company conflicts."""

    seat: np.ndarray
    by_inmail: np.ndarray
    company_conflict: np.ndarray


def place(
    instance: Instance,
    slots: Slots,
    picked: Picked,
    codes: LeadCodes,
    *,
    company_seat: dict[int, int],
    one_seat_per_company: bool,
    eligible: np.ndarray,
) -> Placed:
    """Return the seat of every lead that goes this week.

    Parameters
    ----------
    eligible : numpy.ndarray
        Leads that may go this week at all; open slots may be given to them.
    company_seat : dict of int to int
        Companies that belong to a seat already (a message goes from there this week).
    """
    room = _room(instance, slots)
    seat = np.full(len(picked.atom), -1, dtype=np.int64)
    conflict = np.zeros(len(picked.atom), dtype=bool)
    column = np.where(picked.by_inmail, codes.kind, REQUEST)
    chosen = np.flatnonzero(picked.atom >= 0)
    chosen = chosen[np.lexsort((chosen, -np.round(codes.value[chosen], 12)))]
    bound = np.zeros(len(picked.atom), dtype=bool)
    if one_seat_per_company:
        for members in _companies(chosen, codes.company, company_seat):
            wanted = company_seat.get(int(codes.company[members[0]]))
            candidates = (
                instance.atoms[int(picked.atom[members[0]])].seats
                if wanted is None
                else (wanted,)
            )
            own = _place_company(
                instance, room, candidates, members, pool=codes.pool, column=column
            )
            bound[members] = True
            for lead, where in zip(members, own, strict=True):
                seat[lead] = where
                conflict[lead] = where < 0
    free = chosen[~bound[chosen]]
    _deal(instance, room, free, picked.atom, column, seat)
    waiting = np.flatnonzero((seat < 0) & ~conflict & eligible)
    waiting = waiting[np.lexsort((waiting, -np.round(codes.value[waiting], 12)))]
    _top_up(instance, room, seat, column, codes, waiting=waiting, company_seat=company_seat)
    return Placed(seat=seat, by_inmail=column != REQUEST, company_conflict=conflict)


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
    room: np.ndarray,
    candidates: Sequence[int],
    members: Sequence[int],
    *,
    pool: np.ndarray,
    column: np.ndarray,
) -> list[int]:
    """Return the seat of each member, best first; -1 where the seat has no slot."""
    atom_of_seat = {s: a for a, item in enumerate(instance.atoms) for s in item.seats}

    def allowed(lead: int, seat: int) -> bool:
        return atom_of_seat.get(seat, -1) in instance.pools[int(pool[lead])].atoms

    def fit(seat: int) -> tuple[int, float, int]:
        left = room[seat].copy()
        placed = 0
        for lead in members:
            if allowed(lead, seat) and left[column[lead]] > 0:
                left[column[lead]] -= 1
                placed += 1
        return placed, float(room[seat].sum()), -seat

    best = max(candidates, key=fit)
    seats = []
    for lead in members:
        if not allowed(lead, best):
            seats.append(-1)
            continue
        # A lead picked for an InMail that its company's seat cannot send may still get
        # that seat's connection request.
        if room[best, column[lead]] <= 0:
            column[lead] = REQUEST
        if room[best, column[lead]] > 0:
            room[best, column[lead]] -= 1
            seats.append(best)
        else:
            seats.append(-1)
    return seats


def _top_up(
    instance: Instance,
    room: np.ndarray,
    seat: np.ndarray,
    column: np.ndarray,
    codes: LeadCodes,
    *,
    waiting: np.ndarray,
    company_seat: dict[int, int],
) -> None:
    """Give slots that company conflicts left open to the best leads still waiting.

    Only leads whose company nobody contacts this week, so that no conflict comes back.
    """
    busy = set(codes.company[seat >= 0].tolist()) | set(company_seat)
    for a, item in enumerate(instance.atoms):
        pools = [p for p, pool in enumerate(instance.pools) if a in pool.atoms]
        of_atom = waiting[np.isin(codes.pool[waiting], pools)]
        for tier in (*range(len(instance.tiers)), REQUEST):
            open_seats = [s for s in item.seats for _ in range(int(room[s, tier]))]
            if not open_seats:
                continue
            own = of_atom if tier == REQUEST else of_atom[codes.kind[of_atom] == tier]
            for lead in own[seat[own] < 0]:
                if not open_seats:
                    break
                company = int(codes.company[lead])
                if company >= 0 and company in busy:
                    continue
                seat[lead] = open_seats.pop(0)
                column[lead] = tier
                room[seat[lead], tier] -= 1
                busy.add(company)


def _deal(
    instance: Instance,
    room: np.ndarray,
    leads: np.ndarray,
    atom: np.ndarray,
    column: np.ndarray,
    seat: np.ndarray,
) -> None:
    """Deal leads to the seats of their atom, interleaved in proportion to open slots."""
    for a, item in enumerate(instance.atoms):
        seats = np.array(item.seats)
        for tier in (*range(len(instance.tiers)), REQUEST):
            own = leads[(atom[leads] == a) & (column[leads] == tier)]
            open_slots = room[seats, tier]
            if not len(own) or not open_slots.sum():
                continue
            owner = np.repeat(seats, open_slots)
            position = np.concatenate(
                [(np.arange(count) + 0.5) / count for count in open_slots if count]
            )
            order = np.lexsort((owner, position))
            dealt = owner[order][: len(own)]
            seat[own[: len(dealt)]] = dealt
            np.subtract.at(room[:, tier], dealt, 1)
