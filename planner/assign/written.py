"""What the week as written is worth, with the program's best weeks after it.

The program's optimum is made of fractions of leads. What is written are whole sends to
named people, after companies were kept together and days were found. Put the written
week in place of the program's first one, solve for the weeks after it, and the sum can be
held against the same bound as the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from planner.assign.leads import ROUTE_CODE, Decisions, Problem
from planner.domain import Instance, Kind, Route, Solution, VolumeLimit
from planner.model import program, solve
from planner.model.classes import number_classes, ranks
from planner.model.instance import forfeited, volumes_by_cycle


def worth(problem: Problem, decisions: Decisions) -> float:
    """Return the objective of the written week followed by the best weeks after it.

    Leads that were sent are gone, and so are the credits, the pace and the places in the
    limits that they took; of a company, no more people come later than its throttle
    allows. In the unit of the program's objective.

    Raises
    ------
    SolverError
        If the solver does not prove an optimum of the weeks after.
    """
    later = _after(problem, decisions)
    solution = solve.solve_once(later, problem.parameters)
    this_week = np.array([period.week == 0 for period in later.periods], dtype=bool)
    inmails = np.where(this_week[:, None], decisions.slots.inmails, solution.inmails)
    requests = np.where(this_week, decisions.slots.connections, solution.connections)
    return (
        _sent_value(problem, decisions)
        + _class_value(later, solution)
        - _send_costs(problem.instance, inmails, requests)
        - problem.instance.forfeit_price * forfeited(problem.instance, inmails)
    )


def _routes(decisions: Decisions) -> tuple[np.ndarray, np.ndarray]:
    """Return which leads go this week by InMail, and which by connection request."""
    inmail = np.isin(
        decisions.route, [ROUTE_CODE[Route.OPEN_INMAIL], ROUTE_CODE[Route.PAID_INMAIL]]
    )
    return inmail, decisions.route == ROUTE_CODE[Route.CONNECTION_REQUEST]


def _sent_value(problem: Problem, decisions: Decisions) -> float:
    """Return the expected weighted replies of the week, at the rates of each seat."""
    factors = np.ones((len(problem.seats), 2))
    for atom in problem.instance.atoms:
        factors[list(atom.seats)] = atom.inmail_factor, atom.connection_factor
    total = 0.0
    for sent, value, factor in zip(
        _routes(decisions),
        (problem.values.inmail_value, problem.values.connection_value),
        factors.T,
        strict=True,
    ):
        total += float(value[sent] @ factor[decisions.seat[sent]])
    return total


def _class_value(instance: Instance, solution: Solution) -> float:
    pairs = np.array(program.levels(instance)).reshape(-1, 2)
    inmail = np.array([item.inmail_value for item in instance.classes])
    request = np.array([item.connection_value for item in instance.classes])
    if not len(instance.classes):
        return 0.0
    return float(
        inmail @ solution.class_inmails @ pairs[:, 0]
        + request @ solution.class_connections @ pairs[:, 1]
    )


def _send_costs(instance: Instance, inmails: np.ndarray, requests: np.ndarray) -> float:
    """Return the cost of delay of all sends, as the program counts it."""
    flat = np.c_[inmails, requests].reshape(-1)
    terms = program.objective(instance, program.numbered_columns(instance))
    return sum(cost * float(flat[column]) for column, cost in terms.items() if column >= 0)


def _used(instance: Instance, inmails: np.ndarray) -> dict[tuple[int, int], float]:
    """Return the expected credit use by seat and cycle."""
    use = np.array([tier.use for tier in instance.tiers])
    by_cycle = volumes_by_cycle(instance, inmails.astype(float))
    return {key: float(volumes @ use) for key, volumes in by_cycle.items()}


# --- the weeks after --------------------------------------------------------------


def _after(problem: Problem, decisions: Decisions) -> Instance:
    """Return the instance of the weeks after: its limits less what this week took."""
    instance, slots = problem.instance, decisions.slots
    first = np.array([period.week == 0 for period in instance.periods], dtype=bool)
    inmails = np.where(first[:, None], slots.inmails, 0)
    requests = np.where(first, slots.connections, 0)
    sent, used = volumes_by_cycle(instance, inmails), _used(instance, inmails)
    rows = []
    for row in instance.credit_rows:
        booked = sum(
            float(sent[row.seat, cycle] @ np.array(row.weights))
            for cycle in range(row.first, row.last + 1)
            if (row.seat, cycle) in sent
        )
        rows.append(replace(row, held_back=row.held_back + booked))
    forfeits = []
    for limit in instance.forfeits:
        before = sum(used.get((limit.seat, c), 0.0) for c in range(max(limit.terms)))
        forfeits.append(replace(limit, limit=limit.limit - before))
    return replace(
        _remaining(problem, decisions),
        periods=tuple(replace(p, days=()) if p.week == 0 else p for p in instance.periods),
        velocity=_less(instance.velocity, inmails.sum(axis=1)),
        open_month=_less(instance.open_month, inmails[:, Kind.OPEN]),
        connections=_less(instance.connections, requests),
        pending=_less(instance.pending, requests),
        credit_rows=tuple(rows),
        forfeits=tuple(forfeits),
    )


def _less(limits: Sequence[VolumeLimit], sent: np.ndarray) -> tuple[VolumeLimit, ...]:
    """Return the limits less what the written week took of them; none below zero."""
    less = []
    for limit in limits:
        taken = sum(c * float(sent[number]) for number, c in limit.terms.items())
        less.append(replace(limit, limit=max(0.0, limit.limit - taken)))
    return tuple(less)


def _remaining(problem: Problem, decisions: Decisions) -> Instance:
    """Return the instance with the leads that were not sent, from next week on.

    The j-th of those left in a company (from 0, by value) goes ``floor(j / most)`` weeks
    later at the earliest, and none before the week that its class had.
    """
    classing = problem.classing
    inmail, request = _routes(decisions)
    left = np.flatnonzero((classing.lead_class >= 0) & ~inmail & ~request)
    if not len(left):
        return replace(problem.instance, classes=())
    company = classing.lead_company[left]
    rank, _ = ranks(company, -np.round(problem.values.order_value[left], 12))
    most = problem.parameters.max_new_leads_per_company
    release = 1 + np.where(company >= 0, rank // most, 0)
    release = np.maximum(release, classing.lead_release[left])
    within = release < problem.instance.num_weeks
    left, release = left[within], release[within]
    if not len(left):
        return replace(problem.instance, classes=())
    keys = np.stack([classing.lead_pool[left], classing.lead_kind[left], release])
    _, classes = number_classes(problem.values, left, keys, classing.lead_class[left])
    return replace(problem.instance, classes=classes)
