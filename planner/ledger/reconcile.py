"""The inventory against the ledger: blanks filled, balances compared; seen ones win."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from planner.dates import (
    ONE_DAY,
    ONE_WEEK,
    OPEN_MONTH_DAYS,
    VELOCITY_WEEKS,
    previous_reset,
)
from planner.domain import CreditEvent, EventKind, Seat, SeatHistory
from planner.errors import Issue, Severity
from planner.ledger import pace
from planner.ledger.balance import (
    Balance,
    assertions,
    credit_terms,
    fold,
    most_used,
    uses,
)
from planner.params import Parameters
from planner.words import counted

#: Code of the warning that the ledger has more sends than the inventory states.
FEWER_STATED = "fewer-sends-stated"
#: How the columns that count the last days are said.
_WORDS = {
    pace.INMAILS: ("InMail", " in the last 28 days"),
    pace.REQUESTS: ("connection request", " in the last 7 days"),
    pace.PENDING: ("pending connection request", ""),
}


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
    settled: bool = True,
) -> tuple[tuple[Seat, ...], tuple[Issue, ...]]:
    """Return the seats as the ledger completes them, and what differs, in words.

    A number that the inventory states stands, as far as what is known of the last days
    allows it (`planner.ledger.pace`). A balance read before the plan's date is
    carried forward by what the ledger knows of the days between.

    Parameters
    ----------
    settled : bool
        Whether sends that are settled for `as_of` and later are taken off days and
        credits; not for who takes them off himself.
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
        known, counts = _with_sends(known, history, parameters, as_of)
        issues += counts
        if settled:
            known, taken = _with_settled(known, history, parameters)
            issues += taken
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
    return replace(
        seat,
        credits=carried.at_least,
        credits_as_of=as_of,
        grant_unseen=_grant_unseen(seat, carried, parameters),
    )


def _grant_unseen(seat: Seat, carried: Balance, parameters: Parameters) -> str:
    """Return the day of a grant that may be late still and that nobody saw arrive."""
    reset = previous_reset(seat.reset_rule, carried.at)
    if reset is None or carried.seen.happened_on >= reset.isoformat():
        return ""
    # A day more: a seat's day may begin before that of the reset does.
    delay = dt.timedelta(hours=parameters.grant_delay_hours) + ONE_DAY
    return reset.isoformat() if carried.at <= reset + delay else ""


def _with_settled(
    seat: Seat, history: SeatHistory, parameters: Parameters
) -> tuple[Seat, list[Issue]]:
    """Take off what is settled beside the plan: room on its days, and credits.

    Of unsure InMails, as many credits as they use at most with probability 1 - alpha.
    Those after the next grant come off the present credits too, as far as they go: the
    plan may spend the grant, so that what is left over now has to pay for them.
    """
    if not history.ahead and not history.credits_ahead:
        return seat, []
    mass = uses(use for _, use in history.credits_ahead)
    taken = min(seat.credits, most_used(mass, parameters.alpha))
    inmails = sum(day.open_inmails + day.paid_inmails for day in history.ahead)
    requests = sum(day.connection_requests for day in history.ahead)
    failed = len(history.credits_ahead) - inmails
    are = "is" if taken == 1 else "are"
    words = (
        f"seat {seat.seat_id}: {counted(inmails, 'InMail')} and "
        f"{counted(requests, 'connection request')} are settled already (restarts by "
        f"triage, another week's run); {taken} of its "
        f"{counted(seat.credits, 'credit')} {are} kept for them"
    )
    if failed > 0:
        words += f" and for {failed} that failed today and may have used one"
    known = replace(seat, credits=seat.credits - taken, ahead=history.ahead)
    return known, [_note("sends-settled", words)]


