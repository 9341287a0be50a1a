"""Recompute every promise of a plan from its assignments and its seats alone.

Shares no code with the model, the rounding or the placing: what a limit means is
written down here a second time, the plain way. A finding means that the program has a
defect; nothing is written then.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from planner.domain import Breach, History, Plan, Seat
from planner.errors import Issue

INMAIL_ROUTES = ("open_inmail", "paid_inmail")
SENT_ROUTES = (*INMAIL_ROUTES, "connection_request", "message")
ALL_ROUTES = (*SENT_ROUTES, "hold", "excluded")

#: Levels at which the shared uncertainty of open shares is evaluated; finer at the top.
LEVELS = np.concatenate([np.linspace(0.005, 0.895, 90), np.linspace(0.9005, 0.9995, 100)])
LEVEL_WEIGHTS = np.concatenate([np.full(90, 0.01), np.full(100, 0.001)])


def audit(
    plan: Plan, leads: pd.DataFrame, history: History | None = None
) -> tuple[Issue, ...]:
    """Return every broken promise; an empty tuple is what a plan must have.

    Parameters
    ----------
    plan : Plan
        Only its assignments, rows, seats, dates and parameters are looked at.
    leads : pandas.DataFrame
        The cleaned leads, for degree and exclusion.
    history : History, optional
        What the ledger knows of them and of their companies.
    """
    if not np.array_equal(plan.assignments["lead_id"], leads["lead_id"]):
        message = "the plan's leads are not the leads that came in, each once"
        return (Issue(code="audit-rows-in-rows-out", message=message),)
    view = _View.of(plan, leads, history)
    # Without a row for each lead and a seat for each send, limits cannot be judged.
    return _findings(view, (_rows_in_rows_out, _routes)) or _findings(view, _LIMITS)


def breaches(
    plan: Plan, leads: pd.DataFrame, history: History | None = None
) -> tuple[Breach, ...]:
    """Return where the plan goes beyond the limits that it only reports.

    Parameters are those of `audit`, whose other findings a plan must not have.
    """
    view = _View.of(plan, leads, history)
    return tuple(
        found
        for check in _LIMITS
        for found in check(view)
        if isinstance(found, Breach) and found.limit in view.report_only
    )


#: What is looked at of one seat's sends, column by column.
SEND_COLUMNS = ("route", "send_on", "open_flag", "segment")
Sends: TypeAlias = Mapping[str, np.ndarray]

_NOTHING = np.empty(0, dtype=object)


def _chosen(sends: Sends, these: np.ndarray) -> Sends:
    return {column: cells[these] for column, cells in sends.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    """The plan as plain arrays, and the sends of each seat."""

    plan: Plan
    table: pd.DataFrame
    leads: pd.DataFrame
    seats: Mapping[str, Seat]
    sent: pd.DataFrame
    by_seat: Mapping[str, Sends]
    history: History | None
    report_only: frozenset[str]

    @classmethod
    def of(cls, plan: Plan, leads: pd.DataFrame, history: History | None) -> _View:
        columns = [
            "lead_id", "linkedin_url", "route", "seat_id", "send_on", "open_flag",
            "open_probability", "credit_probability", "segment", "company_key", "owner",
            "group",
        ]  # fmt: skip
        table = plan.assignments[columns].assign(
            degree=leads["degree"].to_numpy(),
            exclusion=leads["exclusion"].to_numpy(),
            inmail_flag=leads["inmail_flag"].to_numpy(),
        )
        sent = table[table["route"].isin(SENT_ROUTES)].copy()
        for column in ("route", "seat_id", "send_on", "open_flag", "segment"):
            sent[column] = sent[column].astype("str")
        of_seat = {column: sent[column].to_numpy(dtype=object) for column in SEND_COLUMNS}
        return cls(
            plan=plan,
            table=table,
            leads=leads,
            seats={seat.seat_id: seat for seat in plan.seats},
            sent=sent,
            by_seat={
                str(key): {column: cells[at] for column, cells in of_seat.items()}
                for key, at in sent.groupby("seat_id").indices.items()
            },
            history=history,
            report_only=frozenset(
                name.strip()
                for name in plan.parameters.report_only.split(",")
                if name.strip()
            ),
        )

    def of_seat(self, seat_id: str, routes: Sequence[str]) -> Sends:
        own = self.by_seat.get(seat_id, dict.fromkeys(SEND_COLUMNS, _NOTHING))
        return _chosen(own, np.isin(own["route"], routes))


#: A check yields what must not be: in words, or as the breach of a named limit.
_Check: TypeAlias = Callable[[_View], Iterator["str | Breach"]]


def _findings(view: _View, checks: Sequence[_Check]) -> tuple[Issue, ...]:
    """Return what must not be; limits that are only reported may be gone beyond."""
    return tuple(
        Issue(
            code=f"audit-{check.__name__.strip('_').replace('_', '-')}",
            message=found.message if isinstance(found, Breach) else found,
        )
        for check in checks
        for found in check(view)
        if not (isinstance(found, Breach) and found.limit in view.report_only)
    )


def _on(limit: str, place: tuple[str, str], count: int, words: str) -> Breach:
    """Return the breach of so many sends, on one seat and day, of which none may be."""
    seat_id, day = place
    return Breach(
        limit=limit, seat_id=seat_id, day=day, count=count, most=0,
        message=f"seat {seat_id or '(to look up)'} sends {count} on {day}: {words}",
    )  # fmt: skip


def _each_day(limit: str, sends: pd.DataFrame, words: str) -> Iterator[Breach]:
    """Yield a breach for each seat and day with such sends."""
    counts = Counter(zip(sends["seat_id"], sends["send_on"], strict=True))
    for place, count in sorted(counts.items()):
        yield _on(limit, place, count, words)


def _rows_in_rows_out(view: _View) -> Iterator[str]:
    """Every input row became one lead, a duplicate of one, or a rejected row."""
    ids, rows = view.table["lead_id"].to_numpy(), view.plan.rows
    if (ids[1:] <= ids[:-1]).any():
        yield "a lead stands in the plan twice, or the plan is not in order"
        if len(set(ids)) < len(ids):
            return
    outcome, row_ids = rows["outcome"].to_numpy(), rows["lead_id"].to_numpy()
    places = pd.Index(ids).get_indexer(row_ids)
    made = places[outcome == "lead"]
    if (made < 0).any() or (np.bincount(made, minlength=len(ids)) != 1).any():
        yield "the leads are not the rows that made one"
    if (places[outcome == "duplicate"] < 0).any():
        yield "a duplicate row belongs to no lead"
    known = (outcome == "lead") | (outcome == "duplicate") | (outcome == "rejected")
    if not known.all():
        yield "an input row has no outcome"


def _routes(view: _View) -> Iterator[str]:
    """Each lead has one known route; a send has a seat of the inventory and a day."""
    table = view.table
    if not table["route"].isin(ALL_ROUTES).all():
        yield "a lead has an unknown route"
    idle = table[~table["route"].isin(SENT_ROUTES)]
    if (idle["seat_id"] != "").any() or (idle["send_on"] != "").any():
        yield "a held or excluded lead has a seat or a day"
    # Only a message may wait until it is known whose connection the lead is.
    to_look_up = (view.sent["route"] == "message") & (view.sent["seat_id"] == "")
    if not view.sent.loc[~to_look_up, "seat_id"].isin(list(view.seats)).all():
        yield "a send has no seat of the inventory"
    if ((view.sent["send_on"] == "") != to_look_up).any():
        yield "a send has no day, or a day without a seat"
    urls = view.sent.loc[view.sent["linkedin_url"] != "", "linkedin_url"]
    if not urls.is_unique:
        yield "one profile is contacted twice"


def _routes_fit_flags(view: _View) -> Iterator[str]:
    """Free InMails go to open profiles only, and each send books its credit."""
    sent, leak = view.sent, view.plan.parameters.open_flag_leak
    free = sent[sent["route"] == "open_inmail"]
    paid = sent[sent["route"] == "paid_inmail"]
    if (free["open_flag"] != "yes").any():
        yield "a free InMail goes to a profile that is not known to be open"
    if (paid["open_flag"] == "yes").any():
        yield "a profile known to be open is booked as paid"
    if not np.allclose(free["credit_probability"], leak):
        yield "a free InMail does not book the leak of open flags"
    if not np.allclose(
        paid["credit_probability"], 1 - paid["open_probability"] * (1 - leak)
    ):
        yield "a paid InMail does not book its credit probability"
    known = view.table[view.table["open_flag"] != "unknown"]
    if not np.allclose(known["open_probability"], known["open_flag"] == "yes"):
        yield "a known flag has another probability than 0 or 1"


def _eligibility(view: _View) -> Iterator[str | Breach]:
    """Excluded leads and connections are left alone; owners and groups are kept."""
    sent = view.sent
    if (sent["exclusion"] != "").any():
        yield "an excluded lead is contacted"
    if ((sent["degree"] == 1) != (sent["route"] == "message")).any():
        yield "a connection gets more than a message, or a stranger gets one"
    others = sent[sent["route"] != "message"]
    refused = others["route"].isin(INMAIL_ROUTES) & (others["inmail_flag"] == 0)
    yield from _each_day("inmail_off", others[refused], "InMails to leads that accept none")
    owned = others[others["owner"] != ""]
    strange = owned[owned["owner"] != owned["seat_id"]]
    yield from _each_day("owner", strange, "the lead belongs to another seat")
    grouped = others[(others["group"] != "") & (others["owner"] == "")]
    pairs = zip(grouped["seat_id"], grouped["group"], strict=True)
    served = [group in view.seats[seat_id].groups for seat_id, group in pairs]
    strange = grouped[~np.array(served, dtype=bool)]
    yield from _each_day("group", strange, "to a group that it does not serve")


def _sending_days(view: _View) -> Iterator[str | Breach]:
    """Every send is in the planned week, on a working day, clear of grants."""
    plan = view.plan
    for place, count in sorted(Counter(_pairs(view.sent)).items()):
        date, seat = dt.date.fromisoformat(place[1]), view.seats[place[0]]
        if not max(plan.as_of, plan.week_start) <= date <= plan.week_end:
            yield f"seat {place[0]} sends on {date}, outside the planned week"
        if seat.day_shares[date.weekday()] <= 0:
            yield _on("days_off", place, count, "no working day")
        if any(first <= date <= last for first, last in seat.away):
            yield _on("away", place, count, "the seat is away")
    inmails = view.sent[view.sent["route"].isin(INMAIL_ROUTES)]
    for place, count in sorted(Counter(_pairs(inmails)).items()):
        if _grant_is_unsure(view.seats[place[0]], dt.date.fromisoformat(place[1]), plan):
            yield _on("grant_delay", place, count, "InMails too close to a reset")


def _pairs(sent: pd.DataFrame) -> Iterator[tuple[str, str]]:
    dated = sent[sent["send_on"] != ""]
    return zip(dated["seat_id"], dated["send_on"], strict=True)


def _resets(seat: Seat, after: dt.date, until: dt.date) -> list[dt.date]:
    """Walk day by day and collect the grants; slow and plain on purpose."""
    kind, _, value = seat.reset_rule.partition(":")
    found = []
    day = after + dt.timedelta(days=1)
    while day <= until:
        month_end = (day + dt.timedelta(days=1)).month != day.month
        if kind == "month":
            hit = day.day == 1
        else:
            first = dt.date.fromisoformat(value) if kind == "date" else None
            wanted = first.day if first else int(value)
            hit = day.day == wanted or (month_end and day.day < wanted)
            hit = hit and (first is None or day >= first)
        if hit:
            found.append(day)
        day += dt.timedelta(days=1)
    return found


def _grant_is_unsure(seat: Seat, day: dt.date, plan: Plan) -> bool:
    zone, p = ZoneInfo(seat.time_zone), plan.parameters
    morning = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
    opens = (morning + dt.timedelta(hours=p.send_hour_start)).astimezone(dt.UTC)
    closes = (morning + dt.timedelta(hours=p.send_hour_end)).astimezone(dt.UTC)
    for reset in _resets(seat, plan.as_of, day + dt.timedelta(days=2)):
        start = dt.datetime(reset.year, reset.month, reset.day, tzinfo=dt.UTC)
        sure = start + dt.timedelta(hours=p.grant_delay_hours)
        if closes > start and opens < sure:
            return True
    if seat.grant_unseen == "":
        return False
    # The balance counts on a grant that nobody has seen arrive.
    hours = (opens - dt.datetime.fromisoformat(f"{seat.grant_unseen}T00:00:00+00:00")) / (
        dt.timedelta(hours=1)
    )
    return hours < p.grant_delay_hours


def _daily_limits(view: _View) -> Iterator[Breach]:
    """No day holds more than the seat's limits, scaled to the day."""
    most_messages = view.plan.parameters.max_messages_per_day
    limits = (
        (INMAIL_ROUTES, "inmails_per_day", "InMails"),
        (("open_inmail",), "open_inmails_per_day", "free InMails"),
        (("paid_inmail",), "paid_inmails_per_day", "paid InMails"),
        (("connection_request",), "requests_per_day", "requests"),
        (("message",), "messages_per_day", "messages"),
    )
    columns = {"requests_per_day": "max_connection_requests_per_day"}
    for routes, limit, words in limits:
        counts = Counter(_pairs(view.sent[view.sent["route"].isin(routes)]))
        for (seat_id, day), planned in sorted(counts.items()):
            count = planned + _settled(view.seats[seat_id], routes, day, day)
            seat = view.seats[seat_id]
            share = seat.day_shares[dt.date.fromisoformat(day).weekday()]
            if "days_off" in view.report_only:
                share = share or 1.0  # a day off is worked in full then
            full = getattr(seat, columns.get(limit, f"max_{limit}"), most_messages)
            most = math.floor(full * share + 1e-9)
            if count > most:
                yield Breach(
                    limit=limit, seat_id=seat_id, day=day, count=count, most=most,
                    message=f"seat {seat_id} has {count} {words} on {day}, not {most}",
                )  # fmt: skip


