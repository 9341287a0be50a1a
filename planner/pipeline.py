"""The straight line from clean inputs to an audited plan. Pure: no files, no clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import pandas as pd

from planner import __version__, limits
from planner.assign import slots, summary, table, written
from planner.assign.audit import audit, breaches
from planner.assign.leads import Decisions, Problem, decide
from planner.assign.runway import runway
from planner.dates import ONE_DAY, ONE_WEEK, iso_week, monday
from planner.domain import Breach, Given, History, Inputs, OpenShare, Plan, Seat
from planner.errors import AuditError, InputError, Issue, Severity, SolverError
from planner.estimate import learned as learned_rates
from planner.estimate import open_share, rates
from planner.estimate.learned import LearnedRates
from planner.estimate.lookups import rank
from planner.intake import past
from planner.intake.eligibility import match_seats
from planner.model import calendar, classes, exact, instance, relax, solve
from planner.model.certificate import any_order_bound, relative_gap
from planner.model.classes import LeadValues
from planner.model.exact import Proof
from planner.model.refine import Refiner
from planner.params import Parameters
from planner.words import counted

#: Figures of a plan by name, for its totals.
Figures: TypeAlias = dict[str, float | int | str]

#: Columns of the leads that can change a plan; the others are only carried along.
DECIDING_COLUMNS = (
    "lead_id",
    "company_key",
    "open_flag",
    "premium_flag",
    "inmail_flag",
    "degree",
    "degree_seat",
    "priority",
    "segment",
    "seniority",
    "industry",
    "region",
    "owner",
    "group",
    "exclusion",
    "last_contacted_on",
)


def make_plan(
    inputs: Inputs,
    parameters: Parameters,
    *,
    as_of: dt.date,
    history: History | None = None,
) -> Plan:
    """Return the audited plan of the week of `as_of`.

    Parameters
    ----------
    inputs : Inputs
        Cleaned leads and seats, with the findings of intake.
    parameters : Parameters
        Every tunable number.
    as_of : datetime.date
        The day on which the balances hold and from which sends are planned.
    history : History, optional
        What the ledger knows of these leads; what it knows of the seats is in `inputs`.

    Raises
    ------
    InputError
        If there is no usable lead, or no usable seat that works in the next weeks.
    SolverError
        If the solver does not prove an optimum.
    AuditError
        If the plan breaks a promise (a defect of the program).
    """
    given = Given(inputs=inputs, parameters=parameters, as_of=as_of, history=history)
    return work_out(given).plan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worked:
    """A plan with what it was worked out from, for whoever looks behind it.

    ``leads`` are the leads as planned (with the seats of their companies as owners),
    ``problem`` holds values, classes, the instance as fitted, its solution and the
    volumes as assigned, ``shares`` the open share of each segment.
    """

    plan: Plan
    problem: Problem
    shares: OpenShare


def work_out(given: Given, *, until: dt.date | None = None) -> Worked:
    """Return the audited plan of the week, and what it was worked out from.

    Rules that are only reported are taken away before anything is planned; the plan's
    tables and the audit see seats, leads and parameters as they are.

    Parameters
    ----------
    until : datetime.date, optional
        Last day of the horizon, where it shall not follow from the seats' resets.

    Raises
    ------
    InputError, SolverError, AuditError
        As `make_plan`.
    """
    parameters, as_of, history = given.parameters, given.as_of, given.history
    learned = learn(history, parameters, as_of=as_of)
    inputs = prepared(given.inputs, history, learned, parameters)
    seats, leads_table = inputs.seats, inputs.leads
    leads = leads_table.leads
    _require_usable(leads, leads_table.issues, seats)
    start = calendar.planned_week(seats, as_of)
    end = until or calendar.horizon_end(seats, as_of, start, parameters)
    weeks = _weeks(start, end)
    # What the program sees: the same, where no rule is only reported.
    seen = relax.relaxed(leads, seats, parameters)
    calendars = [
        calendar.seat_calendar(
            index, seat, as_of=as_of, start=start, end=end, parameters=seen.parameters
        )
        for index, seat in enumerate(seen.day_seats)
    ]
    if history is not None and seen.parameters.one_seat_per_company:
        at_work = [s.seat_id for s, c in zip(seats, calendars, strict=True) if c.periods]
        kept = past.keep_companies(leads, history, seats, at_work)
        if seen.leads is leads:
            seen = replace(seen, leads=kept)
        else:
            own = past.keep_companies(seen.leads, history, seats, at_work)
            seen = replace(seen, leads=own)
        leads, leads_table = kept, replace(leads_table, leads=kept)
    values, shares = estimate(seen.leads, parameters, history=history, learned=learned)
    classing = classes.aggregate(
        seen.leads, values, seen.seats, shares.segments, seen.parameters,
        touches=recent_touches(leads, start, history), num_weeks=len(weeks),
        seat_capacity=[calendar.capacity(item) for item in calendars],
        week_capacity=[calendar.capacity(item, week=0) for item in calendars],
    )  # fmt: skip
    built = instance.build(seen.seats, calendars, classing, seen.parameters,
        num_weeks=len(weeks), first_weekday=start.weekday(),
    )  # fmt: skip
    refiner = Refiner(classing, values, parameters)
    fitted, solution = solve.solve(built, parameters, refiner)
    proof = exact.prove(fitted, solution, refiner, values, parameters)
    problem = Problem(
        leads=seen.leads,
        values=values,
        classing=proof.classing,
        instance=proof.instance,
        solution=proof.solution,
        slots=slots.whole(proof.instance, proof.solution),
        seats=seen.seats,
        calendars=calendars,
        parameters=seen.parameters,
        as_of=as_of,
    )
    decisions = decide(problem)
    problem = replace(problem, slots=decisions.slots)
    certified = certificate(problem, decisions, proof)
    short = _short(summary.shortfalls(proof.instance, seen.seats))
    problem = replace(problem, leads=leads, seats=seats, parameters=parameters)
    if seen.parameters.open_flag_leak != parameters.open_flag_leak:
        # Planned as if no open profile closed, but the figures say what that risks.
        tiers = classes.with_leak(problem.instance.tiers, parameters.open_flag_leak)
        problem = replace(problem, instance=replace(problem.instance, tiers=tiers))
    assignments = table.assignments(problem, decisions, shares.segments, weeks)
    plan = _plan(
        replace(inputs, leads=leads_table, seat_issues=(*inputs.seat_issues, *short)),
        problem, assignments, shares,
        span=_Span(weeks=weeks, start=start, end=end),
        run_id=run_id(inputs, parameters, as_of, history),
        certified=certified,
    )  # fmt: skip
    broken = audit(plan, leads, history)
    if broken:
        raise AuditError(
            "the plan breaks a promise and was not written; please report it", broken
        )
    if parameters.report_only:
        plan = _with_breaches(plan, breaches(plan, leads, history))
    return Worked(plan=plan, problem=problem, shares=shares)


def prospective_run_id(
    inputs: Inputs,
    parameters: Parameters,
    *,
    as_of: dt.date,
    history: History | None = None,
) -> str:
    """Return the id that `make_plan` would give a run of these inputs."""
    learned = learn(history, parameters, as_of=as_of)
    return run_id(
        prepared(inputs, history, learned, parameters), parameters, as_of, history
    )


def prepared(
    inputs: Inputs,
    history: History | None,
    learned: LearnedRates | None,
    parameters: Parameters,
) -> Inputs:
    """Return the inputs as the plan takes them: matched, with what the ledger knows."""
    table = match_seats(inputs.leads, inputs.seats, inputs.mappings)
    seats = inputs.seats
    if history is not None:
        leads = past.known(table.leads, history)
        table = replace(table, leads=past.connected(leads, history, seats))
    if learned is not None:
        seats = learned_rates.with_rates(learned, seats)
    return replace(inputs, leads=table, seats=seats)


def learn(
    history: History | None, parameters: Parameters, *, as_of: dt.date
) -> LearnedRates | None:
    """Return the rates learned from the ledger's history; None if there is none."""
    if history is None or history.observed_until is None:
        return None
    return learned_rates.learn(
        history.cohorts, history.responses, parameters, as_of=as_of,
        seen_until=history.observed_until - ONE_DAY,
    )  # fmt: skip


