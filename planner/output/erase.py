"""The file half of `planner forget`: a person out of every run's folder.

A run's folder holds ``plan.json`` or ``triage.json``; copies (``--kept-1``) are runs like
any other. Below it, tables and workbooks are cleaned, whoever put them there; elsewhere
nothing is ever changed, only searched. Each file is replaced whole, and the files from
which people without an address are recognised in the workbooks come last, so that after a
crash the same command finishes what is left. What cannot be cleaned is reported.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from planner.errors import InputError
from planner.output.atomic import write_file
from planner.output.erase_search import MAX_BYTES, Answer, search
from planner.output.erase_text import (
    Edit,
    Namings,
    UncleanableError,
    clean_csv,
    clean_json,
    clean_page,
    namings,
    rows_naming,
)
from planner.output.erase_traces import Matcher, Traces, matcher
from planner.output.erase_xlsx import clean_workbook
from planner.output.folder import Lock, locked, sweep

BUSY = "another planner is at work on it: run forget again"
ELSEWHERE = "it holds the person and lies outside the runs' folders: delete it there"
BY_HAND = "it holds the person and cannot be cleaned here: edit or delete it"
UNREADABLE = "its text cannot be searched here: look yourself"
TOO_MANY = "it holds too many files to search them all: look yourself"
TOO_LARGE = "it is too large to be searched: look yourself"
NAMED = "a file in this folder has the person in its name: rename or delete it"
LINKED = "it is a link to a file that holds the person elsewhere: clean that one"

_PLAN = "plan.json"
_MARKS = (_PLAN, "triage.json")
_TABLES = frozenset({".csv", ".tsv", ".tab"})
_PAGES = frozenset({".html", ".htm"})
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})
_IMPORTS = "getsales"
_TEMPORARY = ".tmp-"
#: Files that are searched below a folder that people work in: it may be their home.
_MAX_BESIDE = 10_000
#: What marks a folder of installed programs, where no person stands.
_INSTALLED = ("pyvenv.cfg", "conda-meta")
_CUT_SHORT = re.compile(r"\.tmp-[a-z0-9_]{8}")  # by write_file, in a crash


class Kind(StrEnum):
    """What a file is to the eraser."""

    ASSIGNMENTS = "assignments"
    IMPORT = "import file"
    TABLE = "table"
    WORKBOOK = "workbook"
    JSON = "json"
    PAGE = "page"
    FOLDER = "folder"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """One file that held the person (or its hash), without a word about who that is.

    Parameters
    ----------
    path : Path
        The file; its folder where the file's own name would tell.
    kind : Kind
        What the file is.
    rows : int
        Rows blanked, dropped or rid of a mention; places in a JSON file; in a file that
        was left alone, rows that name the person, 0 where it has no rows.
    left : str
        Why something is left, and what to do; "" if the file is clean now.
    """

    path: Path
    kind: Kind
    rows: int
    left: str = ""

    @property
    def is_found(self) -> bool:
        """Return whether the person is in it for certain."""
        return self.left not in (BUSY, UNREADABLE, TOO_LARGE, TOO_MANY)


def erase(folder: Path, person: Traces) -> tuple[Touched, ...]:
    """Erase a person from every run below a folder; say what was touched and is left.

    Parameters
    ----------
    folder : Path
        Folder of all runs; nothing happens if it is missing.
    person : Traces
        Whom to erase.

    Raises
    ------
    InputError
        If a file cannot be read or written. What was done so far stays done, and the
        same call finishes the rest.
    """
    if folder.is_dir():
        sweep(folder)
    return tuple(_walk(folder, matcher(person), dry_run=False))


def find(folders: Sequence[Path], person: Traces) -> tuple[Touched, ...]:
    """Return what `erase` would touch below some folders; nothing is changed.

    Files outside the runs' folders, such as lead exports, come with the reason why they
    would be left.
    """
    seeker = matcher(person)
    return tuple(one for folder in folders for one in _walk(folder, seeker, dry_run=True))


def beside(folder: Path, person: Traces, apart: Sequence[Path] = ()) -> tuple[Touched, ...]:
    """Find the files in a folder and below it that hold a person; nothing is changed.

    Parameters
    ----------
    folder : Path
        The folder; hidden ones, links and installed programs below it are passed over,
        and past the first 10,000 files it says that there are more.
    person : Traces
        Whom to look for.
    apart : sequence of Path
        Folders below it that are searched by themselves.
    """
    seeker = matcher(person)
    passed = frozenset(path.resolve() for path in apart)
    paths = list(islice(_below(folder, passed), _MAX_BESIDE + 1))
    found = [one for path in paths[:_MAX_BESIDE] for one in _seen(path, seeker)]
    if len(paths) > _MAX_BESIDE:
        found.append(Touched(path=folder, kind=Kind.FOLDER, rows=0, left=TOO_MANY))
    return tuple(found)


# --- the walk ---------------------------------------------------------------------


def _walk(folder: Path, person: Matcher, *, dry_run: bool) -> Iterator[Touched]:
    """Yield what is found in a folder that is not a run's, and below it."""
    if not folder.is_dir() or folder.is_symlink():
        return
    if any((folder / mark).is_file() for mark in _MARKS):
        yield from _run(folder, person, dry_run=dry_run)
        return
    for path in _entries(folder):
        if path.is_dir() and not path.is_symlink():
            if not _is_free(path):
                yield Touched(path=path, kind=Kind.FOLDER, rows=0, left=BUSY)
                continue
            yield from _walk(path, person, dry_run=dry_run)
        else:
            yield from _searched(path, person, ELSEWHERE)


