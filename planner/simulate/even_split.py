"""What GetSales does by itself: contacts split evenly over the senders, week by week.

Each new contact goes to the sender with the fewest so far, whatever its credits (GetSales
9005053), and stays there. As in `policies`, each seat sends in order, InMails first, then
requests, within the plan's limits on days, pace, requests and companies: what differs is
that nobody looks at credits or values. Here the weeks go on and on, each from what the
one before has left over, which takes no program to be built. Free InMails of any 30 days
are limited as in the plan; its pause after a reset (``grant_delay``) is not kept, for
nobody here waits for credits.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from planner.dates import ONE_DAY, ONE_WEEK, OPEN_MONTH_DAYS, VELOCITY_WEEKS, monday
from planner.domain import Degree, Flag, LeadTable, Route, Seat
from planner.model.instance import open_room
from planner.params import Parameters
from planner.simulate.field import Task
from planner.simulate.weeks import Planned, Steps, Triaged


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contact:
    """A lead in a sender's queue."""

    lead_id: str
    company: str
    is_open: bool
    takes_inmail: bool


@dataclass(slots=True, kw_only=True, eq=False)
class EvenSplit:
    """The even split: nobody is contacted twice, and what failed stays failed.

    ``free_only`` sends InMails to known open profiles alone. Connections get neither
    InMails nor requests, as in the plan, where they get messages.
    """

    parameters: Parameters
    free_only: bool
    _queues: dict[str, list[_Contact]] = field(default_factory=dict)
    _num_dealt: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)
    _owner: dict[str, str] = field(default_factory=dict)
    _at_first: dict[str, tuple[Seat, dt.date]] = field(default_factory=dict)
    _free_sent: dict[str, Counter[dt.date]] = field(default_factory=dict)

    def steps(self) -> Steps:
        """Return what the weeks are played with."""
        return Steps(plan=self.plan, record=_nothing, triage=_no_triage)

    def plan(self, table: LeadTable, seats: tuple[Seat, ...], as_of: dt.date) -> Planned:
        """Deal new contacts out, and let each seat send as many as it may."""
        self._deal(table.leads, seats)
        sunday = monday(as_of) + ONE_WEEK - ONE_DAY
        companies: Counter[str] = Counter()
        tasks = []
        for seat in seats:
            days = _sending_days(seat, as_of, sunday)
            month = self._month(seat, as_of, days)
            room = _Room.of(seat, days, month, self.parameters)
            tasks += self._week(seat, room, companies)
        return Planned(sends=tasks, until=sunday)

    def _month(
        self, seat: Seat, as_of: dt.date, days: Sequence[dt.date]
    ) -> dict[dt.date, int]:
        """Return the free InMails that a seat may send by the end of each day.

        What was sent before the first week counts as in the plan (`open_room`), what
        this policy has sent since counts on its day.
        """
        first, start = self._at_first.setdefault(seat.seat_id, (seat, as_of))
        if as_of > start:
            first = replace(first, ahead=())
        own = self._free_sent.setdefault(seat.seat_id, Counter())
        rooms = open_room(first, [start, *days])[1:]
        left = {}
        for day, room in zip(days, rooms, strict=True):
            since = day - (OPEN_MONTH_DAYS - 1) * ONE_DAY
            sent = sum(count for on, count in own.items() if on >= since)
            left[day] = int(room - sent + 1e-9)
        return left

    def _deal(self, leads: pd.DataFrame, seats: tuple[Seat, ...]) -> None:
        """Give each new lead to the sender with the fewest, in the order of the files."""
        usable = (leads["exclusion"] == "") & (leads["degree"] != Degree.FIRST)
        usable &= (leads["linkedin_url"] != "") & ~leads["lead_id"].isin(self._seen)
        new = leads[usable].sort_values(["source_file", "source_row", "lead_id"])
        for lead in new.to_dict("records"):
            self._seen.add(str(lead["lead_id"]))
            seat_id = self._sender({str(k): v for k, v in lead.items()}, seats)
            if not seat_id:
                continue
            company = str(lead["company_key"])
            self._owner.setdefault(company, seat_id)
            self._num_dealt[seat_id] += 1
            self._queues.setdefault(seat_id, []).append(
                _Contact(
                    lead_id=str(lead["lead_id"]), company=company,
                    is_open=lead["open_flag"] == Flag.YES,
                    takes_inmail=lead["inmail_flag"] != Flag.NO,
                )
            )  # fmt: skip

    def _sender(self, lead: Mapping[str, object], seats: tuple[Seat, ...]) -> str:
        """Return the seat that a lead goes to; blank if none may send to it."""
        allowed = [
            seat.seat_id
            for seat in seats
            if lead["owner"] in ("", seat.seat_id)
            and (not lead["group"] or lead["group"] in seat.groups)
        ]
        company = str(lead["company_key"])
        if company and self.parameters.one_seat_per_company and company in self._owner:
            allowed = [one for one in allowed if one == self._owner[company]]
        return min(allowed, key=lambda one: (self._num_dealt[one], one), default="")

    def _week(self, seat: Seat, room: _Room, companies: Counter[str]) -> list[Task]:
        """Return what a seat sends: InMails in order, then requests to those left."""
        tasks = []
        for is_inmail in (True, False):
            left = []
            for contact in self._queues.get(seat.seat_id, []):
                on = None
                if self._may(contact, companies, is_inmail=is_inmail):
                    on = room.take(contact, is_inmail=is_inmail)
                if on is None:
                    left.append(contact)
                    continue
                companies[contact.company] += 1
                if is_inmail and contact.is_open:
                    self._free_sent[seat.seat_id][on] += 1
                route = _route(contact) if is_inmail else Route.CONNECTION_REQUEST
                tasks.append(
                    Task(
                        lead_id=contact.lead_id, seat_id=seat.seat_id, route=str(route),
                        on=on,
                    )
                )  # fmt: skip
            self._queues[seat.seat_id] = left
        return tasks

    def _may(self, contact: _Contact, companies: Counter[str], *, is_inmail: bool) -> bool:
        most = self.parameters.max_new_leads_per_company
        if contact.company and companies[contact.company] >= most:
            return False
        fits = contact.takes_inmail and (contact.is_open or not self.free_only)
        return fits or not is_inmail


