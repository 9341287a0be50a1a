"""What limits us: each rule taken away alone, and planned again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner import limits
from planner.domain import Flag, Given, HoldRule, Instance
from planner.model import calendar, instance, relax, solve
from planner.pipeline import Worked
from planner.whatif.compare import again, figures, moves

#: Below this a shadow price is the solver's rounding.
_NO_PRICE = 1e-9

#: Limits on credits and volumes, and how the names of the rows begin that each has a part
#: in: a day's limit on all InMails cuts the room that the limits on free and on paid ones
#: leave, and the pace of a new seat.
ROWS = {
    "credits": r"credits_",
    "inmails_per_day": r"inmails_|open_\d|paid_|velocity_",
    "open_inmails_per_day": r"open_\d|inmails_",
    "paid_inmails_per_day": r"paid_|inmails_",
    "open_inmails_per_month": r"open_month_",
    "velocity": r"velocity_",
    "requests_per_day": r"requests_|connections_",
    "requests_per_week": r"connections_|requests_",
    "pending_requests": r"pending_",
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
    """Return what each limit on credits and volumes costs, the dearest first.

    The program is built without that limit and solved again, all else as it was fitted:
    classes and what InMails book of the credits. So it is quick; `costs`, which plans
    anew, may differ by what that changes. Weighted replies over the horizon.

    Raises
    ------
    SolverError
        If the solver does not prove an optimum.
    """
    before = worked.problem.solution.objective
    binding = _binding(worked)
    found = {}
    for rule in ROWS:
        cost = 0.0
        if rule in binding:
            value = solve.optimum(_relieved(worked, rule), worked.problem.parameters)
            cost = max(0.0, value - before)
        found[rule] = round(cost, 6) + 0.0
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _relieved(worked: Worked, rule: str) -> Instance:
    """Return the instance as it was fitted, built without a rule on seats or days."""
    problem, plan = worked.problem, worked.plan
    names = limits.checked([*limits.parse(plan.parameters.report_only), rule])
    given = problem.parameters.override({"report_only": ", ".join(names)})
    seen = relax.relaxed(problem.leads, problem.seats, given)
    start = plan.week_start
    calendars = [
        calendar.seat_calendar(
            index, seat, as_of=plan.as_of, start=start, end=plan.horizon_end,
            parameters=seen.parameters,
        )
        for index, seat in enumerate(seen.day_seats)
    ]  # fmt: skip
    base = problem.instance
    built = instance.build_unfitted(
        seen.seats, calendars, problem.classing, seen.parameters,
        num_weeks=base.num_weeks, first_weekday=start.weekday(),
    )  # fmt: skip
    fitted = {(row.seat, row.first, row.last): row for row in base.credit_rows}
    rows = [
        replace(fitted.get((row.seat, row.first, row.last), row), budget=row.budget)
        for row in built.credit_rows
    ]
    return replace(
        built, credit_rows=tuple(rows), classes=base.classes, pools=base.pools,
        atoms=base.atoms, tiers=base.tiers,
    )  # fmt: skip


def acting(worked: Worked) -> tuple[str, ...]:
    """Return the rules that may cost anything; those left out surely cost nothing.

    A limit can be lifted and the optimum stays where no row that it has a part in has a
    shadow price: the prices still prove it. A rule that no lead, seat or day falls under
    cannot cost either. What `costs` finds for a rule left out is an error of its two plans.
    """
    problem = worked.problem
    rules = _binding(worked)
    if "credits" in rules:
        rules |= {"reserve", "alpha", "open_flag_leak"}
    classing, leads = problem.classing, worked.plan.assignments
    company = classing.lead_company
    shared = (np.bincount(company[company >= 0]) > 1).any()
    told = {
        # One lead of a company is enough where others of it were contacted before.
        "company_throttle": shared or bool(classing.recent_touches),
        "one_seat_per_company": bool((company >= 0).any()),
        "owner": (problem.leads["owner"] != "").any(),
        "group": (problem.leads["group"] != "").any(),
        "inmail_off": (problem.leads["inmail_flag"] == Flag.NO).any(),
        "messages_per_day": (leads["rule"] == HoldRule.MESSAGE_LIMIT).any(),
        "days_off": any(not all(seat.day_shares) for seat in problem.seats),
        "away": any(seat.away for seat in problem.seats),
        "grant_delay": any(own.resets for own in problem.calendars)
        or any(seat.grant_unseen for seat in problem.seats),
    }
    rules |= {rule for rule, acts in told.items() if acts}
    return tuple(name for name in limits.MEANINGS if name in rules)


def _binding(worked: Worked) -> set[str]:
    """Return the limits that have a part in any row with a shadow price."""
    prices = worked.problem.solution.prices
    priced = [name for name, price in prices.items() if price > _NO_PRICE]
    return {rule for rule, rows in ROWS.items() if any(map(re.compile(rows).match, priced))}


def _bound(worked: Worked) -> float:
    """Return what no plan under the same limits can exceed."""
    return float(worked.plan.totals["objective_bound"])
