"""Which column of a file means what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.domain import ColumnMapping, RawTable
from planner.intake import aliases, columns
from planner.intake.mapping_words import mappings_in_words

SLUG = "https://www.linkedin.com/in/ada-example-{}"
HASH = "https://www.linkedin.com/in/ACwAABexample0000000000000000000{}"
SALES = (
    "https://www.linkedin.com/sales/lead/ACwAABexample000000000000000000{},NAME_SEARCH,ab1"
)
COMPANY = "https://www.linkedin.com/company/example-{}"


def table(**cells: str | list[str]) -> RawTable:
    """Return a table with these columns; ``{}`` in a text becomes the row number."""
    frame = pd.DataFrame(
        {
            header: [text.format(n) for n in range(3)] if isinstance(text, str) else text
            for header, text in cells.items()
        },
        dtype="str",
    )
    return RawTable(file="leads.csv", frame=frame, rows=np.arange(2, 5), sha256="")


def mapping(*headers: str, **overrides: str) -> ColumnMapping:
    """Return the mapping of a table without content."""
    blank = table(**dict.fromkeys(headers, ""))
    return columns.recognise(blank, overrides)[0]


def headers(text: str) -> list[str]:
    """Return the headers of a header row."""
    return text.split(",")


PHANTOMBUSTER = headers(
    "profileUrl,fullName,firstName,lastName,companyName,title,companyId,companyUrl,"
    "regularCompanyUrl,summary,titleDescription,industry,companyLocation,location,"
    "durationInRole,durationInCompany,pastExperienceCompanyName,pastExperienceCompanyUrl,"
    "pastExperienceCompanyTitle,pastExperienceDate,pastExperienceDuration,"
    "connectionDegree,profileImageUrl,sharedConnectionsCount,name,vmid,"
    "linkedInProfileUrl,isPremium,isOpenLink,query,timestamp,defaultProfileUrl"
)
GETSALES = headers(
    "System UUID,Pipeline Stage,Full Name,First Name,Last Name,Position,Headline,About,"
    "LinkedIn ID,Sales Navigator ID,LinkedIn Nickname,LinkedIn URL,Facebook Nickname,"
    "Twitter Nickname,Work Email,Personal Email,Work Phone Number,Personal Phone Number,"
    "Connections Number,Followers Number,Primary Language,Has Open Profile,"
    "Has Verified Profile,Has Premium,Location Country,Location State,Location City,"
    "Active Flows,List,Tags,Company Name,Company Industry,Company LinkedIn ID,"
    "Company Domain,Company LinkedIn URL,Company Employees Range,Company Headquarter,"
    "Created At"
)
EVABOOT = headers(
    "First Name,Last Name,Full Name,Current Job,Location,Linkedin URL Public,"
    "Linkedin URL Unique ID,Sales Navigator URL,Profile Headline,Current Jobs Number,"
    "Years in Position,Is Premium,Is Open Profile,Email,Email Status,Matches Filters,"
    "No Match Reasons,Company Name,Company Domain,Company Linkedin URL Unique ID,"
    "Company Industry,Company Location"
)
APOLLO = headers(
    "First Name,Last Name,Title,Company,Company Name for Emails,Email,Email Status,"
    "Seniority,Departments,Contact Owner,Account Owner,# Employees,Industry,Keywords,"
    "Person Linkedin Url,Website,Company Linkedin Url,City,State,Country,Company City,"
    "Email Open,Replied,Do Not Call,Apollo Contact Id"
)
HEYREACH = headers(
    "Lead first name,Lead last name,Lead LinkedIn URL,Lead location,Lead summary,"
    "Lead company name,Lead company URL,Lead position,Lead about,Sender first name,"
    "Sender last name,Sender LinkedIn URL,Last action taken,Last action time,"
    "Sender Status,Tags,Failed Reason Code"
)
CONNECTIONS = headers(
    "First Name,Last Name,URL,Email Address,Company,Position,Connected On"
)


@pytest.mark.parametrize(
    ("export", "expected"),
    [
        (
            PHANTOMBUSTER,
            {
                "open_flag": ("isOpenLink",),
                "premium_flag": ("isPremium",),
                "degree": ("connectionDegree",),
                "full_name": ("fullName",),
                "sales_navigator_id": ("vmid",),
                "title": ("title",),
                "exported_on": ("timestamp",),
                "company": ("companyName",),
            },
        ),
        (
            GETSALES,
            {
                "getsales_uuid": ("System UUID",),
                "open_flag": ("Has Open Profile",),
                "premium_flag": ("Has Premium",),
                "email": ("Work Email",),
                "personal_email": ("Personal Email",),
                "public_slug": ("LinkedIn Nickname",),
                "company_url": ("Company LinkedIn URL",),
                "company_id": ("Company LinkedIn ID",),
                "list": ("List",),
                "tags": ("Tags",),
            },
        ),
        (
            EVABOOT,
            {
                "profile_url": ("Linkedin URL Public", "Linkedin URL Unique ID"),
                "sales_navigator_url": ("Sales Navigator URL",),
                "company_url": ("Company Linkedin URL Unique ID",),
                "open_flag": ("Is Open Profile",),
                "matches_filters": ("Matches Filters",),
                "email": ("Email",),
                "headline": ("Profile Headline",),
            },
        ),
        (
            APOLLO,
            {
                "profile_url": ("Person Linkedin Url",),
                "company_url": ("Company Linkedin Url",),
                "company": ("Company",),
                "email": ("Email",),
                "headcount": ("# Employees",),
            },
        ),
        (
            HEYREACH,
            {
                "profile_url": ("Lead LinkedIn URL",),
                "first_name": ("Lead first name",),
                "company_url": ("Lead company URL",),
                "contact_status": ("Last action taken", "Sender Status"),
                "last_contacted_on": ("Last action time",),
                "failure_reason": ("Failed Reason Code",),
            },
        ),
        (
            CONNECTIONS,
            {
                "profile_url": ("URL",),
                "connected_on": ("Connected On",),
                "title": ("Position",),
                "email": ("Email Address",),
            },
        ),
    ],
    ids=["phantombuster", "getsales", "evaboot", "apollo", "heyreach", "connections"],
)
def test_headers_of_known_exports(
    export: list[str], expected: dict[str, tuple[str, ...]]
) -> None:
    """The headers of each tool in lead-formats.md are understood."""
    found = mapping(*export)
    assert {name: found.columns.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("export", "traps"),
    [
        (PHANTOMBUSTER, ["query", "profileImageUrl", "pastExperienceCompanyUrl"]),
        (PHANTOMBUSTER, ["sharedConnectionsCount", "name", "titleDescription"]),
        (EVABOOT, ["Email Status", "Company Location", "No Match Reasons"]),
        (APOLLO, ["Company Name for Emails", "Contact Owner", "Account Owner"]),
        (APOLLO, ["Email Open", "Replied", "Do Not Call", "Email Status"]),
        (HEYREACH, ["Sender LinkedIn URL", "Sender first name", "Sender last name"]),
        (["profileLink", "postsUrl", "sourceUserId"], ["postsUrl", "sourceUserId"]),
        (["LinkedIn URL", "Status", "openToWork"], ["Status", "openToWork"]),
    ],
)
def test_traps_mean_nothing(export: list[str], traps: list[str]) -> None:
    """Headers that resemble those of a lead are left alone."""
    used = {header for found in mapping(*export).columns.values() for header in found}
    assert not used & set(traps)


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("FIRST_NAME", "first_name"),
        ("first-name", "first_name"),
        ("Pr\u00e9nom", "first_name"),
        ("Vorname", "first_name"),
        ("Achternaam", "last_name"),
        ("Apellidos", "last_name"),
        ("Sobrenome", "last_name"),
        ("Priorit\u00e4t", "priority"),
        ("Soci\u00e9t\u00e9", "company"),
        ("Free InMail?", "open_flag"),
        ("is_open_profile", "open_flag"),
        ("Lead Job Title", "title"),
        ("Prospect e-mail", "email"),
        ("Unternehmensgr\u00f6\u00dfe", "headcount"),
        ("seat_id", "owner"),
        ("Do not contact", "do_not_contact"),
        ("inmailRestriction", "inmail_restriction"),
        ("Scraped by", "scraped_by"),
    ],
)
def test_spelling_and_language_do_not_count(header: str, meaning: str) -> None:
    """Case, punctuation, camelCase, diacritics and six languages are understood."""
    assert mapping(header).columns == {meaning: (header,)}
    assert mapping(header).origin == {meaning: "header"}


def test_every_alias_has_one_meaning() -> None:
    """No header stands for two meanings, so the order of the meanings cannot matter."""
    seen: dict[str, str] = {}
    for meaning in columns.MEANINGS:
        for alias in (*meaning.aliases, *meaning.weak_aliases):
            owner = seen.setdefault(aliases.normalise(alias), meaning.name)
            assert owner == meaning.name, alias


def test_cells_decide_what_a_url_is() -> None:
    """The same header is a profile, a Sales Navigator page or a company's page."""
    for text, meaning in (
        (SLUG, "profile_url"),
        (HASH, "profile_url"),
        (SALES, "sales_navigator_url"),
        (COMPANY, "company_url"),
    ):
        found, _ = columns.recognise(table(URL=text), {})
        assert found.columns == {meaning: ("URL",)}


