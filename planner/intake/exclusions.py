"""Lists of people who must not be contacted: customers, competitors, other campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from planner.domain import ColumnMapping, RawTable
from planner.errors import Issue, Severity
from planner.intake import companies, lead_rows
from planner.intake.cells import Cells, Mask, filled, fold_text
from planner.intake.identity import Keys
from planner.intake.lead_file import row_issues

_SPACES = ("slug", "sales_id", "profile_id", "member", "uuid")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExclusionList:
    """Keys of everybody on the lists, by key space, and their names with company.

    ``companies`` are the keys and domains on lists that name companies, not people.
    """

    keys: Mapping[str, frozenset[str]]
    emails: frozenset[str]
    names: frozenset[str]
    companies: frozenset[str]
    issues: tuple[Issue, ...]

    def has(self, keys: Keys) -> Mask:
        """Return which rows share a key with the lists; here any e-mail counts."""
        spaces: list[tuple[Cells, frozenset[str]]] = [
            (getattr(keys, space), self.keys[space]) for space in _SPACES
        ]
        spaces += [(keys.email, self.emails), (keys.personal_email, self.emails)]
        found = [_isin(cells, wanted) for cells, wanted in spaces if wanted]
        return reduce(np.logical_or, found, np.zeros(len(keys), dtype=np.bool_))

    def employs(self, keys: Keys, company: Cells, domain: Cells) -> Mask:
        """Return which rows are of a company on a list of companies."""
        if not self.companies:
            return np.zeros(len(keys), dtype=np.bool_)
        mails = [companies.domains(mail) for mail in (keys.email, keys.personal_email)]
        found = [_isin(cells, self.companies) for cells in (company, domain, *mails)]
        return reduce(np.logical_or, found)


def read(lists: Sequence[tuple[RawTable, ColumnMapping]]) -> ExclusionList:
    """Return the keys on all lists; rows that name nobody are counted as an issue."""
    keys: dict[str, set[str]] = {space: set() for space in _SPACES}
    emails: set[str] = set()
    names: set[str] = set()
    firms: set[str] = set()
    issues: list[Issue] = []
    for table, mapping in lists:
        found = lead_rows.read_keys(table, mapping)
        for space in _SPACES:
            keys[space].update(getattr(found, space))
        for cells in (found.email, found.personal_email):
            emails.update(cells)
        first, last = lead_rows.names(table, mapping)
        company = lead_rows.company_keys(table, mapping)
        names.update(name_keys(first, last, company))
        named = found.known | filled(found.email) | filled(found.personal_email)
        if not (named | filled(first) | filled(last)).any():
            # Nobody is named in any row, so this is a list of companies.
            domain = lead_rows.domains(table, mapping)
            is_page = np.array([key.startswith("linkedin:") for key in company], np.bool_)
            named = (filled(company) & ~is_page) | filled(domain)
            firms.update(company, domain)
            if named.any():
                issues.append(_names_companies(table, int(np.count_nonzero(named))))
        num_unknown = int(np.count_nonzero(~named))
        if num_unknown:
            issues.append(_names_nobody(table, num_unknown))
    return ExclusionList(
        keys={space: frozenset(values - {""}) for space, values in keys.items()},
        emails=frozenset(emails - {""}),
        names=frozenset(names - {""}),
        companies=frozenset(firms - {""}),
        issues=tuple(issues),
    )


def name_keys(first: Cells, last: Cells, companies: Cells) -> list[str]:
    """Return name and company for comparing; blank where either is missing."""
    return [
        " ".join(fold_text(f"{given} {family}").split()) + "\n" + company
        if company and (given or family)
        else ""
        for given, family, company in zip(first, last, companies, strict=True)
    ]


def namesakes(listed: ExclusionList, leads: pd.DataFrame) -> list[Issue]:
    """Note leads that are not excluded but share name and company with a list."""
    if not listed.names:
        return []
    free = leads[leads["exclusion"] == ""]
    names = name_keys(*(
        free[column].to_numpy(dtype=object)
        for column in ("first_name", "last_name", "company_key")
    ))  # fmt: skip
    # Without a single free lead this is an empty list, which would choose columns.
    same = free[np.array([name in listed.names for name in names], dtype=np.bool_)]
    places = list(zip(same["source_file"], same["source_row"], strict=True))
    return row_issues(
        [(str(file), int(row)) for file, row in places],
        code="exclusion-namesake",
        message="an exclusion list has somebody of this name at this company, but no key "
        "in common; the lead stays in: if it is the same person, add its profile URL to "
        "the list",
        severity=Severity.NOTE,
    )


def _names_companies(table: RawTable, num_rows: int) -> Issue:
    return Issue(
        code="exclusion-companies",
        message=f"this exclusion list names no people but companies ({num_rows:,} rows); "
        "every lead with the same company name or domain is left out",
        severity=Severity.NOTE,
        file=table.file,
    )


def _names_nobody(table: RawTable, num_rows: int) -> Issue:
    return Issue(
        code="exclusion-no-identity",
        message=f"{num_rows:,} rows of this exclusion list have no profile URL, id or "
        "e-mail (in a list of companies: no name or domain), so they exclude nobody; "
        "add one of these",
        severity=Severity.WARNING,
        file=table.file,
    )


def _isin(cells: Cells, wanted: frozenset[str]) -> Mask:
    return np.fromiter((text in wanted for text in cells), np.bool_, len(cells))
