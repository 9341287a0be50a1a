"""From records to columns of clean cells, with a finding for every ragged row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd

from planner.errors import Issue, Severity
from planner.intake.records import (
    EDGE,
    MAX_CELL_CHARACTERS,
    Header,
    Record,
    clean,
    is_blank,
    long_cell,
)
from planner.words import counted

#: Warnings about rows that are listed one by one before they are summed up.
MAX_LISTED = 100
#: Records that are cleaned together.
CHUNK = 20_000
#: Records that `keep` may look at to choose columns.
SAMPLE_RECORDS = 2_000

#: Cells of one column.
Column: TypeAlias = Sequence[str] | np.ndarray
#: Chooses the headers to keep, given the first records as a table; None keeps all.
Keep = Callable[[pd.DataFrame], Collection[str]]


@dataclass(slots=True, eq=False)
class Cells:
    """Columns of clean cells that grow chunk by chunk.

    Rows in which nothing can be seen are left out, and so are repeats of the header
    row (files that were appended to each other). Texts that repeat are stored once.
    """

    header: Header
    names: list[str]
    keep: list[int]
    strip_invisible: bool = True
    rows: list[np.ndarray] = field(default_factory=list)
    chunks: list[list[np.ndarray]] = field(default_factory=list)
    num_repeated_headers: int = 0
    pools: dict[int, _Pool | None] = field(default_factory=dict)
    num_pooled: dict[int, int] = field(default_factory=dict)

    def add(self, rows: np.ndarray, columns: Sequence[Column]) -> None:
        """Add records, given as one sequence per column of the file."""
        cleaned = [
            self._clean(at, columns[at]) if at in self._kept else None
            for at in range(len(columns))
        ]
        # Whether a row is blank depends on the columns that are not kept, too.
        gone = self._blank_or_header(cleaned, columns)
        kept = [values for values in cleaned if values is not None]
        if len(gone):
            rows = np.delete(rows, gone)
            kept = [np.delete(values, gone) for values in kept]
        self.rows.append(rows)
        self.chunks.append(kept)

    def frame(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the table; columns with neither header nor content are left out."""
        rows = np.concatenate([np.empty(0, dtype=np.int64), *self.rows])
        data: dict[str, pd.Series] = {}
        self.chunks.reverse()
        stacks: list[list[np.ndarray]] = [[] for _ in self.keep]
        while self.chunks:
            for stack, values in zip(stacks, self.chunks.pop(), strict=True):
                stack.append(values)
        for position, at in enumerate(self.keep):
            parts = stacks[position]
            stacks[position] = []
            values = np.concatenate([np.empty(0, dtype=object), *parts])
            if not self.header.cells[at] and not any(values):
                continue
            data[self.names[at]] = pd.Series(values, dtype="str", copy=False)
        return pd.DataFrame(data, index=pd.RangeIndex(len(rows)), copy=False), rows

    @property
    def _kept(self) -> frozenset[int]:
        return frozenset(self.keep)

    def _blank_or_header(
        self, cleaned: Sequence[np.ndarray | None], columns: Sequence[Column]
    ) -> np.ndarray:
        """Return positions of rows that are blank or repeat the header."""
        blank = np.arange(len(columns[0]) if columns else 0)
        repeats = blank if self.header.row else blank[:0]
        for at, name in enumerate(self.header.cells):
            if len(blank):
                blank = _where(cleaned[at], columns[at], blank, "")
            if len(repeats):
                repeats = _where(cleaned[at], columns[at], repeats, name)
            if not len(blank) and not len(repeats):
                return blank
        repeats = np.setdiff1d(repeats, blank)
        self.num_repeated_headers += len(repeats)
        return np.union1d(blank, repeats)

    def _clean(self, at: int, column: Column) -> np.ndarray:
        texts: Sequence[str] = column.tolist() if isinstance(column, np.ndarray) else column
        pool = self.pools.setdefault(at, _Pool(EDGE if self.strip_invisible else None))
        if pool is None:
            # A column of ids or URLs: to look each up would only cost time.
            edge = EDGE if self.strip_invisible else None
            if not _are_stripped(texts):
                texts = [text.strip(edge) for text in texts]
        else:
            texts = list(map(pool.__getitem__, texts))
            self.num_pooled[at] = self.num_pooled.get(at, 0) + len(texts)
            if len(pool) > 0.8 * max(self.num_pooled[at], 1000):
                self.pools[at] = None
        values = np.empty(len(texts), dtype=object)
        values[:] = texts
        return values


def _are_stripped(texts: Sequence[str]) -> bool:
    """Return whether no cell has anything to strip; False where in doubt.

    Of the characters that are stripped, the space alone is printable ASCII.
    """
    whole = f"`{'`'.join(texts)}`"
    plain = whole.isascii() and whole.isprintable()
    return plain and "` " not in whole and " `" not in whole


