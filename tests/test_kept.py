"""What a run was planned from is kept beside it, and gives the same plan again."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from planner import pipeline
from planner.cli import run, run_files
from planner.domain import DayCount, Given, History
from planner.errors import InputError
from planner.output import kept
from test_sample_run import plan_sample

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of the sample; each test copies what it changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        folder = tmp_path_factory.mktemp("kept")
        patch.setenv("PLANNER_LEDGER", str(folder / "planner.db"))
        return plan_sample(folder / "out")


def expected(folder: Path) -> dict[str, str]:
    """Return the hashes that a run's document states."""
    hashes: dict[str, str] = json.loads((folder / "plan.json").read_text("utf-8"))["files"]
    return hashes


def copied(folder: Path, tmp_path: Path) -> Path:
    """Return a copy of a run's folder."""
    import shutil

    return Path(shutil.copytree(folder, tmp_path / folder.name))


def test_a_run_read_back_is_the_same_run(sample_run: Path) -> None:
    """The same id and the same decision for each lead follow from what was kept."""
    found = run_files.load(str(sample_run), None, None)
    worked = pipeline.work_out(found.given)
    assert worked.plan.run_id == found.document["run_id"]
    for name in ("lead_id", "route", "seat_id", "send_on", "segment", "reason"):
        again = worked.plan.assignments[name].astype("str").tolist()
        assert again == found.assignments[name].tolist(), name


def test_what_is_kept_of_the_leads_names_nobody(sample_run: Path) -> None:
    """No name, address, title or e-mail of the assignments stands in the inputs."""
    frame = pd.read_csv(sample_run / "assignments.csv", dtype=str, keep_default_na=False)
    text = (sample_run / kept.LEADS).read_text("utf-8")
    text += (sample_run / kept.REST).read_text("utf-8")
    assert "linkedin.com" not in text
    assert "@" not in text
    cells = {cell for line in text.splitlines() for cell in line.split(",")}
    names = set(frame["last_name"]) - {""}
    assert len(names) > 100
    # Companies are named after people too, so words of the company column do not count.
    words = {word for company in frame["company"] for word in company.casefold().split()}
    assert {name for name in names if name.casefold() not in words} & cells == set()


def test_everything_that_the_ledger_knew_comes_back(
    sample_run: Path, tmp_path: Path
) -> None:
    """History, days ahead, absences and recent sends survive writing and reading."""
    given = run_files.load(str(sample_run), None, None).given
    day = dt.date(2026, 11, 20)
    seat = replace(
        given.inputs.seats[0],
        away=((day, dt.date(2026, 11, 21)),),
        ahead=(DayCount(date=day, open_inmails=2, messages=1),),
        recent_requests=((day, 3),),
        recent_open_inmails=(),
        grant_unseen="2026-11-01",
    )
    leads = pd.DataFrame(
        {
            "lead_id": given.inputs.leads.leads["lead_id"].iloc[:2],
            "exclusion": ["contacted_before", ""],
            "last_contacted_on": ["2026-11-02", ""],
            "open_flag": [1, -1],
            "inmail_flag": [-1, 0],
            "connected_to": ["anna", ""],
            "held": [False, True],
        }
    )
    history = History(
        leads=leads,
        company_seats={"acme": "anna"},
        company_touches={"acme": 2},
        seats={},
        cohorts=pd.DataFrame({"sent_on": ["2026-11-02"], "num_sent": [4]}),
        responses=pd.DataFrame({"sent_on": ["2026-11-02"], "num": [1]}),
        observed_until=day,
        scored=pd.DataFrame(),
        newly_scored=pd.DataFrame(),
        digest="abc",
    )
    inputs = replace(given.inputs, seats=(seat, *given.inputs.seats[1:]))
    full = Given(
        inputs=inputs, parameters=given.parameters, as_of=given.as_of, history=history
    )
    kept.write(full, tmp_path)
    (tmp_path / "assignments.csv").write_text("lead_id\n")
    again = kept.read(tmp_path, kept.hashes(tmp_path))
    assert again.inputs.seats == inputs.seats
    assert again.parameters == given.parameters
    found = again.history
    assert found is not None
    pd.testing.assert_frame_equal(found.cohorts, history.cohorts)
    pd.testing.assert_frame_equal(
        found.leads.reset_index(drop=True), leads.reset_index(drop=True), check_dtype=False
    )
    assert (found.company_seats, found.company_touches, found.observed_until) == (
        {"acme": "anna"}, {"acme": 2}, day,
    )  # fmt: skip
    mine, theirs = (
        pipeline.run_id(item.inputs, item.parameters, item.as_of, item.history)
        for item in (full, again)
    )
    assert mine == theirs


