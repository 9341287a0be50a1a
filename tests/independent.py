"""An outsider's check of a run: the written files against the promises, nothing else.

Written from the design and the model's part A only. It reads the files of a run's
folder and the seat inventory with `csv` and `json` (and the workbook with openpyxl), and
imports nothing of the program. Where the files do not say something (the company's
legal form, how last week's requests fell on its days), the plainest reading is taken.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl

Row = Mapping[str, str]

INMAILS = ("open_inmail", "paid_inmail")
SENT = (*INMAILS, "connection_request", "message")
ROUTES = (*SENT, "hold", "excluded")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = dt.timedelta(days=1)
ALLOWANCE = 1e-6

#: What people write where they have no company; such people are no colleagues.
NO_COMPANY = frozenset({"", "self-employed", "freelance", "freelancer", "stealth startup"})
LEGAL_FORMS = re.compile(r"[ ,]+(gmbh|ag|ltd|inc|s\.?a|bv|llc)\.?$")
#: A cell that a spreadsheet would run.
FORMULA = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
NAME_COLUMNS = ("First Name", "Last Name", "Position", "Company Name")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A seat as the inventory states it, defaults of the run put in."""

    seat_id: str
    credits: int
    grant: int
    cap: int
    reserve: int
    reset_rule: str
    inmails_28_days: int | None
    per_day: Mapping[str, int]
    open_month: int
    requests_week: int
    requests_before: int
    pending: int
    shares: tuple[float, ...]
    zone: str
    away: tuple[tuple[dt.date, dt.date], ...]
    groups: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Person:
    """What the lead files say of one person; ``row`` is a place of theirs."""

    refused: bool = False
    connected: bool = False
    owner: str = ""
    group: str = ""
    company: str = ""
    touched: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """The written files of a run."""

    folder: Path
    plan: Mapping[str, Any]
    assignments: Sequence[Row]
    imports: Mapping[str, Sequence[Row]]
    senders: Mapping[str, Sender]
    people: Mapping[str, Person] = field(default_factory=dict)

    def parameter(self, name: str) -> Any:
        """Return a parameter as the run names it."""
        return self.plan["parameters"][name]["value"]

    @property
    def first_day(self) -> dt.date:
        """The first day on which this run may send."""
        as_of = dt.date.fromisoformat(self.plan["as_of"])
        return max(as_of, dt.date.fromisoformat(self.plan["week_start"]))

    @property
    def last_day(self) -> dt.date:
        """The Sunday of the planned week."""
        return dt.date.fromisoformat(self.plan["week_end"])

    def sends(self, *routes: str, seat: str | None = None) -> list[Row]:
        """Return the assignments on these routes."""
        return [
            row
            for row in self.assignments
            if row["route"] in routes and seat in (None, row["seat_id"])
        ]


def check_run(
    folder: Path,
    seats: Path,
    *,
    people: Mapping[str, Person] | None = None,
    refused: Sequence[str] = (),
    connected: Sequence[str] = (),
    workbook: bool = True,
) -> list[str]:
    """Return every broken promise of a run's folder, in words; empty is what must be.

    Parameters
    ----------
    folder, seats : Path
        The run and the inventory (CSV) that it was made from.
    people : mapping of str to Person, optional
        Every person of the lead files by handle of the profile; if given, rows in must
        be rows out.
    refused, connected : sequence of str
        Handles of people who must not be contacted, and of 1st-degree connections, for
        lists that the caller knows only in part.
    """
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    run = Run(
        folder=folder,
        plan=plan,
        assignments=read_csv(folder / "assignments.csv"),
        imports={
            path.name: read_csv(path)
            for path in sorted((folder / "getsales").glob("*.csv"))
        },
        senders=read_senders(seats, plan),
        people={
            **dict(people or {}),
            **{handle: Person(refused=True) for handle in refused},
            **{handle: Person(connected=True) for handle in connected},
        },
    )
    checks = [
        one_row_each, known_routes, right_people, sending_days, day_limits, velocity,
        open_month, requests_in_7_days, pending, credits, companies, import_files,
        import_cells, totals,
    ]  # fmt: skip
    if people is not None:
        checks.append(rows_in_rows_out)
    if workbook:
        checks.append(workbook_agrees)
    return [f"{check.__name__}: {fault}" for check in checks for fault in check(run)]


