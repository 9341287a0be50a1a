"""Everything that can go wrong, as a tree, and findings about rows, as data.

::

    PlannerError                 exit code 1 (never raised itself)
    ├── UsageError               2  the command's words do not fit together
    ├── InputError               3  the files or parameters cannot be used; carries issues
    │   └── ParameterError       3  a parameter is unknown or out of range
    ├── PlanError                4  no plan is possible
    │   └── SolverError          4  the solver did not prove an optimum
    ├── LedgerError              5  the ledger is busy, damaged or already has the run
    │   └── StandingRunError     5  the week has a run, and this is another one
    ├── AuditError               6  the plan breaks a promise; nothing was written
    ├── RemoteError              7  GetSales refused or cannot be reached
    └── ShortError               8  a seat falls below what --fail-under asks

A bad row is not an exception: it is an `Issue`, collected and shown with all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum


def did_you_mean(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """Return ``; did you mean X?`` with the known name most like `name`, or nothing.

    Parameters
    ----------
    likeness : float
        Least similarity, 0 to 1 (`difflib.get_close_matches`).
    """
    import difflib  # --help must feel instant, and mistakes nothing

    near = difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)
    return f"; did you mean {near[0]}?" if near else ""


class ExitCode(IntEnum):
    """Exit codes of every command; scripts rely on them."""

    DONE = 0
    BUG = 1
    USAGE = 2
    INPUT = 3
    NO_PLAN = 4
    LEDGER = 5
    AUDIT = 6
    REMOTE = 7
    SHORT = 8


class Severity(StrEnum):
    """How much an issue matters: an error keeps its row (or its run) out."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One finding about one place in the input.

    Parameters
    ----------
    code : str
        Stable kebab-case name of the kind of finding, e.g. ``no-identity``.
    message : str
        What is wrong and what to do, in one sentence or two. Never a person's name,
        e-mail or profile URL: issues end up in logs.
    severity : Severity
        ``error`` keeps the row (or the file, or the run) out of the plan.
    file : str
        Input file as the user named it; empty for findings about the whole input.
    row : int or None
        Row as a spreadsheet shows it (the file's first line is row 1).
    column : str
        Header of the column as it stands in the file; empty if it is about the row.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    file: str = ""
    row: int | None = None
    column: str = ""

    @property
    def place(self) -> str:
        """Where it is: ``leads.csv, row 7, column Degree``."""
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def __str__(self) -> str:
        """Return place, severity and message on one line."""
        head = f"{self.place}: " if self.place else ""
        return f"{head}{self.severity}: {self.message} [{self.code}]"


class PlannerError(Exception):
    """Root of all errors that the user sees as one message."""

    exit_code: ExitCode = ExitCode.BUG


class UsageError(PlannerError):
    """The command's words do not fit together."""

    exit_code = ExitCode.USAGE


class InputError(PlannerError):
    """The input cannot be used; `issues` holds every finding, not only the first."""

    exit_code = ExitCode.INPUT

    def __init__(self, message: str, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.issues = tuple(issues)


class ParameterError(InputError):
    """A parameter is unknown, of the wrong type or out of its range."""


class PlanError(PlannerError):
    """No plan is possible; the message says which limit is short and by how much."""

    exit_code = ExitCode.NO_PLAN


class SolverError(PlanError):
    """The solver did not prove an optimum, or none could be started."""


class LedgerError(PlannerError):
    """The ledger is busy, damaged, or already has what was to be recorded."""

    exit_code = ExitCode.LEDGER


class StandingRunError(LedgerError):
    """The week has a run, and this is another one."""


class AuditError(PlannerError):
    """The plan breaks a promise; `issues` says which. Nothing was written."""

    exit_code = ExitCode.AUDIT

    def __init__(self, message: str, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.issues = tuple(issues)


class RemoteError(PlannerError):
    """GetSales refused the call or cannot be reached."""

    exit_code = ExitCode.REMOTE


class ShortError(PlannerError):
    """A seat's credits fall below what was asked for; the forecast itself was shown."""

    exit_code = ExitCode.SHORT
