"""Seats that triage found stopped without knowing why, until somebody reads their balance.

Out of credits or in a velocity block: the balance tells the two apart. Until then a plan
goes on with the ledger's balance and the seat's own pace, and says that it does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from planner.domain import Seat
from planner.errors import Issue, Severity
from planner.ledger import triages
from planner.ledger.store import append
from planner.ledger.tables import BALANCES, SEAT_DOUBTS, SEAT_HOLDS, TRIAGES
from planner.ledger.touches import View
from planner.params import Parameters
from planner.triage.records import SeatState, SeatVerdict


def keep(
    connection: Connection, entry: int, verdicts: Iterable[SeatVerdict], as_of: dt.date
) -> None:
    """Append the seats of which nothing goes out, and what may be the cause.

    So is one that a grant has ended the stop of, as long as nothing has gone out since and
    it is not known to be fine.
    """
    append(
        connection, SEAT_DOUBTS,
        [
            {
                "entry": entry, "seat_id": one.seat_id, "from_date": as_of.isoformat(),
                "exhausted": _stopped(one) - one.blocked, "blocked": one.blocked,
            }
            for one in verdicts
            if one.state is SeatState.STOPPED or _is_open(one)
        ],
    )  # fmt: skip


def _is_open(verdict: SeatVerdict) -> bool:
    is_stop = verdict.spells and verdict.spells[-1].state is SeatState.STOPPED
    return verdict.state is SeatState.FINE and not verdict.is_sure and bool(is_stop)


def _stopped(verdict: SeatVerdict) -> float:
    """Return the chance that something keeps the seat's InMails from going out."""
    is_fine = verdict.state is SeatState.FINE
    return 1 - verdict.probability if is_fine else verdict.probability


def warnings(
    connection: Connection, seats: Sequence[Seat], view: View, parameters: Parameters
) -> tuple[Issue, ...]:
    """Return a warning for each seat of the inventory whose stop is not explained yet.

    A balance that was read since, in the ledger or in the inventory, explains it: none
    left, and the plan has nothing to send; some left, and LinkedIn blocks the seat, which
    is warned of for as long as a block is held. A later triage of the seat decides anew.
    """
    doubts = _standing(connection, view)
    names = {one.entry: one.name for one in triages.triages(connection)} if doubts else {}
    read = _read(connection, view) if doubts else {}
    found = []
    for seat in seats:
        doubt = doubts.get(seat.seat_id)
        if doubt is None:
            continue
        seen = read.get(seat.seat_id, ("", 0))
        if "credits" in seat.stated:
            seen = max(seen, (seat.credits_as_of.isoformat(), seat.credits))
        name = names[doubt.entry]
        words = _words(doubt, name, seen, view.as_of, parameters)
        if words:
            found.append(
                Issue(code="seat-in-doubt", message=words, severity=Severity.WARNING)
            )
    return tuple(found)


def _standing(connection: Connection, view: View) -> dict[str, Row[tuple[object, ...]]]:
    """Return the doubt about each seat that no later triage of it has settled."""
    rows = connection.execute(
        sa.select(SEAT_DOUBTS)
        .where(triages.in_force(SEAT_DOUBTS, view.upto))
        .order_by(SEAT_DOUBTS.c.entry)
    ).all()
    return {
        row.seat_id: row
        for row in rows
        if row.entry >= _latest(connection, row.seat_id, view)
    }


def _latest(connection: Connection, seat_id: str, view: View) -> int:
    """Return the last entry of a triage that judged failures of a seat, or held it."""
    judged = [
        connection.scalar(
            sa.select(sa.func.max(table.c.entry)).where(
                triages.in_force(table, view.upto), table.c.seat_id == seat_id
            )
        )
        for table in (TRIAGES, SEAT_HOLDS)
    ]
    return max(int(entry or 0) for entry in judged)


def _read(connection: Connection, view: View) -> Mapping[str, tuple[str, int]]:
    """Return day and credits of the last balance of each seat that somebody read."""
    found = connection.execute(
        sa.select(BALANCES.c.seat_id, BALANCES.c.happened_on, BALANCES.c.credits)
        .where(BALANCES.c.entry < view.upto, BALANCES.c.source != triages.ASSUMED)
        .order_by(BALANCES.c.happened_on, BALANCES.c.entry)
    )
    return {str(row[0]): (str(row[1])[:10], int(row[2])) for row in found}


def _words(
    doubt: Row[tuple[object, ...]],
    name: str,
    seen: tuple[str, int],
    as_of: dt.date,
    parameters: Parameters,
) -> str:
    """Return the warning; blank where the balance has settled it."""
    day, credits = seen
    since = dt.date.fromisoformat(doubt.from_date)
    head = f"seat {doubt.seat_id}: on {since} triage found that nothing goes out of it"
    if day < doubt.from_date:
        return (
            f"{head} (out of credits {doubt.exhausted:.0%}, velocity block "
            f"{doubt.blocked:.0%}), and its balance has not been read since: this plan "
            "takes the ledger's balance for it. Read the balance and enter it as credits "
            f"with credits_as_of; or, if InMails go out of it, planner void {name} takes "
            "the triage back"
        )
    free = since + dt.timedelta(days=parameters.velocity_hold_days)
    if credits > 0 and as_of < free:
        return (
            f"{head}, and {credits:,} credits were read on {day}: unless a grant brought "
            "them, LinkedIn blocks it. Run that triage again with --apply, which judges "
            f"by them; or pause the seat until {free}"
        )
    return ""
