"""Text tables in, one line per person out: merging, careful facts, findings."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import schemas
from planner.domain import ColumnMapping, LeadTable, RawTable
from planner.errors import Issue, Severity
from planner.intake import companies, leads, titles
from planner.intake.cells import column
from planner.intake.contact import Touch, touch
from planner.intake.lead_file import MAX_LISTED
from planner.intake.lead_rows import split_name
from planner.params import Parameters

MONDAY = dt.date(2026, 11, 23)
SALES = "ACwAAFAKEfakeFAKEfakeFAKEfakeFAKEfakeFA"
OTHER = "ACwAAFAKEfakeFAKEfakeFAKEfakeFAKEfakeFB"

Row = Mapping[str, str]
Listed = tuple[RawTable, ColumnMapping]


def make(rows: Sequence[Row], file: str = "leads.csv") -> Listed:
    """Return a file whose headers are the meanings themselves, from its second line."""
    names = [*dict.fromkeys(name for row in rows for name in row)]
    data = {name: [row.get(name, "") for row in rows] for name in names}
    frame = pd.DataFrame(data, index=range(len(rows)), dtype="str")
    lines = np.arange(2, len(rows) + 2)
    table = RawTable(file=file, frame=frame, rows=lines, sha256="")
    columns = {name: (name,) for name in names}
    return table, ColumnMapping(file=file, columns=columns, origin={})


def clean(
    *files: Sequence[Row] | Listed, exclusions: Sequence[Row] = (), **options: object
) -> LeadTable:
    """Clean files given as rows, `leads-0.csv` first."""
    made = [
        file if isinstance(file, tuple) else make(file, f"leads-{at}.csv")
        for at, file in enumerate(files)
    ]
    recontact = options.pop("recontact_after_days", 0)
    found = leads.clean(
        [table for table, _ in made],
        [mapping for _, mapping in made],
        exclusions=[make(exclusions, "customers.csv")] if exclusions else (),
        scraped_by=str(options.pop("scraped_by", "")),
        as_of=MONDAY,
        parameters=Parameters().override({"recontact_after_days": recontact}),
    )
    assert not options
    assert schemas.check(found.leads, schemas.LEADS) == []
    assert schemas.check(found.rows, schemas.ROWS) == []
    assert found.leads["lead_id"].is_monotonic_increasing
    assert found.leads["lead_id"].is_unique
    return found


def only(found: LeadTable) -> pd.Series:
    """Return the one lead there is."""
    assert len(found.leads) == 1
    return found.leads.iloc[0]


def codes(found: LeadTable) -> list[str]:
    """Return the codes of all findings."""
    return [issue.code for issue in found.issues]


def one(found: LeadTable, code: str) -> Issue:
    """Return the one finding of this kind."""
    return next(iter([issue for issue in found.issues if issue.code == code]))


def person(slug: str = "jane-doe", **cells: str) -> dict[str, str]:
    """Return a row about somebody."""
    return {"profile_url": f"https://www.linkedin.com/in/{slug}", **cells}


# --- rows in = rows out -----------------------------------------------------------


def test_every_row_is_a_lead_a_duplicate_or_rejected() -> None:
    """Rows come back in input order, each with its lead or with the code of its issue."""
    found = clean(
        [person(first_name="Jane"), {"profile_url": "https://acme.com"}],
        [person(title="CTO"), person("bob-roe", matches_filters="false")],
    )
    assert found.rows["source_file"].tolist() == ["leads-0.csv"] * 2 + ["leads-1.csv"] * 2
    assert found.rows["source_row"].tolist() == [2, 3, 2, 3]
    assert found.rows["outcome"].tolist() == ["lead", "rejected", "duplicate", "rejected"]
    assert found.rows["code"].tolist() == ["", "no-identity", "", "not-matching"]
    jane = only(found)
    assert found.rows["lead_id"].tolist() == [jane["lead_id"], "", jane["lead_id"], ""]
    assert (jane["first_name"], jane["title"], jane["num_rows"]) == ("Jane", "CTO", 2)
    assert (jane["source_file"], jane["source_row"]) == ("leads-0.csv", 2)


def test_no_rows_make_no_leads() -> None:
    """No file, and a file without rows, give empty tables of the right shape."""
    for found in (clean(), clean([])):
        assert len(found.leads) == len(found.rows) == len(found.issues) == 0


def test_rejected_rows_are_errors_at_their_place() -> None:
    """A row without identity and one with a rounded id name file, row and column."""
    found = clean([{"member_id": ""}, {"member_id": "1.2E+18"}, {"member_id": "77"}])
    assert [(i.code, i.file, i.row, i.column, i.severity) for i in found.issues] == [
        ("no-identity", "leads-0.csv", 2, "member_id", Severity.ERROR),
        ("id-mangled", "leads-0.csv", 3, "member_id", Severity.ERROR),
    ]


def test_rows_outside_the_search_are_noted() -> None:
    """A row that its export says does not match is kept out with a note."""
    found = clean([person(matches_filters="No"), person("bob", matches_filters="")])
    assert only(found)["public_slug"] == "bob"
    assert one(found, "not-matching").severity is Severity.NOTE


def test_a_disqualified_row_is_outside_the_search() -> None:
    """The word of another tool for the same thing."""
    found = clean(
        [person(matches_filters="DISQUALIFIED"), person("bob", matches_filters="QUALIFIED")]
    )
    assert only(found)["public_slug"] == "bob"
    assert codes(found) == ["not-matching"]


def test_the_senders_own_profile_is_left_out() -> None:
    """A row at distance SELF is the seat itself: rejected with a note."""
    found = clean([person(degree="SELF"), person("bob", degree="DISTANCE_1")])
    assert (only(found)["public_slug"], only(found)["degree"]) == ("bob", 1)
    assert found.rows["code"].tolist() == ["own-profile", ""]
    assert [(i.code, i.severity, i.column) for i in found.issues] == [
        ("own-profile", Severity.NOTE, "degree")
    ]


@pytest.mark.parametrize(("cell", "degree"), [("TRUE", 1), ("FALSE", 0), ("", 0)])
def test_a_relationship_is_a_connection(cell: str, degree: int) -> None:
    """Yes and no under a header of connections are read as such."""
    assert only(clean([person(connected_on=cell)]))["degree"] == degree


def test_a_refusal_counts_even_in_a_row_that_is_kept_out() -> None:
    """Do-not-contact in a row outside the search excludes the person all the same."""
    found = clean([person(matches_filters="no", do_not_contact="yes"), person()])
    assert only(found)["exclusion"] == "do_not_contact"


def test_issues_name_nobody() -> None:
    """No message holds a name, an e-mail or an address of a row."""
    found = clean(
        [
            person("zebra-quagga", first_name="Zebra", email="q@zebra.org", open_flag="no"),
            person("zebra-quagga", open_flag="yes", owner="seat-1", degree="?!"),
            person("zebra-quagga", owner="seat-2", do_not_contact="ask Zebra"),
            {"profile_url": "https://zebra.org/quagga", "last_contacted_on": "quagga"},
            {"sales_navigator_id": SALES, "first_name": "Zebra", "company": "Acme"},
            {"public_slug": "zebra-3", "first_name": "Zebra", "company": "Acme"},
            {"public_slug": "zebra-4", "email": "q@zebra.org"},
        ]
    )
    assert len(found.issues) >= 6
    assert not [i for i in found.issues if re.search("zebra|quagga", i.message, re.I)]


def test_many_findings_of_a_kind_are_counted() -> None:
    """Beyond a hundred, findings about cells are summed up in one line."""
    rows = [person(f"lead-{at}", priority="soon") for at in range(MAX_LISTED + 5)]
    found = clean(rows)
    assert codes(found) == ["unreadable-priority"] * (MAX_LISTED + 1)
    assert found.issues[-1].message.startswith("5 more rows")


# --- merging ----------------------------------------------------------------------

cells_of_lead = st.fixed_dictionaries(
    {},
    optional={
        "public_slug": st.sampled_from(["anna", "berta", "clara", "Anna"]),
        "sales_navigator_id": st.sampled_from([SALES, OTHER]),
        "member_id": st.sampled_from(["1", "2", "1.2E+18"]),
        "email": st.sampled_from(["a@x.org", "b@x.org", "info@x.org"]),
        "full_name": st.sampled_from(["Anna King", "Berta Rook", "A. King"]),
        "title": st.sampled_from(["CTO", "Head of IT", " "]),
        "company": st.sampled_from(["Acme Inc.", "ACME", "Freelance"]),
        "open_flag": st.sampled_from(["yes", "no", "", "maybe"]),
        "premium_flag": st.sampled_from(["true", "false", ""]),
        "degree": st.sampled_from(["1st", "2nd", "3rd", ""]),
        "scraped_by": st.sampled_from(["s1", "s2", ""]),
        "exported_on": st.sampled_from(["2026-11-01", "2026-11-02", ""]),
        "priority": st.sampled_from(["10", "A", "x"]),
        "owner": st.sampled_from(["s1", "S2"]),
        "do_not_contact": st.sampled_from(["no", "yes", "hm"]),
        "last_contacted_on": st.sampled_from(["2026-01-01", "2027-01-01", "soon"]),
        "contact_status": st.sampled_from(["NEW", "REPLIED", "AWAITING_REPLY"]),
        "matches_filters": st.sampled_from(["yes", "no"]),
    },
)


@given(st.lists(cells_of_lead, max_size=10), st.integers(0, 10))
@settings(max_examples=60, deadline=None)
def test_rows_in_are_rows_out(rows: list[dict[str, str]], cut: int) -> None:
    """Whatever the rows: one outcome each, leads counted once, and issues for the rest."""
    found = clean(rows[:cut], rows[cut:])
    assert len(found.rows) == len(rows)
    outcomes = found.rows["outcome"].value_counts()
    assert outcomes.get("lead", 0) == len(found.leads)
    assert found.leads["num_rows"].sum() == len(rows) - outcomes.get("rejected", 0)
    merged = found.rows[found.rows["outcome"] != "rejected"]
    assert set(merged["lead_id"]) == set(found.leads["lead_id"])
    rejected = found.rows[found.rows["outcome"] == "rejected"]
    reported = {(i.file, i.row, i.code) for i in found.issues if i.row is not None}
    for file, line, code in zip(
        rejected["source_file"], rejected["source_row"], rejected["code"], strict=True
    ):
        assert (file, line, code) in reported


@given(st.lists(cells_of_lead, max_size=10), st.integers(0, 10), st.randoms())
@settings(max_examples=60, deadline=None)
def test_order_of_rows_and_files_does_not_matter(
    rows: list[dict[str, str]], cut: int, shuffler: random.Random
) -> None:
    """Shuffled over other files, the rows give the same leads but for their place."""
    expected = clean(rows)
    shuffler.shuffle(rows)
    found = clean(rows[:cut], rows[cut:])
    place = ["source_file", "source_row"]
    pd.testing.assert_frame_equal(
        found.leads.drop(columns=place), expected.leads.drop(columns=place)
    )


def test_texts_come_from_the_newest_row_and_gaps_from_the_others() -> None:
    """The newest export's title counts; the company, blank there, is an older one's."""
    found = clean(
        [
            person(title="CTO", company="Old", exported_on="2026-01-01"),
            person(title="CEO", exported_on="2026-02-01"),
            person(title="Intern", company="Undated", industry="X"),
        ]
    )
    jane = only(found)
    assert (jane["title"], jane["company"], jane["industry"]) == ("CEO", "Old", "x")


def test_without_dates_the_fullest_row_counts() -> None:
    """Of undated rows the one with most cells wins, then the smaller text."""
    found = clean([person(title="A"), person(title="B", company="Acme")])
    assert only(found)["title"] == "B"
    found = clean([person(title="B"), person(title="A")])
    assert only(found)["title"] == "A"


@pytest.mark.parametrize(
    ("rows", "flag", "severity"),
    [
        ([("yes", ""), ("", "")], 1, None),
        ([("no", "2026-01-01"), ("", "2026-02-01")], 0, None),
        ([("yes", ""), ("no", "")], 0, Severity.WARNING),
        ([("no", "2026-01-01"), ("yes", "2026-02-01")], 1, Severity.NOTE),
        ([("yes", "2026-01-01"), ("no", "2026-02-01")], 0, Severity.NOTE),
        ([("yes", "2026-02-01"), ("no", "2026-02-01")], 0, Severity.WARNING),
        ([("yes", "2026-02-01"), ("no", "")], 0, Severity.WARNING),
        ([("maybe", ""), ("-", "")], -1, None),
    ],
)
def test_flags(rows: list[tuple[str, str]], flag: int, severity: Severity | None) -> None:
    """Known beats unknown, newer beats older, and where nothing tells, no is careful."""
    found = clean([person(open_flag=text, exported_on=day) for text, day in rows])
    assert only(found)["open_flag"] == flag
    conflicts = [i.severity for i in found.issues if i.code == "flag-conflict"]
    assert conflicts == ([] if severity is None else [severity])


def test_a_connection_of_any_seat_is_first_degree() -> None:
    """1st for one seat and 2nd for another: degree 1, and the seat is named."""
    found = clean(
        [person(degree="2nd", scraped_by="s1"), person(degree="1st", scraped_by="s2")]
    )
    assert tuple(only(found)[["degree", "degree_seat"]]) == (1, "s2")


def test_the_last_word_of_a_seat_on_its_connection_counts() -> None:
    """A seat that lost the connection since is no longer the lead's."""
    found = clean(
        [
            person(degree="1st", exported_on="2026-01-01"),
            person(degree="2nd", exported_on="2026-02-01"),
        ],
        scraped_by="s1",
    )
    assert tuple(only(found)[["degree", "degree_seat"]]) == (2, "")


