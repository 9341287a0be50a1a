"""Sample files, the seat template, planner.toml and the maker of large inputs."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from planner import sample
from planner.intake import read, seats
from planner.intake.seat_template import (
    CHECKED_ROWS,
    reproducible,
    seat_columns,
    seat_template,
)
from planner.params import Parameters, specs
from planner.templates import planner_toml, toml_value

ROOT = Path(__file__).parent.parent
COMMITTED = ROOT / "data" / "sample"
FILES = sample.sample_files()
SEAT_HEADERS = [
    *seats.ALIASES,
    *(name for names in seats.ALIASES.values() for name in names),
]
# From the table of seats in the design, top to bottom.
SEAT_COLUMNS = (
    "seat_id sender sender_profile_uuid credits credits_as_of reset_rule monthly_grant "
    "credit_cap reserve inmails_last_28_days max_inmails_per_day "
    "max_open_inmails_per_month max_connection_requests_per_week "
    "connection_requests_last_7_days pending_connection_requests working_days time_zone "
    "away groups paused inmail_reply_rate acceptance_rate"
)


def rows_of(name: str) -> list[dict[str, str]]:
    """Rows of a CSV file of the sample that have as many cells as its header."""
    text = FILES[name].decode("utf-8-sig")
    if name == "connections.csv":
        text = text.split("\n\n", 1)[1]
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]


def texts() -> dict[str, str]:
    """Return everything that the files say, workbooks included."""
    found = {}
    for name, content in FILES.items():
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                sheets = [name for name in archive.namelist() if "sheets/" in name]
                found[name] = "".join(archive.read(sheet).decode() for sheet in sheets)
        else:
            found[name] = content.decode()
    return found


# --- sample -----------------------------------------------------------------------


def test_committed_sample_is_the_generated_one() -> None:
    """Tests that data/sample holds exactly the files that the package makes."""
    committed = {path.name: path.read_bytes() for path in COMMITTED.iterdir()}
    assert sorted(committed) == sorted(FILES)
    for name, content in FILES.items():
        assert committed[name] == content, f"{name}: run python data/make_sample.py"


def test_same_seed_same_bytes() -> None:
    """Tests that the sample depends on its seed and on nothing else."""
    assert sample.sample_files() == FILES
    assert sample.sample_files(1)["apollo.csv"] != FILES["apollo.csv"]


def test_import_is_light() -> None:
    """Tests that importing the sample loads neither numpy, pandas nor openpyxl."""
    code = (
        "import sys, planner.sample; "
        "sys.exit(bool({'numpy', 'pandas', 'openpyxl'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nobody_in_the_sample_can_be_real() -> None:
    """Tests that every profile, id, e-mail and domain is marked as invented."""
    for name, text in texts().items():
        profiles = re.findall(r"linkedin\.com/in/([^\s\",<?/]+)", text)
        for slug in profiles:
            assert re.search(r"-sample-(\d{4}|sender)$|^ACwAASAMPLE\d{4}", slug), name
        assert all(
            len(opaque) == 39 and opaque[4:].startswith("ASAMPLE")
            for opaque in re.findall(r"AC[ow]A\w{20,}", text)
        )
        hosts = re.findall(r"[\w.+-]@([\w.-]+)", text)
        assert all(host.endswith(".example") for host in hosts), name


def test_phantombuster_header_is_that_of_the_tool() -> None:
    """Tests that the Sales Navigator export has the 32 columns that the tool writes."""
    header = FILES["phantombuster-sales-navigator.csv"].decode().split("\n", 1)[0]
    assert header.startswith("profileUrl,fullName,firstName,lastName,companyName,title,")
    assert header.endswith(",isPremium,isOpenLink,query,timestamp,defaultProfileUrl")
    assert header.count(",") == 31


def test_getsales_custom_columns_stand_before_created_at() -> None:
    """Tests that both GetSales files have custom columns where GetSales puts them."""
    for number in (1, 2):
        first = FILES[f"getsales-contacts-{number}.csv"].decode().split("\n", 1)[0]
        assert first.startswith("System UUID,Pipeline Stage,Full Name,First Name,")
        assert first.endswith(",Company Headquarter,icp_segment,plan_route,Created At")


def test_sample_has_about_as_many_people_as_promised() -> None:
    """Tests that 2,000 to 2,500 different people are in the lead files."""
    numbers: set[str] = set()
    for name, text in texts().items():
        if name != "do-not-contact.csv":
            numbers.update(re.findall(r"-sample-(\d{4})", text))
            numbers.update(re.findall(r"AC[ow]AASAMPLE(\d{4})", text))
    assert 2000 <= len(numbers) <= 2500


def test_open_share_follows_premium() -> None:
    """Tests that 83 % of the Premium members are open and 9 % of the rest."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows_of("phantombuster-sales-navigator.csv"):
        counts[row["isPremium"], row["isOpenLink"]] += 1
    for premium, share in (("true", 0.83), ("false", 0.09)):
        is_open = counts[premium, "true"]
        known = is_open + counts[premium, "false"]
        # Three standard errors of a share: sqrt(.83 * .17 / 240) is .024, and
        # sqrt(.09 * .91 / 550) is .012.
        assert is_open / known == pytest.approx(
            share, abs=3 * (share * (1 - share) / known) ** 0.5
        )


