"""Runs in the ledger: appended whole, voided by a further entry, found by any name."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import Flag, History, Identities, Plan, Route, Seat
from planner.errors import InputError, LedgerError
from planner.ledger import columns, packing, people, triages
from planner.ledger.store import append, append_entry, append_lines, read_document
from planner.ledger.tables import ASSIGNMENTS, BALANCES, ENTRIES, RUNS, VOIDS
from planner.ledger.touches import View, reached, touches

_FLAGS = {"yes": int(Flag.YES), "no": int(Flag.NO), "unknown": int(Flag.UNKNOWN)}
_INMAILS = [str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL)]
_SENT = [
    str(route)
    for route in (
        Route.OPEN_INMAIL, Route.PAID_INMAIL, Route.CONNECTION_REQUEST, Route.MESSAGE,
    )
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the ledger lists it. ``voided_from`` is None while all of it stands."""

    entry: int
    run_id: str
    name: str
    folder: str
    week: str
    as_of: dt.date
    recorded_at: str
    version: str
    document: Mapping[str, object]
    voided_from: str | None = None

    @property
    def in_force(self) -> bool:
        """Whether the run still plans its week."""
        return self.voided_from is None

    @property
    def seats(self) -> list[dict[str, Any]]:
        """Seats of the run's inventory: id, names, credits and their terms."""
        seats = self.document.get("seats")
        return list(seats) if isinstance(seats, list) else []


def runs(
    connection: Connection, where: sa.ColumnElement[bool] | None = None
) -> tuple[Run, ...]:
    """Return all runs, or those that fulfil a condition, oldest first."""
    # Not the packed leads: they are a megabyte each, and hardly ever wanted.
    wanted = [column for column in RUNS.c if column.name != "leads"]
    found = connection.execute(
        sa.select(*wanted, ENTRIES.c.as_of, ENTRIES.c.recorded_at)
        .join(ENTRIES, ENTRIES.c.entry == RUNS.c.entry)
        .where(sa.true() if where is None else where)
        .order_by(RUNS.c.entry)
    )
    voids: dict[int, str] = {}
    for row in connection.execute(sa.select(VOIDS).order_by(VOIDS.c.entry)):
        voids[row.voided] = min(voids.get(row.voided, row.from_date), row.from_date)
    return tuple(
        Run(
            entry=row.entry, run_id=row.run_id, name=row.name,
            folder=str(_home(connection) / row.folder),
            week=row.week, as_of=dt.date.fromisoformat(row.as_of),
            recorded_at=row.recorded_at, version=row.version,
            document=read_document(row.document), voided_from=voids.get(row.entry),
        )
        for row in found
    )  # fmt: skip


def _home(connection: Connection) -> Path:
    """Return where folders are counted from: beside an SQLite file, else here."""
    database = connection.engine.url.database
    if connection.dialect.name != "sqlite" or not database:
        return Path().absolute()
    return Path(database).absolute().parent


def _kept(connection: Connection, folder: str) -> str:
    """Return a folder as the ledger keeps it, so that a workspace can move as a whole."""
    path, home = Path(folder).absolute(), _home(connection)
    if connection.dialect.name == "sqlite" and path.is_relative_to(home):
        return path.relative_to(home).as_posix()
    return str(path)


def in_force(connection: Connection, week: str, as_of: dt.date) -> Run | None:
    """Return the run that plans a week on a day, if there is one.

    A run that is voided from a later day on still plans the days before it.
    """
    standing = [
        run
        for run in runs(connection, RUNS.c.week == week)
        if run.voided_from is None or run.voided_from > as_of.isoformat()
    ]
    return standing[-1] if standing else None


