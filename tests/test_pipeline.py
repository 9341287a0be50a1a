"""The whole line on lists so small that the best plan can be worked out by hand.

Unless a test says otherwise there is one seat, Anna, with the default limits, and the
plan is for Monday, 23 November 2026. An InMail brings 0.1 replies and a connection
request 0.25 * 0.18 = 0.045; a week's delay takes 1 % off a reply.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest

from leads_factory import (
    lead_table,
    make_inputs,
    make_lead,
    make_leads,
    of_lead,
    plan_for,
    routes,
)
from model_factory import MONDAY, make_seat
from planner import pipeline
from planner.assign.audit import exceedance
from planner.domain import Exclusion, Plan, Route, Seat
from planner.errors import InputError, Issue, Severity
from planner.params import Parameters

#: The next reset lies beyond the longest horizon: what is not sent now never is better.
FAR: dict[str, Any] = {"reset_rule": "date:2027-03-01"}
ACME: dict[str, Any] = {"company": "Acme", "company_key": "acme"}
THIS_WEEK = ((MONDAY, MONDAY + dt.timedelta(days=6)),)


def by_day(plan: Plan, column: str) -> list[int]:
    """Return a column of the table of days, day by day."""
    return [int(value) for value in plan.days[column]]


def per_seat(plan: Plan, *sent: str) -> Counter[str]:
    """Return how many leads each seat sends on these routes."""
    table = plan.assignments
    chosen = table[table["route"].astype(str).isin(sent)]
    return Counter(chosen["seat_id"].astype(str))


def short(plan: Plan) -> list[str]:
    """Return what the plan says about limits that leave nothing to plan."""
    return [issue.message for issue in plan.issues if issue.code == "limit-short"]


# --- credits ----------------------------------------------------------------------


def test_credits_above_the_reserve_are_spent_and_no_more() -> None:
    """7 credits with a reserve of 5 pay for 2 of 3 closed leads; the third is invited."""
    plan = plan_for(make_leads(3, flag="no"), [make_seat(credits=7, **FAR)])
    assert routes(plan) == {"paid_inmail": 2, "connection_request": 1}
    # 2 * 0.1 + 0.045
    assert plan.totals["expected_replies"] == pytest.approx(0.245)
    assert plan.totals["objective"] == pytest.approx(0.245)
    (week,) = plan.seat_weeks.to_dict("records")
    assert (week["expected_credits_week"], week["worst_credits_week"]) == (2.0, 2)
    assert week["exhaustion_probability"] == 0.0
    assert week["expected_balance_at_reset"] == 5.0


def test_a_lead_waits_for_a_grant_that_is_near() -> None:
    """With the reset on 1 December the third lead waits: 0.099 beats a request's 0.045."""
    plan = plan_for(make_leads(3, flag="no"), [make_seat(credits=7)])
    assert routes(plan) == {"paid_inmail": 2, "hold": 1}
    (held,) = (r for r in plan.assignments.to_dict("records") if r["route"] == "hold")
    assert (held["rule"], held["expected_week"]) == ("later", "2026-W49")
    # 0.1 + 0.1 + 0.99 * 0.1
    assert plan.totals["objective"] == pytest.approx(0.299)


def test_open_leads_get_the_free_inmails_and_closed_ones_the_requests() -> None:
    """Without a credit to spend, three open leads go by InMail, three closed by request."""
    leads = [*make_leads(3, flag="yes"), *make_leads(3, first=4, flag="no")]
    plan = plan_for(leads, [make_seat(credits=5, **FAR)], open_flag_leak=0.0)
    assert [of_lead(plan, n)["route"] for n in range(1, 7)] == (
        ["open_inmail"] * 3 + ["connection_request"] * 3
    )
    assert plan.totals["expected_replies"] == pytest.approx(3 * 0.1 + 3 * 0.045)


def test_open_leads_never_take_a_credit_that_a_closed_one_could_use() -> None:
    """With 2 credits to spend, both go to closed leads; the open ones go free."""
    leads = [*make_leads(2, flag="yes"), *make_leads(2, first=3, flag="no")]
    plan = plan_for(leads, [make_seat(credits=7, **FAR)], open_flag_leak=0.0)
    assert routes(plan) == {"open_inmail": 2, "paid_inmail": 2}


