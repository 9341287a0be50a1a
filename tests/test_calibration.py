"""Scores of past forecasts: figures by hand, and alarms on simulated forecasts."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from planner.estimate import calibration, describe
from planner.estimate.calibration import (
    SCORED_COLUMNS,
    Calibration,
    Coverage,
    beta_binomial,
    central_counts,
    score,
)
from planner.estimate.intervals import wilson


def make_scored(
    rows: list[tuple[str, float, int, int]], strength: float = 1.0
) -> pd.DataFrame:
    """Return forecasts from (segment, forecast, flags known, of these open).

    The posterior is as vague as it can be, so that coverage raises no alarm.
    """
    full = [
        (f"r{index}", "2026-W40", name, p, strength, strength, number, num_open)
        for index, (name, p, number, num_open) in enumerate(rows)
    ]
    return pd.DataFrame(full, columns=list(SCORED_COLUMNS))


def make_segments(rows: list[tuple[float, float, int, int]]) -> pd.DataFrame:
    """Return segments of one run from (a, b, flags known, of these open)."""
    full = [
        ("r1", "2026-W40", f"s{index}", a / (a + b), a, b, number, num_open)
        for index, (a, b, number, num_open) in enumerate(rows)
    ]
    return pd.DataFrame(full, columns=list(SCORED_COLUMNS))


def coverage(rows: list[tuple[float, float, int, int]], level: float) -> Coverage:
    """Return the coverage of segments from (a, b, flags known, of these open)."""
    found = score(make_segments(rows), level).coverage
    assert found is not None
    return found


def test_scores_by_hand() -> None:
    """Tests the scores of four leads: two at 0.5, one each at 0.9 and 0.1.

    Squared errors 0.25, 0.25, 0.01, 0.01: Brier 0.13. Half are open, so the plain share
    scores 0.25 and the skill is 1 - 0.13 / 0.25 = 0.48. Log loss: -(2 ln 0.5 + 2 ln 0.9)
    / 4 = 0.399254.
    """
    found = score(make_scored([("a", 0.5, 2, 1), ("b", 0.9, 1, 1), ("b", 0.1, 1, 0)]), 0.9)

    assert (found.number, found.num_open) == (4, 2)
    assert found.brier == 0.13
    assert (found.base_rate, found.base_brier) == (0.5, 0.25)
    assert found.skill == 0.48
    assert found.log_loss == 0.399254
    assert found.skill_noise is None  # two segments are too few to tell noise from
    assert not found.is_alarm


def test_noise_by_hand() -> None:
    """Tests the standard error of the skill over five segments of one lead each.

    Forecasts 0.5 but the last, 1; flags 1, 0, 1, 0, 1: losses 0.25 four times and 0, the
    score 0.2 against 0.24 for the share of 0.6. Without an open lead of the first four:
    0.1875 against 0.25 for a half, -0.0625; without a closed one 0.1875 against 0.1875,
    0; without the last 0.25 against 0.25, 0. Mean -0.025; squared deviations 2 x 0.0375²
    + 3 x 0.025² = 0.0046875; times 4 / 5, root: 0.061237; over 0.24: 0.255155.
    """
    found = score(
        make_scored([("a", 0.5, 1, 1), ("b", 0.5, 1, 0), ("c", 0.5, 1, 1),
                     ("d", 0.5, 1, 0), ("e", 1.0, 1, 1)]),
        0.9,
    )  # fmt: skip

    assert found.skill_noise == 0.255155
    assert found.skill == round(0.04 / 0.24, 6)


def test_nothing_known_yet() -> None:
    """Tests that without known flags there are no scores and no alarm."""
    found = score(make_segments([(1.0, 1.0, 0, 0)]), 0.9)

    assert (found.number, found.brier, found.skill, found.bins) == (0, None, None, ())
    assert found.coverage is None
    assert found.alarms == ()


def test_all_open_has_no_skill() -> None:
    """Tests that skill is unknown, not infinite, where all or none were open."""
    found = score(make_scored([(name, 0.8, 1, 1) for name in "abcdef"]), 0.9)

    assert found.brier == 0.04
    assert (found.skill, found.skill_noise, found.alarms) == (None, None, ())


def test_certain_and_wrong_is_finite() -> None:
    """Tests that a forecast of 0 for an open lead costs -ln 1e-6, not infinity."""
    found = score(make_scored([("a", 0.0, 1, 1)]), 0.9)

    assert found.log_loss == round(-math.log(1e-6), 6)


# --- reliability ------------------------------------------------------------------------


def test_bins_by_hand() -> None:
    """Tests that 20 distinct forecasts make ten bins of two, with Wilson's bars."""
    rows = [("a", (index + 0.5) / 20, 1, int(index >= 10)) for index in range(20)]

    bins = score(make_scored(rows), 0.9).bins

    assert [(item.number, item.num_open) for item in bins] == [(2, 0)] * 5 + [(2, 2)] * 5
    assert bins[0].forecast == 0.05  # (0.025 + 0.075) / 2
    assert (bins[0].low, bins[0].share) == (0.0, 0.0)
    assert_allclose(bins[0].high, wilson(0, 2, 0.9)[1], atol=1e-6)


