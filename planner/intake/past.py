"""What the ledger knows of leads, put on the leads themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from planner.domain import Degree, Exclusion, Flag, History, Seat


def is_blank(history: History) -> bool:
    """Whether the ledger knows nothing that matters to the list."""
    tables = (history.leads, history.cohorts, history.responses)
    return all(table.empty for table in tables) and not (
        history.company_seats or history.company_touches
    )


def known(leads: pd.DataFrame, history: History) -> pd.DataFrame:
    """Return the leads with the ledger's exclusions, last touches and flags.

    What the list itself excludes stays as it is, but that a person who asked to be
    forgotten is always said to be so. A flag of the list wins over one seen before.
    """
    facts = history.leads.set_index("lead_id")
    at = np.flatnonzero(leads["lead_id"].isin(facts.index).to_numpy())
    if not len(at):
        return leads
    facts = facts.loc[leads["lead_id"].to_numpy()[at]]
    result = leads.copy()
    exclusion = leads["exclusion"].to_numpy(dtype=object, copy=True)
    rule = facts["exclusion"].to_numpy(dtype=object)
    forgotten = rule == str(Exclusion.DO_NOT_CONTACT)
    exclusion[at] = np.where((exclusion[at] == "") | forgotten, rule, exclusion[at])
    result["exclusion"] = pd.Series(exclusion, index=leads.index, dtype="str")
    contacted = leads["last_contacted_on"].to_numpy(dtype=object, copy=True)
    contacted[at] = np.maximum(
        contacted[at], facts["last_contacted_on"].to_numpy(dtype=object)
    )
    result["last_contacted_on"] = pd.Series(contacted, index=leads.index, dtype="str")
    for name in ("open_flag", "inmail_flag"):
        flag = leads[name].to_numpy(copy=True)
        seen = facts[name].to_numpy().astype(flag.dtype)
        flag[at] = np.where(flag[at] == Flag.UNKNOWN, seen, flag[at])
        result[name] = flag
    return result


def connected(leads: pd.DataFrame, history: History, seats: Sequence[Seat]) -> pd.DataFrame:
    """Return the leads with those as 1st degree who accepted a seat's invitation.

    Of the leads that may be contacted again. If that seat is gone, nobody else is to
    contact them.
    """
    seat_by_lead = history.leads.set_index("lead_id")["connected_to"]
    seat_by_lead = seat_by_lead[seat_by_lead != ""]
    at = np.flatnonzero(leads["lead_id"].isin(seat_by_lead.index).to_numpy())
    seat_of = seat_by_lead.loc[leads["lead_id"].to_numpy()[at]].to_numpy(dtype=object)
    exclusion = leads["exclusion"].to_numpy(dtype=object, copy=True)
    degree = leads["degree"].to_numpy(copy=True)
    degree_seat = leads["degree_seat"].to_numpy(dtype=object, copy=True)
    # A list that names the seat of a connection knows it better.
    told = (degree[at] == Degree.FIRST) & (degree_seat[at] != "")
    is_new = (exclusion[at] == "") & ~told
    if not is_new.any():
        return leads
    is_gone = ~np.isin(seat_of.astype(str), [seat.seat_id for seat in seats])
    exclusion[at[is_new & is_gone]] = str(Exclusion.CONTACTED_BEFORE)
    stays = is_new & ~is_gone
    degree[at[stays]] = Degree.FIRST
    degree_seat[at[stays]] = seat_of[stays]
    return leads.assign(
        exclusion=pd.Series(exclusion, index=leads.index, dtype="str"),
        degree=degree,
        degree_seat=pd.Series(degree_seat, index=leads.index, dtype="str"),
    )


def held(leads: pd.DataFrame, history: History | None) -> np.ndarray:
    """Return which leads the last run held."""
    if history is None:
        return np.zeros(len(leads), dtype=bool)
    waited = history.leads.loc[history.leads["held"], "lead_id"]
    return np.asarray(leads["lead_id"].isin(waited))


def keep_companies(
    leads: pd.DataFrame,
    history: History,
    seats: Sequence[Seat],
    at_work: Collection[str],
) -> pd.DataFrame:
    """Return the leads with the seat of their company as owner, where they have none.

    A seat that is gone, does not work within the horizon or does not serve the lead's
    group keeps no company.
    """
    groups = {seat.seat_id: seat.groups for seat in seats if seat.seat_id in set(at_work)}
    owners = {key: seat for key, seat in history.company_seats.items() if seat in groups}
    is_known = leads["company_key"].isin(list(owners))
    free = ((leads["owner"] == "") & is_known).to_numpy()
    if not free.any():
        return leads
    # As plain lists: a column of texts is slow to go through.
    keys = leads["company_key"].to_numpy(dtype=object)[free].tolist()
    group_of = leads["group"].to_numpy(dtype=object)[free].tolist()
    owner = leads["owner"].to_numpy(dtype=object, copy=True)
    owner[free] = [
        seat if not group or group in groups[seat] else ""
        for seat, group in zip(map(owners.__getitem__, keys), group_of, strict=True)
    ]
    return leads.assign(owner=pd.Series(owner, index=leads.index, dtype="str"))
