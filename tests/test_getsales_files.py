"""Import files: one per seat and route, byte-faithful, safe, with their click path."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from plan_factory import make_plan
from planner.domain import SENT_ROUTES
from planner.output import clickpath, getsales, names

TRIGGERS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"  # the last four are full-width


def rows(file: getsales.ImportFile) -> list[dict[str, str]]:
    """Return the contacts of all parts of an import file."""
    return [
        row
        for _, content in file.parts
        for row in csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    ]


def test_one_file_for_each_seat_and_route() -> None:
    """Every lead to be sent to is in exactly one file, that of its seat and route."""
    plan = make_plan()
    imports = getsales.import_files(plan)
    sent = plan.assignments[plan.assignments["route"].isin([str(r) for r in SENT_ROUTES])]
    assert sum(file.num_rows for file in imports.files) == len(sent)
    assert len({file.list_name for file in imports.files}) == len(imports.files)
    for file in imports.files:
        mine = sent[(sent["seat_id"] == file.seat_id) & (sent["route"] == file.route)]
        urls = {row["LinkedIn URL"] for row in rows(file)}
        assert urls == set(mine["linkedin_url"])
        assert {row["plan_route"] for row in rows(file)} == {file.route}


def test_rows_are_ordered_by_day_then_lead() -> None:
    """A list is worked off from the top, so the first day's leads stand first."""
    for file in getsales.import_files(make_plan()).files:
        days = [row["plan_send_on"] for row in rows(file)]
        assert days == sorted(days)


def test_messages_without_a_seat() -> None:
    """Connections whose seat is not known go into a file of their own without a sender."""
    files = {file.parts[0][0]: file for file in getsales.import_files(make_plan()).files}
    file = files["seat-unknown--message.csv"]
    assert file.list_name == "2026-W48 seat-unknown message"
    assert "plan_sender" not in file.columns


def test_blank_columns_are_left_out() -> None:
    """A column that is blank in every row is not in the file; a sparse one is named."""
    files = getsales.import_files(make_plan()).files
    assert all("System UUID" not in file.columns for file in files)
    assert any("Work Email" in file.sparse for file in files)


def test_identity_is_filled_from_what_there_is() -> None:
    """Without a URL the Sales Navigator id stands in; without either the e-mail must do."""
    plan = make_plan(60)
    sent = plan.assignments.index[plan.assignments["route"] == "open_inmail"][:3].tolist()
    blank = dict.fromkeys(sent, "")
    plan = make_plan(
        60,
        cells={
            "linkedin_url": blank,
            "sales_navigator_id": {sent[1]: "", sent[2]: ""},
            "email": {sent[1]: "a.person@example.org", sent[2]: ""},
        },
    )
    imports = getsales.import_files(plan)
    found = [row for file in imports.files for row in rows(file)]
    assert all(row["LinkedIn URL"] or row["Work Email"] for row in found)
    assert f"ACwAA{sent[0]:09d}Qx" in {row["LinkedIn URL"] for row in found}
    dropped = [issue for issue in imports.issues if issue.code == "no-import-identity"]
    assert [issue.row for issue in dropped] == [sent[2] + 2]


def test_formula_characters_are_stripped_and_reported() -> None:
    """A name that would start a formula loses the character; the issue says where."""
    plan = make_plan(40)
    row = int(plan.assignments.index[plan.assignments["route"] == "open_inmail"][0])
    hostile = {
        "first_name": {row: '=HYPERLINK("http://x","y")'},
        "last_name": {row: "\x00\uff1d\uff0bAsh"},
        "company": {row: " -@Tarn, Inc."},
        "title": {row: "C=O & \u200bco"},
    }
    imports = getsales.import_files(make_plan(40, cells=hostile))
    url = plan.assignments.loc[row, "linkedin_url"]
    (found,) = [r for file in imports.files for r in rows(file) if r["LinkedIn URL"] == url]
    assert found["First Name"] == 'HYPERLINK("http://x","y")'
    assert found["Last Name"] == "Ash"
    assert found["Company Name"] == "Tarn, Inc."
    assert found["Position"] == "C=O & \u200bco"  # not at the front: untouched
    codes = {(issue.code, issue.row, issue.column) for issue in imports.issues}
    headers = ("First Name", "Last Name", "Company Name")
    assert codes == {("formula-character", row + 2, header) for header in headers}
    assert all("HYPERLINK" not in issue.message for issue in imports.issues)


