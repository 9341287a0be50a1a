"""One file of leads, read column by column: keys, texts, flags, dates and what was done.

Nothing is merged here; every row of the file is one row of the result.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from planner.domain import ColumnMapping, Flag, RawTable
from planner.errors import Issue, Severity
from planner.intake import cells, columns, companies, contact, identity, titles, values
from planner.intake.cells import Cells, Mask, Rows, blank, filled
from planner.intake.contact import Touch
from planner.intake.identity import Keys
from planner.intake.lead_file import LeadFile
from planner.intake.merge import UNDATED, Small

#: Text columns of a lead that are kept as given, and where each comes from.
AS_GIVEN = ("first_name", "last_name", "title", "company", "segment", "owner", "group")
TEXTS = (*AS_GIVEN, "company_key", "seniority", "industry", "region", "email")

_EPOCH = dt.date(1970, 1, 1)
_NEVER = frozenset({"never", "no", "none", "n/a", "na", "-", "--", "not contacted", "nie"})


#: Spellings of "may be sent an InMail" in a column of restrictions.
NO_RESTRICTION = frozenset({"no_restriction", "no restriction", "none", "allowed", "no"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadRows:
    """Rows of one or several files, one array per fact.

    Days count from 1970-01-01; `UNDATED` where there is no date. ``matches`` is false
    where the export says that the row does not match its own search, or that it is
    the sender's own (``own``). ``touch`` is a `planner.intake.contact.Touch`.
    """

    source_file: Cells
    source_row: Rows
    keys: Keys
    texts: Mapping[str, Cells]
    seats: Cells
    open_flag: Small
    premium_flag: Small
    inmail_flag: Small
    degree: Small
    priority: npt.NDArray[np.float64]
    exported: Rows
    matches: Mask
    own: Mask
    domain: Cells
    do_not_contact: Mask
    touch: Small
    contacted_on: Rows

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.source_row)


def concatenate(parts: Sequence[LeadRows]) -> LeadRows:
    """Return the rows of several files as one, in the order given."""
    if len(parts) == 1:
        return parts[0]
    joined: dict[str, object] = {
        item.name: np.concatenate([getattr(part, item.name) for part in parts])
        for item in fields(LeadRows)
        if item.name not in {"keys", "texts"}
    }
    texts = {name: np.concatenate([part.texts[name] for part in parts]) for name in TEXTS}
    keys = identity.concatenate([part.keys for part in parts])
    return LeadRows(keys=keys, texts=texts, **joined)  # type: ignore[arg-type]


def read(
    table: RawTable, mapping: ColumnMapping, *, scraped_by: str, as_of: dt.date
) -> tuple[LeadRows, list[Issue]]:
    """Return the rows of one file and what is odd about them.

    Parameters
    ----------
    table, mapping : RawTable, ColumnMapping
        The file as text, and which of its columns means what.
    scraped_by : str
        Seat that made the export, for rows that do not say.
    as_of : datetime.date
        The plan's date; touches after it count as made on it.
    """
    file = LeadFile(table=table, mapping=mapping)
    seats = file.text("scraped_by")
    contacted_on, contacted = _contacted(file, as_of)
    own = _own(file)
    rows = LeadRows(
        source_file=np.full(file.num_rows, table.file, dtype=object),
        source_row=table.rows.astype(np.int64),
        keys=read_keys(table, mapping),
        texts=_texts(file),
        seats=np.where(filled(seats), seats, scraped_by),
        open_flag=file.flags("open_flag"),
        premium_flag=file.flags("premium_flag"),
        inmail_flag=_accepts_inmail(file),
        degree=_degrees(file),
        priority=file.priorities(),
        exported=_exported(file),
        matches=_matches(file) & ~own,
        own=own,
        domain=companies.domains(file.text("company_domain")),
        do_not_contact=_do_not_contact(file),
        touch=np.maximum(_touches(file), contacted),
        contacted_on=contacted_on,
    )
    return rows, file.issues


def read_keys(table: RawTable, mapping: ColumnMapping) -> Keys:
    """Return the identity keys of every row of a file."""
    found = {
        meaning: [cells.tidy(cells.raw(table, header)) for header in headers]
        for meaning in identity.FORMS
        if (headers := cells.headers(table, mapping, meaning))
    }
    return identity.read(found, len(table.frame))


def names(table: RawTable, mapping: ColumnMapping) -> tuple[Cells, Cells]:
    """Return first and last names; a full name is split where both are missing."""
    return _names(LeadFile(table=table, mapping=mapping))


def company_keys(table: RawTable, mapping: ColumnMapping) -> Cells:
    """Return the company key of every row of a file."""
    file = LeadFile(table=table, mapping=mapping)
    return _company_keys(file, file.text("company"))


def domains(table: RawTable, mapping: ColumnMapping) -> Cells:
    """Return the domain of the company of every row of a file."""
    return companies.domains(LeadFile(table=table, mapping=mapping).text("company_domain"))


# --- texts ------------------------------------------------------------------------


def _texts(file: LeadFile) -> dict[str, Cells]:
    texts = {name: file.text(name) for name in AS_GIVEN}
    texts["first_name"], texts["last_name"] = _names(file)
    texts["company_key"] = _company_keys(file, texts["company"])
    position = np.where(filled(texts["title"]), texts["title"], file.text("headline"))
    texts["seniority"] = titles.seniority(
        file.optional("seniority"), position, file.num_rows
    )
    texts["industry"] = _lower(file.text("industry"))
    texts["region"] = _regions(file)
    texts["email"] = blank(file.num_rows)  # filled from the keys once they are merged
    return texts


def _names(file: LeadFile) -> tuple[Cells, Cells]:
    first, last = file.text("first_name"), file.text("last_name")
    at = np.flatnonzero(~filled(first) & ~filled(last))
    if not len(at):
        return first, last
    parts = [split_name(name) for name in file.text("full_name")[at]]
    first, last = first.copy(), last.copy()
    first[at] = [part[0] for part in parts]
    last[at] = [part[1] for part in parts]
    return first, last


def split_name(full: str) -> tuple[str, str]:
    """Split ``Ada King Lovelace, PhD`` before its last word; one word stays whole.

    Names in Chinese, Japanese or Korean script are not split.
    """
    name, comma, suffix = full.partition(",")
    first, space, last = name.strip().rpartition(" ")
    if not space or any("\u2e80" <= char <= "\uffef" for char in name):
        return full, ""
    return first.strip(), last + comma + suffix


def _company_keys(file: LeadFile, company: Cells) -> Cells:
    url = file.optional("company_url")
    company_id = file.optional("company_id")
    pages = url
    if company_id is not None:
        pages = company_id if url is None else np.where(filled(company_id), company_id, url)
    return companies.keys(company, file.optional("company_domain"), pages)


def _regions(file: LeadFile) -> Cells:
    country, location = file.text("country"), file.text("location")

    def last_parts(places: Cells) -> Cells:
        return _known(p.rpartition(",")[2].strip().lower() for p in places)

    last = cells.on_uniques(location, last_parts)
    return np.where(filled(country), _lower(country), last)


def _lower(texts: Cells) -> Cells:
    return cells.on_uniques(texts, lambda distinct: _known(map(str.lower, distinct)))


def _known(texts: Iterable[str]) -> Cells:
    """Return the texts as a column, words for *not known* as blank."""
    return cells.column(["" if text in values.UNKNOWN else text for text in texts])


# --- facts ------------------------------------------------------------------------


def _accepts_inmail(file: LeadFile) -> Small:
    """Return whether each lead accepts InMails: what is restricted does not."""
    stated = file.flags("inmail_flag")
    restriction = file.text("inmail_restriction")
    known = filled(restriction)
    if not known.any():
        return stated
    free = np.array(
        [text.strip().casefold() in NO_RESTRICTION for text in restriction], dtype=np.bool_
    )
    return np.where(known & ~free, 0, np.where(known & free, 1, stated)).astype(np.int8)


def _degrees(file: LeadFile) -> Small:
    found = file.optional("degree")
    if found is None:
        degree = np.zeros(file.num_rows, dtype=np.int8)
    else:
        degree, unreadable = values.degrees(np.where(_own(file), "", found))
        file.odd(
            unreadable,
            code="unreadable-degree",
            message="the degree is none of 1st, 2nd, 3rd; it was read as not known",
            column=file.headers("degree")[0],
        )
    connected = np.zeros(file.num_rows, dtype=np.bool_)
    for header in file.headers("connected_on") or file.named("connectedon"):
        # Dates as a rule, but also yes or no.
        flags, unreadable = values.flags(file.column(header))
        connected |= (flags == Flag.YES) | unreadable
    return np.where((degree == 0) & connected, 1, degree).astype(np.int8)


def _own(file: LeadFile) -> Mask:
    """Return which rows are the profile of the seat that made the export."""
    found = file.optional("degree")
    if found is None:
        return np.zeros(file.num_rows, dtype=np.bool_)
    return np.asarray(cells.fold(found) == "self", dtype=np.bool_)


def _matches(file: LeadFile) -> Mask:
    """Return which rows match their search; a disqualified one does not."""
    result = np.ones(file.num_rows, dtype=np.bool_)
    for header in file.headers("matches_filters"):
        found = file.column(header)
        folded = cells.fold(found)
        said = np.where(
            folded == "disqualified", "no", np.where(folded == "qualified", "yes", found)
        )
        flags, unreadable = values.flags(said)
        file.odd_flags(found, unreadable, column=header)
        result &= flags != Flag.NO
    return result


def _do_not_contact(file: LeadFile) -> Mask:
    """Any column that says yes counts; what is no word for no counts as yes."""
    result = np.zeros(file.num_rows, dtype=np.bool_)
    for header in file.headers("do_not_contact"):
        # What it says is not repeated: it may be whom to ask.
        flags, unreadable = values.flags(file.column(header))
        file.odd(
            unreadable,
            code="unreadable-do-not-contact",
            message="the cell is neither yes nor no; to be safe it was read as yes, so "
            "the lead is left out: write yes, no, true, false, 1, 0, or nothing",
            column=header,
        )
        result |= (flags == Flag.YES) | unreadable
    return result


def _touches(file: LeadFile) -> Small:
    result = np.zeros(file.num_rows, dtype=np.int8)
    for header in file.headers("contact_status"):
        said = contact.touches(file.column(header), columns.meant(header))
        num_unknown = int(np.count_nonzero(said == Touch.UNKNOWN))
        if num_unknown:
            file.issues.append(
                Issue(
                    code="unknown-contact-status",
                    message=f"{num_unknown:,} cells hold a status that is not understood; "
                    "these rows count as not contacted unless another column says so",
                    severity=Severity.WARNING,
                    file=file.table.file,
                    column=header,
                )
            )
        result = np.maximum(result, said)
    return result


def _contacted(file: LeadFile, as_of: dt.date) -> tuple[Rows, Small]:
    """Return the day of the last touch, and `Touch.CONTACTED` where there was one."""
    today = (as_of - _EPOCH).days
    latest = np.full(file.num_rows, UNDATED, dtype=np.int64)
    for header in file.headers("last_contacted_on"):
        found = file.column(header)
        never = np.fromiter(
            map(_NEVER.__contains__, cells.fold(found)), np.bool_, len(found)
        )
        days, unreadable = file.days(np.where(never, "", found), header)
        file.odd(
            unreadable,
            code="unreadable-contact-date",
            message="the cell is no date; to be safe the lead counts as contacted on the "
            "plan's date: write a date such as 2026-11-23, or nothing",
            column=header,
        )
        file.odd(
            days > today,
            code="contact-date-in-future",
            message="the date is after the plan's date; the lead counts as contacted on "
            "the plan's date",
            column=header,
        )
        latest = np.maximum(latest, np.where(unreadable, today, np.minimum(days, today)))
    touched = np.where(latest > UNDATED, Touch.CONTACTED, Touch.NONE)
    return latest, touched.astype(np.int8)


def _exported(file: LeadFile) -> Rows:
    found = file.optional("exported_on")
    if found is None:
        return np.full(file.num_rows, UNDATED, dtype=np.int64)
    return file.days(found, file.headers("exported_on")[0])[0]


def iso_dates(days: Rows) -> Cells:
    """Return days since 1970 as ISO dates, blank where undated."""
    result = blank(len(days))
    at = np.flatnonzero(days > UNDATED)
    result[at] = days[at].astype("datetime64[D]").astype(str)
    return result
