"""Time what a ledger of a year adds to a plan, against reading the leads of that plan.

A ledger is filled with past touches: 52 weekly runs of all seats with what became of
them, of people who are known by their handle, Sales Navigator id, member id, GetSales id
and, some, e-mail. A fifth of the leads of the list are among them. Then one process plans
once, part by part. Machines differ and drift: what counts are the ratios to reading the
leads alone, without a ledger, in a process just before. The ledger's pages are checked
beside that, so what reading takes longer with a ledger counts as the ledger's, and so
does waiting for the check before the run is recorded. What the ledger knows (whose a
company is, rates of each seat) makes the program to solve larger: that stands apart.
Where other programs want the processors too, ``busy_ratio`` says more than ``ratio``: it
counts only the seconds in which the planning thread had one, so neither waits for the disk
nor the pages' check.

    python benchmarks/ledger.py --touches 1000000 --leads 100000 --seats 50
    python benchmarks/ledger.py --ledger postgresql://postgres@127.0.0.1/empty
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import make_leads
import numpy as np
import sqlalchemy as sa

from planner import cli
from planner.cli import inputs, ledgers
from planner.dates import ONE_DAY, iso_week
from planner.domain import LeadTable, Seat
from planner.estimate.rates import rate_segment
from planner.ledger import columns, keys, packing, store, tables
from planner.params import Parameters
from planner.sample import AS_OF

TOUCHED = 0.2
KNOWN_COMPANY = 0.2
EMAIL = 0.3
REPLIED, ACCEPTED, CREDIT_KNOWN, FLAG_SEEN = 0.1, 0.2, 0.5, 0.05
ROUTES = {
    "open_inmail": 0.15,
    "paid_inmail": 0.15,
    "connection_request": 0.6,
    "message": 0.1,
}
SEGMENTS = 24
UNKNOWN = -1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Touches to invent: one entry per touch, oldest first, and the weeks they fall in.

    ``person`` is the position in the list for those who are on it, and beyond its end
    for all others.
    """

    person: np.ndarray
    week: np.ndarray
    seat: np.ndarray
    route: np.ndarray
    day: np.ndarray


# --- the list ---------------------------------------------------------------------


def write_list(folder: Path, num_leads: int, num_seats: int, seed: int) -> list[str]:
    """Write leads with the keys that exports have, and seats; return their files."""
    rng = np.random.default_rng([seed, 3])
    leads, seats = folder / "leads.csv", folder / "seats.csv"
    chunks = make_leads.lead_chunks(num_leads, num_seats, seed, skewed=True)
    start = 0
    with leads.open("w", encoding="utf-8", newline="") as file:
        for chunk in chunks:
            number = np.arange(start, start + len(chunk))
            chunk["salesNavigatorId"] = hashes(number + 10_000_000)
            mail = np.array([f"sample-{n:08d}@example.org" for n in number], dtype=object)
            chunk["email"] = np.where(rng.random(len(chunk)) < EMAIL, mail, "")
            chunk.to_csv(file, index=False, header=start == 0, lineterminator="\n")
            start += len(chunk)
    frame = make_leads.seat_frame(num_seats, seed, skewed=True)
    # What a ledger knows is asked of it.
    frame = frame.drop(
        columns=[
            "inmails_last_28_days", "connection_requests_last_7_days",
            "pending_connection_requests",
        ]
    )  # fmt: skip
    frame.to_csv(seats, index=False, lineterminator="\n")
    return [str(leads), str(seats)]


def hashes(member: np.ndarray) -> np.ndarray:
    """Return Sales Navigator ids that hold the member ids, as LinkedIn makes them."""
    tail = b"\x01" + bytes(20)
    return np.array(
        [
            base64.urlsafe_b64encode(b"\x00\x2c" + int(m).to_bytes(6, "big") + tail)
            .decode()
            .rstrip("=")
            for m in member
        ],
        dtype=object,
    )


# --- the ledger -------------------------------------------------------------------


