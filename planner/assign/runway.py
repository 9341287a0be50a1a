"""Each seat's balance, day by day from the plan's date past its reset, with its band.

The volumes are the plan's: this week as written, later weeks as the program spreads them.
The band is the plan's own guarantee drawn out over the days: at the end of each day, with
probability ``1 - alpha`` at least each, the balance is no less than ``low`` and no more
than ``high``. No refund is counted. After j grants alpha is shared by the j + 1 cycles so
far, each with its own bound: together they are wrong with alpha at most.
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
from planner.assign.summary import frame
from planner.dates import ONE_DAY, ONE_WEEK, resets_after
from planner.domain import Kind, Seat
from planner.model.credits import CreditUse, use_of


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
    shared = Shared(
        use=use_of(tiers),
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
    return frame(rows, schemas.RUNWAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What holds for all seats: how InMails use credits, and the chance to be wrong."""

    use: CreditUse
    mean_use: np.ndarray
    alpha: float


def _days(
    seat: Seat,
    sends: Mapping[dt.date, np.ndarray],
    span: tuple[dt.date, dt.date],
    shared: Shared,
) -> list[dict[str, object]]:
    """Return one seat's days; `span` is the first and the last of them."""
    day, last = span
    resets = set(takewhile(lambda reset: reset <= last, resets_after(seat.reset_rule, day)))
    book = Book(seat, shared)
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


class Book:
    """One seat's credits, from the InMails of each cycle so far."""

    def __init__(self, seat: Seat, shared: Shared) -> None:
        self._seat = seat
        self._shared = shared
        #: InMails by tier, of each cycle up to now.
        self._mixes = [np.zeros(len(shared.mean_use))]
        self._band: tuple[float, float, float] | None = None

    def spend(self, mix: np.ndarray) -> None:
        """Book InMails by tier."""
        self._mixes[-1] = self._mixes[-1] + mix
        self._band = None

    def grant(self) -> tuple[float, float]:
        """Book a grant; return the expected credits added, and those forfeited."""
        before = self.balance()[0]
        self._mixes.append(np.zeros_like(self._mixes[0]))
        self._band = None
        added = self.balance()[0] - before
        return added, self._seat.monthly_grant - added

    def balance(self) -> tuple[float, float, float]:
        """Return the expected balance, and a low and a high one around it."""
        if self._band is None:
            level = self._shared.alpha / len(self._mixes)
            bounds = [self._bounds(mix, level) for mix in self._mixes]
            mean = self._fold([float(mix @ self._shared.mean_use) for mix in self._mixes])
            low = self._fold([most for most, _ in bounds])
            high = self._fold([least for _, least in bounds])
            # Where a credit is hardly ever used, the mean lies outside of the bounds.
            self._band = (mean, min(mean, low), max(mean, high))
        return self._band

    def _fold(self, used: Sequence[float]) -> float:
        """Return the balance after so many credits used in each cycle."""
        seat, balance = self._seat, float(self._seat.credits)
        for number, credits in enumerate(used):
            if number:
                # What is above the cap already stays.
                balance = max(balance, min(balance + seat.monthly_grant, seat.credit_cap))
            balance = max(0.0, balance - credits)
        return balance

    def _bounds(self, mix: np.ndarray, level: float) -> tuple[float, float]:
        """Return the most and the least credits that InMails use, each with 1 - level."""
        counts = whole(mix)
        total = int(counts.sum())
        if total == 0:
            return 0.0, 0.0
        cdf = self._shared.use.cdf(counts)
        most = int(np.searchsorted(cdf, 1 - level - 1e-12))
        # P(use < least) <= level: as many are used with 1 - level.
        least = int(np.searchsorted(cdf, level + 1e-12, side="right"))
        return float(min(most, total)), float(min(least, total))


def whole(mix: np.ndarray) -> np.ndarray:
    """Return whole InMails by tier that sum to the rounded total, by largest remainder."""
    counts = np.floor(mix + 1e-9)
    missing = round(float(mix.sum())) - int(counts.sum())
    if missing > 0:
        counts[np.argsort(counts - mix, kind="stable")[:missing]] += 1
    return counts


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
