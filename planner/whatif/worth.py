"""What one more is worth: the program's price, checked by solving again.

The price of a limit says what one more unit of it would bring, as long as nothing else
begins to bind. So the fitted program is solved again with one unit more and one less,
and with more and more units until the next one is worth something else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planner.assign.leads import Problem
from planner.assign.summary import seat_prices
from planner.domain import Given, Instance, Period, Seat, VolumeLimit
from planner.model import solve
from planner.model.instance import above_reserve, forfeit_limits
from planner.pipeline import Worked
from planner.whatif.compare import Compared, compare
from planner.whatif.scenario import Scenario, like_seats

#: What there may be one more of, and its price in `planner.assign.summary.seat_prices`.
PRICES = {
    "credit": "credit_price",
    "connection request": "connection_price",
    "InMail of pace": "inmail_price",
}

#: A further unit is worth the same if it differs by no more than this share...
SAME_SHARE = 0.01
#: ...or by no more than this many expected weighted replies.
SAME_REPLIES = 1e-6

#: Units up to which a range is looked for.
MAX_UNITS = 32

#: Seats of a group that are named.
MAX_NAMED = 3

#: Told what is being done.
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one more and one fewer unit of a seat's limit change.

    Parameters
    ----------
    unit : str
        Key of `PRICES`.
    price : float
        Shadow price, in expected weighted replies over the horizon.
    gain : float
        What solving again says that one more brings.
    loss : float or None
        What solving again says that one fewer costs; None where none can be taken away.
        It differs from `gain` at a kink, and the price lies between.
    more, fewer : int
        Units up to which each further one is worth `gain`, and each one fewer costs
        `loss`; at `MAX_UNITS` the range may go on. Both end where a seat reaches its
        reserve: from there on other rows of its credits move.
    agrees : bool
        Whether the price lies between what solving again says of one more and one
        fewer; where none can be taken away, whether it is what one more brings.
    """

    seat_id: str
    unit: str
    price: float
    gain: float
    loss: float | None
    more: int
    fewer: int
    agrees: bool

    @property
    def is_kink(self) -> bool:
        """Whether one more and one fewer differ: the price holds on one side at most."""
        return self.loss is not None and not _same(self.gain, self.loss)


def ranked(problem: Problem) -> list[tuple[int, str, float]]:
    """Return the limits of seats that have a price, the most valuable first."""
    found = []
    for index in range(len(problem.seats)):
        prices = seat_prices(problem, index, _this_week(problem.instance, index))
        found += [(index, unit, prices[name]) for unit, name in PRICES.items()]
    binding = [item for item in found if item[2] > SAME_REPLIES]
    return sorted(binding, key=lambda item: (-item[2], item[0], item[1]))


def worth(problem: Problem, index: int, unit: str, price: float) -> Worth:
    """Return what one more unit of one seat's limit is worth, and how far that holds.

    Raises
    ------
    SolverError
        If a program with other limits is not solved.
    """
    solved = {0: problem.solution.objective}

    def value(units: int) -> float:
        if units not in solved:
            instance = shifted(problem, index, unit, units)
            solved[units] = solve.solve_once(instance, problem.parameters).objective
        return solved[units]

    most, available = _room(problem, index, unit)
    gain = value(1) - value(0)
    loss = value(0) - value(-1) if available else None
    highest = gain if loss is None else loss
    return Worth(
        seat_id=problem.seats[index].seat_id,
        unit=unit,
        price=price,
        gain=round(max(0.0, gain), 6),
        loss=None if loss is None else round(max(0.0, loss), 6),
        more=_reach(value, gain, most),
        fewer=0 if loss is None else _reach(lambda n: -value(-n), loss, available),
        agrees=(price >= gain or _same(price, gain))
        and (price <= highest or _same(price, highest)),
    )


def _same(mine: float, other: float) -> bool:
    return abs(mine - other) <= max(SAME_REPLIES, SAME_SHARE * abs(other))


def _reach(value: Callable[[int], float], slope: float, most: int) -> int:
    """Return how many units each bring the same as the first; 0 if that is nothing.

    Doubles the range while its newer half is worth the same a unit, then halves the
    last step. The value is concave in the units as long as no row of credits begins or
    ceases to allow anything (see `_room`), so nothing lies in between.
    """
    if slope <= SAME_REPLIES or most < 1:
        return 0

    def holds(known: int, units: int) -> bool:
        return _same((value(units) - value(known)) / (units - known), slope)

    known, step = 1, 1
    while known < most and holds(known, min(known + step, most)):
        known = min(known + step, most)
        step = known
    low, high = known, min(known + step, most)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(known, middle):
            low = middle
        else:
            high = middle
    return low


# --- the program with other limits ------------------------------------------------


