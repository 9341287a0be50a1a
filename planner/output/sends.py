"""Sheets of what is to be sent this week: all of it, by day, by route, by seat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from planner.domain import SENT_ROUTES, Plan, Route
from planner.output.columns import (
    ROUTE_WORDS,
    VOLUMES,
    full_names,
    listed,
    routes,
    taken,
    volumes,
    weekdays,
)
from planner.output.grid import Block, Chart, Column, Kind, Page, heading
from planner.output.names import unique_sheet_names
from planner.output.sheets import SHEETS
from planner.output.tables import texts

#: Rows of a table before it goes on to a further sheet (Excel: 1,048,576 of a sheet).
MAX_ROWS = 1_000_000
#: Seats that get a sheet of their own; more tabs than this cannot be handled.
MAX_SEAT_SHEETS = 200

STATUS = ("todo", "sent", "failed", "replied", "accepted", "skipped")


def sent_leads(plan: Plan) -> pd.DataFrame:
    """Return the assignments of this week's sends, by day, seat and route."""
    routes = [str(route) for route in SENT_ROUTES]
    sent = plan.assignments[plan.assignments["route"].isin(routes)]
    keys = pd.DataFrame(
        {
            "day": texts(sent["send_on"]),
            "seat": [seat or "~" for seat in texts(sent["seat_id"])],  # to look up: last
            "route": [routes.index(route) for route in texts(sent["route"])],
            "lead": texts(sent["lead_id"]),
        }
    )
    order = keys.sort_values(["day", "seat", "route", "lead"], kind="stable").index
    return sent.iloc[order.to_numpy()]


def seat_sheet_names(seat_ids: Sequence[str]) -> dict[str, str]:
    """Return the sheet of each seat that gets one: the first of `seat_ids`, by id."""
    return unique_sheet_names(sorted(seat_ids)[:MAX_SEAT_SHEETS], SHEETS)


def this_week(sent: pd.DataFrame, max_rows: int = MAX_ROWS) -> tuple[Page, ...]:
    """Return everything to be sent this week; more than one sheet if it is too long."""
    columns = (
        taken(sent, "send_on", "send on", Kind.DATE),
        taken(sent, "seat_id", "seat"),
        listed("sender", [sender or "to look up" for sender in texts(sent["sender"])]),
        listed("route", routes(sent)),
        listed("lead", full_names(sent)),
        taken(sent, "title", "title"),
        taken(sent, "company", "company"),
        taken(sent, "linkedin_url", "profile", Kind.LINK),
        taken(sent, "open_flag", "open profile"),
        taken(sent, "credit_probability", "uses a credit", Kind.PERCENT),
        taken(sent, "expected_replies", "expected replies", Kind.REPLIES),
        taken(sent, "priority", "priority", Kind.COUNT),
        taken(sent, "reason", "why", Kind.WRAP),
        taken(sent, "lead_id", "lead id"),
    )
    whole = Block(name="this_week", caption="", columns=columns)
    pages = []
    for number, block in enumerate(_parts(whole, max_rows), start=1):
        name = "This week" if number == 1 else f"This week {number}"
        note = f"{whole.num_rows:,} leads, by day and seat. Filter by seat, route or day."
        lines = heading("This week", note)
        page = Page(
            name=name, lines=lines, blocks=(block,), freeze_columns=1, last_printed="why"
        )
        pages.append(page)
    return tuple(pages)


def connection_requests(sent: pd.DataFrame, max_rows: int = MAX_ROWS) -> tuple[Page, ...]:
    """Return this week's connection requests."""
    mine = sent[sent["route"] == str(Route.CONNECTION_REQUEST)]
    columns = (
        taken(mine, "send_on", "send on", Kind.DATE),
        taken(mine, "seat_id", "seat"),
        taken(mine, "sender", "sender"),
        listed("lead", full_names(mine)),
        taken(mine, "title", "title"),
        taken(mine, "company", "company"),
        taken(mine, "linkedin_url", "profile", Kind.LINK),
        taken(mine, "expected_replies", "expected replies", Kind.REPLIES),
        taken(mine, "priority", "priority", Kind.COUNT),
        taken(mine, "reason", "why", Kind.WRAP),
    )
    whole = Block(name="connection_requests", caption="", columns=columns)
    note = f"{whole.num_rows:,} requests; they cost no credit."
    lines = heading("Connection requests", note)
    names = ("Connection requests", *(f"Connection requests {k}" for k in range(2, 100)))
    return tuple(
        Page(name=name, lines=lines, blocks=(block,))
        for name, block in zip(names, _parts(whole, max_rows), strict=False)
    )


