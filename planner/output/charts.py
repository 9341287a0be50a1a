"""Bar charts of the workbook."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.legend import Legend
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import (
    CharacterProperties,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
)

from planner.output.grid import Block, Chart, Page
from planner.output.styles import GREY, SERIES

_WIDTH_CM = 17
_HEIGHT_CM = 8.5


def bar_chart(book: Workbook, chart: Chart, page: Page) -> BarChart:
    """Return a bar chart that reads its figures from the rows of a block."""
    block = next(one for one in page.blocks if one.name == chart.block)
    first = page.first_row(page.blocks.index(block))
    last = first + min(block.num_rows, chart.max_rows)
    bars = BarChart()
    bars.type = "col"
    sheet = book[page.name]
    for header in chart.series:
        column = _index(block, header) + 1
        bars.add_data(
            Reference(sheet, min_col=column, min_row=first, max_row=last),
            titles_from_data=True,
        )
    column = _index(block, chart.category) + 1
    bars.set_categories(Reference(sheet, min_col=column, min_row=first + 1, max_row=last))
    if chart.stacked:
        bars.grouping, bars.overlap = "stacked", 100
    _dress(bars, chart)
    return bars


def _index(block: Block, header: str) -> int:
    return [column.header for column in block.columns].index(header)


def _dress(bars: BarChart, chart: Chart) -> None:
    bars.width, bars.height = _WIDTH_CM, _HEIGHT_CM
    bars.gapWidth = 60
    bars.title = _title(chart.title, 1200)
    bars.y_axis.title = _title(chart.axis, 900)
    bars.legend = Legend(legendPos="b", overlay=False)
    bars.x_axis.delete = bars.y_axis.delete = False  # openpyxl hides them otherwise
    bars.y_axis.number_format = "#,##0"
    bars.x_axis.number_format = "ddd d mmm" if chart.category == "date" else "General"
    line = LineProperties(solidFill="E7E6E6")
    bars.y_axis.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=line))
    for series, colour in zip(bars.series, SERIES, strict=False):
        series.graphicalProperties.solidFill = colour
        series.graphicalProperties.line.solidFill = "FFFFFF"
    small = ParagraphProperties(defRPr=CharacterProperties(sz=900))
    bars.x_axis.txPr = bars.y_axis.txPr = RichText(p=[Paragraph(pPr=small)])


def _title(text: str, size: int) -> Title:
    """Return a title beside the bars: Excel lays it over them unless told not to."""
    font = CharacterProperties(sz=size, b=False, solidFill=GREY)
    run = RegularTextRun(rPr=font, t=text)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=font), r=[run])
    return Title(tx=Text(rich=RichText(p=[paragraph])), overlay=False)
