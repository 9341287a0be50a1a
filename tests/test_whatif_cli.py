"""``planner whatif`` and ``plan --report-only`` on the sample, as a user runs them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from planner.cli import run
from test_sample_run import LEADS, ROOT, plan_sample


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of the sample, beside its ledger."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        folder = tmp_path_factory.mktemp("whatif")
        patch.setenv("PLANNER_LEDGER", str(folder / "planner.db"))
        return plan_sample(folder / "out")


@pytest.fixture(autouse=True)
def at_the_run(sample_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the checkout, with the ledger of the run."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PLANNER_LEDGER", str(sample_run.parent.parent / "planner.db"))


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Return the JSON document of a what-if of the sample's week."""
    assert run(["-q", "whatif", "2026-W48", *arguments, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_scenarios_stand_beside_the_run(
    sample_run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The base is the run as written; two scenarios differ as they say; CSV has all."""
    out = tmp_path / "compared.csv"
    document = answer(
        capsys, "--remove", "anna", "--scenario", "more: add-seats=1 like=piet reserve=2",
        "--out", str(out),
    )  # fmt: skip
    totals = json.loads((sample_run / "plan.json").read_text("utf-8"))["totals"]
    assert document["base"]["value"] == totals["objective"]
    assert document["base"]["hold"] == totals["hold"]
    fewer, more = document["scenarios"]
    assert (fewer["difference"]["seats"], more["difference"]["seats"]) == (-1, 1)
    assert fewer["difference"]["value"] < 0 < more["difference"]["value"]
    assert fewer["rerouted"] == sum(way["leads"] for way in fewer["routes"]) > 0
    assert fewer["moved"] >= fewer["rerouted"]
    assert more["cost_per_additional_reply"] > 0
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert [row["name"] for row in rows] == ["run", "what if", "more"]


@pytest.mark.parametrize("name", LEADS)
def test_a_file_of_the_run_again_brings_nobody(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any of the sample's files alone has people of the run only, whatever their ids."""
    assert run(["whatif", "2026-W48", "--leads", f"data/sample/{name}", "--json"]) == 0
    shown = capsys.readouterr()
    (same,) = json.loads(shown.out)["scenarios"]
    assert (same["difference"]["leads"], same["moved"]) == (0, 0)
    assert "are on the run already, 0 are new" in shown.err


def test_a_new_list_brings_its_people(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Three people whom the run does not know are three more leads."""
    path = tmp_path / "more.csv"
    lines = [f"https://www.linkedin.com/in/newcomer-{n},yes,90" for n in range(3)]
    path.write_text("\n".join(["linkedin_url,open,priority", *lines]), "utf-8")
    assert run(["whatif", "2026-W48", "--leads", str(path), "--json"]) == 0
    shown = capsys.readouterr()
    (found,) = json.loads(shown.out)["scenarios"]
    assert "of 3 people on the second list 0 are on the run already, 3 are new" in shown.err
    assert found["difference"]["leads"] == 3
    assert found["difference"]["value"] > 0


def test_limits_and_curves(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Named limits come dearest first; a curve goes to the terminal and to a file."""
    document = answer(capsys, "--limits", "messages_per_day", "reserve")
    assert [item["limit"] for item in document["limits"]] == ["reserve", "messages_per_day"]
    assert document["limits"][0]["cost"] > 0
    out = tmp_path / "curve.csv"
    arguments = ["--frontier", "seats=0,1", "--out", str(out)]
    assert run(["-q", "whatif", "2026-W48", *arguments]) == 0
    shown = capsys.readouterr().out
    assert f"0  {document['base']['value']:.2f}" in shown
    assert "#" * 40 in shown
    none, one = csv.DictReader(out.read_text("utf-8").splitlines())
    assert float(one["value"]) > float(none["value"]) == document["base"]["value"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["2026-W84"], 3, "2026-W48"),
        (["2026-W48", "--remove", "ana"], 3, "did you mean anna?"),
        (["2026-W48", "--pause", "anna:2026-11-20"], 3, "give a later date"),
        (["2026-W48", "-p", "reserv=1"], 3, "did you mean reserve?"),
        (["2026-W48", "--limits", "velocty"], 3, "did you mean velocity?"),
        (["2026-W48", "--frontier", "alpa=1"], 3, "did you mean alpha?"),
        (["2026-W48", "--leads", "nowhere.csv"], 3, "nowhere.csv"),
        (["2026-W48", "velocity"], 2, "names go with --limits"),
        (["2026-W48", "--limits", "--worth", "1", "--out", "x.csv"], 2, "one table"),
        (["2026-W48", "--like", "anna"], 2, "goes with --add-seats"),
        (["2026-W48", "--scenario", "add-seats=1"], 2, "a scenario is given as"),
        (["2026-W48", "--scenario", "x: add-seats=one"], 2, "whole number"),
        (["2026-W48", "--pause", "anna:soon"], 2, "takes a date"),
        (["2026-W48", "--frontier", "seats", *("--scenario", "x: alpha=0.2") * 2], 2,
         "one scenario"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown things exit with 3 and the nearest name, wrong usage with 2."""
    assert run(["-q", "whatif", *arguments]) == code
    assert message in capsys.readouterr().err


def test_a_plan_may_only_report_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Terminal, plan.json, workbook and issues all say where the plan goes beyond them.

    The run keeps the list of its limits, so that what-ifs of it are about the same plan.
    """
    from openpyxl import load_workbook

    monkeypatch.setenv("PLANNER_LEDGER", str(tmp_path / "other.db"))
    (tmp_path / "seats.csv").write_text(
        "seat_id,credits,inmails_last_28_days\nanna,7,0\n", "utf-8"
    )
    people = [f"https://www.linkedin.com/in/somebody-{n},yes" for n in range(9)]
    (tmp_path / "leads.csv").write_text("\n".join(["linkedin_url,open", *people]), "utf-8")
    arguments = ["plan", str(tmp_path / "leads.csv"), "-s", str(tmp_path / "seats.csv")]
    arguments += ["--as-of", "2026-11-23", "--out", str(tmp_path / "out")]
    limits = ["--report-only", "velocity", "--report-only", "credits"]
    assert run([*arguments, *limits]) == 0
    shown = capsys.readouterr()
    assert "report-only velocity, 1 beyond it: anna 9 instead of 5" in shown.out
    assert "THE CREDIT GUARANTEE IS OFF" in shown.out
    assert "[guarantee-off]" in shown.err
    (folder,) = (tmp_path / "out").iterdir()
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    (breach,) = document["report_only"]["velocity"]
    assert (breach["seat_id"], breach["count"], breach["most"]) == ("anna", 9, 5)
    assert document["report_only"]["credits"] == []
    assert document["parameters"]["report_only"]["value"] == "credits, velocity"
    codes = {issue["code"] for issue in document["issues"]}
    assert {"report-only", "guarantee-off"} <= codes
    summary = load_workbook(folder / "plan.xlsx")["Summary"]
    cells = [str(cell.value) for row in summary.iter_rows() for cell in row if cell.value]
    assert "anna 9 instead of 5" in cells
    assert any("GUARANTEE IS OFF" in cell for cell in cells)
    assert run(["-q", "whatif", str(folder), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["base"]["open_inmail"] == 9
    assert again["worth"] == []  # all nine go: nothing binds
    (one,) = again["one_more_seat"]
    assert one["name"] == "one more like anna"


def test_an_unknown_limit_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3 with the nearest name, before any file is read."""
    assert run(["plan", "x.csv", "-s", "y.csv", "--report-only", "velocty"]) == 3
    assert "did you mean velocity?" in capsys.readouterr().err
