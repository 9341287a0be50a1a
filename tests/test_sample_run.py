"""The sample run in reports/ is what the program makes of the sample data today."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from planner.cli import run

ROOT = Path(__file__).parent.parent
SAMPLE_RUN = ROOT / "reports" / "sample"

#: Lead files of the sample, as the README's command names them.
LEADS = (
    "apollo.csv",
    "connections.csv",
    "evaboot.csv",
    "getsales-contacts-1.csv",
    "getsales-contacts-2.csv",
    "heyreach.csv",
    "phantombuster-sales-navigator.csv",
    "team-list.xlsx",
)


def plan_sample(out: Path) -> Path:
    """Plan the sample data into `out` and return the folder of the run."""
    arguments = ["-q", "plan", *(f"data/sample/{name}" for name in LEADS)]
    arguments += ["--seats", "data/sample/seats.xlsx", "--scraped-by", "anna"]
    arguments += ["--exclude", "data/sample/do-not-contact.csv"]
    arguments += ["--as-of", "2026-11-23", "--out", str(out)]
    assert run(arguments) == 0
    (folder,) = out.iterdir()
    return folder


def test_sample_run_is_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewrite_golden: bool
) -> None:
    """Every file of the committed run is remade byte for byte."""
    monkeypatch.chdir(ROOT)
    made = plan_sample(tmp_path / "out")
    if rewrite_golden:
        for old in SAMPLE_RUN.glob("2*"):
            shutil.rmtree(old)
        shutil.copytree(made, SAMPLE_RUN / made.name)
    kept = SAMPLE_RUN / made.name
    names = sorted(p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file())
    assert names == sorted(
        p.relative_to(kept).as_posix() for p in kept.rglob("*") if p.is_file()
    ), "the sample run differs: pytest --rewrite-golden, and look at the difference"
    differing = [n for n in names if (made / n).read_bytes() != (kept / n).read_bytes()]
    assert differing == [], "pytest --rewrite-golden, and look at the difference"