def seat_sheets(plan: Plan, sent: pd.DataFrame) -> tuple[Page, ...]:
    """Return one sheet per seat to hand to its owner."""
    groups = {str(key): rows for key, rows in sent.groupby("seat_id", observed=True) if key}
    seats = {seat.seat_id: seat for seat in plan.seats}
    names = seat_sheet_names(list(groups))
    return tuple(
        _seat_sheet(plan, seats.get(seat_id), seat_id, groups[seat_id], name, number)
        for number, (seat_id, name) in enumerate(names.items(), start=1)
    )


def _seat_sheet(
    plan: Plan, seat: Seat | None, seat_id: str, leads: pd.DataFrame, name: str, number: int
) -> Page:
    counts = dict(zip(*np.unique(routes(leads), return_counts=True), strict=True))
    volumes = ", ".join(
        f"{counts[word]} {word}{'' if counts[word] == 1 else 's'}"
        for word in ROUTE_WORDS.values()
        if word in counts
    )
    credit = f"{seat.credits} credits now, {seat.reserve} of them kept back" if seat else ""
    columns = (
        taken(leads, "send_on", "day", Kind.DATE),
        listed("lead", full_names(leads)),
        taken(leads, "linkedin_url", "profile", Kind.LINK),
        taken(leads, "company", "company"),
        taken(leads, "title", "title"),
        listed("route", routes(leads)),
        taken(leads, "reason", "why", Kind.WRAP),
        Column(
            header="status",
            kind=Kind.ENTRY,
            values=[STATUS[0]] * len(leads),
            choices=STATUS,
        ),
    )
    lines = heading(
        f"{seat.sender if seat else seat_id}: week {plan.week}",
        f"Seat {seat_id}: {volumes}. {credit}",
        "Set the status as you go. A paid InMail uses a credit unless the profile turns "
        "out open; the other routes use none.",
    )
    block = Block(name=f"seat_{number:03d}", caption="", columns=columns)
    return Page(name=name, lines=lines, blocks=(block,))



def by_day(plan: Plan) -> Page:
    """Return the volume of each day, and of each seat and day."""
    names = [name for _, name in VOLUMES]
    days = plan.days.assign(date=texts(plan.days["date"]), seat_id=texts(plan.days["seat_id"]))
    days = days.sort_values(["date", "seat_id"], kind="stable")
    days["all"] = days[names].sum(axis=1)
    totals = days.groupby("date", sort=True)[[*names, "all"]].sum().reset_index()
    active = days[days["all"] > 0].groupby("date")["seat_id"].nunique()
    week = max(int(totals["all"].sum()), 1)
    total_block = Block(
        name="by_day",
        caption="All seats",
        columns=(
            taken(totals, "date", "date", Kind.DATE),
            listed("weekday", weekdays(texts(totals["date"]))),
            listed(
                "seats at work",
                [int(active.get(date, 0)) for date in totals["date"]],
                Kind.COUNT,
            ),
            listed("share of week", (totals["all"] / week).tolist(), Kind.PERCENT),
            *(taken(totals, name, header, Kind.COUNT) for header, name in VOLUMES),
            taken(totals, "all", "all", Kind.COUNT),
        ),
    )
    detail = Block(
        name="by_day_and_seat",
        caption="By seat",
        columns=(
            taken(days, "date", "date", Kind.DATE),
            listed("weekday", weekdays(texts(days["date"]))),
            taken(days, "seat_id", "seat"),
            taken(days, "sender", "sender"),
            *(taken(days, name, header, Kind.COUNT) for header, name in VOLUMES),
            taken(days, "all", "all", Kind.COUNT),
        ),
    )
    chart = Chart(
        title="Sends by day",
        page="By day",
        block="by_day",
        category="date",
        series=tuple(header for header, _ in VOLUMES),
        axis="leads",
        anchor="K3",
    )
    unknown = len(plan.assignments[_is_unseated_message(plan)])
    note = f"{unknown} messages are not counted: their seat is to be looked up." if unknown else ""
    return Page(
        name="By day",
        lines=heading("By day", note),
        blocks=(total_block, detail),
        charts=(chart,) if len(totals) else (),
    )


def _is_unseated_message(plan: Plan) -> pd.Series:
    is_message = plan.assignments["route"] == str(Route.MESSAGE)
    return is_message & (plan.assignments["seat_id"] == "")


def _parts(block: Block, max_rows: int) -> Iterator[Block]:
    """Cut a block where a sheet ends."""
    for number, start in enumerate(range(0, max(block.num_rows, 1), max_rows), start=1):
        columns = tuple(
            Column(header=c.header, kind=c.kind, values=c.values[start : start + max_rows])
            for c in block.columns
        )
        name = block.name if number == 1 else f"{block.name}_{number}"
        yield Block(name=name, caption=block.caption, columns=columns)