def _velocity(view: _View) -> Iterator[Breach]:
    """InMails of the week stay within the growth over the last four weeks."""
    p = view.plan.parameters
    for seat_id, seat in view.seats.items():
        own = view.of_seat(seat_id, INMAIL_ROUTES)["send_on"]
        if not len(own):
            continue
        week = sum(seat.day_shares)
        left = sum(
            share
            for weekday, share in enumerate(seat.day_shares)
            if weekday >= max(view.plan.as_of, view.plan.week_start).weekday()
        )
        if seat.inmails_last_28_days is None:
            stage = min(1.0, (seat.weeks_active + 1) / p.new_seat_ramp_weeks)
            most = week * seat.max_inmails_per_day * stage
        else:
            most = p.velocity_growth * seat.inmails_last_28_days / 4 + p.velocity_floor
        monday = view.plan.week_end - dt.timedelta(days=6)
        count = len(own) + _settled(
            seat, INMAIL_ROUTES, monday.isoformat(), view.plan.week_end.isoformat()
        )
        most = most * left / week
        if count > most + 1e-6:
            yield Breach(
                limit="velocity", seat_id=seat_id, count=count, most=round(most, 4),
                message=f"seat {seat_id} has {count} InMails, velocity allows {most:.1f}",
            )  # fmt: skip