def test_of_several_connected_seats_the_first_by_name_is_taken() -> None:
    """Two seats are connected: the smaller id, with a note."""
    rows = [person(degree="1", scraped_by=seat) for seat in ("s9", "s1", "")]
    found = clean(rows)
    assert only(found)["degree_seat"] == "s1"
    assert "several-connections" in codes(found)


def test_a_connection_without_a_seat_has_none() -> None:
    """Without scraped_by a 1st-degree lead's seat is not known; with it, it is."""
    assert tuple(only(clean([person(degree="1st")]))[["degree", "degree_seat"]]) == (1, "")
    found = clean([person(degree="1st")], scraped_by="s1")
    assert only(found)["degree_seat"] == "s1"


@pytest.mark.parametrize("header", ["Connected On", "connected_on"])
def test_linkedins_list_of_connections_is_first_degree(header: str) -> None:
    """A Connected On date makes a lead a connection, mapped or not."""
    table, mapping = make([person(), person("bob")])
    table.frame[header] = pd.Series(["16 Mar 2025", ""], dtype="str")
    found = clean((table, mapping), scraped_by="s1").leads.set_index("public_slug")
    assert found["degree"].to_dict() == {"jane-doe": 1, "bob": 0}
    assert found["degree_seat"].to_dict() == {"jane-doe": "s1", "bob": ""}


