"""What was the matter with a seat at each of its events: an exact chain of states.

A seat is *fine*, *exhausted* (no credit) or *blocked* (velocity). Whether LinkedIn stops
the free InMails of an exhausted seat too is not known, but it does so for all of them or
for none: these are two states. Given the state, InMails go out or fail independently, so
forward and backward passes weigh every possible moment at which it ran out, was blocked,
or recovered, in time linear in the number of events. Error texts that speak of missing
credits are not looked at here: GetSales shows them where the recipient has InMail off, too
(15587500). So no number of them can empty a seat.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from planner.params import Parameters
from planner.triage.records import SeatState
from planner.triage.timeline import Event, Mark, Prior, Timeline

#: A number for each of fine, exhausted, blocked.
Three: TypeAlias = tuple[float, float, float]
#: A number for each state of the chain: fine, exhausted with free InMails going out,
#: exhausted without, blocked.
Four: TypeAlias = tuple[float, float, float, float]

#: Order of the states in a `Three`.
STATES = (SeatState.FINE, SeatState.EXHAUSTED, SeatState.BLOCKED)


def joined(four: Four) -> Three:
    """Return the chances of fine, exhausted and blocked."""
    fine, empty, frozen, blocked = four
    return fine, empty + frozen, blocked


def split(three: Three, parameters: Parameters) -> Four:
    """Return the chances of the chain's states where nothing is known of a freeze."""
    fine, empty, blocked = three
    freeze = parameters.zero_balance_freeze
    return fine, empty * (1 - freeze), empty * freeze, blocked


def sent_likelihood(credit: float, ok_share: float, parameters: Parameters) -> Four:
    """Return the chance that an InMail goes out in each state.

    Parameters
    ----------
    credit : float
        Chance that it needs a credit.
    ok_share : float
        Chance that nothing about its recipient keeps it from going out.
    """
    fine, empty, frozen, blocked = failure_chance(credit, parameters)
    return (
        ok_share * (1 - fine),
        ok_share * (1 - empty),
        ok_share * (1 - frozen),
        ok_share * (1 - blocked),
    )


def failure_chance(credit: float, parameters: Parameters) -> Four:
    """Return the chance that an InMail to a reachable lead fails in each state."""
    stays = 1 - parameters.exhausted_leak
    return (
        parameters.other_failure_share,
        credit * stays,
        stays,
        1 - parameters.block_leak,
    )


class Chain:
    """The chain of one seat, made once for several accounts of its failures.

    Parameters
    ----------
    line : Timeline
        Events with their priors.
    ok_share : float
        Chance that nothing about a recipient keeps an InMail from going out.
    parameters : Parameters
        Freeze, other failures, refunds, grants, length of a hold.
    unexplained : collection of int
        Positions of events before which nothing tells whether the seat ran out or was
        blocked, if either: `stopped_exhausted_share` does.
    """

    def __init__(
        self,
        line: Timeline,
        ok_share: float,
        parameters: Parameters,
        unexplained: Collection[int] = (),
    ) -> None:
        share = parameters.stopped_exhausted_share
        start = _start(line.priors[0], parameters)
        self._start = _shared(start, share) if 0 in unexplained else start
        self._steps = [
            step.shared(share) if position in unexplained else step
            for position, step in enumerate(_steps(line, parameters))
        ]
        self._failed = [event.index for event in line.events]
        self._seen = [_likelihood(event, ok_share, parameters) for event in line.events]

    def smooth(self, failed: Sequence[Four]) -> tuple[list[Four], list[Four]]:
        """Return, by event, the chance of each state given all others, and given all.

        Parameters
        ----------
        failed : sequence of Four
            Likelihood of each failure by row.

        Returns
        -------
        others, all : list of Four
            The first leaves out the event's own likelihood, so that the causes of a
            single failure can be told apart with it.
        """
        seen = [
            failed[row] if row >= 0 else own
            for row, own in zip(self._failed, self._seen, strict=True)
        ]
        before: list[Four] = []
        now = self._start
        for step, likelihood in zip(self._steps, seen, strict=True):
            ahead = step.ahead(now)
            before.append(ahead)
            now = _normal(_product(ahead, likelihood))
        after: list[Four] = [(1.0, 1.0, 1.0, 1.0)] * len(seen)
        for k in range(len(seen) - 2, -1, -1):
            later = _product(seen[k + 1], after[k + 1])
            after[k] = _normal(self._steps[k + 1].back(later))
        others = [_normal(_product(a, b)) for a, b in zip(before, after, strict=True)]
        return others, [_normal(_product(o, s)) for o, s in zip(others, seen, strict=True)]


def _start(prior: Prior, parameters: Parameters) -> Four:
    fine, blocked = 1 - prior.exhausted, parameters.blocked_share
    three = (fine * (1 - blocked), prior.exhausted, fine * blocked)
    return split(three, parameters)


