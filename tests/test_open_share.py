"""The estimate of the open share: its integrals, its properties, its coverage."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from planner.estimate import intervals
from planner.estimate.open_share import estimate
from planner.estimate.posterior import (
    LEVELS,
    Counts,
    labelling_effort,
    posterior_draws,
)
from planner.estimate.segments import MAX_SEGMENTS, assign_segments
from planner.params import Parameters

TYPICAL = Parameters(labelling_bias_sd=0.0)
PREMIUM_UNKNOWN = LEVELS.index("unknown")
TEXTS = ("segment", "seniority", "industry", "region", "source_file")

Floats = NDArray[np.float64]


def make_leads(
    open_flag: list[int], premium_flag: list[int], **texts: list[str]
) -> pd.DataFrame:
    """Return leads with the columns that the estimate reads; other texts are blank."""
    columns: dict[str, object] = {
        "lead_id": [f"{row:06d}" for row in range(len(open_flag))],
        "open_flag": np.array(open_flag, dtype=np.int8),
        "premium_flag": np.array(premium_flag, dtype=np.int8),
    }
    for name in TEXTS:
        columns[name] = pd.Series(texts.get(name, [""] * len(open_flag)), dtype="str")
    return pd.DataFrame(columns)


def make_counts(
    labelled: list[int],
    labelled_open: list[int],
    *,
    unknown: int = 1000,
    checked: list[int] | None = None,
    checked_open: list[int] | None = None,
) -> Counts:
    """Return segments of one Premium level (unknown) with `unknown` more leads each."""
    num_labelled = np.array(labelled, dtype=np.int64)
    num_checked = np.array(checked or [0] * len(labelled), dtype=np.int64)
    leads = num_labelled + num_checked + unknown
    level = np.full(len(labelled), PREMIUM_UNKNOWN, dtype=np.int64)
    return Counts(
        leads=leads,
        labelled=num_labelled,
        labelled_open=np.array(labelled_open, dtype=np.int64),
        checked=num_checked,
        checked_open=np.array(checked_open or [0] * len(labelled), dtype=np.int64),
        level=level,
        effort=labelling_effort(leads, num_labelled, level),
    )


def mixed_leads(seed: int = 3) -> pd.DataFrame:
    """Return 900 leads of all Premium levels and three industries, a fifth labelled."""
    rng = np.random.default_rng(seed)
    premium = rng.integers(-1, 2, 900)
    is_open = rng.random(900) < np.array([0.2, 0.08, 0.7])[premium + 1]
    flag = np.where(rng.random(900) < 0.2, is_open, -1)
    industry = rng.choice(["fintech", "health", "retail"], 900)
    return make_leads(list(flag), list(premium), industry=list(industry))


# --- segments ---------------------------------------------------------------------------


def test_segments_without_labels_are_premium_levels() -> None:
    """Tests that a list with no known flag is still cut by Premium, and by nothing else."""
    leads = make_leads([-1] * 4, [1, 0, -1, 0], industry=["a", "b", "a", "b"])

    codes, labels, premium = assign_segments(leads, Parameters())

    assert labels == ("Premium", "not Premium", "Premium unknown")
    assert premium == ("yes", "no", "unknown")
    assert_array_equal(codes, [0, 1, 2, 1])


def test_segments_keep_cells_with_enough_labels() -> None:
    """Tests that a level with fewer known flags than the minimum goes to the rest."""
    # 20 known in fintech, 20 in health, 19 in retail: the last one is too small.
    industry = ["fintech"] * 20 + ["health"] * 20 + ["retail"] * 19 + ["fintech"]
    leads = make_leads([0] * 59 + [-1], [1] * 60, industry=industry)

    codes, labels, _ = assign_segments(leads, Parameters())

    assert labels == ("Premium, fintech", "Premium, health", "Premium / other")
    assert_array_equal(np.bincount(codes), [21, 20, 19])


def test_segments_use_the_team_s_own_segment_alone() -> None:
    """Tests that where most leads have a segment, industry cuts nothing."""
    leads = make_leads(
        [0] * 80,
        [-1] * 80,
        segment=["north"] * 40 + ["south"] * 40,
        industry=["a", "b"] * 40,
    )

    labels = assign_segments(leads, Parameters()).labels

    assert labels == ("Premium unknown, north", "Premium unknown, south")


def test_small_rests_of_deep_cuts_join_their_premium_level() -> None:
    """Tests that what is left of a cut cell, if small, becomes the level's "/ other"."""
    # vp: 25 in fintech are cut out; the 5 others are too few to stay "vp".
    leads = make_leads(
        [0] * 55,
        [1] * 55,
        seniority=["vp"] * 30 + ["cxo"] * 25,
        industry=["fintech"] * 25 + ["health"] * 5 + [""] * 25,
    )

    segments = assign_segments(leads, Parameters())

    assert segments.labels == ("Premium, cxo", "Premium, vp, fintech", "Premium / other")
    assert_array_equal(np.bincount(segments.codes), [25, 25, 5])


