"""What a seat's failures together say about the seat.

A seat is judged out of credits on what is known of the seat alone: a run of failed paid
InMails that no proof of a credit has ended, on a balance that the book has at nothing or
that nobody knows. It is judged blocked after a burst, or where credits were seen while
nothing went out. If neither explains why nothing goes out, the verdict says just that:
the balance, once somebody reads it, tells the two apart. Until then `unexplained` has the
chain weigh the two anew, with odds that favour neither, for the seat and for its leads.
Error texts of missing credits have no say (see `states`). So a seat whose balance was
seen, or that sent a paid InMail, after its failures is never judged empty, however many
of them there were.
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
from planner.triage.timeline import Event, Mark, Prior, Timeline
from planner.words import counted

#: A state is looked at if it is more likely than not.
LIKELY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One seat with its timeline, the chances of its states, and its runs.

    ``states`` are by event, ``open_states`` the same with even odds where a stop is
    `unexplained`; ``paid_failures`` are rows whose most likely cause, error texts of
    missing credits left aside, is missing credits.
    """

    record: SeatRecord
    line: Timeline
    states: Sequence[Three]
    open_states: Sequence[Three]
    runs: tuple[Run, ...]
    paid_failures: frozenset[int]


def verdict(judged: Judged, as_of: dt.date, parameters: Parameters) -> SeatVerdict:
    """Return what is the matter with a seat as of today, and what to go on with."""
    spells = tuple(
        spell for run in judged.runs for spell in _spell(judged, run, parameters)
    )
    last_run = judged.runs[-1]
    own = spells[-1] if spells and spells[-1].last == last_run.last else None
    state, since, until = SeatState.FINE, "", ""
    held_until, factor = "", 1.0
    chances = _now(judged)
    if own and not own.until:
        state, since = own.state, own.since
    if state is SeatState.EXHAUSTED:
        until = _next_grant(judged.record, as_of)
    # Of a seat that has stopped, even odds may leave little but a block.
    is_likely = chances[SeatState.BLOCKED] >= parameters.hold_evidence
    if state is SeatState.BLOCKED or (state is SeatState.STOPPED and is_likely):
        free = dt.date.fromisoformat(last_run.last[:10])
        free += dt.timedelta(days=parameters.velocity_hold_days)
        slow = free + dt.timedelta(days=parameters.velocity_hold_days)
        factor = parameters.velocity_resume_factor if as_of < slow else 1.0
        if as_of < free:
            until = held_until = free.isoformat()
        elif state is SeatState.BLOCKED:
            state, since = SeatState.FINE, ""
        else:
            factor = 1.0
    is_empty = state is SeatState.EXHAUSTED
    unsure = (
        chances[SeatState.EXHAUSTED] >= parameters.exhaustion_doubt
        and last_run.ended_by is None
    )
    sent = [event for event in _since_first(judged) if event.mark is Mark.SENT]
    found = SeatVerdict(
        seat_id=judged.record.seat.seat_id,
        sender=judged.record.seat.sender,
        state=state,
        probability=chances[state],
        blocked=chances[SeatState.BLOCKED],
        since=since,
        until=until,
        assumed_credits=0 if is_empty else None,
        held_until=held_until,
        pace_factor=factor,
        asks_balance=state in (SeatState.EXHAUSTED, SeatState.STOPPED)
        or (bool(held_until) and not _is_seen_since(judged, last_run))
        or unsure,
        is_sure=state is not SeatState.FINE
        or last_run.resumed_by is not None
        or chances[SeatState.FINE] >= parameters.hold_evidence,
        spells=spells,
        num_failures=sum(len(run.positions) for run in judged.runs),
        num_sent=sum(event.num for event in sent if event.is_certain),
        words="",
    )
    return _with_words(found, judged, chances, parameters)


def _now(judged: Judged) -> Mapping[SeatState, float]:
    """Return the chances of the states now: of a block, those at the last failure.

    A block fades with time in the chain, but its hold is counted in days. What a proof of
    a credit has ended since, such as a grant, is no exhaustion any more.
    """
    last = now = judged.open_states[-1]
    run = judged.runs[-1]
    at_failure = judged.open_states[run.positions[-1]]
    if 1 - at_failure[0] >= LIKELY and (run.ended_by or run.resumed_by) is None:
        last = at_failure
    if at_failure[2] >= LIKELY and run.resumed_by is None:
        last = at_failure
        if run.ended_by is not None:
            out = min(now[1], at_failure[1])
            last = (1 - at_failure[2] - out, out, at_failure[2])
    chances = dict(zip(STATES, last, strict=True))
    return {**chances, SeatState.STOPPED: last[1] + last[2]}


