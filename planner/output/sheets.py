"""Sheets about what waits, what limits, and what the plan rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from planner.domain import RULE_WORDS, Plan, Route, SegmentShare
from planner.output.columns import full_names, listed, taken
from planner.output.grid import Block, Kind, Page, Value, heading
from planner.output.tables import texts
from planner.params import Parameters, specs
from planner.words import counted

#: Leads shown on *Hold*; the rest is in assignments.csv.
MAX_HELD = 10_000
#: Findings shown on *Issues*; the rest is in plan.json.
MAX_ISSUES = 10_000

SHEETS = (
    "Summary",
    "Seats",
    "Runway",
    "This week",
    "By day",
    "Connection requests",
    "Hold",
    "Open share",
    "What limits us",
    "Issues",
    "Parameters",
    "Run",
)

_NOT_FORESEEN = "not foreseen"

# --- what waits, and why ----------------------------------------------------------


def hold(plan: Plan) -> Page:
    """Return the held leads: counts by reason and week, then the first of them."""
    held = plan.assignments[plan.assignments["route"] == str(Route.HOLD)]
    keys = pd.DataFrame(
        {
            "rule": _in_words(held["rule"]),
            "week": [week or _NOT_FORESEEN for week in texts(held["expected_week"])],
            "minus_priority": -held["priority"].to_numpy(),
            "lead": texts(held["lead_id"]),
        }
    )  # weeks begin with a digit, so "not foreseen" comes last
    order = keys.sort_values(["week", "minus_priority", "lead"], kind="stable").index
    first = held.iloc[order.to_numpy()[:MAX_HELD]]
    note = f"{len(held):,} leads wait. All of them are in assignments.csv."
    return Page(
        name="Hold",
        lines=heading("Hold", note),
        blocks=(_hold_counts(keys), _hold_list(first, len(held))),
    )


def _in_words(rules: pd.Series) -> list[str]:
    return [RULE_WORDS.get(rule, rule) for rule in texts(rules)]


def _hold_counts(keys: pd.DataFrame) -> Block:
    counts = keys.groupby(["rule", "week"]).size().reset_index(name="leads")
    counts = counts.sort_values(["leads", "rule", "week"], ascending=[False, True, True])
    columns = (
        replace(taken(counts, "rule", "reason"), widest=34),
        taken(counts, "week", "expected week"),
        taken(counts, "leads", "leads", Kind.COUNT),
    )
    return Block(name="hold_counts", caption="How many, and until when", columns=columns)


def _hold_list(first: pd.DataFrame, num_held: int) -> Block:
    weeks = [week or _NOT_FORESEEN for week in texts(first["expected_week"])]
    columns = (
        replace(listed("reason", _in_words(first["rule"])), widest=34),
        listed("expected week", weeks),
        taken(first, "priority", "priority", Kind.COUNT),
        listed("lead", full_names(first)),
        taken(first, "title", "title"),
        taken(first, "company", "company"),
        taken(first, "linkedin_url", "profile", Kind.LINK),
        taken(first, "open_flag", "open profile"),
        taken(first, "reason", "why", Kind.WRAP),
    )
    caption = "The leads" if num_held <= MAX_HELD else f"The first {MAX_HELD:,} leads"
    return Block(name="hold_list", caption=caption, columns=columns)


def limits(plan: Plan) -> Page:
    """Return the limits and rules that cost most, most first."""
    frame = ranked_limits(plan)
    columns = (
        taken(frame, "limit", "limit or rule"),
        taken(frame, "seat_id", "seat"),
        taken(frame, "used", "used", Kind.DECIMAL),
        taken(frame, "limit_value", "limit", Kind.DECIMAL),
        taken(frame, "price", "worth of one more", Kind.REPLIES),
        taken(frame, "num_leads", "leads moved", Kind.COUNT),
        replace(taken(frame, "in_words", "in words", Kind.WRAP), widest=76),
    )
    lines = heading(
        "What limits us",
        "Worth of one more: weighted replies that one unit more of the limit would bring. "
        "Leads moved: held or excluded by the rule.",
    )
    block = Block(name="limits", caption="", columns=columns)
    return Page(name="What limits us", lines=lines, blocks=(block,))


def ranked_limits(plan: Plan) -> pd.DataFrame:
    """Return the limits by what one more unit is worth, then by leads moved."""
    return plan.limits.sort_values(
        ["price", "num_leads", "limit", "seat_id"],
        ascending=[False, False, True, True],
        na_position="last",
        kind="stable",
    )


# --- what the plan rests on -------------------------------------------------------


def open_share(plan: Plan) -> Page:
    """Return the estimated open share of the list and of each segment."""
    share = plan.open_share
    low, median, high = share.share.low, share.share.median, share.share.high
    checks = sorted(share.width_after_checks)
    widths = [share.width_after_checks[number] for number in checks]
    look_ups = Block(
        name="look_ups",
        caption="What looking up more flags would bring",
        columns=(
            listed("random look-ups", checks, Kind.COUNT),
            listed("width of interval", widths, Kind.PERCENT),
        ),
    )
    lines = heading(
        "Open share",
        f"Of {share.num_leads:,} leads, {share.num_known:,} flags are known "
        f"({share.num_open:,} open). Expected open share of the list: {median:.0%} "
        f"({low:.0%} to {high:.0%}, {plan.parameters.interval:.0%} interval).",
        "The share of a segment is that of its leads with an unknown flag.",
    )
    blocks = (_segment_block(share.segments), look_ups)
    return Page(name="Open share", lines=lines, blocks=blocks)


def _segment_block(segments: Sequence[SegmentShare]) -> Block:
    means = listed("expected open share", [s.mean for s in segments], Kind.PERCENT)
    columns = (
        replace(listed("segment", [s.segment for s in segments]), widest=48),
        listed("Premium", [s.premium for s in segments]),
        listed("leads", [s.num_leads for s in segments], Kind.COUNT),
        listed("flag known", [s.num_known for s in segments], Kind.COUNT),
        listed("known open", [s.num_open for s in segments], Kind.COUNT),
        listed("flag unknown", [s.num_unknown for s in segments], Kind.COUNT),
        replace(means, bar=True),
        listed("at least", [s.low for s in segments], Kind.PERCENT),
        listed("at most", [s.high for s in segments], Kind.PERCENT),
    )
    return Block(name="open_share", caption="By segment", columns=columns)


def issues(plan: Plan) -> Page:
    """Return the findings about the input, errors first."""
    order = {"error": 0, "warning": 1, "note": 2}
    found = sorted(plan.issues, key=lambda issue: order[str(issue.severity)])[:MAX_ISSUES]
    what = listed("what, and what to do", [issue.message for issue in found], Kind.WRAP)
    columns = (
        listed("severity", [str(issue.severity) for issue in found]),
        replace(listed("file", [issue.file for issue in found]), widest=52),
        listed("row", [issue.row for issue in found], Kind.COUNT),
        listed("column", [issue.column for issue in found]),
        replace(what, widest=76),
        listed("code", [issue.code for issue in found]),
    )
    more = len(plan.issues) - len(found)
    note = f"{counted(len(plan.issues), 'finding')}." + (
        f" The first {len(found):,} are shown; all are in plan.json." if more else ""
    )
    lines = heading("Issues", note)
    block = Block(name="issues", caption="", columns=columns)
    return Page(name="Issues", lines=lines, blocks=(block,))


def parameters(plan: Plan) -> Page:
    """Return every parameter with its value in force."""
    return parameter_page(plan.parameters)


def parameter_page(values: Parameters) -> Page:
    """Return every parameter with its value, whatever it was used for."""
    known = specs()
    changed = values.changed()
    columns = (
        listed("group", [spec.group for spec in known]),
        replace(listed("parameter", [spec.name for spec in known]), widest=40),
        listed("value", [_setting(getattr(values, s.name)) for s in known], Kind.VALUE),
        listed("default", [_setting(spec.default) for spec in known], Kind.VALUE),
        listed("changed", ["yes" if spec.name in changed else "" for spec in known]),
        listed("unit", [spec.unit for spec in known]),
        listed("range", [spec.range_text for spec in known]),
        listed("meaning", [spec.description for spec in known], Kind.WRAP),
        listed("source", [spec.source for spec in known], Kind.WRAP),
    )
    note = f"{len(changed)} of {len(known)} differ from their default."
    block = Block(name="parameters", caption="", columns=columns)
    return Page(
        name="Parameters",
        lines=heading("Parameters", note),
        blocks=(block,),
        freeze_columns=2,
        last_printed="meaning",
    )


def _setting(value: float | int | bool | str) -> Value:
    return str(value).lower() if isinstance(value, bool) else value
