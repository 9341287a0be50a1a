"""Rates from history: delays, discount, pooling, seats, and the claims of model.md C6."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from model_factory import make_seat
from planner.estimate import delays, describe, learned, pooling
from planner.estimate.learned import COHORT_COLUMNS, RESPONSE_COLUMNS, LearnedRates, learn
from planner.params import Parameters

AS_OF = dt.date(2026, 11, 23)

Cohort = tuple[str, str, str, str, int]
Response = tuple[str, str, str, str, str, int, int]
Ints = NDArray[np.int64]


def day(age: int) -> str:
    """Return the day whose sends have had `age` whole days before `AS_OF`."""
    return (AS_OF - dt.timedelta(days=age + 1)).isoformat()


def teach(
    cohorts: list[Cohort], responses: list[Response], parameters: Parameters | None = None
) -> LearnedRates:
    """Learn from rows, as of `AS_OF`."""
    return learn(
        pd.DataFrame(cohorts, columns=list(COHORT_COLUMNS)),
        pd.DataFrame(responses, columns=list(RESPONSE_COLUMNS)),
        parameters or Parameters(),
        as_of=AS_OF,
    )


def inmails(age: int, sent: int, replies: int, delay: int = 2, *,
    segment: str = "a", seat: str = "anna",
) -> tuple[Cohort, list[Response]]:  # fmt: skip
    """Return InMails of one day and their replies, all with one delay."""
    key = (day(age), "inmail", segment, seat)
    rows: list[Response] = [(*key, "replied", delay, replies)] if replies else []
    return (*key, sent), rows


# --- delays -----------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.5, 5.0, 10.0])
def test_prior_delay_has_its_mean(mean: float) -> None:
    """Tests that whole days lose nothing of the mean: E D is the sum of P(D > d)."""
    cdf = delays.prior_cdf(mean)

    assert_allclose((1.0 - cdf).sum(), mean, rtol=1e-3)  # cut off after 120 days
    assert cdf[-1] == 1.0
    # P(D = 0): sent at u, back before midnight: 1 - m (1 - e^(-1/m)).
    assert_allclose(cdf[0], 1.0 - mean * (1.0 - math.exp(-1.0 / mean)), atol=1e-4)


def test_no_responses_leave_the_prior() -> None:
    """Tests that without data the distribution is the exponential, its median day 3."""
    none = np.zeros(0, dtype=np.int64)

    found = delays.estimate(none, none, none, 5.0)

    assert_allclose(found.cdf, delays.prior_cdf(5.0), atol=1e-9)
    # 1 - 5 (1 - e^-0.2) e^(-d/5): 0.392 on day 2, 0.503 on day 3.
    assert found.median == 3
    assert found.num_responses == 0


def test_delays_seen_in_full_are_counted() -> None:
    """Tests that old responses and the prior's 20 add up: (30 F_data + 20 F_prior) / 50."""
    delay, number = np.array([0, 4]), np.array([10, 20])

    found = delays.estimate(delay, np.array([400, 400]), number, 5.0)

    data = np.where(np.arange(delays.MAX_DELAY + 1) >= 4, 30.0, 10.0)
    assert_allclose(found.cdf, (data + 20.0 * delays.prior_cdf(5.0)) / 50.0, atol=1e-8)


def test_truncated_delay_by_hand() -> None:
    """Tests that a response is compared with those that could have come as late.

    One response of today (delay 0, age 0) and one of day 1 with age 5. With G the prior:
    at day 1 only the second can be compared, so r_1 = (1 + 20 g_1) / (1 + 20 G_1); days
    2 to 5 have hazard 20 g_d / (1 + 20 G_d); later ones the prior's, g_d / G_d. Hence
    F(1) = (1 + 20 G_1) / (1 + 20 G_5) * G_5 and F(0) = F(1) (1 - r_1).
    """
    prior = delays.prior_cdf(5.0)

    found = delays.estimate(np.array([0, 1]), np.array([0, 5]), np.array([1, 1]), 5.0)

    first = (1 + 20 * prior[1]) / (1 + 20 * prior[5]) * prior[5]
    hazard = (1 + 20 * (prior[1] - prior[0])) / (1 + 20 * prior[1])
    assert_allclose(found.cdf[1], first, atol=1e-8)
    assert_allclose(found.cdf[0], first * (1 - hazard), atol=1e-8)


