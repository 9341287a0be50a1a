"""The promise on credits in words, the same for terminal, workbook and page."""

from __future__ import annotations

from planner.domain import Plan
from planner.output import breaches


def promised(plan: Plan, most: str, *, seat: str = "each seat") -> str:
    """Return who runs out before its reset, and with what probability at most.

    Parameters
    ----------
    plan : Plan
        Whose parameters say whether alpha holds for each seat or over all together.
    most : str
        Alpha in words, such as ``at most 5%``.
    seat : str
        What a seat is called in the sentence where each has the promise for itself.
    """
    who = "any seat at all" if plan.parameters.joint else seat
    return f"{who} runs out before its reset with {most}"


def scope(plan: Plan) -> str:
    """Return what alpha holds for."""
    return "all seats together" if plan.parameters.joint else "each seat and reset"


def not_promised(plan: Plan) -> str:
    """Return what of the promise is only reported, to begin a sentence; or nothing."""
    words = breaches.guarantee(plan)
    return f"{words[:1].upper()}{words[1:]}"
