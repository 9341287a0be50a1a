"""``assignments.csv``: every lead with what was decided, for machines.

RFC 4180 but for the line end: lines end in LF, because the file is read by programs
and compared by ``diff`` and by hash, and every reader of the RFC takes both. UTF-8
without a byte order mark. Cells are data, so nothing is prefixed; people open
``plan.xlsx``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from planner import schemas
from planner.domain import Plan
from planner.output.names import ODD_CHARACTERS, clean

#: Rows formatted at a time: large enough to be fast, small enough to stay lean.
CHUNK_ROWS = 50_000

_FORMATS = {
    "open_probability": "{:.4f}",
    "credit_probability": "{:.4f}",
    "expected_replies": "{:.4f}",
    "priority": "{:.1f}",
}
_QUOTED = re.compile(r'[",\r\n]')
_ASK = re.compile(f"{_QUOTED.pattern}|{ODD_CHARACTERS.pattern}")


def write_assignments(plan: Plan, path: Path) -> None:
    """Write ``assignments.csv``; equal plans give equal bytes."""
    write_table(plan.assignments[list(schemas.ASSIGNMENTS_CSV)], path, _FORMATS)


def write_table(
    frame: pd.DataFrame, path: Path, formats: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Write a table as CSV; numbers without a format are written in full."""
    with path.open("wb") as file:
        file.write((",".join(frame.columns) + "\n").encode())
        for text in _chunks(frame, formats):
            file.write(text.encode())


def cell(text: str) -> str:
    """Return one cell of a CSV file: cleaned, quoted where it must be."""
    if not _ASK.search(text):
        return text
    text = clean(text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def texts(values: pd.Series) -> list[str]:
    """Return a text column, plain or categorical, as a list."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        words = np.array([*values.cat.categories.tolist(), ""], dtype=object)
        return list(words[values.cat.codes.to_numpy()])
    return list(values.tolist())


def _chunks(frame: pd.DataFrame, formats: Mapping[str, str]) -> Iterator[str]:
    for start in range(0, len(frame), CHUNK_ROWS):
        part = frame.iloc[start : start + CHUNK_ROWS]
        columns = [_cells(part[name], formats.get(str(name), "")) for name in part]
        yield "\n".join(map(",".join, zip(*columns, strict=True))) + "\n"


def _cells(values: pd.Series, number_format: str) -> list[str]:
    """Return a column as CSV cells; what repeats is formatted once."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        words = [cell(str(word)) for word in values.cat.categories]
        return list(np.array([*words, ""], dtype=object)[values.cat.codes.to_numpy()])
    if pd.api.types.is_float_dtype(values):
        return _numbers(values, number_format or "{!r}")
    if pd.api.types.is_integer_dtype(values):
        return list(map(str, values.tolist()))
    items: list[str] = values.tolist()
    whole = "".join(items)
    # No odd character is printable; to ask for them one by one takes five times longer.
    if whole.isprintable() and '"' not in whole and "," not in whole:
        return items
    if not _ASK.search(whole):
        return items
    written = {item: cell(item) for item in set(items)}
    return [written[item] for item in items]


def _numbers(values: pd.Series, number_format: str) -> list[str]:
    codes, uniques = pd.factorize(values.to_numpy(dtype=np.float64))
    words = [number_format.format(number + 0.0) for number in uniques.tolist()]
    return list(np.array([*words, ""], dtype=object)[codes])  # code -1 is missing: ""
