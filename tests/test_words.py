"""Numbers with their nouns, as terminal, page and workbook say them."""

from __future__ import annotations

import pytest

from planner.words import counted


@pytest.mark.parametrize(
    ("number", "nouns", "said"),
    [
        (0, ("week",), "0 weeks"),
        (1, ("week",), "1 week"),
        (2000, ("week",), "2,000 weeks"),
        (1, ("seat sends", "seats send"), "1 seat sends"),
        (12, ("seat sends", "seats send"), "12 seats send"),
    ],
)
def test_a_number_stands_with_its_noun(
    number: int, nouns: tuple[str, ...], said: str
) -> None:
    """One is singular, all others plural, thousands are parted."""
    assert counted(number, *nouns) == said
