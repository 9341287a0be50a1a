"""What the ledger knows: every fold by hand on small ledgers, then against plain Python."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

import plain_history as plain
from leads_factory import lead_table, make_lead
from plain_history import Journal, Look, Outcome, Send
from planner.domain import CreditEvent, DayCount, EventKind, History, Identities, LeadTable
from planner.ledger import columns, history, packing, people, store
from planner.ledger.tables import FORGOTTEN, PACKS, RUNS
from planner.ledger.touches import View, touches
from planner.params import Parameters

#: A Monday, the plan's date of all tests.
TODAY = dt.date(2026, 11, 23)
WEEK = "2026-W48"
SENT = {"kind": "sent"}


def day(ago: int) -> str:
    """Return the ISO date of a day before the plan's date."""
    return (TODAY - dt.timedelta(days=ago)).isoformat()


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """Have outcomes gone through two at a time, so that few fill many blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("planner.ledger.touches._BLOCK", 2)
        yield


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty ledger; copy it, never change it."""
    path = tmp_path_factory.mktemp("ledger") / "planner.db"
    with store.opened(f"sqlite:///{path}", wait_seconds=5, create=True):
        pass
    return path


@contextmanager
def ledger(
    empty: Path, journal: Journal, packed: Sequence[int] = ()
) -> Iterator[Connection]:
    """Give a connection to a ledger with what the journal says, some entries packed."""
    path = Path(shutil.copy(empty, empty.parent / "copy.db"))
    with (
        store.opened(f"sqlite:///{path}", wait_seconds=5, create=True) as book,
        store_writing(book) as connection,
    ):
        PACKS.create(connection, checkfirst=True)
        journal.append_to(connection)
        for entry, week in journal.weeks.items():
            store.append(connection, RUNS, [_run(entry, week)])
        for entry in packed:
            columns.keep(connection, entry)
        yield connection


@contextmanager
def store_writing(book: store.Ledger | None) -> Iterator[Connection]:
    """Give a connection to write with."""
    assert book is not None
    with book.writing() as connection:
        yield connection


def _run(entry: int, week: str) -> dict[str, object]:
    nothing = packing.PackedLeads(
        mark=np.empty(0, dtype=np.uint64), segment=np.empty(0, dtype=np.int64),
        held=np.empty(0, dtype=bool), unknown=np.empty(0, dtype=bool),
    )  # fmt: skip
    return {
        "entry": entry, "run_id": f"{entry:020x}", "name": f"{week}-{entry}", "folder": "",
        "week": week, "week_start": "", "week_end": "", "version": "0",
        "document": '{"segments": [], "scored": [], "seats": []}',
        "leads": packing.pack(nothing),
    }  # fmt: skip


def table(persons: Sequence[Sequence[int]], companies: Sequence[str] = ()) -> LeadTable:
    """Return a list in which each lead has the keys of some persons."""
    keys = [*companies, *[""] * (len(persons) - len(companies))]
    made = lead_table(
        make_lead(number + 1, company_key=key) for number, key in enumerate(keys)
    )
    lead = [number for number, those in enumerate(persons) for _ in those]
    value = [f"p{person}" for those in persons for person in those]
    identities = Identities(
        lead=np.array(lead, dtype=np.int64),
        space=np.array(["slug"] * len(lead), dtype=object),
        value=np.array(value, dtype=object),
    )
    return replace(made, identities=identities)


def ask(
    connection: Connection, leads: LeadTable, look: Look | None = None, **changes: object
) -> History:
    """Return what the ledger knows of a list on the plan's date."""
    at = look or Look(as_of=TODAY, week=WEEK)
    parameters = Parameters().override(changes)
    view = View(as_of=at.as_of, week=at.week, upto=at.upto)
    seats = history.seat_histories(connection, view, parameters)
    asked = history.Asked(view=view, start=at.as_of, parameters=parameters)
    return history.read(connection, leads, seats, asked)


def known(found: History, lead: int = 1) -> dict[str, Any]:
    """Return what is known of the lead of this number; nothing if nothing is."""
    rows = found.leads[found.leads["lead_id"] == f"{lead:016x}"].to_dict("records")
    return {str(name): value for row in rows for name, value in row.items()}


