"""The seat inventory, and owners and groups matched with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_factory import make_seat
from planner import schemas
from planner.domain import Identities, LeadTable, RawTable, Seat
from planner.errors import Issue, ParameterError, Severity
from planner.intake import read, seat_cells, seats
from planner.intake.eligibility import match_seats
from planner.params import Parameters

AS_OF = dt.date(2026, 11, 23)
FAULTY = Path(__file__).parent / "faulty" / "seats"
Found = tuple[str, int | None, str]

#: File -> code, row and column of every error in it.
FAULTS: Mapping[str, list[Found]] = {
    "no-seat-column": [("no-seat-column", None, "")],
    "blank-seat-id": [("blank-seat-id", 3, "seat_id")],
    "seat-without-credits": [("seat-without-credits", 2, "credits")],
    "no-credits-column": [("seat-without-credits", 2, "credits")],
    "negative-credits": [("negative-credits", 2, "InMail credits")],
    "reset-in-the-past": [("reset-in-the-past", 2, "reset_rule")],
    "duplicate-seat": [("duplicate-seat", 3, "seat_id")],
    "duplicate-of-a-faulty-seat": [
        ("bad-seat-cell", 2, "credits"),
        ("duplicate-seat", 3, "seat_id"),
    ],
    "credits-read-later": [("credits-read-later", 2, "credits_as_of")],
    "bad-reset-rule": [("bad-seat-cell", row, "reset_rule") for row in (2, 3, 4)],
    "unknown-time-zone": [("bad-seat-cell", row, "time_zone") for row in (2, 3)],
    "bad-working-days": [("bad-seat-cell", row, "working_days") for row in (2, 3, 4)],
    "bad-away": [("bad-seat-cell", row, "away") for row in (2, 3, 4, 5)],
    "bad-pause": [("bad-seat-cell", row, "paused") for row in (2, 3, 4)],
    "bad-rate": [
        ("bad-seat-cell", 2, "reply_rate"),
        ("bad-seat-cell", 3, "acceptance_rate"),
        ("bad-seat-cell", 4, "reply_rate"),
        ("bad-seat-cell", 4, "acceptance_rate"),
    ],
    "not-a-number": [
        ("bad-seat-cell", 2, "credits"),
        ("bad-seat-cell", 3, "pending"),
        ("bad-seat-cell", 4, "reserve"),
        ("bad-seat-cell", 5, "credits"),
    ],
    "out-of-range": [
        ("bad-seat-cell", 2, "max_inmails_per_day"),
        ("bad-seat-cell", 3, "monthly_grant"),
    ],
    "all-at-once": [
        ("seat-without-credits", 2, "credits"),
        ("bad-seat-cell", 2, "reserve"),
        ("bad-seat-cell", 2, "working_days"),
        ("bad-seat-cell", 2, "time_zone"),
        ("bad-seat-cell", 2, "away"),
        ("bad-seat-cell", 2, "paused"),
        ("bad-seat-cell", 2, "inmail_reply_rate"),
        ("reset-in-the-past", 2, "reset_rule"),
        ("credits-read-later", 2, "credits_as_of"),
        ("blank-seat-id", 3, "seat_id"),
        ("bad-seat-cell", 3, "credits_as_of"),
        ("negative-credits", 3, "credits"),
    ],
}


def _table(rows: list[dict[str, str]]) -> RawTable:
    frame = pd.DataFrame(rows, dtype="str").fillna("")
    return RawTable(
        file="seats.csv", frame=frame, rows=np.arange(len(rows)) + 2, sha256="0" * 64
    )


def _read(
    *rows: dict[str, str], parameters: Parameters | None = None
) -> tuple[tuple[Seat, ...], tuple[Issue, ...]]:
    return seats.read(
        _table(list(rows)), as_of=AS_OF, parameters=parameters or Parameters()
    )


def _one(**cells: str) -> Seat:
    found, issues = _read({"seat_id": "anna", "credits": "50", **cells})
    assert [str(i) for i in issues if i.severity is Severity.ERROR] == []
    return found[0]


def _warnings(**cells: str) -> list[Found]:
    _, issues = _read({"seat_id": "anna", "credits": "50", **cells})
    return [(issue.code, issue.row, issue.column) for issue in issues]


# --- faults -------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_file(name: str) -> None:
    """Each faulty file gives all of its faults, each with its place, and no more."""
    tables, problems = read.tables(
        [FAULTY / f"{name}.csv"], known_headers=seats.known_headers()
    )
    assert problems == []
    (table,) = tables
    usable, issues = seats.read(table, as_of=AS_OF, parameters=Parameters())
    errors = [issue for issue in issues if issue.severity is Severity.ERROR]
    assert [(i.code, i.row, i.column) for i in errors] == FAULTS[name]
    assert {issue.file for issue in errors} == {table.file}
    faulty_rows = {issue.row for issue in errors}
    num_good = sum(int(row) not in faulty_rows for row in table.rows)
    assert len(usable) == (0 if name == "no-seat-column" else num_good)


def test_every_faulty_file_is_expected() -> None:
    """No faulty file lies about without a test."""
    assert sorted(path.stem for path in FAULTY.iterdir()) == sorted(FAULTS)


def test_messages_say_what_to_do() -> None:
    """A message names the cell's text, what was expected and the cure."""
    _, issues = _read(
        {"seat_id": "anna", "credits": "-3", "reset_rule": "day:32", "reserve": "51"}
    )
    assert [issue.message for issue in issues] == [
        "reset_rule: expected month, day:17 or date:2026-12-04, got 'day:32'",
        "credits is -3: a balance cannot be negative; enter what LinkedIn shows",
        "reserve: expected 0 to 50 credits, got 51",
    ]