def test_an_unknown_flag_books_the_chance_of_a_credit() -> None:
    """Of three unknown leads and 2 credits only two go: three would need 3 too often."""
    plan = plan_for(make_leads(3), [make_seat(credits=7, **FAR)])
    assert routes(plan) == {"paid_inmail": 2, "connection_request": 1}
    sent = of_lead(plan, 1)
    # Of the open ones, 0.03 close before the send.
    assert sent["credit_probability"] == pytest.approx(1 - 0.97 * sent["open_probability"])
    # P(all three closed) = E((1 - share)^3), far above 0.05 at a share near 0.2.
    assert risk(plan, num_unknown=3, budget=2) > 0.3


def test_unknown_leads_go_when_every_one_may_be_closed() -> None:
    """3 credits above the reserve cover three unknown leads whatever their flags are."""
    plan = plan_for(make_leads(3), [make_seat(credits=8, **FAR)])
    assert routes(plan) == {"paid_inmail": 3}


def test_as_many_unknown_leads_go_as_alpha_allows() -> None:
    """A tenth of the leads more than planned would need more than the credits."""
    plan = plan_for(
        make_leads(60), [make_seat(credits=35, inmails_last_28_days=300, **FAR)]
    )
    sent = per_seat(plan, "paid_inmail")["anna"]
    assert risk(plan, num_unknown=sent, budget=30) <= 0.05
    # Day limits allow 4 * 8 + 5 = 37 a week; the horizon's risk is what stops it.
    assert risk(plan, num_unknown=sent + 4, budget=30) > 0.05


def risk(plan: Plan, *, num_unknown: int, budget: int) -> float:
    """Return the audit's probability that so many unknown leads need more."""
    (segment,) = plan.open_share.segments
    sends = plan.assignments.iloc[:num_unknown][["open_flag", "segment"]].astype(str)
    return exceedance(
        sends.assign(route="paid_inmail"), budget,
        {segment.segment: (segment.beta_a, segment.beta_b)}, leak=0.0,
    )  # fmt: skip


def test_a_reserve_above_every_balance_still_routes_requests() -> None:
    """With 3 credits and a reserve of 5 nothing is paid, and the plan says what is short.

    One credit above the reserve would take 6: 3 more than there are.
    """
    plan = plan_for(make_leads(3, flag="no"), [make_seat(credits=3, **FAR)])
    assert routes(plan) == {"connection_request": 3}
    (line,) = short(plan)
    assert "no seat has credits above its reserve" in line
    assert "3 credits short" in line


def test_a_seat_at_its_reserve_is_one_credit_short() -> None:
    """Of two seats the nearest is named: 5 of 5 lacks 1 credit, 2 of 5 lacks 4."""
    seats = [make_seat(credits=2, **FAR), make_seat(seat_id="bert", credits=5, **FAR)]
    (line,) = short(plan_for(make_leads(2, flag="no"), seats))
    assert line.endswith("the nearest seat is 1 credit short")


def test_a_seat_below_its_reserve_can_be_planned_with_a_free_inmail() -> None:
    """A seat with less than its reserve may still send what needs no credit.

    The plan once broke its own audit here: 2 credits less a reserve of 5 is no debt.
    """
    plan = plan_for(make_leads(4, flag="yes"), [make_seat(credits=2)], open_flag_leak=0.0)
    assert routes(plan) == {"open_inmail": 4}


def test_a_reset_in_the_week_splits_the_credits() -> None:
    """On Monday, 30 November, 1 credit may go; none on the 1st; the grant from the 2nd.

    Paid limits: 8 on Wednesday, 8 on Thursday, 0.7 * 8 = 5.6, so 5, on Friday.
    """
    seat = make_seat(credits=6, inmails_last_28_days=200)
    plan = plan_for(make_leads(60, flag="no"), [seat], as_of=dt.date(2026, 11, 30))
    paid = Counter(dict(zip(plan.days["date"], by_day(plan, "paid_inmails"), strict=True)))
    assert +paid == {
        "2026-11-30": 1, "2026-12-02": 8, "2026-12-03": 8, "2026-12-04": 5
    }  # fmt: skip


