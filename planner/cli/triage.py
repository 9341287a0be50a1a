"""``planner triage``: why each InMail failed, and where its lead goes now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers, record
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import AsOf, Config, Encoding, Json, Param, SeatFile
from planner.cli.record import Map
from planner.errors import ExitCode, InputError, Severity

if TYPE_CHECKING:
    import datetime as dt

    from planner.domain import InputFile, Seat, SeatDay
    from planner.errors import Issue
    from planner.intake.outcomes import OutcomeTable
    from planner.ledger.failures import Failed
    from planner.ledger.store import Connection, Ledger
    from planner.output.triage import TriageRun
    from planner.params import Parameters

FailedFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FAILED...",
        help=(
            "Exports of the failed contacts or tasks: CSV, TSV or XLSX, files or "
            "patterns; - is standard input."
        ),
        show_default=False,
    ),
]


def triage(
    files: FailedFiles,
    seats: SeatFile,
    seat: Annotated[
        str, typer.Option("--seat", metavar="SEAT", help="Seat of rows that name none.")
    ] = "",
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="DATE", help="Day of failures without a date."),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of all runs.")
    ] = Path("reports"),
    apply: Annotated[
        bool,
        typer.Option(
            "--apply", help="Record failures, restarts and seat holds in the ledger."
        ),
    ] = False,
    as_of: AsOf = None,
    mapping: Map = [],
    param: Param = [],
    config: Config = None,
    encoding: Encoding = None,
    ledger: LedgerOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Judge, but write and record nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Say why each InMail failed, and write lists that send the leads on their way.

    Out of credits or InMail switched off look the same to GetSales; the seat's balance
    and its other sends tell them apart. Record what was sent before (planner record).

    Examples:

      planner triage failed.csv --seats seats.xlsx

      planner triage failed.csv --seats seats.xlsx --apply
    """
    console.settings.json = json
    parameters = inputs.parameters(config, param)
    today = inputs.date_option(as_of)
    told, read_files = record.read(
        files, what=None, seat=seat, or_failed=True, as_of=today, encoding=encoding,
        on=inputs.past_date_option(on, today),
        overrides=inputs.pairs(mapping, "--map", 'error_text="Failure"'),
    )  # fmt: skip
    told = _of_inmails(told)
    if not (told.outcomes["kind"] == "failed").any():
        raise InputError("no row says that an InMail failed: nothing to judge", told.issues)
    console.step("judging")
    with _ledger(ledger, config, parameters, create=apply and not dry_run) as book:
        job = Job(
            told=told, files=read_files, seats=seats, parameters=parameters, today=today,
            encoding=encoding,
        )  # fmt: skip
        made, folder = _run(job, book, out, apply=apply, dry_run=dry_run)
    console.steps_done()
    _report(made, folder, applied=apply and not dry_run, as_json=json)
    if any(issue.severity is Severity.ERROR for issue in made.issues):
        raise typer.Exit(int(ExitCode.INPUT))


