"""Tiny programs solved by hand, prices, balancing, and the solver's verdicts."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_factory import (
    CERTAIN,
    UNSURE,
    assert_rows_hold,
    make_class,
    make_credit_row,
    make_instance,
    make_limit,
    make_period,
)
from planner.domain import (
    Atom,
    Instance,
    LeadClass,
    Pool,
    Solution,
    Status,
    Tier,
    VolumeLimit,
)
from planner.errors import SolverError
from planner.model import program, solve
from planner.model.instance import refit, refitted
from planner.params import Parameters

CBC = Parameters()
HIGHS = Parameters().override({"solver": "highs"})
OPEN, CLOSED, UNKNOWN = 0, 1, 2


@pytest.fixture(params=[CBC, HIGHS], ids=["cbc", "highs"])
def parameters(request: pytest.FixtureRequest) -> Parameters:
    """Run a test with each solver."""
    chosen = request.param
    assert isinstance(chosen, Parameters)
    return chosen


def _credits(budget: int, seat: int = 0) -> Any:
    return make_credit_row(budget, weights=(0.0, 1.0), seat=seat)


# --- by hand --------------------------------------------------------------------------


def test_credits_bind(parameters: Parameters) -> None:
    """With 7 credits, 7 of 20 closed leads go; a credit is worth what one of them is."""
    instance = make_instance(
        [make_period(inmails=10)],
        [make_class(kind=CLOSED, size=20, inmail=0.1)],
        credit_rows=(_credits(7),),
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.status is Status.OPTIMAL
    assert solution.objective == pytest.approx(0.7)
    assert solution.class_inmails.tolist() == [[pytest.approx(7.0)]]
    assert solution.prices["credits_0_0_0"] == pytest.approx(0.1)
    assert solution.prices["inmails_0"] == pytest.approx(0.0)
    assert solution.prices["supply_0"] == pytest.approx(0.0)


def test_free_ones_leave_credits_to_closed_ones(parameters: Parameters) -> None:
    """Open leads use no credit: all 5 of them go, and 3 closed ones on 3 credits."""
    instance = make_instance(
        [make_period(inmails=10)],
        [
            make_class(kind=OPEN, size=5, inmail=0.05),
            make_class(kind=CLOSED, size=20, inmail=0.1),
        ],
        credit_rows=(_credits(3),),
    )
    solution = solve.solve_once(instance, parameters)
    # 5 * 0.05 + 3 * 0.1, although each closed one is worth twice an open one
    assert solution.objective == pytest.approx(0.55)
    assert solution.inmails.tolist() == [[pytest.approx(5.0), pytest.approx(3.0)]]


def test_daily_limits_bind(parameters: Parameters) -> None:
    """Free, paid and all InMails have their own limits; all three can bind at once."""
    instance = make_instance(
        [make_period(inmails=9, free=6, paid=4)],
        [
            make_class(kind=OPEN, size=50, inmail=0.1),
            make_class(kind=CLOSED, size=50, inmail=0.3),
        ],
    )
    solution = solve.solve_once(instance, parameters)
    # 4 paid ones at 0.3, then 5 of at most 6 free ones fill the 9.
    assert solution.objective == pytest.approx(1.7)
    assert solution.prices["inmails_0"] == pytest.approx(0.1)
    assert solution.prices["paid_0"] == pytest.approx(0.2)
    assert solution.prices["open_0"] == pytest.approx(0.0)


def test_invitation_where_the_credit_is_worth_more_elsewhere(
    parameters: Parameters,
) -> None:
    """The one credit goes to the lead that gains most by it, not to the best lead."""
    # A: 0.20 by InMail, 0.12 by request: gains 0.08. B: 0.15 and 0.02: gains 0.13.
    # One credit, one request: B by InMail, A by request: 0.15 + 0.12 = 0.27 > 0.22.
    instance = make_instance(
        [make_period(inmails=10, requests=1)],
        [
            make_class(kind=CLOSED, size=1, inmail=0.20, request=0.12),
            make_class(kind=CLOSED, size=1, inmail=0.15, request=0.02),
        ],
        credit_rows=(_credits(1),),
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.objective == pytest.approx(0.27)
    assert solution.class_inmails.ravel() == pytest.approx([0.0, 1.0])
    assert solution.class_connections.ravel() == pytest.approx([1.0, 0.0])


def test_a_lead_gets_one_route(parameters: Parameters) -> None:
    """InMails and requests share the leads of a class."""
    instance = make_instance(
        [make_period(inmails=10, requests=10)],
        [make_class(kind=OPEN, size=6, inmail=0.1, request=0.09)],
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.objective == pytest.approx(0.6)
    assert solution.connections.tolist() == [pytest.approx(0.0)]


def test_seat_about_to_forfeit_spends_first(parameters: Parameters) -> None:
    """Between equal seats, the one whose credits the cap will take sends."""
    # Seat 1 would forfeit 20 credits; 12 leads use 12 of them, 8 are lost at 0.002.
    instance = make_instance(
        [make_period(seat=0, inmails=30), make_period(seat=1, inmails=30)],
        [make_class(kind=CLOSED, size=12, inmail=0.1)],
        forfeits=(make_limit(20.0, {1: 1.0}, seat=1, name="forfeit_1"),),
        forfeit_price=0.002,
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.objective == pytest.approx(1.2 - 8 * 0.002)
    assert solution.inmails[:, CLOSED].tolist() == [pytest.approx(0), pytest.approx(12)]


def test_forfeits_at_two_resets_are_counted_once(parameters: Parameters) -> None:
    """What the cap took at the first reset is not taken again at the second."""
    # 20 too many at reset 1 and, with no sends, 70 by reset 2: 20 then 50, not 90.
    instance = make_instance(
        [make_period(inmails=0)],
        [],
        forfeits=(
            make_limit(20.0, {1: 1.0}, name="forfeit_1"),
            make_limit(70.0, {2: 1.0}, name="forfeit_2"),
        ),
        forfeit_price=0.01,
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.objective == pytest.approx(-0.7)


def test_velocity_links_weeks(parameters: Parameters) -> None:
    """What is sent this week lifts the limit of the next."""
    # V_0 <= 4; V_1 - 0.5 V_0 <= 1: 4 and then 3.
    instance = make_instance(
        [make_period(week=0), make_period(week=1)],
        [make_class(kind=OPEN, size=10, inmail=0.1)],
        velocity=(make_limit(4.0, {0: 1.0}), make_limit(1.0, {0: -0.5, 1: 1.0}, name="v")),
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.objective == pytest.approx(0.7)
    assert solution.inmails[:, OPEN].tolist() == [pytest.approx(4), pytest.approx(3)]


def test_free_ones_are_hurried_more(parameters: Parameters) -> None:
    """If one of two must wait, it is the one that uses a credit."""
    instance = make_instance(
        [make_period(week=0, inmails=1), make_period(week=1, inmails=1)],
        [
            make_class(kind=OPEN, size=1, inmail=0.1),
            make_class(kind=CLOSED, size=1, inmail=0.1),
        ],
        delay_cost_per_week=0.01,
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.inmails.ravel() == pytest.approx([1.0, 0.0, 0.0, 1.0])


def test_nobody_who_refuses_gets_an_inmail(parameters: Parameters) -> None:
    """A tier that is not sendable gets requests only, even to save a forfeit."""
    refusing = Tier(use=1.0, beta_a=None, beta_b=None, sendable=False)
    instance = make_instance(
        [make_period(inmails=10, requests=3)],
        [make_class(kind=2, size=8, inmail=0.0, request=0.05)],
        tiers=(*CERTAIN, refusing),
        forfeits=(make_limit(5.0, {1: 1.0}, name="forfeit_1"),),
        forfeit_price=0.002,
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.inmails.sum() == pytest.approx(0.0)
    assert solution.objective == pytest.approx(3 * 0.05 - 5 * 0.002)


def test_release_week_is_kept(parameters: Parameters) -> None:
    """Leads released next week wait, even if only some of them can go then."""
    instance = make_instance(
        [make_period(week=0, inmails=10), make_period(week=1, inmails=3)],
        [
            make_class(kind=OPEN, size=5, inmail=0.2, release=1),
            make_class(kind=OPEN, size=4, inmail=0.1),
        ],
    )
    solution = solve.solve_once(instance, parameters)
    # 3 of the late ones at 0.2 fill week 1; all 4 others go in week 0.
    assert solution.objective == pytest.approx(1.0)
    assert solution.inmails[:, OPEN].tolist() == [pytest.approx(4), pytest.approx(3)]


def test_request_release_is_kept(parameters: Parameters) -> None:
    """Requests wait for their week, too."""
    instance = make_instance(
        [make_period(week=0, requests=10), make_period(week=1, requests=2)],
        [make_class(kind=CLOSED, size=5, inmail=0.0, request=0.05, release=1)],
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.connections.tolist() == [pytest.approx(0), pytest.approx(2)]


def test_delay_prefers_this_week(parameters: Parameters) -> None:
    """Between equal weeks, sooner is better by the cost of delay."""
    # 6 of 10 fit this week; the other 4 wait and lose 1 % of the mean value each, twice
    # that because they use no credit.
    instance = make_instance(
        [make_period(week=0, inmails=6), make_period(week=1, inmails=10)],
        [make_class(kind=OPEN, size=10, inmail=0.1)],
        delay_cost_per_week=0.01,
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.inmails[:, OPEN].tolist() == [pytest.approx(6), pytest.approx(4)]
    assert solution.objective == pytest.approx(1.0 - 4 * 0.002)


def test_pools_keep_owners_and_groups(parameters: Parameters) -> None:
    """A lead goes to a seat of its pool only, and overlapping pools share the seats."""
    # Atom 0 is seat 0 (group dach), atom 1 seat 1 (dach and everyone), atom 2 seat 2.
    # Each seat sends 4. Owner of seat 2: 10 leads at 0.3, 4 go. Group dach: 10 at 0.2,
    # 8 go from seats 0 and 1; nothing is left for everyone's leads at 0.1.
    instance = make_instance(
        [make_period(seat=s, inmails=4) for s in range(3)],
        [
            make_class(kind=OPEN, size=10, inmail=0.1, pool=0),
            make_class(kind=OPEN, size=10, inmail=0.2, pool=1),
            make_class(kind=OPEN, size=10, inmail=0.3, pool=2),
        ],
        pools=(
            Pool(name="all", atoms=(0, 1, 2)),
            Pool(name="group dach", atoms=(0, 1)),
            Pool(name="owner cleo", atoms=(2,)),
        ),
        atoms=tuple(
            Atom(seats=(s,), inmail_factor=1.0, connection_factor=1.0) for s in range(3)
        ),
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.objective == pytest.approx(8 * 0.2 + 4 * 0.3)
    assert solution.class_inmails.ravel() == pytest.approx([0.0, 8.0, 4.0])
    by_atom: dict[int, float] = defaultdict(float)
    for (_, _, _, atom), volume in solution.flows.items():
        by_atom[atom] += volume
    assert by_atom == pytest.approx({0: 4.0, 1: 4.0, 2: 4.0})


def test_better_seats_send_more(parameters: Parameters) -> None:
    """A seat that gets twice the replies is filled first; its leads count double."""
    instance = make_instance(
        [make_period(seat=0, inmails=4), make_period(seat=1, inmails=4)],
        [make_class(kind=OPEN, size=6, inmail=0.1)],
        atoms=(
            Atom(seats=(0,), inmail_factor=1.0, connection_factor=1.0),
            Atom(seats=(1,), inmail_factor=2.0, connection_factor=1.0),
        ),
        pools=(Pool(name="all", atoms=(0, 1)),),
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.objective == pytest.approx(4 * 0.2 + 2 * 0.1)
    assert solution.class_inmails.tolist() == [[pytest.approx(2.0), pytest.approx(4.0)]]


def test_unknown_leads_book_their_weight(parameters: Parameters) -> None:
    """With a budget of 5, 1 held back and 0.8 booked for each, 5 unknown leads go."""
    instance = make_instance(
        [make_period(inmails=20)],
        [make_class(kind=UNKNOWN, size=20, inmail=0.1)],
        tiers=UNSURE,
        credit_rows=(make_credit_row(5, weights=(0.03, 1.0, 0.8), held_back=1.0),),
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.objective == pytest.approx(0.5)


def test_credits_of_two_cycles(parameters: Parameters) -> None:
    """What is saved before a reset can be used after it, up to the cap."""
    # 30 credits now, 30 granted, cap 40: 30 + 30 in all, at most 40 in cycle 1. Cycle 0
    # can send 10 a week: 10 now and 40 (of 50 left, by the cap) later.
    instance = make_instance(
        [
            make_period(week=0, cycle=0, inmails=10),
            make_period(week=1, cycle=1, inmails=60),
        ],
        [make_class(kind=CLOSED, size=100, inmail=0.1)],
        credit_rows=tuple(
            make_credit_row(budget, weights=(0.0, 1.0), first=first, last=last)
            for first, last, budget in ((0, 0, 30), (0, 1, 60), (1, 1, 40))
        ),
    )
    solution = solve.solve_once(instance, parameters)
    assert solution.inmails[:, CLOSED].tolist() == [pytest.approx(10), pytest.approx(40)]
    assert solution.prices["credits_0_1_1"] == pytest.approx(0.1)
    assert solution.prices["credits_0_0_1"] == pytest.approx(0.0)


def test_nothing_to_send_is_optimal(parameters: Parameters) -> None:
    """Without leads the plan is empty, not an error."""
    solution = solve.solve_once(make_instance([make_period()], []), parameters)
    assert solution.objective == pytest.approx(0.0)
    assert solution.inmails.tolist() == [[0.0, 0.0]]


# --- random instances -----------------------------------------------------------------


@st.composite
def _instances(draw: st.DrawFn, tiers: int = 2) -> Instance:
    """Return an instance of 1 to 3 seats, two weeks, two pools and certain leads."""
    num_seats = draw(st.integers(1, 3))
    small = st.integers(0, 8)
    periods = []
    for seat in range(num_seats):
        for week in range(2):
            free, paid = draw(small), draw(small)
            inmails = draw(st.integers(max(free, paid), free + paid))
            periods.append(
                make_period(
                    seat=seat, week=week, cycle=week, inmails=inmails, free=free, paid=paid,
                    requests=draw(small),
                )
            )  # fmt: skip
    split = num_seats > 1 and draw(st.booleans())
    atoms = (
        (tuple(range(num_seats - 1)), (num_seats - 1,))
        if split
        else (tuple(range(num_seats)),)
    )
    classes = draw(
        st.lists(
            st.builds(
                make_class,
                kind=st.integers(0, tiers - 1),
                size=st.integers(1, 9),
                inmail=st.integers(1, 20).map(lambda v: v / 100),
                request=st.integers(0, 10).map(lambda v: v / 100),
                pool=st.integers(0, 1) if split else st.just(0),
                release=st.integers(0, 1),
            ),
            min_size=1,
            max_size=5,
        )
    )
    weights = (0.04, 1.0, 0.85)[:tiers] if tiers > 2 else (0.0, 1.0)
    credit_rows = []
    for seat in range(num_seats):
        now = draw(st.integers(0, 10))
        for first, last, budget in ((0, 0, now), (0, 1, now + 3), (1, 1, 8)):
            credit_rows.append(
                make_credit_row(budget, weights=weights, seat=seat, first=first, last=last)
            )
    first_week = {p.seat: n for n, p in enumerate(periods) if p.week == 0}
    return make_instance(
        periods,
        classes,
        tiers=UNSURE if tiers > 2 else CERTAIN,
        pools=(
            Pool(name="all", atoms=tuple(range(len(atoms)))),
            Pool(name="last", atoms=(len(atoms) - 1,)),
        ),
        atoms=tuple(
            Atom(
                seats=seats,
                inmail_factor=draw(st.sampled_from([1.0, 1.5])) if a else 1.0,
                connection_factor=1.0,
            )
            for a, seats in enumerate(atoms)
        ),
        credit_rows=tuple(credit_rows),
        velocity=tuple(
            make_limit(
                draw(st.integers(0, 4)), {n: -0.325, n + 1: 1.0}, seat=s, name="velocity_1"
            )
            for s, n in first_week.items()
        ),
        pending=tuple(
            make_limit(
                draw(st.integers(0, 12)), {n: 1.0, n + 1: 1.0}, seat=s, name="pending"
            )
            for s, n in first_week.items()
        ),
        forfeits=tuple(
            make_limit(draw(st.integers(1, 9)), {1: 1.0}, seat=s, name="forfeit_1")
            for s in first_week
        ),
        delay_cost_per_week=0.01,
        forfeit_price=0.002,
    )


def _value(instance: Instance, solution: Solution) -> float:
    """Recompute the objective from the volumes, the plain way."""
    pairs = program.levels(instance)
    total = 0.0
    for c, item in enumerate(instance.classes):
        for level, (by_inmail, by_request) in enumerate(pairs):
            total += item.inmail_value * by_inmail * solution.class_inmails[c, level]
            total += (
                item.connection_value * by_request * solution.class_connections[c, level]
            )
    size = sum(item.size for item in instance.classes)
    inmail = sum(c.size * c.inmail_value for c in instance.classes) / size
    request = sum(c.size * c.connection_value for c in instance.classes) / size
    used: dict[int, float] = defaultdict(float)
    for p, period in enumerate(instance.periods):
        late = instance.delay_cost_per_week * period.week
        hurry = np.array([2 - tier.use for tier in instance.tiers])
        total -= late * inmail * float(solution.inmails[p] @ hurry)
        total -= late * request * solution.connections[p]
        if period.cycle == 0:
            use = [tier.use for tier in instance.tiers]
            used[period.seat] += float(solution.inmails[p] @ use)
    for limit in instance.forfeits:
        total -= instance.forfeit_price * max(0.0, limit.limit - used[limit.seat])
    return total


@settings(max_examples=40)
@given(_instances())
def test_both_solvers_agree(instance: Instance) -> None:
    """CBC and HiGHS find the same value, and shadow prices that are not negative."""
    cbc = solve.solve_once(instance, CBC)
    highs = solve.solve_once(instance, HIGHS)
    assert cbc.objective == pytest.approx(highs.objective, abs=1e-6)
    built = program.build(instance)
    for solution in (cbc, highs):
        assert solution.objective == pytest.approx(_value(instance, solution), abs=1e-6)
        assert_rows_hold(instance, solution.inmails, solution.connections)
        for name, price in solution.prices.items():
            row = built.problem.get_constraint_by_name(name)
            if row.sense == pulp.LpConstraintLE:
                assert price >= -1e-9, name
    # Strong duality: both price lists account for the whole objective.
    limits = {
        name: -built.problem.get_constraint_by_name(name).constant
        for name in built.row_names
    }
    for solution in (cbc, highs):
        booked = sum(solution.prices[name] * limit for name, limit in limits.items())
        assert booked == pytest.approx(solution.objective, abs=1e-6)


def _with_limit(instance: Instance, name: str, change: int) -> Instance:
    """Return the instance with one limit changed: of credits, of a class or of requests."""
    kind, _, rest = name.partition("_")
    if kind == "supply":
        classes = list(instance.classes)
        classes[int(rest)] = replace(
            classes[int(rest)], size=classes[int(rest)].size + change
        )
        return replace(instance, classes=tuple(classes))
    rows = tuple(
        replace(row, budget=row.budget + change)
        if f"{row.seat}_{row.first}_{row.last}" == rest
        else row
        for row in instance.credit_rows
    )
    return replace(instance, credit_rows=rows)


@settings(max_examples=25)
@given(_instances(), st.data())
def test_shadow_price_is_between_the_differences(
    instance: Instance, data: st.DataObject
) -> None:
    """A price lies between what one unit more brings and what one unit less costs."""
    # The mean values in the cost of delay depend on the sizes of classes: leave it out.
    instance = replace(instance, delay_cost_per_week=0.0)
    names = [f"credits_{r.seat}_{r.first}_{r.last}" for r in instance.credit_rows]
    names += [f"supply_{c}" for c in range(len(instance.classes))]
    name = data.draw(st.sampled_from(names))
    solution = solve.solve_once(instance, CBC)
    price = solution.prices.get(name)
    if price is None:
        return  # a row without terms
    more = solve.solve_once(_with_limit(instance, name, 1), CBC).objective
    assert price >= more - solution.objective - 1e-6
    limits = program.build(instance).problem.get_constraint_by_name(name)
    if -limits.constant >= 1:
        fewer = solve.solve_once(_with_limit(instance, name, -1), CBC).objective
        assert price <= solution.objective - fewer + 1e-6


@settings(max_examples=30)
@given(_instances(), st.integers(0, 2), st.integers(1, 20))
def test_more_credits_never_lower_the_value(
    instance: Instance, seat: int, more: int
) -> None:
    """Credits added to one seat never cost replies."""
    richer = replace(
        instance,
        credit_rows=tuple(
            replace(row, budget=row.budget + more) if row.seat == seat else row
            for row in instance.credit_rows
        ),
    )
    before = solve.solve_once(instance, CBC).objective
    assert solve.solve_once(richer, CBC).objective >= before - 1e-7


def _moved(limits: Sequence[VolumeLimit], number: Sequence[int]) -> tuple[VolumeLimit, ...]:
    return tuple(replace(limit, seat=number[limit.seat]) for limit in limits)


@settings(max_examples=25)
@given(_instances(), st.data())
def test_order_makes_no_difference(instance: Instance, data: st.DataObject) -> None:
    """Permuting classes, or numbering the seats anew, leaves the value as it is."""
    classes = data.draw(st.permutations(instance.classes))
    number = data.draw(st.permutations(range(instance.num_seats)))
    moved = replace(
        instance,
        classes=tuple(classes),
        periods=tuple(replace(p, seat=number[p.seat]) for p in instance.periods),
        atoms=tuple(
            replace(atom, seats=tuple(number[s] for s in atom.seats))
            for atom in instance.atoms
        ),
        credit_rows=tuple(replace(r, seat=number[r.seat]) for r in instance.credit_rows),
        velocity=_moved(instance.velocity, number),
        pending=_moved(instance.pending, number),
        forfeits=_moved(instance.forfeits, number),
    )
    assert solve.solve_once(moved, CBC).objective == pytest.approx(
        solve.solve_once(instance, CBC).objective, abs=1e-6
    )


# --- brute force ----------------------------------------------------------------------


def _best_whole(instance: Instance, classes: tuple[LeadClass, ...], credits: int) -> float:
    """Try every whole-number plan of one seat and one week; return the best value."""
    (period,) = instance.periods
    choices = [
        [(y, k) for y in range(c.size + 1) for k in range(c.size + 1 - y)] for c in classes
    ]
    best = 0.0
    for plan in itertools.product(*choices):
        free = sum(y for (y, _), c in zip(plan, classes, strict=True) if c.kind == OPEN)
        paid = sum(y for (y, _), c in zip(plan, classes, strict=True) if c.kind == CLOSED)
        requests = sum(k for _, k in plan)
        if (
            free > period.max_open_inmails
            or paid > min(period.max_paid_inmails, credits)
            or free + paid > period.max_inmails
            or requests > period.max_connection_requests
        ):
            continue
        value = sum(
            y * c.inmail_value + k * c.connection_value
            for (y, k), c in zip(plan, classes, strict=True)
        )
        best = max(best, value)
    return best


@settings(max_examples=40)
@given(
    classes=st.lists(
        st.builds(
            make_class,
            kind=st.integers(0, 1),
            size=st.integers(1, 3),
            inmail=st.integers(1, 9).map(lambda v: v / 10),
            request=st.integers(0, 5).map(lambda v: v / 10),
        ),
        min_size=1,
        max_size=3,
    ),
    free=st.integers(0, 4),
    paid=st.integers(0, 4),
    requests=st.integers(0, 3),
    credits=st.integers(0, 4),
    data=st.data(),
)
def test_no_whole_plan_beats_the_program(
    classes: list[LeadClass],
    free: int,
    paid: int,
    requests: int,
    credits: int,
    data: st.DataObject,
) -> None:
    """Enumerating every plan of a tiny case finds the program's value: never more."""
    inmails = data.draw(st.integers(max(free, paid), free + paid))
    instance = make_instance(
        [make_period(inmails=inmails, free=free, paid=paid, requests=requests)],
        classes,
        credit_rows=(_credits(credits),),
    )
    value = solve.solve_once(instance, CBC).objective
    best = _best_whole(instance, instance.classes, credits)
    # All coefficients are 0 or 1 here: the optimum is at a whole-number corner.
    assert value == pytest.approx(best, abs=1e-6)


