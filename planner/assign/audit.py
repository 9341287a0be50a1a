"""Recompute every promise of a plan from its assignments and its seats alone.

Shares no code with the model, the rounding or the placing: what a limit means is
written down here a second time, the plain way. A finding means that the program has a
defect; nothing is written then.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from planner.domain import History, Plan, Seat
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
    return _findings(view, (_rows_in_rows_out, _routes)) or _findings(
        view,
        (
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
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    """The plan as plain arrays, and the sends of each seat."""

    plan: Plan
    table: pd.DataFrame
    leads: pd.DataFrame
    seats: Mapping[str, Seat]
    sent: pd.DataFrame
    by_seat: Mapping[str, pd.DataFrame]
    history: History | None

    @classmethod
    def of(cls, plan: Plan, leads: pd.DataFrame, history: History | None) -> _View:
        columns = [
            "lead_id", "linkedin_url", "route", "seat_id", "send_on", "open_flag",
            "open_probability", "credit_probability", "segment", "company_key", "owner",
            "group",
        ]  # fmt: skip
        table = plan.assignments[columns].copy()
        table["degree"] = leads["degree"].to_numpy()
        table["exclusion"] = leads["exclusion"].to_numpy()
        table["inmail_flag"] = leads["inmail_flag"].to_numpy()
        sent = table[table["route"].isin(SENT_ROUTES)].copy()
        for column in ("route", "seat_id", "send_on", "open_flag", "segment"):
            sent[column] = sent[column].astype("str")
        return cls(
            plan=plan,
            table=table,
            leads=leads,
            seats={seat.seat_id: seat for seat in plan.seats},
            sent=sent,
            by_seat={str(key): own for key, own in sent.groupby("seat_id")},
            history=history,
        )

    def of_seat(self, seat_id: str, routes: Sequence[str]) -> pd.DataFrame:
        own = self.by_seat.get(seat_id, self.sent.iloc[:0])
        return own[own["route"].isin(routes)]


_Check: TypeAlias = Callable[[_View], Iterator[str]]


def _findings(view: _View, checks: Sequence[_Check]) -> tuple[Issue, ...]:
    return tuple(
        Issue(code=f"audit-{check.__name__.strip('_').replace('_', '-')}", message=message)
        for check in checks
        for message in check(view)
    )


def _rows_in_rows_out(view: _View) -> Iterator[str]:
    """Every input row became one lead, a duplicate of one, or a rejected row."""
    ids, rows = view.table["lead_id"].to_numpy(), view.plan.rows
    if (ids[1:] <= ids[:-1]).any():
        yield "a lead stands in the plan twice, or the plan is not in order"
    outcome, row_ids = rows["outcome"].to_numpy(), rows["lead_id"].to_numpy()
    places = pd.Index(ids).get_indexer(row_ids) if len(set(ids)) == len(ids) else None
    if places is None:
        return
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
    if not np.allclose(paid["credit_probability"], 1 - paid["open_probability"]):
        yield "a paid InMail does not book its credit probability"
    known = view.table[view.table["open_flag"] != "unknown"]
    if not np.allclose(known["open_probability"], known["open_flag"] == "yes"):
        yield "a known flag has another probability than 0 or 1"


def _eligibility(view: _View) -> Iterator[str]:
    """Excluded leads and connections are left alone; owners and groups are kept."""
    sent = view.sent
    if (sent["exclusion"] != "").any():
        yield "an excluded lead is contacted"
    if ((sent["degree"] == 1) != (sent["route"] == "message")).any():
        yield "a connection gets more than a message, or a stranger gets one"
    others = sent[sent["route"] != "message"]
    if (others["route"].isin(INMAIL_ROUTES) & (others["inmail_flag"] == 0)).any():
        yield "a lead that accepts no InMails gets one"
    owned = others[others["owner"] != ""]
    if (owned["owner"] != owned["seat_id"]).any():
        yield "a lead is sent by another seat than its owner"
    grouped = others[(others["group"] != "") & (others["owner"] == "")]
    for seat_id, group in set(zip(grouped["seat_id"], grouped["group"], strict=True)):
        if group not in view.seats[seat_id].groups:
            yield f"seat {seat_id} sends to a group that it does not serve"


def _sending_days(view: _View) -> Iterator[str]:
    """Every send is in the planned week, on a working day, clear of grants."""
    plan = view.plan
    for seat_id, day in sorted(set(_pairs(view.sent))):
        date, seat = dt.date.fromisoformat(day), view.seats[seat_id]
        if not max(plan.as_of, plan.week_start) <= date <= plan.week_end:
            yield f"seat {seat_id} sends on {day}, outside the planned week"
        if seat.day_shares[date.weekday()] <= 0:
            yield f"seat {seat_id} sends on {day}, which is no working day"
        if any(first <= date <= last for first, last in seat.away):
            yield f"seat {seat_id} sends on {day}, when it is away"
    inmails = view.sent[view.sent["route"].isin(INMAIL_ROUTES)]
    for seat_id, day in sorted(set(_pairs(inmails))):
        if _grant_is_unsure(view.seats[seat_id], dt.date.fromisoformat(day), plan):
            yield f"seat {seat_id} sends InMails on {day}, too close to a reset"


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


def _daily_limits(view: _View) -> Iterator[str]:
    """No day holds more than the seat's limits, scaled to the day."""
    most_messages = view.plan.parameters.max_messages_per_day
    limits = (
        (INMAIL_ROUTES, "max_inmails_per_day", "InMails"),
        (("open_inmail",), "max_open_inmails_per_day", "free InMails"),
        (("paid_inmail",), "max_paid_inmails_per_day", "paid InMails"),
        (("connection_request",), "max_connection_requests_per_day", "requests"),
        (("message",), "", "messages"),
    )
    for routes, name, words in limits:
        counts = Counter(_pairs(view.sent[view.sent["route"].isin(routes)]))
        for (seat_id, day), planned in sorted(counts.items()):
            count = planned + _settled(view.seats[seat_id], routes, day, day)
            seat = view.seats[seat_id]
            share = seat.day_shares[dt.date.fromisoformat(day).weekday()]
            most = getattr(seat, name) if name else most_messages
            if count > most * share + 1e-9:
                yield f"seat {seat_id} has {count} {words} on {day}"


