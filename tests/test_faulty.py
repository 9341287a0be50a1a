"""What bad input gets: a message with place and cure, code 3, and nothing written.

Each folder of ``faulty/runs`` is named after its fault and holds the file that has it;
what it does not hold comes from ``good``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from planner import cli

RUNS = Path(__file__).parent / "faulty" / "runs"

#: What a command left: exit code, stdout, stderr.
Plan = Callable[..., tuple[int, str, str]]

#: Fault -> where the message says it is, and what it says to do about it.
FAULTS: dict[str, tuple[str, str]] = {
    "no-usable-lead": ("leads.csv, row 2", "give a profile URL"),
    "no-row": ("leads.csv", "check that the export has finished"),
    "all-leads-excluded": ("2 do_not_contact", "no usable lead"),
    "no-usable-seat": ("seats.csv", "no rows"),
    "no-seat-column": ("seats.csv", "planner init writes a template"),
    "seat-without-credits": (
        "seats.csv, row 3, column credits", "enter the balance that LinkedIn shows"
    ),
    "seat-with-negative-credits": (
        "seats.csv, row 3, column credits", "enter what LinkedIn shows"
    ),
    "reset-in-the-past": ("seats.csv, row 2, column reset_rule", "enter the next reset"),
    "duplicate-seat": ("seats.csv, row 4, column seat_id", "keep one"),
    "unknown-group": ("leads.csv, row 3, column Group", "correct it or add the seat"),
    "unknown-owner": ("leads.csv, row 3, column Owner", "correct it or add the seat"),
    "parameter-out-of-range": ("planner.toml", "expected 0 to 50 credits"),
}  # fmt: skip


@pytest.fixture
def plan(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Plan:
    """Return a function that plans with the files of faults, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*faults: str, more: tuple[str, ...] = ()) -> tuple[int, str, str]:
        paths = {}
        for name in ("leads.csv", "seats.csv", "planner.toml"):
            own = [RUNS / fault / name for fault in (*faults, "good")]
            paths[name] = next((path for path in own if path.exists()), None)
        config = paths["planner.toml"]
        code = cli.run(
            [
                "plan", str(paths["leads.csv"]), "--seats", str(paths["seats.csv"]),
                "--as-of", "2026-11-23", *(["--config", str(config)] if config else []),
                *more,
            ]
        )  # fmt: skip
        return code, *capsys.readouterr()

    return call


def test_every_folder_is_tested() -> None:
    """No faulty input lies about without a test."""
    tested = {*FAULTS, "good", "odd-seat-cells", "bad-row-among-good-ones"}
    assert {path.name for path in RUNS.iterdir()} == tested


def test_the_good_files_are_good(plan: Plan, tmp_path: Path) -> None:
    """What the faults are put into has no finding of its own."""
    code, _, err = plan()
    assert code == 0
    assert "error" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_place_and_cure(
    fault: str, plan: Plan, tmp_path: Path
) -> None:
    """Code 3, the place and the cure on stderr, nothing on stdout or on the disk."""
    place, cure = FAULTS[fault]
    code, out, err = plan(fault)
    assert (code, out) == (3, "")
    assert place in err
    assert cure in err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_column_mapping(plan: Plan, tmp_path: Path) -> None:
    """``--map`` with a column of no file, or a meaning that is none, is refused."""
    code, out, err = plan(more=("--map", "open=Free InMail?", "--map", "opne=First Name"))
    assert (code, out) == (3, "")
    assert "no file has a column 'Free InMail?'" in err
    assert "did you mean 'open'" in err
    assert list(tmp_path.iterdir()) == []


def test_a_parameter_out_of_range(plan: Plan, tmp_path: Path) -> None:
    """``--param`` out of range names the parameter, its range and what was given."""
    code, _, err = plan(more=("--param", "alpha=0.9", "--param", "reserve=-1"))
    assert code == 3
    assert "parameter alpha: expected 0.001 to 0.5 probability, got '0.9'" in err
    assert "parameter reserve: expected 0 to 50 credits, got '-1'" in err
    assert "planner.toml" not in err
    assert list(tmp_path.iterdir()) == []


