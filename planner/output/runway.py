"""*Runway*: each seat's credits by day, and the charts that other sheets draw of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from planner.domain import Plan
from planner.output.columns import listed, taken
from planner.output.grid import Block, Chart, Column, Kind, Page, heading
from planner.output.names import clean
from planner.output.tables import texts

_SHEET, _BLOCK = "Runway", "runway"
_DUST = 1e-6  # balances come rounded to four digits
#: Seats that are printed; the days of 200 would take a hundred pages.
MAX_PRINTED = 10


def runway(plan: Plan) -> Page:
    """Return every seat's balance by day, those nearest to running out first."""
    frame = _ranked(plan)
    num_days = frame.groupby("seat_id", sort=False).size()
    is_long = len(num_days) > MAX_PRINTED
    lines = heading(
        _SHEET,
        "Credits at the end of each day, from the day of the plan to after the next reset. "
        "Those nearest to running out first.",
        f"At least and at most: each holds with probability {_confidence(plan)}.",
        f"Printed are the first {MAX_PRINTED} seats; to print all, clear the print area."
        if is_long
        else "",
    )
    return Page(
        name=_SHEET,
        lines=lines,
        blocks=(Block(name=_BLOCK, caption="", columns=_columns(frame)),),
        freeze_columns=1,
        num_printed=int(num_days.iloc[:MAX_PRINTED].sum()) if is_long else 0,
    )


def charts(
    plan: Plan, places: Sequence[tuple[str, float]], size: tuple[float, float]
) -> list[Chart]:
    """Return a chart for each of the seats nearest to running out.

    Parameters
    ----------
    places : sequence of (str, float)
        Where the charts stand, one per seat: cell, and cm to the right of it.
    size : (float, float)
        Width and height of each in cm.
    """
    frame = _ranked(plan)
    first = 0
    made: list[Chart] = []
    for seat_id, num_days in frame.groupby("seat_id", sort=False).size().items():
        if len(made) == len(places):
            break
        sender = frame["sender"].iloc[first] or seat_id
        anchor, shift = places[len(made)]
        made.append(
            Chart(
                title=clean(f"Credits day by day: {sender}"),
                page=_SHEET,
                block=_BLOCK,
                category="date",
                series=("expected", "at least", "reserve"),
                axis="credits",
                anchor=anchor,
                shift=shift,
                lines=True,
                first=first,
                max_rows=int(num_days),
                size=size,
            )
        )
        first += int(num_days)
    return made


def nearness(plan: Plan) -> dict[str, tuple[float, float, str]]:
    """Return by seat what sorts first those nearest to running out.

    That is the probability to run out, then what the low bound leaves above the reserve.
    """
    reserve = {seat.seat_id: float(seat.reserve) for seat in plan.seats}
    lowest = plan.runway.groupby("seat_id", observed=True)["low"].min()
    weeks = plan.seat_weeks
    return {
        seat_id: (
            -float(risk),
            float(lowest.get(seat_id, 0.0)) - reserve.get(seat_id, 0),
            seat_id,
        )
        for seat_id, risk in zip(
            texts(weeks["seat_id"]), weeks["exhaustion_probability"], strict=True
        )
    }


def _ranked(plan: Plan) -> pd.DataFrame:
    """Return the runway with sender and reserve, those nearest to running out first."""
    nearest = nearness(plan)
    reserve = {seat.seat_id: seat.reserve for seat in plan.seats}
    sender = {seat.seat_id: seat.sender for seat in plan.seats}
    rank = {
        seat_id: at for at, seat_id in enumerate(sorted(nearest, key=nearest.__getitem__))
    }
    seat_ids = texts(plan.runway["seat_id"])
    frame = plan.runway.assign(
        seat_id=seat_ids,
        sender=[sender.get(seat_id, "") for seat_id in seat_ids],
        reserve=[reserve.get(seat_id, 0) for seat_id in seat_ids],
        rank=[rank.get(seat_id, len(rank)) for seat_id in seat_ids],
    )
    return frame.sort_values(["rank", "date"], kind="stable", ignore_index=True)


def _columns(frame: pd.DataFrame) -> tuple[Column, ...]:
    return (
        taken(frame, "seat_id", "seat"),
        taken(frame, "sender", "sender"),
        taken(frame, "date", "date", Kind.DATE),
        taken(frame, "expected", "expected", Kind.DECIMAL),
        taken(frame, "low", "at least", Kind.DECIMAL),
        taken(frame, "high", "at most", Kind.DECIMAL),
        taken(frame, "reserve", "reserve", Kind.COUNT),
        replace(listed("watch", _watch(frame)), alarm="LEN({watch})>0"),
        taken(frame, "inmails", "InMails", Kind.DECIMAL),
        _not_zero(frame, "granted"),
        _not_zero(frame, "forfeited"),
    )


def _not_zero(frame: pd.DataFrame, name: str) -> Column:
    """Return a column of numbers, blank on the many days on which there is nothing."""
    return listed(name, [value or None for value in frame[name].tolist()], Kind.DECIMAL)


def _watch(frame: pd.DataFrame) -> list[str]:
    expected = frame["expected"] < frame["reserve"] - _DUST
    at_worst = frame["low"] < frame["reserve"] - _DUST
    return [
        "below reserve" if is_below else "may be below reserve" if may_be else ""
        for is_below, may_be in zip(expected, at_worst, strict=True)
    ]


def _confidence(plan: Plan) -> str:
    alpha = plan.parameters.alpha
    if plan.parameters.joint:
        alpha /= max(1, len(plan.seats))
    return f"{1 - alpha:.2%}".rstrip("%").rstrip("0").rstrip(".") + "%"
