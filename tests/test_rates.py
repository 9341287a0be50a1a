"""What a lead is worth by each route, with and without history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from planner.estimate.delays import Delays, prior_cdf
from planner.estimate.learned import (
    COHORT_COLUMNS,
    RESPONSE_COLUMNS,
    LearnedRate,
    LearnedRates,
    SegmentRate,
    learn,
)
from planner.estimate.pooling import Estimate
from planner.estimate.rates import lead_values, rate_segment
from planner.params import Parameters

AS_OF = dt.date(2026, 11, 23)
DELAYS = Delays(cdf=tuple(prior_cdf(5.0)), num_responses=0)


def make_leads(segment: list[str], seniority: list[str]) -> pd.DataFrame:
    """Return leads with the columns that rates read; flags unknown, no priority."""
    size = len(segment)
    return pd.DataFrame(
        {
            "segment": pd.Series(segment, dtype="str"),
            "seniority": pd.Series(seniority, dtype="str"),
            "inmail_flag": np.full(size, -1, dtype=np.int8),
            "priority": np.full(size, np.nan),
        }
    )


def make_rate(overall: float, **segments: float) -> LearnedRate:
    """Return a learned rate with these means; the rest is of no interest here."""

    def estimate(mean: float) -> Estimate:
        return Estimate(mean=mean, low=0.0, high=1.0)

    return LearnedRate(
        given=0.5,
        overall=estimate(overall),
        segments=tuple(
            SegmentRate(
                segment=name, rate=estimate(mean), num_sent=9, num_responses=1,
                effective_sent=8.0,
            )
            for name, mean in segments.items()
        ),
        seats=(),
        delays=DELAYS, num_sent=9, num_responses=1, num_young=0,
    )  # fmt: skip


def nothing_learned(parameters: Parameters) -> LearnedRates:
    """Return what an empty history teaches."""
    return learn(
        pd.DataFrame(columns=list(COHORT_COLUMNS)),
        pd.DataFrame(columns=list(RESPONSE_COLUMNS)),
        parameters,
        as_of=AS_OF,
    )


def test_segment_is_the_teams_own_then_the_seniority() -> None:
    """Tests the order of preference; case and spaces are folded; nothing is blank."""
    leads = make_leads(["  Fin  Tech", "", "", "fin tech"], ["vp", "VP ", "", ""])

    assert list(rate_segment(leads)) == ["fin tech", "vp", "", "fin tech"]


@given(st.lists(st.tuples(*[st.sampled_from(["", " ", "A", "a", "b c"])] * 2), max_size=8))
def test_segment_of_a_lead_hangs_on_the_lead_alone(pairs: list[tuple[str, str]]) -> None:
    """Tests that a lead has the same key alone as among others, at any index."""
    leads = make_leads([own for own, _ in pairs], [level for _, level in pairs])
    leads.index = pd.RangeIndex(5, 5 + len(leads))

    keys = rate_segment(leads)

    assert list(keys.index) == list(leads.index)
    for label in leads.index:
        assert rate_segment(leads.loc[[label]]).iloc[0] == keys.loc[label]


def test_segment_of_no_leads_is_empty() -> None:
    """Tests that an empty list is no special case."""
    assert rate_segment(make_leads([], [])).empty


@settings(max_examples=25)
@given(
    st.floats(0.0, 1.0, width=32), st.floats(0.0, 1.0, width=32),
    st.floats(0.0, 1.0, width=32),
)  # fmt: skip
def test_no_history_changes_no_bit(inmail: float, accepted: float, replied: float) -> None:
    """Tests that a plan without history is today's: equal arrays, not close ones."""
    parameters = replace(
        Parameters(),
        inmail_reply_rate=inmail,
        acceptance_rate=accepted,
        reply_rate_after_acceptance=replied,
    )
    leads = make_leads(["a", ""], ["", "vp"])

    plain = lead_values(leads, parameters)
    empty = lead_values(leads, parameters, nothing_learned(parameters))

    for one, other in zip(plain, empty, strict=True):
        assert_array_equal(one, other)
    assert_array_equal(plain[0], [inmail, inmail])
    assert_array_equal(plain[1], [accepted * replied] * 2)


def test_rates_nobody_learned_stay_the_parameters() -> None:
    """Tests that history of InMails alone leaves connection requests as they were."""
    parameters = Parameters()
    cohorts = pd.DataFrame(
        [("2026-10-05", "inmail", "a", "anna", 500)], columns=list(COHORT_COLUMNS)
    )
    responses = pd.DataFrame(
        [("2026-10-05", "inmail", "a", "anna", "replied", 3, 100)],
        columns=list(RESPONSE_COLUMNS),
    )
    learned = learn(cohorts, responses, parameters, as_of=AS_OF)
    leads = make_leads(["a"], [""])

    inmail, connection, _ = lead_values(leads, parameters, learned)

    assert learned.is_learned
    assert inmail[0] > 0.15  # 20 % replied, 10 % were given
    assert_array_equal(connection, lead_values(leads, parameters)[1])


def test_learned_rates_by_hand() -> None:
    """Tests that each lead gets its segment's rates, others those of no history."""
    learned = LearnedRates(
        as_of=AS_OF,
        level=0.9,
        inmail_reply=make_rate(0.11, fintech=0.2, vp=0.05),
        acceptance=make_rate(0.3, fintech=0.5),
        reply_after_acceptance=make_rate(0.2, vp=0.1),
    )
    leads = make_leads(["Fintech", "", "other"], ["vp", "vp", ""])
    leads["inmail_flag"] = np.array([-1, 1, -1], dtype=np.int8)

    inmail, connection, weight = lead_values(leads, Parameters(), learned)

    assert_array_equal(inmail, [0.2, 0.05, 0.11])
    # Acceptance times reply after it: 0.5 x 0.2, 0.3 x 0.1, 0.3 x 0.2.
    assert_array_equal(connection, [0.5 * 0.2, 0.3 * 0.1, 0.3 * 0.2])
    assert_array_equal(weight, [1.0, 1.0, 1.0])


def test_who_refuses_inmails_replies_to_none() -> None:
    """Tests that a learned rate does not bring back who switched InMail off."""
    learned = LearnedRates(
        as_of=AS_OF,
        level=0.9,
        inmail_reply=make_rate(0.11, vp=0.3),
        acceptance=make_rate(0.3),
        reply_after_acceptance=make_rate(0.2),
    )
    leads = make_leads(["", ""], ["vp", "vp"])
    leads["inmail_flag"] = np.array([0, 1], dtype=np.int8)

    assert_array_equal(lead_values(leads, Parameters(), learned)[0], [0.0, 0.3])
