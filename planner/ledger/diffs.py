"""Two plans side by side: who moved, and what may have moved them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from planner.domain import Plan, Route
from planner.ledger.runs import Run

#: Columns of an assignments file that a comparison needs.
COLUMNS = ("lead_id", "route", "seat_id", "send_on", "open_flag", "priority", "reason")

_NOWHERE = "not on the list"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Difference:
    """What changed between two plans.

    ``moves`` counts the leads by route before and after; ``leads`` has one line per lead
    whose route, seat or day changed, with the likely cause in words; ``parameters`` and
    ``seats`` are what changed in them, as name, before and after.
    """

    moves: pd.DataFrame
    leads: pd.DataFrame
    parameters: tuple[tuple[str, object, object], ...]
    seats: tuple[tuple[str, object, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of two plans: `COLUMNS` of its assignments as text, and what it started from.

    ``parameters`` are those that differ from their defaults, ``credits`` the seats'.
    """

    assignments: pd.DataFrame
    parameters: Mapping[str, object]
    credits: Mapping[str, object]


def side_of_run(run: Run, assignments: pd.DataFrame) -> Side:
    """Return a run of the ledger, given its ``assignments.csv`` as text."""
    parameters = run.document.get("parameters")
    return Side(
        assignments=assignments,
        parameters=dict(parameters) if isinstance(parameters, Mapping) else {},
        credits={str(seat["seat_id"]): seat["credits"] for seat in run.seats},
    )


def side_of_plan(plan: Plan) -> Side:
    """Return a plan that no ledger knows yet."""
    return Side(
        assignments=plan.assignments[list(COLUMNS)].astype("str"),
        parameters=plan.parameters.changed(),
        credits={seat.seat_id: seat.credits for seat in plan.seats},
    )


def difference(before: Side, after: Side) -> Difference:
    """Return who moved between two plans and why."""
    old, new = before.assignments, after.assignments
    both = old[list(COLUMNS)].merge(
        new[list(COLUMNS)], on="lead_id", how="outer", suffixes=("_before", "_after")
    )
    both = both.fillna("").sort_values("lead_id", kind="stable")
    for side in ("before", "after"):
        both[f"route_{side}"] = both[f"route_{side}"].replace("", _NOWHERE)
    moves = both.groupby(["route_before", "route_after"]).size().reset_index(name="leads")
    changed = both[
        (both["route_before"] != both["route_after"])
        | (both["seat_id_before"] != both["seat_id_after"])
    ].reset_index(drop=True)
    changed["why"] = [
        _why({str(name): value for name, value in line.items()})
        for line in changed.to_dict("records")
    ]
    return Difference(
        moves=moves,
        leads=changed,
        parameters=_changes(before.parameters, after.parameters),
        seats=_changes(before.credits, after.credits),
    )


def _why(line: Mapping[str, object]) -> str:
    """Return the likely cause of one lead's move, from what is known of it."""
    was, now = str(line["route_before"]), str(line["route_after"])
    if was == _NOWHERE:
        return f"new on the list; {line['reason_after']}"
    if now == _NOWHERE:
        return "no longer on the list"
    causes = []
    if line["open_flag_before"] != line["open_flag_after"]:
        causes.append(
            f"open flag {line['open_flag_before']} before, {line['open_flag_after']} now"
        )
    if line["priority_before"] != line["priority_after"]:
        causes.append(
            f"priority {line['priority_before']} before, {line['priority_after']} now"
        )
    if now == str(Route.EXCLUDED) and was not in (str(Route.HOLD), str(Route.EXCLUDED)):
        causes.append(f"was sent to by {line['seat_id_before'] or 'a seat to look up'}")
    return "; ".join([*causes, str(line["reason_after"])])


def _changes(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[tuple[str, object, object], ...]:
    names = sorted({*before, *after})
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return tuple((name, a, b) for name, a, b in pairs if a != b)
