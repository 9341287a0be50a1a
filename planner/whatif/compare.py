"""Two plans side by side: figures, differences, and the leads that change route."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from planner import pipeline
from planner.dates import ONE_WEEK
from planner.domain import Given
from planner.pipeline import Worked
from planner.whatif.scenario import Scenario, changed

#: Mean length of a month, in weeks.
WEEKS_PER_MONTH = 365.25 / 12 / 7

#: Below this, in expected weighted replies, two plans are worth the same.
SAME_VALUE = 1e-6

_NOWHERE = "not on the list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A plan in figures.

    ``value`` is the objective of the program: expected replies over the horizon,
    weighted by priority, less delay and forfeits. ``weighted_replies`` are this week's.
    ``credits_used`` are expected this week, ``forfeits`` at the next resets;
    ``cost_per_month`` is what the seats cost, in USD.
    """

    seats: int
    leads: int
    replies: float
    weighted_replies: float
    value: float
    open_inmail: int
    paid_inmail: int
    connection_request: int
    message: int
    hold: int
    excluded: int
    credits_used: float
    forfeits: float
    exhaustion: float
    cost_per_month: float

    def __sub__(self, other: Figures) -> dict[str, float]:
        """Return figure by figure what is more here."""
        mine, theirs = asdict(self), asdict(other)
        return {name: round(mine[name] - theirs[name], 6) for name in mine}


def figures(worked: Worked) -> Figures:
    """Return a plan in figures."""
    plan = worked.plan
    total = plan.totals
    replies = plan.assignments["expected_replies"].to_numpy(dtype=float)
    weighted = float(replies @ worked.problem.values.weight)
    cost = plan.parameters.seat_cost_per_month * len(plan.seats)
    return Figures(
        seats=len(plan.seats),
        leads=len(plan.assignments),
        replies=float(total["expected_replies"]),
        weighted_replies=round(weighted, 6),
        value=float(total["objective"]),
        open_inmail=int(total["open_inmail"]),
        paid_inmail=int(total["paid_inmail"]),
        connection_request=int(total["connection_request"]),
        message=int(total["message"]),
        hold=int(total["hold"]),
        excluded=int(total["excluded"]),
        credits_used=float(total["expected_credits_week"]),
        forfeits=float(total["expected_forfeit"]),
        exhaustion=float(total["worst_exhaustion_probability"]),
        cost_per_month=round(cost, 2),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Leads of both plans that are treated otherwise.

    ``rerouted`` have another route, ``moved`` another route, seat or week; ``routes``
    counts the former by route before and after.
    """

    moved: int
    rerouted: int
    routes: Mapping[tuple[str, str], int]


def moves(before: pd.DataFrame, after: pd.DataFrame) -> Moves:
    """Return what becomes of the leads; both tables are assignments, by lead id."""
    names = ["route", "seat_id", "expected_week"]
    old, new = (
        frame.set_index("lead_id")[names].astype("str") for frame in (before, after)
    )
    every = old.index.union(new.index)
    old = old.reindex(every, fill_value=_NOWHERE)
    new = new.reindex(every, fill_value=_NOWHERE)
    other_route = (old["route"] != new["route"]).to_numpy()
    differs = (old.to_numpy(dtype=object) != new.to_numpy(dtype=object)).any(axis=1)
    routes = Counter(zip(old["route"][other_route], new["route"][other_route], strict=True))
    return Moves(
        moved=int(np.count_nonzero(differs)),
        rerouted=int(np.count_nonzero(other_route)),
        routes=dict(sorted(routes.items(), key=lambda item: (-item[1], item[0]))),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """A scenario beside the run.

    ``cost_per_reply`` is what each additional weighted reply costs, in USD: seats over
    the weeks of the horizon; None where no more is paid or nothing is gained. Where the
    seats left do not work this week, the next one is planned: ``is_same_week`` is false.
    """

    name: str
    worked: Worked
    figures: Figures
    difference: Mapping[str, float]
    moves: Moves
    cost_per_reply: float | None
    is_same_week: bool


def compare(given: Given, base: Worked, scenario: Scenario) -> Compared:
    """Plan again in a scenario, to the same horizon, and set it beside the run.

    Raises
    ------
    InputError, ParameterError, SolverError
        If the scenario cannot be, or cannot be planned.
    """
    worked = again(changed(given, scenario), base, scenario.parameters)
    was, now = figures(base), figures(worked)
    difference = now - was
    return Compared(
        name=scenario.name,
        worked=worked,
        figures=now,
        difference=difference,
        moves=moves(base.plan.assignments, worked.plan.assignments),
        cost_per_reply=cost_per_reply(
            difference["cost_per_month"], difference["value"], horizon_weeks(worked)
        ),
        is_same_week=worked.plan.week == base.plan.week,
    )


def again(given: Given, base: Worked, names: Mapping[str, object]) -> Worked:
    """Plan again up to the run's own horizon: values over other spans do not compare."""
    until: dt.date | None = base.plan.horizon_end
    if "max_horizon_weeks" in names:
        until = None
    return pipeline.work_out(given, until=until)


def horizon_weeks(worked: Worked) -> float:
    """Return the length of the horizon in weeks."""
    plan = worked.plan
    days = plan.horizon_end - max(plan.as_of, plan.week_start)
    return (days.days + 1) / ONE_WEEK.days


def cost_per_reply(per_month: float, value: float, weeks: float) -> float | None:
    """Return the cost of each additional weighted reply over the horizon."""
    if per_month <= 0 or value <= SAME_VALUE:
        return None
    return round(per_month * weeks / WEEKS_PER_MONTH / value, 2)


def as_record(compared: Compared) -> dict[str, object]:
    """Return a scenario as a JSON object."""
    return {
        "name": compared.name,
        **asdict(compared.figures),
        "difference": dict(compared.difference),
        "moved": compared.moves.moved,
        "rerouted": compared.moves.rerouted,
        "routes": [
            {"from": old, "to": new, "leads": count}
            for (old, new), count in compared.moves.routes.items()
        ],
        "cost_per_additional_reply": compared.cost_per_reply,
        "week": compared.worked.plan.week,
        "horizon_end": compared.worked.plan.horizon_end.isoformat(),
    }
