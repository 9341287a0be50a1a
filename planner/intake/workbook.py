"""From the bytes of an Excel workbook (.xlsx, .xlsm) to tables of text."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import math
import warnings
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from planner.domain import RawTable
from planner.errors import Issue, Severity
from planner.intake import aliases, formats, gather, records
from planner.intake.gather import Cells, Keep, Table
from planner.intake.records import Header, Record
from planner.words import counted

MAX_FILE_BYTES = 200 * 10**6
MAX_UNPACKED_BYTES = 10**9
MAX_MEMBERS = 2_000
#: Real sheets reach 6 to 15; a bomb reaches a thousand.
MAX_RATIO = 200
_RATIO_MATTERS_ABOVE = 10**6
MAX_ROWS = 1_048_576
MAX_COLUMNS = 2_000
#: Excel keeps 15 digits of a number; longer ids have lost their end.
EXACT_DIGITS = 15

_ERROR_CELLS = frozenset(
    (
        "#N/A",
        "#REF!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#VALUE!",
        "#DIV/0!",
        "#SPILL!",
        "#CALC!",
    )
)


def parse_workbook(
    data: bytes,
    file: str,
    *,
    known_headers: Collection[str] | None = None,
    keep: Keep | None = None,
) -> tuple[list[RawTable], list[Issue]]:
    """Read every visible sheet that looks like a list.

    Numbers without a fraction become whole (``123``), dates ISO, booleans ``true`` and
    ``false``, error cells blank. A number of more than 15 digits has lost digits: it
    stays in scientific notation, which `values.is_mangled_number` recognises, and is
    reported.

    Parameters
    ----------
    data : bytes
        Content of the file.
    file : str
        Its name; a table gets ``file[sheet]`` where there are several.
    known_headers : collection of str, optional
        As for `planner.intake.text.parse_text`.
    keep : callable, optional
        Likewise.
    """
    refused = guard(data, file)
    if refused is not None:
        return [], [refused]
    known = aliases.lead_headers() if known_headers is None else known_headers
    try:
        sheets = _sheets(data)
    except Exception as error:
        return [], [_broken(file, error)]
    found: list[tuple[str, RawTable, list[Issue]]] = []
    skipped: list[str] = []
    sha256 = hashlib.sha256(data).hexdigest()
    for name, sheet in sheets:
        try:
            parsed = _parse_sheet(sheet, file, known, keep)
        except Exception as error:
            return [], [_broken(file, error)]
        if parsed is None:
            skipped.append(name)
        else:
            found.append((name, replace(parsed[0], sha256=sha256), parsed[1]))
    issues = _skipped(file, skipped, has_tables=bool(found))
    if len(found) == 1:
        return [found[0][1]], [*found[0][2], *issues]
    tables = []
    for name, table, problems in found:
        label = f"{file}[{name}]"
        tables.append(replace(table, file=label))
        issues += [replace(issue, file=label) for issue in problems]
    return tables, issues


def guard(data: bytes, file: str) -> Issue | None:
    """Return why an archive must not be opened: broken, a bomb, or not a workbook."""
    if len(data) > MAX_FILE_BYTES:
        return _issue(
            "workbook-too-large",
            f"the workbook has {len(data) / 1e6:.0f} MB, more than "
            f"{MAX_FILE_BYTES / 1e6:.0f}; save it as CSV",
            file,
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return _issue("broken-workbook", "the workbook is damaged; export it again", file)
    bomb = _bomb(members)
    if bomb:
        return _issue(
            "zip-bomb", f"the workbook was not opened: {bomb}; save the leads as CSV", file
        )
    if any(member.flag_bits & 1 for member in members):
        message = "the archive has a password; save the leads without one"
        return _issue("unreadable-format", message, file)
    return formats.document([member.filename for member in members], file)


def _bomb(members: list[zipfile.ZipInfo]) -> str:
    if len(members) > MAX_MEMBERS:
        return f"it has {len(members)} parts, more than {MAX_MEMBERS}"
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED_BYTES:
        return f"it would unpack to {total / 1e9:.1f} GB"
    for member in members:
        name = member.filename.replace("\\", "/")
        if name.startswith("/") or ":" in name or ".." in name.split("/"):
            return "it names files outside itself"
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > _RATIO_MATTERS_ABOVE and ratio > MAX_RATIO:
            return f"one of its parts is compressed {ratio:.0f} times"
    return ""


def _sheets(data: bytes) -> list[tuple[str, Any]]:
    import openpyxl

    with warnings.catch_warnings():
        # Styles, validations and extensions that openpyxl does not know do not matter.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    return [
        (sheet.title, sheet)
        for sheet in book.worksheets
        if sheet.sheet_state == "visible" and hasattr(sheet, "iter_rows")
    ]


@dataclass(slots=True, eq=False)
class _Numbers:
    """Columns that hold numbers, and rows in which a number has lost digits."""

    columns: set[int] = field(default_factory=set)
    mangled: list[tuple[int, int]] = field(default_factory=list)

    def text(self, value: Any, row: int, at: int) -> str:
        """Return a stored value as text."""
        if value is None or isinstance(value, str):
            return "" if value is None or value in _ERROR_CELLS else str(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            self.columns.add(at)
            if math.isfinite(value) and abs(value) >= 10**EXACT_DIGITS:
                self.mangled.append((row, at))
            return number_text(value)
        return _moment_text(value)


def _moment_text(value: Any) -> str:
    """Return a date, a time or a duration in ISO form; a date without its midnight."""
    if isinstance(value, dt.datetime):
        is_date = value.time() == dt.time()
        return value.date().isoformat() if is_date else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def number_text(value: float) -> str:
    """Return ``123`` for 123.0, ``0.5`` for 0.5, ``1.2e+18`` beyond 15 digits."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**EXACT_DIGITS:
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.16e}" if abs(value) >= 10**EXACT_DIGITS else repr(value)
    return str(value)


