"""What a seat has to spare, as the ledger tells triage: numbers by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection

from plain_history import Journal, Outcome, Send
from planner.domain import CreditEvent, DayCount, EventKind, SeatHistory
from planner.errors import Severity
from planner.ledger import doubts, seatbook, store
from planner.ledger.failures import _Rooms, _sent
from planner.ledger.tables import BALANCES
from planner.ledger.touches import View
from planner.params import Parameters
from planner.triage.records import SeatState, SeatVerdict, Spell
from triage_factory import make_day, make_seat

#: A Wednesday.
AS_OF = dt.date(2026, 11, 25)
DAYS = tuple(make_day(f"2026-11-{day}", 8, 15) for day in (25, 26, 27))


def touch(date: str, route: str = "paid_inmail", **cells: Any) -> dict[str, Any]:
    """Return a planned send, as the ledger folds it."""
    return {
        "seat_id": "seat-01", "date": date, "route": route, "credit_probability": 1.0,
        "credit_used": -1, "sent": "", "failed": "", "happened": False, "undone": False,
        **cells,
    }  # fmt: skip


def frame(*touches: dict[str, Any]) -> pd.DataFrame:
    """Return touches as a frame, also if there are none."""
    found = pd.DataFrame(touches, columns=list(touch("")))
    return found.astype({"happened": bool, "undone": bool})


def rooms(
    *touches: dict[str, Any],
    seen: int | None = 20,
    days: tuple[DayCount, ...] = (),
    pending: int = 0,
    **seat: Any,
) -> _Rooms:
    """Return the rooms of a seat whose balance was read this morning."""
    events = (
        CreditEvent(
            happened_on="2026-11-25", kind=EventKind.SEEN, credits=float(seen or 0)
        ),
    )
    return _Rooms(
        seat=make_seat(**{"inmails_last_28_days": None, **seat}),
        history=SeatHistory(
            seat_id="seat-01", events=() if seen is None else events, days=days,
            pending_connection_requests=pending,
        ),
        as_of=AS_OF,
        parameters=Parameters(),
        ahead=frame(*touches),
    )  # fmt: skip


def test_credits_to_spare() -> None:
    """20 seen, 5 reserved; what is planned before and after the grant is taken off."""
    # Three sure ones ahead: 20 - 5 - 3. With the grant of 50: 70 - 5 - 3.
    ahead = [touch(f"2026-11-{day}") for day in (25, 26, 27)]
    assert rooms(*ahead).credits() == (12, 62)
    # One more after the grant of 1 December counts there only.
    assert rooms(*ahead, touch("2026-12-02")).credits() == (12, 61)
    # The cap: 140 + 50 are 150.
    assert rooms(seen=140).credits() == (135, 145)
    # Nobody knows the balance: nothing to spare.
    assert rooms(seen=None).credits() == (0, 0)
    assert rooms(seen=3).credits() == (0, 48)


def test_unsure_credits_are_reserved_at_the_plan_s_confidence() -> None:
    """Ten InMails at 0.2: with 95 % they need no more than 4 (binomial: 0.967)."""
    ahead = [touch("2026-11-26", credit_probability=0.2)] * 10
    assert rooms(*ahead).credits() == (20 - 5 - 4, 70 - 5 - 4)


def test_what_happened_today_is_not_in_this_morning_s_balance() -> None:
    """Sent today: a credit. Failed today: half of one, at 95 % a whole one. Skipped: 0."""
    sent = touch("2026-11-25", sent="2026-11-25", happened=True, credit_used=1)
    assert rooms(sent).credits()[0] == 14
    free = touch("2026-11-25", sent="2026-11-25", happened=True, credit_used=0)
    assert rooms(free).credits()[0] == 15
    lost = touch("2026-11-25", failed="2026-11-25", undone=True)
    assert rooms(lost).credits()[0] == 14
    assert rooms(touch("2026-11-25", undone=True)).credits()[0] == 15


def test_days_lose_what_is_planned_on_them() -> None:
    """Free and paid ones share the limit of all InMails; what failed makes room."""
    found = rooms(
        touch("2026-11-25"), touch("2026-11-25", "open_inmail"),
        touch("2026-11-26", undone=True, failed="2026-11-26"),
        touch("2026-11-27", "connection_request"),
    ).days(DAYS)  # fmt: skip
    left = [(day.max_inmails, day.max_paid_inmails, day.max_open_inmails) for day in found]
    assert left == [(6, 7, 7), (8, 8, 8), (8, 8, 8)]
    assert [day.max_connection_requests for day in found] == [15, 15, 14]


def test_inmails_keep_the_pace() -> None:
    """20 in the last four weeks: 1.3 * 5 + 5 = 11 a week, less those of this week."""
    past = (
        DayCount(date=dt.date(2026, 11, 10), open_inmails=7, paid_inmails=9),
        DayCount(date=dt.date(2026, 11, 24), paid_inmails=4),
    )
    assert rooms(days=past).inmails(DAYS) == 7
    # Two are planned on Thursday: 11 - 4 - 2.
    ahead = [touch("2026-11-26")] * 2
    assert rooms(*ahead, days=past).inmails(DAYS) == 5
    # The inventory says 400: 135 a week; then the three days' 24 bind.
    assert rooms(days=past, inmails_last_28_days=400).inmails(DAYS) == 24
    assert rooms(days=past).inmails(()) == 0
    # Next week: this week's four are behind, nothing is planned yet.
    monday = (make_day("2026-11-30", 8),)
    assert rooms(days=past).inmails(monday) == 8


def test_inmails_keep_the_slower_pace_after_a_hold() -> None:
    """Held lately, 10 of 20 count: 1.3 * 2.5 + 5 = 8 a week, whatever was sent before."""
    past = (DayCount(date=dt.date(2026, 11, 10), paid_inmails=20),)
    found = rooms(days=past, inmails_last_28_days=10)
    assert found.inmails(DAYS) == 11
    held = replace(found.history, held_until=AS_OF, pace_factor=0.5)
    assert replace(found, history=held).inmails(DAYS) == 8


@pytest.mark.parametrize(
    ("sent", "planned", "pending", "left"),
    [
        # 80 a week, of which 60 were sent in these 7 days: 20.
        (60, 0, 0, 20),
        (60, 5, 0, 15),
        # 500 may be pending.
        (60, 5, 490, 5),
        # Three days of 15.
        (0, 0, 0, 45),
        (90, 0, 0, 0),
    ],
)
def test_requests(sent: int, planned: int, pending: int, left: int) -> None:
    """Weekly limit, pending ones and days: the least counts."""
    past = (DayCount(date=dt.date(2026, 11, 20), connection_requests=sent),)
    ahead = [touch("2026-12-01", "connection_request")] * planned
    assert rooms(*ahead, days=past, pending=pending).requests(DAYS) == left


def test_which_planned_inmails_count_as_sent() -> None:
    """Recorded ones for certain; later ones perhaps; those that were passed over not."""
    found = _sent(
        frame(
            touch("2026-11-23"),  # a later one of its seat is recorded: passed over
            touch("2026-11-24", sent="2026-11-24T09:00:00Z", happened=True, credit_used=0),
            touch("2026-11-24", undone=True, failed="2026-11-24"),
            touch("2026-11-25", seat_id="seat-02"),  # today: not yet
            touch("2026-11-23", seat_id="seat-02"),
            touch("2026-11-23", "message", seat_id="seat-02"),
        ),
        AS_OF,
    )  # fmt: skip
    told = {
        seat: [(one.happened_on, one.credit_probability, one.is_certain) for one in sent]
        for seat, sent in found.items()
    }
    assert told == {
        "seat-01": [("2026-11-24T09:00:00Z", 0.0, True)],
        "seat-02": [("2026-11-23", 1.0, False)],
    }


# --- the seat's book ------------------------------------------------------------------


@contextmanager
def ledger(folder: Path, journal: Journal) -> Iterator[Connection]:
    """Give a connection to a ledger with what the journal says."""
    with store.opened(
        f"sqlite:///{folder}/planner.db", wait_seconds=5, create=True
    ) as book:
        assert book is not None
        with book.writing() as connection:
            journal.append_to(connection)
            yield connection


def seen_by(
    folder: Path, *balances: tuple[str, int, str], as_of: dt.date = AS_OF
) -> list[tuple[str, float, bool]]:
    """Return the balances of a seat's book, each recorded by an entry of its own."""
    journal = Journal()
    entries = [journal.add("balances", AS_OF) for _ in balances]
    with ledger(folder, journal) as connection:
        for entry, (on, credits, source) in zip(entries, balances, strict=True):
            line = {"entry": entry, "seat_id": "anna", "happened_on": on}
            line |= {"credits": credits, "source": source}
            store.append(connection, BALANCES, [line])
        found = seatbook.histories(connection, View(as_of=as_of), Parameters())
    return [
        (event.happened_on, event.credits, event.is_assumed)
        for event in found["anna"].events
    ]


