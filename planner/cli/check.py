"""``planner check``: read everything, show what was understood, plan nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, workspace
from planner.cli.plan import (
    AsOf,
    Config,
    Encoding,
    Exclude,
    Json,
    LeadFiles,
    Map,
    Param,
    ScrapedBy,
)
from planner.errors import ExitCode, Issue, Severity
from planner.intake.mapping_words import mappings_in_words
from planner.words import counted

if TYPE_CHECKING:
    from planner.domain import ColumnMapping, InputFile, LeadTable, Seat


def check(
    leads: LeadFiles,
    seats: Annotated[
        str | None,
        typer.Option("--seats", "-s", metavar="FILE", help="Seat inventory, if any."),
    ] = None,
    as_of: AsOf = None,
    exclude: Exclude = [],
    scraped_by: ScrapedBy = "",
    mapping: Map = [],
    param: Param = [],
    config: Config = None,
    encoding: Encoding = None,
    json: Json = False,
) -> None:
    """Read leads and seats, show the column mapping and every finding; plan nothing.

    Exits with 3 if there are errors. Example:

      planner check exports/*.csv --seats seats.xlsx
    """
    from planner.intake.eligibility import match_seats

    console.settings.json = json
    parameters = inputs.parameters(config, param)
    today = inputs.date_option(as_of)
    options = inputs.LeadOptions(
        leads=leads, exclude=exclude, mapping=mapping, scraped_by=scraped_by,
        encoding=encoding, kept=workspace.kept_columns(config),
    )  # fmt: skip
    if seats is not None:
        loaded = inputs.load(options, seats, parameters, as_of=today)
        table = match_seats(loaded.leads, loaded.seats, loaded.mappings)
        issues = [*table.issues, *loaded.seat_issues]
        _show(table, loaded.mappings, loaded.files, loaded.seats, issues, as_json=json)
    else:
        table, mappings, files = inputs.load_leads(options, parameters, as_of=today)
        issues = list(table.issues)
        _show(table, mappings, files, (), issues, as_json=json)
    if any(issue.severity is Severity.ERROR for issue in issues):
        raise typer.Exit(int(ExitCode.INPUT))


def _show(
    table: LeadTable,
    mappings: tuple[ColumnMapping, ...],
    files: tuple[InputFile, ...],
    seats: tuple[Seat, ...],
    issues: list[Issue],
    *,
    as_json: bool,
) -> None:
    outcomes = table.rows["outcome"].astype(str).value_counts()
    counts = {
        "rows": len(table.rows),
        "leads": len(table.leads),
        "duplicates": int(outcomes.get("duplicate", 0)),
        "rejected": int(outcomes.get("rejected", 0)),
        "excluded": int((table.leads["exclusion"] != "").sum()),
        "seats": len(seats),
    }
    if as_json:
        console.result_json(
            {
                "counts": counts,
                "files": [
                    {"file": f.file, "kind": f.kind, "rows": f.num_rows, "sha256": f.sha256}
                    for f in files
                ],
                "mappings": [
                    {"file": m.file, "columns": {k: list(v) for k, v in m.columns.items()}}
                    for m in mappings
                ],
                "issues": [console.issue_record(issue) for issue in issues],
            }
        )
        return

    def tally(name: str, noun: str) -> str:
        return counted(counts[name], noun)

    for line in mappings_in_words(mappings):
        console.result(line)
    for issue in issues:
        console.result(str(issue))
    console.result(
        f"{tally('rows', 'row')}: {tally('leads', 'lead')}, "
        f"{tally('duplicates', 'duplicate')}, {counts['rejected']:,} rejected; "
        f"{tally('excluded', 'lead')} excluded; {tally('seats', 'seat')}"
    )
    errors = sum(issue.severity is Severity.ERROR for issue in issues)
    console.result(
        f"{counted(errors, 'error')}, {len(issues) - errors:,} warnings and notes"
    )
