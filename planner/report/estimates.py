"""The open share by segment, and what more look-ups would bring."""

from __future__ import annotations

import pandas as pd

from planner.domain import Plan
from planner.report.blocks import (
    Chart,
    Part,
    Section,
    Table,
    command,
    count,
    decimal,
    percent,
)
from planner.words import counted

#: Look-ups whose worth is told.
NUM_LOOKUPS = 50

#: Segments that the chart draws: those with the most unknown flags; the table has all.
MAX_DRAWN = 30


def open_share(plan: Plan, lookups: pd.DataFrame) -> Section:
    """Return the estimate of the open share, and what `NUM_LOOKUPS` look-ups would bring.

    Parameters
    ----------
    lookups : pandas.DataFrame
        The look-ups that bring most, as `planner.pipeline.lookups` gives them.
    """
    share = plan.open_share
    level = plan.parameters.interval
    known = (
        f"Of {counted(share.num_leads, 'lead')}, {share.num_known:,} flags are known "
        f"({share.num_open:,} open). Expected open share of the list: "
        f"{share.share.median:.0%} ({level:.0%} interval {share.share.low:.0%} to "
        f"{share.share.high:.0%})."
    )
    return Section(
        name="open-share",
        title="Open profiles",
        words=(known, _worth(plan, lookups)),
        parts=(
            _segments(plan),
            *([_widths(plan)] if share.num_known < share.num_leads else []),
        ),
    )


def _worth(plan: Plan, lookups: pd.DataFrame) -> str:
    """Return in words what looking up more leads would bring."""
    share = plan.open_share
    if share.num_known == share.num_leads:
        return "No flag is unknown: there is nothing to look up."
    told = "No look-up would bring more replies: none decides what happens to a lead"
    if len(lookups):
        gain = decimal(float(lookups["expected_gain"].sum()), 2)
        told = (
            f"Looking up the {counted(len(lookups), 'lead')} whose flag decides most would "
            f"bring about {gain} expected replies"
        )
    width = share.width_after_checks.get(NUM_LOOKUPS)
    if width is None or share.num_leads - share.num_known <= NUM_LOOKUPS:
        return f"{told}."
    now = 100 * (share.share.high - share.share.low)
    return (
        f"{told}. {NUM_LOOKUPS} look-ups at random would narrow the interval of the list's "
        f"open share from {now:.1f} to about {100 * width:.1f} percentage points; "
        f"{command('planner estimate')} says whom to look up."
    )


def _segments(plan: Plan) -> Part:
    found = sorted(
        plan.open_share.segments, key=lambda item: (-item.num_unknown, item.segment)
    )
    drawn = [item for item in found if item.num_unknown][:MAX_DRAWN]
    title = "Open share of unknown leads by segment, with its interval"
    chart = Chart(
        name="open-share",
        kind="ranges",
        title=title,
        data={
            "points": [
                {
                    "label": item.segment,
                    "value": round(item.mean, 4),
                    "low": round(item.low, 4),
                    "high": round(item.high, 4),
                    "remark": counted(item.num_unknown, "unknown flag"),
                }
                for item in drawn
            ],
            "percent": True,
        },
    )
    table = Table(
        caption="Open share by segment",
        headers=(
            "segment", "leads", "flag known", "known open", "flag unknown", "open share",
            "at least", "at most",
        ),
        rows=[
            (
                item.segment, count(item.num_leads), count(item.num_known),
                count(item.num_open), count(item.num_unknown), percent(item.mean),
                percent(item.low), percent(item.high),
            )
            for item in found
        ],
        numbers=frozenset(range(1, 8)),
    )  # fmt: skip
    return Part(chart=chart if drawn else None, table=table)


def _widths(plan: Plan) -> Part:
    share = plan.open_share
    widths = {0: share.share.high - share.share.low, **share.width_after_checks}
    lines = sorted(widths.items())
    title = "Width of the interval of the list's open share after random look-ups"
    chart = Chart(
        name="look-ups",
        kind="line",
        title=title,
        data={
            "points": [{"x": number, "y": round(width, 4)} for number, width in lines],
            "x": "random look-ups",
        },
    )
    table = Table(
        caption=title,
        headers=("random look-ups", "width of interval"),
        rows=[(count(number), percent(width)) for number, width in lines],
        numbers=frozenset({0, 1}),
    )
    return Part(chart=chart if len(lines) > 1 else None, table=table)
