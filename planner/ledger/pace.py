"""What a seat sent in its last days: by the ledger, and before that as it was stated.

The ledger knows the days since the seat's first send, or since the first run that had the
seat. Of the days before, it knows what a run's inventory stated then, spread evenly. Every
run keeps that for the next one, so that one run's document is enough.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from planner.dates import ONE_DAY, ONE_WEEK, VELOCITY_WEEKS
from planner.domain import DayCount, Seat, SeatHistory
from planner.ledger.store import Damage, read_document
from planner.ledger.tables import ENTRIES, RUNS, VOIDS
from planner.ledger.touches import View
from planner.params import Parameters

INMAILS = "inmails_last_28_days"
REQUESTS = "connection_requests_last_7_days"
PENDING = "pending_connection_requests"
#: Columns of the inventory that count the last days.
COLUMNS = (INMAILS, REQUESTS, PENDING)
#: How far `SeatHistory.days` reach back.
_DAYS_KNOWN = 5 * ONE_WEEK
#: A pace may be stated a third above the known one: people send by hand, too.
_BY_HAND = (4, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A count over the last days of a seat.

    Parameters
    ----------
    span, covered : int
        Days that it counts, and how many of them, up to today, the ledger knows.
    sent : int
        What the ledger has of them.
    before : int or None
        What was stated for as many days before the ledger knew the seat, if anybody did.
    """

    span: int
    covered: int
    sent: int
    before: int | None

    @property
    def known(self) -> int | None:
        """The count, as far as it is known; None if days are missing."""
        if self.covered >= self.span:
            return self.sent
        if self.before is None:
            return None
        return self.sent + self.before - self.before * self.covered // self.span

    def allows(self, stated: int) -> bool:
        """Return whether a stated pace can be true: what was sent, or a third more.

        For days that the ledger does not know, what was stated of before them counts; a
        number that stood for itself there would always be allowed.
        """
        known = self.known
        if stated < self.sent:
            return False
        if known is None or not self.covered:
            return True
        left = max(0, self.span - self.covered)
        most = self.sent + (self.before or 0) * left / self.span
        return _BY_HAND[1] * stated <= _BY_HAND[0] * most

    def days_before(self, as_of: dt.date, back: int) -> Iterator[tuple[dt.date, int]]:
        """Yield the days up to `back` days ago that only a statement knows, with counts."""
        stated = self.before or 0
        for days in range(back, self.covered, -1):
            count = stated * days // self.span - stated * (days - 1) // self.span
            if count:
                yield as_of - days * ONE_DAY, count


def recent(
    history: SeatHistory, column: str, as_of: dt.date, parameters: Parameters
) -> Recent:
    """Return what is known of the days that a column of the inventory counts."""
    if column == PENDING:
        span = parameters.pending_lifetime_days
        sent = history.pending_connection_requests
    elif column == REQUESTS:
        span = ONE_WEEK.days
        sent = sum(day.connection_requests for day in _days(history, as_of, span))
    else:
        span = VELOCITY_WEEKS * ONE_WEEK.days
        days = _days(history, as_of, span)
        sent = sum(day.open_inmails + day.paid_inmails for day in days)
    begins = since(history, as_of)
    covered = 0 if begins is None else max(0, (as_of - begins).days)
    return Recent(
        span=span, covered=covered, sent=sent, before=history.stated_before.get(column)
    )


def _days(history: SeatHistory, as_of: dt.date, span: int) -> list[DayCount]:
    return [day for day in history.days if day.date >= as_of - span * ONE_DAY]


def first_send(history: SeatHistory, as_of: dt.date) -> dt.date | None:
    """Return the day of the first send; a planned one that failed was none."""
    first = history.first_send
    if first is None or first < as_of - _DAYS_KNOWN:
        return first
    return min((day.date for day in history.days), default=None)


def since(history: SeatHistory, as_of: dt.date) -> dt.date | None:
    """Return the day from which on the ledger knows what the seat sent."""
    days = (first_send(history, as_of), history.known_since)
    return min((day for day in days if day is not None), default=None)


