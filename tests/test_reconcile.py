"""Seats as the ledger completes them: balance, pace and what is settled, by hand."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from leads_factory import lead_table, make_lead, plan_for
from model_factory import make_seat
from planner.assign.audit import audit
from planner.domain import CreditEvent, DayCount, EventKind, Seat, SeatHistory
from planner.errors import Issue, Severity
from planner.ledger import pace, tables
from planner.ledger.reconcile import reconciled
from planner.ledger.store import Damage, append, append_entry
from planner.ledger.touches import View
from planner.model.calendar import seat_calendar
from planner.params import Parameters

#: A Tuesday on which a grant of 50 is due.
RESET = dt.date(2026, 12, 1)
#: A Monday without a reset near.
AS_OF = dt.date(2026, 11, 23)
PARAMETERS = Parameters()


def known(
    history: SeatHistory | None = None,
    *,
    as_of: dt.date = AS_OF,
    settled: bool = True,
    **seat: Any,
) -> tuple[Seat, tuple[Issue, ...]]:
    """Return one seat, and what is said of it; it states nothing unless told to."""
    given = make_seat(**{"inmails_last_28_days": None, **seat})
    histories = {} if history is None else {"anna": history}
    (found,), issues = reconciled(
        [given], histories, PARAMETERS, as_of=as_of, settled=settled
    )
    return found, issues


def book(*seen: tuple[str, float], **facts: Any) -> SeatHistory:
    """Return a history with balances seen on these days."""
    events = tuple(
        CreditEvent(happened_on=on, kind=EventKind.SEEN, credits=credits)
        for on, credits in seen
    )
    return SeatHistory(seat_id="anna", **{"events": events, **facts})


def sent(first: dt.date, *paid: int) -> tuple[DayCount, ...]:
    """Return days with paid InMails, one after the other."""
    return tuple(
        DayCount(date=first + dt.timedelta(days=k), paid_inmails=count)
        for k, count in enumerate(paid)
    )


# --- a grant that nobody has seen ---------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "as_of", "unseen"),
    [
        # Read on Monday, carried over the reset of Tuesday: 10 + 50.
        (("2026-11-30", 10.0), RESET, "2026-12-01"),
        (("2026-11-30", 10.0), dt.date(2026, 12, 2), "2026-12-01"),
        # After a day of delay and one for time zones, the grant is there.
        (("2026-11-30", 10.0), dt.date(2026, 12, 4), ""),
        (("2026-12-01", 60.0), RESET, ""),
        (("2026-12-01T09:00:00Z", 60.0), dt.date(2026, 12, 2), ""),
        (("2026-11-20", 60.0), dt.date(2026, 11, 30), ""),
    ],
)
def test_a_grant_that_nobody_saw(
    seen: tuple[str, float], as_of: dt.date, unseen: str
) -> None:
    """The ledger counts a grant on its day; until it is surely there, that is said."""
    found, _ = known(book(seen), as_of=as_of)
    assert (found.credits, found.grant_unseen) == (60, unseen)


def test_an_old_number_of_the_inventory_is_carried_over_a_reset_too() -> None:
    """Also without a ledger: 10 on Monday are 60 on Tuesday, if the grant is in time."""
    stated: dict[str, Any] = {"credits": 10, "stated": ("credits",)}
    monday = RESET - dt.timedelta(days=1)
    found, _ = known(None, as_of=RESET, credits_as_of=monday, **stated)
    assert (found.credits, found.grant_unseen) == (60, "2026-12-01")
    found, _ = known(None, as_of=RESET, credits_as_of=RESET, **stated)
    assert (found.credits, found.grant_unseen) == (10, "")


@pytest.mark.parametrize(
    ("delay", "zone", "first"),
    [
        # Working days open at 8. Of 24 hours from midnight UTC, the 1st lies inside.
        (24, "UTC", "2026-12-02"),
        (48, "UTC", "2026-12-03"),
        (8, "UTC", "2026-12-01"),
        (9, "UTC", "2026-12-02"),
        # Kiritimati's 2nd opens at 18:00 UTC of the 1st.
        (24, "Pacific/Kiritimati", "2026-12-03"),
    ],
)
def test_no_inmail_before_an_unseen_grant_is_there(
    delay: int, zone: str, first: str
) -> None:
    """Days within the delay of a grant that nobody saw keep their requests only."""
    parameters = PARAMETERS.override({"grant_delay_hours": delay, "send_hour_start": 8})
    calendar = seat_calendar(
        0, make_seat(grant_unseen="2026-12-01", time_zone=zone), as_of=RESET, start=RESET,
        end=RESET + dt.timedelta(days=6), parameters=parameters,
    )  # fmt: skip
    days = [day for period in calendar.periods for day in period.days]
    assert all(day.max_connection_requests > 0 for day in days)
    assert next(day.date.isoformat() for day in days if day.max_inmails) == first


def test_the_audit_finds_inmails_before_an_unseen_grant() -> None:
    """The audit reads the same promise in its own words; the pipeline keeps it."""
    leads = [make_lead(number, flag="no") for number in range(1, 7)]
    seat = make_seat(credits_as_of=RESET)
    plan = plan_for(leads, [seat], as_of=RESET)
    days = set(plan.assignments["send_on"].astype(str))
    assert "2026-12-01" in days
    unseen = replace(seat, grant_unseen="2026-12-01")
    broken = replace(plan, seats=(unseen,))
    codes = {issue.code for issue in audit(broken, lead_table(leads).leads)}
    assert codes == {"audit-sending-days"}
    late = plan_for(leads, [unseen], as_of=RESET)
    inmails = late.assignments[late.assignments["route"].astype(str) == "paid_inmail"]
    assert len(inmails)
    assert (inmails["send_on"].astype(str) >= "2026-12-02").all()
    assert audit(late, lead_table(leads).leads) == ()


# --- pace -----------------------------------------------------------------------------


def test_a_new_seat_goes_on_with_its_ramp() -> None:
    """Half of the first week's ramp is 0.5 x 4.7 x 20 / 4 = 11.75: 12 are a ramp."""
    first = AS_OF - dt.timedelta(days=7)
    days = sent(first, 3, 3, 3, 3)
    found, _ = known(book(days=days, first_send=first))
    assert (found.inmails_last_28_days, found.weeks_active) == (None, 1)


