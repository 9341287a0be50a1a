"""Which column means what, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.domain import ColumnMapping

#: Files or sheets with the same columns that are named one by one.
_NAMED = 5


def mappings_in_words(
    mappings: Iterable[ColumnMapping], meanings: Mapping[str, str] | None = None
) -> list[str]:
    """Return, line by line, which column of each file means what.

    Files, or sheets, whose columns mean the same are described once, together.

    Parameters
    ----------
    mappings : iterable of ColumnMapping
        In the order of the files.
    meanings : mapping of str to str, optional
        What a column is used for, by the name of its meaning.
    """
    files: dict[tuple[str, ...], list[str]] = {}
    for mapping in mappings:
        files.setdefault(tuple(_columns(mapping, meanings or {})), []).append(mapping.file)
    lines = []
    for columns, names in files.items():
        lines += [f"{_listed(names)}:", *columns]
    return lines


def _columns(mapping: ColumnMapping, meanings: Mapping[str, str]) -> Iterable[str]:
    for name, headers in mapping.columns.items():
        how = mapping.origin.get(name, "header")
        note = "" if how == "header" else f" (by {how})"
        used_for = f": {meanings[name]}" if name in meanings else ""
        yield f"  {name} = {', then '.join(headers)}{note}{used_for}"
    if mapping.unused:
        yield f"  not used: {', '.join(mapping.unused)}"


def _listed(names: list[str]) -> str:
    """Return the names, the first of them and a number where they are many."""
    more = len(names) - _NAMED
    if more <= 0:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {more} more with the same columns"
