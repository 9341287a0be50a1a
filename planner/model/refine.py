"""Finer classes where it matters.

After a solve every lead has a price for each choice: its value less the price of the
sends that it takes. Where the best choice is clear, leads of a group need no more than
one class per choice; where two choices are close, they are told apart in fine buckets.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.domain import Instance, Solution
from planner.model import program
from planner.model.certificate import lead_surpluses, send_prices
from planner.model.classes import (
    Classing,
    LeadValues,
    group_codes,
    number_classes,
    shared_ranks,
)
from planner.model.credits import DIGITS
from planner.params import Parameters


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
        self._max_classes = parameters.max_classes
        self._is_sharp = False

    def sharpen(self) -> None:
        """Draw twice as many classes from now on, at prices polished seat by seat.

        Where seats have rates of their own, which seats send is a choice, too. Leads
        whose best choices are close are told apart by both of their values, so that in
        the end each of them is a class of its own.
        """
        if not self._is_sharp:
            self._surpluses = []  # fewer choices than there are from now on
        self._is_sharp = True
        self._max_classes *= 2

    def __call__(self, instance: Instance, solution: Solution) -> Instance:
        """Return the instance with classes that the solution's prices call for."""
        price = polished_surpluses if self._is_sharp else surpluses
        surplus = price(instance, solution, self.classing, self._values)
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
        # The first buckets hold leads whose choice is clear, one for each choice.
        num_choices = len(self._surpluses[-1])
        bucket = np.where(clear, best[-1], num_choices)
        close = np.flatnonzero(~clear)
        if len(close):
            order = -np.round(value[close], DIGITS)
            if self._is_sharp:
                other = np.round(self._values.connection_value[chosen[close]], DIGITS)
                pairs = np.stack([order, -other], axis=1)
                order = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
            rank, size = shared_ranks(group[close], order)
            # Larger groups get more buckets, growing with the root of their size.
            root = np.sqrt(np.bincount(group[close]).astype(float))
            num_classes = self._max_classes / len(program.levels(instance))
            share = root / root.sum() * num_classes
            num_buckets = np.maximum(1, share[group[close]].astype(np.int64))
            bucket[close] = num_choices + np.minimum(
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


def polished_surpluses(
    instance: Instance, solution: Solution, classing: Classing, values: LeadValues
) -> np.ndarray:
    """Return each lead's value less its price, by choice and seats' rates, polished."""
    prices = send_prices(instance, solution)
    return np.round(lead_surpluses(instance, prices, classing, values), DIGITS)
