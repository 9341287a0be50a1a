"""One week of one list as plain numbers: solved here, and written down for the peers.

The horizon is cut to the planned week, so that everything fits a model that a user would
write: leads, seats, two channels, one window. Two versions of it go to the peers: the
week as the product sees it (unknown flags book what the fitted credit rows say), and one
in which every flag but a known open one uses one credit, which a network can express.

    python benchmarks/week_problem.py --leads 5000 --seats 20 OUT_DIR
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import make_leads
import numpy as np

from planner import pipeline
from planner.assign.leads import Problem
from planner.cli import inputs
from planner.domain import CreditRow, Given, Instance, Kind, Tier, VolumeLimit
from planner.model import calendar, classes, exact, instance, program, solve
from planner.model.refine import Refiner
from planner.params import Parameters

AS_OF = dt.date(2026, 11, 23)

#: This week and nothing after it (below the parameter's range, so put in directly). A
#: company need not stay with one seat: peers and simple rules do not know how.
ONE_WEEK = replace(Parameters(), max_horizon_weeks=1, one_seat_per_company=False)


def planned(folder: Path) -> pipeline.Worked:
    """Return the plan of the folder's leads and seats, for one week."""
    loaded = inputs.load(
        inputs.LeadOptions(leads=[str(folder / "leads.csv")]), str(folder / "seats.csv"),
        ONE_WEEK, as_of=AS_OF,
    )  # fmt: skip
    return pipeline.work_out(Given(inputs=loaded, parameters=ONE_WEEK, as_of=AS_OF))


def solved(worked: pipeline.Worked) -> dict[str, Any]:
    """Time the product's own way again: classes, instance, solves, certificate."""
    problem = worked.problem
    start, busy = time.perf_counter(), sum(os.times()[:4])
    classing = classes.aggregate(
        problem.leads, problem.values, problem.seats, worked.shares.segments, ONE_WEEK,
        touches={}, num_weeks=1,
        seat_capacity=[calendar.capacity(item) for item in problem.calendars],
        week_capacity=[calendar.capacity(item, week=0) for item in problem.calendars],
    )  # fmt: skip
    built = instance.build(
        problem.seats, problem.calendars, classing, ONE_WEEK, num_weeks=1
    )
    return _solved(built, problem, classing, start, busy)


def _solved(
    built: Instance,
    problem: Problem,
    classing: classes.Classing,
    start: float,
    busy: float,
) -> dict[str, Any]:
    refiner = Refiner(classing, problem.values, ONE_WEEK)
    fitted, solution = solve.solve(built, ONE_WEEK, refiner)
    proof = exact.prove(fitted, solution, refiner, problem.values, ONE_WEEK)
    return {
        "seconds": time.perf_counter() - start,
        "busy": sum(os.times()[:4]) - busy,
        "value": solution.objective,
        "bound": proof.bound,
        "gap": proof.gap,
        "columns": solution.num_columns,
    }


def unit_credits(whole: Instance) -> Instance:
    """Return the relaxed week that a network can express.

    One window per seat (its days before a reset), a known open lead uses no credit, any
    other exactly one, nothing is forfeited.
    """
    numbers: dict[int, int] = {}
    for number, period in enumerate(whole.periods):
        numbers.setdefault(period.seat, number)
    first = {number: new for new, number in enumerate(numbers.values())}

    def own(limits: tuple[VolumeLimit, ...]) -> tuple[VolumeLimit, ...]:
        return tuple(
            replace(
                limit, limit=int(limit.limit + 1e-9),
                terms={first[n]: c for n, c in limit.terms.items() if n in first},
            )
            for limit in limits
            if any(n in first for n in limit.terms)
        )  # fmt: skip

    use = [float(tier != Kind.OPEN) for tier in range(len(whole.tiers))]
    return replace(
        whole,
        periods=tuple(replace(whole.periods[n], cycle=0) for n in first),
        tiers=tuple(
            Tier(use=own_use, beta_a=None, beta_b=None, sendable=tier.sendable)
            for own_use, tier in zip(use, whole.tiers, strict=True)
        ),
        credit_rows=tuple(
            CreditRow(
                seat=row.seat, first=0, last=0, budget=row.budget, alpha=row.alpha,
                weights=tuple(use), held_back=0.0,
            )
            for row in whole.credit_rows
            if row.first == row.last == 0
        ),
        velocity=own(whole.velocity), open_month=own(whole.open_month),
        connections=own(whole.connections), pending=own(whole.pending), forfeits=(),
    )  # fmt: skip