def _velocity(view: _View) -> Iterator[str]:
    """InMails of the week stay within the growth over the last four weeks."""
    p = view.plan.parameters
    for seat_id, seat in view.seats.items():
        own = view.of_seat(seat_id, INMAIL_ROUTES)
        if own.empty:
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
        if count > most * left / week + 1e-6:
            yield f"seat {seat_id} has {count} InMails, velocity allows {most:.1f}"


def _open_month(view: _View) -> Iterator[str]:
    """Free InMails of 30 days stay within the cap, all past ones counted as free."""
    for seat_id, seat in view.seats.items():
        free = view.of_seat(seat_id, ("open_inmail",))
        if free.empty:
            continue
        first = max(view.plan.as_of, view.plan.week_start)
        last = dt.date.fromisoformat(max(free["send_on"]))
        past = (seat.inmails_last_28_days or 0) * (30 - (last - first).days - 1) / 30
        if seat.recent_open_inmails is not None:
            days = dict(seat.recent_open_inmails)
            past = sum(days.get(last - dt.timedelta(days=k), 0) for k in range(30))
        past += _settled(seat, ("open_inmail",), first.isoformat(), last.isoformat())
        if len(free) + past > seat.max_open_inmails_per_month + 1e-6:
            yield f"seat {seat_id} has {len(free)} free InMails on top of {past:.0f}"


def _connection_week(view: _View) -> Iterator[str]:
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
        for day in counts:
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
                yield f"seat {seat_id} has {inside + before:.0f} requests up to {day}"


def _settled(seat: Seat, routes: Sequence[str], first: str, last: str) -> int:
    """Return the sends of some routes, between two days, that stand beside the plan."""
    return sum(
        getattr(day, f"{route}s")
        for day in seat.ahead
        if first <= day.date.isoformat() <= last
        for route in routes
    )


def _pending(view: _View) -> Iterator[str]:
    """Unanswered requests stay within their cap."""
    cap = view.plan.parameters.max_pending_connection_requests
    for seat_id, seat in view.seats.items():
        count = len(view.of_seat(seat_id, ("connection_request",)))
        if count and count + seat.pending_connection_requests > cap:
            yield f"seat {seat_id} has {count} requests on top of those pending"


