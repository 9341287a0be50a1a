"""A small world for the simulated weeks: people, seats, what is true, lists of leads.

Nothing of it is known to the program. No person, company or address in it exists. Only
``random()`` is drawn from, and all of it before the first week, so that the same seed
gives the same weeks, however many are played.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

FIRST_MONDAY = dt.date(2026, 11, 16)
DAY = dt.timedelta(days=1)
#: Of a small plan: credits are scarce, and many leads are left for requests.
GRANT, CAP = 15, 45
#: What GetSales shows where credits are gone, and where the recipient has InMail off.
CREDITS_TEXT = "Failed to send InMail: not enough InMail credits"
LIMIT_TEXT = "InMail limit reached"
GONE_TEXT = "invalid_recipient"
#: Causes as the world knows them, by the program's words.
EXHAUSTED, OFF, BLOCKED, GONE = (
    "credits_exhausted", "inmail_off", "velocity_block", "profile_gone",
)  # fmt: skip
TEXTS = {
    EXHAUSTED: CREDITS_TEXT, OFF: CREDITS_TEXT, BLOCKED: LIMIT_TEXT, GONE: GONE_TEXT,
}  # fmt: skip
INMAILS = ("open_inmail", "paid_inmail")
REQUEST, MESSAGE = "connection_request", "message"

# --- people -----------------------------------------------------------------------

_SYLLABLES = (
    "bar", "dun", "fen", "gil", "hol", "jor", "kel", "lum", "mir", "nor", "pel", "quin",
    "ras", "sel", "tor", "ul", "ven", "wal", "yor", "zim",
)  # fmt: skip
_ENDS = ("a", "e", "i", "o", "an", "en", "is", "or")
_TITLES = (
    "Founder", "Head of Sales", "VP Marketing", "IT Manager", "Plant Manager",
    "Sales Director", "Chief Financial Officer", "Compliance Officer",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody invented, with what only the world knows.

    Delays are days from the InMail to its reply, from the request to its acceptance, and
    from that to a reply; 0 is never.
    """

    number: int
    first: str
    last: str
    title: str
    company: str
    slug: str
    sales_id: str
    uuid: str
    degree: str
    is_premium: bool
    is_open: bool
    is_off: bool
    is_gone: bool
    flags_known: bool
    reply_delay: int
    accept_delay: int
    late_reply_delay: int

    @property
    def url(self) -> str:
        """Public profile URL."""
        return f"https://www.linkedin.com/in/{self.slug}"


def people(seed: int, count: int) -> list[Person]:
    """Return `count` people, one to five of them in a company, in random order."""
    rng = Random(seed)
    made: list[Person] = []
    company_number = 0
    while len(made) < count:
        company_number += 1
        company = f"{_word(rng)}{_word(rng).lower()} {company_number}"
        size = (1, 1, 1, 2, 2, 3, 5)[int(rng.random() * 7)]
        made += [_person(rng, len(made) + 1 + k, company) for k in range(size)]
    keys = [rng.random() for _ in made[:count]]
    return [made[at] for at in sorted(range(count), key=keys.__getitem__)]


def _word(rng: Random) -> str:
    return (_pick(rng, _SYLLABLES) + _pick(rng, _ENDS)).capitalize()


def _pick(rng: Random, items: Sequence[str]) -> str:
    return items[int(rng.random() * len(items))]


def _delay(rng: Random, chance: float, longest: int) -> int:
    is_ever, days = rng.random() < chance, 1 + int(rng.random() * longest)
    return days if is_ever else 0


def _person(rng: Random, number: int, company: str) -> Person:
    first = _word(rng)
    last = f"{_word(rng)}{_word(rng).lower()}wick{number}"
    is_premium = rng.random() < 0.35
    is_open = rng.random() < (0.8 if is_premium else 0.08)
    return Person(
        number=number,
        first=first,
        last=last,
        title=_pick(rng, _TITLES),
        company=company,
        slug=f"{first}-{last}-world-{number:04d}".lower(),
        sales_id=f"ACwAAWORLD{number:04d}{'xyz' * 8}",
        uuid=f"00000000-0000-4000-9000-{number:012d}",
        degree="1st" if rng.random() < 0.02 else "2nd",
        is_premium=is_premium,
        is_open=is_open,
        is_off=rng.random() < 0.1 and not is_open,
        is_gone=rng.random() < 0.015,
        flags_known=rng.random() < 0.5,
        reply_delay=_delay(rng, 0.2, 6),
        accept_delay=_delay(rng, 0.4, 5),
        late_reply_delay=_delay(rng, 0.3, 4),
    )


