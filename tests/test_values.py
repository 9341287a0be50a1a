"""What cells say: flags, degrees, dates, priorities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.intake import values


def column(*cells: str) -> pd.Series[str]:
    """Return cells as a column of text."""
    return pd.Series(list(cells), dtype="str")


@pytest.mark.parametrize(
    "cell",
    ["true", "TRUE", "Yes", "y", "1", "1.0", "x", "oui", "ja", "s\u00ed", "open", "\u2713"],
)
def test_flag_is_yes(cell: str) -> None:
    """Every word for yes that exports use is yes."""
    assert values.flags(column(cell))[0].tolist() == [1]


@pytest.mark.parametrize("cell", ["false", "No", "0", "0.0", "non", "nein", "closed"])
def test_flag_is_no(cell: str) -> None:
    """Every word for no that exports use is no."""
    assert values.flags(column(cell))[0].tolist() == [0]


@pytest.mark.parametrize("cell", ["", "unknown", "N/A", "-", "null", "None", "undefined"])
def test_flag_is_unknown_not_no(cell: str) -> None:
    """A blank or a word for "not known" is unknown, and no fault of the cell."""
    flags, unreadable = values.flags(column(cell))
    assert flags.tolist() == [-1]
    assert not unreadable.any()


def test_flag_that_is_no_word_is_unreadable() -> None:
    """Other text is unknown and marked."""
    flags, unreadable = values.flags(column("true", "maybe", ""))
    assert flags.tolist() == [1, -1, -1]
    assert flags.dtype == np.int8
    assert unreadable.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("cell", "degree"),
    [
        ("1st", 1),
        ("2nd", 2),
        ("3rd", 3),
        ("3rd+", 3),
        ("\u00b7 2nd", 2),
        ("2nd degree connection", 2),
        ("1", 1),
        ("2.0", 2),
        ("FIRST_DEGREE", 1),
        ("SECOND_DEGREE", 2),
        ("DISTANCE_2", 2),
        ("OUT_OF_NETWORK", 3),
        ("-1", 3),
        ("2e", 2),
        ("1er", 1),
        ("", 0),
        ("unknown", 0),
        ("0", 0),
    ],
)
def test_degree(cell: str, degree: int) -> None:
    """Every spelling of a degree that exports use is read."""
    degrees, unreadable = values.degrees(column(cell))
    assert degrees.tolist() == [degree]
    assert not unreadable.any()


@pytest.mark.parametrize("cell", ["Bachelor", "4th", "12", "company"])
def test_degree_that_is_none(cell: str) -> None:
    """Other text, such as an academic degree, is marked."""
    assert values.degrees(column(cell))[1].tolist() == [True]


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2026-01-09", "2026-01-09"),
        ("2026-01-09T08:38:58.000Z", "2026-01-09"),
        ("2026-01-09 08:38:58", "2026-01-09"),
        ("16 Mar 2025", "2025-03-16"),
        ("04-May-22", "2022-05-04"),
        ("30-oct-09", "2009-10-30"),
        ("Mar 16, 2025", "2025-03-16"),
        ("Sun Nov 22 2026 18:00:00 GMT", "2026-11-22"),
        ("3 de enero de 2025", "2025-01-03"),
        ("1/13/2026 16:14", "2026-01-13"),
        ("13/01/2026 16:14", "2026-01-13"),
        ("1/28/18, 6:14 PM", "2018-01-28"),
        ("09.01.2026", "2026-01-09"),
        ("1767945538", "2026-01-09"),
        ("1767945538000", "2026-01-09"),
        ("20260109", "2026-01-09"),
    ],
)
def test_date(cell: str, date: str) -> None:
    """Every form of date that exports use is read."""
    days, unreadable = values.dates(column(cell))
    assert days.astype(str).tolist() == [date]
    assert not unreadable.any()


@pytest.mark.parametrize("cell", ["soon", "2026-02-30", "31/31/2026", "1899-01-01", "12"])
def test_date_that_is_none(cell: str) -> None:
    """Text that is no date, and a date that no calendar has, are marked."""
    days, unreadable = values.dates(column(cell))
    assert np.isnat(days).all()
    assert unreadable.all()


def test_no_date_is_not_a_fault() -> None:
    """A blank and "never" mean that there is no date."""
    days, unreadable = values.dates(column("", "never", "-"))
    assert np.isnat(days).all()
    assert not unreadable.any()


def test_one_cell_above_12_tells_the_order_of_the_whole_column() -> None:
    """With 13/09 in the column, 01/09 is in September, too."""
    dates = column("01/09/2026 08:38:58", "13/09/2026 10:00:00")
    assert values.is_day_first(dates) is True
    assert values.dates(dates)[0].astype(str).tolist() == ["2026-09-01", "2026-09-13"]
    assert not values.has_ambiguous_dates(dates)


def test_ambiguous_dates_are_month_first_and_said_to_be() -> None:
    """If nothing tells, the month comes first, and the caller can say so."""
    dates = column("01/09/2026 08:38:58", "")
    assert values.has_ambiguous_dates(dates)
    assert values.dates(dates)[0].astype(str).tolist()[0] == "2026-01-09"


def test_priorities() -> None:
    """Numbers count as they are, grades as documented, others are marked."""
    cells = column(
        "0", "87,5", "100", "A", "b", "C", "D", "high", "", "101", "-1", "urgent"
    )
    numbers, unreadable = values.priorities(cells)
    expected = [0, 87.5, 100, 100, 70, 40, 10, 100, np.nan, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(numbers, expected)
    assert unreadable.tolist() == [False] * 9 + [True] * 3


@pytest.mark.parametrize("cell", ["1.23457E+18", "1,23457E+18", "1.2345678901234568e+18"])
def test_mangled_number(cell: str) -> None:
    """An id that a spreadsheet made a number is recognised."""
    assert values.is_mangled_number(cell)


@pytest.mark.parametrize("cell", ["1234567890123456789", "ACwAAB1E05", "1e", "", "12.5"])
def test_number_that_is_not_mangled(cell: str) -> None:
    """Plain ids and small numbers are not."""
    assert not values.is_mangled_number(cell)


def test_columns_may_be_arrays_and_empty() -> None:
    """Arrays of objects are read like series, and no rows give no values."""
    nothing = np.empty(0, dtype=object)
    assert values.flags(np.array(["yes"], dtype=object))[0].tolist() == [1]
    for read in (values.flags, values.degrees, values.priorities, values.dates):
        found, unreadable = read(nothing)
        assert len(found) == len(unreadable) == 0
