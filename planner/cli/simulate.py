"""``planner simulate``: what a run leads to, and what other ways to send would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers, run_files, simulate_show, weeks
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import Config, Json
from planner.cli.runs import RunName
from planner.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from planner.cli.run_files import RunFiles
    from planner.ledger.runs import Run
    from planner.simulate.policies import Policy, Volumes
    from planner.simulate.simulation import Simulation


def simulate(
    context: typer.Context,
    name: RunName,
    draws: Annotated[
        int,
        typer.Option(
            "--draws", metavar="N", min=1, max=200_000, help="Draws of the world."
        ),
    ] = 2000,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Which draws they are.")
    ] = 1,
    policy: Annotated[
        list[str],
        typer.Option(
            "--policy",
            metavar="NAME",
            help="Compare with this policy only (repeat for more); all if not given.",
        ),
    ] = [],
    bounds: Annotated[
        int,
        typer.Option(
            "--bounds",
            metavar="N",
            min=1,
            help="Draws for the clairvoyant policy: each takes a linear program.",
        ),
    ] = 20,
    num_weeks: Annotated[
        int | None,
        typer.Option(
            "--weeks",
            metavar="N",
            min=1,
            max=52,
            help="Go on for so many weeks: plan, send, record, triage, plan again.",
        ),
    ] = None,
    replications: Annotated[
        int,
        typer.Option(
            "--replications", metavar="N", min=1, max=1000, help="How often, with --weeks."
        ),
    ] = 3,
    arrivals: Annotated[
        int | None,
        typer.Option(
            "--arrivals",
            metavar="N",
            min=0,
            max=1_000_000,
            help="New leads a week, with --weeks; as many as were sent to if not given.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write every policy, seat (and week) to a CSV file.",
        ),
    ] = None,
    config: Config = None,
    ledger: LedgerOption = None,
    json: Json = False,
) -> None:
    """Play a run send by send, many times over, and other ways to send beside it.

    Open flags, flips, replies, refunds and failures are drawn with their uncertainty;
    all policies meet the same draws: even_split, even_split_free, greedy, last_week,
    clairvoyant. Examples:

      planner simulate 2026-W48

      planner simulate 2026-W48 --draws 10000 --policy even_split --out simulation.csv

      planner simulate 2026-W48 --weeks 12 --replications 10
    """  # fmt: skip
    from planner.output.atomic import check_place

    console.settings.json = json
    weeks.check_options(context, is_rolling=num_weeks is not None)
    if out is not None:
        check_place(out)
    if num_weeks is not None:
        asked = weeks.Weeks(
            num_weeks=num_weeks, num_replications=replications, arrivals=arrivals,
            seed=seed,
        )  # fmt: skip
        weeks.run(run_files.load(name, ledger, config), asked, out, as_json=json)
        return
    simulation, found, notes = _played(
        name, (draws, seed, bounds), policy, (ledger, config)
    )
    console.steps_done()
    if out is not None:
        simulate_show.write(simulation, out)
    if json:
        console.result_json(simulate_show.document(simulation, found, notes))
        return
    for note in notes:
        console.say(note)
    simulate_show.show(simulation, found)
    if out is not None:
        console.say(f"every policy and seat: {out}")


def _played(
    name: str,
    numbers: tuple[int, int, int],
    asked: list[str],
    places: tuple[str | None, Path | None],
) -> tuple[Simulation, RunFiles, list[str]]:
    """Read a run back and play it; return what there is to say about it beside."""
    from planner import pipeline
    from planner.simulate import simulation
    from planner.simulate.policies import Policy, policy

    wanted = tuple(policy(item) for item in asked) or tuple(Policy)
    found = run_files.load(name, *places)
    volumes, notes = _last_week(found, wanted, places)
    console.step("planning the run's inputs again")
    given = found.given
    worked = pipeline.work_out(given)
    differing = simulation.differing(worked.plan, found.assignments)
    if differing:
        why = (
            f"without {found.num_forgotten} forgotten since the run, the plan differs for"
            if found.num_forgotten
            else "this version plans the run's inputs differently for"
        )
        notes.append(
            f"{why} {counted(differing, 'lead')}; played is what was "
            "written, with the weeks after it as planned now"
        )
    num_draws, seed, num_bounds = numbers
    result = simulation.simulate(
        worked.problem,
        worked.shares.segments,
        found.assignments,
        pipeline.learn(given.history, given.parameters, as_of=given.as_of),
        simulation.Setup(
            num_draws=num_draws, seed=seed, num_bounds=num_bounds, policies=wanted,
            volumes=volumes,
        ),
        console.step,
    )  # fmt: skip
    return result, found, notes


def _last_week(
    found: RunFiles, wanted: tuple[Policy, ...], places: tuple[str | None, Path | None]
) -> tuple[Volumes | None, list[str]]:
    """Return what the last run of a week before sends, by seat and route."""
    from planner.simulate.policies import Policy

    if Policy.LAST_WEEK not in wanted:
        return None, []
    ledger, config = places
    with ledgers.opened(
        ledger, config, inputs.parameters(config, []), create=False
    ) as book:
        if book is not None:
            from planner.ledger import runs

            with book.reading() as connection:
                run = _before(runs.runs(connection), str(found.document["week"]))
                if run is not None:
                    return _volumes(runs.sends(connection, run)), []
    return None, ["last_week is left out: the ledger has no run of a week before"]


def _before(every: tuple[Run, ...], week: str) -> Run | None:
    """Return the last run in force of the latest week before a week."""
    earlier = [run for run in every if run.in_force and run.week < week]
    return max(earlier, key=lambda run: (run.week, run.entry)) if earlier else None


def _volumes(sends: pd.DataFrame) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for seat_id, route in zip(
        sends["seat_id"].tolist(), sends["route"].tolist(), strict=True
    ):
        own = counts.setdefault(str(seat_id), {})
        own[str(route)] = own.get(str(route), 0) + 1
    return counts
