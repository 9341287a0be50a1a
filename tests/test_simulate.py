"""Worlds and the engine: seats whose fate can be worked out by hand, and exact odds."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain import Flag, Tier
from planner.estimate import learned as learned_rates
from planner.estimate.open_share import share_draws
from planner.model.credits import CreditUse
from planner.params import Parameters
from planner.simulate import engine, report, world
from planner.simulate.engine import Outcome, Terms, play
from planner.simulate.numbers import keys_of, uniform
from planner.simulate.report import Verdict
from planner.simulate.sends import Sends
from planner.simulate.world import World
from world_factory import CALM, inmails, terms
from world_factory import world as made


def everywhere(counts: np.ndarray, number: int) -> bool:
    """Return whether a number is the same in every draw."""
    return bool((counts == number).all())


# --- one seat, by hand --------------------------------------------------------------


def test_two_credits_fail_the_third_of_three_paid_inmails() -> None:
    """With 2 credits, the third InMail to a closed profile fails, in every draw."""
    outcome = play(made([Flag.NO] * 3), inmails([1, 1, 2]), [terms(2)])
    assert everywhere(outcome.no_credit, 1)
    assert everywhere(outcome.reached, 2)
    assert everywhere(outcome.credits_used, 2)
    # What the guarantee counts is the need, met or not.
    assert everywhere(outcome.needed, 3)
    assert everywhere(outcome.at_reset, 0)


def test_a_reset_in_the_middle_brings_new_credits() -> None:
    """One credit, a reset on day 5: of two InMails before it one fails, none after."""
    outcome = play(
        made([Flag.NO] * 4), inmails([1, 2, 5, 6], resets=(5,)), [terms(1, resets=(5,))]
    )
    assert everywhere(outcome.no_credit, 1)
    assert everywhere(outcome.reached, 3)
    assert everywhere(outcome.needed, 2)
    assert everywhere(outcome.at_reset, 0)
    assert everywhere(outcome.forfeited, 0)


def test_the_cap_forfeits_what_the_grant_brings_too_much() -> None:
    """149 credits, one used: 148 + 50 at the reset are 48 over the cap of 150."""
    outcome = play(made([Flag.NO]), inmails([1]), [terms(149)])
    assert everywhere(outcome.at_reset, 148)
    assert everywhere(outcome.forfeited, 48)


@pytest.mark.parametrize(
    ("second_day", "window", "failed"),
    [
        (5, 90, 0),  # sent on day 1, answered on day 4: there on day 5
        (4, 90, 1),  # a credit of the same day comes too late
        (5, 2, 1),  # answered after the window of two days
    ],
)
def test_a_refund_saves_the_last_send(second_day: int, window: int, failed: int) -> None:
    """One credit and two InMails; the answer after three days gives it back in time."""
    outcome = play(
        made([Flag.NO] * 2, reply_rate=1.0, delay=3),
        inmails([1, second_day]),
        [terms(1, refund_window=window)],
    )
    assert everywhere(outcome.no_credit, failed)
    assert everywhere(outcome.needed, 2), "the guarantee counts on no refund"


def test_refunds_stop_at_the_cap() -> None:
    """At 150 of 150 credits, a refund on top of 149 brings 1, a second one nothing."""
    outcome = play(
        made([Flag.NO] * 2, reply_rate=1.0, delay=3), inmails([1, 1]), [terms(150, cap=149)]
    )
    # 150 - 2 = 148; two refunds would make 150, the cap lets 149 stand.
    assert everywhere(outcome.at_reset, 149)
    assert everywhere(outcome.refunds, 2)


@pytest.mark.parametrize(("freeze", "frozen"), [(0.0, 0), (1.0, 1)])
def test_a_seat_without_credits_may_lose_its_free_inmails(
    freeze: float, frozen: int
) -> None:
    """At no credits the InMail to an open profile goes out, unless LinkedIn freezes it."""
    outcome = play(
        made([Flag.YES], parameters=replace(CALM, zero_balance_freeze=freeze)),
        inmails([1]),
        [terms(0)],
    )
    assert everywhere(outcome.frozen, frozen)
    assert everywhere(outcome.reached, 1 - frozen)
    assert everywhere(outcome.needed, 0)


def test_an_open_profile_that_closes_needs_a_credit() -> None:
    """If all open profiles close before the send, two free InMails use two credits."""
    leaking = replace(CALM, open_flag_leak=1.0)
    known = play(made([Flag.YES] * 2, parameters=leaking), inmails([1, 1]), [terms(5)])
    assert everywhere(known.credits_used, 2)
    assert everywhere(known.needed, 2)
    # An unknown flag that turns out open closes as well.
    unknown = play(
        made([Flag.UNKNOWN] * 2, parameters=leaking, share=np.ones((200, 1))),
        inmails([1, 1]), [terms(5)],
    )  # fmt: skip
    assert everywhere(unknown.credits_used, 2)
    assert everywhere(unknown.needed, 2)


@pytest.mark.parametrize(("loss", "left"), [(0.0, 3), (1.0, 1)])
def test_who_takes_no_inmails_fails_whatever_credits_there_are(
    loss: float, left: int
) -> None:
    """InMail off fails two sends; their credits burn with the probability given."""
    off = replace(CALM, inmail_off_share=1.0, failed_send_credit_loss=loss)
    outcome = play(made([Flag.NO] * 2, parameters=off), inmails([1, 1]), [terms(3)])
    assert everywhere(outcome.off_week, 2)
    assert everywhere(outcome.no_credit, 0)
    assert everywhere(outcome.at_reset, left)
    assert not outcome.exhausted.any()


def test_open_profiles_are_reached_where_inmail_is_off() -> None:
    """Only closed profiles can have InMail switched off; a gone profile fails any."""
    off = replace(CALM, inmail_off_share=1.0)
    outcome = play(made([Flag.YES], parameters=off), inmails([1]), [terms(3)])
    assert everywhere(outcome.reached, 1)
    gone = replace(CALM, profile_gone_share=1.0)
    outcome = play(made([Flag.YES], parameters=gone), inmails([1]), [terms(3)])
    assert everywhere(outcome.gone_week, 1)


def test_a_seat_without_sends_keeps_its_credits() -> None:
    """Nothing sent: the balance at the reset is today's, and so is the forfeit."""
    outcome = play(made([Flag.NO]), inmails([]), [terms(120)])
    assert everywhere(outcome.at_reset, 120)
    assert everywhere(outcome.forfeited, 20)  # 120 + 50 - 150