def test_public_profiles_come_before_hash_forms() -> None:
    """Whatever the order in the file, the public slug is looked at first."""
    raw = table(profileUrl=SALES, linkedInProfileUrl=HASH, defaultProfileUrl=SLUG)
    found, _ = columns.recognise(raw, {})
    assert found.columns["profile_url"] == ("defaultProfileUrl", "linkedInProfileUrl")
    assert found.columns["sales_navigator_url"] == ("profileUrl",)


def test_search_pages_and_company_pages_are_no_person() -> None:
    """A query column and a website column are never taken for the lead's profile."""
    raw = table(
        query="https://www.linkedin.com/sales/search/people?page={}",
        Website=COMPANY,
        LinkedIn=["https://www.linkedin.com/company/a", "", ""],
    )
    found, _ = columns.recognise(raw, {})
    assert found.columns == {"company_url": ("LinkedIn", "Website")}


def test_sender_profile_is_not_the_lead() -> None:
    """A profile URL under a sender's header is not used even if there is no other."""
    raw = table(**{"Sender LinkedIn URL": SLUG, "inviterProfileUrl": SLUG})
    assert not columns.recognise(raw, {})[0].columns


def test_unknown_headers_are_recognised_by_their_cells() -> None:
    """Without a known header, URLs, ids and e-mails tell what they are."""
    raw = table(
        Kontaktlink=SLUG,
        nav=SALES,
        key="ACoAABexample0000000000000000000{}",
        urn="urn:li:member:10000{}",
        post="ada{}@example.com",
    )
    found, _ = columns.recognise(raw, {})
    assert found.columns == {
        "profile_url": ("Kontaktlink",),
        "sales_navigator_url": ("nav",),
        "linkedin_id": ("key",),
        "member_id": ("urn",),
    }
    assert set(found.origin.values()) == {"content"}