# --- who is contacted -------------------------------------------------------------


def test_nobody_to_contact_is_an_input_error() -> None:
    """An empty list is refused in words."""
    with pytest.raises(InputError, match="no usable lead: nothing can be planned"):
        plan_for([])


def test_all_excluded_is_an_input_error_that_counts_the_rules() -> None:
    """A list of excluded leads is refused, and the rules are counted."""
    leads = [
        *make_leads(2, exclusion="do_not_contact"),
        make_lead(3, exclusion="exclusion_list"),
    ]
    with pytest.raises(InputError, match="2 do_not_contact, 1 exclusion_list"):
        plan_for(leads)


def test_no_seat_is_an_input_error() -> None:
    """Leads without a seat are refused in words."""
    with pytest.raises(InputError, match="no usable seat"):
        plan_for(make_leads(1), [])


def test_the_findings_of_intake_travel_with_the_refusal() -> None:
    """What intake found is shown where the run is refused, and not only the refusal."""
    table = lead_table(
        make_leads(1, exclusion="do_not_contact"), [Issue(code="odd", message="look")]
    )
    inputs = make_inputs([])
    broken = type(inputs)(
        leads=table, seats=(make_seat(),), seat_issues=(), mappings=(), files=()
    )
    with pytest.raises(InputError) as caught:
        pipeline.make_plan(broken, Parameters(), as_of=MONDAY)
    assert [issue.code for issue in caught.value.issues] == ["odd"]


def test_every_exclusion_has_its_reason() -> None:
    """An excluded lead names its rule, has no seat, and says why in words."""
    rules = [rule for rule in Exclusion if rule and not rule.startswith("unknown")]
    leads = [make_lead(99, flag="no")]
    leads += [make_lead(n, exclusion=str(rule)) for n, rule in enumerate(rules, start=1)]
    plan = plan_for(leads)
    assert routes(plan) == {"paid_inmail": 1, "excluded": len(rules)}
    for number, rule in enumerate(rules, start=1):
        lead = of_lead(plan, number)
        assert (lead["rule"], lead["seat_id"], lead["send_on"]) == (str(rule), "", "")
        assert str(lead["reason"]).startswith("excluded: ")


def test_an_owner_binds_the_lead_to_a_seat_without_credits() -> None:
    """Bert has no credit to spend, so his own lead is invited; Anna pays for the other.

    The owner may be given by the sender's name, in any case.
    """
    plan = plan_for(
        [make_lead(1, flag="no", owner="BERT b"), make_lead(2, flag="no")], anna_and_bert()
    )
    assert where(plan, 1) == ("connection_request", "bert")
    assert where(plan, 2) == ("paid_inmail", "anna")


def test_a_group_binds_the_lead_to_its_seats() -> None:
    """Only Bert serves the group dach, so its lead is invited by him."""
    plan = plan_for([make_lead(1, flag="no", group="DACH")], anna_and_bert())
    assert where(plan, 1) == ("connection_request", "bert")


def test_an_owner_wins_over_a_group() -> None:
    """A lead with an owner goes to the owner, though another seat serves the group."""
    lead = make_lead(1, flag="no", owner="anna", group="dach")
    assert where(plan_for([lead], anna_and_bert()), 1) == ("paid_inmail", "anna")


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [("owner", "zoe", "unknown_owner"), ("group", "uk", "unknown_group")],
)
def test_an_unknown_owner_or_group_never_goes_to_someone_else(
    column: str, value: str, rule: str
) -> None:
    """Such a lead is kept out with an error that names its row; the others go on."""
    leads = [make_lead(1, flag="no", **{column: value}), make_lead(2, flag="no")]
    plan = plan_for(leads, anna_and_bert())
    assert (of_lead(plan, 1)["route"], of_lead(plan, 1)["rule"]) == ("excluded", rule)
    assert of_lead(plan, 2)["route"] == "paid_inmail"
    (issue,) = (i for i in plan.issues if i.severity is Severity.ERROR)
    assert (issue.file, issue.row) == ("leads.csv", 2)


