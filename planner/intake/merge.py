"""Several rows about one person, made one: the newest says most, the careful one wins.

Nothing here depends on the order of rows or files, but for `Merge.first`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from planner.intake.cells import Cells, Mask, Rows, filled

Small = npt.NDArray[np.int8]

#: Day of a row whose export carries no date: before every dated one.
UNDATED = -1


class MergedFlag(NamedTuple):
    """A flag per lead, and the leads on which rows disagreed.

    ``settled`` disagreements were decided by the newest export, ``unsettled`` ones in
    favour of no, because nothing says which row is newer.
    """

    values: Small
    settled: Rows
    unsettled: Rows


class MergedDegree(NamedTuple):
    """Degree and the connected seat per lead, and the leads with several such seats."""

    values: Small
    seats: Cells
    several: Rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Merge:
    """Rows by lead.

    Parameters
    ----------
    num_leads : int
        Number of leads.
    rows, lead : numpy.ndarray
        Rows that make up the leads, in input order, and the lead of each.
    exported : numpy.ndarray
        Day of the export of each of these rows, `UNDATED` if not known.
    first, size : numpy.ndarray
        First row and number of rows of each lead.
    several : numpy.ndarray
        Positions in `rows` of the rows of leads with more than one, by lead and rank.
    rank : numpy.ndarray
        Rank of each position in `several`: newest export first, then the row with the
        most filled cells; equal where neither tells rows apart.
    """

    num_leads: int
    rows: Rows
    lead: Rows
    exported: Rows
    first: Rows
    size: Rows
    several: Rows
    rank: Rows

    @property
    def several_lead(self) -> Rows:
        """Lead of each position in `several`."""
        return self.lead[self.several]

    def text(self, cells: Cells) -> Cells:
        """Return the best cell of each lead: first that is not blank, by rank.

        Among cells of equal rank the smallest text wins.
        """
        if self.num_leads == len(cells):  # every row is a lead of its own
            return cells
        result: Cells = cells[self.first]
        if not len(self.several):
            return result
        values = cells[self.rows[self.several]]
        has = filled(values)
        values, rank, lead = values[has], self.rank[has], self.several_lead[has]
        best = np.full(self.num_leads, np.iinfo(np.int64).max)
        np.minimum.at(best, lead, rank)
        top = rank == best[lead]
        values, lead = values[top], lead[top]
        result[lead[::-1]] = values[::-1]
        for at in np.flatnonzero(values != result[lead]):
            result[lead[at]] = min(result[lead[at]], values[at])
        return result

    def differing(self, cells: Cells) -> Rows:
        """Return the leads whose rows hold different texts, blanks and case aside."""
        values = cells[self.rows[self.several]]
        has = filled(values)
        values, lead = values[has], self.several_lead[has]
        starts = np.flatnonzero(np.diff(lead, prepend=-1))
        anchor = values[np.repeat(starts, np.diff(starts, append=len(lead)))]
        differs = np.flatnonzero(values != anchor)
        folded = [at for at in differs if values[at].casefold() != anchor[at].casefold()]
        return np.unique(lead[folded])

    def largest(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the largest number of each lead, NaN if it has none."""
        result: npt.NDArray[np.float64] = values[self.first].astype(np.float64)
        np.fmax.at(result, self.several_lead, values[self.rows[self.several]])
        return result

    def flag(self, values: Small) -> MergedFlag:
        """Return the newest known flag of each lead; no where rows only disagree."""
        known = values[self.rows] >= 0
        value, lead = values[self.rows][known], self.lead[known]
        exported = self.exported[known]
        yes, no = self._any(lead[value == 1]), self._any(lead[value == 0])
        result = np.where(no, 0, np.where(yes, 1, -1)).astype(np.int8)
        disputed = yes & no
        newest = np.full(self.num_leads, UNDATED - 1, dtype=np.int64)
        np.maximum.at(newest, lead, exported)
        last = exported == newest[lead]
        last_yes = self._any(lead[last & (value == 1)])
        last_no = self._any(lead[last & (value == 0)])
        unsettled = disputed & (self._any(lead[exported == UNDATED]) | (last_yes & last_no))
        settled = disputed & ~unsettled
        result[settled] = last_yes[settled]
        return MergedFlag(result, np.flatnonzero(settled), np.flatnonzero(unsettled))

    def degree(self, values: Small, seats: Cells) -> MergedDegree:
        """Return the shortest distance of each lead to a seat, by each seat's last word."""
        degree = values[self.first].copy()
        seat: Cells = np.where(degree == 1, seats[self.first], "")
        at = self.several[values[self.rows[self.several]] > 0]
        if not len(at):
            return MergedDegree(degree, seat, at)
        rows, lead = self.rows[at], self.lead[at]
        names, codes = np.unique(seats[rows].astype(str), return_inverse=True)
        # An undated row that says connected (LinkedIn's own export has no export date)
        # counts as the last word: nobody connected may get an InMail.
        connected = (values[rows] == 1) & (self.exported[at] == UNDATED)
        said = np.where(connected, np.iinfo(np.int64).max, self.exported[at])
        order = np.lexsort((values[rows], -said, codes, lead))
        lead, codes, value = lead[order], codes[order], values[rows][order]
        last_word = (np.diff(lead, prepend=-1) != 0) | (np.diff(codes, prepend=-1) != 0)
        lead, codes, value = lead[last_word], codes[last_word], value[last_word]
        degree[lead] = np.iinfo(np.int8).max
        np.minimum.at(degree, lead, value)
        named = (value == 1) & (names[codes] != "")
        seat[lead] = ""
        seat[lead[named][::-1]] = names[codes[named]][::-1].astype(object)
        connections = np.bincount(lead[named], minlength=self.num_leads)
        return MergedDegree(degree, seat, np.flatnonzero(connections > 1))

    def _any(self, leads: Rows) -> Mask:
        result = np.zeros(self.num_leads, dtype=np.bool_)
        result[leads] = True
        return result


def merge(rows: Rows, lead: Rows, exported: Rows, columns: list[Cells]) -> Merge:
    """Prepare rows for merging.

    Parameters
    ----------
    rows, lead : numpy.ndarray
        Rows that make up leads, in input order, and the lead (from 0) of each.
    exported : numpy.ndarray
        Day of export of each of these rows, `UNDATED` if not known.
    columns : list of arrays
        Columns whose filled cells count for how much a row says.
    """
    num_leads = int(lead.max()) + 1 if len(lead) else 0
    size = np.bincount(lead, minlength=num_leads).astype(np.int64)
    first = np.full(num_leads, np.iinfo(np.int64).max)
    np.minimum.at(first, lead, rows)
    several = np.flatnonzero(size[lead] > 1)
    num_filled = np.zeros(len(several), dtype=np.int64)
    for cells in columns:
        num_filled += filled(cells[rows[several]])
    keys = (-num_filled, -exported[several], lead[several])
    order = np.lexsort(keys)
    changes = np.zeros(len(order), dtype=np.bool_)
    for key in keys:
        changes |= np.diff(key[order], prepend=key[order[:1]]) != 0
    return Merge(
        num_leads=num_leads,
        rows=rows,
        lead=lead,
        exported=exported,
        first=first,
        size=size,
        several=several[order],
        rank=np.cumsum(changes).astype(np.int64),
    )
