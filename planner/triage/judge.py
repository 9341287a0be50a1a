"""Failures in, causes and verdicts out; the straight line of triage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner.domain import Cause
from planner.params import Parameters
from planner.schemas import names
from planner.triage import causes
from planner.triage.causes import CAUSES, Floats
from planner.triage.records import FINDINGS, SeatRecord, Triage
from planner.triage.runs import Surroundings, runs, surroundings
from planner.triage.states import Chain, Four, Three, joined, split
from planner.triage.steps import next_steps
from planner.triage.timeline import Mark, Timeline, timeline
from planner.triage.verdicts import Judged, unexplained, verdict
from planner.triage.words import LeadFacts, evidence

#: What may have stopped a seat.
_STOPS = (Cause.CREDITS_EXHAUSTED, Cause.VELOCITY_BLOCK)
_ORDER = ["failed_on", "lead_id", "seat_id", "source_file", "source_row", "error_text"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Failed:
    """Failures in canonical order, with every factor of their posterior.

    ``at`` is the time that counts: of the failure, else the planned day, else blank.
    """

    frame: pd.DataFrame
    at: list[str]
    classes: list[str]
    needs: Floats
    priors: Floats
    chances: Floats
    texts: Floats
    seat_texts: Floats
    likelihoods: list[Four]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lines:
    """Timelines of the seats, with the states of each.

    By failure, ``others`` are the chances of the chain's states given all other events.
    Texts that speak of credits are left aside in both: a tool shows one and the same
    text for a whole run, so each may count for its own failure only.
    """

    lines: Mapping[str, Timeline]
    states: Mapping[str, list[Three]]
    others: Floats


def triage(
    failures: pd.DataFrame,
    seats: Mapping[str, SeatRecord],
    *,
    as_of: dt.date,
    parameters: Parameters,
) -> Triage:
    """Return the most likely cause of each failure, the next step, a verdict per seat.

    Parameters
    ----------
    failures : pandas.DataFrame
        One row per failed InMail, as `planner.triage.records.FAILURES` says, in any
        order. A lead may have failed more than once: its last failure decides.
    seats : mapping of str to SeatRecord
        Every seat by ``seat_id``: those that failed, and those that may take over.
    as_of : datetime.date
        Today.
    parameters : Parameters
        Those of the group *triage*, and rates, limits and delays.

    Returns
    -------
    Triage
        Rows are in the order of `failures`. Nothing depends on that order.

    Raises
    ------
    ParameterError
        If an ``error_pattern_*`` is no regular expression.
    """
    failed = _prepare(failures, parameters)
    lines = _lines(failed, seats, as_of, parameters)
    judged = _judged(failed, lines, seats, parameters)
    failed, lines, judged = _reopened(failed, lines, judged, parameters)
    verdicts = tuple(verdict(one, as_of, parameters) for one in judged)
    leads = failed.frame["lead_id"].tolist()
    chances = causes.posterior(
        failed.priors, failed.chances, failed.texts, lines.others, leads
    )
    findings = _findings(failed, lines, chances, parameters)
    steps = next_steps(findings, seats, verdicts, as_of=as_of, parameters=parameters)
    findings = pd.concat([findings, steps], axis=1)
    back = np.argsort(findings["_row"].to_numpy(), kind="stable")
    findings = findings.iloc[back].reset_index(drop=True)
    return Triage(
        findings=findings[names(FINDINGS)],
        verdicts=verdicts,
    )


def _prepare(failures: pd.DataFrame, parameters: Parameters) -> _Failed:
    frame = failures.assign(_row=np.arange(len(failures)))
    frame = frame.sort_values([*_ORDER, "_row"], kind="stable", ignore_index=True)
    classes = causes.error_classes(frame["error_text"].tolist(), parameters)
    needs = causes.credit_needs(frame, parameters)
    priors = causes.lead_priors(frame, parameters)
    failing = causes.failure_chances(needs, parameters)
    seat_texts = causes.text_likelihoods(causes.seat_classes(classes), parameters)
    return _Failed(
        frame=frame,
        at=[
            failed or planned
            for failed, planned in zip(frame["failed_on"], frame["send_on"], strict=True)
        ],
        classes=classes,
        needs=needs,
        priors=priors,
        chances=failing,
        texts=causes.text_likelihoods(classes, parameters),
        seat_texts=seat_texts,
        likelihoods=causes.failure_likelihoods(priors, failing, seat_texts),
    )


def _lines(
    failed: _Failed,
    seats: Mapping[str, SeatRecord],
    as_of: dt.date,
    parameters: Parameters,
) -> _Lines:
    """Return the timeline and states of every seat with a failure of known time."""
    rows_by_seat: dict[str, list[int]] = {}
    for row, (seat_id, at) in enumerate(
        zip(failed.frame["seat_id"], failed.at, strict=True)
    ):
        if seat_id in seats and at:
            rows_by_seat.setdefault(seat_id, []).append(row)
    empty, fine = parameters.exhausted_share, 1 - parameters.exhausted_share
    blocked = parameters.blocked_share
    unknown = split((fine * (1 - blocked), empty, fine * blocked), parameters)
    others = np.tile(unknown, (len(failed.at), 1))
    lines, states = {}, {}
    for seat_id in sorted(rows_by_seat):
        own = [(failed.at[k], k, float(failed.needs[k])) for k in rows_by_seat[seat_id]]
        lines[seat_id] = timeline(seats[seat_id], own, as_of, parameters)
        states[seat_id] = _smooth(failed, lines[seat_id], others, parameters)
    return _Lines(lines=lines, states=states, others=others)


def _smooth(
    failed: _Failed,
    line: Timeline,
    others: Floats,
    parameters: Parameters,
    unexplained: Collection[int] = (),
) -> list[Three]:
    """Return the states by event, and note in `others` those given all other events."""
    ok_share = 1 - parameters.inmail_off_share - parameters.profile_gone_share
    chain = Chain(line, ok_share, parameters, unexplained)
    given_others, given_all = chain.smooth(failed.likelihoods)
    for position, event in enumerate(line.events):
        if event.index >= 0:
            others[event.index] = given_others[position]
    return [joined(four) for four in given_all]


def _judged(
    failed: _Failed,
    lines: _Lines,
    seats: Mapping[str, SeatRecord],
    parameters: Parameters,
) -> list[Judged]:
    chances = causes.posterior(
        failed.priors,
        failed.chances,
        failed.seat_texts,
        lines.others,
        failed.frame["lead_id"].tolist(),
    )
    is_credits = chances.argmax(axis=1) == CAUSES.index(Cause.CREDITS_EXHAUSTED)
    paid = frozenset(np.flatnonzero(is_credits).tolist())
    return [
        Judged(
            record=seats[seat_id],
            line=line,
            states=lines.states[seat_id],
            open_states=lines.states[seat_id],
            runs=runs(line, parameters),
            paid_failures=paid,
        )
        for seat_id, line in lines.lines.items()
    ]


def _reopened(
    failed: _Failed, lines: _Lines, judged: list[Judged], parameters: Parameters
) -> tuple[_Failed, _Lines, list[Judged]]:
    """Return the same with open states where nothing explains why a seat has stopped.

    There a text of missing credits says that the seat is the cause, not which of the
    two: with it every lead would be surer than its seat.
    """
    others, texts, found = lines.others.copy(), failed.texts.copy(), []
    of_seat = [CAUSES.index(cause) for cause in _STOPS]
    share = parameters.stopped_exhausted_share
    for seat in judged:
        positions = unexplained(seat, parameters)
        if not positions:
            found.append(seat)
            continue
        states = _smooth(failed, seat.line, others, parameters, positions)
        found.append(replace(seat, open_states=states))
        events = [seat.line.events[position] for position in sorted(positions)]
        weak = [
            event.index
            for event in events
            if event.mark is Mark.FAILED and causes.is_weak(failed.classes[event.index])
        ]
        mean = texts[np.ix_(weak, of_seat)] @ np.array([share, 1 - share])
        texts[np.ix_(weak, of_seat)] = mean[:, None]
    return replace(failed, texts=texts), replace(lines, others=others), found


def _findings(
    failed: _Failed, lines: _Lines, chances: Floats, parameters: Parameters
) -> pd.DataFrame:
    frame = failed.frame
    best = chances.argmax(axis=1)
    counts = frame.groupby("lead_id", sort=False)["lead_id"].transform("size")
    found = frame.assign(
        error_class=failed.classes,
        cause=[str(CAUSES[k]) for k in best],
        cause_probability=chances[np.arange(len(frame)), best],
        **{f"p_{cause}": chances[:, CAUSES.index(cause)] for cause in Cause},
    )
    around: dict[int, Surroundings] = {}
    for line in lines.lines.values():
        around |= surroundings(line, runs(line, parameters))
    facts = zip(
        found["cause"],
        *(found[name] for name in _FACTS),
        counts,
        failed.classes,
        failed.at,
        strict=True,
    )
    found["evidence"] = [
        evidence(
            cause,
            LeadFacts(
                **dict(zip(_FACTS, values, strict=True)),
                num_failures=int(count),
                error_class=shown,
                is_dated=bool(at),
            ),
            around.get(row),
            parameters,
        )
        for row, (cause, *values, count, shown, at) in enumerate(facts)
    ]
    # Canonical order is by time: the last row of a lead is its last failure.
    found["is_latest"] = ~frame["lead_id"].duplicated(keep="last")
    return found


_FACTS = (
    "seat_id",
    "open_flag",
    "inmail_flag",
    "degree",
    "inmail_on",
    "accepted_by",
    "replied_on",
)
