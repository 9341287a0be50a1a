"""Seats that the inventory may have renamed: a new name would start afresh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from planner.domain import DayCount, Seat, SeatHistory
from planner.errors import Issue, Severity
from planner.ledger.runs import Run

_NAMES = ("seat_id", "sender", "sender_profile_uuid")
_COUNTS = tuple(item.name for item in fields(DayCount) if item.name != "date")


def renamed(
    seats: Sequence[Seat], histories: Mapping[str, SeatHistory], runs: Iterable[Run]
) -> tuple[Issue, ...]:
    """Return a warning for each seat that may have been renamed.

    Parameters
    ----------
    seats : sequence of Seat
        The inventory.
    histories : mapping of str to SeatHistory
        What the ledger knows by seat; their days, five weeks of them, tell which seats
        have sent something lately.
    runs : iterable of Run
        Runs of the ledger, oldest first: senders and UUIDs as they were. Not looked at
        unless a seat has gone.

    Returns
    -------
    tuple of Issue
        A pair of seats with a name in common looks renamed; of the others, all that are
        new and all that have gone are named in one warning. A seat that is only new, or
        only gone, needs none.
    """
    listed = {seat.seat_id for seat in seats}
    num_sent = {
        seat_id: _num_sent(history)
        for seat_id, history in sorted(histories.items())
        if seat_id not in listed
    }
    gone = {seat_id: num for seat_id, num in num_sent.items() if num}
    if not gone:
        return ()
    past = _past_names(runs)
    known = past.keys() | histories.keys()
    new = {
        seat.seat_id: _folded(getattr(seat, name) for name in _NAMES)
        for seat in seats
        if seat.seat_id not in known
    }
    issues = []
    for new_id in sorted(new):
        for old_id in sorted(gone):
            shared = new[new_id] & (past.get(old_id, set()) | _folded([old_id]))
            if shared:
                issues.append(_looks_renamed(new_id, old_id, gone.pop(old_id), shared))
                del new[new_id]
                break
    if new and gone:
        issues.append(_may_be_renamed(sorted(new), gone))
    return tuple(issues)


def _past_names(runs: Iterable[Run]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for run in runs:
        for seat in run.seats:
            own = names.setdefault(str(seat["seat_id"]), set())
            own |= _folded(seat[name] for name in _NAMES)
    return names


def _folded(names: Iterable[object]) -> set[str]:
    return {str(name).strip().casefold() for name in names} - {""}


def _num_sent(history: SeatHistory) -> int:
    return sum(getattr(day, name) for day in history.days for name in _COUNTS)


def _looks_renamed(new_id: str, old_id: str, num: int, shared: set[str]) -> Issue:
    return _warning(
        f"seat {new_id} looks like seat {old_id} renamed (both are {min(shared)!r}): the "
        f"ledger does not know {new_id}, and {old_id}, with {_sends(num)} in the last five "
        f"weeks, is not in the inventory. Give it its old seat_id {old_id} back, or it "
        "starts without the balance, pace, invitations and companies of its past"
    )


def _may_be_renamed(new: Sequence[str], gone: Mapping[str, int]) -> Issue:
    left = ", ".join(f"{seat_id} ({_sends(num)})" for seat_id, num in gone.items())
    return _warning(
        f"the ledger does not know {', '.join(new)}, and the inventory lacks seats that "
        f"sent in the last five weeks: {left}. If one was renamed, give it its old seat_id "
        "back, or it starts without the balance, pace, invitations and companies of its "
        "past; if not, nothing is to be done"
    )


def _sends(num: int) -> str:
    return f"{num:,} send" + ("s" if num != 1 else "")


def _warning(message: str) -> Issue:
    return Issue(code="seat-renamed", message=message, severity=Severity.WARNING)
