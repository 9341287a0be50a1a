"""The linear program, in PuLP: one function per constraint.

Columns (all >= 0, continuous)

====================  ==========================================================
``y[c, l]``           leads of class c sent as InMail by seats of rate level l
``k[c, l]``           leads of class c sent as connection request, likewise
``f[h, t, e, a]``     InMails of pool h, tier t, release week e, sent by atom a
``g[h, e, a]``        connection requests of pool h, release week e, by atom a
``z[p, t]``           InMails of tier t in period p
``w[p]``              connection requests in period p
``x[s, r]``           credits of seat s forfeited at reset r
====================  ==========================================================

The problem is always a minimisation, so that shadow prices have one sign with every
solver. Names are ordinals: PuLP folds other characters, and two ids could collide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pulp

from planner.domain import Instance, Kind, VolumeLimit
from planner.model.credits import DIGITS
from planner.model.problem import Problem

Terms: TypeAlias = dict[Any, float]


@dataclass(frozen=True, slots=True)
class Row:
    """``sum(terms) <= limit``, or ``= limit`` where `equal`."""

    name: str
    terms: Terms
    limit: float
    equal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The program's variables by their indices."""

    class_inmails: Mapping[tuple[int, int], Any]
    class_connections: Mapping[tuple[int, int], Any]
    flows: Mapping[tuple[int, int, int, int], Any]
    connection_flows: Mapping[tuple[int, int, int], Any]
    inmails: Mapping[tuple[int, int], Any]
    connections: Mapping[int, Any]
    forfeits: Mapping[tuple[int, int], Any]


