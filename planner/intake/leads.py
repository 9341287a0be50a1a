"""Text tables with their column mappings in, one line per person out.

Every input row ends as the *lead* (the first row of a person), a *duplicate* of one, or
*rejected* with an issue. Rows are merged whatever file they come from; their order does
not matter, but for which row stands for the lead. A row that its own export says does
not match the search is rejected, yet what it says against contacting a person counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.domain import ColumnMapping, Exclusion, Identities, LeadTable, RawTable
from planner.errors import Issue
from planner.intake import exclusions as exclusion_lists
from planner.intake import findings, identity, lead_rows
from planner.intake.cells import Cells, Mask, Rows, blank, filled
from planner.intake.contact import Touch
from planner.intake.lead_rows import TEXTS, LeadRows
from planner.intake.merge import UNDATED, Merge, merge
from planner.params import Parameters
from planner.schemas import LEADS, ROWS, Column

_EPOCH = dt.date(1970, 1, 1)
_ON_LIST = tuple[RawTable, ColumnMapping]


def clean(
    tables: Sequence[RawTable],
    mappings: Sequence[ColumnMapping],
    *,
    exclusions: Sequence[_ON_LIST] = (),
    scraped_by: str = "",
    as_of: dt.date,
    parameters: Parameters,
) -> LeadTable:
    """Return one line per person, what became of every row, and the findings.

    Parameters
    ----------
    tables, mappings : sequence of RawTable, sequence of ColumnMapping
        Files of leads and which of their columns means what, in the same order.
    exclusions : sequence of (RawTable, ColumnMapping)
        Lists of people who must not be contacted; any shared key excludes.
    scraped_by : str
        Seat that made the exports, where no column says so: the seat whose connections
        the 1st-degree leads are.
    as_of : datetime.date
        The plan's date.
    parameters : Parameters
        ``recontact_after_days`` decides when a contacted lead may be planned again.
    """
    if not tables:
        return LeadTable(
            leads=_frame({}, LEADS), rows=_frame({}, ROWS), issues=(),
            identities=Identities.none(),
        )  # fmt: skip
    parts = [
        lead_rows.read(table, mapping, scraped_by=scraped_by, as_of=as_of)
        for table, mapping in zip(tables, mappings, strict=True)
    ]
    issues = [issue for _, found in parts for issue in found]
    rows = lead_rows.concatenate([part for part, _ in parts])
    listed = exclusion_lists.read(exclusions)
    issues += listed.issues
    people = identity.persons(rows.keys)
    by_lead = _group(rows, people.person)
    leads, found = _leads(rows, by_lead)
    leads |= _excluded(rows, by_lead, listed, as_of, parameters)
    frame = _frame({name: cells[by_lead.order] for name, cells in leads.items()}, LEADS)
    issues += findings.rejected(rows, people.person, mappings)
    issues += found
    issues += findings.contested_mails(rows, people.contested)
    issues += findings.possible_duplicates(frame)
    issues += exclusion_lists.namesakes(listed, frame)
    return LeadTable(
        leads=frame, rows=_outcomes(rows, by_lead, leads), issues=tuple(issues),
        identities=_identities(rows, by_lead),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ByLead:
    """Rows by lead: ``of_row`` is the lead of each row, rejected ones of a lead included.

    -1 where there is none. ``kept`` are the rows that make leads up.
    """

    merge: Merge
    kept: Mask
    of_row: Rows
    keys: Mapping[str, Cells]
    lead_id: Cells
    order: Rows


def _group(rows: LeadRows, person: Rows) -> _ByLead:
    kept = (person >= 0) & rows.matches
    at = np.flatnonzero(kept)
    people, lead = np.unique(person[at], return_inverse=True)
    texts = [rows.texts[name] for name in TEXTS]
    merged = merge(at, lead.astype(np.int64), rows.exported[at], texts)
    lead_of_person = np.full(int(person.max(initial=-1)) + 2, -1, dtype=np.int64)
    lead_of_person[people] = np.arange(len(people))
    keys = {
        "slug": merged.text(rows.keys.slug),
        "hash": _either(merged.text(rows.keys.sales_id), merged.text(rows.keys.profile_id)),
        "member": merged.text(rows.keys.member),
        "uuid": merged.text(rows.keys.uuid),
        "email": merged.text(rows.keys.mail),
    }
    lead_id, order = identity.lead_ids(keys)
    return _ByLead(
        merge=merged,
        kept=kept,
        of_row=lead_of_person[person],
        keys=keys,
        lead_id=lead_id,
        order=order,
    )


def _identities(rows: LeadRows, by_lead: _ByLead) -> Identities:
    """Return all keys of the rows of all leads, in the order of the table."""
    position = np.empty(len(by_lead.order), dtype=np.int64)
    position[by_lead.order] = np.arange(len(by_lead.order))
    leads, spaces, values = [], [], []
    for space, cells, is_key in identity.recognisable(rows.keys):
        at = np.flatnonzero(is_key & (by_lead.of_row >= 0))
        leads.append(position[by_lead.of_row[at]])
        spaces.append(np.full(len(at), space, dtype=object))
        values.append(cells[at])
    return Identities(
        lead=np.concatenate(leads),
        space=np.concatenate(spaces),
        value=np.concatenate(values),
    )


def _leads(rows: LeadRows, by_lead: _ByLead) -> tuple[dict[str, Any], list[Issue]]:
    merged, keys = by_lead.merge, by_lead.keys
    open_flag = merged.flag(rows.open_flag)
    premium_flag = merged.flag(rows.premium_flag)
    degree = merged.degree(rows.degree, rows.seats)
    leads: dict[str, Any] = {
        "lead_id": by_lead.lead_id,
        "linkedin_url": identity.urls(keys["slug"], keys["hash"]),
        "public_slug": keys["slug"],
        "sales_navigator_id": keys["hash"],
        "member_id": keys["member"],
        "getsales_uuid": keys["uuid"],
        **{name: merged.text(rows.texts[name]) for name in TEXTS},
        "email": merged.text(_either(rows.keys.email, rows.keys.personal_email)),
        "open_flag": open_flag.values,
        "premium_flag": premium_flag.values,
        "inmail_flag": merged.flag(rows.inmail_flag).values,
        "degree": degree.values,
        "degree_seat": degree.seats,
        "priority": merged.largest(rows.priority),
        "num_rows": merged.size,
        "source_file": rows.source_file[merged.first],
        "source_row": rows.source_row[merged.first],
    }
    issues = [
        *findings.flag_conflicts(rows, merged, "Open Profile", open_flag),
        *findings.flag_conflicts(rows, merged, "Premium", premium_flag),
        *findings.several_connections(rows, merged, degree.several),
        *findings.owner_conflicts(rows, merged),
        *findings.changed_slugs(rows, merged),
        *findings.crowds(rows, merged),
    ]
    return leads, issues


def _excluded(
    rows: LeadRows,
    by_lead: _ByLead,
    listed: exclusion_lists.ExclusionList,
    as_of: dt.date,
    parameters: Parameters,
) -> dict[str, Cells]:
    """Return the rule that excludes each lead, and the date of its last touch."""
    of_row, num_leads = by_lead.of_row, by_lead.merge.num_leads
    of_a_lead = np.flatnonzero(of_row >= 0)
    lead = of_row[of_a_lead]
    touch = np.zeros(num_leads, dtype=np.int8)
    np.maximum.at(touch, lead, rows.touch[of_a_lead])
    last = np.full(num_leads, UNDATED, dtype=np.int64)
    np.maximum.at(last, lead, rows.contacted_on[of_a_lead])

    def any_row(said: Mask) -> Mask:
        result = np.zeros(num_leads, dtype=np.bool_)
        result[lead[said[of_a_lead]]] = True
        return result

    wait = parameters.recontact_after_days
    days_ago = np.where(last > UNDATED, (as_of - _EPOCH).days - last, -1)
    too_soon = np.ones(num_leads, dtype=np.bool_) if wait == 0 else days_ago < wait
    rules: list[tuple[Mask, Exclusion]] = [
        (any_row(rows.do_not_contact) | (touch == Touch.REFUSED), Exclusion.DO_NOT_CONTACT),
        (
            any_row(
                listed.has(rows.keys)
                | listed.employs(rows.keys, rows.texts["company_key"], rows.domain)
            ),
            Exclusion.EXCLUSION_LIST,
        ),
        (touch == Touch.REPLIED, Exclusion.REPLIED_BEFORE),
        ((touch == Touch.CONTACTED) & too_soon, Exclusion.CONTACTED_BEFORE),
    ]
    result = blank(num_leads)
    for applies, rule in reversed(rules):
        result[applies] = str(rule)
    return {"exclusion": result, "last_contacted_on": lead_rows.iso_dates(last)}


def _outcomes(rows: LeadRows, by_lead: _ByLead, leads: Mapping[str, Any]) -> pd.DataFrame:
    outcome = np.full(len(rows), "rejected", dtype=object)
    outcome[by_lead.kept] = "duplicate"
    outcome[by_lead.merge.first] = "lead"
    lead_id = blank(len(rows))
    lead_id[by_lead.kept] = leads["lead_id"][by_lead.of_row[by_lead.kept]]
    values = {
        "source_file": rows.source_file,
        "source_row": rows.source_row,
        "lead_id": lead_id,
        "outcome": outcome,
        "code": np.where(by_lead.kept, "", findings.rejection_codes(rows)),
    }
    return _frame(values, ROWS)


def _frame(
    values: Mapping[str, npt.NDArray[Any]], columns: Sequence[Column]
) -> pd.DataFrame:
    """Return a table with the columns, order and types of a schema."""
    kinds = {"text": "str", "number": "float64", "integer": "int64", "flag": "int8"}
    nothing = np.empty(0, dtype=object)
    series = {
        column.name: pd.Series(
            values.get(column.name, nothing),
            dtype="int8" if column.name == "degree" else kinds[column.kind],
        )
        for column in columns
    }
    return pd.DataFrame(series, copy=False)


def _either(first: Cells, second: Cells) -> Cells:
    return np.where(filled(first), first, second)