def test_the_highest_priority_counts() -> None:
    """Priorities of duplicates are not averaged; what cannot be read is none."""
    found = clean([person(priority="40"), person(priority="B"), person(priority="soon")])
    assert only(found)["priority"] == 70
    assert one(found, "unreadable-priority").row == 4
    assert np.isnan(only(clean([person(priority="soon")]))["priority"])


def test_two_owners_are_reported() -> None:
    """Different owners are a warning, spelling apart they are not."""
    found = clean([person(owner="s1", title="CTO"), person(owner="s2")])
    assert only(found)["owner"] == "s1"
    assert one(found, "owner-conflict").severity is Severity.WARNING
    assert codes(clean([person(owner="s1"), person(owner="S1"), person()])) == []


def test_a_changed_slug_is_noted() -> None:
    """Two slugs with one member id are one person; the newer slug counts."""
    found = clean(
        [
            person("jane-doe", member_id="77", exported_on="2026-01-01"),
            person("jane-roe", member_id="77", exported_on="2026-02-01"),
        ]
    )
    assert only(found)["public_slug"] == "jane-roe"
    assert codes(found) == ["slug-changed"]


def test_profiles_that_share_an_email_stay_apart() -> None:
    """One e-mail beside two profiles makes two leads and a note."""
    found = clean([person("jane", email="x@y.org"), person("bob", email="x@y.org")])
    assert len(found.leads) == 2
    assert codes(found) == ["shared-email"]


