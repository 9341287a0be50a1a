"""The list as a policy sees it: who may be sent to, in which order, from which seats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.assign.leads import Problem
from planner.domain import Flag, Kind, Route
from planner.simulate.room import Channel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deck:
    """The leads that a policy may send to, and what it knows of them.

    Parameters
    ----------
    in_list : numpy.ndarray
        Rows of the leads that may be sent to, in the order of the list.
    by_value : numpy.ndarray
        The same rows, best first.
    is_free : numpy.ndarray
        Known open profiles, by row of the list, as the arrays below.
    takes_inmail, prefers_inmail : numpy.ndarray
        Not known to refuse InMails; worth more by InMail than by request.
    use : numpy.ndarray
        Expected credits of an InMail.
    seats : sequence of numpy.ndarray
        Seats that may send, by pool.
    company_seat : mapping of int to int
        Seat of each company with a message this week.
    touches : Counter
        People of each company who count this week before anybody is sent to.
    """

    problem: Problem
    in_list: Ints
    by_value: Ints
    is_free: NDArray[np.bool_]
    takes_inmail: NDArray[np.bool_]
    prefers_inmail: NDArray[np.bool_]
    use: Floats
    seats: tuple[Ints, ...]
    company_seat: Mapping[int, int]
    touches: Counter[int]

    def inmail_channel(self, lead: int) -> Channel:
        """Return how an InMail to a lead counts against the limits."""
        return Channel.FREE if self.is_free[lead] else Channel.PAID

    def channels(self, lead: int) -> tuple[Channel, ...]:
        """Return the channels of a lead, the one of more value first."""
        if not self.takes_inmail[lead]:
            return (Channel.REQUEST,)
        inmail = self.inmail_channel(lead)
        if self.prefers_inmail[lead]:
            return (inmail, Channel.REQUEST)
        return (Channel.REQUEST, inmail)


def deck(problem: Problem, assignments: pd.DataFrame) -> Deck:
    """Return the leads of a problem as policies see them, given the plan's messages."""
    classing, values = problem.classing, problem.values
    leads = problem.leads
    rows = np.flatnonzero(classing.lead_pool >= 0)
    file, _ = np.unique(leads["source_file"].to_numpy(dtype=str), return_inverse=True)[::-1]
    order = np.lexsort((rows, leads["source_row"].to_numpy()[rows], file[rows]))
    value = np.round(values.order_value, 12)
    is_free = classing.lead_kind == Kind.OPEN
    takes = leads["inmail_flag"].to_numpy() != Flag.NO
    atoms = problem.instance.atoms
    company_seat, touches = _messages(problem, assignments)
    return Deck(
        problem=problem,
        in_list=rows[order],
        by_value=rows[np.lexsort((rows, -value[rows]))],
        is_free=is_free,
        takes_inmail=takes,
        prefers_inmail=takes & (values.inmail_value >= values.connection_value),
        use=np.where(
            is_free, problem.parameters.open_flag_leak, 1.0 - values.open_probability
        ),
        seats=tuple(
            np.array(sorted(s for a in pool.atoms for s in atoms[a].seats), dtype=np.int64)
            for pool in problem.instance.pools
        ),
        company_seat=company_seat,
        touches=touches,
    )


def _messages(
    problem: Problem, assignments: pd.DataFrame
) -> tuple[dict[int, int], Counter[int]]:
    """Return what this week's messages take: a company's seat, and touches of it."""
    sent = assignments[assignments["route"] == Route.MESSAGE]
    row = {str(lead): n for n, lead in enumerate(problem.leads["lead_id"].tolist())}
    seat = {item.seat_id: n for n, item in enumerate(problem.seats)}
    company_seat: dict[int, int] = {}
    touches = Counter(problem.classing.recent_touches)
    for lead, seat_id in zip(
        sent["lead_id"].tolist(), sent["seat_id"].tolist(), strict=True
    ):
        company = int(problem.classing.lead_company[row[lead]])
        if company >= 0:
            touches[company] += 1
            if seat_id in seat:
                company_seat.setdefault(company, seat[seat_id])
    return company_seat, touches
