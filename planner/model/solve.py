"""Solve an instance: prove the optimum, check it, then share the load evenly.

The few PuLP calls live here and in `planner.model.program`. Shadow prices come from the
last solve for value; the balancing solve keeps every total of it and has no say in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pulp

from planner.domain import Instance, Solution, Status
from planner.errors import SolverError
from planner.model import program
from planner.model.credits import DIGITS
from planner.model.instance import forfeited, refitted
from planner.model.problem import Problem
from planner.model.program import Columns, Program, Row, Terms
from planner.params import Parameters

# PuLP 3.3 warns about every call that 4 will drop; the pin below 4 is on purpose.
pulp.set_v4_migration_warnings(False)

#: Draws finer classes after a solve: instance and solution -> instance.
Refine: TypeAlias = Callable[[Instance, Solution], Instance]

#: Solver by parameter value: PuLP's name. Always named, because PuLP's own default
#: prefers any ``cbc`` it finds on the PATH.
SOLVERS = {"cbc": "PULP_CBC_CMD", "highs": "HiGHS"}

#: Solves after the first in which the credit rows are refitted to the mix found.
NUM_REFITS = 2

#: Pieces of the piecewise linear square of a load.
LOAD_PIECES = 20

#: Largest violation of a row, relative to what is summed in it, that is taken as zero.
TOLERANCE = 1e-6


def solve(
    instance: Instance, parameters: Parameters, refine: Refine | None = None
) -> tuple[Instance, Solution]:
    """Return the instance as refitted and its balanced optimal solution.

    Parameters
    ----------
    refine : callable, optional
        Given the instance and its latest solution, returns it with finer classes.

    Raises
    ------
    SolverError
        If the solver does not prove an optimum within its time limit, or its answer
        violates a row.
    """
    current = instance
    for _ in range(NUM_REFITS):
        solution = solve_once(current, parameters)
        current = refitted(current, solution)
        if refine is not None:
            current = refine(current, solution)
    solution = solve_once(current, parameters)
    return current, balance(current, solution, parameters)


def optimum(instance: Instance, parameters: Parameters) -> float:
    """Return the value of an instance's optimum, and nothing of how it is reached.

    Raises
    ------
    SolverError
        If the solver does not prove an optimum within its time limit.
    """
    return _value_of(_solved(instance, parameters))


def solve_once(instance: Instance, parameters: Parameters) -> Solution:
    """Solve one instance as it stands: no refit, no balancing."""
    built = _solved(instance, parameters)
    _check_rows(instance, built.columns)
    return _read(instance, built, parameters)


def _solved(instance: Instance, parameters: Parameters) -> Program:
    built = program.build(instance)
    status = run(built.problem, parameters)
    if status is not Status.OPTIMAL:
        raise SolverError(_not_optimal(status, parameters))
    return built


def _value_of(built: Program) -> float:
    return -float(pulp.value(built.problem.objective) or 0.0)


def run(problem: Any, parameters: Parameters) -> Status:
    """Run the solver on a problem and translate its verdict.

    PuLP reports a stopped run as optimal; only its solution status tells them apart.
    """
    name = SOLVERS[parameters.solver]
    other = "highs" if parameters.solver == "cbc" else "cbc"
    solver = pulp.getSolver(name, msg=False, timeLimit=parameters.solver_seconds)
    if not solver.available():
        raise SolverError(
            f"the solver {parameters.solver} cannot run on this machine: plan with "
            f"--param solver={other}"
        )
    try:
        code = problem.solve(solver)
    except (pulp.PulpSolverError, OSError) as error:
        raise SolverError(
            f"the solver {parameters.solver} broke off ({error}): check that there is room "
            f"for temporary files, or plan with --param solver={other}"
        ) from error
    if code == pulp.LpStatusOptimal:
        proven = problem.sol_status == pulp.LpSolutionOptimal
        return Status.OPTIMAL if proven else Status.STOPPED
    if code == pulp.LpStatusInfeasible:
        return Status.INFEASIBLE
    if code == pulp.LpStatusUnbounded:
        return Status.UNBOUNDED
    return Status.STOPPED


def _not_optimal(status: Status, parameters: Parameters) -> str:
    if status is Status.STOPPED:
        return (
            f"the solver found no proven optimum in {parameters.solver_seconds} s: allow "
            "more with --param solver_seconds=600, or fewer max_classes"
        )
    # Planning nothing is always feasible and value is bounded by supply: a defect.
    return f"the solver says the program is {status}, which cannot be: please report it"


def _check_rows(instance: Instance, columns: Columns) -> None:
    """Refuse an answer that violates a row: the solver's word is not enough."""
    found = [
        row for rows in program.CONSTRAINTS for row in rows(instance, columns) if row.terms
    ]
    if not found:
        return
    sizes = np.array([c * _value(v) for row in found for v, c in row.terms.items()])
    first = np.cumsum([0, *(len(row.terms) for row in found[:-1])])
    limit = np.array([row.limit for row in found])
    excess = np.add.reduceat(sizes, first) - limit
    equal = np.array([row.equal for row in found])
    excess = np.where(equal, np.abs(excess), excess)
    scale = np.maximum(np.abs(limit), np.add.reduceat(np.abs(sizes), first))
    broken = np.flatnonzero(excess > TOLERANCE * np.maximum(scale, 1.0))
    if len(broken):
        raise SolverError(
            f"the solver's answer violates {found[broken[0]].name} by "
            f"{excess[broken[0]]:.3g}: try --param solver=highs"
        )


