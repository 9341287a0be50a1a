"""Who of a second list is on a run already, under whatever lead id."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from planner.domain import LeadTable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recognised:
    """A second list in the run's lead ids.

    Parameters
    ----------
    leads : LeadTable
        Those of the run under its lead ids, each once, and the new ones. Who is known
        to be of the run, but not as which lead, is left out.
    num_known, num_new : int
        Leads of the second list that are on the run already, and that are not.
    """

    leads: LeadTable
    num_known: int
    num_new: int


def recognised(
    run: pd.DataFrame,
    more: LeadTable,
    own_files: Mapping[str, str],
    persons: Mapping[str, str],
) -> Recognised:
    """Return a second list with the run's people under the run's lead ids.

    A lead id comes from all rows of a person, so another choice of files may give
    another one. A person is of the run whose lead id it has; or whom the ledger knows
    as one of its leads; or who stands in a file that the run was planned from, because
    every row of that became one of its leads or one's duplicate.

    Parameters
    ----------
    run : pandas.DataFrame
        Leads of the run.
    own_files : mapping of str to str
        Files of the second list that the run was planned from, byte for byte, to what
        they were called then.
    persons : mapping of str to str
        Lead ids of the second list to those of the run, where the ledger knows both as
        one person.
    """
    ids = set(run["lead_id"])
    rows = more.rows[more.rows["source_file"].isin(list(own_files))]
    rows = rows[rows["outcome"] != "rejected"]
    of_run = set(rows["lead_id"])
    new_id = {**persons, **_by_place(run, rows, own_files)}
    new_id = {old: new for old, new in new_id.items() if old not in ids and new in ids}
    lead_id = more.leads["lead_id"]
    is_known = lead_id.isin([*ids, *of_run, *new_id])
    lost = set(lead_id[is_known]) - ids - set(new_id)
    return Recognised(
        leads=_renamed(more, new_id, lost),
        num_known=int(is_known.sum()),
        num_new=int((~is_known).sum()),
    )


def _by_place(
    run: pd.DataFrame, rows: pd.DataFrame, own_files: Mapping[str, str]
) -> dict[str, str]:
    """Return lead ids of rows of the run's files to those of the run's leads there."""
    places = run[["source_file", "source_row", "lead_id"]]
    own = rows.assign(source_file=rows["source_file"].map(dict(own_files)))
    both = own.merge(places, on=["source_file", "source_row"], suffixes=("", "_run"))
    both = both.drop_duplicates("lead_id")
    return dict(zip(both["lead_id"], both["lead_id_run"], strict=True))


def _renamed(
    more: LeadTable, new_id: Mapping[str, str], lost: Collection[str]
) -> LeadTable:
    """Return the list under other lead ids; who has the same one is one lead."""
    frames = []
    for frame in (more.leads, more.rows):
        kept = frame[~frame["lead_id"].isin(list(lost))]
        renamed = kept["lead_id"].replace(dict(new_id)) if new_id else kept["lead_id"]
        frames.append(kept.assign(lead_id=renamed))
    leads = frames[0].drop_duplicates("lead_id").sort_values("lead_id", ignore_index=True)
    return replace(more, leads=leads, rows=frames[1].reset_index(drop=True))
