"""The seat inventory: one row per sender, checked cell by cell.

Every fault of every row is reported at once. Faulty seats are never planned, and the
caller refuses the run: a seat left out without a word would move its leads to others.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from planner.dates import previous_reset
from planner.domain import RawTable, Seat
from planner.errors import Issue, ParameterError, Severity
from planner.intake import seat_cells as cells
from planner.params import Parameters, specs

Parsed = TypeVar("Parsed")

#: Column -> other headers that mean the same, normalised as `_normalise` does.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "seat_id": ("seat", "id", "seat_name"),
    "sender": ("sender_name", "sender_profile", "name", "label"),
    "sender_profile_uuid": ("sender_uuid", "uuid"),
    "credits": ("inmail_credits", "credits_now", "balance", "credit_balance"),
    "credits_as_of": ("as_of", "read_on", "balance_as_of"),
    "reset_rule": ("reset", "reset_day", "renewal"),
    "monthly_grant": ("grant",),
    "credit_cap": ("cap",),
    "reserve": (),
    "inmails_last_28_days": ("inmails_28d", "inmails_sent_last_28_days"),
    "max_inmails_per_day": ("inmails_per_day",),
    "max_open_inmails_per_day": (),
    "max_paid_inmails_per_day": (),
    "max_open_inmails_per_month": (),
    "max_connection_requests_per_day": ("invitations_per_day", "max_invitations_per_day"),
    "max_connection_requests_per_week": (
        "invitations_per_week",
        "max_invitations_per_week",
    ),
    "connection_requests_last_7_days": ("invitations_last_7_days",),
    "pending_connection_requests": ("pending_invitations", "pending"),
    "working_days": ("days",),
    "time_zone": ("timezone", "tz"),
    "away": ("days_off", "holidays", "vacation"),
    "groups": ("group", "territory", "territories"),
    "paused": ("pause",),
    "inmail_reply_rate": ("reply_rate",),
    "acceptance_rate": (),
}

#: Parameters in words that stand in for blank cells, with what reads them.
_WORDS: Mapping[str, Callable[[str], object]] = {
    "reset_rule": cells.reset_rule,
    "working_days": cells.working_days,
    "time_zone": cells.time_zone,
}

#: Closed ranges of the columns that have a parameter of the same name.
_RANGES = {spec.name: spec for spec in specs() if spec.low is not None}


#: What the ledger has of a seat's credits; None if it has no balance of it.
KnownCredits = Callable[[Seat], int | None]


def read(
    table: RawTable,
    *,
    as_of: dt.date,
    parameters: Parameters,
    known_credits: KnownCredits | None = None,
) -> tuple[tuple[Seat, ...], tuple[Issue, ...]]:
    """Return the seats of an inventory, sorted by ``seat_id``, and all findings.

    Parameters
    ----------
    table : RawTable
        The inventory as text.
    as_of : datetime.date
        The plan's date: balances read later, and resets before it, are faults.
    parameters : Parameters
        Defaults for blank cells.
    known_credits : callable, optional
        The ledger's balance of a seat, for those that state none.

    Returns
    -------
    seats : tuple of Seat
        Seats without errors.
    issues : tuple of Issue
        Errors mean that the inventory cannot be used as it is.

    Raises
    ------
    ParameterError
        If a parameter that stands in for blank cells cannot be read.
    """
    _check_defaults(parameters)
    columns, issues = _columns(table)
    if "seat_id" not in columns:
        return (), tuple(issues)
    seats: dict[str, Seat] = {}
    first_row: dict[str, int] = {}
    for record, row in zip(table.frame.to_dict("records"), table.rows, strict=True):
        texts = {name: str(record[header]) for name, header in columns.items()}
        reader = _Row(
            texts=texts, columns=columns, file=table.file, row=int(row),
            as_of=as_of, parameters=parameters, known_credits=known_credits,
        )  # fmt: skip
        seat = reader.seat()
        issues.extend(reader.issues)
        # A row that cannot be used still has its name: a second one is a fault, too.
        seat_id = texts["seat_id"].strip()
        key = seat_id.casefold()
        if seat_id and key in first_row:
            issues.append(
                reader.error(
                    "duplicate-seat",
                    f"seat {seat_id} is already in row {first_row[key]}: keep one",
                    "seat_id",
                )
            )
            continue
        first_row[key] = int(row)
        if seat is not None:
            seats[seat_id] = seat
    return tuple(seats[key] for key in sorted(seats)), tuple(issues)


def _check_defaults(parameters: Parameters) -> None:
    """Refuse parameters in words that no blank cell could be read from."""
    faults = []
    for name, parse in _WORDS.items():
        try:
            parse(getattr(parameters, name))
        except ValueError as error:
            faults.append(f"parameter {name}: {error}")
    if faults:
        raise ParameterError("; ".join(faults))


def known_headers() -> frozenset[str]:
    """Return every header that a seat inventory may have, as the reader wants them."""
    return frozenset((*ALIASES, *(alias for many in ALIASES.values() for alias in many)))


def is_inventory(table: RawTable) -> bool:
    """Return whether a table has the key column and at least one more of an inventory."""
    columns, _ = _columns(table)
    return "seat_id" in columns and len(columns) > 1


def _normalise(header: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", header.casefold()).strip("_")


def _columns(table: RawTable) -> tuple[dict[str, str], list[Issue]]:
    """Map our column names to the file's headers; unknown headers are noted."""
    by_alias = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    columns: dict[str, str] = {}
    issues = []
    for exact in (True, False):  # our own names win over aliases
        for header in table.frame.columns:
            key = _normalise(str(header))
            name = key if exact and key in ALIASES else by_alias.get(key, "")
            if name and name not in columns and (exact == (key in ALIASES)):
                columns[name] = str(header)
    for header in table.frame.columns:
        if header in columns.values():
            continue
        # A column that is there already is not the one that was meant.
        free = [name for name in ALIASES if name not in columns]
        nearest = difflib.get_close_matches(_normalise(str(header)), free, n=1)
        hint = ""
        if nearest:
            hint = (
                f"; did you mean {nearest[0]}? What it says is lost: each seat has what a "
                f"blank {nearest[0]} stands for"
            )
        issues.append(
            Issue(
                code="unknown-seat-column",
                severity=Severity.WARNING if nearest else Severity.NOTE,
                message=f"the column is not used{hint}",
                file=table.file,
                column=str(header)[:60],
            )
        )
    if "seat_id" not in columns:
        issues.append(
            Issue(
                code="no-seat-column",
                message="there is no column seat_id; planner init writes a template",
                file=table.file,
            )
        )
    return columns, issues


