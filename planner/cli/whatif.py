"""``planner whatif``: a run planned again with something changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli import console, inputs, run_files, workspace
from planner.cli import whatif_options as options
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import Config, Encoding, Exclude, Json, Map, Param, ScrapedBy
from planner.errors import UsageError

if TYPE_CHECKING:
    from planner.cli.run_files import RunFiles
    from planner.domain import Given
    from planner.pipeline import Worked
    from planner.whatif.compare import Compared
    from planner.whatif.scenario import Scenario
    from planner.whatif.worth import Worth

Run = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="Folder, id, name or week of a run.", show_default=False
    ),
]
More = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME",
        help="With --limits: the limits to look at. With --leads: further files.",
        show_default=False,
    ),
]

#: Limits whose worth is looked at where nothing says how many.
DEFAULT_WORTH = 6


def whatif(
    run: Run,
    more: More = [],
    add_seats: Annotated[
        int, typer.Option("--add-seats", metavar="N", min=0, help="Add this many seats.")
    ] = 0,
    like: Annotated[
        str,
        typer.Option(
            "--like", metavar="SEAT", help="Seat whose terms new seats have; the commonest."
        ),
    ] = "",
    credits: Annotated[
        int | None,
        typer.Option(
            "--credits",
            metavar="N",
            min=0,
            help="Credits that a new seat starts with; one monthly grant.",
        ),
    ] = None,
    remove: Annotated[
        list[str], typer.Option("--remove", metavar="SEAT", help="Take a seat away.")
    ] = [],
    pause: Annotated[
        list[str],
        typer.Option(
            "--pause",
            metavar="SEAT[:DATE]",
            help="Pause a seat, up to the day before DATE.",
        ),
    ] = [],
    param: Param = [],
    leads: Annotated[
        list[str],
        typer.Option("--leads", metavar="FILE", help="A second list, as for plan."),
    ] = [],
    mapping: Map = [],
    exclude: Exclude = [],
    scraped_by: ScrapedBy = "",
    encoding: Encoding = None,
    scenario: Annotated[
        list[str],
        typer.Option(
            "--scenario",
            metavar="TEXT",
            help='One more, as "name: add-seats=1 remove=bert reserve=8".',
        ),
    ] = [],
    limits: Annotated[
        bool, typer.Option("--limits", help="What each rule costs, taken away alone.")
    ] = False,
    frontier: Annotated[
        str,
        typer.Option(
            "--frontier", metavar="KEY[=V,V]", help="Curve over seats, reserve, alpha, ..."
        ),
    ] = "",
    worth: Annotated[
        int | None,
        typer.Option(
            "--worth", metavar="N", min=0, help="What one more of the N dearest is worth."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the table to CSV."),
    ] = None,
    ledger: LedgerOption = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Plan a run again with something changed, and set it beside the run.

    Without a change: what one more credit, request, InMail of pace and seat is worth.
    Nothing is written or recorded. Examples:

      planner whatif 2026-W48 --add-seats 2 --like anna

      planner whatif 2026-W48 --limits

      planner whatif 2026-W48 --frontier reserve=0,5,10 --out reserve.csv
    """
    from planner.limits import checked
    from planner.output.atomic import check_place

    console.settings.json = json
    if out is not None:
        check_place(out)
    found = run_files.load(run, ledger, config)
    if more and not (limits or leads):
        raise UsageError(f"unexpected {more[0][:60]!r}: names go with --limits")
    if more and limits and leads:
        raise UsageError("--limits NAME and --leads FILE: give them one after the other")
    files = [*leads, *(more if leads else [])]
    first = options.first_scenario(add_seats, like, credits, remove, pause, param)
    if files:
        lists = inputs.LeadOptions(
            leads=files, exclude=exclude, mapping=mapping, scraped_by=scraped_by,
            encoding=encoding, kept=workspace.kept_columns(config),
        )  # fmt: skip
        first["leads"] = options.second_list(found, lists, ledger, config)
    scenarios = options.scenarios(first, scenario)
    if frontier and len(scenarios) > 1:
        raise UsageError("--frontier goes with one scenario: leave --scenario out")
    if worth is None:  # asked for nothing else, it is what a plain call shows
        worth = 0 if scenarios or frontier or limits else DEFAULT_WORTH
    tables = [scenarios or frontier, limits, worth]
    if out is not None and sum(map(bool, tables)) != 1:
        raise UsageError("--out FILE takes one table: ask for one thing at a time")
    options.check(found.given, scenarios, frontier)
    asked = _Asked(
        scenarios=scenarios, limits=checked(more) if limits else None,
        frontier=frontier, worth=worth, credits=credits,
    )  # fmt: skip
    _answer(found, asked, out, as_json=json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the user wants to know.

    ``limits`` is None where they are not asked for, and empty for all of them; ``worth``
    is the number of limits whose worth is asked for, ``credits`` what a new seat has.
    """

    scenarios: Sequence[Scenario]
    limits: Sequence[str] | None
    frontier: str
    worth: int
    credits: int | None


# --- the answer -------------------------------------------------------------------


def _answer(found: RunFiles, asked: _Asked, out: Path | None, *, as_json: bool) -> None:
    """Plan what is asked, show it, and write it where a file is named."""
    from dataclasses import asdict

    from planner import pipeline
    from planner.cli import whatif_show as show
    from planner.whatif import compare, frontier, rules
    from planner.whatif.scenario import Scenario

    console.step("planning the run again")
    base = pipeline.work_out(found.given)
    _notes(found, base, asked)
    was = compare.figures(base)
    document: dict[str, Any] = {"run": found.name, "base": asdict(was)}
    tables: list[list[Mapping[str, object]]] = []
    texts: list[list[str]] = []
    if asked.frontier:
        start = asked.scenarios[0] if asked.scenarios else Scenario(name="run")
        points = frontier.sweep(found.given, base, asked.frontier, start, console.step)
        document["frontier"] = frontier.records(points)
        tables.append([dict(line) for line in document["frontier"]])
        texts.append(show.curve(points))
    elif asked.scenarios:
        compared = _compared(found.given, base, asked.scenarios)
        document["scenarios"] = [compare.as_record(item) for item in compared]
        tables.append(show.flat(was, compared))
        texts.append(show.side_by_side(was, compared))
    if asked.limits is not None:
        costs = rules.costs(found.given, base, asked.limits, console.step)
        document["limits"] = [asdict(item) for item in costs]
        tables.append(document["limits"])
        texts.append(show.limits(costs))
    if asked.worth:
        one_more, seats, left_out = _worth(found.given, base, asked)
        document["worth"] = [asdict(item) for item in one_more]
        document["one_more_seat"] = [compare.as_record(item) for item in seats]
        tables.append(document["worth"])
        texts.append(show.one_more(one_more, seats, left_out))
    console.steps_done()
    if out is not None:
        _write(out, tables[0])
    if as_json:
        console.result_json(document)
        return
    console.result(f"Run {found.name}, planned again; nothing is written or recorded.")
    for text in texts:
        console.result("")
        for line in text:
            console.result(line)
    if out is not None:
        console.result(f"\nWritten to {out}")


def _compared(given: Given, base: Worked, scenarios: Sequence[Scenario]) -> list[Compared]:
    from planner.whatif import compare

    found = []
    for item in scenarios:
        console.step(f"planning {item.name}")
        found.append(compare.compare(given, base, item))
    return found


def _worth(
    given: Given, base: Worked, asked: _Asked
) -> tuple[list[Worth], list[Compared], int]:
    """Return what one more is worth, of limits and of seats; and how many are left out."""
    from planner.whatif import worth

    ranked = worth.ranked(base.problem)
    found = []
    for index, unit, price in ranked[: asked.worth]:
        seat = base.problem.seats[index].seat_id
        console.step(f"solving again: one more {unit} on {seat}")
        found.append(worth.worth(base.problem, index, unit, price))
    seats = worth.one_more_seat(given, base, asked.credits, asked.worth, console.step)
    return found, seats, max(0, len(ranked) - asked.worth)


def _notes(found: RunFiles, base: Worked, asked: _Asked) -> None:
    """Say what keeps an answer from being about the run, or a change from acting."""
    from planner.limits import parse
    from planner.whatif.scenario import stated_by

    if base.plan.run_id != found.document.get("run_id"):
        why = (
            f"{found.num_forgotten} of the run's leads were forgotten since"
            if found.num_forgotten
            else "this version of planner plans these inputs as another run"
        )
        console.say(
            f"note: {why}; what is compared is what it plans now, not what was written then"
        )
    loose = set(parse(found.given.parameters.report_only)) & set(asked.limits or ())
    if loose:
        console.say(
            f"note: the run only reports {', '.join(sorted(loose))}: taking that away "
            "changes nothing"
        )
    names = {name for item in asked.scenarios for name in item.parameters}
    names |= {asked.frontier.partition("=")[0].strip()}
    for name, seats in stated_by(found.given.inputs.seats, names).items():
        console.say(f"note: {name} stays as {', '.join(seats)} of the inventory state it")


def _write(out: Path, table: Sequence[Mapping[str, object]]) -> None:
    """Write the one table that was asked for."""
    import pandas as pd

    from planner.output.atomic import write_file

    frame = pd.DataFrame(list(table))
    write_file(out, frame.to_csv(index=False, lineterminator="\n").encode())
