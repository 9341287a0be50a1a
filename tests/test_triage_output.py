"""A triage's folder: lists, sheet and document agree, whole, safe, and the same twice."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain import Cause, NextStep
from planner.errors import InputError, Issue, Severity
from planner.output import folder, triage, workbook
from planner.output.triage import TriageRun
from planner.params import Parameters
from triage_factory import TODAY, judge, make_failures, make_record

SECRET = "Østervang-Zyx"
SENDERS = {"seat-01": "Nora Lindqvale", "seat-02": "Piet Vosmaar"}


def make_run(*, order: int = 1, **cells: Any) -> TriageRun:
    """Return a triage with every kind of step; `order` -1 turns the failures round."""
    at = [f"2026-11-19T1{k}:00:00Z" for k in range(6)]
    rows = make_failures(
        *({"seat_id": "seat-01", "failed_on": one, "last_name": SECRET, **cells}
          for one in at),
        {"seat_id": "seat-02", "failed_on": at[0], "inmail_flag": 0},
        {"seat_id": "seat-02", "failed_on": at[1], "degree": 1},
        {"seat_id": "seat-02", "failed_on": at[2], "error_text": "invalid_recipient"},
    )  # fmt: skip
    found = judge(
        rows.iloc[::order],
        make_record(seen=[("2026-11-19", 0)], spare_after_reset=2),
        make_record(
            "seat-02",
            sent=[("2026-11-20T09:00:00Z", 1.0)],
            seen=[("2026-11-18", 40)],
            spare_credits=2,
            spare_inmails=9,
            spare_requests=2,
        ),
    )
    issue = Issue(code="no-date", message="no date", severity=Severity.NOTE, file="f.csv")
    return TriageRun(
        triage=found,
        senders=SENDERS,
        as_of=TODAY,
        version="0.1.0",
        parameters=Parameters(),
        issues=(issue,),
    )


def contents(path: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    files = (file for file in sorted(path.rglob("*")) if file.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def table(sheet: Any, name: str) -> list[dict[str, Any]]:
    """Return the rows of a native table by header."""
    rows = [[cell.value for cell in row] for row in sheet[sheet.tables[name].ref]]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def contacts(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a list."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_folder_holds_everything(tmp_path: Path) -> None:
    """The folder is named after week and triage; one list per seat and route is in it."""
    made = make_run()
    path = triage.write_triage(made, tmp_path)
    assert path.name == f"2026-W48-triage-{triage.triage_id(made)[:8]}"
    # Six on an empty seat: two restart on seat-02, two wait, one request is left after
    # the one of the lead that takes no InMails, the sixth finds no room.
    assert sorted(contents(path)) == [
        "getsales/README.md",
        "getsales/seat-02--connection_request.csv",
        "getsales/seat-02--message.csv",
        "getsales/seat-02--paid_inmail.csv",
        "triage.json",
        "triage.xlsx",
    ]
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_lists_are_the_steps_to_carry_out_now() -> None:
    """Every lead to be sent to is in the list of its seat and route, and nobody else."""
    made = make_run()
    found = made.findings
    now = found[found["next_step"].isin(["restart", "connection_request", "message"])]
    listed = {}
    for file in triage.lists(made).files:
        for _, content in file.parts:
            for row in contacts(content):
                assert row["plan_sender"] == SENDERS[file.seat_id]
                assert row["plan_run"] == triage.triage_name(made)
                assert row["plan_send_on"] == "2026-11-24"
                listed[row["LinkedIn URL"]] = (file.seat_id, row["plan_route"])
    pairs = zip(now["next_seat"], now["next_route"], strict=True)
    assert listed == dict(zip(now["linkedin_url"], pairs, strict=True))
    counts = found["next_step"].value_counts().to_dict()
    assert counts == {
        "wait": 3, "restart": 2, "connection_request": 2, "message": 1, "drop": 1,
    }  # fmt: skip


def test_the_sheet_tells_every_failure(tmp_path: Path) -> None:
    """Summary, Failures and Parameters hold verdicts, causes, evidence and steps."""
    made = make_run()
    path = triage.write_triage(made, tmp_path)
    book = openpyxl.load_workbook(path / "triage.xlsx")
    assert book.sheetnames == ["Summary", "Failures", "Parameters"]
    rows = table(book["Failures"], "failures")
    found = made.findings
    assert [row["lead id"] for row in rows] == found["lead_id"].tolist()
    assert [row["evidence"] for row in rows] == found["evidence"].tolist()
    assert [row["probability"] for row in rows] == pytest.approx(
        found["cause_probability"].tolist()
    )
    seats = {row["seat"]: row for row in table(book["Summary"], "seats")}
    assert seats["seat-01"]["verdict"] == "out of credits"
    assert seats["seat-01"]["balance to go on with"] == 0
    assert seats["seat-02"]["verdict"] == "fine"
    assert seats["seat-02"]["balance to go on with"] is None
    causes = {row["causes"]: row["number"] for row in table(book["Summary"], "causes")}
    assert causes["credits exhausted"] == 6
    assert sum(causes.values()) == len(rows)


def test_the_document_counts_and_names_nobody(tmp_path: Path) -> None:
    """triage.json agrees with the findings and holds no name, URL or error text."""
    made = make_run(error_text=f"out of credits for {SECRET}")
    path = triage.write_triage(made, tmp_path)
    text = (path / "triage.json").read_text("utf-8")
    told = json.loads(text)
    assert told["run_id"] == triage.triage_id(made)
    assert len(told["failures"]) == sum(told["causes"].values()) == 9
    assert sum(told["next_steps"].values()) == 9
    assert set(told["causes"]) == {str(cause) for cause in Cause}
    assert set(told["next_steps"]) == {str(step) for step in NextStep}
    assert told["seats"][0]["assumed_credits"] == 0
    assert told["issues"][0]["code"] == "no-date"
    assert SECRET not in text
    assert "linkedin.com" not in text


def test_the_same_triage_is_the_same_folder(tmp_path: Path) -> None:
    """Equal failures in any order give equal bytes; writing again changes nothing."""
    one = triage.write_triage(make_run(), tmp_path / "one")
    two = triage.write_triage(make_run(order=-1), tmp_path / "two")
    assert contents(one) == contents(two)
    (one / "notes.txt").write_text("kept")
    assert triage.write_triage(make_run(), tmp_path / "one") == one
    assert (one / "notes.txt").exists()


def test_other_inputs_are_another_triage() -> None:
    """Another cell, parameter or day gives another id."""
    made = make_run()
    assert triage.triage_id(make_run()) == triage.triage_id(made)
    assert triage.triage_id(make_run(error_text="too many")) != triage.triage_id(made)


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    """A folder of that name which is something else stays as it is."""
    made = make_run()
    path = tmp_path / triage.triage_name(made)
    path.mkdir()
    (path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not this run"):
        triage.write_triage(made, tmp_path)
    assert contents(path) == {"mine.txt": b"mine"}


def test_a_crash_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the last file cannot be written, no folder is there."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workbook, "write_pages", fail)
    with pytest.raises(InputError, match="disk is full"):
        triage.write_triage(make_run(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_place_keeps_an_edited_copy(tmp_path: Path) -> None:
    """Any folder placed whole keeps what people did to an earlier copy."""
    about = folder.Target(name="x", document="x.json", run_id="1")
    write = lambda path: (path / "x.json").write_text('{"run_id": "1"}')  # noqa: E731
    path = folder.place(tmp_path, about, write)
    (path / "x.json").write_text('{"run_id": "1", "edited": 1}')
    assert folder.place(tmp_path, about, write) == path
    assert (tmp_path / "x--kept-1" / "x.json").read_text() != (path / "x.json").read_text()


@settings(max_examples=25)
@given(st.text(st.characters(), max_size=30))
def test_whatever_a_lead_is_called(name: str) -> None:
    """No text of a list breaks a document, a list or a page, or starts a formula."""
    made = make_run(first_name=name, company=name, error_text=name, lead_id=f"x{name}")
    for file in triage.lists(made).files:
        for _, content in file.parts:
            for row in contacts(content):
                assert row.get("First Name", "").strip()[:1] not in set("=+-@\t\r")
    shown = triage.triage_name(made)
    json.dumps(triage.document(made, shown), allow_nan=False).encode()
    assert len(triage.pages(made, shown)) == 3