# --- reading ----------------------------------------------------------------------


def read_csv(path: Path) -> list[Row]:
    """Return the rows of a CSV file in UTF-8."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


def handle(url: str) -> str:
    """Return the handle of a profile URL, or what stands last in another one."""
    return url.rstrip("/").rsplit("/", 1)[-1].lower()


def read_senders(path: Path, plan: Mapping[str, Any]) -> dict[str, Sender]:
    """Return the seats of an inventory by id."""

    def value(row: Row, name: str, default: Any = None) -> Any:
        text = (row.get(name) or "").strip()
        if not text:
            given = plan["parameters"].get(name)
            return given["value"] if given is not None else default
        return int(text) if text.isdigit() else text

    senders = {}
    for row in read_csv(path):
        days = working_days(str(value(row, "working_days")))
        friday = float(plan["parameters"]["friday_share"]["value"])
        names = ("inmails", "open_inmails", "paid_inmails", "connection_requests")
        senders[row["seat_id"]] = Sender(
            seat_id=row["seat_id"],
            credits=value(row, "credits"),
            grant=value(row, "monthly_grant"),
            cap=value(row, "credit_cap"),
            reserve=value(row, "reserve"),
            reset_rule=str(value(row, "reset_rule")),
            inmails_28_days=value(row, "inmails_last_28_days"),
            per_day={name: value(row, f"max_{name}_per_day") for name in names},
            open_month=value(row, "max_open_inmails_per_month"),
            requests_week=value(row, "max_connection_requests_per_week"),
            requests_before=value(row, "connection_requests_last_7_days", 0),
            pending=value(row, "pending_connection_requests", 0),
            shares=tuple(
                (friday if day == 4 else 1.0) if day in days else 0.0 for day in range(7)
            ),
            zone=str(value(row, "time_zone")),
            away=(*away(row.get("away") or ""), *pause(row.get("paused") or "")),
            groups=frozenset(re.split(r"[;, ]+", (row.get("groups") or "").casefold())),
        )
    return senders


def working_days(text: str) -> set[int]:
    """Return weekday numbers of ``Mon-Fri, Sun``."""
    days = set()
    for part in text.lower().split(","):
        first, _, last = part.strip().partition("-")
        start = WEEKDAYS.index(first.strip()[:3])
        stop = WEEKDAYS.index((last or first).strip()[:3])
        days |= {(start + step) % 7 for step in range((stop - start) % 7 + 1)}
    return days


def away(text: str) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield the closed ranges of ``2026-12-24..2027-01-02; 2027-02-03``."""
    for part in filter(None, (item.strip() for item in text.split(";"))):
        first, _, last = part.partition("..")
        yield dt.date.fromisoformat(first), dt.date.fromisoformat(last or first)


