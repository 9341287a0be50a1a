"""Sends as the ledger knows them: what was planned, and what became of it.

A planned send counts as made on its day until an outcome says otherwise or its run is
voided: whoever forgets to record must not contact people twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.ledger import columns
from planner.ledger.tables import RUNS, VOIDS

Mask = npt.NDArray[np.bool_]

#: Outcomes that are gone through at a time.
_BLOCK = 1 << 16
#: More than any entry's number.
ALL = 2**31 - 1

_KINDS = ("sent", "failed", "skipped", "replied", "accepted")
_OUTCOMES = ", ".join(
    f"MAX(CASE WHEN o.kind = '{kind}' THEN o.happened_on END) AS {kind}" for kind in _KINDS
)
_SELECT = (
    "SELECT a.entry, a.person, a.seat_id, a.route, a.send_on, a.company_key, a.segment, "
    "a.open_flag, a.credit_probability, r.week, r.name AS run, e.as_of AS planned_on, "
    f"{_OUTCOMES}, MAX(o.credit_used) AS credit_used "
    "FROM assignments a {join} JOIN entries e ON e.entry = a.entry "
    "LEFT JOIN runs r ON r.entry = a.entry "
    "LEFT JOIN outcomes o ON o.assignment = a.entry AND o.person = a.person "
    "AND o.entry < {upto} WHERE a.entry < {upto} {where} "
    "GROUP BY a.entry, a.person, r.week, r.name, e.as_of ORDER BY a.entry, a.person"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """From where the ledger is looked at.

    Entries from number ``upto`` on are not seen; nor is what the runs of ``week`` plan
    for ``as_of`` and later, unless it was tried: that is what is being planned anew.
    """

    as_of: dt.date
    week: str = ""
    upto: int = ALL


def touches(
    connection: Connection, view: View, *, join: str = "", where: str = ""
) -> pd.DataFrame:
    """Return planned sends in force, with what became of them.

    Parameters
    ----------
    join, where : str
        SQL that narrows the assignments ``a``; constants only.

    Returns
    -------
    pandas.DataFrame
        Columns of the assignments; the date of each kind of outcome, "" if there was
        none; ``date`` (ISO), on which the send was made or is planned; ``failed``,
        whether it did not reach the lead; ``happened``, whether an outcome proves it.
    """
    query = _SELECT.format(join=join, where=where, upto=int(view.upto))
    result = connection.exec_driver_sql(query)
    frame = pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()))
    for kind in (*_KINDS, "week", "run"):
        frame[kind] = frame[kind].fillna("").astype(object)
    frame["credit_used"] = frame["credit_used"].fillna(-1).astype("int64")
    frame["happened"] = (
        (frame["sent"] != "") | (frame["replied"] != "") | (frame["accepted"] != "")
    )
    undone = ((frame["failed"] != "") | (frame["skipped"] != "")) & ~frame["happened"]
    frame["date"] = frame["sent"].where(frame["sent"] != "", frame["send_on"]).str[:10]
    own = (frame["week"] == view.week) & (frame["send_on"] >= view.as_of.isoformat())
    own |= (frame["week"] == view.week) & (frame["seat_id"] == "")
    own &= ~frame["happened"] & (frame["failed"] == "") & (frame["week"] != "")
    void = _voided(connection, frame, view) & ~frame["happened"] & (frame["failed"] == "")
    frame["undone"] = undone
    return frame[~own & ~void].reset_index(drop=True)


def reached(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the touches that reached somebody, or are going to."""
    return frame[~frame["undone"]]


def _voided(connection: Connection, frame: pd.DataFrame, view: View) -> pd.Series:
    """Return which lines belong to a run, or the part of a run, that was voided."""
    result = pd.Series(False, index=frame.index)
    for voided, from_date in _voids(connection, view):
        late = (frame["send_on"] >= from_date) | (frame["seat_id"] == "")
        result |= (frame["entry"] == voided) & late
    return result


# --- all of them, column by column ------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Folded:
    """What `touches` returns, as columns: one entry per planned send in force.

    ``at`` is the last instant of each kind of outcome (`columns.NEVER` if there was
    none), ``date`` the ordinal of the day on which the send was made or is planned.
    ``told`` are all outcomes, planned or not; ``words`` are what codes stand for.
    """

    sends: columns.Sends
    at: Mapping[str, columns.Numbers]
    credit_used: columns.Narrow
    date: columns.Numbers
    happened: Mask
    undone: Mask
    told: columns.Told
    words: np.ndarray

    def code(self, word: str) -> int:
        """Return the code of a word; one that nothing has if it does not occur."""
        return columns.code(self.words, word)

    def routes(self, names: Iterable[str]) -> Mask:
        """Return which sends go by one of these routes."""
        return columns.among(self.sends.route, self.words, names)


