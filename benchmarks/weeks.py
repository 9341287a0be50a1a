"""Play rolling weeks of the sample run and print what the README says of them.

Each replication draws who is open, who answers and who arrives, and goes through the
weeks with the real pipeline and a ledger of its own; then GetSales' even split goes
through the same weeks, with the same people and chances. The figures are those of
``planner simulate reports/sample/2026-W48-... --weeks 12 --replications 10``.

    python benchmarks/weeks.py
    python benchmarks/weeks.py --weeks 4 --replications 2
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from planner.cli import run_files, weeks

SAMPLE = Path(__file__).parent.parent / "reports" / "sample"
ROWS = {
    "replies": "replies",
    "weighted_replies": "replies, weighted by priority",
    "inmails": "InMails that went out",
    "connection_requests": "connection requests that went out",
    "failed_no_credits": "InMails that failed for want of credits",
    "credits_used": "credits used",
    "credits_forfeited": "credits forfeited",
}


def main() -> None:
    """Play, then print Markdown."""
    parser = argparse.ArgumentParser(description="Play rolling weeks of the sample.")
    parser.add_argument("--weeks", type=int, default=12)
    parser.add_argument("--replications", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    (folder,) = SAMPLE.glob("2*")
    asked = weeks.Weeks(
        num_weeks=given.weeks, num_replications=given.replications, arrivals=None,
        seed=given.seed,
    )  # fmt: skip
    started, used = time.perf_counter(), sum(os.times()[:4])
    _, document = weeks.played(run_files.load(str(folder), None, None), asked)
    elapsed = time.perf_counter() - started
    for line in markdown(document):
        print(line)
    # Time on the clock hangs on what else the machine does; the solver is a child.
    used = sum(os.times()[:4]) - used
    print(f"{elapsed:,.0f} s, {used:,.0f} s of a processor", file=sys.stderr)


def markdown(document: Mapping[str, Any]) -> list[str]:
    """Return the figures as a table, a policy in each column, and the sentence."""
    guarantee, totals = document["guarantee"], document["totals"]
    policies = list(totals)
    lines = [
        _row(["", *(name.replace("_", " ") for name in policies)]),
        _row(["---", *("---:" for _ in policies)]),
    ]
    for key, words in (
        ("ran_out", "seat-resets in which the seat ran out"),
        ("into_reserve", "seat-resets in which the reserve was needed"),
    ):
        lines.append(_row([words, *(_share(guarantee[name][key]) for name in policies)]))
    lines += [
        _row([words, *(_mean(totals[name][key]) for name in policies)])
        for key, words in ROWS.items()
    ]
    return [*lines, "", document["in_words"]]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _share(one: Mapping[str, Any]) -> str:
    if not one["of"]:
        return "-"
    interval = f"{one['low']:.1%} to {one['high']:.1%}"
    return f"{one['num']:,} of {one['of']:,}: {one['share']:.1%} ({interval})"


def _mean(one: Mapping[str, Any]) -> str:
    if one["low"] is None:
        return f"{one['mean']:,.0f}"
    return f"{one['mean']:,.0f} ({one['low']:,.0f} to {one['high']:,.0f})"


if __name__ == "__main__":
    main()
