"""The ledger's folds once more, in plain Python: what `test_history` holds them against.

A `Journal` is what was appended, as lists. Every question is answered by going through
all of it, one entry at a time; nothing here knows SQL or pandas.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection

from planner.ledger import store, tables
from planner.params import Parameters

INMAILS = ("open_inmail", "paid_inmail")
COLUMNS = {
    "open_inmail": "open_inmails",
    "paid_inmail": "paid_inmails",
    "connection_request": "connection_requests",
    "message": "messages",
}


@dataclass(frozen=True, kw_only=True)
class Send:
    """A line of the assignments."""

    entry: int
    person: int
    seat_id: str = "anna"
    route: str = "open_inmail"
    send_on: str
    company_key: str = ""
    segment: str = ""
    credit_probability: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A line of the outcomes."""

    entry: int
    line: int
    person: int
    kind: str
    happened_on: str
    seat_id: str = ""
    route: str = ""
    credit_used: int = -1
    open_flag: int = -1
    assignment: int = 0


@dataclass(kw_only=True)
class Journal:
    """Everything that was appended; ``entries`` maps numbers to (kind, as_of)."""

    entries: dict[int, tuple[str, str]] = field(default_factory=dict)
    weeks: dict[int, str] = field(default_factory=dict)
    sends: list[Send] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    voids: list[tuple[int, int, str]] = field(default_factory=list)
    balances: list[tuple[int, str, str, int]] = field(default_factory=list)
    holds: list[tuple[int, str, str, float]] = field(default_factory=list)
    triages: list[tuple[int, int, str, str]] = field(default_factory=list)

    def add(self, kind: str, as_of: dt.date) -> int:
        """Return the number of a new entry."""
        number = len(self.entries) + 1
        self.entries[number] = (kind, as_of.isoformat())
        return number

    def append_to(self, connection: Connection) -> None:
        """Append all of it to an empty ledger, with what these folds do not look at."""
        for number, (kind, as_of) in self.entries.items():
            day = dt.date.fromisoformat(as_of)
            assert store.append_entry(connection, kind, as_of=day, digest="") == number
        people = {line.person for line in self.sends} | {o.person for o in self.outcomes}
        people |= {triage[1] for triage in self.triages}
        _append(connection, "persons", ({"person": p, "entry": 1} for p in people))
        keys = (
            {"number": n, "space": "slug", "value": f"p{p}", "person": p}
            for n, p in enumerate(sorted(people), start=1)
        )
        _append(connection, "identities", keys)
        usual = {"open_flag": -1, "open_probability": 0.3, "expected_replies": 0.1}
        _append(connection, "assignments", (asdict(send) | usual for send in self.sends))
        _append(connection, "outcomes", (asdict(line) for line in self.outcomes))
        _append(
            connection, "voids",
            (
                {"entry": entry, "voided": voided, "from_date": day}
                for entry, voided, day in self.voids
            ),
        )  # fmt: skip
        names = ("entry", "seat_id", "happened_on", "credits")
        _append(connection, "balances", _named(names, self.balances))
        names = ("entry", "seat_id", "until_date", "pace_factor")
        holds = ({**hold, "from_date": ""} for hold in _named(names, self.holds))
        _append(connection, "seat_holds", holds)
        names = ("entry", "person", "cause", "step")
        rest = {"seat_id": "anna", "failed_on": "", "probability": 1.0, "assignment": 0}
        known = set(tables.TRIAGES.c.keys())
        triages = (
            {name: value for name, value in {**rest, **line}.items() if name in known}
            for line in _named(names, self.triages)
        )
        _append(connection, "triages", triages)


def _named(
    names: Sequence[str], rows: Iterable[Sequence[object]]
) -> Iterator[dict[str, object]]:
    return (dict(zip(names, row, strict=True)) for row in rows)


def _append(
    connection: Connection, table: str, rows: Iterable[Mapping[str, object]]
) -> None:
    store.append(connection, tables.metadata.tables[table], list(rows))


