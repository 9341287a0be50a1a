"""What ``planner simulate`` shows and writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli import console
from planner.words import counted

if TYPE_CHECKING:
    from planner.cli.run_files import RunFiles
    from planner.simulate.report import Amount, Chance, PolicyResult, SeatRisk
    from planner.simulate.simulation import Simulation

#: Seats that the terminal shows; --out writes all.
SEATS_SHOWN = 60


def show(simulation: Simulation, found: RunFiles) -> None:
    """Write the tables and the sentences to stdout."""
    from planner.simulate import words

    setup = simulation.setup
    *seats, in_all = simulation.seats
    console.result(
        f"Run {found.name}: {counted(setup.num_draws, 'draw')}, seed {setup.seed}, "
        f"intervals of {simulation.level:.0%}; up to each seat's next reset\n"
    )
    console.table(
        (
            "seat", "credits", "replies", "interval", "failed", "needs more", "interval",
            f"alpha {simulation.alpha:.0%}",
            "fails a lead", "interval", "at reset", "interval", "forfeited", "refunds",
        ),
        [
            _seat_line(seat, simulation.is_joint)
            for seat in (*seats[:SEATS_SHOWN], in_all)
        ],
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
    if len(simulation.policies) > 1:
        _show_differences(simulation)
    console.result("")
    for line in (words.guarantee(simulation), *words.comparison(simulation)):
        console.result(line)


def _show_differences(simulation: Simulation) -> None:
    console.result("\nPlan less policy, draw by draw (interval of the mean):\n")
    console.table(
        (
            "policy", "replies", "interval", "weighted", "interval", "failed", "interval",
            "at reset", "interval",
        ),
        [_difference_line(result) for result in simulation.policies[1:]],
    )  # fmt: skip


def _seat_line(seat: SeatRisk, is_joint: bool) -> tuple[object, ...]:
    return (
        seat.seat_id or "any / all", seat.credits, *_amount(seat.amounts["replies"]),
        f"{seat.amounts['failed'].mean:.1f}", *_chance(seat.needs_more),
        str(seat.verdict) if bool(seat.seat_id) != is_joint else "-", *_chance(seat.fails),
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
        interval = "not decided"
        if item.low is not None and item.high is not None:
            interval = f"{item.low:+.2f} to {item.high:+.2f}"
        cells += [f"{item.mean:+.2f}", interval]
    return tuple(cells)


def _chance(chance: Chance) -> tuple[str, str]:
    return f"{chance.share:.1%}", f"{chance.low:.1%} to {chance.high:.1%}"


def _amount(amount: Amount) -> tuple[str, str]:
    return f"{amount.mean:.1f}", f"{amount.low:.0f} to {amount.high:.0f}"


def document(
    simulation: Simulation, found: RunFiles, notes: list[str]
) -> dict[str, object]:
    """Return all of it for ``--json``."""
    from dataclasses import asdict

    from planner.simulate import words

    setup, bound = simulation.setup, simulation.bound
    document: dict[str, object] = {
        "run": found.name, "run_id": found.document["run_id"],
        "draws": setup.num_draws, "seed": setup.seed, "level": simulation.level,
        "alpha": simulation.alpha, "switched_off": list(simulation.switched_off),
        "notes": notes,
        "seats": [_rounded(asdict(seat)) for seat in simulation.seats],
        "policies": [_rounded(asdict(result)) for result in simulation.policies],
        "sentences": [words.guarantee(simulation), *words.comparison(simulation)],
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


def write(simulation: Simulation, path: Path) -> None:
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
                "needs_more": risk.needs_more,
                "fails": risk.fails,
                **risk.amounts,
            }
            for name, item in items.items():
                middle = item.mean if hasattr(item, "mean") else item.share
                line[name] = round(middle, 6)
                line[f"{name}_low"] = round(item.low, 6)
                line[f"{name}_high"] = round(item.high, 6)
            line["verdict"] = str(risk.verdict)
            lines.append(line)
    text = pd.DataFrame(lines).to_csv(index=False, lineterminator="\n")
    write_file(path, text.encode("utf-8"))