def test_no_warning_about_a_cell_that_could_not_be_read() -> None:
    """A cell with an error gets no warning about the value put in its place."""
    # credits would count as 0, below the reserve of 5.
    _, issues = _read({"seat_id": "anna", "credits": "many"})
    assert [issue.code for issue in issues] == ["bad-seat-cell"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reset_rule", "weekly"),
        ("working_days", "Mo-Fr"),
        ("time_zone", "Mars"),
    ],
)
def test_unreadable_parameter_is_refused_by_name(name: str, value: str) -> None:
    """A parameter in words that cannot be read is the parameter's fault, not a seat's."""
    parameters = Parameters().override({name: value})
    with pytest.raises(ParameterError, match=f"^parameter {name}: expected .*{value}"):
        _read({"seat_id": "anna", "credits": "50"}, parameters=parameters)


# --- warnings -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"credits": "151"}, "credits-above-cap", "credits"),
        ({"credits": "5"}, "credits-within-reserve", "credits"),
        ({"inmails_last_28_days": "0"}, "cold-seat", "inmails_last_28_days"),
        ({"credits_as_of": "2026-10-31"}, "stale-credits", "credits_as_of"),
        # the billing day 20 was on 20 November, after the balance of the 19th
        (
            {"credits_as_of": "2026-11-19", "reset_rule": "day:20"},
            "stale-credits",
            "credits_as_of",
        ),
        ({"credit": "1"}, "unknown-seat-column", "credit"),
    ],
)
def test_warning(cells: dict[str, str], code: str, column: str) -> None:
    """What is odd but usable is said with its place, and the seat is kept."""
    row = None if code == "unknown-seat-column" else 2
    assert _warnings(**cells) == [(code, row, column)]


@pytest.mark.parametrize(
    "cells",
    [
        {"credits": "150"},
        {"credits": "6"},
        {"inmails_last_28_days": ""},
        # the grant of 1 November is in a balance of that day
        {"credits_as_of": "2026-11-01"},
        # a first grant that is still to come makes no balance stale
        {"credits_as_of": "2026-09-01", "reset_rule": "date:2026-12-04"},
    ],
)
def test_no_warning_on_the_safe_side(cells: dict[str, str]) -> None:
    """The bounds of the warnings themselves are fine."""
    assert _warnings(**cells) == []