def test_a_placeholder_id_is_reported() -> None:
    """Fifty-one rows with one handle are one lead, and suspicious."""
    found = clean([person() for _ in range(51)])
    assert only(found)["num_rows"] == 51
    assert codes(found) == ["many-duplicates"]


def test_possible_duplicates_are_pairs_that_cannot_be_compared() -> None:
    """Same name and company with only a slug here and only an opaque id there."""
    jane = {"full_name": "Jane D\u00f6e", "company": "Acme, Inc."}
    found = clean(
        [
            person("jane-doe", **jane),
            {"sales_navigator_id": SALES, "first_name": "JANE", "last_name": "doe"}
            | {"company": "ACME"},
            {"sales_navigator_id": OTHER, "full_name": "Jane Doe", "company": "Other"},
            person("jane-2", **jane),
        ]
    )
    assert len(found.leads) == 4
    issue = one(found, "possible-duplicate")
    assert (codes(found), issue.row) == (["possible-duplicate"], 3)


# --- who is left out --------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"do_not_contact": "yes"}, "do_not_contact"),
        ({"do_not_contact": "x"}, "do_not_contact"),
        ({"do_not_contact": "perhaps"}, "do_not_contact"),
        ({"do_not_contact": "no"}, ""),
        ({"do_not_contact": ""}, ""),
        ({"contact_status": "REPLIED"}, "replied_before"),
        ({"contact_status": "AWAITING_REPLY"}, "contacted_before"),
        ({"contact_status": "UserBlockedByRecipient"}, "do_not_contact"),
        ({"contact_status": "New"}, ""),
        ({"contact_status": "grue"}, ""),
        ({"last_contacted_on": "2026-11-02"}, "contacted_before"),
        ({"last_contacted_on": "never"}, ""),
        ({"last_contacted_on": "2027-01-01"}, "contacted_before"),
        ({"last_contacted_on": "last week"}, "contacted_before"),
        ({"contact_status": "REPLIED", "do_not_contact": "1"}, "do_not_contact"),
        (
            {"contact_status": "REPLIED", "last_contacted_on": "2026-01-01"},
            "replied_before",
        ),
    ],
)
def test_what_was_said_and_done_before_excludes(cells: dict[str, str], rule: str) -> None:
    """The strictest rule that applies is named; what cannot be read counts as yes."""
    assert only(clean([person(**cells), person()]))["exclusion"] == rule


