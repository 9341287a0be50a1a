"""The ledger in the shell: which one, what it knows, and recording into it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, workspace
from planner.errors import (
    InputError,
    Issue,
    LedgerError,
    Severity,
    StandingRunError,
    did_you_mean,
)
from planner.words import counted

if TYPE_CHECKING:
    from planner.domain import History, Inputs, LeadTable, Plan, Seat, SeatHistory
    from planner.intake.seats import KnownCredits
    from planner.ledger.history import Drawn
    from planner.ledger.runs import Recorded, Run
    from planner.ledger.store import Connection, Ledger
    from planner.params import Parameters

#: The ledger of a workspace, unless --ledger, PLANNER_LEDGER or planner.toml names one.
DEFAULT = "planner.db"
VARIABLE = "PLANNER_LEDGER"

LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="FILE|URL",
        help="Ledger: a file, or a postgresql:// URL; planner.db here if not given.",
        show_default=False,
    ),
]


def url(option: str | None, config: Path | None) -> str:
    """Return where the ledger is: option, environment, planner.toml, planner.db."""
    named = option or os.environ.get(VARIABLE) or workspace.ledger(config)
    return named or DEFAULT


@contextmanager
def opened(
    option: str | None, config: Path | None, parameters: Parameters, *, create: bool
) -> Iterator[Ledger | None]:
    """Open the ledger; None if there is none and none is to be made."""
    from planner.ledger import store

    wait = parameters.ledger_wait_seconds
    with store.opened(url(option, config), wait_seconds=wait, create=create) as ledger:
        yield ledger


@contextmanager
def existing(
    option: str | None, config: Path | None, parameters: Parameters
) -> Iterator[Ledger]:
    """Open the ledger.

    Raises
    ------
    LedgerError
        If there is none.
    """
    from planner.ledger import store

    with opened(option, config, parameters, create=False) as ledger:
        if ledger is None:
            name = store.ledger_name(url(option, config))
            raise LedgerError(
                f"{name}: there is no ledger yet; planner plan makes one, --ledger names "
                "another"
            )
        yield ledger


@contextmanager
def made(
    option: str | None, config: Path | None, parameters: Parameters
) -> Iterator[Ledger]:
    """Open the ledger; make it where there is none."""
    with opened(option, config, parameters, create=True) as ledger:
        if ledger is None:
            raise LedgerError("the ledger could not be made")
        yield ledger


@contextmanager
def to_write(
    ledger: Ledger | None, option: str | None, config: Path | None, parameters: Parameters
) -> Iterator[Ledger]:
    """Give the open ledger; or make one, now that there is something to write."""
    if ledger is not None:
        yield ledger
        return
    with made(option, config, parameters) as new:
        yield new


# --- what it knows ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recalled:
    """Inputs as the ledger completes them, and where in it they stand.

    Where there is no ledger yet, there is no history, and all else is as in an empty one.
    ``loaded`` are the inputs as read; ``standing`` is the run that plans the week
    already, ``later`` one in force that was planned later; ``head`` is the last entry
    seen, and ``drawn`` what holds as long as it is the last.
    """

    loaded: Inputs
    inputs: Inputs
    history: History | None
    standing: Run | None
    later: Run | None
    head: int
    has_runs: bool
    drawn: Drawn | None = None


def known_credits(
    ledger: Ledger | None, parameters: Parameters, as_of: dt.date
) -> KnownCredits:
    """Return what gives the ledger's balance of a seat; it is asked if one is wanted."""
    histories: dict[str, SeatHistory] = {}

    def credits_of(seat: Seat) -> int | None:
        from planner.ledger import reconcile

        if ledger is not None and not histories:
            histories.update(seat_histories(ledger, parameters, as_of))
        found = reconcile.balance(seat, histories.get(seat.seat_id), parameters, as_of)
        return None if found is None else found.at_least

    return credits_of


def seat_histories(
    ledger: Ledger, parameters: Parameters, as_of: dt.date
) -> dict[str, SeatHistory]:
    """Return what the ledger knows of every seat on a day."""
    from planner.ledger import history, touches

    with ledger.reading(ahead=True) as connection:
        return history.seat_histories(connection, touches.View(as_of=as_of), parameters)


