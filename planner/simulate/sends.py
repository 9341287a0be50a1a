"""Sends in order: those of a plan as written, and those that it expects later.

This week's sends are named leads. The weeks after it, up to each seat's next reset, are
whole volumes by period and tier: sends whose lead nobody has chosen yet. They join the
world as leads of whom only the tier is known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.assign.days import lay_out_inmails
from planner.assign.leads import Problem
from planner.domain import Calendar, Flag, Kind, Route, SegmentShare, Tier
from planner.simulate import numbers
from planner.simulate.world import World

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Routes of the model, in the order of the sheets within a day.
ROUTES = (Route.OPEN_INMAIL, Route.PAID_INMAIL, Route.CONNECTION_REQUEST)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sends:
    """Sends by seat, each seat's in the order in which they go; one entry each.

    Parameters
    ----------
    lead : numpy.ndarray
        Row of the lead in the world.
    seat : numpy.ndarray
        Index of the seat.
    day : numpy.ndarray
        Ordinal of the day.
    cycle : numpy.ndarray
        Resets of the seat before the send.
    is_inmail, is_this_week : numpy.ndarray
        Else a connection request; else of a later week.
    """

    lead: Ints
    seat: Ints
    day: Ints
    cycle: Ints
    is_inmail: Bools
    is_this_week: Bools

    def of(self, index: Ints) -> Sends:
        """Return some of the sends, in the order of `index`."""
        return Sends(
            lead=self.lead[index],
            seat=self.seat[index],
            day=self.day[index],
            cycle=self.cycle[index],
            is_inmail=self.is_inmail[index],
            is_this_week=self.is_this_week[index],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What is sent this week: InMails, those of them to known open profiles, requests."""

    inmails: int
    open_inmails: int
    requests: int


@dataclass(frozen=True, slots=True)
class Send:
    """One send, while sends are collected; ``order`` counts within the day."""

    seat: int
    day: int
    order: tuple[int, int]
    lead: int
    is_inmail: bool
    is_this_week: bool


def gathered(sends: Sequence[Send], calendars: Sequence[Calendar]) -> Sends:
    """Return collected sends as arrays, sorted by seat, day and order.

    Later weeks count up to the seat's next reset only.
    """
    cycle_on = {
        (period.seat, day.date.toordinal()): period.cycle
        for calendar in calendars
        for period in calendar.periods
        for day in period.days
    }
    resets = [[day.toordinal() for day in calendar.resets] for calendar in calendars]

    def cycle(send: Send) -> int:
        known = cycle_on.get((send.seat, send.day))
        if known is not None:
            return known
        return sum(reset <= send.day for reset in resets[send.seat])

    keyed = [(send, cycle(send)) for send in sends]
    kept = [(send, own) for send, own in keyed if send.is_this_week or own == 0]
    kept.sort(key=lambda pair: (pair[0].seat, pair[0].day, pair[0].order))
    ordered = [send for send, _ in kept]
    return Sends(
        lead=np.array([send.lead for send in ordered], dtype=np.int64),
        seat=np.array([send.seat for send in ordered], dtype=np.int64),
        day=np.array([send.day for send in ordered], dtype=np.int64),
        cycle=np.array([own for _, own in kept], dtype=np.int64),
        is_inmail=np.array([send.is_inmail for send in ordered], dtype=np.bool_),
        is_this_week=np.array([send.is_this_week for send in ordered], dtype=np.bool_),
    )


def volume(sends: Sends, world: World) -> Volume:
    """Return how much of each kind is sent this week."""
    inmails = sends.lead[sends.is_this_week & sends.is_inmail]
    return Volume(
        inmails=len(inmails),
        open_inmails=int((world.open_flag[inmails] == Flag.YES).sum()),
        requests=int((sends.is_this_week & ~sends.is_inmail).sum()),
    )


