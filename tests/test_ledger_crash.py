"""Killed at any instant, a command does its work when it is run again."""

from __future__ import annotations

from pathlib import Path

import ledger_factory as make
from crash import Place, assert_crash_safe
from forking import Planners
from postgres import fresh_database


def _lists(place: Place, _: Planners) -> None:
    make.write_lists(place.folder, seats=["anna"])


def _planned(place: Place, planners: Planners) -> None:
    """Plan the week with some leads; then more of them are on the list."""
    make.write_lists(place.folder, range(6), seats=["anna"])
    first = planners.run(place.command(make.PLAN))[0]
    assert first.code == 0, first.stderr
    make.write_lists(place.folder, range(9), seats=["anna"])


def _replied(place: Place, planners: Planners) -> None:
    """Plan the week; then some of its leads reply."""
    _planned(place, planners)
    make.write_replies(place.folder)


def _failed(place: Place, planners: Planners) -> None:
    """Plan the week; then some of its InMails fail, one of them with no word of whose."""
    _planned(place, planners)
    senders = {0: "", 1: "anna", 4: "anna"}
    lines = [f"{make.profile(n)},failed,{sender}" for n, sender in senders.items()]
    text = "\n".join(["linkedin_url,status,sender", *lines]) + "\n"
    (place.folder / "failed.csv").write_text(text, encoding="utf-8")


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


def test_record(tmp_path: Path, planners: Planners) -> None:
    """Outcomes are recorded together, and once."""
    assert_crash_safe(tmp_path, _replied, make.RECORD, planners)


def test_triage(tmp_path: Path, planners: Planners) -> None:
    """The lists of a triage appear and its verdicts are recorded, once."""
    argv = [
        "-q", "triage", "failed.csv", "--seats", "seats.csv", "--apply",
        "--as-of", "2026-11-26",
    ]  # fmt: skip
    assert_crash_safe(tmp_path, _failed, argv, planners)


def test_forget(tmp_path: Path, planners: Planners) -> None:
    """A person is gone from ledger and run folders, however often it is interrupted."""
    argv = ["-q", "forget", make.profile(1), "--as-of", "2026-11-27"]
    assert_crash_safe(tmp_path, _replied, argv, planners)