class Past(Journal):
    """A journal that is written in few words."""

    def run(self, week: str, as_of: int, *sends: Mapping[str, Any]) -> int:
        """Add a run planned some days ago; sends name person and days ago."""
        entry = self.add("run", TODAY - dt.timedelta(days=as_of))
        self.weeks[entry] = week
        for given_ in sends:
            rest = {name: value for name, value in given_.items() if name != "ago"}
            self.sends.append(Send(entry=entry, send_on=day(given_["ago"]), **rest))
        return entry

    def tell(self, ago: int, *lines: Mapping[str, Any]) -> int:
        """Add outcomes recorded some days ago; ``on`` is when they happened."""
        entry = self.add("outcomes", TODAY - dt.timedelta(days=ago))
        for number, line in enumerate(lines):
            rest = {name: value for name, value in line.items() if name != "on"}
            on = line["on"]
            self.outcomes.append(
                Outcome(
                    entry=entry, line=number, **rest,
                    happened_on=on if isinstance(on, str) else day(on),
                )
            )  # fmt: skip
        return entry

    def void(self, voided: int, from_date: str = "") -> int:
        """Add that a run, or its part from a day on, was not carried out."""
        entry = self.add("void", TODAY)
        self.voids.append((entry, voided, from_date))
        return entry


# --- sends in force, and who was contacted ----------------------------------------


@pytest.mark.parametrize(
    ("lines", "voided", "expected"),
    [
        # Nobody recorded anything: contacted as planned, 10 days ago.
        ([], None, 10),
        # Recorded with a day of its own: 8 days ago.
        ([{"kind": "sent", "on": 8}], None, 8),
        # Failed or skipped: never reached.
        ([{"kind": "failed", "on": 10}], None, None),
        ([{"kind": "skipped", "on": 10}], None, None),
        # A second attempt got through.
        ([{"kind": "failed", "on": 10}, {"kind": "sent", "on": 9}], None, 9),
        # Voided as a whole; from the very day; from the day after, which it is before.
        ([], "", None),
        ([], day(10), None),
        ([], day(9), 10),
        # Voided, but it had happened.
        ([{"kind": "sent", "on": 9}], "", 9),
        ([{"kind": "accepted", "on": 5}], "", 10),
    ],
)
def test_planned_send_counts_unless_an_outcome_or_a_void_says_otherwise(
    empty: Path, lines: list[dict[str, Any]], voided: str | None, expected: int | None
) -> None:
    """A planned send is made on its day until an outcome or a void says otherwise."""
    past = Past()
    run = past.run("2026-W46", 14, {"person": 1, "ago": 10})
    past.tell(3, *({"person": 1, "assignment": run, **line} for line in lines))
    if voided is not None:
        past.void(run, voided)
    with ledger(empty, past) as connection:
        found = known(ask(connection, table([[1]])))
    if expected is None:
        assert found == {}
    else:
        assert found["last_contacted_on"] == day(expected)
        assert found["exclusion"] == "contacted_before"


def test_own_week_is_planned_anew_but_for_what_is_past_or_happened(empty: Path) -> None:
    """The week being planned is free again but for what is past or happened."""
    # This week's run planned 2 for today and 3 for tomorrow; 3 was sent all the same.
    # Of the week before, 1's send was for next Tuesday: it stands.
    past = Past()
    past.run("2026-W47", 7, {"person": 1, "ago": -1})
    run = past.run(WEEK, 0, {"person": 2, "ago": 0}, {"person": 3, "ago": -1})
    past.tell(0, {"person": 3, "assignment": run, "on": 0, **SENT})
    with ledger(empty, past) as connection:
        anew = ask(connection, table([[1], [2], [3]]))
        kept = ask(connection, table([[1], [2], [3]]), Look(as_of=TODAY))
        before = ask(connection, table([[1], [2], [3]]), Look(as_of=TODAY, upto=2))
    dates = [known(anew, lead).get("last_contacted_on") for lead in (1, 2, 3)]
    assert dates == [day(-1), None, day(0)]
    dates = [known(kept, lead).get("last_contacted_on") for lead in (1, 2, 3)]
    assert dates == [day(-1), day(0), day(0)]
    dates = [known(before, lead).get("last_contacted_on") for lead in (1, 2, 3)]
    assert dates == [day(-1), None, None]


