"""The page of results: tables in Markdown and the sentences that belong with them."""

from __future__ import annotations

import datetime as dt
import math
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from measures import Measured, Week
from targets import judge

PACKAGES = ("planner", "numpy", "pandas", "pulp", "highspy", "openpyxl", "ortools")


def growth(measured: Sequence[Measured]) -> list[tuple[int, float, int, int]]:
    """Return, by number of seats, exponent of processor time, fewest and most leads.

    The slope of the least-squares line through log time over log leads.
    """
    found = []
    for seats in sorted({item.seats for item in measured}):
        own = [item for item in measured if item.seats == seats]
        if len(own) < 2:
            continue
        x = [math.log(item.leads) for item in own]
        y = [math.log(item.busy) for item in own]
        slope = statistics.linear_regression(x, y).slope
        found.append((seats, slope, own[0].leads, own[-1].leads))
    return found


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table; the first column is text, the others are numbers."""
    lines = [f"| {' | '.join(heads)} |", f"|---|{'--:|' * (len(heads) - 1)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def size_of(leads: int, seats: int) -> str:
    """Return a size in words."""
    return f"{leads:,} x {seats:,}"


def whole_lines(measured: Sequence[Measured]) -> list[str]:
    """Return the section on whole runs."""
    rows = [
        (
            size_of(m.leads, m.seats), f"{m.runs}", f"{m.floor:.2f} s", f"{m.total:.1f} s",
            f"{m.busy:.1f} s", f"{m.ratio:.1f}", f"{m.busy_ratio:.1f}", f"{m.read:.1f} s",
            f"{m.plan:.1f} s", f"{m.write:.1f} s", f"{m.page:.1f} s",
            f"{m.memory:.2f} GB", f"{m.totals['columns']:,}", f"{m.totals['gap']:.4%}",
        )
        for m in measured
    ]  # fmt: skip
    heads = (
        "leads x seats", "runs", "pandas alone", "planner", "its processor time",
        "ratio", "ratio of processor time", "reading and cleaning", "planning and audit",
        "writing", "page of pictures", "peak memory", "columns", "certified gap",
    )  # fmt: skip
    lines = [
        "## Whole run against reading and writing alone", "",
        ("CSV in, all files out but the workbook (`whole_run.py`); alone: the same leads "
        "read as text and the same files written with pandas, nothing between. Peak "
        "memory is that of the Python process."), "",
        *table(heads, rows),
    ]  # fmt: skip
    for seats, slope, few, many in growth(measured):
        lines.append(
            f"Growth at {seats:,} seats from {few:,} to {many:,} leads: processor time ~ "
            f"leads ^ {slope:.2f}."
        )
    return [*lines, ""]


def peer_lines(weeks: Sequence[Week]) -> list[str]:
    """Return the sections on the lead-level model and the network."""
    textbook, flow = [], []
    for week in weeks:
        size = size_of(week.leads, week.seats)
        own, unit = week.ours["week"], week.ours["unit"]
        assert week.textbook
        assert week.flow
        textbook.append(
            (
                size, f"{week.textbook['columns']:,}", f"{own['columns']:,}",
                _value(week.textbook["value"]), _value(own["value"]), _value(own["bound"]),
                f"{week.textbook['seconds']:.1f} s", f"{own['seconds']:.2f} s",
                f"{week.textbook['busy'] / own['busy']:.0f}",
                f"{week.textbook['memory']:.2f} GB",
            )
        )  # fmt: skip
        flow.append(
            (
                size, f"{week.flow['columns']:,}", _value(week.flow["value"]),
                _value(unit["value"]), _value(unit["bound"]),
                f"{week.flow['seconds']:.2f} s", f"{unit['seconds']:.2f} s",
            )
        )  # fmt: skip
    return [
        "## Against the model that a user would write in PuLP", "",
        ("The planned week alone, same limits and fitted credit rows: lead x seat x "
        "channel, eligible pairs only, as a linear program with the same CBC "
        "(`lead_level.py`). Ours: classes, instance, three solves, certificate "
        "(`week_problem.py`). The textbook's value must lie between ours and our bound."),
        "",
        *table(
            ("leads x seats", "its columns", "our columns", "its value", "our value",
             "our bound", "its time", "our time", "times faster", "its memory"), textbook,
        ),
        "## Against OR-Tools' min-cost flow", "",
        ("The same week as far as a network can express it: one window, one credit for "
        "every flag but a known open one (`min_cost_flow.py`, lead by lead). It cannot "
        "express what an unknown flag books, a guarantee, nor several windows on one "
        "balance, so it is a check, not a way to plan."), "",
        *table(
            ("leads x seats", "its arcs", "its value", "our value", "our bound",
             "its time", "our time"), flow,
        ),
    ]  # fmt: skip


def rule_lines(weeks: Sequence[Week]) -> list[str]:
    """Return the section on even split and greedy rules."""
    rows = []
    for week in weeks:
        assert week.rules
        written = week.ours["written"]
        rows.append(
            (
                f"{size_of(week.leads, week.seats)} {week.shape}", f"{written:.1f}",
                f"{(week.ours['week']['bound'] - written) / written:.2%}",
                *(
                    f"{written / week.rules[name] - 1:+.1%}"
                    for name in ("file order", "best first", "greedy")
                ),
            )
        )  # fmt: skip
    return [
        "## Against even split and greedy", "",
        ("Expected weighted replies of the planned week as written, in whole numbers, and "
        "how much more that is than simple rules reach on the same leads and limits "
        "(`policies.py`). Even split hands leads to the next seat in turn, whatever it has "
        "left, in the order of the file or best first; greedy takes the best channel on "
        "the least loaded seat that has room. The rules are favoured: they spend credits "
        "as these are expected to be used, with no guarantee."), "",
        *table(
            ("leads x seats", "plan", "bound above it", "more than even split",
             "than even split, best first", "than greedy"), rows,
        ),
        honest(weeks), "",
    ]  # fmt: skip


def honest(weeks: Sequence[Week]) -> str:
    """Return the sentence that belongs with the table."""

    def span(shape: str, name: str) -> str:
        gains = [
            round(100 * (week.ours["written"] / week.rules[name] - 1), 1) + 0.0
            for week in weeks
            if week.rules and week.shape == shape
        ]
        low, high = f"{min(gains):.1f}", f"{max(gains):.1f}"
        return f"{low} %" if low == high else f"{low} to {high} %"

    return (
        f"On uniform lists, where seats and territories are all alike, sorting by value is "
        f"enough: an even split, best first, loses {span('uniform', 'best first')} and "
        f"greedy {span('uniform', 'greedy')}. The plan earns its keep where supply and "
        f"credits are uneven: {span('skewed', 'best first')} more than an even split, best "
        f"first, and {span('skewed', 'greedy')} more than greedy."
    )


def _value(value: float | None) -> str:
    return "none in time" if value is None else f"{value:,.4f}"


def ledger_lines(ledger: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the section on what a ledger of a year adds to a plan."""
    rows = [
        (
            f"{number}", f"{one['reading']:.2f} s", f"{one['ledger']:.2f} s",
            f"{one['ratio']:.2f}", f"{one['busy_ratio']:.2f}", f"{one['longer']:.2f} s",
            f"{one['total']:.1f} s", f"{one['memory']:.2f} GB",
        )
        for number, one in enumerate(ledger, start=1)
    ]  # fmt: skip
    first = ledger[0]
    return [
        "## What a ledger adds to a plan", "",
        (f"{first['touches']:,} touches of a year in the ledger, {first['leads']:,} leads "
        f"and {first['seats']} seats to plan (`ledger.py`). Reading: the leads alone, "
        "without a ledger. The ledger: asking it, recording the run, and what reading "
        "takes longer while its pages are checked. What it knows makes the program to "
        "solve larger, too; that stands apart."), "",
        *table(
            ("run", "reading", "the ledger", "ratio", "ratio of processor time",
             "planning takes longer by", "whole plan", "peak memory"), rows,
        ),
    ]  # fmt: skip


def target_lines(
    measured: Sequence[Measured],
    weeks: Sequence[Week],
    start: tuple[float, float],
    book: tuple[float, float, int],
    ledger: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Return each target with what was measured, and what would close a miss."""
    rows = judge(measured, weeks, start=start, book=book, ledger=ledger)
    return [
        "## Targets", "",
        *table(("target", "measured", "", "what would close it"), rows),
    ]  # fmt: skip


def head(command: str) -> list[str]:
    """Return the head of the page: date, machine class, versions, command."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except ImportError:  # a peer that is not installed
            continue
    return [
        "# Benchmark results", "",
        (f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}; "
        f"{', '.join(found)}."), "",
        (f"Made by `{command}`. The machine was shared while this ran: the clock "
        "shows up to several times what the work takes. Read processor time (of Python and "
        "solver together) and ratios, which are taken within one run."), "",
    ]  # fmt: skip
