"""``planner record``: what happened, from exports and lists, into the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import AsOf, Config, Encoding, Json, Param
from planner.errors import InputError, Severity, UsageError
from planner.intake.mapping_words import mappings_in_words
from planner.words import counted

if TYPE_CHECKING:
    from planner.domain import InputFile, OutcomeKind
    from planner.errors import Issue
    from planner.intake.outcomes import OutcomeTable
    from planner.ledger.outcomes import Recorded

OutcomeFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES...",
        help=(
            "GetSales exports, plan.xlsx with statuses, or lists: CSV, TSV or XLSX, files "
            "or patterns; - is standard input."
        ),
        show_default=False,
    ),
]
What = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="OUTCOME",
        help=(
            "What every row of the files is: sent, failed, skipped, replied, accepted or "
            "flag_seen."
        ),
    ),
]

Map = Annotated[
    list[str],
    typer.Option(
        "--map", metavar="K=COL", help='Column by meaning, e.g. --map status="Outcome".'
    ),
]


def record(
    files: OutcomeFiles,
    what: What = None,
    seat: Annotated[
        str, typer.Option("--seat", metavar="SEAT", help="Seat of rows that name none.")
    ] = "",
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="DATE", help="Day of what has no date in the files."),
    ] = None,
    as_of: AsOf = None,
    mapping: Map = [],
    param: Param = [],
    config: Config = None,
    encoding: Encoding = None,
    ledger: LedgerOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Read and match, record nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Record what happened: sent, failed, replied, accepted, flags and balances seen.

    Recording the same file twice changes nothing. To correct what was recorded: sent
    wins over failed and skipped, and the balance recorded last for a day over those
    before. Sent, replied and accepted cannot be taken back: look at --dry-run first.
    A balance with a date alone is that morning's, before the sends of the day; give
    the time if it was read later.

    Examples:

      planner record plan.xlsx

      planner record replied.csv --as replied --on 2026-11-27

      planner record tasks.csv balances.csv --dry-run
    """
    from planner.ledger import outcomes as book

    console.settings.json = json
    parameters = inputs.parameters(config, param)
    today = inputs.date_option(as_of)
    told, _ = read(
        files, what=kind_option(what), seat=seat,
        on=inputs.past_date_option(on, today), as_of=today,
        overrides=inputs.pairs(mapping, "--map", 'status="Outcome"'), encoding=encoding,
    )  # fmt: skip
    if told.outcomes.empty and any(i.severity is Severity.ERROR for i in told.issues):
        raise InputError("no row says what happened; nothing was recorded", told.issues)
    console.step("recording")
    with (
        ledgers.existing(ledger, config, parameters) as open_ledger,
        open_ledger.writing() as connection,
    ):
        names = ledgers.seat_names(connection)
        ledgers.check_seat(seat, names)
        done = book.record(connection, told.outcomes, names, as_of=today)
        if dry_run:
            connection.rollback()
    console.steps_done()
    _report(told, done, as_json=json, dry_run=dry_run)


def kind_option(text: str | None) -> OutcomeKind | None:
    """Parse ``--as``."""
    from planner.domain import OutcomeKind

    if text is None:
        return None
    kinds = {str(kind): kind for kind in OutcomeKind if kind != OutcomeKind.BALANCE_SEEN}
    kind = kinds.get(text.strip().casefold().replace("-", "_"))
    if kind is None:
        raise UsageError(f"--as takes one of {', '.join(kinds)}, got {text[:20]!r}")
    return kind


def read(
    files: Sequence[str],
    *,
    what: OutcomeKind | None,
    seat: str,
    on: dt.date | None,
    as_of: dt.date,
    overrides: dict[str, str],
    encoding: str | None,
    or_failed: bool = False,
) -> tuple[OutcomeTable, tuple[InputFile, ...]]:
    """Read files of outcomes; say on stderr which column was taken for what.

    Parameters
    ----------
    or_failed : bool
        Whether a file that does not say what happened is one of failures.

    Raises
    ------
    InputError
        If a file cannot be used.
    """
    from dataclasses import replace

    from planner.domain import OutcomeKind
    from planner.intake import outcome_columns, outcomes
    from planner.intake import read as reader

    console.step("reading outcomes")
    tables, found = reader.tables(
        list(files), encoding=encoding, known_headers=outcome_columns.known_headers(),
        skip_empty=True,
    )  # fmt: skip
    tables, found = outcome_columns.worth_reading(tables, found)
    tables = sorted(tables, key=lambda table: table.file)
    issues = [*found, *outcome_columns.check_overrides(tables, overrides)]
    parts = []
    for table in tables:
        kind = what
        mapping, more = outcome_columns.recognise(table, overrides, what=kind)
        if or_failed and not set(outcome_columns.TELLING) & set(mapping.columns):
            kind = OutcomeKind.FAILED
            mapping, more = outcome_columns.recognise(table, overrides, what=kind)
        issues += more
        parts.append((table, mapping, kind))
    inputs.stop_on_file_errors(issues)
    used_for = {meaning.name: meaning.description for meaning in outcome_columns.MEANINGS}
    for line in mappings_in_words([mapping for _, mapping, _ in parts], used_for):
        console.say(line)
    joined = outcomes.concatenate(
        [
            outcomes.read(table, mapping, as_of=as_of, what=kind, seat=seat, on=on)
            for table, mapping, kind in parts
        ]
    )
    console.steps_done()
    read_files = inputs.input_files(tables, "outcomes")
    return replace(joined, issues=(*issues, *joined.issues)), read_files


def _report(told: OutcomeTable, done: Recorded, *, as_json: bool, dry_run: bool) -> None:
    issues: tuple[Issue, ...] = (*told.issues, *done.issues)
    became = told.rows["became"].value_counts()
    kinds = sorted(
        kind
        for kind in {*done.new, *done.known}
        if done.new.get(kind) or done.known.get(kind)
    )
    if as_json:
        console.result_json(
            {
                "entry": 0 if dry_run else done.entry,
                "rows": {str(name): int(count) for name, count in became.items()},
                "new": dict(done.new), "known": dict(done.known),
                "issues": [console.issue_record(issue) for issue in issues],
            }
        )  # fmt: skip
        return
    console.show_issues(issues)
    rows = ", ".join(f"{count:,} {name}" for name, count in sorted(became.items()))
    console.result(f"{counted(len(told.rows), 'row')}: {rows}")
    if kinds:
        console.result("")
        console.table(
            ("outcome", "new", "known already"),
            [(kind, done.new.get(kind, 0), done.known.get(kind, 0)) for kind in kinds],
        )
    if dry_run:
        console.result("\nDry run: nothing was recorded.")
    elif not done.entry:
        console.result("\nNothing new: the ledger is unchanged.")
    else:
        console.result(f"\nRecorded as entry {done.entry}.")
