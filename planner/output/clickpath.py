"""``getsales/README.md``: what to click in GetSales to carry out one run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from planner.domain import Plan, Route
from planner.output.names import clean, run_name

if TYPE_CHECKING:  # getsales writes this page, so it imports us
    from planner.output.getsales import ImportFile

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_SPACE = re.compile(r"\s+")

_STEP = {
    str(Route.OPEN_INMAIL): "Send InMail",
    str(Route.PAID_INMAIL): "Send InMail",
    str(Route.CONNECTION_REQUEST): "Send connection request",
    str(Route.MESSAGE): "Send message",
}

_BEFORE = """## 1. Before the import

1. **Switch every automation off** that reads one of the lists below or a `plan_` field. A
   segment with an auto-filter enrols matching contacts at once, and a running automation
   sends to them at once.
2. Settings → Custom fields → Contacts (`/settings/custom-fields/lead`): make sure that
   `plan_run`, `plan_route`, `plan_sender` and `plan_send_on` exist, spelled like this. They
   must exist before the import; columns are mapped to them by hand.
3. Clear last week (section 6) if you have not done so.
"""

_IMPORT = """## 2. Import: one file, one list

For each line: CRM → Contacts → Import → CSV; choose the list, or make it under exactly this
name; switch **"move to list if saved" on**, because a contact is in exactly one list and
stays in its old one otherwise. Parts `--2`, `--3` of a file go into the same list.
"""

_MAP = """Map the columns by hand (automatic mapping is unreliable):

| column | map to |
|---|---|
| LinkedIn URL | LinkedIn identifier (URLs and ids of both kinds are read) |
| Sales Navigator ID | Sales Navigator ID |
| System UUID | do not map; it is there to compare with an export |
| First Name, Last Name, Position, Company Name | same name; only for new contacts |
| Work Email | work e-mail; only for new contacts, or where the URL is blank |
| `plan_run`, `plan_route`, `plan_sender`, `plan_send_on` | custom field of that name |
"""

_SEGMENTS = """## 3. Automations: one segment per list, one sender per segment

GetSales shares the contacts of a segment out evenly among its senders and asks neither for
credits nor for limits. So each list has **its own segment with a single sender**:

1. Segment: auto-filter *list is …* **and** *`plan_run` is the run above*. The second half
   keeps out what is left over from another week.
2. Sender Profile node behind it: only the sender of the line in section 2.
3. First step: the one in the line. Use *Send InMail* for open and for paid InMails alike:
   LinkedIn takes no credit where the profile is open.
4. Do not add a second sender, and do not restart contacts on another one: the plan's
   promise about credits holds for this sender only.
5. A contact does not enter the same automation twice. Leads that went through it in an
   earlier week need a copy of the automation.
"""

_CHECKS = """## 5. Check, then switch on

1. The import's report: *handled + duplicates = rows* of section 2, for every file. A
   duplicate is a contact that was there already; it is moved and updated, not lost.
2. Each list shows as many contacts as the line has rows. Fewer: a contact is on the
   blacklist, or the switch "move to list if saved" was off.
3. Open one contact of each list: the `plan_` fields are filled, and the sender is right.
4. Switch the automations on.
5. On Friday: `planner record` what was sent, answered and accepted (the seats' sheets with
   their statuses, or exports), and export the contacts that **failed** at the InMail node
   (click its *Failed* count) for `planner triage`. Do not restart them before: a seat out
   of credits and a recipient who takes no InMails look the same here.
6. On Monday: note the balances that LinkedIn shows in the seat inventory.
"""

_AFTER = """## 6. Clear last week's plan

1. Switch the automations off; cancel what they have not sent (CRM → filter *`plan_run` is
   last week's run* → Cancel from automations).
2. Empty last week's lists by moving their contacts, or leave them: their `plan_run` is old,
   so no segment of this week takes them. **Never delete a list: its contacts are deleted
   with it.**
3. If you mark contacts by tag instead of by list, remove the old plan's tag: tags add up.

## 7. What is not known

GetSales does not document: what an empty cell does to a contact that is there already;
how many rows a file may have (15 MB is the limit that is known); whether two lists may have
one name; what its default daily limit for InMails is; which sender a contact keeps that had
contact with one before. It does not read `plan_send_on`: the daily limits of section 4 keep
the pace.
"""


def text(plan: Plan, files: Sequence[ImportFile]) -> str:
    """Return the click path of a run as Markdown."""
    sections = [
        _head(plan, files),
        _BEFORE,
        _IMPORT,
        file_table(files),
        _MAP,
        _sparse(files),
        _SEGMENTS,
        _limits(plan),
        _CHECKS,
        _AFTER,
    ]
    return "\n".join(section for section in sections if section)


def plain(value: str) -> str:
    """Return `value` as Markdown text: no mark of it has an effect, not even in a table."""
    return _MARKS.sub(r"\\\1", _SPACE.sub(" ", clean(value)).strip())


def _head(plan: Plan, files: Sequence[ImportFile]) -> str:
    rows = sum(file.num_rows for file in files)
    return (
        f"# GetSales: week {plain(plan.week)}, run {run_name(plan)}\n\n"
        f"{len(files)} lists, {rows:,} contacts, {plan.week_start} to {plan.week_end}. "
        "Menus may be named differently in your version.\n"
    )


def file_table(files: Sequence[ImportFile]) -> str:
    """Return the table of files, lists, senders and first steps."""
    lines = [
        (
            ", ".join(f"`{name}`" for name, _ in file.parts),
            f"{file.num_rows:,}",
            f"`{file.list_name}`",
            plain(file.sender) or "look up whose connection each one is",
            _STEP[file.route],
        )
        for file in files
    ]
    if not lines:
        return "Nothing is to be sent this week.\n"
    return _table(("file", "rows", "list", "sender", "first step"), lines, right=(1,))


def _sparse(files: Sequence[ImportFile]) -> str:
    headers = dict.fromkeys(header for file in files for header in file.sparse)
    if not headers:
        return ""
    listed = ", ".join(plain(header) for header in headers)
    return (
        f"Some cells are blank in: {listed}. What a blank cell does to a contact that\n"
        "GetSales has already is not documented: map these for new contacts only.\n"
    )


def _limits(plan: Plan) -> str:
    days = plan.days.assign(inmails=plan.days["open_inmails"] + plan.days["paid_inmails"])
    columns = ["inmails", "connection_requests", "messages"]
    most = days.groupby("seat_id", sort=True, observed=True)[columns].max()
    senders = {seat.seat_id: seat.sender for seat in plan.seats}
    lines = [
        (plain(senders.get(str(seat_id), str(seat_id))), *(f"{n:,}" for n in numbers))
        for seat_id, *numbers in most.itertuples(name=None)
    ]
    head = ("sender", "InMail", "connection request", "message")
    return (
        "## 4. Daily limits\n\n"
        "Sender profile → LinkedIn → Auto Tasks & Daily Limits → *Target daily limit*.\n"
        "These are the plan's busiest days; InMails are free and paid ones together. With\n"
        "higher limits GetSales sends the week at once, and the plan's pace is gone.\n\n"
        + _table(head, lines, right=(1, 2, 3))
    )


def _table(
    head: Sequence[str], lines: Iterable[Sequence[str]], right: Sequence[int] = ()
) -> str:
    rule = ["--:" if k in right else "---" for k in range(len(head))]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *lines))
