"""Import files for GetSales: one per seat and route, with the click path of the run.

A contact is in exactly one list there, and an automation takes its sender from the
segment that a contact enters by. So one file fills one list, and one segment with a
single sender reads that list. Nothing here calls GetSales.

GetSales imports what the files hold, so data are never prefixed. A name that begins
with a character which makes a spreadsheet compute (``=``, ``+``, ``-``, ``@``, tab,
carriage return, or their full-width forms) loses that character and is reported; URLs,
ids and e-mails are written only if they have the form of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from planner.domain import SENT_ROUTES, Plan
from planner.errors import Issue, Severity
from planner.output import clickpath
from planner.output.names import clean, run_name, unique_slugs
from planner.output.tables import cell, texts
from planner.params import Parameters

#: Stands in a file name where the seat has to be looked up in GetSales.
UNKNOWN_SEAT = "seat-unknown"
#: Custom fields that the files fill; they must exist before the import.
CUSTOM_FIELDS = ("plan_run", "plan_route", "plan_sender", "plan_send_on")

#: Header, as GetSales' own export names it, by column of the assignments.
HEADERS = {
    "linkedin_url": "LinkedIn URL",
    "sales_navigator_id": "Sales Navigator ID",
    "getsales_uuid": "System UUID",
    "first_name": "First Name",
    "last_name": "Last Name",
    "title": "Position",
    "company": "Company Name",
    "email": "Work Email",
}
_NAMES = ("first_name", "last_name", "title", "company")
_FORMS = {
    "linkedin_url": re.compile(r"https://www\.linkedin\.com/[^\s\"'<>\\]{1,400}"),
    "sales_navigator_id": re.compile(r"A[A-Za-z0-9_-]{5,200}"),
    "getsales_uuid": re.compile(r"[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}"),
    "email": re.compile(r"[A-Za-z0-9_][^\s@,;\"'<>()|]{0,200}@[^\s@,;\"'<>()|]{1,200}"),
}
# A trigger, and what may stand before it unseen: spaces, zero-width characters.
_TRIGGER = re.compile("[\\s\u200b\u2060\ufeff]*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_LEAD_IN = re.compile("[\\s\u200b\u2060\ufeff=+\\-@\uff1d\uff0b\uff0d\uff20]+")
_BYTES_PER_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """One list of GetSales and the file, or the parts of it, that fill the list.

    ``parts`` maps file names to their bytes; ``sparse`` names the columns with some
    blank cells.
    """

    list_name: str
    seat_id: str
    sender: str
    route: str
    num_rows: int
    columns: tuple[str, ...]
    sparse: tuple[str, ...]
    parts: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFiles:
    """All import files of a run and what was changed or left out on the way."""

    files: tuple[ImportFile, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What all lists of one folder share.

    ``name`` goes into the field ``plan_run``, ``label`` begins each list's name, and a
    file is split at ``max_bytes``.
    """

    name: str
    label: str
    max_bytes: int


def import_files(plan: Plan) -> ImportFiles:
    """Return an import file for each seat and route that sends this week."""
    batch = Batch(
        name=run_name(plan), label=plan.week, max_bytes=max_bytes(plan.parameters)
    )
    return list_files(plan.assignments, [seat.seat_id for seat in plan.seats], batch)


def list_files(leads: pd.DataFrame, seat_ids: Sequence[str], batch: Batch) -> ImportFiles:
    """Return an import file for each seat and route of `leads` that is sent.

    Parameters
    ----------
    leads : pandas.DataFrame
        One row per lead with the columns of `HEADERS` and ``lead_id``, ``route``,
        ``seat_id``, ``sender``, ``send_on``, ``source_file``, ``source_row``; rows whose
        route is none of `planner.domain.SENT_ROUTES` are left out.
    seat_ids : sequence of str
        Every seat, so that file names do not hang on which of them send.
    batch : Batch
        Names and size.
    """
    sent, issues = _sent(leads)
    slugs = unique_slugs([UNKNOWN_SEAT, *seat_ids], "seat")
    slugs |= {"": UNKNOWN_SEAT}
    order = {str(route): k for k, route in enumerate(SENT_ROUTES)}
    groups = {
        (str(seat_id), str(route)): rows
        for (seat_id, route), rows in sent.groupby(["seat_id", "route"], sort=False)
    }
    keys = sorted(groups, key=lambda key: (slugs[key[0]], order[key[1]]))
    files = [_import_file(batch, groups[key], slugs[key[0]]) for key in keys]
    return ImportFiles(files=tuple(files), issues=issues)


def max_bytes(parameters: Parameters) -> int:
    """Return the size at which import files are split, in bytes."""
    return int(parameters.import_file_megabytes * _BYTES_PER_MEGABYTE)


def write_files(plan: Plan, imports: ImportFiles, folder: Path) -> None:
    """Write the import files and ``README.md`` into `folder`."""
    write_lists(imports, clickpath.text(plan, imports.files), folder)


