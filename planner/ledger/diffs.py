"""Two plans side by side: who moved, and what may have moved them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from planner.domain import Identities, NextStep, Plan, Route
from planner.ledger import people, triages
from planner.ledger.runs import Run
from planner.ledger.tables import ASSIGNMENTS, TRIAGES
from planner.ledger.touches import View, touches

#: Columns of an assignments file that a comparison needs.
COLUMNS = ("lead_id", "route", "seat_id", "send_on", "open_flag", "priority", "reason")

#: Columns by which people recognise a lead.
PERSON = ("linkedin_url", "first_name", "last_name", "company")

_NOWHERE = "not on the list"
#: What triage did with a lead, before the seat that sends if one does.
_STEPS: Mapping[str, str] = {
    str(NextStep.RESTART): "triage tried it again",
    str(NextStep.CONNECTION_REQUEST): "triage made it a connection request",
    str(NextStep.MESSAGE): "triage made it a message",
    str(NextStep.WAIT): "triage had it wait",
    str(NextStep.DROP): "triage dropped it",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Difference:
    """What changed between two plans.

    ``moves`` counts the leads by route before and after; ``leads`` has one line per lead
    whose route, seat or day changed, with the likely cause in words; ``parameters`` and
    ``seats`` are what changed in them, as name, before and after.
    """

    moves: pd.DataFrame
    leads: pd.DataFrame
    parameters: tuple[tuple[str, object, object], ...]
    seats: tuple[tuple[str, object, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of two plans: `COLUMNS` of its assignments as text, and what it started from.

    ``parameters`` are those that differ from their defaults, ``credits`` the seats'.
    """

    assignments: pd.DataFrame
    parameters: Mapping[str, object]
    credits: Mapping[str, object]


def side_of_run(run: Run, assignments: pd.DataFrame) -> Side:
    """Return a run of the ledger, given its ``assignments.csv`` as text."""
    parameters = run.document.get("parameters")
    return Side(
        assignments=assignments,
        parameters=dict(parameters) if isinstance(parameters, Mapping) else {},
        credits={str(seat["seat_id"]): seat["credits"] for seat in run.seats},
    )


def side_of_plan(plan: Plan) -> Side:
    """Return a plan that no ledger knows yet."""
    return Side(
        assignments=plan.assignments[list(COLUMNS)].astype("str"),
        parameters=plan.parameters.changed(),
        credits={seat.seat_id: seat.credits for seat in plan.seats},
    )


def fates(
    connection: Connection, before: Run, after: Run, lead_ids: Sequence[str]
) -> dict[str, str]:
    """Return by lead what became of sends of a run that were not made.

    Only what the run after it could know, so that it says why that one moved them.
    """
    view = View(as_of=after.as_of, upto=after.entry)
    frame = touches(connection, view, where=f"AND a.entry = {int(before.entry)}")
    steps = _steps(connection, before, view)
    words = {}
    for send in frame[frame["undone"]].to_dict("records"):
        person, kind = int(send["person"]), "failed" if send["failed"] else "skipped"
        words[person] = (
            f"{str(send['route']).replace('_', ' ')} from {send['seat_id']} {kind} on "
            f"{str(send[kind])[:10]}{steps.get(person, '')}"
        )
    if not words:
        return {}
    named = Identities(
        lead=np.arange(len(lead_ids), dtype=np.int64),
        space=np.full(len(lead_ids), "lead", dtype=object),
        value=np.array(lead_ids, dtype=object),
    )
    known = people.match(connection, named)
    return {
        lead_ids[lead]: words[person]
        for lead, person in zip(known["lead"], known["person"], strict=True)
        if person in words
    }


