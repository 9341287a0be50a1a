"""Columns of every table that enters or leaves a verb, stated once.

Text columns hold ``""`` where there is nothing; only the columns marked nullable may
hold a missing value. `check` is used by tests and at the seams of the pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

Kind: TypeAlias = Literal["text", "integer", "number", "flag", "bool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: name, kind, whether it may be missing, and what it means."""

    name: str
    kind: Kind
    meaning: str
    nullable: bool = False


def _text(name: str, meaning: str) -> Column:
    return Column(name=name, kind="text", meaning=meaning)


def _integer(name: str, meaning: str) -> Column:
    return Column(name=name, kind="integer", meaning=meaning)


def _number(name: str, meaning: str, *, nullable: bool = False) -> Column:
    return Column(name=name, kind="number", meaning=meaning, nullable=nullable)


def _flag(name: str, meaning: str) -> Column:
    return Column(name=name, kind="flag", meaning=f"{meaning} (1 yes, 0 no, -1 unknown)")


#: Cleaned leads: one row per person, sorted by lead_id.
LEADS: tuple[Column, ...] = (
    _text("lead_id", "stable key: hash of the canonical identity"),
    _text(
        "linkedin_url",
        "canonical profile or Sales Navigator URL; blank if only an "
        "e-mail, id or UUID is known",
    ),
    _text("public_slug", "handle of the public profile, lower case"),
    _text("sales_navigator_id", "opaque id ACw... / ACo... of the lead"),
    _text("member_id", "numeric member id"),
    _text("getsales_uuid", "contact's System UUID in GetSales"),
    _text("email", "work e-mail, else personal"),
    _text("first_name", "as given"),
    _text("last_name", "as given"),
    _text("title", "position, as given"),
    _text("company", "company name, as given"),
    _text("company_key", "normalised company; blank if none or not a real company"),
    _flag("open_flag", "Open Profile"),
    _flag("premium_flag", "Premium member"),
    _flag("inmail_flag", "accepts InMails"),
    _integer("degree", "1, 2, 3; 0 unknown"),
    _text("degree_seat", "seat whose connection a 1st-degree lead is; blank if not known"),
    _number("priority", "0 to 100", nullable=True),
    _text("segment", "the team's own segment; blank if none"),
    _text("seniority", "level derived from a seniority column or the title"),
    _text("industry", "as given, folded to lower case"),
    _text("region", "country or last part of the location, lower case"),
    _text("owner", "seat_id that must send; blank if any may"),
    _text("group", "only seats of this group may send; blank if any may"),
    _text("exclusion", "rule that excludes the lead (domain.Exclusion); blank if none"),
    _text("last_contacted_on", "ISO date of the last touch known; blank if none"),
    _integer("num_rows", "input rows merged into this lead"),
    _text("source_file", "file of the first of these rows"),
    _integer("source_row", "its row as a spreadsheet shows it"),
)

#: What the ledger knows of leads; only leads of which it knows something.
KNOWN_LEADS: tuple[Column, ...] = (
    _text("lead_id", "key of the lead"),
    _text("exclusion", "rule that excludes the lead (domain.Exclusion); blank if none"),
    _text("last_contacted_on", "ISO date of the last touch; blank if none"),
    _flag("open_flag", "Open Profile, as last seen"),
    _flag("inmail_flag", "accepts InMails, as a failure showed"),
    _text("connected_to", "seat whose invitation the lead accepted last; blank if none"),
    Column(name="held", kind="bool", meaning="was on hold in the last run"),
)

#: What became of each input row.
ROWS: tuple[Column, ...] = (
    _text("source_file", "file as the user named it"),
    _integer("source_row", "row as a spreadsheet shows it"),
    _text("lead_id", "lead that the row went into; blank if it was kept out"),
    _text("outcome", "lead, duplicate, rejected"),
    _text("code", "issue code of a rejected row"),
)