# --- cells --------------------------------------------------------------------------


def test_blank_cells_take_the_parameters() -> None:
    """Each blank cell of a seat is the parameter of its name, or what the design says."""
    parameters = Parameters().override(
        {
            "monthly_grant": 40,
            "credit_cap": 120,
            "reserve": 7,
            "reset_rule": "day:17",
            "max_inmails_per_day": 11,
            "max_open_inmails_per_day": 12,
            "max_paid_inmails_per_day": 13,
            "max_open_inmails_per_month": 14,
            "max_connection_requests_per_day": 16,
            "max_connection_requests_per_week": 17,
            "working_days": "Tue-Fri",
            "friday_share": 0.4,
            "time_zone": "Asia/Tokyo",
        }
    )
    found, issues = _read({"seat_id": " anna ", "credits": "50"}, parameters=parameters)
    assert issues == ()
    assert found[0] == Seat(
        seat_id="anna",
        sender="anna",
        sender_profile_uuid="",
        credits=50,
        credits_as_of=AS_OF,
        reset_rule="day:17",
        monthly_grant=40,
        credit_cap=120,
        reserve=7,
        inmails_last_28_days=None,
        max_inmails_per_day=11,
        max_open_inmails_per_day=12,
        max_paid_inmails_per_day=13,
        max_open_inmails_per_month=14,
        max_connection_requests_per_day=16,
        max_connection_requests_per_week=17,
        connection_requests_last_7_days=0,
        pending_connection_requests=0,
        day_shares=(0.0, 1.0, 1.0, 1.0, 0.4, 0.0, 0.0),
        time_zone="Asia/Tokyo",
        away=(),
        groups=(),
        inmail_reply_rate=None,
        acceptance_rate=None,
    )


def test_full_row_is_read() -> None:
    """A row with every cell filled, as a spreadsheet writes them, is read as it stands."""
    seat = _one(
        sender="Anna A.",
        sender_profile_uuid="u-1",
        credits="50.0",
        credits_as_of="2026-11-22 00:00:00",
        reset_rule=" Day: 17 ",
        monthly_grant="50.00",
        credit_cap="150",
        reserve="0",
        inmails_last_28_days="60,0",
        connection_requests_last_7_days="12",
        pending_connection_requests="300",
        working_days="Mon-Tue; thu\u2013FRI",
        time_zone="Europe/Berlin",
        away="2026-12-24..2027-01-02; 2027-02-03",
        groups="Fintech; DACH, dach",
        paused="until:2026-12-01",
        inmail_reply_rate="12 %",
        acceptance_rate="0,3",
    )
    assert (seat.sender, seat.sender_profile_uuid) == ("Anna A.", "u-1")
    assert (seat.credits, seat.credits_as_of) == (50, dt.date(2026, 11, 22))
    assert (seat.reset_rule, seat.monthly_grant, seat.reserve) == ("day:17", 50, 0)
    assert (seat.inmails_last_28_days, seat.pending_connection_requests) == (60, 300)
    assert seat.connection_requests_last_7_days == 12
    assert seat.day_shares == (1.0, 1.0, 0.0, 1.0, 0.7, 0.0, 0.0)
    assert seat.away == (
        (dt.date(2026, 12, 24), dt.date(2027, 1, 2)),
        (dt.date(2027, 2, 3), dt.date(2027, 2, 3)),
        # paused until the 1st: the last day off is the day before
        (dt.date.min, dt.date(2026, 11, 30)),
    )
    assert seat.groups == ("dach", "fintech")
    assert (seat.inmail_reply_rate, seat.acceptance_rate) == (0.12, 0.3)


