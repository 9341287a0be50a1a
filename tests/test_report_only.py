"""Limits that are only reported: the plan goes beyond them, and the audit says by how much.

Requests bring nothing and are not made unless said, open flags never flip, and the plan
is for Monday, 23 November 2026.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from leads_factory import make_inputs, make_leads, plan_for, routes
from model_factory import MONDAY, make_seat
from planner import limits, pipeline, schemas
from planner.assign.audit import audit
from planner.domain import Breach, Given, History, Plan, Seat
from planner.errors import ParameterError, Severity
from planner.output import breaches
from planner.params import Parameters

FAR: dict[str, Any] = {"reset_rule": "date:2027-03-01"}
SURE: dict[str, Any] = {"open_flag_leak": 0.0}
FRIDAY = MONDAY + dt.timedelta(days=4)

Case = tuple[list[dict[str, Any]], list[Seat], list[tuple[str, str, float, float]]]


def seat(**changes: Any) -> Seat:
    """Return Anna, without requests, far from her reset."""
    return make_seat(**{"max_connection_requests_per_day": 0, **FAR, **changes})


def requesting(**changes: Any) -> Seat:
    """Return Anna with requests only: 5 credits are her reserve."""
    return make_seat(**{"credits": 5, **FAR, **changes})


def open_leads(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Return so many leads with an open profile."""
    return make_leads(count, flag="yes", **changes)