def test_equal_forecasts_are_not_split() -> None:
    """Tests that two segments' forecasts make two bins, however many leads they have."""
    bins = score(
        make_scored([("a", 0.2, 60, 9), ("b", 0.7, 5, 4), ("a", 0.2, 35, 1)]), 0.9
    ).bins

    assert [(item.forecast, item.number) for item in bins] == [(0.2, 95), (0.7, 5)]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9), st.integers(0, 9)), min_size=1)
)
def test_bins_hold_every_lead(rows: list[tuple[float, int, int]]) -> None:
    """Tests that bins add up, rise in forecast, and have their share inside the bars."""
    counts = [("a", p, number, min(number, part)) for p, number, part in rows]

    bins = score(make_scored(counts), 0.9).bins

    assert len(bins) <= calibration.MAX_BINS
    assert sum(item.number for item in bins) == sum(row[2] for row in counts)
    assert sum(item.num_open for item in bins) == sum(row[3] for row in counts)
    means = [item.forecast for item in bins]
    assert means == sorted(means)
    assert all(item.low <= item.share <= item.high for item in bins)


# --- coverage ---------------------------------------------------------------------------


def test_beta_binomial_by_hand() -> None:
    """Tests that a uniform share makes every count alike, and Beta(2, 1) of one lead.

    The chance that a lead is open is the mean of Beta(2, 1), 2/3.
    """
    assert_allclose(beta_binomial(4, 1.0, 1.0), [0.2] * 5)
    assert_allclose(beta_binomial(1, 2.0, 1.0), [1 / 3, 2 / 3])


@given(st.integers(0, 300), st.floats(0.05, 1e4), st.floats(0.05, 1e4))
def test_beta_binomial_has_its_moments(number: int, a: float, b: float) -> None:
    """Tests that probabilities sum to 1 and the mean is n a / (a + b)."""
    mass = beta_binomial(number, a, b)

    assert_allclose(mass.sum(), 1.0)
    assert_allclose(
        mass @ np.arange(number + 1), number * a / (a + b), rtol=1e-6, atol=1e-9
    )


def test_central_counts_by_hand() -> None:
    """Tests the ends for a uniform share: 21 counts of 1/21 each.

    F(0) = 0.048 is below 0.05, F(1) is not: 1. F(18) = 0.905, F(19) = 0.952: 19.
    """
    assert central_counts(np.cumsum(np.full(21, 1 / 21)), 0.9) == (1, 19)
    assert central_counts(np.cumsum(np.full(3, 1 / 3)), 0.9) == (0, 2)