def test_an_old_seat_whose_pace_was_stated_once_is_not_new() -> None:
    """11 are too few for the ramp: 11 a week are 44 in four, so 19 and not 47 may go."""
    first = AS_OF - dt.timedelta(days=7)
    found, _ = known(book(days=sent(first, 3, 3, 3, 2), first_send=first))
    assert (found.inmails_last_28_days, found.weeks_active) == (44, 0)
    # Two weeks: the ramp allowed 4.7 x 20 x (1/4 + 2/4) = 70.5, of which 30 is no half.
    first -= dt.timedelta(days=7)
    found, _ = known(book(days=sent(first, 10, 10, 10), first_send=first))
    assert found.inmails_last_28_days == 60
    # Days on which the seat was away are no days of the ramp.
    away = ((first, first + dt.timedelta(days=10)),)
    found, _ = known(book(days=sent(first, 10, 10, 10), first_send=first), away=away)
    assert (found.inmails_last_28_days, found.weeks_active) == (None, 2)


def test_a_few_days_are_taken_for_a_week() -> None:
    """Two working days of 2 InMails are 4 a week, not 14: 16 in four weeks."""
    thursday = AS_OF - dt.timedelta(days=4)
    found, _ = known(book(days=sent(thursday, 2, 2), first_send=thursday))
    assert found.inmails_last_28_days == 16


def test_after_the_ramp_what_was_sent_counts() -> None:
    """Four weeks on, the sum itself is the pace."""
    first = AS_OF - dt.timedelta(days=28)
    found, _ = known(book(days=sent(first, 2, 3), first_send=first))
    assert (found.inmails_last_28_days, found.weeks_active) == (5, 0)