@pytest.mark.parametrize(
    ("balances", "expected"),
    [
        # What was read stays read; an assumption of something else is the later news.
        ((("2026-11-24", 0, "seen"), ("2026-11-24", 0, "triage")), (0.0, False)),
        ((("2026-11-24", 9, "seen"), ("2026-11-24", 0, "triage")), (0.0, True)),
        # Read after it was assumed: seen.
        ((("2026-11-24", 0, "triage"), ("2026-11-24", 0, "seen")), (0.0, False)),
        ((("2026-11-24", 0, "triage"),), (0.0, True)),
    ],
)
def test_an_assumed_balance_hides_none_that_was_read(
    tmp_path: Path, balances: tuple[tuple[str, int, str], ...], expected: tuple[float, bool]
) -> None:
    """Of one instant, the last recorded counts, but an assumption repeats no sighting."""
    assert seen_by(tmp_path, *balances) == [("2026-11-24", *expected)]


def doubted(
    folder: Path,
    *after: tuple[str, int, str],
    later: str = "",
    num_sent: int = 3,
    days: int = 2,
    state: SeatState = SeatState.STOPPED,
    **inventory: Any,
) -> list[str]:
    """Return what is said of a seat that triage found stopped, and what came after.

    ``after`` are balances; ``later`` is the seat that a later triage found fine, after
    so many InMails had gone out (``num_sent``).
    """
    journal = Journal()
    first, second = (journal.add("triage", AS_OF) for _ in range(2))
    entries = [journal.add("balances", AS_OF) for _ in after]
    verdict = SeatVerdict(
        seat_id="anna", sender="", state=SeatState.STOPPED, probability=1.0, blocked=0.57,
        since="", until="", assumed_credits=None, held_until="", pace_factor=1.0,
        asks_balance=True, is_sure=True, num_failures=5, num_sent=0, words="",
        spells=(
            Spell(
                state=SeatState.STOPPED, since="2026-11-24T09:00:00Z",
                last="2026-11-25T14:00:00Z", until="", num_failures=5,
            ),
        ),
    )  # fmt: skip
    if state is SeatState.FINE:  # a grant has ended the stop, if it was one of credits
        verdict = replace(verdict, state=state, probability=0.4, is_sure=False)
    fine = replace(verdict, seat_id="piet", state=SeatState.FINE, is_sure=True)
    view = View(as_of=AS_OF + dt.timedelta(days=days))
    seats = [make_seat(name, stated=(), **inventory) for name in ("anna", "piet")]
    if inventory:
        seats = [replace(seat, stated=("credits",)) for seat in seats]
    with ledger(folder, journal) as connection:
        doubts.keep(connection, first, (verdict, fine), AS_OF)
        for entry, (on, credits, source) in zip(entries, after, strict=True):
            line = {"entry": entry, "seat_id": "anna", "happened_on": on}
            line |= {"credits": credits, "source": source}
            store.append(connection, BALANCES, [line])
        if later:
            again = replace(fine, seat_id=later, num_sent=num_sent)
            doubts.keep(connection, second, (again,), AS_OF)
        found = doubts.warnings(connection, seats, view, Parameters())
    assert {one.severity for one in found} <= {Severity.WARNING}
    return [one.message for one in found]