# --- refit and the whole solve --------------------------------------------------------


def _unsure_instance(num_seats: int = 2, credits: int = 30) -> Instance:
    instance = make_instance(
        [
            make_period(seat=s, week=w, cycle=w, inmails=90, free=90, paid=36, requests=70)
            for s in range(num_seats)
            for w in range(2)
        ],
        [
            make_class(kind=OPEN, size=40, inmail=0.1, request=0.04),
            make_class(kind=CLOSED, size=60, inmail=0.09, request=0.04),
            make_class(kind=UNKNOWN, size=120, inmail=0.085, request=0.03),
        ],
        tiers=UNSURE,
        credit_rows=tuple(
            make_credit_row(
                budget, weights=(), seat=s, first=first, last=last, alpha=alpha
            )
            for s in range(num_seats)
            for first, last, budget, alpha in (
                (0, 0, credits, 0.05), (0, 1, credits + 50, 0.025), (1, 1, 145, 0.025)
            )
        ),
        delay_cost_per_week=0.01,
    )  # fmt: skip
    mix = np.tile([10.0, 8.0, 20.0], (len(instance.periods), 1))
    return refit(instance, mix)


def test_solve_refits_credit_rows(parameters: Parameters) -> None:
    """The rows of the returned instance are fitted to about the volumes that it sends."""
    fitted, solution = solve.solve(_unsure_instance(), parameters)
    again_fitted = refitted(fitted, solution)
    for row, again in zip(fitted.credit_rows, again_fitted.credit_rows, strict=True):
        # Up to balancing, which moves leads between equal seats.
        assert row.weights == pytest.approx(again.weights, abs=0.05)
        assert row.held_back == pytest.approx(again.held_back, abs=1.0)
    assert_rows_hold(fitted, solution.inmails, solution.connections)


