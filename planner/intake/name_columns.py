"""What a column called just *name* holds: whole names, or the part that no other one has.

Beside ``Vorname``, ``Name`` is the surname; beside ``Cognome``, ``Nome`` is the first
name; alone, or beside both, it is the whole name. The cells decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from planner.intake import translations
from planner.intake.aliases import normalise

#: Headers that say no more than *name*, normalised.
BARE = frozenset(
    normalise(word)
    for word in (
        "name",
        "naam",
        "nome",
        "nombre",
        "nom",
        *translations.BARE_NAMES.split(","),
    )
)
#: Rows that are looked at; more would not change the verdict.
_SAMPLE_ROWS = 2_000


def is_bare(header: str) -> bool:
    """Whether a header says no more than *name*."""
    return normalise(header) in BARE


def holds_other(names: pd.Series, other: pd.Series) -> bool:
    """Whether most names contain what another column has in the same row."""
    pairs = [
        (name.casefold(), part.casefold().strip())
        for name, part in zip(
            names.head(_SAMPLE_ROWS), other.head(_SAMPLE_ROWS), strict=True
        )
        if name and part.strip()
    ]
    return sum(part in name for name, part in pairs) > 0.5 * len(pairs)


def are_whole(names: pd.Series) -> bool:
    """Whether most names are of two words or more."""
    filled = [name for name in names.head(_SAMPLE_ROWS) if name]
    return sum(len(name.split()) > 1 for name in filled) > 0.5 * len(filled)


def settled(
    frame: pd.DataFrame, found: Mapping[str, Sequence[str]], free: Sequence[str]
) -> tuple[str, str] | None:
    """Return a column called just *name* and what it means beside the others.

    Parameters
    ----------
    frame : pandas.DataFrame
        The file as text.
    found : mapping of str to sequence of str
        Headers by the meaning that they proposed.
    free : sequence of str
        Headers without a meaning.

    Returns
    -------
    tuple or None
        Header and meaning; None where nothing differs from what the headers proposed.
    """
    parts = [name for name in ("first_name", "last_name") if found.get(name)]
    if len(parts) != 1:
        return None
    (part,) = parts
    other = found[part][0]
    if is_bare(other):
        is_whole = "full_name" not in found and are_whole(frame[other])
        return (other, "full_name") if is_whole else None
    bare = [header for header in (*found.get("full_name", ()), *free) if is_bare(header)]
    if not bare or holds_other(frame[bare[0]], frame[other]):
        return None
    return bare[0], "last_name" if part == "first_name" else "first_name"
