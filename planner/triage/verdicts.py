"""What a seat's failures together say about the seat.

A seat is judged out of credits on what is known of the seat alone: a run of failed paid
InMails that no proof of a credit has ended, either `exhausted_run` long or on a balance
that the book has at nothing. Error texts of missing credits have no say (see `states`).
So a seat whose balance was seen, or that sent a paid InMail, after its failures is never
judged empty, however many of them there were.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from planner.dates import resets_after
from planner.params import Parameters
from planner.triage.records import SeatRecord, SeatState, SeatVerdict, Spell
from planner.triage.runs import Run
from planner.triage.states import STATES, Three
from planner.triage.timeline import Event, Mark, Timeline

#: From this probability on, a state is taken for true.
LIKELY = 0.5
#: From this probability of exhaustion on, somebody should look at the balance.
ASKS_FROM = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One seat with its timeline, the chances of its states, and its runs.

    ``states`` are by event; ``paid_failures`` are rows whose most likely cause, error
    texts of missing credits left aside, is missing credits.
    """

    record: SeatRecord
    line: Timeline
    states: Sequence[Three]
    runs: tuple[Run, ...]
    paid_failures: frozenset[int]


def verdict(judged: Judged, as_of: dt.date, parameters: Parameters) -> SeatVerdict:
    """Return what is the matter with a seat as of today, and what to go on with."""
    spells = tuple(
        spell for run in judged.runs for spell in _spell(judged, run, parameters)
    )
    last_run = judged.runs[-1]
    state, since, until = SeatState.FINE, "", ""
    held_until, factor = "", 1.0
    own = spells[-1] if spells and spells[-1].last == last_run.last else None
    if own and own.state is SeatState.EXHAUSTED and not own.until:
        state, since = SeatState.EXHAUSTED, own.since
        until = _next_grant(judged.record, as_of)
    if own and own.state is SeatState.BLOCKED and not own.until:
        free = dt.date.fromisoformat(own.last[:10])
        free += dt.timedelta(days=parameters.velocity_hold_days)
        slow = free + dt.timedelta(days=parameters.velocity_hold_days)
        factor = parameters.velocity_resume_factor if as_of < slow else 1.0
        if as_of < free:
            state, since, until = SeatState.BLOCKED, own.since, free.isoformat()
            held_until = until
    chances = dict(zip(STATES, _now(judged), strict=True))
    is_empty = state is SeatState.EXHAUSTED
    unsure = chances[SeatState.EXHAUSTED] >= ASKS_FROM and last_run.ended_by is None
    sent = [event for event in _since_first(judged) if event.mark is Mark.SENT]
    found = SeatVerdict(
        seat_id=judged.record.seat.seat_id,
        sender=judged.record.seat.sender,
        state=state,
        probability=chances[state],
        since=since,
        until=until,
        assumed_credits=0 if is_empty else None,
        held_until=held_until,
        pace_factor=factor,
        asks_balance=is_empty or bool(held_until) or unsure,
        spells=spells,
        num_failures=sum(len(run.positions) for run in judged.runs),
        num_sent=sum(event.num for event in sent),
        words="",
    )
    return _with_words(found, judged, chances, parameters)


def _now(judged: Judged) -> Three:
    """Return the chances of the states now: of a block, those at the last failure.

    A block fades with time in the chain, but its hold is counted in days.
    """
    last = judged.states[-1]
    at_failure = judged.states[judged.runs[-1].positions[-1]]
    if at_failure[2] >= LIKELY and judged.runs[-1].ended_by is None:
        return at_failure
    return last


def _since_first(judged: Judged) -> Sequence[Event]:
    return judged.line.events[judged.runs[0].positions[0] :]


def _spell(judged: Judged, run: Run, parameters: Parameters) -> tuple[Spell, ...]:
    """Return the spell that a run shows, if its cause lies with the seat."""
    chances = [judged.states[position] for position in run.positions]
    mean = [math.fsum(three[k] for three in chances) / len(chances) for k in range(3)]
    state = STATES[max(range(3), key=lambda k: mean[k])]
    if state is SeatState.FINE or max(mean) < LIKELY:
        return ()
    if state is SeatState.EXHAUSTED and not _is_shown(judged, run, parameters):
        return ()
    hit = [
        judged.line.events[position].at
        for position, three in zip(run.positions, chances, strict=True)
        if three[STATES.index(state)] >= LIKELY
    ]
    if not hit:
        return ()
    return (
        Spell(
            state=state,
            since=hit[0],
            last=run.last,
            until=run.ended_by.at if run.ended_by else "",
            num_failures=len(hit),
        ),
    )


def _is_shown(judged: Judged, run: Run, parameters: Parameters) -> bool:
    """Return whether the seat itself, not the leads, shows that it had no credits."""
    rows = [judged.line.events[position].index for position in run.positions]
    num_paid = sum(row in judged.paid_failures for row in rows)
    is_low = run.is_seen_empty or any(
        judged.line.priors[position].exhausted >= LIKELY for position in run.positions
    )
    return num_paid >= parameters.exhausted_run or (is_low and num_paid > 0)


def _next_grant(record: SeatRecord, as_of: dt.date) -> str:
    if not record.seat.monthly_grant:
        return ""
    return next(resets_after(record.seat.reset_rule, as_of)).isoformat()


# --- words ------------------------------------------------------------------------


def _with_words(
    found: SeatVerdict,
    judged: Judged,
    chances: Mapping[SeatState, float],
    parameters: Parameters,
) -> SeatVerdict:
    parts = []
    past = [one for one in found.spells if one.until]
    if past:
        parts.append(_past(past[-1]))
    if found.state is SeatState.EXHAUSTED:
        num = found.spells[-1].num_failures
        parts.append(
            f"Out of credits since {found.since[:10]}: {_failures(num)} without a paid "
            "InMail that went out."
        )
        parts.append(
            f"The next grant is on {found.until}." if found.until else "No grant is coming."
        )
        parts.append("Read its balance to be sure.")
    elif found.state is SeatState.BLOCKED:
        growth = judged.line.priors[judged.runs[-1].positions[0]].growth
        pace = "" if math.isnan(growth) else f" after {growth:.1f} times its usual week"
        parts.append(
            f"Velocity block since {found.since[:10]}{pace}: hold it until "
            f"{found.held_until}, then start at {found.pace_factor:.0%} of its pace. "
            "Read its balance: credits left confirm it."
        )
    elif found.asks_balance:
        parts.append(
            f"Read its balance: {chances[SeatState.EXHAUSTED]:.0%} that it is out of "
            "credits, not enough to say so; the ledger's balance stays."
        )
    elif found.pace_factor < 1:
        parts.append(
            f"Its velocity block should be over: {found.pace_factor:.0%} of its pace for "
            "now."
        )
    elif past:
        parts.append("Fine now.")
    else:
        rows = {event.index for event in judged.line.events}
        leads = "" if rows & judged.paid_failures else " The cause lies with the leads."
        parts.append(
            f"Fine: {_failures(found.num_failures)}, {found.num_sent:,} InMails went out "
            f"since the first.{leads}"
        )
    return replace(found, words=" ".join(parts))


def _past(spell: Spell) -> str:
    what = "Out of credits" if spell.state is SeatState.EXHAUSTED else "Velocity block"
    return f"{what} from {spell.since[:10]} to {spell.until[:10]}."


def _failures(num: int) -> str:
    return f"{num:,} failed InMail" + ("s" if num != 1 else "")
