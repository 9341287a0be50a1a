"""Open files and return their tables as text, with every finding at once.

The only module of the intake that touches files; what it reads goes as bytes to
`planner.intake.text.parse_text` or `planner.intake.workbook.parse_workbook`.
"""

from __future__ import annotations

import glob
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from planner.domain import RawTable
from planner.errors import Issue, Severity
from planner.intake import aliases
from planner.intake.gather import Keep
from planner.intake.text import parse_text
from planner.intake.workbook import parse_workbook

#: A file name that stands for standard input.
STDIN = "-"
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")


def tables(
    paths: Sequence[Path | str],
    *,
    encoding: str | None = None,
    known_headers: Collection[str] | None = None,
    keep: Keep | None = None,
    mojibake_share: float = 0.02,
    skip_empty: bool = False,
) -> tuple[list[RawTable], list[Issue]]:
    """Read every table of every file.

    Parameters
    ----------
    paths : sequence of path or str
        Files, patterns such as ``exports/*.csv``, or ``-`` for standard input.
    encoding : str, optional
        Encoding of the text files; guessed for each if not given.
    known_headers : collection of str, optional
        Names by which a header row is recognised, in any spelling; those of lead
        exports if not given. Pass the column names of the seats to read seats.
    keep : callable, optional
        Given the first records of a table, returns the headers to keep (saves memory).
    mojibake_share : float
        `planner.params.Parameters.mojibake_share`.
    skip_empty : bool
        Whether a file without rows of data is only a warning where others have some.

    Returns
    -------
    tuple
        Tables in the order of `paths`, and all findings. Blank rows are not data and
        are skipped; every other row is in a table or has an issue of severity error.
    """
    known = None if known_headers is None else {aliases.normalise(n) for n in known_headers}
    found: list[RawTable] = []
    issues: list[Issue] = []
    without_rows: list[Issue] = []
    files, problems = _files(paths)
    issues += problems
    for file in files:
        data, issue = _bytes(file)
        if issue is not None:
            issues.append(issue)
            if issue.code == "empty-file":
                without_rows.append(issue)
            continue
        if data.startswith(_ZIP_MARKS):
            parsed, problems = parse_workbook(data, file, known_headers=known, keep=keep)
        else:
            table, problems = parse_text(
                data,
                file,
                encoding=encoding,
                known_headers=known,
                keep=keep,
                mojibake_share=mojibake_share,
            )
            parsed = [] if table is None else [table]
        # A workbook without a table has sheets that are not understood: still an error.
        if parsed or not data.startswith(_ZIP_MARKS):
            without_rows += [issue for issue in problems if issue.code == "no-rows"]
        del data
        found += parsed
        issues += problems
    if skip_empty and any(len(table.frame) for table in found):
        found = [table for table in found if len(table.frame)]
        issues = [_skipped(issue) if issue in without_rows else issue for issue in issues]
    return found, issues


def _skipped(issue: Issue) -> Issue:
    message = f"{issue.message}; it was skipped"
    return replace(issue, message=message, severity=Severity.WARNING)


def _files(paths: Sequence[Path | str]) -> tuple[list[str], list[Issue]]:
    """Expand patterns that the shell has left as they are; drop repeats."""
    files: list[str] = []
    issues: list[Issue] = []
    for path in map(str, paths):
        if path == STDIN or Path(path).exists() or not glob.has_magic(path):
            matches = [path]
        else:
            matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - names stay as given
            if not matches:
                issues.append(_issue("no-file", "no file matches this pattern", path))
        files += matches
    seen: set[str] = set()
    once: list[str] = []
    for file in files:
        key = file if file == STDIN else str(Path(file).resolve())
        if key in seen:
            issues.append(
                Issue(
                    code="file-twice",
                    message="the file was given more than once and is read once",
                    severity=Severity.NOTE,
                    file=file,
                )
            )
            continue
        seen.add(key)
        once.append(file)
    return once, issues


def _bytes(file: str) -> tuple[bytes, Issue | None]:
    try:
        data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except FileNotFoundError:
        return b"", _issue("no-file", "there is no such file; check the path", file)
    except IsADirectoryError:
        message = "this is a folder; name its files, e.g. exports/*.csv"
        return b"", _issue("folder", message, file)
    except PermissionError:
        message = "the file cannot be opened; close it elsewhere or change its permissions"
        return b"", _issue("no-permission", message, file)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or type(error).__name__}"
        return b"", _issue("unreadable-file", message, file)
    if not data or data.isspace():
        return b"", _issue("empty-file", "the file is empty; export it again", file)
    return data, None


def _issue(code: str, message: str, file: str) -> Issue:
    return Issue(code=code, message=message, file=file)
