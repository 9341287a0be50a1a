"""The plain sentences that a simulation supports, and no more than it supports."""

from __future__ import annotations

from planner.simulate.policies import Policy
from planner.simulate.report import Difference, PolicyResult, SeatRisk, Verdict
from planner.simulate.simulation import Simulation


def guarantee(simulation: Simulation) -> list[str]:
    """Return what the draws say about the promise that no seat runs out."""
    alpha, draws = simulation.alpha, simulation.setup.num_draws
    *seats, in_all = simulation.seats
    lines = [
        _joint(in_all, alpha, draws) if simulation.is_joint else _each(seats, alpha, draws)
    ]
    flips = [
        seat for seat in ([in_all] if simulation.is_joint else seats)
        if seat.verdict is not Verdict.ABOVE
        and seat.with_flips.against(alpha) is Verdict.ABOVE
    ]  # fmt: skip
    if flips:
        shares = ", ".join(
            f"{seat.seat_id or 'any seat'} {seat.with_flips.share:.1%}" for seat in flips
        )
        lines.append(
            "The guarantee takes the estimated open share of unknown flags for their share "
            "at the send. If open ones among them may close before it, as known ones do, "
            f"the probability is above {alpha:.0%}: {shares}."
        )
    return lines


def _joint(in_all: SeatRisk, alpha: float, draws: int) -> str:
    """Return the sentence where alpha holds over all seats together."""
    told = {
        Verdict.OK: "keeps alpha for certain",
        Verdict.ABOVE: "is above alpha",
        Verdict.OPEN: f"is not decided against alpha by {draws:,} draws",
    }[in_all.verdict]
    return (
        f"The probability that any seat needs more credits than it has above the reserve "
        f"{told} ({alpha:.0%}, all seats together): {_interval(in_all)}."
    )


def _each(seats: list[SeatRisk], alpha: float, draws: int) -> str:
    """Return the sentence where alpha holds for each seat."""
    found = {verdict: [s for s in seats if s.verdict is verdict] for verdict in Verdict}
    worst = max(seats, key=lambda seat: (seat.needs_more.share, seat.seat_id))
    text = (
        f"Seats that need more credits than they have above the reserve with more than "
        f"{alpha:.0%}: {_names(found[Verdict.ABOVE])}. {len(found[Verdict.OK])} of "
        f"{len(seats)} keep it for certain"
    )
    if found[Verdict.OPEN]:
        text += f", {draws:,} draws do not decide it for {_names(found[Verdict.OPEN])}"
    return f"{text}; the highest probability is {worst.seat_id}'s, {_interval(worst)}."


def _interval(seat: SeatRisk) -> str:
    chance = seat.needs_more
    return f"{chance.share:.1%} (interval {chance.low:.1%} to {chance.high:.1%})"


def comparison(simulation: Simulation) -> list[str]:
    """Return one sentence for each policy, the plan against it."""
    results = simulation.policies
    lines = [
        _against(result, results[0], len(simulation.terms))
        for result in results
        if result.policy is not Policy.PLAN
    ]
    if len(simulation.bound):
        first = len(simulation.bound)
        own = simulation.outcomes[Policy.PLAN].replies[:first].sum(axis=1)
        lines.append(
            f"With every flag and answer known in advance, this week could bring at most "
            f"{simulation.bound.mean():.1f} replies; the plan brings {own.mean():.1f} "
            f"(the first {first} draws)."
        )
    return lines


def _against(result: PolicyResult, plan: PolicyResult, num_seats: int) -> str:
    replies, weighted = result.against["replies"], result.against["weighted"]
    ahead = result.against["at_reset"]
    text = (
        f"Against {result.policy}, the plan brings {_more(replies, 'replies')} this week "
        f"({plan.amounts['replies'].mean:.1f} to {result.amounts['replies'].mean:.1f}), "
        f"weighted by priority {_more(weighted, '')}; it fails "
        f"{_more(result.against['failed'], 'leads')} and has {_more(ahead, 'credits')} at "
        "the resets"
    )
    if min(replies.high, weighted.high) < 0 < ahead.low:
        text += ": it sends less now, and has these for the weeks after"
    return (
        f"{text}. Seats that fail a lead for want of a credit before their reset: "
        f"{result.seats_out:.2f} of {num_seats} under {result.policy}, "
        f"{plan.seats_out:.2f} under the plan."
    )


def _more(difference: Difference, what: str) -> str:
    if not difference.is_decided:
        return f"as many {what}".rstrip() + " as far as the draws can tell"
    word = "more" if difference.mean > 0 else "fewer"
    return f"{abs(difference.mean):.1f} {word} {what}".rstrip()


def _names(seats: list[SeatRisk]) -> str:
    return ", ".join(seat.seat_id for seat in seats) if seats else "none"