def test_identifiers_must_have_their_form() -> None:
    """A URL or e-mail that is not one is left out, so it cannot be a formula either."""
    plan = make_plan(40)
    row = int(plan.assignments.index[plan.assignments["route"] == "paid_inmail"][0])
    cells = {
        "linkedin_url": {row: "javascript:alert(1)"},
        "email": {row: "=1+1@example.org"},
    }
    imports = getsales.import_files(make_plan(40, cells=cells))
    assert {issue.code for issue in imports.issues} == {"odd-identifier"}
    text = b"".join(content for file in imports.files for _, content in file.parts)
    assert b"javascript" not in text
    assert b"=1+1" not in text


@given(st.text(st.characters(), max_size=30))
def test_no_name_starts_a_formula(name: str) -> None:
    """Whatever a lead is called, no cell of an import file begins like a formula."""
    plan = make_plan(8, cells={"first_name": dict.fromkeys(range(8), name)})
    for file in getsales.import_files(plan).files:
        for row in rows(file):
            assert row.get("First Name", "").strip()[:1] not in set(TRIGGERS)


def test_large_files_are_split() -> None:
    """Parts stay below the limit, have the header each, and lose no row."""
    plan = make_plan(2000, 1, parameters={"import_file_megabytes": 0.02})
    for file in getsales.import_files(plan).files:
        assert all(len(content) <= 20_000 for _, content in file.parts)
        assert len(rows(file)) == file.num_rows
    stems = [name for name, _ in getsales.import_files(plan).files[0].parts]
    assert stems[:2] == ["seat-01--open_inmail.csv", "seat-01--open_inmail--2.csv"]


def test_files_on_disk_and_readme(tmp_path: Path) -> None:
    """The README names every file, list, row count and each sender's busiest day."""
    plan = make_plan()
    imports = getsales.import_files(plan)
    getsales.write_files(plan, imports, tmp_path)
    text = (tmp_path / "README.md").read_text("utf-8")
    on_disk = {path.name for path in tmp_path.glob("*.csv")}
    assert on_disk == {name for file in imports.files for name, _ in file.parts}
    for file in imports.files:
        line = next(ln for ln in text.splitlines() if f"`{file.parts[0][0]}`" in ln)
        assert f"| {file.num_rows:,} |" in line
        assert f"`{file.list_name}`" in line
    day = plan.days.assign(n=plan.days["open_inmails"] + plan.days["paid_inmails"])
    most = day[day["seat_id"] == "seat-01"]["n"].max()
    assert f"| Nora Lindqvale 1 | {most} |" in text


def test_readme_is_safe_against_odd_senders(tmp_path: Path) -> None:
    """A pipe, a link or a line break in a sender's name does not break the table."""
    odd = "A | B\n](http://x) <b>`c`"
    assert "\n" not in clickpath.plain(odd)
    assert not re.search(r"(?<!\\)[|\[\]<>`]", clickpath.plain(odd))


def test_seats_with_odd_ids_get_safe_unique_files() -> None:
    """Seat ids that clash, escape or are reserved still give one safe file each."""
    ids = [
        "../../etc",
        "Anna B",
        "anna-b",
        "con",
        "Ζωή",
        ".hidden",
        "x" * 200,
        "seat-unknown",
    ]
    files = getsales.import_files(make_plan(600, 8, seat_ids=ids)).files
    parts = [name for file in files for name, _ in file.parts]
    assert len({name.lower() for name in parts}) == len(parts)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name) for name in parts)
    assert not any(name.startswith("con-") for name in parts)


@given(st.lists(st.text(st.characters(), max_size=60), unique=True, max_size=6))
def test_slugs_are_safe_and_unique(keys: list[str]) -> None:
    """Any ids give slugs that are legal file names, distinct in any letter case."""
    slugs = names.unique_slugs(keys, "seat")
    assert len({slug.lower() for slug in slugs.values()}) == len(keys)
    for slug in slugs.values():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}", slug)
        assert ".." not in slug[-2:]
