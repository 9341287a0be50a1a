"""What the plan comes to: by seat, by day, by week, by limit, in all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from planner import schemas
from planner.assign.leads import Problem
from planner.dates import resets_after
from planner.domain import RULE_WORDS, Instance, Kind, Route, Seat
from planner.model.credits import CreditUse, use_of
from planner.model.instance import above_reserve, volumes_by_cycle

#: Column of the day table for each route that is sent.
DAY_COLUMN = {
    Route.OPEN_INMAIL: "open_inmails",
    Route.PAID_INMAIL: "paid_inmails",
    Route.CONNECTION_REQUEST: "connection_requests",
    Route.MESSAGE: "messages",
}


def days(assignments: pd.DataFrame, seats: Sequence[Seat]) -> pd.DataFrame:
    """Return sends by seat and day, as `planner.schemas.DAYS`, in inventory order."""
    sent = assignments.loc[
        assignments["send_on"] != "", ["seat_id", "send_on", "route"]
    ].astype(str)
    counts = sent.groupby(["seat_id", "send_on", "route"]).size()
    table = counts.unstack(fill_value=0) if len(counts) else pd.DataFrame()
    rows = []
    for seat in seats:
        if seat.seat_id not in table.index.get_level_values(0):
            continue
        for date, values in table.loc[seat.seat_id].iterrows():
            numbers = {c: int(values.get(r, 0)) for r, c in DAY_COLUMN.items()}
            rows.append(
                {"seat_id": seat.seat_id, "sender": seat.sender, "date": str(date)}
                | numbers
            )
    return frame(rows, schemas.DAYS)


def outlook(problem: Problem, weeks: Sequence[str]) -> pd.DataFrame:
    """Return planned volumes and expected balances by seat and period."""
    use = np.array([tier.use for tier in problem.instance.tiers])
    rows = []
    balance: dict[int, float] = {}
    cycle: dict[int, int] = defaultdict(int)
    for number, period in enumerate(problem.instance.periods):
        seat = problem.seats[period.seat]
        left = balance.get(period.seat, float(seat.credits))
        while cycle[period.seat] < period.cycle:
            left = min(left + seat.monthly_grant, float(seat.credit_cap))
            cycle[period.seat] += 1
        inmails = problem.slots.inmails[number]
        expected = float(inmails @ use)
        balance[period.seat] = left - expected
        rows.append(
            {
                "seat_id": seat.seat_id,
                "week": weeks[period.week],
                "cycle": period.cycle,
                "open_inmails": float(inmails[Kind.OPEN]),
                "paid_inmails": float(inmails.sum() - inmails[Kind.OPEN]),
                "expected_credits": round(expected, 4),
                "connection_requests": float(problem.slots.connections[number]),
                "expected_balance": round(left - expected, 4),
            }
        )
    return frame(rows, schemas.OUTLOOK)


def seat_weeks(
    problem: Problem, assignments: pd.DataFrame, day_table: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per seat, as `planner.schemas.SEAT_WEEKS`."""
    instance = problem.instance
    by_cycle = volumes_by_cycle(instance, problem.slots.inmails.astype(float))
    credit_use = use_of(instance.tiers)
    sums = assignments.groupby("seat_id", observed=True)[
        ["credit_probability", "expected_replies"]
    ].sum()
    volumes = day_table.groupby("seat_id")[list(DAY_COLUMN.values())].sum()
    rows = []
    for index, seat in enumerate(problem.seats):
        known = seat.seat_id in volumes.index
        count: Mapping[Hashable, int] = volumes.loc[seat.seat_id].to_dict() if known else {}
        own = sums.loc[seat.seat_id].to_dict() if seat.seat_id in sums.index else {}
        mix = by_cycle.get((index, 0), np.zeros(len(instance.tiers)))
        row = _credits_row(problem, index, mix, credit_use)
        row |= {name: int(count.get(name, 0)) for name in DAY_COLUMN.values()}
        row |= _capacity_row(problem, index, row, day_table)
        row["expected_credits_week"] = round(float(own.get("credit_probability", 0.0)), 4)
        row["expected_replies"] = round(float(own.get("expected_replies", 0.0)), 4)
        row["note"] = _note(problem, index, row)
        rows.append(row)
    return frame(rows, schemas.SEAT_WEEKS)


