"""The certificate against the program in which every lead is a class of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads_factory import make_inputs, make_lead
from model_factory import (
    MONDAY,
    make_class,
    make_classing,
    make_credit_row,
    make_instance,
    make_limit,
    make_period,
    make_seat,
)
from planner import pipeline
from planner.assign import written
from planner.assign.leads import ROUTE_CODE, Problem, decide
from planner.cli import run
from planner.domain import Given, Instance, ProofEnd, Route, Seat
from planner.errors import SolverError
from planner.model import certificate, exact, solve
from planner.model.classes import LeadValues, number_classes
from planner.model.instance import forfeited
from planner.model.refine import Refiner
from planner.params import Parameters

CBC = Parameters()
HIGHS = Parameters().override({"solver": "highs"})
OPEN, CLOSED = 0, 1

LEADS = """\
LinkedIn URL,First Name,Last Name,Company,Open Profile,Priority
https://www.linkedin.com/in/alba-1,Alba,Ashgrove,Acme,yes,90
https://www.linkedin.com/in/bertil-2,Bertil,Dunwick,Tarn,no,40
https://www.linkedin.com/in/chiaka-3,Chiaka,Farrowby,,no,70
"""

#: As few classes as the parameter allows: leads of many values must share them.
COARSE: dict[str, Any] = {"max_classes": 50}


def _values(inmail: np.ndarray, request: np.ndarray) -> LeadValues:
    zero = np.zeros(len(inmail), dtype=np.int64)
    return LeadValues(
        open_probability=zero.astype(float), segment=zero, inmail_reply_rate=inmail,
        connection_reply_rate=request, weight=np.ones(len(inmail)),
    )  # fmt: skip


def _singled(problem: Problem) -> Instance:
    """Return the instance with every lead of the program in a class of its own."""
    classing = problem.classing
    inside = np.flatnonzero(classing.lead_class >= 0)
    keys = np.stack([classing.lead_pool, classing.lead_kind, classing.lead_release])
    _, classes = number_classes(
        problem.values, inside, keys[:, inside], np.arange(len(inside))
    )
    return replace(problem.instance, classes=classes)


def _seats() -> list[Seat]:
    """Return three seats: one rich enough to forfeit, one with own rates, one poor."""
    return [
        make_seat(seat_id="anna", sender="Anna", credits=149, groups=("dach",)),
        make_seat(
            seat_id="bert", sender="Bert", credits=24, inmail_reply_rate=0.13,
            acceptance_rate=0.2, max_connection_requests_per_week=20,
        ),
        make_seat(
            seat_id="cleo", sender="Cleo", credits=9, inmails_last_28_days=12,
            reset_rule="day:30", max_connection_requests_per_week=10,
        ),
    ]  # fmt: skip


@cache
def _problem(seed: int, solver: str = "cbc") -> Problem:
    """Return the planned problem of 400 leads of all kinds, some in large companies."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(400):
        company = int(rng.integers(0, 90))
        rows.append(
            make_lead(
                number + 1, flag=str(rng.choice(["yes", "no", "unknown"])),
                company=f"Company {company}", company_key=f"company-{company}",
                priority=float(rng.integers(0, 101)),
                group="dach" if company % 7 == 0 else "",
            )
        )  # fmt: skip
    parameters = CBC.override({**COARSE, "solver": solver})
    given_ = Given(inputs=make_inputs(rows, _seats()), parameters=parameters, as_of=MONDAY)
    return pipeline.work_out(given_).problem


def _bound(problem: Problem) -> float:
    return certificate.upper_bound(
        problem.instance, problem.solution, problem.classing, problem.values
    )


# --- the bound --------------------------------------------------------------------