def estimate(
    leads: pd.DataFrame,
    parameters: Parameters,
    *,
    history: History | None = None,
    learned: LearnedRates | None = None,
) -> tuple[LeadValues, OpenShare]:
    """Return what the estimates say of each lead, and the open share of the list."""
    probability, segment, shares = open_share.estimate(leads, parameters)
    inmail, connection, weight = rates.lead_values(leads, parameters, learned)
    values = LeadValues(
        open_probability=probability,
        segment=segment,
        inmail_reply_rate=inmail,
        connection_reply_rate=connection,
        weight=weight,
        held=past.held(leads, history),
    )
    return values, shares


def lookups(
    leads: pd.DataFrame,
    values: LeadValues,
    parameters: Parameters,
    *,
    credit_price: float | None,
    budget: int,
) -> pd.DataFrame:
    """Return the unknown leads to look up first, best first.

    Parameters
    ----------
    credit_price : float or None
        What a credit is worth in expected replies; if it is not known, one InMail to a
        lead that would wait otherwise, as where more leads than sends are at hand.
    budget : int
        How many look-ups there may be.

    Returns
    -------
    pandas.DataFrame
        Columns of `planner.estimate.lookups.rank`, and where to find the lead.
    """
    if credit_price is None:
        sendable = values.inmail_reply_rate > 0
        rates_of_leads = values.inmail_reply_rate[sendable]
        credit_price = float(rates_of_leads.mean()) if sendable.any() else 0.0
    chosen = rank(
        leads, values.open_probability, values.inmail_value, values.connection_value,
        credit_price, parameters, budget,
    )  # fmt: skip
    places = leads[["lead_id", "linkedin_url", "source_file", "source_row"]]
    return chosen.merge(places, on="lead_id", how="left")


