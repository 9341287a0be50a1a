"""plan.xlsx opens, holds what it says, and never lets a lead's text do anything."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.dom import minidom
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from office import convert, needs_office
from plan_factory import make_plan
from planner.domain import Plan
from planner.errors import Issue
from planner.output import archive, cells, grid, sends, sheets, styles, workbook
from planner.output.names import ODD_CHARACTERS, unique_sheet_names

HOSTILE = (
    '=HYPERLINK("http://x","y")',
    "<script>alert(1)</script>",
    "#REF!",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\uff1d1",
    "a\x00b\x1fc",
    "lone \ud800 half",
    " spaces  kept ",
    "_x003D_1",
    "]]>&amp;",
)


def written(plan: Plan, tmp_path: Path, **options: Any) -> Any:
    """Write a plan's workbook and open it again."""
    workbook.write(plan, tmp_path / "plan.xlsx", **options)
    return openpyxl.load_workbook(tmp_path / "plan.xlsx")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the workbook of a plan with nothing special, opened once: only read it."""
    return written(make_plan(), tmp_path_factory.mktemp("plain"))


def table(sheet: Any, name: str) -> list[dict[str, Any]]:
    """Return the rows of a native table by header."""
    rows = [[cell.value for cell in row] for row in sheet[sheet.tables[name].ref]]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def sheet_xml(path: Path) -> bytes:
    """Return the XML of all sheets."""
    with ZipFile(path) as parts:
        names = [n for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
        return b"".join(parts.read(name) for name in names)


def test_sheets_in_order_then_one_per_seat(book: Any) -> None:
    """All promised sheets come first, in order; then one for each seat that sends."""
    seats = [f"seat-{number:02d}" for number in range(1, 9)]
    assert book.sheetnames == [*sheets.SHEETS, *seats]


def test_this_week_holds_every_send(tmp_path: Path) -> None:
    """The week is one native table with every lead to be sent to, and real dates."""
    plan = make_plan()
    rows = table(written(plan, tmp_path)["This week"], "this_week")
    sent = plan.assignments[plan.assignments["send_on"] != ""]
    assert {row["lead id"] for row in rows} == set(sent["lead_id"])
    assert len(rows) == len(sent)
    dates = {f"{row['send on']:%Y-%m-%d}" for row in rows}
    assert dates == set(sent["send_on"])


def test_seat_sheets_add_up_to_this_week(tmp_path: Path) -> None:
    """The seats' own sheets hold each seat's sends, with a status to choose."""
    plan = make_plan()
    book = written(plan, tmp_path)
    by_seat = plan.assignments[plan.assignments["seat_id"] != ""].groupby("seat_id").size()
    for number, (seat, count) in enumerate(by_seat.items(), start=1):
        rows = table(book[seat], f"seat_{number:03d}")
        assert len(rows) == count
        assert {row["status"] for row in rows} == {"todo"}
        (choices,) = book[seat].data_validations.dataValidation
        assert choices.formula1 == '"todo,sent,failed,replied,accepted,skipped"'


def test_a_seat_sheet_is_what_its_owner_needs(book: Any) -> None:
    """Subjects are blank where one is to be written; the print ends with the status."""
    sheet = book["seat-01"]
    rows = table(sheet, "seat_001")
    assert list(rows[0]) == [
        "day", "lead", "profile", "company", "title", "route", "subject", "status", "why",
        "lead id",
    ]  # fmt: skip
    takes_one = {row["route"]: row["subject"] is None for row in rows}
    assert takes_one == {
        "open InMail": True, "paid InMail": True, "connection request": False,
    }  # fmt: skip
    assert {row["subject"] for row in rows} == {None, "\u2013"}
    assert sheet.print_area == f"'seat-01'!$A$1:$H${len(rows) + 5}"


def test_tables_are_native_and_unique(book: Any) -> None:
    """Every table has a unique legal name, a filter, and headers equal to its cells."""
    found = [(sheet, one) for sheet in book for one in sheet.tables.values()]
    assert len({one.displayName.lower() for _, one in found}) == len(found) >= 19
    for sheet, one in found:
        assert re.fullmatch(r"[a-z][a-z_]+(_\d+)?", one.displayName)
        assert one.autoFilter.ref == one.ref
        heads = [cell.value for cell in sheet[one.ref][0]]
        assert [column.name for column in one.tableColumns] == heads
        assert len(set(heads)) == len(heads)


def test_panes_and_print_set_up(book: Any) -> None:
    """Lists keep their header in view; every sheet prints landscape on A4, page n of m."""
    assert book["This week"].freeze_panes == "B5"
    assert book["Seats"].freeze_panes == "C6"
    assert book["seat-01"].freeze_panes == "A6"
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert str(sheet.page_setup.paperSize) == "9"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "&P" in sheet.oddFooter.right.text
    assert book["This week"].print_title_rows == "$4:$4"


def test_number_formats(book: Any) -> None:
    """Shares are percent, counts whole numbers, dates ISO, and all of them numbers."""
    sheet = book["Seats"]
    heads = {cell.value: cell.column for cell in sheet[5]}
    formats = {head: sheet.cell(6, column).number_format for head, column in heads.items()}
    assert formats["runs out"] == "0.0%"
    assert formats["credits now"] == "#,##0"
    assert formats["next reset"] == "yyyy-mm-dd"
    assert isinstance(sheet.cell(6, heads["runs out"]).value, float)


def test_bars_alarms_and_charts(tmp_path: Path) -> None:
    """Seats carries data bars and alarms in words."""
    plan = make_plan()
    weeks = plan.seat_weeks.copy()
    weeks.loc[0, "exhaustion_probability"] = 0.2
    weeks.loc[1, "expected_balance_at_reset"] = 1.0
    book = written(replace(plan, seat_weeks=weeks), tmp_path)
    rules = [r.type for span in book["Seats"].conditional_formatting for r in span.rules]
    assert rules.count("dataBar") == 3
    assert rules.count("expression") == 3
    rows = {row["seat"]: row["watch"] for row in table(book["Seats"], "seats")}
    assert rows["seat-01"] == "may run out"
    assert rows["seat-02"] == "below reserve"
    assert rows["seat-03"] is None


def cell_values(book: Any, reference: str) -> list[Any]:
    """Return the cells that a chart refers to."""
    name, _, cells_ = reference.rpartition("!")
    found = book[name.strip("'")][cells_.replace("$", "")]
    return [row[0].value for row in found] if isinstance(found, tuple) else [found.value]


def test_charts_read_the_figures_they_name(book: Any) -> None:
    """Every series has numbers, the name of its column, and as many categories."""
    charts = {sheet.title: sheet._charts for sheet in book if sheet._charts}
    assert {name: len(found) for name, found in charts.items()} == {
        "Summary": 3, "Seats": 6, "By day": 1,
    }  # fmt: skip
    for chart in (one for found in charts.values() for one in found):
        names = [cell_values(book, series.tx.strRef.f)[0] for series in chart.series]
        assert len(set(names)) == len(names) >= 2
        for series, name in zip(chart.series, names, strict=True):
            values = cell_values(book, series.val.numRef.f)
            assert values
            assert all(isinstance(value, int | float) for value in values)
            assert len(cell_values(book, series.cat.numRef.f)) == len(values)
            assert isinstance(name, str)


def test_runway_charts_show_the_seats_nearest_to_running_out(tmp_path: Path) -> None:
    """One seat a chart, all of its days; lines differ in their dashes, not in colour alone.

    Nearest is the one that may run out; then those with least above their reserve.
    """
    plan = make_plan()
    weeks = plan.seat_weeks.copy()
    weeks["exhaustion_probability"] = 0.0
    weeks.loc[4, "exhaustion_probability"] = 0.03
    left = plan.runway.groupby("seat_id")["low"].min().sort_values(kind="stable")
    order = ["seat-05", *(seat for seat in left.index if seat != "seat-05")]
    book = written(replace(plan, seat_weeks=weeks), tmp_path)
    assert [row["seat"] for row in table(book["Seats"], "seats")] == order
    runways = dict(iter(plan.runway.groupby("seat_id")))
    charts = [*book["Summary"]._charts[1:], *book["Seats"]._charts[1:]]
    for chart, seat in zip(charts, [*order[:2], *order[:5]], strict=True):
        expected, low, reserve = chart.series
        assert (
            cell_values(book, expected.val.numRef.f) == runways[seat]["expected"].tolist()
        )
        assert cell_values(book, low.val.numRef.f) == runways[seat]["low"].tolist()
        assert set(cell_values(book, reserve.val.numRef.f)) == {5}
        days = [f"{day:%Y-%m-%d}" for day in cell_values(book, low.cat.numRef.f)]
        assert days == runways[seat]["date"].tolist()
        dashes = [series.graphicalProperties.line.prstDash for series in chart.series]
        assert len(set(dashes)) == 3


def test_a_hostile_sender_is_text_in_a_chart(tmp_path: Path) -> None:
    """Whatever a sender is called stands in the chart's title as text, less controls."""
    plan = make_plan(40, 1)
    seats = tuple(replace(seat, sender="=1+1 <b>&\x00") for seat in plan.seats)
    book = written(replace(plan, seats=seats), tmp_path)
    title = book["Seats"]._charts[1].title.tx.rich.p[0].r[0].t
    assert title == "Credits day by day: =1+1 <b>&"


