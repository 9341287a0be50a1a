"""What becomes of each lead whose InMail failed: one step, one seat, one day.

Leads are served by priority. Credits, InMails and requests are given out by seat and
never beyond what the seat has to spare; where several seats may take over, the one with
the most left does. A seat that is out of credits or held takes nothing.
"""

from __future__ import annotations

import datetime as dt
import heapq
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from planner.dates import resets_after
from planner.domain import Cause, Flag, NextStep, Route
from planner.params import Parameters
from planner.triage.records import SeatRecord, SeatState, SeatVerdict

_COLUMNS = ("next_step", "next_route", "next_seat", "next_on", "next_reason")
_HOURS = 24
_WEEK = 7
#: From this probability of missing credits on, a balance is looked at before anything
#: else is done about a failure of unknown cause.
_WORTH_A_LOOK = 0.2


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
    """One row of the findings, as far as the step hangs on it."""

    lead_id: str
    seat_id: str
    cause: str
    p_credits: float
    p_seat: float
    p_lead_lost: float
    is_open: bool
    refuses: bool
    has_profile: bool
    has_replied: bool
    restarts: int
    owner: str
    group: str
    company: str
    company_seat: str
    connected_to: str


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


@dataclass(slots=True, kw_only=True)
class _Desk:
    """Where steps are given out: rooms, held seats, companies bound so far."""

    seats: Mapping[str, SeatRecord]
    verdicts: Mapping[str, SeatVerdict]
    as_of: dt.date
    parameters: Parameters
    credits: _Room
    inmails: _Room
    requests: _Room
    grants: _Room
    pools: dict[str, tuple[str, ...]]
    company_seat: dict[str, str] = field(default_factory=dict)

    # --- pools --------------------------------------------------------------------

    def pool(self, lead: _Lead) -> tuple[str, ...]:
        """Return the seats that may send to a lead."""
        bound = lead.company_seat or self.company_seat.get(lead.company, "")
        pool = self.pools.get(lead.group, ()) if lead.group else self.pools[""]
        if lead.owner:
            pool = (lead.owner,) if lead.owner in self.seats else ()
        if self.parameters.one_seat_per_company and lead.company and bound:
            pool = (bound,) if bound in pool else ()
        return pool

    def bind(self, lead: _Lead, seat_id: str) -> None:
        """Note the seat that a lead's company is contacted from."""
        if lead.company:
            self.company_seat.setdefault(lead.company, seat_id)

    def is_sound(self, seat_id: str) -> bool:
        """Return whether nothing is the matter with a seat, not even a doubt."""
        found = self.verdicts.get(seat_id)
        return found is None or (found.state is SeatState.FINE and not found.asks_balance)

    def held_until(self, seat_id: str) -> str:
        """Return the day until which a seat is held, or ""."""
        found = self.verdicts.get(seat_id)
        return found.held_until if found else ""

    # --- options ------------------------------------------------------------------

    def restart(self, lead: _Lead) -> _Step | None:
        """Try the InMail again on a seat that has a credit for it."""
        if lead.restarts >= self.parameters.max_restarts or lead.refuses:
            return None
        pool = self.pool(lead)

        def fits(seat_id: str) -> bool:
            paid = self.credits.has(seat_id) or lead.is_open
            return self.is_sound(seat_id) and paid and self.inmails.has(seat_id)

        room = self.inmails if lead.is_open else self.credits
        own = lead.seat_id in pool and fits(lead.seat_id)
        seat_id = lead.seat_id if own else room.fullest(pool, fits)
        if not seat_id:
            return None
        left = self.credits.left.get(seat_id, 0)
        if not lead.is_open:
            self.credits.take(seat_id, 1)
        self.inmails.take(seat_id, 1)
        self.bind(lead, seat_id)
        spare = f"{left:,} credit" + ("s" if left != 1 else "")
        return _Step(
            step=NextStep.RESTART,
            route=Route.OPEN_INMAIL if lead.is_open else Route.PAID_INMAIL,
            seat_id=seat_id,
            on=self.as_of.isoformat(),
            reason="the profile is open: no credit needed"
            if lead.is_open
            else f"{'its own' if own else 'this'} seat has {spare} to spare",
        )

    def wait_for_grant(self, lead: _Lead) -> _Step | None:
        """Wait for the next grant of a seat that will have a credit for the lead."""
        if lead.restarts >= self.parameters.max_restarts or lead.refuses:
            return None
        pool = self.pool(lead)
        own = lead.seat_id in pool and self.grants.has(lead.seat_id)
        seat_id = lead.seat_id if own else self.grants.fullest(pool, lambda _: True)
        if not seat_id:
            return None
        self.grants.take(seat_id, 1)
        self.bind(lead, seat_id)
        reset = self.next_reset(seat_id)
        return _Step(
            step=NextStep.WAIT,
            route=Route.PAID_INMAIL,
            seat_id=seat_id,
            on=self.granted_on(seat_id).isoformat(),
            reason=f"no seat has a credit to spare; the next grant is on {reset}",
        )

    def request(self, lead: _Lead, reason: str) -> _Step | None:
        """Send a connection request, from the same seat if it has room."""
        if not lead.has_profile:
            return None
        pool = self.pool(lead)

        def fits(seat_id: str) -> bool:
            return self.requests.has(seat_id) and not self.held_until(seat_id)

        own = lead.seat_id in pool and fits(lead.seat_id)
        seat_id = lead.seat_id if own else self.requests.fullest(pool, fits)
        if not seat_id:
            return None
        self.requests.take(seat_id, 1)
        self.bind(lead, seat_id)
        return _Step(
            step=NextStep.CONNECTION_REQUEST,
            route=Route.CONNECTION_REQUEST,
            seat_id=seat_id,
            on=self.as_of.isoformat(),
            reason=reason,
        )

    def wait(self, seat_id: str, reason: str, on: str = "") -> _Step:
        """Wait until a day, a week from now if none is given."""
        later = on or (self.as_of + dt.timedelta(days=_WEEK)).isoformat()
        return _Step(step=NextStep.WAIT, seat_id=seat_id, on=later, reason=reason)

    # --- dates and values ---------------------------------------------------------

    def next_reset(self, seat_id: str) -> dt.date:
        """Return the date of a seat's next grant."""
        rule = self.seats[seat_id].seat.reset_rule
        return next(resets_after(rule, self.as_of))

    def granted_on(self, seat_id: str) -> dt.date:
        """Return the first day on which a seat's next grant must have come."""
        days = math.ceil(self.parameters.grant_delay_hours / _HOURS)
        return self.next_reset(seat_id) + dt.timedelta(days=days)

    def values(self, lead: _Lead) -> tuple[float, float, float]:
        """Return expected replies of a restart, of waiting for a grant, of a request."""
        record = self.seats.get(lead.seat_id)
        inmail = record.seat.inmail_reply_rate if record else None
        accepted = record.seat.acceptance_rate if record else None
        if inmail is None:
            inmail = self.parameters.inmail_reply_rate
        if accepted is None:
            accepted = self.parameters.acceptance_rate
        weeks = (self.granted_on(lead.seat_id) - self.as_of).days / _WEEK if record else 1.0
        restart = inmail * lead.p_seat
        request = accepted * self.parameters.reply_rate_after_acceptance
        return (
            restart,
            restart * max(1 - self.parameters.delay_cost_per_week * weeks, 0.0),
            request * (1 - lead.p_lead_lost),
        )


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
        Day of the steps that are carried out at once.
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
    # Who waits for a held seat keeps that seat's credits: others come first.
    blocked = str(Cause.VELOCITY_BLOCK)
    leads.sort(key=lambda lead: lead.cause == blocked)
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
        pools=pools,
    )