def pause(text: str) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield the range of ``yes`` or ``until:2026-12-01``."""
    if text.strip().lower() == "yes":
        yield dt.date.min, dt.date.max
    elif text.startswith("until:"):
        yield dt.date.min, dt.date.fromisoformat(text[6:]) - DAY


# --- people -----------------------------------------------------------------------


def one_row_each(run: Run) -> Iterator[str]:
    """Find leads with two rows, and profiles that are contacted twice."""
    ids = Counter(row["lead_id"] for row in run.assignments)
    yield from (f"lead {key} has {count} rows" for key, count in ids.items() if count > 1)
    urls = Counter(handle(row["linkedin_url"]) for row in run.sends(*SENT))
    urls.pop("", None)
    yield from (f"{url} is contacted {n} times" for url, n in urls.items() if n > 1)


def rows_in_rows_out(run: Run) -> Iterator[str]:
    """Find people of the lead files who are not in the plan, and others who are."""
    planned = {handle(row["linkedin_url"]) for row in run.assignments}
    yield from (f"{who} was dropped" for who in sorted(set(run.people) - planned))
    yield from (f"{who} came from nowhere" for who in sorted(planned - set(run.people)))


def known_routes(run: Run) -> Iterator[str]:
    """Find sends without seat or day, others with one, and flags that fit no route."""
    for row in run.assignments:
        where = f"lead {row['lead_id']} on {row['route']}"
        if row["route"] not in ROUTES:
            yield f"{where}: no such route"
        placed = bool(row["seat_id"]), bool(row["send_on"])
        to_look_up = row["route"] == "message" and placed == (False, False)
        if placed != (row["route"] in SENT,) * 2 and not to_look_up:
            yield f"{where}: seat and day are {placed}"
        if row["seat_id"] and row["seat_id"] not in run.senders:
            yield f"{where}: {row['seat_id']} is no seat of the inventory"
        if (row["route"] == "open_inmail") and row["open_flag"] != "yes":
            yield f"{where}: flag is {row['open_flag']}"
        if (row["route"] == "paid_inmail") and row["open_flag"] == "yes":
            yield f"{where}: flag is {row['open_flag']}"
        if not row["reason"]:
            yield f"{where}: no reason"


def right_people(run: Run) -> Iterator[str]:
    """Find refusals, connections, owners and groups that were not respected."""
    for row in run.assignments:
        person = run.people.get(handle(row["linkedin_url"]))
        if person is None:
            continue
        where = f"lead {row['lead_id']} on {row['route']} from {row['seat_id']}"
        if person.refused and row["route"] != "excluded":
            yield f"{where}: must not be contacted"
        if person.connected and row["route"] in (*INMAILS, "connection_request"):
            yield f"{where}: is a connection"
        if not person.connected and row["route"] == "message":
            yield f"{where}: is no connection"
        if row["route"] not in (*INMAILS, "connection_request"):
            continue
        if row["seat_id"] not in run.senders:
            continue  # found elsewhere
        if person.owner and person.owner != row["seat_id"]:
            yield f"{where}: belongs to {person.owner}"
        groups = run.senders[row["seat_id"]].groups
        if person.group and not person.owner and person.group not in groups:
            yield f"{where}: belongs to group {person.group}"


# --- pace -------------------------------------------------------------------------


def sends_by_day(run: Run, seat: str, *routes: str) -> Counter[dt.date]:
    """Return how many of these a seat sends on each day."""
    rows = run.sends(*routes, seat=seat)
    return Counter(dt.date.fromisoformat(row["send_on"]) for row in rows if row["send_on"])


def sending_days(run: Run) -> Iterator[str]:
    """Find sends outside the planned week, on days off, or when the seat is away."""
    for name, sender in run.senders.items():
        for day in sends_by_day(run, name, *SENT):
            if not run.first_day <= day <= run.last_day:
                yield f"{name} sends on {day}, outside the week"
            if not sender.shares[day.weekday()]:
                yield f"{name} sends on {day}, a {WEEKDAYS[day.weekday()]}"
            if any(first <= day <= last for first, last in sender.away):
                yield f"{name} sends on {day}, when it is away"


def day_limits(run: Run) -> Iterator[str]:
    """Find days with more than the seat's limits, which are less on a short Friday."""
    families = {
        "inmails": INMAILS,
        "open_inmails": ("open_inmail",),
        "paid_inmails": ("paid_inmail",),
        "connection_requests": ("connection_request",),
        "messages": ("message",),
    }
    for name, sender in run.senders.items():
        limits = {**sender.per_day, "messages": run.parameter("max_messages_per_day")}
        for family, routes in families.items():
            for day, count in sends_by_day(run, name, *routes).items():
                most = limits[family] * sender.shares[day.weekday()]
                if count > most + ALLOWANCE:
                    yield f"{name} has {count} {family} on {day}, limit {most:g}"


