"""A curve: one thing changed step by step, and planned again at each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from planner.domain import Given
from planner.errors import ParameterError, UsageError, did_you_mean
from planner.params import specs
from planner.pipeline import Worked
from planner.whatif.compare import Compared, Figures, compare
from planner.whatif.scenario import Scenario

#: What is swept where only a name is given; ``seats`` are added ones.
STEPS = {
    "seats": ("0", "1", "2", "3", "4", "5"),
    "reserve": ("0", "2", "5", "8", "10", "15", "20"),
    "alpha": ("0.01", "0.02", "0.05", "0.1", "0.2"),
}

#: Width of the longest bar, in characters.
BAR = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step of a curve; ``marginal`` is the value gained since the step before."""

    key: str
    value: str
    figures: Figures
    marginal: float | None
    cost_per_reply: float | None


def steps(text: str) -> tuple[str, tuple[str, ...]]:
    """Return what is swept, and over which values, from ``KEY`` or ``KEY=V1,V2,...``.

    Raises
    ------
    ParameterError
        If there is no such parameter; the nearest one is named.
    UsageError
        If there are no values, or seats are no whole numbers.
    """
    key, sign, rest = (part.strip() for part in text.partition("="))
    values = tuple(dict.fromkeys(v.strip() for v in rest.split(",") if v.strip()))
    if not sign:
        values = STEPS.get(key, ())
    known = [*STEPS, *(spec.name for spec in specs() if spec.name not in STEPS)]
    if key not in known:
        hint = did_you_mean(key, known, likeness=0.4)
        raise ParameterError(
            f"--frontier: unknown parameter {key[:60]!r}{hint} (planner params lists all; "
            "seats adds seats)"
        )
    if not values:
        raise UsageError(f"--frontier {key}: say which values, such as {key}=1,2,5")
    if key == "seats" and not all(value.isdecimal() for value in values):
        raise UsageError("--frontier seats takes numbers of seats added, such as 0,1,2")
    return key, values


def sweep(
    given: Given, base: Worked, text: str, scenario: Scenario, step: Callable[[str], None]
) -> list[Point]:
    """Return the curve of the run, or of a scenario of it.

    Parameters
    ----------
    text : str
        What is swept (`steps`).
    scenario : Scenario
        What else is different; seats are added in its manner.

    Raises
    ------
    ParameterError
        If a parameter is unknown or out of its range.
    """
    key, values = steps(text)
    points: list[Point] = []
    before: Compared | None = None
    for value in values:
        step(f"planning with {key} {value}")
        now = compare(given, base, _at(scenario, key, value))
        gained = None if before is None else now.figures.value - before.figures.value
        points.append(
            Point(
                key=key, value=value, figures=now.figures,
                marginal=None if gained is None else round(gained, 6),
                cost_per_reply=now.cost_per_reply,
            )
        )  # fmt: skip
        before = now
    return points


def _at(scenario: Scenario, key: str, value: str) -> Scenario:
    """Return a scenario with one step of the sweep put in."""
    seats, parameters = scenario.add, dict(scenario.parameters)
    if key == "seats":
        seats = int(value)
    else:
        parameters[key] = value
    return Scenario(
        name=f"{key} {value}", add=seats, like=scenario.like, credits=scenario.credits,
        remove=scenario.remove, pause=scenario.pause, parameters=parameters,
        leads=scenario.leads,
    )  # fmt: skip


def records(points: Sequence[Point]) -> list[dict[str, object]]:
    """Return the curve as one flat record per step."""
    return [
        {
            "swept": point.key,
            "at": point.value,
            **asdict(point.figures),
            "marginal_value": point.marginal,
            "cost_per_additional_reply": point.cost_per_reply,
        }
        for point in points
    ]


def bars(points: Sequence[Point]) -> list[str]:
    """Return a bar for each step: none at the curve's least value, full at its most."""
    values = [point.figures.value for point in points]
    low, high = min(values), max(values)
    span = high - low
    return [
        "#" * (round((value - low) / span * BAR) if span > 1e-9 else 0) for value in values
    ]