def _credits_row(
    problem: Problem, index: int, mix: np.ndarray, credit_use: CreditUse
) -> dict[str, object]:
    """Return what one seat's credits come to, now and up to its next reset."""
    instance, seat = problem.instance, problem.seats[index]
    use = np.array([tier.use for tier in instance.tiers])
    parameters = problem.parameters
    alpha = parameters.alpha / (len(problem.seats) if parameters.joint else 1)
    week = sum(
        (
            problem.slots.inmails[number].astype(float)
            for number, period in enumerate(instance.periods)
            if period.seat == index and period.week == 0
        ),
        np.zeros(len(instance.tiers)),
    )
    budget = max(0, seat.credits - seat.reserve)
    expected = float(mix @ use)
    at_reset = seat.credits - expected
    reset = next(resets_after(seat.reset_rule, problem.as_of))
    worst = int(np.ceil(credit_use.quantile(week, alpha) - 1e-9))
    return {
        "seat_id": seat.seat_id,
        "sender": seat.sender,
        "credits": seat.credits,
        "reserve": seat.reserve,
        "next_reset": reset.isoformat(),
        "worst_credits_week": worst,
        "expected_credits_to_reset": round(expected, 4),
        "exhaustion_probability": round(credit_use.exceedance(mix, budget), 6),
        "expected_balance_at_reset": round(at_reset, 4),
        "expected_forfeit": round(
            # What is above the cap already stays: no more than the grant is lost.
            min(
                float(seat.monthly_grant),
                max(0.0, at_reset + seat.monthly_grant - seat.credit_cap),
            ),
            4,
        ),
    }


def _capacity_row(
    problem: Problem, index: int, row: Mapping[str, object], day_table: pd.DataFrame
) -> dict[str, object]:
    """Return one seat's limits of the week, its load and what more would be worth."""
    instance = problem.instance
    numbers = [
        number
        for number, period in enumerate(instance.periods)
        if period.seat == index and period.week == 0
    ]
    inmail_limit = sum(instance.periods[n].max_inmails for n in numbers)
    requests = sum(instance.periods[n].max_connection_requests for n in numbers)
    for limit in instance.velocity:
        if limit.seat == index and limit.name == "velocity_0":
            inmail_limit = min(inmail_limit, int(limit.limit + 1e-9))
    for limit in (*instance.connections, *instance.pending):
        if limit.seat == index and limit.name in {"connections_0", "pending_0"}:
            requests = min(requests, int(limit.limit + 1e-9))
    inmails = int(str(row["open_inmails"])) + int(str(row["paid_inmails"]))
    sends = inmails + int(str(row["connection_requests"]))
    own = day_table[day_table["seat_id"] == problem.seats[index].seat_id]
    both = own["open_inmails"] + own["paid_inmails"]
    return {
        "inmail_limit": inmail_limit,
        "connection_limit": requests,
        "load": round(sends / max(1, inmail_limit + requests), 4),
        "max_inmails_on_a_day": int(both.max()) if len(own) else 0,
        "max_connections_on_a_day": int(own["connection_requests"].max())
        if len(own)
        else 0,
        **seat_prices(problem, index, numbers),
    }


def seat_prices(problem: Problem, index: int, numbers: Sequence[int]) -> dict[str, float]:
    """Return what one more credit, request and InMail of pace is worth on a seat.

    One more credit now raises every row that starts with the present balance, but those
    that end below the reserve; one more request this week both its day limits and its
    week.
    """
    prices, instance = problem.solution.prices, problem.instance
    cycles = [
        row
        for row in instance.credit_rows
        if row.seat == index
        and row.first == 0
        and above_reserve(problem.seats[index], row.last) >= 0
    ]
    usable = any(row.budget > row.held_back for row in cycles)
    credit = sum(
        prices.get(f"credits_{index}_{row.first}_{row.last}", 0.0) for row in cycles
    )
    request = prices.get(f"connections_0_{index}", 0.0) + prices.get(
        f"pending_0_{index}", 0.0
    )
    inmail = prices.get(f"velocity_0_{index}", 0.0)
    if numbers:
        request += max(prices.get(f"requests_{n}", 0.0) for n in numbers)
        inmail += max(prices.get(f"inmails_{n}", 0.0) for n in numbers)
    return {
        "credit_price": round(max(0.0, credit), 6) if usable else 0.0,
        "connection_price": round(max(0.0, request), 6),
        "inmail_price": round(max(0.0, inmail), 6),
    }


def _note(problem: Problem, index: int, row: Mapping[str, object]) -> str:
    seat = problem.seats[index]
    notes = []
    if not any(p.seat == index and p.week == 0 for p in problem.instance.periods):
        notes.append("away or paused this week")
    if seat.credits <= seat.reserve:
        notes.append(
            f"{seat.credits} credits, reserve {seat.reserve}: no InMail that may need a "
            f"credit until {row['next_reset']}"
        )
    forfeit = float(str(row["expected_forfeit"]))
    if forfeit >= 0.5:
        notes.append(f"about {forfeit:.0f} credits will be forfeited at the reset")
    if seat.inmails_last_28_days is None:
        notes.append("new seat: ramping up")
    return "; ".join(notes)


