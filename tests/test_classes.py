"""Leads into classes: pools, kinds, tiers, release weeks and value buckets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_factory import make_seat
from planner.domain import Kind, Seat, SegmentShare
from planner.model import classes
from planner.model.classes import (
    Classing,
    LeadValues,
    aggregate,
    make_tiers,
    seat_factors,
)
from planner.params import Parameters

DEFAULTS = Parameters()
YES, NO, UNKNOWN = 1, 0, -1


def _segment(
    name: str, mean: float, *, strength: float = 20.0, unknown: int = 100
) -> SegmentShare:
    return SegmentShare(
        segment=name,
        premium="",
        num_leads=unknown,
        num_known=0,
        num_open=0,
        num_unknown=unknown,
        mean=mean,
        low=0.0,
        high=1.0,
        beta_a=mean * strength,
        beta_b=(1 - mean) * strength,
    )


def _classing(
    rows: Sequence[Mapping[str, Any]],
    *,
    seats: Sequence[Seat] = (make_seat(),),
    segments: Sequence[SegmentShare] = (_segment("one", 0.2),),
    parameters: Parameters = DEFAULTS,
    touches: Mapping[str, int] | None = None,
    num_weeks: int = 3,
    capacity: int = 1000,
) -> Classing:
    """Aggregate leads given by what differs from: closed, no company, worth 0.1."""
    blank = {
        "exclusion": "", "degree": 2, "open_flag": NO, "owner": "", "group": "",
        "company_key": "", "inmail": 0.1, "request": 0.04, "segment": 0,
        "inmail_flag": UNKNOWN,
        "linkedin_url": "https://www.linkedin.com/in/lead",
        "member_id": "",
        "getsales_uuid": "",
    }  # fmt: skip
    table = pd.DataFrame([{**blank, **row} for row in rows])
    values = LeadValues(
        open_probability=np.zeros(len(rows)),
        segment=table["segment"].to_numpy(),
        inmail_reply_rate=table["inmail"].to_numpy(),
        connection_reply_rate=table["request"].to_numpy(),
        weight=np.ones(len(rows)),
    )
    return aggregate(
        table, values, seats, segments, parameters,
        touches=touches or {}, num_weeks=num_weeks,
        seat_capacity=[capacity] * len(seats),
        week_capacity=[capacity] * len(seats),
    )  # fmt: skip


# --- tiers --------------------------------------------------------------------------


def test_known_flags_are_certain_tiers() -> None:
    """Open leads use a credit with the probability of a leak, closed ones always."""
    tier_of_segment, tiers = make_tiers((), DEFAULTS)
    assert len(tier_of_segment) == 0
    assert [(t.use, t.beta_a, t.beta_b) for t in tiers] == [
        (0.03, None, None),
        (1.0, None, None),
    ]


def test_tiers_are_cut_where_the_fewest_credits_are_booked_in_vain() -> None:
    """Segments sorted by use are cut so that leads are near the largest use of a tier."""
    # Use 0.5, 0.6, 0.8, 0.9 with 100 leads each. Cut in the middle, 100 leads book 0.1
    # too much in each tier: 20 credits. Any other single cut costs 40.
    segments = [_segment(str(k), 1 - use) for k, use in enumerate((0.9, 0.5, 0.8, 0.6))]
    parameters = DEFAULTS.override({"open_probability_tiers": 2})
    tier_of_segment, tiers = make_tiers(segments, parameters)
    assert tier_of_segment.tolist() == [3, 2, 3, 2]
    assert [round(tier.use, 9) for tier in tiers[Kind.UNKNOWN :]] == [0.6, 0.9]


def test_a_large_segment_does_not_swallow_small_ones() -> None:
    """Few leads of Premium members keep a tier of their own beside many others."""
    # With 5 % Premium at 0.2, 5 % unknown at 0.75 and 90 % others at 0.93, three tiers
    # are enough, and two keep the Premium members apart: 50 * 0.18 < 50 * 0.55.
    segments = [
        _segment("premium", 0.8, unknown=50),
        _segment("premium unknown", 0.25, unknown=50),
        _segment("others", 0.07, unknown=900),
    ]
    for most, uses in ((4, [0.2, 0.75, 0.93]), (2, [0.2, 0.93]), (1, [0.93])):
        parameters = DEFAULTS.override({"open_probability_tiers": most})
        _, tiers = make_tiers(segments, parameters)
        assert [tier.use for tier in tiers[Kind.UNKNOWN :]] == pytest.approx(uses)


def test_a_segment_without_unknown_leads_makes_no_tier() -> None:
    """Only segments with unknown leads have a say in the tiers."""
    segments = [_segment("a", 0.2), _segment("b", 0.9, unknown=0)]
    _, tiers = make_tiers(segments, DEFAULTS)
    assert [round(tier.use, 9) for tier in tiers] == [0.03, 1.0, 0.8]


def test_tier_of_one_segment_is_its_posterior() -> None:
    """A segment alone keeps its mean and spread, turned from open to use."""
    _, tiers = make_tiers([_segment("a", 0.2, strength=30)], DEFAULTS)
    assert tiers[2].use == pytest.approx(0.8)
    assert tiers[2].beta_a == pytest.approx(24.0)
    assert tiers[2].beta_b == pytest.approx(6.0)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(0.01, 0.99), st.floats(2, 500), st.integers(0, 300)),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 8),
)
def test_a_tier_uses_no_fewer_credits_than_its_segments(
    drawn: list[tuple[float, float, int]], num_tiers: int
) -> None:
    """A tier's mean use is that of its worst segment; tiers are ordered and few."""
    segments = [
        _segment(str(k), mean, strength=strength, unknown=count)
        for k, (mean, strength, count) in enumerate(drawn)
    ]
    parameters = DEFAULTS.override({"open_probability_tiers": num_tiers})
    tier_of_segment, tiers = make_tiers(segments, parameters)
    unknown = tiers[Kind.UNKNOWN :]
    assert len(unknown) <= num_tiers
    assert [t.use for t in unknown] == sorted(t.use for t in unknown)
    for segment, tier in zip(segments, tier_of_segment, strict=True):
        if segment.num_unknown:
            assert tiers[tier].use >= 1 - segment.mean - 1e-6
    # No other cut into as many tiers books fewer credits in vain.
    used = sorted((1 - s.mean, s.num_unknown) for s in segments if s.num_unknown)
    lost = sum(
        s.num_unknown * (tiers[t].use - (1 - s.mean))
        for s, t in zip(segments, tier_of_segment, strict=True)
        if s.num_unknown
    )
    for cuts in combinations(range(1, len(used)), max(0, len(unknown) - 1)):
        other = sum(
            count * (used[end - 1][0] - use)
            for start, end in pairwise((0, *cuts, len(used)))
            for use, count in used[start:end]
        )
        assert lost <= other + 1e-3


