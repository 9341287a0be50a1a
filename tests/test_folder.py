"""A run's folder is whole or not there, whatever happens on the way."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from plan_factory import make_plan
from planner.domain import Plan
from planner.errors import InputError
from planner.output import folder, run

NAME = "2026-W48-3f9c1a7b"


def leftovers(out_dir: Path) -> list[str]:
    """Return what is hidden in the folder of all runs."""
    return [path.name for path in out_dir.iterdir() if path.name.startswith(".")]


def contents(target: Path) -> dict[str, bytes]:
    """Return every file of a run."""
    files = (path for path in sorted(target.rglob("*")) if path.is_file())
    return {str(path.relative_to(target)): path.read_bytes() for path in files}


def test_all_files_are_in_place(tmp_path: Path) -> None:
    """The folder is named after week and run, holds every file, and nothing is left."""
    target = folder.write_run(make_plan(), tmp_path / "reports")
    assert target == tmp_path / "reports" / NAME
    names = {path.name for path in target.iterdir()}
    assert names == {"assignments.csv", "plan.json", "getsales"}
    assert leftovers(tmp_path / "reports") == []


def test_same_plan_same_bytes(tmp_path: Path) -> None:
    """Two equal plans give equal folders."""
    one = folder.write_run(make_plan(), tmp_path / "one")
    two = folder.write_run(make_plan(), tmp_path / "two")
    assert contents(one) == contents(two)


def test_same_run_is_left_alone(tmp_path: Path) -> None:
    """Writing a run again changes nothing, not even what somebody put beside it."""
    target = folder.write_run(make_plan(), tmp_path)
    (target / "notes.txt").write_text("x")
    assert folder.write_run(make_plan(), tmp_path) == target
    assert (target / "notes.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_an_edited_run_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    """Work that people did in a run's files is never lost by planning again."""
    target = folder.write_run(make_plan(), tmp_path)
    fresh = contents(target)
    for number in (1, 2):
        (target / "assignments.csv").write_text(f"edited {number}")
        assert folder.write_run(make_plan(), tmp_path) == target
        assert contents(target) == fresh
        kept = target.with_name(f"{target.name}--kept-{number}")
        assert (kept / "assignments.csv").read_text() == f"edited {number}"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("content", [None, '{"run_id": "3f9c1a7bffff"}', "[1]"])
