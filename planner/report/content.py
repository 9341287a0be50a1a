"""The page of a run, put together in reading order. Pure: no file, clock or chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from planner import pipeline
from planner.domain import Given, Plan
from planner.output import breaches
from planner.output.columns import in_words
from planner.output.names import run_name
from planner.pipeline import Worked
from planner.report import answer, changes, estimates, limits, people, run, seats
from planner.report.blocks import Page
from planner.report.changes import Previous
from planner.simulate.simulation import Simulation
from planner.whatif.rules import Cost
from planner.words import counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Behind:
    """What stands behind the page beside the plan itself.

    Parameters
    ----------
    played : Simulation
        The plan and an even split in the same draws, as `play` gives them.
    costs : sequence of Cost or None
        What each rule costs; None where it was not worked out.
    previous : Previous or None
        The run before this one.
    is_known : bool
        Whether a ledger knows this run, or is about to: else nothing is before it.
    """

    played: Simulation
    costs: Sequence[Cost] | None
    previous: Previous | None
    is_known: bool = True


def page(worked: Worked, behind: Behind, *, with_names: bool = False) -> Page:
    """Return the page of a run.

    Parameters
    ----------
    with_names : bool
        Whether leads and senders may be named.
    """
    plan = worked.plan
    sections = [
        seats.runway(plan),
        seats.volumes(plan),
        seats.load(plan),
        estimates.open_share(plan, _lookups(worked)),
        limits.limits(worked, behind.costs, run_name(plan)),
        changes.changes(behind.previous, is_known=behind.is_known),
        run.issues(plan),
        run.parameters(plan),
        run.provenance(plan),
    ]
    if with_names:
        sections.insert(3, people.people(plan))
    return Page(
        title=f"Plan of week {plan.week}",
        subtitle=_subtitle(plan),
        warning=breaches.guarantee(plan),
        figures=answer.figures(worked, behind.played),
        answer=answer.sentences(worked, behind.played),
        sections=tuple(sections),
    )


def play(worked: Worked, given: Given) -> Simulation:
    """Return the plan and an even split, played in the draws that the page shows."""
    learned = pipeline.learn(given.history, given.parameters, as_of=given.as_of)
    return answer.play(worked, learned)


def _lookups(worked: Worked) -> pd.DataFrame:
    """Return the look-ups that bring most, a credit being worth its mean over the seats."""
    problem = worked.problem
    by_value = problem.parameters.override({"lookup_random_share": 0.0})
    return pipeline.lookups(
        problem.leads, problem.values, by_value,
        credit_price=float(worked.plan.seat_weeks["credit_price"].mean()),
        budget=estimates.NUM_LOOKUPS,
    )  # fmt: skip


def _subtitle(plan: Plan) -> str:
    days = f"{in_words(plan.week_start)} to {in_words(plan.week_end)}"
    return (
        f"{days}, {counted(len(plan.seats), 'seat')}, "
        f"{counted(len(plan.assignments), 'lead')}. Run {run_name(plan)}, balances as of "
        f"{plan.as_of}."
    )
