"""Cells of a sheet as SpreadsheetML, a column at a time.

openpyxl makes everything of a workbook but its cells: through it, cells take three times
as long, styled ones six times. There is no way to write a formula in this module,
whatever a text looks like; that is the other reason for it.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from planner.output.grid import (
    HEADER_ROOM,
    Block,
    Kind,
    Line,
    Page,
    Value,
    link_text,
    num_lines,
)
from planner.output.names import ODD_CHARACTERS

_CHUNK = 5_000
_MAX_UNITS = 32_767  # UTF-16 code units in a cell (Excel)
_CUT = " \u2026 (cut)"
_LINE_HEIGHT = 15
_MAX_HEIGHT = 405  # points (Excel: 409)
_EPOCH = dt.date(1899, 12, 30).toordinal()
_HEIGHTS = {Kind.TITLE: 26, Kind.SECTION: 24, Kind.CAPTION: 24, Kind.HEADER: 33}
_ODD_SPACE = re.compile(r"^\s|\s$|\s\s|[\t\n\r]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def page_rows(page: Page, styles: Mapping[Kind, int]) -> Iterator[str]:
    """Yield the rows of a sheet as XML, top to bottom."""
    for number, line in enumerate(page.lines, start=1):
        if line:
            yield _line(number, line, page.widths, styles)
    for index, block in enumerate(page.blocks):
        yield from _block_rows(block, page.first_row(index), styles)


def serial(iso_date: str) -> int | None:
    """Return the day number by which a spreadsheet knows a date; None if blank."""
    return dt.date.fromisoformat(iso_date).toordinal() - _EPOCH if iso_date else None


def letter(column: int) -> str:
    """Return the letters of a column (0 is A)."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def xml_text(text: str) -> str:
    """Return the ``<t>`` element of a text: cleaned, cut to what a cell holds."""
    text = ODD_CHARACTERS.sub("", text)
    text = _cut(text.replace("\r\n", "\n").replace("\r", "\n"))
    space = ' xml:space="preserve"' if _ODD_SPACE.search(text) else ""
    # A reader decodes _x003D_ to "=": such text gets its underscore encoded instead.
    return f"<t{space}>{escape(_LOOKS_ESCAPED.sub('_x005F_', text))}</t>"


def _cut(text: str) -> str:
    if len(text) * 2 <= _MAX_UNITS:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _MAX_UNITS:
        return text
    kept = units[: 2 * (_MAX_UNITS - len(_CUT))]
    return kept.decode("utf-16-le", errors="ignore") + _CUT


# --- rows -------------------------------------------------------------------------


def _line(row: int, line: Line, widths: Sequence[float], styles: Mapping[Kind, int]) -> str:
    cells = [
        _column(letter(k), row, styles[entry.kind], entry.kind, [entry.value])[0]
        for k, entry in enumerate(line)
    ]
    wrapped = [
        num_lines(str(entry.value or ""), width)
        for entry, width in zip(line, widths, strict=False)
        if entry.kind is Kind.REMARK
    ]
    return _row(row, cells, line[0].kind, max(wrapped, default=1))


def _row(row: int, cells: Sequence[str], kind: Kind | None = None, num: int = 1) -> str:
    height = _HEIGHTS.get(kind) if kind else None
    tall = f' ht="{height}" customHeight="1"' if height else _height(num)
    return f'<row r="{row}"{tall}>{"".join(cells)}</row>'


def _block_rows(block: Block, row: int, styles: Mapping[Kind, int]) -> Iterator[str]:
    if block.caption:
        caption = _column("A", row - 1, styles[Kind.CAPTION], Kind.CAPTION, [block.caption])
        yield _row(row - 1, caption, Kind.CAPTION)
    heads = [
        _column(letter(k), row, styles[column.head], Kind.HEADER, [column.header])[0]
        for k, column in enumerate(block.columns)
    ]
    wraps = any(len(c.header) + HEADER_ROOM > c.width for c in block.columns)
    yield _row(row, heads, Kind.HEADER if wraps else None)
    if not block.num_rows:
        none = _column("A", row + 1, styles[Kind.REMARK], Kind.REMARK, ["none"])
        yield _row(row + 1, none)
    for start in range(0, block.num_rows, _CHUNK):
        first = row + 1 + start
        columns = [
            _column(
                letter(k),
                first,
                styles[column.kind],
                column.kind,
                column.values[start : start + _CHUNK],
            )
            for k, column in enumerate(block.columns)
        ]
        tall = _heights(block, start)
        yield "".join(
            f'<row r="{number}"{height}>{"".join(cells)}</row>'
            for number, (height, *cells) in enumerate(
                zip(tall, *columns, strict=True), start=first
            )
        )


def _heights(block: Block, start: int) -> list[str]:
    """Return the height of each row as an attribute: wrapped text is shown in full.

    Excel fits rows itself when a file is opened, other programs do not.
    """
    stop = min(start + _CHUNK, block.num_rows)
    most = [1] * (stop - start)
    for column in block.columns:
        if column.kind is Kind.WRAP:
            values = [str(value or "") for value in column.values[start:stop]]
            lines = {text: num_lines(text, column.width) for text in set(values)}
            most = [max(n, lines[text]) for n, text in zip(most, values, strict=True)]
    words = {n: _height(n) for n in set(most)}
    return [words[n] for n in most]


def _height(num: int) -> str:
    if num == 1:
        return ""
    return f' ht="{min(_LINE_HEIGHT * num, _MAX_HEIGHT)}" customHeight="1"'


# --- columns ----------------------------------------------------------------------


def _column(
    name: str, first: int, style: int, kind: Kind, values: Sequence[Value]
) -> list[str]:
    """Return the cells of a column; what repeats is made once."""
    make = {Kind.DATE: _date, Kind.LINK: _link}.get(kind, _content)
    content = {value: make(value, style) for value in set(values)}
    return [
        f'<c r="{name}{row}"{content[value]}'
        for row, value in enumerate(values, start=first)
    ]


def _content(value: Value, style: int) -> str:
    if isinstance(value, str):
        if not value:
            return f' s="{style}"/>'
        return f' s="{style}" t="inlineStr"><is>{xml_text(value)}</is></c>'
    if value is None or not math.isfinite(value):
        return f' s="{style}"/>'
    if isinstance(value, bool):
        return f' s="{style}" t="b"><v>{int(value)}</v></c>'
    return f' s="{style}"><v>{value!r}</v></c>'


def _date(value: Value, style: int) -> str:
    return _content(serial(str(value or "")), style)


def _link(value: Value, style: int) -> str:
    return _content(link_text(str(value or "")), style)
