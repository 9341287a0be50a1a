"""What could be had this week at most, if all flags and answers were known in advance.

For one draw, leads fall into few classes by what they turn out to be worth: answered by
InMail or not, by request or not, free or not. The best week within the seats' limits is
then the plan's own linear program over these classes, with credit use 0 or 1. It is a
bound, because it is generous wherever the program cannot follow a single draw:

* a lead answers a seat if it answers any that may send to it;
* a free InMail that closes before its send uses no credit, nor does one whose answer
  comes within the week: other policies may send that credit again;
* the reserve may be spent, and companies are not throttled;
* sends are not whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner.assign.leads import Problem
from planner.domain import Flag, Instance, Kind, LeadClass, Tier
from planner.model import instance as model
from planner.model.solve import solve_once
from planner.simulate.engine import Terms
from planner.simulate.world import World

#: Tiers of the program: in the limits of free InMails; uses a credit; uses none.
TIERS = (
    Tier(use=0.0, beta_a=None, beta_b=None),
    Tier(use=1.0, beta_a=None, beta_b=None),
    Tier(use=0.0, beta_a=None, beta_b=None),
)
FREE_IN_THE_END = 2


def most_replies(
    problem: Problem, world: World, terms: tuple[Terms, ...], draws: slice
) -> NDArray[np.float64]:
    """Return a bound on this week's replies in each of the draws.

    Raises
    ------
    SolverError
        If the solver does not prove an optimum.
    """
    base = _this_week(problem)
    rows = np.flatnonzero(problem.classing.lead_pool >= 0)
    pool = problem.classing.lead_pool[rows]
    best_inmail, best_request = _best_factors(problem, terms)
    found = []
    for draw in range(world.num_draws)[draws]:
        one = slice(draw, draw + 1)
        inmail, request = world.inmails(rows, one), world.requests(rows, one)
        by_inmail = ~inmail.fails[0] & (inmail.answers_from[0] < best_inmail[pool])
        by_request = ~request.is_gone[0] & request.answers[0]
        by_request &= request.accepts_from[0] < best_request[pool]
        comes_back = inmail.delay[0] < _num_days(base)
        kind = np.select(
            [world.open_flag[rows] == Flag.YES, inmail.is_free[0] | comes_back],
            [int(Kind.OPEN), FREE_IN_THE_END],
            int(Kind.CLOSED),
        )
        classes = _classes(pool, kind, by_inmail, by_request)
        if not classes:
            found.append(0.0)
            continue
        solution = solve_once(replace(base, classes=classes), problem.parameters)
        found.append(solution.objective)
    return np.array(found)


def _this_week(problem: Problem) -> Instance:
    """Return the instance of this week alone, without classes and without a reserve."""
    seats = [replace(seat, reserve=0) for seat in problem.seats]
    calendars = [
        replace(item, periods=tuple(p for p in item.periods if p.week == 0))
        for item in problem.calendars
    ]
    atoms = [
        replace(a, inmail_factor=1.0, connection_factor=1.0) for a in problem.instance.atoms
    ]
    classing = replace(problem.classing, classes=(), tiers=TIERS, atoms=tuple(atoms))
    first = min(
        (p.days[0].date for item in calendars for p in item.periods),
        default=problem.as_of,
    )
    start = max(problem.as_of, min(first, problem.as_of))
    built = model.build(
        seats, calendars, classing, problem.parameters, num_weeks=1,
        first_weekday=start.weekday(),
    )  # fmt: skip
    return replace(built, forfeits=(), forfeit_price=0.0)


def _classes(
    pool: NDArray[np.int64],
    kind: NDArray[np.int64],
    by_inmail: NDArray[np.bool_],
    by_request: NDArray[np.bool_],
) -> tuple[LeadClass, ...]:
    """Return the classes of the leads that would answer at all."""
    answers = by_inmail | by_request
    # Who would answer a request only is of one kind: nobody would send an InMail.
    kind = np.where(by_inmail, kind, int(Kind.CLOSED))
    keys = np.stack([pool, kind, by_inmail, by_request])[:, answers]
    distinct, counts = np.unique(keys, axis=1, return_counts=True)
    return tuple(
        LeadClass(
            pool=int(own_pool), kind=int(own_kind), release=0, size=int(size),
            inmail_value=float(inmail), connection_value=float(request),
        )
        for (own_pool, own_kind, inmail, request), size in zip(
            distinct.T, counts, strict=True
        )
    )  # fmt: skip


def _best_factors(
    problem: Problem, terms: tuple[Terms, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, by pool, the largest factors of the seats that may send."""
    atoms = problem.instance.atoms
    own = [
        [seat for a in pool.atoms for seat in atoms[a].seats]
        for pool in problem.instance.pools
    ]
    return (
        np.array(
            [max((terms[s].inmail_factor for s in seats), default=0.0) for seats in own]
        ),
        np.array(
            [max((terms[s].request_factor for s in seats), default=0.0) for seats in own]
        ),
    )


def _num_days(instance: Instance) -> int:
    """Return the days from the first to the last send of the week."""
    days = [day.date for period in instance.periods for day in period.days]
    return (max(days) - min(days)).days + 1 if days else 0
