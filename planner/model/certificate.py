"""What no plan can beat: upper bounds from the prices of one solve.

By weak duality, any prices >= 0 of the seats' rows bound every plan: what all limits are
worth at these prices, plus, lead by lead, what the lead is worth beyond the price of the
cheapest send that could reach it. No program has to be solved again, and a solver's
rounding or a degenerate dual can make a bound loose, never wrong. Two questions are
answered with the same prices:

`upper_bound`
    the best of the program in which each lead is a class of its own: the same limits
    and fitted credit rows, the same earliest week of each lead;
`any_order_bound`
    the same, but whoever of a company may come first, not the ranking by value.

Neither covers plans under other credit rows: the lines are fitted to the mix that the
program chose, and the exact guarantee allows some mixes that they do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from planner.domain import Instance, Solution
from planner.model import program
from planner.model.classes import Classing, LeadValues, ranks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SendPrices:
    """What the sends of each period cost at the prices of the seats' rows.

    Parameters
    ----------
    inmails : numpy.ndarray
        Price of one InMail by period and tier, shape ``(num_periods, num_tiers)``, in
        expected replies; infinite where there must be none.
    requests : numpy.ndarray
        Price of one connection request by period, shape ``(num_periods,)``.
    limits : float
        What all limits are worth together: ``sum_rows price * limit``.
    """

    inmails: np.ndarray
    requests: np.ndarray
    limits: float


def upper_bound(
    instance: Instance, solution: Solution, classing: Classing, values: LeadValues
) -> float:
    """Return a bound on the program in which each lead is a class of its own.

    Leads count by their own values, not by class means. Those in no class are not
    counted: for each of them the program has so many others of its pool, kind and week
    that are worth at least as much, that the pool's seats cannot send to all of them
    (`planner.model.classes.aggregate`), so no plan is the worse for leaving it out.
    """
    prices = send_prices(instance, solution)
    surplus = _best_surplus(instance, prices, classing, values)
    return prices.limits + float(surplus[classing.lead_class >= 0].sum())


def any_order_bound(
    instance: Instance,
    solution: Solution,
    classing: Classing,
    values: LeadValues,
    *,
    most_per_company: int,
) -> float:
    """Return a bound that does not depend on who of a company comes first.

    Every lead may go from the first week on, and of each company the best
    ``most_per_company * num_weeks`` leads count: no plan reaches more of them. Leads in
    no class count, too: what replaces one of them may be of a company that is full.
    """
    prices = send_prices(instance, solution)
    free = replace(classing, lead_release=np.zeros_like(classing.lead_release))
    surplus = _best_surplus(instance, prices, free, values)
    worth = np.flatnonzero(surplus > 0)
    company = classing.lead_company[worth]
    rank, _ = ranks(company, -surplus[worth])
    among = (company < 0) | (rank < most_per_company * instance.num_weeks)
    return prices.limits + float(surplus[worth[among]].sum())


def send_prices(instance: Instance, solution: Solution) -> SendPrices:
    """Return the price of a send in each period: its delay and its share of each row.

    Only the prices of the seats' own rows are taken from the solution. Those of pools
    and atoms follow from them (`lead_surpluses`: the cheapest send that is open to a
    lead), which can only lower the bound where the solver's are one choice of many.
    """
    prices = row_prices(instance, solution)
    columns = program.numbered_columns(instance)
    width = len(instance.tiers) + 1
    flat = np.zeros(len(instance.periods) * width)
    for column, cost in program.objective(instance, columns).items():
        if column >= 0:  # negative ones are forfeits, whose prices are capped instead
            flat[column] += cost
    limits = 0.0
    for constraint in (*program.CAPACITY_CONSTRAINTS, program.forfeit_rows):
        for row in constraint(instance, columns):
            price = prices.get(row.name, 0.0)
            if price == 0.0:
                continue
            limits += price * row.limit
            for column, coefficient in row.terms.items():
                if column >= 0:
                    flat[column] += price * coefficient
    table = flat.reshape(len(instance.periods), width)
    inmails = table[:, :-1].copy()
    inmails[:, [not tier.sendable for tier in instance.tiers]] = np.inf
    return SendPrices(inmails=inmails, requests=table[:, -1].copy(), limits=limits)


def row_prices(instance: Instance, solution: Solution) -> dict[str, float]:
    """Return the solution's prices as weak duality wants them: none below zero.

    A credit forfeited costs `forfeit_price`, and counts in every row from its reset on:
    where a seat's forfeit rows are worth more than that together (a solver's rounding),
    they are scaled down.
    """
    prices = {name: max(0.0, price) for name, price in solution.prices.items()}
    by_seat: dict[int, list[str]] = {}
    for limit in instance.forfeits:
        by_seat.setdefault(limit.seat, []).append(f"{limit.name}_{limit.seat}")
    for names in by_seat.values():
        total = sum(prices.get(name, 0.0) for name in names)
        if total > instance.forfeit_price:
            for name in names:
                prices[name] = prices.get(name, 0.0) * instance.forfeit_price / total
    return prices


def lead_surpluses(
    instance: Instance, prices: SendPrices, classing: Classing, values: LeadValues
) -> np.ndarray:
    """Return each lead's value less its price by choice, shape ``(2 L + 1, num_leads)``.

    Rows are InMail by seats of each of the L rate levels, connection request likewise,
    and neither (zero). The price of a choice is that of the cheapest send that is open to
    the lead: of a seat of its pool, in its release week or later. Leads that no seat may
    reach within the horizon have zero throughout.
    """
    rows = [*_choices(instance, prices, classing, values)]
    return np.stack([*rows, np.zeros(len(classing.lead_kind))])


def _best_surplus(
    instance: Instance, prices: SendPrices, classing: Classing, values: LeadValues
) -> np.ndarray:
    """Return the largest surplus of each lead, zero at least; one row at a time."""
    best = np.zeros(len(classing.lead_kind))
    for surplus in _choices(instance, prices, classing, values):
        np.maximum(best, surplus, out=best)
    return best


def _choices(
    instance: Instance, prices: SendPrices, classing: Classing, values: LeadValues
) -> Iterator[np.ndarray]:
    inside = (classing.lead_kind >= 0) & (classing.lead_release < instance.num_weeks)
    pool, kind = classing.lead_pool[inside], classing.lead_kind[inside]
    release = classing.lead_release[inside]
    pairs = program.levels(instance)
    cheapest = (
        (0, values.inmail_value, _cheapest(instance, prices.inmails), kind),
        (1, values.connection_value, _cheapest(instance, prices.requests[:, None]), 0),
    )
    for route, value, price, tier in cheapest:
        for level, factors in enumerate(pairs):
            surplus = np.zeros(len(inside))
            own = value[inside] * factors[route]
            surplus[inside] = own - price[level, release, pool, tier]
            yield surplus


def _cheapest(instance: Instance, unit: np.ndarray) -> np.ndarray:
    """Return the least price open to a lead, shape ``(level, week, pool, tier)``.

    ``unit`` holds prices by period and tier. A lead released in week e may take any
    send of week e or later, of any seat of its pool; levels tell seats' own rates apart.
    """
    atom_of_seat = {s: a for a, atom in enumerate(instance.atoms) for s in atom.seats}
    by_atom = np.full((len(instance.atoms), instance.num_weeks, unit.shape[1]), np.inf)
    for number, period in enumerate(instance.periods):
        index = atom_of_seat.get(period.seat)
        if index is not None:
            own = by_atom[index, period.week]
            np.minimum(own, unit[number], out=own)
    by_atom = np.minimum.accumulate(by_atom[:, ::-1], axis=1)[:, ::-1]
    pairs = program.levels(instance)
    cheapest = np.full(
        (len(pairs), instance.num_weeks, len(instance.pools), unit.shape[1]), np.inf
    )
    for number, pool in enumerate(instance.pools):
        for a in pool.atoms:
            atom = instance.atoms[a]
            level = pairs.index((atom.inmail_factor, atom.connection_factor))
            own = cheapest[level, :, number]
            np.minimum(own, by_atom[a], out=own)
    return cheapest


def relative_gap(value: float, bound: float) -> float:
    """Return by what share of `bound` the `value` may fall short of it."""
    return max(0.0, (bound - value) / bound) if bound > 0 else 0.0
