"""The model that a user would write in PuLP: lead x seat x channel, eligible pairs only.

Reads what `week_problem.py` wrote. Every lead has a variable for each of its seats and
channels, every limit is a sum over leads, as a textbook has it. Solved as a linear
program with the same CBC, so its value is at least that of the whole-number model.

    python benchmarks/lead_level.py DIR
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pulp


def build(week: dict[str, Any], leads: Any) -> Any:
    """Return the problem; row by row, as one would write it by hand."""
    pools, kinds = leads["pool"].tolist(), leads["kind"].tolist()
    inmail, request = leads["inmail"].tolist(), leads["request"].tolist()
    num_leads, width = len(pools), week["width"]
    seats_of = [week["pools"][pool] for pool in pools]
    problem = pulp.LpProblem("textbook", pulp.LpMaximize)
    x = {
        (i, s): pulp.LpVariable(f"inmail_{i}_{s}", 0, 1)
        for i in range(num_leads)
        for s in seats_of[i]
    }
    y = {
        (i, s): pulp.LpVariable(f"request_{i}_{s}", 0, 1)
        for i in range(num_leads)
        for s in seats_of[i]
    }
    lost = {
        column: pulp.LpVariable(f"forfeit_{-column}", 0)
        for row in week["rows"]
        for column, _ in row["terms"]
        if column < 0
    }
    problem += (
        pulp.lpSum(inmail[i] * x[i, s] for i, s in x)
        + pulp.lpSum(request[i] * y[i, s] for i, s in y)
        - week["forfeit_price"] * pulp.lpSum(lost.values())
    )
    for i in range(num_leads):
        problem += pulp.lpSum(x[i, s] + y[i, s] for s in seats_of[i]) <= 1
    sends: dict[int, list[Any]] = defaultdict(list)
    for i, s in x:
        sends[s * width + kinds[i]].append(x[i, s])
        sends[s * width + width - 1].append(y[i, s])
    for row in week["rows"]:
        used = pulp.lpSum(
            c * v for column, c in row["terms"] for v in sends.get(column, ())
        )
        used += pulp.lpSum(c * lost[column] for column, c in row["terms"] if column < 0)
        problem += used <= row["limit"]
    return problem


def main() -> None:
    """Build, solve, print the figures as JSON."""
    folder = Path(sys.argv[1])
    pulp.set_v4_migration_warnings(False)
    week = json.loads((folder / "week.json").read_text("utf-8"))
    leads = np.load(folder / "leads.npz")
    start, busy = time.perf_counter(), sum(os.times()[:4])
    problem = build(week, leads)
    built = time.perf_counter()
    problem.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=1800))
    done = time.perf_counter()
    proven = problem.sol_status == pulp.LpSolutionOptimal
    print(
        json.dumps(
            {
                "value": pulp.value(problem.objective) if proven else None,
                "build": built - start, "seconds": done - start,
                "busy": sum(os.times()[:4]) - busy,
                "columns": len(problem.variables()),
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
