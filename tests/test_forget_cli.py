"""`planner forget` finds the files of runs wherever the ledger says that they are."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from workspaces import Run, runner

URL = "https://www.linkedin.com/in/sample-lead-{}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with 12 leads and one seat; the ledger is its planner.db."""
    workspace = tmp_path / "work"
    workspace.mkdir()
    rows = [f"{URL.format(k)},Given{k},Surname{k}" for k in range(12)]
    lines = ["LinkedIn URL,First Name,Last Name", *rows]
    (workspace / "leads.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (workspace / "seats.csv").write_text(
        "seat_id,sender,credits\nanna,Anna Sampleby,50\n", "utf-8"
    )
    monkeypatch.chdir(workspace)
    monkeypatch.delenv("PLANNER_LEDGER", raising=False)
    return workspace


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    """Return a function that runs a command in `folder`."""
    return runner(capsys, folder)


def planned(run: Run, out: str) -> tuple[Path, str]:
    """Plan into a folder; return the run's folder and the URL of a lead in it."""
    code, text, err = run(
        "plan", "leads.csv", "-s", "seats.csv", "--as-of", "2026-11-23", "--out", out,
        "--json",
    )  # fmt: skip
    assert code == 0, err
    place = Path(str(json.loads(text)["folder"])).absolute()
    with (place / "assignments.csv").open(encoding="utf-8", newline="") as file:
        return place, next(row["linkedin_url"] for row in csv.DictReader(file))


def forget(run: Run, url: str, *more: str) -> dict[str, Any]:
    """Forget a person; return what the command says as JSON."""
    code, out, err = run("forget", url, "--as-of", "2026-11-24", "--json", *more)
    assert code == 0, err
    result: dict[str, Any] = json.loads(out)
    return result


def holders(folder: Path, url: str) -> set[str]:
    """Return the names of the text files below a folder that have the person's handle."""
    handle = url.rsplit("/", 1)[-1].encode() + b","
    return {
        path.name
        for path in folder.rglob("*.csv")
        if handle in path.read_bytes().replace(b"\r\n", b",").replace(b"\n", b",")
    }


@pytest.mark.parametrize("out", ["elsewhere", "../other/reports", "reports", "."])
def test_runs_are_cleaned_where_they_were_written(run: Run, out: str) -> None:
    """Tests that a run outside --out is cleaned, and so is a copy of it beside it."""
    place, url = planned(run, out)
    copy = place.with_name(f"{place.name}--kept-1")
    shutil.copytree(place, copy)
    assert holders(place, url)

    done = forget(run, url)

    assert not holders(place, url) | holders(copy, url)
    cleaned = {Path(one["file"]).resolve().parent for one in done["files"]}
    assert {place.resolve(), copy.resolve()} <= cleaned
    assert not [one for one in done["files"] if one["left"]]
    assert done["not_searched"] == []
    assert done["identities_removed"] > 0


def test_the_lists_beside_runs_in_the_workspace_are_no_runs(run: Run, folder: Path) -> None:
    """Tests that runs in the workspace itself do not make its other files runs' files."""
    _, url = planned(run, ".")
    before = (folder / "leads.csv").read_bytes()

    done = forget(run, url)

    assert (folder / "leads.csv").read_bytes() == before
    assert str(folder / "leads.csv") not in [one["file"] for one in done["files"]]
    assert not [one for one in done["files"] if Path(one["file"]).name == "planner.db"]


def test_dry_run_finds_the_same_and_leaves_it(run: Run) -> None:
    """Tests that --dry-run names the files that would be cleaned, and changes none."""
    place, url = planned(run, "elsewhere")
    before = holders(place, url)

    found = forget(run, url, "--dry-run")

    assert holders(place, url) == before
    done = forget(run, url)
    assert found["files"] == done["files"]


def test_runs_that_are_not_here_are_told(run: Run) -> None:
    """Tests that a run whose folder is gone is listed, and nothing else is claimed."""
    place, url = planned(run, "elsewhere")
    shutil.rmtree(place)

    code, out, err = run("forget", url, "--as-of", "2026-11-24")

    assert code == 0
    assert "No file of a run holds this person." not in out
    assert "not all runs were" in out
    assert f"not searched: {place}" in err
    assert forget(run, url)["not_searched"] == [str(place)]