def _since_first(judged: Judged) -> Sequence[Event]:
    return judged.line.events[judged.runs[0].positions[0] :]


def _spell(judged: Judged, run: Run, parameters: Parameters) -> tuple[Spell, ...]:
    """Return the spell that a run shows, if its cause lies with the seat."""
    state = _state(judged, run, parameters)
    if state is SeatState.FINE:
        return ()
    chances = [judged.states[position] for position in run.positions]
    hit = [
        judged.line.events[position].at
        for position, three in zip(run.positions, chances, strict=True)
        if _chance(state, three) >= LIKELY
    ]
    if not hit:
        return ()
    ends = [run.ended_by] if state is SeatState.EXHAUSTED else [run.resumed_by]
    if state is SeatState.STOPPED:
        ends.append(run.ended_by)
    until = min((end.at for end in ends if end is not None), default="")
    return (
        Spell(state=state, since=hit[0], last=run.last, until=until, num_failures=len(hit)),
    )


def _state(judged: Judged, run: Run, parameters: Parameters) -> SeatState:
    """Return what was the matter with the seat in a run; fine if its leads failed."""
    _, exhausted, blocked = _mean(judged, run)
    if exhausted + blocked < LIKELY:
        return SeatState.FINE
    if exhausted >= parameters.hold_evidence and _is_shown(judged, run, parameters):
        return SeatState.EXHAUSTED
    if blocked >= parameters.hold_evidence and _is_explained(judged, run, parameters):
        return SeatState.BLOCKED
    return SeatState.STOPPED if _is_row(run, parameters) else SeatState.FINE


def _mean(judged: Judged, run: Run) -> Three:
    chances = [judged.states[position] for position in run.positions]
    fine, exhausted, blocked = (math.fsum(column) for column in zip(*chances, strict=True))
    num = len(chances)
    return fine / num, exhausted / num, blocked / num


def unexplained(judged: Judged, parameters: Parameters) -> frozenset[int]:
    """Return the positions of events at which nothing explains why a seat has stopped.

    There the chain is sure of one of exhaustion and a block only because the other is
    even less likely to come out of the blue. They reach from the run before (or the
    first event) to the last failure of the run.
    """
    found: set[int] = set()
    first = 0
    for run in judged.runs:
        is_sure = max(_mean(judged, run)[1:]) >= parameters.hold_evidence
        if is_sure and _state(judged, run, parameters) is SeatState.STOPPED:
            found.update(range(first, run.positions[-1] + 1))
        first = run.positions[-1] + 1
    return frozenset(found)


def _is_row(run: Run, parameters: Parameters) -> bool:
    """Return whether failures are many, and more than the planned ones between them."""
    num = len(run.positions)
    return num >= parameters.exhausted_run and num > run.num_planned_inside


def _chance(state: SeatState, three: Three) -> float:
    if state is SeatState.STOPPED:
        return three[1] + three[2]
    return three[STATES.index(state)]


def _is_shown(judged: Judged, run: Run, parameters: Parameters) -> bool:
    """Return whether the book, not only the failures, says that there was no credit."""
    rows = [judged.line.events[position].index for position in run.positions]
    num_paid = sum(row in judged.paid_failures for row in rows)
    first = _before(judged, run)
    if run.is_seen_empty or first.exhausted >= LIKELY:
        return num_paid > 0
    is_possible = math.isnan(first.book) or first.exhausted >= parameters.exhaustion_doubt
    return is_possible and num_paid >= parameters.exhausted_run


def _is_explained(judged: Judged, run: Run, parameters: Parameters) -> bool:
    """Return whether a burst came before, or the balance shows that it is a block."""
    return _growth(judged, run) >= parameters.velocity_growth or _is_seen_since(judged, run)


def _before(judged: Judged, run: Run) -> Prior:
    return judged.line.priors[run.positions[0]]


def _growth(judged: Judged, run: Run) -> float:
    """Return the largest growth at a failure of the run; 0 if there is no history."""
    found = [judged.line.priors[position].growth for position in run.positions]
    return max((one for one in found if not math.isnan(one)), default=0.0)


def _is_seen_since(judged: Judged, run: Run) -> bool:
    """Return whether credits were seen right after the run: it was not their want."""
    return run.ended_by is not None and run.ended_by.mark is Mark.SEEN


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
        parts += _block_words(found, judged, parameters)
    elif found.state is SeatState.STOPPED:
        parts += _stop_words(found, judged, chances, parameters)
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
        parts.append(
            "Fine now."
            if found.is_sure
            else f"{_open(chances)}: see whether its next InMail goes out."
        )
    else:
        rows = {event.index for event in judged.line.events}
        parts += _fine_words(found, chances, is_paid=bool(rows & judged.paid_failures))
    return replace(found, words=" ".join(parts))


