"""What becomes of the seats: runway, volumes by seat and day, load."""

from __future__ import annotations

from typing import Any

import pandas as pd

from planner.dates import ONE_DAY
from planner.domain import Plan
from planner.output.columns import VOLUMES, weekdays
from planner.output.runway import nearness
from planner.report.blocks import (
    Chart,
    Part,
    Section,
    Table,
    count,
    decimal,
    percent,
)
from planner.words import counted

#: Seats whose runway is drawn from the start; the page's script draws the others on demand.
NUM_FIRST = 12

Line = dict[str, Any]


def runway(plan: Plan) -> Section:
    """Return each seat's balance past its reset, those nearest to running out first."""
    seats = ranked(plan)
    given = plan.parameters
    alpha = given.alpha / (len(plan.seats) if given.joint else 1)
    words = (
        "The line is what is expected, the band what holds on each day with "
        f"{100 * (1 - alpha):g}% at either end, the dashed line the reserve. At the dotted "
        "line comes a grant; what the cap takes of it is forfeited."
    )
    chart = Chart(
        name="runway",
        kind="runway",
        title="Credits by seat and day, nearest to running out first",
        data={
            "start": plan.as_of.isoformat(),
            "first": NUM_FIRST,
            "seats": [_drawn(seat) for seat in seats],
        },
    )
    headers = (
        "seat", "credits", "reserve", "at worst before reset", "runs out", "next reset",
        "before reset", "after reset", "forfeited",
    )  # fmt: skip
    table = Table(
        caption=f"Runway of {counted(len(seats), 'seat')}",
        headers=headers,
        rows=[_listed(seat) for seat in seats],
        numbers=frozenset({1, 2, 3, 4, 6, 7, 8}),
    )
    return Section(
        name="runway",
        title="Runway",
        words=(words,),
        parts=(Part(chart=chart, table=table),),
    )


def ranked(plan: Plan) -> list[Line]:
    """Return each seat with its days, in the order of the workbook's *Runway*."""
    days = {str(key): own for key, own in plan.runway.groupby("seat_id", sort=False)}
    found = [
        _seat({str(k): v for k, v in line.items()}, days[str(line["seat_id"])])
        for line in plan.seat_weeks.to_dict("records")
    ]
    nearest = nearness(plan)
    return sorted(found, key=lambda seat: nearest[seat["seat_id"]])


def _seat(line: Line, days: pd.DataFrame) -> Line:
    """Return what the page says of one seat's credits."""
    is_before = (days["date"] < str(line["next_reset"])).to_numpy()
    low = days["low"].to_numpy()
    worst = float(low[is_before].min()) if is_before.any() else float(low[0])
    grant = days[(days["date"] == str(line["next_reset"])).to_numpy()]
    return {
        "seat_id": str(line["seat_id"]),
        "credits": int(line["credits"]),
        "reserve": int(line["reserve"]),
        "chance": float(line["exhaustion_probability"]),
        "reset": str(line["next_reset"]),
        "before": float(line["expected_balance_at_reset"]),
        "worst": worst,
        "after": None if grant.empty else float(grant["expected"].iloc[0]),
        "forfeit": float(line["expected_forfeit"]),
        "days": days,
    }


def _drawn(seat: Line) -> Line:
    """Return one seat as the chart draws it; days count from the plan's date."""
    days: pd.DataFrame = seat["days"]
    grants = days[(days["granted"] + days["forfeited"]).to_numpy() > 0]
    first = days.index[0]
    return {
        "seat": seat["seat_id"],
        "reserve": seat["reserve"],
        "chance": percent(seat["chance"]),
        "reset": seat["reset"],
        "expected": [round(value, 1) for value in days["expected"].tolist()],
        "low": [round(value, 1) for value in days["low"].tolist()],
        "high": [round(value, 1) for value in days["high"].tolist()],
        "inmails": [round(value, 1) for value in days["inmails"].tolist()],
        "grants": [
            [int(index - first), round(granted, 1), round(lost, 1)]
            for index, granted, lost in zip(
                grants.index, grants["granted"], grants["forfeited"], strict=True
            )
        ],
    }


def _listed(seat: Line) -> tuple[str, ...]:
    after = seat["after"]
    return (
        seat["seat_id"], count(seat["credits"]), count(seat["reserve"]),
        decimal(seat["worst"], 0), percent(seat["chance"]), seat["reset"],
        decimal(seat["before"]), "beyond the horizon" if after is None else decimal(after),
        decimal(seat["forfeit"]),
    )  # fmt: skip


