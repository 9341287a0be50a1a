"""The exception tree and findings as data."""

from __future__ import annotations

import re

import pytest

from planner import errors
from planner.errors import ExitCode, Issue, PlannerError, Severity


def _all(root: type[PlannerError]) -> list[type[PlannerError]]:
    return [root, *(sub for child in root.__subclasses__() for sub in _all(child))]


def test_exit_codes_are_fixed() -> None:
    """Scripts rely on the exit codes: none may move."""
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "BUG": 1,
        "USAGE": 2,
        "INPUT": 3,
        "NO_PLAN": 4,
        "LEDGER": 5,
        "AUDIT": 6,
        "REMOTE": 7,
        "SHORT": 8,
    }


def test_docstring_draws_the_tree() -> None:
    """The tree in the module's docstring is the real one, exit codes included."""
    drawn = dict(re.findall(r"(\w+Error)\s+(?:exit code )?(\d)", errors.__doc__ or ""))
    real = {cls.__name__: str(int(cls.exit_code)) for cls in _all(PlannerError)}
    assert drawn == real


@pytest.mark.parametrize("cls", _all(PlannerError))
def test_errors_carry_their_message(cls: type[PlannerError]) -> None:
    """Every error is shown by its message alone."""
    assert str(cls("what happened")) == "what happened"


@pytest.mark.parametrize("cls", [errors.InputError, errors.AuditError])
def test_issues_travel_with_the_error(
    cls: type[errors.InputError | errors.AuditError],
) -> None:
    """Errors about input and audits hold all findings, none by default."""
    issue = Issue(code="x", message="y")
    assert cls("two", [issue, issue]).issues == (issue, issue)
    assert cls("none").issues == ()


@pytest.mark.parametrize(
    ("issue", "text"),
    [
        (
            Issue(code="bad-url", message="no.", file="a.csv", row=7, column="Link"),
            "a.csv, row 7, column Link: error: no. [bad-url]",
        ),
        (
            Issue(code="bad-file", message="no.", file="a.csv"),
            "a.csv: error: no. [bad-file]",
        ),
        (
            Issue(code="limit", message="short.", severity=Severity.WARNING),
            "warning: short. [limit]",
        ),
        (
            Issue(code="c", message="m.", severity=Severity.NOTE, row=0),
            "row 0: note: m. [c]",
        ),
    ],
)
def test_issue_says_where_what_and_code(issue: Issue, text: str) -> None:
    """An issue prints its place as far as it is known, severity, message and code."""
    assert str(issue) == text