def anna_and_bert() -> list[Seat]:
    """Return Anna, who has credits, and Bert of dach, who has none to spend."""
    bert = make_seat(seat_id="bert", sender="Bert B", credits=5, groups=("dach",), **FAR)
    return [make_seat(), bert]


def where(plan: Plan, number: int) -> tuple[Any, Any]:
    """Return the route and seat of a lead."""
    lead = of_lead(plan, number)
    return lead["route"], lead["seat_id"]


def test_priority_decides_who_gets_the_credit() -> None:
    """One credit, three leads: the one of priority 90 is paid for, wherever it stands."""
    leads = [make_lead(1, flag="no"), make_lead(2, flag="no", priority=90.0),
             make_lead(3, flag="no", priority=10.0)]  # fmt: skip
    plan = plan_for(leads, [make_seat(credits=6, **FAR)])
    assert [of_lead(plan, n)["route"] for n in (1, 2, 3)] == [
        "connection_request", "paid_inmail", "connection_request"
    ]  # fmt: skip


def test_expected_replies_take_the_seats_own_rates_and_no_priority() -> None:
    """A seat's own 14 % and 40 %: 0.14 by InMail, 0.4 * 0.18 = 0.072 by request."""
    seat = make_seat(credits=6, inmail_reply_rate=0.14, acceptance_rate=0.4, **FAR)
    plan = plan_for([make_lead(1, flag="no", priority=100.0), make_lead(2, flag="no")],
                    [seat])  # fmt: skip
    assert of_lead(plan, 1)["expected_replies"] == pytest.approx(0.14)
    assert of_lead(plan, 2)["expected_replies"] == pytest.approx(0.072)
    assert plan.totals["expected_replies"] == pytest.approx(0.212)
    # The objective weighs priority: 2 at 100, 1 at 50.
    assert plan.totals["objective"] == pytest.approx(2 * 0.14 + 0.072)


def test_the_better_seat_gets_the_lead() -> None:
    """Of two seats with room, the one with the better reply rate sends."""
    seats = [make_seat(), make_seat(seat_id="bert", inmail_reply_rate=0.2)]
    plan = plan_for(make_leads(3, flag="no"), seats)
    assert per_seat(plan, "paid_inmail") == {"bert": 3}


# --- messages ---------------------------------------------------------------------


def test_a_connection_gets_a_message_from_the_seat_it_belongs_to() -> None:
    """A 1st-degree lead of Bert's is written to by Bert on a day of the week."""
    lead = make_lead(1, flag="yes", degree=1, degree_seat="Bert B")
    plan = plan_for([lead], anna_and_bert())
    sent = of_lead(plan, 1)
    assert (sent["route"], sent["seat_id"], sent["send_on"]) == (
        "message", "bert", "2026-11-23"
    )  # fmt: skip
    assert sent["credit_probability"] == 0.0


def test_a_connection_of_an_unknown_seat_is_to_be_looked_up() -> None:
    """Without a seat the message stays, names no seat or day, and says so."""
    plan = plan_for([make_lead(1, degree=1), make_lead(2, degree=1, degree_seat="who")])
    for number in (1, 2):
        sent = of_lead(plan, number)
        assert (sent["route"], sent["seat_id"], sent["send_on"]) == ("message", "", "")
        assert "look up whose" in str(sent["reason"])
    assert [issue.code for issue in plan.issues] == ["unknown-scraper"]


def test_messages_keep_to_a_days_limit() -> None:
    """1 a day is 4 in a week (Friday has 0.7 of one); the other two wait a week."""
    leads = [make_lead(number, degree=1, degree_seat="anna") for number in range(1, 7)]
    plan = plan_for(leads, max_messages_per_day=1)
    assert by_day(plan, "messages") == [1, 1, 1, 1]
    held = [of_lead(plan, number) for number in (5, 6)]
    assert {(r["rule"], r["expected_week"]) for r in held} == {
        ("message_limit", "2026-W49")
    }  # fmt: skip


# --- companies --------------------------------------------------------------------