def export(problem: Problem, unit: Instance, folder: Path) -> None:
    """Write leads and rows for the peers: leads.npz, week.json, unit.json."""
    classing = problem.classing
    now = np.flatnonzero((classing.lead_kind >= 0) & (classing.lead_release == 0))
    np.savez(
        folder / "leads.npz", inmail=problem.values.inmail_value[now],
        request=problem.values.connection_value[now], pool=classing.lead_pool[now],
        kind=classing.lead_kind[now],
    )  # fmt: skip
    for name, item in (("week", problem.instance), ("unit", unit)):
        (folder / f"{name}.json").write_text(json.dumps(_plain(item)), "utf-8")


def _plain(item: Instance) -> dict[str, Any]:
    """Return an instance as plain numbers: column p * width + t, requests last."""
    columns = program.numbered_columns(item)
    constraints = (*program.CAPACITY_CONSTRAINTS, program.forfeit_rows)
    seats = [{s for a in pool.atoms for s in item.atoms[a].seats} for pool in item.pools]
    return {
        "width": len(item.tiers) + 1,
        "seats": [period.seat for period in item.periods],
        "pools": [
            [n for n, period in enumerate(item.periods) if period.seat in own]
            for own in seats
        ],
        "use": [tier.use for tier in item.tiers],
        "forfeit_price": item.forfeit_price,
        "rows": [
            {"name": row.name, "limit": row.limit, "terms": list(row.terms.items())}
            for constraint in constraints
            for row in constraint(item, columns)
        ],
        "credits": {
            # of several cycles in the week the last, with its grants, is largest
            row.seat: row.budget
            for row in sorted(item.credit_rows, key=lambda row: row.last)
            if row.first == 0
        },
    }


def main() -> None:
    """Make, solve and write down one week; print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--leads", type=int, default=5000)
    parser.add_argument("--seats", type=int, default=20)
    parser.add_argument("--shape", choices=("skewed", "uniform"), default="skewed")
    given = parser.parse_args()
    leads = make_leads.lead_chunks(
        given.leads, given.seats, 1, skewed=given.shape == "skewed"
    )
    for number, chunk in enumerate(leads):
        chunk.to_csv(given.folder / "leads.csv", index=False, mode="a", header=number == 0)
    seats = make_leads.seat_frame(given.seats, 1, skewed=given.shape == "skewed")
    seats.to_csv(given.folder / "seats.csv", index=False)
    worked = planned(given.folder)
    problem = worked.problem
    week = solved(worked)
    start, busy = time.perf_counter(), sum(os.times()[:4])
    unit = unit_credits(problem.instance)
    relaxed = _solved(unit, problem, problem.classing, start, busy)
    export(problem, unit, given.folder)
    table = worked.plan.assignments
    sent = table["route"].astype(str).isin(
        ["open_inmail", "paid_inmail", "connection_request"]
    ).to_numpy()  # fmt: skip
    inmail = sent & (table["route"].astype(str) != "connection_request").to_numpy()
    values = problem.values
    written = (
        values.inmail_value[inmail].sum() + values.connection_value[sent & ~inmail].sum()
    )
    print(
        json.dumps(
            {
                "week": week, "unit": relaxed, "written": float(written),
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
