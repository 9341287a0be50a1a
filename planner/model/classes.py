"""Leads into classes: what the model cannot tell apart is counted, not listed.

The size of the linear program depends on classes and seats only. A class is one pool of
seats, one kind of flag, one earliest week and one bucket of value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner import schemas
from planner.domain import (
    Atom,
    Degree,
    Flag,
    Kind,
    LeadClass,
    Pool,
    Seat,
    SegmentShare,
    Tier,
)
from planner.model.credits import DIGITS
from planner.params import Parameters

#: Steps, on a log scale, in which seats' own rates are compared; 0 takes them exactly.
FACTOR_STEPS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
MAX_LEVELS = 6


#: Added to the value of leads on hold, in expected replies: too little to outweigh
#: anything, enough to break a tie.
WAITED_NUDGE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadValues:
    """What the estimates say of each lead, aligned with the table of leads.

    Parameters
    ----------
    open_probability : numpy.ndarray
        1 or 0 where the flag is known, else the estimate.
    segment : numpy.ndarray
        Index into the segments of the open-share estimate.
    inmail_reply_rate, connection_reply_rate : numpy.ndarray
        Expected replies per InMail and per connection request.
    weight : numpy.ndarray
        Priority weight of a reply.
    held : numpy.ndarray or float
        Whether the last run held the lead: it comes first where nothing else decides.
    """

    open_probability: np.ndarray
    segment: np.ndarray
    inmail_reply_rate: np.ndarray
    connection_reply_rate: np.ndarray
    weight: np.ndarray
    held: np.ndarray | float = 0.0

    @property
    def inmail_value(self) -> np.ndarray:
        """Expected weighted replies per InMail."""
        return np.asarray(self.inmail_reply_rate * self.weight)

    @property
    def connection_value(self) -> np.ndarray:
        """Expected weighted replies per connection request."""
        return np.asarray(self.connection_reply_rate * self.weight)

    @property
    def order_value(self) -> np.ndarray:
        """Value by which leads are put in order: that of their better route.

        Values that differ do so by more than the nudge of those who waited already.
        """
        better = np.maximum(self.inmail_value, self.connection_value)
        return np.asarray(better + WAITED_NUDGE * self.held)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Classing:
    """Classes, and the class, kind, pool and release week of each lead.

    Class, kind and pool are -1 for leads that the model does not send to; the release
    week holds for messages to connections, too. Leads of one company share a company
    code; -1 is none.
    """

    classes: tuple[LeadClass, ...]
    pools: tuple[Pool, ...]
    atoms: tuple[Atom, ...]
    tiers: tuple[Tier, ...]
    lead_class: np.ndarray
    lead_kind: np.ndarray
    lead_pool: np.ndarray
    lead_release: np.ndarray
    lead_company: np.ndarray
    recent_touches: Mapping[int, int]
    tier_of_segment: np.ndarray


def aggregate(  # noqa: PLR0913 - the whole problem meets here
    leads: pd.DataFrame,
    values: LeadValues,
    seats: Sequence[Seat],
    segments: Sequence[SegmentShare],
    parameters: Parameters,
    *,
    touches: Mapping[str, int],
    num_weeks: int,
    seat_capacity: Sequence[int],
    week_capacity: Sequence[int],
) -> Classing:
    """Group the leads that may get an InMail or a connection request.

    Parameters
    ----------
    leads : pandas.DataFrame
        `planner.schemas.LEADS`; owners and groups name known seats.
    touches : mapping of str to int
        Company key to people of it contacted in the 6 days before the plan.
    num_weeks : int
        Weeks of the horizon; leads released later are in no class.
    seat_capacity : sequence of int
        Most sends of each seat over the horizon, InMails and requests together.
    week_capacity : sequence of int
        The same for the planned week.
    """
    reachable = schemas.has_profile(leads)
    eligible = (leads["exclusion"].to_numpy() == "") & (
        leads["degree"].to_numpy() != Degree.FIRST
    )
    eligible &= reachable
    pool_of_lead, pools, atoms = _pools(leads, seats, parameters)
    tier_of_segment, tiers = make_tiers(segments, parameters)
    kind = _kinds(leads["open_flag"].to_numpy(), values.segment, tier_of_segment)
    refuses = leads["inmail_flag"].to_numpy() == Flag.NO
    if refuses.any():
        # A tier of their own, so that no class mixes them with leads that accept InMails.
        kind = np.where(refuses, len(tiers), kind)
        tiers = (*tiers, Tier(use=1.0, beta_a=None, beta_b=None, sendable=False))
    company = company_codes(leads)
    recent = _touches_by_code(leads, company, touches)
    idle = _idle_pools(pools, atoms, week_capacity)[pool_of_lead]
    idle = np.where(reachable, idle, 1)
    release = _release_weeks(
        leads, values, np.stack([idle, kind]), company, parameters, recent
    )
    in_model = eligible & (release < num_weeks)
    keys = np.stack([pool_of_lead, kind, release])
    in_model &= _can_be_reached(values, in_model, keys, pools, atoms, seat_capacity)
    lead_class, classes = _classes(values, in_model, keys, parameters)
    return Classing(
        classes=classes,
        pools=pools,
        atoms=atoms,
        tiers=tiers,
        lead_class=lead_class,
        lead_kind=np.where(eligible, kind, -1),
        lead_pool=np.where(eligible, pool_of_lead, -1),
        lead_release=release,
        lead_company=company,
        recent_touches=recent,
        tier_of_segment=tier_of_segment,
    )


def make_tiers(
    segments: Sequence[SegmentShare], parameters: Parameters
) -> tuple[np.ndarray, tuple[Tier, ...]]:
    """Group segments into tiers of credit use; return the tier of each segment.

    A tier takes the highest mean use and the widest spread of its segments, so that a
    plan which is safe for the tier is safe for each of them.
    """
    certain = (
        Tier(use=parameters.open_flag_leak, beta_a=None, beta_b=None),
        Tier(use=1.0, beta_a=None, beta_b=None),
    )
    tier_of_segment = np.full(len(segments), int(Kind.UNKNOWN))
    unknown = [index for index, item in enumerate(segments) if item.num_unknown > 0]
    unknown.sort(key=lambda index: (1 - segments[index].mean, segments[index].segment))
    if not unknown:
        return tier_of_segment, certain
    number = _parts(
        np.array([segments[index].num_unknown for index in unknown], dtype=float),
        np.array([1 - segments[index].mean for index in unknown]),
        parameters.open_probability_tiers,
    )
    tiers = []
    for tier in range(int(number.max()) + 1):
        members = [
            segments[index]
            for index, own in zip(unknown, number, strict=True)
            if own == tier
        ]
        tiers.append(_worst(members, parameters.open_flag_leak))
    tier_of_segment[unknown] = number + int(Kind.UNKNOWN)
    return tier_of_segment, (*certain, *tiers)


def _parts(counts: np.ndarray, use: np.ndarray, most: int) -> np.ndarray:
    """Return the part of each segment, in order of use: at most so many, best cut.

    A tier books the largest use of its segments for all of their leads. The cuts lose
    the fewest credits by that: ``sum count * (largest use of the part - own use)``, by
    dynamic programming over the last cut.
    """
    size = len(use)
    leads = np.r_[0.0, np.cumsum(counts)]
    used = np.r_[0.0, np.cumsum(counts * use)]
    lost = np.full((size + 1, size + 1), np.inf)  # segments start .. end - 1 in one part
    for end in range(1, size + 1):
        own = use[end - 1] * (leads[end] - leads[:end]) - (used[end] - used[:end])
        lost[:end, end] = np.round(own, DIGITS)
    best, cuts = lost[0], []
    for _ in range(min(most, size) - 1):
        total = best[:, None] + lost
        cuts.append(total.argmin(axis=0))
        best = total.min(axis=0)
    part = np.zeros(size, dtype=np.int64)
    end = size
    for cut in reversed(cuts):
        end = int(cut[end])
        part[end:] += 1
    return part


def _worst(members: Sequence[SegmentShare], leak: float) -> Tier:
    """Return the tier of some segments: what is open now may close before the send."""
    closed = max(1 - item.mean for item in members)
    variance = max(
        item.beta_a
        * item.beta_b
        / ((item.beta_a + item.beta_b) ** 2 * (item.beta_a + item.beta_b + 1))
        for item in members
    )
    closed = min(max(closed, 1e-6), 1 - 1e-6)
    strength = max(closed * (1 - closed) / max(variance, 1e-12) - 1, 1e-3)
    return Tier(
        use=round(leak + (1 - leak) * closed, DIGITS),
        beta_a=round(closed * strength, DIGITS),
        beta_b=round((1 - closed) * strength, DIGITS),
        leak=leak,
    )


def with_leak(tiers: Sequence[Tier], leak: float) -> tuple[Tier, ...]:
    """Return the tiers as they are where open profiles close with another probability."""
    changed = list(tiers)
    for number, tier in enumerate(tiers):
        if number == Kind.OPEN:
            changed[number] = replace(tier, use=leak)
        elif tier.beta_a is not None and tier.beta_b is not None:
            closed = tier.beta_a / (tier.beta_a + tier.beta_b)
            use = round(leak + (1 - leak) * closed, DIGITS)
            changed[number] = replace(tier, use=use, leak=leak)
    return tuple(changed)


def _kinds(
    open_flag: np.ndarray, segment: np.ndarray, tier_of_segment: np.ndarray
) -> np.ndarray:
    unknown_tier = tier_of_segment[segment] if len(tier_of_segment) else segment
    return np.select(
        [open_flag == Flag.YES, open_flag == Flag.NO],
        [int(Kind.OPEN), int(Kind.CLOSED)],
        unknown_tier,
    )


def _pools(
    leads: pd.DataFrame, seats: Sequence[Seat], parameters: Parameters
) -> tuple[np.ndarray, tuple[Pool, ...], tuple[Atom, ...]]:
    """Return the pool of each lead, the pools in use and the atoms they are made of.

    An owner wins over a group; a lead with neither may go to any seat.
    """
    owner_codes, owners = pd.factorize(leads["owner"], sort=True)
    group_codes, groups = pd.factorize(leads["group"], sort=True)
    has_owner = np.asarray(owners != "")[owner_codes]
    has_group = np.asarray(groups != "")[group_codes]
    raw = np.where(has_owner, owner_codes + 1, 0)
    raw = np.where(~has_owner & has_group, group_codes + 1 + len(owners), raw)
    used, pool_of_lead = np.unique(raw, return_inverse=True)
    names: list[str] = []
    members: list[Sequence[int]] = []
    for code in used:
        if code == 0:
            names.append("all")
            members.append(range(len(seats)))
        elif code <= len(owners):
            owner = str(owners[code - 1])
            names.append(f"owner {owner}")
            members.append([i for i, seat in enumerate(seats) if seat.seat_id == owner])
        else:
            group = str(groups[code - 1 - len(owners)])
            names.append(f"group {group}")
            members.append([i for i, seat in enumerate(seats) if group in seat.groups])
    factors = seat_factors(seats, parameters)
    signatures: dict[tuple[tuple[int, ...], tuple[float, float]], list[int]] = {}
    for index in range(len(seats)):
        pools_of_seat = tuple(p for p, those in enumerate(members) if index in those)
        if pools_of_seat:
            key = (pools_of_seat, factors[index])
            signatures.setdefault(key, []).append(index)
    ordered = sorted(signatures.items(), key=lambda item: item[1][0])
    atoms = tuple(
        Atom(seats=tuple(those), inmail_factor=rate[0], connection_factor=rate[1])
        for (_, rate), those in ordered
    )
    pools = tuple(
        Pool(name=name, atoms=tuple(a for a, (key, _) in enumerate(ordered) if p in key[0]))
        for p, name in enumerate(names)
    )
    return pool_of_lead, pools, atoms


def seat_factors(
    seats: Sequence[Seat], parameters: Parameters
) -> list[tuple[float, float]]:
    """Return each seat's own rates relative to the general ones, in few levels.

    Factors are rounded to a geometric grid, which is made coarser until no more than
    `MAX_LEVELS` pairs are left: every level multiplies the columns of the program.
    """

    def factor(own: float | None, general: float, step: float) -> float:
        if own is None or general <= 0:
            return 1.0
        if own <= 0 or step <= 0:
            return round(own / general, 6)
        return round(math.exp(round(math.log(own / general) / step) * step), 6)

    pairs: list[tuple[float, float]] = []
    for step in FACTOR_STEPS:
        pairs = [
            (
                factor(seat.inmail_reply_rate, parameters.inmail_reply_rate, step),
                factor(seat.acceptance_rate, parameters.acceptance_rate, step),
            )
            for seat in seats
        ]
        if len(set(pairs)) <= MAX_LEVELS:
            break
    return pairs


def company_codes(leads: pd.DataFrame) -> np.ndarray:
    """Return a code per company, in order of first appearance; -1 where there is none."""
    codes, keys = pd.factorize(leads["company_key"])
    blank = np.flatnonzero(np.asarray(keys == ""))
    return np.where(codes == blank[0], -1, codes) if len(blank) else codes


def _touches_by_code(
    leads: pd.DataFrame, company: np.ndarray, touches: Mapping[str, int]
) -> dict[int, int]:
    """Return the touches of each company by its code, where the list has the company."""
    first = np.unique(company, return_index=True)[1]
    keys = leads["company_key"].to_numpy(dtype=object)[first]
    codes = company[first].tolist()
    return {
        code: touches[key]
        for code, key in zip(codes, keys.tolist(), strict=True)
        if key in touches
    }


def _idle_pools(
    pools: Sequence[Pool], atoms: Sequence[Atom], week_capacity: Sequence[int]
) -> np.ndarray:
    """Return which pools have no seat that sends in the planned week."""
    return np.array(
        [
            not any(week_capacity[seat] for a in pool.atoms for seat in atoms[a].seats)
            for pool in pools
        ],
        dtype=np.int64,
    )


def _release_weeks(
    leads: pd.DataFrame,
    values: LeadValues,
    kinds: np.ndarray,
    company: np.ndarray,
    parameters: Parameters,
    touches: Mapping[int, int],
) -> np.ndarray:
    """Return the earliest week of each lead under the company throttle.

    Within a company leads whose seats do not send this week come last; 1st-degree
    connections come first (their message costs nothing), then leads by value, free ones
    first (``kinds`` holds both, idle and tier); the j-th (from 0) goes in week
    ``floor((j + recent touches) / max_new_leads_per_company)`` at the earliest. A touch
    in the 6 days before the plan shares a 7-day window with any day of its first week,
    so it counts in full.
    """
    release = np.zeros(len(leads), dtype=np.int64)
    active = leads["exclusion"].to_numpy() == ""
    throttled = np.flatnonzero(active & (company >= 0))
    if not len(throttled):
        return release
    value = values.order_value[throttled]
    further = leads["degree"].to_numpy()[throttled] != Degree.FIRST
    idle, kind = kinds[:, throttled]
    order_by = (idle, further, -np.round(value, DIGITS), kind)
    rank, _ = ranks(company[throttled], *order_by)
    recent = np.zeros(int(company.max()) + 1, dtype=np.int64)
    for code, count in touches.items():
        if 0 <= code < len(recent):
            recent[code] = count
    rank += recent[company[throttled]]
    release[throttled] = rank // parameters.max_new_leads_per_company
    return release


def _can_be_reached(
    values: LeadValues,
    in_model: np.ndarray,
    keys: np.ndarray,
    pools: Sequence[Pool],
    atoms: Sequence[Atom],
    seat_capacity: Sequence[int],
) -> np.ndarray:
    """Return the leads that an optimal plan could send to.

    Leads of one pool, kind and release differ in value only, so a lead with as many
    better ones as the pool's seats can send in all is never worth a place. What is left
    is small where leads are plenty, and its value buckets are fine.
    """
    capacity = np.array(
        [
            sum(seat_capacity[seat] for a in pool.atoms for seat in atoms[a].seats)
            for pool in pools
        ]
    )
    reached = np.zeros(in_model.shape, dtype=bool)
    chosen = np.flatnonzero(in_model)
    if not len(chosen):
        return reached
    bases = keys[:, chosen].max(axis=1) + 1
    group = np.ravel_multi_index(tuple(keys[:, chosen]), tuple(bases))
    most = capacity[keys[0, chosen]]
    waited = np.broadcast_to(values.held, in_model.shape)[chosen].astype(np.int64)
    for value in (values.inmail_value[chosen], values.connection_value[chosen]):
        rank, _ = ranks(group, -np.round(value, 12), -waited)
        reached[chosen] |= rank < most
    return reached


def ranks(group: np.ndarray, *order_by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each item's rank in its group, and the size of the group."""
    order = _order(group, *order_by)
    sorted_group = group[order]
    starts = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]])
    lengths = np.diff(np.r_[starts, len(order)])
    rank = np.empty(len(order), dtype=np.int64)
    size = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(starts, lengths)
    size[order] = np.repeat(lengths, lengths)
    return rank, size


