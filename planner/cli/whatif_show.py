"""What `planner whatif` shows on the terminal, as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from planner.cli import console
from planner.words import counted

if TYPE_CHECKING:
    from planner.whatif.compare import Compared, Figures
    from planner.whatif.frontier import Point
    from planner.whatif.rules import Cost
    from planner.whatif.worth import Worth

#: What each figure is called, and its decimals.
FIGURES = (
    ("seats", "seats", 0),
    ("leads", "leads", 0),
    ("replies", "expected replies this week", 1),
    ("value", "value over the horizon (weighted replies)", 2),
    ("open_inmail", "free InMails", 0),
    ("paid_inmail", "paid InMails", 0),
    ("connection_request", "connection requests", 0),
    ("message", "messages", 0),
    ("hold", "hold", 0),
    ("excluded", "excluded", 0),
    ("credits_used", "credits used this week", 1),
    ("forfeits", "expected forfeits", 1),
    ("exhaustion", "highest probability to run out", 3),
    ("cost_per_month", "cost a month (USD)", 2),
)

#: Ways of leads from route to route that the terminal shows.
MAX_WAYS = 6


def side_by_side(was: Figures, compared: Sequence[Compared]) -> list[str]:
    """Return the run, each scenario, and what is different in it."""
    header = ["", "run"]
    for item in compared:
        header += [item.name, "more"]
    before = asdict(was)
    rows = []
    for key, words, digits in FIGURES:
        row = [words, _number(before[key], digits)]
        for item in compared:
            now = asdict(item.figures)[key]
            row += [_number(now, digits), _signed(item.difference[key], digits)]
        rows.append(row)
    return [*console.table_lines(header, rows), "", *map(_what_moves, compared)]


def _what_moves(item: Compared) -> str:
    ways = list(item.moves.routes.items())
    shown = ", ".join(f"{old} to {new} {n:,}" for (old, new), n in ways[:MAX_WAYS])
    left = len(ways) - MAX_WAYS
    rest = f" and {counted(left, 'way')} more" if left > 0 else ""
    text = (
        f"{item.name}: {item.moves.moved:,} leads get another route, seat or week, "
        f"{item.moves.rerouted:,} another route{': ' if shown else ''}{shown}{rest}."
    )
    if not item.is_same_week:
        text += f" Its first week is {item.worked.plan.week}, not the run's."
    if item.cost_per_reply is not None:
        text += f" Each additional weighted reply costs {item.cost_per_reply:,.2f} USD."
    return text


def flat(was: Figures, compared: Sequence[Compared]) -> list[Mapping[str, object]]:
    """Return the run and its scenarios as one flat record each."""
    scenarios = (
        {
            "name": item.name, **asdict(item.figures), "moved": item.moves.moved,
            "rerouted": item.moves.rerouted,
            "cost_per_additional_reply": item.cost_per_reply,
        }
        for item in compared
    )  # fmt: skip
    return [{"name": "run", **asdict(was)}, *scenarios]


def one_more(found: Sequence[Worth], seats: Sequence[Compared], left_out: int) -> list[str]:
    """Return what one more credit, request, InMail and seat is worth."""
    lines = ["What one more is worth, in weighted replies over the horizon:"]
    if not found:
        lines.append("nothing: no seat's credits, requests or pace bind")
    rows = [
        (
            f"{item.unit} on {item.seat_id}", f"{item.price:.4f}", f"{item.gain:.4f}",
            _range(item.more), "-" if item.loss is None else f"{item.loss:.4f}",
            _range(item.fewer), _verdict(item),
        )
        for item in found
    ]  # fmt: skip
    header = (
        "one more",
        "price",
        "brings",
        "up to",
        "fewer costs",
        "down to",
        "solved again",
    )
    lines += console.table_lines(header, rows) if rows else []
    if left_out:
        lines.append(f"... and {left_out:,} limits worth less: --worth N shows more")
    if seats:
        lines += ["", "One more seat, planned anew:"]
        of_seats = [
            (
                item.name, _signed(item.difference["value"], 2),
                _signed(item.difference["replies"], 1),
                _number(item.difference["cost_per_month"], 2),
                "-" if item.cost_per_reply is None else f"{item.cost_per_reply:,.2f}",
            )
            for item in seats
        ]  # fmt: skip
        words = ("seat", "value", "replies this week", "USD a month", "USD a reply")
        lines += console.table_lines(words, of_seats)
    return lines


def _range(units: int) -> str:
    from planner.whatif.worth import MAX_UNITS

    return f"{units}+" if units >= MAX_UNITS else f"{units}"


def _verdict(item: Worth) -> str:
    if not item.agrees:
        return "the price is off"
    return "a kink: two values" if item.is_kink else "agrees"


def limits(costs: Sequence[Cost]) -> list[str]:
    """Return what each rule costs, the dearest first."""
    rows = [
        (
            item.limit, _number(item.cost, 2).replace("-0.00", "0.00"),
            f"{item.least:.2f} to {item.most:.2f}",
            _signed(item.replies_this_week, 1), item.moved, item.rerouted, item.breaches,
            item.meaning,
        )
        for item in costs
    ]  # fmt: skip
    header = (
        "limit", "costs", "certified", "this week", "leads that differ", "other route",
        "gone beyond", "meaning",
    )  # fmt: skip
    return [
        (
            "Each rule taken away alone and planned again. Costs: weighted replies over "
            "the horizon; certified: what both plans' certificates leave open; a cost "
            "whose range begins at 0 is not told apart from none. Leads that differ in "
            "route, seat or week, ties broken anew; gone beyond: seats and days of this "
            "week."
        ),
        "",
        *console.table_lines(header, rows),
    ]


def curve(points: Sequence[Point]) -> list[str]:
    """Return a curve as a table with bars."""
    from planner.whatif.frontier import bars

    values = [point.figures.value for point in points]
    rows = [
        (
            point.value, f"{point.figures.value:.2f}",
            "" if point.marginal is None else _signed(point.marginal, 2),
            f"{point.figures.replies:.1f}", point.figures.paid_inmail,
            point.figures.hold, f"{point.figures.exhaustion:.3f}",
            f"{point.figures.cost_per_month:,.2f}",
            "-" if point.cost_per_reply is None else f"{point.cost_per_reply:,.2f}", bar,
        )
        for point, bar in zip(points, bars(points), strict=True)
    ]  # fmt: skip
    header = (
        points[0].key, "value", "more", "replies", "paid", "hold", "runs out",
        "USD a month", "USD a reply", "",
    )  # fmt: skip
    return [
        *console.table_lines(header, rows),
        "",
        (
            f"Value: weighted replies over the horizon; bars from {min(values):.2f} to "
            f"{max(values):.2f}. USD a reply: each additional one, against the run."
        ),
    ]


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _signed(value: float, digits: int) -> str:
    text = f"{value:+,.{digits}f}"
    return f"{0:.{digits}f}" if text.strip("+-0.,") == "" else text