def test_dates_beyond_any_plan_are_refused() -> None:
    """Resets are counted on from them: a mistyped year is no reason to stop dead."""
    for text in ("date:9999-12-31", "date:1899-01-01"):
        with pytest.raises(ValueError, match="expected a date"):
            seat_cells.reset_rule(text)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("no", None),
        ("Nein", None),
        ("0", None),
        ("YES", dt.date.max),
        ("ja", dt.date.max),
        ("x", dt.date.max),
        ("Until: 2026-12-01", dt.date(2026, 11, 30)),
    ],
)
def test_paused(text: str, last: dt.date | None) -> None:
    """A pause without a date has no end; one with a date ends the day before."""
    assert _one(paused=text).away == (() if last is None else ((dt.date.min, last),))


@pytest.mark.parametrize(
    "text",
    ["2026-12-24..2026-12-31", "24.12.2026 bis 31.12.2026", "2026-12-24 to 31.12.2026"],
)
def test_away_in_other_words(text: str) -> None:
    """A range of days off may be written with two dots or a word, in either notation."""
    assert _one(away=text).away == ((dt.date(2026, 12, 24), dt.date(2026, 12, 31)),)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon-Fri", "0123456"[:5]),
        ("Sun-Thu", "01236"),
        ("Monday", "0"),
        ("wed , sat", "25"),
        ("Fri - Mon", "0456"),
    ],
)
def test_working_days(text: str, days: str) -> None:
    """Days are named one by one or as ranges, which may run over the week's end."""
    shares = _one(working_days=text).day_shares
    assert "".join(str(day) for day in range(7) if shares[day] > 0) == days


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Monthly", "month"),
        ("1st", "month"),
        ("day:01", "day:1"),
        ("17", "day:17"),
        ("DATE: 2026-12-04", "date:2026-12-04"),
    ],
)
def test_reset_rules_are_normalised(text: str, rule: str) -> None:
    """Spellings of one rule become one text."""
    assert _one(reset_rule=text).reset_rule == rule


# --- headers and order ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "alias"),
    [(name, alias) for name, many in seats.ALIASES.items() for alias in many],
)
def test_alias(name: str, alias: str) -> None:
    """Every alias is read as its column, in any case and punctuation."""
    header = alias.replace("_", " ").title()
    row = {k: v for k, v in (("seat_id", "anna"), ("credits", "50")) if k != name}
    value = {
        "seat_id": "anna",
        "credits_as_of": "2026-11-20",
        "reset_rule": "day:9",
        "working_days": "Tue",
        "time_zone": "Asia/Tokyo",
        "away": "2026-12-24",
        "paused": "yes",
        "inmail_reply_rate": "0.5",
    }.get(name, "9")
    aliased, issues = _read({**row, header: value})
    direct, _ = _read({**row, name: value})
    assert [i for i in issues if i.code == "unknown-seat-column"] == []
    assert aliased == direct
    assert len(aliased) == 1


def test_own_name_wins_over_an_alias() -> None:
    """Where a file has both, the column with our own name counts; the other is noted."""
    found, issues = _read({"balance": "1", "seat_id": "anna", "credits": "50"})
    assert found[0].credits == 50
    assert [(i.code, i.column, i.severity) for i in issues] == [
        ("unknown-seat-column", "balance", Severity.NOTE)
    ]


def test_seats_are_sorted_by_id() -> None:
    """The order of the file makes no difference."""
    rows = [{"seat_id": name, "credits": "50"} for name in ("cleo", "anna", "bert")]
    found, _ = _read(*rows)
    assert [seat.seat_id for seat in found] == ["anna", "bert", "cleo"]
    assert _read(*reversed(rows))[0] == found


def test_inventory_is_recognised_by_its_headers() -> None:
    """A table needs the key and one more column of an inventory."""
    assert seats.is_inventory(_table([{"Seat": "anna", "Balance": "50"}]))
    assert not seats.is_inventory(_table([{"Seat": "anna", "Remark": "x"}]))
    assert not seats.is_inventory(_table([{"Sender": "Anna", "Credits": "50"}]))


# --- owners and groups ----------------------------------------------------------------