def build(
    url: str, table: LeadTable, seats: Sequence[Seat], options: argparse.Namespace
) -> None:
    """Fill an empty ledger with `options.touches` past touches."""
    rng = np.random.default_rng([options.seed, 4])
    past = _past(len(table.leads), len(seats), options, rng)
    with (
        store.opened(url, wait_seconds=60, create=True) as ledger,
        _writing(ledger) as connection,
    ):
        if store.head(connection):
            raise SystemExit("the ledger is not empty: name a new one")
        person, place = np.unique(past.person, return_inverse=True)
        _add_runs(connection, table, seats, options.weeks)
        _add_people(connection, table, person, past, place)
        _add_touches(connection, table, seats, past, place + 1, rng)
        for entry in range(1, store.head(connection) + 1):
            columns.keep(connection, entry)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")  # as its autovacuum does in time


@contextmanager
def _writing(ledger: store.Ledger | None) -> Iterator[sa.Connection]:
    assert ledger is not None
    with ledger.writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -1000000")
        yield connection


def _past(
    num_leads: int, num_seats: int, options: argparse.Namespace, rng: np.random.Generator
) -> Past:
    count = options.touches
    listed = rng.permutation(num_leads)[: int(TOUCHED * num_leads)]
    listed = listed[: count // 2]
    person = np.concatenate([listed, num_leads + np.arange(count - len(listed))])
    person = rng.permutation(person)
    week = np.sort(np.arange(count) % options.weeks)
    return Past(
        person=person,
        week=week,
        seat=rng.integers(0, num_seats, count),
        route=rng.choice(len(ROUTES), count, p=list(ROUTES.values())),
        day=rng.integers(0, 5, count),
    )


def _monday(week: int, weeks: int) -> dt.date:
    return AS_OF - dt.timedelta(weeks=weeks - week)


def _insert(
    connection: sa.Connection,
    table: sa.Table,
    columns: str,
    rows: Sequence[tuple[Any, ...]],
) -> None:
    if connection.dialect.name == "postgresql":
        raw: Any = connection.connection.cursor()
        with raw.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    places = ", ".join("?" * len(rows[0]))
    raw = connection.connection.cursor()
    raw.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", rows)


def _add_runs(
    connection: sa.Connection, table: LeadTable, seats: Sequence[Seat], weeks: int
) -> None:
    """Add the entries of each week, first the run, then its outcomes, and balances."""
    key = store.secret_key(connection)
    ids = table.leads["lead_id"].to_numpy(dtype=object)
    number = np.arange(len(ids))
    leads = packing.pack(
        packing.PackedLeads(
            mark=packing.marks(key, ids),
            segment=number % SEGMENTS,
            held=number % 3 > 0,
            unknown=number % 5 < 2,
        )
    )
    entries, runs, balances = [], [], []
    for week in range(weeks):
        monday = _monday(week, weeks)
        day, name = monday.isoformat(), iso_week(monday)
        sunday = (monday + 6 * ONE_DAY).isoformat()
        run_id = f"{week:020x}"
        entry = 2 * week + 1
        entries.append((entry, "run", day, f"{day}T08:00:00Z", run_id))
        entries.append((entry + 1, "outcomes", sunday, f"{sunday}T18:00:00Z", ""))
        runs.append(
            (
                entry, run_id, f"{name}-{run_id[:8]}", f"/reports/{name}", name, day,
                sunday, "0.1.0", _document(week, seats), leads,
            )
        )  # fmt: skip
        balances += [
            (entry, seat.seat_id, day, 20 + (7 * week + n) % 80)
            for n, seat in enumerate(seats)
        ]
    _insert(connection, tables.ENTRIES, "entry, kind, as_of, recorded_at, digest", entries)
    columns = (
        "entry, run_id, name, folder, week, week_start, week_end, version, document, leads"
    )
    _insert(connection, tables.RUNS, columns, runs)
    columns = "entry, seat_id, happened_on, credits"
    _insert(connection, tables.BALANCES, columns, balances)


def _document(week: int, seats: Sequence[Seat]) -> str:
    segments = [
        {
            "segment": f"segment {n}", "mean": 0.3, "low": 0.2, "high": 0.4,
            "beta_a": 30.0, "beta_b": 70.0,
        }
        for n in range(SEGMENTS)
    ]  # fmt: skip
    scored = [
        [f"{week - 1:020x}", f"week {week}", item["segment"], 0.3, 30.0, 70.0, 50, 16]
        for item in segments
        if week
    ]
    document = {
        "totals": {}, "parameters": {}, "segments": segments, "scored": scored,
        "seats": [dataclasses.asdict(seat) for seat in seats], "files": [],
    }  # fmt: skip
    return json.dumps(document, sort_keys=True, default=str)


def _add_people(
    connection: sa.Connection,
    table: LeadTable,
    person: np.ndarray,
    past: Past,
    place: np.ndarray,
) -> None:
    """Add persons, numbered from 1, and their identities, week after week as runs do."""
    week = np.empty(len(person), dtype=np.int64)
    week[place[::-1]] = past.week[::-1]
    rows = list(zip(range(1, len(person) + 1), (2 * week + 1).tolist(), strict=True))
    _insert(connection, tables.PERSONS, "person, entry", rows)
    lines: list[list[tuple[str, str, int]]] = [[] for _ in range(int(week.max()) + 1)]
    for space, number, value in _keys(table, person):
        of = zip(week[number].tolist(), value.tolist(), (number + 1).tolist(), strict=True)
        for one, *key in of:
            lines[one].append((space, *key))
    for of_week in lines:
        keys.add(connection, sorted(of_week))


def _keys(
    table: LeadTable, person: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield each kind of key: whose (place among the persons), and the keys."""
    num_leads = len(table.leads)
    own = table.identities
    place = np.full(num_leads, UNKNOWN, dtype=np.int64)
    listed = np.flatnonzero(person < num_leads)
    place[person[listed]] = listed
    strange = np.flatnonzero(person >= num_leads)
    number = person[strange]
    ids = table.leads["lead_id"].to_numpy(dtype=object)
    made = {
        "email": [f"sample-{n:08d}@example.com" for n in number[number % 10 < 10 * EMAIL]],
        "hash": hashes(number + 20_000_000),
        "lead": [f"{n * 2654435761 % 2**64:016x}" for n in number.tolist()],
        "member": [str(n + 20_000_000) for n in number.tolist()],
        "slug": [f"sample-person-{n * 7919 % 2**32:010d}" for n in number.tolist()],
    }
    for space, values in made.items():
        whose = strange[number % 10 < 10 * EMAIL] if space == "email" else strange
        of = own.space == space
        if space == "lead":
            more, theirs = ids[person[listed]], listed
        else:
            of &= place[own.lead] >= 0
            more, theirs = own.value[of], place[own.lead[of]]
        yield (
            space,
            np.concatenate([whose, theirs]),
            np.concatenate([np.array(values, dtype=object), more]),
        )
    uuid = [
        f"{n * 2654435761 % 2**32:08x}-0000-4000-8000-{n:012x}" for n in person.tolist()
    ]
    yield "uuid", np.arange(len(person)), np.array(uuid, dtype=object)


def _add_touches(
    connection: sa.Connection,
    table: LeadTable,
    seats: Sequence[Seat],
    past: Past,
    person: np.ndarray,
    rng: np.random.Generator,
) -> None:
    count = len(person)
    weeks = int(past.week[-1]) + 1
    days = np.array(
        [
            [(_monday(week, weeks) + day * ONE_DAY).isoformat() for day in range(40)]
            for week in range(weeks)
        ],
        dtype=object,
    )
    entry = 2 * past.week + 1
    seat = np.array([seat.seat_id for seat in seats], dtype=object)[past.seat]
    route = np.array(list(ROUTES), dtype=object)[past.route]
    send_on = days[past.week, past.day]
    credit = np.where(route == "open_inmail", 0.03, (route == "paid_inmail") * 0.8)
    columns = (
        "entry, person, seat_id, route, send_on, company_key, segment, open_flag, "
        "open_probability, credit_probability, expected_replies"
    )
    company, segment = _of_people(table, past, rng)
    rows = zip(
        entry.tolist(), person.tolist(), seat, route, send_on, company, segment,
        (rng.integers(0, 3, count) - 1).tolist(), np.full(count, 0.3).tolist(),
        credit.tolist(), np.full(count, 0.1).tolist(), strict=True,
    )  # fmt: skip
    _insert(connection, tables.ASSIGNMENTS, columns, sorted(rows))
    clock = np.array([f"T{hour:02d}:05:00Z" for hour in range(24)], dtype=object)
    hour = rng.integers(8, 18, count)
    sent = send_on + clock[hour]
    used = np.where(
        (route == "paid_inmail") & (rng.random(count) < CREDIT_KNOWN), 1, UNKNOWN
    )
    flag = np.where(rng.random(count) < FLAG_SEEN, rng.integers(0, 2, count), UNKNOWN)
    asked = route == "connection_request"
    kinds = {
        "sent": np.arange(count),
        "replied": np.flatnonzero(rng.random(count) < REPLIED),
        "accepted": np.flatnonzero(asked & (rng.random(count) < ACCEPTED / asked.mean())),
    }
    lines: list[tuple[Any, ...]] = []
    for kind, at in kinds.items():
        later = np.minimum(past.day[at] + rng.geometric(0.3, len(at)), 39)
        is_sent = kind == "sent"
        on = sent[at] if is_sent else days[past.week[at], later] + clock[hour[at]]
        # An answer goes into the outcomes recorded at the end of its week.
        told = past.week[at] if is_sent else past.week[at] + later // 7
        lines += zip(
            (2 * np.minimum(told, weeks - 1) + 2).tolist(), person[at].tolist(),
            [kind] * len(at), on, seat[at], route[at],
            (used[at] if is_sent else np.full(len(at), UNKNOWN)).tolist(),
            (flag[at] if is_sent else np.full(len(at), UNKNOWN)).tolist(),
            entry[at].tolist(), strict=True,
        )  # fmt: skip
    lines.sort()
    columns = (
        "entry, person, kind, happened_on, seat_id, route, credit_used, open_flag, "
        "assignment, line"
    )
    numbered = [(*line, number) for number, line in enumerate(lines)]
    _insert(connection, tables.OUTCOMES, columns, numbered)


def _of_people(
    table: LeadTable, past: Past, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Return company and segment of each touch: of the lead, or drawn."""
    count = len(past.person)
    listed = past.person < len(table.leads)
    keys = table.leads["company_key"].to_numpy(dtype=object)
    company = np.array([f"other company {n}" for n in range(count // 4 + 1)], dtype=object)[
        rng.integers(0, count // 4 + 1, count)
    ]
    known = rng.random(count) < KNOWN_COMPANY
    company[known] = rng.choice(keys, int(known.sum()))
    company[listed] = keys[past.person[listed]]
    segments = rate_segment(table.leads).to_numpy(dtype=object)
    segment = rng.choice(segments, count)
    segment[listed] = segments[past.person[listed]]
    return company.tolist(), segment.tolist()


# --- measuring --------------------------------------------------------------------


class Stopwatch:
    """Seconds by part, in the order in which the parts began.

    ``busy`` are those in which the planning thread had a processor.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.busy: dict[str, float] = {}

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        """Add the time of the block to a part."""
        start, busy = time.perf_counter(), time.thread_time()
        yield
        spent = time.perf_counter() - start
        self.seconds[part] = self.seconds.get(part, 0.0) + spent
        self.busy[part] = self.busy.get(part, 0.0) + time.thread_time() - busy


#: Parts without a ledger.
_READ_ALONE, _PLAN_ALONE = "read the leads alone", "plan and audit alone"
#: Before the name of a part: the seconds in which the thread had a processor.
_BUSY = "busy: "


def measure(url: str, lists: Sequence[str], out: Path) -> dict[str, float]:
    """Plan once as ``planner plan`` does, recording it; return seconds by part."""
    from planner import pipeline
    from planner.domain import Inputs
    from planner.output import folder, names

    _import_everything()
    leads, seats = lists
    parameters, watch = Parameters(), Stopwatch()
    options = inputs.LeadOptions(leads=[leads])
    with watch.timing("ledger: open and check it"):
        opened = ledgers.opened(url, None, parameters, create=True)
        book = opened.__enter__()
    assert book is not None
    # The inventory states all credits, so the ledger is not asked for balances here.
    with watch.timing("read the seats"):
        usable, issues, seat_files = inputs.load_seats(
            seats, parameters, as_of=AS_OF,
            known_credits=ledgers.known_credits(book, parameters, AS_OF),
        )  # fmt: skip
    with watch.timing("read the leads"):
        table, mappings, files = inputs.load_leads(options, parameters, as_of=AS_OF)
    loaded = Inputs(
        leads=table, seats=usable, seat_issues=issues, mappings=mappings,
        files=(*files, *seat_files),
    )  # fmt: skip
    with (
        watch.timing("ledger: recall leads and seats"),
        book.reading(ahead=True) as connection,
    ):
        recalled = ledgers.recall(
            connection, loaded, parameters, as_of=AS_OF, supersede=False
        )
    with watch.timing("plan and audit"):
        ledgers.check_standing(recalled, parameters, as_of=AS_OF, supersede=False)
        made = pipeline.make_plan(
            recalled.inputs, parameters, as_of=AS_OF, history=recalled.history
        )
    recording = ledgers.Recording(
        ledger=book, made=made, recalled=recalled, supersede=False,
        folder=out / names.run_name(made),
    )  # fmt: skip

    @contextmanager
    def placing() -> Iterator[None]:
        with watch.timing("ledger: record the run"):
            context = recording.placing()
            context.__enter__()
        yield
        with watch.timing("ledger: record the run"):
            context.__exit__(None, None, None)

    start = time.perf_counter()
    folder.write_run(made, out, placing=placing)
    spent = time.perf_counter() - start
    watch.seconds["write files"] = spent - watch.seconds["ledger: record the run"]
    opened.__exit__(None, None, None)
    return (
        watch.seconds
        | {f"{_BUSY}{part}": spent for part, spent in watch.busy.items()}
        | {
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            "known": 0 if recalled.history is None else len(recalled.history.leads),
            "sends": sum(1 for day in made.assignments["send_on"] if day),
        }
    )


def measure_alone(lists: Sequence[str]) -> dict[str, float]:
    """Return the seconds of reading the leads and planning without a ledger."""
    from planner import pipeline
    from planner.domain import Inputs

    _import_everything()
    parameters, watch = Parameters(), Stopwatch()
    leads, seats = lists
    with watch.timing(_READ_ALONE):
        table, mappings, files = inputs.load_leads(
            inputs.LeadOptions(leads=[leads]), parameters, as_of=AS_OF
        )
    usable, issues, seat_files = inputs.load_seats(seats, parameters, as_of=AS_OF)
    loaded = Inputs(
        leads=table, seats=usable, seat_issues=issues, mappings=mappings,
        files=(*files, *seat_files),
    )  # fmt: skip
    with watch.timing(_PLAN_ALONE):
        pipeline.make_plan(loaded, parameters, as_of=AS_OF)
    return watch.seconds | {f"{_BUSY}{part}": spent for part, spent in watch.busy.items()}


def _import_everything() -> None:
    """Set up as the command line does, and import, so that no part is charged for it."""
    import planner.intake.leads
    import planner.intake.read
    import planner.intake.seats
    import planner.ledger.history
    import planner.ledger.runs
    import planner.pipeline  # noqa: F401

    cli.collect_rarely()


def report(seconds: dict[str, float], options: argparse.Namespace) -> None:
    """Print one table, or one line of JSON."""
    about = {name: seconds.pop(name) for name in ("peak", "known", "sends")}
    busy = {
        part.removeprefix(_BUSY): seconds.pop(part)
        for part in list(seconds)
        if part.startswith(_BUSY)
    }
    base, ledger, longer = _added(seconds)
    busy_base, busy_ledger, _ = _added(busy)
    if options.json:
        document = {
            "touches": options.touches, "leads": options.leads, "seats": options.seats,
            "reading": base, "ledger": ledger, "longer": longer, "ratio": ledger / base,
            "busy_ratio": busy_ledger / busy_base, "memory": about["peak"],
            "total": sum(seconds.values()),
        }  # fmt: skip
        print(json.dumps(document))
        return
    total = sum(seconds.values())
    print(
        f"{options.touches:,} past touches in {options.weeks} weeks; "
        f"{options.leads:,} leads x {options.seats} seats; {about['known']:,.0f} leads "
        f"known, {about['sends']:,.0f} sends recorded; peak memory {about['peak']:.2f} GB"
    )
    print(f"{'':<40}{'seconds':>9}{'/ reading the leads':>21}")
    parts = {"read the leads, without a ledger": base} | seconds
    parts |= {
        "all that the ledger does": ledger,
        "planning what it knows takes longer by": longer,
        "the whole plan": total,
    }
    for part, spent in parts.items():
        print(f"{part:<40}{spent:9.2f}{spent / base:21.2f}")
    print(f"busy_ratio: {busy_ledger / busy_base:.2f}")


def _added(seconds: dict[str, float]) -> tuple[float, float, float]:
    """Take out what was measured without a ledger.

    Return the time of reading the leads, what the ledger adds by itself, and by how much
    longer it takes to plan with what it knows.
    """
    base, planned = seconds.pop(_READ_ALONE), seconds.pop(_PLAN_ALONE)
    ledger = sum(spent for part, spent in seconds.items() if part.startswith("ledger"))
    ledger += max(0.0, seconds["read the leads"] - base)
    return base, ledger, seconds["plan and audit"] - planned


def main() -> None:
    """Build the list and the ledger unless they are there; plan in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--touches", type=int, default=1_000_000)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--seats", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", default="", help="empty database; a file if not given")
    parser.add_argument("--json", action="store_true", help="one line, for run.py")
    parser.add_argument("--keep", type=Path, help="folder to build in, and to reuse")
    parser.add_argument("--measure", choices=["alone", "plan"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.touches < options.weeks or min(options.leads, options.seats) < 1:
        parser.error("--touches must be at least --weeks, --leads and --seats at least 1")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "past.db"
        url = options.ledger or f"sqlite:///{file}"
        if options.measure:
            lists = [str(folder / name) for name in ("leads.csv", "seats.csv")]
            if options.measure == "alone":
                print(json.dumps(measure_alone(lists)))
            else:
                print(json.dumps(measure(url, lists, Path(scratch) / "reports")))
            return
        if options.ledger or not file.exists():
            lists = write_list(folder, options.leads, options.seats, options.seed)
            _fill(url, lists, options)
        if not options.ledger:  # the plan is recorded into a copy
            url = f"sqlite:///{shutil.copy(file, Path(scratch) / 'planner.db')}"
            os.sync()  # or recording would wait for the copy to reach the disk
        seconds: dict[str, float] = {}
        for what in ("alone", "plan"):
            done = subprocess.run(
                [
                    sys.executable, __file__, "--measure", what,
                    "--keep", str(folder), "--ledger", url,
                ],
                check=True, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            seconds |= json.loads(done.stdout.splitlines()[-1])
        report(seconds, options)


def _fill(url: str, lists: Sequence[str], options: argparse.Namespace) -> None:
    parameters = Parameters()
    leads, seats = lists
    start = time.perf_counter()
    table, _, _ = inputs.load_leads(
        inputs.LeadOptions(leads=[leads]), parameters, as_of=AS_OF
    )
    usable, _, _ = inputs.load_seats(seats, parameters, as_of=AS_OF)
    build(url, table, usable, options)
    print(f"ledger built in {time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