def write_lists(imports: ImportFiles, readme: str, folder: Path) -> None:
    """Write import files and the page that says what to click into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in imports.files:
        for name, content in file.parts:
            (folder / name).write_bytes(content)
    (folder / "README.md").write_bytes(readme.encode())


# --- rows -------------------------------------------------------------------------


def _sent(leads: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Issue, ...]]:
    """Return the leads to send to, cleaned and in order, and what was found."""
    routes = [str(route) for route in SENT_ROUTES]
    chosen = leads[leads["route"].isin(routes)]
    sent = pd.DataFrame(
        {
            name: pd.Series([clean(value) for value in texts(chosen[name])], dtype=object)
            for name in (*HEADERS, "lead_id", "route", "seat_id", "sender", "send_on")
        }
    )
    sent["source_file"] = texts(chosen["source_file"])
    sent["source_row"] = chosen["source_row"].to_numpy()
    issues: list[Issue] = []
    for name, form in _FORMS.items():
        _keep_form(sent, name, form, issues)
    for name in _NAMES:
        _strip_triggers(sent, name, issues)
    # One column of any LinkedIn identifier is enough: GetSales reads ids as well.
    lacks_url = sent["linkedin_url"] == ""
    sent["linkedin_url"] = sent["linkedin_url"].mask(lacks_url, sent["sales_navigator_id"])
    sent = _drop_unknowable(sent, issues)
    ordered = sent.sort_values(["send_on", "lead_id"], kind="stable", ignore_index=True)
    return ordered, tuple(issues)


def _keep_form(
    sent: pd.DataFrame, name: str, form: re.Pattern[str], issues: list[Issue]
) -> None:
    """Blank the values of an identifier that do not look like one."""
    odd = _mask(bool(value) and not form.fullmatch(value) for value in sent[name])
    message = f"this {HEADERS[name]} does not have the form of one: left out of the import"
    issues += _issues(sent[odd], "odd-identifier", message, HEADERS[name])
    sent.loc[odd, name] = ""


def _strip_triggers(sent: pd.DataFrame, name: str, issues: list[Issue]) -> None:
    """Take characters that start a formula off the front of names."""
    odd = _mask(_TRIGGER.match(value) is not None for value in sent[name])
    message = (
        f"{HEADERS[name]} began with a character that starts a formula in a "
        "spreadsheet: taken off in the import file; correct the lead if it belongs there"
    )
    issues += _issues(sent[odd], "formula-character", message, HEADERS[name])
    sent.loc[odd, name] = [
        _LEAD_IN.sub("", value, count=1) for value in sent.loc[odd, name]
    ]


def _mask(answers: Iterable[bool]) -> np.ndarray:
    """Return a mask of rows; an empty list would be read as no columns."""
    return np.fromiter(answers, dtype=bool)


def _drop_unknowable(sent: pd.DataFrame, issues: list[Issue]) -> pd.DataFrame:
    """Leave out leads that GetSales could not recognise."""
    unknowable = (sent["linkedin_url"] == "") & (sent["email"] == "")
    message = (
        "no LinkedIn URL, Sales Navigator id or e-mail: GetSales cannot import this "
        "lead, so it is in no import file; add one of them"
    )
    issues += _issues(sent[unknowable], "no-import-identity", message, "")
    return sent[~unknowable]


def _issues(rows: pd.DataFrame, code: str, message: str, column: str) -> list[Issue]:
    return [
        Issue(
            code=code,
            message=message,
            severity=Severity.WARNING,
            file=str(file),
            row=int(row),
            column=column,
        )
        for file, row in zip(rows["source_file"], rows["source_row"], strict=True)
    ]


# --- files ------------------------------------------------------------------------


def _import_file(batch: Batch, rows: pd.DataFrame, seat_slug: str) -> ImportFile:
    first = rows.iloc[0]
    table = _columns(batch, rows)
    stem = f"{seat_slug}--{first['route']}"
    return ImportFile(
        list_name=f"{batch.label} {seat_slug} {first['route']}",
        seat_id=str(first["seat_id"]),
        sender=str(first["sender"]),
        route=str(first["route"]),
        num_rows=len(rows),
        columns=tuple(table),
        sparse=tuple(header for header, values in table.items() if "" in values),
        parts=tuple(
            (f"{stem}.csv" if number == 1 else f"{stem}--{number}.csv", content)
            for number, content in enumerate(_parts(table, batch.max_bytes), start=1)
        ),
    )


def _columns(batch: Batch, rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return header -> cells; a column blank in every row is left out.

    What an empty cell does to a contact that GetSales has already is not documented.
    """
    table = {header: rows[name].tolist() for name, header in HEADERS.items()}
    table["plan_run"] = [batch.name] * len(rows)
    table["plan_route"] = rows["route"].tolist()
    table["plan_sender"] = rows["sender"].tolist()
    table["plan_send_on"] = rows["send_on"].tolist()
    return {header: values for header, values in table.items() if any(values)}


def _parts(table: dict[str, list[str]], limit: int) -> Iterator[bytes]:
    """Yield CSV files of at most `limit` bytes, each with the header, in order."""
    header = _line(list(table))
    part, size = [header], len(header)
    for values in zip(*table.values(), strict=True):
        line = _line(values)
        if size + len(line) > limit and len(part) > 1:
            yield b"".join(part)
            part, size = [header], len(header)
        part.append(line)
        size += len(line)
    yield b"".join(part)


def _line(values: Sequence[str]) -> bytes:
    return (",".join(map(cell, values)) + "\n").encode()