#: One line per lead: what the plan decided. The first 18 are assignments.csv.
ASSIGNMENTS: tuple[Column, ...] = (
    _text("lead_id", "key of the lead"),
    _text("linkedin_url", "canonical URL"),
    _text("first_name", "as given"),
    _text("last_name", "as given"),
    _text("company", "as given"),
    _text("route", "domain.Route"),
    _text("seat_id", "seat that sends; blank for hold, excluded and seats to look up"),
    _text("sender", "its name in GetSales"),
    _text("send_on", "ISO date of the send; blank if not this week"),
    _text("open_flag", "yes, no, unknown"),
    _number("open_probability", "1 or 0 where the flag is known"),
    _number("credit_probability", "probability that the send uses a credit"),
    _number("expected_replies", "not weighted by priority; 0 if not sent this week"),
    _number("priority", "0 to 100"),
    _text("segment", "segment of the open-share estimate"),
    _text("reason", "why this route, seat and day, in words"),
    _text("source_file", "where the lead came from"),
    _integer("source_row", "its row as a spreadsheet shows it"),
    _text("expected_week", "ISO week in which a held lead is expected to go; or blank"),
    _text("rule", "exclusion rule or reason code of a hold"),
    _text("sales_navigator_id", "opaque id"),
    _text("getsales_uuid", "System UUID in GetSales"),
    _text("email", "work e-mail, else personal"),
    _text("title", "as given"),
    _text("company_key", "normalised company"),
    _text("owner", "seat that must send"),
    _text("group", "group whose seats may send"),
)

#: Columns of assignments.csv, in order.
ASSIGNMENTS_CSV: tuple[str, ...] = tuple(column.name for column in ASSIGNMENTS[:18])

#: One line per seat: its week and its credits up to and past the reset.
SEAT_WEEKS: tuple[Column, ...] = (
    _text("seat_id", "key of the seat"),
    _text("sender", "name in GetSales"),
    _integer("credits", "credits now"),
    _integer("reserve", "credits that must be left"),
    _text("next_reset", "ISO date of the next grant"),
    _integer("open_inmails", "free InMails this week"),
    _integer("paid_inmails", "InMails this week that may use a credit"),
    _integer("connection_requests", "this week"),
    _integer("messages", "to 1st-degree connections this week"),
    _number("expected_credits_week", "credits expected to be used this week"),
    _integer("worst_credits_week", "not exceeded with probability 1 - alpha"),
    _number("expected_credits_to_reset", "this week and later ones up to the reset"),
    _number(
        "exhaustion_probability",
        "that more is needed before the reset than there is above the reserve",
    ),
    _number("expected_balance_at_reset", "just before the grant"),
    _number("expected_forfeit", "credits that the cap is expected to throw away"),
    _integer("inmail_limit", "InMails that pace and calendar allow this week"),
    _integer("connection_limit", "connection requests that limits allow this week"),
    _number("load", "InMails and requests as a share of both limits"),
    _integer(
        "max_inmails_on_a_day", "most InMails on one day: GetSales' target daily limit"
    ),
    _integer("max_connections_on_a_day", "most requests on one day, likewise"),
    _number("credit_price", "expected replies that one more credit is worth"),
    _number("connection_price", "expected replies that one more request is worth"),
    _number("inmail_price", "expected replies that one more InMail of pace is worth"),
    _number("expected_replies", "from this week's sends"),
    _text("note", "what its owner should know"),
)

#: One line per seat and day of this week.
DAYS: tuple[Column, ...] = (
    _text("seat_id", "key of the seat"),
    _text("sender", "name in GetSales"),
    _text("date", "ISO date"),
    _integer("open_inmails", "free InMails"),
    _integer("paid_inmails", "InMails that may use a credit"),
    _integer("connection_requests", "connection requests"),
    _integer("messages", "messages to connections"),
)

#: What limits us: binding limits with their price, and rules with the leads they moved.
LIMITS: tuple[Column, ...] = (
    _text("limit", "name of the limit or rule"),
    _text("seat_id", "seat it binds; blank if it is about the list"),
    _number("used", "how much of it the plan uses", nullable=True),
    _number("limit_value", "how much there is", nullable=True),
    _number("price", "expected replies that one more unit is worth", nullable=True),
    _integer("num_leads", "leads that the rule held or excluded"),
    _text("in_words", "one sentence"),
)

#: Planned volumes of each seat and week of the horizon, this week included.
OUTLOOK: tuple[Column, ...] = (
    _text("seat_id", "key of the seat"),
    _text("week", "ISO week"),
    _integer("cycle", "credit cycle, 0 is the present one"),
    _number("open_inmails", "free InMails"),
    _number("paid_inmails", "InMails that may use a credit"),
    _number("expected_credits", "credits expected to be used"),
    _number("connection_requests", "connection requests"),
    _number("expected_balance", "credits expected at the end of the period"),
)

