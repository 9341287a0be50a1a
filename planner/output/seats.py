"""*Seats*: every seat's week, credits and limits, and charts of what becomes of them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from planner.domain import Plan
from planner.output import runway
from planner.output.cells import letter
from planner.output.columns import listed, taken, volumes
from planner.output.grid import Block, Chart, Column, Kind, Page, heading

# Charts: a row of three is less wide than the first page of a print.
_CHART_WIDTH, _CHART_HEIGHT, _CHART_ROWS = 10.0, 7.0, 15
#: Seats whose balances a chart of that width can name.
_BALANCES = 16
#: Longest table with which two rows of charts fit on one page.
_ROWS_BESIDE_CHARTS = 10

_ROUNDING = 1e-6  # probabilities come rounded to six digits


def ranked_seats(plan: Plan) -> pd.DataFrame:
    """Return the seats' week, those nearest to running out first."""
    nearest = runway.nearness(plan)
    weeks = plan.seat_weeks
    order = sorted(
        range(len(weeks)), key=lambda at: nearest[str(weeks["seat_id"].iloc[at])]
    )
    return weeks.iloc[order]


def seats(plan: Plan) -> Page:
    """Return every seat's week, credits and limits."""
    frame, alpha = ranked_seats(plan), plan.parameters.alpha
    columns = (*_balances(frame, alpha), *_week(frame), *_room(frame))
    lines = heading(
        "Seats",
        "Those nearest to running out first. Runs out: probability that more credits are "
        f"needed before the reset than there are above the reserve; accepted: {alpha:.1%}.",
        "Worth: weighted replies that one more credit, request or InMail would bring. "
        "Most a day: the target daily limit to set in GetSales.",
        indent=2,
    )
    page = Page(
        name="Seats",
        lines=lines,
        blocks=(Block(name="seats", caption="", columns=columns),),
        freeze_columns=2,
        pages_wide=2,
    )
    return _with_charts(page, plan) if len(frame) else page


def _with_charts(page: Page, plan: Plan) -> Page:
    """Return *Seats* with its charts below the table, two rows of them.

    Those of a long table begin on a page of their own: none is cut in two in print.
    """
    block = page.blocks[0]
    last = page.first_row(0) + block.num_rows
    # Not on the columns that a print repeats on each page: it would repeat their half.
    column = letter(page.freeze_columns)
    places = [
        (f"{column}{row}", place * (_CHART_WIDTH + 0.4))
        for row in (last + 3, last + 3 + _CHART_ROWS)
        for place in range(3)
    ]
    size = (_CHART_WIDTH, _CHART_HEIGHT)
    which = "" if block.num_rows <= _BALANCES else f" (the {_BALANCES} nearest)"
    balances = Chart(
        title=f"Credits now and at the reset{which}",
        page="Seats",
        block="seats",
        category="seat",
        series=("credits now", "balance at reset"),
        axis="credits",
        anchor=places[0][0],
        stacked=False,
        max_rows=_BALANCES,
        size=size,
    )
    return replace(
        page,
        charts=(balances, *runway.charts(plan, places[1:], size)),
        break_after=last + 1 if block.num_rows > _ROWS_BESIDE_CHARTS else 0,
    )


def _balances(frame: pd.DataFrame, alpha: float) -> tuple[Column, ...]:
    """Return who a seat is, its credits, and what is to watch about them."""
    watch = listed("watch", _watch(frame, alpha))
    balance = taken(frame, "expected_balance_at_reset", "balance at reset", Kind.DECIMAL)
    runs_out = taken(frame, "exhaustion_probability", "runs out", Kind.PERCENT)
    return (
        taken(frame, "seat_id", "seat"),
        taken(frame, "sender", "sender"),
        replace(watch, alarm="LEN({watch})>0"),
        replace(taken(frame, "credits", "credits now", Kind.COUNT), bar=True),
        replace(balance, bar=True, alarm="{balance at reset}<{reserve}"),
        taken(frame, "reserve", "reserve", Kind.COUNT),
        replace(runs_out, alarm=f"{{runs out}}>{alpha + _ROUNDING!r}"),
        taken(frame, "next_reset", "next reset", Kind.DATE),
    )


def _week(frame: pd.DataFrame) -> tuple[Column, ...]:
    """Return what a seat sends this week and what that takes and brings."""
    return (
        *volumes(frame),
        replace(taken(frame, "load", "load", Kind.PERCENT), bar=True),
        taken(frame, "expected_replies", "expected replies", Kind.DECIMAL),
        taken(frame, "expected_credits_week", "credits this week", Kind.DECIMAL),
        taken(frame, "worst_credits_week", "credits at worst", Kind.COUNT),
        taken(frame, "expected_credits_to_reset", "credits to reset", Kind.DECIMAL),
        taken(frame, "expected_forfeit", "credits forfeited", Kind.DECIMAL),
    )


def _room(frame: pd.DataFrame) -> tuple[Column, ...]:
    """Return a seat's limits and what more room would be worth."""
    return (
        taken(frame, "inmail_limit", "InMail limit", Kind.COUNT),
        taken(frame, "connection_limit", "request limit", Kind.COUNT),
        taken(frame, "max_inmails_on_a_day", "most InMails a day", Kind.COUNT),
        taken(frame, "max_connections_on_a_day", "most requests a day", Kind.COUNT),
        taken(frame, "credit_price", "worth of a credit", Kind.REPLIES),
        taken(frame, "connection_price", "worth of a request", Kind.REPLIES),
        taken(frame, "inmail_price", "worth of an InMail", Kind.REPLIES),
        taken(frame, "note", "note", Kind.WRAP),
    )


def _watch(frame: pd.DataFrame, alpha: float) -> list[str]:
    """Return what is wrong with each seat in words: colour alone says nothing in print."""
    over = frame["exhaustion_probability"] > alpha + _ROUNDING
    below = frame["expected_balance_at_reset"] < frame["reserve"]
    return [
        "; ".join(
            word for word, is_so in (("may run out", high), ("below reserve", low)) if is_so
        )
        for high, low in zip(over, below, strict=True)
    ]