def test_bound_by_hand() -> None:
    """Two leads in one class, one InMail: class 0.2, single leads 0.3, bound 0.3."""
    instance = make_instance(
        [make_period(inmails=1, requests=0)],
        [make_class(kind=OPEN, size=2, inmail=0.2)],
    )
    classing = make_classing(
        instance, lead_class=np.zeros(2, dtype=np.int64), lead_kind=np.zeros(2, np.int64)
    )
    values = _values(np.array([0.3, 0.1]), np.zeros(2))
    solution = solve.solve_once(instance, CBC)
    # The InMail costs 0.2 (the class's mean); the better lead is 0.1 above that.
    prices = certificate.send_prices(instance, solution)
    assert prices.limits == pytest.approx(0.2)
    surplus = certificate.lead_surpluses(instance, prices, classing, values)
    assert surplus[0] == pytest.approx([0.1, -0.1])
    assert solution.objective == pytest.approx(0.2)
    bound = certificate.upper_bound(instance, solution, classing, values)
    assert bound == pytest.approx(0.3)
    assert certificate.relative_gap(0.2, bound) == pytest.approx(1 / 3)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 30), st.integers(0, 15)),
        min_size=1,
        max_size=25,
    ),
    st.integers(0, 8),
    st.integers(1, 4),
)
def test_bound_holds_at_lead_level(
    leads: list[tuple[int, int, int]], credits: int, per_class: int
) -> None:
    """No program over single leads beats the bound, however coarse the classes are."""
    kinds = np.array([kind for kind, _, _ in leads])
    inmail = np.array([value for _, value, _ in leads]) / 100
    request = np.array([value for _, _, value in leads]) / 100
    # Classes of leads of one kind, by twos, threes ... in the order drawn.
    label = np.zeros(len(leads), dtype=np.int64)
    for kind in (OPEN, CLOSED):
        own = np.flatnonzero(kinds == kind)
        label[own] = 100 * kind + np.arange(len(own)) // per_class
    _, lead_class = np.unique(label, return_inverse=True)
    classes = tuple(
        make_class(
            kind=int(kinds[lead_class == c][0]), size=int((lead_class == c).sum()),
            inmail=float(inmail[lead_class == c].mean()),
            request=float(request[lead_class == c].mean()),
        )
        for c in range(int(lead_class.max()) + 1)
    )  # fmt: skip
    coarse = make_instance(
        [make_period(inmails=9, free=6, paid=5, requests=4)],
        classes,
        credit_rows=(make_credit_row(credits, weights=(0.0, 1.0)),),
    )
    single = [
        make_class(kind=int(k), size=1, inmail=float(v), request=float(u))
        for k, v, u in zip(kinds, inmail, request, strict=True)
    ]
    best = solve.solve_once(replace(coarse, classes=tuple(single)), CBC).objective
    classing = make_classing(coarse, lead_class=lead_class, lead_kind=kinds)
    solution = solve.solve_once(coarse, CBC)
    bound = certificate.upper_bound(coarse, solution, classing, _values(inmail, request))
    assert bound >= best - 1e-9
    # Class means can only lose against single leads.
    assert best >= solution.objective - 1e-6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bound_exact_optimum_and_class_optimum_are_in_order(seed: int) -> None:
    """On a whole problem: bound >= optimum over single leads >= optimum over classes."""
    problem = _problem(seed)
    single = _singled(problem)
    assert len(single.classes) > 2 * len(problem.instance.classes)
    best = solve.solve_once(single, CBC).objective
    coarse = solve.solve_once(problem.instance, CBC).objective
    bound = _bound(problem)
    assert bound >= best - 1e-9
    assert best >= coarse - 1e-6
    # Coarse classes lose something here, so the order is not one of equal numbers, and
    # the bound is worth stating: it is near the optimum over single leads.
    assert best > coarse * 1.0001
    assert bound == pytest.approx(best, rel=0.02)