# --- sends and what became of them ------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Touch:
    """A planned send in force, with the last date of each kind of outcome."""

    send: Send
    on: Mapping[str, str]
    credit_used: int

    @property
    def happened(self) -> bool:
        """Whether an outcome proves the send."""
        return any(self.on.get(kind) for kind in ("sent", "replied", "accepted"))

    @property
    def undone(self) -> bool:
        """Whether it did not reach the lead."""
        return not self.happened and any(self.on.get(k) for k in ("failed", "skipped"))

    @property
    def date(self) -> str:
        """Day of the send, as planned unless known."""
        return (self.on.get("sent") or self.send.send_on)[:10]


@dataclass(frozen=True, kw_only=True)
class Look:
    """From where the journal is looked at; see `planner.ledger.touches.View`."""

    as_of: dt.date
    week: str = ""
    upto: int = 10**6


def in_force(journal: Journal, look: Look) -> list[Touch]:
    """Return the planned sends in force."""
    found = []
    for send in journal.sends:
        if send.entry >= look.upto:
            continue
        on: dict[str, str] = {}
        used = -1
        for line in journal.outcomes:
            own = (line.assignment, line.person) == (send.entry, send.person)
            if own and line.entry < look.upto:
                on[line.kind] = max(on.get(line.kind, ""), line.happened_on)
                used = max(used, line.credit_used)
        touch = Touch(send=send, on=on, credit_used=used)
        week = journal.weeks.get(send.entry, "")
        nobody = not send.seat_id  # a message from a seat to look up goes with the rest
        late = send.send_on >= look.as_of.isoformat() or nobody
        anew = week != "" and week == look.week and late
        void = any(
            voided == send.entry and (send.send_on >= day or nobody)
            for entry, voided, day in journal.voids
            if entry < look.upto
        )
        if not touch.happened and not on.get("failed") and (anew or void):
            continue
        found.append(touch)
    return found


# --- people -----------------------------------------------------------------------


def people(
    journal: Journal, look: Look, parameters: Parameters
) -> dict[int, dict[str, Any]]:
    """Return what is known of each person: exclusion, last touch, flags."""
    last = _last_touches(journal, look)
    lines = [line for line in journal.outcomes if line.entry < look.upto]
    replied = {line.person for line in lines if line.kind == "replied"}
    flags = {}
    for line in sorted(lines, key=lambda line: (line.happened_on, line.entry, line.line)):
        if line.open_flag != -1:
            flags[line.person] = line.open_flag
    triaged = {}
    for entry, person, cause, step in sorted(_standing(journal, journal.triages, look)):
        if entry < look.upto:
            triaged[person] = (cause, step)
    wait = parameters.recontact_after_days
    connected = _connected(journal, look)
    result = {}
    for person in {*last, *replied, *flags, *triaged}:
        contacted = last.get(person, "")
        exclusion = ""
        if contacted and (not wait or _days(contacted, look.as_of.isoformat()) < wait):
            exclusion = "contacted_before"
        cause, step = triaged.get(person, ("", ""))
        if step == "drop":
            exclusion = "dropped"
        if person in replied:
            exclusion = "replied_before"
        result[person] = {
            "exclusion": exclusion,
            "last_contacted_on": contacted,
            "open_flag": flags.get(person, -1),
            "inmail_flag": 0 if cause == "inmail_off" else -1,
            "connected_to": connected.get(person, ""),
        }
    return result


def _standing(journal: Journal, lines: Iterable[Any], look: Look) -> list[Any]:
    """Return the lines of triages that are not voided."""
    voided = {entry for seen, entry, _ in journal.voids if seen < look.upto}
    return [line for line in lines if line[0] not in voided]


def _connected(journal: Journal, look: Look) -> dict[int, str]:
    """Return the seat whose invitation each person accepted last."""
    accepted = [
        (touch.on["accepted"], touch.send.seat_id, touch.send.person)
        for touch in in_force(journal, look)
        if touch.on.get("accepted")
    ]
    accepted += [
        (line.happened_on, line.seat_id, line.person)
        for line in journal.outcomes
        if line.kind == "accepted" and not line.assignment and line.entry < look.upto
    ]
    return {person: seat for _, seat, person in sorted(accepted) if seat}


def _last_touches(journal: Journal, look: Look) -> dict[int, str]:
    last: dict[int, str] = defaultdict(str)
    for touch in in_force(journal, look):
        if not touch.undone:
            last[touch.send.person] = max(last[touch.send.person], touch.date)
    for line in journal.outcomes:
        proof = line.assignment == 0 and line.kind in ("sent", "replied", "accepted")
        if proof and line.entry < look.upto:
            last[line.person] = max(last[line.person], line.happened_on[:10])
    return last