@pytest.mark.parametrize("name", ["assignments.csv", kept.LEADS, kept.KNOWN, kept.REST])
def test_an_edited_file_is_told(sample_run: Path, tmp_path: Path, name: str) -> None:
    """One byte more in any file of the run is refused, with its name and what to do."""
    folder = copied(sample_run, tmp_path)
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(InputError, match=r"edited after the run was planned.*plan again"):
        run_files.load(str(folder), None, None)


def test_a_missing_file_is_told(sample_run: Path, tmp_path: Path) -> None:
    """A run without one of its files is refused."""
    folder = copied(sample_run, tmp_path)
    (folder / kept.LEADS).unlink()
    with pytest.raises(InputError, match=r"leads\.csv: cannot be read"):
        run_files.load(str(folder), None, None)


def test_a_run_of_before_is_told(sample_run: Path, tmp_path: Path) -> None:
    """A run whose document has no hashes was planned before anything was kept."""
    folder = copied(sample_run, tmp_path)
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    del document["files"]
    (folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="plan again"):
        run_files.load(str(folder), None, None)


def test_a_run_is_found_by_name_and_the_nearest_is_named(
    sample_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a ledger, week and start of the id find the folder in reports."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").mkdir()
    folder = copied(sample_run, tmp_path / "reports")
    run_id = folder.name.rsplit("-", 1)[1]
    for name in (folder.name, "2026-W48", run_id):
        assert run_files.load(name, None, None).name == folder.name
    with pytest.raises(InputError, match=f"did you mean {folder.name}"):
        run_files.load(f"2026-W47-{run_id}", None, None)


def test_a_forgotten_person_leaves_the_run_readable(
    sample_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting takes one lead out of all files, and their hashes go along."""
    folder = copied(sample_run, tmp_path / "reports")
    before = run_files.load(str(folder), None, None)
    sent = before.assignments[before.assignments["route"] == "open_inmail"].iloc[0]
    monkeypatch.chdir(tmp_path)
    import shutil

    shutil.copy(sample_run.parent.parent / "planner.db", tmp_path / "planner.db")
    monkeypatch.setenv("PLANNER_LEDGER", str(tmp_path / "planner.db"))
    assert run(["-q", "forget", sent["linkedin_url"], "--out", "reports"]) == 0
    for name in expected(folder):
        assert sent["lead_id"] not in (folder / name).read_text("utf-8")
    after = run_files.load(str(folder), None, None)
    assert len(after.assignments) == len(before.assignments) - 1
    assert len(after.given.inputs.leads.leads) == len(before.assignments) - 1
    assert set(before.assignments["lead_id"]) - set(after.assignments["lead_id"]) == {
        sent["lead_id"]
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"files": {}}, "plan again"),
        ({"files": {kept.REST: "0"}}, "the hash of assignments.csv is gone"),
        ({"run_id": None}, "not the plan.json of a run as it was written"),
        ({"week": 48}, "not the plan.json of a run as it was written"),
        ({"run_id": "0123456789abcdef"}, "are of two runs"),
    ],
)
def test_an_edited_document_is_told(
    sample_run: Path, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    """A document without hashes or names, or with another run's id, is refused."""
    folder = copied(sample_run, tmp_path)
    document = json.loads((folder / "plan.json").read_text("utf-8")) | change
    (folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        run_files.load(str(folder), None, None)
