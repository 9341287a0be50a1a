"""Columns of text, cleaned a whole column at a time.

A column is an object array of ``str`` in which blank is ``""``. Most cells of most
files are clean already, so each function first asks one question about a whole block of
cells (in C) and touches single cells only where the answer is no.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.domain import ColumnMapping, RawTable

Cells: TypeAlias = npt.NDArray[np.object_]
Rows: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

#: Cells handled at once: large enough for C speed, small enough to stay in cache.
BLOCK = 100_000

_LINE_BREAKS = re.compile(r"[\t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029]+")
#: Control characters, the byte order mark, and marks of width zero or of direction.
#: Joiners (U+200C, U+200D) stay: Persian, Hindi and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe]"
)
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th"}
)


def blank(num_rows: int) -> Cells:
    """Return a column of blanks."""
    return np.full(num_rows, "", dtype=object)


def column(values: list[str]) -> Cells:
    """Return a list of texts as a column."""
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return cells


def filled(cells: Cells) -> Mask:
    """Return which cells are not blank."""
    return np.asarray(cells != "", dtype=np.bool_)


def tidy_text(text: str) -> str:
    """Compose to NFC, turn line breaks into spaces, drop invisible characters, strip."""
    text = _INVISIBLE.sub("", _LINE_BREAKS.sub(" ", text))
    return unicodedata.normalize("NFC", text).strip()


def tidy(cells: Cells) -> Cells:
    """Return the column with every cell as `tidy_text` would have it."""
    blocks = []
    for start in range(0, len(cells), BLOCK):
        block = cells[start : start + BLOCK]
        if not _is_tidy(block):
            block = column(
                [
                    c
                    if c.isascii() and c.isprintable() and c == c.strip()
                    else tidy_text(c)
                    for c in block
                ]
            )
        blocks.append(block)
    return np.concatenate(blocks) if blocks else cells


def _is_tidy(block: Cells) -> bool:
    # Only a blank is both white space and printable, so edges need a look for it alone.
    whole = f"`{'`'.join(block)}`"
    if not whole.isprintable() or "` " in whole or " `" in whole:
        return False
    return whole.isascii() or unicodedata.is_normalized("NFC", whole)


def by_line(cells: Cells, change: Callable[[str], str]) -> Cells:
    """Apply `change` to blocks of cells written one per line; it must keep the lines."""
    result = np.empty(len(cells), dtype=object)
    for start in range(0, len(cells), BLOCK):
        block = list(cells[start : start + BLOCK])
        whole = "\n".join(block)
        if whole.count("\n") != len(block) - 1:
            whole = "\n".join([_LINE_BREAKS.sub(" ", cell) for cell in block])
        result[start : start + len(block)] = change(whole).split("\n")
    return result


def fold_text(text: str) -> str:
    """Return text for comparing: case folded, Latin letters without their marks."""
    text = text.casefold()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text).casefold()
    return _LATIN_MARKS.sub("", text).translate(_UNDECOMPOSED)


def fold(cells: Cells) -> Cells:
    """Return the column with every cell as `fold_text` would have it."""
    return by_line(cells, fold_text)


def on_uniques(cells: Cells, change: Callable[[Cells], Cells]) -> Cells:
    """Apply a function of columns to the distinct cells only."""
    codes, uniques = pd.factorize(cells)
    if len(uniques) == len(cells):
        return change(cells)
    changed: Cells = change(np.asarray(uniques, dtype=object))[codes]
    return changed


def headers(table: RawTable, mapping: ColumnMapping, meaning: str) -> tuple[str, ...]:
    """Return the headers of the file's columns with this meaning, best first."""
    named = mapping.columns.get(meaning, ())
    return tuple(header for header in named if header in table.frame.columns)


def raw(table: RawTable, header: str) -> Cells:
    """Return one column of a file as it stands, a missing value as blank."""
    values = table.frame[header]
    if bool(values.isna().any()):
        values = values.fillna("")
    return np.asarray(values.to_numpy(dtype=object), dtype=object)


def read(table: RawTable, mapping: ColumnMapping, meaning: str) -> Cells | None:
    """Return the cells with this meaning, the first column that is not blank.

    None if no column of the file has the meaning.
    """
    found: Cells | None = None
    for header in headers(table, mapping, meaning):
        cells = tidy(raw(table, header))
        if found is None:
            found = cells
            continue
        empty = ~filled(found)
        if not empty.any():
            break
        found = np.where(empty, cells, found)
    return found