def closed_leads(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Return so many leads with a closed profile."""
    return make_leads(count, flag="no", **changes)


NO_DAY = tuple(0.0 for _ in range(7))
MONDAYS = (1.0, *NO_DAY[1:])
ACME = {"company": "Acme", "company_key": "acme"}

#: By limit: leads, seats, and where the plan without it goes beyond it, worked out by
#: hand: seat, day, how much there is and how much the limit allows.
CASES: dict[str, Case] = {
    # 4 closed leads need 4 credits, surely; 2 are above the reserve.
    "reserve": (closed_leads(4), [seat(credits=7)], [("anna", "", 1.0, 0.05)]),
    # 9 need 9 of 7 credits.
    "credits": (closed_leads(9), [seat(credits=7)], [("anna", "", 1.0, 0.05)]),
    # No past: 5 InMails a week, the floor.
    "velocity": (
        open_leads(9), [seat(inmails_last_28_days=0)], [("anna", "", 9, 5)],
    ),
    # One working day with 3 InMails; 3 free and 2 paid ones of it stay possible.
    "inmails_per_day": (
        [*open_leads(3), *closed_leads(2, first=4)],
        [seat(day_shares=MONDAYS, max_inmails_per_day=3, max_open_inmails_per_day=3,
              max_paid_inmails_per_day=2)],
        [("anna", "2026-11-23", 5, 3)],
    ),
    "open_inmails_per_day": (
        open_leads(4), [seat(day_shares=MONDAYS, max_open_inmails_per_day=1)],
        [("anna", "2026-11-23", 4, 1)],
    ),
    "paid_inmails_per_day": (
        closed_leads(4), [seat(day_shares=MONDAYS, max_paid_inmails_per_day=1)],
        [("anna", "2026-11-23", 4, 1)],
    ),
    # 3 free ones a month, 0 of the last 28 days, 5 leads on the one day.
    "open_inmails_per_month": (
        open_leads(5),
        [seat(day_shares=MONDAYS, max_open_inmails_per_month=3, inmails_last_28_days=0)],
        [("anna", "2026-11-23", 5, 3)],
    ),
    "requests_per_day": (
        closed_leads(4),
        [requesting(day_shares=MONDAYS, max_connection_requests_per_day=1)],
        [("anna", "2026-11-23", 4, 1)],
    ),
    "requests_per_week": (
        closed_leads(4),
        [requesting(day_shares=MONDAYS, max_connection_requests_per_week=1)],
        [("anna", "2026-11-23", 4, 1)],
    ),
    # 498 are pending, 500 may be.
    "pending_requests": (
        closed_leads(4), [requesting(pending_connection_requests=498)],
        [("anna", "", 502, 500)],
    ),
    "messages_per_day": (
        make_leads(51, degree=1, degree_seat="anna"), [seat(day_shares=MONDAYS)],
        [("anna", "2026-11-23", 51, 50)],
    ),
    # Mondays are hers; 5 leads at one a day need 5 days, of which 4 are off. A day off
    # has no daily limit of its own, so the strict audit finds three things each.
    "days_off": (
        open_leads(5), [seat(day_shares=MONDAYS, max_inmails_per_day=1)],
        [("anna", f"2026-11-{day}", 1, 0) for day in (24, 25, 26, 27)],
    ),
    "away": (
        open_leads(2, owner="anna"), [seat(away=((MONDAY, FRIDAY),)), seat(seat_id="bert")],
        [("anna", "2026-11-23", 1, 0), ("anna", "2026-11-24", 1, 0)],
    ),
    # She works on Tuesdays; that Tuesday's grant is sure on Wednesday only.
    "grant_delay": (
        open_leads(1), [seat(reset_rule="day:24", day_shares=(0.0, 1.0, *NO_DAY[2:]))],
        [("anna", "2026-11-24", 1, 0)],
    ),
    "company_throttle": (
        open_leads(3, **ACME), [seat(day_shares=MONDAYS)], [("anna", "2026-11-23", 1, 0)],
    ),
    # Two people of one company, each owned by another seat.
    "one_seat_per_company": (
        [*open_leads(1, owner="anna", **ACME),
         *open_leads(1, first=2, owner="bert", **ACME)],
        [seat(day_shares=MONDAYS), seat(seat_id="bert", day_shares=MONDAYS)],
        [("bert", "2026-11-23", 1, 0)],
    ),
    # Bert may send nothing, so his lead goes from Anna.
    "owner": (
        open_leads(1, owner="bert"),
        [seat(day_shares=MONDAYS), seat(seat_id="bert", max_inmails_per_day=0)],
        [("anna", "2026-11-23", 1, 0)],
    ),
    "group": (
        open_leads(1, group="dach"),
        [seat(day_shares=MONDAYS),
         seat(seat_id="bert", groups=("dach",), max_inmails_per_day=0)],
        [("anna", "2026-11-23", 1, 0)],
    ),
    "inmail_off": (
        open_leads(1, inmail_flag=0), [seat(day_shares=MONDAYS)],
        [("anna", "2026-11-23", 1, 0)],
    ),
}  # fmt: skip

#: The audit's finding that a limit belongs to.
CODES = {
    **dict.fromkeys(("reserve", "credits"), "audit-credits"),
    "velocity": "audit-velocity",
    "open_inmails_per_month": "audit-open-month",
    "requests_per_week": "audit-connection-week",
    "pending_requests": "audit-pending",
    **dict.fromkeys(("days_off", "away", "grant_delay"), "audit-sending-days"),
    **dict.fromkeys(("company_throttle", "one_seat_per_company"), "audit-companies"),
    **dict.fromkeys(("owner", "group", "inmail_off"), "audit-eligibility"),
    **dict.fromkeys(
        [name for name in CASES if name.endswith("_per_day")], "audit-daily-limits"
    ),
}


def found(plan: Plan) -> list[tuple[str, str, float, float]]:
    """Return where a plan goes beyond its limits."""
    return [(item.seat_id, item.day, item.count, item.most) for item in plan.breaches]


@pytest.mark.parametrize("name", CASES)
def test_breaches_are_counted(name: str) -> None:
    """The plan goes beyond the one limit as counted by hand, and says so in its issues.

    Without the leave to, the same plan fails the audit; it is another run, too.
    """
    leads, seats, expected = CASES[name]
    plan = plan_for(leads, seats, report_only=name, max_horizon_weeks=2, **SURE)
    assert found(plan) == [pytest.approx(item) for item in expected] or (
        found(plan) == expected
    )
    assert {item.limit for item in plan.breaches} == {name}
    told = [issue for issue in plan.issues if issue.code == "report-only"]
    assert len(told) == len(expected)
    assert {issue.severity for issue in told} == {Severity.WARNING}
    strict = replace(plan, parameters=plan.parameters.override({"report_only": ""}))
    broken = audit(strict, make_inputs(leads, seats).leads.leads)
    assert sum(issue.code == CODES[name] for issue in broken) == len(expected)
    assert (
        pipeline.prospective_run_id(
            make_inputs(leads, seats), strict.parameters, as_of=MONDAY
        )
        != plan.run_id
    )


def test_every_limit_is_tried() -> None:
    """Each limit but alpha and the leak, which need unsure flags, has its case."""
    assert set(limits.MEANINGS) - set(CASES) == {"alpha", "open_flag_leak"}


def test_without_alpha_a_seat_runs_out_in_half_of_the_cases_at_most() -> None:
    """More unsure leads go than alpha allows, and the audit holds them to one half."""
    leads, seats = make_leads(30), [seat(credits=20)]
    plan = plan_for(leads, seats, report_only="alpha", **SURE)
    sent, kept = (
        routes(item)["paid_inmail"] for item in (plan, plan_for(leads, seats, **SURE))
    )
    assert sent > kept
    ((seat_id, day, risk, most),) = found(plan)
    assert (seat_id, day, most) == ("anna", "", 0.05)
    assert 0.05 < risk <= 0.5


def test_without_the_leak_open_profiles_need_no_credit() -> None:
    """With no credit above the reserve, open leads go only if none may have closed."""
    leads, seats = open_leads(3), [seat(credits=5)]
    assert "open_inmail" not in routes(plan_for(leads, seats))
    plan = plan_for(leads, seats, report_only="open_flag_leak")
    assert routes(plan) == {"open_inmail": 3}
    # P(at least one of three has closed) = 1 - 0.97^3
    ((seat_id, day, risk, most),) = found(plan)
    assert (seat_id, day, most) == ("anna", "", 0.05)
    assert risk == pytest.approx(1 - 0.97**3, abs=1e-5)
    assert plan.assignments["credit_probability"].tolist() == pytest.approx([0.03] * 3)
    # What the plan says of its seats counts the leak, too.
    worst = plan.totals["worst_exhaustion_probability"]
    assert worst == pytest.approx(1 - 0.97**3, abs=1e-5)


def test_the_company_that_the_ledger_knows_has_a_seat() -> None:
    """Anna contacted the company before; without the rule Bert may, and it is told."""
    import pandas as pd

    inputs = make_inputs(
        open_leads(1, **ACME), [seat(max_inmails_per_day=0), seat(seat_id="bert")]
    )
    nothing = pd.DataFrame()
    facts = schemas.names(schemas.KNOWN_LEADS)
    history = History(
        leads=pd.DataFrame(columns=facts).astype({"held": bool}),
        company_seats={"acme": "anna"}, company_touches={}, seats={}, cohorts=nothing,
        responses=nothing, observed_until=None, scored=nothing, newly_scored=nothing,
        digest="x",
    )  # fmt: skip
    parameters = Parameters().override({**SURE, "report_only": "one_seat_per_company"})
    plan = pipeline.work_out(
        Given(inputs=inputs, parameters=parameters, as_of=MONDAY, history=history)
    ).plan
    assert found(plan) == [("bert", "2026-11-23", 1, 0)]


def test_without_credits_the_warning_is_loud() -> None:
    """The guarantee is off only by its own name, and the first issue shouts it."""
    plan = plan_for(closed_leads(9), [seat(credits=7)], report_only="credits", **SURE)
    (loud,) = [issue for issue in plan.issues if issue.code == "guarantee-off"]
    assert "GUARANTEE IS OFF" in loud.message
    assert breaches.guarantee(plan) == breaches.WARNING
    other = plan_for(closed_leads(4), [seat(credits=7)], report_only="reserve", **SURE)
    assert breaches.guarantee(other) == "not promised: report-only reserve"
    assert not [issue for issue in other.issues if issue.code == "guarantee-off"]
    assert breaches.guarantee(plan_for(closed_leads(1), [seat()], **SURE)) == ""


def test_parts_of_the_guarantee_answer_together() -> None:
    """Without reserve and alpha, each is said to be broken; 4 leads need 4 of 2 credits."""
    plan = plan_for(closed_leads(4), [seat(credits=7)], report_only="alpha reserve", **SURE)
    assert [(item.limit, item.count) for item in plan.breaches] == [
        ("reserve", 1.0), ("alpha", 1.0),
    ]  # fmt: skip


def test_lines_name_the_worst_places_first() -> None:
    """Five places: the four worst are named, the fifth is counted."""
    plan = plan_for(open_leads(1), [seat()], report_only="velocity, away", **SURE)
    many = tuple(
        Breach(limit="velocity", seat_id=f"s{n}", count=n, most=1, message="")
        for n in range(2, 7)
    )
    assert breaches.lines(replace(plan, breaches=many)) == [
        (
            "velocity",
            5,
            ", ".join(f"s{n} {n} instead of 1" for n in (6, 5, 4, 3)) + " and 1 more",
        ),
        ("away", 0, "nothing goes beyond it"),
    ]


def test_the_list_of_limits_is_put_in_order() -> None:
    """Order, repeats and separators of the list make no other run."""
    given = {"report_only": "velocity,reserve; velocity"}
    assert Parameters().override(given).report_only == "reserve, velocity"
    with pytest.raises(ParameterError, match=r"'velocty'; did you mean velocity\?"):
        Parameters().override({"report_only": "velocty"})
