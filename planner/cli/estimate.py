"""``planner estimate``: the open share of a list, and whom to look up first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers, workspace
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import AsOf, Config, Encoding, Exclude, Json, LeadFiles, Map, Param
from planner.intake.mapping_words import mappings_in_words

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from planner.domain import History, LeadTable, OpenShare
    from planner.estimate.calibration import Calibration
    from planner.estimate.learned import LearnedRates
    from planner.params import Parameters


def estimate(
    leads: LeadFiles,
    lookups: Annotated[
        int, typer.Option("--lookups", min=0, help="How many unknown leads to look up.")
    ] = 50,
    lookups_out: Annotated[
        Path | None,
        typer.Option("--lookups-out", metavar="FILE", help="Write them to a CSV file."),
    ] = None,
    credit_price: Annotated[
        float | None,
        typer.Option(
            "--credit-price",
            min=0.0,
            help="What a credit is worth, in expected replies (plan.json has it).",
        ),
    ] = None,
    as_of: AsOf = None,
    exclude: Exclude = [],
    mapping: Map = [],
    param: Param = [],
    config: Config = None,
    encoding: Encoding = None,
    ledger: LedgerOption = None,
    json: Json = False,
) -> None:
    """Estimate the share of Open Profiles, by segment and in all, with intervals.

    Shows which leads with an unknown flag are worth looking up first and, where there is
    a ledger, the rates learned and how past forecasts turned out. Examples:

      planner estimate exports/*.csv

      planner estimate exports/*.csv --lookups 100 --lookups-out look-up.csv
    """
    from planner import pipeline
    from planner.errors import InputError
    from planner.estimate import calibration, describe
    from planner.intake import past
    from planner.output.atomic import check_place

    console.settings.json = json
    if lookups_out is not None:
        check_place(lookups_out)
    parameters = inputs.parameters(config, param)
    options = inputs.LeadOptions(
        leads=leads,
        exclude=exclude,
        mapping=mapping,
        encoding=encoding,
        kept=workspace.kept_columns(config),
    )
    today = inputs.date_option(as_of)
    table, mappings, _ = inputs.load_leads(options, parameters, as_of=today)
    if table.leads.empty:
        raise InputError("no usable lead: nothing can be estimated", table.issues)
    history = _history(ledger, config, table, parameters, today)
    people = table.leads if history is None else past.known(table.leads, history)
    learned = pipeline.learn(history, parameters, as_of=today)
    values, shares = pipeline.estimate(people, parameters, history=history, learned=learned)
    chosen = pipeline.lookups(
        people, values, parameters, credit_price=credit_price, budget=lookups
    )
    scores = None
    if history is not None and not history.scored.empty:
        scores = calibration.score(history.scored, parameters.interval)
    if lookups_out is not None:
        _write_lookups(chosen, lookups_out)
    if json:
        document = _document(shares, chosen)
        document["rates"] = None if learned is None else describe.rates_document(learned)
        document["calibration"] = (
            None if scores is None else describe.calibration_document(scores)
        )
        console.result_json(document)
        return
    for line in mappings_in_words(mappings):
        console.say(line)
    console.show_issues(table.issues, every=console.CHECK)
    _show(shares, chosen, parameters, lookups_out)
    if history is not None:
        _show_history(learned, scores)


def _history(
    option: str | None,
    config: Path | None,
    table: LeadTable,
    parameters: Parameters,
    today: dt.date,
) -> History | None:
    """Return what the ledger knows of the leads; None if there is no ledger."""
    from planner.dates import iso_week
    from planner.ledger import history
    from planner.ledger.touches import View

    with ledgers.opened(option, config, parameters, create=False) as book:
        if book is None:
            return None
        view = View(as_of=today, week=iso_week(today))
        asked = history.Asked(view=view, start=today, parameters=parameters)
        with book.reading() as connection:
            return history.read(connection, table, {}, asked)


def _show_history(learned: LearnedRates | None, scores: Calibration | None) -> None:
    from planner.estimate import describe

    console.result("")
    if learned is None:
        console.result(
            "Rates: the parameters'; no reply or acceptance is recorded yet. Record them, "
            "or set the rates that you know."
        )
    else:
        for line in describe.rate_lines(learned):
            console.result(line)
        for shown in (describe.rate_table(learned), describe.seat_table(learned)):
            if shown.rows:
                console.result("")
                console.table(*shown)
    console.result("")
    if scores is None:
        console.result("Forecasts of open shares: none could be checked yet.")
        return
    for line in describe.calibration_lines(scores):
        console.result(line)
    console.table(*describe.calibration_table(scores))


def _show(
    shares: OpenShare, chosen: pd.DataFrame, parameters: Parameters, path: Path | None
) -> None:
    level = f"{parameters.interval:.0%}"
    console.table(
        ("segment", "leads", "known", "open", "unknown", "open share", f"{level} interval"),
        [
            (
                item.segment, item.num_leads, item.num_known, item.num_open,
                item.num_unknown, f"{item.mean:.1%}" if item.num_unknown else "-",
                f"{item.low:.1%} to {item.high:.1%}" if item.num_unknown else "-",
            )
            for item in shares.segments
        ],
    )  # fmt: skip
    whole, typical = shares.share, shares.share_if_typical
    console.result(
        f"\nWhole list: {whole.median:.1%} open, {level} interval {whole.low:.1%} to "
        f"{whole.high:.1%} (if known flags are typical of unknown ones: {typical.low:.1%} "
        f"to {typical.high:.1%})"
    )
    for number, width in sorted(shares.width_after_checks.items()):
        console.result(
            f"{number} random look-ups would narrow the interval from "
            f"{(whole.high - whole.low) * 100:.0f} to about {width * 100:.0f} points"
        )
    if chosen.empty:
        console.result("\nNo look-up is worth it: no flag is unknown, or none decides.")
        return
    console.result("\nLook up first (a random part keeps the totals honest):")
    console.table(
        ("file", "row", "lead", "open probability", "gain in replies", "chosen by"),
        [
            (
                row["source_file"], row["source_row"], row["lead_id"],
                f"{float(row['open_probability']):.0%}",
                f"{float(row['expected_gain']):.4f}", row["chosen_by"],
            )
            for row in chosen.head(15).to_dict("records")
        ],
    )  # fmt: skip
    if path is not None:
        console.result(f"All {len(chosen)} are in {path}")
    elif len(chosen) > 15:
        console.result(f"... and {len(chosen) - 15} more: --lookups-out FILE writes all")


def _document(shares: OpenShare, chosen: pd.DataFrame) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "open_share": asdict(shares),
        "lookups": chosen.drop(columns=["linkedin_url"]).to_dict("records"),
    }


def _write_lookups(chosen: pd.DataFrame, path: Path) -> None:
    from planner.output.atomic import write_file

    write_file(path, chosen.to_csv(index=False, lineterminator="\n").encode("utf-8"))
