"""Kill a command at every instant at which the disk differs, then run it again.

`assert_crash_safe` is all that a test of a command needs.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from forking import WORKERS, Command, Ended, Planners
from planner.ledger import columns, packing
from planner.ledger.tables import KEY_LINES, META, PACKS, RUNS, metadata
from postgres import Database

LEDGER = "planner.db"
#: Seeded kills at no instant in particular.
NUM_RANDOM = 2
#: Latest of them in seconds: a planner takes about as long.
LATEST = 0.5
#: Kills where each costs a copy of a database: around the last rename and commit.
NUM_LAST = 5


@dataclass(frozen=True, kw_only=True)
class Place:
    """A workspace of one planner: folder, ledger, environment of its commands."""

    folder: Path
    url: str = ""

    @property
    def env(self) -> Mapping[str, str]:
        """What a planner must be given to find the ledger."""
        return {"PLANNER_LEDGER": self.url}

    def command(self, argv: Sequence[str], **changes: Any) -> Command:
        """Return the command of a planner in this workspace."""
        return Command(argv=argv, cwd=str(self.folder), env=self.env, **changes)

    def ledger(self) -> dict[str, list[tuple[object, ...]]]:
        """Return all lines of the ledger, so that two ledgers can be compared.

        The time of recording and the ledger's own key are left out, and marks made with
        the key are replaced by the lead ids that the run folders name.
        """
        if not self.url and not (self.folder / LEDGER).is_file():
            return {}
        engine = sa.create_engine(_driver(self.url or f"sqlite:///{self.folder / LEDGER}"))
        try:
            with engine.connect() as connection:
                if META.name not in sa.inspect(connection).get_table_names():
                    return {}
                return _lines(connection, self._lead_ids())
        finally:
            engine.dispose()

    def files(self) -> dict[str, bytes]:
        """Return all files but the ledger's, by their path."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.name.startswith(LEDGER)
        }

    def _lead_ids(self) -> set[str]:
        import csv

        found = set()
        for path in self.folder.rglob("assignments.csv"):
            with path.open(encoding="utf-8-sig", newline="") as file:
                found |= {row["lead_id"] for row in csv.DictReader(file)}
        return found


#: Makes a workspace ready: files into the folder, earlier commands run in it.
Prepare = Callable[[Place, Planners], None]


def assert_crash_safe(
    tmp_path: Path,
    prepare: Prepare,
    argv: Sequence[str],
    planners: Planners,
    database: Callable[[Database | None], AbstractContextManager[Database]] | None = None,
) -> None:
    """Check that a command killed at any instant does its work when it is run again.

    With a ledger in a file, what a kill leaves is copied while the command waits at the
    instant; besides, some commands are killed. On PostgreSQL all are killed.

    Parameters
    ----------
    prepare : callable
        Makes the workspace in which the command is to run; called once.
    argv : sequence of str
        The command; it must leave with code 0.
    database : callable, optional
        `postgres.fresh_database`, for a ledger on PostgreSQL; then only the last kills
        are tried, because each costs a copy of the database.
    """
    with ExitStack() as stack:
        base, copies = _workspaces(stack, tmp_path, database)
        prepare(base, planners)
        before = base.files()
        clean = next(copies)
        trace = tmp_path / "instants"
        whole = planners.run(clean.command(argv, trace=str(trace)))[0]
        assert whole.code == 0, whole.stderr
        wanted = (clean.ledger(), clean.files())
        assert not [name for name in wanted[1] if ".tmp-" in name]
        kills = _kills(whole)
        assert kills, "the command changes nothing: there is nothing to kill"
        if database:
            left = _killed_at(kills[-NUM_LAST:], argv, copies, planners)
        else:
            left = _left_at(kills, trace) | _killed_after(argv, copies, planners)
        for name, place in left.items():
            _check_left(name, place, before, wanted[1])
        again = planners.run(
            *(place.command(argv) for place in left.values()), at_once=WORKERS
        )
        for (name, place), end in zip(left.items(), again, strict=True):
            assert end.code == 0, f"killed at {name}, then: {end.stderr}"
            _check_equal(name, place, wanted)
        end = planners.run(clean.command(argv))[0]  # killed as it was about to leave
        assert end.code == 0, end.stderr
        _check_equal("the end", clean, wanted)


