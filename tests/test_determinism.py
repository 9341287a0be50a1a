"""The same inputs give the same files, byte for byte, in any process."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from contextlib import chdir
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


@pytest.fixture(scope="module")
def planned(week: Nasty, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folder of the week's files and that of its run, made in this process."""
    folder = tmp_path_factory.mktemp("planned")
    week.write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANNER_LEDGER", "planner.db")
        return folder, plan_here(folder, week, "leads.csv", out="out")


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
    with chdir(folder):
        code = cli.run(
            [
                "-q", "plan", *leads, "-s", "seats.csv", "-o", out,
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


def test_hash_seeds_make_no_difference(
    week: Nasty, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    """A process with another hash seed writes the same bytes, workbook included."""
    week.write(tmp_path)
    seed = "4242" if os.environ.get("PYTHONHASHSEED") != "4242" else "1"
    first = hashes(planned[1].parent)
    second = plan_in_new_process(tmp_path, "second", week, seed)
    names = {name.split("/", 1)[1] for name in first}
    assert {"assignments.csv", "plan.json", "plan.xlsx", "getsales/README.md"} <= names
    assert len(names) > 6  # some import files, too
    assert first == second


def test_order_of_rows_and_seats_makes_no_difference(
    week: Nasty, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    """Reversed leads and seats give the same run, but for where each lead stood."""
    Nasty(
        leads=week.leads[::-1], seats=week.seats[::-1], as_of=week.as_of, people={}
    ).write(tmp_path)
    runs = [planned[1], plan_here(tmp_path, week, "leads.csv", out="out")]
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


def test_the_same_plan_twice_replaces_the_run(
    week: Nasty, planned: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run of the same inputs leaves one folder with the same bytes."""
    folder, run = planned
    first = hashes(run.parent)
    monkeypatch.setenv("PLANNER_LEDGER", "planner.db")
    plan_here(folder, week, "leads.csv", out="out")
    assert hashes(run.parent) == first