def load(
    ledger: Ledger | None,
    options: inputs.LeadOptions,
    seats: str,
    parameters: Parameters,
    *,
    as_of: dt.date,
    supersede: bool = False,
) -> Recalled:
    """Read leads and seats, and what the ledger knows of them.

    Raises
    ------
    InputError
        If files cannot be used.
    LedgerError
        If the ledger has a later run: the clock went back.
    """
    loaded = inputs.load(
        options, seats, parameters, as_of=as_of,
        known_credits=known_credits(ledger, parameters, as_of),
    )  # fmt: skip
    if ledger is None:
        return _without_ledger(loaded, parameters, as_of)
    console.step("asking the ledger")
    with ledger.reading(ahead=True) as connection:
        return recall(connection, loaded, parameters, as_of=as_of, supersede=supersede)


def _without_ledger(loaded: Inputs, parameters: Parameters, as_of: dt.date) -> Recalled:
    from planner.ledger import reconcile

    seats, issues = reconcile.reconciled(loaded.seats, {}, parameters, as_of=as_of)
    return Recalled(
        loaded=loaded,
        inputs=replace(loaded, seats=seats, seat_issues=(*loaded.seat_issues, *issues)),
        history=None,
        standing=None,
        later=None,
        head=0,
        has_runs=False,
    )


def recall(
    connection: Connection,
    loaded: Inputs,
    parameters: Parameters,
    *,
    as_of: dt.date,
    supersede: bool,
) -> Recalled:
    """Return what the ledger knows of the inputs.

    A week that is planned already is looked at as it was before that run was recorded,
    so that the same command finds the same run; --supersede looks at all there is.
    """
    from planner.dates import iso_week
    from planner.ledger import doubts, history, reconcile, renames, runs, store, touches
    from planner.model.calendar import planned_week

    start = planned_week(loaded.seats, as_of)
    week = iso_week(start)
    standing = runs.in_force(connection, week, as_of)
    # What was taken back of a run is not there for whoever plans it again.
    whole = standing if standing is not None and standing.in_force else None
    upto = touches.ALL if whole is None or supersede else whole.entry
    view = touches.View(as_of=as_of, week=week, upto=upto)
    drawn = history.draw(connection, loaded.leads, view)
    histories = history.seat_histories(connection, view, parameters, drawn)
    seats, issues = reconcile.reconciled(loaded.seats, histories, parameters, as_of=as_of)
    past = _runs_before(connection, upto)
    issues = (
        *renames.renamed(loaded.seats, histories, past),
        *doubts.warnings(connection, loaded.seats, view, parameters),
        *issues,
    )
    asked = history.Asked(view=view, start=start, parameters=parameters)
    known = history.read(connection, loaded.leads, histories, asked, drawn)
    return Recalled(
        loaded=loaded,
        inputs=replace(loaded, seats=seats, seat_issues=(*loaded.seat_issues, *issues)),
        history=known,
        standing=standing,
        later=runs.later(connection, as_of),
        head=store.head(connection),
        has_runs=runs.has_runs(connection),
        drawn=drawn,
    )


def _runs_before(connection: Connection, upto: int) -> Iterator[Run]:
    """Yield the runs before an entry; their documents are read if one is asked for."""
    from planner.ledger import runs

    yield from (run for run in runs.runs(connection) if run.entry < upto)


def same_persons(
    connection: Connection, table: LeadTable, run: Sequence[str]
) -> dict[str, str]:
    """Return lead ids of a list to those of a run, where the ledger has one person."""
    import numpy as np

    from planner.domain import Identities
    from planner.ledger import people

    named = Identities(
        lead=np.arange(len(run), dtype=np.int64),
        space=np.full(len(run), "lead", dtype=object),
        value=np.array(run, dtype=object),
    )
    mine = people.match(connection, table.identities)
    theirs = people.match(connection, named)
    both = mine.merge(theirs, on="person", suffixes=("", "_run"))
    both = both.drop_duplicates("lead")
    ids = table.leads["lead_id"].to_numpy()
    places = zip(both["lead"], both["lead_run"], strict=True)
    return {str(ids[lead]): run[lead_run] for lead, lead_run in places}