def _left_at(kills: Sequence[tuple[int, str]], trace: Path) -> dict[str, Place]:
    """Return what a kill leaves at each instant: the copy that the traced command made."""
    return {
        f"instant {at} ({kind})": Place(folder=trace / str(at))
        for at, kind in kills
        if (trace / str(at)).is_dir()  # else it found the same as the one before
    }


def _killed_at(
    kills: Sequence[tuple[int, str]],
    argv: Sequence[str],
    copies: Iterator[Place],
    planners: Planners,
) -> dict[str, Place]:
    """Kill the command at each of the instants, in a copy each."""
    places = {f"instant {at} ({kind})": next(copies) for at, kind in kills}
    commands = [
        place.command(argv, kill_at=at)
        for place, (at, _) in zip(places.values(), kills, strict=True)
    ]
    for name, end in zip(places, planners.run(*commands, at_once=WORKERS), strict=True):
        assert end.code == -9, f"{name}: {end}"
    return places


def _killed_after(
    argv: Sequence[str], copies: Iterator[Place], planners: Planners
) -> dict[str, Place]:
    """Kill the command after some times, at no instant in particular, in a copy each."""
    seeded = random.Random(20261123)
    times = [seeded.uniform(0.01, LATEST) for _ in range(NUM_RANDOM)]
    places = {f"{after:.3f} s": next(copies) for after in times}
    commands = [
        place.command(argv, kill_after=after)
        for place, after in zip(places.values(), times, strict=True)
    ]
    planners.run(*commands, at_once=WORKERS)
    return places


def _kills(whole: Ended) -> list[tuple[int, str]]:
    """Return the first instant, from 1, of each state of disk and ledger, and its kind.

    Between two instants that find the same files and as many commits, nothing happened
    that a kill could cut in half. Of files that are begun one after the other (in a
    hidden folder: nothing else happens between them) every third is enough, and of the
    statements of one transaction, all of which are rolled back, every second.
    """
    kills: list[tuple[int, str]] = []
    begun = stated = 0
    last, commits, wrote = None, 0, False
    for number, (kind, looks) in enumerate(whole.instants, start=1):
        wrote = wrote or kind == "write"
        if kind == "committed" and wrote:
            commits, wrote = commits + 1, False
        if (looks, commits) != last:
            begun = begun + 1 if kind == "open" else 0
            stated = stated + 1 if kind == "statement" else 0
            if (begun == 0 or begun % 3 == 1) and (stated == 0 or stated % 2):
                kills.append((number, kind))
        last = (looks, commits)
    return kills