def test_the_last_touch_is_dated() -> None:
    """The latest date counts; after the plan's date or unreadable, it is that date."""
    days = ["2026-10-01", "2026-11-02", ""]
    found = clean([person(last_contacted_on=day) for day in days])
    assert only(found)["last_contacted_on"] == "2026-11-02"
    for cell, code in (
        ("2027-01-01", "contact-date-in-future"),
        ("last week", "unreadable-contact-date"),
    ):
        found = clean([person(last_contacted_on=cell)])
        assert only(found)["last_contacted_on"] == MONDAY.isoformat()
        assert codes(found) == [code]


@pytest.mark.parametrize(
    ("day", "rule"), [("2026-10-24", ""), ("2026-10-25", "contacted_before")]
)
def test_contacted_leads_return_after_the_wait(day: str, rule: str) -> None:
    """With a wait of 30 days a touch of 30 days ago is over, one of 29 is not."""
    found = clean([person(last_contacted_on=day)], recontact_after_days=30)
    assert only(found)["exclusion"] == rule


def test_a_contact_of_unknown_date_is_never_over() -> None:
    """A status without a date excludes whatever the wait."""
    found = clean([person(contact_status="sent")], recontact_after_days=30)
    assert only(found)["exclusion"] == "contacted_before"


@pytest.mark.parametrize(
    "row",
    [
        {"profile_url": "linkedin.com/in/Jane-Doe/"},
        {"sales_navigator_id": SALES},
        {"email": "JANE@example.com"},
        {"personal_email": "info@example.com"},
    ],
)
def test_any_key_on_an_exclusion_list_excludes(row: dict[str, str]) -> None:
    """Slug, opaque id and any e-mail of any row of the lead count, shared or not."""
    rows = [
        person(sales_navigator_id=SALES, email="jane@example.com"),
        person(email="info@example.com"),
        person("bob-roe"),
    ]
    found = clean(rows, exclusions=[row]).leads.set_index("public_slug")["exclusion"]
    assert found.to_dict() == {"jane-doe": "exclusion_list", "bob-roe": ""}


