"""Failed InMails with all that the ledger knows around them, for triage; and its update."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.dates import ONE_DAY, ONE_WEEK, VELOCITY_WEEKS, monday
from planner.domain import (
    EventKind,
    Flag,
    NextStep,
    OutcomeKind,
    Route,
    Seat,
    SeatDay,
    SeatHistory,
)
from planner.errors import Issue, Severity
from planner.intake import identity
from planner.ledger import balance as book_balance
from planner.ledger import columns, doubts, pace, people, triages
from planner.ledger import outcomes as book
from planner.ledger.store import append, append_entry, secret_key
from planner.ledger.tables import (
    ASSIGNMENTS,
    BALANCES,
    SEAT_HOLDS,
    TRIAGES,
)
from planner.ledger.touches import View, reached, touches
from planner.params import Parameters
from planner.schemas import names
from planner.triage.records import (
    FAILURES,
    Balance,
    SeatRecord,
    SeatState,
    SentInMail,
    Triage,
)

_INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
#: Days around today in which people of a company are contacted one after the other.
_NEAR = 6 * ONE_DAY
#: Days behind the first failure from which sends tell the pace of a seat.
_PACE_DAYS = 70
_SENT_STEPS = tuple(
    str(step) for step in (NextStep.RESTART, NextStep.CONNECTION_REQUEST, NextStep.MESSAGE)
)
_COPIED = (
    "linkedin_url", "sales_navigator_id", "getsales_uuid", "email", "first_name",
    "last_name", "title", "company", "source_file", "source_row", "premium_flag",
    "inmail_flag", "degree", "error_text",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Failed:
    """Failed InMails as triage takes them, and whom and what each of them is about.

    ``failures`` follow `planner.triage.records.FAILURES`; ``person``, ``assignment`` and
    ``outcome`` (a line of what was read) go with its rows.
    """

    failures: pd.DataFrame
    person: np.ndarray
    assignment: np.ndarray
    outcome: np.ndarray
    issues: tuple[Issue, ...]


def digest(told: pd.DataFrame, seats: Sequence[Seat], parameters: Parameters) -> str:
    """Return what two triages of the same files, inventory and parameters share.

    Credits that the inventory does not state come from the ledger, which the first of
    the two may have changed: they do not count.
    """
    columns = [name for name in told.columns if name not in ("source_file", "source_row")]
    lines = sorted(told[columns].astype(str).itertuples(index=False, name=None))
    stated = [
        seat
        if "credits" in seat.stated
        else replace(seat, credits=0, credits_as_of=dt.date.min)
        for seat in seats
    ]
    text = repr((lines, sorted(map(repr, stated)), sorted(parameters.as_dict().items())))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- failures ---------------------------------------------------------------------


def read(
    connection: Connection,
    told: pd.DataFrame,
    seat_names: Mapping[str, str],
    view: View,
    parameters: Parameters,
) -> Failed:
    """Return the failed InMails among outcomes, with what is known of their leads.

    Failures of other routes, those that an earlier triage has dealt with, and those of
    leads who were contacted or planned since, are left out and reported.
    """
    failed = told[told["kind"] == str(OutcomeKind.FAILED)].reset_index()
    seat = book.seat_ids(failed, seat_names)
    gone = people.forgotten(connection, secret_key(connection), book.identities_of(failed))
    stays = ~np.isin(np.arange(len(failed)), gone)
    failed, seat = failed[stays].reset_index(drop=True), seat[stays]
    lines = book.matched(connection, failed, seat, view)
    every = touches(connection, view, join="JOIN matched m ON m.person = a.person")
    of_inmail = lines["route"].isin([*_INMAILS, "inmail", ""]).to_numpy()
    is_dated = (failed["happened_on"] != "").to_numpy()
    done = _dealt_with(connection, lines, is_dated, view)
    since = _contacted_since(lines, every)
    issues = [
        *_left_out(failed[~of_inmail], "not-an-inmail", (
            "this failure is not of an InMail: triage leaves it out"
        )),
        *_left_out(failed[of_inmail & done & is_dated], "triaged-before", (
            "an earlier triage has dealt with this failure: it is left as it is"
        )),
        *_left_out(failed[of_inmail & done & ~is_dated], "triaged-before", (
            "an earlier triage has dealt with a failure of this lead, and this row has no "
            "date: it is left as it is; if the lead failed again, give the date"
        )),
        *_left_out(failed[of_inmail & ~done & since], "contacted-since", (
            "the lead was planned again or contacted after this failure: nothing is left "
            "to do about it"
        )),
    ]  # fmt: skip
    kept = np.flatnonzero(of_inmail & ~done & ~since)
    failed, lines = failed.iloc[kept].reset_index(drop=True), lines.iloc[kept]
    lines = lines.reset_index(drop=True)
    planned = _planned(connection, lines)
    facts = _facts(connection, lines, every, view)
    failures = pd.DataFrame({name: failed[name] for name in _COPIED})
    failures["lead_id"] = _lead_ids(failed)
    failures["seat_id"] = lines["seat_id"].to_numpy()
    stated = failed["happened_on"].to_numpy(dtype=object)
    # An InMail that failed before today was not sent later, whatever was planned.
    today = view.as_of.isoformat()
    planned_on = planned["send_on"].where(planned["send_on"] < today, "").to_numpy()
    planned_on = np.where(planned["send_on"] >= today, today, planned_on)
    failures["failed_on"] = np.where(stated != "", stated, planned_on)
    inmail = lines["route"].where(lines["route"].isin(_INMAILS), str(Route.PAID_INMAIL))
    failures["route"] = inmail.to_numpy()
    flag = failed["open_flag"].to_numpy()
    failures["open_flag"] = np.where(flag != Flag.UNKNOWN, flag, planned["open_flag"])
    for name in ("send_on", "credit_probability", "priority", "owner", "company_key"):
        failures[name] = planned[name].to_numpy()
    failures["group"] = planned["group_name"].to_numpy()
    failures["degree_seat"] = lines["seat_id"].to_numpy()
    failures = failures.join(facts)
    failures = failures.join(
        _companies(connection, lines["person"], planned["company_key"], view, parameters)
    )
    return Failed(
        failures=_typed(failures),
        person=lines["person"].to_numpy(),
        assignment=lines["assignment"].to_numpy(),
        outcome=failed["index"].to_numpy(),
        issues=tuple(issues),
    )


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {"text": "str", "number": "float64", "integer": "int64", "flag": "int8"}
    typed = {column.name: kinds[column.kind] for column in FAILURES}
    return frame[names(FAILURES)].astype(typed)


def _left_out(rows: pd.DataFrame, code: str, message: str) -> list[Issue]:
    return [
        Issue(code=code, message=message, severity=Severity.NOTE, file=str(f), row=int(r))
        for f, r in zip(rows["source_file"], rows["source_row"], strict=True)
    ]


def _dealt_with(
    connection: Connection, lines: pd.DataFrame, is_dated: np.ndarray, view: View
) -> np.ndarray:
    """Return which failures an earlier triage has dealt with.

    One that nobody had planned is known by its day, or by its person if it has none.
    """
    found = connection.execute(
        sa.select(TRIAGES.c.person, TRIAGES.c.assignment, TRIAGES.c.failed_on).where(
            triages.in_force(TRIAGES, view.upto)
        )
    ).all()
    planned = {(p, a) for p, a, _ in found if a}
    unplanned = {(p, str(on)[:10]) for p, a, on in found if not a}
    persons = {p for p, _ in unplanned}
    return np.array(
        [
            (p, a) in planned
            if a
            else (p, str(on)[:10]) in unplanned or (p in persons and not dated)
            for p, a, on, dated in zip(
                lines["person"], lines["assignment"], lines["happened_on"], is_dated,
                strict=True,
            )
        ],
        dtype=bool,
    )  # fmt: skip


def _contacted_since(lines: pd.DataFrame, every: pd.DataFrame) -> np.ndarray:
    """Return which failures stand before a later send to their lead, made or planned."""
    sends: dict[int, list[tuple[int, str]]] = {}
    later = reached(every)
    for person, entry, on in zip(
        later["person"], later["entry"], later["date"], strict=True
    ):
        sends.setdefault(int(person), []).append((int(entry), str(on)))
    return np.array(
        [
            any(
                entry > assignment and on >= str(failed_on)[:10]
                for entry, on in sends.get(int(person), ())
            )
            for person, assignment, failed_on in zip(
                lines["person"], lines["assignment"], lines["happened_on"], strict=True
            )
        ],
        dtype=bool,
    )


def _planned(connection: Connection, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the assignment of each line; blanks where there is none."""
    keys = [
        (int(p), int(a))
        for p, a in zip(lines["person"], lines["assignment"], strict=True)
        if a
    ]
    people.load(connection, "failing", "person INTEGER, entry INTEGER", keys)
    found = connection.exec_driver_sql(
        "SELECT a.* FROM failing f JOIN assignments a "
        "ON a.person = f.person AND a.entry = f.entry"
    )
    by_key = {(row.person, row.entry): row for row in found}
    blank = {
        "send_on": "", "open_flag": int(Flag.UNKNOWN), "credit_probability": np.nan,
        "priority": np.nan, "owner": "", "group_name": "", "company_key": "",
    }  # fmt: skip
    rows = []
    for p, a in zip(lines["person"], lines["assignment"], strict=True):
        row = by_key.get((int(p), int(a)))
        rows.append(blank if row is None else {name: getattr(row, name) for name in blank})
    return pd.DataFrame(rows, columns=list(blank))


