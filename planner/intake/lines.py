"""Records of a delimited text file, with a way out of quotes that were never closed.

The standard library's `csv` reads on to the end of the file when a quote is not closed,
and swallows thousands of leads without a word. Here every record that spans several
lines is looked at again: if what it swallowed looks like records of its own, only the
line with the quote is lost, and named.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

from planner.errors import Issue
from planner.intake.records import Record, long_cell
from planner.words import counted

#: A record over more lines than this is suspected of an open quote.
MAX_LINES = 50
#: Longest field that `csv` reads.
MAX_FIELD_BYTES = 1 << 20


class RecordReader:
    """Iterates over (row, cells); findings about quotes collect in `issues`.

    Parameters
    ----------
    lines : iterable of str
        Lines with their ends, as a text stream opened with ``newline=""`` gives them.
    delimiter : str
        One character.
    file : str
        For the issues.

    Attributes
    ----------
    width : int
        Cells of the header; 0 while it is not known.
    """

    def __init__(self, lines: Iterable[str], delimiter: str, file: str) -> None:
        self.width = 0
        self.row = 0
        self.issues: list[Issue] = []
        self._delimiter = delimiter
        self._file = file
        self._lines = _Lines(iter(lines))
        csv.field_size_limit(MAX_FIELD_BYTES)

    def __iter__(self) -> Iterator[Record]:
        """Yield records until the lines are used up."""
        source = self._lines
        while True:
            reader = csv.reader(source, delimiter=self._delimiter, skipinitialspace=True)
            while True:
                source.taken.clear()
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    self.row += 1
                    self._recover()
                    break
                self.row += 1
                is_plain = len(source.taken) == 1 and len(cells) == self.width
                if not is_plain and self._is_suspect(cells):
                    self._recover()
                    break
                yield self.row, cells

    def _is_suspect(self, cells: Sequence[str]) -> bool:
        """Whether a record may come from a quote that was not closed as it should be."""
        lines = self._lines.taken
        wrong_width = bool(self.width) and len(cells) != self.width
        if len(lines) == 1 and not (wrong_width and '"' in lines[0]):
            return False
        if not self._is_well_quoted(lines):
            return True
        return (
            len(lines) > 1
            and (wrong_width or len(lines) > MAX_LINES)
            and self._look_like_records(lines[1:])
        )

    def _is_well_quoted(self, lines: Sequence[str]) -> bool:
        reader = csv.reader(
            lines, delimiter=self._delimiter, skipinitialspace=True, strict=True
        )
        try:
            return sum(1 for _ in reader) == 1
        except csv.Error:
            return False

    def _recover(self) -> None:
        """Name the row with the quote; put back what it swallowed, if those are rows."""
        lines = list(self._lines.taken)
        if max(map(len, lines)) >= MAX_FIELD_BYTES:
            self.issues.append(long_cell(self._file, self.row))
            return
        again = len(lines) > 1 and self._look_like_records(lines[1:])
        if again:
            self._lines.put_back(lines[1:])
        rest = (
            "the row is kept out, and the rows after it are read as usual"
            if again
            else f"the row ({counted(len(lines), 'line')} of the file) is kept out"
        )
        self.issues.append(
            Issue(
                code="open-quote",
                message=f"a quote that opens here is not closed as it should be; {rest}: "
                'close the quote, or write a quote inside a cell as ""',
                file=self._file,
                row=self.row,
            )
        )

    def _look_like_records(self, lines: Sequence[str]) -> bool:
        """Whether most lines have as many delimiters as a record has."""
        counts = [line.count(self._delimiter) for line in lines if line.strip()]
        if not counts:
            return True
        if self.width:
            num_like = sum(1 for count in counts if count >= self.width - 1)
        else:
            usual, num_like = Counter(counts).most_common(1)[0]
            if not usual:
                return False
        return 2 * num_like > len(counts)


class _Lines:
    """Lines with memory: what the present record took, and what was put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.taken: list[str] = []
        self._lines = lines
        self._waiting: deque[str] = deque()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.taken.append(line)
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        """Give `lines` again, before all others."""
        self._waiting.extendleft(reversed(lines))
