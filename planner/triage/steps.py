"""What becomes of each lead whose InMail failed: one step, one seat, one day.

Nobody knows the cause for sure. So each lead takes the step with the most expected
replies over the probabilities of the causes, of those that there is room for:

- an InMail (*restart*) works where the cause lay with the seat, or is unknown: r replies.
  Where it fails again, it burns `failed_send_credit_loss` of a credit, worth r each;
- the same later (*wait*) is worth `delay_cost_per_week` less for each week;
- a *connection request* works unless the lead has a message already, is connected, or is
  gone: acceptance rate times replies after acceptance;
- a *message* works where the lead is connected to the seat: replies after acceptance;
- to plan the lead again next week (*wait*) is worth a request, a week later.

A step that cannot be undone asks for certainty: a lead is dropped only at `drop_evidence`,
or if it has replied. Leads are served by priority. Credits, InMails, requests and days are
given out by seat and never beyond what the seat has to spare; where several seats may
take over, the one with the most left does. A seat of which nothing goes out takes nothing.
"""

from __future__ import annotations

import datetime as dt
import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import pandas as pd

from planner.dates import ONE_DAY, resets_after
from planner.domain import Cause, Flag, NextStep, Route, Seat, SeatDay
from planner.params import Parameters
from planner.triage.records import SeatRecord, SeatState, SeatVerdict

_COLUMNS = ("next_step", "next_route", "next_seat", "next_on", "next_reason")
_WEEK = 7
_YEAR = 366
#: A message goes out only to somebody who is more likely connected than not.
_LIKELY = 0.5
#: Below this probability of the cause, the reason says that the cause is not sure.
_SURE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    step: NextStep
    reason: str
    route: Route | None = None
    seat_id: str = ""
    on: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        return str(self.step), str(self.route or ""), self.seat_id, self.on, self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lead:
    """One row of the findings, as far as the step hangs on it.

    ``chances`` are the probabilities of the causes, ``cause`` the most likely one.
    """

    lead_id: str
    seat_id: str
    cause: str
    chances: Mapping[Cause, float]
    is_open: bool
    refuses: bool
    has_profile: bool
    has_replied: bool
    restarts: int
    owner: str
    group: str
    company: str
    company_seat: str
    company_near: int
    connected_to: str

    def chance(self, *causes: Cause) -> float:
        """Return the probability that the cause is one of these."""
        return math.fsum(self.chances[cause] for cause in causes)

    @property
    def inmail_route(self) -> Route:
        return Route.OPEN_INMAIL if self.is_open else Route.PAID_INMAIL


class _Room:
    """What seats have left of one thing; the fullest seat of a pool is found quickly."""

    def __init__(self, left: Mapping[str, int]) -> None:
        self.left = {seat_id: max(number, 0) for seat_id, number in left.items()}
        self._heaps: dict[tuple[str, ...], list[tuple[int, str]]] = {}

    def take(self, seat_id: str, number: int) -> None:
        """Book `number` on a seat."""
        self.left[seat_id] -= number

    def has(self, seat_id: str) -> bool:
        """Return whether a seat has any left."""
        return self.left.get(seat_id, 0) > 0

    def fullest(self, pool: tuple[str, ...], fits: Callable[[str], bool]) -> str:
        """Return the seat of `pool` with the most left that `fits`, or ""."""
        if pool not in self._heaps:
            self._heaps[pool] = [(-self.left.get(one, 0), one) for one in pool]
            heapq.heapify(self._heaps[pool])
        heap, skipped, found = self._heaps[pool], [], ""
        while heap and not found:
            stated, seat_id = heap[0]
            left = self.left.get(seat_id, 0)
            if -stated != left:
                heapq.heapreplace(heap, (-left, seat_id))
            elif left <= 0:
                break
            elif fits(seat_id):
                found = seat_id
            else:
                skipped.append(heapq.heappop(heap))
        for entry in skipped:
            heapq.heappush(heap, entry)
        return found