# --- seats ------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Sender:
    """A seat with its true balance. ``by_hand`` are InMails a day that nobody records."""

    seat_id: str
    name: str
    uuid: str
    credits: int
    reset_day: int = 1
    reserve: int = 5
    inmails_before: int = 0
    by_hand: int = 0
    by_hand_until: dt.date = dt.date.min
    blocked: tuple[dt.date, dt.date] = (dt.date.max, dt.date.max)
    away: tuple[dt.date, dt.date] | None = None


def senders() -> list[Sender]:
    """Return the seats as they are on the first Monday."""
    day = [FIRST_MONDAY + n * DAY for n in range(29)]

    def uuid(number: int) -> str:
        return f"00000000-0000-4000-a000-{number:012d}"

    return [
        Sender(seat_id="anna", name="Anna Worldby", uuid=uuid(1), credits=44,
               inmails_before=100),
        Sender(seat_id="bruno", name="Bruno Worldby", uuid=uuid(2), credits=32),
        # Whose owner sends by hand: runs out in the second week.
        Sender(seat_id="carla", name="Carla Worldby", uuid=uuid(3), credits=27,
               by_hand=5, by_hand_until=day[11]),
        # Whom LinkedIn slows down from the second Tuesday on, for a week.
        Sender(seat_id="dario", name="Dario Worldby", uuid=uuid(4), credits=40,
               inmails_before=80, blocked=(day[8], day[14])),
        Sender(seat_id="edda", name="Edda Worldby", uuid=uuid(5), credits=22,
               reset_day=24, away=(day[21], day[27])),
        Sender(seat_id="fritz", name="Fritz Worldby", uuid=uuid(6), credits=9),
    ]  # fmt: skip


#: Seats whose credits the inventory states on each Monday; the others' are the ledger's.
STATED = (
    ("anna", "bruno", "carla", "dario", "edda", "fritz"),
    ("anna", "dario", "fritz"),
    ("anna", "edda"),
    ("anna", "carla", "dario", "fritz"),
)
#: Seats whose balance somebody reads on each Friday.
READ_ON_FRIDAY = (("dario",), ("anna", "fritz"), ("carla", "dario"), ("anna",))


