"""One decision per lead: route, seat, day, expected week."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pandas as pd

from planner import schemas
from planner.assign.days import lay_out, spread
from planner.assign.pick import Picked, pick
from planner.assign.place import Companies, LeadCodes, Placed, place
from planner.assign.slots import Slots
from planner.domain import (
    Calendar,
    Degree,
    HoldRule,
    Instance,
    Kind,
    Period,
    Route,
    Seat,
    Solution,
)
from planner.model.classes import Classing, LeadValues
from planner.params import Parameters

#: Position of each route in the codes of `Decisions.route`.
ROUTES = tuple(Route)
ROUTE_CODE = {route: code for code, route in enumerate(ROUTES)}


HOLD_RULES = tuple(HoldRule)
HOLD_CODE = {rule: code for code, rule in enumerate(HOLD_RULES)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """What happens to each lead, as arrays over all leads.

    Parameters
    ----------
    route : numpy.ndarray
        Index into `ROUTES`.
    seat : numpy.ndarray
        Index of the seat; -1 for none.
    day : numpy.ndarray
        Ordinal of the day of the send; 0 for none.
    hold : numpy.ndarray
        Index into `HOLD_RULES`; 0 where the lead is not held.
    week : numpy.ndarray
        Week of the horizon in which a held lead is expected to go; -1 for none.
    slots : Slots
        Volumes by period: this week as sent, later weeks as planned.
    later_inmail : numpy.ndarray
        Whether a lead that is planned for a later week goes by InMail then.
    """

    route: np.ndarray
    seat: np.ndarray
    day: np.ndarray
    hold: np.ndarray
    week: np.ndarray
    slots: Slots
    later_inmail: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """What the decisions are made from; only bundles arguments."""

    leads: pd.DataFrame
    values: LeadValues
    classing: Classing
    instance: Instance
    solution: Solution
    slots: Slots
    seats: Sequence[Seat]
    calendars: Sequence[Calendar]
    parameters: Parameters
    as_of: dt.date


def decide(problem: Problem) -> Decisions:
    """Return the decision for every lead.

    Every lead ends on exactly one route: excluded ones first, connections by message,
    those that were picked and placed by InMail or connection request, the rest held.
    """
    company = problem.classing.lead_company
    codes = LeadCodes(
        kind=problem.classing.lead_kind,
        pool=problem.classing.lead_pool,
        value=problem.values.order_value,
        company=company,
    )
    picked = pick(
        problem.instance,
        problem.solution,
        problem.slots,
        problem.classing,
        problem.values,
        company,
    )
    messages = _messages(problem, company)
    placed = place(
        problem.instance,
        problem.slots,
        picked,
        codes,
        Companies(
            seat={int(company[i]): int(messages.seat[i]) for i in messages.owning},
            count=_touches(problem, company, messages),
            most=problem.parameters.max_new_leads_per_company,
            one_seat=problem.parameters.one_seat_per_company,
        ),
        eligible=problem.classing.lead_class >= 0,
    )
    problem = replace(problem, slots=placed.slots)
    route = _routes(problem, placed, messages)
    seat = np.where(messages.sent, messages.seat, placed.seat)
    day = np.where(messages.sent, messages.day, _days(problem, placed))
    # A send that found no day (the limits round down day by day) is held after all.
    stranded = (placed.seat >= 0) & (day == 0)
    route[stranded] = ROUTE_CODE[Route.HOLD]
    seat[stranded] = -1
    hold = _hold_rules(problem, route, picked, placed, messages)
    week = _expected_weeks(problem, route, hold, picked)
    return Decisions(
        route=route, seat=seat, day=day, hold=hold, week=week,
        slots=_sent_slots(problem, route, seat, day),
        later_inmail=picked.by_inmail,
    )  # fmt: skip


def _touches(problem: Problem, company: np.ndarray, messages: _Messages) -> Counter[int]:
    """Return, by company code, who counts against the throttle before placing."""
    touches = Counter(problem.classing.recent_touches)
    touches.update(company[messages.sent & (company >= 0)].tolist())
    return touches


def _sent_slots(
    problem: Problem, route: np.ndarray, seat: np.ndarray, day: np.ndarray
) -> Slots:
    """Return the volumes as they are: this week what is sent, later what is planned."""
    week = np.array([period.week for period in problem.instance.periods])
    inmails = np.where((week > 0)[:, None], problem.slots.inmails, 0)
    connections = np.where(week > 0, problem.slots.connections, 0)
    number = {
        (period.seat, item.date.toordinal()): p
        for p, period in enumerate(problem.instance.periods)
        for item in period.days
    }
    kind = problem.classing.lead_kind
    request = route == ROUTE_CODE[Route.CONNECTION_REQUEST]
    inmail = np.isin(route, [ROUTE_CODE[Route.OPEN_INMAIL], ROUTE_CODE[Route.PAID_INMAIL]])
    for lead in np.flatnonzero(request | inmail):
        period = number[int(seat[lead]), int(day[lead])]
        if request[lead]:
            connections[period] += 1
        else:
            inmails[period, kind[lead]] += 1
    return Slots(inmails=inmails, connections=connections)


# --- messages to connections -------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Messages:
    """Who gets a message: sent this week, its seat (-1 unknown) and day (0 unknown).

    ``owning`` lists leads whose company belongs to the message's seat this week.
    """

    sent: np.ndarray
    seat: np.ndarray
    day: np.ndarray
    over_limit: np.ndarray
    conflict: np.ndarray
    owning: list[int]


def _messages(problem: Problem, company: np.ndarray) -> _Messages:
    """Give each 1st-degree connection to the seat it belongs to, within daily limits."""
    leads, seats = problem.leads, problem.seats
    is_message = (leads["degree"].to_numpy() == Degree.FIRST) & (
        leads["exclusion"].to_numpy() == ""
    )
    is_message &= schemas.has_profile(leads)
    due = is_message & (problem.classing.lead_release == 0)
    number = {seat.seat_id: index for index, seat in enumerate(seats)}
    seat = np.full(len(leads), -1, dtype=np.int64)
    degree_seat = leads["degree_seat"].to_numpy()
    for lead in np.flatnonzero(due):
        seat[lead] = number.get(str(degree_seat[lead]), -1)
    sent, day = due.copy(), np.zeros(len(leads), dtype=np.int64)
    over_limit = np.zeros(len(leads), dtype=bool)
    conflict = np.zeros(len(leads), dtype=bool)
    owner: dict[int, int] = {}
    owning = []
    for lead in np.flatnonzero(due & (seat >= 0)):
        code = int(company[lead])
        if code < 0:
            continue
        if owner.setdefault(code, int(seat[lead])) == seat[lead]:
            owning.append(int(lead))
        elif problem.parameters.one_seat_per_company:
            conflict[lead], sent[lead], seat[lead] = True, False, -1
    for index in np.unique(seat[sent & (seat >= 0)]):
        own = np.flatnonzero(sent & (seat == index))
        dates = _message_days(problem, int(index), len(own))
        day[own[: len(dates)]] = dates
        over_limit[own[len(dates) :]] = True
        sent[own[len(dates) :]] = False
    owning = [lead for lead in owning if sent[lead]]
    return _Messages(
        sent=sent, seat=seat, day=day, over_limit=over_limit, conflict=conflict,
        owning=owning,
    )  # fmt: skip


def _message_days(problem: Problem, index: int, count: int) -> list[int]:
    """Return the days of a seat's messages, evenly over its week."""
    seat = problem.seats[index]
    days = [
        day
        for period in problem.calendars[index].periods
        if period.week == 0
        for day in period.days
    ]
    limit = problem.parameters.max_messages_per_day
    capacity = [int(limit * seat.day_shares[day.date.weekday()] + 1e-9) for day in days]
    counts = spread([0] * len(days), count, capacity)
    return [
        day.date.toordinal()
        for day, number in zip(days, counts, strict=True)
        for _ in range(number)
    ]


