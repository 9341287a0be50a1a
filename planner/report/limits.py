"""What limits us: rules by what they cost, and what one more of each limit is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planner.domain import Plan
from planner.limits import MEANINGS
from planner.pipeline import Worked
from planner.report.blocks import (
    Chart,
    Part,
    Section,
    Table,
    command,
    count,
    decimal,
)
from planner.whatif import rules
from planner.whatif.rules import Cost
from planner.words import counted

#: Seats, and rules, that a sentence names; the tables have all.
NUM_IN_WORDS = 3

#: Columns of the largest program that is solved again without each limit, unasked.
MOST_COLUMNS = 10_000

#: Below this, in expected weighted replies, nothing is told apart from nothing.
NOTHING = 0.005


def limits(worked: Worked, costs: Sequence[Cost] | None, run: str) -> Section:
    """Return what limits the plan.

    Parameters
    ----------
    worked : Worked
        The plan and the prices that the program put on its limits.
    costs : sequence of Cost or None
        What each rule costs, the dearest first; without it, what the limits of volume
        and credits cost, which is quick.
    run : str
        Name of the run, for the command that works it out.
    """
    plan = worked.plan
    quick = None
    if costs is None and int(plan.totals["columns"]) <= MOST_COLUMNS:
        quick = rules.limit_costs(worked)
    parts = [] if quick is None else [_quick(quick)]
    parts += [] if costs is None else [_costs(costs)]
    parts += [_worth(plan), _moved(plan)]
    if (plan.limits["seat_id"] != "").any():
        words = [_worth_in_words(plan)]
    else:
        words = ["One more credit, InMail of pace or request on one seat brings nothing."]
    told = _quick_in_words(quick, run) if costs is None else _costs_in_words(costs)
    words.insert(0, told)
    return Section(
        name="limits", title="What limits us", words=tuple(words), parts=tuple(parts)
    )


def _quick_in_words(found: Mapping[str, float] | None, run: str) -> str:
    """Return which limits cost most, and how to get the same of all rules."""
    again = command(f"planner show {run} --html --rule-costs")
    more = (
        f"{again} plans again without every rule, those on companies, owners and days off "
        "included."
    )
    if found is None:
        return f"What each limit costs takes long in a plan of this size: {more}"
    told = [f"{rule} {decimal(cost, 2)}" for rule, cost in found.items() if cost >= NOTHING]
    if not told:
        return f"No limit on credits or volumes costs anything. {more}"
    return (
        "Solved again without one limit at a time; dearest, in expected weighted replies "
        f"over the horizon: {', '.join(told[:NUM_IN_WORDS])}. {more}"
    )


def _costs_in_words(costs: Sequence[Cost]) -> str:
    told = [item for item in costs if item.cost >= NOTHING]
    if not told:
        return "No rule costs anything: without any of them the plan is worth the same."
    dearest = ", ".join(
        f"{item.limit} {decimal(item.cost, 2)}" for item in told[:NUM_IN_WORDS]
    )
    return (
        "Each rule was taken away alone and the plan made again. Dearest, in expected "
        f"weighted replies over the horizon: {dearest}."
    )


def _quick(found: Mapping[str, float]) -> Part:
    title = "What each limit costs: expected weighted replies over the horizon"
    drawn = [(rule, cost) for rule, cost in found.items() if cost >= NOTHING]
    table = Table(
        caption=title,
        headers=("limit", "costs", "what it says"),
        rows=[(rule, decimal(cost, 2), MEANINGS[rule]) for rule, cost in found.items()],
        numbers=frozenset({1}),
    )
    points = [_point(rule, cost, MEANINGS[rule]) for rule, cost in drawn]
    return Part(chart=_bars("limit-costs", title, points) if drawn else None, table=table)


def _point(
    label: str, value: float, remark: str, ends: tuple[float, float] | None = None
) -> dict[str, object]:
    """Return one bar with its range; without one, it ends where its value is."""
    low, high = ends or (value, value)
    return {
        "label": label, "value": round(value, 3), "low": round(low, 3),
        "high": round(high, 3), "remark": remark,
    }  # fmt: skip


def _bars(name: str, title: str, points: Sequence[dict[str, object]]) -> Chart:
    data = {"points": points, "bars": True, "unit": "weighted replies"}
    return Chart(name=name, kind="ranges", title=title, data=data)


def _worth_in_words(plan: Plan) -> str:
    """Return the shadow prices of the limits that bind most, as one sentence."""
    found = plan.limits[plan.limits["seat_id"] != ""]
    told = []
    for limit, own in found.groupby("limit", sort=False):
        first = own.head(NUM_IN_WORDS)
        seats = [
            f"{decimal(float(price), 3)} on {seat}"
            for seat, price in zip(first["seat_id"], first["price"], strict=True)
        ]
        unit = _UNITS.get(str(limit), str(limit))
        told.append(f"one more {unit} is worth {', '.join(seats)}")
    text = "; ".join(told)
    return f"In weighted replies, {text}. The table has all seats."


#: One unit of each limit of `planner.assign.summary.limits`.
_UNITS = {
    "credits": "credit",
    "InMail pace": "InMail of pace this week",
    "connection requests": "connection request this week",
}


def _costs(costs: Sequence[Cost]) -> Part:
    title = "What each rule costs: expected weighted replies over the horizon"
    drawn = [item for item in costs if item.cost >= NOTHING]
    points = [
        _point(item.limit, item.cost, item.meaning, (item.least, item.most))
        for item in drawn
    ]
    table = Table(
        caption=title,
        headers=(
            "rule", "costs", "at least", "at most", "this week", "leads that differ",
            "what it says",
        ),
        rows=[
            (
                item.limit, decimal(item.cost, 2), decimal(item.least, 2),
                decimal(item.most, 2), decimal(item.replies_this_week, 1),
                count(item.moved), item.meaning,
            )
            for item in costs
        ],
        numbers=frozenset(range(1, 6)),
    )  # fmt: skip
    return Part(chart=_bars("rule-costs", title, points) if drawn else None, table=table)


def _worth(plan: Plan) -> Part:
    """Return the shadow prices of the seats' limits as a table."""
    found = plan.limits[plan.limits["seat_id"] != ""]
    table = Table(
        caption="What one more is worth, seat by seat, in weighted replies",
        headers=("limit", "seat", "used", "limit is", "worth of one more"),
        rows=[
            (
                str(line["limit"]), str(line["seat_id"]), decimal(float(line["used"])),
                decimal(float(line["limit_value"])), decimal(float(line["price"]), 3),
            )
            for line in found.to_dict("records")
        ],
        numbers=frozenset({2, 3, 4}),
    )  # fmt: skip
    return Part(table=table)


def _moved(plan: Plan) -> Part:
    """Return the rules that hold or exclude leads, by their number."""
    found = plan.limits[plan.limits["seat_id"] == ""]
    rows = [
        (str(line["limit"]), count(int(line["num_leads"])))
        for line in found.to_dict("records")
    ]
    table = Table(
        caption=f"Why leads wait or are left out: {counted(len(rows), 'reason')}",
        headers=("reason", "leads"),
        rows=rows,
        numbers=frozenset({1}),
        is_open=True,
    )
    return Part(table=table)