def certificate(problem: Problem, decisions: Decisions, proof: Proof) -> Figures:
    """Return how good the plan surely is: bounds, gaps, and what of its week was written.

    ``objective_bound`` is what no treatment of single leads can exceed under the same
    limits, fitted credit rows and earliest weeks; ``any_order_bound`` holds whoever of a
    company comes first. ``gap`` and ``any_order_gap`` are how far the program's optimum
    may be below them. With ``exact``, ``written_gap`` is the same for the whole-number
    week as written with the program's best weeks after it; None if the solver did not
    finish those.
    """
    bound, objective = proof.bound, problem.solution.objective
    any_order = any_order_bound(
        problem.instance, problem.solution, problem.classing, problem.values,
        most_per_company=problem.parameters.max_new_leads_per_company,
    )  # fmt: skip
    any_order = max(any_order, bound)
    solution, volumes = problem.solution, problem.slots
    this_week = [p.week == 0 for p in problem.instance.periods]
    planned = solution.inmails[this_week].sum() + solution.connections[this_week].sum()
    sends = volumes.inmails[this_week].sum() + volumes.connections[this_week].sum()
    figures: Figures = {
        "objective_bound": round(float(bound), 6),
        "gap": _rounded_up(relative_gap(objective, bound)),
        "any_order_bound": round(float(any_order), 6),
        "any_order_gap": _rounded_up(relative_gap(objective, any_order)),
        "sends_planned": round(float(planned), 2),
        "sends_written": int(sends),
    }
    if problem.parameters.exact:
        figures |= {
            "exact": str(proof.end),
            "target_gap": problem.parameters.target_gap,
            "exact_passes_used": proof.num_passes,
        }
        value = _written_value(problem, decisions)
        if value is not None:
            figures["written_objective"] = round(value, 6)
            figures["written_gap"] = _rounded_up(relative_gap(value, bound))
    return figures


def _written_value(problem: Problem, decisions: Decisions) -> float | None:
    try:
        return written.worth(problem, decisions)
    except SolverError:
        return None


def _rounded_up(gap: float) -> float:
    """Return a gap with six decimals, never below what it is."""
    return math.ceil(gap * 1e6 - 1e-6) / 1e6


def recent_touches(
    leads: pd.DataFrame, start: dt.date, history: History | None = None
) -> Counter[str]:
    """Return, by company, the people contacted within a week of the week of `start`.

    What is settled for its days beside the plan counts, too: a send at the end of the
    week looks six days both ways.
    """
    contacted = leads["last_contacted_on"]
    recent = leads[
        (contacted >= (start - 6 * ONE_DAY).isoformat())
        & (contacted <= (start + 12 * ONE_DAY).isoformat())
        & (leads["company_key"] != "")
    ]
    touches = Counter(str(key) for key in recent["company_key"])
    touches.update({} if history is None else history.company_touches)
    return touches


def _require_usable(
    leads: pd.DataFrame, issues: Sequence[Issue], seats: Sequence[Seat]
) -> None:
    """Refuse a run that has nobody to contact or nobody to send."""
    if not seats:
        raise InputError("no usable seat: nothing can be planned", issues)
    if leads.empty:
        raise InputError("no usable lead: nothing can be planned", issues)
    if (leads["exclusion"] != "").all():
        counts = leads["exclusion"].value_counts()
        words = ", ".join(f"{count} {rule}" for rule, count in counts.items())
        raise InputError(f"no usable lead: all are excluded ({words})", issues)