def test_segments_are_few_and_distinct() -> None:
    """Tests that a list with many large levels gets at most 40 segments, names apart."""
    rng = np.random.default_rng(0)
    size = 20_000
    leads = make_leads(
        [0] * size,
        list(rng.integers(-1, 2, size)),
        industry=[f"industry {code}" for code in rng.integers(0, 50, size)],
        region=[f"region {code}" for code in rng.integers(0, 50, size)],
    )

    segments = assign_segments(leads, Parameters())

    assert 30 <= len(segments.labels) <= MAX_SEGMENTS
    assert len(set(segments.labels)) == len(segments.labels)
    assert np.bincount(segments.codes).min() >= 1


# --- numbers ----------------------------------------------------------------------------


def brute_force(counts: Counts, prior: float, bias_sd: float) -> tuple[Floats, Floats]:
    """Return mean and sd of sigma(theta_k - d) by sums over a dense regular grid.

    One level of two segments. Everything is a plain Riemann sum: m, s, b, d and, per
    segment, theta; nothing is shared with the code under test.
    """
    theta = np.linspace(-10.0, 7.0, 351)
    means = np.linspace(prior - 4.0, prior + 4.0, 41)
    slopes = np.linspace(-1.2, 1.2, 11) if counts.effort.any() else np.zeros(1)
    biases = np.linspace(-4 * bias_sd, 4 * bias_sd, 17) if bias_sd else np.zeros(1)
    total, first, second = 0.0, np.zeros(2), np.zeros(2)
    shifted = theta[:, None] - biases
    share = 1 / (1 + np.exp(-shifted))
    log_share = np.stack(
        [np.log(1 / (1 + np.exp(-theta))), np.log(1 / (1 + np.exp(theta)))]
    )
    likelihood = []
    for k in range(2):
        n, y = counts.labelled[k], counts.labelled_open[k]
        na, ya = counts.checked[k], counts.checked_open[k]
        value = (y * log_share[0] + (n - y) * log_share[1])[:, None]
        value = value + ya * np.log(share) + (na - ya) * np.log1p(-share)
        likelihood.append(np.exp(value - value.max()))
    bias_weight = np.exp(-0.5 * (biases / bias_sd) ** 2) if bias_sd else np.ones(1)
    for spread in np.linspace(0.05, 3.0, 40):
        for slope in slopes:
            weight = np.exp(-0.5 * (spread / 0.8) ** 2 - 0.5 * (slope / 0.35) ** 2)
            weight = weight * np.exp(-0.5 * (means - prior) ** 2)[:, None] * bias_weight
            plain, with_p, with_p2 = [], [], []
            for k in range(2):
                centre = means[:, None] + slope * counts.effort[k]
                density = np.exp(-0.5 * ((theta - centre) / spread) ** 2)
                density /= density.sum(axis=1, keepdims=True)
                plain.append(density @ likelihood[k])
                with_p.append(density @ (likelihood[k] * share))
                with_p2.append(density @ (likelihood[k] * share**2))
            total += float((weight * plain[0] * plain[1]).sum())
            for k in range(2):
                first[k] += (weight * with_p[k] * plain[1 - k]).sum()
                second[k] += (weight * with_p2[k] * plain[1 - k]).sum()
    mean = first / total
    return mean, np.sqrt(second / total - mean**2)


@pytest.mark.parametrize(
    ("counts", "parameters"),
    [
        (make_counts([60, 15], [20, 1], unknown=500), TYPICAL),
        (make_counts([0, 30], [0, 0], unknown=500), TYPICAL),
        (
            make_counts([60, 15], [20, 1], checked=[20, 10], checked_open=[3, 0]),
            Parameters(),
        ),
    ],
    ids=["labels", "one segment without", "look-ups"],
)
def test_moments_equal_brute_force(counts: Counts, parameters: Parameters) -> None:
    """Tests that the nodes around the mode integrate as well as a dense grid does."""
    prior = float(np.log(0.18 / 0.82))

    draws, _ = posterior_draws(counts, parameters)

    mean, sd = brute_force(counts, prior, parameters.labelling_bias_sd)
    assert_allclose(draws.mean, mean, atol=0.004)
    assert_allclose(np.sqrt(draws.variance), sd, rtol=0.04)