def test_emails_of_owners_are_not_the_leads() -> None:
    """E-mails that repeat in nearly every row belong to users, not to leads."""
    raw = table(Assistant=["a@example.com"] * 3, Kontakt="ada{}@example.com")
    assert columns.recognise(raw, {})[0].columns == {"email": ("Kontakt",)}


def test_headerless_columns() -> None:
    """Columns without a header are recognised, degrees with ordinals too."""
    cells: dict[str, str | list[str]] = {
        "column 1": SLUG,
        "column 2": ["2nd", "3rd", ""],
        "column 3": "{}",
    }
    raw = table(**cells)
    found, _ = columns.recognise(raw, {})
    assert found.columns == {"profile_url": ("column 1",), "degree": ("column 2",)}


def test_yes_and_no_alone_name_no_flag() -> None:
    """A column of booleans under an unknown header is not a flag."""
    assert not columns.recognise(table(Proceed=["true", "false", "true"]), {})[0].columns


def test_academic_degree_is_no_connection_degree() -> None:
    """A column called Degree that holds Bachelor and Master is left alone."""
    assert not columns.recognise(table(Degree=["BSc", "MSc", "PhD"]), {})[0].columns


def test_salutation_is_no_job() -> None:
    """Outlook keeps Mr and Mrs under Title."""
    raw = table(**{"Title": ["Mr", "Mrs", "Mr"], "Job Title": ["CEO", "CTO", ""]})
    assert columns.recognise(raw, {})[0].columns == {"title": ("Job Title",)}


def test_numeric_id_of_a_crm_is_no_linkedin_id() -> None:
    """A local row number never identifies a person; LinkedIn's own number does."""
    raw = table(**{"Profile ID": "10{}", "id": "20{}", "LinkedIn ID": "30000{}"})
    assert columns.recognise(raw, {})[0].columns == {"member_id": ("LinkedIn ID",)}


def test_hash_in_an_id_column_decides_its_meaning() -> None:
    """``linkedinId`` with an id of Sales Navigator is one, and ``id`` with a hash, too."""
    raw = table(linkedinId="ACwAABexample{}", id="ACoAABexample{}")
    assert columns.recognise(raw, {})[0].columns == {
        "sales_navigator_id": ("linkedinId",),
        "linkedin_id": ("id",),
    }


@pytest.mark.parametrize("name", ["open", "open_flag", "Open Flag", "OPEN"])
def test_override_wins(name: str) -> None:
    """The user's column is used, in any spelling of the meaning, and no other."""
    raw = table(Gratis=["yes", "no", ""], isOpenLink=["true", "false", ""])
    found, _ = columns.recognise(raw, {name: "gratis"})
    assert found.columns == {"open_flag": ("Gratis",)}
    assert found.origin == {"open_flag": "override"}


