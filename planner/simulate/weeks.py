"""Rolling weeks: plan, send, record, triage, let new leads arrive, plan the next week.

The loop knows no ledger and no pipeline: what a team does each week comes in as
callables (`Steps`), and what is true as a `Field`. So the planner itself and the ways it
is compared with go through the same weeks, with the same leads and the same chances.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from planner import schemas
from planner.dates import ONE_DAY, ONE_WEEK, monday
from planner.domain import Cause, LeadTable, OutcomeKind, Seat
from planner.simulate.field import INMAILS, Attempt, Fate, Field, Task
from planner.simulate.inventory import inventory
from planner.simulate.people import joined

#: Day on which failures are sorted: what is started again goes out the same week.
TRIAGE_DAY = 4
#: GetSales shows one text where credits are gone and where InMail is off (15587500).
_TEXTS: Mapping[str, str] = {
    str(Cause.CREDITS_EXHAUSTED): "Failed to send InMail: not enough InMail credits",
    str(Cause.INMAIL_OFF): "Failed to send InMail: not enough InMail credits",
    str(Cause.PROFILE_GONE): "invalid_recipient",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planned:
    """What a week's plan says: its sends, and the last day that it plans.

    ``within`` and ``checked`` count the seats whose true balance lay within what the
    ledger had worked out, and those of which it had worked out anything.
    """

    sends: Sequence[Task]
    until: dt.date
    within: int = 0
    checked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Triaged:
    """What triage makes of failures: cause by lead id, what to send, seats on hold."""

    causes: Mapping[str, str]
    sends: Sequence[Task]
    held: Mapping[str, dt.date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What a team does: each of these is given the day on which it does it.

    ``plan`` takes the list and the inventory, ``record`` takes outcomes as files tell
    them (`planner.schemas.OUTCOMES`), ``triage`` the failures among them, the inventory,
    and today's balances, of which it may read those that it asks for.
    """

    plan: Callable[[LeadTable, tuple[Seat, ...], dt.date], Planned]
    record: Callable[[pd.DataFrame, dt.date], None]
    triage: Callable[[pd.DataFrame, tuple[Seat, ...], Mapping[str, int], dt.date], Triaged]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """What the weeks start from, and who arrives.

    Parameters
    ----------
    start : datetime.date
        First day; weeks after the first begin on Mondays.
    fates_of : callable
        Gives the fate of each lead of a table, by lead id.
    arriving : callable
        Gives the new leads of a week (1 is the second), from the sends planned so far
        in the week before.
    """

    start: dt.date
    num_weeks: int
    table: LeadTable
    fates_of: Callable[[pd.DataFrame], Mapping[str, Fate]]
    arriving: Callable[[int, int], pd.DataFrame]
    progress: Callable[[int], None]


@dataclass(slots=True, kw_only=True, eq=False)
class Played:
    """Weeks as they went: everything true afterwards, and what was made of failures.

    ``named`` maps each failed InMail (lead id and time) to the cause that triage named.
    ``within`` and ``checked`` are the sums of those of `Planned`.
    """

    after: Field
    num_weeks: int
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    within: int = 0
    checked: int = 0
    num_arrived: int = 0


def play(setting: Setting, now: Field, steps: Steps) -> Played:
    """Let the weeks go by.

    Parameters
    ----------
    now : Field
        On the first morning; it is changed.
    """
    game = _Game(setting=setting, now=now, steps=steps, table=setting.table)
    for week in range(setting.num_weeks):
        setting.progress(week)
        game.one_week(week)
    return game.played