class _Pool(dict[str, str]):
    """Clean text by raw text, so that texts that repeat are cleaned and stored once."""

    def __init__(self, edge: str | None) -> None:
        super().__init__()
        self._edge = edge

    def __missing__(self, text: str) -> str:
        cleaned = text.strip(self._edge)
        self[text] = cleaned = self.setdefault(cleaned, cleaned)
        return cleaned


def _where(
    cleaned: np.ndarray | None, column: Column, among: np.ndarray, text: str
) -> np.ndarray:
    """Return those positions `among` which a column holds `text`, edges aside."""
    if cleaned is not None:
        return among[np.flatnonzero(cleaned[among] == text)]
    return np.array([at for at in among if clean(column[at]) == text], dtype=np.int64)


@dataclass(slots=True, eq=False)
class Table:
    """Builds a table from records, one after the other, with a finding per ragged row."""

    file: str
    header: Header
    cells: Cells
    issues: list[Issue]
    pending: list[Record] = field(default_factory=list)
    width: int = field(init=False)
    num_records: int = 0
    num_short: int = 0
    num_long: int = 0
    short_issues: list[Issue] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.width = len(self.header.cells)

    def add(self, record: Record) -> None:
        """Take a record: as it is, padded, or kept out of the table with an issue."""
        self.pending.append(record if len(record[1]) == self.width else self._fit(record))
        if len(self.pending) >= CHUNK:
            self.flush()

    def _fit(self, record: Record) -> Record:
        """Return the record as wide as the header; without cells if it is kept out."""
        row, cells = record
        if is_blank(cells):
            return row, [""] * self.width
        if len(cells) > self.width:
            if not is_blank(cells[self.width :]):
                self._long(row, len(cells))
                return row, [""] * self.width
            return row, cells[: self.width]
        if len(cells) < self.header.num_required:
            self._short(row, len(cells))
        return row, cells + [""] * (self.width - len(cells))

    def flush(self) -> None:
        """Hand the waiting records to the columns."""
        if not self.pending:
            return
        self.num_records += len(self.pending)
        rows = np.array([row for row, _ in self.pending], dtype=np.int64)
        columns = list(zip(*(cells for _, cells in self.pending), strict=True))
        self.pending = []
        too_long = {
            at
            for column in columns
            if max(map(len, column)) > MAX_CELL_CHARACTERS
            for at, cell in enumerate(column)
            if len(cell) > MAX_CELL_CHARACTERS
        }
        if too_long:
            self.issues += [long_cell(self.file, int(rows[at])) for at in sorted(too_long)]
            columns = [
                tuple("" if at in too_long else cell for at, cell in enumerate(column))
                for column in columns
            ]
        self.cells.add(rows, columns)

    @property
    def is_shifted(self) -> bool:
        """Whether most rows are longer than the header: no row can be trusted."""
        return self.num_long > 0.5 * max(self.num_records, 1)

    def finish(self) -> None:
        """Add the last records and the findings about short rows."""
        self.flush()
        if self.num_short > 0.5 * max(self.num_records, 1) and self.num_short > 1:
            # The exporter leaves trailing blanks out: no news in every row.
            self.issues.append(
                Issue(
                    code="short-row",
                    message=f"{counted(self.num_short, 'row')} have fewer cells than the "
                    "header; the missing ones count as blank",
                    severity=Severity.NOTE,
                    file=self.file,
                )
            )
            return
        self.issues.extend(self.short_issues)
        if self.num_short > MAX_LISTED:
            self.issues.append(
                Issue(
                    code="short-row",
                    message=f"{self.num_short - MAX_LISTED:,} more rows have fewer cells "
                    "than the header",
                    severity=Severity.WARNING,
                    file=self.file,
                )
            )

    def _short(self, row: int, num_cells: int) -> None:
        self.num_short += 1
        if self.num_short <= MAX_LISTED:
            self.short_issues.append(
                Issue(
                    code="short-row",
                    message=f"{counted(num_cells, 'cell')} where the header has "
                    f"{self.header.num_required}; the missing ones count as blank",
                    severity=Severity.WARNING,
                    file=self.file,
                    row=row,
                )
            )

    def _long(self, row: int, num_cells: int) -> None:
        self.num_long += 1
        self.issues.append(
            Issue(
                code="long-row",
                message=f"{counted(num_cells, 'cell')} where the header has {self.width}: "
                "which cell belongs to which column is not known, so the row is kept out; "
                "put cells that contain the delimiter in quotes",
                file=self.file,
                row=row,
            )
        )