def test_override_with_nothing_closes_a_meaning() -> None:
    """A blank header means that no column is to be used."""
    assert not mapping("isOpenLink", open="").columns


def test_override_of_url_follows_the_cells() -> None:
    """``--map url=Link`` is a Sales Navigator URL if the column holds these."""
    found, _ = columns.recognise(table(Foo=SALES), {"url": "Foo"})
    assert found.columns == {"sales_navigator_url": ("Foo",)}


def test_override_takes_the_column_from_its_usual_meaning() -> None:
    """A column has one meaning: the one that the user gives it."""
    assert mapping("Position", "Tags", segment="Tags").columns == {
        "title": ("Position",),
        "segment": ("Tags",),
    }


def test_override_counts_in_files_that_have_the_header() -> None:
    """With several files, one that has the header is enough."""
    both = [table(Gratis="yes"), table(isOpenLink="true")]
    assert not columns.check_overrides(both, {"open": "Gratis"})
    found, _ = columns.recognise(both[1], {"open": "Gratis"})
    assert found.columns == {"open_flag": ("isOpenLink",)}


def test_override_of_unknown_meaning_or_header_names_the_nearest() -> None:
    """Both faults are errors that name what was probably meant."""
    raw = [table(**{"Free InMail?": "yes"})]
    meaning, header = columns.check_overrides(
        raw, {"opne": "Free InMail?", "open": "Free Inmails"}
    )
    assert meaning.code == header.code == "unknown-column-mapping"
    assert "'open'" in meaning.message
    assert "'Free InMail?'" in header.message


@pytest.mark.parametrize(
    "name",
    [
        "open",
        "premium",
        "url",
        "company",
        "name",
        "first",
        "last",
        "id",
        "email",
        "seat",
        "title",
    ],
)
def test_short_names(name: str) -> None:
    """The words that people type are names of meanings."""
    assert columns.find_meaning(name) is not None


def test_meanings_are_described() -> None:
    """Each meaning has a description and its name is normalised only once."""
    names = [meaning.name for meaning in columns.MEANINGS]
    assert len(set(names)) == len(names)
    assert all(meaning.description for meaning in columns.MEANINGS)


# --- who was contacted already ----------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells", "meaning"),
    [
        ("Is_Sent", ["1", "0", ""], "contact_status"),
        ("LI Requested", ["Y", "", ""], "contact_status"),
        ("Contacted", ["yes", "no", ""], "contact_status"),
        ("Contacted", ["2026-09-01", "2026-09-02", ""], "last_contacted_on"),
        ("Invited", ["x", "", ""], "contact_status"),
        ("invited_date", ["2026-09-01", "", ""], "last_contacted_on"),
        ("Message sent", ["3", "0", ""], "contact_status"),
        ("InMail sent", ["09/21/2026", "", ""], "last_contacted_on"),
        ("Connection request sent", ["true", "false", ""], "contact_status"),
        ("Replied?", ["yes", "", ""], "contact_status"),
        ("Has replied", ["2026-09-01", "", ""], "contact_status"),
        ("lead.person.replied", ["yes", "", ""], "contact_status"),
        ("status", ["done", "new", ""], "contact_status"),
        ("Status", ["QUALIFIED", "DISQUALIFIED", ""], "matches_filters"),
        ("Lifecycle Stage", ["Customer", "Lead", ""], "contact_status"),
        ("Already a client", ["yes", "no", ""], "do_not_contact"),
        ("Is customer", ["1", "0", ""], "do_not_contact"),
    ],
)
def test_columns_of_what_was_done(header: str, cells: list[str], meaning: str) -> None:
    """A header that says what was done is read; its cells tell dates from yes and no."""
    found, issues = columns.recognise(table(**{header: cells}), {})
    assert found.columns == {meaning: (header,)}
    assert not issues


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Customer", ["Acme", "Beta", "Gamma"]),
        ("Status", ["verified", "risky", "valid"]),
        ("status", ["active", "active", ""]),
    ],
)
def test_names_and_states_are_no_contact(header: str, cells: list[str]) -> None:
    """Names of customers and the state of an e-mail or account say nothing of a lead."""
    assert not columns.recognise(table(**{header: cells}), {})[0].columns


def test_answers_to_emails_are_not_counted() -> None:
    """Where an export tells of e-mails, its Replied is about these, and is warned of."""
    yes: dict[str, str | list[str]] = {"Replied": ["true", "", ""]}
    raw = table(**yes, **{"Email Sent": ["true"] * 3, "Email Open": [""] * 3})
    found, issues = columns.recognise(raw, {})
    assert not found.columns
    assert [issue.column for issue in issues] == ["Replied", "Email Sent"]