# --- probabilities ------------------------------------------------------------------


@pytest.mark.parametrize(("num_unknown", "num_closed", "budget"), [(40, 3, 36), (12, 0, 9)])
def test_exhaustion_is_that_of_the_exact_beta_binomial(
    num_unknown: int, num_closed: int, budget: int
) -> None:
    """The share of draws in need of more is the exact probability, within 3 errors.

    Open shares are drawn from Beta(2, 6), shared by all unknown leads, so the credits
    they need are beta-binomial with use Beta(6, 2).
    """
    num_draws = 20_000
    share = np.random.default_rng(5).beta(2.0, 6.0, (num_draws, 1))
    flags = [Flag.UNKNOWN] * num_unknown + [Flag.NO] * num_closed
    played = play(
        made(flags, num_draws=num_draws, share=share), inmails([1] * len(flags)),
        [terms(budget)],
    )  # fmt: skip
    tiers = (
        Tier(use=1.0, beta_a=None, beta_b=None), Tier(use=0.75, beta_a=6.0, beta_b=2.0),
    )  # fmt: skip
    exact = CreditUse(tiers).exceedance(np.array([num_closed, num_unknown]), budget)
    found = float((played.needed[:, 0] > budget).mean())
    assert 0.05 < exact < 0.6, "a case that tells nothing"
    assert abs(found - exact) < 3 * np.sqrt(exact * (1 - exact) / num_draws)
    # Without refunds, that is when a lead fails.
    assert np.array_equal(played.exhausted[:, 0], played.needed[:, 0] > budget)


