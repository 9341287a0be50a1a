"""Records of a file, and the one among them that is the header.

Shared by text files and workbooks, so that both treat a row alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from planner.errors import Issue, Severity
from planner.intake import aliases

#: Excel's limit; a longer cell is a broken file or an attack.
MAX_CELL_CHARACTERS = 32_767
#: Records that are looked at to find the header.
HEAD_RECORDS = 40

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


def long_cell(file: str, row: int) -> Issue:
    """Return the issue for a row with a cell beyond Excel's limit."""
    return Issue(
        code="long-cell",
        message=f"a cell has more than {MAX_CELL_CHARACTERS:,} characters; the row is "
        "kept out: shorten the cell",
        file=file,
        row=row,
    )
