"""What happened in simulated weeks, as tables: by week and seat, by reset, by failure."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import pandas as pd

from planner.dates import monday
from planner.domain import Cause, OutcomeKind, Route
from planner.simulate.field import INMAILS, Field
from planner.simulate.weeks import Played

#: Causes of failures that the field knows, as columns of `by_week`.
FAILURES = {
    str(Cause.CREDITS_EXHAUSTED): "failed_no_credits",
    str(Cause.INMAIL_OFF): "failed_inmail_off",
    str(Cause.PROFILE_GONE): "failed_profile_gone",
}
_ROUTES = {
    str(Route.OPEN_INMAIL): "open_inmails",
    str(Route.PAID_INMAIL): "paid_inmails",
    str(Route.CONNECTION_REQUEST): "connection_requests",
    str(Route.MESSAGE): "messages",
}
_ANSWERS = {
    str(OutcomeKind.REPLIED): "replies", str(OutcomeKind.ACCEPTED): "acceptances"
}  # fmt: skip
#: What is counted, by week and seat: sends that reached somebody, failures of InMails,
#: requests and messages by cause, answers that came in (replies also times the lead's
#: priority weight), and credits.
COUNTS = (
    *_ROUTES.values(), *FAILURES.values(), *_ANSWERS.values(), "weighted_replies",
    "credits_used", "credits_forfeited",
)  # fmt: skip


def by_week(played: Played) -> pd.DataFrame:
    """Return a line per week (from 1) and seat, with `COUNTS`."""
    field = played.after
    counts: dict[tuple[int, str, str], float] = defaultdict(int)
    first = monday(field.start)

    def week(at: str | dt.date) -> int:
        day = at if isinstance(at, dt.date) else dt.date.fromisoformat(at[:10])
        return (day - first).days // 7 + 1

    for one in field.attempts:
        name = FAILURES[one.cause] if one.cause else _ROUTES[one.task.route]
        counts[week(one.at), one.task.seat_id, name] += 1
        counts[week(one.at), one.task.seat_id, "credits_used"] += one.credits
    for answer in field.answers:
        place = (week(answer.at), answer.seat_id)
        counts[*place, _ANSWERS[str(answer.kind)]] += 1
        if answer.kind is OutcomeKind.REPLIED:
            weight = field.fates[answer.lead_id].weight
            counts[*place, "weighted_replies"] += weight
    for day, seat_id, credits in field.forfeits:
        counts[week(day), seat_id, "credits_forfeited"] += credits
    return pd.DataFrame(
        [
            {
                "week": number, "seat_id": seat_id,
                **{name: counts[number, seat_id, name] for name in COUNTS},
            }
            for number in range(1, played.num_weeks + 1)
            for seat_id in field.books
        ]
    )  # fmt: skip


def resets(field: Field) -> pd.DataFrame:
    """Return a line per seat and reset that was reached, with what led up to it.

    ``ran_out``: an InMail needed a credit and found none. ``into_reserve``: one needed a
    credit that the reserve was kept for, whether or not it was there.
    """
    lines = [
        {
            "seat_id": cycle.seat_id, "starts": cycle.starts.isoformat(),
            "reset": cycle.ends.isoformat(), "credits": cycle.credits,
            "credits_needed": cycle.num_needed, "num_short": cycle.num_short,
            "ran_out": cycle.num_short > 0, "into_reserve": cycle.num_into_reserve > 0,
        }
        for cycle in field.cycles
        if cycle.is_over
    ]  # fmt: skip
    names = [
        "seat_id", "starts", "reset", "credits", "credits_needed", "num_short", "ran_out",
        "into_reserve",
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=names)


def failures(played: Played) -> pd.DataFrame:
    """Return a line per true cause of failed InMails, and what became of their leads.

    ``judged`` failures are those that triage named a cause for, ``named_rightly`` those
    among them that it named rightly. ``sent_on`` leads went on by a step of triage, of
    them ``restarted`` by another InMail; ``reached`` were contacted after all, in
    whatever way. Leads count once per failed InMail.
    """
    counts: dict[str, Counter[str]] = {cause: Counter() for cause in FAILURES}
    later: dict[str, list[tuple[str, bool, bool, bool]]] = {}
    for one in played.after.attempts:
        is_inmail = one.task.route in INMAILS
        line = (one.at, one.task.is_restart, is_inmail, not one.cause)
        later.setdefault(one.task.lead_id, []).append(line)
    for one in played.after.attempts:
        if not one.cause or one.task.route not in INMAILS:
            continue
        own = counts[one.cause]
        named = played.named.get((one.task.lead_id, one.at), "")
        after = [line for line in later[one.task.lead_id] if line[0] > one.at]
        own["failed"] += 1
        own["judged"] += int(named != "")
        own["named_rightly"] += int(named == one.cause)
        own["sent_on"] += int(any(line[1] for line in after))
        own["restarted"] += int(any(line[1] and line[2] for line in after))
        own["reached"] += int(any(line[3] for line in after))
    names = ("failed", "judged", "named_rightly", "sent_on", "restarted", "reached")
    return pd.DataFrame(
        [{"cause": cause, **{n: own[n] for n in names}} for cause, own in counts.items()]
    )