def written(problem: Problem, assignments: pd.DataFrame) -> list[Send]:
    """Return this week's InMails and connection requests of ``assignments.csv``.

    In the order of the sheets: by day, then route, then lead.
    """
    rank = {str(route): number for number, route in enumerate(ROUTES)}
    row = {str(lead): n for n, lead in enumerate(problem.leads["lead_id"].tolist())}
    seat = {item.seat_id: n for n, item in enumerate(problem.seats)}
    sent = assignments[assignments["route"].isin(list(rank))]
    columns = (sent[name].tolist() for name in ("lead_id", "route", "seat_id", "send_on"))
    return [
        Send(
            seat=seat[seat_id],
            day=dt.date.fromisoformat(day).toordinal(),
            order=(rank[route], row[lead]),
            lead=row[lead],
            is_inmail=route != Route.CONNECTION_REQUEST,
            is_this_week=True,
        )
        for lead, route, seat_id, day in zip(*columns, strict=True)
    ]


def expected(
    problem: Problem, segments: Sequence[SegmentShare], world: World
) -> tuple[list[Send], World]:
    """Return the InMails of later weeks, and the world with their unknown leads.

    Each period's are laid out evenly over its days. Whether one needs a credit follows
    its tier, as the plan counted on it.
    """
    sends: list[Send] = []
    tiers: list[int] = []
    names: list[str] = []
    first = len(world.key)
    for number, period in enumerate(problem.instance.periods):
        if period.week == 0 or period.cycle > 0:
            continue
        volumes = problem.slots.inmails[number]
        paid = [t for t, n in enumerate(volumes) if t != Kind.OPEN for _ in range(int(n))]
        num_free = int(volumes[Kind.OPEN])
        layout = lay_out_inmails(period.days, num_free, len(paid))
        place = 0
        for day, num_open, num_paid in zip(period.days, *layout, strict=True):
            own = [int(Kind.OPEN)] * num_open + paid[place : place + num_paid]
            place += num_paid
            for order, tier in enumerate(own):
                sends.append(
                    Send(
                        seat=period.seat,
                        day=day.date.toordinal(),
                        order=(tier, order),
                        lead=first + len(tiers),
                        is_inmail=True,
                        is_this_week=False,
                    )
                )
                tiers.append(tier)
                seat_id = problem.seats[period.seat].seat_id
                names.append(f"{seat_id} {day.date} {order}")
    return sends, _with_unnamed(world, problem, segments, tiers, names)


def _with_unnamed(
    world: World,
    problem: Problem,
    segments: Sequence[SegmentShare],
    tiers: Sequence[int],
    names: Sequence[str],
) -> World:
    flag = {int(Kind.OPEN): Flag.YES, int(Kind.CLOSED): Flag.NO}
    return world.extended(
        key=numbers.keys_of(names),
        open_flag=np.array(
            [int(flag.get(tier, Flag.UNKNOWN)) for tier in tiers], dtype=np.int64
        ),
        segment=np.array(tiers, dtype=np.int64),
        share=tier_shares(world, problem, segments),
    )


def tier_shares(world: World, problem: Problem, segments: Sequence[SegmentShare]) -> Floats:
    """Return the open share of each tier by draw, ``(num_draws, num_tiers)``.

    Distributed as the plan's tier has it, and high in the draws in which its segments'
    shares are high: this week and the weeks after are wrong together.
    """
    tier_of_segment = problem.classing.tier_of_segment
    unknown = np.array([item.num_unknown for item in segments], dtype=np.float64)
    columns = []
    for number, tier in enumerate(problem.instance.tiers):
        weight = np.where(tier_of_segment == number, unknown, 0.0)
        columns.append(_tier_share(world, tier, number, weight))
    return np.stack(columns, axis=1)


def _tier_share(world: World, tier: Tier, number: int, weight: Floats) -> Floats:
    if tier.beta_a is None or tier.beta_b is None:
        return np.full(world.num_draws, 1.0 - tier.use)
    rng = np.random.default_rng([world.seed, world.num_draws, number])
    drawn = np.sort(rng.beta(tier.beta_b, tier.beta_a, world.num_draws))
    mixed = world.share[:, : len(weight)] @ weight
    share: Floats = np.empty(world.num_draws)
    share[np.argsort(mixed, kind="stable")] = drawn
    return share
