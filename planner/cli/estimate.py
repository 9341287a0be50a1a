"""``planner estimate``: the open share of a list, and whom to look up first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs
from planner.cli.plan import AsOf, Config, Encoding, Exclude, Json, LeadFiles, Map, Param

if TYPE_CHECKING:
    import pandas as pd

    from planner.domain import OpenShare
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
    json: Json = False,
) -> None:
    """Estimate the share of Open Profiles, by segment and in all, with intervals.

    Shows which leads with an unknown flag are worth looking up first. Examples:

      planner estimate exports/*.csv

      planner estimate exports/*.csv --lookups 100 --lookups-out look-up.csv
    """
    from planner import pipeline
    from planner.errors import InputError

    console.settings.json = json
    parameters = inputs.parameters(config, param)
    options = inputs.LeadOptions(
        leads=leads, exclude=exclude, mapping=mapping, encoding=encoding
    )
    table, mappings, _ = inputs.load_leads(
        options, parameters, as_of=inputs.date_option(as_of)
    )
    if table.leads.empty:
        raise InputError("no usable lead: nothing can be estimated", table.issues)
    values, shares = pipeline.estimate(table.leads, parameters)
    chosen = pipeline.lookups(
        table.leads, values, parameters, credit_price=credit_price, budget=lookups
    )
    if lookups_out is not None:
        _write_lookups(chosen, lookups_out)
    if json:
        console.result_json(_document(shares, chosen))
        return
    for line in inputs.describe_mappings(mappings):
        console.say(line)
    console.show_issues(table.issues)
    _show(shares, chosen, parameters, lookups_out)


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
