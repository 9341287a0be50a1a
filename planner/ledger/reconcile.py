"""The inventory against the ledger: blanks filled, balances compared; seen ones win."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from planner.dates import ONE_DAY, OPEN_MONTH_DAYS, VELOCITY_WEEKS, resets_after
from planner.domain import CreditEvent, EventKind, Seat, SeatHistory
from planner.errors import Issue, Severity
from planner.ledger.balance import (
    Balance,
    assertions,
    credit_terms,
    fold,
    most_used,
    uses,
)
from planner.params import Parameters


def balance(
    seat: Seat, history: SeatHistory | None, parameters: Parameters, at: dt.date
) -> Balance | None:
    """Return the seat's balance at the start of a day, as the ledger has it."""
    if history is None:
        return None
    return fold(history.events, credit_terms(seat, parameters), at, alpha=parameters.alpha)


def with_sighting(seat: Seat, history: SeatHistory | None) -> SeatHistory:
    """Return the history with the balance that the inventory states."""
    seen = CreditEvent(
        happened_on=seat.credits_as_of.isoformat(), kind=EventKind.SEEN,
        credits=float(seat.credits),
    )  # fmt: skip
    if history is None:
        return SeatHistory(seat_id=seat.seat_id, events=(seen,))
    others = tuple(
        event
        for event in history.events
        if event.kind is not EventKind.SEEN or event.happened_on != seen.happened_on
    )
    return replace(history, events=(*others, seen))


def reconciled(
    seats: Sequence[Seat],
    histories: Mapping[str, SeatHistory],
    parameters: Parameters,
    *,
    as_of: dt.date,
) -> tuple[tuple[Seat, ...], tuple[Issue, ...]]:
    """Return the seats as the ledger completes them, and what differs, in words.

    A number that the inventory states stands. A balance read before the plan's date is
    carried forward by what the ledger knows of the days between.
    """
    completed, issues = [], []
    for seat in seats:
        history = histories.get(seat.seat_id)
        if history is None:
            nothing = SeatHistory(seat_id=seat.seat_id)
            completed.append(_with_credits(seat, nothing, parameters, as_of))
            continue
        issues += _balance_assertion(seat, history, parameters)
        known = _with_credits(seat, history, parameters, as_of)
        known = _with_sends(known, history, parameters, as_of)
        known, settled = _with_settled(known, history, parameters, as_of)
        issues += settled
        if history.held_until is not None and history.held_until > as_of:
            held = (dt.date.min, history.held_until - ONE_DAY)
            known = replace(known, away=(*known.away, held))
            issues.append(_note("seat-held", (
                f"seat {seat.seat_id} is held until {history.held_until}: LinkedIn slowed "
                "it down (planner triage)"
            )))  # fmt: skip
        completed.append(known)
    return tuple(completed), tuple(issues)


def _with_credits(
    seat: Seat, history: SeatHistory, parameters: Parameters, as_of: dt.date
) -> Seat:
    if "credits" in seat.stated:
        if seat.credits_as_of >= as_of:
            return seat
        history = with_sighting(seat, history)
    carried = balance(seat, history, parameters, as_of)
    if carried is None:
        return seat
    return replace(seat, credits=carried.at_least, credits_as_of=as_of)


def _with_settled(
    seat: Seat, history: SeatHistory, parameters: Parameters, as_of: dt.date
) -> tuple[Seat, list[Issue]]:
    """Take off what is settled beside the plan: room on its days, and credits.

    Of unsure InMails, as many credits as they use at most with probability 1 - alpha.
    """
    if not history.ahead:
        return seat, []
    reset = next(resets_after(seat.reset_rule, as_of))
    mass = uses(use for day, use in history.credits_ahead if day < reset)
    taken = min(seat.credits, most_used(mass, parameters.alpha))
    inmails = sum(day.open_inmails + day.paid_inmails for day in history.ahead)
    requests = sum(day.connection_requests for day in history.ahead)
    issue = _note("sends-settled", (
        f"seat {seat.seat_id}: {inmails} InMails and {requests} connection requests are "
        f"settled already (restarts by triage, another week's run); {taken} of its "
        f"{seat.credits} credits are kept for them"
    ))  # fmt: skip
    return replace(seat, credits=seat.credits - taken, ahead=history.ahead), [issue]


def _with_sends(
    seat: Seat, history: SeatHistory, parameters: Parameters, as_of: dt.date
) -> Seat:
    """Fill in pace, requests and what is pending, where the inventory is silent."""
    changes: dict[str, object] = {}
    if "inmails_last_28_days" not in seat.stated and history.first_send is not None:
        weeks = (as_of - history.first_send).days // 7
        first = as_of - dt.timedelta(weeks=VELOCITY_WEEKS)
        sent = sum(
            day.open_inmails + day.paid_inmails for day in history.days if day.date >= first
        )
        if weeks >= parameters.new_seat_ramp_weeks or history.held_until is not None:
            # After a hold, the pace of before is no measure: its share is.
            changes["inmails_last_28_days"] = int(sent * history.pace_factor)
        else:
            changes["weeks_active"] = max(0, weeks)
        month = as_of - dt.timedelta(days=OPEN_MONTH_DAYS)
        changes["recent_open_inmails"] = tuple(
            (day.date, day.open_inmails)
            for day in history.days
            if day.date > month and day.open_inmails
        )
    if "connection_requests_last_7_days" not in seat.stated:
        recent = tuple(
            (day.date, day.connection_requests)
            for day in history.days
            if day.date >= as_of - 7 * ONE_DAY and day.connection_requests
        )
        changes["recent_requests"] = recent
        changes["connection_requests_last_7_days"] = sum(count for _, count in recent)
    if "pending_connection_requests" not in seat.stated:
        changes["pending_connection_requests"] = history.pending_connection_requests
    return replace(seat, **changes)  # type: ignore[arg-type]


def _balance_assertion(
    seat: Seat, history: SeatHistory, parameters: Parameters
) -> list[Issue]:
    """Return how the balance that the inventory states differs from the ledger's."""
    if "credits" not in seat.stated:
        return []
    book = with_sighting(seat, history)
    found = [
        item
        for item in assertions(
            book.events, credit_terms(seat, parameters), alpha=parameters.alpha
        )
        if item.happened_on == seat.credits_as_of.isoformat()
    ]
    if not found or found[-1].difference == 0:
        return []
    severity = Severity.NOTE if found[-1].agrees else Severity.WARNING
    return [
        _note("balance-assertion", f"seat {seat.seat_id}: {found[-1].in_words}", severity)
    ]


def _note(code: str, message: str, severity: Severity = Severity.NOTE) -> Issue:
    return Issue(code=code, message=message, severity=severity)
