"""Which leads to look up first, and what a lead is worth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from planner.estimate.lookups import expected_gain, rank
from planner.estimate.rates import lead_values
from planner.params import Parameters

NO_RANDOM = Parameters(lookup_random_share=0.0)


def make_leads(open_flag: list[int]) -> pd.DataFrame:
    """Return leads with the columns that look-ups and rates read."""
    size = len(open_flag)
    return pd.DataFrame(
        {
            "lead_id": pd.Series([f"{row:04d}" for row in range(size)], dtype="str"),
            "open_flag": np.array(open_flag, dtype=np.int8),
            "exclusion": pd.Series([""] * size, dtype="str"),
            "degree": np.zeros(size, dtype=np.int64),
            "priority": np.full(size, np.nan),
        }
    )


def test_expected_gain_by_hand() -> None:
    """Tests the value of perfect information in its three cases."""
    # v = 0.10, c = 0.05, l = 0.08: d = 0.05 - 0.02 = 0.03.
    # p = 0.2: min(0.8 * 0.03, 0.2 * 0.05) = min(0.024, 0.010) = 0.010
    # p = 0.9: min(0.1 * 0.03, 0.9 * 0.05) = min(0.003, 0.045) = 0.003
    assert_allclose(expected_gain([0.2, 0.9], 0.10, 0.05, 0.08), [0.010, 0.003])
    # l = 0.05: d = 0; a credit is worth paying whatever the flag.
    assert_allclose(expected_gain(0.5, 0.10, 0.05, 0.05), 0.0)
    # v < c: no InMail in either case.
    assert_allclose(expected_gain(0.5, 0.04, 0.05, 0.08), 0.0)


def test_a_leak_lessens_what_an_open_flag_is_worth() -> None:
    """Tests that an open profile that may close costs a part of a credit."""
    # A quarter of open ones close: the InMail to one is worth 0.10 - 0.25 * 0.08 = 0.08.
    # p = 0.2: min(0.8 * 0.03, 0.2 * (0.08 - 0.05)) = min(0.024, 0.006) = 0.006
    # p = 0.9: min(0.1 * 0.03, 0.9 * 0.03) = min(0.003, 0.027) = 0.003
    assert_allclose(expected_gain([0.2, 0.9], 0.10, 0.05, 0.08, 0.25), [0.006, 0.003])
    # c = 0.09 > 0.08: even a profile seen open gets no InMail.
    assert_allclose(expected_gain(0.5, 0.10, 0.09, 0.08, 0.25), 0.0)


@given(
    inmail=st.floats(0.01, 1.0),
    connection=st.floats(0.0, 1.0),
    price=st.floats(0.001, 1.0),
    p=st.floats(0.0, 1.0),
    leak=st.floats(0.0, 0.2),
)
def test_gain_is_what_knowing_adds(
    inmail: float, connection: float, price: float, p: float, leak: float
) -> None:
    """Tests the formula against its definition: best with the flag less best without."""
    # Without the flag: InMail at an expected 1 - p (1 - leak) credits, or a connection
    # request. With it: if open, the better of that and an InMail at the leak's credits;
    # else the better of paying and connecting.
    blind = max(inmail - (1 - p * (1 - leak)) * price, connection)
    if_open = max(inmail - leak * price, connection)
    informed = p * if_open + (1 - p) * max(inmail - price, connection)

    gain = float(expected_gain(p, inmail, connection, price, leak))

    assert gain == pytest.approx(informed - blind, abs=1e-12)


def test_gain_is_largest_where_the_choice_is_a_toss_up() -> None:
    """Tests that the value peaks at p* = d / l (model.md C7)."""
    p = np.linspace(0, 1, 1001)
    # d = 0.05 - (0.10 - 0.08) = 0.03; p* = 0.03 / 0.08 = 0.375.
    assert p[np.argmax(expected_gain(p, 0.10, 0.05, 0.08))] == pytest.approx(0.375)


def test_rank_takes_the_largest_gains_ties_by_id() -> None:
    """Tests the order by value, and that known, excluded and 1st-degree leads are out."""
    leads = make_leads([-1, -1, 1, -1, -1, -1])
    leads.loc[4, "exclusion"] = "do_not_contact"
    leads.loc[5, "degree"] = 1
    gain_rises_with = np.array([0.1, 0.2, 0.2, 0.2, 0.3, 0.3])

    ranked = rank(
        leads, gain_rises_with, np.full(6, 0.1), np.full(6, 0.05), 0.08, NO_RANDOM, 9
    )

    assert list(ranked["lead_id"]) == ["0001", "0003", "0000"]
    assert list(ranked["chosen_by"]) == ["value"] * 3
    # p (0.1 - 0.03 * 0.08 - 0.05), the leak being 3 %
    assert_allclose(ranked["expected_gain"], [0.00952, 0.00952, 0.00476])


def test_rank_draws_a_share_at_random() -> None:
    """Tests the number of random look-ups: 15 %, but 50 over the list's life."""
    leads = make_leads([-1] * 2000)
    values = np.full(2000, 0.2), np.full(2000, 0.1), np.full(2000, 0.05)

    def num_random(budget: int, before: int = 0) -> int:
        ranked = rank(leads, *values, 0.08, Parameters(), budget, num_random_before=before)
        assert len(ranked) == budget
        assert ranked["lead_id"].is_unique
        return int((ranked["chosen_by"] == "random").sum())

    assert num_random(30) == 30
    assert num_random(100) == 50
    assert num_random(1000) == 150
    assert num_random(100, before=45) == 15  # 5 are missing to 50, 15 % are 15
    assert num_random(100, before=30) == 20


