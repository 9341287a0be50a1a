"""A change of what a run was planned from: seats, parameters, a second list."""

from __future__ import annotations

import datetime as dt
import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from planner.dates import ONE_DAY
from planner.domain import Flag, Given, LeadTable, Seat
from planner.errors import InputError, ParameterError
from planner.intake import seat_cells
from planner.model.calendar import planned_week
from planner.params import Parameters, specs

#: Groups of parameters that act on files, on the ledger or on failures, not on a plan.
_OTHER_GROUPS = frozenset({"triage", "files", "ledger"})
#: Parameters that acted when files and ledger were read.
_ACTED = frozenset(
    {
        "recontact_after_days", "company_seat_days", "credit_lifetime_days",
        "refund_window_days",
    }
)  # fmt: skip
#: Parameters that hold for the seats that do not say.
_OF_SEATS = (
    "monthly_grant", "credit_cap", "reserve", "max_inmails_per_day",
    "max_open_inmails_per_day", "max_paid_inmails_per_day", "max_open_inmails_per_month",
    "max_connection_requests_per_day", "max_connection_requests_per_week", "time_zone",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenario:
    """What is different, with a name.

    Parameters
    ----------
    add : int
        Seats added, like the seat `like` (blank: the commonest), each with `credits`
        (None: one monthly grant).
    remove : tuple of str
        Seats taken away.
    pause : tuple of (str, datetime.date or None)
        Seats that do not send before the date; None is the whole horizon.
    parameters : mapping of str to object
        Parameters that differ from the run's.
    leads : LeadTable, optional
        A second list.
    """

    name: str
    add: int = 0
    like: str = ""
    credits: int | None = None
    remove: tuple[str, ...] = ()
    pause: tuple[tuple[str, dt.date | None], ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    leads: LeadTable | None = None


def changed(given: Given, scenario: Scenario) -> Given:
    """Return what a run would be planned from in a scenario.

    Raises
    ------
    InputError
        If a seat is unknown (the nearest one is named), none is left, or a pause is
        over before the run.
    ParameterError
        If a parameter is unknown, out of range, or cannot act any more.
    """
    parameters = given.parameters.override(scenario.parameters)
    _refuse_acted(scenario.parameters)
    seats = [
        with_parameters(seat, parameters, scenario.parameters)
        for seat in given.inputs.seats
    ]
    table = given.inputs.leads
    gone = [find(seats, name) for name in scenario.remove]
    start = planned_week(given.inputs.seats, given.as_of)
    for name, until in scenario.pause:
        paused = find(seats, name)
        if until is not None and until <= start:
            raise InputError(
                f"pause of {paused.seat_id} until {until}: the run plans from {start} on, "
                "so nothing would change; give a later date"
            )
        last = dt.date.max if until is None else until - ONE_DAY
        away = (*paused.away, (dt.date.min, last))
        seats[seats.index(paused)] = replace(paused, away=away)
    pattern = find(seats, scenario.like) if scenario.like else commonest(seats)
    left = [seat for seat in seats if seat.seat_id not in {item.seat_id for item in gone}]
    for number in range(scenario.add):
        left.append(new_seat(pattern, left, number, given.as_of, scenario.credits))
    if not left:
        raise InputError(f"scenario {scenario.name}: no seat is left")
    if scenario.leads is not None:
        table = merged(table, scenario.leads)
    if gone:  # after the merge: the second list's leads may be theirs, too
        table = without_owners(table, gone)
    inputs = replace(given.inputs, seats=tuple(left), leads=table)
    return replace(given, inputs=inputs, parameters=parameters)


# --- seats ------------------------------------------------------------------------


def find(seats: Sequence[Seat], name: str) -> Seat:
    """Return the seat of this id or sender.

    Raises
    ------
    InputError
        If there is none; the nearest one is named.
    """
    wanted = name.strip().casefold()
    for seat in seats:
        if wanted in (seat.seat_id.casefold(), seat.sender.casefold()):
            return seat
    names = {seat.seat_id.casefold(): seat.seat_id for seat in seats}
    near = difflib.get_close_matches(wanted, list(names), n=1, cutoff=0.4)
    hint = f"did you mean {names[near[0]]}?" if near else "there are: "
    rest = "" if near else ", ".join(seat.seat_id for seat in seats[:20])
    raise InputError(f"unknown seat {name[:60]!r}; {hint}{rest}")


def likeness(seat: Seat) -> tuple[object, ...]:
    """Return what the program tells seats apart by: groups and reply rates."""
    return tuple(sorted(seat.groups)), seat.inmail_reply_rate, seat.acceptance_rate


def like_seats(seats: Sequence[Seat]) -> list[list[Seat]]:
    """Return the groups of like seats, largest first, then in inventory order."""
    groups: dict[tuple[object, ...], list[Seat]] = {}
    for seat in seats:
        groups.setdefault(likeness(seat), []).append(seat)
    return sorted(groups.values(), key=lambda group: -len(group))


def commonest(seats: Sequence[Seat]) -> Seat:
    """Return the first seat of the largest group of like seats; working ones first."""
    sizes = Counter(likeness(seat) for seat in seats)
    return min(seats, key=lambda seat: (bool(seat.away), -sizes[likeness(seat)]))


def new_seat(
    pattern: Seat, seats: Sequence[Seat], number: int, as_of: dt.date, credits: int | None
) -> Seat:
    """Return a new seat on the terms of another: no past, nothing pending, its ramp."""
    taken = {seat.seat_id.casefold() for seat in seats}
    place = number + 2
    while f"{pattern.seat_id}-{place}".casefold() in taken:
        place += 1
    name = f"{pattern.seat_id}-{place}"
    return replace(
        pattern,
        seat_id=name,
        sender=name,
        sender_profile_uuid="",
        credits=pattern.monthly_grant if credits is None else credits,
        credits_as_of=as_of,
        inmails_last_28_days=None,
        weeks_active=0,
        connection_requests_last_7_days=0,
        pending_connection_requests=0,
        recent_requests=None,
        recent_open_inmails=None,
        away=(),
        ahead=(),
        grant_unseen="",
    )


def without_owners(table: LeadTable, gone: Sequence[Seat]) -> LeadTable:
    """Return the leads of removed seats as anybody's: who goes leaves their leads."""
    names = {seat.seat_id.casefold() for seat in gone}
    names |= {seat.sender.casefold() for seat in gone}
    owner = table.leads["owner"]
    left = owner.str.strip().str.casefold().isin(list(names))
    return replace(table, leads=table.leads.assign(owner=owner.where(~left, "")))


# --- parameters -------------------------------------------------------------------


def _refuse_acted(changes: Collection[str]) -> None:
    """Refuse a parameter that would silently change nothing.

    Raises
    ------
    ParameterError
        If it acted before the plan, or does not act on plans.
    """
    group = {spec.name: spec.group for spec in specs()}
    late = sorted(n for n in changes if n in _ACTED or group.get(n) in _OTHER_GROUPS)
    if late:
        raise ParameterError(
            f"parameter {late[0]}: acts where files and the ledger are read, which a "
            "what-if does not do again: plan with it instead"
        )


def with_parameters(seat: Seat, parameters: Parameters, names: Collection[str]) -> Seat:
    """Return a seat with the changed parameters where it does not say itself."""
    changes: dict[str, Any] = {
        name: getattr(parameters, name)
        for name in _OF_SEATS
        if name in names and name not in seat.stated
    }
    if "time_zone" in changes:
        changes["time_zone"] = _read(seat_cells.time_zone, parameters.time_zone)
    if "reset_rule" in names and "reset_rule" not in seat.stated:
        changes["reset_rule"] = _read(seat_cells.reset_rule, parameters.reset_rule)
    shares = list(seat.day_shares)
    if "working_days" in names and "working_days" not in seat.stated:
        days = _read(seat_cells.working_days, parameters.working_days)
        shares = [1.0 if day in days else 0.0 for day in range(7)]
        shares[4] *= parameters.friday_share
    elif "friday_share" in names and shares[4] > 0:
        shares[4] = parameters.friday_share
    return replace(seat, **changes, day_shares=tuple(shares))


def _read(parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except (ValueError, OverflowError) as error:
        raise ParameterError(f"parameter value {text[:40]!r}: {error}") from error


def stated_by(seats: Sequence[Seat], names: Collection[str]) -> dict[str, list[str]]:
    """Return, by parameter, the seats whose own statement wins over it."""
    found = {
        name: [seat.seat_id for seat in seats if name in seat.stated]
        for name in (*_OF_SEATS, "reset_rule", "working_days", "inmail_reply_rate",
                     "acceptance_rate")
        if name in names
    }  # fmt: skip
    return {name: those for name, those in found.items() if those}


# --- a second list ----------------------------------------------------------------


def merged(table: LeadTable, more: LeadTable) -> LeadTable:
    """Return two lists as one: who is on both keeps the first one's line.

    As where two files are read together, a flag that one of them knows is known, and
    what excludes a lead in one excludes it. A person is recognised by lead id:
    `planner.whatif.second_list` gives people of the run theirs.
    """
    known = table.leads.set_index("lead_id", drop=False)
    other = more.leads.set_index("lead_id", drop=False)
    both = known.index.intersection(other.index)
    for name in ("open_flag", "premium_flag", "inmail_flag"):
        column = known[name].copy()
        said = column.loc[both]
        unknown = said.index[said == int(Flag.UNKNOWN)]
        column.loc[unknown] = other.loc[unknown, name].astype(column.dtype)
        known[name] = column
    exclusion = known["exclusion"].copy()
    free = both[(exclusion.loc[both] == "").to_numpy()]
    exclusion.loc[free] = other.loc[free, "exclusion"]
    known["exclusion"] = exclusion
    fresh = other.loc[other.index.difference(known.index)].astype(dict(known.dtypes))
    leads = pd.concat([known, fresh]).sort_index().reset_index(drop=True)
    rows = more.rows.copy()
    again = rows["lead_id"].isin(list(both)) & (rows["outcome"] == "lead")
    rows["outcome"] = rows["outcome"].where(~again, "duplicate")
    return replace(
        table,
        leads=leads,
        rows=pd.concat(
            [table.rows, rows.astype(dict(table.rows.dtypes))], ignore_index=True
        ),
        issues=(*table.issues, *more.issues),
    )
