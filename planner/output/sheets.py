"""Sheets of the workbook that are tables: what stands in them, as `grid.Page` records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from planner.domain import SENT_ROUTES, Plan, Route, Seat
from planner.output.grid import Block, Chart, Column, Kind, Page, Value, heading
from planner.output.names import unique_sheet_names
from planner.output.tables import texts
from planner.params import specs

#: Rows of a table before it goes on to a further sheet (Excel: 1,048,576 of a sheet).
MAX_ROWS = 1_000_000
#: Leads shown on *Hold*; the rest is in assignments.csv.
MAX_HELD = 10_000
#: Findings shown on *Issues*; the rest is in plan.json.
MAX_ISSUES = 10_000
#: Seats that get a sheet of their own; more tabs than this cannot be handled.
MAX_SEAT_SHEETS = 200

STATUS = ("todo", "sent", "failed", "replied", "accepted", "skipped")
SHEETS = (
    "Summary",
    "Seats",
    "This week",
    "By day",
    "Connection requests",
    "Hold",
    "Open share",
    "What limits us",
    "Issues",
    "Parameters",
    "Run",
)

_ROUTE_WORDS = {
    str(Route.OPEN_INMAIL): "open InMail",
    str(Route.PAID_INMAIL): "paid InMail",
    str(Route.CONNECTION_REQUEST): "connection request",
    str(Route.MESSAGE): "message",
}
_VOLUMES = (
    ("open InMails", "open_inmails"),
    ("paid InMails", "paid_inmails"),
    ("connection requests", "connection_requests"),
    ("messages", "messages"),
)


# --- shared -----------------------------------------------------------------------


def in_words(day: dt.date) -> str:
    """Return a date as people write it: ``23 November 2026``."""
    return f"{day.day} {day:%B} {day.year}"


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


def _list(header: str, values: Sequence[Value], kind: Kind = Kind.TEXT) -> Column:
    return Column(header=header, kind=kind, values=values)


def _from(frame: pd.DataFrame, name: str, header: str, kind: Kind = Kind.TEXT) -> Column:
    """Return column `name` of a table as a column of a sheet."""
    values = frame[name]
    if pd.api.types.is_numeric_dtype(values):
        return Column(header=header, kind=kind, values=values.tolist())
    return Column(header=header, kind=kind, values=texts(values))


def _full_names(leads: pd.DataFrame) -> list[str]:
    pairs = zip(texts(leads["first_name"]), texts(leads["last_name"]), strict=True)
    return [f"{first} {last}".strip() for first, last in pairs]


def _routes(leads: pd.DataFrame) -> list[str]:
    return [_ROUTE_WORDS.get(route, route) for route in texts(leads["route"])]


def _weekdays(dates: Sequence[str]) -> list[str]:
    names = {day: f"{dt.date.fromisoformat(day):%a}" for day in set(dates) if day}
    return [names.get(day, "") for day in dates]


def _parts(block: Block, max_rows: int) -> Iterator[Block]:
    """Cut a block where a sheet ends."""
    for number, start in enumerate(range(0, max(block.num_rows, 1), max_rows), start=1):
        columns = tuple(
            Column(header=c.header, kind=c.kind, values=c.values[start : start + max_rows])
            for c in block.columns
        )
        name = block.name if number == 1 else f"{block.name}_{number}"
        yield Block(name=name, caption=block.caption, columns=columns)


# --- sends ------------------------------------------------------------------------


def this_week(sent: pd.DataFrame, max_rows: int = MAX_ROWS) -> tuple[Page, ...]:
    """Return everything to be sent this week; more than one sheet if it is too long."""
    columns = (
        _from(sent, "send_on", "send on", Kind.DATE),
        _from(sent, "seat_id", "seat"),
        _list("sender", [sender or "to look up" for sender in texts(sent["sender"])]),
        _list("route", _routes(sent)),
        _list("lead", _full_names(sent)),
        _from(sent, "title", "title"),
        _from(sent, "company", "company"),
        _from(sent, "linkedin_url", "profile", Kind.LINK),
        _from(sent, "open_flag", "open profile"),
        _from(sent, "credit_probability", "uses a credit", Kind.PERCENT),
        _from(sent, "expected_replies", "expected replies", Kind.REPLIES),
        _from(sent, "priority", "priority", Kind.COUNT),
        _from(sent, "reason", "why", Kind.WRAP),
        _from(sent, "lead_id", "lead id"),
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
        _from(mine, "send_on", "send on", Kind.DATE),
        _from(mine, "seat_id", "seat"),
        _from(mine, "sender", "sender"),
        _list("lead", _full_names(mine)),
        _from(mine, "title", "title"),
        _from(mine, "company", "company"),
        _from(mine, "linkedin_url", "profile", Kind.LINK),
        _from(mine, "expected_replies", "expected replies", Kind.REPLIES),
        _from(mine, "priority", "priority", Kind.COUNT),
        _from(mine, "reason", "why", Kind.WRAP),
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
    counts = dict(zip(*np.unique(_routes(leads), return_counts=True), strict=True))
    volumes = ", ".join(
        f"{counts[word]} {word}{'' if counts[word] == 1 else 's'}"
        for word in _ROUTE_WORDS.values()
        if word in counts
    )
    credit = f"{seat.credits} credits now, {seat.reserve} of them kept back" if seat else ""
    columns = (
        _from(leads, "send_on", "day", Kind.DATE),
        _list("lead", _full_names(leads)),
        _from(leads, "linkedin_url", "profile", Kind.LINK),
        _from(leads, "company", "company"),
        _from(leads, "title", "title"),
        _list("route", _routes(leads)),
        _from(leads, "reason", "why", Kind.WRAP),
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


# --- seats and days ---------------------------------------------------------------


def ranked_seats(plan: Plan) -> pd.DataFrame:
    """Return the seats' week, those nearest to running out first."""
    return plan.seat_weeks.sort_values(
        ["exhaustion_probability", "seat_id"], ascending=[False, True], kind="stable"
    )


