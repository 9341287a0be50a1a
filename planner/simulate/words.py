"""The plain sentences that a simulation supports, and no more than it supports."""

from __future__ import annotations

from collections.abc import Sequence

from planner.simulate.policies import Policy
from planner.simulate.report import Difference, PolicyResult, SeatRisk, Verdict
from planner.simulate.simulation import Simulation
from planner.words import counted


def guarantee(simulation: Simulation) -> str:
    """Return what the draws say about the promise that no seat runs out."""
    *seats, in_all = simulation.seats
    told = _joint(in_all, simulation) if simulation.is_joint else _each(seats, simulation)
    return f"{told}{switched_off(simulation.switched_off)}"


def switched_off(names: Sequence[str]) -> str:
    """Return what to add where the user switched parts of the guarantee off."""
    if not names:
        return ""
    return (
        f" The run does not promise all of this: its user switched {' and '.join(names)} "
        "off (report_only)."
    )


def _undecided(simulation: Simulation) -> str:
    number = simulation.setup.num_draws
    return f"{counted(number, 'draw')} {'does' if number == 1 else 'do'} not decide it"


def _joint(in_all: SeatRisk, simulation: Simulation) -> str:
    """Return the sentence where alpha holds over all seats together."""
    alpha, level = simulation.alpha, simulation.level
    told = {
        Verdict.OK: f"keeps alpha ({level:.0%} interval)",
        Verdict.ABOVE: f"is above alpha ({level:.0%} interval)",
        Verdict.OPEN: f"may keep alpha or not, {_undecided(simulation)}",
    }[in_all.verdict]
    return (
        f"The probability that any seat needs more credits than it has above the reserve "
        f"{told}; alpha is {alpha:.0%} for all seats together: {_interval(in_all)}."
    )


def _each(seats: list[SeatRisk], simulation: Simulation) -> str:
    """Return the sentence where alpha holds for each seat."""
    alpha, level = simulation.alpha, simulation.level
    found = {verdict: [s for s in seats if s.verdict is verdict] for verdict in Verdict}
    worst = max(seats, key=lambda seat: (seat.needs_more.share, seat.seat_id))
    text = (
        f"Seats that need more credits than they have above the reserve with more than "
        f"{alpha:.0%}: {_names(found[Verdict.ABOVE])}. {len(found[Verdict.OK])} of "
        f"{len(seats)} keep it ({level:.0%} intervals)"
    )
    if found[Verdict.OPEN]:
        text += f", {_undecided(simulation)} for {_names(found[Verdict.OPEN])}"
    return f"{text}; the highest probability is {worst.seat_id}'s, {_interval(worst)}."


def _interval(seat: SeatRisk) -> str:
    chance = seat.needs_more
    return f"{chance.share:.1%} (interval {chance.low:.1%} to {chance.high:.1%})"


def comparison(simulation: Simulation) -> list[str]:
    """Return one sentence for each policy, the plan against it."""
    results = simulation.policies
    lines = [
        _against(result, results[0], simulation)
        for result in results
        if result.policy is not Policy.PLAN
    ]
    if len(simulation.bound):
        first = len(simulation.bound)
        own = simulation.outcomes[Policy.PLAN].replies[:first].sum(axis=1)
        lines.append(
            f"With every flag and answer known in advance, this week could bring at most "
            f"{simulation.bound.mean():.1f} replies; the plan brings {own.mean():.1f} "
            f"(the first {counted(first, 'draw')})."
        )
    return lines


def _against(result: PolicyResult, plan: PolicyResult, simulation: Simulation) -> str:
    replies, weighted = result.against["replies"], result.against["weighted"]
    ahead = result.against["at_reset"]
    if replies.low is None:
        return f"Against {result.policy}, nothing is decided by 1 draw: give --draws more."
    text = (
        f"Against {result.policy}, the plan brings {_more(replies, 'replies')} this week "
        f"({plan.amounts['replies'].mean:.1f} to {result.amounts['replies'].mean:.1f}), "
        f"weighted by priority {_more(weighted, '')}; it fails "
        f"{_more(result.against['failed'], 'leads')} and has {_more(ahead, 'credits')} at "
        "the resets"
    )
    if min(replies.sign, weighted.sign) < 0:
        text += (
            ". It looks at the whole horizon, not at this week alone: it leaves "
            f"{simulation.num_held:,} leads for later weeks, and `--weeks 12` compares "
            "over the weeks"
        )
    return (
        f"{text}. Seats that fail a lead for want of a credit before their reset: "
        f"{result.seats_out:.2f} of {len(simulation.terms)} under {result.policy}, "
        f"{plan.seats_out:.2f} under the plan."
    )


def _more(difference: Difference, what: str) -> str:
    if not difference.sign:
        return f"as many {what}".rstrip() + " as far as the draws can tell"
    word = "more" if difference.sign > 0 else "fewer"
    return f"{abs(difference.mean):.1f} {word} {what}".rstrip()


def _names(seats: list[SeatRisk]) -> str:
    return ", ".join(seat.seat_id for seat in seats) if seats else "none"
