"""What all tests share: the helpers on the path, hypothesis, golden files.

Golden files are rewritten with ``pytest tests/test_program.py --rewrite-golden``; read
the difference before it is committed. In CI the option is refused: a build that writes
its own expectations proves nothing.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from planner.cli import collect_rarely

# Test helpers (plan_factory, model_factory) are plain modules next to the tests.
sys.path.insert(0, str(Path(__file__).parent))

from forking import Planners

# As every planner does: else a tenth of the time goes into looking for garbage.
collect_rarely()

# Deadlines time the machine, not the program. In CI the same examples are run each time.
settings.register_profile("local", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None, max_examples=50
)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--rewrite-golden``."""
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them (not in CI)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to rewrite golden files in CI."""
    if config.getoption("--rewrite-golden") and os.environ.get("CI"):
        raise pytest.UsageError("--rewrite-golden is refused in CI: commit the files")


#: Files that take longest. They are begun first: two processes share the files, and one
#: that begins a long file last would be alone in the end.
LONG = (
    "test_ledger_crash", "test_four_weeks", "test_workbook_record", "test_ledger_store",
    "test_triage_cli", "test_report_browser", "test_properties", "test_determinism",
    "test_weekly_loop", "test_cli", "test_readme", "test_ledger_concurrency",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first, each as a whole; the others stay in their order."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


def pytest_collection_finish() -> None:
    """Spare what all tests share from being looked through for garbage."""
    gc.freeze()


@pytest.fixture(scope="session")
def planners() -> Iterator[Planners]:
    """Give planners that start fast."""
    with Planners() as found:
        yield found


@pytest.fixture(autouse=True)
def own_ledger(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give each test a ledger of its own: none may end up in the checkout."""
    path = tmp_path_factory.mktemp("ledger") / "planner.db"
    monkeypatch.setenv("PLANNER_LEDGER", f"sqlite:///{path}")


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Return a function that compares a text with its golden file, or rewrites it."""
    rewrite = bool(request.config.getoption("--rewrite-golden"))

    def check(path: Path, text: str) -> None:
        if rewrite:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{path.name} is missing: run pytest --rewrite-golden"
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def rewrite_golden(request: pytest.FixtureRequest) -> bool:
    """Return whether golden blocks are to be written anew."""
    return bool(request.config.getoption("--rewrite-golden"))