# --- pools and atoms ------------------------------------------------------------------

ANNA = make_seat(seat_id="anna", groups=("dach",))
BERT = make_seat(seat_id="bert", groups=("dach", "fintech"))
CLEO = make_seat(seat_id="cleo")


def test_owner_wins_over_group_and_group_over_all() -> None:
    """A lead goes to its owner; else to the seats of its group; else to anyone."""
    classing = _classing(
        [
            {},
            {"group": "dach"},
            {"group": "dach", "owner": "cleo"},
            {"group": "fintech"},
        ],
        seats=(ANNA, BERT, CLEO),
    )
    reach = [
        sorted(s for a in classing.pools[p].atoms for s in classing.atoms[a].seats)
        for p in classing.lead_pool
    ]
    assert reach == [[0, 1, 2], [0, 1], [2], [1]]
    # bert is told apart by fintech, cleo by her own lead, anna is the rest of dach.
    assert [atom.seats for atom in classing.atoms] == [(0,), (1,), (2,)]


def test_seats_that_nothing_tells_apart_are_one_atom() -> None:
    """Seats in the same pools with the same rates make one atom."""
    classing = _classing([{}, {"group": "dach"}], seats=(ANNA, CLEO, ANNA, CLEO))
    assert [atom.seats for atom in classing.atoms] == [(0, 2), (1, 3)]


