"""What limits us: each rule taken away alone, and planned again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from planner import limits
from planner.domain import Given
from planner.pipeline import Worked
from planner.whatif.compare import again, figures, moves


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


def _bound(worked: Worked) -> float:
    """Return what no plan under the same limits can exceed."""
    return float(worked.plan.totals["objective_bound"])