def test_truncation_does_not_shorten_delays() -> None:
    """Tests that a slow distribution is found though quick replies are overrepresented."""
    rng = np.random.default_rng(5)
    age = rng.integers(0, 60, 20000)
    delay = np.floor(rng.exponential(10.0, 20000) + rng.random(20000)).astype(np.int64)
    seen = delay <= age

    found = delays.estimate(delay[seen], age[seen], np.ones(seen.sum(), np.int64), 5.0)

    assert delay[seen].mean() < 8.5  # what a plain mean would say
    assert abs(found.mean - 10.0) < 0.4
    assert found.median == 7  # 1 - 10 (1 - e^-.1) e^(-d/10): 0.478 on day 6, 0.527 on 7


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(1, 50)), max_size=12
    ),
    st.floats(0.5, 60.0),
)
def test_delay_distribution_is_one(rows: list[tuple[int, int, int]], mean: float) -> None:
    """Tests that F never falls, stays in 0 to 1 and ends at 1, whatever was seen."""
    kept = np.array([row for row in rows if row[0] <= row[1]], dtype=np.int64)
    delay, age, number = kept.reshape(-1, 3).T

    cdf = np.array(delays.estimate(delay, age, number, mean).cdf)

    assert (np.diff(cdf) >= 0).all()
    assert 0.0 <= cdf[0] <= cdf[-1] == 1.0


# --- pooling ----------------------------------------------------------------------------


def test_log_gamma_against_the_standard_library() -> None:
    """Tests Stirling's series from 0.001 to a million."""
    x = np.array([1e-3, 0.5, 1.0, 2.5, 7.9, 100.0, 1e6])

    assert_allclose(
        pooling.log_gamma(x), [math.lgamma(value) for value in x], rtol=1e-9, atol=1e-9
    )


def test_pool_without_data_is_the_prior() -> None:
    """Tests that the mean of an unseen group is the given rate itself."""
    none = np.zeros(0)

    overall, groups = pooling.pool(none, none, 0.1, 40.0, 0.9)

    assert groups == ()
    assert_allclose(overall.mean, 0.1, atol=1e-6)


@pytest.mark.parametrize(
    ("answers", "sends"),
    [
        ([3.0], [20.0]),
        ([0.0, 9.0], [15.5, 30.25]),
        ([30.0, 60.0, 2.0], [300.0, 310.0, 4.0]),
    ],
)
def test_pool_against_plain_integration(answers: list[float], sends: list[float]) -> None:
    """Tests the zoomed grid and the ends against sums over a wide, fine, fixed grid."""
    rate, strength = 0.2, 25.0
    m, s = np.meshgrid(
        (np.arange(300) + 0.5) / 300, (np.arange(150) + 0.5) / 50, indexing="ij"
    )
    a, b = 1 / (s**2 * (1 - m)), 1 / (s**2 * m)
    gamma = np.vectorize(math.lgamma)
    log_weight = (strength * rate - 1) * np.log(m) + (strength * (1 - rate) - 1) * np.log1p(
        -m
    )
    log_weight -= 0.5 * (s / pooling.SPREAD_SD) ** 2
    for y, e in zip(answers, sends, strict=True):
        log_weight += gamma(a + y) + gamma(b + e - y) - gamma(a + b + e)
        log_weight -= gamma(a) + gamma(b) - gamma(a + b)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    overall, groups = pooling.pool(np.array(answers), np.array(sends), rate, strength, 0.9)

    assert_allclose(overall.mean, (weight * m).sum(), rtol=1e-3)
    p = (np.arange(1000) + 0.5) / 1000
    for y, e, group in zip(answers, sends, groups, strict=True):
        assert_allclose(group.mean, (weight * (a + y) / (a + b + e)).sum(), rtol=1e-3)
        # The marginal posterior of p, from betas on the points that weigh anything.
        heavy = weight > 1e-5 * weight.max()
        own_a, own_b, own = a[heavy] + y, b[heavy] + e - y, weight[heavy]
        density = np.zeros_like(p)
        for one_a, one_b, one in zip(own_a, own_b, own, strict=True):
            log_beta = math.lgamma(one_a) + math.lgamma(one_b) - math.lgamma(one_a + one_b)
            density += one * np.exp(
                (one_a - 1) * np.log(p) + (one_b - 1) * np.log1p(-p) - log_beta
            )
        cumulated = np.cumsum(density) / density.sum()
        assert_allclose(np.interp([group.low, group.high], p, cumulated), [0.05, 0.95],
                        atol=4e-3)  # fmt: skip