def _check_left(
    name: str, place: Place, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> None:
    """Check what a kill left: no half file in sight, no run without its folder."""
    files = place.files()
    for path, content in files.items():
        if ".tmp-" in path:
            continue
        assert content in (before.get(path), after.get(path)), f"{name}: {path} is half"
    written = {
        (json.loads(content)["run_id"], Path(path).parent.name)
        for path, content in files.items()
        if path.endswith("plan.json") and ".tmp-" not in path
    }
    for run in _runs(place):
        assert run in written, f"{name}: run {run} is recorded, not written"


def _check_equal(
    name: str, place: Place, wanted: tuple[Mapping[str, Any], Mapping[str, bytes]]
) -> None:
    ledger, files = place.ledger(), place.files()
    assert sorted(files) == sorted(wanted[1]), f"killed at {name}: files"
    for path, content in files.items():
        assert content == wanted[1][path], f"killed at {name}: {path} differs"
    for table, lines in wanted[0].items():
        assert ledger[table] == lines, f"killed at {name}: table {table}"
    if not place.url:
        with closing(sqlite3.connect(place.folder / LEDGER)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _runs(place: Place) -> list[tuple[str, str]]:
    """Return id and folder name of each run, without touching the ledger's files."""
    if place.url:
        lines = place.ledger().get(RUNS.name, [])
    else:
        look = place.folder.with_name(f"{place.folder.name}-look")
        look.mkdir()
        for path in place.folder.glob(f"{LEDGER}*"):  # with the journal that a kill left
            shutil.copy(path, look)
        lines = Place(folder=look).ledger().get(RUNS.name, [])
        shutil.rmtree(look)
    names = [column.name for column in RUNS.columns]
    return [
        (str(line[names.index("run_id")]), str(line[names.index("folder")]))
        for line in lines
    ]


# --- workspaces -------------------------------------------------------------------


def _workspaces(
    stack: ExitStack,
    tmp_path: Path,
    database: Callable[[Database | None], AbstractContextManager[Database]] | None,
) -> tuple[Place, Iterator[Place]]:
    """Return a workspace to prepare, and as many copies of it as are asked for."""
    folder = tmp_path / "base"
    folder.mkdir()
    source = stack.enter_context(database(None)) if database else None
    base = Place(folder=folder, url=source.url if source else "")

    def copies() -> Iterator[Place]:
        number = 0
        while True:
            number += 1
            copy = tmp_path / f"copy-{number}"
            shutil.copytree(folder, copy)
            own = stack.enter_context(database(source)) if database else None
            yield Place(folder=copy, url=own.url if own else "")

    return base, copies()


@contextmanager
def workspace(
    tmp_path: Path,
    database: Callable[[Database | None], AbstractContextManager[Database]] | None,
) -> Iterator[Place]:
    """Give one empty workspace, with its ledger on PostgreSQL if `database` is given."""
    with ExitStack() as stack:
        yield _workspaces(stack, tmp_path, database)[0]


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def vars_of(lines: columns.Sends | columns.Told) -> dict[str, list[float]]:
    """Return the columns of packed lines by name."""
    return {item.name: getattr(lines, item.name).tolist() for item in fields(lines)}


def _lines(
    connection: sa.Connection, lead_ids: set[str]
) -> dict[str, list[tuple[object, ...]]]:
    key = connection.scalar(sa.select(META.c.value).where(META.c.name == "key"))
    ids = sorted(lead_ids)
    marks = packing.marks(bytes.fromhex(str(key)), ids)
    known = dict(zip(marks.tolist(), ids, strict=True))

    def plain(column: sa.Column[Any], value: Any) -> object:
        if column.name == "recorded_at" or value == key:
            return ""
        if column is RUNS.c.folder:  # may be absolute
            return Path(value).name
        if column is RUNS.c.leads:
            leads = packing.unpack(value)
            marked = [known.get(int(mark), int(mark)) for mark in leads.mark]
            parts = (leads.segment, leads.held, leads.unknown)
            return sorted(
                zip(map(str, marked), *(part.tolist() for part in parts), strict=True)
            )
        if column is PACKS.c.data:  # company keys stand in it under keyed hashes
            part = columns.unpacked(0, value)
            lines = {**vars_of(part.sends), **vars_of(part.told)}
            lines.pop("company")
            return (part.words.tolist(), lines)
        if column is KEY_LINES.c.data:  # keys stand in it under keyed hashes
            size = len(value) // 12
            return np.sort(np.frombuffer(value, "<i4", size, 8 * size)).tolist()
        return value

    return {
        table.name: [
            tuple(
                plain(column, value)
                for column, value in zip(table.columns, line, strict=True)
            )
            for line in connection.execute(
                sa.select(table).order_by(*table.primary_key.columns)
            )
        ]
        for table in metadata.sorted_tables
    }