@pytest.mark.parametrize(
    "row",
    [{"company": "ACME Ltd."}, {"company_domain": "https://www.acme.com/"}],
)
def test_a_list_of_companies_excludes_their_people(row: dict[str, str]) -> None:
    """By the company's name, its domain, or the domain of the lead's e-mail."""
    both = {"company": "Acme", "company_domain": "acme.com"}
    rows = [
        person(**both),
        person("ann", email="ann@acme.com", company=row.get("company", "")),
        person("bob-roe", company="Beta", email="bob@gmail.com"),
    ]
    found = clean(rows, exclusions=[row])
    rules = found.leads.set_index("public_slug")["exclusion"]
    assert rules.to_dict() == {
        "ann": "exclusion_list",
        "bob-roe": "",
        "jane-doe": "exclusion_list",
    }
    assert codes(found) == ["exclusion-companies"]


def test_a_list_of_people_excludes_no_companies() -> None:
    """Where anybody is named, a company alone does not exclude its people."""
    listed = [{"email": "jane@acme.com", "company": "Acme"}, {"company": "Beta"}]
    found = clean(
        [person(company="Acme"), person("bob", company="Beta")], exclusions=listed
    )
    assert found.leads["exclusion"].tolist() == ["", ""]


def test_a_namesake_on_an_exclusion_list_stays_in() -> None:
    """Name and company alone exclude nobody; both ends are told."""
    found = clean(
        [person(full_name="Jane Doe", company="Acme Ltd")],
        exclusions=[{"full_name": "jane doe", "company": "ACME"}],
    )
    assert only(found)["exclusion"] == ""
    assert codes(found) == ["exclusion-no-identity", "exclusion-namesake"]


@pytest.mark.parametrize(
    ("status", "header", "expected"),
    [
        ("CONNECTION_REQUEST", "Last action taken", Touch.CONTACTED),
        ("MESSAGE", "Last action taken", Touch.CONTACTED),
        ("VIEW_PROFILE", "Last action taken", Touch.NONE),
        ("In sequence", "Status", Touch.CONTACTED),
        ("No reply yet", "Status", Touch.CONTACTED),
        ("Waiting for their answer", "Status", Touch.CONTACTED),
        ("Not contacted", "Status", Touch.NONE),
        ("LinkedIn message replied", "Status", Touch.REPLIED),
        ("yes", "Replied", Touch.REPLIED),
        ("yes", "Contacted", Touch.CONTACTED),
        ("no", "Replied", Touch.NONE),
        ("FAILED", "Sender Status", Touch.NONE),
        ("Unsubscribed 3 days ago", "Status", Touch.REFUSED),
        ("grue", "Status", Touch.UNKNOWN),
        ("1", "Is_Sent", Touch.CONTACTED),
        ("0.0", "Is_Sent", Touch.NONE),
        ("3", "Messages sent", Touch.CONTACTED),
        ("3", "Stage", Touch.UNKNOWN),
        ("\u2713", "LI Requested", Touch.CONTACTED),
        ("by Ann", "Contacted", Touch.CONTACTED),
        ("not yet", "Contacted", Touch.NONE),
        ("n/a", "Contacted", Touch.NONE),
        ("2026-09-01", "Has replied", Touch.REPLIED),
        ("Customer", "Lifecycle Stage", Touch.REFUSED),
        ("Marketing Qualified Lead", "Lifecycle Stage", Touch.NONE),
        ("Unqualified", "Lead Status", Touch.UNKNOWN),
        ("Disqualified", "Lead Status", Touch.UNKNOWN),
        ("Bad timing", "Lead Status", Touch.REPLIED),
    ],
)
def test_status_words(status: str, header: str, expected: Touch) -> None:
    """Words of the tools, their yes/no columns, and near spellings are understood."""
    assert touch(status, header) is expected


