"""Run all benchmarks and write one page of tables: benchmarks/RESULTS.md.

Every part runs in a process of its own, one after the other. The machine's speed cancels
in the ratios, which are taken within one run; where there are several runs, medians.

    pip install -e '.[benchmarks]'
    python benchmarks/run.py            # all sizes up to 1,000,000 leads
    python benchmarks/run.py --quick    # small sizes, a few minutes
    python benchmarks/run.py --huge     # 10,000,000 leads as well: an hour, 20 GB
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import page
import whole_run
from measures import Week

HERE = Path(__file__).parent

#: Leads and seats of each part.
WHOLE = (
    (10_000, 10), (10_000, 200), (100_000, 10), (100_000, 50), (100_000, 200),
    (1_000_000, 200), (1_000_000, 1_000),
)  # fmt: skip
HUGE = (10_000_000, 1_000)
PEERS = ((1_000, 20), (5_000, 20), (20_000, 50))
RULES = (
    (5_000, 10, "skewed"), (20_000, 20, "skewed"), (100_000, 50, "skewed"),
    (20_000, 20, "uniform"), (100_000, 50, "uniform"),
)  # fmt: skip
QUICK_WHOLE = ((10_000, 10), (10_000, 50), (100_000, 50))
QUICK_PEERS = ((1_000, 20),)
QUICK_RULES = ((5_000, 10, "skewed"), (5_000, 10, "uniform"))

#: Arguments of the interpreter whose start is timed.
COMMANDS = (["-c", "pass"], ["-m", "planner", "--help"])

#: Plans with the same ledger: their ratios differ by a fifth.
LEDGER_RUNS = 5

#: Sizes of which more than one run is affordable.
FEW_LEADS = 100_000


def script(name: str, *arguments: str) -> dict[str, Any]:
    """Run a script of this folder and return the JSON that it prints."""
    say(f"{name} {' '.join(arguments[1:])}")
    done = subprocess.run(
        [sys.executable, str(HERE / name), *arguments], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def say(text: str) -> None:
    """Report progress on stderr."""
    print(f"{dt.datetime.now(dt.UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def measure_weeks(sizes: Iterable[tuple[int, int, str]], *, peers: bool) -> list[Week]:
    """Return each size solved, with the peers or with the simple rules."""
    found = []
    for leads, seats, shape in sizes:
        with tempfile.TemporaryDirectory() as folder:
            ours = script(
                "week_problem.py", folder, "--leads", str(leads), "--seats", str(seats),
                "--shape", shape,
            )  # fmt: skip
            textbook = script("lead_level.py", folder) if peers else None
            flow = script("min_cost_flow.py", folder) if peers else None
            rules = None if peers else script("policies.py", folder)
        found.append(
            Week(
                leads=leads, seats=seats, shape=shape, ours=ours, textbook=textbook,
                flow=flow, rules=rules,
            )
        )  # fmt: skip
    return found


def measure_ledger(*, quick: bool, runs: int) -> list[dict[str, Any]]:
    """Return what a ledger adds to a plan, run after run with the same ledger."""
    small = ("--touches", "20000", "--leads", "5000", "--seats", "10") if quick else ()
    with tempfile.TemporaryDirectory() as folder:
        return [
            script("ledger.py", "--json", "--keep", folder, *small) for _ in range(runs)
        ]


def measure_start(runs: int = 7) -> tuple[float, float]:
    """Return processor seconds of ``python -c pass`` and ``planner --help``, medians."""
    both: list[list[float]] = [[], []]
    for _ in range(runs):
        for kept, arguments in zip(both, COMMANDS, strict=True):
            before = sum(os.times()[2:4])
            subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
            kept.append(sum(os.times()[2:4]) - before)
    return statistics.median(both[0]), statistics.median(both[1])


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--huge", action="store_true", help="10,000,000 leads as well")
    parser.add_argument("--runs", type=int, default=3, help="runs of the smaller sizes")
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    sizes = [*(QUICK_WHOLE if options.quick else WHOLE), *([HUGE] if options.huge else [])]
    start = measure_start()
    peers = QUICK_PEERS if options.quick else PEERS
    weeks = measure_weeks([(*size, "skewed") for size in peers], peers=True)
    rules = measure_weeks(QUICK_RULES if options.quick else RULES, peers=False)
    measured = []
    for leads, seats in sizes:
        say(f"whole run {leads:,} x {seats:,}")
        runs = options.runs if leads <= FEW_LEADS else 1
        measured.append(whole_run.measure(leads, seats, runs=runs))
    say("workbook")
    book = whole_run.measure_workbook(*(sizes[0] if options.quick else (100_000, 200)))
    ledger = measure_ledger(quick=options.quick, runs=LEDGER_RUNS)
    given = ["--quick"] * options.quick + ["--huge"] * options.huge
    command = " ".join(["python benchmarks/run.py", *given])
    lines = [
        *page.head(command), *page.whole_lines(measured), *page.peer_lines(weeks),
        *page.rule_lines(rules), *page.ledger_lines(ledger),
        *page.target_lines(measured, [*weeks, *rules], start, book, ledger),
    ]  # fmt: skip
    options.out.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    say(f"written: {options.out.name}")


if __name__ == "__main__":
    main()