def _leads(findings: pd.DataFrame) -> Iterator[_Lead]:
    failures = findings["lead_id"].value_counts()
    lost = [
        f"p_{cause}"
        for cause in (Cause.ALREADY_MESSAGED, Cause.ALREADY_CONNECTED, Cause.PROFILE_GONE)
    ]
    seat_side = [
        f"p_{cause}"
        for cause in (Cause.CREDITS_EXHAUSTED, Cause.VELOCITY_BLOCK, Cause.UNKNOWN)
    ]
    for row in findings.to_dict("records"):
        yield _Lead(
            lead_id=row["lead_id"],
            seat_id=row["seat_id"],
            cause=row["cause"],
            p_credits=row[f"p_{Cause.CREDITS_EXHAUSTED}"],
            p_seat=sum(row[name] for name in seat_side),
            p_lead_lost=sum(row[name] for name in lost),
            is_open=row["open_flag"] == Flag.YES,
            refuses=row["inmail_flag"] == Flag.NO,
            has_profile=bool(row["linkedin_url"] or row["sales_navigator_id"]),
            has_replied=bool(row["replied_on"]),
            restarts=max(int(row["num_restarts"]), int(failures[row["lead_id"]]) - 1),
            owner=row["owner"],
            group=row["group"],
            company=row["company_key"],
            company_seat=row["company_seat"],
            connected_to=row["accepted_by"] or row["degree_seat"] or row["seat_id"],
        )


