"""Figures of simulated weeks over replications, and the sentence that they support."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.estimate.intervals import clopper_pearson, mean_interval
from planner.simulate.policies import Policy
from planner.simulate.weeks import Played
from planner.simulate.weeks_tables import COUNTS, by_week, failures, resets
from planner.simulate.words import switched_off

#: Raised when a key changes its meaning or goes; new keys do not raise it.
SCHEMA_VERSION = 1

#: Policies that go through the weeks, the planner's own first.
POLICIES = (Policy.PLAN, Policy.EVEN_SPLIT, Policy.EVEN_SPLIT_FREE)

#: What is summed up over weeks and seats, and how it is made up.
TOTALS: Mapping[str, tuple[str, ...]] = {
    "replies": ("replies",),
    "weighted_replies": ("weighted_replies",),
    "inmails": ("open_inmails", "paid_inmails"),
    "connection_requests": ("connection_requests",),
    "messages": ("messages",),
    "failed_no_credits": ("failed_no_credits",),
    "failed_inmail_off": ("failed_inmail_off",),
    "failed_profile_gone": ("failed_profile_gone",),
    "credits_used": ("credits_used",),
    "credits_forfeited": ("credits_forfeited",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the weeks were, and what they are held against.

    ``level`` is the probability that intervals hold, ``switched_off`` are the parts of
    the guarantee that the run was told to report only.
    """

    run: str
    start: str
    num_weeks: int
    num_replications: int
    seed: int
    arrivals: int | None
    alpha: float
    level: float
    switched_off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """Everything that happened, by policy and replication (from 1).

    Columns ``policy`` and ``replication``, and those of `planner.simulate.weeks_tables`.
    ``within`` of ``checked`` balances, read at the plan, lay within what the ledger had.
    """

    weeks: pd.DataFrame
    resets: pd.DataFrame
    failures: pd.DataFrame
    num_arrived: int
    within: int
    checked: int


def tables(policy: Policy, replication: int, played: Played) -> Tables:
    """Return the tables of one replication (from 1) of one policy.

    They are small; the field that they are taken from, with every send, is not. Who
    arrived and the balances count under the plan alone.
    """
    frames = {
        "weeks": by_week(played), "resets": resets(played.after),
        "failures": failures(played),
    }  # fmt: skip
    for frame in frames.values():
        frame.insert(0, "policy", str(policy))
        frame.insert(1, "replication", replication)
    counts = int(policy is Policy.PLAN)
    return Tables(
        **frames,
        num_arrived=counts * played.num_arrived,
        within=counts * played.within,
        checked=counts * played.checked,
    )


def together(parts: Sequence[Tables]) -> Tables:
    """Return the tables of all replications of all policies, in the order given."""
    frames = {
        name: pd.concat([getattr(one, name) for one in parts], ignore_index=True)
        for name in ("weeks", "resets", "failures")
    }
    return Tables(
        **frames,
        num_arrived=sum(one.num_arrived for one in parts),
        within=sum(one.within for one in parts),
        checked=sum(one.checked for one in parts),
    )


def document(found: Tables, about: About) -> dict[str, Any]:
    """Return all figures, ready for JSON."""
    guarantee = {str(policy): _guarantee(found, policy, about) for policy in POLICIES}
    totals = {str(policy): _totals(found, policy, about) for policy in POLICIES}
    made: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "run": about.run,
        "start": about.start,
        "weeks": about.num_weeks,
        "replications": about.num_replications,
        "seed": about.seed,
        "arrivals_per_week": about.arrivals,
        "arrived": found.num_arrived,
        "alpha": about.alpha,
        "switched_off": list(about.switched_off),
        "confidence": about.level,
        "guarantee": guarantee,
        "seats": {str(policy): _by_seat(found, policy, about) for policy in POLICIES},
        "totals": totals,
        "plan_less_other": {
            str(policy): _differences(found, policy, about) for policy in POLICIES[1:]
        },
        "failures": _failures(found),
        "by_week": {str(policy): _weekly(found, policy, about) for policy in POLICIES},
        "balances_read": {"within_the_ledgers": found.within, "of": found.checked},
    }
    made["in_words"] = in_words(made)
    return made


# --- the guarantee ------------------------------------------------------------------