# --- from run to run --------------------------------------------------------------


def kept(
    seats: Sequence[Seat],
    histories: Mapping[str, SeatHistory],
    parameters: Parameters,
    as_of: dt.date,
) -> dict[str, dict[str, object]]:
    """Return what the next run is to know of the days before the ledger knew each seat.

    Parameters
    ----------
    seats : sequence of Seat
        The inventory, as it was read.
    """
    found: dict[str, dict[str, object]] = {
        seat_id: {"since": history.known_since.isoformat(), **history.stated_before}
        for seat_id, history in histories.items()
        if history.known_since is not None
    }
    for seat in seats:
        history = histories.get(seat.seat_id, SeatHistory(seat_id=seat.seat_id))
        begins = since(history, as_of) or as_of
        before = {
            column: number
            for column in COLUMNS
            if (number := _before(seat, history, column, as_of, parameters)) is not None
        }
        found[seat.seat_id] = {"since": begins.isoformat(), **before}
    return found


def _before(
    seat: Seat, history: SeatHistory, column: str, as_of: dt.date, parameters: Parameters
) -> int | None:
    """Return what a column says of the days before the ledger knew the seat.

    Of a number stated later on, what the ledger has of it comes off; then it can only
    lower the one that was stated first, since it may be that one, left as it was.
    """
    known = recent(history, column, as_of, parameters)
    stated = getattr(seat, column) if column in seat.stated else None
    if stated is None or known.covered >= known.span or stated < known.sent:
        return known.before
    rest = int((stated - known.sent) * known.span // (known.span - known.covered))
    if known.before is None or not known.covered:
        return rest
    return min(known.before, rest)


def read(connection: Connection, view: View) -> dict[str, tuple[dt.date, dict[str, int]]]:
    """Return of each seat since when it is known, and what was stated of before.

    Runs that were not carried out at all tell nothing: a seat that was tried out long ago
    has sent by hand since. One that another took the place of has told it that.

    Raises
    ------
    Damage
        If a run's document is not as it was written.
    """
    last = _document(connection, view, RUNS.c.entry.desc())
    if last is None:
        return {}
    try:
        if "before" in last[1]:
            return {
                seat_id: _told(record, record["since"])
                for seat_id, record in last[1]["before"].items()
            }
        # Older runs kept their inventory only. The first one's counts no sends that the
        # ledger has; the last one's has seats that came later.
        first = _document(connection, view, RUNS.c.entry.asc()) or last
        return {
            record["seat_id"]: _told(_as_stated(record), as_of)
            for as_of, document in (last, first)
            for record in document.get("seats", ())
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Damage("a run's document does not say what its seats had sent") from error


def _document(
    connection: Connection, view: View, order: sa.ColumnElement[int]
) -> tuple[str, dict[str, Any]] | None:
    """Return the day and the document of the run that is first in an order."""
    undone = sa.select(VOIDS.c.voided).where(
        VOIDS.c.entry < view.upto, VOIDS.c.from_date == ""
    )
    row = connection.execute(
        sa.select(ENTRIES.c.as_of, RUNS.c.document)
        .join(ENTRIES, ENTRIES.c.entry == RUNS.c.entry)
        .where(RUNS.c.entry < view.upto, RUNS.c.entry.not_in(undone))
        .order_by(order)
        .limit(1)
    ).first()
    return None if row is None else (row.as_of, read_document(row.document))


def _as_stated(seat: Mapping[str, Any]) -> dict[str, Any]:
    """Return a seat's numbers without blank ones: of requests, those were kept as 0."""
    return {
        column: number
        for column in COLUMNS
        if (number := seat.get(column)) or (column == INMAILS and number is not None)
    }


def _told(record: Mapping[str, Any], since: str) -> tuple[dt.date, dict[str, int]]:
    """Return since when a seat is known, and the numbers that a record has of before."""
    before = {column: int(record[column]) for column in COLUMNS if column in record}
    return dt.date.fromisoformat(since), before