def test_flags_are_mostly_known_or_mostly_blank() -> None:
    """Tests that open flags are known for most in one tool and for few in the other."""

    def blank_share(name: str, column: str) -> float:
        cells = [row[column] for row in rows_of(name)]
        return cells.count("") / len(cells)

    # Known where the profile was read (93 %) and the link was, too (90 %): 16 % blank.
    assert 0.1 < blank_share("phantombuster-sales-navigator.csv", "isOpenLink") < 0.25
    for number in (1, 2):  # 40 % of the contacts are enriched
        name = f"getsales-contacts-{number}.csv"
        assert 0.5 < blank_share(name, "Has Open Profile") < 0.7
    assert not any("open" in column.lower() for column in rows_of("apollo.csv")[0])


def test_spellings_of_yes_differ_between_files() -> None:
    """Tests that one GetSales file says Yes and No, the other 1 and 0."""
    for number, words in ((1, {"Yes", "No", ""}), (2, {"1", "0", ""})):
        rows = rows_of(f"getsales-contacts-{number}.csv")
        assert {row["Has Open Profile"] for row in rows} == words
        assert any("\n" in row["About"] for row in rows)
        assert b"\0" in FILES[f"getsales-contacts-{number}.csv"]


def test_some_people_need_a_bridge() -> None:
    """Tests that some have only an id in one file, a slug in another, both in a third."""
    slugs: dict[str, set[str]] = defaultdict(set)
    for row in rows_of("phantombuster-sales-navigator.csv"):
        number = re.search(r"SAMPLE(\d{4})", row["vmid"])
        if number and not row["defaultProfileUrl"]:
            slugs["id only"].add(number[1])
    for name, column in (
        ("apollo.csv", "Person Linkedin Url"),
        ("evaboot.csv", "Linkedin URL Public"),
    ):
        for row in rows_of(name):
            slugs[name].update(re.findall(r"-sample-(\d{4})", row[column]))
    # Twelve are in all three; Apollo leaves out the slug of a few.
    bridged = slugs["id only"] & slugs["apollo.csv"] & slugs["evaboot.csv"]
    assert 9 <= len(bridged) <= 12


def test_some_flags_contradict_each_other() -> None:
    """Tests that an open flag of some people differs between two exports."""
    said: dict[str, set[str]] = defaultdict(set)
    for row in rows_of("phantombuster-sales-navigator.csv"):
        said[row["vmid"]].add(row["isOpenLink"])
    for row in rows_of("evaboot.csv"):
        sales_id = row["Linkedin URL Unique ID"].rsplit("/", 1)[1]
        said[sales_id].add(row["Is Open Profile"].lower())
    contradictions = [flags for flags in said.values() if {"true", "false"} <= flags]
    assert 2 <= len(contradictions) <= 4  # four people, some of them blank in one file


def test_companies_have_up_to_six_people() -> None:
    """Tests that there are companies to which the company limit applies."""
    people: dict[str, set[str]] = defaultdict(set)
    for row in rows_of("phantombuster-sales-navigator.csv"):
        if row["companyId"]:
            people[row["companyId"]].add(row["vmid"])
    sizes = [len(those) for those in people.values()]
    assert 3 <= max(sizes) <= 6  # six in a company, but not all in this file


def test_bad_rows_are_in_the_sample() -> None:
    """Tests that rows without identity and ragged rows are there to be reported."""
    tables, issues = read.tables([COMMITTED / "apollo.csv"])
    assert len(tables) == 1
    assert [issue.code for issue in issues] == ["long-row"]
    rows = rows_of("phantombuster-sales-navigator.csv")
    assert sum(not row["profileUrl"] and not row["vmid"] for row in rows) == 2
    last = FILES["phantombuster-sales-navigator.csv"].decode().splitlines()[-1]
    assert last.count(",") == 2