def test_a_seat_that_no_lead_may_use_is_in_no_atom() -> None:
    """If all leads have owners, the other seats are out."""
    classing = _classing([{"owner": "anna"}], seats=(ANNA, BERT))
    assert [atom.seats for atom in classing.atoms] == [(0,)]


def test_own_rates_make_atoms_in_steps() -> None:
    """Few own rates are taken exactly; more than six pairs in steps of 5 % or so."""
    # Seven pairs: exactly would be one too many. Replies 0.1 in general: log(1.21) / 0.05
    # = 3.8 and log(1.23) / 0.05 = 4.1 are both 4 steps: exp(0.2). Acceptance 0.25 in
    # general: log(1.2) / 0.05 = 3.6, 4 steps; log(0.5) / 0.05 = -13.9, -14 steps.
    classing = _classing(
        [{}],
        seats=(
            make_seat(inmail_reply_rate=0.121),
            make_seat(),
            make_seat(inmail_reply_rate=0.123),
            make_seat(acceptance_rate=0.3),
            make_seat(inmail_reply_rate=0.0),
            make_seat(acceptance_rate=0.125),
            make_seat(inmail_reply_rate=0.2),
        ),
    )
    found = [(a.seats, a.inmail_factor, a.connection_factor) for a in classing.atoms]
    up = pytest.approx(math.exp(0.2), abs=1e-6)
    assert found == [
        ((0, 2), up, 1.0),
        ((1,), 1.0, 1.0),
        ((3,), 1.0, up),
        ((4,), 0.0, 1.0),
        ((5,), 1.0, pytest.approx(math.exp(-0.7), abs=1e-6)),
        ((6,), pytest.approx(math.exp(0.7), abs=1e-6), 1.0),
    ]


def test_few_own_rates_are_exact() -> None:
    """Up to six pairs of rates need no rounding."""
    seats = [make_seat(inmail_reply_rate=0.121), make_seat(inmail_reply_rate=0.123)]
    assert seat_factors(seats, DEFAULTS) == [(1.21, 1.0), (1.23, 1.0)]


@given(st.lists(st.floats(0.01, 0.9), min_size=1, max_size=40))
def test_own_rates_make_few_levels(rates: list[float]) -> None:
    """However many rates there are, they make at most six levels, in the same order."""
    seats = [make_seat(inmail_reply_rate=rate) for rate in rates]
    factors = [pair[0] for pair in seat_factors(seats, DEFAULTS)]
    assert len(set(factors)) <= 6
    ordered = [factor for _, factor in sorted(zip(rates, factors, strict=True))]
    assert ordered == sorted(ordered)


# --- classes --------------------------------------------------------------------------


def test_who_is_in_the_model() -> None:
    """Excluded leads and 1st-degree connections are in no class; everyone else is."""
    classing = _classing(
        [{}, {"exclusion": "do_not_contact"}, {"degree": 1}, {"degree": 0}, {"degree": 3}]
    )
    assert (classing.lead_class >= 0).tolist() == [True, False, False, True, True]
    assert classing.lead_kind.tolist() == [1, -1, -1, 1, 1]
    assert classing.lead_pool.tolist() == [0, -1, -1, 0, 0]
    assert [item.size for item in classing.classes] == [3]


def test_kind_is_the_flag_or_the_tier_of_the_segment() -> None:
    """Open, closed, and for unknown flags the tier of the lead's segment."""
    classing = _classing(
        [
            {"open_flag": YES},
            {"open_flag": NO},
            {"open_flag": UNKNOWN, "segment": 0},
            {"open_flag": UNKNOWN, "segment": 1},
        ],
        segments=(_segment("low", 0.1), _segment("high", 0.6)),
        parameters=DEFAULTS.override({"open_probability_tiers": 2}),
    )
    # The tiers are ordered by use: the segment with more open profiles comes first.
    assert classing.lead_kind.tolist() == [Kind.OPEN, Kind.CLOSED, 3, 2]