def test_rules_by_which_people_are_left_out_and_their_order(empty: Path) -> None:
    """Replied comes before dropped, dropped before contacted."""
    # 1 contacted; 2 replied; 3 dropped by the last triage; 4 dropped once, restarted
    # since; 5 replied and dropped: the reply counts; 6 has InMails off.
    past = Past()
    run = past.run("2026-W46", 14, *({"person": p, "ago": 10} for p in (1, 2)))
    past.tell(
        5,
        {"person": 2, "assignment": run, "kind": "replied", "on": 6},
        {"person": 5, "kind": "replied", "on": 6},
    )
    triage = past.add("triage", TODAY)
    for person, cause, step in (
        (3, "profile_gone", "drop"), (4, "unknown", "drop"), (5, "unknown", "drop"),
        (6, "inmail_off", "connection_request"),
    ):  # fmt: skip
        past.triages.append((triage, person, cause, step))
    past.triages.append((past.add("triage", TODAY), 4, "unknown", "restart"))
    with ledger(empty, past) as connection:
        found = ask(connection, table([[p] for p in range(1, 7)]))
        waited = ask(connection, table([[1]]), recontact_after_days=10)
        soon = ask(connection, table([[1]]), recontact_after_days=11)
    rules = {lead: known(found, lead).get("exclusion") for lead in range(1, 7)}
    assert rules == {
        1: "contacted_before", 2: "replied_before", 3: "dropped", 4: None,
        5: "replied_before", 6: "",
    }  # fmt: skip
    assert known(found, 6)["inmail_flag"] == 0
    # 10 days ago: may be contacted again after 10 days, not yet after 11.
    assert known(waited)["exclusion"] == ""
    assert known(soon)["exclusion"] == "contacted_before"


def test_forgotten_person_is_kept_out_by_any_key(empty: Path) -> None:
    """One key of a forgotten person keeps a lead out."""
    with ledger(empty, Past()) as connection:
        mark = people.mark_of(store.secret_key(connection), "slug", "p9")
        forgotten = [{"mark": mark, "entry": 1}]
        store.append(connection, FORGOTTEN, forgotten)
        found = ask(connection, table([[1], [2, 9]]))
    assert list(found.leads["lead_id"]) == [f"{2:016x}"]
    assert known(found, 2)["exclusion"] == "do_not_contact"


def test_last_flag_seen_counts_and_of_two_persons_the_known_one(empty: Path) -> None:
    """Of one person the last flag counts, of two the one that is known."""
    # 1: open on day 5, closed on day 4, whatever the order of recording. The second lead
    # is persons 2 (seen open) and 3 (never seen): open.
    past = Past()
    past.tell(3, {"person": 1, "kind": "flag_seen", "on": 4, "open_flag": 0})
    past.tell(
        2,
        {"person": 1, "kind": "flag_seen", "on": 5, "open_flag": 1},
        {"person": 2, "kind": "flag_seen", "on": 5, "open_flag": 1},
        {"person": 3, "kind": "replied", "on": 5},
    )
    with ledger(empty, past) as connection:
        found = ask(connection, table([[1], [2, 3]]))
    assert [known(found, lead)["open_flag"] for lead in (1, 2)] == [0, 1]


def test_flag_of_one_of_two_persons_is_scored_against_the_forecast(empty: Path) -> None:
    """A flag seen scores the forecast of a lead that is two persons."""
    # The run of last week forecast lead 1 in segment "a" (30 %). It is persons 1, whose
    # flag was seen open, and 2, whose never was: one forecast revealed, open.
    past = Past()
    past.run("2026-W47", 7, {"person": 2, "ago": 6})
    past.tell(3, {"person": 1, "kind": "flag_seen", "on": 4, "open_flag": 1})
    with ledger(empty, replace(past, weeks={})) as connection:
        marks = packing.marks(store.secret_key(connection), [f"{1:016x}"])
        packed = packing.PackedLeads(
            mark=marks, segment=np.zeros(1, dtype=np.int64), held=np.array([True]),
            unknown=np.array([True]),
        )  # fmt: skip
        row = _run(1, "2026-W47")
        row["document"] = (
            '{"segments": [{"segment": "a", "mean": 0.3, "beta_a": 3, "beta_b": 7}], '
            '"scored": [], "seats": []}'
        )
        row["leads"] = packing.pack(packed)
        store.append(connection, RUNS, [row])
        found = ask(connection, table([[1, 2]]))
    assert found.newly_scored[["segment", "num_revealed", "num_open"]].values.tolist() == [
        ["a", 1, 1]
    ]
    assert known(found)["held"]


# --- companies --------------------------------------------------------------------


