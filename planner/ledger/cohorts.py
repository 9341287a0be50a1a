"""What was sent and what came back, for learning rates."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import OutcomeKind, Route
from planner.ledger.tables import ENTRIES
from planner.ledger.touches import View, reached, touches

#: Weeks of sends that rates are learned from: older ones weigh less than a sixth.
WEEKS = 26
_ROUTES = {
    str(Route.OPEN_INMAIL): "inmail",
    str(Route.PAID_INMAIL): "inmail",
    str(Route.CONNECTION_REQUEST): "connection_request",
}


def observed_until(connection: Connection, view: View) -> dt.date | None:
    """Return the last day of which outcomes were recorded; None if none ever were."""
    found = connection.scalar(
        sa.select(sa.func.max(ENTRIES.c.as_of)).where(
            ENTRIES.c.kind == "outcomes", ENTRIES.c.entry < view.upto
        )
    )
    return None if found is None else dt.date.fromisoformat(str(found))


def read(
    connection: Connection, view: View, until: dt.date | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return sends by day, route, segment and seat, and the answers to them by delay.

    Returns
    -------
    cohorts : pandas.DataFrame
        ``sent_on, route, segment, seat_id, num_sent``.
    responses : pandas.DataFrame
        ``sent_on, route, segment, seat_id, kind, delay_days, num``; for a reply to an
        accepted request both count from the day of the acceptance.
    """
    group = ["sent_on", "route", "segment", "seat_id"]
    nothing = pd.DataFrame(columns=group)
    if until is None:
        return nothing.assign(num_sent=[]), nothing.assign(kind=[], delay_days=[], num=[])
    first = (view.as_of - dt.timedelta(weeks=WEEKS)).isoformat()
    sends = reached(touches(connection, view, where=f"AND a.send_on >= '{first}'"))
    sends = sends[sends["route"].isin(list(_ROUTES))]
    sends = sends[sends["date"] <= until.isoformat()]
    sends = sends.assign(sent_on=sends["date"], route=sends["route"].map(_ROUTES))
    # Only connections can answer a request: a reply proves the acceptance.
    proven = (sends["route"] == "connection_request") & (sends["accepted"] == "")
    sends["accepted"] = sends["accepted"].mask(proven, sends["replied"])
    day = sends["accepted"].str[:10]
    accepted = sends.assign(sent_on=day.where(day != "", sends["sent_on"]))
    cohorts = sends.groupby(group).size().rename("num_sent").reset_index()
    answers = [
        _answers(sends, "inmail", OutcomeKind.REPLIED),
        _answers(sends, "connection_request", OutcomeKind.ACCEPTED),
        _answers(accepted, "connection_request", OutcomeKind.REPLIED),
    ]
    responses = pd.concat(answers, ignore_index=True)
    counted = responses.groupby([*group, "kind", "delay_days"]).size().rename("num")
    return cohorts, counted.reset_index()


def _answers(sends: pd.DataFrame, route: str, kind: OutcomeKind) -> pd.DataFrame:
    """Return one line per answer of a kind, with its delay in whole days."""
    event = str(kind)
    answered = sends[(sends[event] != "") & (sends["route"] == route)]
    delay = pd.to_datetime(answered[event].str[:10]) - pd.to_datetime(answered["sent_on"])
    return answered[["sent_on", "route", "segment", "seat_id"]].assign(
        kind=event, delay_days=delay.dt.days.clip(lower=0).astype("int64")
    )
