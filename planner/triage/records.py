"""What triage is made from and what it finds: the nouns of this verb.

Times are texts as the ledger keeps them: an ISO date, or an ISO date and time in UTC
(``2026-11-23T14:05:00Z``). They are compared as text; a plain date stands before every
time of that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from planner.domain import Cause, Seat, SeatDay
from planner.schemas import Column

#: One line per failed InMail that triage is given.
FAILURES: tuple[Column, ...] = (
    Column(name="lead_id", kind="text", meaning="key of the lead"),
    Column(name="seat_id", kind="text", meaning="seat that sent; blank if not known"),
    Column(name="failed_on", kind="text", meaning="ISO date or time; blank if unknown"),
    Column(name="error_text", kind="text", meaning="what the tool said; blank if nothing"),
    Column(name="route", kind="text", meaning="planned: open_inmail or paid_inmail"),
    Column(name="send_on", kind="text", meaning="planned day; blank if not known"),
    Column(
        name="credit_probability",
        kind="number",
        meaning="that the InMail needs a credit; missing if not planned by us",
        nullable=True,
    ),
    Column(name="open_flag", kind="flag", meaning="Open Profile"),
    Column(name="premium_flag", kind="flag", meaning="Premium member"),
    Column(name="inmail_flag", kind="flag", meaning="accepts InMails"),
    Column(name="degree", kind="integer", meaning="1, 2, 3; 0 unknown"),
    Column(name="degree_seat", kind="text", meaning="seat that it is the degree of"),
    Column(name="inmail_on", kind="text", meaning="last InMail that did go to the lead"),
    Column(name="inmail_seat", kind="text", meaning="seat that sent that one"),
    Column(name="accepted_by", kind="text", meaning="seat that the lead is connected to"),
    Column(name="replied_on", kind="text", meaning="when the lead replied; blank if not"),
    Column(name="num_restarts", kind="integer", meaning="InMails tried again before"),
    Column(name="priority", kind="number", meaning="0 to 100", nullable=True),
    Column(name="owner", kind="text", meaning="seat that must send"),
    Column(name="group", kind="text", meaning="only seats of this group may send"),
    Column(name="company_key", kind="text", meaning="normalised company"),
    Column(name="company_seat", kind="text", meaning="seat that the company belongs to"),
    Column(
        name="company_near",
        kind="integer",
        meaning="other people of the company contacted within a week",
    ),
    Column(name="linkedin_url", kind="text", meaning="canonical URL; carried along"),
    Column(name="sales_navigator_id", kind="text", meaning="opaque id; carried along"),
    Column(name="getsales_uuid", kind="text", meaning="System UUID; carried along"),
    Column(name="email", kind="text", meaning="carried along"),
    Column(name="first_name", kind="text", meaning="carried along"),
    Column(name="last_name", kind="text", meaning="carried along"),
    Column(name="title", kind="text", meaning="carried along"),
    Column(name="company", kind="text", meaning="carried along"),
    Column(name="source_file", kind="text", meaning="file that reported the failure"),
    Column(name="source_row", kind="integer", meaning="its row as a spreadsheet shows it"),
)

#: One line per failure that triage returns, in the order of the failures.
FINDINGS: tuple[Column, ...] = (
    *FAILURES,
    Column(name="error_class", kind="text", meaning="what the error text speaks of"),
    Column(name="cause", kind="text", meaning="domain.Cause, the most likely one"),
    Column(name="cause_probability", kind="number", meaning="of that cause"),
    *(
        Column(name=f"p_{cause}", kind="number", meaning=f"probability of {cause}")
        for cause in Cause
    ),
    Column(name="evidence", kind="text", meaning="short sentences, most telling first"),
    Column(name="is_latest", kind="bool", meaning="last failure of its lead: decides"),
    Column(name="next_step", kind="text", meaning="domain.NextStep"),
    Column(name="next_route", kind="text", meaning="domain.Route; blank if none"),
    Column(name="next_seat", kind="text", meaning="seat that carries it out"),
    Column(name="next_on", kind="text", meaning="ISO date; blank if dropped"),
    Column(name="next_reason", kind="text", meaning="why this step, in words"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentInMail:
    """An InMail that went out.

    ``credit_probability`` is the chance that it used a credit: 1 or 0 where the balance
    or the profile's flag says so. One that is not ``is_certain`` was planned, and nobody
    said that it failed.
    """

    happened_on: str
    credit_probability: float
    is_certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A seat's balance at one instant, before whatever else happens at it.

    Parameters
    ----------
    happened_on : str
        The instant.
    expected, low, high : float
        Credits; ``low`` and ``high`` hold all but a tenth of the probability.
    is_seen : bool
        Whether somebody read it; otherwise it is the ledger's fold.
    """

    happened_on: str
    expected: float
    low: float
    high: float
    is_seen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRecord:
    """One seat: what happened on it, and what it has room for.

    Parameters
    ----------
    seat : Seat
        Its row of the inventory.
    sent : tuple of SentInMail
        InMails that went out, in any order; from five weeks before the first failure
        on if velocity is to be judged.
    balances : tuple of Balance
        Balances seen and folded, in any order. A fold at the instant of a failure says
        most; the seen ones should all be there.
    spare_credits : int
        Credits surely there above the reserve and what is already planned.
    spare_inmails, spare_requests : int
        InMails and connection requests that limits and plan leave room for in the days
        below.
    days : tuple of SeatDay
        Days on which it sends, of this week, or of the next if none is left: what limits
        and plan leave of each.
    spare_after_reset : int
        Credits of the next grant that are not spoken for.
    is_pace_known : bool
        Whether ``sent`` or the seat's pace tell what it sent in the weeks before; if not,
        growth explains nothing.
    """

    seat: Seat
    sent: tuple[SentInMail, ...] = ()
    balances: tuple[Balance, ...] = ()
    spare_credits: int = 0
    spare_inmails: int = 0
    spare_requests: int = 0
    spare_after_reset: int = 0
    days: tuple[SeatDay, ...] = ()
    is_pace_known: bool = True