def test_company_stays_with_the_seat_of_its_last_touch(empty: Path) -> None:
    """The last touch that reached somebody decides on a company's seat."""
    past = Past()
    acme = {"company_key": "acme"}
    past.run("2026-W40", 50, {"person": 1, "ago": 49, "seat_id": "anna", **acme})
    run = past.run(
        "2026-W46", 14,
        {"person": 2, "ago": 10, "seat_id": "piet", **acme},
        {"person": 3, "ago": 9, "seat_id": "anna", **acme},
        {"person": 4, "ago": 6, "seat_id": "piet", **acme},
        {"person": 5, "ago": 7, "seat_id": "piet", **acme},
        {"person": 6, "ago": 5, "seat_id": "piet", "company_key": "bolt"},
    )  # fmt: skip
    past.tell(3, {"person": 4, "assignment": run, "kind": "skipped", "on": 6})
    with ledger(empty, past) as connection:
        found = ask(connection, table([[7], [8]], ["acme", "corn"]))
        mine = ask(connection, table([[7], [6]], ["acme", "bolt"]))
        short = ask(connection, table([[7]], ["acme"]), company_seat_days=6)
        never = ask(connection, table([[7]], ["acme"]), company_seat_days=0)
    # The touch of 4 was skipped; that of 5, 7 days ago, is the last, by piet.
    assert found.company_seats == {"acme": "piet"}
    assert short.company_seats == {} == never.company_seats
    # Nobody of acme within 6 days; 6 of bolt is on the list itself.
    assert found.company_touches == {} == mine.company_touches
    with ledger(empty, past) as connection:
        bolt = ask(connection, table([[7]], ["bolt"]))
    assert bolt.company_touches == {"bolt": 1}


# --- seats ------------------------------------------------------------------------


def test_book_of_a_seat_by_hand(empty: Path) -> None:
    """Credit events, days, requests, first send and hold of one seat."""
    past = Past()
    send = {"seat_id": "anna"}
    run = past.run(
        "2026-W46", 14,
        {"person": 1, "ago": 10, "route": "paid_inmail", "credit_probability": 0.8, **send},
        {"person": 2, "ago": 10, "route": "paid_inmail", "credit_probability": 0.5, **send},
        {"person": 3, "ago": 10, "route": "connection_request", **send},
        {"person": 4, "ago": 10, "route": "connection_request", **send},
        {"person": 5, "ago": 0, "route": "open_inmail", **send},
    )  # fmt: skip
    past.tell(
        3,
        {"person": 1, "assignment": run, "kind": "sent", "on": f"{day(9)}T09:30:05Z"},
        {"person": 1, "assignment": run, "kind": "replied", "on": day(9)},
        {"person": 2, "assignment": run, "kind": "failed", "on": 8},
        {"person": 4, "assignment": run, "kind": "accepted", "on": 8},
        # Nobody had planned this one; it used a credit.
        {"person": 6, "kind": "sent", "on": 7, "seat_id": "anna", "route": "paid_inmail",
         "credit_used": 1},
    )  # fmt: skip
    past.balances.append((run, "anna", day(14), 20))
    past.holds.append((past.add("triage", TODAY), "anna", day(-2), 0.5))
    with ledger(empty, past) as connection:
        found = ask(connection, table([]), failed_send_credit_loss=0.2).seats["anna"]
    assert found.first_send == dt.date.fromisoformat(day(10))
    assert found.held_until == dt.date.fromisoformat(day(-2))
    assert found.pace_factor == 0.5
    # 3 waits for an answer; 4 has accepted.
    assert found.pending_connection_requests == 1
    assert found.days == (
        DayCount(date=dt.date.fromisoformat(day(10)), connection_requests=2),
        DayCount(date=dt.date.fromisoformat(day(9)), paid_inmails=1),
        DayCount(date=dt.date.fromisoformat(day(7)), paid_inmails=1),
    )
    sent = f"{day(9)}T09:30:05Z"
    expected = {
        CreditEvent(happened_on=day(14), kind=EventKind.SEEN, credits=20.0),
        CreditEvent(happened_on=sent, kind=EventKind.SPENT, credits=0.8),
        # The reply has a plain date: not before the send of that day.
        CreditEvent(happened_on=sent, kind=EventKind.REFUNDED, credits=0.8, sent_on=sent),
        # A failed one costs a credit with probability 0.5 x 0.2.
        CreditEvent(happened_on=day(8), kind=EventKind.SPENT, credits=0.1),
        CreditEvent(happened_on=day(7), kind=EventKind.SPENT, credits=1.0),
    }
    assert set(found.events) == expected
    assert len(found.events) == len(expected)


