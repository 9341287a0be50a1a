"""Files and options into `Inputs`: the reading half of the shell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli import console, workspace
from planner.errors import InputError, Issue, ParameterError, Severity, UsageError
from planner.words import counted

if TYPE_CHECKING:
    from planner.domain import ColumnMapping, InputFile, Inputs, LeadTable, RawTable, Seat
    from planner.intake.seats import KnownCredits
    from planner.params import Parameters

#: Years of date options: a plan looks months back and ahead, and dates end in 9999.
FIRST_YEAR, LAST_YEAR = 2000, 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadOptions:
    """What the user said about the lead files.

    ``kept`` is the ``[map]`` of planner.toml, which ``mapping`` (``--map``) overrides.
    """

    leads: Sequence[str]
    exclude: Sequence[str] = ()
    mapping: Sequence[str] = ()
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scraped_by: str = ""
    encoding: str | None = None


def parameters(config: Path | None, overrides: Sequence[str]) -> Parameters:
    """Return the parameters in force: ``--param`` over planner.toml over defaults."""
    from planner.params import Parameters

    path = config or Path(workspace.CONFIG_NAME)
    given: dict[str, object] = {**pairs(overrides, "--param", "reserve=8")}
    values = workspace.parameter_values(config)
    try:
        return Parameters().override({**values, **given})
    except ParameterError as error:
        raise ParameterError(f"{_source(path, values, given)}: {error}") from error


def _source(path: Path, values: Mapping[str, object], given: Mapping[str, object]) -> str:
    """Return where a fault lies that shows only when all parameters are put together."""
    from planner.params import Parameters

    try:
        Parameters().override(given)
    except ParameterError:
        return f"{path}, --param" if values else "--param"
    return str(path)


def pairs(texts: Sequence[str], option: str, example: str) -> dict[str, str]:
    """Parse ``K=V`` options.

    Raises
    ------
    UsageError
        If one has no ``=``.
    """
    values = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"{option} takes NAME=VALUE, such as {option} {example}")
        values[name.strip()] = value.strip()
    return values


def date_option(text: str | None, option: str = "--as-of") -> dt.date:
    """Parse a date option; today where it is not given (the only look at the clock).

    Raises
    ------
    UsageError
        If it is no date, or of a year that no plan reaches back or ahead from.
    """
    if text is None:
        return dt.datetime.now().astimezone().date()
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} takes a date such as 2026-11-23, got {text[:20]!r}"
        ) from None
    if not FIRST_YEAR <= date.year <= LAST_YEAR:
        raise UsageError(
            f"{option} takes a date in the years {FIRST_YEAR} to {LAST_YEAR}, got {date}"
        )
    return date


def past_date_option(
    text: str | None, as_of: dt.date, option: str = "--on"
) -> dt.date | None:
    """Parse the day of something that has happened; None where it is not given.

    Raises
    ------
    UsageError
        If it is no date, or later than `as_of`.
    """
    if text is None:
        return None
    date = date_option(text, option)
    if date > as_of:
        raise UsageError(
            f"{option} {date} is later than --as-of {as_of}: it says when something "
            "happened"
        )
    return date


def load_leads(
    options: LeadOptions, parameters: Parameters, *, as_of: dt.date
) -> tuple[LeadTable, tuple[ColumnMapping, ...], tuple[InputFile, ...]]:
    """Read, recognise and clean lead files and exclusion lists.

    Raises
    ------
    InputError
        If a file cannot be used, or a column override names what no file has.
    """
    from planner.intake import columns, leads, missing_columns

    console.step("reading leads")
    given = pairs(options.mapping, "--map", 'open="Free InMail?"')
    kept = columns.without(options.kept, given)
    overrides = {**kept, **{name: (header,) for name, header in given.items()}}
    tables, mappings, issues = _recognised(
        options.leads, options.encoding, parameters, overrides, skip_empty=True
    )
    issues += columns.check_overrides(tables, given)
    issues += columns.check_overrides(tables, kept, said_in=workspace.MAP)
    for raw, mapping in zip(tables, mappings, strict=True):
        issues += missing_columns.find(raw, mapping, overrides)
    exclusions, exclusion_mappings, more = _recognised(
        options.exclude, options.encoding, parameters, {}
    )
    # Everybody on an exclusion list is left out, whatever else it says of them.
    more = [issue for issue in more if issue.code != "ignored-contact-column"]
    stop_on_file_errors([*issues, *more])
    console.step("finding out who is who")
    table = leads.clean(
        tables,
        mappings,
        exclusions=list(zip(exclusions, exclusion_mappings, strict=True)),
        scraped_by=options.scraped_by,
        as_of=as_of,
        parameters=parameters,
    )
    table = with_reader_issues(table, issues, more)
    files = input_files(tables, "leads") + input_files(exclusions, "exclude")
    console.steps_done()
    return table, tuple(mappings), files


def _recognised(
    paths: Sequence[str],
    encoding: str | None,
    parameters: Parameters,
    overrides: Mapping[str, tuple[str, ...]],
    *,
    skip_empty: bool = False,
) -> tuple[list[RawTable], list[ColumnMapping], list[Issue]]:
    from planner.intake import columns, read

    if not paths:
        return [], [], []
    tables, issues = read.tables(
        paths,
        encoding=encoding,
        mojibake_share=parameters.mojibake_share,
        skip_empty=skip_empty,
    )
    # In the order of their names: which file is named first must change nothing.
    tables = sorted(tables, key=lambda table: table.file)
    issues = sorted(issues, key=lambda issue: issue.file)
    mappings = []
    for table in tables:
        mapping, more = columns.recognise(table, overrides)
        mappings.append(mapping)
        issues += more
    return tables, mappings, issues


def input_files(tables: Sequence[RawTable], kind: str) -> tuple[InputFile, ...]:
    """Return what a run says of the files that went into it."""
    from planner.domain import InputFile

    return tuple(
        InputFile(file=t.file, kind=kind, sha256=t.sha256, num_rows=len(t.frame))
        for t in tables
    )


def stop_on_file_errors(issues: Sequence[Issue]) -> None:
    """Refuse the run if a finding is about a whole file or option, not about a row."""
    if unusable := _unusable(issues):
        raise InputError(f"{unusable}{_NOTHING}", issues)


#: How refusals end.
_NOTHING = "; nothing was written"


def _unusable(issues: Sequence[Issue]) -> str:
    """Return how many files and column choices are faulty as a whole; "" if none is."""
    fatal = [i for i in issues if i.severity is Severity.ERROR and i.row is None]
    files = len({issue.file for issue in fatal if issue.file})
    choices = sum(not issue.file for issue in fatal)
    parts = [(files, "input file"), (choices, "column choice")]
    words = [counted(number, noun) for number, noun in parts if number]
    return f"{' and '.join(words)} cannot be used" if words else ""


def _both(seats: InputError, leads: InputError) -> InputError:
    """Return the faults of the inventory and of the lists as one refusal."""
    issues = [*seats.issues, *leads.issues]
    first, second = (str(error).removesuffix(_NOTHING) for error in (seats, leads))
    words = [_unusable(error.issues) for error in (seats, leads)]
    message = f"{first}; {second}"
    if words == [first, second]:
        message = _unusable(issues)
    return InputError(f"{message}{_NOTHING}", issues)


def with_reader_issues(
    table: LeadTable, issues: Sequence[Issue], others: Sequence[Issue]
) -> LeadTable:
    """Return the leads with the rows that the reader kept out, and all findings.

    Rows kept out of exclusion lists (`others`) are findings, but never were leads.
    """
    import pandas as pd

    from planner import schemas

    lost = [i for i in issues if i.severity is Severity.ERROR and i.row is not None]
    rows = table.rows
    if lost:
        rejected = pd.DataFrame(
            {
                "source_file": [issue.file for issue in lost],
                "source_row": [issue.row for issue in lost],
                "lead_id": [""] * len(lost),
                "outcome": ["rejected"] * len(lost),
                "code": [issue.code for issue in lost],
            },
            columns=schemas.names(schemas.ROWS),
        ).drop_duplicates(["source_file", "source_row"])
        rows = pd.concat([rows, rejected], ignore_index=True).astype(
            {"source_row": "int64"}
        )
    return replace(table, rows=rows, issues=(*issues, *others, *table.issues))


def load_seats(
    path: str,
    parameters: Parameters,
    *,
    as_of: dt.date,
    encoding: str | None = None,
    known_credits: KnownCredits | None = None,
) -> tuple[tuple[Seat, ...], tuple[Issue, ...], tuple[InputFile, ...]]:
    """Read the seat inventory.

    Raises
    ------
    InputError
        If the file or any seat of it cannot be used; all findings are in it.
    """
    from planner.intake import read, seats

    tables, found = read.tables(
        [path], encoding=encoding, known_headers=seats.known_headers()
    )
    issues = list(found)
    stop_on_file_errors(issues)
    inventory = [table for table in tables if seats.is_inventory(table)] or tables[:1]
    usable: tuple[Seat, ...] = ()
    for table in inventory[:1]:
        usable, more = seats.read(
            table, as_of=as_of, parameters=parameters, known_credits=known_credits
        )
        issues += more
    # The template's own help sheets are no lists, and need no word.
    issues = [issue for issue in issues if issue.code != "sheet-skipped"]
    errors = [issue for issue in issues if issue.severity is Severity.ERROR]
    if errors or not usable:
        raise InputError(
            f"the seat inventory has {counted(len(errors), 'error')}; nothing was written"
            if errors
            else "no usable seat: the inventory has no rows; nothing was written",
            issues,
        )
    return usable, tuple(issues), input_files(inventory[:1], "seats")


def _check_scraper(name: str, seats: Sequence[Seat]) -> None:
    """Refuse a --scraped-by that is no seat: its connections would go to nobody."""
    known = {seat.seat_id.casefold() for seat in seats}
    known |= {seat.sender.casefold() for seat in seats}
    if name and name.casefold() not in known:
        names = ", ".join(seat.seat_id for seat in seats[:20])
        raise InputError(f"--scraped-by {name[:40]!r} is no seat; there are: {names}")


def load(
    options: LeadOptions,
    seats: str,
    parameters: Parameters,
    *,
    as_of: dt.date,
    known_credits: KnownCredits | None = None,
) -> Inputs:
    """Read everything that a plan is made from; report faults of all files at once."""
    from planner.domain import Inputs

    problems: list[Issue] = []
    try:
        usable, seat_issues, seat_files = load_seats(
            seats, parameters, as_of=as_of, encoding=options.encoding,
            known_credits=known_credits,
        )  # fmt: skip
    except InputError as error:
        problems += error.issues
        seat_error: InputError | None = error
    else:
        seat_error = None
        _check_scraper(options.scraped_by, usable)
    try:
        table, mappings, files = load_leads(options, parameters, as_of=as_of)
    except InputError as error:
        if seat_error is None:
            raise
        raise _both(seat_error, error) from error
    if seat_error is not None:
        nobody = "; no usable lead either" if table.leads.empty else ""
        raise InputError(f"{seat_error}{nobody}", [*problems, *table.issues])
    return Inputs(
        leads=table,
        seats=usable,
        seat_issues=seat_issues,
        mappings=mappings,
        files=(*files, *seat_files),
    )
