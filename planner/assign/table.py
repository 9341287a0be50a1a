"""Decisions into the table of assignments, each with its reason in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from planner import schemas
from planner.assign.leads import (
    HOLD_CODE,
    HOLD_RULES,
    ROUTE_CODE,
    ROUTES,
    Decisions,
    Problem,
    ordinal_to_text,
)
from planner.domain import Exclusion, Flag, Kind, Route, SegmentShare
from planner.domain import HoldRule as Hold

FLAG_TEXT = {Flag.YES: "yes", Flag.NO: "no", Flag.UNKNOWN: "unknown"}

#: Why a lead is excluded, by rule.
EXCLUSION_TEXT = {
    Exclusion.DO_NOT_CONTACT: "marked do not contact",
    Exclusion.EXCLUSION_LIST: "on an exclusion list",
    Exclusion.CONTACTED_BEFORE: "contacted before, as the list or the ledger says",
    Exclusion.REPLIED_BEFORE: "replied before, as the list or the ledger says",
    Exclusion.DROPPED: "dropped after a failed InMail, as triage decided",
    Exclusion.SAME_PERSON: (
        "the ledger knows that another lead of the list is the same person"
    ),
    Exclusion.UNKNOWN_OWNER: "owner is not a seat of the inventory",
    Exclusion.UNKNOWN_GROUP: "no seat serves this group",
}


#: Kind of a lead that refuses InMails, in the codes of reasons only.
REFUSES = 9

#: Why a lead gets a message, by whether the seat is known.
MESSAGE_TEXT = {
    True: "1st-degree connection of this seat: a message needs no InMail",
    False: (
        "1st-degree connection of a seat that the list does not name: look up whose, then "
        "send a message from there"
    ),
}


def assignments(
    problem: Problem,
    decisions: Decisions,
    segments: Sequence[SegmentShare],
    weeks: Sequence[str],
) -> pd.DataFrame:
    """Return one row per lead, as `planner.schemas.ASSIGNMENTS`.

    Parameters
    ----------
    problem : Problem
        Its leads are numbered from 0.
    weeks : sequence of str
        ISO week of each week of the horizon, the planned one first.
    """
    leads, seats = problem.leads, problem.seats
    sent = decisions.seat >= 0
    on_route = {route: decisions.route == code for route, code in ROUTE_CODE.items()}
    days, day_codes = np.unique(decisions.day, return_inverse=True)
    rule, rule_names = _rules(problem, decisions)
    columns = {
        "route": _pick(decisions.route, [str(route) for route in ROUTES]),
        "seat_id": _pick(np.where(sent, decisions.seat, -1), [s.seat_id for s in seats]),
        "sender": _pick(np.where(sent, decisions.seat, -1), [s.sender for s in seats]),
        "send_on": _pick(day_codes, [ordinal_to_text(int(day)) for day in days]),
        "open_flag": _pick(
            leads["open_flag"].to_numpy() + 1,
            [FLAG_TEXT[flag] for flag in (Flag.UNKNOWN, Flag.NO, Flag.YES)],
        ),
        "open_probability": problem.values.open_probability,
        "credit_probability": credit_probability(problem, decisions),
        "expected_replies": expected_replies(problem, decisions),
        "priority": leads["priority"].fillna(problem.parameters.default_priority),
        "segment": _pick(problem.values.segment, [item.segment for item in segments]),
        "reason": _reasons(problem, decisions, on_route, weeks),
        "expected_week": _pick(decisions.week, weeks),
        "rule": _pick(rule, rule_names),
    }
    names = schemas.names(schemas.ASSIGNMENTS)
    return pd.DataFrame(
        {name: columns[name] if name in columns else leads[name] for name in names}
    )


def credit_probability(problem: Problem, decisions: Decisions) -> np.ndarray:
    """Return the probability that each lead's InMail uses a credit; 0 for other routes."""
    route = decisions.route
    return np.select(
        [
            route == ROUTE_CODE[Route.OPEN_INMAIL],
            route == ROUTE_CODE[Route.PAID_INMAIL],
        ],
        [
            np.full(len(route), problem.parameters.open_flag_leak),
            1 - problem.values.open_probability,
        ],
        0.0,
    )


def expected_replies(problem: Problem, decisions: Decisions) -> np.ndarray:
    """Return the replies expected of this week's sends, not weighted by priority."""
    general = problem.parameters
    inmail = _factors(
        [seat.inmail_reply_rate for seat in problem.seats], general.inmail_reply_rate
    )
    request = _factors(
        [seat.acceptance_rate for seat in problem.seats], general.acceptance_rate
    )
    route = decisions.route
    by_inmail = np.isin(
        route, [ROUTE_CODE[Route.OPEN_INMAIL], ROUTE_CODE[Route.PAID_INMAIL]]
    )
    by_request = route == ROUTE_CODE[Route.CONNECTION_REQUEST]
    replies = np.where(
        by_inmail, problem.values.inmail_reply_rate * inmail[decisions.seat], 0.0
    )
    replies = np.where(
        by_request, problem.values.connection_reply_rate * request[decisions.seat], replies
    )
    return np.minimum(replies, 1.0)


def _factors(own: Sequence[float | None], general: float) -> np.ndarray:
    """Return each seat's rate over the general one; a last 1 for leads without seat."""
    known = [1.0 if rate is None or general <= 0 else rate / general for rate in own]
    return np.array([*known, 1.0])


