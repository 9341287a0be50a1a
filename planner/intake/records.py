"""From records of text cells to a table: header row, names, ragged rows, clean cells.

Shared by text files and workbooks, so that both treat a row alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd

from planner.errors import Issue, Severity
from planner.intake import aliases

#: Excel's limit; a longer cell is a broken file or an attack.
MAX_CELL_CHARACTERS = 32_767
#: Records that are looked at to find the header.
HEAD_RECORDS = 40
#: Warnings about rows that are listed one by one before they are summed up.
MAX_LISTED = 100
#: Records that are cleaned together.
CHUNK = 20_000
#: Records that `keep` may look at to choose columns.
SAMPLE_RECORDS = 2_000

_WHITESPACE = "".join(chr(code) for code in range(0x3100) if chr(code).isspace())
#: Invisible at the ends of copied cells: zero-width characters and direction marks.
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
EDGE = _WHITESPACE + INVISIBLE

IDENTITY = re.compile(
    r"\s*(?:(?:https?://)?(?:[\w-]{2,6}\.)?linkedin\.com/"
    r"(?:mwlite/)?(?:in|pub|profile|sales/(?:lead|people|profile)|talent/profile)/\S+"
    r"|urn:li:\w+:\S+"
    r"|AC[a-z]AA[\w-]{20,}(?:,\S*)?"
    r"|[^\s@,;]+@[^\s@,;]+\.[a-zA-Z]{2,})\s*",
    re.IGNORECASE,
)

#: Cells of one column.
Column: TypeAlias = Sequence[str] | np.ndarray
#: A record of a file: its row as a spreadsheet shows it, and its cells.
Record = tuple[int, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header row of a table.

    ``row`` is 0 where the file has none; ``score`` counts known names.
    """

    row: int
    cells: tuple[str, ...]
    score: int

    @property
    def num_required(self) -> int:
        """Cells up to the last one with a name; a row with fewer is short."""
        named = [at for at, cell in enumerate(self.cells, 1) if cell]
        return named[-1] if named else len(self.cells)


def clean(cell: str) -> str:
    """Strip whitespace and invisible characters from the ends."""
    return cell.strip(EDGE)


def is_blank(cells: Iterable[str]) -> bool:
    """Whether nothing can be seen in any of the cells."""
    return not any(clean(cell) for cell in cells)


def find_header(head: Sequence[Record], known: Collection[str]) -> Header | None:
    """Find the row with most known names; else where leads begin; else the first row.

    A row that holds a lead's URL or e-mail is never a header. None if all is blank.
    """
    rows = [(row, cells) for row, cells in head if not is_blank(cells)]
    if not rows:
        return None
    best: tuple[int, Record] | None = None
    with_lead = [any(IDENTITY.fullmatch(cell) for cell in cells) for _, cells in rows]
    for at, (row, cells) in enumerate(rows):
        if with_lead[at]:
            continue
        score = len({aliases.normalise(c) for c in cells if _is_name(c, known)})
        wanted = 2 if any(with_lead[:at]) else 1
        if score >= wanted and (best is None or score > best[0]):
            best = (score, (row, cells))
    if best is not None:
        return _header(best[1], best[0])
    if with_lead[0]:
        width = max(len(cells) for _, cells in rows)
        return Header(row=0, cells=tuple(f"column {n + 1}" for n in range(width)), score=0)
    if True in with_lead:
        return _header(rows[with_lead.index(True) - 1], 0)
    width = Counter(len(cells) for _, cells in rows).most_common(1)[0][0]
    return _header(next(record for record in rows if len(record[1]) == width), 0)


def _is_name(cell: str, known: Collection[str]) -> bool:
    return aliases.is_known(clean(cell), known)


def _header(record: Record, score: int) -> Header:
    cells = tuple(re.sub(r"\s+", " ", clean(cell)) for cell in record[1])
    return Header(row=record[0], cells=cells, score=score)