def seats(plan: Plan) -> Page:
    """Return every seat's week, credits and limits."""
    frame = ranked_seats(plan)
    alpha = plan.parameters.alpha
    below = "AND(ISNUMBER({balance at reset}),{balance at reset}<{reserve})"
    over = f"{{runs out}}>{alpha!r}"
    columns = (
        _from(frame, "seat_id", "seat"),
        _from(frame, "sender", "sender"),
        Column(
            header="watch", kind=Kind.TEXT, values=_watch(frame, alpha), alarm="LEN({watch})>0"
        ),
        Column(
            header="credits now", kind=Kind.COUNT, values=frame["credits"].tolist(), bar=True
        ),
        Column(
            header="balance at reset",
            kind=Kind.DECIMAL,
            values=frame["expected_balance_at_reset"].tolist(),
            bar=True,
            alarm=below,
        ),
        _from(frame, "reserve", "reserve", Kind.COUNT),
        Column(
            header="runs out",
            kind=Kind.PERCENT,
            values=frame["exhaustion_probability"].tolist(),
            alarm=over,
        ),
        _from(frame, "next_reset", "next reset", Kind.DATE),
        *(_from(frame, name, header, Kind.COUNT) for header, name in _VOLUMES),
        Column(header="load", kind=Kind.PERCENT, values=frame["load"].tolist(), bar=True),
        _from(frame, "expected_replies", "expected replies", Kind.DECIMAL),
        _from(frame, "expected_credits_week", "credits this week", Kind.DECIMAL),
        _from(frame, "worst_credits_week", "credits at worst", Kind.COUNT),
        _from(frame, "expected_credits_to_reset", "credits to reset", Kind.DECIMAL),
        _from(frame, "expected_forfeit", "credits forfeited", Kind.DECIMAL),
        _from(frame, "inmail_limit", "InMail limit", Kind.COUNT),
        _from(frame, "connection_limit", "request limit", Kind.COUNT),
        _from(frame, "max_inmails_on_a_day", "most InMails a day", Kind.COUNT),
        _from(frame, "max_connections_on_a_day", "most requests a day", Kind.COUNT),
        _from(frame, "credit_price", "worth of a credit", Kind.REPLIES),
        _from(frame, "connection_price", "worth of a request", Kind.REPLIES),
        _from(frame, "inmail_price", "worth of an InMail", Kind.REPLIES),
        _from(frame, "note", "note", Kind.WRAP),
    )
    chart = Chart(
        title="Credits now and expected just before the reset",
        page="Seats",
        block="seats",
        category="seat",
        series=("credits now", "balance at reset"),
        axis="credits",
        anchor=f"C{len(frame) + 8}",
        stacked=False,
    )
    lines = heading(
        "Seats",
        "Those nearest to running out first. Runs out: probability that more credits are "
        f"needed before the reset than there are above the reserve; accepted: {alpha:.1%}.",
        "Worth: expected replies that one more credit, request or InMail would bring. "
        "Most a day: the target daily limit to set in GetSales.",
        indent=2,
    )
    return Page(
        name="Seats",
        lines=lines,
        blocks=(Block(name="seats", caption="", columns=columns),),
        charts=(chart,) if len(frame) else (),
        freeze_columns=2,
        pages_wide=2,
    )