def test_a_planned_send_that_failed_starts_no_ramp() -> None:
    """Planned three weeks ago, first sent one week ago: one week of the ramp is over."""
    planned, first = (AS_OF - dt.timedelta(days=days) for days in (21, 7))
    found, _ = known(book(days=sent(first, 12), first_send=planned))
    assert (found.inmails_last_28_days, found.weeks_active) == (None, 1)
    found, _ = known(book(first_send=planned))
    assert (found.inmails_last_28_days, found.weeks_active) == (None, 0)


def test_a_hold_slows_a_stated_pace_too() -> None:
    """Half of 201 is 100; what was sent of free InMails stays what it was."""
    hold: dict[str, Any] = {"held_until": dt.date(2026, 11, 20), "pace_factor": 0.5}
    stated: dict[str, Any] = {
        "inmails_last_28_days": 201,
        "stated": ("inmails_last_28_days",),
    }
    found, _ = known(book(**hold), **stated)
    assert found.inmails_last_28_days == 100
    recent = found.recent_open_inmails or ()
    assert sum(count for _, count in recent) == 201
    assert recent[0][0] == AS_OF - dt.timedelta(days=30)
    assert {count for _, count in recent} == {6, 7}
    found, _ = known(book(), **stated)
    assert (found.inmails_last_28_days, found.recent_open_inmails) == (201, None)
    # Without a number: half of the 40 that the ledger knows, or none if it knows none.
    first = AS_OF - dt.timedelta(days=7)
    found, _ = known(book(days=sent(first, 40), first_send=first, **hold))
    assert found.inmails_last_28_days == 20
    assert known(book(**hold))[0].inmails_last_28_days == 0


# --- pace that was stated once ----------------------------------------------------------

#: The Monday of the first run that had the seat, a week ago.
FIRST = AS_OF - dt.timedelta(days=7)
WEEK_BEFORE: dict[str, Any] = {
    "days": sent(FIRST, 15, 15, 15, 15, 13),
    "first_send": FIRST,
    "known_since": FIRST,
}
STATED = {"inmails_last_28_days": 212}


def stated(column: str, number: int) -> dict[str, Any]:
    """Return a column as the inventory states it."""
    return {column: number, "stated": (column,)}


def test_an_old_seat_goes_on_with_what_was_stated_of_before() -> None:
    """73 of a week, and three weeks of 212 in four: 73 + 159; no ramp."""
    found, issues = known(book(**WEEK_BEFORE, stated_before=STATED))
    assert (found.inmails_last_28_days, found.weeks_active, issues) == (232, 0, ())
    # Any of those may have been free. They are the days 8 to 29 days ago.
    recent = dict(found.recent_open_inmails or ())
    assert sum(recent.values()) == 212 * 29 // 28 - 212 * 7 // 28 == 166
    assert max(recent) == FIRST - dt.timedelta(days=1)
    # Nobody stated anything: a new seat.
    found, _ = known(book(**WEEK_BEFORE))
    assert (found.inmails_last_28_days, found.weeks_active) == (None, 1)


def test_a_seat_that_was_away_keeps_its_pace() -> None:
    """No send in a week: three weeks of what was stated are left; after four, none is."""
    found, _ = known(book(known_since=FIRST, stated_before=STATED))
    assert found.inmails_last_28_days == 159
    long_ago = AS_OF - dt.timedelta(days=28)
    found, _ = known(book(known_since=long_ago, stated_before=STATED))
    assert (found.inmails_last_28_days, found.weeks_active) == (None, 0)


def test_requests_of_before_leave_their_window_day_by_day() -> None:
    """Known since Thursday, 14 stated on it: of Monday to Wednesday, 2 a day are left."""
    thursday = AS_OF - dt.timedelta(days=4)
    days = (DayCount(date=thursday, connection_requests=5),)
    before = {"connection_requests_last_7_days": 14, "pending_connection_requests": 42}
    past = book(
        days=days, first_send=thursday, stated_before=before,
        pending_connection_requests=5,
    )  # fmt: skip
    found, _ = known(past)
    assert found.recent_requests == (
        *((AS_OF - dt.timedelta(days=back), 2) for back in (7, 6, 5)),
        (thursday, 5),
    )
    assert found.connection_requests_last_7_days == 11
    # Pending ones are withdrawn after 21 days: 17 of 21 are left, 34.
    assert found.pending_connection_requests == 39