def find(connection: Connection, name: str) -> Run:
    """Return the run with this id (or the start of it), name or folder.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    every = runs(connection)
    plain = name.strip().rstrip("/\\")
    last = plain.replace("\\", "/").rsplit("/", 1)[-1]
    hits = [run for run in every if last and last in (run.run_id, run.name)]
    if not hits and last:
        hits = [run for run in every if run.run_id.startswith(last.casefold())]
    if not hits:
        of_week = [run for run in every if run.week == last]
        hits = [run for run in of_week if run.in_force] or of_week[-1:]
    distinct = {run.run_id for run in hits}
    if len(distinct) > 1:
        names = ", ".join(sorted({run.name for run in hits}))
        raise InputError(f"{last[:60]!r} could be any of these runs: {names}")
    if not hits:
        raise InputError(f"there is no run {last[:60]!r}{_nearest(last, every)}")
    return hits[-1]


def _nearest(name: str, every: Sequence[Run]) -> str:
    import difflib

    if not every:
        return ": the ledger has no runs yet; planner plan makes one"
    known = {text: run.name for run in every for text in (run.run_id, run.name, run.week)}
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    shown = known[near[0]] if near else every[-1].name
    return f"; did you mean {shown}? (planner runs lists all)"


# --- appending --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded:
    """A plan with what the ledger keeps of it beside the plan itself.

    ``segment`` is each lead's segment for learning rates (`planner.estimate.rates`);
    ``sightings`` are the balances that the inventory states, ``before`` is what
    `planner.ledger.pace.kept` has for the next run. ``seen`` is the look-up of the
    identities at the ledger's head, ``marks`` the keyed hash of each lead's id.
    """

    plan: Plan
    name: str
    folder: str
    identities: Identities
    segment: Sequence[str]
    history: History | None
    sightings: Sequence[tuple[str, dt.date, int]]
    before: Mapping[str, Mapping[str, object]]
    seen: people.LookUp
    marks: npt.NDArray[np.uint64]


def append_run(connection: Connection, recorded: Recorded) -> int:
    """Append a run with its assignments and the balances it started from."""
    plan = recorded.plan
    entry = append_entry(connection, "run", as_of=plan.as_of, digest=plan.run_id)
    frame = plan.assignments
    sent = np.flatnonzero(frame["route"].isin(_SENT).to_numpy())
    ids = frame["lead_id"].to_numpy(dtype=object)[sent].tolist()
    person, seen = people.register_listed(
        connection, entry, recorded.identities,
        dict(zip(sent.tolist(), ids, strict=True)), recorded.seen,
    )  # fmt: skip
    # Whoever is excluded as known may have come with a key that is new.
    people.learn(connection, entry, recorded.identities, seen)
    lines = _assignments(frame.iloc[sent], recorded, sent, entry, person)
    append_lines(
        connection, ASSIGNMENTS, lines.columns.tolist(),
        list(zip(*(lines[name].tolist() for name in lines), strict=True)),
    )  # fmt: skip
    append(
        connection, RUNS,
        [
            {
                "entry": entry, "run_id": plan.run_id, "name": recorded.name,
                "folder": _kept(connection, recorded.folder), "week": plan.week,
                "week_start": plan.week_start.isoformat(),
                "week_end": plan.week_end.isoformat(), "version": plan.version,
                "document": json.dumps(_document(recorded), sort_keys=True),
                "leads": _packed(plan, recorded.marks),
            }
        ],
    )  # fmt: skip
    append(connection, BALANCES, _new_sightings(connection, recorded.sightings, entry))
    columns.keep(connection, entry)
    _check_nobody_twice(connection, recorded, entry)
    return entry


def _check_nobody_twice(connection: Connection, recorded: Recorded, entry: int) -> None:
    """Refuse a run that contacts somebody again, whatever let it through so far.

    Raises
    ------
    LedgerError
        This is a defect of the program; nothing is recorded and no file appears.
    """
    view = View(as_of=recorded.plan.as_of, upto=entry)
    join = f"JOIN assignments n ON n.person = a.person AND n.entry = {entry}"
    before = reached(touches(connection, view, join=join))
    wait = recorded.plan.parameters.recontact_after_days
    since = recorded.plan.as_of - dt.timedelta(days=wait)
    again = before if not wait else before[before["date"] > since.isoformat()]
    if len(again):
        raise LedgerError(
            f"{again['person'].nunique()} people of this plan are contacted already, as "
            "the ledger has it: this is a defect of planner, nothing was written; please "
            "report it"
        )


def append_void(
    connection: Connection, run: Run, *, as_of: dt.date, from_date: str = ""
) -> int:
    """Append that a run, or its part from a day on, was not carried out."""
    entry = append_entry(connection, "void", as_of=as_of, digest=run.run_id)
    append(
        connection, VOIDS, [{"entry": entry, "voided": run.entry, "from_date": from_date}]
    )
    return entry


def has_runs(connection: Connection) -> bool:
    """Return whether any run was ever recorded."""
    return connection.scalar(sa.select(RUNS.c.entry).limit(1)) is not None


def later(connection: Connection, as_of: dt.date) -> Run | None:
    """Return the last run in force that was planned after a day, if there is one."""
    planned_later = runs(connection, ENTRIES.c.as_of > as_of.isoformat())
    found = [run for run in planned_later if run.in_force]
    return max(found, key=lambda run: (run.as_of, run.entry)) if found else None


def sends(connection: Connection, run: Run) -> pd.DataFrame:
    """Return a run's planned sends in force and what became of them (`touches`)."""
    view = View(as_of=run.as_of)
    return reached(touches(connection, view, where=f"AND a.entry = {run.entry}"))


