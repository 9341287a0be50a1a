"""What limits us: each rule taken away alone, and planned again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner import limits
from planner.domain import Flag, Given, HoldRule
from planner.model import solve
from planner.pipeline import Worked
from planner.whatif.compare import again, figures, moves

#: Below this a shadow price is the solver's rounding.
_NO_PRICE = 1e-9

#: Rows of the program that a rule alone makes, by the rule: what their names begin with.
ROWS = {
    "credits": re.compile(r"credits_"),
    "inmails_per_day": re.compile(r"inmails_"),
    "open_inmails_per_day": re.compile(r"open_\d"),
    "paid_inmails_per_day": re.compile(r"paid_"),
    "open_inmails_per_month": re.compile(r"open_month_"),
    "velocity": re.compile(r"velocity_"),
    "requests_per_day": re.compile(r"requests_"),
    "requests_per_week": re.compile(r"connections_\d"),
    "pending_requests": re.compile(r"pending_"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a rule costs.

    Parameters
    ----------
    cost : float
        Expected weighted replies over the horizon that the plan without the rule has
        more. Nobody is worse off without a rule, so a value below 0 is an error of the
        two plans, which are as near to their optima as their certificates say.
    least, most : float
        Between these the optimum without the rule is above the optimum with it, by the
        certificates of both plans, under their fitted credit rows: each optimum lies
        between its plan's value and its bound. From 0 on, the cost is not told apart
        from none.
    value_without : float
        Objective of the plan without the rule, as solved.
    replies_this_week : float
        Expected weighted replies of this week's sends that the plan without it has more.
    moved, rerouted : int
        Leads whose route, seat or week differs; of those, with another route.
    breaches : int
        Seats and days on which the plan without the rule goes beyond it this week.
    """

    limit: str
    meaning: str
    cost: float
    least: float
    most: float
    value_without: float
    replies_this_week: float
    moved: int
    rerouted: int
    breaches: int


def costs(
    given: Given, base: Worked, names: Sequence[str], step: Callable[[str], None]
) -> list[Cost]:
    """Return what each rule costs, the dearest first.

    Parameters
    ----------
    names : sequence of str
        Rules to take away, each alone; all of them where none is named.
    step : callable
        Told what is being done.

    Raises
    ------
    ParameterError
        If a rule is unknown; the nearest one is named.
    """
    chosen = limits.checked(names) if names else tuple(limits.MEANINGS)
    was, bound = figures(base), _bound(base)
    already = limits.parse(given.parameters.report_only)
    found = []
    for name in chosen:
        step(f"planning without {name}")
        text = ", ".join(limits.checked([*already, name]))
        parameters = replace(given.parameters, report_only=text)
        worked = again(replace(given, parameters=parameters), base, {})
        now = figures(worked)
        leads = moves(base.plan.assignments, worked.plan.assignments)
        found.append(
            Cost(
                limit=name,
                meaning=limits.MEANINGS[name],
                cost=round(now.value - was.value, 6) + 0.0,  # never -0.0
                least=round(max(0.0, now.value - bound), 6),
                most=round(max(0.0, _bound(worked) - was.value), 6),
                value_without=now.value,
                replies_this_week=round(now.weighted_replies - was.weighted_replies, 6),
                moved=leads.moved,
                rerouted=leads.rerouted,
                breaches=sum(item.limit == name for item in worked.plan.breaches),
            )
        )
    return sorted(found, key=lambda item: (-item.cost, -item.replies_this_week, item.limit))


def limit_costs(worked: Worked) -> dict[str, float]:
    """Return what each limit of volume or credits costs, the dearest first.

    The program is solved again without the rows of that limit, all else as it was fitted:
    classes, credit rows, days. So it is quick, and what `costs` gives for the same limit
    differs by what planning anew would change of these. Weighted replies over the horizon.

    Raises
    ------
    SolverError
        If the solver does not prove an optimum.
    """
    problem = worked.problem
    priced = _priced(worked)
    found = {}
    for rule, rows in ROWS.items():
        value = problem.solution.objective
        if any(map(rows.match, priced)):
            value = solve.value_without(problem.instance, rows, problem.parameters)
        found[rule] = round(max(0.0, value - problem.solution.objective), 6)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def acting(worked: Worked) -> tuple[str, ...]:
    """Return the rules that may cost anything; those left out surely cost nothing.

    Rows of the program without a shadow price can go and the optimum stays: the prices
    still prove it. A rule that no lead, seat or day falls under cannot cost either.
    """
    problem = worked.problem
    priced = _priced(worked)
    rules = {rule for rule, rows in ROWS.items() if any(map(rows.match, priced))}
    if "credits" in rules:
        rules |= {"reserve", "alpha", "open_flag_leak"}
    leads, seats = worked.plan.assignments, worked.problem.seats
    company = problem.classing.lead_company
    if (np.bincount(company[company >= 0]) > 1).any():
        rules |= {"company_throttle", "one_seat_per_company"}
    told = {
        "owner": (problem.leads["owner"] != "").any(),
        "group": (problem.leads["group"] != "").any(),
        "inmail_off": (problem.leads["inmail_flag"] == Flag.NO).any(),
        "messages_per_day": (leads["rule"] == HoldRule.MESSAGE_LIMIT).any(),
        "days_off": any(not all(seat.day_shares) for seat in seats),
        "away": any(seat.away for seat in seats),
        "grant_delay": any(calendar.resets for calendar in problem.calendars)
        or any(seat.grant_unseen for seat in seats),
    }
    rules |= {rule for rule, acts in told.items() if acts}
    return tuple(name for name in limits.MEANINGS if name in rules)


def _priced(worked: Worked) -> set[str]:
    """Return the rows of the program that have a shadow price."""
    prices = worked.problem.solution.prices
    return {name for name, price in prices.items() if price > _NO_PRICE}


def _bound(worked: Worked) -> float:
    """Return what no plan under the same limits can exceed."""
    return float(worked.plan.totals["objective_bound"])
