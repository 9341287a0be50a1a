"""What goes to the terminal: results on stdout, talk on stderr, errors as exit codes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from planner.errors import AuditError, ExitCode, InputError, Issue, PlannerError, Severity

#: Findings shown on the terminal before the rest is only counted.
MAX_SHOWN = 20
#: The command that shows all findings about lists of leads.
CHECK = "planner check"


#: Headers of columns that mean nothing without the column before them.
_WITH_THE_ONE_BEFORE = frozenset(("interval", "more"))


@dataclass(slots=True)
class Settings:
    """Global options of this run of the program."""

    debug: bool = False
    quiet: bool = False
    json: bool = False


@dataclass(slots=True)
class Outcome:
    """How a command ended."""

    code: int = int(ExitCode.DONE)


settings = Settings()


@contextmanager
def errors() -> Iterator[Outcome]:
    """Turn everything that a command raises into a message and an exit code."""
    outcome = Outcome()
    try:
        yield outcome
    except SystemExit as stop:
        outcome.code = stop.code if isinstance(stop.code, int) else int(ExitCode.USAGE)
    except PlannerError as error:
        _trace()
        show_error(error)
        outcome.code = int(error.exit_code)
    except KeyboardInterrupt:
        say("stopped; nothing was written half")
        outcome.code = 130
    except BrokenPipeError:
        # The reader (head, less) has gone: no news, and no traceback at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        outcome.code = int(ExitCode.BUG)
    except Exception as error:
        _trace()
        # Only the type: a message may hold what stood in a cell.
        sys.stderr.write(
            f"error: this is a defect of planner ({type(error).__name__}); nothing was "
            "written half. Run it again with --debug before the command for a traceback.\n"
        )
        outcome.code = int(ExitCode.BUG)


def _trace() -> None:
    """Show the traceback of what was raised, with --debug only."""
    if settings.debug:
        import traceback  # hardly ever wanted

        traceback.print_exc()


def show_error(error: PlannerError) -> None:
    """Write an error and its findings to stderr, as JSON where JSON was asked for."""
    issues = error.issues if isinstance(error, InputError | AuditError) else ()
    if settings.json:
        import json

        document = {
            "error": type(error).__name__,
            "exit_code": int(error.exit_code),
            "message": str(error),
            "issues": [issue_record(issue) for issue in issues],
        }
        sys.stderr.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return
    show_issues(issues, always=True)
    sys.stderr.write(f"error: {error}\n")


def issue_record(issue: Issue) -> dict[str, object]:
    """Return a finding as a JSON object."""
    return {
        "code": issue.code,
        "severity": str(issue.severity),
        "file": issue.file,
        "row": issue.row,
        "column": issue.column,
        "message": issue.message,
    }


def show_issues(
    issues: Sequence[Issue],
    *,
    always: bool = False,
    limit: int = MAX_SHOWN,
    every: str = "--json",
) -> None:
    """Write findings to stderr, errors first; what is over `limit` is counted.

    Those of no file, such as what the ledger says of a seat, stand before those of rows.
    Quiet keeps notes back, unless they are to be shown `always`; never warnings. ``every``
    is what shows them all: `CHECK` where that command reads the same files.
    """
    if settings.quiet and not always:
        issues = [issue for issue in issues if issue.severity is not Severity.NOTE]
    order = {severity: rank for rank, severity in enumerate(Severity)}
    ranked = sorted(issues, key=lambda issue: (order[issue.severity], bool(issue.file)))
    for issue in ranked[:limit]:
        sys.stderr.write(f"{printable(str(issue))}\n")
    if len(ranked) > limit:
        counts = ", ".join(
            f"{sum(item.severity is severity for item in ranked[limit:])} {severity}s"
            for severity in Severity
            if any(item.severity is severity for item in ranked[limit:])
        )
        sys.stderr.write(f"... and {counts} more (all of them: {every})\n")


def say(text: str) -> None:
    """Write a note to stderr unless the user asked for quiet."""
    if not settings.quiet:
        sys.stderr.write(f"{printable(text)}\n")


def step(text: str) -> None:
    """Show what is going on, on a terminal only."""
    if sys.stderr.isatty() and not settings.quiet:
        sys.stderr.write(f"\033[2K\r{printable(text)} ...")
        sys.stderr.flush()


def steps_done() -> None:
    """Clear the line of `step`."""
    if sys.stderr.isatty() and not settings.quiet:
        sys.stderr.write("\033[2K\r")
        sys.stderr.flush()


def result(text: str) -> None:
    """Write a line of the result to stdout."""
    sys.stdout.write(f"{printable(text)}\n")


def result_json(document: object) -> None:
    """Write the one JSON document of the result to stdout."""
    import json  # --help must feel instant, and needs none

    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def printable(text: str) -> str:
    """Return text without control characters: a cell must not steer the terminal."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a plain table to stdout; columns of numbers are right-aligned."""
    for line in table_lines(header, rows):
        result(line)


def table_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a plain table as lines; on a terminal too narrow for it, below each other."""
    texts = [[_cell(value) for value in row] for row in rows]
    columns = [
        _column(name, [row[index] for row in texts]) for index, name in enumerate(header)
    ]
    lines: list[str] = []
    for block in _blocks(columns, header, _terminal_width()):
        lines += [""] if lines else []
        lines += ["  ".join(cells).rstrip() for cells in zip(*block, strict=True)]
    return lines


def _column(name: str, texts: Sequence[str]) -> list[str]:
    """Return a header and its cells, of one width; numbers are right-aligned."""
    width = max(map(len, (name, *texts)))
    is_numeric = bool(texts) and all(map(_is_number, texts))
    return [
        text.rjust(width) if is_numeric else text.ljust(width) for text in (name, *texts)
    ]


def _blocks(
    columns: Sequence[list[str]], header: Sequence[str], width: int
) -> list[list[list[str]]]:
    """Share the columns out over tables of at most `width`, each with the first column.

    What belongs to the column before it stays with it. With no width, it is one table.
    """
    blocks: list[list[list[str]]] = [[]]
    used = len(columns[0][0])
    for index, column in enumerate(columns[1:], start=1):
        if blocks[-1] and header[index] in _WITH_THE_ONE_BEFORE:
            blocks[-1][-1] = [
                f"{a}  {b}" for a, b in zip(blocks[-1][-1], column, strict=True)
            ]
            used += 2 + len(column[0])
            continue
        following = columns[index + 1 : index + 2]
        is_pair = bool(following) and header[index + 1] in _WITH_THE_ONE_BEFORE
        needs = sum(2 + len(one[0]) for one in (column, *(following if is_pair else ())))
        if width and used + needs > width and blocks[-1]:
            blocks.append([])
            used = len(columns[0][0])
        blocks[-1].append(column)
        used += 2 + len(column[0])
    return [[columns[0], *block] for block in blocks]


def _terminal_width() -> int:
    """Return the columns of the terminal; 0 where the result goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return printable(str(value)).replace("\n", " ")


def _is_number(text: str) -> bool:
    return text.strip("%,.+-0123456789 ") == ""
