"""``planner runs``, ``show``, ``diff``: what the ledger has of the runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers, page
from planner.cli.ledgers import LedgerOption
from planner.cli.page import RuleCosts, WithNames
from planner.cli.plan import Config, Json
from planner.cli.run_files import assignments_of, folder_of
from planner.errors import UsageError
from planner.words import counted

if TYPE_CHECKING:
    from planner.ledger.diffs import Difference
    from planner.ledger.runs import Run
    from planner.ledger.store import Connection
    from planner.ledger.triages import Applied, Effects

RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="Id (or its start), name, folder or week of a run.",
        show_default=False,
    ),
]  # fmt: skip

#: Leads of a comparison that the terminal shows; --out writes all.
_SHOWN = 20


def runs(config: Config = None, ledger: LedgerOption = None, json: Json = False) -> None:
    """List the runs of the ledger, oldest first, and the triages applied to it.

    Example:

      planner runs
    """
    from planner.ledger import runs as book
    from planner.ledger import triages

    console.settings.json = json
    with _opened(ledger, config) as connection:
        every = book.runs(connection)
        applied = triages.triages(connection)
    if json:
        console.result_json(
            {
                "runs": [_line(run) for run in every],
                "triages": [
                    {
                        "name": one.name, "as_of": one.as_of.isoformat(),
                        "recorded_at": one.recorded_at,
                        "status": "voided" if one.is_voided else "in force",
                    }
                    for one in applied
                ],
            }
        )  # fmt: skip
        return
    if not every:
        console.result("No runs yet: planner plan makes one.")
        return
    console.table(
        ("run", "week", "as of", "InMails", "requests", "hold", "status"),
        [
            (
                run.name, run.week, str(run.as_of),
                _total(run, "open_inmail") + _total(run, "paid_inmail"),
                _total(run, "connection_request"), _total(run, "hold"), _status(run),
            )
            for run in every
        ],
    )  # fmt: skip
    if applied:
        console.result("")
        console.table(
            ("triage", "as of", "status"),
            [
                (one.name, str(one.as_of), "voided" if one.is_voided else "in force")
                for one in applied
            ],
        )


def show(
    name: RunName,
    html: Annotated[
        bool, typer.Option("--html", help="Make the run's page of pictures again.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="With --html: where to; report.html in the run's folder.",
        ),
    ] = None,
    rule_costs: RuleCosts = False,
    with_names: WithNames = False,
    config: Config = None,
    ledger: LedgerOption = None,
    json: Json = False,
) -> None:
    """Show a run: what it planned, and what has come of it; or an applied triage.

    Examples:

      planner show 2026-W48

      planner show 2026-W48 --html --rule-costs --out report.html
    """
    from planner.ledger import runs as book
    from planner.ledger import triages

    console.settings.json = json
    asked = page.Asked(rule_costs=rule_costs, with_names=with_names)
    if html:
        page.again(name, asked, out, ledger, config, as_json=json)
        return
    if out is not None or asked != page.Asked():
        raise UsageError("--out, --rule-costs and --with-names go with --html")
    with _opened(ledger, config) as connection:
        triage = triages.find(connection, name)
        if triage is not None:
            _show_triage(triage, triages.effects(connection, triage), as_json=json)
            return
        run = book.find(connection, name)
        done = progress(connection, run)
    if json:
        console.result_json({**_line(run), "progress": done})
        return
    console.result(f"Run {run.name} ({run.run_id}), {_status(run)}")
    console.result(
        f"week {run.week}, balances as of {run.as_of}, recorded {run.recorded_at}, "
        f"planner {run.version}"
    )
    folder = folder_of(run)
    console.result(f"files: {folder or f'{run.folder} (not on this machine)'}\n")
    console.table(
        ("route", "planned", "sent", "failed", "skipped", "accepted", "replied", "open"),
        [(route, *counts.values()) for route, counts in done.items()],
    )
    changed = run.document.get("parameters")
    if isinstance(changed, dict) and changed:
        console.result("\nParameters that differ from their defaults:")
        console.table(("parameter", "value"), [(k, str(v)) for k, v in changed.items()])


def diff(
    before: RunName,
    after: RunName,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write every moved lead to CSV, with profile and company.",
        ),
    ] = None,
    with_names: Annotated[
        bool, typer.Option("--with-names", help="Name the leads, here and in --out.")
    ] = False,
    config: Config = None,
    ledger: LedgerOption = None,
    json: Json = False,
) -> None:
    """Compare two runs: who moved, from where to where, and why.

    A lead is shown with its company and its row in the second run's assignments.csv (in
    the first one's if it is no longer on the list). Example:

      planner diff 2026-W48 2026-W49 --out moved.csv
    """
    from dataclasses import replace

    from planner.ledger import diffs
    from planner.ledger import runs as book
    from planner.output.atomic import check_place, write_file

    console.settings.json = json
    if out is not None:
        check_place(out)
    with _opened(ledger, config) as connection:
        first, second = book.find(connection, before), book.find(connection, after)
        old, new = assignments_of(first), assignments_of(second)
        fates = diffs.fates(connection, first, second, old["lead_id"].tolist())
    found = diffs.difference(
        diffs.side_of_run(first, old), diffs.side_of_run(second, new), fates
    )
    named = diffs.with_people(found.leads, old, new, names=with_names)
    found = replace(found, leads=named)
    if out is not None:
        write_file(out, found.leads.to_csv(index=False, lineterminator="\n").encode())
    if json:
        console.result_json(
            {
                "before": first.name, "after": second.name,
                "moves": found.moves.to_dict("records"),
                "leads": found.leads.drop(columns=["linkedin_url"]).to_dict("records"),
                "parameters": found.parameters, "credits": found.seats,
            }
        )  # fmt: skip
        return
    _show_difference(first, second, found, out)


# --- reading ----------------------------------------------------------------------


def progress(connection: Connection, run: Run) -> dict[str, dict[str, int]]:
    """Return, by route, how many sends were planned and what has come of them."""
    from planner.domain import SENT_ROUTES
    from planner.ledger.touches import View, touches

    frame = touches(connection, View(as_of=run.as_of), where=f"AND a.entry = {run.entry}")
    result = {}
    for route in SENT_ROUTES:
        own = frame[frame["route"] == str(route)]
        counts = {"planned": len(own)}
        for kind in ("sent", "failed", "skipped", "accepted", "replied"):
            said = own[kind] != ""
            # What went out in the end has not failed: a correction counts.
            undone = kind in ("failed", "skipped")
            counts[kind] = int((said & ~own["happened"] if undone else said).sum())
        counts["open"] = int((~own["happened"] & ~own["undone"].astype(bool)).sum())
        result[str(route)] = counts
    return result


@contextmanager
def _opened(ledger: str | None, config: Path | None) -> Iterator[Connection]:
    """Open an existing ledger for reading."""
    parameters = inputs.parameters(config, [])
    with ledgers.existing(ledger, config, parameters) as book, book.reading() as connection:
        yield connection


# --- showing ----------------------------------------------------------------------


def _total(run: Run, name: str) -> int:
    totals = run.document.get("totals")
    return int(totals.get(name, 0)) if isinstance(totals, dict) else 0


def _status(run: Run) -> str:
    if run.voided_from is None:
        return "in force"
    return f"voided from {run.voided_from} on" if run.voided_from else "voided"


def _line(run: Run) -> dict[str, object]:
    return {
        "run_id": run.run_id, "name": run.name, "week": run.week, "folder": run.folder,
        "as_of": run.as_of.isoformat(), "recorded_at": run.recorded_at,
        "version": run.version, "status": _status(run),
        "totals": run.document.get("totals"), "parameters": run.document.get("parameters"),
    }  # fmt: skip


def _show_triage(triage: Applied, effects: Effects, *, as_json: bool) -> None:
    """Show what the ledger has of a triage, and where to look for the rest."""
    status = "voided" if triage.is_voided else "in force"
    if as_json:
        console.result_json(
            {
                "triage": triage.name, "as_of": triage.as_of.isoformat(),
                "recorded_at": triage.recorded_at, "status": status,
                "failures": effects.num_leads, "sends_planned": effects.num_sends,
                "seats_held": list(effects.held), "balances_assumed": list(effects.emptied),
            }
        )  # fmt: skip
        return
    console.result(f"Triage {triage.name}, {status}")
    console.result(f"as of {triage.as_of}, recorded {triage.recorded_at}\n")
    console.table(
        ("what it put into the ledger", ""),
        [
            ("failed InMails with a cause", f"{effects.num_leads:,}"),
            ("sends planned and not made yet", f"{effects.num_sends:,}"),
            ("seats held", ", ".join(effects.held) or "none"),
            ("seats taken for out of credits", ", ".join(effects.emptied) or "none"),
        ],
    )
    console.result(
        f"\nLeads and reasons: triage.xlsx in the folder {triage.name}. Take it back: "
        f"planner void {triage.name}"
    )


def _show_difference(before: Run, after: Run, found: Difference, out: Path | None) -> None:
    console.result(
        f"{before.name} against {after.name}: {counted(len(found.leads), 'lead')} moved\n"
    )
    console.table(
        (before.week, after.week if after.week != before.week else "now", "leads"),
        [tuple(line) for line in found.moves.itertuples(index=False, name=None)],
    )
    for title, changes in (("parameter", found.parameters), ("credits of", found.seats)):
        if changes:
            console.result("")
            console.table((title, "before", "after"), [tuple(map(str, c)) for c in changes])
    if found.leads.empty:
        return
    console.result("")
    is_named = "name" in found.leads
    console.table(
        ("lead", "row", *(["name"] if is_named else []), "company", "from", "seat", "to",
         "seat", "why"),
        [
            (
                line["lead_id"], line["row"], *([line["name"]] if is_named else []),
                line["company"], line["route_before"], line["seat_id_before"],
                line["route_after"], line["seat_id_after"], line["why"],
            )
            for line in found.leads.head(_SHOWN).to_dict("records")
        ],
    )  # fmt: skip
    files = folder_of(after) or after.folder
    console.result(f"row: in {Path(files) / 'assignments.csv'}, or in {before.name}'s")
    if out is not None:
        console.result(f"All {len(found.leads):,} are in {out}")
    elif len(found.leads) > _SHOWN:
        console.result(f"... and {len(found.leads) - _SHOWN:,} more: --out FILE writes all")