def _below(folder: Path, apart: frozenset[Path]) -> Iterator[Path]:
    """Yield the files of a folder, then those of the folders below it.

    A folder that nobody may read is yielded itself.
    """
    try:
        entries = _entries(folder)
    except InputError:
        yield folder
        return
    yield from (path for path in entries if not path.is_dir())
    for path in entries:
        if (
            path.is_dir()
            and not path.is_symlink()
            and not path.name.startswith(".")
            and path.resolve() not in apart
            and not any((path / mark).exists() for mark in _INSTALLED)
        ):
            yield from _below(path, apart)


def _seen(path: Path, person: Matcher) -> Iterator[Touched]:
    """Search a path beside the runs; yield it too where it may not be read."""
    try:
        if path.is_dir():
            yield Touched(path=path, kind=Kind.FOLDER, rows=0, left=UNREADABLE)
        else:
            yield from _searched(path, person, ELSEWHERE)
    except InputError:
        shown = _shown(path, person)
        yield Touched(path=shown, kind=_kind(path), rows=0, left=UNREADABLE)


def _run(folder: Path, person: Matcher, *, dry_run: bool) -> Iterator[Touched]:
    """Yield what is found in a run's folder."""
    with locked(folder) as lock:
        if lock is Lock.TAKEN:
            yield Touched(path=folder, kind=Kind.FOLDER, rows=0, left=BUSY)
            return
        files = sorted(_files(folder), key=_order)
        names = _namings(folder, files, person)
        hashes = _new_hashes(folder, person, names)
        for path in files:
            if _CUT_SHORT.fullmatch(path.name):
                if not dry_run:
                    path.unlink()
                continue
            own = hashes if path == folder / _PLAN else {}
            yield from _cleaned(path, person, names, own, dry_run=dry_run)


def _entries(folder: Path) -> list[Path]:
    with _advising(folder):
        return sorted(folder.iterdir())


def _files(folder: Path) -> Iterator[Path]:
    for path in _entries(folder):
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        else:
            yield path


def _order(path: Path) -> tuple[int, str]:
    """Workbooks first: who is meant in them may stand in the tables only.

    ``plan.json`` comes before the files whose hashes it holds.
    """
    if path.suffix.lower() in _WORKBOOKS:
        return 0, str(path)
    rank = {_PLAN: 1, "assignments.csv": 3}.get(path.name, 2)
    return rank, str(path)


def _namings(folder: Path, files: Sequence[Path], person: Matcher) -> Namings:
    """Return the names in the tables of a run, of the person and of namesakes."""
    theirs: set[tuple[str, str, str]] = set()
    others: set[tuple[str, str, str]] = set()
    for path in files:
        if path.suffix.lower() in _TABLES and not path.is_symlink():
            found = namings(_read(path) or b"", person)
            theirs |= found.theirs
            others |= found.others
    return Namings(theirs=frozenset(theirs), others=frozenset(others))


# --- one file ---------------------------------------------------------------------