def _open_month(view: _View) -> Iterator[Breach]:
    """Free InMails of 30 days stay within the cap, all past ones counted as free."""
    for seat_id, seat in view.seats.items():
        free = view.of_seat(seat_id, ("open_inmail",))["send_on"]
        if not len(free):
            continue
        first = max(view.plan.as_of, view.plan.week_start)
        last = dt.date.fromisoformat(max(free))
        past = (seat.inmails_last_28_days or 0) * (30 - (last - first).days - 1) / 30
        if seat.recent_open_inmails is not None:
            days = dict(seat.recent_open_inmails)
            past = sum(days.get(last - dt.timedelta(days=k), 0) for k in range(30))
        past += _settled(seat, ("open_inmail",), first.isoformat(), last.isoformat())
        if len(free) + past > seat.max_open_inmails_per_month + 1e-6:
            yield Breach(
                limit="open_inmails_per_month", seat_id=seat_id, day=last.isoformat(),
                count=round(len(free) + past, 4), most=seat.max_open_inmails_per_month,
                message=(
                    f"seat {seat_id} has {len(free)} free InMails on top of {past:.0f} "
                    f"in 30 days, not {seat.max_open_inmails_per_month}"
                ),
            )  # fmt: skip


def _connection_week(view: _View) -> Iterator[Breach]:
    """Any 7 days keep to the weekly limit on connection requests."""
    for seat_id, seat in view.seats.items():
        own = view.of_seat(seat_id, ("connection_request",))
        counts = Counter(dt.date.fromisoformat(day) for day in own["send_on"])
        if not counts:
            continue
        first = max(view.plan.as_of, view.plan.week_start)
        past_days = [first - dt.timedelta(days=back) for back in range(1, 8)]
        weights = [seat.day_shares[day.weekday()] for day in past_days]
        if not any(weights):
            weights = [1.0] * 7
        for day in sorted(counts):
            window = day - dt.timedelta(days=6)
            before = sum(
                seat.connection_requests_last_7_days * weight / sum(weights)
                for past, weight in zip(past_days, weights, strict=True)
                if past >= window
            )
            if seat.recent_requests is not None:
                known = dict(seat.recent_requests)
                before = sum(known.get(window + dt.timedelta(days=k), 0) for k in range(7))
            inside = sum(n for other, n in counts.items() if window <= other <= day)
            inside += _settled(
                seat, ("connection_request",), window.isoformat(), day.isoformat()
            )
            if inside + before > seat.max_connection_requests_per_week + 1e-6:
                yield Breach(
                    limit="requests_per_week", seat_id=seat_id, day=day.isoformat(),
                    count=round(inside + before, 4),
                    most=seat.max_connection_requests_per_week,
                    message=(
                        f"seat {seat_id} has {inside + before:.0f} requests in the 7 days "
                        f"up to {day}, not {seat.max_connection_requests_per_week}"
                    ),
                )  # fmt: skip


