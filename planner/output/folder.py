"""A run's folder, whole or not at all.

All files are made in a hidden folder beside the target, flushed to the disk, then
renamed into place. At any instant there is the old folder, or the new one, or a
``.tmp-*`` left over by a crash, which the next run sweeps. A folder under construction
holds a lock that the system frees when its process ends, so a sweep never takes what a
living planner is writing.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from types import MappingProxyType

from planner.domain import Given, Plan
from planner.errors import InputError, PlannerError
from planner.output import getsales, kept, run, tables
from planner.output.names import run_name

try:
    import fcntl

    _HAS_LOCKS = True
except ImportError:  # Windows: no lock; a leftover is swept by its age instead
    _HAS_LOCKS = False

#: A writer of one more file of the run: ``report.write``, ``workbook.write``.
Writer = Callable[[Plan, Path], object]

_NEW = ".tmp-new-"
_OLD = ".tmp-old-"
_TOKEN_BYTES = 4
_TOKEN_LENGTH = 1 + 2 * _TOKEN_BYTES  # hyphen and hexadecimal digits
_STALE_SECONDS = 24 * 3600
_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "your disk quota is used up: free some space",
    errno.EACCES: "you may not write there: change its permissions",
    errno.EPERM: "you may not write there: change its permissions",
    errno.EROFS: "the disk is read-only",
    errno.ENOTDIR: "part of the path is a file, not a folder",
    errno.EEXIST: "part of the path is a file, not a folder",
}


#: Entered around the instant at which a run appears: the ledger's transaction.
Placing = Callable[[], AbstractContextManager[object]]


def write_run(
    plan: Plan,
    out_dir: Path,
    more: Mapping[str, Writer] = MappingProxyType({}),
    *,
    given: Given | None = None,
    placing: Placing = nullcontext,
) -> Path:
    """Write all files of a run into ``<out_dir>/<week>-<run>/``; return that folder.

    Parameters
    ----------
    plan : Plan
        What to write. Findings of the import files are added to its issues.
    out_dir : Path
        Folder of all runs; made if it is missing.
    more : mapping of str to Writer
        Further files by name, written last: ``plan.xlsx``, ``report.html``.
    given : Given, optional
        What the plan follows from, to be kept beside it.
    placing : callable
        See `place`.

    Raises
    ------
    InputError
        If the folder cannot be written, or holds another run. Nothing is left behind.
    """
    return place(
        out_dir,
        Target(name=run_name(plan), document="plan.json", run_id=plan.run_id),
        lambda folder: _write_files(plan, folder, more, given),
        placing=placing,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A folder to be placed whole: its name, and how an earlier copy is recognised.

    ``document`` is the JSON file in it whose ``run_id`` says what it is.
    """

    name: str
    document: str
    run_id: str


def place(
    out_dir: Path,
    about: Target,
    write: Callable[[Path], object],
    *,
    placing: Placing = nullcontext,
) -> Path:
    """Fill a folder with `write` and put it into `out_dir` whole; return its path.

    Parameters
    ----------
    out_dir : Path
        Folder of all runs; made if it is missing.
    about : Target
        Name of the new folder and what it is.
    write : callable
        Writes all files into the folder that it is given.
    placing : callable
        Gives a context that is entered when all files are made and left when they are
        in place. If entering it fails, no file appears; if leaving it does, the files
        are in place and the same command again finds them so.

    Raises
    ------
    InputError
        If the folder cannot be written, or holds something else. Nothing is left behind.
    """
    target = out_dir / about.name
    with _advising(target):
        out_dir.mkdir(parents=True, exist_ok=True)
        sweep(out_dir)
        _check_target(target, about)
        with _staging(out_dir, target.name) as staging:
            write(staging)
            _flush(staging)
            _place(staging, target, placing)
    return target


def _place(staging: Path, target: Path, placing: Placing) -> None:
    """Put the folder in place while `placing` holds; take a new one back if that fails."""
    is_new = False
    try:
        with placing():
            if not _holds(target, staging):
                is_new = not target.exists()
                _put_in_place(staging, target)
    except PlannerError:
        if is_new and target.exists():
            target.rename(staging)
        raise


def _holds(target: Path, staging: Path) -> bool:
    """Return whether a run's folder has every file of `staging`, byte for byte.

    Then nothing is written again, and what people put beside the files stays.
    """
    files = [path for path in staging.rglob("*") if path.is_file()]
    return all(
        kept.is_file() and kept.read_bytes() == path.read_bytes()
        for path in files
        for kept in [target / path.relative_to(staging)]
    )


def run_ids(out_dir: Path) -> set[str]:
    """Return the ids of the runs that have a folder in `out_dir`."""
    found = set()
    for path in out_dir.glob("*/plan.json"):
        if path.parent.name.startswith((_NEW, _OLD)):
            continue  # in the making
        with suppress(OSError, ValueError, AttributeError):
            found.add(str(json.loads(path.read_text("utf-8")).get("run_id")))
    return found