class SeatState(StrEnum):
    """What keeps all of a seat's InMails from going out, if anything does.

    *Stopped* is a seat of which nothing goes out, for want of credits or for a block:
    its balance tells which.
    """

    FINE = "fine"
    EXHAUSTED = "exhausted"
    BLOCKED = "velocity_block"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A run of failures of one seat with one likely cause on the seat.

    ``until`` is the date of the grant that ended it, or the time of the first InMail
    that went out after it; empty while it lasts. A grant or a balance does not end a
    velocity block.
    """

    state: SeatState
    since: str
    last: str
    until: str
    num_failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatVerdict:
    """What triage makes of one seat as of today.

    Parameters
    ----------
    state : SeatState
        Now: a spell that a grant has ended leaves the seat fine.
    probability : float
        Of that state.
    blocked : float
        Chance that LinkedIn has slowed the seat down.
    since, until : str
        First failure of the spell, and the day that should end it; empty if fine.
    assumed_credits : int or None
        Balance to go on with; None to leave the ledger's as it is. It is lowered only
        where the seat is judged exhausted.
    held_until : str
        First day on which the seat may send again; empty if it is not held.
    pace_factor : float
        Its pace then, against its pace before.
    asks_balance : bool
        Whether somebody should read the balance before anything else.
    is_sure : bool
        Whether a seat that is called fine is it for certain: something went out since,
        or its probability is at least `hold_evidence`.
    spells : tuple of Spell
        What was the matter and when, oldest first.
    num_failures, num_sent : int
        Failures judged, and InMails that went out since the first of them.
    words : str
        One or two sentences.
    """

    seat_id: str
    sender: str
    state: SeatState
    probability: float
    blocked: float
    since: str
    until: str
    assumed_credits: int | None
    held_until: str
    pace_factor: float
    asks_balance: bool
    is_sure: bool
    spells: tuple[Spell, ...]
    num_failures: int
    num_sent: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Triage:
    """What triage found: ``findings`` follow `FINDINGS`, verdicts are by seat_id."""

    findings: pd.DataFrame
    verdicts: tuple[SeatVerdict, ...]
