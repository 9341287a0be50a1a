"""What a sheet holds, without a word about how a workbook is written.

A `Page` is one sheet: lines of text and figures on top, then blocks (tables) below each
other. Blocks never stand side by side: hiding rows by a filter would hide the other's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

Value: TypeAlias = str | int | float | None

#: Links of LinkedIn profiles that a sheet may carry; anything else stays text.
CANONICAL_URL = re.compile(
    r"https://www\.linkedin\.com/(?:in|sales/lead|sales/people)/[\w%.~,()\-]{1,300}/?"
)
LINK_PREFIX = "https://www.linkedin.com/"

_WIDEST = {"text": 30, "wrap": 52, "link": 30}
_NARROWEST = 9
_SAMPLE = 2_000
_LONGEST_LINK_TEXT = 27
#: Characters that a header needs beside its words: filter button and margin.
HEADER_ROOM = 6
# Widths count in digits. English text in Calibri takes 0.81 of a digit a character.
_LETTERS_PER_DIGIT = 1.15


class Kind(StrEnum):
    """How a cell looks; every kind is one named style of the workbook."""

    TEXT = "text"
    WRAP = "wrap"
    LINK = "link"
    DATE = "date"
    COUNT = "count"
    DECIMAL = "decimal"
    REPLIES = "replies"
    PERCENT = "percent"
    GAP = "gap"
    VALUE = "value"
    ENTRY = "entry"
    HEADER = "header"
    HEADER_RIGHT = "header right"
    TITLE = "title"
    SUBTITLE = "subtitle"
    SECTION = "section"
    CAPTION = "caption"
    LABEL = "label"
    REMARK = "remark"
    STEP = "step"


#: Digits after the point, where there are any.
_DIGITS = {Kind.DECIMAL: 1, Kind.REPLIES: 3, Kind.PERCENT: 1, Kind.GAP: 3}

#: Kinds whose cells are numbers, right-aligned as their headers are.
NUMBER_KINDS = frozenset(
    {Kind.COUNT, Kind.DECIMAL, Kind.REPLIES, Kind.PERCENT, Kind.GAP, Kind.VALUE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    header : str
        What stands above; unique in its table.
    kind : Kind
        How its cells look.
    values : sequence of Value
        One per row; dates are ISO text, missing is None or "".
    bar : bool
        Whether its cells carry data bars.
    alarm : str
        Formula of the cells that stand out, with ``{header}`` for the cell of that
        column in the first row; empty for none.
    choices : tuple of str
        What a drop-down in its cells offers.
    least, widest : int
        Fewest and most characters that it may be wide; 0 for what suits its kind.
    """

    header: str
    kind: Kind
    values: Sequence[Value]
    bar: bool = False
    alarm: str = ""
    choices: tuple[str, ...] = ()
    least: int = 0
    widest: int = 0

    @property
    def head(self) -> Kind:
        """How the header looks."""
        return Kind.HEADER_RIGHT if self.kind in NUMBER_KINDS else Kind.HEADER

    @property
    def width(self) -> float:
        """Width in characters, from the content up to what is easy to read."""
        lines = [_shown(value, self.kind) for value in self.values[:_SAMPLE]]
        longest = max(map(len, lines), default=0) + 3
        head = _two_lines(self.header) + HEADER_ROOM
        widest = self.widest or _WIDEST.get(self.kind.value, 16)
        narrowest = self.least or _NARROWEST
        return float(min(max(longest, head, narrowest), max(widest, head)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A native table: its name in the workbook, a caption and its columns."""

    name: str
    caption: str
    columns: tuple[Column, ...]

    @property
    def num_rows(self) -> int:
        """Number of data rows."""
        return len(self.columns[0].values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars or lines over some rows of a block, on any page.

    ``page`` and ``block`` name the data, ``category`` and ``series`` their headers; rows
    are read from ``first`` (0 is the first of the block) on, ``max_rows`` at most.
    ``size`` is width and height in cm, ``shift`` how far it stands to the right of the
    left edge of its ``anchor``.
    """

    title: str
    page: str
    block: str
    category: str
    series: tuple[str, ...]
    axis: str
    anchor: str
    shift: float = 0.0
    stacked: bool = True
    lines: bool = False
    first: int = 0
    max_rows: int = 30
    size: tuple[float, float] = (17.0, 8.5)


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell of a line."""

    value: Value
    kind: Kind


Line: TypeAlias = tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One sheet.

    Parameters
    ----------
    name : str
        Name of the sheet.
    lines : tuple of Line
        What stands on top, one line per row; an empty line is a blank row.
    blocks : tuple of Block
        Tables below, one under the other.
    widths : tuple of float
        Least width of the first columns.
    charts : tuple of Chart
        Charts on this sheet.
    freeze_columns : int
        Columns that stay while the sheet scrolls sideways.
    pages_wide, pages_high : int
        Pages that a print may be wide and high; 0 for any number.
    break_after : int
        Row after which a print goes on on a new page; 0 for none.
    last_printed : str
        Header of the last column that is printed; empty for all.
    num_printed : int
        Rows of the last table that are printed; 0 for all.
    """

    name: str
    lines: tuple[Line, ...]
    blocks: tuple[Block, ...] = ()
    widths: tuple[float, ...] = ()
    charts: tuple[Chart, ...] = ()
    freeze_columns: int = 0
    pages_wide: int = 1
    pages_high: int = 0
    break_after: int = 0
    last_printed: str = ""
    num_printed: int = 0

    def first_row(self, index: int) -> int:
        """Return the row of the header of block `index` (rows count from 1)."""
        row = len(self.lines) + 1
        for k, block in enumerate(self.blocks):
            row += bool(block.caption)
            if k == index:
                return row
            row += 1 + max(block.num_rows, 1) + 1  # header, data or "none", a blank row
        raise IndexError(index)


def heading(title: str, *notes: str, indent: int = 0) -> tuple[Line, ...]:
    """Return the top of a list: title, notes from column `indent` on, a blank row."""
    blank = (Entry("", Kind.SUBTITLE),) * indent
    lines: list[Line] = [(Entry(title, Kind.TITLE),)]
    lines += [(*blank, Entry(note, Kind.SUBTITLE)) for note in notes if note]
    return (*lines, ())


def link_text(url: str) -> str:
    """Return what a link shows: the URL without what all of them share."""
    if not CANONICAL_URL.fullmatch(url):
        return url
    text = url.removeprefix(LINK_PREFIX).rstrip("/")
    short = _LONGEST_LINK_TEXT
    return text if len(text) <= short else text[: short - 1] + "\u2026"


@lru_cache(maxsize=8192)
def num_lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a cell, a little on the safe side."""
    room = width * _LETTERS_PER_DIGIT
    lines = 0
    for part in text.split("\n"):
        used = room  # a full line: the first word opens a new one
        for word in part.split(" "):
            if used + 1 + len(word) > room:
                lines += 1 + int(len(word) // room)
                used = len(word) % room
            else:
                used += 1 + len(word)
    return lines


def _two_lines(header: str) -> int:
    """Return the least width in which a header takes two lines."""
    words = header.split()
    cuts = (
        max(len(" ".join(words[:k])), len(" ".join(words[k:])))
        for k in range(1, len(words) + 1)
    )
    return min(cuts, default=0)


def _shown(value: Value, kind: Kind) -> str:
    if value is None or isinstance(value, str):
        text = value or ""
        return link_text(text) if kind is Kind.LINK else text.partition("\n")[0]
    return f"{value:,.{_DIGITS.get(kind, 0)}f}"
