"""Small lists and an inventory for tests that run the whole program."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

MONDAY = "2026-11-23"
PLAN = ["-q", "plan", "leads.csv", "--seats", "seats.csv", "--as-of", MONDAY]


def plan(leads: str = "leads.csv", as_of: str = MONDAY, *more: str) -> list[str]:
    """Return the command that plans a list."""
    return ["-q", "plan", leads, "--seats", "seats.csv", "--as-of", as_of, *more]


RECORD = [
    "-q", "record", "replied.csv", "--as", "replied", "--on", "2026-11-26",
    "--as-of", "2026-11-27",
]  # fmt: skip


def write_replies(folder: Path, leads: Iterable[int] = range(2)) -> None:
    """Write a list of leads who replied, for `RECORD`."""
    lines = [profile(number) for number in leads]
    (folder / "replied.csv").write_text("\n".join(["linkedin_url", *lines]) + "\n")


def profile(number: int) -> str:
    """Return the profile URL of a lead."""
    return f"https://www.linkedin.com/in/lead-{number:04d}"


def write_lists(
    folder: Path,
    leads: Iterable[int] = range(8),
    name: str = "leads.csv",
    seats: Sequence[str] = ("anna", "piet"),
) -> None:
    """Write leads by number, two to a company, and seats; all names are invented."""
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["linkedin_url", "first_name", "company", "title", "open_profile"])
        for number in leads:
            flag = ("yes", "no", "")[number % 3]
            writer.writerow(
                [profile(number), "Alba", f"Ashgrove {number // 2}", "Head of Sales", flag]
            )
    rows = "".join(f"{seat},20,{MONDAY}\n" for seat in seats)
    inventory = f"seat_id,credits,credits_as_of\n{rows}"
    (folder / "seats.csv").write_text(inventory, encoding="utf-8")