def check_standing(
    recalled: Recalled, parameters: Parameters, *, as_of: dt.date, supersede: bool
) -> None:
    """Refuse a second plan of a week, unless it is the same one or is to supersede it.

    Raises
    ------
    LedgerError
        Before anything is solved or written; likewise if the clock went back.
    """
    from planner import pipeline

    standing, later = recalled.standing, recalled.later
    if standing is None and later is None:
        return
    run_id = pipeline.prospective_run_id(
        recalled.inputs, parameters, as_of=as_of, history=recalled.history
    )
    if standing is not None and standing.in_force and run_id == standing.run_id:
        return
    if later is not None:
        raise LedgerError(
            f"run {later.name} is planned as of {later.as_of}, later than {as_of}: check "
            "the clock or --as-of; to plan the past again, void that run first (planner "
            f"void {later.name})"
        )
    if standing is not None and not standing.in_force and not supersede:
        raise StandingRunError(
            f"{standing.week} is planned already up to {standing.voided_from}, from which "
            f"day on run {standing.name} is voided: plan the rest of the week with --as-of "
            f"{standing.voided_from} or later, or all of it anew with --supersede"
        )
    if standing is not None and not supersede:
        raise StandingRunError(
            f"{standing.week} is planned already (run {standing.name}, as of "
            f"{standing.as_of}), and this is another day, or leads, seats or parameters "
            "have changed since, or planner was upgraded: record what was sent, then plan "
            "again with --supersede, which voids that run from "
            f"{max(as_of, standing.as_of)} on"
        )


def rehearsed(
    ledger: Ledger | None,
    recalled: Recalled,
    parameters: Parameters,
    out: Path,
    *,
    as_of: dt.date,
    supersede: bool,
    new_ledger: bool,
) -> tuple[Recalled, tuple[Issue, ...]]:
    """Return what a dry run plans from, and what would stop the real one.

    A week that is planned already is looked at as with --supersede.

    Raises
    ------
    LedgerError
        If the clock went back.
    """
    stops = []
    try:
        if not new_ledger:
            check_known(recalled, parameters, out, as_of=as_of)
    except LedgerError as error:
        stops.append(error)
    try:
        check_standing(recalled, parameters, as_of=as_of, supersede=supersede)
    except StandingRunError as error:
        stops.append(error)
        assert ledger is not None  # where the run stands
        with ledger.reading() as connection:
            recalled = recall(
                connection, recalled.loaded, parameters, as_of=as_of, supersede=True
            )
    return recalled, tuple(
        Issue(
            code="dry-run-only",
            message=f"without --dry-run this is refused: {error}",
            severity=Severity.WARNING,
        )
        for error in stops
    )


def seat_names(connection: Connection) -> dict[str, str]:
    """Return the id of each seat of past runs by its folded id, sender and UUID."""
    from planner.ledger import runs
    from planner.output.names import unique_slugs

    every = runs.runs(connection)
    ids = sorted({str(seat["seat_id"]) for run in every for seat in run.seats})
    # GetSales lists are named by slug.
    slugs = unique_slugs(["seat-unknown", *ids], "seat")
    names = {slugs[seat_id].casefold(): seat_id for seat_id in ids}
    # Ids last: a seat's id is its own, whoever's sender is called that.
    for key in ("sender_profile_uuid", "sender", "seat_id"):
        for run in every:
            for seat in run.seats:
                if name := str(seat[key]).strip().casefold():
                    names[name] = str(seat["seat_id"])
    return names


def check_seat(name: str, names: Mapping[str, str]) -> None:
    """Refuse a ``--seat`` that no run knows: nothing could be matched to it."""
    if name.strip() and name.strip().casefold() not in names:
        known = ", ".join(sorted(set(names.values()))[:20]) or "none: no run is recorded"
        near = did_you_mean(name.strip().casefold(), names)
        raise InputError(f"--seat {name[:40]!r} is no run's seat; there are: {known}{near}")


