"""What there is to tell about rows and leads; never a name, an address or a URL."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from planner.domain import ColumnMapping
from planner.errors import Issue, Severity
from planner.intake import identity
from planner.intake.cells import Cells, Rows, filled
from planner.intake.exclusions import name_keys
from planner.intake.lead_file import row_issues
from planner.intake.lead_rows import LeadRows
from planner.intake.merge import Merge, MergedFlag

#: A person with more rows than this is probably a placeholder that many rows share.
MAX_ROWS_OF_A_PERSON = 50

NO_IDENTITY = "no-identity"
ID_MANGLED = "id-mangled"
NOT_MATCHING = "not-matching"
OWN_PROFILE = "own-profile"

_REJECTIONS = {
    NO_IDENTITY: (
        "the row does not say who the person is; give a profile URL, a Sales Navigator "
        "URL or id, a member id, a GetSales UUID or a personal e-mail (addresses of "
        "companies, schools and searches name nobody)"
    ),
    ID_MANGLED: (
        "the id has lost digits or capitals, as happens in spreadsheets (1.2E+18); "
        "export again and do not open the file in between, or add the profile URL"
    ),
    NOT_MATCHING: (
        "the export says that this row does not match the filters of its search; it was "
        "left out"
    ),
    OWN_PROFILE: (
        "the export says that this is the profile of the seat that made it; it was left out"
    ),
}


def rejection_codes(rows: LeadRows) -> Cells:
    """Return the code with which each row would be rejected."""
    reason = np.where(rows.keys.mangled, ID_MANGLED, NO_IDENTITY)
    kept_out = np.where(rows.own, OWN_PROFILE, NOT_MATCHING)
    return np.where(rows.keys.known, kept_out, reason).astype(object)


def rejected(
    rows: LeadRows, person: Rows, mappings: Sequence[ColumnMapping]
) -> list[Issue]:
    """Return one issue for every row that is kept out."""
    at = np.flatnonzero((person < 0) | ~rows.matches)
    codes = rejection_codes(rows)[at]
    columns: dict[tuple[str, str], str] = {}
    for mapping in mappings:
        who = [
            name for meaning in identity.FORMS for name in mapping.columns.get(meaning, ())
        ]
        which = mapping.columns.get("matches_filters", ())
        for code in (NO_IDENTITY, ID_MANGLED):
            columns[mapping.file, code] = who[0] if who else ""
        columns[mapping.file, NOT_MATCHING] = which[0] if which else ""
        columns[mapping.file, OWN_PROFILE] = next(
            iter(mapping.columns.get("degree", ())), ""
        )
    return [
        Issue(
            code=code,
            message=_REJECTIONS[code],
            severity=Severity.NOTE
            if code in (NOT_MATCHING, OWN_PROFILE)
            else Severity.ERROR,
            file=file,
            row=row,
            column=columns.get((file, code), ""),
        )
        for code, file, row in zip(
            codes, rows.source_file[at], rows.source_row[at].tolist(), strict=True
        )
    ]


def flag_conflicts(
    rows: LeadRows, merged: Merge, name: str, flag: MergedFlag
) -> list[Issue]:
    """Report leads whose rows disagree on a flag."""
    return [
        *row_issues(
            _places(rows, merged, flag.unsettled),
            code="flag-conflict",
            message=f"rows about this lead disagree on {name} and nothing says which is "
            "newer, so it counts as no: add a column with the date of the export",
            severity=Severity.WARNING,
        ),
        *row_issues(
            _places(rows, merged, flag.settled),
            code="flag-conflict",
            message=f"rows about this lead disagree on {name}; the newest export counts",
            severity=Severity.NOTE,
        ),
    ]


def several_connections(rows: LeadRows, merged: Merge, leads: Rows) -> list[Issue]:
    """Note leads that several seats are connected with."""
    return row_issues(
        _places(rows, merged, leads),
        code="several-connections",
        message="several seats are connected with this lead; the first by name is taken "
        "(name the owner to choose another)",
        severity=Severity.NOTE,
    )


def owner_conflicts(rows: LeadRows, merged: Merge) -> list[Issue]:
    """Report leads that several seats must send to."""
    return row_issues(
        _places(rows, merged, merged.differing(rows.texts["owner"])),
        code="owner-conflict",
        message="rows about this lead name different owners; the one of the newest or "
        "fullest row is taken: leave one",
        severity=Severity.WARNING,
    )


def changed_slugs(rows: LeadRows, merged: Merge) -> list[Issue]:
    """Note leads that two profile URLs lead to."""
    return row_issues(
        _places(rows, merged, merged.differing(rows.keys.slug)),
        code="slug-changed",
        message="rows with different profile URLs share another id, so they count as one "
        "person who changed the URL",
        severity=Severity.NOTE,
    )


def crowds(rows: LeadRows, merged: Merge) -> list[Issue]:
    """Report leads made of suspiciously many rows."""
    return row_issues(
        _places(rows, merged, np.flatnonzero(merged.size > MAX_ROWS_OF_A_PERSON)),
        code="many-duplicates",
        message=f"more than {MAX_ROWS_OF_A_PERSON} rows are about this one lead; check "
        "that its id is not a placeholder",
        severity=Severity.WARNING,
    )


def contested_mails(rows: LeadRows, contested: Rows) -> list[Issue]:
    """Note e-mails that stand beside several profiles."""
    places = zip(rows.source_file[contested], rows.source_row[contested], strict=True)
    return row_issues(
        [(str(file), int(row)) for file, row in places],
        code="shared-email",
        message="the e-mail of this row also stands beside another profile; an e-mail "
        "alone does not make two profiles one person, so they stay apart",
        severity=Severity.NOTE,
    )


def possible_duplicates(leads: pd.DataFrame) -> list[Issue]:
    """Report pairs of equal name and company of which one has only a public URL.

    The other has only an opaque id, so nothing tells whether they are one person. Each
    opaque lead is reported once, with the first public one.
    """
    has_slug = filled(leads["public_slug"].to_numpy(dtype=object))
    has_hash = filled(leads["sales_navigator_id"].to_numpy(dtype=object))
    has_member = filled(leads["member_id"].to_numpy(dtype=object))
    public = np.flatnonzero(has_slug & ~has_hash & ~has_member)
    opaque = np.flatnonzero(has_hash & ~has_slug)
    if not len(public) or not len(opaque):
        return []
    first_of: dict[str, int] = {}
    for key, at in zip(_names(leads, public), public.tolist(), strict=True):
        first_of.setdefault(key, at)
    first_of.pop("", None)
    issues = []
    files = leads["source_file"].to_numpy(dtype=object)
    lines = leads["source_row"].to_numpy(dtype=np.int64)
    for key, at in zip(_names(leads, opaque), opaque.tolist(), strict=True):
        if key not in first_of:
            continue
        other = first_of[key]
        issues.append(
            Issue(
                code="possible-duplicate",
                message="may be the person of "
                f"{files[other]}, row {lines[other]}: same name and company, but "
                "one row has only a public URL and the other only a Sales Navigator id; "
                "if so, give both in one row",
                severity=Severity.WARNING,
                file=str(files[at]),
                row=int(lines[at]),
            )
        )
    return issues


def _names(leads: pd.DataFrame, at: Rows) -> list[str]:
    columns = ("first_name", "last_name", "company_key")
    return name_keys(*(leads[name].to_numpy(dtype=object)[at] for name in columns))


def _places(rows: LeadRows, merged: Merge, leads: Rows) -> list[tuple[str, int]]:
    first = merged.first[leads]
    places = zip(rows.source_file[first], rows.source_row[first], strict=True)
    return [(str(file), int(row)) for file, row in places]