def test_a_moved_workspace_is_no_missing_run(run: Run, folder: Path) -> None:
    """Tests that a run below --out is searched, whatever path the ledger has of it."""
    place, url = planned(run, "elsewhere")
    (folder / "elsewhere").rename(folder / "reports")

    done = forget(run, url)

    assert done["not_searched"] == []
    assert not holders(folder / "reports" / place.name, url)


def test_nobody_is_in_no_file(run: Run) -> None:
    """Tests that only then it says so."""
    planned(run, "reports")

    url = URL.format("other")
    _, out, _ = run("forget", url, "--as-of", "2026-11-24", "--unknown")

    assert "No file of a run holds this person." in out


def test_a_mistyped_person_is_refused(run: Run, folder: Path) -> None:
    """Tests that keys that nothing has bar nobody, unless that is what was asked for."""
    planned(run, "reports")
    url = URL.format("3x")  # the list has sample-lead-3
    for more in ((), ("--dry-run",)):
        code, out, err = run("forget", url, "--as-of", "2026-11-24", *more)
        assert (code, out) == (3, "")
        assert "nothing was done" in err
        assert "--unknown" in err
    assert forget(run, url, "--unknown")["identities_removed"] == 0
    # Barred now, so the same command again is no mistake.
    assert forget(run, url)["identities_removed"] == 0
    # A list that holds the person is enough to know them, without a ledger or a run.
    alone = folder / "alone"
    alone.mkdir()
    (alone / "list.csv").write_text(f"LinkedIn URL\n{URL.format('7')}\n", "utf-8")
    options = ("--ledger", "none.db", "--exports", "alone")
    assert forget(run, URL.format("7"), *options)["exports"]
    assert run("forget", URL.format("77"), "--ledger", "new.db")[0] == 3
    assert not (folder / "new.db").exists()


def test_a_file_that_cannot_be_searched_makes_nobody_known(run: Run, folder: Path) -> None:
    """Tests that a PDF in the workspace is no evidence that a mistyped URL is right."""
    planned(run, "reports")
    (folder / "print.pdf").write_bytes(b"%PDF-1.7 compressed")
    assert run("forget", URL.format("3x"), "--as-of", "2026-11-24")[0] == 3


def test_forgetting_twice_is_no_mistake(run: Run, folder: Path) -> None:
    """Tests that the command may be given again after it has done its work."""
    _, url = planned(run, "reports")
    assert forget(run, url)["identities_removed"] > 0
    (folder / "leads.csv").unlink()
    assert forget(run, url)["identities_removed"] == 0


def test_copies_in_the_workspace_are_named(run: Run, folder: Path) -> None:
    """Tests that files beside the runs that hold the person are named and left alone."""
    place, url = planned(run, "reports")
    shutil.copy(place / "assignments.csv", folder / "copy.csv")
    shutil.copy(place / "plan.xlsx", folder / "copy.xlsx")
    (folder / "old").mkdir()
    shutil.copy(folder / "planner.db", folder / "old" / "backup.sqlite")
    before = (folder / "copy.csv").read_bytes()

    done = forget(run, url)

    named = {Path(one["file"]).name for one in done["beside"]}
    assert named == {"backup.sqlite", "copy.csv", "copy.xlsx", "leads.csv"}
    assert (folder / "copy.csv").read_bytes() == before
    _, _, err = run("forget", url, "--as-of", "2026-11-24")
    assert "still there: copy.csv: " in err


@pytest.mark.parametrize("option", ["--exports", "--out"])
def test_a_folder_that_is_not_there_is_refused(run: Run, option: str) -> None:
    """Tests that a mistyped folder is not taken for one that holds nobody."""
    _, url = planned(run, "reports")
    code, out, err = run("forget", url, option, "nowhere")
    assert (code, out) == (3, "")
    assert err == f"error: {option} nowhere: there is no such folder\n"


def test_what_cannot_be_cleaned_is_not_nothing(run: Run) -> None:
    """Tests that beside a note which nobody can clean it does not say that all is well."""
    place, url = planned(run, "reports")
    forget(run, url)
    (place / "note.txt").write_text(f"ask {url} again\n", "utf-8")

    _, out, err = run("forget", url, "--as-of", "2026-11-24")

    assert "No file of a run holds this person." not in out
    assert "could be cleaned" in out
    assert f"still there: {Path('reports') / place.name / 'note.txt'}" in err
