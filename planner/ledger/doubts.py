"""Seats that triage found stopped without knowing why, until somebody reads their balance.

Out of credits or in a velocity block: the balance tells the two apart, if it was read after
the failures. Until then a plan goes on with the ledger's balance and the seat's own pace,
and says that it does. A later triage ends the doubt if InMails have gone out, or if it
knows what was the matter; not if it was only asked of other failures.
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
from planner.ledger.tables import BALANCES, SEAT_DOUBTS, SEAT_HOLDS
from planner.ledger.touches import View
from planner.params import Parameters
from planner.triage.records import SeatState, SeatVerdict


def keep(
    connection: Connection, entry: int, verdicts: Iterable[SeatVerdict], as_of: dt.date
) -> None:
    """Append the seats of which nothing goes out, and what may be the cause.

    So is one that a grant has ended the stop of, as long as nothing has gone out since and
    it is not known to be fine. A seat of which the doubt is over has neither cause.
    """
    lines = []
    for one in verdicts:
        is_stopped = one.state is SeatState.STOPPED or _is_open(one)
        if not is_stopped and not _is_settled(one):
            continue
        chance = _stopped(one) - one.blocked if is_stopped else 0.0
        lines.append(
            {
                "entry": entry, "seat_id": one.seat_id, "from_date": as_of.isoformat(),
                "failed_on": one.spells[-1].last if one.spells else "",
                "exhausted": chance, "blocked": one.blocked if is_stopped else 0.0,
            }
        )  # fmt: skip
    append(connection, SEAT_DOUBTS, lines)


def _is_settled(verdict: SeatVerdict) -> bool:
    """Return whether a verdict says what became of the seat: it sends, or why it cannot."""
    return verdict.state is not SeatState.FINE or verdict.num_sent > 0


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
    held = _held(connection, view) if doubts else set()
    found = []
    for seat in seats:
        doubt = doubts.get(seat.seat_id)
        if doubt is None:
            continue
        seen = read.get(seat.seat_id, ("", 0))
        # A date alone is that morning's, and stands before the times of its day.
        if "credits" in seat.stated and seat.credits_as_of.isoformat() >= seen[0]:
            seen = (seat.credits_as_of.isoformat(), seat.credits)
        name = names[doubt.entry]
        words = _words(doubt, name, seen, view.as_of, parameters)
        if seat.seat_id in held and seen[0] > doubt.failed_on:
            continue  # it is a block, and the plan keeps to the hold
        if words:
            found.append(
                Issue(code="seat-in-doubt", message=words, severity=Severity.WARNING)
            )
    return tuple(found)


def _standing(connection: Connection, view: View) -> dict[str, Row[tuple[object, ...]]]:
    """Return the doubt about each seat that nothing later has settled."""
    rows = connection.execute(
        sa.select(SEAT_DOUBTS)
        .where(triages.in_force(SEAT_DOUBTS, view.upto))
        .order_by(SEAT_DOUBTS.c.entry)
    ).all()
    last = {row.seat_id: row for row in rows}
    holds = connection.execute(
        sa.select(SEAT_HOLDS.c.seat_id, sa.func.max(SEAT_HOLDS.c.entry))
        .where(triages.in_force(SEAT_HOLDS, view.upto))
        .group_by(SEAT_HOLDS.c.seat_id)
    )
    # A hold of a later triage: it knows of a block.
    later = {str(row[0]): int(row[1]) for row in holds}
    return {
        seat_id: row
        for seat_id, row in last.items()
        if row.exhausted + row.blocked > 0 and row.entry >= later.get(seat_id, 0)
    }


def _held(connection: Connection, view: View) -> set[str]:
    """Return the seats that are held on the day."""
    found = connection.scalars(
        sa.select(SEAT_HOLDS.c.seat_id).where(
            triages.in_force(SEAT_HOLDS, view.upto),
            SEAT_HOLDS.c.until_date > view.as_of.isoformat(),
        )
    )
    return set(map(str, found))


def _read(connection: Connection, view: View) -> Mapping[str, tuple[str, int]]:
    """Return instant and credits of the last balance of each seat that somebody read."""
    found = connection.execute(
        sa.select(BALANCES.c.seat_id, BALANCES.c.happened_on, BALANCES.c.credits)
        .where(BALANCES.c.entry < view.upto, BALANCES.c.source != triages.ASSUMED)
        .order_by(BALANCES.c.happened_on, BALANCES.c.entry)
    )
    return {str(row[0]): (str(row[1]), int(row[2])) for row in found}


def _words(
    doubt: Row[tuple[object, ...]],
    name: str,
    seen: tuple[str, int],
    as_of: dt.date,
    parameters: Parameters,
) -> str:
    """Return the warning; blank where the balance has settled it."""
    instant, credits = seen
    day = instant[:10]
    since = dt.date.fromisoformat(doubt.from_date)
    head = f"seat {doubt.seat_id}: on {since} triage found that nothing goes out of it"
    if instant <= (doubt.failed_on or doubt.from_date):
        return (
            f"{head} (out of credits {doubt.exhausted:.0%}, velocity block "
            f"{doubt.blocked:.0%}), and its balance has not been read since: the "
            "ledger's balance is taken for it. Read the balance and enter it as credits "
            "with credits_as_of (a date alone is that morning's); or, if InMails go out of "
            f"it, planner void {name} takes the triage back"
        )
    free = since + dt.timedelta(days=parameters.velocity_hold_days)
    if credits > 0 and as_of < free:
        return (
            f"{head}, and {credits:,} credits were read on {day}: unless a grant brought "
            "them, LinkedIn blocks it. Run that triage again with --apply, which judges "
            f"by them; or pause the seat until {free}"
        )
    return ""