def _credits(view: _View) -> Iterator[str]:
    """P(credits needed > credits above the reserve) <= alpha, before and after resets."""
    p = view.plan.parameters
    alpha = p.alpha / len(view.seats) if p.joint and view.seats else p.alpha
    shares = {
        item.segment: (item.beta_a, item.beta_b) for item in view.plan.open_share.segments
    }
    for seat_id, seat in view.seats.items():
        own = view.of_seat(seat_id, INMAIL_ROUTES)
        if own.empty:
            continue
        resets = _resets(seat, view.plan.as_of, view.plan.week_end)
        # A seat below its reserve may need no credit; it does not owe what is missing.
        budget = max(0, seat.credits - seat.reserve)
        dates = [dt.date.fromisoformat(day) for day in own["send_on"]]
        before = [not resets or day < resets[0] for day in dates]
        after_budget = max(0, seat.credit_cap - seat.reserve)
        both = max(0, seat.credits - seat.reserve + seat.monthly_grant)
        for chosen, limit in (
            (own[before], budget),
            (own[[not value for value in before]], after_budget),
            (own, both if resets else budget),
        ):
            risk = exceedance(chosen, limit, shares, p.open_flag_leak)
            if risk > alpha + 1e-4:
                yield (
                    f"seat {seat_id} needs more than its {limit} credits with probability "
                    f"{risk:.3f}, above {alpha:g}"
                )


def exceedance(
    sends: pd.DataFrame,
    budget: int,
    shares: Mapping[str, tuple[float, float]],
    leak: float,
) -> float:
    """Return P(more than `budget` credits are needed), all segments wrong together."""
    closed = int(((sends["route"] == "paid_inmail") & (sends["open_flag"] == "no")).sum())
    free = int((sends["route"] == "open_inmail").sum())
    unknown = Counter(sends.loc[sends["open_flag"] == "unknown", "segment"])
    if closed + free + sum(unknown.values()) <= budget:
        return 0.0
    left = budget - closed
    if left < 0:
        return 1.0
    parts = [_binomial(free, np.full(len(LEVELS), leak))]
    for name, count in sorted(unknown.items()):
        parts.append(_binomial(count, 1 - _beta_quantiles(*shares[name])))
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


def _beta_quantiles(a: float, b: float) -> np.ndarray:
    """Return low quantiles of an open share where use is high: 1 - level, per level."""
    # Square-root spacing keeps both ends fine; midpoints avoid the poles at 0 and 1.
    angle = (np.arange(20000) + 0.5) / 20000 * math.pi / 2
    x = np.sin(angle) ** 2
    log_mass = (2 * a - 1) * np.log(np.sin(angle)) + (2 * b - 1) * np.log(np.cos(angle))
    mass = np.exp(log_mass - log_mass.max())
    return np.asarray(np.interp(1 - LEVELS, np.cumsum(mass) / mass.sum(), x))


def _companies(view: _View) -> Iterator[str]:
    """At most so many people of a company, from one seat."""
    p = view.plan.parameters
    sent = view.sent[view.sent["company_key"] != ""]
    counts = Counter(sent["company_key"])
    for key, count in _recent_touches(view).items():
        if key in counts:
            counts[key] += count
    for key, count in (view.history.company_touches if view.history else {}).items():
        if key in counts:
            counts[key] += count
    over = sum(count > p.max_new_leads_per_company for count in counts.values())
    if over:
        yield f"{over} companies get more than {p.max_new_leads_per_company} people"
    if p.one_seat_per_company:
        seats: dict[str, set[str]] = defaultdict(set)
        for key, seat in zip(sent["company_key"], sent["seat_id"], strict=True):
            if seat:
                seats[key].add(seat)
        split = sum(len(those) > 1 for those in seats.values())
        if split:
            yield f"{split} companies are contacted from more than one seat"


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
    seat_of = dict(zip(known["lead_id"], known["connected_to"], strict=True))
    stated = dict(zip(view.leads["lead_id"], view.leads["degree_seat"], strict=True))
    sent = view.sent[["lead_id", "route", "seat_id"]].itertuples(index=False, name=None)
    wrong = sum(
        route != "message" or seat_id not in (seat_of[lead], stated[lead])
        for lead, route, seat_id in sent
        if seat_of.get(lead)
    )
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
