"""Sheets of what is to be sent this week: all of it, by day, by route, by seat."""

from __future__ import annotations

from collections import Counter
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
from planner.output.grid import Block, Chart, Column, Kind, Line, Page, heading
from planner.output.names import unique_sheet_names
from planner.output.sheets import SHEETS
from planner.output.tables import texts
from planner.words import counted

#: Rows of a table before it goes on to a further sheet (Excel: 1,048,576 of a sheet).
MAX_ROWS = 1_000_000
#: Seats that get a sheet of their own; more tabs than this cannot be handled.
MAX_SEAT_SHEETS = 200

#: What the status of a lead can be: words that `planner record` understands.
STATUS = ("todo", "sent", "failed", "replied", "accepted", "skipped")
#: Stands where a route takes no subject, so that what is blank is to be written.
NO_SUBJECT = "\u2013"

_INMAILS = (str(Route.OPEN_INMAIL), str(Route.PAID_INMAIL))
# Wide enough for two lines at most: three would halve the leads on a printed page.
_WHY_WIDTH = 64
# On a seat's sheet, which prints up to the status, a lead takes one line.
_SEAT_WHY_WIDTH = 120
_SUBJECT_WIDTH = 36


def sent_leads(plan: Plan) -> pd.DataFrame:
    """Return the assignments of this week's sends, by day, seat and route."""
    order_of = {str(route): number for number, route in enumerate(SENT_ROUTES)}
    sent = plan.assignments[plan.assignments["route"].isin(list(order_of))]
    keys = pd.DataFrame(
        {
            "day": texts(sent["send_on"]),
            "seat": [seat or "~" for seat in texts(sent["seat_id"])],  # to look up: last
            "route": [order_of[route] for route in texts(sent["route"])],
            "lead": texts(sent["lead_id"]),
        }
    )
    order = keys.sort_values(["day", "seat", "route", "lead"], kind="stable").index
    return sent.iloc[order.to_numpy()]


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
        replace(taken(sent, "reason", "why", Kind.WRAP), widest=_WHY_WIDTH),
        taken(sent, "open_flag", "open profile"),
        taken(sent, "credit_probability", "uses a credit", Kind.PERCENT),
        taken(sent, "expected_replies", "expected replies", Kind.REPLIES),
        taken(sent, "priority", "priority", Kind.COUNT),
        taken(sent, "lead_id", "lead id"),
    )
    block = Block(name="this_week", caption="", columns=columns)
    note = f"{block.num_rows:,} leads, by day and seat. Filter by seat, route or day."
    page = Page(
        name="This week",
        lines=heading("This week", note),
        blocks=(block,),
        freeze_columns=1,
        last_printed="why",
    )
    return _split(page, max_rows)


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
        replace(taken(mine, "reason", "why", Kind.WRAP), widest=_WHY_WIDTH),
        taken(mine, "expected_replies", "expected replies", Kind.REPLIES),
        taken(mine, "priority", "priority", Kind.COUNT),
    )
    block = Block(name="connection_requests", caption="", columns=columns)
    note = f"{block.num_rows:,} connection requests; they use no credit."
    page = Page(
        name="Connection requests",
        lines=heading("Connection requests", note),
        blocks=(block,),
        last_printed="why",
    )
    return _split(page, max_rows)


def _split(page: Page, max_rows: int) -> tuple[Page, ...]:
    """Cut a page with one block where a sheet ends."""
    block = page.blocks[0]
    pages = []
    for number, start in enumerate(range(0, max(block.num_rows, 1), max_rows), start=1):
        columns = tuple(
            replace(column, values=column.values[start : start + max_rows])
            for column in block.columns
        )
        name = page.name if number == 1 else f"{page.name} {number}"
        table = block.name if number == 1 else f"{block.name}_{number}"
        part = replace(block, name=table, columns=columns)
        pages.append(replace(page, name=name, blocks=(part,)))
    return tuple(pages)


# --- by seat ----------------------------------------------------------------------


def seat_sheets(plan: Plan, sent: pd.DataFrame) -> tuple[Page, ...]:
    """Return one sheet per sending seat, to hand to its owner: the first by id."""
    groups = {str(key): rows for key, rows in sent.groupby("seat_id", observed=True) if key}
    names = unique_sheet_names(sorted(groups)[:MAX_SEAT_SHEETS], SHEETS)
    resets = dict(
        zip(plan.seat_weeks["seat_id"], plan.seat_weeks["next_reset"], strict=True)
    )
    credits = {
        seat.seat_id: f"{seat.credits} credits now, {seat.reserve} of them kept back; next "
        f"credits on {resets.get(seat.seat_id, 'a day not known')}."
        for seat in plan.seats
    }
    return tuple(
        Page(
            name=name,
            lines=_seat_lines(plan, seat_id, groups[seat_id], credits.get(seat_id, "")),
            blocks=(_seat_block(groups[seat_id], f"seat_{number:03d}"),),
            last_printed="status",
        )
        for number, (seat_id, name) in enumerate(names.items(), start=1)
    )