def test_first_send_of_a_voided_run_is_none_unless_it_happened(empty: Path) -> None:
    """What was voided starts no ramp, unless it happened."""
    past = Past()
    old = past.run("2026-W40", 56, {"person": 1, "ago": 55}, {"person": 2, "ago": 54})
    past.run("2026-W46", 14, {"person": 3, "ago": 10})
    past.tell(50, {"person": 2, "assignment": old, "on": 54, **SENT})
    voided = past.void(old)
    with ledger(empty, past) as connection:
        after = ask(connection, table([])).seats["anna"]
        before = ask(connection, table([]), Look(as_of=TODAY, upto=voided)).seats["anna"]
    assert after.first_send == dt.date.fromisoformat(day(54))
    assert before.first_send == dt.date.fromisoformat(day(55))


def test_answer_recorded_later_is_not_seen_from_before(empty: Path) -> None:
    """From before an answer was recorded there is no refund to see."""
    # An InMail of 60 days ago, answered 5 days ago: its refund belongs to the book, but
    # looked at from before the answer was recorded, there is neither send nor refund.
    past = Past()
    run = past.run("2026-W39", 62, {"person": 1, "ago": 60, "route": "paid_inmail"})
    told = past.tell(3, {"person": 1, "assignment": run, "kind": "replied", "on": 5})
    with ledger(empty, past) as connection:
        after = ask(connection, table([])).seats["anna"].events
        before = ask(connection, table([]), Look(as_of=TODAY, upto=told))
    assert [event.kind for event in after] == [EventKind.SPENT, EventKind.REFUNDED]
    assert before.seats["anna"].events == ()


def test_seat_that_nobody_looks_at_any_more_changes_no_other_book(empty: Path) -> None:
    """How far back one book reaches is no matter of another seat."""
    # Piet's balance was last seen 300 days ago: his book reaches back to then, anna's
    # does not (49 days).
    past = Past()
    inmail = {"route": "paid_inmail"}
    run = past.run(
        "2026-W05", 300,
        {"person": 1, "ago": 290, "seat_id": "piet", **inmail},
        {"person": 2, "ago": 290, "seat_id": "anna", **inmail},
        {"person": 3, "ago": 49, "seat_id": "anna", **inmail},
        {"person": 4, "ago": 50, "seat_id": "anna", **inmail},
    )  # fmt: skip
    past.balances += [(run, "piet", day(300), 9), (run, "anna", day(1), 9)]
    with ledger(empty, past) as connection:
        found = ask(connection, table([])).seats
    assert [event.happened_on for event in found["piet"].events] == [day(300), day(290)]
    assert [event.happened_on for event in found["anna"].events] == [day(1), day(49)]


# --- what was sent and what came back ---------------------------------------------


def test_cohorts_and_answers_by_hand(empty: Path) -> None:
    """Sends by day and answers by delay; a reply proves the acceptance."""
    past = Past()
    both = {"seat_id": "anna", "segment": "head"}
    run = past.run(
        "2026-W46", 14,
        *({"person": p, "ago": 10, "route": "paid_inmail", **both} for p in (1, 2)),
        *({"person": p, "ago": 10, "route": "connection_request", **both}
          for p in (3, 4, 5)),
        {"person": 6, "ago": 10, "route": "message", **both},
        {"person": 7, "ago": 2, "route": "open_inmail", **both},
    )  # fmt: skip
    past.tell(
        3,
        {"person": 1, "assignment": run, "kind": "replied", "on": 8},
        {"person": 3, "assignment": run, "kind": "accepted", "on": 7},
        {"person": 3, "assignment": run, "kind": "replied", "on": 5},
        # A reply proves the acceptance, on the same day.
        {"person": 4, "assignment": run, "kind": "replied", "on": 6},
        {"person": 5, "assignment": run, "kind": "failed", "on": 10},
    )
    with ledger(empty, past) as connection:
        found = ask(connection, table([]))
    assert found.observed_until == dt.date.fromisoformat(day(3))
    # Messages are not learned from; 5 failed; 7 was sent after the last record.
    assert found.cohorts.values.tolist() == [
        [day(10), "connection_request", "head", "anna", 2],
        [day(10), "inmail", "head", "anna", 2],
    ]
    assert found.responses.values.tolist() == [
        [day(10), "connection_request", "head", "anna", "accepted", 3, 1],
        [day(10), "connection_request", "head", "anna", "accepted", 4, 1],
        [day(10), "inmail", "head", "anna", "replied", 2, 1],
        [day(7), "connection_request", "head", "anna", "replied", 2, 1],
        [day(6), "connection_request", "head", "anna", "replied", 0, 1],
    ]


