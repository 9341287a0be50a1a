"""A workbook with statuses filled in goes back into `planner record` as it is.

Whoever filled it in, and with whatever program: here openpyxl stands for the person, and
LibreOffice for the program that saved the file again.
"""

from __future__ import annotations

import csv
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from office import convert, needs_office
from planner import cli
from planner.output.sends import NO_SUBJECT, STATUS
from planner.output.sheets import SHEETS

FRIDAY = "2026-11-27"  # the sample's week; every planned day has come
#: What people write into the cells for subjects: nothing of it is an outcome.
SUBJECTS = (
    "replied",
    "Sent yesterday: a question",
    "=1+1",
    "https://www.linkedin.com/in/some-other-person",
    "someone.else@example.org",
    "failed",
)
#: (lead id, kind, day, seat, route)
Outcome = tuple[str, str, str, str, str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the sample, planned and in its ledger."""
    folder = tmp_path_factory.mktemp("filled") / "demo"
    assert cli.run(("demo", str(folder))) == 0
    return folder


@pytest.fixture(scope="module")
def filled(demo: Path) -> tuple[Path, Counter[Outcome]]:
    """Return the workbook with every status in turn, and what it says happened."""
    (run,) = (demo / "reports").iterdir()
    with (run / "assignments.csv").open(encoding="utf-8", newline="") as file:
        planned = {row["lead_id"]: row for row in csv.DictReader(file)}
    book = openpyxl.load_workbook(run / "plan.xlsx")
    told: Counter[Outcome] = Counter()
    words, subjects = cycle((*STATUS, None)), cycle(SUBJECTS)
    for sheet in book.worksheets[len(SHEETS) :]:
        for row in rows_of(sheet):
            row["status"].value = word = next(words)
            if row["subject"].value != NO_SUBJECT:
                row["subject"].value = next(subjects)
            lead = planned[row["lead id"].value]
            # An InMail has no invitation that could be accepted: reported, not counted.
            is_odd = word == "accepted" and lead["route"].endswith("inmail")
            if word not in (None, "todo") and not is_odd:
                # What a seat did was done on its day; an answer is of the day it is told.
                was_done = word in ("sent", "failed", "skipped")
                day = lead["send_on"] if was_done else FRIDAY
                told[lead["lead_id"], word, day, lead["seat_id"], lead["route"]] += 1
    book.save(demo / "back.xlsx")
    return demo / "back.xlsx", told


def rows_of(sheet: Any) -> Iterator[dict[str, Any]]:
    """Yield the cells of a seat's sheet by header."""
    (table,) = sheet.tables.values()
    heads, *rows = sheet[table.ref]
    for row in rows:
        yield dict(zip((cell.value for cell in heads), row, strict=True))


@pytest.fixture
def record(demo: Path, tmp_path: Path, capsys: Any) -> Callable[[Path], str]:
    """Return `planner record FILE` into a copy of the sample's ledger."""
    shutil.copy(demo / "planner.db", tmp_path / "copy.db")

    def call(path: Path) -> str:
        capsys.readouterr()
        ledger = str(tmp_path / "copy.db")
        code = cli.run(("record", str(path), "--ledger", ledger, "--as-of", FRIDAY))
        out, err = capsys.readouterr()
        assert code == 0, err
        assert "error" not in err
        return str(out)

    return call


def outcomes(path: Path) -> Counter[Outcome]:
    """Return the outcomes in a ledger."""
    query = """
        SELECT i.value, o.kind, o.happened_on, o.seat_id, o.route
        FROM outcomes o JOIN identities i ON i.person = o.person AND i.space = 'lead'
    """
    with closing(sqlite3.connect(path)) as database:
        return Counter(database.execute(query).fetchall())


def dump(path: Path) -> list[str]:
    """Return every line of a ledger."""
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def test_a_filled_workbook_is_recorded_as_it_is(
    filled: tuple[Path, Counter[Outcome]], record: Callable[[Path], str], tmp_path: Path
) -> None:
    """Each status of each seat is that outcome once, and a second time changes nothing.

    The same leads on *This week* do not count again, and no subject gets anywhere.
    """
    path, told = filled
    assert {kind for _, kind, *_ in told} == set(STATUS) - {"todo"}
    assert len({seat for _, _, _, seat, _ in told}) == 7
    record(path)
    assert outcomes(tmp_path / "copy.db") == told
    before = dump(tmp_path / "copy.db")
    assert not [line for line in before for text in SUBJECTS[1:5] if text in line]
    assert "Nothing new" in record(path)
    assert dump(tmp_path / "copy.db") == before


@pytest.fixture(scope="module")
def saved_again(filled: tuple[Path, Counter[Outcome]], demo: Path) -> Path:
    """Return the filled workbook as LibreOffice saves it."""
    return convert(filled[0], "xlsx", demo / "again")


@needs_office
def test_libreoffice_may_save_it_in_between(
    saved_again: Path,
    filled: tuple[Path, Counter[Outcome]],
    record: Callable[[Path], str],
    tmp_path: Path,
) -> None:
    """Saved again by LibreOffice, it says the same."""
    record(saved_again)
    assert outcomes(tmp_path / "copy.db") == filled[1]


@needs_office
@pytest.mark.filterwarnings("ignore:.*(chart|extension):UserWarning")  # of openpyxl
def test_what_people_rely_on_survives_libreoffice(
    filled: tuple[Path, Counter[Outcome]], saved_again: Path
) -> None:
    """Formats, drop-downs, filters, print set-up and charts are still there.

    Panes are not looked at: they are of a window, and a headless run has none.
    """
    assert num_charts(saved_again) == num_charts(filled[0]) > 8
    old: Any = openpyxl.load_workbook(filled[0])
    new: Any = openpyxl.load_workbook(saved_again)
    assert new.sheetnames == old.sheetnames
    for before, after in zip(old, new, strict=True):
        assert after.print_title_rows == before.print_title_rows
        assert after.print_area == before.print_area
        assert after.page_setup.orientation == "landscape"
        assert str(after.page_setup.paperSize) == "9"
        assert choices(after) == choices(before)
        assert filters(after) == filters(before)
        for row in before.iter_rows(max_row=60):
            for cell in row:
                again = after[cell.coordinate]
                if isinstance(cell.value, int | float):
                    assert again.value == pytest.approx(cell.value)  # to 15 digits
                elif cell.is_date:
                    assert again.value == cell.value
                else:
                    continue
                assert plain(again.number_format) == plain(cell.number_format)


def num_charts(path: Path) -> int:
    """Return how many charts a workbook has."""
    with ZipFile(path) as parts:
        return sum(name.startswith("xl/charts/chart") for name in parts.namelist())


def filters(sheet: Any) -> set[str]:
    """Return the ranges that can be filtered."""
    return {table.autoFilter.ref for table in sheet.tables.values()}


def choices(sheet: Any) -> list[Any]:
    """Return cells and words of the drop-downs of a sheet."""
    found = sheet.data_validations.dataValidation
    return [(str(one.sqref), one.formula1) for one in found]


def plain(number_format: str) -> str:
    """Return a number format without what only quotes or escapes differently."""
    return number_format.replace("\\", "").lower()