# --- routes and days ---------------------------------------------------------------


def _routes(problem: Problem, placed: Placed, messages: _Messages) -> np.ndarray:
    kind = problem.classing.lead_kind
    sent = placed.seat >= 0
    return np.select(
        [
            problem.leads["exclusion"].to_numpy() != "",
            messages.sent,
            sent & placed.by_inmail & (kind == Kind.OPEN),
            sent & placed.by_inmail,
            sent,
        ],
        [
            ROUTE_CODE[Route.EXCLUDED],
            ROUTE_CODE[Route.MESSAGE],
            ROUTE_CODE[Route.OPEN_INMAIL],
            ROUTE_CODE[Route.PAID_INMAIL],
            ROUTE_CODE[Route.CONNECTION_REQUEST],
        ],
        ROUTE_CODE[Route.HOLD],
    )


def _days(problem: Problem, placed: Placed) -> np.ndarray:
    """Return the day of each InMail and connection request; 0 where there is none."""
    day = np.zeros(len(placed.seat), dtype=np.int64)
    members = np.flatnonzero(placed.seat >= 0)
    value = np.round(problem.values.order_value[members], 12)
    members = members[np.lexsort((members, -value, placed.seat[members]))]
    bounds = np.searchsorted(placed.seat[members], np.arange(len(problem.seats) + 1))
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, period in enumerate(problem.instance.periods):
        if period.week == 0:
            numbers[period.seat].append(number)
    for index in range(len(problem.seats)):
        own = members[bounds[index] : bounds[index + 1]]
        if len(own):
            _days_of_seat(problem, index, own, numbers[index], placed, day)
    return day


