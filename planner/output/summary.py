"""*Summary* and *Run*: sheets of lines, not of tables."""

from __future__ import annotations

from collections.abc import Sequence

from planner.domain import RULE_WORDS, Plan, Route
from planner.output import breaches, promise, runway
from planner.output.columns import in_words
from planner.output.grid import Chart, Entry, Kind, Line, Page, Value
from planner.output.names import run_name
from planner.output.proof import exact
from planner.output.run import issue_counts, route_counts, rule_counts
from planner.output.seats import ranked_seats
from planner.output.sends import MAX_SEAT_SHEETS
from planner.output.sheets import MAX_HELD, MAX_ISSUES, ranked_limits
from planner.words import counted

_TOP_LIMITS = 3
_SUMMARY_WIDTHS = (36.0, 12.0, 72.0, 3.0)
#: Where charts stand beside the lines, top down, and their size in cm.
_CHARTS_AT = ("E4", "E20", "E36")
_CHART_SIZE = (16.0, 8.0)
_RUN_WIDTHS = (48.0, 44.0, 12.0, 72.0)


def summary(plan: Plan, pages: Sequence[Page]) -> Page:
    """Return the first sheet: what this plan is, its figures, what to do now."""
    lines = (
        *_head(plan),
        *_figures(plan),
        *_credits(plan),
        *_proof(plan),
        *_report_only(plan),
        *_do_now(plan),
        *_limits(plan),
        *_findings(plan),
        *_guide(plan, pages),
    )
    charts = (_volume_chart(plan),) if len(plan.seat_weeks) else ()
    places = [(cell, 0.0) for cell in _CHARTS_AT[1:]]
    nearest = runway.charts(plan, places, _CHART_SIZE)
    return Page(
        name="Summary",
        lines=lines,
        widths=_SUMMARY_WIDTHS,
        charts=(*charts, *nearest),
        pages_high=1,
    )


def run_page(plan: Plan) -> Page:
    """Return where the plan comes from: versions, inputs, columns, solver, totals."""
    lines: list[Line] = [(Entry("Run", Kind.TITLE),), ()]
    lines += _pairs(
        "This run",
        {
            "run": run_name(plan),
            "run id": plan.run_id,
            "planner": plan.version,
            "as of": plan.as_of.isoformat(),
            "week": f"{plan.week}: {plan.week_start} to {plan.week_end}",
            "horizon ends": plan.horizon_end.isoformat(),
        },
    )
    lines += _section("Files in", 4)
    lines += [
        _line(
            file.file, file.kind, Entry(file.num_rows, Kind.COUNT), f"sha256 {file.sha256}"
        )
        for file in plan.files
    ]
    lines += ((), *_section("Columns recognised", 4))
    lines += [
        _line(
            meaning, ", then ".join(headers), mapping.origin.get(meaning, ""), mapping.file
        )
        for mapping in plan.mappings
        for meaning, headers in mapping.columns.items()
    ]
    lines += [
        (),
        *_pairs("Solver", dict(plan.solver)),
        *_pairs("Totals", dict(plan.totals)),
    ]
    return Page(name="Run", lines=tuple(lines), widths=_RUN_WIDTHS)


# --- summary, top down ------------------------------------------------------------


def _head(plan: Plan) -> list[Line]:
    days = f"{in_words(plan.week_start)} to {in_words(plan.week_end)}"
    about = (
        f"{days}, {len(plan.seats):,} seats, {len(plan.assignments):,} leads. "
        f"Run {run_name(plan)}, planner {plan.version}, as of {plan.as_of}."
    )
    return [
        (Entry(f"Plan of week {plan.week}", Kind.TITLE),),
        (Entry(about, Kind.SUBTITLE),),
        (),
    ]