def test_bound_is_tight_where_every_lead_is_a_class() -> None:
    """With single leads and optimal prices the bound is the optimum itself."""
    problem = _problem(1)
    single = _singled(problem)
    inside = problem.classing.lead_class >= 0
    lead_class = np.where(inside, np.cumsum(inside) - 1, -1)
    classing = replace(problem.classing, classes=single.classes, lead_class=lead_class)
    solution = solve.solve_once(single, CBC)
    bound = certificate.upper_bound(single, solution, classing, problem.values)
    assert bound == pytest.approx(solution.objective, rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_solvers_agree_on_the_bound(seed: int) -> None:
    """CBC and HiGHS differ in their prices, but not by 1e-4 in the polished bound."""
    problem = _problem(seed)
    bounds = [
        certificate.upper_bound(
            problem.instance, solve.solve_once(problem.instance, parameters),
            problem.classing, problem.values,
        )
        for parameters in (CBC, HIGHS)
    ]  # fmt: skip
    assert bounds[0] == pytest.approx(bounds[1], rel=1e-4)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.0, 3.0))
def test_any_prices_bound(seed: int, scale: float) -> None:
    """Weak duality: the bound holds for prices that no solver would give."""
    problem = _problem(1)
    rng = np.random.default_rng(seed)
    best = _best_single()
    prices = {
        name: price * scale * rng.uniform(0.0, 2.0) + rng.uniform(-0.01, 0.01)
        for name, price in problem.solution.prices.items()
    }
    solution = replace(problem.solution, prices=prices)
    bound = certificate.upper_bound(
        problem.instance, solution, problem.classing, problem.values
    )
    assert bound >= best - 1e-6


@cache
def _best_single() -> float:
    return solve.solve_once(_singled(_problem(1)), CBC).objective


def test_forfeit_prices_are_capped() -> None:
    """A forfeited credit cannot cost more than its price, however the rows share it."""
    instance = make_instance(
        [make_period(cycle=0), make_period(week=1, cycle=1)],
        [make_class(kind=CLOSED, size=5)],
        forfeits=(
            make_limit(30.0, {1: 1.0}, name="forfeit_1"),
            make_limit(50.0, {2: 1.0}, name="forfeit_2"),
        ),
        forfeit_price=0.01,
    )
    solution = solve.solve_once(instance, CBC)
    wrong = {**solution.prices, "forfeit_1_0": 0.03, "forfeit_2_0": 0.01}
    capped = certificate.row_prices(instance, replace(solution, prices=wrong))
    # 0.04 in all where 0.01 is allowed: each a quarter of what it was.
    assert capped["forfeit_1_0"] == pytest.approx(0.0075)
    assert capped["forfeit_2_0"] == pytest.approx(0.0025)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_bound_holds_whoever_of_a_company_comes_first(seed: int) -> None:
    """Drawing lots inside companies instead of ranking by value does not beat it."""
    problem = _problem(1)
    most = problem.parameters.max_new_leads_per_company
    any_order = certificate.any_order_bound(
        problem.instance, problem.solution, problem.classing, problem.values,
        most_per_company=most,
    )  # fmt: skip
    assert any_order >= _bound(problem) - 1e-9
    classing = problem.classing
    eligible = np.flatnonzero(classing.lead_kind >= 0)
    lots = np.random.default_rng(seed).permutation(len(eligible))
    release = classing.lead_release.copy()
    for company in np.unique(classing.lead_company[eligible]):
        own = eligible[lots][classing.lead_company[eligible][lots] == company]
        release[own] = np.arange(len(own)) // most
    inside = eligible[release[eligible] < problem.instance.num_weeks]
    keys = np.stack([classing.lead_pool, classing.lead_kind, release])[:, inside]
    _, classes = number_classes(problem.values, inside, keys, np.arange(len(inside)))
    drawn = solve.solve_once(replace(problem.instance, classes=classes), CBC)
    assert any_order >= drawn.objective - 1e-9


# --- exact ------------------------------------------------------------------------


def _proof(seed: int, **changes: Any) -> exact.Proof:
    problem = _problem(seed)
    parameters = CBC.override({**COARSE, **changes})
    refiner = Refiner(problem.classing, problem.values, parameters)
    return exact.prove(
        problem.instance, problem.solution, refiner, problem.values, parameters
    )


