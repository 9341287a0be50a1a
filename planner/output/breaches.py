"""What a plan says of the limits that it only reports: in words, for terminal and sheet."""

from __future__ import annotations

from collections.abc import Sequence

from planner import limits
from planner.domain import Breach, Plan

#: Places that one line names; the issues and ``plan.json`` have all of them.
MAX_PLACES = 4

#: Said wherever credits are only reported.
WARNING = "THE CREDIT GUARANTEE IS OFF: seats may run out, and their InMails fail then"


def lines(plan: Plan) -> list[tuple[str, int, str]]:
    """Return each limit that is only reported, how often it is broken, and where most."""
    rows = []
    for name in limits.parse(plan.parameters.report_only):
        found = [item for item in plan.breaches if item.limit == name]
        rows.append((name, len(found), _where(found) or "nothing goes beyond it"))
    return rows


def guarantee(plan: Plan) -> str:
    """Return what parts of the credit guarantee are only reported, in words; or nothing."""
    names = limits.parse(plan.parameters.report_only)
    if "credits" in names:
        return WARNING
    loose = [name for name in names if name in limits.CREDIT_LIMITS]
    return f"not promised: report-only {', '.join(loose)}" if loose else ""


def _where(found: Sequence[Breach]) -> str:
    """Return, in words, on which seats and days a plan goes beyond a limit most."""
    worst = sorted(found, key=lambda item: (item.most - item.count, item.seat_id, item.day))
    shown = [_place(item) for item in worst[:MAX_PLACES]]
    more = len(found) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def _place(item: Breach) -> str:
    if item.limit in limits.CREDIT_LIMITS:
        return (
            f"{item.seat_id} runs out by this week's sends with {item.count:.1%} instead "
            f"of {item.most:.0%}"
        )
    day = f" on {item.day}" if item.day else ""
    return (
        f"{item.seat_id or 'seat to look up'}{day} {item.count:g} instead of {item.most:g}"
    )
