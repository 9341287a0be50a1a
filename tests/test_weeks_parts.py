"""What rolling weeks are made of: the field, the even split, arrivals, figures."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leads_factory import lead_table, make_lead, make_leads
from model_factory import MONDAY, make_seat
from planner import schemas
from planner.dates import ONE_DAY
from planner.domain import Calendar, LeadTable, Seat
from planner.estimate.intervals import clopper_pearson, mean_interval
from planner.params import Parameters
from planner.simulate import weeks_report, weeks_tables, world
from planner.simulate.engine import seat_terms
from planner.simulate.even_split import EvenSplit
from planner.simulate.field import Fate, Field, Task
from planner.simulate.inventory import inventory
from planner.simulate.people import People, joined, listed
from planner.simulate.policies import Policy
from planner.simulate.remembered import both
from planner.simulate.weeks import Planned, Played, Setting, Steps, Triaged, play, told
from weeks_factory import history

DAYS = [MONDAY + number * ONE_DAY for number in range(28)]
CLOSED = Fate(
    needs_credit=True, is_off=False, is_gone=False, burns=False, answers_from=9.0, delay=0,
    accepts_from=9.0, acceptance_delay=0, answers=False, reply_delay=0, weight=1.0,
)  # fmt: skip
OPEN = replace(CLOSED, needs_credit=False)


def field_of(
    *fates: Fate, freezes: bool = False, on: dt.date = MONDAY, **changes: Any
) -> Field:
    """Return a field of one seat, with an InMail on a day to each lead (0, 1, ...)."""
    seat = make_seat(**changes)
    calendar = Calendar(seat=0, periods=(), resets=())
    terms = seat_terms([seat], [calendar], Parameters())
    field = Field.of([seat], MONDAY, Parameters(), terms, [freezes])
    field.fates |= {str(number): fate for number, fate in enumerate(fates)}
    field.enqueue(task(str(number), on=on) for number in range(len(fates)))
    return field


def task(lead_id: str, route: str = "paid_inmail", on: dt.date = MONDAY) -> Task:
    """Return a send of the seat anna."""
    return Task(lead_id=lead_id, seat_id="anna", route=route, on=on)


def live(field: Field, num_days: int) -> Field:
    """Let days go by from the Monday on."""
    for day in DAYS[:num_days]:
        field.morning(day)
        field.live(day)
    return field


def test_an_exhausted_seat_is_counted_by_hand() -> None:
    """3 credits, reserve 1: of 5 InMails the third takes the reserve, two find nothing.

    The grant of Thursday makes 2, which is the cap: the refund of Thursday is forfeited.
    """
    replying = replace(CLOSED, answers_from=0.5, delay=3)
    field = field_of(
        replying, CLOSED, CLOSED, CLOSED, CLOSED, credits=3, reserve=1, monthly_grant=2,
        credit_cap=2, reset_rule="day:26",
    )  # fmt: skip
    live(field, 4)
    assert [one.cause for one in field.attempts] == ["", "", "", *["credits_exhausted"] * 2]
    assert [one.credits for one in field.attempts] == [1, 1, 1, 0, 0]
    first = field.cycles[0]
    assert (first.num_needed, first.num_short, first.num_into_reserve) == (5, 2, 3)
    assert field.books["anna"].credits == 2
    assert field.forfeits == [(DAYS[3], "anna", 1)]
    (line,) = weeks_tables.resets(field).to_dict("records")
    assert (line["reset"], line["ran_out"], line["into_reserve"]) == (
        "2026-11-26", True, True,
    )  # fmt: skip


def test_a_grant_beyond_the_cap_is_forfeited() -> None:
    """140 and 50 make 150: 40 are lost, in the first week."""
    field = live(field_of(credits=140, reset_rule="day:26"), 7)
    assert field.books["anna"].credits == 150
    table = weeks_tables.by_week(Played(after=field, num_weeks=1))
    assert table["credits_forfeited"].tolist() == [40]


def test_failed_inmails_may_burn_a_credit() -> None:
    """Gone and burned uses one; InMail off and not burned uses none; open and gone none."""
    fates = (
        replace(CLOSED, is_gone=True, burns=True), replace(CLOSED, is_off=True),
        replace(OPEN, is_gone=True, burns=True),
    )  # fmt: skip
    field = live(field_of(*fates, credits=10), 1)
    assert [(one.cause, one.credits) for one in field.attempts] == [
        ("profile_gone", 1), ("inmail_off", 0), ("profile_gone", 0),
    ]  # fmt: skip
    assert field.books["anna"].credits == 9
    assert field.cycles[0].num_needed == 1


@pytest.mark.parametrize(("freezes", "cause"), [(True, "credits_exhausted"), (False, "")])
def test_free_inmails_of_an_empty_seat(freezes: bool, cause: str) -> None:
    """They fail where LinkedIn freezes them; that alone does not make the seat run out."""
    field = live(field_of(OPEN, freezes=freezes, credits=0), 1)
    assert [one.cause for one in field.attempts] == [cause]
    assert field.cycles[0].num_short == 0


def test_a_held_seat_sends_nothing() -> None:
    """What is due before the day until which it is held is canceled."""
    field = field_of(CLOSED)
    field.hold({"anna": DAYS[1]})
    live(field, 1)
    assert [(day, one.lead_id) for day, one in field.canceled] == [(MONDAY, "0")]
    assert not field.attempts


def test_the_inventory_states_what_was_before_until_it_is_out_of_the_window() -> None:
    """40 InMails in the 28 days before: after 7 days 30 of them count, and 2 new ones."""
    field = live(field_of(CLOSED, CLOSED, inmails_last_28_days=40), 7)
    (seat,) = inventory(field, DAYS[7])
    assert (seat.inmails_last_28_days, seat.credits) == (32, 48)
    assert {"credits", "inmails_last_28_days"} <= set(seat.stated)
    (seat,) = inventory(field, MONDAY + 28 * ONE_DAY)
    assert seat.inmails_last_28_days == 2
    assert "inmails_last_28_days" not in seat.stated


# --- the even split -----------------------------------------------------------------


def split(
    leads: LeadTable, seats: tuple[Seat, ...], *, free_only: bool = False
) -> dict[str, tuple[str, str, dt.date]]:
    """Return who is contacted in the first week: seat, route and day by lead."""
    policy = EvenSplit(parameters=Parameters(), free_only=free_only)
    sends = policy.plan(leads, seats, MONDAY).sends
    return {one.lead_id: (one.seat_id, one.route, one.on) for one in sends}


def test_the_even_split_deals_to_the_sender_with_the_fewest() -> None:
    """Leads 1 and 3 go to anna, 2 and 4 to ben; who has no credits gets as many.

    Anna may send one InMail a day: her second goes out on Tuesday.
    """
    seats = (make_seat(max_inmails_per_day=1), make_seat(seat_id="ben", credits=0))
    leads = lead_table([make_lead(n, flag=f) for n, f in enumerate(("no", "yes") * 2, 1)])
    found = split(leads, seats)
    assert [found[f"{n:016x}"] for n in range(1, 5)] == [
        ("anna", "paid_inmail", MONDAY), ("ben", "open_inmail", MONDAY),
        ("anna", "paid_inmail", DAYS[1]), ("ben", "open_inmail", MONDAY),
    ]  # fmt: skip


def test_free_inmails_only_go_to_known_open_profiles() -> None:
    """Everybody else gets a request; connections and excluded leads get nothing."""
    leads = lead_table(
        [
            make_lead(1, flag="yes"), make_lead(2), make_lead(3, flag="no"),
            make_lead(4, degree=1), make_lead(5, exclusion="do_not_contact"),
        ]
    )  # fmt: skip
    found = split(leads, (make_seat(),), free_only=True)
    assert {lead: route for lead, (_, route, _) in found.items()} == {
        f"{1:016x}": "open_inmail",
        f"{2:016x}": "connection_request",
        f"{3:016x}": "connection_request",
    }


def test_the_even_split_keeps_companies_pace_and_people() -> None:
    """Two of a company in a week, from one seat; nobody twice; the rest a week later."""
    seats = (make_seat(), make_seat(seat_id="ben"))
    leads = lead_table(make_leads(5, company_key="acme"))
    policy = EvenSplit(parameters=Parameters(), free_only=False)
    weeks = [policy.plan(leads, seats, MONDAY + k * 7 * ONE_DAY).sends for k in range(4)]
    assert [len(sends) for sends in weeks] == [2, 2, 1, 0]
    assert {one.seat_id for sends in weeks for one in sends} == {"anna"}
    assert len({one.lead_id for sends in weeks for one in sends}) == 5
    # 60 in four weeks: a week may have 1.3 * 15 + 5 = 24 of them.
    many = lead_table(make_leads(200))
    routes = [route for _, route, _ in split(many, (make_seat(),)).values()]
    assert routes.count("paid_inmail") == 24


def test_the_even_split_keeps_free_inmails_of_any_30_days() -> None:
    """Of 10 a month, 4 are from day -10: they leave on day 20, a Sunday; day 0's on 30.

    So 6 go out on day 0, 4 on day 21 and 6 on day 30, each as soon as there is room.
    """
    seat = make_seat(
        max_open_inmails_per_month=10, recent_open_inmails=((MONDAY - 10 * ONE_DAY, 4),),
        max_connection_requests_per_week=0,
    )  # fmt: skip
    leads = lead_table(make_leads(60, flag="yes"))
    policy = EvenSplit(parameters=Parameters(), free_only=False)
    days = [
        (one.on - MONDAY).days
        for week in range(6)
        for one in policy.plan(leads, (seat,), MONDAY + 7 * week * ONE_DAY).sends
        if one.route == "open_inmail"
    ]
    assert days == [0] * 6 + [21] * 4 + [30] * 6


# --- people -------------------------------------------------------------------------


def people_of(leads: LeadTable, arrivals: int | None = None) -> People:
    """Return the people of a list, with one draw of the truth."""
    drawn = world.build(leads.leads, Parameters(), num_draws=2, seed=3)
    return People(world=drawn, leads=leads.leads, draw=0, arrivals=arrivals)


def test_new_leads_are_like_those_of_the_list() -> None:
    """Same companies and flags together, new ids, nobody who is excluded."""
    table = lead_table(
        [
            make_lead(1, flag="yes", company_key="acme", last_contacted_on="2026-01-01"),
            make_lead(2, flag="no", company_key="bolt"),
            make_lead(3, company_key="crab", exclusion="do_not_contact"),
        ]
    )
    who = people_of(table)
    new = who.arriving(1, 400)
    assert schemas.check(new, schemas.LEADS) == []
    assert set(zip(new["company_key"], new["open_flag"], strict=True)) == {
        ("acme", 1), ("bolt", 0),
    }  # fmt: skip
    assert 140 < (new["open_flag"] == 1).sum() < 260
    assert set(new["last_contacted_on"]) == {""}
    assert new["lead_id"].str.fullmatch("[0-9a-f]{16}").all()
    both_lists = joined(listed(table.leads), new)
    assert both_lists.leads["lead_id"].is_unique
    assert len(both_lists.rows) == 403


def test_all_policies_meet_the_same_people() -> None:
    """Who asks again, with other numbers, gets the same leads with the same fates."""
    who = people_of(lead_table(make_leads(40)))
    first, again = who.arriving(1, 30), who.arriving(1, 99)
    assert first.equals(again)
    assert who.fates_of(first) == who.fates_of(again.iloc[::-1])
    assert not set(who.arriving(2, 30)["lead_id"]) & set(first["lead_id"])
    assert len(people_of(lead_table(make_leads(40)), arrivals=7).arriving(1, 30)) == 7
    nobody = lead_table(make_leads(3, exclusion="do_not_contact"))
    assert people_of(nobody).arriving(1, 30).empty


def test_fates_are_those_of_the_world() -> None:
    """A lead of the list has the flags and answers that the world draws for it."""
    table = lead_table([make_lead(n, flag=f) for n, f in enumerate(("yes", "no", "no"), 1)])
    who = people_of(table)
    fates = list(who.fates_of(table.leads).values())
    truth = who.world.inmails(np.arange(3), slice(0, 1))
    assert [fate.needs_credit for fate in fates] == (~truth.is_free[0]).tolist()
    assert [fate.answers_from for fate in fates] == truth.answers_from[0].tolist()


# --- weeks --------------------------------------------------------------------------


def test_weeks_without_any_plan_go_by() -> None:
    """A plan that reaches into the next week is not made again on its Monday."""
    asked: list[dt.date] = []

    def plan(table: LeadTable, seats: tuple[Seat, ...], as_of: dt.date) -> Planned:
        asked.append(as_of)
        return Planned(sends=(), until=as_of + 13 * ONE_DAY)

    steps = Steps(
        plan=plan, record=lambda _, __: None,
        triage=lambda *_: Triaged(causes={}, sends=(), held={}),
    )  # fmt: skip
    who = people_of(lead_table(make_leads(5)))
    setting = Setting(
        start=MONDAY, num_weeks=4, table=listed(who.leads), fates_of=who.fates_of,
        arriving=who.arriving, progress=lambda _: None,
    )  # fmt: skip
    played = play(setting, field_of(), steps)
    assert asked == [MONDAY, MONDAY + 14 * ONE_DAY]
    assert played.num_arrived == 0


def test_outcomes_follow_their_schema() -> None:
    """What is recorded is a table as files of outcomes give it."""
    frame = told([{"lead_id": f"{1:016x}", "seat": "anna", "kind": "sent"}])
    assert schemas.check(frame, schemas.OUTCOMES) == []


def test_what_the_runs_ledger_knew_is_not_forgotten() -> None:
    """The newer ledger wins where it knows; of the older, young sends do not count."""
    before = history(
        ("a", "replied_before", -1), ("b", "", 1), company_seats={"x": "anna", "y": "ben"},
        company_touches={"x": 2},
    )  # fmt: skip
    known = history(
        ("b", "contacted_before", -1), company_seats={"x": "ben"},
        company_touches={"x": 1}, observed_until=dt.date(2026, 12, 3),
    )  # fmt: skip
    found = both(before, known, num_days=7)
    lines = found.leads[["lead_id", "exclusion", "open_flag", "held"]].to_dict("records")
    assert [tuple(line.values()) for line in lines] == [
        ("a", "replied_before", -1, False), ("b", "contacted_before", 1, True),
    ]  # fmt: skip
    assert found.company_seats == {"x": "ben", "y": "ben"}
    assert found.company_touches == {"x": 1}
    assert found.observed_until == dt.date(2026, 12, 3)
    # 5 and 7 of the newer, and the 5 of the older that are four weeks old and answered.
    assert sorted(found.cohorts["num_sent"]) == [5, 5, 7]
    first = both(before, history(company_touches={"x": 1}), num_days=0)
    assert first.company_touches == {"x": 3}
    assert first.leads["held"].tolist() == [True, True]


# --- figures ------------------------------------------------------------------------


def test_exact_intervals() -> None:
    """No hit in 230: the share that makes this as rare as 5 %; 3 of 20 by the tables."""
    low, high = clopper_pearson(0, 230, 0.9)
    assert (low, high) == pytest.approx((0.0, 1 - 0.05 ** (1 / 230)))
    assert clopper_pearson(3, 20, 0.95) == pytest.approx((0.0321, 0.3789), abs=5e-5)
    low, high = clopper_pearson(20, 20, 0.95)
    assert (low, high) == pytest.approx((0.025 ** (1 / 20), 1.0))


@pytest.mark.parametrize(("count", "quantile"), [(2, 6.3138), (3, 2.9200), (10, 1.8331)])
def test_intervals_of_means_are_students(count: int, quantile: float) -> None:
    """The 95 % quantiles of Student's t with 1, 2 and 9 degrees of freedom, from tables."""
    values = np.arange(float(count))
    low, high = mean_interval(values, 0.9)
    half = quantile * values.std(ddof=1) / count**0.5
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), 1e-4)


