"""The benchmarks' own problem, small: peers agree with the product on the same numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent / "benchmarks"


def _script(name: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(ROOT / name), *arguments], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """Return the folder of one week of 400 leads and 5 seats, and its figures."""
    folder = str(tmp_path_factory.mktemp("week"))
    return folder, _script("week_problem.py", "--leads", "400", "--seats", "5", folder)


def test_textbook_model_lies_between_plan_and_bound(
    week: tuple[str, dict[str, Any]],
) -> None:
    """Lead by lead in PuLP, the week is worth what the classes reach, within the bound."""
    folder, ours = week
    textbook = _script("lead_level.py", folder)
    assert textbook["columns"] > ours["week"]["columns"]
    assert textbook["value"] >= ours["week"]["value"] * (1 - 1e-7)
    assert textbook["value"] <= ours["week"]["bound"] * (1 + 1e-7)


def test_simple_rules_do_not_beat_the_bound(week: tuple[str, dict[str, Any]]) -> None:
    """Even split is worth least; nothing in whole numbers is worth more than the bound."""
    folder, ours = week
    rules = _script("policies.py", folder)
    assert rules["file order"] < ours["written"]
    assert 0 < ours["written"] <= ours["week"]["bound"] * (1 + 1e-7)