@dataclass(slots=True, kw_only=True)
class _Row:
    """Reads the cells of one row and collects what is wrong with them."""

    texts: Mapping[str, str]
    columns: Mapping[str, str]
    file: str
    row: int
    as_of: dt.date
    parameters: Parameters
    known_credits: KnownCredits | None
    issues: list[Issue] = field(default_factory=list)

    def error(self, code: str, message: str, column: str = "") -> Issue:
        return Issue(
            code=code, message=message, file=self.file, row=self.row,
            column=self.columns.get(column, column),
        )  # fmt: skip

    def seat(self) -> Seat | None:
        """Return the seat, or None if any cell has an error."""
        p = self.parameters
        seat_id = self.texts["seat_id"].strip()
        if not seat_id:
            self.issues.append(
                self.error(
                    "blank-seat-id", "seat_id is blank: give each seat a name", "seat_id"
                )
            )
        credits_as_of = self._value("credits_as_of", cells.date, self.as_of)
        default_rule = cells.reset_rule(p.reset_rule)
        reset_rule = self._value("reset_rule", cells.reset_rule, default_rule)
        seat = Seat(
            seat_id=seat_id,
            sender=self._value("sender", str, seat_id),
            sender_profile_uuid=self._value("sender_profile_uuid", str, ""),
            credits=self._credits(),
            credits_as_of=credits_as_of,
            reset_rule=reset_rule,
            monthly_grant=self._whole("monthly_grant", p.monthly_grant),
            credit_cap=self._whole("credit_cap", p.credit_cap),
            reserve=self._whole("reserve", p.reserve),
            inmails_last_28_days=self._value("inmails_last_28_days", cells.whole, None),
            max_inmails_per_day=self._whole("max_inmails_per_day", p.max_inmails_per_day),
            max_open_inmails_per_day=self._whole(
                "max_open_inmails_per_day", p.max_open_inmails_per_day
            ),
            max_paid_inmails_per_day=self._whole(
                "max_paid_inmails_per_day", p.max_paid_inmails_per_day
            ),
            max_open_inmails_per_month=self._whole(
                "max_open_inmails_per_month", p.max_open_inmails_per_month
            ),
            max_connection_requests_per_day=self._whole(
                "max_connection_requests_per_day", p.max_connection_requests_per_day
            ),
            max_connection_requests_per_week=self._whole(
                "max_connection_requests_per_week", p.max_connection_requests_per_week
            ),
            connection_requests_last_7_days=self._whole(
                "connection_requests_last_7_days", 0
            ),
            pending_connection_requests=self._whole("pending_connection_requests", 0),
            day_shares=self._value(
                "working_days", self._day_shares, self._day_shares(p.working_days)
            ),
            time_zone=self._value("time_zone", cells.time_zone, p.time_zone),
            away=self._away(),
            groups=self._groups(),
            inmail_reply_rate=self._value("inmail_reply_rate", cells.rate, None),
            acceptance_rate=self._value("acceptance_rate", cells.rate, None),
            stated=tuple(sorted(n for n, text in self.texts.items() if text.strip())),
        )
        if "credits" not in seat.stated and self.known_credits is not None:
            seat = self._with_known_credits(seat, self.known_credits)
        self._check_together(seat)
        if any(issue.severity is Severity.ERROR for issue in self.issues):
            return None
        return seat

    def _value(self, name: str, parse: Callable[[str], Parsed], blank: Parsed) -> Parsed:
        text = self.texts.get(name, "").strip()
        if not text:
            return blank
        try:
            return parse(text)
        except (ValueError, OverflowError) as error:
            self.issues.append(self.error("bad-seat-cell", f"{name}: {error}", name))
            return blank

    def _whole(self, name: str, blank: int) -> int:
        """Parse a whole number within the range of the parameter of the same name."""

        def parse(text: str) -> int:
            number = cells.whole(text)
            spec = _RANGES.get(name)
            if spec and not (spec.low or 0) <= number <= (spec.high or 0):
                raise ValueError(f"expected {spec.range_text} {spec.unit}, got {number}")
            return number

        return self._value(name, parse, blank)

    def _with_known_credits(self, seat: Seat, known_credits: KnownCredits) -> Seat:
        """Take the ledger's balance for a seat that states none."""
        credits = known_credits(seat)
        if credits is None:
            self._no_credits()
            return seat
        return replace(seat, credits=credits, credits_as_of=self.as_of)

    def _no_credits(self) -> None:
        self.issues.append(
            self.error(
                "seat-without-credits",
                "credits is blank and the ledger has no balance of this seat: enter the "
                "balance that LinkedIn shows",
                "credits",
            )
        )

    def _credits(self) -> int:
        text = self.texts.get("credits", "").strip()
        if not text and self.known_credits is None:
            self._no_credits()
            return 0
        if text.startswith("-"):
            self.issues.append(
                self.error(
                    "negative-credits",
                    f"credits is {text[:12]}: a balance cannot be negative; enter what "
                    "LinkedIn shows",
                    "credits",
                )
            )
            return 0
        return self._whole("credits", 0)

    def _day_shares(self, text: str) -> tuple[float, ...]:
        days = cells.working_days(text)
        friday = self.parameters.friday_share
        return tuple(
            (friday if day == 4 else 1.0) if day in days else 0.0 for day in range(7)
        )

    def _groups(self) -> tuple[str, ...]:
        none: tuple[str, ...] = ()
        return self._value("groups", cells.groups, none)

    def _away(self) -> tuple[tuple[dt.date, dt.date], ...]:
        never: tuple[tuple[dt.date, dt.date], ...] = ()
        away = self._value("away", cells.date_ranges, never)
        paused = self._value("paused", cells.paused, None)
        if paused is None:
            return away
        return (*away, (dt.date.min, paused))

    def _check_together(self, seat: Seat) -> None:
        kind, _, value = seat.reset_rule.partition(":")
        if kind == "date" and dt.date.fromisoformat(value) <= self.as_of:
            self.issues.append(
                self.error(
                    "reset-in-the-past",
                    f"reset_rule names {value}, but the plan is for {self.as_of}: enter "
                    "the next reset, or day:N for a monthly one",
                    "reset_rule",
                )
            )
        if seat.credits_as_of > self.as_of:
            self.issues.append(
                self.error(
                    "credits-read-later",
                    f"credits_as_of is {seat.credits_as_of}, after the plan's date "
                    f"{self.as_of}: correct it or plan with --as-of {seat.credits_as_of}",
                    "credits_as_of",
                )
            )
        last = previous_reset(seat.reset_rule, self.as_of)
        if last is not None and seat.credits_as_of < last:
            counted = "no" if self.known_credits is None else "the"
            self._warn(
                "stale-credits",
                f"credits of seat {seat.seat_id} were read before the reset of {last}; the "
                f"plan counts {counted} grant for it: read the balance again",
                "credits_as_of",
            )
        self._warn_numbers(seat)

    def _warn_numbers(self, seat: Seat) -> None:
        if seat.credits > seat.credit_cap:
            self._warn(
                "credits-above-cap",
                f"credits is {seat.credits}, above the cap of {seat.credit_cap}: check it",
                "credits",
            )
        if seat.credits <= seat.reserve:
            short = seat.reserve - seat.credits
            words = f"{short} below" if short else "equal to"
            self._warn(
                "credits-within-reserve",
                f"seat {seat.seat_id} has {seat.credits} credits, {words} its reserve of "
                f"{seat.reserve}: no InMail that may need a credit before its reset",
                "credits",
            )
        if seat.inmails_last_28_days == 0:
            self._warn(
                "cold-seat",
                f"seat {seat.seat_id} sent no InMail in 28 days, so velocity lets it start "
                "at velocity_floor; leave the cell blank to use the new-seat ramp",
                "inmails_last_28_days",
            )

    def _warn(self, code: str, message: str, column: str) -> None:
        header = self.columns.get(column, column)
        errors = [i for i in self.issues if i.severity is Severity.ERROR]
        if any(issue.column == header for issue in errors):
            return  # the cell could not be read: there is nothing to warn about
        self.issues.append(
            Issue(
                code=code, message=message, severity=Severity.WARNING, file=self.file,
                row=self.row, column=header,
            )
        )  # fmt: skip