def unique_names(header: Header, file: str) -> tuple[list[str], list[Issue]]:
    """Name blank columns ``column 7``, second ones ``Email (2)``, and say so."""
    names: list[str] = []
    issues: list[Issue] = []
    taken = {cell for cell in header.cells if cell}
    seen: set[str] = set()
    for number, cell in enumerate(header.cells, 1):
        name, copy = cell or f"column {number}", 1
        base = name
        while name in seen or (copy > 1 and name in taken) or (not cell and name in taken):
            copy += 1
            name = f"{base} ({copy})"
        if cell and copy > 1:
            issues.append(
                Issue(
                    code="duplicate-header",
                    message=f"the header occurs {'again' if copy == 2 else 'once more'}; "
                    f"this column is called {name!r}",
                    severity=Severity.WARNING,
                    file=file,
                    row=header.row or None,
                    column=cell,
                )
            )
        seen.add(name)
        names.append(name)
    return names, issues


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
        gone = self._blank_or_header(
            [
                known if known is not None else column
                for known, column in zip(cleaned, columns, strict=True)
            ]
        )
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

    def _blank_or_header(self, columns: Sequence[Column]) -> np.ndarray:
        """Return positions of rows that are blank or repeat the header."""
        blank = np.arange(len(columns[0]) if columns else 0)
        repeats = blank if self.header.row else blank[:0]
        for values, name in zip(columns, self.header.cells, strict=True):
            if len(blank):
                blank = _where(values, blank, "")
            if len(repeats):
                repeats = _where(values, repeats, name)
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
            texts = [text.strip(edge) for text in texts]
        else:
            texts = list(map(pool.__getitem__, texts))
            self.num_pooled[at] = self.num_pooled.get(at, 0) + len(texts)
            if len(pool) > 0.8 * max(self.num_pooled[at], 1000):
                self.pools[at] = None
        values = np.empty(len(texts), dtype=object)
        values[:] = texts
        return values


class _Pool(dict[str, str]):
    """Clean text by raw text, so that texts that repeat are cleaned and stored once."""

    def __init__(self, edge: str | None) -> None:
        super().__init__()
        self._edge = edge

    def __missing__(self, text: str) -> str:
        cleaned = text.strip(self._edge)
        self[text] = cleaned = self.setdefault(cleaned, cleaned)
        return cleaned


def _where(values: Column, among: np.ndarray, text: str) -> np.ndarray:
    """Return those positions `among` which `values` hold `text`, edges aside."""
    if isinstance(values, np.ndarray) and len(among) == len(values):
        return np.flatnonzero(values == text)
    return np.array([at for at in among if clean(values[at]) == text], dtype=np.int64)


@dataclass(slots=True, eq=False)
class Table:
    """Builds a table from records, one after the other, with a finding per ragged row."""

    file: str
    header: Header
    cells: Cells
    issues: list[Issue]
    pending: list[Record] = field(default_factory=list)
    num_records: int = 0
    num_short: int = 0
    num_long: int = 0
    short_issues: list[Issue] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Take a record: as it is, padded, or kept out of the table with an issue."""
        row, cells = record
        width = len(self.header.cells)
        if len(cells) != width:
            if is_blank(cells):
                return
            self.num_records += 1
            if len(cells) > width:
                if not is_blank(cells[width:]):
                    self._long(row, len(cells), width)
                    return
                cells = cells[:width]
            else:
                if len(cells) < self.header.num_required:
                    self._short(row, len(cells))
                cells = cells + [""] * (width - len(cells))
        else:
            self.num_records += 1
        if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
            self.issues.append(long_cell(self.file, row))
            return
        self.pending.append((row, cells))
        if len(self.pending) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Hand the waiting records to the columns."""
        if self.pending:
            rows = np.array([row for row, _ in self.pending], dtype=np.int64)
            self.cells.add(rows, list(zip(*(c for _, c in self.pending), strict=True)))
            self.pending = []

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
                    message=f"{self.num_short} rows have fewer cells than the header; "
                    "the missing ones count as blank",
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
                    message=f"{self.num_short - MAX_LISTED} further rows have fewer cells "
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
                    message=f"{num_cells} cells where the header has "
                    f"{self.header.num_required}; the missing ones count as blank",
                    severity=Severity.WARNING,
                    file=self.file,
                    row=row,
                )
            )

    def _long(self, row: int, num_cells: int, width: int) -> None:
        self.num_long += 1
        self.issues.append(
            Issue(
                code="long-row",
                message=f"{num_cells} cells where the header has {width}: which cell "
                "belongs to which column is not known, so the row is kept out; put cells "
                "that contain the delimiter in quotes",
                file=self.file,
                row=row,
            )
        )


#: Chooses the headers to keep, given the first records as a table; None keeps all.
Keep = Callable[[pd.DataFrame], Collection[str]]


def long_cell(file: str, row: int) -> Issue:
    """Return the issue for a row with a cell beyond Excel's limit."""
    return Issue(
        code="long-cell",
        message=f"a cell has more than {MAX_CELL_CHARACTERS:,} characters; the row is "
        "kept out: shorten the cell",
        file=file,
        row=row,
    )


def header_issues(header: Header, first_row: int, file: str) -> list[Issue]:
    """Say what was skipped above the header, or that there is none."""
    if not header.row:
        return [
            Issue(
                code="no-header",
                message="the first row already holds a lead, so the columns are called "
                "column 1, column 2 ...; a header row makes sure that they are understood",
                severity=Severity.NOTE,
                file=file,
            )
        ]
    if header.row > first_row:
        return [
            Issue(
                code="preamble",
                message=f"the header was found in row {header.row}; what stands above it "
                "was skipped",
                severity=Severity.NOTE,
                file=file,
                row=header.row,
            )
        ]
    return []