Constraint: TypeAlias = Callable[[Instance, Columns], Iterator[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A PuLP problem with its variables and the names of its resource rows."""

    problem: Any
    columns: Columns
    row_names: tuple[str, ...]


def levels(instance: Instance) -> tuple[tuple[float, float], ...]:
    """Return the distinct pairs of seat-rate factors (InMail, connection request)."""
    return tuple(
        sorted({(atom.inmail_factor, atom.connection_factor) for atom in instance.atoms})
    )


def build(instance: Instance) -> Program:
    """Return the whole program; its rows are those of `CONSTRAINTS`, in that order."""
    problem = Problem("planner", pulp.LpMinimize)
    columns = make_columns(instance, problem)
    problem.setObjective(_expression(objective(instance, columns)))
    names = add_rows(
        problem, (row for rows in CONSTRAINTS for row in rows(instance, columns))
    )
    return Program(problem=problem, columns=columns, row_names=names)


def add_rows(problem: Any, rows: Iterable[Row]) -> tuple[str, ...]:
    """Add rows to a problem and return their names; rows without terms are left out."""
    names = []
    for row in rows:
        if not row.terms:
            continue
        sense = pulp.LpConstraintEQ if row.equal else pulp.LpConstraintLE
        constraint = pulp.LpConstraint(
            _expression(row.terms), sense=sense, name=row.name, rhs=row.limit
        )
        problem.addConstraint(constraint)
        names.append(row.name)
    return tuple(names)


def _expression(terms: Terms) -> Any:
    # A dict of terms is the only form that PuLP takes over without copying term by term.
    return pulp.LpAffineExpression(terms)


def make_columns(instance: Instance, problem: Any) -> Columns:
    """Create every variable of the program."""

    def new(prefix: str, *index: int) -> Any:
        return problem.add_variable("_".join((prefix, *map(str, index))), lowBound=0)

    level_of = {pair: number for number, pair in enumerate(levels(instance))}
    level_of_atom = [
        level_of[atom.inmail_factor, atom.connection_factor] for atom in instance.atoms
    ]
    levels_of_pool = [
        sorted({level_of_atom[a] for a in pool.atoms}) for pool in instance.pools
    ]
    by_class = [
        (c, level)
        for c, item in enumerate(instance.classes)
        for level in levels_of_pool[item.pool]
    ]
    keys = sorted({(c.pool, c.kind, c.release) for c in instance.classes})
    connection_keys = sorted({(c.pool, c.release) for c in instance.classes})
    tiers = range(len(instance.tiers))
    return Columns(
        class_inmails={key: new("y", *key) for key in by_class},
        class_connections={key: new("k", *key) for key in by_class},
        flows={
            (h, t, e, a): new("f", h, t, e, a)
            for h, t, e in keys
            for a in instance.pools[h].atoms
        },
        connection_flows={
            (h, e, a): new("g", h, e, a)
            for h, e in connection_keys
            for a in instance.pools[h].atoms
        },
        inmails={
            (p, t): new("z", p, t) for p in range(len(instance.periods)) for t in tiers
        },
        connections={p: new("w", p) for p in range(len(instance.periods))},
        forfeits={
            (limit.seat, number): new("x", limit.seat, number)
            for limit in instance.forfeits
            for number in map(int, limit.terms)
        },
    )


def objective(instance: Instance, columns: Columns) -> Terms:
    """Minimise minus expected weighted replies, plus delay and forfeited credits.

    ``- sum v_c r_l y[c,l] - sum u_c r'_l k[c,l] + d sum week(p) (h_t v z[p,t] + u w[p])
    + price sum x`` with v, u the mean values, d the delay cost per week and h_t two less
    the credit use of tier t.
    """
    pairs = levels(instance)
    terms: Terms = {}
    for (c, level), variable in columns.class_inmails.items():
        value = instance.classes[c].inmail_value * pairs[level][0]
        terms[variable] = -round(value, DIGITS)
    for (c, level), variable in columns.class_connections.items():
        value = instance.classes[c].connection_value * pairs[level][1]
        terms[variable] = -round(value, DIGITS)
    leads = max(1, sum(item.size for item in instance.classes))
    inmail = sum(item.size * item.inmail_value for item in instance.classes) / leads
    request = sum(item.size * item.connection_value for item in instance.classes) / leads
    for (p, t), variable in columns.inmails.items():
        # What uses no credit is hurried more, up to twice: its flag goes stale, while a
        # credit kept is still there next week.
        hurry = 2.0 - instance.tiers[t].use
        delay = instance.delay_cost_per_week * instance.periods[p].week * hurry
        terms[variable] = round(delay * inmail, DIGITS)
    for p, variable in columns.connections.items():
        delay = instance.delay_cost_per_week * instance.periods[p].week
        terms[variable] = round(delay * request, DIGITS)
    for variable in columns.forfeits.values():
        terms[variable] = instance.forfeit_price
    return terms


def row_limits(instance: Instance) -> dict[str, float]:
    """Return the right-hand side of every row but supply, by name."""
    columns = numbered_columns(instance)
    return {
        row.name: row.limit
        for constraint in CONSTRAINTS
        if constraint not in LEAD_CONSTRAINTS
        for row in constraint(instance, columns)
    }


def numbered_columns(instance: Instance) -> Columns:
    """Return seat columns that are plain numbers: to look at rows without a problem.

    Period p and tier t is ``p * width + t``, requests come last in each period.
    """
    width = len(instance.tiers) + 1
    periods = range(len(instance.periods))
    return Columns(
        class_inmails={},
        class_connections={},
        flows={},
        connection_flows={},
        inmails={(p, t): p * width + t for p in periods for t in range(width - 1)},
        connections={p: p * width + width - 1 for p in periods},
        forfeits={
            (limit.seat, int(number)): -1 - index
            for index, limit in enumerate(instance.forfeits)
            for number in limit.terms
        },
    )


# --- leads ------------------------------------------------------------------------


def supply_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Send no more leads of a class than there are: ``sum_l y[c,l] + k[c,l] <= N_c``."""
    terms: dict[int, Terms] = defaultdict(dict)
    for columns_of in (columns.class_inmails, columns.class_connections):
        for (c, _), variable in columns_of.items():
            terms[c][variable] = 1.0
    for c, item in enumerate(instance.classes):
        yield Row(f"supply_{c}", terms[c], float(item.size))


def pool_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Hand each pool's InMails to its atoms: ``sum_c y[c,l] = sum_a f[h,t,e,a]``."""
    atom_level = _level_of_atom(instance)
    terms: dict[tuple[int, ...], Terms] = defaultdict(dict)
    for (c, level), variable in columns.class_inmails.items():
        item = instance.classes[c]
        terms[item.pool, item.kind, item.release, level][variable] = 1.0
    for (h, t, e, a), variable in columns.flows.items():
        terms[h, t, e, atom_level[a]][variable] = -1.0
    for key in sorted(terms):
        yield Row("_".join(("pool", *map(str, key))), terms[key], 0.0, equal=True)


def connection_pool_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Hand each pool's requests to its atoms: ``sum_c k[c,l] = sum_a g[h,e,a]``."""
    atom_level = _level_of_atom(instance)
    terms: dict[tuple[int, ...], Terms] = defaultdict(dict)
    for (c, level), variable in columns.class_connections.items():
        item = instance.classes[c]
        terms[item.pool, item.release, level][variable] = 1.0
    for (h, e, a), variable in columns.connection_flows.items():
        terms[h, e, atom_level[a]][variable] = -1.0
    for key in sorted(terms):
        yield Row("_".join(("pool_c", *map(str, key))), terms[key], 0.0, equal=True)


def atom_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Hand each atom's InMails to its seats and weeks, none before its release.

    ``sum_{h, e' >= e} f[h,t,e',a] <= sum_{p in a, week(p) >= e} z[p,t]`` for each e, with
    equality over all weeks (e = 0). Nested tails are enough: leads of one tier differ
    in nothing but the week from which they may go.
    """
    seat_atom = _atom_of_seat(instance)
    by_tier: dict[tuple[int, int], list[tuple[int, Any]]] = defaultdict(list)
    for (_, t, e, a), variable in columns.flows.items():
        by_tier[a, t].append((e, variable))
    sends: dict[tuple[int, int], list[tuple[int, Any]]] = defaultdict(list)
    for (p, t), variable in columns.inmails.items():
        atom = seat_atom.get(instance.periods[p].seat)
        if atom is not None:
            sends[atom, t].append((instance.periods[p].week, variable))
    for key in sorted(set(by_tier) | set(sends)):
        yield from _tails(f"atom_{key[0]}_{key[1]}", by_tier[key], sends[key])
    for (p, t), variable in columns.inmails.items():
        if instance.periods[p].seat not in seat_atom:
            yield Row(f"idle_{p}_{t}", {variable: 1.0}, 0.0)


def connection_atom_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Hand each atom's requests to its seats and weeks, none before its release."""
    seat_atom = _atom_of_seat(instance)
    by_atom: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    for (_, e, a), variable in columns.connection_flows.items():
        by_atom[a].append((e, variable))
    sends: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    for p, variable in columns.connections.items():
        atom = seat_atom.get(instance.periods[p].seat)
        if atom is not None:
            sends[atom].append((instance.periods[p].week, variable))
    for atom in sorted(set(by_atom) | set(sends)):
        yield from _tails(f"atom_c_{atom}", by_atom[atom], sends[atom])
    for p, variable in columns.connections.items():
        if instance.periods[p].seat not in seat_atom:
            yield Row(f"idle_c_{p}", {variable: 1.0}, 0.0)


def _tails(
    name: str, flows: Sequence[tuple[int, Any]], sends: Sequence[tuple[int, Any]]
) -> Iterator[Row]:
    for release in sorted({0} | {e for e, _ in flows}):
        terms: Terms = {variable: 1.0 for e, variable in flows if e >= release}
        terms.update({variable: -1.0 for week, variable in sends if week >= release})
        yield Row(f"{name}_{release}", terms, 0.0, equal=release == 0)


# --- seats ------------------------------------------------------------------------


def inmail_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Keep to the daily limit: ``sum_t z[p,t] <= sum_{d in p} max_inmails``."""
    for p, period in enumerate(instance.periods):
        terms: Terms = {columns.inmails[p, t]: 1.0 for t in range(len(instance.tiers))}
        yield Row(f"inmails_{p}", terms, float(period.max_inmails))


def open_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Keep to the daily limit on free ones: ``z[p,open] <= sum_d max_open_inmails``."""
    for p, period in enumerate(instance.periods):
        yield Row(
            f"open_{p}",
            {columns.inmails[p, Kind.OPEN]: 1.0},
            float(period.max_open_inmails),
        )


def paid_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Keep to the daily limit on the rest: ``sum_{t > open} z[p,t] <= sum_d max_paid``."""
    for p, period in enumerate(instance.periods):
        terms: Terms = {
            columns.inmails[p, t]: 1.0 for t in range(len(instance.tiers)) if t != Kind.OPEN
        }
        yield Row(f"paid_{p}", terms, float(period.max_paid_inmails))


def refused_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Send no InMail to who refuses them: ``z[p,t] <= 0`` for tiers not sendable."""
    for t, tier in enumerate(instance.tiers):
        if not tier.sendable:
            for p in range(len(instance.periods)):
                yield Row(f"refused_{p}_{t}", {columns.inmails[p, t]: 1.0}, 0.0)


def request_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Keep to the daily limit: ``w[p] <= sum_{d in p} max_connection_requests``."""
    for p, period in enumerate(instance.periods):
        yield Row(
            f"requests_{p}",
            {columns.connections[p]: 1.0},
            float(period.max_connection_requests),
        )


def velocity_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Grow slowly: ``V_t - growth/4 sum_{t-4..t-1} V <= growth/4 history + floor``."""
    for limit in instance.velocity:
        terms: Terms = {
            columns.inmails[p, t]: coefficient
            for p, coefficient in limit.terms.items()
            for t in range(len(instance.tiers))
        }
        yield Row(f"{limit.name}_{limit.seat}", terms, limit.limit)


def open_month_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Keep to the free InMails of any 30 days: ``sum_{p in 30 days} z[p,open] <= cap``."""
    for limit in instance.open_month:
        terms: Terms = {columns.inmails[p, Kind.OPEN]: c for p, c in limit.terms.items()}
        yield Row(f"{limit.name}_{limit.seat}", terms, limit.limit)


def connection_week_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Keep to the requests of a rolling week: ``sum_{p in week} w[p] <= limit``."""
    yield from _request_limits(instance.connections, columns)


def pending_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Keep unanswered requests few: ``sum_{p in lifetime} w[p] <= cap - pending``."""
    yield from _request_limits(instance.pending, columns)


def _request_limits(limits: Sequence[VolumeLimit], columns: Columns) -> Iterator[Row]:
    for limit in limits:
        terms: Terms = {columns.connections[p]: c for p, c in limit.terms.items()}
        yield Row(f"{limit.name}_{limit.seat}", terms, limit.limit)


def credit_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Never run out: ``sum_{p in i..j, t} weight_t z[p,t] + held_back <= budget``.

    Where the hold-back alone exceeds the budget, nothing may be sent.
    """
    periods = _periods_of_cycle(instance)
    for row in instance.credit_rows:
        terms: Terms = {
            columns.inmails[p, t]: weight
            for cycle in range(row.first, row.last + 1)
            for p in periods[row.seat, cycle]
            for t, weight in enumerate(row.weights)
            if weight > 0
        }
        limit = max(0.0, row.budget - row.held_back)
        yield Row(f"credits_{row.seat}_{row.first}_{row.last}", terms, limit)


def forfeit_rows(instance: Instance, columns: Columns) -> Iterator[Row]:
    """Count what the cap throws away: ``use + forfeits >= balance + grants - cap``."""
    periods = _periods_of_cycle(instance)
    for limit in instance.forfeits:
        (number,) = (int(reset) for reset in limit.terms)
        terms: Terms = {
            columns.inmails[p, t]: -tier.use
            for cycle in range(number)
            for p in periods[limit.seat, cycle]
            for t, tier in enumerate(instance.tiers)
            if tier.use > 0
        }
        terms.update(
            {
                variable: -1.0
                for (seat, reset), variable in columns.forfeits.items()
                if seat == limit.seat and reset <= number
            }
        )
        yield Row(f"{limit.name}_{limit.seat}", terms, -limit.limit)


#: Constraints on leads and on who sends to them.
LEAD_CONSTRAINTS: tuple[Constraint, ...] = (
    supply_rows,
    pool_rows,
    connection_pool_rows,
    atom_rows,
    connection_atom_rows,
)

#: What each seat can bear; none of these rows touches two seats.
CAPACITY_CONSTRAINTS: tuple[Constraint, ...] = (
    inmail_rows,
    open_rows,
    paid_rows,
    refused_rows,
    request_rows,
    velocity_rows,
    open_month_rows,
    connection_week_rows,
    pending_rows,
    credit_rows,
)

#: Every constraint of the program; a golden ``.lp`` file shows each of them alone.
CONSTRAINTS: tuple[Constraint, ...] = (
    *LEAD_CONSTRAINTS,
    *CAPACITY_CONSTRAINTS,
    forfeit_rows,
)


def _level_of_atom(instance: Instance) -> list[int]:
    number = {pair: index for index, pair in enumerate(levels(instance))}
    return [number[a.inmail_factor, a.connection_factor] for a in instance.atoms]


def _atom_of_seat(instance: Instance) -> dict[int, int]:
    return {seat: a for a, atom in enumerate(instance.atoms) for seat in atom.seats}


def _periods_of_cycle(instance: Instance) -> dict[tuple[int, int], list[int]]:
    periods: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, period in enumerate(instance.periods):
        periods[period.seat, period.cycle].append(number)
    return periods