def test_solve_refines_after_each_refit() -> None:
    """Classes may be drawn anew after every solve but the last."""
    seen = []

    def refine_classes(instance: Instance, solution: Solution) -> Instance:
        seen.append(solution.objective)
        return instance

    solve.solve(_unsure_instance(), CBC, refine_classes)
    assert len(seen) == solve.NUM_REFITS


# --- balance --------------------------------------------------------------------------


def test_equal_seats_are_loaded_equally(parameters: Parameters) -> None:
    """Two equal seats share what a solver would give to one of them."""
    instance = make_instance(
        [make_period(seat=s, inmails=20, requests=10) for s in range(2)],
        [make_class(kind=OPEN, size=12, inmail=0.1), make_class(kind=CLOSED, size=8)],
        credit_rows=(_credits(10, seat=0), _credits(10, seat=1)),
    )
    solution = solve.balance(instance, solve.solve_once(instance, parameters), parameters)
    # 20 InMails over two seats, each with 30 sends of capacity: 10 each, to within a
    # piece of the piecewise linear square. Piece i of 20 ends at 30 (i / 20)^2: from
    # 9.1 to 10.8.
    totals = solution.inmails.sum(axis=1)
    assert totals.sum() == pytest.approx(20)
    assert abs(totals[0] - totals[1]) <= 1.8


