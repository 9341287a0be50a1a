"""Which leads go this week, by which atom of seats, on which route.

The program says how many leads of each class are worth sending over the horizon; the
slots say how many each atom sends this week. Classes fill the slots best first, and
within a class the best leads come first, those of one company side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from planner.assign.slots import Slots
from planner.domain import Instance, Solution
from planner.model import program
from planner.model.classes import Classing, LeadValues

EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picked:
    """What each lead is to do over the horizon.

    Parameters
    ----------
    atom : numpy.ndarray
        Atom that sends this week; -1 for leads that do not go this week.
    by_inmail : numpy.ndarray
        Whether the lead's route is an InMail (else a connection request); meaningful
        where `atom` is set or `planned` is true.
    planned : numpy.ndarray
        Whether the program sends the lead within the horizon, this week or later.
    """

    atom: np.ndarray
    by_inmail: np.ndarray
    planned: np.ndarray


def pick(
    instance: Instance,
    solution: Solution,
    slots: Slots,
    classing: Classing,
    values: LeadValues,
    company: np.ndarray,
) -> Picked:
    """Return the atom and route of every lead that goes this week.

    Parameters
    ----------
    company : numpy.ndarray
        Company code of each lead; leads of one company are kept together within equal
        value, so that few companies are cut when seats are chosen.
    """
    inmail_slots, request_slots = _atom_slots(instance, slots)
    inmails = _fill(
        _Choice(
            quota=solution.class_inmails,
            flows=_flows_by_atom(solution.flows),
            by_tier=True,
        ),
        instance,
        inmail_slots,
        spare=_spare(instance, solution.class_inmails, solution.class_connections),
    )
    taken = inmails.sum(axis=1) if instance.classes else np.zeros(0)
    requests = _fill(
        _Choice(
            quota=solution.class_connections,
            flows=_flows_by_atom(
                {(h, 0, e, a): v for (h, e, a), v in solution.connection_flows.items()}
            ),
            by_tier=False,
        ),
        instance,
        request_slots,
        spare=_spare(
            instance,
            solution.class_connections,
            np.maximum(solution.class_inmails, taken[:, None] * _first_level(instance)),
        ),
    )
    return _to_leads(instance, solution, classing, values, company, inmails, requests)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Choice:
    """What one route wants: quota by class and level, flows by (atom, tier)."""

    quota: np.ndarray
    flows: dict[tuple[int, int], dict[int, float]]
    by_tier: bool


def _first_level(instance: Instance) -> np.ndarray:
    levels = max(1, len(program.levels(instance)))
    return np.asarray(np.eye(1, levels)[0])


def _atom_slots(
    instance: Instance, slots: Slots
) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """Return this week's sends of each atom: InMails by tier, requests under tier 0."""
    atom_of_seat = {s: a for a, atom in enumerate(instance.atoms) for s in atom.seats}
    inmails: dict[tuple[int, int], int] = defaultdict(int)
    requests: dict[tuple[int, int], int] = defaultdict(int)
    for number, period in enumerate(instance.periods):
        atom = atom_of_seat.get(period.seat)
        if period.week or atom is None:
            continue
        for tier in range(len(instance.tiers)):
            inmails[atom, tier] += int(slots.inmails[number, tier])
        requests[atom, 0] += int(slots.connections[number])
    return inmails, requests


def _flows_by_atom(
    flows: Mapping[tuple[int, int, int, int], float],
) -> dict[tuple[int, int], dict[int, float]]:
    """Return, by (atom, tier), how much of each pool's first-week supply goes there."""
    by_atom: dict[tuple[int, int], dict[int, float]] = defaultdict(dict)
    for (pool, tier, release, atom), value in sorted(flows.items()):
        if release == 0:
            by_atom[atom, tier][pool] = by_atom[atom, tier].get(pool, 0.0) + value
    return by_atom