def _fine_words(
    found: SeatVerdict, chances: Mapping[SeatState, float], *, is_paid: bool
) -> list[str]:
    """Return the words on a seat that never was the likely cause; no surer than it is.

    ``is_paid`` says that a failure may be put down to missing credits.
    """
    went = f"{found.num_sent:,} InMail" + ("s" if found.num_sent != 1 else "")
    head = "Fine" if found.is_sure else _open(chances)
    failures = _failures(found.num_failures)
    words = [f"{head}: {failures}, {went} known to have gone out since the first."]
    if not is_paid and chances[SeatState.FINE] >= LIKELY:
        probably = "" if found.is_sure else "probably "
        words.append(f"The cause {probably}lies with the leads.")
    return words


def _open(chances: Mapping[SeatState, float]) -> str:
    """Return that a seat's state is not known, and its two likeliest ones."""
    first, second = sorted(STATES, key=lambda state: -chances[state])[:2]
    return (
        f"Not known: it may be {_MAY_BE[first]} ({chances[first]:.0%}) or "
        f"{_MAY_BE[second]} ({chances[second]:.0%})"
    )


def _block_words(found: SeatVerdict, judged: Judged, parameters: Parameters) -> list[str]:
    run = judged.runs[-1]
    growth = _growth(judged, run)
    is_burst = growth >= parameters.velocity_growth
    pace = f" after {growth:.1f} times its usual week" if is_burst else ""
    seen = ""
    if run.ended_by and run.ended_by.balance and _is_seen_since(judged, run):
        left = run.ended_by.balance.expected
        were = "was" if round(left) == 1 else "were"
        seen = f"; {counted(round(left), 'credit')} {were} seen on {run.ended_by.at[:10]}"
    hold = (
        f"Velocity block since {found.since[:10]}{pace}{seen}: send nothing from it before "
        f"{found.held_until}, then start at {found.pace_factor:.0%} of its pace."
    )
    if found.asks_balance:
        return [hold, "Read its balance: credits left confirm it."]
    return [hold]


def _stop_words(
    found: SeatVerdict,
    judged: Judged,
    chances: Mapping[SeatState, float],
    parameters: Parameters,
) -> list[str]:
    book = _before(judged, judged.runs[-1]).book
    though = (
        "" if math.isnan(book) else f", though the ledger had about {_credits(book)} for it"
    )
    grant = _next_grant(judged.record, dt.date.fromisoformat(judged.runs[-1].last[:10]))
    until = f" until the grant of {grant}" if grant else ""
    num = _failures(found.spells[-1].num_failures)
    what = f"Nothing is known to have gone out since {found.since[:10]}: {num} in a row"
    odds = (
        f"It may be out of credits ({chances[SeatState.EXHAUSTED]:.0%}) or in a velocity "
        f"block ({chances[SeatState.BLOCKED]:.0%})."
    )
    cure = (
        "Read its balance, record it and run triage again. No credits left: somebody "
        f"else spent them, it is out of credits{until}. Credits left: LinkedIn blocks it, "
        f"so send nothing from it for {parameters.velocity_hold_days} days."
    )
    rest = "Until then the ledger's balance stays."
    if found.held_until:
        rest = (
            "Until then the ledger's balance stays, and as a block is likelier, it is "
            f"held: nothing before {found.held_until}, then {found.pace_factor:.0%} of its "
            "pace."
        )
    return [f"{what}{though}.", odds, cure, rest]


def _credits(number: float) -> str:
    whole = round(number)
    return f"{whole:,} credit" + ("s" if whole != 1 else "")


_MAY_BE: Mapping[SeatState, str] = {
    SeatState.FINE: "fine",
    SeatState.EXHAUSTED: "out of credits",
    SeatState.BLOCKED: "in a velocity block",
}

_PAST: Mapping[SeatState, str] = {
    SeatState.EXHAUSTED: "Out of credits",
    SeatState.BLOCKED: "Velocity block",
    SeatState.STOPPED: "Nothing went out",
}


def _past(spell: Spell) -> str:
    return f"{_PAST[spell.state]} from {spell.since[:10]} to {spell.until[:10]}."


def _failures(num: int) -> str:
    return f"{num:,} failed InMail" + ("s" if num != 1 else "")