def _settled(seat: Seat, routes: Sequence[str], first: str, last: str) -> int:
    """Return the sends of some routes, between two days, that stand beside the plan."""
    return sum(
        getattr(day, f"{route}s")
        for day in seat.ahead
        if first <= day.date.isoformat() <= last
        for route in routes
    )


def _pending(view: _View) -> Iterator[Breach]:
    """Unanswered requests stay within their cap."""
    cap = view.plan.parameters.max_pending_connection_requests
    for seat_id, seat in view.seats.items():
        new = len(view.of_seat(seat_id, ("connection_request",))["route"])
        count = new + seat.pending_connection_requests
        if new and count > cap:
            yield Breach(
                limit="pending_requests",
                seat_id=seat_id,
                count=count,
                most=cap,
                message=f"seat {seat_id} has {count} requests pending, not {cap}",
            )


def _credits(view: _View) -> Iterator[Breach]:
    """P(credits needed > credits above the reserve) <= alpha, before and after resets.

    Where a part of it is only reported, what is left is still a promise: without alpha,
    that no seat runs out in more than half of the cases.
    """
    p = view.plan.parameters
    alpha = p.alpha / len(view.seats) if p.joint and view.seats else p.alpha
    parts = ("credits", "reserve", "alpha", "open_flag_leak")
    loose = [name for name in parts if name in view.report_only]
    for name in loose:  # what they let through together is said of each of them
        yield from _short(view, name, alpha, p.open_flag_leak)
    if "credits" not in loose:
        yield from _short(
            view, "", 0.5 if "alpha" in loose else alpha,
            0.0 if "open_flag_leak" in loose else p.open_flag_leak,
            with_reserve="reserve" not in loose,
        )  # fmt: skip