# --- what happens -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A send that was tried: ``cause`` is blank where it reached the person."""

    at: str
    week: int
    seat_id: str
    route: str
    person: int
    run: str
    url: str
    cause: str
    credit_used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply or an acceptance."""

    at: str
    kind: str
    seat_id: str
    person: int
    url: str
    refunds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A line of an import file: what GetSales is going to do."""

    run: str
    seat_id: str
    route: str
    send_on: str
    person: int
    url: str


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that is true, whether anybody knows it or not."""

    people: dict[int, Person]
    senders: dict[str, Sender]
    attempts: list[Attempt] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    canceled: list[Task] = field(default_factory=list)
    balances: list[dict[str, object]] = field(default_factory=list)
    by_hand: list[tuple[str, str, int]] = field(default_factory=list)
    queue: list[Task] = field(default_factory=list)
    due: list[Answer] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)

    def morning(self, day: dt.date) -> None:
        """Grant what is due, and note every balance as it stands before any send."""
        for sender in self.senders.values():
            if day.day == sender.reset_day and day > FIRST_MONDAY:
                sender.credits = min(CAP, sender.credits + GRANT)
            self.balances.append(
                {"date": day.isoformat(), "seat_id": sender.seat_id,
                 "credits": sender.credits}
            )  # fmt: skip

    def live(self, day: dt.date) -> None:
        """Let answers come in, then send what is planned for the day, and by hand."""
        for answer in [one for one in self.due if one.at[:10] == day.isoformat()]:
            self.answers.append(answer)
            sender = self.senders[answer.seat_id]
            sender.credits = min(CAP, sender.credits + answer.refunds)
        due = [task for task in self.queue if task.send_on == day.isoformat()]
        self.queue = [task for task in self.queue if task.send_on != day.isoformat()]
        minutes: Counter[str] = Counter()
        for task in due:
            if day.isoformat() < self.held.get(task.seat_id, ""):
                self.canceled.append(task)
                continue
            minutes[task.seat_id] += 1
            clock = dt.time(8 + minutes[task.seat_id] // 12, minutes[task.seat_id] % 12 * 5)
            self.send(task, day, f"{day}T{clock:%H:%M}:00Z")
        for sender in self.senders.values():
            if sender.by_hand and day.weekday() < 5 and day <= sender.by_hand_until:
                used = min(sender.by_hand, sender.credits)
                sender.credits -= used
                self.by_hand.append((day.isoformat(), sender.seat_id, used))

    def send(self, task: Task, day: dt.date, at: str) -> None:
        """Try one send as LinkedIn would take it."""
        person, sender = self.people[task.person], self.senders[task.seat_id]
        cause, used = "", 0
        if person.is_gone:
            cause = GONE
        elif task.route in INMAILS:
            cause = _inmail_fails(person, sender, day)
            used = int(not cause and not person.is_open)
        sender.credits -= used
        self.attempts.append(
            Attempt(
                at=at, week=(day - FIRST_MONDAY).days // 7 + 1, seat_id=task.seat_id,
                route=task.route, person=task.person, run=task.run, url=task.url,
                cause=cause, credit_used=used,
            )
        )  # fmt: skip
        if not cause:
            self.expect(task, person, day, used)

    def expect(self, task: Task, person: Person, day: dt.date, used: int) -> None:
        """Note what the person is going to answer, and when."""

        def later(first: dt.date, delay: int, kind: str, refunds: int) -> dt.date:
            on = first + delay * DAY
            at = f"{on}T07:{person.number % 60:02d}:00Z"
            self.due.append(
                Answer(at=at, kind=kind, seat_id=task.seat_id, person=person.number,
                       url=task.url, refunds=refunds)
            )  # fmt: skip
            return on

        if task.route == REQUEST and person.accept_delay:
            accepted = later(day, person.accept_delay, "accepted", 0)
            if person.late_reply_delay:
                later(accepted, person.late_reply_delay, "replied", 0)
        if task.route in INMAILS and person.reply_delay:
            later(day, person.reply_delay, "replied", used)


def _inmail_fails(person: Person, sender: Sender, day: dt.date) -> str:
    first, last = sender.blocked
    if first <= day <= last:
        return BLOCKED
    if person.is_off:
        return OFF
    return EXHAUSTED if not person.is_open and sender.credits < 1 else ""


# --- lists of leads ---------------------------------------------------------------

_PUBLIC = (
    "First Name", "Last Name", "Title", "Company", "Person Linkedin Url", "Is Premium",
    "Is Open Profile",
)  # fmt: skip
_SALES = (
    "profileUrl", "firstName", "lastName", "companyName", "title", "connectionDegree",
    "vmid", "isPremium", "isOpenLink", "timestamp", "defaultProfileUrl", "do_not_contact",
)  # fmt: skip
_GETSALES = (
    "System UUID", "First Name", "Last Name", "Position", "Sales Navigator ID",
    "LinkedIn URL", "Has Open Profile", "Has Premium", "Company Name", "Created At",
)  # fmt: skip


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write one CSV file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _word_of(is_true: bool, known: bool, yes: str, no: str) -> str:
    return (yes if is_true else no) if known else ""


def public_list(path: Path, members: Iterable[Person]) -> None:
    """Write a list that knows people by their public URL only."""
    rows = [
        (
            p.first, p.last, p.title, p.company, p.url,
            _word_of(p.is_premium, p.number % 3 > 0, "TRUE", "FALSE"),
            _word_of(p.is_open, p.flags_known, "TRUE", "FALSE"),
        )
        for p in members
    ]  # fmt: skip
    write_csv(path, _PUBLIC, rows)


def sales_list(path: Path, members: Iterable[Person], refusing: Iterable[int]) -> None:
    """Write a Sales Navigator export: both ids, and most flags."""
    no_contact = set(refusing)
    rows = [
        (
            f"https://www.linkedin.com/sales/lead/{p.sales_id},NAME_SEARCH,wrld", p.first,
            p.last, f"{p.company} GmbH" if p.number % 2 else p.company, p.title, p.degree,
            p.sales_id, _word_of(p.is_premium, p.number % 7 > 0, "true", "false"),
            _word_of(p.is_open, p.flags_known or p.number % 3 == 0, "true", "false"),
            "2026-11-20T09:00:00.000Z", p.url, "yes" if p.number in no_contact else "",
        )
        for p in members
    ]  # fmt: skip
    write_csv(path, _SALES, rows)


def getsales_list(
    path: Path, members: Iterable[Person], without_url: Iterable[int]
) -> None:
    """Write an export of GetSales' contacts; some have no public URL."""
    hidden = set(without_url)
    rows = [
        (
            p.uuid, p.first, p.last, p.title,
            p.sales_id if p.number in hidden or p.number % 2 else "",
            "" if p.number in hidden else p.url,
            _word_of(p.is_open, p.flags_known, "1", "0"),
            _word_of(p.is_premium, p.number % 5 > 0, "1", "0"),
            p.company.upper() if p.number % 4 == 0 else p.company, "2026-11-27 10:15:00",
        )
        for p in members
    ]  # fmt: skip
    write_csv(path, _GETSALES, rows)
