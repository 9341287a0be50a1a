"""Volumes into whole numbers: floor, then fill while every limit has room.

All seat limits are ``sum <= limit``, so the floor of a solution keeps those without
negative terms; velocity, which lets a week grow on the one before, is repaired from the
end. What was cut off is given back one by one, this week first. In the end the exact
probability of needing too many credits is checked for every credit row, and later
InMails are dropped until it holds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from planner.domain import Instance, Kind, Solution
from planner.model import program
from planner.model.credits import use_of
from planner.model.program import Row

EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slots:
    """Whole sends: InMails by period and tier, connection requests by period."""

    inmails: np.ndarray
    connections: np.ndarray


def whole(instance: Instance, solution: Solution) -> Slots:
    """Return whole-number volumes that keep every limit of every seat."""
    num_tiers = len(instance.tiers)
    width = num_tiers + 1
    volumes = np.concatenate([solution.inmails, solution.connections[:, None]], axis=1)
    counts = np.floor(volumes + EPSILON).astype(np.int64)
    room = _room(instance, volumes, counts)
    systems = seat_systems(instance)
    periods_of_seat: dict[int, list[int]] = defaultdict(list)
    for number, period in enumerate(instance.periods):
        periods_of_seat[period.seat].append(number)
    atom_of_seat = {s: a for a, atom in enumerate(instance.atoms) for s in atom.seats}
    for seat, periods in periods_of_seat.items():
        matrix, limits = systems[seat]
        flat = counts[periods].reshape(-1)
        _repair(flat, matrix, limits)
        weeks = np.repeat([instance.periods[p].week for p in periods], width)
        lost = volumes[periods].reshape(-1) - flat
        atom = atom_of_seat.get(seat, -1 - seat)
        for item in np.lexsort((-lost, weeks)):
            key = (atom, int(weeks[item]), int(item % width))
            if lost[item] <= EPSILON or room[key] <= 0:
                continue
            if np.all(matrix @ flat + matrix[:, item] <= limits + EPSILON):
                flat[item] += 1
                room[key] -= 1
        counts[periods] = flat.reshape(len(periods), width)
    inmails = _safe(instance, counts[:, :num_tiers])
    # InMails dropped in one week lower what velocity allows in the weeks after it.
    fewer = np.flatnonzero((inmails != counts[:, :num_tiers]).any(axis=1))
    for seat in sorted({instance.periods[p].seat for p in fewer}):
        periods = periods_of_seat[seat]
        flat = np.c_[inmails[periods], counts[periods, num_tiers]].reshape(-1)
        _repair(flat, *systems[seat])
        inmails[periods] = flat.reshape(len(periods), width)[:, :num_tiers]
    return Slots(inmails=inmails, connections=counts[:, num_tiers])


def _room(
    instance: Instance, volumes: np.ndarray, counts: np.ndarray
) -> dict[tuple[int, int, int], int]:
    """Return how many sends each atom, week and tier may get back after the floor.

    No more than its total, rounded up: there are no leads for more.
    """
    atom_of_seat = {s: a for a, atom in enumerate(instance.atoms) for s in atom.seats}
    total: dict[tuple[int, int, int], float] = defaultdict(float)
    floor: dict[tuple[int, int, int], int] = defaultdict(int)
    for number, period in enumerate(instance.periods):
        atom = atom_of_seat.get(period.seat, -1 - period.seat)
        for tier in range(volumes.shape[1]):
            total[atom, period.week, tier] += volumes[number, tier]
            floor[atom, period.week, tier] += int(counts[number, tier])
    return defaultdict(
        int,
        {key: int(np.ceil(value - EPSILON)) - floor[key] for key, value in total.items()},
    )


def seat_systems(instance: Instance) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return the limits of each seat as ``matrix @ sends <= limits``.

    Sends are the seat's periods in order, each with its InMails by tier and then its
    connection requests.
    """
    width = len(instance.tiers) + 1
    rows = _rows_by_seat(instance, width)
    columns: dict[int, list[int]] = defaultdict(list)
    for number, period in enumerate(instance.periods):
        columns[period.seat] += range(number * width, (number + 1) * width)
    return {seat: _matrix(rows[seat], own) for seat, own in columns.items()}


def _rows_by_seat(instance: Instance, width: int) -> dict[int, list[Row]]:
    """Return the seat rows of the program, their terms keyed by period and tier."""
    numbered = program.numbered_columns(instance)
    rows: dict[int, list[Row]] = defaultdict(list)
    for constraint in program.CAPACITY_CONSTRAINTS:
        for row in constraint(instance, numbered):
            if row.terms:
                first = next(iter(row.terms))
                rows[instance.periods[first // width].seat].append(row)
    return rows


def _matrix(rows: list[Row], columns: list[int]) -> tuple[np.ndarray, np.ndarray]:
    place = {column: index for index, column in enumerate(columns)}
    matrix = np.zeros((len(rows), len(columns)))
    for index, row in enumerate(rows):
        for column, coefficient in row.terms.items():
            matrix[index, place[column]] = coefficient
    return matrix, np.array([row.limit for row in rows])


def _repair(flat: np.ndarray, matrix: np.ndarray, limits: np.ndarray) -> None:
    """Take sends away, the latest first, until every row holds."""
    while True:
        broken = np.flatnonzero(matrix @ flat > limits + EPSILON)
        if not len(broken):
            return
        candidates = np.flatnonzero((matrix[broken[0]] > 0) & (flat > 0))
        if not len(candidates):
            # Only a limit below zero gets here: nothing can be sent in its terms.
            return
        flat[candidates[-1]] -= 1


def _safe(instance: Instance, inmails: np.ndarray) -> np.ndarray:
    """Drop the latest InMails of any seat whose exact risk is above its alpha."""
    inmails = inmails.copy()
    use = use_of(instance.tiers)
    uncertain = [t for t in range(len(instance.tiers)) if t >= Kind.UNKNOWN]
    drop_order = [*uncertain, int(Kind.CLOSED), int(Kind.OPEN)]
    periods_of: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, period in enumerate(instance.periods):
        periods_of[period.seat, period.cycle].append(number)
    for row in instance.credit_rows:
        cycles = range(row.first, row.last + 1)
        own = [number for cycle in cycles for number in periods_of[row.seat, cycle]]
        while use.exceedance(inmails[own].sum(axis=0), row.budget) > row.alpha:
            number, tier = next(
                (n, t) for n in reversed(own) for t in drop_order if inmails[n, t] > 0
            )
            inmails[number, tier] -= 1
    return inmails
