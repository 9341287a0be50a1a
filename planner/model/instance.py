"""Seats, calendars and classes into an `Instance`: every number the program sees."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from planner.dates import OPEN_MONTH_DAYS, VELOCITY_WEEKS, monday
from planner.domain import (
    Calendar,
    CreditRow,
    Instance,
    Kind,
    Period,
    Seat,
    Solution,
    VolumeLimit,
)
from planner.model.classes import Classing
from planner.model.credits import line, use_of
from planner.params import Parameters


def build(
    seats: Sequence[Seat],
    calendars: Sequence[Calendar],
    classing: Classing,
    parameters: Parameters,
    *,
    num_weeks: int,
    first_weekday: int = 0,
) -> Instance:
    """Return the instance, its credit rows fitted to the mix of the list.

    Parameters
    ----------
    seats, calendars : sequences
        The inventory and each seat's periods, in the same order.
    classing : Classing
        Classes, pools, atoms and tiers of the leads.
    num_weeks : int
        Weeks from the planned one to the horizon.
    first_weekday : int
        Weekday of the first day planned, Monday 0.
    """
    unfitted = build_unfitted(
        seats, calendars, classing, parameters,
        num_weeks=num_weeks, first_weekday=first_weekday,
    )  # fmt: skip
    return refit(unfitted, _typical_volumes(unfitted))


def build_unfitted(
    seats: Sequence[Seat],
    calendars: Sequence[Calendar],
    classing: Classing,
    parameters: Parameters,
    *,
    num_weeks: int,
    first_weekday: int = 0,
) -> Instance:
    """Return what `build` does, with credit rows that no mix has been fitted to."""
    periods = tuple(p for calendar in calendars for p in calendar.periods)
    first = np.cumsum([0, *(len(calendar.periods) for calendar in calendars)])
    limits: dict[str, list[VolumeLimit]] = {
        name: []
        for name in ("velocity", "open_month", "connections", "pending", "forfeits")
    }
    rows: list[CreditRow] = []
    for index, (seat, calendar) in enumerate(zip(seats, calendars, strict=True)):
        own = {int(first[index]) + i: p for i, p in enumerate(calendar.periods)}
        limits["velocity"] += velocity_limits(
            index, seat, own, parameters, num_weeks, first_weekday=first_weekday
        )
        limits["open_month"] += open_month_limits(index, seat, own)
        limits["connections"] += connection_limits(index, seat, own)
        limits["pending"] += pending_limits(index, seat, own, parameters)
        limits["forfeits"] += forfeit_limits(index, seat, calendar)
        rows += credit_rows(index, seat, calendar, parameters, num_seats=len(seats))
    return Instance(
        num_seats=len(seats),
        num_weeks=num_weeks,
        periods=periods,
        classes=classing.classes,
        pools=classing.pools,
        atoms=classing.atoms,
        tiers=classing.tiers,
        credit_rows=tuple(rows),
        velocity=whole_limits(limits["velocity"]),
        open_month=whole_limits(limits["open_month"]),
        connections=whole_limits(limits["connections"]),
        pending=whole_limits(limits["pending"]),
        forfeits=tuple(limits["forfeits"]),
        delay_cost_per_week=parameters.delay_cost_per_week,
        forfeit_price=parameters.forfeit_price,
    )


def whole_limits(limits: Sequence[VolumeLimit]) -> tuple[VolumeLimit, ...]:
    """Return the limits, those on plain counts rounded down: sends are whole."""
    return tuple(
        replace(limit, limit=math.floor(limit.limit + 1e-9))
        if all(value == 1.0 for value in limit.terms.values())
        else limit
        for limit in limits
    )


def credit_rows(
    index: int, seat: Seat, calendar: Calendar, parameters: Parameters, *, num_seats: int
) -> list[CreditRow]:
    """Return the rows that keep one seat's credits safe in each of its cycles.

    Running the balance forward with a cap, ``b <- min(b + grant, cap) - use >= 0``, is
    the same as one row for every run of cycles i..j: what is used in it is at most what
    there is at its start (the balance, or the cap after a reset) and the grants in it.
    Cycle j is guarded by j + 1 rows, which share alpha.
    """
    alpha = parameters.alpha / num_seats if parameters.joint else parameters.alpha
    last = max((p.cycle for p in calendar.periods), default=-1)
    rows = []
    for j in range(last + 1):
        for i in range(j + 1):
            budget = above_reserve(seat, j)
            if i > 0:
                budget = seat.credit_cap - seat.reserve + seat.monthly_grant * (j - i)
            rows.append(
                CreditRow(
                    seat=index, first=i, last=j, budget=max(budget, 0),
                    alpha=alpha / (j + 1), weights=(), held_back=0.0,
                )
            )  # fmt: skip
    return rows


def above_reserve(seat: Seat, num_grants: int) -> int:
    """Return what a seat's present balance and its next grants leave above its reserve.

    Below 0 the row that starts with the present balance allows nothing, and one more
    credit does not change that.
    """
    return seat.credits - seat.reserve + seat.monthly_grant * num_grants


def velocity_limits(
    index: int,
    seat: Seat,
    periods: dict[int, Period],
    parameters: Parameters,
    num_weeks: int,
    *,
    first_weekday: int,
) -> list[VolumeLimit]:
    """Return the limits on all InMails of each week of one seat.

    ``V_t <= growth * mean(V of the four weeks before) + floor``, where weeks before the
    plan count with the seat's own mean. A first week that has begun before
    `first_weekday` gets the share of its days that are left, and the rest of it counts
    as history. A seat without history
    starts at 1/n of its weekly limit instead, and gains 1/n a week; weeks in which the
    ledger saw it send count.
    """
    by_week: dict[int, list[int]] = {}
    for number, period in periods.items():
        by_week.setdefault(period.week, []).append(number)
    full_week = sum(seat.day_shares)
    left = sum(seat.day_shares[first_weekday:]) / full_week if full_week > 0 else 1.0
    limits = []
    for week in range(num_weeks):
        if week not in by_week:
            continue
        terms = dict.fromkeys(by_week[week], 1.0)
        part = left if week == 0 else 1.0
        if seat.inmails_last_28_days is None:
            stage = seat.weeks_active + week + 1
            ramp = min(1.0, stage / parameters.new_seat_ramp_weeks)
            limit = ramp * full_week * seat.max_inmails_per_day * part
        else:
            mean = seat.inmails_last_28_days / VELOCITY_WEEKS
            growth = parameters.velocity_growth / VELOCITY_WEEKS
            for earlier in range(max(0, week - VELOCITY_WEEKS), week):
                for number in by_week.get(earlier, ()):
                    terms[number] = -growth
            history = max(0, VELOCITY_WEEKS - week) * mean
            if 0 < week <= VELOCITY_WEEKS:
                history += mean * (1 - left)
            limit = (growth * history + parameters.velocity_floor) * part
        limit = max(0.0, limit - _settled_inmails(seat, periods[by_week[week][0]]))
        limits.append(
            VolumeLimit(seat=index, name=f"velocity_{week}", terms=terms, limit=limit)
        )
    return limits


def _settled_inmails(seat: Seat, period: Period) -> int:
    """Return the InMails settled beside the plan in the week of a period."""
    start = monday(period.days[0].date)
    return sum(
        day.open_inmails + day.paid_inmails
        for day in seat.ahead
        if monday(day.date) == start
    )


def open_month_limits(
    index: int, seat: Seat, periods: dict[int, Period]
) -> list[VolumeLimit]:
    """Return the limits on free InMails in any 30 days.

    Where the ledger does not know the free InMails of the last days, all InMails of the
    last 28 days count, rolling out of the window evenly. In the first week, which is
    laid out day by day, the limit is the most that its days allow in turn.
    """
    days = [day for period in periods.values() for day in period.days]
    room = open_room(seat, [day.date for day in days])
    in_turn: dict[dt.date, float] = {}
    total = 0.0
    for day, allowed in zip(days, room, strict=True):
        total = min(total + day.max_open_inmails, max(total, allowed))
        in_turn[day.date] = total
    room_on = dict(zip((day.date for day in days), room, strict=True))
    limits = []
    for number, period in periods.items():
        end = period.days[-1].date
        terms = {
            other: 1.0
            for other, item in periods.items()
            if 0 <= (end - item.days[-1].date).days < OPEN_MONTH_DAYS
        }
        limit = in_turn[end] if period.week == 0 else room_on[end]
        limits.append(
            VolumeLimit(seat=index, name=f"open_month_{number}", terms=terms, limit=limit)
        )
    return limits


def open_room(seat: Seat, days: Sequence[dt.date]) -> list[float]:
    """Return how many free InMails may be sent in all by the end of each day.

    Parameters
    ----------
    seat : Seat
        Its free InMails leave the window of 30 days on their day where that is known;
        else its InMails of the last 28 days leave it evenly.
    days : sequence of datetime.date
        Sending days from the first one of the plan on, ascending.
    """
    past = seat.inmails_last_28_days or 0
    room = []
    for day in days:
        gone = min((day - days[0]).days + 1, OPEN_MONTH_DAYS)
        remaining = past * (OPEN_MONTH_DAYS - gone) / OPEN_MONTH_DAYS
        if seat.recent_open_inmails is not None:
            first = day - dt.timedelta(days=OPEN_MONTH_DAYS - 1)
            remaining = sum(n for sent, n in seat.recent_open_inmails if sent >= first)
        remaining += sum(item.open_inmails for item in seat.ahead)
        room.append(max(0.0, seat.max_open_inmails_per_month - remaining))
    return room


def connection_limits(
    index: int, seat: Seat, periods: dict[int, Period]
) -> list[VolumeLimit]:
    """Return the weekly limits on connection requests, rolling over 7 days.

    Requests of the last 7 days leave the window on their day where the ledger knows it;
    else they are taken to be spread over the seat's sending days. The first week's limit
    is the most that the days allow in turn. Later weeks may use the full limit, laid out
    evenly.
    """
    by_week: dict[int, list[int]] = {}
    for number, period in periods.items():
        by_week.setdefault(period.week, []).append(number)
    limits = []
    for week, numbers in by_week.items():
        settled = [
            item.connection_requests
            for item in seat.ahead
            if monday(item.date) == monday(periods[numbers[0]].days[0].date)
        ]
        limit = max(0.0, float(seat.max_connection_requests_per_week - sum(settled)))
        if week == 0:
            days = [day for number in numbers for day in periods[number].days]
            room = connection_room(seat, [day.date.toordinal() for day in days])
            total = 0.0
            for day, allowed in zip(days, room, strict=True):
                total = min(total + day.max_connection_requests, max(total, allowed))
            limit = total
        limits.append(
            VolumeLimit(
                seat=index, name=f"connections_{week}", terms=dict.fromkeys(numbers, 1.0),
                limit=limit,
            )
        )  # fmt: skip
    return limits


def connection_room(seat: Seat, days: Sequence[int]) -> list[float]:
    """Return how many requests may have been sent in all by the end of each day.

    Parameters
    ----------
    seat : Seat
        Its requests of the last 7 days, by day where that is known, else spread over
        its sending days by share.
    days : sequence of int
        Ordinals of the sending days of the first week, ascending.
    """
    if not days:
        return []
    start = days[0]
    past = [start - back for back in range(7, 0, -1)]
    # Ordinal 1 (0001-01-01) was a Monday.
    shares = [seat.day_shares[(day - 1) % 7] for day in past]
    if sum(shares) <= 0:
        shares = [1.0] * 7
    scale = seat.connection_requests_last_7_days / sum(shares)
    room = []
    for day in days:
        remaining = sum(
            share * scale for own, share in zip(past, shares, strict=True) if own > day - 7
        )
        if seat.recent_requests is not None:
            remaining = sum(
                n for sent, n in seat.recent_requests if sent.toordinal() > day - 7
            )
        remaining += sum(
            item.connection_requests
            for item in seat.ahead
            if item.date.toordinal() > day - 7  # also what comes within the next days
        )
        room.append(max(0.0, seat.max_connection_requests_per_week - remaining))
    return room


def pending_limits(
    index: int, seat: Seat, periods: dict[int, Period], parameters: Parameters
) -> list[VolumeLimit]:
    """Return the limits on unanswered connection requests at the end of each week.

    Pending requests are taken to be spread over their lifetime, after which they are
    withdrawn; acceptances are not counted on.
    """
    if not periods:
        return []
    lifetime = parameters.pending_lifetime_days
    limits = []
    for week in sorted({period.week for period in periods.values()}):
        terms = {
            number: 1.0
            for number, period in periods.items()
            if 0 <= (week - period.week) * 7 < lifetime
        }
        remaining = seat.pending_connection_requests * max(0.0, 1 - week * 7 / lifetime)
        limits.append(
            VolumeLimit(
                seat=index, name=f"pending_{week}", terms=terms,
                limit=max(0.0, parameters.max_pending_connection_requests - remaining),
            )
        )  # fmt: skip
    return limits


def forfeit_limits(index: int, seat: Seat, calendar: Calendar) -> list[VolumeLimit]:
    """Return the rows that define forfeited credits, where the cap can bind.

    ``use before reset r + forfeits up to r >= balance + r * grant - cap``; ``terms``
    maps the number of the reset to 1 and ``limit`` is the right-hand side.
    """
    limits = []
    for number in range(1, len(calendar.resets) + 1):
        surplus = seat.credits + number * seat.monthly_grant - seat.credit_cap
        if surplus > 0:
            limits.append(
                VolumeLimit(
                    seat=index, name=f"forfeit_{number}", terms={number: 1.0},
                    limit=float(surplus),
                )
            )  # fmt: skip
    return limits


def refit(instance: Instance, inmails: np.ndarray) -> Instance:
    """Return the instance with its credit rows drawn tight at the given volumes.

    Parameters
    ----------
    inmails : numpy.ndarray
        InMails by period and tier, shape ``(num_periods, num_tiers)``.
    """
    use = use_of(instance.tiers)
    by_cycle = volumes_by_cycle(instance, inmails)
    rows = []
    for row in instance.credit_rows:
        mix = np.zeros(len(instance.tiers))
        for cycle in range(row.first, row.last + 1):
            mix += by_cycle.get((row.seat, cycle), 0.0)
        weights, held_back = line(instance.tiers, mix, row.alpha, use)
        rows.append(replace(row, weights=weights, held_back=held_back))
    return replace(instance, credit_rows=tuple(rows))


def volumes_by_cycle(
    instance: Instance, inmails: np.ndarray
) -> dict[tuple[int, int], np.ndarray]:
    """Return InMails by tier for each seat and credit cycle."""
    totals: dict[tuple[int, int], np.ndarray] = {}
    for number, period in enumerate(instance.periods):
        key = (period.seat, period.cycle)
        totals[key] = totals.get(key, 0.0) + inmails[number]
    return totals


def forfeited(instance: Instance, inmails: np.ndarray) -> float:
    """Return the credits that the cap is expected to throw away.

    Parameters
    ----------
    inmails : numpy.ndarray
        InMails by period and tier, shape ``(num_periods, num_tiers)``.
    """
    use = np.array([tier.use for tier in instance.tiers])
    total = 0.0
    booked: dict[int, float] = defaultdict(float)
    for limit in sorted(instance.forfeits, key=lambda item: (item.seat, max(item.terms))):
        (number,) = (int(reset) for reset in limit.terms)
        used = sum(
            float(inmails[p] @ use)
            for p, period in enumerate(instance.periods)
            if period.seat == limit.seat and period.cycle < number
        )
        lost = max(0.0, limit.limit - used - booked[limit.seat])
        booked[limit.seat] += lost
        total += lost
    return total


def refitted(instance: Instance, solution: Solution) -> Instance:
    """Return the instance with its credit rows refitted to a solution's mix."""
    return refit(instance, solution.inmails)


def _typical_volumes(instance: Instance) -> np.ndarray:
    """Guess volumes for the first fit: the list's own mix, as far as credits go."""
    supply = np.zeros(len(instance.tiers))
    for item in instance.classes:
        supply[item.kind] += item.size
    volumes = np.zeros((len(instance.periods), len(instance.tiers)))
    if supply.sum() == 0:
        return volumes
    use = np.array([tier.use for tier in instance.tiers])
    budget = {
        (row.seat, row.last): row.budget for row in instance.credit_rows if row.first == 0
    }
    periods_of = Counter((period.seat, period.cycle) for period in instance.periods)
    for number, period in enumerate(instance.periods):
        key = (period.seat, period.cycle)
        credits = budget.get(key, 0) / periods_of[key]
        paid = supply.copy()
        paid[Kind.OPEN] = 0.0
        if paid.sum() > 0:
            paid *= min(credits / float(paid @ use), period.max_paid_inmails / paid.sum())
        volumes[number] = paid
        volumes[number, Kind.OPEN] = min(
            period.max_open_inmails, supply[Kind.OPEN] / max(1, instance.num_seats)
        )
    return volumes
