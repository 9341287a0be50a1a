"""Worlds and sends made by hand, so that what must happen can be worked out on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from planner.domain import Flag
from planner.params import Parameters
from planner.simulate.answers import DelayCdfs, Rates
from planner.simulate.engine import Terms
from planner.simulate.numbers import keys_of
from planner.simulate.sends import Sends
from planner.simulate.world import World

#: Nothing goes wrong that a test does not ask for. `replace` takes values beyond the
#: ranges that users are held to.
CALM = replace(
    Parameters(),
    open_flag_leak=0.0,
    inmail_off_share=0.0,
    profile_gone_share=0.0,
    failed_send_credit_loss=0.0,
    zero_balance_freeze=0.0,
)


def world(
    flags: Sequence[Flag],
    *,
    parameters: Parameters = CALM,
    num_draws: int = 200,
    seed: int = 1,
    share: np.ndarray | None = None,
    reply_rate: float = 0.0,
    delay: int = 3,
) -> World:
    """Return a world of leads with these flags, in one segment.

    Every InMail is answered with `reply_rate`, after exactly `delay` days; nobody
    accepts a request. ``share`` is the open share by draw, one half if not given.
    """
    nobody = np.zeros((num_draws, 1))
    late = np.where(np.arange(121) >= delay, 1.0, 0.0)
    return World(
        seed=seed,
        num_draws=num_draws,
        key=keys_of([f"lead-{number}" for number in range(len(flags))]),
        open_flag=np.array([int(flag) for flag in flags]),
        inmail_flag=np.full(len(flags), int(Flag.UNKNOWN)),
        segment=np.zeros(len(flags), dtype=np.int64),
        rate_segment=np.zeros(len(flags), dtype=np.int64),
        weight=np.ones(len(flags)),
        share=np.full((num_draws, 1), 0.5) if share is None else share,
        rates=Rates(nobody + reply_rate, nobody, nobody),
        cdfs=DelayCdfs(late, late, late),
        parameters=parameters,
    )


def terms(
    credits: int,
    *,
    resets: Sequence[int] = (100,),
    cap: int = 150,
    refund_window: int = 90,
    inmail_factor: float = 1.0,
) -> Terms:
    """Return a seat with so many credits and no reserve; days count from 1."""
    return Terms(
        seat_id="anna", credits=credits, reserve=0, grant=50, cap=cap,
        resets=tuple(resets), horizon=120, inmail_factor=inmail_factor,
        request_factor=1.0, refund_window=refund_window,
    )  # fmt: skip


def inmails(days: Sequence[int], *, resets: Sequence[int] = (100,)) -> Sends:
    """Return InMails of one seat to leads 0, 1, ... on these days, all this week."""
    return Sends(
        lead=np.arange(len(days)),
        seat=np.zeros(len(days), dtype=np.int64),
        day=np.array(days, dtype=np.int64),
        cycle=np.array(
            [sum(reset <= day for reset in resets) for day in days], dtype=np.int64
        ),
        is_inmail=np.ones(len(days), dtype=np.bool_),
        is_this_week=np.ones(len(days), dtype=np.bool_),
    )