def test_not_asked_for_changes_nothing() -> None:
    """Without exact the solution is the one that came in."""
    proof = _proof(1)
    assert proof.end is ProofEnd.NOT_ASKED
    assert proof.solution is _problem(1).solution
    assert proof.num_passes == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_exact_reaches_the_optimum_over_single_leads(seed: int) -> None:
    """Refined to a gap of 0.001 %, the class program is worth what single leads are."""
    proof = _proof(seed, exact=True, target_gap=0.00001)
    assert proof.end is ProofEnd.REACHED
    assert proof.num_passes >= 1
    assert proof.gap <= 0.00001
    best = solve.solve_once(_singled(_problem(seed)), CBC).objective
    assert proof.bound >= best - 1e-9
    assert proof.solution.objective == pytest.approx(best, rel=1e-4)
    assert proof.solution.objective > _problem(seed).solution.objective


def test_exact_is_deterministic() -> None:
    """The same again gives the same classes, volumes and bound."""
    first, second = (_proof(2, exact=True, target_gap=0.00001) for _ in range(2))
    assert first.instance.classes == second.instance.classes
    assert first.bound == second.bound
    assert np.array_equal(first.solution.inmails, second.solution.inmails)


def test_exact_stops_at_a_gap_that_is_there_already() -> None:
    """A target that is met needs no further solve and leaves the plan alone."""
    proof = _proof(1, exact=True, target_gap=0.1)
    assert (proof.end, proof.num_passes) == (ProofEnd.REACHED, 0)
    assert proof.solution is _problem(1).solution


def test_exact_says_that_its_passes_are_used() -> None:
    """One pass is not enough for a gap of 0.0001 % from such classes."""
    proof = _proof(1, exact=True, target_gap=0.000001, exact_passes=1)
    assert (proof.end, proof.num_passes) == (ProofEnd.PASSES, 1)


def test_exact_says_that_there_are_too_many_classes() -> None:
    """Where finer classes would be more than allowed, the last solution stands."""
    proof = _proof(1, exact=True, target_gap=0.000001, exact_max_classes=50)
    assert (proof.end, proof.num_passes) == (ProofEnd.CLASSES, 0)
    assert proof.solution is _problem(1).solution


def test_exact_says_that_the_solver_ran_out_of_time() -> None:
    """A pass without a proven optimum is dropped; what was proven before stands."""
    problem = _problem(1)
    parameters = CBC.override({**COARSE, "exact": True, "target_gap": 0.000001})
    hasty = replace(parameters, solver_seconds=0)  # below the range, so put in directly
    refiner = Refiner(problem.classing, problem.values, hasty)
    proof = exact.prove(problem.instance, problem.solution, refiner, problem.values, hasty)
    assert proof.end is ProofEnd.SOLVER
    assert proof.solution is problem.solution


def test_exact_says_that_a_pass_came_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """If finer classes do not lower the gap, the search ends."""
    monkeypatch.setattr(Refiner, "__call__", lambda _self, instance, _solution: instance)
    proof = _proof(1, exact=True, target_gap=0.000001)
    assert (proof.end, proof.num_passes) == (ProofEnd.NO_PROGRESS, 1)


# --- the week as written ----------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_written_week_is_below_the_bound(seed: int) -> None:
    """Whole sends to people are worth nearly what the program promised, and not more."""
    problem = _problem(seed)
    value = written.worth(problem, decide(problem))
    assert value <= _bound(problem) * (1 + 1e-6)
    assert value == pytest.approx(problem.solution.objective, rel=0.02)


def test_a_worse_week_is_worth_less() -> None:
    """Had nobody been sent to this week, the weeks after could not make up for it."""
    problem = _problem(1)
    decisions = decide(problem)
    held = np.zeros_like(decisions.route)
    slots = replace(
        decisions.slots, inmails=decisions.slots.inmails * 0,
        connections=decisions.slots.connections * 0,
    )  # fmt: skip
    idle = replace(decisions, route=held + ROUTE_CODE[Route.HOLD], slots=slots)
    assert written.worth(problem, idle) < written.worth(problem, decisions) - 1


