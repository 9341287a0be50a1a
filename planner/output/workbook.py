"""``plan.xlsx``: the plan for people.

What stands in the sheets is decided in `sheets` and `summary`, how a cell looks in
`styles`. Here openpyxl makes a workbook of it in write-only mode: tables, filters, panes,
widths, rules, drop-downs, charts, print set-up. `archive` puts cells and links in as it
packs the sheets. Equal plans give equal bytes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.formatting.rule import DataBar, FormatObject, Rule
from openpyxl.styles.colors import Color
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo
from openpyxl.writer.excel import ExcelWriter

from planner.domain import Plan
from planner.output import charts, runway, seats, sends, sheets, styles, summary
from planner.output.archive import Archive
from planner.output.cells import letter
from planner.output.grid import Block, Kind, Page
from planner.output.names import run_name
from planner.output.sends import MAX_ROWS

_PLACE = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a workbook says of itself; ``name`` stands in the footer of each sheet."""

    creator: str
    title: str
    name: str
    made_on: dt.date


def write(plan: Plan, path: Path, max_rows: int = MAX_ROWS) -> None:
    """Write ``plan.xlsx``; rows beyond `max_rows` of a sheet go on to a further one."""
    about = About(
        creator=f"planner {plan.version}",
        title=f"Plan of week {plan.week}, run {run_name(plan)}",
        name=run_name(plan),
        made_on=plan.as_of,
    )
    write_pages(pages_of(plan, max_rows), path, about)


def write_pages(pages: Sequence[Page], path: Path, about: About) -> None:
    """Write a workbook of `pages`; equal pages give equal bytes."""
    book = Workbook(write_only=True)
    book.properties.creator = about.creator
    book.properties.title = about.title
    book.properties.created = dt.datetime.combine(about.made_on, dt.time())
    book.properties.modified = book.properties.created
    style_ids = styles.register(book)
    by_name = {page.name: page for page in pages}
    tabs = {page.name: book.create_sheet(page.name) for page in pages}
    widths = {page.name: _widths(page) for page in pages}
    for page in pages:
        _lay_out(tabs[page.name], page, widths[page.name], about.name)
    for page in pages:  # a chart may read from any sheet, so all are there first
        for chart in page.charts:
            drawn: Any = charts.native(book, chart, by_name[chart.page])
            drawn.anchor = charts.place(chart, widths[page.name])
            tabs[page.name].add_chart(drawn)
    with Archive(path, pages, style_ids) as archive:
        ExcelWriter(book, archive).save()


def pages_of(plan: Plan, max_rows: int = MAX_ROWS) -> tuple[Page, ...]:
    """Return all sheets of the workbook, in order."""
    sent = sends.sent_leads(plan)
    first = (
        seats.seats(plan),
        runway.runway(plan),
        *sends.this_week(sent, max_rows),
        sends.by_day(plan),
        *sends.connection_requests(sent, max_rows),
    )
    rest = (
        sheets.hold(plan),
        sheets.open_share(plan),
        sheets.limits(plan),
        sheets.issues(plan),
        sheets.parameters(plan),
        summary.run_page(plan),
        *sends.seat_sheets(plan, sent),
    )
    return (summary.summary(plan, first), *first, *rest)


# --- lay-out ----------------------------------------------------------------------


def _lay_out(sheet: Any, page: Page, widths: Sequence[float], name: str) -> None:
    """Set everything of a sheet but its cells."""
    sheet.sheet_view.showGridLines = False
    for index, width in enumerate(widths):
        sheet.column_dimensions[letter(index)].width = width
    _print_set_up(sheet, page, name)
    if len(page.blocks) == 1:
        sheet.freeze_panes = f"{letter(page.freeze_columns)}{page.first_row(0) + 1}"
    for index, block in enumerate(page.blocks):
        if block.num_rows:
            first = page.first_row(index)
            sheet.tables.add(_table(block, first))  # add_table wants cells
            _add_rules(sheet, block, first)


def _widths(page: Page) -> list[float]:
    widths = list(page.widths)
    for block in page.blocks:
        for index, column in enumerate(block.columns):
            widths += [0.0] * (index + 1 - len(widths))
            widths[index] = max(widths[index], column.width)
    return widths


def _print_set_up(sheet: Any, page: Page, name: str) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4 if hasattr(sheet, "PAPERSIZE_A4") else 9
    sheet.page_setup.fitToWidth = page.pages_wide
    sheet.page_setup.fitToHeight = page.pages_high
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = sheet.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.footer = 0.5, 0.75, 0.35
    sheet.oddFooter.left.text = name
    sheet.oddFooter.center.text = "&A"
    sheet.oddFooter.right.text = "Page &P of &N"
    if page.blocks:
        row = page.first_row(len(page.blocks) - 1)
        sheet.print_title_rows = f"{row}:{row}"
    if page.last_printed or page.num_printed:
        block = page.blocks[-1]
        heads = [one.header for one in block.columns]
        column = heads.index(page.last_printed or heads[-1])
        num_rows = page.num_printed or max(block.num_rows, 1)
        last = page.first_row(len(page.blocks) - 1) + num_rows
        sheet.print_area = f"A1:{letter(column)}{last}"
    if page.break_after:
        sheet.row_breaks.append(Break(id=page.break_after))
    if page.freeze_columns and page.pages_wide > 1:
        sheet.print_title_cols = f"A:{letter(page.freeze_columns - 1)}"


def _table(block: Block, first: int) -> Table:
    last = letter(len(block.columns) - 1)
    ref = f"A{first}:{last}{first + block.num_rows}"
    return Table(
        id=1,  # the writer numbers them
        displayName=block.name,
        name=block.name,
        ref=ref,
        autoFilter=AutoFilter(ref=ref),
        tableStyleInfo=TableStyleInfo(name="TableStyleLight1", showRowStripes=False),
        tableColumns=tuple(
            TableColumn(id=number, name=column.header)
            for number, column in enumerate(block.columns, start=1)
        ),
    )


def _add_rules(sheet: Any, block: Block, first: int) -> None:
    """Add alarms, data bars and drop-downs; formulas are ours, never a cell's text."""
    places = {
        column.header: f"${letter(index)}{first + 1}"
        for index, column in enumerate(block.columns)
    }
    for index, column in enumerate(block.columns):
        span = f"{letter(index)}{first + 1}:{letter(index)}{first + block.num_rows}"
        if column.alarm:
            formula = _PLACE.sub(lambda match: places[match[1]], column.alarm)
            alarm = Rule("expression", formula=[formula], dxf=styles.ALARM)
            sheet.conditional_formatting.add(span, alarm)
        if column.bar:
            sheet.conditional_formatting.add(span, _bar(column.kind))
        if column.choices:
            choices = DataValidation(
                type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True
            )
            choices.add(span)
            sheet.data_validations.append(choices)


def _bar(kind: Kind) -> Rule:
    """Return data bars from zero to the whole, or to the largest figure."""
    whole = FormatObject("num", val=1) if kind is Kind.PERCENT else FormatObject("max")
    ends = [FormatObject("num", val=0), whole]
    return Rule("dataBar", dataBar=DataBar(cfvo=ends, color=Color(styles.BAR_COLOUR)))
