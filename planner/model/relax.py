"""What a plan is made from, without the rules that are only reported.

Each rule is taken away alone: what stands beside it (the paid InMails of a day beside
all InMails of it) stays. Nothing here says what the rules allow: the plan keeps the
seats, leads and parameters as they are, and the audit says where it goes beyond them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from planner import limits
from planner.domain import Flag, Seat
from planner.params import Parameters

#: More than any seat sends or holds of anything.
NO_LIMIT = 1_000_000

#: Without alpha a seat is planned so that it runs out in half of the cases at most.
EVEN_CHANCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """Leads, seats and parameters as the program is to see them.

    ``day_seats`` are the seats with their daily limits and days; pace and weekly limits
    follow from ``seats``, whose days are as they were.
    """

    leads: pd.DataFrame
    seats: Sequence[Seat]
    day_seats: Sequence[Seat]
    parameters: Parameters


def relaxed(leads: pd.DataFrame, seats: Sequence[Seat], parameters: Parameters) -> Relaxed:
    """Return what is planned from, without the rules in ``report_only``."""
    names = limits.parse(parameters.report_only)
    if not names:
        return Relaxed(leads=leads, seats=seats, day_seats=seats, parameters=parameters)
    enough = max(1, len(leads))  # on one day; a plain number keeps the load even
    return Relaxed(
        leads=_leads(leads, names),
        seats=[_seat(seat, names) for seat in seats],
        day_seats=[_days(_seat(seat, names), names, enough) for seat in seats],
        parameters=_parameters(parameters, names),
    )


def _leads(leads: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Return the leads without owners, groups or flags that refuse InMails.

    An owner that is no seat and a group that nobody serves are faults, not rules.
    """
    result = leads.copy()
    free = leads["exclusion"] == ""
    for name in ("owner", "group"):
        if name in names:
            result[name] = leads[name].where(~free, "")
    if "inmail_off" in names:
        flag = leads["inmail_flag"].to_numpy()
        result["inmail_flag"] = np.where(flag == Flag.NO, np.int8(Flag.UNKNOWN), flag)
    return result


def _seat(seat: Seat, names: Collection[str]) -> Seat:
    """Return a seat without its rules on credits, weeks and months."""
    changes: dict[str, Any] = {}
    if "reserve" in names:
        changes["reserve"] = 0
    if "credits" in names:
        changes["reserve"] = -NO_LIMIT
    if "open_inmails_per_month" in names:
        changes["max_open_inmails_per_month"] = NO_LIMIT
    if "requests_per_week" in names:
        changes["max_connection_requests_per_week"] = NO_LIMIT
    if "velocity" in names:
        # A new seat's ramp follows its daily limit; with a past, only the floor counts.
        changes["inmails_last_28_days"] = seat.inmails_last_28_days or 0
    if "away" in names:
        changes["away"] = ()
    return replace(seat, **changes)


def _days(seat: Seat, names: Collection[str], enough: int) -> Seat:
    """Return a seat without its rules on single days."""
    changes: dict[str, Any] = {}
    free, paid = seat.max_open_inmails_per_day, seat.max_paid_inmails_per_day
    if "open_inmails_per_day" in names:
        changes["max_open_inmails_per_day"] = free = enough
    if "paid_inmails_per_day" in names:
        changes["max_paid_inmails_per_day"] = paid = enough
    if "inmails_per_day" in names:
        changes["max_inmails_per_day"] = free + paid
    if "requests_per_day" in names:
        changes["max_connection_requests_per_day"] = enough
    if "days_off" in names:
        changes["day_shares"] = tuple(share or 1.0 for share in seat.day_shares)
    return replace(seat, **changes)


#: What takes a rule away that is a parameter.
_PARAMETERS: dict[str, dict[str, Any]] = {
    "alpha": {"alpha": EVEN_CHANCE, "joint": False},
    "open_flag_leak": {"open_flag_leak": 0.0},
    "velocity": {"velocity_floor": NO_LIMIT},
    "pending_requests": {"max_pending_connection_requests": NO_LIMIT},
    "messages_per_day": {"max_messages_per_day": NO_LIMIT},
    "grant_delay": {"grant_delay_hours": 0},
    "company_throttle": {"max_new_leads_per_company": NO_LIMIT},
    "one_seat_per_company": {"one_seat_per_company": False},
}


def _parameters(parameters: Parameters, names: Collection[str]) -> Parameters:
    """Return the parameters without rules; beyond their ranges, where need be."""
    changes: dict[str, Any] = {}
    for name in names:
        changes |= _PARAMETERS.get(name, {})
    return replace(parameters, **changes)
