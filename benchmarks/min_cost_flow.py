"""The relaxed week as a network: OR-Tools' SimpleMinCostFlow, lead by lead.

Reads what `week_problem.py` wrote. Only what a network can express is in it: one window,
one credit for every flag but a known open one. Runs in a process of its own, because
OR-Tools and HiGHS cannot be loaded together.

    python benchmarks/min_cost_flow.py DIR
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from ortools.graph.python import min_cost_flow
from policies import limits_of

#: Costs are whole numbers: a reply is cut into this many parts.
PARTS = 10_000_000


def network(week: dict[str, Any], leads: Any) -> tuple[Any, int]:
    """Return the solver with all arcs, and what a lead that is not sent costs.

    Nodes: leads, then free, paid and request hubs by pool, then free, paid, InMail and
    request nodes by seat, then the sink.
    """
    free, paid, inmails, requests = np.array(limits_of(week))
    paid = np.minimum(paid, [week["credits"][str(s)] for s in week["seats"]])
    pool, kind = leads["pool"], leads["kind"]
    num_leads, num_pools, num_seats = len(pool), len(week["pools"]), len(free)
    hub = num_leads + np.arange(3 * num_pools).reshape(3, num_pools)
    seat = hub.max() + 1 + np.arange(4 * num_seats).reshape(4, num_seats)
    sink = int(seat.max()) + 1
    value = np.stack([leads["inmail"], leads["request"]])
    value = np.rint(value * PARTS).astype(np.int64)
    top = int(value.max()) + 1
    solver = min_cost_flow.SimpleMinCostFlow()

    def arcs(start: Any, end: Any, capacity: Any, cost: Any) -> None:
        start, end, capacity, cost = np.broadcast_arrays(start, end, capacity, cost)
        solver.add_arcs_with_capacity_and_unit_cost(
            start.astype(np.int32), end.astype(np.int32),
            capacity.astype(np.int64), cost.astype(np.int64),
        )  # fmt: skip

    lead = np.arange(num_leads)
    arcs(lead, hub[np.where(kind == 0, 0, 1), pool], 1, top - value[0])
    arcs(lead, hub[2, pool], 1, top - value[1])
    arcs(lead, sink, 1, top)
    for number, own in enumerate(week["pools"]):
        for which, into in ((0, 0), (1, 1), (2, 3)):
            arcs(hub[which, number], seat[into, own], num_leads, 0)
    arcs(seat[0], seat[2], free, 0)
    arcs(seat[1], seat[2], paid, 0)
    arcs(seat[2], sink, inmails, 0)
    arcs(seat[3], sink, requests, 0)
    solver.set_nodes_supplies(lead.astype(np.int32), np.ones(num_leads, dtype=np.int64))
    solver.set_node_supply(sink, -num_leads)
    return solver, top


def main() -> None:
    """Build, solve, print the figures as JSON."""
    folder = Path(sys.argv[1])
    week = json.loads((folder / "unit.json").read_text("utf-8"))
    leads = np.load(folder / "leads.npz")
    start = time.perf_counter()
    solver, top = network(week, leads)
    status = solver.solve()
    seconds = time.perf_counter() - start
    proven = status == solver.OPTIMAL
    value = (len(leads["pool"]) * top - solver.optimal_cost()) / PARTS
    print(
        json.dumps(
            {
                "value": value if proven else None, "seconds": seconds,
                "columns": solver.num_arcs(),
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