def velocity(run: Run) -> Iterator[str]:
    """Find seats with more InMails than the last four weeks or the ramp allow."""
    for name, sender in run.senders.items():
        count = len(run.sends(*INMAILS, seat=name))
        week = sum(sender.shares)
        if sender.inmails_28_days is None:
            ramp = run.parameter("new_seat_ramp_weeks")
            most = week * sender.per_day["inmails"] / ramp
        else:
            growth, floor = (
                run.parameter("velocity_growth"),
                run.parameter("velocity_floor"),
            )
            most = growth * sender.inmails_28_days / 4 + floor
        # A week that has begun has only the share of its days that is left.
        left = sum(sender.shares[run.first_day.weekday() :]) / week if week else 0.0
        if count > most * left + ALLOWANCE:
            yield f"{name} has {count} InMails, velocity allows {most * left:g}"


def open_month(run: Run) -> Iterator[str]:
    """Find more free InMails in 30 days than the cap, all past InMails taken as free."""
    for name, sender in run.senders.items():
        by_day = sends_by_day(run, name, "open_inmail")
        per_past_day = (sender.inmails_28_days or 0) / 28
        for day in by_day:
            past_days = min(28, 29 - (day - run.first_day).days)
            count = sum(n for other, n in by_day.items() if other <= day)
            if count + per_past_day * past_days > sender.open_month + ALLOWANCE:
                yield f"{name} has {count} free InMails up to {day} on top of the past"


def requests_in_7_days(run: Run) -> Iterator[str]:
    """Find 7 days with more connection requests than a week may have, past ones included.

    Those before are taken to lie evenly on the seat's working days.
    """
    for name, sender in run.senders.items():
        by_day = sends_by_day(run, name, "connection_request")
        past = [run.first_day - DAY * back for back in range(1, 8)]
        weights = {day: sender.shares[day.weekday()] for day in past}
        if not sum(weights.values()):
            weights = dict.fromkeys(past, 1.0)
        scale = sender.requests_before / sum(weights.values())
        for day in by_day:
            window = [day - DAY * back for back in range(7)]
            count = sum(by_day[one] + scale * weights.get(one, 0.0) for one in window)
            if count > sender.requests_week + ALLOWANCE:
                yield f"{name} has {count:.1f} requests in the 7 days up to {day}"


def pending(run: Run) -> Iterator[str]:
    """Find seats with more unanswered connection requests than the cap."""
    most = run.parameter("max_pending_connection_requests")
    for name, sender in run.senders.items():
        count = len(run.sends("connection_request", seat=name))
        if count and count + sender.pending > most:
            yield f"{name} has {count} requests on top of {sender.pending} pending"


# --- credits ----------------------------------------------------------------------


def credits(run: Run) -> Iterator[str]:
    """Find seats that need more than there is above the reserve too often (P > alpha)."""
    alpha, leak = run.parameter("alpha"), run.parameter("open_flag_leak")
    if run.parameter("joint"):
        alpha /= len(run.senders)
    for row in run.sends(*INMAILS):
        use = float(row["credit_probability"])
        right = {"yes": leak, "no": 1.0}.get(
            row["open_flag"], 1 - float(row["open_probability"]) * (1 - leak)
        )
        if abs(use - right) > 1e-3:
            yield f"lead {row['lead_id']} books {use} credits instead of {right:.4f}"
    for name, sender in run.senders.items():
        rows = run.sends(*INMAILS, seat=name)
        reset = next_reset(sender.reset_rule, dt.date.fromisoformat(run.plan["as_of"]))
        before = [row for row in rows if dt.date.fromisoformat(row["send_on"]) < reset]
        yield from grant_is_sure(run, sender, rows, reset)
        # A seat below its reserve may need no credit at all.
        there = max(0, sender.credits - sender.reserve)
        past = max(0, sender.credits + sender.grant - sender.reserve)
        for sends, budget in ((before, there), (rows, past if before != rows else there)):
            risk = exceedance([float(row["credit_probability"]) for row in sends], budget)
            if risk > alpha + 1e-4:
                yield f"{name} needs more than {budget} credits with P = {risk:.4f}"