def _shared(four: Four, share: float) -> Four:
    """Return the chances with as large a chance of a stop, `share` of it exhaustion."""
    fine, empty, frozen, blocked = four
    stops, out = empty + frozen + blocked, empty + frozen
    more = stops * share / out if out > 0 else 0.0
    return fine, empty * more, frozen * more, stops - out * more


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Chances of moving between states up to an event, before it is looked at.

    ``freezes`` is the chance that a seat that runs out loses its free InMails as well.
    """

    runs_out: float
    freezes: float
    is_blocked: float
    is_granted: float
    is_released: float

    def shared(self, share: float) -> _Step:
        """Return the step with as large a chance of a stop, `share` of it exhaustion."""
        stops = self.runs_out + self.is_blocked
        return replace(self, runs_out=stops * share, is_blocked=stops * (1 - share))

    def ahead(self, now: Four) -> Four:
        """Return the chances of the states after the step."""
        fine, empty, frozen, blocked = now
        stays = 1 - self.runs_out - self.is_blocked
        out, kept = fine * self.runs_out, 1 - self.is_granted
        return (
            fine * stays + (empty + frozen) * self.is_granted + blocked * self.is_released,
            out * (1 - self.freezes) + empty * kept,
            out * self.freezes + frozen * kept,
            fine * self.is_blocked + blocked * (1 - self.is_released),
        )

    def back(self, later: Four) -> Four:
        """Return the likelihood of what comes later by the state before the step."""
        fine, empty, frozen, blocked = later
        stays = 1 - self.runs_out - self.is_blocked
        out = (1 - self.freezes) * empty + self.freezes * frozen
        return (
            stays * fine + self.runs_out * out + self.is_blocked * blocked,
            self.is_granted * fine + (1 - self.is_granted) * empty,
            self.is_granted * fine + (1 - self.is_granted) * frozen,
            self.is_released * fine + (1 - self.is_released) * blocked,
        )


def _steps(line: Timeline, parameters: Parameters) -> list[_Step]:
    steps = []
    book, day = line.priors[0].exhausted, line.events[0].day
    for event, prior in zip(line.events, line.priors, strict=True):
        runs_out = max(prior.onset, (prior.exhausted - book) / (1 - book))
        half_lives = (event.day - day) / parameters.velocity_hold_days
        steps.append(
            _Step(
                runs_out=runs_out,
                freezes=parameters.zero_balance_freeze,
                is_blocked=min(prior.block, 1 - runs_out),
                is_granted=_granted(event, parameters),
                is_released=1 - 0.5**half_lives,
            )
        )
        # Right after a grant nothing of what the book feared has come true yet.
        book = 0.0 if event.mark is Mark.RESET else prior.exhausted
        day = event.day
    return steps


def _granted(event: Event, parameters: Parameters) -> float:
    """Return the chance that a seat without credits has got some by this event."""
    if event.mark is Mark.SEEN:
        # Each credit seen would be a refund of its own.
        seen = event.balance.expected if event.balance else 0.0
        return float(parameters.refund_share_seen**seen) if seen >= 1 else 0.0
    chances = {
        Mark.RESET: parameters.grant_on_time_share,
        Mark.SETTLED: parameters.grant_late_share,
    }
    per_inmail = min(parameters.refund_share * event.num, 1.0)
    return chances.get(event.mark, 0.0 if event.mark is Mark.FOLDED else per_inmail)


def _is_left(event: Event) -> bool:
    return event.balance is not None and event.balance.expected >= 1


def _likelihood(event: Event, ok_share: float, parameters: Parameters) -> Four:
    """Return the likelihood of an event by state; a failure's own stands elsewhere."""
    if event.mark is Mark.SENT:
        each = sent_likelihood(event.credit, ok_share, parameters)
        told = tuple(one**event.num for one in each)
        if not event.is_certain:
            # Planned, and in no list of failures; the list may not hold them all.
            unlisted = parameters.unlisted_failure_share
            told = tuple(unlisted + (1 - unlisted) * one for one in told)
        return told[0], told[1], told[2], told[3]
    if event.mark is Mark.SEEN:
        misread = parameters.balance_misread_share
        if _is_left(event):
            return (1.0, misread, misread, 1.0)
        return (misread, 1.0, 1.0, misread)
    return (1.0, 1.0, 1.0, 1.0)


def _product(one: Four, other: Four) -> Four:
    return one[0] * other[0], one[1] * other[1], one[2] * other[2], one[3] * other[3]


def _normal(chances: Four) -> Four:
    total = sum(chances)
    if total <= 0.0:  # impossible by every account: know nothing
        return (0.25, 0.25, 0.25, 0.25)
    return (
        chances[0] / total, chances[1] / total, chances[2] / total, chances[3] / total,
    )  # fmt: skip
