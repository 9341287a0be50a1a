"""From the states of seats to the cause of each failure: priors, texts, posterior.

A failed InMail has a lead and a seat. The lead is *reachable*, or has InMail *off*, was
*messaged*, is *connected* or *gone* (any of these fails for sure); the seat is in one of
three states. With prior p(L) of the lead, chances c(z) of the seat's state given all its
other events, chance f(z) that an InMail to a reachable lead fails, and chance t(cause) of
the error text::

    p(cause = L)         ~ p(L) t(L)                          L not reachable
    p(cause = exhausted) ~ p(reachable) c(exhausted) f(exhausted) t(exhausted)
    p(cause = velocity)  ~ p(reachable) c(blocked) f(blocked) t(velocity)
    p(cause = unknown)   ~ p(reachable) c(fine) f(fine) t(unknown)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.domain import Cause, Degree, Flag, Route
from planner.errors import ParameterError
from planner.params import Parameters
from planner.triage.states import Four, failure_chance

Floats: TypeAlias = NDArray[np.float64]

#: Causes that lie with the lead, in the order of the columns of `lead_priors`; the last
#: column there is "reachable".
LEAD_CAUSES = (
    Cause.INMAIL_OFF,
    Cause.ALREADY_MESSAGED,
    Cause.ALREADY_CONNECTED,
    Cause.PROFILE_GONE,
)
#: Causes of a reachable lead by state of its seat: fine, exhausted, blocked.
SEAT_CAUSES = (Cause.UNKNOWN, Cause.CREDITS_EXHAUSTED, Cause.VELOCITY_BLOCK)
# Where the cause of each state of the chain stands in SEAT_CAUSES.
_BY_STATE = [0, 1, 1, 2]
#: Columns of a posterior.
CAUSES = (*LEAD_CAUSES, *SEAT_CAUSES)

#: Parameter with the pattern of each class of error texts. The first that matches
#: counts: a text that names the recipient's case says more than one about credits.
PATTERNS: Mapping[Cause, str] = {
    Cause.INMAIL_OFF: "error_pattern_inmail_off",
    Cause.ALREADY_MESSAGED: "error_pattern_already_messaged",
    Cause.ALREADY_CONNECTED: "error_pattern_already_connected",
    Cause.PROFILE_GONE: "error_pattern_profile_gone",
    Cause.CREDITS_EXHAUSTED: "error_pattern_credits",
    Cause.VELOCITY_BLOCK: "error_pattern_velocity",
}

# Patterns are not matched beyond this: a text may be a whole page.
_LONGEST_TEXT = 2_000


def error_classes(texts: Sequence[str], parameters: Parameters) -> list[str]:
    """Return what each error text speaks of: a cause, ``unknown``, or "" if blank.

    Raises
    ------
    ParameterError
        If a pattern is no regular expression.
    """
    patterns = {
        cause: _compiled(name, getattr(parameters, name))
        for cause, name in PATTERNS.items()
    }
    known: dict[str, str] = {}
    for text in texts:
        if text not in known:
            known[text] = _error_class(text[:_LONGEST_TEXT].strip(), patterns)
    return [known[text] for text in texts]


def _compiled(name: str, pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.IGNORECASE) if pattern else None
    except re.error as error:
        raise ParameterError(
            f"parameter {name}: not a regular expression ({error})"
        ) from error


def _error_class(text: str, patterns: Mapping[Cause, re.Pattern[str] | None]) -> str:
    if not text:
        return ""
    for cause, pattern in patterns.items():
        if pattern is not None and pattern.search(text):
            return str(cause)
    return str(Cause.UNKNOWN)


def text_likelihoods(classes: Sequence[str], parameters: Parameters) -> Floats:
    """Return the chance of each error text under each of `CAUSES`; 1 where it is blank."""
    table = {"": [1.0] * len(CAUSES)}
    shares = {cause: _text_shares(cause, parameters) for cause in CAUSES}
    for shown in Cause:
        table[str(shown)] = [shares[cause][shown] for cause in CAUSES]
    return np.array([table[name] for name in classes], dtype=np.float64).reshape(
        -1, len(CAUSES)
    )


def _text_shares(cause: Cause, parameters: Parameters) -> Mapping[Cause, float]:
    """Return the share of each class of text under a cause; they add up to one.

    "Out of credits" is as likely where InMail is off as where credits are gone
    (15587500): one parameter for both is the point. UNKNOWN stands for a text that
    matches nothing.
    """
    own = parameters.text_own_share
    special: Mapping[Cause, Mapping[Cause, float]] = {
        Cause.CREDITS_EXHAUSTED: {
            Cause.CREDITS_EXHAUSTED: own,
            Cause.VELOCITY_BLOCK: parameters.text_limit_if_exhausted_share,
        },
        Cause.INMAIL_OFF: {
            Cause.CREDITS_EXHAUSTED: own,
            Cause.INMAIL_OFF: parameters.text_inmail_off_share,
        },
        Cause.VELOCITY_BLOCK: {
            Cause.CREDITS_EXHAUSTED: parameters.text_credits_if_blocked_share,
            Cause.VELOCITY_BLOCK: parameters.text_velocity_share,
        },
        Cause.UNKNOWN: {},
    }
    told = special.get(cause, {cause: own})
    shares = {shown: told.get(shown, parameters.text_wrong_share) for shown in PATTERNS}
    return {**shares, Cause.UNKNOWN: 1 - sum(shares.values())}


def seat_classes(classes: Sequence[str]) -> list[str]:
    """Return error classes as the seats' states may use them.

    What speaks of missing credits, or of nothing known, counts as blank: a seat must
    never look empty because of it.
    """
    return ["" if is_weak(name) else name for name in classes]


def is_weak(error_class: str) -> bool:
    """Return whether a text says nothing about its seat."""
    return error_class in (Cause.CREDITS_EXHAUSTED, Cause.UNKNOWN)


def credit_needs(failures: pd.DataFrame, parameters: Parameters) -> Floats:
    """Return the chance that each InMail needs a credit, shape ``(num_failures,)``.

    What the plan said counts, unless a flag is known; an InMail of which neither says
    anything is taken for one to an ordinary lead of its route.
    """
    leak = parameters.open_flag_leak
    open_flag = failures["open_flag"].to_numpy()
    is_free = (failures["route"] == str(Route.OPEN_INMAIL)).to_numpy(dtype=bool)
    usual = np.where(is_free, leak, 1 - parameters.open_share_prior)
    planned = failures["credit_probability"].to_numpy(dtype=np.float64, na_value=np.nan)
    need = np.where(np.isnan(planned), usual, planned)
    need = np.where(open_flag == Flag.YES, leak, need)
    return np.clip(np.where(open_flag == Flag.NO, 1.0, need), 0.0, 1.0)


def lead_priors(failures: pd.DataFrame, parameters: Parameters) -> Floats:
    """Return the chance of each of `LEAD_CAUSES`, then of a reachable lead.

    Shape ``(num_failures, 5)``; rows add up to one.
    """
    told, untold = parameters.told_cause_share, parameters.untold_cause_share
    inmail = failures["inmail_flag"].to_numpy()
    is_open = failures["open_flag"].to_numpy() == Flag.YES
    seat = failures["seat_id"]
    off = np.where(
        inmail == Flag.NO,
        told,
        np.where((inmail == Flag.YES) | is_open, untold, parameters.inmail_off_share),
    )
    degree = failures["degree"].to_numpy()
    same_degree = ((failures["degree_seat"] == "") | (failures["degree_seat"] == seat)) & (
        degree == Degree.FIRST
    )
    first = same_degree | (
        (failures["accepted_by"] != "") & (failures["accepted_by"] == seat)
    )
    connected = np.where(
        first.to_numpy(dtype=bool),
        told,
        np.where(degree == Degree.UNKNOWN, parameters.connected_share, untold),
    )
    before = (failures["inmail_on"] != "").to_numpy(dtype=bool)
    same = (failures["inmail_seat"] == "") | (failures["inmail_seat"] == seat)
    messaged = np.where(
        before & same.to_numpy(dtype=bool) | (failures["replied_on"] != "").to_numpy(bool),
        told,
        np.where(before, parameters.messaged_elsewhere_share, untold),
    )
    gone = np.full(len(failures), parameters.profile_gone_share)
    table = np.stack([off, messaged, connected, gone], axis=1).astype(np.float64)
    reachable = np.maximum(1 - table.sum(axis=1), untold)
    table = np.concatenate([table, reachable[:, None]], axis=1)
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def failure_chances(needs: Floats, parameters: Parameters) -> Floats:
    """Return the chance that an InMail to a reachable lead fails: failures by states."""
    by_need = {need: failure_chance(need, parameters) for need in set(needs.tolist())}
    return np.array([by_need[need] for need in needs.tolist()]).reshape(-1, 4)


def failure_likelihoods(priors: Floats, chances: Floats, texts: Floats) -> list[Four]:
    """Return the likelihood of each failure, with its text, by state of its seat."""
    num = len(LEAD_CAUSES)
    of_lead = (priors[:, :num] * texts[:, :num]).sum(axis=1, keepdims=True)
    both = of_lead + priors[:, num:] * chances * texts[:, num:][:, _BY_STATE]
    return [(a, b, c, d) for a, b, c, d in both.tolist()]


def posterior(
    priors: Floats, chances: Floats, texts: Floats, states: Floats, leads: Sequence[str]
) -> Floats:
    """Return the chance of each of `CAUSES`, shape ``(num_failures, 7)``.

    Parameters
    ----------
    priors, chances, texts : numpy.ndarray
        From `lead_priors`, `failure_chances` and `text_likelihoods`.
    states : numpy.ndarray
        Chances of the chain's states given all other events of the seat.
    leads : sequence of str
        Keys of the leads: what other failures of a lead say about it counts as well.
    """
    num = len(LEAD_CAUSES)
    weight = chances * states
    by_state = texts[:, num:] * np.stack(
        [weight[:, 0], weight[:, 1] + weight[:, 2], weight[:, 3]], axis=1
    )
    says = np.concatenate([texts[:, :num], by_state.sum(axis=1, keepdims=True)], axis=1)
    # Each failure of a lead says something about it to the lead's other failures.
    frame = pd.DataFrame(np.log(np.maximum(says, 1e-300)))
    total = frame.groupby(np.asarray(leads, dtype=object), sort=False).transform("sum")
    others = total.to_numpy() - frame.to_numpy()
    others -= others.max(axis=1, keepdims=True) if len(others) else 0.0
    weighted = priors * np.exp(others)
    table = np.concatenate(
        [weighted[:, :num] * texts[:, :num], weighted[:, num:] * by_state], axis=1
    )
    return np.asarray(table / table.sum(axis=1, keepdims=True))