def test_forfeits_by_hand() -> None:
    """149 credits, grant 50, cap 150: 49 are lost, less what is used before the reset."""
    instance = make_instance(
        [make_period(cycle=0, inmails=60), make_period(week=1, cycle=1)],
        [make_class(kind=CLOSED, size=5)],
        forfeits=(
            make_limit(49.0, {1: 1.0}, name="forfeit_1"),
            make_limit(99.0, {2: 1.0}, name="forfeit_2"),
        ),
    )
    # 10 used before the first reset: 39 lost at it. By the second, 99 less the 17 used in
    # all and less the 39 lost already: 43 more.
    inmails = np.array([[0, 10], [0, 7]])
    assert forfeited(instance, inmails) == pytest.approx(39 + 43)


# --- as people see it -------------------------------------------------------------


def _plan(folder: Path, *options: str) -> list[str]:
    (folder / "leads.csv").write_text(LEADS, "utf-8")
    (folder / "seats.csv").write_text("seat_id,credits\nanna,9\n", "utf-8")
    arguments = ["-q", "plan", "leads.csv", "-s", "seats.csv", "--as-of", "2026-11-23"]
    return [*arguments, *options]


def test_plan_states_its_certificate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every plan states its bounds and gaps; only --exact adds what it came to."""
    monkeypatch.chdir(tmp_path)
    assert run([*_plan(tmp_path), "--dry-run"]) == 0
    assert (
        "Certificate: of what any choice of single leads could be worth over the horizon, "
        "under the same limits and credit rows, the program misses at most 0.00% (0.00% "
        "whoever of a company comes first); --exact says what whole sends cost on top. The "
        "program planned"
    ) in capsys.readouterr().out
    assert run([*_plan(tmp_path), "--dry-run", "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)["totals"]
    assert totals["any_order_bound"] >= totals["objective_bound"] >= totals["objective"]
    assert totals["any_order_gap"] >= totals["gap"] >= 0
    assert not {"exact", "written_gap"} & set(totals)


def test_plan_exact_says_what_it_came_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`--exact` prints target, outcome and the written week; plan.json and sheet agree."""
    monkeypatch.chdir(tmp_path)
    assert run(_plan(tmp_path, "--exact", "--param", "target_gap=0.0005")) == 0
    assert (
        "; the week as written in whole sends, with the program's best weeks after it, at "
        "most 0.00%. Exact to 0.05%: target reached (0 further solves)."
    ) in capsys.readouterr().out
    (folder,) = (tmp_path / "reports").iterdir()
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    totals = document["totals"]
    assert document["parameters"]["exact"]["value"] is True
    assert (totals["exact"], totals["exact_passes_used"]) == ("target reached", 0)
    assert totals["target_gap"] == 0.0005
    assert totals["written_objective"] <= totals["objective_bound"] + 1e-6
    assert totals["written_gap"] >= 0
    book = openpyxl.load_workbook(folder / "plan.xlsx")
    column = (row[0].value for row in book["Summary"].iter_rows(max_col=1))
    cells = [str(value) for value in column if value]
    place = cells.index("How good this is")
    assert cells[place + 4 : place + 6] == [
        "Missed by this week as written at most",
        "Exact to 0.05%: target reached (0 further solves).",
    ]  # fmt: skip


def test_solver_without_an_optimum_leaves_the_written_gap_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the weeks after cannot be solved in time, nothing is claimed of them."""
    problem = _problem(1)
    parameters = CBC.override({**COARSE, "exact": True, "target_gap": 0.1})
    proof = _proof(1, exact=True, target_gap=0.1)

    def gives_up(*_: object) -> float:
        raise SolverError("no proven optimum")

    monkeypatch.setattr(written, "worth", gives_up)
    figures = pipeline.certificate(
        replace(problem, parameters=parameters), decide(problem), proof
    )
    assert "written_gap" not in figures
    assert figures["exact"] == "target reached"