def test_pool_follows_much_data() -> None:
    """Tests that 20,000 of 100,000 is 20 % to two digits against a given 1 %."""
    _, (group,) = pooling.pool(np.array([2e4]), np.array([1e5]), 0.01, 40.0, 0.9)

    assert_allclose(group.mean, 0.2, atol=2e-4)
    # Normal: 0.2 -+ 1.645 sqrt(0.2 * 0.8 / 1e5) = 0.2 -+ 0.00208.
    assert_allclose([group.low, group.high], [0.19792, 0.20208], atol=2e-4)


def test_small_groups_lean_on_the_others() -> None:
    """Tests that one reply of two sends is no 50 %, and that unlike groups lean less."""
    alike = pooling.pool(
        np.array([1.0, 20, 21, 19]), np.array([2.0, 200, 200, 200]), 0.1, 40.0, 0.9
    )[1]
    unlike = pooling.pool(
        np.array([1.0, 4, 70, 20]), np.array([2.0, 200, 200, 200]), 0.1, 40.0, 0.9
    )[1]

    assert alike[0].mean < 0.12
    assert alike[0].mean < unlike[0].mean < 0.4


@given(
    st.lists(st.tuples(st.floats(0, 500), st.floats(0, 5000)), max_size=6),
    st.floats(0.001, 0.999),
)
def test_pooled_rates_are_rates(groups: list[tuple[float, float]], rate: float) -> None:
    """Tests 0 < low <= mean <= high < 1, even where answers exceed exposed sends."""
    answers, sends = np.array(groups).reshape(-1, 2).T

    overall, seen = pooling.pool(answers, sends, rate, 40.0, 0.9)

    assert len(seen) == len(groups)
    for one in (overall, *seen):
        assert 0.0 <= one.low <= one.mean <= one.high <= 1.0
        assert 0.0 < one.mean < 1.0


def test_factor_of_one_seat_is_one() -> None:
    """Tests that what all seats have in common is not a matter of seats."""
    (factor,) = pooling.factors(np.array([50.0]), np.array([20.0]), 0.9)

    assert_allclose(factor.mean, 1.0, atol=1e-9)
    assert pooling.factors(np.zeros(2), np.ones(2), 0.9)[0].mean == 1.0


def test_factors_against_plain_integration() -> None:
    """Tests the mixture's mean and ends against sums over a fine grid of (f, v)."""
    answers, expected = np.array([10.0, 30.0]), np.array([20.0, 20.0])
    f = (np.arange(6000) + 0.5) / 1500
    v = (np.arange(200) + 0.5) / 200
    density = []
    for y, e in zip(answers, expected, strict=True):
        log = np.empty((v.size, f.size))
        for row, spread in enumerate(v):
            k = spread**-2
            log[row] = k * math.log(k) - math.lgamma(k) + (k - 1 + y) * np.log(f)
            log[row] -= (k + e) * f
        density.append(np.exp(log - log.max()))
    weight = density[0].sum(1) * density[1].sum(1) * np.exp(-0.5 * (v / 0.25) ** 2)
    own = (weight / density[0].sum(1) / weight.sum()) @ density[0]

    factor = pooling.factors(answers, expected, 0.9)[0]

    assert_allclose(factor.mean, own @ f, rtol=2e-3)
    ends = np.interp([factor.low, factor.high], f, np.cumsum(own))
    assert_allclose(ends, [0.05, 0.95], atol=5e-3)