def test_other_folder_is_never_replaced(tmp_path: Path, content: str | None) -> None:
    """A folder of that name which is not this run stays as it is."""
    target = tmp_path / NAME
    target.mkdir()
    if content is not None:
        (target / "plan.json").write_text(content)
    before = contents(target)
    with pytest.raises(InputError, match="not this run"):
        folder.write_run(make_plan(), tmp_path)
    assert contents(target) == before
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "Input/output"),
    ],
)
def test_disk_failure_leaves_the_old_run(tmp_path: Path, number: int, words: str) -> None:
    """A full or failing disk is one clear message; the earlier run is untouched."""
    target = folder.write_run(make_plan(), tmp_path)
    before = contents(target)

    def fail(plan: Plan, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(number, os.strerror(number))

    with pytest.raises(InputError, match=words) as caught:
        folder.write_run(make_plan(), tmp_path, {"plan.xlsx": fail})
    assert "--out" in str(caught.value)
    assert contents(target) == before
    assert leftovers(tmp_path) == []


def test_bug_in_a_writer_leaves_nothing(tmp_path: Path) -> None:
    """An exception that is not the disk's comes through, and nothing is left behind."""

    def fail(plan: Plan, path: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        folder.write_run(make_plan(), tmp_path, {"plan.xlsx": fail})
    assert list(tmp_path.iterdir()) == []


def test_failed_rename_puts_the_old_run_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the new folder cannot be renamed into place, the old one returns."""
    target = folder.write_run(make_plan(), tmp_path)
    (target / "assignments.csv").write_text("edited")
    before = contents(target)
    rename = Path.rename

    def refuse(path: Path, to: Path) -> Path:
        if path.name.startswith(".tmp-new-"):
            raise OSError(errno.EIO, "no")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(InputError):
        folder.write_run(make_plan(), tmp_path)
    monkeypatch.undo()
    assert contents(target) == before
    assert leftovers(tmp_path) == []


_CRASH = """
import os, sys
from pathlib import Path
from planner.output import folder
from plan_factory import make_plan
point, out = sys.argv[1], Path(sys.argv[2])
if point == "writing":
    folder.write_run(make_plan(), out, {"plan.xlsx": lambda plan, path: os._exit(9)})
rename, calls = Path.rename, []
def stop(path, to):
    if len(calls) == int(point):
        os._exit(9)
    calls.append(path)
    return rename(path, to)
Path.rename = stop
folder.write_run(make_plan(), out)
"""


@pytest.mark.parametrize("point", ["writing", "0", "1"])
def test_crash_leaves_old_or_new_and_is_swept(tmp_path: Path, point: str) -> None:
    """Killed while writing or at either rename, the old run is there after a sweep."""
    target = folder.write_run(make_plan(), tmp_path)
    (target / "assignments.csv").write_text("edited")
    before = contents(target)
    tests = Path(__file__).parent
    paths = os.pathsep.join([str(tests), str(tests.parent)])
    done = subprocess.run(  # a process of its own: it is to die
        [sys.executable, "-c", _CRASH, point, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": paths},
        check=False,
    )
    assert done.returncode == 9
    assert leftovers(tmp_path) != []
    folder.sweep(tmp_path)
    assert contents(target) == before
    assert leftovers(tmp_path) == []


def test_sweep_spares_a_living_planner(tmp_path: Path) -> None:
    """What another planner is writing at this moment is not swept."""
    seen: list[tuple[str, ...]] = []

    def write(plan: Plan, path: Path) -> None:
        seen.append(folder.sweep(tmp_path))
        path.write_text("whole")

    target = folder.write_run(make_plan(), tmp_path, {"report.html": write})
    assert seen == [()]
    assert (target / "report.html").read_text() == "whole"


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "."])
def test_names_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    """A further file that would land outside the run's folder is refused."""
    with pytest.raises(InputError, match="not a file name"):
        folder.write_run(make_plan(), tmp_path, {name: lambda plan, path: None})


def test_out_dir_that_is_a_file(tmp_path: Path) -> None:
    """A path that runs through a file is one message that says so."""
    (tmp_path / "reports").write_text("")
    with pytest.raises(InputError, match="is a file, not a folder"):
        folder.write_run(make_plan(), tmp_path / "reports" / "deep")


def test_plan_json_is_complete_and_anonymous(tmp_path: Path) -> None:
    """plan.json counts every lead once, has no missing number, and names nobody."""
    cells = {"last_name": {0: "Secretname"}, "email": {1: "secret@example.org"}}
    plan = make_plan(200, cells=cells)
    target = folder.write_run(plan, tmp_path)
    text = (target / "plan.json").read_text("utf-8")
    found = json.loads(text)
    assert found["schema_version"] == run.SCHEMA_VERSION
    assert sum(found["routes"].values()) == 200
    assert found["limits"][2]["price"] is None  # missing in the table
    assert [issue["code"] for issue in found["issues"]] == ["no-identity", "odd-flag"]
    assert len(found["seats"]) == 8
    assert "Secretname" not in text
    assert "example.org" not in text
    assert "linkedin.com" not in text


def test_changed_parameters_are_marked(tmp_path: Path) -> None:
    """plan.json says which parameters were changed."""
    plan = make_plan(10, parameters={"alpha": 0.02})
    shown = run.document(plan)["parameters"]
    assert shown["alpha"] == {
        "value": 0.02,
        "default": 0.05,
        "unit": "probability",
        "changed": True,
    }
    assert [name for name, one in shown.items() if one["changed"]] == ["alpha"]


def test_odd_run_ids_stay_inside(tmp_path: Path) -> None:
    """Whatever the week and run are called, the folder is one level below `out_dir`."""
    plan = replace(make_plan(5), week="../2026", run_id="..//x")
    assert folder.write_run(plan, tmp_path).parent == tmp_path
