"""What the page is made of: sections of sentences, charts and tables, all in order.

Whatever a list controls is data here: text that `planner.report.page` escapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

#: Plain values that the page's script draws from, as JSON has them.
Data: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the answer: its value, what it is, and the even split's."""

    label: str
    value: str
    remark: str
    against: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of text, ready to be shown.

    Parameters
    ----------
    caption : str
        What it lists.
    headers : tuple of str
        One per column; those in `numbers` stand on the right, as their cells do.
    rows : sequence of tuple of str
        Cells as they are shown.
    numbers : frozenset of int
        Columns that hold numbers.
    is_open : bool
        Whether it is shown from the start, as where no chart says the same.
    keys : sequence of str
        Lead id of each row that names a person, by which `planner forget` finds it.
    """

    caption: str
    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int] = frozenset()
    is_open: bool = False
    keys: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart: what it shows in a sentence, how it is drawn, from which data."""

    name: str
    kind: str
    title: str
    data: Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A chart with its table, or one of the two."""

    chart: Chart | None = None
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, what is to be said below it, and its charts and tables."""

    name: str
    title: str
    words: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that the page says, in reading order."""

    title: str
    subtitle: str
    warning: str
    figures: tuple[Figure, ...]
    answer: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart of the page."""
        return tuple(
            part.chart
            for section in self.sections
            for part in section.parts
            if part.chart is not None
        )


#: What stands between these is a command. No text of a list has them: intake drops
#: control characters.
COMMAND, END = "\x0e", "\x0f"


def command(text: str) -> str:
    """Return a command as a sentence holds it, to be set as code."""
    return f"{COMMAND}{text}{END}"


def count(number: float) -> str:
    """Return a whole number with separators."""
    return f"{number:,.0f}"


def decimal(number: float, digits: int = 1) -> str:
    """Return a number with so many digits after the point."""
    text = f"{number:,.{digits}f}"
    return text[1:] if text.strip("-0.,") == "" and text.startswith("-") else text


def percent(share: float, digits: int = 1) -> str:
    """Return a share in percent; what is not zero never looks like it."""
    least = 10.0 ** -(digits + 2)
    if 0 < share < least:
        return f"below {least:.{digits}%}"
    return f"{share:.{digits}%}"