def _facts(
    connection: Connection, lines: pd.DataFrame, every: pd.DataFrame, view: View
) -> pd.DataFrame:
    """Return what else happened to the lead of each line; ``every`` are their touches."""
    triaged = connection.exec_driver_sql(
        "SELECT t.person, COUNT(*) FROM triages t JOIN matched m ON m.person = t.person "
        f"WHERE t.entry < {int(view.upto)} AND t.entry NOT IN (SELECT voided FROM voids "
        f"WHERE entry < {int(view.upto)}) GROUP BY t.person"
    )
    # Whoever failed before and fails now was tried again, by triage or by a plan.
    num_restarts = {int(person): int(count) for person, count in triaged}
    by_person = {int(str(p)): own for p, own in every.groupby("person")}
    columns = ["inmail_on", "inmail_seat", "accepted_by", "replied_on", "num_restarts"]
    rows = []
    for person, assignment in zip(lines["person"], lines["assignment"], strict=True):
        own = by_person.get(int(person), every.iloc[:0])
        went = own[own["route"].isin(_INMAILS) & own["happened"]]
        went = went[went["entry"] != assignment].sort_values("date").tail(1)
        accepted = own[own["accepted"] != ""].tail(1)
        rows.append(
            {
                "inmail_on": _first(went["date"]), "inmail_seat": _first(went["seat_id"]),
                "accepted_by": _first(accepted["seat_id"]),
                "replied_on": str(own["replied"].max()) if len(own) else "",
                "num_restarts": num_restarts.get(int(person), 0),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _companies(
    connection: Connection,
    person: pd.Series,
    company: pd.Series,
    view: View,
    parameters: Parameters,
) -> pd.DataFrame:
    """Return the seat of each line's company, and its other people contacted lately."""
    keys = [(str(key),) for key in pd.unique(company) if key != ""]
    people.load(connection, "companies", "company_key TEXT PRIMARY KEY", keys)
    near = (view.as_of - _NEAR, view.as_of + _NEAR)
    oldest = min(view.as_of - dt.timedelta(days=parameters.company_seat_days), near[0])
    found = reached(
        touches(
            connection, view, join="JOIN companies c ON c.company_key = a.company_key",
            where=f"AND a.send_on >= '{oldest.isoformat()}'",
        )
    )  # fmt: skip
    found = found.sort_values(["date", "entry", "person"])
    bound = found[found["seat_id"] != ""].drop_duplicates("company_key", keep="last")
    seats = dict(zip(bound["company_key"], bound["seat_id"], strict=True))
    if not parameters.company_seat_days:
        seats = {}
    lately = found["date"].between(near[0].isoformat(), near[1].isoformat())
    contacted = {
        str(key): set(own) for key, own in found[lately].groupby("company_key")["person"]
    }
    rows = [
        (seats.get(key, ""), len(contacted.get(key, set()) - {who}))
        for who, key in zip(person, company, strict=True)
    ]
    return pd.DataFrame(rows, columns=["company_seat", "company_near"])


def _first(values: pd.Series) -> str:
    return str(values.iloc[0]) if len(values) else ""


def _lead_ids(failed: pd.DataFrame) -> list[str]:
    """Return the lead id of each line: the file's own, else that of its best key."""
    kinds = {
        "slug": "slug", "member": "member_id", "hash": "sales_navigator_id",
        "uuid": "getsales_uuid", "email": "email",
    }  # fmt: skip
    ids = []
    for line in failed.to_dict("records"):
        known = [
            identity.lead_id(kind, str(line[kinds[kind]]))
            for kind in identity.LEAD_ID_ORDER
            if line[kinds[kind]]
        ]
        if not known and line["profile_id"]:
            known = [identity.lead_id("hash", str(line["profile_id"]))]
        ids.append(str(line["lead_id"]) or (known[0] if known else ""))
    return ids


# --- seats ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Seats as inventory and ledger know them, and the days on which they send.

    ``days`` are by seat: those of this week, or of the next if none is left.
    """

    seats: Sequence[Seat]
    histories: Mapping[str, SeatHistory]
    days: Mapping[str, Sequence[SeatDay]]


def seat_records(
    connection: Connection,
    inventory: Inventory,
    failed: Failed,
    view: View,
    parameters: Parameters,
) -> dict[str, SeatRecord]:
    """Return every seat with what happened on it and what it has room for.

    A planned InMail without an outcome is taken for sent, but not for certain: had it
    failed, it should be among the failures. Where later sends of its seat are recorded,
    it is missing among them, and says nothing.
    """
    failed_on = sorted({str(on)[:10] for on in failed.failures["failed_on"] if on})
    first = dt.date.fromisoformat(failed_on[0]) if failed_on else view.as_of
    since = (min(first, view.as_of) - dt.timedelta(days=_PACE_DAYS)).isoformat()
    frame = touches(connection, view, where=f"AND a.send_on >= '{since}'")
    sent = _sent(frame, view.as_of)
    today = view.as_of.isoformat()
    failed_today = frame["undone"] & (frame["failed"] >= today)
    ahead = frame[(frame["date"] >= today) | failed_today]
    by_seat = {str(seat_id): own for seat_id, own in ahead.groupby("seat_id")}
    records = {}
    for seat in inventory.seats:
        name = seat.seat_id
        history = inventory.histories.get(name, SeatHistory(seat_id=name))
        rooms = _Rooms(
            seat=seat, history=history, as_of=view.as_of, parameters=parameters,
            ahead=by_seat.get(name, ahead.iloc[:0]),
        )  # fmt: skip
        days = rooms.days(inventory.days.get(name, ()))
        now, after = rooms.credits()
        records[name] = SeatRecord(
            seat=seat,
            sent=tuple(sent.get(name, ())),
            balances=_balances(rooms, failed_on),
            spare_credits=now,
            spare_inmails=rooms.inmails(days),
            spare_requests=rooms.requests(days),
            spare_after_reset=after,
            days=days,
            is_pace_known=_is_pace_known(seat, history, view.as_of, parameters),
        )
    return records


def _is_pace_known(
    seat: Seat, history: SeatHistory, as_of: dt.date, parameters: Parameters
) -> bool:
    """Return whether anybody knows what a seat sent in the last four weeks."""
    if pace.INMAILS in seat.stated and seat.inmails_last_28_days is not None:
        return True
    return pace.recent(history, pace.INMAILS, as_of, parameters).known is not None


def _sent(frame: pd.DataFrame, as_of: dt.date) -> dict[str, list[SentInMail]]:
    """Return the InMails that went out, as far as the ledger can tell, by seat."""
    frame = reached(frame)
    inmails = frame[frame["route"].isin(_INMAILS)]
    told: dict[str, str] = {}
    for seat_id, on, sent_on in zip(
        inmails["seat_id"], inmails["date"], inmails["sent"], strict=True
    ):
        if sent_on:
            told[seat_id] = max(told.get(seat_id, ""), on)
    last_told = np.array([told.get(one, "") for one in inmails["seat_id"]], dtype=object)
    presumed = (inmails["date"] < as_of.isoformat()) & (inmails["date"] > last_told)
    past = inmails[inmails["happened"] | presumed]
    use = past["credit_probability"].where(past["credit_used"] < 0, past["credit_used"])
    when = past["sent"].where(past["sent"] != "", past["date"])
    sent: dict[str, list[SentInMail]] = {}
    for seat_id, on, probability, certain in zip(
        past["seat_id"], when, use, past["happened"], strict=True
    ):
        one = SentInMail(
            happened_on=str(on),
            credit_probability=float(probability),
            is_certain=bool(certain),
        )
        sent.setdefault(str(seat_id), []).append(one)
    return sent


def _balances(rooms: _Rooms, failed_on: Sequence[str]) -> tuple[Balance, ...]:
    """Return the balances of a seat: those seen, and the book's on days of failures."""
    balances = [
        Balance(
            happened_on=event.happened_on, expected=event.credits, low=event.credits,
            high=event.credits, is_seen=not event.is_assumed,
        )
        for event in rooms.history.events
        if event.kind is EventKind.SEEN
    ]  # fmt: skip
    for day in failed_on:
        found = rooms.balance(dt.date.fromisoformat(day))
        if found is not None:
            balances.append(
                Balance(
                    happened_on=day, expected=found.expected, low=float(found.at_least),
                    high=float(found.at_most), is_seen=False,
                )
            )  # fmt: skip
    return tuple(balances)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rooms:
    """What limits, credits and plans leave of one seat.

    ``ahead`` are its sends from today on: planned, made, or failed today.
    """

    seat: Seat
    history: SeatHistory
    as_of: dt.date
    parameters: Parameters
    ahead: pd.DataFrame

    def balance(self, day: dt.date) -> book_balance.Balance | None:
        """Return the book's balance at the start of a day, if it is known."""
        terms = book_balance.credit_terms(self.seat, self.parameters)
        alpha = self.parameters.alpha
        return book_balance.fold(self.history.events, terms, day, alpha=alpha)

    def credits(self) -> tuple[int, int]:
        """Return the credits to spare before and after the next grant."""
        now = self.balance(self.as_of)
        if now is None:
            return 0, 0
        reset = now.next_reset.isoformat()
        before = self._used(self.ahead[self.ahead["date"] < reset])
        left = now.at_least - before
        after = self.balance(now.next_reset)  # the grant is in, what lapses is out
        granted = 0 if after is None else after.at_least
        later = self._used(self.ahead[self.ahead["date"] >= reset])
        reserve = self.seat.reserve
        return max(0, left - reserve), max(0, granted - before - later - reserve)

    def _used(self, sends: pd.DataFrame) -> int:
        """Return the credits that sends need, at the confidence of the plan."""
        inmails = sends[sends["route"].isin(_INMAILS)]
        inmails = inmails[~inmails["undone"] | (inmails["failed"] != "")]
        use = inmails["credit_probability"].to_numpy(dtype=float)
        burned = inmails["undone"].to_numpy(dtype=bool)
        use = np.where(burned, use * self.parameters.failed_send_credit_loss, use)
        told = inmails["credit_used"].to_numpy(dtype=float)
        use = np.where(told >= 0, told, use)
        mass = book_balance.uses(use.tolist())
        return book_balance.most_used(mass, self.parameters.alpha)

    def days(self, days: Sequence[SeatDay]) -> tuple[SeatDay, ...]:
        """Return the days with what is left of each."""
        sends = reached(self.ahead)
        counts = sends.groupby(["date", "route"]).size().to_dict()

        def left(day: SeatDay) -> SeatDay:
            on = day.date.isoformat()
            free, paid = (counts.get((on, route), 0) for route in _INMAILS)
            requests = counts.get((on, str(Route.CONNECTION_REQUEST)), 0)
            return SeatDay(
                date=day.date,
                max_inmails=max(0, day.max_inmails - free - paid),
                max_open_inmails=max(0, day.max_open_inmails - free),
                max_paid_inmails=max(0, day.max_paid_inmails - paid),
                max_connection_requests=max(0, day.max_connection_requests - requests),
            )

        return tuple(left(day) for day in days)

    def inmails(self, days: Sequence[SeatDay]) -> int:
        """Return the InMails that velocity leaves in the week of these days."""
        if not days:
            return 0
        week = monday(days[0].date)
        first = self.as_of - dt.timedelta(weeks=VELOCITY_WEEKS)
        past = {day.date: day.open_inmails + day.paid_inmails for day in self.history.days}
        counts = sum(number for day, number in past.items() if day >= first)
        stated = self.seat.inmails_last_28_days
        if stated is not None:
            # After a hold, only a share of the pace of before counts: no more than that.
            is_held = self.history.held_until is not None
            counts = stated if is_held else max(counts, stated)
        mean = counts / VELOCITY_WEEKS
        limit = self.parameters.velocity_growth * mean + self.parameters.velocity_floor
        this_week = sum(number for day, number in past.items() if day >= week)
        sends = reached(self.ahead)
        end = (week + ONE_WEEK).isoformat()
        sends = sends[sends["route"].isin(_INMAILS) & (sends["date"] < end)]
        this_week += int((sends["date"] >= week.isoformat()).sum())
        return max(0, min(sum(day.max_inmails for day in days), int(limit) - this_week))

    def requests(self, days: Sequence[SeatDay]) -> int:
        """Return the connection requests that the limits leave in these days."""
        first = self.as_of - _NEAR
        recent = sum(
            day.connection_requests for day in self.history.days if day.date >= first
        )
        recent = max(recent, self.seat.connection_requests_last_7_days)
        pending = max(
            self.history.pending_connection_requests, self.seat.pending_connection_requests
        )
        sends = reached(self.ahead)
        sends = sends[sends["route"] == str(Route.CONNECTION_REQUEST)]
        last = (self.as_of + ONE_WEEK).isoformat()
        planned = int((sends["date"] < last).sum())
        week = self.seat.max_connection_requests_per_week - recent - planned
        waiting = self.parameters.max_pending_connection_requests - pending - planned
        by_day = sum(day.max_connection_requests for day in days)
        return max(0, min(by_day, week, waiting))


# --- the ledger's own update ------------------------------------------------------


def apply(
    connection: Connection,
    told: pd.DataFrame,
    failed: Failed,
    triage: Triage,
    *,
    as_of: dt.date,
    digest: str,
) -> int:
    """Append what triage decided: causes, restarts, seats on hold, balances to assume.

    A lead that waits for a balance to be read stays open: the next triage judges it anew.
    """
    entry = append_entry(connection, "triage", as_of=as_of, digest=digest)
    person = _registered(connection, entry, told, failed)
    findings = triage.findings
    rows = pd.DataFrame({"person": person, "assignment": failed.assignment})
    rows["latest"] = findings["is_latest"].to_numpy()
    rows["at"] = np.arange(len(rows))
    # A person is judged once, by the last failure.
    chosen = rows.sort_values(["latest", "at"]).drop_duplicates("person", keep="last")
    unread = {one.seat_id for one in triage.verdicts if one.state is SeatState.STOPPED}
    lines, planned = [], []
    for at, who, was in zip(
        chosen["at"], chosen["person"], chosen["assignment"], strict=True
    ):
        found = {str(k): v for k, v in findings.iloc[int(at)].to_dict().items()}
        if found["seat_id"] in unread and found["next_step"] == str(NextStep.WAIT):
            continue
        lines.append(
            {
                "entry": entry, "person": int(who), "seat_id": str(found["seat_id"]),
                "failed_on": str(found["failed_on"]), "cause": str(found["cause"]),
                "probability": float(found["cause_probability"]),
                "step": str(found["next_step"]), "assignment": int(was),
            }
        )  # fmt: skip
        if found["next_step"] in _SENT_STEPS:
            planned.append(_assignment(connection, entry, int(who), int(was), found))
    append(connection, TRIAGES, lines)
    append(connection, ASSIGNMENTS, planned)
    _append_verdicts(connection, entry, triage, as_of)
    doubts.keep(connection, entry, triage.verdicts, as_of)
    columns.keep(connection, entry)
    return entry


def _registered(
    connection: Connection, entry: int, told: pd.DataFrame, failed: Failed
) -> np.ndarray:
    """Return the person of each failure; those whom no run planned are made known."""
    person = failed.person.copy()
    strangers = np.flatnonzero(person < 0)
    if len(strangers):
        keys = book.identities_of(told.reset_index(drop=True))
        own = people.only(keys, failed.outcome[strangers])
        group = people.same_person(own, len(strangers))
        made = people.register(
            connection, entry, people.grouped(own, group), int(group.max()) + 1
        )
        person[strangers] = made[group]
    return person


def _assignment(
    connection: Connection, entry: int, person: int, was: int, found: Mapping[str, Any]
) -> dict[str, object]:
    """Return the planned send of a lead that goes on: its old one, on the new path."""
    before = connection.execute(
        sa.select(ASSIGNMENTS).where(
            ASSIGNMENTS.c.entry == was, ASSIGNMENTS.c.person == person
        )
    ).first()
    route = str(found["next_route"])
    known = found["credit_probability"]
    uses = route in _INMAILS
    return {
        "entry": entry,
        "person": person,
        "seat_id": str(found["next_seat"]),
        "route": route,
        "send_on": str(found["next_on"]),
        "company_key": str(found["company_key"]),
        "segment": "" if before is None else before.segment,
        "open_flag": int(found["open_flag"]),
        "open_probability": 0.0 if before is None else before.open_probability,
        "credit_probability": (1.0 if pd.isna(known) else float(known)) if uses else 0.0,
        "expected_replies": 0.0 if before is None else before.expected_replies,
        "owner": str(found["owner"]),
        "group_name": str(found["group"]),
        "priority": None if pd.isna(found["priority"]) else float(found["priority"]),
    }


def _append_verdicts(
    connection: Connection, entry: int, triage: Triage, as_of: dt.date
) -> None:
    # What somebody read today needs no assumption.
    found = connection.execute(
        sa.select(BALANCES.c.seat_id, BALANCES.c.credits).where(
            BALANCES.c.happened_on.startswith(as_of.isoformat()),
            BALANCES.c.source != triages.ASSUMED,
        )
    )
    seen = {(str(seat_id), int(credits)) for seat_id, credits in found}
    append(
        connection, SEAT_HOLDS,
        [
            {
                "entry": entry, "seat_id": one.seat_id, "from_date": as_of.isoformat(),
                "until_date": one.held_until, "pace_factor": one.pace_factor,
            }
            for one in triage.verdicts
            if one.held_until
        ],
    )  # fmt: skip
    append(
        connection, BALANCES,
        [
            {
                "entry": entry, "seat_id": one.seat_id, "happened_on": as_of.isoformat(),
                "credits": one.assumed_credits, "source": triages.ASSUMED,
            }
            for one in triage.verdicts
            if one.assumed_credits is not None
            and (one.seat_id, one.assumed_credits) not in seen
        ],
    )  # fmt: skip