def _short(
    view: _View, limit: str, alpha: float, leak: float, *, with_reserve: bool = True
) -> Iterator[Breach]:
    """Yield the seats that need more credits than they have too often."""
    shares = {
        item.segment: (item.beta_a, item.beta_b) for item in view.plan.open_share.segments
    }
    for seat_id, seat in view.seats.items():
        own = view.of_seat(seat_id, INMAIL_ROUTES)
        if not len(own["route"]):
            continue
        resets = _resets(seat, view.plan.as_of, view.plan.week_end)
        reserve = seat.reserve if with_reserve else 0
        # A seat below its reserve may need no credit; it does not owe what is missing.
        budget = max(0, seat.credits - reserve)
        dates = [dt.date.fromisoformat(day) for day in own["send_on"]]
        before = np.array([not resets or day < resets[0] for day in dates])
        after_budget = max(0, seat.credit_cap - reserve)
        both = max(0, seat.credits - reserve + seat.monthly_grant)
        for chosen, most in (
            (_chosen(own, before), budget),
            (_chosen(own, ~before), after_budget),
            (own, both if resets else budget),
        ):
            risk = exceedance(chosen, most, shares, leak)
            if risk > alpha + 1e-4:
                yield Breach(
                    limit=limit, seat_id=seat_id, count=round(risk, 6), most=alpha,
                    message=(
                        f"seat {seat_id} needs more than its {most} credits for this "
                        f"week's sends with probability {risk:.3f}, above {alpha:g}"
                    ),
                )  # fmt: skip
                break