def _with_sends(
    seat: Seat, history: SeatHistory, parameters: Parameters, as_of: dt.date
) -> tuple[Seat, list[Issue]]:
    """Fill in pace, requests and what is pending; what the ledger knows better counts."""
    changes, issues = _pace(seat, history, parameters, as_of)
    requests, pending = (
        pace.recent(history, column, as_of, parameters)
        for column in (pace.REQUESTS, pace.PENDING)
    )
    if _counts(seat, pace.REQUESTS, requests, issues):
        by_day = (
            *requests.days_before(as_of, requests.span),
            *(
                (day.date, day.connection_requests)
                for day in history.days
                if day.date >= as_of - ONE_WEEK and day.connection_requests
            ),
        )
        changes["recent_requests"] = by_day
        changes[pace.REQUESTS] = sum(count for _, count in by_day)
    if _counts(seat, pace.PENDING, pending, issues):
        changes[pace.PENDING] = _known_or_sent(pending)
    return replace(seat, **changes), issues  # type: ignore[arg-type]


def _known_or_sent(recent: pace.Recent) -> int:
    return recent.sent if recent.known is None else recent.known


def _counts(seat: Seat, column: str, recent: pace.Recent, issues: list[Issue]) -> bool:
    """Return whether the ledger's number counts: nothing, or less than it, is stated."""
    if column not in seat.stated:
        return True
    stated = getattr(seat, column)
    if stated >= recent.sent:
        return False
    issues.append(_fewer_stated(seat, column, stated, recent))
    return True


def _fewer_stated(seat: Seat, column: str, stated: int, recent: pace.Recent) -> Issue:
    return _note(FEWER_STATED, (
        f"{_stated_and_known(seat, column, stated, recent)}: counted "
        f"{_known_or_sent(recent):,}; leave the column blank to let the ledger count"
    ), Severity.WARNING)  # fmt: skip


def _stated_and_known(seat: Seat, column: str, stated: int, recent: pace.Recent) -> str:
    one, when = _WORDS[column]
    before = _known_or_sent(recent) - recent.sent
    more = f" and {before:,} from before it" if before else ""
    return (
        f"seat {seat.seat_id}: {counted(stated, one)}{when} stated, the ledger has "
        f"{recent.sent:,}{more}"
    )


def _pace(
    seat: Seat, history: SeatHistory, parameters: Parameters, as_of: dt.date
) -> tuple[dict[str, object], list[Issue]]:
    """Return the pace that counts: the stated one, if what is known allows it."""
    recent = pace.recent(history, pace.INMAILS, as_of, parameters)
    stated = seat.inmails_last_28_days if pace.INMAILS in seat.stated else None
    if stated is not None and recent.allows(stated):
        return _stated_pace(seat, history, as_of), []
    changes = _known_pace(seat, history, parameters, as_of)
    if stated is None:
        return changes, []
    # As if the column were blank.
    changes = {pace.INMAILS: None, **changes}
    if stated < recent.sent:
        return changes, [_fewer_stated(seat, pace.INMAILS, stated, recent)]
    is_new = changes[pace.INMAILS] is None
    counts = "it is a new seat" if is_new else f"counted {_known_or_sent(recent):,}"
    return changes, [_note("more-sends-stated", (
        f"{_stated_and_known(seat, pace.INMAILS, stated, recent)}: {counts}, or LinkedIn "
        "may see it speed up; record what people sent by hand (planner record), else "
        "leave the column blank"
    ), Severity.WARNING)]  # fmt: skip


def _stated_pace(seat: Seat, history: SeatHistory, as_of: dt.date) -> dict[str, object]:
    """Return the share of a stated pace that counts after a hold."""
    stated = seat.inmails_last_28_days
    if stated is None or history.held_until is None or history.pace_factor >= 1:
        return {}
    # Slower from now on, but what was sent is sent: spread over the free month, as where
    # only its sum is known.
    spread = tuple(
        (as_of - back * ONE_DAY, count)
        for back in range(OPEN_MONTH_DAYS, 0, -1)
        if (
            count := stated * back // OPEN_MONTH_DAYS
            - stated * (back - 1) // OPEN_MONTH_DAYS
        )
    )
    slower = int(stated * history.pace_factor)
    return {"inmails_last_28_days": slower, "recent_open_inmails": spread}


