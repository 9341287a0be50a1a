"""One file of outcomes while it is read: cells by meaning, dates, and rows kept out."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

import numpy as np

from planner.domain import ColumnMapping, OutcomeKind, RawTable, Route
from planner.errors import Issue, Severity
from planner.intake import cells, outcome_columns, outcome_dates, outcome_words, values
from planner.intake.cells import Cells, Mask, blank, filled
from planner.intake.lead_file import LeadFile
from planner.intake.outcome_dates import Moments, moments
from planner.intake.values import Small

#: Name of a list in GetSales, as the click path of a run asks for it.
_LIST = re.compile(r"\d{4}-W\d{2} (?P<seat>\S+) (?P<route>[a-z_]+)")
IN_FUTURE = "the date lies in the future, and an outcome cannot: correct it"


@dataclass(slots=True, kw_only=True, eq=False)
class OutcomeFile:
    """A file with its mapping, what the user said of it, and the findings so far.

    ``code`` holds the first issue of each row, ``kept_out`` the rows that give nothing.
    """

    table: RawTable
    mapping: ColumnMapping
    as_of: dt.date
    what: OutcomeKind | None
    on: dt.date | None
    issues: list[Issue] = field(default_factory=list)
    code: Cells = field(default_factory=lambda: blank(0))
    kept_out: Mask = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def __post_init__(self) -> None:
        """Start with no row kept out."""
        self.code = blank(self.num_rows)
        self.kept_out = self.none()

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(self.table.frame)

    @property
    def default_date(self) -> str:
        """Date of what has none in the file; blank if the user gave none."""
        return "" if self.on is None else self.on.isoformat()

    def headers(self, meaning: str) -> tuple[str, ...]:
        """Return the headers of the columns with this meaning, best first."""
        return cells.headers(self.table, self.mapping, meaning)

    def header(self, meaning: str) -> str:
        """Return the best header with this meaning, blank if none."""
        return next(iter(self.headers(meaning)), "")

    def column(self, header: str) -> Cells:
        """Return the tidy cells of one column."""
        return cells.tidy(cells.raw(self.table, header))

    def text(self, meaning: str) -> Cells:
        """Return the cells with this meaning, blank if no column has it."""
        found = cells.read(self.table, self.mapping, meaning)
        return blank(self.num_rows) if found is None else found

    def flags(self, meaning: str) -> Small:
        """Return yes/no facts; report what cannot be read."""
        return LeadFile(table=self.table, mapping=self.mapping, issues=self.issues).flags(
            meaning
        )

    def none(self) -> Mask:
        """Return a mask of no rows."""
        return np.zeros(self.num_rows, dtype=np.bool_)

    def warn(self, rows: Mask, code: str, message: str, column: str = "") -> None:
        """Report rows that may still have outcomes."""
        self._report(rows, code, message, column, Severity.WARNING)

    def refuse(self, rows: Mask, code: str, message: str, column: str = "") -> None:
        """Report rows and keep them out."""
        self._report(rows, code, message, column, Severity.ERROR)
        self.kept_out = self.kept_out | rows

    def _report(
        self, rows: Mask, code: str, message: str, column: str, severity: Severity
    ) -> None:
        LeadFile(table=self.table, mapping=self.mapping, issues=self.issues).odd(
            rows, code=code, message=message, column=column, severity=severity
        )
        self.code = np.where(rows & ~filled(self.code), code, self.code).astype(object)

    def dates(self, meanings: tuple[str, ...], rows: Mask) -> Cells:
        """Return the first date of each of `rows`; keep out those with a wrong one.

        Only `rows` are judged: what says nothing may hold anything.
        """
        result = blank(self.num_rows)
        for header in (h for meaning in meanings for h in self.headers(meaning)):
            found = self.moments(header)
            wanted = rows & ~filled(result)
            self.refuse(
                wanted & found.unreadable,
                "bad-date",
                "the cell is no date: write one such as 2026-11-23, or nothing",
                header,
            )
            self.refuse(wanted & found.late, "date-in-future", IN_FUTURE, header)
            self.warn_zones(found, wanted, header)
            result = np.where(wanted, found.texts, result).astype(object)
        return result

    def warn_zones(self, found: Moments, rows: Mask, header: str) -> None:
        """Report times of a column, in `rows`, whose zone is not known for certain."""
        for word in sorted(set(found.doubtful[rows]) - {""}):
            are_its = rows & (found.doubtful == word)
            self.warn(are_its, "unknown-time-zone", outcome_dates.doubt(word), header)

    def moments(self, header: str) -> Moments:
        """Return the dates and times of a column; report it if their order is unclear."""
        found = self.column(header)
        is_said = any(
            i.code == "ambiguous-dates" and i.column == header for i in self.issues
        )
        if not is_said and values.has_ambiguous_dates(found):
            message = (
                "nothing in this column tells day from month; dates such as 01/09/2026 "
                "were read as month/day/year"
            )
            self.issues.append(
                Issue(
                    code="ambiguous-dates",
                    message=message,
                    severity=Severity.WARNING,
                    file=self.table.file,
                    column=header,
                )
            )
        return moments(found, self.as_of)

    def seats(self, default: str) -> Cells:
        """Return the seat of every row: as the file names it, its sheet, or `default`."""
        lists = outcome_words.each_text(self.text("list"), lambda text: of_list(text)[0])
        if outcome_columns.is_seat_sheet(self.table):
            default = outcome_columns.sheet_of(self.table) or default
        return first(
            self.text("seat"), lists, np.full(self.num_rows, default, dtype=object)
        )

    def planned_routes(self) -> Cells:
        """Return the route that each row was planned on, by its column or its list."""
        found = outcome_words.each_text(self.text("plan_route"), outcome_words.route)
        lists = outcome_words.each_text(self.text("list"), lambda text: of_list(text)[1])
        return first(found, lists)


def first(*columns: Cells) -> Cells:
    """Return the first filled cell of each row."""
    result = columns[0]
    for more in columns[1:]:
        result = np.where(filled(result), result, more).astype(object)
    return result


def of_list(name: str) -> tuple[str, str]:
    """Return seat and route of a list that this program asked for; else blanks."""
    match = _LIST.fullmatch(name.strip())
    if match is None or match["route"] not in set(Route):
        return "", ""
    return match["seat"], match["route"]
