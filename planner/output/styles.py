"""How cells look: one named style for each kind of cell; calm, one accent colour."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle

from planner.output.grid import NUMBER_KINDS, Kind

ACCENT = "1F4E79"
ACCENT_LIGHT = "9DC3E6"
GREY = "595959"
BAR_COLOUR = "9DC3E6"
#: Colours of the series of a chart, dark to light: they differ in grey as well.
SERIES = (ACCENT, ACCENT_LIGHT, "7F7F7F", "D9D9D9")

#: What a cell looks like that is to be looked at: bold as well, for print.
ALARM = DifferentialStyle(
    font=Font(bold=True, color="9C0006"), fill=PatternFill(bgColor="FFC7CE")
)

_FONT = "Calibri"
_LINE = Border(bottom=Side(style="hair", color="BFBFBF"))
_RULE = Border(bottom=Side(style="thin", color=ACCENT))
# Cells to fill in are boxes: that shows on paper, too.
_EDGE = Side(style="thin", color="A6A6A6")
_BOX = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
_HEAD_FILL = PatternFill("solid", fgColor="DEEAF6")

_INDENTED = (Kind.TEXT, Kind.WRAP, Kind.LINK, Kind.DATE, Kind.ENTRY, Kind.HEADER)
_HEADERS = (Kind.HEADER, Kind.HEADER_RIGHT)

_FORMATS = {
    Kind.DATE: "yyyy-mm-dd",
    Kind.COUNT: "#,##0",
    Kind.DECIMAL: "#,##0.0",
    Kind.REPLIES: "0.000",
    Kind.PERCENT: "0.0%",
    Kind.GAP: "0.000%",
}


def register(book: Workbook) -> dict[Kind, int]:
    """Add the named styles to a workbook; return the number of each for its cells."""
    sheet = book.create_sheet("styles")
    numbers = {}
    for kind in Kind:
        style = _style(kind)
        book.add_named_style(style)
        cell = WriteOnlyCell(sheet)
        cell.style = style.name
        numbers[kind] = cell.style_id
    book.remove(sheet)
    return numbers


def _style(kind: Kind) -> NamedStyle:
    style = NamedStyle(name=f"planner {kind}")
    style.font = _font(kind)
    style.alignment = _alignment(kind)
    style.number_format = _FORMATS.get(kind, "General")
    if kind in _HEADERS:
        style.fill = _HEAD_FILL
    if kind is Kind.SECTION or kind in _HEADERS:
        style.border = _RULE
    elif kind is Kind.ENTRY:
        style.border = _BOX
    elif kind not in (Kind.TITLE, Kind.SUBTITLE, Kind.STEP, Kind.CAPTION):
        style.border = _LINE
    return style


def _font(kind: Kind) -> Font:
    if kind is Kind.TITLE:
        return Font(name=_FONT, size=18, bold=True, color=ACCENT)
    if kind in (Kind.SECTION, Kind.CAPTION):
        return Font(name=_FONT, size=12, bold=True, color=ACCENT)
    if kind in _HEADERS:
        return Font(name=_FONT, size=11, bold=True)
    if kind in (Kind.SUBTITLE, Kind.REMARK):
        return Font(name=_FONT, size=11, color=GREY)
    if kind is Kind.LINK:
        return Font(name=_FONT, size=11, color="0563C1", underline="single")
    return Font(name=_FONT, size=11)


def _alignment(kind: Kind) -> Alignment:
    if kind is Kind.HEADER_RIGHT:  # room for the filter button
        return Alignment(horizontal="right", vertical="top", wrap_text=True, indent=2)
    if kind in NUMBER_KINDS:  # room to the text of the next column
        return Alignment(horizontal="right", vertical="top", indent=1)
    wraps = kind in (Kind.HEADER, Kind.WRAP, Kind.REMARK)
    side = "bottom" if kind in (Kind.SECTION, Kind.CAPTION) else "top"
    indent = int(kind in _INDENTED)  # off the number on the left
    return Alignment(horizontal="left", vertical=side, wrap_text=wraps, indent=indent)