# --- what is counted --------------------------------------------------------------------


def test_exposure_by_hand() -> None:
    """Tests what 40 InMails of 13 days ago count for: 40 F(13) 0.93^2.

    F is the exponential, as nobody replied: 1 - 5 (1 - e^-0.2) e^-2.6 = 0.9327; age is 14
    days to the plan's date, two weeks: 0.93^2 = 0.8649; 32.27 together.
    """
    cohort, _ = inmails(13, 40, 0)

    (segment,) = teach([cohort], []).inmail_reply.segments

    assert_allclose(segment.effective_sent, 32.27, atol=0.01)
    assert (segment.segment, segment.num_sent, segment.num_responses) == ("a", 40, 0)
    assert segment.rate.mean < 0.1


def test_young_sends_do_not_count_with_their_replies() -> None:
    """Tests that sends of ages below the median delay, here 3 days, teach nothing."""
    young, old = inmails(2, 100, 60, 0), inmails(3, 50, 0)

    alone = teach([young[0]], [])
    found = teach([young[0], old[0]], []).inmail_reply

    assert not alone.is_learned
    assert alone.inmail_reply.overall.mean == 0.1
    assert alone.inmail_reply.num_young == 100
    assert (found.num_sent, found.num_young) == (50, 100)
    # 60 quick replies of sends 2 days old say nothing of what comes on day 3 and later.
    assert teach([young[0]], young[1]).inmail_reply.num_sent == 0


def test_replies_after_the_data_end_do_not_count() -> None:
    """Tests that today's answers, and those after `seen_until`, are left out."""
    cohort, replies = inmails(10, 100, 30, 11)  # the 11th day after it is `AS_OF`
    cohorts = pd.DataFrame([cohort], columns=list(COHORT_COLUMNS))
    responses = pd.DataFrame(replies, columns=list(RESPONSE_COLUMNS))
    earlier = responses.assign(delay_days=8)

    def count(rows: pd.DataFrame, until: dt.date | None = None) -> int:
        found = learn(cohorts, rows, Parameters(), as_of=AS_OF, seen_until=until)
        return found.inmail_reply.num_responses

    assert count(responses) == 0
    assert count(earlier) == 30
    # Three days before AS_OF the cohort was 8 days old, the day before that 7.
    assert count(earlier, AS_OF - dt.timedelta(days=3)) == 30
    assert count(earlier, AS_OF - dt.timedelta(days=4)) == 0
    assert count(responses, AS_OF + dt.timedelta(days=9)) == 0


def test_answers_without_sends_count_for_nothing() -> None:
    """Tests that replies to sends nobody recorded do not raise a rate."""
    cohort, replies = inmails(20, 10, 14)
    _, lost = inmails(21, 10, 9)

    found = teach([cohort], replies + lost).inmail_reply

    assert (found.num_sent, found.num_responses) == (10, 10)


def test_other_routes_and_times_of_day() -> None:
    """Tests that messages are left aside and that a time after the date is cut off."""
    key = (f"{day(20)}T14:05:00Z", "message", "a", "anna")
    cohort, replies = inmails(20, 10, 1)
    timed = (f"{cohort[0]}T23:59:59Z", *cohort[1:])

    found = teach([(*key, 50), timed], replies)

    assert found.inmail_reply.num_sent == 10
    assert found.acceptance.num_sent == 0