def test_rank_does_not_depend_on_the_order_of_rows() -> None:
    """Tests that shuffled leads give the same look-ups in the same order."""
    leads = make_leads([-1] * 300)
    p = np.random.default_rng(0).choice([0.1, 0.2, 0.3], 300)
    order = np.random.default_rng(1).permutation(300)
    shuffled = leads.iloc[order]

    ranked = rank(leads, p, np.full(300, 0.1), np.full(300, 0.05), 0.08, Parameters(), 120)
    again = rank(
        shuffled, p[order], np.full(300, 0.1), np.full(300, 0.05), 0.08, Parameters(), 120
    )

    pd.testing.assert_frame_equal(ranked, again)


def test_random_look_ups_are_spread_evenly() -> None:
    """Tests that the draw by hash takes about as many from each half of the list."""
    leads = make_leads([-1] * 10_000)
    values = np.full(10_000, 0.2), np.full(10_000, 0.1), np.full(10_000, 0.05)

    ranked = rank(leads, *values, 0.08, Parameters(lookup_random_share=1.0), 1000)

    # 500 of 1000 are expected in the first half, standard deviation
    # sqrt(1000 / 4 * 0.9) = 15; four of these are 60.
    first_half = (ranked["lead_id"].astype(int) < 5000).sum()
    assert abs(first_half - 500) < 60


def test_rank_of_nothing_is_empty() -> None:
    """Tests that no unknown lead, or no budget, gives no look-up."""
    values = np.full(2, 0.2), np.full(2, 0.1), np.full(2, 0.05)

    assert rank(make_leads([1, 0]), *values, 0.08, Parameters(), 10).empty
    assert rank(make_leads([-1, -1]), *values, 0.08, Parameters(), 0).empty


def test_lead_values_by_hand() -> None:
    """Tests reply rates and the priority weights at 0, 25, 50, 100 and unknown."""
    leads = make_leads([-1] * 5)
    leads["priority"] = [0.0, 25.0, 50.0, 100.0, np.nan]
    leads["inmail_flag"] = [-1, 1, -1, -1, 0]

    inmail, connection, weight = lead_values(leads, Parameters(default_priority=100.0))

    # The last one accepts no InMails, so it replies to none.
    assert_array_equal(inmail, [0.1, 0.1, 0.1, 0.1, 0.0])
    # 0.25 accepted, 0.18 of these reply.
    assert_allclose(connection, 0.045)
    # 2 ** ((priority - 50) / 50): 1/2, 2 ** -0.5, 1, 2; unknown counts as 100.
    assert_allclose(weight, [0.5, 2**-0.5, 1.0, 2.0, 2.0])
