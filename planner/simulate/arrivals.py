"""New leads that arrive from week to week, drawn from the run's own list."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from planner.domain import Identities, LeadTable


def first_list(table: LeadTable) -> LeadTable:
    """Return the list of the first week, known to a ledger by its lead ids alone."""
    return _identified(table.leads)


def arrive(leads: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return new leads: others in the same companies, with the same flags and segments.

    Parameters
    ----------
    leads : pandas.DataFrame
        The run's own list, by `planner.schemas.LEADS`; drawn from with replacement. Whom
        the list excludes is not drawn.
    count : int
        How many arrive.
    rng : numpy.random.Generator
        Also the source of the new ids.
    """
    usable = np.flatnonzero((leads["exclusion"] == "").to_numpy())
    new = leads.iloc[usable[rng.integers(len(usable), size=count)]].copy()
    salt = rng.bytes(8).hex()
    new["lead_id"] = [_lead_id(salt, number) for number in range(count)]
    new["linkedin_url"] = ("lead:" + new["lead_id"]).where(new["linkedin_url"] != "", "")
    new["last_contacted_on"] = ""
    return new.sort_values("lead_id", ignore_index=True)


def _lead_id(salt: str, number: int) -> str:
    return hashlib.blake2b(f"{salt} {number}".encode(), digest_size=8).hexdigest()


def joined(table: LeadTable, new: pd.DataFrame) -> LeadTable:
    """Return the list with new leads in it."""
    if new.empty:
        return table
    leads = pd.concat([table.leads, new], ignore_index=True)
    return _identified(leads.sort_values("lead_id", ignore_index=True))


def _identified(leads: pd.DataFrame) -> LeadTable:
    """Return a table of leads, one row each, whose only identity is the lead id."""
    count = len(leads)
    rows = pd.DataFrame(
        {
            "source_file": leads["source_file"], "source_row": leads["source_row"],
            "lead_id": leads["lead_id"], "outcome": "lead", "code": "",
        }
    ).astype({"outcome": "str", "code": "str"})  # fmt: skip
    identities = Identities(
        lead=np.arange(count, dtype=np.int64),
        space=np.full(count, "lead", dtype=object),
        value=leads["lead_id"].to_numpy(dtype=object),
    )
    return LeadTable(leads=leads, rows=rows, issues=(), identities=identities)