def test_a_runway_says_in_words_what_to_watch(tmp_path: Path) -> None:
    """Below the reserve as expected, or only at worst, stands in a column of words."""
    plan = make_plan(40, 1)
    runway = plan.runway.copy()
    runway["expected"], runway["low"] = 9.0, 8.0
    runway.loc[1, "low"] = 4.9
    runway.loc[2, ["expected", "low"]] = 4.9, 4.0
    rows = table(written(replace(plan, runway=runway), tmp_path)["Runway"], "runway")
    assert [row["watch"] for row in rows[:4]] == [
        None, "may be below reserve", "below reserve", None,
    ]  # fmt: skip


def test_a_long_runway_prints_the_seats_nearest_to_running_out(tmp_path: Path) -> None:
    """Of 12 seats, all stand on the sheet and 10 are printed; of 10, all are."""
    sheet = written(make_plan(200, 12), tmp_path)["Runway"]
    rows = [row["seat"] for row in table(sheet, "runway")]
    seats = list(dict.fromkeys(rows))
    assert len(seats) == 12
    assert sheet["A4"].value.startswith("Printed are the first 10 seats;")
    printed = len(rows) - sum(rows.count(seat) for seat in seats[10:])
    head = next(cell.row for cell in sheet["A"] if cell.value == "seat")
    assert sheet.print_area == f"'Runway'!$A$1:$K${head + printed}"
    short = written(make_plan(200, 10), tmp_path)["Runway"]
    assert not short.print_area
    assert short["A4"].value is None