@pytest.mark.parametrize("column", ["requests", "pending"])
def test_fewer_requests_than_the_ledger_has_do_not_count(column: str) -> None:
    """A 0 of last week, left as it was: 20 count, and that is said; 25 stand."""
    name = {
        "requests": "connection_requests_last_7_days",
        "pending": "pending_connection_requests",
    }[column]
    day = AS_OF - dt.timedelta(days=1)
    past = book(
        days=(DayCount(date=day, connection_requests=20),), first_send=FIRST,
        known_since=FIRST, pending_connection_requests=20,
    )  # fmt: skip
    found, (issue,) = known(past, **stated(name, 0))
    assert getattr(found, name) == 20
    assert issue.severity is Severity.WARNING
    assert "stated, the ledger has 20: counted 20; leave the column blank" in issue.message
    blank, _ = known(past)
    assert found.recent_requests == blank.recent_requests == ((day, 20),)
    found, issues = known(past, **stated(name, 25))
    assert (getattr(found, name), issues) == (25, ())


@pytest.mark.parametrize(
    ("number", "counts", "words"),
    [
        # What was sent, or up to a third more: people send by hand, too.
        (90, 90, ""),
        (120, 120, ""),
        (121, 90, "121 InMails in the last 28 days stated, the ledger has 90: counted 90"),
        (89, 90, "89 InMails in the last 28 days stated, the ledger has 90: counted 90"),
    ],
)
def test_a_stated_pace_against_a_ledger_that_knows_four_weeks(
    number: int, counts: int, words: str
) -> None:
    """The ledger has 90 InMails of all the days that the number speaks of."""
    month = AS_OF - dt.timedelta(days=28)
    past = book(days=sent(month, 45, 45), first_send=month)
    found, issues = known(past, **stated("inmails_last_28_days", number))
    assert found.inmails_last_28_days == counts
    assert [words in issue.message for issue in issues] == [True] * bool(words)
    assert {issue.severity for issue in issues} <= {Severity.WARNING}


def test_a_stated_pace_stands_for_days_that_the_ledger_does_not_know() -> None:
    """Half of the 28 days are known, with nothing sent: a number left as it was does not.

    300 stated before leave 150 for the other half. On a new seat's first day, or where
    nobody stated anything before, the ledger has nothing to say against it.
    """
    two_weeks = AS_OF - dt.timedelta(days=14)
    left = stated("inmails_last_28_days", 300)
    past = book(known_since=two_weeks, stated_before={"inmails_last_28_days": 300})
    found, (issue,) = known(past, **left)
    assert found.inmails_last_28_days == 150
    assert "300 InMails in the last 28 days stated, the ledger has 0 and 150" in (
        issue.message
    )
    # Read anew, 150 are true: all of them are of the days before.
    found, issues = known(past, **stated("inmails_last_28_days", 150))
    assert (found.inmails_last_28_days, issues) == (150, ())
    for unknown in (book(known_since=AS_OF, stated_before=STATED), book()):
        found, issues = known(unknown, **left)
        assert (found.inmails_last_28_days, issues) == (300, ())
    found, issues = known(book(known_since=two_weeks), **left)
    assert (found.inmails_last_28_days, issues) == (300, ())


def test_a_stated_pace_does_not_vouch_for_itself() -> None:
    """73 of a week and 159 of before: up to 309 may be stated, and 1,000 may not."""
    past = book(**WEEK_BEFORE, stated_before=STATED)
    found, issues = known(past, **stated("inmails_last_28_days", 309))
    assert (found.inmails_last_28_days, issues) == (309, ())
    for number in (310, 1000):
        found, (issue,) = known(past, **stated("inmails_last_28_days", number))
        assert found.inmails_last_28_days == 232
        assert issue.severity is Severity.WARNING
        assert (issue.code, "counted 232" in issue.message) == ("more-sends-stated", True)