def test_coverage_by_hand() -> None:
    """Tests three segments with a uniform forecast: counts 0 and 10 of 20, 1 of 2.

    Of 20 the interval is 1 to 19 (see above): 0 is outside. It holds 19/21, that of 2
    holds all: (19/21 + 19/21 + 1) / 3 = 0.936508. Ranks: count 0 fills 0 to 1/21 (first
    tenth), count 10 is at 10/21 to 11/21, half each in tenths 5 and 6, count 1 of 2 at
    1/3 to 2/3: tenth 4 has (0.4 - 1/3) * 3 = 0.2, tenths 5 and 6 0.3 each, tenth 7 0.2.
    """
    found = coverage([(1.0, 1.0, 20, 0), (1.0, 1.0, 20, 10), (1.0, 1.0, 2, 1)], 0.9)

    assert (found.num_segments, found.num_covered) == (3, 2)
    assert found.expected == 0.936508
    assert_allclose([found.low, found.high], wilson(2, 3, 0.95), atol=1e-6)
    tenths = np.array([1, 0, 0, 0.2, 0.8, 0.8, 0.2, 0, 0, 0]) / 3
    assert_allclose(found.pit, tenths, atol=1e-6)


def test_single_flags_are_no_evidence() -> None:
    """Tests that intervals which cannot miss raise no alarm: 60 segments of one flag.

    Every interval is 0 to 1, so all are covered, and all were expected to be; against
    the nominal 90 % that would look like intervals too wide.
    """
    found = score(make_segments([(2.0, 2.0, 1, 1)] * 60), 0.9)

    assert found.coverage is not None
    assert (found.coverage.share, found.coverage.expected) == (1.0, 1.0)
    assert found.coverage.low > 0.9
    assert not found.is_alarm


@given(
    st.lists(
        st.tuples(st.floats(0.05, 1e6), st.floats(0.05, 1e6), st.integers(0, 60)),
        max_size=8,
    ),
    st.data(),
)
def test_coverage_is_well_formed(
    rows: list[tuple[float, float, int]], data: st.DataObject
) -> None:
    """Tests that ranks sum to 1, and good forecasts hold at least the nominal level."""
    counts = [(a, b, n, data.draw(st.integers(0, n))) for a, b, n in rows]

    found = score(make_segments(counts), 0.9).coverage

    if found is None:
        assert all(n == 0 for _, _, n in rows)
        return
    assert found.expected >= 0.9 - 1e-6
    assert found.low <= found.share <= found.high
    assert_allclose(sum(found.pit), 1.0, atol=1e-5)


# --- simulated forecasts ----------------------------------------------------------------


def simulate(seed: int, sharpness: float, num_runs: int = 8) -> Calibration:
    """Score forecasts of 8 runs of 6 segments with 20 to 60 flags that became known.

    The forecast is Beta(a, b); the truth is drawn from it if `sharpness` is 1, from a
    distribution with `sharpness` times its strength else: below 1 the forecasts are
    overconfident.
    """
    rng = np.random.default_rng(seed)
    segments: list[tuple[float, float, int, int]] = []
    for _ in range(6 * num_runs):
        mean, strength = rng.uniform(0.05, 0.7), rng.uniform(10, 80)
        a, b = mean * strength, (1 - mean) * strength
        number = int(rng.integers(20, 60))
        truth = rng.beta(a * sharpness, b * sharpness)
        segments.append((a, b, number, int(rng.binomial(number, truth))))
    return score(make_segments(segments), 0.9)


def test_calibrated_forecasts_pass() -> None:
    """Tests that good forecasts rarely raise an alarm, and that they have skill."""
    found = [simulate(seed, 1.0) for seed in range(40)]

    assert sum(item.is_alarm for item in found) <= 4  # of 300, 13 did
    assert all(item.skill is not None and item.skill > 0 for item in found)
    held = [item.coverage.share for item in found if item.coverage is not None]
    assert 0.88 < np.mean(held) < 0.95  # 40 x 48 segments: standard error 0.006
    pit = np.mean([item.coverage.pit for item in found if item.coverage], axis=0)
    assert_allclose(pit, 0.1, atol=0.02)  # flat


def test_overconfident_forecasts_alarm() -> None:
    """Tests that truths spread twice as far as forecast raise the alarm, in words."""
    found = [simulate(seed, 0.15) for seed in range(20)]

    assert sum(item.is_alarm for item in found) == 20
    words = found[0].alarms[0]
    assert words.startswith("90% intervals of the open share held ")
    assert words.endswith("too sure: widen labelling_bias_sd")


def test_too_wide_intervals_alarm() -> None:
    """Tests that truths far closer than forecast are told as such."""
    alarms = [words for seed in range(10) for words in simulate(seed, 1e4, 30).alarms]

    assert len(alarms) >= 8
    assert all(words.endswith("wider than need be") for words in alarms)