def _cleaned(
    path: Path,
    person: Matcher,
    names: Namings,
    hashes: Mapping[bytes, bytes],
    *,
    dry_run: bool,
) -> Iterator[Touched]:
    """Clean one file of a run's folder; yield what was done, if anything.

    ``hashes`` are to be replaced in it: ``plan.json`` knows the new ones before the files
    have them, so that after a crash the same command makes the two agree.
    """
    yield from _named(path, person)
    kind = _kind(path)
    if kind is Kind.OTHER or path.is_symlink():
        yield from _searched(path, person, LINKED if path.is_symlink() else BY_HAND)
        return
    content = _read(path)
    if content is None:
        yield Touched(path=_shown(path, person), kind=kind, rows=0, left=TOO_LARGE)
        return
    try:
        edit = _edit(kind, content, person, names)
    except UncleanableError as error:
        if search(content, person) is not Answer.NO:
            shown = _shown(path, person)
            yield Touched(path=shown, kind=kind, rows=0, left=str(error))
        return
    after = _rehashed(edit.content, hashes)
    if after != content and not dry_run:
        write_file(path, after)
    left = edit.left
    if (
        edit.rows
        and kind is not Kind.WORKBOOK
        and search(edit.content, person) is Answer.YES
    ):
        left = BY_HAND  # a member id or handle in a place that no rule knows
    if after != content or left:
        yield Touched(path=_shown(path, person), kind=kind, rows=edit.rows, left=left)


def _new_hashes(folder: Path, person: Matcher, names: Namings) -> dict[bytes, bytes]:
    """Return the hashes in ``plan.json`` that change with its files, old to new.

    A file that somebody edited, or that a crash left cleaned, has none there.
    """
    document = _document(folder)
    hashes = {}
    for name in document.get("files", {}):
        path = folder / name
        content = _read(path) if path.is_file() and not path.is_symlink() else None
        if content is None:
            continue
        with suppress(UncleanableError):
            after = _edit(_kind(path), content, person, names).content
            old, new = (hashlib.sha256(one).hexdigest() for one in (content, after))
            hashes[old.encode()] = new.encode()
    return hashes


def _document(folder: Path) -> dict[str, Any]:
    path = folder / _PLAN
    with suppress(ValueError):
        document = json.loads(_read(path) or b"") if path.is_file() else {}
        return document if isinstance(document, dict) else {}
    return {}


def _rehashed(content: bytes, hashes: Mapping[bytes, bytes]) -> bytes:
    for old, new in hashes.items():
        content = content.replace(old, new)
    return content


def _edit(kind: Kind, content: bytes, person: Matcher, names: Namings) -> Edit:
    if kind is Kind.WORKBOOK:
        return clean_workbook(content, person, names)
    if kind is Kind.JSON:
        return clean_json(content, person)
    if kind is Kind.PAGE:
        return clean_page(content, person)
    return clean_csv(content, person, is_import=kind is Kind.IMPORT)


def _searched(path: Path, person: Matcher, reason: str) -> Iterator[Touched]:
    """Search a file that stays as it is; yield it if it names the person."""
    if not path.is_file():
        return
    if reason is ELSEWHERE:
        yield from _named(path, person)
    kind, shown = _kind(path), _shown(path, person)
    content = _read(path)
    if content is None:
        yield Touched(path=shown, kind=kind, rows=0, left=TOO_LARGE)
        return
    rows = rows_naming(content, person) if path.suffix.lower() in _TABLES else 0
    answer = Answer.YES if rows else search(content, person)
    if answer is not Answer.NO:
        left = reason if answer is Answer.YES else UNREADABLE
        yield Touched(path=shown, kind=kind, rows=rows, left=left)


def _named(path: Path, person: Matcher) -> Iterator[Touched]:
    if person.finds(path.name):
        yield Touched(path=path.parent, kind=Kind.FOLDER, rows=0, left=NAMED)


def _shown(path: Path, person: Matcher) -> Path:
    return path.parent if person.finds(path.name) else path


def _kind(path: Path) -> Kind:
    suffix = path.suffix.lower()
    if path.name == "assignments.csv":
        return Kind.ASSIGNMENTS
    if suffix in _TABLES:
        return Kind.IMPORT if path.parent.name == _IMPORTS else Kind.TABLE
    if suffix in _WORKBOOKS and not path.name.startswith("~$"):
        return Kind.WORKBOOK
    if suffix in _PAGES:
        return Kind.PAGE
    return Kind.JSON if suffix == ".json" else Kind.OTHER


def _read(path: Path) -> bytes | None:
    """Return a file's bytes; None if they are too many."""
    with _advising(path):
        return None if path.stat().st_size > MAX_BYTES else path.read_bytes()


@contextmanager
def _advising(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}): check its permissions, then run "
            "the same command again"
        ) from error


# --- locks ------------------------------------------------------------------------


def _is_free(folder: Path) -> bool:
    """Return whether no planner is writing a folder."""
    if not folder.name.startswith(_TEMPORARY):
        return True
    with locked(folder) as lock:
        return lock is not Lock.TAKEN