def _figures(plan: Plan) -> list[Line]:
    counts = route_counts(plan)
    excluded = _named(rule_counts(plan, Route.EXCLUDED)) or "none"
    held = _named(rule_counts(plan, Route.HOLD)) or "none"
    replies = float(plan.assignments["expected_replies"].sum())
    leak = plan.parameters.open_flag_leak
    opened = f"free; {leak:.0%} of the profiles may have closed since"
    paid = "flag no or unknown: uses a credit unless the profile turns out open"
    return [
        *_section("This week"),
        _figure("InMails to open profiles", counts[Route.OPEN_INMAIL], opened),
        _figure("Paid InMails", counts[Route.PAID_INMAIL], paid),
        _figure("Connection requests", counts[Route.CONNECTION_REQUEST], "use no credit"),
        _figure("Messages to connections", counts[Route.MESSAGE], "free"),
        _figure("Expected replies", replies, "from these sends", Kind.DECIMAL),
        _figure("Held for a later week", counts[Route.HOLD], held),
        _figure("Excluded", counts[Route.EXCLUDED], excluded),
        _figure("Leads in all", sum(counts.values()), "each has exactly one route"),
        (),
    ]


def _credits(plan: Plan) -> list[Line]:
    weeks, alpha = plan.seat_weeks, plan.parameters.alpha
    risks = weeks["exhaustion_probability"].to_numpy(dtype=float)
    worst, any_seat = float(risks.max(initial=0.0)), 1 - float((1 - risks).prod())
    seat = f"seat {ranked_seats(plan)['seat_id'].iloc[0]}" if len(weeks) else "no seats"
    joint = plan.parameters.joint
    kept = "kept" if (any_seat if joint else worst) <= alpha + 1e-6 else "NOT KEPT"
    available = float((weeks["credits"] - weeks["reserve"]).clip(lower=0).sum())
    use = float(weeks["expected_credits_week"].sum())
    forfeit = float(weeks["expected_forfeit"].sum())
    percent = Kind.PERCENT
    return [
        *_section("Credits"),
        _figure("Expected to be used this week", use, "all seats", Kind.DECIMAL),
        _figure("Available above the reserves", available, "all seats"),
        _figure("Expected to be forfeited", forfeit, "grants above the cap", Kind.DECIMAL),
        _figure(
            "Highest probability to run out", worst, f"before its reset: {seat}", percent
        ),
        _figure(
            "Probability that any seat runs out", any_seat, "before its reset", percent
        ),
        _figure(
            "Guarantee: at most",
            alpha,
            f"for {promise.scope(plan)}: {breaches.guarantee(plan) or kept}",
            percent,
        ),
        (),
    ]


def _proof(plan: Plan) -> list[Line]:
    """Return the certificate; what a plan's totals do not say is left out."""
    totals = plan.totals
    if "any_order_gap" not in totals:
        return []
    gaps = (
        ("Missed by the program at most", "gap", "same limits and credit rows"),
        ("Whoever of a company comes first", "any_order_gap", "at most"),
        ("Missed by this week as written at most", "written_gap",
         "with the program's best weeks after it"),
    )  # fmt: skip
    best = _figure(
        "Best possible over the horizon", float(totals["objective_bound"]),
        "weighted replies less delay and forfeits, whatever is done with single leads",
        Kind.DECIMAL,
    )  # fmt: skip
    lines = [
        _figure(label, float(totals[name]), remark, Kind.GAP)
        for label, name, remark in gaps
        if name in totals
    ]
    if "exact" in totals:
        lines.append(_step(exact(totals)))
    return [*_section("How good this is"), best, *lines, ()]


def _report_only(plan: Plan) -> list[Line]:
    """Return the limits that this plan may go beyond, and where it does."""
    rows = [_figure(name, count, where) for name, count, where in breaches.lines(plan)]
    head = "Report only: limits that this plan may go beyond (seats and days that do)"
    return [*_section(head), *rows, ()] if rows else []


def _do_now(plan: Plan) -> list[Line]:
    errors = issue_counts(plan.issues)["error"]
    look = f"look at {counted(errors, 'error')} on Issues first, then " if errors else ""
    steps = (
        f"{look}look through Seats: who is to watch, and does every balance look right?",
        "Open getsales/README.md and switch the automations off, as it says.",
        "Import the files in getsales/, one list each, and set the daily limits it names.",
        "Check the row counts, then switch the automations on.",
        (
            "On Friday, record what was sent and answered (this workbook, statuses filled "
            "in), and triage the InMails that failed."
        ),
        "On Monday, enter the balances that LinkedIn shows then, and plan again.",
    )
    numbered = [
        _step(f"{number}. {step[0].upper()}{step[1:]}")
        for number, step in enumerate(steps, 1)
    ]
    return [*_section("What to do now"), *numbered, ()]


