"""What if: worth of one more, other seats and parameters, rules taken away.

Unless a test says otherwise Anna's next reset is far off, an InMail brings 0.1 weighted
replies, requests bring nothing, and the plan is for Monday, 23 November 2026.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads_factory import lead_table, make_inputs, make_lead, make_leads, routes
from model_factory import MONDAY, make_seat
from planner import limits, pipeline
from planner.domain import Given, Seat
from planner.errors import InputError, ParameterError, UsageError
from planner.params import Parameters
from planner.pipeline import Worked
from planner.whatif import compare, frontier, rules, scenario, second_list, worth
from planner.whatif.scenario import Scenario

#: The next reset lies beyond the longest horizon: what is not sent now never is better.
FAR: dict[str, Any] = {"reset_rule": "date:2027-03-01"}
NO_REQUESTS: dict[str, object] = {"acceptance_rate": 0.0, "open_flag_leak": 0.0}


def make_given(
    leads: list[dict[str, Any]], seats: list[Seat], **parameters: object
) -> Given:
    """Return what a plan is made from; requests bring nothing unless said."""
    return Given(
        inputs=make_inputs(leads, seats),
        parameters=Parameters().override({**NO_REQUESTS, **parameters}),
        as_of=MONDAY,
    )


def two_seats(*, anna: int, bert: int) -> list[Seat]:
    """Return two seats with these credits, 5 of which are reserve."""
    return [
        make_seat(credits=anna, max_connection_requests_per_day=0, **FAR),
        make_seat(
            seat_id="bert", sender="Bert", credits=bert,
            max_connection_requests_per_day=0, **FAR,
        ),
    ]  # fmt: skip


def silent(text: str) -> None:
    """Listen to progress and say nothing."""


def credit(base: Worked, index: int = 0) -> worth.Worth:
    """Return what one more credit on a seat is worth."""
    prices = {(i, unit): price for i, unit, price in worth.ranked(base.problem)}
    return worth.worth(base.problem, index, "credit", prices.get((index, "credit"), 0.0))


# --- one more ---------------------------------------------------------------------


def test_one_more_credit_is_worth_the_next_lead() -> None:
    """2 of 5 closed leads go; each of 3 more credits brings 0.1, the fourth nothing."""
    base = pipeline.work_out(
        make_given(make_leads(5, flag="no"), two_seats(anna=7, bert=5))
    )
    found = credit(base)
    assert (found.price, found.gain, found.loss) == pytest.approx((0.1, 0.1, 0.1))
    # Up to the last lead; down to the reserve, which pays for nothing.
    assert (found.more, found.fewer) == (3, 2)
    assert found.agrees
    assert not found.is_kink


def test_ranges_are_looked_for_so_far() -> None:
    """40 more leads than credits: the range ends where the search does, at 32."""
    seats = two_seats(anna=7, bert=5)
    given = make_given(make_leads(42, flag="no"), seats, delay_cost_per_week=0.0)
    found = credit(pipeline.work_out(given))
    assert (found.more, found.fewer) == (worth.MAX_UNITS, 2)


def test_beyond_the_last_lead_a_credit_is_worth_nothing() -> None:
    """2 credits for 2 leads: a third brings nothing, and one fewer costs a lead."""
    base = pipeline.work_out(
        make_given(make_leads(2, flag="no"), two_seats(anna=7, bert=5))
    )
    found = credit(base)
    assert (found.gain, found.loss) == pytest.approx((0.0, 0.1))
    assert (found.more, found.fewer) == (0, 2)
    assert found.is_kink


def test_at_a_kink_both_values_are_stated() -> None:
    """The next lead is worth half of the last one sent: one more 0.05, one fewer 0.1.

    Priority 0 weighs 1/2, priority 50 weighs 1.
    """
    leads = [*make_leads(2, flag="no"), *make_leads(3, first=3, flag="no", priority=0.0)]
    found = credit(pipeline.work_out(make_given(leads, two_seats(anna=7, bert=5))))
    assert (found.gain, found.loss) == pytest.approx((0.05, 0.1))
    assert (found.more, found.fewer) == (3, 2)
    assert found.is_kink
    assert found.agrees  # the price lies between the two


def test_a_price_that_solving_again_denies_is_told() -> None:
    """Bert stands at his reserve: the program names no price, one more credit has one."""
    given = make_given(make_leads(5, flag="no"), two_seats(anna=7, bert=5))
    found = credit(pipeline.work_out(given), index=1)
    assert (found.price, found.gain, found.more) == pytest.approx((0.0, 0.1, 3))
    assert not found.agrees


def test_below_the_reserve_the_first_credits_bring_nothing() -> None:
    """With 3 credits and a reserve of 5 one more pays for nobody."""
    base = pipeline.work_out(
        make_given(make_leads(5, flag="no"), two_seats(anna=7, bert=3))
    )
    assert credit(base, index=1).gain == 0.0


def test_a_credit_below_the_reserve_is_priced_by_later_cycles_only() -> None:
    """With 4 credits, reserve 5 and a grant of 3, the week of the reset has 4 + 3 - 5 = 2.

    Nobody is paid for before the reset however many leads wait, so one more credit buys
    the next lead a week later: 0.1 less 1 %, not what a week sooner would save on top.
    """
    seat = make_seat(
        credits=4, monthly_grant=3, reset_rule="date:2026-11-30",
        max_connection_requests_per_day=0,
    )  # fmt: skip
    given = make_given(make_leads(9, flag="no"), [seat], max_horizon_weeks=2)
    base = pipeline.work_out(given)
    prices = base.problem.solution.prices
    assert prices["credits_0_0_0"] > 0  # the row that one more credit does not raise
    found = credit(base)
    assert (found.price, found.gain, found.loss) == pytest.approx((0.099, 0.099, 0.099))
    # The second one reaches the reserve now, and the rows of this week move.
    assert (found.more, found.fewer) == (1, 2)
    assert found.agrees
    assert not found.is_kink


def test_where_nothing_can_be_taken_away_no_kink_is_claimed() -> None:
    """Anna stands at her reserve of 0 with 0 credits: one fewer cannot be told.

    A price above what one more brings is off, not a kink between it and nothing.
    """
    seat = make_seat(credits=0, reserve=0, max_connection_requests_per_day=0, **FAR)
    base = pipeline.work_out(make_given(make_leads(5, flag="no"), [seat]))
    for price, agrees in ((0.1, True), (0.3, False), (0.05, False)):
        found = worth.worth(base.problem, 0, "credit", price)
        assert (found.loss, found.fewer, found.is_kink) == (None, 0, False)
        assert found.agrees is agrees


def test_one_more_request_is_worth_the_next_lead() -> None:
    """4 requests a week for 2 weeks leave 2 of 10 leads; each is worth 0.25 * 0.18.

    The third would only come a week earlier, which saves 1 % of it.
    """
    seat = make_seat(credits=5, max_connection_requests_per_week=4, **FAR)
    given = make_given(
        make_leads(10, flag="no"), [seat], acceptance_rate=0.25, max_horizon_weeks=2
    )
    base = pipeline.work_out(given)
    (best,) = [item for item in worth.ranked(base.problem) if item[1] != "credit"][:1]
    found = worth.worth(base.problem, *best)
    assert found.unit == "connection request"
    assert found.gain == pytest.approx(0.045)
    assert found.more == 2


def test_one_more_inmail_of_pace_is_worth_the_next_lead() -> None:
    """5 InMails a week without a past; the growth on them is 5 + 1.3/4 * 5, and so on.

    Of 40 open leads few go, so one more now brings 0.1, and its growth later a bit more.
    """
    given = make_given(
        make_leads(40, flag="yes"), [make_seat(inmails_last_28_days=0, **FAR)],
        max_horizon_weeks=2,
    )  # fmt: skip
    base = pipeline.work_out(given)
    (index, unit, price), *_ = worth.ranked(base.problem)
    found = worth.worth(base.problem, index, unit, price)
    assert unit == "InMail of pace"
    # 0.1 now, and 1.3 / 4 of an InMail in the second week at 1 to 2 % less
    assert found.gain == pytest.approx(0.1 + 0.325 * 0.098, abs=1e-4)
    assert found.agrees


# --- other seats ------------------------------------------------------------------


def test_leads_of_a_removed_seat_go_elsewhere_or_are_held() -> None:
    """Bert's two leads are anybody's without him; Anna's 2 credits take 2 of all 4."""
    leads = [*make_leads(2, flag="no"), *make_leads(2, first=3, flag="no", owner="bert")]
    given = make_given(leads, two_seats(anna=7, bert=7))
    base = pipeline.work_out(given)
    assert routes(base.plan) == {"paid_inmail": 4}
    found = compare.compare(given, base, Scenario(name="x", remove=("Bert",)))
    assert routes(found.worked.plan) == {"paid_inmail": 2, "hold": 2}
    assert found.difference["value"] == pytest.approx(-0.2)
    assert found.moves.routes == {("paid_inmail", "hold"): 2}
    assert found.cost_per_reply is None  # nothing is gained
    assert found.figures.cost_per_month == 119.99