def test_charts_of_a_long_table_print_on_their_own_page(tmp_path: Path) -> None:
    """With 30 seats the charts begin after a page break; with 8 they stand below."""
    few, many = (written(make_plan(200, number), tmp_path)["Seats"] for number in (8, 30))
    assert few.row_breaks.brk == []
    (after,) = many.row_breaks.brk
    anchors = [chart.anchor._from.row for chart in many._charts]  # rows count from 0
    assert min(anchors) + 1 > after.id > 5 + 30
    # The print repeats seat and sender on its second page, but no part of a chart.
    assert many.print_title_cols == "$A:$B"
    assert min(chart.anchor._from.col for chart in many._charts) >= 2


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Whatever a lead is called, no cell computes, and the text is there to read."""
    columns = ("first_name", "last_name", "company", "title", "reason", "segment", "rule")
    every = dict(enumerate(HOSTILE * 10))
    plan = make_plan(130, cells=dict.fromkeys(columns, every))
    book = written(plan, tmp_path)
    assert all(
        cell.data_type not in "fe" for sheet in book for row in sheet for cell in row
    )
    xml = sheet_xml(tmp_path / "plan.xlsx")
    assert not re.search(rb"<f[ >/]", xml)
    titles = {row["title"] for row in table(book["This week"], "this_week")}
    assert titles <= {
        "a\x00b\x1fc".replace("\x00", "").replace("\x1f", "")
        if text.startswith("a\x00")
        else text.replace("\ud800", "").replace("_x003D_", "_x005F_x003D_")
        for text in HOSTILE
    }
    assert len(titles) > 8


#: Parts of a worksheet in the order of ECMA-376 (18.3.1.99): Excel takes no other.
PARTS = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData",
    "sheetProtection", "autoFilter", "mergeCells", "conditionalFormatting",
    "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "colBreaks", "drawing", "legacyDrawing", "tableParts",
)  # fmt: skip


def test_parts_of_a_sheet_stand_in_the_order_excel_wants(tmp_path: Path) -> None:
    """Whatever a sheet has (breaks, charts, links, drop-downs), its parts are in order."""
    written(make_plan(300, 12), tmp_path)
    seen = set()
    with ZipFile(tmp_path / "plan.xlsx") as parts:
        for name in parts.namelist():
            if not name.startswith("xl/worksheets/sheet"):
                continue
            root = minidom.parseString(parts.read(name)).documentElement
            assert root is not None
            found = [child.nodeName for child in root.childNodes]
            places = [PARTS.index(part) for part in found]
            assert places == sorted(places), name
            seen |= set(found)
    assert {"rowBreaks", "drawing", "hyperlinks", "dataValidations", "tableParts"} <= seen


def test_links_lead_to_linkedin_only(tmp_path: Path) -> None:
    """Only canonical profile URLs become links; anything else is plain text."""
    odd = (
        "javascript:alert(1)",
        "http://www.linkedin.com/in/plain",
        "https://www.linkedin.com.example.org/in/x",
        "https://www.linkedin.com/in/x?next=http://y",
        "https://www.linkedin.com/redir/redirect?url=x",
        "file:///etc/passwd",
        "",
    )
    plan = make_plan(140, cells={"linkedin_url": dict(enumerate(odd * 10))})
    book = written(plan, tmp_path)
    links = [c.hyperlink for sheet in book for row in sheet for c in row if c.hyperlink]
    assert links
    assert all(grid.CANONICAL_URL.fullmatch(link.target) for link in links)
    assert all(link.location is None for link in links)


def test_link_targets_are_ascii(tmp_path: Path) -> None:
    """A handle with letters beyond ASCII is linked percent-encoded, as browsers do."""
    url = "https://www.linkedin.com/in/zoë-ashgrove%20x"
    plan = make_plan(20, cells={"linkedin_url": dict.fromkeys(range(20), url)})
    sheet = written(plan, tmp_path)["This week"]
    assert sheet["H5"].value == "in/zoë-ashgrove%20x"
    assert sheet["H5"].hyperlink.target == (
        "https://www.linkedin.com/in/zo%C3%AB-ashgrove%20x"
    )


def test_number_of_links_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sheet has no more links than a spreadsheet takes; the rest is text."""
    monkeypatch.setattr(archive, "MAX_LINKS", 20)
    book = written(make_plan(), tmp_path)
    column = [row[7] for row in book["This week"].iter_rows(min_row=5)]
    assert sum(cell.hyperlink is not None for cell in column) == 20
    assert all(cell.value for cell in column)