def test_worse_than_the_plain_share_alarms() -> None:
    """Tests forecasts the wrong way round: 80 % where 20 % are open, and vice versa."""
    rows = [(f"s{index}", 0.8 if index % 2 else 0.2, 100, 20 if index % 2 else 80)
            for index in range(10)]  # fmt: skip

    found = score(make_scored(rows), 0.9)

    # Half are open; squared error 0.2 * 0.04 + 0.8 * 0.64 = 0.52 against 0.25.
    assert found.skill == round(1 - 0.52 / 0.25, 6)
    assert len(found.alarms) == 1
    assert "worse than the plain share" in found.alarms[0]


def test_one_wrong_segment_is_noise() -> None:
    """Tests that a segment off by its honest uncertainty raises no skill alarm.

    1,000 leads of one segment at 30 % where 35 % are open: for single leads that would
    be far beyond chance, for one segment of six it is not.
    """
    rows = [("wrong", 0.3, 1000, 350), *((f"s{index}", 0.3, 10, 3) for index in range(5))]

    found = score(make_scored(rows), 0.9)

    assert found.skill is not None
    assert found.skill < 0
    assert not found.is_alarm


@given(st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_bit(random: object) -> None:
    """Tests that shuffled rows score the same."""
    seed = random.randrange(2**32)  # type: ignore[attr-defined]
    scored = make_scored(
        [(f"s{row % 7}", (row * 0.137) % 1, row % 5, row % 5 // 2) for row in range(40)],
        1.3,
    )

    shuffled = score(scored.sample(frac=1, random_state=seed), 0.9)

    assert shuffled == score(scored, 0.9)


# --- words ------------------------------------------------------------------------------


def test_sentences() -> None:
    """Tests the lines of the hand cases above, with an alarm and with nothing known."""
    found = score(make_scored([("a", 0.5, 2, 1), ("b", 0.9, 1, 1), ("b", 0.1, 1, 0)]), 0.9)
    missed = score(make_segments([(1.0, 1.0, 20, 0)] * 4), 0.9)

    skill, held = describe.calibration_lines(found)

    assert skill == (
        "Past forecasts: 4 flags became known, 50.0% open; Brier score 0.130 against "
        "0.250 for the plain share, log loss 0.399, skill +48.0%"
    )
    # 3 of 3: Wilson at 95 % starts at 3 / (3 + 1.96²) = 0.44.
    assert held == (
        "90% intervals held 3 of 3 times: 100%, likely 44% to 100%; good forecasts would "
        "hold 100%"
    )
    # 0 of 4: it ends at 1.96² / (4 + 1.96²) = 0.49.
    assert missed.alarms[0].startswith(
        "90% intervals of the open share held 0 of 4 times (0%, likely 0% to 49%) where 90%"
    )
    assert describe.calibration_lines(missed)[2:] == (f"ALARM: {missed.alarms[0]}",)
    assert describe.calibration_lines(score(make_scored([]), 0.9)) == (
        "Past forecasts: no flag that was forecast has become known yet",
    )


def test_table_and_document() -> None:
    """Tests that the table has a row per bin, and that the document is plain JSON."""
    found = score(make_scored([("a", 0.5, 1, 1), ("b", 0.25, 1, 0)]), 0.9)

    table = describe.calibration_table(found)
    document = describe.calibration_document(found)

    assert [row[:4] for row in table.rows] == [
        ("25.0%", 1, 0, "0.0%"), ("50.0%", 1, 1, "100.0%"),
    ]  # fmt: skip
    assert {len(row) for row in table.rows} == {len(table.header)}
    assert json.loads(json.dumps(document, allow_nan=False))["number"] == 2
    assert document["is_alarm"] is False


@pytest.mark.parametrize("level", [0.5, 0.8, 0.99])
def test_other_levels(level: float) -> None:
    """Tests that coverage is measured against the level that the forecasts had."""
    found = coverage([(3.0, 5.0, 400, 150)], level)

    assert_allclose(found.expected, level, atol=0.01)  # 401 counts: nearly continuous