def _order(*keys: np.ndarray) -> np.ndarray:
    """Return what sorts by the first key, then the second ..., then the place itself.

    As `numpy.lexsort` of the keys in reverse. Values repeat much, so all keys and the
    place fit into one whole number; one sort of those is many times faster.
    """
    num = len(keys[0])
    packed, span = np.zeros(num, dtype=np.int64), max(1, num)
    for key in keys:
        codes, width = _codes(key)
        span *= width
        if span >= 1 << 62 or (codes < 0).any():  # too many values, or one is no number
            return np.lexsort(keys[::-1])
        packed = packed * width + codes
    packed = packed * num + np.arange(num)
    packed.sort()
    return np.asarray(packed % max(1, num))


def _codes(key: np.ndarray) -> tuple[np.ndarray, int]:
    """Return whole numbers in the order of the values, and how many there may be."""
    if key.dtype.kind in "bi" and len(key):
        lowest = int(key.min())
        return key.astype(np.int64) - lowest, int(key.max()) - lowest + 1
    codes, distinct = pd.factorize(key, sort=True)
    return codes, max(1, len(distinct))


def shared_ranks(group: np.ndarray, order_by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each item's rank in its group, equal ones sharing the first's, and its size.

    Leads that nothing tells apart must not land in different classes: the program would
    choose among them at random, and who waited longest could not come first.
    """
    rank, size = ranks(group, order_by)
    order = _order(group, rank)
    same = (group[order][1:] == group[order][:-1]) & (
        order_by[order][1:] == order_by[order][:-1]
    )
    first = np.where(np.r_[False, same], 0, np.arange(len(order)))
    shared = np.empty_like(rank)
    shared[order] = rank[order][np.maximum.accumulate(first)]
    return shared, size


def _classes(
    values: LeadValues,
    in_model: np.ndarray,
    keys: np.ndarray,
    parameters: Parameters,
) -> tuple[np.ndarray, tuple[LeadClass, ...]]:
    """Return the class of each lead; ``keys`` holds its pool, kind and release."""
    chosen = np.flatnonzero(in_model)
    if not len(chosen):
        return np.full(in_model.shape, -1, dtype=np.int64), ()
    group, _ = group_codes(keys[:, chosen])
    bucket = _value_buckets(
        values.inmail_value[chosen], values.connection_value[chosen], group, parameters
    )
    return number_classes(values, chosen, keys[:, chosen], bucket)


def group_codes(keys: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a code per column of ``keys`` (pool, kind, release), and their number."""
    bases = keys.max(axis=1) + 1
    distinct, codes = np.unique(
        np.ravel_multi_index(tuple(keys), tuple(bases)), return_inverse=True
    )
    return codes, len(distinct)


def number_classes(
    values: LeadValues, chosen: np.ndarray, keys: np.ndarray, bucket: np.ndarray
) -> tuple[np.ndarray, tuple[LeadClass, ...]]:
    """Return the class of each lead (-1 if not `chosen`) and the classes.

    Parameters
    ----------
    chosen : numpy.ndarray
        Indices of the leads in the model.
    keys : numpy.ndarray
        Pool, kind and release of each of them, shape ``(3, len(chosen))``.
    bucket : numpy.ndarray
        Leads of equal keys and bucket make a class.
    """
    lead_class = np.full(values.weight.shape, -1, dtype=np.int64)
    bases = (*(int(base) + 1 for base in keys.max(axis=1)), int(bucket.max()) + 1)
    code, lead_code = np.unique(
        np.ravel_multi_index((*keys, bucket), bases), return_inverse=True
    )
    lead_class[chosen] = lead_code
    size = np.bincount(lead_code)
    inmail = np.bincount(lead_code, weights=values.inmail_value[chosen]) / size
    connection = np.bincount(lead_code, weights=values.connection_value[chosen]) / size
    pool, kind, release, _ = np.unravel_index(code, bases)
    classes = tuple(
        LeadClass(
            pool=int(pool[c]), kind=int(kind[c]), release=int(release[c]),
            size=int(size[c]), inmail_value=round(float(inmail[c]), DIGITS),
            connection_value=round(float(connection[c]), DIGITS),
        )
        for c in range(len(code))
    )  # fmt: skip
    return lead_class, classes


def _value_buckets(
    inmail: np.ndarray, connection: np.ndarray, group: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """Return a bucket per lead, 0 the most valuable; exact where values are few.

    Quantiles are top-heavy (equal steps in the square root of the rank), because the
    cut between sent and held lies near the top where leads are plenty.
    """
    first, _ = _codes(np.round(inmail, 12))
    second, width = _codes(np.round(connection, 12))
    exact, distinct = pd.factorize(first * width + second, sort=True)
    num_groups = int(group.max()) + 1
    if len(distinct) * num_groups <= parameters.max_classes:
        return np.asarray(len(distinct) - 1 - exact)
    # Coarse on purpose: finer classes come where prices say that they matter.
    num_buckets = max(3, parameters.max_classes // (2 * num_groups))
    rank, size = ranks(group, -inmail, -connection)
    bucket = np.minimum(np.sqrt(rank / size) * num_buckets, num_buckets - 1)
    return np.asarray(bucket.astype(np.int64))