def _watch(frame: pd.DataFrame, alpha: float) -> list[str]:
    """Return what is wrong with each seat in words: colour alone says nothing in print."""
    over = frame["exhaustion_probability"] > alpha
    below = frame["expected_balance_at_reset"] < frame["reserve"]
    return [
        "; ".join(
            word
            for word, is_so in (("may run out", high), ("below reserve", low))
            if is_so
        )
        for high, low in zip(over, below, strict=True)
    ]


def by_day(plan: Plan) -> Page:
    """Return the volume of each day, and of each seat and day."""
    names = [name for _, name in _VOLUMES]
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
            _from(totals, "date", "date", Kind.DATE),
            _list("weekday", _weekdays(texts(totals["date"]))),
            _list(
                "seats at work",
                [int(active.get(date, 0)) for date in totals["date"]],
                Kind.COUNT,
            ),
            _list("share of week", (totals["all"] / week).tolist(), Kind.PERCENT),
            *(_from(totals, name, header, Kind.COUNT) for header, name in _VOLUMES),
            _from(totals, "all", "all", Kind.COUNT),
        ),
    )
    detail = Block(
        name="by_day_and_seat",
        caption="By seat",
        columns=(
            _from(days, "date", "date", Kind.DATE),
            _list("weekday", _weekdays(texts(days["date"]))),
            _from(days, "seat_id", "seat"),
            _from(days, "sender", "sender"),
            *(_from(days, name, header, Kind.COUNT) for header, name in _VOLUMES),
            _from(days, "all", "all", Kind.COUNT),
        ),
    )
    chart = Chart(
        title="Sends by day",
        page="By day",
        block="by_day",
        category="date",
        series=tuple(header for header, _ in _VOLUMES),
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


# --- what waits, and why ----------------------------------------------------------


def hold(plan: Plan) -> Page:
    """Return the held leads: counts by reason and week, then the first of them."""
    held = plan.assignments[plan.assignments["route"] == str(Route.HOLD)]
    keys = pd.DataFrame({"rule": texts(held["rule"]), "week": texts(held["expected_week"])})
    counts = keys.groupby(["rule", "week"]).size().reset_index(name="leads")
    counts = counts.sort_values(["leads", "rule", "week"], ascending=[False, True, True])
    later = "not foreseen"
    count_block = Block(
        name="hold_counts",
        caption="How many, and until when",
        columns=(
            _from(counts, "rule", "reason"),
            _list("expected week", [week or later for week in counts["week"]]),
            _list("leads", counts["leads"].tolist(), Kind.COUNT),
        ),
    )
    keys["minus_priority"] = -held["priority"].to_numpy()
    keys["lead"] = texts(held["lead_id"])
    keys["week"] = keys["week"].where(keys["week"] != "", "~")  # not foreseen comes last
    order = keys.sort_values(["week", "minus_priority", "lead"], kind="stable").index
    first = held.iloc[order.to_numpy()[:MAX_HELD]]
    weeks = [week or later for week in texts(first["expected_week"])]
    list_block = Block(
        name="hold_list",
        caption="The leads" if len(held) <= MAX_HELD else f"The first {MAX_HELD:,} leads",
        columns=(
            _from(first, "rule", "reason"),
            _list("expected week", weeks),
            _from(first, "priority", "priority", Kind.COUNT),
            _list("lead", _full_names(first)),
            _from(first, "title", "title"),
            _from(first, "company", "company"),
            _from(first, "linkedin_url", "profile", Kind.LINK),
            _from(first, "open_flag", "open profile"),
            _from(first, "reason", "why", Kind.WRAP),
        ),
    )
    note = f"{len(held):,} leads wait. All of them are in assignments.csv."
    return Page(name="Hold", lines=heading("Hold", note), blocks=(count_block, list_block))


def limits(plan: Plan) -> Page:
    """Return the limits and rules that cost most, most first."""
    frame = ranked_limits(plan)
    columns = (
        _from(frame, "limit", "limit or rule"),
        _from(frame, "seat_id", "seat"),
        _from(frame, "used", "used", Kind.DECIMAL),
        _from(frame, "limit_value", "limit", Kind.DECIMAL),
        _from(frame, "price", "worth of one more", Kind.REPLIES),
        _from(frame, "num_leads", "leads moved", Kind.COUNT),
        _from(frame, "in_words", "in words", Kind.WRAP),
    )
    lines = heading(
        "What limits us",
        "Worth of one more: expected replies that one unit more of the limit would bring. "
        "Leads moved: held or excluded by the rule.",
    )
    block = Block(name="limits", caption="", columns=columns)
    return Page(name="What limits us", lines=lines, blocks=(block,))


def ranked_limits(plan: Plan) -> pd.DataFrame:
    """Return the limits by what one more unit is worth, then by leads moved."""
    return plan.limits.sort_values(
        ["price", "num_leads", "limit", "seat_id"],
        ascending=[False, False, True, True],
        na_position="last",
        kind="stable",
    )


# --- what the plan rests on -------------------------------------------------------


def open_share(plan: Plan) -> Page:
    """Return the estimated open share of the list and of each segment."""
    share = plan.open_share
    low, median, high = share.share.low, share.share.median, share.share.high
    segments = share.segments
    by_segment = Block(
        name="open_share",
        caption="By segment",
        columns=(
            _list("segment", [s.segment for s in segments]),
            _list("Premium", [s.premium for s in segments]),
            _list("leads", [s.num_leads for s in segments], Kind.COUNT),
            _list("flag known", [s.num_known for s in segments], Kind.COUNT),
            _list("known open", [s.num_open for s in segments], Kind.COUNT),
            _list("flag unknown", [s.num_unknown for s in segments], Kind.COUNT),
            Column(
                header="expected open share",
                kind=Kind.PERCENT,
                values=[s.mean for s in segments],
                bar=True,
            ),
            _list("at least", [s.low for s in segments], Kind.PERCENT),
            _list("at most", [s.high for s in segments], Kind.PERCENT),
        ),
    )
    checks = share.width_after_checks
    look_ups = Block(
        name="look_ups",
        caption="What looking up more flags would bring",
        columns=(
            _list("random look-ups", [float(n) for n in sorted(checks)], Kind.COUNT),
            _list("width of interval", [checks[n] for n in sorted(checks)], Kind.PERCENT),
        ),
    )
    lines = heading(
        "Open share",
        f"Of {share.num_leads:,} leads, {share.num_known:,} flags are known "
        f"({share.num_open:,} open). Expected open share of the list: {median:.0%} "
        f"({low:.0%} to {high:.0%}, {plan.parameters.interval:.0%} interval).",
        "The share of a segment is that of its leads with an unknown flag.",
    )
    return Page(name="Open share", lines=lines, blocks=(by_segment, look_ups))


def issues(plan: Plan) -> Page:
    """Return the findings about the input, errors first."""
    order = {"error": 0, "warning": 1, "note": 2}
    found = sorted(plan.issues, key=lambda issue: order[str(issue.severity)])[:MAX_ISSUES]
    columns = (
        _list("severity", [str(issue.severity) for issue in found]),
        _list("file", [issue.file for issue in found]),
        _list("row", [issue.row for issue in found], Kind.COUNT),
        _list("column", [issue.column for issue in found]),
        _list("what, and what to do", [issue.message for issue in found], Kind.WRAP),
        _list("code", [issue.code for issue in found]),
    )
    more = len(plan.issues) - len(found)
    note = f"{len(plan.issues):,} findings." + (
        f" The first {len(found):,} are shown; all are in plan.json." if more else ""
    )
    lines = heading("Issues", note)
    block = Block(name="issues", caption="", columns=columns)
    return Page(name="Issues", lines=lines, blocks=(block,))


def parameters(plan: Plan) -> Page:
    """Return every parameter with its value in force."""
    known = specs()
    changed = plan.parameters.changed()
    columns = (
        _list("group", [spec.group for spec in known]),
        _list("parameter", [spec.name for spec in known]),
        _list("value", [_setting(getattr(plan.parameters, s.name)) for s in known], Kind.VALUE),
        _list("default", [_setting(spec.default) for spec in known], Kind.VALUE),
        _list("changed", ["yes" if spec.name in changed else "" for spec in known]),
        _list("unit", [spec.unit for spec in known]),
        _list("range", [spec.range_text for spec in known]),
        _list("meaning", [spec.description for spec in known], Kind.WRAP),
        _list("source", [spec.source for spec in known], Kind.WRAP),
    )
    note = f"{len(changed)} of {len(known)} differ from their default."
    block = Block(name="parameters", caption="", columns=columns)
    return Page(
        name="Parameters",
        lines=heading("Parameters", note),
        blocks=(block,),
        freeze_columns=2,
    )


def _setting(value: float | int | bool | str) -> Value:
    return str(value).lower() if isinstance(value, bool) else value