def sweep(out_dir: Path) -> tuple[str, ...]:
    """Remove what a crash left in `out_dir`; return the names of what was removed.

    A run moved aside by a crash between the two renames is put back.
    """
    removed = []
    for path in sorted(out_dir.glob(".tmp-*")):
        if not path.is_dir() or path.is_symlink():
            continue
        with suppress(OSError), locked(path) as lock:
            if not _is_abandoned(path, lock):
                continue
            if path.name.startswith(_OLD) and _restore(path):
                continue
            shutil.rmtree(path)
            removed.append(path.name)
    return tuple(removed)


def _write_files(
    plan: Plan, folder: Path, more: Mapping[str, Writer], given: Given | None
) -> None:
    imports = getsales.import_files(plan)
    told = replace(plan, issues=(*plan.issues, *imports.issues))
    tables.write_assignments(told, folder / "assignments.csv")
    getsales.write_files(told, imports, folder / "getsales")
    if given is not None:
        kept.write(given, folder)
    run.write(told, folder / "plan.json", kept.hashes(folder))
    for name, write in more.items():
        write(told, _inside(folder, name))


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or path == folder:
        raise InputError(f"{name[:80]!r} is not a file name inside the run's folder")
    return path


def _check_target(target: Path, about: Target) -> None:
    """Refuse to replace anything but an earlier copy of the same run."""
    if not target.exists() and not target.is_symlink():
        return
    found = None
    with suppress(OSError, ValueError, AttributeError):
        found = json.loads((target / about.document).read_text("utf-8")).get("run_id")
    if found != about.run_id:
        raise InputError(
            f"{target} is there and is not this run: move it away or choose another "
            "folder with --out"
        )


# --- in place ---------------------------------------------------------------------


def _put_in_place(staging: Path, target: Path) -> None:
    """Rename `staging` to `target`; an earlier copy stays beside it under another name.

    The copy differs, or nothing would be put in place: somebody may have worked in it.
    """
    if not target.exists():
        staging.rename(target)
        _flush_folder(target.parent)
        return
    old = target.with_name(f"{_OLD}{target.name}-{_token()}")
    with locked(target):  # so that no sweep puts it back between the renames
        target.rename(old)
        try:
            staging.rename(target)
        except BaseException:
            old.rename(target)
            raise
        old.rename(_free_name(target))
        _flush_folder(target.parent)


def _free_name(target: Path) -> Path:
    """Return the first of ``<run>--kept-1``, ``--kept-2`` ... that is not taken."""
    number = 1
    while (path := target.with_name(f"{target.name}--kept-{number}")).exists():
        number += 1
    return path


def _restore(old: Path) -> bool:
    """Put a run that a crash left moved aside back in place, if nothing took it."""
    target = old.with_name(old.name[len(_OLD) : -_TOKEN_LENGTH])
    if target.exists():
        return False
    old.rename(target)
    return True


def _flush(folder: Path) -> None:
    """Flush every file and folder to the disk: a rename must not overtake its data."""
    for path in folder.rglob("*"):
        if path.is_dir():
            _flush_folder(path)
        else:
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- under construction -----------------------------------------------------------


class Lock(Enum):
    """What trying to lock a folder gave."""

    MINE = auto()
    TAKEN = auto()
    NO_LOCKS = auto()  # Windows, some network disks


@contextmanager
def _staging(out_dir: Path, name: str) -> Iterator[Path]:
    """Make a locked hidden folder; remove what is left of it at the end."""
    while True:
        path = out_dir / f"{_NEW}{name}-{_token()}"
        path.mkdir()
        with locked(path) as lock:
            if lock is Lock.TAKEN or not path.exists():
                continue  # a sweep of another planner came between: try again
            try:
                yield path
            finally:
                shutil.rmtree(path, ignore_errors=True)
            return


@contextmanager
def locked(folder: Path) -> Iterator[Lock]:
    """Lock `folder` while the block runs; the lock goes with it when it is renamed."""
    if not _HAS_LOCKS:
        yield Lock.NO_LOCKS
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> Lock:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.TAKEN
    except OSError:
        return Lock.NO_LOCKS
    return Lock.MINE


def _is_abandoned(folder: Path, lock: Lock) -> bool:
    """Say whether nobody is at work on `folder`: free, or too old where locks fail."""
    if lock is Lock.NO_LOCKS:
        return time.time() - folder.stat().st_mtime > _STALE_SECONDS
    return lock is Lock.MINE


def _token() -> str:
    return secrets.token_hex(_TOKEN_BYTES)


@contextmanager
def _advising(target: Path) -> Iterator[None]:
    """Turn a failure of the disk into a message that says what to do."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, str(error.strerror or error))
        raise InputError(
            f"cannot write {target}: {advice}, or choose another folder with --out. "
            "Nothing was written."
        ) from error
