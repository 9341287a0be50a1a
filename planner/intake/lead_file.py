"""One file seen through its column mapping: cells by meaning, and what is odd in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.domain import ColumnMapping, RawTable
from planner.errors import Issue, Severity
from planner.intake import cells, values
from planner.intake.aliases import normalise
from planner.intake.cells import Cells, Mask, Rows, blank
from planner.intake.merge import UNDATED, Small

#: Findings of one kind and file that are listed row by row; the rest are counted.
MAX_LISTED = 100
#: Rows that must have a word of a flag for it to be repeated, and characters of it that
#: are.
_MIN_ROWS, _MAX_WORD = 3, 20
#: What no word for yes or no has, but addresses have.
_NO_WORD = re.compile(r"[@/\\]|\.\w")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadFile:
    """A file with its mapping, and the findings made while reading it."""

    table: RawTable
    mapping: ColumnMapping
    issues: list[Issue] = field(default_factory=list)

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(self.table.frame)

    def headers(self, meaning: str) -> tuple[str, ...]:
        """Return the headers of the columns with this meaning, best first."""
        return cells.headers(self.table, self.mapping, meaning)

    def named(self, name: str) -> tuple[str, ...]:
        """Return the headers that read like `name` (normalised)."""
        return tuple(h for h in self.table.frame.columns if normalise(str(h)) == name)

    def column(self, header: str) -> Cells:
        """Return the tidy cells of one column."""
        return cells.tidy(cells.raw(self.table, header))

    def optional(self, meaning: str) -> Cells | None:
        """Return the cells with this meaning, None if no column has it."""
        return cells.read(self.table, self.mapping, meaning)

    def text(self, meaning: str) -> Cells:
        """Return the cells with this meaning, blank if no column has it."""
        found = self.optional(meaning)
        return blank(self.num_rows) if found is None else found

    def flags(self, meaning: str) -> Small:
        """Return yes/no facts (`planner.domain.Flag`); report what cannot be read."""
        found = self.optional(meaning)
        if found is None:
            return np.full(self.num_rows, -1, dtype=np.int8)
        flags, unreadable = values.flags(found)
        self.odd_flags(found, unreadable, column=self.headers(meaning)[0])
        return flags

    def odd_flags(self, found: Cells, rows: Mask, *, column: str) -> None:
        """Report cells of flags that are no word for yes or no, with the word.

        Only a word that many rows have: in a row that has shifted, it may be a name.
        """
        words = list(map(str, found[rows]))
        times = Counter(words)
        shown = [
            _quoted(word) if times[word] >= _MIN_ROWS else "the cell"
            for word in words[:MAX_LISTED]
        ]
        rest = (
            "is neither yes nor no; it was read as not known: write yes, no, true, "
            "false, 1, 0, or nothing"
        )
        self.odd(
            rows,
            code="unreadable-flag",
            message=f"the cell {rest}",
            column=column,
            told=[f"{word} {rest}" for word in shown],
        )

    def days(self, found: Cells, column: str) -> tuple[Rows, Mask]:
        """Return days since 1970 and which filled cells are no date."""
        # Exports stamp rows to the millisecond: without the time, few values differ.
        short = [
            text[:10] if len(text) > 10 and text[4] == "-" == text[7] else text
            for text in found
        ]
        codes, distinct = pd.factorize(cells.column(short))
        distinct = np.asarray(distinct, dtype=object)
        dates, unreadable = values.dates(distinct)
        if values.has_ambiguous_dates(distinct):
            self.issues.append(
                Issue(
                    code="ambiguous-dates",
                    message="nothing in this column tells day from month; dates such as "
                    "01/09/2026 were read as month/day/year",
                    severity=Severity.WARNING,
                    file=self.table.file,
                    column=column,
                )
            )
        days = np.where(np.isnat(dates), UNDATED, dates.astype(np.int64))
        return days[codes], unreadable[codes]

    def priorities(self) -> npt.NDArray[np.float64]:
        """Return priorities, NaN if none; report what cannot be read."""
        found = self.optional("priority")
        if found is None:
            return np.full(self.num_rows, np.nan)
        priorities, unreadable = values.priorities(found)
        self.odd(
            unreadable,
            code="unreadable-priority",
            message="the priority is neither a number from 0 to 100 nor A, B, C or D; "
            "the lead gets the default",
            column=self.headers("priority")[0],
        )
        return priorities

    def odd(
        self,
        rows: Mask,
        *,
        code: str,
        message: str,
        column: str,
        severity: Severity = Severity.WARNING,
        told: Sequence[str] = (),
    ) -> None:
        """Report rows of one kind: each up to `MAX_LISTED`, the others by number.

        ``told`` are messages of their own for these rows, in their order.
        """
        at = np.flatnonzero(rows)
        places = [(self.table.file, int(row)) for row in self.table.rows[at]]
        self.issues.extend(
            row_issues(
                places, code=code, message=message, column=column, severity=severity,
                told=told,
            )
        )  # fmt: skip


def _quoted(word: str) -> str:
    """Return a word of a cell as data, shortened; or none of what may be an address."""
    if _NO_WORD.search(word):
        return "the cell"
    return repr(word if len(word) <= _MAX_WORD else f"{word[:_MAX_WORD]}...")


def row_issues(
    places: Sequence[tuple[str, int]],
    *,
    code: str,
    message: str,
    severity: Severity,
    column: str = "",
    told: Sequence[str] = (),
) -> list[Issue]:
    """Return one issue per place up to `MAX_LISTED`, and one that counts the others.

    ``told`` are messages of their own for the places, one each.
    """
    issues = [
        Issue(code=code, message=text, severity=severity, file=file, row=row, column=column)
        for (file, row), text in zip(
            places[:MAX_LISTED], (told or repeat(message)), strict=False
        )
    ]
    if len(places) > MAX_LISTED:
        more = f"{len(places) - MAX_LISTED:,} more rows: {message}"
        file = places[MAX_LISTED][0]
        issues.append(
            Issue(code=code, message=more, severity=severity, file=file, column=column)
        )
    return issues