def test_two_people_of_a_company_go_and_the_third_waits() -> None:
    """At most 2 people of a company in 7 days: the third is expected a week later."""
    plan = plan_for(make_leads(3, flag="no", **ACME))
    assert [of_lead(plan, n)["route"] for n in (1, 2, 3)] == [
        "paid_inmail", "paid_inmail", "hold"
    ]  # fmt: skip
    held = of_lead(plan, 3)
    assert (held["rule"], held["expected_week"]) == ("company_throttle", "2026-W49")


@pytest.mark.parametrize(
    ("touched", "sent"),
    [("2026-11-20", 1), ("2026-11-17", 1), ("2026-11-16", 2), ("2026-11-23", 1)],
)
def test_a_recent_touch_counts_towards_the_company(touched: str, sent: int) -> None:
    """A colleague contacted on Monday or 6 days before takes a place; 7 days does not."""
    before = make_lead(
        9, exclusion="contacted_before", last_contacted_on=touched, **ACME
    )  # fmt: skip
    plan = plan_for([*make_leads(3, flag="no", **ACME), before])
    assert routes(plan)["paid_inmail"] == sent


def test_a_company_hears_from_one_seat() -> None:
    """Of a company with two owners, the second waits for the next week."""
    leads = [
        make_lead(1, degree=1, degree_seat="anna", **ACME),
        make_lead(2, flag="no", owner="bert", **ACME),
    ]
    plan = plan_for(leads, [make_seat(), make_seat(seat_id="bert")])
    assert where(plan, 1) == ("message", "anna")
    held = of_lead(plan, 2)
    assert (held["route"], held["rule"], held["expected_week"]) == (
        "hold", "company_seat", "2026-W49"
    )  # fmt: skip


def test_several_seats_may_share_a_company_if_the_team_says_so() -> None:
    """Without the rule of one seat, both owners' leads go at once."""
    leads = [
        make_lead(1, flag="no", owner="anna", **ACME),
        make_lead(2, flag="no", owner="bert", **ACME),
    ]
    seats = [make_seat(), make_seat(seat_id="bert")]
    plan = plan_for(leads, seats, one_seat_per_company=False)
    assert per_seat(plan, "paid_inmail") == {"anna": 1, "bert": 1}


def test_people_without_a_company_are_no_colleagues() -> None:
    """Five people without a company all go."""
    assert routes(plan_for(make_leads(5, flag="no"))) == {"paid_inmail": 5}


# --- days and pace ----------------------------------------------------------------


def test_a_sunday_plans_the_next_monday() -> None:
    """On Sunday, 22 November, the week planned is the one that begins next morning."""
    plan = plan_for(make_leads(1, flag="no"), as_of=MONDAY - dt.timedelta(days=1))
    assert (plan.week, plan.week_start, plan.as_of) == (
        "2026-W48", MONDAY, dt.date(2026, 11, 22)
    )  # fmt: skip
    assert of_lead(plan, 1)["send_on"] == "2026-11-23"


def test_a_wednesday_plans_the_rest_of_its_week() -> None:
    """On Wednesday 2.7 of 4.7 days are left: 24.5 * 2.7 / 4.7 = 14.07 InMails."""
    plan = plan_for(make_leads(40, flag="yes"), as_of=dt.date(2026, 11, 25))
    assert list(plan.days["date"]) == ["2026-11-25", "2026-11-26", "2026-11-27"]
    assert sum(by_day(plan, "open_inmails")) == 14


def test_a_seat_that_is_away_leaves_the_week_to_the_other() -> None:
    """Bert sends what Anna cannot; her sheet says why she does not."""
    seats = [make_seat(away=THIS_WEEK), make_seat(seat_id="bert")]
    plan = plan_for(make_leads(2, flag="no"), seats)
    assert per_seat(plan, "paid_inmail") == {"bert": 2}
    assert plan.seat_weeks.set_index("seat_id").loc["anna", "note"] != ""


def test_the_only_seats_week_off_moves_the_plan() -> None:
    """If nobody works this week, the plan is for the next one."""
    plan = plan_for(make_leads(1, flag="no"), [make_seat(away=THIS_WEEK)])
    assert (plan.week, of_lead(plan, 1)["send_on"]) == ("2026-W49", "2026-11-30")