def test_a_handful_is_shared_out(parameters: Parameters) -> None:
    """Even two leads go to two seats, not to one."""
    instance = make_instance(
        [make_period(seat=s, inmails=20, requests=10) for s in range(2)],
        [make_class(kind=OPEN, size=2, inmail=0.1)],
    )
    solution = solve.balance(instance, solve.solve_once(instance, parameters), parameters)
    # Near 1 the pieces are 0.3 wide: from 30 (3 / 20)^2 = 0.68 to 1.2.
    assert solution.inmails[:, OPEN] == pytest.approx([1.0, 1.0], abs=0.55)


def test_loads_are_relative_to_capacity() -> None:
    """A seat that can bear twice as much gets about twice as much."""
    instance = make_instance(
        [
            make_period(seat=0, inmails=20, requests=0),
            make_period(seat=1, inmails=40, requests=0),
        ],
        [make_class(kind=OPEN, size=30)],
    )
    solution = solve.balance(instance, solve.solve_once(instance, CBC), CBC)
    # 30 on 60: half of each capacity, 10 and 20, to within a piece of the smaller seat
    # (20 * 29 / 400 = 1.45 about its middle).
    assert solution.inmails[0, OPEN] == pytest.approx(10, abs=1.5)
    assert solution.inmails[1, OPEN] == pytest.approx(20, abs=1.5)


