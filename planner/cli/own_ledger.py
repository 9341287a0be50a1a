"""The planner's own steps on a ledger made for them: for weeks that are simulated.

What `planner plan`, `record` and `triage` do is done here on tables in memory instead of
files: the same ledger, the same plan, the same verdicts, but no workbook.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from planner.cli import ledgers
from planner.cli.triage import Job, judged
from planner.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from planner.cli.ledgers import Recalled
    from planner.domain import Given, LeadTable, Plan, Seat
    from planner.ledger.failures import Failed
    from planner.ledger.store import Connection, Ledger
    from planner.output.triage import TriageRun
    from planner.simulate.field import Task
    from planner.simulate.weeks import Planned, Steps, Triaged


@contextmanager
def opened(given: Given) -> Iterator[OwnLedger]:
    """Give a new ledger, which is gone afterwards."""
    parameters = given.parameters
    with (
        TemporaryDirectory(prefix="planner-weeks-") as folder,
        ledgers.opened(f"{folder}/planner.db", None, parameters, create=True) as book,
    ):
        if book is not None:
            yield OwnLedger(book=book, given=given, folder=Path(folder))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnLedger:
    """Plan, record and triage on one ledger, week after week.

    Parameters
    ----------
    book : Ledger
        Open, and new.
    given : Given
        What the first week is planned from; what its ledger knew counts here, too.
    folder : Path
        Where the runs are said to be; nothing is written there.
    """

    book: Ledger
    given: Given
    folder: Path

    def steps(self) -> Steps:
        """Return what the weeks are played with."""
        from planner.simulate.weeks import Steps

        return Steps(plan=self.plan, record=self.record, triage=self.triage)

    def plan(self, leads: LeadTable, seats: tuple[Seat, ...], as_of: dt.date) -> Planned:
        """Plan the week of a day and record the run; no sends where none is possible.

        Raises
        ------
        PlannerError
            If the solver does not finish, the audit finds a broken promise, or the ledger
            refuses the run.
        """
        from planner.dates import ONE_DAY, ONE_WEEK, monday
        from planner.simulate.weeks import Planned

        within, checked = self._checked(seats, as_of)
        try:
            made = self._recorded(leads, seats, as_of)
        except InputError:
            # Nobody is left to contact, or no seat works: an idle week.
            sunday = monday(as_of) + ONE_WEEK - ONE_DAY
            return Planned(sends=(), until=sunday, within=within, checked=checked)
        return Planned(
            sends=_sends(made.assignments), until=made.week_end, within=within,
            checked=checked,
        )  # fmt: skip

    def _recorded(self, leads: LeadTable, seats: tuple[Seat, ...], as_of: dt.date) -> Plan:
        from planner import pipeline
        from planner.output.names import run_name

        parameters = self.given.parameters
        loaded = replace(self.given.inputs, leads=leads, seats=seats, seat_issues=())
        with self.book.reading() as connection:
            recalled = ledgers.recall(
                connection, loaded, parameters, as_of=as_of, supersede=False
            )
        recalled = self._with_given(recalled, as_of)
        made = pipeline.make_plan(
            recalled.inputs, parameters, as_of=as_of, history=recalled.history
        )
        recording = ledgers.Recording(
            ledger=self.book, made=made, recalled=recalled, supersede=False,
            folder=self.folder / run_name(made),
        )  # fmt: skip
        with recording.placing():
            return made

    def _with_given(self, recalled: Recalled, as_of: dt.date) -> Recalled:
        """Return what this ledger knows with what that of the run knew before."""
        from planner.simulate.remembered import both

        before, known = self.given.history, recalled.history
        if before is None or known is None:
            return recalled
        history = both(before, known, num_days=(as_of - self.given.as_of).days)
        return replace(recalled, history=history)

    def _checked(self, seats: tuple[Seat, ...], as_of: dt.date) -> tuple[int, int]:
        """Return of how many seats the balance lies within the ledger's, and of all."""
        from planner.ledger import reconcile

        parameters = self.given.parameters
        histories = ledgers.seat_histories(self.book, parameters, as_of)
        within = checked = 0
        for seat in seats:
            known = histories.get(seat.seat_id)
            balance = reconcile.balance(seat, known, parameters, as_of)
            if balance is not None:
                checked += 1
                within += int(balance.at_least <= seat.credits <= balance.at_most)
        return within, checked

    def record(self, told: pd.DataFrame, as_of: dt.date) -> None:
        """Record outcomes."""
        from planner.ledger import outcomes

        names = ledgers.names_of(self.given.inputs.seats)
        with self.book.writing() as connection:
            outcomes.record(connection, told, names, as_of=as_of)

    def triage(
        self,
        told: pd.DataFrame,
        seats: tuple[Seat, ...],
        credits: Mapping[str, int],
        as_of: dt.date,
    ) -> Triaged:
        """Judge failures and apply the verdicts, with the balances that triage asks for."""
        from planner.simulate.weeks import Triaged
        from planner.simulate.weeks import told as as_told

        job = self._job(told, as_of)
        with self.book.writing() as connection:
            made, failed = judged(connection, job, seats, None)
            asked = [one.seat_id for one in made.triage.verdicts if one.asks_balance]
            if asked:
                connection.rollback()
            else:
                self._applied(connection, job, seats, made, failed)
        if asked:
            seen = [
                {
                    "seat": seat_id, "kind": "balance_seen", "credits": credits[seat_id],
                    "happened_on": as_of.isoformat(),
                }
                for seat_id in asked
            ]  # fmt: skip
            self.record(as_told(seen), as_of)
            with self.book.writing() as connection:
                made, failed = judged(connection, job, seats, None)
                self._applied(connection, job, seats, made, failed)
        found = made.triage
        latest = found.findings[found.findings["is_latest"]]
        return Triaged(
            causes=dict(zip(latest["lead_id"], latest["cause"], strict=True)),
            sends=_steps(latest),
            held={
                one.seat_id: dt.date.fromisoformat(one.held_until)
                for one in found.verdicts
                if one.held_until
            },
        )

    def _job(self, told: pd.DataFrame, as_of: dt.date) -> Job:
        from planner.intake.outcomes import OutcomeTable

        nothing = told[["source_file", "source_row"]]
        return Job(
            told=OutcomeTable(outcomes=told, rows=nothing, issues=()), files=(), seats="",
            parameters=self.given.parameters, today=as_of, encoding=None,
        )  # fmt: skip

    def _applied(
        self,
        connection: Connection,
        job: Job,
        seats: tuple[Seat, ...],
        made: TriageRun,
        failed: Failed,
    ) -> None:
        from planner.ledger import failures, triages
        from planner.output.triage import triage_name

        told = job.told.outcomes
        if len(failed.failures):
            key = failures.digest(told, seats, job.parameters)
            failures.apply(
                connection, told, failed, made.triage, as_of=job.today,
                digest=triages.digest(key, triage_name(made)),
            )  # fmt: skip


def _sends(assignments: pd.DataFrame) -> list[Task]:
    """Return what a plan sends this week from a known seat."""
    from planner.simulate.field import Task

    planned = assignments["send_on"].astype("str") != ""
    planned &= assignments["seat_id"].astype("str") != ""
    return [
        Task(
            lead_id=str(line.lead_id), seat_id=str(line.seat_id), route=str(line.route),
            on=dt.date.fromisoformat(str(line.send_on)),
        )
        for line in assignments[planned].itertuples(index=False)
    ]  # fmt: skip


def _steps(findings: pd.DataFrame) -> list[Task]:
    """Return what triage sends on its way."""
    from planner.domain import NextStep
    from planner.simulate.field import Task

    sent = (str(NextStep.RESTART), str(NextStep.CONNECTION_REQUEST), str(NextStep.MESSAGE))
    return [
        Task(
            lead_id=str(line.lead_id), seat_id=str(line.next_seat),
            route=str(line.next_route), on=dt.date.fromisoformat(str(line.next_on)),
            is_restart=True,
        )
        for line in findings[findings["next_step"].isin(sent)].itertuples(index=False)
    ]  # fmt: skip
