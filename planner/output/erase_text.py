"""A person out of CSV, JSON and HTML files: other rows stay as they are, byte for byte."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from planner.output.erase_table import (
    ERASED,
    NO_HEADING,
    Heading,
    Role,
    Whose,
    erased,
    heading,
    is_heading,
    is_hit,
    whose,
)
from planner.output.erase_traces import Matcher, fold
from planner.output.grid import link_text

#: Rows among which the header is looked for.
_PREAMBLE = 30
_DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ENDS = "\r\n"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_LINE_ENDS = ("\r\n", "\r", "\n")
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

_ELSEWHERE_ON_PAGE = "it holds the person in a place that no rule knows: edit or delete it"

#: A row of `planner.report` that names a person, and the key of whom.
_PAGE_ROW = re.compile(r'[ \t]*<tr data-lead="([^"]*)">.*?</tr>\n?', re.DOTALL)

_JSON_RECORD = re.compile(r"\{[^{}]*\}")
_JSON_ROW = re.compile(r'("source_row"\s*:\s*)\d+')


class UncleanableError(ValueError):
    """A file that holds the person and cannot be cleaned; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What became of a file.

    Parameters
    ----------
    content : bytes
        The whole file, without the person.
    rows : int
        Rows erased, dropped or rid of a mention.
    left : str
        What could not be cleaned, in words; "" if nothing is left.
    """

    content: bytes
    rows: int
    left: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Namings:
    """Rows by what a sheet without ids shows of them: name, company, link text."""

    theirs: frozenset[tuple[str, str, str]] = field(default=frozenset())
    others: frozenset[tuple[str, str, str]] = field(default=frozenset())


def clean_csv(content: bytes, person: Matcher, *, is_import: bool = False) -> Edit:
    """Erase a person from a CSV file.

    Parameters
    ----------
    content : bytes
        Any encoding, delimiter, quoting and line end.
    is_import : bool
        Whether rows are dropped rather than blanked; import files of the program are
        recognised by their columns as well.

    Raises
    ------
    UncleanableError
        If the person's row cannot be told from its neighbours.
    """
    bom, codec, text = _decoded(content)
    if not person.may_find(text):
        return Edit(content=content, rows=0)
    table = _Table(text)
    drop = is_import or table.head.is_import
    parts, rows = [], 0
    for record in table.records():
        kept = _clean_record(record, table, person, drop=drop)
        rows += kept is not record
        parts.append(kept)
    if not rows:
        return Edit(content=content, rows=0)
    return Edit(content=bom + "".join(parts).encode(codec), rows=rows)


def clean_json(content: bytes, person: Matcher) -> Edit:
    """Erase every text of a JSON file that names a person; the rest stays as it is.

    A record with such a text no longer says which row of an input it came from.
    """
    bom, codec, text = _decoded(content)
    rows = 0

    def cleaned(match: re.Match[str]) -> str:
        nonlocal rows
        if not person.finds(match[0][1:-1]):
            return match[0]
        rows += 1
        return json.dumps(ERASED)

    def pointed_nowhere(match: re.Match[str]) -> str:
        texts = (one[0][1:-1] for one in _JSON_TEXT.finditer(match[0]))
        if not any(map(person.finds, texts)):
            return match[0]
        return _JSON_ROW.sub(r"\g<1>0", match[0])

    if not person.may_find(text):
        return Edit(content=content, rows=0)
    new = _JSON_TEXT.sub(cleaned, _JSON_RECORD.sub(pointed_nowhere, text))
    return Edit(content=bom + new.encode(codec) if rows else content, rows=rows)


def clean_page(content: bytes, person: Matcher) -> Edit:
    """Drop a person's rows from a page of pictures: each says whose it is.

    Raises
    ------
    UncleanableError
        If the person is named, but no row of the page says that it is the person's.
    """
    bom, codec, text = _decoded(content)
    if not person.may_find(text):
        return Edit(content=content, rows=0)
    rows = 0

    def dropped(match: re.Match[str]) -> str:
        nonlocal rows
        if not person.finds(match[1]):
            return match[0]
        rows += 1
        return ""

    new = _PAGE_ROW.sub(dropped, text)
    if not rows and person.finds(text):
        raise UncleanableError(_ELSEWHERE_ON_PAGE)
    left = _ELSEWHERE_ON_PAGE if person.finds(new) else ""
    after = bom + new.encode(codec) if rows else content
    return Edit(content=after, rows=rows, left=left)


def namings(content: bytes, person: Matcher) -> Namings:
    """Return what sheets show of a person's rows in a CSV file, and of namesakes' rows."""
    _, _, text = _decoded(content)
    if not person.may_find(text):
        return Namings()
    table = _Table(text)
    if not {Role.NAME, Role.FIRST, Role.LAST} & set(table.head.roles):
        return Namings()
    theirs = {
        naming(table.cells(record), table.head)
        for record in table.records()
        if table.whose(record, person) is Whose.THEIRS
    }
    theirs = {key for key in theirs if key[0]}  # without a name, nothing is shown
    words = {name.split(" ")[-1] for name, _, _ in theirs}
    if not theirs:
        return Namings()
    others = {
        naming(table.cells(record), table.head)
        for record in table.records()
        if any(word in fold(record) for word in words)
        and table.whose(record, person) is not Whose.THEIRS
    }
    return Namings(theirs=frozenset(theirs), others=frozenset(others))


def naming(cells: Sequence[str], head: Heading) -> tuple[str, str, str]:
    """Return name, company and text of the link of a row, as sheets show them."""
    link = link_text(head.cell(cells, Role.LINK))
    return fold(head.name(cells)), fold(head.cell(cells, Role.COMPANY)), link


def rows_naming(content: bytes, person: Matcher) -> int:
    """Return the number of rows of a CSV file that name a person."""
    _, _, text = _decoded(content)
    if not person.may_find(text):
        return 0
    table = _Table(text)
    found = (table.whose(record, person) for record in table.records())
    return sum(whose is not Whose.OTHERS for whose in found)


# --- one table --------------------------------------------------------------------


def _decoded(content: bytes) -> tuple[bytes, str, str]:
    """Return byte order mark, codec and text; encoding the text gives the bytes back."""
    for bom, codec in _BOMS:
        if content.startswith(bom):
            with suppress(UnicodeDecodeError):
                return bom, codec, content[len(bom) :].decode(codec)
    for codec in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return b"", codec, content.decode(codec)
    return b"", "latin-1", content.decode("latin-1")


class _Table:
    """The records of a CSV file as text, and its header."""

    def __init__(self, text: str) -> None:
        self.text = text
        lines = [match[0] for match in islice(_LINE.finditer(text), _PREAMBLE)]
        self.delimiter = max(_DELIMITERS, key=lambda mark: _likelihood(mark, lines))
        self._field = _field(self.delimiter)
        first = list(islice(self.records(), _PREAMBLE))
        heads = (cells for cells in map(self.cells, first) if is_heading(cells))
        found = next(heads, self.cells(first[0]) if first else None)
        self.head = heading(found) if found else NO_HEADING

    def records(self) -> Iterator[str]:
        """Yield each record with its line end."""
        start, text = 0, self.text
        while start < len(text):
            match = _LINE.match(text, start)
            end = match.end() if match else len(text)
            if text.count('"', start, end) % 2:  # a quoted cell goes on in the next line
                end = self._end_of_quoted(start)
            yield text[start:end]
            start = end

    def raw_cells(self, record: str) -> list[str]:
        """Return the cells of a record as they are written, without the line end."""
        raw, start = [], 0
        while match := self._field.match(record, start):
            raw.append(match[0])
            start = match.end() + 1
            if record[match.end() : start] != self.delimiter:
                break
        return raw

    def cells(self, record: str) -> list[str]:
        """Return the values of the cells of a record."""
        return [_value(raw) for raw in self.raw_cells(record)]

    def whose(self, record: str, person: Matcher) -> Whose:
        """Return whether a record is the person's."""
        if not person.may_find(record):
            return Whose.OTHERS
        return whose(self.cells(record), self.head, person)

    def _end_of_quoted(self, start: int) -> int:
        while match := self._field.match(self.text, start):
            start = match.end()
            if self.text[start : start + 1] != self.delimiter:
                break
            start += 1
        return start + len(_line_end(self.text, start))