def _pick(codes: np.ndarray, names: Sequence[str]) -> pd.Series:
    """Return text by code; a code of -1 is blank."""
    distinct = list(dict.fromkeys([*names, ""]))
    place = {name: index for index, name in enumerate(distinct)}
    lookup = np.array([*(place[name] for name in names), place[""]])
    dtype = pd.CategoricalDtype(pd.Index(distinct, dtype="str"))
    return pd.Series(pd.Categorical.from_codes(lookup[codes], dtype=dtype))


def _rules(problem: Problem, decisions: Decisions) -> tuple[np.ndarray, list[str]]:
    """Return the exclusion or hold rule of each lead as codes and their names."""
    codes, exclusions = pd.factorize(problem.leads["exclusion"], sort=True)
    names = [str(name) for name in exclusions] + [str(rule) for rule in HOLD_RULES]
    excluded = decisions.route == ROUTE_CODE[Route.EXCLUDED]
    return np.where(excluded, codes, len(exclusions) + decisions.hold), names


def _reasons(
    problem: Problem,
    decisions: Decisions,
    on_route: dict[Route, np.ndarray],
    weeks: Sequence[str],
) -> pd.Series:
    """Return why each lead is where it is. There are few distinct reasons."""
    values, leads = problem.values, problem.leads
    kind = problem.classing.lead_kind
    percent = np.round(values.open_probability * 100).astype(int)
    rate = np.round(values.inmail_reply_rate * 1000).astype(int)
    other = np.round(values.connection_reply_rate * 1000).astype(int)
    excluded, exclusions = pd.factorize(leads["exclusion"], sort=True)
    refuses = leads["inmail_flag"].to_numpy() == Flag.NO
    refuses &= on_route[Route.CONNECTION_REQUEST]  # where InMails off are only reported
    held = decisions.hold * 128 + decisions.later_inmail * 64 + decisions.week + 1
    detail = np.select(
        [
            on_route[Route.EXCLUDED],
            on_route[Route.HOLD],
            on_route[Route.MESSAGE],
        ],
        [excluded, held, decisions.seat >= 0],
        np.where(refuses, REFUSES, np.minimum(kind, int(Kind.UNKNOWN))) * 101
        + np.where((kind >= Kind.UNKNOWN) & ~refuses, percent, 0),
    )
    keys = np.stack([decisions.route, detail, rate, other]).astype(np.int64)
    bases = tuple(int(base) + 1 for base in keys.max(axis=1, initial=0))
    distinct, codes = np.unique(
        np.ravel_multi_index(tuple(keys), bases), return_inverse=True
    )
    names = [str(name) for name in exclusions]
    parts = zip(*np.unravel_index(distinct, bases), strict=True)
    texts = [_reason(tuple(int(p) for p in key), names, problem, weeks) for key in parts]
    return _pick(codes, texts)


def _reason(
    key: tuple[int, ...], exclusions: Sequence[str], problem: Problem, weeks: Sequence[str]
) -> str:
    code, detail, rate, other = key
    route = ROUTES[code]
    if route is Route.EXCLUDED:
        return f"excluded: {EXCLUSION_TEXT[Exclusion(exclusions[detail])]}"
    if route is Route.HOLD:
        return _hold_reason(detail, problem, weeks)
    if route is Route.MESSAGE:
        return MESSAGE_TEXT[bool(detail)]
    kind, percent = divmod(detail, 101)
    if kind == REFUSES:
        return (
            "no InMail reaches this lead (switched off, or failed before): connection "
            f"request (expected reply {other / 10:g} %)"
        )
    flag = {
        int(Kind.OPEN): "Open Profile",
        int(Kind.CLOSED): "not an Open Profile",
        int(Kind.UNKNOWN): f"flag unknown, open with {percent} %",
    }[kind]
    rates = f"expected reply {rate / 10:g} % by InMail, {other / 10:g} % by request"
    return {
        Route.OPEN_INMAIL: f"{flag}: the InMail is free",
        Route.PAID_INMAIL: f"{flag}: worth a credit ({rates})",
        Route.CONNECTION_REQUEST: (
            f"{flag}: connection request, InMails go further on other leads ({rates})"
        ),
    }[route]


def _hold_reason(detail: int, problem: Problem, weeks: Sequence[str]) -> str:
    hold, rest = divmod(detail, 128)
    by_inmail, week = divmod(rest, 64)
    when = f"expected in {weeks[week - 1]}" if 0 < week <= len(weeks) else ""
    most = problem.parameters.max_new_leads_per_company
    text = {
        HOLD_CODE[Hold.LATER]: (
            "an InMail later is worth more than a connection request now"
            if by_inmail
            else "this week's connection requests go to other leads"
        ),
        HOLD_CODE[Hold.CAPACITY]: (
            "the seats' limits up to the horizon go to leads of more value"
        ),
        HOLD_CODE[Hold.COMPANY_THROTTLE]: (
            f"{most} people of this company come first (at most {most} in 7 days)"
        ),
        HOLD_CODE[Hold.COMPANY_SEAT]: (
            "the company belongs to another seat this week, which has no room or may not "
            "send to this lead"
        ),
        HOLD_CODE[Hold.NO_PROFILE]: (
            "no LinkedIn profile is known, only an e-mail: look it up first"
        ),
        HOLD_CODE[Hold.MESSAGE_LIMIT]: "the seat's messages of this week are used up",
        HOLD_CODE[Hold.NONE]: "held",
    }[hold]
    return f"hold: {text}; {when}" if when else f"hold: {text}; not within the horizon"