def _weeks(start: dt.date, end: dt.date) -> list[str]:
    weeks, day = [], monday(start)
    while day <= end:
        weeks.append(iso_week(day))
        day += ONE_WEEK
    return weeks


class _Span(NamedTuple):
    """ISO weeks of the horizon, its first and its last day."""

    weeks: Sequence[str]
    start: dt.date
    end: dt.date


def _plan(
    inputs: Inputs,
    problem: Problem,
    assignments: pd.DataFrame,
    shares: OpenShare,
    *,
    span: _Span,
    run_id: str,
    certified: Figures,
) -> Plan:
    week_end = monday(span.start) + ONE_WEEK - ONE_DAY
    days = summary.days(assignments, problem.seats)
    seat_weeks = summary.seat_weeks(problem, assignments, days)
    return Plan(
        run_id=run_id,
        version=__version__,
        as_of=problem.as_of,
        week=span.weeks[0],
        week_start=span.start,
        week_end=week_end,
        horizon_end=span.end,
        parameters=problem.parameters,
        seats=tuple(problem.seats),
        assignments=assignments,
        rows=inputs.leads.rows,
        seat_weeks=seat_weeks,
        days=days,
        limits=summary.limits(problem, assignments, seat_weeks),
        outlook=summary.outlook(problem, span.weeks),
        runway=runway(problem, days, week_end),
        open_share=shares,
        issues=(*inputs.leads.issues, *inputs.seat_issues),
        mappings=inputs.mappings,
        files=inputs.files,
        totals=summary.totals(problem, assignments, seat_weeks) | certified,
        solver={
            "name": problem.solution.solver,
            "status": str(problem.solution.status),
            "columns": problem.solution.num_columns,
            "rows": problem.solution.num_rows,
            "classes": len(problem.instance.classes),
        },
    )


def _short(lines: Sequence[str]) -> list[Issue]:
    """Return what the seats have nothing left of, as findings."""
    return [
        Issue(code="limit-short", message=line, severity=Severity.WARNING) for line in lines
    ]


def _with_breaches(plan: Plan, found: Sequence[Breach]) -> Plan:
    """Return the plan with where it goes beyond the rules that it only reports."""
    names = limits.parse(plan.parameters.report_only)
    issues = [
        Issue(
            code="report-only", severity=Severity.WARNING,
            message=f"report-only {item.limit}: {item.message}",
        )
        for item in found
    ]  # fmt: skip
    if "credits" in names:
        issues.insert(
            0,
            Issue(
                code="guarantee-off", severity=Severity.WARNING,
                message=(
                    "THE CREDIT GUARANTEE IS OFF (report-only credits): seats may run out, "
                    "and InMails that find no credit fail"
                ),
            ),
        )  # fmt: skip
    return replace(plan, breaches=tuple(found), issues=(*plan.issues, *issues))


def run_id(
    inputs: Inputs, parameters: Parameters, as_of: dt.date, history: History | None = None
) -> str:
    """Return the key of a run: a hash of everything that the plan is made from.

    Made from the cleaned leads, not from the files' bytes, so that the order of rows
    and files makes no difference.
    """
    leads = inputs.leads.leads[list(DECIDING_COLUMNS)]
    # Which leads come from one file can decide their segment, whatever its name is.
    file, _ = pd.factorize(inputs.leads.leads["source_file"])
    digest = hashlib.sha256()
    digest.update(pd.util.hash_pandas_object(leads, index=False).to_numpy().tobytes())
    digest.update(file.astype("int64").tobytes())
    digest.update(repr(inputs.seats).encode())
    digest.update(json.dumps(parameters.as_dict(), sort_keys=True).encode())
    digest.update(f"{as_of.isoformat()} {__version__}".encode())
    if history is not None and not past.is_blank(history):
        digest.update(history.digest.encode())
    return digest.hexdigest()[:16]


def check_issues(issues: Sequence[Issue], *, strict: bool) -> None:
    """Refuse the run if a finding forbids it.

    Raises
    ------
    InputError
        If `strict` and any finding is an error: without it, bad rows stay out and the
        plan goes on.
    """
    errors = [issue for issue in issues if issue.severity is Severity.ERROR]
    if strict and errors:
        raise InputError(
            f"{counted(len(errors), 'bad row')}, and --strict "
            "allows none; nothing was written",
            issues,
        )
