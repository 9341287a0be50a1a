"""The rules that a plan keeps, by name: each once, with its meaning.

A rule can be taken away alone, to see what it costs (`planner whatif RUN --limits`), or
be reported only (`planner plan --report-only NAME`): then the plan may go beyond it, and
says by how much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from planner.errors import ParameterError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A rule with its name and its meaning in words."""

    name: str
    meaning: str


def _limit(name: str, meaning: str) -> Limit:
    return Limit(name=name, meaning=meaning)


#: Every rule that can be taken away, in the order in which lists show them.
LIMITS: tuple[Limit, ...] = (
    _limit("credits", "credits at all: balance, reserve and alpha together"),
    _limit("reserve", "credits that must be left on a seat"),
    _limit("alpha", "probability of running out (without it: one in two)"),
    _limit("open_flag_leak", "credits set aside for open profiles that may have closed"),
    _limit("inmails_per_day", "free and paid InMails of a seat a day, together"),
    _limit("open_inmails_per_day", "free InMails of a seat a day"),
    _limit("paid_inmails_per_day", "InMails of a seat a day that may need a credit"),
    _limit("open_inmails_per_month", "free InMails of a seat in 30 days"),
    _limit("velocity", "growth of a seat's InMails over the four weeks before"),
    _limit("requests_per_day", "connection requests of a seat a day"),
    _limit("requests_per_week", "connection requests of a seat in 7 days"),
    _limit("pending_requests", "unanswered connection requests of a seat"),
    _limit("messages_per_day", "messages of a seat to its connections a day"),
    _limit("days_off", "weekdays on which a seat does not work"),
    _limit("away", "absences and pauses of a seat"),
    _limit("grant_delay", "no InMails until a grant has surely arrived"),
    _limit("company_throttle", "new people of one company in 7 days"),
    _limit("one_seat_per_company", "people of one company from one seat, now and before"),
    _limit("owner", "leads that belong to one seat"),
    _limit("group", "leads that only seats of their group may send to"),
    _limit("inmail_off", "no InMail to leads that have InMail switched off"),
)

#: Without one of these a seat may run out more often than promised, most telling first.
CREDIT_LIMITS = ("credits", "reserve", "alpha", "open_flag_leak")

MEANINGS = {limit.name: limit.meaning for limit in LIMITS}


def parse(text: str) -> tuple[str, ...]:
    """Return the names in a text list, in the order of `LIMITS`.

    Raises
    ------
    ParameterError
        If a name is unknown; the nearest one is named.
    """
    return checked(name for name in re.split(r"[,;\s]+", text) if name)


def switched_off(report_only: str) -> tuple[str, ...]:
    """Return the parts of the credit guarantee among the limits that are only reported.

    Raises
    ------
    ParameterError
        If a name is unknown.
    """
    return tuple(name for name in parse(report_only) if name in CREDIT_LIMITS)


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of limits in the order of `LIMITS`, each once.

    Raises
    ------
    ParameterError
        If a name is unknown; the nearest one is named.
    """
    wanted = list(names)
    unknown = [name for name in wanted if name not in MEANINGS]
    if unknown:
        hint = did_you_mean(unknown[0], MEANINGS, likeness=0.4)
        raise ParameterError(
            f"unknown limit {unknown[0][:60]!r}{hint} (planner whatif RUN --limits)"
        )
    return tuple(name for name in MEANINGS if name in wanted)