def test_a_seat_in_doubt_is_warned_of(tmp_path: Path) -> None:
    """Seat, day, chances and what to do; the seat that is fine is not named."""
    (words,) = doubted(tmp_path)
    assert words.startswith("seat anna: on 2026-11-25 triage found")
    assert "(out of credits 43%, velocity block 57%)" in words
    assert "enter it as credits" in words


def test_a_seat_may_be_in_doubt_after_a_grant(tmp_path: Path) -> None:
    """What is not fine for certain is a block, mostly: it is warned of all the same."""
    (words,) = doubted(tmp_path, state=SeatState.FINE)
    assert "(out of credits 3%, velocity block 57%)" in words


@pytest.mark.parametrize(
    ("after", "later", "days", "part"),
    [
        # Read before, assumed, or another seat's triage: still open.
        ((("2026-11-24", 0, "seen"),), "", 2, "has not been read since"),
        ((("2026-11-25", 0, "triage"),), "", 2, "has not been read since"),
        ((), "piet", 2, "has not been read since"),
        ((), "", 60, "has not been read since"),
        # None left: nothing to send. Some left: a block, for the days of a hold.
        ((("2026-11-25T17:30:00Z", 0, "seen"),), "", 2, ""),
        # A date alone is that morning's, before the last failure.
        ((("2026-11-25", 0, "seen"),), "", 2, "has not been read since"),
        ((("2026-11-26", 9, "seen"),), "", 2, "9 credits were read on 2026-11-26"),
        ((("2026-11-26", 9, "seen"),), "", 6, "pause the seat until 2026-12-02"),
        ((("2026-11-26", 9, "seen"),), "", 7, ""),
        ((), "anna", 2, ""),
    ],
)
def test_what_settles_a_doubt(
    tmp_path: Path,
    after: tuple[tuple[str, int, str], ...],
    later: str,
    days: int,
    part: str,
) -> None:
    """A balance read since, or a later triage of the seat; nothing else."""
    found = doubted(tmp_path, *after, later=later, days=days)
    assert len(found) == bool(part)
    assert all(part in words for words in found)


