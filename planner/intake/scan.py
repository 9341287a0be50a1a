"""A look at every quote, delimiter and line end of a text file, without parsing it.

The C parser of pandas is several times faster than `csv` in Python, but it drops cells
of long rows, pads short ones and reads odd quotes in its own way, all without a word.
This scan proves that a file has none of that, so that both parsers must agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.intake.lines import MAX_LINES
from planner.intake.records import MAX_CELL_CHARACTERS

_BLOCK = 1 << 22
_LF, _CR, _QUOTE = 10, 13, 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What must be known of a file before it is scanned."""

    start: int
    delimiter: int
    width: int
    header_row: int


def end_of_header(data: bytes, layout: Layout) -> int | None:
    """Return where the records begin; None if the C parser might read them otherwise.

    Clean means: quotes only around cells (RFC 4180), line ends LF or CRLF outside
    quotes, every record below the header as wide as the header or empty, no cell beyond
    the limits.
    """
    scan = _Scan(data, layout)
    for begin in range(layout.start, len(data), _BLOCK):
        if not scan.block(begin, min(begin + _BLOCK, len(data))):
            return None
    return scan.finish()


class _Scan:
    """State that is carried from one block of bytes to the next."""

    def __init__(self, data: bytes, layout: Layout) -> None:
        self._bytes = np.frombuffer(data, dtype=np.uint8)
        self._layout = layout
        self._is_special = np.zeros(256, dtype=bool)
        self._is_special[[_LF, _CR, _QUOTE, layout.delimiter]] = True
        self._num_quotes = 0
        self._num_records = 0
        self._num_delimiters = 0  # of the record that goes on
        self._num_inner_ends = 0  # likewise
        self._record_start = layout.start
        self._last_separator = layout.start - 1
        self._body = layout.start if layout.header_row == 0 else -1

    def block(self, begin: int, end: int) -> bool:
        """Look at one block; whether it is clean so far."""
        at = np.flatnonzero(self._is_special[self._bytes[begin:end]]) + begin
        chars = self._bytes[at]
        quotes = chars == _QUOTE
        if quotes.any():
            order = self._num_quotes + np.cumsum(quotes)
            is_outside = (order & 1) == 0
            if not self._are_proper(at[quotes], order[quotes]):
                return False
            self._num_quotes = int(order[-1])
        else:
            is_outside = np.full(len(at), self._num_quotes % 2 == 0)
        returns = at[is_outside & (chars == _CR)]
        if not all_followed_by(self._bytes, returns, _LF):
            return False
        ends = at[is_outside & (chars == _LF)]
        delimiters = at[is_outside & (chars == self._layout.delimiter)]
        inner = at[~is_outside & ((chars == _LF) | (chars == _CR))]
        separators = at[is_outside & ((chars == _LF) | (chars == self._layout.delimiter))]
        return self._are_short(separators, end) and self._records(ends, delimiters, inner)

    def finish(self) -> int | None:
        """Look at the last record, which may lack its line end."""
        size = len(self._bytes)
        if self._num_quotes % 2:
            return None
        if size > self._record_start:
            none = np.empty(0, dtype=np.int64)
            if not self._records(np.array([size]), none, none):
                return None
        return self._body if self._body >= 0 else None

    def _are_proper(self, at: np.ndarray, order: np.ndarray) -> bool:
        """Whether quotes open after a delimiter or line end, and close before one."""
        opening = at[(order & 1) == 1]
        closing = at[(order & 1) == 0]
        before = np.where(
            opening > self._layout.start, self._bytes[np.maximum(opening - 1, 0)], _LF
        )
        last = len(self._bytes) - 1
        after = np.where(closing < last, self._bytes[np.minimum(closing + 1, last)], _LF)
        delimiter = self._layout.delimiter
        return bool(
            np.isin(before, (delimiter, _LF, _QUOTE)).all()
            and np.isin(after, (delimiter, _LF, _CR, _QUOTE)).all()
        )

    def _are_short(self, separators: np.ndarray, end: int) -> bool:
        """Whether no cell is beyond the limit, counted in bytes."""
        gaps = np.diff(separators, prepend=self._last_separator, append=end)
        if len(separators):
            self._last_separator = int(separators[-1])
        return int(gaps.max()) <= MAX_CELL_CHARACTERS

    def _records(self, ends: np.ndarray, delimiters: np.ndarray, inner: np.ndarray) -> bool:
        """Whether the records that end here are as wide as the header, or empty."""
        width, header_row = self._layout.width, self._layout.header_row
        before = np.searchsorted(delimiters, ends)
        cells = np.diff(before, prepend=-self._num_delimiters) + 1
        line_ends = np.searchsorted(inner, ends)
        lines = np.diff(line_ends, prepend=-self._num_inner_ends) + 1
        starts = np.concatenate([[self._record_start], ends[:-1] + 1])[: len(ends)]
        is_empty = (ends == starts) | (
            (ends == starts + 1)
            & (self._bytes[np.minimum(starts, len(self._bytes) - 1)] == _CR)
        )
        rows = self._num_records + 1 + np.arange(len(ends))
        is_body = rows > header_row
        if not bool(((cells == width) | is_empty | ~is_body).all()):
            return False
        if bool((lines > MAX_LINES).any()):
            return False
        here = np.flatnonzero(rows == header_row)
        if len(here):
            self._body = int(ends[here[0]]) + 1
        self._num_records += len(ends)
        if len(ends):
            self._record_start = int(ends[-1]) + 1
            self._num_delimiters = len(delimiters) - int(before[-1])
            self._num_inner_ends = len(inner) - int(line_ends[-1])
        else:
            self._num_delimiters += len(delimiters)
            self._num_inner_ends += len(inner)
        return True


def all_followed_by(values: np.ndarray, at: np.ndarray, byte: int) -> bool:
    """Whether every position is followed by `byte`."""
    if not len(at):
        return True
    if int(at[-1]) == len(values) - 1:
        return False
    return bool((values[at + 1] == byte).all())
