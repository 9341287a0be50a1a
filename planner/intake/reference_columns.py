"""Keys of a whole column: `planner.intake.references.parse` for a million cells.

Nearly all cells have one of a few spellings. One regular expression per spelling is run
over blocks of cells written one per line, which takes C speed; only what it does not
know is parsed cell by cell, each distinct text once.
"""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.intake.cells import BLOCK, Cells, blank, filled
from planner.intake.references import (
    NIL_UUID,
    NOT_HANDLES,
    RESERVED_SLUGS,
    Form,
    Kind,
    parse,
)

_RESERVED = "|".join(sorted(map(re.escape, RESERVED_SLUGS)))
_ID = r"AC[a-z]AA[A-Za-z0-9_-]{34}"
_REST = "|^.*$"  # so that every line gives one result
#: The spellings that nearly all cells have, found by one scan over a block of cells.
_FAST_SLUG = re.compile(
    r"^(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/in/"
    rf"((?!AC[a-z]A|ac[a-z]aa|(?i:{_RESERVED})(?:[/?]|$))[A-Za-z0-9][A-Za-z0-9-]{{2,99}})"
    r"/?(?:\?[!-~]*)?$" + _REST,
    re.MULTILINE,
)
_FAST_HASH = re.compile(
    r"^(?:https?://(?:www\.)?linkedin\.com/(?:in|sales/lead|sales/people)/)?"
    rf"({_ID})(?:,[A-Za-z_]+,[A-Za-z0-9_-]+)?/?$" + _REST,
    re.MULTILINE,
)
_FAST_MEMBER = re.compile(r"^([1-9]\d{5,14})$" + _REST, re.MULTILINE)
_FAST_UUID = re.compile(
    rf"^(?!{NIL_UUID})([0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}})$" + _REST,
    re.MULTILINE,
)
_FAST_EMAIL = re.compile(
    r"^([A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]+)$" + _REST,
    re.MULTILINE,
)
_FAST_HANDLE = re.compile(
    rf"^((?!AC[a-z]A|ac[a-z]aa|(?i:{'|'.join(sorted(NOT_HANDLES))})$)"
    r"[A-Za-z][A-Za-z0-9-]{2,99})$" + _REST,
    re.MULTILINE,
)

_FAST: dict[Form, tuple[tuple[re.Pattern[str], Kind], ...]] = {
    Form.ANY: (
        (_FAST_SLUG, Kind.SLUG),
        (_FAST_HASH, Kind.HASH),
        (_FAST_MEMBER, Kind.MEMBER),
    ),
    Form.LINK: (
        (_FAST_HASH, Kind.HASH),
        (_FAST_SLUG, Kind.SLUG),
        (_FAST_MEMBER, Kind.MEMBER),
    ),
    Form.SLUG: ((_FAST_HANDLE, Kind.SLUG), (_FAST_SLUG, Kind.SLUG)),
    Form.MEMBER: ((_FAST_MEMBER, Kind.MEMBER),),
    Form.UUID: ((_FAST_UUID, Kind.UUID),),
    Form.EMAIL: ((_FAST_EMAIL, Kind.EMAIL),),
}
_LOWERED = frozenset({Kind.SLUG, Kind.EMAIL})


class Parsed(NamedTuple):
    """A column's keys: kind and canonical value of each cell."""

    kinds: npt.NDArray[np.int8]
    values: Cells


def parse_column(cells: Cells, form: Form = Form.ANY) -> Parsed:
    """Return what `parse` returns for every cell of a column."""
    kinds = np.zeros(len(cells), dtype=np.int8)
    values = blank(len(cells))
    rest = np.flatnonzero(filled(cells))
    for pattern, kind in _FAST[form]:
        if not len(rest):
            break
        found = _scan(cells[rest], pattern, lower=kind in _LOWERED)
        hit = filled(found)
        kinds[rest[hit]] = kind
        values[rest[hit]] = found[hit]
        rest = rest[~hit]
    if len(rest):
        codes, uniques = pd.factorize(cells[rest])
        parsed = list(map(partial(parse, form=form), uniques))
        kinds[rest] = np.fromiter((p.kind for p in parsed), np.int8, len(parsed))[codes]
        texts = np.empty(len(parsed), dtype=object)
        texts[:] = [p.value for p in parsed]
        values[rest] = texts[codes]
    return Parsed(kinds, values)


def _scan(cells: Cells, pattern: re.Pattern[str], *, lower: bool) -> Cells:
    """Return the group that `pattern` finds in each cell, blank where it does not."""
    found = np.empty(len(cells), dtype=object)
    for start in range(0, len(cells), BLOCK):
        block = list(cells[start : start + BLOCK])
        whole = "\n".join(block)
        if whole.count("\n") != len(block) - 1:
            whole = "\n".join([cell.replace("\n", " ") for cell in block])
        hits = pattern.findall(whole)
        if lower:
            hits = "\n".join(hits).lower().split("\n")
        found[start : start + len(block)] = hits
    return found
