"""Known numbers: from the literature and from the one list that was counted."""

from typing import Any

import numpy as np
import pandas as pd
import pulp
import pytest

from planner.domain import Status
from planner.estimate.intervals import wilson
from planner.estimate.open_share import estimate
from planner.model import program, solve
from planner.model.program import Row
from planner.params import Parameters


@pytest.mark.parametrize(
    ("num_open", "num_known", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_equals_newcombe(
    num_open: int, num_known: int, low: float, high: float
) -> None:
    """Tests Wilson's interval against R. G. Newcombe, Stat. Med. 17 (1998), table I."""
    assert wilson(num_open, num_known, 0.95) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_the_counted_list() -> None:
    """Tests the shares of domain.md 3: 48.3 % (42 to 54 %) open on a list of 263."""
    low, high = wilson(127, 263, 0.95)

    assert round(100 * 127 / 263, 1) == 48.3
    assert (round(100 * low), round(100 * high)) == (42, 54)
    # Open among Premium members (83 %) and among the rest (9 %): the intervals are far
    # apart, so the Premium flag has to be a factor.
    assert wilson(11, 124, 0.95) == pytest.approx((0.050, 0.152), abs=0.001)
    assert wilson(116, 139, 0.95) == pytest.approx((0.764, 0.887), abs=0.001)


def test_wilson_at_the_ends() -> None:
    """Tests that 0 and n give 0 and 1 exactly, and that nothing known means 0 to 1."""
    assert wilson(0, 10, 0.9)[0] == 0.0
    assert wilson(10, 10, 0.9)[1] == 1.0
    assert wilson(0, 0, 0.9) == (0.0, 1.0)


def test_counted_list_carries_over_to_unknown_leads() -> None:
    """Tests that 116 of 139 and 11 of 124 give about 83 % and 9 % for unknown leads."""
    flags = [1] * 116 + [0] * 23 + [1] * 11 + [0] * 113 + [-1] * 2000
    premium = [1] * 139 + [0] * 124 + [1] * 1000 + [0] * 1000
    leads = pd.DataFrame(
        {
            "lead_id": [str(row) for row in range(len(flags))],
            "open_flag": np.array(flags),
            "premium_flag": np.array(premium),
        }
    ).assign(segment="", seniority="", industry="", region="", source_file="list.csv")

    _, _, shares = estimate(leads, Parameters(labelling_bias_sd=0.0))

    yes, no = shares.segments
    assert yes.mean == pytest.approx(116 / 139, abs=0.01)
    assert no.mean == pytest.approx(11 / 124, abs=0.01)
    # With flat priors the 90 % intervals would be Wilson's; the priors tighten a little.
    for share in (yes, no):
        low, high = wilson(share.num_open, share.num_known, 0.9)
        assert share.high - share.low == pytest.approx(high - low, abs=0.03)


# --- programs with a known optimum ----------------------------------------------------
#
# Transportation and assignment problems are the closest relatives of the plan's program:
# supply of leads, capacity of seats. They go through its own rows and its own solver call.


def _least_cost(
    costs: np.ndarray, supply: list[int], demand: list[int], parameters: Parameters
) -> tuple[float, np.ndarray]:
    """Return the least cost of meeting all demand, and what is shipped."""
    problem = pulp.LpProblem("published", pulp.LpMinimize)
    ship: dict[tuple[int, int], Any] = {
        (i, j): problem.add_variable(f"x_{i}_{j}", lowBound=0)
        for i, j in np.ndindex(costs.shape)
    }
    problem.setObjective(
        pulp.LpAffineExpression({v: float(costs[key]) for key, v in ship.items()})
    )
    rows = [
        Row(f"supply_{i}", {ship[i, j]: 1.0 for j in range(len(demand))}, float(most))
        for i, most in enumerate(supply)
    ] + [
        Row(f"demand_{j}", {ship[i, j]: 1.0 for i in range(len(supply))}, float(due), True)
        for j, due in enumerate(demand)
    ]
    program.add_rows(problem, rows)
    assert solve.run(problem, parameters) is Status.OPTIMAL
    shipped = np.array([ship[key].varValue for key in np.ndindex(costs.shape)])
    return float(pulp.value(problem.objective)), shipped.reshape(costs.shape)


@pytest.mark.parametrize("solver", ["cbc", "highs"])
@pytest.mark.parametrize(
    ("costs", "supply", "demand", "optimum"),
    [
        pytest.param(
            [[464, 513, 654, 867], [352, 416, 690, 791], [995, 682, 388, 685]],
            [75, 125, 100], [80, 65, 70, 85], 152_535, id="P&T Company",
        ),
        pytest.param(
            [[10, 2, 20, 11], [12, 7, 9, 20], [4, 14, 16, 18]],
            [15, 25, 10], [5, 15, 15, 15], 435, id="SunRay",
        ),
        pytest.param(
            [[8, 6, 10, 9], [9, 12, 13, 7], [14, 9, 16, 5]],
            [35, 50, 40], [45, 20, 30, 30], 1020, id="Powerco",
        ),
        pytest.param(
            [[0.225, 0.153, 0.162], [0.225, 0.162, 0.126]],
            [350, 600], [325, 300, 275], 153.675, id="Dantzig",
        ),
    ],
)  # fmt: skip
def test_published_transportation_problems(
    costs: list[list[float]],
    supply: list[int],
    demand: list[int],
    optimum: float,
    solver: str,
) -> None:
    """Tests the optima that textbooks state for their transportation problems.

    P&T Company: F. S. Hillier and G. J. Lieberman, Introduction to Operations Research,
    chapter on transportation. SunRay: H. A. Taha, Operations Research. Powerco: W. L.
    Winston, Operations Research. Dantzig: Linear Programming and Extensions, chapter 3.3
    (cost per case: 0.09 a mile in thousands).
    """
    parameters = Parameters().override({"solver": solver})
    least, shipped = _least_cost(np.array(costs), supply, demand, parameters)
    assert least == pytest.approx(optimum, abs=1e-6 * optimum)
    assert shipped.sum(axis=0) == pytest.approx(demand)
    assert np.all(shipped.sum(axis=1) <= np.array(supply) + 1e-6)


@pytest.mark.parametrize("solver", ["cbc", "highs"])
@pytest.mark.parametrize(
    ("costs", "optimum"),
    [
        pytest.param(
            [[14, 5, 8, 7], [2, 12, 6, 5], [7, 8, 3, 9], [2, 4, 6, 10]], 15,
            id="Machineco",
        ),
        pytest.param(
            # Machine 2 must not go to location 2; the last row is a dummy machine.
            [[13, 16, 12, 11], [15, 1000, 13, 20], [5, 7, 10, 6], [0, 0, 0, 0]], 29,
            id="Job Shop Company",
        ),
    ],
)  # fmt: skip
def test_published_assignment_problems(
    costs: list[list[float]], optimum: float, solver: str
) -> None:
    """Tests Machineco (Winston) and the Job Shop Company (Hillier and Lieberman)."""
    parameters = Parameters().override({"solver": solver})
    ones = [1] * len(costs)
    least, chosen = _least_cost(np.array(costs), ones, ones, parameters)
    assert least == pytest.approx(optimum)
    assert np.all((chosen < 1e-6) | (chosen > 1 - 1e-6)), "a vertex is whole"
