"""Refine until the certified gap is small enough, or say why not.

Credit rows stay as they are fitted, so every pass solves the same program over single
leads, only less coarsely: the best value and the lowest bound of all passes both hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from planner.domain import Instance, ProofEnd, Solution
from planner.errors import SolverError
from planner.model import certificate, solve
from planner.model.classes import Classing, LeadValues
from planner.model.refine import Refiner
from planner.params import Parameters

#: A pass that leaves more than this share of the gap has come to nothing.
PROGRESS = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """The best solution found, the lowest bound, and why the search for better ended.

    ``classing`` belongs to the solution; ``num_passes`` counts solves beyond the first.
    """

    instance: Instance
    solution: Solution
    classing: Classing
    bound: float
    num_passes: int
    end: ProofEnd

    @property
    def gap(self) -> float:
        """Share of the bound that the solution may fall short of the optimum."""
        return certificate.relative_gap(self.solution.objective, self.bound)


def prove(
    instance: Instance,
    solution: Solution,
    refiner: Refiner,
    values: LeadValues,
    parameters: Parameters,
) -> Proof:
    """Return the solution with its bound; with ``exact``, refined to the target gap.

    Parameters
    ----------
    instance, solution : Instance, Solution
        As `planner.model.solve.solve` returns them.
    refiner : Refiner
        Holds their classing; draws finer ones.
    """
    bound = certificate.upper_bound(instance, solution, refiner.classing, values)
    best = Proof(
        instance=instance, solution=solution, classing=refiner.classing, bound=bound,
        num_passes=0, end=ProofEnd.NOT_ASKED,
    )  # fmt: skip
    if not parameters.exact:
        return best
    end, latest = _end(best, parameters), solution
    while end is None:
        refiner.sharpen()
        instance = refiner(instance, latest)
        if len(instance.classes) > parameters.exact_max_classes:
            end = ProofEnd.CLASSES
            continue
        try:
            latest = solve.solve_once(instance, parameters)
        except SolverError:
            end = ProofEnd.SOLVER
            continue
        before, best = best, _better(best, instance, latest, refiner.classing, values)
        end = _end(best, parameters)
        if end is None and best.gap > PROGRESS * before.gap:
            end = ProofEnd.NO_PROGRESS
    if best.solution is not solution:
        shared = solve.balance(best.instance, best.solution, parameters)
        best = replace(best, solution=shared)
    return replace(best, end=end)


def _end(proof: Proof, parameters: Parameters) -> ProofEnd | None:
    """Return why no further pass is wanted; None if one is."""
    if proof.gap <= parameters.target_gap:
        return ProofEnd.REACHED
    return ProofEnd.PASSES if proof.num_passes == parameters.exact_passes else None


def _better(
    best: Proof,
    instance: Instance,
    solution: Solution,
    classing: Classing,
    values: LeadValues,
) -> Proof:
    """Return the proof with one more pass: its solution if it is worth more, its bound."""
    bound = certificate.upper_bound(instance, solution, classing, values)
    best = replace(best, bound=min(best.bound, bound), num_passes=best.num_passes + 1)
    if solution.objective <= best.solution.objective:
        return best
    return replace(best, instance=instance, solution=solution, classing=classing)