def exceedance(uses: Sequence[float], budget: int) -> float:
    """Return P(sum of independent yes/no draws > budget), exactly, draw by draw."""
    mass = [1.0]
    for use in uses:
        mass = [
            (mass[k] * (1 - use) if k < len(mass) else 0.0)
            + (mass[k - 1] * use if k else 0.0)
            for k in range(len(mass) + 1)
        ]
    return sum(mass[budget + 1 :])


def next_reset(rule: str, after: dt.date) -> dt.date:
    """Return the date of the first grant after a day, found day by day."""
    kind, _, text = rule.partition(":")
    day = after + DAY
    while True:
        last_of_month = (day + DAY).month != day.month
        first = dt.date.fromisoformat(text) if kind == "date" else None
        wanted = 1 if kind == "month" else first.day if first else int(text)
        hit = day.day == wanted or (last_of_month and wanted > day.day)
        if hit and (first is None or day >= first):
            return day
        day += DAY


def grant_is_sure(
    run: Run, sender: Sender, rows: Sequence[Row], reset: dt.date
) -> Iterator[str]:
    """Find InMails between a reset and the hour at which the grant is there."""
    zone = ZoneInfo(sender.zone)
    granted = dt.datetime(reset.year, reset.month, reset.day, tzinfo=dt.UTC)
    sure = granted + dt.timedelta(hours=run.parameter("grant_delay_hours"))
    for day in sorted({dt.date.fromisoformat(row["send_on"]) for row in rows}):
        midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
        opens = midnight + dt.timedelta(hours=run.parameter("send_hour_start"))
        closes = midnight + dt.timedelta(hours=run.parameter("send_hour_end"))
        if closes.astimezone(dt.UTC) > granted and opens.astimezone(dt.UTC) < sure:
            yield f"{sender.seat_id} sends InMails on {day}, around its reset"


# --- companies --------------------------------------------------------------------


def company(name: str) -> str:
    """Return a company without its legal form; blank where there is none."""
    folded = LEGAL_FORMS.sub("", name.strip().casefold())
    return "" if folded in NO_COMPANY else folded


def companies(run: Run) -> Iterator[str]:
    """Find companies that hear from two seats, or too many of whose people are sent to."""
    most = run.parameter("max_new_leads_per_company")
    count: Counter[str] = Counter()
    seats: dict[str, set[str]] = defaultdict(set)
    for row in run.sends(*SENT):
        key = company(row["company"])
        if key:
            count[key] += 1
            seats[key] |= {row["seat_id"]} - {""}
    for person in run.people.values():
        key = company(person.company)
        if person.touched and key in count:
            count[key] += 0 < (run.first_day - person.touched).days < 7
    yield from (f"{n} people of {key}" for key, n in count.items() if n > most)
    if run.parameter("one_seat_per_company"):
        split = (key for key, those in seats.items() if len(those) > 1)
        yield from (f"{key} hears from {sorted(seats[key])}" for key in split)


# --- other files ------------------------------------------------------------------


def import_files(run: Run) -> Iterator[str]:
    """Find sends that are not in exactly one import file, that of their seat and route."""
    expected: Counter[tuple[str, ...]] = Counter(
        (row["sender"], row["route"], row["send_on"], handle(row["linkedin_url"]))
        for row in run.sends(*SENT)
        if row["linkedin_url"]
    )
    found: Counter[tuple[str, ...]] = Counter()
    for name, rows in run.imports.items():
        stem = name.removesuffix(".csv").split("--")
        for row in rows:
            found[
                row.get("plan_sender", ""), row["plan_route"], row.get("plan_send_on", ""),
                handle(row["LinkedIn URL"]),
            ] += 1  # fmt: skip
            if row["plan_route"] != stem[1]:
                yield f"{name} holds a row on {row['plan_route']}"
            if row["plan_run"] != run.plan["name"]:
                yield f"{name} holds a row of run {row['plan_run']}"
        if len({row.get("plan_sender") for row in rows}) > 1:
            yield f"{name} holds rows of several senders"
    # People without a URL are known to GetSales by their e-mail; they are only counted.
    named = Counter({key: n for key, n in found.items() if key[-1] and key in expected})
    if named != expected:
        missing, extra = expected - named, found - expected
        yield f"{sum(missing.values())} sends are in no import file, {len(extra)} extra"
    every = [handle(row["LinkedIn URL"]) for rows in run.imports.values() for row in rows]
    twice = [who for who, n in Counter(filter(None, every)).items() if n > 1]
    yield from (f"{who} is in two import files" for who in twice)