def folded(connection: Connection, view: View, since: dt.date | None = None) -> Folded:
    """Return planned sends in force, with what became of them; see `touches`.

    Parameters
    ----------
    since : datetime.date, optional
        Sends that are planned, were made and were answered before that day may be
        missing.
    """
    found = columns.read(connection, view.upto, since)
    sends, told = found.sends, found.told
    at, credit_used = _latest(found)
    sent = at["sent"]
    happened = (sent >= 0) | (at["replied"] >= 0) | (at["accepted"] >= 0)
    failed = at["failed"] >= 0
    undone = (failed | (at["skipped"] >= 0)) & ~happened
    own = np.zeros(len(sends.day), dtype=np.bool_)
    for entry in _runs_of(connection, view.week):
        own |= sends.entry == entry
    # What nobody could send yet, for want of a seat, is planned anew whatever its day.
    nobody = sends.seat == found.code("")
    own &= ((sends.day >= view.as_of.toordinal()) | nobody) & ~happened & ~failed
    void = np.zeros(len(sends.day), dtype=np.bool_)
    for voided, from_date in _voids(connection, view):
        day = dt.date.fromisoformat(from_date).toordinal() if from_date else 0
        void |= (sends.entry == voided) & ((sends.day >= day) | nobody)
    out = own | (void & ~happened & ~failed)
    date = columns.day_of(sent)
    np.copyto(date, sends.day, where=sent < 0)
    every = Folded(
        sends=sends,
        at=at,
        credit_used=credit_used,
        date=date,
        happened=happened,
        undone=undone,
        told=told,
        words=found.words,
    )
    # Mostly all are in force: a million lines need not be copied then.
    return _chosen(every, ~out) if out.any() else every


def not_before(found: Folded, day: dt.date) -> Folded:
    """Return the sends that are planned, were made or were told of on a day or later."""
    first = day.toordinal()
    start = columns.plain(first)
    late = (found.sends.day >= first) | (found.date >= first)
    for instants in found.at.values():
        late |= instants >= start
    return _chosen(found, late)


def _chosen(found: Folded, chosen: Mask) -> Folded:
    """Return some of the sends, and all outcomes."""
    sends = found.sends
    return replace(
        found,
        sends=columns.Sends(
            **{item.name: getattr(sends, item.name)[chosen] for item in fields(sends)}
        ),
        at={kind: instants[chosen] for kind, instants in found.at.items()},
        credit_used=found.credit_used[chosen],
        date=found.date[chosen],
        happened=found.happened[chosen],
        undone=found.undone[chosen],
    )


def _latest(
    found: columns.Columns,
) -> tuple[dict[str, columns.Numbers], columns.Narrow]:
    """Return the last instant of each kind of outcome of each send, and its credit use."""
    sends, told = found.sends, found.told
    count = len(sends.entry)
    never = np.broadcast_to(np.int64(columns.NEVER), count)
    at = dict.fromkeys(_KINDS, never)
    code_of = {kind: found.code(kind) for kind in _KINDS}
    credit_used = np.full(count, -1, dtype=np.int8)
    if not count:
        return at, credit_used
    sends_to = _SendsTo.of(found)
    # A block at a time: of a million lines, to get memory never used before takes longer
    # than what is done with it.
    for start in range(0, len(told.person), _BLOCK):
        block = slice(start, start + _BLOCK)
        place = sends_to.places(told.person[block], told.assignment[block])
        for kind, code in code_of.items():
            of = (told.kind[block] == code) & (place >= 0)
            if of.any():
                at[kind] = never.copy() if at[kind] is never else at[kind]
                np.maximum.at(at[kind], place[of], told.at[block][of])
        used = told.credit_used[block]
        of = (used >= 0) & (place >= 0)
        np.maximum.at(credit_used, place[of], used[of].astype(np.int8))
    return at, credit_used


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _SendsTo:
    """Where the sends to a person stand: ``last`` by person, -1 for none.

    ``key`` is entry and person of all sends, in order; empty if nobody was sent to in two
    runs.
    """

    entry: columns.Narrow
    last: columns.Numbers
    key: columns.Numbers

    @classmethod
    def of(cls, found: columns.Columns) -> _SendsTo:
        entry, person = found.sends.entry, found.sends.person
        size = max(person.max(initial=0), found.told.person.max(initial=0)) + 1
        last = np.full(int(size), -1, dtype=np.int64)
        last[person] = np.arange(len(person))
        is_repeated = np.count_nonzero(last >= 0) < len(person)
        key = _pair(entry, person) if is_repeated else np.empty(0, dtype=np.int64)
        return cls(entry=entry, last=last, key=key)

    def places(self, person: columns.Narrow, entry: columns.Narrow) -> columns.Numbers:
        """Return which send to a person an entry planned; -1 if none."""
        place = self.last[person]
        # Few people are sent to in two runs: the others need not be searched for.
        others = np.flatnonzero((place < 0) | (self.entry[place] != entry))
        place[others] = -1
        if len(self.key):
            wanted = _pair(entry[others], person[others])
            at = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
            place[others] = np.where(self.key[at] == wanted, at, -1)
        return place


def _pair(entry: columns.Narrow, person: columns.Narrow) -> columns.Numbers:
    return (entry.astype(np.int64) << 32) | person


def _runs_of(connection: Connection, week: str) -> list[int]:
    if not week:
        return []
    return list(connection.scalars(sa.select(RUNS.c.entry).where(RUNS.c.week == week)))


def _voids(connection: Connection, view: View) -> list[tuple[int, str]]:
    found = connection.execute(
        sa.select(VOIDS.c.voided, VOIDS.c.from_date).where(VOIDS.c.entry < view.upto)
    )
    return [(int(voided), str(from_date)) for voided, from_date in found]