# --- texts ------------------------------------------------------------------------


def test_names_are_kept_as_given() -> None:
    """Composed to NFC and stripped, without control characters; formulas are data."""
    found = clean([person(first_name=" Zoe\u0308\x00 ", last_name="=cmd|'x'!A1\r\n")])
    assert tuple(only(found)[["first_name", "last_name"]]) == ("Zo\u00eb", "=cmd|'x'!A1")


@pytest.mark.parametrize(
    ("full", "expected"),
    [
        ("Jane Doe", ("Jane", "Doe")),
        ("Ana Maria de la Cruz", ("Ana Maria de la", "Cruz")),
        ("Charles Roe, CSP", ("Charles", "Roe, CSP")),
        ("Cher", ("Cher", "")),
        ("\u738b \u5c0f\u660e", ("\u738b \u5c0f\u660e", "")),
    ],
)
def test_full_names_are_split_before_the_last_word(
    full: str, expected: tuple[str, str]
) -> None:
    """Only where first and last name are missing; Chinese names stay whole."""
    assert split_name(full) == expected
    assert tuple(only(clean([person(full_name=full)]))[["first_name", "last_name"]]) == (
        expected
    )
    found = clean([person(full_name=full, last_name="X")])
    assert tuple(only(found)[["first_name", "last_name"]]) == ("", "X")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Acme GmbH & Co. KG", "acme"),
        ("ACME, Inc.", "acme"),
        ("Acme | Tools for all", "acme"),
        ("Acme (formerly Foo)", "acme"),
        ("(ABC) Ltd", "abc"),
        ("The Acme S.p.A.", "acme"),
        ("Soci\u00e9t\u00e9 Ac\u00fame SA", "societe acume"),
        ("\u00d8sted A/S", "osted"),
        ("Roe & Doe", "roe and doe"),
        ("\u682a\u5f0f\u4f1a\u793e\u5c71\u7530", "\u5c71\u7530"),
        ("AB", "ab"),
        ("Self-employed", ""),
        ("Selbstst\u00e4ndig", ""),
        ("Stealth Startup", ""),
        ("N/A", ""),
        ("No Encontrado", ""),
        ("Desconocido", ""),
        ("Not found", ""),
        ("Unknown", ""),
        ("Ninguno", ""),
        ("Inconnu", ""),
        ("Unbekannt", ""),
        ("-", ""),
        ("", ""),
    ],
)
def test_company_keys(name: str, key: str) -> None:
    """Case, marks, legal forms and slogans do not count; no company has no key."""
    assert companies.keys(column([name])).tolist() == [key]


def test_without_a_name_the_domain_is_the_company() -> None:
    """Domain, then LinkedIn page, unless the name says that there is no company."""
    found = companies.keys(
        column(["", "", "", "Freelance", ""]),
        column(["https://www.acme.com/about", "gmail.com", "", "acme.com", ""]),
        column(["", "https://www.linkedin.com/company/Acme/", "4711", "4711", "x"]),
    )
    assert found.tolist() == ["acme.com", "linkedin:acme", "linkedin:4711", "", ""]


@given(st.lists(st.text(max_size=15), max_size=5))
def test_company_keys_are_one_per_name(names: list[str]) -> None:
    """A column of any names gives each the key that it has alone."""
    alone = [companies.keys(column([name]))[0] for name in names]
    assert companies.keys(column(names)).tolist() == alone