def _assignments(
    rows: pd.DataFrame,
    recorded: Recorded,
    sent: np.ndarray,
    entry: int,
    person: np.ndarray,
) -> pd.DataFrame:
    segment = [str(recorded.segment[int(at)]) for at in sent]
    first_day = max(recorded.plan.as_of, recorded.plan.week_start).isoformat()
    lines = pd.DataFrame(
        {
            "entry": entry,
            "person": person,
            "seat_id": rows["seat_id"].astype(str).to_numpy(),
            "route": rows["route"].astype(str).to_numpy(),
            # A message from a seat to look up has no day; it is this week's all the same.
            "send_on": rows["send_on"].astype(str).replace("", first_day).to_numpy(),
            "company_key": rows["company_key"].astype(str).to_numpy(),
            "segment": segment,
            "open_flag": [_FLAGS[str(flag)] for flag in rows["open_flag"]],
            "open_probability": rows["open_probability"].to_numpy(),
            "credit_probability": rows["credit_probability"].to_numpy(),
            "expected_replies": rows["expected_replies"].to_numpy(),
            "owner": rows["owner"].astype(str).to_numpy(),
            "group_name": rows["group"].astype(str).to_numpy(),
            "priority": rows["priority"].to_numpy(dtype=float),
        }
    )
    # Two leads of a list that the ledger knows as one person: one touch.
    return lines.sort_values(["person", "send_on"]).drop_duplicates("person")


def _document(recorded: Recorded) -> dict[str, object]:
    plan = recorded.plan
    fresh = (
        [] if recorded.history is None else recorded.history.newly_scored.values.tolist()
    )
    return {
        "totals": {name: _plain(value) for name, value in plan.totals.items()},
        "parameters": plan.parameters.changed(),
        "segments": [
            {
                "segment": item.segment, "mean": item.mean, "low": item.low,
                "high": item.high, "beta_a": item.beta_a, "beta_b": item.beta_b,
            }
            for item in plan.open_share.segments
        ],
        "scored": fresh,
        "outlook": _outlook(plan),
        "seats": [_seat_record(seat) for seat in plan.seats],
        "before": recorded.before,
        "files": [
            {"kind": file.kind, "sha256": file.sha256, "num_rows": file.num_rows}
            for file in plan.files
        ],
    }  # fmt: skip


def _outlook(plan: Plan) -> list[list[object]]:
    """Return what the weeks after the planned one hold; `planner.ledger.ahead` reads it.

    Seat, week, credit cycle, free InMails, others and the credits that all use. Weeks and
    cycles without InMails are kept: nothing is what the program plans there.
    """
    later = plan.outlook[plan.outlook["week"] > plan.week].sort_values(
        ["seat_id", "week", "cycle"]
    )
    wanted = later[
        ["seat_id", "week", "cycle", "open_inmails", "paid_inmails", "expected_credits"]
    ].round(4)
    return [list(line) for line in wanted.itertuples(index=False, name=None)]