def import_cells(run: Run) -> Iterator[str]:
    """Find names in import files that a spreadsheet would run."""
    for name, rows in run.imports.items():
        for number, row in enumerate(rows, start=2):
            for column in NAME_COLUMNS:
                if FORMULA.match(row.get(column, "")):
                    yield f"{name} row {number}: {column} starts a formula"


def totals(run: Run) -> Iterator[str]:
    """Find counts of plan.json that differ from assignments.csv."""
    count = Counter(row["route"] for row in run.assignments)
    for route in ROUTES:
        if run.plan["routes"][route] != count[route]:
            yield f"plan.json has {run.plan['routes'][route]} {route}, not {count[route]}"
    columns = {
        "open_inmails": "open_inmail",
        "paid_inmails": "paid_inmail",
        "connection_requests": "connection_request",
        "messages": "message",
    }
    for seat in run.plan["seats"]:
        for column, route in columns.items():
            sent = len(run.sends(route, seat=seat["seat_id"]))
            if seat[column] != sent:
                yield f"plan.json has {seat[column]} {column} of {seat['seat_id']}: {sent}"


def workbook_agrees(run: Run) -> Iterator[str]:
    """Find formulas in the workbook, and counts that differ from assignments.csv."""
    path = run.folder / "plan.xlsx"
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            in_a_sheet = name.startswith("xl/worksheets/") and name.endswith(".xml")
            if in_a_sheet and re.search(rb"<f[ />]", archive.read(name)):
                yield f"{name} holds a formula"
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        sheets = {sheet.title: [list(row) for row in sheet.values] for sheet in book}
    finally:
        book.close()
    sent = run.sends(*SENT)
    listed = Counter(
        row[header.index("lead id")]
        for title, rows in sheets.items()
        if title.startswith("This week")
        for header, body in tables(rows, "lead id")
        for row in body
    )
    if listed != Counter(row["lead_id"] for row in sent):
        yield f"This week lists {sum(listed.values())} leads of {len(sent)}"
    by_seat = Counter(row["seat_id"] for row in sent if row["seat_id"])
    for seat, count in by_seat.items():
        rows = sheets.get(seat, [])
        here = sum(len(body) for _, body in tables(rows, "status"))
        if here != count:
            yield f"the sheet of {seat} lists {here} leads, not {count}"
    words = {str(row[0]): row for row in sheets["Summary"] if row and row[0] is not None}
    for label, count in (
        ("Paid InMails", len(run.sends("paid_inmail"))),
        ("Connection requests", len(run.sends("connection_request"))),
        ("Held for a later week", len(run.sends("hold"))),
        ("Excluded", len(run.sends("excluded"))),
        ("Leads in all", len(run.assignments)),
    ):
        if count not in words[label]:
            yield f"Summary says otherwise than {count} of {label!r}"


def tables(
    rows: Sequence[list[Any]], key: str
) -> Iterator[tuple[list[Any], list[list[Any]]]]:
    """Yield the tables of a sheet whose header has a column `key`: header and body."""
    for number, row in enumerate(rows):
        if key in row:
            header, place = list(row), row.index(key)
            body = []
            for line in rows[number + 1 :]:
                if len(line) <= place or line[place] is None:
                    break
                body.append(line)
            yield header, body
