"""Bar and line charts of the workbook: what tells series apart is not colour alone."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference, Series
from openpyxl.chart.axis import ChartLines, DateAxis
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.legend import Legend
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.text import (
    CharacterProperties,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
)
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from planner.output.grid import Block, Chart, Page
from planner.output.styles import ACCENT, GREY, SERIES

_EMU = 360_000  # of a cm
_CM_PER_CHARACTER = 7 / 96 * 2.54  # of Calibri 11 on a screen of 96 dpi
#: Lines of a chart: dashes and thickness (EMU) tell them apart in grey as well.
_LINES = (
    LineProperties(w=28_575, solidFill=ACCENT, prstDash="solid"),
    LineProperties(w=15_875, solidFill=ACCENT, prstDash="dash"),
    LineProperties(w=12_700, solidFill=GREY, prstDash="sysDot"),
)


def native(book: Workbook, chart: Chart, page: Page) -> BarChart | LineChart:
    """Return a chart that reads its figures from the rows of a block."""
    block = next(one for one in page.blocks if one.name == chart.block)
    head = page.first_row(page.blocks.index(block))
    first = head + 1 + chart.first
    last = min(head + block.num_rows, first + chart.max_rows - 1)
    drawn = _lines() if chart.lines else _bars(stacked=chart.stacked)
    sheet = book[page.name]
    for header in chart.series:
        column = _index(block, header) + 1
        values = Reference(sheet, min_col=column, min_row=first, max_row=last)
        name = Reference(sheet, min_col=column, min_row=head, max_row=head)
        series = Series(values)
        series.title = SeriesLabel(strRef=StrRef(f=str(name)))
        drawn.series.append(series)
    column = _index(block, chart.category) + 1
    drawn.set_categories(Reference(sheet, min_col=column, min_row=first, max_row=last))
    _dress(drawn, chart)
    if chart.lines:
        for series, line in zip(drawn.series, _LINES, strict=False):
            series.graphicalProperties.line = line
            series.marker.symbol = "none"
            series.smooth = False  # a balance never swings below what it is
    else:
        for series, colour in zip(drawn.series, SERIES, strict=False):
            series.graphicalProperties.solidFill = colour
            series.graphicalProperties.line.solidFill = "FFFFFF"
    return drawn


def place(chart: Chart, widths: Sequence[float]) -> OneCellAnchor:
    """Return where a chart stands, on a sheet of columns of the given widths."""
    column, row = coordinate_from_string(chart.anchor)
    at, rest = column_index_from_string(column) - 1, chart.shift
    while at < len(widths) and rest > widths[at] * _CM_PER_CHARACTER:
        rest -= widths[at] * _CM_PER_CHARACTER
        at += 1
    corner = AnchorMarker(col=at, colOff=round(rest * _EMU), row=row - 1)
    width, height = (round(length * _EMU) for length in chart.size)
    return OneCellAnchor(_from=corner, ext=XDRPositiveSize2D(width, height))


def _index(block: Block, header: str) -> int:
    return [column.header for column in block.columns].index(header)


def _bars(*, stacked: bool) -> BarChart:
    bars = BarChart()
    bars.type = "col"
    bars.gapWidth = 60
    if stacked:
        bars.grouping, bars.overlap = "stacked", 100
    return bars


def _lines() -> LineChart:
    """Return a line chart whose days are a week apart where they are named."""
    lines = LineChart()
    days = DateAxis(axId=500, crossAx=100, axPos="b")
    days.majorUnit, days.majorTimeUnit, days.baseTimeUnit = 7, "days", "days"
    lines.x_axis = days
    lines.y_axis.crossAx = 500
    return lines


def _dress(drawn: BarChart | LineChart, chart: Chart) -> None:
    drawn.roundedCorners = False
    drawn.title = _title(chart.title, 1200)
    drawn.y_axis.title = _title(chart.axis, 900)
    drawn.legend = Legend(legendPos="b", overlay=False)
    drawn.x_axis.delete = drawn.y_axis.delete = False  # openpyxl hides them otherwise
    drawn.y_axis.number_format = "#,##0"
    by_day = "d mmm" if chart.lines else "ddd d mmm"
    drawn.x_axis.number_format = by_day if chart.category == "date" else "General"
    line = LineProperties(solidFill="E7E6E6")
    drawn.y_axis.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=line))
    drawn.y_axis.scaling.min = 0
    small = ParagraphProperties(defRPr=CharacterProperties(sz=900))
    drawn.x_axis.txPr = drawn.y_axis.txPr = RichText(p=[Paragraph(pPr=small)])


def _title(text: str, size: int) -> Title:
    """Return a title beside the bars: Excel lays it over them unless told not to."""
    font = CharacterProperties(sz=size, b=False, solidFill=GREY)
    run = RegularTextRun(rPr=font, t=text)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=font), r=[run])
    return Title(tx=Text(rich=RichText(p=[paragraph])), overlay=False)
