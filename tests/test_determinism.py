"""The same inputs give the same files, byte for byte, in any process."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nasty_lists import HEADER, Nasty, as_csv, draw
from planner import cli

NUM_PEOPLE = 300


@pytest.fixture(scope="module")
def week() -> Nasty:
    """Return one difficult week, the same for all tests."""
    return draw(7, num_people=NUM_PEOPLE)


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of the one run in a folder, by path."""
    (run,) = folder.iterdir()
    return {
        f"{run.name}/{path.relative_to(run)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*"))
        if path.is_file()
    }


def plan_in_new_process(folder: Path, out: str, week: Nasty, seed: str) -> dict[str, str]:
    """Plan a week with a hash seed of its own; return the hashes of what was written."""
    subprocess.run(
        [
            sys.executable, "-m", "planner", "-q", "plan", "leads.csv", "-s", "seats.csv",
            "-o", out, "--as-of", str(week.as_of),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
    )  # fmt: skip
    return hashes(folder / out)


def plan_here(folder: Path, week: Nasty, *leads: str, out: str) -> Path:
    """Plan a week in this process; return the run's folder."""
    paths = [str(folder / name) for name in leads]
    code = cli.run(
        [
            "-q", "plan", *paths, "-s", str(folder / "seats.csv"), "-o", str(folder / out),
            "--as-of", str(week.as_of),
        ]
    )  # fmt: skip
    assert code == 0
    (run,) = (folder / out).iterdir()
    return run


def without_places(path: Path) -> list[list[str]]:
    """Return the rows of assignments.csv but for source_file and source_row."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[:-2] for row in csv.reader(file)]


def test_hash_seeds_make_no_difference(week: Nasty, tmp_path: Path) -> None:
    """Two processes with different hash seeds write the same bytes, workbook included."""
    week.write(tmp_path)
    first = plan_in_new_process(tmp_path, "first", week, "1")
    second = plan_in_new_process(tmp_path, "second", week, "4242")
    names = {name.split("/", 1)[1] for name in first}
    assert {"assignments.csv", "plan.json", "plan.xlsx", "getsales/README.md"} <= names
    assert len(names) > 6  # some import files, too
    assert first == second


def test_order_of_rows_and_seats_makes_no_difference(week: Nasty, tmp_path: Path) -> None:
    """Reversed leads and seats give the same run, but for where each lead stood."""
    for name, step in (("as-is", 1), ("reversed", -1)):
        (tmp_path / name).mkdir()
        Nasty(
            leads=week.leads[::step], seats=week.seats[::step], as_of=week.as_of, people={}
        ).write(tmp_path / name)
    runs = [
        plan_here(tmp_path / name, week, "leads.csv", out="out")
        for name in ("as-is", "reversed")
    ]
    assert runs[0].name == runs[1].name
    first, second = (without_places(run / "assignments.csv") for run in runs)
    assert first == second
    files = [sorted(path.name for path in (run / "getsales").iterdir()) for run in runs]
    assert files[0] == files[1]
    for name in files[0]:
        assert (runs[0] / "getsales" / name).read_bytes() == (
            runs[1] / "getsales" / name
        ).read_bytes()


def test_order_of_files_makes_no_difference(week: Nasty, tmp_path: Path) -> None:
    """Two files named in either order give the same bytes in every file."""
    week.write(tmp_path)
    half = len(week.leads) // 2
    for name, part in (("a.csv", week.leads[:half]), ("b.csv", week.leads[half:])):
        (tmp_path / name).write_text(as_csv(HEADER, part), "utf-8")
    plan_here(tmp_path, week, "a.csv", "b.csv", out="forth")
    plan_here(tmp_path, week, "b.csv", "a.csv", out="back")
    assert hashes(tmp_path / "forth") == hashes(tmp_path / "back")


def test_the_same_plan_twice_replaces_the_run(week: Nasty, tmp_path: Path) -> None:
    """A second run of the same inputs leaves one folder with the same bytes."""
    week.write(tmp_path)
    plan_here(tmp_path, week, "leads.csv", out="out")
    first = hashes(tmp_path / "out")
    plan_here(tmp_path, week, "leads.csv", out="out")
    assert hashes(tmp_path / "out") == first