def test_a_triage_of_other_failures_settles_no_doubt(tmp_path: Path) -> None:
    """Nothing has gone out since: that one more lead refuses InMails says nothing."""
    (words,) = doubted(tmp_path, later="anna", num_sent=0)
    assert "has not been read since" in words


def test_what_was_read_later_in_the_day_counts(tmp_path: Path) -> None:
    """None left at half past five; Monday's inventory said 65 in the morning."""
    read = ("2026-11-26T17:30:00Z", 0, "seen")
    on = AS_OF + dt.timedelta(days=1)
    assert doubted(tmp_path, read, credits=65, credits_as_of=on) == []


def test_the_inventory_settles_a_doubt(tmp_path: Path) -> None:
    """Credits that are stated for the day of the triage or later were read."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    on = AS_OF + dt.timedelta(days=1)
    assert doubted(tmp_path / "a", credits=0, credits_as_of=on) == []
    (words,) = doubted(tmp_path / "b", credits=12, credits_as_of=on)
    assert "12 credits were read on 2026-11-26" in words


def test_credits_ahead(tmp_path: Path) -> None:
    """Known use counts as it is; failed today, half the credit; earlier, nothing here."""
    today, before = AS_OF.isoformat(), "2026-11-24"
    journal = Journal()
    run = journal.add("run", AS_OF)
    told = journal.add("outcomes", AS_OF)

    def plan(person: int, on: str, kind: str = "", at: str = "", used: int = -1) -> None:
        journal.sends.append(
            Send(entry=run, person=person, route="paid_inmail", send_on=on,
                 credit_probability=0.8)
        )  # fmt: skip
        if kind:
            journal.outcomes.append(
                Outcome(entry=told, line=person, person=person, kind=kind, happened_on=at,
                        credit_used=used, assignment=run)
            )  # fmt: skip

    plan(1, "2026-11-26")
    plan(2, today, "sent", today, used=0)
    plan(3, today, "failed", today)
    plan(4, before, "failed", f"{today}T08:00:00Z")
    plan(5, before, "failed", before)
    plan(6, today, "skipped", today)
    plan(7, "2026-11-27", "failed", today, used=1)
    with ledger(tmp_path, journal) as connection:
        parameters = Parameters().override({"failed_send_credit_loss": 0.5})
        found = seatbook.histories(connection, View(as_of=AS_OF), parameters)["anna"]
    assert found.credits_ahead == (
        (AS_OF, 0.0), (AS_OF, 0.4), (AS_OF, 0.4), (AS_OF, 1.0),
        (dt.date(2026, 11, 26), 0.8),
    )  # fmt: skip
    # Whoever failed was not reached: the day has room again.
    assert found.ahead == (
        DayCount(date=AS_OF, paid_inmails=1),
        DayCount(date=dt.date(2026, 11, 26), paid_inmails=1),
    )