def _known_pace(
    seat: Seat, history: SeatHistory, parameters: Parameters, as_of: dt.date
) -> dict[str, object]:
    """Return the pace that is known: a sum of InMails, or weeks of the ramp.

    The ramp is for a seat that is new: one whose pace before the ledger nobody stated.
    It may be an old one all the same: its plans then kept far below the ramp. Where less
    than half of what the ramp allowed was sent, growth on what was sent, scaled to four
    weeks, is the measure. A new seat that had little to send grows more slowly by that,
    which does no harm.
    """
    is_held = history.held_until is not None
    first = pace.first_send(history, as_of)
    recent = pace.recent(history, pace.INMAILS, as_of, parameters)
    if first is None and not recent.known and not is_held:
        return {}
    changes: dict[str, object] = {}
    since = as_of - dt.timedelta(weeks=VELOCITY_WEEKS)
    weeks = 0 if first is None else (as_of - first).days // 7
    is_old = recent.before is not None or weeks >= parameters.new_seat_ramp_weeks
    if first is None or is_held or is_old:
        # After a hold, the pace of before is no measure: its share is.
        changes[pace.INMAILS] = int(_known_or_sent(recent) * history.pace_factor)
    elif 2 * recent.sent < _ramp_allowed(seat, max(first, since), first, as_of, parameters):
        # No less than a week: days off would make a few days' pace too fast.
        days = max(ONE_WEEK, as_of - max(first, since)).days
        changes[pace.INMAILS] = recent.sent * 7 * VELOCITY_WEEKS // days
    else:
        changes["weeks_active"] = max(0, weeks)
    month = as_of - dt.timedelta(days=OPEN_MONTH_DAYS)
    changes["recent_open_inmails"] = (
        # Of those that were stated, any may have been free.
        *recent.days_before(as_of, OPEN_MONTH_DAYS - 1),
        *(
            (day.date, day.open_inmails)
            for day in history.days
            if day.date > month and day.open_inmails
        ),
    )
    return changes


def _ramp_allowed(
    seat: Seat, since: dt.date, first: dt.date, as_of: dt.date, parameters: Parameters
) -> float:
    """Return the InMails that the ramp of a seat new on `first` allowed since a day."""
    allowed = 0.0
    for offset in range((as_of - since).days):
        day = since + offset * ONE_DAY
        if any(begin <= day <= end for begin, end in seat.away):
            continue
        stage = ((day - first).days // 7 + 1) / parameters.new_seat_ramp_weeks
        share = seat.day_shares[day.weekday()]
        allowed += min(1.0, stage) * share * seat.max_inmails_per_day
    return allowed


def _balance_assertion(
    seat: Seat, history: SeatHistory, parameters: Parameters
) -> list[Issue]:
    """Return how the balance that the inventory states differs from the ledger's."""
    if "credits" not in seat.stated:
        return []
    book = with_sighting(seat, history)
    found = assertions(
        book.events, credit_terms(seat, parameters), alpha=parameters.alpha,
        on=seat.credits_as_of.isoformat(),
    )  # fmt: skip
    if not found or found[-1].difference == 0:
        return []
    words, agrees = found[-1].in_words, found[-1].agrees
    before = _last_sighting(history, seat.credits_as_of)
    if before is not None and before.is_assumed:
        # To be read was what triage asked for: no reason to warn.
        agrees = True
        words += (
            f"; the ledger went on from the {before.credits:g} that triage assumed on "
            f"{before.happened_on[:10]}"
        )
    severity = Severity.NOTE if agrees else Severity.WARNING
    return [_note("balance-assertion", f"seat {seat.seat_id}: {words}", severity)]


def _last_sighting(history: SeatHistory, before: dt.date) -> CreditEvent | None:
    """Return the last balance of the days before one, seen or assumed."""
    found = [
        event
        for event in history.events
        if event.kind is EventKind.SEEN and event.happened_on < before.isoformat()
    ]
    return max(found, key=lambda event: event.happened_on, default=None)


def _note(code: str, message: str, severity: Severity = Severity.NOTE) -> Issue:
    return Issue(code=code, message=message, severity=severity)