# --- instants ---------------------------------------------------------------------


_SECOND = dt.timedelta(seconds=1)
_TEXTS = st.one_of(
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)).map(dt.date.isoformat),
    st.integers(0, 3 * 366 * 86_400).map(
        lambda second: (dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + second * _SECOND).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
    ),
)


@given(st.lists(_TEXTS, min_size=1))
def test_instants_stand_in_the_order_of_their_texts(texts: list[str]) -> None:
    """Numbers of instants order as their texts do, and give them back."""
    numbers = columns.instants(texts).tolist()
    assert [columns.text_of(number) for number in numbers] == texts
    assert sorted(texts) == [columns.text_of(number) for number in sorted(numbers)]


# --- against plain Python ---------------------------------------------------------


_SEATS = ("anna", "piet", "")
_ROUTES = ("open_inmail", "paid_inmail", "connection_request", "message")


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    """Draw a history: runs, outcomes of them or of nothing, voids, balances, triages."""
    made = Journal()
    past = st.integers(-3, 260)
    near = st.integers(-3, 60)
    ago = st.one_of(near, past)
    person = st.integers(1, 6)
    for _ in range(draw(st.integers(1, 9))):
        kind = draw(
            st.sampled_from(["run", "run", "outcomes", "outcomes", "void", "triage"])
        )
        as_of = draw(st.integers(0, 60))
        entry = made.add(kind, TODAY - dt.timedelta(days=as_of))
        if kind == "run":
            made.weeks[entry] = draw(st.sampled_from(["2026-W40", "2026-W47", WEEK]))
        if kind in ("run", "triage"):
            people_of_it = draw(st.sets(person, min_size=int(kind == "run")))
            made.sends += [_send(draw, entry, one, day(draw(ago))) for one in people_of_it]
        if kind == "outcomes":
            for line in range(draw(st.integers(0, 5))):
                send = draw(st.sampled_from([None, *made.sends]))
                what = draw(st.sampled_from([*_KINDS, "sent", "replied"]))
                made.outcomes.append(
                    _outcome(draw, entry, line, what, send, day(draw(ago)))
                )
        if kind == "void":
            from_date = draw(st.one_of(st.just(""), near.map(day)))
            made.voids.append((entry, draw(st.integers(1, entry)), from_date))
        if kind == "triage":
            _triage(draw, made, entry, day(draw(near)))
        for seat_id in draw(st.sets(st.sampled_from(_SEATS[:2]))):
            clock = draw(st.sampled_from(["", "T09:00:00Z"]))
            credits = draw(st.integers(0, 90))
            made.balances.append((entry, seat_id, day(draw(ago)) + clock, credits))
    return made


def _send(draw: st.DrawFn, entry: int, person: int, send_on: str) -> Send:
    return Send(
        entry=entry, person=person, seat_id=draw(st.sampled_from(_SEATS)), send_on=send_on,
        route=draw(st.sampled_from(_ROUTES)),
        company_key=draw(st.sampled_from(["", "acme", "bolt"])),
        segment=draw(st.sampled_from(["", "b", "a"])),
        credit_probability=draw(st.sampled_from([0.0, 0.5, 1.0])),
    )  # fmt: skip


def _triage(draw: st.DrawFn, made: Journal, entry: int, until: str) -> None:
    for one in draw(st.sets(st.integers(1, 6))):
        cause = draw(st.sampled_from(["inmail_off", "unknown"]))
        step = draw(st.sampled_from(["drop", "restart"]))
        made.triages.append((entry, one, cause, step))
    if draw(st.booleans()):
        made.holds.append((entry, "anna", until, draw(st.sampled_from([0.5, 1.0]))))


_KINDS = ("sent", "failed", "skipped", "replied", "accepted", "flag_seen")