@settings(max_examples=40)
@given(_instances())
def test_balance_keeps_what_counts(instance: Instance) -> None:
    """Balancing keeps atoms' totals by week and tier, the objective, and every row."""
    before = solve.solve_once(instance, CBC)
    after = solve.balance(instance, before, CBC)
    atom_of_seat = {s: a for a, atom in enumerate(instance.atoms) for s in atom.seats}

    def totals(solution: Solution) -> dict[tuple[int, ...], float]:
        found: dict[tuple[int, ...], float] = defaultdict(float)
        for p, period in enumerate(instance.periods):
            atom = atom_of_seat[period.seat]
            for tier in range(len(instance.tiers)):
                found[atom, period.week, tier] += solution.inmails[p, tier]
            found[atom, period.week, -1] += solution.connections[p]
        return found

    assert totals(after) == pytest.approx(totals(before), abs=1e-5)
    assert _value(instance, after) == pytest.approx(before.objective, abs=1e-5)
    assert_rows_hold(instance, after.inmails, after.connections)
    assert after.prices == before.prices


# --- the solver's verdict -------------------------------------------------------------


def test_infeasible_is_reported_as_a_defect(parameters: Parameters) -> None:
    """An infeasible program cannot be: the message says so."""
    instance = make_instance(
        [make_period()],
        [make_class(kind=OPEN, size=5)],
        velocity=(make_limit(-1.0, {0: 1.0}, name="velocity_0"),),
    )
    with pytest.raises(SolverError, match=r"is infeasible, which cannot be: please report"):
        solve.solve_once(instance, parameters)


