"""Whatever names people: only where the user asks for it (``--with-names``)."""

from __future__ import annotations

from planner.domain import SENT_ROUTES, Plan
from planner.output.columns import full_names, routes
from planner.output.names import clean
from planner.output.tables import texts
from planner.report.blocks import Part, Section, Table, decimal

#: Sends that are named: those that are expected to bring most.
NUM_BEST = 25


def people(plan: Plan) -> Section:
    """Return the senders, and the week's sends that are expected to bring most."""
    return Section(
        name="people",
        title="People",
        words=("Named because --with-names asked for it: mind whom you send this to.",),
        parts=(_best(plan), _senders(plan)),
    )


def _best(plan: Plan) -> Part:
    sent = plan.assignments[
        plan.assignments["route"].isin([str(route) for route in SENT_ROUTES])
    ]
    best = sent.sort_values(
        ["expected_replies", "lead_id"], ascending=[False, True], kind="stable"
    ).head(NUM_BEST)
    columns = (
        full_names(best), texts(best["company"]), texts(best["seat_id"]),
        texts(best["send_on"]), routes(best),
        [decimal(value, 3) for value in best["expected_replies"].tolist()],
    )  # fmt: skip
    table = Table(
        caption="Best sends of the week",  # no number: forget takes rows out
        headers=("lead", "company", "seat", "day", "route", "expected replies"),
        rows=[
            tuple(clean(str(cell)) for cell in row) for row in zip(*columns, strict=True)
        ],
        numbers=frozenset({5}),
        keys=texts(best["lead_id"]),
        is_open=True,
    )
    return Part(table=table)


def _senders(plan: Plan) -> Part:
    table = Table(
        caption="Seats and their senders",
        headers=("seat", "sender"),
        rows=[(clean(seat.seat_id), clean(seat.sender)) for seat in plan.seats],
    )
    return Part(table=table)