def _seat_record(seat: Seat) -> dict[str, object]:
    """Return a seat as JSON knows it; `planned_seats` reads it back."""
    record = {item.name: getattr(seat, item.name) for item in fields(seat)}
    for name in ("stated", "recent_requests", "recent_open_inmails", "ahead"):
        del record[name]  # what the ledger itself knows better by the time it is read
    record["credits_as_of"] = seat.credits_as_of.isoformat()
    record["away"] = [[day.isoformat() for day in span] for span in seat.away]
    return record


def planned_seats(run: Run) -> tuple[Seat, ...]:
    """Return the seats of a run's inventory."""
    return tuple(
        Seat(
            **{
                **record,
                "credits_as_of": dt.date.fromisoformat(record["credits_as_of"]),
                "away": tuple(
                    (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
                    for first, last in record["away"]
                ),
                "day_shares": tuple(record["day_shares"]),
                "groups": tuple(record["groups"]),
            }
        )
        for record in run.seats
    )


def planned_inmails(
    connection: Connection, as_of: dt.date
) -> dict[str, list[tuple[dt.date, float]]]:
    """Return, by seat, day and credit use of the InMails that runs in force plan ahead."""
    view = View(as_of=as_of)
    frame = touches(connection, view, where=f"AND a.send_on >= '{as_of.isoformat()}'")
    frame = frame[frame["route"].isin(_INMAILS) & ~frame["happened"] & ~frame["undone"]]
    ahead: dict[str, list[tuple[dt.date, float]]] = {}
    for seat_id, day, use in zip(
        frame["seat_id"], frame["send_on"], frame["credit_probability"], strict=True
    ):
        sends_of_seat = ahead.setdefault(str(seat_id), [])
        sends_of_seat.append((dt.date.fromisoformat(str(day)), float(use)))
    return ahead


def credit_use(connection: Connection, as_of: dt.date, days: int) -> dict[str, float]:
    """Return, by seat, the mean credits that one of its past paid InMails used."""
    first = (as_of - dt.timedelta(days=days)).isoformat()
    frame = reached(
        touches(connection, View(as_of=as_of), where=f"AND a.send_on >= '{first}'")
    )
    paid = frame[
        (frame["route"] == str(Route.PAID_INMAIL)) & (frame["date"] < as_of.isoformat())
    ]
    used = paid["credit_used"].where(paid["credit_used"] >= 0, paid["credit_probability"])
    means = used.groupby(paid["seat_id"]).mean()
    return dict(zip(means.index.tolist(), means.tolist(), strict=True))


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _packed(plan: Plan, marks: npt.NDArray[np.uint64]) -> bytes:
    """Pack the leads on hold and those whose flag was forecast."""
    frame = plan.assignments
    held = (frame["route"] == str(Route.HOLD)).to_numpy()
    unknown = (
        (frame["open_flag"] == "unknown") & (frame["route"] != str(Route.EXCLUDED))
    ).to_numpy()
    at = np.flatnonzero(held | unknown)
    number = {item.segment: k for k, item in enumerate(plan.open_share.segments)}
    labels = frame["segment"].to_numpy(dtype=object)[at]
    return packing.pack(
        packing.PackedLeads(
            mark=marks[at],
            segment=np.array([number[label] for label in labels], dtype=np.int64),
            held=held[at],
            unknown=unknown[at],
        )
    )


def _new_sightings(
    connection: Connection, sightings: Sequence[tuple[str, dt.date, int]], entry: int
) -> list[dict[str, object]]:
    """Return the balances seen that the ledger does not have as its last word."""
    known = {
        (row.seat_id, row.happened_on): row.credits
        for row in connection.execute(
            sa.select(BALANCES)
            .where(triages.balances_in_force())
            .order_by(BALANCES.c.entry)
        )
    }
    return [
        {
            "entry": entry, "seat_id": seat_id, "happened_on": day.isoformat(),
            "credits": credits,
        }
        for seat_id, day, credits in sightings
        if known.get((seat_id, day.isoformat())) != credits
    ]  # fmt: skip