@pytest.mark.parametrize(
    ("title", "level"),
    [
        ("CEO", "c-level"),
        ("Co-Founder & CTO", "c-level"),
        ("Gesch\u00e4ftsf\u00fchrerin", "c-level"),
        ("Vice President, Sales", "vp"),
        ("Head of Growth", "director"),
        ("Sr. Director", "director"),
        ("Marketing Manager", "manager"),
        ("Product Owner", "other"),
        ("HR Business Partner", "other"),
        ("Senior Engineer", "senior"),
        ("Executive Assistant to the CEO", "entry"),
        ("Internal Auditor", "other"),
        ("Working student", "entry"),
    ],
)
def test_levels_of_titles(title: str, level: str) -> None:
    """The highest level that the words of a title mention, interns apart."""
    assert titles.levels(column([title])).tolist() == [level]


def test_seniority_region_and_industry() -> None:
    """A seniority column goes before the title, a country before the location."""
    found = clean(
        [
            person("a-1", seniority="C suite", title="Engineer", country="Norway"),
            person("a-2", title="VP Sales", location="Oslo, Oslo, Norway", industry="IT"),
            person("a-3", headline="Senior Baker", country="Chile", location="Rome, Italy"),
            person("a-4", country="Unknown", industry="n/a"),
        ]
    ).leads.set_index("public_slug")
    assert found["seniority"].to_dict() == {
        "a-1": "c-level",
        "a-2": "vp",
        "a-3": "senior",
        "a-4": "",
    }
    assert found.loc[["a-1", "a-2", "a-3"], "region"].tolist() == [
        "norway",
        "norway",
        "chile",
    ]
    assert found.loc[["a-2", "a-4"], "industry"].tolist() == ["it", ""]
    assert found["region"]["a-4"] == ""


def test_work_email_goes_before_the_private_one() -> None:
    """The e-mail shown is the work one where there is one, in lower case."""
    rows = [
        person("a-1", email="Jane@Work.org", personal_email="j@home.org"),
        person("a-2", personal_email="j2@home.org"),
        person("a-3", email="not an address"),
    ]
    found = clean(rows).leads.set_index("public_slug")["email"]
    assert found.to_dict() == {"a-1": "jane@work.org", "a-2": "j2@home.org", "a-3": ""}


def test_the_best_column_that_is_not_blank_counts() -> None:
    """Where the first column of a meaning is blank, the next one is read."""
    table, _ = make([{"a": "", "b": "linkedin.com/in/jane"}, {"a": SALES, "b": "x1y"}])
    mapping = ColumnMapping(
        file="leads.csv", columns={"profile_url": ("a", "b")}, origin={}
    )
    found = clean((table, mapping)).leads
    assert sorted(found["public_slug"]) == ["jane", "x1y"]


# --- flags that are no flags ------------------------------------------------------


def flag_findings(*cells: str) -> list[str]:
    """Return what is said of the cells of a column of flags."""
    found = clean([person(f"x-{at}", open_flag=cell) for at, cell in enumerate(cells)])
    return [issue.message for issue in found.issues if issue.code == "unreadable-flag"]


def test_a_flag_that_is_not_understood_is_named_with_the_words_that_are() -> None:
    """The finding quotes the word, as data and shortened, and says what to write."""
    long = "open, but not for all of us"
    said = flag_findings("nyitva", "yes", "nyitva", long, "no", "nyitva", long, long)
    assert len(said) == 6
    assert said[0].startswith("'nyitva' is neither yes nor no; it was read as not known: ")
    assert "yes, no, true, false, 1, 0" in said[0]
    assert said[2].startswith("'open, but not for al...' is")  # twenty characters of it


def test_a_word_of_few_rows_is_not_repeated() -> None:
    """In a row that has shifted, a name stands in the column of flags."""
    said = flag_findings("yes", "Ada Example", "no", "Ada Example", "yes")
    assert {text[:9] for text in said} == {"the cell "}


def test_addresses_are_never_repeated() -> None:
    """No e-mail, URL or path out of a column of flags reaches a message."""
    for cell in ("ada@example.com", "linkedin.com/in/ada", "ada.example"):
        said = flag_findings(*[cell] * 4)
        assert {text[:9] for text in said} == {"the cell "}