def _outcome(
    draw: st.DrawFn, entry: int, line: int, kind: str, send: Send | None, on: str
) -> Outcome:
    if kind == "flag_seen":
        send = None
    return Outcome(
        entry=entry, line=line, kind=kind,
        person=draw(st.integers(1, 6)) if send is None else send.person,
        happened_on=on + draw(st.sampled_from(["", "T08:00:00Z", "T17:30:59Z"])),
        seat_id=draw(st.sampled_from(_SEATS)), route=draw(st.sampled_from([*_ROUTES, ""])),
        credit_used=draw(st.sampled_from([-1, -1, 0, 1])),
        open_flag=draw(st.sampled_from([-1, 0, 1])),
        assignment=0 if send is None else send.entry,
    )  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    journal=journals(),
    upto=st.one_of(st.just(10**6), st.integers(1, 10)),
    week=st.sampled_from(["", WEEK]),
    packs=st.sampled_from(["none", "odd", "all"]),
    wait=st.sampled_from([0, 30]),
)
def test_folds_are_those_of_plain_python(
    empty: Path, journal: Journal, upto: int, week: str, packs: str, wait: int
) -> None:
    """Packed or not, every fold is that of plain Python over the same journal."""
    look = Look(as_of=TODAY, week=week, upto=upto)
    changes = {"recontact_after_days": wait, "failed_send_credit_loss": 0.25}
    parameters = Parameters().override(changes)
    packed = {"none": [], "odd": [*journal.entries][::2], "all": [*journal.entries]}[packs]
    listed = table([[1], [2], [3, 4]], ["acme", "bolt"])
    with ledger(empty, journal, packed) as connection:
        found = ask(connection, listed, look, **changes)
        frame = touches(connection, View(as_of=TODAY, week=week, upto=upto))
    _compare_touches(frame.to_dict("records"), plain.in_force(journal, look))
    _compare_people(found, plain.people(journal, look, parameters))
    expected = plain.companies(journal, look, TODAY, parameters, {1, 2, 3, 4})
    owners = {key: seat for key, seat in expected[0].items() if key in ("acme", "bolt")}
    assert (found.company_seats, found.company_touches) == (owners, expected[1])
    assert _seats(found) == plain.seats(journal, look, parameters)
    sent, answers = plain.cohorts(journal, look)
    rows = found.cohorts.values.tolist()
    assert rows == sorted([*key, count] for key, count in sent.items())
    rows = found.responses.values.tolist()
    assert rows == sorted([*key, count] for key, count in answers.items())


def _compare_touches(found: list[dict[Any, Any]], expected: list[plain.Touch]) -> None:
    def of(touch: plain.Touch) -> tuple[object, ...]:
        send = touch.send
        facts = (touch.date, touch.happened, touch.undone, touch.credit_used)
        return (send.entry, send.person, send.route, *facts, touch.on.get("replied", ""))

    names = ("entry", "person", "route", "date", "happened", "undone", "credit_used")
    rows = [tuple(row[name] for name in (*names, "replied")) for row in found]
    assert rows == sorted(of(touch) for touch in expected)


def _compare_people(found: History, expected: Mapping[int, dict[str, Any]]) -> None:
    blank = {
        "exclusion": "", "last_contacted_on": "", "open_flag": -1, "inmail_flag": -1,
        "connected_to": "",
    }  # fmt: skip
    order = ["", "contacted_before", "dropped", "replied_before"]
    for lead, persons in ((1, [1]), (2, [2]), (3, [3, 4])):
        facts = [expected.get(person, blank) for person in persons]
        merged = {name: max(fact[name] for fact in facts) for name in blank}
        merged["exclusion"] = max((fact["exclusion"] for fact in facts), key=order.index)
        row = {name: value for name, value in known(found, lead).items() if name in blank}
        # Of whom nothing that matters is known, there is no line.
        assert (row or blank) == merged


def _by_day(counts: Sequence[DayCount]) -> dict[str, dict[str, int]]:
    return {
        count.date.isoformat(): {
            name: getattr(count, name)
            for name in plain.COLUMNS.values()
            if getattr(count, name)
        }
        for count in counts
    }


def _seats(found: History) -> dict[str, Any]:
    return {
        seat_id: {
            "events": sorted(
                (event.happened_on, str(event.kind), event.credits, event.sent_on)
                for event in book.events
            ),
            "days": _by_day(book.days),
            "ahead": _by_day(book.ahead),
            "first_send": book.first_send and book.first_send.isoformat(),
            "pending": book.pending_connection_requests,
            "hold": (book.held_until and book.held_until.isoformat(), book.pace_factor),
        }
        for seat_id, book in found.seats.items()
    }
