"""The targets of the product's design, each against what was measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from measures import Measured, Week

GIB = 2**30 / 1e9

#: Leads from which a skewed list counts as the reference set.
REFERENCE = 20_000

#: What would close a miss, by target.
CLOSE = {
    "start": "fewer modules behind the command line's own library",
    "whole": "leads held as codes instead of text; a solver called in memory, not by file",
    "core": "a solver called in memory; rows built as arrays; the audit's tables as arrays",
    "core 1000": "as above; the price bound needs no rows as dictionaries",
    "gap": "`--exact`, or a smaller `target_gap`",
    "workbook": "cells written as text once, links in one pass",
    "growth": "lead tables held as codes; reading in parts, side by side",
    "memory": "lead tables held as codes; columns dropped once they are read",
    "columns": "coarser classes for leads whose choice is clear",
    "peer": "the size that the target speaks of, 50,000 x 50: the textbook's grows faster",
    "even": "untested: lists whose reply rates differ by segment; here leads differ by "
    "priority only",
    "greedy": "the same",
    "ledger": "what is known of each seat kept with each entry instead of folded anew",
}


def judge(
    measured: Sequence[Measured],
    weeks: Sequence[Week],
    *,
    start: tuple[float, float],
    book: tuple[float, float, int],
    ledger: Sequence[Mapping[str, Any]],
) -> list[tuple[str, str, str, str]]:
    """Return target, figure, verdict and cure, a row for each target that was run."""
    rows = [
        _row(
            "`planner --help` within 100 ms of `python -c pass` (processor time)",
            1000 * (start[1] - start[0]), 100, "start", "{:.0f} ms",
        ),
        _row(
            f"workbook ({book[2]:,} rows) at most 1.2 times openpyxl's write-only mode",
            book[0] / book[1], 1.2, "workbook", "{:.2f} times",
        ),
    ]  # fmt: skip
    first = ledger[0]
    name = (
        f"a ledger of {first['touches']:,} past touches adds less than reading "
        f"{first['leads']:,} leads (median of {len(ledger)})"
    )
    ratio = statistics.median(item["ratio"] for item in ledger)
    rows.append(_row(name, ratio, 1, "ledger", "{:.2f} times"))
    by_size = {(item.leads, item.seats): item for item in measured}
    for item in measured:
        rows += _of_size(item)
    small, large = by_size.get((100_000, 200)), by_size.get((1_000_000, 200))
    if small and large:
        exponent = math.log(large.busy / small.busy) / math.log(10)
        name = "growth from 100,000 to 1,000,000 leads x 200: exponent at most 1.05"
        rows.append(_row(name, exponent, 1.05, "growth", "{:.2f}"))
    huge, before = by_size.get((10_000_000, 1_000)), by_size.get((1_000_000, 1_000))
    if huge and before:
        exponent = math.log(huge.busy / before.busy) / math.log(10)
        name = "growth from 1,000,000 to 10,000,000 leads x 1,000: exponent at most 1.05"
        rows.append(_row(name, exponent, 1.05, "growth", "{:.2f}"))
    rows += _of_weeks(weeks)
    if not huge:
        name = "10,000,000 x 1,000 within 20 GiB, exponent at most 1.05"
        cure = "an hour of a machine with 24 GB: `--huge`"
        rows.append((name, "not measured", "open", cure))
    return rows


def _of_size(item: Measured) -> list[tuple[str, str, str, str]]:
    size = f"{item.leads:,} x {item.seats:,}"
    gap, core = 100 * float(item.totals["gap"]), item.plan / item.floor
    columns = int(item.totals["columns"])
    rows = []
    if (item.leads, item.seats) == (1_000_000, 200):
        rows = [
            _row(f"whole run {size} at most 3 times pandas alone", item.ratio, 3, "whole",
                 "{:.1f} times"),
            _row("the same in processor time", item.busy_ratio, 3, "whole", "{:.1f} times"),
            _row(f"planning and audit {size} at most 5 times reading and writing (here "
                 "with pandas, not the fastest there is)", core, 5, "core", "{:.1f} times"),
            _row(f"certified gap {size} at most 0.1 %", gap, 0.1, "gap", "{:.4f} %"),
            _row(f"memory {size} at most 2 GiB", item.memory / GIB, 2, "memory",
                 "{:.2f} GiB"),
        ]  # fmt: skip
    if (item.leads, item.seats) == (1_000_000, 1_000):
        rows = [
            _row(f"planning and audit {size} at most 20 times reading and writing", core,
                 20, "core 1000", "{:.1f} times"),
            _row(f"certified gap {size} at most 0.3 %", gap, 0.3, "gap", "{:.4f} %"),
            _row(f"columns {size} at most 100,000", columns, 100_000, "columns", "{:,.0f}"),
        ]  # fmt: skip
    if item.leads == 10_000_000:
        rows = [
            _row(f"memory {size} at most 20 GiB", item.memory / GIB, 20, "memory",
                 "{:.1f} GiB"),
        ]  # fmt: skip
    return rows


def _of_weeks(weeks: Sequence[Week]) -> list[tuple[str, str, str, str]]:
    rows = []
    most = max((week.leads for week in weeks if week.textbook), default=0)
    for week in weeks:
        size = f"{week.leads:,} x {week.seats:,}"
        if week.textbook and week.leads == most:
            own = week.ours["week"]
            faster = week.textbook["busy"] / own["busy"]
            name = f"{size}: at least 100 times faster than the textbook model"
            rows.append(_row(name, faster, 100, "peer", "{:.0f} times", least=True))
        if week.rules and week.shape == "skewed" and week.leads >= REFERENCE:
            for rule, least, cure, words in (
                ("best first", 25, "even", "even split, best first"),
                ("greedy", 7, "greedy", "greedy"),
            ):
                gain = 100 * (week.ours["written"] / week.rules[rule] - 1)
                name = f"{size} skewed: at least {least} % more than {words}"
                rows.append(_row(name, gain, least, cure, "{:.1f} %", least=True))
    return rows


def _row(
    name: str, value: float, limit: float, cure: str, form: str, *, least: bool = False
) -> tuple[str, str, str, str]:
    """Return one line: met, or missed by how much and what would close it."""
    met = value >= limit if least else value <= limit
    if met:
        return name, form.format(value), "met", ""
    return (
        name, form.format(value), f"missed by {form.format(abs(value - limit))}",
        CLOSE[cure],
    )  # fmt: skip