def _of(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    return frame[frame["policy"] == str(policy)]


def _share(hits: pd.Series, about: About) -> dict[str, Any]:
    num, count = int(hits.sum()), len(hits)
    low, high = clopper_pearson(num, count, about.level) if count else (0.0, 1.0)
    share = num / count if count else None
    return {"num": num, "of": count, "share": share, "low": low, "high": high}


def _guarantee(found: Tables, policy: Policy, about: About) -> dict[str, Any]:
    """Return how many seat-resets went wrong, with exact intervals.

    Seat-resets of one replication share what is not known of the open shares, so the
    intervals are a little too narrow; replications are independent of each other.
    """
    own = _of(found.resets, policy)
    hit = own.groupby("replication")["ran_out"].any()
    every = pd.Series(
        [bool(hit.get(number, False)) for number in range(1, about.num_replications + 1)]
    )
    return {
        "ran_out": _share(own["ran_out"], about),
        "into_reserve": _share(own["into_reserve"], about),
        "replications_with_a_seat_run_out": _share(every, about),
    }


def _by_seat(found: Tables, policy: Policy, about: About) -> list[dict[str, Any]]:
    return [
        {
            "seat_id": str(seat_id),
            "ran_out": _share(own["ran_out"], about),
            "into_reserve": _share(own["into_reserve"], about),
        }
        for seat_id, own in _of(found.resets, policy).groupby("seat_id", sort=True)
    ]


# --- totals -------------------------------------------------------------------------


def _sums(found: Tables, policy: Policy) -> pd.DataFrame:
    """Return a line per replication with everything of `TOTALS`."""
    own = _of(found.weeks, policy).groupby("replication", sort=True)[list(COUNTS)].sum()
    return pd.DataFrame(
        {name: own[list(parts)].sum(axis=1) for name, parts in TOTALS.items()}
    )


def _mean(values: pd.Series, about: About) -> dict[str, float | None]:
    low, high = mean_interval(values.to_numpy(dtype=float), about.level)
    finite = math.isfinite(low)
    return {
        "mean": round(float(values.mean()), 4),
        "low": round(low, 4) if finite else None,
        "high": round(high, 4) if finite else None,
    }


def _totals(found: Tables, policy: Policy, about: About) -> dict[str, Any]:
    sums = _sums(found, policy)
    means = {name: _mean(sums[name], about) for name in TOTALS}
    for mean in means.values():
        if mean["low"] is not None:
            mean["low"] = max(0.0, mean["low"])  # counts: Student does not know
    return means


def _differences(found: Tables, policy: Policy, about: About) -> dict[str, Any]:
    """Return the plan's totals less another policy's, replication by replication."""
    less = _sums(found, Policy.PLAN) - _sums(found, policy)
    names = ("replies", "weighted_replies", "failed_no_credits", "credits_forfeited")
    return {name: _mean(less[name], about) for name in names}


def _weekly(found: Tables, policy: Policy, about: About) -> list[dict[str, Any]]:
    own = _of(found.weeks, policy).groupby("week", sort=True)[list(COUNTS)].sum()
    return [
        {
            "week": int(str(week)),
            **{
                name: round(float(line[name]) / about.num_replications, 4)
                for name in COUNTS
            },
        }
        for week, line in own.iterrows()
    ]


def _failures(found: Tables) -> list[dict[str, Any]]:
    """Return what became of failed InMails by cause, summed over replications."""
    names = [name for name in found.failures if name not in ("policy", "replication")]
    sums = found.failures[["policy", *names]].groupby(["policy", "cause"], sort=False).sum()
    return [
        {str(name): _plain(value) for name, value in line.items()}
        for line in sums.reset_index().to_dict("records")
    ]


def _plain(value: object) -> str | int:
    return value if isinstance(value, str) else int(str(value))


# --- in words -----------------------------------------------------------------------


def in_words(made: Mapping[str, Any]) -> str:
    """Return the plain sentences that the figures support, and no more than that."""
    plan, even, free = (str(policy) for policy in POLICIES)
    every = made["guarantee"]
    own, alpha = every[plan]["into_reserve"], made["alpha"]
    if not own["of"]:
        return "No seat came to a reset in these weeks: nothing can be said of alpha."
    interval = f"{made['confidence']:.0%} interval {own['low']:.1%} to {own['high']:.1%}"
    text = (
        f"Under the plan {own['num']:,} of {own['of']:,} seat-resets needed a credit of "
        f"the reserve ({own['share']:.1%}, {interval}); alpha is {alpha:.1%}: "
        f"{_judgement(own, alpha)}. {every[plan]['ran_out']['num']:,} ran out."
        f"{switched_off(made['switched_off'])}"
    )
    ran = {name: every[name]["ran_out"]["share"] for name in (even, free)}
    text += (
        f" Under GetSales' even split {ran[even]:.1%} of them ran out, with free InMails "
        f"only {ran[free]:.1%}."
    )
    return f"{text} {_replies(made, even)} {_replies(made, free)}"


def _judgement(own: Mapping[str, Any], alpha: float) -> str:
    """Return what the exact interval says of the guarantee."""
    if own["high"] <= alpha:
        return "the guarantee held, all seats and resets pooled"
    if own["low"] > alpha:
        return "the guarantee did not hold, all seats and resets pooled"
    if own["share"] > alpha:
        return "more than that, but so few seat-resets cannot tell"
    return "no more than that, but so few seat-resets cannot prove it"


def _replies(made: Mapping[str, Any], other: str) -> str:
    less = made["plan_less_other"][other]["replies"]
    name = {
        str(Policy.EVEN_SPLIT): "the even split",
        str(Policy.EVEN_SPLIT_FREE): "free InMails only",
    }[other]
    mean, low, high = less["mean"], less["low"], less["high"]
    if low is None or high is None:
        return f"Replies against {name}: {mean:+,.0f}; one replication tells no more."
    if low <= 0 <= high:
        return (
            f"In replies the plan does not differ from {name} beyond its interval "
            f"({mean:+,.0f}, {low:+,.0f} to {high:+,.0f})."
        )
    word = "more" if mean > 0 else "fewer"
    low, high = sorted((abs(low), abs(high)))
    return (
        f"The plan got {abs(mean):,.0f} replies {word} than {name} ({low:,.0f} to "
        f"{high:,.0f})."
    )