def _days_of_seat(
    problem: Problem,
    index: int,
    own: np.ndarray,
    numbers: Sequence[int],
    placed: Placed,
    day: np.ndarray,
) -> None:
    """Fill in the days of one seat's leads, best first."""
    kind = problem.classing.lead_kind[own]
    inmail = placed.by_inmail[own]
    periods: list[Period] = [problem.instance.periods[n] for n in numbers]
    remaining = {
        tier: list(own[inmail & (kind == tier)])
        for tier in range(len(problem.instance.tiers))
    }
    volumes: list[tuple[int, int]] = []
    queues: list[tuple[list[int], list[int]]] = []
    for number in numbers:
        free: list[int] = []
        paid: list[int] = []
        for tier, waiting in remaining.items():
            take = min(len(waiting), int(problem.slots.inmails[number, tier]))
            (free if tier == Kind.OPEN else paid).extend(waiting[:take])
            remaining[tier] = waiting[take:]
        volumes.append((len(free), len(paid)))
        queues.append((free, paid))
    requests = list(own[~inmail])
    week = iter(lay_out(problem.seats[index], periods, volumes, len(requests)))
    for period, (free, paid) in zip(periods, queues, strict=True):
        for item in islice(week, len(period.days)):
            for waiting, count in (
                (free, item.open_inmails),
                (paid, item.paid_inmails),
                (requests, item.connection_requests),
            ):
                day[waiting[:count]] = item.date.toordinal()
                del waiting[:count]


# --- held leads --------------------------------------------------------------------


def _hold_rules(
    problem: Problem,
    route: np.ndarray,
    picked: Picked,
    placed: Placed,
    messages: _Messages,
) -> np.ndarray:
    held = route == ROUTE_CODE[Route.HOLD]
    rule = np.select(
        [
            ~schemas.has_profile(problem.leads),
            placed.company_conflict | messages.conflict,
            messages.over_limit,
            problem.classing.lead_release > 0,
            picked.planned,
        ],
        [
            HOLD_CODE[HoldRule.NO_PROFILE],
            HOLD_CODE[HoldRule.COMPANY_SEAT],
            HOLD_CODE[HoldRule.MESSAGE_LIMIT],
            HOLD_CODE[HoldRule.COMPANY_THROTTLE],
            HOLD_CODE[HoldRule.LATER],
        ],
        HOLD_CODE[HoldRule.CAPACITY],
    )
    return np.where(held, rule, HOLD_CODE[HoldRule.NONE])


def _expected_weeks(
    problem: Problem, route: np.ndarray, hold: np.ndarray, picked: Picked
) -> np.ndarray:
    """Return the week in which each held lead is expected to go; -1 if not planned.

    Planned leads of one pool, tier and route are cut into the later weeks in proportion
    to what their seats send then, best first; none before its release.
    """
    week = np.full(len(route), -1, dtype=np.int64)
    held = route == ROUTE_CODE[Route.HOLD]
    release = problem.classing.lead_release
    next_week = np.isin(
        hold, [HOLD_CODE[HoldRule.COMPANY_SEAT], HOLD_CODE[HoldRule.MESSAGE_LIMIT]]
    )
    is_message = (problem.leads["degree"].to_numpy() == Degree.FIRST) & schemas.has_profile(
        problem.leads
    )
    week[held & next_week] = 1
    week[held & is_message] = np.maximum(release, 1)[held & is_message]
    planned = held & picked.planned & ~next_week & ~is_message
    tier = np.where(
        picked.by_inmail, problem.classing.lead_kind, len(problem.instance.tiers)
    )
    pool = problem.classing.lead_pool
    order = np.flatnonzero(planned)
    value = np.round(problem.values.order_value[order], 12)
    order = order[np.lexsort((order, -value, release[order], tier[order], pool[order]))]
    cuts = np.flatnonzero(np.diff(pool[order]) | np.diff(tier[order])) + 1
    for members in np.split(order, cuts) if len(order) else ():
        own_pool, own_tier = int(pool[members[0]]), int(tier[members[0]])
        shares = np.cumsum(_later_volumes(problem, own_pool, own_tier))
        if not len(shares) or shares[-1] <= 0:
            week[members] = np.maximum(release[members], 1)
            continue
        position = (np.arange(len(members)) + 0.5) / len(members) * shares[-1]
        week[members] = np.maximum(np.searchsorted(shares, position) + 1, release[members])
    return np.where(week < problem.instance.num_weeks, week, -1)


def _later_volumes(problem: Problem, pool: int, tier: int) -> np.ndarray:
    """Return what a pool's seats send in weeks 1, 2 ... of one tier or by request."""
    volumes = np.zeros(problem.instance.num_weeks)
    atoms = problem.instance.pools[pool].atoms
    seats = {s for a in atoms for s in problem.instance.atoms[a].seats}
    for number, period in enumerate(problem.instance.periods):
        if period.seat in seats:
            if tier < len(problem.instance.tiers):
                volumes[period.week] += problem.solution.inmails[number, tier]
            else:
                volumes[period.week] += problem.solution.connections[number]
    return volumes[1:]


def ordinal_to_text(ordinal: int) -> str:
    """Return an ordinal day as ISO text; blank for 0."""
    return dt.date.fromordinal(ordinal).isoformat() if ordinal else ""