def test_a_new_seat_has_the_terms_but_not_the_past() -> None:
    """A copy of Anna starts with one grant, its ramp, and an id of its own."""
    anna = make_seat(
        credits=7, groups=("dach",), pending_connection_requests=40, monthly_grant=30,
        away=((MONDAY, MONDAY),), **FAR,
    )  # fmt: skip
    given = make_given(make_leads(2), [anna])
    for credits, expected in ((None, 30), (12, 12)):
        change = Scenario(name="x", add=2, credits=credits)
        _, first, second = scenario.changed(given, change).inputs.seats
        assert (first.seat_id, second.seat_id) == ("anna-2", "anna-3")
        assert (first.credits, first.groups) == (expected, ("dach",))
        assert first.inmails_last_28_days is None
        assert (first.pending_connection_requests, first.away) == (0, ())


def test_one_more_seat_costs_what_a_reply_of_it_costs() -> None:
    """20 closed leads and 2 credits: a copy with 9 credits pays for 4 more.

    A horizon of 2 weeks is 0.46 months at 119.99 USD, over 0.4 replies.
    """
    given = make_given(
        make_leads(20, flag="no"), two_seats(anna=7, bert=5), max_horizon_weeks=2
    )
    base = pipeline.work_out(given)
    (found,) = worth.one_more_seat(given, base, 9, 5, silent)
    assert found.name == "one more like anna, bert"
    assert found.difference["paid_inmail"] == 4
    assert found.difference["value"] == pytest.approx(0.4)
    months = 2 * 7 / (365.25 / 12)
    assert found.cost_per_reply == pytest.approx(119.99 * months / 0.4, abs=0.01)