def test_a_pace_that_does_not_count_is_as_good_as_blank() -> None:
    """Nothing went out for four weeks: whatever is stated, the seat starts anew."""
    month = AS_OF - dt.timedelta(days=28)
    past = book(known_since=month, stated_before={"inmails_last_28_days": 300})
    found, (issue,) = known(past, **stated("inmails_last_28_days", 300))
    blank, _ = known(past)
    assert found == blank
    assert "it is a new seat" in issue.message


# --- what the next run is to know --------------------------------------------------------


def kept(seat: Seat, history: SeatHistory | None = None) -> dict[str, object]:
    """Return what a run as of `AS_OF` keeps of a seat."""
    histories = {} if history is None else {"anna": history}
    return pace.kept([seat], histories, PARAMETERS, AS_OF)["anna"]


def test_a_run_keeps_what_was_stated_of_before() -> None:
    """On the first day all of it; later on, what was sent since comes off, at 3/4."""
    column = "inmails_last_28_days"
    told = make_seat(**stated(column, 212))
    assert kept(told) == {"since": "2026-11-23", column: 212}
    silent = make_seat(**{column: None})
    assert kept(silent) == {"since": "2026-11-23"}
    past = book(**WEEK_BEFORE, stated_before=STATED)
    assert kept(silent, past) == {"since": "2026-11-16", column: 212}
    # (232 - 73) * 4/3 is 212, (160 - 73) * 4/3 is 116: a later number only lowers it.
    for number, rest in ((232, 212), (300, 212), (160, 116), (40, 212)):
        assert kept(make_seat(**stated(column, number)), past)[column] == rest
    assert kept(make_seat(**stated(column, 160)), book(**WEEK_BEFORE))[column] == 116
    # A number corrected on the first day takes the place of the mistyped one.
    mistyped = book(known_since=AS_OF, stated_before={column: 21})
    assert kept(told, mistyped)[column] == 212


def test_a_seat_that_the_inventory_lacks_is_not_forgotten() -> None:
    """It may be back the week after."""
    past = book(known_since=FIRST, stated_before=STATED)
    found = pace.kept([], {"anna": past}, PARAMETERS, AS_OF)
    assert found == {"anna": {"since": "2026-11-16", **STATED}}


# --- what the runs in the ledger have kept -----------------------------------------------


@contextmanager
def runs_kept(*documents: dict[str, Any]) -> Iterator[Connection]:
    """Give a ledger with a run each Monday from `FIRST` on, one by document."""
    engine = sa.create_engine("sqlite://")
    tables.metadata.create_all(engine, tables=[tables.ENTRIES, tables.RUNS, tables.VOIDS])
    texts = dict.fromkeys((c.name for c in tables.RUNS.c), "")
    with engine.begin() as connection:
        for entry, document in enumerate(documents, 1):
            as_of = FIRST + dt.timedelta(weeks=entry - 1)
            append_entry(connection, "run", as_of=as_of, digest="")
            run = {"entry": entry, "document": json.dumps(document), "leads": b""}
            append(connection, tables.RUNS, [texts | run])
        yield connection


def inventory(**inmails: int | None) -> dict[str, Any]:
    """Return a document of a run that kept its inventory only: no requests stated."""
    counts = {"connection_requests_last_7_days": 0, "pending_connection_requests": 5}
    return {
        "seats": [
            {"seat_id": seat_id, "inmails_last_28_days": number, **counts}
            for seat_id, number in inmails.items()
        ]
    }