def test_replies_after_acceptance_count_from_the_acceptance() -> None:
    """Tests the three streams: 200 requests, 80 accepted 5 days later, 20 of these reply.

    Requests of 30 days ago; the acceptances are 25 days old, discounted as such:
    80 F(25) 0.93^(26/7) with F(25) = 1 - 5 (1 - e^-0.2) e^-5 = 0.99389: 60.73. That the
    replies came within the day does not change F(25), which is about later ones.
    """
    request = (day(30), "connection_request", "a", "anna")
    accepted = (day(25), "connection_request", "a", "anna")

    found = teach(
        [(*request, 200)],
        [(*request, "accepted", 5, 80), (*accepted, "replied", 0, 20)],
        # The empirical delays are kept out of the hand's figures by an answer at day 0.
    )

    assert found.inmail_reply.num_sent == 0
    assert (found.acceptance.num_sent, found.acceptance.num_responses) == (200, 80)
    after = found.reply_after_acceptance
    assert (after.num_sent, after.num_responses) == (80, 20)
    assert_allclose(after.segments[0].effective_sent, 60.73, atol=0.01)
    assert after.overall.mean > 0.18  # a quarter replied
    assert found.acceptance.overall.mean > 0.25


def test_no_history_is_exact_whatever_the_rates() -> None:
    """Tests that nothing is learned from nothing, at rates of 0 and 1 too."""
    parameters = replace(Parameters(), inmail_reply_rate=0.0, acceptance_rate=1.0)

    found = teach([], [], parameters)

    assert not found.is_learned
    assert found.inmail_reply.overall.mean == 0.0
    assert found.acceptance.overall.mean == 1.0
    assert found.reply_after_acceptance.overall.mean == 0.18


def test_a_little_history_moves_a_rate_a_little() -> None:
    """Tests that there is no jump between no history and one InMail."""
    cohort, _ = inmails(30, 1, 0)

    found = teach([cohort], []).inmail_reply

    assert 0.09 < found.segments[0].rate.mean < found.overall.mean < 0.1