def test_every_status_column_counts() -> None:
    """A plain yes/no column does not hide the stage of the pipeline."""
    found = mapping("Contacted", "Pipeline Stage").columns
    assert found == {"contact_status": ("Contacted", "Pipeline Stage")}


def test_unused_columns_are_listed_and_suspicious_ones_warned_of() -> None:
    """What may say who must not be contacted is pointed out if a cell says yes."""
    cells: dict[str, str | list[str]] = {
        "LinkedIn URL": SLUG,
        "Shoe size": "4{}",
        "Brochure sent": ["yes", "", ""],
        "Gift sent": ["", "no", ""],
        "Never call": ["", "2026-01-02", ""],
        "Customer ID": ["1", "2", "3"],
    }
    raw = table(**cells)
    found, issues = columns.recognise(raw, {})
    assert found.unused == tuple(str(name) for name in raw.frame.columns[1:])
    assert {issue.code for issue in issues} == {"ignored-contact-column"}
    assert [issue.column for issue in issues] == ["Brochure sent", "Never call"]
    assert mappings_in_words([found])[-1] == (
        "  not used: Shoe size, Brochure sent, Gift sent, Never call, Customer ID"
    )


def test_files_with_the_same_columns_are_described_once() -> None:
    """Seven sheets alike are one block, five of them by name; the odd one has its own."""
    alike = [
        ColumnMapping(
            file=f"week.xlsx[{n}]", columns={"title": ("Role",)}, origin={},
            unused=("Shoe size",),
        )
        for n in range(7)
    ]  # fmt: skip
    odd = ColumnMapping(
        file="odd.csv", columns={"title": ("Role", "Job")}, origin={"title": "override"}
    )
    names = ", ".join(f"week.xlsx[{n}]" for n in range(5))
    assert mappings_in_words([*alike[:3], odd, *alike[3:]], {"title": "job"}) == [
        f"{names} and 2 more with the same columns:",
        "  title = Role: job",
        "  not used: Shoe size",
        "odd.csv:",
        "  title = Role, then Job (by override): job",
    ]


# --- spellings --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("lead.person.first_name", "first_name"),
        ("person.is_open_profile", "open_flag"),
        ("data/firstName", "first_name"),
        ("Besitzer", "owner"),
        ("Verantwortlich", "owner"),
        ("Inhaber", "owner"),
        ("Zust\u00e4ndig", "owner"),
        ("Stelle", "title"),
        ("Berufsbezeichnung", "title"),
        ("current_company_position", "title"),
        ("currentPosition", "title"),
        ("lk_headline", "headline"),
        ("is_relationship", "connected_on"),
    ],
)
def test_nested_and_german_headers(header: str, meaning: str) -> None:
    """The last part of a nested header counts, and so do German words."""
    assert mapping(header).columns == {meaning: (header,)}


@pytest.mark.parametrize(
    "header",
    [
        "company.first_name",
        "lead.company.location",
        "organization/country",
        "org.industry",
        "sender.first_name",
        "education/0/title",
        "First name/Last name",
    ],
)
def test_what_is_nested_in_something_else_is_not_the_leads(header: str) -> None:
    """A name inside a company, a sender or a school is not that of the lead."""
    assert not mapping(header).columns


def test_nested_member_id() -> None:
    """``lead.memberId`` is the number of the member."""
    found, _ = columns.recognise(table(**{"lead.memberId": "30000{}"}), {})
    assert found.columns == {"member_id": ("lead.memberId",)}


@pytest.mark.parametrize("cells", [["Herr", "Frau", ""], ["Mr", "Dr.", "CEO"]])
def test_title_never_falls_back_to_a_salutation(cells: list[str]) -> None:
    """Salutations of several languages, also among others, are no position."""
    assert not columns.recognise(table(Title=cells), {})[0].columns


def test_german_contact_and_degree() -> None:
    """A German list's contact and degree columns are read, so nobody close is invited."""
    found = mapping("Ansprechpartner", "Verbindungsgrad").columns
    assert found == {"full_name": ("Ansprechpartner",), "degree": ("Verbindungsgrad",)}


def test_ordinals_are_degrees_whatever_the_header() -> None:
    """A column of 1st, 2nd and 3rd under an unknown header says how close a lead is."""
    found, _ = columns.recognise(table(Abstand=["1st", "2nd", "3rd+"]), {})
    assert found.columns == {"degree": ("Abstand",)}