def _value(variable: Any) -> float:
    # A variable that is in no row and not in the objective keeps None.
    return max(0.0, variable.varValue or 0.0)


def _read(instance: Instance, built: Program, parameters: Parameters) -> Solution:
    columns = built.columns
    num_levels = max(1, len(program.levels(instance)))
    shape = (len(instance.classes), num_levels)
    inmails, connections = _volumes(instance, columns)
    return Solution(
        status=Status.OPTIMAL,
        objective=_value_of(built),
        class_inmails=_fill(shape, columns.class_inmails),
        class_connections=_fill(shape, columns.class_connections),
        flows={key: _value(v) for key, v in columns.flows.items() if _value(v) > 1e-9},
        connection_flows={
            key: _value(v)
            for key, v in columns.connection_flows.items()
            if _value(v) > 1e-9
        },
        inmails=inmails,
        connections=connections,
        prices=_prices(built),
        solver=f"{parameters.solver} through PuLP {pulp.__version__}",
        num_columns=len(built.problem.variables()),
        num_rows=len(built.row_names),
    )


def _fill(shape: tuple[int, ...], variables: Mapping[Any, Any]) -> np.ndarray:
    values = np.zeros(shape)
    for key, variable in variables.items():
        values[key] = _value(variable)
    return values


def _volumes(instance: Instance, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    shape = (len(instance.periods), len(instance.tiers))
    return (
        _fill(shape, columns.inmails),
        _fill((len(instance.periods),), columns.connections),
    )


def _prices(built: Program) -> dict[str, float]:
    """Return the shadow price of every row: the negative dual of a minimisation."""
    return {
        name: -float(built.problem.get_constraint_by_name(name).pi or 0.0)
        for name in built.row_names
    }


def balance(instance: Instance, solution: Solution, parameters: Parameters) -> Solution:
    """Return the solution with the same totals, seats loaded evenly.

    Each atom keeps its InMails by tier and week and its requests by week, so every lead
    and the objective stay as they were; within an atom the sum of squared loads is
    least. The square is piecewise linear, which comes close to the lexicographic
    optimum in one solve. If that solve is not proven optimal, nothing is moved.
    """
    problem = Problem("balance", pulp.LpMinimize)
    seat_columns = _seat_columns(instance, problem)
    cost: Terms = {}
    rows: list[Row] = []
    for number, load in enumerate(_loads(instance, seat_columns)):
        # Pieces widen with the square of their number: the first is well below one
        # send, so that even a handful of leads is shared out.
        edges = [load.capacity * (i / LOAD_PIECES) ** 2 for i in range(LOAD_PIECES + 1)]
        terms = dict(load.terms)
        for piece, (low, high) in enumerate(pairwise(edges)):
            part = problem.add_variable(f"u_{number}_{piece}", 0, high - low)
            terms[part] = -1.0
            cost[part] = round(load.weight * (low + high) / load.capacity, DIGITS)
        rows.append(Row(f"load_{number}", terms, 0.0))
    # A fixed order among equals: earlier seats first, far below any load's cost.
    for (p, _), variable in seat_columns.inmails.items():
        cost[variable] = _order_cost(instance, p)
    for p, variable in seat_columns.connections.items():
        cost[variable] = _order_cost(instance, p)
    rows += _kept_totals(instance, solution, seat_columns)
    for constraint in (*program.CAPACITY_CONSTRAINTS, program.forfeit_rows):
        rows.extend(constraint(instance, seat_columns))
    problem.setObjective(pulp.LpAffineExpression(cost))
    program.add_rows(problem, rows)
    if run(problem, parameters) is not Status.OPTIMAL:
        return solution
    inmails, connections = _volumes(instance, seat_columns)
    return replace(solution, inmails=inmails, connections=connections)


def _order_cost(instance: Instance, period: int) -> float:
    """Return the tie-break of a period: earlier seats, and before a reset, first."""
    item = instance.periods[period]
    return round(1e-5 * ((item.seat + 1) / instance.num_seats + 2 * item.cycle), DIGITS)


def _seat_columns(instance: Instance, problem: Any) -> Columns:
    periods = range(len(instance.periods))
    tiers = range(len(instance.tiers))
    return Columns(
        class_inmails={},
        class_connections={},
        flows={},
        connection_flows={},
        inmails={
            (p, t): problem.add_variable(f"z_{p}_{t}", lowBound=0)
            for p in periods
            for t in tiers
        },
        connections={p: problem.add_variable(f"w_{p}", lowBound=0) for p in periods},
        forfeits={
            (limit.seat, int(number)): problem.add_variable(
                f"x_{limit.seat}_{int(number)}", lowBound=0
            )
            for limit in instance.forfeits
            for number in limit.terms
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """What one seat carries of something, against what it can bear."""

    terms: Terms
    capacity: float
    weight: float


def _loads(instance: Instance, columns: Columns) -> list[_Load]:
    """Return each seat's loads: sends of this week, later sends, this week's credits.

    This week's capacity is what pace and limits allow, not only the days. Later sends
    and credits weigh half as much as this week's sends.
    """
    sends: dict[tuple[int, int], Terms] = defaultdict(dict)
    days: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    credits: dict[int, Terms] = defaultdict(dict)
    for p, period in enumerate(instance.periods):
        key = (period.seat, min(period.week, 1))
        for t, tier in enumerate(instance.tiers):
            sends[key][columns.inmails[p, t]] = 1.0
            if period.week == 0 and tier.use > 0:
                credits[period.seat][columns.inmails[p, t]] = tier.use
        sends[key][columns.connections[p]] = 1.0
        days[key][0] += period.max_inmails
        days[key][1] += period.max_connection_requests
    for limit in instance.velocity:
        if limit.name == "velocity_0":
            own = days[limit.seat, 0]
            own[0] = min(own[0], limit.limit)
    for limit in (*instance.connections, *instance.pending):
        if limit.name in {"connections_0", "pending_0"}:
            own = days[limit.seat, 0]
            own[1] = min(own[1], limit.limit)
    loads = [
        _Load(terms=sends[key], capacity=sum(days[key]), weight=0.5 if key[1] else 1.0)
        for key in sorted(sends)
    ]
    budget = {row.seat: row.budget for row in instance.credit_rows if row.last == 0}
    loads += [
        _Load(terms=credits[seat], capacity=float(budget.get(seat, 0)), weight=0.5)
        for seat in sorted(credits)
    ]
    return [load for load in loads if load.capacity >= 1]


def _kept_totals(instance: Instance, solution: Solution, columns: Columns) -> list[Row]:
    atom_of_seat = {s: a for a, atom in enumerate(instance.atoms) for s in atom.seats}
    terms: dict[tuple[int, ...], Terms] = defaultdict(dict)
    totals: dict[tuple[int, ...], float] = defaultdict(float)
    for p, period in enumerate(instance.periods):
        atom = atom_of_seat.get(period.seat, -1 - period.seat)
        for t in range(len(instance.tiers)):
            key: tuple[int, ...] = (atom, period.week, t)
            terms[key][columns.inmails[p, t]] = 1.0
            totals[key] += solution.inmails[p, t]
        key = (atom, period.week)
        terms[key][columns.connections[p]] = 1.0
        totals[key] += solution.connections[p]
    rows = []
    for number, key in enumerate(sorted(terms)):
        # Two rows with a hair of room: an equality between floats may be infeasible.
        total = round(totals[key], DIGITS)
        rows.append(Row(f"most_{number}", terms[key], total + TOLERANCE))
        least = {variable: -value for variable, value in terms[key].items()}
        rows.append(Row(f"least_{number}", least, TOLERANCE - total))
    forfeits: Terms = dict.fromkeys(columns.forfeits.values(), 1.0)
    most = forfeited(instance, solution.inmails) + TOLERANCE
    rows.append(Row("kept_forfeits", forfeits, most))
    return rows
