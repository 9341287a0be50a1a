"""Time the whole run against reading and writing the same files with nothing in between.

Each part runs in a process of its own, one after the other, several times in turn; the
ratio of the medians is what counts, since machines differ and drift.

    python benchmarks/whole_run.py --leads 100000 --seats 50
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measures import Measured

HERE = Path(__file__).parent

#: The floor: the same leads read as text with pandas, the same tables written with it.
FLOOR = """
import sys, pandas as pd
leads, run = sys.argv[1:]
pd.read_csv(leads, dtype=str, keep_default_na=False)
import pathlib
tables = [
    pd.read_csv(path, dtype=str, keep_default_na=False)
    for path in sorted(pathlib.Path(run).rglob("*.csv"))
]
import time
start, busy = time.perf_counter(), time.process_time()
pd.read_csv(leads, dtype=str, keep_default_na=False)
for number, table in enumerate(tables):
    table.to_csv(pathlib.Path(run).parent / f"floor-{number}.csv", index=False)
print(time.perf_counter() - start, time.process_time() - busy)
"""

#: The product, all files out; the workbook is timed apart. Last come processor seconds,
#: the solver's included, and the peak memory of this process in GB. (A solver's process is
#: started as a copy of this one and would count its memory again.)
PLANNER = """
import os, resource, sys, time, datetime as dt
from pathlib import Path
leads, seats, out = sys.argv[1:]
start, busy = time.perf_counter(), sum(os.times()[:4])
from planner import pipeline
from planner.cli import collect_rarely, inputs, page
from planner.domain import Given
from planner.output import folder
from planner.params import Parameters
from planner.report.page import write
collect_rarely()
parameters, as_of = Parameters(), dt.date.fromisoformat("2026-11-23")
loaded = inputs.load(
    inputs.LeadOptions(leads=[leads]), seats, parameters, as_of=as_of
)
read = time.perf_counter()
given = Given(inputs=loaded, parameters=parameters, as_of=as_of)
worked = pipeline.work_out(given)
planned = time.perf_counter()
drawn = []
def pictures(told, path):
    drawn.append(time.perf_counter())
    write(page.composed(worked, given, page.Past(), page.Asked()), path)
    drawn.append(time.perf_counter())
folder.write_run(worked.plan, Path(out), {page.NAME: pictures}, given=given)
done = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
busy = sum(os.times()[:4]) - busy
shown = drawn[1] - drawn[0]
wrote = done - planned - shown
print(done - start, read - start, planned - read, wrote, shown, busy, peak)
"""

#: The workbook against openpyxl's own write-only mode on the same cells.
WORKBOOK = """
import sys, time, datetime as dt
from pathlib import Path
leads, seats, out = sys.argv[1:]
from openpyxl import Workbook, load_workbook
from planner import pipeline
from planner.cli import inputs
from planner.output import workbook
from planner.params import Parameters
parameters, as_of = Parameters(), dt.date.fromisoformat("2026-11-23")
loaded = inputs.load(
    inputs.LeadOptions(leads=[leads]), seats, parameters, as_of=as_of
)
plan = pipeline.make_plan(loaded, parameters, as_of=as_of)
path = Path(out) / "plan.xlsx"
path.parent.mkdir()
start = time.perf_counter()
workbook.write(plan, path)
ours = time.perf_counter() - start
book = load_workbook(path, read_only=True)
sheets = [[row for row in sheet.iter_rows(values_only=True)] for sheet in book]
start = time.perf_counter()
plain = Workbook(write_only=True)
for rows in sheets:
    sheet = plain.create_sheet()
    for row in rows:
        sheet.append(row)
plain.save(Path(out) / "plain.xlsx")
print(ours, time.perf_counter() - start, sum(map(len, sheets)))
"""


def run(code: str, *arguments: str) -> list[float]:
    """Run Python code in a process of its own; return the numbers it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return [float(word) for word in done.stdout.split()]


def make(
    folder: str, leads: int, seats: int, *, seed: int = 1, shape: str = "skewed"
) -> tuple[str, str]:
    """Make the input files of one size and return their paths."""
    subprocess.run(
        [
            sys.executable, str(HERE / "make_leads.py"), "--leads", str(leads),
            "--seats", str(seats), "--seed", str(seed), "--shape", shape, folder,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return f"{folder}/leads.csv", f"{folder}/seats.csv"


def measure(num_leads: int, num_seats: int, *, runs: int, seed: int = 1) -> Measured:
    """Time the product and the floor in turn; the ratio is the median of each turn's."""
    with tempfile.TemporaryDirectory() as folder:
        leads, seats = make(folder, num_leads, num_seats, seed=seed)
        out = Path(folder) / "out"
        floors, parts = [], []
        for _ in range(runs):
            parts.append(run(PLANNER, leads, seats, str(out)))
            (made,) = [path for path in out.iterdir() if path.is_dir()]
            floors.append(run(FLOOR, leads, str(made)))
        totals = json.loads((made / "plan.json").read_text("utf-8"))["totals"]
    total, read, plan, write, shown, busy, memory = map(
        statistics.median, zip(*parts, strict=True)
    )
    turns = list(zip(parts, floors, strict=True))
    return Measured(
        leads=num_leads, seats=num_seats, runs=runs,
        floor=statistics.median(floor[0] for floor in floors),
        total=total, read=read, plan=plan, write=write, page=shown, busy=busy,
        ratio=statistics.median(part[0] / floor[0] for part, floor in turns),
        busy_ratio=statistics.median(part[5] / floor[1] for part, floor in turns),
        memory=memory, totals=totals,
    )  # fmt: skip


def measure_workbook(num_leads: int, num_seats: int) -> tuple[float, float, int]:
    """Return seconds for the workbook, for its plain cells with openpyxl, and its rows."""
    with tempfile.TemporaryDirectory() as folder:
        leads, seats = make(folder, num_leads, num_seats)
        ours, plain, rows = run(WORKBOOK, leads, seats, f"{folder}/out")
    return ours, plain, int(rows)


def main() -> None:
    """Measure one size and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--seats", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = measure(options.leads, options.seats, runs=options.runs, seed=options.seed)
    print(f"{options.leads:,} leads x {options.seats} seats, median of {options.runs} runs")
    for name, seconds in (
        ("reading and writing alone (pandas)", found.floor),
        ("planner, all files but the workbook", found.total),
        ("  read and clean", found.read),
        ("  plan and audit", found.plan),
        ("  write tables", found.write),
        ("  make report.html", found.page),
    ):
        print(f"  {name:<36} {seconds:8.2f} s")
    print(f"  ratio {found.ratio:.2f}, of processor time {found.busy_ratio:.2f}")
    print(f"  processor time {found.busy:.1f} s, peak memory {found.memory:.2f} GB")


if __name__ == "__main__":
    main()
