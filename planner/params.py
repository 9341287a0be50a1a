"""Every tunable number: default, unit, range and source, stated once.

`Parameters` is a frozen record, so a run can be repeated from it. Each field carries a
`Spec`; the command line, the comments in ``planner.toml``, the *Parameters* sheet and
the README table are all made from these specs. Sources with a number (57013) are
LinkedIn help answers, with eight digits (15587500) GetSales help articles.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

from planner import limits
from planner.errors import ParameterError, did_you_mean

Value = float | int | bool | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a parameter is: its type, unit, closed range, meaning and source."""

    name: str
    group: str
    default: Value
    unit: str
    description: str
    source: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def range_text(self) -> str:
        """The range in words, as messages and tables show it."""
        if self.choices:
            return " | ".join(self.choices)
        if isinstance(self.default, bool):
            return "true | false"
        if self.low is None or self.high is None:
            return "text"
        return f"{self.low:g} to {self.high:g}"

    def check(self, value: object) -> Value:
        """Return `value` in this parameter's type, or raise `ParameterError`."""
        parsed = self._parse(value)
        if self.choices and parsed not in self.choices:
            raise self._error(value)
        if self.low is not None and self.high is not None:
            number = float(parsed)
            if not (math.isfinite(number) and self.low <= number <= self.high):
                raise self._error(value)
        return parsed

    def _parse(self, value: object) -> Value:
        text = str(value).strip()
        try:
            if isinstance(self.default, bool):
                return {
                    "true": True,
                    "yes": True,
                    "1": True,
                    "false": False,
                    "no": False,
                    "0": False,
                }[text.lower()]
            if isinstance(self.default, int):
                number = float(text)
                if number != int(number):
                    raise self._error(value)
                return int(number)
            if isinstance(self.default, float):
                return float(text)
        except (KeyError, ValueError, OverflowError) as error:
            raise self._error(value) from error
        return text

    def _error(self, value: object) -> ParameterError:
        unit = f" {self.unit}" if self.unit and not self.choices else ""
        return ParameterError(
            f"parameter {self.name}: expected {self.range_text}{unit}, "
            f"got {str(value)[:40]!r}"
        )