def exceedance(
    sends: Sends | pd.DataFrame,
    budget: int,
    shares: Mapping[str, tuple[float, float]],
    leak: float,
) -> float:
    """Return P(more than `budget` credits are needed), all segments wrong together."""
    closed = int(((sends["route"] == "paid_inmail") & (sends["open_flag"] == "no")).sum())
    free = int((sends["route"] == "open_inmail").sum())
    unknown = Counter(sends["segment"][sends["open_flag"] == "unknown"])
    if closed + free + sum(unknown.values()) <= budget:
        return 0.0
    left = budget - closed
    if left < 0:
        return 1.0
    parts = [_binomial(free, np.full(len(LEVELS), leak))]
    for name, count in sorted(unknown.items()):
        # What is open now may close before the send, as known ones may.
        parts.append(_binomial(count, 1 - _beta_quantiles(*shares[name]) * (1 - leak)))
    tail = _convolved(parts)[:, left + 1 :].sum(axis=1)
    return float(LEVEL_WEIGHTS @ np.clip(tail, 0.0, 1.0))


#: log k! for k = 0, 1, ...; no seat has more InMails of one kind in a week.
LOG_FACTORIAL = np.array([math.lgamma(k + 1) for k in range(5000)])


def _binomial(count: int, probability: np.ndarray) -> np.ndarray:
    """Return binomial probability masses, one row per level of the probability."""
    k = np.arange(count + 1)
    choose = LOG_FACTORIAL[count] - LOG_FACTORIAL[k] - LOG_FACTORIAL[count - k]
    p = np.clip(probability, 1e-15, 1 - 1e-15)[:, None]
    return np.asarray(np.exp(choose + k * np.log(p) + (count - k) * np.log1p(-p)))