def test_a_paused_seat_sends_from_its_date_on() -> None:
    """Paused until Thursday, Anna's 2 InMails go on Thursday and Friday."""
    given = make_given(make_leads(2, flag="no"), [make_seat(credits=7, **FAR)])
    thursday = MONDAY + dt.timedelta(days=3)
    base = pipeline.work_out(given)
    found = compare.compare(given, base, Scenario(name="x", pause=(("anna", thursday),)))
    days = set(found.worked.plan.assignments["send_on"].astype(str))
    assert days == {"2026-11-26", "2026-11-27"}


def test_a_parameter_is_for_seats_that_do_not_say() -> None:
    """A reserve of 0 is Bert's, who states none; Anna keeps the 5 that she states."""
    bert = two_seats(anna=7, bert=7)[1]
    stated = make_seat(credits=7, stated=("reserve",), **FAR)
    given = make_given(make_leads(2), [stated, bert])
    change = Scenario(name="x", parameters={"reserve": "0", "working_days": "Mon-Sun"})
    seats = scenario.changed(given, change).inputs.seats
    assert [seat.reserve for seat in seats] == [5, 0]
    assert seats[1].day_shares == (1.0, 1.0, 1.0, 1.0, 0.7, 1.0, 1.0)
    assert scenario.stated_by([stated, bert], {"reserve"}) == {"reserve": ["anna"]}


def test_a_second_list_is_merged_by_person() -> None:
    """Of 2 more leads one is known already: it keeps its line, and gains its flag."""
    given = make_given(make_leads(2), two_seats(anna=7, bert=5))
    more = lead_table([make_lead(2, flag="no"), make_lead(3, flag="yes")])
    changed = scenario.changed(given, Scenario(name="x", leads=more))
    table = changed.inputs.leads
    assert table.leads["open_flag"].tolist() == [-1, 0, 1]
    assert sorted(table.rows["outcome"]) == ["duplicate", "lead", "lead", "lead"]
    plan = pipeline.work_out(changed).plan  # its audit counts every row
    assert len(plan.assignments) == 3


def test_people_of_the_run_are_recognised_under_other_ids() -> None:
    """The ledger knows lead 11 as lead 1; a file of the run has lead 12 at lead 2's row.

    Lead 13 stands in that file, too, in a row that was another's duplicate: on the run,
    nobody knows as whom. Lead 14 stands at the same row of a file of another content:
    new. Lead 3 has the run's own id.
    """
    ids = [f"{number:016x}" for number in range(20)]
    own = {"source_file": "again/a.csv"}
    listed = [
        make_lead(3, source_file="b.csv"),
        make_lead(11, flag="no", source_file="b.csv"),
        make_lead(12, **own, source_row=7),
        make_lead(13, **own, source_row=8),
        make_lead(14, source_file="a.csv", source_row=7),
    ]
    leads = [make_lead(1), make_lead(2, source_file="a.csv", source_row=7), make_lead(3)]
    given = make_given(leads, two_seats(anna=7, bert=5))
    found = second_list.recognised(
        given.inputs.leads.leads, lead_table(listed), {"again/a.csv": "a.csv"},
        {ids[11]: ids[1]},
    )  # fmt: skip
    assert (found.num_known, found.num_new) == (4, 1)
    assert found.leads.leads["lead_id"].tolist() == [ids[1], ids[2], ids[3], ids[14]]
    changed = scenario.changed(given, Scenario(name="x", leads=found.leads))
    assert changed.inputs.leads.leads["open_flag"].tolist() == [0, -1, -1, -1]
    plan = pipeline.work_out(changed).plan  # its audit counts every row
    assert len(plan.assignments) == 4


