"""A small week whose page is looked at: names that a browser or a sheet would run."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planner.cli import run
from workspaces import once

MONDAY = "2026-11-23"

#: Names that must stay text wherever they are shown.
SCRIPT = "<script>window.hacked = true</script>"
FORMULA = '=HYPERLINK("http://evil.example","x")'
IMAGE = '"><img src=x onerror="window.hacked = true">'

#: A seat's id without a place to break it.
LONG = "a-seat-with-a-name-that-is-as-long-as-anybody-would-ever-make"

HEADER = ("LinkedIn URL", "First Name", "Last Name", "Company", "Open Profile", "Segment")
FIRST_NAMES = (SCRIPT, FORMULA, IMAGE)


def write_week(folder: Path, *, num_leads: int = 24, num_seats: int = 14) -> None:
    """Write ``leads.csv`` and ``seats.csv``: every third flag is open, closed, unknown."""
    with (folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADER)
        for number in range(num_leads):
            first = FIRST_NAMES[number] if number < len(FIRST_NAMES) else f"Given{number}"
            table.writerow(
                (
                    f"https://www.linkedin.com/in/sample-lead-{number}", first,
                    f"Surname{number}", f"Company{number} {SCRIPT}",
                    "yes" if number < len(FIRST_NAMES) else ("yes", "no", "")[number % 3],
                    SCRIPT if number % 2 else "plain",
                )
            )  # fmt: skip
    with (folder / "seats.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("seat_id", "sender", "credits"))
        for number in range(num_seats):
            name = (SCRIPT, LONG)[number] if number < 2 else f"seat-{number:02d}"
            table.writerow((name, f"Sender{number} Sampleby", 20 * (number % 8)))


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder with a ledger of its own, as in a new workspace."""
    before, ledger = Path.cwd(), os.environ.pop("PLANNER_LEDGER", None)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        if ledger is not None:
            os.environ["PLANNER_LEDGER"] = ledger


def plan_week(folder: Path, *more: str, as_of: str = MONDAY) -> Path:
    """Plan the week of a folder and return the run's folder."""
    with inside(folder):
        done = set(folder.glob("reports/2*"))
        arguments = ["-q", "plan", "leads.csv", "-s", "seats.csv", "--as-of", as_of, *more]
        code, _, _ = once(folder, arguments, lambda: (run(arguments), "", ""))
        assert code == 0
        (made,) = set(folder.glob("reports/2*")) - done
        return made
