"""The README is true: its commands, help texts and tables are the program's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plan_factory import make_plan
from planner import limits
from planner.cli import run
from planner.cli.app import COMMANDS
from planner.domain import Route
from planner.errors import ExitCode
from planner.output import run as run_document
from planner.params import specs
from planner.templates import parameter_table

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def between(text: str, mark: str) -> str:
    """Return what stands between ``<!-- mark -->`` and ``<!-- /mark -->``."""
    match = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", text, re.DOTALL)
    assert match, f"README has no block marked {mark}"
    return match[1]


def write_between(mark: str, block: str) -> None:
    """Put `block` between the README's marks."""
    head, rest = README.read_text(encoding="utf-8").split(f"<!-- {mark} -->\n")
    _, tail = rest.split(f"<!-- /{mark} -->")
    text = f"{head}<!-- {mark} -->\n{block}<!-- /{mark} -->{tail}"
    README.write_text(text, encoding="utf-8", newline="\n")


def test_parameter_table_is_generated(rewrite_golden: bool) -> None:
    """The README's table of parameters is made from their specs."""
    table = "\n" + parameter_table(specs()) + "\n"
    if rewrite_golden:
        write_between("parameters", table)
    assert between(README.read_text(encoding="utf-8"), "parameters") == table


def test_help_is_shown_as_it_is(
    rewrite_golden: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The help that the README shows is what ``planner --help`` prints."""
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--help"]) == 0
    shown = f"\n```\n{capsys.readouterr().out.strip()}\n```\n\n"
    if rewrite_golden:
        write_between("help", shown)
    assert between(README.read_text(encoding="utf-8"), "help") == shown


def test_demo_prints_what_the_readme_shows(
    rewrite_golden: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The output under the first command is that of ``planner demo``."""
    monkeypatch.chdir(tmp_path)
    assert run(["-q", "demo"]) == 0
    shown = f"\n```\n{capsys.readouterr().out.strip()}\n```\n\n"
    if rewrite_golden:
        write_between("demo-output", shown)
    assert between(README.read_text(encoding="utf-8"), "demo-output") == shown


#: Marks of the blocks about the sample run, and the options of `whatif` that print them.
WHATIFS = {
    "whatif-seat": ["--add-seats", "1", "--like", "piet"],
    "whatif-worth": ["--worth", "2"],
    "whatif-limits": [
        "--limits", "alpha", "days_off", "reserve", "velocity",
    ],
    "whatif-frontier": ["--frontier", "seats=0,1,2"],
}  # fmt: skip


@pytest.mark.parametrize("mark", WHATIFS)
def test_what_ifs_print_what_the_readme_shows(
    mark: str, rewrite_golden: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the README shows of what-ifs is what they print of the committed sample."""
    (folder,) = (ROOT / "reports" / "sample").glob("2*")
    assert run(["-q", "whatif", str(folder), *WHATIFS[mark]]) == 0
    text = README.read_text(encoding="utf-8")
    assert f"planner whatif 2026-W48 {' '.join(WHATIFS[mark])}" in text
    shown = f"\n```\n{capsys.readouterr().out.strip()}\n```\n\n"
    if rewrite_golden:
        write_between(mark, shown)
    assert between(README.read_text(encoding="utf-8"), mark) == shown


def test_every_limit_is_in_the_readme(rewrite_golden: bool) -> None:
    """The README's table of limits is made from them."""
    rows = [f"| `{item.name}` | {item.meaning} |" for item in limits.LIMITS]
    table = "\n".join(["", "| limit | meaning |", "|---|---|", *rows, "", ""])
    if rewrite_golden:
        write_between("limits", table)
    assert between(README.read_text(encoding="utf-8"), "limits") == table


def test_every_command_is_in_the_readme() -> None:
    """Whoever reads the README learns of every command."""
    text = README.read_text(encoding="utf-8")
    assert len(COMMANDS) >= 6
    missing = [name for name in COMMANDS if f"planner {name}" not in text]
    assert missing == []


def test_every_route_sheet_and_exit_code_is_in_the_readme() -> None:
    """Routes, sheets of the workbook and exit codes are all named."""
    from planner.output.workbook import pages_of

    text = README.read_text(encoding="utf-8")
    plan = make_plan(num_leads=40, num_seats=2)
    seats = {seat.seat_id for seat in plan.seats}
    sheets = [page.name for page in pages_of(plan) if page.name not in seats]
    assert [sheet for sheet in sheets if f"*{sheet}*" not in text] == []
    assert [str(route) for route in Route if f"`{route}`" not in text] == []
    codes = " ".join(text[text.index("Exit codes:") :][:500].split())
    assert [code for code in ExitCode if f"{int(code)} " not in codes] == []
    assert run_document.document(plan)["run_id"] == plan.run_id


def test_every_seat_column_is_in_the_readme() -> None:
    """The table of seat columns names every column that the inventory may have."""
    from planner.intake.seats import ALIASES

    text = README.read_text(encoding="utf-8")
    assert [name for name in ALIASES if f"`{name}`" not in text] == []


def test_files_that_the_readme_names_exist() -> None:
    """Paths in the module map and pictures point at something."""
    text = README.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:planner|data|benchmarks|reports|tests)/[\w./-]*)`", text)
    paths += re.findall(r"\]\((?!http)([^)]+)\)", text)
    assert len(paths) >= 10
    missing = [p for p in paths if not (ROOT / p).exists() and "<" not in p]
    assert missing == []