def _spare(instance: Instance, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return how many leads of each class neither route has claimed."""
    size = np.array([item.size for item in instance.classes], dtype=float)
    if not len(size):
        return size
    left = size - own.sum(axis=1) - other.sum(axis=1)
    return np.asarray(np.floor(np.maximum(left, 0.0) + EPSILON))


def _fill(
    choice: _Choice,
    instance: Instance,
    slots: dict[tuple[int, int], int],
    *,
    spare: np.ndarray,
) -> np.ndarray:
    """Return how many leads of each class each atom takes this week."""
    taken = np.zeros((len(instance.classes), max(1, len(instance.atoms))), dtype=np.int64)
    number = {pair: index for index, pair in enumerate(program.levels(instance))}
    quota = np.ceil(choice.quota - EPSILON)
    by_pool = _classes_by_pool(instance, choice.by_tier)
    for (atom, tier), room in sorted(slots.items()):
        pair = instance.atoms[atom].inmail_factor, instance.atoms[atom].connection_factor
        level = number[pair]
        shares = choice.flows.get((atom, tier), {})
        caps = {pool: int(np.ceil(value - EPSILON)) for pool, value in shares.items()}
        for c in _best_first(instance, by_pool, caps, tier, choice.by_tier):
            pool = instance.classes[c].pool
            size = instance.classes[c].size - int(taken[c].sum())
            count = min(room, caps[pool], int(quota[c, level]), size)
            if count > 0:
                taken[c, atom] += count
                quota[c, level] -= count
                caps[pool] -= count
                room -= count
        # Rounding may leave a slot open: give it to leads that nothing else wants.
        pools = {p: 0 for p, pool in enumerate(instance.pools) if atom in pool.atoms}
        for c in _best_first(instance, by_pool, pools, tier, choice.by_tier):
            count = min(room, int(spare[c]))
            if count > 0:
                taken[c, atom] += count
                spare[c] -= count
                room -= count
    return taken


def _classes_by_pool(instance: Instance, by_tier: bool) -> dict[tuple[int, int], list[int]]:
    classes: dict[tuple[int, int], list[int]] = defaultdict(list)
    for c, item in enumerate(instance.classes):
        if item.release == 0:
            classes[item.pool, item.kind if by_tier else 0].append(c)
    return classes


def _best_first(
    instance: Instance,
    by_pool: dict[tuple[int, int], list[int]],
    pools: dict[int, int],
    tier: int,
    by_inmail: bool,
) -> list[int]:
    candidates = [c for pool in pools for c in by_pool.get((pool, tier), ())]

    def value(c: int) -> float:
        item = instance.classes[c]
        return item.inmail_value if by_inmail else item.connection_value

    return sorted(candidates, key=lambda c: (-value(c), c))


def _to_leads(
    instance: Instance,
    solution: Solution,
    classing: Classing,
    values: LeadValues,
    company: np.ndarray,
    inmails: np.ndarray,
    requests: np.ndarray,
) -> Picked:
    """Hand class counts to leads: within a class best first, companies together.

    The first leads of a class go by InMail this week, then by request this week, then
    by InMail and by request in later weeks; the rest is not planned.
    """
    num_leads = len(classing.lead_class)
    atom = np.full(num_leads, -1, dtype=np.int64)
    by_inmail = np.zeros(num_leads, dtype=bool)
    planned = np.zeros(num_leads, dtype=bool)
    if not instance.classes:
        return Picked(atom=atom, by_inmail=by_inmail, planned=planned)
    members = np.flatnonzero(classing.lead_class >= 0)
    value = np.round(values.order_value[members], 12)
    order = members[
        np.lexsort((members, company[members], -value, classing.lead_class[members]))
    ]
    all_inmails = np.round(solution.class_inmails.sum(axis=1)).astype(np.int64)
    all_requests = np.round(solution.class_connections.sum(axis=1)).astype(np.int64)
    # By class and destiny, in the order in which a class's leads are taken.
    wanted = np.c_[
        inmails,
        requests,
        np.maximum(all_inmails - inmails.sum(axis=1), 0),
        np.maximum(all_requests - requests.sum(axis=1), 0),
    ]
    c, destiny = np.nonzero(wanted)
    count = wanted[c, destiny]
    before = np.cumsum(count) - count
    first = before - before[np.searchsorted(c, c)]
    size = np.array([item.size for item in instance.classes])
    count = np.clip(size[c] - first, 0, count)
    starts = (np.cumsum(size) - size)[c] + first
    shift = np.repeat(starts - (np.cumsum(count) - count), count)
    chosen = order[shift + np.arange(len(shift))]
    destiny = np.repeat(destiny, count)
    num_atoms = inmails.shape[1]
    atom[chosen] = np.where(destiny < 2 * num_atoms, destiny % num_atoms, -1)
    by_inmail[chosen] = (destiny < num_atoms) | (destiny == 2 * num_atoms)
    planned[chosen] = True
    return Picked(atom=atom, by_inmail=by_inmail, planned=planned)
