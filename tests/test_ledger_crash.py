"""Killed at any instant, a command does its work when it is run again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import ledger_factory as make
from crash import Place, assert_crash_safe
from forking import Planners
from postgres import fresh_database


@pytest.fixture(scope="module")
def planners() -> Iterator[Planners]:
    """Give planners that start fast."""
    with Planners() as found:
        yield found


def _lists(place: Place, _: Planners) -> None:
    make.write_lists(place.folder)


def _planned(place: Place, planners: Planners) -> None:
    """Plan the week with some leads; then more of them are on the list."""
    make.write_lists(place.folder, leads=range(6))
    first = planners.run(place.command(make.PLAN))[0]
    assert first.code == 0, first.stderr
    make.write_lists(place.folder, leads=range(9))


def test_plan_makes_ledger_and_run(tmp_path: Path, planners: Planners) -> None:
    """The first plan of a workspace, which also makes the ledger."""
    assert_crash_safe(tmp_path, _lists, make.PLAN, planners)


def test_plan_again_with_supersede(tmp_path: Path, planners: Planners) -> None:
    """The void of the old run and the new run are recorded together, and once."""
    assert_crash_safe(tmp_path, _planned, [*make.PLAN, "--supersede"], planners)


def test_plan_on_postgresql(tmp_path: Path, planners: Planners) -> None:
    """The same on PostgreSQL, around renames and commits."""
    assert_crash_safe(
        tmp_path, _planned, [*make.PLAN, "--supersede"], planners, fresh_database
    )