def companies(
    journal: Journal,
    look: Look,
    start: dt.date,
    parameters: Parameters,
    listed: set[int],
) -> tuple[dict[str, str], dict[str, int]]:
    """Return the seat of each company, and people not `listed` contacted lately."""
    six = dt.timedelta(days=6)
    back = max(dt.timedelta(days=parameters.company_seat_days), six)
    oldest = (start - back).isoformat()
    found = [
        touch
        for touch in in_force(journal, look)
        if touch.send.company_key and not touch.undone and touch.send.send_on >= oldest
    ]
    found.sort(key=lambda touch: (touch.date, touch.send.entry, touch.send.person))
    owners = {t.send.company_key: t.send.seat_id for t in found if t.send.seat_id}
    first, last = (start - six).isoformat(), (start + 2 * six).isoformat()
    lately = {
        (touch.send.company_key, touch.send.person)
        for touch in found
        if first <= touch.date <= last and touch.send.person not in listed
    }
    if not parameters.one_seat_per_company or not parameters.company_seat_days:
        owners = {}
    return owners, dict(Counter(company for company, _ in lately))


# --- seats ------------------------------------------------------------------------


def seats(  # noqa: C901 - a fold in plain sight
    journal: Journal, look: Look, parameters: Parameters
) -> dict[str, Any]:
    """Return the book of every seat: events (sorted), days, first send, pending, hold."""
    touches = in_force(journal, look)
    today = look.as_of.isoformat()
    seen = _sightings(journal, look)
    first: dict[str, str] = {}
    days: dict[str, Any] = defaultdict(lambda: defaultdict(Counter))
    pending: Counter[str] = Counter()
    ahead: dict[str, Any] = defaultdict(lambda: defaultdict(Counter))
    for seat_id, route, date, touch in _sends(journal, look, touches):
        if not seat_id or (touch is not None and touch.undone):
            continue
        if date >= today:
            if route in COLUMNS:
                ahead[seat_id][date][COLUMNS[route]] += 1
            continue
        if _days(date, today) <= 35 and route in COLUMNS:
            days[seat_id][date][COLUMNS[route]] += 1
        answered = touch is not None and (
            touch.on.get("accepted") or touch.on.get("replied")
        )
        recent = _days(date, today) <= parameters.pending_lifetime_days
        if route == "connection_request" and recent and not answered:
            pending[seat_id] += 1
    for touch in touches:
        seat_id, day = touch.send.seat_id, touch.send.send_on
        if seat_id and day < today:
            first[seat_id] = min(first.get(seat_id, day), day)
    holds = {}
    for entry, seat_id, until, factor in sorted(_standing(journal, journal.holds, look)):
        if entry < look.upto:
            holds[seat_id] = (until, factor)
    holds = {seat: hold for seat, hold in holds.items() if _days(hold[0], today) < 28}
    events = _events(journal, look, touches, seen, parameters)
    return {
        seat_id: {
            "events": sorted(events.get(seat_id, [])),
            "days": {day: dict(count) for day, count in days.get(seat_id, {}).items()},
            "first_send": first.get(seat_id),
            "pending": pending[seat_id],
            "hold": holds.get(seat_id, (None, 1.0)),
            "ahead": {day: dict(count) for day, count in ahead.get(seat_id, {}).items()},
        }
        for seat_id in {*first, *seen, *holds, *days, *ahead}
    }


def _sightings(journal: Journal, look: Look) -> dict[str, dict[str, int]]:
    today = look.as_of.isoformat()
    seen: dict[str, dict[str, int]] = defaultdict(dict)
    for entry, seat_id, on, credits in sorted(
        journal.balances, key=lambda line: (line[2], line[0])
    ):
        if entry < look.upto:
            seen[seat_id][on[:10] if on[:10] == today else on] = credits
    return seen


def _sends(
    journal: Journal, look: Look, touches: Sequence[Touch]
) -> Iterator[tuple[str, str, str, Touch | None]]:
    """Yield seat, route, day and, if it was planned, the touch of each send."""
    for touch in touches:
        yield touch.send.seat_id, touch.send.route, touch.date, touch
    for line in _unplanned(journal, look):
        yield line.seat_id, line.route, line.happened_on[:10], None


