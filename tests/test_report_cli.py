"""`report.html` of `planner plan`, made again by `planner show --html`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from planner import cli
from report_factory import MONDAY, SCRIPT, inside, plan_week, write_week

Run = Callable[..., tuple[int, str, str]]

#: Names of people in the lists: leads and senders.
NAMES = ("Given5", "Surname5", "Sampleby")


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """Return a workspace with a list and an inventory."""
    write_week(tmp_path)
    return tmp_path


def called(
    capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str
) -> tuple[int, str, str]:
    """Run a command in a folder; return its code, results and notes."""
    with inside(folder):
        code = cli.run(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_no_person_is_named_unless_asked(week: Path) -> None:
    """Neither leads nor senders are on the page; --with-names puts both there."""
    text = (plan_week(week) / "report.html").read_text("utf-8")
    assert [name for name in NAMES if name in text] == []
    assert "linkedin.com/in/" not in text
    other = week / "other"
    other.mkdir()
    write_week(other)
    named = (plan_week(other, "--with-names") / "report.html").read_text("utf-8")
    assert [name for name in NAMES if name not in named] == []
    assert "linkedin.com/in/" not in named


@pytest.mark.parametrize("more", [(), ("--with-names",), ("--rule-costs",)])
def test_show_makes_the_same_page_again(
    week: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    """From the run's files alone come the bytes that plan wrote, whatever was asked for."""
    folder = plan_week(week, *more)
    kept = (folder / "report.html").read_bytes()
    target = week / "again.html"
    code, out, err = called(
        capsys, week, "show", folder.name, "--html", "--out", str(target), *more
    )
    assert code == 0, err
    assert str(target) in out
    assert target.read_bytes() == kept


def test_show_replaces_the_page_of_the_run(
    week: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --out, the page in the run's folder is made again, here with names."""
    folder = plan_week(week)
    code, out, err = called(
        capsys, week, "show", folder.name, "--html", "--with-names", "--json"
    )
    assert code == 0, err
    assert f'{folder.name}/report.html"' in out
    assert "Given5" in (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize("option", ["--rule-costs", "--with-names", "--out=x.html"])
def test_options_of_the_page_go_with_html(
    week: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """An option that says nothing without --html is wrong usage, not silence."""
    folder = plan_week(week)
    code, _, err = called(capsys, week, "show", folder.name, option)
    assert code == 2
    assert "--html" in err


def test_an_unknown_run_has_no_page(week: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest run is named, and nothing is written."""
    folder = plan_week(week)
    code, _, err = called(capsys, week, "show", f"{folder.name}x", "--html", "-o", "x.html")
    assert code == 3
    assert folder.name in err
    assert not (week / "x.html").exists()


def test_the_second_week_says_what_changed(
    week: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A week later the page counts who moved since; a whole void does not count."""
    first = plan_week(week)
    assert "first run that the ledger knows" in (first / "report.html").read_text("utf-8")
    write_week(week, num_leads=48)
    second = plan_week(week, "-p", "reserve=9", as_of="2026-11-30")
    text = (second / "report.html").read_text("utf-8")
    assert f"Against run {first.name}" in text
    # The reserve of the first week was the default: it has no value there.
    assert '<td>reserve</td><td class="n">-</td><td class="n">9</td>' in text
    # Made again, the first week still has none before it.
    target = week / "again.html"
    code, _, err = called(capsys, week, "show", first.name, "--html", "--out", str(target))
    assert code == 0, err
    assert target.read_bytes() == (first / "report.html").read_bytes()


def test_a_run_before_without_files_is_named_all_the_same(week: Path) -> None:
    """If its folder is gone, the page says that nobody can tell who moved."""
    first = plan_week(week)
    for path in first.iterdir():
        if path.name == "assignments.csv":
            path.unlink()
    write_week(week, num_leads=48)
    second = plan_week(week, as_of="2026-11-30")
    text = (second / "report.html").read_text("utf-8")
    assert f"The last run was {first.name}; its files are not here" in text


def test_a_forgotten_person_leaves_the_page(
    week: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their row goes, and no other."""
    folder = plan_week(week, "--with-names")
    before = (folder / "report.html").read_text("utf-8")
    assert "Given5" in before
    code, out, err = called(
        capsys, week, "forget", "https://www.linkedin.com/in/sample-lead-5"
    )
    assert code == 0, err
    after = (folder / "report.html").read_text("utf-8")
    assert "Given5" not in after
    assert "Given6" in after
    assert before.count("<tr data-lead=") - after.count("<tr data-lead=") == 1
    assert "report.html" in out


def test_a_dry_run_draws_nothing(week: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--dry-run writes no page, as it writes nothing."""
    code, _, err = called(
        capsys, week, "plan", "leads.csv", "-s", "seats.csv", "--as-of", MONDAY, "-n"
    )
    assert code == 0, err
    assert not (week / "reports").exists()


@pytest.mark.parametrize("option", ["--rule-costs", "--with-names"])
def test_a_dry_run_refuses_options_of_the_page(
    week: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """Where no page is written, an option about it is wrong usage."""
    code, _, err = called(
        capsys,
        week,
        "plan",
        "leads.csv",
        "-s",
        "seats.csv",
        "--as-of",
        MONDAY,
        "-n",
        option,
    )
    assert code == 2
    assert "--dry-run" in err


def test_another_ledger_says_nothing_of_the_run_before(
    week: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that the ledger here does not know is compared with none of its runs."""
    folder = plan_week(week)
    other = week / "other"
    other.mkdir()
    write_week(other, num_leads=40)
    plan_week(other)
    code, _, err = called(
        capsys, other, "show", str(folder), "--html", "--out", str(week / "x.html")
    )
    assert code == 0, err
    assert "No ledger here knows this run" in (week / "x.html").read_text("utf-8")


def test_everybody_excluded_is_bad_input(
    week: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list that is its own exclusion list leaves nobody: exit 3, no defect."""
    code, _, err = called(
        capsys, week, "plan", "leads.csv", "-s", "seats.csv", "--as-of", MONDAY,
        "--exclude", "leads.csv",
    )  # fmt: skip
    assert code == 3
    assert "all are excluded" in err


def test_a_seat_called_like_a_script_is_text(week: Path) -> None:
    """The page's source has it escaped in tables and as JSON, never as markup."""
    text = (plan_week(week) / "report.html").read_text("utf-8")
    assert SCRIPT not in text
    assert "&lt;script&gt;window.hacked = true&lt;/script&gt;" in text
    assert "\\u003cscript\\u003ewindow.hacked = true\\u003c/script\\u003e" in text
