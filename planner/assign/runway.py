"""Each seat's balance, day by day from the plan's date past its reset, with its band.

The volumes are the plan's: this week as written, later weeks as the program spreads them.
The band is the plan's own guarantee drawn out over the days: at the end of each day, with
probability ``1 - alpha`` each, the balance is at least ``low`` and at most ``high``. No
refund is counted. A grant adds to both ends what the cap lets in, and a new cycle starts
from there, so after a reset the band is on the safe side.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import pandas as pd

from planner import schemas
from planner.assign.leads import Problem
from planner.dates import ONE_DAY, ONE_WEEK, resets_after
from planner.domain import Kind, Seat
from planner.model.credits import CreditUse


def runway(problem: Problem, days: pd.DataFrame, until: dt.date) -> pd.DataFrame:
    """Return every seat's balance by day, as `planner.schemas.RUNWAY`, in inventory order.

    The days begin with the plan's date and go on for a week after the seat's reset, at
    least to the end of the planned week, and never beyond the horizon.

    Parameters
    ----------
    days : pandas.DataFrame
        This week's sends by seat and day, `planner.schemas.DAYS`.
    until : datetime.date
        Last day of the planned week.
    """
    tiers = problem.instance.tiers
    shared = _Shared(
        use=CreditUse(tiers),
        mean_use=np.array([tier.use for tier in tiers]),
        alpha=problem.parameters.alpha
        / (len(problem.seats) if problem.parameters.joint else 1),
    )
    sends = _sends(problem, days)
    horizon = max((p.days[-1].date for p in problem.instance.periods), default=until)
    rows: list[dict[str, object]] = []
    for index, seat in enumerate(problem.seats):
        reset = next(resets_after(seat.reset_rule, problem.as_of))
        last = min(max(reset + ONE_WEEK, until), max(horizon, until))
        rows += _days(seat, sends.get(index, {}), (problem.as_of, last), shared)
    frame = pd.DataFrame(rows, columns=schemas.names(schemas.RUNWAY))
    kinds = {"text": "str", "number": "float64"}
    return frame.astype({column.name: kinds[column.kind] for column in schemas.RUNWAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What holds for all seats: how InMails use credits, and the chance to be wrong."""

    use: CreditUse
    mean_use: np.ndarray
    alpha: float


def _days(
    seat: Seat,
    sends: Mapping[dt.date, np.ndarray],
    span: tuple[dt.date, dt.date],
    shared: _Shared,
) -> list[dict[str, object]]:
    """Return one seat's days; `span` is the first and the last of them."""
    day, last = span
    resets = set(takewhile(lambda reset: reset <= last, resets_after(seat.reset_rule, day)))
    book = _Book(seat, shared)
    rows: list[dict[str, object]] = []
    while day <= last:
        granted, forfeited = book.grant() if day in resets else (0.0, 0.0)
        mix = sends.get(day)
        if mix is not None:
            book.spend(mix)
        expected, low, high = book.balance()
        rows.append(
            {
                "seat_id": seat.seat_id,
                "date": day.isoformat(),
                "expected": round(expected, 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "inmails": 0.0 if mix is None else round(float(mix.sum()), 4),
                "granted": round(granted, 4),
                "forfeited": round(forfeited, 4),
            }
        )
        day += ONE_DAY
    return rows


class _Book:
    """One seat's credits: expected, and both ends of the band."""

    def __init__(self, seat: Seat, shared: _Shared) -> None:
        self._seat = seat
        self._shared = shared
        #: Balance at the start of the cycle: expected, low, high.
        self._start = (float(seat.credits),) * 3
        self._mix = np.zeros(len(shared.mean_use))
        self._band: tuple[float, float, float] | None = None

    def spend(self, mix: np.ndarray) -> None:
        """Book InMails by tier."""
        self._mix = self._mix + mix
        self._band = None

    def grant(self) -> tuple[float, float]:
        """Book a grant; return the expected credits added, and those forfeited."""
        before = self.balance()
        after = tuple(self._granted(balance) for balance in before)
        self._start = (after[0], after[1], after[2])
        self._mix = np.zeros_like(self._mix)
        self._band = None
        added = after[0] - before[0]
        return added, self._seat.monthly_grant - added

    def _granted(self, balance: float) -> float:
        # What is above the cap already stays.
        return max(balance, min(balance + self._seat.monthly_grant, self._seat.credit_cap))

    def balance(self) -> tuple[float, float, float]:
        """Return the expected balance, and a low and a high one around it."""
        if self._band is None:
            expected, low, high = self._start
            most, least = self._bounds()
            mean = max(0.0, expected - float(self._mix @ self._shared.mean_use))
            # Where a credit is hardly ever used, the mean lies outside of the bounds.
            self._band = (
                mean, min(mean, max(0.0, low - most)), max(mean, high - least),
            )  # fmt: skip
        return self._band

    def _bounds(self) -> tuple[float, float]:
        """Return the most and the least credits that this cycle's InMails used so far."""
        whole = np.round(self._mix)
        if whole.sum() == 0:
            return 0.0, 0.0
        alpha = self._shared.alpha
        cdf = self._shared.use.cdf(whole)
        most = int(np.searchsorted(cdf, 1 - alpha - 1e-12))
        # P(use < least) <= alpha: as many are used with 1 - alpha.
        least = int(np.searchsorted(cdf, alpha + 1e-12, side="right"))
        total = int(whole.sum())
        return float(min(most, total)), float(min(least, total))


def _sends(problem: Problem, days: pd.DataFrame) -> dict[int, dict[dt.date, np.ndarray]]:
    """Return InMails by tier, by seat and day: shape ``(num_tiers,)`` each.

    This week's go on the days on which the leads go, later ones evenly onto the days of
    their period that may send InMails. A period's tiers keep their proportion on all of
    its days.
    """
    by_day = _written(days)
    sends: dict[int, dict[dt.date, np.ndarray]] = {}
    for number, period in enumerate(problem.instance.periods):
        mix = problem.slots.inmails[number].astype(float)
        free, paid = mix.copy(), mix.copy()
        free[np.arange(len(mix)) != Kind.OPEN] = 0.0
        paid[Kind.OPEN] = 0.0
        own = sends.setdefault(period.seat, {})
        seat_id = problem.seats[period.seat].seat_id
        for part, name in ((free, "open_inmails"), (paid, "paid_inmails")):
            if not part.sum():
                continue
            weights = [
                by_day.get((seat_id, day.date), {}).get(name, 0.0)
                if period.week == 0
                else float(day.max_inmails)
                for day in period.days
            ]
            for day, share in zip(period.days, _shares(weights), strict=True):
                if share:
                    own[day.date] = own.get(day.date, np.zeros(len(mix))) + part * share
    return sends


def _written(days: pd.DataFrame) -> dict[tuple[str, dt.date], dict[str, float]]:
    return {
        (str(line["seat_id"]), dt.date.fromisoformat(str(line["date"]))): {
            name: float(line[name]) for name in ("open_inmails", "paid_inmails")
        }
        for line in days.to_dict("records")
    }


def _shares(weights: Sequence[float]) -> list[float]:
    """Return weights as shares of their sum; all on the last day if there is none."""
    total = math.fsum(weights)
    if total <= 0:
        return [0.0] * (len(weights) - 1) + [1.0]
    return [weight / total for weight in weights]
