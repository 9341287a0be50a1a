"""``planner void``: a run or a triage that was not carried out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import AsOf, Config, Json
from planner.errors import UsageError
from planner.words import counted

if TYPE_CHECKING:
    from planner.ledger.runs import Run
    from planner.ledger.store import Ledger
    from planner.ledger.triages import Applied, Effects


def void(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="Id (or its start), name, folder or week of a run; or name or folder of "
            "an applied triage.",
            show_default=False,
        ),
    ],
    from_date: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="Only what was planned for this day and later."
        ),
    ] = None,
    as_of: AsOf = None,
    param: Annotated[
        list[str], typer.Option("--param", "-p", metavar="K=V", help="Parameter.")
    ] = [],
    config: Config = None,
    ledger: LedgerOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what it would do, record nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Say that a run was not carried out, so that its leads may be planned again.

    Sends that outcomes prove stay. The files of the run are left as they are. Of an
    applied triage, its restarts, holds, assumed balances and causes are taken back.

    Examples:

      planner void 2026-W48

      planner void 2026-W48 --from 2026-11-26

      planner void 2026-W48-triage-3f9c1a7b
    """
    from planner.ledger import triages

    console.settings.json = json
    day = "" if from_date is None else inputs.date_option(from_date, "--from").isoformat()
    today = inputs.date_option(as_of)
    parameters = inputs.parameters(config, param)
    with ledgers.existing(ledger, config, parameters) as book:
        with book.reading() as connection:
            triage = triages.find(connection, name)
        if triage is None:
            _void_run(book, name, day, today, dry_run=dry_run, as_json=json)
            return
        if day:
            raise UsageError("a triage is voided as a whole: leave --from out")
        _void_triage(book, triage, today, dry_run=dry_run, as_json=json)


def _void_run(
    book: Ledger, name: str, day: str, today: dt.date, *, dry_run: bool, as_json: bool
) -> None:
    from planner.ledger import runs

    with book.reading() as connection:
        run = runs.find(connection, name)
        touched = runs.sends(connection, run)
    count = int(((touched["send_on"] >= day) & ~touched["happened"]).sum())
    if run.voided_from is not None and run.voided_from <= day:
        if as_json:
            console.result_json(_run_document(run, run.voided_from, 0, dry_run=dry_run))
            return
        console.result(f"Run {run.name} is voided already; nothing to do.")
        return
    if not dry_run:
        with book.writing() as connection:
            current = runs.find(connection, run.run_id)
            if current.voided_from is None or current.voided_from > day:
                runs.append_void(connection, current, as_of=today, from_date=day)
    if as_json:
        console.result_json(_run_document(run, day, count, dry_run=dry_run))
        return
    since = f" from {day} on" if day else ""
    console.result(
        f"Run {run.name} {'would be' if dry_run else 'is'} voided{since}: "
        f"{_freed(count, dry_run=dry_run)}"
    )


def _freed(count: int, *, dry_run: bool) -> str:
    return (
        f"{counted(count, 'planned send')} "
        f"{'would be' if dry_run else 'is' if count == 1 else 'are'} free to be planned "
        "again. Take its contacts off their GetSales lists, or the automations will send "
        "to them all the same."
    )


def _run_document(run: Run, day: str, count: int, *, dry_run: bool) -> dict[str, object]:
    """Return what voiding did as JSON; ``sends_freed`` may be planned again."""
    return {
        "dry_run": dry_run, "run_id": run.run_id, "name": run.name, "week": run.week,
        "voided_from": day or None, "sends_freed": count,
    }  # fmt: skip


def _void_triage(
    book: Ledger, triage: Applied, today: dt.date, *, dry_run: bool, as_json: bool
) -> None:
    from planner.ledger import triages

    with book.reading() as connection:
        undone = triages.effects(connection, triage)
    if not dry_run and not triage.is_voided:
        with book.writing() as connection:
            current = triages.find(connection, triage.name)
            if current is not None and not current.is_voided:
                triages.append_void(connection, current, as_of=today)
    if as_json:
        console.result_json(_triage_document(triage, undone, dry_run=dry_run))
        return
    if triage.is_voided:
        console.result(f"Triage {triage.name} is voided already; nothing to do.")
        return
    seats = "".join(
        f" {what}: {', '.join(ids)}."
        for what, ids in (
            ("No longer held", undone.held),
            ("No longer taken for out of credits", undone.emptied),
        )
        if ids
    )
    console.result(
        f"Triage {triage.name} {'would be' if dry_run else 'is'} voided: the causes of "
        f"{undone.num_leads:,} failed InMails count no more, and "
        f"{_freed(undone.num_sends, dry_run=dry_run)}{seats}"
    )


def _triage_document(
    triage: Applied, undone: Effects, *, dry_run: bool
) -> dict[str, object]:
    is_new = not triage.is_voided
    return {
        "dry_run": dry_run, "name": triage.name, "as_of": triage.as_of.isoformat(),
        "sends_freed": undone.num_sends if is_new else 0,
        "causes_dropped": undone.num_leads if is_new else 0,
        "seats_released": list(undone.held) if is_new else [],
        "balances_dropped": list(undone.emptied) if is_new else [],
    }  # fmt: skip