def test_verdicts_say_when_the_draws_do_not_tell() -> None:
    """0 of 2,000 keep 5 %, 200 break it, 100 lie on it: not decided."""

    def verdict(number: int) -> Verdict:
        return report.chance(np.arange(2000) < number, 0.9).against(0.05)

    assert [verdict(number) for number in (0, 100, 200)] == [
        Verdict.OK, Verdict.OPEN, Verdict.ABOVE,
    ]  # fmt: skip


# --- common random numbers ----------------------------------------------------------


def test_what_others_do_moves_nobody() -> None:
    """The same sends end the same, draw by draw, in chunks and beside other leads."""
    flags = [Flag.UNKNOWN, Flag.NO, Flag.YES, Flag.UNKNOWN]
    usual = Parameters()
    built = made(flags, parameters=usual, num_draws=500, reply_rate=0.3)
    more = built.extended(
        key=np.array([1, 2], dtype=np.uint64), open_flag=np.array([-1, -1]),
        segment=np.zeros(2, dtype=np.int64), share=np.full((500, 1), 0.9),
    )  # fmt: skip
    few = replace(
        inmails([1, 2]), lead=np.array([1, 3]), day=np.array([1, 2])
    )  # two of the four
    alone = play(built, few, [terms(1)])
    beside = play(more, few, [terms(1)])
    for item in fields(Outcome):
        assert np.array_equal(getattr(alone, item.name), getattr(beside, item.name))
    whole = built.inmails(np.arange(4), slice(None))
    part = built.inmails(np.array([3]), slice(200, 210))
    for item in fields(whole):
        one = getattr(whole, item.name)[200:210, 3:]
        assert np.array_equal(one, getattr(part, item.name)), item.name


def test_another_seed_is_another_world() -> None:
    """Seeds give numbers of their own, and so do purposes: no two go together."""
    key = keys_of([f"lead-{number}" for number in range(400)])
    draws = np.arange(100)
    drawn = [
        uniform(seed, draws, key, purpose).ravel() for seed in (1, 2) for purpose in (1, 2)
    ]
    # 40,000 numbers: mean and correlations stray by 1 / sqrt(12 n) and 1 / sqrt(n).
    for numbers in drawn:
        assert numbers.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * 40_000))
    correlation = np.asarray(np.corrcoef(drawn)) - np.eye(4)
    assert np.abs(correlation).max() < 4 / np.sqrt(40_000)


def test_draws_played_in_chunks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many numbers are held at a time changes nothing."""
    built = made([Flag.UNKNOWN] * 6, parameters=Parameters(), reply_rate=0.2)
    at_once = play(built, inmails([1] * 6), [terms(3)])
    monkeypatch.setattr(engine, "MAX_NUMBERS", 50)
    in_chunks = play(built, inmails([1] * 6), [terms(3)])
    for item in fields(Outcome):
        assert np.array_equal(getattr(at_once, item.name), getattr(in_chunks, item.name))


def test_a_seat_with_better_rates_is_answered_by_the_same_and_more() -> None:
    """A seat's own rate adds answers to those that any seat gets, and takes none."""
    built = made([Flag.YES] * 50, reply_rate=0.2, num_draws=400)
    usual = play(built, inmails([1] * 50), [terms(5)])
    better = play(built, inmails([1] * 50), [terms(5, inmail_factor=1.5)])
    assert (better.replies >= usual.replies).all()
    # 50 leads x 20 %, and half as many again; 3 errors of a mean over 400 draws.
    assert usual.replies.mean() == pytest.approx(10.0, abs=3 * np.sqrt(8 / 400))
    assert better.replies.mean() == pytest.approx(15.0, abs=3 * np.sqrt(10.5 / 400))