def test_only_so_many_segments_get_their_own_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that the least known segments fall back on the rate of all others."""
    monkeypatch.setattr(learned, "MAX_SEGMENTS", 2)
    rows = [inmails(20, sent, sent // 5, segment=name)
            for name, sent in (("c", 30), ("a", 50), ("b", 20), ("d", 20))]  # fmt: skip

    found = teach([row[0] for row in rows], [row for one in rows for row in one[1]])

    assert [item.segment for item in found.inmail_reply.segments] == ["a", "c"]
    assert found.inmail_reply.num_sent == 120
    rates = found.inmail_reply.of(pd.Series(["b", "a", ""]))
    assert rates[0] == rates[2] == found.inmail_reply.overall.mean != rates[1]


@settings(max_examples=12)
@given(st.data())
def test_order_and_cut_of_rows_change_no_bit(data: st.DataObject) -> None:
    """Tests that shuffled rows, and rows cut into single people, teach the same."""
    cohorts: list[Cohort] = []
    responses: list[Response] = []
    for age in data.draw(st.lists(st.integers(0, 60), unique=True, max_size=6)):
        segment = data.draw(st.sampled_from(["", "a", "b"]))
        seat = data.draw(st.sampled_from(["anna", "bert"]))
        sent = data.draw(st.integers(1, 9))
        cohort, rows = inmails(age, sent, data.draw(st.integers(0, sent)),
                               segment=segment, seat=seat)  # fmt: skip
        cohorts.append(cohort)
        responses.extend(rows)
    single_cohorts: list[Cohort] = [(*row[:4], 1) for row in cohorts for _ in range(row[4])]
    single: list[Response] = [(*row[:6], 1) for row in responses for _ in range(row[6])]

    assert teach(
        data.draw(st.permutations(single_cohorts)), data.draw(st.permutations(single))
    ) == teach(cohorts, responses)


# --- nobody records answers -------------------------------------------------------------


def test_silence_is_no_answer() -> None:
    """Tests that InMails without any reply keep the given rate where some must have come.

    Of 100 days ago F is 1 to nine digits: 0.9^43 = 0.0108 may be bad luck, 0.9^44 =
    0.0097 is less than one in a hundred.
    """
    unlucky = teach([inmails(100, 43, 0)[0]], []).inmail_reply
    unheard = teach([inmails(100, 44, 0)[0]], [])

    assert (unlucky.num_sent, unlucky.num_unheard, unlucky.unheard) == (43, 0, False)
    assert unlucky.overall.mean < 0.1
    found = unheard.inmail_reply
    assert (found.num_sent, found.num_unheard, found.unheard) == (0, 44, True)
    assert found.overall.mean == 0.1
    assert (found.segments, found.seats, found.unheard_seats) == ((), (), ("anna",))
    assert found.of(pd.Series(["a", ""])).tolist() == [0.1, 0.1]
    assert not unheard.is_learned


def test_silent_seats_are_counted_together_where_all_are_silent() -> None:
    """Tests that 3 seats of 15 InMails are 45: 0.9^45 = 0.0087, though 0.9^15 = 0.21."""
    rows = [inmails(100, 15, 0, seat=name)[0] for name in ("anna", "bert", "cleo")]

    found = teach(rows, []).inmail_reply

    assert found.unheard
    assert (found.num_unheard, found.unheard_seats) == (45, ("anna", "bert", "cleo"))


def test_a_silent_seat_is_left_out_of_the_teams_rate() -> None:
    """Tests that a seat which records nothing changes neither the rate nor factors.

    Anna's 40 replies of 200 are 20 %, more than the given 10 %: Bert's 44 InMails are
    asked with 10 %, and 0.9^44 = 0.0097.
    """
    anna, bert = inmails(100, 200, 40), inmails(100, 44, 0, seat="bert")

    alone = teach([anna[0]], anna[1]).inmail_reply
    both = teach([anna[0], bert[0]], anna[1]).inmail_reply

    assert (both.num_unheard, both.unheard_seats) == (44, ("bert",))
    assert replace(both, num_unheard=0, unheard_seats=()) == alone
    assert not both.unheard
    assert both.factor_of("bert") is None


def test_where_replies_are_rare_a_seat_may_have_none() -> None:
    """Tests that a silent seat is judged by those that are heard.

    Anna's 4 replies of 200 are 2 %, and 0.98^44 = 0.41: Bert's 44 InMails count. They
    would not at the given 10 % (0.0097). 228 of them are too many: 0.98^228 = 0.00999.
    """
    anna = inmails(100, 200, 4)

    def unheard(number: int) -> int:
        bert = inmails(100, number, 0, seat="bert")
        return teach([anna[0], bert[0]], anna[1]).inmail_reply.num_unheard

    # ln 0.01 / ln 0.98 = 227.95.
    assert [unheard(44), unheard(227), unheard(228)] == [0, 0, 228]


def test_rates_are_unheard_one_by_one() -> None:
    """Tests that replies are learned where acceptances are not recorded.

    0.75^16 = 0.0100226, 0.75^17 = 0.0075: 17 requests without an acceptance are enough.
    """
    cohort, replies = inmails(100, 200, 40)
    requests: Cohort = (day(119), "connection_request", "a", "anna", 17)

    found = teach([cohort, requests], replies)

    assert found.is_learned
    assert found.inmail_reply.num_sent == 200
    assert found.acceptance.unheard
    assert found.acceptance.overall.mean == 0.25
    assert not found.reply_after_acceptance.unheard


# --- seats ------------------------------------------------------------------------------


def test_a_better_seat_is_found_and_the_rest_is_left_alone() -> None:
    """Tests that of 20 seats the one with three times the replies gets its own rate.

    90 and 19 times 30 replies: 33 of each are expected, so the plain factor is 2.7.
    """
    names = [f"seat-{number:02d}" for number in range(20)]
    rows = [inmails(20, 300, 90 if name == names[7] else 30, seat=name) for name in names]
    found = teach([row[0] for row in rows], [row for one in rows for row in one[1]])

    rates = learned.seat_rates(found, [make_seat(seat_id=name) for name in [*names, "new"]])

    factors = [item.factor.mean for item in found.inmail_reply.seats]
    assert 1.8 < factors[7] < 2.7
    # A seat's rate is the factor times the parameter's 10 %, since it is read that way.
    assert rates[7] == (round(factors[7] * 0.1, 3), None)
    assert {*rates[:7], *rates[8:]} == {(None, None)}


def test_a_seats_own_rate_is_kept() -> None:
    """Tests that the inventory's rates win: nothing is learned over them."""
    rows = [inmails(20, 300, 90), inmails(20, 300, 20, seat="bert")]
    found = teach([row[0] for row in rows], [row for one in rows for row in one[1]])

    own = make_seat(seat_id="anna", inmail_reply_rate=0.12)

    assert learned.seat_rates(found, [own]) == ((None, None),)
    assert learned.seat_rates(found, [make_seat(seat_id="anna")])[0][0] is not None
    assert learned.seat_rates(found, []) == ()


