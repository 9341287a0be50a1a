"""Outcomes from files, matched to what was planned, into the ledger.

The same file twice changes nothing: an outcome that the ledger has is not appended
again. What a person's outcome belongs to is that person's planned send of the same seat
and route, the last one planned up to that day; an outcome of a send that nobody planned
is kept all the same, because the person was contacted.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.dates import ONE_DAY
from planner.domain import Identities, OutcomeKind, Route
from planner.errors import Issue, Severity, did_you_mean
from planner.ledger import columns, people, triages
from planner.ledger.store import append, append_entry, head, secret_key
from planner.ledger.tables import BALANCES, ENTRIES, OUTCOMES
from planner.ledger.touches import View, touches

#: Kinds of which a planned send can have one each.
_ONCE = (
    str(OutcomeKind.SENT), str(OutcomeKind.FAILED), str(OutcomeKind.SKIPPED),
    str(OutcomeKind.REPLIED), str(OutcomeKind.ACCEPTED),
)  # fmt: skip
#: Kinds that prove that a person was contacted, planned or not.
_PROOFS = (
    str(OutcomeKind.SENT), str(OutcomeKind.REPLIED), str(OutcomeKind.ACCEPTED)
)  # fmt: skip
#: Columns of `planner.schemas.OUTCOMES` that people are recognised by.
SPACES = {
    "slug": "slug", "sales_navigator_id": "hash", "profile_id": "hash",
    "member_id": "member", "getsales_uuid": "uuid", "email": "email", "lead_id": "lead",
}  # fmt: skip
_INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
_YEAR = dt.timedelta(days=366)
_UNDONE = (str(OutcomeKind.FAILED), str(OutcomeKind.SKIPPED))
_ANSWERS_OF = {
    str(OutcomeKind.ACCEPTED): (str(Route.CONNECTION_REQUEST),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What recording did: new and known lines, by kind, and the findings.

    ``entry`` is 0 where there was nothing new.
    """

    entry: int
    new: Mapping[str, int]
    known: Mapping[str, int]
    issues: tuple[Issue, ...]


def record(
    connection: Connection,
    outcomes: pd.DataFrame,
    seat_names: Mapping[str, str],
    *,
    as_of: dt.date,
) -> Recorded:
    """Append outcomes that the ledger does not have yet.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        Follows `planner.schemas.OUTCOMES`.
    seat_names : mapping of str to str
        Id of each seat by its folded id, sender name and sender UUID.
    as_of : datetime.date
        Day on which the outcomes are known; an answer without a date counts as of it.
    """
    issues: list[Issue] = []
    outcomes = outcomes.reset_index(drop=True)
    seat = seat_ids(outcomes, seat_names)
    is_unknown = (outcomes["seat"].to_numpy() != "") & (seat == "")
    issues += _unknown_seats(outcomes, is_unknown, seat_names)
    is_balance = outcomes["kind"].to_numpy() == str(OutcomeKind.BALANCE_SEEN)
    new: dict[str, int] = defaultdict(int)
    known: dict[str, int] = defaultdict(int)
    balances, more = _balances(connection, outcomes[is_balance], seat[is_balance], as_of)
    issues += more
    kind = str(OutcomeKind.BALANCE_SEEN)
    new[kind] += len(balances)
    known[kind] += int(is_balance.sum()) - len(balances) - len(more)
    personal = outcomes[~is_balance].reset_index(drop=True)
    of_person, apart = seat[~is_balance], is_unknown[~is_balance]
    gone = people.forgotten(connection, secret_key(connection), identities_of(personal))
    issues += _of_forgotten(personal.iloc[gone])
    stays = ~np.isin(np.arange(len(personal)), gone)
    personal = personal[stays].reset_index(drop=True)
    learned = people.learn(connection, head(connection) + 1, identities_of(personal))
    view = View(as_of=as_of)
    apart = apart[stays]
    lines = matched(connection, personal, of_person[stays], view, apart=apart)
    lines = _grouped(lines, personal)
    issues += _unplanned(personal, lines[~apart])
    issues += _long_ago(connection, personal)
    fresh = _fresh(connection, lines)
    for name, is_new in zip(lines["kind"], fresh, strict=True):
        (new if is_new else known)[str(name)] += 1
    lines = lines[fresh].reset_index(drop=True)
    entry = 0
    if balances or len(lines) or learned:
        told = bool(balances or len(lines))
        entry = append_entry(
            connection, "outcomes" if told else "identities", as_of=as_of,
            digest=_digest(lines, balances),
        )  # fmt: skip
        append(connection, BALANCES, [{"entry": entry, **line} for line in balances])
        _append_lines(connection, entry, lines, personal)
        columns.keep(connection, entry)
    return Recorded(entry=entry, new=dict(new), known=dict(known), issues=tuple(issues))