def _steps(connection: Connection, before: Run, view: View) -> dict[int, str]:
    """Return by person what triage did with a failed send of a run."""
    is_its = sa.and_(
        ASSIGNMENTS.c.entry == TRIAGES.c.entry, ASSIGNMENTS.c.person == TRIAGES.c.person
    )
    found = connection.execute(
        sa.select(TRIAGES.c.person, TRIAGES.c.step, ASSIGNMENTS.c.seat_id)
        .select_from(TRIAGES.outerjoin(ASSIGNMENTS, is_its))
        .where(TRIAGES.c.assignment == before.entry, triages.in_force(TRIAGES, view.upto))
        .order_by(TRIAGES.c.entry)
    )
    return {
        int(person): f", and {_STEPS[step]}" + (f" from {seat_id}" if seat_id else "")
        for person, step, seat_id in found
    }


def with_people(
    leads: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, *, names: bool
) -> pd.DataFrame:
    """Return the leads of a `Difference` with what people recognise them by.

    Parameters
    ----------
    before, after : pandas.DataFrame
        The whole ``assignments.csv`` of the two runs; who is in both is taken from the
        second. ``row`` is the row there, as a spreadsheet shows it.
    names : bool
        Whether to name them.
    """
    sides = [frame.assign(row=np.arange(len(frame)) + 2) for frame in (after, before)]
    known = pd.concat(sides).drop_duplicates("lead_id").set_index("lead_id")
    known = known.reindex(leads["lead_id"])
    shown = {"linkedin_url": known["linkedin_url"], "company": known["company"]}
    if names:
        full = known["first_name"] + " " + known["last_name"]
        shown = {"name": full.str.strip(), **shown}
    result = leads
    for name, cells in reversed([*shown.items(), ("row", known["row"])]):
        result = result.copy()
        result.insert(1, name, cells.to_numpy())
    return result


def difference(
    before: Side, after: Side, fates: Mapping[str, str] | None = None
) -> Difference:
    """Return who moved between two plans and why.

    ``fates`` says by lead what became of sends of the first that were not made.
    """
    old, new = before.assignments, after.assignments
    both = old[list(COLUMNS)].merge(
        new[list(COLUMNS)], on="lead_id", how="outer", suffixes=("_before", "_after")
    )
    both = both.fillna("").sort_values("lead_id", kind="stable")
    for side in ("before", "after"):
        both[f"route_{side}"] = both[f"route_{side}"].replace("", _NOWHERE)
    moves = both.groupby(["route_before", "route_after"]).size().reset_index(name="leads")
    changed = both[
        (both["route_before"] != both["route_after"])
        | (both["seat_id_before"] != both["seat_id_after"])
    ].reset_index(drop=True)
    changed["why"] = [
        _why({str(name): value for name, value in line.items()}, fates or {})
        for line in changed.to_dict("records")
    ]
    return Difference(
        moves=moves,
        leads=changed,
        parameters=_changes(before.parameters, after.parameters),
        seats=_changes(before.credits, after.credits),
    )


def _why(line: Mapping[str, object], fates: Mapping[str, str]) -> str:
    """Return the likely cause of one lead's move, from what is known of it."""
    was, now = str(line["route_before"]), str(line["route_after"])
    if was == _NOWHERE:
        return f"new on the list; {line['reason_after']}"
    if now == _NOWHERE:
        return "no longer on the list"
    causes = []
    if line["open_flag_before"] != line["open_flag_after"]:
        causes.append(
            f"open flag {line['open_flag_before']} before, {line['open_flag_after']} now"
        )
    if line["priority_before"] != line["priority_after"]:
        causes.append(
            f"priority {line['priority_before']} before, {line['priority_after']} now"
        )
    if now == str(Route.EXCLUDED) and was not in (str(Route.HOLD), str(Route.EXCLUDED)):
        sent = f"was sent to by {line['seat_id_before'] or 'a seat to look up'}"
        causes.append(fates.get(str(line["lead_id"]), sent))
    return "; ".join([*causes, str(line["reason_after"])])


def _changes(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[tuple[str, object, object], ...]:
    names = sorted({*before, *after})
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return tuple((name, a, b) for name, a, b in pairs if a != b)
