"""What was sent and what came back, for learning rates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import OutcomeKind, Route
from planner.ledger import columns
from planner.ledger.tables import ENTRIES, OUTCOMES
from planner.ledger.touches import Folded, Mask, View

#: Weeks of sends that rates are learned from: older ones weigh less than a sixth.
WEEKS = 26
_ROUTES = {
    str(Route.OPEN_INMAIL): "inmail",
    str(Route.PAID_INMAIL): "inmail",
    str(Route.CONNECTION_REQUEST): "connection_request",
}
_INMAILS = [route for route, name in _ROUTES.items() if name == "inmail"]
_ANSWERS = (str(OutcomeKind.ACCEPTED), str(OutcomeKind.REPLIED))
_GROUP = ("sent_on", "route", "segment", "seat_id")
#: Routes and kinds of answers, in the order of their texts.
_NAMES = (
    "", str(OutcomeKind.ACCEPTED), str(Route.CONNECTION_REQUEST), "inmail",
    str(OutcomeKind.REPLIED),
)  # fmt: skip
#: Days; no send that is read is older.
_LONGEST_DELAY = 4095


def observed_until(connection: Connection, view: View) -> dt.date | None:
    """Return the last day of which answers were recorded; None if none ever were.

    Outcomes without an answer, such as balances seen or what was sent, do not tell
    whether somebody looked for answers.
    """
    recorded = connection.execute(
        sa.select(ENTRIES.c.entry, ENTRIES.c.as_of)
        .where(ENTRIES.c.kind == "outcomes", ENTRIES.c.entry < view.upto)
        .order_by(ENTRIES.c.as_of.desc(), ENTRIES.c.entry.desc())
    ).all()
    # Mostly the first entry has one; to look through all of them would take seconds.
    for entry, as_of in recorded:
        answer = (
            sa.select(OUTCOMES.c.line)
            .where(OUTCOMES.c.entry == entry, OUTCOMES.c.kind.in_(_ANSWERS))
            .limit(1)
        )
        if connection.scalar(answer) is not None:
            return dt.date.fromisoformat(str(as_of))
    return None


def read(
    found: Folded, view: View, until: dt.date | None
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
    nothing = pd.DataFrame(columns=list(_GROUP))
    if until is None:
        return nothing.assign(num_sent=[]), nothing.assign(kind=[], delay_days=[], num=[])
    first = view.as_of - dt.timedelta(weeks=WEEKS)
    counted = (found.sends.day >= first.toordinal()) & ~found.undone
    counted &= found.date <= until.toordinal()
    asked = counted & found.routes([str(Route.CONNECTION_REQUEST)])
    written = counted & found.routes(_INMAILS)
    replied = columns.day_of(found.at["replied"])
    accepted = columns.day_of(found.at["accepted"])
    # Only connections can answer a request: a reply proves the acceptance.
    accepted = np.where(accepted >= 0, accepted, replied)
    requests = _ROUTES[str(Route.CONNECTION_REQUEST)]
    inmails = _ROUTES[str(Route.PAID_INMAIL)]
    sent = [
        _Lines(at=written, route=inmails, sent_on=found.date, until=found.date),
        _Lines(at=asked, route=requests, sent_on=found.date, until=found.date),
    ]
    replies, acceptances = str(OutcomeKind.REPLIED), str(OutcomeKind.ACCEPTED)
    answers = [
        _Lines(
            at=written & (replied >= 0), route=inmails, kind=replies,
            sent_on=found.date, until=replied,
        ),
        _Lines(
            at=asked & (accepted >= 0), route=requests, kind=acceptances,
            sent_on=found.date, until=accepted,
        ),
        _Lines(
            at=asked & (replied >= 0), route=requests, kind=replies,
            sent_on=accepted, until=replied,
        ),
    ]  # fmt: skip
    cohorts = _counted(found, sent)
    cohorts["num_sent"] = cohorts.pop("num")
    return cohorts.drop(columns=["kind", "delay_days"]), _counted(found, answers)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lines:
    """Sends to count: which, since when, and the day of the answer."""

    at: Mask
    route: str
    kind: str = ""
    sent_on: columns.Numbers
    until: columns.Numbers


def _counted(found: Folded, lines: Sequence[_Lines]) -> pd.DataFrame:
    """Return how often each day, route, segment, seat, kind and delay occurs, in order."""
    # One number for each line, in the order of its texts, since sorting numbers is fast.
    words = sorted({"", *map(str, found.words), *_NAMES})
    rank = {word: number for number, word in enumerate(words)}
    ranks = np.array([rank[str(word)] for word in found.words], dtype=np.int64)
    size, longest = len(words), _LONGEST_DELAY + 1
    numbers = [np.empty(0, dtype=np.int64)]
    for line in lines:
        at = np.flatnonzero(line.at)
        delay = np.clip(line.until[at] - line.sent_on[at], 0, _LONGEST_DELAY)
        number = line.sent_on[at] * len(_NAMES) + _NAMES.index(line.route)
        number = number * size + ranks[found.sends.segment[at]]
        number = number * size + ranks[found.sends.seat[at]]
        number = number * len(_NAMES) + _NAMES.index(line.kind)
        numbers.append(number * longest + delay)
    number, num = np.unique(np.concatenate(numbers), return_counts=True)
    parts = []
    for base in (longest, len(_NAMES), size, size, len(_NAMES)):
        number, part = np.divmod(number, base)
        parts.append(part)
    names = np.array(_NAMES, dtype=object)
    texts = np.array(words, dtype=object)
    days, day = np.unique(number, return_inverse=True)
    dates = [dt.date.fromordinal(int(one)).isoformat() for one in days]
    return pd.DataFrame(
        {
            "sent_on": np.array([*dates, ""], dtype=object)[day],
            "route": names[parts[4]],
            "segment": texts[parts[3]],
            "seat_id": texts[parts[2]],
            "kind": names[parts[1]],
            "delay_days": parts[0],
            "num": num.astype(np.int64),
        }
    )
