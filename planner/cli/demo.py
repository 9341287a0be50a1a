"""``planner demo``: the main job on sample data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli import console, inputs, ledgers
from planner.cli.init import make_folder
from planner.cli.page import Asked
from planner.cli.plan import Made, make, report, with_import_findings, write

#: Sample files that are not leads.
NOT_LEADS = ("seats.csv", "seats.xlsx", "do-not-contact.csv")


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the sample and its plan go.")
    ] = Path("planner-demo"),
) -> None:
    """Run the main job on invented sample data, then say what to look at.

    Example:

      planner demo
    """
    from planner import sample
    from planner.output.atomic import write_file
    from planner.params import Parameters

    make_folder(folder / "exports")
    names = sample.sample_files()
    for name, content in names.items():
        place = folder if name in NOT_LEADS else folder / "exports"
        write_file(place / name, content)
    leads = sorted(
        str(folder / "exports" / name) for name in names if name not in NOT_LEADS
    )
    parameters = Parameters()
    options = inputs.LeadOptions(
        leads=leads, exclude=[str(folder / "do-not-contact.csv")], scraped_by="anna"
    )
    ledger = str(folder / ledgers.DEFAULT)
    with ledgers.made(ledger, None, parameters) as book:
        recalled = ledgers.load(
            book, options, str(folder / "seats.xlsx"), parameters, as_of=sample.AS_OF
        )
        worked = make(recalled, parameters, as_of=sample.AS_OF)
        made = Made(worked=worked, recalled=recalled, asked=Asked(), before=book)
        target = write(made, folder / "reports", book)
    console.steps_done()
    report(with_import_findings(worked.plan), target, as_json=False)
    console.result(
        "\nThe same by hand:\n"
        f"  planner plan {folder}/exports/* --seats {folder}/seats.xlsx "
        f"--exclude {folder}/do-not-contact.csv --scraped-by anna "
        f"--as-of {sample.AS_OF} --out {folder}/reports --ledger {folder}/planner.db"
    )