# --- volumes ----------------------------------------------------------------------


def volumes(plan: Plan) -> Section:
    """Return this week's sends by seat and by day."""
    names = [name for _, name in VOLUMES]
    weeks = plan.seat_weeks.assign(all=plan.seat_weeks[names].sum(axis=1))
    weeks = weeks.sort_values(["all", "seat_id"], ascending=[False, True], kind="stable")
    idle = int((weeks["all"] == 0).sum())
    words = [f"{counted(int(weeks['all'].sum()), 'lead')} this week."]
    if idle:
        words.append(
            f"{counted(idle, 'seat sends', 'seats send')} nothing; the notes in the "
            "workbook say more."
        )
    return Section(
        name="volume",
        title="Volume by seat, route and day",
        words=(" ".join(words),),
        parts=(
            _by("seat", weeks, "seat_id", "Leads this week by seat and route"),
            _by("day", _days(plan), "date", "Leads by day and route"),
        ),
    )


def _days(plan: Plan) -> pd.DataFrame:
    """Return the sends of every day of the week, those without any included."""
    names = [name for _, name in VOLUMES]
    sums = plan.days.groupby("date", observed=True)[names].sum()
    day, every = max(plan.as_of, plan.week_start), []
    while day <= plan.week_end:
        every.append(day.isoformat())
        day += ONE_DAY
    sums = sums.reindex(every, fill_value=0)
    return sums.assign(all=sums[names].sum(axis=1)).rename_axis("date").reset_index()


def _by(what: str, frame: pd.DataFrame, key: str, title: str) -> Part:
    """Return stacked bars of the four volumes by seat or by day, and their table."""
    labels = [str(label) for label in frame[key].tolist()]
    if what == "day":
        labels = [
            f"{weekday} {label}"
            for weekday, label in zip(weekdays(labels), labels, strict=True)
        ]
    numbers = {header: frame[name].astype(int).tolist() for header, name in VOLUMES}
    totals = frame["all"].astype(int).tolist()
    chart = Chart(
        name=f"volume-{what}",
        kind="bars" if what == "seat" else "columns",
        title=title,
        data={"labels": labels, "series": numbers, "unit": "leads"},
    )
    table = Table(
        caption=title,
        headers=(what, *numbers, "all"),
        rows=[
            (label, *(count(value) for value in values), count(total))
            for label, total, values in zip(
                labels, totals, zip(*numbers.values(), strict=True), strict=True
            )
        ],
        numbers=frozenset(range(1, len(numbers) + 2)),
    )
    return Part(chart=chart, table=table)


# --- load -------------------------------------------------------------------------


def load(plan: Plan) -> Section:
    """Return how full each seat's week is."""
    weeks = plan.seat_weeks.sort_values(
        ["load", "seat_id"], ascending=[False, True], kind="stable"
    )
    sends = weeks["open_inmails"] + weeks["paid_inmails"] + weeks["connection_requests"]
    room = weeks["inmail_limit"] + weeks["connection_limit"]
    lines = list(
        zip(
            weeks["seat_id"].tolist(), sends.tolist(), room.tolist(),
            weeks["load"].tolist(), strict=True,
        )
    )  # fmt: skip
    at_work = [share for _, _, capacity, share in lines if capacity]
    words = "No seat may send anything this week."
    if at_work:
        low, high = min(at_work), max(at_work)
        span = f"from {low:.0%} to {high:.0%}" if low < high else f"{low:.0%}"
        words = (
            "Load is what a seat sends of what its limits on days, pace and requests allow "
            f"this week, credits apart: {span}."
        )
    chart = Chart(
        name="load",
        kind="dots",
        title="Load by seat: share of the week's room that is used",
        data={
            "points": [
                {"label": str(seat), "value": round(float(share), 4)}
                for seat, _, _, share in lines
            ]
        },
    )
    table = Table(
        caption="Load by seat",
        headers=("seat", "InMails and requests", "room", "load"),
        rows=[
            (str(seat), count(sent), count(capacity), percent(float(share), 0))
            for seat, sent, capacity, share in lines
        ],
        numbers=frozenset({1, 2, 3}),
    )
    return Section(
        name="load",
        title="Load balance",
        words=(words,),
        parts=(Part(chart=chart, table=table),),
    )