def _of_inmails(told: OutcomeTable) -> OutcomeTable:
    """Return the outcomes with failures that name no step as those of InMails."""
    from planner.intake.outcomes import INMAIL

    unnamed = (told.outcomes["kind"] == "failed") & (told.outcomes["route"] == "")
    route = told.outcomes["route"].mask(unnamed, INMAIL)
    return replace(told, outcomes=told.outcomes.assign(route=route))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What there is to judge, and with what."""

    told: OutcomeTable
    files: tuple[InputFile, ...]
    seats: str
    parameters: Parameters
    today: dt.date
    encoding: str | None


@contextmanager
def _ledger(
    option: str | None, config: Path | None, parameters: Parameters, *, create: bool
) -> Iterator[Ledger]:
    """Open the ledger, or a new one; unless it is to be kept, a new one is thrown away."""
    with ledgers.opened(option, config, parameters, create=create) as book:
        if book is not None:
            yield book
            return
    with (
        TemporaryDirectory() as folder,
        ledgers.opened(f"{folder}/empty.db", None, parameters, create=True) as book,
    ):
        if book is not None:
            yield book


def _run(
    job: Job, book: Ledger, out: Path, *, apply: bool, dry_run: bool
) -> tuple[TriageRun, Path | None]:
    """Judge the failures; write the lists and, if asked to, the ledger with them."""
    from planner.ledger import failures, triages
    from planner.output.triage import triage_name, write_triage

    seats, seat_issues, seat_files = inputs.load_seats(
        job.seats, job.parameters, as_of=job.today, encoding=job.encoding,
        known_credits=ledgers.known_credits(book, job.parameters, job.today),
    )  # fmt: skip
    key = failures.digest(job.told.outcomes, seats, job.parameters)
    files, issues = (*job.files, *seat_files), (*job.told.issues, *seat_issues)
    # In one transaction: what the files say counts as evidence, and is kept if asked to.
    with book.writing() as connection:
        standing = triages.standing(connection, key, job.today)
        made, failed = judged(connection, job, seats, standing)
        made = replace(made, files=files, issues=(*issues, *made.issues))
        if apply and not dry_run:
            if standing is None and len(failed.failures):
                failures.apply(
                    connection, job.told.outcomes, failed, made.triage,
                    as_of=job.today, digest=triages.digest(key, triage_name(made)),
                )  # fmt: skip
            return made, write_triage(made, out) if len(failed.failures) else None
        connection.rollback()
    if dry_run or not len(failed.failures):
        return made, None
    return made, write_triage(made, out)


def judged(
    connection: Connection, job: Job, seats: tuple[Seat, ...], standing: int | None
) -> tuple[TriageRun, Failed]:
    """Judge the failures of a job, as the ledger stands; record what they tell, too.

    Nothing else is recorded. ``standing`` is the entry of a triage of the same failures
    that was applied before, if there is one.
    """
    from planner import __version__
    from planner.ledger import failures, history, outcomes, reconcile, touches
    from planner.output.triage import TriageRun
    from planner.triage.judge import triage as judge

    names = ledgers.seat_names(connection) | ledgers.names_of(seats)
    told = job.told.outcomes
    recorded: tuple[Issue, ...] = ()
    if standing is None:
        recorded = outcomes.record(connection, told, names, as_of=job.today).issues
    upto = touches.ALL if standing is None else standing
    view = touches.View(as_of=job.today, upto=upto)
    failed = failures.read(connection, told, names, view, job.parameters)
    histories = history.seat_histories(connection, view, job.parameters)
    # What is planned ahead is taken off by `failures.seat_records`, this week's run too.
    completed, notes = reconcile.reconciled(
        seats, histories, job.parameters, as_of=job.today, settled=False
    )
    for seat in seats:
        if "credits" in seat.stated:
            histories[seat.seat_id] = reconcile.with_sighting(
                seat, histories.get(seat.seat_id)
            )
    inventory = failures.Inventory(
        seats=completed,
        histories=histories,
        days={seat.seat_id: _days(seat, job.today, job.parameters) for seat in completed},
    )
    records = failures.seat_records(connection, inventory, failed, view, job.parameters)
    found = judge(failed.failures, records, as_of=job.today, parameters=job.parameters)
    made = TriageRun(
        triage=found,
        senders={seat.seat_id: seat.sender for seat in seats},
        as_of=job.today,
        version=__version__,
        parameters=job.parameters,
        # Failures that no run planned are judged all the same.
        issues=(
            *(issue for issue in recorded if issue.code != "no-assignment"),
            # Counts of Monday's inventory are behind by Friday: no news here.
            *(issue for issue in notes if issue.code != reconcile.FEWER_STATED),
            *failed.issues,
        ),
    )
    return made, failed


def _days(seat: Seat, today: dt.date, parameters: Parameters) -> tuple[SeatDay, ...]:
    """Return the days on which a seat sends: of this week, else of the next."""
    from planner.dates import ONE_DAY, ONE_WEEK, monday
    from planner.model.calendar import seat_calendar

    week_after = monday(today) + ONE_WEEK
    for start, end in ((today, week_after), (week_after, week_after + ONE_WEEK)):
        calendar = seat_calendar(
            0, seat, as_of=today, start=start, end=end - ONE_DAY, parameters=parameters
        )
        if calendar.periods:
            return tuple(day for period in calendar.periods for day in period.days)
    return ()


def _report(made: TriageRun, folder: Path | None, *, applied: bool, as_json: bool) -> None:
    from planner.output import triage as output

    name = output.triage_name(made)
    if as_json:
        document = output.document(made, name)
        document["folder"] = None if folder is None else str(folder)
        document["applied"] = applied
        console.result_json(document)
        return
    console.show_issues(made.issues)
    found = made.findings
    if found.empty:
        console.result("Nothing new: every failure of these files was dealt with before.")
        return
    console.result(f"{len(found):,} failed InMails, as of {made.as_of}\n")
    counts = found.groupby(["cause", "next_step"]).size().reset_index(name="leads")
    console.table(
        ("most likely cause", "next step", "leads"),
        [
            (
                output.CAUSE_WORDS[line["cause"]],
                output.STEP_WORDS.get(line["next_step"], "-"), line["leads"],
            )
            for line in counts.to_dict("records")
        ],
    )  # fmt: skip
    console.result("")
    console.table(
        ("seat", "failed", "judged", "probability", "what to do"),
        [
            (
                one.seat_id, one.num_failures, output.judged(one),
                f"{one.probability:.0%}", one.words,
            )
            for one in made.triage.verdicts
            if one.num_failures
        ],
    )  # fmt: skip
    if folder is None:
        console.result("\nDry run: nothing was written.")
        return
    console.result(f"\nWritten to {folder}:")
    console.result("  triage.xlsx         every failure with cause, evidence and next step")
    console.result("  getsales/           a list per seat and route, and how to import")
    console.result(
        "Recorded in the ledger: failures, next steps, seats on hold."
        if applied
        else "The ledger is unchanged: the same command with --apply records it."
    )