@pytest.mark.parametrize("size", [100_000, 1_000_000])
def test_sharp_likelihood_is_resolved(size: int) -> None:
    """Tests that a segment with very many labels is known as exactly as they tell."""
    counts = make_counts([size], [size // 5])

    draws, _ = posterior_draws(counts, TYPICAL)

    # The prior adds nothing to so many labels: sd of the share = sqrt(0.2 * 0.8 / n),
    # that is 0.00126 for n = 100,000 and 0.0004 for n = 1,000,000.
    sd = np.sqrt(0.2 * 0.8 / size)
    assert_allclose(draws.mean, 0.2, atol=sd)
    assert_allclose(np.sqrt(draws.variance), sd, rtol=0.05)
    assert_allclose(draws.share.std(), sd, rtol=0.05)


def test_extreme_counts_stay_finite() -> None:
    """Tests that all-open and all-closed segments of any size give shares inside (0, 1)."""
    counts = make_counts(
        [1_000_000, 1_000_000, 0, 3], [0, 1_000_000, 0, 3], checked=[9, 0, 0, 1]
    )

    draws, typical = posterior_draws(counts, Parameters())

    assert np.isfinite(draws.share).all()
    assert np.isfinite(typical).all()
    assert ((draws.mean > 0) & (draws.mean < 1)).all()
    assert (draws.variance > 0).all()


def test_prior_drives_a_list_without_labels() -> None:
    """Tests that without labels the median is the prior's and the interval is wide."""
    leads = make_leads([-1] * 1000, [-1] * 1000)

    _, _, shares = estimate(leads, Parameters())

    # theta ~ N(logit 0.18, 1): 90 % of it is within logit 0.18 -+ 1.645 =
    # (-3.161, 0.129), as shares 0.041 to 0.532; with tau = 0.6 the sd is 1.166 and the
    # ends are 0.031 and 0.599. Sampling 1000 leads adds little.
    typical = shares.share_if_typical
    assert_allclose(
        [typical.low, typical.median, typical.high], [0.041, 0.18, 0.532], atol=0.02
    )
    biased = shares.share
    assert_allclose(
        [biased.low, biased.median, biased.high], [0.031, 0.18, 0.599], atol=0.02
    )


def test_premium_levels_have_their_own_prior() -> None:
    """Tests that unlabelled Premium members start far above the rest."""
    leads = make_leads([-1] * 300, [1] * 100 + [0] * 100 + [-1] * 100)

    probability, segment, shares = estimate(leads, Parameters())

    assert [share.premium for share in shares.segments] == ["yes", "no", "unknown"]
    assert probability[0] > 0.5 > probability[200] > probability[100]
    assert probability[100] < 0.12
    assert_array_equal(segment[[0, 100, 200]], [0, 1, 2])


def test_all_flags_known_leaves_nothing_to_estimate() -> None:
    """Tests that known flags are their own probability and every interval is a point."""
    leads = make_leads([1, 0, 0, 0], [1, 1, 0, 0])

    probability, _, shares = estimate(leads, Parameters())

    assert_array_equal(probability, [1.0, 0.0, 0.0, 0.0])
    assert (shares.share.low, shares.share.median, shares.share.high) == (0.25, 0.25, 0.25)
    assert shares.share_if_typical == shares.share
    assert set(shares.width_after_checks.values()) == {0.0}
    premium = shares.segments[0]
    assert (premium.low, premium.mean, premium.high) == (0.5, 0.5, 0.5)


def test_empty_list_has_no_segments() -> None:
    """Tests that no leads at all give an empty estimate, not an error."""
    probability, segment, shares = estimate(make_leads([], []), Parameters())

    assert probability.size == segment.size == 0
    assert shares.segments == ()
    assert shares.share.high == 0.0


def test_beta_has_the_posterior_s_moments() -> None:
    """Tests that the fitted beta distribution has the posterior's mean and variance."""
    counts = make_counts([60, 15], [20, 1])
    draws, _ = posterior_draws(counts, Parameters())

    for mean, variance in zip(draws.mean, draws.variance, strict=True):
        a, b = intervals.beta_by_moments(float(mean), float(variance))
        # A beta's moments: a / (a + b) and ab / ((a + b)² (a + b + 1)).
        assert a / (a + b) == pytest.approx(mean)
        assert a * b / ((a + b) ** 2 * (a + b + 1)) == pytest.approx(variance)


@given(
    mean=st.floats(0.0, 1.0, allow_subnormal=False),
    variance=st.floats(0.0, 0.25, allow_subnormal=False),
)
def test_beta_stays_within_bounds(mean: float, variance: float) -> None:
    """Tests that any mean and variance, possible or not, give usable parameters."""
    a, b = intervals.beta_by_moments(mean, variance)

    assert 0.05 <= a <= 1e6
    assert 0.05 <= b <= 1e6
    if 0.001 < mean < 0.999:
        assert a / (a + b) == pytest.approx(mean)


# --- properties -------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    labels=st.lists(st.integers(0, 80), min_size=2, max_size=4),
    data=st.data(),
)
def test_more_open_labels_raise_the_share(labels: list[int], data: st.DataObject) -> None:
    """Tests that five more open flags, out of as many labels, raise a segment's share.

    Others may go either way: a segment that stands out more also says that segments
    differ, so that the others are pulled less.
    """
    labels[0] += 5
    found = [data.draw(st.integers(0, number)) for number in labels]
    found[0] = min(found[0], labels[0] - 5)
    more = [found[0] + 5, *found[1:]]

    before, _ = posterior_draws(make_counts(labels, found), TYPICAL)
    after, _ = posterior_draws(make_counts(labels, more), TYPICAL)

    assert after.mean[0] > before.mean[0]


@settings(max_examples=15, deadline=None)
@given(small=st.integers(1, 6), large=st.integers(100, 400))
def test_small_segments_are_pulled_more(small: int, large: int) -> None:
    """Tests that of two segments with equal shares, the small one is pulled more."""
    # Both at 50 %, next to four segments of 200 labels at 10 %.
    labels = [2 * small, 2 * large, 200, 200, 200, 200]
    draws, _ = posterior_draws(make_counts(labels, [small, large, 20, 20, 20, 20]), TYPICAL)

    assert 0.1 < draws.mean[0] < draws.mean[1] < 0.5


def test_same_input_gives_same_numbers() -> None:
    """Tests that two runs agree to the last digit and that the seed matters little."""
    leads = mixed_leads()

    first, _, shares = estimate(leads, Parameters())
    second, _, again = estimate(leads, Parameters())
    third, _, _ = estimate(leads, Parameters(), seed=1)

    assert_array_equal(first, second)
    assert shares == again
    assert_allclose(first, third, atol=0.005)


def test_order_of_rows_does_not_matter() -> None:
    """Tests that shuffled leads get the probabilities they had, and the same record."""
    leads = mixed_leads()
    order = np.random.default_rng(1).permutation(len(leads))
    checks = list(leads["lead_id"][leads["open_flag"] >= 0])[:40]

    probability, segment, shares = estimate(leads, Parameters(), checks=checks)
    shuffled = leads.iloc[order].reset_index(drop=True)
    probability_2, segment_2, shares_2 = estimate(shuffled, Parameters(), checks=checks)

    assert_array_equal(probability[order], probability_2)
    assert_array_equal(segment[order], segment_2)
    assert shares == shares_2


def test_counts_of_the_record_add_up() -> None:
    """Tests that segments partition the list and known flags are counted as known."""
    leads = mixed_leads()

    probability, segment, shares = estimate(leads, Parameters())

    flag = leads["open_flag"].to_numpy()
    assert sum(share.num_leads for share in shares.segments) == len(leads)
    assert shares.num_known == (flag >= 0).sum()
    assert shares.num_open == (flag == 1).sum()
    assert_array_equal(probability[flag >= 0], flag[flag >= 0])
    for index, share in enumerate(shares.segments):
        assert share.num_known + share.num_unknown == share.num_leads
        is_unknown = (segment == index) & (flag < 0)
        assert_array_equal(np.unique(probability[is_unknown]), [share.mean])
        assert share.low <= share.mean <= share.high


# --- labelling bias ---------------------------------------------------------------------


def test_bias_widens_the_answer_and_checks_narrow_it() -> None:
    """Tests that an unknown bias widens the interval and that look-ups take that back."""
    biased, typical = posterior_draws(make_counts([400], [120]), Parameters())
    checked, _ = posterior_draws(
        make_counts([400], [120], checked=[150], checked_open=[45]), Parameters()
    )

    assert biased.share.std() > 2.5 * typical.std()
    assert checked.share.std() < 0.5 * biased.share.std()


def test_checks_tell_how_typical_the_labels_are() -> None:
    """Tests that where look-ups find fewer open profiles, they are believed, not pooled."""
    # Exported flags: 50 % open. Look-ups: 60 of 300, 20 %. d is then about
    # logit 0.5 - logit 0.2 = 1.39, pulled a little to 0 by its prior.
    counts = make_counts([2000], [1000], checked=[300], checked_open=[60])

    draws, typical = posterior_draws(counts, Parameters())

    assert draws.mean[0] == pytest.approx(0.2, abs=0.03)
    # "Typical" counts all flags alike: 1060 of 2300.
    assert typical.mean() == pytest.approx(1060 / 2300, abs=0.01)


def test_checks_are_found_by_lead_id() -> None:
    """Tests that looked-up flags lower the estimate of the rest if they are mostly no."""
    flags = [1, 0] * 100 + [0] * 60 + [-1] * 500
    leads = make_leads(flags, [-1] * len(flags))
    looked_up = list(leads["lead_id"][200:260])

    with_checks, _, shares = estimate(leads, Parameters(), checks=looked_up)
    without, _, _ = estimate(leads, Parameters())

    assert with_checks[-1] < 0.15 < without[-1]
    assert shares.segments[0].num_known == 260


def test_width_after_checks_falls_as_the_root() -> None:
    """Tests the expected widths against the normal one of that many look-ups alone."""
    leads = make_leads([1] * 40 + [0] * 160 + [-1] * 9800, [-1] * 10_000)

    _, _, shares = estimate(leads, Parameters())

    width = shares.width_after_checks
    now = shares.share.high - shares.share.low
    assert now > width[50] > width[150] > width[400]
    # 400 look-ups alone would give 2 * 1.645 * sqrt(0.2 * 0.8 / 400) = 6.6 points; what
    # is known before makes it a little less.
    assert 0.045 < width[400] < 0.066


# --- coverage ---------------------------------------------------------------------------


def is_covered(num_segments: int, num_labels: int, seed: int, *, by_effort: bool) -> bool:
    """Return whether the 90 % interval of a made-up list holds its number of open leads.

    The generator of model.md C3: mean share 18 %, standard deviation 0.6 between
    segments in log odds; labels at random over leads, or by an effort that goes with
    the share (correlation 0.6).
    """
    rng = np.random.default_rng([seed, num_segments, num_labels])
    size = 3000 // num_segments
    z = rng.normal(size=num_segments)
    theta = np.log(0.18 / 0.82) + 0.6 * z
    is_open = rng.random((num_segments, size)) < 1 / (1 + np.exp(-theta))[:, None]
    noise = rng.normal(size=num_segments)
    effort = np.exp(0.6 * z + 0.8 * noise) if by_effort else np.ones(num_segments)
    turn = rng.exponential(size=is_open.shape) / effort[:, None]
    is_known = turn <= np.partition(turn.ravel(), num_labels - 1)[num_labels - 1]
    labelled = is_known.sum(axis=1)
    leads = np.full(num_segments, size)
    level = np.full(num_segments, PREMIUM_UNKNOWN, dtype=np.int64)
    zeros = np.zeros(num_segments, dtype=np.int64)
    counts = Counts(
        leads=leads,
        labelled=labelled,
        labelled_open=(is_known & is_open).sum(axis=1),
        checked=zeros,
        checked_open=zeros,
        level=level,
        effort=labelling_effort(leads, labelled, level),
    )
    draws, _ = posterior_draws(counts, TYPICAL, seed)
    total = rng.binomial(counts.unknown, draws.share).sum(axis=1)
    low, high = np.quantile(total, [0.05, 0.95])
    return bool(low <= (is_open & ~is_known).sum() <= high)


@pytest.mark.parametrize(
    ("num_segments", "num_labels", "by_effort"),
    [(4, 100, False), (4, 100, True), (12, 200, True)],
)
def test_interval_of_the_total_covers(
    num_segments: int, num_labels: int, by_effort: bool
) -> None:
    """Tests that nominal 90 % intervals hold the truth in at least 80 % of 60 lists."""
    # If the true coverage is 90 %, fewer than 48 of 60 has probability 0.007.
    hits = [
        is_covered(num_segments, num_labels, seed, by_effort=by_effort)
        for seed in range(60)
    ]

    assert np.mean(hits) >= 0.8
