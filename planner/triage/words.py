"""The evidence for a cause, in short sentences, most telling first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from planner.domain import Cause, Degree, Flag
from planner.params import Parameters
from planner.triage.causes import PATTERNS
from planner.triage.records import Balance
from planner.triage.runs import Surroundings
from planner.triage.timeline import Mark


class _Topic(StrEnum):
    RUN = "run"
    BALANCE = "balance"
    AFTER = "after"
    PACE = "pace"
    LEAD = "lead"
    TEXT = "text"


_FIRST: Mapping[str, tuple[_Topic, ...]] = {
    str(Cause.CREDITS_EXHAUSTED): (_Topic.RUN, _Topic.BALANCE),
    str(Cause.VELOCITY_BLOCK): (_Topic.RUN, _Topic.PACE, _Topic.BALANCE),
    str(Cause.INMAIL_OFF): (_Topic.LEAD, _Topic.AFTER, _Topic.BALANCE),
    str(Cause.UNKNOWN): (_Topic.AFTER, _Topic.BALANCE),
}
_LEAD_FIRST = (_Topic.LEAD, _Topic.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFacts:
    """What is known of the lead of one failure; ``num_failures`` over all its InMails."""

    seat_id: str
    open_flag: int
    inmail_flag: int
    degree: int
    inmail_on: str
    accepted_by: str
    replied_on: str
    num_failures: int
    error_class: str
    is_dated: bool


def evidence(
    cause: str, lead: LeadFacts, around: Surroundings | None, parameters: Parameters
) -> str:
    """Return the evidence on one failure as sentences.

    Parameters
    ----------
    cause : str
        The most likely one; what speaks for or against it stands first.
    lead : LeadFacts
        The lead's side.
    around : Surroundings or None
        The seat's side; None if the seat or the time of the failure is not known.
    parameters : Parameters
        Growth up to which a week is ordinary.
    """
    parts: list[tuple[_Topic, str]] = []
    if around is None:
        missing = "seat" if not lead.seat_id else "day"
        parts.append((_Topic.BALANCE, f"the {missing} of the failed InMail is not known"))
    else:
        parts += _seat(around, parameters)
    parts += [(_Topic.LEAD, text) for text in _lead(lead)]
    parts += [(_Topic.TEXT, text) for text in _text(lead.error_class)]
    first = _FIRST.get(cause, _LEAD_FIRST)
    order = [*first, *(topic for topic in _Topic if topic not in first)]
    parts.sort(key=lambda part: order.index(part[0]))
    return ". ".join(text[0].upper() + text[1:] for _, text in parts) + "."


def _seat(around: Surroundings, parameters: Parameters) -> list[tuple[_Topic, str]]:
    parts = [(_Topic.RUN, _run(around)), (_Topic.BALANCE, _balance(around.before))]
    if around.seen_after is not None:
        seen = around.seen_after
        parts.append(
            (_Topic.BALANCE, f"{_credits(seen.expected)} seen on {seen.happened_on[:10]}")
        )
    if around.paid_after or around.free_after:
        sent = [
            f"{number:,} {kind} InMail{'s' if number != 1 else ''}"
            for number, kind in ((around.paid_after, "paid"), (around.free_after, "free"))
            if number
        ]
        text = f"the seat sent {' and '.join(sent)} after this one, before any grant"
        parts.append((_Topic.AFTER, text))
    if not math.isnan(around.growth) and around.growth > parameters.velocity_growth:
        text = f"InMails of seven days stood at {around.growth:.1f} times the usual week"
        parts.append((_Topic.PACE, text))
    return parts


def _run(around: Surroundings) -> str:
    run = around.run
    num = len(run.positions)
    if num == 1:
        return "a single failed InMail of the seat"
    until = ""
    if run.ended_by is not None:
        words = {
            Mark.RESET: "the grant of",
            Mark.SENT: "a paid InMail went out on",
            Mark.SEEN: "credits were seen on",
        }
        until = f" until {words[run.ended_by.mark]} {run.ended_by.at[:10]}"
    free = f" ({run.num_sent_inside:,} free went out)" if run.num_sent_inside else ""
    if run.num_planned_inside:
        free += f"; {run.num_planned_inside:,} more were planned, no file says what became"
        free += " of them"
    return (
        f"number {around.number:,} of {num:,} failed InMails of the seat from "
        f"{run.since[:10]} on{until}, with no paid one known to have gone out between "
        f"them{free}"
    )


def _balance(before: Balance | None) -> str:
    if before is None:
        return "the seat's balance before it is not known"
    day = before.happened_on[:10]
    if before.is_seen:
        return f"the seat had {_credits(before.expected)} on {day} (seen)"
    low, high = math.floor(before.low), math.ceil(before.high)
    span = f"{low} to {high} credits" if high > low else _credits(before.expected)
    return f"the ledger has {span} for the seat on {day}"


def _credits(number: float) -> str:
    whole = round(number)
    return f"{whole:,} credit" + ("s" if whole != 1 else "")


def _lead(lead: LeadFacts) -> list[str]:
    return [
        text
        for holds, text in (
            (lead.replied_on, f"the lead replied on {lead.replied_on[:10]}"),
            (lead.inmail_on, f"an InMail went to the lead on {lead.inmail_on[:10]}"),
            (
                lead.accepted_by and lead.accepted_by == lead.seat_id,
                "the lead is connected to this seat",
            ),
            (lead.degree == Degree.FIRST, "the list has the lead as a 1st degree"),
            (lead.inmail_flag == Flag.NO, "the list says that the lead takes no InMails"),
            (lead.inmail_flag == Flag.YES, "the list says that the lead takes InMails"),
            (lead.open_flag == Flag.YES, "the profile is open, so it needs no credit"),
            (
                lead.num_failures > 1,
                f"{lead.num_failures:,} InMails to this lead have failed",
            ),
        )
        if holds
    ]


def _text(error_class: str) -> list[str]:
    if not error_class:
        return []
    if error_class == Cause.UNKNOWN:
        return ["the error text matches no pattern"]
    text = f"the error text matches {PATTERNS[Cause(error_class)]}"
    if error_class == Cause.CREDITS_EXHAUSTED:
        text += ", which is also shown where InMail is off"
    return [text]