def test_leads_that_refuse_inmails_have_a_tier_of_their_own() -> None:
    """Leads known to take no InMail share no class with others, whatever their flag."""
    classing = _classing(
        [
            {"open_flag": YES, "inmail_flag": NO, "inmail": 0.0},
            {"open_flag": UNKNOWN, "inmail_flag": NO, "inmail": 0.0},
            {"open_flag": UNKNOWN, "inmail_flag": YES},
            {"open_flag": NO},
        ]
    )
    # Open, closed, one unknown tier, and then theirs.
    assert classing.lead_kind.tolist() == [3, 3, 2, 1]
    assert [tier.sendable for tier in classing.tiers] == [True, True, True, False]
    assert len(classing.classes) == 3


def test_equal_leads_make_one_class_in_order_of_value() -> None:
    """Where values are few, each pair of values is one class, the best one first."""
    classing = _classing(
        [
            {"inmail": 0.1},
            {"inmail": 0.2},
            {"inmail": 0.1},
            {"inmail": 0.1, "request": 0.05},
        ]
    )
    found = [(c.size, c.inmail_value, c.connection_value) for c in classing.classes]
    assert found == [(1, 0.2, 0.04), (1, 0.1, 0.05), (2, 0.1, 0.04)]
    assert classing.lead_class.tolist() == [2, 0, 2, 1]