def test_alike_seats_get_no_rates() -> None:
    """Tests that of 60 seats with the same true rate hardly any is told apart."""
    rng = np.random.default_rng(8)
    rows = [
        inmails(20, 200, int(rng.binomial(200, 0.1)), seat=f"seat-{number}")
        for number in range(60)
    ]

    found = teach([row[0] for row in rows], [row for one in rows for row in one[1]])

    assert sum(seat.is_material for seat in found.inmail_reply.seats) <= 1


def test_a_seats_segments_are_not_held_against_it() -> None:
    """Tests that a seat with the hard segment is no worse: it got what was expected."""
    rows = [
        inmails(20, 400, 80, segment="easy", seat="anna"),
        inmails(20, 400, 20, segment="hard", seat="anna"),
        inmails(20, 800, 40, segment="hard", seat="bert"),
    ]

    found = teach([row[0] for row in rows], [row for one in rows for row in one[1]])

    for seat in found.inmail_reply.seats:
        assert abs(seat.factor.mean - 1.0) < 0.08
        assert not seat.is_material


# --- the claims of model.md C6 ----------------------------------------------------------


class Scores(NamedTuple):
    """Mean error of the learned and of the plain rates, and the share covered."""

    bias: float
    plain_bias: float
    coverage: float


def simulate(rng: np.random.Generator, drift: float) -> tuple[
    list[Cohort], list[Response], dict[str, float]
]:  # fmt: skip
    """Return 16 weeks of 40 InMails to each of 8 segments, and the rates at the end.

    A fifth of the (week, segment) cells is empty; log odds drift by a random walk;
    replies take 5 days in the mean, and only those before `AS_OF` are seen.
    """
    odds = math.log(0.1 / 0.9) + 0.5 * rng.standard_normal(8)
    cohorts: list[Cohort] = []
    responses: list[Response] = []
    for week in range(15, -1, -1):
        odds = odds + drift * rng.standard_normal(8)
        for segment in np.flatnonzero(rng.random(8) >= 0.2):
            for weekday in range(5):
                age = 7 * week + weekday
                key = (day(age), "inmail", f"s{segment}", "anna")
                cohorts.append((*key, 8))
                num = int(rng.binomial(8, 1 / (1 + math.exp(-odds[segment]))))
                delay = np.floor(rng.exponential(5.0, num) + rng.random(num))
                responses.extend((*key, "replied", int(d), 1) for d in delay if d <= age)
    rates = {f"s{index}": 1 / (1 + math.exp(-value)) for index, value in enumerate(odds)}
    return cohorts, responses, rates


def scores(drift: float, discount: float, num_runs: int = 30) -> Scores:
    """Return bias and coverage over simulated histories with seeds 0, 1, ..."""
    parameters = replace(Parameters(), rate_discount_per_week=discount)
    error, plain, covered = [], [], []
    for seed in range(num_runs):
        cohorts, responses, rates = simulate(np.random.default_rng(seed), drift)
        found = teach(cohorts, responses, parameters).inmail_reply
        for item in found.segments:
            truth = rates[item.segment]
            num_sent = sum(row[4] for row in cohorts if row[2] == item.segment)
            num_seen = sum(row[6] for row in responses if row[2] == item.segment)
            error.append(item.rate.mean - truth)
            plain.append(num_seen / num_sent - truth)
            covered.append(item.rate.low <= truth <= item.rate.high)
    return Scores(float(np.mean(error)), float(np.mean(plain)), float(np.mean(covered)))


