"""What each seat may still send in a week, for policies that fill weeks in turn.

The same limits as the plan's: days, velocity, free InMails of a month, requests of a
rolling week and pending ones, as `planner.model.instance` states them. Credits are not
among them: a policy looks at them, or does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from planner.assign.days import lay_out, lay_out_inmails
from planner.assign.leads import Problem
from planner.domain import Period, VolumeLimit
from planner.simulate.sends import Send

Counts = NDArray[np.int64]


class Channel(IntEnum):
    """How a send counts against the limits, in the order of the sheets."""

    FREE = 0
    PAID = 1
    REQUEST = 2


INMAILS = (Channel.FREE, Channel.PAID)


@dataclass(slots=True, kw_only=True)
class PeriodRoom:
    """Room of one period of a seat by channel, and the leads that took it."""

    period: Period
    total: int
    left: dict[Channel, int]
    leads: dict[Channel, list[int]]


@dataclass(slots=True, kw_only=True)
class Room:
    """Room of one seat in one week: InMails by pace, free ones by month, requests."""

    seat: int
    periods: list[PeriodRoom]
    inmails: int
    free: int
    requests: int
    request_leads: list[int]
    capacity: int

    def has_room(self, channel: Channel) -> bool:
        """Return whether one more can be sent on a channel."""
        if channel is Channel.REQUEST:
            return self.requests > 0
        return self._period_for(channel) is not None

    def _period_for(self, channel: Channel, cycle: int = 0) -> PeriodRoom | None:
        if self.inmails < 1 or (channel is Channel.FREE and self.free < 1):
            return None
        for period in self.periods:
            is_due = period.period.cycle >= cycle
            if is_due and period.total > 0 and period.left[channel] > 0:
                return period
        return None

    def add(self, lead: int, channel: Channel, cycle: int = 0) -> bool:
        """Give a lead a send if there is room; return whether there was.

        An InMail goes out in this cycle (0 is the present one) or a later one.
        """
        if channel is Channel.REQUEST:
            if self.requests < 1:
                return False
            self.requests -= 1
            self.request_leads.append(lead)
            return True
        period = self._period_for(channel, cycle)
        if period is None:
            return False
        period.total -= 1
        period.left[channel] -= 1
        period.leads[channel].append(lead)
        self.inmails -= 1
        self.free -= channel is Channel.FREE
        return True


class Weeks:
    """The weeks of all seats, filled one after the other."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        size = len(problem.instance.periods)
        self._inmails: Counts = np.zeros(size, dtype=np.int64)
        self._free: Counts = np.zeros(size, dtype=np.int64)
        self._requests: Counts = np.zeros(size, dtype=np.int64)
        self._number = {id(p): n for n, p in enumerate(problem.instance.periods)}

    @property
    def num_weeks(self) -> int:
        """Weeks in which any seat still has its present credits, the planned one first."""
        periods = self._problem.instance.periods
        return max([1, *(p.week + 1 for p in periods if p.cycle == 0)])

    def begin(self, week: int) -> list[Room]:
        """Return every seat's room in a week, given what was sent in those before it."""
        instance = self._problem.instance
        own: list[list[Period]] = [[] for _ in self._problem.seats]
        for period in instance.periods:
            # After its reset a seat does not matter any more, but in this week.
            if period.week == week and (week == 0 or period.cycle == 0):
                own[period.seat].append(period)
        pace = self._least(instance.velocity, week, self._inmails)
        month = self._least(instance.open_month, week, self._free)
        asked = self._least(instance.connections, week, self._requests)
        pending = self._least(instance.pending, week, self._requests)
        return [
            Room(
                seat=seat,
                periods=[_period_room(period) for period in periods],
                inmails=pace[seat],
                free=month[seat],
                requests=min(
                    asked[seat],
                    pending[seat],
                    sum(period.max_connection_requests for period in periods),
                ),
                request_leads=[],
                capacity=sum(p.max_inmails + p.max_connection_requests for p in periods),
            )
            for seat, periods in enumerate(own)
        ]

    def end(self, week: int, rooms: Sequence[Room]) -> list[Send]:
        """Book a week and return its sends; later weeks' requests are only booked."""
        sends = []
        for room in rooms:
            for period in room.periods:
                number = self._number[id(period.period)]
                free, paid = (len(period.leads[c]) for c in INMAILS)
                self._free[number] += free
                self._inmails[number] += free + paid
            if room.periods:
                first = self._number[id(room.periods[0].period)]
                self._requests[first] += len(room.request_leads)
                sends += self._dated(room, is_this_week=week == 0)
        return sends

    def _least(
        self, limits: Sequence[VolumeLimit], week: int, sent: Counts
    ) -> dict[int, int]:
        """Return what each seat's limits that hold in a week leave, 0 where none does."""
        periods = self._problem.instance.periods
        left: dict[int, int] = dict.fromkeys(range(len(self._problem.seats)), 0)
        found: set[int] = set()
        for limit in limits:
            # A limit holds in the last week that it counts in full; weeks before it (with
            # either sign) have been sent already.
            if max(periods[p].week for p, c in limit.terms.items() if c > 0) != week:
                continue
            used = sum(c * float(sent[p]) for p, c in limit.terms.items())
            room = max(0, int(limit.limit - used + 1e-9))
            least = room if limit.seat not in found else min(left[limit.seat], room)
            left[limit.seat] = least
            found.add(limit.seat)
        return left

    def _dated(self, room: Room, *, is_this_week: bool) -> list[Send]:
        """Lay a seat's week out over its days, as the plan does."""
        seat = self._problem.seats[room.seat]
        periods = [item.period for item in room.periods]
        volumes = [
            (len(item.leads[Channel.FREE]), len(item.leads[Channel.PAID]))
            for item in room.periods
        ]
        if is_this_week:
            laid = lay_out(seat, periods, volumes, len(room.request_leads))
            by_day = [
                (d.date, d.open_inmails, d.paid_inmails, d.connection_requests)
                for d in laid
            ]
        else:
            by_day = [
                (day.date, free, paid, 0)
                for period, (num_free, num_paid) in zip(periods, volumes, strict=True)
                for day, free, paid in zip(
                    period.days,
                    *lay_out_inmails(period.days, num_free, num_paid),
                    strict=True,
                )
            ]
        queues = {
            Channel.FREE: [n for item in room.periods for n in item.leads[Channel.FREE]],
            Channel.PAID: [n for item in room.periods for n in item.leads[Channel.PAID]],
            Channel.REQUEST: room.request_leads,
        }
        waiting = {channel: iter(enumerate(leads)) for channel, leads in queues.items()}
        return [
            Send(
                seat=room.seat,
                day=date.toordinal(),
                order=(int(channel), place),
                lead=lead,
                is_inmail=channel is not Channel.REQUEST,
                is_this_week=is_this_week,
            )
            for date, *counts in by_day
            for channel, count in zip(Channel, counts, strict=True)
            for place, lead in islice(waiting[channel], count)
        ]


def _period_room(period: Period) -> PeriodRoom:
    return PeriodRoom(
        period=period,
        total=period.max_inmails,
        left={
            Channel.FREE: period.max_open_inmails, Channel.PAID: period.max_paid_inmails
        },
        leads={Channel.FREE: [], Channel.PAID: []},
    )  # fmt: skip