def test_odd_seat_ids_give_legal_sheet_names(tmp_path: Path) -> None:
    """Seat ids with forbidden characters, of equal beginning or reserved get a sheet."""
    ids = [
        "Summary",
        "a/b:c*?[x]\\",
        "'quoted'",
        "x" * 40,
        "x" * 41,
        "history",
        "HOLD",
        "é",
    ]
    book = written(make_plan(400, 8, seat_ids=ids), tmp_path)
    names = book.sheetnames
    assert len({name.lower() for name in names}) == len(names) == len(sheets.SHEETS) + 8
    for name in names:
        assert 1 <= len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        assert not name.startswith("'")
        assert name.lower() != "history"


@given(st.lists(st.text(st.characters(), max_size=50), unique=True, max_size=6))
def test_sheet_names_are_legal_for_any_seats(keys: list[str]) -> None:
    """Any seat ids give sheet names that are legal and distinct in any letter case."""
    names = unique_sheet_names(keys, ["Summary"])
    assert len({name.lower() for name in names.values()} | {"summary"}) == len(keys) + 1
    for name in names.values():
        assert re.fullmatch(r"(?!')[^\[\]:*?/\\\x00-\x1f]{1,31}(?<!')", name)


def test_rows_beyond_a_sheet_go_on(tmp_path: Path) -> None:
    """A list that is too long goes on to a further sheet, and Summary says so."""
    plan = make_plan()
    book = written(plan, tmp_path, max_rows=100)
    parts = [
        table(book[sheet], name)
        for sheet, name in (
            ("This week", "this_week"),
            ("This week 2", "this_week_2"),
            ("This week 3", "this_week_3"),
        )
    ]
    sent = int((plan.assignments["send_on"] != "").sum())
    assert [len(part) for part in parts] == [100, 100, sent - 200]
    text = [cell.value for cell in book["Summary"]["A"] if cell.value]
    assert any("This week 2, This week 3" in line for line in text)