def _route(contact: _Contact) -> Route:
    return Route.OPEN_INMAIL if contact.is_open else Route.PAID_INMAIL


def _sending_days(seat: Seat, first: dt.date, last: dt.date) -> list[dt.date]:
    days = (first + k * ONE_DAY for k in range((last - first).days + 1))
    return [day for day in days if not any(a <= day <= b for a, b in seat.away)]


@dataclass(slots=True, kw_only=True)
class _Room:
    """What a seat may still send in a week: by day, and in all.

    ``month`` is by the end of each day: a free InMail takes of its day and those after.
    """

    days: list[dt.date]
    month: dict[dt.date, int]
    total: dict[dt.date, int]
    free: dict[dt.date, int]
    paid: dict[dt.date, int]
    asked: dict[dt.date, int]
    inmails: int
    requests: int

    @classmethod
    def of(
        cls,
        seat: Seat,
        days: list[dt.date],
        month: dict[dt.date, int],
        parameters: Parameters,
    ) -> _Room:
        def daily(limit: int) -> dict[dt.date, int]:
            return {day: int(limit * seat.day_shares[day.weekday()] + 1e-9) for day in days}

        waiting = parameters.max_pending_connection_requests
        waiting -= seat.pending_connection_requests
        return cls(
            days=days,
            month=month,
            total=daily(seat.max_inmails_per_day),
            free=daily(seat.max_open_inmails_per_day),
            paid=daily(seat.max_paid_inmails_per_day),
            asked=daily(seat.max_connection_requests_per_day),
            inmails=_pace(seat, parameters),
            requests=min(seat.max_connection_requests_per_week, waiting),
        )

    def take(self, contact: _Contact, *, is_inmail: bool) -> dt.date | None:
        """Return the first day with room, and take it; None if there is none."""
        if not is_inmail:
            on = next((day for day in self.days if self.asked[day] > 0), None)
            if on is None or self.requests < 1:
                return None
            self.asked[on] -= 1
            self.requests -= 1
            return on
        own = self.free if contact.is_open else self.paid
        rooms = (day for day in self.days if self.total[day] > 0 and own[day] > 0)
        if contact.is_open:
            rooms = (day for day in rooms if self._has_month(day))
        on = next(rooms, None)
        if on is None or self.inmails < 1:
            return None
        if contact.is_open:
            for day in self._from(on):
                self.month[day] -= 1
        self.total[on] -= 1
        own[on] -= 1
        self.inmails -= 1
        return on

    def _from(self, on: dt.date) -> list[dt.date]:
        return [day for day in self.days if day >= on]

    def _has_month(self, on: dt.date) -> bool:
        return all(self.month[day] > 0 for day in self._from(on))


def _pace(seat: Seat, parameters: Parameters) -> int:
    """Return the InMails of a week that the plan's velocity limit allows."""
    if seat.inmails_last_28_days is None:
        stage = (seat.weeks_active + 1) / parameters.new_seat_ramp_weeks
        return int(min(1.0, stage) * sum(seat.day_shares) * seat.max_inmails_per_day)
    mean = seat.inmails_last_28_days / VELOCITY_WEEKS
    return int(parameters.velocity_growth * mean + parameters.velocity_floor)


def _nothing(told: pd.DataFrame, as_of: dt.date) -> None:
    """Record nothing: there is no ledger."""


def _no_triage(
    told: pd.DataFrame, seats: tuple[Seat, ...], credits: Mapping[str, int], as_of: dt.date
) -> Triaged:
    """Leave what failed as it is, as GetSales does."""
    return Triaged(causes={}, sends=(), held={})
