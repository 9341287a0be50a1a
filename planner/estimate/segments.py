"""Cut the leads into segments that keep enough known flags to be estimated.

The Premium flag is the best predictor of an unknown open flag (model.md C8), so it is
always a factor, and *unknown* is a level of its own. The other factors are the list's:
what the team calls a segment, else seniority, industry, region and source. Which cells
are cut further depends on how many flags are known in them, never on how many of these
are open: choosing by the outcome would make the estimates look surer than they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.domain import Flag
from planner.params import Parameters

Ints = NDArray[np.int64]

#: More segments than this are neither read by anyone nor better estimated.
MAX_SEGMENTS = 40

#: The team's own segment is used alone where at least this share of leads has one.
FILLED_SHARE = 0.5

#: Factors that cut a list without segments of its own, the most telling first.
FACTORS = ("seniority", "industry", "region", "source_file")

#: Levels of the Premium flag: flag, key of `SegmentShare.premium`, name in a label.
PREMIUM_LEVELS = (
    (Flag.YES, "yes", "Premium"),
    (Flag.NO, "no", "not Premium"),
    (Flag.UNKNOWN, "unknown", "Premium unknown"),
)


class Segmentation(NamedTuple):
    """Segment of every lead, and what each segment is.

    ``codes`` has one entry per lead and points into ``labels`` and ``premium``;
    ``premium`` is ``yes``, ``no`` or ``unknown``.
    """

    codes: Ints
    labels: tuple[str, ...]
    premium: tuple[str, ...]


class _Cell(NamedTuple):
    """A segment in the making: its Premium level and the factor levels it was cut by.

    ``rest`` marks what is left of a cell after its larger levels were cut out.
    """

    premium: int
    path: tuple[str, ...]
    rest: bool


def assign_segments(leads: pd.DataFrame, parameters: Parameters) -> Segmentation:
    """Return the segments of `leads` (columns of `planner.schemas.LEADS`).

    Starts from the Premium levels. Each factor in turn cuts every cell into the levels
    with at least ``min_segment_labels`` known flags and a rest; a rest with fewer goes
    back to the ``/ other`` of its Premium level. Cells with the most known flags are
    cut first, until there are `MAX_SEGMENTS`. Neither the order of rows nor that of
    levels matters.
    """
    flags = leads["premium_flag"].to_numpy()
    codes = np.zeros(len(leads), dtype=np.int64)
    for level, (flag, _, _) in enumerate(PREMIUM_LEVELS):
        codes[flags == flag] = level
    cells = [_Cell(level, (), False) for level in range(len(PREMIUM_LEVELS))]
    is_known = leads["open_flag"].to_numpy() != Flag.UNKNOWN
    for factor in _factors(leads):
        if len(cells) >= MAX_SEGMENTS:
            break
        level_codes, levels = _levels(_factor_values(leads, factor), is_known, parameters)
        if levels:
            codes, cells = _cut(codes, cells, level_codes, levels, is_known, parameters)
    return _named(codes, cells)


def _factors(leads: pd.DataFrame) -> tuple[str, ...]:
    is_filled = (leads["segment"] != "").to_numpy()
    if is_filled.size and is_filled.mean() >= FILLED_SHARE:
        return ("segment",)
    return ("segment", *FACTORS) if is_filled.any() else FACTORS


def _factor_values(leads: pd.DataFrame, factor: str) -> pd.Series:
    """Return a factor's column; of source files only the name, not the folder."""
    values = leads[factor]
    if factor != "source_file":
        return values
    codes, paths = pd.factorize(values)
    names = [str(path).replace("\\", "/").rsplit("/", 1)[-1] for path in paths]
    return pd.Series(np.array([*names, ""], dtype=object)[codes])


def _levels(
    values: pd.Series, is_known: NDArray[np.bool_], parameters: Parameters
) -> tuple[Ints, list[str]]:
    """Return level codes of `values` (-1: no level) and the levels worth a cell.

    A level with too few known flags in the whole list has too few in any cell; among
    the others the best known `MAX_SEGMENTS` are kept, ties by name. Blank is no level.
    """
    raw, uniques = pd.factorize(values)
    names = [str(name) for name in uniques]
    num_known = np.bincount(raw[is_known], minlength=len(names))
    num_leads = np.bincount(raw, minlength=len(names))
    kept = [
        index
        for index, name in enumerate(names)
        if name and num_known[index] >= parameters.min_segment_labels
    ]
    kept.sort(key=lambda index: (-num_known[index], -num_leads[index], names[index]))
    kept = kept[:MAX_SEGMENTS]
    new_code = np.full(len(names) + 1, -1, dtype=np.int64)
    new_code[kept] = np.arange(len(kept))
    return new_code[raw], [names[index] for index in kept]