def _unplanned(journal: Journal, look: Look) -> list[Outcome]:
    return [
        line
        for line in journal.outcomes
        if line.entry < look.upto and line.assignment == 0 and line.kind == "sent"
    ]


def since(
    seen: Mapping[str, Mapping[str, int]], seat_id: str, look: Look, parameters: Parameters
) -> str:
    """Return the first day that matters to a seat's book: its last sighting but one.

    At least seven weeks; no more than refunds and pending requests take, but the last
    sighting is always reached.
    """

    def back(days: int) -> str:
        return (look.as_of - dt.timedelta(days=days)).isoformat()

    pending = parameters.pending_lifetime_days
    first = min(back(49), back(pending))
    book = sorted(seen.get(seat_id, {}))[-2:]
    if book:
        limit = back(parameters.refund_window_days + pending)
        first = min(first, book[-1][:10], max(book[0][:10], limit))
    return first


def _events(
    journal: Journal,
    look: Look,
    touches: Sequence[Touch],
    seen: Mapping[str, Mapping[str, int]],
    parameters: Parameters,
) -> dict[str, list[tuple[str, str, float, str]]]:
    today = look.as_of.isoformat()
    books: dict[str, list[tuple[str, str, float, str]]] = defaultdict(list)
    for seat_id, book in seen.items():
        books[seat_id] = [(on, "seen", float(credits), "") for on, credits in book.items()]
    for touch in touches:
        send, on = touch.send, touch.on
        first = since(seen, send.seat_id, look, parameters)
        late = (send.send_on, on.get("sent", ""), on.get("replied", ""))
        if send.route not in INMAILS or touch.date >= today or max(late) < first:
            continue
        if touch.undone and not on.get("failed"):
            continue
        use = send.credit_probability
        if touch.credit_used >= 0:
            use = float(touch.credit_used)
        elif touch.undone:
            use *= parameters.failed_send_credit_loss
        when = on.get("sent") or on.get("failed") or touch.date
        books[send.seat_id].append((when, "spent", use, ""))
        if reply := on.get("replied"):
            books[send.seat_id].append((max(reply, when), "refunded", use, when))
    for line in _unplanned(journal, look):
        first = since(seen, line.seat_id, look, parameters)
        day = line.happened_on[:10]
        if line.seat_id and line.route in INMAILS and first <= day < today:
            use = float(line.credit_used) if line.credit_used >= 0 else 1.0
            books[line.seat_id].append((line.happened_on, "spent", use, ""))
    return books


# --- what was sent and what came back ---------------------------------------------


def cohorts(journal: Journal, look: Look) -> tuple[Counter[Any], Counter[Any]]:
    """Return sends by (day, route, segment, seat), and answers by these, kind and delay."""
    told = [
        as_of
        for number, (kind, as_of) in journal.entries.items()
        if kind == "outcomes"
        and number < look.upto
        # Only whoever recorded an answer looked for answers.
        and any(
            line.entry == number and line.kind in ("replied", "accepted")
            for line in journal.outcomes
        )
    ]
    sent: Counter[Any] = Counter()
    answers: Counter[Any] = Counter()
    if not told:
        return sent, answers
    first = (look.as_of - dt.timedelta(weeks=26)).isoformat()
    for touch in in_force(journal, look):
        send, date = touch.send, touch.date
        if touch.undone or send.send_on < first or date > max(told):
            continue
        replied = touch.on.get("replied", "")[:10]
        if send.route in INMAILS:
            key = (date, "inmail", send.segment, send.seat_id)
            sent[key] += 1
            if replied:
                answers[(*key, "replied", _delay(date, replied))] += 1
        elif send.route == "connection_request":
            key = (date, send.route, send.segment, send.seat_id)
            sent[key] += 1
            accepted = touch.on.get("accepted", "")[:10] or replied
            if accepted:
                answers[(*key, "accepted", _delay(date, accepted))] += 1
            if replied:
                at = (accepted, *key[1:])
                answers[(*at, "replied", _delay(accepted, replied))] += 1
    return sent, answers


def _delay(first: str, then: str) -> int:
    return max(0, _days(first, then))


def _days(first: str, then: str) -> int:
    return (dt.date.fromisoformat(then) - dt.date.fromisoformat(first)).days
