"""Small builders for the tests of the whole line: a lead, a list, the inputs of a plan.

A lead is a mapping of `planner.schemas.LEADS`; what a test does not say is blank or
unknown, as it is in most exports. All names are invented.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from model_factory import MONDAY, make_seat
from planner import pipeline, schemas
from planner.domain import Identities, Inputs, LeadTable, Plan, Seat
from planner.errors import Issue
from planner.params import Parameters

#: No doubt in the numbers: open flags never flip, so a closed lead costs exactly 1.
CERTAIN: Mapping[str, object] = {"open_flag_leak": 0.0}

FLAGS = {"yes": 1, "no": 0, "unknown": -1}
_DTYPES = {"text": "str", "number": "float64", "integer": "int64", "flag": "int8"}


def make_lead(number: int, *, flag: str = "unknown", **changes: Any) -> dict[str, Any]:
    """Return the lead of this number; ids sort as numbers do.

    Parameters
    ----------
    flag : str
        Open Profile: ``yes``, ``no`` or ``unknown``.
    changes : object
        Columns of `planner.schemas.LEADS` to put in.
    """
    blank: dict[str, Any] = {"text": "", "number": float("nan"), "integer": 0, "flag": -1}
    lead = {column.name: blank[column.kind] for column in schemas.LEADS}
    lead |= {
        "lead_id": f"{number:016x}",
        "linkedin_url": f"https://www.linkedin.com/in/lead-{number:04d}",
        "public_slug": f"lead-{number:04d}",
        "first_name": "Alba",
        "last_name": f"Ashgrove{number}",
        "open_flag": FLAGS[flag],
        "num_rows": 1,
        "source_file": "leads.csv",
        "source_row": number + 1,
    }
    unknown = set(changes) - set(lead)
    assert not unknown, f"no column of LEADS: {unknown}"
    return lead | changes


def make_leads(count: int, first: int = 1, **changes: Any) -> list[dict[str, Any]]:
    """Return `count` leads that are alike but for their identity."""
    return [make_lead(number, **changes) for number in range(first, first + count)]


def lead_table(
    leads: Iterable[Mapping[str, Any]], issues: Sequence[Issue] = ()
) -> LeadTable:
    """Return the leads as intake hands them on: sorted, typed, one row for each."""
    records = sorted(leads, key=lambda lead: str(lead["lead_id"]))
    frame = _frame(records, schemas.LEADS).astype({"degree": "int8"})
    rows = frame[["source_file", "source_row", "lead_id"]].copy()
    rows["outcome"], rows["code"] = "lead", ""
    return LeadTable(
        leads=frame,
        rows=_typed(rows, schemas.ROWS),
        issues=tuple(issues),
        identities=Identities.none(),
    )


def make_inputs(
    leads: Iterable[Mapping[str, Any]], seats: Sequence[Seat] | None = None
) -> Inputs:
    """Return the inputs of a plan; the default inventory is `make_seat` alone."""
    return Inputs(
        leads=lead_table(leads),
        seats=(make_seat(),) if seats is None else tuple(seats),
        seat_issues=(),
        mappings=(),
        files=(),
    )


def plan_for(
    leads: Iterable[Mapping[str, Any]],
    seats: Sequence[Seat] | None = None,
    *,
    as_of: dt.date = MONDAY,
    **parameters: object,
) -> Plan:
    """Return the audited plan of a small list; `parameters` differ from the defaults."""
    return pipeline.make_plan(
        make_inputs(leads, seats), Parameters().override(parameters), as_of=as_of
    )


def routes(plan: Plan) -> dict[str, int]:
    """Return the number of leads by route, routes that nobody takes left out."""
    counts = plan.assignments["route"].astype(str).value_counts()
    return {str(route): int(count) for route, count in counts.items() if count}


def of_lead(plan: Plan, number: int) -> dict[str, Any]:
    """Return the assignment of the lead of this number."""
    rows = plan.assignments[plan.assignments["lead_id"] == f"{number:016x}"]
    (record,) = rows.to_dict("records")
    return {str(key): value for key, value in record.items()}


def _frame(
    records: Sequence[Mapping[str, Any]], columns: tuple[schemas.Column, ...]
) -> pd.DataFrame:
    return _typed(pd.DataFrame(records, columns=schemas.names(columns)), columns)


def _typed(frame: pd.DataFrame, columns: tuple[schemas.Column, ...]) -> pd.DataFrame:
    return frame.astype({column.name: _DTYPES[column.kind] for column in columns})