# --- seats ------------------------------------------------------------------------


def seat_ids(outcomes: pd.DataFrame, seat_names: Mapping[str, str]) -> np.ndarray:
    """Return the seat of each line by its id, blank where it is none that is known."""
    names = [str(name).strip().casefold() for name in outcomes["seat"]]
    return np.array([seat_names.get(name, "") for name in names], dtype=object)


#: Kinds of which somebody of an unknown seat is still told, so that nothing is lost.
_ABOUT_PEOPLE = (*_PROOFS, str(OutcomeKind.FLAG_SEEN))
#: Seats that a message lists.
_MAX_SEATS = 20


def _unknown_seats(
    outcomes: pd.DataFrame, is_unknown: np.ndarray, seat_names: Mapping[str, str]
) -> list[Issue]:
    """Return the rows whose seat no run knows: these belong to no planned send."""
    known = sorted(set(seat_names.values()))
    there_are = ", ".join(known[:_MAX_SEATS]) or "none: no run is recorded"
    if len(known) > _MAX_SEATS:
        there_are += f" and {len(known) - _MAX_SEATS} more"
    issues = {}
    for i in np.flatnonzero(is_unknown):
        place = (str(outcomes["source_file"][i]), int(outcomes["source_row"][i]))
        name = str(outcomes["seat"][i]).strip()
        stays = outcomes["kind"][i] in _ABOUT_PEOPLE
        done = (
            "matched to no planned send, and kept only so that nobody contacts the lead "
            "twice"
            if stays
            else "left out"
        )
        issue = Issue(
            code="unknown-seat",
            message=f"no run knows the seat {name[:40]!r}: {done}; the seats are: "
            f"{there_are}{did_you_mean(name.casefold(), seat_names)}",
            severity=Severity.WARNING if stays else Severity.ERROR,
            file=place[0],
            row=place[1],
        )  # fmt: skip
        if place not in issues or not stays:
            issues[place] = issue
    return list(issues.values())


def _balances(
    connection: Connection, seen: pd.DataFrame, seat: np.ndarray, as_of: dt.date
) -> tuple[list[dict[str, object]], list[Issue]]:
    """Return the balances that are new, and what speaks against the others.

    One that was recorded and corrected since is not new: to record an old file again
    changes nothing.
    """
    told: dict[tuple[str, str], list[int]] = defaultdict(list)
    in_force = BALANCES.select().where(triages.balances_in_force())
    for row in connection.execute(in_force.order_by(BALANCES.c.entry)):
        # What triage assumed is gone once somebody has read a balance.
        told[row.seat_id, row.happened_on].append(
            -1 if row.source == triages.ASSUMED else row.credits
        )
    fresh: dict[tuple[str, str], int] = {}
    issues = []
    for (_, line), seat_id in zip(seen.iterrows(), seat, strict=True):
        key = (str(seat_id), str(line["happened_on"]) or as_of.isoformat())
        if not seat_id:
            continue  # `_unknown_seats` has said so
        credits = int(line["credits"])
        if fresh.get(key, credits) != credits:
            issues.append(
                _of_balance(
                    line, "two-balances",
                    "another row has a different balance of this seat at the same time: "
                    "the first one counts; correct the other",
                    Severity.ERROR,
                )
            )  # fmt: skip
        elif credits in told[key][:-1] and credits != told[key][-1]:
            issues.append(
                _of_balance(
                    line, "corrected-balance",
                    f"{credits} credits of this seat at {key[1]} were recorded before and "
                    f"corrected to {told[key][-1]} since, which stands; if they were right "
                    "after all, record them with a time of day, or a later balance",
                    Severity.WARNING,
                )
            )  # fmt: skip
        else:
            fresh[key] = credits
    return [
        {"seat_id": seat_id, "happened_on": on, "credits": credits}
        for (seat_id, on), credits in fresh.items()
        if [credits] != told[seat_id, on][-1:]
    ], issues