def test_every_cell_of_a_row_is_checked(plan: Plan) -> None:
    """A row with nine faults gets nine messages, each with its column."""
    code, _, err = plan("odd-seat-cells")
    assert code == 3
    columns = ("credits", "reset_rule", "working_days", "time_zone", "away", "paused",
               "inmail_reply_rate", "inmails_last_28_days")  # fmt: skip
    assert all(f"seats.csv, row 2, column {column}: error" in err for column in columns)
    assert "seats.csv, row 3, column seat_id: error" in err
    assert "9 errors" in err


@pytest.mark.parametrize(
    "faults",
    [
        ("no-row", "duplicate-seat"),
        ("no-usable-lead", "seat-with-negative-credits"),
        ("no-usable-lead", "no-seat-column"),
    ],
    ids=" and ".join,
)
def test_faults_of_both_files_are_reported_at_once(
    faults: tuple[str, str], plan: Plan, tmp_path: Path
) -> None:
    """Leads and seats are both read to the end before the run is refused."""
    code, out, err = plan(*faults)
    assert (code, out) == (3, "")
    for fault in faults:
        assert FAULTS[fault][0] in err
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_mapping_and_a_faulty_seat_are_reported_at_once(plan: Plan) -> None:
    """An option's fault does not hide a file's."""
    code, _, err = plan("duplicate-seat", more=("--map", "open=Nope"))
    assert code == 3
    assert "'Nope'" in err
    assert FAULTS["duplicate-seat"][0] in err


@pytest.mark.parametrize(
    "words",
    [
        ("check", "noise.xlsx"),
        ("plan", "noise.xlsx", "--seats", "seats.csv"),
        ("plan", "leads.csv", "--seats", "noise.xlsx"),
        ("record", "noise.xlsx"),
        ("triage", "noise.xlsx", "--seats", "seats.csv"),
    ],
    ids=" ".join,
)
def test_a_file_of_noise_is_one_sentence(
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it was given as: code 3, one error, and nothing of it on the terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("leads.csv", "seats.csv"):
        (tmp_path / name).write_bytes((RUNS / "good" / name).read_bytes())
    (tmp_path / "noise.xlsx").write_bytes(hashlib.shake_256(b"any").digest(4096))
    code = cli.run(list(words))
    out, err = capsys.readouterr()
    assert (code, out) == (3, "")
    assert err.isascii()
    faults = [line for line in err.splitlines() if "noise.xlsx" in line]
    assert len(faults) == 1
    assert "neither a workbook nor a list as text" in faults[0]


def test_a_bad_row_among_good_ones_stays_out(plan: Plan, tmp_path: Path) -> None:
    """The row is reported with its place, the others are planned, and the code is 0."""
    code, out, err = plan("bad-row-among-good-ones")
    assert code == 0
    assert "leads.csv, row 3" in err
    assert "2 leads" in out
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


def test_strict_makes_a_bad_row_an_error(plan: Plan, tmp_path: Path) -> None:
    """With ``--strict`` the same row refuses the run."""
    code, out, err = plan("bad-row-among-good-ones", more=("--strict",))
    assert (code, out) == (3, "")
    assert "leads.csv, row 3" in err
    assert list(tmp_path.iterdir()) == []


def test_strict_counts_owners_and_groups_too(plan: Plan, tmp_path: Path) -> None:
    """One lead of an unknown group among others is a bad row: out, or refused."""
    mixed = tmp_path / "mixed.csv"
    good = (RUNS / "good" / "leads.csv").read_text("utf-8")
    mixed.write_text(good + "https://www.linkedin.com/in/c-3,C,Ossia,no,benelux\n", "utf-8")
    code, _, err = plan(more=(str(mixed),))
    assert code == 0
    assert "mixed.csv, row 4, column Group: error" in err
    assert plan(more=(str(mixed), "--strict"))[0] == 3