_LEADS = st.lists(
    st.fixed_dictionaries(
        {
            "open_flag": st.sampled_from([YES, NO, UNKNOWN]),
            "owner": st.sampled_from(["", "anna"]),
            "group": st.sampled_from(["", "dach"]),
            "company_key": st.sampled_from(["", "acme", "blix"]),
            "degree": st.integers(0, 3),
            "exclusion": st.sampled_from(["", "", "do_not_contact"]),
            "inmail": st.floats(0.01, 0.4),
            "request": st.floats(0.0, 0.2),
        }
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=80)
@given(_LEADS, st.sampled_from([50, 6000]))
def test_classes_lose_nobody_and_no_value(leads: list[dict[str, Any]], most: int) -> None:
    """Class sizes and values add up to those of their leads, which share all keys."""
    classing = _classing(
        leads,
        seats=(ANNA, BERT),
        parameters=DEFAULTS.override({"max_classes": most}),
    )
    lead_class = classing.lead_class
    inmail = np.array([lead["inmail"] for lead in leads])
    for c, item in enumerate(classing.classes):
        members = np.flatnonzero(lead_class == c)
        assert len(members) == item.size
        assert item.inmail_value == pytest.approx(inmail[members].mean())
        assert set(classing.lead_kind[members]) == {item.kind}
        assert set(classing.lead_pool[members]) == {item.pool}
        assert set(classing.lead_release[members]) == {item.release}
    per_key = {(c.pool, c.kind, c.release) for c in classing.classes}
    assert len(classing.classes) <= max(most, 3 * len(per_key))
    expected = [
        lead["degree"] != 1 and not lead["exclusion"] and release < 3
        for lead, release in zip(leads, classing.lead_release, strict=True)
    ]
    assert (lead_class >= 0).tolist() == expected


def test_buckets_are_finest_at_the_top() -> None:
    """Beyond the number of buckets, equal steps of the square root of the rank."""
    # With 3600 leads and n buckets, bucket k holds the ranks from 3600 k^2 / n^2 on:
    # (2k + 1) * 3600 / n^2 leads, up to one at each end.
    leads = [{"inmail": 0.1 + k / 10000} for k in range(3600)]
    parameters = DEFAULTS.override({"max_classes": 50})
    classing = _classing(leads, parameters=parameters, capacity=9000)
    sizes = [item.size for item in classing.classes]
    assert 20 <= len(sizes) <= 50
    step = 3600 / len(sizes) ** 2
    assert sizes == pytest.approx([(2 * k + 1) * step for k in range(len(sizes))], abs=2)
    values = [item.inmail_value for item in classing.classes]
    assert values == sorted(values, reverse=True)


def test_leads_beyond_all_capacity_are_left_out() -> None:
    """A lead with as many better ones of its kind as can be sent at all is in no class."""
    leads = [{"inmail": 0.1 + k / 1000, "request": k / 1000} for k in range(10)]
    classing = _classing(leads, capacity=3)
    assert np.flatnonzero(classing.lead_class >= 0).tolist() == [7, 8, 9]
    # A lead that is among the best by request is kept, whatever its InMail is worth.
    leads[0]["request"] = 0.05
    classing = _classing(leads, capacity=3)
    assert 0 in np.flatnonzero(classing.lead_class >= 0)


# --- company throttle -----------------------------------------------------------------


def test_release_weeks_of_a_company() -> None:
    """Two new people of a company a week: the best first, free ones first among equals."""
    # Order: 0.3, then the open one of the two at 0.2, then the closed one, then 0.1.
    classing = _classing(
        [
            {"company_key": "acme", "inmail": 0.1},
            {"company_key": "acme", "inmail": 0.2, "open_flag": NO},
            {"company_key": "acme", "inmail": 0.2, "open_flag": YES},
            {"company_key": "acme", "inmail": 0.3},
            {"company_key": "", "inmail": 0.1},
            {"company_key": "blix", "inmail": 0.1},
        ]
    )
    assert classing.lead_release.tolist() == [1, 1, 0, 0, 0, 0]


def test_connections_and_recent_touches_count_first() -> None:
    """A message to a connection and touches of the last days take their places."""
    leads = [
        {"company_key": "acme", "inmail": 0.9},
        {"company_key": "acme", "inmail": 0.8},
        {"company_key": "acme", "inmail": 0.1, "degree": 1},
        {"company_key": "acme", "inmail": 0.9, "exclusion": "replied_before"},
    ]
    # The connection first, then 0.9; 0.8 is third: week 1. The excluded one takes none.
    assert _classing(leads).lead_release.tolist() == [0, 1, 0, 0]
    # One recent touch: places 1, 2, 3 with two a week are weeks 0, 1, 1.
    touched = _classing(leads, touches={"acme": 1})
    assert touched.lead_release.tolist() == [1, 1, 0, 0]


def test_leads_released_after_the_horizon_are_in_no_class() -> None:
    """What cannot go within the horizon is not in the program."""
    parameters = DEFAULTS.override({"max_new_leads_per_company": 1})
    classing = _classing([{"company_key": "acme"}] * 4, parameters=parameters, num_weeks=2)
    assert classing.lead_release.tolist() == [0, 1, 2, 3]
    assert (classing.lead_class >= 0).tolist() == [True, True, False, False]


@settings(max_examples=50)
@given(_LEADS, st.integers(1, 3), st.integers(0, 5))
def test_no_company_is_released_too_fast(
    leads: list[dict[str, Any]], most: int, recent: int
) -> None:
    """Up to any week, a company has no more leads released than the throttle allows."""
    classing = _classing(
        leads,
        seats=(ANNA, BERT),
        parameters=DEFAULTS.override({"max_new_leads_per_company": most}),
        touches={"acme": recent},
    )
    for key, before in (("acme", recent), ("blix", 0)):
        weeks = [
            week
            for lead, week in zip(leads, classing.lead_release, strict=True)
            if lead["company_key"] == key and not lead["exclusion"]
        ]
        for week in weeks:
            assert sum(w <= week for w in weeks) + before <= most * (week + 1)


@pytest.mark.parametrize("num_keys", [1, 2, 6])
@pytest.mark.parametrize("num_values", [3, 2000])
def test_order_is_that_of_lexsort(num_keys: int, num_values: int) -> None:
    """Packed into one number or not, keys sort as one after the other, ties by place.

    Six keys of 2,000 values and 2,000 places are 2000 ** 7 = 1.3e23 numbers: too many.
    """
    rng = np.random.default_rng(num_keys)
    group = rng.integers(-1, 5, 2000)
    keys = [rng.choice(rng.normal(size=num_values), 2000) for _ in range(num_keys)]
    flags = rng.random(2000) < 0.5
    expected = np.lexsort((*reversed(keys), flags, group))
    assert classes._order(group, flags, *keys).tolist() == expected.tolist()


def test_order_of_nothing_and_of_no_numbers() -> None:
    """An empty list has an empty order; what is no number comes last."""
    assert classes._order(np.zeros(0, dtype=int), np.zeros(0)).tolist() == []
    assert classes._order(np.zeros(3, dtype=int), np.array([np.nan, 2, 1])).tolist() == [
        2, 1, 0,
    ]  # fmt: skip
