"""The audit finds every broken promise, and nothing in a plan that keeps them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leads_factory import lead_table, make_lead, plan_for
from model_factory import MONDAY, make_seat
from planner.assign.audit import LEVEL_WEIGHTS, LEVELS, audit, exceedance
from planner.domain import Plan, Seat

TUESDAY, WEDNESDAY, FRIDAY, SATURDAY = (
    MONDAY + dt.timedelta(days=days) for days in (1, 2, 4, 5)
)

#: Leads of the audited plan; what is laid out for them is in `SENDS`.
LEADS = [
    *(make_lead(number, flag="yes") for number in (1, 2, 3)),
    *(make_lead(number, flag="no") for number in (4, 5, 6)),
    *(make_lead(number) for number in (7, 8, 9)),
    make_lead(10, degree=1, degree_seat="anna"),
    make_lead(11, exclusion="do_not_contact"),
    *(make_lead(number, company="Acme", company_key="acme") for number in (12, 13, 17)),
    make_lead(14, flag="no", owner="bert"),
    make_lead(15, group="dach"),
    make_lead(16, flag="no"),
    make_lead(
        18, exclusion="contacted_before", company_key="tarn", last_contacted_on="2026-11-20"
    ),
    make_lead(19, company="Tarn", company_key="tarn"),
]

#: Route, seat and day of each lead that is sent. Anna has 3 InMails a day from Monday to
#: Wednesday (one free, one closed, one unknown); Bert has a closed one and two requests.
SENDS = {
    **{n: ("open_inmail", "anna", MONDAY + dt.timedelta(days=n - 1)) for n in (1, 2, 3)},
    **{n: ("paid_inmail", "anna", MONDAY + dt.timedelta(days=n - 4)) for n in (4, 5, 6)},
    **{n: ("paid_inmail", "anna", MONDAY + dt.timedelta(days=n - 7)) for n in (7, 8, 9)},
    10: ("message", "anna", MONDAY),
    12: ("connection_request", "bert", MONDAY),
    13: ("connection_request", "bert", TUESDAY),
    14: ("paid_inmail", "bert", MONDAY),
    15: ("connection_request", "anna", MONDAY),
    19: ("connection_request", "anna", TUESDAY),
}

Change = Callable[[Plan], Plan]


@cache
def clean_plan() -> Plan:
    """Return a plan of `LEADS` with the sends of `SENDS`, laid out by hand.

    It is made once: a change makes another plan of it.
    """
    seats = (make_seat(groups=("dach",)), make_seat(seat_id="bert", sender="Bert"))
    plan = plan_for(LEADS, seats)
    table = plan.assignments.copy()
    for name in ("route", "seat_id", "sender", "send_on", "expected_week", "rule"):
        table[name] = table[name].astype("str")
    idle = table["route"] != "excluded"
    table.loc[idle, ["route", "seat_id", "send_on"]] = ["hold", "", ""]
    table["credit_probability"] = 0.0
    plan = replace(plan, assignments=table)
    for number, (route, seat, day) in SENDS.items():
        plan = send(number, route, seat, day)(plan)
    return plan


def send(number: int, route: str, seat: str = "anna", day: dt.date = MONDAY) -> Change:
    """Return a change that sends a lead, its credit booked as it should be."""

    def change(plan: Plan) -> Plan:
        table = plan.assignments
        booked = {
            "open_inmail": plan.parameters.open_flag_leak,
            "paid_inmail": 1
            - 0.97 * float(table["open_probability"].iloc[at(plan, number)]),
        }.get(route, 0.0)
        return edit(
            number, route=route, seat_id=seat, send_on=day.isoformat(),
            credit_probability=booked,
        )(plan)  # fmt: skip

    return change


def edit(number: int, **cells: Any) -> Change:
    """Return a change of cells of one lead's assignment."""

    def change(plan: Plan) -> Plan:
        table = plan.assignments.copy()
        for name, value in cells.items():
            table.loc[at(plan, number), name] = value
        return replace(plan, assignments=table)

    return change


def seat(seat_id: str, **changes: Any) -> Change:
    """Return a change of a seat of the inventory."""

    def change(plan: Plan) -> Plan:
        seats = tuple(
            replace(item, **changes) if item.seat_id == seat_id else item
            for item in plan.seats
        )
        return replace(plan, seats=seats)

    return change


