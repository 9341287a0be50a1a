"""The nouns of the program: frozen records and enums. No behaviour beyond checks.

A *lead* is a row of a table (`planner.schemas`), because there are a million of them;
everything that there are few of is a record here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
import pandas as pd

from planner.errors import Issue
from planner.params import Parameters


class Route(StrEnum):
    """What happens to a lead this week; every lead has exactly one."""

    OPEN_INMAIL = "open_inmail"
    PAID_INMAIL = "paid_inmail"
    CONNECTION_REQUEST = "connection_request"
    MESSAGE = "message"
    HOLD = "hold"
    EXCLUDED = "excluded"


#: Routes that a seat carries out this week and that GetSales gets a list for.
SENT_ROUTES = (
    Route.OPEN_INMAIL,
    Route.PAID_INMAIL,
    Route.CONNECTION_REQUEST,
    Route.MESSAGE,
)


class Flag(IntEnum):
    """A yes/no fact about a lead; a blank cell is unknown, never no."""

    UNKNOWN = -1
    NO = 0
    YES = 1


class Degree(IntEnum):
    """Distance between a lead and the seat that made the export."""

    UNKNOWN = 0
    FIRST = 1
    SECOND = 2
    THIRD = 3


class Exclusion(StrEnum):
    """Rule that keeps a lead out of every route."""

    NONE = ""
    DO_NOT_CONTACT = "do_not_contact"
    EXCLUSION_LIST = "exclusion_list"
    CONTACTED_BEFORE = "contacted_before"
    REPLIED_BEFORE = "replied_before"
    DROPPED = "dropped"
    SAME_PERSON = "same_person"
    UNKNOWN_OWNER = "unknown_owner"
    UNKNOWN_GROUP = "unknown_group"


class HoldRule(StrEnum):
    """Why a lead is held, in one word."""

    NONE = ""
    LATER = "later"
    CAPACITY = "capacity"
    COMPANY_THROTTLE = "company_throttle"
    COMPANY_SEAT = "company_seat"
    MESSAGE_LIMIT = "message_limit"
    NO_PROFILE = "no_profile"


#: What a hold or exclusion rule means, for people.
RULE_WORDS: Mapping[str, str] = {
    str(HoldRule.LATER): "planned for a later week",
    str(HoldRule.CAPACITY): "more leads than the seats can reach",
    str(HoldRule.COMPANY_THROTTLE): "others of the company come first",
    str(HoldRule.COMPANY_SEAT): "company belongs to another seat",
    str(HoldRule.MESSAGE_LIMIT): "message limit reached",
    str(HoldRule.NO_PROFILE): "no LinkedIn profile known",
    str(Exclusion.DO_NOT_CONTACT): "do not contact",
    str(Exclusion.EXCLUSION_LIST): "on an exclusion list",
    str(Exclusion.CONTACTED_BEFORE): "contacted before",
    str(Exclusion.REPLIED_BEFORE): "replied before",
    str(Exclusion.DROPPED): "dropped after a failed InMail",
    str(Exclusion.SAME_PERSON): "same person as another lead",
    str(Exclusion.UNKNOWN_OWNER): "owner is no seat",
    str(Exclusion.UNKNOWN_GROUP): "no seat serves the group",
}


# --- input ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawTable:
    """One table as it stands in a file: text only, nothing interpreted.

    Parameters
    ----------
    file : str
        File as the user named it; a workbook's sheet is added in brackets.
    frame : pandas.DataFrame
        One column per header, ``str`` dtype, blank is ``""``. Repeated headers are made
        unique (``Email``, ``Email (2)``), blank ones named ``column 7``.
    rows : numpy.ndarray
        Row of each record as a spreadsheet shows it (shape ``(len(frame),)``).
    sha256 : str
        Hash of the file's bytes.
    encoding, delimiter : str
        How the text was read; empty for workbooks.
    numeric_columns : frozenset of str
        Columns of a workbook in which numbers, not text, were stored: long ids in them
        may have lost digits.
    """

    file: str
    frame: pd.DataFrame
    rows: np.ndarray
    sha256: str
    encoding: str = ""
    delimiter: str = ""
    numeric_columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """Which columns of one file mean what, best column first.

    Parameters
    ----------
    file : str
        The file that this mapping is for.
    columns : mapping of str to tuple of str
        Meaning (`planner.intake.columns.MEANINGS`) to headers, best first: where the
        first is blank in a row, the next one counts.
    origin : mapping of str to str
        Meaning to how it was recognised: ``header``, ``content`` or ``override``.
    unused : tuple of str
        Headers of the columns without a meaning.
    """

    file: str
    columns: Mapping[str, tuple[str, ...]]
    origin: Mapping[str, str]
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file that went into a run, for provenance."""

    file: str
    kind: str
    sha256: str
    num_rows: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identities:
    """Every key by which the leads of a table may be recognised again.

    Three arrays of one length: position of the lead in its table, kind of key (slug,
    member, hash, uuid, email) and the canonical key. A lead keeps one key of a kind;
    here are those of all its rows.
    """

    lead: np.ndarray
    space: np.ndarray
    value: np.ndarray

    @classmethod
    def none(cls) -> Identities:
        """Return the identities of no leads."""
        nothing = np.empty(0, dtype=object)
        return cls(lead=np.empty(0, dtype=np.int64), space=nothing, value=nothing)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadTable:
    """Cleaned leads, what became of every input row, and the findings.

    ``leads`` follows `planner.schemas.LEADS` (sorted by ``lead_id``), ``rows`` follows
    `planner.schemas.ROWS`: one line per input row, so rows in = rows out.
    """

    leads: pd.DataFrame
    rows: pd.DataFrame
    issues: tuple[Issue, ...]
    identities: Identities