def _decide(desk: _Desk, lead: _Lead) -> _Step:
    if lead.has_replied:
        return _Step(step=NextStep.DROP, reason="the lead has replied: a person answers")
    return _BY_CAUSE[lead.cause](desk, lead)


def _drop_messaged(_desk: _Desk, _lead: _Lead) -> _Step:
    return _Step(step=NextStep.DROP, reason="has an InMail already: no second one")


def _drop_gone(_desk: _Desk, _lead: _Lead) -> _Step:
    return _Step(step=NextStep.DROP, reason="the profile is gone or out of reach")


def _message(desk: _Desk, lead: _Lead) -> _Step:
    return _Step(
        step=NextStep.MESSAGE,
        route=Route.MESSAGE,
        seat_id=lead.connected_to,
        on=desk.as_of.isoformat(),
        reason="already connected: a message is free",
    )


def _request_instead(desk: _Desk, lead: _Lead) -> _Step:
    reason = "takes no InMails: a request needs none"
    return desk.request(lead, reason) or _no_room(desk, lead)


def _after_credits(desk: _Desk, lead: _Lead) -> _Step:
    """Restart, wait for a grant, or ask for a connection: what is worth most and fits."""
    restart, wait, request = desk.values(lead)
    instead = "worth more than another InMail: the lead may be the cause"
    if lead.restarts >= desk.parameters.max_restarts:
        instead = "was tried again before: a failed InMail may burn a credit"
    elif request <= restart:
        instead = "no seat has a credit for it, now or after the next grant"
    options: list[tuple[float, int, Callable[[], _Step | None]]] = [
        (restart, 0, lambda: desk.restart(lead)),
        (wait, 1, lambda: desk.wait_for_grant(lead)),
        (request, 2, lambda: desk.request(lead, instead)),
    ]
    for _, _, option in sorted(options, key=lambda one: (-one[0], one[1])):
        step = option()
        if step is not None:
            return step
    if lead.seat_id not in desk.pool(lead) or instead.startswith("was tried"):
        return _no_room(desk, lead)
    reason = "nothing to spare now or after the next grant: plan it again then"
    return desk.wait(lead.seat_id, reason, desk.granted_on(lead.seat_id).isoformat())


def _after_block(desk: _Desk, lead: _Lead) -> _Step:
    """Try another seat, or wait until the held one may send again."""
    held = desk.held_until(lead.seat_id)
    step = desk.restart(lead)
    if step is not None:
        return step
    if lead.restarts >= desk.parameters.max_restarts:
        reason = "was tried again before: a failed InMail may burn a credit"
        return desk.request(lead, reason) or _no_room(desk, lead)
    reason = f"the seat is held until {held}" if held else "the seat starts slowly again"
    return desk.wait(lead.seat_id, reason, held)


def _after_unknown(desk: _Desk, lead: _Lead) -> _Step:
    found = desk.verdicts.get(lead.seat_id)
    if found and found.asks_balance and lead.p_credits >= _WORTH_A_LOOK:
        reason = "read the seat's balance first: it may be out of credits"
        return desk.wait(lead.seat_id, reason, desk.as_of.isoformat())
    reason = "cause unknown: a request risks no credit"
    return desk.request(lead, reason) or _no_room(desk, lead)


def _no_room(desk: _Desk, lead: _Lead) -> _Step:
    if not lead.has_profile:
        return desk.wait("", "no LinkedIn profile known: add it")
    pool = desk.pool(lead)
    if not pool:
        return desk.wait("", "no seat may send to this lead: check its owner and group")
    seat_id = lead.seat_id if lead.seat_id in pool else ""
    return desk.wait(seat_id, "no seat has room for it this week: plan it again")


_BY_CAUSE: Mapping[str, Callable[[_Desk, _Lead], _Step]] = {
    str(Cause.CREDITS_EXHAUSTED): _after_credits,
    str(Cause.INMAIL_OFF): _request_instead,
    str(Cause.VELOCITY_BLOCK): _after_block,
    str(Cause.ALREADY_MESSAGED): _drop_messaged,
    str(Cause.ALREADY_CONNECTED): _message,
    str(Cause.PROFILE_GONE): _drop_gone,
    str(Cause.UNKNOWN): _after_unknown,
}
