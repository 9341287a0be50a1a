"""Outcomes are read from every kind of file, and no row gets lost on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_factory import make_plan
from planner import schemas
from planner.domain import OutcomeKind, RawTable
from planner.errors import Issue, Severity
from planner.intake import outcome_columns, outcome_words, outcomes, read, seat_template
from planner.intake import text as intake_text
from planner.intake.cells import column
from planner.intake.mapping_words import mappings_in_words
from planner.intake.outcome_dates import moments
from planner.intake.outcome_words import Said
from planner.intake.outcomes import OutcomeTable
from planner.intake.workbook import parse_workbook
from planner.output import workbook
from planner.params import Parameters

TODAY = dt.date(2026, 11, 27)
UUID = "11111111-2222-4333-8444-55555555555"
SENDER = "99999999-8888-4777-8666-555555555555"
FAULTY = Path(__file__).parent / "faulty"


def table(text: str, name: str = "list.csv") -> RawTable:
    """Return a CSV text as a table."""
    found, issues = intake_text.parse_text(
        text.encode(), name, known_headers=outcome_columns.known_headers()
    )
    assert found is not None, issues
    return found


def read_table(
    raw: RawTable, overrides: dict[str, str] | None = None, **options: Any
) -> tuple[OutcomeTable, list[Issue]]:
    """Recognise and read a table, and check that no row is lost."""
    mapping, issues = outcome_columns.recognise(raw, overrides, what=options.get("what"))
    result = outcomes.read(raw, mapping, as_of=TODAY, **options)
    assert schemas.check(result.outcomes, schemas.OUTCOMES) == []
    assert schemas.check(result.rows, schemas.OUTCOME_ROWS) == []
    rows = result.rows
    assert rows["source_row"].tolist() == raw.rows.tolist()
    assert rows["num_outcomes"].sum() == len(result.outcomes)
    assert ((rows["became"] == "outcome") == (rows["num_outcomes"] > 0)).all()
    assert ((rows["became"] == "issue") == (rows["code"] != "")).all()
    codes = {issue.code for issue in result.issues}
    assert set(rows["code"]) - {""} <= codes
    return result, issues


def lines(text: str, *names: str, **options: Any) -> list[tuple[object, ...]]:
    """Return (row, kind, named columns...) of the outcomes of a CSV text."""
    result, _ = read_table(table(text), **options)
    return picked(result, *names)


def picked(result: OutcomeTable, *names: str) -> list[tuple[object, ...]]:
    """Return (row, kind, named columns...) of outcomes."""
    frame = result.outcomes[["source_row", "kind", *names]]
    return [tuple(row) for row in frame.itertuples(index=False)]


def codes(text: str, **options: Any) -> list[tuple[int | None, str, str]]:
    """Return (row, code, column) of the findings about the rows of a CSV text."""
    result, _ = read_table(table(text), **options)
    return [(issue.row, issue.code, issue.column) for issue in result.issues]


# --- 1: our own files -------------------------------------------------------------


def test_a_plan_given_back_tells_what_the_seat_ticked(tmp_path: Path) -> None:
    """Only statuses that were set count, and the sheet says which seat it was."""
    workbook.write(make_plan(60, 2), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    name = book.sheetnames[-1]
    sheet = book[name]
    head = next(r for r in range(1, 20) if sheet.cell(r, 1).value == "day")
    status = next(c for c in range(1, 20) if sheet.cell(head, c).value == "status")
    route = next(c for c in range(1, 20) if sheet.cell(head, c).value == "route")
    sheet.cell(head + 4, route).value = "connection_request"  # the one that is accepted
    key = next(c for c in range(1, 20) if sheet.cell(head, c).value == "lead id")
    words = ("sent", "failed", "replied", "accepted", "skipped", "todo", None)
    for at, word in enumerate(words, start=1):
        sheet.cell(head + at, status).value = word
        sheet.cell(head + at, key).value = f"{at:016x}"
    book.save(tmp_path / "back.xlsx")

    tables, found = read.tables(
        [tmp_path / "back.xlsx"], known_headers=outcome_columns.known_headers()
    )
    kept, (note,) = outcome_columns.worth_reading(tables, found)

    assert [outcome_columns.sheet_of(one) for one in kept] == book.sheetnames[-2:]
    # All other sheets are one note of the file, titles above their headers none.
    assert {issue.code for issue in found} == {"preamble"}
    assert (note.severity, note.file) == (Severity.NOTE, str(tmp_path / "back.xlsx"))
    assert f"{len(tables) - 2} sheets (Summary, Seats," in note.message
    result, _ = read_table(kept[-1])
    assert [
        (kind, seat, lead) for _, kind, seat, lead in picked(result, "seat", "lead_id")
    ] == [
        ("sent", name, f"{1:016x}"),
        ("failed", name, f"{2:016x}"),
        ("replied", name, f"{3:016x}"),
        ("accepted", name, f"{4:016x}"),
        ("skipped", name, f"{5:016x}"),
    ]
    untouched, _ = read_table(kept[-2])  # all todo
    assert set(untouched.rows["became"]) == {"nothing"}


def test_titles_in_strangers_workbooks_are_noted(tmp_path: Path) -> None:
    """Rows above a header that this program did not write may be a fault: they are said."""
    book = openpyxl.Workbook()
    for sheet in (book.worksheets[0], book.create_sheet("More")):
        for row in (
            ["Our outreach"],
            ["LinkedIn URL", "Status"],
            ["https://www.linkedin.com/in/ada-1", "sent"],
        ):
            sheet.append(row)
    book.save(tmp_path / "theirs.xlsx")
    tables, found = read.tables(
        [tmp_path / "theirs.xlsx"], known_headers=outcome_columns.known_headers()
    )
    kept, issues = outcome_columns.worth_reading(tables, found)
    assert len(kept) == 2
    assert [issue.code for issue in issues] == ["preamble", "preamble"]


@pytest.mark.parametrize(
    "subject", ["https://www.linkedin.com/in/other", "other@example.org", "replied"]
)
def test_subjects_that_an_owner_writes_say_nothing(subject: str) -> None:
    """Even a column full of addresses or of words for outcomes is nobody and nothing."""
    text = (
        "day,lead,profile,company,title,route,subject,status,why,lead id\n"
        f"2026-11-23,Ada,in/ada,Examplar,CTO,paid InMail,{subject},sent,,{1:016x}\n"
        f"2026-11-23,Bo,in/bo,Examplar,CTO,paid InMail,{subject},todo,,{2:016x}\n"
    )
    assert lines(text, "lead_id", "slug", "email") == [(2, "sent", f"{1:016x}", "", "")]


ASSIGNED = (
    "lead_id,linkedin_url,route,seat_id,sender,send_on,open_flag,open_probability,"
    "expected_replies,reason,source_row,status\n"
)


def test_assignments_given_back() -> None:
    """Seat, route, key and day are ours; what the plan knew was not seen again."""
    text = ASSIGNED + (
        "00000000000000aa,https://www.linkedin.com/in/aa,paid_inmail,anna,Anna A,"
        "2026-11-23,unknown,0.28,0.1,because,7,Sent\n"
        "00000000000000bb,https://www.linkedin.com/in/bb,open_inmail,anna,Anna A,"
        "2026-11-23,yes,1,0.1,because,8,todo\n"
        "00000000000000cc,https://www.linkedin.com/in/cc,hold,,,,yes,0.28,0,later,9,\n"
    )
    assert lines(text, "route", "seat", "lead_id", "happened_on") == [
        (2, "sent", "paid_inmail", "anna", "00000000000000aa", "2026-11-23"),
        # The plan thought 28 %, the file says yes: somebody has looked it up.
        (4, "flag_seen", "", "", "00000000000000cc", ""),
    ]


def test_a_plan_cannot_be_all_of_one_outcome() -> None:
    """A list of everybody, holds too, is refused as a list of those sent to."""
    raw = table(ASSIGNED.replace(",status", "") + "00000000000000aa,,hold,,,,,,,,7\n")
    _, issues = outcome_columns.recognise(raw, what=OutcomeKind.SENT)
    assert [issue.code for issue in issues] == ["plan-without-status"]
    result, _ = read_table(raw)
    assert result.rows["became"].tolist() == ["nothing"]


def test_an_import_file_with_a_column_of_ones_own() -> None:
    """What a getsales/*.csv was sent with: route, seat and run are in it."""
    text = (
        "LinkedIn URL,plan_run,plan_route,plan_sender,plan_send_on,Status\n"
        "https://www.linkedin.com/in/aa,2026-W48-3f9c1a7b,open_inmail,Anna A,2026-11-23,"
        "failed\n"
    )
    assert lines(text, "route", "seat", "plan_run", "happened_on") == [
        (2, "failed", "open_inmail", "Anna A", "2026-W48-3f9c1a7b", "2026-11-23")
    ]


# --- 2: contact exports -----------------------------------------------------------

CONTACTS = (
    "System UUID,Pipeline Stage,Full Name,LinkedIn Nickname,Work Email,Has Open Profile,"
    "List,Tags,Company Name,plan_route,plan_sender,Created At\n"
)


def test_contacts_who_replied() -> None:
    """The user says what the export is of; flags that it holds are seen besides."""
    text = CONTACTS + (
        f"{UUID}1,New,Ada Example,ada-example,,1,A,,Examplar,paid_inmail,Anna A,2024-01-01"
        f"\n{UUID}2,New,Bo Example,,,,2026-W48 anna open_inmail,,Examplar,,,2024-01-01\n"
    )
    found = lines(
        text, "happened_on", "route", "seat", "open_flag", "slug", "getsales_uuid",
        what=OutcomeKind.REPLIED, on=dt.date(2026, 11, 26),
    )  # fmt: skip
    assert found == [
        (2, "replied", "2026-11-26", "paid_inmail", "Anna A", 1, "ada-example", f"{UUID}1"),
        (2, "flag_seen", "2026-11-26", "", "Anna A", 1, "ada-example", f"{UUID}1"),
        (3, "replied", "2026-11-26", "open_inmail", "anna", -1, "", f"{UUID}2"),
    ]


def test_stages_and_tags_tell_replies_only() -> None:
    """A stage *New* is no status, a tag *replied* is one; a flag has no date of its own."""
    text = CONTACTS + (
        f"{UUID}1,Replied,A,,,,,,,,,\n"
        f"{UUID}2,New,B,,,,,vip; Connection Accepted,,,,\n"
        f"{UUID}3,Contacted,C,,,0,,sent,,,,2024-01-01\n"
        f"{UUID}4,Contacted,D,,,,,sent,,,,\n"
    )
    assert lines(text, "happened_on", "open_flag") == [
        (2, "replied", "", -1),
        (3, "accepted", "", -1),
        (4, "flag_seen", "", 0),
    ]
    assert codes(text) == []


# --- 3: tasks, messages and events of the API -------------------------------------

TASKS = (
    "uuid,lead_uuid,sender_profile_uuid,type,status,automation_error_code,error_msg,"
    "executed_at,plan_route\n"
)


def task(number: int, *cells: str) -> str:
    """Return one line of a task export."""
    return ",".join(
        [f"00000000-0000-4000-8000-00000000000{number}", f"{UUID}{number}", *cells]
    )


def test_tasks() -> None:
    """Closed is sent, failed is failed, unless the lead had replied; visits are nothing."""
    at = "2026-11-24T10:05:30.000000Z"
    inmail, request = "linkedin_send_inmail", "linkedin_send_connection_request"
    accepted = "trigger_linkedin_connection_request_accepted"
    text = TASKS + "\n".join(
        [
            task(1, SENDER, inmail, "closed", "", "", at, "paid_inmail"),
            task(2, SENDER, inmail, "failed", "unknown", "No credits", at, ""),
            task(3, SENDER, inmail, "failed", "replied", "", at, ""),
            task(4, SENDER, request, "closed", "", "", at, "paid_inmail"),
            task(5, SENDER, "linkedin_visit_profile", "closed", "", "", at, ""),
            task(6, SENDER, inmail, "in_progress", "", "retrying", "", ""),
            task(7, SENDER, "linkedin_send_message", "canceled", "", "", "", ""),
            task(8, SENDER, accepted, "closed", "", "", at, ""),
        ]
    )
    when = "2026-11-24T10:05:30Z"
    assert lines(text, "route", "happened_on", "error_text", "getsales_uuid", "seat") == [
        (2, "sent", "paid_inmail", when, "", f"{UUID}1", SENDER),
        (3, "failed", "inmail", when, "No credits", f"{UUID}2", SENDER),
        (4, "skipped", "inmail", when, "", f"{UUID}3", SENDER),
        (4, "replied", "inmail", when, "", f"{UUID}3", SENDER),
        (5, "sent", "connection_request", when, "", f"{UUID}4", SENDER),
        (8, "skipped", "message", "", "", f"{UUID}7", SENDER),
        (9, "accepted", "connection_request", when, "", f"{UUID}8", SENDER),
    ]


def test_other_steps_are_nothing_whatever_the_file_is_a_list_of() -> None:
    """A list of failed tasks holds failed visits, too."""
    text = TASKS + task(1, SENDER, "linkedin_visit_profile", "failed", "", "gone", "", "")
    assert lines(text, what=OutcomeKind.FAILED) == []


def test_messages_and_events() -> None:
    """What came in is a reply, what went out was sent; an event is what its name says."""
    text = (
        "lead_uuid,type,linkedin_type,status,fail_reason,sent_at\n"
        f"{UUID}1,outbox,InMail,done,,2026-11-24T08:00:00+02:00\n"
        f"{UUID}1,inbox,InMail,done,,2026-11-25T08:00:00Z\n"
        f"{UUID}2,outbox,InMail,failed,blocked,\n"
    )
    assert lines(text, "happened_on", "error_text") == [
        (2, "sent", "2026-11-24T06:00:00Z", ""),
        (3, "replied", "2026-11-25T08:00:00Z", ""),
        (4, "failed", "", "blocked"),
    ]
    text = (
        "event_name,contact.uuid,sender_profile.label\n"
        f"sender_profile_sent_linkedin_inmail,{UUID}1,Anna\n"
        f"contact_replied_linkedin_inmail,{UUID}1,Anna\n"
        f"contact_accepted_linkedin_connection_request,{UUID}2,Anna\n"
        f"contact_enriched,{UUID}2,Anna\n"
    )
    assert lines(text, "route", "seat") == [
        (2, "sent", "inmail", "Anna"),
        (3, "replied", "inmail", "Anna"),
        (4, "accepted", "connection_request", "Anna"),
    ]


def test_another_tools_export() -> None:
    """Its last action is the send; when the reply came, it does not say."""
    text = (
        "Lead LinkedIn URL,Last action taken,Last action time,Sender Status,"
        "Failed Reason Code\n"
        "linkedin.com/in/aa,CONNECTION_REQUEST,11/20/2026 17:57:00,AWAITING_REPLY,\n"
        "linkedin.com/in/bb,MESSAGE,11/20/2026 17:58:00,REPLIED,\n"
        "linkedin.com/in/cc,MESSAGE,11/20/2026 17:59:00,FAILED,UserBlockedByRecipient\n"
        "linkedin.com/in/dd,VIEW_PROFILE,11/20/2026 18:00:00,,\n"
    )
    assert lines(text, "route", "happened_on", "error_text") == [
        (2, "sent", "connection_request", "2026-11-20T17:57:00Z", ""),
        (3, "sent", "message", "2026-11-20T17:58:00Z", ""),
        (3, "replied", "message", "", ""),
        (4, "failed", "message", "2026-11-20T17:59:00Z", "UserBlockedByRecipient"),
    ]


@pytest.mark.parametrize(
    ("cell", "route", "kind"),
    [
        ("linkedin_send_inmail", "inmail", Said.SENT),
        ("LinkedIn InMail", "inmail", Said.SENT),
        ("Paid InMail", "paid_inmail", Said.SENT),
        ("LinkedIn connection invite", "connection_request", Said.SENT),
        ("Follow up InMail", "inmail", Said.SENT),
        ("linkedin_withdraw_connection_request", "", Said.NOTHING),
        ("linkedin_follow", "", Said.NOTHING),
        ("Email", "", Said.NOTHING),
        ("gs_add_tag", "", Said.NOTHING),
        ("LinkedIn", "", Said.UNKNOWN),
        ("manual", "", Said.UNKNOWN),
    ],
)
def test_steps(cell: str, route: str, kind: Said) -> None:
    """What reaches nobody over LinkedIn is no send; what is not understood may be one."""
    assert outcome_words.step(cell)[:2] == (route, kind)


# --- 4: lists of one's own --------------------------------------------------------


def test_one_row_may_tell_several_things() -> None:
    """Each outcome has its own date; what has none gets the row's."""
    text = (
        "LinkedIn URL,Seat,Connection sent,Accepted at,Replied at,Date\n"
        "linkedin.com/in/aa,anna,yes,2026-11-24,25.11.2026,2026-11-23\n"
        "linkedin.com/in/bb,anna,no,,never,2026-11-23\n"
    )
    assert lines(text, "happened_on", "route", "seat") == [
        (2, "sent", "2026-11-23", "connection_request", "anna"),
        (2, "replied", "2026-11-25", "", "anna"),
        (2, "accepted", "2026-11-24", "connection_request", "anna"),
    ]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("SENT", "sent"), ("gesendet", "sent"), ("Envoyé", "sent"), ("enviado", "sent"),
        ("InMail sent", "sent"), ("no reply", "sent"), ("Failed", "failed"),
        ("fehlgeschlagen", "failed"), ("Échec", "failed"), ("Fallido", "failed"),
        ("out of InMail credits", "failed"), ("replied!", "replied"),
        ("Geantwortet", "replied"), ("A répondu", "replied"), ("respondió", "replied"),
        ("Not interested", "replied"), ("accepted", "accepted"),
        ("Angenommen", "accepted"), ("acceptée", "accepted"), ("aceptado", "accepted"),
        ("skipped", "skipped"), ("Übersprungen", "skipped"), ("annulé", "skipped"),
        ("cancelada", "skipped"), ("to do", ""), ("offen", ""), ("à faire", ""),
        ("pendiente", ""), ("in_progress", ""), ("not sent", ""), ("n/a", ""),
    ],
)  # fmt: skip
def test_status_words(word: str, kind: str) -> None:
    """Words of four languages, in any case; what has not happened yet is nothing."""
    result, _ = read_table(table(f"Profile URL,Status\nlinkedin.com/in/aa,{word}\n"))
    assert result.outcomes["kind"].tolist() == ([kind] if kind else [])
    assert result.issues == ()


@pytest.mark.parametrize(
    "word", ["will be sent", "banana", "never replied to", "=cmd|'/c calc'!A1", "closed"]
)
def test_words_that_are_not_understood_are_said_to_be(word: str) -> None:
    """Nothing is guessed: the row is reported, with its place and without its text."""
    text = f'Profile URL,Status\nlinkedin.com/in/aa,sent\nlinkedin.com/in/bb,"{word}"\n'
    result, _ = read_table(table(text))
    assert picked(result) == [(2, "sent")]
    assert [(issue.place, issue.severity) for issue in result.issues] == [
        ("list.csv, row 3, column Status", Severity.WARNING)
    ]
    assert word not in result.issues[0].message
    assert result.rows["became"].tolist() == ["outcome", "issue"]


def test_a_reason_in_the_status_is_the_text_of_the_error() -> None:
    """*Failed* alone says nothing more; an error column wins."""
    text = (
        "Profile URL,Status,Error\n"
        "linkedin.com/in/aa,failed,\n"
        "linkedin.com/in/bb,No InMail credits left,\n"
        "linkedin.com/in/cc,failed: profile not found,E 17\n"
        "linkedin.com/in/dd,,Recipient cannot receive InMails\n"
        "linkedin.com/in/ee,,none\n"
        "linkedin.com/in/ff,sent,second attempt\n"
    )
    assert lines(text, "error_text") == [
        (2, "failed", ""),
        (3, "failed", "No InMail credits left"),
        (4, "failed", "E 17"),
        (5, "failed", "Recipient cannot receive InMails"),
        (7, "sent", ""),
    ]


def test_whether_a_send_used_a_credit() -> None:
    """It tells a free InMail from a paid one."""
    text = (
        "Profile URL,Action,Status,Credit used,Free\n"
        "linkedin.com/in/aa,InMail,sent,yes,\n"
        "linkedin.com/in/bb,InMail,sent,,yes\n"
        "linkedin.com/in/cc,InMail,sent,,\n"
        "linkedin.com/in/dd,connection request,sent,no,\n"
    )
    assert lines(text, "route", "credit_used") == [
        (2, "sent", "paid_inmail", 1),
        (3, "sent", "open_inmail", 0),
        (4, "sent", "inmail", -1),
        (5, "sent", "connection_request", 0),
    ]


def test_rows_that_contradict_themselves_are_kept_out() -> None:
    """Sent and failed cannot both be; a date below *Sent at* may be of the attempt."""
    text = (
        "Profile URL,Status,Outcome,Sent,Failed\n"
        "linkedin.com/in/aa,sent,failed,,\n"
        "linkedin.com/in/bb,skipped,,yes,\n"
        "linkedin.com/in/cc,failed,,2026-11-24,\n"
        "linkedin.com/in/dd,sent,,2026-11-24,2026-11-24\n"
        "linkedin.com/in/ee,sent,replied,,no\n"
    )
    assert lines(text, "happened_on") == [
        (4, "failed", "2026-11-24"),
        (6, "sent", ""),
        (6, "replied", ""),
    ]
    assert codes(text) == [(row, "conflicting-outcomes", "") for row in (2, 3, 5)]


def test_a_person_who_wants_no_contact_is_named_to_the_user() -> None:
    """It is no outcome of a send, and must not get lost either."""
    text = "Profile URL,Status\nlinkedin.com/in/aa,Unsubscribed\nlinkedin.com/in/bb,sent\n"
    assert codes(text) == [(2, "wants-no-contact", "Status")]


# --- 5: balances ------------------------------------------------------------------


def test_balances() -> None:
    """A list of seats with credits; blank is nothing, bad is an issue."""
    text = (
        "Sender,Credits left,Date\n"
        "Anna A,41,2026-11-23\n"
        'Bo B,"1,150",\n'
        "Cy C,,2026-11-23\n"
        "Di D,12.5,2026-11-23\n"
        ",7,2026-11-23\n"
        "Ed E,7,2026-12-24\n"
        "Flo F,7,soon\n"
        "Gus G,-3,\n"
    )
    assert lines(text, "seat", "credits", "happened_on") == [
        (2, "balance_seen", "Anna A", 41, "2026-11-23"),
        (3, "balance_seen", "Bo B", 1150, ""),
    ]
    assert sorted(codes(text), key=str) == [
        (5, "bad-credits", "Credits left"),
        (6, "no-seat", "Sender"),
        (7, "date-in-future", "Date"),
        (8, "bad-date", "Date"),
        (9, "bad-credits", "Credits left"),
    ]
    assert lines("Credits\n41\n", "seat", "credits", seat="anna") == [
        (2, "balance_seen", "anna", 41)
    ]


def test_the_seat_inventory_is_a_list_of_balances() -> None:
    """The filled-in template: key, credits and when they were read."""
    row = {"seat_id": "anna", "sender": "Anna A", "credits": "41"}
    rows = [row | {"credits_as_of": "2026-11-20"}, {"seat_id": "bo", "sender": "Bo B"}]
    data = seat_template.seat_workbook(Parameters(), rows)
    tables, _ = parse_workbook(
        data, "seats.xlsx", known_headers=outcome_columns.known_headers()
    )
    kept, passed_over = outcome_columns.worth_reading(tables, ())
    assert len(kept) == 1
    assert len(passed_over) == 1
    assert f"{len(tables) - 1} sheet" in passed_over[0].message
    result, issues = read_table(kept[0])
    assert picked(result, "seat", "credits", "happened_on") == [
        (2, "balance_seen", "anna", 41, "2026-11-20")
    ]
    assert issues == []


def test_a_forecast_is_no_balance() -> None:
    """The seats of a plan's workbook say what was planned from."""
    raw = table("seat,credits,balance at reset,runs out\nanna,41,12.5,0.01\n")
    mapping, _ = outcome_columns.recognise(raw)
    assert "credits" not in mapping.columns


@pytest.mark.parametrize("what", [OutcomeKind.BALANCE_SEEN, OutcomeKind.FLAG_SEEN])
def test_what_was_seen_needs_its_column(what: OutcomeKind) -> None:
    """A list of balances without any is refused, not passed over."""
    _, issues = outcome_columns.recognise(table("Seat,Name\nanna,Anna A\n"), what=what)
    assert [issue.code for issue in issues] == ["no-column"]


def test_a_balance_beside_a_send_is_noted() -> None:
    """Before the send or after it? Nobody knows, so it is not recorded."""
    text = "Profile URL,Seat,Status,Credits\nlinkedin.com/in/aa,anna,sent,41\n"
    assert lines(text, "credits") == [(2, "sent", 41)]
    assert codes(text) == [(None, "balance-beside-send", "Credits")]


# --- 6: flags ---------------------------------------------------------------------


def test_flags_seen() -> None:
    """Yes and no count, blank does not; the date is that of the look-up."""
    text = (
        "Profile URL,Open Profile,Looked up on,Premium\n"
        "linkedin.com/in/aa,yes,2026-11-24,yes\n"
        "linkedin.com/in/bb,FALSE,,\n"
        "linkedin.com/in/cc,,2026-11-24,\n"
        "linkedin.com/in/dd,perhaps,2026-11-24,\n"
        ",yes,2026-11-24,\n"
    )
    assert lines(text, "open_flag", "happened_on", "premium_flag") == [
        (2, "flag_seen", 1, "2026-11-24", 1),
        (3, "flag_seen", 0, "", -1),
    ]
    assert codes(text) == [
        (5, "unreadable-flag", "Open Profile"),
        (6, "no-identity", ""),
    ]


@pytest.mark.parametrize("route", ["open_inmail", "paid_inmail", "InMail"])
def test_an_accepted_inmail_is_reported_and_not_counted(route: str) -> None:
    """An InMail has no invitation; what else the row says still counts."""
    text = (
        "lead id,route,status,sent at\n"
        f"{1:016x},{route},accepted,\n"
        f"{2:016x},connection_request,accepted,\n"
        f"{3:016x},{route},accepted,2026-11-20\n"
    )
    found = [(row, kind) for row, kind in lines(text)]
    assert found == [(3, "accepted"), (4, "sent")]
    assert codes(text) == [
        (2, "accepted-inmail", "status"),
        (4, "accepted-inmail", "status"),
    ]


# --- who, when, and what the user says of it --------------------------------------


def test_rows_without_a_person_are_reported_only_if_they_say_something() -> None:
    """A shared mailbox names nobody; neither does an id that a spreadsheet has broken."""
    text = (
        "LinkedIn member ID,Email,Status\n"
        ",info@quillbrook.example,sent\n"
        ",info@quillbrook.example,todo\n"
        "1.23457E+18,,failed\n"
        "123456,,sent\n"
        "123457,,todo\n"
        "123458,,todo\n"
        ",ada@quillbrook.example,sent\n"
    )
    assert lines(text, "member_id", "email") == [
        (5, "sent", "123456", ""),
        (8, "sent", "", "ada@quillbrook.example"),
    ]
    assert codes(text) == [(4, "id-mangled", ""), (2, "no-identity", "")]


def test_the_future_is_no_outcome() -> None:
    """Today may still go on elsewhere, tomorrow may not have come."""
    text = (
        "Profile URL,Sent at\n"
        "linkedin.com/in/aa,2026-11-27\n"
        "linkedin.com/in/bb,2026-11-28\n"
        "linkedin.com/in/cc,2026-11-27T20:00:00-08:00\n"
        "linkedin.com/in/dd,2026-11-28T13:00:00Z\n"
    )
    # 20:00 in California is 04:00 UTC of the next day, and still the 27th there.
    assert lines(text, "happened_on") == [
        (2, "sent", "2026-11-27"),
        (4, "sent", "2026-11-28T04:00:00Z"),
    ]
    assert codes(text) == [
        (3, "date-in-future", "Sent at"),
        (5, "date-in-future", "Sent at"),
    ]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("2026-11-24", "2026-11-24"),
        ("24.11.2026", "2026-11-24"),
        ("11/24/2026", "2026-11-24"),
        ("24 Nov 2026", "2026-11-24"),
        ("46350", "2026-11-24"),  # 46,350 days after 1899-12-30
        ("46350.5", "2026-11-24T12:00:00Z"),
        ("2026-11-24 00:00:00", "2026-11-24"),
        ("2026-11-24 09:07", "2026-11-24T09:07:00Z"),
        ("2026-11-24T09:07:08.123456Z", "2026-11-24T09:07:08Z"),
        ("2026-11-24T00:30:00+01:00", "2026-11-23T23:30:00Z"),
        ("2026-11-24T20:30:00-0530", "2026-11-25T02:00:00Z"),
        ("11/24/2026, 9:07 PM", "2026-11-24T21:07:00Z"),
        ("11/24/2026 12:07 am", "2026-11-24T00:07:00Z"),
        ("24.11.2026 21:07 Uhr", "2026-11-24T21:07:00Z"),
        ("2026-11-24 25:00", "2026-11-24"),
        ("2026-11-24 00:10 CET", "2026-11-23T23:10:00Z"),
        ("Nov 24, 2026 11:30 PM EST", "2026-11-25T04:30:00Z"),
        ("2026-11-24 9:07 pm CET", "2026-11-24T20:07:00Z"),
        ("2026-11-24 09:07pdt", "2026-11-24T16:07:00Z"),
        ("2026-11-24 09:07 (EET)", "2026-11-24T07:07:00Z"),
        ("2026-11-24 00:00 MSK", "2026-11-23T21:00:00Z"),
        ("2026-11-24 09:07 UTC+2", "2026-11-24T07:07:00Z"),
        (
            "Tue Nov 24 2026 09:07:08 GMT+0100 (Central European Standard Time)",
            "2026-11-24T08:07:08Z",
        ),
        ("2026-11-24 09:07 GMT (Greenwich Mean Time)", "2026-11-24T09:07:00Z"),
        ("2026-11-24 09:07 sent by Anna", "2026-11-24T09:07:00Z"),
        # 20,781 days after 1970-01-01, and 9 h 7 min 8 s = 32,828 s
        ("1795511228", "2026-11-24T09:07:08Z"),
        ("1795511228000", "2026-11-24T09:07:08Z"),
        ("soon", ""),
        ("", ""),
    ],
)
def test_dates_and_times(cell: str, text: str) -> None:
    """ISO, in UTC where there is a time; what is none is unreadable."""
    found = moments(column([cell]), TODAY)
    assert found.texts.tolist() == [text]
    assert found.unreadable.tolist() == [cell == "soon"]
    assert found.late.tolist() == [False]
    assert found.doubtful.tolist() == [""]


def test_a_date_column_that_holds_no_dates_is_said_to_be_left_out() -> None:
    """Its rows would count for the day of recording without a word; a good one is used."""
    head = "Profile URL,Status,Date\nlinkedin.com/in/aa,sent,"
    _, issues = read_table(table(f"{head}soon\n"))
    assert [(one.code, one.column) for one in issues] == [("no-dates", "Date")]
    _, issues = read_table(table(f"{head}2026-11-24\n"))
    assert issues == []
    _, issues = read_table(table(f"{head}\n"))
    assert issues == []


def test_german_words_for_zones() -> None:
    """MEZ is CET and MESZ is CEST: an hour, and two, before Greenwich."""
    found = moments(column(["01.12.2026 00:10 MEZ", "01.07.2026 00:10 MESZ"]), TODAY)
    assert found.texts.tolist() == ["2026-11-30T23:10:00Z", "2026-06-30T22:10:00Z"]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("Europe/Lisbon", "WET WEST"), ("Europe/London", "GMT BST"),
        ("Europe/Berlin", "CET CEST"), ("Europe/Athens", "EET EEST"),
        ("Europe/Moscow", "MSK"), ("America/New_York", "EST EDT"),
        ("America/Chicago", "CST CDT"), ("America/Denver", "MST MDT"),
        ("America/Los_Angeles", "PST PDT"),
    ],
)  # fmt: skip
def test_zones_are_those_of_the_time_zone_database(place: str, words: str) -> None:
    """Each abbreviation means what the place that it stands for has then."""
    for word, month in zip(words.split(), (1, 7), strict=False):
        there = dt.datetime(2026, month, 15, 9, 7, tzinfo=ZoneInfo(place))
        assert there.tzname() == word
        found = moments(column([f"{there:%Y-%m-%d %H:%M} {word}"]), TODAY)
        assert found.texts[0] == f"{there.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("cells", "texts", "words"),
    [
        (["2026-11-24 09:07 AMT"], ["2026-11-24T09:07:00Z"], ["amt"]),
        (["2026-11-24 09:07 IST"], ["2026-11-24T09:07:00Z"], ["ist"]),
        (["2026-11-24 09:07 Europe/Berlin"], ["2026-11-24T09:07:00Z"], ["europe/berlin"]),
        (["2026-11-24 9:07 PM Eastern Time"], ["2026-11-24T21:07:00Z"], ["eastern time"]),
        (["2026-11-24 09:07 CST"], ["2026-11-24T15:07:00Z"], ["cst"]),
        (
            ["2026-11-24 09:07 CST", "2026-11-24 09:07 EST"],
            ["2026-11-24T15:07:00Z", "2026-11-24T14:07:00Z"], ["", ""],
        ),
        (["2026-11-24 00:00 IST"], ["2026-11-24"], [""]),  # a day alone has no zone
    ],
)  # fmt: skip
def test_doubtful_zones(cells: list[str], texts: list[str], words: list[str]) -> None:
    """A zone that is not known is named; CST is America's where others of it stand."""
    found = moments(column(cells), TODAY)
    assert found.texts.tolist() == texts
    assert found.doubtful.tolist() == words


@pytest.mark.parametrize(
    "header", ["gesehen am", "Seen on", "checked at", "geprüft am", "Vu le", "Visto el"]
)
def test_when_a_flag_was_seen(header: str) -> None:
    """A date beside a flag is the day on which somebody looked, in several languages."""
    text = f"Profile URL,Open Profile,{header}\nlinkedin.com/in/aa,yes,2026-11-24\n"
    assert lines(text, "happened_on") == [(2, "flag_seen", "2026-11-24")]


@pytest.mark.parametrize("header", ["Sent at", "Replied"])
def test_a_doubtful_zone_is_a_finding(header: str) -> None:
    """The row counts, and what was assumed of it is said with row and column."""
    text = (
        f"Profile URL,{header}\n"
        "linkedin.com/in/aa,2026-11-24 09:07 CET\n"
        "linkedin.com/in/bb,2026-11-24 09:07 IST\n"
        "linkedin.com/in/cc,2026-11-24 09:07 CST\n"
    )
    result, issues = read_table(table(text))
    assert len(result.outcomes) == 3
    assert issues == []
    found = {one.row: one for one in result.issues if one.code == "unknown-time-zone"}
    assert set(found) == {3, 4}
    assert {issue.column for issue in found.values()} == {header}
    assert "IST is not known, and the time was taken as UTC" in found[3].message
    assert "taken as America's" in found[4].message


def test_the_order_of_day_and_month_is_decided_for_the_column() -> None:
    """One date that can only be day first turns the others; nothing told is reported."""
    rows = "linkedin.com/in/aa,05/11/2026\nlinkedin.com/in/bb,{}/11/2026\n"
    text = "Profile URL,Replied at\n" + rows
    assert [one[2] for one in lines(text.format(24), "happened_on")] == [
        "2026-11-05",
        "2026-11-24",
    ]
    assert [code for _, code, _ in codes(text.format("06"))] == ["ambiguous-dates"]


def test_the_users_word_for_columns_and_files() -> None:
    """--map names a column, --what the file, --on the date and --seat the seat."""
    text = "Profile URL,What we got,When\nlinkedin.com/in/aa,replied,24.11.2026\n"
    raw = table(text)
    overrides = {"status": "what we got", "date": "When"}
    assert outcome_columns.check_overrides([raw], overrides) == []
    result, issues = read_table(raw, overrides, seat="anna")
    assert picked(result, "happened_on", "seat") == [(2, "replied", "2026-11-24", "anna")]
    assert issues == []
    wrong = outcome_columns.check_overrides([raw], {"statsu": "When", "status": "Wehn"})
    assert [issue.code for issue in wrong] == ["unknown-column-mapping"] * 2
    assert "did you mean status" in wrong[0].message
    assert "'When'" in wrong[1].message
    none, issues = read_table(raw, {"status": ""})
    assert none.outcomes.empty
    assert [issue.code for issue in issues] == ["no-outcome-column"]


def test_all_of_a_list_failed() -> None:
    """What the user says of all of them wins over the status; reasons and dates stay."""
    text = (
        "Profile URL,Status,Failed at\n"
        "linkedin.com/in/aa,todo,2026-11-24\n"
        "linkedin.com/in/bb,No InMail credits left,\n"
        "linkedin.com/in/cc,,whenever it was\n"
    )
    found = lines(
        text, "happened_on", "error_text", what=OutcomeKind.FAILED, on=dt.date(2026, 11, 25)
    )
    assert found == [
        (2, "failed", "2026-11-24", ""),
        (3, "failed", "2026-11-25", "No InMail credits left"),
    ]
    assert codes(text, what=OutcomeKind.FAILED) == [(4, "unreadable-outcome", "Failed at")]


def test_what_was_understood_is_said() -> None:
    """The user sees which column means what, and which are not used."""
    raw = table("Profile URL,Status,Shoe size\nlinkedin.com/in/aa,sent,44\n")
    mapping, _ = outcome_columns.recognise(raw)
    said = mappings_in_words([mapping], {"status": "what happened, in a word"})
    assert said[0] == "list.csv:"
    assert said[1] == "  profile_url = Profile URL"
    assert said[2] == "  status = Status: what happened, in a word"
    assert said[3] == "  not used: Shoe size"


def test_a_status_that_nobody_understands_is_reported_and_not_used() -> None:
    """Employment, say: the other columns still count."""
    raw = table("Profile URL,Status,Sent\nlinkedin.com/in/aa,Banana,yes\n")
    result, issues = read_table(raw)
    assert picked(result) == [(2, "sent")]
    assert [issue.code for issue in issues] == ["status-not-understood"]


# --- odd files --------------------------------------------------------------------


def test_headers_only() -> None:
    """A file without rows has no outcome, whatever its columns."""
    raw = table("Profile URL,Status\nlinkedin.com/in/aa,sent\n")
    empty = replace(raw, frame=raw.frame.iloc[:0], rows=raw.rows[:0])
    for what in (None, *OutcomeKind):
        result, _ = read_table(empty, what=what)
        assert result.outcomes.empty
        assert result.rows.empty


def test_an_empty_file_is_the_readers_word(tmp_path: Path) -> None:
    """Nothing to recognise: the reader says so."""
    (tmp_path / "none.csv").write_bytes(b"")
    tables, issues = read.tables([tmp_path / "none.csv"])
    assert tables == []
    assert [issue.code for issue in issues] == ["empty-file"]
    nothing = outcomes.concatenate([])
    assert schemas.check(nothing.outcomes, schemas.OUTCOMES) == []
    assert schemas.check(nothing.rows, schemas.OUTCOME_ROWS) == []


def test_files_are_put_together_in_order() -> None:
    """Nothing is merged or sorted away."""
    one, _ = read_table(table("Profile URL,Sent\nlinkedin.com/in/aa,yes\n", "1.csv"))
    two, _ = read_table(table("Profile URL,Sent\nlinkedin.com/in/aa,no\n", "2.csv"))
    both = outcomes.concatenate([one, two])
    assert both.outcomes["source_file"].tolist() == ["1.csv"]
    assert both.rows["became"].tolist() == ["outcome", "nothing"]
    assert both.rows["source_file"].tolist() == ["1.csv", "2.csv"]


@pytest.mark.parametrize("path", sorted(FAULTY.glob("outcome-*")), ids=lambda p: p.name)
def test_faulty_files_lose_no_row(path: Path) -> None:
    """Each has at least one finding about a row, with file, row and a cure."""
    tables, _ = read.tables([path], known_headers=outcome_columns.known_headers())
    assert tables
    for raw in tables:
        result, _ = read_table(raw)
        assert [issue for issue in result.issues if issue.row is not None]
        assert all(issue.file == str(path) for issue in result.issues)


def test_balance_words() -> None:
    """Whole numbers only, with or without a mark for the thousands."""
    known = {
        "41": 41,
        "41.0": 41,
        " 0 ": 0,
        "1.150": 1150,
        "1 150": 1150,
        "n/a": -1,
        "": -1,
    }
    assert {text: outcome_words.balance(text) for text in known} == known
    for text in ("41.5", "-3", "1e3", "50/150", "=41", "999999999"):
        assert outcome_words.balance(text) == outcome_words.BAD_BALANCE


def test_no_word_has_two_meanings() -> None:
    """The lists of words do not overlap."""
    lists = (
        outcome_words.SENT_WORDS, outcome_words.FAILED_WORDS, outcome_words.SKIPPED_WORDS,
        outcome_words.REPLIED_WORDS, outcome_words.ACCEPTED_WORDS,
        outcome_words.NOTHING_WORDS, outcome_words.REFUSED_WORDS,
    )  # fmt: skip
    every = [word for words in lists for word in words]
    assert len(every) == len(set(every))
    assert all(outcome_words.words(word) == word for word in every)


# --- whatever the rows ------------------------------------------------------------

CELLS = st.sampled_from(
    ["", "sent", "failed", "Replied", "todo", "banana", "yes", "no", "2026-11-24",
     "2027-01-01", "24.11.2026", "=1+1", "unsubscribed", "\u00a0", "3", "-", "No credits"]
)  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "linkedin.com/in/aa", "linkedin.com/in/bb"]),
        CELLS, CELLS, CELLS, CELLS,
    ),
    min_size=1, max_size=12,
)  # fmt: skip
HEADERS = ["Profile URL", "Status", "Sent at", "Replied", "Date"]


def raw_table(rows: Sequence[tuple[str, ...]], numbers: Sequence[int]) -> RawTable:
    """Return rows as a table, each with its number."""
    frame = pd.DataFrame(list(rows), columns=HEADERS, dtype="str")
    return replace(
        table("a\nb\n"), frame=frame, rows=pd.Series(numbers, dtype="int64").to_numpy()
    )


@given(ROWS, st.randoms(use_true_random=False), st.sampled_from([None, *OutcomeKind]))
def test_the_order_of_rows_does_not_matter(
    rows: list[tuple[str, ...]], random: Any, what: OutcomeKind | None
) -> None:
    """Shuffled rows give the same outcomes, findings and fates, row by row."""
    numbers = list(range(2, len(rows) + 2))
    shuffled = list(zip(rows, numbers, strict=True))
    random.shuffle(shuffled)
    one, _ = read_table(raw_table(rows, numbers), what=what)
    two, _ = read_table(
        raw_table([row for row, _ in shuffled], [number for _, number in shuffled]),
        what=what,
    )
    by_row = ["source_row", "kind"]
    pd.testing.assert_frame_equal(
        one.outcomes.sort_values(by_row, ignore_index=True),
        two.outcomes.sort_values(by_row, ignore_index=True),
    )
    pd.testing.assert_frame_equal(
        one.rows, two.rows.sort_values("source_row", ignore_index=True)
    )
    assert set(one.issues) == set(two.issues)


@given(st.text(max_size=40))
def test_any_status_is_read_or_said_to_be_unknown(text: str) -> None:
    """No text breaks the reading of a status, a step, a route or a balance."""
    assert outcome_words.status(text) in set(Said)
    assert outcome_words.below(Said.SENT, text) in set(Said)
    assert outcome_words.balance(text) >= outcome_words.BAD_BALANCE
    assert outcome_words.step(text).kind in set(Said)
    when = moments(column([text]), TODAY)
    assert bool(when.texts[0]) or not when.late[0]