def test_no_seat_that_ever_works_is_no_plan() -> None:
    """If nobody works in 28 days there is no plan, and the cure is named."""
    gone = ((dt.date.min, dt.date.max),)
    with pytest.raises(InputError, match="working_days, away and paused"):
        plan_for(make_leads(1), [make_seat(away=gone)])


@pytest.mark.parametrize(
    ("past", "expected"),
    # 1.3 * 60 / 4 + 5 = 24.5; floor alone; a new seat: a quarter of 4.7 * 20 = 23.5.
    [(60, 24), (0, 5), (None, 23)],
)
def test_velocity_limits_the_week(past: int | None, expected: int) -> None:
    """A seat sends no more InMails than its past four weeks or its ramp allow."""
    seat = make_seat(inmails_last_28_days=past, max_connection_requests_per_day=0)
    plan = plan_for(make_leads(60, flag="yes"), [seat])
    assert routes(plan) == {"open_inmail": expected, "hold": 60 - expected}
    held = plan.assignments[plan.assignments["route"].astype(str) == "hold"]
    assert set(held["rule"].astype(str)) <= {"later", "capacity"}


def test_requests_keep_to_days_and_to_the_rolling_week() -> None:
    """15 a day and 10 on Friday are 70, below the week's 80."""
    plan = plan_for(make_leads(100, flag="no"), [make_seat(credits=5, **FAR)])
    assert by_day(plan, "connection_requests") == [15, 15, 15, 15, 10]


def test_requests_of_last_week_leave_room_day_by_day() -> None:
    """30 a week with 25 sent before: what has left the window may be sent again.

    The 25 lie on Monday to Friday before by share (4.7): by the end of each day the
    window still holds 25 * (3.7, 2.7, 1.7, 0.7, 0) / 4.7, so that 10, 15, 20, 26 and 30
    may have gone by then.
    """
    seat = make_seat(
        credits=5, max_connection_requests_per_week=30,
        connection_requests_last_7_days=25, **FAR,
    )  # fmt: skip
    sent = by_day(plan_for(make_leads(100, flag="no"), [seat]), "connection_requests")
    assert sum(sent) == 30
    assert all(sum(sent[: k + 1]) <= most for k, most in enumerate([10, 15, 20, 26, 30]))


def test_pending_requests_leave_only_what_the_cap_allows() -> None:
    """496 of 500 are unanswered: 4 requests may follow."""
    seat = make_seat(credits=5, pending_connection_requests=496, **FAR)
    plan = plan_for(make_leads(20, flag="no"), [seat])
    assert routes(plan)["connection_request"] == 4


def test_free_inmails_keep_to_the_month() -> None:
    """A cap of 10 free InMails in 30 days and none sent before: 10 open leads go."""
    seat = make_seat(
        inmails_last_28_days=None, max_open_inmails_per_month=10, credits=5, **FAR
    )  # fmt: skip
    plan = plan_for(
        make_leads(30, flag="yes"), [seat], open_flag_leak=0.0,
        max_connection_requests_per_week=0,
    )  # fmt: skip
    assert routes(plan)["open_inmail"] == 10


def test_limits_of_nothing_are_said_in_words() -> None:
    """A seat that may send nothing holds everyone, and each limit is named."""
    seat = make_seat(max_inmails_per_day=0, max_connection_requests_per_day=0)
    plan = plan_for(make_leads(2, flag="no"), [seat])
    assert routes(plan) == {"hold": 2}
    assert {of_lead(plan, n)["rule"] for n in (1, 2)} == {"capacity"}
    assert {of_lead(plan, n)["expected_week"] for n in (1, 2)} == {""}
    assert [line.split(" within")[0] for line in short(plan)] == [
        "no seat may send InMails", "no seat may send connection requests"
    ]  # fmt: skip


