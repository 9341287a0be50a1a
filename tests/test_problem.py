"""The program as a file for the solver: PuLP's own, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pulp
import pytest

from planner.model.problem import Problem


def _problem(kind: type[pulp.LpProblem]) -> pulp.LpProblem:
    """Return a problem with each thing that the program's files may hold.

    Columns out of order, one unused, bounds above (one of nothing), rows of three senses,
    a negative zero in the objective, limits of 0 and below, and no term in common.
    """
    problem = kind("sample", pulp.LpMinimize)
    z, y, w = (problem.add_variable(name, lowBound=0) for name in ("z_10", "y", "z_9"))
    u = problem.add_variable("u", 0, 2.5)
    fixed = problem.add_variable("v", 0, 0.0)
    problem.add_variable("unused", lowBound=0)
    problem.setObjective(
        pulp.LpAffineExpression({z: -0.123456789, y: -0.0, u: 1e-5, fixed: 0.0})
    )
    for name, terms, sense, limit in (
        ("most", {z: 1.0, y: 1, u: 1 / 3}, pulp.LpConstraintLE, 7.5),
        ("same", {w: 1.0, y: -1.0, fixed: 2.0}, pulp.LpConstraintEQ, 0.0),
        ("least", {w: 0.7, z: -0.0}, pulp.LpConstraintGE, -2.0),
    ):
        expression = pulp.LpAffineExpression(terms)
        problem.addConstraint(
            pulp.LpConstraint(expression, sense=sense, name=name, rhs=limit)
        )
    return problem


def test_the_file_is_pulps_own(tmp_path: Path) -> None:
    """CBC reads the same bytes, and the names mean the same columns and rows."""
    own, theirs = _problem(Problem), _problem(pulp.LpProblem)
    said = own.writeMPS(str(tmp_path / "own.mps"), rename=1)
    expected = theirs.writeMPS(str(tmp_path / "theirs.mps"), rename=1)
    assert (tmp_path / "own.mps").read_bytes() == (tmp_path / "theirs.mps").read_bytes()
    assert [v.name for v in said[0]] == [v.name for v in expected[0]]
    assert said[1:] == expected[1:]


def test_columns_are_those_in_use(tmp_path: Path) -> None:
    """A row added later brings its column along, though all were looked through before."""
    problem = _problem(Problem)
    assert [v.name for v in problem.variables()] == ["u", "v", "y", "z_10", "z_9"]
    late = problem.add_variable("a", lowBound=0)
    problem.addConstraint(late <= 3)
    assert problem.variables()[0] is late
    assert problem.variablesDict()["a"] is late
    problem.setObjective(pulp.LpAffineExpression({problem.add_variable("b", 0): 1.0}))
    assert "b" in problem.variablesDict()


@pytest.mark.parametrize("solver", ["PULP_CBC_CMD", "HiGHS"])
def test_both_solvers_take_it(solver: str) -> None:
    """By hand: z costs -0.12 each, most lets z be 7.5 at y = u = 0: -0.9259259175."""
    problem = _problem(Problem)
    problem.solve(pulp.getSolver(solver, msg=False))
    assert pulp.value(problem.objective) == pytest.approx(-0.123456789 * 7.5)