def shifted(problem: Problem, index: int, unit: str, units: int) -> Instance:
    """Return the fitted program with so many units more of a seat's limit.

    A credit raises every row that starts with the present balance, and what may be
    forfeited; a request or an InMail of pace both its day's limit and its week's.
    """
    instance = problem.instance
    if unit == "credit":
        return _with_credits(problem, index, units)
    numbers = _this_week(instance, index)
    if unit == "connection request":
        number = _best(problem, numbers, "requests")
        return replace(
            instance,
            periods=_with_days(instance, number, "max_connection_requests", units),
            connections=_raised(instance.connections, index, "connections_0", units),
            pending=_raised(instance.pending, index, "pending_0", units),
        )
    number = _best(problem, numbers, "inmails")
    return replace(
        instance,
        periods=_with_days(instance, number, "max_inmails", units),
        velocity=_raised(instance.velocity, index, "velocity_0", units),
    )


def _with_credits(problem: Problem, index: int, units: int) -> Instance:
    instance, seat = problem.instance, problem.seats[index]
    rows = []
    for row in instance.credit_rows:
        if row.seat == index and row.first == 0:
            # A balance below its reserve has to reach it first.
            short = min(0, above_reserve(seat, row.last))
            start = row.budget + (short if row.budget == 0 else 0)
            rows.append(replace(row, budget=max(0, start + units)))
        else:
            rows.append(row)
    more = replace(seat, credits=seat.credits + units)
    forfeits = [limit for limit in instance.forfeits if limit.seat != index]
    forfeits += forfeit_limits(index, more, problem.calendars[index])
    forfeits.sort(key=lambda limit: limit.seat)
    return replace(instance, credit_rows=tuple(rows), forfeits=tuple(forfeits))


def _this_week(instance: Instance, index: int) -> list[int]:
    return [n for n, p in enumerate(instance.periods) if p.seat == index and p.week == 0]


def _best(problem: Problem, numbers: Sequence[int], row: str) -> int | None:
    """Return the period of the week whose day limit has the highest price."""
    prices = problem.solution.prices
    return max(numbers, key=lambda n: prices.get(f"{row}_{n}", 0.0), default=None)


def _with_days(
    instance: Instance, number: int | None, name: str, units: int
) -> tuple[Period, ...]:
    """Return the periods, one of them with more on its days, the last ones first."""
    if number is None:
        return instance.periods
    period = instance.periods[number]
    days: list[Any] = list(period.days)
    left = units
    for place in reversed(range(len(days))):
        most = getattr(days[place], name)
        taken = left if left > 0 else max(left, -most)
        days[place] = replace(days[place], **{name: most + taken})
        left -= taken
    periods = list(instance.periods)
    periods[number] = replace(period, days=tuple(days))
    return tuple(periods)


def _raised(
    limits: Sequence[VolumeLimit], index: int, name: str, units: int
) -> tuple[VolumeLimit, ...]:
    return tuple(
        replace(limit, limit=max(0.0, limit.limit + units))
        if limit.seat == index and limit.name == name
        else limit
        for limit in limits
    )


def _room(problem: Problem, index: int, unit: str) -> tuple[int, int]:
    """Return how many units more and fewer the value is concave in, to `MAX_UNITS`.

    A row of credits that ends below the reserve allows nothing until the reserve is
    reached, and one above it no less than nothing: the value bends the other way there.
    """
    if unit == "credit":
        seat = problem.seats[index]
        above = [
            above_reserve(seat, row.last)
            for row in problem.instance.credit_rows
            if row.seat == index and row.first == 0
        ]
        more = [-balance for balance in above if balance < 0]
        fewer = [balance for balance in above if balance >= 0]
        return min([MAX_UNITS, *more]), min([MAX_UNITS, seat.credits, *fewer])
    days = "max_connection_requests" if unit == "connection request" else "max_inmails"
    numbers = _this_week(problem.instance, index)
    name = "requests" if unit == "connection request" else "inmails"
    number = _best(problem, numbers, name)
    if number is None:
        return MAX_UNITS, 0
    return MAX_UNITS, min(MAX_UNITS, int(getattr(problem.instance.periods[number], days)))


# --- seats ------------------------------------------------------------------------


def one_more_seat(
    given: Given, base: Worked, credits: int | None, most: int, step: Step
) -> list[Compared]:
    """Return what one more seat of each group of like seats brings, planned anew.

    Parameters
    ----------
    credits : int or None
        What a new seat starts with; None is one monthly grant.
    most : int
        Groups looked at, largest first.
    """
    found = []
    for group in like_seats(given.inputs.seats)[:most]:
        seat = _pattern(group)
        step(f"planning with one more seat like {seat.seat_id}")
        name = f"one more like {_named(group)}"
        scenario = Scenario(name=name, add=1, like=seat.seat_id, credits=credits)
        found.append(compare(given, base, scenario))
    return found


def _named(group: Sequence[Seat]) -> str:
    names = ", ".join(seat.seat_id for seat in group[:MAX_NAMED])
    more = len(group) - MAX_NAMED
    return f"{names} and {more:,} more" if more > 0 else names


def _pattern(group: Sequence[Seat]) -> Seat:
    return min(group, key=lambda seat: bool(seat.away))