def check_known(
    recalled: Recalled, parameters: Parameters, out: Path, *, as_of: dt.date
) -> None:
    """Refuse to start a ledger where runs are, of which it would know nothing.

    Raises
    ------
    LedgerError
        Without the old ledger everybody would be contacted again.
    """
    from planner import pipeline
    from planner.output.folder import run_ids

    # A ledger without a run, such as forget makes one, knows nobody either.
    if recalled.has_runs or not (others := run_ids(out)):
        return
    # A crash may have left the folder of this very run.
    others -= {
        pipeline.prospective_run_id(
            recalled.inputs, parameters, as_of=as_of, history=recalled.history
        )
    }
    if others:
        raise LedgerError(
            f"{out} has {counted(len(others), 'run')}, but the "
            "ledger is new and knows nobody whom they contacted: name the right one with "
            "--ledger, or give the runs' assignments.csv with --exclude; --new-ledger "
            "starts one all the same"
        )


def names_of(seats: Sequence[Seat]) -> dict[str, str]:
    """Return the id of each seat of an inventory by its folded id, sender and UUID."""
    return {
        name.strip().casefold(): seat.seat_id
        for key in ("sender_profile_uuid", "sender", "seat_id")
        for seat in seats
        if (name := str(getattr(seat, key)))
    }


# --- recording --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """What it takes to record a plan."""

    ledger: Ledger
    made: Plan
    recalled: Recalled
    folder: Path
    supersede: bool

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Hold the ledger while the files appear; append the run if they do.

        Raises
        ------
        LedgerError
            If another planner recorded something in between that changes this plan.
        """
        from planner.ledger import runs

        with self.ledger.writing() as connection:
            standing = runs.in_force(connection, self.made.week, self.made.as_of)
            is_recorded = (
                standing is not None
                and standing.in_force
                and standing.run_id == self.made.run_id
            )
            if not is_recorded:
                drawn = self._drawn(connection, standing)
                if standing is not None:
                    runs.append_void(
                        connection, standing, as_of=self.made.as_of,
                        from_date=self.made.as_of.isoformat(),
                    )  # fmt: skip
                runs.append_run(connection, self._recorded(drawn))
            yield

    def _drawn(self, connection: Connection, standing: Run | None) -> Drawn:
        """Return what is drawn from the ledger as it is now, if the plan holds still."""
        from planner import pipeline
        from planner.ledger import history, store, touches

        if store.head(connection) == self.recalled.head:
            if self.recalled.drawn is not None:
                return self.recalled.drawn
            # There was no ledger when the list was read.
            view = touches.View(as_of=self.made.as_of)
            return history.draw(connection, self.recalled.loaded.leads, view)
        now = recall(
            connection, self.recalled.loaded, self.made.parameters,
            as_of=self.made.as_of, supersede=self.supersede,
        )  # fmt: skip
        run_id = pipeline.prospective_run_id(
            now.inputs, self.made.parameters, as_of=self.made.as_of, history=now.history
        )
        taken = standing is not None and not self.supersede
        changed = taken or now.later is not None or run_id != self.made.run_id
        if changed or now.drawn is None:
            raise LedgerError(
                f"{self.ledger.name}: another planner recorded something while this plan "
                "was made; nothing was written: run the same command again"
            )
        return now.drawn

    def _recorded(self, drawn: Drawn) -> Recorded:
        from planner.estimate.rates import rate_segment
        from planner.ledger import pace
        from planner.ledger.runs import Recorded
        from planner.output.names import run_name

        leads, seats = self.recalled.inputs.leads, self.recalled.loaded.seats
        history = self.recalled.history
        return Recorded(
            plan=self.made,
            name=run_name(self.made),
            folder=str(self.folder),
            identities=leads.identities,
            segment=rate_segment(leads.leads).tolist(),
            history=history,
            sightings=sightings(seats),
            before=pace.kept(
                seats,
                {} if history is None else history.seats,
                self.made.parameters,
                self.made.as_of,
            ),
            seen=drawn.seen,
            marks=drawn.marks,
        )


def sightings(seats: Sequence[Seat]) -> list[tuple[str, dt.date, int]]:
    """Return the balances that an inventory states."""
    return [
        (seat.seat_id, seat.credits_as_of, seat.credits)
        for seat in seats
        if "credits" in seat.stated
    ]