#: Credits of each seat by day, from the plan's date past its reset, at the day's end.
RUNWAY: tuple[Column, ...] = (
    _text("seat_id", "key of the seat"),
    _text("date", "ISO date"),
    _number("expected", "balance as expected"),
    _number("low", "balance that is kept with probability 1 - alpha"),
    _number("high", "balance that is not exceeded with probability 1 - alpha"),
    _number("inmails", "InMails of the day, free ones included"),
    _number("granted", "expected credits that a grant of the day adds"),
    _number("forfeited", "expected credits that the cap takes of that grant"),
)

#: What happened, as files say it: one line per input row and outcome.
OUTCOMES: tuple[Column, ...] = (
    _text("source_file", "file as the user named it"),
    _integer("source_row", "row as a spreadsheet shows it"),
    _text("kind", "domain.OutcomeKind"),
    _text("happened_on", "ISO date, or ISO time in UTC; blank if the file does not say"),
    _text("seat", "seat as the file names it: seat_id, sender or its UUID; or blank"),
    _text("route", "domain.Route; inmail if it is not known whether free; or blank"),
    _flag("open_flag", "Open Profile"),
    _flag("inmail_flag", "accepts InMails"),
    _flag("premium_flag", "Premium member"),
    _integer("degree", "1, 2, 3; 0 unknown"),
    _flag("credit_used", "the send used a credit"),
    _integer("credits", "balance seen; -1 if none"),
    _text("error_text", "why it failed, in the file's words; never written anywhere"),
    _text("slug", "handle of the public profile, lower case"),
    _text("sales_navigator_id", "opaque id ACw... of the lead"),
    _text("profile_id", "opaque id ACo... of the profile"),
    _text("member_id", "numeric member id"),
    _text("getsales_uuid", "contact's System UUID in GetSales"),
    _text("email", "mailbox that is one person's: work, else personal"),
    _text("lead_id", "key of the lead, if the file is one of ours"),
    _text("plan_run", "name of the run that the file names; or blank"),
    _text("linkedin_url", "canonical URL"),
    _text("first_name", "as given"),
    _text("last_name", "as given"),
    _text("title", "as given"),
    _text("company", "as given"),
)

#: What became of each row of a file of outcomes.
OUTCOME_ROWS: tuple[Column, ...] = (
    _text("source_file", "file as the user named it"),
    _integer("source_row", "row as a spreadsheet shows it"),
    _text("became", "outcome, nothing (yet), issue"),
    _integer("num_outcomes", "lines of OUTCOMES that the row gave"),
    _text("code", "issue code of a row that gave none; or blank"),
)


def has_profile(leads: pd.DataFrame) -> np.ndarray:
    """Return which leads have a profile that a seat can send to: more than an e-mail."""
    known = np.zeros(len(leads), dtype=bool)
    for column in ("linkedin_url", "member_id", "getsales_uuid"):
        known |= leads[column].to_numpy() != ""
    return known


def names(columns: tuple[Column, ...]) -> list[str]:
    """Return the column names of a schema, in order."""
    return [column.name for column in columns]


def check(frame: pd.DataFrame, columns: tuple[Column, ...]) -> list[str]:
    """Return what is wrong with `frame`, one sentence per fault; empty if nothing is."""
    faults = []
    expected = names(columns)
    if list(frame.columns) != expected:
        missing = [name for name in expected if name not in frame.columns]
        extra = [str(name) for name in frame.columns if name not in expected]
        faults.append(f"columns differ: missing {missing}, extra {extra}")
    for column in columns:
        if column.name not in frame.columns:
            continue
        values = frame[column.name]
        if not column.nullable and bool(values.isna().any()):
            faults.append(f"{column.name}: missing values")
        if not _has_kind(values, column.kind):
            faults.append(f"{column.name}: expected {column.kind}, found {values.dtype}")
    return faults


def _has_kind(values: pd.Series, kind: Kind) -> bool:
    api = pd.api.types
    if kind == "text":
        return api.is_string_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype)
    if kind in ("integer", "flag"):
        return api.is_integer_dtype(values)
    if kind == "bool":
        return api.is_bool_dtype(values)
    return api.is_numeric_dtype(values)