def _seat_lines(
    plan: Plan, seat_id: str, leads: pd.DataFrame, credits: str
) -> tuple[Line, ...]:
    counts = Counter(routes(leads))
    words = ", ".join(
        counted(counts[word], word) for word in ROUTE_WORDS.values() if counts[word]
    )
    sender = texts(leads["sender"])[0] or seat_id
    return heading(
        f"{sender}: week {plan.week}",
        f"Seat {seat_id}: {words}. {credits}",
        "Write a subject for each InMail, and set the status as you go. A paid InMail uses "
        "a credit unless the profile turns out open; the other routes use none.",
    )


def _seat_block(leads: pd.DataFrame, name: str) -> Block:
    status = Column(
        header="status",
        kind=Kind.ENTRY,
        values=[STATUS[0]] * len(leads),
        choices=STATUS,
    )
    subject = Column(
        header="subject",
        kind=Kind.ENTRY,
        values=["" if r in _INMAILS else NO_SUBJECT for r in texts(leads["route"])],
        least=_SUBJECT_WIDTH,
        widest=_SUBJECT_WIDTH,
    )
    columns = (
        taken(leads, "send_on", "day", Kind.DATE),
        listed("lead", full_names(leads)),
        taken(leads, "linkedin_url", "profile", Kind.LINK),
        taken(leads, "company", "company"),
        taken(leads, "title", "title"),
        listed("route", routes(leads)),
        subject,
        status,
        replace(taken(leads, "reason", "why", Kind.WRAP), widest=_SEAT_WHY_WIDTH),
        # By this, planner record knows the lead again when the sheet comes back.
        taken(leads, "lead_id", "lead id"),
    )
    return Block(name=name, caption="", columns=columns)


# --- by day -----------------------------------------------------------------------


def by_day(plan: Plan) -> Page:
    """Return the volume of each day, and of each seat and day."""
    names = [name for _, name in VOLUMES]
    days = plan.days.sort_values(["date", "seat_id"], kind="stable")
    days = days.assign(all=days[names].sum(axis=1))
    totals = days.groupby("date", sort=True, observed=True)[[*names, "all"]].sum()
    chart = Chart(
        title="Sends by day",
        page="By day",
        block="by_day",
        category="date",
        series=tuple(header for header, _ in VOLUMES),
        axis="leads",
        anchor="K3",
    )
    is_message = plan.assignments["route"] == str(Route.MESSAGE)
    unknown = int((is_message & (plan.assignments["seat_id"] == "")).sum())
    note = f"{unknown:,} messages are not in it: whose connection they are is to look up."
    return Page(
        name="By day",
        lines=heading("By day", note if unknown else ""),
        blocks=(_day_block(days, totals.reset_index()), _day_and_seat_block(days)),
        charts=(chart,) if len(totals) else (),
    )


def _day_block(days: pd.DataFrame, totals: pd.DataFrame) -> Block:
    at_work = days[days["all"] > 0].groupby("date", observed=True)["seat_id"].nunique()
    week = max(int(totals["all"].sum()), 1)
    numbers = [int(at_work.get(date, 0)) for date in totals["date"]]
    columns = (
        taken(totals, "date", "date", Kind.DATE),
        listed("weekday", weekdays(texts(totals["date"]))),
        listed("seats at work", numbers, Kind.COUNT),
        listed("share of week", (totals["all"] / week).tolist(), Kind.PERCENT),
        *volumes(totals),
        taken(totals, "all", "all", Kind.COUNT),
    )
    return Block(name="by_day", caption="All seats", columns=columns)


def _day_and_seat_block(days: pd.DataFrame) -> Block:
    columns = (
        taken(days, "date", "date", Kind.DATE),
        listed("weekday", weekdays(texts(days["date"]))),
        taken(days, "seat_id", "seat"),
        taken(days, "sender", "sender"),
        *volumes(days),
        taken(days, "all", "all", Kind.COUNT),
    )
    return Block(name="by_day_and_seat", caption="By seat", columns=columns)
