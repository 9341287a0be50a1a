"""``planner forecast``: whether and when each sender runs out of credits."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import console, inputs, ledgers
from planner.cli.ledgers import LedgerOption
from planner.cli.plan import AsOf, Config, Encoding, Json, Param
from planner.errors import InputError, Issue, ShortError

if TYPE_CHECKING:
    from planner.domain import Seat
    from planner.ledger.forecast import Runway, SeatState
    from planner.ledger.projection import Pace
    from planner.ledger.store import Ledger
    from planner.params import Parameters

Seats = Annotated[
    str | None,
    typer.Option(
        "--seats",
        "-s",
        metavar="FILE",
        help="Seat inventory with balances just read; else the last run's seats.",
    ),
]


def forecast(
    seats: Seats = None,
    fail_under: Annotated[
        int | None,
        typer.Option(
            "--fail-under",
            metavar="CREDITS",
            min=0,
            help="Exit with 8 if any seat that sends something before its reset may fall "
            "below this.",
        ),
    ] = None,
    as_of: AsOf = None,
    param: Param = [],
    config: Config = None,
    encoding: Encoding = None,
    ledger: LedgerOption = None,
    json: Json = False,
) -> None:
    """Show each seat's runway to its reset: expected, and at worst with confidence.

    Each seat at what is planned, where the plan reaches its reset; else at the worse of
    two paces, which the table names: planned, or what was sent in the last four weeks
    (present). The plan ends with its horizon; after that, its mean goes on as far as it
    leaves the reserve. --fail-under looks at the same, and passes over seats that send
    nothing, such as paused ones.

    Examples:

      planner forecast

      planner forecast --seats seats.xlsx --fail-under 5
    """
    from planner.ledger.forecast import forecast as project

    console.settings.json = json
    parameters = inputs.parameters(config, param)
    today = inputs.date_option(as_of)
    with ledgers.existing(ledger, config, parameters) as book:
        states, unknown, issues = _states(book, seats, parameters, today, encoding)
    runways = project(states, as_of=today, alpha=parameters.alpha, parameters=parameters)
    if json:
        console.result_json(
            {
                "as_of": today.isoformat(), "confidence": 1 - parameters.alpha,
                "seats": [_document(runway) for runway in runways], "unknown": unknown,
                "issues": [console.issue_record(issue) for issue in issues],
            }
        )  # fmt: skip
    else:
        console.show_issues(issues)
        _show(runways, unknown, parameters, today)
    short = [
        runway.seat_id
        for runway in runways
        if fail_under is not None and _sends(runway) and _lowest(runway) < fail_under
    ]
    if short:
        raise ShortError(
            f"{', '.join(short)}: may fall below {fail_under} credits before the reset"
        )


def _states(
    book: Ledger,
    path: str | None,
    parameters: Parameters,
    today: dt.date,
    encoding: str | None,
) -> tuple[list[SeatState], list[str], tuple[Issue, ...]]:
    """Return what is known of each seat, the seats without a known balance, warnings."""
    from planner.ledger import ahead as plans
    from planner.ledger import doubts, history, reconcile, renames, runs, touches
    from planner.ledger import forecast as runway

    with book.reading() as connection:
        view = touches.View(as_of=today)
        histories = history.seat_histories(connection, view, parameters)
        ahead = runs.planned_inmails(connection, today)
        use = runs.credit_use(connection, today, runway.PACE_DAYS)
        every = runs.runs(connection)
    standing = [run for run in every if run.in_force]
    for seat_id, later in plans.outlook(standing, today).items():
        ahead.setdefault(seat_id, []).extend(later)
    until = plans.planned_until(standing)
    last = standing[-1] if standing else None
    planned = {seat["seat_id"] for seat in last.seats} if last else set()
    if path is None:
        if not every:
            raise InputError(
                "the ledger has no run yet, so no seats: name the inventory with --seats"
            )
        listed: tuple[Seat, ...] = runs.planned_seats([*every, *standing][-1])
    else:
        listed, _, _ = inputs.load_seats(
            path, parameters, as_of=today, encoding=encoding,
            known_credits=ledgers.known_credits(book, parameters, today),
        )  # fmt: skip
    with book.reading() as connection:
        doubted = doubts.warnings(connection, listed, view, parameters)
    issues = (*doubted, *renames.renamed(listed, histories, every))
    if path is not None:
        for seat in listed:
            if "credits" in seat.stated:
                histories[seat.seat_id] = reconcile.with_sighting(
                    seat, histories.get(seat.seat_id)
                )
    states, unknown = [], []
    for seat in listed:
        known = histories.get(seat.seat_id)
        balance = reconcile.balance(seat, known, parameters, today)
        if known is None or balance is None:
            unknown.append(seat.seat_id)
            continue
        held = known.held_until
        states.append(
            runway.SeatState(
                seat=seat, balance=balance, planned=tuple(ahead.get(seat.seat_id, ())),
                planned_until=until if seat.seat_id in planned else None,
                held_until=held, pace_factor=known.pace_factor,
                is_hold_planned=last is not None and held is not None
                and plans.knows_hold(last, seat.seat_id, held),
                days=known.days, credit_use=use.get(seat.seat_id, 1.0),
            )
        )  # fmt: skip
    return states, unknown, issues


def _sends(runway: Runway) -> bool:
    """Whether any InMail that may use a credit is to come before the reset."""
    return any(pace.inmails > 0 for pace in _paces(runway))


def _paces(runway: Runway) -> tuple[Pace, ...]:
    """Return the plan where it reaches the reset, else both paces."""
    both = (runway.planned, runway.present)
    return both[:1] if runway.is_plan_whole else both


def _lowest(runway: Runway) -> int:
    """Return the lowest balance at worst before the reset."""
    days = [
        day.low
        for pace in _paces(runway)
        for day in pace.daily
        if day.date < runway.next_reset
    ]
    return min([*days, runway.balance.at_least])


def _show(
    runways: tuple[Runway, ...], unknown: list[str], parameters: Parameters, today: dt.date
) -> None:
    console.result(
        f"Credits from {today} on; at worst: with {1 - parameters.alpha:.0%} confidence, "
        "as planned where the plan reaches the reset, else by the worse of two paces: "
        "planned, and present (the last four weeks)"
    )
    until = max((r.planned_until for r in runways if r.planned_until), default=None)
    if until is not None:
        console.result(
            f"The plan says nothing of days after {until}: there its mean goes on, as far "
            "as it leaves the reserve"
            if until >= today
            else f"The plan ended on {until}: nothing is planned"
        )
    console.result("")
    console.table(
        (
            "seat", "credits", "at worst", "reset", "before it", "at worst", "after it",
            "forfeited", "below reserve", "verdict", "pace",
        ),
        [
            (
                runway.seat_id, round(runway.balance.expected, 1), runway.balance.at_least,
                str(runway.next_reset), round(_worse(runway).before_reset[0], 1),
                _worse(runway).before_reset[1], round(_worse(runway).after_reset[0], 1),
                round(_worse(runway).forfeited + _worse(runway).expired, 1),
                str(_worse(runway).worst_below_reserve_on or "-"), str(runway.verdict),
                runway.pace,
            )
            for runway in runways
        ],
    )  # fmt: skip
    console.result("")
    for runway in runways:
        if runway.advice:
            console.result(f"{runway.seat_id}: {runway.advice}")
    if unknown:
        console.result(
            f"No balance known of {', '.join(unknown)}: record one (planner record) or "
            "give --seats"
        )


def _worse(runway: Runway) -> Pace:
    return runway.present if runway.pace == "present" else runway.planned


def _document(runway: Runway) -> dict[str, object]:
    return {
        "seat_id": runway.seat_id, "verdict": str(runway.verdict), "advice": runway.advice,
        "credits": runway.balance.expected, "credits_at_least": runway.balance.at_least,
        "reserve": runway.reserve, "next_reset": runway.next_reset.isoformat(),
        "spare": runway.spare, "worse_pace": runway.pace,
        "is_plan_whole": runway.is_plan_whole,
        "planned_until": runway.planned_until and runway.planned_until.isoformat(),
        "planned": _pace(runway.planned), "present": _pace(runway.present),
    }  # fmt: skip


def _pace(pace: Pace) -> dict[str, object]:
    days = {
        name: None if day is None else day.isoformat()
        for name, day in (
            ("below_reserve_on", pace.below_reserve_on), ("zero_on", pace.zero_on),
            ("worst_below_reserve_on", pace.worst_below_reserve_on),
            ("worst_zero_on", pace.worst_zero_on),
        )
    }  # fmt: skip
    return {
        "inmails": pace.inmails, **days,
        "before_reset": list(pace.before_reset), "after_reset": list(pace.after_reset),
        "forfeited": pace.forfeited, "expired": pace.expired,
        "lapses": [[day.isoformat(), credits] for day, credits in pace.lapses],
        "daily": [
            [day.date.isoformat(), day.expected, day.low, day.high] for day in pace.daily
        ],
    }  # fmt: skip
