"""What the ledger of a run knew, put together with what a newer ledger knows."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace

import pandas as pd

from planner import schemas
from planner.dates import ONE_WEEK
from planner.domain import Flag, History

#: Sends of before count with their answers once nearly all of these were in: what came
#: in after the run was planned is in neither ledger.
_ANSWERED = 4 * ONE_WEEK


def both(before: History, known: History, *, num_days: int) -> History:
    """Return the history of a plan that is made `num_days` after the run.

    Where both know something, the newer one is right.
    """
    is_first_week = num_days < ONE_WEEK.days
    touches = Counter(known.company_touches)
    if is_first_week:
        touches.update(before.company_touches)
    cohorts, responses = before.cohorts, before.responses
    until = [day for day in (before.observed_until, known.observed_until) if day]
    if before.observed_until is not None and not is_first_week:
        last = (before.observed_until - _ANSWERED).isoformat()
        cohorts = cohorts[cohorts["sent_on"] <= last]
        responses = responses[responses["sent_on"] <= last]
    return replace(
        known,
        leads=_leads(before.leads, known.leads, is_first_week=is_first_week),
        company_seats={**before.company_seats, **known.company_seats},
        company_touches=dict(touches),
        cohorts=_stacked(cohorts, known.cohorts),
        responses=_stacked(responses, known.responses),
        observed_until=max(until, default=None),
        digest=hashlib.sha256(f"{before.digest} {known.digest}".encode()).hexdigest(),
    )


def _leads(
    before: pd.DataFrame, known: pd.DataFrame, *, is_first_week: bool
) -> pd.DataFrame:
    """Return a line for each lead of which either knows something."""
    older = before.set_index("lead_id").reindex(known["lead_id"])
    is_older = older["exclusion"].notna().to_numpy()
    merged = known.copy()
    for column in schemas.KNOWN_LEADS[1:]:
        values = known[column.name].to_numpy(copy=True)
        if column.kind == "text":
            blank = (values == "") & is_older
        elif column.kind == "flag":
            blank = (values == Flag.UNKNOWN) & is_older
        else:
            continue
        values[blank] = older[column.name].to_numpy()[blank].astype(values.dtype)
        merged[column.name] = pd.Series(values, dtype=known[column.name].dtype)
    rest = before[~before["lead_id"].isin(known["lead_id"])]
    # Who was on hold in the last run: later on, that is a run of the newer ledger.
    rest = rest.assign(held=rest["held"] & is_first_week)
    merged = _stacked(merged, rest)
    return merged.sort_values("lead_id", ignore_index=True)


def _stacked(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    parts = [part for part in (first, second) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else second
