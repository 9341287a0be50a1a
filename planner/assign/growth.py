"""One more send on a seat, where all its limits and the exact risk allow it.

Whole-number volumes fix how much of each kind a seat sends. When people of a company
must share a seat, or a lead turns up late, one send more on a seat may be just what is
wanted; this asks every limit of the seat again and books it.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from planner.assign.slots import EPSILON, Slots, seat_systems
from planner.domain import Instance
from planner.model.credits import use_of


class Growth:
    """Whole sends of all seats, and the question whether one more fits.

    Parameters
    ----------
    instance : Instance
        Limits and credit rows.
    slots : Slots
        Sends booked so far.
    """

    def __init__(self, instance: Instance, slots: Slots) -> None:
        self._instance = instance
        self._counts = np.c_[slots.inmails, slots.connections]
        self._systems = seat_systems(instance)
        self._use = use_of(instance.tiers)
        self._periods: dict[int, list[int]] = defaultdict(list)
        for number, period in enumerate(instance.periods):
            self._periods[period.seat].append(number)
        self._credit_rows = defaultdict(list)
        for row in instance.credit_rows:
            self._credit_rows[row.seat].append(row)

    @property
    def slots(self) -> Slots:
        """The sends booked by now."""
        return Slots(inmails=self._counts[:, :-1], connections=self._counts[:, -1])

    def add(self, seat: int, column: int, *, make_room: bool) -> bool:
        """Book one more send of this week if it fits; return whether it did.

        Parameters
        ----------
        column : int
            Tier of the InMail, or -1 for a connection request.
        make_room : bool
            Whether sends of later weeks may be given up for it.
        """
        periods = self._periods[seat]
        width = self._counts.shape[1]
        for place, number in enumerate(periods):
            if self._instance.periods[number].week > 0:
                break
            trial = self._counts[periods].copy()
            trial[place, column] += 1
            flat = trial.reshape(-1)
            # The limits twice: what is given up for the risk lowers velocity after it.
            if (
                self._fit(seat, flat, make_room=make_room)
                and self._is_safe(seat, flat.reshape(-1, width), make_room=make_room)
                and self._fit(seat, flat, make_room=make_room)
            ):
                self._counts[periods] = flat.reshape(-1, width)
                return True
        return False

    def _fit(self, seat: int, flat: np.ndarray, *, make_room: bool) -> bool:
        matrix, limits = self._systems[seat]
        later = self._later(seat)
        while True:
            broken = np.flatnonzero(matrix @ flat > limits + EPSILON)
            if not len(broken):
                return True
            spare = np.flatnonzero((matrix[broken[0]] > 0) & (flat > 0) & later)
            if not make_room or not len(spare):
                return False
            flat[spare[-1]] -= 1

    def _is_safe(self, seat: int, counts: np.ndarray, *, make_room: bool) -> bool:
        """Ask the exact risk of every cycle; `counts` may lose later InMails for it."""
        cycles = np.array([self._instance.periods[p].cycle for p in self._periods[seat]])
        weeks = np.array([self._instance.periods[p].week for p in self._periods[seat]])
        for row in self._credit_rows[seat]:
            own = (cycles >= row.first) & (cycles <= row.last)
            while True:
                mix = counts[own, :-1].sum(axis=0)
                if self._use.exceedance(mix, row.budget) <= row.alpha:
                    break
                later = np.argwhere((counts[:, :-1] > 0) & (own & (weeks > 0))[:, None])
                if not make_room or not len(later):
                    return False
                period, tier = later[-1]
                counts[period, tier] -= 1
        return True

    def _later(self, seat: int) -> np.ndarray:
        weeks = [self._instance.periods[p].week for p in self._periods[seat]]
        return np.repeat(np.array(weeks) > 0, self._counts.shape[1])
