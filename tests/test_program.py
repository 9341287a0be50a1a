"""The linear program: one golden ``.lp`` file per constraint.

A golden file shows one constraint alone on the small instance below. After a change of
the program, write them anew with ``pytest tests/test_program.py --rewrite-golden`` and
read the difference. `planner.model.program.CONSTRAINTS` says which files there must be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulp
import pytest

from model_factory import (
    UNSURE,
    make_class,
    make_credit_row,
    make_instance,
    make_limit,
    make_period,
)
from planner.domain import Atom, Instance, Pool, Tier
from planner.model import program
from planner.model.program import Columns, Constraint

GOLDEN = Path(__file__).parent / "lp"


def _instance() -> Instance:
    """Return an instance that uses every feature once.

    Seats 0 and 1 make atom 0; seat 2 has better rates and is atom 1; no pool has seat 3.
    Pool 0 is everyone, pool 1 belongs to seat 2. Seat 0 has a reset in week 1. Leads of
    tier 3 refuse InMails.
    """
    periods = [
        make_period(seat=0, week=0, inmails=20, free=20, paid=8, requests=15),
        make_period(seat=0, week=1, cycle=0, inmails=4, free=4, paid=2, requests=3),
        make_period(seat=0, week=1, cycle=1, inmails=16, free=16, paid=6, requests=12),
        make_period(seat=1, week=0, inmails=10, free=7, paid=5, requests=9),
        make_period(seat=2, week=1, inmails=11, free=6, paid=5, requests=0),
        make_period(seat=3, week=0, inmails=20, free=20, paid=8, requests=15),
    ]
    weights = (0.04, 1.0, 0.86, 1.0)
    return make_instance(
        periods,
        [
            make_class(kind=0, size=30, inmail=0.12, request=0.05),
            make_class(kind=1, size=40, inmail=0.10, request=0.04),
            make_class(kind=2, size=50, inmail=0.09, request=0.045),
            make_class(kind=2, size=7, inmail=0.08, request=0.02, release=1),
            make_class(kind=1, size=5, inmail=0.20, request=0.06, pool=1),
            make_class(kind=3, size=6, inmail=0.0, request=0.05),
        ],
        pools=(Pool(name="all", atoms=(0, 1)), Pool(name="owner cleo", atoms=(1,))),
        atoms=(
            Atom(seats=(0, 1), inmail_factor=1.0, connection_factor=1.0),
            Atom(seats=(2,), inmail_factor=1.5, connection_factor=0.8),
        ),
        tiers=(*UNSURE, Tier(use=1.0, beta_a=None, beta_b=None, sendable=False)),
        credit_rows=(
            make_credit_row(35, weights=weights, held_back=2.5),
            make_credit_row(85, weights=weights, last=1, alpha=0.025, held_back=4.0),
            make_credit_row(145, weights=weights, first=1, last=1, alpha=0.025),
            # the hold-back is above the budget: nothing may be sent
            make_credit_row(3, weights=weights, seat=1, held_back=3.5),
        ),
        velocity=(
            make_limit(24.5, {0: 1.0}, name="velocity_0"),
            make_limit(19.625, {0: -0.325, 1: 1.0, 2: 1.0}, name="velocity_1"),
        ),
        open_month=(make_limit(350.0, {0: 1.0, 1: 1.0, 2: 1.0}, name="open_month_2"),),
        connections=(
            make_limit(61.0, {0: 1.0}, name="connections_0"),
            make_limit(80.0, {1: 1.0, 2: 1.0}, name="connections_1"),
        ),
        pending=(make_limit(173.5, {0: 1.0, 1: 1.0, 2: 1.0}, name="pending_1"),),
        forfeits=(
            make_limit(20.0, {1: 1.0}, name="forfeit_1"),
            make_limit(70.0, {2: 1.0}, name="forfeit_2"),
        ),
        delay_cost_per_week=0.01,
        forfeit_price=0.002,
    )


def _problem() -> tuple[Any, Columns]:
    problem = pulp.LpProblem("planner", pulp.LpMinimize)
    return problem, program.make_columns(_instance(), problem)


def _lp(problem: Any, tmp_path: Path) -> str:
    path = tmp_path / "program.lp"
    problem.writeLP(str(path))
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("constraint", program.CONSTRAINTS, ids=lambda c: c.__name__)
def test_constraint(
    constraint: Constraint, tmp_path: Path, check_golden: Callable[[Path, str], None]
) -> None:
    """Each constraint alone gives the rows of its golden file."""
    problem, columns = _problem()
    program.add_rows(problem, constraint(_instance(), columns))
    check_golden(GOLDEN / f"{constraint.__name__}.lp", _lp(problem, tmp_path))


def test_objective(tmp_path: Path, check_golden: Callable[[Path, str], None]) -> None:
    """The objective alone is that of its golden file."""
    problem, columns = _problem()
    terms = program.objective(_instance(), columns)
    problem.setObjective(pulp.LpAffineExpression(terms))
    check_golden(GOLDEN / "objective.lp", _lp(problem, tmp_path))


def test_every_constraint_has_a_golden_file() -> None:
    """No constraint is without its golden file, and no file without its constraint."""
    names = [constraint.__name__ for constraint in program.CONSTRAINTS]
    assert len(set(names)) == len(names)
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted([*names, "objective"])


def test_every_constraint_says_its_inequality() -> None:
    """The docstring of a constraint is one sentence with its inequality in it."""
    for constraint in program.CONSTRAINTS:
        text = constraint.__doc__ or ""
        refers_to_its_twin = "requests" in text and "weeks" in text
        assert "<=" in text or ">=" in text or "= sum" in text or refers_to_its_twin


def test_every_row_of_a_module_function_is_registered() -> None:
    """Each function ``..._rows`` of the module is in `CONSTRAINTS`."""
    found = {name for name in vars(program) if name.endswith("_rows")} - {"add_rows"}
    assert found == {constraint.__name__ for constraint in program.CONSTRAINTS}


def test_the_program_is_its_constraints() -> None:
    """The whole program has the rows of all constraints, in order, each under its name."""
    instance = _instance()
    built = program.build(instance)
    rows = [
        row
        for constraint in program.CONSTRAINTS
        for row in constraint(instance, built.columns)
        if row.terms
    ]
    assert built.row_names == tuple(row.name for row in rows)
    assert max(Counter(built.row_names).values()) == 1
    for row in rows:
        constraint = built.problem.get_constraint_by_name(row.name)
        assert dict(constraint.items()) == row.terms
        assert -constraint.constant == row.limit
        assert constraint.sense == (
            pulp.LpConstraintEQ if row.equal else pulp.LpConstraintLE
        )


def test_names_are_plain() -> None:
    """Names of rows and columns survive every solver: letters, digits, underscores."""
    built = program.build(_instance())
    names = [*built.row_names, *(v.name for v in built.problem.variables())]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() and name.isascii() for name in names)


def test_numbered_columns_give_the_same_rows() -> None:
    """Rows over plain numbers have the limits and coefficients of the problem's rows."""
    instance = _instance()
    built = program.build(instance)
    numbered = program.numbered_columns(instance)
    for constraint in (*program.CAPACITY_CONSTRAINTS, program.forfeit_rows):
        for real, plain in zip(
            constraint(instance, built.columns), constraint(instance, numbered), strict=True
        ):
            assert (real.name, real.limit) == (plain.name, plain.limit)
            assert list(real.terms.values()) == list(plain.terms.values())
    # no two columns share a number
    numbers = [
        *numbered.inmails.values(),
        *numbered.connections.values(),
        *numbered.forfeits.values(),
    ]
    assert len(set(numbers)) == len(numbers)


def test_row_limits_are_those_of_the_seats() -> None:
    """`row_limits` names every row but those of leads; all but flows have limit zero."""
    instance = _instance()
    limits = program.row_limits(instance)
    built = program.build(instance)
    for name in built.row_names:
        constraint = built.problem.get_constraint_by_name(name)
        if name.startswith("supply"):
            assert name not in limits
        elif name in limits:
            assert limits[name] == -constraint.constant
        else:
            assert constraint.constant == 0


def test_empty_instance_has_no_rows() -> None:
    """Without leads, seats and limits there is nothing to constrain."""
    built = program.build(make_instance([], []))
    assert built.row_names == ()