def _of_balance(line: pd.Series, code: str, message: str, severity: Severity) -> Issue:
    return Issue(
        code=code,
        message=message,
        file=str(line["source_file"]),
        row=int(line["source_row"]),
        severity=severity,
    )


# --- people -----------------------------------------------------------------------


def identities_of(outcomes: pd.DataFrame) -> Identities:
    """Return the keys of the person of each line."""
    parts = []
    for column, space in SPACES.items():
        cells = outcomes[column].to_numpy(dtype=object)
        at = np.flatnonzero(cells != "")
        parts.append((at, np.full(len(at), space, dtype=object), cells[at]))
    return Identities(
        lead=np.concatenate([part[0] for part in parts]).astype(np.int64),
        space=np.concatenate([part[1] for part in parts]),
        value=np.concatenate([part[2] for part in parts]),
    )


def _of_forgotten(rows: pd.DataFrame) -> list[Issue]:
    return [
        Issue(
            code="forgotten",
            message="somebody who was forgotten: left out; delete the row",
            severity=Severity.NOTE,
            file=str(file),
            row=int(row),
        )
        for file, row in zip(rows["source_file"], rows["source_row"], strict=True)
    ]


_LINE = (
    "line", "person", "kind", "happened_on", "seat_id", "route", "credit_used",
    "open_flag", "assignment", "is_dated",
)  # fmt: skip