def _convolved(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mass of the sum of independent counts, level by level."""
    length = sum(part.shape[1] - 1 for part in parts) + 1
    spectrum = np.prod([np.fft.rfft(part, n=length, axis=1) for part in parts], axis=0)
    return np.asarray(np.fft.irfft(spectrum, n=length, axis=1))


@lru_cache(maxsize=256)
def _beta_quantiles(a: float, b: float) -> np.ndarray:
    """Return low quantiles of an open share where use is high: 1 - level, per level."""
    # Square-root spacing keeps both ends fine; midpoints avoid the poles at 0 and 1.
    angle = (np.arange(20000) + 0.5) / 20000 * math.pi / 2
    x = np.sin(angle) ** 2
    log_mass = (2 * a - 1) * np.log(np.sin(angle)) + (2 * b - 1) * np.log(np.cos(angle))
    mass = np.exp(log_mass - log_mass.max())
    return np.asarray(np.interp(1 - LEVELS, np.cumsum(mass) / mass.sum(), x))


def _companies(view: _View) -> Iterator[Breach]:
    """At most so many people of a company, from one seat."""
    most = view.plan.parameters.max_new_leads_per_company
    sent = view.sent[view.sent["company_key"] != ""]
    before = _recent_touches(view)
    for key, count in (view.history.company_touches if view.history else {}).items():
        before[key] += count
    counts = Counter(sent["company_key"])
    over = {key for key, count in counts.items() if count + before[key] > most}
    if over:
        crowded = sent[sent["company_key"].isin(over)].sort_values(["send_on", "lead_id"])
        rank = crowded.groupby("company_key").cumcount() + crowded["company_key"].map(
            before
        ).fillna(0)
        yield from _each_day(
            "company_throttle", crowded[rank >= most], f"above {most} of their companies"
        )
    if view.plan.parameters.one_seat_per_company:
        yield from _split_companies(view, sent[sent["seat_id"] != ""])


def _split_companies(view: _View, sent: pd.DataFrame) -> Iterator[Breach]:
    """Yield people who are contacted from another seat than the first of their company.

    A company that the ledger knows has its seat already. It may have lost it to owners
    and connections, so this counts only where the rule is not kept anyway.
    """
    home: dict[str, str] = {}
    if view.history is not None and "one_seat_per_company" in view.report_only:
        known = view.history.company_seats.items()
        home = {key: seat for key, seat in known if seat in view.seats}
    pairs = set(zip(sent["company_key"], sent["seat_id"], strict=True))
    seats = Counter(key for key, _ in pairs)
    strange = {key for key, seat in pairs if home.get(key, seat) != seat or seats[key] > 1}
    split = sent[sent["company_key"].isin(strange)].sort_values(["send_on", "lead_id"])
    firsts = [
        home.setdefault(key, seat)
        for key, seat in zip(split["company_key"], split["seat_id"], strict=True)
    ]
    away = split[split["seat_id"].to_numpy() != np.array(firsts, dtype=object)]
    yield from _each_day("one_seat_per_company", away, "the company has another seat")


def _touched_before(view: _View) -> Iterator[str]:
    """Nobody gets anything whom the ledger knows as contacted, dropped or forgotten."""
    if view.history is None:
        return
    known = view.history.leads
    barred = set(known.loc[known["exclusion"] != "", "lead_id"])
    leads = view.table.loc[view.table["route"].isin(SENT_ROUTES)].index
    again = barred & set(view.leads["lead_id"].to_numpy()[leads])
    if again:
        yield f"{len(again)} leads are planned again that the ledger excludes"


def _connections(view: _View) -> Iterator[str]:
    """Who accepted an invitation gets a message from a seat of its own, or nothing."""
    if view.history is None:
        return
    known = view.history.leads
    connections = known.loc[known["connected_to"] != "", ["lead_id", "connected_to"]]
    stated = view.leads[["lead_id", "degree_seat"]]
    sent = view.sent[["lead_id", "route", "seat_id"]].merge(connections, on="lead_id")
    sent = sent.merge(stated, on="lead_id")
    own = sent["seat_id"] == sent["connected_to"]
    own |= sent["seat_id"] == sent["degree_seat"]
    wrong = int(((sent["route"] != "message") | ~own).sum())
    if wrong:
        yield f"{wrong} connections get something else than a message from their seat"


def _recent_touches(view: _View) -> Counter[str]:
    first = max(view.plan.as_of, view.plan.week_start)
    since = (first - dt.timedelta(days=6)).isoformat()
    until = (view.plan.week_end + dt.timedelta(days=6)).isoformat()
    recent = view.leads[
        (view.leads["last_contacted_on"] >= since)
        & (view.leads["last_contacted_on"] <= until)
        & (view.leads["company_key"] != "")
    ]
    return Counter(recent["company_key"])


#: Every limit, once the plan is a plan at all.
_LIMITS: tuple[_Check, ...] = (
    _routes_fit_flags,
    _eligibility,
    _sending_days,
    _daily_limits,
    _velocity,
    _open_month,
    _connection_week,
    _pending,
    _credits,
    _companies,
    _touched_before,
    _connections,
)