def _parameter(default: Value, unit: str, **about: Any) -> Any:
    """Declare a field together with its spec (the name is filled in by `specs`)."""
    spec = Spec(name="", default=default, unit=unit, **about)
    return field(default=default, metadata={"spec": spec})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """All parameters of a run. Change one with `override`, which checks the range."""

    # A table reads better in few lines: value and unit; meaning; source; range.
    # A table reads better in few lines: value and unit; meaning; source; range.
    # fmt: off
    # --- credits ---
    monthly_grant: int = _parameter(
        50, "credits", group="credits",
        description="InMail credits granted at each reset.",
        source="57013", low=0, high=150)
    credit_cap: int = _parameter(
        150, "credits", group="credits",
        description="The most credits a seat can bank; a grant above it is forfeited.",
        source="57013", low=0, high=600)
    reserve: int = _parameter(
        5, "credits", group="credits",
        description=("Credits that must be left on every seat: at zero, LinkedIn "
                    "reportedly freezes free InMails too."),
        source="practitioner report, July 2026; size is ours", low=0, high=50)
    reset_rule: str = _parameter(
        "month", "", group="credits",
        description=("When credits are granted, for seats that do not say: month (the "
                    "1st, 00:00 UTC), day:N (billing anniversary) or date:YYYY-MM-DD."),
        source="57013; GetSales 15587500 says billing month")
    grant_delay_hours: int = _parameter(
        24, "hours", group="credits",
        description=("No InMail is planned from a reset until this long after it: the "
                    "grant may come late."),
        source="57013: contact support if not renewed by the 2nd", low=0, high=72)
    credit_lifetime_days: int = _parameter(
        90, "days", group="credits",
        description=("Credits lapse this long after their grant, oldest spent first; 0 "
                    "means that they do not expire."),
        source="57013; an older help text (a101030) says never", low=0, high=365)
    refund_window_days: int = _parameter(
        90, "days", group="credits",
        description=("An InMail answered within this many days of its send gives its "
                    "credit back."),
        source="57013", low=0, high=180)
    alpha: float = _parameter(
        0.05, "probability", group="credits",
        description=("Largest accepted probability, per seat and reset, that more "
                    "credits are needed than there are above the reserve."),
        source="ours", low=0.001, high=0.5)
    joint: bool = _parameter(
        False, "", group="credits",
        description="Hold alpha over all seats together instead of for each seat.",
        source="ours")
    open_flag_leak: float = _parameter(
        0.03, "probability", group="credits",
        description=("Chance that a profile seen open has closed by the time of the "
                    "send, so that a credit is used."),
        source="2 of 137 flags changed in weeks; number ours", low=0.0, high=0.2)
    forfeit_price: float = _parameter(
        0.002, "expected replies", group="credits",
        description=("Cost of a credit that the cap throws away: credits about to be "
                    "lost are spent first."),
        source="ours", low=0.0, high=0.1)
    # --- pace ---
    max_inmails_per_day: int = _parameter(
        20, "InMails", group="pace",
        description="Free and paid InMails of a seat on a full working day.",
        source="vendors: 5 to 50", low=0, high=60)
    max_open_inmails_per_day: int = _parameter(
        20, "InMails", group="pace",
        description="Free InMails of a seat on a full working day.",
        source="Salesflow 20, HeyReach 40", low=0, high=60)
    max_paid_inmails_per_day: int = _parameter(
        8, "InMails", group="pace",
        description=("InMails that may need a credit (closed or unknown flag) of a seat "
                    "on a full working day."),
        source="playbooks: 5 to 8", low=0, high=60)
    max_open_inmails_per_month: int = _parameter(
        400, "InMails", group="pace",
        description="Free InMails of a seat in any 30 days.",
        source="practitioners: 400 to 800", low=0, high=900)
    velocity_growth: float = _parameter(
        1.3, "factor", group="pace",
        description=("InMails of a week, free and paid, may reach this many times the "
                    "mean of the four weeks before, plus velocity_floor."),
        source="GetSales 14653107: a block was seen at 5.2", low=1.0, high=2.0)
    velocity_floor: int = _parameter(
        5, "InMails per week", group="pace",
        description="What a week may add to the velocity limit whatever went before.",
        source="ours", low=0, high=50)
    new_seat_ramp_weeks: int = _parameter(
        4, "weeks", group="pace",
        description=("A seat without history starts at 1/n of its weekly limit and gains "
                    "1/n a week."),
        source="WarmySender; public code: 25/50/75/100 %", low=1, high=8)
    # --- connections ---
    max_connection_requests_per_day: int = _parameter(
        15, "requests", group="connections",
        description="Connection requests of a seat on a full working day.",
        source="Salesflow; acceptance falls above 20", low=0, high=50)
    max_connection_requests_per_week: int = _parameter(
        80, "requests", group="connections",
        description="Connection requests of a seat in any 7 days.",
        source="GetSales 12991500 and vendors: 80 to 100", low=0, high=250)
    max_pending_connection_requests: int = _parameter(
        500, "requests", group="connections",
        description="Unanswered connection requests of a seat.",
        source="public code: below 500", low=0, high=1500)
    pending_lifetime_days: int = _parameter(
        21, "days", group="connections",
        description=("Unanswered requests are withdrawn after this many days, so they "
                    "stop counting as pending."),
        source="practice: 14 to 21", low=7, high=180)
    # --- messages ---
    max_messages_per_day: int = _parameter(
        50, "messages", group="messages",
        description="Messages of a seat to its connections on a full working day.",
        source="Smart Limits of a white label: about 50", low=0, high=150)
    # --- calendar ---
    working_days: str = _parameter(
        "Mon-Fri", "", group="calendar",
        description="Sending days of a seat that does not say, e.g. Mon-Thu, Sat.",
        source="LinkedIn 2022: Friday to Sunday lowest")
    friday_share: float = _parameter(
        0.7, "share of a full day", group="calendar",
        description="Friday's daily limits as a share of another day's.",
        source="LinkedIn 2022; public code", low=0.0, high=1.0)
    time_zone: str = _parameter(
        "UTC", "IANA name", group="calendar",
        description="Time zone of a seat that does not say.",
        source="ours")
    send_hour_start: int = _parameter(
        8, "hour of day", group="calendar",
        description="First sending hour in the seat's time zone.",
        source="practice: 8 to 18", low=0, high=23)
    send_hour_end: int = _parameter(
        18, "hour of day", group="calendar",
        description="End of sending in the seat's time zone.",
        source="practice: 8 to 18", low=1, high=24)
    max_horizon_weeks: int = _parameter(
        6, "weeks", group="calendar",
        description="Longest horizon; it ends a week after the last seat's next reset.",
        source="ours", low=2, high=8)
    # --- people ---
    max_new_leads_per_company: int = _parameter(
        2, "leads", group="people",
        description="New people of one company contacted in any 7 days, over all seats.",
        source="Instantly's default, by analogy", low=1, high=20)
    one_seat_per_company: bool = _parameter(
        True, "", group="people",
        description="People of one company are contacted from one seat only.",
        source="Valley, LeadTrain: one owner per account")
    company_seat_days: int = _parameter(
        180, "days", group="people",
        description=("A company stays with the seat that last contacted it for this many "
                    "days; 0 means for the week only."),
        source="Valley, LeadTrain: one owner per account; length ours", low=0, high=1095)
    recontact_after_days: int = _parameter(
        0, "days", group="people",
        description=("A lead contacted before may be planned again after this many days; "
                    "0 means never."),
        source="57013, 75 and a554514 conflict on a second InMail", low=0, high=730)
    default_priority: float = _parameter(
        50.0, "points", group="people",
        description="Priority of a lead that has none (0 to 100).",
        source="ours", low=0.0, high=100.0)
    priority_weight_at_100: float = _parameter(
        2.0, "factor", group="people",
        description=("Weight of a reply from a lead of priority 100; at 50 it is 1, at 0 "
                    "it is 1 / this, geometric between."),
        source="ours", low=1.0, high=10.0)
    # --- rates ---
    inmail_reply_rate: float = _parameter(
        0.1, "probability", group="rates",
        description="Replies per InMail, free or paid.",
        source="HeyReach 11.4 %, LinkedIn 10 to 25 %, generic 3 to 8 %",
        low=0.0, high=1.0)
    acceptance_rate: float = _parameter(
        0.25, "probability", group="rates",
        description="Accepted connection requests per request sent.",
        source="HeyReach 20.8 %, Expandi 29 %, WarmySender 31 %", low=0.0, high=1.0)
    reply_rate_after_acceptance: float = _parameter(
        0.18, "probability", group="rates",
        description="Replies per accepted connection request.",
        source="HeyReach 18.1 %", low=0.0, high=1.0)
    rate_prior_strength: float = _parameter(
        40.0, "sends", group="rates",
        description=("Weight of the rates above against history: they count as much as "
                    "this many sends."),
        source="ours: 10 % then means 4 to 19 %", low=1.0, high=100000.0)
    rate_discount_per_week: float = _parameter(
        0.93, "factor", group="rates",
        description="What a send counts for, against one a week later: rates drift.",
        source="model.md C6: half-life 9.6 weeks", low=0.5, high=1.0)
    inmail_reply_delay_days: float = _parameter(
        5.0, "days", group="rates",
        description="Mean time from an InMail to its reply, until history tells.",
        source="ours", low=0.5, high=60.0)
    acceptance_delay_days: float = _parameter(
        10.0, "days", group="rates",
        description=("Mean time from a connection request to its acceptance, until "
                    "history tells."),
        source="ours; public code: most in 3 to 7 days", low=0.5, high=60.0)
    reply_after_acceptance_delay_days: float = _parameter(
        5.0, "days", group="rates",
        description="Mean time from an acceptance to the reply, until history tells.",
        source="ours", low=0.5, high=60.0)
    delay_cost_per_week: float = _parameter(
        0.01, "share of a reply", group="rates",
        description=("A reply a week later is worth this much less: a mild preference "
                    "for earlier."),
        source="ours", low=0.0, high=0.2)
    # --- open share ---
    open_share_prior: float = _parameter(
        0.18, "share", group="open share",
        description="Prior median of a segment's open share where Premium is unknown.",
        source="HeyReach 20 %, database lists 5 to 8 %, Sales Navigator lists 30 to 40 %",
        low=0.01, high=0.95)
    open_share_prior_premium: float = _parameter(
        0.6, "share", group="open share",
        description="Prior median of the open share among Premium members.",
        source="116 of 139 on one list; vendors lower", low=0.01, high=0.99)
    open_share_prior_not_premium: float = _parameter(
        0.06, "share", group="open share",
        description="Prior median of the open share among members without Premium.",
        source="11 of 124 on one list; only Premium members can switch it on",
        low=0.01, high=0.95)
    labelling_bias_sd: float = _parameter(
        0.6, "log odds", group="open share",
        description=("How much known flags may differ from unknown ones inside a segment "
                    "(prior standard deviation)."),
        source="model.md C3: 0.6 keeps coverage near 90 %", low=0.0, high=2.0)
    min_segment_labels: int = _parameter(
        20, "known flags", group="open share",
        description="A segment with fewer is merged into its Premium level.",
        source="ours", low=0, high=1000)
    interval: float = _parameter(
        0.9, "probability", group="open share",
        description="Width of the intervals shown.",
        source="ours", low=0.5, high=0.99)
    lookup_random_share: float = _parameter(
        0.15, "share", group="open share",
        description="Part of the look-ups drawn at random, so that totals stay honest.",
        source="model.md C7", low=0.0, high=1.0)
    # --- model ---
    open_probability_tiers: int = _parameter(
        4, "tiers", group="model",
        description=("Unknown leads are grouped into at most this many tiers of open "
                    "probability."),
        source="model.md B1", low=1, high=8)
    max_classes: int = _parameter(
        6000, "classes", group="model",
        description=("About how many classes of leads the program may have; values are "
                    "grouped into buckets where leads are more varied than that."),
        source="ours; model.md B2", low=50, high=200000)
    refine_margin: float = _parameter(
        0.02, "share of a lead's value", group="model",
        description=("Leads whose best two choices are closer than this are told apart in "
                    "finer classes when the program is solved again."),
        source="model.md B2", low=0.0, high=1.0)
    exact: bool = _parameter(
        False, "", group="model",
        description=("As --exact: refine the classes until the certified gap is at most "
                    "target_gap, or say why not."),
        source="ours")
    target_gap: float = _parameter(
        0.001, "share of the bound", group="model",
        description="Certified gap at which exact stops.",
        source="design.md section 8: at most 0.1 %", low=0.000001, high=0.1)
    exact_passes: int = _parameter(
        6, "solves", group="model",
        description="Most solves that exact adds; each may have twice the classes.",
        source="ours", low=1, high=20)
    exact_max_classes: int = _parameter(
        50000, "classes", group="model",
        description="With more classes than this, exact gives up.",
        source="ours; model.md B2", low=50, high=500000)
    solver: str = _parameter(
        "cbc", "", group="model",
        description="Solver of the linear program.",
        source="model.md D", choices=("cbc", "highs"))
    solver_seconds: int = _parameter(
        120, "seconds", group="model",
        description=("Time limit of one solve; a plan without a proven optimum is "
                    "refused."),
        source="ours", low=1, high=3600)
    # --- triage ---
    inmail_off_share: float = _parameter(
        0.05, "share of closed leads", group="triage",
        description="Recipients who have InMail switched off, where nothing says so.",
        source="help 1584; size ours: reported 0.02 to 0.15", low=0.02, high=0.15)
    inmail_off_evidence: float = _parameter(
        0.8, "probability", group="triage",
        description=("A lead whose InMail failed because InMail is off, with at least "
                    "this probability, is planned no InMail again."),
        source="ours", low=0.5, high=1.0)
    drop_evidence: float = _parameter(
        0.8, "probability", group="triage",
        description=("A lead is dropped, for good, only if its profile is gone or it has "
                    "a message already with at least this probability."),
        source="ours", low=0.5, high=1.0)
    hold_evidence: float = _parameter(
        0.7, "probability", group="triage",
        description=("A seat is held, or taken for out of credits, only with at least "
                    "this probability of it."),
        source="ours", low=0.5, high=1.0)
    profile_gone_share: float = _parameter(
        0.02, "share of leads", group="triage",
        description="Profiles that are gone, hidden or restricted by the time of the send.",
        source="help a1517489; size ours", low=0.0, high=0.2)
    other_failure_share: float = _parameter(
        0.01, "share of InMails", group="triage",
        description="InMails that fail for a reason that triage does not know.",
        source="ours", low=0.001, high=0.2)
    exhausted_share: float = _parameter(
        0.05, "probability", group="triage",
        description=("Chance that a seat is out of credits when nothing is known of its "
                    "balance."),
        source="ours", low=0.001, high=0.5)
    balance_doubt: float = _parameter(
        0.02, "probability", group="triage",
        description=("Chance that a seat is out of credits although the ledger says not, "
                    "balance_doubt_days after its balance was last seen; less before."),
        source="ours: sends by hand are in no ledger", low=0.0, high=0.5)
    failed_send_credit_loss: float = _parameter(
        0.5, "credits", group="triage",
        description="Credits that a failed InMail is booked to have burned.",
        source="domain.md 7: sources conflict, 0 or 1", low=0.0, high=1.0)
    zero_balance_freeze: float = _parameter(
        0.5, "probability", group="triage",
        description=("Chance that LinkedIn stops a seat's free InMails too when it has no "
                    "credits."),
        source="practitioner report, July 2026, against public code", low=0.0, high=1.0)
    exhausted_run: int = _parameter(
        3, "failures", group="triage",
        description=("Failed paid InMails in a row, without one that went out, that it "
                    "takes to judge a seat out of credits when its balance is not at "
                    "nothing, or to say that nothing goes out of it."),
        source="GetSales 15587500: not on one failure", low=2, high=20)
    velocity_block_share: float = _parameter(
        0.05, "probability", group="triage",
        description=("Chance per InMail of a velocity block at velocity_block_growth; at "
                    "velocity_growth velocity_block_span times less."),
        source="ours", low=0.001, high=0.5)
    velocity_block_growth: float = _parameter(
        5.2, "factor", group="triage",
        description=("InMails of seven days against the mean of the four weeks before at "
                    "which a block was seen."),
        source="GetSales 14653107: 115 after 72 in 23 days", low=2.0, high=20.0)
    velocity_hold_days: int = _parameter(
        7, "days", group="triage",
        description="How long a seat with a velocity block is held.",
        source="practice: 48 hours to 7 days; help a550555: a week", low=3, high=14)
    velocity_resume_factor: float = _parameter(
        0.5, "factor", group="triage",
        description="Pace of a seat after a velocity block, against its pace before.",
        source="Testsigma playbook: resume at 50 %", low=0.1, high=1.0)
    max_restarts: int = _parameter(
        1, "restarts", group="triage",
        description="InMails tried again per lead: a failed one may burn a credit.",
        source="domain.md 7: at most one retry", low=0, high=3)
    # --- triage: seats ---
    blocked_share: float = _parameter(
        0.005, "probability", group="triage",
        description=("Chance that a seat is in a velocity block when nothing is known of "
                    "its pace."),
        source="ours", low=0.0001, high=0.2)
    velocity_block_span: float = _parameter(
        50.0, "factor", group="triage",
        description=("Chance of a velocity block at velocity_block_growth against that at "
                    "velocity_growth."),
        source="ours", low=1.0, high=1000.0)
    velocity_block_ordinary: float = _parameter(
        1e-5, "probability", group="triage",
        description=("Chance per InMail of a velocity block in an ordinary week: LinkedIn "
                    "may slow a seat down for other reasons."),
        source="ours", low=1e-7, high=0.001)
    block_leak: float = _parameter(
        0.05, "share of InMails", group="triage",
        description="InMails, free or paid, that go out of a seat with a velocity block.",
        source="ours", low=0.001, high=0.3)
    exhausted_leak: float = _parameter(
        0.01, "share of InMails", group="triage",
        description=("InMails that go out of a seat without credits though they should "
                    "not: paid ones, and free ones where LinkedIn stops these too."),
        source="ours: flags may be wrong", low=0.001, high=0.1)
    balance_doubt_days: int = _parameter(
        28, "days", group="triage",
        description="Days after a balance was seen over which balance_doubt grows.",
        source="ours", low=1, high=90)
    balance_doubt_per_inmail: float = _parameter(
        0.1, "share of the doubt", group="triage",
        description=("Part of the doubt about a balance that may come true at any one "
                    "InMail."),
        source="ours", low=0.001, high=1.0)
    balance_trust: float = _parameter(
        0.98, "probability", group="triage",
        description="No balance of the ledger is taken for empty with more than this.",
        source="ours", low=0.5, high=0.999)
    balance_sd: float = _parameter(
        0.35, "credits", group="triage",
        description=("Least standard deviation of a balance of the ledger's own: one "
                    "credit is still one credit."),
        source="ours", low=0.05, high=5.0)
    balance_misread_share: float = _parameter(
        0.0001, "probability", group="triage",
        description="A balance that somebody read, and that is not the seat's.",
        source="ours", low=1e-6, high=0.05)
    credit_proof: float = _parameter(
        0.99, "probability", group="triage",
        description=("An InMail that went out and needed a credit with at least this "
                    "probability proves that the seat had one."),
        source="ours", low=0.9, high=1.0)
    refund_share: float = _parameter(
        0.002, "probability", group="triage",
        description=("Chance, per InMail that follows, that an answer has given a credit "
                    "back to a seat without any."),
        source="ours; help 57013: within 90 days", low=0.0, high=0.1)
    refund_share_seen: float = _parameter(
        0.01, "probability per credit", group="triage",
        description=("The same for each credit of a balance that was seen where no grant "
                    "came."),
        source="ours; help 57013: within 90 days", low=0.0, high=0.5)
    grant_on_time_share: float = _parameter(
        0.8, "probability", group="triage",
        description="A grant has come by the beginning of its day.",
        source="ours; domain.md 1", low=0.0, high=1.0)
    grant_late_share: float = _parameter(
        0.97, "probability", group="triage",
        description=("A grant that had not come by then has come grant_delay_hours "
                    "later."),
        source="ours; domain.md 1", low=0.0, high=1.0)
    unlisted_failure_share: float = _parameter(
        0.1, "probability", group="triage",
        description=("A list of failures leaves out those of a day and a seat: a planned "
                    "InMail that it does not name may have failed all the same."),
        source="ours", low=0.0, high=0.9)
    exhaustion_doubt: float = _parameter(
        0.1, "probability", group="triage",
        description=("From this probability of exhaustion on, somebody should read the "
                    "balance, and failures may be put down to missing credits."),
        source="ours", low=0.01, high=0.5)
    stopped_exhausted_share: float = _parameter(
        0.5, "probability", group="triage",
        description=("Where nothing goes out of a seat, and neither its balance nor its "
                    "pace explains it: chance that it is out of credits rather than in "
                    "a velocity block. Its leads have these odds too."),
        source="ours: the two look the same until the balance is read", low=0.0, high=1.0)
    # --- triage: leads ---
    told_cause_share: float = _parameter(
        0.9, "probability", group="triage",
        description=("A cause that the list or the ledger names (InMail off, 1st degree, "
                    "an InMail from the same seat before) holds."),
        source="ours: lists are soon out of date", low=0.5, high=0.99)
    untold_cause_share: float = _parameter(
        0.005, "probability", group="triage",
        description=("A cause holds that the list speaks against, or that the ledger "
                    "would know of; also the least chance that a lead can be reached."),
        source="ours", low=0.0001, high=0.05)
    connected_share: float = _parameter(
        0.01, "share of leads", group="triage",
        description="Leads of unknown degree that are connected to the seat.",
        source="ours", low=0.0001, high=0.2)
    messaged_elsewhere_share: float = _parameter(
        0.05, "probability", group="triage",
        description=("A lead with an InMail from another seat counts as messaged "
                    "already."),
        source="ours", low=0.0001, high=0.5)
    # --- triage: error texts ---
    text_own_share: float = _parameter(
        0.6, "share of failures", group="triage",
        description=("Failures whose text names the cause. Where InMail is off, that many "
                    "speak of missing credits, exactly as where credits are missing."),
        source="ours; GetSales 15587500: one text for both", low=0.01, high=0.65)
    text_inmail_off_share: float = _parameter(
        0.2, "share of failures", group="triage",
        description="Failures with InMail off whose text says so.",
        source="ours; Unipile not_allowed_inmail", low=0.001, high=0.25)
    text_velocity_share: float = _parameter(
        0.25, "share of failures", group="triage",
        description="Failures of a velocity block whose text speaks of a limit.",
        source="ours; GetSales 14653107 (banner)", low=0.001, high=0.45)
    text_credits_if_blocked_share: float = _parameter(
        0.3, "share of failures", group="triage",
        description="Failures of a velocity block whose text speaks of missing credits.",
        source="ours", low=0.001, high=0.45)
    text_limit_if_exhausted_share: float = _parameter(
        0.05, "share of failures", group="triage",
        description="Failures for want of credits whose text speaks of a limit.",
        source="ours", low=0.001, high=0.25)
    text_wrong_share: float = _parameter(
        0.005, "share of failures", group="triage",
        description="Failures whose text speaks of any one other cause.",
        source="ours", low=0.0001, high=0.02)
    error_pattern_credits: str = _parameter(
        "insufficient.?credits|not.?enough.?(inmail.?)?credit|out of (inmail )?credits"
        "|no (more )?(inmail )?credits",
        "regular expression", group="triage",
        description=("Error texts that speak of missing credits; GetSales shows the same "
                    "text where the recipient has InMail off."),
        source="Unipile insufficient_credits, Edges, GetSales 15587500")
    error_pattern_inmail_off: str = _parameter(
        "not.?allowed.?inmail|(disabled|declines?|switched off) inmails?"
        "|inmails? (is |are )?(disabled|switched off|turned off)"
        "|can(.?t|not| not) receive inmail",
        "regular expression", group="triage",
        description="Error texts that say that the recipient takes no InMails.",
        source="Unipile not_allowed_inmail; others ours")
    error_pattern_velocity: str = _parameter(
        "limit.?(was |is |has been )?(reached|exceeded)|too.?many|rate.?limit",
        "regular expression", group="triage",
        description="Error texts of a velocity block.",
        source="GetSales 14653107 (banner), Unipile limit_exceeded")
    error_pattern_already_messaged: str = _parameter(
        "cannot.?resend|already.?(messaged|contacted)|wait for (a )?reply",
        "regular expression", group="triage",
        description="Error texts of a second InMail to a person who has not answered.",
        source="Edges LK_INMAIL_CANNOT_RESEND, Unipile cannot_resend_within_24hrs")
    error_pattern_already_connected: str = _parameter(
        "already.?connected|sn_conflict|1st.?degree|first.?degree",
        "regular expression", group="triage",
        description="Error texts of an InMail to a connection of the seat.",
        source="Edges SN_CONFLICT")
    error_pattern_profile_gone: str = _parameter(
        "invalid.?recipient|not.?found|(^|[^0-9])404([^0-9]|$)|unreachable|no.?longer",
        "regular expression", group="triage",
        description="Error texts of a profile that is gone or cannot be reached.",
        source="Unipile invalid_recipient, user_unreachable; Edges")
    # --- what-if ---
    seat_cost_per_month: float = _parameter(
        119.99, "USD", group="what-if",
        description="What a seat costs a month; only what-if figures use it.",
        source="LinkedIn's price of Sales Navigator Core, billed monthly",
        low=0.0, high=1000.0)
    report_only: str = _parameter(
        "", "", group="what-if",
        description=("Limits, by name, that the plan may go beyond and only reports, such "
                    "as velocity, pending_requests."),
        source="ours")
    # --- files ---
    mojibake_share: float = _parameter(
        0.02, "share of cells", group="files",
        description=("A file with more cells of wrongly decoded text than this is "
                    "refused until --encoding is given."),
        source="ours", low=0.0, high=1.0)
    import_file_megabytes: float = _parameter(
        14.0, "MB", group="files",
        description="Import files are split below this size.",
        source="GetSales: 15 MB", low=0.01, high=15.0)
    # --- ledger ---
    ledger_wait_seconds: int = _parameter(
        30, "seconds", group="ledger",
        description="How long to wait while another planner writes to the ledger.",
        source="ours", low=0, high=600)
    # fmt: on

    def override(self, values: Mapping[str, object]) -> Parameters:
        """Return a copy with `values` checked and put in.

        Raises
        ------
        ParameterError
            If a name is unknown (the nearest one is named) or a value is out of range.
            All faults are reported at once.
        """
        by_name = {spec.name: spec for spec in specs()}
        checked: dict[str, Any] = {}
        faults: list[str] = []
        for name, value in values.items():
            if name not in by_name:
                faults.append(_unknown_name(name, by_name))
                continue
            try:
                checked[name] = by_name[name].check(value)
            except ParameterError as error:
                faults.append(str(error))
        if faults:
            raise ParameterError("; ".join(faults))
        if "report_only" in checked:
            checked["report_only"] = ", ".join(limits.parse(checked["report_only"]))
        changed = replace(self, **checked)
        if changed.send_hour_end <= changed.send_hour_start:
            raise ParameterError(
                "parameter send_hour_end: must be later than send_hour_start "
                f"({changed.send_hour_start}), got {changed.send_hour_end}"
            )
        return changed

    def as_dict(self) -> dict[str, Value]:
        """Return name -> value, in declaration order."""
        return {spec.name: getattr(self, spec.name) for spec in specs()}

    def changed(self) -> dict[str, Value]:
        """Return the parameters that differ from their default."""
        return {
            spec.name: getattr(self, spec.name)
            for spec in specs()
            if getattr(self, spec.name) != spec.default
        }


@cache
def specs() -> tuple[Spec, ...]:
    """Return the spec of every parameter, in declaration order."""
    return tuple(
        replace(item.metadata["spec"], name=item.name) for item in fields(Parameters)
    )


def _unknown_name(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known)
    return f"unknown parameter {name[:60]!r}{hint} (planner params lists all)"