def _line_end(text: str, start: int) -> str:
    """Return the line end at a place of a text; "" at the end of the file."""
    return next((end for end in _LINE_ENDS if text.startswith(end, start)), "")


def _field(delimiter: str) -> re.Pattern[str]:
    """Pattern of a cell; a quote that is never closed is a character like any other."""
    other = rf"[^{re.escape(delimiter)}\r\n]*"
    return re.compile(rf'"(?:[^"]|"")*"{other}|{other}')


def _likelihood(mark: str, lines: Sequence[str]) -> tuple[int, int]:
    """Return known headers between marks, and marks of the first line."""
    known = max(
        (_known(line.strip(_ENDS).replace('"', "").split(mark)) for line in lines),
        default=0,
    )
    return known, lines[0].count(mark) if lines else 0


def _known(cells: Sequence[str]) -> int:
    return sum(role is not Role.OTHER for role in heading(cells).roles)


def _runs_on(text: str) -> bool:
    return "\n" in text or "\r" in text


def _value(raw: str) -> str:
    if len(raw) > 1 and raw[0] == '"' and raw[-1] == '"':
        return raw[1:-1].replace('""', '"')
    return raw


def _clean_record(record: str, table: _Table, person: Matcher, *, drop: bool) -> str:
    """Return a record without the person: itself if it does not name them."""
    verdict = table.whose(record, person)
    if verdict is Whose.OTHERS:
        return record
    raw = table.raw_cells(record)
    line_end = record[len(table.delimiter.join(raw)) :]
    too_long = len(raw) > len(table.head.roles) and _runs_on(record.strip(_ENDS))
    if too_long or any(_runs_on(cell) and not _QUOTED.fullmatch(cell) for cell in raw):
        raise UncleanableError(
            "it holds the person in a row that quotes run together with others: "
            "correct the quotes, then run forget again"
        )
    if verdict is Whose.THEIRS and drop:
        return ""
    new = []
    for index, text in enumerate(raw):
        role, value = table.head.role(index), _value(text)
        if verdict is Whose.THEIRS:
            kept = erased(value, role, person)
        else:
            kept = "" if is_hit(value, role, person) else value
        new.append(text if kept == value else kept)
    return (table.delimiter.join(new) or '""') + line_end
