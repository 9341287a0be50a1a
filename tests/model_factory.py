"""Small builders for the tests of the model: a seat, a period, an instance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from planner.domain import (
    Atom,
    CreditRow,
    Instance,
    LeadClass,
    Period,
    Pool,
    Seat,
    SeatDay,
    Tier,
    VolumeLimit,
)
from planner.model import program
from planner.model.classes import Classing
from planner.model.credits import CreditUse

#: A Monday; the next reset of rule ``month`` is Tuesday, 1 December, in the next week.
MONDAY = dt.date(2026, 11, 23)

#: Open profiles that never close, and closed ones: nothing is uncertain.
CERTAIN = (
    Tier(use=0.0, beta_a=None, beta_b=None),
    Tier(use=1.0, beta_a=None, beta_b=None),
)

#: Open with a leak, closed, and one unknown tier with mean use 0.8.
UNSURE = (
    Tier(use=0.03, beta_a=None, beta_b=None),
    Tier(use=1.0, beta_a=None, beta_b=None),
    Tier(use=0.8, beta_a=24.0, beta_b=6.0),
)


def make_seat(**changes: Any) -> Seat:
    """Return a seat with the default limits, with `changes` put in."""
    seat = Seat(
        seat_id="anna",
        sender="Anna",
        sender_profile_uuid="",
        credits=50,
        credits_as_of=MONDAY,
        reset_rule="month",
        monthly_grant=50,
        credit_cap=150,
        reserve=5,
        inmails_last_28_days=60,
        max_inmails_per_day=20,
        max_open_inmails_per_day=20,
        max_paid_inmails_per_day=8,
        max_open_inmails_per_month=400,
        max_connection_requests_per_day=15,
        max_connection_requests_per_week=80,
        connection_requests_last_7_days=0,
        pending_connection_requests=0,
        day_shares=(1.0, 1.0, 1.0, 1.0, 0.7, 0.0, 0.0),
        time_zone="UTC",
        away=(),
        groups=(),
        inmail_reply_rate=None,
        acceptance_rate=None,
    )
    return replace(seat, **changes)


def make_day(
    offset: int = 0,
    *,
    inmails: int = 10,
    free: int | None = None,
    paid: int | None = None,
    requests: int = 10,
) -> SeatDay:
    """Return the day `offset` days after `MONDAY`; no own limits on free and paid."""
    return SeatDay(
        date=MONDAY + dt.timedelta(days=offset),
        max_inmails=inmails,
        max_open_inmails=inmails if free is None else free,
        max_paid_inmails=inmails if paid is None else paid,
        max_connection_requests=requests,
    )


def make_period(
    *,
    seat: int = 0,
    week: int = 0,
    cycle: int = 0,
    inmails: int = 10,
    free: int | None = None,
    paid: int | None = None,
    requests: int = 10,
) -> Period:
    """Return a period of a single day, the Monday of its week."""
    day = make_day(week * 7, inmails=inmails, free=free, paid=paid, requests=requests)
    return Period(seat=seat, week=week, cycle=cycle, days=(day,))


def make_class(
    *,
    kind: int,
    size: int,
    inmail: float = 0.1,
    request: float = 0.0,
    pool: int = 0,
    release: int = 0,
) -> LeadClass:
    """Return a class of leads; requests are worth nothing unless said."""
    return LeadClass(
        pool=pool,
        kind=kind,
        release=release,
        size=size,
        inmail_value=inmail,
        connection_value=request,
    )


def make_credit_row(
    budget: int,
    *,
    weights: Sequence[float],
    seat: int = 0,
    first: int = 0,
    last: int = 0,
    alpha: float = 0.05,
    held_back: float = 0.0,
) -> CreditRow:
    """Return a credit row; ``weights`` by tier."""
    return CreditRow(
        seat=seat,
        first=first,
        last=last,
        budget=budget,
        alpha=alpha,
        weights=tuple(weights),
        held_back=held_back,
    )


def make_limit(
    limit: float, terms: dict[int, float], *, seat: int = 0, name: str = "limit"
) -> VolumeLimit:
    """Return a limit on volumes; ``terms`` by period."""
    return VolumeLimit(seat=seat, name=name, terms=terms, limit=limit)


def make_classing(
    instance: Instance,
    *,
    lead_class: np.ndarray | None = None,
    lead_kind: np.ndarray | None = None,
) -> Classing:
    """Return a classing of the instance's classes, its leads in pool and week 0."""
    nobody = np.zeros(0, dtype=np.int64)
    classes = nobody if lead_class is None else lead_class
    zero = np.zeros(len(classes), dtype=np.int64)
    return Classing(
        classes=instance.classes,
        pools=instance.pools,
        atoms=instance.atoms,
        tiers=instance.tiers,
        lead_class=classes,
        lead_kind=nobody if lead_kind is None else lead_kind,
        lead_pool=zero,
        lead_release=zero,
        lead_company=zero - 1,
        recent_touches={},
        tier_of_segment=zero,
    )


def make_instance(
    periods: Sequence[Period], classes: Sequence[LeadClass], **fields: Any
) -> Instance:
    """Return an instance of certain leads, one pool and one atom of all seats.

    Without limits beyond the periods, cost of delay or price of forfeits; `fields` put
    those in.
    """
    num_seats = 1 + max((period.seat for period in periods), default=0)
    instance = Instance(
        num_seats=num_seats,
        num_weeks=1 + max((period.week for period in periods), default=0),
        periods=tuple(periods),
        classes=tuple(classes),
        pools=(Pool(name="all", atoms=(0,)),),
        atoms=(
            Atom(seats=tuple(range(num_seats)), inmail_factor=1.0, connection_factor=1.0),
        ),
        tiers=CERTAIN,
        credit_rows=(),
        velocity=(),
        open_month=(),
        connections=(),
        pending=(),
        forfeits=(),
        delay_cost_per_week=0.0,
        forfeit_price=0.0,
    )
    return replace(instance, **fields)


def assert_rows_hold(
    instance: Instance, inmails: np.ndarray, connections: np.ndarray
) -> None:
    """Check A x <= b for every row of the seats, from the volumes alone."""
    flat = np.c_[inmails, connections].ravel()
    columns = program.numbered_columns(instance)
    for constraint in program.CAPACITY_CONSTRAINTS:
        for row in constraint(instance, columns):
            activity = sum(c * flat[index] for index, c in row.terms.items())
            assert activity <= row.limit + 1e-5, row.name


def assert_risks_hold(instance: Instance, inmails: np.ndarray) -> None:
    """Check the exact risk of every credit row, from the volumes alone."""
    use = CreditUse(instance.tiers)
    for row in instance.credit_rows:
        mix = np.zeros(len(instance.tiers), dtype=np.int64)
        for number, period in enumerate(instance.periods):
            if period.seat == row.seat and row.first <= period.cycle <= row.last:
                mix += inmails[number]
        assert use.exceedance(mix, row.budget) <= row.alpha