def _leads(*rows: Mapping[str, object]) -> LeadTable:
    blank = {
        "text": "", "integer": 0, "number": float("nan"), "flag": -1, "bool": False
    }  # fmt: skip
    defaults = {column.name: blank[column.kind] for column in schemas.LEADS}
    frame = pd.DataFrame(
        [
            {**defaults, "lead_id": f"{k:02d}", "source_file": "leads.csv",
             "source_row": k + 2, **row}
            for k, row in enumerate(rows)
        ]
    )  # fmt: skip
    for column in schemas.LEADS:
        if column.kind == "text":
            frame[column.name] = frame[column.name].astype("str")
    assert schemas.check(frame, schemas.LEADS) == []
    return LeadTable(
        leads=frame, rows=pd.DataFrame(), issues=(), identities=Identities.none()
    )


SEATS = (
    make_seat(seat_id="anna", sender="Anna Ash", groups=("dach",)),
    make_seat(seat_id="Bert", sender="B. Birch", groups=("dach", "fintech")),
)


def test_owner_is_matched_by_id_or_sender_in_any_case() -> None:
    """An owner may be the seat's id or its sender's name; both become the id."""
    owners = ["ANNA", " anna ash", "bert", "b. BIRCH", ""]
    matched = match_seats(_leads(*({"owner": name} for name in owners)), SEATS)
    assert matched.leads["owner"].tolist() == ["anna", "anna", "Bert", "Bert", ""]
    assert matched.leads["exclusion"].tolist() == [""] * 5
    assert matched.issues == ()


def test_an_id_wins_over_a_sender_of_that_name() -> None:
    """If one seat's sender is named like another seat's id, the id counts."""
    swapped = (
        make_seat(seat_id="anna", sender="bert"),
        make_seat(seat_id="bert", sender="x"),
    )
    matched = match_seats(_leads({"owner": "Bert"}), swapped)
    assert matched.leads["owner"].tolist() == ["bert"]


def test_groups_are_matched_in_any_case() -> None:
    """A group is written as the seats write it."""
    matched = match_seats(_leads({"group": "DACH "}, {"group": "Fintech"}), SEATS)
    assert matched.leads["group"].tolist() == ["dach", "fintech"]
    assert matched.issues == ()


def test_unknown_owner_or_group_excludes_with_an_error() -> None:
    """A lead that no seat may send to is excluded, and its row is named; no one else."""
    matched = match_seats(
        _leads(
            {"owner": "carl"},
            {"group": "nordics"},
            {"owner": "carl", "group": "nordics"},
            {"owner": "carl", "exclusion": "do_not_contact"},
            {"owner": "anna", "group": "dach"},
        ),
        SEATS,
    )
    assert matched.leads["exclusion"].tolist() == [
        "unknown_owner",
        "unknown_group",
        "unknown_owner",
        "do_not_contact",
        "",
    ]
    assert matched.leads["owner"].tolist() == ["", "", "", "", "anna"]
    errors = [(i.code, i.file, i.row, i.severity) for i in matched.issues]
    assert errors == [
        ("unknown-owner", "leads.csv", 2, Severity.ERROR),
        ("unknown-owner", "leads.csv", 4, Severity.ERROR),
        ("unknown-group", "leads.csv", 3, Severity.ERROR),
    ]


def test_connection_of_an_unknown_seat_is_kept_with_a_warning() -> None:
    """Who scraped a connection is looked up like an owner; a stranger is only a warning."""
    matched = match_seats(
        _leads(
            {"degree": 1, "degree_seat": "anna ash"}, {"degree": 1, "degree_seat": "carl"}
        ),
        SEATS,
    )
    assert matched.leads["degree_seat"].tolist() == ["anna", ""]
    assert matched.leads["exclusion"].tolist() == ["", ""]
    assert [(i.code, i.row, i.severity) for i in matched.issues] == [
        ("unknown-scraper", 3, Severity.WARNING)
    ]


def test_matching_leaves_its_input_alone() -> None:
    """The table given is not changed."""
    table = _leads({"owner": "ANNA"}, {"owner": "carl"})
    before = table.leads.copy()
    match_seats(table, SEATS)
    pd.testing.assert_frame_equal(table.leads, before)