def test_names_that_break_programs_are_in_the_sample() -> None:
    """Tests that names stand in the files exactly as people write them."""
    rows = rows_of("phantombuster-sales-navigator.csv")
    last_names = {row["lastName"] for row in rows}
    assert {"NA", "Null", "O'Neil", "李", "Größnøß"} <= last_names
    assert "=cmd|' /C calc'!A0" in {row["firstName"] for row in rows}


def test_formats_of_connections_and_heyreach() -> None:
    """Tests the preamble of LinkedIn's file, and BOM and CRLF of HeyReach's."""
    connections = FILES["connections.csv"].decode().split("\n")
    assert connections[0] == "Notes:"
    assert connections[3] == ",".join(sample.CONNECTIONS)
    assert connections[-2] == "," * 6
    heyreach = FILES["heyreach.csv"]
    assert heyreach.startswith(b"\xef\xbb\xbfLead first name,")
    assert heyreach.count(b"\r\n") == heyreach.count(b"\n") == 61
    statuses = Counter(row["Sender Status"] for row in rows_of("heyreach.csv"))
    assert set(statuses) == {"AWAITING_REPLY", "REPLIED", "FAILED"}


def test_seats_read_the_same_from_both_files() -> None:
    """Tests that seats.csv and seats.xlsx give the same eight faultless seats."""
    found = []
    for name in ("seats.csv", "seats.xlsx"):
        tables, _ = read.tables([COMMITTED / name], known_headers=SEAT_HEADERS)
        assert len(tables) == 1
        parsed, issues = seats.read(tables[0], as_of=sample.AS_OF, parameters=Parameters())
        # joris has 3 credits, which is below the reserve of 5.
        assert [issue.code for issue in issues] == ["credits-within-reserve"]
        found.append(parsed)
    assert found[0] == found[1]
    assert sorted(seat.credits for seat in found[0]) == [3, 6, 12, 23, 41, 50, 96, 150]
    assert {seat.reset_rule for seat in found[0]} == {"month", "day:17", "date:2026-12-04"}
    new = [seat.seat_id for seat in found[0] if seat.inmails_last_28_days is None]
    assert new == ["tilda"]
    paused = [
        seat.seat_id
        for seat in found[0]
        if (dt.date.min, dt.date(2026, 12, 6)) in seat.away
    ]
    assert paused == ["joris"]


# --- seat template ----------------------------------------------------------------


def test_template_has_the_columns_of_the_design() -> None:
    """Tests that the template, the sample and the reader agree on columns and order."""
    names = SEAT_COLUMNS.split()
    assert [column.name for column in seat_columns(Parameters())] == names
    assert list(sample.SEATS) == names
    assert set(names) <= set(seats.ALIASES)


def test_template_is_reproducible() -> None:
    """Tests that no member of the template tells when or where it was made."""
    content = seat_template(Parameters())
    assert content == seat_template(Parameters())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stamps = re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", archive.read("docProps/core.xml"))
        assert set(stamps) == {b"2026-01-01T00:00:00Z"}
        for member in archive.infolist():
            assert member.date_time == (2026, 1, 1, 0, 0, 0)
            assert (member.create_system, member.compress_type) == (3, zipfile.ZIP_STORED)


def test_reproducible_keeps_the_content() -> None:
    """Tests that taking out the time changes no cell."""
    book = Workbook()
    book.worksheets[0].append(["a", 1, None, "=1+1"])
    file = io.BytesIO()
    book.save(file)
    again = load_workbook(io.BytesIO(reproducible(file.getvalue())))
    assert [cell.value for cell in again.worksheets[0][1]] == ["a", 1, None, "=1+1"]


def test_only_the_sheet_seats_is_read(tmp_path: Path) -> None:
    """Tests that neither the manual nor the examples pass for a list of seats."""
    path = tmp_path / "seats.xlsx"
    path.write_bytes(seat_template(Parameters()))
    tables, _ = read.tables([path], known_headers=SEAT_HEADERS)
    assert [(table.file, len(table.frame)) for table in tables] == [(str(path), 0)]


def test_every_column_is_explained_and_checked() -> None:
    """Tests that each column has a note, a row in the manual and a check on entry."""
    book = load_workbook(io.BytesIO(seat_template(Parameters())))
    assert book.sheetnames == ["Seats", "Columns", "Examples"]
    sheet = book["Seats"]
    assert sheet.freeze_panes == "B2"
    assert all(cell.comment and "If blank: " in cell.comment.text for cell in sheet[1])
    manual = [str(row[0].value) for row in book["Columns"].iter_rows(min_row=2)]
    assert [text.split(": ")[1] for text in manual] == SEAT_COLUMNS.split()
    checks = sheet.data_validations.dataValidation
    assert len(checks) == len(manual)
    for check in checks:
        assert f"{check.sqref}".endswith(str(CHECKED_ROWS + 1))
        # Excel refuses a file with a longer list or message.
        assert max(len(check.formula1 or ""), len(check.prompt or "")) <= 255
        assert len(check.error or "") <= 255
        assert len(check.promptTitle) <= 32