# --- the world from a list ----------------------------------------------------------


def leads(num: int) -> pd.DataFrame:
    """Return a list whose flags are known for two fifths, half of them open."""
    return pd.DataFrame(
        {
            "lead_id": [f"p{number:04d}" for number in range(num)],
            "open_flag": [(1, -1, -1, 0, -1)[number % 5] for number in range(num)],
            "premium_flag": -1,
            "inmail_flag": -1,
            "priority": np.nan,
            "segment": ["north" if number % 2 else "south" for number in range(num)],
            "seniority": "",
            "industry": "",
            "region": "",
            "source_file": "leads.csv",
        }
    )


def test_the_world_is_that_of_the_estimate() -> None:
    """Known flags stay, unknown ones follow the posterior's joint shares draw by draw."""
    table = leads(600)
    built = world.build(table, Parameters(), num_draws=1000, seed=3)
    segment, shares = share_draws(table, Parameters())
    truth = built.inmails(np.arange(600), slice(None))
    flag = table["open_flag"].to_numpy()
    assert truth.is_open[:, flag == 1].all()
    assert not truth.is_open[:, flag == 0].any()
    unknown = flag == -1
    assert truth.is_open[:, unknown].mean() == pytest.approx(
        shares[:, segment[unknown]].mean(), abs=0.01
    )
    # 360 leads share each draw's share: independent ones would spread by 0.026 only.
    assert truth.is_open[:, unknown].mean(axis=1).std() > 0.05


def test_every_draw_has_open_shares_of_its_own() -> None:
    """Of 5,000 draws no two share a sample; up to 2,000 they are those of the estimate."""
    table = leads(600)
    many = world.build(table, Parameters(), num_draws=5000, seed=3).share
    assert len(np.unique(many[:, 0])) == len(np.unique(many[:, 1])) == 5000
    other = world.build(table, Parameters(), num_draws=5000, seed=4).share
    few = world.build(table, Parameters(), num_draws=2000, seed=3).share
    _, shares = share_draws(table, Parameters())
    assert np.array_equal(np.sort(few[:, 0]), np.sort(shares[:, 0]))
    # What two seeds have in common are most of the 2,000 of the estimate, no more.
    assert len(np.intersect1d(many[:, 0], other[:, 0])) <= 2000
    assert many[:, 0].mean() == pytest.approx(few[:, 0].mean(), abs=0.005)


def test_rates_are_uncertain_as_the_parameters_say() -> None:
    """A rate of 10 % that counts as 40 sends spreads by sqrt(0.1 x 0.9 / 41)."""
    built = world.build(leads(6), Parameters(), num_draws=4000, seed=3)
    drawn = built.rates.inmail_reply[:, 0]
    assert drawn.mean() == pytest.approx(0.1, abs=0.003)
    assert drawn.std() == pytest.approx(np.sqrt(0.09 / 41), rel=0.05)
    # A good draw for InMails is neither a good nor a bad one for requests.
    other = built.rates.acceptance[:, 0]
    assert abs(np.asarray(np.corrcoef(drawn, other))[0, 1]) < 4 / np.sqrt(4000)


def test_learned_rates_are_drawn_by_segment() -> None:
    """Each segment has the mean that history gave it, and all move together."""
    cohorts = pd.DataFrame(
        [("2026-09-01", "inmail", name, "anna", 400) for name in ("north", "south")],
        columns=list(learned_rates.COHORT_COLUMNS),
    )
    answers = pd.DataFrame(
        [
            ("2026-09-01", "inmail", name, "anna", "replied", 2, number)
            for name, number in (("north", 80), ("south", 20))
        ],
        columns=list(learned_rates.RESPONSE_COLUMNS),
    )
    known = learned_rates.learn(cohorts, answers, Parameters(), as_of=dt.date(2026, 11, 23))
    table = leads(60)
    built = world.build(table, Parameters(), known, num_draws=2000, seed=3)
    means = dict(
        zip(
            table["segment"].tolist(),
            built.rates.inmail_reply[:, built.rate_segment].mean(axis=0).tolist(),
            strict=True,
        )
    )
    for item in known.inmail_reply.segments:
        assert means[item.segment] == pytest.approx(item.rate.mean, rel=0.03)
    assert np.asarray(np.corrcoef(built.rates.inmail_reply[:, :2].T))[0, 1] > 0.95
    assert means["north"] > 2 * means["south"]