def matched(
    connection: Connection,
    outcomes: pd.DataFrame,
    seat: np.ndarray,
    view: View,
    *,
    apart: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return a ledger line for each outcome; person -1 where the ledger knows nobody.

    Leaves the persons found in the temporary table ``matched``. Outcomes that are
    `apart`, of seats that nobody knows, belong to no planned send.
    """
    found = people.match(connection, identities_of(outcomes))
    rows = [(int(person),) for person in pd.unique(found["person"])]
    people.load(connection, "matched", "person INTEGER PRIMARY KEY", rows)
    planned = touches(connection, view, join="JOIN matched m ON m.person = a.person")
    by_person: dict[int, list[dict[str, object]]] = defaultdict(list)
    for record_ in planned.to_dict("records"):
        planned_send = {str(name): value for name, value in record_.items()}
        by_person[int(str(planned_send["person"]))].append(planned_send)
    persons: dict[int, list[int]] = defaultdict(list)
    for line, person in zip(found["lead"], found["person"], strict=True):
        persons[int(line)].append(int(person))
    lines = []
    for number, row in enumerate(outcomes.to_dict("records")):
        outcome = {str(name): value for name, value in row.items()}
        candidates = [send for person in persons[number] for send in by_person[person]]
        if apart is not None and apart[number]:
            candidates = []
        touch = _touch_of(outcome, str(seat[number]), candidates)
        lines.append(_line(number, outcome, str(seat[number]), touch, persons, view.as_of))
    kinds = dict.fromkeys(("line", "person", "credit_used", "open_flag", "assignment"))
    return pd.DataFrame(lines, columns=list(_LINE)).astype(dict.fromkeys(kinds, "int64"))


def _touch_of(
    outcome: Mapping[str, object], seat_id: str, candidates: Sequence[Mapping[str, object]]
) -> Mapping[str, object] | None:
    """Return the planned send that an outcome belongs to, if any fits.

    Of the same seat if the outcome names one, of a route that can have such an outcome,
    planned for that day or before it if there is one, the latest.
    """
    kind, route = str(outcome["kind"]), str(outcome["route"])
    if kind == str(OutcomeKind.FLAG_SEEN):
        return None
    fits = [t for t in candidates if not seat_id or t["seat_id"] in (seat_id, "")]
    wanted: tuple[str, ...] = _ANSWERS_OF.get(kind, ())
    if route:
        wanted = (route,) if route in set(Route) else _INMAILS
    elif not wanted and int(str(outcome["credit_used"])) >= 0:
        wanted = _INMAILS
    if wanted:
        same = _INMAILS if set(wanted) & set(_INMAILS) else wanted
        fits = [t for t in fits if t["route"] in same]
    named = [t for t in fits if outcome["plan_run"] and t["run"] == outcome["plan_run"]]
    fits = named or fits
    day = str(outcome["happened_on"])[:10]
    if day:
        # Nothing happens before it is planned; a day's grace for zones.
        latest = (dt.date.fromisoformat(day) + ONE_DAY).isoformat()
        fits = [t for t in fits if str(t["planned_on"]) <= latest]
    if not day and kind in _UNDONE:
        # A list of failures without dates still holds those of before: no news.
        fits = [t for t in fits if t["failed"] or t["skipped"]] or fits
    before = [t for t in fits if not day or str(t["send_on"]) <= day]

    def order(touch: Mapping[str, object]) -> tuple[str, int]:
        return str(touch["send_on"]), int(str(touch["entry"]))

    # The last one planned up to that day; if it came early, the next one planned.
    return max(before, key=order) if before else min(fits, key=order, default=None)


def _line(
    number: int,
    outcome: Mapping[str, object],
    seat_id: str,
    touch: Mapping[str, object] | None,
    persons: Mapping[int, Sequence[int]],
    as_of: dt.date,
) -> dict[str, object]:
    kind = str(outcome["kind"])
    happened_on = str(outcome["happened_on"])
    if not happened_on:
        at_send = kind in (str(OutcomeKind.SENT), str(OutcomeKind.FAILED))
        planned = "" if touch is None else str(touch["send_on"])
        # A send without a date was made when it was planned, but not in the future.
        happened_on = min(planned, as_of.isoformat()) if at_send and planned else ""
    route = str(outcome["route"])
    if touch is not None:
        route = str(touch["route"])
    known = persons[number]
    person = int(str(touch["person"])) if touch else known[0] if known else -1
    return {
        "line": number,
        "person": person,
        "kind": kind,
        "happened_on": happened_on or as_of.isoformat(),
        "seat_id": seat_id or ("" if touch is None else str(touch["seat_id"])),
        "route": route,
        "credit_used": outcome["credit_used"],
        "open_flag": outcome["open_flag"],
        "assignment": 0 if touch is None else touch["entry"],
        "is_dated": bool(outcome["happened_on"]),
    }


def _long_ago(connection: Connection, outcomes: pd.DataFrame) -> list[Issue]:
    """Return the sends dated so long before the first run that a year may be wrong."""
    first = connection.scalar(
        sa.select(sa.func.min(ENTRIES.c.as_of)).where(ENTRIES.c.kind == "run")
    )
    if first is None:
        return []
    oldest = (dt.date.fromisoformat(first) - _YEAR).isoformat()
    on = outcomes["happened_on"].astype(str)
    is_old = (outcomes["kind"] == str(OutcomeKind.SENT)) & (on != "") & (on < oldest)
    return [
        Issue(
            code="sent-long-ago",
            message=f"it is dated {day[:10]}, more than a year before the first run "
            f"({first}): recorded all the same; correct the year if it is wrong",
            severity=Severity.WARNING, file=str(file), row=int(row),
        )
        for day, file, row in zip(
            on[is_old], outcomes["source_file"][is_old], outcomes["source_row"][is_old],
            strict=True,
        )
    ]  # fmt: skip


def _unplanned(outcomes: pd.DataFrame, lines: pd.DataFrame) -> list[Issue]:
    """Return the rows that match no assignment, once per row."""
    lost = lines[(lines["assignment"] == 0) & (lines["kind"] != str(OutcomeKind.FLAG_SEEN))]
    issues: dict[tuple[str, int], Issue] = {}
    for number, kind in zip(lost["line"], lost["kind"], strict=True):
        place = (str(outcomes["source_file"][number]), int(outcomes["source_row"][number]))
        kept = kind in _PROOFS
        issues.setdefault(
            place,
            Issue(
                code="no-assignment",
                message=(
                    "no run planned this: "
                    + (
                        "recorded all the same, so that nobody contacts the lead twice"
                        if kept
                        else "left out"
                    )
                ),
                severity=Severity.NOTE if kept else Severity.WARNING,
                file=place[0],
                row=place[1],
            ),
        )
    return list(issues.values())


def _fresh(connection: Connection, lines: pd.DataFrame) -> np.ndarray:
    """Return which lines the ledger does not have yet, each said once."""
    upto = connection.exec_driver_sql(
        "SELECT o.person, o.kind, o.happened_on, o.seat_id, o.open_flag, o.assignment "
        "FROM outcomes o JOIN matched m ON m.person = o.person"
    )
    known = [dict(row._mapping) for row in upto]  # noqa: SLF001 - SQLAlchemy's name
    seen = {_key(line, dated=dated) for line in known for dated in (True, False)}
    fresh = np.zeros(len(lines), dtype=bool)
    for number, record_ in enumerate(lines.to_dict("records")):
        line = {str(name): value for name, value in record_.items()}
        unplanned = line["assignment"] == 0
        if unplanned and line["kind"] not in (*_PROOFS, str(OutcomeKind.FLAG_SEEN)):
            continue
        fresh[number] = _key(line, dated=bool(line["is_dated"])) not in seen
        seen |= {_key(line, dated=dated) for dated in (True, False)}
    return fresh


def _key(line: Mapping[str, object], *, dated: bool) -> tuple[object, ...]:
    """Return what two lines share that say the same.

    A send that nobody planned, and that says no day, is any of those known already.
    """
    if line["assignment"] and line["kind"] in _ONCE:
        return (line["person"], line["kind"], line["assignment"])
    if line["kind"] == str(OutcomeKind.FLAG_SEEN):
        return (line["person"], line["kind"], line["open_flag"], line["happened_on"])
    day = str(line["happened_on"])[:10] if dated else ""
    return (line["person"], line["kind"], line["seat_id"], day)


def _grouped(lines: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with a number below -1 for each person unknown to the ledger."""
    person = lines["person"].to_numpy(copy=True)
    strangers = np.flatnonzero(person < 0)
    rows = lines["line"].to_numpy()[strangers]
    groups = people.same_person(people.only(identities_of(outcomes), rows), len(rows))
    person[strangers] = -2 - groups
    return lines.assign(person=person)


def _append_lines(
    connection: Connection, entry: int, lines: pd.DataFrame, outcomes: pd.DataFrame
) -> None:
    """Append lines; people whom the ledger does not know are registered first."""
    strangers = lines["person"].to_numpy() < 0
    if strangers.any():
        rows = lines.loc[strangers, "line"].to_numpy()
        keys = people.only(identities_of(outcomes), rows)
        person = lines["person"].to_numpy(copy=True)
        first, groups = np.unique(person[strangers], return_inverse=True)
        made = people.register(connection, entry, people.grouped(keys, groups), len(first))
        person[strangers] = made[groups]
        lines = lines.assign(person=person)
    lines = lines.drop(columns="is_dated")
    lines = lines.assign(entry=entry, line=np.arange(len(lines)))
    append(
        connection, OUTCOMES,
        [{str(k): v for k, v in line.items()} for line in lines.to_dict("records")],
    )  # fmt: skip


def _digest(lines: pd.DataFrame, balances: Sequence[Mapping[str, object]]) -> str:
    digest = hashlib.sha256()
    digest.update(lines.to_csv(index=False).encode())
    digest.update(repr([sorted(line.items()) for line in balances]).encode())
    return digest.hexdigest()[:16]
