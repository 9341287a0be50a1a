"""``planner simulate``: what a run leads to, and what other ways to send would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers, run_files, weeks
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import Config, Json
from planner.cli.runs import RunName

if TYPE_CHECKING:
    import pandas as pd

    from planner.cli.run_files import RunFiles
    from planner.ledger.runs import Run
    from planner.simulate.policies import Policy, Volumes
    from planner.simulate.report import Amount, Chance, PolicyResult, SeatRisk
    from planner.simulate.simulation import Simulation


#: Seats that the terminal shows; --out writes all.
SEATS_SHOWN = 60


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
    console.settings.json = json
    weeks.check_options(context, is_rolling=num_weeks is not None)
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
        _write(simulation, out)
    if json:
        console.result_json(_document(simulation, found, notes))
        return
    for note in notes:
        console.say(note)
    _show(simulation, found)
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
        notes.append(
            f"this version plans the run's inputs differently for {differing} leads; "
            "played is what was written, with this version's weeks after it"
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


# --- output -------------------------------------------------------------------------


def _show(simulation: Simulation, found: RunFiles) -> None:
    from planner.simulate import words

    setup = simulation.setup
    *seats, in_all = simulation.seats
    console.result(
        f"Run {found.name}: {setup.num_draws:,} draws, seed {setup.seed}, intervals of "
        f"{simulation.level:.0%}; up to each seat's next reset\n"
    )
    console.table(
        (
            "seat", "credits", "needs more", "interval", f"alpha {simulation.alpha:.0%}",
            "fails a lead", "interval", "at reset", "interval", "forfeited", "refunds",
        ),
        [_seat_line(seat) for seat in (*seats[:SEATS_SHOWN], in_all)],
    )  # fmt: skip
    if len(seats) > SEATS_SHOWN:
        console.result(f"... and {len(seats) - SEATS_SHOWN} more: --out FILE writes all")
    console.result(
        "\nThis week, with what the sends of this week bring whenever it comes:\n"
    )
    console.table(
        (
            "policy", "replies", "interval", "weighted", "reached", "failed", "no credit",
            "frozen", "InMail off", "gone", "credits", "at reset", "seats out", "worst",
        ),
        [_policy_line(result) for result in simulation.policies],
    )  # fmt: skip
    console.result("\nPlan less policy, draw by draw (interval of the mean):\n")
    console.table(
        (
            "policy", "replies", "interval", "weighted", "interval", "failed", "interval",
            "at reset", "interval",
        ),
        [_difference_line(result) for result in simulation.policies[1:]],
    )  # fmt: skip
    console.result("")
    for line in (*words.guarantee(simulation), *words.comparison(simulation)):
        console.result(line)


def _seat_line(seat: SeatRisk) -> tuple[object, ...]:
    return (
        seat.seat_id or "any / all", seat.credits, *_chance(seat.needs_more),
        str(seat.verdict) if seat.seat_id else "-", *_chance(seat.fails),
        *_amount(seat.amounts["at_reset"]), f"{seat.amounts['forfeited'].mean:.1f}",
        f"{seat.amounts['refunds'].mean:.1f}",
    )  # fmt: skip


def _policy_line(result: PolicyResult) -> tuple[object, ...]:
    means = {name: f"{item.mean:.1f}" for name, item in result.amounts.items()}
    return (
        str(result.policy), *_amount(result.amounts["replies"]), means["weighted"],
        means["reached"], means["failed"], means["no_credit_week"], means["frozen_week"],
        means["off_week"], means["gone_week"], means["credits_used"], means["at_reset"],
        f"{result.seats_out:.2f}", f"{result.worst:.1%}",
    )  # fmt: skip


def _difference_line(result: PolicyResult) -> tuple[object, ...]:
    cells: list[object] = [str(result.policy)]
    for name in ("replies", "weighted", "failed", "at_reset"):
        item = result.against[name]
        cells += [f"{item.mean:+.2f}", f"{item.low:+.2f} to {item.high:+.2f}"]
    return tuple(cells)


def _chance(chance: Chance) -> tuple[str, str]:
    return f"{chance.share:.1%}", f"{chance.low:.1%} to {chance.high:.1%}"


def _amount(amount: Amount) -> tuple[str, str]:
    return f"{amount.mean:.1f}", f"{amount.low:.0f} to {amount.high:.0f}"


def _document(
    simulation: Simulation, found: RunFiles, notes: list[str]
) -> dict[str, object]:
    from dataclasses import asdict

    from planner.simulate import words

    setup, bound = simulation.setup, simulation.bound
    document: dict[str, object] = {
        "run": found.name, "run_id": found.document["run_id"],
        "draws": setup.num_draws, "seed": setup.seed, "level": simulation.level,
        "alpha": simulation.alpha, "notes": notes,
        "seats": [_rounded(asdict(seat)) for seat in simulation.seats],
        "policies": [_rounded(asdict(result)) for result in simulation.policies],
        "sentences": [*words.guarantee(simulation), *words.comparison(simulation)],
    }  # fmt: skip
    if len(bound):
        document["clairvoyant"] = {
            "draws": len(bound), "replies": _rounded(bound.tolist()),
        }  # fmt: skip
    return document


def _rounded(item: object) -> object:
    """Return a document with six decimals: what is beyond is noise."""
    if isinstance(item, float):
        return round(item, 6)
    if isinstance(item, dict):
        return {str(key): _rounded(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [_rounded(value) for value in item]
    return item


def _write(simulation: Simulation, path: Path) -> None:
    """Write one line per policy and seat, and one for all seats of a policy."""
    import pandas as pd

    from planner.output.atomic import write_file
    from planner.simulate.report import seat_risks

    lines = []
    for policy, outcome in simulation.outcomes.items():
        terms, alpha, level = simulation.terms, simulation.alpha, simulation.level
        for risk in seat_risks(outcome, terms, alpha, level):
            line: dict[str, object] = {"policy": str(policy), "seat_id": risk.seat_id}
            line["credits"] = risk.credits
            items: dict[str, Chance | Amount] = {
                "needs_more": risk.needs_more, "with_flips": risk.with_flips,
                "fails": risk.fails, **risk.amounts,
            }  # fmt: skip
            for name, item in items.items():
                middle = item.mean if hasattr(item, "mean") else item.share
                line[name] = round(middle, 6)
                line[f"{name}_low"] = round(item.low, 6)
                line[f"{name}_high"] = round(item.high, 6)
            line["verdict"] = str(risk.verdict)
            lines.append(line)
    text = pd.DataFrame(lines).to_csv(index=False, lineterminator="\n")
    write_file(path, text.encode("utf-8"))