def test_leads_of_a_removed_seat_on_a_second_list_are_anybodys() -> None:
    """Bert goes, and the lead that the second list says is his goes by Anna's credit."""
    given = make_given(make_leads(1, flag="no"), two_seats(anna=7, bert=7))
    more = lead_table([make_lead(2, flag="no", owner="Bert")])
    changed = scenario.changed(given, Scenario(name="x", remove=("bert",), leads=more))
    plan = pipeline.work_out(changed).plan
    assert routes(plan) == {"paid_inmail": 2}
    assert set(plan.assignments["seat_id"].astype(str)) == {"anna"}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"remove": ("ana",)}, InputError, "unknown seat 'ana'; did you mean anna"),
        ({"pause": (("brt", None),)}, InputError, "did you mean bert"),
        ({"pause": (("anna", MONDAY),)}, InputError, "plans from 2026-11-23 on"),
        ({"add": 1, "like": "berta"}, InputError, "did you mean bert"),
        ({"remove": ("anna", "bert")}, InputError, "no seat is left"),
        ({"parameters": {"reserv": 1}}, ParameterError, "did you mean reserve"),
        ({"parameters": {"max_restarts": 1}}, ParameterError, "plan with it instead"),
        ({"parameters": {"time_zone": "Mars"}}, ParameterError, "Mars"),
        ({"parameters": {"report_only": "velocty"}}, ParameterError, "mean velocity"),
    ],
)
def test_what_is_unknown_is_told_with_the_nearest(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    """What is unknown or cannot act is refused before anything is planned."""
    given = make_given(make_leads(2), two_seats(anna=7, bert=5))
    with pytest.raises(error, match=message):
        scenario.changed(given, Scenario(name="x", **change))


# --- curves -----------------------------------------------------------------------


def test_a_curve_is_planned_at_each_step() -> None:
    """With a reserve of 5, 6 and 7 Anna's 7 credits pay for 2, 1 and 0 leads."""
    given = make_given(make_leads(5, flag="no"), [make_seat(credits=7, **FAR)])
    base = pipeline.work_out(given)
    points = frontier.sweep(given, base, "reserve=5,6,7", Scenario(name="run"), silent)
    assert [p.figures.value for p in points] == pytest.approx([0.2, 0.1, 0.0])
    assert [p.marginal for p in points[1:]] == pytest.approx([-0.1, -0.1])
    assert [len(bar) for bar in frontier.bars(points)] == [frontier.BAR, 20, 0]
    assert [line["at"] for line in frontier.records(points)] == ["5", "6", "7"]


def test_what_is_swept_is_checked() -> None:
    """Names are known, seats are whole numbers, other parameters need values."""
    assert frontier.steps("seats") == ("seats", frontier.STEPS["seats"])
    assert frontier.steps("velocity_growth=1.1, 1.5") == ("velocity_growth", ("1.1", "1.5"))
    with pytest.raises(ParameterError, match="did you mean alpha"):
        frontier.steps("alfa=1")
    with pytest.raises(UsageError, match="numbers of seats"):
        frontier.steps("seats=-1")
    with pytest.raises(UsageError, match="say which values"):
        frontier.steps("velocity_growth")


# --- rules ------------------------------------------------------------------------


def test_a_rule_costs_what_the_plan_without_it_has_more() -> None:
    """Without the reserve 7 credits pay for 5 leads, not for 2; velocity costs nothing."""
    given = make_given(make_leads(5, flag="no"), [make_seat(credits=7, **FAR)])
    base = pipeline.work_out(given)
    found = rules.costs(given, base, ["velocity", "reserve"], silent)
    assert [(item.limit, item.moved, item.breaches) for item in found] == [
        ("reserve", 3, 1), ("velocity", 0, 0),
    ]  # fmt: skip
    assert [item.cost for item in found] == pytest.approx([0.3, 0.0])


def test_costs_within_the_certified_error_are_not_told_apart_from_none() -> None:
    """In coarse classes the plan may be 2 % below its bound: more than a reserve costs.

    The costs in fine classes lie in the ranges stated in coarse ones, and their ranges
    are narrower. Nobody is a connection, so messages limit nothing.
    """
    leads = [
        make_lead(
            n, flag=("yes", "no", "unknown")[n % 3], priority=float(n * 37.7 % 100),
            segment=str(n % 7), owner=("", "", "anna", "bert")[n % 4],
            group=("", "dach", "")[n * 5 % 7 % 3],
        )
        for n in range(1, 401)
    ]  # fmt: skip
    seats = [
        make_seat(
            credits=25, groups=("dach",), max_connection_requests_per_week=20,
            inmail_reply_rate=0.12, monthly_grant=20, credit_cap=40,
            reset_rule="date:2026-12-03",
        ),
        make_seat(
            seat_id="bert", sender="Bert", credits=19, acceptance_rate=0.3,
            max_connection_requests_per_week=25, inmails_last_28_days=8,
            monthly_grant=20, reset_rule="date:2026-12-05",
        ),
    ]  # fmt: skip
    found = []
    for most in (50, 6000):
        given = make_given(
            leads, seats, max_classes=most, refine_margin=0.001, acceptance_rate=0.25,
            open_flag_leak=0.03, max_horizon_weeks=4,
        )  # fmt: skip
        names = ["reserve", "velocity", "messages_per_day"]
        costs = rules.costs(given, pipeline.work_out(given), names, silent)
        found.append({item.limit: item for item in costs})
    coarse, fine = found
    for name, item in coarse.items():
        assert item.least <= fine[name].cost <= item.most, name
        assert item.most - item.least > fine[name].most - fine[name].least, name
    assert coarse["reserve"].least == 0.0 < fine["reserve"].least
    assert coarse["velocity"].least > 0
    assert fine["messages_per_day"].least == 0.0


def test_an_unknown_rule_is_told() -> None:
    """The nearest rule is named."""
    given = make_given(make_leads(1), [make_seat(**FAR)])
    with pytest.raises(ParameterError, match=r"'reserves'; did you mean reserve\?"):
        rules.costs(given, pipeline.work_out(given), ["reserves"], silent)


@st.composite
def drawn(draw: st.DrawFn) -> Given:
    """Return a list for two seats whose flags are known.

    No companies: their order, and with it who waits, may follow from other rules.
    """
    kinds: list[dict[str, Any]] = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "flag": st.sampled_from(["yes", "no"]),
                    "priority": st.sampled_from([10.0, 50.0, 90.0]),
                    "owner": st.sampled_from(["", "", "anna", "bert"]),
                    "group": st.sampled_from(["", "", "dach"]),
                    "inmail_flag": st.sampled_from([-1, -1, 0]),
                }
            ),
            min_size=1,
            max_size=20,
        )
    )
    seats = [
        make_seat(
            seat_id=name,
            sender=name,
            credits=draw(st.sampled_from([3, 6, 9])),
            groups=("dach",) if name == "anna" else (),
            reset_rule=draw(st.sampled_from(["month", "date:2027-03-01"])),
            inmails_last_28_days=draw(st.sampled_from([None, 0, 8])),
            max_inmails_per_day=draw(st.sampled_from([1, 20])),
            max_paid_inmails_per_day=draw(st.sampled_from([1, 8])),
            max_connection_requests_per_week=draw(st.sampled_from([1, 80])),
            pending_connection_requests=draw(st.sampled_from([0, 498])),
            away=draw(st.sampled_from([(), ((MONDAY, MONDAY + dt.timedelta(days=2)),)])),
        )
        for name in ("anna", "bert")
    ]
    leads = [make_lead(number, **kind) for number, kind in enumerate(kinds, start=1)]
    return make_given(leads, seats, acceptance_rate=0.25, max_horizon_weeks=3)


@settings(
    max_examples=6, derandomize=True, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
@given(drawn(), st.lists(st.sampled_from(list(limits.MEANINGS)), min_size=3, max_size=3))
def test_taking_a_rule_away_never_costs_anything(given: Given, names: list[str]) -> None:
    """Whoever need not keep a rule may: the plan without it is worth as much or more.

    Each of these plans passed the audit of all other rules, too.
    """
    base = pipeline.work_out(given)
    for item in rules.costs(given, base, names, silent):
        assert item.value_without >= base.problem.solution.objective - 1e-5, item.limit