# --- against a plain retelling ------------------------------------------------------


def retold(built: World, sends: Sends, seat: Terms, draw: int) -> dict[str, int]:
    """Return what becomes of one seat's InMails in one draw, told day by day."""
    truth = built.inmails(sends.lead, slice(draw, draw + 1))
    freezes = bool(built.freezes([seat.seat_id], slice(draw, draw + 1))[0, 0])
    balance, refunds_on = seat.credits, Counter[int]()
    told: Counter[str] = Counter()
    done = False
    for day in range(1, seat.horizon + 1):
        if day in seat.resets:
            if not done:
                told["at_reset"] = balance
                told["forfeited"] = max(0, balance + seat.grant - seat.cap)
                told["refunds"] = sum(n for on, n in refunds_on.items() if on < day)
                done = True
            balance = min(balance + seat.grant, seat.cap)
        for number in np.flatnonzero(sends.day == day):
            free, off = truth.is_free[0, number], truth.is_off[0, number]
            answered = truth.answers_from[0, number] < seat.inmail_factor
            told["needed"] += int(not free and not done)
            if truth.is_gone[0, number] or off:
                told["gone_week" if truth.is_gone[0, number] else "off_week"] += 1
                if not free and truth.burns[0, number] and balance:
                    balance -= 1
                continue
            if free:
                stuck = balance == 0 and freezes
                told["frozen" if stuck else "reached"] += 1
                told["replies"] += int(answered and not stuck)
            elif balance == 0:
                told["no_credit"] += 1
            else:
                balance -= 1
                told["reached"] += 1
                told["replies"] += int(answered)
                delay = int(truth.delay[0, number])
                if answered and delay <= seat.refund_window:
                    refunds_on[day + delay] += 1
        balance = max(balance, min(balance + refunds_on[day], seat.cap))
    return dict(told)


@settings(max_examples=40)
@given(
    flags=st.lists(st.sampled_from(list(Flag)), min_size=1, max_size=14),
    credits=st.integers(0, 8),
    cap=st.integers(8, 12),
    reset=st.integers(2, 12),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_the_engine_tells_what_a_plain_loop_tells(
    flags: list[Flag], credits: int, cap: int, reset: int, seed: int, data: st.DataObject
) -> None:
    """Every figure of any seat is that of a loop over days, InMails and draws."""
    days = sorted(data.draw(st.integers(1, 14)) for _ in flags)
    harsh = replace(
        CALM, open_flag_leak=0.2, inmail_off_share=0.2, profile_gone_share=0.1,
        failed_send_credit_loss=0.5, zero_balance_freeze=0.5,
    )  # fmt: skip
    built = made(flags, parameters=harsh, num_draws=6, seed=seed, reply_rate=0.5, delay=2)
    seat = replace(terms(credits, resets=(reset,), cap=cap), horizon=20, grant=3)
    sends = inmails(days, resets=(reset,))
    outcome = play(built, sends, [seat])
    for draw in range(6):
        told = retold(built, sends, seat, draw)
        for name in (
            "needed", "no_credit", "frozen", "off_week", "gone_week", "reached",
            "replies", "at_reset", "forfeited", "refunds",
        ):  # fmt: skip
            assert getattr(outcome, name)[draw, 0] == told.get(name, 0), name
