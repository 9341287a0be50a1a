"""Owners, groups and connections of the leads, checked against the seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from planner.domain import ColumnMapping, Exclusion, LeadTable, Seat
from planner.errors import Issue, Severity


def match_seats(
    table: LeadTable, seats: Sequence[Seat], mappings: Sequence[ColumnMapping] = ()
) -> LeadTable:
    """Return the leads with owners as seat ids and groups as seats spell them.

    An owner may be given as a seat's id or as its sender's name, in any case. A lead
    whose owner is no seat, or whose group no seat serves, is excluded with an error: it
    may not silently go to someone else. A connection of an unknown seat keeps its
    message, but the seat has to be looked up. The mappings name the columns of findings.
    """
    columns = {item.file: item.columns for item in mappings}
    by_name: dict[str, str] = {}
    for seat in seats:
        by_name.setdefault(seat.sender.casefold(), seat.seat_id)
    by_name.update({seat.seat_id.casefold(): seat.seat_id for seat in seats})
    groups = {group for seat in seats for group in seat.groups}
    leads = table.leads.copy()
    issues = list(table.issues)
    free = leads["exclusion"].to_numpy() == ""
    owner, unknown = _translate(leads["owner"], by_name)
    leads["owner"] = owner
    issues += _faults(
        leads, unknown & free, "unknown-owner", "owner is no seat or sender", "owner",
        columns,
    )  # fmt: skip
    group, no_seat = _translate(leads["group"], {name: name for name in groups})
    leads["group"] = group
    served = no_seat & free & ~unknown
    issues += _faults(
        leads, served, "unknown-group", "no seat of the inventory serves this group",
        "group", columns,
    )  # fmt: skip
    exclusion = leads["exclusion"].to_numpy(dtype=object, copy=True)
    exclusion[unknown & free] = str(Exclusion.UNKNOWN_OWNER)
    exclusion[served] = str(Exclusion.UNKNOWN_GROUP)
    leads["exclusion"] = pd.Series(exclusion, index=leads.index, dtype="str")
    degree_seat, stranger = _translate(leads["degree_seat"], by_name)
    leads["degree_seat"] = degree_seat
    issues += _faults(
        leads, stranger, "unknown-scraper", "scraped_by is no seat or sender: look it up",
        "scraped_by", columns, Severity.WARNING,
    )  # fmt: skip
    return replace(table, leads=leads, issues=tuple(issues))


def _translate(values: pd.Series, known: Mapping[str, str]) -> tuple[pd.Series, np.ndarray]:
    """Return each value as `known` spells it, blank where it is unknown, and a mask."""
    codes, names = pd.factorize(values, sort=False)
    folded = [str(name).strip().casefold() for name in names]
    spelled = np.array([known.get(name, "") for name in folded], dtype=object)
    missing = np.array([name != "" and name not in known for name in folded], dtype=bool)
    if not len(names):
        return values, np.zeros(len(values), dtype=bool)
    return pd.Series(spelled[codes], index=values.index, dtype="str"), missing[codes]


def _faults(
    leads: pd.DataFrame,
    mask: np.ndarray,
    code: str,
    message: str,
    meaning: str,
    columns: Mapping[str, Mapping[str, tuple[str, ...]]],
    severity: Severity = Severity.ERROR,
) -> list[Issue]:
    places = leads.loc[mask, ["source_file", "source_row"]].sort_values(
        ["source_file", "source_row"]
    )
    return [
        Issue(
            code=code, message=f"{message}; correct it or add the seat", severity=severity,
            file=str(file), row=int(row),
            column=next(iter(columns.get(str(file), {}).get(meaning, ())), ""),
        )
        for file, row in places.itertuples(index=False)
    ]  # fmt: skip