class _Days:
    """What is left of each seat's days, for one route at a time."""

    def __init__(self, seats: Mapping[str, SeatRecord]) -> None:
        self._left = {seat_id: list(one.days) for seat_id, one in seats.items()}

    def first(self, seat_id: str, route: Route) -> str:
        """Return the first day of a seat with room for a send, or ""."""
        days = self._left.get(seat_id, [])
        return next((day.date.isoformat() for day in days if _has_room(day, route)), "")

    def take(self, seat_id: str, on: str, route: Route) -> None:
        """Book a send."""
        days = self._left[seat_id]
        at = next(k for k, day in enumerate(days) if day.date.isoformat() == on)
        days[at] = _less(days[at], route)


def _has_room(day: SeatDay, route: Route) -> bool:
    own = {
        Route.OPEN_INMAIL: min(day.max_inmails, day.max_open_inmails),
        Route.PAID_INMAIL: min(day.max_inmails, day.max_paid_inmails),
        Route.CONNECTION_REQUEST: day.max_connection_requests,
    }
    return own.get(route, 1) > 0  # messages have no limit that counts here


def _less(day: SeatDay, route: Route) -> SeatDay:
    if route is Route.CONNECTION_REQUEST:
        return replace(day, max_connection_requests=day.max_connection_requests - 1)
    if route is Route.OPEN_INMAIL:
        day = replace(day, max_open_inmails=day.max_open_inmails - 1)
    if route is Route.PAID_INMAIL:
        day = replace(day, max_paid_inmails=day.max_paid_inmails - 1)
    if route is Route.MESSAGE:
        return day
    return replace(day, max_inmails=day.max_inmails - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Expected replies of each step for one lead; ``inmail`` is that of a restart."""

    inmail: float
    request: float
    message: float


@dataclass(slots=True, kw_only=True)
class _Desk:
    """Where steps are given out: rooms, days, companies bound and contacted so far."""

    seats: Mapping[str, SeatRecord]
    verdicts: Mapping[str, SeatVerdict]
    as_of: dt.date
    parameters: Parameters
    credits: _Room
    inmails: _Room
    requests: _Room
    grants: _Room
    days: _Days
    pools: dict[str, tuple[str, ...]]
    company_seat: dict[str, str] = field(default_factory=dict)
    company_new: Counter[str] = field(default_factory=Counter)

    # --- pools --------------------------------------------------------------------

    def pool(self, lead: _Lead) -> tuple[str, ...]:
        """Return the seats that may send to a lead."""
        bound = self.bound(lead)
        pool = self.pools.get(lead.group, ()) if lead.group else self.pools[""]
        if lead.owner:
            pool = (lead.owner,) if lead.owner in self.seats else ()
        if bound:
            pool = (bound,) if bound in pool else ()
        return pool

    def bound(self, lead: _Lead) -> str:
        """Return the seat that the lead's company is bound to, or ""."""
        bound = self.company_seat.get(lead.company, "") or lead.company_seat
        is_bound = self.parameters.one_seat_per_company and lead.company
        return bound if is_bound and bound in self.seats else ""

    def book(self, lead: _Lead, seat_id: str, route: Route, on: str) -> None:
        """Note a send: its day, its company, and the seat that the company is bound to."""
        self.days.take(seat_id, on, route)
        if lead.company:
            self.company_seat.setdefault(lead.company, seat_id)
            self.company_new[lead.company] += 1

    def is_crowded(self, lead: _Lead) -> bool:
        """Return whether enough people of the lead's company are contacted as it is."""
        near = lead.company_near + self.company_new[lead.company]
        return bool(lead.company) and near >= self.parameters.max_new_leads_per_company

    def state(self, seat_id: str) -> SeatState:
        """Return what is the matter with a seat."""
        found = self.verdicts.get(seat_id)
        return found.state if found else SeatState.FINE

    def is_sound(self, seat_id: str) -> bool:
        """Return whether nothing is the matter with a seat, not even a doubt."""
        found = self.verdicts.get(seat_id)
        return found is None or (found.state is SeatState.FINE and not found.asks_balance)

    def held_until(self, seat_id: str) -> str:
        """Return the day until which a seat is held, or ""."""
        found = self.verdicts.get(seat_id)
        return found.held_until if found else ""

    def may_restart(self, lead: _Lead) -> bool:
        """Return whether another InMail to the lead may be tried."""
        return lead.restarts < self.parameters.max_restarts and not lead.refuses

    # --- options ------------------------------------------------------------------

    def restart(self, lead: _Lead) -> _Step | None:
        """Try the InMail again on a seat that has a credit for it."""
        if not self.may_restart(lead) or self.is_crowded(lead):
            return None
        pool, route = self.pool(lead), lead.inmail_route

        def fits(seat_id: str) -> bool:
            paid = self.credits.has(seat_id) or lead.is_open
            room = self.inmails.has(seat_id) and self.days.first(seat_id, route)
            return self.is_sound(seat_id) and paid and bool(room)

        room = self.inmails if lead.is_open else self.credits
        own = lead.seat_id in pool and fits(lead.seat_id)
        seat_id = lead.seat_id if own else room.fullest(pool, fits)
        if not seat_id:
            return None
        left, on = self.credits.left.get(seat_id, 0), self.days.first(seat_id, route)
        if not lead.is_open:
            self.credits.take(seat_id, 1)
            if self.grants.has(seat_id):  # what is spent now is missing after the grant
                self.grants.take(seat_id, 1)
        self.inmails.take(seat_id, 1)
        self.book(lead, seat_id, route, on)
        spare = f"{left:,} credit" + ("s" if left != 1 else "")
        return _Step(
            step=NextStep.RESTART,
            route=route,
            seat_id=seat_id,
            on=on,
            reason="the profile is open: no credit needed"
            if lead.is_open
            else f"{'its own' if own else 'this'} seat has {spare} to spare",
        )

    def wait_for_grant(self, lead: _Lead) -> _Step | None:
        """Wait for the next grant of a seat that will have a credit for the lead."""
        if not self.may_restart(lead) or lead.is_open:
            return None
        pool = self.pool(lead)

        def fits(seat_id: str) -> bool:
            return self.grants.has(seat_id) and self.state(seat_id) in (
                SeatState.FINE, SeatState.EXHAUSTED,
            )  # fmt: skip

        own = lead.seat_id in pool and fits(lead.seat_id)
        seat_id = lead.seat_id if own else self.grants.fullest(pool, fits)
        if not seat_id:
            return None
        self.grants.take(seat_id, 1)
        return _Step(
            step=NextStep.WAIT,
            route=Route.PAID_INMAIL,
            seat_id=seat_id,
            on=self.granted_on(seat_id),
            reason=f"{self.why_not_now(lead)} before the grant of "
            f"{self.next_reset(seat_id)}: plan it again then",
        )

    def why_not_now(self, lead: _Lead) -> str:
        """Return why a lead that waits for a grant is not tried again at once."""
        if self.is_crowded(lead):
            return "enough people of its company are contacted"
        if bound := self.bound(lead):
            return f"its company belongs to seat {bound}, which has no credit to spare"
        if lead.owner:
            return f"its owner's seat {lead.owner} has no credit to spare"
        return "no credit to spare"

    def wait_for_seat(self, lead: _Lead) -> _Step | None:
        """Wait until the lead's own seat may send again, or its balance is read."""
        seat_id = lead.seat_id
        state = self.state(seat_id)
        if not self.may_restart(lead) or seat_id not in self.pool(lead):
            return None
        if state is SeatState.STOPPED:
            reason = (
                "nothing goes out of its seat: read the balance, record it and run triage "
                "again"
            )
            return self._wait(seat_id, reason, self.as_of)
        if held := self.held_until(seat_id):
            reason = f"its seat is held until {held}: plan it again then"
            return self._wait(seat_id, reason, dt.date.fromisoformat(held))
        return None

    def request(self, lead: _Lead, reason: str) -> _Step | None:
        """Send a connection request, from the same seat if it has room."""
        if not lead.has_profile or self.is_crowded(lead):
            return None
        pool, route = self.pool(lead), Route.CONNECTION_REQUEST

        def fits(seat_id: str) -> bool:
            stopped = self.state(seat_id) in (SeatState.BLOCKED, SeatState.STOPPED)
            room = self.requests.has(seat_id) and self.days.first(seat_id, route)
            return bool(room) and not stopped

        own = lead.seat_id in pool and fits(lead.seat_id)
        seat_id = lead.seat_id if own else self.requests.fullest(pool, fits)
        if not seat_id:
            return None
        on = self.days.first(seat_id, route)
        self.requests.take(seat_id, 1)
        self.book(lead, seat_id, route, on)
        return _Step(
            step=NextStep.CONNECTION_REQUEST,
            route=route,
            seat_id=seat_id,
            on=on,
            reason=reason,
        )

    def message(self, lead: _Lead) -> _Step | None:
        """Send a message from the seat that the lead is connected to."""
        seat_id = lead.connected_to
        likely = lead.chance(Cause.ALREADY_CONNECTED) >= _LIKELY
        if not likely or seat_id not in self.seats or self.held_until(seat_id):
            return None
        on = self.days.first(seat_id, Route.MESSAGE)
        if not on:
            return None
        return _Step(
            step=NextStep.MESSAGE,
            route=Route.MESSAGE,
            seat_id=seat_id,
            on=on,
            reason="connected to this seat: a message is free",
        )

    def wait(self, lead: _Lead) -> _Step:
        """Leave the lead to the plan of a week from now."""
        pool = self.pool(lead)
        seat_id = lead.seat_id if lead.seat_id in pool else ""
        later = self.as_of + dt.timedelta(days=_WEEK)
        if not lead.has_profile and not self.may_restart(lead):
            reason = "no LinkedIn profile known: add it"
        elif not pool:
            reason = "no seat may send to this lead: check its owner, group and company"
        elif self.is_crowded(lead):
            most = self.parameters.max_new_leads_per_company
            people = f"{most:,} people" if most != 1 else "1 person"
            reason = f"{people} of its company in 7 days is the most: plan it again then"
        else:
            reason = "no seat has room for it in these days: plan it again next week"
        return self._wait(seat_id, reason, later)

    def _wait(self, seat_id: str, reason: str, on: dt.date) -> _Step:
        day = first_day(self.seats[seat_id].seat, on) if seat_id in self.seats else on
        return _Step(step=NextStep.WAIT, seat_id=seat_id, on=day.isoformat(), reason=reason)

    # --- dates and values ---------------------------------------------------------

    def next_reset(self, seat_id: str) -> dt.date:
        """Return the date of a seat's next grant."""
        rule = self.seats[seat_id].seat.reset_rule
        return next(resets_after(rule, self.as_of))

    def granted_on(self, seat_id: str) -> str:
        """Return the first day on which a seat may use its next grant."""
        seat = self.seats[seat_id].seat
        return first_inmail_day(seat, self.next_reset(seat_id), self.parameters).isoformat()

    def values(self, lead: _Lead) -> Values:
        """Return expected replies of an InMail now, a request, and a message."""
        record = self.seats.get(lead.seat_id)
        inmail = record.seat.inmail_reply_rate if record else None
        accepted = record.seat.acceptance_rate if record else None
        return expected_replies(
            lead.chances,
            needs_credit=not lead.is_open,
            inmail_rate=self.parameters.inmail_reply_rate if inmail is None else inmail,
            acceptance=self.parameters.acceptance_rate if accepted is None else accepted,
            parameters=self.parameters,
        )

    def next_try(self, lead: _Lead) -> str:
        """Return the day after the next grant of a lead's seat, or a week from now."""
        if lead.seat_id in self.seats:
            return self.granted_on(lead.seat_id)
        return (self.as_of + dt.timedelta(days=_WEEK)).isoformat()

    def later(self, value: float, on: str) -> float:
        """Return what is left of a value on a later day."""
        weeks = (dt.date.fromisoformat(on) - self.as_of).days / _WEEK
        return value * max(1 - self.parameters.delay_cost_per_week * weeks, 0.0)


def expected_replies(
    chances: Mapping[Cause, float],
    *,
    needs_credit: bool,
    inmail_rate: float,
    acceptance: float,
    parameters: Parameters,
) -> Values:
    """Return the expected replies of each step over the causes, as the module says."""
    works = math.fsum(
        chances[cause]
        for cause in (Cause.CREDITS_EXHAUSTED, Cause.VELOCITY_BLOCK, Cause.UNKNOWN)
    )
    burned = parameters.failed_send_credit_loss * (1 - works) if needs_credit else 0.0
    lost = math.fsum(
        chances[cause]
        for cause in (Cause.ALREADY_MESSAGED, Cause.ALREADY_CONNECTED, Cause.PROFILE_GONE)
    )
    answers = parameters.reply_rate_after_acceptance
    return Values(
        inmail=inmail_rate * (works - burned),
        request=acceptance * answers * (1 - lost),
        message=answers * chances[Cause.ALREADY_CONNECTED],
    )


def first_day(seat: Seat, day: dt.date) -> dt.date:
    """Return the first day from `day` on that a seat works; `day` if it never does."""
    for offset in range(_YEAR):
        one = day + offset * ONE_DAY
        is_away = any(first <= one <= last for first, last in seat.away)
        if seat.day_shares[one.weekday()] > 0 and not is_away:
            return one
    return day


def first_inmail_day(seat: Seat, reset: dt.date, parameters: Parameters) -> dt.date:
    """Return the first day whose sending hours begin after a grant has surely come."""
    settled = dt.datetime.combine(reset, dt.time(), dt.UTC)
    settled += dt.timedelta(hours=parameters.grant_delay_hours)
    opens = dt.time(parameters.send_hour_start, tzinfo=ZoneInfo(seat.time_zone))
    day = reset
    while dt.datetime.combine(day, opens) < settled:
        day += ONE_DAY
    return first_day(seat, day)


def next_steps(
    findings: pd.DataFrame,
    seats: Mapping[str, SeatRecord],
    verdicts: Sequence[SeatVerdict],
    *,
    as_of: dt.date,
    parameters: Parameters,
) -> pd.DataFrame:
    """Return the next step of each failure's lead, row by row.

    Parameters
    ----------
    findings : pandas.DataFrame
        Failures with causes, in canonical order; only rows with ``is_latest`` book
        anything, earlier failures of a lead repeat its step.
    seats : mapping of str to SeatRecord
        Seats with what they have to spare.
    verdicts : sequence of SeatVerdict
        Of the seats that failed.
    as_of : datetime.date
        Today; what is carried out at once gets the first day that its seat has left.
    parameters : Parameters
        Rates, limits and delays.
    """
    desk = _desk(seats, verdicts, as_of, parameters)
    rank = findings["priority"].to_numpy(dtype="float64", na_value=math.nan)
    points = [parameters.default_priority if math.isnan(one) else one for one in rank]
    latest = findings["is_latest"].to_numpy(dtype=bool)
    leads = [
        lead for lead, decides in zip(_leads(findings), latest, strict=True) if decides
    ]
    weight = dict(zip(findings["lead_id"], points, strict=True))
    leads.sort(key=lambda lead: (-weight[lead.lead_id], lead.lead_id))
    steps = {lead.lead_id: _decide(desk, lead) for lead in leads}
    cells = [steps[lead_id].cells for lead_id in findings["lead_id"]]
    return pd.DataFrame(cells, columns=list(_COLUMNS), index=findings.index, dtype=object)


def _desk(
    seats: Mapping[str, SeatRecord],
    verdicts: Sequence[SeatVerdict],
    as_of: dt.date,
    parameters: Parameters,
) -> _Desk:
    ordered = tuple(sorted(seats))
    pools: dict[str, tuple[str, ...]] = {"": ordered}
    for group in sorted({group for one in seats.values() for group in one.seat.groups}):
        pools[group] = tuple(one for one in ordered if group in seats[one].seat.groups)
    empty = {v.seat_id for v in verdicts if v.state is SeatState.EXHAUSTED}
    return _Desk(
        seats=seats,
        verdicts={one.seat_id: one for one in verdicts},
        as_of=as_of,
        parameters=parameters,
        credits=_Room(
            {k: 0 if k in empty else one.spare_credits for k, one in seats.items()}
        ),
        inmails=_Room({k: one.spare_inmails for k, one in seats.items()}),
        requests=_Room({k: one.spare_requests for k, one in seats.items()}),
        grants=_Room(
            {
                k: one.spare_after_reset if one.seat.monthly_grant else 0
                for k, one in seats.items()
            }
        ),
        days=_Days(seats),
        pools=pools,
    )


def _leads(findings: pd.DataFrame) -> Iterator[_Lead]:
    failures = findings["lead_id"].value_counts()
    for row in findings.to_dict("records"):
        yield _Lead(
            lead_id=row["lead_id"],
            seat_id=row["seat_id"],
            cause=row["cause"],
            chances={cause: row[f"p_{cause}"] for cause in Cause},
            is_open=row["open_flag"] == Flag.YES,
            refuses=row["inmail_flag"] == Flag.NO,
            has_profile=bool(row["linkedin_url"] or row["sales_navigator_id"]),
            has_replied=bool(row["replied_on"]),
            restarts=max(int(row["num_restarts"]), int(failures[row["lead_id"]]) - 1),
            owner=row["owner"],
            group=row["group"],
            company=row["company_key"],
            company_seat=row["company_seat"],
            company_near=int(row["company_near"]),
            connected_to=row["accepted_by"] or row["degree_seat"] or row["seat_id"],
        )


def _decide(desk: _Desk, lead: _Lead) -> _Step:
    """Return the step worth most of those that there is room for."""
    if lead.has_replied:
        return _Step(step=NextStep.DROP, reason="the lead has replied: a person answers")
    lost = lead.chance(Cause.ALREADY_MESSAGED, Cause.PROFILE_GONE)
    if lost >= desk.parameters.drop_evidence:
        return _Step(step=NextStep.DROP, reason=_DROPPED[lead.cause])
    values = desk.values(lead)
    later = desk.later(values.inmail, desk.next_try(lead))
    again = values.request * (1 - desk.parameters.delay_cost_per_week)
    options: list[tuple[float, Callable[[], _Step | None]]] = [
        (values.inmail, lambda: desk.restart(lead)),
        (later, lambda: desk.wait_for_seat(lead)),
        (later, lambda: desk.wait_for_grant(lead)),
        (values.request, lambda: desk.request(lead, _why_request(desk, lead, values))),
        (values.message, lambda: desk.message(lead)),
        (max(again, 0.0), lambda: desk.wait(lead)),
    ]
    ordered = sorted(enumerate(options), key=lambda one: (-one[1][0], one[0]))
    steps = (option() for _, (_, option) in ordered)
    step = next(step for step in steps if step is not None)
    sure = max(lead.chances.values())
    if sure < _SURE and step.step is not NextStep.WAIT:
        doubt = (
            f"; its cause is not sure ({sure:.0%}), this step fits most of those possible"
        )
        return replace(step, reason=step.reason + doubt)
    return step


_DROPPED: Mapping[str, str] = {
    cause: "has an InMail already: no second one"
    if cause == Cause.ALREADY_MESSAGED
    else "the profile is gone or out of reach"
    for cause in map(str, Cause)
}


def _why_request(desk: _Desk, lead: _Lead, values: Values) -> str:
    if lead.refuses or lead.cause == Cause.INMAIL_OFF:
        return "takes no InMails: a request needs none"
    if lead.restarts >= desk.parameters.max_restarts:
        return "was tried again before: a failed InMail may burn a credit"
    if values.request > values.inmail:
        return "a request risks no credit, another InMail might fail again"
    return "no seat has room for another InMail"