def test_an_older_ledger_tells_what_its_inventories_stated() -> None:
    """The first run says it, without sends of the ledger; the last of later seats."""
    later = AS_OF + dt.timedelta(days=7)
    view = View(as_of=later)
    pending = {"pending_connection_requests": 5}
    one = inventory(anna=212, ben=0, cleo=None)
    ben = {"inmails_last_28_days": 0, **pending}
    expected: dict[str, Any] = {
        "anna": (FIRST, {**STATED, **pending}), "ben": (FIRST, ben),
        "cleo": (FIRST, pending),
    }  # fmt: skip
    with runs_kept(one) as connection:
        assert pace.read(connection, view) == expected
    dora = {"inmails_last_28_days": 40, **pending}
    with runs_kept(one, inventory(anna=232, ben=8, dora=40)) as connection:
        assert pace.read(connection, view) == {**expected, "dora": (AS_OF, dora)}
        assert pace.read(connection, View(as_of=later, upto=2)) == expected
        # A first run that was not carried out tells nothing.
        void = {"entry": 3, "voided": 1, "from_date": ""}
        append(connection, tables.VOIDS, [void])
        found = pace.read(connection, view)
        assert found["anna"] == (AS_OF, {"inmails_last_28_days": 232, **pending})
    # A run of today says it itself.
    kept_now = {"before": {"anna": {"since": "2026-11-16", **STATED}}}
    with runs_kept(one, {**inventory(anna=232), **kept_now}) as connection:
        assert pace.read(connection, view) == {"anna": (FIRST, STATED)}
    with runs_kept() as connection:
        assert pace.read(connection, view) == {}


@pytest.mark.parametrize(
    "document",
    [
        {"before": {"anna": {"inmails_last_28_days": 212}}},
        {"before": {"anna": {"since": None}}},
        {"before": {"anna": {"since": "last week"}}},
        {"before": {"anna": {"since": "2026-11-16", "inmails_last_28_days": "many"}}},
        {"before": {"anna": "2026-11-16"}},
        {"before": ["anna"]},
        {"seats": ["anna"]},
        {"seats": 8},
    ],
)
def test_a_document_that_is_not_as_it_was_written_is_damage(
    document: dict[str, Any],
) -> None:
    """Whoever opened the ledger says which one it is."""
    with runs_kept(document) as connection, pytest.raises(Damage, match="had sent"):
        pace.read(connection, View(as_of=AS_OF))


# --- what is settled ------------------------------------------------------------------


def test_settled_sends_come_off_the_seat_unless_others_take_them_off() -> None:
    """Two sure InMails, one after the next grant, are off the 20 credits: 18."""
    friday, later = dt.date(2026, 11, 27), dt.date(2026, 12, 2)
    ahead = (DayCount(date=friday, paid_inmails=1), DayCount(date=later, paid_inmails=1))
    past = book(
        ("2026-11-23", 20.0), ahead=ahead, credits_ahead=((friday, 1.0), (later, 1.0))
    )
    found, issues = known(past)
    assert (found.credits, found.ahead) == (18, ahead)
    assert [issue.code for issue in issues] == ["sends-settled"]
    assert "2 InMails and 0 connection requests are settled" in issues[0].message
    one = replace(past, ahead=ahead[:1], credits_ahead=past.credits_ahead[:1])
    _, (issue,) = known(one)
    assert "1 InMail and 0 connection requests are settled" in issue.message
    assert "1 of its 20 credits is kept" in issue.message
    found, issues = known(past, settled=False)
    assert (found.credits, found.ahead, issues) == (20, (), ())


def test_failures_of_today_may_have_used_credits() -> None:
    """Of ten that cost one with 0.5, no more than 8 do (binomial: 0.989; 7: 0.945)."""
    failed = ((AS_OF, 0.5),) * 10
    found, (issue,) = known(book(("2026-11-23", 20.0), credits_ahead=failed))
    assert (found.credits, found.ahead) == (12, ())
    assert "for 10 that failed today" in issue.message


# --- assumed balances -----------------------------------------------------------------


def test_an_assumed_balance_is_called_so() -> None:
    """Whoever reads a balance after triage assumed one gets no warning for it."""
    past = book(("2026-11-20", 0.0))
    stated: dict[str, Any] = {"credits": 7, "stated": ("credits",)}
    _, (issue,) = known(past, **stated)
    assert issue.severity is Severity.WARNING
    assert "assumed" not in issue.message
    (event,) = past.events
    assumed = replace(past, events=(replace(event, is_assumed=True),))
    _, (issue,) = known(assumed, **stated)
    assert issue.severity is Severity.NOTE
    assert "the 0 that triage assumed on 2026-11-20" in issue.message
