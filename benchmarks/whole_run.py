"""Time the whole run against reading and writing the same files with nothing in between.

Each part runs in a process of its own, one after the other, several times in turn; the
ratio of the medians is what counts, since machines differ and drift.

    python benchmarks/whole_run.py --leads 100000 --seats 50
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
AS_OF = "2026-11-23"

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
start = time.perf_counter()
pd.read_csv(leads, dtype=str, keep_default_na=False)
for number, table in enumerate(tables):
    table.to_csv(pathlib.Path(run).parent / f"floor-{number}.csv", index=False)
print(time.perf_counter() - start)
"""

#: The product, all files out; the workbook is timed apart.
PLANNER = """
import sys, time, datetime as dt
from pathlib import Path
leads, seats, out, workbook = sys.argv[1:]
start = time.perf_counter()
from planner import pipeline
from planner.cli import inputs
from planner.output import folder
from planner.params import Parameters
parameters, as_of = Parameters(), dt.date.fromisoformat("2026-11-23")
loaded = inputs.load(
    inputs.LeadOptions(leads=[leads]), seats, parameters, as_of=as_of
)
read = time.perf_counter()
plan = pipeline.make_plan(loaded, parameters, as_of=as_of)
planned = time.perf_counter()
more = {}
if workbook == "yes":
    from planner.output.workbook import write
    more = {"plan.xlsx": write}
folder.write_run(plan, Path(out), more)
done = time.perf_counter()
print(done - start, read - start, planned - read, done - planned)
"""


def run(code: str, *arguments: str) -> tuple[list[float], float]:
    """Run Python code in a process; return the numbers it prints and its peak memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1e6
    return [float(word) for word in done.stdout.split()], peak


def main() -> None:
    """Measure and print one table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--seats", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                sys.executable, str(HERE / "make_leads.py"), "--leads", str(options.leads),
                "--seats", str(options.seats), "--seed", str(options.seed), folder,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        leads, seats = f"{folder}/leads.csv", f"{folder}/seats.csv"
        out = Path(folder) / "out"
        floors, totals, parts = [], [], []
        peak = 0.0
        for _ in range(options.runs):
            numbers, peak = run(PLANNER, leads, seats, str(out), "no")
            totals.append(numbers[0])
            parts.append(numbers[1:])
            (made,) = [path for path in out.iterdir() if path.is_dir()]
            floor, _ = run(FLOOR, leads, str(made))
            floors.append(floor[0])
            time.sleep(0.2)
    ratio = statistics.median(totals) / statistics.median(floors)
    names = ("read and clean", "plan and audit", "write")
    print(f"{options.leads:,} leads x {options.seats} seats, median of {options.runs} runs")
    print(f"  reading and writing alone (pandas) {statistics.median(floors):8.2f} s")
    print(f"  planner, all files but the workbook {statistics.median(totals):7.2f} s")
    for name, values in zip(names, zip(*parts, strict=True), strict=True):
        print(f"    {name:<32} {statistics.median(values):8.2f} s")
    print(f"  ratio {ratio:.2f}, peak memory {peak:.2f} GB")
    print(json.dumps({"leads": options.leads, "seats": options.seats, "ratio": ratio}))


if __name__ == "__main__":
    main()
