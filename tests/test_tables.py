"""``assignments.csv`` holds every lead, exactly, and the same bytes every time."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_factory import make_plan
from planner import schemas
from planner.output import tables
from planner.output.names import ODD_CHARACTERS


def read(path: Path) -> list[dict[str, str]]:
    """Read a CSV file as any reader of RFC 4180 does."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_columns_and_rows(tmp_path: Path) -> None:
    """Every lead is one line, in order, under the 18 promised headers."""
    plan = make_plan(50)
    tables.write_assignments(plan, tmp_path / "a.csv")
    rows = read(tmp_path / "a.csv")
    assert list(rows[0]) == list(schemas.ASSIGNMENTS_CSV)
    assert [row["lead_id"] for row in rows] == plan.assignments["lead_id"].tolist()


def test_numbers_have_fixed_digits(tmp_path: Path) -> None:
    """Probabilities and replies have four digits, priorities one; missing is blank."""
    cells = {
        "open_probability": {0: 1 / 3},
        "expected_replies": {0: 0.1 + 0.2},
        "priority": {0: 70.0, 1: float("nan")},
    }
    tables.write_assignments(make_plan(5, cells=cells), tmp_path / "a.csv")
    rows = read(tmp_path / "a.csv")
    assert rows[0]["open_probability"] == "0.3333"
    assert rows[0]["expected_replies"] == "0.3000"
    assert [rows[0]["priority"], rows[1]["priority"]] == ["70.0", ""]


def test_bytes_are_utf8_without_bom_and_with_lf(tmp_path: Path) -> None:
    """The file is UTF-8 without a byte order mark; lines end in LF, the last one too."""
    tables.write_assignments(make_plan(20), tmp_path / "a.csv")
    content = (tmp_path / "a.csv").read_bytes()
    assert content.startswith(b"lead_id,")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert "Zoë".encode() in content


def test_same_plan_same_bytes_whatever_the_dtype(tmp_path: Path) -> None:
    """Plain and categorical text columns give the same bytes."""
    plan = make_plan(300)
    names = ["route", "seat_id", "reason", "company", "send_on"]
    other = make_plan(300)
    other.assignments[names] = other.assignments[names].astype("category")
    for name, one in (("a.csv", plan), ("b.csv", plan), ("c.csv", other)):
        tables.write_assignments(one, tmp_path / name)
    digests = {hashlib.sha256(path.read_bytes()).digest() for path in tmp_path.iterdir()}
    assert len(digests) == 1


def test_chunks_join_without_a_seam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size of a chunk does not show in the file."""
    plan = make_plan(101)
    tables.write_assignments(plan, tmp_path / "one.csv")
    monkeypatch.setattr(tables, "CHUNK_ROWS", 10)
    tables.write_assignments(plan, tmp_path / "many.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "many.csv").read_bytes()


def test_empty_plan_is_a_header(tmp_path: Path) -> None:
    """A plan without leads is a file with its header only."""
    tables.write_assignments(make_plan(0), tmp_path / "a.csv")
    expected = ",".join(schemas.ASSIGNMENTS_CSV) + "\n"
    assert (tmp_path / "a.csv").read_text("utf-8") == expected


@given(st.lists(st.text(st.characters()), min_size=1, max_size=5))
def test_cells_come_back(texts: list[str]) -> None:
    """Any text comes back from the file as it went in, less control characters."""
    line = ",".join(tables.cell(text) for text in ["x", *texts]) + "\n"
    back = list(csv.reader(io.StringIO(line, newline=""), strict=True))
    assert back == [["x", *(ODD_CHARACTERS.sub("", text) for text in texts)]]


def test_texts_of_categories_and_strings() -> None:
    """A categorical column reads like the plain one; a missing code is blank."""
    plain = pd.Series(["b", "a", "b"])
    assert tables.texts(plain) == tables.texts(plain.astype("category")) == ["b", "a", "b"]
    missing = pd.Series(pd.Categorical(["a", None]))
    assert tables.texts(missing) == ["a", ""]