def parameters(**changes: object) -> Change:
    """Return a change of the plan's parameters."""
    return lambda plan: replace(plan, parameters=plan.parameters.override(changes))


def rows(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    """Return a change of the table of input rows."""
    return lambda plan: replace(plan, rows=change(plan.rows.copy()))


def table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    """Return a change of the table of assignments as a whole."""
    return lambda plan: replace(plan, assignments=change(plan.assignments.copy()))


def at(plan: Plan, number: int) -> int:
    """Return the position of a lead in the table."""
    return int(plan.assignments.index[plan.assignments["lead_id"] == f"{number:016x}"][0])


def codes(plan: Plan) -> set[str]:
    """Return what the audit finds, by code."""
    return {issue.code for issue in audit(plan, lead_table(LEADS).leads)}


def test_a_clean_plan_has_no_finding() -> None:
    """A plan that keeps every promise has no finding."""
    assert audit(clean_plan(), lead_table(LEADS).leads) == ()


def test_a_plan_of_the_pipeline_has_no_finding() -> None:
    """What the pipeline itself makes of the same leads is clean, too."""
    plan = plan_for(LEADS, clean_plan().seats)
    assert audit(plan, lead_table(LEADS).leads) == ()


BROKEN: dict[str, tuple[Change, set[str]]] = {
    # --- every row ends once
    "an input row without an outcome": (
        rows(lambda frame: frame.assign(outcome=["", *frame["outcome"][1:]])),
        {"audit-rows-in-rows-out"},
    ),
    "a lead that no row made": (
        rows(lambda frame: frame[1:]), {"audit-rows-in-rows-out"},
    ),
    "a duplicate of nobody": (
        rows(lambda frame: pd.concat([
            frame, frame[:1].assign(outcome="duplicate", lead_id="f" * 16)
        ])),
        {"audit-rows-in-rows-out"},
    ),
    "a profile contacted twice under two ids": (
        edit(5, linkedin_url="https://www.linkedin.com/in/lead-0004"), {"audit-routes"},
    ),
    # --- routes
    "an unknown route": (edit(16, route="letter"), {"audit-routes"}),
    "a held lead with a day": (edit(16, send_on="2026-11-23"), {"audit-routes"}),
    "a held lead with a seat": (edit(16, seat_id="anna"), {"audit-routes"}),
    "a free InMail to a closed profile": (
        send(4, "open_inmail"), {"audit-routes-fit-flags"},
    ),
    "a free InMail to an unknown profile": (
        send(7, "open_inmail"), {"audit-routes-fit-flags"},
    ),
    "a paid InMail to an open profile": (
        send(1, "paid_inmail"), {"audit-routes-fit-flags"},
    ),
    "an unknown lead that books no credit": (
        edit(7, credit_probability=0.0), {"audit-routes-fit-flags"},
    ),
    "a closed lead that books half a credit": (
        edit(4, credit_probability=0.5), {"audit-routes-fit-flags"},
    ),
    "a free InMail that books nothing for the leak": (
        edit(1, credit_probability=0.0), {"audit-routes-fit-flags"},
    ),
    "a closed flag with an open probability": (
        edit(16, open_probability=0.3), {"audit-routes-fit-flags"},
    ),
    # --- people
    "an excluded lead that is sent": (
        send(11, "connection_request"), {"audit-eligibility"},
    ),
    "a connection that is invited": (
        send(10, "connection_request"), {"audit-eligibility"},
    ),
    "a connection that gets an InMail": (send(10, "paid_inmail"), {"audit-eligibility"}),
    "a stranger who gets a message": (send(16, "message"), {"audit-eligibility"}),
    "a lead sent by another seat than its owner": (
        send(14, "paid_inmail", "anna", FRIDAY), {"audit-eligibility"},
    ),
    "a lead sent by a seat outside its group": (
        send(15, "connection_request", "bert"), {"audit-eligibility"},
    ),
    "two seats for one company": (
        send(13, "connection_request", "anna", TUESDAY), {"audit-companies"},
    ),
    "three people of one company": (
        send(17, "connection_request", "bert", TUESDAY), {"audit-companies"},
    ),
    # Tarn was contacted on 20 November, so that one of two is left.
    "a colleague too many after a recent touch": (
        parameters(max_new_leads_per_company=1), {"audit-companies"},
    ),
    # --- days
    "a send before the plan's date": (
        send(4, "paid_inmail", "anna", MONDAY - dt.timedelta(days=3)),
        {"audit-sending-days"},
    ),
    "a send in the next week": (
        send(4, "paid_inmail", "anna", MONDAY + dt.timedelta(days=9)),
        {"audit-sending-days"},
    ),
    # A weekend day has a share of 0, so that one send is above its limits as well.
    "a send on a Saturday": (
        send(4, "paid_inmail", "anna", SATURDAY),
        {"audit-sending-days", "audit-daily-limits"},
    ),
    "a send while the seat is away": (
        seat("anna", away=((WEDNESDAY, WEDNESDAY),)), {"audit-sending-days"},
    ),
    # The grant of the 26th is sure by the 27th, 00:00 UTC.
    "an InMail on the day of a reset": (
        lambda plan: seat("anna", reset_rule="day:25")(plan), {"audit-sending-days"},
    ),
    # --- pace
    "more InMails than a day holds": (
        seat("anna", max_inmails_per_day=2), {"audit-daily-limits"},
    ),
    "more free InMails than a day holds": (
        seat("anna", max_open_inmails_per_day=0), {"audit-daily-limits"},
    ),
    "more paid InMails than a day holds": (
        seat("anna", max_paid_inmails_per_day=1), {"audit-daily-limits"},
    ),
    "more requests than a day holds": (
        seat("bert", max_connection_requests_per_day=0), {"audit-daily-limits"},
    ),
    "more messages than a day holds": (
        parameters(max_messages_per_day=0), {"audit-daily-limits"},
    ),
    # 1 InMail on a Friday of 0.7: 0.7 * 1 = 0.7 < 1.
    "a full day's InMails on a Friday": (
        lambda plan: seat("bert", max_paid_inmails_per_day=1)(
            send(14, "paid_inmail", "bert", FRIDAY)(plan)
        ),
        {"audit-daily-limits"},
    ),
    # Anna has 9 InMails: 1.3 * 12 / 4 + 5 = 8.9.
    "over-velocity": (seat("anna", inmails_last_28_days=12), {"audit-velocity"}),
    # A new seat starts at a quarter of its week: 4.7 * 7 / 4 = 8.2.
    "a new seat above its ramp": (
        seat("anna", inmails_last_28_days=None, max_inmails_per_day=7), {"audit-velocity"},
    ),
    "more free InMails than a month holds": (
        seat("anna", inmails_last_28_days=20, max_open_inmails_per_month=2),
        {"audit-open-month"},
    ),
    "more requests than a week holds": (
        seat("bert", max_connection_requests_per_week=1), {"audit-connection-week"},
    ),
    # 79 requests of the last 7 days lie on Monday to Friday before; on Monday all but
    # none of them has left the window: 79 - 79 / 4.7 + ... + 1 is above 60.
    "requests of last week forgotten": (
        seat("bert", connection_requests_last_7_days=79,
             max_connection_requests_per_week=60),
        {"audit-connection-week"},
    ),
    "more pending requests than the cap": (
        seat("bert", pending_connection_requests=499), {"audit-pending"},
    ),
    # --- credits
    # 3 closed leads and nothing above the reserve: certain to need more.
    "closed leads without credits": (seat("anna", credits=7), {"audit-credits"}),
    # 3 closed, 3 unknown, 3 free: 6 credits are needed with about (1 - 0.2)^3 = 0.5.
    "too many unknown leads for the credits": (
        seat("anna", credits=10), {"audit-credits"},
    ),
    "a unknown lead too many": (seat("anna", credits=9), {"audit-credits"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_found(name: str) -> None:
    """Each broken promise yields its own finding and no other."""
    change, expected = BROKEN[name]
    assert codes(change(clean_plan())) == expected


def test_a_lead_that_is_there_twice_is_found() -> None:
    """A plan with a second row for a lead is refused."""
    plan = clean_plan()
    again = plan.assignments[plan.assignments.index == at(plan, 16)]
    doubled = pd.concat([plan.assignments, again], ignore_index=True)
    assert codes(replace(plan, assignments=doubled)) == {"audit-rows-in-rows-out"}


def test_a_lead_that_came_in_twice_is_found() -> None:
    """Two leads of one id are refused, even if the plan agrees with the leads."""
    plan = clean_plan()
    twice = [*LEADS, make_lead(16, flag="no")]
    again = plan.assignments[plan.assignments.index == at(plan, 16)]
    doubled = pd.concat([plan.assignments, again], ignore_index=True)
    doubled = doubled.sort_values("lead_id", kind="stable", ignore_index=True)
    found = audit(replace(plan, assignments=doubled), lead_table(twice).leads)
    assert {issue.code for issue in found} == {"audit-rows-in-rows-out"}


def test_a_dropped_lead_is_found() -> None:
    """A lead that came in and stands nowhere in the plan is found."""
    plan = clean_plan()
    kept = plan.assignments.drop(index=at(plan, 16)).reset_index(drop=True)
    assert codes(replace(plan, assignments=kept)) == {"audit-rows-in-rows-out"}


def test_swapped_leads_are_found() -> None:
    """A plan in another order than the leads would be judged by the wrong flags."""
    plan = clean_plan()
    swapped = plan.assignments.iloc[[1, 0, *range(2, len(LEADS))]].reset_index(drop=True)
    assert codes(replace(plan, assignments=swapped)) == {"audit-rows-in-rows-out"}


#: A seat's limit and the smallest value that the clean plan still keeps.
LIMITS: list[tuple[str, dict[str, Any]]] = [
    ("anna", {"max_inmails_per_day": 3}),
    ("anna", {"max_open_inmails_per_day": 1}),
    ("anna", {"max_paid_inmails_per_day": 2}),
    ("bert", {"max_connection_requests_per_day": 1}),
    # 1.3 * 13 / 4 + 5 = 9.2 >= 9
    ("anna", {"inmails_last_28_days": 13}),
    # 4.7 * 8 / 4 = 9.4 >= 9
    ("anna", {"inmails_last_28_days": None, "max_inmails_per_day": 8}),
    ("bert", {"max_connection_requests_per_week": 2}),
    ("bert", {"pending_connection_requests": 498}),
    # 11 - 5 = 6 = 3 closed + 3 unknown; the 3 leaks are needed with at most 0.09, but
    # only together with all three unknown ones: 0.09 * 0.5 < 0.05.
    ("anna", {"credits": 11}),
]


@pytest.mark.parametrize(("seat_id", "changes"), LIMITS, ids=lambda value: str(value))
def test_a_limit_that_is_just_kept_is_clean(seat_id: str, changes: dict[str, Any]) -> None:
    """A limit that is used up to the last unit is kept."""
    assert codes(seat(seat_id, **changes)(clean_plan())) == set()


def test_a_seat_that_is_not_in_the_inventory_is_found() -> None:
    """A send from nobody's seat is found, whatever the route."""
    for number, route in ((4, "paid_inmail"), (10, "message"), (12, "connection_request")):
        assert codes(send(number, route, "zoe")(clean_plan())) == {"audit-routes"}


def test_a_send_without_a_day_is_found() -> None:
    """A send from a known seat has a day."""
    assert codes(edit(4, send_on="")(clean_plan())) == {"audit-routes"}


def test_a_message_may_wait_for_its_seat() -> None:
    """A message whose seat has to be looked up has neither seat nor day."""
    assert codes(edit(10, seat_id="", send_on="")(clean_plan())) == set()


def test_a_seat_below_its_reserve_may_need_no_credit() -> None:
    """One free InMail is within alpha (0.03 <= 0.05); two are not (0.0591)."""

    def only(*numbers: int) -> Plan:
        plan = seat("anna", credits=2, reserve=5)(clean_plan())
        for number, (_, seat_id, _) in SENDS.items():
            if seat_id == "anna" and number not in numbers:
                plan = edit(
                    number, route="hold", seat_id="", send_on="", credit_probability=0.0
                )(plan)
        return plan

    assert codes(only(1)) == set()
    assert codes(only(1, 2)) == {"audit-credits"}


def test_joint_alpha_is_shared_by_the_seats() -> None:
    """With ``joint``, a seat has alpha / 2 where there are two seats."""

    def two_free(seats: tuple[Seat, ...], **more: object) -> set[str]:
        leads = [make_lead(1, flag="yes"), make_lead(2, flag="no")]
        plan = replace(
            plan_for(leads, seats), parameters=clean_plan().parameters.override(more)
        )
        frame = plan.assignments.copy()
        for name in ("route", "seat_id", "send_on"):
            frame[name] = frame[name].astype("str")
        frame["credit_probability"] = 0.0
        frame.loc[:, ["route", "seat_id", "send_on"]] = ["hold", "", ""]
        plan = send(1, "open_inmail")(replace(plan, assignments=frame))
        return {issue.code for issue in audit(plan, lead_table(leads).leads)}

    seats = (make_seat(credits=5), make_seat(seat_id="bert"))
    assert two_free(seats) == set()  # 0.03 <= 0.05
    assert two_free(seats, joint=True) == {"audit-credits"}  # 0.03 > 0.05 / 2


# --- the distribution of credits --------------------------------------------------


def sends(*, closed: int = 0, free: int = 0, unknown: int = 0) -> pd.DataFrame:
    """Return so many sends as the audit sees them; the unknown ones are of segment s."""
    kinds = [("paid_inmail", "no")] * closed + [("open_inmail", "yes")] * free
    kinds += [("paid_inmail", "unknown")] * unknown
    frame = pd.DataFrame(kinds, columns=["route", "open_flag"])
    return frame.assign(segment="s")


def test_the_levels_are_a_distribution() -> None:
    """The levels of the shared uncertainty have mass one and mean one half."""
    assert LEVEL_WEIGHTS.sum() == pytest.approx(1.0)
    assert pytest.approx(0.5, abs=1e-6) == LEVELS @ LEVEL_WEIGHTS


@pytest.mark.parametrize(
    ("kwargs", "budget", "expected"),
    [
        ({}, 0, 0.0),
        ({"closed": 3}, 3, 0.0),  # three are needed, three are there
        ({"closed": 3}, 2, 1.0),
        ({"closed": 1}, 0, 1.0),
        ({"free": 1}, 0, 0.03),
        ({"free": 2}, 0, 1 - 0.97**2),
        ({"free": 2}, 1, 0.03**2),
        ({"closed": 2, "free": 1}, 2, 0.03),  # both closed are covered, not the leak
        ({"closed": 2, "free": 1}, 1, 1.0),
    ],
)
def test_exceedance_of_known_flags(
    kwargs: dict[str, int], budget: int, expected: float
) -> None:
    """Closed leads need a credit each; free InMails need one with the leak."""
    risk = exceedance(sends(**kwargs), budget, {}, leak=0.03)
    assert risk == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("unknown", "budget", "expected"),
    [
        # The open share is beta(1, 1), so the use is uniform: P(k of n) = 1 / (n + 1).
        (1, 0, 1 / 2),
        (2, 0, 2 / 3),
        (2, 1, 1 / 3),
        (4, 3, 1 / 5),
        (9, 7, 2 / 10),
    ],
)
def test_exceedance_of_a_uniform_share(unknown: int, budget: int, expected: float) -> None:
    """With a uniform share, every number of credits is equally likely."""
    risk = exceedance(sends(unknown=unknown), budget, {"s": (1.0, 1.0)}, leak=0.0)
    assert risk == pytest.approx(expected, abs=2e-3)


def test_exceedance_of_a_sure_share_is_binomial() -> None:
    """A share that is all but known gives the binomial distribution.

    Three leads, open with 0.2: P(more than 2 of 3) = 0.8^3 = 0.512, P(more than 1) =
    0.512 + 3 * 0.64 * 0.2 = 0.896.
    """
    share = {"s": (2e5, 8e5)}
    assert exceedance(sends(unknown=3), 2, share, 0.0) == pytest.approx(0.512, abs=1e-3)
    assert exceedance(sends(unknown=3), 1, share, 0.0) == pytest.approx(0.896, abs=1e-3)


def test_segments_are_wrong_together() -> None:
    """Two uniform segments at one level: P(both need a credit) = E(u^2) = 1/3, not 1/4."""
    pair = sends(unknown=2).assign(segment=["s", "t"])
    risk = exceedance(pair, 1, {"s": (1.0, 1.0), "t": (1.0, 1.0)}, leak=0.0)
    assert risk == pytest.approx(1 / 3, abs=2e-3)


def test_exceedance_falls_with_the_budget() -> None:
    """More credits never make it likelier to need more than there are."""
    mix = sends(closed=3, free=20, unknown=30)
    risks = [exceedance(mix, budget, {"s": (6.0, 24.0)}, 0.03) for budget in range(54)]
    assert (np.diff(risks) <= 1e-9).all()
    assert risks[0] == pytest.approx(1.0)
    assert risks[-1] == pytest.approx(0.0)
