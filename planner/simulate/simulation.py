"""A plan and other policies, played in the same draws of the same world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner import limits
from planner.assign.leads import Problem
from planner.domain import Plan, Route, SegmentShare
from planner.estimate.learned import LearnedRates
from planner.simulate import clairvoyant, deck, engine, policies, report, sends, world
from planner.simulate.deck import Deck
from planner.simulate.engine import Outcome, Terms
from planner.simulate.policies import Policy, Volumes
from planner.simulate.sends import Send, Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is to be played: the same setup of the same run gives the same results.

    Parameters
    ----------
    num_draws, seed : int
        How many draws of the world, and which.
    num_bounds : int
        Draws, from the first on, in which the clairvoyant optimum is computed: each
        takes a linear program.
    policies : tuple of Policy
        Beside the plan, which is always played.
    volumes : mapping, optional
        Last week's sends by seat and route; without them, that policy is left out.
    """

    num_draws: int
    seed: int
    num_bounds: int
    policies: tuple[Policy, ...] = tuple(Policy)
    volumes: Volumes | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """What came of it.

    Parameters
    ----------
    outcomes : mapping of Policy to Outcome
        The plan first.
    sent : mapping of Policy to Volume
        What each sends this week.
    bound : numpy.ndarray
        Most replies of this week in the first draws; empty if not wanted.
    terms : sequence of Terms
        Of each seat.
    alpha, level : float
        Accepted probability; probability of intervals.
    is_joint : bool
        Whether alpha holds for all seats together, instead of for each.
    num_held : int
        Leads that the plan leaves for later weeks.
    switched_off : tuple of str
        Parts of the credit guarantee that the plan was told to report only.
    """

    setup: Setup
    outcomes: Mapping[Policy, Outcome]
    sent: Mapping[Policy, Volume]
    bound: NDArray[np.float64]
    terms: tuple[Terms, ...]
    alpha: float
    level: float
    is_joint: bool
    num_held: int
    switched_off: tuple[str, ...] = ()

    @property
    def seats(self) -> tuple[report.SeatRisk, ...]:
        """Risk of each seat under the plan, and last of all together."""
        plan = self.outcomes[Policy.PLAN]
        return report.seat_risks(plan, self.terms, self.alpha, self.level)

    @property
    def policies(self) -> tuple[report.PolicyResult, ...]:
        """Figures of each policy that was played."""
        return report.policy_results(self.outcomes, self.alpha, self.level)


def simulate(
    problem: Problem,
    segments: Sequence[SegmentShare],
    assignments: pd.DataFrame,
    learned: LearnedRates | None,
    setup: Setup,
    step: Callable[[str], None] = lambda text: None,
) -> Simulation:
    """Play the plan as written, and other policies beside it.

    Parameters
    ----------
    problem : Problem
        What the plan was decided from.
    segments : sequence of SegmentShare
        Open share of each segment, as the plan had it.
    assignments : pandas.DataFrame
        ``assignments.csv`` as text.
    learned : LearnedRates, optional
        Rates from history, as the plan had them.
    step : callable, optional
        Told what is being done.
    """
    step("drawing the world")
    built = world.build(
        problem.leads, problem.parameters, learned,
        num_draws=setup.num_draws, seed=setup.seed,
    )  # fmt: skip
    later, built = sends.expected(problem, segments, built)
    terms = engine.seat_terms(problem.seats, problem.calendars, problem.parameters)
    own = sends.written(problem, assignments)
    cards = deck.deck(problem, assignments)
    outcomes: dict[Policy, Outcome] = {}
    sent: dict[Policy, Volume] = {}
    for policy in Policy:
        if policy is Policy.PLAN:
            chosen: list[Send] | None = [*own, *later]
        else:
            chosen = _sends(policy, cards, setup)
        if chosen is None:
            continue
        step(f"playing {policy}")
        ordered = sends.gathered(chosen, problem.calendars)
        outcomes[policy] = engine.play(built, ordered, terms)
        sent[policy] = sends.volume(ordered, built)
    bound = np.zeros(0)
    if Policy.CLAIRVOYANT in setup.policies:
        step("looking for the best week with hindsight")
        first = slice(0, min(setup.num_bounds, setup.num_draws))
        bound = clairvoyant.most_replies(problem, built, terms, first)
    return Simulation(
        setup=setup,
        outcomes=outcomes,
        sent=sent,
        bound=bound,
        terms=terms,
        alpha=problem.parameters.alpha,
        level=problem.parameters.interval,
        is_joint=problem.parameters.joint,
        num_held=int((assignments["route"] == Route.HOLD).sum()),
        switched_off=limits.switched_off(problem.parameters.report_only),
    )


def _sends(policy: Policy, cards: Deck, setup: Setup) -> list[Send] | None:
    """Return a policy's sends; None if it has none of its own, or is not wanted."""
    if policy not in setup.policies:
        return None
    if policy is Policy.EVEN_SPLIT:
        return policies.even_split(cards, free_only=False)
    if policy is Policy.EVEN_SPLIT_FREE:
        return policies.even_split(cards, free_only=True)
    if policy is Policy.GREEDY:
        return policies.greedy(cards)
    if policy is Policy.LAST_WEEK and setup.volumes is not None:
        return policies.last_week(cards, setup.volumes)
    return None


def differing(plan: Plan, assignments: pd.DataFrame) -> int:
    """Return how many leads a plan made again treats otherwise than what was written."""
    names = ["lead_id", "route", "seat_id", "send_on"]
    again = plan.assignments[names].astype("str").set_index("lead_id").sort_index()
    kept = assignments[names].astype("str").set_index("lead_id").sort_index()
    if not again.index.equals(kept.index):
        again, kept = again.align(kept, join="outer", axis=0, fill_value="")
    return int((again != kept).any(axis=1).sum())