def test_verdicts_are_translated(parameters: Parameters) -> None:
    """Optimal, infeasible and unbounded problems are told apart."""
    problem = pulp.LpProblem("p", pulp.LpMinimize)
    x = problem.add_variable("x", lowBound=0)
    problem.setObjective(pulp.LpAffineExpression({x: 1.0}))
    problem.addConstraint(x >= 1)
    assert solve.run(problem, parameters) is Status.OPTIMAL
    problem.addConstraint(x <= 0)
    assert solve.run(problem, parameters) is Status.INFEASIBLE
    free = pulp.LpProblem("free", pulp.LpMinimize)
    y = free.add_variable("y", lowBound=0)
    free.setObjective(pulp.LpAffineExpression({y: -1.0}))
    free.addConstraint(y >= 1)
    assert solve.run(free, parameters) is Status.UNBOUNDED


def test_an_answer_that_breaks_a_row_is_refused() -> None:
    """The solver's word is not enough: every row is checked, and the row is named."""
    instance = make_instance([make_period(inmails=10)], [make_class(kind=OPEN, size=50)])
    columns = program.build(instance).columns
    columns.inmails[0, OPEN].varValue = 11.0
    columns.class_inmails[0, 0].varValue = 11.0
    columns.flows[0, OPEN, 0, 0].varValue = 11.0
    with pytest.raises(SolverError, match=r"violates inmails_0 by 1: try --param solver="):
        solve._check_rows(instance, columns)
    columns.inmails[0, OPEN].varValue = 10.0
    with pytest.raises(SolverError, match="violates atom_0_0_0 by 1"):
        solve._check_rows(instance, columns)