def limits(
    problem: Problem, assignments: pd.DataFrame, seat_table: pd.DataFrame
) -> pd.DataFrame:
    """Return what limits the plan: binding seat limits by price, then rules by leads."""
    rows: list[dict[str, object]] = []
    for record in seat_table.to_dict("records"):
        rows += _seat_limits({str(key): value for key, value in record.items()})
    rows.sort(
        key=lambda row: (-float(str(row["price"])), str(row["seat_id"]), str(row["limit"]))
    )
    for (route, rule), count in _rule_counts(assignments).items():
        rows.append(
            {
                "limit": RULE_WORDS[rule],
                "seat_id": "",
                "used": np.nan,
                "limit_value": np.nan,
                "price": np.nan,
                "num_leads": count,
                "in_words": f"{count:,} leads: {RULE_WORDS[rule]} ({route})",
            }
        )
    return frame(rows, schemas.LIMITS)


def _rule_counts(assignments: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return how many leads each rule held or excluded, most first."""
    sizes = assignments.groupby(["route", "rule"], observed=True).size().reset_index()
    counts = {
        (str(route), str(rule)): int(count)
        for route, rule, count in sizes.itertuples(index=False)
        if rule
    }
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _seat_limits(seat: Mapping[str, object]) -> list[dict[str, object]]:
    inmails = int(str(seat["open_inmails"])) + int(str(seat["paid_inmails"]))
    credits = max(0, int(str(seat["credits"])) - int(str(seat["reserve"])))
    families = (
        ("credits", "credit_price", seat["expected_credits_to_reset"], credits, "credit"),
        ("InMail pace", "inmail_price", inmails, seat["inmail_limit"], "InMail of pace"),
        (
            "connection requests", "connection_price", seat["connection_requests"],
            seat["connection_limit"], "connection request",
        ),
    )  # fmt: skip
    return [
        {
            "limit": name,
            "seat_id": seat["seat_id"],
            "used": float(str(used)),
            "limit_value": float(str(limit)),
            "price": float(str(seat[price])),
            "num_leads": 0,
            "in_words": (
                f"one more {unit} on {seat['seat_id']} is worth "
                f"{float(str(seat[price])):.3f} weighted replies"
            ),
        }
        for name, price, used, limit, unit in families
        if float(str(seat[price])) > 1e-6
    ]


def totals(
    problem: Problem, assignments: pd.DataFrame, seat_table: pd.DataFrame
) -> dict[str, float | int | str]:
    """Return the plan in figures."""
    routes = assignments["route"].astype(str).value_counts()
    risk = seat_table["exhaustion_probability"]
    any_seat = 1 - float(np.prod(1 - risk.to_numpy()))
    worst = int(risk.to_numpy().argmax()) if len(risk) else 0
    instance = problem.instance
    return {
        "leads": len(assignments),
        **{str(route): int(routes.get(str(route), 0)) for route in Route},
        "seats": len(problem.seats),
        "expected_replies": round(float(assignments["expected_replies"].sum()), 4),
        "expected_credits_week": round(float(seat_table["expected_credits_week"].sum()), 4),
        "credits": int(seat_table["credits"].sum()),
        "expected_forfeit": round(float(seat_table["expected_forfeit"].sum()), 4),
        "worst_exhaustion_probability": float(risk.max()) if len(risk) else 0.0,
        "worst_seat": str(seat_table["seat_id"].iloc[worst]) if len(risk) else "",
        "any_seat_exhaustion_probability": round(any_seat, 6),
        "alpha": problem.parameters.alpha,
        "guarantee": "all seats together" if problem.parameters.joint else "each seat",
        "objective": round(problem.solution.objective, 6) + 0.0,  # never -0.0
        "classes": len(instance.classes),
        "columns": problem.solution.num_columns,
        "rows": problem.solution.num_rows,
    }


def shortfalls(instance: Instance, seats: Sequence[Seat]) -> list[str]:
    """Return, in words, which limits leave nothing to plan, and by how much."""
    lines = []
    capacity = sum(period.max_inmails for period in instance.periods)
    requests = sum(period.max_connection_requests for period in instance.periods)
    above = [seat for seat in seats if seat.credits > seat.reserve]
    if not above and seats:
        short = min(seat.reserve - seat.credits for seat in seats) + 1
        lines.append(
            "no seat has credits above its reserve: no InMail that may need a credit "
            f"before the next reset; the nearest seat is {short} "
            f"{'credit' if short == 1 else 'credits'} short"
        )
    if capacity == 0:
        lines.append("no seat may send InMails within the horizon: daily limits are 0")
    if requests == 0:
        lines.append(
            "no seat may send connection requests within the horizon: limits are 0"
        )
    return lines


def frame(
    rows: Sequence[Mapping[str, object]], columns: tuple[schemas.Column, ...]
) -> pd.DataFrame:
    """Return rows as a table of these columns, typed as the schema says."""
    table = pd.DataFrame(rows, columns=schemas.names(columns))
    kinds = {"text": "str", "integer": "int64", "number": "float64", "flag": "int8"}
    return table.astype({column.name: kinds[column.kind] for column in columns})
