"""Finer classes where it matters, and a bound on what any plan could reach.

After a solve every lead has a price for each choice: its value less the price of the
sends that it takes. Where the best choice is clear, leads of a group need no more than
one class per choice; where two choices are close, they are told apart in fine buckets.
The same prices bound the value of every plan at the level of single leads.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.domain import Instance, Solution
from planner.model import program
from planner.model.classes import (
    Classing,
    LeadValues,
    group_codes,
    number_classes,
    shared_ranks,
)
from planner.model.credits import DIGITS
from planner.params import Parameters

#: Buckets 0 to 2 hold leads whose choice is clear: InMail, request, neither.
NUM_CLEAR = 3


class Refiner:
    """Draws classes anew after each solve and remembers the latest.

    Two price vectors decide what is clear, the latest and the one before: with one
    alone, classes swing between two groupings.
    """

    def __init__(
        self, classing: Classing, values: LeadValues, parameters: Parameters
    ) -> None:
        self.classing = classing
        self._values = values
        self._parameters = parameters
        self._surpluses: list[np.ndarray] = []

    def __call__(self, instance: Instance, solution: Solution) -> Instance:
        """Return the instance with classes that the solution's prices call for."""
        surplus = surpluses(instance, solution, self.classing, self._values)
        self._surpluses = [*self._surpluses[-1:], surplus]
        chosen = np.flatnonzero(self.classing.lead_class >= 0)
        if not len(chosen):
            return instance
        keys = np.stack(
            [self.classing.lead_pool, self.classing.lead_kind, self.classing.lead_release]
        )[:, chosen]
        group, _ = group_codes(keys)
        bucket = self._buckets(instance, chosen, group)
        lead_class, classes = number_classes(self._values, chosen, keys, bucket)
        self.classing = replace(self.classing, lead_class=lead_class, classes=classes)
        return replace(instance, classes=classes)

    def _buckets(
        self, instance: Instance, chosen: np.ndarray, group: np.ndarray
    ) -> np.ndarray:
        value = self._values.inmail_value[chosen]
        margin = self._parameters.refine_margin * np.maximum(value, 1e-12)
        best = [surplus[:, chosen].argmax(axis=0) for surplus in self._surpluses]
        clear = np.ones(len(chosen), dtype=bool)
        for surplus, own in zip(self._surpluses, best, strict=True):
            ordered = np.sort(surplus[:, chosen], axis=0)
            clear &= (ordered[-1] - ordered[-2] > margin) & (own == best[-1])
        bucket = np.where(clear, best[-1], NUM_CLEAR)
        close = np.flatnonzero(~clear)
        if len(close):
            rank, size = shared_ranks(group[close], -np.round(value[close], DIGITS))
            # Larger groups get more buckets, growing with the root of their size.
            root = np.sqrt(np.bincount(group[close]).astype(float))
            num_classes = self._parameters.max_classes / len(program.levels(instance))
            share = root / root.sum() * num_classes
            num_buckets = np.maximum(1, share[group[close]].astype(np.int64))
            bucket[close] = NUM_CLEAR + np.minimum(
                rank * num_buckets // size, num_buckets - 1
            )
        return bucket


def surpluses(
    instance: Instance, solution: Solution, classing: Classing, values: LeadValues
) -> np.ndarray:
    """Return each lead's value less its price by choice, shape ``(3, num_leads)``.

    Rows are InMail, connection request and neither (zero). The price of a choice is the
    dual of its pool row. Leads outside the model have zero throughout.
    """
    pairs = program.levels(instance)
    surplus = np.zeros((3, len(classing.lead_class)))
    inside = classing.lead_class >= 0
    if not inside.any():
        return surplus
    own = classing.lead_class[inside]
    for row, prefix, value in (
        (0, "pool", values.inmail_value[inside]),
        (1, "pool_c", values.connection_value[inside]),
    ):
        best = np.full(len(own), -np.inf)
        for level, factors in enumerate(pairs):
            price = np.array(
                [
                    _price(solution, prefix, instance, c, level)
                    for c in range(len(instance.classes))
                ]
            )
            best = np.maximum(best, value * factors[row] - price[own])
        surplus[row, inside] = np.round(best, DIGITS)
    return surplus


def _price(
    solution: Solution, prefix: str, instance: Instance, index: int, level: int
) -> float:
    """Return the price of a class's pool row; infinite where the pool has no such seats."""
    item = instance.classes[index]
    # Requests do not tell kinds apart.
    kind = () if prefix == "pool_c" else (item.kind,)
    key = (item.pool, *kind, item.release, level)
    return solution.prices.get("_".join((prefix, *map(str, key))), np.inf)


def upper_bound(
    instance: Instance, solution: Solution, classing: Classing, values: LeadValues
) -> float:
    """Return a bound on the objective of every plan that treats leads one by one.

    By weak duality: ``sum_rows price * limit + sum_leads max(0, best surplus)``, with
    the prices of all rows but supply, is at least the optimum of the program in which
    each lead is a class of its own. Class means replaced by true values is all that
    tells the two programs apart.
    """
    total = float(surpluses(instance, solution, classing, values).max(axis=0).sum())
    for name, limit in program.row_limits(instance).items():
        total += solution.prices.get(name, 0.0) * limit
    return total
