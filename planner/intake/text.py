"""From the bytes of a CSV, TSV or TXT file to a table of text."""

from __future__ import annotations

import codecs
import hashlib
import io
import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.domain import RawTable
from planner.errors import Issue, Severity
from planner.intake import aliases, encodings, formats, gather, records, scan
from planner.intake.encodings import Text
from planner.intake.gather import Cells, Keep, Table
from planner.intake.lines import RecordReader
from planner.intake.records import Header, Record
from planner.words import counted

DELIMITERS = ",;\t|"
#: Bytes in which the delimiter and the header are looked for.
_HEAD_BYTES = 1 << 18
#: Errors after which nothing of a file can be used.
_FATAL = ("shifted-columns", "mojibake", "no-rows")
_SEPARATOR_LINE = re.compile(rb'"?sep=(?P<delimiter>[^\r\n])"?\r?(?:\n|$)', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Format:
    """How a text file is laid out."""

    text: Text
    file: str
    delimiter: str
    header: Header
    first_row: int
    is_simple: bool


def parse_text(
    data: bytes,
    file: str,
    *,
    encoding: str | None = None,
    known_headers: Collection[str] | None = None,
    keep: Keep | None = None,
    mojibake_share: float = 0.02,
) -> tuple[RawTable | None, list[Issue]]:
    """Read delimited text.

    Parameters
    ----------
    data : bytes
        Content of the file.
    file : str
        Its name, for the issues.
    encoding : str, optional
        The user's word; it overrides every guess.
    known_headers : collection of str, optional
        Normalised names by which the header row and the delimiter are recognised;
        those of lead exports if not given.
    keep : callable, optional
        Given the first records as a table, returns the headers to keep: the other
        columns are dropped early to save memory.
    mojibake_share : float
        A larger share of cells with wrongly decoded text makes the file an error.

    Returns
    -------
    tuple
        The table, or None if the file cannot be used, and the findings. A row that is
        kept out of the table has an issue of severity error with its row number.
    """
    text, issues = _decode(data, file, encoding)
    known = aliases.lead_headers() if known_headers is None else known_headers
    layout = None if text is None else _recognise(text, file, known)
    if text is None or layout is None:
        return None, issues or [_empty(file)]
    issues += records.header_issues(layout.header, layout.first_row, file)
    names, renamed = records.unique_names(layout.header, file)
    cells = _cells(layout, names, keep)
    issues += renamed + _read(layout, cells)
    frame, rows = cells.frame()
    if not len(frame) and not any(issue.severity is Severity.ERROR for issue in issues):
        issues.append(_empty(file))
    issues += _mojibake(text, frame, file, mojibake_share)
    if any(issue.code in _FATAL and issue.severity is Severity.ERROR for issue in issues):
        return None, issues
    table = RawTable(
        file=file,
        frame=frame,
        rows=rows,
        sha256=hashlib.sha256(data).hexdigest(),
        encoding=text.encoding,
        delimiter=layout.delimiter,
    )
    return table, issues


def _decode(
    data: bytes, file: str, encoding: str | None
) -> tuple[Text | None, list[Issue]]:
    refused = encodings.unknown(encoding, file) or formats.refusal(data, file, encoding)
    if refused is not None:
        return None, [refused]
    return encodings.to_utf8(data, file, encoding)


def _recognise(text: Text, file: str, known: Collection[str]) -> Format | None:
    """Choose the delimiter that gives most known headers, then the steadiest width."""
    match = _SEPARATOR_LINE.match(text.data, text.start)
    choices = DELIMITERS
    if match and (named := match["delimiter"].decode("utf-8", "replace")).isascii():
        # A spreadsheet obeys this line and does not show it: row 1 is the next one.
        choices = named
        text = Text(
            data=text.data,
            start=match.end(),
            encoding=text.encoding,
            is_explicit=text.is_explicit,
        )
    best: tuple[tuple[float, ...], Format] | None = None
    for delimiter in choices:
        head, is_simple = _head(text, delimiter, file)
        header = records.find_header(head, known)
        if header is None:
            return None
        first_row = next(row for row, cells in head if not records.is_blank(cells))
        layout = Format(
            text=text,
            file=file,
            delimiter=delimiter,
            header=header,
            first_row=first_row,
            is_simple=is_simple,
        )
        width = len(header.cells)
        body = [cells for row, cells in head if row > header.row and cells]
        steady = sum(len(cells) == width for cells in body) / max(len(body), 1)
        # The commas of /sales/lead/ACw...,NAME_SEARCH,ab1 are no delimiters.
        is_cut = any("NAME_SEARCH" in cells for cells in body)
        merit = (header.score, not is_cut, round(steady, 1), min(width, 2), steady)
        if best is None or merit > best[0]:
            best = (merit, layout)
    return best[1] if best else None


def _head(text: Text, delimiter: str, file: str) -> tuple[list[Record], bool]:
    """Return the first records, and whether nothing odd was met in them."""
    part = text.data[text.start : text.start + _HEAD_BYTES]
    stream = codecs.getincrementaldecoder("utf-8")("replace")
    lines = io.StringIO(stream.decode(part), newline="")
    reader = RecordReader(lines, delimiter, file)
    head = list(itertools.islice(reader, records.HEAD_RECORDS))
    if len(part) == _HEAD_BYTES and len(head) > 1 and len(head) < records.HEAD_RECORDS:
        head.pop()
    return head, not reader.issues


def _cells(layout: Format, names: list[str], keep: Keep | None) -> Cells:
    cells = Cells(
        header=layout.header,
        names=names,
        keep=list(range(len(names))),
        strip_invisible=not layout.text.data.isascii(),
    )
    if keep is not None:
        wanted = set(keep(_sample(layout, names)))
        cells.keep = [at for at, name in enumerate(names) if name in wanted]
    return cells


def _sample(layout: Format, names: list[str]) -> pd.DataFrame:
    cells = Cells(header=layout.header, names=names, keep=list(range(len(names))))
    table = Table(file=layout.file, header=layout.header, cells=cells, issues=[])
    for record in itertools.islice(_body(layout, []), gather.SAMPLE_RECORDS):
        table.add(record)
    table.flush()
    return cells.frame()[0]


def _stream(text: Text) -> io.TextIOWrapper:
    raw = io.BytesIO(text.data)
    raw.seek(text.start)
    return io.TextIOWrapper(raw, encoding="utf-8", newline="")


def _body(layout: Format, issues: list[Issue]) -> Iterator[Record]:
    reader = RecordReader(_stream(layout.text), layout.delimiter, layout.file)
    reader.issues = issues
    if not layout.header.row:
        reader.width = len(layout.header.cells)
    for record in reader:
        if record[0] > layout.header.row:
            yield record
        elif record[0] == layout.header.row:
            reader.width = len(layout.header.cells)


def _read(layout: Format, cells: Cells) -> list[Issue]:
    """Fill `cells` with the records below the header; return findings about rows."""
    issues: list[Issue] = []
    if not (layout.is_simple and _read_fast(layout, cells)):
        issues = _read_tolerant(layout, cells)
    if cells.num_repeated_headers:
        issues.append(_repeated_headers(layout.file, cells.num_repeated_headers))
    return issues


def _read_tolerant(layout: Format, cells: Cells) -> list[Issue]:
    """Read record by record with `csv`; the reference for what a file means."""
    issues: list[Issue] = []
    table = Table(file=layout.file, header=layout.header, cells=cells, issues=issues)
    for record in _body(layout, issues):
        table.add(record)
        if table.num_long > gather.CHUNK and table.is_shifted:
            break
    table.flush()
    if table.is_shifted and table.num_long > 1:
        return [_shifted(layout, table)]
    table.finish()
    return issues


def _read_fast(layout: Format, cells: Cells) -> bool:
    """Read with the C parser of pandas; False, and nothing read, if it might err."""
    width = len(layout.header.cells)
    data = layout.text.data
    body = scan.end_of_header(
        data,
        scan.Layout(
            start=layout.text.start,
            delimiter=ord(layout.delimiter),
            width=width,
            header_row=layout.header.row,
        ),
    )
    if body is None:
        return False
    if body >= len(data):
        return True
    raw = io.BytesIO(data)
    raw.seek(body)
    chunks = pd.read_csv(
        raw,
        sep=layout.delimiter,
        header=None,
        names=list(range(width)),
        index_col=False,
        dtype=object,
        na_filter=False,
        skip_blank_lines=False,
        encoding="utf-8",
        chunksize=gather.CHUNK,
        engine="c",
        low_memory=False,  # chunks are small enough
    )
    row = layout.header.row
    with chunks:
        for chunk in chunks:
            rows = np.arange(row + 1, row + 1 + len(chunk), dtype=np.int64)
            row += len(chunk)
            cells.add(rows, [chunk[at].to_numpy() for at in range(width)])
    return True


def _mojibake(text: Text, frame: pd.DataFrame, file: str, share: float) -> Sequence[Issue]:
    """Report wrongly decoded text: an error above `share`, else a warning."""
    if text.is_explicit or not encodings.num_mojibake(text.data):
        return []
    num_wrong = num_cells = 0
    for column in frame.columns:
        values = frame[column].to_numpy(dtype=object)
        num_cells += int(np.count_nonzero(values != ""))
        found = encodings.MOJIBAKE.search
        num_wrong += sum(1 for cell in values if not cell.isascii() and found(cell))
    if not num_wrong:
        return []
    is_error = num_wrong > share * num_cells
    cure = (
        "export the file again as UTF-8, or give its encoding with --encoding "
        "(--encoding utf-8 takes the text as it is)"
    )
    return [
        Issue(
            code="mojibake",
            message=f"{num_wrong:,} of {counted(num_cells, 'cell')} read as if they had "
            f"been decoded wrongly (an accented letter shows as two odd ones); {cure}",
            severity=Severity.ERROR if is_error else Severity.WARNING,
            file=file,
        )
    ]


def _shifted(layout: Format, table: Table) -> Issue:
    return Issue(
        code="shifted-columns",
        message=f"{table.num_long} of the first {table.num_records} rows have more cells "
        f"than the header ({len(layout.header.cells)}), so cells and headers do not match; "
        "a header may be missing, or cells with the delimiter "
        f"({layout.delimiter!r}) are not in quotes: export the file again",
        file=layout.file,
    )


def _empty(file: str) -> Issue:
    return Issue(
        code="no-rows",
        message="the file has no rows of data (blank rows do not count); check that the "
        "export has finished",
        file=file,
    )


def _repeated_headers(file: str, number: int) -> Issue:
    return Issue(
        code="repeated-header",
        message=f"skipped, because they repeat the header: {counted(number, 'row')}",
        severity=Severity.NOTE,
        file=file,
    )