def _cut(
    codes: Ints,
    cells: list[_Cell],
    level_codes: Ints,
    levels: list[str],
    is_known: NDArray[np.bool_],
    parameters: Parameters,
) -> tuple[Ints, list[_Cell]]:
    """Cut every cell by one factor, as far as known flags and `MAX_SEGMENTS` allow."""
    shape = (len(cells), len(levels) + 1)
    crossed = codes * shape[1] + level_codes + 1  # column 0: no level worth a cell
    known = np.bincount(crossed[is_known], minlength=shape[0] * shape[1]).reshape(shape)
    total = np.bincount(crossed, minlength=shape[0] * shape[1]).reshape(shape)
    result = list(cells)
    target = np.repeat(np.arange(shape[0]), shape[1]).reshape(shape)
    # Each Premium level may come to need an "/ other".
    room = max(MAX_SEGMENTS - len(cells) - len(PREMIUM_LEVELS), 0)
    for cell, level in _worth_cutting(cells, known, total, parameters)[:room]:
        target[cell, level] = len(result)
        path = (*cells[cell].path, levels[level - 1])
        result.append(_Cell(cells[cell].premium, path, False))
    _settle_rests(result, target, known, total, parameters)
    return target.reshape(-1)[crossed], result


def _worth_cutting(
    cells: list[_Cell], known: Ints, total: Ints, parameters: Parameters
) -> list[tuple[int, int]]:
    """Return (cell, level) that may get a segment, most known flags first.

    A rest is never cut again, and a level that is a whole cell is not cut out of it: it
    would only be renamed.
    """
    is_enough = (known >= parameters.min_segment_labels) & (total > 0)
    is_enough &= total < total.sum(axis=1, keepdims=True)
    is_enough &= ~np.array([cell.rest for cell in cells])[:, None]
    is_enough[:, 0] = False
    pairs = [(int(cell), int(level)) for cell, level in np.argwhere(is_enough)]
    return sorted(pairs, key=lambda pair: (-known[pair], pair))


def _settle_rests(
    cells: list[_Cell],
    target: Ints,
    known: Ints,
    total: Ints,
    parameters: Parameters,
) -> None:
    """Name what is left of each cell; send small rests to their Premium level's."""
    for cell in range(target.shape[0]):
        is_rest = target[cell] == cell
        if is_rest.all() or not total[cell, is_rest].any():
            continue
        cells[cell] = cells[cell]._replace(rest=True)
        if cells[cell].path and known[cell, is_rest].sum() < parameters.min_segment_labels:
            other = _Cell(cells[cell].premium, (), True)
            if other not in cells:
                cells.append(other)
            target[cell, is_rest] = cells.index(other)


def _named(codes: Ints, cells: list[_Cell]) -> Segmentation:
    """Drop empty cells, order the others by Premium level and label, and name them."""
    sizes = np.bincount(codes, minlength=len(cells))
    used = [index for index in range(len(cells)) if sizes[index]]
    used.sort(
        key=lambda index: (cells[index].premium, cells[index].rest, cells[index].path)
    )
    position = np.zeros(len(cells), dtype=np.int64)
    position[used] = np.arange(len(used))
    labels: list[str] = []
    for index in used:
        labels.append(_unique(_label(cells[index]), labels))
    premium = tuple(PREMIUM_LEVELS[cells[index].premium][1] for index in used)
    return Segmentation(position[codes], tuple(labels), premium)


def _label(cell: _Cell) -> str:
    name = ", ".join((PREMIUM_LEVELS[cell.premium][2], *cell.path))
    return f"{name} / other" if cell.rest else name


def _unique(label: str, taken: list[str]) -> str:
    """Return `label`, numbered if taken: "a, b" + "c" and "a" + "b, c" read alike."""
    copies = sum(other == label or other.startswith(f"{label} (") for other in taken)
    return f"{label} ({copies + 1})" if copies else label