# --- seats ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """What a seat sent on one day."""

    date: dt.date
    open_inmails: int = 0
    paid_inmails: int = 0
    connection_requests: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A sender with its Sales Navigator licence, as the inventory states it.

    Limits are per full working day or per week; `day_shares` (Monday first) scales the
    daily ones. ``away`` are closed date ranges; a paused seat is away until the day
    after. ``inmails_last_28_days`` is None for a seat without history (new-seat ramp,
    of which ``weeks_active`` weeks are over). Rates are None where the seat has none of
    its own. ``recent_requests`` and ``recent_open_inmails`` are sends by day where the
    ledger knows them; None where only the inventory's sums are known. ``ahead`` are sends
    that are settled beside the plan: they take room, and their credits are off
    ``credits`` already. ``grant_unseen`` is the date (ISO) of a late reset whose grant
    ``credits`` count although nobody has read the balance since; empty if there is none.
    ``stated`` names the columns that the inventory fills in.
    """

    seat_id: str
    sender: str
    sender_profile_uuid: str
    credits: int
    credits_as_of: dt.date
    reset_rule: str
    monthly_grant: int
    credit_cap: int
    reserve: int
    inmails_last_28_days: int | None
    max_inmails_per_day: int
    max_open_inmails_per_day: int
    max_paid_inmails_per_day: int
    max_open_inmails_per_month: int
    max_connection_requests_per_day: int
    max_connection_requests_per_week: int
    connection_requests_last_7_days: int
    pending_connection_requests: int
    day_shares: tuple[float, ...]
    time_zone: str
    away: tuple[tuple[dt.date, dt.date], ...]
    groups: tuple[str, ...]
    inmail_reply_rate: float | None
    acceptance_rate: float | None
    weeks_active: int = 0
    recent_requests: tuple[tuple[dt.date, int], ...] | None = None
    recent_open_inmails: tuple[tuple[dt.date, int], ...] | None = None
    ahead: tuple[DayCount, ...] = ()
    grant_unseen: str = ""
    stated: tuple[str, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatDay:
    """What a seat may send on one calendar day."""

    date: dt.date
    max_inmails: int
    max_open_inmails: int
    max_paid_inmails: int
    max_connection_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A maximal run of days of a seat in one ISO week and one credit cycle.

    ``week`` counts from the planned week (0), ``cycle`` from the present credits (0).
    """

    seat: int
    week: int
    cycle: int
    days: tuple[SeatDay, ...]

    @property
    def max_inmails(self) -> int:
        """Free and paid InMails that the daily limits allow."""
        return sum(day.max_inmails for day in self.days)

    @property
    def max_open_inmails(self) -> int:
        """Free InMails that the daily limits allow."""
        return sum(day.max_open_inmails for day in self.days)

    @property
    def max_paid_inmails(self) -> int:
        """InMails that may need a credit and that the daily limits allow."""
        return sum(day.max_paid_inmails for day in self.days)

    @property
    def max_connection_requests(self) -> int:
        """Connection requests that the daily limits allow."""
        return sum(day.max_connection_requests for day in self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A seat's days from the plan's date to the horizon, cut into periods.

    ``resets`` are the dates (UTC) of the grants inside the horizon, oldest first.
    """

    seat: int
    periods: tuple[Period, ...]
    resets: tuple[dt.date, ...]


# --- history ----------------------------------------------------------------------


class OutcomeKind(StrEnum):
    """What happened to a lead or was seen on a seat, as `planner record` notes it."""

    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    REPLIED = "replied"
    ACCEPTED = "accepted"
    FLAG_SEEN = "flag_seen"
    BALANCE_SEEN = "balance_seen"


class Cause(StrEnum):
    """Why an InMail failed, as far as anybody can tell from outside."""

    CREDITS_EXHAUSTED = "credits_exhausted"
    INMAIL_OFF = "inmail_off"
    VELOCITY_BLOCK = "velocity_block"
    ALREADY_MESSAGED = "already_messaged"
    ALREADY_CONNECTED = "already_connected"
    PROFILE_GONE = "profile_gone"
    UNKNOWN = "unknown"


class NextStep(StrEnum):
    """Where a lead goes whose InMail failed."""

    RESTART = "restart"
    CONNECTION_REQUEST = "connection_request"
    MESSAGE = "message"
    WAIT = "wait"
    DROP = "drop"


class EventKind(StrEnum):
    """What can happen to a seat's credits, apart from grants, which follow its rule."""

    SEEN = "seen"
    SPENT = "spent"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTerms:
    """How a seat's credits come and go: its reset rule, grant, cap and their lifetime.

    ``lifetime_days`` is 0 where credits do not expire.
    """

    reset_rule: str
    monthly_grant: int
    credit_cap: int
    lifetime_days: int
    refund_window_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditEvent:
    """One entry of a seat's credit book.

    Parameters
    ----------
    happened_on : str
        ISO date, or ISO date and time in UTC (``2026-11-23T14:05:00Z``); a plain date
        stands before every time of that day.
    kind : EventKind
        ``seen``: the balance that somebody read; ``spent``: an InMail; ``refunded``:
        the credit of an answered InMail.
    credits : float
        The balance seen (whole); or the probability that the InMail used a credit,
        1 or 0 where that is known; likewise of the refunded one.
    sent_on : str
        Of a refund: when the InMail was sent.
    is_assumed : bool
        Of a balance: triage goes on with it, nobody has read it.
    """

    happened_on: str
    kind: EventKind
    credits: float
    sent_on: str = ""
    is_assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatHistory:
    """What the ledger knows of one seat before the plan's date.

    ``days`` are the days with sends in the five weeks before it, oldest first;
    ``first_send`` is the first send known; ``pending_connection_requests`` are sent, not
    accepted and not old enough to be withdrawn. A seat held by triage sends nothing
    before ``held_until``, and its pace starts at ``pace_factor`` afterwards. ``ahead`` are
    sends from the plan's date on that are settled already (restarts by triage, another
    week's run), ``credits_ahead`` day and credit use of the InMails among them, and of
    those that failed on the plan's date: they may have used a credit all the same.
    ``known_since`` is the day of the first run that had the seat, ``stated_before`` what
    its inventory stated of the days before, by column (`planner.ledger.pace`).
    """

    seat_id: str
    events: tuple[CreditEvent, ...] = ()
    days: tuple[DayCount, ...] = ()
    first_send: dt.date | None = None
    pending_connection_requests: int = 0
    held_until: dt.date | None = None
    pace_factor: float = 1.0
    ahead: tuple[DayCount, ...] = ()
    credits_ahead: tuple[tuple[dt.date, float], ...] = ()
    known_since: dt.date | None = None
    stated_before: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """What the ledger knows that matters to the leads and seats of one plan.

    Parameters
    ----------
    leads : pandas.DataFrame
        Follows `planner.schemas.KNOWN_LEADS`: only leads of which something is known.
    company_seats : mapping of str to str
        Company key to the seat that its people are contacted from.
    company_touches : mapping of str to int
        Company key to the people of it contacted in the 6 days before the first day
        planned, or on it, who are not among the leads of the list.
    seats : mapping of str to SeatHistory
        By seat id; seats without history are absent.
    cohorts, responses : pandas.DataFrame
        What was sent and what came back (`planner.estimate.learned`), up to
        `observed_until`, the last day of which outcomes were recorded.
    scored, newly_scored : pandas.DataFrame
        Past open-share forecasts whose flags have become known since
        (`planner.estimate.calibration`), by run and segment; and those of them that
        this list has brought to light.
    digest : str
        Hash of all of it, for the run's id.
    """

    leads: pd.DataFrame
    company_seats: Mapping[str, str]
    company_touches: Mapping[str, int]
    seats: Mapping[str, SeatHistory]
    cohorts: pd.DataFrame
    responses: pd.DataFrame
    observed_until: dt.date | None
    scored: pd.DataFrame
    newly_scored: pd.DataFrame
    digest: str


# --- open share -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentShare:
    """Estimated open share of one segment.

    ``mean``, ``low`` and ``high`` are the posterior mean and interval of the share of
    open profiles among the *unknown* leads of the segment; ``beta_a`` and ``beta_b``
    are a beta distribution with the posterior's mean and variance.
    """

    segment: str
    premium: str
    num_leads: int
    num_known: int
    num_open: int
    num_unknown: int
    mean: float
    low: float
    high: float
    beta_a: float
    beta_b: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A median with a central interval."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShare:
    """Estimate for the whole list and for each segment.

    ``share`` is the open share of the whole list (known flags counted as known), with
    the labelling bias allowed for; ``share_if_typical`` is the same if known flags are
    typical of unknown ones. ``width_after_checks`` maps a number of random look-ups to
    the expected width of ``share`` after them.
    """

    segments: tuple[SegmentShare, ...]
    share: Interval
    share_if_typical: Interval
    num_leads: int
    num_known: int
    num_open: int
    width_after_checks: Mapping[int, float]


# --- linear program ---------------------------------------------------------------


class Kind(IntEnum):
    """What is known of a lead's flag; UNKNOWN and above are tiers of probability."""

    OPEN = 0
    CLOSED = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Credit use of one kind of lead: beta-binomial, or binomial where certain.

    ``use`` is the mean number of credits per InMail; ``beta_a`` and ``beta_b`` are the
    parameters of the probability of a closed profile (None where the use is a plain
    number), and ``leak`` is the probability that an open one closes before the send: an
    InMail uses a credit with ``leak + (1 - leak) Beta(beta_a, beta_b)``. The tier of leads
    that refuse InMails is not `sendable`.
    """

    use: float
    beta_a: float | None
    beta_b: float | None
    leak: float = 0.0
    sendable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadClass:
    """Leads that the model does not distinguish.

    ``pool`` is the set of seats that may send, ``kind`` indexes the tiers, ``release``
    is the earliest week, ``inmail_value`` and ``connection_value`` are expected replies
    per lead times priority weight, averaged over the class.
    """

    pool: int
    kind: int
    release: int
    size: int
    inmail_value: float
    connection_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Seats that may send to a class: an owner, a group, or all. ``atoms`` make it up."""

    name: str
    atoms: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """Seats that no pool and no rate tells apart."""

    seats: tuple[int, ...]
    inmail_factor: float
    connection_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRow:
    """``sum_k weight_k z_k + held_back <= budget`` over cycles first..last of a seat.

    Holds the probability of using more than ``budget`` at or below ``alpha``.
    """

    seat: int
    first: int
    last: int
    budget: int
    alpha: float
    weights: tuple[float, ...]
    held_back: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeLimit:
    """An upper limit on a weighted sum of a seat's volumes.

    ``terms`` maps the index of a period to its coefficient; what is summed (free
    InMails, all InMails, connection requests) is the row family's business.
    """

    seat: int
    name: str
    terms: Mapping[int, float]
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Every number that the linear program sees, and nothing else.

    Periods are numbered over all seats (``periods[p].seat`` names the seat).
    ``velocity``, ``open_month``, ``connections`` and ``pending`` are limits beyond a
    single period; ``capacity`` rows follow from the periods themselves.
    """

    num_seats: int
    num_weeks: int
    periods: tuple[Period, ...]
    classes: tuple[LeadClass, ...]
    pools: tuple[Pool, ...]
    atoms: tuple[Atom, ...]
    tiers: tuple[Tier, ...]
    credit_rows: tuple[CreditRow, ...]
    velocity: tuple[VolumeLimit, ...]
    open_month: tuple[VolumeLimit, ...]
    connections: tuple[VolumeLimit, ...]
    pending: tuple[VolumeLimit, ...]
    forfeits: tuple[VolumeLimit, ...]
    delay_cost_per_week: float
    forfeit_price: float


class Status(StrEnum):
    """What the solver proved."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    STOPPED = "stopped"


class ProofEnd(StrEnum):
    """Why the search for a smaller certified gap ended."""

    NOT_ASKED = "not asked for"
    REACHED = "target reached"
    NO_PROGRESS = "no progress in the last pass"
    PASSES = "all passes used"
    CLASSES = "too many classes"
    SOLVER = "no proven optimum in the solver's time"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Volumes and prices of one solved instance.

    Parameters
    ----------
    status : Status
        Only `Status.OPTIMAL` solutions carry volumes.
    objective : float
        Expected weighted replies over the horizon, less delay and forfeits.
    class_inmails, class_connections : numpy.ndarray
        Leads of each class sent over the horizon, shape ``(num_classes,)``; by level of
        seat rates, shape ``(num_classes, num_levels)``, where seats differ.
    inmails : numpy.ndarray
        InMails by period and kind, shape ``(num_periods, num_tiers)``.
    connections : numpy.ndarray
        Connection requests by period, shape ``(num_periods,)``.
    prices : mapping of str to float
        Shadow price (>= 0, expected replies per unit) of each row by name.
    solver : str
        Name and version of the solver.
    """

    status: Status
    objective: float
    class_inmails: np.ndarray
    class_connections: np.ndarray
    flows: Mapping[tuple[int, int, int, int], float]
    connection_flows: Mapping[tuple[int, int, int], float]
    inmails: np.ndarray
    connections: np.ndarray
    prices: Mapping[str, float]
    solver: str
    num_columns: int = 0
    num_rows: int = 0


# --- plan -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """Everything that a plan is made from; the pipeline reads nothing else."""

    leads: LeadTable
    seats: tuple[Seat, ...]
    seat_issues: tuple[Issue, ...]
    mappings: tuple[ColumnMapping, ...]
    files: tuple[InputFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """All that a plan follows from: the same again gives the same plan."""

    inputs: Inputs
    parameters: Parameters
    as_of: dt.date
    history: History | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that a plan goes beyond: where, and by how much.

    Parameters
    ----------
    limit : str
        Name of the rule (`planner.limits`).
    seat_id, day : str
        Seat and ISO date; empty where the breach has none.
    count, most : float
        What is planned, and what the rule allows.
    message : str
        The same in words.
    """

    limit: str
    seat_id: str = ""
    day: str = ""
    count: float
    most: float
    message: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Whole-number decision for one week, lead by lead, with what explains it.

    Tables follow `planner.schemas`: ``assignments`` (one line per lead), ``seat_weeks``
    (one line per seat), ``days`` (one line per seat and day), ``limits`` (what limits
    us), ``outlook`` (planned volumes after this week), ``runway`` (credits by seat and
    day), ``rows`` (every input row).
    ``breaches`` are where it goes beyond the rules that it only reports.
    """

    run_id: str
    version: str
    as_of: dt.date
    week: str
    week_start: dt.date
    week_end: dt.date
    horizon_end: dt.date
    parameters: Parameters
    seats: tuple[Seat, ...]
    assignments: pd.DataFrame
    rows: pd.DataFrame
    seat_weeks: pd.DataFrame
    days: pd.DataFrame
    limits: pd.DataFrame
    outlook: pd.DataFrame
    runway: pd.DataFrame
    open_share: OpenShare
    issues: tuple[Issue, ...]
    mappings: tuple[ColumnMapping, ...]
    files: tuple[InputFile, ...]
    totals: Mapping[str, float | int | str]
    solver: Mapping[str, float | int | str] = field(default_factory=dict)
    breaches: tuple[Breach, ...] = ()