def _records(sheet: Any, numbers: _Numbers) -> Iterator[Record]:
    # The sheet's own word on its size is not to be trusted: it may say A1:C3.
    sheet.reset_dimensions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS)
        for row, values in enumerate(rows, 1):
            if row > MAX_ROWS:
                return
            cells = [numbers.text(value, row, at) for at, value in enumerate(values)]
            while cells and not cells[-1]:
                cells.pop()
            yield row, cells


def _parse_sheet(
    sheet: Any, file: str, known: Collection[str], keep: Keep | None
) -> tuple[RawTable, list[Issue]] | None:
    """Return a sheet's table, or None if it has no header and no leads."""
    numbers = _Numbers()
    all_records = list(_records(sheet, numbers))
    head = all_records[: records.HEAD_RECORDS]
    header = records.find_header(head, known)
    if header is None or (header.row and not header.score):
        return None
    # A note to the right of the table does not shift its cells: it gets a column.
    width = max((len(cells) for _, cells in all_records), default=0)
    blanks = ("",) * (width - len(header.cells))
    header = Header(row=header.row, cells=header.cells + blanks, score=header.score)
    names, issues = records.unique_names(header, file)
    first_row = next(row for row, cells in head if not records.is_blank(cells))
    issues = records.header_issues(header, first_row, file) + issues
    body = [
        (row, cells + [""] * (width - len(cells)))
        for row, cells in all_records
        if row > header.row
    ]
    cells = Cells(header=header, names=names, keep=list(range(width)))
    if keep is not None:
        wanted = set(keep(_sample(header, names, body)))
        cells.keep = [at for at, name in enumerate(names) if name in wanted]
    table = Table(file=file, header=header, cells=cells, issues=issues)
    for record in body:
        table.add(record)
    table.finish()
    frame, rows = cells.frame()
    if not len(frame):
        issues.append(_issue("no-rows", "the sheet has a header but no rows of data", file))
    numeric = frozenset(names[at] for at in numbers.columns) & frozenset(frame.columns)
    issues += _mangled(file, names, numbers, header.row)
    return (
        RawTable(file=file, frame=frame, rows=rows, sha256="", numeric_columns=numeric),
        issues,
    )


def _sample(header: Header, names: list[str], body: list[Record]) -> Any:
    cells = Cells(header=header, names=names, keep=list(range(len(names))))
    table = Table(file="", header=header, cells=cells, issues=[])
    for record in body[: gather.SAMPLE_RECORDS]:
        table.add(record)
    table.flush()
    return cells.frame()[0]


def _mangled(
    file: str, names: list[str], numbers: _Numbers, header_row: int
) -> list[Issue]:
    issues = []
    mangled = [place for place in numbers.mangled if place[0] > header_row]
    for row, at in mangled[: gather.MAX_LISTED]:
        issues.append(
            Issue(
                code="id-mangled",
                message="the cell holds a number of more than 15 digits, of which Excel "
                "keeps 15: if it is an id, it is wrong; store ids as text",
                severity=Severity.WARNING,
                file=file,
                row=row,
                column=names[at],
            )
        )
    if len(mangled) > gather.MAX_LISTED:
        issues.append(
            Issue(
                code="id-mangled",
                message=f"{len(mangled) - gather.MAX_LISTED:,} more cells hold numbers of "
                "more than 15 digits",
                severity=Severity.WARNING,
                file=file,
            )
        )
    return issues


def _skipped(file: str, names: list[str], *, has_tables: bool) -> list[Issue]:
    if not has_tables:
        return [
            _issue(
                "no-rows",
                "no visible sheet has a header row that is understood, or leads; put the "
                "headers above the leads, e.g. LinkedIn URL, First name, Last name",
                file,
            )
        ]
    if not names:
        return []
    return [
        Issue(
            code="sheet-skipped",
            message=f"{counted(len(names), 'sheet')} without a list left out: "
            + ", ".join(repr(name[:31]) for name in names[:10]),
            severity=Severity.NOTE,
            file=file,
        )
    ]


def _broken(file: str, error: Exception) -> Issue:
    return _issue(
        "broken-workbook",
        f"the workbook is damaged ({type(error).__name__}); open it in Excel, save it "
        "again, or save it as CSV",
        file,
    )


def _issue(code: str, message: str, file: str) -> Issue:
    return Issue(code=code, message=message, file=file)
