"""Known numbers: from the literature and from the one list that was counted."""

import numpy as np
import pandas as pd
import pytest

from planner.estimate.intervals import wilson
from planner.estimate.open_share import estimate
from planner.params import Parameters


@pytest.mark.parametrize(
    ("num_open", "num_known", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_equals_newcombe(
    num_open: int, num_known: int, low: float, high: float
) -> None:
    """Tests Wilson's interval against R. G. Newcombe, Stat. Med. 17 (1998), table I."""
    assert wilson(num_open, num_known, 0.95) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_the_counted_list() -> None:
    """Tests the shares of domain.md 3: 48.3 % (42 to 54 %) open on a list of 263."""
    low, high = wilson(127, 263, 0.95)

    assert round(100 * 127 / 263, 1) == 48.3
    assert (round(100 * low), round(100 * high)) == (42, 54)
    # Open among Premium members (83 %) and among the rest (9 %): the intervals are far
    # apart, so the Premium flag has to be a factor.
    assert wilson(11, 124, 0.95) == pytest.approx((0.050, 0.152), abs=0.001)
    assert wilson(116, 139, 0.95) == pytest.approx((0.764, 0.887), abs=0.001)


def test_wilson_at_the_ends() -> None:
    """Tests that 0 and n give 0 and 1 exactly, and that nothing known means 0 to 1."""
    assert wilson(0, 10, 0.9)[0] == 0.0
    assert wilson(10, 10, 0.9)[1] == 1.0
    assert wilson(0, 0, 0.9) == (0.0, 1.0)


def test_counted_list_carries_over_to_unknown_leads() -> None:
    """Tests that 116 of 139 and 11 of 124 give about 83 % and 9 % for unknown leads."""
    flags = [1] * 116 + [0] * 23 + [1] * 11 + [0] * 113 + [-1] * 2000
    premium = [1] * 139 + [0] * 124 + [1] * 1000 + [0] * 1000
    leads = pd.DataFrame(
        {
            "lead_id": [str(row) for row in range(len(flags))],
            "open_flag": np.array(flags),
            "premium_flag": np.array(premium),
        }
    ).assign(segment="", seniority="", industry="", region="", source_file="list.csv")

    _, _, shares = estimate(leads, Parameters(labelling_bias_sd=0.0))

    yes, no = shares.segments
    assert yes.mean == pytest.approx(116 / 139, abs=0.01)
    assert no.mean == pytest.approx(11 / 124, abs=0.01)
    # With flat priors the 90 % intervals would be Wilson's; the priors tighten a little.
    for share in (yes, no):
        low, high = wilson(share.num_open, share.num_known, 0.9)
        assert share.high - share.low == pytest.approx(high - low, abs=0.03)