def test_one_value_has_no_interval() -> None:
    """Nothing is known of the spread."""
    assert mean_interval(np.array([3.0]), 0.9) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("num", "of", "words"),
    [
        (0, 240, "the guarantee held, all seats and resets pooled"),
        (40, 240, "the guarantee did not hold"),
        (0, 8, "no more than that, but so few seat-resets cannot prove it"),
        (1, 8, "more than that, but so few seat-resets cannot tell"),
    ],
)
def test_the_sentence_says_what_the_numbers_support(num: int, of: int, words: str) -> None:
    """Held or broken only where the exact interval is all on one side of alpha."""
    about = weeks_report.About(
        run="r", start="2026-11-23", num_weeks=1, num_replications=1, seed=1, arrivals=0,
        alpha=0.05, level=0.9,
    )  # fmt: skip
    game = Played(after=field_of(), num_weeks=1)
    found = weeks_report.together([weeks_report.tables(one, 1, game) for one in Policy])
    resets = pd.DataFrame(
        {"seat_id": "anna", "ran_out": False, "into_reserve": np.arange(of) < num}
    )
    every = [resets.assign(policy=str(one), replication=1) for one in Policy]
    document = weeks_report.document(replace(found, resets=pd.concat(every)), about)
    assert f"{num} of {of} seat-resets needed a credit" in document["in_words"]
    assert words in document["in_words"]
    assert "report_only" not in document["in_words"]
    off = replace(about, switched_off=("reserve",))
    told = weeks_report.document(replace(found, resets=pd.concat(every)), off)["in_words"]
    assert "its user switched reserve off (report_only)" in told
    none = weeks_report.document(found, about)
    assert none["in_words"].startswith("No seat came to a reset")