def test_missing_solver_names_the_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a solver cannot run, the message names the one to try."""
    monkeypatch.setitem(solve.SOLVERS, "cbc", "COPT_CMD")  # known to PuLP, not installed
    instance = make_instance([make_period()], [make_class(kind=OPEN, size=5)])
    with pytest.raises(SolverError, match=r"cbc cannot run .* --param solver=highs"):
        solve.solve_once(instance, CBC)


def test_broken_off_solver_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where CBC cannot write its files, the message says so and names the other solver."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for name in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.setenv(name, str(gone))
    instance = make_instance([make_period()], [make_class(kind=OPEN, size=5)])
    with pytest.raises(SolverError, match=r"cbc broke off .* --param solver=highs"):
        solve.solve_once(instance, CBC)


def test_unproven_optimum_is_refused(parameters: Parameters) -> None:
    """A solver that ran out of time has proved nothing, whatever numbers it left."""
    rng = np.random.default_rng(1)
    instance = make_instance(
        [
            make_period(seat=s, week=w, inmails=int(rng.integers(5, 60)), free=30, paid=20)
            for s in range(40)
            for w in range(4)
        ],
        [
            make_class(
                kind=int(kind), size=int(rng.integers(1, 50)), release=int(kind),
                inmail=float(rng.uniform(0.01, 0.3)), request=float(rng.uniform(0, 0.1)),
            )
            for kind in rng.integers(0, 2, size=800)
        ],
    )  # fmt: skip
    # No time at all: below the range of the parameter, so put in directly.
    hasty = replace(parameters, solver_seconds=0)
    with pytest.raises(SolverError, match="no proven optimum in 0 s: allow more with"):
        solve.solve_once(instance, hasty)