def _limits(plan: Plan) -> list[Line]:
    top = ranked_limits(plan).head(_TOP_LIMITS)
    rows = zip(top["limit"], top["seat_id"], top["price"], top["in_words"], strict=True)
    lines = [
        _figure(
            f"{limit} ({seat})" if seat else str(limit), price, str(words), Kind.REPLIES
        )
        for limit, seat, price, words in rows
    ]
    head = "What limits us most (weighted replies that one more would bring)"
    return [
        *_section(head),
        *(lines or [_step("Nothing: every lead could be sent to.")]),
        (),
    ]


def _findings(plan: Plan) -> list[Line]:
    counts = issue_counts(plan.issues)
    return [
        *_section("Issues"),
        _figure("Errors", counts["error"], "rows kept out"),
        _figure(
            "Warnings", counts["warning"], "rows used, with something left out or guessed"
        ),
        _figure("Notes", counts["note"], ""),
        (),
    ]


def _guide(plan: Plan, pages: Sequence[Page]) -> list[Line]:
    """Say what the workbook leaves out or cuts: nothing is missing without a word."""
    counts = route_counts(plan)
    sending = len({seat for seat in plan.days["seat_id"].tolist() if seat})
    further = [page.name for page in pages if page.name[-1].isdigit()]
    notes = [f"The full list of {len(plan.assignments):,} leads is in assignments.csv."]
    if sending > MAX_SEAT_SHEETS:
        notes.append(
            f"{MAX_SEAT_SHEETS} of {sending:,} sending seats have their own sheet, the "
            "first by id: filter This week for the others."
        )
    else:
        notes.append(
            "Every seat that sends this week has its own sheet, to hand to its owner."
        )
    if counts[Route.HOLD] > MAX_HELD:
        notes.append(f"Hold shows the first {MAX_HELD:,} of {counts[Route.HOLD]:,} leads.")
    if len(plan.issues) > MAX_ISSUES:
        notes.append(f"Issues shows the first {MAX_ISSUES:,} of {len(plan.issues):,}.")
    if further:
        notes.append(f"Too long for one sheet, goes on in: {', '.join(further)}.")
    return [*_section("In this workbook"), *(_step(note) for note in notes)]


def _volume_chart(plan: Plan) -> Chart:
    number = len(plan.seat_weeks)
    which = "" if number <= 30 else " (the 30 nearest to running out)"
    return Chart(
        title=f"InMails this week by seat{which}",
        page="Seats",
        block="seats",
        category="seat",
        series=("open InMails", "paid InMails"),
        axis="InMails",
        anchor=_CHARTS_AT[0],
        size=_CHART_SIZE,
    )


# --- lines ------------------------------------------------------------------------


def _section(title: str, num_columns: int = 3) -> list[Line]:
    blank = (Entry("", Kind.SECTION),) * (num_columns - 1)
    return [(Entry(title, Kind.SECTION), *blank)]


def _step(text: str) -> Line:
    return (Entry(text, Kind.STEP),)


def _figure(label: str, value: Value, remark: str, kind: Kind = Kind.COUNT) -> Line:
    return (Entry(label, Kind.LABEL), Entry(value, kind), Entry(remark, Kind.REMARK))


def _line(*cells: str | Entry) -> Line:
    return tuple(
        cell if isinstance(cell, Entry) else Entry(cell, Kind.LABEL) for cell in cells
    )


def _pairs(title: str, pairs: dict[str, Value]) -> list[Line]:
    rows = [
        _line(str(key), Entry(value, Kind.LABEL), "", "") for key, value in pairs.items()
    ]
    return [*_section(title, 4), *rows, ()]


def _named(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{RULE_WORDS.get(rule, rule or 'no rule named')} {number:,}"
        for rule, number in counts.items()
    )