def test_summary_has_the_figures(tmp_path: Path) -> None:
    """Summary's figures are those of the tables, each under its label."""
    plan = make_plan()
    sheet = written(plan, tmp_path)["Summary"]
    figures = {row[0].value: row[1].value for row in sheet.iter_rows() if row[0].value}
    counts = plan.assignments["route"].value_counts()
    assert figures["InMails to open profiles"] == counts["open_inmail"]
    assert figures["Paid InMails"] == counts["paid_inmail"]
    assert figures["Held for a later week"] == counts["hold"]
    assert figures["Excluded"] == counts["excluded"]
    assert figures["Leads in all"] == 400
    assert figures["Expected replies"] == pytest.approx(
        plan.assignments["expected_replies"].sum()
    )
    worst = plan.seat_weeks["exhaustion_probability"].max()
    assert figures["Highest probability to run out"] == pytest.approx(worst)
    assert figures["Errors"] == 1


@pytest.mark.parametrize(
    ("joint", "words"), [(False, "for each seat and reset: kept"), (True, "NOT KEPT")]
)
def test_summary_says_which_guarantee(tmp_path: Path, joint: bool, words: str) -> None:
    """The guarantee is named, per seat or joint, with whether it is kept."""
    plan = make_plan(parameters={"joint": joint})
    plan.seat_weeks["exhaustion_probability"] = 0.04  # jointly 1 - 0.96^8 = 0.28
    sheet = written(plan, tmp_path)["Summary"]
    (row,) = [r for r in sheet.iter_rows() if r[0].value == "Guarantee: at most"]
    assert words in row[2].value


def test_hold_is_capped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hold counts every held lead but lists only the first ones, and says so."""
    monkeypatch.setattr(sheets, "MAX_HELD", 10)
    plan = make_plan()
    book = written(plan, tmp_path)
    held = int((plan.assignments["route"] == "hold").sum())
    assert sum(row["leads"] for row in table(book["Hold"], "hold_counts")) == held
    rows = table(book["Hold"], "hold_list")
    assert len(rows) == 10
    priorities = [row["priority"] for row in rows]
    assert priorities == sorted(priorities, reverse=True)


def test_many_seats_get_sheets_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit the first seats by id get a sheet, and Summary says so."""
    monkeypatch.setattr(sends, "MAX_SEAT_SHEETS", 3)
    monkeypatch.setattr("planner.output.summary.MAX_SEAT_SHEETS", 3)
    book = written(make_plan(), tmp_path)
    assert book.sheetnames[len(sheets.SHEETS) :] == ["seat-01", "seat-02", "seat-03"]
    text = [cell.value for cell in book["Summary"]["A"] if cell.value]
    assert any("3 of 8 sending seats" in line for line in text)


def test_issues_come_errors_first(tmp_path: Path) -> None:
    """Issues lists what must be mended before what is only worth knowing."""
    plan = make_plan()
    issues = (plan.issues[1], plan.issues[0], Issue(code="odd", message="=1+1"))
    rows = table(written(replace(plan, issues=issues), tmp_path)["Issues"], "issues")
    assert [row["severity"] for row in rows] == ["error", "error", "warning"]
    assert rows[1]["what, and what to do"] == "=1+1"


