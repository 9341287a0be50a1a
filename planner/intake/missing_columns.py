"""What a list does not say, or not in words that are known, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.domain import ColumnMapping, RawTable
from planner.errors import Issue, Severity
from planner.intake import content, values
from planner.intake.columns import Override, find_meaning

#: Meanings by any one of which the company of a lead is told.
_COMPANY = {"company", "company_id", "company_url", "company_domain"}
#: Columns of yes and no that are named as perhaps the one that is missing.
_MAX_NAMED = 3


def find(
    table: RawTable, mapping: ColumnMapping, overrides: Mapping[str, Override]
) -> list[Issue]:
    """Return a finding where no column says the company, or who has an open profile.

    Parameters
    ----------
    table, mapping : RawTable, ColumnMapping
        A list of leads and which of its columns means what.
    overrides : mapping of str to str or sequence of str
        As for `planner.intake.columns.recognise`. Of what the user says is in no column
        (``--map company=``), nothing is found.
    """
    found = set(mapping.columns)
    for name, headers in overrides.items():
        meaning = find_meaning(name)
        if meaning is not None and not any(headers):
            found.add(meaning.name)
    issues = []
    if not found & _COMPANY:
        issues.append(
            Issue(
                code="no-company-column",
                message="no column says the company: the rules about companies "
                "(max_new_leads_per_company, one_seat_per_company, excluded companies) do "
                "not apply to leads of this list alone; name it: --map company=HEADER",
                severity=Severity.WARNING,
                file=table.file,
            )
        )
    # Connections get messages, which are free.
    if not found & {"open_flag", "connected_on"}:
        issues.append(_no_flag(table, mapping))
    return issues


def _no_flag(table: RawTable, mapping: ColumnMapping) -> Issue:
    """Warn if a column may be the missing one; most tools know of no open profiles."""
    maybe = [header for header in mapping.unused if _is_yes_or_no(table, header)]
    named = ", ".join(repr(header[:60]) for header in maybe[:_MAX_NAMED])
    hint = "; name it: --map open=HEADER"
    if maybe:
        hint += f" (yes or no stands in {named})"
    return Issue(
        code="no-open-flag-column",
        message="no column says who has an Open Profile: leads that no other list tells of "
        f"count as unknown, and an InMail to them may cost a credit{hint}",
        severity=Severity.WARNING if maybe else Severity.NOTE,
        file=table.file,
    )


def _is_yes_or_no(table: RawTable, header: str) -> bool:
    sample = content.sample(table.frame[header])
    if not sample or all(cell.isdigit() for cell in sample):
        return False
    _, unreadable = values.flags(np.array(sample, dtype=object))
    return bool(np.mean(unreadable) < 0.1)
