"""What a ledger knew, made up, for tests of rolling weeks."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd

from planner import schemas
from planner.domain import History


def history(*leads: tuple[str, str, int], **changes: Any) -> History:
    """Return a history of leads: id, exclusion and open flag."""
    frame = pd.DataFrame(leads, columns=["lead_id", "exclusion", "open_flag"])
    blanks: dict[str, Any] = {"text": "", "flag": -1, "bool": True}
    dtypes: dict[str, Any] = {"text": "str", "flag": "int64", "bool": "bool"}
    for column in schemas.KNOWN_LEADS:
        if column.name not in frame:
            frame[column.name] = blanks[column.kind]
        frame[column.name] = frame[column.name].astype(dtypes[column.kind])
    sent = pd.DataFrame({"sent_on": ["2026-10-01", "2026-11-20"], "num_sent": [5, 7]})
    blank = History(
        leads=frame[schemas.names(schemas.KNOWN_LEADS)], company_seats={},
        company_touches={}, seats={}, cohorts=sent, responses=sent.iloc[:0],
        observed_until=dt.date(2026, 11, 22), scored=pd.DataFrame(),
        newly_scored=pd.DataFrame(), digest="d",
    )  # fmt: skip
    return replace(blank, **changes)