def test_no_request_takes_a_lead_that_waits_for_its_free_inmail() -> None:
    """A request slot that a company leaves open goes to nobody who waits for an InMail.

    Bert may send 5 InMails a week, so 4 of 9 open leads wait for next week's, worth
    0.099. His request to Acme falls away, because Anna writes to a connection there; its
    slot would bring 0.045 from one of the four.
    """
    seats = [
        make_seat(max_inmails_per_day=0, max_connection_requests_per_day=0),
        make_seat(seat_id="bert", credits=5, inmails_last_28_days=0, **FAR),
    ]
    leads = [
        *make_leads(9, flag="yes"),
        make_lead(10, degree=1, degree_seat="anna", **ACME),
        make_lead(11, flag="no", owner="bert", **ACME),
    ]
    plan = plan_for(leads, seats, open_flag_leak=0.0)
    assert where(plan, 11)[0] == "hold"
    assert routes(plan) == {"open_inmail": 5, "message": 1, "hold": 5}


# --- the plan as a whole ----------------------------------------------------------


def test_load_is_shared_by_equal_seats() -> None:
    """Of 164 open leads for two equal seats, neither takes more than one step over half.

    The balance works in steps of a twentieth of a seat's capacity: 164 / 20 = 8.2.
    """
    seats = [
        make_seat(inmails_last_28_days=300),
        make_seat(seat_id="bert", inmails_last_28_days=300),
    ]
    sent = per_seat(plan_for(make_leads(120, flag="yes"), seats), "open_inmail")
    assert sum(sent.values()) == 120
    assert abs(sent["anna"] - sent["bert"]) <= 9


def test_the_tables_agree_with_each_other() -> None:
    """Days, seats, totals and assignments count the same sends."""
    leads = [
        *make_leads(30, flag="yes"), *make_leads(30, first=31, flag="no"),
        *make_leads(30, first=61), make_lead(91, degree=1, degree_seat="anna"),
    ]  # fmt: skip
    plan = plan_for(leads, [make_seat(), make_seat(seat_id="bert", credits=20)])
    counted = routes(plan)
    columns = {
        "open_inmails": Route.OPEN_INMAIL,
        "paid_inmails": Route.PAID_INMAIL,
        "connection_requests": Route.CONNECTION_REQUEST,
        "messages": Route.MESSAGE,
    }
    for column, route in columns.items():
        assert plan.days[column].sum() == counted.get(str(route), 0)
        assert plan.seat_weeks[column].sum() == counted.get(str(route), 0)
    assert {str(route): plan.totals[str(route)] for route in Route} == {
        str(route): counted.get(str(route), 0) for route in Route
    }
    assert plan.totals["expected_replies"] == pytest.approx(
        plan.assignments["expected_replies"].sum(), abs=1e-3
    )


def test_expected_weeks_lie_in_the_horizon() -> None:
    """A held lead is expected in a week of the horizon or in none."""
    plan = plan_for(make_leads(400, flag="yes"))
    held = plan.assignments[plan.assignments["route"].astype(str) == "hold"]
    expected = set(held["expected_week"].astype(str))
    assert expected <= {"", "2026-W49", "2026-W50"}
    assert plan.horizon_end == dt.date(2026, 12, 13)


def test_the_same_inputs_are_the_same_run() -> None:
    """The run's key depends on leads, seats, parameters and date, and on nothing else."""
    leads = make_leads(3, flag="no")
    first = plan_for(leads).run_id
    assert plan_for(list(reversed(leads))).run_id == first
    # Names and places in files decide nothing.
    renamed = [lead | {"first_name": "Bertil", "source_row": 99} for lead in leads]
    assert plan_for(renamed).run_id == first
    others = {
        plan_for(leads[:2]).run_id,
        plan_for(make_leads(3, flag="yes")).run_id,
        plan_for(leads, [make_seat(credits=49)]).run_id,
        plan_for(leads, alpha=0.04).run_id,
        plan_for(leads, as_of=MONDAY + dt.timedelta(days=1)).run_id,
    }
    assert len(others | {first}) == 6


def test_strict_refuses_errors_and_lets_warnings_pass() -> None:
    """``--strict`` turns a bad row into a refusal; a warning is no bad row."""
    error = Issue(code="no-identity", message="who?", file="leads.csv", row=3)
    warning = Issue(code="odd", message="look", severity=Severity.WARNING)
    pipeline.check_issues([warning], strict=True)
    pipeline.check_issues([error, warning], strict=False)
    with pytest.raises(InputError, match="1 bad row") as caught:
        pipeline.check_issues([error, warning], strict=True)
    assert caught.value.issues == (error, warning)
