"""Sends as the ledger knows them: what was planned, and what became of it.

A planned send counts as made on its day until an outcome says otherwise or its run is
voided: whoever forgets to record must not contact people twice.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.ledger.tables import VOIDS

#: More than any entry's number.
ALL = 2**31 - 1

_KINDS = ("sent", "failed", "skipped", "replied", "accepted")
_OUTCOMES = ", ".join(
    f"MAX(CASE WHEN o.kind = '{kind}' THEN o.happened_on END) AS {kind}" for kind in _KINDS
)
_SELECT = (
    "SELECT a.entry, a.person, a.seat_id, a.route, a.send_on, a.company_key, a.segment, "
    "a.open_flag, a.credit_probability, r.week, "
    f"{_OUTCOMES}, MAX(o.credit_used) AS credit_used "
    "FROM assignments a {join} LEFT JOIN runs r ON r.entry = a.entry "
    "LEFT JOIN outcomes o ON o.assignment = a.entry AND o.person = a.person "
    "AND o.entry < {upto} WHERE a.entry < {upto} {where} "
    "GROUP BY a.entry, a.person, r.week ORDER BY a.entry, a.person"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """From where the ledger is looked at.

    Entries from number ``upto`` on are not seen; nor is what the runs of ``week`` plan
    for ``as_of`` and later, unless it happened: that is what is being planned anew.
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
    for kind in (*_KINDS, "week"):
        frame[kind] = frame[kind].fillna("").astype(object)
    frame["credit_used"] = frame["credit_used"].fillna(-1).astype("int64")
    frame["happened"] = (
        (frame["sent"] != "") | (frame["replied"] != "") | (frame["accepted"] != "")
    )
    undone = ((frame["failed"] != "") | (frame["skipped"] != "")) & ~frame["happened"]
    frame["date"] = frame["sent"].where(frame["sent"] != "", frame["send_on"]).str[:10]
    own = (frame["week"] == view.week) & (frame["send_on"] >= view.as_of.isoformat())
    own &= ~frame["happened"] & (frame["week"] != "")
    void = _voided(connection, frame, view) & ~frame["happened"] & (frame["failed"] == "")
    frame["undone"] = undone
    return frame[~own & ~void].reset_index(drop=True)


def reached(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the touches that reached somebody, or are going to."""
    return frame[~frame["undone"]]


def _voided(connection: Connection, frame: pd.DataFrame, view: View) -> pd.Series:
    """Return which lines belong to a run, or the part of a run, that was voided."""
    result = pd.Series(False, index=frame.index)
    found = connection.execute(
        sa.select(VOIDS.c.voided, VOIDS.c.from_date).where(VOIDS.c.entry < view.upto)
    )
    for voided, from_date in found:
        result |= (frame["entry"] == voided) & (frame["send_on"] >= from_date)
    return result