def test_template_shows_the_parameters_in_force() -> None:
    """Tests that a workspace with its own reserve sees it in the template."""
    columns = {c.name: c for c in seat_columns(Parameters().override({"reserve": 7}))}
    assert columns["reserve"].if_blank == "7 (parameter reserve)"
    assert columns["reserve"].allowed == "whole number, 0 to 50"


# --- planner.toml -----------------------------------------------------------------


def uncommented(text: str) -> str:
    """Take the # off every line that has no blank after it."""
    return re.sub(r"(?m)^#(?=\S)", "", text)


def test_planner_toml_changes_nothing_until_edited() -> None:
    """Tests that the file as written is valid TOML without a single setting."""
    assert tomllib.loads(planner_toml(specs())) == {"parameters": {}}


def test_planner_toml_uncommented_gives_the_defaults() -> None:
    """Tests that every parameter is in the file once, with its default and type."""
    document = tomllib.loads(uncommented(planner_toml(specs())))
    settings = document["parameters"]
    assert document["map"]["open"] == "Free InMail?"
    assert list(settings.items()) == list(Parameters().as_dict().items())
    assert [type(value) for value in settings.values()] == [
        type(spec.default) for spec in specs()
    ]
    assert Parameters().override(settings) == Parameters()


def test_planner_toml_explains_every_parameter() -> None:
    """Tests that description, unit, range and source stand above each parameter."""
    text = re.sub(r"\n# (?!-)", " ", planner_toml(specs()))
    for spec in specs():
        assert f"{spec.description} " in text
        assert f"Range: {spec.range_text}. Source: {spec.source}." in text
        assert f"Unit: {spec.unit}." in text or not spec.unit
        assert f"# ---- {spec.group} -" in text
    # A pattern stands on one line, however long it is.
    lines = [x for x in planner_toml(specs()).splitlines() if "_pattern_" not in x]
    assert max(map(len, lines)) <= 88


@pytest.mark.parametrize("value", [True, False, 0, -3, 0.05, 1e-9, 'a "b" \\ c\n', "ö"])
def test_toml_values_come_back(value: float | bool | str) -> None:
    """Tests that a value written as TOML is read as the same value."""
    parsed = tomllib.loads(f"x = {toml_value(value)}")["x"]
    assert parsed == value
    assert type(parsed) is type(value)


# --- large inputs -----------------------------------------------------------------


@pytest.mark.parametrize("shape", ["skewed", "uniform"])
def test_make_leads_writes_what_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: str
) -> None:
    """Tests row counts, identities, groups and seats of a generated input."""
    main = runpy.run_path(str(ROOT / "benchmarks" / "make_leads.py"))["main"]
    arguments = ["--leads", "4000", "--seats", "20", "--seed", "1", "--shape", shape]
    for folder in ("a", "b"):
        main([*arguments, str(tmp_path / folder)])
    assert "leads.csv" in capsys.readouterr().out
    content = (tmp_path / "a" / "leads.csv").read_bytes()
    assert content == (tmp_path / "b" / "leads.csv").read_bytes()
    leads = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    assert leads.shape == (4000, 12)
    assert leads["defaultProfileUrl"].is_unique
    # 20 seats make 4 territories; 15 % of the leads have none.
    share = leads["group"].value_counts(normalize=True)
    assert len(share) == 5
    assert share[""] == pytest.approx(0.15, abs=0.05)
    # 1 / rank ** 0.8 gives the first 0.85 * 1 / (1 + .574 + .415 + .330) = .37.
    expected = 0.37 if shape == "skewed" else 0.85 / 4
    assert share["territory-001"] == pytest.approx(expected, abs=0.06)
    tables, _ = read.tables([tmp_path / "a" / "seats.csv"], known_headers=SEAT_HEADERS)
    parsed, issues = seats.read(tables[0], as_of=sample.AS_OF, parameters=Parameters())
    assert len(parsed) == 20
    assert {str(issue.severity) for issue in issues} <= {"warning"}
    assert {group for seat in parsed for group in seat.groups} == set(share.index) - {""}
