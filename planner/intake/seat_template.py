"""The seat inventory as a workbook that explains itself: what `planner init` writes.

Sheet *Seats* is to be filled in, *Columns* says what each column means and what a blank
cell does, *Examples* shows two seats from top to bottom. Only *Seats* is read.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.etree.ElementTree import canonicalize

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from planner.params import Parameters, specs

Form: TypeAlias = Literal["text", "whole", "date", "share"]

#: Rows that are checked on entry; more seats than this can still be pasted in.
CHECKED_ROWS = 2000

_FORMATS: Mapping[Form, str] = {
    "text": "@",
    "whole": "0",
    "date": "yyyy-mm-dd",
    "share": "0.0%",
}
_TIME_ZONES = (
    "UTC,Europe/London,Europe/Dublin,Europe/Lisbon,Europe/Paris,Europe/Berlin,"
    "Europe/Zurich,Europe/Helsinki,America/New_York,America/Chicago,America/Los_Angeles,"
    "America/Sao_Paulo,Asia/Dubai,Asia/Kolkata,Asia/Singapore,Asia/Tokyo,Australia/Sydney"
)
#: Fill of the header by part; the first is what has to be filled in.
_FILLS = {
    "Needed": "1F4E78",
    "Who sends": "5B7C99",
    "Credits and reset": "5B7C99",
    "InMails": "6E7F80",
    "Connection requests": "5B7C99",
    "Calendar": "6E7F80",
    "Which leads": "5B7C99",
    "Own rates": "6E7F80",
}
_EXAMPLES: tuple[Mapping[str, str], ...] = (
    {
        "seat_id": "example-1",
        "sender": "Erika Example",
        "credits": "96",
        "credits_as_of": "2026-11-23",
        "inmails_last_28_days": "84",
        "connection_requests_last_7_days": "61",
        "pending_connection_requests": "148",
        "time_zone": "Europe/Berlin",
        "away": "2026-12-24..2027-01-02",
        "groups": "dach; fintech",
    },
    {
        "seat_id": "example-2",
        "sender": "Max Example",
        "sender_profile_uuid": "00000000-0000-4000-8000-000000000002",
        "credits": "50",
        "credits_as_of": "2026-11-23",
        "reset_rule": "day:17",
        "monthly_grant": "50",
        "credit_cap": "150",
        "reserve": "8",
        "max_inmails_per_day": "15",
        "max_open_inmails_per_month": "300",
        "max_connection_requests_per_week": "60",
        "working_days": "Mon-Thu",
        "time_zone": "America/New_York",
        "paused": "until:2026-12-01",
        "inmail_reply_rate": "0.12",
        "acceptance_rate": "0.31",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatColumn:
    """One column of the inventory, as its user should understand it.

    ``low`` and ``high`` bound what may be typed; ``choices`` are offered in a list but
    not enforced; ``rule`` is a spreadsheet formula about row 2 that must hold.
    """

    name: str
    part: str
    form: Form
    meaning: str
    if_blank: str
    example: str
    low: float | None = None
    high: float | None = None
    choices: str = ""
    rule: str = ""

    @property
    def allowed(self) -> str:
        """What may be entered, in words."""
        if self.form == "date":
            return "a date"
        if self.form == "share":
            return "0 % to 100 %"
        if self.low is not None and self.high is not None:
            return f"whole number, {self.low:,.0f} to {self.high:,.0f}"
        return "text"


def seat_columns(parameters: Parameters) -> tuple[SeatColumn, ...]:
    """Return the columns of the inventory in order, with the defaults in force."""
    return (
        *_sender_columns(),
        *_credit_columns(parameters),
        *_inmail_columns(parameters),
        *_connection_columns(parameters),
        *_calendar_columns(parameters),
        *_steering_columns(parameters),
    )


def seat_template(parameters: Parameters) -> bytes:
    """Return the empty inventory as an xlsx file; same parameters, same bytes."""
    return seat_workbook(parameters, ())


def seat_workbook(parameters: Parameters, rows: Sequence[Mapping[str, str]]) -> bytes:
    """Return the inventory with `rows` filled in, keyed by column name, blank is ``""``."""
    columns = seat_columns(parameters)
    book = Workbook()
    seats = book.worksheets[0]
    seats.title = "Seats"
    _fill_seats(seats, columns, rows)
    _check_entries(seats, columns)
    _fill_columns(book.create_sheet("Columns"), columns)
    _fill_examples(book.create_sheet("Examples"), columns)
    file = io.BytesIO()
    book.save(file)
    return reproducible(file.getvalue())


def reproducible(xlsx: bytes) -> bytes:
    """Return a workbook without the time of its making: same content, same bytes.

    Members are stored, not deflated (versions of zlib compress differently), and their
    XML is canonical (openpyxl writes it differently where lxml is installed).
    """
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx)) as source,
        zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                stamp = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
                content = re.sub(stamp, b"2026-01-01T00:00:00Z", content)
            if name.endswith((".xml", ".rels", ".vml")):
                content = canonicalize(content.decode()).encode()
            member = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            member.create_system = 3  # else it names the operating system
            target.writestr(member, content)
    return result.getvalue()


# --- columns ----------------------------------------------------------------------


def _limits(name: str) -> tuple[float | None, float | None]:
    """Return the range of the parameter that a column overrides for one seat."""
    spec = next(spec for spec in specs() if spec.name == name)
    return spec.low, spec.high


def _override(
    parameters: Parameters, name: str, part: str, meaning: str, example: str
) -> SeatColumn:
    """Describe a column that overrides the whole-number parameter of the same name."""
    low, high = _limits(name)
    return SeatColumn(
        name=name, part=part, form="whole", meaning=meaning, example=example,
        low=low, high=high, if_blank=f"{getattr(parameters, name)} (parameter {name})",
    )  # fmt: skip


def _sender_columns() -> tuple[SeatColumn, ...]:
    return (
        SeatColumn(
            name="seat_id",
            part="Needed",
            form="text",
            meaning="Your short name of the seat. It names the seat's sheet, its files "
            "and its history: do not change it later.",
            if_blank="error",
            example="nora",
            rule=f"COUNTIF($A$2:$A${CHECKED_ROWS + 1},A2)=1",
        ),
        SeatColumn(
            name="sender",
            part="Who sends",
            form="text",
            meaning="Name or label of the sender profile in GetSales.",
            if_blank="the same as seat_id",
            example="Erika Example",
        ),
        SeatColumn(
            name="sender_profile_uuid",
            part="Who sends",
            form="text",
            meaning="Id of the sender profile in GetSales; kept for later use.",
            if_blank="none",
            example="00000000-0000-4000-8000-000000000002",
        ),
    )


def _credit_columns(p: Parameters) -> tuple[SeatColumn, ...]:
    return (
        SeatColumn(
            name="credits",
            part="Needed",
            form="whole",
            meaning="InMail credits that Sales Navigator shows for this seat now. Read it "
            "fresh every week: it is the number that everything else rests on.",
            if_blank="the ledger's balance; an error if it has none",
            example="96",
            low=0,
            high=600,
        ),
        SeatColumn(
            name="credits_as_of",
            part="Credits and reset",
            form="date",
            meaning="Day on whose morning, before its sends, credits was so. Read before "
            "a reset, it is too old.",
            if_blank="the plan's date",
            example="2026-11-23",
        ),
        SeatColumn(
            name="reset_rule",
            part="Credits and reset",
            form="text",
            meaning="When LinkedIn grants new credits: month (the 1st, 00:00 UTC), day:17 "
            "(every month on the 17th) or date:2026-12-04 (that day, then monthly).",
            if_blank=f"{p.reset_rule} (parameter reset_rule)",
            example="day:17",
            rule='OR({cell}="month",LEFT({cell},4)="day:",LEFT({cell},5)="date:")',
        ),
        _override(
            p, "monthly_grant", "Credits and reset", "Credits granted at each reset.", "50"
        ),
        _override(
            p,
            "credit_cap",
            "Credits and reset",
            "The most credits the seat can bank; what a grant adds above it is forfeited.",
            "150",
        ),
        _override(
            p,
            "reserve",
            "Credits and reset",
            "Credits that must be left: at zero, free InMails may stop as well.",
            "5",
        ),
    )


def _inmail_columns(p: Parameters) -> tuple[SeatColumn, ...]:
    return (
        SeatColumn(
            name="inmails_last_28_days",
            part="InMails",
            form="whole",
            meaning="InMails this seat sent in the last 28 days, free and paid together, "
            "by hand and by tools. LinkedIn blocks seats that speed up suddenly.",
            if_blank="what is known from the ledger, and from what was stated here before; "
            f"else the seat is new and starts slowly (over {p.new_seat_ramp_weeks} weeks)",
            example="84",
            low=0,
            high=2000,
        ),
        _override(
            p,
            "max_inmails_per_day",
            "InMails",
            "The most InMails on a full working day, free and paid together.",
            "20",
        ),
        _override(
            p,
            "max_open_inmails_per_month",
            "InMails",
            "The most free InMails (to open profiles) in any 30 days.",
            "400",
        ),
    )


def _connection_columns(p: Parameters) -> tuple[SeatColumn, ...]:
    part = "Connection requests"
    return (
        _override(
            p,
            "max_connection_requests_per_week",
            part,
            "The most connection requests in any 7 days.",
            "80",
        ),
        SeatColumn(
            name="connection_requests_last_7_days",
            part=part,
            form="whole",
            meaning="Connection requests sent in the last 7 days; they count towards the "
            "weekly limit.",
            if_blank="what is known from the ledger, and from what was stated here "
            "before; else 0",
            example="61",
            low=0,
            high=500,
        ),
        SeatColumn(
            name="pending_connection_requests",
            part=part,
            form="whole",
            meaning="Connection requests not yet answered. The planner keeps them at or "
            f"below {p.max_pending_connection_requests}.",
            if_blank="what is known from the ledger, and from what was stated here "
            "before; else 0",
            example="148",
            low=0,
            high=3000,
        ),
    )


def _calendar_columns(p: Parameters) -> tuple[SeatColumn, ...]:
    return (
        SeatColumn(
            name="working_days",
            part="Calendar",
            form="text",
            meaning="Days on which the seat sends: a span or a list, in English.",
            if_blank=f"{p.working_days} (parameter working_days)",
            example="Mon-Thu, Sat",
            choices="Mon-Fri,Mon-Thu,Tue-Thu,Sun-Thu",
        ),
        SeatColumn(
            name="time_zone",
            part="Calendar",
            form="text",
            meaning="Time zone of the seat, by its IANA name. The list offers the usual "
            "ones; any other may be typed.",
            if_blank=f"{p.time_zone} (parameter time_zone)",
            example="Europe/Berlin",
            choices=_TIME_ZONES,
        ),
        SeatColumn(
            name="away",
            part="Calendar",
            form="text",
            meaning="Days off, first and last day included; several with a semicolon.",
            if_blank="no days off",
            example="2026-12-24..2027-01-02; 2027-02-03",
        ),
    )


def _steering_columns(p: Parameters) -> tuple[SeatColumn, ...]:
    return (
        SeatColumn(
            name="groups",
            part="Which leads",
            form="text",
            meaning="Groups of leads that this seat may serve, with a semicolon between. "
            "Leads without a group may go to any seat.",
            if_blank="only leads without a group, or whose owner is this seat",
            example="dach; fintech",
        ),
        SeatColumn(
            name="paused",
            part="Which leads",
            form="text",
            meaning="yes takes the seat out of the plan; until:2026-12-01 lets it start "
            "again on that day.",
            if_blank="no",
            example="until:2026-12-01",
            choices="no,yes,until:2026-12-01",
        ),
        SeatColumn(
            name="inmail_reply_rate",
            part="Own rates",
            form="share",
            meaning="Replies per InMail of this seat, if you know it from some hundred.",
            if_blank=f"estimated; {p.inmail_reply_rate:.0%} to begin with",
            example="12 %",
            low=0,
            high=1,
        ),
        SeatColumn(
            name="acceptance_rate",
            part="Own rates",
            form="share",
            meaning="Accepted connection requests per request sent, if you know it.",
            if_blank=f"estimated; {p.acceptance_rate:.0%} to begin with",
            example="31 %",
            low=0,
            high=1,
        ),
    )


# --- sheets -----------------------------------------------------------------------


def _fill_seats(
    sheet: Worksheet, columns: Sequence[SeatColumn], rows: Sequence[Mapping[str, str]]
) -> None:
    """Write header and rows; whole columns carry their format, so none is lost."""
    for number, column in enumerate(columns, start=1):
        header = sheet.cell(1, number, column.name)
        header.font = _font(bold=True, color="FFFFFF")
        header.fill = PatternFill("solid", fgColor=_FILLS[column.part])
        header.alignment = _alignment(column)
        header.border = Border(right=Side("thin", color="FFFFFF"))
        header.comment = Comment(_note(column), "planner", width=360, height=170)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = _width(column, rows)
        sheet.column_dimensions[letter].number_format = _FORMATS[column.form]
        sheet.column_dimensions[letter].alignment = _alignment(column)
        for row, given in enumerate(rows, start=2):
            _write(sheet, row, number, column, given.get(column.name, ""))
    sheet.row_dimensions[1].height = 24
    sheet.sheet_format.defaultRowHeight = 18
    sheet.sheet_format.customHeight = True
    sheet.freeze_panes = "B2"
    sheet.sheet_properties.tabColor = _FILLS["Needed"]
    _set_up_page(sheet, pages_wide=2)
    sheet.print_title_cols = "A:A"


def _write(sheet: Worksheet, row: int, number: int, column: SeatColumn, text: str) -> None:
    if not text:
        return
    value: str | int | float | dt.date = text
    if column.form == "whole":
        value = int(text)
    elif column.form == "share":
        value = float(text)
    elif column.form == "date":
        value = dt.date.fromisoformat(text)
    cell = sheet.cell(row, number, value)
    if isinstance(value, str):
        cell.data_type = "s"  # text is text, never a formula
    cell.number_format = _FORMATS[column.form]
    cell.alignment = _alignment(column)


def _alignment(column: SeatColumn) -> Alignment:
    """Numbers to the right, all else to the left, neither touching its neighbour."""
    is_number = column.form in ("whole", "share")
    side: Literal["left", "right"] = "right" if is_number else "left"
    return Alignment(horizontal=side, vertical="center", indent=1)


def _note(column: SeatColumn) -> str:
    return (
        f"{column.meaning}\n\nIf blank: {column.if_blank}.\n"
        f"Allowed: {column.allowed}.\nExample: {column.example}"
    )


def _width(column: SeatColumn, rows: Sequence[Mapping[str, str]]) -> float:
    texts = [column.name, *(row.get(column.name, "") for row in rows)]
    return max(12.0, 1.15 * max(map(len, texts)) + 4)


def _set_up_page(sheet: Worksheet, *, pages_wide: int) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth = pages_wide
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.7, footer=0.3)
    sheet.print_title_rows = "1:1"
    if sheet.oddFooter is not None and sheet.oddFooter.center is not None:
        sheet.oddFooter.center.text = "&A, page &P of &N"


def _check_entries(sheet: Worksheet, columns: Sequence[SeatColumn]) -> None:
    """Add what Excel checks, or offers in a list, when a cell is typed in."""
    for number, column in enumerate(columns, start=1):
        letter = get_column_letter(number)
        check = _validation(column, f"{letter}2")
        check.promptTitle = column.name[:32]
        check.prompt = f"{column.meaning}\nExample: {column.example}"[:255]
        check.showInputMessage = column.form == "text" and column.name != "sender"
        check.errorTitle = column.name[:32]
        check.error = f"Expected {column.allowed}, for example {column.example}."[:255]
        check.add(f"{letter}2:{letter}{CHECKED_ROWS + 1}")
        sheet.add_data_validation(check)


def _validation(column: SeatColumn, cell: str) -> DataValidation:
    if column.rule:
        rule = column.rule.replace("{cell}", cell)
        return DataValidation(
            type="custom", formula1=rule, allow_blank=True, showErrorMessage=True
        )
    if column.choices:  # offered; the reader of the file checks what is typed
        return DataValidation(
            type="list",
            formula1=f'"{column.choices}"',
            allow_blank=True,
            showErrorMessage=False,
        )
    if column.form == "date":
        return DataValidation(
            type="date",
            operator="greaterThan",
            formula1="DATE(2020,1,1)",
            allow_blank=True,
            showErrorMessage=True,
        )
    if column.low is not None and column.high is not None:
        return DataValidation(
            type="whole" if column.form == "whole" else "decimal",
            operator="between",
            formula1=f"{column.low:g}",
            formula2=f"{column.high:g}",
            allow_blank=True,
            showErrorMessage=True,
        )
    return DataValidation(allow_blank=True)


def _fill_columns(sheet: Worksheet, columns: Sequence[SeatColumn]) -> None:
    """Write the manual: one row per column of *Seats*."""
    header = ("Column", "About", "What it means", "If blank", "Allowed", "Example")
    sheet.append(header)
    for number, column in enumerate(columns, start=1):
        sheet.append(
            (
                _place(number, column),
                column.part,
                column.meaning,
                column.if_blank,
                column.allowed,
                column.example,
            )
        )
    _look_like_manual(sheet, (40, 21, 62, 36, 27, 40))


def _place(number: int, column: SeatColumn) -> str:
    """Return letter and name, so that no reader takes the manual for a header row."""
    return f"{get_column_letter(number)}: {column.name}"


def _look_like_manual(sheet: Worksheet, widths: Sequence[int]) -> None:
    """Lay out a sheet of text: wrapped cells, rows as high as their text."""
    line = Border(bottom=Side("thin", color="D0D7DE"))
    for number, row in enumerate(sheet.iter_rows(min_row=2), start=2):
        for cell in row:
            cell.font = _font()
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.border = line
            cell.number_format = "@"
        row[0].font = _font(bold=True)
        num_lines = max(
            math.ceil(len(str(cell.value)) * 1.1 / width)
            for cell, width in zip(row, widths, strict=True)
        )
        sheet.row_dimensions[number].height = 15 * num_lines + 5
    for cell in sheet[1]:
        cell.font = _font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=_FILLS["Needed"])
        cell.alignment = Alignment(vertical="center")
    sheet.row_dimensions[1].height = 24
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "B2"
    _set_up_page(sheet, pages_wide=1)


def _font(*, bold: bool = False, italic: bool = False, color: str = "000000") -> Font:
    return Font(name="Calibri", size=11, bold=bold, italic=italic, color=color)


def _fill_examples(sheet: Worksheet, columns: Sequence[SeatColumn]) -> None:
    """Write two seats top to bottom, so that nobody reads them as rows of *Seats*."""
    sheet.append(
        ("Column of the sheet Seats", "A seat with little filled in", "One with much")
    )
    for number, column in enumerate(columns, start=1):
        texts = [example.get(column.name, "") for example in _EXAMPLES]
        sheet.append((_place(number, column), *(text or "(blank)" for text in texts)))
    _look_like_manual(sheet, (42, 44, 44))
    for row in sheet.iter_rows(min_row=2, min_col=2):
        for cell in row:
            is_blank = cell.value == "(blank)"
            cell.font = _font(italic=True, color="A6A6A6" if is_blank else "404040")
    remark = sheet.cell(len(columns) + 3, 1)
    remark.value = "Examples only: this sheet is not read. Fill in the sheet Seats."
    remark.font = _font(bold=True, color="C00000")
    sheet.sheet_properties.tabColor = "7F7F7F"