def test_parameters_show_what_changed(tmp_path: Path) -> None:
    """Parameters shows every parameter and marks the changed ones in a word."""
    book = written(make_plan(parameters={"alpha": 0.02, "joint": True}), tmp_path)
    rows = {row["parameter"]: row for row in table(book["Parameters"], "parameters")}
    assert rows["alpha"]["value"] == 0.02
    assert rows["joint"]["value"] == "true"
    assert {name for name, row in rows.items() if row["changed"]} == {"alpha", "joint"}


def test_equal_plans_give_equal_bytes(tmp_path: Path) -> None:
    """The workbook is a function of the plan: no clock, no random id."""
    workbook.write(make_plan(), tmp_path / "one.xlsx")
    workbook.write(make_plan(), tmp_path / "two.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_categorical_columns_give_the_same_workbook(tmp_path: Path) -> None:
    """Plain and categorical text columns give the same bytes."""
    plan, other = make_plan(), make_plan()
    columns = ["route", "seat_id", "sender", "send_on", "reason", "rule", "expected_week"]
    other.assignments[columns] = other.assignments[columns].astype("category")
    workbook.write(plan, tmp_path / "one.xlsx")
    workbook.write(other, tmp_path / "two.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_empty_plan(tmp_path: Path) -> None:
    """A plan without leads or seats still opens; empty tables say so."""
    plan = make_plan(0, 0, issues=())
    book = written(plan, tmp_path)
    assert book.sheetnames == list(sheets.SHEETS)
    assert book["Issues"]["A5"].value == "none"
    assert book["This week"].tables == {}


@given(st.text(st.characters()))
def test_any_text_is_well_formed(text: str) -> None:
    """Any text becomes an element that reads back as itself, less odd characters."""
    element = minidom.parseString(cells.xml_text(text)).documentElement
    assert element is not None
    shown = "".join(getattr(node, "data", "") for node in element.childNodes)
    expected = ODD_CHARACTERS.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    assert shown.replace("_x005F_", "_") == expected.replace("_x005F_", "_")


def test_long_text_is_cut_with_a_note() -> None:
    """A text longer than a cell holds is cut, and ends by saying so."""
    for text in ("x" * 40_000, "\U0001f600" * 20_000):
        shown = re.sub("<[^>]*>", "", cells.xml_text(text))
        assert shown.endswith("(cut)")
        assert len(shown.encode("utf-16-le")) // 2 <= 32_767


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")]
)
def test_column_letters(index: int, letters: str) -> None:
    """Columns are lettered as spreadsheets do."""
    assert cells.letter(index) == letters


def test_colours_hold_in_grey() -> None:
    """On a black-and-white printer text stays readable and neighbours stay apart.

    4.5 is what WCAG 2 asks of text; 1.3 between areas that a white edge parts.
    """
    book: Any = openpyxl.Workbook()
    styles.register(book)
    for style in book._named_styles:
        fill = style.fill.fgColor.rgb if style.fill.fill_type else "FFFFFF"
        colour = style.font.color.rgb if style.font.color else "000000"
        assert contrast(colour if isinstance(colour, str) else "000000", fill) >= 4.5
    alarm: Any = styles.ALARM
    assert contrast(alarm.font.color.rgb, alarm.fill.bgColor.rgb) >= 4.5
    assert alarm.font.b
    for one, other in pairwise(styles.SERIES):
        assert contrast(one, other) >= 1.3


def luminance(colour: str) -> float:
    """Return how bright a colour is in grey: 0 is black, 1 is white (Rec. 709)."""
    channels = [int(colour[-6:][at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2), 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


@needs_office
def test_libreoffice_opens_it(tmp_path: Path) -> None:
    """An independent program reads the workbook and finds the same leads in it."""
    workbook.write(make_plan(), tmp_path / "plan.xlsx")
    convert(tmp_path / "plan.xlsx", CSV, tmp_path)
    text = (tmp_path / "plan-This week.csv").read_text("utf-8")
    assert text.count("connection request") >= 90
    assert "Zoë" in text
    assert "Err:" not in text