@dataclass(slots=True, kw_only=True, eq=False)
class _Game:
    """The weeks so far."""

    setting: Setting
    now: Field
    steps: Steps
    table: LeadTable
    played: Played = field(init=False)
    _seats: tuple[Seat, ...] = ()
    _until: dt.date = dt.date.min
    _told: tuple[int, int, int] = (0, 0, 0)
    _triaged: int = 0
    _num_planned: int = 0

    def __post_init__(self) -> None:
        """Meet the leads of the list."""
        self.played = Played(after=self.now, num_weeks=self.setting.num_weeks)
        self.now.fates.update(self.setting.fates_of(self.table.leads))

    def one_week(self, week: int) -> None:
        """Live the days from a Monday (at first: the start) to the Sunday."""
        start = self.setting.start
        first = start if not week else monday(start) + week * ONE_WEEK
        end = monday(start) + (week + 1) * ONE_WEEK
        for day in (first + k * ONE_DAY for k in range((end - first).days)):
            self.now.morning(day)
            if day == first:
                self._arrive(week)
                self._plan(day)
            elif day.weekday() == TRIAGE_DAY:
                self._record(day)
                self._triage(day)
            self.now.live(day)

    def _arrive(self, week: int) -> None:
        if not week:
            return
        new = self.setting.arriving(week, self._num_planned)
        self.played.num_arrived += len(new)
        self.now.fates.update(self.setting.fates_of(new))
        self.table = joined(self.table, new)

    def _plan(self, day: dt.date) -> None:
        self._record(day)
        self._num_planned = 0
        if day <= self._until:
            return  # that week is planned already: nobody worked in the one before
        self._seats = inventory(self.now, day)
        planned = self.steps.plan(self.table, self._seats, day)
        self.now.enqueue(planned.sends)
        self._num_planned, self._until = len(planned.sends), planned.until
        self.played.within += planned.within
        self.played.checked += planned.checked

    def _record(self, day: dt.date) -> None:
        """Record what happened since the last time."""
        now, (attempts, answers, canceled) = self.now, self._told
        self._told = (len(now.attempts), len(now.answers), len(now.canceled))
        skipped = str(OutcomeKind.SKIPPED)
        lines = [
            *(_attempted(one) for one in now.attempts[attempts:]),
            *(
                _line(one.lead_id, one.seat_id, str(one.kind), one.at)
                for one in now.answers[answers:]
            ),
            *(
                _line(one.lead_id, one.seat_id, skipped, str(on), one.route)
                for on, one in now.canceled[canceled:]
            ),
        ]  # fmt: skip
        if lines:
            self.steps.record(told(lines), day)

    def _triage(self, day: dt.date) -> None:
        """Sort the failed InMails since the last time, and start again what can be."""
        failed = [
            one for one in self.now.attempts[self._triaged :]
            if one.cause and one.task.route in INMAILS
        ]  # fmt: skip
        self._triaged = len(self.now.attempts)
        if not failed:
            return
        lines = told([_attempted(one) for one in failed])
        credits = {name: book.credits for name, book in self.now.books.items()}
        found = self.steps.triage(lines, self._seats, credits, day)
        for one in failed:
            named = found.causes.get(one.task.lead_id)
            if named is not None:
                self.played.named[one.task.lead_id, one.at] = named
        self.now.hold(found.held)
        self.now.enqueue(found.sends)


def _attempted(one: Attempt) -> dict[str, object]:
    kind = OutcomeKind.FAILED if one.cause else OutcomeKind.SENT
    line = _line(one.task.lead_id, one.task.seat_id, str(kind), one.at, one.task.route)
    return {**line, "error_text": _TEXTS.get(one.cause, "")}


def _line(
    lead_id: str, seat_id: str, kind: str, at: str, route: str = ""
) -> dict[str, object]:
    return {
        "lead_id": lead_id, "seat": seat_id, "kind": kind, "happened_on": at,
        "route": route,
    }  # fmt: skip


def told(lines: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return lines of outcomes as a table of `planner.schemas.OUTCOMES`.

    What a line does not say is blank or unknown; whether a send used a credit is not in
    GetSales' exports.
    """
    frame = pd.DataFrame(lines)
    count = len(frame)
    columns: dict[str, object] = {}
    for column in schemas.OUTCOMES:
        if column.name in frame:
            columns[column.name] = frame[column.name]
        elif column.kind == "text":
            columns[column.name] = pd.Series("", index=frame.index, dtype="str")
        else:
            unknown = 0 if column.name == "degree" else -1
            columns[column.name] = np.full(count, unknown, dtype=np.int64)
    columns["source_row"] = np.arange(2, count + 2)
    return pd.DataFrame(columns)