def test_steady_rates_are_unbiased_and_covered() -> None:
    """Tests C6 without drift: bias 0, coverage .95, where plain shares are 0.5 pp low."""
    found = scores(0.0, 0.93)

    assert abs(found.bias) < 0.003
    assert found.plain_bias < -0.003
    assert 0.90 <= found.coverage <= 0.985


def test_drifting_rates_need_the_discount() -> None:
    """Tests C6 with a drift of .05 a week: coverage .88 with the discount, .78 without."""
    found, undiscounted = scores(0.05, 0.93), scores(0.05, 1.0)

    assert abs(found.bias) < 0.004
    assert 0.82 <= found.coverage <= 0.95
    assert undiscounted.coverage < found.coverage - 0.05


# --- words ------------------------------------------------------------------------------


def history() -> LearnedRates:
    """Return two seats and segments of InMails, one of them too young to count."""
    rows = [
        inmails(20, 300, 60, segment="fintech"),
        inmails(20, 300, 12, segment="", seat="bert"),
        inmails(1, 7, 0, segment="fintech"),
    ]
    return teach([row[0] for row in rows], [row for one in rows for row in one[1]])


def test_sentences() -> None:
    """Tests that each rate says what it is, from what, or that nothing was learned."""
    found = history()
    low, high = found.inmail_reply.overall.low, found.inmail_reply.overall.high

    lines = describe.rate_lines(found)

    assert lines[0] == (
        f"InMail reply rate: {found.inmail_reply.overall.mean:.1%} (90% interval "
        f"{low:.1%} to {high:.1%}) where a segment has no history (10.0% given), from 72 "
        "replies to 600 InMails; half come within 2 days; 7 InMails are too recent to count"
    )
    assert lines[1:] == (
        "Acceptance rate: 25.0% as given; no history to learn from",
        "Reply after acceptance rate: 18.0% as given; no history to learn from",
    )


def test_sentences_say_what_is_not_recorded() -> None:
    """Tests the words for a rate, and for seats, of which no answer is recorded."""
    cohort, replies = inmails(100, 300, 60)
    silent = inmails(100, 260, 0, seat="bert")[0]
    none = describe.rate_lines(teach([silent, inmails(1, 7, 0)[0]], []))[0]

    some = describe.rate_lines(teach([cohort, silent], replies))[0]

    assert none == (
        "InMail reply rate: 10.0% as given; 260 InMails and no reply recorded: record "
        "replies, or set inmail_reply_rate; 7 InMails are too recent to count"
    )
    assert some.endswith(
        "from 60 replies to 300 InMails; half come within 2 days; 260 InMails of bert are "
        "left out: no reply to them is recorded"
    )


def test_tables() -> None:
    """Tests that tables have a row per segment and seat, and cells for every column."""
    found = history()

    rates, seats = describe.rate_table(found), describe.seat_table(found)

    assert [row[:4] for row in rates.rows] == [
        ("InMail reply", "(none)", 300, 12),
        ("InMail reply", "fintech", 300, 60),
        ("InMail reply", "(any other)", "", ""),
    ]
    assert [row[:4] for row in seats.rows] == [
        ("InMail reply", "anna", 300, 60), ("InMail reply", "bert", 300, 12),
    ]  # fmt: skip
    for table in (rates, seats):
        assert {len(row) for row in table.rows} == {len(table.header)}
    assert describe.rate_table(teach([], [])).rows == []


def test_document_is_json() -> None:
    """Tests that the document has no number that JSON lacks, and comes back the same."""
    document = describe.rates_document(history())

    assert json.loads(json.dumps(document, allow_nan=False)) == json.loads(
        json.dumps(document)
    )
    assert document["as_of"] == "2026-11-23"
    assert document["inmail_reply"]["num_sent"] == 600
    assert document["inmail_reply"]["segments"][1]["segment"] == "fintech"
    assert document["acceptance"]["overall"]["mean"] == 0.25
