"""Learned rates and past forecasts in words, tables and JSON, for `planner estimate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from planner.estimate.calibration import Calibration
from planner.estimate.learned import LearnedRate, LearnedRates
from planner.estimate.pooling import Estimate


class Table(NamedTuple):
    """Header and rows as `planner.cli.console.table` takes them."""

    header: tuple[str, ...]
    rows: list[tuple[object, ...]]


#: Each rate: attribute of `LearnedRates`, its name, what is sent, what comes back.
RATES = (
    ("inmail_reply", "InMail reply", "InMails", "replies"),
    ("acceptance", "acceptance", "connection requests", "acceptances"),
    ("reply_after_acceptance", "reply after acceptance", "acceptances", "replies"),
)

#: The parameter of each rate.
_PARAMETERS = {
    "inmail_reply": "inmail_reply_rate",
    "acceptance": "acceptance_rate",
    "reply_after_acceptance": "reply_rate_after_acceptance",
}

_ONE = {"replies": "reply", "acceptances": "acceptance"}

#: Seats that a sentence names.
_MAX_NAMED = 5

#: What stands in a table where a lead or a list has no segment.
NO_SEGMENT = "(none)"
OTHER_SEGMENT = "(any other)"


def rate_lines(learned: LearnedRates) -> tuple[str, ...]:
    """Return one sentence for each rate: what it is, and what it was learned from."""
    return tuple(
        _rate_line(getattr(learned, attribute), attribute, names, learned.level)
        for attribute, *names in RATES
    )


def _rate_line(
    rate: LearnedRate, attribute: str, names: Sequence[str], level: float
) -> str:
    name, sent, came = names
    notes = ""
    if rate.num_young:
        notes += f"; {rate.num_young:,} {sent} are too recent to count"
    if rate.unheard:
        return (
            f"{_capital(name)} rate: {rate.given:.1%} as given; {rate.num_unheard:,} "
            f"{sent} and no {_ONE[came]} recorded: record {came}, or set "
            f"{_PARAMETERS[attribute]}{notes}"
        )
    if rate.num_unheard:
        notes += (
            f"; {rate.num_unheard:,} {sent} of {_named(rate.unheard_seats)} are left out: "
            f"no {_ONE[came]} to them is recorded"
        )
    if not rate.num_sent:
        return (
            f"{_capital(name)} rate: {rate.given:.1%} as given; no history to learn "
            f"from{notes}"
        )
    return (
        f"{_capital(name)} rate: {_percent(rate.overall, level)} where a segment has no "
        f"history ({rate.given:.1%} given), from {rate.num_responses:,} {came} to "
        f"{rate.num_sent:,} {sent}; half come within {_days(rate.delays.median)}{notes}"
    )


def _named(seats: Sequence[str]) -> str:
    more = len(seats) - _MAX_NAMED
    shown = ", ".join(seat or NO_SEGMENT for seat in seats[:_MAX_NAMED])
    return f"{shown} and {more} more seats" if more > 0 else shown


def rate_table(learned: LearnedRates) -> Table:
    """Return each rate by segment; rates without history are left out."""
    header = (
        "rate", "segment", "sent", "answers", "counts for", "learned",
        f"{learned.level:.0%} interval",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for attribute, name, _, _ in RATES:
        rate: LearnedRate = getattr(learned, attribute)
        rows.extend(
            (
                name, item.segment or NO_SEGMENT, item.num_sent, item.num_responses,
                round(item.effective_sent), *_cells(item.rate),
            )
            for item in rate.segments
        )  # fmt: skip
        if rate.num_sent:
            rows.append((name, OTHER_SEGMENT, "", "", "", *_cells(rate.overall)))
    return Table(header, rows)


def seat_table(learned: LearnedRates) -> Table:
    """Return the factor of each seat with history, and whether plans use it."""
    header = (
        "rate", "seat", "sent", "answers", "factor", f"{learned.level:.0%} interval",
        "used",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = [
        (
            name, seat.seat_id, seat.num_sent, seat.num_responses,
            f"{seat.factor.mean:.2f}", f"{seat.factor.low:.2f} to {seat.factor.high:.2f}",
            "yes" if seat.is_material and attribute != "reply_after_acceptance" else "no",
        )
        for attribute, name, _, _ in RATES
        for seat in getattr(learned, attribute).seats
    ]  # fmt: skip
    return Table(header, rows)


def rates_document(learned: LearnedRates) -> dict[str, Any]:
    """Return learned rates as a JSON object."""
    document: dict[str, Any] = {
        "as_of": learned.as_of.isoformat(),
        "interval": learned.level,
        "is_learned": learned.is_learned,
    }
    for attribute, *_ in RATES:
        rate: LearnedRate = getattr(learned, attribute)
        document[attribute] = {
            "given": rate.given,
            "overall": asdict(rate.overall),
            "num_sent": rate.num_sent,
            "num_responses": rate.num_responses,
            "num_young": rate.num_young,
            "unheard": rate.unheard,
            "num_unheard": rate.num_unheard,
            "unheard_seats": list(rate.unheard_seats),
            "median_delay_days": rate.delays.median,
            "mean_delay_days": round(rate.delays.mean, 3),
            "segments": [asdict(item) for item in rate.segments],
            "seats": [
                {**asdict(item), "is_material": item.is_material} for item in rate.seats
            ],
        }
    return document


def calibration_lines(found: Calibration) -> tuple[str, ...]:
    """Return the scores of past forecasts in sentences, alarms last."""
    lines = [_skill_line(found)]
    if found.coverage is not None:
        held = found.coverage
        lines.append(
            f"{found.level:.0%} intervals held {held.num_covered} of "
            f"{held.num_segments} times: {held.share:.0%}, likely {held.low:.0%} to "
            f"{held.high:.0%}; good forecasts would hold {held.expected:.0%}"
        )
    lines.extend(f"ALARM: {words}" for words in found.alarms)
    return tuple(lines)


def _skill_line(found: Calibration) -> str:
    if found.brier is None or found.base_brier is None or found.base_rate is None:
        return "Past forecasts: no flag that was forecast has become known yet"
    line = (
        f"Past forecasts: {found.number:,} flags became known, {found.base_rate:.1%} "
        f"open; Brier score {found.brier:.3f} against {found.base_brier:.3f} for the "
        f"plain share, log loss {found.log_loss:.3f}"
    )
    if found.skill is None:
        return line
    noise = (
        "" if found.skill_noise is None else f" (standard error {found.skill_noise:.1%})"
    )
    return f"{line}, skill {found.skill:+.1%}{noise}"


def calibration_table(found: Calibration) -> Table:
    """Return forecast against outcome for leads of about the same forecast."""
    header = ("forecast", "leads", "open", "share", f"{found.level:.0%} interval")
    return Table(
        header,
        [
            (
                f"{item.forecast:.1%}", item.number, item.num_open, f"{item.share:.1%}",
                f"{item.low:.1%} to {item.high:.1%}",
            )
            for item in found.bins
        ],
    )  # fmt: skip


def calibration_document(found: Calibration) -> dict[str, Any]:
    """Return the scores of past forecasts as a JSON object."""
    return {**asdict(found), "is_alarm": found.is_alarm}


def _cells(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.mean:.1%}", f"{estimate.low:.1%} to {estimate.high:.1%}"


def _percent(estimate: Estimate, level: float) -> str:
    mean, ends = _cells(estimate)
    return f"{mean} ({level:.0%} interval {ends})"


def _days(count: int) -> str:
    return "a day" if count <= 1 else f"{count} days"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
