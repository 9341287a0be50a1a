"""Each seat's book: balances seen, InMails, answers, sends by day, holds."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import (
    CreditEvent,
    DayCount,
    EventKind,
    OutcomeKind,
    Route,
    SeatHistory,
)
from planner.ledger import pace, triages
from planner.ledger.columns import NEVER, Numbers, among, day_of, plain, text_of
from planner.ledger.tables import BALANCES, SEAT_HOLDS, VOIDS
from planner.ledger.touches import Folded, Mask, View, folded, not_before, touches
from planner.params import Parameters

#: Days before the plan's date of which single days are kept: velocity and free InMails
#: look back 30 days at most.
DAYS_KEPT = 35
#: Days of which sends are read at least: sightings of a balance are rarely farther apart.
_DAYS_READ = 49
_INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
_COUNTED = {
    str(Route.OPEN_INMAIL): "open_inmails",
    str(Route.PAID_INMAIL): "paid_inmails",
    str(Route.CONNECTION_REQUEST): "connection_requests",
    str(Route.MESSAGE): "messages",
}


def histories(
    connection: Connection,
    view: View,
    parameters: Parameters,
    found: Folded | None = None,
) -> dict[str, SeatHistory]:
    """Return the history of every seat that the ledger knows, by its id.

    Parameters
    ----------
    found : Folded, optional
        All touches at this view, if they are folded already.
    """
    seen = _sightings(connection, view)
    since = _Since.of(seen, view, parameters)
    first = min([since.usual, *since.of_seat.values()])
    found = folded(connection, view, first) if found is None else found
    sends = _sends(not_before(found, first))
    began = _first_sends(connection, view)
    holds = _holds(connection, view)
    kept = pace.read(connection, view)
    days = _days(sends, view)
    pending = _pending(sends, view, parameters)
    events = _events(sends, seen, since, view, parameters)
    ahead, uses = _ahead(sends, view, parameters)
    result = {}
    for seat_id in sorted({*began, *seen, *holds, *days, *ahead, *kept}):
        history = SeatHistory(
            seat_id=seat_id,
            events=tuple(events.get(seat_id, ())),
            days=tuple(days.get(seat_id, ())),
            first_send=began.get(seat_id),
            pending_connection_requests=pending.get(seat_id, 0),
            ahead=tuple(ahead.get(seat_id, ())),
            credits_ahead=tuple(uses.get(seat_id, ())),
        )
        if seat_id in kept:
            known_since, before = kept[seat_id]
            history = replace(history, known_since=known_since, stated_before=before)
        if seat_id in holds:
            until, factor = holds[seat_id]
            history = replace(history, held_until=until, pace_factor=factor)
        result[seat_id] = history
    return result


def _sightings(connection: Connection, view: View) -> dict[str, list[CreditEvent]]:
    """Return the balances seen of each seat; the last one recorded of an instant counts.

    One that triage assumed does not stand in for the same one that somebody read.
    """
    found = connection.execute(
        sa.select(BALANCES)
        .where(triages.balances_in_force(view.upto))
        .order_by(BALANCES.c.happened_on, BALANCES.c.entry)
    )
    books: dict[str, dict[str, CreditEvent]] = defaultdict(dict)
    for row in found:
        # What was read this morning is what the day starts from.
        today = row.happened_on[:10] == view.as_of.isoformat()
        instant = row.happened_on[:10] if today else row.happened_on
        is_assumed = row.source == triages.ASSUMED
        standing = books[row.seat_id].get(instant)
        if is_assumed and standing is not None and standing.credits == row.credits:
            continue
        books[row.seat_id][instant] = CreditEvent(
            happened_on=instant, kind=EventKind.SEEN, credits=float(row.credits),
            is_assumed=is_assumed,
        )  # fmt: skip
    return {seat_id: list(book.values()) for seat_id, book in books.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Since:
    """The first day of which sends matter, by seat: that of its last sighting but one."""

    usual: dt.date
    of_seat: Mapping[str, dt.date]

    @classmethod
    def of(
        cls, seen: Mapping[str, list[CreditEvent]], view: View, parameters: Parameters
    ) -> _Since:
        back = max(_DAYS_READ, parameters.pending_lifetime_days)
        usual = view.as_of - dt.timedelta(days=back)
        oldest = view.as_of - dt.timedelta(
            days=parameters.refund_window_days + parameters.pending_lifetime_days
        )
        of_seat = {}
        for seat_id, book in seen.items():
            days = [dt.date.fromisoformat(event.happened_on[:10]) for event in book[-2:]]
            of_seat[seat_id] = min(usual, days[-1], max(days[0], oldest))
        return cls(usual=usual, of_seat=of_seat)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sends:
    """Sends, planned ones in force and those that nobody had planned, as columns.

    ``seat_id`` and ``route`` are texts by code; the others are as in
    `planner.ledger.touches.Folded`. ``answered`` says whether a reply or an acceptance
    is known.
    """

    words: np.ndarray
    seat: Numbers
    route: Numbers
    day: Numbers
    date: Numbers
    sent: Numbers
    failed: Numbers
    replied: Numbers
    answered: Mask
    undone: Mask
    credit_used: Numbers
    credit_probability: npt.NDArray[np.float64]

    def routes(self, names: Iterable[str]) -> Mask:
        """Return which sends go by one of these routes."""
        return among(self.route, self.words, names)


def _sends(found: Folded) -> _Sends:
    told, sends = found.told, found.sends
    extra = (told.assignment == 0) & (told.kind == found.code(str(OutcomeKind.SENT)))
    extra &= told.seat != found.code("")
    at = np.flatnonzero(extra)
    never = np.full(len(at), NEVER, dtype=np.int64)
    date = day_of(told.at[at])

    def both(planned: np.ndarray, unplanned: np.ndarray) -> np.ndarray:
        return np.concatenate([planned, unplanned])

    return _Sends(
        words=found.words,
        seat=both(sends.seat, told.seat[at]),
        route=both(sends.route, told.route[at]),
        day=both(sends.day, date),
        date=both(found.date, date),
        sent=both(found.at["sent"], told.at[at]),
        failed=both(found.at["failed"], never),
        replied=both(found.at["replied"], never),
        answered=both((found.at["replied"] >= 0) | (found.at["accepted"] >= 0), never >= 0),
        undone=both(found.undone, never >= 0),
        credit_used=both(found.credit_used, told.credit_used[at]),
        credit_probability=both(sends.credit_probability, np.ones(len(at))),
    )


def _first_sends(connection: Connection, view: View) -> dict[str, dt.date]:
    """Return the first day of each seat for which a send in force was planned."""
    upto = int(view.upto)
    # From seat to seat along the index, then to the first day: never over all lines.
    found = connection.exec_driver_sql(
        "WITH RECURSIVE s(seat_id) AS (SELECT MIN(seat_id) FROM assignments WHERE "
        "seat_id > '' UNION ALL SELECT (SELECT MIN(b.seat_id) FROM assignments b WHERE "
        "b.seat_id > s.seat_id) FROM s WHERE s.seat_id IS NOT NULL) "
        "SELECT s.seat_id, (SELECT a.send_on FROM assignments a WHERE "
        f"a.seat_id = s.seat_id AND a.entry < {upto} AND NOT EXISTS (SELECT 1 FROM voids v "
        f"WHERE v.voided = a.entry AND v.entry < {upto} AND a.send_on >= v.from_date) "
        "ORDER BY a.send_on LIMIT 1) FROM s WHERE s.seat_id IS NOT NULL"
    )
    first = {str(seat_id): str(day) for seat_id, day in found if day}
    # Of a voided part, what happened all the same counts.
    voided = sa.select(VOIDS.c.voided).where(VOIDS.c.entry < upto).distinct()
    for entry in connection.scalars(voided).all():
        happened = touches(connection, view, where=f"AND a.entry = {int(entry)}")
        for seat_id, day in zip(happened["seat_id"], happened["send_on"], strict=True):
            if seat_id:
                first[str(seat_id)] = min(first.get(str(seat_id), str(day)), str(day))
    limit = view.as_of.isoformat()
    return {
        seat_id: dt.date.fromisoformat(day) for seat_id, day in first.items() if day < limit
    }


def _holds(connection: Connection, view: View) -> dict[str, tuple[dt.date, float]]:
    """Return until when each seat is held, and its pace after that, as last decided."""
    found = connection.execute(
        sa.select(SEAT_HOLDS)
        .where(triages.in_force(SEAT_HOLDS, view.upto))
        .order_by(SEAT_HOLDS.c.entry)
    )
    holds = {
        row.seat_id: (dt.date.fromisoformat(row.until_date), float(row.pace_factor))
        for row in found
    }
    # Four weeks on, the pace of before is out of the velocity window.
    last = view.as_of - dt.timedelta(weeks=4)
    return {seat_id: hold for seat_id, hold in holds.items() if hold[0] > last}


def _days(sends: _Sends, view: View) -> dict[str, list[DayCount]]:
    today = view.as_of.toordinal()
    past = (sends.date >= today - DAYS_KEPT) & (sends.date < today) & ~sends.undone
    return _counted(sends, past)


def _ahead(
    sends: _Sends, view: View, parameters: Parameters
) -> tuple[dict[str, list[DayCount]], dict[str, list[tuple[dt.date, float]]]]:
    """Return what is settled for today and later: by day, and InMails with their use.

    InMails that failed today reach nobody, but this morning's balance does not know yet
    whether they cost a credit.
    """
    today = view.as_of.toordinal()
    coming = (sends.date >= today) & ~sends.undone
    failed_on = day_of(sends.failed)
    failed = sends.undone & (sends.failed >= 0)
    failed &= np.maximum(sends.date, failed_on) >= today
    date = np.where(failed, np.maximum(failed_on, today), sends.date)
    use = sends.credit_probability
    use = np.where(failed, use * parameters.failed_send_credit_loss, use)
    use = np.where(sends.credit_used >= 0, sends.credit_used, use)
    uses: dict[str, list[tuple[dt.date, float]]] = defaultdict(list)
    at = np.flatnonzero((coming | failed) & sends.routes(_INMAILS))
    for seat, day, credit in zip(sends.seat[at], date[at], use[at], strict=True):
        own = uses[str(sends.words[seat])]
        own.append((dt.date.fromordinal(int(day)), float(credit)))
    return _counted(sends, coming), {seat: sorted(own) for seat, own in uses.items()}


def _counted(sends: _Sends, chosen: Mask) -> dict[str, list[DayCount]]:
    """Return what each seat sends on each day, of some sends."""
    chosen = chosen & sends.routes(_COUNTED)
    # One number for each line, since sorting numbers is fast.
    size = len(sends.words)
    line = (sends.date[chosen] * size + sends.seat[chosen]) * size + sends.route[chosen]
    distinct, count = np.unique(line, return_counts=True)
    rest, routes = np.divmod(distinct, max(1, size))
    dates, seats = np.divmod(rest, max(1, size))
    counts: dict[str, dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    lines = (seats.tolist(), dates.tolist(), routes.tolist(), count.tolist())
    for seat, date, route, num in zip(*lines, strict=True):
        counts[str(sends.words[seat])][date][_COUNTED[str(sends.words[route])]] = num
    counts.pop("", None)
    return {
        seat_id: [
            DayCount(date=dt.date.fromordinal(date), **by_day[date])
            for date in sorted(by_day)
        ]
        for seat_id, by_day in counts.items()
    }


def _pending(sends: _Sends, view: View, parameters: Parameters) -> dict[str, int]:
    today = view.as_of.toordinal()
    waiting = sends.routes([str(Route.CONNECTION_REQUEST)]) & ~sends.answered
    waiting &= (sends.date >= today - parameters.pending_lifetime_days) & ~sends.undone
    waiting &= sends.date < today
    seat, num = np.unique(sends.seat[waiting], return_counts=True)
    return {
        str(sends.words[code]): count
        for code, count in zip(seat.tolist(), num.tolist(), strict=True)
    }


def _events(
    sends: _Sends,
    seen: Mapping[str, list[CreditEvent]],
    since: _Since,
    view: View,
    parameters: Parameters,
) -> dict[str, list[CreditEvent]]:
    """Return each seat's credit book: what was seen, spent and given back."""
    books: dict[str, list[CreditEvent]] = {
        seat_id: list(book) for seat_id, book in seen.items()
    }
    first = np.array(
        [since.of_seat.get(str(word), since.usual).toordinal() for word in sends.words],
        dtype=np.int64,
    )
    late = np.maximum(sends.day, np.maximum(day_of(sends.sent), day_of(sends.replied)))
    past = sends.routes(_INMAILS) & (sends.date < view.as_of.toordinal())
    # Skipped: nothing was sent.
    past &= (late >= first[sends.seat]) & ~(sends.undone & (sends.failed < 0))
    at = np.flatnonzero(past)
    failed, undone = sends.failed[at], sends.undone[at]
    use = sends.credit_probability[at]
    use = np.where(undone, use * parameters.failed_send_credit_loss, use)
    use = np.where(sends.credit_used[at] >= 0, sends.credit_used[at], use)
    when = np.where(failed >= 0, failed, plain(sends.date[at]))
    when = np.where(sends.sent[at] >= 0, sends.sent[at], when)
    # An answer with a plain date comes after the send of that day.
    answered = np.where(sends.replied[at] >= 0, np.maximum(sends.replied[at], when), NEVER)
    texts: dict[int, str] = {NEVER: ""}
    for instant in {*when.tolist(), *answered.tolist()} - {NEVER}:
        texts[instant] = text_of(instant)
    seats = sends.words[sends.seat[at]]
    # Each kind by its instants: books that are nearly in order are soon sorted.
    order = np.argsort(when, kind="stable")
    spent, refunded = EventKind.SPENT, EventKind.REFUNDED
    lines = (seats[order], when[order].tolist(), use[order].tolist())
    for seat_id, instant, credits in zip(*lines, strict=True):
        books.setdefault(seat_id, []).append(
            CreditEvent(happened_on=texts[instant], kind=spent, credits=credits)
        )
    order = np.argsort(answered, kind="stable")
    order = order[answered[order] != NEVER]
    given_back = (*(column[order].tolist() for column in (answered, when, use)),)
    for seat_id, reply, instant, credits in zip(seats[order], *given_back, strict=True):
        books[seat_id].append(
            CreditEvent(
                happened_on=texts[reply], kind=refunded, credits=credits,
                sent_on=texts[instant],
            )
        )  # fmt: skip
    return books
